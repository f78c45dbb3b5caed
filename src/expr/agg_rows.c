/* Whole rows, kept by arrival: see sl_aggregate_rows. */
#include "expr/agg_list.h"

static void
rows_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    struct sl_buffer value;

    sl_buffer_init(&value, SIZE_MAX / 2);
    for (size_t i = 0; i < rows->row_count; i++) {
        value.length = 0;
        sl_row_pack(aggregate->layout, rows->columns, rows->rows[i], &value);
        sl_agg_list_append(aggregate_state(rows, i), rows->keeper, sl_buffer_text(&value));
    }
    sl_buffer_done(&value);
}

static void
rows_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
           struct sl_aggregate_keeper *keeper)
{
    const struct agg_list *list = agg_list_of(from);

    for (size_t i = 0; list && i < list->count; i++)
        sl_agg_list_append(to, keeper, agg_list_row(list, &agg_list_slots(list)[i]));
}

static const struct sl_aggregate_class agg_rows = {
    .name = "ROWS",
    .size = sizeof(struct agg_list_state),
    .has_view = true,
    .keeps_nulls = true,
    .add = rows_add,
    .merge = rows_merge,
};

struct sl_aggregate *
sl_aggregate_rows(struct sl_arena *arena, const struct sl_schema *input)
{
    struct sl_aggregate *aggregate = SL_NEW(arena, struct sl_aggregate);
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, input->count + 1);

    aggregate->class = &agg_rows;
    aggregate->args = SL_NEW_ARRAY(arena, struct sl_expr *, input->count + 1);
    aggregate->arg_count = input->count;
    aggregate->arg_types = types;
    for (uint32_t i = 0; i < input->count; i++) {
        types[i] = input->columns[i].type;
        aggregate->args[i] = sl_expr_column(arena, i, types[i]);
    }
    aggregate->layout = sl_row_layout_new(arena, types, input->count);
    return aggregate;
}

size_t
sl_aggregate_rows_count(const char *accumulator)
{
    return agg_list_count(accumulator);
}

struct sl_text
sl_aggregate_rows_at(const char *accumulator, size_t index)
{
    const struct agg_list *list = agg_list_of(accumulator);

    return agg_list_row(list, &agg_list_slots(list)[index]);
}

void
sl_aggregate_rows_keep(char *accumulator, const bool *keeps)
{
    struct agg_list *list = (struct agg_list *)(uintptr_t)agg_list_of(accumulator);
    struct agg_slot *slots = (struct agg_slot *)(void *)(list + 1);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        if (keeps[i]) {
            slots[kept++] = slots[i];
            continue;
        }
        list->dead += slots[i].length;
        list->total -= slots[i].count;
    }
    list->count = kept;
    if (kept == 0)
        list->used = list->dead = 0;
}

bool
sl_aggregate_rows_overflowed(const char *accumulator)
{
    const struct agg_list *list = agg_list_of(accumulator);

    return list && list->overflowed;
}
