/* Merging state rows of aggregations: see aggregation.h. */
#include "executor/aggregation_distinct.h"

#include "data/row.h"

/* Rows of a scan as keys. */
struct merge_keys {
    struct sl_text texts[SL_AGGREGATION_MERGE_MAX];
    uint64_t hashes[SL_AGGREGATION_MERGE_MAX];
    struct sl_state_keys keys;
};

static void
merge_list(struct merge_keys *list, int64_t time, const struct sl_state_row *rows, size_t row_count)
{
    SL_ASSERT(row_count <= SL_AGGREGATION_MERGE_MAX);
    for (size_t i = 0; i < row_count; i++) {
        list->texts[i] = rows[i].key;
        list->hashes[i] = rows[i].hash;
    }
    list->keys = (struct sl_state_keys){
        .encoded = list->texts, .row_count = row_count, .hashes = list->hashes, .time = time};
}

int
sl_aggregation_merge(struct sl_aggregation *aggregation, int64_t time,
                     const struct sl_state_row *rows, size_t row_count, struct sl_error *err)
{
    struct sl_aggregation_keeper keeper = sl_aggregation_keeper_of(aggregation, time);
    const char *from[SL_AGGREGATION_MERGE_MAX];
    char *states[SL_AGGREGATION_MERGE_MAX];
    struct merge_keys list;
    int rc;

    merge_list(&list, time, rows, row_count);
    rc = sl_table_prepare(aggregation->table, &list.keys, err);
    if (rc != SL_OK)
        return rc;
    for (size_t i = 0; i < row_count; i++)
        from[i] = rows[i].value;
    sl_table_upsert(aggregation->table, &list.keys, states, NULL);
    for (size_t i = 0; i < aggregation->count; i++) {
        const struct sl_aggregation_item *item = &aggregation->items[i];

        if (!item->distinct)
            sl_aggregate_merge_all(item->aggregate, states, from, item->state_offset, row_count,
                                   &keeper.keeper);
    }
    return SL_OK;
}

/* --- DISTINCT --- */

/* Adds what is new, of columns (keys, value), to the accumulators of the groups. */
static void
merge_add_seen(struct sl_aggregation *aggregation, const struct sl_aggregation_values *values,
               struct sl_column **columns, const uint64_t *hashes, int64_t time)
{
    struct sl_aggregation_keeper keeper = sl_aggregation_keeper_of(aggregation, time);
    struct sl_aggregation_seen *seen = aggregation->seen;
    struct sl_state_keys groups = {.columns = columns,
                                   .rows = seen->rows,
                                   .row_count = seen->count,
                                   .hashes = seen->group_hashes,
                                   .time = time};

    for (size_t i = 0; i < seen->count; i++)
        seen->group_hashes[i] = hashes[seen->rows[i]];
    sl_table_upsert(aggregation->table, &groups, seen->states, NULL);
    for (size_t i = 0; i < values->item_count; i++) {
        const struct sl_aggregation_item *item = &aggregation->items[values->items[i]];
        size_t count = sl_aggregation_seen_by(aggregation, values, i);

        sl_aggregate_add(item->aggregate, aggregation->some_states, item->state_offset,
                         columns + aggregation->key_count, aggregation->some_rows, count, NULL,
                         &keeper.keeper);
    }
}

static int
merge_values(struct sl_aggregation *aggregation, const struct sl_aggregation_values *values,
             const struct merge_keys *list, const struct sl_state_row *rows,
             struct sl_column **columns, struct sl_error *err)
{
    size_t row_count = list->keys.row_count;
    uint64_t hashes[SL_AGGREGATION_MERGE_MAX];
    struct sl_state_keys groups = {
        .columns = columns, .row_count = row_count, .hashes = hashes, .time = list->keys.time};
    int rc;

    sl_hash_rows(columns, aggregation->key_count, NULL, row_count, hashes);
    rc = sl_table_prepare(aggregation->table, &groups, err);
    if (rc != SL_OK)
        return rc;
    if (sl_aggregation_merge_seen(aggregation, values, &list->keys, rows) > 0)
        merge_add_seen(aggregation, values, columns, hashes, groups.time);
    return SL_OK;
}

int
sl_aggregation_merge_distinct(struct sl_aggregation *aggregation, size_t index, int64_t time,
                              const struct sl_state_row *rows, size_t row_count,
                              struct sl_error *err)
{
    const struct sl_aggregation_values *values = &aggregation->values[index];
    struct sl_column **columns = aggregation->key_columns;
    struct merge_keys list;
    int rc;

    merge_list(&list, time, rows, row_count);
    rc = sl_table_prepare(values->table, &list.keys, err);
    if (rc != SL_OK)
        return rc;
    sl_key_codec_decode(sl_table_key_codec(values->table), aggregation->pool, list.texts, row_count,
                        columns);
    rc = merge_values(aggregation, values, &list, rows, columns, err);
    for (size_t c = 0; c <= aggregation->key_count; c++)
        sl_column_unref(columns[c]);
    return rc;
}
