/* Timers of sessions: see session.h.
 *
 * A timer is a row of the bucket that its time lies in.  Once the clock is in a bucket its rows are
 * in the heap, too; the table's rows go with their bucket, when the clock is behind it.  So a timer
 * that has gone off is in the table still, and after a restore goes off once more: it is known by
 * its key, which does not name it any more. */
#include "executor/session.h"

#include "data/row.h"

#include <stdlib.h>

enum { TIMERS_KEYS_MIN = 1 << 16 }; /* bytes of keys that are not worth tidying up */

int
sl_session_timers_open(struct sl_session_timers *timers, struct sl_op *op, const char *name,
                       const struct sl_type *const *key_types, size_t key_count, int64_t bucket_ms,
                       struct sl_error *err)
{
    struct sl_arena *arena = op->context->arena;
    struct sl_state_table_spec spec = {.name = name,
                                       .operator_uid = op->node->uid,
                                       .key_types = key_types,
                                       .key_count = key_count,
                                       .has_time = true,
                                       .value_size = sizeof(int64_t)};

    timers->bucket_ms = bucket_ms;
    timers->loaded_ms = INT64_MIN;
    timers->order = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    timers->values = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    timers->states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    sl_buffer_init(&timers->keys, UINT32_MAX);
    sl_key_bytes_init(&timers->key_bytes);
    return sl_state_table_open(op->context->state, &spec, &timers->table, err);
}

void
sl_session_timers_close(struct sl_session_timers *timers)
{
    sl_table_scan_end(&timers->scan);
    sl_key_bytes_done(&timers->key_bytes);
    sl_buffer_done(&timers->keys);
    free(timers->heap);
}

static int64_t
timers_bucket(const struct sl_session_timers *timers, int64_t time_ms)
{
    int64_t rest = time_ms % timers->bucket_ms;

    return time_ms - (rest < 0 ? rest + timers->bucket_ms : rest);
}

/* --- the heap --- */

static void
timers_sift_up(struct sl_session_timers *timers, size_t at)
{
    struct sl_session_due due = timers->heap[at];

    for (; at > 0 && timers->heap[(at - 1) / 2].due_ms > due.due_ms; at = (at - 1) / 2)
        timers->heap[at] = timers->heap[(at - 1) / 2];
    timers->heap[at] = due;
}

static void
timers_sift_down(struct sl_session_timers *timers)
{
    struct sl_session_due due = timers->heap[0];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < timers->count) {
        if (child + 1 < timers->count &&
            timers->heap[child + 1].due_ms < timers->heap[child].due_ms)
            child++;
        if (timers->heap[child].due_ms >= due.due_ms)
            break;
        timers->heap[at] = timers->heap[child];
        at = child;
    }
    timers->heap[at] = due;
}

static void
timers_push(struct sl_session_timers *timers, int64_t due_ms, struct sl_text key)
{
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity ? timers->capacity * 2 : 64;
        timers->heap = sl_realloc(timers->heap, timers->capacity * sizeof(*timers->heap));
    }
    timers->heap[timers->count] =
        (struct sl_session_due){due_ms, (uint32_t)timers->keys.length, (uint32_t)key.length};
    sl_buffer_add_text(&timers->keys, key);
    timers->live_bytes += key.length;
    timers_sift_up(timers, timers->count++);
}

/* Keys of timers that have gone off go. */
static void
timers_tidy(struct sl_session_timers *timers)
{
    struct sl_buffer kept;

    if (timers->keys.length < TIMERS_KEYS_MIN || timers->keys.length / 2 < timers->live_bytes)
        return;
    sl_buffer_init(&kept, UINT32_MAX);
    for (size_t i = 0; i < timers->count; i++) {
        struct sl_session_due *due = &timers->heap[i];
        struct sl_text key = {timers->keys.data + due->key_at, due->key_size};

        due->key_at = (uint32_t)kept.length;
        sl_buffer_add_text(&kept, key);
    }
    sl_buffer_done(&timers->keys);
    timers->keys = kept;
}

size_t
sl_session_timers_take(struct sl_session_timers *timers, int64_t clock_ms,
                       struct sl_session_due *ret_dues, size_t max)
{
    size_t count = 0;

    timers_tidy(timers);
    while (count < max && timers->count > 0 && timers->heap[0].due_ms <= clock_ms) {
        ret_dues[count] = timers->heap[0];
        timers->live_bytes -= ret_dues[count++].key_size;
        timers->heap[0] = timers->heap[--timers->count];
        if (timers->count > 0)
            timers_sift_down(timers);
    }
    return count;
}

/* --- the table --- */

static int
timers_compare(const void *a, const void *b, void *dues_ms)
{
    int64_t x = ((const int64_t *)dues_ms)[*(const uint16_t *)a];
    int64_t y = ((const int64_t *)dues_ms)[*(const uint16_t *)b];

    return (x > y) - (x < y);
}

/* Timers of one bucket: places order[from, to) of the keys. */
static void
timers_add_bucket(struct sl_session_timers *timers, const struct sl_state_keys *keys,
                  const int64_t *dues_ms, size_t from, size_t to)
{
    int64_t bucket = timers_bucket(timers, dues_ms[timers->order[from]]);
    uint16_t rows[SL_BATCH_ROWS_MAX];
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    struct sl_state_keys some = {.columns = keys->columns,
                                 .rows = rows,
                                 .row_count = to - from,
                                 .hashes = hashes,
                                 .time = bucket};

    for (size_t i = from; i < to; i++) {
        rows[i - from] = keys->rows[timers->order[i]];
        hashes[i - from] = keys->hashes[timers->order[i]];
    }
    sl_table_upsert(timers->table, &some, timers->states, NULL);
    for (size_t i = from; i < to; i++)
        memcpy(timers->states[i - from], &dues_ms[timers->order[i]], sizeof(int64_t));
    if (bucket > timers->loaded_ms)
        return;
    sl_key_codec_encode(sl_table_key_codec(timers->table), keys->columns, rows, to - from,
                        &timers->key_bytes);
    for (size_t i = from; i < to; i++) {
        const uint32_t *offsets = timers->key_bytes.offsets + (i - from);

        timers_push(
            timers, dues_ms[timers->order[i]],
            (struct sl_text){timers->key_bytes.bytes + offsets[0], offsets[1] - offsets[0]});
    }
}

void
sl_session_timers_add(struct sl_session_timers *timers, const struct sl_state_keys *keys,
                      const int64_t *dues_ms)
{
    bool one = true;
    size_t from = 0;

    for (size_t i = 0; i < keys->row_count; i++) {
        timers->order[i] = (uint16_t)i;
        one = one && timers_bucket(timers, dues_ms[i]) == timers_bucket(timers, dues_ms[0]);
    }
    if (!one)
        qsort_r(timers->order, keys->row_count, sizeof(*timers->order), timers_compare,
                (void *)(uintptr_t)dues_ms);
    for (size_t i = 1; i <= keys->row_count; i++) {
        if (i < keys->row_count && timers_bucket(timers, dues_ms[timers->order[i]]) ==
                                       timers_bucket(timers, dues_ms[timers->order[from]]))
            continue;
        timers_add_bucket(timers, keys, dues_ms, from, i);
        from = i;
    }
}

int64_t
sl_session_timers_first_ms(const struct sl_session_timers *timers)
{
    int64_t next = sl_table_next_time(timers->table, timers->loaded_ms + 1);

    if (timers->is_scanning)
        next = SL_MIN(next, timers->scanned_ms);
    return timers->count > 0 ? SL_MIN(next, timers->heap[0].due_ms) : next;
}

int
sl_session_timers_settle(struct sl_session_timers *timers, struct sl_error *err)
{
    struct sl_state_row rows[64];
    size_t count = 1;

    while (timers->is_scanning && count > 0) {
        int rc = sl_table_scan_next(&timers->scan, rows, SL_COUNT_OF(rows), &count, err);

        if (rc != SL_OK)
            return rc;
        for (size_t i = 0; i < count; i++) {
            int64_t due_ms;

            memcpy(&due_ms, rows[i].value, sizeof(due_ms));
            timers_push(timers, due_ms, rows[i].key);
        }
    }
    if (!timers->is_scanning)
        return SL_OK;
    sl_table_scan_end(&timers->scan);
    timers->is_scanning = false;
    timers->loaded_ms = timers->scanned_ms;
    return SL_OK;
}

int
sl_session_timers_load(struct sl_session_timers *timers, int64_t clock_ms, struct sl_error *err)
{
    for (;;) {
        int rc = sl_session_timers_settle(timers, err);
        int64_t next;

        if (rc != SL_OK)
            return rc;
        next = sl_table_next_time(timers->table, timers->loaded_ms + 1);
        if (next > clock_ms || next == INT64_MAX)
            return SL_OK;
        timers->is_scanning = true;
        timers->scanned_ms = next;
        sl_table_scan_begin(timers->table, next, &timers->scan);
    }
}

void
sl_session_timers_drop(struct sl_session_timers *timers, int64_t clock_ms)
{
    for (;;) {
        int64_t first = sl_table_first_time(timers->table);

        if (first > timers->loaded_ms || first > clock_ms - (timers->bucket_ms - 1))
            return;
        sl_table_drop_time(timers->table, first);
    }
}
