/* The journal of a lane's parts: see filesystem_journal.h. */
#include "connector/filesystem_journal.h"

#include "base/fault.h"
#include "base/hash.h"
#include "connector/filesystem_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOURNAL_RECORD_HEAD = 16 };
static const char journal_magic[4] = {'S', 'L', 'J', 'R'};

int
sl_file_sync_directory(const char *path, struct sl_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = SL_OK;

    if (fd < 0)
        return sl_file_error("open", path, err);
    if (fsync(fd) < 0)
        rc = sl_file_error("sync", path, err);
    close(fd);
    return rc;
}

int
sl_file_write_at(int fd, const char *path, const char *bytes, size_t size, size_t offset,
                 struct sl_error *err)
{
    while (size > 0) {
        ssize_t n = pwrite(fd, bytes, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sl_file_error("write", path, err);
        bytes += n;
        size -= (size_t)n;
        offset += (size_t)n;
    }
    return SL_OK;
}

static int
journal_damaged(const struct sl_file_journal *journal, const char *what, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "journal %s %s", journal->path, what);
}

static int
journal_sync_parent(const struct sl_file_journal *journal, struct sl_error *err)
{
    char *parent = sl_strdup(journal->path);
    int rc;

    *strrchr(parent, '/') = '\0';
    rc = sl_file_sync_directory(parent, err);
    free(parent);
    return rc;
}

/* Two servers may run copies of one job: a lane is one process's at a time.  The process loses the
 * lock with any descriptor of the file that it closes, so that it is taken again before each write.
 */
static int
journal_lock(const struct sl_file_journal *journal, int fd, struct sl_error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_SETLK, &lock) == 0 || errno == ENOLCK || errno == EOPNOTSUPP)
        return SL_OK;
    if (errno != EACCES && errno != EAGAIN)
        return sl_file_error("lock", journal->path, err);
    return SL_ERROR(err, SL_E_IO, "journal %s is another server's, which runs the same job",
                    journal->path);
}

/* --- reading --- */

/* The size of the whole record that begins at `at`, or 0. */
static size_t
journal_record_at(const char *bytes, size_t size, size_t at)
{
    uint64_t checksum;
    uint32_t length;

    if (size - at < JOURNAL_RECORD_HEAD ||
        memcmp(bytes + at, journal_magic, sizeof(journal_magic)) != 0)
        return 0;
    memcpy(&length, bytes + at + 4, sizeof(length));
    memcpy(&checksum, bytes + at + 8, sizeof(checksum));
    if (length > size - at - JOURNAL_RECORD_HEAD ||
        sl_hash_bytes(bytes + at + JOURNAL_RECORD_HEAD, length) != checksum)
        return 0;
    return JOURNAL_RECORD_HEAD + length;
}

/* Where the whole records end; the newest is kept. */
static int
journal_scan(struct sl_file_journal *journal, const char *bytes, size_t size, struct sl_error *err)
{
    size_t head = strlen(journal->head), at = head, length;

    if (size < head) { /* made, and never written to */
        journal->size = 0;
        return memcmp(bytes, journal->head, size) == 0
                   ? SL_OK
                   : journal_damaged(journal, "is of something else", err);
    }
    if (memcmp(bytes, journal->head, head) != 0)
        return journal_damaged(journal, "is of something else", err);
    while ((length = journal_record_at(bytes, size, at)) > 0) {
        sl_buffer_reset(&journal->record);
        sl_buffer_add(&journal->record, bytes + at, length);
        at += length;
    }
    for (size_t i = at; i < size; i++)
        if (journal_record_at(bytes, size, i) > 0)
            return journal_damaged(journal, "is damaged before its end", err);
    journal->size = at;
    return SL_OK;
}

static int
journal_read(struct sl_file_journal *journal, struct sl_error *err)
{
    struct stat status;
    char *bytes;
    int rc = SL_OK;

    if (fstat(journal->fd, &status) < 0)
        return sl_file_error("read", journal->path, err);
    bytes = sl_alloc((size_t)status.st_size + 1);
    if (pread(journal->fd, bytes, (size_t)status.st_size, 0) != status.st_size)
        rc = sl_file_error("read", journal->path, err);
    if (rc == SL_OK)
        rc = journal_scan(journal, bytes, (size_t)status.st_size, err);
    free(bytes);
    if (rc == SL_OK && (size_t)status.st_size > journal->size &&
        ftruncate(journal->fd, (off_t)journal->size) < 0)
        rc = sl_file_error("cut", journal->path, err);
    return rc;
}

/* A head, in a new journal or where a crash tore it. */
static int
journal_begin(struct sl_file_journal *journal, struct sl_error *err)
{
    size_t size = strlen(journal->head);

    if (journal->size > 0)
        return SL_OK;
    SL_TRY(sl_file_write_at(journal->fd, journal->path, journal->head, size, 0, err));
    journal->size = size;
    if (fsync(journal->fd) < 0)
        return sl_file_error("sync", journal->path, err);
    return journal_sync_parent(journal, err);
}

int
sl_file_journal_open(struct sl_file_journal *journal, const char *path, const char *identity,
                     struct sl_text *ret_newest, struct sl_error *err)
{
    size_t size = strlen(identity) + 32;

    *journal = (struct sl_file_journal){.path = sl_strdup(path), .head = sl_alloc(size), .fd = -1};
    snprintf(journal->head, size, SL_FILE_JOURNAL_HEAD "%s\n", identity);
    sl_buffer_init(&journal->record, SIZE_MAX / 2);
    journal->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (journal->fd < 0)
        return sl_file_error("open", path, err);
    SL_TRY(journal_lock(journal, journal->fd, err));
    SL_TRY(journal_read(journal, err));
    SL_TRY(journal_begin(journal, err));
    *ret_newest = (struct sl_text){"", 0};
    if (journal->record.length > 0)
        *ret_newest = (struct sl_text){journal->record.data + JOURNAL_RECORD_HEAD,
                                       journal->record.length - JOURNAL_RECORD_HEAD};
    return SL_OK;
}

/* --- writing --- */

static void
journal_encode(struct sl_file_journal *journal, struct sl_text payload)
{
    uint64_t checksum = sl_hash_bytes(payload.start, payload.length);
    uint32_t length = (uint32_t)payload.length;

    sl_buffer_reset(&journal->record);
    sl_buffer_add(&journal->record, journal_magic, sizeof(journal_magic));
    sl_buffer_add(&journal->record, &length, sizeof(length));
    sl_buffer_add(&journal->record, &checksum, sizeof(checksum));
    sl_buffer_add_text(&journal->record, payload);
}

/* A new file with the newest record alone takes the place of the old one. */
static int
journal_rewrite(struct sl_file_journal *journal, const char *path, struct sl_error *err)
{
    size_t head = strlen(journal->head);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int rc;

    if (fd < 0)
        return sl_file_error("open", path, err);
    rc = journal_lock(journal, fd, err);
    if (rc == SL_OK)
        rc = sl_file_write_at(fd, path, journal->head, head, 0, err);
    if (rc == SL_OK)
        rc = sl_file_write_at(fd, path, journal->record.data, journal->record.length, head, err);
    if (rc == SL_OK && fsync(fd) < 0)
        rc = sl_file_error("sync", path, err);
    sl_fault_point("file-journal-rewritten");
    if (rc == SL_OK && rename(path, journal->path) < 0)
        rc = sl_file_error("rename", path, err);
    sl_fault_point("file-journal-renamed");
    if (rc < 0) {
        close(fd);
        return rc;
    }
    close(journal->fd);
    journal->fd = fd;
    journal->size = head + journal->record.length;
    return journal_sync_parent(journal, err);
}

int
sl_file_journal_append(struct sl_file_journal *journal, struct sl_text payload, bool syncs,
                       struct sl_error *err)
{
    SL_TRY(journal_lock(journal, journal->fd, err));
    journal_encode(journal, payload);
    if (journal->size > SL_FILE_JOURNAL_BYTES_MAX && journal->size / 8 > journal->record.length) {
        size_t size = strlen(journal->path) + 8;
        char *path = sl_alloc(size);
        int rc;

        snprintf(path, size, "%s.new", journal->path);
        rc = journal_rewrite(journal, path, err);
        free(path);
        return rc;
    }
    SL_TRY(sl_file_write_at(journal->fd, journal->path, journal->record.data,
                            journal->record.length, journal->size, err));
    journal->size += journal->record.length;
    sl_fault_point("file-journal-appended");
    if (syncs && fdatasync(journal->fd) < 0)
        return sl_file_error("sync", journal->path, err);
    sl_fault_point("file-journal-synced");
    return SL_OK;
}

void
sl_file_journal_close(struct sl_file_journal *journal)
{
    if (!journal->path)
        return;
    if (journal->fd >= 0)
        close(journal->fd);
    sl_buffer_done(&journal->record);
    free(journal->path);
    free(journal->head);
    journal->path = NULL;
}

int
sl_file_journal_remove(struct sl_file_journal *journal, struct sl_error *err)
{
    int rc = SL_OK;

    if (unlink(journal->path) < 0)
        rc = sl_file_error("remove", journal->path, err);
    sl_file_journal_close(journal);
    return rc;
}
