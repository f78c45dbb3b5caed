/* Merging state rows of aggregations: see aggregation.h. */
#include "executor/aggregation.h"

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

/* Counts the values; lists those that the target did not have, with their groups' hashes beside. */
static size_t
merge_count_values(struct sl_aggregation *aggregation, const struct sl_aggregation_item *item,
                   const struct merge_keys *list, const struct sl_state_row *rows,
                   uint64_t *group_hashes, uint16_t *fresh)
{
    char *counts[SL_AGGREGATION_MERGE_MAX];
    bool created[SL_AGGREGATION_MERGE_MAX];
    size_t fresh_count = 0;

    sl_table_upsert(item->distinct, &list->keys, counts, created);
    for (size_t i = 0; i < list->keys.row_count; i++) {
        int64_t count, more;

        memcpy(&count, counts[i], sizeof(count));
        memcpy(&more, rows[i].value, sizeof(more));
        count += more;
        memcpy(counts[i], &count, sizeof(count));
        if (!created[i])
            continue;
        group_hashes[fresh_count] = group_hashes[i];
        fresh[fresh_count++] = (uint16_t)i;
    }
    return fresh_count;
}

/* Adds values, of columns (keys, value), to the accumulators of their groups. */
static void
merge_add_values(struct sl_aggregation *aggregation, const struct sl_aggregation_item *item,
                 struct sl_column **columns, const struct sl_state_keys *keys)
{
    struct sl_aggregation_keeper keeper = sl_aggregation_keeper_of(aggregation, keys->time);
    char *states[SL_AGGREGATION_MERGE_MAX];

    sl_table_upsert(aggregation->table, keys, states, NULL);
    sl_aggregate_add(item->aggregate, states, item->state_offset, columns + aggregation->key_count,
                     keys->rows, keys->row_count, NULL, &keeper.keeper);
}

static int
merge_values(struct sl_aggregation *aggregation, const struct sl_aggregation_item *item,
             const struct merge_keys *list, const struct sl_state_row *rows,
             struct sl_column **columns, struct sl_error *err)
{
    size_t row_count = list->keys.row_count;
    uint64_t hashes[SL_AGGREGATION_MERGE_MAX];
    uint16_t fresh[SL_AGGREGATION_MERGE_MAX];
    struct sl_state_keys groups = {.columns = columns,
                                   .rows = fresh,
                                   .row_count = row_count,
                                   .hashes = hashes,
                                   .time = list->keys.time};
    int rc;

    for (size_t i = 0; i < row_count; i++)
        fresh[i] = (uint16_t)i;
    if (aggregation->key_count > 0)
        sl_hash_rows(columns, aggregation->key_count, fresh, row_count, hashes);
    else
        memset(hashes, 0, row_count * sizeof(*hashes));
    rc = sl_table_prepare(aggregation->table, &groups, err);
    if (rc != SL_OK)
        return rc;
    groups.row_count = merge_count_values(aggregation, item, list, rows, hashes, fresh);
    if (groups.row_count > 0)
        merge_add_values(aggregation, item, columns, &groups);
    return SL_OK;
}

int
sl_aggregation_merge_distinct(struct sl_aggregation *aggregation, size_t index, int64_t time,
                              const struct sl_state_row *rows, size_t row_count,
                              struct sl_error *err)
{
    const struct sl_aggregation_item *item = &aggregation->items[index];
    struct sl_column **columns = aggregation->key_columns;
    struct merge_keys list;
    int rc;

    merge_list(&list, time, rows, row_count);
    rc = sl_table_prepare(item->distinct, &list.keys, err);
    if (rc != SL_OK)
        return rc;
    sl_key_codec_decode(sl_table_key_codec(item->distinct), aggregation->pool, list.texts,
                        row_count, columns);
    rc = merge_values(aggregation, item, &list, rows, columns, err);
    for (size_t c = 0; c <= aggregation->key_count; c++)
        sl_column_unref(columns[c]);
    return rc;
}
