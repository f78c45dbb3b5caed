/* Scans of one time: the rows in memory and those that are in the store alone, merged by key group.
 *
 * Rows in memory are listed when the scan begins and pinned until it ends; the store is read by
 * chunks, of which the rows that memory has are left out. */
#include "data/row.h"
#include "storage/table_internal.h"

#include <stdlib.h>

static size_t
scan_collect(const struct sl_state_table *table, const struct state_slots *slots,
             struct state_row **rows)
{
    size_t count = 0;

    if (!slots->items)
        return 0;
    for (size_t i = 0; i <= slots->mask; i++) {
        struct state_row *row = state_slot_row(slots->items[i]);

        if (row && !row->tombstone && !state_row_is_expired(table, row))
            rows[count++] = row;
    }
    return count;
}

/* Sorts rows by key group: a counting sort, stable. */
static void
scan_order_by_group(struct state_row **rows, size_t count, struct state_row **to, uint32_t groups)
{
    size_t *starts = sl_alloc_zeroed((groups + 1) * sizeof(*starts));

    for (size_t i = 0; i < count; i++)
        starts[sl_key_group_of(rows[i]->hash, groups) + 1]++;
    for (uint32_t g = 0; g < groups; g++)
        starts[g + 1] += starts[g];
    for (size_t i = 0; i < count; i++)
        to[starts[sl_key_group_of(rows[i]->hash, groups)]++] = rows[i];
    free(starts);
}

static struct state_scan_cold *
scan_cold_new(const struct sl_state_table *table, int64_t time)
{
    struct state_scan_cold *cold = sl_alloc_zeroed(sizeof(*cold));
    struct state_place place = {table, true};

    sl_buffer_init(&cold->from, SIZE_MAX / 2);
    sl_buffer_init(&cold->to, SIZE_MAX / 2);
    sl_buffer_init(&cold->bytes, SIZE_MAX / 2);
    cold->ends = sl_alloc(2 * STATE_SCAN_ROWS * sizeof(*cold->ends));
    state_key_encode(&place, time, 0, (struct sl_text){0}, &cold->from);
    state_key_encode(&place, time, STATE_GROUP_END, (struct sl_text){0}, &cold->to);
    return cold;
}

static void
scan_cold_free(struct state_scan_cold *cold)
{
    if (!cold)
        return;
    if (cold->rows)
        state_slice_free(cold->rows);
    sl_buffer_done(&cold->from);
    sl_buffer_done(&cold->to);
    sl_buffer_done(&cold->bytes);
    free(cold->ends);
    free(cold);
}

void
sl_table_scan_begin(struct sl_state_table *table, int64_t time, struct sl_state_scan *scan)
{
    struct state_slice *slice = state_table_slice(table, time, false);
    struct state_row **rows;

    *scan = (struct sl_state_scan){.table = table, .slice = slice};
    if (!slice)
        return;
    slice->pin_count++;
    if (slice->cold)
        scan->cold = scan_cold_new(table, time);
    rows = sl_alloc((slice->row_count + 1) * sizeof(*rows));
    scan->rows = sl_alloc((slice->row_count + 1) * sizeof(*scan->rows));
    scan->count = scan_collect(table, &slice->slots, rows);
    scan->count += scan_collect(table, &slice->old, rows + scan->count);
    SL_ASSERT(scan->count <= slice->row_count);
    scan_order_by_group(rows, scan->count, (struct state_row **)scan->rows,
                        table->state->config.max_parallelism);
    free(rows);
}

/* --- the store: an I/O thread --- */

static int
scan_visit(void *arg, struct sl_text key, struct sl_text value, struct sl_error *err)
{
    struct state_scan_cold *cold = arg;

    sl_buffer_add_text(&cold->bytes, key);
    cold->ends[2 * cold->pair_count] = cold->bytes.length;
    sl_buffer_add_text(&cold->bytes, value);
    cold->ends[2 * cold->pair_count++ + 1] = cold->bytes.length;
    return SL_OK;
}

static struct sl_text
scan_piece(const struct state_scan_cold *cold, size_t index)
{
    size_t from = index ? cold->ends[index - 1] : 0;

    return (struct sl_text){cold->bytes.data + from, cold->ends[index] - from};
}

void
state_scan_run(struct sl_state *state)
{
    struct state_scan_cold *cold = state->io.scan;

    cold->pair_count = cold->next = 0;
    sl_buffer_reset(&cold->bytes);
    state->io.rc = state->store->ops->scan(state->store, sl_buffer_text(&cold->from),
                                           sl_buffer_text(&cold->to), STATE_SCAN_ROWS, scan_visit,
                                           cold, &state->io.err);
    cold->is_over = cold->pair_count < STATE_SCAN_ROWS;
    if (!cold->is_over) { /* the next chunk begins behind the last key */
        sl_buffer_reset(&cold->from);
        sl_buffer_add_text(&cold->from, scan_piece(cold, 2 * cold->pair_count - 2));
        sl_buffer_add_byte(&cold->from, 0);
    }
    cold->is_read = true;
}

/* --- merging --- */

static int
scan_wait(struct sl_state_scan *scan)
{
    struct state_io *io = &scan->table->state->io;

    if (io->kind != STATE_IO_NONE)
        return SL_AGAIN;
    if (scan->cold->rows)
        state_slice_free(scan->cold->rows);
    scan->cold->rows = state_slice_new(0);
    io->kind = STATE_IO_SCAN;
    io->scan = scan->cold;
    return SL_AGAIN;
}

/* The next pair of the store that memory has not.  SL_EOF: no more. */
static int
scan_peek_cold(struct sl_state_scan *scan, struct state_pair *ret_pair, struct sl_error *err)
{
    struct state_scan_cold *cold = scan->cold;
    struct state_place place = {scan->table, true};

    if (!cold)
        return SL_EOF;
    for (;; cold->next++) {
        if (!cold->is_read || (cold->next == cold->pair_count && !cold->is_over))
            return SL_AGAIN;
        if (cold->next == cold->pair_count)
            return SL_EOF;
        if (!state_pair_decode(&place, scan_piece(cold, 2 * cold->next),
                               scan_piece(cold, 2 * cold->next + 1), ret_pair))
            return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is damaged: a row does not fit table %s",
                            scan->table->state->store_path, scan->table->spec.name);
        if (!state_slice_find(scan->slice, ret_pair->hash, ret_pair->key.start,
                              (uint32_t)ret_pair->key.length, scan->table->spec.value_size))
            return SL_OK;
    }
}

static void
scan_give(struct sl_state_scan *scan, const struct state_row *row, struct sl_state_row *ret_row)
{
    *ret_row = (struct sl_state_row){
        .key = {row->value + scan->table->spec.value_size, row->key_size},
        .value = row->value,
        .hash = row->hash,
        .key_group = sl_key_group_of(row->hash, scan->table->state->config.max_parallelism)};
    scan->has_group = true;
    scan->key_group = ret_row->key_group;
}

/* One row: of memory while its key group is not behind the store's.  SL_EOF: no more, or (in_group)
 * none of the group of the one before. */
static int
scan_one(struct sl_state_scan *scan, bool in_group, struct sl_state_row *ret_row,
         struct sl_error *err)
{
    const struct sl_state_table_spec *spec = &scan->table->spec;
    uint32_t groups = scan->table->state->config.max_parallelism;
    const struct state_row *hot = scan->next < scan->count ? scan->rows[scan->next] : NULL;
    struct state_pair pair;
    struct state_row *row;
    int rc = scan_peek_cold(scan, &pair, err);

    if (rc < 0 || rc == SL_AGAIN || (rc == SL_EOF && !hot))
        return rc;
    if (in_group && !(hot && sl_key_group_of(hot->hash, groups) == scan->key_group) &&
        !(rc == SL_OK && sl_key_group_of(pair.hash, groups) == scan->key_group))
        return SL_EOF;
    if (hot && (rc == SL_EOF ||
                sl_key_group_of(hot->hash, groups) <= sl_key_group_of(pair.hash, groups))) {
        scan_give(scan, hot, ret_row);
        scan->next++;
        return SL_OK;
    }
    row = state_row_new(scan->cold->rows, pair.hash, pair.key.start, (uint32_t)pair.key.length,
                        spec->value_size);
    scan->cold->next++;
    if (!state_value_decode(spec, pair.value, row))
        return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is damaged: a row does not fit table %s",
                        scan->table->state->store_path, spec->name);
    if (state_row_is_expired(scan->table, row))
        return scan_one(scan, in_group, ret_row, err);
    scan_give(scan, row, ret_row);
    return SL_OK;
}

static int
scan_some(struct sl_state_scan *scan, bool in_group, struct sl_state_row *rows, size_t max,
          size_t *ret_count, struct sl_error *err)
{
    size_t count = 0;
    int rc = SL_OK;

    *ret_count = 0;
    if (!scan->slice)
        return SL_OK;
    SL_TRY(state_io_failure(scan->table->state, err));
    while (count < max && (rc = scan_one(scan, in_group, &rows[count], err)) == SL_OK)
        count++;
    if (rc < 0)
        return rc;
    if (rc == SL_AGAIN && count == 0) /* what was given out before is the caller's no more */
        return scan_wait(scan);
    *ret_count = count;
    return SL_OK;
}

int
sl_table_scan_next(struct sl_state_scan *scan, struct sl_state_row *rows, size_t max,
                   size_t *ret_count, struct sl_error *err)
{
    return scan_some(scan, false, rows, max, ret_count, err);
}

int
sl_table_scan_group(struct sl_state_scan *scan, struct sl_state_row *rows, size_t max,
                    size_t *ret_count, struct sl_error *err)
{
    *ret_count = 0;
    return scan->has_group ? scan_some(scan, true, rows, max, ret_count, err) : SL_OK;
}

void
sl_table_scan_end(struct sl_state_scan *scan)
{
    if (scan->slice)
        scan->slice->pin_count--;
    scan_cold_free(scan->cold);
    free(scan->rows);
    *scan = (struct sl_state_scan){0};
}
