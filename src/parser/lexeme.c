/* Decodes strings, quoted names and the like, and words the lexer's errors as PostgreSQL does. */
#include "parser/build.h"

#include "sql.h"

#include <utf8proc.h>

static int
lexeme_offset(const struct sl_parse *parse, const unsigned char *at)
{
    return (int)(at - (const unsigned char *)parse->text.start);
}

static int
lexeme_error(struct sl_parse *parse, const unsigned char *at, const char *what)
{
    SL_ERROR(parse->lex_error, SL_E_SYNTAX, "%s", what);
    return sl_error_at(parse->lex_error, lexeme_offset(parse, at));
}

int
sl_lex_unterminated(struct sl_parse *parse, const char *what, const unsigned char *start)
{
    SL_ERROR(parse->lex_error, SL_E_SYNTAX, "unterminated %s at or near \"%s\"", what,
             (const char *)start);
    return sl_error_at(parse->lex_error, lexeme_offset(parse, start));
}

int
sl_lex_junk(struct sl_parse *parse, const char *what, const unsigned char *start,
            const unsigned char *cursor)
{
    SL_ERROR(parse->lex_error, SL_E_SYNTAX, "%s at or near \"%.*s\"", what, (int)(cursor - start),
             (const char *)start);
    return sl_error_at(parse->lex_error, lexeme_offset(parse, start));
}

int
sl_lex_found(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token, int kind,
             const unsigned char *start, const unsigned char *cursor)
{
    token->kind = kind;
    token->offset = lexeme_offset(parse, start);
    token->end = lexeme_offset(parse, cursor);
    token->text = (struct sl_text){(const char *)start, (size_t)(cursor - start)};
    if (kind == SL_TOKEN_ID)
        token->keyword = sl_keyword_find(token->text);
    lexer->cursor = cursor;
    return SL_OK;
}

int
sl_lex_parameter(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token,
                 const unsigned char *start, const unsigned char *cursor)
{
    sl_lex_found(parse, lexer, token, SL_TOKEN_PARAMETER, start, cursor);
    token->text.start++;
    token->text.length--;
    return SL_OK;
}

/* ---- code points ---- */

static int
lexeme_hex(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly `count` digits; -1 when there are fewer. */
static long
lexeme_hex_digits(const unsigned char *at, int count)
{
    long value = 0;
    for (int i = 0; i < count; i++) {
        int digit = lexeme_hex(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* What is being decoded: the bytes so far, and the first half of a surrogate pair, or 0. */
struct lexeme {
    struct sl_parse *parse;
    char *out;
    size_t length;
    long surrogate;
};

/* A byte above 0x7f may come from \x: the result is checked as a whole. */
static int
lexeme_add_byte(struct lexeme *lexeme, const unsigned char *at, long byte)
{
    if (lexeme->surrogate != 0)
        return lexeme_error(lexeme->parse, at, "invalid Unicode surrogate pair");
    if (byte == 0) {
        SL_ERROR(lexeme->parse->lex_error, SL_E_INVALID_ENCODING,
                 "invalid byte sequence for encoding \"UTF8\": 0x00");
        return sl_error_at(lexeme->parse->lex_error, lexeme_offset(lexeme->parse, at));
    }
    lexeme->out[lexeme->length++] = (char)byte;
    return SL_OK;
}

static int
lexeme_add_point(struct lexeme *lexeme, const unsigned char *at, long point)
{
    if (point >= 0xd800 && point < 0xdc00 && lexeme->surrogate == 0) {
        lexeme->surrogate = point;
        return SL_OK;
    }
    if (lexeme->surrogate != 0 && point >= 0xdc00 && point < 0xe000) {
        point = 0x10000 + ((lexeme->surrogate - 0xd800) << 10) + (point - 0xdc00);
        lexeme->surrogate = 0;
    } else if (lexeme->surrogate != 0 || (point >= 0xdc00 && point < 0xe000)) {
        return lexeme_error(lexeme->parse, at, "invalid Unicode surrogate pair");
    }
    if (point <= 0 || point > 0x10ffff)
        return lexeme_error(lexeme->parse, at, "invalid Unicode escape value");
    utf8proc_uint8_t *out = (utf8proc_uint8_t *)lexeme->out + lexeme->length;
    lexeme->length += (size_t)utf8proc_encode_char((utf8proc_int32_t)point, out);
    return SL_OK;
}

/* ---- E'...' ---- */

/* `at` is behind the backslash; *ret_next is behind the escape. */
static int
lexeme_add_escape(struct lexeme *lexeme, const unsigned char *at, const unsigned char **ret_next)
{
    static const char plain[] = "b\bf\fn\nr\rt\t";
    if (*at == 'u' || *at == 'U') {
        int digits = *at == 'u' ? 4 : 8;
        long point = lexeme_hex_digits(at + 1, digits);
        if (point < 0)
            return lexeme_error(lexeme->parse, at - 1, "invalid Unicode escape");
        *ret_next = at + 1 + digits;
        return lexeme_add_point(lexeme, at - 1, point);
    }
    if (*at == 'x' && lexeme_hex(at[1]) >= 0) {
        int digits = lexeme_hex(at[2]) >= 0 ? 2 : 1;
        *ret_next = at + 1 + digits;
        return lexeme_add_byte(lexeme, at - 1, lexeme_hex_digits(at + 1, digits));
    }
    if (*at >= '0' && *at <= '7') {
        long byte = 0;
        const unsigned char *cursor = at;
        while (cursor < at + 3 && *cursor >= '0' && *cursor <= '7')
            byte = byte * 8 + (*cursor++ - '0');
        *ret_next = cursor;
        return lexeme_add_byte(lexeme, at - 1, byte & 0xff);
    }
    long byte = *at;
    for (size_t i = 0; plain[i] != '\0'; i += 2) {
        if (plain[i] == *at)
            byte = plain[i + 1];
    }
    *ret_next = at + 1;
    return lexeme_add_byte(lexeme, at - 1, byte);
}

/* ---- U&'...' [UESCAPE 'c'] ---- */

/* `at` is behind the escape character. */
static int
lexeme_add_unicode(struct lexeme *lexeme, const unsigned char *at, unsigned char escape,
                   const unsigned char **ret_next)
{
    if (*at == escape) {
        *ret_next = at + 1;
        return lexeme_add_byte(lexeme, at - 1, escape);
    }
    int digits = *at == '+' ? 6 : 4;
    const unsigned char *first = *at == '+' ? at + 1 : at;
    long point = lexeme_hex_digits(first, digits);
    if (point < 0)
        return lexeme_error(lexeme->parse, at - 1, "invalid Unicode escape");
    *ret_next = first + digits;
    return lexeme_add_point(lexeme, at - 1, point);
}

static bool
lexeme_is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The escape character that stands behind a U& literal; moves *cursor behind it. */
static int
lexeme_uescape(struct sl_parse *parse, const unsigned char **cursor, unsigned char *ret)
{
    const unsigned char *at = *cursor;
    *ret = '\\';
    while (lexeme_is_space(*at))
        at++;
    for (int i = 0; i < 7; i++) {
        if ((at[i] & 0xdf) != "UESCAPE"[i])
            return SL_OK;
    }
    const unsigned char *word = at;
    at += 7;
    while (lexeme_is_space(*at))
        at++;
    if (at[0] != '\'' || at[1] == '\0' || at[2] != '\'')
        return lexeme_error(parse, word, "UESCAPE must be followed by a simple string literal");
    if (lexeme_hex(at[1]) >= 0 || strchr("+'\"", at[1]) != NULL || lexeme_is_space(at[1]))
        return lexeme_error(parse, at, "invalid Unicode escape character");
    *ret = at[1];
    *cursor = at + 3;
    return SL_OK;
}

/* ---- quoted texts ---- */

static int
lexeme_check_utf8(struct sl_parse *parse, const struct lexeme *lexeme, const unsigned char *start)
{
    size_t at = 0;
    while (at < lexeme->length) {
        utf8proc_int32_t point;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)lexeme->out + at,
                                                 (utf8proc_ssize_t)(lexeme->length - at), &point);
        if (size <= 0) {
            SL_ERROR(parse->lex_error, SL_E_INVALID_ENCODING,
                     "invalid byte sequence for encoding \"UTF8\": 0x%02x",
                     (unsigned char)lexeme->out[at]);
            return sl_error_at(parse->lex_error, lexeme_offset(parse, start));
        }
        at += (size_t)size;
    }
    return SL_OK;
}

/* Where the closing quote stands, or NULL. */
static const unsigned char *
lexeme_find_end(const unsigned char *at, unsigned char quote, bool backslashes)
{
    while (*at != '\0') {
        if (backslashes && *at == '\\') {
            if (at[1] == '\0')
                return NULL;
            at += 2;
        } else if (*at == quote && at[1] == quote) {
            at += 2;
        } else if (*at == quote) {
            return at;
        } else {
            at++;
        }
    }
    return NULL;
}

static int
lexeme_decode(struct lexeme *lexeme, const unsigned char *at, const unsigned char *end,
              unsigned char quote, enum sl_quote kind, unsigned char escape)
{
    bool unicode = kind == SL_QUOTE_UNICODE || kind == SL_QUOTE_UNICODE_NAME;
    while (at < end) {
        if (kind == SL_QUOTE_ESCAPE && *at == '\\') {
            SL_TRY(lexeme_add_escape(lexeme, at + 1, &at));
        } else if (unicode && *at == escape) {
            SL_TRY(lexeme_add_unicode(lexeme, at + 1, escape, &at));
        } else {
            SL_TRY(lexeme_add_byte(lexeme, at, *at));
            at += *at == quote ? 2 : 1;
        }
    }
    if (lexeme->surrogate != 0)
        return lexeme_error(lexeme->parse, at, "invalid Unicode surrogate pair");
    return lexeme_check_utf8(lexeme->parse, lexeme, at);
}

static int
lexeme_decode_hex(struct lexeme *lexeme, const unsigned char *start, const unsigned char *at,
                  const unsigned char *end)
{
    for (; at < end; at += 2) {
        long byte = at + 1 < end ? lexeme_hex_digits(at, 2) : -1;
        if (byte < 0) {
            SL_ERROR(lexeme->parse->lex_error, SL_E_INVALID_TEXT,
                     "a binary string needs an even number of hexadecimal digits");
            return sl_error_at(lexeme->parse->lex_error, lexeme_offset(lexeme->parse, start));
        }
        lexeme->out[lexeme->length++] = (char)byte;
    }
    return SL_OK;
}

int
sl_lex_string(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token,
              const unsigned char *start, const unsigned char *cursor, enum sl_quote kind)
{
    unsigned char quote = cursor[-1], escape = '\\';
    const unsigned char *end = lexeme_find_end(cursor, quote, kind == SL_QUOTE_ESCAPE);
    if (end == NULL)
        return sl_lex_unterminated(parse,
                                   quote != '\''          ? "quoted identifier"
                                   : kind == SL_QUOTE_HEX ? "hexadecimal string literal"
                                                          : "quoted string",
                                   start);
    const unsigned char *next = end + 1;
    if (kind == SL_QUOTE_UNICODE || kind == SL_QUOTE_UNICODE_NAME)
        SL_TRY(lexeme_uescape(parse, &next, &escape));
    if (quote != '\'' && end == cursor)
        return sl_lex_junk(parse, "zero-length delimited identifier", start, next);
    /* No escape is shorter than what it stands for: \u12ff is six bytes for at most three. */
    struct lexeme lexeme = {parse, sl_arena_alloc(parse->arena, (size_t)(end - cursor) + 1), 0, 0};
    if (kind == SL_QUOTE_HEX)
        SL_TRY(lexeme_decode_hex(&lexeme, start, cursor, end));
    else
        SL_TRY(lexeme_decode(&lexeme, cursor, end, quote, kind, escape));
    sl_lex_found(parse, lexer, token,
                 quote != '\''          ? SL_TOKEN_ID
                 : kind == SL_QUOTE_HEX ? SL_TOKEN_HEX
                                        : SL_TOKEN_STRING,
                 start, next);
    token->text = (struct sl_text){lexeme.out, lexeme.length};
    token->quoted = quote != '\'';
    token->keyword = NULL;
    return SL_OK;
}

int
sl_lex_dollar_string(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token,
                     const unsigned char *start, const unsigned char *cursor)
{
    char *tag = sl_arena_strndup(parse->arena, (const char *)start, (size_t)(cursor - start));
    const char *end = strstr((const char *)cursor, tag);
    if (end == NULL)
        return sl_lex_unterminated(parse, "dollar-quoted string", start);
    sl_lex_found(parse, lexer, token, SL_TOKEN_STRING, start,
                 (const unsigned char *)end + strlen(tag));
    token->text = (struct sl_text){(const char *)cursor, (size_t)(end - (const char *)cursor)};
    return SL_OK;
}
