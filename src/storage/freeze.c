/* Freezing: what a checkpoint takes from a table while the slot goes on.  See table.h. */
#include "storage/table_internal.h"

#include "data/row.h"

#include <stdlib.h>

static void
freeze_row(struct state_row *row, struct sl_frozen *frozen)
{
    row->life = ROW_FROZEN;
    row->slice->frozen_count++;
    row_list_add(&frozen->rows, row);
}

/* An expired row is as good as deleted.  True: storage never knew it, and it is gone. */
static bool
freeze_expire(struct sl_state_table *table, struct state_row *row)
{
    struct state_slice *slice = row->slice;

    if (row->tombstone || !state_row_is_expired(table, row) || slice->pin_count > 0)
        return false;
    slice->row_count--;
    if (row->stored) {
        row->tombstone = true;
        slice->tombstone_count++;
        return false;
    }
    *state_slice_find(slice, row->hash, row->value + table->spec.value_size, row->key_size,
                      table->spec.value_size) = SLOT_GONE;
    state_row_free(&table->spec, row);
    return true;
}

static void
freeze_dirty(struct sl_state_table *table, struct state_slice *slice, struct sl_frozen *frozen)
{
    for (size_t i = 0; i < slice->dirty.count; i++) {
        struct state_row *row = slice->dirty.items[i];

        if (i + STATE_ROWS_AHEAD < slice->dirty.count)
            __builtin_prefetch(slice->dirty.items[i + STATE_ROWS_AHEAD], 1);
        if (row->superseded) /* deleted before storage knew it */
            state_row_free(&table->spec, row);
        else if (!freeze_expire(table, row))
            freeze_row(row, frozen);
    }
    slice->superseded_count = 0;
    free(slice->dirty.items); /* the next may be much smaller */
    slice->dirty = (struct row_list){0};
}

static void
freeze_clean(struct sl_state_table *table, const struct state_slots *slots,
             struct sl_frozen *frozen)
{
    for (size_t i = 0; slots->items && i <= slots->mask; i++) {
        struct state_row *row = state_slot_row(slots->items[i]);

        if (i + STATE_ROWS_AHEAD <= slots->mask)
            __builtin_prefetch(state_slot_row(slots->items[i + STATE_ROWS_AHEAD]), 1);
        if (row && row->life == ROW_CLEAN && !freeze_expire(table, row))
            freeze_row(row, frozen);
    }
}

/* Room for all rows at once: a list that grows would hold three times as many for a while. */
static void
freeze_reserve(const struct sl_state_table *table, bool clean_too, struct row_list *rows)
{
    for (size_t i = 0; i < table->slice_count; i++) {
        const struct state_slice *slice = table->slices[i];

        rows->capacity +=
            clean_too ? slice->row_count + slice->tombstone_count : slice->dirty.count;
    }
    rows->items = sl_alloc(rows->capacity * sizeof(*rows->items));
}

static struct sl_frozen *
freeze_table(struct sl_state_table *table, bool clean_too)
{
    struct sl_frozen *frozen = sl_alloc_zeroed(sizeof(*frozen));

    SL_ASSERT(table->frozen == NULL);
    freeze_reserve(table, clean_too, &frozen->rows);
    frozen->slice_ends = sl_alloc((table->slice_count + 1) * sizeof(*frozen->slice_ends));
    for (size_t i = 0; i < table->slice_count; i++) {
        freeze_dirty(table, table->slices[i], frozen);
        if (clean_too) {
            freeze_clean(table, &table->slices[i]->slots, frozen);
            freeze_clean(table, &table->slices[i]->old, frozen);
        }
        frozen->slice_ends[frozen->slice_count++] = frozen->rows.count;
    }
    frozen->dropped = table->dropped;
    frozen->dropped_count = table->dropped_count;
    table->dropped = NULL;
    table->dropped_count = table->dropped_capacity = 0;
    frozen->max_parallelism = table->state->config.max_parallelism;
    frozen->value_size = table->spec.value_size;
    table->frozen = frozen;
    return frozen;
}

void
state_list_all(struct sl_state *state)
{
    for (struct sl_state_table *table = state->tables; table && !state->is_listed;
         table = table->next) {
        for (size_t i = 0; i < table->slice_count; i++) {
            struct state_slice *slice = table->slices[i];

            state_slice_settle(slice);
            for (size_t k = 0; k <= slice->slots.mask; k++) {
                struct state_row *row = state_slot_row(slice->slots.items[k]);

                if (row)
                    row_list_add(&slice->dirty, row);
            }
        }
    }
    state->is_listed = true;
}

struct sl_frozen *
sl_table_freeze(struct sl_state_table *table)
{
    return freeze_table(table, false);
}

struct sl_frozen *
state_table_freeze_all(struct sl_state_table *table)
{
    return freeze_table(table, true);
}

size_t
sl_frozen_dropped_times(const struct sl_frozen *frozen, const int64_t **ret_times)
{
    *ret_times = frozen->dropped;
    return frozen->dropped_count;
}

size_t
sl_frozen_count(const struct sl_frozen *frozen)
{
    return frozen->rows.count;
}

void
sl_frozen_row(const struct sl_frozen *frozen, size_t index, struct sl_frozen_row *ret_row)
{
    const struct state_row *row = frozen->rows.items[index];

    *ret_row = (struct sl_frozen_row){
        .time = row->slice->time,
        .key_group = sl_key_group_of(row->hash, frozen->max_parallelism),
        .key = {row->value + frozen->value_size, row->key_size},
        .value = row->tombstone ? NULL : row->value,
    };
}

/* A row of the set whose slice still stands. */
static void
freeze_release_row(struct sl_state_table *table, struct state_row *row, bool written)
{
    size_t value_size = table->spec.value_size;
    struct state_slice *slice = row->slice;

    slice->stored |= written; /* whatever became of the row since */
    if (row->superseded) {
        state_row_free(&table->spec, row);
        return;
    }
    if (!written) {
        row->life = ROW_DIRTY;
        /* How far the write came nobody knows. */
        row->stored |= !table->state->is_whole;
        slice->stored |= row->stored;
        row_list_add(&slice->dirty, row);
        return;
    }
    row->stored = !row->tombstone;
    row->life = ROW_CLEAN;
    /* A scan may have read the row before it went: the tombstone stays, as what storage lacks. */
    if (row->tombstone && slice->pin_count == 0) {
        uint64_t *slot =
            state_slice_find(slice, row->hash, row->value + value_size, row->key_size, value_size);

        *slot = SLOT_GONE;
        slice->tombstone_count--;
        state_row_free(&table->spec, row);
    }
}

void
sl_table_frozen_end(struct sl_state_table *table, struct sl_frozen *frozen, bool written)
{
    SL_ASSERT(table->frozen == frozen);
    for (size_t i = 0; i < frozen->rows.count; i++) {
        struct state_row *row = frozen->rows.items[i];
        struct state_slice *slice = row->slice;

        if (i + STATE_ROWS_AHEAD < frozen->rows.count)
            __builtin_prefetch(frozen->rows.items[i + STATE_ROWS_AHEAD], 1);
        slice->frozen_count--;
        if (!slice->dropped)
            freeze_release_row(table, row, written);
        else if (slice->frozen_count == 0)
            state_slice_free(slice);
    }
    if (!written) { /* what was to be dropped in storage still is */
        for (size_t i = 0; i < frozen->dropped_count; i++) {
            table->dropped =
                sl_realloc(table->dropped, (table->dropped_count + 1) * sizeof(*table->dropped));
            table->dropped_capacity = table->dropped_count + 1;
            table->dropped[table->dropped_count++] = frozen->dropped[i];
        }
    }
    free(frozen->rows.items);
    free(frozen->slice_ends);
    free(frozen->dropped);
    free(frozen);
    table->frozen = NULL;
}
