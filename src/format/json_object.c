/* A JSON object to a row of columns.
 *
 * 1. Fields are expected in the order of the last object: a slot a place, which knows the key's
 * bytes and its column.  Only a key that differs is looked up.
 * 2. A row is written where the next row will be; one that fails leaves nothing but bytes that the
 *    next overwrites.  Nested values wait in `pending` until the record is whole. */
#include "format/json_decode.h"

/* --- fields --- */

/* Where the nested value of the row being written waits. */
static struct sl_value *
json_pending(const struct json_decode_state *state, struct json_field *field)
{
    return &field->pending[state->row - state->record_row];
}

static void
json_set_null(struct json_decode_state *state, struct json_field *field)
{
    if (!field->column)
        *json_pending(state, field) = sl_value_null(field->type);
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
        read = sl_json_read_value(&state->reader, cursor, field->type, json_pending(state, field),
                                  ret_broken);
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
    if (place < SL_JSON_SLOTS && key.length <= SL_JSON_SLOT_KEY_MAX) {
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
    const struct json_slot *slot = &state->slots[place < SL_JSON_SLOTS ? place : 0];
    struct sl_json_token token;
    uint32_t colon;

    if (cursor->at + 2 >= cursor->end || data[cursor->at[0]] != '"' || data[cursor->at[1]] != ':')
        return false;
    key = data + cursor->at[0] + 1;
    colon = cursor->at[1];
    if (place < SL_JSON_SLOTS && colon - cursor->at[0] == slot->length + 2 &&
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

/* --- objects --- */

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

bool
sl_json_read_row(struct json_decode_state *state, struct sl_json_cursor *cursor)
{
    uint32_t set_count;

    state->stamp++;
    return json_read_object(state, cursor, &set_count) &&
           (set_count == state->field_count || json_fill_missing(state));
}
