/* UNNEST and generate_series: each row once for every element of its collection, or every number of
 * its series, with these behind its columns.  A row's kind is that of all rows made of it.  With
 * `is_outer` a row that has none comes once, with NULLs.
 *
 *     ARRAY     element, or the fields of a ROW that is one
 *     MAP       key, value
 *     MULTISET  element, as often as it is there
 *     series    number
 *     … and with `has_ordinality` the number of the element, from 1 */
#include "data/value.h"
#include "executor/operator.h"

struct op_unnest {
    struct sl_op op;
    const struct sl_phys_unnest *plan;
    struct sl_batch *batch; /* that is worked on */
    size_t next;            /* live row */
    bool is_begun;          /* the row's elements are known: */
    int64_t at, count;      /* of them, done and in all */
    int64_t copy;           /* MULTISET: of the element at `at` that are done */
    int64_t ordinal;
    /* What is to be emitted. */
    uint32_t *rows, *elements;
    int64_t *numbers, *ordinals;
    uint8_t *is_missing; /* there is no element */
    size_t made_count;
};

static int
unnest_open(struct sl_op *base, struct sl_error *err)
{
    struct op_unnest *op = (struct op_unnest *)base;
    struct sl_arena *arena = base->context->arena;

    op->plan = base->node->detail;
    op->rows = SL_NEW_ARRAY(arena, uint32_t, SL_BATCH_ROWS_MAX);
    op->elements = SL_NEW_ARRAY(arena, uint32_t, SL_BATCH_ROWS_MAX);
    op->numbers = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    op->ordinals = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    op->is_missing = SL_NEW_ARRAY(arena, uint8_t, SL_BATCH_ROWS_MAX);
    return SL_OK;
}

/* --- the elements of a row --- */

static const struct sl_column *
unnest_argument(const struct op_unnest *op, size_t i)
{
    return op->batch->columns[op->plan->args[i]];
}

static bool
unnest_has_nulls(const struct op_unnest *op, size_t row)
{
    for (size_t i = 0; i < op->plan->arg_count; i++)
        if (sl_column_is_null(unnest_argument(op, i), row))
            return true;
    return false;
}

/* From start to stop by step: how many numbers; none where step leads away. */
static int64_t
unnest_series_count(int64_t start, int64_t stop, int64_t step)
{
    uint64_t distance, stride = step > 0 ? (uint64_t)step : -(uint64_t)step;

    if (step > 0 ? start > stop : start < stop)
        return 0;
    distance = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
    return (int64_t)SL_MIN(distance / stride, (uint64_t)INT64_MAX - 1) + 1;
}

static int64_t
unnest_step(const struct op_unnest *op, size_t row)
{
    return op->plan->arg_count > 2 ? sl_column_integer(unnest_argument(op, 2), row) : 1;
}

static int
unnest_begin_series(struct op_unnest *op, size_t row, struct sl_out *out, struct sl_error *err)
{
    struct sl_row_error error = {(uint32_t)row, SL_E_INVALID_PARAMETER_VALUE,
                                 "the step of generate_series cannot be 0"};

    if (unnest_step(op, row) == 0)
        return out->error(out, op->batch, &error, 1, err);
    op->count =
        unnest_series_count(sl_column_integer(unnest_argument(op, 0), row),
                            sl_column_integer(unnest_argument(op, 1), row), unnest_step(op, row));
    return SL_OK;
}

static int
unnest_begin(struct op_unnest *op, size_t row, struct sl_out *out, struct sl_error *err)
{
    op->is_begun = true;
    op->at = op->count = op->copy = op->ordinal = 0;
    if (unnest_has_nulls(op, row))
        return SL_OK;
    if (op->plan->is_series)
        return unnest_begin_series(op, row, out, err);
    op->count = ((const struct sl_span *)unnest_argument(op, 0)->values)[row].length;
    return SL_OK;
}

static void
unnest_add(struct op_unnest *op, size_t row, bool is_missing)
{
    size_t i = op->made_count++;

    op->rows[i] = (uint32_t)row;
    op->elements[i] = 0;
    op->is_missing[i] = is_missing;
    op->ordinals[i] = ++op->ordinal;
    if (is_missing)
        return;
    if (op->plan->is_series)
        op->numbers[i] = (int64_t)((uint64_t)sl_column_integer(unnest_argument(op, 0), row) +
                                   (uint64_t)op->at * (uint64_t)unnest_step(op, row));
    else
        op->elements[i] =
            ((const struct sl_span *)unnest_argument(op, 0)->values)[row].start + (uint32_t)op->at;
}

/* How often the element is there that `at` is at. */
static int64_t
unnest_copies(const struct op_unnest *op, size_t row)
{
    const struct sl_column *argument = unnest_argument(op, 0);
    uint32_t start;

    if (op->plan->is_series || argument->type->kind != SL_TYPE_MULTISET)
        return 1;
    start = ((const struct sl_span *)argument->values)[row].start;
    return ((const int32_t *)argument->children[1]->values)[start + op->at];
}

/* Adds rows of the batch while there is room. */
static int
unnest_fill(struct op_unnest *op, size_t max, struct sl_out *out, struct sl_error *err)
{
    size_t live = sl_batch_live_count(op->batch);

    op->made_count = 0;
    while (op->next < live && op->made_count < max) {
        size_t row = sl_batch_row(op->batch, op->next);

        if (!op->is_begun) {
            SL_TRY(unnest_begin(op, row, out, err));
            if (op->count == 0 && op->plan->is_outer)
                unnest_add(op, row, true);
        }
        if (op->at == op->count) {
            op->is_begun = false;
            op->next++;
        } else if (op->copy == unnest_copies(op, row)) {
            op->copy = 0;
            op->at++;
        } else {
            unnest_add(op, row, false);
            op->copy++;
        }
    }
    return SL_OK;
}

/* --- what comes out --- */

static bool
unnest_misses_any(const struct op_unnest *op)
{
    for (size_t i = 0; i < op->made_count; i++)
        if (op->is_missing[i])
            return true;
    return false;
}

static void
unnest_clear_missing(const struct op_unnest *op, struct sl_column *column)
{
    uint64_t *validity;

    if (!unnest_misses_any(op))
        return;
    validity = sl_column_add_validity(column, op->op.context->pool);
    for (size_t i = 0; i < op->made_count; i++)
        if (op->is_missing[i])
            sl_validity_set(validity, i, false);
}

/* A column of the elements; `parent`: of the ROWs that it is a field of, or NULL. */
static struct sl_column *
unnest_gather(const struct op_unnest *op, const struct sl_column *from,
              const struct sl_column *parent, const struct sl_type *type)
{
    struct sl_pool *pool = op->op.context->pool;
    struct sl_value null = sl_value_null(type);
    struct sl_column *made;

    if (from->row_count == 0)
        return sl_value_column(pool, &null, op->made_count);
    made = sl_column_gather(pool, from, op->elements, op->made_count, false);
    unnest_clear_missing(op, made);
    for (size_t i = 0; parent && parent->validity && i < op->made_count; i++)
        if (sl_column_is_null(parent, op->elements[i]))
            sl_validity_set(sl_column_add_validity(made, pool), i, false);
    return made;
}

static struct sl_column *
unnest_numbers(const struct op_unnest *op, const int64_t *numbers, const struct sl_type *type)
{
    struct sl_column *made = sl_column_new(op->op.context->pool, type, op->made_count, false);
    bool is_wide = sl_type_width(type->kind) == sizeof(int64_t);

    for (size_t i = 0; i < op->made_count; i++) {
        if (is_wide)
            ((int64_t *)made->values)[i] = numbers[i];
        else
            ((int32_t *)made->values)[i] = (int32_t)numbers[i];
    }
    unnest_clear_missing(op, made);
    return made;
}

/* The columns that the elements make, from `at` on. */
static void
unnest_add_elements(const struct op_unnest *op, struct sl_batch *made, size_t at)
{
    const struct sl_schema *schema = op->op.node->schema;
    const struct sl_column *argument = unnest_argument(op, 0), *elements;
    size_t count = op->plan->has_ordinality ? schema->count - 1 : schema->count;

    if (op->plan->is_series) {
        sl_batch_set_column(made, at, unnest_numbers(op, op->numbers, schema->columns[at].type));
        return;
    }
    elements = argument->children[0];
    for (size_t i = at; i < count; i++) {
        const struct sl_column *from = elements, *parent = NULL;

        if (argument->type->kind == SL_TYPE_MAP) {
            from = argument->children[i - at];
        } else if (op->plan->is_row) {
            parent = elements;
            from = elements->children[i - at];
        }
        sl_batch_set_column(made, i, unnest_gather(op, from, parent, schema->columns[i].type));
    }
}

static struct sl_batch *
unnest_make(const struct op_unnest *op)
{
    struct sl_pool *pool = op->op.context->pool;
    const struct sl_schema *schema = op->op.node->schema;
    struct sl_batch *made = sl_batch_new(pool, schema->count, op->made_count);
    size_t kept = op->plan->kept_count;

    for (size_t i = 0; i < kept; i++)
        sl_batch_set_column(made, i,
                            sl_column_gather(pool, op->batch->columns[op->plan->kept[i]], op->rows,
                                             op->made_count, false));
    unnest_add_elements(op, made, kept);
    if (op->plan->has_ordinality)
        sl_batch_set_column(
            made, schema->count - 1,
            unnest_numbers(op, op->ordinals, schema->columns[schema->count - 1].type));
    if (op->batch->kinds) {
        uint8_t *kinds = sl_batch_add_kinds(made, pool);

        for (size_t i = 0; i < op->made_count; i++)
            kinds[i] = op->batch->kinds[op->rows[i]];
    }
    return made;
}

static int
unnest_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_unnest *op = (struct op_unnest *)base;
    size_t max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    int rc = SL_OK;

    while (rc == SL_OK) {
        SL_TRY(unnest_fill(op, max, out, err));
        if (op->made_count == 0)
            return SL_OK;
        rc = sl_out_emit(out, unnest_make(op));
    }
    return rc;
}

static int
unnest_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
             struct sl_error *err)
{
    struct op_unnest *op = (struct op_unnest *)base;

    op->batch = batch; /* it stays valid until resume said SL_OK */
    op->next = 0;
    op->is_begun = false;
    return unnest_resume(base, out, err);
}

const struct sl_op_class sl_op_unnest = {
    .name = "Unnest",
    .size = sizeof(struct op_unnest),
    .open = unnest_open,
    .batch = unnest_batch,
    .resume = unnest_resume,
};
