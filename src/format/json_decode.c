/* JSON records to columns.
 *
 * 1. Records that lie one after the other in the slab are a group: one run of the index serves all
 * of them.  A record that leaves a string open spoils the tokens of the next, which is seen there:
 * no token stands at its first byte.  The group then begins anew at that record, and smaller.
 * 2. Fields are expected in the order of the last record: a slot a place, which knows the key's
 * bytes and its column.  Only a key that differs is looked up.
 * 3. A row is written where the next row will be; one that fails leaves nothing but bytes that the
 *    next overwrites.  Nested values wait in `pending` until the row is whole. */
#include "base/map.h"
#include "format/json_index.h"
#include "format/json_internal.h"

#include <stdlib.h>

#define DECODE_SLOTS 64
#define DECODE_SLOT_KEY_MAX 48
#define DECODE_SLOT_FREE (UINT32_MAX - 2) /* no key is as long; with its quotes it still counts */
#define DECODE_GROUP_BYTES_MAX ((size_t)4 << 20)
#define DECODE_GROUP_GAP_MAX 8
#define DECODE_SHRINK 8

struct json_slot {
    uint32_t length; /* of the key, or DECODE_SLOT_FREE */
    uint32_t field;  /* UINT32_MAX: not wanted */
    char key[DECODE_SLOT_KEY_MAX];
};

struct json_field {
    const char *name;
    const struct sl_type *type;
    struct sl_column *column; /* NULL: nested, through the builder */
    struct sl_column_builder *builder;
    struct sl_value pending;
    struct sl_heap_writer writer;
    uint32_t stamp; /* the row it was last set for, + 1 */
    bool holds_slab;
    bool is_integer; /* INT or BIGINT */
};

struct json_decode_state {
    struct sl_json_index *index;
    struct sl_arena arena; /* of one call */
    struct sl_json_reader reader;
    struct sl_map by_name; /* field + 1 */
    struct json_field *fields;
    uint32_t field_count;
    struct json_slot slots[DECODE_SLOTS];
    /* One call: */
    struct sl_pool *pool;
    const struct sl_records *records;
    uint32_t row;       /* the one being written */
    uint32_t stamp;     /* of that row */
    uint32_t group_max; /* records */
    struct sl_column **columns;
    uint32_t *row_records;
    struct sl_decode_error *errors;
    uint32_t error_count;
};

/* --- fields --- */

static void
json_set_null(struct json_decode_state *state, struct json_field *field)
{
    if (!field->column)
        field->pending = sl_value_null(field->type);
    else
        sl_validity_set(sl_column_add_validity(field->column, state->pool), state->row, false);
}

static inline void
json_store(struct json_decode_state *state, struct json_field *field,
           const struct sl_json_token *token, const struct sl_value *value)
{
    struct sl_column *column = field->column;
    uint32_t row = state->row;

    if (sl_type_is_view(column->type->kind)) {
        ((struct sl_view *)column->values)[row] = sl_view_of(value->text.start, value->text.length);
        field->holds_slab |= value->text.start == token->text.start;
    } else {
        sl_column_store_scalar(column, row, value);
    }
    if (column->validity)
        sl_validity_set(column->validity, row, true);
}

/* The common case of whole numbers: up to 18 digits, right before the next separator.  False: it is
 * something else, and nothing was done. */
static inline bool
json_read_digits(struct sl_json_cursor *cursor, int64_t *ret_integer)
{
    const char *at = cursor->data + *cursor->at, *end = cursor->data + cursor->at[1];
    bool is_negative = *at == '-';
    const char *digits = at + is_negative;
    int64_t integer = 0;

    if (end - digits > 18 || end <= digits || (*digits == '0' && end - digits > 1))
        return false;
    for (at = digits; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';

        if (digit > 9)
            return false;
        integer = integer * 10 + digit;
    }
    *ret_integer = is_negative ? -integer : integer;
    cursor->at++;
    return true;
}

static inline bool
json_store_integer(struct json_decode_state *state, struct json_field *field, int64_t integer)
{
    struct sl_column *column = field->column;

    if (field->type->kind == SL_TYPE_BIGINT)
        ((int64_t *)column->values)[state->row] = integer;
    else if (field->type->kind == SL_TYPE_INT && integer == (int32_t)integer)
        ((int32_t *)column->values)[state->row] = (int32_t)integer;
    else
        return false;
    if (column->validity)
        sl_validity_set(column->validity, state->row, true);
    return true;
}

/* Reads the value at the cursor into the field.  False: the record fails, for reader.reason, or
 * because the text is broken. */
static inline bool
json_read_field(struct json_decode_state *state, struct sl_json_cursor *cursor,
                struct json_field *field, bool *ret_broken)
{
    struct sl_json_token token;
    struct sl_value value = {0};
    const uint32_t *start = cursor->at;
    bool read;

    field->stamp = state->stamp;
    if (field->is_integer && json_read_digits(cursor, &value.integer)) {
        if (json_store_integer(state, field, value.integer))
            return true;
        cursor->at = start;
    }
    if (!field->column) {
        read = sl_json_read_value(&state->reader, cursor, field->type, &field->pending, ret_broken);
        if (*ret_broken)
            return false;
    } else {
        if (!sl_json_take(cursor, &token)) {
            *ret_broken = true;
            return false;
        }
        read = sl_json_read_scalar(&state->reader, &token, field->type, &field->writer, &value);
        if (read && !value.is_null)
            json_store(state, field, &token, &value);
        else
            json_set_null(state, field);
    }
    if (read)
        return true;
    if (state->reader.options->ignore_errors) {
        json_set_null(state, field);
        return true;
    }
    state->reader.reason =
        sl_arena_printf(&state->arena, "field \"%s\": %s", field->name, state->reader.reason);
    return false;
}

/* The field of a key as it is written, and what to expect at this place from now on. */
static uint32_t
json_look_up(struct json_decode_state *state, uint32_t place, struct sl_text key)
{
    struct sl_text name = key;
    uint32_t field;

    if (memchr(key.start, '\\', key.length)) {
        char *copy = sl_arena_alloc_raw(&state->arena, key.length + 1);

        if (sl_json_unescape(key, copy, &name.length))
            name.start = copy;
    }
    field = (uint32_t)(uintptr_t)sl_map_get(&state->by_name, name) - 1;
    if (place < DECODE_SLOTS && key.length <= DECODE_SLOT_KEY_MAX) {
        struct json_slot *slot = &state->slots[place];

        slot->length = (uint32_t)key.length;
        slot->field = field;
        memset(slot->key, 0, sizeof(slot->key));
        memcpy(slot->key, key.start, key.length);
    }
    return field;
}

/* Both are readable for eight bytes at least: a slot, and a slab with its padding. */
static inline bool
json_key_equal(const struct json_slot *slot, const char *key)
{
    uint64_t expected, found;

    memcpy(&expected, slot->key, sizeof(expected));
    memcpy(&found, key, sizeof(found));
    if (slot->length < sizeof(found))
        return ((expected ^ found) & ((UINT64_C(1) << (slot->length * 8)) - 1)) == 0;
    return expected == found && memcmp(slot->key + 8, key + 8, slot->length - 8) == 0;
}

/* The key at the cursor, which then stands at the value.  False: there is none. */
static inline bool
json_take_key(struct json_decode_state *state, struct sl_json_cursor *cursor, uint32_t place,
              uint32_t *ret_field)
{
    const char *data = cursor->data, *key;
    const struct json_slot *slot = &state->slots[place < DECODE_SLOTS ? place : 0];
    struct sl_json_token token;
    uint32_t colon;

    if (cursor->at + 2 >= cursor->end || data[cursor->at[0]] != '"' || data[cursor->at[1]] != ':')
        return false;
    key = data + cursor->at[0] + 1;
    colon = cursor->at[1];
    if (place < DECODE_SLOTS && colon - cursor->at[0] == slot->length + 2 &&
        data[colon - 1] == '"' && json_key_equal(slot, key)) {
        *ret_field = slot->field;
        cursor->at += 2;
        return true;
    }
    if (!sl_json_take_string(cursor, &token))
        return false;
    *ret_field = json_look_up(state, place, token.text);
    cursor->at++;
    return true;
}

/* --- records --- */

enum json_outcome { JSON_ROW, JSON_FAILED, JSON_MISALIGNED };

/* The object at the cursor.  False: it fails, with reader.reason. */
static bool
json_read_object(struct json_decode_state *state, struct sl_json_cursor *cursor,
                 uint32_t *ret_set_count)
{
    uint32_t set_count = 0, field;
    bool broken = false;

    cursor->at++;
    state->reader.reason = "it is no valid JSON";
    if (sl_json_peek(cursor) == '}') {
        cursor->at++;
        *ret_set_count = 0;
        return true;
    }
    for (uint32_t place = 0;; place++) {
        if (!json_take_key(state, cursor, place, &field))
            return false;
        if (field == UINT32_MAX) {
            int64_t integer;

            if (sl_json_peek(cursor) == '"')
                cursor->at++;
            else if (!json_read_digits(cursor, &integer) && !sl_json_skip(cursor))
                return false;
        } else {
            set_count += state->fields[field].stamp != state->stamp;
            if (!json_read_field(state, cursor, &state->fields[field], &broken)) {
                if (broken)
                    state->reader.reason = "it is no valid JSON";
                return false;
            }
        }
        switch (sl_json_peek(cursor)) {
        case ',':
            cursor->at++;
            continue;
        case '}':
            cursor->at++;
            *ret_set_count = set_count;
            return true;
        default:
            return false;
        }
    }
}

static bool
json_fill_missing(struct json_decode_state *state)
{
    for (uint32_t i = 0; i < state->field_count; i++) {
        struct json_field *field = &state->fields[i];

        if (field->stamp == state->stamp)
            continue;
        if (state->reader.options->fail_on_missing) {
            state->reader.reason =
                sl_arena_printf(&state->arena, "field \"%s\" is missing", field->name);
            return false;
        }
        json_set_null(state, field);
    }
    return true;
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
    uint32_t first = json_first_byte(cursor->data, start, end), set_count = 0;
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
    } else {
        read = json_read_object(state, cursor, &set_count);
    }
    if (read && (cursor->at[-1] >= end || (cursor->at < cursor->end && *cursor->at < end))) {
        state->reader.reason = cursor->at[-1] >= end ? "it ends before its object does"
                                                     : "something follows its object";
        read = false;
    }
    if (read && set_count < state->field_count)
        read = json_fill_missing(state);
    if (read)
        return JSON_ROW;
    while (cursor->at < cursor->end && *cursor->at < end)
        cursor->at++;
    while (cursor->at[-1] >= end) /* a broken record took tokens of the next */
        cursor->at--;
    return JSON_FAILED;
}

static void
json_end_row(struct json_decode_state *state, uint32_t record)
{
    for (uint32_t i = 0; i < state->field_count; i++) {
        if (state->fields[i].builder)
            sl_column_builder_add(state->fields[i].builder, &state->fields[i].pending);
    }
    state->row_records[state->row++] = record;
    state->stamp++;
}

/* Forgets what a failed record wrote. */
static void
json_drop_row(struct json_decode_state *state, uint32_t record)
{
    for (uint32_t i = 0; i < state->field_count; i++) {
        struct sl_column *column = state->fields[i].column;

        if (column && column->validity && state->row < column->row_count)
            sl_validity_set(column->validity, state->row, true);
    }
    state->stamp++;
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
    uint32_t i = from + 1;

    for (; i < end && i - from < state->group_max; i++) {
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
        json_drop_row(state, from);
        return end;
    }
    cursor.end = cursor.at + count;
    for (uint32_t i = from; i < end; i++) {
        uint32_t start = (uint32_t)(items[i].value - cursor.data);
        enum json_outcome outcome;

        if (items[i].value_length == SL_RECORD_NULL)
            continue;
        outcome = json_read_record(state, &cursor, start, start + items[i].value_length);
        if (outcome == JSON_MISALIGNED && i > from) {
            state->group_max = SL_MAX(1u, state->group_max / DECODE_SHRINK);
            return i;
        }
        if (outcome == JSON_ROW) {
            json_end_row(state, i);
            continue;
        }
        if (outcome == JSON_MISALIGNED)
            state->reader.reason = "it is no valid JSON";
        json_drop_row(state, i);
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
    uint32_t count = (uint32_t)SL_MIN((size_t)(records->count - from),
                                      SL_MIN(row_count_max, (size_t)SL_BATCH_ROWS_MAX));
    uint32_t end = from + count, at = from;

    sl_arena_reset(&state->arena);
    state->pool = pool;
    state->records = records;
    state->row = state->error_count = 0;
    state->stamp = 1;
    json_begin_columns(state, count);
    while (at < end) {
        if (records->items[at].value_length == SL_RECORD_NULL)
            at++;
        else
            at = json_read_group(state, at, json_group_end(state, at, end));
    }
    json_end_columns(state);
    *ret_decoded = (struct sl_decoded){
        .record_count = count,
        .row_count = state->row,
        .columns = state->columns,
        .row_records = state->row < count ? state->row_records : NULL,
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
    state->index = sl_json_index_new();
    state->field_count = (uint32_t)config->column_count;
    state->fields = sl_alloc_zeroed((config->column_count + 1) * sizeof(*state->fields));
    state->columns = sl_alloc_zeroed((config->column_count + 1) * sizeof(*state->columns));
    state->row_records = sl_alloc(SL_BATCH_ROWS_MAX * sizeof(*state->row_records));
    state->errors = sl_alloc(SL_BATCH_ROWS_MAX * sizeof(*state->errors));
    state->group_max = SL_BATCH_ROWS_MAX;
    for (size_t i = 0; i < DECODE_SLOTS; i++)
        state->slots[i].length = DECODE_SLOT_FREE;
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
    free(state->errors);
    free(state);
}
