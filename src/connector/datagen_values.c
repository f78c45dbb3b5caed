/* Columns of made-up values: a column at a time, the loops over rows in the leaves.  Values of
 * nested types are columns of as many values as all rows together hold. */
#include "connector/datagen_internal.h"
#include "data/decimal.h"
#include "data/row.h"
#include "data/time.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

/* --- chance --- */

static inline uint64_t
datagen_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A number in [0, range), range 0: any (Lemire's multiply-shift). */
static inline uint64_t
datagen_below(uint64_t *state, uint64_t range)
{
    uint64_t value = datagen_next(state);

    return range ? (uint64_t)((unsigned __int128)value * range >> 64) : value;
}

/* A number in [0, 1). */
static inline double
datagen_unit(uint64_t *state)
{
    return (double)(datagen_next(state) >> 11) * 0x1p-53;
}

/* --- numbers --- */

static void
datagen_fill_integers(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                      int64_t *to, size_t count)
{
    uint64_t min = (uint64_t)(int64_t)field->min, range = (uint64_t)(int64_t)field->max - min + 1;
    uint64_t state = maker->random;

    if (field->is_sequence)
        for (size_t i = 0; i < count; i++)
            to[i] = field->start + maker->first + (int64_t)i * maker->step;
    else
        for (size_t i = 0; i < count; i++)
            to[i] = (int64_t)(min + datagen_below(&state, range));
    maker->random = state;
}

static void
datagen_fill_decimals(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                      sl_int128 *to, size_t count)
{
    unsigned __int128 range = (unsigned __int128)(field->max - field->min) + 1;
    sl_int128 unit = sl_decimal_power10(field->type->scale);

    for (size_t i = 0; i < count; i++) {
        unsigned __int128 high = range >> 64 ? datagen_next(&maker->random) : 0;

        if (field->is_sequence)
            to[i] = (field->start + maker->first + (int64_t)i * maker->step) * unit;
        else if (range >> 64)
            to[i] = field->min + (sl_int128)((high << 64 | datagen_next(&maker->random)) % range);
        else
            to[i] = field->min + (sl_int128)datagen_below(&maker->random, (uint64_t)range);
    }
}

static void
datagen_fill_times(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                   int64_t *to, size_t count)
{
    int64_t now = sl_now_us(maker->env), us_of_day, unit = 1, day;
    enum sl_type_kind kind = field->type->kind;

    if (maker->zone && (kind == SL_TYPE_DATE || kind == SL_TYPE_TIME))
        now += sl_zone_offset_us(maker->zone, now);
    day = sl_timestamp_floor_day(now, &us_of_day);
    for (int32_t digits = field->type->precision; digits < 6; digits++)
        unit *= 10;
    for (size_t i = 0; i < count; i++) {
        if (kind == SL_TYPE_DATE)
            to[i] = day;
        else if (kind == SL_TYPE_TIME)
            to[i] = us_of_day / SL_US_PER_SECOND * SL_US_PER_SECOND;
        else
            to[i] = now - (field->max_past_us ? (int64_t)datagen_below(&maker->random,
                                                                       (uint64_t)field->max_past_us)
                                              : 0);
        if (sl_type_is_timestamp(kind))
            to[i] -= ((to[i] % unit) + unit) % unit;
    }
}

static void
datagen_fill_reals(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                   struct sl_column *column, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double unit = datagen_unit(&maker->random);
        /* Half and half, for max - min may be out of range. */
        double real = field->real_min * (1 - unit) + field->real_max * unit;

        if (field->is_sequence)
            real = (double)(field->start + maker->first + (int64_t)i * maker->step);
        if (field->type->kind == SL_TYPE_FLOAT)
            ((float *)column->values)[i] = (float)real;
        else
            ((double *)column->values)[i] = real;
    }
}

/* 64-bit values into a column of narrower ones, or of microseconds for milliseconds. */
static void
datagen_store(struct sl_column *column, const int64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        switch (column->type->kind) {
        case SL_TYPE_BOOLEAN:
            ((uint8_t *)column->values)[i] = (uint8_t)(from[i] & 1);
            break;
        case SL_TYPE_TINYINT:
            ((int8_t *)column->values)[i] = (int8_t)from[i];
            break;
        case SL_TYPE_SMALLINT:
            ((int16_t *)column->values)[i] = (int16_t)from[i];
            break;
        case SL_TYPE_INTERVAL_DAY:
            ((int64_t *)column->values)[i] = from[i] * SL_US_PER_MS;
            break;
        default:
            ((int32_t *)column->values)[i] = (int32_t)from[i];
        }
    }
}

static void
datagen_fill_whole(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                   struct sl_column *column, size_t count)
{
    enum sl_type_kind kind = field->type->kind;
    bool is_time = kind == SL_TYPE_DATE || kind == SL_TYPE_TIME || sl_type_is_timestamp(kind);
    bool is_wide = kind == SL_TYPE_BIGINT || kind == SL_TYPE_TIME || sl_type_is_timestamp(kind);
    int64_t *to = is_wide ? column->values : sl_alloc((count + 1) * sizeof(*to));

    if (is_time)
        datagen_fill_times(maker, field, to, count);
    else
        datagen_fill_integers(maker, field, to, count);
    if (is_wide)
        return;
    datagen_store(column, to, count);
    free(to);
}

/* --- texts and bytes --- */

static void
datagen_fill_text(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                  struct sl_column *column, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    bool is_text = sl_type_is_text(field->type->kind);
    struct sl_view *views = column->values;
    struct sl_heap_writer writer;

    sl_heap_writer_init(&writer, maker->pool, column);
    for (size_t i = 0; i < count; i++) {
        uint32_t length = field->length;
        char *to;

        if (field->length_varies && length)
            length = 1 + (uint32_t)datagen_below(&maker->random, length);
        to = sl_heap_writer_reserve(&writer, length);
        for (uint32_t at = 0; at < length; at += is_text ? 16 : 8) {
            uint64_t bits = datagen_next(&maker->random);

            if (is_text)
                for (uint32_t k = at; k < SL_MIN(at + 16, length); k++, bits >>= 4)
                    to[k] = digits[bits & 15];
            else
                memcpy(to + at, &bits, SL_MIN(length - at, (uint32_t)sizeof(bits)));
        }
        views[i] = sl_view_of(to, length);
        sl_heap_writer_commit(&writer, length > SL_VIEW_INLINE_MAX ? length : 0);
    }
}

/* Texts are decimal, bytes the eight of the number, the highest first. */
static void
datagen_fill_text_sequence(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                           struct sl_column *column, size_t count)
{
    struct sl_view *views = column->values;
    struct sl_heap_writer writer;

    sl_heap_writer_init(&writer, maker->pool, column);
    for (size_t i = 0; i < count; i++) {
        int64_t number = field->start + maker->first + (int64_t)i * maker->step;
        uint64_t bytes = htobe64((uint64_t)number);
        char text[24];

        if (sl_type_is_text(field->type->kind))
            views[i] = sl_heap_writer_copy(
                &writer, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)number));
        else
            views[i] = sl_view_of((const char *)&bytes, sizeof(bytes));
    }
}

/* --- nested types --- */

/* Spans of `length` values each. */
static void
datagen_fill_spans(struct sl_column *column, size_t count, uint32_t length)
{
    struct sl_span *spans = column->values;

    for (size_t i = 0; i < count; i++)
        spans[i] = (struct sl_span){(uint32_t)i * length, length};
}

/* A set of hashes that is emptied at once. */
struct datagen_seen {
    uint64_t *hashes;
    uint32_t *rounds;
    size_t mask;
};

static bool
datagen_is_new(struct datagen_seen *seen, uint32_t round, uint64_t hash)
{
    size_t at = hash & seen->mask;

    for (; seen->rounds[at] == round; at = (at + 1) & seen->mask) {
        if (seen->hashes[at] == hash)
            return false;
    }
    seen->rounds[at] = round;
    seen->hashes[at] = hash;
    return true;
}

/* Of `length` keys a row keeps those that are different: their rows, and the spans over them.  Keys
 * of one hash count as one, which loses an entry and harms nobody. */
static size_t
datagen_keep_distinct(struct sl_column *keys, struct sl_column *column, size_t count,
                      uint32_t length, uint32_t *rows)
{
    struct sl_span *spans = column->values;
    uint64_t *hashes = sl_alloc((keys->row_count + 1) * sizeof(*hashes));
    struct datagen_seen seen = {.mask = 1};
    size_t used = 0;

    while (seen.mask < 2 * (size_t)length)
        seen.mask *= 2;
    seen.hashes = sl_alloc(seen.mask * sizeof(*seen.hashes));
    seen.rounds = sl_alloc_zeroed(seen.mask * sizeof(*seen.rounds));
    seen.mask--;
    sl_hash_rows(&keys, 1, NULL, keys->row_count, hashes);
    for (uint32_t i = 0; i < count; i++) {
        spans[i].start = (uint32_t)used;
        for (uint32_t k = i * length; k < (i + 1) * length; k++) {
            if (datagen_is_new(&seen, i + 1, hashes[k]))
                rows[used++] = k;
        }
        spans[i].length = (uint32_t)used - spans[i].start;
    }
    free(hashes);
    free(seen.hashes);
    free(seen.rounds);
    return used;
}

/* MAP and MULTISET: distinct keys or elements, and a value or count for each. */
static void
datagen_fill_map(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                 struct sl_column *column, size_t count)
{
    static const struct sl_datagen_field counts = {.type = &sl_type_int, .min = 1, .max = 10};
    size_t key_count = count * field->length, used;
    struct sl_column *keys = sl_datagen_column(maker, &field->children[0], key_count);
    uint32_t *rows = sl_alloc((key_count + 1) * sizeof(*rows));

    used = datagen_keep_distinct(keys, column, count, field->length, rows);
    if (used == key_count) {
        column->children[0] = keys;
    } else {
        column->children[0] = sl_column_gather(maker->pool, keys, rows, used, false);
        sl_column_unref(keys);
    }
    free(rows);
    column->children[1] = sl_datagen_column(
        maker, field->type->kind == SL_TYPE_MAP ? &field->children[1] : &counts, used);
}

static void
datagen_fill_nested(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                    struct sl_column *column, size_t count)
{
    switch (field->type->kind) {
    case SL_TYPE_ARRAY:
        datagen_fill_spans(column, count, field->length);
        column->children[0] = sl_datagen_column(maker, &field->children[0], count * field->length);
        break;
    case SL_TYPE_ROW:
        for (size_t i = 0; i < field->child_count; i++)
            column->children[i] = sl_datagen_column(maker, &field->children[i], count);
        break;
    default:
        datagen_fill_map(maker, field, column, count);
        break;
    }
}

/* --- NULLs --- */

/* The fields of a row that is NULL are NULL. */
static void
datagen_push_nulls(struct sl_pool *pool, const struct sl_column *row)
{
    for (uint32_t i = 0; i < row->child_count; i++) {
        struct sl_column *child = row->children[i];
        uint64_t *validity = sl_column_add_validity(child, pool);

        for (size_t k = 0; k < SL_VALIDITY_WORDS((size_t)row->row_count); k++)
            validity[k] &= row->validity[k];
        if (child->type->kind == SL_TYPE_ROW)
            datagen_push_nulls(pool, child);
    }
}

static void
datagen_add_nulls(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                  struct sl_column *column, size_t count)
{
    uint64_t *validity = sl_column_add_validity(column, maker->pool);

    for (size_t i = 0; i < count; i++)
        if (datagen_unit(&maker->random) < field->null_rate)
            sl_validity_set(validity, i, false);
    if (field->type->kind == SL_TYPE_ROW)
        datagen_push_nulls(maker->pool, column);
}

struct sl_column *
sl_datagen_column(struct sl_datagen_maker *maker, const struct sl_datagen_field *field,
                  size_t count)
{
    struct sl_column *column = sl_column_new(maker->pool, field->type, count, false);
    enum sl_type_kind kind = field->type->kind;

    if (sl_type_is_nested(kind))
        datagen_fill_nested(maker, field, column, count);
    else if (sl_type_is_view(kind) && field->is_sequence)
        datagen_fill_text_sequence(maker, field, column, count);
    else if (sl_type_is_view(kind))
        datagen_fill_text(maker, field, column, count);
    else if (kind == SL_TYPE_FLOAT || kind == SL_TYPE_DOUBLE)
        datagen_fill_reals(maker, field, column, count);
    else if (kind == SL_TYPE_DECIMAL)
        datagen_fill_decimals(maker, field, column->values, count);
    else
        datagen_fill_whole(maker, field, column, count);
    if (field->null_rate > 0)
        datagen_add_nulls(maker, field, column, count);
    return column;
}
