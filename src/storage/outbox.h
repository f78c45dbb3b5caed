/* Segments of an outbox: what an exactly-once sink is to write of one epoch, as a file of the
 * checkpoint, in chunks that are published one transaction each.
 *
 * A chunk is: number of records (4 bytes), size of what follows (8), and for each record the
 * lengths of key and value (4 each, SL_RECORD_NULL: none), of what the connector put aside with it
 * (4), the time (8), key, value, aside.  Numbers are little-endian.  The limits of a chunk are
 * fixed when it is written. */
#ifndef SL_STORAGE_OUTBOX_H
#define SL_STORAGE_OUTBOX_H

#include "base/buffer.h"
#include "base/env.h"
#include "data/record.h"
#include "storage/manifest.h"

#include <stdatomic.h>

#define SL_OUTBOX_CHUNK_RECORDS 16384
#define SL_OUTBOX_CHUNK_BYTES ((size_t)4 << 20)

/* --- writing: the slot's thread --- */

/* The segment of an epoch while it grows: what is longer than a chunk goes to a file without a
 * name, by I/O jobs, in the order in which it was added. */
struct sl_outbox_segment;

struct sl_outbox_writer {
    struct sl_env *env;
    const char *directory; /* whose disk large segments grow on */
    struct sl_buffer bytes;
    size_t chunk_start;
    uint32_t chunk_records;            /* 0: no chunk is open */
    struct sl_outbox_segment *segment; /* what left `bytes`; NULL: nothing yet */
    uint64_t segment_bytes;
};

void sl_outbox_writer_init(struct sl_outbox_writer *writer, struct sl_env *env,
                           const char *directory);
void sl_outbox_writer_done(struct sl_outbox_writer *writer);
/* Bytes are copied. */
void sl_outbox_add(struct sl_outbox_writer *writer, const struct sl_record *record,
                   struct sl_text aside);
uint64_t sl_outbox_size(const struct sl_outbox_writer *writer); /* of this epoch */
/* The epoch ends: its segment, a reference of the caller's; NULL: nothing was added. */
struct sl_outbox_segment *sl_outbox_end(struct sl_outbox_writer *writer);

void sl_outbox_segment_unref(struct sl_outbox_segment *segment); /* NULL does nothing; any thread */
/* [I/O] Makes it the file `name` in a checkpoint's directory. */
int sl_outbox_segment_store(struct sl_outbox_segment *segment, const char *directory,
                            const char *name, struct sl_file_sum *ret_sum, struct sl_error *err);

/* --- reading: I/O threads --- */

struct sl_outbox_reader {
    int fd; /* -1: not open */
    uint64_t size, next;
    uint32_t chunk; /* the number of the next one, from 1 */
};

/* Compares the whole file with what is known of it first.  XX001: damaged. */
int sl_outbox_reader_open(struct sl_outbox_reader *reader, const char *directory,
                          const struct sl_manifest_file *file, struct sl_error *err);
/* The records of the next chunk, in the arena.  SL_EOF: no more; XX001: damaged. */
int sl_outbox_next_chunk(struct sl_outbox_reader *reader, struct sl_arena *arena,
                         struct sl_records *ret_records, struct sl_error *err);
void sl_outbox_reader_close(struct sl_outbox_reader *reader);

/* --- its limit --- */

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
