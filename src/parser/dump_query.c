/* The dump of queries. */
#include "parser/dump.h"

static void dump_query_from(struct sl_buffer *buffer, const struct sl_ast *node);

static void
dump_query_alias(struct sl_buffer *buffer, const struct sl_ast_from *from)
{
    sl_dump_flag(buffer, from->lateral, "lateral");
    if (from->alias.text.start == NULL)
        return;
    sl_buffer_add_string(buffer, " (as");
    sl_dump_identifier(buffer, &from->alias);
    for (size_t i = 0; i < from->column_count; i++)
        sl_dump_identifier(buffer, &from->columns[i]);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_query_join(struct sl_buffer *buffer, const struct sl_ast_from_join *join)
{
    static const char *const names[] = {"inner", "left", "right", "full", "cross", "semi", "anti"};
    sl_buffer_printf(buffer, " (%s-join", names[join->join]);
    sl_dump_flag(buffer, join->natural, "natural");
    dump_query_from(buffer, join->left);
    dump_query_from(buffer, join->right);
    sl_dump_clause(buffer, "on", join->on);
    sl_dump_identifiers(buffer, "using", join->using_columns, join->using_count);
}

static void
dump_query_pattern(struct sl_buffer *buffer, const struct sl_ast_pattern *pattern)
{
    static const char *const names[] = {"",        "concat", "or",  "repeat", "permute",
                                        "exclude", "start",  "end", "empty"};
    if (pattern->kind == SL_AST_PATTERN_VARIABLE) {
        sl_dump_identifier(buffer, &pattern->name);
        return;
    }
    sl_buffer_printf(buffer, " (%s", names[pattern->kind]);
    if (pattern->kind == SL_AST_PATTERN_REPEAT)
        sl_buffer_printf(buffer, " %d %d", pattern->min, pattern->max);
    sl_dump_flag(buffer, pattern->reluctant, "reluctant");
    for (size_t i = 0; i < pattern->children.count; i++)
        dump_query_pattern(buffer, pattern->children.items[i]);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_query_named(struct sl_buffer *buffer, const char *name, const struct sl_ast_named_expr *items,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sl_buffer_printf(buffer, " (%s", name);
        sl_dump_identifier(buffer, &items[i].name);
        sl_dump_expr(buffer, items[i].expr);
        sl_buffer_add_byte(buffer, ')');
    }
}

static void
dump_query_match(struct sl_buffer *buffer, const struct sl_ast_from_match *match)
{
    static const char *const skips[] = {"", "skip-past-last-row", "skip-to-next-row",
                                        "skip-to-first", "skip-to-last"};
    sl_buffer_add_string(buffer, " (match");
    dump_query_from(buffer, match->input);
    sl_dump_exprs(buffer, "partition-by", &match->partition_by);
    sl_dump_order(buffer, "order-by", &match->order_by);
    dump_query_named(buffer, "measure", match->measures, match->measure_count);
    sl_dump_flag(buffer, match->rows == SL_AST_ONE_ROW, "one-row");
    sl_dump_flag(buffer, match->rows == SL_AST_ALL_ROWS, "all-rows");
    if (match->skip != SL_AST_SKIP_UNSAID) {
        sl_dump_flag(buffer, true, skips[match->skip]);
        if (match->skip_variable.text.start != NULL)
            sl_dump_identifier(buffer, &match->skip_variable);
    }
    sl_buffer_add_string(buffer, " (pattern");
    dump_query_pattern(buffer, match->pattern);
    sl_buffer_add_byte(buffer, ')');
    sl_dump_clause(buffer, "within", match->within);
    for (size_t i = 0; i < match->subset_count; i++) {
        sl_buffer_add_string(buffer, " (subset");
        sl_dump_identifier(buffer, &match->subsets[i].name);
        for (size_t j = 0; j < match->subsets[i].count; j++)
            sl_dump_identifier(buffer, &match->subsets[i].members[j]);
        sl_buffer_add_byte(buffer, ')');
    }
    dump_query_named(buffer, "define", match->defines, match->define_count);
}

static void
dump_query_from(struct sl_buffer *buffer, const struct sl_ast *node)
{
    switch (node->kind) {
    case SL_AST_FROM_TABLE: {
        const struct sl_ast_from_table *table = (const void *)node;
        sl_buffer_add_string(buffer, " (table");
        sl_dump_name(buffer, &table->name);
        sl_dump_hints(buffer, &table->hints);
        sl_dump_clause(buffer, "as-of", table->as_of);
        break;
    }
    case SL_AST_FROM_QUERY:
        sl_buffer_add_string(buffer, " (derived");
        sl_dump_query(buffer, ((const struct sl_ast_from_query *)node)->query);
        break;
    case SL_AST_FROM_CALL: {
        const struct sl_ast_from_call *call = (const void *)node;
        sl_buffer_add_string(buffer, call->table ? " (table-function" : " (function");
        sl_dump_expr(buffer, call->call);
        sl_dump_flag(buffer, call->with_ordinality, "with-ordinality");
        break;
    }
    case SL_AST_FROM_UNNEST: {
        const struct sl_ast_from_unnest *unnest = (const void *)node;
        sl_buffer_add_string(buffer, " (from");
        sl_dump_exprs(buffer, "unnest", &unnest->exprs);
        sl_dump_flag(buffer, unnest->with_ordinality, "with-ordinality");
        break;
    }
    case SL_AST_FROM_JOIN:
        dump_query_join(buffer, (const void *)node);
        break;
    case SL_AST_FROM_MATCH:
        dump_query_match(buffer, (const void *)node);
        break;
    default:
        SL_UNREACHABLE();
    }
    dump_query_alias(buffer, (const struct sl_ast_from *)node);
    sl_buffer_add_byte(buffer, ')');
}

/* ---- SELECT ---- */

static void
dump_query_groups(struct sl_buffer *buffer, const struct sl_ast_list *groups)
{
    static const char *const names[] = {"", "", "grouping-sets", "cube", "rollup"};
    for (size_t i = 0; i < groups->count; i++) {
        const struct sl_ast_group *group = groups->items[i];
        if (group->kind == SL_AST_GROUP_EXPR) {
            sl_dump_expr(buffer, group->expr);
        } else if (group->kind == SL_AST_GROUP_EMPTY) {
            sl_buffer_add_string(buffer, " ()");
        } else {
            sl_buffer_printf(buffer, " (%s", names[group->kind]);
            dump_query_groups(buffer, &group->children);
            sl_buffer_add_byte(buffer, ')');
        }
    }
}

static void
dump_query_items(struct sl_buffer *buffer, const struct sl_ast_select *select)
{
    for (size_t i = 0; i < select->item_count; i++) {
        const struct sl_ast_select_item *item = &select->items[i];
        bool named = item->alias.text.start != NULL;
        if (named)
            sl_buffer_add_string(buffer, " (as");
        sl_dump_expr(buffer, item->expr);
        if (named) {
            sl_dump_identifier(buffer, &item->alias);
            sl_buffer_add_byte(buffer, ')');
        }
    }
}

static void
dump_query_select(struct sl_buffer *buffer, const struct sl_ast_select *select)
{
    sl_buffer_add_string(buffer, " (select");
    sl_dump_hints(buffer, &select->hints);
    sl_dump_flag(buffer, select->quantifier == SL_AST_DISTINCT, "distinct");
    sl_dump_flag(buffer, select->quantifier == SL_AST_ALL, "all");
    sl_dump_exprs(buffer, "on", &select->distinct_on);
    dump_query_items(buffer, select);
    if (select->from.count != 0) {
        sl_buffer_add_string(buffer, " (from");
        for (size_t i = 0; i < select->from.count; i++)
            dump_query_from(buffer, select->from.items[i]);
        sl_buffer_add_byte(buffer, ')');
    }
    sl_dump_clause(buffer, "where", select->where);
    if (select->grouped) {
        sl_buffer_add_string(buffer, " (group-by");
        sl_dump_flag(buffer, select->group_quantifier == SL_AST_DISTINCT, "distinct");
        dump_query_groups(buffer, &select->group_by);
        sl_buffer_add_byte(buffer, ')');
    }
    sl_dump_clause(buffer, "having", select->having);
    for (size_t i = 0; i < select->windows.count; i++)
        sl_dump_window(buffer, select->windows.items[i]);
    sl_dump_clause(buffer, "qualify", select->qualify);
    sl_buffer_add_byte(buffer, ')');
}

void
sl_dump_body(struct sl_buffer *buffer, const struct sl_ast *body)
{
    static const char *const set_ops[] = {"union", "intersect", "except"};
    switch (body->kind) {
    case SL_AST_SELECT:
        dump_query_select(buffer, (const void *)body);
        break;
    case SL_AST_QUERY:
        sl_dump_query(buffer, (const void *)body);
        break;
    case SL_AST_VALUES: {
        const struct sl_ast_list *rows = &((const struct sl_ast_values *)body)->rows;
        sl_buffer_add_string(buffer, " (values");
        for (size_t i = 0; i < rows->count; i++)
            sl_dump_exprs(buffer, "row", rows->items[i]);
        sl_buffer_add_byte(buffer, ')');
        break;
    }
    case SL_AST_EXPLICIT_TABLE:
        sl_buffer_add_string(buffer, " (table");
        sl_dump_name(buffer, &((const struct sl_ast_explicit_table *)body)->name);
        sl_buffer_add_byte(buffer, ')');
        break;
    case SL_AST_SET_OPERATION: {
        const struct sl_ast_set_operation *operation = (const void *)body;
        sl_buffer_printf(buffer, " (%s%s", set_ops[operation->op], operation->all ? "-all" : "");
        sl_dump_body(buffer, operation->left);
        sl_dump_body(buffer, operation->right);
        sl_buffer_add_byte(buffer, ')');
        break;
    }
    default:
        dump_query_from(buffer, body);
    }
}

void
sl_dump_query(struct sl_buffer *buffer, const struct sl_ast_query *query)
{
    bool plain = query->cte_count == 0 && query->order_by.count == 0 && query->limit == NULL &&
                 query->row_offset == NULL;
    if (plain) {
        sl_dump_body(buffer, query->body);
        return;
    }
    sl_buffer_add_string(buffer, " (query");
    sl_dump_flag(buffer, query->recursive, "recursive");
    for (size_t i = 0; i < query->cte_count; i++) {
        sl_buffer_add_string(buffer, " (with");
        sl_dump_identifier(buffer, &query->ctes[i].name);
        sl_dump_identifiers(buffer, "columns", query->ctes[i].columns, query->ctes[i].column_count);
        sl_dump_query(buffer, query->ctes[i].query);
        sl_buffer_add_byte(buffer, ')');
    }
    sl_dump_body(buffer, query->body);
    sl_dump_order(buffer, "order-by", &query->order_by);
    sl_dump_clause(buffer, "limit", query->limit);
    sl_dump_clause(buffer, "offset", query->row_offset);
    sl_buffer_add_byte(buffer, ')');
}
