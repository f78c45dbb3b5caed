/* Numbers as JSON and CSV write them. */
#ifndef SL_DATA_NUMBER_TEXT_H
#define SL_DATA_NUMBER_TEXT_H

#include "data/batch.h"
#include "data/decimal.h"

/* Blanks at both ends are left out, as Java's trim() does. */
struct sl_text sl_number_trim(struct sl_text text);
/* A sign and digits, nothing else, in the range of int64_t. */
bool sl_number_read_integer(struct sl_text text, int64_t *ret_integer);
/* What Java's Double.parseDouble takes, but for hexadecimals: 1.5, 1e3, .5, NaN, Infinity. */
bool sl_number_read_real(struct sl_text text, bool is_float, double *ret_real);
/* The fraction is cut; false: no number, or beyond int64_t. */
bool sl_number_read_truncated(struct sl_text text, int64_t *ret_integer);
bool sl_number_is_decimal(struct sl_text text);
/* The inclusive range of TINYINT … BIGINT and INTERVAL_MONTH. */
bool sl_number_fits(enum sl_type_kind kind, int64_t integer);
/* Of a column of whole numbers, dates and times, in its unit; an INTERVAL is months, or, as Flink's
 * formats have it, milliseconds. */
int64_t sl_number_of_column(const struct sl_column *column, size_t row);

#define SL_DECIMAL_JAVA_TEXT_MAX 96
/* As BigDecimal.toString() does (2.7E-8, 10.00), or with `plain` as toPlainString().  With `strip`
 * zeros at the end go first (100000 → 1E+5).  Returns the length. */
size_t sl_decimal_format_java(sl_int128 value, int scale, bool strip, bool plain, char *to);
size_t sl_integer_format(int64_t integer, char *to); /* at most 20 bytes */

#endif
