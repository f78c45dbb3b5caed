/* Ranks with a condition on them over bounded input: of each partition the best rows are kept (as
 * in a stream), and come at the end of the input, partition by partition, in their order. */
#include "executor/rank_scan.h"

struct op_batch_rank {
    struct sl_top_n top; /* the first member */
    struct sl_rank_scan scan;
};

static struct op_batch_rank *
batch_rank_of(struct sl_op *op)
{
    return (struct op_batch_rank *)op;
}

static int
batch_rank_open(struct sl_op *base, struct sl_error *err)
{
    struct op_batch_rank *op = batch_rank_of(base);
    const struct sl_phys_batch_rank *plan = base->node->detail;
    struct sl_phys_top_n *top = SL_NEW(base->context->arena, struct sl_phys_top_n);

    top->rank = plan->rank;
    SL_TRY(sl_top_n_open(&op->top, top, err));
    op->top.mode = SL_TOP_N_NOTHING;
    sl_rank_scan_open(&op->scan, &op->top);
    return SL_OK;
}

static void
batch_rank_close(struct sl_op *base)
{
    struct op_batch_rank *op = batch_rank_of(base);

    sl_rank_scan_close(&op->scan);
    sl_top_n_close(&op->top);
}

static int
batch_rank_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                   struct sl_error *err)
{
    struct sl_top_n *op = &batch_rank_of(base)->top;
    struct sl_state_keys keys = sl_top_n_keys(op, batch);

    return sl_top_n_prepare(op, &keys, batch, err);
}

static int
batch_rank_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                 struct sl_error *err)
{
    struct sl_top_n *op = &batch_rank_of(base)->top;
    struct sl_state_keys keys = sl_top_n_keys(op, batch);

    sl_top_n_keep(op, &keys, batch);
    return SL_OK;
}

static int
batch_rank_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    return sl_rank_scan_emit(&batch_rank_of(base)->scan, 0, out, err);
}

const struct sl_op_class sl_op_batch_rank = {
    .name = "BatchRank",
    .size = sizeof(struct op_batch_rank),
    .open = batch_rank_open,
    .prepare = batch_rank_prepare,
    .batch = batch_rank_batch,
    .resume = batch_rank_end,
    .end = batch_rank_end,
    .close = batch_rank_close,
};
