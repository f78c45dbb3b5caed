/* The tree as an S-expression: expressions and types.  It says everything that the parser
 * understood but positions: two texts with the same dump mean the same. */
#include "parser/dump.h"

void
sl_dump_flag(struct sl_buffer *buffer, bool set, const char *name)
{
    if (set)
        sl_buffer_printf(buffer, " :%s", name);
}

void
sl_dump_string(struct sl_buffer *buffer, struct sl_text text)
{
    sl_buffer_add_string(buffer, " '");
    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] == '\'')
            sl_buffer_add_byte(buffer, '\'');
        sl_buffer_add_byte(buffer, text.start[i]);
    }
    sl_buffer_add_byte(buffer, '\'');
}

void
sl_dump_text(struct sl_buffer *buffer, const char *name, struct sl_text text)
{
    if (text.start == NULL)
        return;
    sl_buffer_printf(buffer, " (%s", name);
    sl_dump_string(buffer, text);
    sl_buffer_add_byte(buffer, ')');
}

void
sl_dump_identifier(struct sl_buffer *buffer, const struct sl_ast_identifier *identifier)
{
    sl_buffer_add_byte(buffer, ' ');
    sl_buffer_add_text(buffer, identifier->text);
}

void
sl_dump_name(struct sl_buffer *buffer, const struct sl_ast_name *name)
{
    for (size_t i = 0; i < name->count; i++) {
        sl_buffer_add_byte(buffer, i == 0 ? ' ' : '.');
        sl_buffer_add_text(buffer, name->parts[i].text);
    }
}

void
sl_dump_identifiers(struct sl_buffer *buffer, const char *name,
                    const struct sl_ast_identifier *items, size_t count)
{
    if (count == 0)
        return;
    sl_buffer_printf(buffer, " (%s", name);
    for (size_t i = 0; i < count; i++)
        sl_dump_identifier(buffer, &items[i]);
    sl_buffer_add_byte(buffer, ')');
}

void
sl_dump_names(struct sl_buffer *buffer, const char *name, const struct sl_ast_list *list)
{
    if (list->count == 0)
        return;
    sl_buffer_printf(buffer, " (%s", name);
    for (size_t i = 0; i < list->count; i++)
        sl_dump_name(buffer, list->items[i]);
    sl_buffer_add_byte(buffer, ')');
}

void
sl_dump_options(struct sl_buffer *buffer, const char *name, const struct sl_ast_options *options)
{
    if (options->count == 0)
        return;
    sl_buffer_printf(buffer, " (%s", name);
    for (size_t i = 0; i < options->count; i++) {
        sl_dump_string(buffer, options->items[i].key);
        if (options->items[i].value.start != NULL) {
            sl_buffer_add_string(buffer, " =");
            sl_dump_string(buffer, options->items[i].value);
        }
    }
    sl_buffer_add_byte(buffer, ')');
}

void
sl_dump_hints(struct sl_buffer *buffer, const struct sl_ast_list *hints)
{
    for (size_t i = 0; i < hints->count; i++) {
        const struct sl_ast_hint *hint = hints->items[i];
        sl_buffer_add_string(buffer, " (hint");
        sl_dump_identifier(buffer, &hint->name);
        for (size_t j = 0; j < hint->item_count; j++)
            sl_dump_identifier(buffer, &hint->items[j]);
        sl_dump_options(buffer, "options", &hint->options);
        sl_buffer_add_byte(buffer, ')');
    }
}

/* ---- types ---- */

static const char *const dump_type_names[] = {
    "NAMED",         "BOOLEAN",      "TINYINT",  "SMALLINT", "INT",      "BIGINT",
    "FLOAT",         "DOUBLE",       "DECIMAL",  "CHAR",     "VARCHAR",  "STRING",
    "BINARY",        "VARBINARY",    "BYTES",    "DATE",     "TIME",     "TIMESTAMP",
    "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "INTERVAL", "ARRAY",    "MULTISET", "MAP",
    "ROW",           "STRUCTURED",   "RAW",      "VARIANT",  "NULL",     "DESCRIPTOR",
};

static void
dump_units(struct sl_buffer *buffer, enum sl_ast_unit start, enum sl_ast_unit end)
{
    if (start != SL_AST_UNIT_NONE)
        sl_buffer_printf(buffer, " %s", sl_ast_unit_name(start));
    if (end != SL_AST_UNIT_NONE)
        sl_buffer_printf(buffer, " TO %s", sl_ast_unit_name(end));
}

static void
dump_precision(struct sl_buffer *buffer, int precision, int scale)
{
    if (precision >= 0)
        sl_buffer_printf(buffer, " :precision %d", precision);
    if (scale >= 0)
        sl_buffer_printf(buffer, " :scale %d", scale);
}

/* INT, (DECIMAL 10 2), (ARRAY INT), (ROW (a INT) (b STRING 'comment')) */
void
sl_dump_type(struct sl_buffer *buffer, const struct sl_ast_type *type)
{
    size_t start = buffer->length;
    bool plain = true;
    sl_buffer_add_string(buffer, " (");
    if (type->type == SL_AST_TYPE_NAMED) {
        buffer->length--;
        sl_buffer_add_string(buffer, "(type");
        sl_dump_name(buffer, &type->name);
        plain = false;
    } else {
        sl_buffer_add_string(buffer, dump_type_names[type->type]);
    }
    size_t bare = buffer->length;
    dump_units(buffer, type->unit_start, type->unit_end);
    dump_precision(buffer, type->precision, type->scale);
    if (type->class_name.start != NULL)
        sl_dump_string(buffer, type->class_name);
    if (type->snapshot.start != NULL)
        sl_dump_string(buffer, type->snapshot);
    if (type->key != NULL)
        sl_dump_type(buffer, type->key);
    if (type->element != NULL)
        sl_dump_type(buffer, type->element);
    for (size_t i = 0; i < type->field_count; i++) {
        sl_buffer_add_string(buffer, " (field");
        sl_dump_identifier(buffer, &type->fields[i].name);
        sl_dump_type(buffer, type->fields[i].type);
        if (type->fields[i].comment.start != NULL)
            sl_dump_string(buffer, type->fields[i].comment);
        sl_buffer_add_byte(buffer, ')');
    }
    sl_dump_flag(buffer, type->not_null, "not-null");
    sl_dump_flag(buffer, type->null, "null");
    if (plain && buffer->length == bare) { /* nothing but the name: no parentheses */
        memmove(buffer->data + start + 1, buffer->data + start + 2, bare - start - 2);
        buffer->length--;
        buffer->data[buffer->length] = '\0';
        return;
    }
    sl_buffer_add_byte(buffer, ')');
}

/* ---- expressions ---- */

void
sl_dump_clause(struct sl_buffer *buffer, const char *name, const struct sl_ast_expr *expr)
{
    if (expr == NULL)
        return;
    sl_buffer_printf(buffer, " (%s", name);
    sl_dump_expr(buffer, expr);
    sl_buffer_add_byte(buffer, ')');
}

void
sl_dump_exprs(struct sl_buffer *buffer, const char *name, const struct sl_ast_list *list)
{
    if (list->count == 0)
        return;
    sl_buffer_printf(buffer, " (%s", name);
    for (size_t i = 0; i < list->count; i++)
        sl_dump_expr(buffer, list->items[i]);
    sl_buffer_add_byte(buffer, ')');
}

void
sl_dump_order(struct sl_buffer *buffer, const char *name, const struct sl_ast_order *order)
{
    if (order->count == 0)
        return;
    sl_buffer_printf(buffer, " (%s", name);
    for (size_t i = 0; i < order->count; i++) {
        const struct sl_ast_order_item *item = &order->items[i];
        bool plain = !item->descending && item->nulls == SL_AST_NULLS_DEFAULT;
        if (!plain)
            sl_buffer_add_string(buffer, item->descending ? " (desc" : " (asc");
        sl_dump_expr(buffer, item->expr);
        sl_dump_flag(buffer, item->nulls == SL_AST_NULLS_FIRST, "nulls-first");
        sl_dump_flag(buffer, item->nulls == SL_AST_NULLS_LAST, "nulls-last");
        if (!plain)
            sl_buffer_add_byte(buffer, ')');
    }
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_bound(struct sl_buffer *buffer, const struct sl_ast_bound *bound)
{
    static const char *const names[] = {"unbounded-preceding", "preceding", "current-row",
                                        "following", "unbounded-following"};
    if (bound->value != NULL)
        sl_dump_clause(buffer, names[bound->kind], bound->value);
    else
        sl_buffer_printf(buffer, " %s", names[bound->kind]);
}

void
sl_dump_window(struct sl_buffer *buffer, const struct sl_ast_window *window)
{
    static const char *const frames[] = {"", "rows", "range", "groups"};
    sl_buffer_add_string(buffer, " (window");
    if (window->name.text.start != NULL)
        sl_dump_identifiers(buffer, "name", &window->name, 1);
    if (window->base_name.text.start != NULL)
        sl_dump_identifier(buffer, &window->base_name);
    sl_dump_exprs(buffer, "partition-by", &window->partition_by);
    sl_dump_order(buffer, "order-by", &window->order_by);
    if (window->frame != SL_AST_FRAME_UNSAID) {
        sl_buffer_printf(buffer, " (%s", frames[window->frame]);
        dump_bound(buffer, &window->frame_start);
        dump_bound(buffer, &window->frame_end);
        sl_buffer_add_byte(buffer, ')');
    }
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_literal(struct sl_buffer *buffer, const struct sl_ast_literal *literal)
{
    static const char *const names[] = {
        [SL_AST_LITERAL_BINARY] = "binary",     [SL_AST_LITERAL_DATE] = "date",
        [SL_AST_LITERAL_TIME] = "time",         [SL_AST_LITERAL_TIMESTAMP] = "timestamp",
        [SL_AST_LITERAL_INTERVAL] = "interval", [SL_AST_LITERAL_TIMESTAMP_LTZ] = "timestamp_ltz",
    };
    switch (literal->kind) {
    case SL_AST_LITERAL_NULL:
        sl_buffer_add_string(buffer, " null");
        return;
    case SL_AST_LITERAL_BOOLEAN:
        sl_buffer_add_string(buffer, literal->boolean ? " true" : " false");
        return;
    case SL_AST_LITERAL_NUMBER:
        sl_buffer_add_byte(buffer, ' ');
        sl_buffer_add_text(buffer, literal->text);
        return;
    case SL_AST_LITERAL_STRING:
        sl_dump_string(buffer, literal->text);
        return;
    default:
        break;
    }
    sl_buffer_printf(buffer, " (%s", names[literal->kind]);
    if (literal->kind == SL_AST_LITERAL_BINARY) {
        sl_buffer_add_byte(buffer, ' ');
        for (size_t i = 0; i < literal->text.length; i++)
            sl_buffer_printf(buffer, "%02x", (unsigned char)literal->text.start[i]);
    } else {
        sl_buffer_add_string(buffer, literal->negative ? " -" : "");
        sl_dump_string(buffer, literal->text);
    }
    dump_units(buffer, literal->unit_start, literal->unit_end);
    dump_precision(buffer, literal->precision, literal->scale);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_call(struct sl_buffer *buffer, const struct sl_ast_call *call)
{
    sl_buffer_add_string(buffer, " (call");
    sl_dump_name(buffer, &call->name);
    sl_dump_flag(buffer, call->bare, "bare");
    sl_dump_flag(buffer, call->star, "star");
    sl_dump_flag(buffer, call->quantifier == SL_AST_DISTINCT, "distinct");
    sl_dump_flag(buffer, call->quantifier == SL_AST_ALL, "all");
    sl_dump_flag(buffer, call->match == SL_AST_MATCH_FINAL, "final");
    sl_dump_flag(buffer, call->match == SL_AST_MATCH_RUNNING, "running");
    for (size_t i = 0; i < call->arg_count; i++) {
        bool named = call->args[i].name.text.start != NULL;
        if (named) {
            sl_buffer_add_string(buffer, " (=>");
            sl_dump_identifier(buffer, &call->args[i].name);
        }
        sl_dump_expr(buffer, call->args[i].value);
        if (named)
            sl_buffer_add_byte(buffer, ')');
    }
    sl_dump_order(buffer, "order-by", &call->order_by);
    sl_dump_order(buffer, "within-group", &call->within_group);
    sl_dump_clause(buffer, "filter", call->filter);
    sl_dump_flag(buffer, call->nulls == SL_AST_NULLS_IGNORE, "ignore-nulls");
    sl_dump_flag(buffer, call->nulls == SL_AST_NULLS_RESPECT, "respect-nulls");
    if (call->over != NULL)
        sl_dump_window(buffer, call->over);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_behavior(struct sl_buffer *buffer, const char *name, enum sl_ast_json_behavior behavior,
              const struct sl_ast_expr *expr)
{
    static const char *const names[] = {
        "", "null", "error", "default", "empty-array", "empty-object", "true", "false", "unknown"};
    if (behavior == SL_AST_JSON_UNSAID)
        return;
    sl_buffer_printf(buffer, " (%s %s", name, names[behavior]);
    if (expr != NULL)
        sl_dump_expr(buffer, expr);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_json(struct sl_buffer *buffer, const struct sl_ast_json *json)
{
    static const char *const names[] = {"json_exists",  "json_value", "json_query",
                                        "json_object",  "json_array", "json_objectagg",
                                        "json_arrayagg"};
    sl_buffer_printf(buffer, " (%s", names[json->function]);
    if (json->input != NULL) {
        sl_dump_expr(buffer, json->input);
        sl_dump_expr(buffer, json->path);
    }
    for (size_t i = 0; i < json->values.count; i++) {
        if (json->keys.count != 0)
            sl_dump_expr(buffer, json->keys.items[i]);
        sl_dump_expr(buffer, json->values.items[i]);
    }
    if (json->returning != NULL) {
        sl_buffer_add_string(buffer, " (returning");
        sl_dump_type(buffer, json->returning);
        sl_buffer_add_byte(buffer, ')');
    }
    sl_dump_flag(buffer, json->wrapper == SL_AST_JSON_WRAPPER_WITHOUT, "without-wrapper");
    sl_dump_flag(buffer, json->wrapper == SL_AST_JSON_WRAPPER_CONDITIONAL, "conditional-wrapper");
    sl_dump_flag(buffer, json->wrapper == SL_AST_JSON_WRAPPER_UNCONDITIONAL, "wrapper");
    dump_behavior(buffer, "on-empty", json->on_empty, json->on_empty_default);
    dump_behavior(buffer, "on-error", json->on_error, json->on_error_default);
    sl_dump_order(buffer, "order-by", &json->order_by);
    sl_dump_flag(buffer, json->on_null == SL_AST_JSON_NULL_ON_NULL, "null-on-null");
    sl_dump_flag(buffer, json->on_null == SL_AST_JSON_ABSENT_ON_NULL, "absent-on-null");
    sl_dump_clause(buffer, "filter", json->filter);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_case(struct sl_buffer *buffer, const struct sl_ast_expr *expr)
{
    sl_buffer_add_string(buffer, " (case");
    if (expr->case_.operand != NULL)
        sl_dump_expr(buffer, expr->case_.operand);
    for (size_t i = 0; i < expr->case_.when_count; i++) {
        sl_buffer_add_string(buffer, " (when");
        sl_dump_expr(buffer, expr->case_.whens[i].condition);
        sl_dump_expr(buffer, expr->case_.whens[i].result);
        sl_buffer_add_byte(buffer, ')');
    }
    sl_dump_clause(buffer, "else", expr->case_.otherwise);
    sl_buffer_add_byte(buffer, ')');
}

/* (name a b ...), NULLs left out. */
static void
dump_node(struct sl_buffer *buffer, bool negated, const char *name, const struct sl_ast_expr *a,
          const struct sl_ast_expr *b, const struct sl_ast_expr *c)
{
    const struct sl_ast_expr *const children[] = {a, b, c};
    sl_buffer_printf(buffer, " (%s%s", negated ? "not-" : "", name);
    for (size_t i = 0; i < SL_COUNT_OF(children); i++) {
        if (children[i] != NULL)
            sl_dump_expr(buffer, children[i]);
    }
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_list(struct sl_buffer *buffer, const char *name, const struct sl_ast_expr *first,
          const struct sl_ast_list *list, const struct sl_ast_query *query)
{
    sl_buffer_printf(buffer, " (%s", name);
    if (first != NULL)
        sl_dump_expr(buffer, first);
    for (size_t i = 0; list != NULL && i < list->count; i++)
        sl_dump_expr(buffer, list->items[i]);
    if (query != NULL)
        sl_dump_query(buffer, query);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_table_argument(struct sl_buffer *buffer, const struct sl_ast_table_argument *table)
{
    sl_buffer_add_string(buffer, " (table");
    sl_dump_name(buffer, &table->name);
    if (table->query != NULL)
        sl_dump_query(buffer, table->query);
    sl_dump_hints(buffer, &table->hints);
    sl_dump_exprs(buffer, "partition-by", &table->partition_by);
    sl_dump_order(buffer, "order-by", &table->order_by);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_cast(struct sl_buffer *buffer, const struct sl_ast_expr *expr)
{
    static const char *const names[] = {"cast", "try_cast", "::"};
    sl_buffer_printf(buffer, " (%s", names[expr->cast.form]);
    sl_dump_expr(buffer, expr->cast.operand);
    sl_dump_type(buffer, expr->cast.type);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_predicate(struct sl_buffer *buffer, const struct sl_ast_expr *expr)
{
    static const char *const tests[] = {"is-null",       "is-true",       "is-false",
                                        "is-unknown",    "is-json",       "is-json-scalar",
                                        "is-json-array", "is-json-object"};
    static const char *const likes[] = {"like", "ilike", "similar"};
    switch (expr->ast.kind) {
    case SL_AST_EXPR_BETWEEN:
        dump_node(buffer, expr->between.negated,
                  expr->between.symmetric ? "between-symmetric" : "between", expr->between.operand,
                  expr->between.low, expr->between.high);
        break;
    case SL_AST_EXPR_IN:
        dump_list(buffer, expr->in.negated ? "not-in" : "in", expr->in.operand, &expr->in.values,
                  expr->in.query);
        break;
    case SL_AST_EXPR_LIKE:
        dump_node(buffer, expr->like.negated, likes[expr->like.form], expr->like.operand,
                  expr->like.pattern, expr->like.escape);
        break;
    case SL_AST_EXPR_IS:
        dump_node(buffer, expr->is.negated, tests[expr->is.test], expr->is.operand, NULL, NULL);
        break;
    default:
        sl_buffer_printf(buffer, " (%s %s", sl_ast_op_name(expr->quantified.op),
                         expr->quantified.all ? "all" : "any");
        sl_dump_expr(buffer, expr->quantified.left);
        dump_list(buffer, "of", expr->quantified.right, &expr->quantified.values,
                  expr->quantified.query);
        sl_buffer_add_byte(buffer, ')');
    }
}

static void
dump_operator(struct sl_buffer *buffer, const struct sl_ast_expr *expr)
{
    if (expr->ast.kind == SL_AST_EXPR_UNARY)
        dump_node(buffer, false, sl_ast_op_name(expr->unary.op), expr->unary.operand, NULL, NULL);
    else
        dump_node(buffer, false, sl_ast_op_name(expr->binary.op), expr->binary.left,
                  expr->binary.right, NULL);
}

static void
dump_leaf(struct sl_buffer *buffer, const struct sl_ast_expr *expr)
{
    switch (expr->ast.kind) {
    case SL_AST_EXPR_COLUMN:
        sl_dump_name(buffer, &expr->column);
        break;
    case SL_AST_EXPR_STAR:
        sl_dump_name(buffer, &expr->column);
        sl_buffer_add_string(buffer, expr->column.count == 0 ? " *" : ".*");
        break;
    case SL_AST_EXPR_PARAMETER:
        sl_buffer_printf(buffer, " $%d", expr->parameter);
        break;
    case SL_AST_EXPR_UNIT:
        sl_buffer_printf(buffer, " %s", sl_ast_unit_name(expr->unit));
        break;
    case SL_AST_EXPR_DESCRIPTOR:
        sl_dump_identifiers(buffer, "descriptor", expr->descriptor.columns, expr->descriptor.count);
        break;
    default:
        sl_buffer_add_string(buffer, " default");
    }
}

static void
dump_field(struct sl_buffer *buffer, const struct sl_ast_expr *expr)
{
    sl_buffer_add_string(buffer, " (field");
    sl_dump_expr(buffer, expr->field.operand);
    sl_dump_identifier(buffer, &expr->field.name);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_collate(struct sl_buffer *buffer, const struct sl_ast_expr *expr)
{
    sl_buffer_add_string(buffer, " (collate");
    sl_dump_expr(buffer, expr->collate.operand);
    sl_dump_name(buffer, &expr->collate.name);
    sl_buffer_add_byte(buffer, ')');
}

void
sl_dump_expr(struct sl_buffer *buffer, const struct sl_ast_expr *expr)
{
    switch (expr->ast.kind) {
    case SL_AST_EXPR_LITERAL:
        dump_literal(buffer, &expr->literal);
        break;
    case SL_AST_EXPR_UNARY:
    case SL_AST_EXPR_BINARY:
        dump_operator(buffer, expr);
        break;
    case SL_AST_EXPR_CALL:
        dump_call(buffer, &expr->call);
        break;
    case SL_AST_EXPR_CASE:
        dump_case(buffer, expr);
        break;
    case SL_AST_EXPR_CAST:
        dump_cast(buffer, expr);
        break;
    case SL_AST_EXPR_QUANTIFIED:
    case SL_AST_EXPR_BETWEEN:
    case SL_AST_EXPR_IN:
    case SL_AST_EXPR_LIKE:
    case SL_AST_EXPR_IS:
        dump_predicate(buffer, expr);
        break;
    case SL_AST_EXPR_EXISTS:
        dump_list(buffer, "exists", NULL, NULL, expr->query);
        break;
    case SL_AST_EXPR_SUBQUERY:
        dump_list(buffer, "subquery", NULL, NULL, expr->query);
        break;
    case SL_AST_EXPR_ARRAY_QUERY:
        dump_list(buffer, "array-of", NULL, NULL, expr->query);
        break;
    case SL_AST_EXPR_ROW:
        dump_list(buffer, "row", NULL, &expr->items, NULL);
        break;
    case SL_AST_EXPR_ARRAY:
        dump_list(buffer, "array", NULL, &expr->items, NULL);
        break;
    case SL_AST_EXPR_MAP:
        dump_list(buffer, "map", NULL, &expr->items, NULL);
        break;
    case SL_AST_EXPR_MULTISET:
        dump_list(buffer, "multiset", NULL, &expr->items, NULL);
        break;
    case SL_AST_EXPR_ELEMENT:
        dump_node(buffer, false, "element", expr->element.operand, expr->element.index, NULL);
        break;
    case SL_AST_EXPR_FIELD:
        dump_field(buffer, expr);
        break;
    case SL_AST_EXPR_AT_TIME_ZONE:
        dump_node(buffer, false, expr->at_time_zone.local ? "at-local" : "at-time-zone",
                  expr->at_time_zone.operand, expr->at_time_zone.zone, NULL);
        break;
    case SL_AST_EXPR_COLLATE:
        dump_collate(buffer, expr);
        break;
    case SL_AST_EXPR_JSON:
        dump_json(buffer, &expr->json);
        break;
    case SL_AST_EXPR_TABLE:
        dump_table_argument(buffer, &expr->table);
        break;
    default:
        dump_leaf(buffer, expr);
    }
}

void
sl_ast_dump(struct sl_buffer *buffer, const struct sl_ast *node)
{
    size_t start = buffer->length;
    if (node->kind < SL_AST_TYPE)
        sl_dump_expr(buffer, (const struct sl_ast_expr *)node);
    else if (node->kind == SL_AST_TYPE)
        sl_dump_type(buffer, (const struct sl_ast_type *)node);
    else if (node->kind <= SL_AST_QUERY)
        sl_dump_body(buffer, node);
    else
        sl_dump_statement(buffer, node);
    /* Every part begins with a blank, the whole does not. */
    memmove(buffer->data + start, buffer->data + start + 1, buffer->length - start - 1);
    buffer->length--;
    buffer->data[buffer->length] = '\0';
}
