/* Upserts become a changelog: state tells what a key had before.
 *
 *     row     the key has     what comes out
 *     +I +U   nothing         +I
 *     +I +U   another row     -U of that and +U; +U alone where nobody wants -U
 *     +I +U   the same row    nothing; with a time to live an update, which keeps the state of what
 *                             follows, too
 *     -D      a row           -D of it: the row that came may have the key alone
 *     -D      nothing         nothing
 *     -U      any             nothing: its +U tells all
 *
 * A row that does not pass the filter is to its key what -D is, so that a row which leaves the
 * filter is deleted.  Of the rows of a key in one batch the last one counts, unless
 * table.exec.mini-batch.enabled = false.
 *
 * State: key → the other columns of its row, packed. */
#include "executor/key_changes.h"

/* What a row does to its key. */
enum normalize_effect { NORMALIZE_NOTHING, NORMALIZE_SETS, NORMALIZE_REMOVES };

/* The value of a key's state. */
struct normalize_row {
    uint32_t is_there;
    uint32_t last; /* while a batch runs: 1 + the place of the key's last row in it; else 0 */
    struct sl_view packed;
};

struct op_changelog_normalize {
    struct sl_op op;
    const struct sl_phys_changelog_normalize *plan;
    struct sl_eval *filter;
    struct sl_state_table *table;
    bool net; /* the last row of a key in a batch counts */
    struct sl_key_changes changes;
    uint8_t *effects; /* of the running batch, by physical row */
    uint16_t *rows, *selection;
    char **states;
};

static struct op_changelog_normalize *
normalize_of(struct sl_op *op)
{
    return (struct op_changelog_normalize *)op;
}

/* --- opening --- */

static int
changelog_normalize_open(struct sl_op *base, struct sl_error *err)
{
    struct op_changelog_normalize *op = normalize_of(base);
    struct sl_arena *arena = base->context->arena;
    struct sl_expr *filter;

    op->plan = base->node->detail;
    op->net = base->context->settings->mini_batch;
    sl_key_changes_open(&op->changes, base, op->plan->keys, op->plan->key_count);
    op->effects = SL_NEW_ARRAY(arena, uint8_t, SL_BATCH_ROWS_MAX);
    op->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->selection = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    filter = op->plan->filter;
    if (filter)
        op->filter = sl_op_eval_new(base->context, &filter, 1);
    return sl_key_changes_open_table(&op->changes, sizeof(struct normalize_row),
                                     offsetof(struct normalize_row, packed), op->plan->ttl_us,
                                     &op->table, err);
}

static void
changelog_normalize_close(struct sl_op *base)
{
    struct op_changelog_normalize *op = normalize_of(base);

    if (op->filter)
        sl_eval_free(op->filter);
    sl_key_changes_close(&op->changes);
}

/* --- what rows do --- */

/* Of the rows in `selection`, which set their keys, those that do not pass remove them. */
static int
normalize_filter(struct op_changelog_normalize *op, const struct sl_batch *batch, size_t count,
                 struct sl_out *out, struct sl_error *err)
{
    struct sl_batch *sets = sl_batch_share(op->op.context->pool, batch, op->selection, count);
    const struct sl_row_error *errors = NULL;
    size_t passed, error_count = 0;
    int rc = SL_OK;

    for (size_t i = 0; i < count; i++)
        op->effects[op->selection[i]] = NORMALIZE_REMOVES;
    sl_eval_set_now(op->filter, sl_now_us(op->op.context->env), op->op.watermark_ms);
    if (sl_eval_filter(op->filter, sets, op->selection, &passed) > 0) {
        errors = sl_eval_errors(op->filter, &error_count);
        rc = out->error(out, batch, errors, error_count, err);
    }
    for (size_t i = 0; i < passed; i++)
        op->effects[op->selection[i]] = NORMALIZE_SETS;
    for (size_t i = 0; i < error_count; i++)
        op->effects[errors[i].row] = NORMALIZE_NOTHING;
    sl_batch_unref(sets);
    return rc;
}

/* Lists the rows that do something, with their keys' hashes; returns their number or an error. */
static int
normalize_list(struct op_changelog_normalize *op, const struct sl_batch *batch, struct sl_out *out,
               struct sl_error *err)
{
    size_t live = sl_batch_live_count(batch), count = 0, set_count = 0;

    for (size_t i = 0; i < live; i++) {
        size_t row = sl_batch_row(batch, i);
        enum sl_row_kind kind = sl_batch_kind(batch, row);

        op->effects[row] = kind == SL_ROW_DELETE ? NORMALIZE_REMOVES : NORMALIZE_NOTHING;
        if (sl_row_kind_takes_back(kind))
            continue;
        op->effects[row] = NORMALIZE_SETS;
        op->selection[set_count++] = (uint16_t)row;
    }
    if (op->filter && set_count > 0)
        SL_TRY(normalize_filter(op, batch, set_count, out, err));
    for (size_t i = 0; i < live; i++) {
        size_t row = sl_batch_row(batch, i);

        if (op->effects[row] != NORMALIZE_NOTHING)
            op->rows[count++] = (uint16_t)row;
    }
    return (int)count;
}

/* --- changes --- */

static void
normalize_remove(struct op_changelog_normalize *op, struct normalize_row *state, uint16_t row)
{
    static const struct sl_view empty;

    if (!state->is_there)
        return;
    sl_key_changes_add_packed(&op->changes, SL_ROW_DELETE, row, sl_view_text(&state->packed));
    state->packed = sl_table_keep_view(op->table, 0, &state->packed, &empty);
    state->is_there = false;
}

static void
normalize_set(struct op_changelog_normalize *op, struct normalize_row *state, uint16_t row)
{
    struct sl_text bytes = sl_key_changes_pack(&op->changes, row);
    struct sl_view packed = sl_view_of(bytes.start, bytes.length);

    if (state->is_there && !op->plan->ttl_us && sl_view_equal(&state->packed, &packed))
        return;
    if (state->is_there && op->plan->emits_before)
        sl_key_changes_add_packed(&op->changes, SL_ROW_UPDATE_BEFORE, row,
                                  sl_view_text(&state->packed));
    sl_key_changes_add(&op->changes, state->is_there ? SL_ROW_UPDATE_AFTER : SL_ROW_INSERT, row);
    state->packed = sl_table_keep_view(op->table, 0, &state->packed, &packed);
    state->is_there = true;
}

/* The rows with places from … to. */
static void
normalize_chunk(struct op_changelog_normalize *op, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        struct normalize_row *state = (struct normalize_row *)(void *)op->states[i];
        uint16_t row = op->rows[i];

        if (op->net && state->last != i + 1)
            continue;
        state->last = 0;
        if (op->effects[row] == NORMALIZE_SETS)
            normalize_set(op, state, row);
        else
            normalize_remove(op, state, row);
    }
}

/* Keys that have no row leave the state. */
static void
normalize_drop_empty(struct op_changelog_normalize *op, struct sl_state_keys *keys)
{
    size_t kept = 0;

    for (size_t i = 0; i < keys->row_count; i++) {
        if (((const struct normalize_row *)(const void *)op->states[i])->is_there)
            continue;
        op->rows[kept] = op->rows[i];
        op->changes.hashes[kept++] = op->changes.hashes[i];
    }
    keys->row_count = kept;
    if (kept > 0)
        sl_table_delete(op->table, keys);
}

static int
changelog_normalize_batch(struct sl_op *base, unsigned input, struct sl_batch *batch,
                          struct sl_out *out, struct sl_error *err)
{
    struct op_changelog_normalize *op = normalize_of(base);
    int count = normalize_list(op, batch, out, err);
    struct sl_state_keys keys;

    if (count <= 0)
        return count;
    keys = sl_key_changes_keys(&op->changes, batch, op->rows, (size_t)count);
    sl_table_upsert(op->table, &keys, op->states, NULL);
    for (size_t i = 0; i < keys.row_count && op->net; i++)
        ((struct normalize_row *)(void *)op->states[i])->last = (uint32_t)(i + 1);
    sl_key_changes_begin(&op->changes, batch);
    for (size_t from = 0; from < keys.row_count; from += SL_KEY_CHANGES_ROWS) {
        normalize_chunk(op, from, SL_MIN(from + SL_KEY_CHANGES_ROWS, keys.row_count));
        SL_TRY(sl_key_changes_emit(&op->changes, out, err));
    }
    normalize_drop_empty(op, &keys);
    return SL_OK;
}

static int
changelog_normalize_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                            struct sl_error *err)
{
    struct op_changelog_normalize *op = normalize_of(base);
    size_t live = sl_batch_live_count(batch);
    struct sl_state_keys keys;

    for (size_t i = 0; i < live; i++)
        op->rows[i] = (uint16_t)sl_batch_row(batch, i);
    keys = sl_key_changes_keys(&op->changes, batch, op->rows, live);
    return sl_table_prepare(op->table, &keys, err);
}

const struct sl_op_class sl_op_changelog_normalize = {
    .name = "ChangelogNormalize",
    .size = sizeof(struct op_changelog_normalize),
    .open = changelog_normalize_open,
    .prepare = changelog_normalize_prepare,
    .batch = changelog_normalize_batch,
    .close = changelog_normalize_close,
};
