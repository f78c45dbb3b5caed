/* Private to grammar/ and src/parser/: tokens, the state of a parse, and what the grammar's actions
 * call.
 *
 * 1. A text is cut into tokens first; each statement's tokens then go through the generated parser.
 * 2. A rule is reduced when the next token is in hand (parse->token) and the last one that belongs
 * to the rule is parse->last_end behind us: builders take their node's end from there.
 * 3. A builder that fails records the first error in parse->rc and still returns a node; the driver
 *    stops before the next token.
 * 4. Nothing in the AST points to a token. */
#ifndef SL_PARSER_BUILD_H
#define SL_PARSER_BUILD_H

#include "parser/parser.h"

enum sl_keyword_when {
    SL_WHEN_ALWAYS,
    SL_WHEN_PAREN,      /* before ( */
    SL_WHEN_LITERAL,    /* before a string: DATE '...' */
    SL_WHEN_COLLECTION, /* before ( [ or <; elsewhere the token <NAME>_WORD */
    SL_WHEN_BRACKET,    /* before [ or < */
    SL_WHEN_INTERVAL,   /* before a string, a unit, a number with a unit */
    SL_WHEN_NOT,        /* before BETWEEN, IN, LIKE ...: the token NOT_LA */
    SL_WHEN_WITH,       /* before [LOCAL] TIME ZONE: the token WITH_TIME */
    SL_WHEN_WATERMARK,  /* before FOR: the token WATERMARK_FOR */
    SL_WHEN_MODEL,      /* as an argument, before a name: the token MODEL_LA */
    SL_WHEN_BEFORE_SETS,
    SL_WHEN_BEFORE_KEY,
    SL_WHEN_BEFORE_NULLS,
    SL_WHEN_BEFORE_CALL, /* before name ( */
};

#define SL_PARSE_NAME_PARTS_MAX 64
#define SL_PARSE_SET_VALUES_MAX 256

struct sl_keyword {
    const char *spelling;
    int token;
    enum sl_keyword_when when;
};

struct sl_token {
    int kind; /* SL_TOKEN_… of the generated sql.h */
    int offset, end;
    bool quoted;
    const struct sl_keyword *keyword; /* what the word could be; NULL for what is no word */
    struct sl_text text;              /* of strings and names decoded, else the slice */
};

struct sl_lexer {
    const unsigned char *cursor;
    bool in_hint;
};

struct sl_parse {
    struct sl_arena *arena;
    struct sl_text text;
    struct sl_parse_limits limits;
    struct sl_error *err;
    int rc; /* the first error of a builder */
    struct sl_token *tokens;
    size_t token_count, token_capacity;
    int lex_rc; /* the text could not be read behind the last token; the error is lex_error */
    struct sl_error *lex_error;
    const struct sl_token *token; /* the one in hand */
    int last_end;                 /* where the token before it ends */
    void *result;
    int parameter_count;
    struct sl_ast_statement_set *open_set; /* that the last statement began */
    struct sl_ast *open_owner;             /* EXPLAIN, COMPILE PLAN, ALTER JOB around it; or NULL */
};

/* ---- lexer: grammar/lexer.re, lexeme.c, keyword.c ---- */

enum sl_quote {
    SL_QUOTE_PLAIN,
    SL_QUOTE_ESCAPE,
    SL_QUOTE_UNICODE,
    SL_QUOTE_HEX,
    SL_QUOTE_NAME,
    SL_QUOTE_UNICODE_NAME,
    SL_QUOTE_BACKTICK,
};

int sl_lex_next(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token);
/* These end a token that begins at `start`; `cursor` is behind what was read of it. */
int sl_lex_found(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token, int kind,
                 const unsigned char *start, const unsigned char *cursor);
int sl_lex_string(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token,
                  const unsigned char *start, const unsigned char *cursor, enum sl_quote quote);
int sl_lex_dollar_string(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token,
                         const unsigned char *start, const unsigned char *cursor);
int sl_lex_parameter(struct sl_parse *parse, struct sl_lexer *lexer, struct sl_token *token,
                     const unsigned char *start, const unsigned char *cursor);
int sl_lex_unterminated(struct sl_parse *parse, const char *what, const unsigned char *start);
int sl_lex_junk(struct sl_parse *parse, const char *what, const unsigned char *start,
                const unsigned char *cursor);

/* NULL when the word is no keyword. */
const struct sl_keyword *sl_keyword_find(struct sl_text word);
/* Turns words into keywords, once all tokens are read. */
void sl_keyword_decide(struct sl_parse *parse);

/* ---- the generated parser ---- */

void *sl_grammarAlloc(void *(*alloc)(size_t), struct sl_parse *parse);
void sl_grammarFree(void *parser, void (*release)(void *));
void sl_grammar(void *parser, int kind, const struct sl_token *token);
int sl_grammarFallback(int kind);

/* PostgreSQL's text for the token that has no place. */
void sl_parse_syntax_error(struct sl_parse *parse, const struct sl_token *token);

/* ---- what rules carry that is no AST ---- */

struct sl_build_value {
    struct sl_text text;
    int offset;
};
struct sl_build_unit {
    enum sl_ast_unit start, end;
    int precision, scale;
};
struct sl_build_behavior {
    enum sl_ast_json_behavior kind;
    struct sl_ast_expr *expr;
};
struct sl_build_on {
    struct sl_build_behavior on_empty, on_error;
};
struct sl_build_tail {
    struct sl_ast_list *order_by;
    struct sl_ast_expr *limit, *row_offset;
};
struct sl_build_with {
    int offset;
    struct sl_ast_list *ctes;
    bool recursive;
};
struct sl_build_distinct {
    enum sl_ast_quantifier quantifier;
    struct sl_ast_list *on;
};
struct sl_build_group_by {
    enum sl_ast_quantifier quantifier;
    struct sl_ast_list *groups;
};
struct sl_build_alias {
    const struct sl_token *name;
    struct sl_ast_list *columns;
};
struct sl_build_skip {
    enum sl_ast_match_skip skip;
    const struct sl_token *variable;
};
struct sl_build_repeat {
    int64_t min, max;
};
enum sl_build_or { SL_BUILD_OR_NOTHING, SL_BUILD_OR_REPLACE, SL_BUILD_OR_ALTER };
struct sl_build_create {
    const struct sl_token *first;
    enum sl_build_or or_what;
    bool temporary, system;
};
struct sl_build_place {
    enum sl_ast_column_place place;
    struct sl_ast_name *after;
};
struct sl_build_like {
    enum sl_ast_like_form form;
    struct sl_text pattern;
    bool negated;
};
struct sl_build_fetch {
    enum sl_ast_fetch_direction direction;
    int64_t count;
};
enum { SL_BUILD_WITH_SAVEPOINT = 1, SL_BUILD_WITH_DRAIN = 2 };
enum { SL_BUILD_BINARY = 1, SL_BUILD_INSENSITIVE = 2, SL_BUILD_SCROLL = 4, SL_BUILD_NO_SCROLL = 8 };

/* Keep the prototypes below short. */
#define SL_TOKEN const struct sl_token *
#define SL_PARSE struct sl_parse *parse

/* ---- build_base.c: nodes, lists, names, options ---- */

/* A zeroed node; offset -1 is set by the driver (statements). */
void *sl_build_node(SL_PARSE, size_t size, enum sl_ast_kind kind, int offset);
#define SL_BUILD(parse, name, kind, offset)                                                      \
    ((struct sl_ast_##name *)sl_build_node((parse), sizeof(struct sl_ast_##name), SL_AST_##kind, \
                                           (offset)))
/* `child` (or NULL) hangs below `node`: keeps the depth, which has a limit. */
void sl_build_under(SL_PARSE, struct sl_ast *node, const struct sl_ast *child);
void sl_build_under_exprs(SL_PARSE, struct sl_ast *node, const struct sl_ast_list *exprs);
void sl_build_under_order(SL_PARSE, struct sl_ast *node, const struct sl_ast_order *order);
/* Of the arena's copy of the script: no NUL behind it. */
struct sl_text sl_build_slice(SL_PARSE, int offset, int end);

struct sl_ast_list *sl_build_list(SL_PARSE, void *item);
struct sl_ast_list *sl_build_list_add(SL_PARSE, struct sl_ast_list *list, void *item);
struct sl_ast_list *sl_build_list_prepend(SL_PARSE, void *item, struct sl_ast_list *list);
struct sl_ast_list sl_build_list_value(const struct sl_ast_list *list); /* NULL: empty */
/* What the items point to, side by side; NULL and 0 for an empty list. */
void *sl_build_array(SL_PARSE, const struct sl_ast_list *list, size_t size, size_t *count);

struct sl_ast_identifier *sl_build_identifier(SL_PARSE, SL_TOKEN token);
struct sl_ast_identifier sl_build_identifier_value(SL_PARSE, SL_TOKEN token); /* NULL: none */
struct sl_ast_identifier *sl_build_ids(SL_PARSE, const struct sl_ast_list *list, size_t *count);
struct sl_ast_name *sl_build_name(SL_PARSE, SL_TOKEN token);
struct sl_ast_name *sl_build_name_add(SL_PARSE, struct sl_ast_name *name, SL_TOKEN token);
struct sl_ast_name sl_build_name_value(const struct sl_ast_name *name); /* NULL: none */
int64_t sl_build_integer(SL_PARSE, SL_TOKEN token, bool negative);
struct sl_text sl_build_text(SL_PARSE, SL_TOKEN token); /* NULL: none */

SL_TOKEN sl_build_setting(SL_PARSE, SL_TOKEN first);
struct sl_build_value *sl_build_value(SL_PARSE, SL_TOKEN first, bool is_string);
struct sl_ast_option *sl_build_option_key(SL_PARSE, SL_TOKEN first, bool is_string);
struct sl_ast_option *sl_build_option(struct sl_ast_option *key, struct sl_build_value *value);
struct sl_ast_option *sl_build_word_option(SL_PARSE, SL_TOKEN word, SL_TOKEN string);
struct sl_ast_option *sl_build_word_value(SL_PARSE, SL_TOKEN word, struct sl_build_value *value);
struct sl_ast_options sl_build_options(SL_PARSE, const struct sl_ast_list *list);
struct sl_ast_hint *sl_build_hint(SL_PARSE, SL_TOKEN name, const struct sl_ast_list *items);

/* ---- build_type.c ---- */

struct sl_ast_type *sl_build_type(SL_PARSE, struct sl_ast_name *name, int64_t precision,
                                  int64_t scale, int time_zone);
struct sl_ast_type *sl_build_type_varying(SL_PARSE, struct sl_ast_name *name, int64_t length);
struct sl_ast_type *sl_build_type_of(SL_PARSE, SL_TOKEN first, enum sl_ast_type_kind kind);
struct sl_ast_type *sl_build_type_interval(SL_PARSE, SL_TOKEN first, struct sl_build_unit unit);
struct sl_ast_type *sl_build_type_collection(SL_PARSE, SL_TOKEN first, enum sl_ast_type_kind kind,
                                             struct sl_ast_type *key, struct sl_ast_type *element);
struct sl_ast_type *sl_build_type_suffix(SL_PARSE, enum sl_ast_type_kind kind,
                                         struct sl_ast_type *element);
struct sl_ast_type *sl_build_type_row(SL_PARSE, SL_TOKEN first, struct sl_ast_list *fields);
struct sl_ast_type *sl_build_type_class(SL_PARSE, SL_TOKEN first, enum sl_ast_type_kind kind,
                                        SL_TOKEN class_name, struct sl_ast_list *fields,
                                        SL_TOKEN snapshot);
struct sl_ast_type *sl_build_type_null(SL_PARSE, struct sl_ast_type *type, bool not_null);
struct sl_ast_type_field *sl_build_type_field(SL_PARSE, SL_TOKEN name, struct sl_ast_type *type,
                                              SL_TOKEN comment);
struct sl_build_unit sl_build_unit(SL_TOKEN start, int64_t precision, int64_t scale, SL_TOKEN end);

/* ---- build_expr.c ---- */

struct sl_ast_expr *sl_build_expr(SL_PARSE, enum sl_ast_kind kind, int offset);
struct sl_ast_expr *sl_build_column(SL_PARSE, struct sl_ast_name *name);
struct sl_ast_expr *sl_build_star(SL_PARSE, struct sl_ast_name *name, SL_TOKEN star);
struct sl_ast_expr *sl_build_parameter(SL_PARSE, SL_TOKEN token);
struct sl_ast_expr *sl_build_default(SL_PARSE, SL_TOKEN token);
struct sl_ast_expr *sl_build_literal(SL_PARSE, enum sl_ast_literal_kind kind, SL_TOKEN first,
                                     SL_TOKEN value);
struct sl_ast_expr *sl_build_boolean(SL_PARSE, SL_TOKEN token, bool value);
struct sl_ast_expr *sl_build_one(SL_PARSE, SL_TOKEN token); /* the number 1 */
struct sl_ast_expr *sl_build_timestamp(SL_PARSE, SL_TOKEN first, int64_t precision, int time_zone,
                                       SL_TOKEN value);
struct sl_ast_expr *sl_build_interval(SL_PARSE, SL_TOKEN first, SL_TOKEN sign, SL_TOKEN value,
                                      const struct sl_build_unit *unit);
struct sl_ast_expr *sl_build_unary(SL_PARSE, enum sl_ast_op op, SL_TOKEN token,
                                   struct sl_ast_expr *operand);
struct sl_ast_expr *sl_build_unary_operator(SL_PARSE, SL_TOKEN token, struct sl_ast_expr *operand);
struct sl_ast_expr *sl_build_binary(SL_PARSE, enum sl_ast_op op, SL_TOKEN token,
                                    struct sl_ast_expr *left, struct sl_ast_expr *right);
struct sl_ast_expr *sl_build_operator(SL_PARSE, SL_TOKEN token, struct sl_ast_expr *left,
                                      struct sl_ast_expr *right);
struct sl_ast_expr *sl_build_quantified(SL_PARSE, SL_TOKEN token, bool all,
                                        struct sl_ast_expr *left, struct sl_ast_query *query,
                                        struct sl_ast_list *values);
struct sl_ast_expr *sl_build_is(SL_PARSE, struct sl_ast_expr *operand, enum sl_ast_is_test test,
                                bool negated);
struct sl_ast_expr *sl_build_between(SL_PARSE, struct sl_ast_expr *operand, bool symmetric,
                                     struct sl_ast_expr *low, struct sl_ast_expr *high,
                                     bool negated);
struct sl_ast_expr *sl_build_in(SL_PARSE, struct sl_ast_expr *operand, struct sl_ast_list *values,
                                struct sl_ast_query *query, bool negated);
struct sl_ast_expr *sl_build_like(SL_PARSE, struct sl_ast_expr *operand, enum sl_ast_like_form form,
                                  struct sl_ast_expr *pattern, struct sl_ast_expr *escape,
                                  bool negated);
struct sl_ast_expr *sl_build_at_time_zone(SL_PARSE, struct sl_ast_expr *operand,
                                          struct sl_ast_expr *zone);
struct sl_ast_expr *sl_build_collate(SL_PARSE, struct sl_ast_expr *operand,
                                     struct sl_ast_name *name);
struct sl_ast_expr *sl_build_cast(SL_PARSE, SL_TOKEN token, struct sl_ast_expr *operand,
                                  struct sl_ast_type *type, enum sl_ast_cast_form form);
struct sl_ast_expr *sl_build_parenthesised(SL_PARSE, SL_TOKEN open, struct sl_ast_expr *expr);
struct sl_ast_expr *sl_build_query_expr(SL_PARSE, enum sl_ast_kind kind, SL_TOKEN first,
                                        struct sl_ast_query *query);
struct sl_ast_expr *sl_build_row(SL_PARSE, SL_TOKEN first, struct sl_ast_list *items);
struct sl_ast_expr *sl_build_items(SL_PARSE, enum sl_ast_kind kind, SL_TOKEN first,
                                   struct sl_ast_list *items);
struct sl_ast_expr *sl_build_element(SL_PARSE, struct sl_ast_expr *operand,
                                     struct sl_ast_expr *index);
struct sl_ast_expr *sl_build_field(SL_PARSE, struct sl_ast_expr *operand, SL_TOKEN name);
struct sl_ast_list *sl_build_whens(SL_PARSE, struct sl_ast_list *whens,
                                   const struct sl_ast_list *conditions,
                                   struct sl_ast_expr *result);
struct sl_ast_when *sl_build_when(SL_PARSE, struct sl_ast_expr *condition,
                                  struct sl_ast_expr *result);
struct sl_ast_expr *sl_build_case(SL_PARSE, SL_TOKEN first, struct sl_ast_expr *operand,
                                  struct sl_ast_list *whens, struct sl_ast_expr *otherwise);

/* ---- build_call.c: calls, windows, JSON functions ---- */

struct sl_ast_expr *sl_build_call(SL_PARSE, struct sl_ast_name *name, struct sl_ast_list *args);
struct sl_ast_expr *sl_build_call_star(SL_PARSE, struct sl_ast_name *name);
struct sl_ast_expr *sl_build_aggregate(SL_PARSE, struct sl_ast_name *name,
                                       enum sl_ast_quantifier quantifier, struct sl_ast_list *args,
                                       enum sl_ast_nulls_treatment nulls,
                                       struct sl_ast_list *order_by);
struct sl_ast_expr *sl_build_call_match(SL_PARSE, struct sl_ast_expr *call,
                                        enum sl_ast_match_semantics match);
struct sl_ast_expr *sl_build_call_over(SL_PARSE, struct sl_ast_expr *call,
                                       struct sl_ast_window *window);
struct sl_ast_expr *sl_build_call_nulls(SL_PARSE, struct sl_ast_expr *call,
                                        enum sl_ast_nulls_treatment nulls);
struct sl_ast_expr *sl_build_call_filter(SL_PARSE, struct sl_ast_expr *call,
                                         struct sl_ast_expr *filter);
struct sl_ast_expr *sl_build_call_within(SL_PARSE, struct sl_ast_expr *call,
                                         struct sl_ast_list *order_by);
struct sl_ast_argument *sl_build_argument(SL_PARSE, SL_TOKEN name, struct sl_ast_expr *value);
struct sl_ast_expr *sl_build_table_argument(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name,
                                            struct sl_ast_query *query, struct sl_ast_list *hints,
                                            struct sl_ast_expr *partition,
                                            struct sl_ast_order_item *order);
struct sl_ast_expr *sl_build_bare_call(SL_PARSE, SL_TOKEN word, SL_TOKEN precision);
struct sl_ast_expr *sl_build_descriptor(SL_PARSE, SL_TOKEN first, struct sl_ast_list *columns);
/* A call with up to four arguments; the first NULL ends them. */
struct sl_ast_expr *sl_build_special(SL_PARSE, SL_TOKEN first, const char *name,
                                     struct sl_ast_expr *a, struct sl_ast_expr *b,
                                     struct sl_ast_expr *c, struct sl_ast_expr *d);
struct sl_ast_expr *sl_build_plain_call(SL_PARSE, SL_TOKEN word, struct sl_ast_list *exprs);
struct sl_ast_expr *sl_build_substring_for(SL_PARSE, SL_TOKEN first, struct sl_ast_expr *operand,
                                           struct sl_ast_expr *length);
struct sl_ast_expr *sl_build_unit_expr(SL_PARSE, SL_TOKEN token);

struct sl_ast_order_item *sl_build_order_item(SL_PARSE, struct sl_ast_expr *expr, bool descending,
                                              enum sl_ast_order_nulls nulls);
struct sl_ast_order sl_build_order(SL_PARSE, const struct sl_ast_list *list);
struct sl_ast_window *sl_build_window_name(SL_PARSE, SL_TOKEN name);
struct sl_ast_window *sl_build_window(SL_PARSE, SL_TOKEN first, SL_TOKEN base,
                                      struct sl_ast_list *partition_by,
                                      struct sl_ast_list *order_by, struct sl_ast_window *frame);
struct sl_ast_window *sl_build_window_define(SL_PARSE, SL_TOKEN name, struct sl_ast_window *window);
struct sl_ast_window *sl_build_frame(SL_PARSE, enum sl_ast_frame_unit unit,
                                     struct sl_ast_bound start, struct sl_ast_bound end);
struct sl_ast_bound sl_build_bound(enum sl_ast_bound_kind kind, struct sl_ast_expr *value);
void sl_build_under_window(SL_PARSE, struct sl_ast *node, const struct sl_ast_window *window);

struct sl_build_behavior sl_build_behavior(enum sl_ast_json_behavior kind,
                                           struct sl_ast_expr *expr);
struct sl_ast_expr *sl_build_json_path(SL_PARSE, SL_TOKEN first, enum sl_ast_json_function function,
                                       struct sl_ast_expr *input, struct sl_ast_expr *path);
struct sl_ast_expr *sl_build_json_on_error(struct sl_ast_expr *json,
                                           struct sl_build_behavior behavior);
struct sl_ast_expr *sl_build_json_clauses(SL_PARSE, SL_TOKEN first,
                                          enum sl_ast_json_function function,
                                          struct sl_ast_expr *input, struct sl_ast_expr *path,
                                          struct sl_ast_type *returning,
                                          enum sl_ast_json_wrapper wrapper, struct sl_build_on on);
struct sl_ast_expr *sl_build_json_pairs(SL_PARSE, SL_TOKEN first,
                                        enum sl_ast_json_function function,
                                        struct sl_ast_list *pairs,
                                        enum sl_ast_json_on_null on_null);
struct sl_ast_expr *sl_build_json_values(SL_PARSE, SL_TOKEN first,
                                         enum sl_ast_json_function function,
                                         struct sl_ast_list *values, struct sl_ast_list *order_by,
                                         enum sl_ast_json_on_null on_null);
struct sl_ast_expr *sl_build_json_done(SL_PARSE, struct sl_ast_expr *json);
struct sl_ast_expr *sl_build_json_filter(SL_PARSE, struct sl_ast_expr *json,
                                         struct sl_ast_expr *filter);

/* ---- build_query.c: queries and FROM; build_match.c ---- */

struct sl_ast_query *sl_build_subquery(SL_PARSE, SL_TOKEN open, struct sl_ast_query *query);
struct sl_ast_query *sl_build_query(SL_PARSE, struct sl_build_with *with, struct sl_ast *body,
                                    struct sl_build_tail *tail);
struct sl_build_tail *sl_build_tail(SL_PARSE, struct sl_ast_list *order_by,
                                    struct sl_build_tail *limit);
struct sl_build_tail *sl_build_limit(SL_PARSE, struct sl_ast_expr *limit,
                                     struct sl_ast_expr *row_offset);
struct sl_build_with *sl_build_with(SL_PARSE, SL_TOKEN first, struct sl_ast_list *ctes,
                                    bool recursive);
struct sl_ast_cte *sl_build_cte(SL_PARSE, SL_TOKEN name, struct sl_ast_list *columns,
                                struct sl_ast_query *query);
struct sl_ast *sl_build_values(SL_PARSE, SL_TOKEN first, struct sl_ast_list *exprs);
struct sl_ast *sl_build_explicit_table(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name);
struct sl_ast *sl_build_set_operation(SL_PARSE, enum sl_ast_set_op op, bool all,
                                      struct sl_ast *left, struct sl_ast *right);
struct sl_ast_select *sl_build_select(SL_PARSE, SL_TOKEN first, struct sl_ast_list *hints,
                                      struct sl_build_distinct distinct, struct sl_ast_list *items,
                                      struct sl_ast_list *from);
void sl_build_select_clauses(SL_PARSE, struct sl_ast_select *select, struct sl_ast_expr *where,
                             struct sl_build_group_by *group_by, struct sl_ast_expr *having,
                             struct sl_ast_list *windows, struct sl_ast_expr *qualify);
struct sl_ast_select_item *sl_build_select_item(SL_PARSE, struct sl_ast_expr *expr, SL_TOKEN alias);
struct sl_build_group_by *sl_build_group_by(SL_PARSE, enum sl_ast_quantifier quantifier,
                                            struct sl_ast_list *groups);
struct sl_ast_group *sl_build_group(SL_PARSE, enum sl_ast_group_kind kind, SL_TOKEN first,
                                    struct sl_ast_expr *expr, struct sl_ast_list *children);
struct sl_ast_from *sl_build_join(SL_PARSE, enum sl_ast_join_kind kind, bool natural,
                                  struct sl_ast_from *left, struct sl_ast_from *right,
                                  struct sl_ast_expr *on, struct sl_ast_list *using_columns);
struct sl_build_alias *sl_build_alias_new(SL_PARSE, SL_TOKEN name, struct sl_ast_list *columns);
struct sl_ast_from *sl_build_alias(SL_PARSE, struct sl_ast_from *from,
                                   const struct sl_build_alias *alias);
struct sl_ast_from *sl_build_from_table(SL_PARSE, struct sl_ast_name *name,
                                        struct sl_ast_list *hints, struct sl_ast_expr *as_of);
struct sl_ast_from *sl_build_from_query(SL_PARSE, SL_TOKEN lateral, struct sl_ast_query *query);
struct sl_ast_from *sl_build_from_parenthesised(SL_PARSE, SL_TOKEN open, struct sl_ast_from *from);
struct sl_ast_from *sl_build_from_lateral(SL_PARSE, SL_TOKEN lateral, struct sl_ast_from *from);
struct sl_ast_from *sl_build_from_call(SL_PARSE, SL_TOKEN table, struct sl_ast_expr *call,
                                       bool with_ordinality);
struct sl_ast_from *sl_build_from_unnest(SL_PARSE, SL_TOKEN first, struct sl_ast_list *exprs,
                                         bool with_ordinality);

struct sl_ast_from *sl_build_match_done(SL_PARSE, struct sl_ast_from *input,
                                        struct sl_ast_from_match *match,
                                        const struct sl_build_alias *alias);
struct sl_ast_from_match *sl_build_match_head(SL_PARSE, struct sl_ast_list *partition_by,
                                              struct sl_ast_list *order_by,
                                              struct sl_ast_list *measures,
                                              enum sl_ast_match_rows rows,
                                              struct sl_build_skip skip);
struct sl_ast_from_match *sl_build_match_pattern(SL_PARSE, struct sl_ast_from_match *match,
                                                 struct sl_ast_pattern *pattern,
                                                 struct sl_ast_expr *within,
                                                 struct sl_ast_list *subsets,
                                                 struct sl_ast_list *defines);
struct sl_ast_named_expr *sl_build_named_expr(SL_PARSE, SL_TOKEN name, struct sl_ast_expr *expr);
struct sl_ast_match_subset *sl_build_subset(SL_PARSE, SL_TOKEN name, struct sl_ast_list *members);
struct sl_ast_pattern *sl_build_pattern(SL_PARSE, enum sl_ast_pattern_kind kind, SL_TOKEN first,
                                        struct sl_ast_list *children);
struct sl_ast_pattern *sl_build_pattern_join(SL_PARSE, enum sl_ast_pattern_kind kind,
                                             struct sl_ast_pattern *left,
                                             struct sl_ast_pattern *right);
struct sl_ast_pattern *sl_build_pattern_repeat(SL_PARSE, struct sl_ast_pattern *child,
                                               struct sl_build_repeat repeat, bool reluctant);
struct sl_ast_pattern *sl_build_pattern_group(SL_PARSE, struct sl_ast_pattern *pattern);

#include "parser/build_statements.h"

#endif
