/* Rows that a filter keeps by whether a subquery has them need not be told apart first.
 *
 *     … WHERE x IN (SELECT y FROM s) AND z > 0
 *  → SemiJoin(SEMI) under z > 0 instead of SemiJoin(MARK) under $found AND z > 0
 *     … WHERE NOT (x IN (SELECT y FROM s))             x and y NOT NULL
 *  → SemiJoin(ANTI)
 */
#include "planner/rules.h"

enum semi_join_use { SEMI_JOIN_NONE, SEMI_JOIN_FOUND, SEMI_JOIN_NOT_FOUND };

/* Is the conjunct the mark, or NOT the mark? */
static enum semi_join_use
semi_join_use(const struct sl_expr *conjunct, uint32_t mark)
{
    const char *name = sl_expr_function_name(conjunct);

    if (conjunct->kind == SL_EXPR_COLUMN && conjunct->column == mark)
        return SEMI_JOIN_FOUND;
    if (name && strcmp(name, "NOT") == 0 && conjunct->args[0]->kind == SL_EXPR_COLUMN &&
        conjunct->args[0]->column == mark)
        return SEMI_JOIN_NOT_FOUND;
    return SEMI_JOIN_NONE;
}

/* The filter's conjuncts but for the mark, with its value in place of it. */
static struct sl_expr *
semi_join_rest(struct sl_rewriter *rewriter, struct sl_expr *filter, uint32_t mark,
               struct sl_expr **columns, enum semi_join_use *ret_use)
{
    struct sl_expr **conjuncts, *rest = NULL;
    size_t count = sl_expr_conjuncts(rewriter->arena, filter, &conjuncts);

    *ret_use = SEMI_JOIN_NONE;
    for (size_t i = 0; i < count && *ret_use == SEMI_JOIN_NONE; i++)
        *ret_use = semi_join_use(conjuncts[i], mark);
    if (*ret_use == SEMI_JOIN_NONE)
        return NULL;
    columns[mark] = sl_binder_boolean(rewriter->arena, *ret_use == SEMI_JOIN_FOUND);
    for (size_t i = 0; i < count; i++)
        if (semi_join_use(conjuncts[i], mark) != *ret_use)
            rest = sl_expr_and(rewriter->arena, rest,
                               sl_expr_substitute(rewriter->arena, conjuncts[i], columns));
    return rest;
}

bool
sl_rule_semi_join(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *filter = *place, *join;
    struct sl_expr **columns, *rest;
    const char **names;
    enum semi_join_use use;
    uint32_t mark;

    if (filter->kind != SL_LOG_FILTER || filter->inputs[0]->kind != SL_LOG_SEMI_JOIN ||
        filter->inputs[0]->semi_join.kind != SL_SEMI_JOIN_MARK)
        return false;
    join = filter->inputs[0];
    mark = (uint32_t)join->schema->count - 1;
    columns = SL_NEW_ARRAY(rewriter->arena, struct sl_expr *, join->schema->count);
    names = SL_NEW_ARRAY(rewriter->arena, const char *, join->schema->count);
    for (uint32_t i = 0; i <= mark; i++) {
        columns[i] = sl_log_column(rewriter->arena, join->schema, i);
        names[i] = join->schema->columns[i].name;
    }
    rest = semi_join_rest(rewriter, filter->filter, mark, columns, &use);
    if (use == SEMI_JOIN_NONE)
        return false;
    join->semi_join.kind = use == SEMI_JOIN_FOUND ? SL_SEMI_JOIN_SEMI : SL_SEMI_JOIN_ANTI;
    join->schema = sl_schema_copy(rewriter->arena, join->inputs[0]->schema);
    filter->schema = join->schema;
    filter->filter = rest;
    *place = sl_log_project(rewriter->arena, rest ? filter : join, columns, names, mark + 1);
    (*place)->parallelism = filter->parallelism;
    return true;
}
