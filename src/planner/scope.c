/* Names of columns in the scope of a FROM: one table, or the tables of a join. */
#include "planner/bind.h"

/* How many parts of the name qualify the column: t.c 1, s.t.c 2, c 0. */
static size_t
scope_qualifiers(const char *schema_name, const char *table_name, const struct sl_ast_name *name)
{
    const struct sl_ast_identifier *parts = name->parts;

    if (name->count >= 2 && table_name &&
        sl_text_equal_nocase(parts[0].text, sl_text_of(table_name)))
        return 1;
    if (name->count >= 3 && table_name && schema_name &&
        sl_text_equal_nocase(parts[0].text, sl_text_of(schema_name)) &&
        sl_text_equal_nocase(parts[1].text, sl_text_of(table_name)))
        return 2;
    return 0;
}

static int
scope_find_in_part(const struct sl_scope *scope, const struct sl_scope_part *part,
                   struct sl_text name)
{
    struct sl_schema columns = {scope->columns->columns + part->first, part->count};
    int column = sl_schema_find(&columns, name);

    return column < 0 ? column : column + (int)part->first;
}

int
sl_scope_find_column(const struct sl_scope *scope, struct sl_text name)
{
    int found = -1;

    if (!scope->part_count)
        return sl_schema_find(scope->columns, name);
    for (size_t i = 0; i < scope->visible_count; i++) {
        const char *column = scope->columns->columns[scope->visible[i]].name;

        if (!sl_text_equal_nocase(sl_text_of(column), name))
            continue;
        if (found >= 0)
            return -2;
        found = (int)scope->visible[i];
    }
    return found;
}

int
sl_scope_find(const struct sl_scope *scope, const struct sl_ast_name *name, size_t *ret_part)
{
    *ret_part = scope_qualifiers(scope->schema_name, scope->name, name);
    for (size_t i = 0; i < scope->part_count; i++) {
        const struct sl_scope_part *part = &scope->parts[i];

        *ret_part = scope_qualifiers(part->schema_name, part->name, name);
        if (*ret_part)
            return scope_find_in_part(scope, part, name->parts[*ret_part].text);
    }
    return sl_scope_find_column(scope, name->parts[*ret_part].text);
}

static const uint32_t *
scope_range(struct sl_arena *arena, uint32_t first, size_t count)
{
    uint32_t *columns = SL_NEW_ARRAY(arena, uint32_t, count + 1);

    for (uint32_t i = 0; i < count; i++)
        columns[i] = first + i;
    return columns;
}

static bool
scope_is_named(const char *name, const struct sl_text *table)
{
    return name && sl_text_equal_nocase(sl_text_of(name), *table);
}

bool
sl_scope_star(struct sl_arena *arena, const struct sl_scope *scope, const struct sl_text *table,
              const uint32_t **ret_columns, size_t *ret_count)
{
    for (size_t i = 0; table && i < scope->part_count; i++) {
        const struct sl_scope_part *part = &scope->parts[i];

        if (!scope_is_named(part->name, table))
            continue;
        *ret_columns = scope_range(arena, part->first, part->count);
        *ret_count = part->count;
        return true;
    }
    if (table && (scope->part_count || !scope_is_named(scope->name, table)))
        return false;
    *ret_columns =
        scope->part_count ? scope->visible : scope_range(arena, 0, scope->columns->count);
    *ret_count = scope->part_count ? scope->visible_count : scope->columns->count;
    return true;
}

const char *
sl_scope_qualifier(const struct sl_scope *scope, uint32_t column)
{
    for (size_t i = 0; i < scope->merged_count; i++)
        if (scope->visible[i] == column)
            return NULL;
    for (size_t i = 0; i < scope->part_count; i++)
        if (column - scope->parts[i].first < scope->parts[i].count)
            return scope->parts[i].name;
    return NULL;
}

/* --- refusals --- */

/* 42P01 with a near match among the tables of the scope. */
static int
scope_no_table(const struct sl_clause *binding, const struct sl_ast_identifier *table,
               struct sl_error *err)
{
    const struct sl_scope *scope = binding->scope;
    const char **names = SL_NEW_ARRAY(binding->binder->arena, const char *, scope->part_count + 1);
    size_t count = 0;

    if (scope->name)
        names[count++] = scope->name;
    for (size_t i = 0; i < scope->part_count; i++)
        if (scope->parts[i].name)
            names[count++] = scope->parts[i].name;
    SL_ERROR(err, SL_E_UNDEFINED_TABLE, "missing FROM-clause entry for table \"%.*s\"",
             SL_TEXT_FORMAT(table->text));
    sl_error_suggest(err, table->text, names, count);
    return sl_error_at(err, sl_binder_offset(binding->binder, table->offset));
}

int
sl_scope_refuse(const struct sl_clause *binding, const struct sl_ast_name *name, size_t part,
                struct sl_error *err)
{
    const struct sl_scope *scope = binding->scope;
    struct sl_binder *binder = binding->binder;

    if (!scope || !scope->columns->count) {
        SL_ERROR(err, SL_E_UNDEFINED_COLUMN, "column \"%.*s\" does not exist",
                 SL_TEXT_FORMAT(name->parts[name->count - 1].text));
        sl_error_hint(err, "there is no column that could be used in %s", binding->clause);
        return sl_error_at(err, sl_binder_offset(binder, name->offset));
    }
    if (name->count > 1 && part == 0)
        return scope_no_table(binding, &name->parts[0], err);
    return sl_binder_no_column(binder, name->parts[part].text, name->offset, scope->columns, err);
}
