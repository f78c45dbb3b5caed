/* PERCENTILE(x, p [, frequency]): sorted values with counts; between two of them it is
 * interpolated. p is a literal from 0 to 1, or an ARRAY of them. */
#include "data/decimal.h"
#include "expr/agg_list.h"

#include <math.h>

/* How often the value of this row counts; 0: not at all. */
static int64_t
percentile_frequency(const struct aggregate_rows *rows, size_t row, bool has_frequency)
{
    if (!has_frequency)
        return 1;
    return sl_column_is_null(rows->columns[2], row) ? 0 : sl_column_integer(rows->columns[2], row);
}

static void
percentile_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    struct sl_buffer value;

    sl_buffer_init(&value, SIZE_MAX / 2);
    for (size_t i = 0; i < rows->row_count; i++) {
        size_t row = rows->rows[i], key_length;
        int64_t frequency = percentile_frequency(rows, row, aggregate->arg_count > 2);

        if (sl_column_is_null(rows->columns[0], row) || frequency <= 0)
            continue;
        value.length = 0;
        sl_key_encode(rows->columns, 1, row, &value);
        key_length = value.length;
        sl_row_pack(aggregate->layout, rows->columns, row, &value);
        sl_agg_list_count_sorted(aggregate_state(rows, i), rows->keeper,
                                 (struct sl_text){value.data, value.length}, key_length,
                                 aggregate_sign(rows, row) * frequency);
    }
    sl_buffer_done(&value);
}

static double
percentile_value(const struct sl_column *column, size_t row)
{
    switch (column->type->kind) {
    case SL_TYPE_TINYINT:
        return ((const int8_t *)column->values)[row];
    case SL_TYPE_SMALLINT:
        return ((const int16_t *)column->values)[row];
    case SL_TYPE_INT:
        return ((const int32_t *)column->values)[row];
    case SL_TYPE_BIGINT:
        return (double)((const int64_t *)column->values)[row];
    case SL_TYPE_FLOAT:
        return (double)((const float *)column->values)[row];
    case SL_TYPE_DECIMAL:
        return sl_decimal_to_double(((const sl_int128 *)column->values)[row], column->type->scale);
    default:
        return ((const double *)column->values)[row];
    }
}

/* The value at this place of the sorted values, each as often as it counts. */
static double
percentile_at(const struct agg_list *list, const struct sl_column *values, size_t first,
              int64_t place)
{
    const struct agg_slot *slots = agg_list_slots(list);
    size_t i = 0;

    for (; i + 1 < list->count && place >= slots[i].count; i++)
        place -= slots[i].count;
    return percentile_value(values, first + i);
}

static double
percentile_of(const struct agg_list *list, const struct sl_column *values, size_t first, double p)
{
    double place = p * (double)(list->total - 1), low = floor(place), high = ceil(place);
    double from = percentile_at(list, values, first, (int64_t)low), to = from;

    if (high > low)
        to = percentile_at(list, values, first, (int64_t)high);
    return from == to ? from : (high - place) * from + (place - low) * to;
}

static double
percentile_literal(const struct sl_value *value)
{
    if (value->type->kind == SL_TYPE_DECIMAL)
        return sl_decimal_to_double(value->decimal, value->type->scale);
    if (sl_type_is_integer(value->type->kind))
        return (double)value->integer;
    return value->real;
}

static struct sl_column *
percentile_finish(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
                  size_t state_offset, size_t row_count, uint64_t *errors)
{
    const struct sl_value *p = &aggregate->args[1]->value;
    bool is_array = p->type->kind == SL_TYPE_ARRAY;
    size_t count = is_array ? p->list.count : 1, first = 0;
    struct sl_column *column = sl_column_new(pool, aggregate->type, row_count, false), *values;
    struct sl_column *reals = column;

    if (is_array)
        reals = column->children[0] =
            sl_column_new(pool, aggregate->type->element, row_count * count, false);
    sl_agg_list_unpack(aggregate, pool, states, state_offset, row_count, &values);
    for (size_t row = 0; row < row_count; row++) {
        const struct agg_list *list = agg_list_of(states[row] + state_offset);
        double *to = (double *)reals->values + row * count;

        if (is_array)
            ((struct sl_span *)column->values)[row] =
                (struct sl_span){(uint32_t)(row * count), (uint32_t)count};
        memset(to, 0, count * sizeof(*to));
        if (!list || list->count == 0) {
            sl_validity_set(sl_column_add_validity(column, pool), row, false);
            continue;
        }
        for (size_t i = 0; i < count; i++)
            to[i] = percentile_of(list, values, first,
                                  percentile_literal(is_array ? &p->list.items[i] : p));
        first += list->count;
    }
    sl_column_unref(values);
    sl_agg_list_mark_overflows(states, state_offset, row_count, errors);
    return column;
}

static const struct sl_aggregate_class percentile = {
    .name = "PERCENTILE",
    .size = sizeof(struct agg_list_state),
    .has_view = true,
    .can_retract = true,
    .stored_args = 1,
    .parameters = 1 << 1,
    .add = percentile_add,
    .merge = sl_agg_list_merge_sorted,
    .finish_all = percentile_finish,
};

/* 22023: not from 0 to 1. */
static bool
percentile_check(struct sl_aggregate_binding *binding, const struct sl_value *value)
{
    double p = value->is_null ? -1 : percentile_literal(value);

    if (p >= 0 && p <= 1)
        return true;
    SL_ERROR(binding->err, SL_E_INVALID_PARAMETER_VALUE,
             "a percentage of PERCENTILE must be from 0 to 1");
    return false;
}

const struct sl_aggregate_class *
sl_aggregate_choose_percentile(struct sl_aggregate_binding *binding)
{
    const struct sl_type *type;
    const struct sl_expr *p;
    bool is_array;

    if (binding->arg_count < 2 || binding->arg_count > 3 ||
        !sl_type_is_numeric(binding->arg_types[0]->kind) ||
        (binding->arg_count == 3 && !sl_type_is_integer(binding->arg_types[2]->kind)))
        return NULL;
    p = binding->args[1];
    is_array = p->type->kind == SL_TYPE_ARRAY;
    if (!sl_type_is_numeric((is_array ? p->type->element : p->type)->kind))
        return NULL;
    if (p->kind != SL_EXPR_LITERAL || p->value.is_null) {
        SL_ERROR(binding->err, SL_E_NOT_SUPPORTED,
                 "the percentage of PERCENTILE must be a literal or an ARRAY of literals");
        return NULL;
    }
    for (size_t i = 0; i < (is_array ? p->value.list.count : 1); i++)
        if (!percentile_check(binding, is_array ? &p->value.list.items[i] : &p->value))
            return NULL;
    type = sl_type_nullable(binding->arena, &sl_type_double, true);
    binding->type = is_array ? sl_type_array(binding->arena, type) : type;
    return &percentile;
}
