/* What the files of the scan share: op_scan.c (steps), scan_io.c (what waits), scan_decode.c
 * (records to rows), scan_watermark.c (time). */
#ifndef SL_EXECUTOR_SCAN_INTERNAL_H
#define SL_EXECUTOR_SCAN_INTERNAL_H

#include "base/map.h"
#include "executor/outside.h"
#include "executor/scan.h"
#include "executor/side_rows.h"
#include "executor/record_format.h"

enum sl_scan_io { SL_SCAN_IO_OPEN, SL_SCAN_IO_DISCOVER, SL_SCAN_IO_REFRESH, SL_SCAN_IO_CLOSE };

/* Where a request for the present end stands (barrier, end_input); a barrier asks again where there
 * was no answer. */
enum sl_scan_refresh { SL_SCAN_NOT_ASKED, SL_SCAN_ASKED, SL_SCAN_REFRESHED, SL_SCAN_UNANSWERED };

struct sl_alignment_member;

struct sl_scan_own_split {
    const char *id;
    uint32_t ordinal;
    int64_t candidate_ms; /* the highest watermark of any row */
    int64_t emitted_ms;   /* what counts for the others */
    int64_t active_us;    /* the last record's processing time */
    bool idle, ended;
    struct sl_text at_barrier; /* its position at the last one, where the connector wants to know */
    bool held;                 /* by watermark alignment */
    bool ends;                 /* was found to be at its end just now */
};

/* A split as a checkpoint left it. */
struct sl_scan_restored {
    struct sl_scan_own_split split; /* its ordinal is not known */
    struct sl_text position;
    bool is_own; /* this very subtask left it */
};

struct op_scan {
    struct sl_op op; /* the first member */
    const struct sl_phys_scan *plan;
    const struct sl_connector_class *connector;
    const struct sl_source_class *class;
    struct sl_source *source;
    struct sl_connector_config config;
    struct sl_decoder *decoder; /* NULL: the connector makes columns */
    struct sl_key_value format;
    int64_t before_ms; /* the watermark in front of the batch that is worked on */
    struct sl_scan_progress progress;

    struct sl_outside outside;
    enum sl_scan_io io_task;
    struct sl_arena io_arena; /* ids of splits */
    struct sl_split_list found;
    bool is_open, is_started, is_closed, is_finished, is_abandoned;
    enum sl_scan_refresh catch_up, finishing;
    uint32_t known_count; /* splits of the whole table that were looked at */
    int64_t discovery_us; /* the next one, or INT64_MAX */

    struct sl_scan_own_split *splits;
    uint32_t split_count, split_capacity;
    struct sl_map known;    /* ids of splits */
    uint64_t barrier_epoch; /* of the last barrier that was stored */
    bool is_restored;
    struct sl_scan_restored *restored; /* of all subtasks */
    size_t restored_count;
    struct sl_map restored_ids; /* → restored */

    /* Reading: records that were polled and not yet decoded. */
    struct sl_records records;
    uint32_t next_record;
    uint32_t first_record; /* of the rows at hand */
    const uint32_t *row_records;
    struct sl_batch *at_hand; /* while it is worked on, also by those behind the scan */
    size_t *metadata_keys; /* indexes into the descriptor's */

    struct sl_side_rows *dead_rows; /* NULL: records that make no row go nowhere */

    struct sl_eval *time, *filter, *projection; /* NULL: none, or columns only */
    uint16_t *selection;                        /* SL_BATCH_ROWS_MAX */
    struct sl_mark *marks;                      /* SL_BATCH_ROWS_MAX */
    int64_t interval_ms; /* a watermark this far ahead goes out at once; -1: every one does */
    int64_t interval_us, idle_timeout_us;
    int64_t periodic_us, idle_check_us, align_check_us; /* deadlines, or INT64_MAX */
    struct sl_alignment_member *alignment;              /* NULL: in no group */
};

/* --- scan_io.c --- */

/* True while a job is under way; else negative: it failed (err), SL_OK: none, or it is done. */
int sl_scan_io_check(struct op_scan *scan, struct sl_error *err);
void sl_scan_io_submit(struct op_scan *scan, enum sl_scan_io task);

/* --- scan_state.c --- */

int sl_scan_barrier(struct sl_op *op, uint64_t epoch, struct sl_snapshot *snapshot,
                    struct sl_error *err);
int sl_scan_restore(struct sl_op *op, const struct sl_manifest *from, struct sl_error *err);
/* NULL: the checkpoint did not know it. */
const struct sl_scan_restored *sl_scan_find_restored(const struct op_scan *scan, const char *id);

/* --- scan_decode.c --- */

/* The next rows: the decoded physical columns, then metadata.  SL_AGAIN: none now; SL_EOF: the
 * source says that all splits have ended.  *ret_batch may be NULL with SL_OK: records without a
 * row. */
int sl_scan_read(struct op_scan *scan, struct sl_out *out, struct sl_batch **ret_batch,
                 struct sl_error *err);
/* Raises what is wrong with row `row` of the batch at hand, naming table, place and reason. */
int sl_scan_row_error(const struct op_scan *scan, const struct sl_batch *batch, uint32_t row,
                      int code, const char *reason, struct sl_error *err);
void sl_scan_drop_records(struct op_scan *scan);

/* --- scan_align.c --- */

void sl_scan_align_init(struct op_scan *scan); /* after sl_scan_time_init */
/* Before each step: says how far this scan is and which splits must wait; true: nothing is to be
 * read now. */
bool sl_scan_align(struct op_scan *scan, int64_t now_us);
void sl_scan_align_begin(struct op_scan *scan); /* its splits are known */
void sl_scan_align_end(struct op_scan *scan);   /* it holds nobody back any more */
bool sl_scan_is_held(const struct op_scan *scan, uint32_t split);

/* --- scan_dead.c --- */

/* To the dead-letter table, if there is one: records at hand, or that of a row at hand. */
void sl_scan_dead_records(struct op_scan *scan, const struct sl_decode_error *errors, size_t count,
                          struct sl_out *out);
void sl_scan_dead_row(struct op_scan *scan, uint32_t row, const char *reason, struct sl_out *out);

/* --- scan_watermark.c --- */

void sl_scan_time_init(struct op_scan *scan);
/* Takes times and watermarks of the batch's rows; adds marks; rows without a time leave the
 * selection or fail the job, by the policy. */
int sl_scan_time_batch(struct op_scan *scan, struct sl_batch *batch, int64_t now_us,
                       struct sl_out *out, struct sl_error *err);
/* Timers: the periodic watermark, idle splits. */
void sl_scan_time_tick(struct op_scan *scan, int64_t now_us);
/* Whatever is pending goes out now. */
void sl_scan_time_flush(struct op_scan *scan);
/* After splits were added or ended. */
void sl_scan_time_update(struct op_scan *scan);
void sl_scan_time_schedule(struct op_scan *scan);

#endif
