/* What sources that make rows up have in common: a fixed number of splits, each of which counts the
 * rows that it has made.  There are as many as the job had subtasks at its first start, so that a
 * split's position means the same at any parallelism; a subtask may have several, or none. */
#ifndef SL_CONNECTOR_GENERATOR_H
#define SL_CONNECTOR_GENERATOR_H

#include "connector/connector.h"

struct sl_generator_split {
    uint32_t ordinal;
    int64_t row_max;   /* INT64_MAX: endless */
    int64_t row_count; /* made so far: its position */
};

struct sl_generator {
    uint32_t split_total; /* of all subtasks */
    struct sl_generator_split *splits;
    uint32_t split_count;
    bool finished; /* no more rows are wanted */
};

/* The splits live in the arena. */
void sl_generator_init(struct sl_generator *generator, struct sl_arena *arena,
                       const struct sl_connector_config *config);
/* For `discover`: all splits of the job, by the table's name. */
void sl_generator_discover(const struct sl_generator *generator, const char *table_name,
                           struct sl_split_list *splits);
/* For `add_split`: the next of splits[], endless. */
struct sl_generator_split *sl_generator_add(struct sl_generator *generator,
                                            const struct sl_split *split, struct sl_text position);
bool sl_generator_has_ended(const struct sl_generator *generator,
                            const struct sl_generator_split *split);
/* For `split_state` and `position`. */
enum sl_split_state sl_generator_state(const struct sl_generator *generator, uint32_t split);
void sl_generator_position(const struct sl_generator *generator, uint32_t split,
                           struct sl_buffer *to);

#endif
