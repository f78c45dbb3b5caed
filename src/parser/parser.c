/* The driver: text to tokens, tokens to statements, statements to a script.
 *
 * A text is read whole before anything of it is parsed, but an error of the lexer counts only when
 * the parser gets there: the first error of a text is the one that is told.  Statements are parsed
 * one at a time; what stands between BEGIN STATEMENT SET (or EXECUTE STATEMENT SET BEGIN) and END
 * is then put into the set's node, which is how psql's pieces and a whole script meet in one
 * grammar. */
#include "parser/build.h"

#include "sql.h"

#include <stdlib.h>
#include <utf8proc.h>

/* ---- tokens ---- */

static struct sl_token *
parser_add_token(struct sl_parse *parse)
{
    if (parse->token_count == parse->token_capacity) {
        parse->token_capacity = SL_MAX(64u, parse->token_capacity * 2);
        parse->tokens = sl_realloc(parse->tokens, parse->token_capacity * sizeof *parse->tokens);
    }
    struct sl_token *token = &parse->tokens[parse->token_count++];
    *token = (struct sl_token){0};
    return token;
}

/* 'a' <newline> 'b' is one string, as in the standard. */
static bool
parser_join_strings(struct sl_parse *parse)
{
    if (parse->token_count < 2)
        return false;
    struct sl_token *first = &parse->tokens[parse->token_count - 2];
    const struct sl_token *second = first + 1;
    if (first->kind != SL_TOKEN_STRING || second->kind != SL_TOKEN_STRING ||
        parse->text.start[second->offset] != '\'')
        return false;
    bool newline = false;
    for (int i = first->end; i < second->offset; i++) {
        char c = parse->text.start[i];
        if (c == '\n' || c == '\r')
            newline = true;
        else if (c != ' ' && (c < '\t' || c > '\r'))
            return false;
    }
    if (!newline)
        return false;
    size_t length = first->text.length + second->text.length;
    char *joined = sl_arena_alloc(parse->arena, length + 1);
    memcpy(joined, first->text.start, first->text.length);
    memcpy(joined + first->text.length, second->text.start, second->text.length);
    first->text = (struct sl_text){joined, length};
    first->end = second->end;
    parse->token_count--;
    return true;
}

/* Fills parse->tokens; the last one is EOF, or ILLEGAL where the text cannot be read further. */
static void
parser_read_tokens(struct sl_parse *parse)
{
    struct sl_lexer lexer = {(const unsigned char *)parse->text.start, false};
    for (;;) {
        struct sl_token *token = parser_add_token(parse);
        int rc = sl_lex_next(parse, &lexer, token);
        if (rc < 0) {
            parse->lex_rc = rc;
            token->kind = SL_TOKEN_ILLEGAL;
            break;
        }
        if (token->kind == SL_TOKEN_EOF)
            break;
        if (!parser_join_strings(parse) && parse->token_count > parse->limits.token_max) {
            parse->lex_rc = SL_ERROR(parse->lex_error, SL_E_LIMIT_EXCEEDED,
                                     "the text has more than %zu tokens", parse->limits.token_max);
            sl_error_at(parse->lex_error, token->offset);
            token->kind = SL_TOKEN_ILLEGAL;
            break;
        }
    }
    sl_keyword_decide(parse);
}

static int
parser_check_text(struct sl_parse *parse)
{
    struct sl_text text = parse->text;
    if (text.length > parse->limits.script_bytes_max || text.length > INT32_MAX - 1)
        return SL_ERROR(parse->err, SL_E_LIMIT_EXCEEDED, "the text has %zu bytes, the limit is %zu",
                        text.length, parse->limits.script_bytes_max);
    size_t at = 0;
    while (at < text.length) {
        utf8proc_int32_t point;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text.start + at,
                                                 (utf8proc_ssize_t)(text.length - at), &point);
        if (size <= 0 || point == 0) {
            SL_ERROR(parse->err, SL_E_INVALID_ENCODING,
                     "invalid byte sequence for encoding \"UTF8\": 0x%02x",
                     (unsigned char)text.start[at]);
            return sl_error_at(parse->err, (int)at);
        }
        at += (size_t)size;
    }
    return SL_OK;
}

void
sl_parse_syntax_error(struct sl_parse *parse, const struct sl_token *token)
{
    if (parse->rc < 0)
        return;
    if (token->kind == SL_TOKEN_EOF) {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX, "syntax error at end of input");
    } else {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX, "syntax error at or near \"%.*s\"",
                             token->end - token->offset, parse->text.start + token->offset);
    }
    sl_error_at(parse->err, token->offset);
    if (token->kind == SL_TOKEN_QUESTION)
        sl_error_hint(parse->err, "parameters are written $1, $2, ...");
    else if (token->kind == SL_TOKEN_HINT_START)
        sl_error_hint(parse->err, "hints stand behind SELECT or behind the name of a table");
    else if (token->keyword != NULL && sl_grammarFallback(token->kind) == 0 &&
             token->kind != SL_TOKEN_ID)
        sl_error_hint(parse->err, "%s is a reserved word: quote it to use it as a name",
                      token->keyword->spelling);
}

/* ---- one statement ---- */

/* Parses the tokens from *at up to the next `;` or the end, beginning with the pseudo token `mode`;
 * leaves *at there.  The result is in parse->result. */
static int
parser_run(struct sl_parse *parse, int mode, size_t *at)
{
    void *grammar = sl_grammarAlloc(sl_alloc, parse);
    parse->result = NULL;
    parse->token = &parse->tokens[*at];
    parse->last_end = parse->token->offset;
    sl_grammar(grammar, mode, parse->token);
    for (;;) {
        const struct sl_token *token = &parse->tokens[*at];
        bool end = token->kind == SL_TOKEN_EOF || token->kind == SL_TOKEN_SEMICOLON;
        if (*at + 1 == parse->token_count && parse->lex_rc < 0) {
            *parse->err = *parse->lex_error;
            parse->rc = parse->lex_rc;
            break;
        }
        parse->token = token;
        sl_grammar(grammar, end ? 0 : token->kind, token);
        if (end || parse->rc < 0)
            break;
        parse->last_end = token->end;
        ++*at;
    }
    sl_grammarFree(grammar, free);
    return parse->rc;
}

static int
parser_run_statement(struct sl_parse *parse, size_t *at, struct sl_ast_statement *statement)
{
    parse->open_set = NULL;
    parse->open_owner = NULL;
    parse->parameter_count = 0;
    statement->offset = parse->tokens[*at].offset;
    SL_TRY(parser_run(parse, SL_TOKEN_MODE_STATEMENT, at));
    SL_ASSERT(parse->result != NULL);
    statement->end = parse->last_end;
    statement->ast = parse->result;
    if (statement->ast->kind != SL_AST_QUERY) {
        statement->ast->offset = statement->offset;
        statement->ast->end = statement->end;
    }
    statement->parameter_count = parse->parameter_count;
    return SL_OK;
}

/* ---- statement sets ---- */

static void
parser_skip_semicolons(const struct sl_parse *parse, size_t *at)
{
    while (parse->tokens[*at].kind == SL_TOKEN_SEMICOLON)
        ++*at;
}

static void
parser_extend_set(struct sl_parse *parse, struct sl_ast_statement_set *set, struct sl_ast *owner,
                  int end)
{
    set->ast.end = end;
    if (owner == NULL)
        return;
    owner->end = end;
    struct sl_text text = sl_build_slice(parse, set->ast.offset, end);
    if (owner->kind == SL_AST_EXPLAIN)
        ((struct sl_ast_explain *)owner)->statement_text = text;
    else if (owner->kind == SL_AST_ALTER_JOB)
        ((struct sl_ast_job *)owner)->statement_text = text;
    else
        ((struct sl_ast_plan *)owner)->statement_text = text;
}

/* Takes what follows an open set up to its END; the text may stop before, since psql cuts there. */
static int
parser_fill_set(struct sl_parse *parse, size_t *at, struct sl_ast_statement *statement)
{
    struct sl_ast_statement_set *set = parse->open_set;
    struct sl_ast *owner = parse->open_owner;
    struct sl_ast_list *members = set->statements.count == 0 ? NULL : &set->statements;
    while (!set->complete) {
        parser_skip_semicolons(parse, at);
        const struct sl_token *first = &parse->tokens[*at];
        if (first->kind == SL_TOKEN_EOF)
            break;
        struct sl_ast_statement member = {0};
        SL_TRY(parser_run_statement(parse, at, &member));
        enum sl_ast_kind kind = member.ast->kind;
        if (kind == SL_AST_TRANSACTION &&
            ((struct sl_ast_transaction *)member.ast)->action == SL_AST_TRANSACTION_END) {
            set->complete = true;
        } else if (kind == SL_AST_INSERT ||
                   (kind == SL_AST_CREATE_TABLE &&
                    ((struct sl_ast_create_table *)member.ast)->as_query != NULL)) {
            members = members == NULL ? sl_build_list(parse, member.ast)
                                      : sl_build_list_add(parse, members, member.ast);
            set->statements = *members;
        } else {
            sl_parse_syntax_error(parse, first);
            sl_error_hint(parse->err, "a statement set takes INSERT and CREATE TABLE AS, then END");
            return parse->rc;
        }
        statement->end = member.end;
        statement->parameter_count = SL_MAX(statement->parameter_count, member.parameter_count);
        parser_extend_set(parse, set, owner, member.end);
    }
    return SL_OK;
}

/* ---- entry points ---- */

static void
parser_init(struct sl_parse *parse, struct sl_arena *arena, struct sl_text text,
            const struct sl_parse_limits *limits, struct sl_error *err)
{
    *parse = (struct sl_parse){.arena = arena, .err = err};
    parse->limits = limits != NULL ? *limits : SL_PARSE_LIMITS;
    parse->text = text;
    parse->lex_error = SL_NEW(arena, struct sl_error);
}

static int
parser_start(struct sl_parse *parse)
{
    SL_TRY(parser_check_text(parse));
    parse->text = sl_arena_text(parse->arena, parse->text);
    parser_read_tokens(parse);
    return SL_OK;
}

static int
parser_script(struct sl_parse *parse, struct sl_ast_script *script)
{
    struct sl_ast_list *statements = NULL;
    SL_TRY(parser_start(parse));
    script->text = parse->text;
    for (size_t at = 0;;) {
        parser_skip_semicolons(parse, &at);
        if (parse->tokens[at].kind == SL_TOKEN_EOF)
            break;
        struct sl_ast_statement *statement = SL_NEW(parse->arena, struct sl_ast_statement);
        SL_TRY(parser_run_statement(parse, &at, statement));
        if (parse->open_set != NULL)
            SL_TRY(parser_fill_set(parse, &at, statement));
        statement->text = sl_build_slice(parse, statement->offset, statement->end);
        statements = statements == NULL ? sl_build_list(parse, statement)
                                        : sl_build_list_add(parse, statements, statement);
    }
    script->statements =
        sl_build_array(parse, statements, sizeof(struct sl_ast_statement), &script->count);
    return SL_OK;
}

int
sl_parse_script(struct sl_arena *arena, struct sl_text text, const struct sl_parse_limits *limits,
                struct sl_ast_script **ret, struct sl_error *err)
{
    struct sl_parse parse;
    struct sl_ast_script *script = SL_NEW(arena, struct sl_ast_script);
    parser_init(&parse, arena, text, limits, err);
    int rc = parser_script(&parse, script);
    if (rc >= 0)
        *ret = script;
    free(parse.tokens);
    return rc;
}

/* The whole text is one thing; a `;` behind it is an error. */
static int
parser_one(struct sl_parse *parse, int mode)
{
    size_t at = 0;
    SL_TRY(parser_start(parse));
    SL_TRY(parser_run(parse, mode, &at));
    if (parse->tokens[at].kind != SL_TOKEN_EOF)
        sl_parse_syntax_error(parse, &parse->tokens[at]);
    return parse->rc;
}

static int
parser_fragment(struct sl_arena *arena, struct sl_text text, const struct sl_parse_limits *limits,
                int mode, void **ret, struct sl_error *err)
{
    struct sl_parse parse;
    parser_init(&parse, arena, text, limits, err);
    int rc = parser_one(&parse, mode);
    if (rc >= 0)
        *ret = parse.result;
    free(parse.tokens);
    return rc;
}

int
sl_parse_expression(struct sl_arena *arena, struct sl_text text,
                    const struct sl_parse_limits *limits, struct sl_ast_expr **ret,
                    struct sl_error *err)
{
    void *result = NULL;
    SL_TRY(parser_fragment(arena, text, limits, SL_TOKEN_MODE_EXPRESSION, &result, err));
    *ret = result;
    return SL_OK;
}

int
sl_parse_type(struct sl_arena *arena, struct sl_text text, const struct sl_parse_limits *limits,
              struct sl_ast_type **ret, struct sl_error *err)
{
    void *result = NULL;
    SL_TRY(parser_fragment(arena, text, limits, SL_TOKEN_MODE_TYPE, &result, err));
    *ret = result;
    return SL_OK;
}

int
sl_parse_query(struct sl_arena *arena, struct sl_text text, const struct sl_parse_limits *limits,
               struct sl_ast_query **ret, struct sl_error *err)
{
    void *result = NULL;
    SL_TRY(parser_fragment(arena, text, limits, SL_TOKEN_MODE_QUERY, &result, err));
    *ret = result;
    return SL_OK;
}

const char *
sl_ast_statement_name(enum sl_ast_kind kind)
{
    switch (kind) {
    case SL_AST_QUERY:
        return "SELECT";
#define STATEMENT(kind, structure, name) \
    case SL_AST_##kind:                  \
        return name;
#include "parser/statements.def"
#undef STATEMENT
    default:
        SL_UNREACHABLE();
    }
}
