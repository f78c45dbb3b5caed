/* Functions in SQL.  A call is replaced by the function's expression with the arguments in the
 * parameters' places; plans know nothing of the function any more.
 *
 *     CREATE FUNCTION f(a INT, b INT) RETURNS INT RETURN a * 2 + b
 *     SELECT f(x, 1) FROM t    ─▶    SELECT x * 2 + 1 FROM t */
#include "planner/bind.h"

#include <ctype.h>
#include <strings.h>

#define FUNCTION_DEPTH_MAX 32
#define FUNCTION_NODES_MAX 100000 /* of a call's expression with all functions inside replaced */

/* --- calls --- */

static const char *
function_signature(struct sl_arena *arena, const struct sl_sql_function *function)
{
    const char *text = sl_arena_printf(arena, "%s(", function->name);

    for (size_t i = 0; function->parameters && i < function->parameters->field_count; i++)
        text = sl_arena_printf(arena, "%s%s%s %s", text, i ? ", " : "",
                               function->parameters->fields[i].name,
                               sl_type_text(arena, function->parameters->fields[i].type));
    return sl_arena_printf(arena, "%s)", text);
}

static size_t
function_parameter_count(const struct sl_sql_function *function)
{
    return function->parameters ? function->parameters->field_count : 0;
}

static int
function_refuse(struct sl_binder *binder, const struct sl_sql_function *function,
                struct sl_expr *const *args, size_t arg_count, int offset, struct sl_error *err)
{
    const char *types = "";

    for (size_t i = 0; i < arg_count; i++)
        types = sl_arena_printf(
            binder->arena, "%s%s%s", types, i ? ", " : "",
            sl_type_text(binder->arena, sl_type_nullable(binder->arena, args[i]->type, true)));
    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "function %s(%s) does not exist", function->name, types);
    sl_error_hint(err, "there is %s", function_signature(binder->arena, function));
    return sl_error_at(err, offset);
}

/* Casts the arguments to the parameters' types, as for an INSERT. */
static int
function_coerce(struct sl_binder *binder, const struct sl_sql_function *function,
                struct sl_expr **args, size_t arg_count, int offset, struct sl_error *err)
{
    if (arg_count != function_parameter_count(function))
        return function_refuse(binder, function, args, arg_count, offset, err);
    for (size_t i = 0; i < arg_count; i++) {
        const struct sl_type *type = function->parameters->fields[i].type;

        sl_parameter_settle(binder, args[i], type);
        if (!sl_type_is_assignable(args[i]->type, type))
            return function_refuse(binder, function, args, arg_count, offset, err);
        if (sl_type_equal(args[i]->type, type))
            continue;
        type = sl_type_nullable(binder->arena, type, args[i]->type->nullable);
        SL_TRY(sl_expr_cast(binder->arena, args[i], type, SL_CAST_IMPLICIT, offset, &args[i], err));
    }
    return SL_OK;
}

/* The parameters as columns, with the types that the arguments have. */
static struct sl_schema *
function_columns(struct sl_binder *binder, const struct sl_sql_function *function,
                 struct sl_expr *const *args)
{
    size_t count = function_parameter_count(function);
    struct sl_schema *columns = sl_schema_new(binder->arena, count);

    for (size_t i = 0; i < count; i++) {
        columns->columns[i].name = function->parameters->fields[i].name;
        columns->columns[i].type = args ? args[i]->type : function->parameters->fields[i].type;
    }
    return columns;
}

static int
function_bind_body(struct sl_binder *binder, const struct sl_sql_function *function,
                   const struct sl_schema *columns, struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_binder inner = *binder;
    struct sl_scope scope = {.columns = columns};
    struct sl_clause clause = {.binder = &inner, .scope = &scope, .clause = "a function in SQL"};
    struct sl_ast_expr *ast;

    inner.schema = function->body_schema;
    inner.session_id = function->session;
    inner.hide_positions = true;
    inner.ctes = NULL;
    inner.function_columns = columns;
    inner.function_depth++;
    SL_TRY(sl_parse_expression(binder->arena, sl_text_of(function->body), NULL, &ast, err));
    SL_TRY(sl_binder_expr(&clause, ast, ret_expr, err));
    if (sl_type_equal((*ret_expr)->type, function->type))
        return SL_OK;
    if ((*ret_expr)->type->kind == SL_TYPE_NULL ||
        sl_type_is_assignable((*ret_expr)->type, function->type))
        return sl_expr_cast(
            binder->arena, *ret_expr,
            sl_type_nullable(binder->arena, function->type, (*ret_expr)->type->nullable),
            SL_CAST_IMPLICIT, -1, ret_expr, err);
    SL_ERROR(err, SL_E_INVALID_FUNCTION_DEFINITION, "the body is of type %s, RETURNS says %s",
             sl_type_text(binder->arena, sl_type_nullable(binder->arena, (*ret_expr)->type, true)),
             sl_type_text(binder->arena, function->type));
    return sl_error_hint(err, "CAST the body");
}

static bool
function_count_node(const struct sl_expr *expr, void *arg)
{
    return --*(size_t *)arg > 0;
}

static void
function_note_use(struct sl_binder *binder, const struct sl_sql_function *function)
{
    struct sl_function_use *use;

    if (!binder->function_uses)
        return;
    use = SL_NEW(binder->arena, struct sl_function_use);
    *use = (struct sl_function_use){function->session, function->schema, function->name,
                                    *binder->function_uses};
    *binder->function_uses = use;
}

static bool
function_is_same(const struct sl_sql_function *a, const struct sl_sql_function *b)
{
    return a->session == b->session && sl_equal_nocase(a->schema, b->schema) &&
           sl_equal_nocase(a->name, b->name);
}

struct function_column_uses {
    uint32_t column;
    size_t count;
};

static bool
function_count_uses(const struct sl_expr *expr, void *arg)
{
    struct function_column_uses *uses = arg;

    uses->count += expr->kind == SL_EXPR_COLUMN && expr->column == uses->column;
    return true;
}

/* RAND() in two places would be two numbers. */
static int
function_check_volatile(const struct sl_sql_function *function, const struct sl_expr *body,
                        struct sl_expr *const *args, size_t arg_count, struct sl_error *err)
{
    for (uint32_t i = 0; i < arg_count; i++) {
        struct function_column_uses uses = {i, 0};

        if (!sl_expr_is_volatile(args[i]))
            continue;
        sl_expr_walk(body, function_count_uses, &uses);
        if (uses.count < 2)
            continue;
        SL_ERROR(
            err, SL_E_NOT_SUPPORTED,
            "a random value as the parameter \"%s\", which the function uses %zu times, is not "
            "supported",
            function->parameters->fields[i].name, uses.count);
        return sl_error_hint(err, "compute it in a subquery");
    }
    return SL_OK;
}

static int
function_inline(struct sl_binder *binder, const struct sl_sql_function *function,
                struct sl_expr **args, size_t arg_count, int offset, struct sl_expr **ret_expr,
                struct sl_error *err)
{
    size_t left = FUNCTION_NODES_MAX;

    if (binder->making && function_is_same(function, binder->making))
        return SL_ERROR(err, SL_E_NOT_SUPPORTED, "a function that calls itself is not supported");
    if (binder->function_depth >= FUNCTION_DEPTH_MAX)
        return SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "functions are nested more than %d levels deep",
                        FUNCTION_DEPTH_MAX);
    SL_TRY(function_coerce(binder, function, args, arg_count, offset, err));
    if (function_bind_body(binder, function, function_columns(binder, function, args), ret_expr,
                           err) < 0)
        return sl_error_prefix(err, "function \"%s\"", function->name);
    SL_TRY(function_check_volatile(function, *ret_expr, args, arg_count, err));
    *ret_expr = sl_expr_substitute(binder->arena, *ret_expr, args);
    if (!sl_expr_walk(*ret_expr, function_count_node, &left))
        return SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                        "a call of function \"%s\" has more than %d parts once its functions are "
                        "replaced by what they stand for",
                        function->name, FUNCTION_NODES_MAX);
    return SL_OK;
}

int
sl_binder_sql_function(struct sl_clause *binding, const struct sl_ast_name *name,
                       struct sl_expr **args, size_t arg_count, struct sl_expr **ret_expr,
                       struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    int offset = sl_binder_offset(binder, name->offset);
    const struct sl_sql_function *function;

    if (!sl_binder_find_function(binder, name, &function))
        return SL_EOF;
    function_note_use(binder, function);
    if (function_inline(binder, function, args, arg_count, offset, ret_expr, err) < 0)
        return sl_error_at(err, offset);
    return SL_OK;
}

bool
sl_binder_find_function(struct sl_binder *binder, const struct sl_ast_name *name,
                        const struct sl_sql_function **ret_function)
{
    const char *schema, *function_name;
    struct sl_error err;

    if (!binder->context->catalog || (name->count == 1 && sl_function_exists(name->parts[0].text)))
        return false;
    return sl_binder_split_name(binder, name, &schema, &function_name, &err) == SL_OK &&
           sl_catalog_find_function(binder->context->catalog, binder->arena, binder->session_id,
                                    schema, function_name, ret_function);
}

/* $1 in a body. */
int
sl_binder_function_parameter(struct sl_clause *binding, const struct sl_ast_expr *ast,
                             struct sl_expr **ret_expr, struct sl_error *err)
{
    const struct sl_schema *columns = binding->binder->function_columns;
    int index = ast->parameter;

    if (index < 1 || (size_t)index > columns->count) {
        SL_ERROR(err, SL_E_UNDEFINED_PARAMETER, "there is no parameter $%d, the function has %zu",
                 index, columns->count);
        return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
    }
    *ret_expr = sl_log_column(binding->binder->arena, columns, (uint32_t)index - 1);
    return SL_OK;
}

/* --- CREATE FUNCTION --- */

/* PostgreSQL's bodies are queries: of "SELECT expression;" the expression. */
static struct sl_text
function_body_text(struct sl_text text)
{
    while (text.length && isspace((unsigned char)*text.start)) {
        text.start++;
        text.length--;
    }
    while (text.length && (isspace((unsigned char)text.start[text.length - 1]) ||
                           text.start[text.length - 1] == ';'))
        text.length--;
    if (text.length > 6 && strncasecmp(text.start, "SELECT", 6) == 0 &&
        isspace((unsigned char)text.start[6])) {
        text.start += 6;
        text.length -= 6;
    }
    return text;
}

static int
function_check_form(struct sl_binder *binder, const struct sl_ast_create_function *create,
                    struct sl_error *err)
{
    bool is_sql = create->language.start && sl_text_equal_nocase(create->language, SL_TEXT("SQL"));

    if (create->system)
        return sl_binder_refuse(binder, create->ast.offset, "a TEMPORARY SYSTEM FUNCTION is", err);
    if (create->resources.count || create->options.count || (create->language.start && !is_sql) ||
        !create->returns) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "functions in %.*s are not supported",
                 create->language.start && !is_sql ? (int)create->language.length : 4,
                 create->language.start && !is_sql ? create->language.start : "JAVA");
        sl_error_hint(err, "functions in SQL are: CREATE FUNCTION f(a INT) RETURNS INT "
                           "RETURN a + 1");
        return sl_error_at(err, create->name.offset);
    }
    if (create->body || create->class_name.start)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_FUNCTION_DEFINITION, "the function has no body");
    sl_error_hint(err, "RETURN expression, or LANGUAGE SQL AS $$ expression $$");
    return sl_error_at(err, create->name.offset);
}

static int
function_bind_parameters(struct sl_binder *binder, const struct sl_ast_create_function *create,
                         struct sl_sql_function *function, struct sl_error *err)
{
    size_t count = create->parameters.count;
    struct sl_field *fields = SL_NEW_ARRAY(binder->arena, struct sl_field, count + 1);

    for (size_t i = 0; i < count; i++) {
        const struct sl_ast_parameter *parameter = create->parameters.items[i];

        fields[i].name = sl_binder_name(binder, &parameter->name);
        SL_TRY(sl_binder_type(binder, parameter->type, &fields[i].type, err));
        fields[i].type = sl_type_nullable(binder->arena, fields[i].type, true);
        for (size_t j = 0; j < i; j++) {
            if (!sl_equal_nocase(fields[i].name, fields[j].name))
                continue;
            SL_ERROR(err, SL_E_INVALID_FUNCTION_DEFINITION,
                     "parameter name \"%s\" is used more than once", fields[i].name);
            return sl_error_at(err, parameter->name.offset);
        }
    }
    if (count)
        function->parameters = sl_type_row(binder->arena, fields, count);
    SL_TRY(sl_binder_type(binder, create->returns, &function->type, err));
    function->type = sl_type_nullable(binder->arena, function->type, true);
    return SL_OK;
}

/* What goes by the old definition must fit the new one. */
static int
function_check_replaced(struct sl_binder *binder, const struct sl_sql_function *function,
                        struct sl_error *err)
{
    const struct sl_sql_function *there;

    if (!sl_catalog_find_function(binder->context->catalog, binder->arena, function->session,
                                  function->schema, function->name, &there) ||
        there->session != function->session)
        return SL_OK;
    if (sl_type_equal(there->type, function->type) && !there->parameters == !function->parameters &&
        (!there->parameters || sl_type_equal(there->parameters, function->parameters)))
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_FUNCTION_DEFINITION,
             "cannot change the parameters or the type of function %s, which RETURNS %s",
             function_signature(binder->arena, there), sl_type_text(binder->arena, there->type));
    return sl_error_hint(err, "DROP FUNCTION it first");
}

static int
function_check_name(struct sl_binder *binder, const struct sl_ast_create_function *create,
                    const struct sl_sql_function *function, struct sl_error *err)
{
    if (!sl_function_exists(sl_text_of(function->name)) &&
        !sl_aggregate_exists(sl_text_of(function->name)))
        return SL_OK;
    SL_ERROR(err, SL_E_DUPLICATE_FUNCTION, "\"%s\" is a built-in function", function->name);
    return sl_error_at(err, create->name.offset);
}

int
sl_plan_create_function(struct sl_plan_context *context, const struct sl_ast *statement,
                        struct sl_sql_function **ret_function, struct sl_error *err)
{
    const struct sl_ast_create_function *create = (const struct sl_ast_create_function *)statement;
    struct sl_sql_function *function = SL_NEW(context->arena, struct sl_sql_function);
    struct sl_text body;
    struct sl_binder binder;
    struct sl_expr *expr;

    SL_TRY(sl_binder_init(&binder, context, err));
    SL_TRY(function_check_form(&binder, create, err));
    function->session = create->temporary ? context->session_id : 0;
    SL_TRY(sl_binder_new_name(&binder, &create->name, &function->schema, &function->name, err));
    SL_TRY(function_check_name(&binder, create, function, err));
    SL_TRY(function_bind_parameters(&binder, create, function, err));
    body = create->body
               ? (struct sl_text){context->sql.start + create->body->ast.offset,
                                  (size_t)(create->body->ast.end - create->body->ast.offset)}
               : function_body_text(create->class_name);
    function->body = sl_arena_strndup(context->arena, body.start, body.length);
    function->body_schema = context->schema;
    if (create->replace)
        SL_TRY(function_check_replaced(&binder, function, err));
    binder.making = function;
    if (function_bind_body(&binder, function, function_columns(&binder, function, NULL), &expr,
                           err) < 0) {
        err->offset = -1;
        return sl_error_at(err, create->body ? create->body->ast.offset : create->body_offset);
    }
    *ret_function = function;
    return SL_OK;
}

/* --- who uses it --- */

static bool
function_is_used(const struct sl_function_use *use, const struct sl_sql_function *function)
{
    for (; use; use = use->next) {
        struct sl_sql_function used = {
            .session = use->session, .schema = use->schema, .name = use->name};

        if (function_is_same(&used, function))
            return true;
    }
    return false;
}

/* A table's computed columns and watermark, a view's query. */
static bool
function_relation_uses(struct sl_plan_context *context, const struct sl_table *table,
                       const struct sl_sql_function *function)
{
    const char *text = sl_arena_printf(context->arena, "SELECT * FROM %s.%s",
                                       sl_quote_name(context->arena, table->schema),
                                       sl_quote_name(context->arena, table->name));
    struct sl_function_use *uses = NULL;
    struct sl_ast_query *query;
    struct sl_log_node *node;
    struct sl_binder binder;
    struct sl_error err;

    if (sl_binder_init(&binder, context, &err) < 0 ||
        sl_parse_query(context->arena, sl_text_of(text), NULL, &query, &err) < 0)
        return false;
    binder.session_id = table->session;
    binder.function_uses = &uses;
    sl_binder_query(&binder, query, &node, &err);
    return function_is_used(uses, function);
}

static bool
function_body_uses(struct sl_plan_context *context, const struct sl_sql_function *user,
                   const struct sl_sql_function *function)
{
    struct sl_function_use *uses = NULL;
    struct sl_binder binder;
    struct sl_error err;
    struct sl_expr *expr;

    if (function_is_same(user, function) || sl_binder_init(&binder, context, &err) < 0)
        return false;
    binder.function_uses = &uses;
    function_bind_body(&binder, user, function_columns(&binder, user, NULL), &expr, &err);
    return function_is_used(uses, function);
}

const char *
sl_plan_function_user(struct sl_plan_context *context, const struct sl_sql_function *function)
{
    const struct sl_sql_function **functions;
    const struct sl_table **tables;
    size_t count = sl_catalog_list_tables(context->catalog, context->arena, context->session_id,
                                          NULL, &tables);

    for (size_t i = 0; i < count; i++) {
        if (function_relation_uses(context, tables[i], function))
            return sl_arena_printf(context->arena, "%s \"%s\"",
                                   tables[i]->kind == SL_RELATION_VIEW ? "view" : "table",
                                   tables[i]->name);
    }
    count = sl_catalog_list_functions(context->catalog, context->arena, context->session_id, NULL,
                                      &functions);
    for (size_t i = 0; i < count; i++) {
        if (function_body_uses(context, functions[i], function))
            return sl_arena_printf(context->arena, "function \"%s\"", functions[i]->name);
    }
    return NULL;
}

int
sl_plan_find_function(struct sl_plan_context *context, const struct sl_ast_name *name,
                      const struct sl_sql_function **ret_function, struct sl_error *err)
{
    struct sl_binder binder;

    SL_TRY(sl_binder_init(&binder, context, err));
    if (sl_binder_find_function(&binder, name, ret_function))
        return SL_OK;
    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "function \"%s\" does not exist",
             sl_binder_name(&binder, &name->parts[name->count - 1]));
    return sl_error_at(err, name->offset);
}

const char *
sl_show_create_function(struct sl_arena *arena, const struct sl_sql_function *function)
{
    const char *text = sl_arena_printf(
        arena, "CREATE %sFUNCTION %s.%s(", function->session ? "TEMPORARY " : "",
        sl_quote_name(arena, function->schema), sl_quote_name(arena, function->name));

    for (size_t i = 0; i < function_parameter_count(function); i++)
        text = sl_arena_printf(arena, "%s%s%s %s", text, i ? ", " : "",
                               sl_quote_name(arena, function->parameters->fields[i].name),
                               sl_type_text(arena, function->parameters->fields[i].type));
    return sl_arena_printf(arena, "%s) RETURNS %s RETURN %s", text,
                           sl_type_text(arena, function->type), function->body);
}
