/* The binder: names of the AST to tables, columns and functions, and types to everything; the
 * result is a logical plan.
 *
 * 1. A select is bound against a scope, the columns of its FROM.  Column i of the scope is column i
 * of the logical node that FROM became.
 * 2. Where aggregates are allowed they are collected aside; the expression that used one refers to
 * it as column SL_BIND_AGGREGATE + index, until the select has built its aggregation.
 * 3. In the same way an expression refers to what its subqueries add to its rows, as column
 * SL_BIND_SUBQUERY + index, until their joins are placed (subquery.c).
 * 4. Text of the catalog (views, computed columns, watermarks) is bound with positions hidden, for
 * an offset into it would point into the user's statement. */
#ifndef SL_PLANNER_BIND_H
#define SL_PLANNER_BIND_H

#include "parser/parser.h"
#include "plan/logical.h"
#include "planner/planner.h"

#define SL_BIND_SUBQUERY (UINT32_C(1) << 28) /* + index: a column that a subquery adds */
#define SL_BIND_OVER (UINT32_C(1) << 29)      /* + index: a call with OVER, in the same way */
#define SL_BIND_AGGREGATE (UINT32_C(1) << 30)
#define SL_BIND_GROUPING (UINT32_C(1) << 31) /* + index: GROUPING(…), in the same way */
#define SL_BIND_DEPTH_MAX \
    400 /* of expressions: a stored plan's JSON must nest less than 2,048 deep */
#define SL_BIND_VIEW_DEPTH_MAX 32

/* A query of WITH, bound anew at each use. */
struct sl_bound_cte {
    const struct sl_ast_cte *ast;
    struct sl_bound_cte *outer; /* those that it may see itself */
};

struct sl_star_expansion { /* a `*` of a view's text, and the columns it stands for */
    int offset, end;
    const char *columns;
    struct sl_star_expansion *next;
};

/* A function in SQL that was called; the last one first. */
struct sl_function_use {
    uint32_t session;
    const char *schema, *name;
    struct sl_function_use *next;
};

struct sl_table_use {
    uint64_t id;
    uint32_t version;
};

/* TUMBLE(ts, i), HOP or SESSION in GROUP BY: see group_window.c. */
struct sl_group_window {
    struct sl_window window;
    uint32_t time_column;            /* of FROM */
    const struct sl_schema *columns; /* FROM's and the window's; NULL: not made yet */
    uint32_t first;                  /* of them: window_start */
    struct sl_expr **computed;       /* keys that are computed under the window, … */
    uint32_t computed_first;         /* … into these columns */
    size_t computed_count;
};

struct sl_binder {
    struct sl_plan_context *context;
    struct sl_arena *arena;
    const char *schema;  /* in which names are looked up */
    uint32_t session_id; /* whose temporary tables are seen; permanent views see none */
    bool batch;          /* execution.runtime-mode */
    bool hide_positions;
    int view_depth, query_depth, query_count;
    struct sl_bound_cte *ctes;           /* the innermost first */
    uint32_t parallelism;                /* hinted for the current block; 0: not */
    const struct sl_ast_hint *state_ttl; /* of the current block; NULL: none, or it found its use */
    bool state_ttl_is_used; /* by joins with subqueries: others may take it, too */
    const struct sl_ast_hint *late_rows; /* the same */
    const struct sl_ast_hint *trigger, *evictor; /* the same */
    const struct sl_group_window *group_window;  /* of the current block; NULL: none */
    struct sl_expr_settings settings;
    struct sl_table_use *uses;
    size_t use_count, use_capacity;
    struct sl_function_use **function_uses;   /* NULL: nobody asks */
    const struct sl_schema *function_columns; /* parameters of the function whose body is bound */
    int function_depth;
    const struct sl_sql_function *making;  /* by CREATE FUNCTION */
    struct sl_star_expansion **expansions; /* where the next goes; NULL: nobody asks */
    bool leave_open;                       /* the next select leaves open parameters to INSERT */
    const struct sl_outer_scope *outer; /* of the queries around the subquery that is bound */
};

/* A table of a join: its columns are side by side in the scope's. */
struct sl_scope_part {
    const char *schema_name, *name; /* as in struct sl_scope */
    uint32_t first, count;
};

/* What an expression may refer to. */
struct sl_scope {
    const char *schema_name; /* of a table; NULL else */
    const char *name;        /* alias or table name; NULL: cannot be qualified */
    const struct sl_schema *columns;
    const struct sl_scope_part *parts; /* of a join: its tables, … */
    size_t part_count;                 /* 0: no join */
    const uint32_t *visible;           /* … the columns that need no qualifier, as in `*`, … */
    size_t visible_count;
    size_t merged_count; /* … of which the first so many are those of USING */
};

struct sl_outer_scope {
    const struct sl_scope *scope; /* NULL: it has no columns */
    const struct sl_outer_scope *next;
};

/* A subquery of an expression: joined to the rows that the expression is over it adds columns. */
struct sl_bound_subquery {
    struct sl_log_node *node;
    struct sl_expr **keys; /* IN: what is looked for among its rows; over the other rows */
    size_t key_count;      /* 0: it is a single row, each of whose columns is added */
    uint32_t first;        /* SL_BIND_SUBQUERY + this is the first column that it adds */
    int offset;
    struct sl_bound_subquery *next;
};

struct sl_bound_subqueries {
    struct sl_bound_subquery *first, *last; /* in the order in which they are joined */
    uint32_t column_count;
};

struct sl_bound_grouping {
    struct sl_expr **args;
    size_t arg_count; /* 0: all keys */
};

struct sl_bound_aggregates {
    struct sl_aggregate **items;
    size_t count, capacity;
    struct sl_bound_grouping *groupings;
    size_t grouping_count;
};

/* GROUP BY.  Without grouping sets set_count is 0; else kept and ids are those of EXPAND. */
struct sl_group_keys {
    struct sl_expr **exprs;
    size_t count;
    uint32_t *kept, *ids;
    size_t set_count;
};

struct sl_bound_overs; /* over.c */
struct sl_select_output;

/* One clause that is being bound. */
struct sl_clause {
    struct sl_binder *binder;
    const struct sl_scope *scope;           /* NULL: no columns here */
    struct sl_bound_aggregates *aggregates; /* NULL: no aggregates here */
    struct sl_bound_subqueries *subqueries; /* NULL: no subqueries here */
    struct sl_bound_overs *overs;           /* NULL: no OVER here */
    const struct sl_select_output *output;  /* QUALIFY: whose names may be used; NULL else */
    const char *clause;                     /* "WHERE", for messages */
    bool null_is_false;                     /* of the expression that is bound next */
    bool in_aggregate;
    int depth;
};

/* --- binder.c --- */
int sl_binder_init(struct sl_binder *binder, struct sl_plan_context *context, struct sl_error *err);
const char *sl_binder_setting(const struct sl_binder *binder, const char *key);
static inline int
sl_binder_offset(const struct sl_binder *binder, int offset)
{
    return binder->hide_positions ? -1 : offset;
}
/* SL_E_NOT_SUPPORTED: "<construct> is not supported yet", with the position. */
int sl_binder_refuse(const struct sl_binder *binder, int offset, const char *construct,
                     struct sl_error *err);
char *sl_binder_name(const struct sl_binder *binder, const struct sl_ast_identifier *identifier);
/* A name as SQL text: `x`, quoted where it must be. */
const char *sl_quote_name(struct sl_arena *arena, const char *name);
void sl_binder_use(struct sl_binder *binder, const struct sl_table *table);
bool sl_ast_name_is(const struct sl_ast_name *name, const char *text); /* one part, without case */

/* --- scope.c --- */
/* The column that a name begins with: its index, -1: none, -2: more than one.  *ret_part: so many
 * parts of the name stand before the column's. */
int sl_scope_find(const struct sl_scope *scope, const struct sl_ast_name *name, size_t *ret_part);
int sl_scope_find_column(const struct sl_scope *scope, struct sl_text name); /* unqualified */
/* The columns of the table of this name, or (NULL: without a qualifier) those of `*`: their indexes
 * and number.  False: there is no such table. */
bool sl_scope_star(struct sl_arena *arena, const struct sl_scope *scope,
                   const struct sl_text *table, const uint32_t **ret_columns, size_t *ret_count);
/* The name that a column must be qualified with to be unique; NULL: it needs none, or has none. */
const char *sl_scope_qualifier(const struct sl_scope *scope, uint32_t column);
/* 42703, 42P01: what the name begins with is not there. */
int sl_scope_refuse(const struct sl_clause *binding, const struct sl_ast_name *name, size_t part,
                    struct sl_error *err);

/* --- find.c --- */
/* 0A000 for what PostgreSQL's catalog would have, with the hint SHOW TABLES. */
int sl_binder_refuse_postgres(const struct sl_binder *binder, int offset, const char *name,
                              struct sl_error *err);
int sl_binder_find_table(struct sl_binder *binder, const struct sl_ast_name *name,
                         const struct sl_table **ret_table, struct sl_error *err);
/* The schema and name for a new object; the schema must exist (3F000). */
int sl_binder_split_name(struct sl_binder *binder, const struct sl_ast_name *name,
                         const char **ret_schema, const char **ret_name, struct sl_error *err);
int sl_binder_new_name(struct sl_binder *binder, const struct sl_ast_name *name,
                       const char **ret_schema, const char **ret_name, struct sl_error *err);
/* 42703 with a near match of the schema's columns. */
int sl_binder_no_column(const struct sl_binder *binder, struct sl_text name, int offset,
                        const struct sl_schema *columns, struct sl_error *err);

/* --- type.c --- */
int sl_binder_type(struct sl_binder *binder, const struct sl_ast_type *ast,
                   const struct sl_type **ret_type, struct sl_error *err);

/* --- literal.c --- */
int sl_binder_literal(struct sl_binder *binder, const struct sl_ast_literal *literal, bool negative,
                      int offset, struct sl_expr **ret_expr, struct sl_error *err);
struct sl_expr *sl_binder_string(struct sl_arena *arena, struct sl_text text, int offset);
struct sl_expr *sl_binder_integer(struct sl_arena *arena, int64_t value,
                                  const struct sl_type *type);
struct sl_expr *sl_binder_boolean(struct sl_arena *arena, bool value);
struct sl_expr *sl_binder_null(struct sl_arena *arena, const struct sl_type *type, int offset);

/* --- session_call.c --- */
/* version(), current_database() …; SL_EOF: it is none of these. */
int sl_binder_session_call(struct sl_clause *binding, const char *name, struct sl_expr *const *args,
                           size_t arg_count, int offset, struct sl_expr **ret_expr,
                           struct sl_error *err);

/* --- expr.c --- */
int sl_binder_expr(struct sl_clause *binding, const struct sl_ast_expr *ast,
                   struct sl_expr **ret_expr, struct sl_error *err);
/* And it must be BOOLEAN: 42804 "argument of WHERE must be type BOOLEAN". */
int sl_binder_condition(struct sl_clause *binding, const struct sl_ast_expr *ast,
                        struct sl_expr **ret_expr, struct sl_error *err);
int sl_binder_exprs(struct sl_clause *binding, const struct sl_ast_list *list,
                    struct sl_expr ***ret_exprs, struct sl_error *err);
/* A constant, folded to a literal of this type (NULL: as it is). */
int sl_binder_constant(struct sl_binder *binder, const struct sl_ast_expr *ast, const char *what,
                       const struct sl_type *type, struct sl_value *ret_value,
                       struct sl_error *err);

/* row.* and (expression).*: the fields, and as a text what stands for them in a view (NULL: nothing
 * can). */
int sl_binder_row_star(struct sl_clause *binding, const struct sl_ast_expr *ast,
                       struct sl_expr **ret_row, struct sl_expr ***ret_fields,
                       const char **ret_columns, struct sl_error *err);

/* --- sql_function.c --- */
/* A call of a function in SQL; SL_EOF: there is none of this name. */
int sl_binder_sql_function(struct sl_clause *binding, const struct sl_ast_name *name,
                           struct sl_expr **args, size_t arg_count, struct sl_expr **ret_expr,
                           struct sl_error *err);
bool sl_binder_find_function(struct sl_binder *binder, const struct sl_ast_name *name,
                             const struct sl_sql_function **ret_function);
int sl_binder_function_parameter(struct sl_clause *binding, const struct sl_ast_expr *ast,
                                 struct sl_expr **ret_expr, struct sl_error *err);

/* --- json.c --- */
/* JSON_VALUE and its like; IS JSON. */
int sl_binder_json(struct sl_clause *binding, const struct sl_ast_expr *ast,
                   struct sl_expr **ret_expr, struct sl_error *err);
int sl_binder_is_json(struct sl_clause *binding, const struct sl_ast_expr *ast,
                      struct sl_expr **ret_expr, struct sl_error *err);

/* --- call.c --- */
int sl_binder_json_aggregate(struct sl_clause *binding, const struct sl_ast_expr *ast,
                             struct sl_expr **ret_expr, struct sl_error *err);
/* An aggregate with its arguments, DISTINCT and FILTER bound, wherever it stands. */
int sl_binder_aggregate(struct sl_clause *binding, const struct sl_ast_expr *ast,
                        struct sl_aggregate **ret_aggregate, struct sl_error *err);
bool sl_binder_same_aggregate(const struct sl_aggregate *a, const struct sl_aggregate *b);
int sl_binder_call(struct sl_clause *binding, const struct sl_ast_expr *ast,
                   struct sl_expr **ret_expr, struct sl_error *err);
/* sl_expr_call, after parameters among the arguments got their types. */
int sl_binder_function(struct sl_clause *binding, const char *name, struct sl_expr **args,
                       size_t arg_count, int offset, struct sl_expr **ret_expr,
                       struct sl_error *err);

/* --- subquery.c --- */
int sl_binder_scalar_subquery(struct sl_clause *binding, const struct sl_ast_expr *ast,
                              struct sl_expr **ret_expr, struct sl_error *err);
int sl_binder_exists(struct sl_clause *binding, const struct sl_ast_expr *ast,
                     struct sl_expr **ret_expr, struct sl_error *err);
int sl_binder_in_subquery(struct sl_clause *binding, const struct sl_ast_expr *ast,
                          const struct sl_ast_expr *operand, const struct sl_ast_query *query,
                          bool negated, struct sl_expr **ret_expr, struct sl_error *err);
int sl_binder_quantified_subquery(struct sl_clause *binding, const struct sl_ast_expr *ast,
                                  struct sl_expr **ret_expr, struct sl_error *err);
struct sl_select_output;
/* Joins its subqueries to *node; the output's expressions, which are over it, refer to what that
 * adds.  scope: of *node, as STATE_TTL names it; NULL: it has no name. */
int sl_binder_place_output(struct sl_binder *binder, const struct sl_scope *scope,
                           struct sl_select_output *output, struct sl_log_node **node,
                           struct sl_error *err);
/* WHERE, subqueries and all: *node has the same columns as before. */
int sl_binder_filter(struct sl_clause *binding, const struct sl_ast_expr *ast,
                     struct sl_log_node **node, struct sl_error *err);

/* --- parameter.c --- */
int sl_binder_parameter(struct sl_binder *binder, int number, int offset, struct sl_expr **ret_expr,
                        struct sl_error *err);
bool sl_parameter_is_open(const struct sl_expr *expr); /* no type yet */
void sl_parameter_settle(struct sl_binder *binder, struct sl_expr *expr,
                         const struct sl_type *type);
/* Gives the open parameters among a function's arguments their types. */
void sl_parameters_infer(struct sl_binder *binder, const char *function, struct sl_expr **args,
                         size_t arg_count);
/* What nobody decided is STRING. */
void sl_parameters_end(struct sl_binder *binder, struct sl_expr **exprs, size_t expr_count);

/* --- query.c, select.c, group.c, order.c --- */
/* The node's schema names the result's columns. */
int sl_binder_query(struct sl_binder *binder, const struct sl_ast_query *query,
                    struct sl_log_node **ret_node, struct sl_error *err);
int sl_binder_select(struct sl_binder *binder, const struct sl_ast_select *select,
                     const struct sl_ast_order *order_by, struct sl_log_node **ret_node,
                     struct sl_error *err);
/* A SELECT, VALUES, set operation, TABLE t or a query in parentheses. */
int sl_binder_query_body(struct sl_binder *binder, const struct sl_ast *body,
                         const struct sl_ast_order *order_by, struct sl_log_node **ret_node,
                         struct sl_error *err);
/* A value of several rows' or queries' column, brought to what they have in common. */
int sl_binder_cast_common(struct sl_binder *binder, struct sl_expr *expr,
                          const struct sl_type *type, struct sl_expr **ret_expr,
                          struct sl_error *err);
/* set_operation.c */
int sl_binder_set_operation(struct sl_binder *binder,
                            const struct sl_ast_set_operation *operation,
                            struct sl_log_node **ret_node, struct sl_error *err);
/* VALUES; `targets` are the columns that they are for (INSERT), or NULL. */
int sl_binder_values(struct sl_binder *binder, const struct sl_ast_values *values,
                     const struct sl_schema *targets, struct sl_log_node **ret_node,
                     struct sl_error *err);
/* ORDER BY over the columns of a finished query (UNION, VALUES). */
int sl_binder_order_columns(struct sl_binder *binder, const struct sl_ast_order *order_by,
                            struct sl_log_node *node, struct sl_log_node **ret_node,
                            struct sl_error *err);
/* An integer literal in ORDER BY or GROUP BY: its 0-based position, -1: none; 42P10 out of range.
 */
int sl_binder_ordinal(const struct sl_binder *binder, const struct sl_ast_expr *ast,
                      const char *clause, size_t count, int *ret_index, struct sl_error *err);
bool sl_sort_nulls_first(const struct sl_ast_order_item *item);

/* --- over.c --- */
/* The calls with OVER of one select; `windows` are those of its WINDOW clause. */
int sl_binder_overs_new(struct sl_binder *binder, const struct sl_ast_list *windows,
                        struct sl_bound_overs **ret_overs, struct sl_error *err);
/* A call with OVER: collected, and a column SL_BIND_OVER + index. */
int sl_binder_over_call(struct sl_clause *binding, const struct sl_ast_expr *ast,
                        struct sl_expr **ret_expr, struct sl_error *err);
/* Is this a name of a function that only stands with OVER? */
bool sl_is_over_function(const struct sl_ast_name *name);
/* Where the expressions of calls and windows are, for output->others. */
void sl_binder_over_places(struct sl_bound_overs *overs, struct sl_select_output *output);
/* Puts OVER nodes over *node, and QUALIFY's filter, and writes the output's expressions over their
 * columns. */
int sl_binder_over(struct sl_binder *binder, struct sl_bound_overs *overs,
                   struct sl_select_output *output, struct sl_log_node **node,
                   struct sl_error *err);

/* --- trigger.c --- */
/* Takes a hint TRIGGER or EVICTOR of the current block; false: it is another one. */
bool sl_binder_trigger_hint(struct sl_binder *binder, const struct sl_ast_hint *hint);
/* What the hints of the block say of a GROUP BY over these columns, whose keys are given; then they
 * have found their use.  *ret_found false: there is no TRIGGER.  *ret_time_column -1: it needs
 * none. */
int sl_binder_trigger(struct sl_binder *binder, const struct sl_schema *columns,
                      struct sl_trigger *ret_trigger, int32_t *ret_time_column, bool *ret_found,
                      struct sl_error *err);

/* --- group_window.c --- */
/* A group window in GROUP BY becomes a window table function over *node, and the binder's
 * group_window. */
int sl_binder_group_window(struct sl_clause *binding, const struct sl_ast_select *select,
                           struct sl_log_node **node, struct sl_error *err);
bool sl_is_group_window(const struct sl_ast_expr *ast);
/* The keys that one in GROUP BY stands for: none, as long as it is not made, or three. */
int sl_binder_group_window_keys(struct sl_clause *binding, const struct sl_ast_expr *ast,
                                struct sl_expr *ret_keys[3], size_t *ret_count,
                                struct sl_error *err);
/* TUMBLE_START(ts, i) and its like; SL_EOF: it is none of these. */
int sl_binder_group_window_call(struct sl_clause *binding, const struct sl_ast_expr *ast,
                                struct sl_expr **ret_expr, struct sl_error *err);
/* An expression of the block over what was computed under its window. */
struct sl_expr *sl_group_window_replace(const struct sl_binder *binder, struct sl_expr *expr);

struct sl_select_output {   /* the select list and what sorts it, bound over the scope */
    struct sl_expr **exprs; /* the items, then sort expressions that are not among them */
    const char **names;
    size_t count, capacity;
    size_t item_count;
    struct sl_sort_key *sort_keys;
    size_t sort_key_count;
    struct sl_expr *having, *qualify;
    struct sl_expr ***others; /* places of expressions that are over the same columns */
    size_t other_count;
    struct sl_bound_subqueries subqueries; /* of all of these */
};
int sl_binder_group_by(struct sl_clause *binding, const struct sl_ast_select *select,
                       struct sl_group_keys *ret_keys, struct sl_error *err);
/* Puts the aggregation over *node and rewrites the output's expressions over its columns. */
int sl_binder_aggregation(struct sl_binder *binder, const struct sl_scope *scope,
                          const struct sl_group_keys *keys, struct sl_bound_aggregates *aggregates,
                          int offset, struct sl_select_output *output, struct sl_log_node **node,
                          struct sl_error *err);
/* Is this key in every set? */
bool sl_expand_keeps(const struct sl_phys_expand *expand, uint32_t key);
/* The input, keys nullable that are not in every set, and the set's id. */
struct sl_schema *sl_expand_schema(struct sl_arena *arena, const struct sl_schema *input,
                                   const struct sl_phys_expand *expand);
/* Calcite's one row without a meaning, for what has no FROM. */
struct sl_log_node *sl_log_one_row(struct sl_arena *arena);
struct sl_log_node *sl_log_distinct(struct sl_arena *arena, struct sl_log_node *input, int offset);
/* PROJECT; times of columns that pass through are kept. */
struct sl_log_node *sl_log_project(struct sl_arena *arena, struct sl_log_node *input,
                                   struct sl_expr **exprs, const char *const *names, size_t count);
struct sl_log_node *sl_log_filter(struct sl_arena *arena, struct sl_log_node *input,
                                  struct sl_expr *filter);
struct sl_expr *sl_log_column(struct sl_arena *arena, const struct sl_schema *schema,
                              uint32_t column);

enum sl_window_part {
    SL_WINDOW_PART_NONE,
    SL_WINDOW_PART_START,
    SL_WINDOW_PART_END,
    SL_WINDOW_PART_TIME,
};
struct sl_window_origin {
    enum sl_window_part part;
    struct sl_window window; /* unless part is NONE */
};
/* Of which window a column of this node is a part. */
struct sl_window_origin sl_window_origin_of(const struct sl_log_node *node, uint32_t column);
enum sl_window_part sl_window_part_of(const struct sl_log_node *node, uint32_t column);
/* GROUP BY window_start, window_end. */
bool sl_window_is_grouped(const struct sl_log_node *aggregate);

/* --- from.c, window.c, scan.c --- */
struct sl_relation {
    struct sl_log_node *node;
    struct sl_scope scope;
    struct sl_log_node *scan; /* of a table that stands here by itself; NULL: it is none */
};
int sl_binder_from(struct sl_binder *binder, const struct sl_ast *ast,
                   struct sl_relation *ret_relation, struct sl_error *err);
int sl_binder_table(struct sl_binder *binder, const struct sl_ast_name *name,
                    const struct sl_ast_list *hints, struct sl_relation *ret_relation,
                    struct sl_error *err);
/* --- unnest.c --- */
/* UNNEST and generate_series, which may use the columns of what stands to the left of them. */
bool sl_is_correlated(const struct sl_ast *ast);
/* The node has the columns of `left` (NULL: none), then those of the relation's scope. */
int sl_binder_unnest(struct sl_binder *binder, const struct sl_relation *left,
                     const struct sl_ast *ast, bool is_outer, struct sl_relation *ret_relation,
                     struct sl_error *err);
/* --- join.c --- */
/* FROM a, UNNEST(a.x): *left becomes both. */
int sl_binder_join_correlated(struct sl_binder *binder, struct sl_relation *left,
                              const struct sl_ast *ast, bool is_outer, struct sl_error *err);
int sl_binder_join(struct sl_binder *binder, const struct sl_ast_from_join *join,
                   struct sl_relation *ret_relation, struct sl_error *err);
/* FROM a, b: all pairs, which WHERE will choose from. */
int sl_binder_join_all(struct sl_binder *binder, struct sl_relation *left,
                       const struct sl_relation *right, int offset, struct sl_error *err);
/* A join that gets a name is one table, with the columns of `*`. */
void sl_binder_join_flatten(struct sl_binder *binder, struct sl_relation *relation);
struct sl_log_node *sl_log_join(struct sl_arena *arena, enum sl_join_kind kind,
                                struct sl_log_node *left, struct sl_log_node *right);

int sl_binder_window_function(struct sl_binder *binder, const struct sl_ast_expr *call,
                              struct sl_relation *ret_relation, struct sl_error *err);
bool sl_is_window_function(const struct sl_ast_name *name);
/* TABLE t PARTITION BY k, j or (k, j): columns of `schema`. */
int sl_binder_partition(struct sl_binder *binder, const struct sl_ast_list *items,
                        const char *usage, const struct sl_schema *schema, uint32_t **ret_columns,
                        size_t *ret_count, struct sl_error *err);
/* count_window.c: COUNT_WINDOW(TABLE t PARTITION BY (k), size [, slide]). */
int sl_binder_count_window(struct sl_binder *binder, const struct sl_ast_expr *call,
                           struct sl_relation *ret_relation, struct sl_error *err);
struct sl_schema *sl_window_schema(struct sl_arena *arena, const struct sl_schema *input,
                                   uint32_t time_column);
/* An expression of a table's definition; positions are hidden, errors name the table. */
int sl_binder_catalog_expr(struct sl_binder *binder, const struct sl_table *table, const char *text,
                           const struct sl_schema *row, struct sl_expr **ret_expr,
                           struct sl_error *err);
int sl_binder_scan(struct sl_binder *binder, const struct sl_table *table,
                   const struct sl_ast_list *hints, int offset, struct sl_log_node **ret_node,
                   struct sl_error *err);
/* STATE_TTL('name' = '1 d', …): the time to live of state over this input of the current block.
 * *ret_found: it is named. */
int sl_binder_state_ttl(struct sl_binder *binder, const char *name, bool *ret_found,
                        int64_t *ret_us, struct sl_error *err);
int sl_binder_select_hints(struct sl_binder *binder, const struct sl_ast_list *hints,
                           struct sl_error *err);
/* Applies OPTIONS hints to a table's options and checks them. */
int sl_binder_table_hints(struct sl_binder *binder, const struct sl_table *table,
                          const struct sl_ast_list *hints, struct sl_option_list *ret_options,
                          struct sl_option_list *ret_hints, struct sl_error *err);

/* --- insert.c, change.c --- */
int sl_binder_insert(struct sl_binder *binder, const struct sl_ast_insert *insert,
                     struct sl_log_node **ret_node, struct sl_error *err);
int sl_binder_update(struct sl_binder *binder, const struct sl_ast_update *update,
                     struct sl_log_node **ret_node, struct sl_error *err);
int sl_binder_delete(struct sl_binder *binder, const struct sl_ast_delete *delete_ast,
                     struct sl_log_node **ret_node, struct sl_error *err);
/* Casts a bound expression for a column of a table; 42804 names the column and both types. */
int sl_binder_assign(struct sl_binder *binder, struct sl_expr *expr,
                     const struct sl_schema_column *column, int offset, struct sl_expr **ret_expr,
                     struct sl_error *err);
/* A node whose schema has the names and types of `targets`. */
int sl_binder_assign_columns(struct sl_binder *binder, const struct sl_schema *targets, int offset,
                             struct sl_log_node **node, struct sl_error *err);
/* The SINK for a table's columns in the order physical, then persisted metadata. */
int sl_binder_sink(struct sl_binder *binder, const struct sl_table *table,
                   const struct sl_ast_list *hints, int offset, struct sl_log_node *input,
                   struct sl_log_node **ret_node, struct sl_error *err);

/* A view's text and columns from its query (CREATE VIEW, ALTER VIEW). */
int sl_binder_view_query(struct sl_binder *binder, struct sl_table *view,
                         const struct sl_ast_query *query, struct sl_error *err);
bool sl_insert_is_values(const struct sl_ast_insert *insert);

/* --- What a table's options say, for scans and sinks: options.c --- */
struct sl_table_format {
    const struct sl_connector_descriptor *connector;
    const struct sl_format_descriptor *format; /* NULL: columns, or internal */
    const char *format_name;                   /* NULL: the connector makes columns */
    const char *prefix;                        /* "value." where it was given as value.format */
};
int sl_table_format_of(const char *what, const struct sl_option_list *options,
                       struct sl_table_format *ret_format, struct sl_error *err);
/* Key and value of the table's records; zeroed without a key.format. */
int sl_table_record(struct sl_arena *arena, const struct sl_table *table,
                    const struct sl_option_list *options, const struct sl_table_format *format,
                    struct sl_phys_record *record, struct sl_error *err);
/* … of a new table: whether both formats can hold their part of it. */
int sl_table_check_record(struct sl_arena *arena, const struct sl_table *table,
                          const struct sl_option_list *options, struct sl_error *err);
/* Every option is known and parses; the connector's and the format's own checks. */
int sl_table_check_options(const char *what, const struct sl_option_list *options,
                           const struct sl_schema *physical, struct sl_error *err);
/* <format>.on-error and <format>.ignore-parse-errors. */
enum sl_on_error sl_table_on_error(const struct sl_table_format *format,
                                   const struct sl_option_list *options);
struct sl_schema *sl_table_physical(struct sl_arena *arena, const struct sl_table *table);
/* A physical column of the table among the physical ones. */
uint32_t sl_table_physical_index(const struct sl_table *table, uint32_t column);
/* Its primary key's columns among the physical ones. */
uint32_t *sl_table_physical_key(struct sl_arena *arena, const struct sl_table *table);
/* All columns as declared, with their times. */
struct sl_schema *sl_table_row(struct sl_arena *arena, const struct sl_table *table);

#endif
