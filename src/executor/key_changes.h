/* What the operators share that keep whole rows by key: rows as packed bytes for their state (their
 * key left out), and the changes of a batch, made of rows of the input and of packed ones.  Columns
 * and types are those of the operator's output, which are its input's, and a rank where it has one.
 */
#ifndef SL_EXECUTOR_KEY_CHANGES_H
#define SL_EXECUTOR_KEY_CHANGES_H

#include "executor/operator.h"
#include "storage/table.h"

/* Input rows to put in between two calls of `emit`, each with two changes at most. */
enum { SL_KEY_CHANGES_ROWS = SL_BATCH_ROWS_MAX / 2 };

struct sl_key_changes_list;

struct sl_key_changes {
    struct sl_op *op;
    const uint32_t *keys;
    uint32_t *values; /* the other columns */
    size_t key_count, value_count;
    const struct sl_row_layout *layout;              /* of the values */
    struct sl_column **key_columns, **value_columns; /* of the running batch; borrowed */
    uint64_t *hashes;                                /* SL_BATCH_ROWS_MAX */
    bool has_rank; /* set before `open`: the last column of the output is … */
    int64_t rank;  /* … this, of the changes that are added */
    struct sl_buffer packed, old_bytes;
    struct sl_key_changes_list *list;
};

void sl_key_changes_open(struct sl_key_changes *changes, struct sl_op *op, const uint32_t *keys,
                         size_t key_count);
void sl_key_changes_close(struct sl_key_changes *changes); /* may be zeroed */
/* The operator's state table `rows`, by the key columns: values of this size with one view. */
int sl_key_changes_open_table(const struct sl_key_changes *changes, size_t value_size,
                              uint32_t view_offset, int64_t ttl_us,
                              struct sl_state_table **ret_table, struct sl_error *err);
/* A table of this name for a few keys, at time 0: 8 bytes each, always in memory. */
int sl_key_changes_open_marks(const struct sl_key_changes *changes, const char *name,
                              struct sl_state_table **ret_table, struct sl_error *err);
/* The keys of these physical rows; good until the next call. */
struct sl_state_keys sl_key_changes_keys(struct sl_key_changes *changes,
                                         const struct sl_batch *batch, const uint16_t *rows,
                                         size_t row_count);
/* The batch that the calls below are about. */
void sl_key_changes_begin(struct sl_key_changes *changes, const struct sl_batch *batch);
/* The values of a row; good until the next call. */
struct sl_text sl_key_changes_pack(struct sl_key_changes *changes, uint16_t row);
/* How many changes may be added before they are emitted. */
size_t sl_key_changes_room(const struct sl_key_changes *changes);
/* Adds a change: the row as it came in; or the packed values (copied) with that row's key. */
void sl_key_changes_add(struct sl_key_changes *changes, enum sl_row_kind kind, uint16_t row);
void sl_key_changes_add_packed(struct sl_key_changes *changes, enum sl_row_kind kind, uint16_t row,
                               struct sl_text packed);
/* Emits what was added, in order.  Negative: bytes of the state are damaged. */
int sl_key_changes_emit(struct sl_key_changes *changes, struct sl_out *out, struct sl_error *err);

#endif
