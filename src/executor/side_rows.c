/* Rows that are set aside: see side_rows.h.  They are few, so each is made value by value. */
#include "executor/side_rows.h"

#include "data/time.h"
#include "data/value.h"
#include "plan/side_columns.h"

struct sl_side_rows {
    struct sl_op *op;
    const struct sl_schema *target;   /* the sink's columns … */
    enum sl_side_column *columns;     /* … and what each takes */
    const struct sl_type **row_types; /* by input: ROW of the rows that may be set aside */
    const char *table_name;           /* of a scan */
};

/* The values of one row, by enum sl_side_column; a NULL where `has` is false. */
struct side_values {
    bool has[SL_SIDE_COLUMN_COUNT];
    bool time_is_local[SL_SIDE_COLUMN_COUNT]; /* TIMESTAMP, not TIMESTAMP_LTZ */
    struct sl_value values[SL_SIDE_COLUMN_COUNT];
};

/* What a batch of a scan holds: decoded columns, then metadata. */
static struct sl_schema *
side_scan_row(struct sl_arena *arena, const struct sl_phys_scan *scan)
{
    struct sl_schema *schema = sl_schema_new(arena, scan->decoded_count + scan->metadata_count);

    for (size_t i = 0; i < scan->decoded_count; i++)
        schema->columns[i] = scan->physical->columns[scan->decoded[i]];
    for (size_t i = 0; i < scan->metadata_count; i++)
        schema->columns[scan->decoded_count + i] =
            (struct sl_schema_column){.name = scan->metadata[i], .type = scan->metadata_types[i]};
    return schema;
}

static const struct sl_type *
side_row_type(struct sl_arena *arena, const struct sl_schema *schema)
{
    struct sl_type *type = SL_NEW(arena, struct sl_type);
    struct sl_field *fields = SL_NEW_ARRAY(arena, struct sl_field, schema->count + 1);

    for (size_t i = 0; i < schema->count; i++) {
        fields[i].name = schema->columns[i].name;
        fields[i].type = schema->columns[i].type;
    }
    type->kind = SL_TYPE_ROW;
    type->nullable = true;
    type->fields = fields;
    type->field_count = schema->count;
    return type;
}

struct sl_side_rows *
sl_side_rows_new(struct sl_op *op, const struct sl_phys_node *sink)
{
    struct sl_arena *arena = op->context->arena;
    struct sl_side_rows *rows = SL_NEW(arena, struct sl_side_rows);
    const struct sl_phys_node *node = op->node;

    rows->op = op;
    rows->target = ((const struct sl_phys_sink *)sink->detail)->physical;
    rows->columns = SL_NEW_ARRAY(arena, enum sl_side_column, rows->target->count);
    for (size_t i = 0; i < rows->target->count; i++)
        rows->columns[i] = sl_side_column_of(rows->target->columns[i].name);
    rows->row_types = SL_NEW_ARRAY(arena, const struct sl_type *, node->input_count + 1);
    if (node->kind == SL_OP_SCAN) {
        rows->table_name = ((const struct sl_phys_scan *)node->detail)->table_name;
        rows->row_types[0] = side_row_type(arena, side_scan_row(arena, node->detail));
    }
    for (size_t i = 0; i < node->input_count; i++)
        rows->row_types[i] = side_row_type(arena, node->kind == SL_OP_INTERVAL_JOIN
                                                      ? sl_phys_pair_schema(arena, node)
                                                      : node->inputs[i].node->schema);
    return rows;
}

/* --- one row --- */

static void
side_set_text(struct side_values *values, enum sl_side_column column, struct sl_text text)
{
    values->has[column] = true;
    values->values[column].text = text;
}

static void
side_set_integer(struct side_values *values, enum sl_side_column column, int64_t integer)
{
    values->has[column] = true;
    values->values[column].integer = integer;
}

static void
side_set_json(const struct sl_side_rows *rows, struct sl_arena *arena, const struct sl_type *type,
              const struct sl_batch *batch, size_t row, struct side_values *values)
{
    struct sl_value value = {.type = type};
    struct sl_buffer json;

    if (batch->column_count != type->field_count)
        return;
    value.list.count = type->field_count;
    value.list.items = SL_NEW_ARRAY(arena, struct sl_value, type->field_count + 1);
    for (size_t i = 0; i < type->field_count; i++)
        value.list.items[i] = sl_value_read(arena, batch->columns[i], row);
    sl_buffer_init(&json, SIZE_MAX / 2);
    sl_value_format_json(&value, rows->op->context->expr_settings.zone, &json);
    side_set_text(values, SL_SIDE_ROW,
                  (struct sl_text){sl_arena_strndup(arena, json.data, json.length), json.length});
    sl_buffer_done(&json);
}

static void
side_set_common(const struct sl_side_rows *rows, struct side_values *values)
{
    side_set_text(values, SL_SIDE_OPERATOR, sl_text_of(sl_op_kind_name(rows->op->node->kind)));
    side_set_text(values, SL_SIDE_JOB, sl_text_of(rows->op->context->job_id));
    if (rows->table_name)
        side_set_text(values, SL_SIDE_TABLE, sl_text_of(rows->table_name));
}

/* --- the batch --- */

struct side_batch {
    struct sl_side_rows *rows;
    struct sl_column_builder **builders;
    struct sl_arena arena; /* of the values */
    size_t row_count;
};

static void
side_begin(struct side_batch *made, struct sl_side_rows *rows, size_t max)
{
    made->rows = rows;
    made->row_count = 0;
    sl_arena_init(&made->arena);
    made->builders = SL_NEW_ARRAY(&made->arena, struct sl_column_builder *, rows->target->count);
    for (size_t i = 0; i < rows->target->count; i++)
        made->builders[i] =
            sl_column_builder_new(rows->op->context->pool, rows->target->columns[i].type, max);
}

/* A time in the clock of the column that takes it. */
static int64_t
side_time(const struct side_batch *made, const struct sl_type *type,
          const struct side_values *values, enum sl_side_column column)
{
    const struct sl_zone *zone = made->rows->op->context->expr_settings.zone;
    int64_t us = values->values[column].integer;

    if (type->kind == SL_TYPE_TIMESTAMP_LTZ)
        return values->time_is_local[column] ? sl_zone_to_utc(zone, us) : us;
    return values->time_is_local[column] ? us : us + sl_zone_offset_us(zone, us);
}

static void
side_add(struct side_batch *made, const struct side_values *values)
{
    const struct sl_schema *target = made->rows->target;

    for (size_t i = 0; i < target->count; i++) {
        enum sl_side_column column = made->rows->columns[i];
        struct sl_value value = sl_value_null(target->columns[i].type);

        if (column < SL_SIDE_COLUMN_COUNT && values->has[column]) {
            value = values->values[column];
            value.type = target->columns[i].type;
            value.is_null = false;
            if (sl_type_is_timestamp(value.type->kind))
                value.integer = side_time(made, value.type, values, column);
        }
        sl_column_builder_add(made->builders[i], &value);
    }
    made->row_count++;
}

static struct sl_batch *
side_end(struct side_batch *made)
{
    size_t count = made->rows->target->count;
    struct sl_batch *batch = sl_batch_new(made->rows->op->context->pool, count, made->row_count);

    for (size_t i = 0; i < count; i++)
        sl_batch_set_column(batch, i, sl_column_builder_end(made->builders[i]));
    sl_arena_done(&made->arena);
    if (made->row_count > 0)
        return batch;
    sl_batch_unref(batch);
    return NULL;
}

/* The event time's column of the operator's input; NULL: it has none. */
static const struct sl_column *
side_time_column(const struct sl_side_rows *rows, unsigned input, const struct sl_batch *batch)
{
    int32_t column = sl_phys_time_column(rows->op->node, input);

    return column >= 0 ? batch->columns[column] : NULL;
}

struct sl_batch *
sl_side_rows_late(struct sl_side_rows *rows, unsigned input, const struct sl_batch *batch)
{
    const struct sl_column *times = side_time_column(rows, input, batch);
    struct side_batch made;

    side_begin(&made, rows, sl_batch_live_count(batch));
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        struct side_values values = {0};
        size_t row = sl_batch_row(batch, i);
        bool is_local = times && times->type->kind == SL_TYPE_TIMESTAMP;

        side_set_common(rows, &values);
        side_set_json(rows, &made.arena, rows->row_types[input], batch, row, &values);
        if (times && !sl_column_is_null(times, row))
            side_set_integer(&values, SL_SIDE_EVENT_TIME, ((const int64_t *)times->values)[row]);
        side_set_integer(&values, SL_SIDE_WATERMARK, rows->op->watermark_ms * SL_US_PER_MS);
        values.time_is_local[SL_SIDE_EVENT_TIME] = is_local;
        values.time_is_local[SL_SIDE_WATERMARK] = is_local;
        side_set_text(&values, SL_SIDE_REASON, SL_TEXT("late"));
        side_add(&made, &values);
    }
    return side_end(&made);
}

/* Where a record came from. */
static void
side_set_place(const struct sl_side_record *record, struct side_values *values)
{
    if (record->topic.start)
        side_set_text(values, SL_SIDE_TOPIC, record->topic);
    if (record->partition >= 0)
        side_set_integer(values, SL_SIDE_PARTITION, record->partition);
    if (record->offset >= 0)
        side_set_integer(values, SL_SIDE_OFFSET, record->offset);
    if (record->timestamp_us != INT64_MIN)
        side_set_integer(values, SL_SIDE_TIMESTAMP, record->timestamp_us);
}

/* Rows of this type that failed. */
static struct sl_batch *
side_failed(struct sl_side_rows *rows, const struct sl_type *type, const struct sl_batch *batch,
            const struct sl_row_error *errors, size_t error_count,
            const struct sl_side_record *places)
{
    uint64_t seen[SL_BATCH_ROWS_MAX / 64] = {0};
    struct side_batch made;

    side_begin(&made, rows, error_count);
    for (size_t i = 0; i < error_count; i++) {
        struct side_values values = {0};
        uint32_t row = errors[i].row;

        if (seen[row / 64] >> (row % 64) & 1)
            continue;
        seen[row / 64] |= UINT64_C(1) << (row % 64);
        side_set_common(rows, &values);
        side_set_json(rows, &made.arena, type, batch, row, &values);
        if (places)
            side_set_place(&places[i], &values);
        side_set_text(&values, SL_SIDE_REASON, sl_text_of(errors[i].text));
        side_add(&made, &values);
    }
    return side_end(&made);
}

struct sl_batch *
sl_side_rows_failed(struct sl_side_rows *rows, unsigned input, const struct sl_batch *batch,
                    const struct sl_row_error *errors, size_t error_count,
                    const struct sl_side_record *places)
{
    return side_failed(rows, rows->row_types[input], batch, errors, error_count, places);
}

struct sl_batch *
sl_side_rows_groups(struct sl_side_rows *rows, const struct sl_schema *schema,
                    const struct sl_batch *groups, const struct sl_row_error *errors,
                    size_t error_count)
{
    struct sl_arena arena;
    struct sl_batch *made;

    sl_arena_init(&arena);
    made = side_failed(rows, side_row_type(&arena, schema), groups, errors, error_count, NULL);
    sl_arena_done(&arena);
    return made;
}

struct sl_batch *
sl_side_rows_records(struct sl_side_rows *rows, const struct sl_side_record *records, size_t count)
{
    struct side_batch made;

    side_begin(&made, rows, count);
    for (size_t i = 0; i < count; i++) {
        const struct sl_side_record *record = &records[i];
        struct side_values values = {0};

        side_set_common(rows, &values);
        if (record->raw.start)
            side_set_text(&values, SL_SIDE_RAW, record->raw);
        side_set_place(record, &values);
        side_set_text(&values, SL_SIDE_REASON, sl_text_of(record->reason));
        side_add(&made, &values);
    }
    return side_end(&made);
}
