/* What binders share (implicit casts), and the binders of comparison, logic and conditions. */
#include "expr/function.h"

int
sl_binding_coerce(struct sl_binding *binding, size_t i, const struct sl_type *type)
{
    return sl_expr_cast(binding->arena, binding->args[i], type, SL_CAST_IMPLICIT,
                        binding->args[i]->offset, &binding->args[i], binding->err);
}

int
sl_binding_coerce_common(struct sl_binding *binding, size_t first, size_t step,
                         const struct sl_type **ret_type)
{
    const struct sl_type **types =
        SL_NEW_ARRAY(binding->arena, const struct sl_type *, binding->arg_count);
    const struct sl_type *common;
    size_t count = 0;

    for (size_t i = first; i < binding->arg_count; i += step)
        types[count++] = binding->args[i]->type;
    if (!sl_type_common(binding->arena, types, count, &common)) {
        SL_ERROR(binding->err, SL_E_DATATYPE_MISMATCH, "%s: types %s and %s cannot be matched",
                 binding->function->name, sl_type_text(binding->arena, types[0]),
                 sl_type_text(binding->arena, types[count - 1]));
        return sl_error_at(binding->err, binding->offset);
    }
    for (size_t i = first; i < binding->arg_count; i += step)
        SL_TRY(sl_binding_coerce(binding, i, common));
    *ret_type = common;
    return SL_OK;
}

/* --- comparison --- */

/* The type that a string takes to be compared with a value of another type; NULL: none. */
static const struct sl_type *
bind_type_of_string(struct sl_binding *binding, const struct sl_expr *string,
                    const struct sl_type *other)
{
    struct sl_text text;
    int64_t integer;

    switch (other->kind) {
    case SL_TYPE_BOOLEAN:
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
    case SL_TYPE_DATE:
    case SL_TYPE_TIME:
    case SL_TYPE_INTERVAL_MONTH:
    case SL_TYPE_INTERVAL_DAY:
        return other;
    case SL_TYPE_TIMESTAMP:
        return &sl_type_timestamp6;
    case SL_TYPE_TIMESTAMP_LTZ:
        return &sl_type_timestamp_ltz6;
    case SL_TYPE_TINYINT:
    case SL_TYPE_SMALLINT:
    case SL_TYPE_INT:
    case SL_TYPE_BIGINT:
        /* '12' is an integer; '1.5' and what a column holds must not be cut to one. */
        if (sl_expr_literal_text(string, &text) && text.length > 0 && text.length < 19) {
            struct sl_value value;
            struct sl_error err;

            if (sl_value_parse(binding->arena, &sl_type_bigint, text, NULL, &value, &err) ==
                SL_OK) {
                integer = value.integer;
                return integer >= INT32_MIN && integer <= INT32_MAX && other->kind != SL_TYPE_BIGINT
                           ? &sl_type_int
                           : &sl_type_bigint;
            }
        }
        return sl_type_decimal(binding->arena, SL_DECIMAL_PRECISION_MAX, 18);
    case SL_TYPE_DECIMAL:
        return sl_type_decimal(binding->arena, SL_DECIMAL_PRECISION_MAX, SL_MAX(other->scale, 18));
    default:
        return NULL;
    }
}

/* Two decimals compare whatever their scales; an integer beside one becomes the decimal that holds
 * it. */
static int
bind_comparable_decimals(struct sl_binding *binding, size_t a, size_t b)
{
    const struct sl_type *a_type = binding->args[a]->type, *b_type = binding->args[b]->type;

    if (a_type->kind != SL_TYPE_DECIMAL)
        SL_TRY(sl_binding_coerce(binding, a, sl_decimal_of_integer(binding->arena, a_type->kind)));
    if (b_type->kind != SL_TYPE_DECIMAL)
        SL_TRY(sl_binding_coerce(binding, b, sl_decimal_of_integer(binding->arena, b_type->kind)));
    return SL_OK;
}

static bool
bind_is_exact(const struct sl_type *type)
{
    return sl_type_is_integer(type->kind) || type->kind == SL_TYPE_DECIMAL;
}

int
sl_binding_coerce_comparable(struct sl_binding *binding, size_t a, size_t b)
{
    const struct sl_type *a_type = binding->args[a]->type, *b_type = binding->args[b]->type;
    const struct sl_type *types[2], *common;

    if (sl_type_is_text(a_type->kind) && !sl_type_is_text(b_type->kind)) {
        common = bind_type_of_string(binding, binding->args[a], b_type);
        if (common)
            SL_TRY(sl_binding_coerce(binding, a, common));
    } else if (sl_type_is_text(b_type->kind) && !sl_type_is_text(a_type->kind)) {
        common = bind_type_of_string(binding, binding->args[b], a_type);
        if (common)
            SL_TRY(sl_binding_coerce(binding, b, common));
    }
    a_type = types[0] = binding->args[a]->type;
    b_type = types[1] = binding->args[b]->type;
    if (bind_is_exact(a_type) && bind_is_exact(b_type) &&
        (a_type->kind == SL_TYPE_DECIMAL || b_type->kind == SL_TYPE_DECIMAL))
        return bind_comparable_decimals(binding, a, b);
    if (!sl_type_common(binding->arena, types, 2, &common) || common->kind == SL_TYPE_MULTISET)
        return sl_binding_refuse(binding);
    /* Strings compare whatever their lengths, times whatever their precisions. */
    if (a_type->kind == b_type->kind && !sl_type_is_nested(a_type->kind))
        return SL_OK;
    if (sl_type_is_view(a_type->kind) && sl_type_is_view(b_type->kind))
        return SL_OK;
    if (common->kind == SL_TYPE_NULL) {
        SL_TRY(sl_binding_coerce(binding, a, &sl_type_string));
        return sl_binding_coerce(binding, b, &sl_type_string);
    }
    SL_TRY(sl_binding_coerce(binding, a, common));
    return sl_binding_coerce(binding, b, common);
}

int
sl_bind_compare(struct sl_binding *binding)
{
    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    SL_TRY(sl_binding_coerce_comparable(binding, 0, 1));
    if (binding->args[0]->type->kind == SL_TYPE_MAP && binding->function->name[0] != '=' &&
        strcmp(binding->function->name, "<>") != 0)
        return sl_binding_refuse(binding);
    binding->type = &sl_type_boolean;
    return SL_OK;
}

static int
bind_boolean_not_null(struct sl_binding *binding)
{
    binding->type = sl_type_nullable(binding->arena, &sl_type_boolean, false);
    binding->nullability_is_final = true;
    return SL_OK;
}

int
sl_bind_distinct(struct sl_binding *binding)
{
    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    SL_TRY(sl_binding_coerce_comparable(binding, 0, 1));
    return bind_boolean_not_null(binding);
}

int
sl_bind_is_null(struct sl_binding *binding)
{
    return binding->arg_count == 1 ? bind_boolean_not_null(binding) : sl_binding_refuse(binding);
}

static int
bind_boolean_args(struct sl_binding *binding)
{
    for (size_t i = 0; i < binding->arg_count; i++) {
        const struct sl_type *type = binding->args[i]->type;

        if (type->kind != SL_TYPE_BOOLEAN && type->kind != SL_TYPE_NULL)
            return sl_binding_refuse(binding);
        SL_TRY(sl_binding_coerce(binding, i, &sl_type_boolean));
    }
    return SL_OK;
}

int
sl_bind_is_boolean(struct sl_binding *binding)
{
    if (binding->arg_count != 1)
        return sl_binding_refuse(binding);
    SL_TRY(bind_boolean_args(binding));
    return bind_boolean_not_null(binding);
}

/* a AND b AND c: ((a AND b) AND c). */
int
sl_bind_logic(struct sl_binding *binding)
{
    if (binding->arg_count < 2)
        return sl_binding_refuse(binding);
    if (binding->arg_count > 2) {
        struct sl_expr *pair[2];

        SL_TRY(sl_expr_call(binding->arena, binding->function->name, binding->args,
                            binding->arg_count - 1, binding->offset, &pair[0], binding->err));
        pair[1] = binding->args[binding->arg_count - 1];
        return sl_expr_call(binding->arena, binding->function->name, pair, 2, binding->offset,
                            &binding->replacement, binding->err);
    }
    SL_TRY(bind_boolean_args(binding));
    binding->type = &sl_type_boolean;
    return SL_OK;
}

/* --- forms that are written in terms of others --- */

static int
bind_call2(struct sl_binding *binding, const char *name, struct sl_expr *a, struct sl_expr *b,
           struct sl_expr **ret_expr)
{
    struct sl_expr *args[2] = {a, b};

    return sl_expr_call(binding->arena, name, args, b ? 2 : 1, binding->offset, ret_expr,
                        binding->err);
}

/* NOT (the function without its "NOT "). */
static int
bind_negated(struct sl_binding *binding)
{
    struct sl_expr *positive;

    SL_TRY(sl_expr_call(binding->arena, binding->function->name + strlen("NOT "), binding->args,
                        binding->arg_count, binding->offset, &positive, binding->err));
    return bind_call2(binding, "NOT", positive, NULL, &binding->replacement);
}

int
sl_bind_not_between(struct sl_binding *binding)
{
    return bind_negated(binding);
}

int
sl_bind_not_symmetric(struct sl_binding *binding)
{
    return bind_negated(binding);
}

int
sl_bind_not_in(struct sl_binding *binding)
{
    return bind_negated(binding);
}

int
sl_bind_not_like(struct sl_binding *binding)
{
    return bind_negated(binding);
}

int
sl_bind_not_similar_to(struct sl_binding *binding)
{
    return bind_negated(binding);
}

/* x BETWEEN a AND b: x >= a AND x <= b. */
static int
bind_range(struct sl_binding *binding, struct sl_expr *low, struct sl_expr *high,
           struct sl_expr **ret_expr)
{
    struct sl_expr *above, *below;

    SL_TRY(bind_call2(binding, ">=", binding->args[0], low, &above));
    SL_TRY(bind_call2(binding, "<=", binding->args[0], high, &below));
    return bind_call2(binding, "AND", above, below, ret_expr);
}

int
sl_bind_between(struct sl_binding *binding)
{
    if (binding->arg_count != 3)
        return sl_binding_refuse(binding);
    return bind_range(binding, binding->args[1], binding->args[2], &binding->replacement);
}

int
sl_bind_between_symmetric(struct sl_binding *binding)
{
    struct sl_expr *forth, *back;

    if (binding->arg_count != 3)
        return sl_binding_refuse(binding);
    SL_TRY(bind_range(binding, binding->args[1], binding->args[2], &forth));
    SL_TRY(bind_range(binding, binding->args[2], binding->args[1], &back));
    return bind_call2(binding, "OR", forth, back, &binding->replacement);
}

/* The items become the type of the left side where that loses nothing (literals of a number type
 * that hold in it), else all take a common type. */
int
sl_bind_in(struct sl_binding *binding)
{
    const struct sl_type *common;
    const struct sl_type **types;

    if (binding->arg_count < 2)
        return sl_binding_refuse(binding);
    if (sl_type_is_text(binding->args[0]->type->kind)) {
        for (size_t i = 1; i < binding->arg_count; i++)
            SL_TRY(sl_binding_coerce_comparable(binding, 0, i));
    }
    for (size_t i = 1; i < binding->arg_count; i++) {
        if (sl_type_is_text(binding->args[i]->type->kind) &&
            !sl_type_is_text(binding->args[0]->type->kind))
            SL_TRY(sl_binding_coerce_comparable(binding, 0, i));
    }
    types = SL_NEW_ARRAY(binding->arena, const struct sl_type *, binding->arg_count);
    for (size_t i = 0; i < binding->arg_count; i++)
        types[i] = binding->args[i]->type;
    if (!sl_type_common(binding->arena, types, binding->arg_count, &common))
        return sl_binding_refuse(binding);
    if (!sl_type_is_view(common->kind)) {
        for (size_t i = 0; i < binding->arg_count; i++)
            SL_TRY(sl_binding_coerce(binding, i, common));
    } else {
        for (size_t i = 0; i < binding->arg_count; i++) {
            if (binding->args[i]->type->kind == SL_TYPE_NULL)
                SL_TRY(sl_binding_coerce(binding, i, common));
        }
    }
    binding->type = &sl_type_boolean;
    return SL_OK;
}

int
sl_bind_common(struct sl_binding *binding)
{
    if (binding->arg_count == 0)
        return sl_binding_refuse(binding);
    SL_TRY(sl_binding_coerce_common(binding, 0, 1, &binding->type));
    if (sl_type_is_nested(binding->type->kind))
        return sl_binding_refuse(binding);
    return SL_OK;
}

int
sl_bind_coalesce(struct sl_binding *binding)
{
    bool nullable = true;

    if (binding->arg_count == 0)
        return sl_binding_refuse(binding);
    SL_TRY(sl_binding_coerce_common(binding, 0, 1, &binding->type));
    for (size_t i = 0; i < binding->arg_count; i++)
        nullable &= binding->args[i]->type->nullable;
    binding->type = sl_type_nullable(binding->arena, binding->type, nullable);
    binding->nullability_is_final = true;
    return SL_OK;
}

int
sl_bind_ifnull(struct sl_binding *binding)
{
    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    return bind_call2(binding, "COALESCE", binding->args[0], binding->args[1],
                      &binding->replacement);
}

int
sl_bind_if(struct sl_binding *binding)
{
    if (binding->arg_count != 3)
        return sl_binding_refuse(binding);
    return sl_expr_call(binding->arena, "CASE", binding->args, 3, binding->offset,
                        &binding->replacement, binding->err);
}

int
sl_bind_nullif(struct sl_binding *binding)
{
    struct sl_value null;
    struct sl_expr *args[3];

    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    null = sl_value_null(sl_type_nullable(binding->arena, binding->args[0]->type, true));
    SL_TRY(bind_call2(binding, "=", binding->args[0], binding->args[1], &args[0]));
    args[1] = sl_expr_literal(binding->arena, &null);
    args[2] = binding->args[0];
    return sl_expr_call(binding->arena, "CASE", args, 3, binding->offset, &binding->replacement,
                        binding->err);
}

/* when, then, …[, else]; a missing ELSE becomes NULL, so that there always is one. */
int
sl_bind_case(struct sl_binding *binding)
{
    const struct sl_type **types;
    size_t count = 0;

    if (binding->arg_count < 2)
        return sl_binding_refuse(binding);
    if (binding->arg_count % 2 == 0) {
        struct sl_value null = sl_value_null(&sl_type_null);

        binding->args[binding->arg_count++] = sl_expr_literal(binding->arena, &null);
    }
    types = SL_NEW_ARRAY(binding->arena, const struct sl_type *, binding->arg_count);
    for (size_t i = 0; i + 1 < binding->arg_count; i += 2) {
        const struct sl_type *type = binding->args[i]->type;

        if (type->kind != SL_TYPE_BOOLEAN && type->kind != SL_TYPE_NULL) {
            SL_ERROR(binding->err, SL_E_DATATYPE_MISMATCH,
                     "argument of CASE WHEN must be of type BOOLEAN, not %s",
                     sl_type_text(binding->arena, type));
            return sl_error_at(binding->err, binding->args[i]->offset >= 0
                                                 ? binding->args[i]->offset
                                                 : binding->offset);
        }
        SL_TRY(sl_binding_coerce(binding, i, &sl_type_boolean));
        types[count++] = binding->args[i + 1]->type;
    }
    types[count++] = binding->args[binding->arg_count - 1]->type;
    if (!sl_type_common(binding->arena, types, count, &binding->type)) {
        SL_ERROR(binding->err, SL_E_DATATYPE_MISMATCH, "CASE types %s and %s cannot be matched",
                 sl_type_text(binding->arena, types[0]),
                 sl_type_text(binding->arena, types[count - 1]));
        return sl_error_at(binding->err, binding->offset);
    }
    for (size_t i = 1; i < binding->arg_count; i += 2)
        SL_TRY(sl_binding_coerce(binding, i, binding->type));
    SL_TRY(sl_binding_coerce(binding, binding->arg_count - 1, binding->type));
    binding->nullability_is_final = true;
    return SL_OK;
}

int
sl_bind_same_family(struct sl_binding *binding)
{
    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < 2; i++) {
        const struct sl_type *other = binding->args[1 - i]->type;

        if (binding->args[i]->type->kind == SL_TYPE_NULL)
            SL_TRY(sl_binding_coerce(binding, i,
                                     sl_type_is_view(other->kind) ? other : &sl_type_string));
    }
    if (!sl_type_is_view(binding->args[0]->type->kind) ||
        !sl_type_is_view(binding->args[1]->type->kind) ||
        sl_type_is_text(binding->args[0]->type->kind) !=
            sl_type_is_text(binding->args[1]->type->kind))
        return sl_binding_refuse(binding);
    binding->type = &sl_type_boolean;
    return SL_OK;
}

/* Bytes only, or texts, to which other types are cast: by the signature in functions.def. */
int
sl_bind_concat(struct sl_binding *binding)
{
    for (size_t i = 0; i < binding->arg_count; i++) {
        enum sl_type_kind kind = binding->args[i]->type->kind;

        if (!sl_type_is_view(kind) || sl_type_is_text(kind))
            return sl_bind_signature(binding);
    }
    binding->type = &sl_type_bytes;
    return SL_OK;
}

/* SUBSTRING(text FROM pattern), which PostgreSQL has, is a function of its own. */
int
sl_bind_substring(struct sl_binding *binding)
{
    if (binding->arg_count == 2 && sl_type_is_text(binding->args[1]->type->kind))
        return sl_expr_call(binding->arena, "SUBSTRING REGEX", binding->args, 2, binding->offset,
                            &binding->replacement, binding->err);
    return sl_bind_signature(binding);
}

/* IS_ALPHA, IS_DIGIT, IS_DECIMAL: of a number the type says it, but for NULL. */
int
sl_bind_character_test(struct sl_binding *binding)
{
    enum sl_type_kind kind;
    bool is_true;

    if (binding->arg_count != 1)
        return sl_binding_refuse(binding);
    kind = binding->args[0]->type->kind;
    if (kind == SL_TYPE_NULL)
        SL_TRY(sl_binding_coerce(binding, 0, &sl_type_string));
    if (kind == SL_TYPE_NULL || sl_type_is_text(kind))
        return bind_boolean_not_null(binding);
    is_true = sl_text_equal(sl_text_of(binding->function->name), SL_TEXT("IS_DIGIT"))
                  ? sl_type_is_integer(kind)
                  : sl_type_is_numeric(kind) &&
                        !sl_text_equal(sl_text_of(binding->function->name), SL_TEXT("IS_ALPHA"));
    if (is_true)
        return bind_call2(binding, "IS NOT NULL", binding->args[0], NULL, &binding->replacement);
    binding->replacement =
        sl_expr_literal(binding->arena, &(struct sl_value){.type = &sl_type_boolean});
    return SL_OK;
}
