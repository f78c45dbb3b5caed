/* Memcomparable keys: see key_codec.h.  Column by column: first the sizes, then the bytes. */
#include "storage/key_codec.h"

#include "data/row.h"
#include "data/value.h"

#include <endian.h>
#include <stdlib.h>

void
sl_key_bytes_init(struct sl_key_bytes *keys)
{
    *keys = (struct sl_key_bytes){0};
}

void
sl_key_bytes_done(struct sl_key_bytes *keys)
{
    free(keys->bytes);
    free(keys->offsets);
    *keys = (struct sl_key_bytes){0};
}

static size_t
key_physical_row(const uint16_t *rows, size_t i)
{
    return rows ? rows[i] : i;
}

static size_t
key_count_zeros(const char *data, size_t length)
{
    size_t zeros = 0;

    for (const char *at = memchr(data, 0, length); at; zeros++) {
        size_t rest = length - (size_t)(at + 1 - data);

        at = rest ? memchr(at + 1, 0, rest) : NULL;
    }
    return zeros;
}

/* --- sizes --- */

static size_t
key_view_size(const struct sl_view *view)
{
    return 2 + view->length + key_count_zeros(sl_view_data(view), view->length);
}

/* Nested values are encoded by data/key.c, once for their sizes and once for their bytes: they are
 * rare as keys. */
static void
key_add_nested_sizes(const struct sl_column *column, const uint16_t *rows, size_t row_count,
                     uint32_t *sizes)
{
    struct sl_column *columns[1] = {(struct sl_column *)column};
    struct sl_buffer cell;

    sl_buffer_init(&cell, SIZE_MAX / 2);
    for (size_t i = 0; i < row_count; i++) {
        sl_buffer_reset(&cell);
        sl_key_encode(columns, 1, key_physical_row(rows, i), &cell);
        sizes[i] += (uint32_t)cell.length;
    }
    sl_buffer_done(&cell);
}

/* Adds the size of each row's value of one column to sizes[]. */
static void
key_add_sizes(const struct sl_column *column, const uint16_t *rows, size_t row_count,
              uint32_t *sizes)
{
    bool is_view = sl_type_is_view(column->type->kind);
    uint32_t width = (uint32_t)sl_type_width(column->type->kind);
    const struct sl_view *views = column->values;

    if (sl_type_is_nested(column->type->kind)) {
        key_add_nested_sizes(column, rows, row_count, sizes);
        return;
    }
    if (!is_view && !column->validity) {
        for (size_t i = 0; i < row_count; i++)
            sizes[i] += 1 + width;
        return;
    }
    for (size_t i = 0; i < row_count; i++) {
        size_t row = key_physical_row(rows, i);

        sizes[i] += 1;
        if (!sl_column_is_null(column, row))
            sizes[i] += is_view ? (uint32_t)key_view_size(&views[row]) : width;
    }
}

/* --- writing --- */

static char *
key_write_view(char *to, const struct sl_view *view)
{
    const char *data = sl_view_data(view);
    size_t left = view->length;

    while (left) {
        const char *zero = memchr(data, 0, left);
        size_t run = zero ? (size_t)(zero - data) : left;

        memcpy(to, data, run);
        to += run;
        data += run;
        left -= run;
        if (zero) {
            *to++ = 0;
            *to++ = (char)0xff;
            data++;
            left--;
        }
    }
    *to++ = 0;
    *to++ = 0;
    return to;
}

static uint64_t
key_fold_double(double value)
{
    uint64_t bits;

    value = value == 0 ? 0 : value; /* -0 is 0 */
    value = value != value ? __builtin_nan("") : value;
    memcpy(&bits, &value, sizeof(bits));
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double
key_unfold_double(uint64_t bits)
{
    double value;

    bits = bits >> 63 ? bits & ~(UINT64_C(1) << 63) : ~bits;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t
key_fold_float(float value)
{
    uint32_t bits;

    value = value == 0 ? 0 : value;
    value = value != value ? __builtin_nanf("") : value;
    memcpy(&bits, &value, sizeof(bits));
    return bits >> 31 ? ~bits : bits | UINT32_C(1) << 31;
}

static float
key_unfold_float(uint32_t bits)
{
    float value;

    bits = bits >> 31 ? bits & ~(UINT32_C(1) << 31) : ~bits;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static char *
key_write_fixed(char *to, enum sl_type_kind kind, const char *value)
{
    uint64_t wide;
    uint32_t word;
    uint16_t half;

    switch (sl_type_width(kind)) {
    case 1:
        *to = (char)(*value ^ (kind == SL_TYPE_TINYINT ? (char)0x80 : 0));
        return to + 1;
    case 2:
        memcpy(&half, value, 2);
        half = htobe16((uint16_t)(half ^ 0x8000));
        memcpy(to, &half, 2);
        return to + 2;
    case 4:
        memcpy(&word, value, 4);
        if (kind == SL_TYPE_FLOAT) {
            float real;

            memcpy(&real, value, 4);
            word = key_fold_float(real);
        } else {
            word ^= UINT32_C(0x80000000);
        }
        word = htobe32(word);
        memcpy(to, &word, 4);
        return to + 4;
    case 8:
        memcpy(&wide, value, 8);
        if (kind == SL_TYPE_DOUBLE) {
            double real;

            memcpy(&real, value, 8);
            wide = key_fold_double(real);
        } else {
            wide ^= UINT64_C(1) << 63;
        }
        wide = htobe64(wide);
        memcpy(to, &wide, 8);
        return to + 8;
    default: /* DECIMAL: the high word first */
        memcpy(&wide, value + 8, 8);
        wide = htobe64(wide ^ UINT64_C(1) << 63);
        memcpy(to, &wide, 8);
        memcpy(&wide, value, 8);
        wide = htobe64(wide);
        memcpy(to + 8, &wide, 8);
        return to + 16;
    }
}

/* The commonest keys without a call a row. */
static void
key_write_bigints(const struct sl_column *column, const uint16_t *rows, size_t row_count,
                  char *bytes, uint32_t *cursors)
{
    const uint64_t *values = column->values;

    for (size_t i = 0; i < row_count; i++) {
        uint64_t wide = htobe64(values[key_physical_row(rows, i)] ^ UINT64_C(1) << 63);
        char *to = bytes + cursors[i];

        *to = 1;
        memcpy(to + 1, &wide, 8);
        cursors[i] += 9;
    }
}

static void
key_write_nested(const struct sl_column *column, const uint16_t *rows, size_t row_count,
                 char *bytes, uint32_t *cursors)
{
    struct sl_column *columns[1] = {(struct sl_column *)column};
    struct sl_buffer cell;

    sl_buffer_init(&cell, SIZE_MAX / 2);
    for (size_t i = 0; i < row_count; i++) {
        sl_buffer_reset(&cell);
        sl_key_encode(columns, 1, key_physical_row(rows, i), &cell);
        memcpy(bytes + cursors[i], cell.data, cell.length);
        cursors[i] += (uint32_t)cell.length;
    }
    sl_buffer_done(&cell);
}

static void
key_write_column(const struct sl_column *column, const uint16_t *rows, size_t row_count,
                 char *bytes, uint32_t *cursors)
{
    enum sl_type_kind kind = column->type->kind;
    size_t width = sl_type_width(kind);
    bool is_view = sl_type_is_view(kind);

    if (sl_type_is_nested(kind)) {
        key_write_nested(column, rows, row_count, bytes, cursors);
        return;
    }
    if (!is_view && width == 8 && kind != SL_TYPE_DOUBLE && !column->validity) {
        key_write_bigints(column, rows, row_count, bytes, cursors);
        return;
    }
    for (size_t i = 0; i < row_count; i++) {
        size_t row = key_physical_row(rows, i);
        const char *value = (const char *)column->values + row * width;
        char *to = bytes + cursors[i];

        if (sl_column_is_null(column, row)) {
            *to++ = 0;
        } else {
            *to++ = 1;
            to = is_view ? key_write_view(to, (const struct sl_view *)value)
                         : key_write_fixed(to, kind, value);
        }
        cursors[i] = (uint32_t)(to - bytes);
    }
}

static void
key_bytes_reserve(struct sl_key_bytes *keys, size_t row_count)
{
    if (keys->offset_capacity < 2 * row_count + 2) {
        keys->offset_capacity = 2 * row_count + 2;
        keys->offsets = sl_realloc(keys->offsets, keys->offset_capacity * sizeof(uint32_t));
    }
}

static void
key_bytes_reserve_total(struct sl_key_bytes *keys, uint32_t total)
{
    if (keys->byte_capacity >= total + 64u)
        return;
    keys->byte_capacity = 2 * (size_t)total + 64;
    keys->bytes = sl_realloc(keys->bytes, keys->byte_capacity);
}

void
sl_key_bytes_copy(const struct sl_text *texts, size_t count, struct sl_key_bytes *keys)
{
    uint32_t total = 0;

    key_bytes_reserve(keys, count);
    for (size_t i = 0; i < count; i++) {
        keys->offsets[i] = total;
        total += (uint32_t)texts[i].length;
    }
    keys->offsets[count] = total;
    keys->count = count;
    key_bytes_reserve_total(keys, total);
    for (size_t i = 0; i < count; i++)
        memcpy(keys->bytes + keys->offsets[i], texts[i].start, texts[i].length);
}

static void
key_write_heads(const struct sl_text *heads, size_t row_count, char *bytes, uint32_t *cursors)
{
    for (size_t i = 0; i < row_count; i++) {
        memcpy(bytes + cursors[i], heads[i].start, heads[i].length);
        cursors[i] += (uint32_t)heads[i].length;
    }
}

void
sl_key_codec_encode(const struct sl_key_codec *codec, struct sl_column *const *columns,
                    const uint16_t *rows, size_t row_count, struct sl_key_bytes *keys)
{
    sl_key_codec_encode_behind(codec, NULL, 0, columns, rows, row_count, keys);
}

void
sl_key_codec_encode_behind(const struct sl_key_codec *codec, const struct sl_text *heads,
                           size_t head_count, struct sl_column *const *columns,
                           const uint16_t *rows, size_t row_count, struct sl_key_bytes *keys)
{
    uint32_t *sizes, *cursors, total = 0;

    key_bytes_reserve(keys, row_count);
    sizes = keys->offsets;
    cursors = keys->offsets + row_count + 1;
    for (size_t i = 0; i < row_count; i++)
        sizes[i] = heads ? (uint32_t)heads[i].length : 0;
    for (size_t c = head_count; c < codec->count; c++)
        key_add_sizes(columns[c], rows, row_count, sizes);
    for (size_t i = 0; i < row_count; i++) {
        uint32_t size = sizes[i];

        sizes[i] = cursors[i] = total;
        total += size;
    }
    sizes[row_count] = total;
    keys->count = row_count;
    key_bytes_reserve_total(keys, total);
    if (heads)
        key_write_heads(heads, row_count, keys->bytes, cursors);
    for (size_t c = head_count; c < codec->count; c++)
        key_write_column(columns[c], rows, row_count, keys->bytes, cursors);
}

/* --- reading back --- */

static const char *
key_read_fixed(const char *from, enum sl_type_kind kind, char *value)
{
    uint64_t wide;
    uint32_t word;
    uint16_t half;

    switch (sl_type_width(kind)) {
    case 1:
        *value = (char)(*from ^ (kind == SL_TYPE_TINYINT ? (char)0x80 : 0));
        return from + 1;
    case 2:
        memcpy(&half, from, 2);
        half = (uint16_t)(be16toh(half) ^ 0x8000);
        memcpy(value, &half, 2);
        return from + 2;
    case 4:
        memcpy(&word, from, 4);
        word = be32toh(word);
        if (kind == SL_TYPE_FLOAT) {
            float real = key_unfold_float(word);

            memcpy(value, &real, 4);
        } else {
            word ^= UINT32_C(0x80000000);
            memcpy(value, &word, 4);
        }
        return from + 4;
    case 8:
        memcpy(&wide, from, 8);
        wide = be64toh(wide);
        if (kind == SL_TYPE_DOUBLE) {
            double real = key_unfold_double(wide);

            memcpy(value, &real, 8);
        } else {
            wide ^= UINT64_C(1) << 63;
            memcpy(value, &wide, 8);
        }
        return from + 8;
    default:
        memcpy(&wide, from, 8);
        wide = be64toh(wide) ^ UINT64_C(1) << 63;
        memcpy(value + 8, &wide, 8);
        memcpy(&wide, from + 8, 8);
        wide = be64toh(wide);
        memcpy(value, &wide, 8);
        return from + 16;
    }
}

static const char *
key_read_view(const char *from, const char *end, struct sl_heap_writer *writer,
              struct sl_view *ret_view)
{
    char *to = sl_heap_writer_reserve(writer, (size_t)(end - from));
    size_t length = 0;

    for (;;) {
        const char *zero = memchr(from, 0, (size_t)(end - from));
        size_t run;

        SL_ASSERT(zero && zero + 1 < end);
        run = (size_t)(zero - from);
        memcpy(to + length, from, run);
        length += run;
        from = zero + 2;
        if (zero[1] == 0)
            break;
        to[length++] = 0;
    }
    *ret_view = sl_view_of(to, length);
    sl_heap_writer_commit(writer, length > SL_VIEW_INLINE_MAX ? length : 0);
    return from;
}

static struct sl_column *
key_decode_nested(const struct sl_type *type, struct sl_pool *pool, const struct sl_text *keys,
                  size_t key_count, uint32_t *cursors)
{
    struct sl_column_builder *builder = sl_column_builder_new(pool, type, key_count);
    struct sl_arena arena;

    sl_arena_init(&arena);
    for (size_t i = 0; i < key_count; i++) {
        struct sl_value value;
        const char *next = sl_key_decode(&arena, type, keys[i].start + cursors[i],
                                         keys[i].start + keys[i].length, &value);

        cursors[i] = (uint32_t)(next - keys[i].start);
        sl_column_builder_add(builder, &value);
    }
    sl_arena_done(&arena);
    return sl_column_builder_end(builder);
}

static void
key_decode_column(const struct sl_type *type, struct sl_pool *pool, const struct sl_text *keys,
                  size_t key_count, uint32_t *cursors, struct sl_column **ret_column)
{
    size_t width = sl_type_width(type->kind);
    struct sl_heap_writer writer;
    struct sl_column *column;

    if (sl_type_is_nested(type->kind)) {
        *ret_column = key_decode_nested(type, pool, keys, key_count, cursors);
        return;
    }
    column = sl_column_new(pool, type, key_count, false);
    sl_heap_writer_init(&writer, pool, column);
    for (size_t i = 0; i < key_count; i++) {
        const char *from = keys[i].start + cursors[i];
        char *value = (char *)column->values + i * width;

        if (*from++ == 0) {
            sl_validity_set(sl_column_add_validity(column, pool), i, false);
            memset(value, 0, width);
        } else if (sl_type_is_view(type->kind)) {
            from = key_read_view(from, keys[i].start + keys[i].length, &writer,
                                 (struct sl_view *)value);
        } else {
            from = key_read_fixed(from, type->kind, value);
        }
        cursors[i] = (uint32_t)(from - keys[i].start);
    }
    *ret_column = column;
}

void
sl_key_codec_decode(const struct sl_key_codec *codec, struct sl_pool *pool,
                    const struct sl_text *keys, size_t key_count, struct sl_column **ret_columns)
{
    uint32_t *cursors = sl_alloc_zeroed(key_count * sizeof(*cursors));

    for (size_t c = 0; c < codec->count; c++)
        key_decode_column(codec->types[c], pool, keys, key_count, cursors, &ret_columns[c]);
    free(cursors);
}
