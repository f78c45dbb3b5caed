/* Aggregation in two phases, before the exchange and behind it:
 *
 *     GroupAggregate(k, SUM(x))            GlobalGroupAggregate(k, SUM(x))
 *       Exchange(hash[k])            →       Exchange(hash[k])
 *         Scan                                 LocalGroupAggregate(k, SUM(x))
 *                                                Scan
 *
 * Not where one change a row is asked for, where results come early or late, where late rows are
 * written to a table, or where an accumulator holds what does not travel (texts, lists, DISTINCT
 * values).
 *
 * AUTO: where there are no keys, so that all rows of several subtasks would go through one, and the
 * result is the same to the last bit.  With keys it pays only where they are few, which the planner
 * does not know: TWO_PHASE says so. */
#include "planner/lower.h"

static bool
phases_can_split(struct sl_aggregate *const *aggregates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!sl_aggregate_can_split(aggregates[i]))
            return false;
    return true;
}

static bool
phases_are_exact(struct sl_aggregate *const *aggregates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!sl_aggregate_is_exact(aggregates[i]))
            return false;
    return true;
}

static bool
phases_are_wanted(const struct sl_lowering *lowering, struct sl_aggregate *const *aggregates,
                  size_t count, size_t key_count, const struct sl_phys_node *input)
{
    if (lowering->phases == SL_LOWER_PHASES_ONE || !phases_can_split(aggregates, count))
        return false;
    if (lowering->phases == SL_LOWER_PHASES_TWO)
        return true;
    return key_count == 0 && input->parallelism > 1 && input->kinds == SL_KINDS_INSERT &&
           phases_are_exact(aggregates, count);
}

static struct sl_phys_node *
phases_add_local(struct sl_lowering *lowering, enum sl_op_kind kind, const uint32_t *keys,
                 size_t key_count, bool has_end, void *detail, struct sl_phys_node *input)
{
    struct sl_schema *schema = sl_schema_new(lowering->arena, key_count + has_end + 1);
    struct sl_phys_node *local;

    for (size_t i = 0; i < key_count; i++)
        schema->columns[i] = input->schema->columns[keys[i]];
    if (has_end)
        schema->columns[key_count] = (struct sl_schema_column){
            .name = "$slice_end",
            .type = sl_type_nullable(lowering->arena, &sl_type_bigint, false)};
    schema->columns[key_count + has_end] = (struct sl_schema_column){
        .name = "$accumulators", .type = sl_type_nullable(lowering->arena, &sl_type_bytes, false)};
    local = sl_lower_add(lowering, kind, input->parallelism, schema, detail);
    sl_lower_connect(lowering, local, input);
    return local;
}

/* The keys of what the local phase gives. */
static uint32_t *
phases_keys(struct sl_lowering *lowering, size_t key_count)
{
    uint32_t *keys = SL_NEW_ARRAY(lowering->arena, uint32_t, key_count);

    for (uint32_t i = 0; i < key_count; i++)
        keys[i] = i;
    return keys;
}

void
sl_lower_group_phases(struct sl_lowering *lowering, struct sl_phys_group_aggregate *detail,
                      struct sl_phys_node **input)
{
    struct sl_phys_group_aggregate *local = SL_NEW(lowering->arena, struct sl_phys_group_aggregate);

    if (!lowering->settings.mini_batch ||
        !phases_are_wanted(lowering, detail->aggregates, detail->aggregate_count, detail->key_count,
                           *input))
        return;
    *local = *detail;
    local->emits_before = false;
    local->ttl_us = 0;
    *input = phases_add_local(lowering, SL_OP_LOCAL_GROUP_AGGREGATE, local->keys, local->key_count,
                              false, local, *input);
    detail->is_global = true;
    detail->keys = phases_keys(lowering, detail->key_count);
}

/* Rows that are late are written as they came. */
static bool
phases_late_rows_are_kept(const struct sl_lowering *lowering, const struct sl_log_node *node)
{
    return node->aggregate.late_table ||
           *sl_binder_setting(lowering->binder, "table.exec.late-rows.table");
}

void
sl_lower_window_phases(struct sl_lowering *lowering, const struct sl_log_node *node,
                       struct sl_phys_window_aggregate *detail, struct sl_phys_node **input)
{
    struct sl_phys_window_aggregate *local =
        SL_NEW(lowering->arena, struct sl_phys_window_aggregate);

    if (detail->window.kind == SL_WINDOW_SESSION || detail->window.processing_time ||
        lowering->emit.early || lowering->emit.late || (*input)->kinds != SL_KINDS_INSERT ||
        phases_late_rows_are_kept(lowering, node) ||
        !phases_are_wanted(lowering, detail->aggregates, detail->aggregate_count, detail->key_count,
                           *input))
        return;
    *local = *detail;
    local->has_start = local->has_end = local->has_time = false;
    *input = phases_add_local(lowering, SL_OP_LOCAL_WINDOW_AGGREGATE, local->keys, local->key_count,
                              true, local, *input);
    detail->is_global = true;
    detail->keys = phases_keys(lowering, detail->key_count);
    detail->time_column = (uint32_t)detail->key_count;
}
