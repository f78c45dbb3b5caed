/* Constant folding: every call and cast over literals is evaluated once, by a program of its own.
 * A part that fails stays as it is, for its row may never be selected. */
#include "expr/program.h"

int
sl_expr_evaluate(struct sl_arena *arena, const struct sl_expr *expr,
                 const struct sl_expr_settings *settings, struct sl_value *ret_value)
{
    struct sl_pool *pool = sl_pool_new();
    struct sl_batch *batch = sl_batch_new(pool, 0, 1);
    struct sl_expr *constant = (struct sl_expr *)expr;
    struct sl_arena scratch;
    struct sl_eval *eval;
    struct sl_column *column;
    size_t failed;

    sl_arena_init(&scratch);
    eval = sl_eval_new(sl_program_new_unfolded(&scratch, &constant, 1, settings), pool);
    failed = sl_eval_run(eval, batch, &column);
    if (failed == 0) {
        struct sl_value value = sl_value_read(&scratch, column, 0);

        *ret_value = sl_value_copy(arena, &value);
        ret_value->type = expr->type;
    }
    sl_column_unref(column);
    sl_eval_free(eval);
    sl_arena_done(&scratch);
    sl_batch_unref(batch);
    sl_pool_free(pool);
    return failed ? SL_EOF : SL_OK;
}

static bool
fold_is_literal(const struct sl_expr *expr, bool *ret_value)
{
    if (expr->kind != SL_EXPR_LITERAL || expr->value.is_null ||
        expr->value.type->kind != SL_TYPE_BOOLEAN)
        return false;
    *ret_value = expr->value.boolean;
    return true;
}

/* x AND TRUE, x OR FALSE: x.  x AND FALSE: FALSE, x OR TRUE: TRUE. */
static struct sl_expr *
fold_logic(struct sl_expr *expr)
{
    bool neutral = (expr->function->flags & SL_FUNC_AND) != 0, value;

    for (size_t i = 0; i < 2; i++) {
        if (fold_is_literal(expr->args[i], &value))
            return value == neutral ? expr->args[1 - i] : expr->args[i];
    }
    return expr;
}

struct sl_expr *
sl_expr_fold(struct sl_arena *arena, struct sl_expr *expr, const struct sl_expr_settings *settings)
{
    struct sl_expr *copy = expr;
    bool is_constant = true;
    struct sl_value value;

    if (expr->kind != SL_EXPR_CALL && expr->kind != SL_EXPR_CAST)
        return expr;
    for (size_t i = 0; i < expr->arg_count; i++) {
        struct sl_expr *arg = sl_expr_fold(arena, expr->args[i], settings);

        if (arg != expr->args[i]) {
            if (copy == expr) {
                copy = SL_NEW(arena, struct sl_expr);
                *copy = *expr;
                copy->args = SL_NEW_ARRAY(arena, struct sl_expr *, expr->arg_count);
                memcpy(copy->args, expr->args, expr->arg_count * sizeof(*expr->args));
            }
            copy->args[i] = arg;
        }
        is_constant &= arg->kind == SL_EXPR_LITERAL;
    }
    if (copy->function && copy->function->flags & (SL_FUNC_AND | SL_FUNC_OR) && !is_constant)
        return fold_logic(copy);
    if (!is_constant || (copy->function && copy->function->flags & SL_FUNC_MOMENT))
        return copy;
    if (sl_expr_evaluate(arena, copy, settings, &value) != SL_OK)
        return copy;
    copy = sl_expr_literal(arena, &value);
    copy->offset = expr->offset;
    /* The type stays what the planner saw. */
    copy->type = expr->type;
    copy->value.type = expr->type;
    return copy;
}
