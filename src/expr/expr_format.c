/* Expressions as SQL-like text, for EXPLAIN. */
#include "expr/function.h"

#include <ctype.h>

struct format_context {
    const struct sl_schema *input;
    struct sl_buffer *to;
};

static void format_expr(struct format_context *context, const struct sl_expr *expr, bool nested);

static void
format_literal(struct format_context *context, const struct sl_value *value)
{
    static const char *const prefixes[SL_TYPE_COUNT] = {
        [SL_TYPE_DATE] = "DATE ",
        [SL_TYPE_TIME] = "TIME ",
        [SL_TYPE_TIMESTAMP] = "TIMESTAMP ",
        [SL_TYPE_TIMESTAMP_LTZ] = "TIMESTAMP_LTZ ",
        [SL_TYPE_INTERVAL_MONTH] = "INTERVAL ",
        [SL_TYPE_INTERVAL_DAY] = "INTERVAL ",
    };
    enum sl_type_kind kind = value->type->kind;
    struct sl_buffer text;

    if (value->is_null) {
        sl_buffer_add_string(context->to, "NULL");
        return;
    }
    if (kind == SL_TYPE_BOOLEAN) {
        sl_buffer_add_string(context->to, value->boolean ? "TRUE" : "FALSE");
        return;
    }
    if (sl_type_is_numeric(kind)) {
        sl_value_format(value, SL_FORM_POSTGRES, NULL, context->to);
        return;
    }
    sl_buffer_init(&text, SIZE_MAX / 2);
    sl_value_format(value, SL_FORM_POSTGRES, NULL, &text);
    if (prefixes[kind])
        sl_buffer_add_string(context->to, prefixes[kind]);
    sl_buffer_add_byte(context->to, '\'');
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\'')
            sl_buffer_add_byte(context->to, '\'');
        sl_buffer_add_byte(context->to, text.data[i]);
    }
    sl_buffer_add_byte(context->to, '\'');
    sl_buffer_done(&text);
}

static void
format_list(struct format_context *context, struct sl_expr *const *args, size_t count,
            const char *separator)
{
    for (size_t i = 0; i < count; i++) {
        sl_buffer_add_string(context->to, i ? separator : "");
        format_expr(context, args[i], false);
    }
}

/* Operators between their two arguments. */
static bool
format_is_infix(const struct sl_expr *expr)
{
    static const char *const names[] = {"=",
                                        "<>",
                                        "<",
                                        "<=",
                                        ">",
                                        ">=",
                                        "+",
                                        "-",
                                        "*",
                                        "/",
                                        "%",
                                        "||",
                                        "&",
                                        "|",
                                        "#",
                                        "<<",
                                        ">>",
                                        "AND",
                                        "OR",
                                        "IS DISTINCT FROM",
                                        "IS NOT DISTINCT FROM",
                                        "LIKE",
                                        "SIMILAR TO"};

    for (size_t i = 0; i < SL_COUNT_OF(names) && expr->arg_count == 2; i++) {
        if (strcmp(expr->function->name, names[i]) == 0)
            return true;
    }
    return false;
}

static void
format_case(struct format_context *context, const struct sl_expr *expr)
{
    sl_buffer_add_string(context->to, "CASE");
    for (size_t i = 0; i + 1 < expr->arg_count; i += 2) {
        sl_buffer_add_string(context->to, " WHEN ");
        format_expr(context, expr->args[i], false);
        sl_buffer_add_string(context->to, " THEN ");
        format_expr(context, expr->args[i + 1], false);
    }
    sl_buffer_add_string(context->to, " ELSE ");
    format_expr(context, expr->args[expr->arg_count - 1], false);
    sl_buffer_add_string(context->to, " END");
}

static void
format_in(struct format_context *context, const struct sl_expr *expr)
{
    format_expr(context, expr->args[0], true);
    sl_buffer_add_string(context->to, " IN (");
    format_list(context, expr->args + 1, expr->arg_count - 1, ", ");
    sl_buffer_add_byte(context->to, ')');
}

static void
format_field(struct format_context *context, const struct sl_expr *expr)
{
    int64_t index = 0;

    format_expr(context, expr->args[0], true);
    sl_expr_literal_integer(expr->args[1], &index);
    sl_buffer_printf(context->to, ".%s", expr->args[0]->type->fields[index].name);
}

static void
format_call(struct format_context *context, const struct sl_expr *expr, bool nested)
{
    const char *name = expr->function->name;
    bool is_infix = format_is_infix(expr), is_suffix = strncmp(name, "IS ", 3) == 0;

    if (nested && (is_infix || is_suffix || strcmp(name, "IN") == 0))
        sl_buffer_add_byte(context->to, '(');
    if (is_infix) {
        format_expr(context, expr->args[0], true);
        sl_buffer_printf(context->to, " %s ", name);
        format_expr(context, expr->args[1], true);
    } else if (is_suffix) {
        format_expr(context, expr->args[0], true);
        sl_buffer_printf(context->to, " %s", name);
    } else if (strcmp(name, "IN") == 0) {
        format_in(context, expr);
    } else if (strcmp(name, "CASE") == 0) {
        format_case(context, expr);
    } else if (strcmp(name, ".") == 0) {
        format_field(context, expr);
        return;
    } else if (strcmp(name, "[]") == 0) {
        format_expr(context, expr->args[0], true);
        sl_buffer_add_byte(context->to, '[');
        format_expr(context, expr->args[1], false);
        sl_buffer_add_byte(context->to, ']');
        return;
    } else if (expr->arg_count == 1 && (strcmp(name, "-") == 0 || strcmp(name, "NOT") == 0)) {
        sl_buffer_printf(context->to, "%s%s", name, name[0] == 'N' ? " " : "");
        format_expr(context, expr->args[0], true);
        return;
    } else if (strcmp(name, "ARRAY") == 0 || strcmp(name, "MAP") == 0) {
        sl_buffer_printf(context->to, "%s[", name);
        format_list(context, expr->args, expr->arg_count, ", ");
        sl_buffer_add_byte(context->to, ']');
        return;
    } else {
        sl_buffer_printf(context->to, "%s(", name);
        format_list(context, expr->args, expr->arg_count, ", ");
        sl_buffer_add_byte(context->to, ')');
        return;
    }
    if (nested && (is_infix || is_suffix || strcmp(name, "IN") == 0))
        sl_buffer_add_byte(context->to, ')');
}

static void
format_type(struct format_context *context, const struct sl_type *type)
{
    struct sl_type bare = *type;

    bare.nullable = true;
    sl_type_format(&bare, context->to);
}

static void
format_expr(struct format_context *context, const struct sl_expr *expr, bool nested)
{
    switch (expr->kind) {
    case SL_EXPR_COLUMN:
        if (context->input && expr->column < context->input->count)
            sl_buffer_add_string(context->to, context->input->columns[expr->column].name);
        else
            sl_buffer_printf(context->to, "$%u", expr->column);
        break;
    case SL_EXPR_PARAM:
        sl_buffer_printf(context->to, "?%u", expr->column + 1);
        break;
    case SL_EXPR_LITERAL:
        format_literal(context, &expr->value);
        break;
    case SL_EXPR_CALL:
        format_call(context, expr, nested);
        break;
    case SL_EXPR_CAST:
        sl_buffer_add_string(context->to, expr->cast == SL_CAST_TRY ? "TRY_CAST(" : "CAST(");
        format_expr(context, expr->args[0], false);
        sl_buffer_add_string(context->to, " AS ");
        format_type(context, expr->type);
        sl_buffer_add_byte(context->to, ')');
        break;
    }
}

void
sl_expr_format(const struct sl_expr *expr, const struct sl_schema *input, struct sl_buffer *to)
{
    struct format_context context = {input, to};

    format_expr(&context, expr, false);
}
