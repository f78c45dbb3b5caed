/* Batches: headers over shared columns; selections, kinds, marks, positions and errors each live in
 * a block of their own, so that several headers can share them. */
#include "data/batch.h"

#include "data/column_build.h"
#include "data/row.h"

#include <stdlib.h>

enum { BATCH_SELECTION, BATCH_KINDS, BATCH_MARKS, BATCH_POSITIONS, BATCH_ERRORS, BATCH_EXTRAS };

_Static_assert(BATCH_EXTRAS == SL_COUNT_OF(((struct sl_batch *)0)->extra), "a block for each");

struct sl_batch *
sl_batch_new(struct sl_pool *pool, size_t column_count, size_t row_count)
{
    size_t size = sizeof(struct sl_batch) + column_count * sizeof(struct sl_column *);
    struct sl_block *block = sl_pool_block(pool, size);
    struct sl_batch *batch = (struct sl_batch *)(void *)block->data;

    memset(batch, 0, size);
    atomic_init(&batch->references, 1);
    batch->row_count = (uint32_t)row_count;
    batch->column_count = (uint32_t)column_count;
    batch->columns = (struct sl_column **)(batch + 1);
    batch->split = -1;
    batch->memory = block;
    return batch;
}

struct sl_batch *
sl_batch_ref(struct sl_batch *batch)
{
    atomic_fetch_add_explicit(&batch->references, 1, memory_order_relaxed);
    return batch;
}

void
sl_batch_unref(struct sl_batch *batch)
{
    if (batch == NULL ||
        atomic_fetch_sub_explicit(&batch->references, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < batch->column_count; i++)
        sl_column_unref(batch->columns[i]);
    for (size_t i = 0; i < BATCH_EXTRAS; i++)
        sl_block_unref(batch->extra[i]);
    sl_block_unref(batch->memory);
}

void
sl_batch_set_column(struct sl_batch *batch, size_t index, struct sl_column *column)
{
    SL_ASSERT(index < batch->column_count);
    SL_ASSERT(column->row_count >= batch->row_count);
    sl_column_unref(batch->columns[index]);
    batch->columns[index] = column;
}

static void *
batch_add_extra(struct sl_batch *batch, struct sl_pool *pool, size_t which, size_t size)
{
    sl_block_unref(batch->extra[which]);
    batch->extra[which] = sl_pool_block(pool, size);
    return batch->extra[which]->data;
}

uint16_t *
sl_batch_add_selection(struct sl_batch *batch, struct sl_pool *pool)
{
    batch->selection =
        batch_add_extra(batch, pool, BATCH_SELECTION, batch->row_count * sizeof(uint16_t));
    batch->selection_count = 0;
    return batch->selection;
}

uint8_t *
sl_batch_add_kinds(struct sl_batch *batch, struct sl_pool *pool)
{
    batch->kinds = batch_add_extra(batch, pool, BATCH_KINDS, batch->row_count);
    memset(batch->kinds, SL_ROW_INSERT, batch->row_count);
    return batch->kinds;
}

struct sl_mark *
sl_batch_add_marks(struct sl_batch *batch, struct sl_pool *pool, size_t count)
{
    batch->marks = batch_add_extra(batch, pool, BATCH_MARKS, count * sizeof(struct sl_mark));
    batch->mark_count = (uint32_t)count;
    return batch->marks;
}

int64_t *
sl_batch_add_positions(struct sl_batch *batch, struct sl_pool *pool)
{
    batch->positions =
        batch_add_extra(batch, pool, BATCH_POSITIONS, batch->row_count * sizeof(int64_t));
    return batch->positions;
}

uint64_t *
sl_batch_add_errors(struct sl_batch *batch, struct sl_pool *pool)
{
    size_t size = SL_VALIDITY_WORDS(batch->row_count) * sizeof(uint64_t);

    batch->errors = batch_add_extra(batch, pool, BATCH_ERRORS, size);
    memset(batch->errors, 0, size);
    return batch->errors;
}

struct sl_batch *
sl_batch_share(struct sl_pool *pool, const struct sl_batch *batch, const uint16_t *selection,
               size_t selection_count)
{
    struct sl_batch *copy = sl_batch_new(pool, batch->column_count, batch->row_count);
    size_t live = sl_batch_live_count(batch);

    for (uint32_t i = 0; i < batch->column_count; i++)
        copy->columns[i] = batch->columns[i] ? sl_column_ref(batch->columns[i]) : NULL;
    for (size_t i = 0; i < BATCH_EXTRAS; i++) {
        if (batch->extra[i] && !(i == BATCH_SELECTION && selection))
            copy->extra[i] = sl_block_ref(batch->extra[i]);
    }
    copy->selection = batch->selection;
    copy->selection_count = batch->selection_count;
    copy->kinds = batch->kinds;
    copy->marks = batch->marks;
    copy->mark_count = batch->mark_count;
    copy->errors = batch->errors;
    copy->positions = batch->positions;
    copy->split = batch->split;
    copy->bytes = batch->bytes;
    if (selection) {
        memcpy(sl_batch_add_selection(copy, pool), selection, selection_count * sizeof(*selection));
        copy->selection_count = (uint32_t)selection_count;
        copy->bytes = live ? batch->bytes * selection_count / live : 0;
    }
    return copy;
}

/* --- compaction and concatenation --- */

/* Live rows [from, from + count) of a batch. */
struct batch_part {
    const struct sl_batch *batch;
    size_t from, count;
    uint32_t *rows;
};

static void
batch_part_rows(struct batch_part *part)
{
    part->rows = sl_alloc(part->count * sizeof(*part->rows));
    for (size_t i = 0; i < part->count; i++)
        part->rows[i] = (uint32_t)sl_batch_row(part->batch, part->from + i);
}

/* The number of live rows before physical row `row`. */
static size_t
batch_live_before(const struct sl_batch *batch, uint32_t row)
{
    size_t low = 0, high = batch->selection_count;

    if (batch->selection == NULL)
        return row;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (batch->selection[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The marks of a part, moved to begin at `at`; only counts them when marks is NULL. */
static size_t
batch_part_marks(const struct batch_part *part, size_t at, struct sl_mark *marks)
{
    size_t end = part->from + part->count, count = 0;
    bool is_last = end == sl_batch_live_count(part->batch);

    for (uint32_t i = 0; i < part->batch->mark_count; i++) {
        size_t row = batch_live_before(part->batch, part->batch->marks[i].row);

        if (row < part->from || row > end || (row == end && !is_last))
            continue;
        if (marks)
            marks[count] =
                (struct sl_mark){(uint32_t)(at + row - part->from), part->batch->marks[i].time_ms};
        count++;
    }
    return count;
}

static void
batch_build_columns(struct sl_pool *pool, struct sl_batch *to, const struct batch_part *parts,
                    size_t part_count)
{
    struct sl_column_segment *segments = sl_alloc(part_count * sizeof(*segments));

    for (uint32_t c = 0; c < to->column_count; c++) {
        for (size_t i = 0; i < part_count; i++)
            segments[i] = (struct sl_column_segment){parts[i].batch->columns[c], parts[i].rows,
                                                     parts[i].count, true};
        if (segments[0].column)
            to->columns[c] =
                sl_column_build(pool, segments[0].column->type, segments, part_count, true);
    }
    free(segments);
}

static void
batch_build_part(struct sl_pool *pool, struct sl_batch *to, const struct batch_part *part,
                 size_t at, size_t *mark_at)
{
    const struct sl_batch *from = part->batch;

    if (from->kinds && to->kinds == NULL)
        sl_batch_add_kinds(to, pool);
    if (from->errors && to->errors == NULL)
        sl_batch_add_errors(to, pool);
    for (size_t i = 0; i < part->count; i++) {
        size_t row = part->rows[i];

        if (from->kinds)
            to->kinds[at + i] = from->kinds[row];
        if (from->errors && from->errors[row / 64] >> (row % 64) & 1)
            sl_validity_set(to->errors, at + i, true);
        if (to->positions)
            to->positions[at + i] = from->positions ? from->positions[row] : -1;
    }
    if (part->batch->mark_count)
        *mark_at += batch_part_marks(part, at, to->marks + *mark_at);
}

static struct sl_batch *
batch_build(struct sl_pool *pool, struct batch_part *parts, size_t part_count)
{
    size_t row_count = 0, mark_count = 0, at = 0, mark_at = 0;
    bool have_positions = false;
    struct sl_batch *to;

    for (size_t i = 0; i < part_count; i++) {
        batch_part_rows(&parts[i]);
        row_count += parts[i].count;
        mark_count += batch_part_marks(&parts[i], 0, NULL);
        have_positions |= parts[i].batch->positions != NULL;
    }
    to = sl_batch_new(pool, parts[0].batch->column_count, row_count);
    to->split = parts[0].batch->split;
    if (mark_count)
        sl_batch_add_marks(to, pool, mark_count);
    if (have_positions)
        sl_batch_add_positions(to, pool);
    batch_build_columns(pool, to, parts, part_count);
    for (size_t i = 0; i < part_count; i++) {
        size_t live = sl_batch_live_count(parts[i].batch);

        batch_build_part(pool, to, &parts[i], at, &mark_at);
        at += parts[i].count;
        to->bytes += live ? parts[i].batch->bytes * parts[i].count / live : 0;
        if (parts[i].batch->split != to->split)
            to->split = -1;
        free(parts[i].rows);
    }
    return to;
}

struct sl_batch *
sl_batch_compact(struct sl_pool *pool, const struct sl_batch *batch, size_t from, size_t count)
{
    struct batch_part part = {batch, from, count, NULL};

    SL_ASSERT(from + count <= sl_batch_live_count(batch));
    return batch_build(pool, &part, 1);
}

struct sl_batch *
sl_batch_concat(struct sl_pool *pool, struct sl_batch *const *batches, size_t batch_count)
{
    struct batch_part *parts = sl_alloc_zeroed(batch_count * sizeof(*parts));
    struct sl_batch *to;

    SL_ASSERT(batch_count > 0);
    for (size_t i = 0; i < batch_count; i++) {
        parts[i].batch = batches[i];
        parts[i].count = sl_batch_live_count(batches[i]);
    }
    to = batch_build(pool, parts, batch_count);
    SL_ASSERT(to->row_count <= SL_BATCH_ROWS_MAX);
    free(parts);
    return to;
}

/* The entries of a MAP or MULTISET have no order: keys say. */
static bool
batch_keys_equal(const struct sl_column *a, size_t row_a, const struct sl_column *b, size_t row_b)
{
    struct sl_column *columns[2] = {(struct sl_column *)a, (struct sl_column *)b};
    struct sl_buffer keys;
    size_t length;
    bool are_equal;

    sl_buffer_init(&keys, SIZE_MAX / 2);
    sl_key_encode(&columns[0], 1, row_a, &keys);
    length = keys.length;
    sl_key_encode(&columns[1], 1, row_b, &keys);
    are_equal = keys.length == 2 * length && memcmp(keys.data, keys.data + length, length) == 0;
    sl_buffer_done(&keys);
    return are_equal;
}

static bool
batch_nested_equal(const struct sl_column *a, size_t row_a, const struct sl_column *b, size_t row_b)
{
    struct sl_span span_a = {(uint32_t)row_a, 1}, span_b = {(uint32_t)row_b, 1};

    if (a->type->kind == SL_TYPE_MAP || a->type->kind == SL_TYPE_MULTISET)
        return batch_keys_equal(a, row_a, b, row_b);
    if (a->type->kind == SL_TYPE_ARRAY) {
        span_a = ((const struct sl_span *)a->values)[row_a];
        span_b = ((const struct sl_span *)b->values)[row_b];
    }
    if (span_a.length != span_b.length)
        return false;
    for (uint32_t child = 0; child < a->child_count; child++) {
        for (uint32_t i = 0; i < span_a.length; i++) {
            if (!sl_column_values_equal(a->children[child], span_a.start + i, b->children[child],
                                        span_b.start + i))
                return false;
        }
    }
    return true;
}

bool
sl_column_values_equal(const struct sl_column *a, size_t row_a, const struct sl_column *b,
                       size_t row_b)
{
    size_t width = sl_type_width(a->type->kind);

    if (sl_column_is_null(a, row_a) || sl_column_is_null(b, row_b))
        return sl_column_is_null(a, row_a) == sl_column_is_null(b, row_b);
    if (sl_type_is_view(a->type->kind))
        return sl_view_equal((const struct sl_view *)a->values + row_a,
                             (const struct sl_view *)b->values + row_b);
    if (sl_type_is_nested(a->type->kind))
        return batch_nested_equal(a, row_a, b, row_b);
    return memcmp((const char *)a->values + row_a * width, (const char *)b->values + row_b * width,
                  width) == 0;
}

void
sl_column_differences(const struct sl_column *a, const struct sl_column *b, size_t row_count,
                      uint8_t *ret_differences)
{
    enum sl_type_kind kind = a->type->kind;

    if (!a->validity && !b->validity && !sl_type_is_nested(kind) && !sl_type_is_view(kind) &&
        sl_type_width(kind) == sizeof(int64_t)) {
        const uint64_t *values_a = a->values, *values_b = b->values;

        for (size_t i = 0; i < row_count; i++)
            ret_differences[i] = values_a[i] != values_b[i];
        return;
    }
    for (size_t i = 0; i < row_count; i++)
        ret_differences[i] = !sl_column_values_equal(a, i, b, i);
}

/* Of columns of 8 bytes without NULLs. */
static struct sl_column *
column_gather_two_words(struct sl_pool *pool, const struct sl_column *first,
                        const struct sl_column *second, const uint32_t *rows, size_t row_count)
{
    struct sl_column *made = sl_column_new(pool, first->type, row_count, false);
    const uint64_t *values[2] = {first->values, second->values};
    uint32_t first_count = (uint32_t)first->row_count;
    uint64_t *to = made->values;

    for (size_t i = 0; i < row_count; i++) {
        bool is_second = rows[i] >= first_count;

        to[i] = values[is_second][rows[i] - (is_second ? first_count : 0)];
    }
    return made;
}

struct sl_column *
sl_column_gather_two(struct sl_pool *pool, struct sl_column *first, struct sl_column *second,
                     const uint32_t *rows, size_t row_count)
{
    struct sl_column *columns[2] = {first, second}, *made;
    struct sl_batch *parts[2], *both;
    enum sl_type_kind kind = first->type->kind;

    if (!first->validity && !second->validity && !sl_type_is_nested(kind) &&
        !sl_type_is_view(kind) && sl_type_width(kind) == sizeof(uint64_t))
        return column_gather_two_words(pool, first, second, rows, row_count);
    for (size_t i = 0; i < 2; i++) {
        parts[i] = sl_batch_new(pool, 1, columns[i]->row_count);
        sl_batch_set_column(parts[i], 0, sl_column_ref(columns[i]));
    }
    both = sl_batch_concat(pool, parts, 2);
    made = sl_column_gather(pool, both->columns[0], rows, row_count, false);
    sl_batch_unref(both);
    sl_batch_unref(parts[0]);
    sl_batch_unref(parts[1]);
    return made;
}
