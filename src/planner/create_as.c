/* CREATE TABLE t (columns) … AS query: the table's columns are the query's.
 *
 *     CREATE TABLE t WITH (…) AS SELECT a, b FROM s                a, b
 *     CREATE TABLE t (b, a) WITH (…) AS SELECT a, b FROM s         b, a
 *     CREATE TABLE t (b DOUBLE, x INT, c AS a + 1) … AS SELECT a, b FROM s
 *                                                                  x, c, a, b (as DOUBLE)
 *
 * It is filled by INSERT INTO t (a, b) SELECT a, b FROM s. */
#include "planner/draft.h"

static bool
as_is_bare(const struct sl_ast_column *column)
{
    return !column->type && !column->expr;
}

bool
sl_is_bare_list(const struct sl_ast_create_table *create)
{
    return create->as_query && create->schema.columns.count > 0 &&
           as_is_bare(create->schema.columns.items[0]);
}

static void
as_fill_column(struct sl_draft_column *to, const struct sl_schema_column *from, int offset)
{
    to->column.kind = SL_COLUMN_PHYSICAL;
    to->column.name = from->name;
    to->column.type = from->type->kind == SL_TYPE_NULL ? &sl_type_string : from->type;
    to->offset = offset;
}

/* (b, a): all of the query's columns, in another order. */
static int
as_reorder(struct sl_draft *draft, const struct sl_ast_create_table *create,
           const struct sl_schema *schema, struct sl_error *err)
{
    for (size_t i = 0; i < create->schema.columns.count; i++) {
        const struct sl_ast_column *column = create->schema.columns.items[i];
        int found = sl_schema_find(schema, column->name.text);

        if (!as_is_bare(column)) {
            SL_ERROR(err, SL_E_SYNTAX,
                     "the columns of CREATE TABLE … AS have types, or none of them has");
            return sl_error_at(err, column->name.offset);
        }
        if (found < 0)
            return sl_binder_no_column(draft->binder, column->name.text, column->name.offset,
                                       schema, err);
        as_fill_column(sl_draft_insert(draft, i), &schema->columns[found], column->name.offset);
    }
    if (create->schema.columns.count == schema->count)
        return SL_OK;
    SL_ERROR(err, SL_E_SYNTAX, "the query has %zu columns, and the table's list names %zu",
             schema->count, create->schema.columns.count);
    return sl_error_at(err, create->as_query->ast.offset);
}

/* Columns that the statement declares and the query has not come first; of those that both have the
 * declared type counts. */
static int
as_append(struct sl_draft *draft, const struct sl_ast_create_table *create,
          const struct sl_schema *schema, struct sl_error *err)
{
    for (size_t i = 0; i < schema->count; i++) {
        int own = sl_draft_find(draft, sl_text_of(schema->columns[i].name));
        struct sl_draft_column column = {.offset = -1};

        if (own < 0) {
            as_fill_column(&column, &schema->columns[i], create->as_query->ast.offset);
        } else {
            column = draft->columns[own];
            if (column.column.kind == SL_COLUMN_COMPUTED || column.column.is_virtual) {
                SL_ERROR(err, SL_E_DUPLICATE_COLUMN,
                         "the query has a column \"%s\", which the table %s", column.column.name,
                         column.column.is_virtual ? "declares as VIRTUAL" : "computes");
                return sl_error_at(err, sl_binder_offset(draft->binder, column.offset));
            }
            sl_draft_remove(draft, (size_t)own);
        }
        *sl_draft_insert(draft, draft->column_count) = column;
    }
    return SL_OK;
}

static const char *
as_insert(struct sl_draft *draft, const struct sl_schema *schema, struct sl_text query)
{
    struct sl_arena *arena = draft->binder->arena;
    struct sl_buffer columns;
    const char *insert;

    sl_buffer_init(&columns, SIZE_MAX / 2);
    for (size_t i = 0; i < schema->count; i++)
        sl_buffer_printf(&columns, "%s%s", i ? ", " : "",
                         sl_quote_name(arena, schema->columns[i].name));
    insert =
        sl_arena_printf(arena, "INSERT INTO %s.%s (%s) %.*s", sl_quote_name(arena, draft->schema),
                        sl_quote_name(arena, draft->name), columns.data, SL_TEXT_FORMAT(query));
    sl_buffer_done(&columns);
    return insert;
}

/* Does the query read the table whose place the new one takes? */
static int
as_check_replaced(struct sl_draft *draft, const struct sl_ast_create_table *create,
                  struct sl_error *err)
{
    const struct sl_binder *binder = draft->binder;
    const struct sl_table *table;

    if (!create->replace ||
        !sl_catalog_find_table(binder->context->catalog, binder->arena, binder->session_id,
                               draft->schema, draft->name, &table))
        return SL_OK;
    for (size_t i = 0; i < binder->use_count; i++) {
        if (binder->uses[i].id != table->id)
            continue;
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "a query that reads table \"%s\" cannot replace it",
                 draft->name);
        return sl_error_at(err, create->as_query->ast.offset);
    }
    return SL_OK;
}

int
sl_draft_as(struct sl_draft *draft, const struct sl_ast_create_table *create,
            const char **ret_insert, struct sl_error *err)
{
    struct sl_log_node *node;

    SL_TRY(sl_binder_query(draft->binder, create->as_query, &node, err));
    SL_TRY(as_check_replaced(draft, create, err));
    if (sl_is_bare_list(create))
        SL_TRY(as_reorder(draft, create, node->schema, err));
    else
        SL_TRY(as_append(draft, create, node->schema, err));
    *ret_insert = as_insert(draft, node->schema, create->as_query->text);
    return SL_OK;
}
