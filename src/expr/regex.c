/* Compiling and matching: see regex.h. */
#include "expr/regex.h"

#include "base/hash.h"
#include "expr/utf8.h"

#include <stdio.h>

#define REGEX_MATCH_LIMIT 1000000
#define REGEX_HEAP_KB_MAX 20000
#define REGEX_GROUPS_KEPT 64 /* groups beyond are not told of; few patterns have ten */
#define REGEX_STACK_MIN ((size_t)32 << 10)
#define REGEX_STACK_MAX ((size_t)1 << 20)

static void
regex_release(void *code)
{
    pcre2_code_free(code);
}

/* --- dialects --- */

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

/* False: a letter means nothing. */
static bool
regex_read_flags(struct sl_text flags, uint32_t *options)
{
    for (size_t i = 0; i < flags.length; i++) {
        switch (flags.start[i]) {
        case 'i':
            *options |= PCRE2_CASELESS;
            break;
        case 'c':
            *options &= ~(uint32_t)PCRE2_CASELESS;
            break;
        case 'n':
        case 'm':
            *options &= ~(uint32_t)(PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY);
            *options |= PCRE2_MULTILINE;
            break;
        case 'x':
            *options |= PCRE2_EXTENDED;
            break;
        case 's':
        case 'g':
            break;
        default:
            return false;
        }
    }
    return true;
}

/* NULL: it is broken, and the message says how. */
static pcre2_code *
regex_compile(struct sl_arena *arena, enum regex_dialect dialect, struct sl_text pattern,
              struct sl_text extra, char *message, size_t message_size)
{
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    PCRE2_SIZE offset;
    pcre2_code *code;
    char why[128];
    int error;

    if (dialect >= REGEX_POSTGRES)
        options |= PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY;
    if (dialect == REGEX_POSTGRES_NOCASE)
        options |= PCRE2_CASELESS;
    if (dialect == REGEX_POSTGRES_FLAGS && !regex_read_flags(extra, &options)) {
        snprintf(message, message_size, "the flags \"%.*s\" are not all of i, c, n, m, s, x, g",
                 SL_TEXT_FORMAT(extra));
        return NULL;
    }
    if (dialect == REGEX_SIMILAR)
        pattern = regex_of_similar(arena, pattern, extra.length == 1 ? *extra.start : '\0');
    code = pcre2_compile((PCRE2_SPTR)pattern.start, pattern.length, options, &error, &offset, NULL);
    if (code) {
        pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
        return code;
    }
    pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof(why));
    if (dialect == REGEX_SIMILAR)
        snprintf(message, message_size, "%s", why);
    else
        snprintf(message, message_size, "%s at byte %zu", why, offset + 1);
    return NULL;
}

/* --- constant patterns --- */

/* The argument that `extra` is; 0: none. */
static size_t
regex_extra_arg(enum regex_dialect dialect, size_t arg_count)
{
    if (dialect == REGEX_POSTGRES_FLAGS)
        return arg_count - 1;
    return dialect == REGEX_SIMILAR && arg_count == 3 ? 2 : 0;
}

/* Whether pattern and extra are literals, and which. */
static bool
regex_literals(struct sl_expr *const *args, size_t arg_count, enum regex_dialect dialect,
               struct sl_text *ret_pattern, struct sl_text *ret_extra)
{
    size_t extra_arg = regex_extra_arg(dialect, arg_count);

    *ret_extra = (struct sl_text){"", 0};
    return sl_expr_literal_text(args[1], ret_pattern) &&
           (extra_arg == 0 || sl_expr_literal_text(args[extra_arg], ret_extra));
}

static const void *
regex_prepare(struct sl_arena *arena, const struct sl_expr *call, enum regex_dialect dialect)
{
    struct sl_text pattern, extra;
    pcre2_code *code = NULL;
    char message[160];

    if (regex_literals(call->args, call->arg_count, dialect, &pattern, &extra))
        code = regex_compile(arena, dialect, pattern, extra, message, sizeof(message));
    if (code)
        sl_arena_defer(arena, regex_release, code);
    return code;
}

/* By the signature; a literal pattern that is broken is refused here already. */
static int
regex_bind(struct sl_binding *binding, enum regex_dialect dialect)
{
    struct sl_text pattern, extra;
    pcre2_code *code;
    char message[160];

    SL_TRY(sl_bind_signature(binding));
    if (!regex_literals(binding->args, binding->arg_count, dialect, &pattern, &extra))
        return SL_OK;
    code = regex_compile(binding->arena, dialect, pattern, extra, message, sizeof(message));
    pcre2_code_free(code);
    if (code)
        return SL_OK;
    SL_ERROR(binding->err, SL_E_INVALID_REGEXP, "%s: pattern \"%.*s\": %s", binding->function->name,
             (int)SL_MIN(pattern.length, (size_t)100), pattern.start, message);
    return sl_error_at(binding->err,
                       binding->args[1]->offset >= 0 ? binding->args[1]->offset : binding->offset);
}

#define REGEX_DIALECT(name, dialect)                                                  \
    const void *sl_prepare_##name(struct sl_arena *arena, const struct sl_expr *call, \
                                  const struct sl_expr_settings *settings)            \
    {                                                                                 \
        return regex_prepare(arena, call, dialect);                                   \
    }                                                                                 \
    int sl_bind_##name(struct sl_binding *binding)                                    \
    {                                                                                 \
        return regex_bind(binding, dialect);                                          \
    }
REGEX_DIALECT(regex, REGEX_JAVA)
REGEX_DIALECT(similar_to, REGEX_SIMILAR)
REGEX_DIALECT(regex_postgres, REGEX_POSTGRES)
REGEX_DIALECT(regex_nocase, REGEX_POSTGRES_NOCASE)

/* Those that take flags when they have one argument more than without. */
#define REGEX_DIALECT_FLAGS(name, plain, flags_count)                                  \
    const void *sl_prepare_##name(struct sl_arena *arena, const struct sl_expr *call,  \
                                  const struct sl_expr_settings *settings)             \
    {                                                                                  \
        bool has_flags = call->arg_count == (flags_count);                             \
        return regex_prepare(arena, call, has_flags ? REGEX_POSTGRES_FLAGS : (plain)); \
    }                                                                                  \
    int sl_bind_##name(struct sl_binding *binding)                                     \
    {                                                                                  \
        bool has_flags = binding->arg_count == (flags_count);                          \
        return regex_bind(binding, has_flags ? REGEX_POSTGRES_FLAGS : (plain));        \
    }
REGEX_DIALECT_FLAGS(regexp_replace, REGEX_JAVA, 4)
REGEX_DIALECT_FLAGS(regexp_match, REGEX_POSTGRES, 3)

/* --- matching a batch --- */

void
sl_regex_begin(struct regex_matcher *matcher, struct sl_call *call, enum regex_dialect dialect)
{
    memset(matcher, 0, sizeof(*matcher));
    matcher->call = call;
    matcher->dialect = dialect;
    matcher->code = (pcre2_code *)call->prepared;
    matcher->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(matcher->context, REGEX_MATCH_LIMIT);
    pcre2_set_heap_limit(matcher->context, REGEX_HEAP_KB_MAX);
    matcher->data = pcre2_match_data_create(REGEX_GROUPS_KEPT, NULL);
}

void
sl_regex_end(struct regex_matcher *matcher)
{
    for (size_t i = 0; i < REGEX_CACHE_SIZE; i++)
        pcre2_code_free(matcher->cache[i].code);
    pcre2_match_data_free(matcher->data);
    pcre2_match_context_free(matcher->context);
    pcre2_jit_stack_free(matcher->stack);
}

static struct regex_entry *
regex_find(struct regex_matcher *matcher, struct sl_text pattern, struct sl_text extra)
{
    uint64_t hash = sl_hash_bytes(pattern.start, pattern.length);
    struct regex_entry *entry = &matcher->cache[hash % REGEX_CACHE_SIZE];

    if (entry->code && sl_text_equal(entry->pattern, pattern) && sl_text_equal(entry->extra, extra))
        return entry;
    pcre2_code_free(entry->code);
    *entry = (struct regex_entry){pattern, extra, NULL};
    entry->code = regex_compile(sl_call_arena(matcher->call), matcher->dialect, pattern, extra,
                                matcher->message, sizeof(matcher->message));
    return entry;
}

bool
sl_regex_use(struct regex_matcher *matcher, size_t row)
{
    const struct sl_call *call = matcher->call;
    size_t extra_arg = regex_extra_arg(matcher->dialect, call->arg_count);
    struct sl_text extra = {"", 0};

    if (call->prepared)
        return true;
    if (extra_arg)
        extra = sl_call_text(call, extra_arg, row);
    matcher->code = regex_find(matcher, sl_call_text(call, 1, row), extra)->code;
    if (matcher->code == NULL)
        sl_call_fail(matcher->call, row, SL_E_INVALID_REGEXP, "%s: pattern \"%s\": %s",
                     call->expr->function->name, sl_call_arg_text(call, 1, row), matcher->message);
    return matcher->code != NULL;
}

int
sl_regex_match(struct regex_matcher *matcher, size_t row, struct sl_text text, size_t from,
               uint32_t options)
{
    int rc = pcre2_match(matcher->code, (PCRE2_SPTR)text.start, text.length, from, options,
                         matcher->data, matcher->context);

    /* The machine's stack does for nearly all patterns; a larger one is made when it does not. */
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT && matcher->stack == NULL) {
        matcher->stack = pcre2_jit_stack_create(REGEX_STACK_MIN, REGEX_STACK_MAX, NULL);
        pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
        rc = pcre2_match(matcher->code, (PCRE2_SPTR)text.start, text.length, from, options,
                         matcher->data, matcher->context);
    }
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

/* Only the first match looks whether the text is UTF-8, so that many matches take no quadratic
 * time. */
int
sl_regex_next(struct regex_matcher *matcher, size_t row, struct sl_text text,
              struct regex_scan *scan)
{
    const PCRE2_SIZE *offsets;
    int matched;

    if (scan->from > text.length)
        return 0;
    matched = sl_regex_match(matcher, row, text, scan->from, scan->options);
    if (matched <= 0)
        return matched;
    offsets = sl_regex_offsets(matcher);
    if (offsets[0] > offsets[1] || offsets[1] < scan->from)
        return 0; /* \K may turn a match around */
    scan->options = PCRE2_NO_UTF_CHECK;
    scan->from = offsets[1];
    if (offsets[0] == offsets[1]) /* an empty match: go on behind the next character */
        scan->from += offsets[1] < text.length
                          ? sl_utf8_size(text.start + offsets[1], text.start + text.length)
                          : 1;
    return 1;
}

uint32_t
sl_regex_group_count(const struct regex_matcher *matcher)
{
    uint32_t count = 0;

    pcre2_pattern_info(matcher->code, PCRE2_INFO_CAPTURECOUNT, &count);
    return SL_MIN(count + 1, (uint32_t)REGEX_GROUPS_KEPT);
}

bool
sl_regex_has_flag(const struct regex_matcher *matcher, size_t row, char flag)
{
    const struct sl_call *call = matcher->call;
    size_t arg = regex_extra_arg(matcher->dialect, call->arg_count);
    struct sl_text flags = {"", 0};

    if (arg)
        flags = sl_call_text(call, arg, row);
    return flags.length && memchr(flags.start, flag, flags.length) != NULL;
}
