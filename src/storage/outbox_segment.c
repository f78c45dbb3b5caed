/* A segment while it grows.
 *
 *     add (slot's thread) ─▶ waiting ─drain (I/O jobs, one at a time)─▶ a file without a name
 *                                      store drains the rest, and gives it its name
 *
 * 1. Who drains holds io_mutex, so that bytes are written in the order in which they were added.
 * 2. A segment of one piece is written straight into its file; so is everything where the file
 *    system has no files without a name.
 * 3. A failure is kept, and told when the segment is stored: its checkpoint fails. */
#include "storage/outbox_segment.h"

#include "storage/checkpoint_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

struct segment_piece {
    struct sl_buffer bytes;
    struct segment_piece *next;
};

struct sl_outbox_segment {
    _Atomic uint32_t references;
    struct sl_env *env;
    char *directory;
    pthread_mutex_t mutex; /* of what follows */
    struct segment_piece *first, **last;
    bool is_busy;
    struct sl_io_job job;
    pthread_mutex_t io_mutex; /* of what follows */
    int fd;                   /* -1: none yet */
    struct sl_file_sum sum;
    XXH3_state_t *hash;
    struct sl_error error;
};

struct sl_outbox_segment *
sl_outbox_segment_new(struct sl_env *env, const char *directory)
{
    struct sl_outbox_segment *segment = sl_alloc_zeroed(sizeof(*segment));

    atomic_init(&segment->references, 1);
    segment->env = env;
    segment->directory = sl_strdup(directory);
    segment->last = &segment->first;
    segment->fd = -1;
    segment->hash = XXH3_createState();
    XXH3_64bits_reset(segment->hash);
    pthread_mutex_init(&segment->mutex, NULL);
    pthread_mutex_init(&segment->io_mutex, NULL);
    return segment;
}

static struct segment_piece *
segment_pop(struct sl_outbox_segment *segment)
{
    struct segment_piece *piece;

    pthread_mutex_lock(&segment->mutex);
    piece = segment->first;
    if (piece) {
        segment->first = piece->next;
        if (!segment->first)
            segment->last = &segment->first;
    }
    pthread_mutex_unlock(&segment->mutex);
    return piece;
}

static void
segment_free_piece(struct segment_piece *piece)
{
    sl_buffer_done(&piece->bytes);
    free(piece);
}

void
sl_outbox_segment_unref(struct sl_outbox_segment *segment)
{
    struct segment_piece *piece;

    if (!segment || atomic_fetch_sub_explicit(&segment->references, 1, memory_order_acq_rel) != 1)
        return;
    while ((piece = segment_pop(segment)))
        segment_free_piece(piece);
    if (segment->fd >= 0)
        close(segment->fd);
    XXH3_freeState(segment->hash);
    pthread_mutex_destroy(&segment->mutex);
    pthread_mutex_destroy(&segment->io_mutex);
    free(segment->directory);
    free(segment);
}

/* --- on I/O threads, under io_mutex --- */

static int
segment_write(struct sl_outbox_segment *segment, const struct sl_buffer *bytes,
              struct sl_error *err)
{
    size_t done = 0;

    while (done < bytes->length) {
        ssize_t n = write(segment->fd, bytes->data + done, bytes->length - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sl_files_error(err, "write", "a segment of an outbox");
        done += (size_t)n;
    }
    XXH3_64bits_update(segment->hash, bytes->data, bytes->length);
    segment->sum.size += bytes->length;
    return SL_OK;
}

static void
segment_drain(struct sl_outbox_segment *segment)
{
    struct segment_piece *piece;

    while (segment->fd >= 0 && (piece = segment_pop(segment))) {
        if (segment->error.code == 0)
            segment_write(segment, &piece->bytes, &segment->error);
        segment_free_piece(piece);
    }
}

static void
segment_run(struct sl_io_job *job)
{
    struct sl_outbox_segment *segment =
        (struct sl_outbox_segment *)((char *)job - offsetof(struct sl_outbox_segment, job));

    pthread_mutex_lock(&segment->io_mutex);
    if (segment->fd < 0)
        segment->fd = open(segment->directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    segment_drain(segment);
    pthread_mutex_unlock(&segment->io_mutex);
}

static void
segment_done(struct sl_io_job *job)
{
    struct sl_outbox_segment *segment =
        (struct sl_outbox_segment *)((char *)job - offsetof(struct sl_outbox_segment, job));

    pthread_mutex_lock(&segment->mutex);
    segment->is_busy = false;
    pthread_mutex_unlock(&segment->mutex);
    sl_outbox_segment_unref(segment);
}

/* Gives the file its name. */
static int
segment_link(struct sl_outbox_segment *segment, const char *path, struct sl_error *err)
{
    char from[64];

    snprintf(from, sizeof(from), "/proc/self/fd/%d", segment->fd);
    unlink(path);
    return linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0
               ? sl_files_error(err, "name", path)
               : SL_OK;
}

static int
segment_store(struct sl_outbox_segment *segment, const char *path, struct sl_error *err)
{
    bool has_name = segment->fd < 0;

    if (has_name)
        segment->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (segment->fd < 0)
        return sl_files_error(err, "make", path);
    segment_drain(segment);
    if (segment->error.code != 0) {
        *err = segment->error;
        return err->code;
    }
    if (fsync(segment->fd) < 0)
        return sl_files_error(err, "sync", path);
    segment->sum.checksum = XXH3_64bits_digest(segment->hash);
    return has_name ? SL_OK : segment_link(segment, path, err);
}

int
sl_outbox_segment_store(struct sl_outbox_segment *segment, const char *directory, const char *name,
                        struct sl_file_sum *ret_sum, struct sl_error *err)
{
    char path[SL_CHECKPOINT_PATH_MAX + 256];
    int rc;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    pthread_mutex_lock(&segment->io_mutex);
    rc = segment_store(segment, path, err);
    *ret_sum = segment->sum;
    pthread_mutex_unlock(&segment->io_mutex);
    return rc;
}

/* --- the slot's thread --- */

void
sl_outbox_segment_add(struct sl_outbox_segment *segment, struct sl_buffer *bytes)
{
    struct segment_piece *piece = sl_alloc_zeroed(sizeof(*piece));
    bool is_first, starts;

    piece->bytes = *bytes;
    sl_buffer_init(bytes, bytes->limit);
    pthread_mutex_lock(&segment->mutex);
    is_first = segment->first == NULL && segment->job.run == NULL;
    *segment->last = piece;
    segment->last = &piece->next;
    starts = !segment->is_busy && (!is_first || piece->bytes.length >= SL_OUTBOX_CHUNK_BYTES);
    segment->is_busy |= starts;
    pthread_mutex_unlock(&segment->mutex);
    if (!starts)
        return;
    atomic_fetch_add_explicit(&segment->references, 1, memory_order_relaxed);
    segment->job = (struct sl_io_job){.run = segment_run, .done = segment_done};
    segment->env->ops->io_submit(segment->env, &segment->job);
}
