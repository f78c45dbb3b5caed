/* Records → statements: frames of the internal format `row` (one byte of kind, eight of a hash, the
 * packed row) become one array of texts a column, in PostgreSQL's binary form of arrays.
 *
 * With a key a statement must name each row once, so of the rows of a key the last one decides: it
 * is written or deleted, and those before it are left out. */
#include "connector/postgres_internal.h"

#include "base/hash.h"
#include "data/row.h"
#include "data/time.h"
#include "data/value.h"

#include <stdlib.h>

enum {
    WRITER_ROWS_MAX = 4096, /* a statement */
    WRITER_BYTES_MAX = 16 << 20,
    WRITER_SLOTS = 2 * WRITER_ROWS_MAX,
    WRITER_FRAME_HEADER = 9,
    WRITER_TEXT_OID = 25,
};

struct sl_pg_writer {
    const struct sl_pg_target *target;
    struct sl_arena arena; /* of the layout */
    const struct sl_row_layout *layout;
    struct sl_pool *pool;
    struct sl_column **columns;
    struct sl_buffer *arrays; /* one a column */
    const char **values;
    int *lengths, *formats;
    struct sl_text rows[WRITER_ROWS_MAX];
    uint8_t kinds[WRITER_ROWS_MAX];
    uint16_t written[WRITER_ROWS_MAX], deleted[WRITER_ROWS_MAX];
    size_t written_count, deleted_count;
    struct sl_buffer keys;
    uint32_t key_ends[WRITER_ROWS_MAX + 1];
    uint16_t slots[WRITER_SLOTS]; /* row + 1 */
    bool is_last[WRITER_ROWS_MAX];
};

struct sl_pg_writer *
sl_pg_writer_new(const struct sl_pg_target *target)
{
    size_t count = target->physical->count;
    struct sl_pg_writer *writer = sl_alloc_zeroed(sizeof(*writer));
    const struct sl_type **types;

    sl_arena_init(&writer->arena);
    types = SL_NEW_ARRAY(&writer->arena, const struct sl_type *, count + 1);
    for (size_t i = 0; i < count; i++)
        types[i] = target->physical->columns[i].type;
    writer->target = target;
    writer->layout = sl_row_layout_new(&writer->arena, types, count);
    writer->pool = sl_pool_new();
    writer->columns = SL_NEW_ARRAY(&writer->arena, struct sl_column *, count + 1);
    writer->arrays = SL_NEW_ARRAY(&writer->arena, struct sl_buffer, count + 1);
    writer->values = SL_NEW_ARRAY(&writer->arena, const char *, count + 1);
    writer->lengths = SL_NEW_ARRAY(&writer->arena, int, count + 1);
    writer->formats = SL_NEW_ARRAY(&writer->arena, int, count + 1);
    for (size_t i = 0; i < count; i++) {
        sl_buffer_init(&writer->arrays[i], INT32_MAX);
        writer->formats[i] = 1;
    }
    sl_buffer_init(&writer->keys, SIZE_MAX / 2);
    return writer;
}

void
sl_pg_writer_free(struct sl_pg_writer *writer)
{
    if (!writer)
        return;
    for (size_t i = 0; i < writer->target->physical->count; i++)
        sl_buffer_done(&writer->arrays[i]);
    sl_buffer_done(&writer->keys);
    sl_pool_free(writer->pool);
    sl_arena_done(&writer->arena);
    free(writer);
}

/* --- which rows --- */

static struct sl_text
writer_key(const struct sl_pg_writer *writer, size_t row)
{
    return (struct sl_text){writer->keys.data + writer->key_ends[row],
                            writer->key_ends[row + 1] - writer->key_ends[row]};
}

/* Whether no later row has the key, for which those are asked first. */
static bool
writer_is_last(struct sl_pg_writer *writer, size_t row)
{
    struct sl_text key = writer_key(writer, row);
    size_t at = sl_hash_bytes(key.start, key.length) % WRITER_SLOTS;

    for (; writer->slots[at]; at = (at + 1) % WRITER_SLOTS) {
        if (sl_text_equal(writer_key(writer, writer->slots[at] - 1u), key))
            return false;
    }
    writer->slots[at] = (uint16_t)(row + 1);
    return true;
}

static void
writer_find_last(struct sl_pg_writer *writer, size_t count)
{
    const struct sl_pg_target *target = writer->target;
    struct sl_column *keys[target->primary_key_count + 1];

    for (size_t i = 0; i < target->primary_key_count; i++)
        keys[i] = writer->columns[target->primary_key[i]];
    sl_buffer_reset(&writer->keys);
    for (size_t i = 0; i < count; i++) {
        sl_key_encode(keys, target->primary_key_count, i, &writer->keys);
        writer->key_ends[i + 1] = (uint32_t)writer->keys.length;
    }
    memset(writer->slots, 0, sizeof(writer->slots));
    for (size_t i = count; i-- > 0;)
        writer->is_last[i] = writer_is_last(writer, i);
}

static int
writer_choose(struct sl_pg_writer *writer, size_t count, struct sl_error *err)
{
    bool by_key = writer->target->primary_key_count > 0;

    writer->written_count = writer->deleted_count = 0;
    if (by_key)
        writer_find_last(writer, count);
    for (size_t i = 0; i < count; i++) {
        if (!by_key && writer->kinds[i] != SL_ROW_INSERT)
            return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                            "table %s takes no updates: it has no primary key",
                            writer->target->name);
        if (by_key && !writer->is_last[i])
            continue;
        if (sl_row_kind_takes_back(writer->kinds[i]))
            writer->deleted[writer->deleted_count++] = (uint16_t)i;
        else
            writer->written[writer->written_count++] = (uint16_t)i;
    }
    return SL_OK;
}

/* --- arrays --- */

static void
writer_add_cell(const struct sl_column *column, size_t row, bool as_json, struct sl_buffer *to)
{
    struct sl_arena arena;
    struct sl_value value;

    if (!as_json) {
        sl_column_format(column, row, SL_FORM_POSTGRES, sl_zone_utc(), to);
        return;
    }
    sl_arena_init(&arena);
    value = sl_value_read(&arena, column, row);
    sl_value_format_json(&value, sl_zone_utc(), to);
    sl_arena_done(&arena);
}

/* text[] in binary: dimensions, has NULLs, type, length, first index, then each with its length. */
static void
writer_add_array(const struct sl_column *column, bool as_json, const uint16_t *rows, size_t count,
                 struct sl_buffer *to)
{
    sl_buffer_reset(to);
    sl_buffer_add_u32(to, 1);
    sl_buffer_add_u32(to, column->validity != NULL);
    sl_buffer_add_u32(to, WRITER_TEXT_OID);
    sl_buffer_add_u32(to, (uint32_t)count);
    sl_buffer_add_u32(to, 1);
    for (size_t i = 0; i < count; i++) {
        size_t start = to->length;

        sl_buffer_add_u32(to, UINT32_MAX);
        if (sl_column_is_null(column, rows[i]))
            continue;
        writer_add_cell(column, rows[i], as_json, to);
        sl_buffer_set_u32(to, start, (uint32_t)(to->length - start - 4));
    }
}

static int
writer_run(struct sl_pg_writer *writer, struct sl_pg_client *client, const char *sql,
           const uint32_t *columns, size_t column_count, const uint16_t *rows, size_t count,
           struct sl_error *err)
{
    struct sl_pg_params params = {.count = (int)column_count,
                                  .values = writer->values,
                                  .lengths = writer->lengths,
                                  .formats = writer->formats};
    PGresult *result;

    if (count == 0)
        return SL_OK;
    for (size_t i = 0; i < column_count; i++) {
        uint32_t column = columns ? columns[i] : (uint32_t)i;

        writer_add_array(writer->columns[column], writer->target->as_json[column], rows, count,
                         &writer->arrays[i]);
        writer->values[i] = writer->arrays[i].data;
        writer->lengths[i] = (int)writer->arrays[i].length;
    }
    if (sl_pg_query(client, sql, &params, &result, err) < 0)
        return sl_error_prefix(err, "writing to table %s", writer->target->name);
    PQclear(result);
    return SL_OK;
}

static int
writer_write_some(struct sl_pg_writer *writer, struct sl_pg_client *client, size_t count,
                  struct sl_error *err)
{
    const struct sl_pg_target *target = writer->target;
    int rc;

    SL_TRY(sl_row_unpack(writer->layout, writer->pool, writer->rows, count, writer->columns, err));
    rc = writer_choose(writer, count, err);
    if (rc == SL_OK)
        rc = writer_run(writer, client, target->delete_sql, target->primary_key,
                        target->primary_key_count, writer->deleted, writer->deleted_count, err);
    if (rc == SL_OK)
        rc = writer_run(writer, client, target->insert_sql, NULL, target->physical->count,
                        writer->written, writer->written_count, err);
    for (size_t i = 0; i < target->physical->count; i++)
        sl_column_unref(writer->columns[i]);
    return rc;
}

int
sl_pg_write(struct sl_pg_writer *writer, struct sl_pg_client *client,
            const struct sl_records *records, struct sl_error *err)
{
    for (uint32_t next = 0; next < records->count;) {
        size_t count = 0, bytes = 0;

        while (next < records->count && count < WRITER_ROWS_MAX && bytes < WRITER_BYTES_MAX) {
            const struct sl_record *record = &records->items[next++];

            if (record->value_length < WRITER_FRAME_HEADER ||
                record->value_length == SL_RECORD_NULL)
                return SL_ERROR(err, SL_E_DATA_CORRUPTED, "a row for table %s is damaged",
                                writer->target->name);
            writer->kinds[count] = (uint8_t)record->value[0];
            writer->rows[count++] = (struct sl_text){record->value + WRITER_FRAME_HEADER,
                                                     record->value_length - WRITER_FRAME_HEADER};
            bytes += record->value_length;
        }
        SL_TRY(writer_write_some(writer, client, count, err));
    }
    return SL_OK;
}
