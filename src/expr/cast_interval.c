/* Casts between intervals and exact numbers, which count months or milliseconds, as in Flink. */
#include "data/time.h"
#include "expr/cast.h"

#define CAST_US_PER_UNIT(kind) ((kind) == SL_TYPE_INTERVAL_DAY ? SL_US_PER_MS : 1)

/* One cast by a call of its own, whose failures are this call's. */
static struct sl_column *
interval_inner(struct sl_call *call, struct sl_column *column, const struct sl_type *to)
{
    struct sl_expr expr = {
        .kind = SL_EXPR_CAST, .type = to, .cast = call->expr->cast, .offset = call->expr->offset};
    struct sl_vector vector = {column, SIZE_MAX};
    struct sl_call inner = *call;

    inner.expr = &expr;
    inner.args = &vector;
    inner.result = NULL;
    inner.parent = call;
    inner.parents = NULL;
    sl_cast_column(&inner);
    return inner.result;
}

static void
interval_to_number(struct sl_call *call)
{
    const struct sl_column *from = call->args[0].column;
    int64_t unit = CAST_US_PER_UNIT(from->type->kind);
    struct sl_column *counts = sl_column_new(call->pool, &sl_type_bigint, call->row_count, false);

    if (from->validity)
        memcpy(sl_column_add_validity(counts, call->pool), from->validity,
               SL_VALIDITY_WORDS(call->row_count) * sizeof(uint64_t));
    CAST_FOR_ROWS(call, row)
    {
        ((int64_t *)counts->values)[row] = sl_column_integer(from, row) / unit;
    }
    if (call->expr->type->kind != SL_TYPE_BIGINT) {
        struct sl_column *narrow = interval_inner(call, counts, call->expr->type);

        sl_column_unref(counts);
        counts = narrow;
    }
    memcpy(call->result->values, counts->values,
           call->row_count * sl_type_width(call->expr->type->kind));
    sl_column_unref(counts);
}

static void
interval_from_number(struct sl_call *call)
{
    const struct sl_type *to = call->expr->type;
    int64_t unit = CAST_US_PER_UNIT(to->kind);
    struct sl_column *counts = interval_inner(call, call->args[0].column, &sl_type_bigint);

    CAST_FOR_ROWS(call, row)
    {
        int64_t value = 0;
        bool fits;

        if (sl_column_is_null(counts, row))
            continue;
        fits = !__builtin_mul_overflow(((const int64_t *)counts->values)[row], unit, &value);
        if (to->kind == SL_TYPE_INTERVAL_MONTH)
            fits = fits && value >= INT32_MIN && value <= INT32_MAX;
        if (!fits)
            sl_cast_fail_range(call, row);
        else if (to->kind == SL_TYPE_INTERVAL_MONTH)
            SL_RESULT(call, int32_t)[row] = (int32_t)value;
        else
            SL_RESULT(call, int64_t)[row] = value;
    }
    sl_column_unref(counts);
}

void
sl_cast_intervals(struct sl_call *call)
{
    if (sl_type_is_numeric(call->expr->type->kind))
        interval_to_number(call);
    else
        interval_from_number(call);
}
