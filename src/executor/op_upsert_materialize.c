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
 * ERROR: one that is not equal is an error.
 *
 * Over rows that change, both are judged at watermarks, as Flink does: in between a row may come
 * before the one goes whose key it takes over.
 *
 *     row     what comes out
 *     +I +U   +I of the first row; +U if it replaces the first; of another: nothing
 *     -U -D   of the first row: +U of the one behind it, -D if there is none; of another: nothing
 *     W       of a key with several rows that are not equal the first stays; DO ERROR tells
 *
 * State: PRIMARY KEY → rows one after another, each { lengths of both, upsert key, other columns }
 * packed; and the keys that have had several rows since the last watermark. */
#include "data/row.h"
#include "executor/key_changes.h"
#include "executor/row_text.h"

#include <stdlib.h>

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
    bool identity_is_nested;                     /* then it is a key, in which maps have one form */
    struct sl_column **identity_columns;
    struct sl_buffer identity;
    uint16_t *rows;
    char **states;
    struct sl_row_error *conflicts; /* of the running batch */
    size_t conflict_count;
    bool settles;                 /* conflicts are judged at watermarks, those of … */
    struct sl_state_table *marks; /* … these keys */
    uint64_t *mark_hashes;
    struct sl_state_scan scan;
    bool is_scanning;
    struct sl_state_row *found; /* of the scan, not yet judged */
    size_t found_count;
    struct sl_schema *key_schema;
};
enum { MATERIALIZE_SCAN_ROWS = 256 };

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
    for (size_t i = 0; i < count; i++) {
        types[i] = op->op.node->schema->columns[op->plan->identity[i]].type;
        op->identity_is_nested |= sl_type_is_nested(types[i]->kind);
    }
    op->identity_columns = SL_NEW_ARRAY(arena, struct sl_column *, count + 1);
    if (count > 0)
        op->identity_layout = sl_row_layout_new(arena, types, count);
}

static int
materialize_open_marks(struct op_upsert_materialize *op, struct sl_error *err)
{
    struct sl_arena *arena = op->op.context->arena;

    op->settles = op->plan->conflict != SL_CONFLICT_DEDUPLICATE &&
                  op->op.node->inputs[0].node->kinds != SL_KINDS_INSERT;
    if (!op->settles)
        return SL_OK;
    op->mark_hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    op->found = SL_NEW_ARRAY(arena, struct sl_state_row, MATERIALIZE_SCAN_ROWS);
    op->key_schema = sl_schema_new(arena, op->plan->key_count);
    for (size_t i = 0; i < op->plan->key_count; i++)
        op->key_schema->columns[i] = op->op.node->schema->columns[op->plan->keys[i]];
    return sl_key_changes_open_marks(&op->changes, "conflicts", &op->marks, err);
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
    SL_TRY(materialize_open_marks(op, err));
    return sl_key_changes_open_table(&op->changes, sizeof(struct materialized),
                                     offsetof(struct materialized, rows), op->plan->ttl_us,
                                     &op->table, err);
}

static void
upsert_materialize_close(struct sl_op *base)
{
    struct op_upsert_materialize *op = materialize_of(base);

    sl_table_scan_end(&op->scan);
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
    if (op->identity_is_nested)
        sl_key_encode(op->identity_columns, op->plan->identity_count, row, &op->identity);
    else if (op->identity_layout)
        sl_row_pack(op->identity_layout, op->identity_columns, row, &op->identity);
    return (struct sl_text){op->identity.length ? op->identity.data : "", op->identity.length};
}

/* A row that comes; one with its upsert key gives it its place.  Returns where it is. */
static size_t
materialize_insert(struct op_upsert_materialize *op, struct materialized *state, uint16_t row)
{
    struct sl_text identity = materialize_identity(op, row);
    struct sl_text values = sl_key_changes_pack(&op->changes, row);
    size_t at = state->used, next, before;

    if (op->identity_layout &&
        materialized_find(state, identity, true, values, &at, &next, &before))
        materialized_cut(state, at, next);
    materialized_put(op, state, at, identity, values);
    return at;
}

/* A row that goes: where it was, and where the one before it begins.  False: there is no such row.
 */
static bool
materialize_remove(struct op_upsert_materialize *op, struct materialized *state, uint16_t row,
                   size_t *ret_at, size_t *ret_before)
{
    struct sl_text identity = materialize_identity(op, row);
    struct sl_text values = sl_key_changes_pack(&op->changes, row);
    size_t next;

    if (!materialized_find(state, identity, op->identity_layout != NULL, values, ret_at, &next,
                           ret_before))
        return false;
    materialized_cut(state, *ret_at, next);
    return true;
}

/* The sink has the row at `at` now instead of this one, which has gone, or none. */
static void
materialize_show(struct op_upsert_materialize *op, const struct materialized *state, uint16_t row,
                 size_t at)
{
    struct sl_text identity;
    size_t next;

    if (state->count == 0)
        sl_key_changes_add(&op->changes, SL_ROW_DELETE, row);
    else
        sl_key_changes_add_packed(&op->changes, SL_ROW_UPDATE_AFTER, row,
                                  materialized_row(state, at, &identity, &next));
}

/* `had_rows`: the sink has a row of this key. */
static void
materialize_add(struct op_upsert_materialize *op, struct materialized *state, uint16_t row,
                bool had_rows)
{
    materialize_insert(op, state, row);
    sl_key_changes_add(&op->changes, had_rows ? SL_ROW_UPDATE_AFTER : SL_ROW_INSERT, row);
}

/* False: there is no such row.  `quietly`: an addition follows, which tells. */
static bool
materialize_retract(struct op_upsert_materialize *op, struct materialized *state, uint16_t row,
                    bool quietly)
{
    size_t at, before;

    if (!materialize_remove(op, state, row, &at, &before))
        return false;
    if (!quietly && at == state->used) /* it was the last one */
        materialize_show(op, state, row, before);
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

/* --- rows of which the first is the sink's --- */

static void
materialize_add_behind(struct op_upsert_materialize *op, struct materialized *state, uint16_t row)
{
    bool had_rows = state->count > 0;

    if (materialize_insert(op, state, row) == 0)
        sl_key_changes_add(&op->changes, had_rows ? SL_ROW_UPDATE_AFTER : SL_ROW_INSERT, row);
}

/* False: there is no such row. */
static bool
materialize_retract_first(struct op_upsert_materialize *op, struct materialized *state,
                          uint16_t row)
{
    size_t at, before;

    if (!materialize_remove(op, state, row, &at, &before))
        return false;
    if (at == 0)
        materialize_show(op, state, row, 0);
    return true;
}

/* -U and +U of one row: it keeps its place.  False: they are not of one row. */
static bool
materialize_replace(struct op_upsert_materialize *op, struct materialized *state, uint16_t old,
                    uint16_t row)
{
    struct sl_text identity = materialize_identity(op, old);
    struct sl_text values = sl_key_changes_pack(&op->changes, old), own;
    size_t at, next, before;

    if (!materialized_find(state, identity, op->identity_layout != NULL, values, &at, &next,
                           &before))
        return false;
    materialized_row(state, at, &own, &next);
    identity = materialize_identity(op, row);
    if (!sl_text_equal(own, identity))
        return false;
    values = sl_key_changes_pack(&op->changes, row);
    materialized_cut(state, at, next);
    materialized_put(op, state, at, identity, values);
    if (at == 0)
        sl_key_changes_add(&op->changes, SL_ROW_UPDATE_AFTER, row);
    return true;
}

/* --- conflicts, at watermarks --- */

/* Rows that are not equal to the first go; returns whether there were any. */
static bool
materialized_keep_first(struct materialized *state)
{
    size_t at, next;
    struct sl_text identity, first = materialized_row(state, 0, &identity, &next);
    bool had_others = false;

    for (at = next; at < state->used;) {
        if (sl_text_equal(materialized_row(state, at, &identity, &next), first)) {
            at = next;
            continue;
        }
        materialized_cut(state, at, next);
        had_others = true;
    }
    return had_others;
}

/* Tells of keys that had several rows. */
static int
materialize_tell(struct op_upsert_materialize *op, const struct sl_text *keys, size_t count,
                 struct sl_out *out, struct sl_error *err)
{
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *groups = sl_batch_new(pool, op->key_schema->count, count);
    struct sl_row_error *errors;
    struct sl_buffer text;
    struct sl_arena arena;
    int rc;

    sl_arena_init(&arena);
    sl_buffer_init(&text, SIZE_MAX / 2);
    errors = SL_NEW_ARRAY(&arena, struct sl_row_error, count);
    sl_key_codec_decode(sl_table_key_codec(op->table), pool, keys, count, groups->columns);
    for (uint32_t i = 0; i < count; i++) {
        sl_buffer_reset(&text);
        sl_buffer_add_string(&text, "several rows have the PRIMARY KEY (");
        sl_row_text(&arena, op->key_schema, groups, i, &text);
        sl_buffer_add_string(&text, ") (ON CONFLICT DO ERROR)");
        errors[i] = (struct sl_row_error){i, SL_E_UNIQUE_VIOLATION,
                                          sl_arena_strndup(&arena, text.data, text.length)};
    }
    rc = out->failed_groups(out, op->key_schema, groups, errors, count, err);
    sl_batch_unref(groups);
    sl_buffer_done(&text);
    sl_arena_done(&arena);
    return rc;
}

/* The keys in op->found.  SL_AGAIN: state is read. */
static int
materialize_judge(struct op_upsert_materialize *op, struct sl_out *out, struct sl_error *err)
{
    struct sl_text texts[MATERIALIZE_SCAN_ROWS];
    uint64_t hashes[MATERIALIZE_SCAN_ROWS];
    char *states[MATERIALIZE_SCAN_ROWS];
    struct sl_state_keys keys = {.encoded = texts, .row_count = op->found_count, .hashes = hashes};
    size_t told = 0;
    int rc;

    for (size_t i = 0; i < op->found_count; i++) {
        texts[i] = op->found[i].key;
        hashes[i] = op->found[i].hash;
    }
    rc = sl_table_prepare(op->table, &keys, err);
    if (rc != SL_OK)
        return rc;
    sl_table_upsert(op->table, &keys, states, NULL);
    for (size_t i = 0; i < op->found_count; i++) {
        struct materialized *state = (struct materialized *)(void *)states[i];

        if (state->count > 1 && materialized_keep_first(state))
            texts[told++] = texts[i];
    }
    op->found_count = 0;
    return told > 0 && op->plan->conflict == SL_CONFLICT_ERROR
               ? materialize_tell(op, texts, told, out, err)
               : SL_OK;
}

static int
upsert_materialize_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_upsert_materialize *op = materialize_of(base);
    int rc = SL_OK;

    if (!op->settles || (!op->is_scanning && sl_table_first_time(op->marks) == INT64_MAX))
        return SL_OK;
    if (!op->is_scanning)
        sl_table_scan_begin(op->marks, 0, &op->scan);
    op->is_scanning = true;
    while (rc == SL_OK) {
        if (op->found_count == 0)
            rc = sl_table_scan_next(&op->scan, op->found, MATERIALIZE_SCAN_ROWS, &op->found_count,
                                    err);
        if (rc == SL_OK && op->found_count == 0)
            break;
        if (rc == SL_OK)
            rc = materialize_judge(op, out, err);
    }
    if (rc != SL_OK)
        return rc;
    sl_table_scan_end(&op->scan);
    op->is_scanning = false;
    sl_table_drop_time(op->marks, 0);
    return SL_OK;
}

/* Rows before a watermark are judged without those behind it. */
static int64_t
upsert_materialize_next_due(struct sl_op *base)
{
    return materialize_of(base)->settles && base->watermark_ms != SL_WATERMARK_MAX
               ? base->watermark_ms + 1
               : SL_WATERMARK_MAX;
}

/* Keys of the batch that have several rows now. */
static void
materialize_mark(struct op_upsert_materialize *op, const struct sl_state_keys *keys)
{
    struct sl_state_keys several = *keys;
    uint16_t *rows = sl_alloc(keys->row_count * sizeof(*rows));
    char **values = sl_alloc(keys->row_count * sizeof(*values));

    several.rows = rows;
    several.hashes = op->mark_hashes;
    several.row_count = 0;
    for (size_t i = 0; i < keys->row_count; i++) {
        if (((const struct materialized *)(const void *)op->states[i])->count < 2)
            continue;
        op->mark_hashes[several.row_count] = keys->hashes[i];
        rows[several.row_count++] = op->rows[i];
    }
    if (several.row_count > 0)
        sl_table_upsert(op->marks, &several, values, NULL);
    free(values);
    free(rows);
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

/* The same where conflicts are judged at watermarks. */
static size_t
materialize_chunk_first(struct op_upsert_materialize *op, const struct sl_batch *batch, size_t from,
                        size_t to)
{
    size_t unmatched = 0;

    for (size_t i = from; i < to; i++) {
        struct materialized *state = (struct materialized *)(void *)op->states[i];

        if (!sl_row_kind_takes_back(sl_batch_kind(batch, op->rows[i])))
            materialize_add_behind(op, state, op->rows[i]);
        else if (materialize_is_update(op, batch, i, to) &&
                 materialize_replace(op, state, op->rows[i], op->rows[i + 1]))
            i++;
        else if (!materialize_retract_first(op, state, op->rows[i]) &&
                 op->plan->conflict == SL_CONFLICT_ERROR)
            unmatched++; /* with DO NOTHING it may have been left out */
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
        size_t to = SL_MIN(from + SL_KEY_CHANGES_ROWS, keys.row_count);

        unmatched += op->settles ? materialize_chunk_first(op, batch, from, to)
                                 : materialize_chunk(op, batch, from, to);
        SL_TRY(sl_key_changes_emit(&op->changes, out, err));
    }
    if (op->settles)
        materialize_mark(op, &keys);
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
    .resume = upsert_materialize_watermark,
    .watermark = upsert_materialize_watermark,
    .next_due_ms = upsert_materialize_next_due,
    .close = upsert_materialize_close,
};
