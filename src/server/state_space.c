/* Where the state of jobs is kept that does not fit in memory: by the server's settings. */
#include "server/state_space.h"

#include "base/hash.h"
#include "storage/rocks.h"

#include <stdio.h>
#include <stdlib.h>

/* Servers may share a localdir: each has a directory there, named by its data directory. */
static void
state_space_directory(const struct sl_server *server, char *to, size_t size)
{
    const char *local = sl_settings_get(&server->settings, "state.backend.rocksdb.localdir");
    char *whole;

    if (!local[0]) {
        snprintf(to, size, "%s/state", server->data_directory);
        return;
    }
    whole = realpath(server->data_directory, NULL);
    SL_ASSERT(whole != NULL);
    snprintf(to, size, "%s/sluice-%016llx", local,
             (unsigned long long)sl_hash_bytes(whole, strlen(whole)));
    free(whole);
}

int
sl_state_space_open(struct sl_server *server, struct sl_runtime_config *runtime,
                    struct sl_error *err)
{
    const struct sl_settings *settings = &server->settings;
    struct sl_store_settings store = {
        .directory = server->state_directory,
        .cache_bytes =
            (uint64_t)sl_settings_integer(settings, "state.backend.rocksdb.block.cache-size"),
        .write_buffer_bytes =
            (uint64_t)sl_settings_integer(settings, "state.backend.rocksdb.writebuffer.size"),
        .write_buffer_count =
            (uint32_t)sl_settings_integer(settings, "state.backend.rocksdb.writebuffer.count"),
        .bloom_filter = sl_settings_boolean(settings, "state.backend.rocksdb.use-bloom-filter"),
    };
    uint64_t slot_bytes =
        (uint64_t)sl_settings_integer(settings, "taskmanager.memory.managed.size");

    if (sl_settings_boolean(settings, "state.backend.rocksdb.memory.managed")) {
        store.cache_bytes = slot_bytes / SL_STATE_CACHE_SHARE * runtime->slot_count;
        slot_bytes -= slot_bytes / SL_STATE_CACHE_SHARE + slot_bytes / SL_STATE_WRITE_SHARE;
    }
    state_space_directory(server, server->state_directory, sizeof(server->state_directory));
    SL_TRY(sl_store_space_new(&store, &server->store_space, err));
    runtime->state_memory_bytes = slot_bytes;
    runtime->backend = (struct sl_state_backend){
        .ops = &sl_store_rocks,
        .space = server->store_space,
        .path = server->state_directory,
        .threshold_bytes =
            (uint64_t)sl_settings_integer(settings, "sluice.state.database-threshold"),
    };
    if (strcmp(sl_settings_get(settings, "state.backend.type"), "hashmap") == 0)
        runtime->backend.threshold_bytes = UINT64_MAX;
    return SL_OK;
}

void
sl_state_space_close(struct sl_server *server)
{
    sl_store_space_free(server->store_space);
    server->store_space = NULL;
}
