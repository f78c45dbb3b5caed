/* The registry of functions, and sl_expr_call, which resolves a name over arguments. */
#include "expr/function.h"

#include "expr/aggregate.h"

#include <ctype.h>
#include <stdlib.h>

const struct sl_function sl_functions[] = {
#define FUNCTION(name, signature, bind, kernel, prepare, flags) \
    {name, signature, sl_bind_##bind, sl_kernel_##kernel, sl_prepare_##prepare, flags},
#include "expr/functions.def"
#undef FUNCTION
};
const size_t sl_function_count = SL_COUNT_OF(sl_functions);

void
sl_kernel_none(struct sl_call *call)
{
    (void)call;
    SL_UNREACHABLE(); /* its binder replaces the call */
}

const void *
sl_prepare_none(struct sl_arena *arena, const struct sl_expr *call,
                const struct sl_expr_settings *settings)
{
    return NULL;
}

const struct sl_function *
sl_function_find(struct sl_text name)
{
    for (size_t i = 0; i < sl_function_count; i++) {
        if (sl_text_equal_nocase(sl_text_of(sl_functions[i].name), name))
            return &sl_functions[i];
    }
    return NULL;
}

bool
sl_function_exists(struct sl_text name)
{
    return sl_function_find(name) != NULL;
}

const char *
sl_expr_function_name(const struct sl_expr *expr)
{
    return expr->function ? expr->function->name : NULL;
}

static int
function_compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t
sl_function_names(struct sl_arena *arena, const char ***ret_names)
{
    static const char *const aggregates[] = {
#define AGGREGATE(name, chooser) name,
#include "expr/aggregates.def"
#undef AGGREGATE
    };
    const char **names =
        SL_NEW_ARRAY(arena, const char *, sl_function_count + SL_COUNT_OF(aggregates));
    size_t count = 0;

    for (size_t i = 0; i < sl_function_count; i++) {
        if (!(sl_functions[i].flags & SL_FUNC_HIDDEN))
            names[count++] = sl_functions[i].name;
    }
    for (size_t i = 0; i < SL_COUNT_OF(aggregates); i++)
        names[count++] = aggregates[i];
    qsort(names, count, sizeof(*names), function_compare_names);
    *ret_names = names;
    return count;
}

static const char *
function_signatures(struct sl_arena *arena, const struct sl_function *function)
{
    struct sl_buffer buffer;
    const char *text;

    sl_buffer_init(&buffer, SIZE_MAX / 2);
    sl_function_format(function, &buffer);
    text = sl_arena_strndup(arena, buffer.data, buffer.length);
    sl_buffer_done(&buffer);
    return text;
}

bool
sl_function_describe(struct sl_arena *arena, struct sl_text name,
                     struct sl_function_description *ret_description)
{
    const struct sl_function *function = sl_function_find(name);

    *ret_description = (struct sl_function_description){.is_deterministic = true, .signatures = ""};
    if (sl_aggregate_exists(name)) {
        ret_description->is_aggregate = true;
        return true;
    }
    if (function == NULL || function->flags & SL_FUNC_HIDDEN)
        return false;
    ret_description->is_deterministic = !(function->flags & SL_FUNC_MOMENT);
    ret_description->signatures = function_signatures(arena, function);
    return true;
}

/* "INT, STRING" */
static const char *
function_arg_types(struct sl_arena *arena, struct sl_expr *const *args, size_t arg_count)
{
    struct sl_buffer buffer;
    const char *text;

    sl_buffer_init(&buffer, SIZE_MAX / 2);
    for (size_t i = 0; i < arg_count; i++) {
        sl_buffer_add_string(&buffer, i ? ", " : "");
        sl_type_format(sl_type_nullable(arena, args[i]->type, true), &buffer);
    }
    text = sl_arena_strndup(arena, buffer.data ? buffer.data : "", buffer.length);
    sl_buffer_done(&buffer);
    return text;
}

/* Up to three near names, the nearest first, and how that is called. */
static void
function_suggest(struct sl_arena *arena, const char *name, const char *const *candidates,
                 size_t count, struct sl_error *err)
{
    unsigned limit = strlen(name) <= 3 ? 1 : strlen(name) <= 8 ? 2 : 3;
    const char *near[3] = {NULL}, *signatures = "";
    const struct sl_function *function;
    size_t found = 0;

    for (unsigned distance = 0; distance <= limit && found < SL_COUNT_OF(near); distance++) {
        for (size_t i = 0; i < count && found < SL_COUNT_OF(near); i++) {
            if (sl_text_distance(sl_text_of(name), sl_text_of(candidates[i]), limit) == distance)
                near[found++] = candidates[i];
        }
    }
    if (found == 0) {
        sl_error_hint(err, "SHOW FUNCTIONS lists what there is");
        return;
    }
    function = sl_function_find(sl_text_of(near[0]));
    if (function)
        signatures = function_signatures(arena, function);
    sl_error_hint(err, "did you mean \"%s\"%s%s%s%s%s%s?%s%s", near[0], found > 1 ? ", \"" : "",
                  found > 1 ? near[1] : "", found > 1 ? "\"" : "", found > 2 ? ", \"" : "",
                  found > 2 ? near[2] : "", found > 2 ? "\"" : "", *signatures ? " " : "",
                  signatures);
}

static int
function_not_found(struct sl_arena *arena, const char *name, struct sl_expr *const *args,
                   size_t arg_count, int offset, struct sl_error *err)
{
    const char **candidates;
    size_t count = sl_function_names(arena, &candidates);

    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "function %s(%s) does not exist", name,
             function_arg_types(arena, args, arg_count));
    function_suggest(arena, name, candidates, count, err);
    return sl_error_at(err, offset);
}

int
sl_binding_refuse(struct sl_binding *binding)
{
    const struct sl_function *function = binding->function;
    const char *types = function_arg_types(binding->arena, binding->args, binding->arg_count);

    if ((function->flags & SL_FUNC_HIDDEN) && binding->arg_count <= 2 && binding->arg_count > 0) {
        const struct sl_type *left = binding->args[0]->type;

        if (binding->arg_count == 2)
            SL_ERROR(binding->err, SL_E_UNDEFINED_FUNCTION, "operator does not exist: %s %s %s",
                     sl_type_text(binding->arena, sl_type_nullable(binding->arena, left, true)),
                     function->name,
                     sl_type_text(binding->arena,
                                  sl_type_nullable(binding->arena, binding->args[1]->type, true)));
        else
            SL_ERROR(binding->err, SL_E_UNDEFINED_FUNCTION, "operator does not exist: %s %s",
                     function->name,
                     sl_type_text(binding->arena, sl_type_nullable(binding->arena, left, true)));
        sl_error_hint(binding->err, "add a CAST to a type that the operator takes");
    } else {
        SL_ERROR(binding->err, SL_E_UNDEFINED_FUNCTION, "function %s(%s) does not exist",
                 function->name, types);
        sl_error_hint(binding->err, "%s", function_signatures(binding->arena, function));
    }
    return sl_error_at(binding->err, binding->offset);
}

static bool
function_result_is_nullable(const struct sl_binding *binding)
{
    unsigned flags = binding->function->flags;
    bool nullable = (flags & SL_FUNC_NULLABLE) != 0;

    if (flags & SL_FUNC_OWN_RESULT && !(flags & SL_FUNC_NULLABLE))
        return binding->type->nullable; /* the binder decided */
    for (size_t i = 0; i < binding->arg_count; i++)
        nullable |= binding->args[i]->type->nullable;
    return nullable;
}

int
sl_expr_call(struct sl_arena *arena, const char *name, struct sl_expr **args, size_t arg_count,
             int offset, struct sl_expr **ret_expr, struct sl_error *err)
{
    const struct sl_function *function = sl_function_find(sl_text_of(name));
    struct sl_binding binding = {
        .arena = arena, .function = function, .arg_count = arg_count, .offset = offset, .err = err};
    struct sl_expr *expr;

    if (function == NULL)
        return function_not_found(arena, name, args, arg_count, offset, err);
    binding.args = SL_NEW_ARRAY(arena, struct sl_expr *, arg_count + 1);
    if (arg_count)
        memcpy(binding.args, args, arg_count * sizeof(*args));
    SL_TRY(function->bind(&binding));
    if (binding.replacement) {
        *ret_expr = binding.replacement;
        return SL_OK;
    }
    expr = SL_NEW(arena, struct sl_expr);
    expr->kind = SL_EXPR_CALL;
    expr->offset = offset;
    expr->function = function;
    expr->args = binding.args;
    expr->arg_count = binding.arg_count;
    expr->type = binding.nullability_is_final
                     ? binding.type
                     : sl_type_nullable(arena, binding.type, function_result_is_nullable(&binding));
    *ret_expr = expr;
    return SL_OK;
}
