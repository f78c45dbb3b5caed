/* Publishing what exactly-once sinks stored with complete checkpoints.  Private to runtime/.
 *
 * Each lane of each sink has a queue of segments, in the order of their epochs, and one I/O job at
 * a time that publishes the first.  A segment is in every manifest until it is published; a restart
 * of the job changes nothing here.  A failure fails the job, and the queue goes on when it runs
 * again.
 */
#ifndef SL_RUNTIME_PUBLISHER_H
#define SL_RUNTIME_PUBLISHER_H

#include "runtime/checkpoint.h"

struct sl_lane;
struct sl_phys_node;

/* What publishes one lane of a sink of the job's; not connected yet.  `published`: what its marker
 * tells of at least, and then it tells of nothing behind the checkpoint that the job began from;
 * NULL: it may tell of anything. */
struct sl_lane *sl_job_open_lane(const struct sl_job *job, const struct sl_phys_node *sink,
                                 uint32_t number, const struct sl_manifest_lane *published);

/* All under the job's mutex. */

/* Queues the segments of a complete checkpoint that are not queued yet, and goes on. */
void sl_publisher_take(struct sl_job *job, const struct sl_checkpoint *checkpoint);
/* Goes on after a failure. */
void sl_publisher_resume(struct sl_job *job);
/* A checkpoint is due and would hold nothing new: lanes do what time asks for. */
void sl_publisher_idle(struct sl_job *job);
/* Everything is published and nothing more will come: says whether the lanes have done what is left
 * to do then; if not they are at it. */
bool sl_publisher_finish(struct sl_job *job);
/* What is not published yet, in a new array with room for `extra` more. */
struct sl_manifest_segment *sl_publisher_unconfirmed(struct sl_job *job, struct sl_arena *arena,
                                                     size_t extra, size_t *ret_count);
/* What the lanes have published, in a new array. */
struct sl_manifest_lane *sl_publisher_published(struct sl_job *job, struct sl_arena *arena,
                                                size_t *ret_count);
bool sl_publisher_is_idle(const struct sl_job *job);
bool sl_publisher_is_past(const struct sl_job *job, uint64_t epoch); /* all up to it is published */
bool sl_publisher_is_busy(const struct sl_job *job);                 /* is an I/O thread at it? */
void sl_publisher_done(struct sl_job *job);                          /* with the job */

#endif
