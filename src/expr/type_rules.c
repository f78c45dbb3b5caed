/* The rules of types: which type holds values of several, what a decimal operation yields, what may
 * be assigned or cast.  As in Flink's LogicalTypeMerging and LogicalTypeCasts. */
#include "expr/function.h"

static const struct sl_type *
rules_decimal_adjusted(struct sl_arena *arena, int32_t precision, int32_t scale)
{
    int32_t digits, scale_min;

    if (precision <= SL_DECIMAL_PRECISION_MAX)
        return sl_type_decimal(arena, precision, scale);
    digits = precision - scale;
    scale_min = SL_MIN(scale, 6);
    scale = SL_MAX(SL_DECIMAL_PRECISION_MAX - digits, scale_min);
    return sl_type_decimal(arena, SL_DECIMAL_PRECISION_MAX, scale);
}

const struct sl_type *
sl_decimal_result_type(struct sl_arena *arena, enum sl_decimal_operation op,
                       const struct sl_type *a, const struct sl_type *b)
{
    int32_t a_digits = a->precision - a->scale, b_digits = b->precision - b->scale, scale;

    switch (op) {
    case SL_DECIMAL_ADD:
        scale = SL_MAX(a->scale, b->scale);
        return rules_decimal_adjusted(arena, SL_MAX(a_digits, b_digits) + scale + 1, scale);
    case SL_DECIMAL_MULTIPLY:
        return rules_decimal_adjusted(arena, a->precision + b->precision + 1, a->scale + b->scale);
    case SL_DECIMAL_DIVIDE:
        scale = SL_MAX(6, a->scale + b->precision + 1);
        return rules_decimal_adjusted(arena, a_digits + b->scale + scale, scale);
    default:
        scale = SL_MAX(a->scale, b->scale);
        return rules_decimal_adjusted(arena, SL_MAX(SL_MIN(a_digits, b_digits) + scale, 1), scale);
    }
}

const struct sl_type *
sl_decimal_of_integer(struct sl_arena *arena, enum sl_type_kind kind)
{
    switch (kind) {
    case SL_TYPE_TINYINT:
        return sl_type_decimal(arena, 3, 0);
    case SL_TYPE_SMALLINT:
        return sl_type_decimal(arena, 5, 0);
    case SL_TYPE_INT:
        return sl_type_decimal(arena, 10, 0);
    default:
        return sl_type_decimal(arena, 19, 0);
    }
}

static const struct sl_type *
rules_common_numeric(struct sl_arena *arena, const struct sl_type *a, const struct sl_type *b)
{
    int32_t scale, digits;

    if (a->kind == SL_TYPE_DOUBLE || b->kind == SL_TYPE_DOUBLE)
        return &sl_type_double;
    if (a->kind == SL_TYPE_FLOAT || b->kind == SL_TYPE_FLOAT)
        return a->kind == SL_TYPE_DECIMAL || b->kind == SL_TYPE_DECIMAL ? &sl_type_double
                                                                        : &sl_type_float;
    if (a->kind != SL_TYPE_DECIMAL && b->kind != SL_TYPE_DECIMAL)
        return a->kind > b->kind ? a : b;
    if (a->kind != SL_TYPE_DECIMAL)
        a = sl_decimal_of_integer(arena, a->kind);
    if (b->kind != SL_TYPE_DECIMAL)
        b = sl_decimal_of_integer(arena, b->kind);
    scale = SL_MAX(a->scale, b->scale);
    digits = SL_MAX(a->precision - a->scale, b->precision - b->scale);
    return rules_decimal_adjusted(arena, digits + scale, scale);
}

static const struct sl_type *
rules_common_view(struct sl_arena *arena, const struct sl_type *a, const struct sl_type *b)
{
    bool is_text = sl_type_is_text(a->kind);
    enum sl_type_kind kind = is_text ? SL_TYPE_VARCHAR : SL_TYPE_VARBINARY;

    if (is_text != sl_type_is_text(b->kind))
        return NULL;
    if (a->kind == b->kind && a->precision == b->precision)
        return a;
    if (SL_MAX(a->precision, b->precision) == SL_LENGTH_MAX)
        return is_text ? &sl_type_string : &sl_type_bytes;
    return sl_type_with_precision(arena, kind, SL_MAX(a->precision, b->precision));
}

static const struct sl_type *
rules_common_time(struct sl_arena *arena, const struct sl_type *a, const struct sl_type *b)
{
    int32_t precision = SL_MAX(a->precision, b->precision);
    bool a_is_date = a->kind == SL_TYPE_DATE, b_is_date = b->kind == SL_TYPE_DATE;

    if (a->kind == b->kind) {
        if (a->precision == b->precision)
            return a;
        return sl_type_with_precision(arena, a->kind, precision);
    }
    if (!(a_is_date || sl_type_is_timestamp(a->kind)) ||
        !(b_is_date || sl_type_is_timestamp(b->kind)))
        return NULL;
    if (a_is_date || b_is_date)
        return a_is_date ? b : a;
    return sl_type_with_precision(arena, SL_TYPE_TIMESTAMP_LTZ, precision);
}

static const struct sl_type *rules_common(struct sl_arena *arena, const struct sl_type *a,
                                          const struct sl_type *b);

static const struct sl_type *
rules_common_nested(struct sl_arena *arena, const struct sl_type *a, const struct sl_type *b)
{
    const struct sl_type *element, *key;
    struct sl_field *fields;

    if (sl_type_equal(a, b))
        return a;
    if (a->kind != b->kind || a->field_count != b->field_count)
        return NULL;
    if (a->kind == SL_TYPE_ROW) {
        fields = SL_NEW_ARRAY(arena, struct sl_field, a->field_count);
        for (size_t i = 0; i < a->field_count; i++) {
            fields[i].name = a->fields[i].name;
            fields[i].type = rules_common(arena, a->fields[i].type, b->fields[i].type);
            if (fields[i].type == NULL)
                return NULL;
        }
        return sl_type_row(arena, fields, a->field_count);
    }
    element = rules_common(arena, a->element, b->element);
    if (element == NULL)
        return NULL;
    if (a->kind == SL_TYPE_ARRAY)
        return sl_type_array(arena, element);
    if (a->kind == SL_TYPE_MULTISET)
        return sl_type_multiset(arena, element);
    key = rules_common(arena, a->key, b->key);
    return key ? sl_type_map(arena, key, element) : NULL;
}

/* NULL when there is none. */
static const struct sl_type *
rules_common(struct sl_arena *arena, const struct sl_type *a, const struct sl_type *b)
{
    const struct sl_type *common = NULL;

    if (a->kind == SL_TYPE_NULL)
        common = b;
    else if (b->kind == SL_TYPE_NULL)
        common = a;
    else if (sl_type_is_numeric(a->kind) && sl_type_is_numeric(b->kind))
        common = rules_common_numeric(arena, a, b);
    else if (sl_type_is_view(a->kind) && sl_type_is_view(b->kind))
        common = rules_common_view(arena, a, b);
    else if (sl_type_is_nested(a->kind) && sl_type_is_nested(b->kind))
        common = rules_common_nested(arena, a, b);
    else if (a->kind == SL_TYPE_BOOLEAN && b->kind == SL_TYPE_BOOLEAN)
        common = a;
    else if (a->kind >= SL_TYPE_DATE && a->kind <= SL_TYPE_INTERVAL_DAY &&
             b->kind >= SL_TYPE_DATE && b->kind <= SL_TYPE_INTERVAL_DAY)
        common = rules_common_time(arena, a, b);
    if (common == NULL)
        return NULL;
    return sl_type_nullable(arena, common,
                            a->nullable || b->nullable || a->kind == SL_TYPE_NULL ||
                                b->kind == SL_TYPE_NULL);
}

bool
sl_type_common(struct sl_arena *arena, const struct sl_type *const *types, size_t count,
               const struct sl_type **ret_type)
{
    const struct sl_type *common = count ? types[0] : NULL;

    for (size_t i = 1; i < count && common; i++)
        common = rules_common(arena, common, types[i]);
    if (common == NULL)
        return false;
    *ret_type = common;
    return true;
}

bool
sl_type_is_assignable(const struct sl_type *from, const struct sl_type *to)
{
    enum sl_type_kind a = from->kind, b = to->kind;

    if (a == SL_TYPE_NULL || a == b) {
        if (!sl_type_is_nested(a) || a == SL_TYPE_NULL)
            return true;
    }
    if (sl_type_is_numeric(a) && sl_type_is_numeric(b))
        return true;
    if (sl_type_is_text(a) && sl_type_is_text(b))
        return true;
    if (sl_type_is_bytes(a) && sl_type_is_bytes(b))
        return true;
    if (sl_type_is_timestamp(a))
        return sl_type_is_timestamp(b) || b == SL_TYPE_DATE || b == SL_TYPE_TIME;
    if (a == SL_TYPE_DATE)
        return sl_type_is_timestamp(b);
    if (a != b || !sl_type_is_nested(a) || from->field_count != to->field_count)
        return false;
    for (size_t i = 0; i < from->field_count; i++) {
        if (!sl_type_is_assignable(from->fields[i].type, to->fields[i].type))
            return false;
    }
    return (!from->element || sl_type_is_assignable(from->element, to->element)) &&
           (!from->key || sl_type_is_assignable(from->key, to->key));
}

static bool
rules_time_cast_exists(enum sl_type_kind from, enum sl_type_kind to)
{
    switch (from) {
    case SL_TYPE_DATE:
        return sl_type_is_timestamp(to);
    case SL_TYPE_TIME:
        return sl_type_is_timestamp(to);
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        return sl_type_is_timestamp(to) || to == SL_TYPE_DATE || to == SL_TYPE_TIME;
    default:
        return false;
    }
}

static bool
rules_is_interval(enum sl_type_kind kind)
{
    return kind == SL_TYPE_INTERVAL_MONTH || kind == SL_TYPE_INTERVAL_DAY;
}

static bool
rules_is_exact(enum sl_type_kind kind)
{
    return sl_type_is_integer(kind) || kind == SL_TYPE_DECIMAL;
}

bool
sl_cast_exists(const struct sl_type *from, const struct sl_type *to)
{
    enum sl_type_kind a = from->kind, b = to->kind;

    if (a == SL_TYPE_NULL)
        return true;
    if (b == SL_TYPE_NULL)
        return false;
    if (sl_type_is_text(a) || sl_type_is_text(b))
        return true;
    if (sl_type_is_nested(a) || sl_type_is_nested(b)) {
        if (a != b || from->field_count != to->field_count)
            return false;
        for (size_t i = 0; i < from->field_count; i++) {
            if (!sl_cast_exists(from->fields[i].type, to->fields[i].type))
                return false;
        }
        return (!from->element || sl_cast_exists(from->element, to->element)) &&
               (!from->key || sl_cast_exists(from->key, to->key));
    }
    if (a == b)
        return true;
    if (sl_type_is_bytes(a) && sl_type_is_bytes(b))
        return true;
    if ((sl_type_is_numeric(a) || a == SL_TYPE_BOOLEAN) &&
        (sl_type_is_numeric(b) || b == SL_TYPE_BOOLEAN))
        return true;
    if (rules_is_interval(a) || rules_is_interval(b))
        return rules_is_exact(a) || rules_is_exact(b);
    return rules_time_cast_exists(a, b);
}
