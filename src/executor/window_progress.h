/* How far the windows of each key group have fired, over restores in the middle of a firing and
 * changes of parallelism. */
#ifndef SL_EXECUTOR_WINDOW_PROGRESS_H
#define SL_EXECUTOR_WINDOW_PROGRESS_H

#include "executor/operator.h"

struct sl_window_progress {
    bool is_shared;       /* slices are of several windows, which fire in order */
    int64_t fired_us;     /* all windows up to this end have fired; INT64_MIN: none has */
    int64_t *group_us;    /* by key group: windows up to this end; that window, if not shared */
    int64_t group_max_us; /* the greatest of them */
    uint32_t group_count;
};

void sl_window_progress_init(struct sl_window_progress *progress,
                             const struct sl_op_context *context, bool is_shared);

/* Has the window with this end fired for this key group? */
static inline bool
sl_window_progress_has(const struct sl_window_progress *progress, uint32_t key_group,
                       int64_t end_us)
{
    if (progress->group_max_us < end_us)
        return false;
    return progress->is_shared ? progress->group_us[key_group] >= end_us
                               : progress->group_us[key_group] == end_us;
}
/* The window with this end has fired for key groups up to this one. */
void sl_window_progress_note(struct sl_window_progress *progress, uint32_t key_group,
                             int64_t end_us);

/* With the snapshot of a barrier, and back.  Slices that are not shared go with their firing: of
 * them only what is ahead of fired_us has to be known. */
void sl_window_progress_store(const struct sl_window_progress *progress, const struct sl_op *op,
                              struct sl_snapshot *snapshot);
/* XX001: what was stored cannot be read. */
int sl_window_progress_restore(struct sl_window_progress *progress, const struct sl_op *op,
                               const struct sl_manifest *from, struct sl_error *err);

#endif
