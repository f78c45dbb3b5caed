/* What all builders use: nodes and their depth, lists, names, options. */
#include "parser/build.h"

#include <stdlib.h>

void *
sl_build_node(SL_PARSE, size_t size, enum sl_ast_kind kind, int offset)
{
    struct sl_ast *node = sl_arena_alloc(parse->arena, size);
    node->kind = kind;
    node->offset = offset;
    node->end = parse->last_end;
    return node;
}

void
sl_build_under(SL_PARSE, struct sl_ast *node, const struct sl_ast *child)
{
    if (child == NULL || child->depth < node->depth)
        return;
    node->depth = child->depth + 1;
    if (node->depth <= parse->limits.depth_max || parse->rc < 0)
        return;
    parse->rc = SL_ERROR(parse->err, SL_E_LIMIT_EXCEEDED,
                         "the statement is nested deeper than %d levels", parse->limits.depth_max);
    sl_error_at(parse->err, node->offset < 0 ? child->offset : node->offset);
    sl_error_hint(parse->err,
                  "write long lists of OR as IN (...), and split deep queries into views");
}

void
sl_build_under_exprs(SL_PARSE, struct sl_ast *node, const struct sl_ast_list *exprs)
{
    if (exprs == NULL)
        return;
    for (size_t i = 0; i < exprs->count; i++)
        sl_build_under(parse, node, exprs->items[i]);
}

void
sl_build_under_order(SL_PARSE, struct sl_ast *node, const struct sl_ast_order *order)
{
    for (size_t i = 0; i < order->count; i++)
        sl_build_under(parse, node, &order->items[i].expr->ast);
}

struct sl_text
sl_build_slice(SL_PARSE, int offset, int end)
{
    SL_ASSERT(offset >= 0 && end >= offset);
    return (struct sl_text){parse->text.start + offset, (size_t)(end - offset)};
}

/* ---- lists: room for 1, 2, 4, 8 ... items, so that a count that is a power of two is full ---- */

struct sl_ast_list *
sl_build_list(SL_PARSE, void *item)
{
    struct sl_ast_list *list = SL_NEW(parse->arena, struct sl_ast_list);
    list->items = SL_NEW_ARRAY(parse->arena, void *, 1);
    list->items[0] = item;
    list->count = 1;
    return list;
}

struct sl_ast_list *
sl_build_list_add(SL_PARSE, struct sl_ast_list *list, void *item)
{
    size_t count = list->count;
    if ((count & (count - 1)) == 0) {
        void **items = SL_NEW_ARRAY(parse->arena, void *, count * 2);
        memcpy(items, list->items, count * sizeof *items);
        list->items = items;
    }
    list->items[list->count++] = item;
    return list;
}

struct sl_ast_list *
sl_build_list_prepend(SL_PARSE, void *item, struct sl_ast_list *list)
{
    sl_build_list_add(parse, list, NULL);
    memmove(list->items + 1, list->items, (list->count - 1) * sizeof *list->items);
    list->items[0] = item;
    return list;
}

struct sl_ast_list
sl_build_list_value(const struct sl_ast_list *list)
{
    return list == NULL ? (struct sl_ast_list){0} : *list;
}

void *
sl_build_array(SL_PARSE, const struct sl_ast_list *list, size_t size, size_t *count)
{
    *count = list == NULL ? 0 : list->count;
    if (*count == 0)
        return NULL;
    char *array = sl_arena_alloc_array(parse->arena, size, *count);
    for (size_t i = 0; i < *count; i++)
        memcpy(array + i * size, list->items[i], size);
    return array;
}

/* ---- names ---- */

struct sl_ast_identifier
sl_build_identifier_value(SL_PARSE, SL_TOKEN token)
{
    if (token == NULL)
        return (struct sl_ast_identifier){0};
    return (struct sl_ast_identifier){sl_arena_text(parse->arena, token->text), token->offset,
                                      token->end, token->quoted};
}

struct sl_ast_identifier *
sl_build_identifier(SL_PARSE, SL_TOKEN token)
{
    struct sl_ast_identifier *identifier = SL_NEW(parse->arena, struct sl_ast_identifier);
    *identifier = sl_build_identifier_value(parse, token);
    return identifier;
}

struct sl_ast_identifier *
sl_build_ids(SL_PARSE, const struct sl_ast_list *list, size_t *count)
{
    return sl_build_array(parse, list, sizeof(struct sl_ast_identifier), count);
}

struct sl_ast_name *
sl_build_name(SL_PARSE, SL_TOKEN token)
{
    struct sl_ast_name *name = SL_NEW(parse->arena, struct sl_ast_name);
    name->parts = sl_build_identifier(parse, token);
    name->count = 1;
    name->offset = token->offset;
    name->end = token->end;
    return name;
}

struct sl_ast_name *
sl_build_name_add(SL_PARSE, struct sl_ast_name *name, SL_TOKEN token)
{
    if (name->count == SL_PARSE_NAME_PARTS_MAX) {
        if (parse->rc >= 0) {
            parse->rc = SL_ERROR(parse->err, SL_E_LIMIT_EXCEEDED, "a name has more than %d parts",
                                 SL_PARSE_NAME_PARTS_MAX);
            sl_error_at(parse->err, name->offset);
        }
        return name;
    }
    struct sl_ast_identifier *parts =
        SL_NEW_ARRAY(parse->arena, struct sl_ast_identifier, name->count + 1);
    memcpy(parts, name->parts, name->count * sizeof *parts);
    parts[name->count] = sl_build_identifier_value(parse, token);
    name->parts = parts;
    name->count++;
    name->end = token->end;
    return name;
}

struct sl_ast_name
sl_build_name_value(const struct sl_ast_name *name)
{
    return name == NULL ? (struct sl_ast_name){0} : *name;
}

int64_t
sl_build_integer(SL_PARSE, SL_TOKEN token, bool negative)
{
    int64_t value = 0;
    for (size_t i = 0; i < token->text.length; i++) {
        char c = token->text.start[i];
        if (c < '0' || c > '9') {
            sl_parse_syntax_error(parse, token);
            return 0;
        }
        value = value * 10 + (c - '0');
        if (value > INT32_MAX) {
            if (parse->rc >= 0) {
                parse->rc = SL_ERROR(parse->err, SL_E_NUMERIC_OUT_OF_RANGE,
                                     "the number %.*s is larger than %d here",
                                     SL_TEXT_FORMAT(token->text), INT32_MAX);
                sl_error_at(parse->err, token->offset);
            }
            return 0;
        }
    }
    return negative ? -value : value;
}

struct sl_text
sl_build_text(SL_PARSE, SL_TOKEN token)
{
    return token == NULL ? (struct sl_text){0} : sl_arena_text(parse->arena, token->text);
}

/* ---- options ---- */

/* a.b-c as written, or the name inside the quotes when it is a single one. */
static struct sl_text
build_base_word(SL_PARSE, SL_TOKEN first)
{
    if (first->quoted && first->end == parse->last_end)
        return sl_build_text(parse, first);
    return sl_arena_text(parse->arena, sl_build_slice(parse, first->offset, parse->last_end));
}

SL_TOKEN
sl_build_setting(SL_PARSE, SL_TOKEN first)
{
    struct sl_token *token = SL_NEW(parse->arena, struct sl_token);
    *token = *first;
    token->text = build_base_word(parse, first);
    token->end = parse->last_end;
    return token;
}

struct sl_build_value *
sl_build_value(SL_PARSE, SL_TOKEN first, bool is_string)
{
    struct sl_build_value *value = SL_NEW(parse->arena, struct sl_build_value);
    value->text = is_string ? sl_build_text(parse, first) : build_base_word(parse, first);
    value->offset = first->offset;
    return value;
}

struct sl_ast_option *
sl_build_option_key(SL_PARSE, SL_TOKEN first, bool is_string)
{
    struct sl_ast_option *option = SL_NEW(parse->arena, struct sl_ast_option);
    option->key = is_string ? sl_build_text(parse, first) : build_base_word(parse, first);
    option->key_offset = first->offset;
    option->value_offset = -1;
    return option;
}

struct sl_ast_option *
sl_build_option(struct sl_ast_option *key, struct sl_build_value *value)
{
    key->value = value->text;
    key->value_offset = value->offset;
    return key;
}

struct sl_ast_option *
sl_build_word_option(SL_PARSE, SL_TOKEN word, SL_TOKEN string)
{
    struct sl_ast_option *option = SL_NEW(parse->arena, struct sl_ast_option);
    option->key = sl_build_text(parse, word);
    option->key_offset = word->offset;
    option->value = sl_build_text(parse, string);
    option->value_offset = string == NULL ? -1 : string->offset;
    return option;
}

struct sl_ast_option *
sl_build_word_value(SL_PARSE, SL_TOKEN word, struct sl_build_value *value)
{
    return sl_build_option(sl_build_word_option(parse, word, NULL), value);
}

struct sl_ast_options
sl_build_options(SL_PARSE, const struct sl_ast_list *list)
{
    struct sl_ast_options options;
    options.items = sl_build_array(parse, list, sizeof(struct sl_ast_option), &options.count);
    return options;
}

struct sl_ast_hint *
sl_build_hint(SL_PARSE, SL_TOKEN name, const struct sl_ast_list *items)
{
    struct sl_ast_hint *hint = SL_NEW(parse->arena, struct sl_ast_hint);
    struct sl_ast_options options = sl_build_options(parse, items);
    hint->offset = name->offset;
    hint->end = parse->last_end;
    hint->name = sl_build_identifier_value(parse, name);
    hint->options.items = SL_NEW_ARRAY(parse->arena, struct sl_ast_option, options.count);
    hint->items = SL_NEW_ARRAY(parse->arena, struct sl_ast_identifier, options.count);
    for (size_t i = 0; i < options.count; i++) {
        const struct sl_ast_option *option = &options.items[i];
        if (option->value.start != NULL)
            hint->options.items[hint->options.count++] = *option;
        else
            hint->items[hint->item_count++] = (struct sl_ast_identifier){
                option->key, option->key_offset, option->key_offset, false};
    }
    return hint;
}
