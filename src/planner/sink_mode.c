/* Which changes a sink is given.
 *
 *     it appends:          +I alone; a query that updates is refused
 *     it takes all kinds:  what the query emits
 *     it keeps rows by its PRIMARY KEY: upserts, without -U where the query's rows go by the same
 *         key; where they go by a part of it, -U deletes; where they go by another, the newest row
 * of each PRIMARY KEY is found first (SinkUpsertMaterializer) */
#include "planner/lower.h"

static bool
sink_has_mode(const struct sl_log_sink *sink, const char *mode)
{
    const char *value = sl_option_get(&sink->options, "changelog-mode");

    return value && sl_equal_nocase(value, mode);
}

static int
sink_append_only(const struct sl_log_node *node, const struct sl_table_format *format,
                 const struct sl_phys_node *input, struct sl_error *err)
{
    const struct sl_phys_node *updates = sl_lower_who_updates(input);

    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "table \"%s\" does not take updates and deletes, which %s%s%s of this query produces",
             node->sink.table_name, sl_op_kind_name(updates->kind),
             updates->kind == SL_OP_SCAN ? " of table " : "",
             updates->kind == SL_OP_SCAN
                 ? ((const struct sl_phys_scan *)updates->detail)->table_name
                 : "");
    if ((format->connector->abilities & SL_ABILITY_UPSERT_SINK) &&
        !node->sink.table->primary_key_count)
        sl_error_hint(err, "declare PRIMARY KEY (…) NOT ENFORCED on it, by which rows are updated");
    else if (sink_has_mode(&node->sink, "append"))
        sl_error_hint(err, "it has 'changelog-mode' = 'append'");
    return sl_error_at(err, node->offset);
}

/* Where the format says what a row is, the connector only carries records. */
static bool
sink_takes_retractions(const struct sl_table_format *format, unsigned kinds)
{
    unsigned format_kinds = format->format ? format->format->sink_kinds : SL_KINDS_ALL;

    if ((format_kinds & kinds) != kinds)
        return false;
    return (format->connector->abilities & SL_ABILITY_RETRACT_SINK) || format->format;
}

/* --- keys --- */

enum sink_key { SINK_KEY_SAME, SINK_KEY_WITHIN, SINK_KEY_OTHER };

/* Goes down through projections; returns where the column comes from, UINT32_MAX: it is computed.
 */
static uint32_t
sink_trace_column(const struct sl_phys_node **node, uint32_t column)
{
    for (; (*node)->kind == SL_OP_CALC; *node = (*node)->inputs[0].node) {
        const struct sl_phys_calc *calc = (*node)->detail;

        if (column != UINT32_MAX)
            column = calc->exprs[column]->kind == SL_EXPR_COLUMN ? calc->exprs[column]->column
                                                                 : UINT32_MAX;
    }
    return column;
}

static bool
sink_is_primary(const struct sl_log_sink *sink, uint32_t column)
{
    for (size_t i = 0; i < sink->table->primary_key_count; i++)
        if (sink->columns[column] == sink->table->primary_key[i])
            return true;
    return false;
}

/* Results of windows go by their keys and whichever columns of the window there are: is that the
 * primary key? */
static bool
sink_has_window_key(struct sl_arena *arena, const struct sl_log_sink *sink,
                    const struct sl_phys_node *input)
{
    const struct sl_phys_node *windows_node = input;
    const struct sl_phys_window_aggregate *windows;
    size_t missing, part_count = 0;
    bool *has;

    sink_trace_column(&windows_node, 0);
    if (windows_node->kind != SL_OP_WINDOW_EMIT)
        return false;
    windows = windows_node->detail; /* it begins as one */
    has = SL_NEW_ARRAY(arena, bool, windows_node->schema->count + 1);
    missing = windows->key_count;
    for (uint32_t i = 0; i < input->schema->count; i++) {
        const struct sl_phys_node *node = input;
        uint32_t column = sink_is_primary(sink, i) ? sink_trace_column(&node, i) : UINT32_MAX;

        if (column == UINT32_MAX) {
            if (sink_is_primary(sink, i))
                return false;
            continue;
        }
        if (column >= windows->key_count && column < windows->key_count + windows->aggregate_count)
            return false;
        missing -= column < windows->key_count && !has[column];
        part_count += column >= windows->key_count;
        has[column] = true;
    }
    return missing == 0 && part_count > 0;
}

/* How the columns that identify a row of the input stand to the sink's primary key. */
static enum sink_key
sink_compare_keys(struct sl_arena *arena, const struct sl_log_sink *sink,
                  const struct sl_phys_node *input)
{
    const struct sl_table *table = sink->table;

    if (input->upsert_key_count == 0)
        return SINK_KEY_OTHER;
    if (sink_has_window_key(arena, sink, input))
        return SINK_KEY_SAME;
    for (size_t i = 0; i < input->upsert_key_count; i++) {
        if (!sink_is_primary(sink, input->upsert_key[i]))
            return SINK_KEY_OTHER;
    }
    return input->upsert_key_count == table->primary_key_count ? SINK_KEY_SAME : SINK_KEY_WITHIN;
}

/* Does a filter look at the key alone, so that both rows of an update pass or neither does? */
static bool
sink_filters_key(struct sl_arena *arena, const struct sl_expr *filter,
                 const struct sl_phys_node *input)
{
    bool *used = SL_NEW_ARRAY(arena, bool, input->schema->count + 1);

    sl_expr_mark_columns(filter, used);
    for (size_t i = 0; i < input->upsert_key_count; i++)
        used[input->upsert_key[i]] = false;
    for (size_t i = 0; i < input->schema->count; i++)
        if (used[i])
            return false;
    return true;
}

/* May -U come without the +U, since a filter let only one of them through? */
static bool
sink_may_split_updates(struct sl_arena *arena, const struct sl_phys_node *node)
{
    const struct sl_phys_calc *calc = node->detail;

    if (!(node->kinds & 1u << SL_ROW_UPDATE_BEFORE))
        return false;
    if (node->kind == SL_OP_SCAN)
        return ((const struct sl_phys_scan *)node->detail)->filter != NULL;
    if (node->kind == SL_OP_CALC && calc->filter &&
        !sink_filters_key(arena, calc->filter, node->inputs[0].node))
        return true;
    if (node->kind != SL_OP_CALC && node->kind != SL_OP_UNION && node->kind != SL_OP_WINDOW_TABLE)
        return false;
    for (size_t i = 0; i < node->input_count; i++)
        if (sink_may_split_updates(arena, node->inputs[i].node))
            return true;
    return false;
}

/* --- materialising --- */

static struct sl_phys_node *
sink_materialize(struct sl_lowering *lowering, const struct sl_phys_sink *sink,
                 enum sl_conflict conflict, uint32_t parallelism, struct sl_phys_node *input)
{
    struct sl_phys_upsert_materialize *detail =
        SL_NEW(lowering->arena, struct sl_phys_upsert_materialize);
    struct sl_phys_node *made;

    detail->conflict = conflict;
    detail->keys = sink->primary_key;
    detail->key_count = sink->primary_key_count;
    detail->identity = input->upsert_key;
    detail->identity_count = input->upsert_key_count;
    detail->ttl_us = lowering->state_ttl_us;
    made = sl_lower_add(lowering, SL_OP_UPSERT_MATERIALIZE, parallelism, input->schema, detail);
    made->kinds = SL_KINDS_UPSERT;
    if (input->kinds == SL_KINDS_INSERT)
        made->kinds = SL_KINDS_INSERT | 1u << SL_ROW_UPDATE_AFTER;
    if (conflict != SL_CONFLICT_DEDUPLICATE && input->kinds == SL_KINDS_INSERT)
        made->kinds = SL_KINDS_INSERT;
    made->upsert_key = sink->primary_key;
    made->upsert_key_count = sink->primary_key_count;
    sl_lower_connect_keyed(lowering, made, input, detail->keys, detail->key_count);
    return made;
}

static bool
sink_wants_materializing(const struct sl_lowering *lowering, const struct sl_log_sink *sink,
                         const struct sl_phys_node *input)
{
    const char *setting = sl_binder_setting(lowering->binder, "table.exec.sink.upsert-materialize");

    if (lowering->synchronous || (sl_equal_nocase(setting, "NONE") && !sink->has_conflict))
        return false;
    if (sl_equal_nocase(setting, "FORCE"))
        return true;
    return sink_compare_keys(lowering->arena, sink, input) == SINK_KEY_OTHER &&
           (sink->has_conflict || input->kinds != SL_KINDS_INSERT);
}

/* --- ON CONFLICT --- */

static int
sink_refuse_conflicts(const struct sl_log_node *node, struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "ON CONFLICT of a statement that ends by itself is not supported");
    sl_error_hint(err, "it is for INSERT INTO … SELECT in streaming mode");
    return sl_error_at(err, node->offset);
}

static int
sink_no_conflicts(const struct sl_log_node *node, struct sl_error *err)
{
    SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE,
             "ON CONFLICT is for tables that keep rows by PRIMARY KEY, and table \"%s\" takes %s",
             node->sink.table_name,
             node->sink.table->primary_key_count ? "all changes as they are"
                                                 : "rows without a key");
    return sl_error_at(err, node->offset);
}

static int
sink_check_conflicts(const struct sl_lowering *lowering, const struct sl_log_node *node,
                     const struct sl_phys_node *input, struct sl_error *err)
{
    const char *required =
        sl_binder_setting(lowering->binder, "table.exec.sink.require-on-conflict");

    if (!sl_equal_nocase(required, "true") || node->sink.has_conflict || lowering->synchronous ||
        sink_compare_keys(lowering->arena, &node->sink, input) != SINK_KEY_OTHER)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE,
             "the rows of this query go by another key than the PRIMARY KEY of table \"%s\"",
             node->sink.table_name);
    sl_error_hint(err, "say ON CONFLICT DO DEDUPLICATE behind the query, or SET "
                       "'table.exec.sink.require-on-conflict' = 'false'");
    return sl_error_at(err, node->offset);
}

static const struct sl_phys_scan *
sink_scan_without_watermark(const struct sl_phys_node *node)
{
    const struct sl_phys_scan *found = NULL;

    if (node->kind == SL_OP_SCAN && !((const struct sl_phys_scan *)node->detail)->watermark)
        return node->detail;
    for (size_t i = 0; i < node->input_count && !found; i++)
        found = sink_scan_without_watermark(node->inputs[i].node);
    return found;
}

/* Where rows change, watermarks say when all of a change has come. */
static int
sink_check_first(struct sl_arena *arena, const struct sl_log_node *node,
                 const struct sl_phys_node *input, struct sl_error *err)
{
    const struct sl_phys_scan *scan;

    if (node->sink.conflict == SL_CONFLICT_DEDUPLICATE || input->kinds == SL_KINDS_INSERT ||
        sink_compare_keys(arena, &node->sink, input) != SINK_KEY_OTHER)
        return SL_OK;
    scan = sink_scan_without_watermark(input);
    if (!scan)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE,
             "ON CONFLICT DO %s over rows that are updated or deleted needs a watermark, which "
             "table \"%s\" does not have",
             node->sink.conflict == SL_CONFLICT_NOTHING ? "NOTHING" : "ERROR", scan->table_name);
    sl_error_hint(err, "declare WATERMARK FOR … on it; ON CONFLICT DO DEDUPLICATE keeps the newest "
                       "row of each key");
    return sl_error_at(err, node->offset);
}

/* --- the mode --- */

/* sink.buffer-flush.*, which takes both. */
static uint32_t
sink_buffer_rows(const struct sl_log_sink *sink)
{
    const char *rows = sl_option_get(&sink->options, "sink.buffer-flush.max-rows");
    const char *interval = sl_option_get(&sink->options, "sink.buffer-flush.interval");
    int64_t count = 0, interval_us = 0;

    if (!rows || !interval || !sl_parse_int64(rows, &count) ||
        !sl_parse_duration_us(interval, &interval_us) || interval_us == 0)
        return 0;
    return (uint32_t)SL_MIN(count, (int64_t)SL_BATCH_ROWS_MAX);
}

/* It takes upserts, and is to have them. */
static bool
sink_is_upsert(const struct sl_lowering *lowering, const struct sl_log_node *node,
               const struct sl_table_format *format, const struct sl_phys_node *input)
{
    const char *setting = sl_binder_setting(lowering->binder, "table.exec.sink.upsert-materialize");
    unsigned kinds = input->kinds == SL_KINDS_INSERT ? SL_KINDS_ALL : input->kinds;

    if (!(format->connector->abilities & SL_ABILITY_UPSERT_SINK) ||
        !node->sink.table->primary_key_count || sink_has_mode(&node->sink, "append"))
        return false;
    return sink_has_mode(&node->sink, "upsert") || !sink_takes_retractions(format, kinds) ||
           sl_equal_nocase(setting, "FORCE");
}

int
sl_lower_sink_mode(struct sl_lowering *lowering, const struct sl_log_node *node,
                   const struct sl_table_format *format, uint32_t parallelism,
                   struct sl_phys_sink *detail, struct sl_phys_node **input, struct sl_error *err)
{
    bool updates = (*input)->kinds != SL_KINDS_INSERT;
    bool is_upsert = sink_is_upsert(lowering, node, format, *input);

    if (node->sink.has_conflict && lowering->synchronous)
        return sink_refuse_conflicts(node, err);
    if (node->sink.has_conflict && !is_upsert)
        return sink_no_conflicts(node, err);
    if (!is_upsert && updates &&
        (sink_has_mode(&node->sink, "append") || !sink_takes_retractions(format, (*input)->kinds)))
        return sink_append_only(node, format, *input, err);
    detail->no_before = updates && (format->connector->abilities & SL_ABILITY_NO_BEFORE);
    if (!is_upsert)
        return SL_OK;
    SL_TRY(sink_check_conflicts(lowering, node, *input, err));
    SL_TRY(sink_check_first(lowering->arena, node, *input, err));
    if (format->connector->abilities & SL_ABILITY_UPSERT_KEYS)
        detail->buffer_rows = sink_buffer_rows(&node->sink);
    detail->upsert = updates;
    if (sink_wants_materializing(lowering, &node->sink, *input)) {
        SL_TRY(sl_lower_sink_not_null(lowering, detail, input, err));
        *input = sink_materialize(lowering, detail, node->sink.conflict, parallelism, *input);
        detail->upsert = (*input)->kinds != SL_KINDS_INSERT;
        return SL_OK;
    }
    detail->before_deletes =
        updates && (*input)->kind != SL_OP_CHANGE &&
        (sink_compare_keys(lowering->arena, &node->sink, *input) != SINK_KEY_SAME ||
         sink_may_split_updates(lowering->arena, *input));
    return SL_OK;
}
