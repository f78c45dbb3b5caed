/* What the files of the datagen connector share: a generator a column, and how it makes values. */
#ifndef SL_CONNECTOR_DATAGEN_INTERNAL_H
#define SL_CONNECTOR_DATAGEN_INTERNAL_H

#include "connector/connector.h"

/* One value's bytes, at most, and those of a batch, about. */
#define SL_DATAGEN_VALUE_BYTES_MAX (64 << 20)
#define SL_DATAGEN_BATCH_BYTES (32 << 20)

/* One column's generator, or that of what its values hold. */
struct sl_datagen_field {
    const struct sl_type *type;
    bool is_sequence;
    sl_int128 min, max; /* integers, decimals' unscaled part, months, milliseconds; inclusive */
    double real_min, real_max;
    int64_t start, end; /* of a sequence */
    int64_t max_past_us;
    uint32_t length; /* of texts and bytes; how many elements */
    bool length_varies;
    double null_rate;
    size_t bytes;                      /* of a value, about */
    struct sl_datagen_field *children; /* ARRAY, MULTISET: element; MAP: key, value; ROW: fields */
    size_t child_count;
};

/* --- datagen_options.c --- */

/* A field for each column of the schema, in the arena.  Every option that begins with "fields."
 * must be one that its column takes. */
int sl_datagen_read(struct sl_arena *arena, const struct sl_option_list *options,
                    const struct sl_schema *schema, struct sl_datagen_field **ret_fields,
                    struct sl_error *err);

/* --- datagen_values.c --- */

struct sl_datagen_maker {
    struct sl_pool *pool;
    struct sl_env *env;
    const struct sl_zone *zone; /* of DATE and TIME; NULL: UTC */
    uint64_t random;            /* splitmix64's state */
    int64_t first, step;        /* what a sequence adds to its start for the first row, and a row */
};

struct sl_column *sl_datagen_column(struct sl_datagen_maker *maker,
                                    const struct sl_datagen_field *field, size_t count);

#endif
