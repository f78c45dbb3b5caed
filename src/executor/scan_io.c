/* What a scan does on I/O threads: connect, discover, ask for the present end, close.  One job at a
 * time. */
#include "executor/scan_internal.h"

static int
scan_io_discover(struct op_scan *scan, struct sl_error *err)
{
    scan->found.arena = &scan->io_arena;
    scan->found.items = NULL;
    scan->found.count = scan->found.capacity = 0;
    return scan->class->discover(scan->source, &scan->found, err);
}

static int
scan_io_run(struct sl_outside *outside, struct sl_error *err)
{
    struct op_scan *scan = (struct op_scan *)((char *)outside - offsetof(struct op_scan, outside));

    switch (scan->io_task) {
    case SL_SCAN_IO_OPEN:
        SL_TRY(scan->class->open(scan->source, err));
        return scan_io_discover(scan, err);
    case SL_SCAN_IO_DISCOVER:
        return scan_io_discover(scan, err);
    case SL_SCAN_IO_REFRESH:
        return scan->class->refresh_end(scan->source, err);
    case SL_SCAN_IO_CLOSE:
        scan->class->close(scan->source);
        break;
    }
    return SL_OK;
}

void
sl_scan_io_submit(struct op_scan *scan, enum sl_scan_io task)
{
    scan->io_task = task;
    sl_outside_submit(&scan->outside, scan->op.context, scan_io_run);
}

static bool
scan_io_is_mine(const struct op_scan *scan, uint32_t ordinal)
{
    return ordinal % scan->op.context->subtask_count == scan->op.context->subtask;
}

static bool
scan_io_has_found(const struct op_scan *scan, const char *id)
{
    for (size_t i = 0; i < scan->found.count; i++)
        if (strcmp(scan->found.items[i].id, id) == 0)
            return true;
    return false;
}

/* What a checkpoint tells of has to be there, where the source says so. */
static int
scan_io_tell_restored(struct op_scan *scan, struct sl_error *err)
{
    for (size_t i = 0; scan->class->restored && i < scan->restored_count; i++) {
        const char *id = scan->restored[i].split.id;

        SL_TRY(scan->class->restored(scan->source, id, scan_io_has_found(scan, id), err));
    }
    return SL_OK;
}

/* Splits that were found and are this subtask's begin to be read. */
static int
scan_io_add_splits(struct op_scan *scan, bool is_new, struct sl_error *err)
{
    for (size_t i = 0; i < scan->found.count; i++) {
        const struct sl_split *split = &scan->found.items[i];
        const struct sl_scan_restored *restored = sl_scan_find_restored(scan, split->id);
        struct sl_scan_own_split *own;
        struct sl_text position = {"", 0};

        if (!scan_io_is_mine(scan, split->ordinal) ||
            sl_map_get(&scan->known, sl_text_of(split->id)))
            continue;
        if (scan->split_count == scan->split_capacity) {
            scan->split_capacity = SL_MAX(8u, scan->split_capacity * 2);
            scan->splits = sl_realloc(scan->splits, scan->split_capacity * sizeof(*scan->splits));
        }
        own = &scan->splits[scan->split_count++];
        *own = restored ? restored->split
                        : (struct sl_scan_own_split){.candidate_ms = SL_WATERMARK_MIN,
                                                     .emitted_ms = SL_WATERMARK_MIN,
                                                     .active_us = sl_now_us(scan->op.context->env)};
        own->id = sl_arena_strdup(scan->op.context->arena, split->id);
        own->ordinal = split->ordinal;
        sl_map_put(&scan->known, sl_text_of(own->id), (void *)(uintptr_t)own->id);
        if (restored)
            position = restored->position;
        SL_TRY(scan->class->add_split(scan->source, split, position,
                                      is_new || (scan->is_restored && !restored), err));
    }
    sl_arena_reset(&scan->io_arena);
    sl_scan_time_update(scan);
    return SL_OK;
}

static void
scan_io_plan_discovery(struct op_scan *scan)
{
    int64_t interval_us = 0;

    if (scan->class->discovery_interval_us && !scan->plan->bounded && !scan->is_finished)
        interval_us = scan->class->discovery_interval_us(scan->source);
    scan->discovery_us =
        interval_us > 0 ? sl_now_us(scan->op.context->env) + interval_us : INT64_MAX;
}

/* What was asked for has come, or there was no answer. */
static void
scan_io_end_refresh(struct op_scan *scan, enum sl_scan_refresh state)
{
    if (scan->catch_up == SL_SCAN_ASKED)
        scan->catch_up = state == SL_SCAN_UNANSWERED ? SL_SCAN_NOT_ASKED : state;
    if (scan->finishing == SL_SCAN_ASKED)
        scan->finishing = state;
}

int
sl_scan_io_check(struct op_scan *scan, struct sl_error *err)
{
    bool is_done;
    int rc = sl_outside_check(&scan->outside, &is_done, err);

    if (!is_done)
        return rc;
    if (rc < 0 && scan->io_task == SL_SCAN_IO_REFRESH && sl_error_is_retryable(rc)) {
        scan_io_end_refresh(scan, SL_SCAN_UNANSWERED);
        return SL_OK;
    }
    if (rc < 0)
        return rc;
    switch (scan->io_task) {
    case SL_SCAN_IO_OPEN:
        SL_TRY(scan_io_tell_restored(scan, err));
        /* fall through */
    case SL_SCAN_IO_DISCOVER:
        SL_TRY(scan_io_add_splits(scan, scan->io_task == SL_SCAN_IO_DISCOVER, err));
        scan_io_plan_discovery(scan);
        scan->is_started = true;
        if (!scan->class->refresh_end)
            scan_io_end_refresh(scan, SL_SCAN_REFRESHED);
        break;
    case SL_SCAN_IO_REFRESH:
        scan_io_end_refresh(scan, SL_SCAN_REFRESHED);
        break;
    case SL_SCAN_IO_CLOSE:
        scan->is_closed = true;
        break;
    }
    return SL_OK;
}
