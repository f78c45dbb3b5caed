/* A table that is being defined: by CREATE TABLE, LIKE and ALTER TABLE.  Parts that came with the
 * statement keep their AST, so that errors have positions; parts of an existing table have only
 * their text. */
#ifndef SL_PLANNER_DRAFT_H
#define SL_PLANNER_DRAFT_H

#include "planner/bind.h"

struct sl_draft_column {
    struct sl_table_column column;
    const struct sl_ast_expr *expr; /* computed; NULL: column.expression is parsed */
    int offset;
};

struct sl_draft {
    struct sl_binder *binder;
    const char *schema, *name;
    uint32_t session; /* whose temporary table it is; 0: permanent */
    struct sl_draft_column *columns;
    size_t column_count, column_capacity;
    const char *watermark_column; /* NULL: none */
    const char *watermark;
    const struct sl_ast_expr *watermark_expr;
    int watermark_offset;
    const char **key; /* names of the primary key's columns */
    size_t key_count;
    const char *key_name;
    int key_offset;
    const char **partition;
    size_t partition_count;
    int partition_offset;
    struct sl_option *options;
    size_t option_count, option_capacity;
    const char *comment;
};

/* draft.c */
void sl_draft_init(struct sl_draft *draft, struct sl_binder *binder);
struct sl_draft_column *sl_draft_insert(struct sl_draft *draft, size_t place);
void sl_draft_remove(struct sl_draft *draft, size_t place);
int sl_draft_find(const struct sl_draft *draft, struct sl_text name); /* -1: none */
/* 42703 with a near match. */
int sl_draft_no_column(const struct sl_draft *draft, struct sl_text name, int offset,
                       struct sl_error *err);
int sl_draft_read_column(struct sl_draft *draft, const struct sl_ast_column *ast,
                         struct sl_draft_column *to, struct sl_error *err);
int sl_draft_set_watermark(struct sl_draft *draft, const struct sl_ast_watermark *ast,
                           struct sl_error *err);
int sl_draft_set_key(struct sl_draft *draft, const struct sl_ast_constraint *ast,
                     struct sl_error *err);
int sl_draft_set_column_key(struct sl_draft *draft, const struct sl_ast_column *ast,
                            struct sl_error *err);
void sl_draft_set_option(struct sl_draft *draft, const char *key, const char *value, int key_offset,
                         int value_offset);
const char *sl_draft_option(const struct sl_draft *draft, const char *key);
void sl_draft_from_table(struct sl_draft *draft, const struct sl_table *table);
/* Checks everything and makes the table. */
int sl_draft_finish(struct sl_draft *draft, struct sl_table **ret_table, struct sl_error *err);

/* create_as.c */
/* CREATE TABLE t (b, a) AS …: names without types. */
bool sl_is_bare_list(const struct sl_ast_create_table *create);
/* The columns of AS, and the INSERT that fills the table. */
int sl_draft_as(struct sl_draft *draft, const struct sl_ast_create_table *create,
                const char **ret_insert, struct sl_error *err);

/* like.c */
int sl_draft_like(struct sl_draft *draft, const struct sl_ast_create_table *create,
                  struct sl_error *err);

#endif
