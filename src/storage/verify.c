/* Whole files against their checksums: see verify.h. */
#include "storage/verify.h"

#include "base/hash.h"
#include "storage/checkpoint_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#define VERIFY_READ ((size_t)1 << 20)

struct sl_verify {
    struct sl_arena arena;
    const char *directory;
    const struct sl_manifest_file **files;
    size_t count, index; /* the one at hand */
    int fd;              /* of it; -1: not open yet */
    uint64_t size;       /* read of it */
    XXH3_state_t *hash;
    char *bytes;
    char path[SL_CHECKPOINT_PATH_MAX + 256];
};

static void
verify_add(struct sl_verify *verify, const struct sl_manifest_file *file)
{
    if (file->name)
        verify->files[verify->count++] = file;
}

static size_t
verify_count(const struct sl_manifest *manifest)
{
    size_t count = manifest->segment_count;

    for (size_t i = 0; i < manifest->subtask_count; i++)
        count += manifest->subtasks[i].table_count + manifest->subtasks[i].store_count + 1;
    return count;
}

struct sl_verify *
sl_verify_new(const struct sl_manifest *manifest, const char *directory)
{
    struct sl_verify *verify = sl_alloc_zeroed(sizeof(*verify));

    sl_arena_init(&verify->arena);
    verify->directory = directory;
    verify->fd = -1;
    verify->hash = XXH3_createState();
    verify->bytes = sl_alloc(VERIFY_READ);
    verify->files =
        SL_NEW_ARRAY(&verify->arena, const struct sl_manifest_file *, verify_count(manifest) + 1);
    for (size_t i = 0; i < manifest->subtask_count; i++) {
        const struct sl_manifest_subtask *subtask = &manifest->subtasks[i];

        for (size_t k = 0; k < subtask->table_count; k++)
            verify_add(verify, &subtask->tables[k].file);
        for (size_t k = 0; k < subtask->store_count; k++)
            verify_add(verify, &subtask->store[k]);
        verify_add(verify, &subtask->channel_file); /* none: it has no name */
    }
    for (size_t i = 0; i < manifest->segment_count; i++)
        verify_add(verify, &manifest->segments[i].file);
    return verify;
}

static int
verify_open(struct sl_verify *verify, struct sl_error *err)
{
    snprintf(verify->path, sizeof(verify->path), "%s/%s", verify->directory,
             verify->files[verify->index]->name);
    verify->size = 0;
    XXH3_64bits_reset(verify->hash);
    verify->fd = open(verify->path, O_RDONLY | O_CLOEXEC);
    if (verify->fd >= 0)
        return SL_OK;
    return errno == ENOENT ? SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is missing", verify->path)
                           : sl_files_error(err, "open", verify->path);
}

/* The file at hand has been read to its end. */
static int
verify_close(struct sl_verify *verify, struct sl_error *err)
{
    const struct sl_file_sum *sum = &verify->files[verify->index]->sum;

    close(verify->fd);
    verify->fd = -1;
    verify->index++;
    return verify->size == sum->size && XXH3_64bits_digest(verify->hash) == sum->checksum
               ? SL_OK
               : SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is damaged: its checksum is another",
                          verify->path);
}

/* *ret_size 0: that was the end of a file. */
static int
verify_read(struct sl_verify *verify, size_t *ret_size, struct sl_error *err)
{
    ssize_t n;

    *ret_size = 0;
    if (verify->fd < 0)
        SL_TRY(verify_open(verify, err));
    do
        n = read(verify->fd, verify->bytes, VERIFY_READ);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return sl_files_error(err, "read", verify->path);
    if (n == 0)
        return verify_close(verify, err);
    XXH3_64bits_update(verify->hash, verify->bytes, (size_t)n);
    verify->size += (uint64_t)n;
    *ret_size = (size_t)n;
    return SL_OK;
}

int
sl_verify_step(struct sl_verify *verify, uint64_t bytes_max, struct sl_error *err)
{
    uint64_t total = 0;
    size_t size;

    while (total < bytes_max) {
        if (verify->index == verify->count)
            return SL_EOF;
        SL_TRY(verify_read(verify, &size, err));
        total += size;
    }
    return SL_OK;
}

void
sl_verify_free(struct sl_verify *verify)
{
    if (!verify)
        return;
    if (verify->fd >= 0)
        close(verify->fd);
    XXH3_freeState(verify->hash);
    free(verify->bytes);
    sl_arena_done(&verify->arena);
    free(verify);
}
