/* What the files of the filesystem connector share: filesystem_source.c reads, filesystem_sink.c
 * (at least once) and filesystem_publisher.c (exactly once) write parts, which filesystem_parts.c
 * keeps, with filesystem_journal.c, and filesystem_adopt.c ends; filesystem_partition.c turns
 * columns into directories. */
#ifndef SL_CONNECTOR_FILESYSTEM_INTERNAL_H
#define SL_CONNECTOR_FILESYSTEM_INTERNAL_H

#include "connector/connector.h"
#include "data/value.h"

#define SL_FILE_PATH_MAX 4096

extern const struct sl_option_spec sl_file_options[];
extern const size_t sl_file_option_count;
extern const struct sl_metadata_spec sl_file_metadata[];
extern const size_t sl_file_metadata_count;
extern const struct sl_source_class sl_file_source_class;
extern const struct sl_sink_class sl_file_sink_class;
extern const struct sl_publisher_class sl_file_publisher_class;

enum { SL_FILE_PATH, SL_FILE_NAME, SL_FILE_SIZE, SL_FILE_TIME };

/* --- conn_filesystem.c --- */

/* The option path without "file://". */
const char *sl_file_path(const struct sl_option_list *options);
/* False: the option is absent and has no default. */
bool sl_file_option(const struct sl_option_list *options, const char *name,
                    union sl_option_value *ret_value);
/* Raises errno: 42704 for what is not there, 53100 for a full disk, else 58030. */
int sl_file_error(const char *what, const char *path, struct sl_error *err);

/* --- filesystem_partition.c --- */

/* The directory of a row of a partitioned table under the table's, as Flink names it:
 * "day=2024-01-01/hour=7".  The types are those of sl_file_partition_type. */
int sl_file_aside(const struct sl_connector_config *config, const struct sl_sink_metadata *rows,
                  size_t row, struct sl_buffer *to, struct sl_error *err);
bool sl_file_partition_type(const struct sl_type *type);
/* "key=", escaped, as the directories of that column begin. */
void sl_file_partition_prefix(const char *key, struct sl_buffer *to);
/* The value that a directory's name tells behind its "key="; text lives in the arena.  22P02: it is
 * none of the type. */
int sl_file_partition_value(struct sl_arena *arena, const struct sl_option_list *options,
                            const struct sl_type *type, struct sl_text name,
                            struct sl_value *ret_value, struct sl_error *err);

#endif
