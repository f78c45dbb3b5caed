/* Floating-point numbers as their shortest text that reads back as the same number. */
#ifndef SL_DATA_REAL_TEXT_H
#define SL_DATA_REAL_TEXT_H

#include "base/base.h"

#define SL_REAL_TEXT_MAX 40

/* Return the length; `to` has SL_REAL_TEXT_MAX bytes.  PostgreSQL: 1.5, 100000, 1e+20, NaN,
 * Infinity.  Java (Flink's CAST): 1.5, 100000.0, 1.0E20. */
size_t sl_real_format_postgres(double real, bool is_float, char *to);
size_t sl_real_format_java(double real, bool is_float, char *to);

#endif
