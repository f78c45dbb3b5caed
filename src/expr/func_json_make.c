/* JSON_STRING, JSON_OBJECT, JSON_ARRAY, JSON.  The arguments of JSON_OBJECT and JSON_ARRAY are two
 * literals ("NULL" or "ABSENT" on NULL; a letter a value, "r" where its text is JSON already, "v"
 * where it is not), then keys and values, or values. */
#include "expr/json.h"
#include "expr/kernels.h"

struct json_make {
    bool is_absent;
    struct sl_text raw;
    struct json_shape *shapes; /* by argument */
};

const void *
sl_prepare_json_make(struct sl_arena *arena, const struct sl_expr *call,
                     const struct sl_expr_settings *settings)
{
    struct json_make *make = SL_NEW(arena, struct json_make);
    struct sl_text text;

    make->shapes = SL_NEW_ARRAY(arena, struct json_shape, call->arg_count + 1);
    for (size_t i = 0; i < call->arg_count; i++)
        make->shapes[i] = sl_json_shape(arena, call->args[i]->type);
    if (call->arg_count >= 2 && sl_expr_literal_text(call->args[0], &text))
        make->is_absent = sl_text_equal(text, SL_TEXT("ABSENT"));
    if (call->arg_count >= 2 && sl_expr_literal_text(call->args[1], &text))
        make->raw = sl_arena_text(arena, text);
    return make;
}

struct json_making {
    struct sl_call *call;
    const struct json_make *make;
    struct sl_arena scratch;
    struct sl_buffer buffer;
    struct sl_heap_writer heap;
    struct json_writer writer;
};

static void
json_making_begin(struct json_making *making, struct sl_call *call)
{
    making->call = call;
    making->make = call->prepared;
    sl_arena_init(&making->scratch);
    sl_buffer_init(&making->buffer, SIZE_MAX / 2);
    making->writer = (struct json_writer){&making->buffer, &making->scratch};
    sl_call_heap(call, &making->heap);
}

static void
json_making_end(struct json_making *making)
{
    sl_arena_done(&making->scratch);
    sl_buffer_done(&making->buffer);
}

static void
json_making_put(struct json_making *making, size_t row)
{
    if (sl_call_text_fits(making->call, row, making->buffer.length))
        SL_RESULT(making->call, struct sl_view)
    [row] = sl_heap_writer_copy(&making->heap, making->buffer.data, making->buffer.length);
}

static void
json_making_fail(struct json_making *making, size_t row, const char *reason)
{
    sl_call_fail(making->call, row, SL_E_INVALID_PARAMETER_VALUE, "%s: %s",
                 making->call->expr->function->name, reason);
}

void
sl_kernel_json_string(struct sl_call *call)
{
    struct json_making making;

    json_making_begin(&making, call);
    SL_FOR_ROWS(call, row)
    {
        const char *reason;

        sl_buffer_reset(&making.buffer);
        if (making.scratch.used_bytes)
            sl_arena_reset(&making.scratch);
        reason = sl_json_write_cell(&making.writer, &making.make->shapes[0], call->args[0].column,
                                    row & call->args[0].mask);
        if (reason)
            json_making_fail(&making, row, reason);
        else
            json_making_put(&making, row);
    }
    json_making_end(&making);
}

/* A value of the object or array; `nth` among the values. */
static const char *
json_making_value(struct json_making *making, size_t arg, size_t nth, size_t row)
{
    struct sl_call *call = making->call;

    if (sl_call_arg_is_null(call, arg, row) || making->make->raw.start[nth] != 'r')
        return sl_json_write_cell(&making->writer, &making->make->shapes[arg],
                                  call->args[arg].column, row & call->args[arg].mask);
    sl_buffer_add_text(&making->buffer, sl_call_text(call, arg, row));
    return NULL;
}

/* Is the value left out? */
static bool
json_making_skips(const struct json_making *making, size_t arg, size_t row)
{
    return making->make->is_absent && (making->call->args[arg].column->type->kind == SL_TYPE_NULL ||
                                       sl_call_arg_is_null(making->call, arg, row));
}

void
sl_kernel_json_array(struct sl_call *call)
{
    struct json_making making;

    json_making_begin(&making, call);
    SL_FOR_ROWS(call, row)
    {
        const char *reason = NULL;

        sl_buffer_reset(&making.buffer);
        if (making.scratch.used_bytes)
            sl_arena_reset(&making.scratch);
        sl_buffer_add_byte(&making.buffer, '[');
        for (size_t arg = 2; arg < call->arg_count && !reason; arg++) {
            if (json_making_skips(&making, arg, row))
                continue;
            if (making.buffer.length > 1)
                sl_buffer_add_byte(&making.buffer, ',');
            reason = json_making_value(&making, arg, arg - 2, row);
        }
        sl_buffer_add_byte(&making.buffer, ']');
        if (reason)
            json_making_fail(&making, row, reason);
        else
            json_making_put(&making, row);
    }
    json_making_end(&making);
}

/* The members of one row, sorted; SIZE_MAX: a key is NULL. */
static size_t
json_making_members(struct json_making *making, size_t row, struct json_member *members)
{
    const struct sl_call *call = making->call;
    size_t count = 0;

    for (size_t arg = 2; arg + 1 < call->arg_count; arg += 2) {
        if (sl_call_arg_is_null(call, arg, row))
            return SIZE_MAX;
        if (json_making_skips(making, arg + 1, row))
            continue;
        members[count] =
            (struct json_member){sl_call_text(call, arg, row), (uint32_t)arg + 1, (uint32_t)count};
        count++;
    }
    return sl_json_sort_members(members, count);
}

static const char *
json_making_object(struct json_making *making, size_t row)
{
    struct json_member *members =
        SL_NEW_ARRAY(&making->scratch, struct json_member, making->call->arg_count);
    size_t count = json_making_members(making, row, members);
    const char *reason = NULL;

    if (count == SIZE_MAX)
        return "a key is NULL";
    sl_buffer_add_byte(&making->buffer, '{');
    for (size_t i = 0; i < count && !reason; i++) {
        if (i)
            sl_buffer_add_byte(&making->buffer, ',');
        sl_json_add_string(&making->buffer, members[i].key);
        sl_buffer_add_byte(&making->buffer, ':');
        reason = json_making_value(making, members[i].value, (members[i].value - 3) / 2, row);
    }
    sl_buffer_add_byte(&making->buffer, '}');
    return reason;
}

void
sl_kernel_json_object(struct sl_call *call)
{
    struct json_making making;

    json_making_begin(&making, call);
    SL_FOR_ROWS(call, row)
    {
        const char *reason;

        sl_buffer_reset(&making.buffer);
        sl_arena_reset(&making.scratch);
        reason = json_making_object(&making, row);
        if (reason)
            json_making_fail(&making, row, reason);
        else
            json_making_put(&making, row);
    }
    json_making_end(&making);
}

/* JSON(text): the text in the one form; blanks only are no value. */
void
sl_kernel_json(struct sl_call *call)
{
    struct json_document document;
    struct json_making making;

    sl_json_document_init(&document);
    json_making_begin(&making, call);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        const char *reason;
        size_t blanks = 0;

        sl_buffer_reset(&making.buffer);
        if (making.scratch.used_bytes)
            sl_arena_reset(&making.scratch);
        while (blanks < text.length && strchr(" \t\r\n", text.start[blanks]))
            blanks++;
        if (blanks == text.length) {
            sl_call_set_null(call, row);
            continue;
        }
        reason = sl_json_document_read(&document, text);
        if (reason) {
            sl_call_fail(call, row, SL_E_INVALID_JSON, "JSON: \"%s\" is no JSON: %s",
                         sl_call_arg_text(call, 0, row), reason);
            continue;
        }
        sl_json_write_value(&making.writer, &document, 0);
        json_making_put(&making, row);
    }
    json_making_end(&making);
    sl_json_document_done(&document);
}
