/* Rows that are in the store alone: which of a batch's keys must be read, and how they come back.
 *
 * What was read stays as clean rows; a key that the store has not is a clean tombstone, so that it
 * is not asked for again before the batch is through. */
#include "data/row.h"
#include "storage/table_internal.h"

#include <stdlib.h>

bool
sl_state_is_cold(const struct sl_state *state)
{
    return state->is_cold;
}

bool
sl_state_wants_io(const struct sl_state *state)
{
    return state->io.kind != STATE_IO_NONE;
}

int
state_io_failure(struct sl_state *state, struct sl_error *err)
{
    int rc = state->io.rc;

    if (rc < 0)
        *err = state->io.err;
    state->io.rc = SL_OK;
    return rc;
}

void
state_io_init(struct state_io *io)
{
    sl_buffer_init(&io->keys, SIZE_MAX / 2);
    for (size_t p = 0; p < SL_STATE_IO_PARTS; p++)
        sl_buffer_init(&io->parts[p].values, SIZE_MAX / 2);
}

void
state_io_forget(struct sl_state *state)
{
    if (state->io.kind == STATE_IO_SPILL) {
        state->io.store = NULL; /* nothing was written */
        state_spill_end(state);
    }
    state->io.kind = STATE_IO_NONE;
}

void
state_io_done(struct state_io *io)
{
    sl_buffer_done(&io->keys);
    for (size_t p = 0; p < SL_STATE_IO_PARTS; p++) {
        sl_buffer_done(&io->parts[p].values);
        free(io->parts[p].items);
    }
    free(io->items);
    free(io->calls);
    free(io->epochs);
}

/* --- preparing --- */

static void
cold_want(struct sl_state_table *table, int64_t time, uint64_t hash, struct sl_text key)
{
    struct state_io *io = &table->state->io;
    struct state_place place = {table, true};
    struct sl_buffer encoded;

    if (io->count == io->capacity) {
        io->capacity = SL_MAX((size_t)256, io->capacity * 2);
        io->items = sl_realloc(io->items, io->capacity * sizeof(*io->items));
    }
    sl_buffer_init(&encoded, SIZE_MAX / 2);
    state_key_encode(&place, time, sl_key_group_of(hash, table->state->config.max_parallelism), key,
                     &encoded);
    io->items[io->count++] = (struct state_read_item){
        .hash = hash, .key_at = io->keys.length, .key_size = encoded.length};
    sl_buffer_add_text(&io->keys, sl_buffer_text(&encoded));
    sl_buffer_done(&encoded);
}

/* Can a row with this hash be in the store alone? */
static bool
cold_may_have(const struct state_slice *slice, uint64_t hash)
{
    return slice->unknown || sl_filter_has(&slice->filter, hash);
}

static void
cold_list_missing(struct sl_state_table *table, struct state_slice *slice,
                  const struct sl_state_keys *keys)
{
    const uint32_t *offsets;

    state_encode_keys(table, keys);
    offsets = table->keys.offsets;
    state_prefetch_first(table, slice, keys);
    for (size_t i = 0; i < keys->row_count; i++) {
        struct sl_text key = {table->keys.bytes + offsets[i], offsets[i + 1] - offsets[i]};
        uint64_t *slot;

        if (i % STATE_BLOCK == 0)
            state_prefetch_next(table, slice, keys, i);
        slot = state_slice_find(slice, keys->hashes[i], key.start, (uint32_t)key.length,
                                table->spec.value_size);
        if (slot)
            state_slot_row(*slot)->referenced = true;
        else if (cold_may_have(slice, keys->hashes[i]))
            cold_want(table, keys->time, keys->hashes[i], key);
    }
}

/* Is each key in memory, or nowhere? */
static bool
cold_has_all(struct sl_state_table *table, struct state_slice *slice,
             const struct sl_state_keys *keys)
{
    const uint32_t *offsets;

    state_encode_keys(table, keys);
    offsets = table->keys.offsets;
    for (size_t i = 0; i < keys->row_count; i++) {
        if (!state_slice_find(slice, keys->hashes[i], table->keys.bytes + offsets[i],
                              offsets[i + 1] - offsets[i], table->spec.value_size) &&
            cold_may_have(slice, keys->hashes[i]))
            return false;
    }
    return true;
}

/* --- calls that are, or will be, all in memory --- */

static struct state_read_call
cold_call(struct sl_state_table *table, const struct sl_state_keys *keys)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < keys->row_count; i++)
        sum = (sum << 1 | sum >> 63) ^ keys->hashes[i];
    return (struct state_read_call){table, keys->time, keys->row_count, sum, 0};
}

static void
cold_add_fresh(struct state_io *io, const struct state_read_call *call)
{
    io->fresh[io->fresh_next++ % STATE_FRESH_CALLS] = *call;
    io->fresh_count = SL_MIN(io->fresh_count + 1, (size_t)STATE_FRESH_CALLS);
}

/* The call is made again, and nothing has left memory since its rows came: the keys need not be
 * looked for. */
static bool
cold_is_fresh(const struct state_io *io, const struct state_read_call *call)
{
    for (size_t i = 1; i <= io->fresh_count; i++) {
        const struct state_read_call *fresh =
            &io->fresh[(io->fresh_next - i) % STATE_FRESH_CALLS];

        if (fresh->table == call->table && fresh->time == call->time &&
            fresh->key_count == call->key_count && fresh->fingerprint == call->fingerprint)
            return true;
    }
    return false;
}

void
state_forget_fresh(struct sl_state *state)
{
    state->io.fresh_count = 0;
    state->io.is_stale = true;
}

void
state_void_reads(struct sl_state_table *table, int64_t time)
{
    struct state_io *io = &table->state->io;

    for (size_t i = 0; i < io->call_count && io->kind == STATE_IO_READ; i++) {
        if (io->calls[i].table == table && io->calls[i].time == time)
            io->calls[i].table = NULL;
    }
}

static void
cold_list_call(struct state_io *io, struct state_read_call call)
{
    if (io->call_count == io->call_capacity) {
        io->call_capacity = SL_MAX((size_t)16, io->call_capacity * 2);
        io->calls = sl_realloc(io->calls, io->call_capacity * sizeof(*io->calls));
    }
    call.item_end = io->count;
    io->calls[io->call_count++] = call;
}

static void
cold_begin_list(struct state_io *io)
{
    io->count = io->keys.length = io->call_count = 0;
    io->is_stale = false;
}

int
sl_table_prepare(struct sl_state_table *table, const struct sl_state_keys *keys,
                 struct sl_error *err)
{
    struct state_slice *slice = state_table_slice(table, keys->time, false);
    struct state_io *io = &table->state->io;
    struct state_read_call call;

    if (io->kind == STATE_IO_NONE)
        SL_TRY(state_io_failure(table->state, err));
    if (!slice || !slice->cold)
        return SL_OK;
    call = cold_call(table, keys);
    if (cold_is_fresh(io, &call))
        return SL_OK;
    if (!io->is_gathering) {
        if (io->kind != STATE_IO_NONE)
            return cold_has_all(table, slice, keys) ? SL_OK : SL_AGAIN;
        cold_begin_list(io);
    }
    cold_list_missing(table, slice, keys);
    cold_list_call(io, call);
    if (io->is_gathering || io->count == 0)
        return SL_OK;
    io->kind = STATE_IO_READ;
    return SL_AGAIN;
}

/* --- reading ahead --- */

enum { COLD_GATHER_MAX = 2048 };

void
sl_state_gather_begin(struct sl_state *state)
{
    struct state_io *io = &state->io;

    SL_ASSERT(!io->is_gathering && (io->kind == STATE_IO_NONE || io->kind == STATE_IO_READ));
    if (io->kind == STATE_IO_NONE)
        cold_begin_list(io);
    io->is_gathering = true;
}

bool
sl_state_gather_is_full(const struct sl_state *state)
{
    return state->io.count >= COLD_GATHER_MAX;
}

void
sl_state_gather_end(struct sl_state *state)
{
    struct state_io *io = &state->io;

    io->is_gathering = false;
    if (io->count > 0) {
        io->kind = STATE_IO_READ;
        return;
    }
    for (size_t i = 0; i < io->call_count; i++)
        cold_add_fresh(io, &io->calls[i]);
}

bool
sl_state_may_read_ahead(const struct sl_state *state)
{
    return state->is_cold && !state->is_tight && state->io.kind == STATE_IO_NONE &&
           state->io.rc == SL_OK;
}

bool
sl_state_is_tight(const struct sl_state *state)
{
    return state->is_tight;
}

bool
sl_state_is_reading(const struct sl_state *state)
{
    return state->io.kind == STATE_IO_READ;
}

/* --- reading: I/O threads --- */

enum { COLD_PART_MIN = 8 }; /* keys that are worth a thread */

size_t
sl_state_io_parts(const struct sl_state *state)
{
    size_t parts = state->io.count / COLD_PART_MIN;

    if (state->io.kind != STATE_IO_READ)
        return 1;
    return SL_MIN(SL_MAX(parts, (size_t)1), (size_t)SL_STATE_IO_PARTS);
}

/* All items of a key are in one part. */
static size_t
cold_part_of(const struct state_read_item *item, size_t part_count)
{
    return item->hash % part_count;
}

static int
cold_compare(const void *a, const void *b, void *keys)
{
    const struct state_read_item *x = *(struct state_read_item *const *)a;
    const struct state_read_item *y = *(struct state_read_item *const *)b;
    const char *bytes = ((const struct sl_buffer *)keys)->data;

    return sl_text_compare((struct sl_text){bytes + x->key_at, x->key_size},
                           (struct sl_text){bytes + y->key_at, y->key_size});
}

static void
cold_found(void *arg, size_t index, struct sl_text value)
{
    struct state_read_part *part = arg;
    struct state_read_item *item = part->items[index];

    item->found = true;
    item->value_at = part->values.length;
    item->value_size = value.length;
    sl_buffer_add_text(&part->values, value);
}

/* The part's items, by key, each key once. */
static void
cold_list_part(struct state_io *io, struct state_read_part *part, size_t index, size_t part_count)
{
    size_t count = 0;

    if (part->capacity < io->count) {
        part->capacity = io->capacity;
        part->items = sl_realloc(part->items, part->capacity * sizeof(*part->items));
    }
    part->count = 0;
    for (size_t i = 0; i < io->count; i++)
        if (cold_part_of(&io->items[i], part_count) == index)
            part->items[part->count++] = &io->items[i];
    qsort_r(part->items, part->count, sizeof(*part->items), cold_compare, &io->keys);
    for (size_t i = 0; i < part->count; i++) {
        if (i > 0 && cold_compare(&part->items[count - 1], &part->items[i], &io->keys) == 0)
            part->items[i]->is_repeated = true;
        else
            part->items[count++] = part->items[i];
    }
    part->count = count;
}

static void
cold_read(struct sl_state *state, size_t index)
{
    struct state_io *io = &state->io;
    struct state_read_part *part = &io->parts[index];
    struct sl_text *keys;

    cold_list_part(io, part, index, sl_state_io_parts(state));
    keys = sl_alloc(part->count * sizeof(*keys));
    for (size_t i = 0; i < part->count; i++)
        keys[i] =
            (struct sl_text){io->keys.data + part->items[i]->key_at, part->items[i]->key_size};
    sl_buffer_reset(&part->values);
    part->rc =
        state->store->ops->get_many(state->store, keys, part->count, cold_found, part, &part->err);
    free(keys);
}

void
sl_state_run_io(struct sl_state *state, size_t part)
{
    switch (state->io.kind) {
    case STATE_IO_READ:
        cold_read(state, part);
        return;
    case STATE_IO_SCAN:
        state_scan_run(state);
        return;
    case STATE_IO_SPILL:
        state_spill_run(state);
        return;
    case STATE_IO_NONE:
        break;
    }
    SL_UNREACHABLE();
}

/* --- what was read becomes rows --- */

struct state_row *
state_add_clean(struct sl_state_table *table, struct state_slice *slice, uint64_t hash,
                struct sl_text key, struct sl_text value)
{
    struct state_row *row;

    if (value.start && value.length < 8 + table->spec.value_size)
        return NULL;
    state_slice_make_room(slice, 1);
    row = state_row_new(slice, hash, key.start, (uint32_t)key.length, table->spec.value_size);
    row->life = ROW_CLEAN;
    row->referenced = true;
    row->stored = value.start != NULL;
    row->tombstone = !value.start;
    state_slice_insert(slice, row);
    if (row->tombstone) {
        slice->row_count--;
        slice->tombstone_count++;
        return row;
    }
    return state_value_decode(&table->spec, (struct sl_text){value.start + 8, value.length - 8},
                              row)
               ? row
               : NULL;
}

/* The first failure of a part is that of the whole. */
static int
cold_outcome(struct state_io *io, size_t part_count)
{
    for (size_t p = 0; p < part_count; p++) {
        if (io->parts[p].rc < 0) {
            io->err = io->parts[p].err;
            return io->parts[p].rc;
        }
    }
    return SL_OK;
}

/* False: what was read does not fit the table. */
static bool
cold_take_item(struct state_io *io, const struct state_read_item *item, size_t part_count,
               struct sl_state_table *table, struct state_slice *slice)
{
    const struct state_read_part *part = &io->parts[cold_part_of(item, part_count)];
    size_t head = table->spec.has_time ? 12 : 4;
    struct sl_text key = {io->keys.data + item->key_at + head, item->key_size - head};
    struct sl_text value = {0};

    if (item->is_repeated)
        return true;
    if (item->found)
        value = (struct sl_text){part->values.data + item->value_at, item->value_size};
    return state_add_clean(table, slice, item->hash, key, value) != NULL;
}

static int
cold_take(struct sl_state *state, size_t part_count, struct sl_error *err)
{
    struct state_io *io = &state->io;
    size_t at = 0;

    for (size_t c = 0; c < io->call_count; c++) {
        const struct state_read_call *call = &io->calls[c];
        struct state_slice *slice =
            call->table ? state_table_slice(call->table, call->time, false) : NULL;

        if (slice && slice->pin_count > 0) { /* a scan listed what is in memory: nothing is added */
            slice = NULL;
            io->is_stale = true;
        }
        for (; at < call->item_end; at++) {
            if (slice && !cold_take_item(io, &io->items[at], part_count, call->table, slice))
                return SL_ERROR(err, SL_E_DATA_CORRUPTED,
                                "%s is damaged: a row does not fit table %s", state->store_path,
                                call->table->spec.name);
        }
    }
    return SL_OK;
}

void
sl_state_end_io(struct sl_state *state)
{
    struct state_io *io = &state->io;
    enum state_io_kind kind = io->kind;
    size_t part_count = sl_state_io_parts(state);

    io->kind = STATE_IO_NONE;
    state->has_read = kind == STATE_IO_READ;
    if (kind == STATE_IO_SPILL)
        state_spill_end(state);
    if (kind != STATE_IO_READ)
        return;
    io->rc = cold_outcome(io, part_count);
    if (io->rc == SL_OK)
        io->rc = cold_take(state, part_count, &io->err);
    for (size_t i = 0; i < io->call_count && io->rc == SL_OK && !io->is_stale; i++)
        cold_add_fresh(io, &io->calls[i]);
}
