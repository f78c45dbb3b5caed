/* Sessions of a key beside the one in place, as bytes that its row owns.
 *
 * A blob is a header, then entries one after another: an entry's head, the accumulators as they are
 * in a value, and the bytes of those of their views that are long, each beginning at a multiple of
 * 16.  The blob's length is its room. */
#include "executor/session.h"

struct parked_blob {
    uint32_t used; /* bytes, this header too */
    uint32_t count;
    int64_t unused;
};
struct parked_entry {
    uint32_t size; /* of all of it */
    uint32_t unused;
    struct sl_session session;
};
_Static_assert(sizeof(struct parked_blob) % 16 == 0 && sizeof(struct parked_entry) % 16 == 0,
               "what follows them is aligned to 16");

#define PARKED_ALIGN(size) (((size) + 15) & ~(size_t)15)

static struct parked_blob *
parked_blob_of(const struct sl_session_head *head)
{
    return head->parked.length ? (struct parked_blob *)(uintptr_t)head->parked.pointer : NULL;
}

static struct parked_entry *
parked_entry_at(const struct sl_session_head *head, size_t at)
{
    return (struct parked_entry *)(void *)((char *)parked_blob_of(head) + at);
}

bool
sl_parked_next(const struct sl_session_head *head, struct sl_parked_cursor *cursor)
{
    const struct parked_blob *blob = parked_blob_of(head);

    if (!blob)
        return false;
    cursor->at = cursor->at ? cursor->at + parked_entry_at(head, cursor->at)->size : sizeof(*blob);
    if (cursor->at >= blob->used)
        return false;
    cursor->session = parked_entry_at(head, cursor->at)->session;
    return true;
}

/* --- views --- */

/* The places of views among the accumulators: at most two an aggregate. */
static size_t
parked_views(const struct sl_aggregation_item *item, size_t offsets[2])
{
    size_t count = 0;

    if (item->set.aggregate)
        offsets[count++] = item->set.set_offset;
    if (sl_aggregate_has_view(item->aggregate))
        offsets[count++] = item->state_offset;
    return count;
}

static struct sl_view *
parked_view_at(char *state, size_t offset)
{
    return (struct sl_view *)(void *)(state + offset);
}

static size_t
parked_size(const struct sl_aggregation *aggregation, char *state)
{
    size_t size = sizeof(struct parked_entry) +
                  PARKED_ALIGN(aggregation->value_size - aggregation->head_size);

    for (size_t i = 0; i < aggregation->count; i++) {
        size_t offsets[2], count = parked_views(&aggregation->items[i], offsets);

        for (size_t k = 0; k < count; k++) {
            const struct sl_view *view = parked_view_at(state, offsets[k]);

            size += view->length > SL_VIEW_INLINE_MAX ? PARKED_ALIGN(view->length) : 0;
        }
    }
    return size;
}

/* --- in and out --- */

/* Room for `size` more bytes at the blob's end. */
static struct parked_blob *
parked_make_room(struct sl_aggregation *aggregation, struct sl_session_head *head, size_t size)
{
    struct parked_blob *blob = parked_blob_of(head);
    size_t used = blob ? blob->used : sizeof(*blob);
    bool is_new = !blob;

    if (is_new || used + size > head->parked.length)
        head->parked = sl_table_grow_view(aggregation->table, 0, &head->parked, used + size);
    blob = parked_blob_of(head);
    if (is_new) {
        *blob = (struct parked_blob){.used = sizeof(*blob)};
        head->parked_end_us = INT64_MIN;
        head->parked_due_ms = INT64_MAX;
    }
    return blob;
}

bool
sl_park(struct sl_aggregation *aggregation, char *state, int64_t due_ms)
{
    struct sl_session_head *head = sl_session_head_of(state);
    size_t size = parked_size(aggregation, state), fixed;
    struct parked_blob *blob = parked_blob_of(head);
    struct parked_entry *entry;
    char *to;

    if (size + (blob ? blob->used : sizeof(*blob)) > SL_PARKED_MAX)
        return false;
    blob = parked_make_room(aggregation, head, size);
    entry = (struct parked_entry *)(void *)((char *)blob + blob->used);
    fixed = aggregation->value_size - aggregation->head_size;
    to = (char *)(entry + 1);
    *entry = (struct parked_entry){.size = (uint32_t)size,
                                   .session = {head->start_us, head->end_us, due_ms}};
    memcpy(to, state + aggregation->head_size, fixed);
    memset(to + fixed, 0, PARKED_ALIGN(fixed) - fixed);
    to += PARKED_ALIGN(fixed);
    for (size_t i = 0; i < aggregation->count; i++) {
        size_t offsets[2], count = parked_views(&aggregation->items[i], offsets);

        for (size_t k = 0; k < count; k++) {
            const struct sl_view *view = parked_view_at(state, offsets[k]);
            size_t length = view->length > SL_VIEW_INLINE_MAX ? view->length : 0;

            memcpy(to, length ? view->pointer : "", length);
            memset(to + length, 0, PARKED_ALIGN(length) - length);
            to += PARKED_ALIGN(length);
        }
    }
    blob->used += (uint32_t)size;
    blob->count++;
    head->parked_end_us = SL_MAX(head->parked_end_us, head->end_us);
    head->parked_due_ms = SL_MIN(head->parked_due_ms, due_ms);
    sl_aggregation_reset(aggregation, 0, state);
    head->is_open = false;
    return true;
}

void
sl_parked_read(const struct sl_aggregation *aggregation, const char *state,
               const struct sl_parked_cursor *cursor, char *ret_value)
{
    const struct parked_entry *entry =
        parked_entry_at((const struct sl_session_head *)(const void *)state, cursor->at);
    size_t fixed = aggregation->value_size - aggregation->head_size;
    const char *from = (const char *)(entry + 1);

    memcpy(ret_value + aggregation->head_size, from, fixed);
    from += PARKED_ALIGN(fixed);
    for (size_t i = 0; i < aggregation->count; i++) {
        size_t offsets[2], count = parked_views(&aggregation->items[i], offsets);

        for (size_t k = 0; k < count; k++) {
            struct sl_view *view = parked_view_at(ret_value, offsets[k]);

            if (view->length <= SL_VIEW_INLINE_MAX)
                continue;
            view->pointer = from;
            from += PARKED_ALIGN(view->length);
        }
    }
}

void
sl_parked_remove(struct sl_aggregation *aggregation, char *state,
                 bool (*goes)(const struct sl_session *session, void *arg), void *arg)
{
    static const struct sl_view empty;
    struct sl_session_head *head = sl_session_head_of(state);
    struct parked_blob *blob = parked_blob_of(head), kept = {.used = sizeof(kept)};
    size_t at = sizeof(kept), size;

    if (!blob)
        return;
    head->parked_end_us = INT64_MIN;
    head->parked_due_ms = INT64_MAX;
    for (; at < blob->used; at += size) {
        const struct parked_entry *entry = parked_entry_at(head, at);
        struct sl_session session = entry->session;

        size = entry->size;
        if (goes(&session, arg))
            continue;
        memmove((char *)blob + kept.used, entry, size);
        kept.used += (uint32_t)size;
        kept.count++;
        head->parked_end_us = SL_MAX(head->parked_end_us, session.end_us);
        head->parked_due_ms = SL_MIN(head->parked_due_ms, session.due_ms);
    }
    if (kept.count == 0) {
        head->parked = sl_table_keep_view(aggregation->table, 0, &head->parked, &empty);
        return;
    }
    memset((char *)blob + kept.used, 0, blob->used - kept.used);
    *blob = kept;
}
