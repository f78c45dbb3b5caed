/* The filesystem source: a file is a split, a line a record (more than one where the format's
 * quotes go on), the position a byte offset.
 *
 * 1. The files of a directory and of those under it; names that begin with . or _ are being written
 *    or are of no concern.  Of a partitioned table those in its partitions' directories.
 * 2. A file is read as long as it was when it was first opened; its position says how long that is.
 * 3. Its ordinal is the hash of its path: subtasks that list the directory at different moments
 *    agree on whose it is.
 * 4. A file is open while it is being read only. */
#include "connector/filesystem_internal.h"

#include "base/hash.h"
#include "data/time.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_CHUNK = 256 * 1024, FILE_LINE_MAX = 64 << 20, FILE_DEPTH_MAX = 64 };

struct file_split {
    const char *path;
    int fd;             /* -1: not open */
    int64_t next, size; /* size -1: never opened */
    int64_t modified_us;
    struct sl_value *values; /* of the table's partition columns; NULL: never opened */
};

struct file_position { /* as it stands in a checkpoint */
    int64_t next, size;
};

struct file_source {
    struct sl_source source;
    struct sl_arena arena; /* of the slot's thread: what splits need for ever */
    struct file_split *splits;
    uint32_t split_count, split_capacity;
    uint32_t *queue;            /* of splits, in the order of being read */
    uint32_t queue_count, turn; /* queue[turn] is being read */
    bool is_open, is_bounded;
};

static int
file_source_open(struct sl_source *base, struct sl_error *err)
{
    struct file_source *source = (struct file_source *)base;
    const char *path = sl_file_path(base->config->options);
    struct stat status;

    sl_arena_init(&source->arena);
    source->is_open = true;
    source->is_bounded = base->config->bounded;
    return stat(path, &status) < 0 ? sl_file_error("read", path, err) : SL_OK;
}

/* --- discovery --- */

struct file_walk {
    const struct sl_connector_config *config;
    struct sl_split_list *splits;
    pcre2_code *pattern; /* NULL: every file */
    pcre2_match_data *match;
};

static int
file_compare_names(const void *a, const void *b)
{
    return strcmp(((const struct sl_split *)a)->id, ((const struct sl_split *)b)->id);
}

static void
file_add_found(struct file_walk *walk, const char *path)
{
    struct sl_split_list *splits = walk->splits;

    if (walk->pattern &&
        pcre2_match(walk->pattern, (PCRE2_SPTR)path, strlen(path), 0, 0, walk->match, NULL) <= 0)
        return;
    if (splits->count == splits->capacity) {
        size_t capacity = splits->capacity ? splits->capacity * 2 : 16;
        struct sl_split *items = SL_NEW_ARRAY(splits->arena, struct sl_split, capacity);

        if (splits->count)
            memcpy(items, splits->items, splits->count * sizeof(*items));
        splits->items = items;
        splits->capacity = capacity;
    }
    splits->items[splits->count++] =
        (struct sl_split){path, (uint32_t)sl_hash_bytes(path, strlen(path))};
}

/* May a name be looked at, `depth` directories under the table's? */
static bool
file_is_wanted(const struct file_walk *walk, const char *name, size_t depth, bool is_directory)
{
    const struct sl_connector_config *config = walk->config;
    struct sl_buffer prefix;
    bool is_wanted;

    if (depth >= config->partition_by_count)
        return name[0] != '.' && name[0] != '_';
    if (!is_directory)
        return false;
    sl_buffer_init(&prefix, SIZE_MAX / 2);
    sl_file_partition_prefix(config->partition_keys[depth], &prefix);
    is_wanted = strncmp(name, prefix.data, prefix.length) == 0;
    sl_buffer_done(&prefix);
    return is_wanted;
}

static int file_walk_directory(struct file_walk *walk, const char *path, size_t depth,
                               struct sl_error *err);

static int
file_walk_entry(struct file_walk *walk, const char *directory, const char *name, size_t depth,
                struct sl_error *err)
{
    const char *path = sl_arena_printf(walk->splits->arena, "%s/%s", directory, name);
    struct stat status;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || stat(path, &status) < 0 ||
        !file_is_wanted(walk, name, depth, S_ISDIR(status.st_mode)))
        return SL_OK;
    if (S_ISDIR(status.st_mode))
        return depth < FILE_DEPTH_MAX ? file_walk_directory(walk, path, depth + 1, err) : SL_OK;
    if (S_ISREG(status.st_mode))
        file_add_found(walk, path);
    return SL_OK;
}

/* What is gone again meanwhile is left out, but for the table's own directory. */
static int
file_walk_directory(struct file_walk *walk, const char *path, size_t depth, struct sl_error *err)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    int rc = SL_OK;

    if (!directory)
        return depth > 0 && errno == ENOENT ? SL_OK : sl_file_error("read", path, err);
    while (rc == SL_OK && (entry = readdir(directory)))
        rc = file_walk_entry(walk, path, entry->d_name, depth, err);
    closedir(directory);
    return rc;
}

static int
file_walk_table(struct file_walk *walk, struct sl_error *err)
{
    const char *path = sl_file_path(walk->config->options);
    struct stat status;

    if (stat(path, &status) < 0)
        return sl_file_error("read", path, err);
    if (S_ISDIR(status.st_mode))
        return file_walk_directory(walk, path, 0, err);
    file_add_found(walk, sl_arena_strdup(walk->splits->arena, path));
    return SL_OK;
}

static int
file_source_discover(struct sl_source *base, struct sl_split_list *splits, struct sl_error *err)
{
    const char *pattern = sl_option_get(base->config->options, "source.path.regex-pattern");
    struct file_walk walk = {.config = base->config, .splits = splits};
    PCRE2_SIZE at;
    int rc, error;

    if (pattern) {
        walk.pattern = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                     PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &at, NULL);
        SL_ASSERT(walk.pattern != NULL); /* checked with the options */
        walk.match = pcre2_match_data_create_from_pattern(walk.pattern, NULL);
    }
    rc = file_walk_table(&walk, err);
    pcre2_match_data_free(walk.match);
    pcre2_code_free(walk.pattern);
    if (splits->count > 1)
        qsort(splits->items, splits->count, sizeof(*splits->items), file_compare_names);
    return rc;
}

static int64_t
file_source_discovery_interval_us(const struct sl_source *base)
{
    union sl_option_value value;

    return sl_file_option(base->config->options, "source.monitor-interval", &value) ? value.integer
                                                                                    : 0;
}

/* --- splits --- */

/* A bounded table is what was there when the job began: what a restored one finds beside that is
 * not read. */
static int
file_source_add_split(struct sl_source *base, const struct sl_split *split, struct sl_text position,
                      bool is_new, struct sl_error *err)
{
    struct file_source *source = (struct file_source *)base;
    struct file_position known = {0, is_new && base->config->bounded ? 0 : -1};

    if (position.length == sizeof(known))
        memcpy(&known, position.start, sizeof(known));
    if (source->split_count == source->split_capacity) {
        source->split_capacity = source->split_capacity ? source->split_capacity * 2 : 4;
        source->splits =
            sl_realloc(source->splits, source->split_capacity * sizeof(*source->splits));
        source->queue = sl_realloc(source->queue, source->split_capacity * sizeof(*source->queue));
    }
    if (known.size < 0 || known.next < known.size)
        source->queue[source->queue_count++] = source->split_count;
    source->splits[source->split_count++] =
        (struct file_split){.path = sl_arena_strdup(&source->arena, split->id),
                            .fd = -1,
                            .next = known.next,
                            .size = known.size};
    return SL_OK;
}

/* What the directories of its path say of the partition columns. */
static int
file_read_values(struct file_source *source, struct file_split *split, struct sl_error *err)
{
    const struct sl_connector_config *config = source->source.config;
    const char *at = split->path + strlen(sl_file_path(config->options));

    split->values = SL_NEW_ARRAY(&source->arena, struct sl_value, config->partition_by_count + 1);
    for (size_t i = 0; i < config->partition_by_count; i++) {
        const char *value, *end;

        at += strspn(at, "/");
        value = strchr(at, '=');
        end = strchr(at, '/');
        if (!value || !end)
            return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                            "%s is in no partition of table \"%s\"", split->path,
                            config->table_name);
        value++;
        if (sl_file_partition_value(&source->arena, config->options, config->partition_types[i],
                                    (struct sl_text){value, (size_t)(end - value)},
                                    &split->values[i], err) < 0)
            return sl_error_prefix(err, "file %s, partition column \"%s\"", split->path,
                                   config->partition_keys[i]);
        at = end;
    }
    return SL_OK;
}

static int
file_open_split(struct file_source *source, struct file_split *split, struct sl_error *err)
{
    struct stat status;

    if (split->fd >= 0)
        return SL_OK;
    split->fd = open(split->path, O_RDONLY | O_CLOEXEC);
    if (split->fd < 0 || fstat(split->fd, &status) < 0)
        return sl_file_error("read", split->path, err);
    if (split->size < 0)
        split->size = status.st_size;
    split->modified_us =
        (int64_t)status.st_mtim.tv_sec * SL_US_PER_SECOND + status.st_mtim.tv_nsec / 1000;
    return file_read_values(source, split, err);
}

static void
file_close_split(struct file_split *split)
{
    if (split->fd >= 0)
        close(split->fd);
    split->fd = -1;
}

/* --- reading --- */

/* Reads into a slab: bytes from split->next, as many as were there. */
static int
file_read_chunk(struct file_source *source, struct file_split *split, size_t wanted,
                struct sl_block **ret_slab, size_t *ret_size, struct sl_error *err)
{
    struct sl_block *slab = sl_pool_block(source->source.config->pool, wanted + 64);
    ssize_t n = pread(split->fd, slab->data, wanted, split->next);

    if (n < 0) {
        sl_block_unref(slab);
        return sl_file_error("read", split->path, err);
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
                                   .metadata = NULL};
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

/* One file after another. */
static int
file_source_poll(struct sl_source *base, size_t bytes_max, struct sl_records *records,
                 struct sl_error *err)
{
    struct file_source *source = (struct file_source *)base;

    for (; source->turn < source->queue_count; source->turn++) {
        struct file_split *split = &source->splits[source->queue[source->turn]];
        int rc;

        SL_TRY(file_open_split(source, split, err));
        rc = file_poll_split(source, split, bytes_max, records, err);
        if (rc != SL_AGAIN)
            return rc;
        file_close_split(split);
    }
    return source->is_bounded ? SL_EOF : SL_AGAIN;
}

static enum sl_split_state
file_source_split_state(struct sl_source *base, uint32_t index)
{
    const struct file_split *split = &((struct file_source *)base)->splits[index];

    return split->size >= 0 && split->next >= split->size ? SL_SPLIT_ENDED : SL_SPLIT_READING;
}

static void
file_source_position(struct sl_source *base, uint32_t index, struct sl_buffer *to)
{
    const struct file_split *split = &((struct file_source *)base)->splits[index];
    struct file_position position = {split->next, split->size};

    sl_buffer_add(to, &position, sizeof(position));
}

static void
file_source_finish(struct sl_source *base, bool here)
{
    ((struct file_source *)base)->is_bounded = true;
}

static struct sl_column *
file_source_metadata(struct sl_source *base, size_t key, const struct sl_records *records)
{
    struct file_source *source = (struct file_source *)base;
    const struct file_split *split = &source->splits[records->split];
    struct sl_value value;

    if (key >= sl_file_metadata_count)
        return sl_value_column(base->config->pool, &split->values[key - sl_file_metadata_count],
                               records->count);
    value = (struct sl_value){.type = sl_file_metadata[key].type};
    switch (key) {
    case SL_FILE_PATH:
        value.text = sl_text_of(split->path);
        break;
    case SL_FILE_NAME:
        value.text = sl_text_of(strrchr(split->path, '/') + 1);
        break;
    case SL_FILE_SIZE:
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

    for (uint32_t i = 0; i < source->split_count; i++)
        file_close_split(&source->splits[i]);
    free(source->splits);
    free(source->queue);
    if (source->is_open)
        sl_arena_done(&source->arena);
}

const struct sl_source_class sl_file_source_class = {
    .size = sizeof(struct file_source),
    .open = file_source_open,
    .discover = file_source_discover,
    .discovery_interval_us = file_source_discovery_interval_us,
    .add_split = file_source_add_split,
    .poll = file_source_poll,
    .split_state = file_source_split_state,
    .position = file_source_position,
    .finish = file_source_finish,
    .metadata = file_source_metadata,
    .describe = file_source_describe,
    .close = file_source_close,
};
