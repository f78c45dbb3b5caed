/* Timers of sessions: see session.h.
 *
 * A timer is a row of the bucket that its time lies in.  Once the clock is in a bucket its rows are
 * in memory, too, sorted; those that come to it later are in a heap.  The table's rows go with
 * their bucket, when the clock is behind it.  So a timer that has gone off is in the table still,
 * and after a restore goes off once more: it is known by its key, which does not name it any more.
 */
#include "executor/session.h"

#include "data/row.h"

#include <stdlib.h>

enum {
    TIMERS_KEYS_MIN = 1 << 16, /* bytes of keys that are not worth tidying up */
    TIMERS_DIGIT_BITS = 11,    /* of the radix sort */
    TIMERS_DIGITS = 1 << TIMERS_DIGIT_BITS,
};

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
    sl_due_heap_done(&timers->heap);
    free(timers->sorted);
    free(timers->spare);
}

static int64_t
timers_bucket(const struct sl_session_timers *timers, int64_t time_ms)
{
    int64_t rest = time_ms % timers->bucket_ms;

    return time_ms - (rest < 0 ? rest + timers->bucket_ms : rest);
}

static struct sl_due
timers_keep(struct sl_session_timers *timers, int64_t due_ms, struct sl_text key)
{
    struct sl_due due = {due_ms, (uint32_t)timers->keys.length, (uint32_t)key.length};

    sl_buffer_add_text(&timers->keys, key);
    timers->live_bytes += key.length;
    return due;
}

/* --- those that came with their bucket --- */

/* Behind what is left of the buckets before: a bucket is loaded when the clock enters it. */
static void
timers_begin_bucket(struct sl_session_timers *timers)
{
    size_t left = timers->sorted_count - timers->sorted_next;

    if (timers->sorted_next > 0 && left > 0)
        memmove(timers->sorted, timers->sorted + timers->sorted_next,
                left * sizeof(*timers->sorted));
    timers->sorted_next = 0;
    timers->sorted_count = timers->bucket_first = left;
}

static void
timers_append(struct sl_session_timers *timers, int64_t due_ms, struct sl_text key)
{
    if (timers->sorted_count == timers->sorted_capacity) {
        size_t capacity = timers->sorted_capacity ? timers->sorted_capacity * 2 : 64;

        timers->sorted = sl_realloc(timers->sorted, capacity * sizeof(*timers->sorted));
        timers->spare = sl_realloc(timers->spare, capacity * sizeof(*timers->spare));
        timers->sorted_capacity = capacity;
    }
    timers->sorted[timers->sorted_count++] = timers_keep(timers, due_ms, key);
}

/* One pass of a radix sort by the digit of due_ms - first_ms at `shift`. */
static void
timers_sort_pass(const struct sl_due *from, struct sl_due *to, size_t count, int64_t first_ms,
                 unsigned shift)
{
    uint32_t starts[TIMERS_DIGITS + 1] = {0};

    for (size_t i = 0; i < count; i++)
        starts[((from[i].time - first_ms) >> shift) % TIMERS_DIGITS + 1]++;
    for (size_t i = 0; i < TIMERS_DIGITS; i++)
        starts[i + 1] += starts[i];
    for (size_t i = 0; i < count; i++)
        to[starts[((from[i].time - first_ms) >> shift) % TIMERS_DIGITS]++] = from[i];
}

static void
timers_end_bucket(struct sl_session_timers *timers)
{
    struct sl_due *from = timers->sorted + timers->bucket_first, *to = timers->spare;
    size_t count = timers->sorted_count - timers->bucket_first;
    bool is_spare = false;

    for (unsigned shift = 0; count > 1 && (timers->bucket_ms - 1) >> shift > 0;
         shift += TIMERS_DIGIT_BITS) {
        struct sl_due *made = to;

        timers_sort_pass(from, to, count, timers->scanned_ms, shift);
        to = from;
        from = made;
        is_spare = !is_spare;
    }
    if (is_spare)
        memcpy(to, from, count * sizeof(*to));
}

/* --- what is due --- */

/* Keys of timers that have gone off go. */
static void
timers_tidy(struct sl_session_timers *timers)
{
    struct sl_buffer kept;

    if (timers->keys.length < TIMERS_KEYS_MIN || timers->keys.length / 2 < timers->live_bytes)
        return;
    sl_buffer_init(&kept, UINT32_MAX);
    for (size_t i = 0; i < timers->heap.count + timers->sorted_count - timers->sorted_next; i++) {
        struct sl_due *due = i < timers->heap.count
                                 ? &timers->heap.items[i]
                                 : &timers->sorted[timers->sorted_next + i - timers->heap.count];
        struct sl_text key = {timers->keys.data + due->key_at, due->key_size};

        due->key_at = (uint32_t)kept.length;
        sl_buffer_add_text(&kept, key);
    }
    sl_buffer_done(&timers->keys);
    timers->keys = kept;
}

/* Of those in memory; INT64_MAX: there are none. */
static int64_t
timers_sorted_ms(const struct sl_session_timers *timers)
{
    return timers->sorted_next < timers->sorted_count ? timers->sorted[timers->sorted_next].time
                                                      : INT64_MAX;
}

size_t
sl_session_timers_take(struct sl_session_timers *timers, int64_t clock_ms, struct sl_due *ret_dues,
                       size_t max)
{
    size_t count = 0;

    timers_tidy(timers);
    while (count < max) {
        int64_t sorted_ms = timers_sorted_ms(timers), heap_ms = sl_due_heap_first(&timers->heap);

        if (SL_MIN(sorted_ms, heap_ms) > clock_ms || SL_MIN(sorted_ms, heap_ms) == INT64_MAX)
            break;
        ret_dues[count] = sorted_ms <= heap_ms ? timers->sorted[timers->sorted_next++]
                                               : sl_due_heap_pop(&timers->heap);
        timers->live_bytes -= ret_dues[count++].key_size;
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

        sl_due_heap_push(&timers->heap,
                         timers_keep(timers, dues_ms[timers->order[i]],
                                     (struct sl_text){timers->key_bytes.bytes + offsets[0],
                                                      offsets[1] - offsets[0]}));
    }
}

/* Fills order[]: places by bucket.  Buckets near one another are counted. */
static void
timers_sort_places(struct sl_session_timers *timers, const int64_t *dues_ms, size_t count,
                   int64_t least_ms, int64_t most_ms)
{
    int64_t buckets = (most_ms - least_ms) / timers->bucket_ms + 1;
    uint16_t starts[SL_BATCH_ROWS_MAX + 1];

    if (buckets > SL_BATCH_ROWS_MAX) {
        for (size_t i = 0; i < count; i++)
            timers->order[i] = (uint16_t)i;
        qsort_r(timers->order, count, sizeof(*timers->order), timers_compare,
                (void *)(uintptr_t)dues_ms);
        return;
    }
    memset(starts, 0, ((size_t)buckets + 1) * sizeof(*starts));
    for (size_t i = 0; i < count; i++)
        starts[(dues_ms[i] - least_ms) / timers->bucket_ms + 1]++;
    for (int64_t bucket = 0; bucket < buckets; bucket++)
        starts[bucket + 1] = (uint16_t)(starts[bucket + 1] + starts[bucket]);
    for (size_t i = 0; i < count; i++)
        timers->order[starts[(dues_ms[i] - least_ms) / timers->bucket_ms]++] = (uint16_t)i;
}

void
sl_session_timers_add(struct sl_session_timers *timers, const struct sl_state_keys *keys,
                      const int64_t *dues_ms)
{
    int64_t least_ms = INT64_MAX, most_ms = INT64_MIN;
    size_t from = 0;

    for (size_t i = 0; i < keys->row_count; i++) {
        least_ms = SL_MIN(least_ms, dues_ms[i]);
        most_ms = SL_MAX(most_ms, dues_ms[i]);
    }
    timers_sort_places(timers, dues_ms, keys->row_count, timers_bucket(timers, least_ms), most_ms);
    while (from < keys->row_count) {
        int64_t bucket = timers_bucket(timers, dues_ms[timers->order[from]]);
        size_t to = from + 1;

        while (to < keys->row_count && dues_ms[timers->order[to]] < bucket + timers->bucket_ms)
            to++;
        timers_add_bucket(timers, keys, dues_ms, from, to);
        from = to;
    }
}

/* The first one that is not in memory; INT64_MAX: none. */
static int64_t
timers_next_bucket(const struct sl_session_timers *timers)
{
    return timers->loaded_ms == INT64_MAX
               ? INT64_MAX
               : sl_table_next_time(timers->table, timers->loaded_ms + 1);
}

int64_t
sl_session_timers_first_ms(const struct sl_session_timers *timers)
{
    int64_t next = timers_next_bucket(timers);

    if (timers->is_scanning)
        next = SL_MIN(next, timers->scanned_ms);
    return SL_MIN(next, SL_MIN(timers_sorted_ms(timers), sl_due_heap_first(&timers->heap)));
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
            timers_append(timers, due_ms, rows[i].key);
        }
    }
    if (!timers->is_scanning)
        return SL_OK;
    sl_table_scan_end(&timers->scan);
    timers_end_bucket(timers);
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
        next = timers_next_bucket(timers);
        if (next > clock_ms || next == INT64_MAX)
            return SL_OK;
        timers->is_scanning = true;
        timers->scanned_ms = next;
        timers_begin_bucket(timers);
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

int
sl_session_timers_find(const struct sl_session_timers *timers, const struct sl_op *op,
                       struct sl_state_table *table, size_t key_count, const struct sl_due *dues,
                       size_t count, struct sl_column **ret_columns, uint64_t *ret_hashes,
                       const char **ret_values, struct sl_error *err)
{
    struct sl_text texts[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys = {.columns = ret_columns, .row_count = count, .hashes = ret_hashes};

    for (size_t i = 0; i < count; i++)
        texts[i] = sl_session_timers_key(timers, &dues[i]);
    sl_key_codec_decode(sl_table_key_codec(table), op->context->pool, texts, count, ret_columns);
    if (key_count > 0)
        sl_hash_rows(ret_columns, key_count, NULL, count, ret_hashes);
    else
        memset(ret_hashes, 0, count * sizeof(*ret_hashes));
    if (sl_state_is_cold(op->context->state)) {
        int rc = sl_table_prepare(table, &keys, err);

        if (rc != SL_OK)
            return rc;
    }
    sl_table_find(table, &keys, ret_values);
    return SL_OK;
}
