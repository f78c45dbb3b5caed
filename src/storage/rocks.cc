/* Stores in RocksDB: see rocks.h and store.h.  RocksDB throws nothing through here: it reports by
 * status. */
#include "storage/sst.hh"
extern "C" {
#include "storage/checkpoint_files.h"
#include "storage/rocks.h"
}

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

struct sl_store_space {
    rocksdb::Options options;
    uint64_t file_bytes;
};

namespace
{

const char ROCKS_CURRENT[] = "CURRENT";

class rocks_logger : public rocksdb::Logger /* no file LOG anywhere */
{
  public:
    using rocksdb::Logger::Logv;
    void Logv(const char *, va_list) override
    {
    }
};

/* What compactions leave out.  A row that is over hides what is older below it, as a deleted one
 * would: RocksDB sees to that. */
struct rocks_rules {
    std::vector<struct sl_store_expiry> tables;
    int64_t now_us = INT64_MIN;
};

class rocks_filter : public rocksdb::CompactionFilter
{
  public:
    explicit rocks_filter(const rocks_rules &rules) : rules(rules)
    {
    }

    const char *Name() const override
    {
        return "sluice.expiry";
    }

    bool Filter(int, const rocksdb::Slice &key, const rocksdb::Slice &value, std::string *,
                bool *) const override
    {
        size_t offset;
        int64_t expires_us;

        if (key.size() < 2 || !find(static_cast<uint16_t>(static_cast<uint8_t>(key[0]) << 8 |
                                                          static_cast<uint8_t>(key[1])),
                                    &offset))
            return false;
        if (value.size() < offset + sizeof(expires_us))
            return false;
        memcpy(&expires_us, value.data() + offset, sizeof(expires_us));
        return expires_us <= rules.now_us;
    }

  private:
    bool find(uint16_t number, size_t *ret_offset) const
    {
        for (const struct sl_store_expiry &table : rules.tables) {
            if (table.number != number)
                continue;
            *ret_offset = table.offset;
            return true;
        }
        return false;
    }

    const rocks_rules rules;
};

/* Every compaction begins with the rules as they are then. */
class rocks_filters : public rocksdb::CompactionFilterFactory
{
  public:
    const char *Name() const override
    {
        return "sluice.expiry";
    }

    std::unique_ptr<rocksdb::CompactionFilter>
    CreateCompactionFilter(const rocksdb::CompactionFilter::Context &) override
    {
        std::lock_guard<std::mutex> guard(mutex);

        if (rules.tables.empty())
            return nullptr;
        return std::unique_ptr<rocksdb::CompactionFilter>(new rocks_filter(rules));
    }

    void set(const rocks_rules &to)
    {
        std::lock_guard<std::mutex> guard(mutex);

        rules = to;
    }

  private:
    std::mutex mutex;
    rocks_rules rules;
};

struct rocks_store {
    struct sl_store base;
    std::string path;
    std::shared_ptr<rocks_filters> filters;
    std::unique_ptr<rocksdb::DB> db;
    const struct sl_store_space *space;
    std::atomic<uint64_t> file_number;
};

rocks_store *
rocks_of(struct sl_store *store)
{
    SL_ASSERT(store->ops == &sl_store_rocks);
    return reinterpret_cast<rocks_store *>(store);
}

/* Of a store that is gone through once: no cache, no files of its own. */
const rocksdb::Options &
rocks_reader_options()
{
    static const rocksdb::Options options = [] {
        rocksdb::Options made = sl_sst_options();

        made.info_log = std::make_shared<rocks_logger>();
        made.stats_dump_period_sec = made.stats_persist_period_sec = 0;
        made.max_open_files = 256;
        return made;
    }();

    return options;
}

int
rocks_open(struct sl_store_space *space, const char *path, bool only_read,
           struct sl_store **ret_store, struct sl_error *err)
{
    std::unique_ptr<rocks_store> store(new rocks_store);
    rocksdb::DB *db = nullptr;
    rocksdb::Options options = only_read ? rocks_reader_options() : space->options;
    rocksdb::Status status;

    store->filters = std::make_shared<rocks_filters>();
    options.compaction_filter_factory = store->filters;
    status = only_read ? rocksdb::DB::OpenForReadOnly(options, path, &db)
                       : rocksdb::DB::Open(options, path, &db);
    if (!status.ok())
        return sl_sst_error(err, status, "open the database", path);
    store->base.ops = &sl_store_rocks;
    store->path = path;
    store->db.reset(db);
    store->space = space;
    store->file_number = 0;
    *ret_store = &store.release()->base;
    return SL_OK;
}

void
rocks_close(struct sl_store *store)
{
    if (store)
        delete rocks_of(store);
}

/* --- writing --- */

}

struct sl_store_batch {
    rocks_store *store;
    std::unique_ptr<rocksdb::SstFileWriter> writer; /* of the file that is being filled */
    bool is_empty;
    std::vector<std::string> paths, checksums;
    uint64_t bytes;
};

namespace
{

struct sl_store_batch *
rocks_begin(struct sl_store *store)
{
    struct sl_store_batch *batch = new sl_store_batch;

    batch->store = rocks_of(store);
    batch->bytes = 0;
    return batch;
}

/* The file that the next key goes to. */
rocksdb::Status
rocks_batch_open(struct sl_store_batch *batch)
{
    rocks_store *store = batch->store;
    std::string path = store->path + "/" + std::to_string(++store->file_number) + ".ingest";

    batch->writer.reset(
        new rocksdb::SstFileWriter(rocksdb::EnvOptions(), store->space->options, nullptr, false));
    batch->paths.push_back(path);
    return batch->writer->Open(path);
}

rocksdb::Status
rocks_batch_finish(struct sl_store_batch *batch)
{
    rocksdb::ExternalSstFileInfo info;
    rocksdb::Status status = batch->writer->Finish(&info);

    batch->writer.reset();
    if (status.ok()) {
        batch->checksums.push_back(info.file_checksum);
        batch->bytes += info.file_size;
    }
    return status;
}

int
rocks_drop(struct sl_store_batch *batch, struct sl_text from, struct sl_text to,
           struct sl_error *err)
{
    rocksdb::Status status;

    if (!batch->writer)
        status = rocks_batch_open(batch);
    if (status.ok())
        status = batch->writer->DeleteRange(sst_slice(from), sst_slice(to));
    return status.ok() ? SL_OK : sl_sst_error(err, status, "write", batch->store->path.c_str());
}

int
rocks_put(struct sl_store_batch *batch, struct sl_text key, struct sl_text value,
          struct sl_error *err)
{
    rocksdb::Status status;

    if (batch->writer && batch->writer->FileSize() >= batch->store->space->file_bytes)
        status = rocks_batch_finish(batch);
    if (status.ok() && !batch->writer)
        status = rocks_batch_open(batch);
    if (status.ok())
        status = value.start ? batch->writer->Put(sst_slice(key), sst_slice(value))
                             : batch->writer->Delete(sst_slice(key));
    return status.ok() ? SL_OK : sl_sst_error(err, status, "write", batch->store->path.c_str());
}

rocksdb::Status
rocks_ingest(struct sl_store_batch *batch)
{
    rocksdb::IngestExternalFileArg arg;
    rocksdb::Status status;

    arg.column_family = batch->store->db->DefaultColumnFamily();
    arg.external_files = batch->paths;
    arg.files_checksums = batch->checksums;
    arg.files_checksum_func_names.assign(batch->paths.size(), "xxh3");
    arg.options.move_files = true;
    arg.options.write_global_seqno = false;
    arg.options.verify_file_checksum = false;
    status = batch->store->db->IngestExternalFiles({arg});
    /* A disk that was full once stops the database for good, unless told. */
    if (!status.ok())
        batch->store->db->Resume();
    return status;
}

int
rocks_end(struct sl_store_batch *batch, bool commit, uint64_t *ret_bytes, struct sl_error *err)
{
    std::unique_ptr<struct sl_store_batch> owned(batch);
    rocksdb::Status status;

    if (commit && batch->writer)
        status = rocks_batch_finish(batch);
    batch->writer.reset();
    if (commit && status.ok() && !batch->paths.empty())
        status = rocks_ingest(batch);
    for (const std::string &path : batch->paths)
        unlink(path.c_str());
    if (!status.ok())
        return sl_sst_error(err, status, "write", batch->store->path.c_str());
    *ret_bytes = batch->bytes;
    return SL_OK;
}

void
rocks_expire(struct sl_store *store, const struct sl_store_expiry *tables, size_t count,
             int64_t now_us)
{
    rocks_rules rules;

    rules.tables.assign(tables, tables + count);
    rules.now_us = now_us;
    rocks_of(store)->filters->set(rules);
}

/* --- reading --- */

int
rocks_get_many(struct sl_store *base, const struct sl_text *keys, size_t count,
               void (*found)(void *arg, size_t index, struct sl_text value), void *arg,
               struct sl_error *err)
{
    rocks_store *store = rocks_of(base);
    std::vector<rocksdb::Slice> slices(count);
    std::vector<rocksdb::PinnableSlice> values(count);
    std::vector<rocksdb::Status> statuses(count);

    for (size_t i = 0; i < count; i++)
        slices[i] = sst_slice(keys[i]);
    store->db->MultiGet(rocksdb::ReadOptions(), store->db->DefaultColumnFamily(), count,
                        slices.data(), values.data(), statuses.data(), true);
    for (size_t i = 0; i < count; i++) {
        if (statuses[i].ok())
            found(arg, i, sst_text(values[i]));
        else if (!statuses[i].IsNotFound())
            return sl_sst_error(err, statuses[i], "read", store->path.c_str());
    }
    return SL_OK;
}

int
rocks_scan(struct sl_store *base, struct sl_text from, struct sl_text to, size_t max,
           sl_store_visit visit, void *arg, struct sl_error *err)
{
    rocks_store *store = rocks_of(base);
    rocksdb::Slice end = sst_slice(to);
    rocksdb::ReadOptions options;

    options.iterate_upper_bound = &end;
    options.fill_cache = false;
    std::unique_ptr<rocksdb::Iterator> at(store->db->NewIterator(options));
    at->Seek(sst_slice(from));
    for (; max > 0 && at->Valid(); max--, at->Next()) {
        int rc = visit(arg, sst_text(at->key()), sst_text(at->value()), err);

        if (rc < 0)
            return rc;
    }
    if (!at->status().ok())
        return sl_sst_error(err, at->status(), "read", store->path.c_str());
    return SL_OK;
}

/* --- checkpoints --- */

/* The part of the file that counts; what it is known to hold instead, if something is. */
int
rocks_copy(const rocksdb::LiveFileStorageInfo &file, const char *directory, const char *name,
           struct sl_file_sum *ret_sum, struct sl_error *err)
{
    std::string from = file.directory + "/" + file.relative_filename;
    struct sl_text bytes = {file.replacement_contents.data(), file.replacement_contents.size()};
    char *read = nullptr;
    size_t size = 0;
    int rc;

    if (file.replacement_contents.empty()) {
        rc = sl_files_read(from.c_str(), &read, &size, err);
        if (rc < 0)
            return rc;
        bytes = {read, std::min(size, static_cast<size_t>(file.size))};
    }
    rc = sl_checkpoint_write_file(directory, name, bytes, ret_sum, err);
    free(read);
    return rc;
}

int
rocks_save(const rocksdb::LiveFileStorageInfo &file, const char *directory, const char *name,
           struct sl_arena *arena, struct sl_manifest_file *ret_file, struct sl_error *err)
{
    ret_file->name = sl_arena_printf(arena, "%s/%s", name, file.relative_filename.c_str());
    if (file.file_type != rocksdb::kTableFile)
        return rocks_copy(file, directory, ret_file->name, &ret_file->sum, err);
    ret_file->sum.size = file.size;
    ret_file->sum.checksum = sl_sst_checksum(file.file_checksum);
    return sl_checkpoint_link(
        sl_arena_printf(arena, "%s/%s", file.directory.c_str(), file.relative_filename.c_str()),
        sl_arena_printf(arena, "%s/%s", directory, ret_file->name), err);
}

int
rocks_save_all(rocks_store *store, const char *directory, const char *name, struct sl_arena *arena,
               struct sl_manifest_file **ret_files, size_t *ret_count, struct sl_error *err)
{
    std::vector<rocksdb::LiveFileStorageInfo> live;
    rocksdb::LiveFilesStorageInfoOptions options;
    rocksdb::Status status;
    struct sl_manifest_file *files;
    size_t count = 0;

    options.include_checksum_info = true;
    status = store->db->GetLiveFilesStorageInfo(options, &live);
    if (!status.ok())
        return sl_sst_error(err, status, "list", store->path.c_str());
    files = SL_NEW_ARRAY(arena, struct sl_manifest_file, live.size());
    for (const rocksdb::LiveFileStorageInfo &file : live) {
        int rc;

        if (file.file_type == rocksdb::kOptionsFile)
            continue; /* ours decide */
        rc = rocks_save(file, directory, name, arena, &files[count], err);
        if (rc < 0)
            return rc;
        count++;
    }
    *ret_files = files;
    *ret_count = count;
    return SL_OK;
}

int
rocks_checkpoint(struct sl_store *base, const char *directory, const char *name,
                 struct sl_arena *arena, struct sl_manifest_file **ret_files, size_t *ret_count,
                 struct sl_error *err)
{
    rocks_store *store = rocks_of(base);
    const char *path = sl_arena_printf(arena, "%s/%s", directory, name);
    rocksdb::Status status;
    int rc;

    rc = sl_files_make_directory(path, err);
    if (rc < 0)
        return rc;
    status = store->db->DisableFileDeletions();
    if (!status.ok())
        return sl_sst_error(err, status, "checkpoint", store->path.c_str());
    rc = rocks_save_all(store, directory, name, arena, ret_files, ret_count, err);
    store->db->EnableFileDeletions(false);
    return rc < 0 ? rc : sl_files_sync_directory(path, err);
}

}

const struct sl_store_ops sl_store_rocks = {
    .open = rocks_open,
    .close = rocks_close,
    .begin = rocks_begin,
    .drop = rocks_drop,
    .put = rocks_put,
    .end = rocks_end,
    .expire = rocks_expire,
    .get_many = rocks_get_many,
    .scan = rocks_scan,
    .checkpoint = rocks_checkpoint,
};

/* --- what all share --- */

enum { SPACE_CACHE_SHARD_BITS = 3 };

static void
space_set_table(const struct sl_store_settings *settings, rocksdb::Options &options)
{
    rocksdb::BlockBasedTableOptions table;

    table.block_size = 4 << 10;
    table.checksum = rocksdb::kXXH3;
    table.format_version = 5;
    table.block_cache = rocksdb::NewLRUCache(settings->cache_bytes, SPACE_CACHE_SHARD_BITS);
    /* Indexes and filters are bounded with the rest, and in pieces: a whole one would not find room
     * in a shard of the cache, and be read anew for every key. */
    table.cache_index_and_filter_blocks = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
    if (settings->bloom_filter)
        table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
}

int
sl_store_space_new(const struct sl_store_settings *settings, struct sl_store_space **ret_space,
                   struct sl_error *err)
{
    struct sl_store_space *space;
    int rc;

    sl_files_remove_directory(settings->directory);
    rc = sl_files_make_directory(settings->directory, err);
    if (rc < 0)
        return rc;
    space = new sl_store_space;
    rocksdb::Options &options = space->options;
    options = sl_sst_options();
    space_set_table(settings, options);
    options.create_if_missing = true;
    options.info_log = std::make_shared<rocks_logger>();
    options.compaction_style = rocksdb::kCompactionStyleUniversal;
    /* One level: with several RocksDB 7.8 was seen to give older values of keys that were ingested
     * while it compacted (cold_test). */
    options.num_levels = 1;
    /* Nobody asks for a key that is nowhere: where the oldest run is left, it has it. */
    options.optimize_filters_for_hits = true;
    options.level0_file_num_compaction_trigger = 4 * static_cast<int>(settings->write_buffer_count);
    options.level0_slowdown_writes_trigger = options.level0_stop_writes_trigger = 1 << 20;
    options.write_buffer_size = settings->write_buffer_bytes;
    options.max_write_buffer_number = static_cast<int>(settings->write_buffer_count);
    options.max_background_jobs = 2;
    options.max_open_files = 256;
    options.max_manifest_file_size = 256 << 10;
    options.manifest_preallocation_size = 64 << 10; /* 4 MB by default, for many small databases */
    options.keep_log_file_num = 1;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.skip_stats_update_on_db_open = true;
    space->file_bytes = settings->write_buffer_bytes;
    *ret_space = space;
    return SL_OK;
}

void
sl_store_space_free(struct sl_store_space *space)
{
    delete space;
}
