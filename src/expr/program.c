/* Flattens expressions into programs: see program.h for the invariants. */
#include "expr/program.h"

#include "base/hash.h"

#include <stdlib.h>

/* What was computed already: the expression, under which selection, into which register; found by
 * the expression's hash, for a long CASE must not look for each of its parts among all before. */
struct compiler_known {
    const struct sl_expr *expr;
    uint32_t selection, reg;
    uint32_t next; /* in its bucket, +1; 0: none */
};

enum { COMPILER_BUCKETS = 4096 };

struct compiler {
    struct sl_arena *arena;
    const struct sl_expr_settings *settings;
    struct program_step *steps;
    struct program_register *registers;
    struct compiler_known *known;
    uint32_t *known_first; /* by bucket, +1; 0: none */
    uint32_t *selection_parents;
    size_t step_count, step_capacity;
    size_t register_count, register_capacity;
    size_t known_count, known_capacity;
    size_t selection_count, selection_capacity;
    size_t arg_count_max;
};

static void *
compiler_grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = SL_MAX(*capacity * 2, (size_t)16);
    return sl_realloc(items, *capacity * size);
}

static uint32_t
compiler_add_register(struct compiler *compiler, struct program_register reg)
{
    compiler->registers = compiler_grow(compiler->registers, compiler->register_count,
                                        &compiler->register_capacity, sizeof(reg));
    compiler->registers[compiler->register_count] = reg;
    return (uint32_t)compiler->register_count++;
}

static uint32_t
compiler_add_selection(struct compiler *compiler, uint32_t parent)
{
    compiler->selection_parents =
        compiler_grow(compiler->selection_parents, compiler->selection_count,
                      &compiler->selection_capacity, sizeof(parent));
    compiler->selection_parents[compiler->selection_count] = parent;
    return (uint32_t)compiler->selection_count++;
}

static bool
compiler_is_part(const struct compiler *compiler, uint32_t selection, uint32_t of)
{
    while (selection > of) /* a part comes after what it is part of */
        selection = compiler->selection_parents[selection];
    return selection == of;
}

static void
compiler_add_step(struct compiler *compiler, struct program_step step)
{
    compiler->steps = compiler_grow(compiler->steps, compiler->step_count, &compiler->step_capacity,
                                    sizeof(step));
    compiler->arg_count_max = SL_MAX(compiler->arg_count_max, step.arg_count);
    compiler->steps[compiler->step_count++] = step;
}

static const uint32_t *
compiler_indexes(struct compiler *compiler, const uint32_t *indexes, size_t count)
{
    uint32_t *copy = SL_NEW_ARRAY(compiler->arena, uint32_t, SL_MAX(count, (size_t)1));

    memcpy(copy, indexes, count * sizeof(*copy));
    return copy;
}

static uint32_t compiler_expr(struct compiler *compiler, const struct sl_expr *expr,
                              uint32_t selection);

static void
compiler_split(struct compiler *compiler, enum program_step_kind kind, uint32_t reg,
               uint32_t selection, uint32_t *ret_first, uint32_t *ret_second)
{
    uint32_t selections[2];
    struct program_step step = {.kind = kind, .selection = selection, .arg_count = 1};

    selections[0] = *ret_first = compiler_add_selection(compiler, selection);
    selections[1] = 0;
    if (ret_second)
        selections[1] = *ret_second = compiler_add_selection(compiler, selection);
    step.args = compiler_indexes(compiler, &reg, 1);
    step.selections = compiler_indexes(compiler, selections, 2);
    compiler_add_step(compiler, step);
}

static uint32_t
compiler_merge(struct compiler *compiler, const struct sl_expr *expr, uint32_t selection,
               const uint32_t *regs, const uint32_t *selections, size_t count)
{
    struct program_step step = {.kind = PROGRAM_MERGE, .expr = expr, .selection = selection};

    step.args = compiler_indexes(compiler, regs, count);
    step.selections = compiler_indexes(compiler, selections, count);
    step.arg_count = count;
    step.result = compiler_add_register(compiler, (struct program_register){0});
    compiler_add_step(compiler, step);
    return step.result;
}

static uint32_t
compiler_case(struct compiler *compiler, const struct sl_expr *expr, uint32_t selection)
{
    uint32_t *regs = SL_NEW_ARRAY(compiler->arena, uint32_t, expr->arg_count);
    uint32_t *selections = SL_NEW_ARRAY(compiler->arena, uint32_t, expr->arg_count);
    uint32_t current = selection;
    size_t count = 0;

    for (size_t i = 0; i + 1 < expr->arg_count; i += 2) {
        uint32_t when = compiler_expr(compiler, expr->args[i], current), rest;

        compiler_split(compiler, PROGRAM_SPLIT, when, current, &selections[count], &rest);
        regs[count] = compiler_expr(compiler, expr->args[i + 1], selections[count]);
        count++;
        current = rest;
    }
    selections[count] = current;
    regs[count] = compiler_expr(compiler, expr->args[expr->arg_count - 1], current);
    return compiler_merge(compiler, expr, selection, regs, selections, count + 1);
}

static uint32_t
compiler_coalesce(struct compiler *compiler, const struct sl_expr *expr, uint32_t selection)
{
    uint32_t *regs = SL_NEW_ARRAY(compiler->arena, uint32_t, expr->arg_count);
    uint32_t *selections = SL_NEW_ARRAY(compiler->arena, uint32_t, expr->arg_count);
    uint32_t current = selection;

    for (size_t i = 0; i + 1 < expr->arg_count; i++) {
        uint32_t rest;

        regs[i] = compiler_expr(compiler, expr->args[i], current);
        compiler_split(compiler, PROGRAM_SPLIT_NULL, regs[i], current, &selections[i], &rest);
        current = rest;
    }
    selections[expr->arg_count - 1] = current;
    regs[expr->arg_count - 1] = compiler_expr(compiler, expr->args[expr->arg_count - 1], current);
    return compiler_merge(compiler, expr, selection, regs, selections, expr->arg_count);
}

static bool
compiler_visit_safe(const struct sl_expr *expr, void *arg)
{
    return expr->kind == SL_EXPR_COLUMN || expr->kind == SL_EXPR_LITERAL ||
           (expr->kind == SL_EXPR_CALL && expr->function->flags & SL_FUNC_SAFE);
}

static uint32_t
compiler_call(struct compiler *compiler, const struct sl_expr *expr, uint32_t selection)
{
    uint32_t *args = SL_NEW_ARRAY(compiler->arena, uint32_t, SL_MAX(expr->arg_count, (size_t)1));
    unsigned flags = expr->function ? expr->function->flags : SL_FUNC_OWN_RESULT;
    uint32_t inner = selection;
    struct program_step step = {.kind = PROGRAM_CALL,
                                .expr = expr,
                                .selection = selection,
                                .args = args,
                                .arg_count = expr->arg_count,
                                .flags = flags};

    for (size_t i = 0; i < expr->arg_count; i++) {
        /* The right side of AND and OR is looked at only where the left does not decide. */
        if (i == 1 && flags & (SL_FUNC_AND | SL_FUNC_OR) &&
            !sl_expr_walk(expr->args[1], compiler_visit_safe, NULL))
            compiler_split(compiler, flags & SL_FUNC_AND ? PROGRAM_NOT_FALSE : PROGRAM_NOT_TRUE,
                           args[0], selection, &inner, NULL);
        args[i] = compiler_expr(compiler, expr->args[i], inner);
    }
    step.kernel = expr->function ? expr->function->kernel : sl_kernel_cast;
    if (expr->function)
        step.prepared = expr->function->prepare(compiler->arena, expr, compiler->settings);
    step.result = compiler_add_register(compiler, (struct program_register){0});
    compiler_add_step(compiler, step);
    return step.result;
}

#define LITERALS_LOOKED_AT 64

static bool
compiler_is_leaf_known(const struct compiler *compiler, const struct sl_expr *expr,
                       uint32_t *ret_reg)
{
    size_t from = 0;

    /* A long list of literals must not look for each in all before it; having one twice is fine. */
    if (expr->kind != SL_EXPR_COLUMN && compiler->register_count > LITERALS_LOOKED_AT)
        from = compiler->register_count - LITERALS_LOOKED_AT;
    for (size_t i = from; i < compiler->register_count; i++) {
        const struct program_register *reg = &compiler->registers[i];

        if (expr->kind == SL_EXPR_COLUMN
                ? reg->kind == PROGRAM_REGISTER_INPUT && reg->column == expr->column
                : reg->kind == PROGRAM_REGISTER_CONSTANT && sl_expr_equal(reg->value, expr)) {
            *ret_reg = (uint32_t)i;
            return true;
        }
    }
    return false;
}

static uint32_t
compiler_leaf(struct compiler *compiler, const struct sl_expr *expr)
{
    struct program_register reg = {.kind = PROGRAM_REGISTER_CONSTANT, .value = expr};
    uint32_t known;

    SL_ASSERT(expr->kind != SL_EXPR_PARAM);
    if (compiler_is_leaf_known(compiler, expr, &known))
        return known;
    if (expr->kind == SL_EXPR_COLUMN) {
        reg.kind = PROGRAM_REGISTER_INPUT;
        reg.column = expr->column;
    }
    return compiler_add_register(compiler, reg);
}

static bool
compiler_visit_stable(const struct sl_expr *expr, void *arg)
{
    return !(expr->function && expr->function->flags & SL_FUNC_VOLATILE);
}

/* Of a part of what makes expressions different. */
static bool
compiler_visit_hash(const struct sl_expr *expr, void *arg)
{
    uint64_t *hash = arg, own = (uint64_t)expr->kind << 32 | expr->arg_count;

    if (expr->kind == SL_EXPR_COLUMN)
        own = sl_hash_combine(own, expr->column);
    else if (expr->kind == SL_EXPR_CALL)
        own = sl_hash_combine(own, (uint64_t)(uintptr_t)expr->function);
    else if (expr->kind == SL_EXPR_LITERAL && !expr->value.is_null) {
        if (sl_type_is_integer(expr->type->kind))
            own = sl_hash_combine(own, (uint64_t)expr->value.integer);
        else if (sl_type_is_text(expr->type->kind))
            own = sl_hash_combine(own,
                                  sl_hash_bytes(expr->value.text.start, expr->value.text.length));
    }
    *hash = sl_hash_combine(*hash, own);
    return true;
}

static uint32_t *
compiler_bucket(const struct compiler *compiler, const struct sl_expr *expr)
{
    uint64_t hash = 0;

    sl_expr_walk(expr, compiler_visit_hash, &hash);
    return &compiler->known_first[hash % COMPILER_BUCKETS];
}

static bool
compiler_is_known(const struct compiler *compiler, const struct sl_expr *expr, uint32_t selection,
                  uint32_t first, uint32_t *ret_reg)
{
    for (uint32_t at = first; at; at = compiler->known[at - 1].next) {
        const struct compiler_known *known = &compiler->known[at - 1];

        if (sl_expr_equal(known->expr, expr) &&
            compiler_is_part(compiler, selection, known->selection) &&
            sl_expr_walk(expr, compiler_visit_stable, NULL)) {
            *ret_reg = known->reg;
            return true;
        }
    }
    return false;
}

static uint32_t
compiler_expr(struct compiler *compiler, const struct sl_expr *expr, uint32_t selection)
{
    unsigned flags = expr->function ? expr->function->flags : 0;
    struct compiler_known known = {.expr = expr, .selection = selection};
    uint32_t *bucket;

    if (expr->kind != SL_EXPR_CALL && expr->kind != SL_EXPR_CAST)
        return compiler_leaf(compiler, expr);
    bucket = compiler_bucket(compiler, expr);
    if (compiler_is_known(compiler, expr, selection, *bucket, &known.reg))
        return known.reg;
    if (flags & SL_FUNC_CASE)
        known.reg = compiler_case(compiler, expr, selection);
    else if (flags & SL_FUNC_COALESCE)
        known.reg = compiler_coalesce(compiler, expr, selection);
    else
        known.reg = compiler_call(compiler, expr, selection);
    compiler->known = compiler_grow(compiler->known, compiler->known_count,
                                    &compiler->known_capacity, sizeof(known));
    known.next = *bucket;
    compiler->known[compiler->known_count++] = known;
    *bucket = (uint32_t)compiler->known_count;
    return known.reg;
}

static void *
compiler_keep(struct compiler *compiler, void *items, size_t count, size_t size)
{
    void *copy = sl_arena_alloc_array(compiler->arena, size, SL_MAX(count, (size_t)1));

    if (count)
        memcpy(copy, items, count * size);
    free(items);
    return copy;
}

static void
program_find_last_uses(struct sl_program *program)
{
    for (size_t i = 0; i < program->step_count; i++) {
        const struct program_step *step = &program->steps[i];

        for (size_t arg = 0; arg < step->arg_count; arg++)
            program->registers[step->args[arg]].last_use = (uint32_t)i;
    }
    for (size_t i = 0; i < program->output_count; i++)
        program->registers[program->outputs[i]].last_use = UINT32_MAX;
}

struct sl_program *
sl_program_new_unfolded(struct sl_arena *arena, struct sl_expr *const *exprs, size_t expr_count,
                        const struct sl_expr_settings *settings)
{
    struct sl_program *program = SL_NEW(arena, struct sl_program);
    struct compiler compiler = {.arena = arena, .settings = &program->settings};
    uint32_t *outputs = SL_NEW_ARRAY(arena, uint32_t, expr_count + 1);
    const struct sl_expr **kept = SL_NEW_ARRAY(arena, const struct sl_expr *, expr_count + 1);

    program->settings = *settings;
    compiler.known_first = sl_alloc_zeroed(COMPILER_BUCKETS * sizeof(*compiler.known_first));
    compiler_add_selection(&compiler, 0);
    for (size_t i = 0; i < expr_count; i++) {
        kept[i] = exprs[i];
        outputs[i] = compiler_expr(&compiler, exprs[i], 0);
    }
    program->step_count = compiler.step_count;
    program->steps =
        compiler_keep(&compiler, compiler.steps, compiler.step_count, sizeof(*compiler.steps));
    program->register_count = compiler.register_count;
    program->registers = compiler_keep(&compiler, compiler.registers, compiler.register_count,
                                       sizeof(*compiler.registers));
    program->selection_count = compiler.selection_count;
    program->arg_count_max = compiler.arg_count_max;
    program->outputs = outputs;
    program->exprs = kept;
    program->output_count = expr_count;
    free(compiler.known);
    free(compiler.known_first);
    free(compiler.selection_parents);
    program_find_last_uses(program);
    return program;
}

struct sl_program *
sl_program_new(struct sl_arena *arena, struct sl_expr *const *exprs, size_t expr_count,
               const struct sl_expr_settings *settings)
{
    struct sl_expr **folded = SL_NEW_ARRAY(arena, struct sl_expr *, expr_count + 1);

    for (size_t i = 0; i < expr_count; i++)
        folded[i] = sl_expr_fold(arena, exprs[i], settings);
    return sl_program_new_unfolded(arena, folded, expr_count, settings);
}
