/* JSON records to columns.
 *
 * 1. Records that lie one after the other in the slab are a group: one run of the index serves all
 * of them.  A record that leaves a string open spoils the tokens of the next, which is seen there:
 * no token stands at its first byte.  The group then begins anew at that record, and smaller.
 * 2. What a record is, one object or a change in an envelope, is decided for each record; either
 * reads its rows through json_object.c.  A group has no more records than rows still fit. */
#include "format/json_decode.h"

#include <stdlib.h>

#define DECODE_GROUP_BYTES_MAX ((size_t)4 << 20)
#define DECODE_GROUP_GAP_MAX 8
#define DECODE_SHRINK 8
#define JSON_INDEX_CAPACITY ((size_t)64 << 10)

/* --- records --- */

enum json_outcome { JSON_READ, JSON_FAILED, JSON_MISALIGNED };

static inline bool
json_has_envelope(const struct json_decode_state *state)
{
    return state->reader.options->envelope != SL_JSON_NO_ENVELOPE;
}

static inline uint32_t
json_record_rows_max(const struct json_decode_state *state)
{
    return json_has_envelope(state) ? SL_JSON_RECORD_ROWS_MAX : 1;
}

/* A record that says nothing: NULL; of changes also an empty one, which follows a deletion. */
static inline bool
json_is_silent(const struct json_decode_state *state, const struct sl_record *record)
{
    return record->value_length == SL_RECORD_NULL ||
           (record->value_length == 0 && json_has_envelope(state));
}

/* The first byte of a record that is no blank; its end when there is none. */
static inline uint32_t
json_first_byte(const char *data, uint32_t start, uint32_t end)
{
    while (start < end && (data[start] == ' ' || data[start] == '\n' || data[start] == '\r' ||
                           data[start] == '\t'))
        start++;
    return start;
}

/* One record, data[start … end), of a group whose earlier records' tokens are behind the cursor. */
static enum json_outcome
json_read_record(struct json_decode_state *state, struct sl_json_cursor *cursor, uint32_t start,
                 uint32_t end)
{
    uint32_t first = json_first_byte(cursor->data, start, end);
    bool read;

    if (first == end) {
        state->reader.reason = "it is empty";
        return JSON_FAILED;
    }
    if (*cursor->at != first)
        return JSON_MISALIGNED;
    if (cursor->data[first] != '{') {
        state->reader.reason = "it is no JSON object";
        read = false;
    } else if (json_has_envelope(state)) {
        read = sl_debezium_read_rows(state, cursor);
    } else {
        read = sl_json_read_row(state, cursor);
        state->row += read;
    }
    if (read && (cursor->at[-1] >= end || (cursor->at < cursor->end && *cursor->at < end))) {
        state->reader.reason = cursor->at[-1] >= end ? "it ends before its object does"
                                                     : "something follows its object";
        read = false;
    }
    if (read)
        return JSON_READ;
    while (cursor->at < cursor->end && *cursor->at < end)
        cursor->at++;
    while (cursor->at[-1] >= end) /* a broken record took tokens of the next */
        cursor->at--;
    return JSON_FAILED;
}

static void
json_end_record(struct json_decode_state *state, uint32_t record)
{
    uint32_t count = state->row - state->record_row;

    for (uint32_t i = 0; i < state->field_count; i++) {
        for (uint32_t row = 0; state->fields[i].builder && row < count; row++)
            sl_column_builder_add(state->fields[i].builder, &state->fields[i].pending[row]);
    }
    while (state->record_row < state->row)
        state->row_records[state->record_row++] = record;
}

/* Forgets what a failed record wrote. */
static void
json_drop_record(struct json_decode_state *state, uint32_t record)
{
    uint32_t end = state->record_row + json_record_rows_max(state);

    state->row = state->record_row;
    for (uint32_t i = 0; i < state->field_count; i++) {
        struct sl_column *column = state->fields[i].column;

        for (uint32_t row = state->row; column && column->validity && row < end; row++) {
            if (row < column->row_count)
                sl_validity_set(column->validity, row, true);
        }
    }
    state->errors[state->error_count++] =
        (struct sl_decode_error){record, sl_arena_strdup(&state->arena, state->reader.reason)};
}

/* --- groups --- */

/* The end of the group that begins at `from`: records that follow each other closely. */
static uint32_t
json_group_end(const struct json_decode_state *state, uint32_t from, uint32_t end)
{
    const struct sl_record *items = state->records->items;
    const char *start = items[from].value, *last = start + items[from].value_length;
    uint32_t room = (state->row_max - state->row) / json_record_rows_max(state);
    uint32_t count_max = SL_MIN(state->group_max, room), i = from + 1;

    for (; i < end && i - from < count_max; i++) {
        if (items[i].value_length == SL_RECORD_NULL)
            continue;
        if (items[i].value < last || items[i].value - last > DECODE_GROUP_GAP_MAX ||
            (size_t)(items[i].value - start) + items[i].value_length > DECODE_GROUP_BYTES_MAX)
            break;
        last = items[i].value + items[i].value_length;
    }
    return i;
}

static size_t
json_group_bytes(const struct json_decode_state *state, uint32_t from, uint32_t end)
{
    const struct sl_record *items = state->records->items;

    while (items[end - 1].value_length == SL_RECORD_NULL)
        end--;
    return (size_t)(items[end - 1].value + items[end - 1].value_length - items[from].value);
}

/* Decodes records [from, end), which are a group; returns the first that was not decoded. */
static uint32_t
json_read_group(struct json_decode_state *state, uint32_t from, uint32_t end)
{
    const struct sl_record *items = state->records->items;
    struct sl_json_cursor cursor = {.data = items[from].value};
    size_t count;
    const char *reason = sl_json_index_run(state->index, cursor.data,
                                           json_group_bytes(state, from, end), &cursor.at, &count);

    if (reason && end - from > 1) {
        state->group_max = SL_MAX(1u, (end - from) / DECODE_SHRINK);
        return from;
    }
    if (reason) {
        state->reader.reason = reason;
        json_drop_record(state, from);
        return end;
    }
    cursor.end = cursor.at + count;
    for (uint32_t i = from; i < end; i++) {
        uint32_t start = (uint32_t)(items[i].value - cursor.data);
        enum json_outcome outcome;

        if (json_is_silent(state, &items[i]))
            continue;
        outcome = json_read_record(state, &cursor, start, start + items[i].value_length);
        if (outcome == JSON_MISALIGNED && i > from) {
            state->group_max = SL_MAX(1u, state->group_max / DECODE_SHRINK);
            return i;
        }
        if (outcome == JSON_READ) {
            json_end_record(state, i);
            continue;
        }
        if (outcome == JSON_MISALIGNED)
            state->reader.reason = "it is no valid JSON";
        json_drop_record(state, i);
    }
    state->group_max = SL_MIN(state->group_max * DECODE_SHRINK, (uint32_t)SL_BATCH_ROWS_MAX);
    return end;
}

static void
json_begin_columns(struct json_decode_state *state, uint32_t count)
{
    for (uint32_t i = 0; i < state->field_count; i++) {
        struct json_field *field = &state->fields[i];

        field->stamp = 0;
        field->holds_slab = false;
        if (sl_type_is_nested(field->type->kind)) {
            field->builder = sl_column_builder_new(state->pool, field->type, count);
            field->column = NULL;
            continue;
        }
        field->column = sl_column_new(state->pool, field->type, count, false);
        sl_heap_writer_init(&field->writer, state->pool, field->column);
    }
}

static void
json_end_columns(struct json_decode_state *state)
{
    for (uint32_t i = 0; i < state->field_count; i++) {
        struct json_field *field = &state->fields[i];

        if (field->builder) {
            state->columns[i] = sl_column_builder_end(field->builder);
            field->builder = NULL;
            continue;
        }
        field->column->row_count = state->row;
        if (field->holds_slab)
            sl_column_add_heap(field->column, state->pool, state->records->slab);
        state->columns[i] = field->column;
    }
}

void
sl_json_decode(struct sl_decoder *base, const struct sl_records *records, uint32_t from,
               size_t row_count_max, struct sl_pool *pool, struct sl_decoded *ret_decoded)
{
    struct sl_json_decoder *decoder = (struct sl_json_decoder *)base;
    struct json_decode_state *state = decoder->state;
    uint32_t record_rows = json_record_rows_max(state);
    uint32_t row_max = (uint32_t)SL_MIN(row_count_max, (size_t)SL_BATCH_ROWS_MAX);
    uint32_t count = SL_MIN(records->count - from, row_max), end = from + count, at = from;

    sl_arena_reset(&state->arena);
    state->pool = pool;
    state->records = records;
    state->row = state->record_row = state->error_count = 0;
    state->row_max = SL_MIN(SL_MAX(row_max, record_rows), count * record_rows);
    state->stamp = 0;
    json_begin_columns(state, state->row_max);
    while (at < end) {
        if (json_is_silent(state, &records->items[at]))
            at++;
        else if (state->row + record_rows <= state->row_max)
            at = json_read_group(state, at, json_group_end(state, at, end));
        else
            break;
    }
    json_end_columns(state);
    *ret_decoded = (struct sl_decoded){
        .record_count = at - from,
        .row_count = state->row,
        .columns = state->columns,
        .row_records = state->row < count || record_rows > 1 ? state->row_records : NULL,
        .kinds = record_rows > 1 ? state->kinds : NULL,
        .errors = state->errors,
        .error_count = decoder->options.ignore_errors ? 0 : state->error_count,
        .skipped_count = decoder->options.ignore_errors ? state->error_count : 0,
    };
}

void
sl_json_decoder_init(struct sl_json_decoder *decoder)
{
    const struct sl_format_config *config = decoder->decoder.config;
    struct json_decode_state *state = sl_alloc_zeroed(sizeof(*state));

    decoder->state = state;
    state->index = sl_json_index_new(JSON_INDEX_CAPACITY);
    state->field_count = (uint32_t)config->column_count;
    state->fields = sl_alloc_zeroed((config->column_count + 1) * sizeof(*state->fields));
    state->columns = sl_alloc_zeroed((config->column_count + 1) * sizeof(*state->columns));
    state->row_records = sl_alloc(SL_BATCH_ROWS_MAX * sizeof(*state->row_records));
    state->kinds = sl_alloc(SL_BATCH_ROWS_MAX * sizeof(*state->kinds));
    state->errors = sl_alloc(SL_BATCH_ROWS_MAX * sizeof(*state->errors));
    state->group_max = SL_BATCH_ROWS_MAX;
    for (size_t i = 0; i < SL_JSON_SLOTS; i++)
        state->slots[i].length = SL_JSON_SLOT_FREE;
    sl_arena_init(&state->arena);
    sl_map_init(&state->by_name, false);
    state->reader = (struct sl_json_reader){.options = &decoder->options, .arena = &state->arena};
    sl_time_reader_init(&state->reader.time, decoder->options.standard);
    for (uint32_t i = 0; i < state->field_count; i++) {
        const struct sl_schema_column *column = &config->physical->columns[config->columns[i]];

        state->fields[i] = (struct json_field){.name = column->name,
                                               .type = column->type,
                                               .is_integer = column->type->kind == SL_TYPE_INT ||
                                                             column->type->kind == SL_TYPE_BIGINT};
        sl_map_put(&state->by_name, sl_text_of(column->name), (void *)(uintptr_t)(i + 1));
    }
}

void
sl_json_decoder_done(struct sl_json_decoder *decoder)
{
    struct json_decode_state *state = decoder->state;

    if (!state)
        return;
    sl_json_index_free(state->index);
    sl_map_done(&state->by_name);
    sl_arena_done(&state->arena);
    free(state->fields);
    free(state->columns);
    free(state->row_records);
    free(state->kinds);
    free(state->errors);
    free(state);
}
