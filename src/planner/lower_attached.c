/* GROUP BY over windows that rows bring with them:
 *
 *     SELECT window_start, MAX(n) FROM (… GROUP BY window_start, window_end, channel) AS counts
 *     GROUP BY window_start, window_end
 *
 * A row belongs to the window whose end it has; the window fires when the watermark passes that. */
#include "planner/lower.h"

/* The window of a grouping; its kind is SESSION where it is none that can be attached. */
static struct sl_window
attached_window(const struct sl_log_node *node)
{
    for (size_t i = 0; i < node->aggregate.key_count; i++) {
        struct sl_window_origin origin =
            sl_window_origin_of(node->inputs[0], node->aggregate.keys[i]);

        if (origin.part == SL_WINDOW_PART_END)
            return origin.window;
    }
    return (struct sl_window){.kind = SL_WINDOW_SESSION};
}

bool
sl_lower_is_attached(const struct sl_log_node *node)
{
    return sl_window_is_grouped(node) && attached_window(node).kind != SL_WINDOW_SESSION;
}

/* Splits the grouping's keys into the window's parts and the others. */
static void
attached_split_keys(struct sl_lowering *lowering, const struct sl_log_node *node,
                    struct sl_phys_window_aggregate *detail)
{
    const struct sl_log_aggregate *from = &node->aggregate;

    detail->keys = SL_NEW_ARRAY(lowering->arena, uint32_t, from->key_count);
    for (size_t i = 0; i < from->key_count; i++) {
        switch (sl_window_part_of(node->inputs[0], from->keys[i])) {
        case SL_WINDOW_PART_NONE:
            detail->keys[detail->key_count++] = from->keys[i];
            break;
        case SL_WINDOW_PART_START:
            detail->has_start = true;
            break;
        case SL_WINDOW_PART_END:
            detail->has_end = true;
            detail->time_column = from->keys[i];
            break;
        case SL_WINDOW_PART_TIME:
            detail->has_time = true;
            break;
        }
    }
}

/* What the operator gives: keys, aggregates, the window's parts; and where the grouping's columns
 * are in it. */
static struct sl_schema *
attached_schema(struct sl_lowering *lowering, const struct sl_log_node *node,
                const struct sl_phys_window_aggregate *detail, uint32_t *ret_places)
{
    size_t key_count = node->aggregate.key_count, parts = detail->key_count;
    struct sl_schema *schema =
        sl_schema_new(lowering->arena, node->schema->count - key_count + detail->key_count +
                                           detail->has_start + detail->has_end + detail->has_time);
    uint32_t next_key = 0, places[SL_WINDOW_PART_TIME + 1];

    parts += detail->aggregate_count;
    places[SL_WINDOW_PART_START] = (uint32_t)parts;
    places[SL_WINDOW_PART_END] = (uint32_t)parts + detail->has_start;
    places[SL_WINDOW_PART_TIME] = (uint32_t)parts + detail->has_start + detail->has_end;
    for (size_t i = 0; i < node->schema->count; i++) {
        enum sl_window_part part = SL_WINDOW_PART_NONE;

        if (i >= key_count) {
            ret_places[i] = (uint32_t)(detail->key_count + i - key_count);
        } else {
            part = sl_window_part_of(node->inputs[0], node->aggregate.keys[i]);
            ret_places[i] = part == SL_WINDOW_PART_NONE ? next_key++ : places[part];
        }
        schema->columns[ret_places[i]] = node->schema->columns[i];
    }
    return schema;
}

int
sl_lower_attached_aggregate(struct sl_lowering *lowering, struct sl_log_node *node,
                            struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_window_aggregate *detail =
        SL_NEW(lowering->arena, struct sl_phys_window_aggregate);
    const struct sl_log_aggregate *from = &node->aggregate;
    struct sl_expr **exprs = SL_NEW_ARRAY(lowering->arena, struct sl_expr *, node->schema->count);
    uint32_t *places = SL_NEW_ARRAY(lowering->arena, uint32_t, node->schema->count);
    struct sl_phys_node *input, *made;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    detail->window = attached_window(node);
    detail->is_attached = true;
    SL_TRY(sl_lower_window_input(node, detail, input, err));
    detail->aggregates = from->aggregates;
    detail->aggregate_count = from->aggregate_count;
    attached_split_keys(lowering, node, detail);
    sl_lower_window_phases(lowering, node, detail, &input);
    SL_TRY(sl_lower_add_windows(lowering, node, detail,
                                attached_schema(lowering, node, detail, places), input, &made,
                                err));
    sl_lower_connect_keyed(lowering, made, input, detail->keys, detail->key_count);
    if (from->late_table)
        sl_lower_add_side(lowering, from->late_table, node->offset, &made->late);
    for (size_t i = 0; i < node->schema->count; i++)
        exprs[i] = sl_log_column(lowering->arena, made->schema, places[i]);
    *ret_node = sl_lower_calc(lowering, made, NULL, exprs, node->schema, made->parallelism);
    return SL_OK;
}
