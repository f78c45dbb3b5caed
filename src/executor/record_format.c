/* Formats of records: see record_format.h. */
#include "executor/record_format.h"

/* "value.format" puts "value." before the format's options. */
static const char *
record_prefix(struct sl_arena *arena, const struct sl_option_list *options, const char *name)
{
    bool is_value = sl_option_get(options, "value.format") != NULL;

    return sl_arena_printf(arena, "%s%s.", is_value ? "value." : "", name);
}

int
sl_record_format(struct sl_arena *arena, const struct sl_phys_record *record, const char *name,
                 const char *table_name, struct sl_key_value *format,
                 const struct sl_format_class **ret_class, struct sl_error *err)
{
    format->value = name ? sl_format_find(name) : NULL;
    if (!format->value)
        return SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "table \"%s\" has no format", table_name);
    format->value_prefix = record_prefix(arena, format->config.options, name);
    format->config.prefix = format->value_prefix;
    *ret_class = format->value;
    if (!record->key_format)
        return SL_OK;
    format->key = sl_format_find(record->key_format);
    if (!format->key)
        return SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "format \"%s\" of table \"%s\" does not exist",
                        record->key_format, table_name);
    format->key_prefix = sl_arena_printf(arena, "key.%s.", record->key_format);
    format->key_columns = record->key_columns;
    format->key_column_count = record->key_column_count;
    format->name_prefix = record->key_prefix ? strlen(record->key_prefix) : 0;
    format->except_key = record->value_except_key;
    format->tombstones = record->tombstones;
    *ret_class = &sl_key_value_class;
    return SL_OK;
}
