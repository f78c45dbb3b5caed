/* Calls: functions, aggregates, and what looks like a call but is not built yet. */
#include "planner/bind.h"

#include <strings.h>

static const char *
call_name(const struct sl_clause *binding, const struct sl_ast_call *call)
{
    return sl_binder_name(binding->binder, &call->name.parts[call->name.count - 1]);
}

int
sl_binder_function(struct sl_clause *binding, const char *name, struct sl_expr **args,
                   size_t arg_count, int offset, struct sl_expr **ret_expr, struct sl_error *err)
{
    sl_parameters_infer(binding->binder, name, args, arg_count);
    if (sl_expr_call(binding->binder->arena, name, args, arg_count, offset, ret_expr, err) < 0)
        return sl_error_at(err, offset);
    return SL_OK;
}

static int
call_refuse(const struct sl_clause *binding, const struct sl_ast_expr *ast, const char *construct,
            struct sl_error *err)
{
    return sl_binder_refuse(binding->binder, ast->ast.offset, construct, err);
}

/* Clauses that no function of today takes. */
static int
call_check_clauses(const struct sl_clause *binding, const struct sl_ast_expr *ast,
                   struct sl_error *err)
{
    const struct sl_ast_call *call = &ast->call;

    if (call->within_group.count)
        return call_refuse(binding, ast, "WITHIN GROUP is", err);
    if (call->order_by.count)
        return call_refuse(binding, ast, "ORDER BY inside a call is", err);
    if (call->nulls != SL_AST_NULLS_UNSAID && !call->over &&
        !sl_text_equal_nocase(call->name.parts[call->name.count - 1].text, SL_TEXT("ARRAY_AGG")))
        return call_refuse(binding, ast, "IGNORE NULLS and RESPECT NULLS are", err);
    if (call->match != SL_AST_MATCH_UNSAID)
        return call_refuse(binding, ast, "MATCH_RECOGNIZE is", err);
    for (size_t i = 0; i < call->arg_count; i++)
        if (call->args[i].name.text.start)
            return sl_binder_refuse(binding->binder, call->args[i].name.offset,
                                    "a named argument of this function is", err);
    return SL_OK;
}

static int
call_args(struct sl_clause *binding, const struct sl_ast_call *call, struct sl_expr ***ret_args,
          struct sl_error *err)
{
    struct sl_expr **args = SL_NEW_ARRAY(binding->binder->arena, struct sl_expr *, call->arg_count);

    for (size_t i = 0; i < call->arg_count; i++) {
        const struct sl_ast_expr *value = call->args[i].value;

        if (value->ast.kind == SL_AST_EXPR_UNIT)
            args[i] =
                sl_binder_string(binding->binder->arena, sl_text_of(sl_ast_unit_name(value->unit)),
                                 sl_binder_offset(binding->binder, value->ast.offset));
        else
            SL_TRY(sl_binder_expr(binding, value, &args[i], err));
    }
    *ret_args = args;
    return SL_OK;
}

static int
call_function(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
              struct sl_error *err)
{
    const struct sl_ast_call *call = &ast->call;
    const char *name = call_name(binding, call);
    int offset = sl_binder_offset(binding->binder, ast->ast.offset);
    struct sl_expr **args;
    int rc;

    rc = sl_binder_group_window_call(binding, ast, ret_expr, err);
    if (rc != SL_EOF)
        return rc;
    SL_TRY(call_args(binding, call, &args, err));
    rc = sl_binder_session_call(binding, name, args, call->arg_count, offset, ret_expr, err);
    if (rc == SL_EOF)
        rc = sl_binder_sql_function(binding, &call->name, args, call->arg_count, ret_expr, err);
    if (rc == SL_EOF)
        rc = sl_binder_function(binding, name, args, call->arg_count, offset, ret_expr, err);
    if (rc < 0 && err->code == SL_E_UNDEFINED_FUNCTION && strncasecmp(name, "pg_", 3) == 0)
        return sl_binder_refuse_postgres(binding->binder, ast->ast.offset, name, err);
    if (rc < 0 || !(call->star || call->quantifier == SL_AST_DISTINCT || call->filter))
        return rc;
    SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "%s specified, but %s is not an aggregate function",
             call->star                            ? "*"
             : call->quantifier == SL_AST_DISTINCT ? "DISTINCT"
                                                   : "FILTER",
             name);
    return sl_error_at(err, offset);
}

/* --- aggregates --- */

bool
sl_binder_same_aggregate(const struct sl_aggregate *a, const struct sl_aggregate *b)
{
    if (a->class != b->class || a->distinct != b->distinct ||
        a->ignores_nulls != b->ignores_nulls || a->arg_count != b->arg_count ||
        !a->filter != !b->filter)
        return false;
    for (size_t i = 0; i < a->arg_count; i++)
        if (!sl_expr_equal(a->args[i], b->args[i]))
            return false;
    return !a->filter || sl_expr_equal(a->filter, b->filter);
}

static uint32_t
call_collect(struct sl_clause *binding, struct sl_aggregate *aggregate)
{
    struct sl_bound_aggregates *list = binding->aggregates;

    for (size_t i = 0; i < list->count; i++)
        if (sl_binder_same_aggregate(list->items[i], aggregate))
            return (uint32_t)i;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 8;
        struct sl_aggregate **items =
            SL_NEW_ARRAY(binding->binder->arena, struct sl_aggregate *, capacity);

        if (list->count)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count] = aggregate;
    return (uint32_t)list->count++;
}

static int
call_use_aggregate(struct sl_clause *binding, struct sl_aggregate *aggregate, int offset,
                   struct sl_expr **ret_expr)
{
    *ret_expr =
        sl_expr_column(binding->binder->arena, SL_BIND_AGGREGATE + call_collect(binding, aggregate),
                       aggregate->type);
    (*ret_expr)->offset = offset;
    return SL_OK;
}

static int
call_check_place(const struct sl_clause *binding, const struct sl_ast_expr *ast,
                 struct sl_error *err)
{
    if (binding->in_aggregate)
        SL_ERROR(err, SL_E_GROUPING, "aggregate function calls cannot be nested");
    else if (!binding->aggregates)
        SL_ERROR(err, SL_E_GROUPING, "aggregate functions are not allowed in %s", binding->clause);
    else
        return SL_OK;
    return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
}

/* COUNT(5) counts rows as COUNT(*) does. */
static bool
call_counts_rows(const char *name, struct sl_expr *const *args, size_t arg_count, bool distinct)
{
    return sl_equal_nocase(name, "COUNT") && arg_count == 1 && !distinct &&
           args[0]->kind == SL_EXPR_LITERAL && !args[0]->value.is_null;
}

int
sl_binder_aggregate(struct sl_clause *binding, const struct sl_ast_expr *ast,
                    struct sl_aggregate **ret_aggregate, struct sl_error *err)
{
    const struct sl_ast_call *call = &ast->call;
    struct sl_clause inner = *binding;
    struct sl_expr **args, *filter = NULL;
    const char *name = call_name(binding, call);
    int offset = sl_binder_offset(binding->binder, ast->ast.offset);
    bool distinct = call->quantifier == SL_AST_DISTINCT;
    size_t arg_count = call->arg_count;

    SL_TRY(call_args(&inner, call, &args, err));
    sl_parameters_end(binding->binder, args, arg_count);
    for (size_t i = 1; i < arg_count; i++) /* a separator, a percentage */
        args[i] = sl_expr_fold(binding->binder->arena, args[i], &binding->binder->settings);
    if (call->filter) {
        inner.clause = "FILTER";
        SL_TRY(sl_binder_condition(&inner, call->filter, &filter, err));
    }
    if (call_counts_rows(name, args, arg_count, distinct))
        arg_count = 0;
    if (arg_count == 0 && !call->star && call->arg_count == 0) {
        SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "%s() needs an argument", name);
        return sl_error_at(err, offset);
    }
    if (sl_aggregate_bind(binding->binder->arena, name, args, arg_count, distinct, filter, offset,
                          ret_aggregate, err) < 0)
        return sl_error_at(err, offset);
    if (call->nulls == SL_AST_NULLS_IGNORE)
        sl_aggregate_ignore_nulls(*ret_aggregate);
    return SL_OK;
}

static int
call_aggregate(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
               struct sl_error *err)
{
    struct sl_clause inner = *binding;
    struct sl_aggregate *aggregate;

    SL_TRY(call_check_place(binding, ast, err));
    inner.in_aggregate = true;
    SL_TRY(sl_binder_aggregate(&inner, ast, &aggregate, err));
    return call_use_aggregate(binding, aggregate,
                              sl_binder_offset(binding->binder, ast->ast.offset), ret_expr);
}

/* JSON_OBJECTAGG(KEY k VALUE v NULL ON NULL), JSON_ARRAYAGG(x ABSENT ON NULL): what stands here is
 * what goes without saying. */
int
sl_binder_json_aggregate(struct sl_clause *binding, const struct sl_ast_expr *ast,
                         struct sl_expr **ret_expr, struct sl_error *err)
{
    const struct sl_ast_json *json = &ast->json;
    bool is_object = json->function == SL_AST_JSON_OBJECTAGG;
    bool absent = json->on_null == SL_AST_JSON_ON_NULL_UNSAID
                      ? !is_object
                      : json->on_null == SL_AST_JSON_ABSENT_ON_NULL;
    int offset = sl_binder_offset(binding->binder, ast->ast.offset);
    struct sl_expr *args[2] = {NULL}, *filter = NULL;
    struct sl_clause inner = *binding;
    struct sl_aggregate *aggregate;
    size_t count = 0;

    SL_TRY(call_check_place(binding, ast, err));
    if (json->order_by.count)
        return sl_binder_refuse(binding->binder, ast->ast.offset, "ORDER BY in an aggregate is",
                                err);
    inner.in_aggregate = true;
    if (is_object)
        SL_TRY(sl_binder_expr(&inner, json->keys.items[0], &args[count++], err));
    SL_TRY(sl_binder_expr(&inner, json->values.items[0], &args[count++], err));
    sl_parameters_end(binding->binder, args, count);
    if (json->filter) {
        inner.clause = "FILTER";
        SL_TRY(sl_binder_condition(&inner, json->filter, &filter, err));
    }
    if (sl_aggregate_bind(binding->binder->arena, is_object ? "JSON_OBJECTAGG" : "JSON_ARRAYAGG",
                          args, count, false, filter, offset, &aggregate, err) < 0)
        return sl_error_at(err, offset);
    if (absent)
        sl_aggregate_ignore_nulls(aggregate);
    return call_use_aggregate(binding, aggregate, offset, ret_expr);
}

/* GROUPING(key, …), and GROUP_ID(), which is that of all keys: the select's aggregation makes it
 * what it is. */
static int
call_grouping(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
              struct sl_error *err)
{
    struct sl_bound_aggregates *list = binding->aggregates;
    struct sl_arena *arena = binding->binder->arena;
    struct sl_bound_grouping made = {.arg_count = ast->call.arg_count};
    size_t place = 0;

    SL_TRY(call_check_place(binding, ast, err));
    SL_TRY(call_args(binding, &ast->call, &made.args, err));
    if ((made.arg_count == 0) != sl_ast_name_is(&ast->call.name, "GROUP_ID") || ast->call.star) {
        SL_ERROR(err, SL_E_UNDEFINED_FUNCTION,
                 made.arg_count ? "GROUP_ID takes no arguments"
                                : "GROUPING needs keys of the GROUP BY");
        return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
    }
    for (; place < list->grouping_count; place++) {
        const struct sl_bound_grouping *other = &list->groupings[place];
        bool same = other->arg_count == made.arg_count;

        for (size_t i = 0; same && i < made.arg_count; i++)
            same = sl_expr_equal(other->args[i], made.args[i]);
        if (same)
            break;
    }
    if (place == list->grouping_count) {
        struct sl_bound_grouping *items =
            SL_NEW_ARRAY(arena, struct sl_bound_grouping, list->grouping_count + 1);

        if (list->grouping_count)
            memcpy(items, list->groupings, list->grouping_count * sizeof(*items));
        items[list->grouping_count++] = made;
        list->groupings = items;
    }
    *ret_expr = sl_expr_column(arena, SL_BIND_GROUPING + (uint32_t)place,
                               sl_type_nullable(arena, &sl_type_bigint, false));
    (*ret_expr)->offset = sl_binder_offset(binding->binder, ast->ast.offset);
    return SL_OK;
}

static int
call_misplaced_watermark(const struct sl_clause *binding, const struct sl_ast_expr *ast,
                         struct sl_error *err)
{
    SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE,
             "SOURCE_WATERMARK() has no value: it can only be all of a WATERMARK FOR clause");
    sl_error_hint(err, "CURRENT_WATERMARK(ts) is the watermark of a query's time attribute");
    return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
}

static int
call_misplaced_json(const struct sl_clause *binding, const struct sl_ast_expr *ast,
                    struct sl_error *err)
{
    SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE,
             "JSON(text) can only be a value in JSON_OBJECT or JSON_ARRAY");
    sl_error_hint(err, "JSON_QUERY(text, '$') is the text as JSON");
    return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
}

/* Functions of Flink over types that there are not. */
static const char *
call_missing_type(const struct sl_ast_name *name)
{
    static const struct {
        const char *function, *construct;
    } missing[] = {
        {"OBJECT_OF", "OBJECT_OF (structured types are not there) is"},
        {"OBJECT_UPDATE", "OBJECT_UPDATE (structured types are not there) is"},
        {"PARSE_JSON", "PARSE_JSON (the type VARIANT is not there; JSON_QUERY reads texts) is"},
        {"TRY_PARSE_JSON",
         "TRY_PARSE_JSON (the type VARIANT is not there; JSON_QUERY reads texts) is"},
    };

    for (size_t i = 0; i < SL_COUNT_OF(missing); i++)
        if (sl_ast_name_is(name, missing[i].function))
            return missing[i].construct;
    return NULL;
}

int
sl_binder_call(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
               struct sl_error *err)
{
    const struct sl_ast_call *call = &ast->call;
    const struct sl_sql_function *function = NULL;
    bool is_postgres = sl_text_equal_nocase(call->name.parts[0].text, SL_TEXT("pg_catalog"));

    SL_TRY(call_check_clauses(binding, ast, err));
    if (call->name.count > 1 && !(call->name.count == 2 && is_postgres) &&
        !sl_binder_find_function(binding->binder, &call->name, &function)) {
        SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "function %.*s.%s does not exist",
                 SL_TEXT_FORMAT(call->name.parts[0].text), call_name(binding, call));
        sl_error_hint(err, "SHOW FUNCTIONS lists what there is");
        return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
    }
    if (call->over || sl_is_over_function(&call->name))
        return sl_binder_over_call(binding, ast, ret_expr, err);
    if (sl_ast_name_is(&call->name, "GROUPING") || sl_ast_name_is(&call->name, "GROUPING_ID") ||
        sl_ast_name_is(&call->name, "GROUP_ID"))
        return call_grouping(binding, ast, ret_expr, err);
    if (sl_ast_name_is(&call->name, "SOURCE_WATERMARK"))
        return call_misplaced_watermark(binding, ast, err);
    if (sl_ast_name_is(&call->name, "JSON"))
        return call_misplaced_json(binding, ast, err);
    if (call_missing_type(&call->name) &&
        !sl_binder_find_function(binding->binder, &call->name, &function))
        return call_refuse(binding, ast, call_missing_type(&call->name), err);
    if (sl_aggregate_exists(call->name.parts[call->name.count - 1].text))
        return call_aggregate(binding, ast, ret_expr, err);
    return call_function(binding, ast, ret_expr, err);
}
