/* Packed rows, layout version 1, little endian, nothing aligned:
 *
 *     NULL bitmap (bit i % 8 of byte i / 8 set: column i is NULL) | a fixed slot a column |
 * variable
 *
 * A fixed slot holds the value as in a column, but: DECIMAL up to 18 digits takes 8 bytes, views
 * and nested values are { uint32 offset from the row's begin, uint32 length } into the variable
 * part, a bare NULL takes none.  A slot under a NULL is zero, so that equal rows are equal bytes.
 * Nested values are cells one after another: ARRAY, MAP, MULTISET begin with a uint32 count; a cell
 * is a byte (1: NULL) and then the value, strings with a uint32 length before them. */
#include "data/row.h"

#include "data/value.h"

#include <stdlib.h>

#define ROW_DECIMAL_SHORT_PRECISION 18
#define ROW_REFERENCE_SIZE 8
#define ROW_MULTISET_ITEMS_MAX (1 << 20)

struct row_slot {
    const struct sl_type *type;
    uint32_t offset, size;
    bool is_reference;
};

struct sl_row_layout {
    size_t count;
    uint32_t bitmap_size, fixed_size; /* fixed_size includes the bitmap */
    struct row_slot slots[];
};

static bool
row_is_reference(const struct sl_type *type)
{
    return sl_type_is_view(type->kind) || sl_type_is_nested(type->kind);
}

static uint32_t
row_slot_size(const struct sl_type *type)
{
    if (row_is_reference(type))
        return ROW_REFERENCE_SIZE;
    if (type->kind == SL_TYPE_NULL)
        return 0;
    if (type->kind == SL_TYPE_DECIMAL && type->precision <= ROW_DECIMAL_SHORT_PRECISION)
        return sizeof(int64_t);
    return (uint32_t)sl_type_width(type->kind);
}

const struct sl_row_layout *
sl_row_layout_new(struct sl_arena *arena, const struct sl_type *const *types, size_t count)
{
    struct sl_row_layout *layout =
        sl_arena_alloc(arena, sizeof(*layout) + count * sizeof(layout->slots[0]));
    uint32_t offset = (uint32_t)((count + 7) / 8);

    layout->count = count;
    layout->bitmap_size = offset;
    for (size_t i = 0; i < count; i++) {
        struct row_slot *slot = &layout->slots[i];

        slot->type = types[i];
        slot->offset = offset;
        slot->size = row_slot_size(types[i]);
        slot->is_reference = row_is_reference(types[i]);
        offset += slot->size;
    }
    layout->fixed_size = offset;
    return layout;
}

size_t
sl_row_layout_size(const struct sl_row_layout *layout, bool *ret_has_parts)
{
    *ret_has_parts = false;
    for (size_t i = 0; i < layout->count; i++)
        *ret_has_parts |= layout->slots[i].is_reference;
    return layout->fixed_size;
}

/* --- packing --- */

static const char *
row_value_at(const struct sl_column *column, size_t row)
{
    return (const char *)column->values + row * sl_type_width(column->type->kind);
}

static void row_pack_cell(const struct sl_column *column, size_t row, struct sl_buffer *to);

static void
row_pack_nested(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    struct sl_span span = {(uint32_t)row, 1};

    if (column->type->kind != SL_TYPE_ROW) {
        span = ((const struct sl_span *)column->values)[row];
        sl_buffer_add(to, &span.length, sizeof(span.length));
    }
    for (uint32_t i = 0; i < span.length; i++) {
        for (uint32_t child = 0; child < column->child_count; child++)
            row_pack_cell(column->children[child], span.start + i, to);
    }
}

static void
row_pack_cell(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    const struct sl_type *type = column->type;
    bool is_null = type->kind == SL_TYPE_NULL || sl_column_is_null(column, row);

    sl_buffer_add_byte(to, is_null);
    if (is_null)
        return;
    if (sl_type_is_nested(type->kind)) {
        row_pack_nested(column, row, to);
    } else if (sl_type_is_view(type->kind)) {
        const struct sl_view *view = (const struct sl_view *)column->values + row;

        sl_buffer_add(to, &view->length, sizeof(view->length));
        sl_buffer_add(to, sl_view_data(view), view->length);
    } else {
        sl_buffer_add(to, row_value_at(column, row), row_slot_size(type));
    }
}

void
sl_row_pack(const struct sl_row_layout *layout, struct sl_column *const *columns, size_t row,
            struct sl_buffer *to)
{
    size_t start = to->length;

    memset(sl_buffer_reserve(to, layout->fixed_size), 0, layout->fixed_size);
    to->length += layout->fixed_size;
    for (size_t i = 0; i < layout->count; i++) {
        const struct row_slot *slot = &layout->slots[i];
        const struct sl_column *column = columns[i];

        if (slot->type->kind == SL_TYPE_NULL || sl_column_is_null(column, row)) {
            char *byte = &to->data[start + i / 8];

            *byte = (char)(*byte | 1 << (i % 8));
        } else if (slot->is_reference) {
            uint32_t reference[2] = {(uint32_t)(to->length - start), 0};

            if (sl_type_is_nested(slot->type->kind)) {
                row_pack_nested(column, row, to);
            } else {
                const struct sl_view *view = (const struct sl_view *)column->values + row;

                sl_buffer_add(to, sl_view_data(view), view->length);
            }
            reference[1] = (uint32_t)(to->length - start) - reference[0];
            memcpy(to->data + start + slot->offset, reference, sizeof(reference));
        } else {
            memcpy(to->data + start + slot->offset, row_value_at(column, row), slot->size);
        }
    }
}

/* --- unpacking --- */

struct row_reader {
    struct sl_arena *arena;
    const char *next, *end;
};

static bool
row_take(struct row_reader *reader, void *to, size_t size)
{
    if ((size_t)(reader->end - reader->next) < size)
        return false;
    memcpy(to, reader->next, size);
    reader->next += size;
    return true;
}

static bool row_unpack_cell(struct row_reader *reader, const struct sl_type *type,
                            struct sl_value *value);

static bool
row_unpack_multiset(struct row_reader *reader, const struct sl_type *type, uint32_t count,
                    struct sl_value *value)
{
    struct sl_value *items = NULL;
    size_t used = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct sl_value item, times, *more;

        if (!row_unpack_cell(reader, type->element, &item) ||
            !row_unpack_cell(reader, &sl_type_int, &times) || times.is_null || times.integer < 0 ||
            times.integer + (int64_t)used > ROW_MULTISET_ITEMS_MAX)
            return false;
        more = SL_NEW_ARRAY(reader->arena, struct sl_value, used + (size_t)times.integer);
        if (used)
            memcpy(more, items, used * sizeof(*items));
        items = more;
        for (int64_t k = 0; k < times.integer; k++)
            items[used++] = item;
    }
    value->list.items = items;
    value->list.count = used;
    return true;
}

static bool
row_unpack_nested(struct row_reader *reader, const struct sl_type *type, struct sl_value *value)
{
    bool is_map = type->kind == SL_TYPE_MAP, is_row = type->kind == SL_TYPE_ROW;
    uint32_t count = 0;
    size_t total;

    if (is_row)
        total = type->field_count;
    else if (!row_take(reader, &count, sizeof(count)) ||
             count > (size_t)(reader->end - reader->next))
        return false; /* every item takes a byte at least */
    else
        total = is_map ? (size_t)count * 2 : count;
    if (type->kind == SL_TYPE_MULTISET)
        return row_unpack_multiset(reader, type, count, value);
    value->list.items = SL_NEW_ARRAY(reader->arena, struct sl_value, total);
    value->list.count = total;
    for (size_t i = 0; i < total; i++) {
        const struct sl_type *item_type = is_row                 ? type->fields[i].type
                                          : is_map && i % 2 == 0 ? type->key
                                                                 : type->element;

        if (!row_unpack_cell(reader, item_type, &value->list.items[i]))
            return false;
    }
    return true;
}

static bool
row_take_integer(struct row_reader *reader, size_t width, int64_t *ret_integer)
{
    int8_t i8;
    int16_t i16;
    int32_t i32;

    switch (width) {
    case 1:
        if (!row_take(reader, &i8, 1))
            return false;
        *ret_integer = i8;
        return true;
    case 2:
        if (!row_take(reader, &i16, 2))
            return false;
        *ret_integer = i16;
        return true;
    case 4:
        if (!row_take(reader, &i32, 4))
            return false;
        *ret_integer = i32;
        return true;
    default:
        return row_take(reader, ret_integer, 8);
    }
}

static bool
row_unpack_scalar(struct row_reader *reader, const struct sl_type *type, struct sl_value *value)
{
    float real;
    int64_t integer;
    uint32_t length;

    switch (type->kind) {
    case SL_TYPE_FLOAT:
        if (!row_take(reader, &real, sizeof(real)))
            return false;
        value->real = (double)real;
        return true;
    case SL_TYPE_DOUBLE:
        return row_take(reader, &value->real, sizeof(value->real));
    case SL_TYPE_DECIMAL:
        if (row_slot_size(type) == sizeof(sl_int128))
            return row_take(reader, &value->decimal, sizeof(value->decimal));
        if (!row_take(reader, &integer, sizeof(integer)))
            return false;
        value->decimal = integer;
        return true;
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        if (!row_take(reader, &length, sizeof(length)) ||
            length > (size_t)(reader->end - reader->next))
            return false;
        value->text = (struct sl_text){reader->next, length};
        reader->next += length;
        return true;
    default:
        if (!row_take_integer(reader, sl_type_width(type->kind), &integer))
            return false;
        if (type->kind == SL_TYPE_BOOLEAN)
            value->boolean = integer != 0;
        else
            value->integer = integer;
        return true;
    }
}

static bool
row_unpack_cell(struct row_reader *reader, const struct sl_type *type, struct sl_value *value)
{
    uint8_t is_null;

    *value = sl_value_null(type);
    if (!row_take(reader, &is_null, 1) || is_null > 1)
        return false;
    if (is_null)
        return true;
    if (type->kind == SL_TYPE_NULL)
        return false;
    value->is_null = false;
    return sl_type_is_nested(type->kind) ? row_unpack_nested(reader, type, value)
                                         : row_unpack_scalar(reader, type, value);
}

static bool
row_is_null(struct sl_text row, size_t column)
{
    return row.start[column / 8] >> (column % 8) & 1;
}

/* The bytes that a reference slot names; false when they lie outside the row. */
static bool
row_reference(const struct sl_row_layout *layout, const struct row_slot *slot, struct sl_text row,
              struct sl_text *ret_bytes)
{
    uint32_t reference[2];

    memcpy(reference, row.start + slot->offset, sizeof(reference));
    if (reference[0] < layout->fixed_size || reference[0] > row.length ||
        reference[1] > row.length - reference[0])
        return false;
    *ret_bytes = (struct sl_text){row.start + reference[0], reference[1]};
    return true;
}

static struct sl_column *
row_unpack_nested_column(const struct sl_row_layout *layout, const struct row_slot *slot,
                         struct sl_pool *pool, const struct sl_text *rows, size_t row_count)
{
    struct sl_column_builder *builder = sl_column_builder_new(pool, slot->type, row_count);
    size_t column = (size_t)(slot - layout->slots);
    struct sl_column *result;
    struct sl_arena arena;
    bool good = true;

    sl_arena_init(&arena);
    for (size_t i = 0; i < row_count && good; i++) {
        struct sl_value value = sl_value_null(slot->type);
        struct sl_text bytes;

        if (!row_is_null(rows[i], column)) {
            struct row_reader reader = {.arena = &arena};

            value.is_null = false;
            good = row_reference(layout, slot, rows[i], &bytes);
            if (good) {
                reader.next = bytes.start;
                reader.end = bytes.start + bytes.length;
                good = row_unpack_nested(&reader, slot->type, &value) && reader.next == reader.end;
            }
        }
        if (good)
            sl_column_builder_add(builder, &value);
    }
    sl_arena_done(&arena);
    result = sl_column_builder_end(builder);
    if (good)
        return result;
    sl_column_unref(result);
    return NULL;
}

static void
row_unpack_fixed(const struct row_slot *slot, struct sl_text row, struct sl_column *column,
                 size_t at)
{
    size_t width = sl_type_width(slot->type->kind);
    int64_t integer;

    if (slot->size == width) {
        memcpy((char *)column->values + at * width, row.start + slot->offset, width);
    } else {
        memcpy(&integer, row.start + slot->offset, sizeof(integer));
        ((sl_int128 *)column->values)[at] = integer;
    }
}

/* NULL: a row is damaged. */
static struct sl_column *
row_unpack_column(const struct sl_row_layout *layout, const struct row_slot *slot,
                  struct sl_pool *pool, const struct sl_text *rows, size_t row_count)
{
    size_t index = (size_t)(slot - layout->slots);
    struct sl_heap_writer writer;
    struct sl_column *column;

    if (sl_type_is_nested(slot->type->kind))
        return row_unpack_nested_column(layout, slot, pool, rows, row_count);
    column = sl_column_new(pool, slot->type, row_count, false);
    sl_heap_writer_init(&writer, pool, column);
    for (size_t i = 0; i < row_count; i++) {
        struct sl_text bytes;

        if (row_is_null(rows[i], index)) {
            sl_validity_set(sl_column_add_validity(column, pool), i, false);
        } else if (slot->is_reference) {
            if (!row_reference(layout, slot, rows[i], &bytes)) {
                sl_column_unref(column);
                return NULL;
            }
            ((struct sl_view *)column->values)[i] =
                sl_heap_writer_copy(&writer, bytes.start, bytes.length);
        } else {
            row_unpack_fixed(slot, rows[i], column, i);
        }
    }
    return column;
}

int
sl_row_unpack(const struct sl_row_layout *layout, struct sl_pool *pool, const struct sl_text *rows,
              size_t row_count, struct sl_column **ret_columns, struct sl_error *err)
{
    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].length < layout->fixed_size)
            return SL_ERROR(err, SL_E_DATA_CORRUPTED,
                            "packed row of %zu bytes is shorter than its fixed part of %u bytes",
                            rows[i].length, layout->fixed_size);
    }
    for (size_t c = 0; c < layout->count; c++) {
        ret_columns[c] = row_unpack_column(layout, &layout->slots[c], pool, rows, row_count);
        if (ret_columns[c] == NULL) {
            while (c-- > 0) {
                sl_column_unref(ret_columns[c]);
                ret_columns[c] = NULL;
            }
            return SL_ERROR(err, SL_E_DATA_CORRUPTED,
                            "a packed row refers to bytes outside itself");
        }
    }
    return SL_OK;
}
