/* Walks a program over a batch: see program.h for the invariants. */
#include "data/column_build.h"
#include "expr/program.h"

#include <stdio.h>
#include <stdlib.h>

struct eval_selection {
    const uint16_t *rows; /* NULL: all physical rows */
    size_t count;
    uint16_t *memory;
};

struct sl_eval {
    const struct sl_program *program;
    struct sl_pool *pool;
    struct sl_vector *registers;
    struct eval_selection *selections;
    struct sl_vector *args;       /* of the step that runs */
    struct sl_column **constants; /* by output: a constant spread over rows, or NULL */
    uint16_t *valid_rows;         /* scratch of the step that runs */
    int64_t now_us, watermark_ms;
    uint64_t random[4]; /* xoshiro256** */
    uint64_t *states;   /* by step */
    const struct sl_batch *batch;
    struct sl_arena arena; /* texts of errors; until the next run */
    struct sl_row_error *errors;
    size_t error_count, error_capacity;
    uint64_t failed[SL_VALIDITY_WORDS(SL_BATCH_ROWS_MAX)];
};

struct sl_eval *
sl_eval_new(const struct sl_program *program, struct sl_pool *pool)
{
    struct sl_eval *eval = sl_alloc_zeroed(sizeof(*eval));

    eval->program = program;
    eval->pool = pool;
    eval->watermark_ms = SL_WATERMARK_MIN;
    sl_eval_seed(eval, (const uint64_t[4]){1, 2, 3, 4});
    eval->states = sl_alloc_zeroed((program->step_count + 1) * sizeof(*eval->states));
    eval->registers = sl_alloc_zeroed(program->register_count * sizeof(*eval->registers));
    eval->selections = sl_alloc_zeroed(program->selection_count * sizeof(*eval->selections));
    eval->args = sl_alloc_zeroed(program->arg_count_max * sizeof(*eval->args));
    eval->constants = sl_alloc_zeroed(program->output_count * sizeof(struct sl_column *));
    eval->valid_rows = sl_alloc(SL_BATCH_ROWS_MAX * sizeof(*eval->valid_rows));
    for (size_t i = 0; i < program->selection_count; i++)
        eval->selections[i].memory = sl_alloc(SL_BATCH_ROWS_MAX * sizeof(uint16_t));
    for (size_t i = 0; i < program->register_count; i++) {
        const struct program_register *reg = &program->registers[i];

        eval->registers[i].mask = SIZE_MAX;
        if (reg->kind == PROGRAM_REGISTER_CONSTANT)
            eval->registers[i] =
                (struct sl_vector){sl_value_column(pool, &reg->value->value, 1), 0};
    }
    sl_arena_init(&eval->arena);
    return eval;
}

void
sl_eval_free(struct sl_eval *eval)
{
    if (eval == NULL)
        return;
    for (size_t i = 0; i < eval->program->register_count; i++) {
        if (eval->program->registers[i].kind == PROGRAM_REGISTER_CONSTANT)
            sl_column_unref(eval->registers[i].column);
    }
    for (size_t i = 0; i < eval->program->output_count; i++)
        sl_column_unref(eval->constants[i]);
    for (size_t i = 0; i < eval->program->selection_count; i++)
        free(eval->selections[i].memory);
    sl_arena_done(&eval->arena);
    free(eval->states);
    free(eval->registers);
    free(eval->selections);
    free(eval->args);
    free(eval->constants);
    free(eval->valid_rows);
    free(eval->errors);
    free(eval);
}

void
sl_eval_seed(struct sl_eval *eval, const uint64_t seed[4])
{
    memcpy(eval->random, seed, sizeof(eval->random));
}

void
sl_eval_set_now(struct sl_eval *eval, int64_t now_us, int64_t watermark_ms)
{
    eval->now_us = now_us;
    eval->watermark_ms = watermark_ms;
}

const struct sl_row_error *
sl_eval_errors(const struct sl_eval *eval, size_t *ret_count)
{
    *ret_count = eval->error_count;
    return eval->errors;
}

/* --- what kernels call --- */

struct sl_arena *
sl_call_arena(const struct sl_call *call)
{
    return &call->eval->arena;
}

int64_t
sl_call_now_us(const struct sl_call *call)
{
    return call->eval->now_us;
}

/* xoshiro256** of Blackman and Vigna (public domain). */
uint64_t
sl_call_random(const struct sl_call *call)
{
    uint64_t *state = call->eval->random, result = state[1] * 5, shifted = state[1] << 17;

    result = (result << 7 | result >> 57) * 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = state[3] << 45 | state[3] >> 19;
    return result;
}

int64_t
sl_call_watermark_ms(const struct sl_call *call, size_t row)
{
    const struct sl_batch *batch = call->eval->batch;
    int64_t watermark_ms = call->eval->watermark_ms;

    for (uint32_t i = 0; i < batch->mark_count && batch->marks[i].row <= row; i++)
        watermark_ms = batch->marks[i].time_ms;
    return watermark_ms;
}

void
sl_call_set_null(struct sl_call *call, size_t row)
{
    sl_validity_set(sl_column_add_validity(call->result, call->pool), row, false);
}

bool
sl_call_row_failed(const struct sl_call *call, size_t row)
{
    return call->eval->failed[row / 64] >> (row % 64) & 1;
}

bool
sl_call_text_fits(struct sl_call *call, size_t row, size_t size)
{
    const size_t limit = (size_t)64 << 20;

    if (size > limit)
        sl_call_fail(call, row, SL_E_LIMIT_EXCEEDED,
                     "%s: a result of %zu bytes is longer than the limit of %zu",
                     call->expr->function->name, size, limit);
    return size <= limit;
}

void
sl_call_fail(struct sl_call *call, size_t row, int code, const char *format, ...)
{
    struct sl_eval *eval = call->eval;
    struct sl_row_error *error;
    va_list args;

    if (call->result)
        sl_call_set_null(call, row);
    for (; call->parent; call = call->parent) {
        row = call->parents ? call->parents[row] : row;
        if (row == UINT32_MAX)
            return;
    }
    if (sl_call_row_failed(call, row))
        return;
    eval->failed[row / 64] |= UINT64_C(1) << (row % 64);
    if (eval->error_count == eval->error_capacity) {
        eval->error_capacity = SL_MAX(eval->error_capacity * 2, (size_t)16);
        eval->errors = sl_realloc(eval->errors, eval->error_capacity * sizeof(*eval->errors));
    }
    error = &eval->errors[eval->error_count++];
    error->row = (uint32_t)row;
    error->code = code;
    va_start(args, format);
    error->text = sl_arena_vprintf(&eval->arena, format, args);
    va_end(args);
}

const uint16_t *
sl_call_valid_rows(struct sl_call *call, size_t *ret_count)
{
    const uint64_t *validity = call->result->validity;
    uint16_t *rows = call->eval->valid_rows;
    size_t count = 0;

    if (validity == NULL) {
        *ret_count = call->count;
        return call->rows;
    }
    SL_FOR_ROWS(call, row)
    {
        rows[count] = (uint16_t)row;
        count += validity[row / 64] >> (row % 64) & 1;
    }
    *ret_count = count;
    return rows;
}

void
sl_call_heap(struct sl_call *call, struct sl_heap_writer *writer)
{
    sl_heap_writer_init(writer, call->pool, call->result);
}

void
sl_call_share(struct sl_call *call, const struct sl_vector *vector)
{
    if (vector->mask) {
        call->result = sl_column_alias(call->pool, vector->column, call->expr->type);
    } else {
        uint32_t *rows = sl_alloc_zeroed((call->row_count + 1) * sizeof(*rows));
        struct sl_column *wide =
            sl_column_gather(call->pool, vector->column, rows, call->row_count, false);

        call->result = sl_column_alias(call->pool, wide, call->expr->type);
        sl_column_unref(wide);
        free(rows);
    }
}

/* --- steps --- */

/* The result's validity: the arguments' together.  False: an argument is a constant NULL. */
static bool
eval_join_validity(struct sl_call *call)
{
    size_t words = SL_VALIDITY_WORDS(call->row_count);

    for (size_t i = 0; i < call->arg_count; i++) {
        const struct sl_column *arg = call->args[i].column;
        uint64_t *validity;

        if (arg->validity == NULL)
            continue;
        if (call->args[i].mask == 0) {
            if (!sl_column_is_null(arg, 0))
                continue;
            validity = sl_column_add_validity(call->result, call->pool);
            memset(validity, 0, words * sizeof(uint64_t));
            return false;
        }
        validity = sl_column_add_validity(call->result, call->pool);
        for (size_t word = 0; word < words; word++)
            validity[word] &= arg->validity[word];
    }
    return true;
}

/* Values that nobody computed must be readable all the same: booleans 0 or 1, nothing trapping. */
static struct sl_column *
eval_null_column(struct sl_eval *eval, const struct sl_type *type, size_t row_count)
{
    struct sl_value null = sl_value_null(type);

    return sl_value_column(eval->pool, &null, SL_MAX(row_count, (size_t)1));
}

static void
eval_step_call(struct sl_eval *eval, const struct program_step *step)
{
    const struct eval_selection *selection = &eval->selections[step->selection];
    struct sl_call call = {.eval = eval,
                           .pool = eval->pool,
                           .settings = &eval->program->settings,
                           .expr = step->expr,
                           .prepared = step->prepared,
                           .state = &eval->states[step - eval->program->steps],
                           .args = eval->args,
                           .arg_count = step->arg_count,
                           .row_count = eval->batch->row_count,
                           .rows = selection->rows,
                           .count = selection->count};

    for (size_t i = 0; i < step->arg_count; i++)
        eval->args[i] = eval->registers[step->args[i]];
    if (!(step->flags & SL_FUNC_OWN_RESULT))
        call.result = sl_column_new(eval->pool, step->expr->type, call.row_count, false);
    if (!(step->flags & (SL_FUNC_OWN_RESULT | SL_FUNC_NULLS))) {
        if (!eval_join_validity(&call)) {
            eval->registers[step->result].column = call.result;
            return;
        }
        if (!(step->flags & SL_FUNC_DENSE))
            call.rows = sl_call_valid_rows(&call, &call.count);
    }
    step->kernel(&call);
    eval->registers[step->result].column = call.result;
}

/* Does a row go into the first selection of a split? */
static inline bool
eval_split_takes(enum program_step_kind kind, bool is_null, bool is_true)
{
    switch (kind) {
    case PROGRAM_SPLIT:
        return !is_null && is_true;
    case PROGRAM_SPLIT_NULL:
        return !is_null;
    case PROGRAM_NOT_FALSE:
        return is_null || is_true;
    default:
        return is_null || !is_true;
    }
}

static void
eval_step_split(struct sl_eval *eval, const struct program_step *step)
{
    const struct eval_selection *from = &eval->selections[step->selection];
    const struct sl_vector *vector = &eval->registers[step->args[0]];
    struct eval_selection *first = &eval->selections[step->selections[0]], *second = NULL;
    const uint8_t *values = vector->column ? vector->column->values : NULL;
    bool look = step->kind != PROGRAM_SPLIT_NULL;
    size_t first_count = 0, second_count = 0;

    if (step->selections[1])
        second = &eval->selections[step->selections[1]];
    for (size_t i = 0; i < from->count; i++) {
        uint16_t row = from->rows ? from->rows[i] : (uint16_t)i;
        size_t at = row & vector->mask;
        bool takes =
            eval_split_takes(step->kind, sl_column_is_null(vector->column, at), look && values[at]);

        first->memory[first_count] = row;
        first_count += takes;
        if (second) {
            second->memory[second_count] = row;
            second_count += !takes;
        }
    }
    /* All or nothing keeps "all rows" recognisable. */
    first->rows = first_count == from->count ? from->rows : first->memory;
    first->count = first_count;
    if (second) {
        second->rows = second_count == from->count ? from->rows : second->memory;
        second->count = second_count;
    }
}

#define EVAL_MERGE_ROWS(c_type)                                    \
    do {                                                           \
        const c_type *values = vector->column->values;             \
        c_type *to = result->values;                               \
        for (size_t i = 0; i < selection->count; i++) {            \
            size_t row = selection->rows ? selection->rows[i] : i; \
            to[row] = values[row & vector->mask];                  \
        }                                                          \
    } while (0)

static void
eval_merge_branch(struct sl_eval *eval, struct sl_column *result,
                  const struct eval_selection *selection, const struct sl_vector *vector)
{
    switch (sl_type_width(result->type->kind)) {
    case 1:
        EVAL_MERGE_ROWS(uint8_t);
        break;
    case 2:
        EVAL_MERGE_ROWS(uint16_t);
        break;
    case 4:
        EVAL_MERGE_ROWS(uint32_t);
        break;
    case 8:
        EVAL_MERGE_ROWS(uint64_t);
        break;
    default:
        EVAL_MERGE_ROWS(sl_int128);
        break;
    }
    sl_column_add_heaps_of(result, eval->pool, vector->column);
    if (vector->column->validity == NULL)
        return;
    sl_column_add_validity(result, eval->pool);
    for (size_t i = 0; i < selection->count; i++) {
        size_t row = selection->rows ? selection->rows[i] : i;

        if (sl_column_is_null(vector->column, row & vector->mask))
            sl_validity_set(result->validity, row, false);
    }
}

/* Nested values: the branches' rows one after another, then gathered into their places. */
static struct sl_column *
eval_merge_nested(struct sl_eval *eval, const struct program_step *step)
{
    size_t row_count = eval->batch->row_count, at = 0, used = 0;
    struct sl_column_segment *segments = sl_alloc(step->arg_count * sizeof(*segments));
    uint32_t *rows = sl_alloc_zeroed((row_count + 1) * sizeof(*rows));
    uint32_t *places = sl_alloc_zeroed((row_count + 1) * sizeof(*places));
    struct sl_column *all, *result;

    for (size_t branch = 0; branch < step->arg_count; branch++) {
        const struct eval_selection *selection = &eval->selections[step->selections[branch]];
        const struct sl_vector *vector = &eval->registers[step->args[branch]];

        if (selection->count == 0)
            continue;
        segments[used++] =
            (struct sl_column_segment){vector->column, rows + at, selection->count, false};
        for (size_t i = 0; i < selection->count; i++, at++) {
            size_t row = selection->rows ? selection->rows[i] : i;

            rows[at] = (uint32_t)(row & vector->mask);
            places[row] = (uint32_t)at;
        }
    }
    all = sl_column_build(eval->pool, step->expr->type, segments, used, false);
    result = sl_column_gather(eval->pool, all, places, row_count, false);
    sl_column_unref(all);
    free(places);
    free(rows);
    free(segments);
    return result;
}

static void
eval_step_merge(struct sl_eval *eval, const struct program_step *step)
{
    struct sl_column *result;

    if (sl_type_is_nested(step->expr->type->kind)) {
        eval->registers[step->result].column = eval_merge_nested(eval, step);
        return;
    }
    result = sl_column_new(eval->pool, step->expr->type, eval->batch->row_count, false);
    for (size_t i = 0; i < step->arg_count; i++) {
        const struct eval_selection *selection = &eval->selections[step->selections[i]];

        if (selection->count)
            eval_merge_branch(eval, result, selection, &eval->registers[step->args[i]]);
    }
    eval->registers[step->result].column = result;
}

static void
eval_step(struct sl_eval *eval, const struct program_step *step)
{
    if (eval->selections[step->selection].count == 0) {
        if (step->kind == PROGRAM_CALL || step->kind == PROGRAM_MERGE) {
            eval->registers[step->result].column = NULL;
            return;
        }
        eval->selections[step->selections[0]].count = 0;
        if (step->selections[1])
            eval->selections[step->selections[1]].count = 0;
        return;
    }
    if (step->kind == PROGRAM_MERGE) {
        eval_step_merge(eval, step);
    } else if (step->kind != PROGRAM_CALL) {
        eval_step_split(eval, step);
    } else if (step->flags & (SL_FUNC_AND | SL_FUNC_OR) &&
               eval->registers[step->args[1]].column == NULL) {
        /* The left side decided every row. */
        const struct sl_vector *left = &eval->registers[step->args[0]];

        eval->registers[step->result] = (struct sl_vector){sl_column_ref(left->column), left->mask};
    } else {
        eval_step_call(eval, step);
    }
}

/* --- a run --- */

static void
eval_begin(struct sl_eval *eval, const struct sl_batch *batch)
{
    const struct sl_program *program = eval->program;
    struct eval_selection *live = &eval->selections[0];

    SL_ASSERT(batch->row_count <= SL_BATCH_ROWS_MAX);
    eval->batch = batch;
    eval->error_count = 0;
    memset(eval->failed, 0, sizeof(eval->failed));
    sl_arena_reset(&eval->arena);
    live->rows = batch->selection;
    live->count = sl_batch_live_count(batch);
    if (batch->errors) {
        size_t count = 0;

        for (size_t i = 0; i < live->count; i++) {
            size_t row = sl_batch_row(batch, i);

            live->memory[count] = (uint16_t)row;
            count += !(batch->errors[row / 64] >> (row % 64) & 1);
        }
        if (count < live->count)
            live->rows = live->memory;
        live->count = count;
    }
    for (size_t i = 0; i < program->register_count; i++) {
        if (program->registers[i].kind == PROGRAM_REGISTER_INPUT)
            eval->registers[i].column = batch->columns[program->registers[i].column];
        else if (program->registers[i].kind == PROGRAM_REGISTER_STEP)
            eval->registers[i] = (struct sl_vector){NULL, SIZE_MAX};
    }
}

static void
eval_release(struct sl_eval *eval, uint32_t reg)
{
    if (eval->program->registers[reg].kind == PROGRAM_REGISTER_STEP) {
        sl_column_unref(eval->registers[reg].column);
        eval->registers[reg].column = NULL;
    }
}

static void
eval_steps(struct sl_eval *eval)
{
    const struct sl_program *program = eval->program;

    for (size_t i = 0; i < program->step_count; i++) {
        const struct program_step *step = &program->steps[i];

        eval_step(eval, step);
        for (size_t arg = 0; arg < step->arg_count; arg++) {
            if (program->registers[step->args[arg]].last_use == i)
                eval_release(eval, step->args[arg]);
        }
    }
}

/* A reference to an output's column, with a row for every physical row. */
static struct sl_column *
eval_output(struct sl_eval *eval, size_t index)
{
    const struct sl_vector *vector = &eval->registers[eval->program->outputs[index]];
    size_t row_count = SL_MAX(eval->batch->row_count, (uint32_t)1);

    if (vector->column == NULL)
        return eval_null_column(eval, eval->program->exprs[index]->type, row_count);
    if (vector->mask)
        return sl_column_ref(vector->column);
    if (eval->program->registers[eval->program->outputs[index]].kind == PROGRAM_REGISTER_STEP ||
        eval->constants[index] == NULL || eval->constants[index]->row_count < row_count) {
        struct sl_value value = sl_value_read(&eval->arena, vector->column, 0);

        sl_column_unref(eval->constants[index]);
        eval->constants[index] = sl_value_column(eval->pool, &value, row_count);
    }
    return sl_column_ref(eval->constants[index]);
}

static void
eval_end(struct sl_eval *eval)
{
    for (uint32_t i = 0; i < eval->program->register_count; i++)
        eval_release(eval, i);
    eval->batch = NULL;
}

size_t
sl_eval_run(struct sl_eval *eval, const struct sl_batch *batch, struct sl_column **ret_columns)
{
    eval_begin(eval, batch);
    eval_steps(eval);
    for (size_t i = 0; i < eval->program->output_count; i++)
        ret_columns[i] = eval_output(eval, i);
    eval_end(eval);
    return eval->error_count;
}

/* Eight boolean bytes into eight bits.  Under a NULL a byte is anything: it must not reach the bits
 * of its neighbours. */
static inline uint64_t
eval_pack_booleans(const uint8_t *values)
{
    const uint64_t low_bits = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t eight;

    memcpy(&eight, values, sizeof(eight));
    eight = ((((eight & low_bits) + low_bits) | eight) & ~low_bits) >> 7;
    return (eight * UINT64_C(0x0102040810204080)) >> 56;
}

/* Bits of rows [word × 64, …) that are true, not NULL and did not fail. */
static uint64_t
eval_true_bits(const struct sl_eval *eval, const struct sl_column *column, size_t word,
               size_t row_count)
{
    const uint8_t *values = (const uint8_t *)column->values + word * 64;
    size_t count = SL_MIN(row_count - word * 64, (size_t)64);
    uint64_t bits = 0;

    if (count == 64) {
        for (size_t i = 0; i < 64; i += 8)
            bits |= eval_pack_booleans(values + i) << i;
    } else {
        for (size_t i = 0; i < count; i++)
            bits |= (uint64_t)(values[i] != 0) << i;
    }
    if (column->validity)
        bits &= column->validity[word];
    return bits & ~eval->failed[word];
}

static size_t
eval_select_all(const struct sl_eval *eval, const struct sl_column *column, uint16_t *selection)
{
    size_t row_count = eval->batch->row_count, count = 0;

    for (size_t word = 0; word < SL_VALIDITY_WORDS(row_count); word++) {
        uint64_t bits = eval_true_bits(eval, column, word, row_count);

        if (bits == UINT64_MAX) {
            for (size_t i = 0; i < 64; i++)
                selection[count + i] = (uint16_t)(word * 64 + i);
            count += 64;
            continue;
        }
        for (; bits; bits &= bits - 1)
            selection[count++] = (uint16_t)(word * 64 + (size_t)__builtin_ctzll(bits));
    }
    return count;
}

size_t
sl_eval_filter(struct sl_eval *eval, const struct sl_batch *batch, uint16_t *selection,
               size_t *ret_count)
{
    const struct sl_vector *vector;
    const struct eval_selection *live = &eval->selections[0];
    size_t count = 0;

    eval_begin(eval, batch);
    eval_steps(eval);
    vector = &eval->registers[eval->program->outputs[0]];
    SL_ASSERT(eval->program->exprs[0]->type->kind == SL_TYPE_BOOLEAN ||
              eval->program->exprs[0]->type->kind == SL_TYPE_NULL);
    if (live->count == 0) {
        count = 0;
    } else if (vector->mask && live->rows == NULL) {
        count = eval_select_all(eval, vector->column, selection);
    } else {
        const uint8_t *values = vector->column->values;

        for (size_t i = 0; i < live->count; i++) {
            size_t row = live->rows ? live->rows[i] : i, at = row & vector->mask;

            selection[count] = (uint16_t)row;
            count += !sl_column_is_null(vector->column, at) && values[at] != 0 &&
                     !(eval->failed[row / 64] >> (row % 64) & 1);
        }
    }
    eval_end(eval);
    *ret_count = count;
    return eval->error_count;
}
