/* JSON functions with clauses: each clause becomes a literal argument (see expr/func_json.c). */
#include "planner/bind.h"

static struct sl_expr *
json_word(const struct sl_clause *binding, const char *word)
{
    return sl_binder_string(binding->binder->arena, sl_text_of(word), -1);
}

static struct sl_expr *
json_behavior(const struct sl_clause *binding, enum sl_ast_json_behavior behavior)
{
    static const char *const words[] = {
        [SL_AST_JSON_UNSAID] = "NULL",
        [SL_AST_JSON_NULL] = "NULL",
        [SL_AST_JSON_ERROR] = "ERROR",
        [SL_AST_JSON_DEFAULT] = "DEFAULT",
        [SL_AST_JSON_EMPTY_ARRAY] = "EMPTY ARRAY",
        [SL_AST_JSON_EMPTY_OBJECT] = "EMPTY OBJECT",
        [SL_AST_JSON_TRUE] = "TRUE",
        [SL_AST_JSON_FALSE] = "FALSE",
        [SL_AST_JSON_UNKNOWN] = "NULL",
    };

    return json_word(binding, words[behavior]);
}

static int
json_default(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
             struct sl_error *err)
{
    *ret_expr = sl_binder_null(binding->binder->arena, &sl_type_null, -1);
    return ast ? sl_binder_expr(binding, ast, ret_expr, err) : SL_OK;
}

/* RETURNING; a VARCHAR with a length is cut by a cast. */
static int
json_returning(struct sl_clause *binding, const struct sl_ast_json *json,
               const struct sl_type **ret_type, const struct sl_type **ret_cast,
               struct sl_error *err)
{
    *ret_cast = NULL;
    *ret_type = &sl_type_string;
    if (json->returning == NULL)
        return SL_OK;
    SL_TRY(sl_binder_type(binding->binder, json->returning, ret_type, err));
    *ret_type = sl_type_nullable(binding->binder->arena, *ret_type, true);
    if (sl_type_is_text((*ret_type)->kind)) {
        *ret_cast = sl_type_equal(*ret_type, &sl_type_string) ? NULL : *ret_type;
        *ret_type = &sl_type_string;
    }
    return SL_OK;
}

/* The text and the path, and behind them the clauses if one was written. */
static int
json_path_call(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
               struct sl_error *err)
{
    const struct sl_ast_json *json = &ast->json;
    struct sl_arena *arena = binding->binder->arena;
    bool is_value = json->function == SL_AST_JSON_VALUE;
    bool has_clauses = json->returning || json->wrapper || json->on_empty || json->on_error;
    const struct sl_type *type, *cast;
    int offset = sl_binder_offset(binding->binder, ast->ast.offset);
    struct sl_expr *args[7];
    size_t count = 2;

    SL_TRY(sl_binder_expr(binding, json->input, &args[0], err));
    SL_TRY(sl_binder_expr(binding, json->path, &args[1], err));
    sl_parameter_settle(binding->binder, args[0], &sl_type_string);
    sl_parameter_settle(binding->binder, args[1], &sl_type_string);
    SL_TRY(json_returning(binding, json, &type, &cast, err));
    if (has_clauses)
        args[count++] = json_word(binding, sl_type_text(arena, type));
    if (has_clauses && !is_value)
        args[count++] = json_word(
            binding, json->wrapper == SL_AST_JSON_WRAPPER_CONDITIONAL     ? "CONDITIONAL"
                     : json->wrapper == SL_AST_JSON_WRAPPER_UNCONDITIONAL ? "UNCONDITIONAL"
                                                                          : "WITHOUT");
    if (has_clauses)
        args[count++] = json_behavior(binding, json->on_empty);
    if (has_clauses && is_value)
        SL_TRY(json_default(binding, json->on_empty_default, &args[count++], err));
    if (has_clauses)
        args[count++] = json_behavior(binding, json->on_error);
    if (has_clauses && is_value)
        SL_TRY(json_default(binding, json->on_error_default, &args[count++], err));
    SL_TRY(sl_binder_function(binding, is_value ? "JSON_VALUE" : "JSON_QUERY", args, count, offset,
                              ret_expr, err));
    return cast ? sl_expr_cast(arena, *ret_expr, cast, SL_CAST_STRICT, offset, ret_expr, err)
                : SL_OK;
}

static int
json_exists(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
            struct sl_error *err)
{
    const struct sl_ast_json *json = &ast->json;
    struct sl_expr *args[3];
    size_t count = 2;

    SL_TRY(sl_binder_expr(binding, json->input, &args[0], err));
    SL_TRY(sl_binder_expr(binding, json->path, &args[1], err));
    sl_parameter_settle(binding->binder, args[0], &sl_type_string);
    sl_parameter_settle(binding->binder, args[1], &sl_type_string);
    if (json->on_error)
        args[count++] = json_behavior(binding, json->on_error);
    return sl_binder_function(binding, "JSON_EXISTS", args, count,
                              sl_binder_offset(binding->binder, ast->ast.offset), ret_expr, err);
}

/* A value that is JSON already, not a text that becomes a string. */
static bool
json_is_raw(const struct sl_ast_expr *ast)
{
    if (ast->ast.kind == SL_AST_EXPR_JSON)
        return ast->json.function == SL_AST_JSON_OBJECT || ast->json.function == SL_AST_JSON_ARRAY;
    return ast->ast.kind == SL_AST_EXPR_CALL && sl_ast_name_is(&ast->call.name, "JSON");
}

static int
json_value(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
           struct sl_error *err)
{
    if (ast->ast.kind != SL_AST_EXPR_CALL || !json_is_raw(ast) || ast->call.arg_count != 1)
        return sl_binder_expr(binding, ast, ret_expr, err);
    SL_TRY(sl_binder_expr(binding, ast->call.args[0].value, ret_expr, err));
    return sl_binder_function(binding, "JSON", ret_expr, 1,
                              sl_binder_offset(binding->binder, ast->ast.offset), ret_expr, err);
}

static int
json_make(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
          struct sl_error *err)
{
    const struct sl_ast_json *json = &ast->json;
    struct sl_arena *arena = binding->binder->arena;
    bool is_object = json->function == SL_AST_JSON_OBJECT;
    bool is_absent = json->on_null == SL_AST_JSON_ABSENT_ON_NULL ||
                     (json->on_null == SL_AST_JSON_ON_NULL_UNSAID && !is_object);
    struct sl_expr **args = SL_NEW_ARRAY(arena, struct sl_expr *, 2 * json->values.count + 2);
    char *raw = sl_arena_alloc(arena, json->values.count + 1);
    size_t count = 2;

    for (size_t i = 0; i < json->values.count; i++) {
        if (is_object)
            SL_TRY(sl_binder_expr(binding, json->keys.items[i], &args[count++], err));
        raw[i] = json_is_raw(json->values.items[i]) ? 'r' : 'v';
        SL_TRY(json_value(binding, json->values.items[i], &args[count++], err));
    }
    sl_parameters_end(binding->binder, args + 2, count - 2);
    args[0] = json_word(binding, is_absent ? "ABSENT" : "NULL");
    args[1] = json_word(binding, raw);
    return sl_binder_function(binding, is_object ? "JSON_OBJECT" : "JSON_ARRAY", args, count,
                              sl_binder_offset(binding->binder, ast->ast.offset), ret_expr, err);
}

int
sl_binder_json(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
               struct sl_error *err)
{
    if (ast->json.function == SL_AST_JSON_OBJECTAGG || ast->json.function == SL_AST_JSON_ARRAYAGG)
        return sl_binder_json_aggregate(binding, ast, ret_expr, err);
    if (ast->json.filter)
        return sl_binder_refuse(binding->binder, ast->ast.offset,
                                "FILTER of a function that is no aggregate is", err);
    switch (ast->json.function) {
    case SL_AST_JSON_EXISTS:
        return json_exists(binding, ast, ret_expr, err);
    case SL_AST_JSON_VALUE:
    case SL_AST_JSON_QUERY:
        return json_path_call(binding, ast, ret_expr, err);
    default:
        return json_make(binding, ast, ret_expr, err);
    }
}

int
sl_binder_is_json(struct sl_clause *binding, const struct sl_ast_expr *ast,
                  struct sl_expr **ret_expr, struct sl_error *err)
{
    static const char *const names[] = {[SL_AST_IS_JSON] = "IS JSON",
                                        [SL_AST_IS_JSON_SCALAR] = "IS JSON SCALAR",
                                        [SL_AST_IS_JSON_ARRAY] = "IS JSON ARRAY",
                                        [SL_AST_IS_JSON_OBJECT] = "IS JSON OBJECT"};
    int offset = sl_binder_offset(binding->binder, ast->ast.offset);

    SL_TRY(sl_binder_expr(binding, ast->is.operand, ret_expr, err));
    sl_parameter_settle(binding->binder, *ret_expr, &sl_type_string);
    SL_TRY(sl_binder_function(binding, names[ast->is.test], ret_expr, 1, offset, ret_expr, err));
    return ast->is.negated ? sl_binder_function(binding, "NOT", ret_expr, 1, offset, ret_expr, err)
                           : SL_OK;
}
