/* Functions of regular expressions in Java's dialect, which Flink has: REGEXP, REGEXP_EXTRACT,
 * REGEXP_COUNT …, and SIMILAR TO. */
#include "expr/regex.h"
#include "expr/utf8.h"

#include <stdio.h>
#include <stdlib.h>

static void
regex_test_rows(struct sl_call *call, enum regex_dialect dialect)
{
    struct regex_matcher matcher;

    sl_regex_begin(&matcher, call, dialect);
    SL_FOR_ROWS(call, row)
    {
        /* In Flink nothing matches an empty REGEXP. */
        if (dialect == REGEX_JAVA && sl_call_text(call, 1, row).length == 0)
            SL_RESULT(call, uint8_t)[row] = 0;
        else if (sl_regex_use(&matcher, row))
            SL_RESULT(call, uint8_t)
        [row] = sl_regex_match(&matcher, row, sl_call_text(call, 0, row), 0, 0) > 0;
    }
    sl_regex_end(&matcher);
}

void
sl_kernel_similar_to(struct sl_call *call)
{
    regex_test_rows(call, REGEX_SIMILAR);
}

void
sl_kernel_regexp(struct sl_call *call)
{
    regex_test_rows(call, REGEX_JAVA);
}

void
sl_kernel_regex_postgres(struct sl_call *call)
{
    regex_test_rows(call, REGEX_POSTGRES);
}

void
sl_kernel_regex_nocase(struct sl_call *call)
{
    regex_test_rows(call, REGEX_POSTGRES_NOCASE);
}

/* The result is the group of the current match; NULL when there is no such group. */
static void
regex_set_group(const struct regex_matcher *matcher, struct sl_call *call, size_t row,
                struct sl_text text, int64_t group)
{
    const PCRE2_SIZE *offsets = sl_regex_offsets(matcher);

    if (group < 0 || group >= sl_regex_group_count(matcher) || offsets[group * 2] == PCRE2_UNSET ||
        offsets[group * 2] > offsets[group * 2 + 1])
        sl_call_set_null(call, row);
    else
        SL_RESULT(call, struct sl_view)
    [row] =
        sl_view_of(text.start + offsets[group * 2], offsets[group * 2 + 1] - offsets[group * 2]);
}

static void
regex_extract_rows(struct sl_call *call, enum regex_dialect dialect)
{
    struct regex_matcher matcher;

    sl_regex_begin(&matcher, call, dialect);
    sl_column_add_heaps_of(call->result, call->pool, call->args[0].column);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        int64_t group = call->arg_count == 3 ? sl_call_int(call, 2, row) : 0;
        int matched;

        if (!sl_regex_use(&matcher, row))
            continue;
        if (dialect == REGEX_POSTGRES)
            group = sl_regex_group_count(&matcher) > 1;
        matched = sl_regex_match(&matcher, row, text, 0, 0);
        if (matched > 0)
            regex_set_group(&matcher, call, row, text, group);
        else if (matched == 0)
            sl_call_set_null(call, row);
    }
    sl_regex_end(&matcher);
}

/* REGEXP_EXTRACT(text, pattern[, group]), REGEXP_SUBSTR(text, pattern): NULL without a match. */
void
sl_kernel_regexp_extract(struct sl_call *call)
{
    regex_extract_rows(call, REGEX_JAVA);
}

/* SUBSTRING(text FROM pattern): the first group if there are any, else the whole match. */
void
sl_kernel_regex_substring(struct sl_call *call)
{
    regex_extract_rows(call, REGEX_POSTGRES);
}

void
sl_kernel_regexp_count(struct sl_call *call)
{
    struct regex_matcher matcher;

    sl_regex_begin(&matcher, call, REGEX_JAVA);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        struct regex_scan scan = {0, 0};
        int32_t count = 0;

        if (!sl_regex_use(&matcher, row))
            continue;
        while (sl_regex_next(&matcher, row, text, &scan) > 0)
            count++;
        SL_RESULT(call, int32_t)[row] = count;
    }
    sl_regex_end(&matcher);
}

/* REGEXP_INSTR(text, pattern): where the first match begins, from 1; 0 without one. */
void
sl_kernel_regexp_instr(struct sl_call *call)
{
    struct regex_matcher matcher;

    sl_regex_begin(&matcher, call, REGEX_JAVA);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);

        if (!sl_regex_use(&matcher, row))
            continue;
        SL_RESULT(call, int32_t)
        [row] = sl_regex_match(&matcher, row, text, 0, 0) > 0
                    ? (int32_t)sl_utf8_count(text.start, sl_regex_offsets(&matcher)[0]) + 1
                    : 0;
    }
    sl_regex_end(&matcher);
}

/* --- lists of matches --- */

/* The elements of all rows' arrays, one after another. */
struct regex_list {
    struct sl_view *views;
    bool *nulls;
    size_t count, capacity;
};

static void
regex_list_add(struct regex_list *list, const struct regex_matcher *matcher, struct sl_text text,
               uint32_t group)
{
    const PCRE2_SIZE *offsets = sl_regex_offsets(matcher) + group * 2;
    bool is_null = offsets[0] == PCRE2_UNSET || offsets[0] > offsets[1];

    if (list->count == list->capacity) {
        list->capacity = SL_MAX(list->capacity * 2, (size_t)64);
        list->views = sl_realloc(list->views, list->capacity * sizeof(*list->views));
        list->nulls = sl_realloc(list->nulls, list->capacity * sizeof(*list->nulls));
    }
    list->views[list->count] =
        is_null ? sl_view_of("", 0) : sl_view_of(text.start + offsets[0], offsets[1] - offsets[0]);
    list->nulls[list->count++] = is_null;
}

/* Makes the elements the children of the result, whose spans are set. */
static void
regex_list_end(struct regex_list *list, struct sl_call *call)
{
    struct sl_column *items =
        sl_column_new(call->pool, call->expr->type->element, list->count, false);

    if (list->count)
        memcpy(items->values, list->views, list->count * sizeof(*list->views));
    for (size_t i = 0; i < list->count; i++) {
        if (list->nulls[i])
            sl_validity_set(sl_column_add_validity(items, call->pool), i, false);
    }
    sl_column_add_heaps_of(items, call->pool, call->args[0].column);
    call->result->children[0] = items;
    free(list->views);
    free(list->nulls);
}

/* REGEXP_LIKE(text, pattern[, flags]) */
void
sl_kernel_regexp_like(struct sl_call *call)
{
    regex_test_rows(call, call->arg_count == 3 ? REGEX_POSTGRES_FLAGS : REGEX_POSTGRES);
}

static bool
regex_any_null(const struct sl_call *call, size_t row)
{
    for (size_t i = 0; i < call->arg_count; i++) {
        if (sl_call_arg_is_null(call, i, row))
            return true;
    }
    return false;
}

/* REGEXP_EXTRACT_ALL(text, pattern[, group, by default 1]): NULL where there is no such group. */
void
sl_kernel_regexp_extract_all(struct sl_call *call)
{
    struct regex_list list = {NULL, NULL, 0, 0};
    struct regex_matcher matcher;

    call->result = sl_column_new(call->pool, call->expr->type, call->row_count, false);
    sl_regex_begin(&matcher, call, REGEX_JAVA);
    SL_FOR_ROWS(call, row)
    {
        struct regex_scan scan = {0, 0};
        uint32_t first = (uint32_t)list.count;
        struct sl_text text;
        int64_t group;

        if (regex_any_null(call, row)) {
            sl_call_set_null(call, row);
            continue;
        }
        text = sl_call_text(call, 0, row);
        group = call->arg_count == 3 ? sl_call_int(call, 2, row) : 1;
        if (!sl_regex_use(&matcher, row))
            continue;
        if (group < 0 || group >= sl_regex_group_count(&matcher)) {
            sl_call_set_null(call, row);
            continue;
        }
        while (sl_regex_next(&matcher, row, text, &scan) > 0)
            regex_list_add(&list, &matcher, text, (uint32_t)group);
        SL_RESULT(call, struct sl_span)
        [row] = (struct sl_span){first, (uint32_t)list.count - first};
    }
    regex_list_end(&list, call);
    sl_regex_end(&matcher);
}

/* REGEXP_MATCH(text, pattern, flags): the groups of the first match, or the whole of it. */
void
sl_kernel_regexp_match(struct sl_call *call)
{
    enum regex_dialect dialect = call->arg_count == 3 ? REGEX_POSTGRES_FLAGS : REGEX_POSTGRES;
    struct regex_list list = {NULL, NULL, 0, 0};
    struct regex_matcher matcher;

    call->result = sl_column_new(call->pool, call->expr->type, call->row_count, false);
    sl_regex_begin(&matcher, call, dialect);
    SL_FOR_ROWS(call, row)
    {
        uint32_t first = (uint32_t)list.count, group_count;
        struct sl_text text;
        int matched = 0;

        if (regex_any_null(call, row)) {
            sl_call_set_null(call, row);
            continue;
        }
        text = sl_call_text(call, 0, row);
        if (!sl_regex_use(&matcher, row))
            continue;
        matched = sl_regex_match(&matcher, row, text, 0, 0);
        if (matched == 0)
            sl_call_set_null(call, row);
        group_count = sl_regex_group_count(&matcher);
        for (uint32_t i = group_count > 1; matched > 0 && i < group_count; i++)
            regex_list_add(&list, &matcher, text, i);
        SL_RESULT(call, struct sl_span)
        [row] = (struct sl_span){first, (uint32_t)list.count - first};
    }
    regex_list_end(&list, call);
    sl_regex_end(&matcher);
}
