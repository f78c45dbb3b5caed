/* The manifest as text: a line of what it is, JSON, a line with the checksum of both. */
#include "storage/manifest.h"

#include "base/buffer.h"
#include "base/fault.h"
#include "base/hash.h"
#include "storage/checkpoint_files.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A savepoint's is the same but for its head and its name. */
struct manifest_form {
    const char *head, *any_head; /* of this version; of all */
    const char *name;
};

static const struct manifest_form manifest_checkpoint = {"sluice checkpoint 1\n",
                                                         "sluice checkpoint ", "manifest"};
static const struct manifest_form manifest_savepoint = {"sluice savepoint 1\n", "sluice savepoint ",
                                                        "savepoint"};

#define MANIFEST_TAIL "\nxxh3 " /* 16 hex digits and a line's end follow */
enum { MANIFEST_TAIL_SIZE = sizeof(MANIFEST_TAIL) - 1 + 16 + 1 };

const struct sl_manifest_blob *
sl_manifest_next_blob(const struct sl_manifest *manifest, const char *operator_uid,
                      const char *name, struct sl_manifest_cursor *cursor)
{
    for (; cursor->subtask < manifest->subtask_count; cursor->subtask++, cursor->blob = 0) {
        const struct sl_manifest_subtask *subtask = &manifest->subtasks[cursor->subtask];

        while (cursor->blob < subtask->blob_count) {
            const struct sl_manifest_blob *blob = &subtask->blobs[cursor->blob++];

            if (strcmp(blob->operator_uid, operator_uid) == 0 && strcmp(blob->name, name) == 0)
                return blob;
        }
    }
    return NULL;
}

static void
manifest_choose_subtask(struct sl_manifest_subtask *subtask,
                        bool (*is_wanted)(void *arg, const char *operator_uid), void *arg)
{
    size_t count = 0;

    for (size_t i = 0; i < subtask->table_count; i++) {
        if (is_wanted(arg, subtask->tables[i].operator_uid))
            continue;
        subtask->tables[i].file = (struct sl_manifest_file){0};
        subtask->tables[i].number = 0;
    }
    for (size_t i = 0; i < subtask->blob_count; i++) {
        if (is_wanted(arg, subtask->blobs[i].operator_uid))
            subtask->blobs[count++] = subtask->blobs[i];
    }
    subtask->blob_count = count;
}

void
sl_manifest_choose(struct sl_manifest *manifest,
                   bool (*is_wanted)(void *arg, const char *operator_uid), void *arg)
{
    for (size_t i = 0; i < manifest->subtask_count; i++)
        manifest_choose_subtask(&manifest->subtasks[i], is_wanted, arg);
}

bool
sl_manifest_has_channels(const struct sl_manifest *manifest)
{
    for (size_t i = 0; i < manifest->subtask_count; i++) {
        if (manifest->subtasks[i].channel_count > 0)
            return true;
    }
    return false;
}

const char *
sl_manifest_store_path(struct sl_arena *arena, const char *directory,
                       const struct sl_manifest_subtask *subtask)
{
    const char *name = subtask->store[0].name;

    return sl_arena_printf(arena, "%s/%.*s", directory, (int)strcspn(name, "/"), name);
}

/* --- writing --- */

static json_t *
manifest_write_hex(struct sl_text bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = sl_alloc(bytes.length * 2 + 1);
    json_t *json;

    for (size_t i = 0; i < bytes.length; i++) {
        hex[2 * i] = digits[(unsigned char)bytes.start[i] >> 4];
        hex[2 * i + 1] = digits[(unsigned char)bytes.start[i] & 15];
    }
    json = json_stringn(hex, bytes.length * 2);
    free(hex);
    return json;
}

static void
manifest_add_u64(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *
manifest_write_file(const struct sl_manifest_file *file)
{
    json_t *json = json_object();

    json_object_set_new(json, "name", json_string(file->name));
    manifest_add_u64(json, "size", file->sum.size);
    manifest_add_u64(json, "xxh3", file->sum.checksum);
    return json;
}

static json_t *
manifest_write_store(const struct sl_manifest_subtask *subtask)
{
    json_t *json = json_array();

    for (size_t i = 0; i < subtask->store_count; i++)
        json_array_append_new(json, manifest_write_file(&subtask->store[i]));
    return json;
}

static json_t *
manifest_write_channels(const struct sl_manifest_subtask *subtask)
{
    json_t *json = json_array();

    for (size_t i = 0; i < subtask->channel_count; i++) {
        const struct sl_manifest_channel *channel = &subtask->channels[i];
        json_t *item = json_object(), *columns = json_array();

        json_object_set_new(item, "operator", json_string(channel->operator_uid));
        manifest_add_u64(item, "input", channel->input);
        manifest_add_u64(item, "generation", channel->generation);
        manifest_add_u64(item, "watermark_ms", (uint64_t)channel->watermark_ms);
        json_object_set_new(item, "is_idle", json_boolean(channel->is_idle));
        for (size_t c = 0; c < channel->column_count; c++)
            json_array_append_new(columns, json_string(channel->columns[c]));
        json_object_set_new(item, "columns", columns);
        manifest_add_u64(item, "offset", channel->offset);
        manifest_add_u64(item, "size", channel->size);
        json_array_append_new(json, item);
    }
    return json;
}

static json_t *
manifest_write_subtask(const struct sl_manifest_subtask *subtask)
{
    json_t *json = json_object(), *tables = json_array(), *blobs = json_array();

    json_object_set_new(json, "task", json_string(subtask->task_uid));
    manifest_add_u64(json, "index", subtask->index);
    manifest_add_u64(json, "parallelism", subtask->parallelism);
    manifest_add_u64(json, "key_group_first", subtask->key_group_first);
    manifest_add_u64(json, "key_group_count", subtask->key_group_count);
    json_object_set_new(json, "has_ended", json_boolean(subtask->has_ended));
    for (size_t i = 0; i < subtask->table_count; i++) {
        const struct sl_manifest_table *table = &subtask->tables[i];
        json_t *item = json_pack("{s:s, s:s, s:s}", "operator", table->operator_uid, "name",
                                 table->name, "layout", table->layout);

        if (table->file.name)
            json_object_set_new(item, "file", manifest_write_file(&table->file));
        if (table->number > 0)
            manifest_add_u64(item, "number", table->number);
        json_array_append_new(tables, item);
    }
    for (size_t i = 0; i < subtask->blob_count; i++) {
        const struct sl_manifest_blob *blob = &subtask->blobs[i];

        json_array_append_new(blobs,
                              json_pack("{s:s, s:s, s:o}", "operator", blob->operator_uid, "name",
                                        blob->name, "bytes", manifest_write_hex(blob->bytes)));
    }
    json_object_set_new(json, "tables", tables);
    json_object_set_new(json, "blobs", blobs);
    if (subtask->store_count > 0)
        json_object_set_new(json, "store", manifest_write_store(subtask));
    if (subtask->channel_count > 0) {
        json_object_set_new(json, "channels", manifest_write_channels(subtask));
        json_object_set_new(json, "channel_file", manifest_write_file(&subtask->channel_file));
    }
    return json;
}

static json_t *
manifest_write_segment(const struct sl_manifest_segment *segment)
{
    json_t *json = json_object();

    json_object_set_new(json, "sink", json_string(segment->sink_uid));
    manifest_add_u64(json, "lane", segment->lane);
    manifest_add_u64(json, "subtask", segment->subtask);
    manifest_add_u64(json, "epoch", segment->epoch);
    json_object_set_new(json, "file", manifest_write_file(&segment->file));
    return json;
}

static json_t *
manifest_write_lanes(const struct sl_manifest *manifest)
{
    json_t *lanes = json_array();

    for (size_t i = 0; i < manifest->lane_count; i++) {
        const struct sl_manifest_lane *lane = &manifest->lanes[i];
        json_t *json = json_object();

        json_object_set_new(json, "sink", json_string(lane->sink_uid));
        manifest_add_u64(json, "lane", lane->lane);
        manifest_add_u64(json, "epoch", lane->epoch);
        manifest_add_u64(json, "subtask", lane->subtask);
        json_array_append_new(lanes, json);
    }
    return lanes;
}

/* The caller frees. */
static char *
manifest_write_json(const struct sl_manifest *manifest)
{
    json_t *json = json_object(), *subtasks = json_array(), *segments = json_array();
    char *text;

    json_object_set_new(json, "job", json_string(manifest->job_id));
    manifest_add_u64(json, "checkpoint", manifest->checkpoint_id);
    manifest_add_u64(json, "incarnation", manifest->incarnation);
    manifest_add_u64(json, "time_us", (uint64_t)manifest->time_us);
    manifest_add_u64(json, "max_parallelism", manifest->max_parallelism);
    for (size_t i = 0; i < manifest->subtask_count; i++)
        json_array_append_new(subtasks, manifest_write_subtask(&manifest->subtasks[i]));
    for (size_t i = 0; i < manifest->segment_count; i++)
        json_array_append_new(segments, manifest_write_segment(&manifest->segments[i]));
    json_object_set_new(json, "subtasks", subtasks);
    json_object_set_new(json, "segments", segments);
    if (manifest->lane_count > 0)
        json_object_set_new(json, "lanes", manifest_write_lanes(manifest));
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    SL_ASSERT(text != NULL);
    return text;
}

static int
manifest_rename(const struct manifest_form *form, const char *directory, struct sl_error *err)
{
    char from[SL_CHECKPOINT_PATH_MAX + 16], to[SL_CHECKPOINT_PATH_MAX + 16];
    char parent[SL_CHECKPOINT_PATH_MAX + 16];

    snprintf(from, sizeof(from), "%s/manifest.tmp", directory);
    snprintf(to, sizeof(to), "%s/%s", directory, form->name);
    snprintf(parent, sizeof(parent), "%s/..", directory);
    SL_TRY(sl_files_sync_directory(directory, err));
    sl_fault_point("manifest-written");
    if (rename(from, to) < 0)
        return sl_files_error(err, "rename", from);
    sl_fault_point("manifest-renamed");
    SL_TRY(sl_files_sync_directory(directory, err));
    return sl_files_sync_directory(parent, err);
}

static int
manifest_write(const struct sl_manifest *manifest, const struct manifest_form *form,
               const char *directory, struct sl_error *err)
{
    char *json = manifest_write_json(manifest);
    struct sl_buffer text;
    struct sl_file_sum sum;
    int rc;

    sl_buffer_init(&text, SIZE_MAX / 2);
    sl_buffer_add_string(&text, form->head);
    sl_buffer_add_string(&text, json);
    free(json);
    sl_buffer_printf(&text, MANIFEST_TAIL "%016llx\n",
                     (unsigned long long)sl_hash_bytes(text.data, text.length));
    rc = sl_checkpoint_write_file(directory, "manifest.tmp", sl_buffer_text(&text), &sum, err);
    sl_buffer_done(&text);
    return rc < 0 ? rc : manifest_rename(form, directory, err);
}

int
sl_manifest_write(const struct sl_manifest *manifest, const char *directory, struct sl_error *err)
{
    return manifest_write(manifest, &manifest_checkpoint, directory, err);
}

int
sl_manifest_write_savepoint(const struct sl_manifest *manifest, const char *directory,
                            struct sl_error *err)
{
    return manifest_write(manifest, &manifest_savepoint, directory, err);
}

/* --- reading --- */

struct manifest_reader {
    struct sl_arena *arena;
    const struct manifest_form *form;
    const char *path;
    bool is_damaged; /* something is missing or of another type */
};

static const json_t *
manifest_get(struct manifest_reader *reader, const json_t *object, const char *key, int type)
{
    const json_t *json = json_object_get(object, key);

    if (json && json_typeof(json) == (json_type)type)
        return json;
    reader->is_damaged = true;
    return NULL;
}

static uint64_t
manifest_get_u64(struct manifest_reader *reader, const json_t *object, const char *key)
{
    const json_t *json = manifest_get(reader, object, key, JSON_INTEGER);

    return json ? (uint64_t)json_integer_value(json) : 0;
}

static uint32_t
manifest_get_u32(struct manifest_reader *reader, const json_t *object, const char *key)
{
    uint64_t value = manifest_get_u64(reader, object, key);

    reader->is_damaged |= value > UINT32_MAX;
    return (uint32_t)value;
}

static const char *
manifest_get_string(struct manifest_reader *reader, const json_t *object, const char *key)
{
    const json_t *json = manifest_get(reader, object, key, JSON_STRING);

    return json ? sl_arena_strdup(reader->arena, json_string_value(json)) : "";
}

static int
manifest_hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct sl_text
manifest_get_hex(struct manifest_reader *reader, const json_t *object, const char *key)
{
    const json_t *json = manifest_get(reader, object, key, JSON_STRING);
    size_t length = json ? json_string_length(json) / 2 : 0;
    const char *hex = json ? json_string_value(json) : "";
    char *bytes = sl_arena_alloc_raw(reader->arena, length + 1);

    for (size_t i = 0; i < length; i++) {
        int high = manifest_hex_digit(hex[2 * i]), low = manifest_hex_digit(hex[2 * i + 1]);

        reader->is_damaged |= high < 0 || low < 0;
        bytes[i] = (char)((unsigned)(high & 15) << 4 | (unsigned)(low & 15));
    }
    return (struct sl_text){bytes, length};
}

static void
manifest_read_file(struct manifest_reader *reader, const json_t *json,
                   struct sl_manifest_file *file)
{
    *file = (struct sl_manifest_file){
        .name = manifest_get_string(reader, json, "name"),
        .sum = {manifest_get_u64(reader, json, "size"), manifest_get_u64(reader, json, "xxh3")},
    };
}

static struct sl_manifest_file
manifest_get_file(struct manifest_reader *reader, const json_t *object, const char *key)
{
    struct sl_manifest_file file;

    manifest_read_file(reader, manifest_get(reader, object, key, JSON_OBJECT), &file);
    return file;
}

/* The members of an array, zeroed; *ret_json is the array. */
static void *
manifest_get_array(struct manifest_reader *reader, const json_t *object, const char *key,
                   size_t size, size_t *ret_count, const json_t **ret_json)
{
    *ret_json = manifest_get(reader, object, key, JSON_ARRAY);
    *ret_count = json_array_size(*ret_json);
    return sl_arena_alloc_array(reader->arena, size, *ret_count + 1);
}

static void
manifest_read_store(struct manifest_reader *reader, const json_t *json,
                    struct sl_manifest_subtask *subtask)
{
    const json_t *files;

    subtask->store = manifest_get_array(reader, json, "store", sizeof(*subtask->store),
                                        &subtask->store_count, &files);
    for (size_t i = 0; i < subtask->store_count; i++)
        manifest_read_file(reader, json_array_get(files, i), &subtask->store[i]);
}

static void
manifest_read_columns(struct manifest_reader *reader, const json_t *item,
                      struct sl_manifest_channel *channel)
{
    const json_t *columns;

    channel->columns = manifest_get_array(reader, item, "columns", sizeof(*channel->columns),
                                          &channel->column_count, &columns);
    for (size_t c = 0; c < channel->column_count; c++) {
        const char *type = json_string_value(json_array_get(columns, c));

        reader->is_damaged |= !type;
        channel->columns[c] = sl_arena_strdup(reader->arena, type ? type : "");
    }
}

static void
manifest_read_channels(struct manifest_reader *reader, const json_t *json,
                       struct sl_manifest_subtask *subtask)
{
    const json_t *channels;

    subtask->channels = manifest_get_array(reader, json, "channels", sizeof(*subtask->channels),
                                           &subtask->channel_count, &channels);
    for (size_t i = 0; i < subtask->channel_count; i++) {
        const json_t *item = json_array_get(channels, i);

        subtask->channels[i] = (struct sl_manifest_channel){
            .operator_uid = manifest_get_string(reader, item, "operator"),
            .input = manifest_get_u32(reader, item, "input"),
            .generation = manifest_get_u32(reader, item, "generation"),
            .watermark_ms = (int64_t)manifest_get_u64(reader, item, "watermark_ms"),
            .is_idle = json_is_true(json_object_get(item, "is_idle")),
            .offset = manifest_get_u64(reader, item, "offset"),
            .size = manifest_get_u64(reader, item, "size")};
        manifest_read_columns(reader, item, &subtask->channels[i]);
    }
    subtask->channel_file = manifest_get_file(reader, json, "channel_file");
}

static void
manifest_read_subtask(struct manifest_reader *reader, const json_t *json,
                      struct sl_manifest_subtask *subtask)
{
    const json_t *tables, *blobs;

    subtask->task_uid = manifest_get_string(reader, json, "task");
    subtask->index = manifest_get_u32(reader, json, "index");
    subtask->parallelism = manifest_get_u32(reader, json, "parallelism");
    subtask->key_group_first = manifest_get_u32(reader, json, "key_group_first");
    subtask->key_group_count = manifest_get_u32(reader, json, "key_group_count");
    subtask->has_ended = json_is_true(json_object_get(json, "has_ended"));
    subtask->tables = manifest_get_array(reader, json, "tables", sizeof(*subtask->tables),
                                         &subtask->table_count, &tables);
    for (size_t i = 0; i < subtask->table_count; i++) {
        const json_t *item = json_array_get(tables, i);

        subtask->tables[i] = (struct sl_manifest_table){
            .operator_uid = manifest_get_string(reader, item, "operator"),
            .name = manifest_get_string(reader, item, "name"),
            .layout = manifest_get_string(reader, item, "layout")};
        if (json_object_get(item, "file"))
            subtask->tables[i].file = manifest_get_file(reader, item, "file");
        if (json_object_get(item, "number"))
            subtask->tables[i].number = manifest_get_u32(reader, item, "number");
    }
    if (json_object_get(json, "store"))
        manifest_read_store(reader, json, subtask);
    if (json_object_get(json, "channels"))
        manifest_read_channels(reader, json, subtask);
    subtask->blobs = manifest_get_array(reader, json, "blobs", sizeof(*subtask->blobs),
                                        &subtask->blob_count, &blobs);
    for (size_t i = 0; i < subtask->blob_count; i++) {
        const json_t *item = json_array_get(blobs, i);

        subtask->blobs[i] =
            (struct sl_manifest_blob){.operator_uid = manifest_get_string(reader, item, "operator"),
                                      .name = manifest_get_string(reader, item, "name"),
                                      .bytes = manifest_get_hex(reader, item, "bytes")};
    }
}

static void
manifest_read_lanes(struct manifest_reader *reader, const json_t *json,
                    struct sl_manifest *manifest)
{
    const json_t *lanes;

    if (!json_object_get(json, "lanes"))
        return;
    manifest->lanes = manifest_get_array(reader, json, "lanes", sizeof(*manifest->lanes),
                                         &manifest->lane_count, &lanes);
    for (size_t i = 0; i < manifest->lane_count; i++) {
        const json_t *item = json_array_get(lanes, i);

        manifest->lanes[i] =
            (struct sl_manifest_lane){.sink_uid = manifest_get_string(reader, item, "sink"),
                                      .lane = manifest_get_u32(reader, item, "lane"),
                                      .epoch = manifest_get_u64(reader, item, "epoch"),
                                      .subtask = manifest_get_u32(reader, item, "subtask")};
    }
}

static void
manifest_read_json(struct manifest_reader *reader, const json_t *json, struct sl_manifest *manifest)
{
    const json_t *subtasks, *segments;

    manifest->job_id = manifest_get_string(reader, json, "job");
    manifest->checkpoint_id = manifest_get_u64(reader, json, "checkpoint");
    manifest->incarnation = manifest_get_u64(reader, json, "incarnation");
    manifest->time_us = (int64_t)manifest_get_u64(reader, json, "time_us");
    manifest->max_parallelism = manifest_get_u32(reader, json, "max_parallelism");
    manifest->subtasks = manifest_get_array(reader, json, "subtasks", sizeof(*manifest->subtasks),
                                            &manifest->subtask_count, &subtasks);
    for (size_t i = 0; i < manifest->subtask_count; i++)
        manifest_read_subtask(reader, json_array_get(subtasks, i), &manifest->subtasks[i]);
    manifest->segments = manifest_get_array(reader, json, "segments", sizeof(*manifest->segments),
                                            &manifest->segment_count, &segments);
    for (size_t i = 0; i < manifest->segment_count; i++) {
        const json_t *item = json_array_get(segments, i);

        manifest->segments[i] =
            (struct sl_manifest_segment){.sink_uid = manifest_get_string(reader, item, "sink"),
                                         .lane = manifest_get_u32(reader, item, "lane"),
                                         .subtask = manifest_get_u32(reader, item, "subtask"),
                                         .epoch = manifest_get_u64(reader, item, "epoch"),
                                         .file = manifest_get_file(reader, item, "file")};
    }
    manifest_read_lanes(reader, json, manifest);
}

static int
manifest_damaged(const struct manifest_reader *reader, const char *how, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is damaged: %s", reader->path, how);
}

/* Head, tail and checksum; *ret_json is what is between. */
static int
manifest_unwrap(const struct manifest_reader *reader, struct sl_text text, struct sl_text *ret_json,
                struct sl_error *err)
{
    const struct manifest_form *form = reader->form;
    size_t head = strlen(form->head), body;
    char tail[MANIFEST_TAIL_SIZE + 1];

    if (text.length < head + MANIFEST_TAIL_SIZE ||
        memcmp(text.start, form->any_head, strlen(form->any_head)) != 0)
        return manifest_damaged(reader, "it is no manifest", err);
    if (memcmp(text.start, form->head, head) != 0) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s is of another format version", reader->path);
        return sl_error_hint(err,
                             "start the release of Sluice that wrote it, and take a savepoint");
    }
    body = text.length - MANIFEST_TAIL_SIZE;
    snprintf(tail, sizeof(tail), MANIFEST_TAIL "%016llx\n",
             (unsigned long long)sl_hash_bytes(text.start, body));
    if (memcmp(text.start + body, tail, MANIFEST_TAIL_SIZE) != 0)
        return manifest_damaged(reader, "its checksum is another", err);
    *ret_json = (struct sl_text){text.start + head, body - head};
    return SL_OK;
}

static int
manifest_check_file(const char *directory, const struct sl_manifest_file *file,
                    struct sl_error *err)
{
    char path[SL_CHECKPOINT_PATH_MAX + 256];
    struct stat status;

    snprintf(path, sizeof(path), "%s/%s", directory, file->name);
    if (stat(path, &status) < 0)
        return SL_ERROR(err, errno == ENOENT ? SL_E_DATA_CORRUPTED : SL_E_IO,
                        "cannot look at %s: %s", path, strerror(errno));
    if ((uint64_t)status.st_size != file->sum.size)
        return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is damaged: it has %lld bytes, not %llu",
                        path, (long long)status.st_size, (unsigned long long)file->sum.size);
    return SL_OK;
}

typedef int manifest_check(const char *directory, const struct sl_manifest_file *file,
                           struct sl_error *err);

static int
manifest_check_files(const struct sl_manifest *manifest, const char *directory,
                     enum sl_manifest_part part, manifest_check *check, struct sl_error *err)
{
    for (size_t i = 0; i < manifest->subtask_count && part == SL_MANIFEST_ALL; i++) {
        const struct sl_manifest_subtask *subtask = &manifest->subtasks[i];

        for (size_t k = 0; k < subtask->table_count; k++) {
            if (subtask->tables[k].file.name)
                SL_TRY(check(directory, &subtask->tables[k].file, err));
        }
        for (size_t k = 0; k < subtask->store_count; k++)
            SL_TRY(check(directory, &subtask->store[k], err));
        if (subtask->channel_count > 0)
            SL_TRY(check(directory, &subtask->channel_file, err));
    }
    for (size_t i = 0; i < manifest->segment_count; i++)
        SL_TRY(check(directory, &manifest->segments[i].file, err));
    return SL_OK;
}

int
sl_manifest_verify(const struct sl_manifest *manifest, const char *directory,
                   enum sl_manifest_part part, struct sl_error *err)
{
    return manifest_check_files(manifest, directory, part, sl_checkpoint_verify_file, err);
}

static int
manifest_parse(struct manifest_reader *reader, struct sl_text text, struct sl_manifest *manifest,
               struct sl_error *err)
{
    struct sl_text body = {0};
    json_t *json;

    SL_TRY(manifest_unwrap(reader, text, &body, err));
    json = json_loadb(body.start, body.length, 0, NULL);
    if (!json)
        return manifest_damaged(reader, "it does not parse", err);
    manifest_read_json(reader, json, manifest);
    json_decref(json);
    return reader->is_damaged ? manifest_damaged(reader, "a member is missing", err) : SL_OK;
}

static int
manifest_read(struct sl_arena *arena, const struct manifest_form *form, const char *directory,
              struct sl_manifest **ret_manifest, struct sl_error *err)
{
    struct manifest_reader reader = {.arena = arena,
                                     .form = form,
                                     .path =
                                         sl_arena_printf(arena, "%s/%s", directory, form->name)};
    struct sl_manifest *manifest = SL_NEW(arena, struct sl_manifest);
    size_t size;
    char *bytes;
    int rc;

    SL_TRY(sl_files_read(reader.path, &bytes, &size, err));
    rc = manifest_parse(&reader, (struct sl_text){bytes, size}, manifest, err);
    free(bytes);
    SL_TRY(rc);
    SL_TRY(manifest_check_files(manifest, directory, SL_MANIFEST_ALL, manifest_check_file, err));
    *ret_manifest = manifest;
    return SL_OK;
}

int
sl_manifest_read(struct sl_arena *arena, const char *directory, struct sl_manifest **ret_manifest,
                 struct sl_error *err)
{
    return manifest_read(arena, &manifest_checkpoint, directory, ret_manifest, err);
}

int
sl_manifest_read_savepoint(struct sl_arena *arena, const char *directory,
                           struct sl_manifest **ret_manifest, struct sl_error *err)
{
    return manifest_read(arena, &manifest_savepoint, directory, ret_manifest, err);
}
