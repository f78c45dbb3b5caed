/* Savepoints: see savepoint.h.  A table's rows are framed in blocks: length (4 bytes), checksum (8)
 * and the rows, each the lengths of key and value (4 each), key, value; a block of length 0, whose
 * checksum is the number of rows, ends the file.  Numbers are little-endian. */
#include "storage/savepoint.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "storage/checkpoint_files.h"
#include "storage/rocks.h"
#include "storage/snapshot.h"
#include "storage/table_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAVEPOINT_ROWS_HEAD "sluice rows 1\n"
enum { SAVEPOINT_BLOCK_BYTES = 64 << 10, SAVEPOINT_BLOCK_HEAD = 12 };

/* --- writing rows --- */

struct savepoint_writer {
    const char *path;
    FILE *file;
    uint64_t row_count;
    struct sl_buffer block;
};

static int
savepoint_put(struct savepoint_writer *writer, const void *bytes, size_t size, struct sl_error *err)
{
    if (fwrite(bytes, 1, size, writer->file) != size)
        return sl_files_error(err, "write", writer->path);
    return SL_OK;
}

static int
savepoint_put_block(struct savepoint_writer *writer, uint64_t checksum, struct sl_error *err)
{
    uint32_t length = (uint32_t)writer->block.length;
    char head[SAVEPOINT_BLOCK_HEAD];

    memcpy(head, &length, sizeof(length));
    memcpy(head + sizeof(length), &checksum, sizeof(checksum));
    SL_TRY(savepoint_put(writer, head, sizeof(head), err));
    if (length > 0)
        SL_TRY(savepoint_put(writer, writer->block.data, length, err));
    sl_buffer_reset(&writer->block);
    return SL_OK;
}

static int
savepoint_flush_block(struct savepoint_writer *writer, struct sl_error *err)
{
    if (writer->block.length == 0)
        return SL_OK;
    return savepoint_put_block(writer, sl_hash_bytes(writer->block.data, writer->block.length),
                               err);
}

static int
savepoint_put_row(struct savepoint_writer *writer, struct sl_text key, struct sl_text value,
                  struct sl_error *err)
{
    uint32_t lengths[2] = {(uint32_t)key.length, (uint32_t)value.length};

    sl_buffer_add(&writer->block, lengths, sizeof(lengths));
    sl_buffer_add_text(&writer->block, key);
    sl_buffer_add_text(&writer->block, value);
    writer->row_count++;
    return writer->block.length >= SAVEPOINT_BLOCK_BYTES ? savepoint_flush_block(writer, err)
                                                         : SL_OK;
}

/* Where the rows of a table are: in a file of its own, or in a store, under a number. */
struct savepoint_source {
    const char *path;
    struct sl_store *store;
    uint32_t number;
};

static int
savepoint_copy_file(struct savepoint_writer *writer, const char *path, struct sl_error *err)
{
    struct sl_sst_reader *reader;
    struct sl_text key, value;
    int rc;

    SL_TRY(sl_sst_reader_open(path, &reader, err));
    while ((rc = sl_sst_reader_next(reader, &key, &value, err)) == SL_OK) {
        rc = savepoint_put_row(writer, key, value, err);
        if (rc < 0)
            break;
    }
    sl_sst_reader_free(reader);
    return rc < 0 ? rc : SL_OK;
}

/* A key without the number of its table. */
static int
savepoint_visit(void *arg, struct sl_text key, struct sl_text value, struct sl_error *err)
{
    return savepoint_put_row(arg, (struct sl_text){key.start + 2, key.length - 2}, value, err);
}

static int
savepoint_copy_store(struct savepoint_writer *writer, const struct savepoint_source *source,
                     struct sl_error *err)
{
    char from[2] = {(char)(source->number >> 8), (char)source->number};
    char to[2] = {(char)((source->number + 1) >> 8), (char)(source->number + 1)};

    return source->store->ops->scan(source->store, (struct sl_text){from, 2},
                                    (struct sl_text){to, 2}, SIZE_MAX, savepoint_visit, writer,
                                    err);
}

static int
savepoint_copy_rows(struct savepoint_writer *writer, const struct savepoint_source *source,
                    struct sl_error *err)
{
    SL_TRY(savepoint_put(writer, SAVEPOINT_ROWS_HEAD, sizeof(SAVEPOINT_ROWS_HEAD) - 1, err));
    if (source->store)
        SL_TRY(savepoint_copy_store(writer, source, err));
    else
        SL_TRY(savepoint_copy_file(writer, source->path, err));
    SL_TRY(savepoint_flush_block(writer, err));
    SL_TRY(savepoint_put_block(writer, writer->row_count, err));
    if (fflush(writer->file) != 0 || fdatasync(fileno(writer->file)) < 0)
        return sl_files_error(err, "sync", writer->path);
    return SL_OK;
}

/* One table's rows, framed; no file is left of none. */
static int
savepoint_export(const struct savepoint_source *source, const char *to, struct sl_file_sum *ret_sum,
                 bool *ret_is_empty, struct sl_error *err)
{
    struct savepoint_writer writer = {.path = to};
    int rc;

    sl_buffer_init(&writer.block, UINT32_MAX);
    writer.file = fopen(to, "wbe");
    rc = writer.file ? savepoint_copy_rows(&writer, source, err) : sl_files_error(err, "make", to);
    if (writer.file)
        fclose(writer.file);
    *ret_is_empty = writer.row_count == 0;
    if (rc == SL_OK && *ret_is_empty)
        unlink(to);
    else if (rc == SL_OK)
        rc = sl_files_sum(to, ret_sum, err);
    sl_buffer_done(&writer.block);
    return rc;
}

/* --- reading rows --- */

static int
savepoint_damaged(const char *path, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is damaged: it holds no framed rows", path);
}

static int
savepoint_import_block(const char *path, struct sl_text block, struct sl_sst_writer *writer,
                       uint64_t *row_count, struct sl_error *err)
{
    while (block.length > 0) {
        uint32_t lengths[2];
        struct sl_text key, value;

        if (block.length < sizeof(lengths))
            return savepoint_damaged(path, err);
        memcpy(lengths, block.start, sizeof(lengths));
        block = (struct sl_text){block.start + sizeof(lengths), block.length - sizeof(lengths)};
        if ((uint64_t)lengths[0] + lengths[1] > block.length)
            return savepoint_damaged(path, err);
        key = (struct sl_text){block.start, lengths[0]};
        value = (struct sl_text){block.start + lengths[0], lengths[1]};
        SL_TRY(sl_sst_writer_put(writer, key, value, err));
        block.start += (size_t)lengths[0] + lengths[1];
        block.length -= (size_t)lengths[0] + lengths[1];
        ++*row_count;
    }
    return SL_OK;
}

static int
savepoint_import_rows(const char *path, FILE *file, struct sl_buffer *block,
                      struct sl_sst_writer *writer, struct sl_error *err)
{
    char head[sizeof(SAVEPOINT_ROWS_HEAD) - 1], block_head[SAVEPOINT_BLOCK_HEAD];
    uint64_t row_count = 0, checksum;
    uint32_t length;

    if (fread(head, 1, sizeof(head), file) != sizeof(head) ||
        memcmp(head, SAVEPOINT_ROWS_HEAD, sizeof(head)) != 0)
        return savepoint_damaged(path, err);
    for (;;) {
        if (fread(block_head, 1, sizeof(block_head), file) != sizeof(block_head))
            return savepoint_damaged(path, err);
        memcpy(&length, block_head, sizeof(length));
        memcpy(&checksum, block_head + sizeof(length), sizeof(checksum));
        if (length == 0)
            return checksum == row_count ? SL_OK : savepoint_damaged(path, err);
        sl_buffer_reset(block);
        if (fread(sl_buffer_reserve(block, length), 1, length, file) != length ||
            sl_hash_bytes(block->data, length) != checksum)
            return savepoint_damaged(path, err);
        SL_TRY(savepoint_import_block(path, (struct sl_text){block->data, length}, writer,
                                      &row_count, err));
    }
}

static int
savepoint_import_file(const char *from, const char *to, struct sl_file_sum *ret_sum,
                      struct sl_error *err)
{
    struct sl_sst_writer *writer;
    struct sl_buffer block;
    FILE *file;
    int rc;

    SL_TRY(sl_sst_writer_open(to, &writer, err));
    file = fopen(from, "rbe");
    sl_buffer_init(&block, (size_t)1 << 32);
    rc = file ? savepoint_import_rows(from, file, &block, writer, err)
              : sl_files_error(err, "open", from);
    if (rc == SL_OK)
        rc = sl_sst_writer_finish(writer, ret_sum, err);
    if (file)
        fclose(file);
    sl_buffer_done(&block);
    sl_sst_writer_free(writer);
    return rc;
}

/* --- whole ones --- */

/* Framed rows for the tables of a subtask, whose manifest was copied. */
static int
savepoint_export_tables(struct sl_arena *arena, struct sl_manifest_subtask *subtask,
                        struct sl_store *store, const char *from, const char *to, size_t *number,
                        struct sl_error *err)
{
    for (size_t i = 0; i < subtask->table_count; i++) {
        struct sl_manifest_table *table = &subtask->tables[i];
        struct savepoint_source source = {.number = table->number};
        bool is_empty;

        if (!table->file.name && table->number == 0)
            continue;
        if (table->number > 0)
            source.store = store;
        else
            source.path = sl_arena_printf(arena, "%s/%s", from, table->file.name);
        table->file.name = sl_arena_printf(arena, "state-%zu.rows", (*number)++);
        table->number = 0;
        SL_TRY(savepoint_export(&source, sl_arena_printf(arena, "%s/%s", to, table->file.name),
                                &table->file.sum, &is_empty, err));
        if (is_empty)
            table->file.name = NULL;
    }
    return SL_OK;
}

static int
savepoint_export_subtask(struct sl_arena *arena, struct sl_manifest_subtask *subtask,
                         const char *from, const char *to, size_t *number, struct sl_error *err)
{
    struct sl_store *store;
    int rc;

    if (subtask->store_count == 0)
        return savepoint_export_tables(arena, subtask, NULL, from, to, number, err);
    SL_TRY(
        sl_store_rocks.open(NULL, sl_manifest_store_path(arena, from, subtask), true, &store, err));
    rc = savepoint_export_tables(arena, subtask, store, from, to, number, err);
    store->ops->close(store);
    subtask->store_count = 0;
    return rc;
}

/* Sorted files for the tables of a manifest that was copied. */
static int
savepoint_import_tables(struct sl_arena *arena, struct sl_manifest *manifest, const char *from,
                        const char *to, struct sl_error *err)
{
    size_t number = 0;

    for (size_t i = 0; i < manifest->subtask_count; i++) {
        struct sl_manifest_subtask *subtask = &manifest->subtasks[i];

        for (size_t k = 0; k < subtask->table_count; k++) {
            struct sl_manifest_file *file = &subtask->tables[k].file;
            const char *source = file->name;

            if (!source)
                continue;
            file->name = sl_arena_printf(arena, "state-%zu.sst", number++);
            SL_TRY(savepoint_import_file(sl_arena_printf(arena, "%s/%s", from, source),
                                         sl_arena_printf(arena, "%s/%s", to, file->name),
                                         &file->sum, err));
        }
    }
    return SL_OK;
}

/* Lists of its own; what they point to stays shared. */
static struct sl_manifest *
savepoint_copy_manifest(struct sl_arena *arena, const struct sl_manifest *from)
{
    struct sl_manifest *copy = SL_NEW(arena, struct sl_manifest);

    *copy = *from;
    copy->segments = NULL;
    copy->segment_count = 0;
    copy->lanes = NULL;
    copy->lane_count = 0;
    copy->subtasks = SL_NEW_ARRAY(arena, struct sl_manifest_subtask, from->subtask_count + 1);
    for (size_t i = 0; i < from->subtask_count; i++) {
        struct sl_manifest_subtask *subtask = &copy->subtasks[i];

        *subtask = from->subtasks[i];
        subtask->tables = SL_NEW_ARRAY(arena, struct sl_manifest_table, subtask->table_count + 1);
        for (size_t k = 0; k < subtask->table_count; k++)
            subtask->tables[k] = from->subtasks[i].tables[k];
    }
    return copy;
}

int
sl_savepoint_write(const struct sl_manifest *checkpoint, const char *from, const char *to,
                   struct sl_error *err)
{
    struct sl_manifest *manifest;
    struct sl_arena arena;
    size_t number = 0;
    int rc = SL_OK;

    if (sl_manifest_has_channels(checkpoint)) {
        SL_ERROR(err, SL_E_OBJECT_STATE,
                 "checkpoint %llu is unaligned: rows are in it that no operator has seen",
                 (unsigned long long)checkpoint->checkpoint_id);
        return sl_error_hint(err, "a savepoint is made of a checkpoint of its own");
    }
    if (mkdir(to, 0700) < 0)
        return sl_files_error(err, "make", to);
    sl_arena_init(&arena);
    manifest = savepoint_copy_manifest(&arena, checkpoint);
    for (size_t i = 0; i < manifest->subtask_count && rc == SL_OK; i++)
        rc = savepoint_export_subtask(&arena, &manifest->subtasks[i], from, to, &number, err);
    if (rc == SL_OK)
        rc = sl_manifest_write_savepoint(manifest, to, err);
    if (rc < 0)
        sl_files_remove_directory(to);
    sl_arena_done(&arena);
    return rc;
}

int
sl_savepoint_read(struct sl_arena *arena, const char *directory, struct sl_manifest **ret_manifest,
                  struct sl_error *err)
{
    if (sl_checkpoint_is_in(directory)) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "%s is a checkpoint, which belongs to its job: only a "
                 "savepoint can be begun from",
                 directory);
        return sl_error_hint(err, "CREATE SAVEPOINT FOR JOB, or ALTER JOB '…' AS, which goes on "
                                  "from the job's newest checkpoint");
    }
    SL_TRY(sl_manifest_read_savepoint(arena, directory, ret_manifest, err));
    return sl_manifest_verify(*ret_manifest, directory, SL_MANIFEST_ALL, err);
}

/* --- laid out alike --- */

static int
savepoint_check_table(const struct sl_state_table *table, const char *layout,
                      const struct sl_manifest_subtask *from, struct sl_error *err)
{
    for (size_t i = 0; i < from->table_count; i++) {
        const struct sl_manifest_table *item = &from->tables[i];

        if ((!item->file.name && item->number == 0) ||
            strcmp(item->operator_uid, table->spec.operator_uid) != 0 ||
            strcmp(item->name, table->spec.name) != 0 || strcmp(item->layout, layout) == 0)
            continue;
        return SL_ERROR(err, SL_E_NOT_SUPPORTED, "it is laid out as \"%s\", not as \"%s\"",
                        item->layout, layout);
    }
    return SL_OK;
}

int
sl_savepoint_check(const struct sl_state *state, const struct sl_manifest *manifest,
                   struct sl_error *err)
{
    struct sl_arena arena;
    int rc = SL_OK;

    sl_arena_init(&arena);
    for (const struct sl_state_table *table = state->tables; table && rc == SL_OK;
         table = table->next) {
        const char *layout = sl_state_table_layout(&arena, &table->spec);

        for (size_t i = 0; i < manifest->subtask_count && rc == SL_OK; i++)
            rc = savepoint_check_table(table, layout, &manifest->subtasks[i], err);
    }
    sl_arena_done(&arena);
    return rc;
}

/* --- taking it back --- */

int
sl_savepoint_import(const struct sl_manifest *savepoint, const char *directory,
                    const char *data_directory, const char *job_id,
                    bool (*is_wanted)(void *arg, const char *operator_uid), void *arg,
                    struct sl_error *err)
{
    char to[SL_CHECKPOINT_PATH_MAX];
    struct sl_manifest *manifest;
    struct sl_arena arena;
    int rc;

    sl_checkpoint_path(data_directory, job_id, 1, to);
    SL_TRY(sl_checkpoint_make(data_directory, job_id, 1, err));
    sl_arena_init(&arena);
    manifest = savepoint_copy_manifest(&arena, savepoint);
    manifest->job_id = job_id;
    manifest->checkpoint_id = 1;
    manifest->incarnation = 1;
    for (size_t i = 0; i < manifest->subtask_count; i++) {
        struct sl_manifest_subtask *subtask = &manifest->subtasks[i];
        struct sl_manifest_blob *blobs =
            SL_NEW_ARRAY(&arena, struct sl_manifest_blob, subtask->blob_count + 1);

        for (size_t k = 0; k < subtask->blob_count; k++)
            blobs[k] = subtask->blobs[k];
        subtask->blobs = blobs;
    }
    sl_manifest_choose(manifest, is_wanted, arg);
    rc = savepoint_import_tables(&arena, manifest, directory, to, err);
    if (rc == SL_OK)
        rc = sl_manifest_write(manifest, to, err);
    if (rc < 0)
        sl_checkpoint_remove_all(data_directory, job_id);
    sl_arena_done(&arena);
    return rc;
}
