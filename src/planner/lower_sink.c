/* A sink: which changes it takes and which it is given. */
#include "planner/lower.h"

static bool
sink_has_mode(const struct sl_log_sink *sink, const char *mode)
{
    const char *value = sl_option_get(&sink->options, "changelog-mode");

    return value && sl_equal_nocase(value, mode);
}

const struct sl_phys_node *
sl_lower_who_updates(const struct sl_phys_node *node)
{
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i].node->kinds != SL_KINDS_INSERT)
            return sl_lower_who_updates(node->inputs[i].node);
    return node;
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

/* Are the columns that identify a row of the input the sink's primary key? */
static bool
sink_key_matches(const struct sl_log_sink *sink, const struct sl_phys_node *input)
{
    const struct sl_table *table = sink->table;

    if (input->upsert_key_count != table->primary_key_count)
        return false;
    for (size_t i = 0; i < input->upsert_key_count; i++) {
        bool found = false;

        for (size_t j = 0; j < table->primary_key_count; j++)
            found |= sink->columns[input->upsert_key[i]] == table->primary_key[j];
        if (!found)
            return false;
    }
    return true;
}

static int
sink_key_differs(const struct sl_log_node *node, struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "updates by another key than the primary key of table \"%s\" are not supported yet",
             node->sink.table_name);
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

static int
sink_needs_before(const struct sl_log_node *node, const struct sl_table_format *format,
                  struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "table \"%s\" of format %s needs the row before each update, which this query does "
             "not produce",
             node->sink.table_name, format->format_name);
    sl_error_hint(err, "read tables with 'changelog-mode' = 'all'");
    return sl_error_at(err, node->offset);
}

/* Sets `upsert`: -U is not written. */
static int
sink_choose_mode(const struct sl_log_node *node, const struct sl_table_format *format,
                 const struct sl_phys_node *input, struct sl_phys_sink *detail,
                 struct sl_error *err)
{
    unsigned abilities = format->connector->abilities;
    bool by_key = node->sink.table->primary_key_count != 0;
    bool is_change = input->kind == SL_OP_CHANGE;
    bool retract = sink_takes_retractions(format, input->kinds);

    if (input->kinds == SL_KINDS_INSERT)
        return SL_OK;
    if (sink_has_mode(&node->sink, "append"))
        return sink_append_only(node, format, input, err);
    if (sink_has_mode(&node->sink, "upsert") || !retract) {
        if (!(abilities & SL_ABILITY_UPSERT_SINK) || !by_key)
            return sink_append_only(node, format, input, err);
        detail->upsert = true;
        return is_change || sink_key_matches(&node->sink, input) ? SL_OK
                                                                 : sink_key_differs(node, err);
    }
    if (sl_kinds_lack_before(input->kinds) && format->format)
        return sink_needs_before(node, format, err);
    if (sl_kinds_lack_before(input->kinds))
        return by_key && sink_key_matches(&node->sink, input) ? SL_OK : sink_key_differs(node, err);
    return SL_OK;
}

static bool
sink_writes_metadata(const struct sl_table_column *column)
{
    return column->kind == SL_COLUMN_METADATA && !column->is_virtual;
}

static void
sink_set_metadata(struct sl_lowering *lowering, const struct sl_table *table,
                  struct sl_phys_sink *detail)
{
    detail->metadata_columns = SL_NEW_ARRAY(lowering->arena, uint32_t, table->column_count);
    detail->metadata = SL_NEW_ARRAY(lowering->arena, const char *, table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        if (!sink_writes_metadata(&table->columns[i]))
            continue;
        detail->metadata_columns[detail->metadata_count] =
            (uint32_t)(detail->physical->count + detail->metadata_count);
        detail->metadata[detail->metadata_count++] = table->columns[i].metadata_key;
    }
}

static void
sink_set_columns(struct sl_lowering *lowering, const struct sl_log_node *node,
                 const struct sl_phys_node *input, struct sl_phys_sink *detail)
{
    const struct sl_table *table = node->sink.table;

    detail->primary_key = sl_table_physical_key(lowering->arena, table);
    detail->primary_key_count = table->primary_key_count;
    detail->partition_by = SL_NEW_ARRAY(lowering->arena, uint32_t, table->partition_by_count);
    detail->partition_by_count = table->partition_by_count;
    for (size_t i = 0; i < table->partition_by_count; i++)
        detail->partition_by[i] = sl_table_physical_index(table, table->partition_by[i]);
    if (!input)
        return;
    detail->not_null = SL_NEW_ARRAY(lowering->arena, uint32_t, input->schema->count);
    for (uint32_t i = 0; i < input->schema->count; i++)
        if (!table->columns[node->sink.columns[i]].type->nullable &&
            input->schema->columns[i].type->nullable)
            detail->not_null[detail->not_null_count++] = i;
}

/* Of several sinks one could be written and another not; of the server's own tables nobody asks. */
static int
sink_check_alone(const struct sl_lowering *lowering, const struct sl_log_sink *sink,
                 struct sl_error *err)
{
    if (lowering->root_count == 1)
        return SL_OK;
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "table \"%s\" is written exactly once, which a statement set in batch mode cannot",
             sink->table->name);
    return sl_error_hint(err, "write it in streaming mode, or by an INSERT of its own");
}

/* Exactly once stands on checkpoints; a statement that ends by itself writes all at its end; the
 * server's own tables do without either. */
static int
sink_guarantee(const struct sl_lowering *lowering, const struct sl_log_sink *sink,
               const struct sl_table_format *format, struct sl_phys_sink *detail,
               struct sl_error *err)
{
    const char *option = sl_option_get(&sink->options, "sink.delivery-guarantee");
    bool is_ours = (format->connector->abilities & SL_ABILITY_RECORD_KINDS) != 0;

    detail->guarantee = option ? option : is_ours ? "exactly-once" : "at-least-once";
    if (!sl_equal_nocase(detail->guarantee, "exactly-once"))
        return SL_OK;
    detail->atomic =
        lowering->synchronous && (format->connector->abilities & SL_ABILITY_EXACTLY_ONCE);
    if (is_ours)
        return SL_OK;
    if (detail->atomic)
        return sink_check_alone(lowering, sink, err);
    if (lowering->settings.checkpoint_interval_us > 0)
        return SL_OK;
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "table \"%s\" is written exactly once, which a job without checkpoints cannot",
             sink->table->name);
    return sl_error_hint(err, "SET 'execution.checkpointing.interval' = '1 s'");
}

int
sl_lower_check_partitions(const struct sl_connector_descriptor *connector,
                          const struct sl_table *table, struct sl_error *err)
{
    for (size_t i = 0; i < table->partition_by_count; i++) {
        const struct sl_table_column *column = &table->columns[table->partition_by[i]];

        if (column->kind != SL_COLUMN_PHYSICAL || !connector->partition_type(column->type))
            return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                            "table \"%s\" cannot be PARTITIONED BY column \"%s\"", table->name,
                            column->name);
    }
    return SL_OK;
}

static int
sink_check_partitions(const struct sl_log_node *node, const struct sl_table_format *format,
                      struct sl_error *err)
{
    const struct sl_table *table = node->sink.table;

    if (table->partition_by_count == 0)
        return SL_OK;
    if (!(format->connector->abilities & SL_ABILITY_PARTITIONS)) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "table \"%s\" is PARTITIONED BY, which connector %s does not write", table->name,
                 format->connector->name);
        return sl_error_at(err, node->offset);
    }
    return sl_lower_check_partitions(format->connector, table, err) < 0
               ? sl_error_at(err, node->offset)
               : SL_OK;
}

int
sl_lower_sink(struct sl_lowering *lowering, struct sl_log_node *node,
              struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_node *input;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    return sl_lower_sink_over(lowering, node, input, ret_node, err);
}

int
sl_lower_sink_over(struct sl_lowering *lowering, struct sl_log_node *node,
                   struct sl_phys_node *input, struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_sink *detail = SL_NEW(lowering->arena, struct sl_phys_sink);
    const struct sl_table *table = node->sink.table;
    struct sl_table_format format;
    uint32_t parallelism;

    SL_TRY(sl_table_format_of(sl_arena_printf(lowering->arena, "table \"%s\"", table->name),
                              &node->sink.options, &format, err));
    SL_TRY(sink_check_partitions(node, &format, err));
    if (format.format && format.format->check_sink &&
        format.format->check_sink(&node->sink.options, err) < 0)
        return sl_error_at(err, node->offset);
    if (input)
        SL_TRY(sink_choose_mode(node, &format, input, detail, err));
    detail->table_id = table->id;
    detail->table_version = table->version;
    detail->table_name = node->sink.table_name;
    detail->connector = format.connector->name;
    detail->format = format.format_name;
    detail->options = &node->sink.options;
    detail->hints = node->sink.hints;
    detail->physical = sl_table_physical(lowering->arena, table);
    if (sink_guarantee(lowering, &node->sink, &format, detail, err) < 0)
        return sl_error_at(err, node->offset);
    detail->on_error = lowering->settings.runtime_error;
    sink_set_metadata(lowering, table, detail);
    sink_set_columns(lowering, node, input, detail);
    parallelism = sl_lower_option_parallelism(&(struct sl_log_node){0}, &node->sink.options,
                                              &node->sink.hints, "sink.parallelism",
                                              input ? input->parallelism : 1);
    if (detail->atomic)
        parallelism = 1; /* one transaction */
    *ret_node =
        sl_lower_add(lowering, SL_OP_SINK, parallelism, sl_schema_new(lowering->arena, 0), detail);
    if (input)
        sl_lower_connect(lowering, *ret_node, input);
    return SL_OK;
}
