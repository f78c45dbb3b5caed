/* UPDATE and DELETE on tables whose connector changes rows (memory), by primary key: the rows that
 * match now are read as a bounded query, and their changes appended. */
#include "planner/bind.h"

static int
change_check(struct sl_binder *binder, const struct sl_table *table, const char *verb, int offset,
             struct sl_error *err)
{
    struct sl_table_format format;

    if (table->kind == SL_RELATION_VIEW) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "cannot %s view \"%s\"", verb, table->name);
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    SL_TRY(sl_table_format_of(sl_arena_printf(binder->arena, "table \"%s\"", table->name),
                              &table->options, &format, err));
    if (!(format.connector->abilities & SL_ABILITY_CHANGE_DATA)) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s is not supported by connector %s of table \"%s\"",
                 verb, format.connector->name, table->name);
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    if (!table->primary_key_count) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s needs a primary key, and table \"%s\" has none", verb,
                 table->name);
        sl_error_hint(err, "declare PRIMARY KEY (…) NOT ENFORCED");
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    return SL_OK;
}

static int
change_source(struct sl_binder *binder, const struct sl_table *table,
              const struct sl_ast_name *name, const struct sl_ast_list *hints,
              const struct sl_ast_identifier *alias, struct sl_relation *relation,
              struct sl_error *err)
{
    SL_TRY(sl_binder_scan(binder, table, hints, name->offset, &relation->node, err));
    relation->scope = (struct sl_scope){table->schema, table->name, relation->node->schema};
    if (alias->text.start)
        relation->scope =
            (struct sl_scope){NULL, sl_binder_name(binder, alias), relation->node->schema};
    return SL_OK;
}

static int
change_where(struct sl_binder *binder, const struct sl_ast_expr *where,
             struct sl_relation *relation, struct sl_error *err)
{
    struct sl_clause binding = {.binder = binder, .scope = &relation->scope, .clause = "WHERE"};

    return where ? sl_binder_filter(&binding, where, &relation->node, err) : SL_OK;
}

/* The physical columns of the table, as they are. */
static size_t
change_old_row(struct sl_binder *binder, const struct sl_table *table, const struct sl_schema *row,
               struct sl_expr **exprs, const char **names)
{
    size_t count = 0;

    for (uint32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].kind != SL_COLUMN_PHYSICAL)
            continue;
        exprs[count] = sl_log_column(binder->arena, row, i);
        names[count++] = table->columns[i].name;
    }
    return count;
}

static int
change_node(struct sl_binder *binder, const struct sl_table *table, const struct sl_ast_list *hints,
            struct sl_expr **exprs, const char **names, size_t count, bool is_delete, int offset,
            struct sl_log_node *input, struct sl_log_node **ret_node, struct sl_error *err)
{
    struct sl_schema *physical = sl_table_physical(binder->arena, table);
    struct sl_log_node *project = sl_log_project(binder->arena, input, exprs, names, count);
    struct sl_log_node *node = sl_log_new(binder->arena, SL_LOG_CHANGE, physical, project);

    /* A column has NULLs where a new value may be one: the sink then looks after NOT NULL. */
    for (size_t i = 0; i < count; i++)
        if (exprs[i]->type->nullable)
            physical->columns[i % physical->count].type =
                sl_type_nullable(binder->arena, physical->columns[i % physical->count].type, true);

    node->change.is_delete = is_delete;
    node->change.column_count = physical->count;
    return sl_binder_sink(binder, table, hints, offset, node, ret_node, err);
}

static bool
change_is_key(const struct sl_table *table, uint32_t column)
{
    for (size_t i = 0; i < table->primary_key_count; i++)
        if (table->primary_key[i] == column)
            return true;
    return false;
}

static int
change_set(struct sl_binder *binder, const struct sl_ast_update *update,
           const struct sl_table *table, const struct sl_relation *relation,
           struct sl_expr **by_column, struct sl_error *err)
{
    struct sl_clause binding = {.binder = binder, .scope = &relation->scope, .clause = "SET"};

    for (size_t i = 0; i < update->assignment_count; i++) {
        const struct sl_ast_assignment *assignment = &update->assignments[i];
        const struct sl_ast_name *name = &assignment->name;
        int column = sl_schema_find(relation->scope.columns, name->parts[name->count - 1].text);
        struct sl_schema_column target;
        struct sl_expr *value;

        if (column < 0)
            return sl_binder_no_column(binder, name->parts[name->count - 1].text, name->offset,
                                       relation->scope.columns, err);
        if (table->columns[column].kind != SL_COLUMN_PHYSICAL || by_column[column]) {
            SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE, "column \"%s\" cannot be set%s",
                     table->columns[column].name, by_column[column] ? " twice" : "");
            return sl_error_at(err, sl_binder_offset(binder, name->offset));
        }
        if (change_is_key(table, (uint32_t)column)) {
            SL_ERROR(err, SL_E_NOT_SUPPORTED,
                     "UPDATE of column \"%s\" of the primary key is not supported",
                     table->columns[column].name);
            sl_error_hint(err, "DELETE the row and INSERT it with its new key");
            return sl_error_at(err, sl_binder_offset(binder, name->offset));
        }
        target = (struct sl_schema_column){.name = table->columns[column].name,
                                           .type = table->columns[column].type};
        if (assignment->value->ast.kind == SL_AST_EXPR_DEFAULT)
            value = sl_binder_null(binder->arena, &sl_type_null, assignment->value->ast.offset);
        else
            SL_TRY(sl_binder_expr(&binding, assignment->value, &value, err));
        SL_TRY(sl_binder_assign(binder, value, &target, value->offset, &by_column[column], err));
    }
    return SL_OK;
}

int
sl_binder_update(struct sl_binder *binder, const struct sl_ast_update *update,
                 struct sl_log_node **ret_node, struct sl_error *err)
{
    struct sl_relation relation;
    const struct sl_table *table;
    struct sl_expr **exprs, **by_column;
    const char **names;
    size_t count, old_count;

    binder->batch = true;
    SL_TRY(sl_binder_find_table(binder, &update->name, &table, err));
    SL_TRY(change_check(binder, table, "UPDATE", update->name.offset, err));
    SL_TRY(change_source(binder, table, &update->name, &update->hints, &update->alias, &relation,
                         err));
    SL_TRY(change_where(binder, update->where, &relation, err));
    by_column = SL_NEW_ARRAY(binder->arena, struct sl_expr *, table->column_count);
    SL_TRY(change_set(binder, update, table, &relation, by_column, err));
    exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, 2 * table->column_count);
    names = SL_NEW_ARRAY(binder->arena, const char *, 2 * table->column_count);
    old_count = change_old_row(binder, table, relation.node->schema, exprs, names);
    count = old_count;
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].kind != SL_COLUMN_PHYSICAL)
            continue;
        exprs[count] = by_column[i] ? by_column[i] : exprs[count - old_count];
        names[count] = sl_arena_printf(binder->arena, "new_%s", table->columns[i].name);
        count++;
    }
    return change_node(binder, table, &update->hints, exprs, names, count, false,
                       update->name.offset, relation.node, ret_node, err);
}

int
sl_binder_delete(struct sl_binder *binder, const struct sl_ast_delete *delete_ast,
                 struct sl_log_node **ret_node, struct sl_error *err)
{
    struct sl_relation relation;
    const struct sl_table *table;
    struct sl_expr **exprs;
    const char **names;
    size_t count;

    binder->batch = true;
    SL_TRY(sl_binder_find_table(binder, &delete_ast->name, &table, err));
    SL_TRY(change_check(binder, table, "DELETE", delete_ast->name.offset, err));
    SL_TRY(change_source(binder, table, &delete_ast->name, &delete_ast->hints, &delete_ast->alias,
                         &relation, err));
    SL_TRY(change_where(binder, delete_ast->where, &relation, err));
    exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, table->column_count);
    names = SL_NEW_ARRAY(binder->arena, const char *, table->column_count);
    count = change_old_row(binder, table, relation.node->schema, exprs, names);
    return change_node(binder, table, &delete_ast->hints, exprs, names, count, true,
                       delete_ast->name.offset, relation.node, ret_node, err);
}
