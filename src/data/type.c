/* SQL types: construction, comparison, copies.  Texts are in type_text.c. */
#include "data/batch.h"

#define TYPE(kind, name, width, c_type) \
    _Static_assert(width == 0 || width == sizeof(c_type), "the width of " name);
#include "data/types.def"
#undef TYPE

#define TYPE_STATIC(name, ...) const struct sl_type name = {.nullable = true, __VA_ARGS__}

TYPE_STATIC(sl_type_null, .kind = SL_TYPE_NULL);
TYPE_STATIC(sl_type_boolean, .kind = SL_TYPE_BOOLEAN);
TYPE_STATIC(sl_type_tinyint, .kind = SL_TYPE_TINYINT);
TYPE_STATIC(sl_type_smallint, .kind = SL_TYPE_SMALLINT);
TYPE_STATIC(sl_type_int, .kind = SL_TYPE_INT);
TYPE_STATIC(sl_type_bigint, .kind = SL_TYPE_BIGINT);
TYPE_STATIC(sl_type_float, .kind = SL_TYPE_FLOAT);
TYPE_STATIC(sl_type_double, .kind = SL_TYPE_DOUBLE);
TYPE_STATIC(sl_type_string, .kind = SL_TYPE_VARCHAR, .precision = SL_LENGTH_MAX);
TYPE_STATIC(sl_type_bytes, .kind = SL_TYPE_VARBINARY, .precision = SL_LENGTH_MAX);
TYPE_STATIC(sl_type_date, .kind = SL_TYPE_DATE);
TYPE_STATIC(sl_type_time, .kind = SL_TYPE_TIME);
TYPE_STATIC(sl_type_timestamp3, .kind = SL_TYPE_TIMESTAMP, .precision = 3);
TYPE_STATIC(sl_type_timestamp6, .kind = SL_TYPE_TIMESTAMP, .precision = 6);
TYPE_STATIC(sl_type_timestamp_ltz3, .kind = SL_TYPE_TIMESTAMP_LTZ, .precision = 3);
TYPE_STATIC(sl_type_timestamp_ltz6, .kind = SL_TYPE_TIMESTAMP_LTZ, .precision = 6);
TYPE_STATIC(sl_type_interval_month, .kind = SL_TYPE_INTERVAL_MONTH);
TYPE_STATIC(sl_type_interval_day, .kind = SL_TYPE_INTERVAL_DAY, .precision = 6);

static const uint8_t type_widths[SL_TYPE_COUNT] = {
#define TYPE(kind, name, width, c_type) [SL_TYPE_##kind] = width,
#include "data/types.def"
#undef TYPE
};

size_t
sl_type_width(enum sl_type_kind kind)
{
    SL_ASSERT((unsigned)kind < SL_TYPE_COUNT);
    return type_widths[kind];
}

/* The length or precision of a bare type name. */
static int32_t
type_default_precision(enum sl_type_kind kind)
{
    switch (kind) {
    case SL_TYPE_DECIMAL:
        return 10;
    case SL_TYPE_CHAR:
    case SL_TYPE_BINARY:
        return 1;
    case SL_TYPE_VARCHAR:
    case SL_TYPE_VARBINARY:
        return SL_LENGTH_MAX;
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
    case SL_TYPE_INTERVAL_DAY:
        return 6;
    default:
        return 0;
    }
}

static struct sl_type *
type_new(struct sl_arena *arena, enum sl_type_kind kind)
{
    struct sl_type *type = SL_NEW(arena, struct sl_type);

    type->kind = kind;
    type->nullable = true;
    type->precision = type_default_precision(kind);
    return type;
}

const struct sl_type *
sl_type_new(struct sl_arena *arena, enum sl_type_kind kind)
{
    return type_new(arena, kind);
}

const struct sl_type *
sl_type_decimal(struct sl_arena *arena, int32_t precision, int32_t scale)
{
    struct sl_type *type = type_new(arena, SL_TYPE_DECIMAL);

    SL_ASSERT(precision >= 1 && precision <= SL_DECIMAL_PRECISION_MAX);
    SL_ASSERT(scale >= 0 && scale <= precision);
    type->precision = precision;
    type->scale = scale;
    return type;
}

const struct sl_type *
sl_type_with_precision(struct sl_arena *arena, enum sl_type_kind kind, int32_t precision)
{
    struct sl_type *type = type_new(arena, kind);

    type->precision = precision;
    return type;
}

const struct sl_type *
sl_type_array(struct sl_arena *arena, const struct sl_type *element)
{
    struct sl_type *type = type_new(arena, SL_TYPE_ARRAY);

    type->element = element;
    return type;
}

const struct sl_type *
sl_type_map(struct sl_arena *arena, const struct sl_type *key, const struct sl_type *value)
{
    struct sl_type *type = type_new(arena, SL_TYPE_MAP);

    type->key = key;
    type->element = value;
    return type;
}

const struct sl_type *
sl_type_multiset(struct sl_arena *arena, const struct sl_type *element)
{
    struct sl_type *type = type_new(arena, SL_TYPE_MULTISET);

    type->element = element;
    return type;
}

const struct sl_type *
sl_type_row(struct sl_arena *arena, const struct sl_field *fields, size_t field_count)
{
    struct sl_type *type = type_new(arena, SL_TYPE_ROW);
    struct sl_field *copy = SL_NEW_ARRAY(arena, struct sl_field, field_count);

    for (size_t i = 0; i < field_count; i++)
        copy[i] = (struct sl_field){sl_arena_strdup(arena, fields[i].name), fields[i].type};
    type->fields = copy;
    type->field_count = field_count;
    return type;
}

const struct sl_type *
sl_type_nullable(struct sl_arena *arena, const struct sl_type *type, bool nullable)
{
    struct sl_type *copy;

    if (type->nullable == nullable)
        return type;
    copy = SL_NEW(arena, struct sl_type);
    *copy = *type;
    copy->nullable = nullable;
    return copy;
}

const struct sl_type *
sl_type_copy(struct sl_arena *arena, const struct sl_type *type)
{
    struct sl_type *copy = SL_NEW(arena, struct sl_type);

    *copy = *type;
    if (type->element)
        copy->element = sl_type_copy(arena, type->element);
    if (type->key)
        copy->key = sl_type_copy(arena, type->key);
    if (type->fields) {
        struct sl_field *fields = SL_NEW_ARRAY(arena, struct sl_field, type->field_count);

        for (size_t i = 0; i < type->field_count; i++) {
            fields[i].name = sl_arena_strdup(arena, type->fields[i].name);
            fields[i].type = sl_type_copy(arena, type->fields[i].type);
        }
        copy->fields = fields;
    }
    return copy;
}

bool
sl_type_equal(const struct sl_type *a, const struct sl_type *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->precision != b->precision || a->scale != b->scale ||
        a->field_count != b->field_count)
        return false;
    if (a->element && !sl_type_identical(a->element, b->element))
        return false;
    if (a->key && !sl_type_identical(a->key, b->key))
        return false;
    for (size_t i = 0; i < a->field_count; i++) {
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
            !sl_type_identical(a->fields[i].type, b->fields[i].type))
            return false;
    }
    return true;
}

bool
sl_type_identical(const struct sl_type *a, const struct sl_type *b)
{
    return a->nullable == b->nullable && sl_type_equal(a, b);
}
