/* + - * / % over integers and floating-point numbers.  The loops compute every row and gather
 * whether any overflowed; only then are the rows looked at one by one. */
#include "expr/kernels.h"

#include <math.h>

const char *
sl_call_arg_text(const struct sl_call *call, size_t arg, size_t row)
{
    struct sl_arena *arena = sl_call_arena(call);
    struct sl_buffer buffer;
    const char *text;

    sl_buffer_init(&buffer, SIZE_MAX / 2);
    if (sl_call_arg_is_null(call, arg, row))
        sl_buffer_add_string(&buffer, "NULL");
    else
        sl_column_format(call->args[arg].column, row & call->args[arg].mask, SL_FORM_POSTGRES,
                         call->settings->zone, &buffer);
    if (buffer.length > 100)
        buffer.length = 100;
    text = sl_arena_strndup(arena, buffer.data ? buffer.data : "", buffer.length);
    sl_buffer_done(&buffer);
    return text;
}

const char *
sl_call_type_text(const struct sl_call *call, const struct sl_type *type)
{
    struct sl_arena *arena = sl_call_arena(call);

    return sl_type_text(arena, sl_type_nullable(arena, type, true));
}

void
sl_call_overflow(struct sl_call *call, size_t row)
{
    const char *name = call->expr->function->name;
    const char *type = sl_call_type_text(call, call->expr->type);

    if (call->arg_count == 2 && !(name[0] >= 'A' && name[0] <= 'Z'))
        sl_call_fail(call, row, SL_E_NUMERIC_OUT_OF_RANGE, "%s %s %s is out of range for type %s",
                     sl_call_arg_text(call, 0, row), name, sl_call_arg_text(call, 1, row), type);
    else if (call->arg_count == 1)
        sl_call_fail(call, row, SL_E_NUMERIC_OUT_OF_RANGE, "%s(%s) is out of range for type %s",
                     name, sl_call_arg_text(call, 0, row), type);
    else
        sl_call_fail(call, row, SL_E_NUMERIC_OUT_OF_RANGE, "%s(%s, %s) is out of range for type %s",
                     name, sl_call_arg_text(call, 0, row), sl_call_arg_text(call, 1, row), type);
}

/* A loop for each shape: over x = a's value and y = b's. */
#define ARITHMETIC_LOOPS(c_type, BODY)                                           \
    do {                                                                         \
        const c_type *a = SL_ARG(call, 0, c_type), *b = SL_ARG(call, 1, c_type); \
        c_type *result = SL_RESULT(call, c_type);                                \
        if (call->args[1].mask == 0) {                                           \
            c_type y = b[0];                                                     \
            size_t a_mask = call->args[0].mask;                                  \
            if (a_mask)                                                          \
                for (size_t i = 0; i < call->row_count; i++) {                   \
                    c_type x = a[i];                                             \
                    BODY                                                         \
                }                                                                \
            else                                                                 \
                for (size_t i = 0; i < call->row_count; i++) {                   \
                    c_type x = a[0];                                             \
                    BODY                                                         \
                }                                                                \
        } else if (call->args[0].mask == 0) {                                    \
            c_type x = a[0];                                                     \
            for (size_t i = 0; i < call->row_count; i++) {                       \
                c_type y = b[i];                                                 \
                BODY                                                             \
            }                                                                    \
        } else {                                                                 \
            for (size_t i = 0; i < call->row_count; i++) {                       \
                c_type x = a[i], y = b[i];                                       \
                BODY                                                             \
            }                                                                    \
        }                                                                        \
    } while (0)

/* Raises in the rows that count and whose result does not fit. */
#define ARITHMETIC_RAISE(c_type, BUILTIN)                                                   \
    do {                                                                                    \
        const c_type *a = SL_ARG(call, 0, c_type), *b = SL_ARG(call, 1, c_type);            \
        struct sl_call valid = *call;                                                       \
        c_type unused;                                                                      \
        valid.rows = sl_call_valid_rows(call, &valid.count);                                \
        SL_FOR_ROWS(&valid, row)                                                            \
        {                                                                                   \
            if (BUILTIN(a[row & call->args[0].mask], b[row & call->args[1].mask], &unused)) \
                sl_call_overflow(call, row);                                                \
        }                                                                                   \
    } while (0)

/* Narrow integers compute in 64 bits and look whether the result changed when cut. */
#define ARITHMETIC_NARROW(c_type, OP, BUILTIN)          \
    do {                                                \
        int64_t changed = 0;                            \
        ARITHMETIC_LOOPS(c_type, {                      \
            int64_t wide = (int64_t)x OP(int64_t) y;    \
            result[i] = (c_type)wide;                   \
            changed |= wide ^ (c_type)wide;             \
        });                                             \
        if (changed && !call->settings->overflow_wraps) \
            ARITHMETIC_RAISE(c_type, BUILTIN);          \
    } while (0)

static void
arithmetic_add_bigint(struct sl_call *call)
{
    int64_t overflow = 0;

    ARITHMETIC_LOOPS(int64_t, {
        int64_t sum = (int64_t)((uint64_t)x + (uint64_t)y);
        result[i] = sum;
        overflow |= (x ^ sum) & (y ^ sum);
    });
    if (overflow < 0 && !call->settings->overflow_wraps)
        ARITHMETIC_RAISE(int64_t, __builtin_add_overflow);
}

static void
arithmetic_subtract_bigint(struct sl_call *call)
{
    int64_t overflow = 0;

    ARITHMETIC_LOOPS(int64_t, {
        int64_t difference = (int64_t)((uint64_t)x - (uint64_t)y);
        result[i] = difference;
        overflow |= (x ^ y) & (x ^ difference);
    });
    if (overflow < 0 && !call->settings->overflow_wraps)
        ARITHMETIC_RAISE(int64_t, __builtin_sub_overflow);
}

static void
arithmetic_multiply_bigint(struct sl_call *call)
{
    bool overflow = false;

    ARITHMETIC_LOOPS(int64_t, { overflow |= __builtin_mul_overflow(x, y, &result[i]); });
    if (overflow && !call->settings->overflow_wraps)
        ARITHMETIC_RAISE(int64_t, __builtin_mul_overflow);
}

#define ARITHMETIC_DISPATCH(OP, BUILTIN, bigint)           \
    switch (call->expr->type->kind) {                      \
    case SL_TYPE_TINYINT:                                  \
        ARITHMETIC_NARROW(int8_t, OP, BUILTIN);            \
        break;                                             \
    case SL_TYPE_SMALLINT:                                 \
        ARITHMETIC_NARROW(int16_t, OP, BUILTIN);           \
        break;                                             \
    case SL_TYPE_INT:                                      \
        ARITHMETIC_NARROW(int32_t, OP, BUILTIN);           \
        break;                                             \
    case SL_TYPE_BIGINT:                                   \
        bigint(call);                                      \
        break;                                             \
    case SL_TYPE_FLOAT:                                    \
        ARITHMETIC_LOOPS(float, { result[i] = x OP y; });  \
        break;                                             \
    default:                                               \
        ARITHMETIC_LOOPS(double, { result[i] = x OP y; }); \
        break;                                             \
    }

void
sl_kernel_add(struct sl_call *call)
{
    if (sl_type_is_time_or_interval(call->expr->type->kind))
        sl_time_add_rows(call, false);
    else if (call->expr->type->kind == SL_TYPE_DECIMAL)
        sl_decimal_add_rows(call, false);
    else
        ARITHMETIC_DISPATCH(+, __builtin_add_overflow, arithmetic_add_bigint)
}

#define ARITHMETIC_NEGATE_INTEGER(c_type, min)                            \
    do {                                                                  \
        const c_type *values = SL_ARG(call, 0, c_type);                   \
        struct sl_call valid = *call;                                     \
        valid.rows = sl_call_valid_rows(call, &valid.count);              \
        SL_FOR_ROWS(&valid, row)                                          \
        {                                                                 \
            c_type value = values[row & call->args[0].mask];              \
            SL_RESULT(call, c_type)[row] = (c_type)(0 - (uint64_t)value); \
            if (value == min && !call->settings->overflow_wraps)          \
                sl_call_overflow(call, row);                              \
        }                                                                 \
    } while (0)

#define ARITHMETIC_NEGATE(c_type)                                             \
    do {                                                                      \
        const c_type *values = SL_ARG(call, 0, c_type);                       \
        SL_FOR_ROWS(call, row)                                                \
        {                                                                     \
            SL_RESULT(call, c_type)[row] = -values[row & call->args[0].mask]; \
        }                                                                     \
    } while (0)

static void
arithmetic_negate(struct sl_call *call)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        ARITHMETIC_NEGATE_INTEGER(int8_t, INT8_MIN);
        break;
    case SL_TYPE_SMALLINT:
        ARITHMETIC_NEGATE_INTEGER(int16_t, INT16_MIN);
        break;
    case SL_TYPE_INT:
    case SL_TYPE_INTERVAL_MONTH:
        ARITHMETIC_NEGATE_INTEGER(int32_t, INT32_MIN);
        break;
    case SL_TYPE_FLOAT:
        ARITHMETIC_NEGATE(float);
        break;
    case SL_TYPE_DOUBLE:
        ARITHMETIC_NEGATE(double);
        break;
    case SL_TYPE_DECIMAL:
        ARITHMETIC_NEGATE(sl_int128);
        break;
    default:
        ARITHMETIC_NEGATE_INTEGER(int64_t, INT64_MIN);
        break;
    }
}

void
sl_kernel_subtract(struct sl_call *call)
{
    if (call->arg_count == 1)
        arithmetic_negate(call);
    else if (sl_type_is_time_or_interval(call->expr->type->kind))
        sl_time_add_rows(call, true);
    else if (call->expr->type->kind == SL_TYPE_DECIMAL)
        sl_decimal_add_rows(call, true);
    else
        ARITHMETIC_DISPATCH(-, __builtin_sub_overflow, arithmetic_subtract_bigint)
}

void
sl_kernel_multiply(struct sl_call *call)
{
    if (sl_type_is_time_or_interval(call->expr->type->kind))
        sl_interval_scale_rows(call, false);
    else if (call->expr->type->kind == SL_TYPE_DECIMAL)
        sl_decimal_multiply_rows(call);
    else
        ARITHMETIC_DISPATCH(*, __builtin_mul_overflow, arithmetic_multiply_bigint)
}

/* The smallest number divided by -1 is the one quotient that does not fit. */
#define ARITHMETIC_DIVIDE_ROWS(c_type, min, OP, minus_one)                           \
    do {                                                                             \
        const c_type *a = SL_ARG(call, 0, c_type), *b = SL_ARG(call, 1, c_type);     \
        struct sl_call valid = *call;                                                \
        valid.rows = sl_call_valid_rows(call, &valid.count);                         \
        SL_FOR_ROWS(&valid, row)                                                     \
        {                                                                            \
            c_type x = a[row & call->args[0].mask], y = b[row & call->args[1].mask]; \
            if (y == 0) {                                                            \
                arithmetic_division_by_zero(call, row);                              \
            } else if (y == -1) {                                                    \
                SL_RESULT(call, c_type)[row] = (c_type)(minus_one);                  \
                if (x == min && (minus_one) != 0 && !call->settings->overflow_wraps) \
                    sl_call_overflow(call, row);                                     \
            } else {                                                                 \
                SL_RESULT(call, c_type)[row] = (c_type)(x OP y);                     \
            }                                                                        \
        }                                                                            \
    } while (0)

static void
arithmetic_division_by_zero(struct sl_call *call, size_t row)
{
    const char *name = call->expr->function->name;

    if (name[0] == 'M')
        sl_call_fail(call, row, SL_E_DIVISION_BY_ZERO, "division by zero: %s(%s, 0)", name,
                     sl_call_arg_text(call, 0, row));
    else
        sl_call_fail(call, row, SL_E_DIVISION_BY_ZERO, "division by zero: %s %s 0",
                     sl_call_arg_text(call, 0, row), name);
}

void
sl_kernel_divide(struct sl_call *call)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        ARITHMETIC_DIVIDE_ROWS(int8_t, INT8_MIN, /, 0 - (uint64_t)x);
        break;
    case SL_TYPE_SMALLINT:
        ARITHMETIC_DIVIDE_ROWS(int16_t, INT16_MIN, /, 0 - (uint64_t)x);
        break;
    case SL_TYPE_INT:
        ARITHMETIC_DIVIDE_ROWS(int32_t, INT32_MIN, /, 0 - (uint64_t)x);
        break;
    case SL_TYPE_BIGINT:
        ARITHMETIC_DIVIDE_ROWS(int64_t, INT64_MIN, /, 0 - (uint64_t)x);
        break;
    case SL_TYPE_FLOAT:
        ARITHMETIC_LOOPS(float, { result[i] = x / y; });
        break;
    case SL_TYPE_DOUBLE:
        ARITHMETIC_LOOPS(double, { result[i] = x / y; });
        break;
    case SL_TYPE_DECIMAL:
        sl_decimal_divide_rows(call);
        break;
    default:
        sl_interval_scale_rows(call, true);
        break;
    }
}

#define ARITHMETIC_MODULO_REAL(c_type)                                           \
    do {                                                                         \
        const c_type *a = SL_ARG(call, 0, c_type), *b = SL_ARG(call, 1, c_type); \
        SL_FOR_ROWS(call, row)                                                   \
        {                                                                        \
            SL_RESULT(call, c_type)                                              \
            [row] = (c_type)fmod((double)a[row & call->args[0].mask],            \
                                 (double)b[row & call->args[1].mask]);           \
        }                                                                        \
    } while (0)

void
sl_kernel_modulo(struct sl_call *call)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        ARITHMETIC_DIVIDE_ROWS(int8_t, INT8_MIN, %, 0);
        break;
    case SL_TYPE_SMALLINT:
        ARITHMETIC_DIVIDE_ROWS(int16_t, INT16_MIN, %, 0);
        break;
    case SL_TYPE_INT:
        ARITHMETIC_DIVIDE_ROWS(int32_t, INT32_MIN, %, 0);
        break;
    case SL_TYPE_BIGINT:
        ARITHMETIC_DIVIDE_ROWS(int64_t, INT64_MIN, %, 0);
        break;
    case SL_TYPE_FLOAT:
        ARITHMETIC_MODULO_REAL(float);
        break;
    case SL_TYPE_DOUBLE:
        ARITHMETIC_MODULO_REAL(double);
        break;
    default:
        sl_decimal_modulo_rows(call);
        break;
    }
}
