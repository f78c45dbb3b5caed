/* Records that make no row, on their way to the table's dead-letter table. */
#include "data/value.h"
#include "executor/scan_internal.h"

#include <stdlib.h>

/* The connector's metadata column of this name for the records at hand; NULL: it has none. */
static struct sl_column *
dead_metadata(const struct op_scan *scan, const char *name)
{
    const struct sl_connector_descriptor *descriptor = &scan->connector->descriptor;

    for (size_t i = 0; i < descriptor->metadata_count; i++)
        if (strcmp(descriptor->metadata[i].name, name) == 0)
            return scan->class->metadata(scan->source, i, &scan->records);
    return NULL;
}

static struct sl_side_record
dead_record(const struct op_scan *scan, uint32_t index, const char *reason)
{
    const struct sl_record *record = &scan->records.items[index];
    struct sl_side_record dead = {.partition = -1,
                                  .offset = record->position,
                                  .timestamp_us = record->timestamp_us,
                                  .reason = reason};

    /* Bytes of a form of our own tell nobody anything. */
    if (record->value_length != SL_RECORD_NULL && !scan->connector->descriptor.internal_format)
        dead.raw = (struct sl_text){record->value ? record->value : "", record->value_length};
    return dead;
}

/* Where it came from, as far as the connector says. */
static void
dead_set_place(struct sl_side_record *dead, const struct sl_column *topics,
               const struct sl_column *partitions, uint32_t index)
{
    if (topics && !sl_column_is_null(topics, index))
        dead->topic = sl_view_text(&((const struct sl_view *)topics->values)[index]);
    if (partitions && !sl_column_is_null(partitions, index))
        dead->partition = ((const int32_t *)partitions->values)[index];
}

/* Of the records at hand; NULL: the connector has none. */
static void
dead_places(const struct op_scan *scan, struct sl_column **ret_topics,
            struct sl_column **ret_partitions)
{
    *ret_topics = dead_metadata(scan, "topic");
    if (!*ret_topics)
        *ret_topics = dead_metadata(scan, "file.path");
    *ret_partitions = dead_metadata(scan, "partition");
}

void
sl_scan_dead_records(struct op_scan *scan, const struct sl_decode_error *errors, size_t count,
                     struct sl_out *out)
{
    struct sl_column *topics, *partitions;

    if (!scan->dead_rows || count == 0)
        return;
    dead_places(scan, &topics, &partitions);
    for (size_t from = 0; from < count;) {
        struct sl_side_record dead[256];
        size_t chunk = SL_MIN(count - from, SL_COUNT_OF(dead));

        for (size_t i = 0; i < chunk; i++) {
            dead[i] = dead_record(scan, errors[from + i].record, errors[from + i].text);
            dead_set_place(&dead[i], topics, partitions, errors[from + i].record);
        }
        out->dead(out, sl_side_rows_records(scan->dead_rows, dead, chunk));
        from += chunk;
    }
    sl_column_unref(topics);
    sl_column_unref(partitions);
}

void
sl_scan_dead_row(struct op_scan *scan, uint32_t row, const char *reason, struct sl_out *out)
{
    struct sl_decode_error error = {
        scan->row_records ? scan->row_records[row] : scan->first_record + row, reason};
    struct sl_side_record nothing = {
        .partition = -1, .offset = -1, .timestamp_us = INT64_MIN, .reason = reason};

    if (scan->decoder)
        sl_scan_dead_records(scan, &error, 1, out);
    else if (scan->dead_rows)
        out->dead(out, sl_side_rows_records(scan->dead_rows, &nothing, 1));
}

struct sl_batch *
sl_scan_failed_rows(const struct sl_op *op, struct sl_side_rows *rows, unsigned input,
                    const struct sl_batch *batch, const struct sl_row_error *errors, size_t count)
{
    const struct op_scan *scan = (const struct op_scan *)op;
    struct sl_side_record *places;
    struct sl_column *topics, *partitions;
    struct sl_batch *made;

    if (!scan->at_hand || !scan->decoder)
        return sl_side_rows_failed(rows, input, batch, errors, count, NULL);
    places = sl_alloc_zeroed(count * sizeof(*places));
    dead_places(scan, &topics, &partitions);
    for (size_t i = 0; i < count; i++) {
        uint32_t row = errors[i].row, record;

        places[i] =
            (struct sl_side_record){.partition = -1, .offset = -1, .timestamp_us = INT64_MIN};
        if (row >= scan->at_hand->row_count)
            continue;
        record = scan->row_records ? scan->row_records[row] : scan->first_record + row;
        if (record >= scan->records.count)
            continue;
        places[i].offset = scan->records.items[record].position;
        places[i].timestamp_us = scan->records.items[record].timestamp_us;
        dead_set_place(&places[i], topics, partitions, record);
    }
    made = sl_side_rows_failed(rows, input, batch, errors, count, places);
    sl_column_unref(topics);
    sl_column_unref(partitions);
    free(places);
    return made;
}
