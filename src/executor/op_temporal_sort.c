/* to come */
#include "executor/operator.h"

static int
temporal_sort_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                    struct sl_error *err)
{
    return SL_ERROR(err, SL_E_NOT_SUPPORTED, "not supported yet");
}

const struct sl_op_class sl_op_temporal_sort = {
    .name = "TemporalSort",
    .size = sizeof(struct sl_op),
    .batch = temporal_sort_batch,
};
