/* Casts from and to text and bytes.  To CHAR(n) and VARCHAR(n) is cut, and CHAR padded, as SQL has
 * it for explicit casts. */
#include "data/time.h"
#include "expr/cast.h"
#include "expr/utf8.h"

#include <ctype.h>
#include <utf8proc.h>

/* Cuts or pads a text or bytes to the result's type and sets it. */
static void
text_put(struct sl_call *call, struct sl_heap_writer *writer, size_t row, struct sl_text text)
{
    const struct sl_type *to = call->expr->type;
    size_t limit = (size_t)to->precision, count = text.length, missing;
    bool is_text = sl_type_is_text(to->kind);
    char *padded;

    if (to->precision != SL_LENGTH_MAX) {
        if (is_text)
            count = sl_utf8_count(text.start, text.length);
        if (count > limit) {
            text.length = is_text
                              ? (size_t)(sl_utf8_skip(text.start, text.start + text.length, limit) -
                                         text.start)
                              : limit;
            count = limit;
        }
    }
    if ((to->kind != SL_TYPE_CHAR && to->kind != SL_TYPE_BINARY) || count >= limit) {
        SL_RESULT(call, struct sl_view)[row] = sl_heap_writer_copy(writer, text.start, text.length);
        return;
    }
    missing = limit - count;
    padded = sl_heap_writer_reserve(writer, text.length + missing);
    memcpy(padded, text.start, text.length);
    memset(padded + text.length, is_text ? ' ' : '\0', missing);
    SL_RESULT(call, struct sl_view)[row] = sl_view_of(padded, text.length + missing);
    sl_heap_writer_commit(writer, text.length + missing);
}

/* Among CHAR, VARCHAR, BINARY, VARBINARY. */
void
sl_cast_views(struct sl_call *call)
{
    bool check =
        sl_type_is_bytes(SL_ARG_TYPE(call, 0)->kind) && sl_type_is_text(call->expr->type->kind);
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    CAST_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);

        if (check && !sl_utf8_is_valid(text.start, text.length))
            sl_cast_fail(call, row, SL_E_INVALID_ENCODING, "CAST: %s is no UTF-8 text",
                         sl_call_arg_text(call, 0, row));
        else
            text_put(call, &writer, row, text);
    }
}

void
sl_cast_to_text(struct sl_call *call)
{
    struct sl_heap_writer writer;
    struct sl_buffer buffer;

    sl_call_heap(call, &writer);
    sl_buffer_init(&buffer, SIZE_MAX / 2);
    CAST_FOR_ROWS(call, row)
    {
        sl_buffer_reset(&buffer);
        sl_column_format(call->args[0].column, row, SL_FORM_FLINK, call->settings->zone, &buffer);
        text_put(call, &writer, row,
                 (struct sl_text){buffer.data ? buffer.data : "", buffer.length});
    }
    sl_buffer_done(&buffer);
}

/* --- from text --- */

/* A whole number, or one with a fraction, which is cut ("1.234" is 1, as in Flink). */
static int
text_read_integer(struct sl_text text, int64_t min, int64_t max, int64_t *ret_integer)
{
    const char *at = text.start, *end = at + text.length;
    bool is_negative, any = false, fits = true;
    uint64_t magnitude = 0, limit;

    while (at < end && isspace((unsigned char)*at))
        at++;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    limit = is_negative ? -(uint64_t)min : (uint64_t)max;
    for (; at < end && isdigit((unsigned char)*at); at++) {
        unsigned digit = (unsigned)(*at - '0');

        any = true;
        if (!fits || magnitude > (limit - digit) / 10)
            fits = false;
        else
            magnitude = magnitude * 10 + digit;
    }
    if (at < end && *at == '.') {
        for (at++; at < end && isdigit((unsigned char)*at); at++)
            any = true;
    }
    if (!any || at != end)
        return SL_E_INVALID_TEXT;
    *ret_integer = (int64_t)(is_negative ? -magnitude : magnitude);
    return fits ? SL_OK : SL_E_NUMERIC_OUT_OF_RANGE;
}

static void
text_fail(struct sl_call *call, size_t row, int code)
{
    if (call->expr->cast == SL_CAST_TRY)
        sl_cast_fail(call, row, code, "does not parse");
    else if (code == SL_E_NUMERIC_OUT_OF_RANGE)
        sl_cast_fail(call, row, code, "CAST: value \"%s\" is out of range for type %s",
                     sl_call_arg_text(call, 0, row), sl_call_type_text(call, call->expr->type));
    else
        sl_cast_fail(call, row, code, "CAST: invalid input for type %s: \"%s\"",
                     sl_call_type_text(call, call->expr->type), sl_call_arg_text(call, 0, row));
}

#define TEXT_TO_INTEGERS(c_type, min, max)                                              \
    do {                                                                                \
        CAST_FOR_ROWS(call, row)                                                        \
        {                                                                               \
            int64_t integer = 0;                                                        \
            int rc = text_read_integer(sl_call_text(call, 0, row), min, max, &integer); \
            if (rc < 0)                                                                 \
                text_fail(call, row, rc);                                               \
            else                                                                        \
                SL_RESULT(call, c_type)[row] = (c_type)integer;                         \
        }                                                                               \
    } while (0)

/* A parsed value of a scalar type that is no integer into its place. */
static void
text_set(struct sl_call *call, size_t row, const struct sl_value *value)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_BOOLEAN:
        SL_RESULT(call, uint8_t)[row] = value->boolean;
        break;
    case SL_TYPE_FLOAT:
        SL_RESULT(call, float)[row] = (float)value->real;
        break;
    case SL_TYPE_DOUBLE:
        SL_RESULT(call, double)[row] = value->real;
        break;
    case SL_TYPE_DECIMAL:
        SL_RESULT(call, sl_int128)[row] = value->decimal;
        break;
    case SL_TYPE_DATE:
    case SL_TYPE_INTERVAL_MONTH:
        SL_RESULT(call, int32_t)[row] = (int32_t)value->integer;
        break;
    default:
        SL_RESULT(call, int64_t)[row] = value->integer;
        break;
    }
}

/* A date or time that ends early: no other way of reading values takes it. */
static bool
text_to_short_time(struct sl_text text, const struct sl_type *type, struct sl_value *value)
{
    int32_t days;

    if (type->kind == SL_TYPE_TIME)
        return sl_time_parse_short(text, &value->integer);
    if (type->kind != SL_TYPE_DATE || !sl_date_parse_short(text, &days))
        return false;
    value->integer = days;
    return true;
}

static void
text_to_values(struct sl_call *call)
{
    CAST_FOR_ROWS(call, row)
    {
        const struct sl_type *type = call->expr->type;
        struct sl_text text = sl_call_text(call, 0, row);
        struct sl_value value;
        struct sl_error err;
        int rc =
            sl_value_parse(sl_call_arena(call), type, text, call->settings->zone, &value, &err);

        if (rc < 0 && !text_to_short_time(text, type, &value))
            text_fail(call, row, rc);
        else
            text_set(call, row, &value);
    }
}

void
sl_cast_from_text(struct sl_call *call)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        TEXT_TO_INTEGERS(int8_t, INT8_MIN, INT8_MAX);
        break;
    case SL_TYPE_SMALLINT:
        TEXT_TO_INTEGERS(int16_t, INT16_MIN, INT16_MAX);
        break;
    case SL_TYPE_INT:
        TEXT_TO_INTEGERS(int32_t, INT32_MIN, INT32_MAX);
        break;
    case SL_TYPE_BIGINT:
        TEXT_TO_INTEGERS(int64_t, INT64_MIN, INT64_MAX);
        break;
    default:
        text_to_values(call);
        break;
    }
}
