/* AND, OR, NOT in three values.  The formulas hold also where the right side was not computed
 * because the left one decides: what stands there is then masked out. */
#include "expr/function.h"

/* A word of validity; a constant's one bit is spread. */
static uint64_t
logic_validity(const struct sl_vector *vector, size_t word)
{
    if (vector->column->validity == NULL)
        return UINT64_MAX;
    if (vector->mask)
        return vector->column->validity[word];
    return sl_column_is_null(vector->column, 0) ? 0 : UINT64_MAX;
}

/* 64 booleans as bits. */
static uint64_t
logic_bits(const struct sl_vector *vector, size_t word, size_t row_count)
{
    const uint8_t *values = vector->column->values;
    size_t from = word * 64, count = SL_MIN(row_count - from, (size_t)64);
    uint64_t bits = 0;

    if (vector->mask == 0)
        return values[0] ? UINT64_MAX : 0;
    for (size_t i = 0; i < count; i++)
        bits |= (uint64_t)(values[from + i] != 0) << i;
    return bits;
}

static void
logic_values(struct sl_call *call, bool is_and)
{
    const uint8_t *a = SL_ARG(call, 0, uint8_t), *b = SL_ARG(call, 1, uint8_t);
    size_t a_mask = call->args[0].mask, b_mask = call->args[1].mask;
    uint8_t *result = SL_RESULT(call, uint8_t);

    if (a_mask && b_mask) {
        if (is_and)
            for (size_t i = 0; i < call->row_count; i++)
                result[i] = (a[i] != 0) & (b[i] != 0);
        else
            for (size_t i = 0; i < call->row_count; i++)
                result[i] = (a[i] != 0) | (b[i] != 0);
        return;
    }
    for (size_t i = 0; i < call->row_count; i++)
        result[i] = is_and ? (a[i & a_mask] != 0) & (b[i & b_mask] != 0)
                           : (a[i & a_mask] != 0) | (b[i & b_mask] != 0);
}

static void
logic_both(struct sl_call *call, bool is_and)
{
    const struct sl_vector *a = &call->args[0], *b = &call->args[1];
    uint8_t *result = SL_RESULT(call, uint8_t);
    uint64_t *validity;

    logic_values(call, is_and);
    if (a->column->validity == NULL && b->column->validity == NULL)
        return;
    validity = sl_column_add_validity(call->result, call->pool);
    for (size_t word = 0; word < SL_VALIDITY_WORDS(call->row_count); word++) {
        uint64_t a_valid = logic_validity(a, word), b_valid = logic_validity(b, word);
        uint64_t a_bits, b_bits;

        if ((a_valid & b_valid) == UINT64_MAX)
            continue;
        a_bits = logic_bits(a, word, call->row_count);
        b_bits = logic_bits(b, word, call->row_count);
        /* A valid FALSE decides an AND, a valid TRUE an OR. */
        if (is_and) {
            a_bits = ~a_bits;
            b_bits = ~b_bits;
        }
        validity[word] = (a_valid & b_valid) | (a_valid & a_bits) | (b_valid & b_bits);
        /* The value under a decided row must not come from what stands under the NULL. */
        for (size_t i = 0; i < 64 && word * 64 + i < call->row_count; i++) {
            bool decided = ((a_valid & a_bits) | (b_valid & b_bits)) >> i & 1;

            if (decided)
                result[word * 64 + i] = !is_and;
        }
    }
}

void
sl_kernel_and(struct sl_call *call)
{
    logic_both(call, true);
}

void
sl_kernel_or(struct sl_call *call)
{
    logic_both(call, false);
}

void
sl_kernel_not(struct sl_call *call)
{
    const uint8_t *values = SL_ARG(call, 0, uint8_t);
    size_t mask = call->args[0].mask;
    uint8_t *result = SL_RESULT(call, uint8_t);

    for (size_t i = 0; i < call->row_count; i++)
        result[i] = values[i & mask] == 0;
}
