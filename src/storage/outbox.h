/* Segments of an outbox: what an exactly-once sink is to write of one epoch, as a file of the
 * checkpoint, in chunks that are published one transaction each.
 *
 * A chunk is: number of records (4 bytes), size of what follows (8), and for each record the
 * lengths of key and value (4 each, SL_RECORD_NULL: none), of what the connector put aside with it
 * (4), the time (8), key, value, aside.  Numbers are little-endian.  The limits of a chunk are
 * fixed when it is written. */
#ifndef SL_STORAGE_OUTBOX_H
#define SL_STORAGE_OUTBOX_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "data/record.h"

#include <stdatomic.h>

#define SL_OUTBOX_CHUNK_RECORDS 16384
#define SL_OUTBOX_CHUNK_BYTES ((size_t)4 << 20)

struct sl_outbox_writer {
    struct sl_buffer bytes;
    size_t chunk_start;
    uint32_t chunk_records; /* 0: no chunk is open */
};

void sl_outbox_writer_init(struct sl_outbox_writer *writer);
void sl_outbox_writer_done(struct sl_outbox_writer *writer);
/* Bytes are copied. */
void sl_outbox_add(struct sl_outbox_writer *writer, const struct sl_record *record,
                   struct sl_text aside);
/* Ends the last chunk; bytes then is a whole segment, empty if nothing was added. */
void sl_outbox_seal(struct sl_outbox_writer *writer);

struct sl_outbox_reader {
    struct sl_text bytes;
    uint32_t chunk; /* the number of the next one, from 1 */
    size_t next;
};

/* The records of the next chunk, which point into the segment; items and asides live in the arena.
 * SL_EOF: no more; XX001: damaged. */
int sl_outbox_next_chunk(struct sl_outbox_reader *reader, struct sl_arena *arena,
                         struct sl_records *ret_records, struct sl_error *err);

/* What a job has in its outboxes and has not published.  At the limit its sources stop; what is on
 * its way still comes in. */
struct sl_outbox_room {
    _Atomic int64_t epoch_bytes;  /* of the epoch that runs */
    _Atomic int64_t queued_bytes; /* of complete checkpoints */
    int64_t limit_bytes;          /* 0: none */
};
static inline bool
sl_outbox_is_full(const struct sl_outbox_room *room)
{
    return room->limit_bytes > 0 && room->epoch_bytes + room->queued_bytes >= room->limit_bytes;
}

#endif
