/* Inside expr: what an aggregate over one type of argument is. */
#ifndef SL_EXPR_AGGREGATE_CLASS_H
#define SL_EXPR_AGGREGATE_CLASS_H

#include "expr/aggregate.h"

/* Sums are kept in 128 bits at an address that is a multiple of 8 only. */
typedef sl_int128 aggregate_int128 __attribute__((aligned(8)));

/* One rows-to-accumulators job. */
struct aggregate_rows {
    char *const *states; /* NULL: all rows go into `one` */
    size_t state_offset;
    char *one;
    struct sl_column *const *columns; /* of the arguments */
    const uint16_t *rows;
    size_t row_count;
    const uint8_t *kinds;
    struct sl_aggregate_keeper *keeper;
};

static inline void *
aggregate_state(const struct aggregate_rows *rows, size_t i)
{
    return rows->states ? rows->states[i] + rows->state_offset : rows->one;
}
/* +1 for +I and +U, -1 for -U and -D. */
static inline int
aggregate_sign(const struct aggregate_rows *rows, size_t row)
{
    return rows->kinds && sl_row_kind_takes_back(rows->kinds[row]) ? -1 : 1;
}

struct sl_aggregate_class {
    const char *name;
    int variant; /* what functions that share their code tell apart */
    size_t size;
    bool has_view, can_retract;
    bool is_linear;   /* the accumulator is a sum over its rows, what is taken back is negative */
    bool is_rounded;  /* … of floating-point numbers: their order shows */
    bool keeps_nulls; /* NULL arguments are values as others are */
    uint32_t parameters; /* bit i: argument i is a literal, not a column */
    size_t stored_args;  /* so many are kept as packed rows: see `layout` */
    bool always_fits;    /* there is no result that cannot be */
    const char *misfit;  /* what is said of a result that cannot be; NULL: it is out of range */
    const struct sl_aggregate_class *retracting; /* the one that can retract instead, or NULL */
    void (*add)(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows);
    void (*merge)(const struct sl_aggregate *aggregate, void *to, const void *from,
                  struct sl_aggregate_keeper *keeper);
    /* Sets row `row` of `column`; false: the result does not fit, what stands there is Flink's. */
    bool (*finish)(const struct sl_aggregate *aggregate, const void *state, struct sl_pool *pool,
                   struct sl_column *column, struct sl_heap_writer *writer, size_t row);
    /* Instead of it where overflow wraps, if Flink's result is not what `finish` leaves; optional.
     */
    bool (*finish_wrapped)(const struct sl_aggregate *aggregate, const void *state,
                           struct sl_pool *pool, struct sl_column *column,
                           struct sl_heap_writer *writer, size_t row);
    /* Instead of both: the whole column. */
    struct sl_column *(*finish_all)(const struct sl_aggregate *aggregate, struct sl_pool *pool,
                                    char *const *states, size_t state_offset, size_t row_count,
                                    uint64_t *errors);
};

/* A call that is being resolved. */
struct sl_aggregate_binding {
    struct sl_arena *arena;
    struct sl_expr *const *args;
    const struct sl_type *const *arg_types;
    size_t arg_count;
    struct sl_error *err;       /* a chooser may say why there is none */
    const struct sl_type *type; /* of the result: set by the chooser */
};

/* NULL: there is none for these types.  Each sets the result's type. */
#define AGGREGATE(name, chooser)                                    \
    const struct sl_aggregate_class *sl_aggregate_choose_##chooser( \
        struct sl_aggregate_binding *binding);
#include "expr/aggregates.def"
#undef AGGREGATE

extern const struct sl_aggregate_class sl_agg_min_retracting, sl_agg_max_retracting;

/* What AVG and its like give: an integer's own type, DECIMAL(38, 6 or more). */
const struct sl_type *sl_aggregate_mean_type(struct sl_arena *arena, const struct sl_type *arg);
/* Cut to the type's width, which is how Flink's sum wraps; false when that changed it. */
bool sl_aggregate_set_integer(struct sl_column *column, size_t row, sl_int128 value);

#endif
