/* Aggregates that keep the values themselves: MIN and MAX of changing input (sorted, the extreme
 * last), COLLECT (sorted, with counts), FIRST_VALUE, LAST_VALUE, LISTAGG, ARRAY_AGG (by arrival).
 */
#include "expr/agg_list.h"

#include <stdlib.h>

enum collect_kind {
    COLLECT_MAX,
    COLLECT_MIN, /* keys are turned round, so that the least is last, too */
    COLLECT_MULTISET,
    COLLECT_FIRST,
    COLLECT_LAST,
    COLLECT_LIST,
    COLLECT_ARRAY,
};

/* --- adding and merging --- */

static bool
collect_skips(const struct sl_aggregate *aggregate, const struct sl_column *column, size_t row)
{
    return sl_column_is_null(column, row) && !sl_aggregate_keeps_nulls(aggregate);
}

static void
collect_add_sorted(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    uint64_t descending = aggregate->class->variant == COLLECT_MIN;
    struct sl_buffer value;

    sl_buffer_init(&value, SIZE_MAX / 2);
    for (size_t i = 0; i < rows->row_count; i++) {
        size_t row = rows->rows[i], key_length;

        if (collect_skips(aggregate, rows->columns[0], row))
            continue;
        value.length = 0;
        sl_key_encode_order(rows->columns, 1, row, descending, 0, &value);
        key_length = value.length;
        sl_row_pack(aggregate->layout, rows->columns, row, &value);
        sl_agg_list_count_sorted(aggregate_state(rows, i), rows->keeper,
                                 (struct sl_text){value.data, value.length}, key_length,
                                 aggregate_sign(rows, row));
    }
    sl_buffer_done(&value);
}

void
sl_agg_list_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    struct sl_buffer value;

    sl_buffer_init(&value, SIZE_MAX / 2);
    for (size_t i = 0; i < rows->row_count; i++) {
        size_t row = rows->rows[i];
        struct sl_text text;

        if (collect_skips(aggregate, rows->columns[0], row))
            continue;
        value.length = 0;
        sl_row_pack(aggregate->layout, rows->columns, row, &value);
        text = (struct sl_text){value.data, value.length};
        if (aggregate_sign(rows, row) > 0)
            sl_agg_list_append(aggregate_state(rows, i), rows->keeper, text);
        else
            sl_agg_list_remove(aggregate_state(rows, i), text);
    }
    sl_buffer_done(&value);
}

void
sl_agg_list_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
                  struct sl_aggregate_keeper *keeper)
{
    const struct agg_list *list = agg_list_of(from);

    for (size_t i = 0; list && i < list->count; i++)
        sl_agg_list_append(to, keeper, agg_list_row(list, &agg_list_slots(list)[i]));
    sl_agg_list_take_overflow(to, from);
}

/* --- one of the values: MIN, MAX, FIRST_VALUE, LAST_VALUE --- */

/* A packed row of nothing but NULLs. */
static void
collect_pack_null(const struct sl_aggregate *aggregate, struct sl_pool *pool, struct sl_buffer *to)
{
    struct sl_column *column = sl_column_new(pool, aggregate->type, 1, true);

    sl_validity_set(column->validity, 0, false);
    sl_row_pack(aggregate->layout, &column, 0, to);
    sl_column_unref(column);
}

/* Rows of `texts`, those that are not there being NULL. */
static struct sl_column *
collect_unpack(const struct sl_aggregate *aggregate, struct sl_pool *pool, struct sl_text *texts,
               size_t row_count)
{
    struct sl_buffer null;
    struct sl_column *column;
    struct sl_error err;
    int rc;

    sl_buffer_init(&null, SIZE_MAX / 2);
    collect_pack_null(aggregate, pool, &null);
    for (size_t row = 0; row < row_count; row++)
        if (!texts[row].start)
            texts[row] = (struct sl_text){null.data, null.length};
    rc = sl_row_unpack(aggregate->layout, pool, texts, row_count, &column, &err);
    SL_ASSERT(rc == SL_OK);
    sl_buffer_done(&null);
    return column;
}

static struct sl_column *
collect_finish_one(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
                   size_t state_offset, size_t row_count, uint64_t *errors)
{
    struct sl_text *texts = sl_alloc((row_count + 1) * sizeof(*texts));
    bool is_first = aggregate->class->variant == COLLECT_FIRST;
    struct sl_column *column;

    for (size_t row = 0; row < row_count; row++) {
        const struct agg_list *list = agg_list_of(states[row] + state_offset);

        texts[row] = (struct sl_text){NULL, 0};
        if (list && list->count > 0)
            texts[row] = agg_list_row(list, &agg_list_slots(list)[is_first ? 0 : list->count - 1]);
    }
    column = collect_unpack(aggregate, pool, texts, row_count);
    sl_agg_list_mark_overflows(states, state_offset, row_count, errors);
    free(texts);
    return column;
}

/* --- FIRST_VALUE and LAST_VALUE of rows that stay: the one value --- */

/* The blob is the length of a packed row, and the row. */
static struct sl_text
single_row(const void *state)
{
    const struct agg_list_state *list = state;
    struct sl_text row = {NULL, 0};
    uint32_t length;

    if (list->blob.length == 0)
        return row;
    memcpy(&length, list->blob.pointer, sizeof(length));
    return (struct sl_text){list->blob.pointer + sizeof(length), length};
}

static void
single_set(void *state, struct sl_text row, struct sl_aggregate_keeper *keeper)
{
    uint32_t length = (uint32_t)row.length;
    char *blob;

    SL_ASSERT(keeper != NULL);
    blob = keeper->reserve(keeper, state, sizeof(length) + row.length);
    memcpy(blob, &length, sizeof(length));
    memcpy(blob + sizeof(length), row.start, row.length);
}

static void
single_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    bool is_first = aggregate->class->variant == COLLECT_FIRST;
    struct sl_buffer value;

    sl_buffer_init(&value, SIZE_MAX / 2);
    for (size_t i = 0; i < rows->row_count; i++) {
        struct agg_list_state *state = aggregate_state(rows, i);
        size_t row = rows->rows[i];

        SL_ASSERT(aggregate_sign(rows, row) > 0);
        if (sl_column_is_null(rows->columns[0], row) || (is_first && state->blob.length))
            continue;
        value.length = 0;
        sl_row_pack(aggregate->layout, rows->columns, row, &value);
        single_set(state, (struct sl_text){value.data, value.length}, rows->keeper);
    }
    sl_buffer_done(&value);
}

static void
single_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
             struct sl_aggregate_keeper *keeper)
{
    struct sl_text row = single_row(from);

    if (row.start && !(aggregate->class->variant == COLLECT_FIRST && single_row(to).start))
        single_set(to, row, keeper);
}

static struct sl_column *
single_finish(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
              size_t state_offset, size_t row_count, uint64_t *errors)
{
    struct sl_text *texts = sl_alloc((row_count + 1) * sizeof(*texts));
    struct sl_column *column;

    for (size_t row = 0; row < row_count; row++)
        texts[row] = single_row(states[row] + state_offset);
    column = collect_unpack(aggregate, pool, texts, row_count);
    free(texts);
    return column;
}

/* --- all of the values --- */

/* The counts of all slots, as a multiset has them. */
static struct sl_column *
collect_counts(struct sl_pool *pool, char *const *states, size_t state_offset, size_t row_count,
               size_t count)
{
    struct sl_column *column = sl_column_new(pool, &sl_type_int, count, false);
    int32_t *counts = column->values;
    size_t at = 0;

    for (size_t row = 0; row < row_count; row++) {
        const struct agg_list *list = agg_list_of(states[row] + state_offset);

        for (size_t i = 0; list && i < list->count; i++)
            counts[at++] = (int32_t)SL_MIN(agg_list_slots(list)[i].count, (int64_t)INT32_MAX);
    }
    return column;
}

static struct sl_column *
collect_finish_nested(const struct sl_aggregate *aggregate, struct sl_pool *pool,
                      char *const *states, size_t state_offset, size_t row_count, uint64_t *errors)
{
    struct sl_column *column = sl_column_new(pool, aggregate->type, row_count, false);
    struct sl_span *spans = column->values;
    bool is_multiset = aggregate->class->variant == COLLECT_MULTISET;
    uint32_t start = 0;
    size_t total =
        sl_agg_list_unpack(aggregate, pool, states, state_offset, row_count, &column->children[0]);

    if (is_multiset)
        column->children[1] = collect_counts(pool, states, state_offset, row_count, total);
    for (size_t row = 0; row < row_count; row++) {
        spans[row] = (struct sl_span){start, (uint32_t)agg_list_count(states[row] + state_offset)};
        start += spans[row].length;
        if (spans[row].length == 0 && !is_multiset)
            sl_validity_set(sl_column_add_validity(column, pool), row, false);
    }
    sl_agg_list_mark_overflows(states, state_offset, row_count, errors);
    return column;
}

static struct sl_view
list_join(struct sl_heap_writer *writer, const struct sl_view *views, size_t count,
          struct sl_text separator)
{
    size_t length = (count - 1) * separator.length;
    char *to, *at;

    for (size_t i = 0; i < count; i++)
        length += views[i].length;
    at = to = sl_heap_writer_reserve(writer, length);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            memcpy(at, separator.start, separator.length);
            at += separator.length;
        }
        memcpy(at, sl_view_data(&views[i]), views[i].length);
        at += views[i].length;
    }
    sl_heap_writer_commit(writer, length);
    return sl_view_of(to, length);
}

static struct sl_column *
list_finish(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
            size_t state_offset, size_t row_count, uint64_t *errors)
{
    struct sl_column *column = sl_column_new(pool, aggregate->type, row_count, false), *texts;
    struct sl_text separator =
        aggregate->arg_count > 1 ? aggregate->args[1]->value.text : SL_TEXT(",");
    struct sl_heap_writer writer;
    const struct sl_view *views;

    sl_agg_list_unpack(aggregate, pool, states, state_offset, row_count, &texts);
    views = texts->values;
    sl_heap_writer_init(&writer, pool, column);
    for (size_t row = 0; row < row_count; row++) {
        size_t count = agg_list_count(states[row] + state_offset);

        if (count > 0)
            ((struct sl_view *)column->values)[row] = list_join(&writer, views, count, separator);
        else
            sl_validity_set(sl_column_add_validity(column, pool), row, false);
        views += count;
    }
    sl_column_unref(texts);
    sl_agg_list_mark_overflows(states, state_offset, row_count, errors);
    return column;
}

/* --- the classes --- */

#define COLLECT_CLASS(NAME, kind, ADD, MERGE, FINISH)                                            \
    {                                                                                            \
        .name = NAME, .variant = kind, .size = sizeof(struct agg_list_state), .has_view = true,  \
        .can_retract = true, .stored_args = 1, .add = ADD, .merge = MERGE, .finish_all = FINISH, \
    }

const struct sl_aggregate_class sl_agg_min_retracting = COLLECT_CLASS(
    "MIN", COLLECT_MIN, collect_add_sorted, sl_agg_list_merge_sorted, collect_finish_one);
const struct sl_aggregate_class sl_agg_max_retracting = COLLECT_CLASS(
    "MAX", COLLECT_MAX, collect_add_sorted, sl_agg_list_merge_sorted, collect_finish_one);
static const struct sl_aggregate_class collect_multiset =
    COLLECT_CLASS("COLLECT", COLLECT_MULTISET, collect_add_sorted, sl_agg_list_merge_sorted,
                  collect_finish_nested);
static const struct sl_aggregate_class collect_first_retracting = COLLECT_CLASS(
    "FIRST_VALUE", COLLECT_FIRST, sl_agg_list_add, sl_agg_list_merge, collect_finish_one);
static const struct sl_aggregate_class collect_last_retracting = COLLECT_CLASS(
    "LAST_VALUE", COLLECT_LAST, sl_agg_list_add, sl_agg_list_merge, collect_finish_one);
static const struct sl_aggregate_class collect_first = {
    .name = "FIRST_VALUE",
    .variant = COLLECT_FIRST,
    .size = sizeof(struct agg_list_state),
    .has_view = true,
    .stored_args = 1,
    .retracting = &collect_first_retracting,
    .add = single_add,
    .merge = single_merge,
    .finish_all = single_finish,
};
static const struct sl_aggregate_class collect_last = {
    .name = "LAST_VALUE",
    .variant = COLLECT_LAST,
    .size = sizeof(struct agg_list_state),
    .has_view = true,
    .stored_args = 1,
    .retracting = &collect_last_retracting,
    .add = single_add,
    .merge = single_merge,
    .finish_all = single_finish,
};
static const struct sl_aggregate_class collect_array = {
    .name = "ARRAY_AGG",
    .variant = COLLECT_ARRAY,
    .size = sizeof(struct agg_list_state),
    .has_view = true,
    .can_retract = true,
    .stored_args = 1,
    .keeps_nulls = true,
    .add = sl_agg_list_add,
    .merge = sl_agg_list_merge,
    .finish_all = collect_finish_nested,
};
static const struct sl_aggregate_class collect_list = {
    .name = "LISTAGG",
    .variant = COLLECT_LIST,
    .size = sizeof(struct agg_list_state),
    .has_view = true,
    .can_retract = true,
    .stored_args = 1,
    .parameters = 1 << 1,
    .add = sl_agg_list_add,
    .merge = sl_agg_list_merge,
    .finish_all = list_finish,
};

static const struct sl_aggregate_class *
collect_choose_value(struct sl_aggregate_binding *binding, const struct sl_aggregate_class *class)
{
    if (binding->arg_count != 1)
        return NULL;
    binding->type = sl_type_nullable(binding->arena, binding->arg_types[0], true);
    return class;
}

const struct sl_aggregate_class *
sl_aggregate_choose_first_value(struct sl_aggregate_binding *binding)
{
    return collect_choose_value(binding, &collect_first);
}

const struct sl_aggregate_class *
sl_aggregate_choose_last_value(struct sl_aggregate_binding *binding)
{
    return collect_choose_value(binding, &collect_last);
}

const struct sl_aggregate_class *
sl_aggregate_choose_array_agg(struct sl_aggregate_binding *binding)
{
    if (binding->arg_count != 1)
        return NULL;
    binding->type = sl_type_array(binding->arena, binding->arg_types[0]);
    return &collect_array;
}

/* Without rows it is empty, not NULL. */
const struct sl_aggregate_class *
sl_aggregate_choose_collect(struct sl_aggregate_binding *binding)
{
    if (binding->arg_count != 1)
        return NULL;
    binding->type = sl_type_nullable(
        binding->arena, sl_type_multiset(binding->arena, binding->arg_types[0]), false);
    return &collect_multiset;
}

const struct sl_aggregate_class *
sl_aggregate_choose_listagg(struct sl_aggregate_binding *binding)
{
    if (binding->arg_count < 1 || binding->arg_count > 2 ||
        !sl_type_is_text(binding->arg_types[0]->kind))
        return NULL;
    if (binding->arg_count == 2) {
        const struct sl_expr *separator = binding->args[1];

        if (!sl_type_is_text(separator->type->kind))
            return NULL;
        if (separator->kind != SL_EXPR_LITERAL || separator->value.is_null) {
            SL_ERROR(binding->err, SL_E_NOT_SUPPORTED,
                     "the separator of LISTAGG must be a literal that is not NULL");
            return NULL;
        }
    }
    binding->type = &sl_type_string;
    return &collect_list;
}

/* PostgreSQL's, whose separator is not optional. */
const struct sl_aggregate_class *
sl_aggregate_choose_string_agg(struct sl_aggregate_binding *binding)
{
    return binding->arg_count == 2 ? sl_aggregate_choose_listagg(binding) : NULL;
}
