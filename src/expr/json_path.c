/* Paths of SQL/JSON, with the steps of JsonPath: "lax $.a['b c'][0][*]..d[?(@.x > 1 && @.y)]".
 * Without lax or strict before it a path is strict, without $ it begins with a name. */
#include "base/error.h"
#include "expr/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define PATH_STEPS_MAX 256
#define PATH_FILTERS_MAX 64 /* one inside the other */

struct path_reader {
    struct sl_arena *arena;
    struct sl_text text;
    const char *at, *end;
    bool in_filter;
    int depth;
    struct sl_error *err;
};

static int
path_fail(struct path_reader *reader, const char *reason)
{
    SL_ERROR(reader->err, SL_E_SYNTAX, "JSON path \"%.*s\": %s at character %zu",
             SL_TEXT_FORMAT(reader->text), reason, (size_t)(reader->at - reader->text.start) + 1);
    return sl_error_hint(reader->err,
                         "a path looks like $.name['a b'][0][*], lax or strict before it");
}

static int
path_exceeds(struct path_reader *reader, const char *what, int limit)
{
    return SL_ERROR(reader->err, SL_E_LIMIT_EXCEEDED, "a JSON path has more than %d %s", limit,
                    what);
}

static int
path_refuse(struct path_reader *reader, const char *what)
{
    return SL_ERROR(reader->err, SL_E_NOT_SUPPORTED, "JSON path \"%.*s\": %s not supported yet",
                    SL_TEXT_FORMAT(reader->text), what);
}

static void
path_skip_blanks(struct path_reader *reader)
{
    while (reader->at < reader->end && isspace((unsigned char)*reader->at))
        reader->at++;
}

static char
path_peek(const struct path_reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool
path_take(struct path_reader *reader, const char *sign)
{
    size_t length = strlen(sign);

    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, sign, length) != 0)
        return false;
    reader->at += length;
    return true;
}

/* A word, and blanks behind it. */
static bool
path_take_word(struct path_reader *reader, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(reader->end - reader->at) < length || strncasecmp(reader->at, word, length) != 0 ||
        (reader->at + length < reader->end && isalnum((unsigned char)reader->at[length])))
        return false;
    reader->at += length;
    path_skip_blanks(reader);
    return true;
}

/* 'a\'b' or "a": the text inside. */
static int
path_read_quoted(struct path_reader *reader, struct sl_text *ret_text)
{
    char quote = *reader->at++;
    char *text = sl_arena_alloc_raw(reader->arena, (size_t)(reader->end - reader->at) + 1);
    size_t length = 0;

    while (reader->at < reader->end && *reader->at != quote) {
        if (*reader->at == '\\' && reader->at + 1 < reader->end)
            reader->at++;
        text[length++] = *reader->at++;
    }
    if (reader->at == reader->end)
        return path_fail(reader, "a quote is missing");
    reader->at++;
    *ret_text = (struct sl_text){text, length};
    return SL_OK;
}

static bool
path_ends_name(const struct path_reader *reader)
{
    char c = path_peek(reader);

    if (c == '\0' || isspace((unsigned char)c) || strchr(".[(", c))
        return true;
    if (c == '?' && reader->at + 1 < reader->end && reader->at[1] == '(')
        return true;
    return reader->in_filter && strchr("=<>!&|),", c);
}

static int
path_read_name(struct path_reader *reader, struct json_step *step)
{
    const char *start = reader->at;

    step->kind = JSON_STEP_NAME;
    if (path_peek(reader) == '"')
        return path_read_quoted(reader, &step->name);
    while (!path_ends_name(reader))
        reader->at++;
    if (reader->at == start)
        return path_fail(reader, "a name is missing");
    if (path_peek(reader) == '(')
        return path_refuse(reader, "a function of a path is");
    step->name =
        sl_arena_text(reader->arena, (struct sl_text){start, (size_t)(reader->at - start)});
    return SL_OK;
}

/* --- what stands in brackets --- */

/* A number, `last`, `last - n`: from the end where it is negative. */
static int
path_read_index(struct path_reader *reader, int64_t *ret_index)
{
    bool is_negative, is_last = path_take_word(reader, "last");
    int64_t index = 0;
    const char *start;

    is_negative = path_take(reader, "-");
    path_skip_blanks(reader);
    for (start = reader->at; isdigit((unsigned char)path_peek(reader)); reader->at++) {
        if (reader->at - start >= 9)
            return path_fail(reader, "an index is too large");
        index = index * 10 + (*reader->at - '0');
    }
    if (reader->at == start && (!is_last || is_negative))
        return path_fail(reader, "an index, *, a name in quotes or ?( is expected");
    *ret_index = is_last ? -1 - index : is_negative ? -index : index;
    path_skip_blanks(reader);
    return SL_OK;
}

static int
path_read_indexes(struct path_reader *reader, struct json_step *step)
{
    int64_t indexes[PATH_STEPS_MAX];
    size_t count = 0;

    do {
        path_skip_blanks(reader);
        if (count == PATH_STEPS_MAX)
            return path_exceeds(reader, "indexes in a step", PATH_STEPS_MAX);
        SL_TRY(path_read_index(reader, &indexes[count++]));
    } while (path_take(reader, ","));
    step->kind = count > 1 ? JSON_STEP_INDEXES : JSON_STEP_INDEX;
    step->indexes = SL_NEW_ARRAY(reader->arena, int64_t, count);
    memcpy(step->indexes, indexes, count * sizeof(*indexes));
    step->index_count = count;
    return SL_OK;
}

/* Behind the first bound of [from:to], or [from to last]. */
static int
path_read_slice(struct path_reader *reader, int64_t from, struct json_step *step)
{
    bool is_inclusive = path_take_word(reader, "to");

    if (!is_inclusive)
        path_take(reader, ":");
    path_skip_blanks(reader);
    step->kind = JSON_STEP_SLICE;
    step->from = from;
    step->to = INT64_MAX;
    if (path_peek(reader) == ']')
        return is_inclusive ? path_fail(reader, "an index is missing") : SL_OK;
    SL_TRY(path_read_index(reader, &step->to));
    if (path_peek(reader) == ':')
        return path_refuse(reader, "a slice with a step is");
    if (is_inclusive)
        step->to = step->to == -1 ? INT64_MAX : step->to + 1;
    return SL_OK;
}

static int path_read_filter(struct path_reader *reader, const struct json_filter **ret_filter);

static int
path_read_filter_step(struct path_reader *reader, struct json_step *step)
{
    bool outside = reader->in_filter;

    step->kind = JSON_STEP_FILTER;
    path_skip_blanks(reader);
    if (!path_take(reader, "("))
        return path_fail(reader, "( is missing after ?");
    reader->in_filter = true;
    SL_TRY(path_read_filter(reader, &step->filter));
    reader->in_filter = outside;
    path_skip_blanks(reader);
    return path_take(reader, ")") ? SL_OK : path_fail(reader, ") is missing");
}

static int
path_read_brackets(struct path_reader *reader, struct json_step *step)
{
    char next;

    path_skip_blanks(reader);
    next = path_peek(reader);
    if (next == '*') {
        reader->at++;
        step->kind = JSON_STEP_ANY;
    } else if (next == '?') {
        reader->at++;
        SL_TRY(path_read_filter_step(reader, step));
    } else if (next == '\'' || next == '"') {
        step->kind = JSON_STEP_NAME;
        SL_TRY(path_read_quoted(reader, &step->name));
    } else if (next == ':') {
        SL_TRY(path_read_slice(reader, 0, step));
    } else {
        SL_TRY(path_read_indexes(reader, step));
        if (step->kind == JSON_STEP_INDEX &&
            (path_peek(reader) == ':' || tolower((unsigned char)path_peek(reader)) == 't'))
            SL_TRY(path_read_slice(reader, step->indexes[0], step));
    }
    path_skip_blanks(reader);
    if (path_peek(reader) == ',' && step->kind == JSON_STEP_NAME)
        return path_refuse(reader, "a step with several names is");
    return path_take(reader, "]") ? SL_OK : path_fail(reader, "] is missing");
}

/* --- steps --- */

/* False in *ret_is_step: the path ends here. */
static int
path_read_step(struct path_reader *reader, struct json_step *step, bool *ret_is_step)
{
    *ret_is_step = true;
    if (path_take(reader, "..")) {
        step->kind = JSON_STEP_DEEP;
        if (path_peek(reader) == '\0')
            return path_fail(reader, "a path may not end with ..");
        return SL_OK;
    }
    if (path_take(reader, "[") || path_take(reader, ".["))
        return path_read_brackets(reader, step);
    if (path_take(reader, ".*")) {
        step->kind = JSON_STEP_ANY;
        return SL_OK;
    }
    if (path_take(reader, "."))
        return path_read_name(reader, step);
    if (reader->in_filter) {
        *ret_is_step = false;
        return SL_OK;
    }
    path_skip_blanks(reader);
    if (path_take(reader, "?"))
        return path_read_filter_step(reader, step);
    *ret_is_step = false;
    return SL_OK;
}

/* Behind "..": a name or * without its dot. */
static int
path_read_deep(struct path_reader *reader, struct json_step *step)
{
    bool is_step;

    if (path_peek(reader) == '[')
        return path_read_step(reader, step, &is_step);
    if (path_take(reader, "*")) {
        step->kind = JSON_STEP_ANY;
        return SL_OK;
    }
    return path_read_name(reader, step);
}

static int
path_read_steps(struct path_reader *reader, bool begins_with_name, struct json_path *path)
{
    struct json_step steps[PATH_STEPS_MAX], *kept;
    size_t count = 0;
    bool is_step = true;

    path->definite_count = SIZE_MAX;
    while (is_step) {
        struct json_step *step = &steps[count];

        if (count == PATH_STEPS_MAX)
            return path_exceeds(reader, "steps", PATH_STEPS_MAX);
        memset(step, 0, sizeof(*step));
        if (begins_with_name && count == 0)
            SL_TRY(path_read_name(reader, step));
        else if (count && steps[count - 1].kind == JSON_STEP_DEEP)
            SL_TRY(path_read_deep(reader, step));
        else
            SL_TRY(path_read_step(reader, step, &is_step));
        if (is_step && step->kind != JSON_STEP_NAME && step->kind != JSON_STEP_INDEX)
            path->definite_count = SL_MIN(path->definite_count, count);
        count += is_step;
    }
    path->is_definite = path->definite_count == SIZE_MAX;
    path->definite_count = SL_MIN(path->definite_count, count);
    kept = SL_NEW_ARRAY(reader->arena, struct json_step, count + 1);
    memcpy(kept, steps, count * sizeof(*kept));
    path->steps = kept;
    path->step_count = count;
    return SL_OK;
}

/* --- filters --- */

static int
path_read_operand(struct path_reader *reader, struct json_operand *operand)
{
    char next;
    const char *start;

    path_skip_blanks(reader);
    next = path_peek(reader);
    start = reader->at;
    if (next == '@' || next == '$') {
        reader->at++;
        operand->is_path = true;
        operand->from_root = next == '$';
        SL_TRY(path_read_steps(reader, false, &operand->path));
        operand->path.is_lax = true;
        if (!operand->path.is_definite)
            return path_refuse(reader, "a path to several values in a filter is");
        return SL_OK;
    }
    if (next == '\'' || next == '"') {
        operand->is_string = true;
        return path_read_quoted(reader, &operand->literal);
    }
    while (reader->at < reader->end &&
           (isalnum((unsigned char)*reader->at) || strchr("+-.", *reader->at)))
        reader->at++;
    operand->literal =
        sl_arena_text(reader->arena, (struct sl_text){start, (size_t)(reader->at - start)});
    if (reader->at == start || !sl_json_is_atom(operand->literal)) {
        reader->at = start;
        return path_fail(reader,
                         "a path from @, a number, a string, true, false or null is expected");
    }
    return SL_OK;
}

static int
path_read_comparison(struct path_reader *reader, struct json_filter *filter)
{
    /* The longer signs first. */
    static const struct {
        const char *sign;
        enum json_compare compare;
    } signs[] = {{"==", JSON_EQ}, {"!=", JSON_NE}, {"<>", JSON_NE}, {"<=", JSON_LE},
                 {">=", JSON_GE}, {"<", JSON_LT},  {">", JSON_GT},  {"=", JSON_EQ}};

    filter->kind = JSON_FILTER_EXISTS;
    SL_TRY(path_read_operand(reader, &filter->operands[0]));
    path_skip_blanks(reader);
    if (reader->end - reader->at >= 2 && reader->at[0] == '=' && reader->at[1] == '~')
        return path_refuse(reader, "a regular expression in a filter is");
    if (isalpha((unsigned char)path_peek(reader)))
        return path_refuse(reader, "an operator in words in a filter is");
    for (size_t i = 0; i < SL_COUNT_OF(signs); i++) {
        if (!path_take(reader, signs[i].sign))
            continue;
        filter->kind = JSON_FILTER_COMPARE;
        filter->compare = signs[i].compare;
        return path_read_operand(reader, &filter->operands[1]);
    }
    if (!filter->operands[0].is_path)
        return path_fail(reader, "a comparison is missing");
    return SL_OK;
}

static int
path_read_unary(struct path_reader *reader, const struct json_filter **ret_filter)
{
    struct json_filter *filter = SL_NEW(reader->arena, struct json_filter);
    int rc;

    path_skip_blanks(reader);
    *ret_filter = filter;
    if (++reader->depth > PATH_FILTERS_MAX)
        return path_exceeds(reader, "filters one inside the other", PATH_FILTERS_MAX);
    if (path_take(reader, "!")) {
        filter->kind = JSON_FILTER_NOT;
        rc = path_read_unary(reader, &filter->left);
    } else if (path_take(reader, "(")) {
        rc = path_read_filter(reader, ret_filter);
        path_skip_blanks(reader);
        if (rc == SL_OK && !path_take(reader, ")"))
            rc = path_fail(reader, ") is missing");
    } else {
        rc = path_read_comparison(reader, filter);
    }
    reader->depth--;
    return rc;
}

static struct json_filter *
path_join_filters(struct path_reader *reader, enum json_filter_kind kind,
                  const struct json_filter *left)
{
    struct json_filter *filter = SL_NEW(reader->arena, struct json_filter);

    filter->kind = kind;
    filter->left = left;
    return filter;
}

static int
path_read_and(struct path_reader *reader, const struct json_filter **ret_filter)
{
    SL_TRY(path_read_unary(reader, ret_filter));
    path_skip_blanks(reader);
    while (path_take(reader, "&&")) {
        struct json_filter *both = path_join_filters(reader, JSON_FILTER_AND, *ret_filter);

        SL_TRY(path_read_unary(reader, &both->right));
        *ret_filter = both;
        path_skip_blanks(reader);
    }
    return SL_OK;
}

static int
path_read_filter(struct path_reader *reader, const struct json_filter **ret_filter)
{
    SL_TRY(path_read_and(reader, ret_filter));
    while (path_take(reader, "||")) {
        struct json_filter *either = path_join_filters(reader, JSON_FILTER_OR, *ret_filter);

        SL_TRY(path_read_and(reader, &either->right));
        *ret_filter = either;
    }
    return SL_OK;
}

int
sl_json_path_compile(struct sl_arena *arena, struct sl_text text, const struct json_path **ret_path,
                     struct sl_error *err)
{
    struct path_reader reader = {.arena = arena,
                                 .text = text,
                                 .at = text.start,
                                 .end = text.start + text.length,
                                 .err = err};
    struct json_path *path = SL_NEW(arena, struct json_path);
    const char *start;
    bool begins_with_name;

    path_skip_blanks(&reader);
    start = reader.at;
    path->is_lax = path_take_word(&reader, "lax");
    if (!path->is_lax)
        path_take_word(&reader, "strict");
    if (reader.at == reader.end) /* then it was a name */
        reader.at = start;
    if (reader.at == reader.end)
        return path_fail(&reader, "it is empty");
    begins_with_name = !path_take(&reader, "$");
    if (begins_with_name && path_peek(&reader) == '@')
        return path_fail(&reader, "@ stands in a filter only");
    SL_TRY(path_read_steps(&reader, begins_with_name, path));
    path_skip_blanks(&reader);
    if (reader.at != reader.end)
        return path_fail(&reader, "something unexpected stands");
    *ret_path = path;
    return SL_OK;
}
