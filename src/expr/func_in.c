/* IN over constants is a hash set of integers or strings; over anything else it is one comparison
 * after another.  NULL: the left side is NULL, or nothing matched and an item is NULL. */
#include "base/hash.h"
#include "expr/function.h"

#define IN_SET_MIN 4 /* fewer items compare faster one by one */

struct in_set {
    size_t slot_count; /* a power of two */
    int64_t *integers; /* one of the two */
    struct sl_text *texts;
    bool *is_used;
    bool has_null;
};

static uint64_t
in_hash(const struct in_set *set, int64_t integer, struct sl_text text)
{
    return set->integers ? sl_hash_u64((uint64_t)integer) : sl_hash_bytes(text.start, text.length);
}

/* The slot where the value is or would be. */
static size_t
in_slot(const struct in_set *set, int64_t integer, struct sl_text text)
{
    size_t slot = in_hash(set, integer, text) & (set->slot_count - 1);

    while (set->is_used[slot] && !(set->integers ? set->integers[slot] == integer
                                                 : sl_text_equal(set->texts[slot], text)))
        slot = (slot + 1) & (set->slot_count - 1);
    return slot;
}

static bool
in_is_integer(enum sl_type_kind kind)
{
    return sl_type_is_integer(kind) || (kind >= SL_TYPE_DATE && kind <= SL_TYPE_INTERVAL_DAY);
}

const void *
sl_prepare_in(struct sl_arena *arena, const struct sl_expr *call,
              const struct sl_expr_settings *settings)
{
    enum sl_type_kind kind = call->args[0]->type->kind;
    struct in_set *set;

    if (call->arg_count - 1 < IN_SET_MIN || !(in_is_integer(kind) || sl_type_is_view(kind)))
        return NULL;
    for (size_t i = 1; i < call->arg_count; i++) {
        if (call->args[i]->kind != SL_EXPR_LITERAL)
            return NULL;
    }
    set = SL_NEW(arena, struct in_set);
    for (set->slot_count = 16; set->slot_count < call->arg_count * 2;)
        set->slot_count *= 2;
    set->is_used = SL_NEW_ARRAY(arena, bool, set->slot_count);
    if (in_is_integer(kind))
        set->integers = SL_NEW_ARRAY(arena, int64_t, set->slot_count);
    else
        set->texts = SL_NEW_ARRAY(arena, struct sl_text, set->slot_count);
    for (size_t i = 1; i < call->arg_count; i++) {
        const struct sl_value *value = &call->args[i]->value;
        bool is_integer = set->integers != NULL;
        struct sl_text text = {NULL, 0};
        int64_t integer = 0;
        size_t slot;

        if (value->is_null) {
            set->has_null = true;
            continue;
        }
        if (is_integer)
            integer = value->integer;
        else
            text = sl_arena_text(arena, value->text);
        slot = in_slot(set, integer, text);
        set->is_used[slot] = true;
        if (is_integer)
            set->integers[slot] = integer;
        else
            set->texts[slot] = text;
    }
    return set;
}

static void
in_look_up(struct sl_call *call, const struct in_set *set)
{
    const struct sl_column *column = call->args[0].column;
    uint8_t *result = SL_RESULT(call, uint8_t);
    struct sl_text text = {NULL, 0};
    int64_t integer = 0;

    SL_FOR_ROWS(call, row)
    {
        size_t at = row & call->args[0].mask;

        if (sl_column_is_null(column, at)) {
            result[row] = 0;
            sl_call_set_null(call, row);
            continue;
        }
        if (set->integers)
            integer = sl_column_integer(column, at);
        else
            text = sl_view_text((const struct sl_view *)column->values + at);
        result[row] = set->is_used[in_slot(set, integer, text)];
        if (!result[row] && set->has_null)
            sl_call_set_null(call, row);
    }
}

void
sl_kernel_in(struct sl_call *call)
{
    struct sl_column *equal;
    uint8_t *result = SL_RESULT(call, uint8_t);
    struct sl_vector pair[2];
    struct sl_call comparison = *call;

    if (call->prepared) {
        in_look_up(call, call->prepared);
        return;
    }
    equal = sl_column_new(call->pool, &sl_type_boolean, call->row_count, false);
    memset(result, 0, call->row_count);
    comparison.args = pair;
    comparison.arg_count = 2;
    comparison.result = equal;
    pair[0] = call->args[0];
    for (size_t arg = 1; arg < call->arg_count; arg++) {
        pair[1] = call->args[arg];
        sl_kernel_equal(&comparison);
        SL_FOR_ROWS(call, row)
        {
            /* 2: an item or the left side was NULL, and nothing matched so far. */
            if (sl_call_arg_is_null(call, 0, row) || sl_call_arg_is_null(call, arg, row))
                result[row] = result[row] == 1 ? 1 : 2;
            else if (((const uint8_t *)equal->values)[row])
                result[row] = 1;
        }
    }
    SL_FOR_ROWS(call, row)
    {
        if (result[row] == 2) {
            result[row] = 0;
            sl_call_set_null(call, row);
        }
    }
    sl_column_unref(equal);
}
