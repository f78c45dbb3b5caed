/* Sorted files of keys and values: RocksDB's SST, written and read without a database.  All calls
 * are for I/O threads. */
#ifndef SL_STORAGE_SST_H
#define SL_STORAGE_SST_H

#include "base/error.h"

/* What is known of a file that was written whole: bytes, and XXH3-64 over all of them. */
struct sl_file_sum {
    uint64_t size, checksum;
};

struct sl_sst_writer;

/* 58030, 53100: the disk.  On failure of any call the file is to be thrown away. */
int sl_sst_writer_open(const char *path, struct sl_sst_writer **ret_writer, struct sl_error *err);
/* Keys ascend, each once. */
int sl_sst_writer_put(struct sl_sst_writer *writer, struct sl_text key, struct sl_text value,
                      struct sl_error *err);
/* Ends the file and syncs it; at least one key was put. */
int sl_sst_writer_finish(struct sl_sst_writer *writer, struct sl_file_sum *ret_sum,
                         struct sl_error *err);
void sl_sst_writer_free(struct sl_sst_writer *writer); /* finished or not; NULL does nothing */

struct sl_sst_reader;

/* XX001: damaged. */
int sl_sst_reader_open(const char *path, struct sl_sst_reader **ret_reader, struct sl_error *err);
/* Goes to the first key at or after `key`. */
void sl_sst_reader_seek(struct sl_sst_reader *reader, struct sl_text key);
/* The pair that it stands on, good until the next call, which goes on.  SL_EOF: no more; damage
 * shows here at the latest. */
int sl_sst_reader_next(struct sl_sst_reader *reader, struct sl_text *ret_key,
                       struct sl_text *ret_value, struct sl_error *err);
void sl_sst_reader_free(struct sl_sst_reader *reader); /* NULL does nothing */

#endif
