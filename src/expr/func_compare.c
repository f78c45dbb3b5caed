/* Comparison: typed loops over all rows where values are fixed-width (gcc vectorises them), row by
 * row over strings, through memcomparable keys for nested values.  Floating-point numbers compare
 * as in Java: NaN equals nothing. */
#include "data/decimal.h"
#include "data/row.h"
#include "expr/function.h"

/* One loop a shape; a constant side is held in a register. */
#define COMPARE_LOOPS(c_type, OP)                                                \
    do {                                                                         \
        const c_type *a = SL_ARG(call, 0, c_type), *b = SL_ARG(call, 1, c_type); \
        size_t a_mask = call->args[0].mask, b_mask = call->args[1].mask;         \
        if (!sl_call_is_dense(call)) {                                           \
            SL_FOR_ROWS(call, row)                                               \
            {                                                                    \
                result[row] = a[row & a_mask] OP b[row & b_mask];                \
            }                                                                    \
        } else if (b_mask == 0 && a_mask) {                                      \
            c_type constant = b[0];                                              \
            for (size_t i = 0; i < row_count; i++)                               \
                result[i] = a[i] OP constant;                                    \
        } else if (a_mask == 0) {                                                \
            c_type constant = a[0];                                              \
            for (size_t i = 0; i < row_count; i++)                               \
                result[i] = constant OP b[i & b_mask];                           \
        } else {                                                                 \
            for (size_t i = 0; i < row_count; i++)                               \
                result[i] = a[i] OP b[i];                                        \
        }                                                                        \
    } while (0)

/* Two decimals of any scales.  The one whose scale is smaller is brought up; if that leaves 38
 * digits, its sign decides. */
static int
compare_decimals(sl_int128 a, int a_scale, sl_int128 b, int b_scale)
{
    if (a_scale < b_scale) {
        if (!sl_decimal_rescale(a, a_scale, b_scale, &a))
            return a > 0 ? 1 : -1;
    } else if (b_scale < a_scale) {
        if (!sl_decimal_rescale(b, b_scale, a_scale, &b))
            return b > 0 ? -1 : 1;
    }
    return (a > b) - (a < b);
}

#define COMPARE_ROWS(ORDER, OP)                                                        \
    do {                                                                               \
        SL_FOR_ROWS(call, row)                                                         \
        {                                                                              \
            size_t a_row = row & call->args[0].mask, b_row = row & call->args[1].mask; \
            result[row] = (ORDER)OP 0;                                                 \
        }                                                                              \
    } while (0)

static int
compare_decimal_rows(const struct sl_call *call, size_t a_row, size_t b_row)
{
    return compare_decimals(SL_ARG(call, 0, sl_int128)[a_row], SL_ARG_TYPE(call, 0)->scale,
                            SL_ARG(call, 1, sl_int128)[b_row], SL_ARG_TYPE(call, 1)->scale);
}

static int
compare_view_rows(const struct sl_call *call, size_t a_row, size_t b_row)
{
    return sl_view_compare(SL_ARG(call, 0, struct sl_view) + a_row,
                           SL_ARG(call, 1, struct sl_view) + b_row);
}

static int
compare_nested_rows(const struct sl_call *call, size_t a_row, size_t b_row)
{
    struct sl_buffer a, b;
    int order;

    sl_buffer_init(&a, SIZE_MAX / 2);
    sl_buffer_init(&b, SIZE_MAX / 2);
    sl_key_encode(&call->args[0].column, 1, a_row, &a);
    sl_key_encode(&call->args[1].column, 1, b_row, &b);
    order = sl_text_compare(sl_buffer_text(&a), sl_buffer_text(&b));
    sl_buffer_done(&a);
    sl_buffer_done(&b);
    return order;
}

#define COMPARE_KERNEL(name, OP)                                        \
    static void compare_##name(struct sl_call *call)                    \
    {                                                                   \
        uint8_t *result = SL_RESULT(call, uint8_t);                     \
        size_t row_count = call->row_count;                             \
                                                                        \
        switch (SL_ARG_TYPE(call, 0)->kind) {                           \
        case SL_TYPE_NULL:                                              \
        case SL_TYPE_BOOLEAN:                                           \
            COMPARE_LOOPS(uint8_t, OP);                                 \
            break;                                                      \
        case SL_TYPE_TINYINT:                                           \
            COMPARE_LOOPS(int8_t, OP);                                  \
            break;                                                      \
        case SL_TYPE_SMALLINT:                                          \
            COMPARE_LOOPS(int16_t, OP);                                 \
            break;                                                      \
        case SL_TYPE_INT:                                               \
        case SL_TYPE_DATE:                                              \
        case SL_TYPE_INTERVAL_MONTH:                                    \
            COMPARE_LOOPS(int32_t, OP);                                 \
            break;                                                      \
        case SL_TYPE_FLOAT:                                             \
            COMPARE_LOOPS(float, OP);                                   \
            break;                                                      \
        case SL_TYPE_DOUBLE:                                            \
            COMPARE_LOOPS(double, OP);                                  \
            break;                                                      \
        case SL_TYPE_DECIMAL:                                           \
            COMPARE_ROWS(compare_decimal_rows(call, a_row, b_row), OP); \
            break;                                                      \
        case SL_TYPE_CHAR:                                              \
        case SL_TYPE_VARCHAR:                                           \
        case SL_TYPE_BINARY:                                            \
        case SL_TYPE_VARBINARY:                                         \
            COMPARE_ROWS(compare_view_rows(call, a_row, b_row), OP);    \
            break;                                                      \
        case SL_TYPE_ARRAY:                                             \
        case SL_TYPE_MAP:                                               \
        case SL_TYPE_MULTISET:                                          \
        case SL_TYPE_ROW:                                               \
            COMPARE_ROWS(compare_nested_rows(call, a_row, b_row), OP);  \
            break;                                                      \
        default:                                                        \
            COMPARE_LOOPS(int64_t, OP);                                 \
            break;                                                      \
        }                                                               \
    }

COMPARE_KERNEL(equal_all, ==)
COMPARE_KERNEL(less_all, <)
COMPARE_KERNEL(less_equal_all, <=)
COMPARE_KERNEL(greater_all, >)
COMPARE_KERNEL(greater_equal_all, >=)

/* Equality of strings: with a short constant it is two words a row; else lengths and prefixes
 * decide first. */
static void
compare_equal_views(struct sl_call *call)
{
    const struct sl_view *a = SL_ARG(call, 0, struct sl_view);
    const struct sl_view *b = SL_ARG(call, 1, struct sl_view);
    uint8_t *result = SL_RESULT(call, uint8_t);

    if (call->args[1].mask == 0 && call->args[0].mask && b->length <= SL_VIEW_INLINE_MAX &&
        sl_call_is_dense(call)) {
        uint64_t constant[2];

        memcpy(constant, b, sizeof(constant));
        for (size_t i = 0; i < call->row_count; i++) {
            uint64_t words[2];

            memcpy(words, &a[i], sizeof(words));
            result[i] = (words[0] == constant[0]) & (words[1] == constant[1]);
        }
        return;
    }
    SL_FOR_ROWS(call, row)
    {
        result[row] = sl_view_equal(&a[row & call->args[0].mask], &b[row & call->args[1].mask]);
    }
}

void
sl_kernel_equal(struct sl_call *call)
{
    if (sl_type_is_view(SL_ARG_TYPE(call, 0)->kind))
        compare_equal_views(call);
    else
        compare_equal_all(call);
}

void
sl_kernel_not_equal(struct sl_call *call)
{
    uint8_t *result = SL_RESULT(call, uint8_t);

    sl_kernel_equal(call);
    for (size_t i = 0; i < call->row_count; i++)
        result[i] ^= 1;
}

void
sl_kernel_less(struct sl_call *call)
{
    compare_less_all(call);
}

void
sl_kernel_less_equal(struct sl_call *call)
{
    compare_less_equal_all(call);
}

void
sl_kernel_greater(struct sl_call *call)
{
    compare_greater_all(call);
}

void
sl_kernel_greater_equal(struct sl_call *call)
{
    compare_greater_equal_all(call);
}

/* --- with NULLs --- */

static bool
compare_arg_is_null(const struct sl_call *call, size_t arg, size_t row)
{
    return SL_ARG_TYPE(call, arg)->kind == SL_TYPE_NULL || sl_call_arg_is_null(call, arg, row);
}

static void
compare_distinct(struct sl_call *call, bool distinct)
{
    uint8_t *result = SL_RESULT(call, uint8_t);

    sl_kernel_equal(call);
    SL_FOR_ROWS(call, row)
    {
        bool a_null = compare_arg_is_null(call, 0, row), b_null = compare_arg_is_null(call, 1, row);
        bool equal = a_null || b_null ? a_null && b_null : result[row];

        result[row] = equal != distinct;
    }
}

void
sl_kernel_distinct(struct sl_call *call)
{
    compare_distinct(call, true);
}

void
sl_kernel_not_distinct(struct sl_call *call)
{
    compare_distinct(call, false);
}

static void
compare_is_null(struct sl_call *call, bool wanted)
{
    const struct sl_column *arg = call->args[0].column;
    uint8_t *result = SL_RESULT(call, uint8_t);

    if (arg->validity == NULL) {
        memset(result, (arg->type->kind == SL_TYPE_NULL) == wanted, call->row_count);
        return;
    }
    SL_FOR_ROWS(call, row)
    {
        result[row] = compare_arg_is_null(call, 0, row) == wanted;
    }
}

void
sl_kernel_is_null(struct sl_call *call)
{
    compare_is_null(call, true);
}

void
sl_kernel_is_not_null(struct sl_call *call)
{
    compare_is_null(call, false);
}

static void
compare_is_boolean(struct sl_call *call, bool value, bool negated)
{
    const uint8_t *values = SL_ARG(call, 0, uint8_t);
    uint8_t *result = SL_RESULT(call, uint8_t);

    SL_FOR_ROWS(call, row)
    {
        bool is =
            !sl_call_arg_is_null(call, 0, row) && (values[row & call->args[0].mask] != 0) == value;

        result[row] = is != negated;
    }
}

void
sl_kernel_is_true(struct sl_call *call)
{
    compare_is_boolean(call, true, false);
}

void
sl_kernel_is_not_true(struct sl_call *call)
{
    compare_is_boolean(call, true, true);
}

void
sl_kernel_is_false(struct sl_call *call)
{
    compare_is_boolean(call, false, false);
}

void
sl_kernel_is_not_false(struct sl_call *call)
{
    compare_is_boolean(call, false, true);
}

/* --- GREATEST, LEAST: NULL if any argument is --- */

#define COMPARE_BEST(c_type, OP)                                 \
    do {                                                         \
        c_type *best = SL_RESULT(call, c_type);                  \
        for (size_t arg = 0; arg < call->arg_count; arg++) {     \
            const c_type *values = SL_ARG(call, arg, c_type);    \
            size_t mask = call->args[arg].mask;                  \
            SL_FOR_ROWS(call, row)                               \
            {                                                    \
                if (arg == 0 || values[row & mask] OP best[row]) \
                    best[row] = values[row & mask];              \
            }                                                    \
        }                                                        \
    } while (0)

static void
compare_best_views(struct sl_call *call, int sign)
{
    struct sl_view *best = SL_RESULT(call, struct sl_view);

    for (size_t arg = 0; arg < call->arg_count; arg++) {
        const struct sl_view *values = SL_ARG(call, arg, struct sl_view);

        sl_column_add_heaps_of(call->result, call->pool, call->args[arg].column);
        SL_FOR_ROWS(call, row)
        {
            const struct sl_view *value = &values[row & call->args[arg].mask];

            if (arg == 0 || sl_view_compare(value, &best[row]) * sign > 0)
                best[row] = *value;
        }
    }
}

#define COMPARE_BEST_KERNEL(name, OP, sign)     \
    void sl_kernel_##name(struct sl_call *call) \
    {                                           \
        switch (call->expr->type->kind) {       \
        case SL_TYPE_NULL:                      \
        case SL_TYPE_BOOLEAN:                   \
            COMPARE_BEST(uint8_t, OP);          \
            break;                              \
        case SL_TYPE_TINYINT:                   \
            COMPARE_BEST(int8_t, OP);           \
            break;                              \
        case SL_TYPE_SMALLINT:                  \
            COMPARE_BEST(int16_t, OP);          \
            break;                              \
        case SL_TYPE_INT:                       \
        case SL_TYPE_DATE:                      \
        case SL_TYPE_INTERVAL_MONTH:            \
            COMPARE_BEST(int32_t, OP);          \
            break;                              \
        case SL_TYPE_FLOAT:                     \
            COMPARE_BEST(float, OP);            \
            break;                              \
        case SL_TYPE_DOUBLE:                    \
            COMPARE_BEST(double, OP);           \
            break;                              \
        case SL_TYPE_DECIMAL:                   \
            COMPARE_BEST(sl_int128, OP);        \
            break;                              \
        case SL_TYPE_CHAR:                      \
        case SL_TYPE_VARCHAR:                   \
        case SL_TYPE_BINARY:                    \
        case SL_TYPE_VARBINARY:                 \
            compare_best_views(call, sign);     \
            break;                              \
        default:                                \
            COMPARE_BEST(int64_t, OP);          \
            break;                              \
        }                                       \
    }

COMPARE_BEST_KERNEL(greatest, >, 1)
COMPARE_BEST_KERNEL(least, <, -1)

/* HASH_CODE(value): equal values have the same one. */
void
sl_kernel_hash_code(struct sl_call *call)
{
    const struct sl_vector *arg = &call->args[0];
    uint16_t rows[SL_BATCH_ROWS_MAX];
    uint64_t hashes[SL_BATCH_ROWS_MAX];

    for (size_t from = 0; from < call->count; from += SL_BATCH_ROWS_MAX) {
        size_t count = SL_MIN(call->count - from, (size_t)SL_BATCH_ROWS_MAX);

        for (size_t i = 0; i < count; i++)
            rows[i] = (uint16_t)((call->rows ? call->rows[from + i] : from + i) & arg->mask);
        sl_hash_rows((struct sl_column *const *)&arg->column, 1, rows, count, hashes);
        for (size_t i = 0; i < count; i++) {
            size_t row = call->rows ? call->rows[from + i] : from + i;

            SL_RESULT(call, int32_t)[row] = (int32_t)(uint32_t)hashes[i];
        }
    }
}
