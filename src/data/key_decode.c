/* Memcomparable keys of nested values back into values: see key.c for the form.  Keys were written
 * by key.c and are whole. */
#include "data/row.h"
#include "data/value.h"

#include <math.h>

struct key_reader {
    struct sl_arena *arena;
    const char *next, *end;
};

static void key_read_cell(struct key_reader *reader, const struct sl_type *type,
                          struct sl_value *value);

static uint64_t
key_take_u64(struct key_reader *reader, size_t width)
{
    uint64_t bits = 0;

    SL_ASSERT((size_t)(reader->end - reader->next) >= width);
    for (size_t i = 0; i < width; i++)
        bits = bits << 8 | (unsigned char)*reader->next++;
    return bits;
}

static int64_t
key_take_integer(struct key_reader *reader, size_t width)
{
    unsigned shift = (unsigned)(64 - 8 * width);
    uint64_t bits = key_take_u64(reader, width) ^ UINT64_C(1) << (8 * width - 1);

    return (int64_t)(bits << shift) >> shift;
}

static double
key_take_real(struct key_reader *reader)
{
    uint64_t bits = key_take_u64(reader, 8);
    double real;

    bits = bits >> 63 ? bits & ~(UINT64_C(1) << 63) : ~bits;
    memcpy(&real, &bits, sizeof(real));
    return real;
}

/* How long the text is as it is written, without its end. */
static size_t
key_text_size(const struct key_reader *reader)
{
    const char *at = reader->next;

    for (;;) {
        at = memchr(at, 0, (size_t)(reader->end - at));
        SL_ASSERT(at && at + 1 < reader->end);
        if (at[1] == 0)
            return (size_t)(at - reader->next);
        at += 2;
    }
}

static struct sl_text
key_take_text(struct key_reader *reader)
{
    size_t size = key_text_size(reader), length = 0;
    char *text = sl_arena_alloc_raw(reader->arena, size + 1);

    for (size_t i = 0; i < size; i++) {
        text[length++] = reader->next[i];
        i += reader->next[i] == 0; /* 00 FF is one 00 */
    }
    reader->next += size + 2;
    return (struct sl_text){text, length};
}

static void
key_push(struct key_reader *reader, struct sl_value *list, size_t *capacity,
         const struct sl_value *item)
{
    if (list->list.count == *capacity) {
        struct sl_value *items;

        *capacity = SL_MAX(2 * *capacity, (size_t)8);
        items = SL_NEW_ARRAY(reader->arena, struct sl_value, *capacity);
        if (list->list.count)
            memcpy(items, list->list.items, list->list.count * sizeof(*items));
        list->list.items = items;
    }
    list->list.items[list->list.count++] = *item;
}

/* Cells up to the byte 0.  Of a MULTISET an item stands once and its number behind it. */
static void
key_read_cells(struct key_reader *reader, const struct sl_type *type, struct sl_value *value)
{
    size_t capacity = 0;

    while (*reader->next++ != 0) {
        struct sl_value item, times;

        key_read_cell(reader, type->kind == SL_TYPE_MAP ? type->key : type->element, &item);
        if (type->kind != SL_TYPE_MULTISET)
            key_push(reader, value, &capacity, &item);
        if (type->kind == SL_TYPE_MAP) {
            key_read_cell(reader, type->element, &item);
            key_push(reader, value, &capacity, &item);
        } else if (type->kind == SL_TYPE_MULTISET) {
            key_read_cell(reader, &sl_type_int, &times);
            for (int64_t i = 0; i < times.integer; i++)
                key_push(reader, value, &capacity, &item);
        }
    }
}

static void
key_read_value(struct key_reader *reader, const struct sl_type *type, struct sl_value *value)
{
    unsigned __int128 high;

    switch (type->kind) {
    case SL_TYPE_BOOLEAN:
        value->boolean = key_take_u64(reader, 1) != 0;
        break;
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
        value->real = key_take_real(reader);
        break;
    case SL_TYPE_DECIMAL:
        high = key_take_u64(reader, 8) ^ UINT64_C(1) << 63;
        value->decimal = (sl_int128)(high << 64 | key_take_u64(reader, 8));
        break;
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        value->text = key_take_text(reader);
        break;
    case SL_TYPE_ARRAY:
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
        key_read_cells(reader, type, value);
        break;
    case SL_TYPE_ROW:
        value->list.items = SL_NEW_ARRAY(reader->arena, struct sl_value, type->field_count + 1);
        value->list.count = type->field_count;
        for (size_t i = 0; i < type->field_count; i++)
            key_read_cell(reader, type->fields[i].type, &value->list.items[i]);
        break;
    default:
        value->integer = key_take_integer(reader, sl_type_width(type->kind));
    }
}

static void
key_read_cell(struct key_reader *reader, const struct sl_type *type, struct sl_value *value)
{
    *value = sl_value_null(type);
    if (*reader->next++ == 0)
        return;
    value->is_null = false;
    key_read_value(reader, type, value);
}

const char *
sl_key_decode(struct sl_arena *arena, const struct sl_type *type, const char *from, const char *end,
              struct sl_value *ret_value)
{
    struct key_reader reader = {arena, from, end};

    key_read_cell(&reader, type, ret_value);
    return reader.next;
}
