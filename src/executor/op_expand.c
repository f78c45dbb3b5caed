/* GROUPING SETS: each batch goes on once a set, with the keys that are not in it NULL and the set's
 * id behind the columns.  No value is copied. */
#include "data/value.h"
#include "executor/operator.h"

struct op_expand {
    struct sl_op op;
    struct sl_batch *batch; /* that is worked on; NULL: none */
    size_t next_set;
};

static struct sl_batch *
expand_make(struct op_expand *op, size_t set)
{
    const struct sl_phys_expand *plan = op->op.node->detail;
    const struct sl_schema *schema = op->op.node->schema;
    struct sl_pool *pool = op->op.context->pool;
    const struct sl_batch *from = op->batch;
    struct sl_batch *made = sl_batch_new(pool, schema->count, from->row_count);
    struct sl_value id = {.type = schema->columns[from->column_count].type,
                          .integer = plan->ids[set]};

    for (uint32_t i = 0; i < from->column_count; i++) {
        struct sl_value null = sl_value_null(schema->columns[i].type);
        bool is_kept = i >= plan->key_count || (plan->kept[set] >> i & 1);

        sl_batch_set_column(made, i,
                            is_kept ? sl_column_ref(from->columns[i])
                                    : sl_value_column(pool, &null, from->row_count));
    }
    sl_batch_set_column(made, from->column_count, sl_value_column(pool, &id, from->row_count));
    if (from->selection) {
        memcpy(sl_batch_add_selection(made, pool), from->selection,
               from->selection_count * sizeof(*from->selection));
        made->selection_count = from->selection_count;
    }
    if (from->kinds)
        memcpy(sl_batch_add_kinds(made, pool), from->kinds, from->row_count);
    return made;
}

static int
expand_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_expand *op = (struct op_expand *)base;
    const struct sl_phys_expand *plan = base->node->detail;

    while (op->next_set < plan->set_count) {
        int rc = sl_out_emit(out, expand_make(op, op->next_set++));

        if (rc != SL_OK && op->next_set < plan->set_count)
            return rc;
    }
    op->batch = NULL;
    return SL_OK;
}

static int
expand_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
             struct sl_error *err)
{
    struct op_expand *op = (struct op_expand *)base;

    op->batch = batch; /* it stays valid until resume said SL_OK */
    op->next_set = 0;
    return expand_resume(base, out, err);
}

const struct sl_op_class sl_op_expand = {
    .name = "Expand",
    .size = sizeof(struct op_expand),
    .batch = expand_batch,
    .resume = expand_resume,
};
