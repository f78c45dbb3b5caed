/* Private: the parts of sl_ast_dump.  Each writes a blank before what it writes, so that parts can
 * follow each other inside the parentheses of what they belong to. */
#ifndef SL_PARSER_DUMP_H
#define SL_PARSER_DUMP_H

#include "parser/parser.h"

void sl_dump_flag(struct sl_buffer *buffer, bool set, const char *name); /* :name */
void sl_dump_string(struct sl_buffer *buffer, struct sl_text text);      /* 'text' */
void sl_dump_text(struct sl_buffer *buffer, const char *name,
                  struct sl_text text); /* (name 'text') */
void sl_dump_identifier(struct sl_buffer *buffer, const struct sl_ast_identifier *identifier);
void sl_dump_name(struct sl_buffer *buffer, const struct sl_ast_name *name);
/* (name a b), nothing when there are none. */
void sl_dump_identifiers(struct sl_buffer *buffer, const char *name,
                         const struct sl_ast_identifier *items, size_t count);
void sl_dump_names(struct sl_buffer *buffer, const char *name, const struct sl_ast_list *list);
void sl_dump_options(struct sl_buffer *buffer, const char *name,
                     const struct sl_ast_options *options);
void sl_dump_hints(struct sl_buffer *buffer, const struct sl_ast_list *hints);

void sl_dump_type(struct sl_buffer *buffer, const struct sl_ast_type *type);
void sl_dump_expr(struct sl_buffer *buffer, const struct sl_ast_expr *expr);
/* (name expr), nothing for NULL. */
void sl_dump_clause(struct sl_buffer *buffer, const char *name, const struct sl_ast_expr *expr);
void sl_dump_exprs(struct sl_buffer *buffer, const char *name, const struct sl_ast_list *list);
void sl_dump_order(struct sl_buffer *buffer, const char *name, const struct sl_ast_order *order);
void sl_dump_window(struct sl_buffer *buffer, const struct sl_ast_window *window);
void sl_dump_body(struct sl_buffer *buffer, const struct sl_ast *body);
void sl_dump_query(struct sl_buffer *buffer, const struct sl_ast_query *query);
void sl_dump_statement(struct sl_buffer *buffer, const struct sl_ast *statement);

#endif
