/* Reading nested values: arrays "{1,2}", rows "(1,abc)", and MAP and MULTISET as JSON objects. */
#include "data/value_parse.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>

struct nested_items {
    struct sl_value *items;
    size_t count, capacity;
};

static void
nested_add(struct sl_arena *arena, struct nested_items *list, const struct sl_value *value)
{
    if (list->count == list->capacity) {
        size_t capacity = SL_MAX(list->capacity * 2, (size_t)8);
        struct sl_value *items = SL_NEW_ARRAY(arena, struct sl_value, capacity);

        if (list->count)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *value;
}

static struct sl_text
nested_trim(struct sl_text text)
{
    while (text.length && isspace((unsigned char)*text.start)) {
        text.start++;
        text.length--;
    }
    while (text.length && isspace((unsigned char)text.start[text.length - 1]))
        text.length--;
    return text;
}

/* The next item of "{…}" or "(…)": its text without quotes.  Braces inside an array nest. */
static bool
nested_next_item(struct sl_arena *arena, struct sl_text text, size_t *at, bool in_row,
                 struct sl_text *ret_item, bool *ret_is_quoted)
{
    char *item = sl_arena_alloc(arena, text.length - *at + 1);
    size_t length = 0, depth = 0;
    bool in_quotes = false, is_quoted = false;

    for (; *at < text.length; (*at)++) {
        char c = text.start[*at];
        bool verbatim = depth > 0; /* a nested array keeps its quotes for its own reading */

        if (in_quotes && c == '"' && in_row && *at + 1 < text.length &&
            text.start[*at + 1] == '"') {
            item[length++] = '"';
            (*at)++;
        } else if (c == '\\' && *at + 1 < text.length) {
            if (verbatim)
                item[length++] = c;
            item[length++] = text.start[++(*at)];
        } else if (c == '"') {
            in_quotes = !in_quotes;
            is_quoted |= !verbatim;
            if (verbatim)
                item[length++] = c;
        } else if (!in_quotes && depth == 0 && c == ',') {
            break;
        } else {
            if (!in_quotes && !in_row && (c == '{' || c == '}')) {
                if (c == '}' && depth == 0)
                    return false;
                depth = c == '{' ? depth + 1 : depth - 1;
            }
            item[length++] = c;
        }
    }
    *ret_item = (struct sl_text){item, length};
    if (!is_quoted && !in_row)
        *ret_item = nested_trim(*ret_item);
    *ret_is_quoted = is_quoted;
    return !in_quotes && depth == 0;
}

static int
nested_parse_list(struct sl_arena *arena, const struct sl_type *type, struct sl_text text,
                  const struct sl_zone *zone, struct sl_value *value, struct sl_error *err)
{
    bool in_row = type->kind == SL_TYPE_ROW, is_quoted;
    struct nested_items list = {NULL, 0, 0};
    struct sl_text trimmed = nested_trim(text), inner;
    size_t at = 0;

    if (trimmed.length < 2 || trimmed.start[0] != (in_row ? '(' : '{') ||
        trimmed.start[trimmed.length - 1] != (in_row ? ')' : '}'))
        return sl_value_parse_error(SL_E_INVALID_TEXT, type, text, err);
    inner = (struct sl_text){trimmed.start + 1, trimmed.length - 2};
    while (at <= inner.length && (in_row ? type->field_count > 0 : nested_trim(inner).length > 0)) {
        const struct sl_type *item_type = type->element;
        struct sl_value item;
        struct sl_text item_text;

        if (in_row && list.count == type->field_count)
            return sl_value_parse_error(SL_E_INVALID_TEXT, type, text, err);
        if (in_row)
            item_type = type->fields[list.count].type;
        if (!nested_next_item(arena, inner, &at, in_row, &item_text, &is_quoted))
            return sl_value_parse_error(SL_E_INVALID_TEXT, type, text, err);
        at++;
        if (!is_quoted &&
            (in_row ? item_text.length == 0 : sl_text_equal_nocase(item_text, SL_TEXT("NULL"))))
            item = sl_value_null(item_type);
        else
            SL_TRY(sl_value_parse(arena, item_type, item_text, zone, &item, err));
        nested_add(arena, &list, &item);
    }
    if (in_row && list.count != type->field_count)
        return sl_value_parse_error(SL_E_INVALID_TEXT, type, text, err);
    value->list.items = list.items;
    value->list.count = list.count;
    return SL_OK;
}

/* --- JSON, for MAP and MULTISET --- */

static int nested_from_json(struct sl_arena *arena, const struct sl_type *type, json_t *json,
                            const struct sl_zone *zone, struct sl_value *value,
                            struct sl_error *err);

/* A JSON scalar as text, for the parser of its type. */
static struct sl_text
nested_json_text(struct sl_arena *arena, json_t *json)
{
    if (json_is_string(json))
        return (struct sl_text){json_string_value(json), json_string_length(json)};
    if (json_is_integer(json))
        return sl_text_of(sl_arena_printf(arena, "%lld", (long long)json_integer_value(json)));
    if (json_is_real(json))
        return sl_text_of(sl_arena_printf(arena, "%.17g", json_real_value(json)));
    return json_is_true(json) ? SL_TEXT("true") : SL_TEXT("false");
}

static int
nested_json_object(struct sl_arena *arena, const struct sl_type *type, json_t *json,
                   const struct sl_zone *zone, struct nested_items *list, struct sl_error *err)
{
    const char *name;
    json_t *member;

    json_object_foreach(json, name, member)
    {
        const struct sl_type *key_type = type->kind == SL_TYPE_MAP ? type->key : type->element;
        struct sl_value key, item;

        SL_TRY(sl_value_parse(arena, key_type, sl_text_of(name), zone, &key, err));
        if (type->kind == SL_TYPE_MAP) {
            SL_TRY(nested_from_json(arena, type->element, member, zone, &item, err));
            nested_add(arena, list, &key);
            nested_add(arena, list, &item);
            continue;
        }
        if (!json_is_integer(member) || json_integer_value(member) < 0 ||
            json_integer_value(member) > 1000000)
            return sl_value_parse_error(SL_E_INVALID_TEXT, type, sl_text_of(name), err);
        for (json_int_t i = 0; i < json_integer_value(member); i++)
            nested_add(arena, list, &key);
    }
    return SL_OK;
}

static int
nested_json_list(struct sl_arena *arena, const struct sl_type *type, json_t *json,
                 const struct sl_zone *zone, struct nested_items *list, struct sl_error *err)
{
    bool is_row = type->kind == SL_TYPE_ROW;
    size_t count = is_row ? type->field_count : json_array_size(json);

    for (size_t i = 0; i < count; i++) {
        const struct sl_type *item_type = is_row ? type->fields[i].type : type->element;
        json_t *member =
            is_row ? json_object_get(json, type->fields[i].name) : json_array_get(json, i);
        struct sl_value item = sl_value_null(item_type);

        if (member)
            SL_TRY(nested_from_json(arena, item_type, member, zone, &item, err));
        nested_add(arena, list, &item);
    }
    return SL_OK;
}

static int
nested_from_json(struct sl_arena *arena, const struct sl_type *type, json_t *json,
                 const struct sl_zone *zone, struct sl_value *value, struct sl_error *err)
{
    struct nested_items list = {NULL, 0, 0};
    bool wants_object =
        type->kind == SL_TYPE_MAP || type->kind == SL_TYPE_MULTISET || type->kind == SL_TYPE_ROW;

    *value = sl_value_null(type);
    if (json_is_null(json))
        return SL_OK;
    if (!sl_type_is_nested(type->kind)) {
        if (json_is_object(json) || json_is_array(json))
            return sl_value_parse_error(SL_E_INVALID_TEXT, type, SL_TEXT("{…}"), err);
        return sl_value_parse(arena, type, sl_arena_text(arena, nested_json_text(arena, json)),
                              zone, value, err);
    }
    if (wants_object ? !json_is_object(json) : !json_is_array(json))
        return sl_value_parse_error(SL_E_INVALID_TEXT, type, SL_TEXT("…"), err);
    if (wants_object && type->kind != SL_TYPE_ROW)
        SL_TRY(nested_json_object(arena, type, json, zone, &list, err));
    else
        SL_TRY(nested_json_list(arena, type, json, zone, &list, err));
    value->is_null = false;
    value->list.items = list.items;
    value->list.count = list.count;
    return SL_OK;
}

int
sl_value_parse_nested(struct sl_arena *arena, const struct sl_type *type, struct sl_text text,
                      const struct sl_zone *zone, struct sl_value *value, struct sl_error *err)
{
    json_t *json;
    int rc;

    if (type->kind == SL_TYPE_ARRAY || type->kind == SL_TYPE_ROW)
        return nested_parse_list(arena, type, text, zone, value, err);
    json = json_loadb(text.start, text.length, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(json)) {
        json_decref(json);
        return sl_value_parse_error(SL_E_INVALID_TEXT, type, text, err);
    }
    rc = nested_from_json(arena, type, json, zone, value, err);
    json_decref(json);
    return rc;
}
