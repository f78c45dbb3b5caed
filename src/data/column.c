/* Columns: one pool block holds header, children array, validity and values; see batch.h. Gathering
 * goes through segments (rows of a source column), so that concatenation is the same code. */
#include "data/batch.h"

#include "data/column_build.h"

#include <stdlib.h>

#define COLUMN_HEAPS_INLINE 4
#define COLUMN_ALIGNMENT 64
#define COLUMN_HEAP_SIZE_MIN ((size_t)16 << 10)

static size_t
column_align(size_t size)
{
    return (size + COLUMN_ALIGNMENT - 1) / COLUMN_ALIGNMENT * COLUMN_ALIGNMENT;
}

static uint32_t
column_child_count(const struct sl_type *type)
{
    switch (type->kind) {
    case SL_TYPE_ROW:
        return (uint32_t)type->field_count;
    case SL_TYPE_ARRAY:
        return 1;
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
        return 2;
    default:
        return 0;
    }
}

/* Where the parts of a column's block begin. */
struct column_shape {
    size_t children, heaps, validity, values, end;
};

static struct column_shape
column_shape_of(const struct sl_type *type, size_t row_count)
{
    struct column_shape shape;

    shape.children = sizeof(struct sl_column);
    shape.heaps = shape.children + column_child_count(type) * sizeof(struct sl_column *);
    shape.validity = column_align(shape.heaps + COLUMN_HEAPS_INLINE * sizeof(struct sl_block *));
    shape.values = column_align(shape.validity + SL_VALIDITY_WORDS(row_count) * sizeof(uint64_t));
    shape.end = shape.values + row_count * sl_type_width(type->kind);
    return shape;
}

struct sl_column *
sl_column_new(struct sl_pool *pool, const struct sl_type *type, size_t row_count,
              bool with_validity)
{
    struct column_shape shape = column_shape_of(type, row_count);
    struct sl_block *block = sl_pool_block(pool, shape.end);
    struct sl_column *column = (struct sl_column *)block->data;

    memset(column, 0, shape.validity);
    atomic_init(&column->references, 1);
    column->row_count = (uint32_t)row_count;
    column->type = type;
    column->values = type->kind == SL_TYPE_ROW ? NULL : block->data + shape.values;
    column->child_count = column_child_count(type);
    column->children = column->child_count ? (void *)(block->data + shape.children) : NULL;
    column->heaps = (void *)(block->data + shape.heaps);
    column->heap_capacity = COLUMN_HEAPS_INLINE;
    column->memory = block;
    if (sl_type_is_view(type->kind) || sl_type_is_nested(type->kind))
        memset(block->data + shape.values, 0, shape.end - shape.values);
    if (with_validity)
        sl_column_add_validity(column, pool);
    return column;
}

uint64_t *
sl_column_add_validity(struct sl_column *column, struct sl_pool *pool)
{
    if (column->validity == NULL) {
        struct column_shape shape = column_shape_of(column->type, column->row_count);

        column->validity = (uint64_t *)(void *)(column->memory->data + shape.validity);
        memset(column->validity, 0xff, SL_VALIDITY_WORDS(column->row_count) * sizeof(uint64_t));
    }
    return column->validity;
}

void
sl_column_add_heap(struct sl_column *column, struct sl_pool *pool, struct sl_block *heap)
{
    for (uint32_t i = column->heap_count; i-- > 0;) {
        if (column->heaps[i] == heap)
            return;
    }
    if (column->heap_count == column->heap_capacity) {
        uint32_t capacity = column->heap_capacity * 4;
        struct sl_block *memory = sl_pool_block(pool, capacity * sizeof(*column->heaps));

        memcpy(memory->data, column->heaps, column->heap_count * sizeof(*column->heaps));
        sl_block_unref(column->heap_memory);
        column->heap_memory = memory;
        column->heaps = (void *)memory->data;
        column->heap_capacity = capacity;
    }
    column->heaps[column->heap_count++] = sl_block_ref(heap);
}

void
sl_column_add_heaps_of(struct sl_column *column, struct sl_pool *pool, const struct sl_column *from)
{
    for (uint32_t i = 0; i < from->heap_count; i++)
        sl_column_add_heap(column, pool, from->heaps[i]);
}

/* The new header holds the old one's block as if it were a heap. */
struct sl_column *
sl_column_alias(struct sl_pool *pool, const struct sl_column *column, const struct sl_type *type)
{
    struct column_shape shape = column_shape_of(type, column->row_count);
    struct sl_block *block = sl_pool_block(pool, shape.values);
    struct sl_column *alias = (struct sl_column *)block->data;

    SL_ASSERT(sl_type_width(type->kind) == sl_type_width(column->type->kind));
    memset(alias, 0, shape.validity);
    atomic_init(&alias->references, 1);
    alias->row_count = column->row_count;
    alias->type = type;
    alias->values = column->values;
    alias->child_count = column->child_count;
    alias->children = alias->child_count ? (void *)(block->data + shape.children) : NULL;
    alias->heaps = (void *)(block->data + shape.heaps);
    alias->heap_capacity = COLUMN_HEAPS_INLINE;
    alias->memory = block;
    for (uint32_t i = 0; i < alias->child_count; i++)
        alias->children[i] = sl_column_ref(column->children[i]);
    sl_column_add_heap(alias, pool, column->memory);
    sl_column_add_heaps_of(alias, pool, column);
    if (column->validity)
        memcpy(sl_column_add_validity(alias, pool), column->validity,
               SL_VALIDITY_WORDS(column->row_count) * sizeof(uint64_t));
    return alias;
}

struct sl_column *
sl_column_ref(struct sl_column *column)
{
    atomic_fetch_add_explicit(&column->references, 1, memory_order_relaxed);
    return column;
}

void
sl_column_unref(struct sl_column *column)
{
    if (column == NULL ||
        atomic_fetch_sub_explicit(&column->references, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < column->child_count; i++)
        sl_column_unref(column->children[i]);
    for (uint32_t i = 0; i < column->heap_count; i++)
        sl_block_unref(column->heaps[i]);
    sl_block_unref(column->heap_memory);
    sl_block_unref(column->memory);
}

void
sl_heap_writer_init(struct sl_heap_writer *writer, struct sl_pool *pool, struct sl_column *column)
{
    *writer = (struct sl_heap_writer){.pool = pool, .column = column};
}

char *
sl_heap_writer_reserve(struct sl_heap_writer *writer, size_t size)
{
    if (writer->block == NULL || writer->block->size - writer->used < size) {
        struct sl_block *block = sl_pool_block(writer->pool, SL_MAX(size, COLUMN_HEAP_SIZE_MIN));

        sl_column_add_heap(writer->column, writer->pool, block);
        sl_block_unref(block); /* the column holds it now */
        writer->block = block;
        writer->used = 0;
    }
    return writer->block->data + writer->used;
}

void
sl_heap_writer_commit(struct sl_heap_writer *writer, size_t size)
{
    writer->used += size;
}

struct sl_view
sl_heap_writer_copy(struct sl_heap_writer *writer, const char *data, size_t size)
{
    char *to;

    if (size <= SL_VIEW_INLINE_MAX)
        return sl_view_of(data, size);
    to = sl_heap_writer_reserve(writer, size);
    memcpy(to, data, size);
    sl_heap_writer_commit(writer, size);
    return sl_view_of(to, size);
}

bool
sl_view_equal(const struct sl_view *a, const struct sl_view *b)
{
    uint64_t a_head, b_head;

    memcpy(&a_head, a, sizeof(a_head));
    memcpy(&b_head, b, sizeof(b_head));
    if (a_head != b_head)
        return false;
    if (a->length <= SL_VIEW_INLINE_MAX)
        return memcmp(a->inlined + 4, b->inlined + 4, 8) == 0;
    return memcmp(a->pointer, b->pointer, a->length) == 0;
}

int
sl_view_compare(const struct sl_view *a, const struct sl_view *b)
{
    uint32_t a_prefix, b_prefix;

    memcpy(&a_prefix, a->inlined, sizeof(a_prefix));
    memcpy(&b_prefix, b->inlined, sizeof(b_prefix));
    if (a_prefix != b_prefix)
        return __builtin_bswap32(a_prefix) < __builtin_bswap32(b_prefix) ? -1 : 1;
    return sl_text_compare(sl_view_text(a), sl_view_text(b));
}

/* --- building columns out of rows of others --- */

static void
column_build_validity(struct sl_pool *pool, struct sl_column *to,
                      const struct sl_column_segment *segments, size_t segment_count)
{
    size_t at = 0;

    for (size_t i = 0; i < segment_count; i++) {
        const struct sl_column *from = segments[i].column;

        if (from->validity == NULL) {
            at += segments[i].row_count;
            continue;
        }
        sl_column_add_validity(to, pool);
        for (size_t row = 0; row < segments[i].row_count; row++, at++) {
            if (sl_column_is_null(from, segments[i].rows[row]))
                sl_validity_set(to->validity, at, false);
        }
    }
}

#define COLUMN_COPY_ROWS(c_type)                              \
    do {                                                      \
        c_type *to_values = (c_type *)to->values + at;        \
        const c_type *from_values = segment->column->values;  \
        for (size_t row = 0; row < segment->row_count; row++) \
            to_values[row] = from_values[segment->rows[row]]; \
    } while (0)

static void
column_build_fixed(struct sl_column *to, const struct sl_column_segment *segment, size_t at)
{
    size_t width = sl_type_width(to->type->kind);

    if (segment->row_count == 0)
        return;
    if (segment->rows[segment->row_count - 1] - segment->rows[0] == segment->row_count - 1 &&
        segment->is_ascending) {
        memcpy((char *)to->values + at * width,
               (const char *)segment->column->values + segment->rows[0] * width,
               segment->row_count * width);
        return;
    }
    switch (width) {
    case 1:
        COLUMN_COPY_ROWS(uint8_t);
        break;
    case 2:
        COLUMN_COPY_ROWS(uint16_t);
        break;
    case 4:
        COLUMN_COPY_ROWS(uint32_t);
        break;
    case 8:
        COLUMN_COPY_ROWS(uint64_t);
        break;
    default:
        COLUMN_COPY_ROWS(sl_int128);
        break;
    }
}

static void
column_build_views(struct sl_pool *pool, struct sl_column *to,
                   const struct sl_column_segment *segment, size_t at,
                   struct sl_heap_writer *writer)
{
    const struct sl_view *views = segment->column->values;
    struct sl_view *to_views = (struct sl_view *)to->values + at;

    for (size_t i = 0; i < segment->row_count; i++) {
        const struct sl_view *view = &views[segment->rows[i]];

        to_views[i] = writer && view->length > SL_VIEW_INLINE_MAX
                          ? sl_heap_writer_copy(writer, view->pointer, view->length)
                          : *view;
    }
    if (writer == NULL)
        sl_column_add_heaps_of(to, pool, segment->column);
}

/* The rows of the children that the spans of these segments name, and the new spans. */
static size_t
column_build_spans(struct sl_column *to, const struct sl_column_segment *segments,
                   size_t segment_count, struct sl_column_segment *child_segments)
{
    struct sl_span *to_spans = to->values;
    size_t at = 0, total = 0;

    for (size_t i = 0; i < segment_count; i++) {
        const struct sl_column_segment *segment = &segments[i];
        const struct sl_span *spans = segment->column->values;
        size_t count = 0, child_row = 0;
        uint32_t *rows;

        for (size_t row = 0; row < segment->row_count; row++)
            count += spans[segment->rows[row]].length;
        rows = sl_alloc(count * sizeof(*rows));
        for (size_t row = 0; row < segment->row_count; row++) {
            struct sl_span span = spans[segment->rows[row]];

            to_spans[at++] = (struct sl_span){(uint32_t)(total + child_row), span.length};
            for (uint32_t k = 0; k < span.length; k++)
                rows[child_row++] = span.start + k;
        }
        child_segments[i] = (struct sl_column_segment){.rows = rows, .row_count = count};
        total += count;
    }
    return total;
}

static void
column_build_children(struct sl_pool *pool, struct sl_column *to,
                      const struct sl_column_segment *segments, size_t segment_count,
                      bool copy_views)
{
    struct sl_column_segment *child_segments =
        sl_alloc_zeroed(segment_count * sizeof(*child_segments));
    bool is_row = to->type->kind == SL_TYPE_ROW;

    if (is_row)
        memcpy(child_segments, segments, segment_count * sizeof(*segments));
    else
        column_build_spans(to, segments, segment_count, child_segments);
    for (uint32_t child = 0; child < to->child_count; child++) {
        for (size_t i = 0; i < segment_count; i++)
            child_segments[i].column = segments[i].column->children[child];
        to->children[child] = sl_column_build(pool, child_segments[0].column->type, child_segments,
                                              segment_count, copy_views);
    }
    for (size_t i = 0; i < segment_count && !is_row; i++)
        free((void *)child_segments[i].rows);
    free(child_segments);
}

struct sl_column *
sl_column_build(struct sl_pool *pool, const struct sl_type *type,
                const struct sl_column_segment *segments, size_t segment_count, bool copy_views)
{
    struct sl_column *to;
    struct sl_heap_writer writer;
    size_t row_count = 0, at = 0;

    for (size_t i = 0; i < segment_count; i++)
        row_count += segments[i].row_count;
    to = sl_column_new(pool, type, row_count, false);
    sl_heap_writer_init(&writer, pool, to);
    column_build_validity(pool, to, segments, segment_count);
    if (sl_type_is_nested(type->kind)) {
        column_build_children(pool, to, segments, segment_count, copy_views);
        return to;
    }
    for (size_t i = 0; i < segment_count; i++) {
        if (sl_type_is_view(type->kind))
            column_build_views(pool, to, &segments[i], at, copy_views ? &writer : NULL);
        else
            column_build_fixed(to, &segments[i], at);
        at += segments[i].row_count;
    }
    return to;
}

struct sl_column *
sl_column_gather(struct sl_pool *pool, const struct sl_column *column, const uint32_t *rows,
                 size_t row_count, bool copy_views)
{
    struct sl_column_segment segment = {column, rows, row_count, false};

    return sl_column_build(pool, column->type, &segment, 1, copy_views);
}

/* Runs of one column are segments. */
struct sl_column *
sl_column_build_rows(struct sl_pool *pool, const struct sl_type *type,
                     const struct sl_column *const *columns, const uint32_t *rows, size_t row_count)
{
    struct sl_column_segment *segments = sl_alloc((row_count + 1) * sizeof(*segments));
    struct sl_column *made;
    size_t count = 0;

    for (size_t i = 0; i < row_count; i++) {
        if (i == 0 || columns[i] != columns[i - 1])
            segments[count++] = (struct sl_column_segment){columns[i], rows + i, 0, false};
        segments[count - 1].row_count++;
    }
    made = sl_column_build(pool, type, segments, count, true);
    free(segments);
    return made;
}
