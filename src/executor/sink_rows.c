/* Rows that a sink writes: see sink_rows.h.
 *
 * 1. Where the table keeps rows by key, -U is not written.  Where a filter, or a part of the key,
 *    may let -U come alone (before_deletes), it is -D, unless the +U of its key is the next row.
 * 2. A row with NULL in a NOT NULL column, or with a text or bytes of a length that the column does
 *    not take, is an error; of a row that is deleted by key only the key counts. */
#include "executor/sink_rows.h"

#include "data/row.h"
#include "expr/utf8.h"

enum { SINK_ROWS_SLOTS = 2 * SL_BATCH_ROWS_MAX };

void
sl_sink_rows_open(struct sl_sink_rows *rows, const struct sl_phys_sink *plan,
                  struct sl_op_context *context)
{
    rows->plan = plan;
    rows->pool = context->pool;
    rows->selection = SL_NEW_ARRAY(context->arena, uint16_t, SL_BATCH_ROWS_MAX);
    rows->kinds = SL_NEW_ARRAY(context->arena, uint8_t, SL_BATCH_ROWS_MAX);
    if (!plan->buffer_rows)
        return;
    rows->hashes = SL_NEW_ARRAY(context->arena, uint64_t, SL_BATCH_ROWS_MAX);
    rows->slots = SL_NEW_ARRAY(context->arena, uint16_t, SINK_ROWS_SLOTS);
}

/* --- values --- */

static int
sink_rows_check_null(const struct sl_sink_rows *rows, const struct sl_batch *batch, size_t row,
                     struct sl_error *err)
{
    for (size_t i = 0; i < rows->plan->not_null_count; i++) {
        uint32_t column = rows->plan->not_null[i];

        if (sl_column_is_null(batch->columns[column], row))
            return SL_ERROR(err, SL_E_NOT_NULL_VIOLATION,
                            "column \"%s\" of table \"%s\" is NOT NULL, the row has NULL there",
                            rows->plan->physical->columns[column].name, rows->plan->table_name);
    }
    return SL_OK;
}

/* Characters of texts, bytes of bytes. */
static int64_t
sink_rows_length(const struct sl_column *column, size_t row)
{
    const struct sl_view *view = (const struct sl_view *)column->values + row;

    return sl_type_is_text(column->type->kind)
               ? (int64_t)sl_utf8_count(sl_view_data(view), view->length)
               : (int64_t)view->length;
}

static int
sink_rows_bad_length(const struct sl_sink_rows *rows, uint32_t column, int64_t length,
                     struct sl_error *err)
{
    const struct sl_schema_column *to = &rows->plan->physical->columns[column];
    struct sl_arena arena;

    sl_arena_init(&arena);
    SL_ERROR(err, SL_E_STRING_TOO_LONG,
             "column \"%s\" of table \"%s\" is %s, the row has a value of length %lld there",
             to->name, rows->plan->table_name, sl_type_text(&arena, to->type), (long long)length);
    sl_arena_done(&arena);
    return sl_error_hint(err, "SET 'table.exec.sink.type-length-enforcer' = 'TRIM_PAD'");
}

static int
sink_rows_check_sizes(const struct sl_sink_rows *rows, const struct sl_batch *batch, size_t row,
                      struct sl_error *err)
{
    for (size_t i = 0; i < rows->plan->sized_count; i++) {
        uint32_t column = rows->plan->sized[i];
        const struct sl_type *to = rows->plan->physical->columns[column].type;
        bool fixed = to->kind == SL_TYPE_CHAR || to->kind == SL_TYPE_BINARY;
        int64_t length;

        if (sl_column_is_null(batch->columns[column], row))
            continue;
        length = sink_rows_length(batch->columns[column], row);
        if (length > to->precision || (fixed && length < to->precision))
            return sink_rows_bad_length(rows, column, length, err);
    }
    return SL_OK;
}

/* SL_EOF: the row is left out. */
static int
sink_rows_check(const struct sl_sink_rows *rows, const struct sl_batch *batch, size_t row,
                struct sl_out *out, uint64_t *skipped_rows, struct sl_error *err)
{
    struct sl_row_error error = {.row = (uint32_t)row, .text = err->text};
    int rc = sink_rows_check_null(rows, batch, row, err);
    bool drops = rc < 0 && rows->plan->drops_nulls;

    if (rc == SL_OK)
        rc = sink_rows_check_sizes(rows, batch, row, err);
    if (rc == SL_OK || (!drops && rows->plan->on_error == SL_ON_ERROR_FAIL))
        return rc;
    error.code = rc;
    if (!drops && rows->plan->on_error == SL_ON_ERROR_DEAD_LETTER)
        out->error(out, batch, &error, 1, err);
    else
        (*skipped_rows)++;
    sl_error_reset(err);
    return SL_EOF;
}

/* --- kinds --- */

static bool
sink_rows_same_key(const struct sl_sink_rows *rows, const struct sl_batch *batch, size_t a,
                   size_t b)
{
    for (size_t i = 0; i < rows->plan->primary_key_count; i++)
        if (!sl_column_values_equal(batch->columns[rows->plan->primary_key[i]], a,
                                    batch->columns[rows->plan->primary_key[i]], b))
            return false;
    return true;
}

/* Is -U of live row i told by the next one, its +U? */
static bool
sink_rows_is_told(const struct sl_sink_rows *rows, const struct sl_batch *batch, size_t i)
{
    size_t next;

    if (!rows->plan->before_deletes)
        return true;
    if (i + 1 == sl_batch_live_count(batch))
        return false;
    next = sl_batch_row(batch, i + 1);
    return sl_batch_kind(batch, next) == SL_ROW_UPDATE_AFTER &&
           sink_rows_same_key(rows, batch, sl_batch_row(batch, i), next);
}

/* --- the last row of a key --- */

/* False: a later row of the segment has this key. */
static bool
sink_rows_is_last(struct sl_sink_rows *rows, const struct sl_batch *batch, size_t place)
{
    size_t slot = (rows->hashes[place] >> 16) % SINK_ROWS_SLOTS;

    for (; rows->slots[slot]; slot = (slot + 1) % SINK_ROWS_SLOTS) {
        size_t other = rows->slots[slot] - 1u;

        if (rows->hashes[other] == rows->hashes[place] &&
            sink_rows_same_key(rows, batch, rows->selection[other], rows->selection[place]))
            return false;
    }
    rows->slots[slot] = (uint16_t)(place + 1);
    return true;
}

/* Of each segment of the selection, of buffer_rows rows, the last row of each key stays. */
static size_t
sink_rows_keep_last(struct sl_sink_rows *rows, const struct sl_batch *batch, size_t count)
{
    struct sl_column *keys[rows->plan->primary_key_count + 1];
    bool stays[SL_BATCH_ROWS_MAX];
    size_t kept = 0;

    for (size_t i = 0; i < rows->plan->primary_key_count; i++)
        keys[i] = batch->columns[rows->plan->primary_key[i]];
    sl_hash_rows(keys, rows->plan->primary_key_count, rows->selection, count, rows->hashes);
    for (size_t from = 0; from < count; from += rows->plan->buffer_rows) {
        memset(rows->slots, 0, SINK_ROWS_SLOTS * sizeof(*rows->slots));
        for (size_t i = SL_MIN(count, from + rows->plan->buffer_rows); i-- > from;)
            stays[i] = sink_rows_is_last(rows, batch, i);
    }
    for (size_t i = 0; i < count; i++)
        if (stays[i])
            rows->selection[kept++] = rows->selection[i];
    return kept;
}

/* --- a batch --- */

static bool
sink_rows_may_change(const struct sl_sink_rows *rows, const struct sl_batch *batch)
{
    const struct sl_phys_sink *plan = rows->plan;
    bool have_nulls = false;

    for (size_t i = 0; i < plan->not_null_count; i++)
        have_nulls |= batch->columns[plan->not_null[i]]->validity != NULL;
    return have_nulls || plan->sized_count > 0 || plan->buffer_rows > 0 ||
           (plan->upsert && batch->kinds);
}

int
sl_sink_rows_select(struct sl_sink_rows *rows, struct sl_batch *batch, struct sl_out *out,
                    uint64_t *skipped_rows, struct sl_batch **ret_batch, struct sl_error *err)
{
    size_t live = sl_batch_live_count(batch), count = 0;
    bool upsert = rows->plan->upsert, any_deletes = false;

    if (!sink_rows_may_change(rows, batch)) {
        *ret_batch = sl_batch_ref(batch);
        return SL_OK;
    }
    for (size_t i = 0; i < live; i++) {
        size_t row = sl_batch_row(batch, i);
        enum sl_row_kind kind = sl_batch_kind(batch, row);
        int rc = SL_OK;

        if (upsert && kind == SL_ROW_UPDATE_BEFORE) {
            if (sink_rows_is_told(rows, batch, i))
                continue;
            kind = SL_ROW_DELETE;
            any_deletes = true;
        }
        if (!(upsert && kind == SL_ROW_DELETE))
            rc = sink_rows_check(rows, batch, row, out, skipped_rows, err);
        if (rc < 0)
            return rc;
        if (rc == SL_EOF)
            continue;
        rows->kinds[row] = (uint8_t)kind;
        rows->selection[count++] = (uint16_t)row;
    }
    if (rows->plan->buffer_rows && count > 0)
        count = sink_rows_keep_last(rows, batch, count);
    *ret_batch = count == live && !any_deletes
                     ? sl_batch_ref(batch)
                     : sl_batch_share(rows->pool, batch, rows->selection, count);
    if (any_deletes)
        memcpy(sl_batch_add_kinds(*ret_batch, rows->pool), rows->kinds, batch->row_count);
    return SL_OK;
}
