/* The lexer: one call reads one token.  Strings and quoted identifiers are decoded by
 * src/parser/lexeme.c; words become keywords in src/parser/keyword.c, by what follows them. */
#include "parser/build.h"

#include "sql.h"

/* Behind a nested comment, or NULL when it does not end.  `cursor` is behind its opening. */
static const unsigned char *
lexer_skip_comment(const unsigned char *cursor)
{
    int depth = 1;
    while (*cursor != '\0') {
        if (cursor[0] == '*' && cursor[1] == '/') {
            cursor += 2;
            if (--depth == 0)
                return cursor;
        } else if (cursor[0] == '/' && cursor[1] == '*') {
            cursor += 2;
            depth++;
        } else {
            cursor++;
        }
    }
    return NULL;
}

int
sl_lex_next(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token)
{
    const unsigned char *cursor = lexer->cursor, *marker = NULL, *start;
#define FOUND(name) return sl_lex_found(parse, lexer, token, SL_TOKEN_##name, start, cursor)
again:
    start = cursor;
    /*!re2c
        re2c:define:YYCTYPE = "unsigned char";
        re2c:define:YYCURSOR = cursor;
        re2c:define:YYMARKER = marker;
        re2c:yyfill:enable = 0;

        digits = [0-9]+;
        decimal = digits "." [0-9]* | "." digits;
        real = (digits | decimal) [eE] [+-]? digits;
        word_start = [A-Za-z_\x80-\xff];
        word = word_start [A-Za-z0-9_$\x80-\xff]*;
        tag = word_start [A-Za-z0-9_\x80-\xff]*;

        [ \t\r\n\f\v]+ { goto again; }
        "--" [^\r\n\x00]* { goto again; }
        "/*" {
            cursor = lexer_skip_comment(cursor);
            if (cursor == NULL)
                return sl_lex_unterminated(parse, "/* comment", start);
            goto again;
        }
        "/*+" { lexer->in_hint = true; FOUND(HINT_START); }
        "*" "/" {
            if (!lexer->in_hint)
                FOUND(ILLEGAL);
            lexer->in_hint = false;
            FOUND(HINT_END);
        }
        "\x00" { FOUND(EOF); }

        "'" { return sl_lex_string(parse, lexer, token, start, cursor, SL_QUOTE_PLAIN); }
        [eE] "'" { return sl_lex_string(parse, lexer, token, start, cursor, SL_QUOTE_ESCAPE); }
        [uU] "&'" { return sl_lex_string(parse, lexer, token, start, cursor, SL_QUOTE_UNICODE); }
        [xX] "'" { return sl_lex_string(parse, lexer, token, start, cursor, SL_QUOTE_HEX); }
        "\"" { return sl_lex_string(parse, lexer, token, start, cursor, SL_QUOTE_NAME); }
        [uU] "&\"" {
            return sl_lex_string(parse, lexer, token, start, cursor, SL_QUOTE_UNICODE_NAME);
        }
        "`" { return sl_lex_string(parse, lexer, token, start, cursor, SL_QUOTE_BACKTICK); }
        "$" tag? "$" { return sl_lex_dollar_string(parse, lexer, token, start, cursor); }
        "$" digits { return sl_lex_parameter(parse, lexer, token, start, cursor); }

        digits | decimal | real { FOUND(NUMBER); }
        (digits | decimal | real) word {
            return sl_lex_junk(parse, "trailing junk after numeric literal", start, cursor);
        }
        word { FOUND(ID); }

        "::" { FOUND(CAST_OPERATOR); }
        "=>" { FOUND(ARROW); }
        ":=" { FOUND(ARROW); }
        "->" { FOUND(JSON_GET); }
        "->>" { FOUND(JSON_GET_TEXT); }
        "||" { FOUND(CONCAT); }
        "<>" { FOUND(NE); }
        "!=" { FOUND(NE); }
        "<=" { FOUND(LE); }
        ">=" { FOUND(GE); }
        "~" { FOUND(MATCHES); }
        "!~" { FOUND(NOT_MATCHES); }
        "~*" { FOUND(MATCHES_NOCASE); }
        "!~*" { FOUND(NOT_MATCHES_NOCASE); }
        "<" { FOUND(LT); }
        ">" { FOUND(GT); }
        "=" { FOUND(EQ); }
        "+" { FOUND(PLUS); }
        "-" { FOUND(MINUS); }
        "*" { FOUND(STAR); }
        "/" { FOUND(SLASH); }
        "%" { FOUND(PERCENT); }
        "<<" { FOUND(SHIFT_LEFT); }
        "#" { FOUND(HASH_SIGN); }
        "&" { FOUND(AMPERSAND); }
        "|" { FOUND(PIPE); }
        "^" { FOUND(CARET); }
        "$" { FOUND(DOLLAR); }
        "?" { FOUND(QUESTION); }
        "." { FOUND(DOT); }
        "," { FOUND(COMMA); }
        ":" { FOUND(COLON); }
        ";" { FOUND(SEMICOLON); }
        "(" { FOUND(LP); }
        ")" { FOUND(RP); }
        "[" { FOUND(LB); }
        "]" { FOUND(RB); }
        "{-" { FOUND(LEXCLUDE); }
        "-}" { FOUND(REXCLUDE); }
        "{" { FOUND(LBRACE); }
        "}" { FOUND(RBRACE); }
        * { FOUND(ILLEGAL); }
    */
#undef FOUND
}
