/* The state of windows that share slices: see window_slices.h. */
#include "executor/window_slices.h"

enum {
    SLICES_STEP_ROWS = 1 << 16,   /* folded in one call */
    SLICES_MERGED_ROWS = 1 << 12, /* no further key group is merged with these */
    SLICES_SOURCES_MORE = 4,      /* beside two a level */
};

/* --- arithmetic --- */

static int64_t
slices_span_us(const struct sl_window_slices *slices, unsigned level)
{
    return sl_window_slice_us(slices->window) << level;
}

static bool
slices_is_aligned(const struct sl_window_slices *slices, unsigned level, int64_t bound_us)
{
    int64_t span_us = slices_span_us(slices, level);

    return sl_window_floor_us(slices->window, span_us, bound_us) == bound_us;
}

static int64_t
slices_node(int64_t end_us, unsigned level)
{
    return end_us + level;
}

/* The slice of a CUMULATE window that the others are merged into. */
static int64_t
slices_first_us(const struct sl_window_slices *slices, int64_t end_us)
{
    return sl_window_start_us(slices->window, end_us) + sl_window_slice_us(slices->window);
}

size_t
sl_window_slices_times(const struct sl_window_slices *slices, int64_t slice_end_us,
                       int64_t closed_us, int64_t ret_times[SL_WINDOW_LEVELS_MAX])
{
    size_t count = 0;

    ret_times[count++] = slice_end_us;
    if (!slices->is_shared || slice_end_us > closed_us)
        return count;
    if (slices->window->kind == SL_WINDOW_CUMULATE)
        ret_times[0] = slices_first_us(slices, slice_end_us);
    for (unsigned level = 1; level <= slices->level_max; level++) {
        int64_t span_us = slices_span_us(slices, level);
        int64_t end_us = sl_window_floor_us(slices->window, span_us, slice_end_us - 1) + span_us;

        /* Built, and some window that is open begins before it or with it. */
        if (end_us <= closed_us && end_us - span_us + slices->window->size_us > closed_us)
            ret_times[count++] = slices_node(end_us, level);
    }
    return count;
}

int64_t
sl_window_slices_next(const struct sl_window_slices *slices, int64_t fired_us)
{
    int64_t first_us = sl_table_first_time(slices->aggregation->table);

    /* The first is never a node: a slice under it lives longer. */
    if (!slices->is_shared || first_us == INT64_MAX || fired_us == INT64_MIN)
        return first_us;
    return SL_MAX(first_us, fired_us + sl_window_slice_us(slices->window));
}

/* --- opening --- */

static void
slices_alloc_sources(struct sl_window_slices *slices, struct sl_arena *arena)
{
    size_t source_max = slices->level_max * 2 + SLICES_SOURCES_MORE;

    slices->sources = SL_NEW_ARRAY(arena, struct sl_window_source, source_max);
    for (size_t i = 0; i < source_max; i++) {
        slices->sources[i].scans =
            SL_NEW_ARRAY(arena, struct sl_window_scan, slices->aggregation->values_count + 1);
        for (size_t k = 0; k <= slices->aggregation->values_count && slices->is_shared; k++)
            slices->sources[i].scans[k].rows =
                SL_NEW_ARRAY(arena, struct sl_state_row, SL_WINDOW_SCAN_ROWS);
    }
}

int
sl_window_slices_open(struct sl_window_slices *slices, struct sl_op *op,
                      struct sl_aggregation *aggregation, const struct sl_window *window,
                      bool is_shared, struct sl_error *err)
{
    struct sl_arena *arena = op->context->arena;
    struct sl_state_config config = {.pool = op->context->pool,
                                     .max_parallelism = op->context->settings->max_parallelism,
                                     .key_group_count = op->context->settings->max_parallelism,
                                     .is_whole = true,
                                     .is_volatile = true};

    slices->aggregation = aggregation;
    slices->window = window;
    slices->is_shared = is_shared;
    while (is_shared && window->kind == SL_WINDOW_HOP &&
           slices_span_us(slices, slices->level_max + 2) <= window->size_us)
        slices->level_max++;
    SL_ASSERT(slices->level_max < SL_WINDOW_LEVELS_MAX);
    slices_alloc_sources(slices, arena);
    if (!is_shared)
        return SL_OK;
    slices->folded.rows = SL_NEW_ARRAY(arena, struct sl_state_row, SL_AGGREGATION_MERGE_MAX);
    slices->merged_state = sl_state_new(&config);
    return sl_aggregation_open_merged(&slices->merged, aggregation, arena, slices->merged_state,
                                      err);
}

static void
slices_end_scans(struct sl_window_slices *slices)
{
    for (size_t i = 0; i < slices->source_count; i++)
        for (size_t k = 0; k <= slices->aggregation->values_count; k++)
            sl_table_scan_end(&slices->sources[i].scans[k].scan);
    slices->source_count = 0;
    slices->is_open = false;
    sl_table_scan_end(&slices->merged_scan);
    slices->is_giving = false;
}

void
sl_window_slices_close(struct sl_window_slices *slices)
{
    slices_end_scans(slices);
    sl_table_scan_end(&slices->folded.scan);
    sl_state_free(slices->merged_state);
    slices->merged_state = NULL;
}

/* Stage 0 is the table, the others are those of distinct values. */
static struct sl_state_table *
slices_table(const struct sl_window_slices *slices, size_t stage)
{
    return stage == 0 ? slices->aggregation->table : slices->aggregation->values[stage - 1].table;
}

static int
slices_merge(struct sl_window_slices *slices, struct sl_aggregation *to, int64_t time, size_t stage,
             const struct sl_state_row *rows, size_t row_count, struct sl_error *err)
{
    if (stage == 0)
        return sl_aggregation_merge(to, time, rows, row_count, err);
    return sl_aggregation_merge_distinct(to, stage - 1, time, rows, row_count, err);
}

/* --- building --- */

static void
slices_add_fold(struct sl_window_slices *slices, int64_t from, int64_t to)
{
    slices->folds[slices->fold_count++] = (struct sl_window_fold){from, to};
}

void
sl_window_slices_begin(struct sl_window_slices *slices, int64_t end_us)
{
    int64_t slice_us = sl_window_slice_us(slices->window);

    slices->end = end_us;
    slices->fold_count = slices->fold = slices->stage = 0;
    slices->has_group = slices->is_in_group = false;
    if (!slices->is_shared)
        return;
    if (slices->window->kind == SL_WINDOW_CUMULATE && slices_first_us(slices, end_us) != end_us)
        slices_add_fold(slices, end_us, slices_first_us(slices, end_us));
    for (unsigned level = 1; level <= slices->level_max; level++) {
        int64_t node = slices_node(end_us, level);

        if (!slices_is_aligned(slices, level, end_us))
            break;
        sl_aggregation_drop_time(slices->aggregation,
                                 node); /* one that was begun before a restore */
        slices_add_fold(slices, slices_node(end_us - (slice_us << (level - 1)), level - 1), node);
        slices_add_fold(slices, slices_node(end_us, level - 1), node);
    }
}

/* Folds one stage, at most so many rows; SL_OK: it is done. */
static int
slices_fold_stage(struct sl_window_slices *slices, size_t *rows_left, struct sl_error *err)
{
    const struct sl_window_fold *fold = &slices->folds[slices->fold];
    struct sl_window_scan *from = &slices->folded;

    if (!slices->is_folding)
        sl_table_scan_begin(slices_table(slices, slices->stage), fold->from, &from->scan);
    if (!slices->is_folding)
        from->count = 0;
    slices->is_folding = true;
    for (;;) {
        int rc = SL_OK;

        if (from->count == 0)
            rc = sl_table_scan_next(&from->scan, from->rows, SL_AGGREGATION_MERGE_MAX, &from->count,
                                    err);
        if (rc == SL_OK && from->count == 0)
            break;
        if (rc == SL_OK)
            rc = slices_merge(slices, slices->aggregation, fold->to, slices->stage, from->rows,
                              from->count, err);
        if (rc != SL_OK)
            return rc;
        *rows_left -= SL_MIN(from->count, *rows_left);
        from->count = 0;
        if (*rows_left == 0)
            return SL_AGAIN;
    }
    sl_table_scan_end(&from->scan);
    slices->is_folding = false;
    return SL_OK;
}

int
sl_window_slices_build(struct sl_window_slices *slices, struct sl_error *err)
{
    size_t rows_left = SLICES_STEP_ROWS;

    for (; slices->fold < slices->fold_count; slices->fold++) {
        for (; slices->stage <= slices->aggregation->values_count; slices->stage++) {
            int rc = slices_fold_stage(slices, &rows_left, err);

            if (rc != SL_OK)
                return rc;
        }
        slices->stage = 0;
        if (slices->window->kind == SL_WINDOW_CUMULATE)
            sl_aggregation_drop_time(slices->aggregation, slices->folds[slices->fold].from);
    }
    return SL_OK;
}

/* --- giving out --- */

static void
slices_add_source(struct sl_window_slices *slices, int64_t time)
{
    struct sl_window_source *source = &slices->sources[slices->source_count];

    sl_table_scan_begin(slices->aggregation->table, time, &source->scans[0].scan);
    if (!source->scans[0].scan.slice)
        return;
    source->time = time;
    for (size_t k = 0; k <= slices->aggregation->values_count; k++)
        source->scans[k].count = source->scans[k].next = 0;
    slices->source_count++;
    SL_ASSERT(slices->source_count < slices->level_max * 2 + SLICES_SOURCES_MORE);
}

/* The least number of nodes that are the window together, in the order of their times. */
static void
slices_cover(struct sl_window_slices *slices)
{
    int64_t at_us = slices->end - slices->window->size_us;

    while (at_us < slices->end) {
        unsigned level = slices->level_max;

        while (level > 0 && (at_us + slices_span_us(slices, level) > slices->end ||
                             !slices_is_aligned(slices, level, at_us)))
            level--;
        at_us += slices_span_us(slices, level);
        slices_add_source(slices, slices_node(at_us, level));
    }
}

static void
slices_open_sources(struct sl_window_slices *slices)
{
    slices->is_open = true;
    if (!slices->is_shared)
        slices_add_source(slices, slices->end);
    else if (slices->window->kind == SL_WINDOW_CUMULATE)
        slices_add_source(slices, slices_first_us(slices, slices->end));
    else
        slices_cover(slices);
    for (size_t i = 0; i < slices->source_count && slices->source_count > 1; i++)
        for (size_t k = 1; k <= slices->aggregation->values_count; k++)
            sl_table_scan_begin(slices_table(slices, k), slices->sources[i].time,
                                &slices->sources[i].scans[k].scan);
}

/* Sees to it that the scan has a row, unless it is over: then its count is 0. */
static int
slices_read(struct sl_window_scan *scan, struct sl_error *err)
{
    if (scan->next < scan->count)
        return SL_OK;
    scan->next = scan->count = 0;
    return sl_table_scan_next(&scan->scan, scan->rows, SL_WINDOW_SCAN_ROWS, &scan->count, err);
}

/* The next key group of all sources; SL_EOF: there is none. */
static int
slices_next_group(struct sl_window_slices *slices, struct sl_error *err)
{
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; i < slices->source_count; i++) {
        struct sl_window_scan *scan = &slices->sources[i].scans[0];
        int rc = slices_read(scan, err);

        if (rc != SL_OK)
            return rc;
        if (scan->count > 0)
            least = SL_MIN(least, scan->rows[scan->next].key_group);
    }
    if (least == UINT32_MAX)
        return SL_EOF;
    slices->key_group = least;
    slices->is_in_group = slices->has_group = true;
    slices->stage = slices->source = 0;
    return SL_OK;
}

/* Merges what one source has of the key group. */
static int
slices_merge_source(struct sl_window_slices *slices, struct sl_error *err)
{
    struct sl_window_scan *scan = &slices->sources[slices->source].scans[slices->stage];

    for (;;) {
        size_t count = 0;
        int rc = slices_read(scan, err);

        if (rc != SL_OK)
            return rc;
        while (scan->next + count < scan->count &&
               scan->rows[scan->next + count].key_group == slices->key_group)
            count++;
        if (count == 0)
            return SL_OK;
        rc = slices_merge(slices, &slices->merged, 0, slices->stage, scan->rows + scan->next, count,
                          err);
        SL_ASSERT(rc == SL_OK); /* all of it is in memory */
        scan->next += count;
    }
}

static int
slices_merge_group(struct sl_window_slices *slices, struct sl_error *err)
{
    for (; slices->stage <= slices->aggregation->values_count;
         slices->stage++, slices->source = 0) {
        for (; slices->source < slices->source_count; slices->source++) {
            int rc = slices_merge_source(slices, err);

            if (rc != SL_OK)
                return rc;
        }
    }
    slices->is_in_group = false;
    return SL_OK;
}

/* Merges some key groups; none when there are no more.  One that is begun is always finished. */
static int
slices_merge_groups(struct sl_window_slices *slices, bool to_group_end, struct sl_error *err)
{
    uint64_t rows = 0, bytes;

    while (rows < SLICES_MERGED_ROWS) {
        int rc = SL_OK;

        if (!slices->is_in_group && to_group_end)
            break;
        if (!slices->is_in_group)
            rc = slices_next_group(slices, err);
        if (rc == SL_EOF)
            break;
        if (rc == SL_OK)
            rc = slices_merge_group(slices, err);
        if (rc != SL_OK)
            return rc;
        sl_state_size(slices->merged_state, &rows, &bytes);
    }
    return SL_OK;
}

static int
slices_merged_rows(struct sl_window_slices *slices, bool to_group_end, struct sl_state_row *rows,
                   size_t max, size_t *ret_count, struct sl_error *err)
{
    if (!slices->is_giving) {
        int rc = slices_merge_groups(slices, to_group_end, err);

        if (rc != SL_OK)
            return rc;
        sl_table_scan_begin(slices->merged.table, 0, &slices->merged_scan);
        slices->is_giving = true;
    }
    SL_TRY(sl_table_scan_next(&slices->merged_scan, rows, max, ret_count, err));
    if (*ret_count > 0)
        return SL_OK;
    sl_table_scan_end(&slices->merged_scan);
    sl_aggregation_drop_time(&slices->merged, 0);
    slices->is_giving = false;
    return SL_EOF;
}

int
sl_window_slices_rows(struct sl_window_slices *slices, bool to_group_end, struct sl_state_row *rows,
                      size_t max, size_t *ret_count, struct sl_error *err)
{
    struct sl_state_scan *scan = &slices->sources[0].scans[0].scan;

    *ret_count = 0;
    if (!slices->is_open)
        slices_open_sources(slices);
    if (slices->source_count == 0)
        return SL_OK;
    if (slices->source_count == 1)
        return to_group_end ? sl_table_scan_group(scan, rows, max, ret_count, err)
                            : sl_table_scan_next(scan, rows, max, ret_count, err);
    for (;;) {
        bool had_rows = slices->is_giving;
        int rc = slices_merged_rows(slices, to_group_end, rows, max, ret_count, err);

        if (rc != SL_EOF)
            return rc;
        if (!had_rows) /* nothing was left to be merged */
            return SL_OK;
    }
}

bool
sl_window_slices_given(const struct sl_window_slices *slices, uint32_t *ret_key_group)
{
    const struct sl_state_scan *scan = &slices->sources[0].scans[0].scan;

    if (slices->source_count == 0)
        return false;
    *ret_key_group = slices->source_count == 1 ? scan->key_group : slices->key_group;
    return slices->source_count == 1 ? scan->has_group : slices->has_group;
}

/* --- the end --- */

static void
slices_drop(struct sl_window_slices *slices)
{
    const struct sl_window *window = slices->window;
    int64_t start_us = slices->end - window->size_us;

    if (!slices->is_shared) {
        sl_aggregation_drop_time(slices->aggregation, slices->end);
    } else if (window->kind == SL_WINDOW_CUMULATE) {
        if (sl_window_last_end_us(window, slices->end) == slices->end)
            sl_aggregation_drop_time(slices->aggregation, slices_first_us(slices, slices->end));
    } else { /* what begins with the window is of no later one */
        for (unsigned level = 0; level <= slices->level_max; level++) {
            if (!slices_is_aligned(slices, level, start_us))
                break;
            sl_aggregation_drop_time(slices->aggregation,
                                     slices_node(start_us + slices_span_us(slices, level), level));
        }
    }
}

void
sl_window_slices_end(struct sl_window_slices *slices)
{
    slices_end_scans(slices);
    slices_drop(slices);
}
