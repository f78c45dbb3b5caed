/* Each row so many times as its last column says, which does not come out: none where that is not
 * above 0.  An update gives the difference.
 *
 *     +I +U   (x, 2)             +I x, +I x
 *     -D -U   (x, 2)             -D x, -D x
 *     -U (x, 2), +U (x, 3)       +I x;     one after the other, and equal but for the number
 */
#include "executor/operator.h"

struct op_replicate {
    struct sl_op op;
    struct sl_batch *batch; /* that is worked on */
    size_t next;            /* live rows before it are done, … */
    int64_t left;           /* … but for so many copies of */
    uint32_t row;           /* this one, */
    uint8_t kind;           /* which come with this kind */
    uint32_t *rows;
    uint8_t *kinds;
};

static int
replicate_open(struct sl_op *base, struct sl_error *err)
{
    struct op_replicate *op = (struct op_replicate *)base;

    op->rows = SL_NEW_ARRAY(base->context->arena, uint32_t, SL_BATCH_ROWS_MAX);
    op->kinds = SL_NEW_ARRAY(base->context->arena, uint8_t, SL_BATCH_ROWS_MAX);
    return SL_OK;
}

/* How many there are more, or less, after this row. */
static int64_t
replicate_change(const struct op_replicate *op, size_t row)
{
    const struct sl_column *copies = op->batch->columns[op->batch->column_count - 1];
    int64_t count = sl_column_is_null(copies, row) ? 0 : ((const int64_t *)copies->values)[row];

    count = SL_MAX(count, (int64_t)0);
    return sl_row_kind_takes_back(sl_batch_kind(op->batch, row)) ? -count : count;
}

static bool
replicate_is_update(const struct op_replicate *op, size_t old, size_t row)
{
    if (sl_batch_kind(op->batch, old) != SL_ROW_UPDATE_BEFORE ||
        sl_batch_kind(op->batch, row) != SL_ROW_UPDATE_AFTER)
        return false;
    for (size_t i = 0; i + 1 < op->batch->column_count; i++)
        if (!sl_column_values_equal(op->batch->columns[i], old, op->batch->columns[i], row))
            return false;
    return true;
}

/* Goes on to the next rows that change something; false: there are none. */
static bool
replicate_advance(struct op_replicate *op)
{
    size_t live = sl_batch_live_count(op->batch);

    while (op->next < live) {
        size_t row = sl_batch_row(op->batch, op->next++);
        int64_t change = replicate_change(op, row);

        if (op->next < live && replicate_is_update(op, row, sl_batch_row(op->batch, op->next)))
            change += replicate_change(op, sl_batch_row(op->batch, op->next++));
        if (change == 0)
            continue;
        op->row = (uint32_t)row;
        op->kind = change > 0 ? SL_ROW_INSERT : SL_ROW_DELETE;
        op->left = change > 0 ? change : -change;
        return true;
    }
    return false;
}

static struct sl_batch *
replicate_make(const struct op_replicate *op, size_t count, bool has_deletes)
{
    struct sl_pool *pool = op->op.context->pool;
    size_t column_count = op->op.node->schema->count;
    struct sl_batch *made = sl_batch_new(pool, column_count, count);

    for (size_t i = 0; i < column_count; i++)
        sl_batch_set_column(made, i,
                            sl_column_gather(pool, op->batch->columns[i], op->rows, count, false));
    if (has_deletes)
        memcpy(sl_batch_add_kinds(made, pool), op->kinds, count);
    return made;
}

static int
replicate_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_replicate *op = (struct op_replicate *)base;
    size_t max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    int rc = SL_OK;

    while (rc == SL_OK) {
        bool has_deletes = false;
        size_t count = 0;

        while (count < max && (op->left > 0 || replicate_advance(op))) {
            op->rows[count] = op->row;
            op->kinds[count++] = op->kind;
            has_deletes |= op->kind == SL_ROW_DELETE;
            op->left--;
        }
        if (count == 0)
            return SL_OK;
        rc = sl_out_emit(out, replicate_make(op, count, has_deletes));
    }
    return rc;
}

static int
replicate_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                struct sl_error *err)
{
    struct op_replicate *op = (struct op_replicate *)base;

    op->batch = batch; /* it stays valid until resume said SL_OK */
    op->next = 0;
    op->left = 0;
    return replicate_resume(base, out, err);
}

const struct sl_op_class sl_op_replicate = {
    .name = "Replicate",
    .size = sizeof(struct op_replicate),
    .open = replicate_open,
    .batch = replicate_batch,
    .resume = replicate_resume,
};
