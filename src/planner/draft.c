/* Filling a draft, and making the checked table of it. */
#include "planner/draft.h"

void
sl_draft_init(struct sl_draft *draft, struct sl_binder *binder)
{
    memset(draft, 0, sizeof(*draft));
    draft->binder = binder;
    draft->watermark_offset = draft->key_offset = draft->partition_offset = -1;
}

struct sl_draft_column *
sl_draft_insert(struct sl_draft *draft, size_t place)
{
    if (draft->column_count == draft->column_capacity) {
        size_t capacity = draft->column_capacity ? 2 * draft->column_capacity : 16;
        struct sl_draft_column *columns =
            SL_NEW_ARRAY(draft->binder->arena, struct sl_draft_column, capacity);

        if (draft->column_count)
            memcpy(columns, draft->columns, draft->column_count * sizeof(*columns));
        draft->columns = columns;
        draft->column_capacity = capacity;
    }
    memmove(&draft->columns[place + 1], &draft->columns[place],
            (draft->column_count - place) * sizeof(*draft->columns));
    draft->columns[place] = (struct sl_draft_column){.offset = -1};
    draft->column_count++;
    return &draft->columns[place];
}

void
sl_draft_remove(struct sl_draft *draft, size_t place)
{
    draft->column_count--;
    memmove(&draft->columns[place], &draft->columns[place + 1],
            (draft->column_count - place) * sizeof(*draft->columns));
}

int
sl_draft_find(const struct sl_draft *draft, struct sl_text name)
{
    for (size_t i = 0; i < draft->column_count; i++)
        if (sl_text_equal_nocase(sl_text_of(draft->columns[i].column.name), name))
            return (int)i;
    return -1;
}

/* --- from the statement --- */

static char *
draft_text(const struct sl_draft *draft, struct sl_text text)
{
    return text.start ? sl_arena_strndup(draft->binder->arena, text.start, text.length) : NULL;
}

static bool
draft_is_proctime(const struct sl_ast_expr *expr)
{
    return expr->ast.kind == SL_AST_EXPR_CALL && sl_ast_name_is(&expr->call.name, "PROCTIME");
}

int
sl_draft_read_column(struct sl_draft *draft, const struct sl_ast_column *ast,
                     struct sl_draft_column *to, struct sl_error *err)
{
    struct sl_table_column *column = &to->column;

    to->offset = ast->name.offset;
    column->name = sl_binder_name(draft->binder, &ast->name);
    column->comment = draft_text(draft, ast->comment);
    if (ast->default_expr)
        return sl_binder_refuse(draft->binder, ast->default_expr->ast.offset,
                                "DEFAULT of a column is", err);
    if (ast->unique)
        return sl_binder_refuse(draft->binder, ast->offset, "UNIQUE is", err);
    if (ast->kind == SL_AST_COLUMN_COMPUTED) {
        column->kind = SL_COLUMN_COMPUTED;
        column->expression = draft_text(draft, ast->expr_text);
        to->expr = ast->expr;
        return SL_OK;
    }
    if (!ast->type) {
        SL_ERROR(err, SL_E_SYNTAX, "column \"%s\" needs a type", column->name);
        return sl_error_at(err, to->offset);
    }
    SL_TRY(sl_binder_type(draft->binder, ast->type, &column->type, err));
    if (ast->kind == SL_AST_COLUMN_METADATA) {
        column->kind = SL_COLUMN_METADATA;
        column->is_virtual = ast->is_virtual;
        column->metadata_key =
            ast->metadata_key.start ? draft_text(draft, ast->metadata_key) : column->name;
    }
    return SL_OK;
}

int
sl_draft_set_watermark(struct sl_draft *draft, const struct sl_ast_watermark *ast,
                       struct sl_error *err)
{
    if (ast->column.count != 1)
        return sl_binder_refuse(draft->binder, ast->column.offset,
                                "a WATERMARK for a field of a column is", err);
    if (draft->watermark_column) {
        SL_ERROR(err, SL_E_INVALID_TABLE_DEFINITION, "table \"%s\" can have only one WATERMARK",
                 draft->name);
        return sl_error_at(err, ast->offset);
    }
    draft->watermark_column = sl_binder_name(draft->binder, &ast->column.parts[0]);
    draft->watermark = draft_text(draft, ast->expr_text);
    draft->watermark_expr = ast->expr;
    draft->watermark_offset = ast->column.offset;
    return SL_OK;
}

static int
draft_check_key(struct sl_draft *draft, bool not_enforced, int offset, struct sl_error *err)
{
    if (draft->key_count) {
        SL_ERROR(err, SL_E_INVALID_TABLE_DEFINITION,
                 "multiple primary keys for table \"%s\" are not allowed", draft->name);
        return sl_error_at(err, offset);
    }
    if (not_enforced)
        return SL_OK;
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "a PRIMARY KEY that is enforced is not supported");
    sl_error_hint(err,
                  "write PRIMARY KEY (…) NOT ENFORCED: the table's data is somebody else's, and "
                  "the key is a promise about it");
    return sl_error_at(err, offset);
}

int
sl_draft_set_key(struct sl_draft *draft, const struct sl_ast_constraint *ast, struct sl_error *err)
{
    if (ast->unique)
        return sl_binder_refuse(draft->binder, ast->offset, "UNIQUE is", err);
    SL_TRY(draft_check_key(draft, ast->not_enforced, ast->offset, err));
    draft->key = SL_NEW_ARRAY(draft->binder->arena, const char *, ast->column_count);
    for (size_t i = 0; i < ast->column_count; i++)
        draft->key[i] = sl_binder_name(draft->binder, &ast->columns[i]);
    draft->key_count = ast->column_count;
    draft->key_name = ast->name.text.start ? sl_binder_name(draft->binder, &ast->name) : NULL;
    draft->key_offset = ast->column_count ? ast->columns[0].offset : ast->offset;
    return SL_OK;
}

int
sl_draft_set_column_key(struct sl_draft *draft, const struct sl_ast_column *ast,
                        struct sl_error *err)
{
    if (!ast->primary_key)
        return SL_OK;
    SL_TRY(draft_check_key(draft, ast->not_enforced, ast->name.offset, err));
    draft->key = SL_NEW(draft->binder->arena, const char *);
    draft->key[0] = sl_binder_name(draft->binder, &ast->name);
    draft->key_count = 1;
    draft->key_name = ast->constraint_name.text.start
                          ? sl_binder_name(draft->binder, &ast->constraint_name)
                          : NULL;
    draft->key_offset = ast->name.offset;
    return SL_OK;
}

const char *
sl_draft_option(const struct sl_draft *draft, const char *key)
{
    for (size_t i = 0; i < draft->option_count; i++)
        if (strcmp(draft->options[i].key, key) == 0)
            return draft->options[i].value;
    return NULL;
}

void
sl_draft_set_option(struct sl_draft *draft, const char *key, const char *value, int key_offset,
                    int value_offset)
{
    struct sl_option option = {key, value, key_offset, value_offset};

    for (size_t i = 0; i < draft->option_count; i++) {
        if (strcmp(draft->options[i].key, key) == 0) {
            draft->options[i] = option;
            return;
        }
    }
    if (draft->option_count == draft->option_capacity) {
        size_t capacity = draft->option_capacity ? 2 * draft->option_capacity : 16;
        struct sl_option *options = SL_NEW_ARRAY(draft->binder->arena, struct sl_option, capacity);

        if (draft->option_count)
            memcpy(options, draft->options, draft->option_count * sizeof(*options));
        draft->options = options;
        draft->option_capacity = capacity;
    }
    draft->options[draft->option_count++] = option;
}

/* --- from a table --- */

static const char **
draft_names(const struct sl_draft *draft, const struct sl_table *table, const uint32_t *columns,
            size_t count)
{
    const char **names = SL_NEW_ARRAY(draft->binder->arena, const char *, count);

    for (size_t i = 0; i < count; i++)
        names[i] = table->columns[columns[i]].name;
    return names;
}

void
sl_draft_from_table(struct sl_draft *draft, const struct sl_table *table)
{
    draft->schema = table->schema;
    draft->name = table->name;
    draft->session = table->session;
    draft->comment = table->comment;
    for (size_t i = 0; i < table->column_count; i++)
        sl_draft_insert(draft, i)->column = table->columns[i];
    if (table->watermark_column >= 0) {
        draft->watermark_column = table->columns[table->watermark_column].name;
        draft->watermark = table->watermark;
    }
    draft->key = draft_names(draft, table, table->primary_key, table->primary_key_count);
    draft->key_count = table->primary_key_count;
    draft->key_name = table->primary_key_name;
    draft->partition = draft_names(draft, table, table->partition_by, table->partition_by_count);
    draft->partition_count = table->partition_by_count;
    for (size_t i = 0; i < table->options.count; i++)
        sl_draft_set_option(draft, table->options.items[i].key, table->options.items[i].value, -1,
                            -1);
}

/* --- checks --- */

static int
draft_check_names(const struct sl_draft *draft, struct sl_error *err)
{
    if (!draft->column_count) {
        SL_ERROR(err, SL_E_INVALID_TABLE_DEFINITION, "table \"%s\" must have at least one column",
                 draft->name);
        return err->code;
    }
    for (size_t i = 0; i < draft->column_count; i++) {
        int first = sl_draft_find(draft, sl_text_of(draft->columns[i].column.name));

        if (first == (int)i)
            continue;
        SL_ERROR(err, SL_E_DUPLICATE_COLUMN, "column \"%s\" specified more than once",
                 draft->columns[i].column.name);
        return sl_error_at(err, draft->columns[i].offset);
    }
    return SL_OK;
}

int
sl_draft_no_column(const struct sl_draft *draft, struct sl_text name, int offset,
                   struct sl_error *err)
{
    struct sl_schema *schema = sl_schema_new(draft->binder->arena, draft->column_count);

    for (size_t i = 0; i < draft->column_count; i++)
        schema->columns[i].name = draft->columns[i].column.name;
    return sl_binder_no_column(draft->binder, name, offset, schema, err);
}

static int
draft_resolve(const struct sl_draft *draft, const char **names, size_t count, int offset,
              const char *what, uint32_t **ret_columns, struct sl_error *err)
{
    uint32_t *columns = SL_NEW_ARRAY(draft->binder->arena, uint32_t, count);

    for (size_t i = 0; i < count; i++) {
        int column = sl_draft_find(draft, sl_text_of(names[i]));

        if (column < 0)
            return sl_draft_no_column(draft, sl_text_of(names[i]), offset, err);
        for (size_t j = 0; j < i; j++) {
            if (columns[j] != (uint32_t)column)
                continue;
            SL_ERROR(err, SL_E_DUPLICATE_COLUMN, "column \"%s\" is in the %s twice", names[i],
                     what);
            return sl_error_at(err, offset);
        }
        if (draft->columns[column].column.kind != SL_COLUMN_PHYSICAL) {
            SL_ERROR(err, SL_E_INVALID_TABLE_DEFINITION,
                     "column \"%s\" of the %s must be a physical column", names[i], what);
            return sl_error_at(err, offset);
        }
        columns[i] = (uint32_t)column;
    }
    *ret_columns = columns;
    return SL_OK;
}

/* A connector takes what it writes as it is: only nullability, lengths and precisions may differ.
 */
static bool
draft_metadata_fits(const struct sl_type *declared, const struct sl_type *type)
{
    if (declared->kind != type->kind)
        return false;
    if (type->kind == SL_TYPE_MAP)
        return declared->key->kind == type->key->kind &&
               declared->element->kind == type->element->kind;
    return true;
}

static int
draft_check_written(const struct sl_draft *draft, const struct sl_connector_descriptor *connector,
                    const struct sl_metadata_spec *spec, const struct sl_draft_column *from,
                    struct sl_error *err)
{
    const struct sl_table_column *column = &from->column;

    if (!spec->writable)
        SL_ERROR(err, SL_E_INVALID_TABLE_DEFINITION,
                 "metadata \"%s\" of connector %s cannot be written", spec->name, connector->name);
    else if (!draft_metadata_fits(column->type, spec->type))
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
                 "metadata \"%s\" of connector %s is written as %s, column \"%s\" is %s",
                 spec->name, connector->name, sl_type_text(draft->binder->arena, spec->type),
                 column->name, sl_type_text(draft->binder->arena, column->type));
    else
        return SL_OK;
    sl_error_hint(err, "declare column \"%s\" as METADATA VIRTUAL", column->name);
    return sl_error_at(err, from->offset);
}

static int
draft_check_metadata(const struct sl_draft *draft, const struct sl_connector_descriptor *connector,
                     const struct sl_draft_column *from, struct sl_error *err)
{
    const struct sl_table_column *column = &from->column;
    const char **names =
        SL_NEW_ARRAY(draft->binder->arena, const char *, connector->metadata_count);

    for (size_t i = 0; i < connector->metadata_count; i++) {
        const struct sl_metadata_spec *spec = &connector->metadata[i];

        names[i] = spec->name;
        if (strcmp(spec->name, column->metadata_key) != 0)
            continue;
        if (!column->is_virtual && (connector->abilities & SL_ABILITY_SINK))
            return draft_check_written(draft, connector, spec, from, err);
        return SL_OK;
    }
    for (size_t i = 0; i < connector->metadata_later_count; i++) {
        if (strcmp(connector->metadata_later[i], column->metadata_key) != 0)
            continue;
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "metadata \"%s\" of connector %s is not supported yet",
                 column->metadata_key, connector->name);
        return sl_error_at(err, from->offset);
    }
    SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "connector %s has no metadata \"%s\"", connector->name,
             column->metadata_key);
    sl_error_suggest(err, sl_text_of(column->metadata_key), names, connector->metadata_count);
    return sl_error_at(err, from->offset);
}

/* One expression of the definition, over the columns in `row`. */
static int
draft_bind(struct sl_draft *draft, const struct sl_table *table, const struct sl_schema *row,
           const struct sl_ast_expr *ast, const char *text, const char *clause,
           struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_scope scope = {draft->schema, draft->name, row};
    struct sl_clause binding = {.binder = draft->binder, .scope = &scope, .clause = clause};

    if (ast)
        return sl_binder_expr(&binding, ast, ret_expr, err);
    return sl_binder_catalog_expr(draft->binder, table, text, row, ret_expr, err);
}

/* Types of computed columns; they see physical and metadata columns only, as in Flink. */
static int
draft_bind_computed(struct sl_draft *draft, struct sl_table *table, struct sl_error *err)
{
    struct sl_schema *visible = sl_schema_new(draft->binder->arena, draft->column_count);
    struct sl_ast_expr *parsed;

    visible->count = 0;
    for (size_t i = 0; i < draft->column_count; i++)
        if (table->columns[i].kind != SL_COLUMN_COMPUTED)
            visible->columns[visible->count++] = (struct sl_schema_column){
                .name = table->columns[i].name, .type = table->columns[i].type};
    for (size_t i = 0; i < draft->column_count; i++) {
        struct sl_table_column *column = &table->columns[i];
        const struct sl_ast_expr *ast = draft->columns[i].expr;
        struct sl_expr *expr;

        if (column->kind != SL_COLUMN_COMPUTED)
            continue;
        if (draft_bind(draft, table, visible, ast, column->expression, "a computed column", &expr,
                       err) < 0) {
            for (size_t j = 0; err->code == SL_E_UNDEFINED_COLUMN && j < draft->column_count; j++)
                if (table->columns[j].kind == SL_COLUMN_COMPUTED && !err->hint[0])
                    sl_error_hint(err, "a computed column cannot use another computed column");
            return err->code;
        }
        column->type = expr->type;
        column->time = SL_TIME_NONE;
        if (!ast) {
            SL_TRY(sl_parse_expression(draft->binder->arena, sl_text_of(column->expression), NULL,
                                       &parsed, err));
            ast = parsed;
        }
        if (draft_is_proctime(ast))
            column->time = SL_TIME_PROCESSING;
    }
    return SL_OK;
}

static int
draft_bad_watermark(const struct sl_draft *draft, const char *what, const struct sl_type *type,
                    int offset, struct sl_error *err)
{
    SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
             "%s must be of type TIMESTAMP(3) or TIMESTAMP_LTZ(3), but is %s", what,
             sl_type_text(draft->binder->arena, type));
    sl_error_hint(err, "a watermark has milliseconds: declare the column with a precision of at "
                       "most 3, or add a computed column, ts AS TO_TIMESTAMP(…)");
    return sl_error_at(err, offset);
}

static bool
draft_has_source_watermark(const struct sl_draft *draft)
{
    const struct sl_ast_expr *expr = draft->watermark_expr;

    if (!expr)
        return strcmp(draft->watermark, SL_SOURCE_WATERMARK) == 0;
    return expr->ast.kind == SL_AST_EXPR_CALL && expr->call.arg_count == 0 &&
           sl_ast_name_is(&expr->call.name, "SOURCE_WATERMARK");
}

/* As in Flink, its connector has to know how far time is. */
static int
draft_check_source_watermark(const struct sl_draft *draft, struct sl_error *err)
{
    const char *name = sl_draft_option(draft, "connector");
    const struct sl_connector_descriptor *connector =
        name ? sl_connector_descriptor_find(name) : NULL;

    if (!connector || connector->abilities & SL_ABILITY_WATERMARKS)
        return SL_OK; /* which of them is missing is told of elsewhere */
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "connector \"%s\" does not supply watermarks, which SOURCE_WATERMARK() stands for",
             name);
    sl_error_hint(err, "say how late rows may be: WATERMARK FOR %s AS %s - INTERVAL '5' SECOND",
                  draft->watermark_column, draft->watermark_column);
    return sl_error_at(err, draft->watermark_expr ? draft->watermark_expr->ast.offset : -1);
}

static int
draft_bind_watermark(struct sl_draft *draft, struct sl_table *table, struct sl_error *err)
{
    int column;
    struct sl_table_column *found;
    struct sl_expr *expr;

    table->watermark_column = -1;
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].time == SL_TIME_EVENT)
            table->columns[i].time = SL_TIME_NONE;
    if (!draft->watermark_column)
        return SL_OK;
    column = sl_draft_find(draft, sl_text_of(draft->watermark_column));
    if (column < 0)
        return sl_draft_no_column(draft, sl_text_of(draft->watermark_column),
                                  draft->watermark_offset, err);
    found = &table->columns[column];
    if (!sl_type_is_timestamp(found->type->kind) || found->type->precision > 3 ||
        found->time == SL_TIME_PROCESSING)
        return draft_bad_watermark(
            draft,
            sl_arena_printf(draft->binder->arena, "the WATERMARK column \"%s\"", found->name),
            found->type, draft->watermark_offset, err);
    table->watermark_column = column;
    table->watermark = draft->watermark;
    if (draft_has_source_watermark(draft)) {
        table->watermark = SL_SOURCE_WATERMARK;
        found->time = SL_TIME_EVENT;
        return draft_check_source_watermark(draft, err);
    }
    SL_TRY(draft_bind(draft, table, sl_table_row(draft->binder->arena, table),
                      draft->watermark_expr, draft->watermark, "WATERMARK", &expr, err));
    if (expr->type->kind != found->type->kind)
        return draft_bad_watermark(draft, "the WATERMARK expression", expr->type,
                                   draft->watermark_expr ? draft->watermark_expr->ast.offset : -1,
                                   err);
    found->time = SL_TIME_EVENT;
    return SL_OK;
}

static int
draft_check_options(const struct sl_draft *draft, const struct sl_table *table,
                    struct sl_error *err)
{
    struct sl_table_format format;
    const char *what = sl_arena_printf(draft->binder->arena, "table \"%s\"", draft->name);

    SL_TRY(sl_table_format_of(what, &table->options, &format, err));
    for (size_t i = 0; i < draft->column_count; i++)
        if (draft->columns[i].column.kind == SL_COLUMN_METADATA)
            SL_TRY(draft_check_metadata(draft, format.connector, &draft->columns[i], err));
    return sl_table_check_options(what, &table->options,
                                  sl_table_physical(draft->binder->arena, table), err);
}

/* The changes of one row are told apart by its key. */
static int
draft_check_changes(const struct sl_draft *draft, const struct sl_table *table,
                    struct sl_error *err)
{
    const struct sl_option *mode = sl_option_find(&table->options, "changelog-mode");
    const struct sl_option *splits = sl_option_find(&table->options, "splits");

    if (!mode || sl_equal_nocase(mode->value, "append") || table->primary_key_count)
        return SL_OK;
    if (sl_equal_nocase(mode->value, "upsert")) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "table \"%s\" with 'changelog-mode' = 'upsert' needs a PRIMARY KEY", draft->name);
        return sl_error_at(err, mode->value_offset);
    }
    if (splits && strcmp(splits->value, "1") != 0) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "table \"%s\" with 'changelog-mode' = '%s' needs a PRIMARY KEY for "
                 "'splits' = '%s'",
                 draft->name, mode->value, splits->value);
        return sl_error_at(err, splits->value_offset);
    }
    return SL_OK;
}

int
sl_draft_finish(struct sl_draft *draft, struct sl_table **ret_table, struct sl_error *err)
{
    struct sl_arena *arena = draft->binder->arena;
    struct sl_table *table = SL_NEW(arena, struct sl_table);

    SL_TRY(draft_check_names(draft, err));
    table->kind = SL_RELATION_TABLE;
    table->schema = draft->schema;
    table->name = draft->name;
    table->session = draft->session;
    table->comment = draft->comment;
    table->watermark_column = -1;
    table->options = (struct sl_option_list){draft->options, draft->option_count};
    table->columns = SL_NEW_ARRAY(arena, struct sl_table_column, draft->column_count);
    table->column_count = draft->column_count;
    for (size_t i = 0; i < draft->column_count; i++)
        table->columns[i] = draft->columns[i].column;
    SL_TRY(draft_resolve(draft, draft->key, draft->key_count, draft->key_offset, "primary key",
                         &table->primary_key, err));
    table->primary_key_count = draft->key_count;
    table->primary_key_name = draft->key_name;
    for (size_t i = 0; i < draft->key_count; i++) {
        struct sl_table_column *column = &table->columns[table->primary_key[i]];

        column->type = sl_type_nullable(arena, column->type, false);
    }
    SL_TRY(draft_resolve(draft, draft->partition, draft->partition_count, draft->partition_offset,
                         "PARTITIONED BY", &table->partition_by, err));
    table->partition_by_count = draft->partition_count;
    SL_TRY(draft_bind_computed(draft, table, err));
    SL_TRY(draft_bind_watermark(draft, table, err));
    SL_TRY(draft_check_options(draft, table, err));
    SL_TRY(draft_check_changes(draft, table, err));
    SL_TRY(sl_table_check_record(draft->binder->arena, table, &table->options, err));
    *ret_table = table;
    return SL_OK;
}
