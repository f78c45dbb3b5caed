/* LIKE.  A constant pattern is classified once: equality, prefix, suffix, contains, or the general
 * matcher, which goes back to the last % only (linear in practice, never exponential). */
#include "expr/kernels.h"
#include "expr/utf8.h"

enum like_class { LIKE_EQUAL, LIKE_PREFIX, LIKE_SUFFIX, LIKE_CONTAINS, LIKE_GENERAL, LIKE_BROKEN };

struct like_pattern {
    enum like_class class;
    struct sl_text literal; /* all but GENERAL: the text without its % */
    struct sl_text source;
    char escape; /* 0: none */
};

/* Does the escape character stand before anything but %, _ and itself? */
static bool
like_is_broken(struct sl_text source, char escape)
{
    for (size_t i = 0; i < source.length && escape; i++) {
        if (source.start[i] != escape)
            continue;
        i++;
        if (i == source.length ||
            (source.start[i] != '%' && source.start[i] != '_' && source.start[i] != escape))
            return true;
    }
    return false;
}

static void
like_classify(struct sl_arena *arena, struct like_pattern *pattern)
{
    char *literal = sl_arena_alloc(arena, pattern->source.length + 1);
    size_t length = 0, wildcards = 0;
    bool first = false, last = false;

    if (like_is_broken(pattern->source, pattern->escape)) {
        pattern->class = LIKE_BROKEN;
        return;
    }
    for (size_t i = 0; i < pattern->source.length; i++) {
        char c = pattern->source.start[i];

        last = false;
        if (c == pattern->escape && pattern->escape) {
            literal[length++] = pattern->source.start[++i];
        } else if (c == '_') {
            wildcards = 3;
        } else if (c == '%') {
            first |= i == 0;
            last = true;
            wildcards++;
        } else {
            literal[length++] = c;
        }
    }
    pattern->literal = (struct sl_text){literal, length};
    pattern->class = LIKE_GENERAL;
    if (wildcards == 0)
        pattern->class = LIKE_EQUAL;
    else if (wildcards == 1 && last)
        pattern->class = LIKE_PREFIX;
    else if (wildcards == 1 && first)
        pattern->class = LIKE_SUFFIX;
    else if (wildcards == 2 && first && last)
        pattern->class = LIKE_CONTAINS;
}

/* The escape character, a text of one byte. */
static bool
like_escape(struct sl_text text, char *ret_escape)
{
    *ret_escape = text.length == 1 ? *text.start : '\0';
    return text.length == 1;
}

const void *
sl_prepare_like(struct sl_arena *arena, const struct sl_expr *call,
                const struct sl_expr_settings *settings)
{
    struct like_pattern *pattern = SL_NEW(arena, struct like_pattern);
    struct sl_text text;

    if (!sl_expr_literal_text(call->args[1], &text))
        return NULL;
    pattern->source = sl_arena_text(arena, text);
    if (call->arg_count == 3 &&
        (!sl_expr_literal_text(call->args[2], &text) || !like_escape(text, &pattern->escape)))
        return NULL;
    like_classify(arena, pattern);
    return pattern;
}

/* Matches one pattern element at `at`; false when it does not. */
static bool
like_match_one(const char **at, const char *end, const char **pattern, const char *pattern_end,
               char escape)
{
    const char *p = *pattern;

    if (*at == end)
        return false;
    if (*p == '_' && !(escape == '_')) {
        *at += sl_utf8_size(*at, end);
        *pattern = p + 1;
        return true;
    }
    if (escape && *p == escape && p + 1 < pattern_end)
        p++;
    if (**at != *p)
        return false;
    (*at)++;
    *pattern = p + 1;
    return true;
}

static bool
like_match(const struct like_pattern *pattern, struct sl_text text)
{
    const char *at = text.start, *end = text.start + text.length;
    const char *p = pattern->source.start, *p_end = p + pattern->source.length;
    const char *star = NULL, *star_at = NULL;

    while (at < end || p < p_end) {
        if (p < p_end && *p == '%' && pattern->escape != '%') {
            star = ++p;
            star_at = at;
            continue;
        }
        if (p < p_end && like_match_one(&at, end, &p, p_end, pattern->escape))
            continue;
        if (star == NULL || star_at == end)
            return false;
        star_at += sl_utf8_size(star_at, end);
        at = star_at;
        p = star;
    }
    return true;
}

static bool
like_test(const struct like_pattern *pattern, struct sl_text text)
{
    struct sl_text literal = pattern->literal;

    switch (pattern->class) {
    case LIKE_EQUAL:
        return sl_text_equal(text, literal);
    case LIKE_PREFIX:
        return text.length >= literal.length &&
               memcmp(text.start, literal.start, literal.length) == 0;
    case LIKE_SUFFIX:
        return text.length >= literal.length && memcmp(text.start + text.length - literal.length,
                                                       literal.start, literal.length) == 0;
    case LIKE_CONTAINS:
        return memmem(text.start, text.length, literal.start, literal.length) != NULL;
    default:
        return like_match(pattern, text);
    }
}

static void
like_fail(struct sl_call *call, size_t row)
{
    sl_call_fail(call, row, SL_E_INVALID_ESCAPE,
                 "LIKE: pattern \"%s\" has an escape character before what needs none",
                 sl_call_arg_text(call, 1, row));
}

void
sl_kernel_like(struct sl_call *call)
{
    const struct like_pattern *prepared = call->prepared;
    uint8_t *result = SL_RESULT(call, uint8_t);

    SL_FOR_ROWS(call, row)
    {
        struct like_pattern own = {.class = LIKE_GENERAL};
        const struct like_pattern *pattern = prepared;

        if (pattern == NULL) {
            own.source = sl_call_text(call, 1, row);
            if (call->arg_count == 3 && !like_escape(sl_call_text(call, 2, row), &own.escape)) {
                sl_call_fail(call, row, SL_E_INVALID_ESCAPE,
                             "LIKE: escape must be one character, not \"%s\"",
                             sl_call_arg_text(call, 2, row));
                continue;
            }
            if (like_is_broken(own.source, own.escape))
                own.class = LIKE_BROKEN;
            pattern = &own;
        }
        if (pattern->class == LIKE_BROKEN)
            like_fail(call, row);
        else
            result[row] = like_test(pattern, sl_call_text(call, 0, row));
    }
}
