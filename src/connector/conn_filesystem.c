/* filesystem: files of lines.  As a source a file or a directory, bounded: a file is a split, a
 * line a record (more than one where the format's quotes go on), the position a byte offset.  As a
 * sink each subtask appends to one file of its own in the directory.  Reads and writes go through
 * the page cache a bounded chunk at a time; what is synced is synced on I/O threads. */
#include "connector/connector.h"
#include "connector/epoch_sync.h"
#include "data/time.h"
#include "data/value.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_CHUNK = 256 * 1024, FILE_LINE_MAX = 64 << 20, FILE_PARTS_MAX = 1 << 20 };

static const struct sl_option_spec file_options[] = {
    {.name = "path",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_REQUIRED,
     .help = "a file or a directory, absolute; file:// may stand before it"},
    {.name = "source.monitor-interval",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = "the files that are there are read, then the table ends"},
    {.name = "source.path.regex-pattern",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = "every file of the directory is read"},
    {.name = "source.report-statistics",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = "there is no use for them"},
    {.name = "partition.*",
     .type = SL_OPTION_PREFIX,
     .flags = SL_OPTION_LATER,
     .help = "tables of files are not partitioned"},
    {.name = "sink.rolling-policy.*",
     .type = SL_OPTION_PREFIX,
     .flags = SL_OPTION_LATER,
     .help = "each subtask writes one file"},
    {.name = "sink.partition-commit.*",
     .type = SL_OPTION_PREFIX,
     .flags = SL_OPTION_LATER,
     .help = "tables of files are not partitioned"},
    {.name = "sink.shuffle-by-partition.enable",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = "tables of files are not partitioned"},
    {.name = "auto-compaction",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = "each subtask writes one file"},
    {.name = "compaction.*",
     .type = SL_OPTION_PREFIX,
     .flags = SL_OPTION_LATER,
     .help = "each subtask writes one file"},
};

enum { FILE_PATH, FILE_NAME, FILE_SIZE, FILE_TIME };

static const struct sl_metadata_spec file_metadata[] = {
    [FILE_PATH] = {"file.path", &sl_type_string, false},
    [FILE_NAME] = {"file.name", &sl_type_string, false},
    [FILE_SIZE] = {"file.size", &sl_type_bigint, false},
    [FILE_TIME] = {"file.modification-time", &sl_type_timestamp_ltz3, false},
};

static const char *
file_path(const struct sl_option_list *options)
{
    const char *path = sl_option_get(options, "path");

    return strncmp(path, "file://", 7) == 0 ? path + 7 : path;
}

static int
file_error(const char *what, const char *path, struct sl_error *err)
{
    int code = errno == ENOENT ? SL_E_UNDEFINED_OBJECT : errno == ENOSPC ? SL_E_DISK_FULL : SL_E_IO;

    return SL_ERROR(err, code, "cannot %s %s: %s", what, path, strerror(errno));
}

static int
file_check(const struct sl_option_list *options, const struct sl_schema *schema,
           struct sl_error *err)
{
    if (file_path(options)[0] != '/') {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "option \"path\" does not take the value \"%s\"", sl_option_get(options, "path"));
        return sl_error_hint(err, "expected: an absolute path");
    }
    return SL_OK;
}

/* --- source --- */

struct file_split {
    char *path;
    int fd;
    int64_t next, size;
    int64_t modified_us;
};

struct file_source {
    struct sl_source source;
    struct file_split *splits;
    uint32_t split_count, split_capacity, turn;
    bool finished;
};

static int
file_source_open(struct sl_source *base, struct sl_error *err)
{
    struct stat status;

    if (stat(file_path(base->config->options), &status) < 0)
        return file_error("read", file_path(base->config->options), err);
    return SL_OK;
}

static int
file_compare_names(const void *a, const void *b)
{
    return strcmp(((const struct sl_split *)a)->id, ((const struct sl_split *)b)->id);
}

static void
file_add_found(struct sl_split_list *splits, const char *path)
{
    if (splits->count == splits->capacity) {
        size_t capacity = splits->capacity ? splits->capacity * 2 : 16;
        struct sl_split *items = SL_NEW_ARRAY(splits->arena, struct sl_split, capacity);

        if (splits->count)
            memcpy(items, splits->items, splits->count * sizeof(*items));
        splits->items = items;
        splits->capacity = capacity;
    }
    splits->items[splits->count++].id = path;
}

/* The regular files of a directory that are not hidden (hidden ones are being written). */
static int
file_source_discover(struct sl_source *base, struct sl_split_list *splits, struct sl_error *err)
{
    const char *path = file_path(base->config->options);
    struct dirent *entry;
    struct stat status;
    DIR *directory;

    if (stat(path, &status) < 0)
        return file_error("read", path, err);
    if (!S_ISDIR(status.st_mode)) {
        file_add_found(splits, sl_arena_strdup(splits->arena, path));
        return SL_OK;
    }
    directory = opendir(path);
    if (!directory)
        return file_error("read", path, err);
    while ((entry = readdir(directory))) {
        const char *full = sl_arena_printf(splits->arena, "%s/%s", path, entry->d_name);

        if (entry->d_name[0] != '.' && entry->d_name[0] != '_' && stat(full, &status) == 0 &&
            S_ISREG(status.st_mode))
            file_add_found(splits, full);
    }
    closedir(directory);
    qsort(splits->items, splits->count, sizeof(*splits->items), file_compare_names);
    for (size_t i = 0; i < splits->count; i++)
        splits->items[i].ordinal = (uint32_t)i;
    return SL_OK;
}

static int
file_source_add_split(struct sl_source *base, const struct sl_split *split, struct sl_text position,
                      bool is_new, struct sl_error *err)
{
    struct file_source *source = (struct file_source *)base;
    struct file_split added = {.fd = open(split->id, O_RDONLY | O_CLOEXEC)};
    struct stat status;

    if (added.fd < 0 || fstat(added.fd, &status) < 0) {
        if (added.fd >= 0)
            close(added.fd);
        return file_error("read", split->id, err);
    }
    added.path = sl_strdup(split->id);
    added.size = status.st_size;
    added.modified_us =
        (int64_t)status.st_mtim.tv_sec * SL_US_PER_SECOND + status.st_mtim.tv_nsec / 1000;
    if (position.length == sizeof(added.next))
        memcpy(&added.next, position.start, sizeof(added.next));
    if (source->split_count == source->split_capacity) {
        source->split_capacity = source->split_capacity ? source->split_capacity * 2 : 4;
        source->splits =
            sl_realloc(source->splits, source->split_capacity * sizeof(*source->splits));
    }
    source->splits[source->split_count++] = added;
    return SL_OK;
}

/* Reads into a slab: bytes from split->next, as many as were there. */
static int
file_read_chunk(struct file_source *source, struct file_split *split, size_t wanted,
                struct sl_block **ret_slab, size_t *ret_size, struct sl_error *err)
{
    struct sl_block *slab = sl_pool_block(source->source.config->pool, wanted + 64);
    ssize_t n = pread(split->fd, slab->data, wanted, split->next);

    if (n < 0) {
        sl_block_unref(slab);
        return file_error("read", split->path, err);
    }
    memset(slab->data + n, 0, 64);
    *ret_slab = slab;
    *ret_size = (size_t)n;
    return SL_OK;
}

/* The line feed that ends a record in which quotes may stand, or NULL. */
static const char *
file_quoted_end(const struct sl_line_rule *rule, const char *bytes, size_t size)
{
    bool is_inside = false, is_start = true;

    for (size_t i = 0; i < size; i++) {
        char c = bytes[i];

        if (rule->escape && c == rule->escape)
            i++;
        else if (c == rule->quote && is_inside)
            is_inside = i + 1 < size && bytes[i + 1] == c && i++;
        else if (c == rule->quote && is_start)
            is_inside = true;
        else if (c == '\n' && !is_inside)
            return bytes + i;
        is_start = c == rule->delimiter && !is_inside;
    }
    return NULL;
}

/* The line feed that ends the record at `bytes`, or NULL. */
static const char *
file_line_end(const struct sl_line_rule *rule, const char *bytes, size_t size)
{
    const char *end = memchr(bytes, '\n', size);
    size_t length = end ? (size_t)(end - bytes) : size;

    if (!rule->quote || !memchr(bytes, rule->quote, length) || (rule->comments && *bytes == '#'))
        return end;
    return file_quoted_end(rule, bytes, size);
}

/* How many whole records the bytes hold, and where the last one ends. */
static uint32_t
file_count_lines(const struct sl_line_rule *rule, const char *bytes, size_t size, bool at_end,
                 uint32_t max, size_t *ret_used)
{
    uint32_t count = 0;
    size_t at = 0;

    while (at < size && count < max) {
        const char *end = file_line_end(rule, bytes + at, size - at);

        if (!end && !at_end)
            break;
        at = end ? (size_t)(end - bytes) + 1 : size;
        count++;
    }
    *ret_used = at;
    return count;
}

static void
file_fill(struct file_source *source, struct file_split *split, struct sl_block *slab, size_t used,
          uint32_t count, struct sl_records *records)
{
    struct sl_block *index = sl_pool_block(source->source.config->pool,
                                           used + 64 + (count + 1) * sizeof(struct sl_record));
    struct sl_record *items = (struct sl_record *)(void *)index->data;
    const struct sl_line_rule *rule = &source->source.config->lines;
    char *bytes = index->data + count * sizeof(*items);
    size_t at = 0;

    memcpy(bytes, slab->data, used);
    memset(bytes + used, 0, 64);
    sl_block_unref(slab);
    for (uint32_t i = 0; i < count; i++) {
        const char *end = file_line_end(rule, bytes + at, used - at);
        size_t length = end ? (size_t)(end - bytes) - at : used - at;
        size_t kept = length && bytes[at + length - 1] == '\r' ? length - 1 : length;

        items[i] = (struct sl_record){.value = bytes + at,
                                      .value_length = (uint32_t)kept,
                                      .key_length = SL_RECORD_NULL,
                                      .position = split->next + (int64_t)at,
                                      .timestamp_us = INT64_MIN};
        at += length + 1;
    }
    split->next += (int64_t)used;
    *records = (struct sl_records){.slab = index,
                                   .items = items,
                                   .count = count,
                                   .split = (uint32_t)(split - source->splits),
                                   .bytes = used,
                                   .metadata = split};
}

static int
file_poll_split(struct file_source *source, struct file_split *split, size_t bytes_max,
                struct sl_records *records, struct sl_error *err)
{
    size_t wanted = SL_MIN(SL_MAX(bytes_max, (size_t)4096), (size_t)FILE_CHUNK);

    while (split->next < split->size) {
        struct sl_block *slab = NULL;
        size_t size = 0, used = 0;
        uint32_t count;
        bool at_end;

        wanted = SL_MIN(wanted, (size_t)(split->size - split->next));
        SL_TRY(file_read_chunk(source, split, wanted, &slab, &size, err));
        at_end = split->next + (int64_t)size >= split->size || size == 0;
        count = file_count_lines(&source->source.config->lines, slab->data, size, at_end,
                                 source->source.config->batch_size, &used);
        if (count > 0) {
            file_fill(source, split, slab, used, count, records);
            return SL_OK;
        }
        sl_block_unref(slab);
        if (size == 0) {
            split->next = split->size; /* the file became shorter */
        } else if (wanted >= FILE_LINE_MAX) {
            return SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                            "%s: the line at byte %lld is longer than %d bytes", split->path,
                            (long long)split->next, FILE_LINE_MAX);
        }
        wanted *= 2;
    }
    return SL_AGAIN;
}

static int
file_source_poll(struct sl_source *base, size_t bytes_max, struct sl_records *records,
                 struct sl_error *err)
{
    struct file_source *source = (struct file_source *)base;

    for (uint32_t i = 0; i < source->split_count && !source->finished; i++) {
        struct file_split *split = &source->splits[source->turn];
        int rc = file_poll_split(source, split, bytes_max, records, err);

        if (rc != SL_AGAIN)
            return rc;
        source->turn = (source->turn + 1) % source->split_count;
    }
    return SL_EOF;
}

static enum sl_split_state
file_source_split_state(struct sl_source *base, uint32_t index)
{
    struct file_source *source = (struct file_source *)base;

    return source->finished || source->splits[index].next >= source->splits[index].size
               ? SL_SPLIT_ENDED
               : SL_SPLIT_READING;
}

static void
file_source_position(struct sl_source *base, uint32_t split, struct sl_buffer *to)
{
    struct file_source *source = (struct file_source *)base;

    sl_buffer_add(to, &source->splits[split].next, sizeof(source->splits[split].next));
}

/* Its end is its size when it was opened: that is the present end already. */
static void
file_source_finish(struct sl_source *base)
{
}

static struct sl_column *
file_source_metadata(struct sl_source *base, size_t key, const struct sl_records *records)
{
    const struct file_split *split = records->metadata;
    const char *name = strrchr(split->path, '/') + 1;
    struct sl_value value = {.type = file_metadata[key].type};

    switch (key) {
    case FILE_PATH:
        value.text = sl_text_of(split->path);
        break;
    case FILE_NAME:
        value.text = sl_text_of(name);
        break;
    case FILE_SIZE:
        value.integer = split->size;
        break;
    default:
        value.integer = split->modified_us / SL_US_PER_MS * SL_US_PER_MS;
    }
    return sl_value_column(base->config->pool, &value, records->count);
}

static void
file_source_describe(struct sl_source *base, uint32_t split, int64_t position, struct sl_buffer *to)
{
    struct file_source *source = (struct file_source *)base;

    sl_buffer_printf(to, "file %s, byte %lld", source->splits[split].path, (long long)position);
}

static void
file_source_close(struct sl_source *base)
{
    struct file_source *source = (struct file_source *)base;

    for (uint32_t i = 0; i < source->split_count; i++) {
        close(source->splits[i].fd);
        free(source->splits[i].path);
    }
    free(source->splits);
}

static const struct sl_source_class file_source_class = {
    .size = sizeof(struct file_source),
    .open = file_source_open,
    .discover = file_source_discover,
    .add_split = file_source_add_split,
    .poll = file_source_poll,
    .split_state = file_source_split_state,
    .position = file_source_position,
    .finish = file_source_finish,
    .metadata = file_source_metadata,
    .describe = file_source_describe,
    .close = file_source_close,
};

/* --- sink --- */

struct file_sink {
    struct sl_sink sink;
    char path[4096];
    int fd;
    struct sl_buffer pending;
    struct sl_epoch_sync sync;
};

static int
file_sink_sync(void *arg, struct sl_error *err)
{
    struct file_sink *sink = arg;

    return fdatasync(sink->fd) < 0 ? file_error("sync", sink->path, err) : SL_OK;
}

/* A name of its own, also after a restart: the first number that is free. */
static int
file_sink_open(struct sl_sink *base, struct sl_error *err)
{
    struct file_sink *sink = (struct file_sink *)base;
    const char *directory = file_path(base->config->options);

    sl_buffer_init(&sink->pending, SIZE_MAX / 2);
    sl_epoch_sync_init(&sink->sync, base->config->env, base->config->wake, file_sink_sync, sink);
    sink->fd = -1;
    if (mkdir(directory, 0777) < 0 && errno != EEXIST)
        return file_error("make the directory", directory, err);
    for (int i = 0; i < FILE_PARTS_MAX && sink->fd < 0; i++) {
        snprintf(sink->path, sizeof(sink->path), "%s/part-%.8s-%u-%d", directory,
                 base->config->job_id, base->config->subtask, i);
        sink->fd = open(sink->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (sink->fd < 0 && errno != EEXIST)
            return file_error("write", sink->path, err);
    }
    return sink->fd < 0 ? file_error("write", sink->path, err) : SL_OK;
}

static int
file_sink_flush(struct sl_sink *base, struct sl_error *err)
{
    struct file_sink *sink = (struct file_sink *)base;
    size_t done = 0;

    while (done < sink->pending.length) {
        ssize_t n = write(sink->fd, sink->pending.data + done, sink->pending.length - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_error("write", sink->path, err);
        done += (size_t)n;
    }
    sl_buffer_reset(&sink->pending);
    return SL_OK;
}

static int
file_sink_write(struct sl_sink *base, const struct sl_records *records, struct sl_error *err)
{
    struct file_sink *sink = (struct file_sink *)base;

    for (uint32_t i = 0; i < records->count; i++) {
        const struct sl_record *record = &records->items[i];

        if (record->value_length != SL_RECORD_NULL)
            sl_buffer_add(&sink->pending, record->value, record->value_length);
        sl_buffer_add_byte(&sink->pending, '\n');
    }
    return sink->pending.length >= FILE_CHUNK ? file_sink_flush(base, err) : SL_OK;
}

static void
file_sink_barrier(struct sl_sink *base, uint64_t epoch)
{
    sl_epoch_sync_barrier(&((struct file_sink *)base)->sync, epoch);
}

static int
file_sink_acknowledged(struct sl_sink *base, uint64_t *ret_epoch, struct sl_error *err)
{
    return sl_epoch_sync_acknowledged(&((struct file_sink *)base)->sync, ret_epoch, err);
}

static void
file_sink_close(struct sl_sink *base)
{
    struct file_sink *sink = (struct file_sink *)base;

    sl_epoch_sync_done(&sink->sync);
    if (sink->fd >= 0)
        close(sink->fd);
    sl_buffer_done(&sink->pending);
}

static const struct sl_sink_class file_sink_class = {
    .size = sizeof(struct file_sink),
    .open = file_sink_open,
    .write = file_sink_write,
    .flush = file_sink_flush,
    .barrier = file_sink_barrier,
    .acknowledged = file_sink_acknowledged,
    .close = file_sink_close,
};

const struct sl_connector_class sl_conn_filesystem = {
    .descriptor = {.name = "filesystem",
                   .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK | SL_ABILITY_BOUNDED,
                   .options = file_options,
                   .option_count = SL_COUNT_OF(file_options),
                   .metadata = file_metadata,
                   .metadata_count = SL_COUNT_OF(file_metadata),
                   .check = file_check},
    .source = &file_source_class,
    .sink = &file_sink_class,
};
