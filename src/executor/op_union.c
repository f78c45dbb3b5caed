/* UNION ALL: passes on what comes from any input. */
#include "executor/operator.h"

static int
union_batch(struct sl_op *op, unsigned input, struct sl_batch *batch, struct sl_out *out,
            struct sl_error *err)
{
    return sl_out_emit(out, sl_batch_ref(batch));
}

static int
union_resume(struct sl_op *op, struct sl_out *out, struct sl_error *err)
{
    return SL_OK;
}

const struct sl_op_class sl_op_union = {
    .name = "Union",
    .size = sizeof(struct sl_op),
    .keeps_rows = true,
    .batch = union_batch,
    .resume = union_resume,
};
