/* INSERT INTO t [PARTITION (p = v)] [(columns)] query: the query's columns are assigned to those of
 * the list, the rest is NULL; computed and VIRTUAL columns take nothing. */
#include "planner/bind.h"

/* What an INSERT fills: for each column of the table, where its value comes from. */
struct insert_targets {
    const struct sl_table *table;
    uint32_t *columns;        /* of the table, in the order of the query's columns */
    struct sl_schema *schema; /* the same columns */
    struct sl_expr **fixed;   /* by column of the table: its PARTITION value, or NULL */
};

static bool
insert_takes(const struct sl_table_column *column)
{
    return column->kind == SL_COLUMN_PHYSICAL ||
           (column->kind == SL_COLUMN_METADATA && !column->is_virtual);
}

static int
insert_find_column(struct sl_binder *binder, const struct sl_table *table,
                   const struct sl_ast_name *name, uint32_t *ret_column, struct sl_error *err)
{
    const struct sl_schema *row = sl_table_row(binder->arena, table);
    int column, offset = sl_binder_offset(binder, name->offset);

    if (name->count != 1)
        return sl_binder_refuse(binder, name->offset, "INSERT into a field of a column is", err);
    column = sl_schema_find(row, name->parts[0].text);
    if (column < 0)
        return sl_binder_no_column(binder, name->parts[0].text, name->offset, row, err);
    if (!insert_takes(&table->columns[column])) {
        SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE, "cannot insert into column \"%s\": it is %s",
                 table->columns[column].name,
                 table->columns[column].kind == SL_COLUMN_COMPUTED ? "computed" : "VIRTUAL");
        return sl_error_at(err, offset);
    }
    *ret_column = (uint32_t)column;
    return SL_OK;
}

static void
insert_add_target(struct insert_targets *targets, uint32_t column)
{
    const struct sl_table_column *from = &targets->table->columns[column];

    targets->columns[targets->schema->count] = column;
    targets->schema->columns[targets->schema->count++] =
        (struct sl_schema_column){.name = from->name, .type = from->type};
}

static int
insert_partition(struct sl_binder *binder, const struct sl_ast_insert *insert,
                 struct insert_targets *targets, struct sl_error *err)
{
    struct sl_clause binding = {.binder = binder, .clause = "PARTITION"};
    const struct sl_table *table = targets->table;

    for (size_t i = 0; i < insert->partition_count; i++) {
        const struct sl_ast_assignment *assignment = &insert->partition[i];
        struct sl_schema_column target;
        struct sl_expr *value;
        uint32_t column;
        bool found = false;

        SL_TRY(insert_find_column(binder, table, &assignment->name, &column, err));
        for (size_t j = 0; j < table->partition_by_count; j++)
            found |= table->partition_by[j] == column;
        if (!found) {
            SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE,
                     "table \"%s\" is not partitioned by \"%s\"", table->name,
                     table->columns[column].name);
            return sl_error_at(err, sl_binder_offset(binder, assignment->name.offset));
        }
        target = (struct sl_schema_column){.name = table->columns[column].name,
                                           .type = table->columns[column].type};
        SL_TRY(sl_binder_expr(&binding, assignment->value, &value, err));
        SL_TRY(
            sl_binder_assign(binder, value, &target, value->offset, &targets->fixed[column], err));
    }
    return SL_OK;
}

static int
insert_listed(struct sl_binder *binder, const struct sl_ast_insert *insert,
              struct insert_targets *targets, struct sl_error *err)
{
    for (size_t i = 0; i < insert->columns.count; i++) {
        const struct sl_ast_name *name = insert->columns.items[i];
        uint32_t column;

        SL_TRY(insert_find_column(binder, targets->table, name, &column, err));
        for (size_t j = 0; j < targets->schema->count; j++) {
            if (targets->columns[j] != column && !targets->fixed[column])
                continue;
            SL_ERROR(err, SL_E_DUPLICATE_COLUMN, "column \"%s\" specified more than once",
                     targets->table->columns[column].name);
            return sl_error_at(err, sl_binder_offset(binder, name->offset));
        }
        insert_add_target(targets, column);
    }
    return SL_OK;
}

static int
insert_targets_of(struct sl_binder *binder, const struct sl_ast_insert *insert,
                  const struct sl_table *table, struct insert_targets *targets,
                  struct sl_error *err)
{
    targets->table = table;
    targets->columns = SL_NEW_ARRAY(binder->arena, uint32_t, table->column_count);
    targets->schema = sl_schema_new(binder->arena, table->column_count);
    targets->schema->count = 0;
    targets->fixed = SL_NEW_ARRAY(binder->arena, struct sl_expr *, table->column_count);
    SL_TRY(insert_partition(binder, insert, targets, err));
    if (insert->columns.count)
        return insert_listed(binder, insert, targets, err);
    for (uint32_t i = 0; i < table->column_count; i++)
        if (insert_takes(&table->columns[i]) && !targets->fixed[i])
            insert_add_target(targets, i);
    return SL_OK;
}

/* --- the query --- */

/* The VALUES that are the whole query; NULL: it is something else. */
static const struct sl_ast_values *
insert_values(const struct sl_ast_query *query)
{
    while (query && !query->cte_count && !query->order_by.count && !query->limit &&
           !query->row_offset) {
        if (query->body->kind == SL_AST_VALUES)
            return (const struct sl_ast_values *)query->body;
        if (query->body->kind != SL_AST_QUERY)
            return NULL;
        query = (const struct sl_ast_query *)query->body;
    }
    return NULL;
}

bool
sl_insert_is_values(const struct sl_ast_insert *insert)
{
    return !insert->query || insert_values(insert->query);
}

static int
insert_check_count(const struct sl_binder *binder, size_t expr_count, size_t target_count,
                   int offset, struct sl_error *err)
{
    if (expr_count == target_count)
        return SL_OK;
    if (expr_count > target_count)
        SL_ERROR(err, SL_E_SYNTAX, "INSERT has more expressions than target columns");
    else
        SL_ERROR(err, SL_E_SYNTAX, "INSERT has more target columns than expressions");
    sl_error_detail(err, "%zu expressions, %zu columns", expr_count, target_count);
    return sl_error_at(err, sl_binder_offset(binder, offset));
}

static int
insert_bind_values(struct sl_binder *binder, const struct sl_ast_insert *insert,
                   const struct sl_ast_values *values, const struct insert_targets *targets,
                   struct sl_log_node **ret_node, struct sl_error *err)
{
    for (size_t i = 0; i < values->rows.count; i++) {
        const struct sl_ast_list *row = values->rows.items[i];
        int offset = insert->name.offset;

        if (row->count > targets->schema->count)
            offset = ((const struct sl_ast_expr *)row->items[targets->schema->count])->ast.offset;
        else if (row->count < targets->schema->count && insert->columns.count)
            offset = ((const struct sl_ast_name *)insert->columns.items[row->count])->offset;
        SL_TRY(insert_check_count(binder, row->count, targets->schema->count, offset, err));
    }
    return sl_binder_values(binder, values, targets->schema, ret_node, err);
}

static int
insert_bind_query(struct sl_binder *binder, const struct sl_ast_insert *insert,
                  const struct insert_targets *targets, struct sl_log_node **ret_node,
                  struct sl_error *err)
{
    const struct sl_ast_values *values = insert_values(insert->query);

    if (values)
        return insert_bind_values(binder, insert, values, targets, ret_node, err);
    binder->leave_open = true;
    SL_TRY(sl_binder_query(binder, insert->query, ret_node, err));
    binder->leave_open = false;
    SL_TRY(insert_check_count(binder, (*ret_node)->schema->count, targets->schema->count,
                              insert->query->ast.offset, err));
    return sl_binder_assign_columns(binder, targets->schema,
                                    sl_binder_offset(binder, insert->query->ast.offset), ret_node,
                                    err);
}

/* DEFAULT VALUES: a row of NULLs. */
static struct sl_log_node *
insert_default_values(struct sl_binder *binder)
{
    struct sl_schema *schema = sl_schema_new(binder->arena, 1);
    struct sl_log_node *node = sl_log_new(binder->arena, SL_LOG_VALUES, schema, NULL);

    schema->columns[0].name = "ZERO";
    schema->columns[0].type = &sl_type_int;
    node->values.row_count = 1;
    node->values.rows = SL_NEW(binder->arena, struct sl_value *);
    node->values.rows[0] = SL_NEW(binder->arena, struct sl_value);
    node->values.rows[0][0].type = &sl_type_int;
    return node;
}

/* --- the row that is written --- */

static int
insert_missing(struct sl_binder *binder, const struct sl_table *table, size_t column, int offset,
               struct sl_expr **ret_expr, struct sl_error *err)
{
    if (!table->columns[column].type->nullable) {
        SL_ERROR(err, SL_E_NOT_NULL_VIOLATION,
                 "column \"%s\" of table \"%s\" is NOT NULL, and the INSERT gives it no value",
                 table->columns[column].name, table->name);
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    *ret_expr = sl_binder_null(binder->arena, table->columns[column].type, -1);
    return SL_OK;
}

/* Physical columns in their order, then the metadata that is written. */
static int
insert_row(struct sl_binder *binder, const struct insert_targets *targets, int offset,
           struct sl_log_node **node, struct sl_error *err)
{
    const struct sl_table *table = targets->table;
    struct sl_expr **exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, table->column_count);
    const char **names = SL_NEW_ARRAY(binder->arena, const char *, table->column_count);
    size_t count = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < table->column_count; i++) {
            struct sl_expr *expr = targets->fixed[i];

            if (!insert_takes(&table->columns[i]) ||
                (table->columns[i].kind == SL_COLUMN_METADATA) != pass)
                continue;
            for (uint32_t j = 0; j < targets->schema->count && !expr; j++)
                if (targets->columns[j] == i)
                    expr = sl_log_column(binder->arena, (*node)->schema, j);
            if (!expr)
                SL_TRY(insert_missing(binder, table, i, offset, &expr, err));
            exprs[count] = expr;
            names[count++] = table->columns[i].name;
        }
    }
    *node = sl_log_project(binder->arena, *node, exprs, names, count);
    return SL_OK;
}

static int
sink_check(struct sl_binder *binder, const struct sl_table *table,
           const struct sl_table_format *format, int offset, struct sl_error *err)
{
    if (!(format->connector->abilities & SL_ABILITY_SINK))
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "table \"%s\" cannot be written: connector %s only reads",
                 table->name, format->connector->name);
    else if (format->format && !format->format->writes)
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "table \"%s\" cannot be written: format %s only reads",
                 table->name, format->format->name);
    else
        return SL_OK;
    return sl_error_at(err, sl_binder_offset(binder, offset));
}

int
sl_binder_sink(struct sl_binder *binder, const struct sl_table *table,
               const struct sl_ast_list *hints, int offset, struct sl_log_node *input,
               struct sl_log_node **ret_node, struct sl_error *err)
{
    struct sl_log_node *node =
        sl_log_new(binder->arena, SL_LOG_SINK, sl_schema_new(binder->arena, 0), input);
    struct sl_table_format format;
    size_t count = 0;

    node->offset = sl_binder_offset(binder, offset);
    node->sink.table = table;
    node->sink.table_name =
        strcmp(table->schema, "public") == 0
            ? table->name
            : sl_arena_printf(binder->arena, "%s.%s", table->schema, table->name);
    SL_TRY(
        sl_binder_table_hints(binder, table, hints, &node->sink.options, &node->sink.hints, err));
    SL_TRY(sl_table_format_of(sl_arena_printf(binder->arena, "table \"%s\"", table->name),
                              &node->sink.options, &format, err));
    SL_TRY(sink_check(binder, table, &format, offset, err));
    node->sink.columns = SL_NEW_ARRAY(binder->arena, uint32_t, table->column_count);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < table->column_count; i++)
            if (insert_takes(&table->columns[i]) &&
                (table->columns[i].kind == SL_COLUMN_METADATA) == pass)
                node->sink.columns[count++] = i;
    sl_binder_use(binder, table);
    *ret_node = node;
    return SL_OK;
}

static int
insert_check(struct sl_binder *binder, const struct sl_ast_insert *insert,
             const struct sl_table *table, struct sl_error *err)
{
    if (table->kind == SL_RELATION_VIEW) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "cannot insert into view \"%s\"", table->name);
        return sl_error_at(err, sl_binder_offset(binder, insert->name.offset));
    }
    if (insert->overwrite)
        return sl_binder_refuse(binder, insert->ast.offset, "INSERT OVERWRITE is", err);
    return SL_OK;
}

static void
insert_set_conflict(const struct sl_ast_insert *insert, struct sl_log_sink *sink)
{
    sink->has_conflict = insert->on_conflict != SL_AST_CONFLICT_UNSAID;
    if (insert->on_conflict == SL_AST_CONFLICT_NOTHING)
        sink->conflict = SL_CONFLICT_NOTHING;
    if (insert->on_conflict == SL_AST_CONFLICT_ERROR)
        sink->conflict = SL_CONFLICT_ERROR;
}

int
sl_binder_insert(struct sl_binder *binder, const struct sl_ast_insert *insert,
                 struct sl_log_node **ret_node, struct sl_error *err)
{
    struct insert_targets targets = {0};
    const struct sl_table *table;
    struct sl_log_node *node;

    SL_TRY(sl_binder_find_table(binder, &insert->name, &table, err));
    SL_TRY(insert_check(binder, insert, table, err));
    SL_TRY(insert_targets_of(binder, insert, table, &targets, err));
    if (insert->query) {
        SL_TRY(insert_bind_query(binder, insert, &targets, &node, err));
    } else {
        node = insert_default_values(binder);
        targets.schema->count = 0;
    }
    SL_TRY(insert_row(binder, &targets, insert->name.offset, &node, err));
    SL_TRY(sl_binder_sink(binder, table, &insert->hints, insert->name.offset, node, ret_node, err));
    insert_set_conflict(insert, &(*ret_node)->sink);
    return SL_OK;
}
