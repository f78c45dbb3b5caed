/* Text to AST.  The grammar is in grammar/; the nodes are in ast.h and statement.h. */
#ifndef SL_PARSER_PARSER_H
#define SL_PARSER_PARSER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "parser/ast.h"
#include "parser/statement.h"

/* Past a limit: SL_E_LIMIT_EXCEEDED. */
struct sl_parse_limits {
    size_t script_bytes_max;
    int depth_max;     /* of the nesting of expressions and queries */
    int parameter_max; /* the highest $n */
    size_t token_max;  /* tokens in one statement */
};

#define SL_PARSE_LIMITS                                      \
    ((struct sl_parse_limits){.script_bytes_max = 16u << 20, \
                              .depth_max = 1000,             \
                              .parameter_max = 65535,        \
                              .token_max = 4u << 20})

/* All of them take `limits` NULL for SL_PARSE_LIMITS, copy `text` into the arena (it may go away),
 * and write *ret only on success.  Errors: 42601 with err->offset in `text` and PostgreSQL's
 * wording (syntax error at or near "x", syntax error at end of input, unterminated quoted string
 * ...); 22021 where `text` is not UTF-8 or holds a NUL; 54000 past a limit.  A text with several
 * statements is parsed as a whole: an error anywhere returns no statement. */
int sl_parse_script(struct sl_arena *arena, struct sl_text text,
                    const struct sl_parse_limits *limits, struct sl_ast_script **ret,
                    struct sl_error *err) SL_MUST_CHECK;

/* What the catalog stores as text.  Positions are relative to `text`. */
int sl_parse_expression(struct sl_arena *arena, struct sl_text text,
                        const struct sl_parse_limits *limits, struct sl_ast_expr **ret,
                        struct sl_error *err) SL_MUST_CHECK;
int sl_parse_type(struct sl_arena *arena, struct sl_text text, const struct sl_parse_limits *limits,
                  struct sl_ast_type **ret, struct sl_error *err) SL_MUST_CHECK;
int sl_parse_query(struct sl_arena *arena, struct sl_text text,
                   const struct sl_parse_limits *limits, struct sl_ast_query **ret,
                   struct sl_error *err) SL_MUST_CHECK;

/* "CREATE TABLE", "INSERT"; for a query "SELECT". */
const char *sl_ast_statement_name(enum sl_ast_kind kind);

/* Whether `name` must be quoted to be read as an identifier again: keywords, blanks, quotes. */
bool sl_parse_needs_quotes(struct sl_text name);

/* Appends the tree as an S-expression, without positions, for tests and debugging.  Of a few rare
 * statements (dump_statement.c) it says only the kind. */
void sl_ast_dump(struct sl_buffer *buffer, const struct sl_ast *node);

#endif
