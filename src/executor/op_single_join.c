/* Each row of the left input with the one row of the right input: for a scalar subquery, EXISTS,
 * and what NOT IN has to know of its whole subquery.  Where a condition stands over both, only the
 * pairs that it is true for come out.
 *
 *     left row      goes on with the right row as it is, NULLs as long as there is none
 *     right row     that is another than before: of every left row the change of its pair, if it is
 *                   one:  +I, -D where the condition comes to be true, or false;  -U and +U where
 * it is true all the time, and columns that come out differ
 *
 * The right rows of a batch count by what they come to, unless table.exec.mini-batch.enabled =
 * false.  A second right row is an error of that row.
 *
 * State: left row, packed → how many there are of it.  The right row is in a blob.
 *
 * Over bounded input (at_end) left rows wait until the right row is known. */
#include "data/row.h"
#include "executor/single_join.h"
#include "storage/manifest.h"
#include "storage/snapshot.h"
#include "storage/table.h"

#include <stdlib.h>

#define SINGLE_BLOB "right"
enum { SINGLE_LEFT, SINGLE_RIGHT, SINGLE_SCAN_ROWS = 1024 };

/* The right row before and after a change: its columns, a row each; NULLs where there is none. */
struct single_moment {
    struct sl_column **columns;
    struct sl_text bytes; /* start NULL: no row */
};

struct op_single_join {
    struct sl_op op;
    const struct sl_phys_single_join *plan;
    const struct sl_schema *left, *right;
    struct sl_eval *condition;
    bool net;
    struct sl_state_table *table;
    struct sl_packed_rows left_rows, right_rows;
    struct sl_single_values values;
    struct single_moment now, before;
    struct sl_buffer left_bytes; /* keys of the running batch, packed */
    uint64_t *hashes;
    char **states;
    uint16_t *live, *selection;
    /* A right batch that is worked on. */
    struct sl_batch *batch;
    size_t next_row; /* live rows before it have been taken */
    bool is_scanning, scan_is_over, is_ending;
    struct sl_state_scan scan;
    struct sl_state_row *found;
    struct sl_batch *chunk; /* left rows of the scan; NULL: none */
    uint8_t *passed, *passes;
    size_t chunk_row;
    int64_t chunk_copies; /* of chunk_row, that are done */
    /* What comes out of the chunk. */
    uint32_t *rows, *moments;
    uint8_t *kinds;
    struct sl_batch **waiting; /* at_end */
    size_t waiting_count, waiting_capacity, next_waiting;
};

static struct op_single_join *
single_of(struct sl_op *op)
{
    return (struct op_single_join *)op;
}

/* --- opening --- */

static int
single_open_table(struct op_single_join *op, struct sl_error *err)
{
    static const struct sl_type *const types[] = {&sl_type_bytes};
    struct sl_state_table_spec spec = {.name = "rows",
                                       .operator_uid = op->op.node->uid,
                                       .key_types = types,
                                       .key_count = 1,
                                       .value_size = sizeof(int64_t),
                                       .ttl_us = op->plan->ttl_us};

    return sl_state_table_open(op->op.context->state, &spec, &op->table, err);
}

static void
single_clear(struct op_single_join *op, struct single_moment *moment)
{
    for (size_t i = 0; i < op->right->count; i++) {
        sl_column_unref(moment->columns[i]);
        moment->columns[i] = NULL;
    }
    free((char *)(uintptr_t)moment->bytes.start);
    moment->bytes = (struct sl_text){NULL, 0};
}

/* The moment's row is this one (start NULL: none). */
static int
single_set(struct op_single_join *op, struct single_moment *moment, struct sl_text bytes,
           struct sl_error *err)
{
    struct sl_pool *pool = op->op.context->pool;
    char *copy;

    single_clear(op, moment);
    if (!bytes.start) {
        for (size_t i = 0; i < op->right->count; i++) {
            struct sl_value null = sl_value_null(op->right->columns[i].type);

            moment->columns[i] = sl_value_column(pool, &null, 1);
        }
        return SL_OK;
    }
    copy = sl_alloc(bytes.length + 1);
    memcpy(copy, bytes.start, bytes.length);
    moment->bytes = (struct sl_text){copy, bytes.length};
    return sl_row_unpack(op->right_rows.layout, pool, &moment->bytes, 1, moment->columns, err);
}

static void
single_open_arrays(struct op_single_join *op)
{
    struct sl_arena *arena = op->op.context->arena;

    op->hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    op->states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->live = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->selection = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->found = SL_NEW_ARRAY(arena, struct sl_state_row, SINGLE_SCAN_ROWS);
    op->passed = SL_NEW_ARRAY(arena, uint8_t, SINGLE_SCAN_ROWS);
    op->passes = SL_NEW_ARRAY(arena, uint8_t, SINGLE_SCAN_ROWS);
    op->rows = SL_NEW_ARRAY(arena, uint32_t, SL_BATCH_ROWS_MAX);
    op->moments = SL_NEW_ARRAY(arena, uint32_t, SL_BATCH_ROWS_MAX);
    op->kinds = SL_NEW_ARRAY(arena, uint8_t, SL_BATCH_ROWS_MAX);
    op->now.columns = SL_NEW_ARRAY(arena, struct sl_column *, op->right->count + 1);
    op->before.columns = SL_NEW_ARRAY(arena, struct sl_column *, op->right->count + 1);
}

static int
single_join_open(struct sl_op *base, struct sl_error *err)
{
    struct op_single_join *op = single_of(base);
    struct sl_op_context *context = base->context;
    struct sl_expr *condition;

    op->plan = base->node->detail;
    op->left = base->node->inputs[SINGLE_LEFT].node->schema;
    op->right = base->node->inputs[SINGLE_RIGHT].node->schema;
    op->net = context->settings->mini_batch;
    single_open_arrays(op);
    sl_buffer_init(&op->left_bytes, SIZE_MAX / 2);
    sl_packed_rows_open(&op->left_rows, base, op->left, op->left->count);
    sl_packed_rows_open(&op->right_rows, base, op->right, op->right->count);
    condition = op->plan->condition;
    if (condition)
        op->condition = sl_eval_new(
            sl_program_new(context->arena, &condition, 1, &context->expr_settings), context->pool);
    SL_TRY(single_set(op, &op->now, (struct sl_text){NULL, 0}, err));
    return single_open_table(op, err);
}

static void
single_join_close(struct sl_op *base)
{
    struct op_single_join *op = single_of(base);

    if (op->now.columns) {
        single_clear(op, &op->now);
        single_clear(op, &op->before);
        sl_buffer_done(&op->left_bytes);
    }
    for (size_t i = op->next_waiting; i < op->waiting_count; i++)
        sl_batch_unref(op->waiting[i]);
    free(op->waiting);
    sl_batch_unref(op->chunk);
    sl_table_scan_end(&op->scan);
    sl_packed_rows_close(&op->left_rows);
    sl_packed_rows_close(&op->right_rows);
    sl_single_values_done(&op->values);
    if (op->condition)
        sl_eval_free(op->condition);
}

/* --- pairs --- */

/* The left rows with the right row of a moment, under the condition: those it is true for. */
static int
single_filter(struct op_single_join *op, const struct sl_batch *left,
              const struct single_moment *moment, uint16_t *selection, size_t *ret_count,
              const struct sl_row_error **ret_errors, size_t *ret_error_count)
{
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *pairs =
        sl_batch_new(pool, op->left->count + op->right->count, left->row_count);
    static const uint32_t zeros[SL_BATCH_ROWS_MAX];
    size_t failed;

    for (size_t i = 0; i < op->left->count; i++)
        sl_batch_set_column(pairs, i, sl_column_ref(left->columns[i]));
    for (size_t i = 0; i < op->right->count; i++)
        sl_batch_set_column(
            pairs, op->left->count + i,
            sl_column_gather(pool, moment->columns[i], zeros, left->row_count, false));
    if (left->selection) {
        memcpy(sl_batch_add_selection(pairs, pool), left->selection,
               left->selection_count * sizeof(*left->selection));
        pairs->selection_count = left->selection_count;
    }
    sl_eval_set_now(op->condition, sl_now_us(op->op.context->env), op->op.watermark_ms);
    failed = sl_eval_filter(op->condition, pairs, selection, ret_count);
    *ret_error_count = 0;
    if (failed > 0)
        *ret_errors = sl_eval_errors(op->condition, ret_error_count);
    sl_batch_unref(pairs);
    return SL_OK;
}

/* The columns of the right row that come out, for each row of `made`: of the moment `moments` says.
 */
static void
single_add_shown(struct op_single_join *op, struct sl_batch *made, const uint32_t *moments)
{
    struct sl_pool *pool = op->op.context->pool;

    for (size_t i = 0; i < op->plan->shown_count; i++) {
        uint32_t column = op->plan->shown[i];

        sl_batch_set_column(made, op->left->count + i,
                            sl_column_gather_two(pool, op->now.columns[column],
                                                 op->before.columns[column]
                                                     ? op->before.columns[column]
                                                     : op->now.columns[column],
                                                 moments, made->row_count));
    }
}

/* --- the left input --- */

/* The keys of the live rows: they are packed rows. */
static struct sl_column *
single_pack(struct op_single_join *op, const struct sl_batch *batch)
{
    size_t live = sl_batch_live_count(batch);
    struct sl_column *keys = sl_column_new(op->op.context->pool, &sl_type_bytes, live, false);
    size_t *ends = sl_alloc((live + 1) * sizeof(*ends));

    sl_buffer_reset(&op->left_bytes);
    for (size_t i = 0; i < live; i++) {
        sl_row_pack(op->left_rows.layout, batch->columns, sl_batch_row(batch, i), &op->left_bytes);
        ends[i] = op->left_bytes.length;
    }
    for (size_t i = 0, at = 0; i < live; at = ends[i++])
        ((struct sl_view *)keys->values)[i] = sl_view_of(op->left_bytes.data + at, ends[i] - at);
    free(ends);
    sl_hash_rows(&keys, 1, NULL, live, op->hashes);
    return keys;
}

static int
single_join_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                    struct sl_error *err)
{
    struct op_single_join *op = single_of(base);
    struct sl_state_keys keys = {.row_count = sl_batch_live_count(batch), .hashes = op->hashes};
    struct sl_column *packed;
    int rc;

    if (input == SINGLE_RIGHT || op->plan->at_end || keys.row_count == 0)
        return SL_OK;
    packed = single_pack(op, batch);
    keys.columns = &packed;
    rc = sl_table_prepare(op->table, &keys, err);
    sl_column_unref(packed);
    return rc;
}

/* Counts the live rows; those that are there go into op->live.  Returns how many those are. */
static size_t
single_count_left(struct op_single_join *op, const struct sl_batch *batch, struct sl_out *out)
{
    size_t live = sl_batch_live_count(batch), count = 0, gone = 0;
    struct sl_column *packed = single_pack(op, batch);
    struct sl_state_keys keys = {.columns = &packed, .row_count = live, .hashes = op->hashes};

    sl_table_upsert(op->table, &keys, op->states, NULL);
    for (size_t i = 0; i < live; i++) {
        size_t row = sl_batch_row(batch, i);
        int64_t *copies = (int64_t *)(void *)op->states[i];
        bool takes_back = sl_row_kind_takes_back(sl_batch_kind(batch, row));

        if (takes_back && *copies == 0)
            continue;
        *copies += takes_back ? -1 : 1;
        op->live[count++] = (uint16_t)row;
    }
    keys.rows = op->selection;
    for (size_t i = 0; i < live; i++) {
        if (*(const int64_t *)(const void *)op->states[i] > 0)
            continue;
        op->selection[gone] = (uint16_t)i;
        op->hashes[gone++] = op->hashes[i];
    }
    keys.row_count = gone;
    if (gone > 0)
        sl_table_delete(op->table, &keys);
    sl_column_unref(packed);
    if (count < live)
        out->unmatched(out, live - count);
    return count;
}

static int
single_emit_left(struct op_single_join *op, const struct sl_batch *batch, size_t count,
                 struct sl_out *out, struct sl_error *err)
{
    static const uint32_t now[SL_BATCH_ROWS_MAX];
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *left = sl_batch_share(pool, batch, op->live, count), *made;
    const uint16_t *selection = op->live;
    int rc = SL_OK;

    if (op->condition) {
        const struct sl_row_error *errors;
        size_t error_count;

        single_filter(op, left, &op->now, op->selection, &count, &errors, &error_count);
        if (error_count > 0)
            rc = out->error(out, batch, errors, error_count, err);
        selection = op->selection;
    }
    if (rc >= 0 && count > 0) {
        made = sl_batch_pass(pool, left, selection, count, op->left->count, op->plan->shown_count);
        single_add_shown(op, made, now);
        rc = sl_out_emit(out, made);
    }
    sl_batch_unref(left);
    return rc;
}

static int
single_left(struct op_single_join *op, const struct sl_batch *batch, struct sl_out *out,
            struct sl_error *err)
{
    size_t count = single_count_left(op, batch, out);

    return count > 0 ? SL_MIN(single_emit_left(op, batch, count, out, err), SL_OK) : SL_OK;
}

/* --- the right input: taking its rows --- */

static int
single_refuse_second(struct op_single_join *op, uint32_t row, struct sl_out *out,
                     struct sl_error *err)
{
    struct sl_row_error error = {row, SL_E_CARDINALITY_VIOLATION,
                                 "more than one row returned by a subquery used as an expression"};

    return out->error(out, op->batch, &error, 1, err);
}

/* Of the rows that were taken of the batch, from live row `from` on, those are errors, and as if
 * they had not come, that are too many. */
static int
single_check(struct op_single_join *op, size_t from, struct sl_out *out, struct sl_error *err)
{
    for (size_t i = op->next_row; i-- > from && op->values.total > 1;) {
        size_t row = sl_batch_row(op->batch, i);

        if (sl_row_kind_takes_back(sl_batch_kind(op->batch, row)) ||
            !sl_single_values_remove(&op->values,
                                     sl_packed_rows_pack(&op->right_rows, op->batch, row)))
            continue;
        SL_TRY(single_refuse_second(op, (uint32_t)row, out, err));
    }
    return SL_OK;
}

/* Takes rows up to the next that are to count by themselves. */
static int
single_take_right(struct op_single_join *op, struct sl_out *out, struct sl_error *err)
{
    size_t live = sl_batch_live_count(op->batch), from = op->next_row, unmatched = 0;
    enum sl_row_kind kind;

    do {
        size_t row = sl_batch_row(op->batch, op->next_row++);
        struct sl_text packed = sl_packed_rows_pack(&op->right_rows, op->batch, row);

        kind = sl_batch_kind(op->batch, row);
        if (!sl_row_kind_takes_back(kind))
            sl_single_values_add(&op->values, packed);
        else
            unmatched += !sl_single_values_remove(&op->values, packed);
    } while (op->next_row < live && (op->net || op->plan->at_end || kind == SL_ROW_UPDATE_BEFORE));
    if (unmatched > 0)
        out->unmatched(out, unmatched);
    return single_check(op, from, out, err);
}

/* The right row as it is now; *ret_changed: it is another than before. */
static int
single_move(struct op_single_join *op, bool *ret_changed, struct sl_error *err)
{
    struct sl_text bytes = {NULL, 0};
    struct single_moment swap = op->before;

    if (op->values.count > 0)
        bytes = (struct sl_text){op->values.items[0].bytes, op->values.items[0].length};
    *ret_changed = !bytes.start != !op->now.bytes.start ||
                   (bytes.start && !sl_text_equal(bytes, op->now.bytes));
    if (!*ret_changed)
        return SL_OK;
    op->before = op->now;
    op->now = swap;
    return single_set(op, &op->now, bytes, err);
}

/* --- the right input: what changes of the left rows --- */

static int
single_judge(struct op_single_join *op, const struct single_moment *moment, uint8_t *passes,
             struct sl_out *out, struct sl_error *err)
{
    const struct sl_row_error *errors;
    size_t count, error_count;

    memset(passes, !op->condition, op->chunk->row_count);
    if (!op->condition)
        return SL_OK;
    single_filter(op, op->chunk, moment, op->selection, &count, &errors, &error_count);
    for (size_t i = 0; i < count; i++)
        passes[op->selection[i]] = true;
    if (error_count == 0 || moment == &op->before) /* it was told when it came */
        return SL_OK;
    return out->failed_groups(out, op->left, op->chunk, errors, error_count, err);
}

/* The next left rows of the state; op->chunk NULL: there are no more. */
static int
single_next_chunk(struct op_single_join *op, struct sl_out *out, struct sl_error *err)
{
    struct sl_pool *pool = op->op.context->pool;
    struct sl_text texts[SINGLE_SCAN_ROWS];
    struct sl_column *keys;
    size_t count;
    int rc;

    sl_batch_unref(op->chunk);
    op->chunk = NULL;
    rc = sl_table_scan_next(&op->scan, op->found, SINGLE_SCAN_ROWS, &count, err);
    if (rc != SL_OK || count == 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        texts[i] = op->found[i].key;
    sl_key_codec_decode(sl_table_key_codec(op->table), pool, texts, count, &keys);
    for (size_t i = 0; i < count; i++)
        texts[i] = sl_view_text(&((const struct sl_view *)keys->values)[i]);
    op->chunk = sl_batch_new(pool, op->left->count, count);
    rc = sl_row_unpack(op->left_rows.layout, pool, texts, count, op->chunk->columns, err);
    sl_column_unref(keys);
    op->chunk_row = 0;
    op->chunk_copies = 0;
    if (rc == SL_OK)
        rc = single_judge(op, &op->before, op->passed, out, err);
    return rc == SL_OK ? single_judge(op, &op->now, op->passes, out, err) : rc;
}

/* Do the columns that come out differ between the two moments? */
static bool
single_shows_change(const struct op_single_join *op)
{
    for (size_t i = 0; i < op->plan->shown_count; i++)
        if (!sl_column_values_equal(op->before.columns[op->plan->shown[i]], 0,
                                    op->now.columns[op->plan->shown[i]], 0))
            return true;
    return false;
}

static void
single_add_change(struct op_single_join *op, enum sl_row_kind kind, size_t *count)
{
    op->rows[*count] = (uint32_t)op->chunk_row;
    op->moments[*count] = sl_row_kind_takes_back(kind);
    op->kinds[(*count)++] = (uint8_t)kind;
}

/* Lists changes of the chunk's rows, as many as there is room for. */
static size_t
single_list_changes(struct op_single_join *op, size_t max)
{
    bool shows_change = single_shows_change(op);
    size_t count = 0;

    while (op->chunk_row < op->chunk->row_count && count + 2 <= max) {
        int64_t copies;
        bool passed = op->passed[op->chunk_row], passes = op->passes[op->chunk_row];

        memcpy(&copies, op->found[op->chunk_row].value, sizeof(copies));
        if (op->chunk_copies == copies || (passed ? passes && !shows_change : !passes)) {
            op->chunk_row++;
            op->chunk_copies = 0;
            continue;
        }
        if (passed)
            single_add_change(op, passes ? SL_ROW_UPDATE_BEFORE : SL_ROW_DELETE, &count);
        if (passes)
            single_add_change(op, passed ? SL_ROW_UPDATE_AFTER : SL_ROW_INSERT, &count);
        op->chunk_copies++;
    }
    return count;
}

static int
single_emit_changes(struct op_single_join *op, size_t count, struct sl_out *out)
{
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *made = sl_batch_new(pool, op->left->count + op->plan->shown_count, count);

    for (size_t i = 0; i < op->left->count; i++)
        sl_batch_set_column(made, i,
                            sl_column_gather(pool, op->chunk->columns[i], op->rows, count, false));
    single_add_shown(op, made, op->moments);
    memcpy(sl_batch_add_kinds(made, pool), op->kinds, count);
    return sl_out_emit(out, made);
}

/* Goes through the left rows.  SL_AGAIN: as emit said, or the state is read. */
static int
single_run_scan(struct op_single_join *op, struct sl_out *out, struct sl_error *err)
{
    size_t max = SL_MIN(op->op.context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    int rc = SL_OK;

    max = SL_MAX(max, (size_t)2);
    while (rc == SL_OK) {
        size_t count = op->chunk ? single_list_changes(op, max) : 0;

        if (count > 0) {
            rc = single_emit_changes(op, count, out);
            continue;
        }
        rc = single_next_chunk(op, out, err);
        if (rc == SL_OK && !op->chunk)
            break;
    }
    if (rc != SL_OK)
        return rc;
    sl_table_scan_end(&op->scan);
    op->is_scanning = false;
    return SL_OK;
}

/* --- the operator --- */

static int
single_run_right(struct op_single_join *op, struct sl_out *out, struct sl_error *err)
{
    size_t live = sl_batch_live_count(op->batch);

    for (;;) {
        bool changed;

        if (op->is_scanning) {
            int rc = single_run_scan(op, out, err);

            if (rc != SL_OK)
                return rc;
        }
        if (op->next_row == live)
            return SL_OK;
        SL_TRY(single_take_right(op, out, err));
        SL_TRY(single_move(op, &changed, err));
        if (!changed || op->plan->at_end)
            continue;
        sl_table_scan_begin(op->table, 0, &op->scan);
        op->is_scanning = true;
    }
}

static void
single_wait(struct op_single_join *op, struct sl_batch *batch)
{
    if (op->waiting_count == op->waiting_capacity) {
        op->waiting_capacity = SL_MAX((size_t)64, 2 * op->waiting_capacity);
        op->waiting = sl_realloc(op->waiting, op->waiting_capacity * sizeof(struct sl_batch *));
    }
    op->waiting[op->waiting_count++] = sl_batch_ref(batch);
}

static int
single_join_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                  struct sl_error *err)
{
    struct op_single_join *op = single_of(base);

    if (input == SINGLE_RIGHT) {
        op->batch = batch; /* it stays valid until resume said SL_OK */
        op->next_row = 0;
        return single_run_right(op, out, err);
    }
    if (sl_batch_live_count(batch) == 0)
        return SL_OK;
    if (!op->plan->at_end)
        return single_left(op, batch, out, err);
    single_wait(op, batch);
    return SL_OK;
}

static int
single_join_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_single_join *op = single_of(base);
    int rc = SL_OK;

    op->is_ending = true;
    while (rc == SL_OK && op->next_waiting < op->waiting_count) {
        struct sl_batch *batch = op->waiting[op->next_waiting++];
        size_t live = sl_batch_live_count(batch);

        for (size_t i = 0; i < live; i++)
            op->live[i] = (uint16_t)sl_batch_row(batch, i);
        rc = single_emit_left(op, batch, live, out, err);
        sl_batch_unref(batch);
    }
    return rc;
}

static int
single_join_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_single_join *op = single_of(base);

    return op->is_ending ? single_join_end(base, out, err) : single_run_right(op, out, err);
}

static int
single_join_barrier(struct sl_op *base, uint64_t epoch, struct sl_snapshot *snapshot,
                    struct sl_error *err)
{
    const struct op_single_join *op = single_of(base);
    struct sl_buffer bytes;

    if (!snapshot)
        return SL_OK;
    sl_buffer_init(&bytes, SIZE_MAX / 2);
    sl_single_values_write(&op->values, &bytes);
    sl_snapshot_add_blob(snapshot, base->node->uid, SINGLE_BLOB, sl_buffer_text(&bytes));
    sl_buffer_done(&bytes);
    return SL_OK;
}

static int
single_join_restore(struct sl_op *base, const struct sl_manifest *from, struct sl_error *err)
{
    struct op_single_join *op = single_of(base);
    struct sl_manifest_cursor cursor = {0};
    const struct sl_manifest_blob *blob;
    bool changed;

    while ((blob = sl_manifest_next_blob(from, base->node->uid, SINGLE_BLOB, &cursor)))
        if (!sl_single_values_read(&op->values, blob->bytes))
            return SL_ERROR(err, SL_E_DATA_CORRUPTED, "the right row of %s cannot be read",
                            base->node->uid);
    return single_move(op, &changed, err);
}

const struct sl_op_class sl_op_single_join = {
    .name = "SingleJoin",
    .size = sizeof(struct op_single_join),
    .open = single_join_open,
    .prepare = single_join_prepare,
    .batch = single_join_batch,
    .resume = single_join_resume,
    .end = single_join_end,
    .barrier = single_join_barrier,
    .restore = single_join_restore,
    .close = single_join_close,
};
