/* Aggregate functions: accumulators of many groups at a time.
 *
 * An accumulator is plain bytes inside a state row, so that a row can be frozen, copied and stored.
 * What needs more than fixed size (MIN and MAX of strings, of changing input, COLLECT …) begins
 * with a struct sl_view whose bytes the state row owns; they hold no pointers. */
#ifndef SL_EXPR_AGGREGATE_H
#define SL_EXPR_AGGREGATE_H

#include "data/row.h"
#include "expr/expr.h"

struct sl_aggregate_class;

/* A resolved call: COUNT(DISTINCT x) FILTER (WHERE …). */
struct sl_aggregate {
    const struct sl_aggregate_class *class;
    const struct sl_type *type;       /* of the result */
    const struct sl_type **arg_types; /* of the arguments after implicit casts */
    bool distinct;
    bool ignores_nulls;                 /* ARRAY_AGG(x IGNORE NULLS) */
    bool retracts;                      /* its input may take rows back */
    const struct sl_row_layout *layout; /* of the arguments that it keeps; NULL: COUNT(*) */
    struct sl_expr **args;              /* already cast */
    size_t arg_count;
    struct sl_expr *filter; /* BOOLEAN or NULL */
    int offset;
};

/* 42883 when the function or its argument types do not exist.
 * sl_aggregate_exists says whether a name is an aggregate's. */
int sl_aggregate_bind(struct sl_arena *arena, const char *name, struct sl_expr **args,
                      size_t arg_count, bool distinct, struct sl_expr *filter, int offset,
                      struct sl_aggregate **ret_aggregate, struct sl_error *err);
bool sl_aggregate_exists(struct sl_text name);
/* IGNORE NULLS: false when the function knows no such clause. */
bool sl_aggregate_ignore_nulls(struct sl_aggregate *aggregate);
/* Its input takes rows back: chooses the accumulator for that.  0A000 when there is none. */
int sl_aggregate_set_retracts(struct sl_aggregate *aggregate, struct sl_error *err);
/* For a copy whose types are in another arena: what was made from them is made again. */
void sl_aggregate_remake(struct sl_arena *arena, struct sl_aggregate *aggregate);
/* Argument `index` is a literal that the function was bound with (a separator, a percentage), not a
 * column of its input. */
bool sl_aggregate_is_parameter(const struct sl_aggregate *aggregate, size_t index);
/* Does a NULL argument count, so that DISTINCT keeps one? */
bool sl_aggregate_keeps_nulls(const struct sl_aggregate *aggregate);
/* "has a key twice": what is wrong with a result that `finish` marked; NULL: it is out of the range
 * of its type. */
const char *sl_aggregate_misfit(const struct sl_aggregate *aggregate);
/* Are there results that `finish` may mark? */
bool sl_aggregate_may_fail(const struct sl_aggregate *aggregate);
const char *sl_aggregate_name(const struct sl_aggregate *aggregate);
void sl_aggregate_format(const struct sl_aggregate *aggregate, const struct sl_schema *input,
                         struct sl_buffer *to);

/* The accumulator's bytes, a multiple of 8, all zero is the empty one. */
size_t sl_aggregate_size(const struct sl_aggregate *aggregate);
/* True: the accumulator begins with a struct sl_view whose long bytes the operator's state row must
 * own. */
bool sl_aggregate_has_view(const struct sl_aggregate *aggregate);
/* Can rows be taken back as it is bound?  A value that is not there is not missed. */
bool sl_aggregate_can_retract(const struct sl_aggregate *aggregate);
/* May its rows be folded in parts, whose accumulators travel as bytes and are merged?  With input
 * that takes rows back only where a part may have taken back more than it was given. */
bool sl_aggregate_can_split(const struct sl_aggregate *aggregate);
/* … with the same result, whichever the parts: no sum of floating-point numbers is. */
bool sl_aggregate_is_exact(const struct sl_aggregate *aggregate);

/* Folds rows into accumulators: for each i < row_count, physical row rows[i] of the arguments'
 * columns (parameters' are not looked at) goes into the accumulator at states[i] + state_offset.
 * NULL arguments are skipped by the kernel.  kinds: by physical row or NULL; -U and -D take back.
 * The sum that overflows is set aside as an error that sl_aggregate_finish raises.  For view
 * accumulators `keep` copies the bytes of a new extreme into memory that the state row owns,
 * `reserve` makes room in it. */
struct sl_aggregate_keeper {
    struct sl_view (*keep)(struct sl_aggregate_keeper *keeper, char *state,
                           const struct sl_view *view);
    /* Grows the bytes of the view that `state` begins with to `capacity` or more, at least to twice
     * what they were, keeping them, the new ones zeroed; the view's length is their number. Returns
     * the writable bytes, aligned to 16. */
    char *(*reserve)(struct sl_aggregate_keeper *keeper, char *state, size_t capacity);
};
void sl_aggregate_add(const struct sl_aggregate *aggregate, char *const *states,
                      size_t state_offset, struct sl_column *const *columns, const uint16_t *rows,
                      size_t row_count, const uint8_t *kinds, struct sl_aggregate_keeper *keeper);
/* The same when all rows go into one accumulator. */
void sl_aggregate_add_one(const struct sl_aggregate *aggregate, char *accumulator,
                          struct sl_column *const *columns, const uint16_t *rows, size_t row_count,
                          const uint8_t *kinds, struct sl_aggregate_keeper *keeper);
/* Folds accumulator `from` into `to` (two-phase, merging slices). */
void sl_aggregate_merge(const struct sl_aggregate *aggregate, char *to, const char *from,
                        struct sl_aggregate_keeper *keeper);
/* The same for each i < count: from[i] + state_offset into to[i] + state_offset. */
void sl_aggregate_merge_all(const struct sl_aggregate *aggregate, char *const *to,
                            const char *const *from, size_t state_offset, size_t count,
                            struct sl_aggregate_keeper *keeper);
/* The results of row_count accumulators as a column; a row whose sum overflowed is marked in
 * errors[] (bitmap, may be NULL: then it wraps as Flink's). */
struct sl_column *sl_aggregate_finish(const struct sl_aggregate *aggregate, struct sl_pool *pool,
                                      char *const *states, size_t state_offset, size_t row_count,
                                      uint64_t *errors);
/* COUNT(*) over input that may take rows back, and what an accumulator of it has counted. */
struct sl_aggregate *sl_aggregate_row_count(struct sl_arena *arena);
int64_t sl_aggregate_counted(const char *accumulator);
/* All columns of an input, kept row by row as they come: for operators that hand rows out again.
 * It has no result; its rows are packed by `layout`. */
struct sl_aggregate *sl_aggregate_rows(struct sl_arena *arena, const struct sl_schema *input);
size_t sl_aggregate_rows_count(const char *accumulator);
struct sl_text sl_aggregate_rows_at(const char *accumulator, size_t index);
/* Lets go of the rows for which keeps[] says so not. */
void sl_aggregate_rows_keep(char *accumulator, const bool *keeps);
/* They found no room in 1 GiB. */
bool sl_aggregate_rows_overflowed(const char *accumulator);

/* For SHOW FUNCTIONS: names of all functions and aggregates, sorted. */
size_t sl_function_names(struct sl_arena *arena, const char ***ret_names);
/* For DESCRIBE FUNCTION; false: there is none of this name. */
struct sl_function_description {
    bool is_aggregate, is_deterministic;
    const char *signatures; /* "" when there is no text */
};
bool sl_function_describe(struct sl_arena *arena, struct sl_text name,
                          struct sl_function_description *ret_description);

#endif
