/* Decimals of up to 38 digits.  Products and dividends that leave 128 bits go through 256-bit
 * intermediates of four 64-bit limbs. */
#include "data/decimal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef unsigned __int128 u128;

struct u256 {
    uint64_t limbs[4]; /* the lowest first */
};

sl_int128
sl_decimal_power10(int exponent)
{
    static const int64_t small[] = {1,
                                    10,
                                    100,
                                    1000,
                                    10000,
                                    100000,
                                    1000000,
                                    10000000,
                                    100000000,
                                    1000000000,
                                    10000000000,
                                    100000000000,
                                    1000000000000,
                                    10000000000000,
                                    100000000000000,
                                    1000000000000000,
                                    10000000000000000,
                                    100000000000000000,
                                    1000000000000000000};

    SL_ASSERT(exponent >= 0 && exponent <= SL_DECIMAL_PRECISION_MAX);
    if (exponent <= 18)
        return small[exponent];
    if (exponent <= 36)
        return (sl_int128)small[18] * small[exponent - 18];
    return (sl_int128)small[18] * small[18] * small[exponent - 36];
}

static u128
decimal_magnitude(sl_int128 value)
{
    return value < 0 ? -(u128)value : (u128)value;
}

bool
sl_decimal_fits(sl_int128 value, int precision)
{
    return decimal_magnitude(value) < (u128)sl_decimal_power10(precision);
}

/* The signed value of a magnitude, if it has at most 38 digits. */
static bool
decimal_from_magnitude(u128 magnitude, bool is_negative, sl_int128 *ret_value)
{
    if (magnitude >= (u128)sl_decimal_power10(SL_DECIMAL_PRECISION_MAX))
        return false;
    *ret_value = is_negative ? -(sl_int128)magnitude : (sl_int128)magnitude;
    return true;
}

bool
sl_decimal_rescale(sl_int128 value, int from_scale, int to_scale, sl_int128 *ret_value)
{
    u128 magnitude = decimal_magnitude(value);

    if (to_scale > from_scale) {
        int up = to_scale - from_scale;

        if (value == 0) {
            *ret_value = 0;
            return true;
        }
        if (up > SL_DECIMAL_PRECISION_MAX ||
            magnitude >= (u128)sl_decimal_power10(SL_DECIMAL_PRECISION_MAX - up))
            return false;
        *ret_value = value * sl_decimal_power10(up);
        return true;
    }
    if (to_scale < from_scale) {
        int down = from_scale - to_scale;
        u128 divisor, quotient, rest;

        if (down > SL_DECIMAL_PRECISION_MAX) {
            *ret_value = 0;
            return true;
        }
        divisor = (u128)sl_decimal_power10(down);
        quotient = magnitude / divisor;
        rest = magnitude - quotient * divisor;
        return decimal_from_magnitude(quotient + (rest >= divisor - rest), value < 0, ret_value);
    }
    return decimal_from_magnitude(magnitude, value < 0, ret_value);
}

static size_t
decimal_digits(u128 magnitude, char *to)
{
    char reversed[40];
    size_t count = 0;

    while (magnitude > UINT64_MAX) {
        uint64_t low = (uint64_t)(magnitude % 1000000000000000000u);

        magnitude /= 1000000000000000000u;
        for (int i = 0; i < 18; i++, low /= 10)
            reversed[count++] = (char)('0' + low % 10);
    }
    for (uint64_t rest = (uint64_t)magnitude; rest || count == 0; rest /= 10)
        reversed[count++] = (char)('0' + rest % 10);
    for (size_t i = 0; i < count; i++)
        to[i] = reversed[count - 1 - i];
    return count;
}

size_t
sl_decimal_format(sl_int128 value, int scale, char *to)
{
    char digits[40];
    size_t count = decimal_digits(decimal_magnitude(value), digits), at = 0;
    size_t fraction = (size_t)scale;

    if (value < 0)
        to[at++] = '-';
    if (count <= fraction) {
        to[at++] = '0';
    } else {
        memcpy(to + at, digits, count - fraction);
        at += count - fraction;
    }
    if (fraction) {
        to[at++] = '.';
        for (size_t i = count; i < fraction; i++)
            to[at++] = '0';
        memcpy(to + at, digits + (count > fraction ? count - fraction : 0),
               SL_MIN(count, fraction));
        at += SL_MIN(count, fraction);
    }
    to[at] = '\0';
    return at;
}

/* The exponent after 'e'; false when there is none. */
static bool
decimal_parse_exponent(struct sl_text text, size_t *at, int *ret_exponent)
{
    bool is_negative = false;
    int exponent = 0;

    (*at)++;
    if (*at < text.length && (text.start[*at] == '-' || text.start[*at] == '+'))
        is_negative = text.start[(*at)++] == '-';
    if (*at == text.length)
        return false;
    for (; *at < text.length && isdigit((unsigned char)text.start[*at]); (*at)++)
        exponent = SL_MIN(exponent * 10 + (text.start[*at] - '0'), 100000);
    *ret_exponent = is_negative ? -exponent : exponent;
    return true;
}

/* Digits of a number: the first 39 significant ones are kept, of the others only how many. */
struct decimal_digits {
    u128 magnitude;
    int kept, dropped, fraction;
    bool round_up; /* the first dropped digit is 5 or more */
};

static bool
decimal_scan(struct sl_text text, size_t *at, struct decimal_digits *digits)
{
    bool any = false, after_point = false;

    for (; *at < text.length; (*at)++) {
        char c = text.start[*at];

        if (c == '.' && !after_point) {
            after_point = true;
            continue;
        }
        if (!isdigit((unsigned char)c))
            break;
        any = true;
        digits->fraction += after_point;
        if (digits->kept < 38) {
            digits->magnitude = digits->magnitude * 10 + (unsigned)(c - '0');
            digits->kept += digits->magnitude != 0;
        } else {
            if (digits->dropped == 0)
                digits->round_up = c >= '5';
            digits->dropped++;
        }
    }
    return any;
}

bool
sl_decimal_parse(struct sl_text text, int scale, sl_int128 *ret_value)
{
    struct decimal_digits digits = {0};
    size_t at = 0;
    bool is_negative = false;
    int exponent = 0, value_scale;
    sl_int128 value;

    while (text.length && isspace((unsigned char)text.start[text.length - 1]))
        text.length--;
    while (at < text.length && isspace((unsigned char)text.start[at]))
        at++;
    if (at < text.length && (text.start[at] == '-' || text.start[at] == '+'))
        is_negative = text.start[at++] == '-';
    if (!decimal_scan(text, &at, &digits))
        return false;
    if (at < text.length && (text.start[at] == 'e' || text.start[at] == 'E') &&
        !decimal_parse_exponent(text, &at, &exponent))
        return false;
    if (at != text.length)
        return false;
    value_scale = digits.fraction - digits.dropped - exponent;
    /* The dropped digits decide only when the kept ones end exactly at the result's scale. */
    if (value_scale == scale && digits.round_up)
        digits.magnitude++;
    if (!decimal_from_magnitude(digits.magnitude, is_negative, &value))
        return false;
    return sl_decimal_rescale(value, value_scale, scale, ret_value);
}

double
sl_decimal_to_double(sl_int128 value, int scale)
{
    u128 magnitude = decimal_magnitude(value);
    char text[SL_DECIMAL_TEXT_MAX];

    /* Both exact: one division rounds once. */
    if (magnitude < ((u128)1 << 53) && scale <= 22)
        return (double)value / (double)sl_decimal_power10(scale);
    sl_decimal_format(value, scale, text);
    return strtod(text, NULL);
}

bool
sl_decimal_from_double(double real, int scale, sl_int128 *ret_value)
{
    char text[64];
    int length;

    if (!isfinite(real) || fabs(real) >= 1e38)
        return false;
    if (real == trunc(real) && fabs(real) < 9e18)
        return sl_decimal_rescale((int64_t)real, 0, scale, ret_value);
    /* The shortest text that reads back as the same double, as BigDecimal.valueOf does. */
    for (int digits = 15;; digits++) {
        length = snprintf(text, sizeof(text), "%.*e", digits - 1, real);
        if (digits == 17 || strtod(text, NULL) == real)
            break;
    }
    return sl_decimal_parse((struct sl_text){text, (size_t)length}, scale, ret_value);
}

/* --- 256 bits --- */

static struct u256
u256_multiply(u128 a, u128 b)
{
    uint64_t a0 = (uint64_t)a, a1 = (uint64_t)(a >> 64), b0 = (uint64_t)b, b1 = (uint64_t)(b >> 64);
    u128 low = (u128)a0 * b0, middle1 = (u128)a0 * b1, middle2 = (u128)a1 * b0;
    u128 high = (u128)a1 * b1, carry;
    struct u256 product;

    carry = (low >> 64) + (uint64_t)middle1 + (uint64_t)middle2;
    product.limbs[0] = (uint64_t)low;
    product.limbs[1] = (uint64_t)carry;
    high += (middle1 >> 64) + (middle2 >> 64) + (carry >> 64);
    product.limbs[2] = (uint64_t)high;
    product.limbs[3] = (uint64_t)(high >> 64);
    return product;
}

/* Divides in place by a divisor below 2^127; returns the rest.  Bit by bit where the divisor has
 * more than one limb: 256 steps, only for numbers of more than 19 digits. */
static u128
u256_divide(struct u256 *number, u128 divisor)
{
    u128 rest = 0;

    if (divisor <= UINT64_MAX) {
        for (int i = 3; i >= 0; i--) {
            u128 part = (rest << 64) | number->limbs[i];

            number->limbs[i] = (uint64_t)(part / (uint64_t)divisor);
            rest = part % (uint64_t)divisor;
        }
        return rest;
    }
    for (int i = 255; i >= 0; i--) {
        uint64_t *limb = &number->limbs[i / 64], bit = UINT64_C(1) << (i % 64);

        rest = (rest << 1) | ((*limb & bit) != 0);
        *limb &= ~bit;
        if (rest >= divisor) {
            rest -= divisor;
            *limb |= bit;
        }
    }
    return rest;
}

/* number / divisor, rounded half up, as a signed decimal. */
static bool
u256_quotient(struct u256 number, u128 divisor, bool is_negative, sl_int128 *ret_value)
{
    u128 rest = u256_divide(&number, divisor);
    u128 quotient = ((u128)number.limbs[1] << 64) | number.limbs[0];

    if (number.limbs[2] || number.limbs[3] || number.limbs[1] >> 63)
        return false;
    return decimal_from_magnitude(quotient + (rest >= divisor - rest), is_negative, ret_value);
}

bool
sl_decimal_multiply(sl_int128 a, int a_scale, sl_int128 b, int b_scale, int to_scale,
                    sl_int128 *ret_value)
{
    int down = a_scale + b_scale - to_scale;
    bool is_negative = (a < 0) != (b < 0);
    u128 a_magnitude = decimal_magnitude(a), b_magnitude = decimal_magnitude(b);
    sl_int128 product;

    if (a_magnitude <= UINT64_MAX && b_magnitude <= UINT64_MAX) {
        u128 magnitude = a_magnitude * b_magnitude;

        if (down == 0)
            return decimal_from_magnitude(magnitude, is_negative, ret_value);
        if (down < 0 || magnitude < (u128)sl_decimal_power10(38)) {
            if (!decimal_from_magnitude(magnitude, is_negative, &product))
                return false;
            return sl_decimal_rescale(product, a_scale + b_scale, to_scale, ret_value);
        }
    }
    if (down < 0 || down > 38) {
        struct u256 wide = u256_multiply(a_magnitude, b_magnitude);

        if (down < 0)
            return u256_quotient(wide, 1, is_negative, &product) &&
                   sl_decimal_rescale(product, a_scale + b_scale, to_scale, ret_value);
        u256_divide(&wide, (u128)sl_decimal_power10(down - 38));
        return u256_quotient(wide, (u128)sl_decimal_power10(38), is_negative, ret_value);
    }
    return u256_quotient(u256_multiply(a_magnitude, b_magnitude), (u128)sl_decimal_power10(down),
                         is_negative, ret_value);
}

bool
sl_decimal_divide(sl_int128 a, int a_scale, sl_int128 b, int b_scale, int to_scale,
                  sl_int128 *ret_value)
{
    int up = to_scale + b_scale - a_scale; /* a × 10^up / b has the result's scale */
    bool is_negative = (a < 0) != (b < 0);
    u128 a_magnitude = decimal_magnitude(a), b_magnitude = decimal_magnitude(b);

    SL_ASSERT(b != 0);
    if (up < 0) {
        /* Divide by b × 10^-up instead, in two steps when that leaves 128 bits. */
        struct u256 divisor = u256_multiply(b_magnitude, (u128)sl_decimal_power10(-up));

        u128 low = ((u128)divisor.limbs[1] << 64) | divisor.limbs[0];

        if (divisor.limbs[2] || divisor.limbs[3] || divisor.limbs[1] >> 63) {
            bool is_half =
                !divisor.limbs[2] && !divisor.limbs[3] && a_magnitude >= low - a_magnitude;

            return decimal_from_magnitude(is_half, is_negative, ret_value);
        }
        return u256_quotient(u256_multiply(a_magnitude, 1), low, is_negative, ret_value);
    }
    if (up > 38) {
        struct u256 wide;

        if (a == 0) {
            *ret_value = 0;
            return true;
        }
        /* Beyond 10^76 the quotient of a magnitude below 10^38 leaves 38 digits in any case. */
        if (up > 76)
            return false;
        if (!sl_decimal_rescale((sl_int128)a_magnitude, 0, up - 38, &a))
            return false;
        wide = u256_multiply((u128)a, (u128)sl_decimal_power10(38));
        return u256_quotient(wide, b_magnitude, is_negative, ret_value);
    }
    return u256_quotient(u256_multiply(a_magnitude, (u128)sl_decimal_power10(up)), b_magnitude,
                         is_negative, ret_value);
}
