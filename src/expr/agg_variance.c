/* STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP from count, sum and sum of squares, so that rows can
 * be taken back in any order.  Floating-point sums have a second double for what the first one
 * rounds off, without which large values of little variance would leave nothing but noise. */
#include "data/decimal.h"
#include "expr/aggregate_class.h"

#include <math.h>

enum { VARIANCE_SAMPLE = 1, VARIANCE_ROOT = 2 };

struct variance_exact { /* integers and decimals, unscaled */
    aggregate_int128 sum, squares;
    int64_t count;
    int64_t overflowed; /* left 127 bits once: no longer known */
};

struct variance_double {
    double high, low;
};

struct variance_real {
    struct variance_double sum, squares;
    int64_t count;
};

#define VARIANCE_LOOP(c_type, state_type, ADD)                  \
    do {                                                        \
        const c_type *values = rows->columns[0]->values;        \
        for (size_t i = 0; i < rows->row_count; i++) {          \
            state_type *state = aggregate_state(rows, i);       \
            size_t row = rows->rows[i];                         \
            if (sl_column_is_null(rows->columns[0], row))       \
                continue;                                       \
            ADD(state, values[row], aggregate_sign(rows, row)); \
        }                                                       \
    } while (0)

static void
variance_set_null(struct sl_pool *pool, struct sl_column *column, size_t row)
{
    sl_validity_set(sl_column_add_validity(column, pool), row, false);
}

/* What the squares are divided by; 0: too few rows. */
static int64_t
variance_divisor(const struct sl_aggregate *aggregate, int64_t count)
{
    return SL_MAX(aggregate->class->variant & VARIANCE_SAMPLE ? count - 1 : count, (int64_t)0);
}

/* --- integers and decimals --- */

static inline void
variance_add_exact(struct variance_exact *state, sl_int128 value, int sign)
{
    sl_int128 square = 0, sum = state->sum, squares = state->squares;
    bool failed = __builtin_mul_overflow(value, value, &square);

    failed |= __builtin_add_overflow(sum, sign * value, &sum);
    failed |= __builtin_add_overflow(squares, sign * square, &squares);
    state->sum = sum;
    state->squares = squares;
    state->overflowed |= failed;
    state->count += sign;
}

static void
exact_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    switch (sl_type_width(rows->columns[0]->type->kind)) {
    case 1:
        VARIANCE_LOOP(int8_t, struct variance_exact, variance_add_exact);
        break;
    case 2:
        VARIANCE_LOOP(int16_t, struct variance_exact, variance_add_exact);
        break;
    case 4:
        VARIANCE_LOOP(int32_t, struct variance_exact, variance_add_exact);
        break;
    case 8:
        VARIANCE_LOOP(int64_t, struct variance_exact, variance_add_exact);
        break;
    default:
        VARIANCE_LOOP(sl_int128, struct variance_exact, variance_add_exact);
        break;
    }
}

static void
exact_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
            struct sl_aggregate_keeper *keeper)
{
    struct variance_exact *target = to;
    const struct variance_exact *source = from;
    sl_int128 sum = target->sum, squares = target->squares;

    target->overflowed |= source->overflowed | __builtin_add_overflow(sum, source->sum, &sum) |
                          __builtin_add_overflow(squares, source->squares, &squares);
    target->sum = sum;
    target->squares = squares;
    target->count += source->count;
}

/* As Flink has it for integers: each quotient is cut towards zero, and so is the root. */
static bool
integer_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
               struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    const struct variance_exact *from = state;
    int64_t divisor = variance_divisor(aggregate, from->count);
    sl_int128 square = 0, value;
    bool fits = !from->overflowed;

    if (divisor == 0) {
        variance_set_null(pool, column, row);
        return fits;
    }
    fits &= !__builtin_mul_overflow(from->sum, from->sum, &square);
    value = (from->squares - square / from->count) / divisor;
    if (aggregate->class->variant & VARIANCE_ROOT)
        value = fits ? (sl_int128)sqrt((double)value) : 0;
    return sl_aggregate_set_integer(column, row, value) && fits;
}

/* One rounding, at the end. */
static bool
decimal_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
               struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    const struct variance_exact *from = state;
    int64_t divisor = variance_divisor(aggregate, from->count);
    int scale = aggregate->arg_types[0]->scale, to_scale = aggregate->type->scale;
    sl_int128 squares = 0, square = 0, value = 0, by = 0;
    bool fits = !from->overflowed;

    if (divisor == 0) {
        variance_set_null(pool, column, row);
        return fits;
    }
    /* (n × Σx² - (Σx)²) / (n × divisor) */
    fits = fits && !__builtin_mul_overflow(from->squares, from->count, &squares) &&
           !__builtin_mul_overflow(from->sum, from->sum, &square) &&
           !__builtin_mul_overflow((sl_int128)from->count, divisor, &by);
    if (fits && aggregate->class->variant & VARIANCE_ROOT)
        fits = sl_decimal_from_double(
            sqrt((double)(squares - square) / (double)by) / pow(10, scale), to_scale, &value);
    else
        fits = fits && sl_decimal_divide(squares - square, 2 * scale, by, 0, to_scale, &value);
    ((sl_int128 *)column->values)[row] = value;
    if (fits && sl_decimal_fits(value, column->type->precision))
        return true;
    variance_set_null(pool, column, row);
    return false;
}

/* --- floating-point numbers --- */

/* a + b and what it rounds off (Knuth). */
static inline struct variance_double
variance_two_sum(double a, double b)
{
    double sum = a + b, part = sum - a;

    return (struct variance_double){sum, (a - (sum - part)) + (b - part)};
}

static inline struct variance_double
variance_two_product(double a, double b)
{
    double product = a * b;

    return (struct variance_double){product, fma(a, b, -product)};
}

static inline struct variance_double
variance_plus(struct variance_double a, struct variance_double b)
{
    struct variance_double sum = variance_two_sum(a.high, b.high);

    if (!isfinite(sum.high))
        return (struct variance_double){sum.high, 0};
    return variance_two_sum(sum.high, sum.low + a.low + b.low);
}

static inline struct variance_double
variance_times(struct variance_double a, struct variance_double b)
{
    struct variance_double product = variance_two_product(a.high, b.high);

    if (!isfinite(product.high))
        return (struct variance_double){product.high, 0};
    return variance_two_sum(product.high, product.low + a.high * b.low + a.low * b.high);
}

static inline struct variance_double
variance_signed(struct variance_double a, int sign)
{
    return (struct variance_double){sign * a.high, sign * a.low};
}

static inline void
variance_add_real(struct variance_real *state, double value, int sign)
{
    struct variance_double one = {value, 0};

    state->sum = variance_plus(state->sum, variance_signed(one, sign));
    state->squares =
        variance_plus(state->squares, variance_signed(variance_two_product(value, value), sign));
    state->count += sign;
}

static void
real_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    if (rows->columns[0]->type->kind == SL_TYPE_FLOAT)
        VARIANCE_LOOP(float, struct variance_real, variance_add_real);
    else
        VARIANCE_LOOP(double, struct variance_real, variance_add_real);
}

static void
real_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
           struct sl_aggregate_keeper *keeper)
{
    struct variance_real *target = to;
    const struct variance_real *source = from;

    target->sum = variance_plus(target->sum, source->sum);
    target->squares = variance_plus(target->squares, source->squares);
    target->count += source->count;
}

static bool
real_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
            struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    const struct variance_real *from = state;
    int64_t divisor = variance_divisor(aggregate, from->count);
    struct variance_double count = {(double)from->count, 0}, difference;
    double value;

    if (divisor == 0) {
        variance_set_null(pool, column, row);
        return true;
    }
    difference = variance_plus(variance_times(from->squares, count),
                               variance_signed(variance_times(from->sum, from->sum), -1));
    value = difference.high / count.high / (double)divisor;
    if (value < 0)
        value = 0;
    if (aggregate->class->variant & VARIANCE_ROOT)
        value = sqrt(value);
    if (column->type->kind == SL_TYPE_FLOAT)
        ((float *)column->values)[row] = (float)value;
    else
        ((double *)column->values)[row] = value;
    return true;
}

/* --- the classes --- */

#define VARIANCE_ROUNDS_exact false
#define VARIANCE_ROUNDS_real true
#define VARIANCE_CLASS(NAME, VARIANT, state, kind)                                     \
    {                                                                                  \
        .name = NAME, .variant = VARIANT, .size = sizeof(struct variance_##state),     \
        .can_retract = true, .is_linear = true, .is_rounded = VARIANCE_ROUNDS_##state, \
        .add = state##_add, .merge = state##_merge, .finish = kind##_finish            \
    }
#define VARIANCE_CLASSES(NAME, VARIANT)                    \
    {                                                      \
        VARIANCE_CLASS(NAME, VARIANT, exact, integer),     \
            VARIANCE_CLASS(NAME, VARIANT, exact, decimal), \
            VARIANCE_CLASS(NAME, VARIANT, real, real)      \
    }

static const struct sl_aggregate_class variance_classes[][3] = {
    [0] = VARIANCE_CLASSES("VAR_POP", 0),
    [VARIANCE_SAMPLE] = VARIANCE_CLASSES("VAR_SAMP", VARIANCE_SAMPLE),
    [VARIANCE_ROOT] = VARIANCE_CLASSES("STDDEV_POP", VARIANCE_ROOT),
    [VARIANCE_ROOT | VARIANCE_SAMPLE] =
        VARIANCE_CLASSES("STDDEV_SAMP", VARIANCE_ROOT | VARIANCE_SAMPLE),
};

/* Flink types them as AVG. */
static const struct sl_aggregate_class *
variance_choose(struct sl_aggregate_binding *binding, int variant)
{
    const struct sl_type *arg = binding->arg_count == 1 ? binding->arg_types[0] : NULL;

    if (arg == NULL || !sl_type_is_numeric(arg->kind))
        return NULL;
    binding->type = sl_aggregate_mean_type(binding->arena, arg);
    if (arg->kind == SL_TYPE_DECIMAL)
        return &variance_classes[variant][1];
    return &variance_classes[variant][sl_type_is_integer(arg->kind) ? 0 : 2];
}

const struct sl_aggregate_class *
sl_aggregate_choose_var_pop(struct sl_aggregate_binding *binding)
{
    return variance_choose(binding, 0);
}

const struct sl_aggregate_class *
sl_aggregate_choose_var_samp(struct sl_aggregate_binding *binding)
{
    return variance_choose(binding, VARIANCE_SAMPLE);
}

const struct sl_aggregate_class *
sl_aggregate_choose_stddev_pop(struct sl_aggregate_binding *binding)
{
    return variance_choose(binding, VARIANCE_ROOT);
}

const struct sl_aggregate_class *
sl_aggregate_choose_stddev_samp(struct sl_aggregate_binding *binding)
{
    return variance_choose(binding, VARIANCE_ROOT | VARIANCE_SAMPLE);
}
