/* The rows of the right input of a SingleJoin, of which there is to be one, or none: a few of them,
 * for an update may come as an addition before its deletion. */
#ifndef SL_EXECUTOR_SINGLE_JOIN_H
#define SL_EXECUTOR_SINGLE_JOIN_H

#include "executor/packed_rows.h"

struct sl_single_value {
    char *bytes; /* the packed row */
    size_t length;
    int64_t count;
};

struct sl_single_values {
    struct sl_single_value *items; /* different ones */
    size_t count, capacity;
    int64_t total;
};

void sl_single_values_done(struct sl_single_values *values);
void sl_single_values_add(struct sl_single_values *values, struct sl_text row);
/* False: it is not there. */
bool sl_single_values_remove(struct sl_single_values *values, struct sl_text row);
void sl_single_values_write(const struct sl_single_values *values, struct sl_buffer *to);
/* False: the bytes are damaged. */
bool sl_single_values_read(struct sl_single_values *values, struct sl_text bytes);

#endif
