/* Binders of the JSON functions: see func_json.c and func_json_make.c for their arguments. */
#include "expr/function.h"
#include "expr/json.h"

static int
json_at_arg(struct sl_binding *binding, size_t i)
{
    int offset = binding->args[i]->offset;

    return sl_error_at(binding->err, offset >= 0 ? offset : binding->offset);
}

/* The text and the path; a constant path must be one. */
static int
json_bind_path(struct sl_binding *binding, size_t arg_count_max)
{
    const struct json_path *path;
    struct sl_text text;

    if (binding->arg_count < 2 || binding->arg_count > arg_count_max)
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < 2; i++) {
        if (binding->args[i]->type->kind == SL_TYPE_NULL)
            SL_TRY(sl_binding_coerce(binding, i, &sl_type_string));
        if (!sl_type_is_text(binding->args[i]->type->kind))
            return sl_binding_refuse(binding);
    }
    if (sl_expr_literal_text(binding->args[1], &text) &&
        sl_json_path_compile(binding->arena, text, &path, binding->err) < 0) {
        sl_error_prefix(binding->err, "%s", binding->function->name);
        return json_at_arg(binding, 1);
    }
    return SL_OK;
}

static bool
json_is_returned(const struct sl_type *type)
{
    return type->kind == SL_TYPE_BOOLEAN || sl_type_is_numeric(type->kind) ||
           (type->kind == SL_TYPE_VARCHAR && type->precision == SL_LENGTH_MAX);
}

/* What argument 2, the text of a type, says; STRING without one. */
static int
json_bind_returning(struct sl_binding *binding, bool may_be_array)
{
    const struct sl_type *type = &sl_type_string;
    struct sl_text text;

    if (binding->arg_count > 2) {
        if (!sl_expr_literal_text(binding->args[2], &text))
            return sl_binding_refuse(binding);
        SL_TRY(sl_type_parse(binding->arena, text, &type, binding->err));
    }
    binding->type = sl_type_nullable(binding->arena, type, true);
    if (may_be_array ? type->kind == SL_TYPE_ARRAY && json_is_returned(type->element)
                     : json_is_returned(type))
        return SL_OK;
    if (may_be_array && type->kind == SL_TYPE_VARCHAR && type->precision == SL_LENGTH_MAX)
        return SL_OK;
    SL_ERROR(binding->err, SL_E_NOT_SUPPORTED, "%s: RETURNING %s is not supported",
             binding->function->name, sl_type_text(binding->arena, type));
    sl_error_hint(binding->err, may_be_array
                                    ? "STRING, or ARRAY of STRING, BOOLEAN or a numeric type"
                                    : "STRING, BOOLEAN or a numeric type, then a CAST");
    return sl_error_at(binding->err, binding->offset);
}

int
sl_bind_json_exists(struct sl_binding *binding)
{
    SL_TRY(json_bind_path(binding, 3));
    binding->type = &sl_type_boolean;
    return SL_OK;
}

int
sl_bind_json_value(struct sl_binding *binding)
{
    SL_TRY(json_bind_path(binding, 7));
    SL_TRY(json_bind_returning(binding, false));
    if (binding->arg_count != 2 && binding->arg_count != 3 && binding->arg_count != 7)
        return sl_binding_refuse(binding);
    for (size_t i = 4; i < binding->arg_count; i += 2) {
        if (binding->args[i]->type->kind != SL_TYPE_NULL &&
            !sl_cast_exists(binding->args[i]->type, binding->type))
            return sl_binding_refuse(binding);
        SL_TRY(sl_binding_coerce(binding, i, binding->type));
    }
    return SL_OK;
}

int
sl_bind_json_query(struct sl_binding *binding)
{
    SL_TRY(json_bind_path(binding, 6));
    SL_TRY(json_bind_returning(binding, true));
    for (size_t i = 4; i < binding->arg_count; i++) {
        struct sl_text text;

        if (binding->type->kind == SL_TYPE_ARRAY && sl_expr_literal_text(binding->args[i], &text) &&
            sl_text_equal(text, SL_TEXT("EMPTY OBJECT"))) {
            SL_ERROR(binding->err, SL_E_SYNTAX, "JSON_QUERY: EMPTY OBJECT is no value of type %s",
                     sl_type_text(binding->arena, binding->type));
            return sl_error_at(binding->err, binding->offset);
        }
    }
    return SL_OK;
}

/* --- what makes JSON --- */

static int
json_bind_written(struct sl_binding *binding, size_t i)
{
    const struct sl_type *type;

    if (sl_json_type_is_written(binding->args[i]->type, &type))
        return SL_OK;
    SL_ERROR(binding->err, SL_E_DATATYPE_MISMATCH, "%s: a value of type %s has no form in JSON",
             binding->function->name,
             sl_type_text(binding->arena, sl_type_nullable(binding->arena, type, true)));
    sl_error_hint(binding->err, type->kind == SL_TYPE_MAP || type->kind == SL_TYPE_MULTISET
                                    ? "its keys must be texts"
                                    : "CAST it to STRING");
    return json_at_arg(binding, i);
}

int
sl_bind_json_string(struct sl_binding *binding)
{
    if (binding->arg_count != 1)
        return sl_binding_refuse(binding);
    if (binding->args[0]->type->kind == SL_TYPE_NULL)
        SL_TRY(sl_binding_coerce(binding, 0, &sl_type_string));
    binding->type = &sl_type_string;
    return json_bind_written(binding, 0);
}

static int
json_bind_make(struct sl_binding *binding, size_t step)
{
    struct sl_text text;

    if (binding->arg_count < 2 || (binding->arg_count - 2) % step ||
        !sl_expr_literal_text(binding->args[0], &text) ||
        !sl_expr_literal_text(binding->args[1], &text) ||
        text.length != (binding->arg_count - 2) / step)
        return sl_binding_refuse(binding);
    for (size_t i = 2 + step - 1; i < binding->arg_count; i += step)
        SL_TRY(json_bind_written(binding, i));
    binding->type = sl_type_nullable(binding->arena, &sl_type_string, false);
    binding->nullability_is_final = true;
    return SL_OK;
}

int
sl_bind_json_object(struct sl_binding *binding)
{
    for (size_t i = 2; i < binding->arg_count; i += 2) {
        if (sl_type_is_text(binding->args[i]->type->kind))
            continue;
        SL_ERROR(binding->err, SL_E_DATATYPE_MISMATCH,
                 "a key of JSON_OBJECT must be a text, not of type %s",
                 sl_type_text(binding->arena, binding->args[i]->type));
        return json_at_arg(binding, i);
    }
    return json_bind_make(binding, 2);
}

int
sl_bind_json_array(struct sl_binding *binding)
{
    return json_bind_make(binding, 1);
}
