/* Memory of states: what the slot's have together, which rows leave it, and early spills.
 *
 * 1. Above its share of a budget that is used up a state evicts clean rows, those that were not
 * used since the last round first.
 * 2. When that is not enough what changed is written into the store ahead of the barrier (a spill),
 *    and its rows are clean.  No spill may come between a barrier and the end of its snapshot: it
 *    would be part of that checkpoint. */
#include "storage/table_internal.h"

#include <stdatomic.h>
#include <stdlib.h>

void
state_charge(struct sl_state *state)
{
    struct sl_state_budget *budget = state->config.backend->budget;
    uint64_t rows, bytes;

    sl_state_size(state, &rows, &bytes);
    atomic_fetch_add_explicit(&budget->used_bytes, bytes - state->charged_bytes,
                              memory_order_relaxed);
    state->charged_bytes = bytes;
}

/* How many bytes the state should let go of. */
static uint64_t
evict_excess(const struct sl_state *state)
{
    struct sl_state_budget *budget = state->config.backend->budget;
    uint64_t used = atomic_load_explicit(&budget->used_bytes, memory_order_relaxed);
    uint64_t share = budget->limit_bytes /
                     SL_MAX(1u, atomic_load_explicit(&budget->state_count, memory_order_relaxed));

    if (used <= budget->limit_bytes || state->charged_bytes <= share)
        return 0;
    /* A tenth more, so that it does not come back at every step. */
    return SL_MIN(used - budget->limit_bytes + budget->limit_bytes / 10,
                  state->charged_bytes - share + share / 10);
}

/* --- eviction --- */

static void
evict_row(struct sl_state_table *table, struct state_slice *slice, uint64_t *slot)
{
    struct state_row *row = state_slot_row(*slot);

    if (row->tombstone) {
        slice->tombstone_count--;
    } else if (state_row_is_expired(table, row)) {
        slice->row_count--; /* the store has it still, and nobody asks for it */
    } else {
        sl_filter_add(&slice->filter, row->hash);
        slice->row_count--;
        slice->cold = table->state->is_cold = true;
    }
    *slot = SLOT_GONE;
    state_row_free(&table->spec, row);
}

static bool
evict_has_clean(const struct state_slice *slice)
{
    return slice->row_count + slice->tombstone_count >
           slice->dirty.count - slice->superseded_count + slice->frozen_count;
}

/* The list of what was let go of may have grown by more. */
static size_t
evict_gone(const struct state_slice *slice, size_t before)
{
    return before > slice->memory.bytes ? before - slice->memory.bytes : 0;
}

/* Where the clock's hand points: cache lines of slots, each once a round, in an order that leaves
 * no region of the table behind.  In the table's own order those that are left would be in the part
 * where the hand was not yet, which would be full while the whole table is not. */
static uint64_t *
evict_slot(const struct state_slots *slots, size_t hand)
{
    size_t line_slots = SL_CACHE_LINE / sizeof(uint64_t), lines = (slots->mask + 1) / line_slots;
    size_t stride = lines * 40503 >> 16 | 1; /* the golden section; odd, for lines are 2^n */
    size_t line = hand / line_slots * stride & (lines - 1);

    return &slots->items[line * line_slots + hand % line_slots];
}

/* The clock's hand goes round once at most; returns the bytes that were let go of. */
static size_t
evict_slice(struct sl_state_table *table, struct state_slice *slice, uint64_t want)
{
    size_t before, slot_count;

    if (slice->pin_count > 0 || !evict_has_clean(slice))
        return 0;
    state_slice_settle(slice);
    before = slice->memory.bytes;
    slot_count = slice->slots.mask + 1;
    for (size_t i = 0; i < slot_count && evict_gone(slice, before) < want; i++) {
        uint64_t *slot = evict_slot(&slice->slots, slice->hand++);
        struct state_row *row = state_slot_row(*slot);

        if (!row || row->life != ROW_CLEAN)
            continue;
        if (row->referenced)
            row->referenced = false;
        else
            evict_row(table, slice, slot);
    }
    return evict_gone(slice, before);
}

static void
evict(struct sl_state *state, uint64_t want)
{
    uint64_t gone = 0;

    state_forget_fresh(state);
    for (int round = 0; round < 2; round++) {
        for (struct sl_state_table *table = state->tables; table; table = table->next) {
            for (size_t i = 0; i < table->slice_count && gone < want; i++) {
                if (!table->spec.is_resident)
                    gone += evict_slice(table, table->slices[i], want - gone);
            }
        }
    }
}

/* --- spilling --- */

static bool
spill_is_worth(const struct sl_state *state)
{
    for (const struct sl_state_table *table = state->tables; table; table = table->next) {
        for (size_t i = 0; i < table->slice_count && !table->spec.is_resident; i++) {
            const struct state_slice *slice = table->slices[i];

            if (state->is_listed ? slice->dirty.count > slice->superseded_count
                                 : slice->row_count > 0)
                return true;
        }
    }
    return false;
}

int
state_spill_begin(struct sl_state *state)
{
    struct state_io *io = &state->io;
    size_t count = 0;

    state->is_whole = false;
    state_list_all(state);
    io->kind = STATE_IO_SPILL;
    io->epoch_kind = state_epoch_kind(state);
    io->epochs = sl_realloc(io->epochs, state->table_number * sizeof(*io->epochs));
    for (struct sl_state_table *table = state->tables; table; table = table->next)
        io->epochs[count++] = (struct state_epoch){table, io->epoch_kind == STATE_REWRITE
                                                              ? state_table_freeze_all(table)
                                                              : sl_table_freeze(table)};
    io->epoch_count = count;
    return SL_AGAIN;
}

void
state_spill_run(struct sl_state *state)
{
    struct state_io *io = &state->io;
    uint64_t bytes;

    state_close_retired(state);
    io->store = NULL;
    io->rc = state_epoch_write(state, io->epoch_kind, io->epochs, io->epoch_count, &io->store,
                               &io->store_path, &bytes, &io->err);
}

void
state_spill_end(struct sl_state *state)
{
    struct state_io *io = &state->io;

    for (size_t i = 0; i < io->epoch_count; i++)
        sl_table_frozen_end(io->epochs[i].table, io->epochs[i].frozen, io->store != NULL);
    if (io->store)
        state_take_store(state, io->store, io->store_path);
}

/* --- between two steps --- */

static bool
settle_has_budget(const struct sl_state *state)
{
    const struct sl_state_backend *backend = state->config.backend;

    return backend && backend->budget && state->tables && backend->threshold_bytes != UINT64_MAX;
}

int
sl_state_settle(struct sl_state *state, bool is_preparing, bool snapshot_is_written,
                struct sl_error *err)
{
    bool is_reading = state->io.kind == STATE_IO_READ;
    uint64_t excess;

    if (!settle_has_budget(state))
        return SL_OK;
    SL_ASSERT(is_reading || state->io.kind == STATE_IO_NONE);
    SL_TRY(state_io_failure(state, err));
    state_charge(state);
    /* Whoever waits for what was read needs a step with it, and may then read more. */
    is_preparing |= state->has_read;
    state->has_read = false;
    excess = evict_excess(state);
    if (excess > 0 && !is_preparing && state->store && !state->is_rewriting) {
        evict(state, excess);
        state_charge(state);
        excess = evict_excess(state);
    }
    state->is_tight = excess > 0;
    if (SL_LIKELY(excess == 0) || is_preparing || is_reading || !spill_is_worth(state))
        return SL_OK;
    if (state->is_snapshotting)
        return snapshot_is_written ? SL_AGAIN : SL_OK;
    return state_spill_begin(state);
}
