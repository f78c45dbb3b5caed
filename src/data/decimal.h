/* Fixed-point decimals up to 38 digits in 128 bits. */
#ifndef SL_DATA_DECIMAL_H
#define SL_DATA_DECIMAL_H

#include "data/type.h"

#define SL_DECIMAL_TEXT_MAX 48

sl_int128 sl_decimal_power10(int exponent); /* 0 … 38 */
/* Brings a value to another scale, rounding half away from zero; false: more than 38 digits. */
bool sl_decimal_rescale(sl_int128 value, int from_scale, int to_scale, sl_int128 *ret_value);
bool sl_decimal_fits(sl_int128 value, int precision);
size_t sl_decimal_format(sl_int128 value, int scale, char *to);
/* "-12.50", "1e3"; rounds to `scale`; false: it does not parse or fit DECIMAL(38, scale). */
bool sl_decimal_parse(struct sl_text text, int scale, sl_int128 *ret_value);
double sl_decimal_to_double(sl_int128 value, int scale);
bool sl_decimal_from_double(double real, int scale, sl_int128 *ret_value);
/* Quotient and product with the result's scale; false: out of 38 digits. */
bool sl_decimal_multiply(sl_int128 a, int a_scale, sl_int128 b, int b_scale, int to_scale,
                         sl_int128 *ret_value);
bool sl_decimal_divide(sl_int128 a, int a_scale, sl_int128 b, int b_scale, int to_scale,
                       sl_int128 *ret_value); /* b != 0 */

#endif
