/* The operators of this server: plan/operators.def decides. */
#include "executor/operator.h"

#include "base/env.h"

#define OPERATOR(kind, stem, name) extern const struct sl_op_class sl_op_##stem;
#include "plan/operators.def"
#undef OPERATOR

static struct sl_op_class registry_classes[SL_OP_COUNT];

/* --- defaults --- */

static int
registry_open(struct sl_op *op, struct sl_error *err)
{
    return SL_OK;
}

static int
registry_nothing(struct sl_op *op, struct sl_out *out, struct sl_error *err)
{
    return SL_OK;
}

static int64_t
registry_never_due(struct sl_op *op)
{
    return SL_WATERMARK_MAX;
}

static int64_t
registry_never_ticks(struct sl_op *op)
{
    return INT64_MAX;
}

static int
registry_tick(struct sl_op *op, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    return SL_OK;
}

static int
registry_barrier(struct sl_op *op, uint64_t epoch, struct sl_snapshot *snapshot,
                 struct sl_error *err)
{
    return SL_OK;
}

static int
registry_restore(struct sl_op *op, const struct sl_manifest *from, struct sl_error *err)
{
    return SL_OK;
}

static void
registry_close(struct sl_op *op)
{
}

void
sl_op_class_complete(struct sl_op_class *class)
{
    SL_ASSERT(class->name != NULL && class->size >= sizeof(struct sl_op) && class->batch != NULL);
    SL_ASSERT((class->next_tick_us == NULL) == (class->tick == NULL));
    class->open = class->open ? class->open : registry_open;
    class->resume = class->resume ? class->resume : registry_nothing;
    class->watermark = class->watermark ? class->watermark : registry_nothing;
    class->next_due_ms = class->next_due_ms ? class->next_due_ms : registry_never_due;
    class->next_tick_us = class->next_tick_us ? class->next_tick_us : registry_never_ticks;
    class->tick = class->tick ? class->tick : registry_tick;
    class->end = class->end ? class->end : registry_nothing;
    class->barrier = class->barrier ? class->barrier : registry_barrier;
    class->restore = class->restore ? class->restore : registry_restore;
    class->close = class->close ? class->close : registry_close;
}

void
sl_operators_init(void)
{
#define OPERATOR(kind, stem, name) registry_classes[SL_OP_##kind] = sl_op_##stem;
#include "plan/operators.def"
#undef OPERATOR
    for (size_t i = 0; i < SL_OP_COUNT; i++)
        sl_op_class_complete(&registry_classes[i]);
}

struct sl_eval *
sl_op_eval_new(const struct sl_op_context *context, struct sl_expr *const *exprs, size_t count)
{
    struct sl_eval *eval = sl_eval_new(
        sl_program_new(context->arena, exprs, count, &context->expr_settings), context->pool);
    bool is_deterministic = true;
    uint64_t seed[4];

    for (size_t i = 0; i < count; i++)
        is_deterministic &= sl_expr_is_deterministic(exprs[i]);
    if (is_deterministic)
        return eval;
    for (size_t i = 0; i < SL_COUNT_OF(seed); i++)
        seed[i] = context->env->ops->random(context->env) | (i == 0); /* never all zeros */
    sl_eval_seed(eval, seed);
    return eval;
}

const struct sl_op_class *
sl_op_class_of(enum sl_op_kind kind)
{
    SL_ASSERT(kind < SL_OP_COUNT && registry_classes[kind].batch != NULL);
    return &registry_classes[kind];
}
