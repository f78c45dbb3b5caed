/* What was in the queues before an operator when a barrier overtook it: messages of its input's
 * channels, in a file of the checkpoint, one a subtask.
 *
 * A channel is what one producer had sent to one consumer.  Channels of one operator are told apart
 * by generation: those of a lower one precede, message for message. */
#ifndef SL_STORAGE_CHANNELS_H
#define SL_STORAGE_CHANNELS_H

#include "data/batch.h"
#include "data/row.h"
#include "storage/manifest.h"

struct sl_checkpoint_part; /* snapshot.h */

struct sl_stored_message {
    uint8_t kind; /* the caller's; 0 is a batch's */
    int64_t value;
    struct sl_batch *batch;
};

struct sl_channel_data {
    const char *operator_uid;
    uint32_t input, generation;
    int64_t watermark_ms; /* of the channel before its messages */
    bool is_idle;
    /* Of an earlier checkpoint's channel, what was not read of it, first: */
    const struct sl_manifest_channel *stored; /* its columns; NULL: nothing */
    struct sl_text rest;
    const struct sl_stored_message *messages; /* then these */
    size_t message_count;
};

/* Writes the file `name` and notes it, and the channels, in the part.  An I/O thread. */
int sl_channels_write(struct sl_checkpoint_part *part, const struct sl_channel_data *channels,
                      size_t count, const char *directory, const char *name, struct sl_error *err);

struct sl_channel_reader {
    const struct sl_manifest_channel *channel;
    struct sl_text rest; /* not read yet */
    const struct sl_type **types; /* of its columns; NULL: batches have none there */
    size_t present_count;
    const struct sl_row_layout *layout; /* of those that are there */
};

/* `file` is the whole file, which outlives the reader.  XX001: it does not fit the channel. */
int sl_channel_reader_init(struct sl_channel_reader *reader, struct sl_arena *arena,
                           const struct sl_manifest_channel *channel, struct sl_text file,
                           struct sl_error *err);
/* The next message; the batch, whose rows are all live, is the caller's.  SL_EOF: no more.
 * XX001: damaged. */
int sl_channel_read(struct sl_channel_reader *reader, struct sl_pool *pool,
                    struct sl_stored_message *ret_message, struct sl_error *err);

#endif
