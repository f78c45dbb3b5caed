/* The values of DISTINCT aggregates in tables of their own: see aggregation.h.
 *
 * A batch is worked on a table at a time: which aggregates are to see which row is a bit each (what
 * their filters say, and NULL); the rows that any of them sees are looked up once; the bits that
 * are left are those for which the value came first, or went last. */
#include "executor/aggregation_distinct.h"

#include "base/hash.h"
#include "data/row.h"

/* --- opening --- */

/* The table of an argument, a new one where none has it. */
static struct sl_aggregation_values *
distinct_values_of(struct sl_aggregation *aggregation, struct sl_arena *arena,
                   const struct sl_aggregate *aggregate)
{
    struct sl_aggregation_values *values;

    for (size_t i = 0; i < aggregation->values_count; i++) {
        values = &aggregation->values[i];
        if (sl_expr_equal(aggregation->items[values->items[0]].aggregate->args[0],
                          aggregate->args[0]))
            return values;
    }
    values = &aggregation->values[aggregation->values_count++];
    values->items = SL_NEW_ARRAY(arena, size_t, aggregation->count);
    return values;
}

void
sl_aggregation_place_values(struct sl_aggregation *aggregation, struct sl_arena *arena)
{
    bool counts = false;
    size_t word_max = 0;

    aggregation->values = SL_NEW_ARRAY(arena, struct sl_aggregation_values, aggregation->count + 1);
    for (size_t i = 0; i < aggregation->count; i++) {
        struct sl_aggregation_item *item = &aggregation->items[i];
        struct sl_aggregation_values *values;

        item->distinct = item->aggregate->distinct && !aggregation->has_sets;
        if (!item->distinct)
            continue;
        values = distinct_values_of(aggregation, arena, item->aggregate);
        values->items[values->item_count++] = i;
        values->counts |= item->aggregate->retracts;
        counts |= values->counts;
        values->keeps_nulls |= sl_aggregate_keeps_nulls(item->aggregate);
        values->word_count = (values->item_count + 63) / 64;
        word_max = SL_MAX(word_max, values->word_count);
    }
    if (word_max == 0)
        return;
    if (counts) {
        aggregation->life_offset = aggregation->value_size;
        aggregation->value_size += sizeof(uint64_t);
    }
    aggregation->seen = SL_NEW(arena, struct sl_aggregation_seen);
    aggregation->seen->bits = SL_NEW_ARRAY(arena, uint64_t, word_max * SL_BATCH_ROWS_MAX);
}

int
sl_aggregation_open_values(struct sl_aggregation *aggregation, struct sl_arena *arena,
                           struct sl_state *state, struct sl_aggregation_values *values,
                           struct sl_error *err)
{
    const struct sl_aggregate *first = aggregation->items[values->items[0]].aggregate;
    const struct sl_type **types =
        SL_NEW_ARRAY(arena, const struct sl_type *, aggregation->key_count + 1);
    struct sl_state_table_spec spec = {
        .name = sl_arena_printf(arena, "%s.distinct.%zu", aggregation->spec.name, values->items[0]),
        .operator_uid = aggregation->spec.operator_uid,
        .key_types = types,
        .key_count = aggregation->key_count + 1,
        .has_time = aggregation->spec.has_time,
        .value_size = 8 * (values->counts ? values->item_count + 1 : values->word_count),
        .ttl_us = aggregation->ttl_us,
        .is_bits = !values->counts,
    };

    memcpy(types, aggregation->spec.key_types, aggregation->key_count * sizeof(*types));
    types[aggregation->key_count] = first->arg_types[0];
    return sl_state_table_open(state, &spec, &values->table, err);
}

/* --- which rows --- */

static struct sl_column *
distinct_argument(const struct sl_aggregation *aggregation,
                  const struct sl_aggregation_values *values)
{
    return aggregation->arguments[aggregation->items[values->items[0]].argument];
}

/* Sets the aggregate's bit where it is to see the row. */
static void
distinct_add_bits(struct sl_aggregation *aggregation, const struct sl_aggregation_values *values,
                  size_t index, const uint16_t *rows, size_t row_count)
{
    const struct sl_aggregation_item *item = &aggregation->items[values->items[index]];
    const struct sl_column *argument = distinct_argument(aggregation, values);
    const struct sl_column *filter =
        item->filter >= 0 ? aggregation->arguments[item->filter] : NULL;
    bool drops_nulls = argument->validity && !sl_aggregate_keeps_nulls(item->aggregate);
    uint64_t *bits = aggregation->seen->bits + index / 64;
    uint64_t bit = UINT64_C(1) << (index % 64);
    size_t step = values->word_count;

    if (!filter && !drops_nulls) {
        for (size_t i = 0; i < row_count; i++)
            bits[i * step] |= bit;
        return;
    }
    for (size_t i = 0; i < row_count; i++) {
        bool sees = !filter || (((const uint8_t *)filter->values)[rows[i]] != 0 &&
                                !sl_column_is_null(filter, rows[i]));

        sees &= !drops_nulls || !sl_column_is_null(argument, rows[i]);
        bits[i * step] |= sees ? bit : 0;
    }
}

/* Keeps the rows that have a bit; the rest of what is known of a row goes with it. */
static void
distinct_keep(struct sl_aggregation_seen *seen, size_t word_count, const uint16_t *rows,
              char *const *states, size_t row_count)
{
    seen->count = 0;
    for (size_t i = 0; i < row_count; i++) {
        uint64_t any = 0;

        for (size_t w = 0; w < word_count; w++) {
            seen->bits[seen->count * word_count + w] = seen->bits[i * word_count + w];
            any |= seen->bits[i * word_count + w];
        }
        seen->rows[seen->count] = rows[i];
        seen->states[seen->count] = states[i];
        seen->count += any != 0;
    }
}

/* hashes[] of (keys, argument) of the rows, from the groups'.  The key group is the group's, so
 * that both move together. */
static void
distinct_hash(const struct sl_aggregation *aggregation, struct sl_column *argument,
              struct sl_aggregation_seen *seen)
{
    sl_hash_rows(&argument, 1, seen->rows, seen->count, seen->hashes);
    for (size_t i = 0; i < seen->count; i++) {
        uint64_t group = seen->group_hashes[i], hash = seen->hashes[i];

        if (aggregation->key_count > 0)
            hash = sl_hash_combine(group, hash);
        seen->hashes[i] = (group & UINT64_C(0xffffffff00000000)) | (uint32_t)hash;
    }
}

static struct sl_state_keys
distinct_keys(struct sl_aggregation *aggregation, const struct sl_aggregation_values *values,
              int64_t time)
{
    struct sl_aggregation_seen *seen = aggregation->seen;
    struct sl_column *argument = distinct_argument(aggregation, values);

    sl_table_keys_of(aggregation->table, seen->states, seen->count, seen->heads,
                     seen->group_hashes);
    distinct_hash(aggregation, argument, seen);
    aggregation->key_columns[aggregation->key_count] = argument;
    return (struct sl_state_keys){.columns = aggregation->key_columns,
                                  .heads = seen->heads,
                                  .head_count = aggregation->key_count,
                                  .rows = seen->rows,
                                  .row_count = seen->count,
                                  .hashes = seen->hashes,
                                  .time = time};
}

/* --- counts --- */

/* The number of the group's life, which begins with its first value. */
static uint64_t
distinct_life(struct sl_aggregation *aggregation, char *state)
{
    uint64_t life;

    memcpy(&life, state + aggregation->life_offset, sizeof(life));
    if (life == 0) {
        aggregation->last_life += aggregation->last_life == UINT64_MAX ? 2 : 1;
        life = aggregation->last_life;
        memcpy(state + aggregation->life_offset, &life, sizeof(life));
    }
    return life;
}

/* Counts of an earlier life are none: where a value was taken back that never came, a group that
 * has lost all of its rows leaves others behind. */
static int64_t *
distinct_begin_counts(const struct sl_aggregation_values *values, char *value, uint64_t life)
{
    int64_t *counts = (int64_t *)(void *)value;
    int64_t *last = &counts[values->item_count];

    if (*last != (int64_t)life)
        memset(counts, 0, values->item_count * sizeof(*counts));
    *last = (int64_t)life;
    return counts;
}

/* Counts one value; the aggregates for which it came first or went last are left in bits[].  What
 * is taken back without having come is left out. */
static void
distinct_count_one(int64_t *counts, bool takes_back, uint64_t *bits, size_t word_count)
{
    for (size_t w = 0; w < word_count; w++) {
        uint64_t fresh = 0;

        for (uint64_t left = bits[w]; left; left &= left - 1) {
            int64_t *count = &counts[w * 64 + (size_t)__builtin_ctzll(left)];

            if (takes_back && *count == 0)
                continue;
            *count += takes_back ? -1 : 1;
            if (*count == (takes_back ? 0 : 1))
                fresh |= left & -left;
        }
        bits[w] = fresh;
    }
}

/* Values that no aggregate has any more go. */
static void
distinct_drop(const struct sl_aggregation_values *values, const struct sl_state_keys *keys,
              char *const *counts)
{
    uint16_t rows[SL_BATCH_ROWS_MAX];
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    struct sl_text heads[SL_BATCH_ROWS_MAX];
    struct sl_state_keys gone = *keys;

    gone.rows = rows;
    gone.hashes = hashes;
    gone.heads = heads;
    gone.row_count = 0;
    for (size_t i = 0; i < keys->row_count; i++) {
        const int64_t *count = (const int64_t *)(const void *)counts[i];
        int64_t any = 0;

        for (size_t k = 0; k < values->item_count; k++)
            any |= count[k];
        rows[gone.row_count] = keys->rows[i];
        hashes[gone.row_count] = keys->hashes[i];
        heads[gone.row_count] = keys->heads[i];
        gone.row_count += any == 0;
    }
    if (gone.row_count > 0)
        sl_table_delete(values->table, &gone);
}

static void
distinct_count(struct sl_aggregation *aggregation, const struct sl_aggregation_values *values,
               const struct sl_batch *batch, const struct sl_state_keys *keys)
{
    struct sl_aggregation_seen *seen = aggregation->seen;

    sl_table_upsert(values->table, keys, seen->counts, NULL);
    for (size_t i = 0; i < seen->count; i++)
        distinct_count_one(distinct_begin_counts(values, seen->counts[i],
                                                 distinct_life(aggregation, seen->states[i])),
                           sl_row_kind_takes_back(sl_batch_kind(batch, seen->rows[i])),
                           seen->bits + i * values->word_count, values->word_count);
    if (batch->kinds)
        distinct_drop(values, keys, seen->counts);
}

/* --- a batch --- */

size_t
sl_aggregation_seen_by(struct sl_aggregation *aggregation,
                       const struct sl_aggregation_values *values, size_t index)
{
    const struct sl_aggregation_seen *seen = aggregation->seen;
    const uint64_t *bits = seen->bits + index / 64;
    size_t count = 0, step = values->word_count;

    for (size_t i = 0; i < seen->count; i++) {
        aggregation->some_rows[count] = seen->rows[i];
        aggregation->some_states[count] = seen->states[i];
        count += bits[i * step] >> (index % 64) & 1;
    }
    return count;
}

void
sl_aggregation_add_values(struct sl_aggregation *aggregation,
                          const struct sl_aggregation_values *values, const struct sl_batch *batch,
                          int64_t time, const uint16_t *rows, char *const *states, size_t row_count)
{
    struct sl_aggregation_keeper keeper = sl_aggregation_keeper_of(aggregation, time);
    struct sl_aggregation_seen *seen = aggregation->seen;
    struct sl_state_keys keys;

    memset(seen->bits, 0, row_count * values->word_count * sizeof(*seen->bits));
    for (size_t i = 0; i < values->item_count; i++)
        distinct_add_bits(aggregation, values, i, rows, row_count);
    distinct_keep(seen, values->word_count, rows, states, row_count);
    if (seen->count == 0)
        return;
    keys = distinct_keys(aggregation, values, time);
    if (values->counts)
        distinct_count(aggregation, values, batch, &keys);
    else
        sl_table_set_bits(values->table, &keys, seen->bits);
    distinct_keep(seen, values->word_count, seen->rows, seen->states, seen->count);
    for (size_t i = 0; i < values->item_count && seen->count > 0; i++) {
        const struct sl_aggregation_item *item = &aggregation->items[values->items[i]];
        size_t count = sl_aggregation_seen_by(aggregation, values, i);

        sl_aggregate_add(item->aggregate, aggregation->some_states, item->state_offset,
                         &aggregation->arguments[item->argument], aggregation->some_rows, count,
                         batch->kinds, &keeper.keeper);
    }
}

int
sl_aggregation_prepare_values(struct sl_aggregation *aggregation,
                              const struct sl_aggregation_values *values, int64_t time,
                              const uint16_t *rows, const uint64_t *hashes, size_t row_count,
                              struct sl_error *err)
{
    struct sl_aggregation_seen *seen = aggregation->seen;
    struct sl_column *argument = distinct_argument(aggregation, values);

    seen->count = 0;
    for (size_t i = 0; i < row_count; i++) {
        seen->rows[seen->count] = rows[i];
        seen->group_hashes[seen->count] = hashes[i];
        seen->count += values->keeps_nulls || !sl_column_is_null(argument, rows[i]);
    }
    distinct_hash(aggregation, argument, seen);
    aggregation->key_columns[aggregation->key_count] = argument;
    return sl_table_prepare(values->table,
                            &(struct sl_state_keys){.columns = aggregation->key_columns,
                                                    .rows = seen->rows,
                                                    .row_count = seen->count,
                                                    .hashes = seen->hashes,
                                                    .time = time},
                            err);
}

/* --- merging --- */

size_t
sl_aggregation_merge_seen(struct sl_aggregation *aggregation,
                          const struct sl_aggregation_values *values,
                          const struct sl_state_keys *keys, const struct sl_state_row *rows)
{
    struct sl_aggregation_seen *seen = aggregation->seen;
    size_t word_count = values->word_count, row_count = keys->row_count;

    SL_ASSERT(!values->counts); /* slices are of rows that stay */
    for (size_t i = 0; i < row_count; i++)
        memcpy(seen->bits + i * word_count, rows[i].value, word_count * sizeof(*seen->bits));
    sl_table_set_bits(values->table, keys, seen->bits);
    for (size_t i = 0; i < row_count; i++)
        seen->rows[i] = (uint16_t)i;
    distinct_keep(seen, word_count, seen->rows, seen->states, row_count);
    return seen->count;
}
