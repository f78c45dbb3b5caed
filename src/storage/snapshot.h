/* What one subtask hands over at a barrier, and how a subtask gets it back.
 *
 *     slot's thread          I/O thread            slot's thread
 *     new, freeze, add ────▶ write ──────────────▶ end, take_part ──▶ the coordinator's manifest
 *
 * A table that did not change since the last checkpoint that its state knows to be complete is not
 * written again: its file is linked. */
#ifndef SL_STORAGE_SNAPSHOT_H
#define SL_STORAGE_SNAPSHOT_H

#include "base/buffer.h"
#include "storage/manifest.h"
#include "storage/table.h"

struct sl_outbox_segment; /* outbox.h */
struct sl_snapshot;

/* A part of a manifest, with its memory. */
struct sl_checkpoint_part {
    struct sl_arena arena;
    struct sl_manifest_subtask subtask;
    struct sl_manifest_segment *segments;
    size_t segment_count;
    uint64_t written_bytes;                    /* what is no hard link */
    int64_t alignment_us, freeze_us, write_us; /* the caller's: how long each took */
};

/* --- taking: the slot's thread --- */

/* Names of files begin with `stem`, which no other subtask of the job has. */
struct sl_snapshot *sl_snapshot_new(struct sl_state *state, uint64_t epoch, const char *stem);
uint64_t sl_snapshot_epoch(const struct sl_snapshot *snapshot);
/* The barrier has come to this operator: its tables stay as they are now. */
void sl_snapshot_freeze(struct sl_snapshot *snapshot, const char *operator_uid);
/* Bytes are copied. */
void sl_snapshot_add_blob(struct sl_snapshot *snapshot, const char *operator_uid, const char *name,
                          struct sl_text bytes);
/* A segment of an outbox; takes over the reference. */
void sl_snapshot_add_segment(struct sl_snapshot *snapshot, const char *sink_uid, uint32_t lane,
                             uint32_t subtask, struct sl_outbox_segment *segment);

/* --- writing: an I/O thread --- */

/* Into `directory`; `previous` is the directory of the checkpoint before, for unchanged files. */
int sl_snapshot_write(struct sl_snapshot *snapshot, const char *directory, const char *previous,
                      struct sl_error *err);

/* --- ending: the slot's thread --- */

/* Lets go of what was frozen, written or not, and frees the snapshot.  The part is the caller's. */
struct sl_checkpoint_part *sl_snapshot_end(struct sl_snapshot *snapshot);
void sl_checkpoint_part_free(struct sl_checkpoint_part *part); /* NULL does nothing */
/* Checkpoint `epoch` is complete: what it wrote of unchanged tables may be linked from now on. */
void sl_state_checkpointed(struct sl_state *state, uint64_t epoch);

/* The layout of a table's keys and values, as manifests name it. */
const char *sl_state_table_layout(struct sl_arena *arena, const struct sl_state_table_spec *spec);

/* --- restoring: an I/O thread, while nobody else has the state --- */

/* Fills the tables that are open in `state` with the rows of its key groups, from whichever
 * subtasks wrote them.  XX001: damaged; 0A000: a table of another layout. */
int sl_state_restore(struct sl_state *state, const struct sl_manifest *manifest,
                     const char *directory, struct sl_error *err);

#endif
