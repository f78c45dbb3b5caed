/* RocksDB's sorted files behind a C header: see sst.h.  RocksDB throws nothing through here: it
 * reports by status. */
#include "storage/sst.hh"

#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include <cstring>
#include <memory>
#include <xxhash.h>

namespace
{

/* The checksum of a file is taken as it is written. */
class sst_checksum : public rocksdb::FileChecksumGenerator
{
  public:
    sst_checksum() : state(XXH3_createState())
    {
        XXH3_64bits_reset(state);
    }
    ~sst_checksum() override
    {
        XXH3_freeState(state);
    }
    void Update(const char *data, size_t n) override
    {
        XXH3_64bits_update(state, data, n);
    }
    void Finalize() override
    {
        uint64_t sum = XXH3_64bits_digest(state);

        text.assign(reinterpret_cast<const char *>(&sum), sizeof(sum));
    }
    std::string GetChecksum() const override
    {
        return text;
    }
    const char *Name() const override
    {
        return "xxh3";
    }

  private:
    XXH3_state_t *state;
    std::string text;
};

class sst_checksum_factory : public rocksdb::FileChecksumGenFactory
{
  public:
    std::unique_ptr<rocksdb::FileChecksumGenerator>
    CreateFileChecksumGenerator(const rocksdb::FileChecksumGenContext &) override
    {
        return std::unique_ptr<rocksdb::FileChecksumGenerator>(new sst_checksum);
    }
    const char *Name() const override
    {
        return "xxh3";
    }
};

}

const rocksdb::Options &
sl_sst_options()
{
    static const rocksdb::Options options = [] {
        rocksdb::Options made;
        rocksdb::BlockBasedTableOptions table;

        made.compression = rocksdb::kNoCompression;
        made.file_checksum_gen_factory = std::make_shared<sst_checksum_factory>();
        table.block_size = 16 << 10;
        table.checksum = rocksdb::kXXH3;
        table.format_version = 5;
        table.no_block_cache = true;
        made.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
        return made;
    }();

    return options;
}

int
sl_sst_error(struct sl_error *err, const rocksdb::Status &status, const char *what,
             const char *path)
{
    int code = status.IsNoSpace()      ? SL_E_DISK_FULL
               : status.IsCorruption() ? SL_E_DATA_CORRUPTED
                                       : SL_E_IO;

    return SL_ERROR(err, code, "cannot %s %s: %s", what, path, status.ToString().c_str());
}

uint64_t
sl_sst_checksum(const std::string &checksum)
{
    uint64_t sum;

    SL_ASSERT(checksum.size() == sizeof(sum));
    memcpy(&sum, checksum.data(), sizeof(sum));
    return sum;
}

struct sl_sst_writer {
    std::string path;
    rocksdb::SstFileWriter writer;

    explicit sl_sst_writer(const char *path)
        : path(path), writer(rocksdb::EnvOptions(), sl_sst_options(), nullptr, false)
    {
    }
};

struct sl_sst_reader {
    std::string path;
    rocksdb::SstFileReader reader;
    std::unique_ptr<rocksdb::Iterator> at;
    bool moves; /* the pair that it stands on was handed out */

    explicit sl_sst_reader(const char *path) : path(path), reader(sl_sst_options()), moves(false)
    {
    }
};

int
sl_sst_writer_open(const char *path, struct sl_sst_writer **ret_writer, struct sl_error *err)
{
    std::unique_ptr<sl_sst_writer> writer(new sl_sst_writer(path));
    rocksdb::Status status = writer->writer.Open(path);

    if (!status.ok())
        return sl_sst_error(err, status, "make", path);
    *ret_writer = writer.release();
    return SL_OK;
}

int
sl_sst_writer_put(struct sl_sst_writer *writer, struct sl_text key, struct sl_text value,
                  struct sl_error *err)
{
    rocksdb::Status status = writer->writer.Put(sst_slice(key), sst_slice(value));

    return status.ok() ? SL_OK : sl_sst_error(err, status, "write", writer->path.c_str());
}

int
sl_sst_writer_finish(struct sl_sst_writer *writer, struct sl_file_sum *ret_sum,
                     struct sl_error *err)
{
    rocksdb::ExternalSstFileInfo info;
    rocksdb::Status status = writer->writer.Finish(&info);

    if (!status.ok())
        return sl_sst_error(err, status, "write", writer->path.c_str());
    ret_sum->size = info.file_size;
    ret_sum->checksum = sl_sst_checksum(info.file_checksum);
    return SL_OK;
}

void
sl_sst_writer_free(struct sl_sst_writer *writer)
{
    delete writer;
}

int
sl_sst_reader_open(const char *path, struct sl_sst_reader **ret_reader, struct sl_error *err)
{
    std::unique_ptr<sl_sst_reader> reader(new sl_sst_reader(path));
    rocksdb::Status status = reader->reader.Open(path);

    if (!status.ok())
        return sl_sst_error(err, status, "read", path);
    reader->at.reset(reader->reader.NewIterator(rocksdb::ReadOptions()));
    reader->at->SeekToFirst();
    *ret_reader = reader.release();
    return SL_OK;
}

void
sl_sst_reader_seek(struct sl_sst_reader *reader, struct sl_text key)
{
    reader->at->Seek(sst_slice(key));
    reader->moves = false;
}

int
sl_sst_reader_next(struct sl_sst_reader *reader, struct sl_text *ret_key, struct sl_text *ret_value,
                   struct sl_error *err)
{
    if (reader->moves && reader->at->Valid())
        reader->at->Next();
    reader->moves = true;
    if (!reader->at->Valid()) {
        if (!reader->at->status().ok())
            return sl_sst_error(err, reader->at->status(), "read", reader->path.c_str());
        return SL_EOF;
    }
    *ret_key = sst_text(reader->at->key());
    *ret_value = sst_text(reader->at->value());
    return SL_OK;
}

void
sl_sst_reader_free(struct sl_sst_reader *reader)
{
    delete reader;
}
