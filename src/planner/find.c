/* Names of tables: t, s.t, default_catalog.s.t.  Schema default_database is public. */
#include "planner/bind.h"

#include <strings.h>

#define FIND_CATALOG "default_catalog"

/* The text of a name as written, for messages. */
static const char *
find_text(const struct sl_binder *binder, const struct sl_ast_name *name)
{
    const char *text = "";

    for (size_t i = 0; i < name->count; i++)
        text = sl_arena_printf(binder->arena, "%s%s%.*s", text, i ? "." : "",
                               SL_TEXT_FORMAT(name->parts[i].text));
    return text;
}

static int
find_split(struct sl_binder *binder, const struct sl_ast_name *name, const char **ret_schema,
           const char **ret_name, struct sl_error *err)
{
    const struct sl_ast_identifier *last = &name->parts[name->count - 1];

    if (name->count > 3) {
        SL_ERROR(err, SL_E_SYNTAX, "the name \"%s\" has too many parts", find_text(binder, name));
        return sl_error_at(err, sl_binder_offset(binder, name->offset));
    }
    if (name->count == 3 && !sl_text_equal_nocase(name->parts[0].text, SL_TEXT(FIND_CATALOG))) {
        SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "catalog \"%.*s\" does not exist",
                 SL_TEXT_FORMAT(name->parts[0].text));
        sl_error_hint(err, "there is one catalog, %s", FIND_CATALOG);
        return sl_error_at(err, sl_binder_offset(binder, name->parts[0].offset));
    }
    *ret_name = sl_binder_name(binder, last);
    *ret_schema = binder->schema;
    if (name->count > 1)
        *ret_schema = sl_binder_name(binder, &name->parts[name->count - 2]);
    if (sl_equal_nocase(*ret_schema, "default_database"))
        *ret_schema = "public";
    return SL_OK;
}

int
sl_binder_refuse_postgres(const struct sl_binder *binder, int offset, const char *name,
                          struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "the catalog of PostgreSQL (%s) is not supported", name);
    sl_error_hint(err, "SHOW TABLES");
    return sl_error_at(err, sl_binder_offset(binder, offset));
}

static bool
find_is_postgres(const struct sl_ast_name *name, const char *schema, const char *table_name)
{
    return sl_equal_nocase(schema, "pg_catalog") || sl_equal_nocase(schema, "information_schema") ||
           (name->count == 1 && strncasecmp(table_name, "pg_", 3) == 0);
}

static int
find_no_table(struct sl_binder *binder, const struct sl_ast_name *name, const char *schema,
              const char *table_name, struct sl_error *err)
{
    const struct sl_table **tables, *hidden;
    size_t count;
    const char **names;

    if (find_is_postgres(name, schema, table_name))
        return sl_binder_refuse_postgres(binder, name->offset, find_text(binder, name), err);
    count = sl_catalog_list_tables(binder->context->catalog, binder->arena, binder->session_id,
                                   schema, &tables);
    names = SL_NEW_ARRAY(binder->arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        names[i] = tables[i]->name;
    SL_ERROR(err, SL_E_UNDEFINED_TABLE, "table \"%s\" does not exist", find_text(binder, name));
    if (!binder->session_id &&
        sl_catalog_find_table(binder->context->catalog, binder->arena, binder->context->session_id,
                              schema, table_name, &hidden))
        sl_error_hint(err, "it is temporary: CREATE TEMPORARY VIEW makes a view that may read it");
    sl_error_suggest(err, sl_text_of(table_name), names, count);
    if (!err->hint[0])
        sl_error_hint(err, "SHOW TABLES lists the tables of the current database");
    return sl_error_at(err, sl_binder_offset(binder, name->offset));
}

int
sl_binder_split_name(struct sl_binder *binder, const struct sl_ast_name *name,
                     const char **ret_schema, const char **ret_name, struct sl_error *err)
{
    return find_split(binder, name, ret_schema, ret_name, err);
}

int
sl_binder_find_table(struct sl_binder *binder, const struct sl_ast_name *name,
                     const struct sl_table **ret_table, struct sl_error *err)
{
    const char *schema, *table_name;

    SL_TRY(find_split(binder, name, &schema, &table_name, err));
    if (!sl_catalog_find_table(binder->context->catalog, binder->arena, binder->session_id, schema,
                               table_name, ret_table))
        return find_no_table(binder, name, schema, table_name, err);
    return SL_OK;
}

int
sl_binder_new_name(struct sl_binder *binder, const struct sl_ast_name *name,
                   const char **ret_schema, const char **ret_name, struct sl_error *err)
{
    const char **schemas;
    size_t count;

    SL_TRY(find_split(binder, name, ret_schema, ret_name, err));
    if (sl_catalog_find_schema(binder->context->catalog, binder->arena, *ret_schema, ret_schema))
        return SL_OK;
    count = sl_catalog_list_schemas(binder->context->catalog, binder->arena, &schemas);
    SL_ERROR(err, SL_E_UNDEFINED_SCHEMA, "database \"%s\" does not exist", *ret_schema);
    sl_error_suggest(err, sl_text_of(*ret_schema), schemas, count);
    return sl_error_at(err, sl_binder_offset(binder, name->offset));
}

int
sl_binder_no_column(const struct sl_binder *binder, struct sl_text name, int offset,
                    const struct sl_schema *columns, struct sl_error *err)
{
    const char **names = SL_NEW_ARRAY(binder->arena, const char *, columns ? columns->count : 0);

    for (size_t i = 0; columns && i < columns->count; i++)
        names[i] = columns->columns[i].name;
    SL_ERROR(err, SL_E_UNDEFINED_COLUMN, "column \"%.*s\" does not exist", SL_TEXT_FORMAT(name));
    sl_error_suggest(err, name, names, columns ? columns->count : 0);
    return sl_error_at(err, sl_binder_offset(binder, offset));
}

int
sl_plan_find_table(struct sl_plan_context *context, const struct sl_ast_name *name,
                   const struct sl_table **ret_table, struct sl_error *err)
{
    struct sl_binder binder;

    SL_TRY(sl_binder_init(&binder, context, err));
    return sl_binder_find_table(&binder, name, ret_table, err);
}
