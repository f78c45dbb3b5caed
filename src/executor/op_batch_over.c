/* OVER over bounded input. */
#include "executor/operator.h"

static int
batch_over_open(struct sl_op *base, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_NOT_SUPPORTED, "OVER is not supported yet");
}

static int
batch_over_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                 struct sl_error *err)
{
    return SL_OK;
}

const struct sl_op_class sl_op_batch_over = {
    .name = "BatchOver",
    .size = sizeof(struct sl_op),
    .open = batch_over_open,
    .batch = batch_over_batch,
};
