/* From the source's records to the scan's row: decoded physical columns, then metadata columns. */
#include "executor/scan_internal.h"

#include <stdlib.h>

#define SCAN_POLL_BYTES_MAX (UINT32_C(1) << 20)

void
sl_scan_drop_records(struct op_scan *scan)
{
    sl_block_unref(scan->records.slab);
    memset(&scan->records, 0, sizeof(scan->records));
    scan->next_record = 0;
}

static int
scan_poll(struct op_scan *scan, struct sl_error *err)
{
    int rc = scan->class->poll(scan->source, SCAN_POLL_BYTES_MAX, &scan->records, err);

    if (rc == SL_OK)
        scan->progress.bytes += scan->records.bytes;
    return rc;
}

static int64_t
scan_record_position(const struct op_scan *scan, uint32_t record)
{
    return record < scan->records.count ? scan->records.items[record].position : -1;
}

static int
scan_place_error(const struct op_scan *scan, uint32_t split, int64_t position, int code,
                 const char *reason, struct sl_error *err)
{
    struct sl_buffer place;

    sl_buffer_init(&place, 1 << 20);
    scan->class->describe(scan->source, split, position, &place);
    SL_ERROR(err, code, "table \"%s\": %.*s: %s", scan->plan->table_name, (int)place.length,
             place.length ? place.data : "", reason);
    sl_buffer_done(&place);
    return err->code;
}

int
sl_scan_row_error(const struct op_scan *scan, const struct sl_batch *batch, uint32_t row, int code,
                  const char *reason, struct sl_error *err)
{
    uint32_t record = scan->row_records ? scan->row_records[row] : scan->first_record + row;
    uint32_t split = batch->split >= 0 ? (uint32_t)batch->split : 0;

    if (scan->decoder)
        return scan_place_error(scan, split, scan_record_position(scan, record), code, reason, err);
    return scan_place_error(scan, split, batch->positions ? batch->positions[row] : -1, code,
                            reason, err);
}

void
sl_scan_place_error(const struct sl_op *op, uint32_t row, struct sl_error *err)
{
    const struct op_scan *scan = (const struct op_scan *)op;
    char *reason, *hint;

    if (scan->at_hand == NULL || row >= scan->at_hand->row_count)
        return;
    reason = strdup(err->text);
    hint = strdup(err->hint);
    sl_scan_row_error(scan, scan->at_hand, row, err->code, reason, err);
    if (*hint)
        sl_error_hint(err, "%s", hint);
    free(hint);
    free(reason);
}

/* Records that do not decode: the table's policy. */
static int
scan_judge_errors(struct op_scan *scan, const struct sl_decoded *decoded, struct sl_out *out,
                  struct sl_error *err)
{
    scan->progress.skipped_rows += decoded->skipped_count;
    if (decoded->error_count == 0)
        return SL_OK;
    if (scan->plan->on_error == SL_ON_ERROR_FAIL)
        return scan_place_error(scan, scan->records.split,
                                scan_record_position(scan, decoded->errors[0].record),
                                SL_E_INVALID_TEXT, decoded->errors[0].text, err);
    scan->progress.skipped_rows += decoded->error_count;
    sl_scan_dead_records(scan, decoded->errors, decoded->error_count, out);
    return SL_OK;
}

static int
scan_judge_kinds(struct op_scan *scan, const struct sl_batch *batch, struct sl_error *err)
{
    static const char *const names[] = {"+I", "-U", "+U", "-D"};
    char reason[64];

    if (scan->plan->kinds || batch->kinds == NULL)
        return SL_OK;
    for (uint32_t i = 0; i < batch->row_count; i++) {
        if (batch->kinds[i] == SL_ROW_INSERT)
            continue;
        strcpy(reason, "a row of kind ");
        strcat(reason, names[batch->kinds[i]]);
        sl_scan_row_error(scan, batch, i, SL_E_NOT_SUPPORTED, reason, err);
        return sl_error_hint(err, "the table is read as append-only; say 'changelog-mode'='all' "
                                  "or 'upsert' for one whose rows change");
    }
    return SL_OK;
}

/* The metadata columns of the rows at hand. */
static void
scan_add_metadata(struct op_scan *scan, struct sl_batch *batch)
{
    struct sl_pool *pool = scan->op.context->pool;
    uint32_t rows[SL_BATCH_ROWS_MAX];

    if (scan->plan->metadata_count == 0)
        return;
    for (uint32_t i = 0; i < batch->row_count; i++)
        rows[i] = scan->row_records ? scan->row_records[i] : scan->first_record + i;
    for (size_t i = 0; i < scan->plan->metadata_count; i++) {
        struct sl_column *all =
            scan->class->metadata(scan->source, scan->metadata_keys[i], &scan->records);

        sl_batch_set_column(batch, scan->plan->decoded_count + i,
                            sl_column_gather(pool, all, rows, batch->row_count, false));
        sl_column_unref(all);
    }
}

static struct sl_batch *
scan_make_batch(struct op_scan *scan, const struct sl_decoded *decoded)
{
    struct sl_pool *pool = scan->op.context->pool;
    size_t column_count = scan->plan->decoded_count + scan->plan->metadata_count;
    struct sl_batch *batch = sl_batch_new(pool, column_count, decoded->row_count);

    batch->split = (int32_t)scan->records.split;
    for (size_t i = 0; i < scan->plan->decoded_count; i++)
        sl_batch_set_column(batch, i, decoded->columns[i]);
    scan_add_metadata(scan, batch);
    if (decoded->kinds)
        memcpy(sl_batch_add_kinds(batch, pool), decoded->kinds, decoded->row_count);
    if (scan->records.count > 0)
        batch->bytes = scan->records.bytes * decoded->record_count / scan->records.count;
    return batch;
}

static void
scan_drop_columns(struct op_scan *scan, const struct sl_decoded *decoded)
{
    for (size_t i = 0; i < scan->plan->decoded_count; i++)
        sl_column_unref(decoded->columns[i]);
}

static int
scan_decode(struct op_scan *scan, struct sl_out *out, struct sl_batch **ret_batch,
            struct sl_error *err)
{
    struct sl_decoded decoded;
    struct sl_batch *batch;

    memset(&decoded, 0, sizeof(decoded));
    scan->decoder->class->decode(scan->decoder, &scan->records, scan->next_record,
                                 scan->op.context->settings->batch_size, scan->op.context->pool,
                                 &decoded);
    SL_ASSERT(decoded.record_count > 0);
    scan->first_record = scan->next_record;
    scan->row_records = decoded.row_records;
    scan->next_record += decoded.record_count;
    scan->progress.rows += decoded.record_count;
    if (scan_judge_errors(scan, &decoded, out, err) < 0 || decoded.row_count == 0) {
        scan_drop_columns(scan, &decoded);
        *ret_batch = NULL;
        return err->code;
    }
    batch = scan_make_batch(scan, &decoded);
    if (scan_judge_kinds(scan, batch, err) < 0) {
        sl_batch_unref(batch);
        return err->code;
    }
    *ret_batch = batch;
    return SL_OK;
}

static int
scan_read_columns(struct op_scan *scan, struct sl_batch **ret_batch, struct sl_error *err)
{
    int rc = scan->class->poll_batch(scan->source, ret_batch, err);

    if (rc != SL_OK)
        return rc;
    scan->row_records = NULL;
    scan->progress.rows += sl_batch_live_count(*ret_batch);
    scan->progress.bytes += (*ret_batch)->bytes;
    rc = scan_judge_kinds(scan, *ret_batch, err);
    if (rc < 0)
        sl_batch_unref(*ret_batch);
    return rc;
}

int
sl_scan_read(struct op_scan *scan, struct sl_out *out, struct sl_batch **ret_batch,
             struct sl_error *err)
{
    sl_error_reset(err);
    if (scan->class->makes_columns)
        return scan_read_columns(scan, ret_batch, err);
    if (scan->next_record >= scan->records.count) {
        int rc;

        sl_scan_drop_records(scan);
        rc = scan_poll(scan, err);
        if (rc != SL_OK)
            return rc;
        if (scan->records.count == 0) {
            *ret_batch = NULL;
            return SL_OK;
        }
    }
    return scan_decode(scan, out, ret_batch, err);
}
