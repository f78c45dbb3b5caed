/* Builds columns value by value.  Children of nested types are builders of their own; their number
 * of rows is not known before, so values are kept in growing arrays and carved at the end. */
#include "data/value.h"

#include <stdlib.h>

struct sl_column_builder {
    struct sl_pool *pool;
    const struct sl_type *type;
    struct sl_arena arena; /* of the texts and lists */
    struct sl_value *values;
    size_t count, capacity;
};

struct sl_column_builder *
sl_column_builder_new(struct sl_pool *pool, const struct sl_type *type, size_t row_count_max)
{
    struct sl_column_builder *builder = sl_alloc_zeroed(sizeof(*builder));

    builder->pool = pool;
    builder->type = type;
    builder->capacity = SL_MAX(row_count_max, (size_t)1);
    builder->values = sl_alloc(builder->capacity * sizeof(*builder->values));
    sl_arena_init(&builder->arena);
    return builder;
}

void
sl_column_builder_add(struct sl_column_builder *builder, const struct sl_value *value)
{
    if (builder->count == builder->capacity) {
        builder->capacity *= 2;
        builder->values = sl_realloc(builder->values, builder->capacity * sizeof(*builder->values));
    }
    builder->values[builder->count++] = sl_value_copy(&builder->arena, value);
}

static struct sl_column *builder_column(struct sl_pool *pool, const struct sl_type *type,
                                        const struct sl_value *values, size_t count);

static void
builder_set(struct sl_column *column, struct sl_heap_writer *writer, size_t row,
            const struct sl_value *value)
{
    if (sl_type_is_view(column->type->kind))
        ((struct sl_view *)column->values)[row] =
            sl_heap_writer_copy(writer, value->text.start, value->text.length);
    else if (column->type->kind != SL_TYPE_NULL)
        sl_column_store_scalar(column, row, value);
}

static void
builder_row_children(struct sl_pool *pool, struct sl_column *column, const struct sl_value *values,
                     size_t count)
{
    struct sl_value *items = sl_alloc(count * sizeof(*items));

    for (size_t field = 0; field < column->child_count; field++) {
        const struct sl_type *type = column->type->fields[field].type;

        for (size_t i = 0; i < count; i++)
            items[i] = values[i].is_null ? sl_value_null(type) : values[i].list.items[field];
        column->children[field] = builder_column(pool, type, items, count);
    }
    free(items);
}

/* Distinct items of a multiset, and how often each occurs. */
static void
builder_multiset_children(struct sl_pool *pool, struct sl_column *column,
                          const struct sl_value *values, size_t count, size_t total)
{
    struct sl_value *items = sl_alloc(total * sizeof(*items));
    struct sl_value *counts = sl_alloc(total * sizeof(*counts));
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        struct sl_span *span = (struct sl_span *)column->values + i;

        span->start = (uint32_t)used;
        for (size_t k = 0; !values[i].is_null && k < values[i].list.count; k++) {
            size_t found = span->start;

            while (found < used && sl_value_compare(&items[found], &values[i].list.items[k]) != 0)
                found++;
            if (found == used) {
                items[used] = values[i].list.items[k];
                counts[used++] = (struct sl_value){.type = &sl_type_int};
            }
            counts[found].integer++;
        }
        span->length = (uint32_t)used - span->start;
    }
    column->children[0] = builder_column(pool, column->type->element, items, used);
    column->children[1] = builder_column(pool, &sl_type_int, counts, used);
    free(items);
    free(counts);
}

static void
builder_list_children(struct sl_pool *pool, struct sl_column *column, const struct sl_value *values,
                      size_t count)
{
    size_t width = column->type->kind == SL_TYPE_MAP ? 2 : 1, total = 0, at = 0;
    struct sl_value *items;

    for (size_t i = 0; i < count; i++)
        total += values[i].is_null ? 0 : values[i].list.count;
    if (column->type->kind == SL_TYPE_MULTISET) {
        builder_multiset_children(pool, column, values, count, total);
        return;
    }
    items = sl_alloc(total * sizeof(*items));
    for (size_t child = 0; child < width; child++) {
        const struct sl_type *type =
            width == 2 && child == 0 ? column->type->key : column->type->element;

        at = 0;
        for (size_t i = 0; i < count; i++) {
            size_t length = values[i].is_null ? 0 : values[i].list.count / width;

            ((struct sl_span *)column->values)[i] =
                (struct sl_span){(uint32_t)at, (uint32_t)length};
            for (size_t k = 0; k < length; k++)
                items[at++] = values[i].list.items[k * width + child];
        }
        column->children[child] = builder_column(pool, type, items, at);
    }
    free(items);
}

static struct sl_column *
builder_column(struct sl_pool *pool, const struct sl_type *type, const struct sl_value *values,
               size_t count)
{
    struct sl_column *column = sl_column_new(pool, type, count, false);
    struct sl_heap_writer writer;

    sl_heap_writer_init(&writer, pool, column);
    for (size_t i = 0; i < count; i++) {
        if (values[i].is_null)
            sl_validity_set(sl_column_add_validity(column, pool), i, false);
        else if (!sl_type_is_nested(type->kind))
            builder_set(column, &writer, i, &values[i]);
    }
    if (type->kind == SL_TYPE_ROW)
        builder_row_children(pool, column, values, count);
    else if (sl_type_is_nested(type->kind))
        builder_list_children(pool, column, values, count);
    return column;
}

struct sl_column *
sl_column_builder_end(struct sl_column_builder *builder)
{
    struct sl_column *column =
        builder_column(builder->pool, builder->type, builder->values, builder->count);

    sl_arena_done(&builder->arena);
    free(builder->values);
    free(builder);
    return column;
}
