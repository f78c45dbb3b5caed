/* The results of OVER over a stream: rows of many partitions, in order within each.
 *
 * A chunk is worked on in waves, each of which has the next row (RANGE: the next peers) of every
 * partition that has one: so that accumulators are folded and read many at a time, although each
 * row's result is what they are just then. */
#ifndef SL_EXECUTOR_OVER_CHUNK_H
#define SL_EXECUTOR_OVER_CHUNK_H

#include "executor/over_frames.h"
#include "executor/row_queue.h"

/* The value of a partition begins with it; the accumulators follow. */
struct sl_over_partition {
    int64_t fired_us; /* the newest time whose rows have come out */
    int64_t timer_ms;
    int64_t row_count;
    int64_t peers_count;
    int64_t rank;                  /* of the newest peers */
    int64_t peers_us;              /* within a chunk: the time of the newest peers, … */
    uint32_t wave, last_row;       /* … and where they are */
    bool is_listed;                /* … while it is numbered */
    bool has_timer, has_fired;
    uint8_t unused[5];
    struct sl_view pending; /* rows that wait for their time: struct sl_row_queue_head */
    struct sl_view history; /* what later rows need of those that have come out */
};

static inline struct sl_over_partition *
sl_over_partition_of(char *state)
{
    return (struct sl_over_partition *)(void *)state;
}

struct sl_over_chunk {
    struct sl_op *op;
    const struct sl_over *over;
    struct sl_aggregation *aggregation; /* values begin with a struct sl_over_partition */
    bool has_peers;                     /* rows of one time have one result */
    int64_t frame_rows;                 /* ROWS: so many before the current one; else -1 */
    int64_t frame_us;                   /* RANGE: so far before; else -1 */
    uint32_t lag_rows;                  /* LAG looks so far back; 0: there is none */
    const struct sl_row_layout *history; /* NULL: nothing is needed */
    uint32_t *history_columns;           /* of the input; in front of others the aggregation's */
    size_t history_count;
    struct sl_column **peers; /* of peers that were folded before: their results */
    bool continues_peers;     /* the chunk's first row is not the first of them */
    bool peers_failed;
    uint16_t peers_failure;
    /* By row of the chunk. */
    uint32_t *waves, *results, *before; /* `before`: the partition's row before; UINT32_MAX: none */
    bool *begins;                       /* the row is the first of its peers */
    int64_t *numbers, *ranks, *dense;
    uint16_t *order;     /* rows by wave */
    uint32_t *wave_ends; /* in `order` */
    /* Of a wave. */
    char **states, **peers_states;
    uint16_t *rows;
    struct sl_text *texts;
    uint8_t *taken_back;
};

int sl_over_chunk_open(struct sl_over_chunk *chunk, struct sl_op *op, const struct sl_over *over,
                       struct sl_aggregation *aggregation, bool has_peers, struct sl_error *err);
/* Rows 0 … row_count - 1 of a batch without selection, of these partitions; times_us, where there
 * are peers.  A column a call, and failures as of sl_over_frames_results. */
int sl_over_chunk_run(struct sl_over_chunk *chunk, struct sl_batch *batch, char *const *states,
                      const int64_t *times_us, struct sl_column **ret_columns,
                      struct sl_over_failure *failures, size_t *ret_failure_count,
                      struct sl_error *err);

/* Peers that are more than a chunk: all of them are folded first, piece by piece; then `begin`
 * makes their results, which the chunks have that are run until `end`. */
int sl_over_peers_fold(struct sl_over_chunk *chunk, struct sl_batch *batch, char *const *states,
                       const int64_t *times_us, struct sl_error *err);
int sl_over_peers_begin(struct sl_over_chunk *chunk, char *state, int64_t time_us,
                        struct sl_error *err);
void sl_over_peers_end(struct sl_over_chunk *chunk);

#endif
