/* SQL values as JSON, as Flink's JSON_STRING, JSON_OBJECT and JSON_ARRAY write them: times in ISO
 * form (TIMESTAMP_LTZ in UTC), bytes as base64, rows and maps as objects with sorted keys. */
#include "base/base64.h"
#include "data/decimal.h"
#include "data/number_text.h"
#include "data/real_text.h"
#include "data/time.h"
#include "expr/json.h"

#include <math.h>
#include <stdlib.h>

bool
sl_json_type_is_written(const struct sl_type *type, const struct sl_type **ret_type)
{
    *ret_type = type;
    switch (type->kind) {
    case SL_TYPE_INTERVAL_MONTH:
    case SL_TYPE_INTERVAL_DAY:
        return false;
    case SL_TYPE_MAP:
        return sl_type_is_text(type->key->kind) && sl_json_type_is_written(type->element, ret_type);
    case SL_TYPE_MULTISET:
        return sl_type_is_text(type->element->kind);
    case SL_TYPE_ARRAY:
        return sl_json_type_is_written(type->element, ret_type);
    case SL_TYPE_ROW:
        for (size_t i = 0; i < type->field_count; i++) {
            if (!sl_json_type_is_written(type->fields[i].type, ret_type))
                return false;
        }
        return true;
    default:
        return true;
    }
}

static int
cell_compare_fields(const void *a, const void *b, void *arg)
{
    const struct sl_type *type = arg;

    return strcmp(type->fields[*(const uint32_t *)a].name, type->fields[*(const uint32_t *)b].name);
}

struct json_shape
sl_json_shape(struct sl_arena *arena, const struct sl_type *type)
{
    struct json_shape shape = {.type = type};

    if (type->kind == SL_TYPE_ROW) {
        shape.count = type->field_count;
        shape.fields = SL_NEW_ARRAY(arena, uint32_t, shape.count + 1);
        shape.children = SL_NEW_ARRAY(arena, struct json_shape, shape.count + 1);
        for (size_t i = 0; i < shape.count; i++)
            shape.fields[i] = (uint32_t)i;
        qsort_r(shape.fields, shape.count, sizeof(*shape.fields), cell_compare_fields,
                (void *)type);
        for (size_t i = 0; i < shape.count; i++)
            shape.children[i] = sl_json_shape(arena, type->fields[shape.fields[i]].type);
    } else if (type->kind == SL_TYPE_ARRAY || type->kind == SL_TYPE_MAP) {
        shape.children = SL_NEW(arena, struct json_shape);
        shape.children[0] = sl_json_shape(arena, type->element);
    }
    return shape;
}

static const char *
cell_write_real(struct sl_buffer *to, double real, bool is_float)
{
    char text[SL_REAL_TEXT_MAX];

    if (!isfinite(real))
        return "JSON has no NaN and no infinity";
    sl_json_write_number(to, (struct sl_text){text, sl_real_format_java(real, is_float, text)});
    return NULL;
}

static void
cell_write_bytes(struct sl_buffer *to, struct sl_text bytes)
{
    char *at = sl_buffer_reserve(to, SL_BASE64_ENCODED_SIZE(bytes.length) + 2);

    at[0] = '"';
    sl_base64_encode(bytes, at + 1);
    at[SL_BASE64_ENCODED_SIZE(bytes.length) + 1] = '"';
    to->length += SL_BASE64_ENCODED_SIZE(bytes.length) + 2;
}

static void
cell_write_time(struct sl_buffer *to, const struct sl_column *column, size_t row)
{
    enum sl_type_kind kind = column->type->kind;
    char text[SL_TIME_TEXT_MAX];
    size_t length;

    if (kind == SL_TYPE_DATE)
        length = sl_date_format(((const int32_t *)column->values)[row], text);
    else if (kind == SL_TYPE_TIME)
        length = sl_time_format(((const int64_t *)column->values)[row], -1, text);
    else
        length = sl_timestamp_format(((const int64_t *)column->values)[row], -1, 'T', text);
    sl_buffer_add_byte(to, '"');
    sl_buffer_add(to, text, length);
    sl_buffer_add_string(to, kind == SL_TYPE_TIMESTAMP_LTZ ? "Z\"" : "\"");
}

static const char *
cell_write_array(struct json_writer *writer, const struct json_shape *shape,
                 const struct sl_column *column, size_t row)
{
    struct sl_span span = ((const struct sl_span *)column->values)[row];
    const char *reason = NULL;

    sl_buffer_add_byte(writer->to, '[');
    for (uint32_t i = 0; i < span.length && !reason; i++) {
        if (i)
            sl_buffer_add_byte(writer->to, ',');
        reason =
            sl_json_write_cell(writer, &shape->children[0], column->children[0], span.start + i);
    }
    sl_buffer_add_byte(writer->to, ']');
    return reason;
}

static const char *
cell_write_row(struct json_writer *writer, const struct json_shape *shape,
               const struct sl_column *column, size_t row)
{
    const char *reason = NULL;

    sl_buffer_add_byte(writer->to, '{');
    for (size_t i = 0; i < shape->count && !reason; i++) {
        uint32_t field = shape->fields[i];

        if (i)
            sl_buffer_add_byte(writer->to, ',');
        sl_json_add_string(writer->to, sl_text_of(shape->type->fields[field].name));
        sl_buffer_add_byte(writer->to, ':');
        reason = sl_json_write_cell(writer, &shape->children[i], column->children[field], row);
    }
    sl_buffer_add_byte(writer->to, '}');
    return reason;
}

/* MAP and MULTISET: keys and values are the children. */
static const char *
cell_write_map(struct json_writer *writer, const struct json_shape *shape,
               const struct sl_column *column, size_t row)
{
    struct sl_span span = ((const struct sl_span *)column->values)[row];
    const struct sl_view *keys = column->children[0]->values;
    struct json_member *members =
        SL_NEW_ARRAY(writer->scratch, struct json_member, (size_t)span.length + 1);
    struct json_shape counts = {.type = &sl_type_int};
    const char *reason = NULL;
    size_t count;

    for (uint32_t i = 0; i < span.length; i++) {
        if (sl_column_is_null(column->children[0], span.start + i))
            return "a key of a map is NULL";
        members[i] = (struct json_member){sl_view_text(&keys[span.start + i]), span.start + i, i};
    }
    count = sl_json_sort_members(members, span.length);
    sl_buffer_add_byte(writer->to, '{');
    for (size_t i = 0; i < count && !reason; i++) {
        if (i)
            sl_buffer_add_byte(writer->to, ',');
        sl_json_add_string(writer->to, members[i].key);
        sl_buffer_add_byte(writer->to, ':');
        reason = sl_json_write_cell(writer, shape->children ? &shape->children[0] : &counts,
                                    column->children[1], members[i].value);
    }
    sl_buffer_add_byte(writer->to, '}');
    return reason;
}

static void
cell_write_number(struct sl_buffer *to, const struct sl_column *column, size_t row)
{
    char text[SL_DECIMAL_JAVA_TEXT_MAX];
    size_t length;

    if (column->type->kind == SL_TYPE_DECIMAL)
        length = sl_decimal_format_java(((const sl_int128 *)column->values)[row],
                                        column->type->scale, false, false, text);
    else
        length = sl_integer_format(sl_column_integer(column, row), text);
    sl_buffer_add(to, text, length);
}

const char *
sl_json_write_cell(struct json_writer *writer, const struct json_shape *shape,
                   const struct sl_column *column, size_t row)
{
    if (column->type->kind == SL_TYPE_NULL || sl_column_is_null(column, row)) {
        sl_buffer_add_string(writer->to, "null");
        return NULL;
    }
    switch (column->type->kind) {
    case SL_TYPE_BOOLEAN:
        sl_buffer_add_string(writer->to, ((const uint8_t *)column->values)[row] ? "true" : "false");
        return NULL;
    case SL_TYPE_FLOAT:
        return cell_write_real(writer->to, (double)((const float *)column->values)[row], true);
    case SL_TYPE_DOUBLE:
        return cell_write_real(writer->to, ((const double *)column->values)[row], false);
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
        sl_json_add_string(writer->to, sl_view_text((const struct sl_view *)column->values + row));
        return NULL;
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        cell_write_bytes(writer->to, sl_view_text((const struct sl_view *)column->values + row));
        return NULL;
    case SL_TYPE_DATE:
    case SL_TYPE_TIME:
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        cell_write_time(writer->to, column, row);
        return NULL;
    case SL_TYPE_ARRAY:
        return cell_write_array(writer, shape, column, row);
    case SL_TYPE_ROW:
        return cell_write_row(writer, shape, column, row);
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
        return cell_write_map(writer, shape, column, row);
    default:
        cell_write_number(writer->to, column, row);
        return NULL;
    }
}
