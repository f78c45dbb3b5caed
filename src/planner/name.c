/* The names of output columns that nobody named: as PostgreSQL's FigureColname would. */
#include "planner/name.h"

#include <ctype.h>

static const char *
name_lower(struct sl_arena *arena, struct sl_text text)
{
    char *lower = sl_arena_strndup(arena, text.start, text.length);

    for (char *at = lower; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return lower;
}

/* PostgreSQL's own names of types. */
static const char *
name_of_type(const struct sl_ast_type *type)
{
    switch (type->type) {
    case SL_AST_TYPE_BOOLEAN:
        return "bool";
    case SL_AST_TYPE_TINYINT:
    case SL_AST_TYPE_SMALLINT:
        return "int2";
    case SL_AST_TYPE_INT:
        return "int4";
    case SL_AST_TYPE_BIGINT:
        return "int8";
    case SL_AST_TYPE_FLOAT:
        return "float4";
    case SL_AST_TYPE_DOUBLE:
        return "float8";
    case SL_AST_TYPE_DECIMAL:
        return "numeric";
    case SL_AST_TYPE_CHAR:
        return "bpchar";
    case SL_AST_TYPE_VARCHAR:
        return "varchar";
    case SL_AST_TYPE_STRING:
        return "text";
    case SL_AST_TYPE_BINARY:
    case SL_AST_TYPE_VARBINARY:
    case SL_AST_TYPE_BYTES:
        return "bytea";
    case SL_AST_TYPE_DATE:
        return "date";
    case SL_AST_TYPE_TIME:
        return "time";
    case SL_AST_TYPE_TIMESTAMP:
        return "timestamp";
    case SL_AST_TYPE_TIMESTAMP_LTZ:
        return "timestamptz";
    case SL_AST_TYPE_INTERVAL:
        return "interval";
    case SL_AST_TYPE_ARRAY:
        return "array";
    case SL_AST_TYPE_ROW:
        return "row";
    default:
        return NULL;
    }
}

static const char *
name_of_json(enum sl_ast_json_function function)
{
    static const char *const names[] = {
        [SL_AST_JSON_EXISTS] = "json_exists",    [SL_AST_JSON_VALUE] = "json_value",
        [SL_AST_JSON_QUERY] = "json_query",      [SL_AST_JSON_OBJECT] = "json_object",
        [SL_AST_JSON_ARRAY] = "json_array",      [SL_AST_JSON_OBJECTAGG] = "json_objectagg",
        [SL_AST_JSON_ARRAYAGG] = "json_arrayagg"};

    return names[function];
}

/* NULL where the expression has no name of its own; *is_weak for a name that only comes from a type
 * or a CASE. */
static const char *
name_find(struct sl_arena *arena, const struct sl_ast_expr *ast, bool *is_weak)
{
    const char *name;

    *is_weak = false;
    switch (ast->ast.kind) {
    case SL_AST_EXPR_COLUMN: {
        const struct sl_ast_identifier *last = &ast->column.parts[ast->column.count - 1];

        return sl_arena_strndup(arena, last->text.start, last->text.length);
    }
    case SL_AST_EXPR_FIELD:
        return sl_arena_strndup(arena, ast->field.name.text.start, ast->field.name.text.length);
    case SL_AST_EXPR_CALL:
        return name_lower(arena, ast->call.name.parts[ast->call.name.count - 1].text);
    case SL_AST_EXPR_JSON:
        return name_of_json(ast->json.function);
    case SL_AST_EXPR_CAST:
        name = name_find(arena, ast->cast.operand, is_weak);
        if (name && !*is_weak)
            return name;
        *is_weak = true;
        return name_of_type(ast->cast.type);
    case SL_AST_EXPR_CASE:
        name = ast->case_.otherwise ? name_find(arena, ast->case_.otherwise, is_weak) : NULL;
        if (name && !*is_weak)
            return name;
        *is_weak = true;
        return "case";
    case SL_AST_EXPR_ELEMENT:
        return name_find(arena, ast->element.operand, is_weak);
    case SL_AST_EXPR_ROW:
        return "row";
    case SL_AST_EXPR_ARRAY:
        return "array";
    case SL_AST_EXPR_MAP:
        return "map";
    default:
        return NULL;
    }
}

const char *
sl_binder_output_name(struct sl_arena *arena, const struct sl_ast_expr *ast)
{
    bool is_weak;
    const char *name = name_find(arena, ast, &is_weak);

    return name ? name : "?column?";
}
