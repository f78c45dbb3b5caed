/* COUNT, SUM, AVG.  Sums of integers are kept in 128 bits, so that only the result can overflow; a
 * count of what is not NULL tells an empty sum (NULL) from zero, also after rows were taken back.
 */
#include "data/decimal.h"
#include "expr/aggregate_class.h"

struct agg_count {
    int64_t count;
};

struct agg_integer {
    aggregate_int128 sum;
    int64_t count;
};

struct agg_real {
    double sum;
    int64_t count;
};

struct agg_decimal {
    aggregate_int128 sum;
    int64_t count;
    int64_t overflowed; /* left 127 bits once: no longer known */
};

/* --- COUNT --- */

/* COUNT(a, b): the rows in which none is NULL. */
static void
count_add_several(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    for (size_t i = 0; i < rows->row_count; i++) {
        struct agg_count *state = aggregate_state(rows, i);
        size_t column = 0;

        while (column < aggregate->arg_count &&
               !sl_column_is_null(rows->columns[column], rows->rows[i]))
            column++;
        if (column == aggregate->arg_count)
            state->count += aggregate_sign(rows, rows->rows[i]);
    }
}

static void
count_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    const struct sl_column *column = aggregate->arg_count ? rows->columns[0] : NULL;
    bool plain = rows->kinds == NULL && (column == NULL || column->validity == NULL);

    if (aggregate->arg_count > 1) {
        count_add_several(aggregate, rows);
        return;
    }
    if (plain && rows->states == NULL) {
        ((struct agg_count *)rows->one)->count += (int64_t)rows->row_count;
        return;
    }
    for (size_t i = 0; i < rows->row_count; i++) {
        struct agg_count *state = aggregate_state(rows, i);

        if (plain)
            state->count++;
        else if (column == NULL || !sl_column_is_null(column, rows->rows[i]))
            state->count += aggregate_sign(rows, rows->rows[i]);
    }
}

static void
count_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
            struct sl_aggregate_keeper *keeper)
{
    ((struct agg_count *)to)->count += ((const struct agg_count *)from)->count;
}

static struct sl_column *
count_finish(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
             size_t state_offset, size_t row_count, uint64_t *errors)
{
    struct sl_column *column = sl_column_new(pool, aggregate->type, row_count, false);
    int64_t *values = column->values;

    for (size_t i = 0; i < row_count; i++)
        values[i] = ((const struct agg_count *)(void *)(states[i] + state_offset))->count;
    return column;
}

struct sl_aggregate *
sl_aggregate_row_count(struct sl_arena *arena)
{
    struct sl_aggregate *aggregate;
    struct sl_error err;
    int rc = sl_aggregate_bind(arena, "COUNT", NULL, 0, false, NULL, -1, &aggregate, &err);

    SL_ASSERT(rc == SL_OK);
    rc = sl_aggregate_set_retracts(aggregate, &err);
    SL_ASSERT(rc == SL_OK);
    return aggregate;
}

int64_t
sl_aggregate_counted(const char *accumulator)
{
    return ((const struct agg_count *)(const void *)accumulator)->count;
}

/* --- sums of integers --- */

#define SUM_LOOP(c_type, state_type, ADD)                                \
    do {                                                                 \
        const c_type *values = rows->columns[0]->values;                 \
        if (rows->columns[0]->validity == NULL && rows->kinds == NULL) { \
            for (size_t i = 0; i < rows->row_count; i++) {               \
                state_type *state = aggregate_state(rows, i);            \
                c_type value = values[rows->rows[i]];                    \
                const int sign = 1;                                      \
                ADD;                                                     \
                state->count++;                                          \
            }                                                            \
        } else {                                                         \
            for (size_t i = 0; i < rows->row_count; i++) {               \
                state_type *state = aggregate_state(rows, i);            \
                size_t row = rows->rows[i];                              \
                c_type value = values[row];                              \
                int sign = aggregate_sign(rows, row);                    \
                if (sl_column_is_null(rows->columns[0], row))            \
                    continue;                                            \
                ADD;                                                     \
                state->count += sign;                                    \
            }                                                            \
        }                                                                \
    } while (0)

#define SUM_ADD_INTEGER state->sum += sign < 0 ? -(sl_int128)value : (sl_int128)value
#define SUM_ADD_REAL state->sum += (double)sign * (double)value

static void
integer_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    switch (sl_type_width(rows->columns[0]->type->kind)) {
    case 1:
        SUM_LOOP(int8_t, struct agg_integer, SUM_ADD_INTEGER);
        break;
    case 2:
        SUM_LOOP(int16_t, struct agg_integer, SUM_ADD_INTEGER);
        break;
    case 4:
        SUM_LOOP(int32_t, struct agg_integer, SUM_ADD_INTEGER);
        break;
    default:
        SUM_LOOP(int64_t, struct agg_integer, SUM_ADD_INTEGER);
        break;
    }
}

static void
integer_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
              struct sl_aggregate_keeper *keeper)
{
    struct agg_integer *target = to;
    const struct agg_integer *source = from;

    target->sum += source->sum;
    target->count += source->count;
}

bool
sl_aggregate_set_integer(struct sl_column *column, size_t row, sl_int128 value)
{
    switch (sl_type_width(column->type->kind)) {
    case 1:
        ((int8_t *)column->values)[row] = (int8_t)value;
        return value == (int8_t)value;
    case 2:
        ((int16_t *)column->values)[row] = (int16_t)value;
        return value == (int16_t)value;
    case 4:
        ((int32_t *)column->values)[row] = (int32_t)value;
        return value == (int32_t)value;
    default:
        ((int64_t *)column->values)[row] = (int64_t)value;
        return value == (int64_t)value;
    }
}

static void
sum_set_null(struct sl_pool *pool, struct sl_column *column, size_t row)
{
    sl_validity_set(sl_column_add_validity(column, pool), row, false);
}

static bool
integer_sum_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
                   struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    const struct agg_integer *sum = state;

    if (sum->count == 0) {
        sum_set_null(pool, column, row);
        return true;
    }
    return sl_aggregate_set_integer(column, row, sum->sum);
}

/* errors NULL: it wraps. */
static struct sl_column *
integer_sum_results(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
                    size_t state_offset, size_t row_count, uint64_t *errors)
{
    struct sl_column *column = sl_column_new(pool, aggregate->type, row_count, false);
    bool is_wide = sl_type_width(aggregate->type->kind) == sizeof(int64_t);
    int64_t *values = column->values;

    for (size_t i = 0; i < row_count; i++) {
        const struct agg_integer *sum = (const void *)(states[i] + state_offset);

        if (SL_LIKELY(is_wide && sum->count != 0 && sum->sum == (int64_t)sum->sum))
            values[i] = (int64_t)sum->sum;
        else if (!integer_sum_finish(aggregate, sum, pool, column, NULL, i) && errors)
            errors[i / 64] |= UINT64_C(1) << (i % 64);
    }
    return column;
}

/* Cut towards zero, as in Flink. */
static bool
integer_avg_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
                   struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    const struct agg_integer *sum = state;

    if (sum->count == 0) {
        sum_set_null(pool, column, row);
        return true;
    }
    return sl_aggregate_set_integer(column, row, sum->sum / sum->count);
}

/* Flink's AVG of an integer adds up in a BIGINT. */
static bool
integer_avg_wrapped(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
                    struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    struct agg_integer wrapped = *(const struct agg_integer *)state;

    wrapped.sum = (int64_t)wrapped.sum;
    return integer_avg_finish(aggregate, &wrapped, pool, column, writer, row);
}

/* --- sums of floating-point numbers --- */

static void
real_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    if (rows->columns[0]->type->kind == SL_TYPE_FLOAT)
        SUM_LOOP(float, struct agg_real, SUM_ADD_REAL);
    else
        SUM_LOOP(double, struct agg_real, SUM_ADD_REAL);
}

static void
real_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
           struct sl_aggregate_keeper *keeper)
{
    struct agg_real *target = to;
    const struct agg_real *source = from;

    target->sum += source->sum;
    target->count += source->count;
}

static bool
real_set(struct sl_pool *pool, struct sl_column *column, size_t row, int64_t count, double value)
{
    if (count == 0)
        sum_set_null(pool, column, row);
    else if (column->type->kind == SL_TYPE_FLOAT)
        ((float *)column->values)[row] = (float)value;
    else
        ((double *)column->values)[row] = value;
    return true;
}

static bool
real_sum_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
                struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    const struct agg_real *sum = state;

    return real_set(pool, column, row, sum->count, sum->sum);
}

static bool
real_avg_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
                struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    const struct agg_real *sum = state;

    return real_set(pool, column, row, sum->count, sum->count ? sum->sum / (double)sum->count : 0);
}

/* --- sums of decimals --- */

#define SUM_ADD_DECIMAL                                                           \
    do {                                                                          \
        sl_int128 sum = state->sum;                                               \
        state->overflowed |= sign < 0 ? __builtin_sub_overflow(sum, value, &sum)  \
                                      : __builtin_add_overflow(sum, value, &sum); \
        state->sum = sum;                                                         \
    } while (0)

static void
decimal_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    SUM_LOOP(sl_int128, struct agg_decimal, SUM_ADD_DECIMAL);
}

static void
decimal_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
              struct sl_aggregate_keeper *keeper)
{
    struct agg_decimal *target = to;
    const struct agg_decimal *source = from;
    sl_int128 sum = target->sum;

    target->overflowed |= source->overflowed | __builtin_add_overflow(sum, source->sum, &sum);
    target->sum = sum;
    target->count += source->count;
}

/* NULL where it does not fit, as Flink gives it. */
static bool
decimal_set(struct sl_pool *pool, struct sl_column *column, size_t row, bool fits, sl_int128 value)
{
    ((sl_int128 *)column->values)[row] = value;
    if (fits && sl_decimal_fits(value, column->type->precision))
        return true;
    sum_set_null(pool, column, row);
    return false;
}

static bool
decimal_sum_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
                   struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    const struct agg_decimal *sum = state;

    if (sum->count == 0 && !sum->overflowed) {
        sum_set_null(pool, column, row);
        return true;
    }
    return decimal_set(pool, column, row, !sum->overflowed, sum->sum);
}

static bool
decimal_avg_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
                   struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    const struct agg_decimal *sum = state;
    sl_int128 value = 0;
    bool fits = !sum->overflowed;

    if (sum->count == 0) {
        sum_set_null(pool, column, row);
        return fits;
    }
    fits = fits && sl_decimal_divide(sum->sum, aggregate->arg_types[0]->scale, sum->count, 0,
                                     aggregate->type->scale, &value);
    return decimal_set(pool, column, row, fits, value);
}

/* --- the classes --- */

static const struct sl_aggregate_class agg_count = {
    .name = "COUNT",
    .size = sizeof(struct agg_count),
    .can_retract = true,
    .is_linear = true,
    .always_fits = true,
    .add = count_add,
    .merge = count_merge,
    .finish_all = count_finish,
};
static const struct sl_aggregate_class agg_integer_sum = {
    .name = "SUM",
    .size = sizeof(struct agg_integer),
    .can_retract = true,
    .is_linear = true,
    .add = integer_add,
    .merge = integer_merge,
    .finish_all = integer_sum_results,
};
static const struct sl_aggregate_class agg_integer_avg = {
    .name = "AVG",
    .size = sizeof(struct agg_integer),
    .can_retract = true,
    .is_linear = true,
    .add = integer_add,
    .merge = integer_merge,
    .finish = integer_avg_finish,
    .finish_wrapped = integer_avg_wrapped,
};
static const struct sl_aggregate_class agg_real_sum = {
    .name = "SUM",
    .size = sizeof(struct agg_real),
    .can_retract = true,
    .is_linear = true,
    .is_rounded = true,
    .always_fits = true,
    .add = real_add,
    .merge = real_merge,
    .finish = real_sum_finish,
};
static const struct sl_aggregate_class agg_real_avg = {
    .name = "AVG",
    .size = sizeof(struct agg_real),
    .can_retract = true,
    .is_linear = true,
    .is_rounded = true,
    .always_fits = true,
    .add = real_add,
    .merge = real_merge,
    .finish = real_avg_finish,
};
static const struct sl_aggregate_class agg_decimal_sum = {
    .name = "SUM",
    .size = sizeof(struct agg_decimal),
    .can_retract = true,
    .is_linear = true,
    .add = decimal_add,
    .merge = decimal_merge,
    .finish = decimal_sum_finish,
};
static const struct sl_aggregate_class agg_decimal_avg = {
    .name = "AVG",
    .size = sizeof(struct agg_decimal),
    .can_retract = true,
    .is_linear = true,
    .add = decimal_add,
    .merge = decimal_merge,
    .finish = decimal_avg_finish,
};

/* The type of the argument if there is one and it is a number. */
static const struct sl_type *
sum_number(const struct sl_aggregate_binding *binding)
{
    const struct sl_type *arg = binding->arg_count == 1 ? binding->arg_types[0] : NULL;

    return arg && sl_type_is_numeric(arg->kind) ? arg : NULL;
}

const struct sl_aggregate_class *
sl_aggregate_choose_count(struct sl_aggregate_binding *binding)
{
    binding->type = sl_type_nullable(binding->arena, &sl_type_bigint, false);
    return &agg_count;
}

/* Flink: SUM of an integer keeps its type, of a decimal takes all 38 digits. */
const struct sl_aggregate_class *
sl_aggregate_choose_sum(struct sl_aggregate_binding *binding)
{
    const struct sl_type *arg = sum_number(binding);

    if (arg == NULL)
        return NULL;
    binding->type = sl_type_nullable(binding->arena, arg, true);
    if (arg->kind == SL_TYPE_DECIMAL) {
        binding->type = sl_type_decimal(binding->arena, SL_DECIMAL_PRECISION_MAX, arg->scale);
        return &agg_decimal_sum;
    }
    return sl_type_is_integer(arg->kind) ? &agg_integer_sum : &agg_real_sum;
}

const struct sl_type *
sl_aggregate_mean_type(struct sl_arena *arena, const struct sl_type *arg)
{
    if (arg->kind == SL_TYPE_DECIMAL)
        return sl_type_decimal(arena, SL_DECIMAL_PRECISION_MAX, SL_MAX(arg->scale, 6));
    return sl_type_nullable(arena, arg, true);
}

const struct sl_aggregate_class *
sl_aggregate_choose_avg(struct sl_aggregate_binding *binding)
{
    const struct sl_type *arg = sum_number(binding);

    if (arg == NULL)
        return NULL;
    binding->type = sl_aggregate_mean_type(binding->arena, arg);
    if (arg->kind == SL_TYPE_DECIMAL)
        return &agg_decimal_avg;
    return sl_type_is_integer(arg->kind) ? &agg_integer_avg : &agg_real_avg;
}
