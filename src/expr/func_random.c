/* Functions of chance.  With a seed they give the numbers of java.util.Random, as in Flink: a
 * constant seed begins a sequence that goes on from row to row, another one gives its first. */
#include "expr/kernels.h"

#include <endian.h>

#define RANDOM_MULTIPLIER UINT64_C(0x5deece66d)
#define RANDOM_MASK ((UINT64_C(1) << 48) - 1)
#define RANDOM_BEGUN (UINT64_C(1) << 63) /* in a step's state, which begins as zero */

static uint32_t
random_next(uint64_t *state, int bits)
{
    *state = (*state * RANDOM_MULTIPLIER + 0xb) & RANDOM_MASK;
    return (uint32_t)(*state >> (48 - bits));
}

static uint64_t
random_begin(const struct sl_call *call, size_t row)
{
    if (call->args[0].mask == 0 && *call->state & RANDOM_BEGUN)
        return *call->state & RANDOM_MASK;
    return ((uint64_t)(int64_t)sl_call_int(call, 0, row) ^ RANDOM_MULTIPLIER) & RANDOM_MASK;
}

static void
random_end(const struct sl_call *call, uint64_t state)
{
    if (call->args[0].mask == 0)
        *call->state = state | RANDOM_BEGUN;
}

void
sl_kernel_rand(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        if (call->arg_count == 0) {
            SL_RESULT(call, double)[row] = (double)(sl_call_random(call) >> 11) * 0x1p-53;
        } else {
            uint64_t state = random_begin(call, row);
            uint64_t high = random_next(&state, 26);

            SL_RESULT(call, double)
            [row] = (double)((high << 27) + random_next(&state, 27)) * 0x1p-53;
            random_end(call, state);
        }
    }
}

/* java.util.Random.nextInt(bound) */
static int32_t
random_bounded(uint64_t *state, int32_t bound)
{
    int32_t bits, value;

    if ((bound & -bound) == bound)
        return (int32_t)(((int64_t)bound * random_next(state, 31)) >> 31);
    do {
        bits = (int32_t)random_next(state, 31);
        value = bits % bound;
    } while ((int64_t)bits - value + (bound - 1) > INT32_MAX);
    return value;
}

/* RAND_INTEGER([seed,] bound): from 0 to bound - 1. */
void
sl_kernel_rand_integer(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        int32_t bound = sl_call_int(call, call->arg_count - 1, row);
        uint64_t state;

        if (bound <= 0) {
            sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE,
                         "RAND_INTEGER: the bound %d must be greater than 0", bound);
        } else if (call->arg_count == 1) {
            SL_RESULT(call, int32_t)
            [row] = (int32_t)((sl_call_random(call) >> 32) * (uint64_t)bound >> 32);
        } else {
            state = random_begin(call, row);
            SL_RESULT(call, int32_t)[row] = random_bounded(&state, bound);
            random_end(call, state);
        }
    }
}

/* RFC 9562, version 4. */
void
sl_kernel_uuid(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        uint64_t high = sl_call_random(call), low = sl_call_random(call);
        char bytes[16], *to = sl_heap_writer_reserve(&writer, 36);
        static const size_t groups[] = {4, 2, 2, 2, 6};
        size_t from = 0, at = 0;

        high = htobe64((high & ~UINT64_C(0xf000)) | 0x4000);
        low = htobe64((low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63);
        memcpy(bytes, &high, sizeof(high));
        memcpy(bytes + sizeof(high), &low, sizeof(low));
        for (size_t i = 0; i < SL_COUNT_OF(groups); i++) {
            if (i > 0)
                to[at++] = '-';
            sl_hex_encode((struct sl_text){bytes + from, groups[i]}, false, to + at);
            from += groups[i];
            at += 2 * groups[i];
        }
        sl_call_end_text(call, &writer, row, to, at);
    }
}
