/* Memory tables as the server meets them beside the planner: their row layout, and its change. */
#ifndef SL_SERVER_MEMORY_TABLE_H
#define SL_SERVER_MEMORY_TABLE_H

#include "catalog/catalog.h"
#include "connector/memory_store.h"
#include "format/row_frame.h"

struct sl_memory_table {
    struct sl_schema *schema; /* the physical columns */
    uint32_t *primary_key;    /* of schema */
    size_t primary_key_count;
    struct sl_row_frame *frame;
    struct sl_memory_log *log;
};

bool sl_is_memory_table(const struct sl_table *table);
int sl_memory_table_open(const char *data_directory, struct sl_arena *arena,
                         const struct sl_table *table, struct sl_memory_table *opened,
                         struct sl_error *err);
/* Writes the rows of `table` aside in the layout of its next version, `altered`: columns are found
 * by name, new ones are NULL.  sl_memory_log_commit puts them in place once the catalog has that
 * version.  0A000: a column's type changes; 23502: a new column takes no NULL. */
int sl_memory_table_convert(const char *data_directory, struct sl_arena *arena,
                            const struct sl_table *table, const struct sl_table *altered,
                            struct sl_error *err);
/* At the server's start: finishes what a crash left between the catalog's commit and the log's. */
int sl_memory_tables_recover(const char *data_directory, struct sl_catalog *catalog,
                             struct sl_error *err);

#endif
