/* OVER over a stream in an order that is no time, or in none: a row that comes in between, changes
 * or goes changes the results of others, which are taken back and come anew.
 *
 *     a batch → the partitions that it touches: results over their rows before it | after it →
 * changes
 *
 * State: partition → its rows.  A partition is worked out as a whole, as over bounded input. */
#include "executor/over_frames.h"

#include "data/column_build.h"
#include "data/row.h"

#include <stdlib.h>

/* Rows of some partitions and their results. */
struct over_version {
    struct sl_text *texts; /* by number */
    uint32_t *entries;     /* by number */
    uint32_t count;
    struct sl_row_store sorted;
    struct sl_row_order order;
    uint32_t *places;           /* by number: in `sorted` */
    struct sl_column **results; /* by batch of `sorted`, a column a call */
    uint64_t *failed;           /* bits, by place */
};

/* A row that is there before, after, or both. */
struct over_entry {
    struct sl_text text;
    uint32_t partition;     /* of op->touched */
    uint32_t place;         /* in the partition's list; of new ones: row of the batch */
    uint32_t before, after; /* numbers; UINT32_MAX: it is not there */
    bool is_new, is_gone;
};

struct op_updating_over {
    struct sl_op op;
    const struct sl_phys_over *plan;
    struct sl_aggregation partitions; /* its one accumulator: the rows */
    struct sl_aggregate *rows;
    struct sl_over_frames frames;
    char **states, **touched;
    uint16_t *some_rows;
    uint64_t *some_hashes;
    struct over_entry *entries;
    size_t entry_count, entry_capacity;
    struct sl_buffer packed; /* the batch's rows */
    struct over_version before, after;
    struct sl_over_failure *failures;
};

enum { NOWHERE = UINT32_MAX };

static int
updating_over_open(struct sl_op *base, struct sl_error *err)
{
    struct op_updating_over *op = (struct op_updating_over *)base;
    struct sl_arena *arena = base->context->arena;
    const struct sl_over *over;

    op->plan = base->node->detail;
    over = &op->plan->over;
    op->rows = sl_aggregate_rows(arena, base->node->inputs[0].node->schema);
    op->states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->touched = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->some_rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->some_hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    op->failures = SL_NEW_ARRAY(arena, struct sl_over_failure, SL_BATCH_ROWS_MAX);
    sl_buffer_init(&op->packed, SIZE_MAX / 2);
    op->partitions.ttl_us = op->plan->ttl_us;
    SL_TRY(sl_aggregation_open(&op->partitions, base, "over", over->partition,
                               over->partition_count, &op->rows, 1, false, err));
    return sl_over_frames_open(&op->frames, base, over, err);
}

/* --- what a batch changes --- */

static struct over_entry *
over_add_entry(struct op_updating_over *op)
{
    if (op->entry_count == op->entry_capacity) {
        op->entry_capacity = SL_MAX(2 * op->entry_capacity, (size_t)1024);
        op->entries = sl_realloc(op->entries, op->entry_capacity * sizeof(*op->entries));
    }
    return &op->entries[op->entry_count++];
}

static int
over_compare_states(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;

    return (x > y) - (x < y);
}

/* The partitions of these states, each once; their rows become entries. */
static int
over_load(struct op_updating_over *op, size_t row_count, size_t *ret_touched, struct sl_error *err)
{
    size_t offset = op->partitions.items[0].state_offset, touched = 0;

    memcpy(op->touched, op->states, row_count * sizeof(*op->touched));
    qsort(op->touched, row_count, sizeof(*op->touched), over_compare_states);
    for (size_t i = 0; i < row_count; i++)
        if (i == 0 || op->touched[i] != op->touched[i - 1])
            op->touched[touched++] = op->touched[i];
    op->entry_count = 0;
    for (size_t i = 0; i < touched; i++) {
        const char *list = op->touched[i] + offset;

        if (sl_aggregate_rows_overflowed(list))
            return SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                            "a partition of OVER has more than 1 GiB of rows");
        for (uint32_t k = 0; k < sl_aggregate_rows_count(list); k++)
            *over_add_entry(op) = (struct over_entry){
                .text = sl_aggregate_rows_at(list, k), .partition = (uint32_t)i, .place = k};
    }
    *ret_touched = touched;
    return SL_OK;
}

static uint32_t
over_partition_of(const struct op_updating_over *op, const char *state, size_t touched)
{
    const char *key = state;
    char **found = bsearch(&key, op->touched, touched, sizeof(*op->touched), over_compare_states);

    return (uint32_t)(found - op->touched);
}

/* Takes back the newest equal row; false: it is not there. */
static bool
over_take_back(struct op_updating_over *op, uint32_t partition, struct sl_text text)
{
    for (size_t i = op->entry_count; i-- > 0;) {
        struct over_entry *entry = &op->entries[i];

        if (entry->partition != partition || entry->is_gone || !sl_text_equal(entry->text, text))
            continue;
        entry->is_gone = true;
        return true;
    }
    return false;
}

/* The rows of the batch (by place in partitions.rows) as entries, or out of them. */
static void
over_apply(struct op_updating_over *op, const struct sl_batch *batch, size_t row_count,
           size_t touched, struct sl_out *out)
{
    size_t *starts = sl_alloc((row_count + 1) * sizeof(*starts)), unmatched = 0;

    op->packed.length = 0;
    for (size_t i = 0; i < row_count; i++) {
        starts[i] = op->packed.length;
        sl_row_pack(op->rows->layout, batch->columns, op->partitions.rows[i], &op->packed);
    }
    starts[row_count] = op->packed.length;
    for (size_t i = 0; i < row_count; i++) {
        struct sl_text text = {op->packed.data + starts[i], starts[i + 1] - starts[i]};
        uint32_t partition = over_partition_of(op, op->states[i], touched);

        if (sl_row_kind_takes_back(sl_batch_kind(batch, op->partitions.rows[i])))
            unmatched += !over_take_back(op, partition, text);
        else
            *over_add_entry(op) = (struct over_entry){
                .text = text, .partition = partition, .place = (uint32_t)i, .is_new = true};
    }
    free(starts);
    if (unmatched > 0)
        out->unmatched(out, unmatched);
}

/* --- versions --- */

static void
over_version_drop(struct op_updating_over *op, struct over_version *version)
{
    for (size_t i = 0; i < version->sorted.batch_count * op->plan->over.call_count; i++)
        sl_column_unref(version->results[i]);
    sl_row_store_done(&version->sorted);
    sl_row_order_done(&version->order);
    free(version->texts);
    free(version->entries);
    free(version->places);
    free(version->results);
    free(version->failed);
    *version = (struct over_version){0};
}

static void
over_version_list(struct op_updating_over *op, struct over_version *version, bool is_after)
{
    version->texts = sl_alloc((op->entry_count + 1) * sizeof(*version->texts));
    version->entries = sl_alloc((op->entry_count + 1) * sizeof(*version->entries));
    for (size_t i = 0; i < op->entry_count; i++) {
        struct over_entry *entry = &op->entries[i];
        uint32_t *number = is_after ? &entry->after : &entry->before;

        *number = NOWHERE;
        if (is_after ? entry->is_gone : entry->is_new)
            continue;
        *number = version->count;
        version->entries[version->count] = (uint32_t)i;
        version->texts[version->count++] = entry->text;
    }
}

static int
over_version_unpack(struct op_updating_over *op, const struct over_version *version,
                    struct sl_row_store *store, struct sl_error *err)
{
    struct sl_pool *pool = op->op.context->pool;
    size_t columns = op->op.node->inputs[0].node->schema->count;

    for (uint32_t from = 0; from < version->count; from += SL_BATCH_ROWS_MAX) {
        size_t count = SL_MIN(version->count - from, (uint32_t)SL_BATCH_ROWS_MAX);
        struct sl_batch *batch = sl_batch_new(pool, columns, count);
        int rc = sl_row_unpack(op->rows->layout, pool, version->texts + from, count, batch->columns,
                               err);

        if (rc < 0)
            memset(batch->columns, 0, columns * sizeof(*batch->columns));
        else
            sl_row_store_add(store, pool, batch);
        sl_batch_unref(batch);
        if (rc < 0)
            return rc;
    }
    return SL_OK;
}

/* Results, and an error of each row that has none where `out` is given. */
static int
over_version_results(struct op_updating_over *op, struct over_version *version, struct sl_out *out,
                     struct sl_error *err)
{
    size_t calls = op->plan->over.call_count;

    version->results =
        sl_alloc((version->sorted.batch_count * calls + 1) * sizeof(*version->results));
    version->failed =
        sl_alloc_zeroed((SL_VALIDITY_WORDS((size_t)version->count) + 1) * sizeof(*version->failed));
    sl_over_frames_begin(&op->frames, &version->sorted, version->order.starts);
    for (size_t i = 0; i < version->sorted.batch_count; i++) {
        size_t failure_count;

        sl_over_frames_results(&op->frames, i, version->results + i * calls, op->failures,
                               &failure_count);
        for (size_t k = 0; k < failure_count; k++) {
            size_t place = i * SL_BATCH_ROWS_MAX + op->failures[k].row;

            version->failed[place / 64] |= UINT64_C(1) << (place % 64);
        }
        if (failure_count > 0 && out)
            SL_TRY(sl_over_tell(&op->op, &op->frames.aggregation, version->sorted.batches[i],
                                op->failures, failure_count, out, err));
    }
    return SL_OK;
}

static int
over_version_make(struct op_updating_over *op, struct over_version *version, bool is_after,
                  struct sl_out *out, struct sl_error *err)
{
    const struct sl_over *over = &op->plan->over;
    struct sl_row_store store = {0};
    int rc;

    over_version_list(op, version, is_after);
    rc = over_version_unpack(op, version, &store, err);
    if (rc == SL_OK) {
        sl_row_order_make(&version->order, &store, over->partition, over->partition_count,
                          over->order, over->order_count, true);
        sl_row_store_reorder(&version->sorted, op->op.context->pool, &store,
                             version->order.numbers);
        version->places = sl_alloc((version->count + 1) * sizeof(*version->places));
        for (uint32_t i = 0; i < version->count; i++)
            version->places[version->order.numbers[i]] = i;
        rc = over_version_results(op, version, is_after ? out : NULL, err);
    }
    sl_row_store_done(&store);
    return rc;
}

static bool
over_failed(const struct over_version *version, uint32_t number)
{
    uint32_t place;

    if (number == NOWHERE)
        return true;
    place = version->places[number];
    return version->failed[place / 64] >> (place % 64) & 1;
}

static bool
over_same_results(const struct op_updating_over *op, const struct over_entry *entry)
{
    size_t calls = op->plan->over.call_count;
    uint32_t before = op->before.places[entry->before], after = op->after.places[entry->after];

    for (size_t i = 0; i < calls; i++)
        if (!sl_column_values_equal(op->before.results[before / SL_BATCH_ROWS_MAX * calls + i],
                                    before % SL_BATCH_ROWS_MAX,
                                    op->after.results[after / SL_BATCH_ROWS_MAX * calls + i],
                                    after % SL_BATCH_ROWS_MAX))
            return false;
    return true;
}

/* --- changes --- */

/* Output rows: where each is, and of which kind. */
struct over_changes {
    const struct over_version *versions[SL_BATCH_ROWS_MAX];
    uint32_t places[SL_BATCH_ROWS_MAX];
    uint8_t kinds[SL_BATCH_ROWS_MAX];
    size_t count;
};

static struct sl_column *
over_change_column(struct op_updating_over *op, const struct over_changes *changes, size_t column)
{
    const struct sl_schema *schema = op->op.node->schema;
    size_t calls = op->plan->over.call_count, input = schema->count - calls;
    const struct sl_column *columns[SL_BATCH_ROWS_MAX];
    uint32_t rows[SL_BATCH_ROWS_MAX];

    for (size_t i = 0; i < changes->count; i++) {
        const struct over_version *version = changes->versions[i];
        size_t batch = changes->places[i] / SL_BATCH_ROWS_MAX;

        rows[i] = changes->places[i] % SL_BATCH_ROWS_MAX;
        columns[i] = column < input ? version->sorted.batches[batch]->columns[column]
                                    : version->results[batch * calls + column - input];
    }
    return sl_column_build_rows(op->op.context->pool, schema->columns[column].type, columns, rows,
                                changes->count);
}

static int
over_changes_emit(struct op_updating_over *op, struct over_changes *changes, struct sl_out *out)
{
    const struct sl_schema *schema = op->op.node->schema;
    struct sl_batch *batch;
    bool has_kinds = false;

    if (changes->count == 0)
        return SL_OK;
    batch = sl_batch_new(op->op.context->pool, schema->count, changes->count);
    for (size_t i = 0; i < schema->count; i++)
        sl_batch_set_column(batch, i, over_change_column(op, changes, i));
    for (size_t i = 0; i < changes->count; i++)
        has_kinds |= changes->kinds[i] != SL_ROW_INSERT;
    if (has_kinds)
        memcpy(sl_batch_add_kinds(batch, op->op.context->pool), changes->kinds, changes->count);
    changes->count = 0;
    return sl_out_emit(out, batch);
}

static int
over_change(struct op_updating_over *op, struct over_changes *changes,
            const struct over_version *version, uint32_t number, enum sl_row_kind kind,
            struct sl_out *out)
{
    changes->versions[changes->count] = version;
    changes->places[changes->count] = version->places[number];
    changes->kinds[changes->count++] = (uint8_t)kind;
    return changes->count == SL_BATCH_ROWS_MAX ? over_changes_emit(op, changes, out) : SL_OK;
}

/* What went, then in order what changed and what is new; whatever emit says, all of it. */
static int
over_emit_changes(struct op_updating_over *op, struct sl_out *out)
{
    struct over_changes changes = {.count = 0};
    int rc = SL_OK;

    for (uint32_t i = 0; i < op->before.count && rc >= 0; i++) {
        uint32_t number = op->before.order.numbers[i];
        const struct over_entry *entry = &op->entries[op->before.entries[number]];

        if (!over_failed(&op->before, number) && over_failed(&op->after, entry->after))
            rc = over_change(op, &changes, &op->before, number, SL_ROW_DELETE, out);
    }
    for (uint32_t i = 0; i < op->after.count && rc >= 0; i++) {
        uint32_t number = op->after.order.numbers[i];
        const struct over_entry *entry = &op->entries[op->after.entries[number]];

        if (over_failed(&op->after, number))
            continue;
        if (over_failed(&op->before, entry->before)) {
            rc = over_change(op, &changes, &op->after, number, SL_ROW_INSERT, out);
            continue;
        }
        if (over_same_results(op, entry))
            continue;
        if (op->plan->emits_before)
            rc = over_change(op, &changes, &op->before, entry->before, SL_ROW_UPDATE_BEFORE, out);
        if (rc >= 0)
            rc = over_change(op, &changes, &op->after, number, SL_ROW_UPDATE_AFTER, out);
    }
    return rc < 0 ? rc : over_changes_emit(op, &changes, out);
}

/* --- state --- */

static void
over_store_gone(struct op_updating_over *op, size_t touched)
{
    size_t offset = op->partitions.items[0].state_offset, at = 0;

    for (size_t i = 0; i < touched; i++) {
        char *list = op->touched[i] + offset;
        size_t count = sl_aggregate_rows_count(list);
        bool *keeps = sl_alloc(count + 1), all = true;

        for (size_t k = 0; k < count; k++, at++) {
            keeps[k] = !op->entries[at].is_gone;
            all &= keeps[k];
        }
        if (!all)
            sl_aggregate_rows_keep(list, keeps);
        free(keeps);
    }
}

/* The state becomes what is there after the batch.  The texts of old entries are good no more. */
static void
over_store(struct op_updating_over *op, const struct sl_batch *batch, size_t touched)
{
    struct sl_batch plain = *batch;
    uint16_t *rows = op->some_rows;
    char *states[SL_BATCH_ROWS_MAX];
    size_t count = 0, old = 0;

    while (old < op->entry_count && !op->entries[old].is_new)
        old++;
    over_store_gone(op, touched);
    for (; old < op->entry_count; old++) {
        if (op->entries[old].is_gone)
            continue;
        rows[count] = op->partitions.rows[op->entries[old].place];
        states[count++] = op->states[op->entries[old].place];
    }
    plain.kinds = NULL;
    sl_aggregation_add_to(&op->partitions, &plain, 0, rows, states, count);
}

/* Partitions without rows leave the state. */
static void
over_drop_empty(struct op_updating_over *op, size_t row_count)
{
    size_t offset = op->partitions.items[0].state_offset;
    struct sl_state_keys keys = {
        .columns = op->partitions.key_columns, .rows = op->some_rows, .hashes = op->some_hashes};

    for (size_t i = 0; i < row_count; i++) {
        if (sl_aggregate_rows_count(op->states[i] + offset) > 0)
            continue;
        op->some_rows[keys.row_count] = op->partitions.rows[i];
        op->some_hashes[keys.row_count++] = op->partitions.hashes[i];
    }
    if (keys.row_count > 0)
        sl_table_delete(op->partitions.table, &keys);
}

/* --- a batch --- */

static int
over_round(struct op_updating_over *op, const struct sl_batch *batch, size_t row_count,
           struct sl_out *out, struct sl_error *err)
{
    struct sl_state_keys keys = {.columns = op->partitions.key_columns,
                                 .rows = op->partitions.rows,
                                 .row_count = row_count,
                                 .hashes = op->partitions.hashes};
    size_t touched = 0;
    int rc;

    sl_table_upsert(op->partitions.table, &keys, op->states, NULL);
    SL_TRY(over_load(op, row_count, &touched, err));
    over_apply(op, batch, row_count, touched, out);
    rc = over_version_make(op, &op->before, false, out, err);
    if (rc >= 0)
        rc = over_version_make(op, &op->after, true, out, err);
    if (rc >= 0)
        rc = over_emit_changes(op, out);
    over_version_drop(op, &op->before);
    over_version_drop(op, &op->after);
    if (rc < 0)
        return rc;
    over_store(op, batch, touched);
    over_drop_empty(op, row_count);
    return rc;
}

/* Without mini-batches each row's change is worked out by itself. */
static int
updating_over_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                    struct sl_error *err)
{
    struct op_updating_over *op = (struct op_updating_over *)base;
    struct sl_aggregation *partitions = &op->partitions;
    int count = sl_aggregation_begin(partitions, base, batch, out, err), rc = SL_OK;
    uint16_t rows[SL_BATCH_ROWS_MAX];
    uint64_t hashes[SL_BATCH_ROWS_MAX];

    if (count > 0 && base->context->settings->mini_batch) {
        rc = over_round(op, batch, (size_t)count, out, err);
    } else if (count > 0) {
        memcpy(rows, partitions->rows, (size_t)count * sizeof(*rows));
        memcpy(hashes, partitions->hashes, (size_t)count * sizeof(*hashes));
        for (int i = 0; i < count && rc >= 0; i++) {
            partitions->rows[0] = rows[i];
            partitions->hashes[0] = hashes[i];
            rc = over_round(op, batch, 1, out, err);
        }
    }
    sl_aggregation_end(partitions);
    return count < 0 ? count : SL_MIN(rc, SL_OK);
}

static int
updating_over_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                      struct sl_error *err)
{
    return sl_aggregation_prepare_batch(&((struct op_updating_over *)base)->partitions, base, batch,
                                        err);
}

static void
updating_over_close(struct sl_op *base)
{
    struct op_updating_over *op = (struct op_updating_over *)base;

    sl_over_frames_close(&op->frames);
    sl_aggregation_close(&op->partitions);
    sl_buffer_done(&op->packed);
    free(op->entries);
}

const struct sl_op_class sl_op_updating_over = {
    .name = "UpdatingOver",
    .size = sizeof(struct op_updating_over),
    .open = updating_over_open,
    .prepare = updating_over_prepare,
    .batch = updating_over_batch,
    .close = updating_over_close,
};
