/* MIN and MAX over every type that has an order.  They cannot take rows back: over changing input
 * agg_collect.c keeps the values themselves. */
#include "expr/aggregate_class.h"

#include <math.h>

struct extreme_integer { /* all integers, booleans and times */
    int64_t value;
    int64_t is_set;
};

struct extreme_real {
    double value;
    int64_t is_set;
};

struct extreme_decimal {
    aggregate_int128 value;
    int64_t is_set;
};

struct extreme_view {
    struct sl_view view;
    int64_t is_set;
};

/* Is `value` to take the place of what the state holds?  `sign`: 1 for MAX, -1 for MIN. */
static inline bool
extreme_beats_integer(const struct extreme_integer *state, int64_t value, int sign)
{
    return !state->is_set || (sign > 0 ? value > state->value : value < state->value);
}

/* NaN is above every number, as in Java's compare. */
static inline bool
extreme_beats_real(const struct extreme_real *state, double value, int sign)
{
    if (!state->is_set)
        return true;
    if (isnan(value) || isnan(state->value))
        return isnan(value) != isnan(state->value) && isnan(value) == (sign > 0);
    return sign > 0 ? value > state->value : value < state->value;
}

static inline bool
extreme_beats_decimal(const struct extreme_decimal *state, sl_int128 value, int sign)
{
    return !state->is_set || (sign > 0 ? value > state->value : value < state->value);
}

#define EXTREME_LOOP(c_type, state_type, BEATS)           \
    do {                                                  \
        const c_type *values = rows->columns[0]->values;  \
        for (size_t i = 0; i < rows->row_count; i++) {    \
            state_type *state = aggregate_state(rows, i); \
            size_t row = rows->rows[i];                   \
            if (sl_column_is_null(rows->columns[0], row)) \
                continue;                                 \
            SL_ASSERT(aggregate_sign(rows, row) > 0);     \
            if (BEATS(state, values[row], sign)) {        \
                state->value = values[row];               \
                state->is_set = 1;                        \
            }                                             \
        }                                                 \
    } while (0)

static inline void
extreme_add_views(const struct aggregate_rows *rows, int sign)
{
    const struct sl_view *views = rows->columns[0]->values;

    for (size_t i = 0; i < rows->row_count; i++) {
        struct extreme_view *state = aggregate_state(rows, i);
        size_t row = rows->rows[i];

        if (sl_column_is_null(rows->columns[0], row))
            continue;
        SL_ASSERT(aggregate_sign(rows, row) > 0);
        if (state->is_set && sl_view_compare(&views[row], &state->view) * sign <= 0)
            continue;
        state->view = rows->keeper ? rows->keeper->keep(rows->keeper, (char *)state, &views[row])
                                   : views[row];
        state->is_set = 1;
    }
}

static inline void
extreme_add(const struct aggregate_rows *rows, int sign)
{
    enum sl_type_kind kind = rows->columns[0]->type->kind;

    switch (kind) {
    case SL_TYPE_BOOLEAN:
        EXTREME_LOOP(uint8_t, struct extreme_integer, extreme_beats_integer);
        break;
    case SL_TYPE_TINYINT:
        EXTREME_LOOP(int8_t, struct extreme_integer, extreme_beats_integer);
        break;
    case SL_TYPE_SMALLINT:
        EXTREME_LOOP(int16_t, struct extreme_integer, extreme_beats_integer);
        break;
    case SL_TYPE_INT:
    case SL_TYPE_DATE:
    case SL_TYPE_INTERVAL_MONTH:
        EXTREME_LOOP(int32_t, struct extreme_integer, extreme_beats_integer);
        break;
    case SL_TYPE_FLOAT:
        EXTREME_LOOP(float, struct extreme_real, extreme_beats_real);
        break;
    case SL_TYPE_DOUBLE:
        EXTREME_LOOP(double, struct extreme_real, extreme_beats_real);
        break;
    case SL_TYPE_DECIMAL:
        EXTREME_LOOP(sl_int128, struct extreme_decimal, extreme_beats_decimal);
        break;
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        extreme_add_views(rows, sign);
        break;
    default:
        EXTREME_LOOP(int64_t, struct extreme_integer, extreme_beats_integer);
        break;
    }
}

static void
extreme_add_max(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    extreme_add(rows, 1);
}

static void
extreme_add_min(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    extreme_add(rows, -1);
}

static void
extreme_merge(const struct sl_aggregate *aggregate, void *to, const void *from, int sign,
              struct sl_aggregate_keeper *keeper)
{
    enum sl_type_kind kind = aggregate->arg_types[0]->kind;

    if (sl_type_is_view(kind)) {
        const struct extreme_view *source = from;
        struct extreme_view *target = to;

        if (source->is_set &&
            (!target->is_set || sl_view_compare(&source->view, &target->view) * sign > 0)) {
            target->view = keeper ? keeper->keep(keeper, to, &source->view) : source->view;
            target->is_set = 1;
        }
    } else if (kind == SL_TYPE_DECIMAL) {
        const struct extreme_decimal *source = from;

        if (source->is_set && extreme_beats_decimal(to, source->value, sign))
            memcpy(to, from, sizeof(*source));
    } else if (kind == SL_TYPE_FLOAT || kind == SL_TYPE_DOUBLE) {
        const struct extreme_real *source = from;

        if (source->is_set && extreme_beats_real(to, source->value, sign))
            memcpy(to, from, sizeof(*source));
    } else {
        const struct extreme_integer *source = from;

        if (source->is_set && extreme_beats_integer(to, source->value, sign))
            memcpy(to, from, sizeof(*source));
    }
}

static void
extreme_merge_max(const struct sl_aggregate *aggregate, void *to, const void *from,
                  struct sl_aggregate_keeper *keeper)
{
    extreme_merge(aggregate, to, from, 1, keeper);
}

static void
extreme_merge_min(const struct sl_aggregate *aggregate, void *to, const void *from,
                  struct sl_aggregate_keeper *keeper)
{
    extreme_merge(aggregate, to, from, -1, keeper);
}

static void
extreme_set(struct sl_column *column, struct sl_heap_writer *writer, size_t row, const void *state)
{
    const struct extreme_integer *integer = state;
    const struct extreme_view *view = state;

    if (sl_type_is_view(column->type->kind)) {
        ((struct sl_view *)column->values)[row] =
            sl_heap_writer_copy(writer, sl_view_data(&view->view), view->view.length);
        return;
    }
    switch (column->type->kind) {
    case SL_TYPE_FLOAT:
        ((float *)column->values)[row] = (float)((const struct extreme_real *)state)->value;
        return;
    case SL_TYPE_DOUBLE:
        ((double *)column->values)[row] = ((const struct extreme_real *)state)->value;
        return;
    case SL_TYPE_DECIMAL:
        ((sl_int128 *)column->values)[row] = ((const struct extreme_decimal *)state)->value;
        return;
    default:
        break;
    }
    switch (sl_type_width(column->type->kind)) {
    case 1:
        ((int8_t *)column->values)[row] = (int8_t)integer->value;
        break;
    case 2:
        ((int16_t *)column->values)[row] = (int16_t)integer->value;
        break;
    case 4:
        ((int32_t *)column->values)[row] = (int32_t)integer->value;
        break;
    default:
        ((int64_t *)column->values)[row] = integer->value;
        break;
    }
}

static bool
extreme_is_set(const struct sl_aggregate *aggregate, const void *state)
{
    /* is_set is the last member of each state. */
    const char *end = (const char *)state + aggregate->class->size;
    int64_t is_set;

    memcpy(&is_set, end - sizeof(is_set), sizeof(is_set));
    return is_set != 0;
}

static bool
extreme_finish(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
               struct sl_column *column, struct sl_heap_writer *writer, size_t row)
{
    if (extreme_is_set(aggregate, state))
        extreme_set(column, writer, row, state);
    else
        sl_validity_set(sl_column_add_validity(column, pool), row, false);
    return true;
}

#define EXTREME_CLASS(NAME, direction, state, is_view)                                         \
    {                                                                                          \
        .name = NAME, .size = sizeof(struct extreme_##state), .has_view = is_view,             \
        .stored_args = 1, .retracting = &sl_agg_##direction##_retracting, .always_fits = true, \
        .add = extreme_add_##direction, .merge = extreme_merge_##direction,                    \
        .finish = extreme_finish                                                               \
    }
#define EXTREME_CLASSES(NAME, direction)                                                         \
    EXTREME_CLASS(NAME, direction, integer, false), EXTREME_CLASS(NAME, direction, real, false), \
        EXTREME_CLASS(NAME, direction, decimal, false), EXTREME_CLASS(NAME, direction, view, true)

static const struct sl_aggregate_class extreme_min[] = {EXTREME_CLASSES("MIN", min)};
static const struct sl_aggregate_class extreme_max[] = {EXTREME_CLASSES("MAX", max)};

static const struct sl_aggregate_class *
extreme_choose(struct sl_aggregate_binding *binding, const struct sl_aggregate_class *classes)
{
    const struct sl_type *arg = binding->arg_count == 1 ? binding->arg_types[0] : NULL;

    if (arg == NULL || sl_type_is_nested(arg->kind))
        return NULL;
    binding->type = sl_type_nullable(binding->arena, arg, true);
    if (sl_type_is_view(arg->kind))
        return &classes[3];
    if (arg->kind == SL_TYPE_DECIMAL)
        return &classes[2];
    return &classes[arg->kind == SL_TYPE_FLOAT || arg->kind == SL_TYPE_DOUBLE];
}

const struct sl_aggregate_class *
sl_aggregate_choose_min(struct sl_aggregate_binding *binding)
{
    return extreme_choose(binding, extreme_min);
}

const struct sl_aggregate_class *
sl_aggregate_choose_max(struct sl_aggregate_binding *binding)
{
    return extreme_choose(binding, extreme_max);
}
