/* A schema: the named, typed columns of a table, a plan node's output, or a batch. */
#ifndef SL_DATA_SCHEMA_H
#define SL_DATA_SCHEMA_H

#include "data/type.h"

/* What a column means for time.  An event-time column has a watermark over it. */
enum sl_time_kind { SL_TIME_NONE, SL_TIME_EVENT, SL_TIME_PROCESSING };

struct sl_schema_column {
    const char *name;
    const struct sl_type *type;
    enum sl_time_kind time;
};

struct sl_schema {
    struct sl_schema_column *columns;
    size_t count;
};

struct sl_schema *sl_schema_new(struct sl_arena *arena, size_t count);
struct sl_schema *sl_schema_copy(struct sl_arena *arena, const struct sl_schema *schema);
/* The index of a name, without case; -1: none, -2: more than one. */
int sl_schema_find(const struct sl_schema *schema, struct sl_text name);

#endif
