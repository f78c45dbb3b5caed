/* ORDER BY: by ordinal, by output name, by expression. */
#include "planner/bind.h"

#include <stdlib.h>

/* As Flink: NULL is lower than every value. */
bool
sl_sort_nulls_first(const struct sl_ast_order_item *item)
{
    if (item->nulls == SL_AST_NULLS_DEFAULT)
        return !item->descending;
    return item->nulls == SL_AST_NULLS_FIRST;
}

int
sl_binder_ordinal(const struct sl_binder *binder, const struct sl_ast_expr *ast, const char *clause,
                  size_t count, int *ret_index, struct sl_error *err)
{
    long ordinal;

    *ret_index = -1;
    if (ast->ast.kind != SL_AST_EXPR_LITERAL || ast->literal.kind != SL_AST_LITERAL_NUMBER)
        return SL_OK;
    ordinal =
        strtol(sl_arena_strndup(binder->arena, ast->literal.text.start, ast->literal.text.length),
               NULL, 10);
    if (memchr(ast->literal.text.start, '.', ast->literal.text.length) || ordinal < 1 ||
        (size_t)ordinal > count) {
        SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE, "%s position %.*s is not in select list",
                 clause, SL_TEXT_FORMAT(ast->literal.text));
        return sl_error_at(err, sl_binder_offset(binder, ast->ast.offset));
    }
    *ret_index = (int)ordinal - 1;
    return SL_OK;
}

static bool
order_is_sortable(const struct sl_type *type)
{
    return type->kind != SL_TYPE_MAP && type->kind != SL_TYPE_MULTISET;
}

int
sl_binder_order_columns(struct sl_binder *binder, const struct sl_ast_order *order_by,
                        struct sl_log_node *node, struct sl_log_node **ret_node,
                        struct sl_error *err)
{
    struct sl_log_node *sort = sl_log_new(binder->arena, SL_LOG_SORT, node->schema, node);

    sort->sort.keys = SL_NEW_ARRAY(binder->arena, struct sl_sort_key, order_by->count);
    sort->sort.key_count = order_by->count;
    sort->parallelism = 0;
    for (size_t i = 0; i < order_by->count; i++) {
        const struct sl_ast_order_item *item = &order_by->items[i];
        int column, offset = item->expr->ast.offset;

        sort->offset = i == 0 ? sl_binder_offset(binder, offset) : sort->offset;
        SL_TRY(
            sl_binder_ordinal(binder, item->expr, "ORDER BY", node->schema->count, &column, err));
        if (column < 0 &&
            (item->expr->ast.kind != SL_AST_EXPR_COLUMN || item->expr->column.count != 1)) {
            return sl_binder_refuse(binder, offset,
                                    "an expression in the ORDER BY of UNION or VALUES is", err);
        } else if (column < 0) {
            struct sl_text name = item->expr->column.parts[0].text;

            column = sl_schema_find(node->schema, name);
            if (column < 0)
                return sl_binder_no_column(binder, name, offset, node->schema, err);
        }
        if (!order_is_sortable(node->schema->columns[column].type)) {
            SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "type %s has no order",
                     sl_type_text(binder->arena, node->schema->columns[column].type));
            return sl_error_at(err, sl_binder_offset(binder, offset));
        }
        sort->sort.keys[i] = (struct sl_sort_key){.column = (uint32_t)column,
                                                  .descending = item->descending,
                                                  .nulls_first = sl_sort_nulls_first(item)};
    }
    *ret_node = sort;
    return SL_OK;
}
