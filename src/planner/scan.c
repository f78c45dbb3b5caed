/* Tables as sources: a scan of all declared columns; computed columns and the watermark are bound
 * from the catalog's text, over the row of declared columns. */
#include "planner/bind.h"

/* --- hints --- */

static int
scan_refuse_hint(struct sl_binder *binder, const struct sl_ast_hint *hint, struct sl_error *err)
{
    return sl_binder_refuse(
        binder, hint->offset,
        sl_arena_printf(binder->arena, "the hint %.*s here is", SL_TEXT_FORMAT(hint->name.text)),
        err);
}

static int
scan_bad_parallelism(struct sl_binder *binder, const struct sl_ast_hint *hint, struct sl_error *err)
{
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "the hint PARALLELISM takes one number from 1 to 32768");
    return sl_error_at(err, sl_binder_offset(binder, hint->offset));
}

int
sl_binder_select_hints(struct sl_binder *binder, const struct sl_ast_list *hints,
                       struct sl_error *err)
{
    for (size_t i = 0; i < hints->count; i++) {
        const struct sl_ast_hint *hint = hints->items[i];
        int64_t parallelism;

        if (sl_text_equal_nocase(hint->name.text, SL_TEXT("STATE_TTL")) && hint->options.count &&
            !hint->item_count) {
            binder->state_ttl = binder->state_ttl ? binder->state_ttl : hint; /* the first wins */
            continue;
        }
        if (sl_text_equal_nocase(hint->name.text, SL_TEXT("LATE_ROWS")) && hint->item_count == 1 &&
            !hint->options.count) {
            binder->late_rows = hint;
            continue;
        }
        if (sl_binder_trigger_hint(binder, hint))
            continue;
        if (!sl_text_equal_nocase(hint->name.text, SL_TEXT("PARALLELISM")))
            return scan_refuse_hint(binder, hint, err);
        if (hint->item_count != 1 || hint->options.count ||
            !sl_parse_int64(sl_binder_name(binder, &hint->items[0]), &parallelism) ||
            parallelism < 1 || parallelism > 32768)
            return scan_bad_parallelism(binder, hint, err);
        binder->parallelism = (uint32_t)parallelism;
    }
    return SL_OK;
}

int
sl_binder_state_ttl(struct sl_binder *binder, const char *name, bool *ret_found, int64_t *ret_us,
                    struct sl_error *err)
{
    const struct sl_ast_hint *hint = binder->state_ttl;

    *ret_found = false;
    for (size_t i = 0; hint && name && i < hint->options.count; i++) {
        const struct sl_ast_option *option = &hint->options.items[i];
        const char *value;

        if (!sl_text_equal(option->key, sl_text_of(name)))
            continue;
        value = sl_arena_strndup(binder->arena, option->value.start, option->value.length);
        if (!sl_parse_duration_us(value, ret_us) || *ret_us < 0) {
            SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                     "the hint STATE_TTL takes a duration for \"%s\", not \"%s\"", name, value);
            sl_error_hint(err, "for example '1 d', '90 s'");
            return sl_error_at(err, sl_binder_offset(binder, option->value_offset));
        }
        *ret_found = true;
    }
    return SL_OK;
}

static void
scan_put_option(struct sl_option_list *list, const struct sl_option *option)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, option->key) == 0) {
            list->items[i] = *option;
            return;
        }
    }
    list->items[list->count++] = *option;
}

static int
scan_add_hint(struct sl_binder *binder, const struct sl_ast_option *ast,
              struct sl_option_list *options, struct sl_option_list *hints, struct sl_error *err)
{
    struct sl_option option = {
        .key = sl_arena_strndup(binder->arena, ast->key.start, ast->key.length),
        .value = sl_arena_strndup(binder->arena, ast->value.start ? ast->value.start : "",
                                  ast->value.length),
        .key_offset = sl_binder_offset(binder, ast->key_offset),
        .value_offset = sl_binder_offset(binder, ast->value_offset),
    };

    if (strcmp(option.key, "connector") == 0 || !ast->value.start) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "the hint OPTIONS cannot set \"%s\"",
                 option.key);
        return sl_error_at(err, option.key_offset);
    }
    scan_put_option(options, &option);
    scan_put_option(hints, &option);
    return SL_OK;
}

/* The table's options without their positions, which were another statement's. */
static struct sl_option_list
scan_table_options(struct sl_arena *arena, const struct sl_table *table, size_t more)
{
    struct sl_option_list list = {
        SL_NEW_ARRAY(arena, struct sl_option, table->options.count + more), table->options.count};

    for (size_t i = 0; i < list.count; i++) {
        list.items[i] = table->options.items[i];
        list.items[i].key_offset = list.items[i].value_offset = -1;
    }
    return list;
}

int
sl_binder_table_hints(struct sl_binder *binder, const struct sl_table *table,
                      const struct sl_ast_list *hints, struct sl_option_list *ret_options,
                      struct sl_option_list *ret_hints, struct sl_error *err)
{
    size_t count = 0;

    for (size_t i = 0; hints && i < hints->count; i++)
        count += ((const struct sl_ast_hint *)hints->items[i])->options.count;
    *ret_options = scan_table_options(binder->arena, table, count);
    *ret_hints = (struct sl_option_list){SL_NEW_ARRAY(binder->arena, struct sl_option, count), 0};
    for (size_t i = 0; hints && i < hints->count; i++) {
        const struct sl_ast_hint *hint = hints->items[i];

        if (!sl_text_equal_nocase(hint->name.text, SL_TEXT("OPTIONS")) || hint->item_count)
            return scan_refuse_hint(binder, hint, err);
        if (!sl_equal_nocase(sl_binder_setting(binder, "table.dynamic-table-options.enabled"),
                             "true")) {
            SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                     "the hint OPTIONS is off: 'table.dynamic-table-options.enabled' is false");
            return sl_error_at(err, sl_binder_offset(binder, hint->offset));
        }
        for (size_t j = 0; j < hint->options.count; j++)
            SL_TRY(scan_add_hint(binder, &hint->options.items[j], ret_options, ret_hints, err));
    }
    if (!ret_hints->count)
        return SL_OK;
    SL_TRY(sl_table_check_options(sl_arena_printf(binder->arena, "table \"%s\"", table->name),
                                  ret_options, sl_table_physical(binder->arena, table), err));
    return sl_table_check_record(binder->arena, table, ret_options, err);
}

/* --- the catalog's expressions --- */

int
sl_binder_catalog_expr(struct sl_binder *binder, const struct sl_table *table, const char *text,
                       const struct sl_schema *row, struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_scope scope = {table->schema, table->name, row};
    struct sl_clause binding = {.binder = binder, .scope = &scope, .clause = "a table's column"};
    struct sl_ast_expr *ast;
    bool outer = binder->hide_positions;
    int rc;

    binder->hide_positions = true;
    rc = sl_parse_expression(binder->arena, sl_text_of(text), NULL, &ast, err);
    if (rc < 0)
        err->offset = -1;
    else
        rc = sl_binder_expr(&binding, ast, ret_expr, err);
    binder->hide_positions = outer;
    if (rc < 0)
        return sl_error_prefix(err, "table \"%s\"", table->name);
    return SL_OK;
}

static int
scan_bind_computed(struct sl_binder *binder, const struct sl_table *table, struct sl_log_scan *scan,
                   struct sl_error *err)
{
    scan->computed = SL_NEW_ARRAY(binder->arena, struct sl_expr *, table->column_count);
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].kind == SL_COLUMN_COMPUTED)
            SL_TRY(sl_binder_catalog_expr(binder, table, table->columns[i].expression, scan->row,
                                          &scan->computed[i], err));
    scan->watermark_column = table->watermark_column;
    if (table->watermark_column < 0)
        return SL_OK;
    scan->watermark_from_source = strcmp(table->watermark, SL_SOURCE_WATERMARK) == 0;
    if (scan->watermark_from_source) {
        scan->watermark =
            sl_log_column(binder->arena, scan->row, (uint32_t)table->watermark_column);
        return SL_OK;
    }
    SL_TRY(
        sl_binder_catalog_expr(binder, table, table->watermark, scan->row, &scan->watermark, err));
    if (!sl_type_equal(scan->watermark->type, scan->row->columns[table->watermark_column].type))
        SL_TRY(sl_expr_cast(binder->arena, scan->watermark,
                            scan->row->columns[table->watermark_column].type, SL_CAST_IMPLICIT, -1,
                            &scan->watermark, err));
    return SL_OK;
}

/* --- the scan --- */

static int
scan_check_readable(struct sl_binder *binder, const struct sl_table *table,
                    const struct sl_table_format *format, int offset, struct sl_error *err)
{
    if (!(format->connector->abilities & SL_ABILITY_SOURCE)) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "table \"%s\" cannot be read: connector %s only writes",
                 table->name, format->connector->name);
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    if (format->format && !format->format->reads) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "table \"%s\" cannot be read: format %s only writes",
                 table->name, format->format->name);
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    return SL_OK;
}

static int
scan_check_bounded(struct sl_binder *binder, const struct sl_table *table,
                   const struct sl_table_format *format, struct sl_log_node *node,
                   struct sl_error *err)
{
    const struct sl_connector_descriptor *connector = format->connector;

    node->scan.bounded = connector->is_bounded ? connector->is_bounded(&node->scan.options)
                                               : (connector->abilities & SL_ABILITY_BOUNDED) != 0;
    if (node->scan.bounded || !binder->batch)
        return SL_OK;
    if (connector->abilities & SL_ABILITY_RECORD_KINDS) { /* what it holds now */
        node->scan.bounded = true;
        return SL_OK;
    }
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "table \"%s\" has no end, and batch mode needs one",
             table->name);
    sl_error_hint(err, "bound it, as with /*+ OPTIONS('scan.bounded.mode'='latest-offset') */ for "
                       "Kafka, or SET 'execution.runtime-mode' = 'streaming'");
    return sl_error_at(err, node->offset);
}

int
sl_binder_scan(struct sl_binder *binder, const struct sl_table *table,
               const struct sl_ast_list *hints, int offset, struct sl_log_node **ret_node,
               struct sl_error *err)
{
    struct sl_schema *row = sl_table_row(binder->arena, table);
    struct sl_log_node *node = sl_log_new(binder->arena, SL_LOG_SCAN, row, NULL);
    struct sl_table_format format;

    node->offset = sl_binder_offset(binder, offset);
    node->parallelism = binder->parallelism;
    node->scan.table = table;
    node->scan.row = row;
    node->scan.table_name =
        strcmp(table->schema, "public") == 0
            ? table->name
            : sl_arena_printf(binder->arena, "%s.%s", table->schema, table->name);
    SL_TRY(
        sl_binder_table_hints(binder, table, hints, &node->scan.options, &node->scan.hints, err));
    SL_TRY(sl_table_format_of(sl_arena_printf(binder->arena, "table \"%s\"", table->name),
                              &node->scan.options, &format, err));
    SL_TRY(scan_check_readable(binder, table, &format, offset, err));
    SL_TRY(scan_bind_computed(binder, table, &node->scan, err));
    SL_TRY(scan_check_bounded(binder, table, &format, node, err));
    sl_binder_use(binder, table);
    *ret_node = node;
    return SL_OK;
}
