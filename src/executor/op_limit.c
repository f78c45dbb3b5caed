/* LIMIT and OFFSET over what comes, at parallelism 1: passes rows offset … offset + limit - 1.
 * SL_EOF from `batch` says that no later row matters: the loop ends the job's input. */
#include "executor/operator.h"

#include "storage/snapshot.h"

#define LIMIT_BLOB "seen"

struct op_limit {
    struct sl_op op;
    int64_t seen;
};

static int
limit_open(struct sl_op *base, struct sl_error *err)
{
    SL_ASSERT(base->context->subtask_count == 1);
    return SL_OK;
}

static int
limit_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
            struct sl_error *err)
{
    struct op_limit *op = (struct op_limit *)base;
    const struct sl_phys_limit *plan = base->node->detail;
    int64_t end = plan->limit < 0 ? INT64_MAX : plan->offset + plan->limit;
    int64_t live = (int64_t)sl_batch_live_count(batch);
    int64_t from = SL_MAX(plan->offset - op->seen, 0), to = SL_MIN(end - op->seen, live);
    int rc = SL_OK;

    if (from < to) {
        uint16_t selection[SL_BATCH_ROWS_MAX];

        for (int64_t i = from; i < to; i++)
            selection[i - from] = (uint16_t)sl_batch_row(batch, (size_t)i);
        rc = sl_out_emit(
            out, sl_batch_share(base->context->pool, batch, selection, (size_t)(to - from)));
    }
    op->seen += live;
    return rc < 0 ? rc : op->seen >= end ? SL_EOF : SL_OK;
}

static int
limit_resume(struct sl_op *op, struct sl_out *out, struct sl_error *err)
{
    return SL_OK;
}

static int
limit_barrier(struct sl_op *base, uint64_t epoch, struct sl_snapshot *snapshot,
              struct sl_error *err)
{
    const struct op_limit *op = (const struct op_limit *)base;

    if (snapshot)
        sl_snapshot_add_blob(snapshot, base->node->uid, LIMIT_BLOB,
                             (struct sl_text){(const char *)&op->seen, sizeof(op->seen)});
    return SL_OK;
}

static int
limit_restore(struct sl_op *base, const struct sl_manifest *from, struct sl_error *err)
{
    struct op_limit *op = (struct op_limit *)base;
    struct sl_manifest_cursor cursor = {0};
    const struct sl_manifest_blob *blob =
        sl_manifest_next_blob(from, base->node->uid, LIMIT_BLOB, &cursor);

    if (!blob)
        return SL_OK;
    if (blob->bytes.length != sizeof(op->seen))
        return SL_ERROR(err, SL_E_DATA_CORRUPTED, "the checkpoint of LIMIT cannot be read");
    memcpy(&op->seen, blob->bytes.start, sizeof(op->seen));
    return SL_OK;
}

const struct sl_op_class sl_op_limit = {
    .name = "Limit",
    .size = sizeof(struct op_limit),
    .open = limit_open,
    .batch = limit_batch,
    .resume = limit_resume,
    .barrier = limit_barrier,
    .restore = limit_restore,
};
