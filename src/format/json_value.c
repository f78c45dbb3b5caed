/* From JSON values to SQL values, as leniently as Flink's JsonParserToRowDataConverters: numbers
 * out of strings, texts out of anything, fractions cut from whole numbers. */
#include "base/map.h"
#include "base/base64.h"
#include "format/json_internal.h"
#include "data/number_text.h"

#define VALUE_SHOWN_MAX 64
#define VALUE_MULTISET_COUNT_MAX 1000000

static bool
value_fails(struct sl_json_reader *reader, const struct sl_json_token *token,
            const struct sl_type *type)
{
    bool is_cut = token->text.length > VALUE_SHOWN_MAX;
    struct sl_text shown = {token->text.start, SL_MIN(token->text.length, (size_t)VALUE_SHOWN_MAX)};

    reader->reason = sl_arena_printf(
        reader->arena, "%s%.*s%s%s is no %s", token->kind == '"' ? "\"" : "", SL_TEXT_FORMAT(shown),
        is_cut ? "…" : "", token->kind == '"' ? "\"" : "", sl_type_text(reader->arena, type));
    return false;
}

/* --- texts --- */

static char *
value_reserve(struct sl_json_reader *reader, struct sl_heap_writer *writer, size_t size)
{
    return writer ? sl_heap_writer_reserve(writer, size)
                  : sl_arena_alloc_raw(reader->arena, size + 1);
}

static struct sl_text
value_commit(struct sl_heap_writer *writer, const char *start, size_t length)
{
    if (writer && length > SL_VIEW_INLINE_MAX)
        sl_heap_writer_commit(writer, length);
    return (struct sl_text){start, length};
}

static bool
value_read_text(struct sl_json_reader *reader, const struct sl_json_token *token,
                struct sl_heap_writer *writer, struct sl_value *value)
{
    size_t length;
    char *to;

    if (!token->is_escaped && token->kind != '{' && token->kind != '[') {
        value->text = token->text;
        return true;
    }
    to = value_reserve(reader, writer, token->text.length);
    if (token->kind != '"') {
        length = sl_json_minify(token->text, to);
    } else if (!sl_json_unescape(token->text, to, &length)) {
        reader->reason = "an unknown escape in a string";
        return false;
    }
    value->text = value_commit(writer, to, length);
    return true;
}

static bool
value_read_bytes(struct sl_json_reader *reader, const struct sl_json_token *token,
                 struct sl_text text, struct sl_heap_writer *writer, struct sl_value *value)
{
    size_t length;
    char *to;

    if (token->kind != '"')
        return false;
    to = value_reserve(reader, writer, SL_BASE64_DECODED_SIZE_MAX(text.length));
    if (!sl_base64_decode(text, to, &length))
        return false;
    value->text = value_commit(writer, to, length);
    return true;
}

/* --- scalars --- */

static bool
value_read_integer(const struct sl_type *type, struct sl_text text, bool is_number,
                   int64_t *ret_integer)
{
    bool may_cut = is_number && type->kind != SL_TYPE_TINYINT && type->kind != SL_TYPE_SMALLINT;
    bool read = may_cut ? sl_number_read_truncated(text, ret_integer)
                        : sl_number_read_integer(text, ret_integer);

    return read && sl_number_fits(type->kind, *ret_integer);
}

/* Rounded half up to the scale; NULL where it has too many digits, as in Flink. */
static bool
value_read_decimal(const struct sl_type *type, struct sl_text text, struct sl_value *value)
{
    if (!sl_number_is_decimal(text))
        return false;
    value->is_null = !sl_decimal_parse(text, type->scale, &value->decimal) ||
                     !sl_decimal_fits(value->decimal, type->precision);
    return true;
}

static bool
value_read_time(struct sl_json_reader *reader, const struct sl_type *type, struct sl_text text,
                struct sl_value *value)
{
    int32_t days = 0;
    bool read;

    switch (type->kind) {
    case SL_TYPE_DATE:
        read = sl_time_read_date(&reader->time, text, &days);
        value->integer = days;
        return read;
    case SL_TYPE_TIME:
        return sl_time_read_time(&reader->time, text, type->precision, &value->integer);
    default:
        return sl_time_read_timestamp(&reader->time, text, type->kind == SL_TYPE_TIMESTAMP_LTZ,
                                      type->precision, &value->integer);
    }
}

/* The token's text for everything that is no text itself: unescaped, without blanks around it. */
static bool
value_plain_text(struct sl_json_reader *reader, const struct sl_json_token *token,
                 struct sl_text *ret_text)
{
    struct sl_text text = token->text;

    if (token->is_escaped) {
        char *copy = sl_arena_alloc_raw(reader->arena, text.length + 1);

        if (!sl_json_unescape(text, copy, &text.length))
            return false;
        text.start = copy;
    }
    *ret_text = token->kind == '"' ? sl_number_trim(text) : text;
    return true;
}

bool
sl_json_read_scalar(struct sl_json_reader *reader, const struct sl_json_token *token,
                    const struct sl_type *type, struct sl_heap_writer *writer,
                    struct sl_value *ret_value)
{
    bool is_number = token->kind == 'a', read = false;
    struct sl_text text;

    ret_value->is_null = is_number && token->text.start[0] == 'n';
    if (ret_value->is_null)
        return true;
    if (sl_type_is_text(type->kind))
        return value_read_text(reader, token, writer, ret_value);
    if (token->kind == '{' || token->kind == '[' || !value_plain_text(reader, token, &text))
        return value_fails(reader, token, type);
    switch (type->kind) {
    case SL_TYPE_BOOLEAN:
        ret_value->boolean = sl_text_equal_nocase(text, SL_TEXT("true"));
        return true;
    case SL_TYPE_TINYINT:
    case SL_TYPE_SMALLINT:
    case SL_TYPE_INT:
    case SL_TYPE_BIGINT:
    case SL_TYPE_INTERVAL_MONTH:
        read = value_read_integer(type, text, is_number, &ret_value->integer);
        break;
    case SL_TYPE_INTERVAL_DAY: /* Flink's are milliseconds */
        read = value_read_integer(type, text, is_number, &ret_value->integer) &&
               !__builtin_mul_overflow(ret_value->integer, 1000, &ret_value->integer);
        break;
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
        read = sl_number_read_real(text, type->kind == SL_TYPE_FLOAT, &ret_value->real);
        break;
    case SL_TYPE_DECIMAL:
        read = value_read_decimal(type, text, ret_value);
        break;
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        read = value_read_bytes(reader, token, text, writer, ret_value);
        break;
    default:
        read = value_read_time(reader, type, text, ret_value);
        break;
    }
    return read || value_fails(reader, token, type);
}

/* --- nested values --- */

/* Steps into a container and over the separators of its members.  The caller sets `state` to 0;
 * true: the cursor stands at a member (of an object: at its key). */
static bool
value_next(struct sl_json_cursor *cursor, char close, unsigned *state, bool *ret_broken)
{
    char c;

    if (*state == 0)
        cursor->at++; /* the bracket */
    c = sl_json_peek(cursor);
    if (c == close) {
        cursor->at++;
        return false;
    }
    if ((*state)++ == 0)
        return true;
    if (c != ',') {
        *ret_broken = true;
        return false;
    }
    cursor->at++;
    return true;
}

static bool
value_take_key(struct sl_json_reader *reader, struct sl_json_cursor *cursor,
               struct sl_text *ret_key, bool *ret_broken)
{
    struct sl_json_token token;
    struct sl_value key;

    if (!sl_json_take_string(cursor, &token) || sl_json_peek(cursor) != ':' ||
        !value_read_text(reader, &token, NULL, &key)) {
        *ret_broken = true;
        return false;
    }
    cursor->at++;
    *ret_key = key.text;
    return true;
}

/* A member of a container; with ignore-parse-errors one that does not fit is NULL. */
static bool
value_read_member(struct sl_json_reader *reader, struct sl_json_cursor *cursor,
                  const struct sl_type *type, struct sl_value *value, bool *ret_broken)
{
    if (sl_json_read_value(reader, cursor, type, value, ret_broken))
        return true;
    if (*ret_broken || !reader->options->ignore_errors)
        return false;
    *value = sl_value_null(type);
    return true;
}

static void
value_append(struct sl_arena *arena, struct sl_value *list, size_t *capacity,
             const struct sl_value *item)
{
    if (list->list.count == *capacity) {
        size_t grown = SL_MAX(8u, *capacity * 2);
        struct sl_value *items = SL_NEW_ARRAY(arena, struct sl_value, grown);

        if (*capacity)
            memcpy(items, list->list.items, *capacity * sizeof(*items));
        list->list.items = items;
        *capacity = grown;
    }
    list->list.items[list->list.count++] = *item;
}

static bool
value_read_array(struct sl_json_reader *reader, struct sl_json_cursor *cursor,
                 const struct sl_type *type, struct sl_value *value, bool *ret_broken)
{
    size_t capacity = 0;
    unsigned state = 0;

    while (value_next(cursor, ']', &state, ret_broken)) {
        struct sl_value item;

        if (!value_read_member(reader, cursor, type->element, &item, ret_broken))
            return false;
        value_append(reader->arena, value, &capacity, &item);
    }
    return !*ret_broken;
}

static bool
value_read_row(struct sl_json_reader *reader, struct sl_json_cursor *cursor,
               const struct sl_type *type, struct sl_value *value, bool *ret_broken)
{
    bool *seen = SL_NEW_ARRAY(reader->arena, bool, type->field_count + 1);
    struct sl_text key;
    unsigned state = 0;

    value->list.count = type->field_count;
    value->list.items = SL_NEW_ARRAY(reader->arena, struct sl_value, type->field_count + 1);
    for (size_t i = 0; i < type->field_count; i++)
        value->list.items[i] = sl_value_null(type->fields[i].type);
    while (value_next(cursor, '}', &state, ret_broken)) {
        size_t i = 0;

        if (!value_take_key(reader, cursor, &key, ret_broken))
            return false;
        while (i < type->field_count && !sl_text_equal(key, sl_text_of(type->fields[i].name)))
            i++;
        if (i == type->field_count) {
            *ret_broken = !sl_json_skip(cursor);
            if (*ret_broken)
                return false;
            continue;
        }
        seen[i] = true;
        if (!value_read_member(reader, cursor, type->fields[i].type, &value->list.items[i],
                               ret_broken)) {
            reader->reason = sl_arena_printf(reader->arena, "field \"%s\": %s",
                                             type->fields[i].name, reader->reason);
            return false;
        }
    }
    for (size_t i = 0; i < type->field_count && reader->options->fail_on_missing; i++) {
        if (seen[i] || *ret_broken)
            continue;
        reader->reason =
            sl_arena_printf(reader->arena, "field \"%s\" is missing", type->fields[i].name);
        return false;
    }
    return !*ret_broken;
}

/* A map as key, value, key, value …; of two equal keys the last counts. */
static bool
value_read_map(struct sl_json_reader *reader, struct sl_json_cursor *cursor,
               const struct sl_type *type, const struct sl_type *key_type,
               const struct sl_type *value_type, struct sl_value *value, bool *ret_broken)
{
    size_t capacity = 0;
    unsigned state = 0;
    struct sl_map places; /* index of the value + 1 */
    struct sl_text key;
    bool read = true;

    sl_map_init(&places, false);
    while (read && value_next(cursor, '}', &state, ret_broken)) {
        struct sl_value key_value = {.type = key_type}, item;
        size_t place;

        read = value_take_key(reader, cursor, &key, ret_broken) &&
               value_read_member(reader, cursor, value_type, &item, ret_broken);
        if (!read)
            break;
        place = (size_t)(uintptr_t)sl_map_get(&places, key);
        if (place) {
            value->list.items[place - 1] = item;
            continue;
        }
        key_value.text = key;
        value_append(reader->arena, value, &capacity, &key_value);
        value_append(reader->arena, value, &capacity, &item);
        sl_map_put(&places, key, (void *)(uintptr_t)value->list.count);
    }
    sl_map_done(&places);
    return read && !*ret_broken;
}

/* An object of element → how often. */
static bool
value_read_multiset(struct sl_json_reader *reader, struct sl_json_cursor *cursor,
                    const struct sl_type *type, struct sl_value *value, bool *ret_broken)
{
    struct sl_value pairs = {.type = type};
    size_t capacity = 0;

    if (!value_read_map(reader, cursor, type, type->element, &sl_type_int, &pairs, ret_broken))
        return false;
    for (size_t i = 0; i + 1 < pairs.list.count; i += 2) {
        const struct sl_value *count = &pairs.list.items[i + 1];

        if (count->is_null)
            continue;
        if (count->integer > VALUE_MULTISET_COUNT_MAX) {
            reader->reason = sl_arena_printf(
                reader->arena, "an element of a multiset occurs %lld times, at most %d are read",
                (long long)count->integer, VALUE_MULTISET_COUNT_MAX);
            return false;
        }
        for (int64_t k = 0; k < count->integer; k++)
            value_append(reader->arena, value, &capacity, &pairs.list.items[i]);
    }
    return true;
}

bool
sl_json_read_value(struct sl_json_reader *reader, struct sl_json_cursor *cursor,
                   const struct sl_type *type, struct sl_value *ret_value, bool *ret_broken)
{
    struct sl_json_cursor start = *cursor;
    struct sl_json_token token;

    *ret_value = (struct sl_value){.type = type};
    *ret_broken = false;
    if (!sl_json_take(cursor, &token)) {
        *ret_broken = true;
        return false;
    }
    if (!sl_type_is_nested(type->kind) || token.kind == 'a')
        return sl_type_is_nested(type->kind) && token.text.start[0] != 'n'
                   ? value_fails(reader, &token, type)
                   : sl_json_read_scalar(reader, &token, type, NULL, ret_value);
    if (token.kind != (type->kind == SL_TYPE_ARRAY ? '[' : '{'))
        return value_fails(reader, &token, type);
    switch (type->kind) {
    case SL_TYPE_ARRAY:
        return value_read_array(reader, &start, type, ret_value, ret_broken);
    case SL_TYPE_ROW:
        return value_read_row(reader, &start, type, ret_value, ret_broken);
    case SL_TYPE_MAP:
        return value_read_map(reader, &start, type, type->key, type->element, ret_value,
                              ret_broken);
    default:
        return value_read_multiset(reader, &start, type, ret_value, ret_broken);
    }
}
