/* Changes of groups: see group_changes.h. */
#include "executor/group_changes.h"

enum { GROUP_CHUNKS = SL_BATCH_ROWS_MAX / SL_GROUP_CHUNK };

/* While rows are taken into a segment the number of rows in a group's state has, in its upper bits,
 * 1 + the group's index. */
enum { GROUP_COUNT_BITS = 48 };
#define GROUP_COUNT_MASK ((UINT64_C(1) << GROUP_COUNT_BITS) - 1)

/* A group of the running segment. */
struct sl_group {
    char *state;
    int64_t count_before, count; /* of its rows */
    uint16_t row;                /* one of its rows, for the keys */
    bool failed_before, failed;  /* its result, which cannot be made */
};

/* One of the aggregates grows with every row. */
static bool
group_changes_count_rows(const struct sl_aggregation *aggregation)
{
    for (size_t i = 0; i < aggregation->count; i++) {
        const struct sl_aggregate *aggregate = aggregation->items[i].aggregate;

        if (aggregate->arg_count == 0 && !aggregate->filter && !aggregate->distinct)
            return true; /* COUNT(*) */
    }
    return false;
}

static bool
group_changes_may_fail(const struct sl_aggregation *aggregation)
{
    bool may = false;

    for (size_t i = 0; i < aggregation->count && !aggregation->overflow_wraps; i++)
        may |= sl_aggregate_may_fail(aggregation->items[i].aggregate);
    return may;
}

void
sl_group_changes_open(struct sl_group_changes *changes, struct sl_op *op,
                      struct sl_aggregation *aggregation, bool emits_before)
{
    struct sl_arena *arena = op->context->arena;
    size_t count = aggregation->count + 1;

    changes->op = op;
    changes->aggregation = aggregation;
    changes->emits_before = emits_before;
    changes->net = op->context->settings->mini_batch;
    changes->counts_rows = group_changes_count_rows(aggregation);
    changes->may_leave_out = op->context->settings->runtime_error != SL_ON_ERROR_FAIL &&
                             group_changes_may_fail(aggregation);
    changes->failures = SL_NEW_ARRAY(arena, struct sl_aggregation_failure, SL_BATCH_ROWS_MAX);
    changes->groups = SL_NEW_ARRAY(arena, struct sl_group, SL_BATCH_ROWS_MAX);
    changes->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    changes->row_states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    changes->group_states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    changes->chunks = SL_NEW_ARRAY(arena, struct sl_group_chunk, GROUP_CHUNKS);
    for (size_t i = 0; i < GROUP_CHUNKS; i++) {
        changes->chunks[i].before = SL_NEW_ARRAY(arena, struct sl_column *, count);
        changes->chunks[i].after = SL_NEW_ARRAY(arena, struct sl_column *, count);
    }
}

/* --- segments --- */

/* What the segment has counted goes back into the states. */
static void
group_changes_end_segment(struct sl_group_changes *changes)
{
    for (size_t i = 0; i < changes->group_count; i++) {
        struct sl_group *group = &changes->groups[i];
        uint64_t word;

        memcpy(&word, group->state, sizeof(word));
        group->count = (int64_t)(word & GROUP_COUNT_MASK);
        memcpy(group->state, &group->count, sizeof(group->count));
    }
}

static void
group_changes_add_group(struct sl_group_changes *changes, char *state, int64_t count, uint16_t row)
{
    changes->group_states[changes->group_count] = state;
    changes->groups[changes->group_count++] =
        (struct sl_group){.state = state, .count_before = count, .row = row};
}

/* How many rows more the group has with this one, which may be a part of it. */
static int64_t
group_changes_delta(const struct sl_group_changes *changes, const struct sl_batch *batch,
                    uint16_t row)
{
    if (changes->aggregation->phase == SL_AGGREGATION_GLOBAL)
        return sl_aggregation_part_rows(changes->aggregation, row);
    return sl_row_kind_takes_back(sl_batch_kind(batch, row)) ? -1 : 1;
}

/* May groups lose rows by this batch? */
static bool
group_changes_may_lose(const struct sl_group_changes *changes, const struct sl_batch *batch)
{
    return batch->kinds || changes->aggregation->phase == SL_AGGREGATION_GLOBAL;
}

/* Takes the first rows into the segment; returns how many. */
static size_t
group_changes_segment(struct sl_group_changes *changes, const struct sl_batch *batch,
                      const uint16_t *rows, char *const *states, size_t row_count)
{
    size_t i;

    changes->group_count = changes->row_count = 0;
    for (i = 0; i < row_count; i++) {
        int64_t delta = group_changes_delta(changes, batch, rows[i]);
        uint64_t word, count;

        memcpy(&word, states[i], sizeof(word));
        count = word & GROUP_COUNT_MASK;
        if (word == count) {
            group_changes_add_group(changes, states[i], (int64_t)count, rows[i]);
            word |= (uint64_t)changes->group_count << GROUP_COUNT_BITS;
        } else if (!changes->net || (count == 0 && delta > 0)) {
            break;
        }
        if (delta <= 0 && count == 0) {
            changes->unmatched += (size_t)-delta;
        } else {
            int64_t lost = SL_MAX(-((int64_t)count + delta), INT64_C(0));

            changes->unmatched += (size_t)lost;
            word += (uint64_t)(delta + lost);
            changes->rows[changes->row_count] = rows[i];
            changes->row_states[changes->row_count++] = states[i];
        }
        memcpy(states[i], &word, sizeof(word));
    }
    group_changes_end_segment(changes);
    return i;
}

/* --- changes --- */

void
sl_group_changes_judge(const struct sl_group_changes *changes, struct sl_group_chunk *chunk)
{
    uint8_t differences[SL_GROUP_CHUNK];

    for (size_t c = 0; c < changes->aggregation->count && chunk->count > 0; c++) {
        sl_column_differences(chunk->before[c], chunk->after[c], chunk->count, differences);
        for (size_t i = 0; i < chunk->count; i++)
            if (chunk->changes[i] == SL_GROUP_SAME && differences[i])
                chunk->changes[i] = SL_GROUP_CHANGED;
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
group_changes_add_row(const struct sl_group_chunk *chunk, size_t group, enum sl_row_kind kind,
                      struct group_rows *rows)
{
    bool is_before = sl_row_kind_takes_back(kind);

    rows->from[rows->count] = (uint32_t)(group + (is_before ? 0 : chunk->count));
    rows->key_rows[rows->count] = chunk->key_rows[group];
    rows->kinds[rows->count++] = (uint8_t)kind;
    rows->has_before |= is_before;
}

static void
group_changes_list(const struct sl_group_changes *changes, const struct sl_group_chunk *chunk,
                   struct group_rows *rows)
{
    rows->count = 0;
    rows->has_before = false;
    for (size_t i = 0; i < chunk->count; i++) {
        switch ((enum sl_group_change)chunk->changes[i]) {
        case SL_GROUP_NONE:
        case SL_GROUP_SAME:
            break;
        case SL_GROUP_NEW:
            group_changes_add_row(chunk, i, SL_ROW_INSERT, rows);
            break;
        case SL_GROUP_CHANGED:
            if (changes->emits_before)
                group_changes_add_row(chunk, i, SL_ROW_UPDATE_BEFORE, rows);
            group_changes_add_row(chunk, i, SL_ROW_UPDATE_AFTER, rows);
            break;
        case SL_GROUP_GONE:
            group_changes_add_row(chunk, i, SL_ROW_DELETE, rows);
            break;
        }
    }
    for (size_t i = 0; i < rows->count && !rows->has_before; i++)
        rows->from[i] -= (uint32_t)chunk->count;
}

/* The listed rows of an aggregate's results. */
static struct sl_column *
group_changes_choose(struct sl_pool *pool, struct sl_column *before, struct sl_column *after,
                     const struct group_rows *rows)
{
    return rows->has_before ? sl_column_gather_two(pool, before, after, rows->from, rows->count)
                            : sl_column_gather(pool, after, rows->from, rows->count, false);
}

int
sl_group_changes_emit(struct sl_group_changes *changes, const struct sl_group_chunk *chunk,
                      struct sl_out *out)
{
    struct sl_pool *pool = changes->op->context->pool;
    size_t key_count = changes->aggregation->key_count;
    struct group_rows rows;
    struct sl_batch *made;

    group_changes_list(changes, chunk, &rows);
    if (rows.count == 0)
        return SL_OK;
    made = sl_batch_new(pool, changes->op->node->schema->count, rows.count);
    for (size_t c = 0; c < key_count; c++)
        sl_batch_set_column(
            made, c,
            sl_column_gather(pool, chunk->key_columns[c], rows.key_rows, rows.count, false));
    for (size_t c = 0; c < changes->aggregation->count; c++)
        sl_batch_set_column(made, key_count + c,
                            group_changes_choose(pool, chunk->before[c], chunk->after[c], &rows));
    if (changes->add_columns)
        changes->add_columns(changes->op, made, rows.count);
    memcpy(sl_batch_add_kinds(made, pool), rows.kinds, rows.count);
    return sl_out_emit(out, made);
}

void
sl_group_changes_drop(const struct sl_group_changes *changes, struct sl_group_chunk *chunk)
{
    for (size_t c = 0; c < changes->aggregation->count; c++) {
        sl_column_unref(chunk->before[c]);
        sl_column_unref(chunk->after[c]);
        chunk->before[c] = chunk->after[c] = NULL;
    }
}

/* --- a batch --- */

/* A result that cannot be made is as if the group had none. */
static uint8_t
group_changes_kind(const struct sl_group *group, uint8_t stays)
{
    bool had = group->count_before > 0 && !group->failed_before;
    bool has = group->count > 0 && !group->failed;

    if (had)
        return has ? stays : SL_GROUP_GONE;
    return has ? SL_GROUP_NEW : SL_GROUP_NONE;
}

/* Spreads the segment's groups over the chunks; `all_change`: those that were there. */
static void
group_changes_spread(struct sl_group_changes *changes, bool all_change)
{
    uint8_t stays = all_change ? SL_GROUP_CHANGED : SL_GROUP_SAME;

    for (size_t i = 0; i < GROUP_CHUNKS; i++) {
        struct sl_group_chunk *chunk = &changes->chunks[i];
        size_t from = i * SL_GROUP_CHUNK;

        chunk->count = changes->group_count > from
                           ? SL_MIN(changes->group_count - from, (size_t)SL_GROUP_CHUNK)
                           : 0;
        chunk->key_columns = changes->aggregation->key_columns;
        for (size_t k = 0; k < chunk->count; k++) {
            const struct sl_group *group = &changes->groups[from + k];

            chunk->key_rows[k] = group->row;
            chunk->changes[k] = group_changes_kind(group, stays);
        }
    }
}

/* A group without rows has no result, and so none that cannot be made. */
static void
group_changes_fail(struct sl_group_changes *changes, size_t from,
                   const struct sl_aggregation_failure *failure, bool is_after)
{
    uint16_t index = (uint16_t)(from + failure->row);
    struct sl_group *group = &changes->groups[index];

    if (!is_after) {
        group->failed_before = true;
    } else if (group->count > 0) {
        group->failed = true;
        changes->failures[changes->failure_count++] =
            (struct sl_aggregation_failure){.row = index, .item = failure->item};
    }
}

static void
group_changes_results(struct sl_group_changes *changes, bool is_after)
{
    const struct sl_aggregation_failures *failures = &changes->aggregation->failures;

    for (size_t i = 0; i < GROUP_CHUNKS && changes->chunks[i].count > 0; i++) {
        struct sl_group_chunk *chunk = &changes->chunks[i];
        struct sl_column **columns = is_after ? chunk->after : chunk->before;

        sl_aggregation_results(changes->aggregation, changes->group_states + i * SL_GROUP_CHUNK,
                               chunk->count, columns);
        for (size_t k = 0; k < failures->count; k++)
            group_changes_fail(changes, i * SL_GROUP_CHUNK, &failures->list[k], is_after);
    }
}

/* Tells of the first `count` of changes->failures; `rows` are those of their keys. */
static int
group_changes_tell(struct sl_group_changes *changes, struct sl_column *const *key_columns,
                   const uint32_t *rows, size_t count, struct sl_out *out, struct sl_error *err)
{
    struct sl_pool *pool = changes->op->context->pool;
    const struct sl_aggregation *aggregation = changes->aggregation;
    struct sl_batch *made;
    int rc;

    if (count == 0)
        return SL_OK;
    for (size_t i = 0; i < count; i++)
        changes->failures[i].row = (uint16_t)i;
    made = sl_batch_new(pool, changes->op->node->schema->count, count);
    for (size_t c = 0; c < aggregation->key_count; c++)
        sl_batch_set_column(made, c, sl_column_gather(pool, key_columns[c], rows, count, false));
    if (changes->add_columns)
        changes->add_columns(changes->op, made, count);
    rc = sl_aggregation_tell_failures(aggregation, changes->op, made, changes->failures, count, out,
                                      err);
    sl_batch_unref(made);
    return rc;
}

int
sl_group_changes_leave_out(struct sl_group_changes *changes, struct sl_group_chunk *chunk,
                           struct sl_out *out, struct sl_error *err)
{
    const struct sl_aggregation_failures *failures = &changes->aggregation->failures;
    uint32_t rows[SL_GROUP_CHUNK];
    size_t count = 0;

    for (size_t i = 0; i < failures->count; i++) {
        uint16_t group = failures->list[i].row;
        uint8_t *change = &chunk->changes[group];

        if (*change == SL_GROUP_GONE || *change == SL_GROUP_NONE)
            continue; /* it has no rows */
        *change = *change == SL_GROUP_NEW ? SL_GROUP_NONE : SL_GROUP_GONE;
        rows[count] = chunk->key_rows[group];
        changes->failures[count++] = failures->list[i];
    }
    return group_changes_tell(changes, chunk->key_columns, rows, count, out, err);
}

/* Of the groups whose results after the segment cannot be made. */
static int
group_changes_tell_segment(struct sl_group_changes *changes, struct sl_out *out,
                           struct sl_error *err)
{
    uint32_t rows[SL_BATCH_ROWS_MAX];

    for (size_t i = 0; i < changes->failure_count; i++)
        rows[i] = changes->groups[changes->failures[i].row].row;
    return group_changes_tell(changes, changes->aggregation->key_columns, rows,
                              changes->failure_count, out, err);
}

/* Folds the segment. */
static int
group_changes_fold(struct sl_group_changes *changes, const struct sl_batch *batch, int64_t time,
                   struct sl_out *out, struct sl_error *err)
{
    bool all_change =
        changes->counts_rows && !changes->may_leave_out && !group_changes_may_lose(changes, batch);
    int rc, said = SL_OK;

    changes->failure_count = 0;
    group_changes_spread(changes, all_change);
    if (!all_change || changes->emits_before)
        group_changes_results(changes, false);
    sl_aggregation_add_to(changes->aggregation, batch, time, changes->rows, changes->row_states,
                          changes->row_count);
    group_changes_results(changes, true);
    if (changes->may_leave_out)
        group_changes_spread(changes, all_change);
    rc = group_changes_tell_segment(changes, out, err);
    for (size_t i = 0; i < GROUP_CHUNKS; i++) {
        if (rc == SL_OK) {
            if (!all_change)
                sl_group_changes_judge(changes, &changes->chunks[i]);
            said |= sl_group_changes_emit(changes, &changes->chunks[i], out);
        }
        sl_group_changes_drop(changes, &changes->chunks[i]);
    }
    for (size_t i = 0;
         i < changes->group_count && group_changes_may_lose(changes, batch) && rc == SL_OK; i++)
        if (changes->groups[i].count == 0)
            sl_aggregation_reset(changes->aggregation, time, changes->groups[i].state);
    return rc < 0 ? rc : said;
}

int
sl_group_changes_fold(struct sl_group_changes *changes, const struct sl_batch *batch, int64_t time,
                      const uint16_t *rows, char *const *states, size_t row_count,
                      struct sl_out *out, struct sl_error *err)
{
    int said = SL_OK;

    for (size_t from = 0; from < row_count;) {
        int rc;

        from += group_changes_segment(changes, batch, rows + from, states + from, row_count - from);
        rc = group_changes_fold(changes, batch, time, out, err);
        if (rc < 0)
            return rc;
        said |= rc;
    }
    if (changes->unmatched > 0)
        out->unmatched(out, changes->unmatched);
    changes->unmatched = 0;
    return said;
}
