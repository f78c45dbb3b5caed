/* The ring between two subtasks: see ring.h.  Entries are published by the tail's release store and
 * freed by the head's; `blocked` and the two indexes meet under sequentially consistent fences, so
 * that either the producer sees the room or the consumer sees the flag. */
#include "runtime/ring.h"

#include <stdlib.h>

#define RING_MASK (SL_RING_ENTRIES - 1)
_Static_assert((SL_RING_ENTRIES & RING_MASK) == 0, "a power of two");

/* Values and long strings of these rows (NULL: all). */
static uint64_t
ring_column_bytes(const struct sl_column *column, const uint16_t *rows, size_t count)
{
    uint64_t bytes = count * sl_type_width(column->type->kind);
    const struct sl_view *views = column->values;

    if (sl_type_is_view(column->type->kind)) {
        for (size_t i = 0; i < count; i++) {
            size_t length = views[rows ? rows[i] : i].length;

            bytes += length > SL_VIEW_INLINE_MAX ? length : 0;
        }
    }
    for (uint32_t i = 0; i < column->child_count; i++) {
        const struct sl_column *child = column->children[i];

        bytes += ring_column_bytes(child, NULL, child->row_count) * count /
                 SL_MAX(1u, column->row_count);
    }
    return bytes;
}

void
sl_ring_measure_batch(struct sl_batch *batch)
{
    if (batch->bytes > 0)
        return;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        if (batch->columns[i])
            batch->bytes +=
                ring_column_bytes(batch->columns[i], batch->selection, sl_batch_live_count(batch));
    }
}

uint64_t
sl_ring_batch_bytes(const struct sl_batch *batch)
{
    uint64_t bytes = batch->bytes;

    if (bytes == 0) {
        for (uint32_t i = 0; i < batch->column_count; i++) {
            if (batch->columns[i])
                bytes += sl_type_width(batch->columns[i]->type->kind);
        }
        bytes *= sl_batch_live_count(batch);
    }
    return bytes;
}

/* What a message counts against the budget: never nothing, for a batch. */
static int64_t
ring_message_bytes(const struct sl_message *message)
{
    return message->batch ? (int64_t)sl_ring_batch_bytes(message->batch) + 64 : 0;
}

struct sl_ring *
sl_ring_new(struct sl_ring_budget *budget)
{
    struct sl_ring *ring = sl_alloc_lines(sizeof(*ring));

    memset(ring, 0, sizeof(*ring));
    ring->budget = budget;
    return ring;
}

/* --- lists of messages --- */

void
sl_message_list_add(struct sl_message_list *list, const struct sl_message *message)
{
    if (list->count == list->capacity) {
        list->capacity = SL_MAX(8u, list->capacity * 2);
        list->items = sl_realloc(list->items, list->capacity * sizeof(*list->items));
    }
    list->items[list->count] = *message;
    if (message->batch)
        sl_batch_ref(message->batch);
    list->count++;
}

void
sl_message_list_done(struct sl_message_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        sl_batch_unref(list->items[i].batch);
    free(list->items);
    *list = (struct sl_message_list){0};
}

/* --- the consumer's side --- */

struct sl_ring_handover {
    uint64_t epoch;
    uint32_t position; /* of the ring: what is before it precedes the messages */
    struct sl_message_list messages;
};

static void
ring_handover_free(struct sl_ring_handover *handover)
{
    if (!handover)
        return;
    sl_message_list_done(&handover->messages);
    free(handover);
}

void
sl_ring_free(struct sl_ring *ring)
{
    struct sl_message message;

    while (sl_ring_pop(ring, &message))
        sl_batch_unref(message.batch);
    ring_handover_free(atomic_load_explicit(&ring->handover, memory_order_acquire));
    ring_handover_free(ring->taken);
    free(ring);
}

uint32_t
sl_ring_position(const struct sl_ring *ring)
{
    return atomic_load_explicit(&ring->head, memory_order_relaxed);
}

/* What was handed over of this epoch, or NULL, and where the ring's part of it ends.  The producer
 * hands over before it pushes what it handed over: who reads the tail first and finds nothing
 * handed over has seen no such message. */
static struct sl_ring_handover *
ring_take_handover(struct sl_ring *ring, uint64_t epoch, uint32_t *ret_end)
{
    *ret_end = atomic_load_explicit(&ring->tail, memory_order_acquire);
    if (atomic_load_explicit(&ring->handover, memory_order_relaxed)) {
        ring_handover_free(ring->taken);
        ring->taken = atomic_exchange_explicit(&ring->handover, NULL, memory_order_acq_rel);
    }
    if (!ring->taken || ring->taken->epoch != epoch)
        return NULL;
    *ret_end = ring->taken->position;
    return ring->taken;
}

bool
sl_ring_log(struct sl_ring *ring, uint64_t epoch, uint32_t *position, struct sl_message_list *to)
{
    uint32_t end;
    struct sl_ring_handover *handover = ring_take_handover(ring, epoch, &end);

    for (; *position != end; (*position)++) {
        const struct sl_message *message = &ring->entries[*position & RING_MASK];

        if (message->kind == SL_MESSAGE_END ||
            (message->kind == SL_MESSAGE_BARRIER && (uint64_t)message->value == epoch))
            return true;
        if (to && message->kind != SL_MESSAGE_BARRIER)
            sl_message_list_add(to, message);
    }
    if (!handover)
        return false;
    for (size_t i = 0; to && i < handover->messages.count; i++)
        sl_message_list_add(to, &handover->messages.items[i]);
    return true;
}

bool
sl_ring_is_empty(const struct sl_ring *ring)
{
    return atomic_load_explicit(&ring->head, memory_order_relaxed) ==
           atomic_load_explicit(&ring->tail, memory_order_acquire);
}

bool
sl_ring_pop(struct sl_ring *ring, struct sl_message *ret_message)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

    if (head == atomic_load_explicit(&ring->tail, memory_order_acquire))
        return false;
    *ret_message = ring->entries[head & RING_MASK];
    if (ret_message->batch) {
        atomic_fetch_sub_explicit(&ring->budget->used_bytes, ring_message_bytes(ret_message),
                                  memory_order_relaxed);
        atomic_fetch_sub_explicit(&ring->batch_count, 1, memory_order_relaxed);
    }
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return true;
}

/* Is a batch too much now?  Any thread; exact only for the two ends. */
static bool
ring_is_over(const struct sl_ring *ring)
{
    uint32_t count = atomic_load_explicit(&ring->tail, memory_order_relaxed) -
                     atomic_load_explicit(&ring->head, memory_order_relaxed);

    if (count >= SL_RING_ENTRIES)
        return true;
    return atomic_load_explicit(&ring->batch_count, memory_order_relaxed) > 0 &&
           atomic_load_explicit(&ring->budget->used_bytes, memory_order_relaxed) >=
               ring->budget->limit_bytes;
}

bool
sl_ring_take_blocked(struct sl_ring *ring)
{
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_load_explicit(&ring->blocked, memory_order_relaxed) && !ring_is_over(ring) &&
           atomic_exchange(&ring->blocked, false);
}

/* --- the producer's side --- */

void
sl_ring_writer_init(struct sl_ring_writer *writer, struct sl_ring *ring)
{
    memset(writer, 0, sizeof(*writer));
    writer->ring = ring;
}

void
sl_ring_writer_done(struct sl_ring_writer *writer)
{
    for (size_t i = 0; i < writer->waiting_count; i++)
        sl_batch_unref(writer->waiting[i].batch);
    free(writer->waiting);
    memset(writer, 0, sizeof(*writer));
}

static bool
ring_push(struct sl_ring *ring, const struct sl_message *message)
{
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

    if (tail - atomic_load_explicit(&ring->head, memory_order_acquire) >= SL_RING_ENTRIES)
        return false;
    if (message->batch) {
        atomic_fetch_add_explicit(&ring->budget->used_bytes, ring_message_bytes(message),
                                  memory_order_relaxed);
        atomic_fetch_add_explicit(&ring->batch_count, 1, memory_order_relaxed);
    }
    ring->entries[tail & RING_MASK] = *message;
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return true;
}

static void
ring_writer_wait(struct sl_ring_writer *writer, const struct sl_message *message)
{
    struct sl_message *last =
        writer->waiting_count ? &writer->waiting[writer->waiting_count - 1] : NULL;

    if (last && last->kind == SL_MESSAGE_WATERMARK && message->kind == SL_MESSAGE_WATERMARK) {
        last->value = SL_MAX(last->value, message->value);
        return;
    }
    if (writer->waiting_count == writer->waiting_capacity) {
        writer->waiting_capacity = SL_MAX(8u, writer->waiting_capacity * 2);
        writer->waiting =
            sl_realloc(writer->waiting, writer->waiting_capacity * sizeof(*writer->waiting));
    }
    writer->waiting[writer->waiting_count++] = *message;
}

bool
sl_ring_write(struct sl_ring_writer *writer, const struct sl_message *message)
{
    bool flushed = writer->waiting_count > 0 && sl_ring_writer_flush(writer);

    if (writer->waiting_count == 0 && ring_push(writer->ring, message))
        return true;
    ring_writer_wait(writer, message);
    return flushed;
}

bool
sl_ring_writer_flush(struct sl_ring_writer *writer)
{
    size_t moved = 0;

    while (moved < writer->waiting_count && ring_push(writer->ring, &writer->waiting[moved]))
        moved++;
    if (moved) {
        writer->waiting_count -= moved;
        memmove(writer->waiting, writer->waiting + moved,
                writer->waiting_count * sizeof(*writer->waiting));
    }
    return moved > 0;
}

/* Where barrier `epoch` or the end waits; waiting_count: nowhere. */
static size_t
ring_writer_find(const struct sl_ring_writer *writer, uint64_t epoch)
{
    size_t at = 0;

    while (at < writer->waiting_count && writer->waiting[at].kind != SL_MESSAGE_END &&
           !(writer->waiting[at].kind == SL_MESSAGE_BARRIER &&
             (uint64_t)writer->waiting[at].value == epoch))
        at++;
    return at;
}

bool
sl_ring_overtake(struct sl_ring_writer *writer, uint64_t epoch)
{
    struct sl_ring_handover *handover;
    size_t at = ring_writer_find(writer, epoch);

    if (at == writer->waiting_count)
        return false;
    handover = sl_alloc_zeroed(sizeof(*handover));
    handover->epoch = epoch;
    handover->position = atomic_load_explicit(&writer->ring->tail, memory_order_relaxed);
    for (size_t i = 0; i < at; i++) {
        if (writer->waiting[i].kind != SL_MESSAGE_BARRIER)
            sl_message_list_add(&handover->messages, &writer->waiting[i]);
    }
    if (writer->waiting[at].kind == SL_MESSAGE_BARRIER) {
        writer->waiting_count--;
        memmove(writer->waiting + at, writer->waiting + at + 1,
                (writer->waiting_count - at) * sizeof(*writer->waiting));
    }
    ring_handover_free(
        atomic_exchange_explicit(&writer->ring->handover, handover, memory_order_acq_rel));
    return true;
}

bool
sl_ring_writer_is_full(struct sl_ring_writer *writer)
{
    if (writer->waiting_count == 0 && !ring_is_over(writer->ring))
        return false;
    atomic_store_explicit(&writer->ring->blocked, true, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (ring_is_over(writer->ring))
        return true;
    atomic_store_explicit(&writer->ring->blocked, false, memory_order_relaxed);
    return false;
}
