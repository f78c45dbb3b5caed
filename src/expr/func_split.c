/* SPLIT and STR_TO_MAP: parts of texts, which point into the text where they are long.  Delimiters
 * of STR_TO_MAP are regular expressions, as in Flink; most are plain texts all the same. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "expr/collection.h"
#include "expr/utf8.h"

#include <pcre2.h>
#include <stdlib.h>

/* Parts of all rows, one row after another. */
struct split_parts {
    struct sl_text *texts; /* start NULL: NULL */
    size_t count, capacity;
};

static void
split_add(struct split_parts *parts, struct sl_text text)
{
    if (parts->count == parts->capacity) {
        parts->capacity = SL_MAX(2 * parts->capacity, (size_t)1024);
        parts->texts = sl_realloc(parts->texts, parts->capacity * sizeof(*parts->texts));
    }
    parts->texts[parts->count++] = text;
}

/* Of a view's text: long texts stay where they are, in the heaps of the argument. */
static struct sl_column *
split_column(struct sl_call *call, const struct split_parts *parts, const struct sl_type *type)
{
    struct sl_column *column = sl_column_new(call->pool, type, parts->count, false);
    struct sl_view *views = column->values;

    sl_column_add_heaps_of(column, call->pool, call->args[0].column);
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->texts[i].start)
            views[i] = sl_view_of(parts->texts[i].start, parts->texts[i].length);
        else
            sl_validity_set(sl_column_add_validity(column, call->pool), i, false);
    }
    return column;
}

static void
split_row(struct split_parts *parts, struct sl_text text, struct sl_text delimiter)
{
    const char *at = text.start, *end = text.start + text.length, *found;

    if (delimiter.length == 0) {
        for (size_t size; at < end; at += size) {
            size = sl_utf8_size(at, end);
            split_add(parts, (struct sl_text){at, size});
        }
        return;
    }
    while ((found = memmem(at, (size_t)(end - at), delimiter.start, delimiter.length)) != NULL) {
        split_add(parts, (struct sl_text){at, (size_t)(found - at)});
        at = found + delimiter.length;
    }
    split_add(parts, (struct sl_text){at, (size_t)(end - at)});
}

void
sl_kernel_split(struct sl_call *call)
{
    struct split_parts parts = {NULL, 0, 0};

    SL_FOR_ROWS(call, row)
    {
        size_t first = parts.count;

        if (sl_collection_row_is_null(call, row))
            continue;
        split_row(&parts, sl_call_text(call, 0, row), sl_call_text(call, 1, row));
        SL_RESULT(call, struct sl_span)
        [row] = (struct sl_span){(uint32_t)first, (uint32_t)(parts.count - first)};
    }
    call->result->children[0] = split_column(call, &parts, call->expr->type->element);
    free(parts.texts);
}

/* --- STR_TO_MAP --- */

/* A delimiter, compiled when it changes. */
struct split_delimiter {
    struct sl_text text;
    pcre2_code *code; /* NULL: a plain text */
    pcre2_match_data *match;
    bool is_broken;
};

static void
split_delimiter_done(struct split_delimiter *delimiter)
{
    pcre2_match_data_free(delimiter->match);
    pcre2_code_free(delimiter->code);
}

static void
split_delimiter_set(struct split_delimiter *delimiter, struct sl_text text)
{
    PCRE2_SIZE offset;
    int error;

    if (delimiter->text.start && sl_text_equal(delimiter->text, text))
        return;
    split_delimiter_done(delimiter);
    *delimiter = (struct split_delimiter){.text = text};
    for (size_t i = 0; i < text.length; i++) {
        if (!strchr("([{\\^$|]})?*+.", text.start[i]))
            continue;
        delimiter->code = pcre2_compile((PCRE2_SPTR)text.start, text.length,
                                        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &offset, NULL);
        delimiter->is_broken = delimiter->code == NULL;
        if (delimiter->code)
            delimiter->match = pcre2_match_data_create_from_pattern(delimiter->code, NULL);
        return;
    }
}

/* The first delimiter that is not empty at or behind `from`; false: there is none. */
static bool
split_find(const struct split_delimiter *delimiter, struct sl_text text, size_t from,
           size_t *ret_start, size_t *ret_end)
{
    const char *found;
    const PCRE2_SIZE *bounds;

    if (delimiter->code) {
        if (pcre2_match(delimiter->code, (PCRE2_SPTR)text.start, text.length, from, PCRE2_NOTEMPTY,
                        delimiter->match, NULL) < 0)
            return false;
        bounds = pcre2_get_ovector_pointer(delimiter->match);
        *ret_start = bounds[0];
        *ret_end = bounds[1];
        return true;
    }
    if (delimiter->text.length == 0) { /* between any two characters */
        *ret_start = *ret_end =
            from +
            (from < text.length ? sl_utf8_size(text.start + from, text.start + text.length) : 0);
        return *ret_start < text.length;
    }
    found = memmem(text.start + from, text.length - from, delimiter->text.start,
                   delimiter->text.length);
    *ret_start = found ? (size_t)(found - text.start) : 0;
    *ret_end = *ret_start + delimiter->text.length;
    return found != NULL;
}

struct split_map {
    struct sl_call *call;
    struct split_delimiter pair, value;
    struct split_parts pairs, keys, values; /* pairs: of one row */
    struct sl_span *spans;                  /* of keys and values */
};

static void
split_map_pair(struct split_map *map, struct sl_text pair)
{
    struct sl_text key = pair, value = {NULL, 0};
    size_t start, end;

    if (split_find(&map->value, pair, 0, &start, &end)) {
        key.length = start;
        value = (struct sl_text){pair.start + end, pair.length - end};
    }
    split_add(&map->keys, key);
    split_add(&map->values, value);
}

/* As Java's split: empty parts at the end are no parts. */
static void
split_map_row(struct split_map *map, struct sl_text text)
{
    size_t from = 0, start, end;

    map->pairs.count = 0;
    while (split_find(&map->pair, text, from, &start, &end)) {
        split_add(&map->pairs, (struct sl_text){text.start + from, start - from});
        from = end;
    }
    split_add(&map->pairs, (struct sl_text){text.start + from, text.length - from});
    while (map->pairs.count && map->pairs.texts[map->pairs.count - 1].length == 0)
        map->pairs.count--;
    for (size_t i = 0; i < map->pairs.count; i++)
        split_map_pair(map, map->pairs.texts[i]);
}

static void
split_map_rows(struct split_map *map)
{
    struct sl_call *call = map->call;

    SL_FOR_ROWS(call, row)
    {
        size_t first = map->keys.count;

        if (sl_collection_row_is_null(call, row))
            continue;
        split_delimiter_set(&map->pair,
                            call->arg_count > 1 ? sl_call_text(call, 1, row) : SL_TEXT(","));
        split_delimiter_set(&map->value,
                            call->arg_count > 2 ? sl_call_text(call, 2, row) : SL_TEXT("="));
        if (map->pair.is_broken || map->value.is_broken) {
            sl_call_fail(call, row, SL_E_INVALID_REGEXP,
                         "STR_TO_MAP: delimiter \"%s\" is no regular expression",
                         sl_call_arg_text(call, map->pair.is_broken ? 1 : 2, row));
            continue;
        }
        split_map_row(map, sl_call_text(call, 0, row));
        map->spans[row] = (struct sl_span){(uint32_t)first, (uint32_t)(map->keys.count - first)};
    }
}

void
sl_kernel_str_to_map(struct sl_call *call)
{
    struct split_map map = {.call = call};
    struct map_making making;
    struct sl_column *keys, *values;

    map.spans = sl_alloc_zeroed((call->row_count + 1) * sizeof(*map.spans));
    split_map_rows(&map);
    keys = split_column(call, &map.keys, call->expr->type->key);
    values = split_column(call, &map.values, call->expr->type->element);
    sl_map_making_begin(&making, call, 1);
    sl_collection_add_source(&making.keys, keys);
    sl_collection_add_source(&making.values, values);
    SL_FOR_ROWS(call, row)
    {
        sl_map_making_row(&making);
        for (uint32_t i = 0; i < map.spans[row].length; i++)
            sl_map_making_put(&making, 0, map.spans[row].start + i, map.spans[row].start + i);
        sl_map_making_set_span(&making, call, row);
    }
    sl_map_making_end(&making, call);
    sl_column_unref(keys);
    sl_column_unref(values);
    split_delimiter_done(&map.pair);
    split_delimiter_done(&map.value);
    free(map.pairs.texts);
    free(map.keys.texts);
    free(map.values.texts);
    free(map.spans);
}
