/* What the files of checkpoints share.  Private to storage/. */
#ifndef SL_STORAGE_CHECKPOINT_FILES_H
#define SL_STORAGE_CHECKPOINT_FILES_H

#include "base/error.h"
#include "storage/sst.h"

/* Raises errno: 53100 for a full disk, else 58030. */
int sl_files_error(struct sl_error *err, const char *what, const char *path);
/* Size and checksum of a file as it is. */
int sl_files_sum(const char *path, struct sl_file_sum *ret_sum, struct sl_error *err);
int sl_files_sync_directory(const char *path, struct sl_error *err);
/* One that is there already is as good. */
int sl_files_make_directory(const char *path, struct sl_error *err);
/* With all that is in it; one that is not there is removed already. */
void sl_files_remove_directory(const char *path);
/* A whole file, a NUL behind it; the caller frees. */
int sl_files_read(const char *path, char **ret_bytes, size_t *ret_size, struct sl_error *err);

#endif
