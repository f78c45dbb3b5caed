/* SHOW CREATE TABLE and SHOW CREATE VIEW: a statement that makes the object again. */
#include "planner/bind.h"

#include "base/secret.h"

static void
show_string(struct sl_buffer *to, const char *string)
{
    sl_buffer_add_byte(to, '\'');
    for (; *string; string++) {
        if (*string == '\'')
            sl_buffer_add_byte(to, '\'');
        sl_buffer_add_byte(to, *string);
    }
    sl_buffer_add_byte(to, '\'');
}

static void
show_comment(struct sl_buffer *to, const char *comment)
{
    if (!comment)
        return;
    sl_buffer_add_string(to, " COMMENT ");
    show_string(to, comment);
}

static void
show_name(struct sl_arena *arena, struct sl_buffer *to, const struct sl_table *table)
{
    if (strcmp(table->schema, "public") != 0)
        sl_buffer_printf(to, "%s.", sl_quote_name(arena, table->schema));
    sl_buffer_add_string(to, sl_quote_name(arena, table->name));
}

static void
show_names(struct sl_arena *arena, struct sl_buffer *to, const struct sl_table *table,
           const uint32_t *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sl_buffer_printf(to, "%s%s", i ? ", " : "",
                         sl_quote_name(arena, table->columns[columns[i]].name));
}

static void
show_column(struct sl_arena *arena, struct sl_buffer *to, const struct sl_table_column *column)
{
    sl_buffer_printf(to, "  %s ", sl_quote_name(arena, column->name));
    if (column->kind == SL_COLUMN_COMPUTED) {
        sl_buffer_printf(to, "AS %s", column->expression);
    } else {
        sl_type_format(column->type, to);
        if (column->kind == SL_COLUMN_METADATA) {
            sl_buffer_add_string(to, " METADATA");
            if (strcmp(column->metadata_key, column->name) != 0) {
                sl_buffer_add_string(to, " FROM ");
                show_string(to, column->metadata_key);
            }
            if (column->is_virtual)
                sl_buffer_add_string(to, " VIRTUAL");
        }
    }
    show_comment(to, column->comment);
}

/* Secrets are not told. */
static void
show_options(struct sl_buffer *to, const struct sl_option_list *options)
{
    struct sl_buffer value;

    sl_buffer_init(&value, SIZE_MAX / 2);
    sl_buffer_add_string(to, "\nWITH (\n");
    for (size_t i = 0; i < options->count; i++) {
        sl_buffer_reset(&value);
        sl_secret_add_value(&value, options->items[i].key, options->items[i].value);
        sl_buffer_add_string(to, i ? ",\n  " : "  ");
        show_string(to, options->items[i].key);
        sl_buffer_add_string(to, " = ");
        show_string(to, value.length ? value.data : "");
    }
    sl_buffer_add_string(to, "\n)");
    sl_buffer_done(&value);
}

static void
show_table(struct sl_arena *arena, const struct sl_table *table, struct sl_buffer *to)
{
    sl_buffer_printf(to, "CREATE %sTABLE ", table->session ? "TEMPORARY " : "");
    show_name(arena, to, table);
    sl_buffer_add_string(to, " (\n");
    for (size_t i = 0; i < table->column_count; i++) {
        sl_buffer_add_string(to, i ? ",\n" : "");
        show_column(arena, to, &table->columns[i]);
    }
    if (table->watermark_column >= 0)
        sl_buffer_printf(to, ",\n  WATERMARK FOR %s AS %s",
                         sl_quote_name(arena, table->columns[table->watermark_column].name),
                         table->watermark);
    if (table->primary_key_count) {
        sl_buffer_add_string(to, ",\n  ");
        if (table->primary_key_name)
            sl_buffer_printf(to, "CONSTRAINT %s ", sl_quote_name(arena, table->primary_key_name));
        sl_buffer_add_string(to, "PRIMARY KEY (");
        show_names(arena, to, table, table->primary_key, table->primary_key_count);
        sl_buffer_add_string(to, ") NOT ENFORCED");
    }
    sl_buffer_add_string(to, "\n)");
    show_comment(to, table->comment);
    if (table->partition_by_count) {
        sl_buffer_add_string(to, "\nPARTITIONED BY (");
        show_names(arena, to, table, table->partition_by, table->partition_by_count);
        sl_buffer_add_byte(to, ')');
    }
    show_options(to, &table->options);
}

static void
show_view(struct sl_arena *arena, const struct sl_table *view, struct sl_buffer *to)
{
    sl_buffer_printf(to, "CREATE %sVIEW ", view->session ? "TEMPORARY " : "");
    show_name(arena, to, view);
    sl_buffer_add_string(to, " (");
    for (size_t i = 0; i < view->column_count; i++)
        sl_buffer_printf(to, "%s%s", i ? ", " : "", sl_quote_name(arena, view->columns[i].name));
    sl_buffer_add_byte(to, ')');
    show_comment(to, view->comment);
    sl_buffer_add_string(to, " AS\n");
    sl_secret_add_sql(to, view->query);
}

void
sl_plan_show_create(const struct sl_table *table, struct sl_buffer *to)
{
    struct sl_arena arena;

    sl_arena_init(&arena);
    if (table->kind == SL_RELATION_VIEW)
        show_view(&arena, table, to);
    else
        show_table(&arena, table, to);
    sl_arena_done(&arena);
}
