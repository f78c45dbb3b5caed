/* Decimal arithmetic at its edges; quotients and products checked by hand or with PostgreSQL. */
#include "data/data_test.h"
#include "data/decimal.h"

static sl_int128
decimal(const char *text, int scale)
{
    sl_int128 value = 0;

    cr_assert(sl_decimal_parse(sl_text_of(text), scale, &value), "%s", text);
    return value;
}

static void
expect(sl_int128 value, int scale, const char *text)
{
    char actual[SL_DECIMAL_TEXT_MAX];

    sl_decimal_format(value, scale, actual);
    cr_expect_str_eq(actual, text);
}

Test(data_decimal, parse_rounds_half_away_from_zero)
{
    expect(decimal("1.005", 2), 2, "1.01");
    expect(decimal("-1.005", 2), 2, "-1.01");
    expect(decimal("1.0049", 2), 2, "1.00");
    expect(decimal("12e-3", 2), 2, "0.01");
    expect(decimal(".5", 0), 0, "1");
    expect(decimal("1.23e2", 1), 1, "123.0");
    expect(decimal("0.00000000000000000000000000000000000000000000000001", 2), 2, "0.00");
    expect(decimal("1.000000000000000000000000000000000000000000000000001", 2), 2, "1.00");
    expect(decimal("-99999999999999999999999999999999999999", 0), 0,
           "-99999999999999999999999999999999999999");
}

Test(data_decimal, multiply_through_256_bits)
{
    sl_int128 result;

    cr_assert(sl_decimal_multiply(decimal("1234567890123456789.123456789012345678", 18), 18,
                                  decimal("2", 18), 18, 18, &result));
    expect(result, 18, "2469135780246913578.246913578024691356");
    cr_assert(sl_decimal_multiply(decimal("-99999999999999999999", 0), 0,
                                  decimal("0.00000000000000000015", 20), 20, 2, &result));
    expect(result, 2, "-15.00");
    cr_assert_not(sl_decimal_multiply(decimal("1e20", 0), 0, decimal("1e20", 0), 0, 0, &result));
    cr_assert(sl_decimal_multiply(decimal("1.5", 1), 1, decimal("1.5", 1), 1, 1, &result));
    expect(result, 1, "2.3");
}

Test(data_decimal, divide)
{
    sl_int128 result;

    cr_assert(sl_decimal_divide(decimal("1", 0), 0, decimal("3", 0), 0, 6, &result));
    expect(result, 6, "0.333333");
    cr_assert(sl_decimal_divide(decimal("-2", 0), 0, decimal("3", 0), 0, 6, &result));
    expect(result, 6, "-0.666667");
    /* Both as PostgreSQL divides them. */
    cr_assert(sl_decimal_divide(decimal("123456789012345678901234567890", 0), 0, decimal("7", 0), 0,
                                6, &result));
    expect(result, 6, "17636684144620811271604938270.000000");
    cr_assert(sl_decimal_divide(decimal("10000000000000000000000000000000000000", 0), 0,
                                decimal("12345678901234567890.1234567890", 10), 10, 6, &result));
    expect(result, 6, "810000007290000066.339001");
    cr_assert_not(sl_decimal_divide(decimal("1e37", 0), 0, decimal("0.01", 2), 2, 0, &result));
    cr_assert(sl_decimal_divide(decimal("1.00", 30), 30, decimal("8", 0), 0, 2, &result));
    expect(result, 2, "0.13");
}

Test(data_decimal, doubles)
{
    sl_int128 result;

    cr_assert_eq(sl_decimal_to_double(decimal("0.1", 20), 20), 0.1);
    cr_assert(sl_decimal_from_double(0.1, 20, &result));
    expect(result, 20, "0.10000000000000000000");
    cr_assert(sl_decimal_from_double(2.675, 2, &result));
    expect(result, 2, "2.68");
    cr_assert_not(sl_decimal_from_double(1e38, 0, &result));
    cr_assert_not(sl_decimal_from_double(__builtin_nan(""), 0, &result));
}
