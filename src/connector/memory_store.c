/* The logs of memory tables: see memory_store.h. */
#include "connector/memory_store.h"

#include "base/hash.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOG_SEGMENT = 4096,         /* frames a segment of the index */
    LOG_SEGMENTS_MAX = 1 << 18, /* a billion frames */
    LOG_CHUNK = 1 << 20,        /* bytes of payloads held together */
    LOG_HEADER = 8,
};
#define LOG_PAYLOAD_MAX (UINT32_C(256) << 20)
#define LOG_END_MARK UINT32_MAX         /* as the length of a frame: the log has ended */
#define LOG_GROUP_MARK (UINT32_MAX - 1) /* … a group follows */

/* The head of a group, behind a frame's header that says LOG_GROUP_MARK and has the checksum of
 * head and name.  Then come the name and the group's frames. */
struct log_group {
    uint32_t name_length, frame_count;
    uint64_t frame_bytes, checksum; /* of all frames */
    uint64_t epoch;
    uint32_t subtask, chunk;
};

struct log_marker {
    char *name;
    struct sl_marker marker;
};

struct log_watcher {
    struct sl_env *env;
    struct sl_wake *wake;
};

struct sl_memory_log {
    uint64_t table_id;
    pthread_mutex_t mutex; /* of appends and watchers */
    int fd;
    char path[4096];
    _Atomic uint64_t count;
    _Atomic bool ended;
    struct sl_text **segments;
    char **chunks;
    size_t chunk_count, chunk_capacity;
    size_t chunk_used, chunk_size;
    struct log_watcher *watchers;
    size_t watcher_count, watcher_capacity;
    struct log_marker *markers; /* one a name */
    size_t marker_count;
    struct sl_memory_log *next;
};

static pthread_mutex_t store_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct sl_memory_log *store_logs;
static struct sl_memory_log *store_dropped; /* readers may still hold them */

uint64_t
sl_memory_log_count(const struct sl_memory_log *log)
{
    return atomic_load_explicit(&log->count, memory_order_acquire);
}

bool
sl_memory_log_has_ended(const struct sl_memory_log *log)
{
    return atomic_load_explicit(&log->ended, memory_order_acquire);
}

struct sl_text
sl_memory_log_frame(const struct sl_memory_log *log, uint64_t index)
{
    return log->segments[index / LOG_SEGMENT][index % LOG_SEGMENT];
}

/* --- memory --- */

static char *
log_reserve(struct sl_memory_log *log, size_t size)
{
    char *at;

    if (log->chunk_size - log->chunk_used < size) {
        if (log->chunk_count == log->chunk_capacity) {
            log->chunk_capacity = log->chunk_capacity ? log->chunk_capacity * 2 : 8;
            log->chunks = sl_realloc(log->chunks, log->chunk_capacity * sizeof(*log->chunks));
        }
        /* The first chunk is small: most tables hold little. */
        log->chunk_size = SL_MAX(log->chunk_count ? (size_t)LOG_CHUNK : (size_t)4096, size);
        log->chunks[log->chunk_count++] = sl_alloc(log->chunk_size);
        log->chunk_used = 0;
    }
    at = log->chunks[log->chunk_count - 1] + log->chunk_used;
    log->chunk_used += size;
    return at;
}

/* Copies one payload in as frame `index`; the caller publishes the count. */
static void
log_hold(struct sl_memory_log *log, uint64_t index, struct sl_text payload)
{
    char *copy = log_reserve(log, payload.length);
    struct sl_text **segment = &log->segments[index / LOG_SEGMENT];

    SL_ASSERT(index / LOG_SEGMENT < LOG_SEGMENTS_MAX);
    memcpy(copy, payload.start, payload.length);
    if (!*segment)
        *segment = sl_alloc(LOG_SEGMENT * sizeof(**segment));
    (*segment)[index % LOG_SEGMENT] = (struct sl_text){copy, payload.length};
}

static void
log_free(struct sl_memory_log *log)
{
    for (size_t i = 0; i < log->chunk_count; i++)
        free(log->chunks[i]);
    for (size_t i = 0; log->segments && i < LOG_SEGMENTS_MAX && log->segments[i]; i++)
        free(log->segments[i]);
    free(log->chunks);
    free(log->segments);
    free(log->watchers);
    for (size_t i = 0; i < log->marker_count; i++)
        free(log->markers[i].name);
    free(log->markers);
    if (log->fd >= 0)
        close(log->fd);
    pthread_mutex_destroy(&log->mutex);
    free(log);
}

/* --- files --- */

static uint32_t
log_checksum(struct sl_text payload)
{
    return (uint32_t)sl_hash_bytes(payload.start, payload.length);
}

static void
log_write_header(char *to, uint32_t length, uint32_t checksum)
{
    memcpy(to, &length, 4);
    memcpy(to + 4, &checksum, 4);
}

static int
log_io_error(const struct sl_memory_log *log, const char *what, struct sl_error *err)
{
    int code = errno == ENOSPC ? SL_E_DISK_FULL : SL_E_IO;

    return SL_ERROR(err, code, "cannot %s %s: %s", what, log->path, strerror(errno));
}

static void
log_cut(const struct sl_memory_log *log, off_t size)
{
    if (ftruncate(log->fd, size) < 0)
        sl_log(SL_LOG_ERROR, "a torn frame stays until the next start", "file=%s", log->path);
}

static int
log_write_all(struct sl_memory_log *log, const char *bytes, size_t size, struct sl_error *err)
{
    off_t start = lseek(log->fd, 0, SEEK_END);
    size_t done = 0;

    while (done < size) {
        ssize_t n = write(log->fd, bytes + done, size - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            log_io_error(log, "write", err);
            log_cut(log, start);
            return err->code;
        }
        done += (size_t)n;
    }
    return SL_OK;
}

static void
log_note_marker(struct sl_memory_log *log, struct sl_text name, const struct sl_marker *marker)
{
    for (size_t i = 0; i < log->marker_count; i++) {
        if (sl_text_equal(sl_text_of(log->markers[i].name), name)) {
            log->markers[i].marker = *marker;
            return;
        }
    }
    log->markers = sl_realloc(log->markers, (log->marker_count + 1) * sizeof(*log->markers));
    log->markers[log->marker_count].name = sl_alloc(name.length + 1);
    memcpy(log->markers[log->marker_count].name, name.start, name.length);
    log->markers[log->marker_count].name[name.length] = '\0';
    log->markers[log->marker_count++].marker = *marker;
}

/* The head of a group at the front of `bytes`, behind its frame header: its marker is noted, and
 * its frames follow.  Returns the size of the head; 0: the group is not whole. */
static size_t
log_load_group(struct sl_memory_log *log, struct sl_text bytes, uint32_t checksum)
{
    struct log_group group;
    struct sl_marker marker;
    size_t head;

    if (bytes.length < sizeof(group))
        return 0;
    memcpy(&group, bytes.start, sizeof(group));
    head = sizeof(group) + group.name_length;
    if (head > bytes.length || group.frame_bytes > bytes.length - head ||
        log_checksum((struct sl_text){bytes.start, head}) != checksum ||
        sl_hash_bytes(bytes.start + head, group.frame_bytes) != group.checksum)
        return 0;
    marker = (struct sl_marker){group.epoch, group.subtask, group.chunk};
    log_note_marker(log, (struct sl_text){bytes.start + sizeof(group), group.name_length}, &marker);
    return head;
}

/* Takes whole frames out of the file's bytes; returns how many bytes were good. */
static size_t
log_load_frames(struct sl_memory_log *log, const char *bytes, size_t size)
{
    size_t at = 0;
    uint64_t count = 0;

    while (size - at >= LOG_HEADER) {
        uint32_t length, checksum;
        struct sl_text payload;

        memcpy(&length, bytes + at, 4);
        memcpy(&checksum, bytes + at + 4, 4);
        if (length == LOG_END_MARK) {
            atomic_store(&log->ended, true);
            at += LOG_HEADER;
            break;
        }
        if (length == LOG_GROUP_MARK) {
            struct sl_text rest = {bytes + at + LOG_HEADER, size - at - LOG_HEADER};
            size_t head = log_load_group(log, rest, checksum);

            if (head == 0)
                break;
            at += LOG_HEADER + head;
            continue;
        }
        payload = (struct sl_text){bytes + at + LOG_HEADER, length};
        if (length > LOG_PAYLOAD_MAX || length > size - at - LOG_HEADER ||
            log_checksum(payload) != checksum)
            break;
        log_hold(log, count++, payload);
        at += LOG_HEADER + length;
    }
    atomic_store(&log->count, count);
    return at;
}

static int
log_load(struct sl_memory_log *log, struct sl_error *err)
{
    struct stat status;
    char *bytes;
    size_t good, size = 0;

    if (fstat(log->fd, &status) < 0)
        return log_io_error(log, "look at", err);
    bytes = sl_alloc((size_t)status.st_size + 1);
    while (size < (size_t)status.st_size) {
        ssize_t n = read(log->fd, bytes + size, (size_t)status.st_size - size);

        if (n <= 0)
            break;
        size += (size_t)n;
    }
    good = log_load_frames(log, bytes, size);
    free(bytes);
    if (good < (size_t)status.st_size) {
        sl_log(SL_LOG_WARN, "a torn end of a memory table was cut off", "file=%s bytes=%lld",
               log->path, (long long)((size_t)status.st_size - good));
        if (ftruncate(log->fd, (off_t)good) < 0)
            return log_io_error(log, "cut", err);
    }
    return SL_OK;
}

/* version 0: the log itself, else what is prepared for that version. */
static void
store_path(const char *data_directory, uint64_t table_id, uint32_t version, char *to, size_t size)
{
    if (version == 0)
        snprintf(to, size, "%s/memory/%llu.log", data_directory, (unsigned long long)table_id);
    else
        snprintf(to, size, "%s/memory/%llu.log.%u", data_directory, (unsigned long long)table_id,
                 version);
}

static int
log_open(const char *data_directory, uint64_t table_id, uint32_t version,
         struct sl_memory_log **ret_log, struct sl_error *err)
{
    struct sl_memory_log *log = sl_alloc_zeroed(sizeof(*log));

    pthread_mutex_init(&log->mutex, NULL);
    log->table_id = table_id;
    log->segments = sl_alloc_zeroed(LOG_SEGMENTS_MAX * sizeof(*log->segments));
    snprintf(log->path, sizeof(log->path), "%s/memory", data_directory);
    mkdir(log->path, 0700);
    store_path(data_directory, table_id, version, log->path, sizeof(log->path));
    log->fd = open(log->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (log->fd < 0 ? log_io_error(log, "open", err) < 0 : log_load(log, err) < 0) {
        log_free(log);
        return err->code;
    }
    *ret_log = log;
    return SL_OK;
}

/* --- the store --- */

int
sl_memory_log_open(const char *data_directory, uint64_t table_id, struct sl_memory_log **ret_log,
                   struct sl_error *err)
{
    struct sl_memory_log *log;
    int rc = SL_OK;

    pthread_mutex_lock(&store_mutex);
    for (log = store_logs; log && log->table_id != table_id; log = log->next)
        ;
    if (!log) {
        rc = log_open(data_directory, table_id, 0, &log, err);
        if (rc == SL_OK) {
            log->next = store_logs;
            store_logs = log;
        }
    }
    pthread_mutex_unlock(&store_mutex);
    if (rc == SL_OK)
        *ret_log = log;
    return rc;
}

/* Forgets the open log; readers may still hold it. */
static void
store_forget(uint64_t table_id)
{
    struct sl_memory_log **at, *log;

    pthread_mutex_lock(&store_mutex);
    for (at = &store_logs; *at && (*at)->table_id != table_id; at = &(*at)->next)
        ;
    log = *at;
    if (log) {
        *at = log->next;
        log->next = store_dropped;
        store_dropped = log;
    }
    pthread_mutex_unlock(&store_mutex);
}

void
sl_memory_log_drop(const char *data_directory, uint64_t table_id)
{
    char path[4096];

    store_forget(table_id);
    store_path(data_directory, table_id, 0, path, sizeof(path));
    unlink(path);
}

void
sl_memory_logs_sweep(const char *data_directory, bool (*is_known)(void *arg, uint64_t table_id),
                     void *arg)
{
    char path[4096];
    const struct dirent *entry;
    DIR *directory;

    snprintf(path, sizeof(path), "%s/memory", data_directory);
    directory = opendir(path);
    if (!directory)
        return;
    while ((entry = readdir(directory)) != NULL) {
        char *end;
        uint64_t table_id = strtoull(entry->d_name, &end, 10);

        if (table_id > 0 && strcmp(end, ".log") == 0 && !is_known(arg, table_id))
            sl_memory_log_drop(data_directory, table_id);
    }
    closedir(directory);
}

void
sl_memory_log_discard(const char *data_directory, uint64_t table_id, uint32_t version)
{
    char path[4096];

    store_path(data_directory, table_id, version, path, sizeof(path));
    unlink(path);
}

int
sl_memory_log_commit(const char *data_directory, uint64_t table_id, uint32_t version,
                     struct sl_error *err)
{
    char from[4096], to[4096];
    int fd;

    store_path(data_directory, table_id, version, from, sizeof(from));
    store_path(data_directory, table_id, 0, to, sizeof(to));
    if (rename(from, to) < 0)
        return errno == ENOENT
                   ? SL_OK
                   : SL_ERROR(err, SL_E_IO, "cannot rename %s: %s", from, strerror(errno));
    snprintf(from, sizeof(from), "%s/memory", data_directory);
    fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    store_forget(table_id);
    return SL_OK;
}

void
sl_memory_store_close(void)
{
    struct sl_memory_log **lists[] = {&store_logs, &store_dropped};

    for (size_t i = 0; i < SL_COUNT_OF(lists); i++) {
        while (*lists[i]) {
            struct sl_memory_log *log = *lists[i];

            *lists[i] = log->next;
            log_free(log);
        }
    }
}

/* --- appending --- */

static void
log_wake_watchers(struct sl_memory_log *log)
{
    for (size_t i = 0; i < log->watcher_count; i++)
        log->watchers[i].env->ops->wake_signal(log->watchers[i].env, log->watchers[i].wake);
}

static int
log_frames_size(const struct sl_memory_log *log, const struct sl_text *payloads, size_t count,
                size_t *ret_size, struct sl_error *err)
{
    size_t size = 0;

    if (atomic_load(&log->ended))
        return SL_ERROR(err, SL_E_OBJECT_STATE, "the memory table's input has ended");
    for (size_t i = 0; i < count; i++) {
        if (payloads[i].length > LOG_PAYLOAD_MAX)
            return SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "a row of %zu bytes is larger than %u bytes",
                            payloads[i].length, LOG_PAYLOAD_MAX);
        size += LOG_HEADER + payloads[i].length;
    }
    *ret_size = size;
    return SL_OK;
}

static void
log_write_frames(char *to, const struct sl_text *payloads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        log_write_header(to, (uint32_t)payloads[i].length, log_checksum(payloads[i]));
        memcpy(to + LOG_HEADER, payloads[i].start, payloads[i].length);
        to += LOG_HEADER + payloads[i].length;
    }
}

/* They are in the file: now readers see them. */
static void
log_show(struct sl_memory_log *log, const struct sl_text *payloads, size_t count)
{
    uint64_t index = atomic_load(&log->count);

    for (size_t i = 0; i < count; i++)
        log_hold(log, index + i, payloads[i]);
    atomic_store_explicit(&log->count, index + count, memory_order_release);
    log_wake_watchers(log);
}

static int
log_append(struct sl_memory_log *log, const struct sl_text *payloads, size_t count,
           struct sl_error *err)
{
    size_t size;
    char *frames;
    int rc;

    SL_TRY(log_frames_size(log, payloads, count, &size, err));
    frames = sl_alloc(size);
    log_write_frames(frames, payloads, count);
    rc = log_write_all(log, frames, size, err);
    free(frames);
    if (rc == SL_OK)
        log_show(log, payloads, count);
    return rc;
}

static int
log_publish(struct sl_memory_log *log, struct sl_text name, const struct sl_marker *marker,
            const struct sl_text *payloads, size_t count, struct sl_error *err)
{
    struct log_group group = {.name_length = (uint32_t)name.length,
                              .frame_count = (uint32_t)count,
                              .epoch = marker->epoch,
                              .subtask = marker->subtask,
                              .chunk = marker->chunk};
    size_t head = LOG_HEADER + sizeof(group) + name.length, size;
    off_t start = lseek(log->fd, 0, SEEK_END);
    char *bytes;
    int rc;

    SL_TRY(log_frames_size(log, payloads, count, &size, err));
    bytes = sl_alloc(head + size);
    log_write_frames(bytes + head, payloads, count);
    group.frame_bytes = size;
    group.checksum = sl_hash_bytes(bytes + head, size);
    memcpy(bytes + LOG_HEADER, &group, sizeof(group));
    memcpy(bytes + LOG_HEADER + sizeof(group), name.start, name.length);
    log_write_header(
        bytes, LOG_GROUP_MARK,
        log_checksum((struct sl_text){bytes + LOG_HEADER, sizeof(group) + name.length}));
    rc = log_write_all(log, bytes, head + size, err);
    free(bytes);
    /* Readers see what is durable: a job that read it has it in its own checkpoint. */
    if (rc == SL_OK) {
        rc = sl_memory_log_sync(log, err);
        if (rc < 0) /* it is published again: it must not come back behind that */
            log_cut(log, start);
    }
    if (rc < 0)
        return rc;
    log_note_marker(log, name, marker);
    log_show(log, payloads, count);
    return SL_OK;
}

int
sl_memory_log_publish(struct sl_memory_log *log, const char *name, const struct sl_marker *marker,
                      const struct sl_text *payloads, size_t count, struct sl_error *err)
{
    int rc;

    pthread_mutex_lock(&log->mutex);
    rc = log_publish(log, sl_text_of(name), marker, payloads, count, err);
    pthread_mutex_unlock(&log->mutex);
    return rc;
}

struct sl_marker
sl_memory_log_marker(struct sl_memory_log *log, const char *name)
{
    struct sl_marker marker = {0};

    pthread_mutex_lock(&log->mutex);
    for (size_t i = 0; i < log->marker_count; i++) {
        if (strcmp(log->markers[i].name, name) == 0)
            marker = log->markers[i].marker;
    }
    pthread_mutex_unlock(&log->mutex);
    return marker;
}

int
sl_memory_log_append(struct sl_memory_log *log, const struct sl_text *payloads, size_t count,
                     struct sl_error *err)
{
    int rc;

    pthread_mutex_lock(&log->mutex);
    rc = log_append(log, payloads, count, err);
    pthread_mutex_unlock(&log->mutex);
    return rc;
}

int
sl_memory_log_sync(struct sl_memory_log *log, struct sl_error *err)
{
    if (fdatasync(log->fd) < 0)
        return log_io_error(log, "sync", err);
    return SL_OK;
}

int
sl_memory_log_end(struct sl_memory_log *log, struct sl_error *err)
{
    char mark[LOG_HEADER];
    int rc = SL_OK;

    log_write_header(mark, LOG_END_MARK, 0);
    pthread_mutex_lock(&log->mutex);
    if (!atomic_load(&log->ended)) {
        rc = log_write_all(log, mark, sizeof(mark), err);
        if (rc == SL_OK)
            rc = sl_memory_log_sync(log, err);
        if (rc == SL_OK)
            atomic_store(&log->ended, true);
        log_wake_watchers(log);
    }
    pthread_mutex_unlock(&log->mutex);
    return rc;
}

/* What sinks published stays published when the rows are written anew. */
static int
log_copy_markers(const char *data_directory, uint64_t table_id, struct sl_memory_log *to,
                 struct sl_error *err)
{
    struct sl_memory_log *from;
    int rc = SL_OK;

    SL_TRY(sl_memory_log_open(data_directory, table_id, &from, err));
    pthread_mutex_lock(&from->mutex);
    for (size_t i = 0; i < from->marker_count && rc == SL_OK; i++)
        rc = sl_memory_log_publish(to, from->markers[i].name, &from->markers[i].marker, NULL, 0,
                                   err);
    pthread_mutex_unlock(&from->mutex);
    return rc;
}

int
sl_memory_log_prepare(const char *data_directory, uint64_t table_id, uint32_t version,
                      const struct sl_text *payloads, size_t count, bool has_ended,
                      struct sl_error *err)
{
    struct sl_memory_log *aside;
    int rc;

    sl_memory_log_discard(data_directory, table_id, version);
    SL_TRY(log_open(data_directory, table_id, version, &aside, err));
    rc = log_copy_markers(data_directory, table_id, aside, err);
    if (rc == SL_OK)
        rc = sl_memory_log_append(aside, payloads, count, err);
    if (rc == SL_OK)
        rc = has_ended ? sl_memory_log_end(aside, err) : sl_memory_log_sync(aside, err);
    log_free(aside);
    return rc;
}

void
sl_memory_log_watch(struct sl_memory_log *log, struct sl_env *env, struct sl_wake *wake)
{
    pthread_mutex_lock(&log->mutex);
    if (log->watcher_count == log->watcher_capacity) {
        log->watcher_capacity = log->watcher_capacity ? log->watcher_capacity * 2 : 4;
        log->watchers = sl_realloc(log->watchers, log->watcher_capacity * sizeof(*log->watchers));
    }
    log->watchers[log->watcher_count++] = (struct log_watcher){env, wake};
    pthread_mutex_unlock(&log->mutex);
}

void
sl_memory_log_unwatch(struct sl_memory_log *log, struct sl_wake *wake)
{
    pthread_mutex_lock(&log->mutex);
    for (size_t i = 0; i < log->watcher_count; i++) {
        if (log->watchers[i].wake == wake) {
            log->watchers[i] = log->watchers[--log->watcher_count];
            break;
        }
    }
    pthread_mutex_unlock(&log->mutex);
}
