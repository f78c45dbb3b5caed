/* The parts of a lane: see filesystem_parts.h. */
#include "connector/filesystem_parts.h"

#include "base/fault.h"
#include "base/hash.h"
#include "connector/filesystem_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct sl_file_part {
    char *bucket; /* "" or "day=1/hour=2" */
    uint64_t number;
    size_t length; /* durable */
    int64_t first_us, last_us;
    bool is_made;   /* the journal knows it */
    bool is_closed; /* takes no more rows; is to be renamed */
    struct sl_buffer pending;
};

/* --- paths --- */

/* The directory, the hidden file of an open part, the file of a closed one. */
static const char *
parts_directory(const struct sl_file_parts *parts, const struct sl_file_part *part,
                char path[SL_FILE_PATH_MAX])
{
    snprintf(path, SL_FILE_PATH_MAX, "%s%s%s", parts->directory, part->bucket[0] ? "/" : "",
             part->bucket);
    return path;
}

static const char *
parts_hidden(const struct sl_file_parts *parts, const struct sl_file_part *part,
             char path[SL_FILE_PATH_MAX])
{
    char directory[SL_FILE_PATH_MAX];

    if (snprintf(path, SL_FILE_PATH_MAX, "%s/.%s-%llu" SL_FILE_OPEN_SUFFIX,
                 parts_directory(parts, part, directory), parts->name,
                 (unsigned long long)part->number) >= SL_FILE_PATH_MAX)
        path[0] = '\0'; /* ENOENT */
    return path;
}

static const char *
parts_final(const struct sl_file_parts *parts, const struct sl_file_part *part,
            char path[SL_FILE_PATH_MAX])
{
    char directory[SL_FILE_PATH_MAX];

    if (snprintf(path, SL_FILE_PATH_MAX, "%s/%s-%llu", parts_directory(parts, part, directory),
                 parts->name, (unsigned long long)part->number) >= SL_FILE_PATH_MAX)
        path[0] = '\0';
    return path;
}

/* Makes a directory and those above it, and syncs those in which one was made. */
static int
parts_make_directory(const char *path, struct sl_error *err)
{
    char parent[SL_FILE_PATH_MAX], *slash;
    int made = mkdir(path, 0777);

    if (made < 0 && errno == EEXIST)
        return SL_OK;
    snprintf(parent, sizeof(parent), "%s", path);
    slash = strrchr(parent, '/');
    if (made < 0 && (errno != ENOENT || slash == parent))
        return sl_file_error("make the directory", path, err);
    slash[slash == parent] = '\0';
    if (made == 0) {
        sl_fault_point("file-directory-made");
        return sl_file_sync_directory(parent, err);
    }
    SL_TRY(parts_make_directory(parent, err));
    return parts_make_directory(path, err);
}

/* --- the list --- */

static struct sl_file_part *
parts_new(struct sl_file_parts *parts, struct sl_text bucket, uint64_t number)
{
    struct sl_file_part *part = sl_alloc_zeroed(sizeof(*part));

    part->bucket = sl_alloc(bucket.length + 1);
    memcpy(part->bucket, bucket.start, bucket.length);
    part->bucket[bucket.length] = '\0';
    part->number = number;
    sl_buffer_init(&part->pending, SIZE_MAX / 2);
    if (parts->count == parts->capacity) {
        parts->capacity = SL_MAX(16u, parts->capacity * 2);
        parts->items = sl_realloc(parts->items, parts->capacity * sizeof(*parts->items));
    }
    parts->items[parts->count++] = part;
    return part;
}

static void
parts_free(struct sl_file_part *part)
{
    sl_buffer_done(&part->pending);
    free(part->bucket);
    free(part);
}

static void
parts_close_part(struct sl_file_parts *parts, struct sl_file_part *part)
{
    part->is_closed = true;
    parts->closed_count++;
    sl_map_remove(&parts->open, sl_text_of(part->bucket));
}

void
sl_file_parts_add(struct sl_file_parts *parts, struct sl_text bucket,
                  const struct sl_record *record)
{
    struct sl_file_part *part = sl_map_get(&parts->open, bucket);
    int64_t now_us = sl_now_us(parts->config->env);

    if (!part) {
        part = parts_new(parts, bucket, parts->next_number++);
        part->first_us = now_us;
        sl_map_put(&parts->open, bucket, part);
    }
    if (record->value_length != SL_RECORD_NULL)
        sl_buffer_add(&part->pending, record->value, record->value_length);
    sl_buffer_add_byte(&part->pending, '\n');
    part->last_us = now_us;
    if ((int64_t)(part->length + part->pending.length) >= parts->bytes_max)
        parts_close_part(parts, part);
}

/* --- the journal's record: the marker (8, 4, 4, 8 bytes), the next number (8), the number of parts
 * (4), and for each its number, length, first and last time (8 each), whether it is closed (1), the
 * bucket's length (2) and the bucket; little-endian --- */

static void
parts_encode(struct sl_file_parts *parts)
{
    struct sl_buffer *to = &parts->payload;
    uint32_t count = (uint32_t)parts->count;

    sl_buffer_reset(to);
    sl_buffer_add(to, &parts->marker.epoch, 8);
    sl_buffer_add(to, &parts->marker.subtask, 4);
    sl_buffer_add(to, &parts->marker.chunk, 4);
    sl_buffer_add(to, &parts->marker.owner, 8);
    sl_buffer_add(to, &parts->next_number, 8);
    sl_buffer_add(to, &count, 4);
    for (size_t i = 0; i < parts->count; i++) {
        const struct sl_file_part *part = parts->items[i];
        uint64_t length = part->length;
        uint16_t bucket_length = (uint16_t)strlen(part->bucket);

        sl_buffer_add(to, &part->number, 8);
        sl_buffer_add(to, &length, 8);
        sl_buffer_add(to, &part->first_us, 8);
        sl_buffer_add(to, &part->last_us, 8);
        sl_buffer_add_byte(to, (char)part->is_closed);
        sl_buffer_add(to, &bucket_length, 2);
        sl_buffer_add(to, part->bucket, bucket_length);
    }
}

static int
parts_write_journal(struct sl_file_parts *parts, bool syncs, struct sl_error *err)
{
    parts_encode(parts);
    return sl_file_journal_append(&parts->journal, sl_buffer_text(&parts->payload), syncs, err);
}

/* Takes `size` bytes off the front; false: there are not so many. */
static bool
parts_take(struct sl_text *bytes, void *to, size_t size)
{
    if (bytes->length < size)
        return false;
    memcpy(to, bytes->start, size);
    bytes->start += size;
    bytes->length -= size;
    return true;
}

static bool
parts_decode_part(struct sl_file_parts *parts, struct sl_text *bytes)
{
    struct sl_file_part *part;
    uint64_t number, length;
    int64_t first_us, last_us;
    uint16_t bucket_length;
    uint8_t is_closed;

    if (!parts_take(bytes, &number, 8) || !parts_take(bytes, &length, 8) ||
        !parts_take(bytes, &first_us, 8) || !parts_take(bytes, &last_us, 8) ||
        !parts_take(bytes, &is_closed, 1) || !parts_take(bytes, &bucket_length, 2) ||
        bytes->length < bucket_length)
        return false;
    part = parts_new(parts, (struct sl_text){bytes->start, bucket_length}, number);
    bytes->start += bucket_length;
    bytes->length -= bucket_length;
    part->length = length;
    /* The clock may have stood ahead of what it is now. */
    part->first_us = SL_MIN(first_us, sl_now_us(parts->config->env));
    part->last_us = SL_MIN(last_us, sl_now_us(parts->config->env));
    part->is_made = true;
    part->is_closed = is_closed;
    if (is_closed)
        parts->closed_count++;
    else
        sl_map_put(&parts->open, sl_text_of(part->bucket), part);
    return true;
}

static int
parts_decode(struct sl_file_parts *parts, struct sl_text bytes, struct sl_error *err)
{
    struct sl_marker *marker = &parts->marker;
    uint32_t count;
    bool is_good = parts_take(&bytes, &marker->epoch, 8) &&
                   parts_take(&bytes, &marker->subtask, 4) &&
                   parts_take(&bytes, &marker->chunk, 4) && parts_take(&bytes, &marker->owner, 8) &&
                   parts_take(&bytes, &parts->next_number, 8) && parts_take(&bytes, &count, 4);

    for (uint32_t i = 0; is_good && i < count; i++)
        is_good = parts_decode_part(parts, &bytes);
    return is_good && bytes.length == 0
               ? SL_OK
               : SL_ERROR(err, SL_E_DATA_CORRUPTED, "journal %s cannot be read",
                          parts->journal.path);
}

/* --- renaming --- */

static int
parts_not_there(const char *path, const char *why, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s %s", path, why);
}

/* The hidden file is gone: is it there by its name already, or twice, as link leaves it? */
static int
parts_check_final(const struct sl_file_part *part, const char *hidden, const char *final,
                  struct sl_error *err)
{
    struct stat first, second;

    if (stat(final, &second) < 0)
        return parts_not_there(hidden, "is missing, which was to become a file of the table", err);
    if (stat(hidden, &first) == 0) {
        if (first.st_dev == second.st_dev && first.st_ino == second.st_ino)
            return unlink(hidden) < 0 ? sl_file_error("remove", hidden, err) : SL_OK;
        return parts_not_there(final, "is there already, and is not of this job", err);
    }
    if ((size_t)second.st_size != part->length)
        return parts_not_there(final, "has not the size that it was written with", err);
    return SL_OK;
}

/* Never over a file that is there. */
static int
parts_rename(const struct sl_file_parts *parts, const struct sl_file_part *part,
             struct sl_error *err)
{
    char hidden[SL_FILE_PATH_MAX], final[SL_FILE_PATH_MAX];

    parts_hidden(parts, part, hidden);
    parts_final(parts, part, final);
    if (renameat2(AT_FDCWD, hidden, AT_FDCWD, final, RENAME_NOREPLACE) == 0)
        return SL_OK;
    if ((errno == EINVAL || errno == ENOSYS) && link(hidden, final) == 0)
        return unlink(hidden) < 0 ? sl_file_error("remove", hidden, err) : SL_OK;
    if (errno == ENOENT || errno == EEXIST)
        return parts_check_final(part, hidden, final, err);
    return sl_file_error("rename", hidden, err);
}

/* Carries out what the journal decided, and forgets it. */
static int
parts_rename_closed(struct sl_file_parts *parts, struct sl_error *err)
{
    char directory[SL_FILE_PATH_MAX];
    size_t kept = 0;

    if (parts->closed_count == 0)
        return SL_OK;
    for (size_t i = 0; i < parts->count; i++) {
        if (!parts->items[i]->is_closed)
            continue;
        sl_fault_point("file-rename-begun");
        SL_TRY(parts_rename(parts, parts->items[i], err));
        sl_fault_point("file-renamed");
        SL_TRY(sl_file_sync_directory(parts_directory(parts, parts->items[i], directory), err));
    }
    sl_fault_point("file-renames-synced");
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->items[i]->is_closed)
            parts_free(parts->items[i]);
        else
            parts->items[kept++] = parts->items[i];
    }
    parts->count = kept;
    parts->closed_count = 0;
    /* Whoever reads the files may take them away: they are not to be missed. */
    return parts_write_journal(parts, false, err);
}

/* --- opening --- */

/* What was written behind the last commit goes. */
static int
parts_restore(const struct sl_file_parts *parts, const struct sl_file_part *part,
              struct sl_error *err)
{
    char path[SL_FILE_PATH_MAX];
    struct stat status;

    parts_hidden(parts, part, path);
    if (stat(path, &status) < 0 && errno == ENOENT)
        return parts_not_there(path, "is missing, to which rows were published", err);
    if ((size_t)status.st_size < part->length)
        return parts_not_there(path, "is shorter than what was published to it", err);
    if ((size_t)status.st_size > part->length && truncate(path, (off_t)part->length) < 0)
        return sl_file_error("cut", path, err);
    return SL_OK;
}

static int64_t
parts_option(const struct sl_file_parts *parts, const char *name)
{
    union sl_option_value value;

    sl_file_option(parts->config->options, name, &value);
    return value.integer;
}

void
sl_file_parts_name(const char *identity, char ret_name[SL_FILE_NAME_MAX])
{
    snprintf(ret_name, SL_FILE_NAME_MAX, "part-%.8s-%08x-%s", identity,
             (unsigned)(uint32_t)sl_hash_bytes(identity, strlen(identity)),
             strrchr(identity, '/') + 1);
}

void
sl_file_parts_journal(const struct sl_connector_config *config, const char *identity,
                      char ret_path[SL_FILE_PATH_MAX])
{
    char name[SL_FILE_NAME_MAX];

    sl_file_parts_name(identity, name);
    if (snprintf(ret_path, SL_FILE_PATH_MAX, "%s/.%s.journal", sl_file_path(config->options),
                 name) >= SL_FILE_PATH_MAX)
        ret_path[0] = '\0'; /* ENOENT */
}

static void
parts_init(struct sl_file_parts *parts, const struct sl_connector_config *config,
           const char *identity)
{
    *parts = (struct sl_file_parts){.config = config, .is_open = true};
    parts->directory = sl_file_path(config->options);
    sl_file_parts_name(identity, parts->name);
    parts->bytes_max = parts_option(parts, "sink.rolling-policy.file-size");
    parts->rollover_us = parts_option(parts, "sink.rolling-policy.rollover-interval");
    parts->inactivity_us = parts_option(parts, "sink.rolling-policy.inactivity-interval");
    parts->check_us = parts_option(parts, "sink.rolling-policy.check-interval");
    parts->next_check_us = sl_now_us(config->env) + parts->check_us;
    sl_map_init(&parts->open, false);
    sl_buffer_init(&parts->payload, SIZE_MAX / 2);
}

int
sl_file_parts_open(struct sl_file_parts *parts, const struct sl_connector_config *config,
                   const char *identity, struct sl_error *err)
{
    char path[SL_FILE_PATH_MAX];
    struct sl_text newest;

    parts_init(parts, config, identity);
    SL_TRY(parts_make_directory(parts->directory, err));
    sl_file_parts_journal(config, identity, path);
    SL_TRY(sl_file_journal_open(&parts->journal, path, identity, &newest, err));
    if (newest.length == 0)
        return SL_OK;
    SL_TRY(parts_decode(parts, newest, err));
    for (size_t i = 0; i < parts->count; i++)
        if (!parts->items[i]->is_closed)
            SL_TRY(parts_restore(parts, parts->items[i], err));
    return parts_rename_closed(parts, err);
}

void
sl_file_parts_close(struct sl_file_parts *parts)
{
    if (!parts->is_open)
        return;
    for (size_t i = 0; i < parts->count; i++)
        parts_free(parts->items[i]);
    free(parts->items);
    sl_map_done(&parts->open);
    sl_buffer_done(&parts->payload);
    sl_file_journal_close(&parts->journal);
    parts->is_open = false;
}

/* --- committing --- */

static int
parts_write(const struct sl_file_parts *parts, struct sl_file_part *part, struct sl_error *err)
{
    char path[SL_FILE_PATH_MAX], directory[SL_FILE_PATH_MAX];
    int fd, rc;

    parts_directory(parts, part, directory);
    if (!part->is_made)
        SL_TRY(parts_make_directory(directory, err));
    parts_hidden(parts, part, path);
    fd = open(path, O_WRONLY | O_CLOEXEC | (part->is_made ? 0 : O_CREAT | O_TRUNC), 0666);
    if (fd < 0)
        return sl_file_error("write", path, err);
    sl_fault_point("file-part-opened");
    rc = sl_file_write_at(fd, path, part->pending.data, part->pending.length, part->length, err);
    sl_fault_point("file-part-written");
    if (rc == SL_OK && fsync(fd) < 0)
        rc = sl_file_error("sync", path, err);
    sl_fault_point("file-part-synced");
    close(fd);
    if (rc == SL_OK && !part->is_made)
        rc = sl_file_sync_directory(directory, err);
    part->is_made = true;
    part->length += part->pending.length;
    sl_buffer_reset(&part->pending);
    return rc;
}

static void
parts_close_due(struct sl_file_parts *parts, int64_t now_us)
{
    if (now_us < parts->next_check_us)
        return;
    parts->next_check_us = now_us + parts->check_us;
    for (size_t i = 0; i < parts->count; i++) {
        struct sl_file_part *part = parts->items[i];

        if (!part->is_closed && (now_us - part->first_us >= parts->rollover_us ||
                                 now_us - part->last_us >= parts->inactivity_us))
            parts_close_part(parts, part);
    }
}

int
sl_file_parts_commit(struct sl_file_parts *parts, const struct sl_marker *marker, bool all,
                     struct sl_error *err)
{
    parts_close_due(parts, sl_now_us(parts->config->env));
    for (size_t i = 0; i < parts->count; i++) {
        struct sl_file_part *part = parts->items[i];

        if (all && !part->is_closed)
            parts_close_part(parts, part);
        if (part->pending.length > 0)
            SL_TRY(parts_write(parts, part, err));
    }
    parts->marker = *marker;
    sl_fault_point("file-parts-durable");
    SL_TRY(parts_write_journal(parts, true, err));
    return parts_rename_closed(parts, err);
}

int
sl_file_parts_check(struct sl_file_parts *parts, struct sl_error *err)
{
    struct sl_marker marker = parts->marker;

    parts_close_due(parts, sl_now_us(parts->config->env));
    return parts->closed_count > 0 ? sl_file_parts_commit(parts, &marker, false, err) : SL_OK;
}
