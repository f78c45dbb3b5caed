/* How a table's columns are in its records, where their key has a format of its own. */
#include "planner/bind.h"

static bool
record_is_key(const struct sl_phys_record *record, uint32_t column)
{
    for (size_t i = 0; i < record->key_column_count; i++)
        if (record->key_columns[i] == column)
            return true;
    return false;
}

/* The columns of key.fields, by name. */
static int
record_read_fields(struct sl_arena *arena, const struct sl_table *table,
                   const struct sl_option *fields, struct sl_phys_record *record,
                   struct sl_error *err)
{
    struct sl_schema *physical = sl_table_physical(arena, table);
    const char *at = fields->value;

    record->key_columns = SL_NEW_ARRAY(arena, uint32_t, physical->count);
    while (*at) {
        size_t length = strcspn(at, ";"), blank = strspn(at, " ");
        struct sl_text name = {at + SL_MIN(blank, length), length - SL_MIN(blank, length)};
        bool is_twice;
        int column;

        while (name.length && name.start[name.length - 1] == ' ')
            name.length--;
        column = sl_schema_find(physical, name);
        is_twice = column >= 0 && record_is_key(record, (uint32_t)column);
        if (column < 0)
            SL_ERROR(err, SL_E_UNDEFINED_COLUMN,
                     "\"key.fields\" names \"%.*s\", which is no column of records of table \"%s\"",
                     SL_TEXT_FORMAT(name), table->name);
        else if (is_twice)
            SL_ERROR(err, SL_E_DUPLICATE_COLUMN, "\"key.fields\" names column \"%.*s\" twice",
                     SL_TEXT_FORMAT(name));
        if (column < 0 || is_twice)
            return sl_error_at(err, fields->value_offset);
        record->key_columns[record->key_column_count++] = (uint32_t)column;
        at += length;
        at += *at == ';';
    }
    return SL_OK;
}

static int
record_check_prefix(struct sl_arena *arena, const struct sl_table *table,
                    const struct sl_option *prefix, const struct sl_phys_record *record,
                    struct sl_error *err)
{
    struct sl_schema *physical = sl_table_physical(arena, table);
    size_t length = strlen(prefix->value);

    if (!record->value_except_key) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "\"key.fields-prefix\" needs 'value.fields-include' = 'EXCEPT_KEY'");
        return sl_error_at(err, prefix->key_offset);
    }
    for (size_t i = 0; i < record->key_column_count; i++) {
        const char *name = physical->columns[record->key_columns[i]].name;

        if (strncmp(name, prefix->value, length) == 0 && name[length])
            continue;
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "column \"%s\" of the key does not begin with the \"key.fields-prefix\" \"%s\"",
                 name, prefix->value);
        return sl_error_at(err, prefix->value_offset);
    }
    return SL_OK;
}

int
sl_table_record(struct sl_arena *arena, const struct sl_table *table,
                const struct sl_option_list *options, const struct sl_table_format *format,
                struct sl_phys_record *record, struct sl_error *err)
{
    const struct sl_option *fields = sl_option_find(options, "key.fields");
    const struct sl_option *prefix = sl_option_find(options, "key.fields-prefix");
    const char *include = sl_option_get(options, "value.fields-include");
    const struct sl_format_descriptor *key;
    const char *name = sl_option_get(options, "key.format");

    *record = (struct sl_phys_record){0};
    key = name ? sl_format_descriptor_find(name) : NULL;
    if (!key)
        return SL_OK;
    record->key_format = key->name;
    record->value_except_key = include && sl_equal_nocase(include, "EXCEPT_KEY");
    if (format->connector->abilities & SL_ABILITY_UPSERT_KEYS) {
        record->tombstones = true;
        record->key_columns = sl_table_physical_key(arena, table);
        record->key_column_count = table->primary_key_count;
    } else if (fields) {
        SL_TRY(record_read_fields(arena, table, fields, record, err));
    }
    if (!prefix || !*prefix->value)
        return SL_OK;
    record->key_prefix = prefix->value;
    return record_check_prefix(arena, table, prefix, record, err);
}

/* --- checks --- */

/* Each format holds the types of its columns, and only rows that are there. */
static int
record_check_format(const struct sl_format_descriptor *format, const char *what,
                    const struct sl_option_list *options, const struct sl_schema *schema,
                    bool inserts, struct sl_error *err)
{
    if (inserts && (format->source_kinds || format->sink_kinds != SL_KINDS_INSERT))
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "format %s has row kinds of its own, and cannot be the %s", format->name,
                        what);
    return format->check ? format->check(options, schema, err) : SL_OK;
}

int
sl_table_check_record(struct sl_arena *arena, const struct sl_table *table,
                      const struct sl_option_list *options, struct sl_error *err)
{
    struct sl_schema *physical = sl_table_physical(arena, table);
    struct sl_schema *keys = sl_schema_new(arena, physical->count);
    struct sl_schema *values = sl_schema_new(arena, physical->count);
    struct sl_phys_record record;
    struct sl_table_format format;
    bool upserts;

    SL_TRY(sl_table_format_of(sl_arena_printf(arena, "table \"%s\"", table->name), options, &format,
                              err));
    upserts = (format.connector->abilities & SL_ABILITY_UPSERT_KEYS) != 0;
    if (upserts && !table->primary_key_count)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "table \"%s\" of connector %s needs a PRIMARY KEY, which is the records' "
                        "key",
                        table->name, format.connector->name);
    SL_TRY(sl_table_record(arena, table, options, &format, &record, err));
    if (!record.key_format)
        return SL_OK;
    keys->count = values->count = 0;
    for (uint32_t i = 0; i < physical->count; i++) {
        if (record_is_key(&record, i))
            keys->columns[keys->count++] = physical->columns[i];
        if (!record.value_except_key || !record_is_key(&record, i))
            values->columns[values->count++] = physical->columns[i];
    }
    SL_TRY(record_check_format(sl_format_descriptor_find(record.key_format), "key of records",
                               options, keys, true, err));
    return record_check_format(format.format, "value of upserts", options, values, upserts, err);
}
