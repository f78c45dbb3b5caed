/* The driver of the rules, and what they share. */
#include "planner/rules.h"

#define RULES_ROUNDS_MAX                                                     \
    100 /* each rule brings a tree nearer to its normal form; this is a fuse \
         */

static bool (*const rules[])(struct sl_rewriter *, struct sl_log_node **) = {
#define RULE(stem) sl_rule_##stem,
#include "planner/rules.def"
#undef RULE
};

static bool
rules_visit(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    bool changed = false;

    for (size_t i = 0; i < (*place)->input_count; i++)
        changed |= rules_visit(rewriter, &(*place)->inputs[i]);
    for (size_t i = 0; i < SL_COUNT_OF(rules); i++)
        changed |= rules[i](rewriter, place);
    return changed;
}

static void
rules_settle(struct sl_rewriter *rewriter, struct sl_log_node **root)
{
    int round = 0;

    while (rules_visit(rewriter, root))
        SL_ASSERT(++round < RULES_ROUNDS_MAX);
}

void
sl_rules_apply(struct sl_rewriter *rewriter, struct sl_log_node **root)
{
    rules_settle(rewriter, root);
    sl_prune(rewriter, *root);
    rules_settle(rewriter, root);
}

static bool
rules_mark(const struct sl_expr *expr, void *arg)
{
    bool *used = arg;

    if (expr->kind == SL_EXPR_COLUMN)
        used[expr->column] = true;
    return true;
}

void
sl_expr_mark_columns(const struct sl_expr *expr, bool *used)
{
    if (expr)
        sl_expr_walk(expr, rules_mark, used);
}

struct rules_range {
    uint32_t from, to;
};

static bool
rules_in_range(const struct sl_expr *expr, void *arg)
{
    const struct rules_range *range = arg;

    return expr->kind != SL_EXPR_COLUMN ||
           (expr->column >= range->from && expr->column < range->to);
}

bool
sl_expr_columns_within(const struct sl_expr *expr, uint32_t from, uint32_t to)
{
    struct rules_range range = {from, to};

    return sl_expr_walk(expr, rules_in_range, &range);
}

bool
sl_expr_has_columns(const struct sl_expr *expr)
{
    return !sl_expr_columns_within(expr, 0, 0);
}

static bool
rules_count(const struct sl_expr *expr, void *arg)
{
    (*(size_t *)arg)++;
    return true;
}

size_t
sl_expr_size(const struct sl_expr *expr)
{
    size_t size = 0;

    sl_expr_walk(expr, rules_count, &size);
    return size;
}

static bool
rules_is_and(const struct sl_expr *expr)
{
    return expr->kind == SL_EXPR_CALL && strcmp(sl_expr_function_name(expr), "AND") == 0;
}

static size_t
rules_count_conjuncts(const struct sl_expr *expr)
{
    size_t count = 0;

    if (!rules_is_and(expr))
        return 1;
    for (size_t i = 0; i < expr->arg_count; i++)
        count += rules_count_conjuncts(expr->args[i]);
    return count;
}

static void
rules_split(struct sl_expr *expr, struct sl_expr **list, size_t *count)
{
    if (!rules_is_and(expr)) {
        list[(*count)++] = expr;
        return;
    }
    for (size_t i = 0; i < expr->arg_count; i++)
        rules_split(expr->args[i], list, count);
}

size_t
sl_expr_conjuncts(struct sl_arena *arena, struct sl_expr *expr, struct sl_expr ***ret_list)
{
    size_t count = 0;

    *ret_list = SL_NEW_ARRAY(arena, struct sl_expr *, rules_count_conjuncts(expr));
    rules_split(expr, *ret_list, &count);
    return count;
}

struct sl_expr *
sl_expr_and(struct sl_arena *arena, struct sl_expr *a, struct sl_expr *b)
{
    struct sl_expr *args[2] = {a, b}, *both;
    struct sl_error err;

    if (!a || !b)
        return a ? a : b;
    SL_ASSERT(sl_expr_call(arena, "AND", args, 2, -1, &both, &err) == SL_OK);
    return both;
}

bool
sl_log_is_identity(const struct sl_log_node *project)
{
    if (project->schema->count != project->inputs[0]->schema->count)
        return false;
    for (size_t i = 0; i < project->schema->count; i++)
        if (project->exprs[i]->kind != SL_EXPR_COLUMN || project->exprs[i]->column != i)
            return false;
    return true;
}
