/* A sink: its columns, its guarantee. */
#include "planner/lower.h"

const struct sl_phys_node *
sl_lower_who_updates(const struct sl_phys_node *node)
{
    for (size_t i = 0; i < node->input_count; i++)
        if (node->inputs[i].node->kinds != SL_KINDS_INSERT)
            return sl_lower_who_updates(node->inputs[i].node);
    return node;
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
    detail->table_id = table->id;
    detail->table_version = table->version;
    detail->table_name = node->sink.table_name;
    detail->connector = format.connector->name;
    detail->format = format.format_name;
    detail->options = &node->sink.options;
    detail->hints = node->sink.hints;
    detail->physical = sl_table_physical(lowering->arena, table);
    SL_TRY(sl_table_record(lowering->arena, table, detail->options, &format, &detail->record, err));
    if (sink_guarantee(lowering, &node->sink, &format, detail, err) < 0)
        return sl_error_at(err, node->offset);
    detail->on_error = lowering->settings.runtime_error;
    sink_set_metadata(lowering, table, detail);
    if (format.connector->check_sink &&
        format.connector->check_sink(detail->options, detail->metadata, detail->metadata_count,
                                     err) < 0) {
        sl_error_prefix(err, "table \"%s\"", table->name);
        return sl_error_at(err, node->offset);
    }
    sink_set_columns(lowering, node, input, detail);
    parallelism = sl_lower_option_parallelism(&(struct sl_log_node){0}, &node->sink.options,
                                              &node->sink.hints, "sink.parallelism",
                                              input ? input->parallelism : 1);
    if (detail->atomic)
        parallelism = 1; /* one transaction */
    if (input) {
        SL_TRY(sl_lower_sink_constraints(lowering, node, detail, &input, err));
        SL_TRY(sl_lower_sink_mode(lowering, node, &format, parallelism, detail, &input, err));
    }
    *ret_node =
        sl_lower_add(lowering, SL_OP_SINK, parallelism, sl_schema_new(lowering->arena, 0), detail);
    if (input)
        sl_lower_connect(lowering, *ret_node, input);
    return SL_OK;
}
