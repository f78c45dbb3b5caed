/* Comparing the files of a checkpoint with the checksums of its manifest, a piece at a time: one
 * file after another, none of it kept in memory.  For I/O threads, one at a time. */
#ifndef SL_STORAGE_VERIFY_H
#define SL_STORAGE_VERIFY_H

#include "storage/manifest.h"

struct sl_verify;

/* Manifest and directory must stay. */
struct sl_verify *sl_verify_new(const struct sl_manifest *manifest, const char *directory);
/* Reads at most about `bytes_max`.  SL_EOF: every file is as it was written; XX001: one is not,
 * which the message names; 58030: it cannot be read. */
int sl_verify_step(struct sl_verify *verify, uint64_t bytes_max, struct sl_error *err);
void sl_verify_free(struct sl_verify *verify); /* NULL does nothing */

#endif
