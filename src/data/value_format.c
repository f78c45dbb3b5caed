/* How values print: PostgreSQL's forms for the wire and COPY, Flink's for CAST to STRING, and JSON
 * for MAP and MULTISET on the wire (they are jsonb there). */
#include "data/value.h"

#include "data/decimal.h"
#include "data/real_text.h"
#include "data/time.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

struct format_style {
    enum sl_text_form form;
    const struct sl_zone *zone;
};

static void format_value(const struct sl_value *value, const struct format_style *style,
                         struct sl_buffer *to);
static void format_json(const struct sl_value *value, const struct format_style *style,
                        struct sl_buffer *to);

static void
format_integer(int64_t integer, struct sl_buffer *to)
{
    char text[24], *at = text + sizeof(text);
    uint64_t rest = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (integer < 0)
        *--at = '-';
    sl_buffer_add(to, at, (size_t)(text + sizeof(text) - at));
}

static void
format_bytes(struct sl_text bytes, struct sl_buffer *to)
{
    static const char digits[] = "0123456789abcdef";
    char *at = sl_buffer_reserve(to, bytes.length * 2 + 2);

    *at++ = '\\';
    *at++ = 'x';
    for (size_t i = 0; i < bytes.length; i++) {
        *at++ = digits[(unsigned char)bytes.start[i] >> 4];
        *at++ = digits[(unsigned char)bytes.start[i] & 15];
    }
    to->length += bytes.length * 2 + 2;
    *at = '\0';
}

/* --- times --- */

static void
format_offset(int64_t offset_us, struct sl_buffer *to)
{
    int64_t minutes = llabs(offset_us) / SL_US_PER_MINUTE;

    sl_buffer_printf(to, "%c%02d", offset_us < 0 ? '-' : '+', (int)(minutes / 60));
    if (minutes % 60)
        sl_buffer_printf(to, ":%02d", (int)(minutes % 60));
}

static void
format_timestamp(const struct sl_value *value, const struct format_style *style, char separator,
                 struct sl_buffer *to)
{
    bool is_local = value->type->kind == SL_TYPE_TIMESTAMP_LTZ;
    bool is_flink = style->form == SL_FORM_FLINK;
    int64_t offset_us =
        is_local && style->zone ? sl_zone_offset_us(style->zone, value->integer) : 0;
    char text[SL_TIME_TEXT_MAX];
    size_t length = sl_timestamp_format(value->integer + offset_us,
                                        is_flink ? value->type->precision : -1, separator, text);
    bool before_christ = text[length - 1] == 'C';

    sl_buffer_add(to, text, before_christ ? length - 3 : length);
    if (is_local && !is_flink)
        format_offset(offset_us, to);
    if (before_christ)
        sl_buffer_add_string(to, " BC");
}

static void
format_months(int64_t months, enum sl_text_form form, struct sl_buffer *to)
{
    int64_t years = months / 12, rest = months % 12;

    if (form == SL_FORM_FLINK) {
        sl_buffer_printf(to, "%c%lld-%02lld", months < 0 ? '-' : '+', llabs(years), llabs(rest));
        return;
    }
    if (years)
        sl_buffer_printf(to, "%" PRId64 " year%s", years, years == 1 ? "" : "s");
    if (rest || months == 0)
        sl_buffer_printf(to, "%s%" PRId64 " mon%s", years ? " " : "", rest, rest == 1 ? "" : "s");
}

/* "1 day 02:03:04.5", "-1 days -02:03:04"; Flink: "+1 02:03:04.500". */
static void
format_interval(int64_t us, enum sl_text_form form, struct sl_buffer *to)
{
    uint64_t magnitude = us < 0 ? -(uint64_t)us : (uint64_t)us;
    int64_t days = (int64_t)(magnitude / SL_US_PER_DAY);
    int64_t rest = (int64_t)(magnitude % SL_US_PER_DAY);
    char text[SL_TIME_TEXT_MAX];

    if (form == SL_FORM_FLINK) {
        sl_time_format(rest, rest % SL_US_PER_MS ? 6 : 3, text);
        sl_buffer_printf(to, "%c%" PRId64 " %s", us < 0 ? '-' : '+', days, text);
        return;
    }
    sl_time_format(rest, -1, text);
    if (days)
        sl_buffer_printf(to, "%s%" PRId64 " day%s", us < 0 ? "-" : "", days,
                         days == 1 && us > 0 ? "" : "s");
    if (rest || days == 0)
        sl_buffer_printf(to, "%s%s%s", days ? " " : "", us < 0 ? "-" : "", text);
}

/* --- nested values, PostgreSQL's forms --- */

/* The text with quotes around it where an array or row literal needs them. */
static void
format_quoted(struct sl_text text, bool in_row, struct sl_buffer *to)
{
    bool quote = text.length == 0 || (!in_row && sl_text_equal_nocase(text, SL_TEXT("NULL")));

    for (size_t i = 0; i < text.length && !quote; i++) {
        char c = text.start[i];

        quote = c == '"' || c == '\\' || c == ',' || isspace((unsigned char)c) ||
                (in_row ? c == '(' || c == ')' : c == '{' || c == '}');
    }
    if (!quote) {
        sl_buffer_add_text(to, text);
        return;
    }
    sl_buffer_add_byte(to, '"');
    for (size_t i = 0; i < text.length; i++) {
        char c = text.start[i];

        if (c == '"' || c == '\\')
            sl_buffer_add_byte(to, in_row ? c : '\\');
        sl_buffer_add_byte(to, c);
    }
    sl_buffer_add_byte(to, '"');
}

static void
format_list_postgres(const struct sl_value *value, const struct format_style *style,
                     struct sl_buffer *to)
{
    bool in_row = value->type->kind == SL_TYPE_ROW;
    struct sl_buffer item;

    sl_buffer_init(&item, SIZE_MAX / 2);
    sl_buffer_add_byte(to, in_row ? '(' : '{');
    for (size_t i = 0; i < value->list.count; i++) {
        const struct sl_value *element = &value->list.items[i];

        if (i)
            sl_buffer_add_byte(to, ',');
        if (element->is_null) {
            sl_buffer_add_string(to, in_row ? "" : "NULL");
        } else if (!in_row && element->type->kind == SL_TYPE_ARRAY) {
            format_value(element, style, to);
        } else {
            sl_buffer_reset(&item);
            format_value(element, style, &item);
            format_quoted(sl_buffer_text(&item), in_row, to);
        }
    }
    sl_buffer_add_byte(to, in_row ? ')' : '}');
    sl_buffer_done(&item);
}

/* How often the item at `at` occurs in a multiset; 0 when an equal one stands before it. */
static size_t
format_multiset_count(const struct sl_value *value, size_t at)
{
    size_t count = 0;

    for (size_t i = 0; i < value->list.count; i++) {
        if (sl_value_compare(&value->list.items[i], &value->list.items[at]) != 0)
            continue;
        if (i < at)
            return 0;
        count++;
    }
    return count;
}

/* --- nested values, Flink's forms --- */

static void
format_item_flink(const struct sl_value *value, const struct format_style *style,
                  struct sl_buffer *to)
{
    if (value->is_null)
        sl_buffer_add_string(to, "NULL");
    else
        format_value(value, style, to);
}

typedef void (*format_item)(const struct sl_value *value, const struct format_style *style,
                            struct sl_buffer *to);

/* The entries of a MAP, or the elements of a MULTISET with their numbers, in braces. */
static void
format_pairs(const struct sl_value *value, const struct format_style *style, format_item format_key,
             const char *between, format_item format_element, struct sl_buffer *to)
{
    bool is_map = value->type->kind == SL_TYPE_MAP, first = true;

    sl_buffer_add_byte(to, '{');
    for (size_t i = 0; i < value->list.count; i += is_map ? 2 : 1) {
        size_t count = is_map ? 1 : format_multiset_count(value, i);

        if (count == 0)
            continue;
        sl_buffer_add_string(to, first ? "" : ", ");
        first = false;
        format_key(&value->list.items[i], style, to);
        sl_buffer_add_string(to, between);
        if (is_map)
            format_element(&value->list.items[i + 1], style, to);
        else
            format_integer((int64_t)count, to);
    }
    sl_buffer_add_byte(to, '}');
}

static void
format_list_flink(const struct sl_value *value, const struct format_style *style,
                  struct sl_buffer *to)
{
    bool is_row = value->type->kind == SL_TYPE_ROW;

    sl_buffer_add_byte(to, is_row ? '(' : '[');
    for (size_t i = 0; i < value->list.count; i++) {
        sl_buffer_add_string(to, i ? ", " : "");
        format_item_flink(&value->list.items[i], style, to);
    }
    sl_buffer_add_byte(to, is_row ? ')' : ']');
}

/* --- JSON --- */

static void
format_json_string(struct sl_text text, struct sl_buffer *to)
{
    sl_buffer_add_byte(to, '"');
    for (size_t i = 0; i < text.length; i++) {
        char c = text.start[i];

        if (c == '"' || c == '\\') {
            sl_buffer_add_byte(to, '\\');
            sl_buffer_add_byte(to, c);
        } else if (c == '\n') {
            sl_buffer_add_string(to, "\\n");
        } else if (c == '\t') {
            sl_buffer_add_string(to, "\\t");
        } else if (c == '\r') {
            sl_buffer_add_string(to, "\\r");
        } else if ((unsigned char)c < 0x20) {
            sl_buffer_printf(to, "\\u%04x", (unsigned)(unsigned char)c);
        } else {
            sl_buffer_add_byte(to, c);
        }
    }
    sl_buffer_add_byte(to, '"');
}

/* The PostgreSQL text of a value as a JSON string. */
static void
format_json_text(const struct sl_value *value, const struct format_style *style,
                 struct sl_buffer *to)
{
    struct sl_buffer text;

    sl_buffer_init(&text, SIZE_MAX / 2);
    if (sl_type_is_timestamp(value->type->kind))
        format_timestamp(value, style, 'T', &text);
    else if (!value->is_null)
        format_value(value, style, &text);
    format_json_string(sl_buffer_text(&text), to);
    sl_buffer_done(&text);
}

static void
format_json_list(const struct sl_value *value, const struct format_style *style,
                 struct sl_buffer *to)
{
    bool is_row = value->type->kind == SL_TYPE_ROW;

    sl_buffer_add_byte(to, is_row ? '{' : '[');
    for (size_t i = 0; i < value->list.count; i++) {
        sl_buffer_add_string(to, i ? ", " : "");
        if (is_row) {
            format_json_string(sl_text_of(value->type->fields[i].name), to);
            sl_buffer_add_string(to, ": ");
        }
        format_json(&value->list.items[i], style, to);
    }
    sl_buffer_add_byte(to, is_row ? '}' : ']');
}

static void
format_json(const struct sl_value *value, const struct format_style *style, struct sl_buffer *to)
{
    enum sl_type_kind kind = value->type->kind;

    if (value->is_null)
        sl_buffer_add_string(to, "null");
    else if (kind == SL_TYPE_BOOLEAN)
        sl_buffer_add_string(to, value->boolean ? "true" : "false");
    else if (kind == SL_TYPE_MAP || kind == SL_TYPE_MULTISET)
        format_pairs(value, style, format_json_text, ": ", format_json, to);
    else if (sl_type_is_nested(kind))
        format_json_list(value, style, to);
    else if (sl_type_is_numeric(kind) &&
             !((kind == SL_TYPE_FLOAT || kind == SL_TYPE_DOUBLE) && !isfinite(value->real)))
        format_value(value, style, to);
    else
        format_json_text(value, style, to);
}

/* --- all values --- */

static void
format_nested(const struct sl_value *value, const struct format_style *style, struct sl_buffer *to)
{
    bool is_list = value->type->kind == SL_TYPE_ARRAY || value->type->kind == SL_TYPE_ROW;
    bool is_flink = style->form == SL_FORM_FLINK;

    if (is_list && is_flink)
        format_list_flink(value, style, to);
    else if (is_list)
        format_list_postgres(value, style, to);
    else if (is_flink)
        format_pairs(value, style, format_item_flink, "=", format_item_flink, to);
    else
        format_pairs(value, style, format_json_text, ": ", format_json, to);
}

static void
format_real(const struct sl_value *value, const struct format_style *style, struct sl_buffer *to)
{
    bool is_float = value->type->kind == SL_TYPE_FLOAT;
    char *at = sl_buffer_reserve(to, SL_REAL_TEXT_MAX);

    to->length += style->form == SL_FORM_FLINK ? sl_real_format_java(value->real, is_float, at)
                                               : sl_real_format_postgres(value->real, is_float, at);
}

static void
format_value(const struct sl_value *value, const struct format_style *style, struct sl_buffer *to)
{
    bool is_flink = style->form == SL_FORM_FLINK;
    char text[SL_TIME_TEXT_MAX];

    switch (value->type->kind) {
    case SL_TYPE_NULL:
        break;
    case SL_TYPE_BOOLEAN:
        sl_buffer_add_string(to, is_flink         ? value->boolean ? "TRUE" : "FALSE"
                                 : value->boolean ? "t"
                                                  : "f");
        break;
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
        format_real(value, style, to);
        break;
    case SL_TYPE_DECIMAL:
        to->length += sl_decimal_format(value->decimal, value->type->scale,
                                        sl_buffer_reserve(to, SL_DECIMAL_TEXT_MAX));
        break;
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
        sl_buffer_add_text(to, value->text);
        break;
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        if (is_flink)
            sl_buffer_add_text(to, value->text);
        else
            format_bytes(value->text, to);
        break;
    case SL_TYPE_DATE:
        sl_buffer_add(to, text, sl_date_format((int32_t)value->integer, text));
        break;
    case SL_TYPE_TIME:
        sl_buffer_add(to, text,
                      sl_time_format(value->integer, is_flink ? value->type->precision : -1, text));
        break;
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        format_timestamp(value, style, ' ', to);
        break;
    case SL_TYPE_INTERVAL_MONTH:
        format_months(value->integer, style->form, to);
        break;
    case SL_TYPE_INTERVAL_DAY:
        format_interval(value->integer, style->form, to);
        break;
    case SL_TYPE_ARRAY:
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
    case SL_TYPE_ROW:
        format_nested(value, style, to);
        break;
    default:
        format_integer(value->integer, to);
        break;
    }
}

void
sl_value_format(const struct sl_value *value, enum sl_text_form form, const struct sl_zone *zone,
                struct sl_buffer *to)
{
    struct format_style style = {form, zone};

    if (!value->is_null)
        format_value(value, &style, to);
}

void
sl_value_format_json(const struct sl_value *value, const struct sl_zone *zone,
                     struct sl_buffer *to)
{
    struct format_style style = {SL_FORM_POSTGRES, zone};

    format_json(value, &style, to);
}

void
sl_column_format(const struct sl_column *column, size_t row, enum sl_text_form form,
                 const struct sl_zone *zone, struct sl_buffer *to)
{
    struct sl_arena arena;
    struct sl_value value;

    sl_arena_init(&arena); /* allocates nothing until a nested value needs it */
    value = sl_value_read(&arena, column, row);
    sl_value_format(&value, form, zone, to);
    sl_arena_done(&arena);
}
