/* Inside expr: the flat form of expressions that sl_eval_run walks.
 *
 * 1. A register holds one column (of the input, a constant of one row, or a step's result).
 * 2. A selection is a set of rows; 0 are the live rows, each other one is part of its parent.
 * 3. A step runs under one selection.  A value made under a selection is known under all its parts,
 *    which is what lets equal subexpressions be computed once although CASE, AND, OR and COALESCE
 *    compute their branches under parts.
 * 4. A step whose selection is empty does nothing and leaves its register empty; who reads it runs
 *    under a selection that is empty too, or is a merge or AND, OR, which look. */
#ifndef SL_EXPR_PROGRAM_H
#define SL_EXPR_PROGRAM_H

#include "expr/function.h"

enum program_step_kind {
    PROGRAM_CALL,  /* result = kernel(args) */
    PROGRAM_SPLIT, /* rows where args[0] is true → selections[0], the others → selections[1] */
    PROGRAM_SPLIT_NULL, /* rows where args[0] is not NULL → selections[0], the others → [1] */
    PROGRAM_NOT_FALSE,  /* rows where args[0] is not FALSE → selections[0] */
    PROGRAM_NOT_TRUE,   /* rows where args[0] is not TRUE → selections[0] */
    PROGRAM_MERGE,      /* result = args[i] in the rows of selections[i] */
};

struct program_step {
    enum program_step_kind kind;
    const struct sl_expr *expr;
    void (*kernel)(struct sl_call *call);
    unsigned flags;
    const void *prepared;
    uint32_t result; /* register */
    uint32_t selection;
    const uint32_t *args; /* registers */
    size_t arg_count;
    const uint32_t *selections;
};

enum program_register_kind {
    PROGRAM_REGISTER_STEP,
    PROGRAM_REGISTER_INPUT,
    PROGRAM_REGISTER_CONSTANT
};

struct program_register {
    enum program_register_kind kind;
    uint32_t column;             /* INPUT */
    const struct sl_expr *value; /* CONSTANT: a literal */
    uint32_t last_use;           /* step after which a STEP register is empty; UINT32_MAX: output */
};

struct sl_program {
    struct sl_expr_settings settings;
    struct program_step *steps;
    size_t step_count;
    struct program_register *registers;
    size_t register_count;
    size_t selection_count;
    size_t arg_count_max;
    const uint32_t *outputs; /* registers */
    const struct sl_expr *const *exprs;
    size_t output_count;
};

/* sl_program_new without the folding of constants. */
struct sl_program *sl_program_new_unfolded(struct sl_arena *arena, struct sl_expr *const *exprs,
                                           size_t expr_count,
                                           const struct sl_expr_settings *settings);

#endif
