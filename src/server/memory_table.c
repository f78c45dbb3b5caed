/* Memory tables: see memory_table.h. */
#include "server/memory_table.h"

#include "data/value.h"

#include <stdlib.h>

enum { CONVERT_ROWS = 1024 };

bool
sl_is_memory_table(const struct sl_table *table)
{
    const char *connector = sl_option_get(&table->options, "connector");

    return table->kind == SL_RELATION_TABLE && connector && strcmp(connector, "memory") == 0;
}

static void
memory_table_layout(struct sl_arena *arena, const struct sl_table *table,
                    struct sl_memory_table *opened)
{
    uint32_t *places = SL_NEW_ARRAY(arena, uint32_t, table->column_count + 1);

    opened->schema = sl_schema_new(arena, table->column_count);
    opened->schema->count = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct sl_table_column *column = &table->columns[i];

        places[i] = (uint32_t)opened->schema->count;
        if (column->kind == SL_COLUMN_PHYSICAL)
            opened->schema->columns[opened->schema->count++] =
                (struct sl_schema_column){column->name, column->type, column->time};
    }
    opened->primary_key_count = table->primary_key_count;
    opened->primary_key = SL_NEW_ARRAY(arena, uint32_t, opened->primary_key_count + 1);
    for (size_t i = 0; i < opened->primary_key_count; i++)
        opened->primary_key[i] = places[table->primary_key[i]];
    opened->frame =
        sl_row_frame_new(arena, opened->schema, opened->primary_key, opened->primary_key_count);
}

int
sl_memory_table_open(const char *data_directory, struct sl_arena *arena,
                     const struct sl_table *table, struct sl_memory_table *opened,
                     struct sl_error *err)
{
    memory_table_layout(arena, table, opened);
    return sl_memory_log_open(data_directory, table->id, &opened->log, err);
}

/* --- another layout --- */

struct convert {
    struct sl_memory_table from, to;
    int *sources; /* column of `from` for each of `to`; -1: new */
    struct sl_pool *pool;
    struct sl_buffer bytes;
    size_t *ends; /* of each row's frame in bytes */
};

static int
convert_match(struct sl_arena *arena, struct convert *convert, struct sl_error *err)
{
    const struct sl_schema *to = convert->to.schema;

    convert->sources = SL_NEW_ARRAY(arena, int, to->count + 1);
    for (size_t i = 0; i < to->count; i++) {
        const struct sl_schema_column *column = &to->columns[i];
        int source = sl_schema_find(convert->from.schema, sl_text_of(column->name));

        convert->sources[i] = source;
        if (source < 0 && !column->type->nullable)
            return SL_ERROR(err, SL_E_NOT_NULL_VIOLATION,
                            "the rows that are there have no value for the new column \"%s\"",
                            column->name);
        if (source >= 0 && !sl_type_equal(convert->from.schema->columns[source].type, column->type))
            return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                            "changing the type of column \"%s\" of a memory table that holds "
                            "rows is not supported",
                            column->name);
    }
    return SL_OK;
}

/* A batch in the new layout, over the same columns. */
static struct sl_batch *
convert_batch(struct convert *convert, const struct sl_batch *batch)
{
    const struct sl_schema *to = convert->to.schema;
    struct sl_batch *made = sl_batch_new(convert->pool, to->count, batch->row_count);

    for (size_t i = 0; i < to->count; i++) {
        struct sl_value null = sl_value_null(to->columns[i].type);

        sl_batch_set_column(made, i,
                            convert->sources[i] >= 0
                                ? sl_column_ref(batch->columns[convert->sources[i]])
                                : sl_value_column(convert->pool, &null, batch->row_count));
    }
    memcpy(sl_batch_add_kinds(made, convert->pool), batch->kinds, batch->row_count);
    return made;
}

static int
convert_rows(struct convert *convert, uint64_t row_count, struct sl_error *err)
{
    for (uint64_t from = 0; from < row_count; from += CONVERT_ROWS) {
        struct sl_text frames[CONVERT_ROWS];
        size_t count = (size_t)SL_MIN(row_count - from, (uint64_t)CONVERT_ROWS);
        struct sl_batch *batch, *made;

        for (size_t i = 0; i < count; i++)
            frames[i] = sl_memory_log_frame(convert->from.log, from + i);
        SL_TRY(sl_row_frame_read(convert->from.frame, convert->pool, frames, count, &batch, err));
        made = convert_batch(convert, batch);
        for (size_t i = 0; i < count; i++) {
            sl_row_frame_write(convert->to.frame, made, i, &convert->bytes);
            convert->ends[from + i] = convert->bytes.length;
        }
        sl_batch_unref(made);
        sl_batch_unref(batch);
    }
    return SL_OK;
}

int
sl_memory_table_convert(const char *data_directory, struct sl_arena *arena,
                        const struct sl_table *table, const struct sl_table *altered,
                        struct sl_error *err)
{
    struct convert convert = {0};
    struct sl_text *payloads;
    uint64_t row_count;
    int rc;

    SL_TRY(sl_memory_table_open(data_directory, arena, table, &convert.from, err));
    memory_table_layout(arena, altered, &convert.to);
    row_count = sl_memory_log_count(convert.from.log);
    if (row_count == 0)
        return SL_OK;
    SL_TRY(convert_match(arena, &convert, err));
    convert.pool = sl_pool_new();
    convert.ends = sl_alloc(row_count * sizeof(*convert.ends));
    sl_buffer_init(&convert.bytes, SIZE_MAX / 2);
    rc = convert_rows(&convert, row_count, err);
    payloads = sl_alloc(row_count * sizeof(*payloads));
    for (uint64_t i = 0; i < row_count && rc == SL_OK; i++) {
        size_t start = i ? convert.ends[i - 1] : 0;

        payloads[i] = (struct sl_text){convert.bytes.data + start, convert.ends[i] - start};
    }
    if (rc == SL_OK)
        rc = sl_memory_log_prepare(data_directory, table->id, table->version + 1, payloads,
                                   row_count, sl_memory_log_has_ended(convert.from.log), err);
    free(payloads);
    free(convert.ends);
    sl_buffer_done(&convert.bytes);
    sl_pool_free(convert.pool);
    return rc;
}

struct recover {
    struct sl_catalog *catalog;
    struct sl_arena *arena;
};

static bool
recover_knows(void *arg, uint64_t table_id)
{
    const struct recover *recover = arg;
    const struct sl_table *table;

    return sl_catalog_table_by_id(recover->catalog, recover->arena, table_id, 0, &table);
}

int
sl_memory_tables_recover(const char *data_directory, struct sl_catalog *catalog,
                         struct sl_error *err)
{
    const struct sl_table **tables;
    struct sl_arena arena;
    size_t count;
    int rc = SL_OK;

    sl_arena_init(&arena);
    sl_memory_logs_sweep(data_directory, recover_knows, &(struct recover){catalog, &arena});
    count = sl_catalog_list_tables(catalog, &arena, 0, NULL, &tables);
    for (size_t i = 0; i < count && rc == SL_OK; i++)
        if (sl_is_memory_table(tables[i]))
            rc = sl_memory_log_commit(data_directory, tables[i]->id, tables[i]->version, err);
    sl_arena_done(&arena);
    return rc;
}
