/* Binders of functions of arrays and maps. */
#include "expr/function.h"

static bool
collection_is(const struct sl_binding *binding, size_t i, enum sl_type_kind kind)
{
    return i < binding->arg_count && binding->args[i]->type->kind == kind;
}

/* A cast, unless the types differ in what may be NULL only. */
static int
collection_coerce(struct sl_binding *binding, size_t i, const struct sl_type *type)
{
    return sl_binding_coerce(
        binding, i, sl_type_nullable(binding->arena, type, binding->args[i]->type->nullable));
}

/* An array and something of the type of its items: both to the common type.  False: there is none.
 */
static bool
collection_common_item(struct sl_binding *binding, const struct sl_type **ret_item)
{
    const struct sl_type *types[2];

    if (!collection_is(binding, 0, SL_TYPE_ARRAY) || binding->arg_count != 2)
        return false;
    types[0] = binding->args[0]->type->element;
    types[1] = binding->args[1]->type;
    return sl_type_common(binding->arena, types, 2, ret_item);
}

static int
collection_bind_item(struct sl_binding *binding, const struct sl_type **ret_item)
{
    const struct sl_type *item, *element;

    if (!collection_common_item(binding, &item))
        return sl_binding_refuse(binding);
    element = binding->args[0]->type->element;
    if (!sl_type_equal(item, element))
        SL_TRY(collection_coerce(binding, 0, sl_type_array(binding->arena, item)));
    if (!sl_type_equal(item, binding->args[1]->type))
        SL_TRY(collection_coerce(binding, 1, item));
    *ret_item = item;
    return SL_OK;
}

static void
collection_nullable_as(struct sl_binding *binding, const struct sl_type *type, bool nullable)
{
    binding->type = sl_type_nullable(binding->arena, type, nullable);
    binding->nullability_is_final = true;
}

/* ARRAY_APPEND, ARRAY_PREPEND */
int
sl_bind_array_extend(struct sl_binding *binding)
{
    const struct sl_type *item;

    SL_TRY(collection_bind_item(binding, &item));
    collection_nullable_as(binding, sl_type_array(binding->arena, item),
                           binding->args[0]->type->nullable);
    return SL_OK;
}

int
sl_bind_array_remove(struct sl_binding *binding)
{
    const struct sl_type *item;

    SL_TRY(collection_bind_item(binding, &item));
    collection_nullable_as(binding, binding->args[0]->type, binding->args[0]->type->nullable);
    return SL_OK;
}

int
sl_bind_array_contains(struct sl_binding *binding)
{
    const struct sl_type *item;

    SL_TRY(collection_bind_item(binding, &item));
    collection_nullable_as(binding, &sl_type_boolean, binding->args[0]->type->nullable);
    return SL_OK;
}

int
sl_bind_array_position(struct sl_binding *binding)
{
    const struct sl_type *item;

    SL_TRY(collection_bind_item(binding, &item));
    binding->type = &sl_type_int;
    return SL_OK;
}

/* One array; the result is like it. */
int
sl_bind_array_same(struct sl_binding *binding)
{
    if (binding->arg_count != 1 || !collection_is(binding, 0, SL_TYPE_ARRAY))
        return sl_binding_refuse(binding);
    binding->type = binding->args[0]->type;
    return SL_OK;
}

/* Arrays of one common type. */
int
sl_bind_array_common(struct sl_binding *binding)
{
    const struct sl_type **types =
        SL_NEW_ARRAY(binding->arena, const struct sl_type *, binding->arg_count + 1);
    const struct sl_type *common;

    if (binding->arg_count == 0 ||
        (strcmp(binding->function->name, "ARRAY_CONCAT") != 0 && binding->arg_count != 2))
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < binding->arg_count; i++) {
        if (!collection_is(binding, i, SL_TYPE_ARRAY))
            return sl_binding_refuse(binding);
        types[i] = binding->args[i]->type;
    }
    if (!sl_type_common(binding->arena, types, binding->arg_count, &common))
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < binding->arg_count; i++)
        SL_TRY(collection_coerce(binding, i, common));
    binding->type = common;
    return SL_OK;
}

static int
collection_bind_optional(struct sl_binding *binding, size_t first, const struct sl_type *type)
{
    for (size_t i = first; i < binding->arg_count; i++) {
        enum sl_type_kind kind = binding->args[i]->type->kind;
        bool fits = type->kind == SL_TYPE_INT ? sl_type_is_integer(kind) : kind == type->kind;

        if (!fits && kind != SL_TYPE_NULL)
            return sl_binding_refuse(binding);
        if (kind != type->kind)
            SL_TRY(sl_binding_coerce(binding, i, type));
    }
    return SL_OK;
}

int
sl_bind_array_slice(struct sl_binding *binding)
{
    if (!collection_is(binding, 0, SL_TYPE_ARRAY) || binding->arg_count < 2 ||
        binding->arg_count > 3)
        return sl_binding_refuse(binding);
    SL_TRY(collection_bind_optional(binding, 1, &sl_type_int));
    binding->type = binding->args[0]->type;
    return SL_OK;
}

int
sl_bind_array_sort(struct sl_binding *binding)
{
    if (!collection_is(binding, 0, SL_TYPE_ARRAY) || binding->arg_count > 3 ||
        sl_type_is_nested(binding->args[0]->type->element->kind))
        return sl_binding_refuse(binding);
    SL_TRY(collection_bind_optional(binding, 1, &sl_type_boolean));
    binding->type = binding->args[0]->type;
    return SL_OK;
}

int
sl_bind_array_extreme(struct sl_binding *binding)
{
    if (binding->arg_count != 1 || !collection_is(binding, 0, SL_TYPE_ARRAY) ||
        sl_type_is_nested(binding->args[0]->type->element->kind))
        return sl_binding_refuse(binding);
    binding->type = binding->args[0]->type->element;
    return SL_OK;
}

int
sl_bind_array_element(struct sl_binding *binding)
{
    if (binding->arg_count != 1 || !collection_is(binding, 0, SL_TYPE_ARRAY))
        return sl_binding_refuse(binding);
    binding->type = binding->args[0]->type->element;
    return SL_OK;
}

int
sl_bind_array_flatten(struct sl_binding *binding)
{
    if (binding->arg_count != 1 || !collection_is(binding, 0, SL_TYPE_ARRAY) ||
        binding->args[0]->type->element->kind != SL_TYPE_ARRAY)
        return sl_binding_refuse(binding);
    binding->type = binding->args[0]->type->element;
    return SL_OK;
}

/* array of texts, delimiter [, what stands for NULL] */
int
sl_bind_array_join(struct sl_binding *binding)
{
    if (!collection_is(binding, 0, SL_TYPE_ARRAY) || binding->arg_count < 2 ||
        binding->arg_count > 3 || !sl_type_is_text(binding->args[0]->type->element->kind))
        return sl_binding_refuse(binding);
    for (size_t i = 1; i < binding->arg_count; i++) {
        if (collection_is(binding, i, SL_TYPE_NULL))
            SL_TRY(sl_binding_coerce(binding, i, &sl_type_string));
        if (!sl_type_is_text(binding->args[i]->type->kind))
            return sl_binding_refuse(binding);
    }
    binding->type = &sl_type_string;
    return SL_OK;
}

/* --- maps --- */

int
sl_bind_map_keys(struct sl_binding *binding)
{
    if (binding->arg_count != 1 || !collection_is(binding, 0, SL_TYPE_MAP))
        return sl_binding_refuse(binding);
    collection_nullable_as(binding, sl_type_array(binding->arena, binding->args[0]->type->key),
                           binding->args[0]->type->nullable);
    return SL_OK;
}

int
sl_bind_map_values(struct sl_binding *binding)
{
    if (binding->arg_count != 1 || !collection_is(binding, 0, SL_TYPE_MAP))
        return sl_binding_refuse(binding);
    collection_nullable_as(binding, sl_type_array(binding->arena, binding->args[0]->type->element),
                           binding->args[0]->type->nullable);
    return SL_OK;
}

int
sl_bind_map_entries(struct sl_binding *binding)
{
    struct sl_field *fields = SL_NEW_ARRAY(binding->arena, struct sl_field, 2);
    const struct sl_type *row;

    if (binding->arg_count != 1 || !collection_is(binding, 0, SL_TYPE_MAP))
        return sl_binding_refuse(binding);
    fields[0] = (struct sl_field){"key", binding->args[0]->type->key};
    fields[1] = (struct sl_field){"value", binding->args[0]->type->element};
    row = sl_type_nullable(binding->arena, sl_type_row(binding->arena, fields, 2), false);
    collection_nullable_as(binding, sl_type_array(binding->arena, row),
                           binding->args[0]->type->nullable);
    return SL_OK;
}

int
sl_bind_map_from_arrays(struct sl_binding *binding)
{
    if (binding->arg_count != 2 || !collection_is(binding, 0, SL_TYPE_ARRAY) ||
        !collection_is(binding, 1, SL_TYPE_ARRAY))
        return sl_binding_refuse(binding);
    binding->type = sl_type_map(binding->arena, binding->args[0]->type->element,
                                binding->args[1]->type->element);
    return SL_OK;
}

int
sl_bind_map_union(struct sl_binding *binding)
{
    const struct sl_type **types =
        SL_NEW_ARRAY(binding->arena, const struct sl_type *, binding->arg_count + 1);
    const struct sl_type *common;

    if (binding->arg_count == 0)
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < binding->arg_count; i++) {
        if (!collection_is(binding, i, SL_TYPE_MAP))
            return sl_binding_refuse(binding);
        types[i] = binding->args[i]->type;
    }
    if (!sl_type_common(binding->arena, types, binding->arg_count, &common))
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < binding->arg_count; i++)
        SL_TRY(collection_coerce(binding, i, common));
    binding->type = common;
    return SL_OK;
}

/* --- out of texts --- */

static int
collection_bind_texts(struct sl_binding *binding, size_t count_min, size_t count_max)
{
    if (binding->arg_count < count_min || binding->arg_count > count_max)
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < binding->arg_count; i++) {
        if (collection_is(binding, i, SL_TYPE_NULL))
            SL_TRY(sl_binding_coerce(binding, i, &sl_type_string));
        if (!sl_type_is_text(binding->args[i]->type->kind))
            return sl_binding_refuse(binding);
    }
    return SL_OK;
}

int
sl_bind_split(struct sl_binding *binding)
{
    SL_TRY(collection_bind_texts(binding, 2, 2));
    binding->type = sl_type_array(binding->arena, &sl_type_string);
    return SL_OK;
}

int
sl_bind_str_to_map(struct sl_binding *binding)
{
    SL_TRY(collection_bind_texts(binding, 1, 3));
    binding->type = sl_type_map(binding->arena, &sl_type_string, &sl_type_string);
    return SL_OK;
}
