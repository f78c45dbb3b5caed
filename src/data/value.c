/* Single values: read out of columns, spread over columns, copied, compared. */
#include "data/value.h"

#include <math.h>
#include <stdlib.h>

struct sl_value
sl_value_null(const struct sl_type *type)
{
    return (struct sl_value){.type = type, .is_null = true};
}

static void
value_read_multiset(struct sl_arena *arena, const struct sl_column *column, struct sl_span span,
                    struct sl_value *value)
{
    const int32_t *counts = column->children[1]->values;
    size_t total = 0;

    for (uint32_t i = 0; i < span.length; i++)
        total += (size_t)SL_MAX(counts[span.start + i], 0);
    value->list.items = SL_NEW_ARRAY(arena, struct sl_value, total);
    for (uint32_t i = 0; i < span.length; i++) {
        struct sl_value item = sl_value_read(arena, column->children[0], span.start + i);

        for (int32_t k = 0; k < counts[span.start + i]; k++)
            value->list.items[value->list.count++] = item;
    }
}

static void
value_read_nested(struct sl_arena *arena, const struct sl_column *column, size_t row,
                  struct sl_value *value)
{
    struct sl_span span = {0, 0};
    size_t children = column->child_count;

    if (column->type->kind == SL_TYPE_ROW) {
        value->list.items = SL_NEW_ARRAY(arena, struct sl_value, children);
        for (size_t i = 0; i < children; i++)
            value->list.items[i] = sl_value_read(arena, column->children[i], row);
        value->list.count = children;
        return;
    }
    span = ((const struct sl_span *)column->values)[row];
    if (column->type->kind == SL_TYPE_MULTISET) {
        value_read_multiset(arena, column, span, value);
        return;
    }
    value->list.items = SL_NEW_ARRAY(arena, struct sl_value, span.length * children);
    for (uint32_t i = 0; i < span.length; i++) {
        for (size_t child = 0; child < children; child++)
            value->list.items[value->list.count++] =
                sl_value_read(arena, column->children[child], span.start + i);
    }
}

struct sl_value
sl_value_read(struct sl_arena *arena, const struct sl_column *column, size_t row)
{
    struct sl_value value = {.type = column->type};

    if (column->type->kind == SL_TYPE_NULL || sl_column_is_null(column, row)) {
        value.is_null = true;
        return value;
    }
    switch (column->type->kind) {
    case SL_TYPE_BOOLEAN:
        value.boolean = ((const uint8_t *)column->values)[row];
        break;
    case SL_TYPE_TINYINT:
        value.integer = ((const int8_t *)column->values)[row];
        break;
    case SL_TYPE_SMALLINT:
        value.integer = ((const int16_t *)column->values)[row];
        break;
    case SL_TYPE_INT:
    case SL_TYPE_DATE:
    case SL_TYPE_INTERVAL_MONTH:
        value.integer = ((const int32_t *)column->values)[row];
        break;
    case SL_TYPE_FLOAT:
        value.real = (double)((const float *)column->values)[row];
        break;
    case SL_TYPE_DOUBLE:
        value.real = ((const double *)column->values)[row];
        break;
    case SL_TYPE_DECIMAL:
        value.decimal = ((const sl_int128 *)column->values)[row];
        break;
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        value.text = sl_view_text((const struct sl_view *)column->values + row);
        break;
    case SL_TYPE_ARRAY:
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
    case SL_TYPE_ROW:
        value_read_nested(arena, column, row, &value);
        break;
    default:
        value.integer = ((const int64_t *)column->values)[row];
        break;
    }
    return value;
}

struct sl_column *
sl_value_column(struct sl_pool *pool, const struct sl_value *value, size_t row_count)
{
    struct sl_column_builder *builder = sl_column_builder_new(pool, value->type, 1);
    struct sl_column *one, *all;
    uint32_t zeroes[256] = {0}, *rows = zeroes;

    sl_column_builder_add(builder, value);
    one = sl_column_builder_end(builder);
    if (row_count == 1)
        return one;
    if (row_count > SL_COUNT_OF(zeroes))
        rows = sl_alloc_zeroed(row_count * sizeof(*rows));
    all = sl_column_gather(pool, one, rows, row_count, false);
    if (rows != zeroes)
        free(rows);
    sl_column_unref(one);
    return all;
}

struct sl_value
sl_value_copy(struct sl_arena *arena, const struct sl_value *value)
{
    struct sl_value copy = *value;

    if (value->is_null)
        return copy;
    if (sl_type_is_view(value->type->kind)) {
        copy.text = sl_arena_text(arena, value->text);
    } else if (sl_type_is_nested(value->type->kind)) {
        copy.list.items = SL_NEW_ARRAY(arena, struct sl_value, value->list.count);
        for (size_t i = 0; i < value->list.count; i++)
            copy.list.items[i] = sl_value_copy(arena, &value->list.items[i]);
    }
    return copy;
}

#define VALUE_ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* NaN equals itself and is above all others, as in PostgreSQL and in Java's compare. */
static int
value_compare_reals(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return VALUE_ORDER(a, b);
}

static int
value_compare_lists(const struct sl_value *a, const struct sl_value *b)
{
    for (size_t i = 0; i < a->list.count && i < b->list.count; i++) {
        int order = sl_value_compare(&a->list.items[i], &b->list.items[i]);

        if (order)
            return order;
    }
    return VALUE_ORDER(a->list.count, b->list.count);
}

int
sl_value_compare(const struct sl_value *a, const struct sl_value *b)
{
    if (a->is_null || b->is_null)
        return b->is_null - a->is_null;
    switch (a->type->kind) {
    case SL_TYPE_NULL:
        return 0;
    case SL_TYPE_BOOLEAN:
        return VALUE_ORDER(a->boolean, b->boolean);
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
        return value_compare_reals(a->real, b->real);
    case SL_TYPE_DECIMAL:
        return VALUE_ORDER(a->decimal, b->decimal);
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        return sl_text_compare(a->text, b->text);
    case SL_TYPE_ARRAY:
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
    case SL_TYPE_ROW:
        return value_compare_lists(a, b);
    default:
        return VALUE_ORDER(a->integer, b->integer);
    }
}
