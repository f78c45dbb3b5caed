/* Directories and files of checkpoints: see manifest.h. */
#include "storage/manifest.h"

#include "base/hash.h"
#include "storage/checkpoint_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int
sl_files_error(struct sl_error *err, const char *what, const char *path)
{
    int code = errno == ENOSPC || errno == EDQUOT ? SL_E_DISK_FULL : SL_E_IO;

    return SL_ERROR(err, code, "cannot %s %s: %s", what, path, strerror(errno));
}

void
sl_checkpoint_path(const char *data_directory, const char *job_id, uint64_t id,
                   char ret_path[SL_CHECKPOINT_PATH_MAX])
{
    if (id == 0)
        snprintf(ret_path, SL_CHECKPOINT_PATH_MAX, "%s/checkpoints/%s", data_directory, job_id);
    else
        snprintf(ret_path, SL_CHECKPOINT_PATH_MAX, "%s/checkpoints/%s/%llu", data_directory, job_id,
                 (unsigned long long)id);
}

int
sl_files_sync_directory(const char *path, struct sl_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = SL_OK;

    if (fd < 0)
        return sl_files_error(err, "open", path);
    if (fsync(fd) < 0)
        rc = sl_files_error(err, "sync", path);
    close(fd);
    return rc;
}

int
sl_files_make_directory(const char *path, struct sl_error *err)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return sl_files_error(err, "make", path);
    return SL_OK;
}

static bool
files_is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void
sl_files_remove_directory(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;

    if (!directory)
        return;
    while ((entry = readdir(directory)) != NULL) {
        char inner[SL_CHECKPOINT_PATH_MAX];

        if (files_is_dot(entry->d_name) || unlinkat(dirfd(directory), entry->d_name, 0) == 0)
            continue;
        snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        sl_files_remove_directory(inner);
    }
    closedir(directory);
    rmdir(path);
}

int
sl_checkpoint_make(const char *data_directory, const char *job_id, uint64_t id,
                   struct sl_error *err)
{
    char path[SL_CHECKPOINT_PATH_MAX];

    snprintf(path, sizeof(path), "%s/checkpoints", data_directory);
    SL_TRY(sl_files_make_directory(path, err));
    sl_checkpoint_path(data_directory, job_id, 0, path);
    SL_TRY(sl_files_make_directory(path, err));
    sl_checkpoint_path(data_directory, job_id, id, path);
    sl_files_remove_directory(path);
    return sl_files_make_directory(path, err);
}

static int
files_compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? 1 : x > y ? -1 : 0;
}

size_t
sl_checkpoint_list(struct sl_arena *arena, const char *data_directory, const char *job_id,
                   uint64_t **ret_ids)
{
    char path[SL_CHECKPOINT_PATH_MAX];
    struct dirent *entry;
    size_t count = 0, capacity = 0;
    uint64_t *ids = NULL;
    DIR *directory;

    sl_checkpoint_path(data_directory, job_id, 0, path);
    directory = opendir(path);
    while (directory && (entry = readdir(directory)) != NULL) {
        char *end;
        uint64_t id = strtoull(entry->d_name, &end, 10);

        if (*end || id == 0)
            continue;
        if (count == capacity) {
            uint64_t *more = SL_NEW_ARRAY(arena, uint64_t, capacity * 2 + 8);

            if (count > 0)
                memcpy(more, ids, count * sizeof(*ids));
            ids = more;
            capacity = capacity * 2 + 8;
        }
        ids[count++] = id;
    }
    if (directory)
        closedir(directory);
    if (count > 0)
        qsort(ids, count, sizeof(*ids), files_compare_ids);
    *ret_ids = ids;
    return count;
}

bool
sl_checkpoint_is_in(const char *directory)
{
    char manifest[SL_CHECKPOINT_PATH_MAX + 16];

    snprintf(manifest, sizeof(manifest), "%s/manifest", directory);
    return access(manifest, F_OK) == 0;
}

bool
sl_checkpoint_exists(const char *data_directory, const char *job_id, uint64_t id)
{
    char path[SL_CHECKPOINT_PATH_MAX];

    sl_checkpoint_path(data_directory, job_id, id, path);
    return sl_checkpoint_is_in(path);
}

void
sl_checkpoint_remove(const char *data_directory, const char *job_id, uint64_t id)
{
    char path[SL_CHECKPOINT_PATH_MAX], manifest[SL_CHECKPOINT_PATH_MAX + 16];

    SL_ASSERT(id > 0);
    sl_checkpoint_path(data_directory, job_id, id, path);
    /* First what makes it a checkpoint: half a directory is none. */
    snprintf(manifest, sizeof(manifest), "%s/manifest", path);
    unlink(manifest);
    sl_files_remove_directory(path);
}

void
sl_checkpoint_remove_all(const char *data_directory, const char *job_id)
{
    char path[SL_CHECKPOINT_PATH_MAX];
    struct sl_arena arena;
    uint64_t *ids;
    size_t count;

    sl_arena_init(&arena);
    count = sl_checkpoint_list(&arena, data_directory, job_id, &ids);
    for (size_t i = 0; i < count; i++)
        sl_checkpoint_remove(data_directory, job_id, ids[i]);
    sl_arena_done(&arena);
    sl_checkpoint_path(data_directory, job_id, 0, path);
    rmdir(path);
}

void
sl_checkpoints_sweep(const char *data_directory, bool (*is_wanted)(void *arg, const char *job_id),
                     void *arg)
{
    char path[SL_CHECKPOINT_PATH_MAX];
    struct dirent *entry;
    DIR *directory;

    snprintf(path, sizeof(path), "%s/checkpoints", data_directory);
    directory = opendir(path);
    while (directory && (entry = readdir(directory)) != NULL) {
        if (strlen(entry->d_name) == 32 && !is_wanted(arg, entry->d_name))
            sl_checkpoint_remove_all(data_directory, entry->d_name);
    }
    if (directory)
        closedir(directory);
}

bool
sl_checkpoint_disk_free(const char *directory, int64_t *ret_bytes)
{
    struct statvfs status;

    if (statvfs(directory, &status) < 0)
        return false;
    *ret_bytes = (int64_t)status.f_bavail * (int64_t)status.f_frsize;
    return true;
}

/* What a link would be on one file system. */
static int
files_copy(const char *from, const char *to)
{
    int source = open(from, O_RDONLY | O_CLOEXEC), rc = -1;
    int target = source < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t n = 1;

    while (target >= 0 && n > 0)
        n = sendfile(target, source, NULL, (size_t)1 << 30);
    if (target >= 0 && n == 0)
        rc = fdatasync(target);
    if (source >= 0)
        close(source);
    if (target >= 0)
        close(target);
    return rc;
}

int
sl_checkpoint_link(const char *from, const char *to, struct sl_error *err)
{
    if (link(from, to) < 0 && (errno != EXDEV || files_copy(from, to) < 0))
        return sl_files_error(err, "link", from);
    return SL_OK;
}

static int
files_write_all(int fd, struct sl_text bytes)
{
    size_t done = 0;

    while (done < bytes.length) {
        ssize_t n = write(fd, bytes.start + done, bytes.length - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        done += (size_t)n;
    }
    return fdatasync(fd);
}

int
sl_checkpoint_write_file(const char *directory, const char *name, struct sl_text bytes,
                         struct sl_file_sum *ret_sum, struct sl_error *err)
{
    char path[SL_CHECKPOINT_PATH_MAX + 256];
    int fd, rc = SL_OK;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return sl_files_error(err, "make", path);
    if (files_write_all(fd, bytes) < 0)
        rc = sl_files_error(err, "write", path);
    close(fd);
    *ret_sum = (struct sl_file_sum){bytes.length, sl_hash_bytes(bytes.start, bytes.length)};
    return rc;
}

int
sl_files_read(const char *path, char **ret_bytes, size_t *ret_size, struct sl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    size_t size = 0;
    char *bytes;

    if (fd < 0)
        return sl_files_error(err, "open", path);
    if (fstat(fd, &status) < 0) {
        close(fd);
        return sl_files_error(err, "look at", path);
    }
    bytes = sl_alloc((size_t)status.st_size + 1);
    while (size < (size_t)status.st_size) {
        ssize_t n = read(fd, bytes + size, (size_t)status.st_size - size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        size += (size_t)n;
    }
    close(fd);
    bytes[size] = '\0';
    *ret_bytes = bytes;
    *ret_size = size;
    return SL_OK;
}

/* The checksum of the first bytes of a file, without reading it into memory. */
static int
files_hash(int fd, const char *path, size_t size, uint64_t *ret_checksum, struct sl_error *err)
{
    void *bytes;

    if (size == 0) {
        *ret_checksum = sl_hash_bytes("", 0);
        return SL_OK;
    }
    bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return sl_files_error(err, "map", path);
    *ret_checksum = sl_hash_bytes(bytes, size);
    munmap(bytes, size);
    return SL_OK;
}

int
sl_files_sum(const char *path, struct sl_file_sum *ret_sum, struct sl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
    struct stat status;

    if (fd < 0)
        return sl_files_error(err, "open", path);
    if (fstat(fd, &status) < 0)
        rc = sl_files_error(err, "look at", path);
    else
        rc = files_hash(fd, path, (size_t)status.st_size, &ret_sum->checksum, err);
    ret_sum->size = (uint64_t)status.st_size;
    close(fd);
    return rc;
}

static int
files_damaged(const char *path, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is damaged: its checksum is another", path);
}

int
sl_checkpoint_verify_file(const char *directory, const struct sl_manifest_file *file,
                          struct sl_error *err)
{
    char path[SL_CHECKPOINT_PATH_MAX + 256];
    struct sl_file_sum sum;

    snprintf(path, sizeof(path), "%s/%s", directory, file->name);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is missing", path);
    SL_TRY(sl_files_sum(path, &sum, err));
    return sum.size == file->sum.size && sum.checksum == file->sum.checksum
               ? SL_OK
               : files_damaged(path, err);
}

int
sl_checkpoint_read_file(const char *directory, const struct sl_manifest_file *file,
                        char **ret_bytes, struct sl_error *err)
{
    char path[SL_CHECKPOINT_PATH_MAX + 256];
    size_t size;

    snprintf(path, sizeof(path), "%s/%s", directory, file->name);
    SL_TRY(sl_files_read(path, ret_bytes, &size, err));
    if (size == file->sum.size && sl_hash_bytes(*ret_bytes, size) == file->sum.checksum)
        return SL_OK;
    free(*ret_bytes);
    return files_damaged(path, err);
}
