/* Constants are computed once, when the plan is made.
 *
 *     SELECT price * (2 + 3) FROM bids WHERE 1 = 1          SELECT 1 + 1
 *  → SELECT price * 5 FROM bids                          → VALUES (2)
 */
#include "planner/rules.h"

#define FOLD_ROWS_MAX 1000 /* of VALUES that a projection is folded into */

static bool
fold_expr(struct sl_rewriter *rewriter, struct sl_expr **expr)
{
    struct sl_expr *folded = sl_expr_fold(rewriter->arena, *expr, rewriter->settings);
    bool changed = folded != *expr && !sl_expr_equal(folded, *expr);

    *expr = folded;
    return changed;
}

static bool
fold_filter(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *node = *place, *empty;
    bool changed = fold_expr(rewriter, &node->filter);

    if (node->filter->kind != SL_EXPR_LITERAL)
        return changed;
    if (!node->filter->value.is_null && node->filter->value.boolean) {
        *place = node->inputs[0];
        return true;
    }
    empty = sl_log_new(rewriter->arena, SL_LOG_VALUES, node->schema, NULL);
    *place = empty;
    return true;
}

/* The projection of one row of VALUES; false when a column is not a constant. */
static bool
fold_row(struct sl_rewriter *rewriter, const struct sl_log_node *project,
         const struct sl_value *row, size_t width, struct sl_value *to)
{
    struct sl_arena *arena = rewriter->arena;
    struct sl_expr **columns = SL_NEW_ARRAY(arena, struct sl_expr *, width);

    for (size_t i = 0; i < width; i++)
        columns[i] = sl_expr_literal(arena, &row[i]);
    for (size_t i = 0; i < project->schema->count; i++) {
        struct sl_expr *expr = sl_expr_substitute(arena, project->exprs[i], columns);

        expr = sl_expr_fold(arena, expr, rewriter->settings);
        if (expr->kind != SL_EXPR_LITERAL)
            return false;
        to[i] = expr->value;
        to[i].type = project->schema->columns[i].type;
    }
    return true;
}

static bool
fold_values(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *node = *place, *input = node->inputs[0], *values;
    size_t row_count = input->values.row_count, width = input->schema->count;
    struct sl_value **rows;

    if (row_count > FOLD_ROWS_MAX)
        return false;
    for (size_t i = 0; i < node->schema->count; i++)
        if (!sl_expr_is_deterministic(node->exprs[i]))
            return false;
    rows = SL_NEW_ARRAY(rewriter->arena, struct sl_value *, row_count);
    for (size_t i = 0; i < row_count; i++) {
        rows[i] = SL_NEW_ARRAY(rewriter->arena, struct sl_value, node->schema->count);
        if (!fold_row(rewriter, node, input->values.rows[i], width, rows[i]))
            return false;
    }
    values = sl_log_new(rewriter->arena, SL_LOG_VALUES, node->schema, NULL);
    values->parallelism = node->parallelism;
    values->values.rows = rows;
    values->values.row_count = row_count;
    *place = values;
    return true;
}

bool
sl_rule_fold(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *node = *place;
    bool changed = false;

    if (node->kind == SL_LOG_FILTER)
        return fold_filter(rewriter, place);
    if (node->kind == SL_LOG_JOIN)
        return node->join.condition && fold_expr(rewriter, &node->join.condition);
    if (node->kind != SL_LOG_PROJECT)
        return false;
    for (size_t i = 0; i < node->schema->count; i++)
        changed |= fold_expr(rewriter, &node->exprs[i]);
    if (node->inputs[0]->kind == SL_LOG_VALUES)
        changed |= fold_values(rewriter, place);
    return changed;
}
