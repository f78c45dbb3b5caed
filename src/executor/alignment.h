/* Watermark alignment: the sources of a job that are in one group read no further ahead of the
 * slowest of them than a bound (`scan.watermark.alignment.*`).  A job has one hub; the members may
 * live on different slots. */
#ifndef SL_EXECUTOR_ALIGNMENT_H
#define SL_EXECUTOR_ALIGNMENT_H

#include "base/env.h"

struct sl_alignment;
struct sl_alignment_member;

struct sl_alignment *sl_alignment_new(struct sl_env *env);
void sl_alignment_free(struct sl_alignment *alignment); /* NULL does nothing */

/* Any thread; the member lives as long as the hub.  `wake` is signalled when the others have caught
 * up by something while the member waits. */
struct sl_alignment_member *sl_alignment_join(struct sl_alignment *alignment, const char *group,
                                              struct sl_wake *wake);
/* All members are there and have said where they are: before that everyone waits. */
void sl_alignment_open(struct sl_alignment *alignment);
bool sl_alignment_is_open(const struct sl_alignment_member *member);
/* How far the member is, milliseconds; SL_WATERMARK_MIN: it does not know yet, SL_WATERMARK_MAX: it
 * holds nobody back (idle, ended).  The member's thread. */
void sl_alignment_publish(struct sl_alignment_member *member, int64_t watermark_ms, bool waits);
/* Where the slowest of the group is; SL_WATERMARK_MAX: nobody has said. */
int64_t sl_alignment_least_ms(const struct sl_alignment_member *member);

#endif
