/* Types, values, expressions and aggregates as JSON.  Functions go by name and are resolved again
 * when they are read; numbers that JSON cannot hold exactly (DECIMAL, FLOAT, DOUBLE) are strings,
 * bytes are hexadecimal. */
#include "plan/json.h"

#include "data/decimal.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const json_casts[] = {
    [SL_CAST_STRICT] = "strict", [SL_CAST_TRY] = "try", [SL_CAST_IMPLICIT] = "implicit"};
static const char *const json_times[] = {
    [SL_TIME_NONE] = "", [SL_TIME_EVENT] = "event", [SL_TIME_PROCESSING] = "processing"};

int
sl_json_broken(struct sl_error *err, const char *what)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "the stored plan has a broken %s", what);
}

/* --- writing --- */

json_t *
sl_plan_json_write_string(const char *string)
{
    json_t *json = json_string(string);

    SL_ASSERT(json != NULL); /* the parser let only UTF-8 in */
    return json;
}

json_t *
sl_plan_json_write_type(const struct sl_type *type)
{
    struct sl_buffer text;
    json_t *json;

    sl_buffer_init(&text, SIZE_MAX);
    sl_type_format(type, &text);
    json = sl_plan_json_write_string(text.data);
    sl_buffer_done(&text);
    return json;
}

json_t *
sl_plan_json_write_schema(const struct sl_schema *schema)
{
    json_t *json = json_array();

    for (size_t i = 0; i < schema->count; i++) {
        const struct sl_schema_column *column = &schema->columns[i];
        json_t *item = json_object();

        json_object_set_new(item, "name", sl_plan_json_write_string(column->name));
        json_object_set_new(item, "type", sl_plan_json_write_type(column->type));
        if (column->time != SL_TIME_NONE)
            json_object_set_new(item, "time", json_string(json_times[column->time]));
        json_array_append_new(json, item);
    }
    return json;
}

static json_t *
json_write_hex(struct sl_text bytes)
{
    struct sl_buffer text;
    json_t *json;

    sl_buffer_init(&text, SIZE_MAX);
    sl_buffer_add_string(&text, "\\x");
    for (size_t i = 0; i < bytes.length; i++)
        sl_buffer_printf(&text, "%02x", (unsigned char)bytes.start[i]);
    json = json_string(text.data);
    sl_buffer_done(&text);
    return json;
}

static json_t *
json_write_list(const struct sl_value *value)
{
    json_t *json = json_array();

    for (size_t i = 0; i < value->list.count; i++)
        json_array_append_new(json, sl_plan_json_write_value(&value->list.items[i]));
    return json;
}

json_t *
sl_plan_json_write_value(const struct sl_value *value)
{
    char text[SL_DECIMAL_TEXT_MAX];

    if (value->is_null || value->type->kind == SL_TYPE_NULL)
        return json_null();
    switch (value->type->kind) {
    case SL_TYPE_BOOLEAN:
        return json_boolean(value->boolean);
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
        snprintf(text, sizeof(text), "%.17g", value->real);
        return json_string(text);
    case SL_TYPE_DECIMAL:
        sl_decimal_format(value->decimal, value->type->scale, text);
        return json_string(text);
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR: {
        json_t *json = json_stringn(value->text.start, value->text.length);

        SL_ASSERT(json != NULL);
        return json;
    }
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        return json_write_hex(value->text);
    case SL_TYPE_ARRAY:
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
    case SL_TYPE_ROW:
        return json_write_list(value);
    default:
        return json_integer(value->integer);
    }
}

json_t *
sl_plan_json_write_expr(const struct sl_expr *expr)
{
    json_t *json = json_object();

    switch (expr->kind) {
    case SL_EXPR_COLUMN:
        json_object_set_new(json, "column", json_integer(expr->column));
        break;
    case SL_EXPR_LITERAL:
        json_object_set_new(json, "literal", sl_plan_json_write_value(&expr->value));
        break;
    case SL_EXPR_PARAM:
        json_object_set_new(json, "parameter", json_integer(expr->column));
        break;
    case SL_EXPR_CALL:
        json_object_set_new(json, "call", sl_plan_json_write_string(sl_expr_function_name(expr)));
        break;
    case SL_EXPR_CAST:
        json_object_set_new(json, "cast", json_string(json_casts[expr->cast]));
        break;
    }
    json_object_set_new(json, "type", sl_plan_json_write_type(expr->type));
    if (expr->offset >= 0)
        json_object_set_new(json, "offset", json_integer(expr->offset));
    if (expr->arg_count) {
        json_t *args = json_array();

        for (size_t i = 0; i < expr->arg_count; i++)
            json_array_append_new(args, sl_plan_json_write_expr(expr->args[i]));
        json_object_set_new(json, "args", args);
    }
    return json;
}

json_t *
sl_plan_json_write_aggregate(const struct sl_aggregate *aggregate)
{
    json_t *json = json_object(), *args = json_array();

    json_object_set_new(json, "aggregate", sl_plan_json_write_string(sl_aggregate_name(aggregate)));
    json_object_set_new(json, "type", sl_plan_json_write_type(aggregate->type));
    if (aggregate->distinct)
        json_object_set_new(json, "distinct", json_true());
    if (aggregate->ignores_nulls)
        json_object_set_new(json, "ignores_nulls", json_true());
    if (aggregate->retracts)
        json_object_set_new(json, "retracts", json_true());
    if (aggregate->offset >= 0)
        json_object_set_new(json, "offset", json_integer(aggregate->offset));
    for (size_t i = 0; i < aggregate->arg_count; i++)
        json_array_append_new(args, sl_plan_json_write_expr(aggregate->args[i]));
    json_object_set_new(json, "args", args);
    if (aggregate->filter)
        json_object_set_new(json, "filter", sl_plan_json_write_expr(aggregate->filter));
    return json;
}

/* --- reading --- */

int
sl_plan_json_read_type(struct sl_arena *arena, const json_t *json, const struct sl_type **ret_type,
                       struct sl_error *err)
{
    if (!json_is_string(json))
        return sl_json_broken(err, "type");
    return sl_type_parse(arena, sl_text_of(json_string_value(json)), ret_type, err);
}

int
sl_plan_json_read_schema(struct sl_arena *arena, const json_t *json, struct sl_schema **ret_schema,
                         struct sl_error *err)
{
    struct sl_schema *schema;

    if (!json_is_array(json))
        return sl_json_broken(err, "schema");
    schema = sl_schema_new(arena, json_array_size(json));
    for (size_t i = 0; i < schema->count; i++) {
        const json_t *item = json_array_get(json, i);
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *time = json_string_value(json_object_get(item, "time"));

        if (!name)
            return sl_json_broken(err, "schema");
        schema->columns[i].name = sl_arena_strdup(arena, name);
        SL_TRY(sl_plan_json_read_type(arena, json_object_get(item, "type"),
                                      &schema->columns[i].type, err));
        for (size_t t = 0; time && t < SL_COUNT_OF(json_times); t++)
            if (strcmp(time, json_times[t]) == 0)
                schema->columns[i].time = (enum sl_time_kind)t;
    }
    *ret_schema = schema;
    return SL_OK;
}

static int
json_read_hex(struct sl_arena *arena, const char *text, struct sl_text *ret_bytes,
              struct sl_error *err)
{
    size_t length = text && text[0] == '\\' && text[1] == 'x' ? strlen(text + 2) / 2 : 0;
    char *bytes;

    if (!text)
        return sl_json_broken(err, "value");
    bytes = sl_arena_alloc(arena, length + 1);
    for (size_t i = 0; i < length; i++) {
        char pair[3] = {text[2 + 2 * i], text[3 + 2 * i], 0};

        bytes[i] = (char)strtoul(pair, NULL, 16);
    }
    *ret_bytes = (struct sl_text){bytes, length};
    return SL_OK;
}

static const struct sl_type *
json_item_type(const struct sl_type *type, size_t index)
{
    if (type->kind == SL_TYPE_ROW)
        return index < type->field_count ? type->fields[index].type : NULL;
    if (type->kind == SL_TYPE_MAP && index % 2 == 0)
        return type->key;
    return type->element;
}

static int
json_read_list(struct sl_arena *arena, const json_t *json, struct sl_value *value,
               struct sl_error *err)
{
    if (!json_is_array(json))
        return sl_json_broken(err, "value");
    value->list.count = json_array_size(json);
    value->list.items = SL_NEW_ARRAY(arena, struct sl_value, value->list.count);
    for (size_t i = 0; i < value->list.count; i++) {
        const struct sl_type *type = json_item_type(value->type, i);

        if (!type)
            return sl_json_broken(err, "value");
        SL_TRY(sl_plan_json_read_value(arena, json_array_get(json, i), type, &value->list.items[i],
                                       err));
    }
    return SL_OK;
}

int
sl_plan_json_read_value(struct sl_arena *arena, const json_t *json, const struct sl_type *type,
                        struct sl_value *ret_value, struct sl_error *err)
{
    struct sl_value value = {.type = type};
    const char *text = json_string_value(json);

    if (!json)
        return sl_json_broken(err, "value");
    if (json_is_null(json)) {
        *ret_value = sl_value_null(type);
        return SL_OK;
    }
    switch (type->kind) {
    case SL_TYPE_BOOLEAN:
        value.boolean = json_is_true(json);
        break;
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
        value.real = text ? strtod(text, NULL) : 0;
        break;
    case SL_TYPE_DECIMAL:
        if (!text || !sl_decimal_parse(sl_text_of(text), type->scale, &value.decimal))
            return sl_json_broken(err, "value");
        break;
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
        if (!text)
            return sl_json_broken(err, "value");
        value.text = sl_arena_text(arena, (struct sl_text){text, json_string_length(json)});
        break;
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        SL_TRY(json_read_hex(arena, text, &value.text, err));
        break;
    case SL_TYPE_ARRAY:
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
    case SL_TYPE_ROW:
        SL_TRY(json_read_list(arena, json, &value, err));
        break;
    default:
        value.integer = json_integer_value(json);
        break;
    }
    *ret_value = value;
    return SL_OK;
}

static int
json_read_args(struct sl_arena *arena, const json_t *json, struct sl_expr ***ret_args,
               size_t *ret_count, struct sl_error *err)
{
    const json_t *list = json_object_get(json, "args");
    size_t count = json_array_size(list);
    struct sl_expr **args = SL_NEW_ARRAY(arena, struct sl_expr *, count);

    for (size_t i = 0; i < count; i++)
        SL_TRY(sl_plan_json_read_expr(arena, json_array_get(list, i), &args[i], err));
    *ret_args = args;
    *ret_count = count;
    return SL_OK;
}

static int
json_read_cast(struct sl_arena *arena, const char *mode, struct sl_expr **args, size_t arg_count,
               const struct sl_type *type, int offset, struct sl_expr **ret_expr,
               struct sl_error *err)
{
    for (size_t i = 0; i < SL_COUNT_OF(json_casts) && arg_count == 1; i++) {
        struct sl_expr *expr;

        if (strcmp(mode, json_casts[i]) != 0)
            continue;
        /* As written, also where a cast to the same type would be dropped. */
        expr = SL_NEW(arena, struct sl_expr);
        *expr = (struct sl_expr){.kind = SL_EXPR_CAST,
                                 .type = type,
                                 .offset = offset,
                                 .cast = (enum sl_cast_mode)i,
                                 .args = args,
                                 .arg_count = 1};
        *ret_expr = expr;
        return SL_OK;
    }
    return sl_json_broken(err, "cast");
}

static int
json_offset(const json_t *json)
{
    const json_t *offset = json_object_get(json, "offset");

    return offset ? (int)json_integer_value(offset) : -1;
}

int
sl_plan_json_read_expr(struct sl_arena *arena, const json_t *json, struct sl_expr **ret_expr,
                       struct sl_error *err)
{
    const char *call = json_string_value(json_object_get(json, "call"));
    const char *cast = json_string_value(json_object_get(json, "cast"));
    const json_t *column = json_object_get(json, "column");
    const json_t *parameter = json_object_get(json, "parameter");
    const json_t *literal = json_object_get(json, "literal");
    const struct sl_type *type;
    struct sl_expr *expr = NULL;
    struct sl_expr **args;
    size_t arg_count;

    SL_TRY(sl_plan_json_read_type(arena, json_object_get(json, "type"), &type, err));
    SL_TRY(json_read_args(arena, json, &args, &arg_count, err));
    if (column) {
        expr = sl_expr_column(arena, (uint32_t)json_integer_value(column), type);
    } else if (parameter) {
        expr = sl_expr_param(arena, (uint32_t)json_integer_value(parameter), type);
    } else if (literal) {
        struct sl_value value;

        SL_TRY(sl_plan_json_read_value(arena, literal, type, &value, err));
        expr = sl_expr_literal(arena, &value);
    } else if (call) {
        SL_TRY(sl_expr_call(arena, call, args, arg_count, json_offset(json), &expr, err));
    } else if (cast) {
        SL_TRY(json_read_cast(arena, cast, args, arg_count, type, json_offset(json), &expr, err));
    } else {
        return sl_json_broken(err, "expression");
    }
    expr->type = type;
    expr->offset = json_offset(json);
    *ret_expr = expr;
    return SL_OK;
}

int
sl_plan_json_read_aggregate(struct sl_arena *arena, const json_t *json,
                            struct sl_aggregate **ret_aggregate, struct sl_error *err)
{
    const char *name = json_string_value(json_object_get(json, "aggregate"));
    const json_t *filter_json = json_object_get(json, "filter");
    struct sl_expr **args, *filter = NULL;
    size_t arg_count;

    if (!name)
        return sl_json_broken(err, "aggregate");
    SL_TRY(json_read_args(arena, json, &args, &arg_count, err));
    if (filter_json)
        SL_TRY(sl_plan_json_read_expr(arena, filter_json, &filter, err));
    SL_TRY(sl_aggregate_bind(arena, name, args, arg_count,
                             json_is_true(json_object_get(json, "distinct")), filter,
                             json_offset(json), ret_aggregate, err));
    if (json_is_true(json_object_get(json, "ignores_nulls")) &&
        !sl_aggregate_ignore_nulls(*ret_aggregate))
        return sl_json_broken(err, "aggregate");
    if (json_is_true(json_object_get(json, "retracts")))
        SL_TRY(sl_aggregate_set_retracts(*ret_aggregate, err));
    return sl_plan_json_read_type(arena, json_object_get(json, "type"), &(*ret_aggregate)->type,
                                  err);
}
