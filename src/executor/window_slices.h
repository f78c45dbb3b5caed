/* The state of windows that share slices: folding rows into slices, merging slices into windows.
 *
 * The table's times, all multiples of a millisecond but for the levels:
 *
 *     TUMBLE      the window's end
 *     CUMULATE    the slice's end, while it is open; closed slices are merged into the first one of
 *                 their window, which then holds all of the window so far
 *     HOP         the slice's end; and, of 2^level slices that end there together, the node: its
 * end
 *                 + level (in µs).  Ends of nodes are aligned, so that they make a binary tree
 *
 * 1. When the slice E is closed, the nodes that end at E are built from their two children; then
 * the window that ends at E fires; then what no later window needs is dropped.
 * 2. A window of n slices is made of at most 2 log2 n + 2 nodes that are next to one another. There
 *    are levels only up to half of a window: a node that is used once is not worth being built.
 * 3. A row that comes late, but for whose slice there are open windows, goes into the slice and
 * into all nodes over it that are built. */
#ifndef SL_EXECUTOR_WINDOW_SLICES_H
#define SL_EXECUTOR_WINDOW_SLICES_H

#include "executor/aggregation.h"
#include "executor/window.h"

#define SL_WINDOW_LEVELS_MAX 40
#define SL_WINDOW_SCAN_ROWS 256

/* A scan of one time of one table, read by key groups. */
struct sl_window_scan {
    struct sl_state_scan scan;
    struct sl_state_row *rows;
    size_t count, next;
};

/* One node of the window that fires. */
struct sl_window_source {
    int64_t time;
    struct sl_window_scan *scans; /* of the table, then of those of distinct values */
};

struct sl_window_fold { /* one time into another */
    int64_t from, to;
};

struct sl_window_slices {
    struct sl_aggregation *aggregation;
    const struct sl_window *window;
    bool is_shared; /* a slice is of several windows */
    unsigned level_max;
    int64_t end; /* of the window that fires */
    /* Building. */
    struct sl_window_fold folds[2 * SL_WINDOW_LEVELS_MAX];
    size_t fold_count, fold;
    size_t stage; /* of the fold or of the key group: 0 the table, then those of distinct values */
    struct sl_window_scan folded;
    bool is_folding;
    /* Giving out. */
    struct sl_window_source *sources;
    size_t source_count;
    bool is_open; /* their scans are */
    struct sl_state *merged_state;
    struct sl_aggregation merged; /* some key groups of the window, at time 0 */
    struct sl_state_scan merged_scan;
    bool is_giving;   /* merged_scan is open */
    bool is_in_group; /* key_group is being merged, … */
    size_t source;    /* … from this one on */
    uint32_t key_group;
    bool has_group; /* some group was merged, key_group is the last */
};

/* The aggregation has tables with times, and outlives the slices. */
int sl_window_slices_open(struct sl_window_slices *slices, struct sl_op *op,
                          struct sl_aggregation *aggregation, const struct sl_window *window,
                          bool is_shared, struct sl_error *err);
void sl_window_slices_close(struct sl_window_slices *slices); /* one that is zeroed, too */

/* Into which times rows of this slice go when those up to `closed_us` are closed; returns how many.
 */
size_t sl_window_slices_times(const struct sl_window_slices *slices, int64_t slice_end_us,
                              int64_t closed_us, int64_t ret_times[SL_WINDOW_LEVELS_MAX]);
/* The end of the first window after `fired_us` that has rows; INT64_MAX: none. */
int64_t sl_window_slices_next(const struct sl_window_slices *slices, int64_t fired_us);

/* A firing: begin, build, rows until there are no more, end.  In between no row may come for a
 * slice that is closed.  SL_AGAIN of `build` and `rows`: state is read, or it was enough for one
 * step; to be called again. */
void sl_window_slices_begin(struct sl_window_slices *slices, int64_t end_us);
int sl_window_slices_build(struct sl_window_slices *slices, struct sl_error *err);
/* The window's rows, key group by key group, good until the next call.  `to_group_end`: not beyond
 * the key groups of which some were given. */
int sl_window_slices_rows(struct sl_window_slices *slices, bool to_group_end,
                          struct sl_state_row *rows, size_t max, size_t *ret_count,
                          struct sl_error *err);
/* After the last of `to_group_end`: all groups up to this one were given.  False: none was. */
bool sl_window_slices_given(const struct sl_window_slices *slices, uint32_t *ret_key_group);
void sl_window_slices_end(struct sl_window_slices *slices);

#endif
