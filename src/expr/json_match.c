/* Following a path through a document.  A definite path is a loop; others recurse, at most as deep
 * as the path is long and the document nested. */
#include "expr/json.h"

#include "data/number_text.h"

#include <stdlib.h>

struct match_walk {
    const struct json_document *document;
    struct json_matches *matches;
};

void
sl_json_matches_done(struct json_matches *matches)
{
    free(matches->values);
}

static void
match_add(struct json_matches *matches, uint32_t value)
{
    if (matches->count == matches->capacity) {
        matches->capacity = SL_MAX(2 * matches->capacity, (size_t)16);
        matches->values = sl_realloc(matches->values, matches->capacity * sizeof(uint32_t));
    }
    matches->values[matches->count++] = value;
}

static bool
match_has_name(const struct json_document *document, uint32_t key, struct sl_text name)
{
    struct sl_text text = sl_json_document_text(document, key);
    char scratch[256], *plain;
    bool is_equal;

    if (!document->has_escapes || memchr(text.start, '\\', text.length) == NULL)
        return sl_text_equal(text, name);
    plain = text.length <= sizeof(scratch) ? scratch : sl_alloc(text.length);
    sl_json_unescape(text, plain, &text.length);
    is_equal = text.length == name.length && memcmp(plain, name.start, name.length) == 0;
    if (plain != scratch)
        free(plain);
    return is_equal;
}

/* Of keys that are equal the last one counts. */
static bool
match_member(const struct json_document *document, uint32_t object, struct sl_text name,
             uint32_t *ret_value)
{
    bool found = false;

    if (json_kind(document, object) != '{')
        return false;
    JSON_FOR_MEMBERS(document, object, key)
    {
        if (match_has_name(document, key, name)) {
            *ret_value = key + 2;
            found = true;
        }
    }
    return found;
}

static int64_t
match_count_items(const struct json_document *document, uint32_t array)
{
    int64_t count = 0;

    JSON_FOR_ITEMS(document, array, item)
    count++;
    return count;
}

static bool
match_item(const struct json_document *document, uint32_t array, int64_t index, uint32_t *ret_value)
{
    if (json_kind(document, array) != '[')
        return false;
    if (index < 0)
        index += match_count_items(document, array);
    if (index < 0)
        return false;
    JSON_FOR_ITEMS(document, array, item)
    {
        if (index-- == 0) {
            *ret_value = item;
            return true;
        }
    }
    return false;
}

/* --- filters --- */

enum match_class {
    MATCH_NOTHING,
    MATCH_NULL,
    MATCH_BOOLEAN,
    MATCH_NUMBER,
    MATCH_STRING,
    MATCH_OTHER
};

struct match_operand {
    enum match_class class;
    struct sl_text text;
};

static bool match_definite(const struct json_path *path, const struct json_document *document,
                           uint32_t *at, size_t *step);

static enum match_class
match_class_of(char first)
{
    switch (first) {
    case '"':
        return MATCH_STRING;
    case '{':
    case '[':
        return MATCH_OTHER;
    case 'n':
        return MATCH_NULL;
    case 't':
    case 'f':
        return MATCH_BOOLEAN;
    default:
        return MATCH_NUMBER;
    }
}

static struct match_operand
match_operand(const struct json_operand *operand, const struct json_document *document,
              uint32_t context, struct sl_arena *arena)
{
    struct match_operand value = {MATCH_NOTHING, operand->literal};
    uint32_t at = operand->from_root ? 0 : context;
    size_t step;

    if (!operand->is_path) {
        value.class = operand->is_string ? MATCH_STRING : match_class_of(*operand->literal.start);
        return value;
    }
    if (!match_definite(&operand->path, document, &at, &step))
        return value;
    value.class = match_class_of(json_kind(document, at));
    if (value.class != MATCH_OTHER)
        value.text = sl_json_document_string(document, at, arena);
    return value;
}

static int
match_compare_numbers(struct sl_text a, struct sl_text b)
{
    int64_t a_integer, b_integer;
    double a_real = 0, b_real = 0;

    if (sl_number_read_integer(a, &a_integer) && sl_number_read_integer(b, &b_integer))
        return (a_integer > b_integer) - (a_integer < b_integer);
    sl_number_read_real(a, false, &a_real);
    sl_number_read_real(b, false, &b_real);
    return (a_real > b_real) - (a_real < b_real);
}

/* As JsonPath: values of different kinds are different and not less or greater. */
static bool
match_compare(enum json_compare compare, const struct match_operand *a,
              const struct match_operand *b)
{
    bool comparable = a->class == b->class && a->class != MATCH_NOTHING && a->class != MATCH_OTHER;
    bool is_ordered = comparable && (a->class == MATCH_NUMBER || a->class == MATCH_STRING);
    int order = 0;

    if (comparable)
        order = a->class == MATCH_NUMBER ? match_compare_numbers(a->text, b->text)
                                         : sl_text_compare(a->text, b->text);
    switch (compare) {
    case JSON_EQ:
        return comparable && order == 0;
    case JSON_NE:
        return !comparable || order != 0;
    case JSON_LT:
        return is_ordered && order < 0;
    case JSON_LE:
        return is_ordered && order <= 0;
    case JSON_GT:
        return is_ordered && order > 0;
    default:
        return is_ordered && order >= 0;
    }
}

static bool
match_filter(const struct json_filter *filter, const struct json_document *document,
             uint32_t context)
{
    struct match_operand operands[2];
    struct sl_arena arena;
    bool is_match;

    switch (filter->kind) {
    case JSON_FILTER_AND:
        return match_filter(filter->left, document, context) &&
               match_filter(filter->right, document, context);
    case JSON_FILTER_OR:
        return match_filter(filter->left, document, context) ||
               match_filter(filter->right, document, context);
    case JSON_FILTER_NOT:
        return !match_filter(filter->left, document, context);
    default:
        break;
    }
    sl_arena_init(&arena);
    for (size_t i = 0; i < 2; i++)
        operands[i] = filter->kind == JSON_FILTER_EXISTS && i
                          ? operands[0]
                          : match_operand(&filter->operands[i], document, context, &arena);
    is_match = filter->kind == JSON_FILTER_EXISTS
                   ? operands[0].class != MATCH_NOTHING
                   : match_compare(filter->compare, &operands[0], &operands[1]);
    sl_arena_done(&arena);
    return is_match;
}

/* --- steps --- */

/* Follows the names and single indexes that a path begins with; false: step *ret_step leads
 * nowhere. */
static bool
match_definite(const struct json_path *path, const struct json_document *document, uint32_t *at,
               size_t *ret_step)
{
    for (size_t i = 0; i < path->definite_count; i++) {
        const struct json_step *step = &path->steps[i];

        *ret_step = i;
        if (step->kind == JSON_STEP_NAME ? !match_member(document, *at, step->name, at)
                                         : !match_item(document, *at, step->indexes[0], at))
            return false;
    }
    return true;
}

static void match_steps(struct match_walk *walk, const struct json_step *step, size_t count,
                        uint32_t at);

static void
match_slice(struct match_walk *walk, const struct json_step *step, size_t count, uint32_t at)
{
    int64_t length = match_count_items(walk->document, at), i = 0;
    int64_t from = step->from < 0 ? step->from + length : step->from;
    int64_t to = step->to < 0 ? step->to + length : step->to;

    JSON_FOR_ITEMS(walk->document, at, item)
    {
        if (i >= from && i < to)
            match_steps(walk, step + 1, count - 1, item);
        i++;
    }
}

static void
match_children(struct match_walk *walk, uint32_t at, const struct json_step *step, size_t count)
{
    char kind = json_kind(walk->document, at);

    if (kind == '{') {
        JSON_FOR_MEMBERS(walk->document, at, key)
        match_steps(walk, step, count, key + 2);
    } else if (kind == '[') {
        JSON_FOR_ITEMS(walk->document, at, item)
        match_steps(walk, step, count, item);
    }
}

/* The step behind "..", from this value and all below it. */
static void
match_deep(struct match_walk *walk, const struct json_step *next, size_t count, uint32_t at)
{
    char kind = json_kind(walk->document, at);

    match_steps(walk, next, count, at);
    if (kind == '{') {
        JSON_FOR_MEMBERS(walk->document, at, key)
        match_deep(walk, next, count, key + 2);
    } else if (kind == '[') {
        JSON_FOR_ITEMS(walk->document, at, item)
        match_deep(walk, next, count, item);
    }
}

static void
match_filtered(struct match_walk *walk, const struct json_step *step, size_t count, uint32_t at)
{
    char kind = json_kind(walk->document, at);

    if (kind == '{' && match_filter(step->filter, walk->document, at))
        match_steps(walk, step + 1, count - 1, at);
    if (kind != '[')
        return;
    JSON_FOR_ITEMS(walk->document, at, item)
    {
        if (match_filter(step->filter, walk->document, item))
            match_steps(walk, step + 1, count - 1, item);
    }
}

static void
match_steps(struct match_walk *walk, const struct json_step *step, size_t count, uint32_t at)
{
    uint32_t next;

    if (count == 0) {
        match_add(walk->matches, at);
        return;
    }
    switch (step->kind) {
    case JSON_STEP_NAME:
        if (match_member(walk->document, at, step->name, &next))
            match_steps(walk, step + 1, count - 1, next);
        break;
    case JSON_STEP_INDEX:
    case JSON_STEP_INDEXES:
        for (size_t i = 0; i < step->index_count; i++) {
            if (match_item(walk->document, at, step->indexes[i], &next))
                match_steps(walk, step + 1, count - 1, next);
        }
        break;
    case JSON_STEP_SLICE:
        if (json_kind(walk->document, at) == '[')
            match_slice(walk, step, count, at);
        break;
    case JSON_STEP_ANY:
        match_children(walk, at, step + 1, count - 1);
        break;
    case JSON_STEP_DEEP:
        match_deep(walk, step + 1, count - 1, at);
        break;
    case JSON_STEP_FILTER:
        match_filtered(walk, step, count, at);
        break;
    }
}

enum json_outcome
sl_json_match(const struct json_path *path, const struct json_document *document,
              struct json_matches *matches, const char **ret_reason)
{
    struct match_walk walk = {document, matches};
    uint32_t at = 0;
    size_t step = 0;
    bool found;

    matches->count = 0;
    *ret_reason = "the text is null";
    if (json_kind(document, 0) == 'n') /* as in Flink, whatever the path is */
        return JSON_FAILED;
    found = match_definite(path, document, &at, &step);
    *ret_reason = "the path leads nowhere";
    if (path->is_definite) {
        if (!found)
            return path->is_lax ? JSON_EMPTY : JSON_FAILED;
        *ret_reason = "the path leads to null";
        if (json_kind(document, at) == 'n')
            return path->is_lax ? JSON_EMPTY : JSON_FAILED;
        match_add(matches, at);
        return JSON_FOUND;
    }
    if (!found)
        return path->is_lax ? JSON_FOUND : JSON_FAILED;
    match_steps(&walk, path->steps + path->definite_count, path->step_count - path->definite_count,
                at);
    return JSON_FOUND;
}
