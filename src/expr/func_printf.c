/* PRINTF: java.util.Formatter's conversions s d x o e f g b c n and %, with its flags, widths,
 * precisions and argument numbers.  Dates (%t) and hash codes (%h) are refused. */
#include "data/decimal.h"
#include "expr/kernels.h"
#include "expr/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#define PRINTF_WIDTH_MAX 100000

struct printf_item {
    size_t arg; /* from 1, the format being argument 0 */
    bool left, zero, plus, blank, group, parenthesis, alternate;
    int width, precision; /* -1: none */
    char conversion;
};

struct printf_run {
    struct sl_call *call;
    size_t row;
    size_t next_arg, last_arg;
    struct sl_buffer text, value;
};

static bool
printf_fail(struct printf_run *run, const char *why)
{
    sl_call_fail(run->call, run->row, SL_E_INVALID_PARAMETER_VALUE, "PRINTF: format \"%s\": %s",
                 sl_call_arg_text(run->call, 0, run->row), why);
    return false;
}

static const char *
printf_read_number(const char *at, const char *end, int *ret_number)
{
    int number = 0;

    while (at < end && isdigit((unsigned char)*at) && number < PRINTF_WIDTH_MAX)
        number = number * 10 + (*at++ - '0');
    *ret_number = number;
    return at;
}

static bool
printf_read_flag(struct printf_item *item, char c)
{
    switch (c) {
    case '-':
        return item->left = true;
    case '0':
        return item->zero = true;
    case '+':
        return item->plus = true;
    case ' ':
        return item->blank = true;
    case ',':
        return item->group = true;
    case '(':
        return item->parenthesis = true;
    case '#':
        return item->alternate = true;
    default:
        return false;
    }
}

/* What follows a percent sign; the position behind it, or NULL: the row has failed. */
static const char *
printf_read(struct printf_run *run, const char *at, const char *end, struct printf_item *item)
{
    const char *behind;
    int number;

    *item = (struct printf_item){.width = -1, .precision = -1};
    behind = printf_read_number(at, end, &number);
    if (behind > at && behind < end && *behind == '$') {
        item->arg = (size_t)number;
        at = behind + 1;
    } else if (at < end && *at == '<') {
        item->arg = run->last_arg;
        at++;
    }
    while (at < end && printf_read_flag(item, *at))
        at++;
    behind = printf_read_number(at, end, &number);
    if (behind > at)
        item->width = number;
    at = behind;
    if (at < end && *at == '.') {
        behind = printf_read_number(at + 1, end, &item->precision);
        if (behind == at + 1)
            item->precision = -2;
        at = behind;
    }
    if (at >= end || item->precision == -2 || item->width >= PRINTF_WIDTH_MAX ||
        item->precision >= PRINTF_WIDTH_MAX || !memchr("sSdxXoeEfgGbBcCn%", *at, 17)) {
        printf_fail(run, "a conversion is broken, or is none of s d x o e f g b c n %");
        return NULL;
    }
    item->conversion = *at;
    return at + 1;
}

/* --- values, into run->value --- */

static bool
printf_mismatch(struct printf_run *run, const struct printf_item *item)
{
    const struct sl_type *type = SL_ARG_TYPE(run->call, item->arg);

    return printf_fail(run, sl_arena_printf(sl_call_arena(run->call), "%%%c does not take %s",
                                            item->conversion, sl_call_type_text(run->call, type)));
}

/* A comma every three digits in front of the point. */
static void
printf_group(struct sl_buffer *value)
{
    size_t whole = strcspn(value->data, ".");
    char *to;

    for (size_t behind = 3; behind < whole; behind += 3) {
        size_t at = whole - behind;

        sl_buffer_reserve(value, 1);
        to = value->data + at;
        memmove(to + 1, to, value->length - at + 1);
        *to = ',';
        value->length++;
    }
}

/* Sign and grouping around digits that have none; zeros up to the width. */
static void
printf_finish_number(struct printf_run *run, const struct printf_item *item, bool is_negative)
{
    struct sl_buffer *value = &run->value;
    const char *sign = is_negative   ? (item->parenthesis ? "(" : "-")
                       : item->plus  ? "+"
                       : item->blank ? " "
                                     : "";
    size_t sign_length = strlen(sign), length, missing = 0;
    bool closes = is_negative && item->parenthesis;

    if (item->group)
        printf_group(value);
    length = value->length + sign_length + closes;
    if (item->zero && item->width > (int)length)
        missing = (size_t)item->width - length;
    sl_buffer_reserve(value, missing + sign_length + 2);
    memmove(value->data + sign_length + missing, value->data, value->length);
    memcpy(value->data, sign, sign_length);
    memset(value->data + sign_length, '0', missing);
    value->length += sign_length + missing;
    value->data[value->length] = '\0';
    if (closes)
        sl_buffer_add_byte(value, ')');
}

static bool
printf_integer(struct printf_run *run, const struct printf_item *item)
{
    const struct sl_vector *arg = &run->call->args[item->arg];
    int64_t number;
    uint64_t bits;

    if (!sl_type_is_integer(arg->column->type->kind))
        return printf_mismatch(run, item);
    number = sl_column_integer(arg->column, run->row & arg->mask);
    if (item->conversion == 'd') {
        sl_buffer_printf(&run->value, "%llu",
                         number < 0 ? (unsigned long long)0 - (unsigned long long)number
                                    : (unsigned long long)number);
        printf_finish_number(run, item, number < 0);
        return true;
    }
    bits = (uint64_t)number;
    if (sl_type_width(arg->column->type->kind) < 8)
        bits &= (UINT64_C(1) << 8 * sl_type_width(arg->column->type->kind)) - 1;
    if (item->alternate)
        sl_buffer_add_string(&run->value, item->conversion == 'o' ? "0" : "0x");
    sl_buffer_printf(&run->value, item->conversion == 'o' ? "%llo" : "%llx",
                     (unsigned long long)bits);
    printf_finish_number(run, item, false);
    return true;
}

static bool
printf_real(struct printf_run *run, const struct printf_item *item)
{
    const struct sl_vector *arg = &run->call->args[item->arg];
    const struct sl_type *type = arg->column->type;
    size_t at = run->row & arg->mask;
    int precision = item->precision < 0 ? 6 : SL_MIN(item->precision, 300);
    char letter = (char)(item->conversion | 0x20);
    double number;

    if (type->kind == SL_TYPE_DOUBLE)
        number = ((const double *)arg->column->values)[at];
    else if (type->kind == SL_TYPE_FLOAT)
        number = (double)((const float *)arg->column->values)[at];
    else if (type->kind == SL_TYPE_DECIMAL)
        number = sl_decimal_to_double(((const sl_int128 *)arg->column->values)[at], type->scale);
    else
        return printf_mismatch(run, item);
    if (!isfinite(number)) {
        struct printf_item plain = *item;

        plain.zero = plain.group = false;
        sl_buffer_add_string(&run->value, isnan(number) ? "NaN" : "Infinity");
        printf_finish_number(run, &plain, number < 0);
        return true;
    }
    if (letter == 'f')
        sl_buffer_printf(&run->value, "%.*f", precision, fabs(number));
    else if (letter == 'e')
        sl_buffer_printf(&run->value, "%.*e", precision, fabs(number));
    else
        sl_buffer_printf(&run->value, "%#.*g", precision ? precision : 1, fabs(number));
    printf_finish_number(run, item, signbit(number) != 0);
    return true;
}

static bool
printf_character(struct printf_run *run, const struct printf_item *item)
{
    const struct sl_vector *arg = &run->call->args[item->arg];
    int64_t number;
    char text[4];

    if (!sl_type_is_integer(arg->column->type->kind))
        return printf_mismatch(run, item);
    number = sl_column_integer(arg->column, run->row & arg->mask);
    if (number < 0 || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
        return printf_fail(run, "%c takes the number of a character");
    sl_buffer_add(&run->value, text, sl_utf8_write((int32_t)number, text));
    return true;
}

static void
printf_text(struct printf_run *run, const struct printf_item *item)
{
    const struct sl_vector *arg = &run->call->args[item->arg];
    struct sl_buffer *value = &run->value;

    sl_column_format(arg->column, run->row & arg->mask, SL_FORM_FLINK, run->call->settings->zone,
                     value);
    if (item->precision >= 0 && value->length)
        value->length = (size_t)(sl_utf8_skip(value->data, value->data + value->length,
                                              (size_t)item->precision) -
                                 value->data);
}

static bool
printf_value(struct printf_run *run, const struct printf_item *item)
{
    const struct sl_vector *arg = &run->call->args[item->arg];
    size_t at = run->row & arg->mask;
    char letter = (char)(item->conversion | 0x20);
    bool is_null = sl_column_is_null(arg->column, at);

    if (letter == 'b') {
        bool is_true = !is_null && (arg->column->type->kind != SL_TYPE_BOOLEAN ||
                                    ((const uint8_t *)arg->column->values)[at]);

        sl_buffer_add_string(&run->value, is_true ? "true" : "false");
        return true;
    }
    if (is_null) {
        sl_buffer_add_string(&run->value, "null");
        return true;
    }
    if (letter == 'd' || letter == 'x' || letter == 'o')
        return printf_integer(run, item);
    if (letter == 'e' || letter == 'f' || letter == 'g')
        return printf_real(run, item);
    if (letter == 'c')
        return printf_character(run, item);
    printf_text(run, item);
    return true;
}

/* --- the whole --- */

static void
printf_put(struct printf_run *run, const struct printf_item *item)
{
    struct sl_buffer *value = &run->value;
    size_t count = sl_utf8_count(value->data ? value->data : "", value->length);
    size_t missing = item->width > (int)count ? (size_t)item->width - count : 0;

    if (isupper((unsigned char)item->conversion)) {
        for (size_t i = 0; i < value->length; i++)
            value->data[i] = (char)toupper((unsigned char)value->data[i]);
    }
    if (!item->left)
        memset(sl_buffer_reserve(&run->text, missing), ' ', missing);
    if (!item->left)
        run->text.length += missing;
    sl_buffer_add_text(&run->text, sl_buffer_text(value));
    if (item->left) {
        memset(sl_buffer_reserve(&run->text, missing), ' ', missing);
        run->text.length += missing;
    }
}

static bool
printf_item_run(struct printf_run *run, struct printf_item *item)
{
    sl_buffer_reset(&run->value);
    if (item->conversion == 'n' || item->conversion == '%') {
        sl_buffer_add_byte(&run->value, item->conversion == 'n' ? '\n' : '%');
        printf_put(run, item);
        return true;
    }
    if (item->arg == 0)
        item->arg = run->next_arg++;
    if (item->arg >= run->call->arg_count)
        return printf_fail(run, "there are fewer arguments than it names");
    run->last_arg = item->arg;
    if (!printf_value(run, item))
        return false;
    printf_put(run, item);
    return true;
}

static bool
printf_row(struct printf_run *run)
{
    struct sl_text format = sl_call_text(run->call, 0, run->row);
    const char *at = format.start, *end = format.start + format.length;
    struct printf_item item;

    run->next_arg = 1;
    run->last_arg = SIZE_MAX;
    sl_buffer_reset(&run->text);
    while (at < end) {
        const char *percent = memchr(at, '%', (size_t)(end - at));

        sl_buffer_add(&run->text, at, (size_t)((percent ? percent : end) - at));
        if (percent == NULL)
            break;
        at = printf_read(run, percent + 1, end, &item);
        if (at == NULL || !printf_item_run(run, &item) ||
            !sl_call_text_fits(run->call, run->row, run->text.length))
            return false;
    }
    return true;
}

/* PRINTF(format, value, …): a NULL format gives NULL, a NULL value prints as null. */
void
sl_kernel_printf(struct sl_call *call)
{
    struct printf_run run = {.call = call};
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    sl_buffer_init(&run.text, SIZE_MAX / 2);
    sl_buffer_init(&run.value, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        run.row = row;
        if (sl_call_arg_is_null(call, 0, row))
            sl_call_set_null(call, row);
        else if (printf_row(&run))
            sl_call_put_text(call, &writer, row, run.text.data ? run.text.data : "",
                             run.text.length);
    }
    sl_buffer_done(&run.value);
    sl_buffer_done(&run.text);
}
