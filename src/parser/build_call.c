/* Calls and their clauses, windows of OVER, the JSON functions. */
#include "parser/build.h"

#include "sql.h"

static void
build_call_args(SL_PARSE, struct sl_ast_expr *expr, const struct sl_ast_list *args)
{
    struct sl_ast_call *call = &expr->call;
    call->args = sl_build_array(parse, args, sizeof(struct sl_ast_argument), &call->arg_count);
    for (size_t i = 0; i < call->arg_count; i++)
        sl_build_under(parse, &expr->ast, &call->args[i].value->ast);
}

struct sl_ast_expr *
sl_build_call(SL_PARSE, struct sl_ast_name *name, struct sl_ast_list *args)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_CALL, name->offset);
    expr->call.name = *name;
    build_call_args(parse, expr, args);
    return expr;
}

struct sl_ast_expr *
sl_build_call_star(SL_PARSE, struct sl_ast_name *name)
{
    struct sl_ast_expr *expr = sl_build_call(parse, name, NULL);
    expr->call.star = true;
    return expr;
}

/* f(g(x) IGNORE NULLS): the grammar gives the words to g, they belong to f. */
static void
build_call_lift_nulls(struct sl_ast_call *call)
{
    if (call->nulls != SL_AST_NULLS_UNSAID || call->arg_count == 0)
        return;
    struct sl_ast_expr *last = call->args[call->arg_count - 1].value;
    if (last->ast.kind == SL_AST_EXPR_CALL && last->call.over == NULL) {
        call->nulls = last->call.nulls;
        last->call.nulls = SL_AST_NULLS_UNSAID;
    }
}

struct sl_ast_expr *
sl_build_aggregate(SL_PARSE, struct sl_ast_name *name, enum sl_ast_quantifier quantifier,
                   struct sl_ast_list *args, enum sl_ast_nulls_treatment nulls,
                   struct sl_ast_list *order_by)
{
    struct sl_ast_expr *expr = sl_build_call(parse, name, args);
    expr->call.quantifier = quantifier;
    expr->call.nulls = nulls;
    expr->call.order_by = sl_build_order(parse, order_by);
    sl_build_under_order(parse, &expr->ast, &expr->call.order_by);
    build_call_lift_nulls(&expr->call);
    return expr;
}

struct sl_ast_expr *
sl_build_call_match(SL_PARSE, struct sl_ast_expr *expr, enum sl_ast_match_semantics match)
{
    if (expr->ast.kind == SL_AST_EXPR_CALL)
        expr->call.match = match;
    return expr;
}

/* Clauses behind DESCRIPTOR(...), which is no call, are refused. */
static bool
build_call_is_call(SL_PARSE, const struct sl_ast_expr *expr)
{
    if (expr->ast.kind == SL_AST_EXPR_CALL)
        return true;
    if (parse->rc >= 0) {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX, "DESCRIPTOR takes no clauses");
        sl_error_at(parse->err, expr->ast.offset);
    }
    return false;
}

struct sl_ast_expr *
sl_build_call_over(SL_PARSE, struct sl_ast_expr *expr, struct sl_ast_window *window)
{
    if (build_call_is_call(parse, expr)) {
        expr->call.over = window;
        expr->ast.end = parse->last_end;
        sl_build_under_window(parse, &expr->ast, window);
    }
    return expr;
}

struct sl_ast_expr *
sl_build_call_nulls(SL_PARSE, struct sl_ast_expr *expr, enum sl_ast_nulls_treatment nulls)
{
    if (build_call_is_call(parse, expr)) {
        expr->call.nulls = nulls;
        expr->ast.end = parse->last_end;
    }
    return expr;
}

struct sl_ast_expr *
sl_build_call_filter(SL_PARSE, struct sl_ast_expr *expr, struct sl_ast_expr *filter)
{
    if (build_call_is_call(parse, expr)) {
        expr->call.filter = filter;
        expr->ast.end = parse->last_end;
        sl_build_under(parse, &expr->ast, &filter->ast);
    }
    return expr;
}

struct sl_ast_expr *
sl_build_call_within(SL_PARSE, struct sl_ast_expr *expr, struct sl_ast_list *order_by)
{
    if (build_call_is_call(parse, expr)) {
        expr->call.within_group = sl_build_order(parse, order_by);
        expr->ast.end = parse->last_end;
        sl_build_under_order(parse, &expr->ast, &expr->call.within_group);
    }
    return expr;
}

struct sl_ast_argument *
sl_build_argument(SL_PARSE, SL_TOKEN name, struct sl_ast_expr *value)
{
    struct sl_ast_argument *argument = SL_NEW(parse->arena, struct sl_ast_argument);
    argument->name = sl_build_identifier_value(parse, name);
    argument->value = value;
    return argument;
}

struct sl_ast_expr *
sl_build_table_argument(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name,
                        struct sl_ast_query *query, struct sl_ast_list *hints,
                        struct sl_ast_expr *partition, struct sl_ast_order_item *order)
{
    int offset = first != NULL ? first->offset : query->ast.offset;
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_TABLE, offset);
    struct sl_ast_table_argument *table = &expr->table;
    table->name = sl_build_name_value(name);
    table->query = query;
    table->hints = sl_build_list_value(hints);
    /* PARTITION BY (a, b) arrives as a row of two. */
    if (partition != NULL && partition->ast.kind == SL_AST_EXPR_ROW)
        table->partition_by = partition->items;
    else if (partition != NULL)
        table->partition_by = *sl_build_list(parse, partition);
    if (order != NULL && order->expr->ast.kind == SL_AST_EXPR_ROW) {
        const struct sl_ast_list *items = &order->expr->items;
        table->order_by.items = SL_NEW_ARRAY(parse->arena, struct sl_ast_order_item, items->count);
        table->order_by.count = items->count;
        for (size_t i = 0; i < items->count; i++)
            table->order_by.items[i] =
                (struct sl_ast_order_item){items->items[i], order->descending, order->nulls};
    } else if (order != NULL) {
        table->order_by = (struct sl_ast_order){order, 1};
    }
    sl_build_under(parse, &expr->ast, query == NULL ? NULL : &query->ast);
    sl_build_under_exprs(parse, &expr->ast, &table->partition_by);
    sl_build_under_order(parse, &expr->ast, &table->order_by);
    return expr;
}

/* ---- special forms ---- */

struct sl_ast_expr *
sl_build_bare_call(SL_PARSE, SL_TOKEN word, SL_TOKEN precision)
{
    struct sl_ast_expr *expr = sl_build_call(parse, sl_build_name(parse, word), NULL);
    expr->call.bare = true;
    if (precision != NULL) {
        struct sl_ast_expr *value =
            sl_build_literal(parse, SL_AST_LITERAL_NUMBER, precision, precision);
        value->ast.end = precision->end;
        build_call_args(parse, expr, sl_build_list(parse, sl_build_argument(parse, NULL, value)));
    }
    return expr;
}

struct sl_ast_expr *
sl_build_descriptor(SL_PARSE, SL_TOKEN first, struct sl_ast_list *columns)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_DESCRIPTOR, first->offset);
    expr->descriptor.columns = sl_build_ids(parse, columns, &expr->descriptor.count);
    return expr;
}

struct sl_ast_expr *
sl_build_special(SL_PARSE, SL_TOKEN first, const char *name, struct sl_ast_expr *a,
                 struct sl_ast_expr *b, struct sl_ast_expr *c, struct sl_ast_expr *d)
{
    struct sl_ast_expr *const values[] = {a, b, c, d};
    struct sl_ast_list *args = NULL;
    for (size_t i = 0; i < SL_COUNT_OF(values) && values[i] != NULL; i++) {
        struct sl_ast_argument *argument = sl_build_argument(parse, NULL, values[i]);
        args = args == NULL ? sl_build_list(parse, argument)
                            : sl_build_list_add(parse, args, argument);
    }
    struct sl_ast_name *call_name = sl_build_name(parse, first);
    call_name->parts[0].text = sl_text_of(name);
    return sl_build_call(parse, call_name, args);
}

struct sl_ast_expr *
sl_build_plain_call(SL_PARSE, SL_TOKEN word, struct sl_ast_list *exprs)
{
    struct sl_ast_list *args = NULL;
    for (size_t i = 0; i < exprs->count; i++) {
        struct sl_ast_argument *argument = sl_build_argument(parse, NULL, exprs->items[i]);
        args = args == NULL ? sl_build_list(parse, argument)
                            : sl_build_list_add(parse, args, argument);
    }
    return sl_build_call(parse, sl_build_name(parse, word), args);
}

/* SUBSTRING(x FOR n) is SUBSTRING(x FROM 1 FOR n). */
struct sl_ast_expr *
sl_build_substring_for(SL_PARSE, SL_TOKEN first, struct sl_ast_expr *operand,
                       struct sl_ast_expr *length)
{
    struct sl_ast_expr *one = sl_build_one(parse, first);
    return sl_build_special(parse, first, "SUBSTRING", operand, one, length, NULL);
}

struct sl_ast_expr *
sl_build_unit_expr(SL_PARSE, SL_TOKEN token)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_UNIT, token->offset);
    expr->unit = sl_ast_unit_of(token->text);
    if (expr->unit == SL_AST_UNIT_NONE && parse->rc >= 0) {
        parse->rc = SL_ERROR(parse->err, SL_E_INVALID_PARAMETER_VALUE,
                             "unit \"%.*s\" not recognized", SL_TEXT_FORMAT(token->text));
        sl_error_at(parse->err, token->offset);
    }
    return expr;
}

/* ---- ORDER BY and windows ---- */

struct sl_ast_order_item *
sl_build_order_item(SL_PARSE, struct sl_ast_expr *expr, bool descending,
                    enum sl_ast_order_nulls nulls)
{
    struct sl_ast_order_item *item = SL_NEW(parse->arena, struct sl_ast_order_item);
    item->expr = expr;
    item->descending = descending;
    item->nulls = nulls;
    return item;
}

struct sl_ast_order
sl_build_order(SL_PARSE, const struct sl_ast_list *list)
{
    struct sl_ast_order order;
    order.items = sl_build_array(parse, list, sizeof(struct sl_ast_order_item), &order.count);
    return order;
}

struct sl_ast_window *
sl_build_window_name(SL_PARSE, SL_TOKEN name)
{
    struct sl_ast_window *window = SL_NEW(parse->arena, struct sl_ast_window);
    window->base_name = sl_build_identifier_value(parse, name);
    window->offset = name->offset;
    window->end = name->end;
    return window;
}

struct sl_ast_window *
sl_build_window(SL_PARSE, SL_TOKEN first, SL_TOKEN base, struct sl_ast_list *partition_by,
                struct sl_ast_list *order_by, struct sl_ast_window *frame)
{
    struct sl_ast_window *window =
        frame != NULL ? frame : SL_NEW(parse->arena, struct sl_ast_window);
    window->base_name = sl_build_identifier_value(parse, base);
    window->parenthesised = true;
    window->partition_by = sl_build_list_value(partition_by);
    window->order_by = sl_build_order(parse, order_by);
    window->offset = first->offset;
    window->end = parse->last_end;
    return window;
}

struct sl_ast_window *
sl_build_window_define(SL_PARSE, SL_TOKEN name, struct sl_ast_window *window)
{
    window->name = sl_build_identifier_value(parse, name);
    return window;
}

struct sl_ast_window *
sl_build_frame(SL_PARSE, enum sl_ast_frame_unit unit, struct sl_ast_bound start,
               struct sl_ast_bound end)
{
    struct sl_ast_window *window = SL_NEW(parse->arena, struct sl_ast_window);
    window->frame = unit;
    window->frame_start = start;
    window->frame_end = end;
    return window;
}

struct sl_ast_bound
sl_build_bound(enum sl_ast_bound_kind kind, struct sl_ast_expr *value)
{
    return (struct sl_ast_bound){kind, value};
}

void
sl_build_under_window(SL_PARSE, struct sl_ast *node, const struct sl_ast_window *window)
{
    struct sl_ast_expr *start = window->frame_start.value, *end = window->frame_end.value;
    sl_build_under_exprs(parse, node, &window->partition_by);
    sl_build_under_order(parse, node, &window->order_by);
    sl_build_under(parse, node, start == NULL ? NULL : &start->ast);
    sl_build_under(parse, node, end == NULL ? NULL : &end->ast);
}

/* ---- JSON functions ---- */

struct sl_build_behavior
sl_build_behavior(enum sl_ast_json_behavior kind, struct sl_ast_expr *expr)
{
    return (struct sl_build_behavior){kind, expr};
}

struct sl_ast_expr *
sl_build_json_path(SL_PARSE, SL_TOKEN first, enum sl_ast_json_function function,
                   struct sl_ast_expr *input, struct sl_ast_expr *path)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_JSON, first->offset);
    expr->json.function = function;
    expr->json.input = input;
    expr->json.path = path;
    sl_build_under(parse, &expr->ast, &input->ast);
    sl_build_under(parse, &expr->ast, &path->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_json_on_error(struct sl_ast_expr *expr, struct sl_build_behavior behavior)
{
    expr->json.on_error = behavior.kind;
    expr->json.on_error_default = behavior.expr;
    return expr;
}

/* Which behaviours each function has is checked here, since the grammar has one rule for all. */
static void
build_call_check_behavior(SL_PARSE, const struct sl_ast_expr *expr,
                          enum sl_ast_json_behavior behavior)
{
    bool known = behavior == SL_AST_JSON_UNSAID || behavior == SL_AST_JSON_ERROR;
    switch (expr->json.function) {
    case SL_AST_JSON_VALUE:
        known |= behavior == SL_AST_JSON_NULL || behavior == SL_AST_JSON_DEFAULT;
        break;
    case SL_AST_JSON_QUERY:
        known |= behavior == SL_AST_JSON_NULL || behavior == SL_AST_JSON_EMPTY_ARRAY ||
                 behavior == SL_AST_JSON_EMPTY_OBJECT;
        break;
    default:
        known |= behavior == SL_AST_JSON_TRUE || behavior == SL_AST_JSON_FALSE ||
                 behavior == SL_AST_JSON_UNKNOWN;
    }
    if (known || parse->rc < 0)
        return;
    parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX,
                         "this ON EMPTY or ON ERROR clause does not belong to the JSON function");
    sl_error_at(parse->err, expr->ast.offset);
    sl_error_hint(parse->err,
                  "JSON_EXISTS takes TRUE, FALSE, UNKNOWN, ERROR; JSON_VALUE takes NULL, "
                  "ERROR, DEFAULT; JSON_QUERY takes NULL, EMPTY ARRAY, EMPTY OBJECT, ERROR");
}

struct sl_ast_expr *
sl_build_json_clauses(SL_PARSE, SL_TOKEN first, enum sl_ast_json_function function,
                      struct sl_ast_expr *input, struct sl_ast_expr *path,
                      struct sl_ast_type *returning, enum sl_ast_json_wrapper wrapper,
                      struct sl_build_on on)
{
    struct sl_ast_expr *expr = sl_build_json_path(parse, first, function, input, path);
    struct sl_ast_expr *empty = on.on_empty.expr, *error = on.on_error.expr;
    expr->json.returning = returning;
    expr->json.wrapper = wrapper;
    expr->json.on_empty = on.on_empty.kind;
    expr->json.on_error = on.on_error.kind;
    expr->json.on_empty_default = empty;
    expr->json.on_error_default = error;
    sl_build_under(parse, &expr->ast, empty == NULL ? NULL : &empty->ast);
    sl_build_under(parse, &expr->ast, error == NULL ? NULL : &error->ast);
    build_call_check_behavior(parse, expr, on.on_empty.kind);
    return expr;
}

struct sl_ast_expr *
sl_build_json_pairs(SL_PARSE, SL_TOKEN first, enum sl_ast_json_function function,
                    struct sl_ast_list *pairs, enum sl_ast_json_on_null on_null)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_JSON, first->offset);
    struct sl_ast_json *json = &expr->json;
    size_t count = pairs == NULL ? 0 : pairs->count;
    json->function = function;
    json->on_null = on_null;
    json->keys = (struct sl_ast_list){SL_NEW_ARRAY(parse->arena, void *, count), count};
    json->values = (struct sl_ast_list){SL_NEW_ARRAY(parse->arena, void *, count), count};
    for (size_t i = 0; i < count; i++) {
        const struct sl_ast_when *pair = pairs->items[i];
        json->keys.items[i] = pair->condition;
        json->values.items[i] = pair->result;
    }
    sl_build_under_exprs(parse, &expr->ast, &json->keys);
    sl_build_under_exprs(parse, &expr->ast, &json->values);
    return expr;
}

struct sl_ast_expr *
sl_build_json_values(SL_PARSE, SL_TOKEN first, enum sl_ast_json_function function,
                     struct sl_ast_list *values, struct sl_ast_list *order_by,
                     enum sl_ast_json_on_null on_null)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_JSON, first->offset);
    expr->json.function = function;
    expr->json.on_null = on_null;
    expr->json.values = sl_build_list_value(values);
    expr->json.order_by = sl_build_order(parse, order_by);
    sl_build_under_exprs(parse, &expr->ast, values);
    sl_build_under_order(parse, &expr->ast, &expr->json.order_by);
    return expr;
}

struct sl_ast_expr *
sl_build_json_done(SL_PARSE, struct sl_ast_expr *expr)
{
    expr->ast.end = parse->last_end;
    build_call_check_behavior(parse, expr, expr->json.on_error);
    return expr;
}

struct sl_ast_expr *
sl_build_json_filter(SL_PARSE, struct sl_ast_expr *expr, struct sl_ast_expr *filter)
{
    sl_build_json_done(parse, expr);
    expr->json.filter = filter;
    sl_build_under(parse, &expr->ast, &filter->ast);
    return expr;
}
