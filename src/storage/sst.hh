/* What sst.cc and rocks.cc share: how files are laid out, checksums, errors.  Private to them. */
#ifndef SL_STORAGE_SST_HH
#define SL_STORAGE_SST_HH

extern "C" {
#include "storage/sst.h"
}

#include <rocksdb/options.h>
#include <rocksdb/status.h>

/* Options of a file, or a database, whose files carry XXH3 checksums. */
const rocksdb::Options &sl_sst_options();
/* 53100, XX001 or 58030. */
int sl_sst_error(struct sl_error *err, const rocksdb::Status &status, const char *what,
                 const char *path);
/* Of a checksum as RocksDB keeps it. */
uint64_t sl_sst_checksum(const std::string &checksum);

static inline rocksdb::Slice
sst_slice(struct sl_text text)
{
    return rocksdb::Slice(text.start, text.length);
}

static inline struct sl_text
sst_text(const rocksdb::Slice &slice)
{
    struct sl_text text = {slice.data(), slice.size()};

    return text;
}

#endif
