/* The table that is written to: found by name, compared column by column with ours, and the SQL
 * that writes many rows of it at once.
 *
 * Rows go as one array of texts for each column, which PostgreSQL's own input functions turn into
 * the columns' types.  They are cast without the length or precision of the column, so that the
 * assignment checks it: a cast would cut a string silently. */
#include "connector/postgres_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { /* oids of PostgreSQL's own types */
       PG_BOOL = 16,
       PG_BYTEA = 17,
       PG_INT8 = 20,
       PG_INT2 = 21,
       PG_INT4 = 23,
       PG_TEXT = 25,
       PG_JSON = 114,
       PG_XML = 142,
       PG_FLOAT4 = 700,
       PG_FLOAT8 = 701,
       PG_BPCHAR = 1042,
       PG_VARCHAR = 1043,
       PG_DATE = 1082,
       PG_TIME = 1083,
       PG_TIMESTAMP = 1114,
       PG_TIMESTAMPTZ = 1184,
       PG_INTERVAL = 1186,
       PG_NUMERIC = 1700,
       PG_UUID = 2950,
       PG_JSONB = 3802,
};
#define PG_OIDS_MAX 8

/* A column as the server has it; strings of the result that it was read from. */
struct pg_column {
    const char *name, *number;
    uint32_t oid, element; /* of the type below a domain; of an array's elements, or 0 */
    int32_t modifier;
    char category;
    const char *cast, *shown; /* the type without and with its length */
    bool is_required, is_generated;
};

/* Which types of PostgreSQL take one of ours without a loss; the first is the one to propose. */
static const uint32_t pg_fits[SL_TYPE_COUNT][PG_OIDS_MAX] = {
    [SL_TYPE_BOOLEAN] = {PG_BOOL},
    [SL_TYPE_TINYINT] = {PG_INT2, PG_INT4, PG_INT8, PG_NUMERIC},
    [SL_TYPE_SMALLINT] = {PG_INT2, PG_INT4, PG_INT8, PG_NUMERIC},
    [SL_TYPE_INT] = {PG_INT4, PG_INT8, PG_NUMERIC},
    [SL_TYPE_BIGINT] = {PG_INT8, PG_NUMERIC},
    [SL_TYPE_FLOAT] = {PG_FLOAT4, PG_FLOAT8},
    [SL_TYPE_DOUBLE] = {PG_FLOAT8},
    [SL_TYPE_DECIMAL] = {PG_NUMERIC},
    [SL_TYPE_CHAR] = {PG_TEXT, PG_VARCHAR, PG_BPCHAR, PG_JSONB, PG_JSON, PG_UUID, PG_XML},
    [SL_TYPE_VARCHAR] = {PG_TEXT, PG_VARCHAR, PG_BPCHAR, PG_JSONB, PG_JSON, PG_UUID, PG_XML},
    [SL_TYPE_BINARY] = {PG_BYTEA},
    [SL_TYPE_VARBINARY] = {PG_BYTEA},
    [SL_TYPE_DATE] = {PG_DATE},
    [SL_TYPE_TIME] = {PG_TIME},
    [SL_TYPE_TIMESTAMP] = {PG_TIMESTAMP},
    [SL_TYPE_TIMESTAMP_LTZ] = {PG_TIMESTAMPTZ},
    [SL_TYPE_INTERVAL_MONTH] = {PG_INTERVAL},
    [SL_TYPE_INTERVAL_DAY] = {PG_INTERVAL},
    [SL_TYPE_ARRAY] = {PG_JSONB, PG_JSON, PG_TEXT},
    [SL_TYPE_MAP] = {PG_JSONB, PG_JSON, PG_TEXT},
    [SL_TYPE_MULTISET] = {PG_JSONB, PG_JSON, PG_TEXT},
    [SL_TYPE_ROW] = {PG_JSONB, PG_JSON, PG_TEXT},
};

/* --- what is there --- */

static const char *
pg_cell(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column);
}

static int
pg_find_table(struct sl_pg_client *client, struct sl_arena *arena, char **ret_oid,
              struct sl_pg_target *target, struct sl_error *err)
{
    static const char sql[] =
        "SELECT c.oid, n.nspname, c.relname, c.relpersistence = 'u' FROM pg_catalog.pg_class c "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p', 'v') AND lower(c.relname) = lower($1) AND "
        "CASE WHEN $2 = '' THEN pg_catalog.pg_table_is_visible(c.oid) "
        "ELSE lower(n.nspname) = lower($2) END "
        "ORDER BY c.relname = $1 DESC, n.nspname = $2 DESC LIMIT 1";
    const struct sl_pg_options *options = client->options;
    const char *const values[] = {options->table, options->schema};
    struct sl_pg_params params = {.count = 2, .values = values};
    struct sl_buffer quoted;
    PGresult *result;

    SL_TRY(sl_pg_query(client, sql, &params, &result, err));
    if (PQntuples(result) == 0) {
        PQclear(result);
        SL_ERROR(err, SL_E_UNDEFINED_TABLE, "table \"%s%s%s\" does not exist in PostgreSQL at %s",
                 options->schema, *options->schema ? "." : "", options->table, options->hosts);
        return sl_error_hint(err, "CREATE TABLE it there, before it is used");
    }
    if (options->exactly_once && *pg_cell(result, 0, 3) == 't') {
        PQclear(result);
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "table \"%s\" in PostgreSQL is UNLOGGED: it cannot be written exactly once",
                 options->table);
        return sl_error_hint(err, "a crash empties it there: ALTER TABLE … SET LOGGED");
    }
    *ret_oid = sl_arena_strdup(arena, pg_cell(result, 0, 0));
    sl_buffer_init(&quoted, SIZE_MAX / 2);
    sl_pg_quote(&quoted, pg_cell(result, 0, 1));
    target->schema = sl_arena_strdup(arena, quoted.data);
    sl_buffer_add_byte(&quoted, '.');
    sl_pg_quote(&quoted, pg_cell(result, 0, 2));
    target->name = sl_arena_strdup(arena, quoted.data);
    sl_buffer_done(&quoted);
    PQclear(result);
    return SL_OK;
}

static int
pg_read_columns(struct sl_pg_client *client, struct sl_arena *arena, const char *oid,
                struct pg_column **ret_columns, size_t *ret_count, struct sl_error *err)
{
    static const char sql[] =
        "SELECT a.attname, a.attnum, b.oid, coalesce(e.oid, 0), "
        "CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END, "
        "CASE WHEN b.typtype = 'e' THEN 'E' ELSE b.typcategory END, "
        "pg_catalog.format_type(b.oid, -1), pg_catalog.format_type(a.atttypid, a.atttypmod), "
        "a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', "
        "a.attgenerated <> '' OR a.attidentity = 'a' "
        "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
        "JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype "
        "ELSE t.oid END "
        "LEFT JOIN pg_catalog.pg_type e ON e.oid = b.typelem AND b.typcategory = 'A' "
        "WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    struct sl_pg_params params = {.count = 1, .values = &oid};
    struct pg_column *columns;
    PGresult *result;

    SL_TRY(sl_pg_query(client, sql, &params, &result, err));
    *ret_count = (size_t)PQntuples(result);
    columns = SL_NEW_ARRAY(arena, struct pg_column, *ret_count + 1);
    for (int i = 0; i < PQntuples(result); i++)
        columns[i] = (struct pg_column){
            .name = sl_arena_strdup(arena, pg_cell(result, i, 0)),
            .number = sl_arena_strdup(arena, pg_cell(result, i, 1)),
            .oid = (uint32_t)strtoul(pg_cell(result, i, 2), NULL, 10),
            .element = (uint32_t)strtoul(pg_cell(result, i, 3), NULL, 10),
            .modifier = (int32_t)strtol(pg_cell(result, i, 4), NULL, 10),
            .category = *pg_cell(result, i, 5),
            .cast = sl_arena_strdup(arena, pg_cell(result, i, 6)),
            .shown = sl_arena_strdup(arena, pg_cell(result, i, 7)),
            .is_required = *pg_cell(result, i, 8) == 't',
            .is_generated = *pg_cell(result, i, 9) == 't',
        };
    PQclear(result);
    *ret_columns = columns;
    return SL_OK;
}

/* --- does it fit? --- */

static const struct pg_column *
pg_find_column(const struct pg_column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(columns[i].name, name) == 0)
            return &columns[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (sl_equal_nocase(columns[i].name, name))
            return &columns[i];
    }
    return NULL;
}

static bool
pg_oid_fits(const struct sl_type *type, uint32_t oid)
{
    for (size_t i = 0; i < PG_OIDS_MAX && pg_fits[type->kind][i]; i++) {
        if (pg_fits[type->kind][i] == oid)
            return true;
    }
    return false;
}

/* Digits behind the point that the column would round away. */
static bool
pg_rounds(const struct sl_type *type, const struct pg_column *column)
{
    if (column->modifier < 0)
        return false;
    if (type->kind == SL_TYPE_DECIMAL) /* ((precision << 16) | scale of 11 bits) + 4 */
        return (((column->modifier - 4) & 0x7ff) ^ 1024) - 1024 < type->scale;
    if (type->kind == SL_TYPE_TIME || sl_type_is_timestamp(type->kind))
        return column->modifier < type->precision;
    return false;
}

static bool
pg_fits_column(const struct sl_type *type, const struct pg_column *column)
{
    if (type->kind == SL_TYPE_ARRAY && column->element) {
        while (type->kind == SL_TYPE_ARRAY)
            type = type->element;
        return !sl_type_is_nested(type->kind) && pg_oid_fits(type, column->element) &&
               !pg_rounds(type, column);
    }
    if (sl_type_is_text(type->kind) && (column->category == 'S' || column->category == 'E'))
        return true;
    return pg_oid_fits(type, column->oid) && !pg_rounds(type, column);
}

static void
pg_hint_type(const struct sl_type *type, struct sl_error *err)
{
    static const struct {
        uint32_t oid;
        const char *name;
    } names[] = {{PG_BOOL, "boolean"},
                 {PG_INT2, "smallint"},
                 {PG_INT4, "integer"},
                 {PG_INT8, "bigint"},
                 {PG_FLOAT4, "real"},
                 {PG_FLOAT8, "double precision"},
                 {PG_NUMERIC, "numeric"},
                 {PG_TEXT, "text"},
                 {PG_BYTEA, "bytea"},
                 {PG_DATE, "date"},
                 {PG_TIME, "time"},
                 {PG_TIMESTAMP, "timestamp"},
                 {PG_TIMESTAMPTZ, "timestamptz"},
                 {PG_INTERVAL, "interval"},
                 {PG_JSONB, "jsonb"}};
    const char *array = "";

    for (; type->kind == SL_TYPE_ARRAY && !sl_type_is_nested(type->element->kind); array = "[]")
        type = type->element;
    for (size_t i = 0; i < SL_COUNT_OF(names); i++) {
        if (names[i].oid == pg_fits[type->kind][0])
            sl_error_hint(err, "make it %s%s there, or declare the column with a type that fits",
                          names[i].name, array);
    }
}

static int
pg_check_column(const struct sl_pg_target *target, const struct sl_schema_column *ours,
                const struct pg_column *theirs, size_t count, struct sl_arena *arena,
                const struct pg_column **ret_column, struct sl_error *err)
{
    const struct pg_column *column = pg_find_column(theirs, count, ours->name);

    if (!column) {
        const char **names = SL_NEW_ARRAY(arena, const char *, count + 1);

        for (size_t i = 0; i < count; i++)
            names[i] = theirs[i].name;
        SL_ERROR(err, SL_E_UNDEFINED_COLUMN, "table %s in PostgreSQL has no column \"%s\"",
                 target->name, ours->name);
        sl_error_suggest(err, sl_text_of(ours->name), names, count);
        return err->hint[0] ? err->code
                            : sl_error_hint(err, "columns go by their names: add it there, or "
                                                 "leave it out here");
    }
    if (column->is_generated)
        return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                        "column \"%s\" of table %s in PostgreSQL is generated there", column->name,
                        target->name);
    if (!pg_fits_column(ours->type, column)) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
                 "column \"%s\" of table %s in PostgreSQL is %s, which does not take every %s",
                 column->name, target->name, column->shown, sl_type_text(arena, ours->type));
        pg_hint_type(ours->type, err);
        return err->code;
    }
    *ret_column = column;
    return SL_OK;
}

/* What is there besides must do without us. */
static int
pg_check_others(const struct sl_pg_target *target, const struct pg_column *columns, size_t count,
                struct sl_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!columns[i].is_required ||
            sl_schema_find(target->physical, sl_text_of(columns[i].name)) >= 0)
            continue;
        SL_ERROR(
            err, SL_E_NOT_NULL_VIOLATION,
            "column \"%s\" of table %s in PostgreSQL is NOT NULL, and nothing is written to it",
            columns[i].name, target->name);
        return sl_error_hint(err, "give it a DEFAULT there, or declare it here");
    }
    return SL_OK;
}

/* ON CONFLICT needs a unique index over exactly these columns. */
static int
pg_check_key(struct sl_pg_client *client, const char *oid, const struct sl_pg_target *target,
             const struct pg_column *const *columns, struct sl_error *err)
{
    static const char sql[] =
        "SELECT 1 FROM pg_catalog.pg_index WHERE indrelid = $1 AND indisunique AND indisvalid "
        "AND indimmediate AND indpred IS NULL AND indexprs IS NULL "
        "AND (indkey::int2[])[0:indnkeyatts - 1] @> $2::int2[] "
        "AND (indkey::int2[])[0:indnkeyatts - 1] <@ $2::int2[]";
    struct sl_buffer numbers, names;
    const char *values[] = {oid, NULL};
    struct sl_pg_params params = {.count = 2, .values = values};
    PGresult *result;
    bool is_there;
    int rc;

    if (target->primary_key_count == 0)
        return SL_OK;
    sl_buffer_init(&numbers, SIZE_MAX / 2);
    sl_buffer_init(&names, SIZE_MAX / 2);
    for (size_t i = 0; i < target->primary_key_count; i++) {
        const struct pg_column *column = columns[target->primary_key[i]];

        sl_buffer_printf(&numbers, "%s%s", i ? "," : "{", column->number);
        sl_buffer_add_string(&names, i ? ", " : "");
        sl_pg_quote(&names, column->name);
    }
    sl_buffer_add_byte(&numbers, '}');
    values[1] = numbers.data;
    rc = sl_pg_query(client, sql, &params, &result, err);
    is_there = rc == SL_OK && PQntuples(result) > 0;
    if (rc == SL_OK)
        PQclear(result);
    if (rc == SL_OK && !is_there) {
        rc = SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE,
                      "table %s in PostgreSQL has no unique index on the primary key (%s)",
                      target->name, names.data);
        sl_error_hint(err, "rows are updated by it: ALTER TABLE %s ADD PRIMARY KEY (%s)",
                      target->name, names.data);
    }
    sl_buffer_done(&numbers);
    sl_buffer_done(&names);
    return rc;
}

/* --- the SQL --- */

void
sl_pg_quote(struct sl_buffer *to, const char *name)
{
    sl_buffer_add_byte(to, '"');
    for (; *name; name++) {
        if (*name == '"')
            sl_buffer_add_byte(to, '"');
        sl_buffer_add_byte(to, *name);
    }
    sl_buffer_add_byte(to, '"');
}

/* unnest($1::text[], …) AS u(c0, …) */
static void
pg_add_arrays(struct sl_buffer *sql, size_t count)
{
    sl_buffer_add_string(sql, "unnest(");
    for (size_t i = 0; i < count; i++)
        sl_buffer_printf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
    sl_buffer_add_string(sql, ") AS u(");
    for (size_t i = 0; i < count; i++)
        sl_buffer_printf(sql, "%sc%zu", i ? ", " : "", i);
    sl_buffer_add_byte(sql, ')');
}

static bool
pg_is_key(const struct sl_pg_target *target, size_t column)
{
    for (size_t i = 0; i < target->primary_key_count; i++) {
        if (target->primary_key[i] == column)
            return true;
    }
    return false;
}

static void
pg_add_conflict(struct sl_buffer *sql, const struct sl_pg_target *target,
                const struct pg_column *const *columns)
{
    bool is_first = true;

    sl_buffer_add_string(sql, " ON CONFLICT (");
    for (size_t i = 0; i < target->primary_key_count; i++) {
        sl_buffer_add_string(sql, i ? ", " : "");
        sl_pg_quote(sql, columns[target->primary_key[i]]->name);
    }
    sl_buffer_add_string(sql, ") DO ");
    for (size_t i = 0; i < target->physical->count; i++) {
        if (pg_is_key(target, i))
            continue;
        sl_buffer_add_string(sql, is_first ? "UPDATE SET " : ", ");
        is_first = false;
        sl_pg_quote(sql, columns[i]->name);
        sl_buffer_add_string(sql, " = EXCLUDED.");
        sl_pg_quote(sql, columns[i]->name);
    }
    if (is_first)
        sl_buffer_add_string(sql, "NOTHING");
}

static void
pg_make_insert(struct sl_arena *arena, struct sl_pg_target *target,
               const struct pg_column *const *columns)
{
    struct sl_buffer sql;

    sl_buffer_init(&sql, SIZE_MAX / 2);
    sl_buffer_printf(&sql, "INSERT INTO %s (", target->name);
    for (size_t i = 0; i < target->physical->count; i++) {
        sl_buffer_add_string(&sql, i ? ", " : "");
        sl_pg_quote(&sql, columns[i]->name);
    }
    sl_buffer_add_string(&sql, ") SELECT ");
    for (size_t i = 0; i < target->physical->count; i++)
        sl_buffer_printf(&sql, "%sc%zu::%s", i ? ", " : "", i, columns[i]->cast);
    sl_buffer_add_string(&sql, " FROM ");
    pg_add_arrays(&sql, target->physical->count);
    if (target->primary_key_count)
        pg_add_conflict(&sql, target, columns);
    target->insert_sql = sl_arena_strdup(arena, sql.data);
    sl_buffer_done(&sql);
}

static void
pg_make_delete(struct sl_arena *arena, struct sl_pg_target *target,
               const struct pg_column *const *columns)
{
    struct sl_buffer sql;

    if (target->primary_key_count == 0)
        return;
    sl_buffer_init(&sql, SIZE_MAX / 2);
    sl_buffer_printf(&sql, "DELETE FROM %s AS t USING ", target->name);
    pg_add_arrays(&sql, target->primary_key_count);
    for (size_t i = 0; i < target->primary_key_count; i++) {
        const struct pg_column *column = columns[target->primary_key[i]];

        sl_buffer_add_string(&sql, i ? " AND t." : " WHERE t.");
        sl_pg_quote(&sql, column->name);
        sl_buffer_printf(&sql, " = u.c%zu::%s", i, column->cast);
    }
    target->delete_sql = sl_arena_strdup(arena, sql.data);
    sl_buffer_done(&sql);
}

int
sl_pg_target_open(struct sl_pg_client *client, struct sl_arena *arena, struct sl_pg_target *target,
                  struct sl_error *err)
{
    const struct sl_schema *physical = target->physical;
    const struct pg_column **columns =
        SL_NEW_ARRAY(arena, const struct pg_column *, physical->count + 1);
    struct pg_column *theirs;
    size_t count;
    char *oid;

    SL_TRY(pg_find_table(client, arena, &oid, target, err));
    SL_TRY(pg_read_columns(client, arena, oid, &theirs, &count, err));
    target->as_json = SL_NEW_ARRAY(arena, bool, physical->count + 1);
    for (size_t i = 0; i < physical->count; i++) {
        const struct sl_schema_column *ours = &physical->columns[i];

        SL_TRY(pg_check_column(target, ours, theirs, count, arena, &columns[i], err));
        target->as_json[i] = sl_type_is_nested(ours->type->kind) && columns[i]->element == 0;
    }
    SL_TRY(pg_check_others(target, theirs, count, err));
    SL_TRY(pg_check_key(client, oid, target, columns, err));
    pg_make_insert(arena, target, columns);
    pg_make_delete(arena, target, columns);
    return SL_OK;
}

int
sl_pg_probe(const struct sl_probe *probe, struct sl_error *err)
{
    struct sl_pg_target target = {.physical = probe->physical,
                                  .primary_key = probe->primary_key,
                                  .primary_key_count = probe->primary_key_count};
    struct sl_pg_client client = {0};
    struct sl_pg_options options;
    struct sl_arena arena;
    int rc;

    sl_arena_init(&arena);
    rc = sl_pg_options_read(&arena, probe->options, &options, err);
    if (rc == SL_OK)
        rc = sl_pg_open(&client, &options, SL_PG_ANSWER_US, err);
    if (rc == SL_OK)
        rc = sl_pg_target_open(&client, &arena, &target, err);
    sl_pg_close(&client);
    sl_arena_done(&arena);
    return rc < 0 && sl_error_is_retryable(rc) ? SL_AGAIN : rc;
}
