/* Bits of integers, with PostgreSQL's operators & | # ~ << >>.  A shift takes the last bits of its
 * count only, as PostgreSQL's does on this hardware; >> keeps the sign. */
#include "expr/function.h"

/* Two integers become the wider type. */
int
sl_bind_bits(struct sl_binding *binding)
{
    bool is_not = strcmp(binding->function->name, "BITNOT") == 0;
    const struct sl_type *common;

    if (binding->arg_count != (is_not ? 1 : 2))
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < binding->arg_count; i++) {
        if (binding->args[i]->type->kind != SL_TYPE_NULL &&
            !sl_type_is_integer(binding->args[i]->type->kind))
            return sl_binding_refuse(binding);
    }
    SL_TRY(sl_binding_coerce_common(binding, 0, 1, &common));
    if (common->kind == SL_TYPE_NULL) {
        common = &sl_type_int;
        for (size_t i = 0; i < binding->arg_count; i++)
            SL_TRY(sl_binding_coerce(binding, i, common));
    }
    binding->type = common;
    return SL_OK;
}

/* The left side's type; the count is an INT. */
int
sl_bind_shift(struct sl_binding *binding)
{
    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < 2; i++) {
        enum sl_type_kind kind = binding->args[i]->type->kind;

        if (kind == SL_TYPE_NULL)
            SL_TRY(sl_binding_coerce(binding, i, &sl_type_int));
        else if (!sl_type_is_integer(kind))
            return sl_binding_refuse(binding);
    }
    if (binding->args[1]->type->kind != SL_TYPE_INT)
        SL_TRY(sl_binding_coerce(binding, 1, &sl_type_int));
    binding->type = binding->args[0]->type;
    return SL_OK;
}

#define BITS_LOOP(c_type, expression)                                            \
    do {                                                                         \
        const c_type *a = SL_ARG(call, 0, c_type), *b = SL_ARG(call, 1, c_type); \
        size_t a_mask = call->args[0].mask, b_mask = call->args[1].mask;         \
        c_type *to = SL_RESULT(call, c_type);                                    \
        for (size_t i = 0; i < call->row_count; i++) {                           \
            c_type x = a[i & a_mask], y = b[i & b_mask];                         \
            to[i] = (c_type)(expression);                                        \
        }                                                                        \
    } while (0)

#define SHIFT_LOOP(c_type, wide, sign)                                                    \
    do {                                                                                  \
        const c_type *a = SL_ARG(call, 0, c_type);                                        \
        const int32_t *b = SL_ARG(call, 1, int32_t);                                      \
        size_t a_mask = call->args[0].mask, b_mask = call->args[1].mask;                  \
        c_type *to = SL_RESULT(call, c_type);                                             \
        for (size_t i = 0; i < call->row_count; i++)                                      \
            to[i] = (c_type)((wide)a[i & a_mask] sign(b[i & b_mask] & BITS_COUNT(wide))); \
    } while (0)
/* SMALLINT and TINYINT shift as INT. */
#define BITS_COUNT(wide) (sizeof(wide) == sizeof(int64_t) ? 63 : 31)

#define BITS_KERNEL(name, loop, ...)            \
    void sl_kernel_##name(struct sl_call *call) \
    {                                           \
        switch (call->expr->type->kind) {       \
        case SL_TYPE_TINYINT:                   \
            loop(int8_t, __VA_ARGS__);          \
            break;                              \
        case SL_TYPE_SMALLINT:                  \
            loop(int16_t, __VA_ARGS__);         \
            break;                              \
        case SL_TYPE_INT:                       \
            loop(int32_t, __VA_ARGS__);         \
            break;                              \
        default:                                \
            loop(int64_t, __VA_ARGS__);         \
            break;                              \
        }                                       \
    }

BITS_KERNEL(bit_and, BITS_LOOP, x &y)
BITS_KERNEL(bit_or, BITS_LOOP, x | y)
BITS_KERNEL(bit_xor, BITS_LOOP, x ^ y)

void
sl_kernel_shift_left(struct sl_call *call)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        SHIFT_LOOP(int8_t, uint32_t, <<);
        break;
    case SL_TYPE_SMALLINT:
        SHIFT_LOOP(int16_t, uint32_t, <<);
        break;
    case SL_TYPE_INT:
        SHIFT_LOOP(int32_t, uint32_t, <<);
        break;
    default:
        SHIFT_LOOP(int64_t, uint64_t, <<);
    }
}

void
sl_kernel_shift_right(struct sl_call *call)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        SHIFT_LOOP(int8_t, int32_t, >>);
        break;
    case SL_TYPE_SMALLINT:
        SHIFT_LOOP(int16_t, int32_t, >>);
        break;
    case SL_TYPE_INT:
        SHIFT_LOOP(int32_t, int32_t, >>);
        break;
    default:
        SHIFT_LOOP(int64_t, int64_t, >>);
    }
}

#define NOT_LOOP(c_type)                                                     \
    do {                                                                     \
        const c_type *a = SL_ARG(call, 0, c_type);                           \
        for (size_t i = 0; i < call->row_count; i++)                         \
            SL_RESULT(call, c_type)[i] = (c_type)~a[i & call->args[0].mask]; \
    } while (0)

void
sl_kernel_bit_not(struct sl_call *call)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        NOT_LOOP(int8_t);
        break;
    case SL_TYPE_SMALLINT:
        NOT_LOOP(int16_t);
        break;
    case SL_TYPE_INT:
        NOT_LOOP(int32_t);
        break;
    default:
        NOT_LOOP(int64_t);
    }
}
