/* How values read: PostgreSQL's text forms, and Flink's where they differ (TRUE, +1 02:03:04.000).
 * Nested values are in value_parse_nested.c. */
#include "data/value_parse.h"

#include "data/decimal.h"
#include "data/time.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

static struct sl_text
parse_trim(struct sl_text text)
{
    while (text.length && isspace((unsigned char)*text.start)) {
        text.start++;
        text.length--;
    }
    while (text.length && isspace((unsigned char)text.start[text.length - 1]))
        text.length--;
    return text;
}

/* At most this much of a bad text is quoted in a message. */
#define PARSE_QUOTED_MAX 100

int
sl_value_parse_error(int code, const struct sl_type *type, struct sl_text text,
                     struct sl_error *err)
{
    struct sl_buffer name;
    bool is_cut = text.length > PARSE_QUOTED_MAX;

    text.length = SL_MIN(text.length, (size_t)PARSE_QUOTED_MAX);
    sl_buffer_init(&name, SIZE_MAX / 2);
    sl_type_format(type, &name);
    if (!type->nullable && name.length > 9)
        name.data[name.length - 9] = '\0'; /* " NOT NULL" */
    if (code == SL_E_NUMERIC_OUT_OF_RANGE)
        SL_ERROR(err, code, "value \"%.*s\"%s is out of range for type %s", SL_TEXT_FORMAT(text),
                 is_cut ? "…" : "", name.data);
    else
        SL_ERROR(err, code, "invalid input for type %s: \"%.*s\"%s", name.data,
                 SL_TEXT_FORMAT(text), is_cut ? "…" : "");
    sl_buffer_done(&name);
    return code;
}

static bool
parse_boolean(struct sl_text text, bool *ret_boolean)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true}, {"t", true},  {"yes", true},    {"y", true},
                 {"on", true},   {"1", true},  {"false", false}, {"f", false},
                 {"no", false},  {"n", false}, {"off", false},   {"0", false}};

    for (size_t i = 0; i < SL_COUNT_OF(words); i++) {
        if (sl_text_equal_nocase(text, sl_text_of(words[i].word))) {
            *ret_boolean = words[i].value;
            return true;
        }
    }
    return false;
}

/* SL_OK, SL_E_INVALID_TEXT or SL_E_NUMERIC_OUT_OF_RANGE, without a message. */
static int
parse_integer(struct sl_text text, int64_t min, int64_t max, int64_t *ret_integer)
{
    bool is_negative;
    uint64_t magnitude = 0, limit;
    size_t at = 0;

    if (text.length == 0)
        return SL_E_INVALID_TEXT;
    is_negative = text.start[0] == '-';
    if (text.start[0] == '-' || text.start[0] == '+')
        at++;
    if (at == text.length)
        return SL_E_INVALID_TEXT;
    limit = is_negative ? -(uint64_t)min : (uint64_t)max;
    for (size_t i = at; i < text.length; i++) {
        if (!isdigit((unsigned char)text.start[i]))
            return SL_E_INVALID_TEXT;
    }
    for (; at < text.length; at++) {
        unsigned digit = (unsigned)(text.start[at] - '0');

        if (magnitude > (limit - digit) / 10)
            return SL_E_NUMERIC_OUT_OF_RANGE;
        magnitude = magnitude * 10 + digit;
    }
    *ret_integer = is_negative ? (int64_t)-magnitude : (int64_t)magnitude;
    return SL_OK;
}

static int
parse_real(struct sl_text text, bool is_float, double *ret_real)
{
    char copy[512], *end;
    double real;

    if (text.length == 0 || text.length >= sizeof(copy))
        return SL_E_INVALID_TEXT;
    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] == 'x' || text.start[i] == 'X' || text.start[i] == '(')
            return SL_E_INVALID_TEXT; /* strtod would read hexadecimal and nan(…) */
    }
    memcpy(copy, text.start, text.length);
    copy[text.length] = '\0';
    errno = 0;
    real = is_float ? (double)strtof(copy, &end) : strtod(copy, &end);
    if (*end != '\0' || end == copy)
        return SL_E_INVALID_TEXT;
    if (errno == ERANGE && isinf(real))
        return SL_E_NUMERIC_OUT_OF_RANGE;
    *ret_real = real;
    return SL_OK;
}

static int
parse_decimal(const struct sl_type *type, struct sl_text text, sl_int128 *ret_decimal)
{
    bool digits = false;

    if (sl_decimal_parse(text, type->scale, ret_decimal))
        return sl_decimal_fits(*ret_decimal, type->precision) ? SL_OK : SL_E_NUMERIC_OUT_OF_RANGE;
    /* Which of the two failures was it? */
    for (size_t i = 0; i < text.length; i++) {
        if (isdigit((unsigned char)text.start[i]))
            digits = true;
        else if (strchr("+-.eE", text.start[i]) == NULL)
            return SL_E_INVALID_TEXT;
    }
    return digits && isdigit((unsigned char)text.start[text.length - 1]) ? SL_E_NUMERIC_OUT_OF_RANGE
                                                                         : SL_E_INVALID_TEXT;
}

/* --- strings and bytes --- */

static int
parse_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "\x6162", or PostgreSQL's older escape form: "\\" and "\ooo". */
static bool
parse_bytes(struct sl_arena *arena, struct sl_text text, struct sl_text *ret_bytes)
{
    char *bytes = sl_arena_alloc(arena, text.length + 1);
    size_t length = 0;

    if (text.length >= 2 && text.start[0] == '\\' && text.start[1] == 'x') {
        if (text.length % 2)
            return false;
        for (size_t i = 2; i < text.length; i += 2) {
            int high = parse_hex_digit(text.start[i]), low = parse_hex_digit(text.start[i + 1]);

            if (high < 0 || low < 0)
                return false;
            bytes[length++] = (char)(high * 16 + low);
        }
    } else {
        for (size_t i = 0; i < text.length; i++) {
            const char *c = text.start + i;

            if (*c != '\\') {
                bytes[length++] = *c;
            } else if (i + 1 < text.length && c[1] == '\\') {
                bytes[length++] = '\\';
                i++;
            } else if (i + 3 < text.length && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' &&
                       c[2] <= '7' && c[3] >= '0' && c[3] <= '7') {
                bytes[length++] = (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + c[3] - '0');
                i += 3;
            } else {
                return false;
            }
        }
    }
    *ret_bytes = (struct sl_text){bytes, length};
    return true;
}

static size_t
parse_count_characters(struct sl_text text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.start[i] & 0xc0) != 0x80;
    return count;
}

/* As in PostgreSQL: blanks beyond the length are cut, anything else raises; CHAR is padded. */
static int
parse_text(struct sl_arena *arena, const struct sl_type *type, struct sl_text text,
           struct sl_text *ret_text, struct sl_error *err)
{
    size_t limit = (size_t)type->precision, count = text.length;

    if (type->precision != SL_LENGTH_MAX) {
        count = parse_count_characters(text);
        while (count > limit && text.start[text.length - 1] == ' ') {
            text.length--;
            count--;
        }
        if (count > limit)
            return SL_ERROR(err, SL_E_STRING_TOO_LONG, "value too long for type %s: \"%.*s\"",
                            sl_type_text(arena, type),
                            (int)SL_MIN(text.length, (size_t)PARSE_QUOTED_MAX), text.start);
    }
    if (type->kind == SL_TYPE_CHAR && count < limit) {
        size_t padding = limit - count;
        char *padded = sl_arena_alloc(arena, text.length + padding);

        memcpy(padded, text.start, text.length);
        memset(padded + text.length, ' ', padding);
        text = (struct sl_text){padded, text.length + padding};
    } else {
        text = sl_arena_text(arena, text);
    }
    *ret_text = text;
    return SL_OK;
}

static int
parse_view(struct sl_arena *arena, const struct sl_type *type, struct sl_text text,
           struct sl_text *ret_text, struct sl_error *err)
{
    if (sl_type_is_text(type->kind))
        return parse_text(arena, type, text, ret_text, err);
    if (!parse_bytes(arena, text, ret_text))
        return sl_value_parse_error(SL_E_INVALID_TEXT, type, text, err);
    if (ret_text->length > (size_t)type->precision)
        return SL_ERROR(err, SL_E_STRING_TOO_LONG, "value of %zu bytes is too long for type %s",
                        ret_text->length, sl_type_text(arena, type));
    if (type->kind == SL_TYPE_BINARY && ret_text->length < (size_t)type->precision) {
        char *padded = sl_arena_alloc(arena, (size_t)type->precision);

        memcpy(padded, ret_text->start, ret_text->length);
        *ret_text = (struct sl_text){padded, (size_t)type->precision};
    }
    return SL_OK;
}

/* --- times --- */

static int64_t
parse_cut_precision(int64_t us, int32_t precision)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    int64_t unit = units[precision], rest = us % unit;

    return us - (rest < 0 ? rest + unit : rest);
}

static bool
parse_timestamp(const struct sl_type *type, struct sl_text text, const struct sl_zone *zone,
                int64_t *ret_us)
{
    bool has_zone;
    int64_t us, offset_us;

    if (!sl_timestamp_parse(text, &us, &has_zone, &offset_us))
        return false;
    if (type->kind == SL_TYPE_TIMESTAMP_LTZ)
        us = has_zone ? us - offset_us : zone ? sl_zone_to_utc(zone, us) : us;
    *ret_us = parse_cut_precision(us, type->precision);
    return true;
}

static int
parse_time_value(const struct sl_type *type, struct sl_text text, const struct sl_zone *zone,
                 struct sl_value *value, struct sl_error *err)
{
    bool done;
    int32_t days = 0;

    switch (type->kind) {
    case SL_TYPE_DATE:
        done = sl_date_parse(text, &days);
        value->integer = days;
        break;
    case SL_TYPE_TIME:
        done = sl_time_parse(text, &value->integer);
        if (done)
            value->integer = parse_cut_precision(value->integer, type->precision);
        break;
    case SL_TYPE_INTERVAL_MONTH:
    case SL_TYPE_INTERVAL_DAY:
        done = sl_interval_parse(text, type->kind, &value->integer);
        break;
    default:
        done = parse_timestamp(type, text, zone, &value->integer);
        break;
    }
    return done ? SL_OK : sl_value_parse_error(SL_E_INVALID_DATETIME, type, text, err);
}

/* --- all --- */

static int
parse_number(const struct sl_type *type, struct sl_text text, struct sl_value *value)
{
    switch (type->kind) {
    case SL_TYPE_BOOLEAN:
        return parse_boolean(text, &value->boolean) ? SL_OK : SL_E_INVALID_TEXT;
    case SL_TYPE_TINYINT:
        return parse_integer(text, INT8_MIN, INT8_MAX, &value->integer);
    case SL_TYPE_SMALLINT:
        return parse_integer(text, INT16_MIN, INT16_MAX, &value->integer);
    case SL_TYPE_INT:
        return parse_integer(text, INT32_MIN, INT32_MAX, &value->integer);
    case SL_TYPE_BIGINT:
        return parse_integer(text, INT64_MIN, INT64_MAX, &value->integer);
    case SL_TYPE_DECIMAL:
        return parse_decimal(type, text, &value->decimal);
    default:
        return parse_real(text, type->kind == SL_TYPE_FLOAT, &value->real);
    }
}

int
sl_value_parse(struct sl_arena *arena, const struct sl_type *type, struct sl_text text,
               const struct sl_zone *zone, struct sl_value *ret_value, struct sl_error *err)
{
    struct sl_value value = {.type = type};
    int rc;

    switch (type->kind) {
    case SL_TYPE_NULL:
        return sl_value_parse_error(SL_E_INVALID_TEXT, type, text, err);
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        SL_TRY(parse_view(arena, type, text, &value.text, err));
        break;
    case SL_TYPE_DATE:
    case SL_TYPE_TIME:
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
    case SL_TYPE_INTERVAL_MONTH:
    case SL_TYPE_INTERVAL_DAY:
        SL_TRY(parse_time_value(type, parse_trim(text), zone, &value, err));
        break;
    case SL_TYPE_ARRAY:
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
    case SL_TYPE_ROW:
        SL_TRY(sl_value_parse_nested(arena, type, text, zone, &value, err));
        break;
    default:
        rc = parse_number(type, parse_trim(text), &value);
        if (rc < 0)
            return sl_value_parse_error(rc, type, text, err);
        break;
    }
    *ret_value = value;
    return SL_OK;
}
