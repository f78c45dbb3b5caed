/* The rows of a partition in order, however many they are: the best of them in the partition's own
 * value, further ones in chunks of a second table, by a number; the value lists these, each with
 * its first key.
 *
 *     table `rows`:    partition          →  first [a b c d]   further [(e, #3, 4), (i, #1, 2)]
 *     table `chunks`:  partition, 3       →  [e f g h]
 *                      partition, 1       →  [i j]
 *
 * 1. Keys ascend through first and further; equal ones stay in the order in which they came.
 * 2. A chunk that grows too large is cut in two (the more there are, the larger); one that is empty
 * goes; `first` is empty only where there are no rows.
 * 3. With a time to live a chunk may be gone while its partition is not: it is as if empty. */
#ifndef SL_EXECUTOR_RANKED_ROWS_H
#define SL_EXECUTOR_RANKED_ROWS_H

#include "executor/operator.h"
#include "executor/rank_chunk.h"

struct sl_ranked {    /* the value of a partition */
    uint64_t limit;   /* the user's; for what it knows of rows that can not be among the best */
    int64_t end;      /* the user's */
    uint32_t count;   /* of rows */
    uint32_t numbers; /* that chunks were given */
    uint32_t touched; /* the user's, while a batch runs */
    uint32_t flags;   /* the user's */
    uint64_t last;    /* the user's; for the numbers of keys */
    struct sl_rank_chunk first, further;
};

struct sl_ranked_rows {
    struct sl_state_table *table, *chunks;
    size_t key_count;
    struct sl_column *numbers; /* INT, of chunks that are looked up */
    struct sl_column **key_columns;
    struct sl_pool *pool;
    bool has_time;                      /* set before `open`: partitions are of times, … */
    int64_t time;                       /* … of which this is the one that is worked on */
    bool last_first;                    /* of equal keys the last that came is the first */
    uint32_t position_max;              /* greater positions need not be exact */
    uint32_t chunk_bytes;               /* that a chunk is to have at most */
    const struct sl_state_row *scanned; /* the partition that is read, where a scan gave it */
};

int sl_ranked_rows_open(struct sl_ranked_rows *rows, struct sl_op *op, const uint32_t *keys,
                        size_t key_count, int64_t ttl_us, struct sl_error *err);
void sl_ranked_rows_close(struct sl_ranked_rows *rows); /* may be zeroed */

/* --- reading --- */

struct sl_ranked_cursor {
    struct sl_ranked_rows *rows;
    const struct sl_ranked *value;
    const struct sl_rank_chunk *chunk;
    size_t offset;  /* in it */
    size_t further; /* offset of the next one in the list */
};
/* Stands before the row at `position`, from 0. */
void sl_ranked_seek(struct sl_ranked_rows *rows, const struct sl_ranked *value, uint32_t position,
                    struct sl_ranked_cursor *cursor);
/* The next row; NULL: there is none.  Good until the rows change. */
const struct sl_rank_entry *sl_ranked_next(struct sl_ranked_cursor *cursor);

/* --- changing: `value` was upserted --- */

/* Behind those with an equal key (last_first: in front of them); returns its position. */
uint32_t sl_ranked_insert(struct sl_ranked_rows *rows, struct sl_ranked *value,
                          const struct sl_rank_key *key, struct sl_text row);
/* The one with this key, with its number; false: there is none. */
bool sl_ranked_remove_exactly(struct sl_ranked_rows *rows, struct sl_ranked *value,
                              const struct sl_rank_key *key, uint32_t *ret_position);
/* The first with this key, whatever their numbers, that is equal; false: there is none. */
bool sl_ranked_remove(struct sl_ranked_rows *rows, struct sl_ranked *value,
                      const struct sl_rank_key *key, struct sl_text row, uint32_t *ret_position);
/* Rows from `count` on go. */
void sl_ranked_trim(struct sl_ranked_rows *rows, struct sl_ranked *value, uint32_t count);

/* --- rows that are not in memory --- */

struct sl_ranked_needs {
    struct sl_text *heads;
    uint64_t *hashes;
    int32_t *numbers;
    size_t count, capacity;
};
void sl_ranked_needs_done(struct sl_ranked_needs *needs); /* may be zeroed */
/* Adds the chunks that are read or changed when rows with keys from … to come or go, and when the
 * first `position` rows are read; or all of them. */
void sl_ranked_add_needs(const struct sl_ranked *value, const struct sl_rank_key *from,
                         const struct sl_rank_key *to, uint64_t position,
                         struct sl_ranked_rows *rows, struct sl_ranked_needs *needs);
void sl_ranked_add_all(const struct sl_ranked *value, struct sl_ranked_rows *rows,
                       struct sl_ranked_needs *needs);
/* As sl_table_prepare, and takes them out of the list. */
int sl_ranked_prepare(struct sl_ranked_rows *rows, struct sl_ranked_needs *needs,
                      struct sl_error *err);

#endif
