/* Inside expr: what a function is, how calls are bound, and what a kernel works on.
 *
 * A kernel fills call->result for the rows it is asked for and nothing else.  For a strict function
 * (the default) the result's validity is the arguments' already, and call->rows leaves NULL rows
 * out; SL_FUNC_DENSE kernels compute every physical row that is cheap to compute and look at rows
 * only where that could fail. */
#ifndef SL_EXPR_FUNCTION_H
#define SL_EXPR_FUNCTION_H

#include "expr/expr.h"

struct sl_call;
struct sl_binding;

enum sl_function_flag {
    SL_FUNC_NULLS = 1 << 0,      /* not strict: the kernel sees NULLs and makes its own */
    SL_FUNC_DENSE = 1 << 1,      /* NULL rows need not be left out */
    SL_FUNC_SAFE = 1 << 2,       /* never fails and costs little: AND and OR need not guard it */
    SL_FUNC_NULLABLE = 1 << 3,   /* NULL may come from arguments that are not */
    SL_FUNC_MOMENT = 1 << 4,     /* not decided by its arguments alone: never folded */
    SL_FUNC_OWN_RESULT = 1 << 5, /* the kernel makes the result column; implies SL_FUNC_NULLS */
    SL_FUNC_HIDDEN = 1 << 6,     /* an operator or special form: not listed by SHOW FUNCTIONS */
    SL_FUNC_VOLATILE = 1 << 7,   /* every call has a value of its own, also equal ones (RAND) */
    SL_FUNC_COMPARISON = SL_FUNC_SAFE | SL_FUNC_DENSE | SL_FUNC_HIDDEN,
    SL_FUNC_TEST = SL_FUNC_NULLS | SL_FUNC_SAFE | SL_FUNC_HIDDEN,
    SL_FUNC_ARITHMETIC = SL_FUNC_DENSE | SL_FUNC_HIDDEN,
    SL_FUNC_WATERMARK = SL_FUNC_MOMENT | SL_FUNC_NULLS | SL_FUNC_NULLABLE,
    SL_FUNC_PARTS = SL_FUNC_OWN_RESULT | SL_FUNC_HIDDEN,
    SL_FUNC_RANDOM = SL_FUNC_MOMENT | SL_FUNC_VOLATILE,
    /* Special forms, which the program compiles itself. */
    SL_FUNC_AND = 1 << 8,
    SL_FUNC_OR = 1 << 9,
    SL_FUNC_CASE = 1 << 10,
    SL_FUNC_COALESCE = 1 << 11,
};

struct sl_function {
    const char *name;
    const char *signature; /* "string int [int] -> string", see signature.c; or a description */
    int (*bind)(struct sl_binding *binding);
    void (*kernel)(struct sl_call *call);
    /* Works out once what depends on constant arguments only; NULL: nothing could be. */
    const void *(*prepare)(struct sl_arena *arena, const struct sl_expr *call,
                           const struct sl_expr_settings *settings);
    unsigned flags;
};

extern const struct sl_function sl_functions[];
extern const size_t sl_function_count;
const struct sl_function *sl_function_find(struct sl_text name); /* NULL: none */
/* "HEX(bigint) -> string or HEX(string | bytes) -> string" */
void sl_function_format(const struct sl_function *function, struct sl_buffer *to);

/* --- binding --- */

struct sl_binding {
    struct sl_arena *arena;
    const struct sl_function *function;
    struct sl_expr **args; /* a copy that the binder may change */
    size_t arg_count;
    int offset;
    const struct sl_type
        *type; /* the result's, set by the binder; nullability is put right after */
    bool nullability_is_final;
    struct sl_expr *replacement; /* set instead of `type`: the call is another expression */
    struct sl_error *err;
};

/* 42883 for these argument types, with the signature as hint. */
int sl_binding_refuse(struct sl_binding *binding);
/* Puts an implicit cast around argument i, unless it has that type already. */
int sl_binding_coerce(struct sl_binding *binding, size_t i, const struct sl_type *type);
/* The same for all arguments from `first` on, in steps, to their common type. */
int sl_binding_coerce_common(struct sl_binding *binding, size_t first, size_t step,
                             const struct sl_type **ret_type);
/* Brings two arguments to types that compare; a string gives way to the other side's type. */
int sl_binding_coerce_comparable(struct sl_binding *binding, size_t a, size_t b);
int sl_bind_signature(struct sl_binding *binding);
/* The text of a literal argument; false when it is none. */
bool sl_expr_literal_text(const struct sl_expr *expr, struct sl_text *ret_text);
bool sl_expr_literal_integer(const struct sl_expr *expr, int64_t *ret_integer);
bool sl_binding_unit(struct sl_binding *binding, size_t i, enum sl_time_unit *ret_unit);

#define FUNCTION(name, signature, bind, kernel, prepare, flags) \
    int sl_bind_##bind(struct sl_binding *binding);
#include "expr/functions.def"
#undef FUNCTION

/* --- types --- */

enum sl_decimal_operation {
    SL_DECIMAL_ADD,
    SL_DECIMAL_MULTIPLY,
    SL_DECIMAL_DIVIDE,
    SL_DECIMAL_MODULO
};
const struct sl_type *sl_decimal_result_type(struct sl_arena *arena, enum sl_decimal_operation op,
                                             const struct sl_type *a, const struct sl_type *b);
/* The decimal type that holds every value of an integer type. */
const struct sl_type *sl_decimal_of_integer(struct sl_arena *arena, enum sl_type_kind kind);
bool sl_cast_exists(const struct sl_type *from, const struct sl_type *to);

/* --- kernels --- */

/* A constant has one row: values[row & mask] serves both. */
struct sl_vector {
    struct sl_column *column;
    size_t mask; /* 0 for a constant, else SIZE_MAX */
};

struct sl_call {
    struct sl_eval *eval;
    struct sl_pool *pool;
    const struct sl_expr_settings *settings;
    const struct sl_expr *expr;
    const void *prepared;
    uint64_t *state; /* the step's own from run to run, zero at first; NULL: none */
    const struct sl_vector *args;
    size_t arg_count;
    struct sl_column *result;
    size_t row_count;     /* physical rows */
    const uint16_t *rows; /* those to compute; NULL: all */
    size_t count;
    /* Of a cast inside nested values: the call outside, and its row for each row inside
     * (UINT32_MAX: none that counts; NULL: the same rows). */
    struct sl_call *parent;
    const uint32_t *parents;
};

#define SL_ARG(call, i, c_type) ((const c_type *)(call)->args[i].column->values)
#define SL_ARG_TYPE(call, i) ((call)->args[i].column->type)
#define SL_RESULT(call, c_type) ((c_type *)(call)->result->values)
/* for (size_t row …) over the rows of a call. */
#define SL_FOR_ROWS(call, row)                                             \
    for (size_t at_##row = 0, row;                                         \
         at_##row < (call)->count &&                                       \
         ((row = (call)->rows ? (call)->rows[at_##row] : at_##row), true); \
         at_##row++)

/* Is computing all physical rows cheaper than picking the wanted ones? */
static inline bool
sl_call_is_dense(const struct sl_call *call)
{
    return call->rows == NULL || call->count * 4 >= call->row_count;
}
static inline bool
sl_call_arg_is_null(const struct sl_call *call, size_t arg, size_t row)
{
    return sl_column_is_null(call->args[arg].column, row & call->args[arg].mask);
}
static inline struct sl_text
sl_call_text(const struct sl_call *call, size_t arg, size_t row)
{
    return sl_view_text(SL_ARG(call, arg, struct sl_view) + (row & call->args[arg].mask));
}
void sl_call_set_null(struct sl_call *call, size_t row);
/* The row fails with this message; its result becomes NULL. */
void sl_call_fail(struct sl_call *call, size_t row, int code, const char *format, ...)
    SL_PRINTF(4, 5);
bool sl_call_row_failed(const struct sl_call *call, size_t row);
/* Whether a text of this size may be a result (64 MB); if not, the row has failed. */
bool sl_call_text_fits(struct sl_call *call, size_t row, size_t size);
/* The rows of a DENSE call without those whose arguments are NULL. */
const uint16_t *sl_call_valid_rows(struct sl_call *call, size_t *ret_count);
struct sl_arena *
sl_call_arena(const struct sl_call *call); /* texts of messages; until the next run */
int64_t sl_call_now_us(const struct sl_call *call);
uint64_t sl_call_random(const struct sl_call *call);
/* The watermark before this row, INT64_MIN: none. */
int64_t sl_call_watermark_ms(const struct sl_call *call, size_t row);
/* A string result: copied into the result's heap. */
void sl_call_heap(struct sl_call *call, struct sl_heap_writer *writer);

#define FUNCTION(name, signature, bind, kernel, prepare, flags)                          \
    void sl_kernel_##kernel(struct sl_call *call);                                       \
    const void *sl_prepare_##prepare(struct sl_arena *arena, const struct sl_expr *call, \
                                     const struct sl_expr_settings *settings);
#include "expr/functions.def"
#undef FUNCTION

void sl_kernel_cast(struct sl_call *call);
/* Evaluates an expression without columns; SL_EOF when a row error came. */
int sl_expr_evaluate(struct sl_arena *arena, const struct sl_expr *expr,
                     const struct sl_expr_settings *settings, struct sl_value *ret_value);
/* Is the column usable as a value of this type as it is? */
void sl_call_share(struct sl_call *call, const struct sl_vector *vector);

#endif
