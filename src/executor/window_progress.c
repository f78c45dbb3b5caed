/* How far windows have fired: see window_progress.h. */
#include "executor/window_progress.h"

#include "data/row.h"
#include "storage/snapshot.h"

#include <stdlib.h>

#define PROGRESS_BLOB "fired"

/* Windows up to `fired` are done for good.  Those up to `end` have given the results of the key
 * groups [first, last], but what they need no more may be there still. */
struct progress_run {
    int64_t fired, end;
    uint32_t first, last;
};

void
sl_window_progress_init(struct sl_window_progress *progress, const struct sl_op_context *context,
                        bool is_shared)
{
    progress->is_shared = is_shared;
    progress->group_count = context->settings->max_parallelism;
    progress->group_us = SL_NEW_ARRAY(context->arena, int64_t, progress->group_count);
    for (uint32_t group = 0; group < progress->group_count; group++)
        progress->group_us[group] = INT64_MIN;
    progress->fired_us = progress->group_max_us = INT64_MIN;
}

void
sl_window_progress_note(struct sl_window_progress *progress, uint32_t key_group, int64_t end_us)
{
    for (uint32_t group = 0; group <= key_group; group++)
        progress->group_us[group] = SL_MAX(progress->group_us[group], end_us);
    progress->group_max_us = SL_MAX(progress->group_max_us, end_us);
}

static bool
progress_owns(const struct sl_op_context *context, uint32_t key_group)
{
    return sl_key_group_subtask(key_group, context->settings->max_parallelism,
                                context->subtask_count) == context->subtask;
}

void
sl_window_progress_store(const struct sl_window_progress *progress, const struct sl_op *op,
                         struct sl_snapshot *snapshot)
{
    int64_t fired = progress->is_shared ? progress->fired_us : INT64_MIN;
    /* Zeroed, padding included. */
    struct progress_run *runs = sl_alloc_zeroed((progress->group_count + 1) * sizeof(*runs));
    size_t count = 0;

    for (uint32_t group = 0; group < progress->group_count; group++) {
        int64_t end = progress->group_us[group];

        end = end > progress->fired_us ? end : fired;
        if (end == INT64_MIN || !progress_owns(op->context, group))
            continue;
        if (count > 0 && runs[count - 1].end == end && runs[count - 1].last + 1 == group)
            runs[count - 1].last = group;
        else
            runs[count++] = (struct progress_run){fired, end, group, group};
    }
    if (count > 0)
        sl_snapshot_add_blob(snapshot, op->node->uid, PROGRESS_BLOB,
                             (struct sl_text){(const char *)runs, count * sizeof(*runs)});
    free(runs);
}

static void
progress_restore_run(struct sl_window_progress *progress, const struct sl_op *op,
                     const struct progress_run *run, int64_t *group_fired_us)
{
    for (uint32_t group = run->first; group <= run->last && group < progress->group_count;
         group++) {
        if (!progress_owns(op->context, group))
            continue;
        group_fired_us[group] = run->fired;
        progress->group_us[group] = run->end;
        progress->group_max_us = SL_MAX(progress->group_max_us, run->end);
    }
}

static int
progress_read(struct sl_window_progress *progress, const struct sl_op *op,
              const struct sl_manifest *from, int64_t *group_fired_us, struct sl_error *err)
{
    struct sl_manifest_cursor cursor = {0};
    const struct sl_manifest_blob *blob;

    while ((blob = sl_manifest_next_blob(from, op->node->uid, PROGRESS_BLOB, &cursor))) {
        struct progress_run run;

        if (blob->bytes.length % sizeof(run) != 0)
            return SL_ERROR(err, SL_E_DATA_CORRUPTED, "what operator %s has fired cannot be read",
                            op->node->uid);
        for (size_t at = 0; at < blob->bytes.length; at += sizeof(run)) {
            memcpy(&run, blob->bytes.start + at, sizeof(run));
            progress_restore_run(progress, op, &run, group_fired_us);
        }
    }
    return SL_OK;
}

int
sl_window_progress_restore(struct sl_window_progress *progress, const struct sl_op *op,
                           const struct sl_manifest *from, struct sl_error *err)
{
    int64_t *fired_us = sl_alloc(progress->group_count * sizeof(*fired_us));
    int rc;

    for (uint32_t group = 0; group < progress->group_count; group++)
        fired_us[group] = INT64_MIN;
    rc = progress_read(progress, op, from, fired_us, err);
    progress->fired_us = INT64_MAX; /* then the least of its groups */
    for (uint32_t group = 0; group < progress->group_count; group++)
        if (progress_owns(op->context, group))
            progress->fired_us = SL_MIN(progress->fired_us, fired_us[group]);
    free(fired_us);
    return rc;
}
