/* PostgreSQL's functions over texts that Flink has not: SPLIT_PART, FORMAT, QUOTE_LITERAL … */
#include "expr/kernels.h"
#include "expr/utf8.h"

#include <ctype.h>
#include <stdio.h>

/* --- SPLIT_PART --- */

/* The part at `index` from 0; false: there are fewer. */
static bool
split_part(struct sl_text text, struct sl_text delimiter, int64_t index, struct sl_text *ret_part,
           int64_t *ret_count)
{
    const char *at = text.start, *end = text.start + text.length;
    int64_t count = 0;

    for (;; count++) {
        const char *found = delimiter.length
                                ? memmem(at, (size_t)(end - at), delimiter.start, delimiter.length)
                                : NULL;

        if (count == index) {
            *ret_part = (struct sl_text){at, (size_t)((found ? found : end) - at)};
            return true;
        }
        if (found == NULL)
            break;
        at = found + delimiter.length;
    }
    *ret_count = count + 1;
    return false;
}

/* SPLIT_PART(text, delimiter, n from 1, or from the end when negative); empty without such a part.
 */
void
sl_kernel_split_part(struct sl_call *call)
{
    sl_column_add_heaps_of(call->result, call->pool, call->args[0].column);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row), delimiter = sl_call_text(call, 1, row);
        struct sl_text part = {"", 0};
        int64_t n = sl_call_int(call, 2, row), count = 0;

        if (n == 0) {
            sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE,
                         "SPLIT_PART: the position must not be zero");
            continue;
        }
        if (n < 0 && !split_part(text, delimiter, INT64_MAX, &part, &count))
            n = count + n + 1;
        if (n < 1 || !split_part(text, delimiter, n - 1, &part, &count))
            part = (struct sl_text){"", 0};
        SL_RESULT(call, struct sl_view)[row] = sl_view_of(part.start, part.length);
    }
}

/* STRPOS(text, part): POSITION the other way round. */
void
sl_kernel_strpos(struct sl_call *call)
{
    struct sl_vector swapped[2] = {call->args[1], call->args[0]};
    struct sl_call position = *call;

    position.args = swapped;
    sl_kernel_position(&position);
}

void
sl_kernel_to_hex(struct sl_call *call)
{
    bool is_int = SL_ARG_TYPE(call, 0)->kind != SL_TYPE_BIGINT;
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        const struct sl_vector *arg = &call->args[0];
        uint64_t number = (uint64_t)sl_column_integer(arg->column, row & arg->mask);
        char text[24];
        int length = snprintf(text, sizeof(text), "%llx",
                              (unsigned long long)(is_int ? number & UINT32_MAX : number));

        sl_call_put_text(call, &writer, row, text, (size_t)length);
    }
}

void
sl_kernel_bit_length(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, int32_t)[row] = (int32_t)sl_call_text(call, 0, row).length * 8;
    }
}

/* --- quoting --- */

/* 'it''s'; with a backslash E'…'. */
static void
quote_literal(struct sl_text text, struct sl_buffer *to)
{
    bool has_backslash = text.length && memchr(text.start, '\\', text.length);

    sl_buffer_add_string(to, has_backslash ? "E'" : "'");
    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] == '\'' || text.start[i] == '\\')
            sl_buffer_add_byte(to, text.start[i]);
        sl_buffer_add_byte(to, text.start[i]);
    }
    sl_buffer_add_byte(to, '\'');
}

static bool
quote_is_plain(struct sl_text text)
{
    /* Words that PostgreSQL reserves and that are likely as names. */
    static const char *const reserved[] = {
        "all",     "and",        "any",      "array",   "as",        "asc",     "both",
        "case",    "cast",       "check",    "column",  "create",    "cross",   "current_date",
        "default", "desc",       "distinct", "do",      "else",      "end",     "except",
        "false",   "fetch",      "for",      "foreign", "from",      "full",    "grant",
        "group",   "having",     "in",       "inner",   "intersect", "into",    "is",
        "join",    "lateral",    "left",     "like",    "limit",     "natural", "not",
        "null",    "offset",     "on",       "only",    "or",        "order",   "outer",
        "primary", "references", "right",    "select",  "table",     "then",    "to",
        "true",    "union",      "unique",   "user",    "using",     "values",  "when",
        "where",   "window",     "with",
    };

    if (text.length == 0 || !(islower((unsigned char)*text.start) || *text.start == '_'))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.start[i];

        if (!islower(c) && !isdigit(c) && c != '_')
            return false;
    }
    for (size_t i = 0; i < SL_COUNT_OF(reserved); i++) {
        if (sl_text_equal(text, sl_text_of(reserved[i])))
            return false;
    }
    return true;
}

static void
quote_identifier(struct sl_text text, struct sl_buffer *to)
{
    if (quote_is_plain(text)) {
        sl_buffer_add_text(to, text);
        return;
    }
    sl_buffer_add_byte(to, '"');
    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] == '"')
            sl_buffer_add_byte(to, '"');
        sl_buffer_add_byte(to, text.start[i]);
    }
    sl_buffer_add_byte(to, '"');
}

static void
quote_rows(struct sl_call *call, void (*quote)(struct sl_text text, struct sl_buffer *to))
{
    struct sl_heap_writer writer;
    struct sl_buffer buffer;

    sl_call_heap(call, &writer);
    sl_buffer_init(&buffer, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        sl_buffer_reset(&buffer);
        if (sl_call_arg_is_null(call, 0, row)) /* QUOTE_NULLABLE */
            sl_buffer_add_string(&buffer, "NULL");
        else
            quote(sl_call_text(call, 0, row), &buffer);
        sl_call_put_text(call, &writer, row, buffer.data, buffer.length);
    }
    sl_buffer_done(&buffer);
}

void
sl_kernel_quote_literal(struct sl_call *call)
{
    quote_rows(call, quote_literal);
}

void
sl_kernel_quote_ident(struct sl_call *call)
{
    quote_rows(call, quote_identifier);
}

/* --- FORMAT --- */

struct format_item {
    size_t arg; /* from 1 */
    bool left;
    size_t width;
    char conversion;
};

/* What follows a percent sign; NULL: it is broken. */
static const char *
format_read(const char *at, const char *end, struct format_item *item)
{
    const char *digits = at;
    size_t number = 0;

    *item = (struct format_item){0};
    for (; at < end && isdigit((unsigned char)*at) && number < 100000; at++)
        number = number * 10 + (size_t)(*at - '0');
    if (at > digits && at < end && *at == '$') {
        item->arg = number;
        number = 0;
        at++;
        if (item->arg == 0)
            return NULL;
    } else {
        at = digits;
        number = 0;
    }
    for (; at < end && *at == '-'; at++)
        item->left = true;
    for (; at < end && isdigit((unsigned char)*at) && number < 100000; at++)
        number = number * 10 + (size_t)(*at - '0');
    item->width = number;
    if (at == end || memchr("sIL%", *at, 4) == NULL)
        return NULL;
    item->conversion = *at;
    return at + 1;
}

static bool
format_value(struct sl_call *call, size_t row, const struct format_item *item, struct sl_buffer *to)
{
    struct sl_text text = {"", 0};
    bool is_null = sl_call_arg_is_null(call, item->arg, row);

    if (!is_null)
        text = sl_call_text(call, item->arg, row);
    if (item->conversion == 's') {
        sl_buffer_add_text(to, text);
    } else if (item->conversion == 'L') {
        if (is_null)
            sl_buffer_add_string(to, "NULL");
        else
            quote_literal(text, to);
    } else if (is_null) {
        sl_call_fail(call, row, SL_E_NULL_VALUE, "FORMAT: NULL cannot be formatted as a name");
        return false;
    } else {
        quote_identifier(text, to);
    }
    return true;
}

static bool
format_fail(struct sl_call *call, size_t row, const char *why)
{
    sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE, "FORMAT: \"%s\": %s",
                 sl_call_arg_text(call, 0, row), why);
    return false;
}

static void
format_pad(const struct format_item *item, struct sl_text value, struct sl_buffer *to)
{
    size_t count = sl_utf8_count(value.start, value.length);

    for (size_t i = count; !item->left && i < item->width; i++)
        sl_buffer_add_byte(to, ' ');
    sl_buffer_add_text(to, value);
    for (size_t i = count; item->left && i < item->width; i++)
        sl_buffer_add_byte(to, ' ');
}

static bool
format_row(struct sl_call *call, size_t row, struct sl_buffer *to, struct sl_buffer *value)
{
    struct sl_text format = sl_call_text(call, 0, row);
    const char *at = format.start, *end = format.start + format.length;
    size_t next = 1;

    while (at < end) {
        const char *percent = memchr(at, '%', (size_t)(end - at));
        struct format_item item;

        sl_buffer_add(to, at, (size_t)((percent ? percent : end) - at));
        if (percent == NULL)
            return true;
        at = format_read(percent + 1, end, &item);
        if (at == NULL)
            return format_fail(call, row, "a conversion is broken, or is none of s I L %");
        if (item.conversion == '%') {
            sl_buffer_add_byte(to, '%');
            continue;
        }
        if (item.arg == 0)
            item.arg = next;
        next = item.arg + 1;
        if (item.arg >= call->arg_count)
            return format_fail(call, row, "there are fewer arguments than it names");
        sl_buffer_reset(value);
        if (!format_value(call, row, &item, value))
            return false;
        format_pad(&item, (struct sl_text){value->data ? value->data : "", value->length}, to);
    }
    return true;
}

/* FORMAT(text, value, …): %s %I %L %%, with n$, - and a width. */
void
sl_kernel_format(struct sl_call *call)
{
    struct sl_heap_writer writer;
    struct sl_buffer text, value;

    sl_call_heap(call, &writer);
    sl_buffer_init(&text, SIZE_MAX / 2);
    sl_buffer_init(&value, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        sl_buffer_reset(&text);
        if (sl_call_arg_is_null(call, 0, row))
            sl_call_set_null(call, row);
        else if (format_row(call, row, &text, &value))
            sl_call_put_text(call, &writer, row, text.data ? text.data : "", text.length);
    }
    sl_buffer_done(&value);
    sl_buffer_done(&text);
}
