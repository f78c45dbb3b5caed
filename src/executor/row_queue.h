/* Packed rows of a key with their times, as bytes that its state row owns, in the order in which
 * they were pushed.  They leave at the front, or wherever they stand.
 *
 * The queue is a struct sl_view in the row's value; an empty one has no rows. */
#ifndef SL_EXECUTOR_ROW_QUEUE_H
#define SL_EXECUTOR_ROW_QUEUE_H

#include "data/batch.h"
#include "expr/aggregate.h"

struct sl_row_queue_head {
    uint32_t begin, end; /* of the entries, behind this */
    uint32_t count, unused;
};
struct sl_row_queue_entry {
    int64_t time;
    uint32_t size; /* of the row behind it; entries are aligned to 8 */
    uint32_t unused;
};

static inline const struct sl_row_queue_head *
sl_row_queue_head_of(const struct sl_view *queue)
{
    return queue->length ? (const struct sl_row_queue_head *)(const void *)queue->pointer : NULL;
}
static inline uint32_t
sl_row_queue_count(const struct sl_view *queue)
{
    return queue->length ? sl_row_queue_head_of(queue)->count : 0;
}

/* False: it found no room in 1 GiB. */
bool sl_row_queue_push(struct sl_view *queue, struct sl_aggregate_keeper *keeper, int64_t time,
                       struct sl_text row);

/* A walk from the front; zeroed at first.  Texts are good until the queue changes. */
struct sl_row_queue_cursor {
    uint32_t at; /* behind the queue's begin */
    int64_t time;
    struct sl_text row;
};
bool sl_row_queue_next(const struct sl_view *queue, struct sl_row_queue_cursor *cursor);
/* So many rows leave at the front. */
void sl_row_queue_pop(struct sl_view *queue, uint32_t count);
/* Rows stay for which keeps[], by place, says so. */
void sl_row_queue_keep(struct sl_view *queue, const bool *keeps);

#endif
