/* Numbers as text: see number_text.h. */
#include "data/number_text.h"

#include "data/time.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct sl_text
sl_number_trim(struct sl_text text)
{
    while (text.length && (unsigned char)text.start[0] <= ' ') {
        text.start++;
        text.length--;
    }
    while (text.length && (unsigned char)text.start[text.length - 1] <= ' ')
        text.length--;
    return text;
}

bool
sl_number_read_integer(struct sl_text text, int64_t *ret_integer)
{
    const char *at = text.start, *end = at + text.length;
    bool is_negative = false;
    uint64_t magnitude = 0;

    if (at < end && (*at == '-' || *at == '+'))
        is_negative = *at++ == '-';
    if (at == end)
        return false;
    while (end - at > 19 && *at == '0')
        at++;
    if (end - at > 19)
        return false;
    for (; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';

        if (digit > 9)
            return false;
        magnitude = magnitude * 10 + digit;
    }
    if (magnitude > (uint64_t)INT64_MAX + is_negative)
        return false;
    *ret_integer = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* digits [. digits] [e [sign] digits], a sign before them; at least one digit. */
static bool
number_scan(struct sl_text text, uint64_t *ret_mantissa, int *ret_exponent, bool *ret_exact)
{
    const char *at = text.start, *end = at + text.length;
    uint64_t mantissa = 0;
    int digit_count = 0, exponent = 0, scientific = 0;
    bool after_point = false, any = false, is_negative = false;

    if (at < end && (*at == '-' || *at == '+'))
        at++;
    for (; at < end && (isdigit((unsigned char)*at) || (*at == '.' && !after_point)); at++) {
        if (*at == '.') {
            after_point = true;
            continue;
        }
        any = true;
        if (digit_count < 19) {
            mantissa = mantissa * 10 + (uint64_t)(*at - '0');
            digit_count += mantissa != 0;
        } else {
            digit_count++;
        }
        exponent -= after_point;
    }
    if (any && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '-' || *at == '+'))
            is_negative = *at++ == '-';
        if (at == end)
            return false;
        for (; at < end && isdigit((unsigned char)*at); at++)
            scientific = SL_MIN(scientific * 10 + (*at - '0'), 100000);
        exponent += is_negative ? -scientific : scientific;
    }
    *ret_mantissa = mantissa;
    *ret_exponent = exponent;
    *ret_exact = digit_count <= 19;
    return any && at == end;
}

bool
sl_number_is_decimal(struct sl_text text)
{
    uint64_t mantissa;
    int exponent;
    bool exact;

    return number_scan(text, &mantissa, &exponent, &exact);
}

/* The words that Java reads. */
static bool
number_read_word(struct sl_text text, double *ret_real)
{
    bool is_negative = text.length && text.start[0] == '-';

    if (text.length && (text.start[0] == '-' || text.start[0] == '+')) {
        text.start++;
        text.length--;
    }
    if (sl_text_equal(text, SL_TEXT("NaN"))) {
        *ret_real = (double)NAN;
        return true;
    }
    if (sl_text_equal(text, SL_TEXT("Infinity"))) {
        *ret_real = is_negative ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    return false;
}

bool
sl_number_read_real(struct sl_text text, bool is_float, double *ret_real)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t mantissa;
    int exponent;
    bool exact;
    char *copy;

    if (!number_scan(text, &mantissa, &exponent, &exact))
        return number_read_word(text, ret_real);
    /* Both factors exact: one rounding (Clinger's fast path). */
    if (exact && mantissa < UINT64_C(1) << 53 && abs(exponent) <= 22 && !is_float) {
        double real = exponent < 0 ? (double)mantissa / powers[-exponent]
                                   : (double)mantissa * powers[exponent];

        *ret_real = text.start[0] == '-' ? -real : real;
        return true;
    }
    copy = sl_alloc(text.length + 1);
    memcpy(copy, text.start, text.length);
    copy[text.length] = '\0';
    *ret_real = is_float ? (double)strtof(copy, NULL) : strtod(copy, NULL);
    free(copy);
    return true;
}

bool
sl_number_read_truncated(struct sl_text text, int64_t *ret_integer)
{
    double real;

    if (sl_number_read_integer(text, ret_integer))
        return true;
    if (!sl_number_read_real(text, false, &real) || !(fabs(real) < 9223372036854775808.0))
        return false;
    *ret_integer = (int64_t)real;
    return true;
}

bool
sl_number_fits(enum sl_type_kind kind, int64_t integer)
{
    switch (kind) {
    case SL_TYPE_TINYINT:
        return integer >= INT8_MIN && integer <= INT8_MAX;
    case SL_TYPE_SMALLINT:
        return integer >= INT16_MIN && integer <= INT16_MAX;
    case SL_TYPE_INT:
    case SL_TYPE_INTERVAL_MONTH:
        return integer >= INT32_MIN && integer <= INT32_MAX;
    default:
        return true;
    }
}

int64_t
sl_number_of_column(const struct sl_column *column, size_t row)
{
    switch (column->type->kind) {
    case SL_TYPE_TINYINT:
        return ((const int8_t *)column->values)[row];
    case SL_TYPE_SMALLINT:
        return ((const int16_t *)column->values)[row];
    case SL_TYPE_INT:
    case SL_TYPE_DATE:
    case SL_TYPE_INTERVAL_MONTH:
        return ((const int32_t *)column->values)[row];
    case SL_TYPE_INTERVAL_DAY:
        return ((const int64_t *)column->values)[row] / SL_US_PER_MS;
    default:
        return ((const int64_t *)column->values)[row];
    }
}

size_t
sl_integer_format(int64_t integer, char *to)
{
    char text[20], *at = text + sizeof(text);
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    size_t length;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (integer < 0)
        *--at = '-';
    length = (size_t)(text + sizeof(text) - at);
    memcpy(to, at, length);
    return length;
}

/* unscaled × 10^-scale where the scale may be negative: "1E+5", "2.7E-8". */
static size_t
decimal_format_scientific(const char *digits, size_t count, int adjusted, bool is_negative,
                          char *to)
{
    size_t at = 0;

    if (is_negative)
        to[at++] = '-';
    to[at++] = digits[0];
    if (count > 1) {
        to[at++] = '.';
        memcpy(to + at, digits + 1, count - 1);
        at += count - 1;
    }
    return at + (size_t)sprintf(to + at, "E%+d", adjusted);
}

size_t
sl_decimal_format_java(sl_int128 value, int scale, bool strip, bool plain, char *to)
{
    char digits[SL_DECIMAL_TEXT_MAX];
    size_t count, at;
    int adjusted;

    if (value == 0 && strip)
        scale = 0;
    while (strip && value != 0 && value % 10 == 0) {
        value /= 10;
        scale--;
    }
    count = sl_decimal_format(value < 0 ? -value : value, 0, digits);
    adjusted = (int)count - 1 - scale;
    if (!plain && (scale < 0 || adjusted < -6))
        return decimal_format_scientific(digits, count, adjusted, value < 0, to);
    at = sl_decimal_format(value, SL_MAX(scale, 0), to);
    for (; scale < 0; scale++)
        to[at++] = '0';
    to[at] = '\0';
    return at;
}
