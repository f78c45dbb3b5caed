/* Group windows, the windows of old: a window table function under the select.
 *
 *     SELECT channel, TUMBLE_START(ts, INTERVAL '1' MINUTE), COUNT(*)
 *     FROM bids GROUP BY channel, TUMBLE(ts, INTERVAL '1' MINUTE)
 * becomes
 *     SELECT channel, window_start, COUNT(*)
 *     FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
 *     GROUP BY channel, window_start, window_end, window_time
 *
 * Names are still looked up among the columns of FROM: those of the window stand behind them.
 * SESSION is partitioned by the other keys; what of these is computed is computed under it. */
#include "planner/bind.h"

#include <stdio.h>

enum group_window_part { PART_GROUP, PART_START, PART_END, PART_ROWTIME, PART_PROCTIME };

static const char *const part_suffixes[] = {"", "_START", "_END", "_ROWTIME", "_PROCTIME"};
static const char *const window_usages[] = {
    [SL_WINDOW_TUMBLE] = "TUMBLE(ts, INTERVAL '1' MINUTE)",
    [SL_WINDOW_HOP] = "HOP(ts, slide INTERVAL '1' MINUTE, size INTERVAL '5' MINUTE)",
    [SL_WINDOW_SESSION] = "SESSION(ts, gap INTERVAL '5' MINUTE)"};
static const char *const window_names[] = {
    [SL_WINDOW_TUMBLE] = "TUMBLE", [SL_WINDOW_HOP] = "HOP", [SL_WINDOW_SESSION] = "SESSION"};

/* Which function a call names; false: none of these. */
static bool
group_window_function(const struct sl_ast_expr *ast, enum sl_window_kind *ret_kind,
                      enum group_window_part *ret_part)
{
    char name[32];

    if (ast->ast.kind != SL_AST_EXPR_CALL)
        return false;
    for (size_t kind = 0; kind < SL_COUNT_OF(window_names); kind++) {
        for (size_t part = 0; window_names[kind] && part < SL_COUNT_OF(part_suffixes); part++) {
            snprintf(name, sizeof(name), "%s%s", window_names[kind], part_suffixes[part]);
            if (!sl_ast_name_is(&ast->call.name, name))
                continue;
            *ret_kind = (enum sl_window_kind)kind;
            *ret_part = (enum group_window_part)part;
            return true;
        }
    }
    return false;
}

/* The window that a call's arguments say. */
struct group_window_call {
    struct sl_clause *binding;
    const struct sl_ast_expr *ast;
    enum sl_window_kind kind;
    const char *name; /* of the function */
};

static int
group_window_bad(const struct group_window_call *call, int offset, struct sl_error *err)
{
    sl_error_hint(err, "%s", window_usages[call->kind]);
    return sl_error_at(err, sl_binder_offset(call->binding->binder, offset));
}

static int
group_window_time(const struct group_window_call *call, struct sl_group_window *window,
                  struct sl_error *err)
{
    const struct sl_ast_expr *ast = call->ast->call.args[0].value;
    const struct sl_schema *columns = call->binding->scope->columns;
    const struct sl_schema_column *column;
    struct sl_expr *time;

    SL_TRY(sl_binder_expr(call->binding, ast, &time, err));
    if (time->kind != SL_EXPR_COLUMN || time->column >= columns->count) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "%s takes a time column as its first argument",
                 call->name);
        return group_window_bad(call, ast->ast.offset, err);
    }
    column = &columns->columns[time->column];
    if (!sl_type_is_timestamp(column->type->kind) ||
        (!call->binding->binder->batch && column->time == SL_TIME_NONE)) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
                 "%s requires the column \"%s\" to be a time attribute, but it is %s", call->name,
                 column->name, sl_type_text(call->binding->binder->arena, column->type));
        sl_error_hint(err,
                      "declare WATERMARK FOR %s AS %s - INTERVAL '5' SECOND on its table, or use a "
                      "column AS PROCTIME()",
                      column->name, column->name);
        return sl_error_at(err, sl_binder_offset(call->binding->binder, ast->ast.offset));
    }
    window->time_column = time->column;
    window->window.processing_time =
        !call->binding->binder->batch && column->time == SL_TIME_PROCESSING;
    window->window.local_zone = column->type->kind == SL_TYPE_TIMESTAMP_LTZ;
    return SL_OK;
}

static int
group_window_length(const struct group_window_call *call, size_t index, int64_t *ret_us,
                    struct sl_error *err)
{
    struct sl_binder *binder = call->binding->binder;
    const struct sl_ast_expr *ast = call->ast->call.args[index].value;
    const char *what = sl_arena_printf(binder->arena, "the length of %s", call->name);
    struct sl_value value;

    SL_TRY(sl_binder_constant(binder, ast, what, NULL, &value, err));
    if (value.is_null || value.type->kind != SL_TYPE_INTERVAL_DAY) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
                 "%s must be an INTERVAL of days, hours, minutes or seconds, not type %s", what,
                 sl_type_text(binder->arena, value.type));
        return group_window_bad(call, ast->ast.offset, err);
    }
    if (value.integer <= 0 || value.integer % SL_US_PER_MS) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "%s must be positive, and a number of whole milliseconds", what);
        return group_window_bad(call, ast->ast.offset, err);
    }
    *ret_us = value.integer;
    return SL_OK;
}

static int
group_window_bind(const struct group_window_call *call, struct sl_group_window *ret_window,
                  struct sl_error *err)
{
    size_t arg_count = call->kind == SL_WINDOW_HOP ? 3 : 2;
    struct sl_group_window made = {.window = {.kind = call->kind}};

    if (call->ast->call.arg_count != arg_count) {
        SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "%s takes %zu arguments, not %zu", call->name,
                 arg_count, call->ast->call.arg_count);
        return group_window_bad(call, call->ast->ast.offset, err);
    }
    SL_TRY(group_window_time(call, &made, err));
    if (call->kind == SL_WINDOW_HOP)
        SL_TRY(group_window_length(call, 1, &made.window.slide_us, err));
    SL_TRY(group_window_length(call, arg_count - 1, &made.window.size_us, err));
    if (made.window.slide_us && made.window.size_us % made.window.slide_us) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "the size of the window (%lld ms) must be a multiple of its slide (%lld ms)",
                 (long long)(made.window.size_us / SL_US_PER_MS),
                 (long long)(made.window.slide_us / SL_US_PER_MS));
        return group_window_bad(call, call->ast->call.args[1].value->ast.offset, err);
    }
    *ret_window = made;
    return SL_OK;
}

static bool
group_window_equal(const struct sl_group_window *a, const struct sl_group_window *b)
{
    return a->window.kind == b->window.kind && a->time_column == b->time_column &&
           a->window.size_us == b->window.size_us && a->window.slide_us == b->window.slide_us;
}

/* --- calls of these functions --- */

bool
sl_is_group_window(const struct sl_ast_expr *ast)
{
    enum sl_window_kind kind;
    enum group_window_part part;

    return group_window_function(ast, &kind, &part) && part == PART_GROUP;
}

static int
group_window_misplaced(const struct group_window_call *call, struct sl_error *err)
{
    struct sl_binder *binder = call->binding->binder;

    SL_ERROR(err, SL_E_GROUPING, "%s is a group window: it belongs into GROUP BY, once, by itself",
             call->name);
    sl_error_hint(err, "SELECT %s_START(…), … GROUP BY %s", window_names[call->kind],
                  window_usages[call->kind]);
    return sl_error_at(err, sl_binder_offset(binder, call->ast->ast.offset));
}

/* The column that an auxiliary function stands for. */
static int
group_window_part(const struct group_window_call *call, enum group_window_part part,
                  struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_binder *binder = call->binding->binder;
    const struct sl_group_window *window = binder->group_window;
    int offset = sl_binder_offset(binder, call->ast->ast.offset);
    uint32_t column = part == PART_START ? 0 : part == PART_END ? 1 : 2;

    if (part == PART_ROWTIME && window->window.processing_time) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "a window by processing time has no rowtime");
        sl_error_hint(err, "use %s_PROCTIME", window_names[call->kind]);
        return sl_error_at(err, offset);
    }
    if (part == PART_PROCTIME && !window->window.processing_time)
        return sl_binder_function(call->binding, "PROCTIME", NULL, 0, offset, ret_expr, err);
    *ret_expr = sl_log_column(binder->arena, window->columns, window->first + column);
    (*ret_expr)->offset = offset;
    return SL_OK;
}

int
sl_binder_group_window_call(struct sl_clause *binding, const struct sl_ast_expr *ast,
                            struct sl_expr **ret_expr, struct sl_error *err)
{
    struct group_window_call call = {.binding = binding, .ast = ast};
    enum group_window_part part;
    struct sl_group_window window;

    if (sl_ast_name_is(&ast->call.name, "CUMULATE")) {
        sl_binder_refuse(binding->binder, ast->ast.offset, "CUMULATE as a group window is", err);
        return sl_error_hint(err,
                             "use TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), step, size)) in FROM "
                             "and GROUP BY window_start, window_end");
    }
    if (!group_window_function(ast, &call.kind, &part))
        return SL_EOF;
    call.name = sl_arena_printf(binding->binder->arena, "%s%s", window_names[call.kind],
                                part_suffixes[part]);
    if (part == PART_GROUP)
        return group_window_misplaced(&call, err);
    SL_TRY(group_window_bind(&call, &window, err));
    if (binding->binder->group_window && binding->aggregates && !binding->in_aggregate &&
        group_window_equal(&window, binding->binder->group_window))
        return group_window_part(&call, part, ret_expr, err);
    SL_ERROR(err, SL_E_GROUPING, "%s has no %s with the same arguments in GROUP BY", call.name,
             window_names[call.kind]);
    if (binding->in_aggregate || !binding->aggregates)
        SL_ERROR(err, SL_E_GROUPING, "%s cannot be used in %s", call.name,
                 binding->in_aggregate ? "an aggregate" : binding->clause);
    sl_error_hint(err, "GROUP BY %s; its bounds are for SELECT, HAVING and ORDER BY",
                  window_usages[call.kind]);
    return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
}

int
sl_binder_group_window_keys(struct sl_clause *binding, const struct sl_ast_expr *ast,
                            struct sl_expr *ret_keys[3], size_t *ret_count, struct sl_error *err)
{
    const struct sl_group_window *window = binding->binder->group_window;
    struct group_window_call call = {.binding = binding, .ast = ast};
    enum group_window_part part;
    struct sl_group_window other;

    group_window_function(ast, &call.kind, &part);
    call.name = window_names[call.kind];
    SL_TRY(group_window_bind(&call, &other, err));
    if (!group_window_equal(window, &other)) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "several group windows in one GROUP BY are not supported");
        sl_error_hint(err,
                      "group by one window in a subquery, and by the other over its %s_ROWTIME",
                      window_names[window->window.kind]);
        return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
    }
    *ret_count = window->columns ? 3 : 0;
    for (uint32_t i = 0; i < *ret_count; i++)
        ret_keys[i] = sl_log_column(binding->binder->arena, window->columns, window->first + i);
    return SL_OK;
}

/* --- under the select --- */

/* The first one in GROUP BY, within its grouping sets, too; NULL: there is none. */
static const struct sl_ast_expr *
group_window_find(const struct sl_ast_list *groups)
{
    const struct sl_ast_expr *found;

    for (size_t i = 0; i < groups->count; i++) {
        const struct sl_ast_group *group = groups->items[i];

        if (group->kind != SL_AST_GROUP_EXPR) {
            found = group_window_find(&group->children);
            if (found)
                return found;
            continue;
        }
        if (sl_is_group_window(group->expr))
            return group->expr;
        if (group->expr->ast.kind != SL_AST_EXPR_ROW)
            continue;
        for (size_t j = 0; j < group->expr->items.count; j++)
            if (sl_is_group_window(group->expr->items.items[j]))
                return group->expr->items.items[j];
    }
    return NULL;
}

/* The columns that a session is partitioned by; those that are computed are put behind the others
 * of *node. */
static int
group_window_partition(struct sl_clause *binding, const struct sl_ast_select *select,
                       struct sl_group_window *window, struct sl_log_window_table *table,
                       struct sl_log_node **node, struct sl_error *err)
{
    struct sl_arena *arena = binding->binder->arena;
    const struct sl_schema *schema = (*node)->schema;
    struct sl_group_keys keys;
    struct sl_expr **exprs;
    const char **names;
    size_t count;

    SL_TRY(sl_binder_group_by(binding, select, &keys, err));
    if (keys.set_count)
        return sl_binder_refuse(binding->binder, select->ast.offset,
                                "SESSION as a group window with grouping sets is", err);
    count = keys.count;
    table->partition = SL_NEW_ARRAY(arena, uint32_t, count + 1);
    table->partition_count = count;
    exprs = SL_NEW_ARRAY(arena, struct sl_expr *, schema->count + count);
    names = SL_NEW_ARRAY(arena, const char *, schema->count + count);
    for (uint32_t i = 0; i < schema->count; i++) {
        exprs[i] = sl_log_column(arena, schema, i);
        names[i] = schema->columns[i].name;
    }
    window->computed = exprs + schema->count;
    window->computed_first = (uint32_t)schema->count;
    for (size_t i = 0; i < count; i++) {
        table->partition[i] = keys.exprs[i]->column;
        if (keys.exprs[i]->kind == SL_EXPR_COLUMN)
            continue;
        table->partition[i] = window->computed_first + (uint32_t)window->computed_count;
        names[table->partition[i]] = sl_arena_printf(arena, "$k%zu", window->computed_count);
        window->computed[window->computed_count++] = keys.exprs[i];
    }
    if (window->computed_count > 0)
        *node = sl_log_project(arena, *node, exprs, names, schema->count + window->computed_count);
    return SL_OK;
}

int
sl_binder_group_window(struct sl_clause *binding, const struct sl_ast_select *select,
                       struct sl_log_node **node, struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    const struct sl_ast_expr *ast = group_window_find(&select->group_by);
    struct sl_clause keys = *binding;
    struct group_window_call call = {.binding = &keys, .ast = ast};
    struct sl_group_window *window = SL_NEW(binder->arena, struct sl_group_window);
    struct sl_log_window_table table = {0};
    enum group_window_part part;
    struct sl_log_node *made;

    if (!ast)
        return SL_OK;
    keys.clause = "GROUP BY";
    keys.aggregates = NULL;
    group_window_function(ast, &call.kind, &part);
    call.name = window_names[call.kind];
    SL_TRY(group_window_bind(&call, window, err));
    binder->group_window = window;
    if (call.kind == SL_WINDOW_SESSION)
        SL_TRY(group_window_partition(&keys, select, window, &table, node, err));
    table.window = window->window;
    table.time_column = window->time_column;
    made = sl_log_new(binder->arena, SL_LOG_WINDOW_TABLE,
                      sl_window_schema(binder->arena, (*node)->schema, table.time_column), *node);
    made->offset = sl_binder_offset(binder, ast->ast.offset);
    made->window_table = table;
    window->columns = made->schema;
    window->first = (uint32_t)(*node)->schema->count;
    *node = made;
    return SL_OK;
}

struct sl_expr *
sl_group_window_replace(const struct sl_binder *binder, struct sl_expr *expr)
{
    const struct sl_group_window *window = binder->group_window;
    struct sl_expr *copy;

    if (!window || !window->computed_count)
        return expr;
    for (uint32_t i = 0; i < window->computed_count; i++) {
        if (!sl_expr_equal(expr, window->computed[i]))
            continue;
        copy = sl_log_column(binder->arena, window->columns, window->computed_first + i);
        copy->offset = expr->offset;
        return copy;
    }
    if (!expr->arg_count)
        return expr;
    copy = SL_NEW(binder->arena, struct sl_expr);
    *copy = *expr;
    copy->args = SL_NEW_ARRAY(binder->arena, struct sl_expr *, expr->arg_count);
    for (size_t i = 0; i < expr->arg_count; i++)
        copy->args[i] = sl_group_window_replace(binder, expr->args[i]);
    return copy;
}
