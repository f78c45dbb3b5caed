/* SQL types: immutable trees, compared by value. */
#ifndef SL_DATA_TYPE_H
#define SL_DATA_TYPE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

typedef __int128 sl_int128;

enum sl_type_kind {
#define TYPE(kind, name, width, c_type) SL_TYPE_##kind,
#include "data/types.def"
#undef TYPE
    SL_TYPE_COUNT,
};

#define SL_LENGTH_MAX INT32_MAX   /* VARCHAR of this length is STRING, VARBINARY is BYTES */
#define SL_DECIMAL_PRECISION_MAX 38
#define SL_TIME_PRECISION_MAX 6   /* of TIME, TIMESTAMP, TIMESTAMP_LTZ, the seconds of INTERVAL */

struct sl_type;

struct sl_field {
    const char *name;
    const struct sl_type *type;
};

/* Values in columns (units):
 *   DECIMAL       unscaled 128-bit integer;  value = unscaled / 10^scale
 *   DATE          days since 1970-01-01
 *   TIME          microseconds since midnight
 *   TIMESTAMP     microseconds since 1970-01-01 00:00:00, no zone
 *   TIMESTAMP_LTZ microseconds since 1970-01-01 00:00:00 UTC
 *   INTERVAL_MONTH months;  INTERVAL_DAY microseconds
 *   CHAR … VARBINARY  struct sl_view;  CHAR(n) is padded with blanks only when it is cast to
 *   ARRAY, MAP, MULTISET  a span of rows of the child columns
 *   ROW           no values of its own, only validity and one child column a field
 *   NULL          the type of a bare NULL; every value is NULL */
struct sl_type {
    enum sl_type_kind kind;
    bool nullable;
    int32_t precision;             /* DECIMAL digits; CHAR … VARBINARY length; time types 0–6 */
    int32_t scale;                 /* DECIMAL */
    const struct sl_type *element; /* ARRAY, MULTISET: element; MAP: value */
    const struct sl_type *key;     /* MAP */
    const struct sl_field *fields; /* ROW */
    size_t field_count;
};

/* Types without parameters, nullable; static.  sl_type_string is VARCHAR(SL_LENGTH_MAX). */
extern const struct sl_type sl_type_null, sl_type_boolean, sl_type_tinyint, sl_type_smallint,
    sl_type_int, sl_type_bigint, sl_type_float, sl_type_double, sl_type_string, sl_type_bytes,
    sl_type_date, sl_type_time, sl_type_timestamp3, sl_type_timestamp6, sl_type_timestamp_ltz3,
    sl_type_timestamp_ltz6, sl_type_interval_month, sl_type_interval_day;

const struct sl_type *sl_type_new(struct sl_arena *arena, enum sl_type_kind kind);
const struct sl_type *sl_type_decimal(struct sl_arena *arena, int32_t precision, int32_t scale);
/* CHAR … VARBINARY with a length, time types with a precision. */
const struct sl_type *sl_type_with_precision(struct sl_arena *arena, enum sl_type_kind kind,
                                             int32_t precision);
const struct sl_type *sl_type_array(struct sl_arena *arena, const struct sl_type *element);
const struct sl_type *sl_type_map(struct sl_arena *arena, const struct sl_type *key,
                                  const struct sl_type *value);
const struct sl_type *sl_type_multiset(struct sl_arena *arena, const struct sl_type *element);
const struct sl_type *sl_type_row(struct sl_arena *arena, const struct sl_field *fields,
                                  size_t field_count);
/* The same type with this nullability; itself where it fits already. */
const struct sl_type *sl_type_nullable(struct sl_arena *arena, const struct sl_type *type,
                                       bool nullable);
/* A deep copy that does not refer to the original. */
const struct sl_type *sl_type_copy(struct sl_arena *arena, const struct sl_type *type);

/* Equal but for nullability at the top, or entirely. */
bool sl_type_equal(const struct sl_type *a, const struct sl_type *b);
bool sl_type_identical(const struct sl_type *a, const struct sl_type *b);

/* As Flink writes it: "DECIMAL(10, 2) NOT NULL", "STRING", "TIMESTAMP(3)", "ROW<`a` INT>". */
void sl_type_format(const struct sl_type *type, struct sl_buffer *to);
const char *sl_type_text(struct sl_arena *arena, const struct sl_type *type);
/* Reads back what sl_type_format writes (for stored plans and the catalog). */
int sl_type_parse(struct sl_arena *arena, struct sl_text text, const struct sl_type **ret_type,
                  struct sl_error *err);

/* The width of one value in a column, bytes; 0 for ROW. */
size_t sl_type_width(enum sl_type_kind kind);
static inline bool
sl_type_is_integer(enum sl_type_kind kind)
{
    return kind >= SL_TYPE_TINYINT && kind <= SL_TYPE_BIGINT;
}
static inline bool
sl_type_is_numeric(enum sl_type_kind kind)
{
    return kind >= SL_TYPE_TINYINT && kind <= SL_TYPE_DECIMAL;
}
static inline bool
sl_type_is_text(enum sl_type_kind kind)
{
    return kind == SL_TYPE_CHAR || kind == SL_TYPE_VARCHAR;
}
static inline bool
sl_type_is_bytes(enum sl_type_kind kind)
{
    return kind == SL_TYPE_BINARY || kind == SL_TYPE_VARBINARY;
}
static inline bool
sl_type_is_view(enum sl_type_kind kind)
{
    return kind >= SL_TYPE_CHAR && kind <= SL_TYPE_VARBINARY;
}
static inline bool
sl_type_is_timestamp(enum sl_type_kind kind)
{
    return kind == SL_TYPE_TIMESTAMP || kind == SL_TYPE_TIMESTAMP_LTZ;
}
static inline bool
sl_type_is_nested(enum sl_type_kind kind)
{
    return kind >= SL_TYPE_ARRAY && kind <= SL_TYPE_ROW;
}

#endif
