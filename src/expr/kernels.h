/* Inside expr: parts of the arithmetic kernels that live in files of their own, and texts of values
 * for messages. */
#ifndef SL_EXPR_KERNELS_H
#define SL_EXPR_KERNELS_H

#include "expr/function.h"

/* The value of argument `arg` in a row as text, for messages; of the evaluation's arena. */
const char *sl_call_arg_text(const struct sl_call *call, size_t arg, size_t row);
/* "INT", without NOT NULL. */
const char *sl_call_type_text(const struct sl_call *call, const struct sl_type *type);
/* 22003: "integer out of range: 1 + 2 does not fit INT"; `sign` stands between two arguments, or is
 * the function's name. */
void sl_call_overflow(struct sl_call *call, size_t row);

void sl_decimal_add_rows(struct sl_call *call, bool subtract);
void sl_decimal_multiply_rows(struct sl_call *call);
void sl_decimal_divide_rows(struct sl_call *call);
void sl_decimal_modulo_rows(struct sl_call *call);
/* A decimal result: too large raises, or is NULL where overflow wraps. */
void sl_call_set_decimal(struct sl_call *call, size_t row, bool fits, sl_int128 value);

bool sl_type_is_time_or_interval(enum sl_type_kind kind);
void sl_time_add_rows(struct sl_call *call, bool subtract);
void sl_interval_scale_rows(struct sl_call *call, bool divide);
void sl_time_floor_rows(struct sl_call *call, bool up);

/* The sum of two signed numbers that may not fit: false. */
#define SL_INT128_FITS_INT64(value) ((value) >= INT64_MIN && (value) <= INT64_MAX)

#endif
