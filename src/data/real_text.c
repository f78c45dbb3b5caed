/* Shortest texts of floating-point numbers.  Numbers of up to 15 digits, nearly all there are, go
 * through integer arithmetic: if n / 10^k is the number, n are its digits, for such a division is
 * exact to the last bit and 15 digits always read back.  The others try 16 and 17 digits. */
#include "data/real_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct real_digits {
    char digits[24];
    int count;
    int exponent; /* of the first digit: d.ddd × 10^exponent */
};

static void
real_digits_of_integer(uint64_t number, int scale, struct real_digits *result)
{
    char text[24];
    int length = snprintf(text, sizeof(text), "%llu", (unsigned long long)number);

    result->exponent = length - 1 - scale;
    while (length > 1 && text[length - 1] == '0')
        length--;
    memcpy(result->digits, text, (size_t)length);
    result->count = length;
}

static bool
real_digits_fast(double real, bool is_float, struct real_digits *result)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    double limit = is_float ? 1e6 : 1e15;

    for (int scale = 0; scale < (int)SL_COUNT_OF(powers); scale++) {
        double scaled = real * powers[scale], whole = nearbyint(scaled);

        if (whole >= limit)
            return false;
        if (is_float ? (float)(whole / powers[scale]) == (float)real
                     : whole / powers[scale] == real) {
            real_digits_of_integer((uint64_t)whole, scale, result);
            return whole > 0;
        }
    }
    return false;
}

/* A positive, finite number. */
static void
real_digits_of(double real, bool is_float, struct real_digits *result)
{
    char text[40];
    int first = is_float ? 6 : 15, last = is_float ? 9 : 17;

    if (real_digits_fast(real, is_float, result))
        return;
    for (int digits = first; digits <= last; digits++) {
        snprintf(text, sizeof(text), "%.*e", digits - 1, real);
        if (digits == last ||
            (is_float ? strtof(text, NULL) == (float)real : strtod(text, NULL) == real))
            break;
    }
    result->count = 0;
    for (const char *c = text; *c != 'e'; c++) {
        if (*c != '.')
            result->digits[result->count++] = *c;
    }
    while (result->count > 1 && result->digits[result->count - 1] == '0')
        result->count--;
    result->exponent = atoi(strchr(text, 'e') + 1);
}

/* ddd.ddd; at least `fraction_min` digits after the point. */
static char *
real_put_fixed(const struct real_digits *digits, int fraction_min, char *to)
{
    int at = 0, fraction = 0;

    if (digits->exponent < 0) {
        *to++ = '0';
    } else {
        for (; at <= digits->exponent; at++)
            *to++ = at < digits->count ? digits->digits[at] : '0';
    }
    if (digits->count <= digits->exponent + 1 && fraction_min == 0)
        return to;
    *to++ = '.';
    for (int zeroes = -1 - digits->exponent; zeroes > 0; zeroes--, fraction++)
        *to++ = '0';
    for (; at < digits->count; at++, fraction++)
        *to++ = digits->digits[at];
    for (; fraction < fraction_min; fraction++)
        *to++ = '0';
    return to;
}

static char *
real_put_digits(const struct real_digits *digits, int fraction_min, char *to)
{
    struct real_digits shifted = *digits;

    shifted.exponent = 0;
    return real_put_fixed(&shifted, fraction_min, to);
}

static size_t
real_finish(char *to, char *at)
{
    *at = '\0';
    return (size_t)(at - to);
}

/* NaN, infinities and zeroes; NULL when it is another number. */
static const char *
real_special(double real, bool is_java)
{
    if (isnan(real))
        return "NaN";
    if (isinf(real))
        return real > 0 ? "Infinity" : "-Infinity";
    if (real == 0)
        return signbit(real) ? (is_java ? "-0.0" : "-0") : (is_java ? "0.0" : "0");
    return NULL;
}

/* Sign and digits of a number that is none of those; *ret_at is where the digits go. */
static bool
real_begin(double real, bool is_float, bool is_java, char *to, struct real_digits *digits,
           char **ret_at)
{
    const char *special = real_special(real, is_java);

    if (special) {
        memcpy(to, special, strlen(special) + 1);
        return false;
    }
    *ret_at = to;
    if (real < 0)
        *(*ret_at)++ = '-';
    real_digits_of(fabs(real), is_float, digits);
    return true;
}

size_t
sl_real_format_postgres(double real, bool is_float, char *to)
{
    struct real_digits digits;
    char *at;

    if (!real_begin(real, is_float, false, to, &digits, &at))
        return strlen(to);
    if (digits.exponent >= -4 && digits.exponent < (is_float ? 6 : 15))
        return real_finish(to, real_put_fixed(&digits, 0, at));
    at = real_put_digits(&digits, 0, at);
    at += sprintf(at, "e%+03d", digits.exponent);
    return real_finish(to, at);
}

size_t
sl_real_format_java(double real, bool is_float, char *to)
{
    struct real_digits digits;
    char *at;

    if (!real_begin(real, is_float, true, to, &digits, &at))
        return strlen(to);
    if (digits.exponent >= -3 && digits.exponent < 7)
        return real_finish(to, real_put_fixed(&digits, 1, at));
    at = real_put_digits(&digits, 1, at);
    at += sprintf(at, "E%d", digits.exponent);
    return real_finish(to, at);
}
