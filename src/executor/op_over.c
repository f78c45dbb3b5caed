/* OVER over a stream. */
#include "executor/operator.h"

static int
over_open(struct sl_op *base, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_NOT_SUPPORTED, "OVER is not supported yet");
}

static int
over_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    return SL_OK;
}

const struct sl_op_class sl_op_over = {
    .name = "OverAggregate",
    .size = sizeof(struct sl_op),
    .open = over_open,
    .batch = over_batch,
};
