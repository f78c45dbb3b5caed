/* Sets of values in state rows: see distinct.h. */
#include "expr/distinct.h"

#include "expr/agg_list.h"

#include <stdlib.h>

void
sl_distinct_init(struct sl_distinct *distinct, struct sl_arena *arena,
                 const struct sl_aggregate *aggregate)
{
    const struct sl_type **type = SL_NEW_ARRAY(arena, const struct sl_type *, 1);

    *type = sl_type_nullable(arena, aggregate->arg_types[0], true);
    distinct->aggregate = aggregate;
    distinct->layout = sl_row_layout_new(arena, type, 1);
}

size_t
sl_distinct_add(const struct sl_distinct *distinct, struct sl_column *argument,
                const uint8_t *kinds, uint16_t *rows, char **states, size_t row_count,
                struct sl_aggregate_keeper *keeper)
{
    bool keeps_nulls = sl_aggregate_keeps_nulls(distinct->aggregate);
    struct sl_buffer value;
    size_t kept = 0;

    sl_buffer_init(&value, SIZE_MAX / 2);
    for (size_t i = 0; i < row_count; i++) {
        char *set = states[i] + distinct->set_offset;
        bool takes_back = kinds && sl_row_kind_takes_back(kinds[rows[i]]);
        size_t before = agg_list_count(set), key_length;

        if (!keeps_nulls && sl_column_is_null(argument, rows[i]))
            continue;
        value.length = 0;
        sl_key_encode(&argument, 1, rows[i], &value);
        key_length = value.length;
        sl_row_pack(distinct->layout, &argument, rows[i], &value);
        sl_agg_list_count_sorted(set, keeper, sl_buffer_text(&value), key_length,
                                 takes_back ? -1 : 1);
        if (agg_list_count(set) == before)
            continue;
        rows[kept] = rows[i];
        states[kept++] = states[i];
    }
    sl_buffer_done(&value);
    return kept;
}

/* Values of the one that the other has not become rows of a column. */
static void
distinct_fold(const struct sl_distinct *distinct, struct sl_pool *pool, char *to,
              const struct sl_text *texts, size_t count, struct sl_aggregate_keeper *keeper)
{
    struct sl_column *column;
    struct sl_error err;

    for (size_t from = 0; from < count; from += SL_BATCH_ROWS_MAX) {
        size_t row_count = SL_MIN(count - from, (size_t)SL_BATCH_ROWS_MAX);
        uint16_t rows[SL_BATCH_ROWS_MAX];
        int rc = sl_row_unpack(distinct->layout, pool, texts + from, row_count, &column, &err);

        SL_ASSERT(rc == SL_OK); /* the store's checksums have found damage before */
        for (size_t i = 0; i < row_count; i++)
            rows[i] = (uint16_t)i;
        sl_aggregate_add_one(distinct->aggregate, to + distinct->state_offset, &column, rows,
                             row_count, NULL, keeper);
        sl_column_unref(column);
    }
}

void
sl_distinct_merge(const struct sl_distinct *distinct, struct sl_pool *pool, char *to,
                  const char *from, struct sl_aggregate_keeper *keeper)
{
    const struct agg_list *list = agg_list_of(from + distinct->set_offset);
    char *set = to + distinct->set_offset;
    struct sl_text *texts;
    size_t count = 0;

    if (!list)
        return;
    texts = sl_alloc((list->count + 1) * sizeof(*texts));
    for (size_t i = 0; i < list->count; i++) {
        const struct agg_slot *slot = &agg_list_slots(list)[i];
        size_t before = agg_list_count(set);

        sl_agg_list_count_sorted(set, keeper,
                                 (struct sl_text){agg_list_key(list, slot).start, slot->length},
                                 slot->key_length, slot->count);
        if (agg_list_count(set) > before)
            texts[count++] = agg_list_row(list, slot);
    }
    distinct_fold(distinct, pool, to, texts, count, keeper);
    free(texts);
}

bool
sl_distinct_has_overflowed(const struct sl_distinct *distinct, const char *state)
{
    const struct agg_list *list = agg_list_of(state + distinct->set_offset);

    return list && list->overflowed;
}
