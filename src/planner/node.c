/* Logical nodes as the binder and the rules make them. */
#include "planner/bind.h"

struct sl_expr *
sl_log_column(struct sl_arena *arena, const struct sl_schema *schema, uint32_t column)
{
    SL_ASSERT(column < schema->count);
    return sl_expr_column(arena, column, schema->columns[column].type);
}

/* A column that is only passed on keeps its meaning for time; PROCTIME() gives one. */
static enum sl_time_kind
node_time(const struct sl_expr *expr, const struct sl_schema *input)
{
    if (expr->kind == SL_EXPR_COLUMN)
        return input->columns[expr->column].time;
    if (expr->kind == SL_EXPR_CALL && expr->arg_count == 0 &&
        sl_equal_nocase(sl_expr_function_name(expr), "PROCTIME"))
        return SL_TIME_PROCESSING;
    return SL_TIME_NONE;
}

struct sl_log_node *
sl_log_project(struct sl_arena *arena, struct sl_log_node *input, struct sl_expr **exprs,
               const char *const *names, size_t count)
{
    struct sl_schema *schema = sl_schema_new(arena, count);
    struct sl_log_node *node = sl_log_new(arena, SL_LOG_PROJECT, schema, input);

    node->exprs = exprs;
    for (size_t i = 0; i < count; i++)
        schema->columns[i] = (struct sl_schema_column){
            .name = names[i], .type = exprs[i]->type, .time = node_time(exprs[i], input->schema)};
    return node;
}

struct sl_log_node *
sl_log_filter(struct sl_arena *arena, struct sl_log_node *input, struct sl_expr *filter)
{
    struct sl_log_node *node = sl_log_new(arena, SL_LOG_FILTER, input->schema, input);

    node->filter = filter;
    return node;
}

struct sl_log_node *
sl_log_distinct(struct sl_arena *arena, struct sl_log_node *input, int offset)
{
    struct sl_log_node *node =
        sl_log_new(arena, SL_LOG_AGGREGATE, sl_schema_copy(arena, input->schema), input);

    node->offset = offset;
    node->aggregate.is_distinct = true;
    node->aggregate.key_count = input->schema->count;
    node->aggregate.keys = SL_NEW_ARRAY(arena, uint32_t, input->schema->count);
    for (uint32_t i = 0; i < input->schema->count; i++)
        node->aggregate.keys[i] = i;
    return node;
}

struct sl_log_node *
sl_log_one_row(struct sl_arena *arena)
{
    struct sl_schema *schema = sl_schema_new(arena, 1);
    struct sl_log_node *node = sl_log_new(arena, SL_LOG_VALUES, schema, NULL);

    schema->columns[0].name = "ZERO";
    schema->columns[0].type = &sl_type_int;
    node->values.rows = SL_NEW(arena, struct sl_value *);
    node->values.rows[0] = SL_NEW(arena, struct sl_value);
    node->values.rows[0][0].type = &sl_type_int;
    node->values.row_count = 1;
    return node;
}
