/* What the files of checkpoints share.  Private to storage/. */
#ifndef SL_STORAGE_CHECKPOINT_FILES_H
#define SL_STORAGE_CHECKPOINT_FILES_H

#include "base/error.h"

/* Raises errno: 53100 for a full disk, else 58030. */
int sl_files_error(struct sl_error *err, const char *what, const char *path);
int sl_files_sync_directory(const char *path, struct sl_error *err);
/* A whole file, a NUL behind it; the caller frees. */
int sl_files_read(const char *path, char **ret_bytes, size_t *ret_size, struct sl_error *err);

#endif
