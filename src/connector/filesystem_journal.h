/* The journal of a lane's parts: a file of records of which the newest whole one counts.
 *
 * A head line with the identity, then records: "SLJR", the payload's size (4 bytes, little-endian),
 * its XXH3 (8), the payload.  A record is written behind the last whole one, so that what a crash
 * tears is the tail; a damaged record before a whole one is no torn tail but damage.  A journal
 * that has grown large is written anew with its newest record, beside, and renamed.  All calls are
 * [I/O]. */
#ifndef SL_CONNECTOR_FILESYSTEM_JOURNAL_H
#define SL_CONNECTOR_FILESYSTEM_JOURNAL_H

#include "base/buffer.h"
#include "base/error.h"

/* Of one that is not mostly its last record. */
#define SL_FILE_JOURNAL_BYTES_MAX ((size_t)16 << 10)

struct sl_file_journal {
    char *path, *head;
    int fd; /* -1: not open */
    size_t size;
    struct sl_buffer record; /* the newest, as it stands in the file */
};

#define SL_FILE_JOURNAL_HEAD "sluice-parts 2 " /* the identity follows, and a line's end */

/* Opens it, makes it if there is none, cuts a torn tail off.  *ret_newest is the newest payload, of
 * the journal until its next call; empty: there is none.  XX001: damaged, or of another identity;
 * 58030: another process has it open.
 */
int sl_file_journal_open(struct sl_file_journal *journal, const char *path, const char *identity,
                         struct sl_text *ret_newest, struct sl_error *err);
/* `syncs`: durable when it returns. */
int sl_file_journal_append(struct sl_file_journal *journal, struct sl_text payload, bool syncs,
                           struct sl_error *err);
void sl_file_journal_close(struct sl_file_journal *journal); /* zeroed memory will do */
/* Its file goes; the journal is closed then. */
int sl_file_journal_remove(struct sl_file_journal *journal, struct sl_error *err);

/* --- what files in the table's directory share --- */

int sl_file_sync_directory(const char *path, struct sl_error *err);
/* Writes all of it at `offset`. */
int sl_file_write_at(int fd, const char *path, const char *bytes, size_t size, size_t offset,
                     struct sl_error *err);

#endif
