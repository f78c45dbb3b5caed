/* Which words are keywords here: looks at the tokens beside a word, so that the grammar needs to
 * see only one ahead and words like DATE, ROW or POSITION stay free as names. */
#include "parser/build.h"

#include "sql.h"

#include <stdlib.h>

static const struct sl_keyword keywords[] = {
#define KEYWORD(spelling, token, when) {#spelling, SL_TOKEN_##token, SL_WHEN_##when},
#include "keywords.def"
#undef KEYWORD
};

#define KEYWORD_LENGTH_MAX 24

static int
keyword_compare(const void *key, const void *element)
{
    return strcmp(key, ((const struct sl_keyword *)element)->spelling);
}

const struct sl_keyword *
sl_keyword_find(struct sl_text word)
{
    char upper[KEYWORD_LENGTH_MAX + 1];
    if (word.length > KEYWORD_LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < word.length; i++) {
        char c = word.start[i];
        upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 0x20) : c;
    }
    upper[word.length] = '\0';
    return bsearch(upper, keywords, SL_COUNT_OF(keywords), sizeof keywords[0], keyword_compare);
}

bool
sl_parse_needs_quotes(struct sl_text name)
{
    if (name.length == 0 || sl_keyword_find(name) != NULL)
        return true;
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = (unsigned char)name.start[i];
        bool letter = c >= 0x80 || c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        bool follows = i > 0 && ((c >= '0' && c <= '9') || c == '$');
        if (!letter && !follows)
            return true;
    }
    return false;
}

/* ---- what stands around a word; the last token is the end, which repeats ---- */

static const struct sl_token *
keyword_next(const struct sl_parse *parse, size_t at)
{
    return &parse->tokens[SL_MIN(at, parse->token_count - 1)];
}

/* The token that the word `at` could be, or its kind when it is no word. */
static int
keyword_kind(const struct sl_parse *parse, size_t at)
{
    const struct sl_token *token = keyword_next(parse, at);
    return token->keyword != NULL ? token->keyword->token : token->kind;
}

static bool
keyword_is(const struct sl_parse *parse, size_t at, const char *spelling)
{
    const struct sl_token *token = keyword_next(parse, at);
    return token->keyword != NULL && strcmp(token->keyword->spelling, spelling) == 0;
}

/* Behind (n), when that stands at `at`; else `at`. */
static size_t
keyword_skip_precision(const struct sl_parse *parse, size_t at)
{
    bool precision = keyword_kind(parse, at) == SL_TOKEN_LP &&
                     keyword_kind(parse, at + 1) == SL_TOKEN_NUMBER &&
                     keyword_kind(parse, at + 2) == SL_TOKEN_RP;
    return precision ? at + 3 : at;
}

/* DATE '...', TIMESTAMP(3) WITH LOCAL TIME ZONE '...'; TIME ZONE is a token of its own. */
static int
keyword_literal(const struct sl_parse *parse, size_t at, int kind)
{
    size_t next = at + 1;
    if (keyword_is(parse, at, "TIME") && keyword_kind(parse, next) == SL_TOKEN_ZONE)
        return SL_TOKEN_TIME;
    if (kind == SL_TOKEN_TIMESTAMP_LITERAL) {
        next = keyword_skip_precision(parse, next);
        int with = keyword_kind(parse, next);
        if (with == SL_TOKEN_WITH || with == SL_TOKEN_WITHOUT) {
            next += keyword_is(parse, next + 1, "LOCAL") ? 2 : 1;
            if (!keyword_is(parse, next, "TIME"))
                return SL_TOKEN_ID;
            next += 2;
        }
    }
    return keyword_kind(parse, next) == SL_TOKEN_STRING ? kind : SL_TOKEN_ID;
}

static int
keyword_interval(const struct sl_parse *parse, size_t at)
{
    int next = keyword_kind(parse, at + 1), second = keyword_kind(parse, at + 2);
    bool sign = next == SL_TOKEN_PLUS || next == SL_TOKEN_MINUS;
    bool literal = next == SL_TOKEN_STRING || next == SL_TOKEN_UNIT ||
                   (sign && second == SL_TOKEN_STRING) ||
                   (next == SL_TOKEN_NUMBER && second == SL_TOKEN_UNIT);
    return literal ? SL_TOKEN_INTERVAL : SL_TOKEN_ID;
}

static int
keyword_collection(const struct sl_parse *parse, size_t at, int kind)
{
    int next = keyword_kind(parse, at + 1);
    if (next == SL_TOKEN_LP || next == SL_TOKEN_LB || next == SL_TOKEN_LT || next == SL_TOKEN_NE)
        return kind;
    return kind == SL_TOKEN_ARRAY      ? SL_TOKEN_ARRAY_WORD
           : kind == SL_TOKEN_MULTISET ? SL_TOKEN_MULTISET_WORD
                                       : SL_TOKEN_ROW_WORD;
}

static int
keyword_not(const struct sl_parse *parse, size_t at)
{
    switch (keyword_kind(parse, at + 1)) {
    case SL_TOKEN_BETWEEN:
    case SL_TOKEN_IN:
    case SL_TOKEN_LIKE:
    case SL_TOKEN_ILIKE:
    case SL_TOKEN_ENFORCED:
        return SL_TOKEN_NOT_LA;
    case SL_TOKEN_SIMILAR:
        return keyword_kind(parse, at + 2) == SL_TOKEN_TO ? SL_TOKEN_NOT_LA : SL_TOKEN_NOT;
    default:
        return SL_TOKEN_NOT;
    }
}

static int
keyword_with(const struct sl_parse *parse, size_t at, int kind)
{
    size_t time = keyword_is(parse, at + 1, "LOCAL") ? at + 2 : at + 1;
    if (!keyword_is(parse, time, "TIME") || keyword_kind(parse, time + 1) != SL_TOKEN_ZONE)
        return kind;
    return kind == SL_TOKEN_WITH ? SL_TOKEN_WITH_TIME : SL_TOKEN_WITHOUT_TIME;
}

static bool
keyword_may_be_name(int kind)
{
    return kind == SL_TOKEN_ID || sl_grammarFallback(kind) != 0;
}

/* ML_PREDICT(…, MODEL m, …), where a column model has an operator, a comma or a parenthesis behind
 * it. */
static int
keyword_model(const struct sl_parse *parse, size_t at, int kind)
{
    int before = at > 0 ? parse->tokens[at - 1].kind : SL_TOKEN_ID;

    return (before == SL_TOKEN_LP || before == SL_TOKEN_COMMA || before == SL_TOKEN_ARROW) &&
                   keyword_may_be_name(keyword_kind(parse, at + 1))
               ? SL_TOKEN_MODEL_LA
               : kind;
}

static int
keyword_decide(const struct sl_parse *parse, size_t at)
{
    const struct sl_keyword *keyword = parse->tokens[at].keyword;
    int kind = keyword->token, next = keyword_kind(parse, at + 1);
    bool yes = true;
    if ((at > 0 && parse->tokens[at - 1].kind == SL_TOKEN_DOT) || next == SL_TOKEN_DOT ||
        next == SL_TOKEN_ARROW)
        return SL_TOKEN_ID;
    switch (keyword->when) {
    case SL_WHEN_ALWAYS:
        break;
    case SL_WHEN_PAREN:
        yes = next == SL_TOKEN_LP;
        break;
    case SL_WHEN_LITERAL:
        return keyword_literal(parse, at, kind);
    case SL_WHEN_COLLECTION:
        return keyword_collection(parse, at, kind);
    case SL_WHEN_BRACKET:
        yes = next == SL_TOKEN_LB || next == SL_TOKEN_LT;
        break;
    case SL_WHEN_INTERVAL:
        return keyword_interval(parse, at);
    case SL_WHEN_NOT:
        return keyword_not(parse, at);
    case SL_WHEN_WITH:
        return keyword_with(parse, at, kind);
    case SL_WHEN_WATERMARK:
        return next == SL_TOKEN_FOR ? SL_TOKEN_WATERMARK_FOR : kind;
    case SL_WHEN_MODEL:
        return keyword_model(parse, at, kind);
    case SL_WHEN_BEFORE_SETS:
        yes = next == SL_TOKEN_SETS;
        break;
    case SL_WHEN_BEFORE_KEY:
        yes = next == SL_TOKEN_KEY;
        break;
    case SL_WHEN_BEFORE_NULLS:
        yes = next == SL_TOKEN_NULLS;
        break;
    case SL_WHEN_BEFORE_CALL:
        yes = keyword_may_be_name(next) && keyword_kind(parse, at + 2) == SL_TOKEN_LP;
        break;
    }
    return yes ? kind : SL_TOKEN_ID;
}

/* >> closes two types, ARRAY<ARRAY<INT>>, or is an operator where no type is open: it arrives as
 * two tokens. */
static void
keyword_join_shifts(struct sl_parse *parse)
{
    struct sl_token *tokens = parse->tokens;
    size_t open = 0, kept = 0;

    for (size_t i = 0; i < parse->token_count; i++) {
        int before = kept ? tokens[kept - 1].kind : SL_TOKEN_EOF;

        tokens[kept++] = tokens[i];
        switch (tokens[i].kind) {
        case SL_TOKEN_LT:
            open += before == SL_TOKEN_ARRAY || before == SL_TOKEN_MAP ||
                    before == SL_TOKEN_MULTISET || before == SL_TOKEN_ROW ||
                    before == SL_TOKEN_STRUCTURED;
            break;
        case SL_TOKEN_GT:
            if (open) {
                open--;
            } else if (tokens[i + 1].kind == SL_TOKEN_GT && tokens[i + 1].offset == tokens[i].end) {
                tokens[kept - 1].kind = SL_TOKEN_SHIFT_RIGHT;
                tokens[kept - 1].end = tokens[++i].end;
            }
            break;
        case SL_TOKEN_SEMICOLON:
            open = 0;
            break;
        default:
            break;
        }
    }
    parse->token_count = kept;
}

void
sl_keyword_decide(struct sl_parse *parse)
{
    for (size_t i = 0; i < parse->token_count; i++) {
        struct sl_token *token = &parse->tokens[i];
        if (token->keyword != NULL)
            token->kind = keyword_decide(parse, i);
    }
    keyword_join_shifts(parse);
}
