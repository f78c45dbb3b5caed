/* Frozen rows in the order of their encoded keys, a run at a time.
 *
 * The rows of a slice are first put into parts by key group, in place (American flag sort: McIlroy,
 * Bostic, McIlroy, "Engineering Radix Sort", 1993).  A part is small enough for the processor's
 * caches: least significant digit radix sort of the key group and the first 14 bytes of the key,
 * which skips the bytes that all rows share; what is equal there is compared whole. */
#include "data/row.h"
#include "storage/table_internal.h"

#include <stdlib.h>

enum {
    SORTED_RADIX_MIN = 512,
    SORTED_PARTS_MIN = 4096,
    SORTED_PREFIX = 14,
    SORTED_VIEWS_AHEAD = 12
};

static struct sl_text
sorted_key(const struct state_sorted *item, size_t value_size)
{
    return (struct sl_text){item->row->value + value_size, item->row->key_size};
}

static int
sorted_compare(const void *a, const void *b, void *value_size)
{
    const struct state_sorted *x = a, *y = b;

    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return sl_text_compare(sorted_key(x, *(size_t *)value_size),
                           sorted_key(y, *(size_t *)value_size));
}

static void
sorted_fill(const struct state_sorting *sorting, size_t first, size_t count)
{
    const struct sl_frozen *frozen = sorting->frozen;
    struct state_row **rows = frozen->rows.items + first;

    for (size_t i = 0; i < count; i++) {
        struct state_row *row = rows[i];
        unsigned char bytes[16] = {0};
        uint32_t group = sl_key_group_of(row->hash, frozen->max_parallelism);
        struct state_sorted *item = &sorting->items[i];

        if (i + STATE_ROWS_AHEAD < count)
            state_row_prefetch(rows[i + STATE_ROWS_AHEAD], frozen->value_size);
        bytes[0] = (unsigned char)(group >> 8);
        bytes[1] = (unsigned char)group;
        memcpy(bytes + 2, row->value + frozen->value_size,
               SL_MIN(row->key_size, (uint32_t)SORTED_PREFIX));
        item->row = row;
        memcpy(&item->high, bytes, 8);
        memcpy(&item->low, bytes + 8, 8);
        item->high = __builtin_bswap64(item->high);
        item->low = __builtin_bswap64(item->low);
    }
}

/* One stable pass by the byte at `shift` of high or low. */
static void
sorted_pass(const struct state_sorted *from, struct state_sorted *to, size_t count, bool is_high,
            unsigned shift)
{
    size_t starts[257] = {0};

    for (size_t i = 0; i < count; i++)
        starts[((is_high ? from[i].high : from[i].low) >> shift & 255) + 1]++;
    for (size_t i = 0; i < 256; i++)
        starts[i + 1] += starts[i];
    for (size_t i = 0; i < count; i++)
        to[starts[(is_high ? from[i].high : from[i].low) >> shift & 255]++] = from[i];
}

/* Sorts by the prefix, through `spare`, which has as much room. */
static void
sorted_radix(struct state_sorted *items, struct state_sorted *spare, size_t count)
{
    uint64_t high = 0, low = 0; /* bits in which some differ */
    struct state_sorted *from = items, *to = spare;

    for (size_t i = 1; i < count; i++) {
        high |= items[i].high ^ items[0].high;
        low |= items[i].low ^ items[0].low;
    }
    for (unsigned digit = 0; digit < 16; digit++) {
        bool is_high = digit >= 8;
        unsigned shift = digit % 8 * 8;

        if (((is_high ? high : low) >> shift & 255) == 0)
            continue;
        sorted_pass(from, to, count, is_high, shift);
        to = from;
        from = from == items ? spare : items;
    }
    if (from != items)
        memcpy(items, from, count * sizeof(*items));
}

static void
sorted_run(struct state_sorted *items, struct state_sorted *spare, size_t count, size_t value_size)
{
    size_t from = 0;

    if (count < SORTED_RADIX_MIN) {
        qsort_r(items, count, sizeof(*items), sorted_compare, &value_size);
        return;
    }
    sorted_radix(items, spare, count);
    for (size_t i = 1; i <= count; i++) {
        if (i < count && items[i].high == items[from].high && items[i].low == items[from].low)
            continue;
        if (i - from > 1)
            qsort_r(items + from, i - from, sizeof(*items), sorted_compare, &value_size);
        from = i;
    }
}

/* --- parts --- */

/* The slice's rows by part, in place. */
static void
sorted_split(struct state_sorting *sorting)
{
    const struct sl_frozen *frozen = sorting->frozen;
    struct state_row **rows = frozen->rows.items + sorting->slice_first;
    size_t count = sorting->slice_end - sorting->slice_first;
    uint32_t divisor = (frozen->max_parallelism + STATE_SORT_PARTS - 1) / STATE_SORT_PARTS;
    size_t next[STATE_SORT_PARTS], *starts = sorting->starts;
    uint8_t *parts = sl_alloc(count);

    memset(starts, 0, sizeof(sorting->starts));
    for (size_t i = 0; i < count; i++) {
        if (i + STATE_ROWS_AHEAD < count)
            __builtin_prefetch(rows[i + STATE_ROWS_AHEAD]);
        parts[i] = (uint8_t)(sl_key_group_of(rows[i]->hash, frozen->max_parallelism) / divisor);
        starts[parts[i] + 1]++;
    }
    for (size_t p = 0; p < STATE_SORT_PARTS; p++) {
        next[p] = starts[p];
        starts[p + 1] += starts[p];
    }
    for (size_t p = 0; p < STATE_SORT_PARTS; p++) {
        while (next[p] < starts[p + 1]) {
            size_t from = next[p], to = next[parts[from]]++;
            struct state_row *row = rows[from];
            uint8_t part = parts[from];

            rows[from] = rows[to];
            parts[from] = parts[to];
            rows[to] = row;
            parts[to] = part;
        }
    }
    free(parts);
}

/* The rows of the next slice.  False: no more. */
static bool
sorted_next_slice(struct state_sorting *sorting)
{
    const struct sl_frozen *frozen = sorting->frozen;
    size_t count;

    if (sorting->slice == frozen->slice_count)
        return false;
    sorting->slice_first = sorting->slice_end;
    sorting->slice_end = frozen->slice_ends[sorting->slice++];
    sorting->part = 0;
    count = sorting->slice_end - sorting->slice_first;
    if (count >= SORTED_PARTS_MIN) {
        sorted_split(sorting);
        return true;
    }
    sorting->starts[0] = 0;
    for (size_t p = 1; p <= STATE_SORT_PARTS; p++)
        sorting->starts[p] = count;
    return true;
}

void
state_sort_begin(struct state_sorting *sorting, const struct sl_frozen *frozen)
{
    *sorting = (struct state_sorting){.frozen = frozen, .part = STATE_SORT_PARTS};
}

size_t
state_sort_next(struct state_sorting *sorting, const struct state_sorted **ret_items)
{
    for (;;) {
        size_t first, count;

        if (sorting->part == STATE_SORT_PARTS && !sorted_next_slice(sorting))
            return 0;
        first = sorting->starts[sorting->part];
        count = sorting->starts[++sorting->part] - first;
        if (count == 0)
            continue;
        if (count > sorting->capacity) {
            sorting->capacity = count + count / 8;
            sorting->items =
                sl_realloc(sorting->items, 2 * sorting->capacity * sizeof(*sorting->items));
        }
        sorted_fill(sorting, sorting->slice_first + first, count);
        sorted_run(sorting->items, sorting->items + sorting->capacity, count,
                   sorting->frozen->value_size);
        *ret_items = sorting->items;
        return count;
    }
}

void
state_sort_end(struct state_sorting *sorting)
{
    free(sorting->items);
}

/* --- writing --- */

struct sorted_writer {
    const struct state_place *place;
    state_put put;
    void *arg;
    struct sl_buffer key, value;
};

static int
sorted_write_row(struct sorted_writer *writer, const struct state_sorted *item,
                 struct sl_error *err)
{
    const struct sl_state_table_spec *spec = &writer->place->table->spec;
    const struct state_row *row = item->row;
    struct sl_text value = {0};

    if (!row->tombstone) {
        state_value_encode(spec, row, &writer->value);
        value = sl_buffer_text(&writer->value);
    }
    state_key_encode(writer->place, row->slice->time, (uint32_t)(item->high >> 48),
                     sorted_key(item, spec->value_size), &writer->key);
    return writer->put(writer->arg, sl_buffer_text(&writer->key), value, err);
}

/* Before row i of a run: a row further on, and the views of one that is there already. */
static void
sorted_prefetch(const struct state_place *place, const struct sl_frozen *frozen,
                const struct state_sorted *items, size_t i, size_t count)
{
    const struct sl_state_table_spec *spec = &place->table->spec;

    if (i + STATE_ROWS_AHEAD < count)
        state_row_prefetch(items[i + STATE_ROWS_AHEAD].row, frozen->value_size);
    if (i + SORTED_VIEWS_AHEAD >= count)
        return;
    for (size_t v = 0; v < spec->view_count; v++) {
        const char *value = items[i + SORTED_VIEWS_AHEAD].row->value;
        struct sl_view view;

        memcpy(&view, value + spec->view_offsets[v], sizeof(view));
        if (view.length > SL_VIEW_INLINE_MAX)
            __builtin_prefetch(view.pointer);
    }
}

int
state_write_sorted(const struct state_place *place, const struct sl_frozen *frozen,
                   bool with_tombstones, state_put put, void *arg, struct sl_error *err)
{
    struct sorted_writer writer = {.place = place, .put = put, .arg = arg};
    struct state_sorting sorting;
    const struct state_sorted *items;
    size_t count;
    int rc = SL_OK;

    sl_buffer_init(&writer.key, SIZE_MAX / 2);
    sl_buffer_init(&writer.value, SIZE_MAX / 2);
    state_sort_begin(&sorting, frozen);
    while (rc == SL_OK && (count = state_sort_next(&sorting, &items)) > 0) {
        for (size_t i = 0; i < count && rc == SL_OK; i++) {
            sorted_prefetch(place, frozen, items, i, count);
            if (with_tombstones || !items[i].row->tombstone)
                rc = sorted_write_row(&writer, &items[i], err);
        }
    }
    state_sort_end(&sorting);
    sl_buffer_done(&writer.key);
    sl_buffer_done(&writer.value);
    return rc;
}
