/* What lanes that are no more left in a table's directory: parts that are open, and journals.
 *
 * 1. A journal belongs to the lane that its head names.  Its parts are closed as far as the journal
 *    tells, get their names, and then the journal goes.
 * 2. Where a lane publishes under a new incarnation, because what the old one left is damaged or
 *    gone, parts that no journal tells of are closed at the end of their last whole line. */
#include "connector/filesystem_parts.h"

#include "base/log.h"
#include "connector/filesystem_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- one lane --- */

static void
adopt_warn(const char *path, const struct sl_error *err)
{
    char quoted[SL_ERROR_TEXT_MAX + 16];

    sl_log(SL_LOG_WARN, "what a lane left behind stays", "path=%s reason=%s", path,
           sl_log_quote(quoted, sizeof(quoted), err->text));
}

/* Closes what is open, and removes the journal. */
static int
adopt_lane(const struct sl_connector_config *config, const char *identity, struct sl_error *err)
{
    struct sl_file_parts parts = {0};
    int rc = sl_file_parts_open(&parts, config, identity, err);

    if (rc == SL_OK) {
        struct sl_marker marker = parts.marker;

        rc = sl_file_parts_commit(&parts, &marker, true, err);
    }
    if (rc == SL_OK)
        rc = sl_file_journal_remove(&parts.journal, err);
    sl_file_parts_close(&parts);
    return rc;
}

/* --- journals --- */

/* The identity in a journal's head; false: it is none. */
static bool
adopt_identity(const char *path, char identity[512])
{
    char line[512];
    FILE *file = fopen(path, "re");
    bool is_journal = file && fgets(line, sizeof(line), file) &&
                      sscanf(line, SL_FILE_JOURNAL_HEAD "%511s", identity) == 1;

    if (file)
        fclose(file);
    return is_journal;
}

typedef bool (*adopt_choice)(const struct sl_connector_config *config, const char *identity);

/* Adopts the chosen lanes' journals.  What cannot be adopted stays, with a warning. */
static int
adopt_journals(const struct sl_connector_config *config, adopt_choice is_chosen,
               struct sl_error *err)
{
    const char *directory = sl_file_path(config->options);
    DIR *dir = opendir(directory);
    struct dirent *entry;

    if (!dir)
        return errno == ENOENT ? SL_OK : sl_file_error("open", directory, err);
    while ((entry = readdir(dir)) != NULL) {
        char path[SL_FILE_PATH_MAX], identity[512];
        size_t length = strlen(entry->d_name);

        if (strncmp(entry->d_name, ".part-", 6) != 0 || length < 8 ||
            strcmp(entry->d_name + length - 8, ".journal") != 0 ||
            snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >= SL_FILE_PATH_MAX ||
            !adopt_identity(path, identity) || !is_chosen(config, identity))
            continue;
        if (adopt_lane(config, identity, err) < 0)
            adopt_warn(path, err);
    }
    closedir(dir);
    return SL_OK;
}

/* "<job>/<uid>/<n>" of a subtask n that is no more, and that falls to this one. */
static bool
adopt_is_subtask(const struct sl_connector_config *config, const char *identity)
{
    char prefix[256];
    int length = snprintf(prefix, sizeof(prefix), SL_FILE_IDENTITY "/", config->job_id,
                          config->operator_uid);
    char *end;
    unsigned long number;

    if (strncmp(identity, prefix, (size_t)length) != 0)
        return false;
    number = strtoul(identity + length, &end, 10);
    return *end == '\0' && number >= config->subtask_count &&
           number % config->subtask_count == config->subtask;
}

int
sl_file_adopt_subtasks(const struct sl_connector_config *config, struct sl_error *err)
{
    return adopt_journals(config, adopt_is_subtask, err);
}

static bool
adopt_is_of_job(const struct sl_connector_config *config, const char *identity)
{
    size_t length = strlen(config->job_id);

    return strncmp(identity, config->job_id, length) == 0 && identity[length] == '/';
}

int
sl_file_forget(const struct sl_connector_config *config, struct sl_error *err)
{
    return adopt_journals(config, adopt_is_of_job, err);
}

/* --- parts without a journal --- */

/* The end of the last whole line. */
static off_t
adopt_last_line(int fd, off_t size)
{
    char bytes[4096];

    while (size > 0) {
        off_t start = size > (off_t)sizeof(bytes) ? size - (off_t)sizeof(bytes) : 0;
        ssize_t n = pread(fd, bytes, (size_t)(size - start), start);

        if (n <= 0)
            return 0;
        for (ssize_t i = n; i > 0; i--)
            if (bytes[i - 1] == '\n')
                return start + i;
        size = start;
    }
    return 0;
}

static int
adopt_part(const char *directory, const char *name, struct sl_error *err)
{
    char hidden[SL_FILE_PATH_MAX], final[SL_FILE_PATH_MAX];
    struct stat status;
    int fd, rc = SL_OK;

    snprintf(hidden, sizeof(hidden), "%s/%s", directory, name);
    snprintf(final, sizeof(final), "%s/%.*s", directory,
             (int)(strlen(name) - 1 - strlen(SL_FILE_OPEN_SUFFIX)), name + 1);
    fd = open(hidden, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return sl_file_error("open", hidden, err);
    if (fstat(fd, &status) < 0 || ftruncate(fd, adopt_last_line(fd, status.st_size)) < 0 ||
        fsync(fd) < 0)
        rc = sl_file_error("cut", hidden, err);
    close(fd);
    if (rc == SL_OK && renameat2(AT_FDCWD, hidden, AT_FDCWD, final, RENAME_NOREPLACE) < 0)
        rc = sl_file_error("rename", hidden, err);
    return rc == SL_OK ? sl_file_sync_directory(directory, err) : rc;
}

/* In this directory and, so many levels deep, in those of partitions. */
static void
adopt_parts(const char *directory, const char *name, size_t depth)
{
    size_t suffix = strlen(SL_FILE_OPEN_SUFFIX);
    DIR *dir = opendir(directory);
    struct dirent *entry;
    struct sl_error err;

    while (dir && (entry = readdir(dir)) != NULL) {
        const char *found = entry->d_name;
        size_t length = strlen(found);
        char path[SL_FILE_PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", directory, found);
        if (found[0] != '.' && depth > 0 && strchr(found, '='))
            adopt_parts(path, name, depth - 1);
        else if (found[0] == '.' && strncmp(found + 1, name, strlen(name)) == 0 &&
                 found[1 + strlen(name)] == '-' && length > suffix &&
                 strcmp(found + length - suffix, SL_FILE_OPEN_SUFFIX) == 0 &&
                 adopt_part(directory, found, &err) < 0)
            adopt_warn(path, &err);
    }
    if (dir)
        closedir(dir);
}

/* --- earlier incarnations --- */

static int
adopt_incarnation(const struct sl_connector_config *config, const char *identity,
                  struct sl_error *err)
{
    char name[SL_FILE_NAME_MAX], path[SL_FILE_PATH_MAX];
    int rc = SL_OK;

    sl_file_parts_name(identity, name);
    sl_file_parts_journal(config, identity, path);
    if (access(path, F_OK) == 0)
        rc = adopt_lane(config, identity, err);
    if (rc < 0 && rc != SL_E_DATA_CORRUPTED)
        return rc;
    adopt_parts(sl_file_path(config->options), name, config->partition_by_count);
    if (rc < 0 && unlink(path) < 0)
        return sl_file_error("remove", path, err);
    return SL_OK;
}

int
sl_file_adopt_incarnations(const struct sl_connector_config *config, const char *identity,
                           struct sl_error *err)
{
    const char *number = strchr(identity, '/');
    char path[SL_FILE_PATH_MAX], earlier[512], *rest;
    unsigned long long count;

    if (!number)
        return SL_OK;
    count = strtoull(number + 1, &rest, 10);
    sl_file_parts_journal(config, identity, path);
    if (count < 2 || *rest != '/' || access(path, F_OK) == 0)
        return SL_OK;
    for (unsigned long long i = 1; i < count; i++) {
        snprintf(earlier, sizeof(earlier), "%.*s/%llu%s", (int)(number - identity), identity, i,
                 rest);
        SL_TRY(adopt_incarnation(config, earlier, err));
    }
    return SL_OK;
}
