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

/* Writes two digits a byte. */
void sl_hex_encode(struct sl_text bytes, bool upper, char *to);
/* Writes (length + 1) / 2 bytes; of odd digits the first is a byte.  False: not hexadecimal. */
bool sl_hex_decode(struct sl_text text, char *to, size_t *ret_size);

bool sl_type_is_time_or_interval(enum sl_type_kind kind);
void sl_time_add_rows(struct sl_call *call, bool subtract);
void sl_interval_scale_rows(struct sl_call *call, bool divide);
void sl_time_floor_rows(struct sl_call *call, bool up);

/* Room for a text result of this size; NULL: too long, and the row has failed.  Then the result is
 * what sl_call_end_text is told: at most as many bytes. */
static inline char *
sl_call_begin_text(struct sl_call *call, struct sl_heap_writer *writer, size_t row, size_t size)
{
    return sl_call_text_fits(call, row, size) ? sl_heap_writer_reserve(writer, size) : NULL;
}
static inline void
sl_call_end_text(struct sl_call *call, struct sl_heap_writer *writer, size_t row, const char *start,
                 size_t size)
{
    SL_RESULT(call, struct sl_view)[row] = sl_view_of(start, size);
    if (size > SL_VIEW_INLINE_MAX)
        sl_heap_writer_commit(writer, size);
}
/* The same for a text that is there already. */
static inline void
sl_call_put_text(struct sl_call *call, struct sl_heap_writer *writer, size_t row, const char *start,
                 size_t size)
{
    if (sl_call_text_fits(call, row, size))
        SL_RESULT(call, struct sl_view)[row] = sl_heap_writer_copy(writer, start, size);
}
static inline int32_t
sl_call_int(const struct sl_call *call, size_t arg, size_t row)
{
    return SL_ARG(call, arg, int32_t)[row & call->args[arg].mask];
}
static inline int64_t
sl_call_bigint(const struct sl_call *call, size_t arg, size_t row)
{
    return SL_ARG(call, arg, int64_t)[row & call->args[arg].mask];
}

/* The sum of two signed numbers that may not fit: false. */
#define SL_INT128_FITS_INT64(value) ((value) >= INT64_MIN && (value) <= INT64_MAX)

#endif
