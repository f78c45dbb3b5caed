/* Binders of constructors and of access to nested values. */
#include "expr/function.h"

int
sl_bind_row(struct sl_binding *binding)
{
    struct sl_field *fields = SL_NEW_ARRAY(binding->arena, struct sl_field, binding->arg_count);

    for (size_t i = 0; i < binding->arg_count; i++) {
        fields[i].name = sl_arena_printf(binding->arena, "EXPR$%zu", i);
        fields[i].type = binding->args[i]->type;
    }
    binding->type = sl_type_nullable(
        binding->arena, sl_type_row(binding->arena, fields, binding->arg_count), false);
    return SL_OK;
}

int
sl_bind_array(struct sl_binding *binding)
{
    const struct sl_type *element = &sl_type_null;

    if (binding->arg_count)
        SL_TRY(sl_binding_coerce_common(binding, 0, 1, &element));
    binding->type = sl_type_nullable(binding->arena, sl_type_array(binding->arena, element), false);
    return SL_OK;
}

int
sl_bind_map(struct sl_binding *binding)
{
    const struct sl_type *key = &sl_type_null, *value = &sl_type_null;

    if (binding->arg_count % 2)
        return sl_binding_refuse(binding);
    if (binding->arg_count) {
        SL_TRY(sl_binding_coerce_common(binding, 0, 2, &key));
        SL_TRY(sl_binding_coerce_common(binding, 1, 2, &value));
    }
    binding->type =
        sl_type_nullable(binding->arena, sl_type_map(binding->arena, key, value), false);
    return SL_OK;
}

/* row . literal index */
int
sl_bind_field(struct sl_binding *binding)
{
    const struct sl_type *row;
    int64_t index;

    if (binding->arg_count != 2 || binding->args[0]->type->kind != SL_TYPE_ROW ||
        !sl_expr_literal_integer(binding->args[1], &index))
        return sl_binding_refuse(binding);
    row = binding->args[0]->type;
    if (index < 0 || (size_t)index >= row->field_count)
        return sl_binding_refuse(binding);
    binding->type = sl_type_nullable(binding->arena, row->fields[index].type,
                                     row->nullable || row->fields[index].type->nullable);
    binding->nullability_is_final = true;
    return SL_OK;
}

/* array[index from 1], map[key], row[literal index from 1] or row['name'] */
int
sl_bind_element(struct sl_binding *binding)
{
    const struct sl_type *type;
    struct sl_value field = {.type = &sl_type_int, .integer = -1};
    struct sl_expr *args[2];
    struct sl_text name;

    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    type = binding->args[0]->type;
    if (type->kind == SL_TYPE_ARRAY) {
        if (!sl_type_is_integer(binding->args[1]->type->kind) &&
            binding->args[1]->type->kind != SL_TYPE_NULL)
            return sl_binding_refuse(binding);
        binding->type = type->element;
        return sl_binding_coerce(binding, 1, &sl_type_int);
    }
    if (type->kind == SL_TYPE_MAP) {
        if (!sl_type_is_assignable(binding->args[1]->type, type->key))
            return sl_binding_refuse(binding);
        binding->type = type->element;
        return sl_binding_coerce(binding, 1, type->key);
    }
    if (type->kind != SL_TYPE_ROW)
        return sl_binding_refuse(binding);
    if (sl_expr_literal_integer(binding->args[1], &field.integer)) {
        field.integer--;
    } else if (sl_expr_literal_text(binding->args[1], &name)) {
        for (size_t i = 0; i < type->field_count; i++) {
            if (sl_text_equal_nocase(sl_text_of(type->fields[i].name), name))
                field.integer = (int64_t)i;
        }
    }
    args[0] = binding->args[0];
    args[1] = sl_expr_literal(binding->arena, &field);
    return sl_expr_call(binding->arena, ".", args, 2, binding->offset, &binding->replacement,
                        binding->err);
}

int
sl_bind_cardinality(struct sl_binding *binding)
{
    if (binding->arg_count != 1 || binding->args[0]->type->kind == SL_TYPE_ROW ||
        !sl_type_is_nested(binding->args[0]->type->kind))
        return sl_binding_refuse(binding);
    binding->type = &sl_type_int;
    return SL_OK;
}

/* The long names of types, as they are stored. */
static void
typeof_add(struct sl_arena *arena, const struct sl_type *type, struct sl_buffer *to)
{
    bool is_long = type->precision == SL_LENGTH_MAX;

    if (is_long && type->kind == SL_TYPE_VARCHAR) {
        sl_buffer_printf(to, "VARCHAR(%d)", SL_LENGTH_MAX);
    } else if (is_long && type->kind == SL_TYPE_VARBINARY) {
        sl_buffer_printf(to, "VARBINARY(%d)", SL_LENGTH_MAX);
    } else if (type->kind == SL_TYPE_TIMESTAMP_LTZ) {
        sl_buffer_printf(to, "TIMESTAMP(%d) WITH LOCAL TIME ZONE", type->precision);
    } else if (type->kind == SL_TYPE_ROW) {
        sl_buffer_add_string(to, "ROW<");
        for (size_t i = 0; i < type->field_count; i++) {
            sl_buffer_printf(to, "%s`%s` ", i ? ", " : "", type->fields[i].name);
            typeof_add(arena, type->fields[i].type, to);
        }
        sl_buffer_add_byte(to, '>');
    } else if (sl_type_is_nested(type->kind)) {
        sl_buffer_add_string(to, type->kind == SL_TYPE_ARRAY ? "ARRAY<"
                                 : type->kind == SL_TYPE_MAP ? "MAP<"
                                                             : "MULTISET<");
        if (type->kind == SL_TYPE_MAP) {
            typeof_add(arena, type->key, to);
            sl_buffer_add_string(to, ", ");
        }
        typeof_add(arena, type->element, to);
        sl_buffer_add_byte(to, '>');
    } else {
        sl_type_format(sl_type_nullable(arena, type, true), to);
    }
    if (!type->nullable)
        sl_buffer_add_string(to, " NOT NULL");
}

/* The type is known when the call is bound: a literal. */
int
sl_bind_typeof(struct sl_binding *binding)
{
    struct sl_value text = {.type = &sl_type_string};
    const struct sl_expr *is_long = binding->arg_count == 2 ? binding->args[1] : NULL;
    struct sl_buffer buffer;

    if (binding->arg_count < 1 || binding->arg_count > 2)
        return sl_binding_refuse(binding);
    if (is_long && (is_long->kind != SL_EXPR_LITERAL || is_long->value.is_null ||
                    is_long->type->kind != SL_TYPE_BOOLEAN))
        return sl_binding_refuse(binding);
    text.text = sl_text_of(sl_type_text(binding->arena, binding->args[0]->type));
    if (is_long && is_long->value.boolean) {
        sl_buffer_init(&buffer, SIZE_MAX / 2);
        typeof_add(binding->arena, binding->args[0]->type, &buffer);
        text.text = sl_arena_text(binding->arena, sl_buffer_text(&buffer));
        sl_buffer_done(&buffer);
    }
    binding->replacement = sl_expr_literal(binding->arena, &text);
    return SL_OK;
}
