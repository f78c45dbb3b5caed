/* In front of a sink that keeps rows by its PRIMARY KEY, where the query's rows are told apart by
 * another key: all rows that the query has of a PRIMARY KEY, in the order in which they came, so
 * that the newest that is left is what the sink has.  As Flink's SinkUpsertMaterializer.
 *
 *     row     what comes out
 *     +I +U   +I of the first row, else +U; it replaces the row with its upsert key, if there is
 * one -U -D   of the last of several rows: +U of the one before it;  of another: nothing;  of the
 *             only one: -D;  of none that is there: nothing, and it is counted
 *
 * Unless table.exec.mini-batch.enabled = false, -U and +U in a row give what +U gives.
 *
 * ON CONFLICT DO NOTHING: the first row of a key is the sink's, all later ones are left out; DO
 * ERROR: one that is not equal is an error.  Rows are only added then.
 *
 * State: PRIMARY KEY → rows one after another, each { lengths of both, upsert key, other columns }
 * packed. */
#include "data/row.h"
#include "executor/key_changes.h"

/* The value of a key's state. */
struct materialized {
    uint32_t count, used; /* rows; bytes of them */
    struct sl_view rows;  /* `used` bytes and room */
};

struct materialized_row {
    uint32_t identity_length, length; /* of what follows */
};

struct op_upsert_materialize {
    struct sl_op op;
    const struct sl_phys_upsert_materialize *plan;
    struct sl_state_table *table;
    bool net;
    struct sl_key_changes changes;
    const struct sl_row_layout *identity_layout; /* of the upsert key; NULL: none */
    struct sl_column **identity_columns;
    struct sl_buffer identity;
    uint16_t *rows;
    char **states;
    struct sl_row_error *conflicts; /* of the running batch */
    size_t conflict_count;
};

static struct op_upsert_materialize *
materialize_of(struct sl_op *op)
{
    return (struct op_upsert_materialize *)op;
}

/* --- opening --- */

static void
materialize_open_identity(struct op_upsert_materialize *op)
{
    struct sl_arena *arena = op->op.context->arena;
    size_t count = op->plan->identity_count;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, count + 1);

    sl_buffer_init(&op->identity, SIZE_MAX / 2);
    for (size_t i = 0; i < count; i++)
        types[i] = op->op.node->schema->columns[op->plan->identity[i]].type;
    op->identity_columns = SL_NEW_ARRAY(arena, struct sl_column *, count + 1);
    if (count > 0)
        op->identity_layout = sl_row_layout_new(arena, types, count);
}

static int
upsert_materialize_open(struct sl_op *base, struct sl_error *err)
{
    struct op_upsert_materialize *op = materialize_of(base);
    struct sl_arena *arena = base->context->arena;

    op->plan = base->node->detail;
    op->net = base->context->settings->mini_batch;
    sl_key_changes_open(&op->changes, base, op->plan->keys, op->plan->key_count);
    materialize_open_identity(op);
    op->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->conflicts = SL_NEW_ARRAY(arena, struct sl_row_error, SL_BATCH_ROWS_MAX);
    return sl_key_changes_open_table(&op->changes, sizeof(struct materialized),
                                     offsetof(struct materialized, rows), op->plan->ttl_us,
                                     &op->table, err);
}

static void
upsert_materialize_close(struct sl_op *base)
{
    struct op_upsert_materialize *op = materialize_of(base);

    sl_key_changes_close(&op->changes);
    sl_buffer_done(&op->identity);
}

/* --- the rows of a key --- */

static char *
materialized_bytes(const struct materialized *state)
{
    return (char *)(uintptr_t)sl_view_data(&state->rows);
}

/* The row that begins at `at`; *ret_next: where the next one does. */
static struct sl_text
materialized_row(const struct materialized *state, size_t at, struct sl_text *ret_identity,
                 size_t *ret_next)
{
    const char *bytes = materialized_bytes(state) + at;
    struct materialized_row row;

    memcpy(&row, bytes, sizeof(row));
    *ret_identity = (struct sl_text){bytes + sizeof(row), row.identity_length};
    *ret_next = at + sizeof(row) + row.identity_length + row.length;
    return (struct sl_text){bytes + sizeof(row) + row.identity_length, row.length};
}

/* Where the first row with this upsert key, or without one the first equal row, begins and ends.
 * *ret_before: where the row before it begins. */
static bool
materialized_find(const struct materialized *state, struct sl_text identity, bool by_identity,
                  struct sl_text values, size_t *ret_at, size_t *ret_next, size_t *ret_before)
{
    size_t before = 0;

    for (size_t at = 0, next; at < state->used; before = at, at = next) {
        struct sl_text own_identity;
        struct sl_text own = materialized_row(state, at, &own_identity, &next);

        if (by_identity ? sl_text_equal(own_identity, identity) : sl_text_equal(own, values)) {
            *ret_at = at;
            *ret_next = next;
            *ret_before = before;
            return true;
        }
    }
    return false;
}

static void
materialized_cut(struct materialized *state, size_t at, size_t next)
{
    char *bytes = materialized_bytes(state);

    memmove(bytes + at, bytes + next, state->used - next);
    state->used -= (uint32_t)(next - at);
    state->count--;
}

/* Makes room at `at` and puts a row there. */
static void
materialized_put(struct op_upsert_materialize *op, struct materialized *state, size_t at,
                 struct sl_text identity, struct sl_text values)
{
    struct materialized_row row = {(uint32_t)identity.length, (uint32_t)values.length};
    size_t size = sizeof(row) + identity.length + values.length;
    char *bytes;

    state->rows = sl_table_grow_view(op->table, 0, &state->rows, state->used + size);
    bytes = materialized_bytes(state);
    memmove(bytes + at + size, bytes + at, state->used - at);
    memcpy(bytes + at, &row, sizeof(row));
    if (identity.length)
        memcpy(bytes + at + sizeof(row), identity.start, identity.length);
    if (values.length)
        memcpy(bytes + at + sizeof(row) + identity.length, values.start, values.length);
    state->used += (uint32_t)size;
    state->count++;
}

/* --- a row --- */

static struct sl_text
materialize_identity(struct op_upsert_materialize *op, uint16_t row)
{
    sl_buffer_reset(&op->identity);
    if (op->identity_layout)
        sl_row_pack(op->identity_layout, op->identity_columns, row, &op->identity);
    return (struct sl_text){op->identity.length ? op->identity.data : "", op->identity.length};
}

/* `had_rows`: the sink has a row of this key. */
static void
materialize_add(struct op_upsert_materialize *op, struct materialized *state, uint16_t row,
                bool had_rows)
{
    struct sl_text identity = materialize_identity(op, row);
    struct sl_text values = sl_key_changes_pack(&op->changes, row);
    size_t at = state->used, next, before;

    if (op->identity_layout &&
        materialized_find(state, identity, true, values, &at, &next, &before))
        materialized_cut(state, at, next);
    materialized_put(op, state, at, identity, values);
    sl_key_changes_add(&op->changes, had_rows ? SL_ROW_UPDATE_AFTER : SL_ROW_INSERT, row);
}

/* False: there is no such row.  `quietly`: an addition follows, which tells. */
static bool
materialize_retract(struct op_upsert_materialize *op, struct materialized *state, uint16_t row,
                    bool quietly)
{
    struct sl_text identity = materialize_identity(op, row), own;
    struct sl_text values = sl_key_changes_pack(&op->changes, row);
    size_t at, next, before;

    if (!materialized_find(state, identity, op->identity_layout != NULL, values, &at, &next,
                           &before))
        return false;
    materialized_cut(state, at, next);
    if (quietly)
        return true;
    if (state->count == 0)
        sl_key_changes_add(&op->changes, SL_ROW_DELETE, row);
    else if (at == state->used) {
        own = materialized_row(state, before, &identity, &next);
        sl_key_changes_add_packed(&op->changes, SL_ROW_UPDATE_AFTER, row, own);
    }
    return true;
}

/* A row whose key has a row, with ON CONFLICT DO NOTHING or ERROR. */
static void
materialize_keep_first(struct op_upsert_materialize *op, const struct materialized *state,
                       uint16_t row)
{
    struct sl_text identity, first, values = sl_key_changes_pack(&op->changes, row);
    size_t next;

    if (op->plan->conflict == SL_CONFLICT_NOTHING)
        return;
    first = materialized_row(state, 0, &identity, &next);
    if (sl_text_equal(first, values))
        return;
    op->conflicts[op->conflict_count++] = (struct sl_row_error){
        row, SL_E_UNIQUE_VIOLATION, "another row has this PRIMARY KEY (ON CONFLICT DO ERROR)"};
}

/* --- a batch --- */

static bool
materialize_is_update(const struct op_upsert_materialize *op, const struct sl_batch *batch,
                      size_t i, size_t count)
{
    return op->net && i + 1 < count && op->states[i] == op->states[i + 1] &&
           sl_batch_kind(batch, op->rows[i]) == SL_ROW_UPDATE_BEFORE &&
           !sl_row_kind_takes_back(sl_batch_kind(batch, op->rows[i + 1]));
}

/* The rows with places from … to; returns how many were taken back that are not there. */
static size_t
materialize_chunk(struct op_upsert_materialize *op, const struct sl_batch *batch, size_t from,
                  size_t to)
{
    size_t unmatched = 0;
    bool had_rows = false, is_update = false;

    for (size_t i = from; i < to; i++) {
        struct materialized *state = (struct materialized *)(void *)op->states[i];

        if (!is_update)
            had_rows = state->count > 0;
        is_update = false;
        if (!sl_row_kind_takes_back(sl_batch_kind(batch, op->rows[i]))) {
            if (had_rows && op->plan->conflict != SL_CONFLICT_DEDUPLICATE)
                materialize_keep_first(op, state, op->rows[i]);
            else
                materialize_add(op, state, op->rows[i], had_rows);
            continue;
        }
        is_update = materialize_is_update(op, batch, i, to);
        if (!materialize_retract(op, state, op->rows[i], is_update))
            unmatched++;
    }
    return unmatched;
}

/* Keys that have no row leave the state. */
static void
materialize_drop_empty(struct op_upsert_materialize *op, struct sl_state_keys *keys)
{
    size_t kept = 0;

    for (size_t i = 0; i < keys->row_count; i++) {
        if (((const struct materialized *)(const void *)op->states[i])->count > 0)
            continue;
        op->rows[kept] = op->rows[i];
        op->changes.hashes[kept++] = op->changes.hashes[i];
    }
    keys->row_count = kept;
    if (kept > 0)
        sl_table_delete(op->table, keys);
}

static struct sl_state_keys
materialize_keys(struct op_upsert_materialize *op, const struct sl_batch *batch)
{
    size_t live = sl_batch_live_count(batch);

    for (size_t i = 0; i < live; i++)
        op->rows[i] = (uint16_t)sl_batch_row(batch, i);
    return sl_key_changes_keys(&op->changes, batch, op->rows, live);
}

static int
upsert_materialize_batch(struct sl_op *base, unsigned input, struct sl_batch *batch,
                         struct sl_out *out, struct sl_error *err)
{
    struct op_upsert_materialize *op = materialize_of(base);
    struct sl_state_keys keys = materialize_keys(op, batch);
    size_t unmatched = 0;

    if (keys.row_count == 0)
        return SL_OK;
    for (size_t i = 0; i < op->plan->identity_count; i++)
        op->identity_columns[i] = batch->columns[op->plan->identity[i]];
    sl_table_upsert(op->table, &keys, op->states, NULL);
    sl_key_changes_begin(&op->changes, batch);
    op->conflict_count = 0;
    for (size_t from = 0; from < keys.row_count; from += SL_KEY_CHANGES_ROWS) {
        unmatched +=
            materialize_chunk(op, batch, from, SL_MIN(from + SL_KEY_CHANGES_ROWS, keys.row_count));
        SL_TRY(sl_key_changes_emit(&op->changes, out, err));
    }
    materialize_drop_empty(op, &keys);
    if (unmatched > 0)
        out->unmatched(out, unmatched);
    return op->conflict_count > 0 ? out->error(out, batch, op->conflicts, op->conflict_count, err)
                                  : SL_OK;
}

static int
upsert_materialize_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                           struct sl_error *err)
{
    struct op_upsert_materialize *op = materialize_of(base);
    struct sl_state_keys keys = materialize_keys(op, batch);

    return sl_table_prepare(op->table, &keys, err);
}

const struct sl_op_class sl_op_upsert_materialize = {
    .name = "SinkUpsertMaterializer",
    .size = sizeof(struct op_upsert_materialize),
    .open = upsert_materialize_open,
    .prepare = upsert_materialize_prepare,
    .batch = upsert_materialize_batch,
    .close = upsert_materialize_close,
};
