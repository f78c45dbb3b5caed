/* Rows of a key: see row_queue.h. */
#include "executor/row_queue.h"

#define QUEUE_MAX (UINT32_C(1) << 30) /* bytes */

static struct sl_row_queue_head *
queue_head(struct sl_view *queue)
{
    return (struct sl_row_queue_head *)(uintptr_t)queue->pointer;
}

static char *
queue_bytes(struct sl_row_queue_head *head)
{
    return (char *)(head + 1);
}

static uint32_t
queue_entry_size(size_t row_size)
{
    return (uint32_t)(sizeof(struct sl_row_queue_entry) + ((row_size + 7) & ~(size_t)7));
}

/* Room for so many bytes behind the end: what left at the front makes some, where it is enough for
 * a while. */
static struct sl_row_queue_head *
queue_make_room(struct sl_view *queue, struct sl_aggregate_keeper *keeper, size_t size)
{
    struct sl_row_queue_head *head = queue->length ? queue_head(queue) : NULL;
    size_t used = head ? head->end - head->begin : 0, needed = sizeof(*head) + used + size;

    if (head && head->begin > 0 && sizeof(*head) + head->end + size > queue->length &&
        head->begin >= used / 4) {
        memmove(queue_bytes(head), queue_bytes(head) + head->begin, used);
        head->begin = 0;
        head->end = (uint32_t)used;
    }
    if (!head || sizeof(*head) + head->end + size > queue->length) {
        if (needed > QUEUE_MAX)
            return NULL;
        keeper->reserve(keeper, (char *)queue,
                        SL_MAX(sizeof(*head) + (head ? head->end : 0) + size, (size_t)64));
        head = queue_head(queue);
    }
    return head;
}

bool
sl_row_queue_push(struct sl_view *queue, struct sl_aggregate_keeper *keeper, int64_t time,
                  struct sl_text row)
{
    uint32_t size = queue_entry_size(row.length);
    struct sl_row_queue_head *head = queue_make_room(queue, keeper, size);
    struct sl_row_queue_entry *entry;

    if (!head)
        return false;
    entry = (struct sl_row_queue_entry *)(void *)(queue_bytes(head) + head->end);
    *entry = (struct sl_row_queue_entry){.time = time, .size = (uint32_t)row.length};
    memcpy(entry + 1, row.start, row.length);
    head->end += size;
    head->count++;
    return true;
}

bool
sl_row_queue_next(const struct sl_view *queue, struct sl_row_queue_cursor *cursor)
{
    const struct sl_row_queue_head *head = sl_row_queue_head_of(queue);
    const struct sl_row_queue_entry *entry;

    if (!head || head->begin + cursor->at >= head->end)
        return false;
    entry = (const struct sl_row_queue_entry *)(const void *)((const char *)(head + 1) +
                                                              head->begin + cursor->at);
    cursor->time = entry->time;
    cursor->row = (struct sl_text){(const char *)(entry + 1), entry->size};
    cursor->at += queue_entry_size(entry->size);
    return true;
}

void
sl_row_queue_pop(struct sl_view *queue, uint32_t count)
{
    struct sl_row_queue_cursor cursor = {0};
    struct sl_row_queue_head *head;

    if (count == 0)
        return;
    head = queue_head(queue);
    SL_ASSERT(count <= head->count);
    for (uint32_t i = 0; i < count; i++)
        sl_row_queue_next(queue, &cursor);
    head->begin += cursor.at;
    head->count -= count;
    if (head->count == 0)
        head->begin = head->end = 0;
}

void
sl_row_queue_keep(struct sl_view *queue, const bool *keeps)
{
    struct sl_row_queue_cursor cursor = {0};
    struct sl_row_queue_head *head;
    uint32_t before = 0, place = 0, end, kept = 0;

    if (!queue->length)
        return;
    head = queue_head(queue);
    end = head->begin;
    while (sl_row_queue_next(queue, &cursor)) {
        if (keeps[place++]) {
            if (end != head->begin + before)
                memmove(queue_bytes(head) + end, queue_bytes(head) + head->begin + before,
                        cursor.at - before);
            end += cursor.at - before;
            kept++;
        }
        before = cursor.at;
    }
    head->end = end;
    head->count = kept;
    if (kept == 0)
        head->begin = head->end = 0;
}
