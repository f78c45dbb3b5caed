/* How scans and sinks set up the formats of their records. */
#ifndef SL_EXECUTOR_RECORD_FORMAT_H
#define SL_EXECUTOR_RECORD_FORMAT_H

#include "executor/operator.h"
#include "format/key_value.h"

/* Fills what is left of `format` (but its options, physical, columns, primary key and zone) and
 * says whose class decodes and encodes: the value's, or with a key both. */
int sl_record_format(struct sl_arena *arena, const struct sl_phys_record *record, const char *name,
                     const char *table_name, struct sl_key_value *format,
                     const struct sl_format_class **ret_class, struct sl_error *err);

#endif
