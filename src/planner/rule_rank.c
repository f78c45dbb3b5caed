/* A condition on ROW_NUMBER, RANK or DENSE_RANK: only the best rows of each partition are kept.
 *
 *     SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS rn FROM t)
 *     WHERE rn <= 3 AND x > rn
 *
 *     FILTER(rn <= 3 AND x > rn)      FILTER(x > rn)
 *       OVER(ROW_NUMBER())        →     RANK(1 … 3)
 *         t                               t
 *
 * Of several calls over one window the others stay below; a rank that can be but one number is that
 * number.  A bound that is a column (rn <= n) is taken in streaming mode, where the first row of a
 * partition says it for all. */
#include "planner/rules.h"

struct rank_bounds {
    int64_t start, end;
    bool has_end;
    int64_t end_column; /* -1: none */
    struct sl_expr *rest;
};

/* --- conditions --- */

static const struct sl_expr *
rank_without_casts(const struct sl_expr *expr)
{
    while (expr->kind == SL_EXPR_CAST && expr->cast == SL_CAST_IMPLICIT &&
           sl_type_is_integer(expr->type->kind) && sl_type_is_integer(expr->args[0]->type->kind))
        expr = expr->args[0];
    return expr;
}

static bool
rank_is_column(const struct sl_expr *expr, uint32_t column)
{
    expr = rank_without_casts(expr);
    return expr->kind == SL_EXPR_COLUMN && expr->column == column;
}

/* rank <name> number */
static bool
rank_take_number(struct rank_bounds *bounds, const char *name, int64_t number)
{
    bool is_equal = strcmp(name, "=") == 0, is_less = name[0] == '<';
    bool is_open = name[0] != '=' && name[1] == '\0';

    if (strcmp(name, "<>") == 0)
        return false;
    if (is_open && number == (is_less ? INT64_MIN : INT64_MAX))
        return false;
    if (is_less || is_equal) {
        bounds->end = SL_MIN(bounds->end, number - (is_open && is_less));
        bounds->has_end = true;
    }
    if (!is_less || is_equal)
        bounds->start = SL_MAX(bounds->start, number + (is_open && !is_less));
    return true;
}

/* The comparison with its sides exchanged. */
static const char *
rank_turn_round(const char *name)
{
    static const char *const names[][2] = {{"<", ">"}, {"<=", ">="}, {">", "<"}, {">=", "<="}};

    for (size_t i = 0; i < SL_COUNT_OF(names); i++)
        if (strcmp(name, names[i][0]) == 0)
            return names[i][1];
    return name;
}

/* Is the conjunct a comparison of the rank, which is `column`?  Then rank <name> other. */
static const struct sl_expr *
rank_compared(const struct sl_expr *conjunct, uint32_t column, const char **ret_name)
{
    static const char *const comparisons[] = {"=", "<", "<=", ">", ">="};
    const char *name = sl_expr_function_name(conjunct);
    size_t known = 0;

    while (name && known < SL_COUNT_OF(comparisons) && strcmp(name, comparisons[known]) != 0)
        known++;
    if (!name || known == SL_COUNT_OF(comparisons))
        return NULL;
    *ret_name = name;
    if (rank_is_column(conjunct->args[0], column))
        return rank_without_casts(conjunct->args[1]);
    *ret_name = rank_turn_round(name);
    return rank_is_column(conjunct->args[1], column) ? rank_without_casts(conjunct->args[0]) : NULL;
}

static bool
rank_take_literal(struct rank_bounds *bounds, const struct sl_expr *conjunct, uint32_t column)
{
    const char *name;
    const struct sl_expr *other = rank_compared(conjunct, column, &name);

    return other && other->kind == SL_EXPR_LITERAL && sl_type_is_integer(other->type->kind) &&
           !other->value.is_null && rank_take_number(bounds, name, other->value.integer);
}

/* rank <= a column of the window's input */
static bool
rank_take_column(struct rank_bounds *bounds, const struct sl_expr *conjunct, uint32_t column,
                 size_t input_count)
{
    const char *name;
    const struct sl_expr *other = rank_compared(conjunct, column, &name);

    if (!other || other->kind != SL_EXPR_COLUMN || other->column >= input_count ||
        !sl_type_is_integer(other->type->kind) || strcmp(name, "<=") != 0)
        return false;
    bounds->end_column = other->column;
    return true;
}

static struct rank_bounds
rank_find_bounds(struct sl_rewriter *rewriter, const struct sl_log_node *filter, uint32_t column)
{
    struct rank_bounds bounds = {.start = 1, .end = INT64_MAX, .end_column = -1};
    size_t input_count = filter->inputs[0]->inputs[0]->schema->count;
    struct sl_expr **conjuncts;
    size_t count = sl_expr_conjuncts(rewriter->arena, filter->filter, &conjuncts), kept = 0;

    for (size_t i = 0; i < count; i++)
        if (!rank_take_literal(&bounds, conjuncts[i], column))
            conjuncts[kept++] = conjuncts[i];
    for (size_t i = 0; i < kept; i++) {
        bool is_taken = !bounds.has_end && bounds.end_column < 0 && !rewriter->batch &&
                        rank_take_column(&bounds, conjuncts[i], column, input_count);

        if (!is_taken)
            bounds.rest = sl_expr_and(rewriter->arena, bounds.rest, conjuncts[i]);
    }
    return bounds;
}

/* --- the node --- */

/* The window's other calls, as a node of their own below. */
static struct sl_log_node *
rank_other_calls(struct sl_rewriter *rewriter, struct sl_log_node *over, size_t call)
{
    struct sl_log_node *below = SL_NEW(rewriter->arena, struct sl_log_node);
    uint32_t at = (uint32_t)over->inputs[0]->schema->count + (uint32_t)call;

    *below = *over;
    below->over.calls = SL_NEW_ARRAY(rewriter->arena, struct sl_over_call, over->over.call_count);
    below->over.call_count = 0;
    for (size_t i = 0; i < over->over.call_count; i++)
        if (i != call)
            below->over.calls[below->over.call_count++] = over->over.calls[i];
    below->schema = sl_schema_new(rewriter->arena, over->schema->count - 1);
    for (uint32_t i = 0, to = 0; i < over->schema->count; i++)
        if (i != at)
            below->schema->columns[to++] = over->schema->columns[i];
    return below;
}

static struct sl_log_node *
rank_node(struct sl_rewriter *rewriter, const struct sl_log_node *over, size_t call,
          const struct rank_bounds *bounds, struct sl_log_node *input)
{
    bool has_rank = bounds->start != bounds->end;
    struct sl_schema *schema = sl_schema_new(rewriter->arena, input->schema->count + has_rank);
    struct sl_log_node *rank = sl_log_new(rewriter->arena, SL_LOG_RANK, schema, input);

    memcpy(schema->columns, input->schema->columns,
           input->schema->count * sizeof(*schema->columns));
    if (has_rank)
        schema->columns[input->schema->count] =
            over->schema->columns[over->inputs[0]->schema->count + call];
    rank->offset = over->offset;
    rank->parallelism = over->parallelism;
    rank->has_ttl = over->has_ttl;
    rank->ttl_us = over->ttl_us;
    rank->rank = (struct sl_rank){
        .function = over->over.calls[call].function,
        .partition = over->over.partition,
        .partition_count = over->over.partition_count,
        .order = over->over.order,
        .order_count = over->over.order_count,
        .start = bounds->start,
        .end = bounds->end,
        .has_end_column = !bounds->has_end,
        .end_column = bounds->has_end ? 0 : (uint32_t)bounds->end_column,
        .has_rank = has_rank,
    };
    return rank;
}

/* The columns that the OVER node had, of what is instead of it. */
static struct sl_log_node *
rank_as_over(struct sl_rewriter *rewriter, const struct sl_log_node *over, size_t call,
             const struct rank_bounds *bounds, struct sl_log_node *rank)
{
    uint32_t count = (uint32_t)over->schema->count;
    uint32_t at = (uint32_t)over->inputs[0]->schema->count + (uint32_t)call;
    struct sl_expr **exprs = SL_NEW_ARRAY(rewriter->arena, struct sl_expr *, count);
    const char **names = SL_NEW_ARRAY(rewriter->arena, const char *, count);
    struct sl_value number = {.type = over->schema->columns[at].type, .integer = bounds->start};
    struct sl_log_node *project;

    for (uint32_t i = 0; i < count; i++) {
        names[i] = over->schema->columns[i].name;
        if (i == at && !rank->rank.has_rank)
            exprs[i] = sl_expr_literal(rewriter->arena, &number);
        else
            exprs[i] = sl_log_column(rewriter->arena, rank->schema,
                                     i == at  ? count - 1
                                     : i < at ? i
                                              : i - 1);
    }
    project = sl_log_project(rewriter->arena, rank, exprs, names, count);
    project->parallelism = over->parallelism;
    return project;
}

static void
rank_replace(struct sl_rewriter *rewriter, struct sl_log_node **place, size_t call,
             const struct rank_bounds *bounds)
{
    struct sl_log_node *over = (*place)->inputs[0], *input = over->inputs[0], *made;

    if (over->over.call_count > 1)
        input = rank_other_calls(rewriter, over, call);
    made = rank_node(rewriter, over, call, bounds, input);
    if (!made->rank.has_rank || over->over.call_count > 1)
        made = rank_as_over(rewriter, over, call, bounds, made);
    if (bounds->rest) {
        (*place)->filter = bounds->rest;
        (*place)->inputs[0] = made;
    } else {
        *place = made;
    }
}

/* No rank is less than 1, or lies behind the last one: the driver's other rules see that. */
static void
rank_leave_out_all(struct sl_rewriter *rewriter, struct sl_log_node *filter)
{
    struct sl_value no = {.type = filter->filter->type};

    filter->filter = sl_expr_literal(rewriter->arena, &no);
}

static bool
rank_is_rank(enum sl_over_function function)
{
    return function == SL_OVER_ROW_NUMBER || function == SL_OVER_RANK ||
           function == SL_OVER_DENSE_RANK;
}

bool
sl_rule_rank(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *over;

    if ((*place)->kind != SL_LOG_FILTER || (*place)->inputs[0]->kind != SL_LOG_OVER)
        return false;
    over = (*place)->inputs[0];
    for (size_t i = 0; i < over->over.call_count; i++) {
        uint32_t column = (uint32_t)(over->inputs[0]->schema->count + i);
        struct rank_bounds bounds;

        if (!rank_is_rank(over->over.calls[i].function))
            continue;
        bounds = rank_find_bounds(rewriter, *place, column);
        if (!bounds.has_end && bounds.end_column < 0)
            continue;
        if (bounds.end < bounds.start)
            rank_leave_out_all(rewriter, *place);
        else
            rank_replace(rewriter, place, i, &bounds);
        return true;
    }
    return false;
}
