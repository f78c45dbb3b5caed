/* Savepoints: the state of a job in a form that depends on neither RocksDB, parallelism nor the
 * server's version.  docs/savepoints.md is its specification.
 *
 *     checkpoint ──sl_savepoint_write──▶ savepoint ──sl_savepoint_import──▶ checkpoint 1 of a job
 *
 * A savepoint holds no outbox: whoever makes one has published everything before.  All calls are
 * for threads that may wait. */
#ifndef SL_STORAGE_SAVEPOINT_H
#define SL_STORAGE_SAVEPOINT_H

#include "storage/manifest.h"
#include "storage/table.h"

/* Writes the checkpoint in `from` as a savepoint into `to`, which is made, and is gone again if
 * that fails.  58030, 53100: the disk; XX001: the checkpoint is damaged. */
int sl_savepoint_write(const struct sl_manifest *checkpoint, const char *from, const char *to,
                       struct sl_error *err);
/* Its manifest; every file is compared with its checksum.  58030: not there; XX001: damaged; 0A000:
 * of another version, or a checkpoint. */
int sl_savepoint_read(struct sl_arena *arena, const char *directory,
                      struct sl_manifest **ret_manifest, struct sl_error *err);
/* Are the tables that are open in `state` laid out as those of the same names there?  0A000: one is
 * not. */
int sl_savepoint_check(const struct sl_state *state, const struct sl_manifest *manifest,
                       struct sl_error *err);
/* Makes it checkpoint 1 of a new job; of operators alone for which `is_wanted` says so. */
int sl_savepoint_import(const struct sl_manifest *savepoint, const char *directory,
                        const char *data_directory, const char *job_id,
                        bool (*is_wanted)(void *arg, const char *operator_uid), void *arg,
                        struct sl_error *err);

#endif
