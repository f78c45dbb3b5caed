/* A statement's rows, all or none: see sink_statement.h. */
#include "executor/sink_statement.h"

#include <stdlib.h>

struct statement_row { /* its bytes lie one behind another: value, key, aside */
    uint32_t value_length, key_length, aside_length;
    int64_t timestamp_us;
};

struct sl_sink_statement {
    const struct sl_op *op;
    struct sl_buffer bytes;
    struct statement_row *rows;
    uint32_t count, capacity;
    bool has_asides;
};

struct sl_sink_statement *
sl_sink_statement_new(const struct sl_op *op)
{
    struct sl_sink_statement *statement = sl_alloc_zeroed(sizeof(*statement));

    statement->op = op;
    sl_buffer_init(&statement->bytes, SIZE_MAX / 2);
    return statement;
}

static const char *
statement_table(const struct sl_sink_statement *statement)
{
    return ((const struct sl_phys_sink *)statement->op->node->detail)->table_name;
}

static uint32_t
statement_length(uint32_t length)
{
    return length == SL_RECORD_NULL ? 0 : length;
}

static void
statement_add_row(struct sl_sink_statement *statement, const struct sl_record *record,
                  struct sl_text aside)
{
    statement->rows[statement->count++] = (struct statement_row){
        record->value_length, record->key_length, (uint32_t)aside.length, record->timestamp_us};
    sl_buffer_add(&statement->bytes, record->value, statement_length(record->value_length));
    sl_buffer_add(&statement->bytes, record->key, statement_length(record->key_length));
    sl_buffer_add_text(&statement->bytes, aside);
}

int
sl_sink_statement_add(struct sl_sink_statement *statement, const struct sl_records *records,
                      struct sl_error *err)
{
    int64_t limit = statement->op->context->settings->outbox_limit_bytes;

    if (statement->count + records->count > statement->capacity) {
        statement->capacity = SL_MAX(statement->capacity * 2, statement->count + records->count);
        statement->rows =
            sl_realloc(statement->rows, statement->capacity * sizeof(*statement->rows));
    }
    statement->has_asides |= records->asides != NULL;
    for (uint32_t i = 0; i < records->count; i++)
        statement_add_row(statement, &records->items[i],
                          records->asides ? records->asides[i] : SL_TEXT(""));
    if (limit == 0 || statement->bytes.length <= (uint64_t)limit)
        return SL_OK;
    SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
             "the statement writes more than %lld bytes into table \"%s\", which takes all or "
             "nothing",
             (long long)limit, statement_table(statement));
    return sl_error_hint(err, "raise sluice.outbox.limit, or write it in several statements");
}

static void
statement_list(const struct sl_sink_statement *statement, struct sl_arena *arena,
               struct sl_records *ret_records)
{
    struct sl_record *items = SL_NEW_ARRAY(arena, struct sl_record, statement->count);
    struct sl_text *asides = SL_NEW_ARRAY(arena, struct sl_text, statement->count);
    const char *at = statement->bytes.data;

    for (uint32_t i = 0; i < statement->count; i++) {
        const struct statement_row *row = &statement->rows[i];
        const char *key = at + statement_length(row->value_length);

        items[i] = (struct sl_record){.value = at,
                                      .value_length = row->value_length,
                                      .key = key,
                                      .key_length = row->key_length,
                                      .timestamp_us = row->timestamp_us};
        asides[i] = (struct sl_text){key + statement_length(row->key_length), row->aside_length};
        at = asides[i].start + asides[i].length;
    }
    *ret_records = (struct sl_records){.items = items,
                                       .count = statement->count,
                                       .bytes = statement->bytes.length,
                                       .asides = statement->has_asides ? asides : NULL};
}

int
sl_sink_statement_write(struct sl_sink_statement *statement, struct sl_error *err)
{
    const struct sl_op_context *context = statement->op->context;
    struct sl_lane *lane =
        sl_lane_new(&(struct sl_lane_config){.sink = statement->op->node,
                                             .job_id = context->job_id,
                                             .data_directory = context->data_directory,
                                             .env = context->env,
                                             .is_statement = true,
                                             .most_epoch = UINT64_MAX});
    struct sl_records records;
    struct sl_arena arena;
    int rc;

    sl_arena_init(&arena);
    statement_list(statement, &arena, &records);
    rc = sl_lane_publish_statement(lane, &records, err);
    sl_arena_done(&arena);
    sl_lane_free(lane);
    return rc < 0 ? rc : SL_OK;
}

void
sl_sink_statement_free(struct sl_sink_statement *statement)
{
    if (!statement)
        return;
    sl_buffer_done(&statement->bytes);
    free(statement->rows);
    free(statement);
}
