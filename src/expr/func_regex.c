/* Regular expressions, by PCRE2 (its syntax is Java's but for rarities).  A constant pattern is
 * compiled once a program, another one as often as it changes from row to row.  Matching has
 * limits, so that no pattern can hold a task. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "expr/kernels.h"
#include "expr/utf8.h"

#include <pcre2.h>
#include <stdio.h>

#define REGEX_MATCH_LIMIT 1000000
#define REGEX_HEAP_KB_MAX 20000

static void
regex_release(void *code)
{
    pcre2_code_free(code);
}

static pcre2_code *
regex_compile(struct sl_text pattern, char *message, size_t message_size)
{
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.start, pattern.length,
                                     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
                                     &error, &offset, NULL);

    if (code == NULL)
        pcre2_get_error_message(error, (PCRE2_UCHAR *)message, message_size);
    else
        pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return code;
}

const void *
sl_prepare_regex(struct sl_arena *arena, const struct sl_expr *call,
                 const struct sl_expr_settings *settings)
{
    struct sl_text pattern;
    char message[128];
    pcre2_code *code;

    if (!sl_expr_literal_text(call->args[1], &pattern))
        return NULL;
    code = regex_compile(pattern, message, sizeof(message));
    if (code)
        sl_arena_defer(arena, regex_release, code);
    return code;
}

/* SQL's pattern as a regular expression that matches the whole text: % is .*, _ is ., the rest of
 * SIMILAR TO's signs mean the same. */
static struct sl_text
regex_of_similar(struct sl_arena *arena, struct sl_text pattern, char escape)
{
    char *regex = sl_arena_alloc(arena, pattern.length * 2 + 16);
    size_t at = 0;
    bool in_class = false;

    memcpy(regex, "\\A(?s:", 6);
    at = 6;
    for (size_t i = 0; i < pattern.length; i++) {
        char c = pattern.start[i];

        if (escape && c == escape && i + 1 < pattern.length) {
            regex[at++] = '\\';
            regex[at++] = pattern.start[++i];
        } else if (in_class) {
            in_class = c != ']';
            regex[at++] = c;
        } else if (c == '%') {
            regex[at++] = '.';
            regex[at++] = '*';
        } else if (c == '_') {
            regex[at++] = '.';
        } else {
            if (strchr(".^$\\", c))
                regex[at++] = '\\';
            in_class = c == '[';
            regex[at++] = c;
        }
    }
    memcpy(regex + at, ")\\z", 3);
    return (struct sl_text){regex, at + 3};
}

const void *
sl_prepare_similar_to(struct sl_arena *arena, const struct sl_expr *call,
                      const struct sl_expr_settings *settings)
{
    struct sl_text pattern, escape = {NULL, 0};
    char message[128];
    pcre2_code *code;

    if (!sl_expr_literal_text(call->args[1], &pattern) ||
        (call->arg_count == 3 &&
         (!sl_expr_literal_text(call->args[2], &escape) || escape.length != 1)))
        return NULL;
    code = regex_compile(regex_of_similar(arena, pattern, escape.length ? *escape.start : '\0'),
                         message, sizeof(message));
    if (code)
        sl_arena_defer(arena, regex_release, code);
    return code;
}

/* --- matching a batch --- */

struct regex_matcher {
    struct sl_call *call;
    pcre2_code *code;
    bool is_own; /* code is of the pattern below, not of the program */
    struct sl_text pattern;
    bool is_similar;
    pcre2_match_data *data;
    pcre2_match_context *context;
    char message[128];
};

static void
regex_begin(struct regex_matcher *matcher, struct sl_call *call)
{
    *matcher = (struct regex_matcher){.call = call, .code = (pcre2_code *)call->prepared};
    matcher->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(matcher->context, REGEX_MATCH_LIMIT);
    pcre2_set_heap_limit(matcher->context, REGEX_HEAP_KB_MAX);
    if (matcher->code)
        matcher->data = pcre2_match_data_create_from_pattern(matcher->code, NULL);
}

static void
regex_drop_own(struct regex_matcher *matcher)
{
    if (matcher->is_own) {
        pcre2_code_free(matcher->code);
        pcre2_match_data_free(matcher->data);
        matcher->code = NULL;
        matcher->data = NULL;
        matcher->is_own = false;
    }
}

static void
regex_end(struct regex_matcher *matcher)
{
    regex_drop_own(matcher);
    pcre2_match_data_free(matcher->data);
    pcre2_match_context_free(matcher->context);
}

/* Makes the row's pattern the current one; false: it is broken, and matcher->message says how. */
static bool
regex_use(struct regex_matcher *matcher, size_t row)
{
    struct sl_text pattern = sl_call_text(matcher->call, 1, row);

    if (matcher->code && (!matcher->is_own || sl_text_equal(pattern, matcher->pattern)))
        return true;
    regex_drop_own(matcher);
    matcher->pattern = pattern;
    if (matcher->is_similar) {
        struct sl_text escape = {NULL, 0};

        if (matcher->call->arg_count == 3)
            escape = sl_call_text(matcher->call, 2, row);
        pattern = regex_of_similar(sl_call_arena(matcher->call), pattern,
                                   escape.length == 1 ? *escape.start : '\0');
    }
    matcher->code = regex_compile(pattern, matcher->message, sizeof(matcher->message));
    if (matcher->code == NULL)
        return false;
    matcher->is_own = true;
    matcher->data = pcre2_match_data_create_from_pattern(matcher->code, NULL);
    return true;
}

static void
regex_fail_pattern(struct regex_matcher *matcher, size_t row)
{
    sl_call_fail(matcher->call, row, SL_E_INVALID_REGEXP, "%s: pattern \"%s\": %s",
                 matcher->call->expr->function->name, sl_call_arg_text(matcher->call, 1, row),
                 matcher->message);
}

/* Positive: matched; 0: not; negative: a limit was hit, and the row has failed. */
static int
regex_match(struct regex_matcher *matcher, size_t row, struct sl_text text, size_t from,
            uint32_t options)
{
    int rc = pcre2_match(matcher->code, (PCRE2_SPTR)text.start, text.length, from, options,
                         matcher->data, matcher->context);

    if (rc >= 0)
        return 1;
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    pcre2_get_error_message(rc, (PCRE2_UCHAR *)matcher->message, sizeof(matcher->message));
    sl_call_fail(matcher->call, row, SL_E_LIMIT_EXCEEDED, "%s: pattern \"%s\" over \"%s\": %s",
                 matcher->call->expr->function->name, sl_call_arg_text(matcher->call, 1, row),
                 sl_call_arg_text(matcher->call, 0, row), matcher->message);
    return -1;
}

static void
regex_test_rows(struct sl_call *call, bool is_similar)
{
    struct regex_matcher matcher;

    regex_begin(&matcher, call);
    matcher.is_similar = is_similar;
    SL_FOR_ROWS(call, row)
    {
        if (!regex_use(&matcher, row)) {
            regex_fail_pattern(&matcher, row);
            continue;
        }
        /* In Flink nothing matches an empty REGEXP. */
        SL_RESULT(call, uint8_t)
        [row] = (is_similar || sl_call_text(call, 1, row).length > 0) &&
                regex_match(&matcher, row, sl_call_text(call, 0, row), 0, 0) > 0;
    }
    regex_end(&matcher);
}

void
sl_kernel_similar_to(struct sl_call *call)
{
    regex_test_rows(call, true);
}

void
sl_kernel_regexp(struct sl_call *call)
{
    regex_test_rows(call, false);
}

/* REGEXP_EXTRACT(text, pattern[, group]): NULL without a match or with a broken pattern. */
void
sl_kernel_regexp_extract(struct sl_call *call)
{
    struct regex_matcher matcher;

    regex_begin(&matcher, call);
    sl_column_add_heaps_of(call->result, call->pool, call->args[0].column);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        int32_t group = 0;
        const PCRE2_SIZE *offsets;
        int matched;

        if (call->arg_count == 3)
            group = SL_ARG(call, 2, int32_t)[row & call->args[2].mask];
        matched = regex_use(&matcher, row) ? regex_match(&matcher, row, text, 0, 0) : 0;
        if (matched < 0)
            continue;
        offsets = matched ? pcre2_get_ovector_pointer(matcher.data) : NULL;
        if (!matched || group < 0 || (uint32_t)group >= pcre2_get_ovector_count(matcher.data) ||
            offsets[group * 2] == PCRE2_UNSET)
            sl_call_set_null(call, row);
        else
            SL_RESULT(call, struct sl_view)
        [row] = sl_view_of(text.start + offsets[group * 2],
                           offsets[group * 2 + 1] - offsets[group * 2]);
    }
    regex_end(&matcher);
}

/* --- REGEXP_REPLACE --- */

/* The group that $n or ${name} means, *at being at the dollar and then at its last sign; false:
 * there is none.  A number takes as many digits as name a group. */
static bool
regex_read_group(const struct regex_matcher *matcher, struct sl_text by, size_t *at,
                 uint32_t *ret_group)
{
    uint32_t group_count = pcre2_get_ovector_count(matcher->data), group;
    size_t i = *at + 1, end = i;
    char name[33];

    if (i == by.length)
        return false;
    if (by.start[i] == '{') {
        const char *close = memchr(by.start + i, '}', by.length - i);
        int number;

        end = close ? (size_t)(close - by.start) : i;
        if (end <= i || end - i > sizeof(name))
            return false;
        snprintf(name, sizeof(name), "%.*s", (int)(end - i - 1), by.start + i + 1);
        number = pcre2_substring_number_from_name(matcher->code, (PCRE2_SPTR)name);
        *ret_group = (uint32_t)number;
        *at = end;
        return number >= 0;
    }
    if (by.start[i] < '0' || by.start[i] > '9')
        return false;
    group = (uint32_t)(by.start[i] - '0');
    if (group >= group_count)
        return false;
    while (i + 1 < by.length && by.start[i + 1] >= '0' && by.start[i + 1] <= '9' &&
           group * 10 + (uint32_t)(by.start[i + 1] - '0') < group_count)
        group = group * 10 + (uint32_t)(by.start[++i] - '0');
    *ret_group = group;
    *at = i;
    return true;
}

/* Appends the replacement: $n and ${name} are groups, a backslash takes the next sign as it is.
 * False: a group does not exist, as in Java an error. */
static bool
regex_add_replacement(struct regex_matcher *matcher, struct sl_text text, struct sl_text by,
                      struct sl_buffer *to)
{
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher->data);

    for (size_t i = 0; i < by.length; i++) {
        uint32_t group;

        if (by.start[i] == '\\' && i + 1 < by.length) {
            sl_buffer_add_byte(to, by.start[++i]);
            continue;
        }
        if (by.start[i] != '$') {
            sl_buffer_add_byte(to, by.start[i]);
            continue;
        }
        if (!regex_read_group(matcher, by, &i, &group))
            return false;
        if (offsets[group * 2] != PCRE2_UNSET)
            sl_buffer_add(to, text.start + offsets[group * 2],
                          offsets[group * 2 + 1] - offsets[group * 2]);
    }
    return true;
}

/* 1: done; 0: the replacement is broken; -1: the row has failed.  Only the first match looks
 * whether the text is UTF-8, so that many matches take no quadratic time. */
static int
regex_replace_all(struct regex_matcher *matcher, size_t row, struct sl_text text, struct sl_text by,
                  struct sl_buffer *to)
{
    size_t from = 0, kept = 0;
    uint32_t options = 0;
    int matched;

    while (from <= text.length && (matched = regex_match(matcher, row, text, from, options)) != 0) {
        const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher->data);
        size_t start = offsets[0], end = offsets[1];

        if (matched < 0)
            return -1;
        if (start > end || end < from)
            break;
        sl_buffer_add(to, text.start + kept, start - kept);
        if (!regex_add_replacement(matcher, text, by, to))
            return 0;
        if (!sl_call_text_fits(matcher->call, row, to->length))
            return -1;
        options = PCRE2_NO_UTF_CHECK;
        kept = end;
        from = end;
        if (start == end) /* an empty match: go on behind the next character */
            from +=
                end < text.length ? sl_utf8_size(text.start + end, text.start + text.length) : 1;
    }
    sl_buffer_add(to, text.start + kept, text.length - kept);
    return sl_call_text_fits(matcher->call, row, to->length) ? 1 : -1;
}

/* NULL with a broken pattern or replacement, as in Flink. */
void
sl_kernel_regexp_replace(struct sl_call *call)
{
    struct regex_matcher matcher;
    struct sl_heap_writer writer;
    struct sl_buffer buffer;

    regex_begin(&matcher, call);
    sl_call_heap(call, &writer);
    sl_buffer_init(&buffer, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        int done;

        sl_buffer_reset(&buffer);
        done = regex_use(&matcher, row)
                   ? regex_replace_all(&matcher, row, sl_call_text(call, 0, row),
                                       sl_call_text(call, 2, row), &buffer)
                   : 0;
        if (done > 0)
            SL_RESULT(call, struct sl_view)
        [row] = sl_heap_writer_copy(&writer, buffer.data ? buffer.data : "", buffer.length);
        else if (done == 0) sl_call_set_null(call, row);
    }
    sl_buffer_done(&buffer);
    regex_end(&matcher);
}
