/* Splits of sources that make rows up: see generator.h. */
#include "connector/generator.h"

void
sl_generator_init(struct sl_generator *generator, struct sl_arena *arena,
                  const struct sl_connector_config *config)
{
    generator->split_total =
        config->restored_splits > 0 ? config->restored_splits : config->subtask_count;
    generator->splits = SL_NEW_ARRAY(arena, struct sl_generator_split, generator->split_total);
}

void
sl_generator_discover(const struct sl_generator *generator, const char *table_name,
                      struct sl_split_list *splits)
{
    uint32_t count = generator->split_total;

    splits->items = SL_NEW_ARRAY(splits->arena, struct sl_split, count);
    splits->count = splits->capacity = count;
    for (uint32_t i = 0; i < count; i++)
        splits->items[i] =
            (struct sl_split){sl_arena_printf(splits->arena, "%s-%u", table_name, i), i};
}

struct sl_generator_split *
sl_generator_add(struct sl_generator *generator, const struct sl_split *split,
                 struct sl_text position)
{
    struct sl_generator_split *own = &generator->splits[generator->split_count++];

    *own = (struct sl_generator_split){.ordinal = split->ordinal, .row_max = INT64_MAX};
    if (position.length == sizeof(own->row_count))
        memcpy(&own->row_count, position.start, sizeof(own->row_count));
    return own;
}

bool
sl_generator_has_ended(const struct sl_generator *generator, const struct sl_generator_split *split)
{
    return generator->finished || split->row_count >= split->row_max;
}

enum sl_split_state
sl_generator_state(const struct sl_generator *generator, uint32_t split)
{
    return sl_generator_has_ended(generator, &generator->splits[split]) ? SL_SPLIT_ENDED
                                                                        : SL_SPLIT_READING;
}

void
sl_generator_position(const struct sl_generator *generator, uint32_t split, struct sl_buffer *to)
{
    sl_buffer_add(to, &generator->splits[split].row_count, sizeof(int64_t));
}
