/* JSON_ARRAYAGG (values by arrival) and JSON_OBJECTAGG (members sorted by key, whose keys must
 * differ, as in Flink).  ignores_nulls is ABSENT ON NULL. */
#include "data/time.h"
#include "data/value.h"
#include "expr/agg_list.h"

/* Times of TIMESTAMP_LTZ are written in UTC, as Flink does. */
static const struct sl_zone *
json_zone(void)
{
    const struct sl_zone *zone = NULL;
    struct sl_error err;

    SL_ASSERT(sl_zone_find(SL_TEXT("UTC"), &zone, &err) == SL_OK);
    return zone;
}

static void
json_add_cell(const struct sl_column *column, size_t row, const struct sl_zone *zone,
              struct sl_buffer *to)
{
    struct sl_arena arena;
    struct sl_value value;

    sl_arena_init(&arena);
    value = sl_value_read(&arena, column, row);
    sl_value_format_json(&value, zone, to);
    sl_arena_done(&arena);
}

static struct sl_view
json_keep(struct sl_heap_writer *writer, const struct sl_buffer *json)
{
    return sl_heap_writer_copy(writer, json->data, json->length);
}

/* --- arrays --- */

/* Without rows it is an empty array. */
static struct sl_column *
json_finish_array(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
                  size_t state_offset, size_t row_count, uint64_t *errors)
{
    struct sl_column *column = sl_column_new(pool, aggregate->type, row_count, false), *values;
    const struct sl_zone *zone = json_zone();
    struct sl_heap_writer writer;
    struct sl_buffer json;
    size_t at = 0;

    sl_agg_list_unpack(aggregate, pool, states, state_offset, row_count, &values);
    sl_heap_writer_init(&writer, pool, column);
    sl_buffer_init(&json, SIZE_MAX / 2);
    for (size_t row = 0; row < row_count; row++) {
        size_t end = at + agg_list_count(states[row] + state_offset);

        json.length = 0;
        sl_buffer_add_byte(&json, '[');
        for (bool first = true; at < end; at++, first = false) {
            sl_buffer_add_string(&json, first ? "" : ",");
            json_add_cell(values, at, zone, &json);
        }
        sl_buffer_add_byte(&json, ']');
        ((struct sl_view *)column->values)[row] = json_keep(&writer, &json);
    }
    sl_buffer_done(&json);
    sl_column_unref(values);
    sl_agg_list_mark_overflows(states, state_offset, row_count, errors);
    return column;
}

/* --- objects --- */

/* A member's place in the list is by its key's order, then by all its bytes. */
static void
json_add_members(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows)
{
    struct sl_buffer member, row_bytes;

    sl_buffer_init(&member, SIZE_MAX / 2);
    sl_buffer_init(&row_bytes, SIZE_MAX / 2);
    for (size_t i = 0; i < rows->row_count; i++) {
        size_t row = rows->rows[i], key_length;

        if (aggregate->ignores_nulls && sl_column_is_null(rows->columns[1], row))
            continue;
        member.length = row_bytes.length = 0;
        sl_key_encode_order(rows->columns, 1, row, 0, 0, &member);
        sl_row_pack(aggregate->layout, rows->columns, row, &row_bytes);
        sl_buffer_add(&member, row_bytes.data, row_bytes.length);
        key_length = member.length;
        sl_buffer_add(&member, row_bytes.data, row_bytes.length);
        sl_agg_list_count_sorted(aggregate_state(rows, i), rows->keeper,
                                 (struct sl_text){member.data, member.length}, key_length,
                                 aggregate_sign(rows, row));
    }
    sl_buffer_done(&row_bytes);
    sl_buffer_done(&member);
}

/* Members [at, end) of the columns; false: a key stands twice. */
static bool
json_write_members(struct sl_column *const *columns, const struct agg_list *list, size_t at,
                   const struct sl_zone *zone, struct sl_buffer *json)
{
    const struct sl_view *keys = columns[0]->values;
    bool differ = true;

    sl_buffer_add_byte(json, '{');
    for (size_t i = 0; list && i < list->count; i++) {
        differ = differ && agg_list_slots(list)[i].count == 1 &&
                 (i == 0 || !sl_view_equal(&keys[at + i - 1], &keys[at + i]));
        sl_buffer_add_string(json, i ? "," : "");
        json_add_cell(columns[0], at + i, zone, json);
        sl_buffer_add_byte(json, ':');
        json_add_cell(columns[1], at + i, zone, json);
    }
    sl_buffer_add_byte(json, '}');
    return differ;
}

static struct sl_column *
json_finish_object(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
                   size_t state_offset, size_t row_count, uint64_t *errors)
{
    struct sl_column *column = sl_column_new(pool, aggregate->type, row_count, false);
    struct sl_column *members[2];
    const struct sl_zone *zone = json_zone();
    struct sl_heap_writer writer;
    struct sl_buffer json;
    size_t at = 0;

    sl_agg_list_unpack(aggregate, pool, states, state_offset, row_count, members);
    sl_heap_writer_init(&writer, pool, column);
    sl_buffer_init(&json, SIZE_MAX / 2);
    for (size_t row = 0; row < row_count; row++) {
        const struct agg_list *list = agg_list_of(states[row] + state_offset);

        json.length = 0;
        if (!json_write_members(members, list, at, zone, &json) && errors)
            errors[row / 64] |= UINT64_C(1) << (row % 64);
        at += list ? list->count : 0;
        ((struct sl_view *)column->values)[row] = json_keep(&writer, &json);
    }
    sl_buffer_done(&json);
    sl_column_unref(members[0]);
    sl_column_unref(members[1]);
    sl_agg_list_mark_overflows(states, state_offset, row_count, errors);
    return column;
}

/* --- the classes --- */

static const struct sl_aggregate_class json_arrayagg = {
    .name = "JSON_ARRAYAGG",
    .size = sizeof(struct agg_list_state),
    .has_view = true,
    .can_retract = true,
    .stored_args = 1,
    .keeps_nulls = true,
    .add = sl_agg_list_add,
    .merge = sl_agg_list_merge,
    .finish_all = json_finish_array,
};
static const struct sl_aggregate_class json_objectagg = {
    .name = "JSON_OBJECTAGG",
    .size = sizeof(struct agg_list_state),
    .has_view = true,
    .can_retract = true,
    .stored_args = 2,
    .keeps_nulls = true,
    .misfit = "has a key twice",
    .add = json_add_members,
    .merge = sl_agg_list_merge_sorted,
    .finish_all = json_finish_object,
};

const struct sl_aggregate_class *
sl_aggregate_choose_json_arrayagg(struct sl_aggregate_binding *binding)
{
    if (binding->arg_count != 1)
        return NULL;
    binding->type = sl_type_nullable(binding->arena, &sl_type_string, false);
    return &json_arrayagg;
}

const struct sl_aggregate_class *
sl_aggregate_choose_json_objectagg(struct sl_aggregate_binding *binding)
{
    if (binding->arg_count != 2 || !sl_type_is_text(binding->arg_types[0]->kind))
        return NULL;
    if (binding->arg_types[0]->nullable) {
        SL_ERROR(binding->err, SL_E_DATATYPE_MISMATCH,
                 "the key of JSON_OBJECTAGG must not be NULL, but its type is nullable");
        sl_error_hint(binding->err, "COALESCE(key, '') is not");
        return NULL;
    }
    binding->type = sl_type_nullable(binding->arena, &sl_type_string, false);
    return &json_objectagg;
}
