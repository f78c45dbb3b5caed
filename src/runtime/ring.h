/* A bounded single-producer single-consumer ring of messages between two subtasks, and the writer
 * that the producer keeps before it.
 *
 * 1. Full is a wish: a producer that sees a full ring stops at its next boundary, but whatever it
 *    has in hand is taken.  What finds no entry waits in the writer, in order.
 * 2. The bound is bytes a consumer, over all its rings; a ring with no batch in it always has room
 *    for one, so that an input held behind a barrier starves no other.
 * 3. A watermark that would wait directly behind a waiting one replaces it: control never piles up.
 * 4. A producer that found the ring full has raised `blocked`; the consumer that makes room lowers
 *    it and wakes the producer.
 * 5. A barrier that overtakes needs no room: the consumer finds it in the ring by looking ahead,
 *    and what it left behind in the writer is handed over beside the ring.  Messages keep their
 *    order: those that were overtaken come all the same, as the next epoch's. */
#ifndef SL_RUNTIME_RING_H
#define SL_RUNTIME_RING_H

#include "data/batch.h"

#include <stdalign.h>
#include <stdatomic.h>

enum sl_message_kind {
    SL_MESSAGE_BATCH,
    SL_MESSAGE_WATERMARK, /* value: milliseconds */
    SL_MESSAGE_BARRIER,   /* value: the epoch that ends here */
    SL_MESSAGE_IDLE,      /* this input holds back no watermark … */
    SL_MESSAGE_ACTIVE,    /* … and from here does again */
    SL_MESSAGE_END,       /* nothing follows */
};

struct sl_message {
    enum sl_message_kind kind;
    int64_t value;
    struct sl_batch *batch; /* a reference that goes with the message */
};

struct sl_message_list { /* with a reference to each batch */
    struct sl_message *items;
    size_t count, capacity;
};
void sl_message_list_add(struct sl_message_list *list, const struct sl_message *message);
void sl_message_list_done(struct sl_message_list *list); /* drops what is in it */

/* What all rings of one consumer hold. */
struct sl_ring_budget {
    _Atomic int64_t used_bytes;
    int64_t limit_bytes;
};

#define SL_RING_ENTRIES 64u

struct sl_ring_handover; /* what waited in the writer before a barrier that overtook it */

struct sl_ring {
    alignas(SL_CACHE_LINE) _Atomic uint32_t tail; /* written by the producer */
    alignas(SL_CACHE_LINE) _Atomic uint32_t head; /* written by the consumer */
    alignas(SL_CACHE_LINE) _Atomic bool blocked;
    _Atomic uint32_t batch_count;
    _Atomic(struct sl_ring_handover *) handover;
    struct sl_ring_handover *taken; /* the consumer's */
    struct sl_ring_budget *budget;
    struct sl_message entries[SL_RING_ENTRIES];
};

struct sl_ring *sl_ring_new(struct sl_ring_budget *budget);
void sl_ring_free(struct sl_ring *ring); /* drops what is in it */

/* Consumer. */
bool sl_ring_pop(struct sl_ring *ring, struct sl_message *ret_message);
bool sl_ring_is_empty(const struct sl_ring *ring);
/* After pops: does the producer wait for room that there is now?  Lowers the flag. */
bool sl_ring_take_blocked(struct sl_ring *ring);
/* Where the next pop is: what sl_ring_log begins with. */
uint32_t sl_ring_position(const struct sl_ring *ring);
/* Looks ahead from *position, which moves on: adds the messages that precede barrier `epoch` to the
 * list (NULL: to none), with references of their own.  True: the barrier is found, or the end, and
 * nothing more precedes it.  False: ask again when more has come, and before the next pop. */
bool sl_ring_log(struct sl_ring *ring, uint64_t epoch, uint32_t *position,
                 struct sl_message_list *to);

/* Producer. */
struct sl_ring_writer {
    struct sl_ring *ring;
    struct sl_message *waiting; /* what found no entry, oldest first */
    size_t waiting_count, waiting_capacity;
};

void sl_ring_writer_init(struct sl_ring_writer *writer, struct sl_ring *ring);
void sl_ring_writer_done(struct sl_ring_writer *writer); /* not the ring */
/* Takes the message and its batch, always.  Says whether something entered the ring. */
bool sl_ring_write(struct sl_ring_writer *writer, const struct sl_message *message);
/* Moves what waits into the ring as far as there are entries; says whether something entered. */
bool sl_ring_writer_flush(struct sl_ring_writer *writer);
/* Barrier `epoch`, or the end, no longer waits before a full ring: it, and what waits before it,
 * becomes known to the consumer at once.  False: neither waits. */
bool sl_ring_overtake(struct sl_ring_writer *writer, uint64_t epoch);
/* Should the producer stop?  If so `blocked` is up, and a wake-up follows when there is room.
 * False while something waits: room has just come, flush again. */
bool sl_ring_writer_is_full(struct sl_ring_writer *writer);

/* Sets what a batch counts, where its maker did not know; before others see it. */
void sl_ring_measure_batch(struct sl_batch *batch);
/* What a batch counts against budgets and in metrics, bytes. */
uint64_t sl_ring_batch_bytes(const struct sl_batch *batch);

#endif
