/* The manifest of a checkpoint: what it holds, and the size and checksum of every file.
 *
 * A checkpoint is a directory of its own, DATA/checkpoints/<job>/<id>/: a file that did not change
 * since the one before is a hard link, so that deleting a checkpoint is deleting its directory.  It
 * exists when its manifest does, which is written last:
 *
 *     files written and synced → manifest.tmp, synced → the directory synced → renamed to manifest
 *     → the directory and the job's directory synced
 *
 * The manifest's last line is the checksum of all before it.  All calls are for I/O threads. */
#ifndef SL_STORAGE_MANIFEST_H
#define SL_STORAGE_MANIFEST_H

#include "base/arena.h"
#include "storage/sst.h"

#define SL_CHECKPOINT_PATH_MAX 4096

struct sl_manifest_file {
    const char *name; /* NULL: there is none */
    struct sl_file_sum sum;
};

struct sl_manifest_table {
    const char *operator_uid, *name;
    const char *layout;           /* of keys and value; another one cannot be read */
    struct sl_manifest_file file; /* its rows, sorted; none when it has none, or they are … */
    uint32_t number;              /* … in the subtask's store, under this number (0: not) */
};

struct sl_manifest_blob { /* what an operator keeps outside state tables */
    const char *operator_uid, *name;
    struct sl_text bytes;
};

struct sl_manifest_channel { /* what a barrier overtook before an operator: channels.h */
    const char *operator_uid;
    uint32_t input, generation;
    int64_t watermark_ms; /* of the channel before its messages */
    bool is_idle;
    const char **columns; /* types, of its batches; empty: not there */
    size_t column_count;
    uint64_t offset, size; /* in the subtask's channel file */
};

struct sl_manifest_subtask {
    const char *task_uid; /* of the task's first operator */
    uint32_t index, parallelism;
    uint32_t key_group_first, key_group_count;
    bool has_ended; /* END went through it: it is not started again */
    struct sl_manifest_table *tables;
    size_t table_count;
    struct sl_manifest_file *store; /* the files of its store, all in one directory */
    size_t store_count;             /* 0: it has none */
    struct sl_manifest_blob *blobs;
    size_t blob_count;
    struct sl_manifest_channel *channels; /* none: its barrier overtook nothing */
    size_t channel_count;
    struct sl_manifest_file channel_file;
};

struct sl_manifest_segment { /* of an outbox; not confirmed yet by a marker */
    const char *sink_uid;
    uint32_t lane, subtask;
    uint64_t epoch;
    struct sl_manifest_file file;
};

/* How far a lane of a sink was published when the checkpoint was made: its marker tells of this or
 * more for ever.  Of the manifest's incarnation. */
struct sl_manifest_lane {
    const char *sink_uid;
    uint32_t lane;
    uint64_t epoch; /* 0: nothing yet */
    uint32_t subtask;
};

struct sl_manifest {
    const char *job_id;
    uint64_t checkpoint_id;
    uint64_t incarnation; /* of the job: its sinks' markers carry it */
    int64_t time_us;
    uint32_t max_parallelism;
    struct sl_manifest_subtask *subtasks;
    size_t subtask_count;
    struct sl_manifest_segment *segments;
    size_t segment_count;
    struct sl_manifest_lane *lanes; /* that have published */
    size_t lane_count;
};

/* The blobs of that name of one operator, from all subtasks, one after another: NULL when there are
 * no more.  The cursor begins zeroed. */
struct sl_manifest_cursor {
    size_t subtask, blob;
};
const struct sl_manifest_blob *sl_manifest_next_blob(const struct sl_manifest *manifest,
                                                     const char *operator_uid, const char *name,
                                                     struct sl_manifest_cursor *cursor);

/* Forgets, in memory, the state of operators that are not wanted: their tables are empty, and their
 * blobs are gone. */
void sl_manifest_choose(struct sl_manifest *manifest,
                        bool (*is_wanted)(void *arg, const char *operator_uid), void *arg);

/* Are there rows in it that no operator has seen: was it unaligned? */
bool sl_manifest_has_channels(const struct sl_manifest *manifest);

/* Makes the manifest of the checkpoint in `directory` durable.  58030, 53100. */
int sl_manifest_write(const struct sl_manifest *manifest, const char *directory,
                      struct sl_error *err);
/* Reads it back and compares the size of every file (what is damaged inside shows when it is
 * read).  XX001: damaged; 58030: not there. */
int sl_manifest_read(struct sl_arena *arena, const char *directory,
                     struct sl_manifest **ret_manifest, struct sl_error *err);

/* The same of a savepoint (savepoint.h), whose file has another head and name. */
int sl_manifest_write_savepoint(const struct sl_manifest *manifest, const char *directory,
                                struct sl_error *err);
int sl_manifest_read_savepoint(struct sl_arena *arena, const char *directory,
                               struct sl_manifest **ret_manifest, struct sl_error *err);

/* Compares whole files with their checksums: all, or the segments alone.  XX001: one is damaged. */
enum sl_manifest_part { SL_MANIFEST_ALL, SL_MANIFEST_SEGMENTS };
int sl_manifest_verify(const struct sl_manifest *manifest, const char *directory,
                       enum sl_manifest_part part, struct sl_error *err);

/* The directory of a subtask's store, in that of the checkpoint. */
const char *sl_manifest_store_path(struct sl_arena *arena, const char *directory,
                                   const struct sl_manifest_subtask *subtask);

/* --- directories --- */

/* DATA/checkpoints/<job>/<id>, with id 0 the job's own. */
void sl_checkpoint_path(const char *data_directory, const char *job_id, uint64_t id,
                        char ret_path[SL_CHECKPOINT_PATH_MAX]);
/* Makes an empty directory for checkpoint `id`; what was left there by one that never came to be is
 * removed. */
int sl_checkpoint_make(const char *data_directory, const char *job_id, uint64_t id,
                       struct sl_error *err);
/* The ids of the job's directories, whole or not, descending. */
size_t sl_checkpoint_list(struct sl_arena *arena, const char *data_directory, const char *job_id,
                          uint64_t **ret_ids);
/* Did it come to be: has it a manifest? */
bool sl_checkpoint_exists(const char *data_directory, const char *job_id, uint64_t id);
bool sl_checkpoint_is_in(const char *directory);
void sl_checkpoint_remove(const char *data_directory, const char *job_id, uint64_t id);
void sl_checkpoint_remove_all(const char *data_directory, const char *job_id);
/* Removes the checkpoints of all jobs that are not wanted; at start, while none runs. */
void sl_checkpoints_sweep(const char *data_directory,
                          bool (*is_wanted)(void *arg, const char *job_id), void *arg);
/* Bytes that are free on the disk of this directory; false: it cannot be told. */
bool sl_checkpoint_disk_free(const char *directory, int64_t *ret_bytes);
/* The same file under `to`, in another checkpoint's directory. */
int sl_checkpoint_link(const char *from, const char *to, struct sl_error *err);
/* Reads a whole file of a checkpoint and compares it with what is known of it; *ret_bytes is the
 * caller's (free). */
int sl_checkpoint_read_file(const char *directory, const struct sl_manifest_file *file,
                            char **ret_bytes, struct sl_error *err);
/* Compares a file with what is known of it.  XX001: it is another. */
int sl_checkpoint_verify_file(const char *directory, const struct sl_manifest_file *file,
                              struct sl_error *err);
/* Writes a whole file, synced. */
int sl_checkpoint_write_file(const char *directory, const char *name, struct sl_text bytes,
                             struct sl_file_sum *ret_sum, struct sl_error *err);

#endif
