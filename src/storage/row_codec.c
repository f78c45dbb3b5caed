/* Rows of state tables as pairs of bytes, in checkpoint files and in stores.
 *
 * A key is the table's number (2 bytes, in a store), the time (8, if the table has one), the key
 * group (2) and the key, big-endian.  A value is the row's hash (8), the value with its long views
 * zeroed, and behind it the bytes of those views. */
#include "data/row.h"
#include "storage/snapshot.h"
#include "storage/table_internal.h"

void
state_key_encode(const struct state_place *place, int64_t time, uint32_t key_group,
                 struct sl_text key, struct sl_buffer *to)
{
    sl_buffer_reset(to);
    if (place->has_number)
        sl_buffer_add_u16(to, place->table->number);
    if (place->table->spec.has_time)
        sl_buffer_add_u64(to, (uint64_t)time ^ STATE_TIME_FLIP);
    sl_buffer_add_u16(to, (uint16_t)key_group);
    sl_buffer_add_text(to, key);
}

void
state_value_encode(const struct sl_state_table_spec *spec, const struct state_row *row,
                   struct sl_buffer *to)
{
    size_t start;

    sl_buffer_reset(to);
    sl_buffer_add_u64(to, row->hash);
    start = to->length;
    sl_buffer_add(to, row->value, spec->value_size);
    for (size_t i = 0; i < spec->view_count; i++) {
        struct sl_view view;

        memcpy(&view, row->value + spec->view_offsets[i], sizeof(view));
        if (view.length <= SL_VIEW_INLINE_MAX)
            continue;
        sl_buffer_add(to, view.pointer, view.length);
        view.pointer = NULL;
        memcpy(to->data + start + spec->view_offsets[i], &view, sizeof(view));
    }
}

static uint64_t
row_codec_u64(const char *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return __builtin_bswap64(value);
}

bool
state_pair_decode(const struct state_place *place, struct sl_text key, struct sl_text value,
                  struct state_pair *ret_pair)
{
    const struct sl_state_table_spec *spec = &place->table->spec;
    size_t number = place->has_number ? 2 : 0, head = number + (spec->has_time ? 10 : 2);

    if (key.length < head || value.length < 8 + spec->value_size)
        return false;
    *ret_pair = (struct state_pair){
        .hash = row_codec_u64(value.start),
        .key = {key.start + head, key.length - head},
        .value = {value.start + 8, value.length - 8},
    };
    if (spec->has_time)
        ret_pair->time = (int64_t)(row_codec_u64(key.start + number) ^ STATE_TIME_FLIP);
    return true;
}

bool
state_value_decode(const struct sl_state_table_spec *spec, struct sl_text value,
                   struct state_row *row)
{
    const char *bytes = value.start + spec->value_size;
    size_t left = value.length - spec->value_size;

    memcpy(row->value, value.start, spec->value_size);
    for (size_t i = 0; i < spec->view_count; i++) {
        char *place = row->value + spec->view_offsets[i], *copy;
        struct sl_view view;

        memcpy(&view, place, sizeof(view));
        if (view.length <= SL_VIEW_INLINE_MAX)
            continue;
        if (view.length > left) {
            memset(row->value, 0, spec->value_size);
            return false;
        }
        copy = sl_row_memory_alloc(&row->slice->memory, view.length);
        memcpy(copy, bytes, view.length);
        view.pointer = copy;
        memcpy(place, &view, sizeof(view));
        bytes += view.length;
        left -= view.length;
    }
    return left == 0;
}

const char *
sl_state_table_layout(struct sl_arena *arena, const struct sl_state_table_spec *spec)
{
    struct sl_buffer text;
    const char *copy;

    sl_buffer_init(&text, SIZE_MAX / 2);
    sl_buffer_printf(&text, "%s(", spec->has_time ? "time " : "");
    for (size_t i = 0; i < spec->key_count; i++) {
        sl_buffer_add_string(&text, i > 0 ? ", " : "");
        sl_type_format(spec->key_types[i], &text);
    }
    sl_buffer_printf(&text, ") %zu bytes%s", spec->value_size, spec->is_bits ? " of bits" : "");
    for (size_t i = 0; i < spec->view_count; i++)
        sl_buffer_printf(&text, "%s%u", i > 0 ? ", " : ", views at ", spec->view_offsets[i]);
    if (spec->ttl_us > 0)
        sl_buffer_add_string(&text, ", expires");
    copy = sl_arena_strndup(arena, text.data, text.length);
    sl_buffer_done(&text);
    return copy;
}
