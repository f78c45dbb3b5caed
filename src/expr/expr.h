/* Bound expressions, and programs that evaluate them a batch at a time.
 *
 * 1. A bound expression is immutable plain data in an arena; plans hold it, EXPLAIN prints it.
 * 2. sl_program_new flattens one or more expressions into steps over vector registers, once; equal
 *    subexpressions are computed once.
 * 3. A kernel never fails: it marks the row in the evaluation's error bitmap and keeps the message.
 *    It looks at selected rows only, so that CASE, AND, OR, COALESCE, IF guard their branches. */
#ifndef SL_EXPR_EXPR_H
#define SL_EXPR_EXPR_H

#include "data/batch.h"
#include "data/time.h"
#include "data/value.h"

struct sl_function;

enum sl_expr_kind {
    SL_EXPR_COLUMN,  /* input column `column` */
    SL_EXPR_LITERAL, /* `value` */
    SL_EXPR_PARAM,   /* parameter $`column` + 1, replaced by a literal before a program is made */
    SL_EXPR_CALL,    /* `function` over `args`; also the special forms AND, OR, CASE, COALESCE */
    SL_EXPR_CAST,    /* args[0] to `type` */
};

enum sl_cast_mode {
    SL_CAST_STRICT,   /* what does not fit raises */
    SL_CAST_TRY,      /* … is NULL */
    SL_CAST_IMPLICIT, /* the binder's own; raises, and EXPLAIN prints it all the same */
};

struct sl_expr {
    enum sl_expr_kind kind;
    const struct sl_type *type;
    int offset; /* in the statement, for run-time errors' and binder's positions; -1: none */
    uint32_t column;
    enum sl_cast_mode cast;
    struct sl_value value;
    const struct sl_function *function;
    struct sl_expr **args;
    size_t arg_count;
};

struct sl_expr *sl_expr_column(struct sl_arena *arena, uint32_t column, const struct sl_type *type);
struct sl_expr *sl_expr_literal(struct sl_arena *arena, const struct sl_value *value);
struct sl_expr *sl_expr_param(struct sl_arena *arena, uint32_t index, const struct sl_type *type);
/* 42846 when there is no such cast.  A literal is not folded here (sl_expr_fold does). */
int sl_expr_cast(struct sl_arena *arena, struct sl_expr *arg, const struct sl_type *type,
                 enum sl_cast_mode mode, int offset, struct sl_expr **ret_expr,
                 struct sl_error *err);
/* Resolves `name` over these arguments: checks their number and types, puts implicit casts around
 * them, decides the result's type.  42883 names the function, the argument types, and a near match.
 * Operators are functions with their sign as name: "+", "=", "||", "AND", "NOT", "IS NULL", "LIKE",
 * "IN" (value, items…), "BETWEEN", "CASE" (when, then, … , else), "[]" (element), "." (row, literal
 * index from 0), "ROW", "ARRAY", "MAP", "IS DISTINCT FROM"; units come as string literals:
 * EXTRACT('YEAR', x), FLOOR(x, 'DAY'), TIMESTAMPADD('HOUR', n, x), TIMESTAMPDIFF('DAY', a, b).
 * "NOT" may stand before BETWEEN, IN, LIKE, SIMILAR TO; "BETWEEN SYMMETRIC"; POSITION(needle, x);
 * BTRIM, LTRIM, RTRIM(text, characters).  A call may come back as other calls (BETWEEN, IF, NULLIF,
 * YEAR) or as a literal (TYPEOF). */
int sl_expr_call(struct sl_arena *arena, const char *name, struct sl_expr **args, size_t arg_count,
                 int offset, struct sl_expr **ret_expr, struct sl_error *err);
bool sl_function_exists(struct sl_text name);
/* The type that values of all these types can be brought to implicitly (CASE, UNION, IN, VALUES);
 * false when there is none. */
bool sl_type_common(struct sl_arena *arena, const struct sl_type *const *types, size_t count,
                    const struct sl_type **ret_type);
/* Can a value of `from` be assigned to a column of `to` without an explicit cast? */
bool sl_type_is_assignable(const struct sl_type *from, const struct sl_type *to);

/* What the functions of the moment and the casts need to know. */
struct sl_expr_settings {
    const struct sl_zone *zone;  /* table.local-time-zone */
    bool overflow_wraps;         /* table.exec.numeric-overflow = wrap: exactly Flink's results */
};

/* Evaluates every part that is constant.  An error in one (1/0) is left for run time, for the row
 * may never be selected.  Returns the same expression where nothing folds. */
struct sl_expr *sl_expr_fold(struct sl_arena *arena, struct sl_expr *expr,
                             const struct sl_expr_settings *settings);
/* Is it free of columns and parameters, and the same at every evaluation? */
bool sl_expr_is_constant(const struct sl_expr *expr);
/* False if it holds NOW(), RAND(), UUID() and their like, whose value is not decided by its row. */
bool sl_expr_is_deterministic(const struct sl_expr *expr);
/* True if it holds RAND(), UUID() and their like, of which each call has a value of its own. */
bool sl_expr_is_volatile(const struct sl_expr *expr);
bool sl_expr_equal(const struct sl_expr *a, const struct sl_expr *b);
/* Calls visit(expr) for every node, parents first; stops at false. */
bool sl_expr_walk(const struct sl_expr *expr, bool (*visit)(const struct sl_expr *, void *),
                  void *arg);
/* A copy; columns are renumbered by map[] when it is not NULL. */
struct sl_expr *sl_expr_copy(struct sl_arena *arena, const struct sl_expr *expr,
                             const uint32_t *map);
/* A copy with each column replaced by the expression that makes it. */
struct sl_expr *sl_expr_substitute(struct sl_arena *arena, const struct sl_expr *expr,
                                   struct sl_expr *const *columns);
/* The name under which sl_expr_call makes this call again from its arguments, with the same types
 * and no further casts; NULL when the expression is no call. */
const char *sl_expr_function_name(const struct sl_expr *expr);
/* SQL-like text for EXPLAIN: "(price * 2) > 10"; names of the input columns come from the schema,
 * or are printed as $0, $1 when it is NULL. */
void sl_expr_format(const struct sl_expr *expr, const struct sl_schema *input,
                    struct sl_buffer *to);

/* --- evaluation --- */

struct sl_program; /* immutable; shared by subtasks */
struct sl_program *sl_program_new(struct sl_arena *arena, struct sl_expr *const *exprs,
                                  size_t expr_count, const struct sl_expr_settings *settings);

struct sl_row_error {
    uint32_t row; /* physical */
    int code;
    const char *text; /* of the context's arena */
};

/* One subtask's registers and errors. */
struct sl_eval;
struct sl_eval *sl_eval_new(const struct sl_program *program, struct sl_pool *pool);
void sl_eval_free(struct sl_eval *eval);
/* Four numbers of chance, for RAND() and its like; without them they give the same again. */
void sl_eval_seed(struct sl_eval *eval, const uint64_t seed[4]);
/* For the functions of the moment; set before sl_eval_run.  now_us is one batch's. */
void sl_eval_set_now(struct sl_eval *eval, int64_t now_us, int64_t watermark_ms);

/* Evaluates over the batch's live rows that are not in batch->errors.  ret_columns[i] gets a
 * reference to the i-th expression's column (physical rows; rows that are not live are undefined).
 * Returns the number of rows that failed; their errors are in sl_eval_errors until the next run. */
size_t sl_eval_run(struct sl_eval *eval, const struct sl_batch *batch,
                   struct sl_column **ret_columns);
const struct sl_row_error *sl_eval_errors(const struct sl_eval *eval, size_t *ret_count);
/* Evaluates expression 0, a BOOLEAN; writes the live rows where it is true, ascending; their number
 * goes into *ret_count.  Returns the number of failed rows. */
size_t sl_eval_filter(struct sl_eval *eval, const struct sl_batch *batch, uint16_t *selection,
                      size_t *ret_count);

#endif
