/* Top-N over a stream: what rows of a partition are kept (top_n.c), and the changes of those that
 * are seen (top_n_changes.c).
 *
 * A segment is what gives one change a row that is seen: a batch, or with
 * table.exec.mini-batch.enabled = false each row.
 *
 *     SL_TOP_N_ROWS       without ranks, from the first: rows that come and go as rows come and go;
 *                         of a row that came and went in a segment nothing
 *     SL_TOP_N_POSITIONS  ROW_NUMBER: what stands at each rank before and behind the segment
 *     SL_TOP_N_RANKS      RANK, DENSE_RANK: the rank of each row before and behind the segment
 */
#ifndef SL_EXECUTOR_TOP_N_H
#define SL_EXECUTOR_TOP_N_H

#include "executor/key_changes.h"
#include "executor/ranked_rows.h"

enum sl_top_n_mode { SL_TOP_N_NOTHING, SL_TOP_N_ROWS, SL_TOP_N_POSITIONS, SL_TOP_N_RANKS };

/* A row that is seen, in the bytes of its list. */
struct sl_top_n_row {
    size_t offset; /* of its key; behind it the packed row */
    uint32_t key_length, row_length;
    int64_t rank;
};
struct sl_top_n_list {
    struct sl_top_n_row *rows;
    size_t count, capacity;
    struct sl_buffer bytes;
};

/* A partition that a segment has touched. */
struct sl_top_n_touched {
    struct sl_ranked *value;
    uint16_t row;        /* of the batch, for the partition's columns */
    size_t first, count; /* what was seen before, in the list `before` */
};

/* A row that came to be seen, or is no more. */
struct sl_top_n_event {
    const struct sl_ranked *value;
    uint64_t hash;
    size_t offset; /* of the packed row in the bytes of `before` */
    uint32_t length;
    uint16_t row;                  /* of the batch, for the partition's columns */
    bool comes, is_input, is_void; /* is_input: it is that row */
};

/* The numbers of rows by what identifies them; `table` NULL: they are found by their values. */
struct sl_top_n_places {
    struct sl_state_table *table;
    uint32_t *columns; /* of the input: the partition's, then the others */
    size_t count;
    struct sl_column **key_columns; /* of the running batch; borrowed */
    uint64_t *hashes;
    char **values; /* by place of the batch's rows: a number each, 0: the row is not there */
    const char **found;
};

struct sl_top_n {
    struct sl_op op; /* the first member of the operator */
    const struct sl_phys_top_n *plan;
    enum sl_top_n_mode mode;
    bool net; /* one change a batch */
    struct sl_ranked_rows ranked;
    struct sl_rank_order order;
    struct sl_key_changes changes;
    uint16_t *rows; /* of the running batch, those that may matter; SL_BATCH_ROWS_MAX, as … */
    uint64_t *bounds;
    char **values;
    const char **found;
    struct sl_top_n_places places;
    struct sl_ranked_needs needs;
    /* The running segment. */
    struct sl_top_n_list before, after;
    struct sl_top_n_touched *touched;
    size_t touched_count;
    struct sl_top_n_event *events;
    size_t event_count, event_capacity;
    uint32_t *sorted; /* places of events; as many as these have room */
};

/* What op->ranked is told before it is opened stays. */
int sl_top_n_open(struct sl_top_n *op, const struct sl_phys_top_n *plan, struct sl_error *err);
void sl_top_n_close(struct sl_top_n *op); /* a half-opened one, too */
/* The state that rows of a batch need in memory; SL_AGAIN as of an operator's `prepare`. */
int sl_top_n_prepare(struct sl_top_n *op, const struct sl_state_keys *keys,
                     const struct sl_batch *batch, struct sl_error *err);
/* The keys of a batch's rows, which are op->rows; and of these without the rows that cannot be
 * among the best of what the state has (where none is taken back). */
struct sl_state_keys sl_top_n_keys(struct sl_top_n *op, const struct sl_batch *batch);
void sl_top_n_reject(struct sl_top_n *op, struct sl_state_keys *keys);
/* A row in a partition that was upserted; place i of the batch's rows. */
void sl_top_n_begin_row(struct sl_top_n *op, struct sl_ranked *value, const struct sl_batch *batch,
                        uint16_t row);
void sl_top_n_add(struct sl_top_n *op, struct sl_ranked *value, size_t i);
/* False: there is no such row. */
bool sl_top_n_take_back(struct sl_top_n *op, struct sl_ranked *value, size_t i);
/* All of this for rows of which none is taken back, and no change is told. */
void sl_top_n_keep(struct sl_top_n *op, struct sl_state_keys *keys, const struct sl_batch *batch);
/* How many of a partition's rows have one of the ranks up to its last. */
uint32_t sl_top_n_count(struct sl_top_n *op, const struct sl_ranked *value);

/* --- places: top_n_places.c --- */

int sl_top_n_places_open(struct sl_top_n *op, struct sl_error *err);
/* The keys of rows whose partitions' are these; good until the next call. */
struct sl_state_keys sl_top_n_places_keys(struct sl_top_n *op, const struct sl_batch *batch,
                                          const struct sl_state_keys *partitions);
/* Rows that are not there leave the state. */
void sl_top_n_places_drop(struct sl_top_n *op, const struct sl_state_keys *keys);

/* --- changes --- */

void sl_top_n_changes_open(struct sl_top_n *op);
void sl_top_n_changes_close(struct sl_top_n *op);
void sl_top_n_changes_begin(struct sl_top_n *op, const struct sl_batch *batch);
/* The partition is about to change, by this row. */
void sl_top_n_touch(struct sl_top_n *op, struct sl_ranked *value, uint16_t row);
/* A row came or went at a position; `before` and `after`: sl_top_n_count. */
void sl_top_n_added(struct sl_top_n *op, const struct sl_ranked *value, uint16_t row,
                    struct sl_text packed, uint32_t position, uint32_t before, uint32_t after);
void sl_top_n_removed(struct sl_top_n *op, const struct sl_ranked *value, uint16_t row,
                      struct sl_text packed, uint32_t position, uint32_t before, uint32_t after);
/* Ends the segment: adds its changes, and emits them where they fill a batch. */
int sl_top_n_end_segment(struct sl_top_n *op, struct sl_out *out, struct sl_error *err);

#endif
