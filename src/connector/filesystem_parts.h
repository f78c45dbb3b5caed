/* The parts that one lane writes into a table's directory and those of its partitions.
 *
 *     add ─▶ bytes pending ─commit─▶ in .part-…inprogress, synced ─▶ the journal says how much
 *            closed by size, time, the end ───────────────────────▶ … and which ones are renamed
 *                                                                    ─▶ part-…
 *
 * 1. The newest record of the journal tells everything: the marker, each open part with its length,
 *    each part that is being renamed.  What it does not tell never happened: on opening, parts are
 *    cut to their length, and renames that it decided are carried out.
 * 2. A name is <job>-<hash of the lane's identity>-<lane>-<number>; numbers are not used twice but
 *    for parts that never happened.
 * 3. After a failure the parts are closed and opened anew.  All calls are [I/O]. */
#ifndef SL_CONNECTOR_FILESYSTEM_PARTS_H
#define SL_CONNECTOR_FILESYSTEM_PARTS_H

#include "base/map.h"
#include "connector/connector.h"
#include "connector/filesystem_internal.h"
#include "connector/filesystem_journal.h"

#define SL_FILE_NAME_MAX 160
#define SL_FILE_OPEN_SUFFIX ".inprogress"
#define SL_FILE_IDENTITY "%s/%.128s" /* of at-least-once sinks: job, operator, "/", subtask */

struct sl_file_part;

struct sl_file_parts {
    const struct sl_connector_config *config;
    const char *directory;
    char name[SL_FILE_NAME_MAX]; /* what the names of parts begin with */
    int64_t bytes_max, rollover_us, inactivity_us, check_us;
    struct sl_file_journal journal;
    struct sl_marker marker;
    uint64_t next_number;
    int64_t next_check_us;
    struct sl_map open; /* bucket → part */
    struct sl_file_part **items;
    size_t count, capacity, closed_count;
    struct sl_buffer payload;
    bool is_open;
};

/* `identity`: "<job>/…/<lane>".  42704, 58030, 53100; XX001: what is there is not what the journal
 * says. */
int sl_file_parts_open(struct sl_file_parts *parts, const struct sl_connector_config *config,
                       const char *identity, struct sl_error *err);
/* A line into the bucket's part ("" or "day=1"). */
void sl_file_parts_add(struct sl_file_parts *parts, struct sl_text bucket,
                       const struct sl_record *record);
/* Everything that was added is durable with the marker; closed parts get their names.  `all`: the
 * open ones are closed too. */
int sl_file_parts_commit(struct sl_file_parts *parts, const struct sl_marker *marker, bool all,
                         struct sl_error *err);
/* Closes what is due by time, if it is time to look. */
int sl_file_parts_check(struct sl_file_parts *parts, struct sl_error *err);
void sl_file_parts_close(struct sl_file_parts *parts); /* zeroed memory will do */
/* What the names of its parts begin with, and the path of its journal. */
void sl_file_parts_name(const char *identity, char ret_name[SL_FILE_NAME_MAX]);
void sl_file_parts_journal(const struct sl_connector_config *config, const char *identity,
                           char ret_path[SL_FILE_PATH_MAX]);

/* --- filesystem_adopt.c: what lanes that are no more left behind gets its name --- */

/* Parts of subtasks of this sink that a job of fewer subtasks does not have: those of subtask n are
 * subtask n mod the parallelism's. */
int sl_file_adopt_subtasks(const struct sl_connector_config *config, struct sl_error *err);
/* A lane that publishes under a new incarnation for the first time takes over from the earlier
 * ones. */
int sl_file_adopt_incarnations(const struct sl_connector_config *config, const char *identity,
                               struct sl_error *err);
/* Everything that the job left, which has ended: see connector.h. */
int sl_file_forget(const struct sl_connector_config *config, struct sl_error *err);

#endif
