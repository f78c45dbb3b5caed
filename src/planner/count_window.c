/* COUNT_WINDOW(TABLE t PARTITION BY (k), size [, slide]): the input with window_id. */
#include "planner/bind.h"

#define COUNT_WINDOW_USAGE "COUNT_WINDOW(TABLE t [PARTITION BY (k)], size [, slide])"
#define COUNT_WINDOW_MAX 1000000000

static int
count_window_bad(const struct sl_binder *binder, int offset, const char *text, struct sl_error *err)
{
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "COUNT_WINDOW %s", text);
    sl_error_hint(err, COUNT_WINDOW_USAGE);
    return sl_error_at(err, sl_binder_offset(binder, offset));
}

static int
count_window_data(struct sl_binder *binder, const struct sl_ast_expr *ast,
                  struct sl_relation *relation, struct sl_log_count_window *window,
                  struct sl_error *err)
{
    if (ast->ast.kind != SL_AST_EXPR_TABLE)
        return count_window_bad(binder, ast->ast.offset, "takes a table as its first argument",
                                err);
    if (ast->table.order_by.count)
        return sl_binder_refuse(binder, ast->ast.offset, "ORDER BY in COUNT_WINDOW is", err);
    if (ast->table.query) {
        SL_TRY(sl_binder_query(binder, ast->table.query, &relation->node, err));
        relation->scope = (struct sl_scope){.columns = relation->node->schema};
    } else {
        SL_TRY(sl_binder_table(binder, &ast->table.name, &ast->table.hints, relation, err));
    }
    return sl_binder_partition(binder, &ast->table.partition_by, COUNT_WINDOW_USAGE,
                               relation->node->schema, &window->partition, &window->partition_count,
                               err);
}

static int
count_window_length(struct sl_binder *binder, const struct sl_ast_expr *ast, const char *what,
                    int64_t *ret_length, struct sl_error *err)
{
    struct sl_value value;

    SL_TRY(sl_binder_constant(binder, ast, what, NULL, &value, err));
    if (value.is_null || !sl_type_is_integer(value.type->kind) || value.integer <= 0 ||
        value.integer > COUNT_WINDOW_MAX)
        return count_window_bad(binder, ast->ast.offset,
                                sl_arena_printf(binder->arena,
                                                "takes a number of rows from 1 to %d as %s",
                                                COUNT_WINDOW_MAX, what),
                                err);
    *ret_length = value.integer;
    return SL_OK;
}

int
sl_binder_count_window(struct sl_binder *binder, const struct sl_ast_expr *ast,
                       struct sl_relation *relation, struct sl_error *err)
{
    const struct sl_ast_call *call = &ast->call;
    struct sl_log_count_window window = {0};
    struct sl_schema *schema;
    struct sl_log_node *node;
    size_t count;

    for (size_t i = 0; i < call->arg_count; i++)
        if (call->args[i].name.text.start)
            return count_window_bad(binder, call->args[i].name.offset, "takes no named arguments",
                                    err);
    if (call->arg_count < 2 || call->arg_count > 3)
        return count_window_bad(binder, ast->ast.offset, "takes two or three arguments", err);
    SL_TRY(count_window_data(binder, call->args[0].value, relation, &window, err));
    SL_TRY(count_window_length(binder, call->args[1].value, "its size", &window.size, err));
    window.slide = window.size;
    if (call->arg_count == 3)
        SL_TRY(count_window_length(binder, call->args[2].value, "its slide", &window.slide, err));
    count = relation->node->schema->count;
    schema = sl_schema_new(binder->arena, count + 1);
    memcpy(schema->columns, relation->node->schema->columns, count * sizeof(*schema->columns));
    schema->columns[count] = (struct sl_schema_column){
        .name = "window_id", .type = sl_type_nullable(binder->arena, &sl_type_bigint, false)};
    node = sl_log_new(binder->arena, SL_LOG_COUNT_WINDOW, schema, relation->node);
    node->offset = sl_binder_offset(binder, ast->ast.offset);
    node->count_window = window;
    relation->node = node;
    relation->scope.columns = schema;
    return SL_OK;
}
