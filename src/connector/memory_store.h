/* The logs of memory tables: append-only framed files in DIR/memory, each held in memory too.
 *
 * 1. A frame is length (4 bytes), checksum (4, of the payload), payload; little-endian.  A torn
 * last frame is cut off when the log is opened.  A group, what an exactly-once sink published at
 * once, is a head with its marker and behind it its frames: a torn one is cut off whole.
 * 2. Frames below `count` never change: readers take them without a lock.
 * 3. An append is visible at once, and durable when a later sl_memory_log_sync has returned. */
#ifndef SL_CONNECTOR_MEMORY_STORE_H
#define SL_CONNECTOR_MEMORY_STORE_H

#include "connector/connector.h"

struct sl_memory_log;

/* The log of a table, opened at its first use and kept until the process ends or it is dropped. */
int sl_memory_log_open(const char *data_directory, uint64_t table_id,
                       struct sl_memory_log **ret_log, struct sl_error *err);
/* Forgets the table's log and removes its file; readers that have it open keep what they have. */
void sl_memory_log_drop(const char *data_directory, uint64_t table_id);
/* Removes the logs of tables that are not known any more; at start, while none is open. */
void sl_memory_logs_sweep(const char *data_directory,
                          bool (*is_known)(void *arg, uint64_t table_id), void *arg);
/* Other frames instead of a table's, when its row layout changes with its version in the catalog.
 * `prepare` writes them aside, durable; `commit`, after the catalog's own, puts them in place (and
 * does nothing when none were prepared for this version); `discard` forgets them. */
int sl_memory_log_prepare(const char *data_directory, uint64_t table_id, uint32_t version,
                          const struct sl_text *payloads, size_t count, bool has_ended,
                          struct sl_error *err);
int sl_memory_log_commit(const char *data_directory, uint64_t table_id, uint32_t version,
                         struct sl_error *err);
void sl_memory_log_discard(const char *data_directory, uint64_t table_id, uint32_t version);
void sl_memory_store_close(void); /* at the process's end: frees all logs */

uint64_t sl_memory_log_count(const struct sl_memory_log *log);
/* Frame `index` < count; stays for ever. */
struct sl_text sl_memory_log_frame(const struct sl_memory_log *log, uint64_t index);
/* Appends `count` payloads as one write; wakes all watchers.  55000 when the log has ended. */
int sl_memory_log_append(struct sl_memory_log *log, const struct sl_text *payloads, size_t count,
                         struct sl_error *err);
int sl_memory_log_sync(struct sl_memory_log *log, struct sl_error *err); /* blocks */
/* Appends the payloads together with the marker of that name: after a crash both are there, or
 * neither.  Durable when it returns; blocks. */
int sl_memory_log_publish(struct sl_memory_log *log, const char *name,
                          const struct sl_marker *marker, const struct sl_text *payloads,
                          size_t count, struct sl_error *err);
/* The newest marker of that name; all zero when there is none. */
struct sl_marker sl_memory_log_marker(struct sl_memory_log *log, const char *name);
/* No more appends; durable.  Survives a restart. */
int sl_memory_log_end(struct sl_memory_log *log, struct sl_error *err);
bool sl_memory_log_has_ended(const struct sl_memory_log *log);
/* `wake` is signalled after every append and at the end. */
void sl_memory_log_watch(struct sl_memory_log *log, struct sl_env *env, struct sl_wake *wake);
void sl_memory_log_unwatch(struct sl_memory_log *log, struct sl_wake *wake);

#endif
