/* SQL types as PostgreSQL's oids, and values in PostgreSQL's binary forms. */
#include "net/net.h"

#include "data/decimal.h"
#include "data/time.h"

#include <endian.h>
#include <utf8proc.h>

#define PG_EPOCH_US INT64_C(946684800000000) /* 2000-01-01 from 1970-01-01 */
#define PG_EPOCH_DAYS 10957
#define PG_NUMERIC_GROUPS_MAX 64

struct pg_type {
    uint32_t oid, array_oid;
};

static const struct pg_type pg_types[SL_TYPE_COUNT] = {
    [SL_TYPE_NULL] = {25, 1009},
    [SL_TYPE_BOOLEAN] = {16, 1000},
    [SL_TYPE_TINYINT] = {21, 1005},
    [SL_TYPE_SMALLINT] = {21, 1005},
    [SL_TYPE_INT] = {23, 1007},
    [SL_TYPE_BIGINT] = {20, 1016},
    [SL_TYPE_FLOAT] = {700, 1021},
    [SL_TYPE_DOUBLE] = {701, 1022},
    [SL_TYPE_DECIMAL] = {1700, 1231},
    [SL_TYPE_CHAR] = {1042, 1014},
    [SL_TYPE_VARCHAR] = {1043, 1015},
    [SL_TYPE_BINARY] = {17, 1001},
    [SL_TYPE_VARBINARY] = {17, 1001},
    [SL_TYPE_DATE] = {1082, 1182},
    [SL_TYPE_TIME] = {1083, 1183},
    [SL_TYPE_TIMESTAMP] = {1114, 1115},
    [SL_TYPE_TIMESTAMP_LTZ] = {1184, 1185},
    [SL_TYPE_INTERVAL_MONTH] = {1186, 1187},
    [SL_TYPE_INTERVAL_DAY] = {1186, 1187},
    [SL_TYPE_ARRAY] = {1009, 1009},
    [SL_TYPE_MAP] = {3802, 3807},
    [SL_TYPE_MULTISET] = {3802, 3807},
    [SL_TYPE_ROW] = {2249, 2287},
};

static bool
pg_is_string(const struct sl_type *type)
{
    return type->kind == SL_TYPE_VARCHAR && type->precision == SL_LENGTH_MAX;
}

uint32_t
sl_net_oid_of(const struct sl_type *type)
{
    if (type->kind == SL_TYPE_ARRAY) {
        while (type->kind == SL_TYPE_ARRAY)
            type = type->element;
        return pg_is_string(type) ? 1009 : pg_types[type->kind].array_oid;
    }
    return pg_is_string(type) ? 25 : pg_types[type->kind].oid;
}

const struct sl_type *
sl_net_type_of(uint32_t oid)
{
    static const struct sl_type numeric = {
        .kind = SL_TYPE_DECIMAL, .nullable = true, .precision = 38, .scale = 18};

    switch (oid) {
    case 16:
        return &sl_type_boolean;
    case 17:
        return &sl_type_bytes;
    case 20:
        return &sl_type_bigint;
    case 21:
        return &sl_type_smallint;
    case 23:
        return &sl_type_int;
    case 19:
    case 25:
    case 1042:
    case 1043:
        return &sl_type_string;
    case 26:
        return &sl_type_bigint;
    case 700:
        return &sl_type_float;
    case 701:
        return &sl_type_double;
    case 1082:
        return &sl_type_date;
    case 1083:
        return &sl_type_time;
    case 1114:
        return &sl_type_timestamp6;
    case 1184:
        return &sl_type_timestamp_ltz6;
    case 1186:
        return &sl_type_interval_day;
    case 1700:
        return &numeric;
    default:
        return NULL;
    }
}

/* --- binary out --- */

bool
sl_net_has_binary(const struct sl_type *type)
{
    if (type->kind == SL_TYPE_ARRAY)
        return !sl_type_is_nested(type->element->kind) && sl_net_has_binary(type->element);
    return type->kind != SL_TYPE_ROW;
}

/* numeric: base-10000 digits around the point. */
static void
pg_encode_numeric(sl_int128 value, int scale, struct sl_buffer *to)
{
    unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    uint16_t digits[24];
    size_t count = 0, first, low = 0;
    int fraction_digits = (scale + 3) / 4, shift = fraction_digits * 4 - scale, weight;
    uint16_t carry_factor = (uint16_t)(shift == 3 ? 1000 : shift == 2 ? 100 : shift == 1 ? 10 : 1);
    unsigned divisor = 10000u / carry_factor;

    /* The lowest group holds 4 - shift digits; then groups of four. */
    if (shift > 0 && fraction_digits > 0) {
        digits[count++] = (uint16_t)((unsigned)(rest % divisor) * carry_factor);
        rest /= divisor;
    }
    for (; rest; rest /= 10000)
        digits[count++] = (uint16_t)(rest % 10000);
    weight = (int)count - fraction_digits - 1;
    while (low < count && digits[low] == 0)
        low++;
    first = count;
    while (first > low && digits[first - 1] == 0) {
        first--;
        weight--;
    }
    sl_buffer_add_u16(to, (uint16_t)(first - low));
    sl_buffer_add_u16(to, (uint16_t)(first == low ? 0 : weight));
    sl_buffer_add_u16(to, value < 0 ? 0x4000 : 0);
    sl_buffer_add_u16(to, (uint16_t)scale);
    while (first > low)
        sl_buffer_add_u16(to, digits[--first]);
}

static void
pg_encode_array(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    struct sl_span span = ((const struct sl_span *)column->values)[row];
    const struct sl_column *items = column->children[0];

    sl_buffer_add_u32(to, span.length ? 1 : 0);
    sl_buffer_add_u32(to, items->validity != NULL);
    sl_buffer_add_u32(to, sl_net_oid_of(column->type->element));
    if (span.length) {
        sl_buffer_add_u32(to, span.length);
        sl_buffer_add_u32(to, 1);
    }
    for (uint32_t i = span.start; i < span.start + span.length; i++) {
        size_t start = to->length;

        if (sl_column_is_null(items, i)) {
            sl_buffer_add_u32(to, UINT32_MAX);
            continue;
        }
        sl_buffer_add_u32(to, 0);
        sl_net_encode_binary(items, i, to);
        sl_buffer_set_u32(to, start, (uint32_t)(to->length - start - 4));
    }
}

static void
pg_encode_interval(int64_t us, int32_t months, struct sl_buffer *to)
{
    sl_buffer_add_u64(to, (uint64_t)(us % SL_US_PER_DAY));
    sl_buffer_add_u32(to, (uint32_t)(us / SL_US_PER_DAY));
    sl_buffer_add_u32(to, (uint32_t)months);
}

static void
pg_encode_json(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    sl_buffer_add_byte(to, 1); /* jsonb's version */
    sl_column_format(column, row, SL_FORM_POSTGRES, sl_zone_utc(), to);
}

void
sl_net_encode_binary(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    const void *values = column->values;

    switch (column->type->kind) {
    case SL_TYPE_BOOLEAN:
        sl_buffer_add_byte(to, (char)((const uint8_t *)values)[row]);
        break;
    case SL_TYPE_TINYINT:
        sl_buffer_add_u16(to, (uint16_t)((const int8_t *)values)[row]);
        break;
    case SL_TYPE_SMALLINT:
        sl_buffer_add_u16(to, (uint16_t)((const int16_t *)values)[row]);
        break;
    case SL_TYPE_INT:
    case SL_TYPE_FLOAT:
        sl_buffer_add_u32(to, ((const uint32_t *)values)[row]);
        break;
    case SL_TYPE_BIGINT:
    case SL_TYPE_DOUBLE:
    case SL_TYPE_TIME:
        sl_buffer_add_u64(to, ((const uint64_t *)values)[row]);
        break;
    case SL_TYPE_DATE:
        sl_buffer_add_u32(to, (uint32_t)(((const int32_t *)values)[row] - PG_EPOCH_DAYS));
        break;
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        sl_buffer_add_u64(to, (uint64_t)(((const int64_t *)values)[row] - PG_EPOCH_US));
        break;
    case SL_TYPE_INTERVAL_MONTH:
        pg_encode_interval(0, ((const int32_t *)values)[row], to);
        break;
    case SL_TYPE_INTERVAL_DAY:
        pg_encode_interval(((const int64_t *)values)[row], 0, to);
        break;
    case SL_TYPE_DECIMAL:
        pg_encode_numeric(((const sl_int128 *)values)[row], column->type->scale, to);
        break;
    case SL_TYPE_ARRAY:
        pg_encode_array(column, row, to);
        break;
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
        pg_encode_json(column, row, to);
        break;
    default: /* text and bytes as they are */
        sl_buffer_add_text(to, sl_view_text(&((const struct sl_view *)values)[row]));
    }
}

/* --- binary in --- */

static uint64_t
pg_read_big_endian(struct sl_text bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.length; i++)
        value = value << 8 | (unsigned char)bytes.start[i];
    return value;
}

static int
pg_bad_binary(const struct sl_type *type, struct sl_text bytes, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_INVALID_BINARY,
                    "incorrect binary data format of a parameter (%zu bytes, oid %u)",
                    bytes.length, sl_net_oid_of(type));
}

/* numeric as text, which is then read like any other: it rounds and checks alike. */
static bool
pg_numeric_text(struct sl_text bytes, struct sl_buffer *to)
{
    struct sl_text at = {bytes.start, 2};
    int count, weight, scale;
    unsigned sign;

    if (bytes.length < 8)
        return false;
    count = (int)pg_read_big_endian(at);
    at.start += 2;
    weight = (int16_t)pg_read_big_endian(at);
    at.start += 2;
    sign = (unsigned)pg_read_big_endian(at);
    at.start += 2;
    scale = (int)pg_read_big_endian(at);
    if (bytes.length != 8 + 2 * (size_t)count || (sign != 0 && sign != 0x4000) ||
        weight > PG_NUMERIC_GROUPS_MAX || weight < -PG_NUMERIC_GROUPS_MAX ||
        scale > 4 * PG_NUMERIC_GROUPS_MAX)
        return false;
    if (sign)
        sl_buffer_add_byte(to, '-');
    if (weight < 0)
        sl_buffer_add_byte(to, '0');
    for (int group = SL_MAX(weight, -1); group >= -(scale + 3) / 4 || group >= 0; group--) {
        int i = weight - group;
        unsigned digits = 0;

        if (group == -1)
            sl_buffer_add_byte(to, '.');
        if (i >= 0 && i < count)
            digits = (unsigned)pg_read_big_endian((struct sl_text){bytes.start + 8 + 2 * i, 2});
        if (digits > 9999)
            return false;
        sl_buffer_printf(to, "%04u", digits);
    }
    return true;
}

static int
pg_decode_numeric(struct sl_arena *arena, const struct sl_type *type, struct sl_text bytes,
                  struct sl_value *value, struct sl_error *err)
{
    struct sl_buffer text;
    int rc;

    sl_buffer_init(&text, SIZE_MAX / 2);
    rc = pg_numeric_text(bytes, &text)
             ? sl_value_parse(arena, type, sl_buffer_text(&text), sl_zone_utc(), value, err)
             : pg_bad_binary(type, bytes, err);
    sl_buffer_done(&text);
    return rc;
}

/* The size that a type's binary form must have; 0: any. */
static size_t
pg_binary_size(enum sl_type_kind kind)
{
    switch (kind) {
    case SL_TYPE_BOOLEAN:
        return 1;
    case SL_TYPE_DATE:
    case SL_TYPE_FLOAT:
        return 4;
    case SL_TYPE_DOUBLE:
    case SL_TYPE_TIME:
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        return 8;
    case SL_TYPE_INTERVAL_DAY:
    case SL_TYPE_INTERVAL_MONTH:
        return 16;
    default:
        return 0;
    }
}

static int
pg_decode_integer(const struct sl_type *type, struct sl_text bytes, struct sl_value *value,
                  struct sl_error *err)
{
    int bits = 8 * (int)sl_type_width(type->kind);
    uint64_t raw = pg_read_big_endian(bytes);
    int64_t limit;

    switch (bytes.length) {
    case 2:
        value->integer = (int16_t)raw;
        break;
    case 4:
        value->integer = (int32_t)raw;
        break;
    case 8:
        value->integer = (int64_t)raw;
        break;
    default:
        return pg_bad_binary(type, bytes, err);
    }
    limit = bits == 64 ? INT64_MAX : (INT64_C(1) << (bits - 1)) - 1;
    if (value->integer > limit || value->integer < -limit - 1)
        return SL_ERROR(err, SL_E_NUMERIC_OUT_OF_RANGE, "value %lld of a parameter is out of range",
                        (long long)value->integer);
    return SL_OK;
}

/* Moves a moment from PostgreSQL's epoch; ±infinity and what else leaves the range is refused. */
static int
pg_decode_moment(int64_t since, int64_t epoch, int64_t min, int64_t max, struct sl_value *value,
                 struct sl_error *err)
{
    if (since == min || since == max || __builtin_add_overflow(since, epoch, &value->integer))
        return SL_ERROR(err, SL_E_DATETIME_OVERFLOW, "date or time of a parameter is out of range");
    return SL_OK;
}

static int
pg_decode_interval(const struct sl_type *type, struct sl_text bytes, struct sl_value *value,
                   struct sl_error *err)
{
    int64_t us = (int64_t)pg_read_big_endian((struct sl_text){bytes.start, 8});
    int64_t days = (int32_t)pg_read_big_endian((struct sl_text){bytes.start + 8, 4});
    int32_t months = (int32_t)pg_read_big_endian((struct sl_text){bytes.start + 12, 4});
    bool is_day = type->kind == SL_TYPE_INTERVAL_DAY;

    if (is_day ? months != 0 : us != 0 || days != 0)
        return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                        "an interval of both months and days is not supported");
    value->integer = months;
    if (is_day && (__builtin_mul_overflow(days, SL_US_PER_DAY, &days) ||
                   __builtin_add_overflow(days, us, &value->integer)))
        return SL_ERROR(err, SL_E_DATETIME_OVERFLOW, "interval of a parameter is out of range");
    return SL_OK;
}

static int
pg_decode_binary(struct sl_arena *arena, const struct sl_type *type, struct sl_text bytes,
                 struct sl_value *value, struct sl_error *err)
{
    size_t size = pg_binary_size(type->kind);
    uint64_t raw = pg_read_big_endian(bytes);
    uint32_t word = (uint32_t)raw;
    float real;

    if (size && bytes.length != size)
        return pg_bad_binary(type, bytes, err);
    if (sl_type_is_integer(type->kind))
        return pg_decode_integer(type, bytes, value, err);
    switch (type->kind) {
    case SL_TYPE_BOOLEAN:
        value->boolean = raw != 0;
        return SL_OK;
    case SL_TYPE_FLOAT:
        memcpy(&real, &word, sizeof(real));
        value->real = (double)real;
        return SL_OK;
    case SL_TYPE_DOUBLE:
        memcpy(&value->real, &raw, sizeof(raw));
        return SL_OK;
    case SL_TYPE_DATE:
        return pg_decode_moment((int32_t)word, PG_EPOCH_DAYS, INT32_MIN, INT32_MAX, value, err);
    case SL_TYPE_TIME:
        value->integer = (int64_t)raw;
        return SL_OK;
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        return pg_decode_moment((int64_t)raw, PG_EPOCH_US, INT64_MIN, INT64_MAX, value, err);
    case SL_TYPE_INTERVAL_DAY:
    case SL_TYPE_INTERVAL_MONTH:
        return pg_decode_interval(type, bytes, value, err);
    case SL_TYPE_DECIMAL:
        return pg_decode_numeric(arena, type, bytes, value, err);
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        value->text = sl_arena_text(arena, bytes);
        return SL_OK;
    default:
        return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                        "a parameter of this type must be sent as text");
    }
}

int
sl_net_check_utf8(struct sl_text text, struct sl_error *err)
{
    for (size_t at = 0; at < text.length;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)text.start + at,
                             (utf8proc_ssize_t)SL_MIN(text.length - at, (size_t)4), &point);

        if (size <= 0 || point == 0)
            return SL_ERROR(err, SL_E_INVALID_ENCODING,
                            "invalid byte sequence for encoding \"UTF8\": 0x%02x",
                            (unsigned char)text.start[at]);
        at += (size_t)size;
    }
    return SL_OK;
}

int
sl_net_decode(struct sl_arena *arena, const struct sl_type *type, int16_t format,
              struct sl_text bytes, const struct sl_zone *zone, struct sl_value *ret_value,
              struct sl_error *err)
{
    struct sl_value value = {.type = type};

    if (!bytes.start) {
        *ret_value = sl_value_null(type);
        return SL_OK;
    }
    if (format == 0 || sl_type_is_text(type->kind))
        SL_TRY(sl_net_check_utf8(bytes, err));
    if (format == 0)
        return sl_value_parse(arena, type, bytes, zone, ret_value, err);
    SL_TRY(pg_decode_binary(arena, type, bytes, &value, err));
    *ret_value = value;
    return SL_OK;
}
