/* GROUP BY over a stream: results change as rows come.
 *
 *     a batch ──segments──▶ rows of groups ──▶ results before | fold | results after ──▶ changes
 *
 * 1. A segment is what gives one change a group: the whole batch (its net change), or, with
 *    table.exec.mini-batch.enabled = false, as many rows as are of different groups.  It ends, too,
 *    where a group that has lost all of its rows gets new ones: its accumulators begin anew.
 * 2. A group that is new gives +I, one whose results changed -U and +U (or only +U, where nobody
 *    wants the old ones), one that lost its last row -D; equal results give nothing.
 * 3. A row that is taken back from a group that has none is left out, as Flink does, and counted.
 *
 * State: keys → the number of rows, then the accumulators. */
#include "executor/aggregation.h"

enum { GROUP_SLOTS = 2 * SL_BATCH_ROWS_MAX, GROUP_CHUNK = SL_BATCH_ROWS_MAX / 2 };

/* A group of the running segment. */
struct group {
    char *state;
    int64_t count_before, count; /* of its rows */
    uint16_t row;                /* one of its rows, for the keys */
    uint16_t slot;
};

/* Some groups of the segment, so few that their changes are one batch, and their results. */
struct group_chunk {
    size_t from, count;
    struct sl_column **before, **after; /* by aggregate */
};
enum { GROUP_CHUNKS = SL_BATCH_ROWS_MAX / GROUP_CHUNK };

enum group_change { GROUP_SAME, GROUP_NEW, GROUP_CHANGED, GROUP_GONE };

struct op_group_aggregate {
    struct sl_op op;
    const struct sl_phys_group_aggregate *plan;
    struct sl_aggregation aggregation;
    bool net;        /* one change a batch */
    char **states;   /* by place in aggregation.rows */
    uint16_t *slots; /* 1 + index of the group with that state; 0: free */
    struct group *groups;
    size_t group_count;
    size_t unmatched; /* rows of the batch that are taken back and were not there */
    uint16_t *rows; /* of the segment, … */
    char **row_states;
    size_t row_count;
    char **group_states;
    uint8_t *changes; /* enum group_change by group */
    struct group_chunk chunks[GROUP_CHUNKS];
};

static int
group_aggregate_open(struct sl_op *base, struct sl_error *err)
{
    struct op_group_aggregate *op = (struct op_group_aggregate *)base;
    struct sl_arena *arena = base->context->arena;
    size_t count;

    op->plan = base->node->detail;
    op->net = base->context->settings->mini_batch;
    count = op->plan->aggregate_count + 1;
    op->states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->slots = SL_NEW_ARRAY(arena, uint16_t, GROUP_SLOTS);
    op->groups = SL_NEW_ARRAY(arena, struct group, SL_BATCH_ROWS_MAX);
    op->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->row_states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->group_states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->changes = SL_NEW_ARRAY(arena, uint8_t, SL_BATCH_ROWS_MAX);
    for (size_t i = 0; i < GROUP_CHUNKS; i++)
        op->chunks[i] =
            (struct group_chunk){.from = i * GROUP_CHUNK,
                                 .before = SL_NEW_ARRAY(arena, struct sl_column *, count),
                                 .after = SL_NEW_ARRAY(arena, struct sl_column *, count)};
    op->aggregation.head_size = sizeof(int64_t);
    op->aggregation.ttl_us = op->plan->ttl_us;
    return sl_aggregation_open(&op->aggregation, base, "groups", op->plan->keys,
                               op->plan->key_count, op->plan->aggregates, op->plan->aggregate_count,
                               false, err);
}

/* --- segments --- */

/* The group of a state; `*ret_found`: it was there, else it is the next one, yet to be counted. The
 * state's address says which it is. */
static struct group *
group_of(struct op_group_aggregate *op, char *state, bool *ret_found)
{
    size_t slot = ((uintptr_t)state * UINT64_C(0x9e3779b97f4a7c15) >> 32) % GROUP_SLOTS;

    for (; op->slots[slot]; slot = (slot + 1) % GROUP_SLOTS) {
        struct group *group = &op->groups[op->slots[slot] - 1];

        if (group->state == state) {
            *ret_found = true;
            return group;
        }
    }
    *ret_found = false;
    op->slots[slot] = (uint16_t)(op->group_count + 1);
    op->groups[op->group_count] = (struct group){.state = state, .slot = (uint16_t)slot};
    return &op->groups[op->group_count];
}

/* Takes rows from `from` on into the segment; returns where the next one begins. */
static size_t
group_aggregate_segment(struct op_group_aggregate *op, const struct sl_batch *batch, size_t from,
                        size_t row_count)
{
    size_t i;

    for (i = 0; i < op->group_count; i++)
        op->slots[op->groups[i].slot] = 0;
    op->group_count = op->row_count = 0;
    for (i = from; i < row_count; i++) {
        uint16_t row = op->aggregation.rows[i];
        bool found, takes_back = sl_row_kind_takes_back(sl_batch_kind(batch, row));
        struct group *group = group_of(op, op->states[i], &found);

        if (found && (!op->net || (group->count == 0 && !takes_back)))
            break;
        if (!found) {
            group->row = row;
            memcpy(&group->count_before, group->state, sizeof(int64_t));
            group->count = group->count_before;
            op->group_states[op->group_count++] = group->state;
        }
        if (takes_back && group->count == 0) {
            op->unmatched++;
            continue;
        }
        group->count += takes_back ? -1 : 1;
        op->rows[op->row_count] = row;
        op->row_states[op->row_count++] = op->states[i];
    }
    return i;
}

/* --- changes --- */

static void
group_aggregate_judge(struct op_group_aggregate *op, const struct group_chunk *chunk)
{
    const struct group *groups = op->groups + chunk->from;
    uint8_t *changes = op->changes + chunk->from;

    for (size_t i = 0; i < chunk->count; i++) {
        if (groups[i].count_before == 0)
            changes[i] = groups[i].count == 0 ? GROUP_SAME : GROUP_NEW;
        else
            changes[i] = groups[i].count == 0 ? GROUP_GONE : GROUP_SAME;
    }
    for (size_t c = 0; c < op->plan->aggregate_count; c++) {
        for (size_t i = 0; i < chunk->count; i++) {
            if (changes[i] == GROUP_SAME && groups[i].count > 0 &&
                !sl_column_values_equal(chunk->before[c], i, chunk->after[c], i))
                changes[i] = GROUP_CHANGED;
        }
    }
}

/* The rows that come out of a chunk. */
struct group_rows {
    uint32_t from[SL_BATCH_ROWS_MAX];     /* its group there, + the groups' count where it is as
                                             after */
    uint32_t key_rows[SL_BATCH_ROWS_MAX]; /* of the input */
    uint8_t kinds[SL_BATCH_ROWS_MAX];
    size_t count;
    bool has_before;
};

static void
group_aggregate_add_row(const struct op_group_aggregate *op, const struct group_chunk *chunk,
                        size_t group, enum sl_row_kind kind, struct group_rows *rows)
{
    bool is_before = sl_row_kind_takes_back(kind);

    rows->from[rows->count] = (uint32_t)(group + (is_before ? 0 : chunk->count));
    rows->key_rows[rows->count] = op->groups[chunk->from + group].row;
    rows->kinds[rows->count++] = (uint8_t)kind;
    rows->has_before |= is_before;
}

static void
group_aggregate_list(const struct op_group_aggregate *op, const struct group_chunk *chunk,
                     struct group_rows *rows)
{
    rows->count = 0;
    rows->has_before = false;
    for (size_t i = 0; i < chunk->count; i++) {
        switch ((enum group_change)op->changes[chunk->from + i]) {
        case GROUP_SAME:
            break;
        case GROUP_NEW:
            group_aggregate_add_row(op, chunk, i, SL_ROW_INSERT, rows);
            break;
        case GROUP_CHANGED:
            if (op->plan->emits_before)
                group_aggregate_add_row(op, chunk, i, SL_ROW_UPDATE_BEFORE, rows);
            group_aggregate_add_row(op, chunk, i, SL_ROW_UPDATE_AFTER, rows);
            break;
        case GROUP_GONE:
            group_aggregate_add_row(op, chunk, i, SL_ROW_DELETE, rows);
            break;
        }
    }
    for (size_t i = 0; i < rows->count && !rows->has_before; i++)
        rows->from[i] -= (uint32_t)chunk->count;
}

/* The listed rows of an aggregate's results. */
static struct sl_column *
group_aggregate_choose(struct sl_pool *pool, struct sl_column *before, struct sl_column *after,
                       const struct group_rows *rows)
{
    return rows->has_before ? sl_column_gather_two(pool, before, after, rows->from, rows->count)
                            : sl_column_gather(pool, after, rows->from, rows->count, false);
}

static void
group_aggregate_emit(struct op_group_aggregate *op, const struct group_chunk *chunk,
                     const struct sl_batch *batch, struct sl_out *out)
{
    struct sl_pool *pool = op->op.context->pool;
    size_t key_count = op->plan->key_count;
    struct group_rows rows;
    struct sl_batch *made;

    group_aggregate_list(op, chunk, &rows);
    if (rows.count == 0)
        return;
    made = sl_batch_new(pool, key_count + op->plan->aggregate_count, rows.count);
    for (size_t c = 0; c < key_count; c++)
        sl_batch_set_column(made, c,
                            sl_column_gather(pool, batch->columns[op->plan->keys[c]], rows.key_rows,
                                             rows.count, false));
    for (size_t c = 0; c < op->plan->aggregate_count; c++)
        sl_batch_set_column(made, key_count + c,
                            group_aggregate_choose(pool, chunk->before[c], chunk->after[c], &rows));
    memcpy(sl_batch_add_kinds(made, pool), rows.kinds, rows.count);
    sl_out_emit(out, made); /* bounded by the input: SL_AGAIN is no news */
}

/* --- a batch --- */

static void
group_aggregate_drop_results(struct op_group_aggregate *op)
{
    for (size_t i = 0; i < GROUP_CHUNKS; i++) {
        for (size_t c = 0; c < op->plan->aggregate_count; c++) {
            sl_column_unref(op->chunks[i].before[c]);
            sl_column_unref(op->chunks[i].after[c]);
            op->chunks[i].before[c] = op->chunks[i].after[c] = NULL;
        }
    }
}

static int
group_aggregate_results(struct op_group_aggregate *op, bool is_after, struct sl_error *err)
{
    for (size_t i = 0; i < GROUP_CHUNKS; i++) {
        struct group_chunk *chunk = &op->chunks[i];
        struct sl_column **columns = is_after ? chunk->after : chunk->before;

        chunk->count = op->group_count > chunk->from
                           ? SL_MIN(op->group_count - chunk->from, (size_t)GROUP_CHUNK)
                           : 0;
        if (chunk->count == 0)
            continue;
        if (sl_aggregation_results(&op->aggregation, op->group_states + chunk->from, chunk->count,
                                   columns, err) < 0) {
            memset(columns, 0, op->plan->aggregate_count * sizeof(*columns));
            return err->code;
        }
    }
    return SL_OK;
}

static int
group_aggregate_fold(struct op_group_aggregate *op, const struct sl_batch *batch,
                     struct sl_out *out, struct sl_error *err)
{
    int rc = group_aggregate_results(op, false, err);

    if (rc == SL_OK) {
        sl_aggregation_add_to(&op->aggregation, batch, 0, op->rows, op->row_states, op->row_count);
        for (size_t i = 0; i < op->group_count; i++)
            memcpy(op->groups[i].state, &op->groups[i].count, sizeof(int64_t));
        rc = group_aggregate_results(op, true, err);
    }
    for (size_t i = 0; i < GROUP_CHUNKS && rc == SL_OK; i++) {
        group_aggregate_judge(op, &op->chunks[i]);
        group_aggregate_emit(op, &op->chunks[i], batch, out);
    }
    group_aggregate_drop_results(op);
    for (size_t i = 0; i < op->group_count && batch->kinds && rc == SL_OK; i++)
        if (op->groups[i].count == 0)
            sl_aggregation_reset(&op->aggregation, 0, op->groups[i].state);
    return rc;
}

/* Groups without rows leave the state; places are those of the batch's rows. */
static void
group_aggregate_drop_empty(struct op_group_aggregate *op, size_t row_count)
{
    uint16_t rows[SL_BATCH_ROWS_MAX];
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys = {
        .columns = op->aggregation.key_columns, .rows = rows, .hashes = hashes};

    for (size_t i = 0; i < row_count; i++) {
        int64_t count;

        memcpy(&count, op->states[i], sizeof(count));
        if (count != 0)
            continue;
        rows[keys.row_count] = op->aggregation.rows[i];
        hashes[keys.row_count++] = op->aggregation.hashes[i];
    }
    if (keys.row_count > 0)
        sl_table_delete(op->aggregation.table, &keys);
}

static int
group_aggregate_all(struct op_group_aggregate *op, const struct sl_batch *batch, size_t row_count,
                    struct sl_out *out, struct sl_error *err)
{
    struct sl_aggregation *aggregation = &op->aggregation;
    struct sl_state_keys keys = {.columns = aggregation->key_columns,
                                 .rows = aggregation->rows,
                                 .row_count = row_count,
                                 .hashes = aggregation->hashes};

    sl_table_upsert(aggregation->table, &keys, op->states, NULL);
    for (size_t from = 0; from < row_count;) {
        from = group_aggregate_segment(op, batch, from, row_count);
        SL_TRY(group_aggregate_fold(op, batch, out, err));
    }
    if (batch->kinds)
        group_aggregate_drop_empty(op, row_count);
    if (op->unmatched > 0)
        out->unmatched(out, op->unmatched);
    op->unmatched = 0;
    return SL_OK;
}

static int
group_aggregate_batch(struct sl_op *base, unsigned input, struct sl_batch *batch,
                      struct sl_out *out, struct sl_error *err)
{
    struct op_group_aggregate *op = (struct op_group_aggregate *)base;
    int count = sl_aggregation_begin(&op->aggregation, base, batch, out, err);
    int rc = count;

    if (count > 0)
        rc = group_aggregate_all(op, batch, (size_t)count, out, err);
    sl_aggregation_end(&op->aggregation);
    return SL_MIN(rc, SL_OK);
}

static int
group_aggregate_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                        struct sl_error *err)
{
    struct op_group_aggregate *op = (struct op_group_aggregate *)base;

    return sl_aggregation_prepare_batch(&op->aggregation, base, batch, err);
}

static void
group_aggregate_close(struct sl_op *base)
{
    sl_aggregation_close(&((struct op_group_aggregate *)base)->aggregation);
}

const struct sl_op_class sl_op_group_aggregate = {
    .name = "GroupAggregate",
    .size = sizeof(struct op_group_aggregate),
    .open = group_aggregate_open,
    .prepare = group_aggregate_prepare,
    .batch = group_aggregate_batch,
    .close = group_aggregate_close,
};
