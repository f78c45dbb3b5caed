/* What drivers ask a server when they connect: version(), current_database() … are constants of the
 * session, put into the plan as literals. */
#include "planner/bind.h"

#include <stdlib.h>

static const struct session_function {
    const char *name;
    const char *setting; /* whose value it is */
} session_functions[] = {
    {"VERSION", "server_version"},
    {"CURRENT_DATABASE", "session.database"},
    {"CURRENT_USER", "session.user"},
    {"SESSION_USER", "session.user"},
    {"PG_BACKEND_PID", "session.process-id"},
    {"CURRENT_SCHEMA", NULL},
    {"PG_IS_IN_RECOVERY", NULL},
    {"CURRENT_SETTING", NULL},
};

const char *
sl_plan_session_function(size_t index)
{
    return index < SL_COUNT_OF(session_functions) ? session_functions[index].name : NULL;
}

static const struct session_function *
session_function_find(const char *name)
{
    for (size_t i = 0; i < SL_COUNT_OF(session_functions); i++)
        if (sl_equal_nocase(session_functions[i].name, name))
            return &session_functions[i];
    return NULL;
}

static int
session_setting(struct sl_binder *binder, const struct sl_expr *arg, int offset,
                struct sl_expr **ret_expr, struct sl_error *err)
{
    const struct sl_plan_context *context = binder->context;
    const char *name, *value;

    if (arg->kind != SL_EXPR_LITERAL || arg->value.is_null ||
        !sl_type_is_text(arg->value.type->kind))
        return sl_binder_refuse(binder, offset, "current_setting of what is no literal is", err);
    name = sl_arena_strndup(binder->arena, arg->value.text.start, arg->value.text.length);
    value = context->setting(context->session, name);
    if (!value) {
        SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"", name);
        return sl_error_at(err, offset);
    }
    *ret_expr = sl_binder_string(binder->arena, sl_text_of(value), offset);
    return SL_OK;
}

int
sl_binder_session_call(struct sl_clause *binding, const char *name, struct sl_expr *const *args,
                       size_t arg_count, int offset, struct sl_expr **ret_expr,
                       struct sl_error *err)
{
    const struct session_function *function = session_function_find(name);
    struct sl_binder *binder = binding->binder;
    const struct sl_plan_context *context = binder->context;
    bool takes_one = sl_equal_nocase(name, "current_setting");
    const char *value;

    if (!function || arg_count != (takes_one ? 1 : 0))
        return SL_EOF;
    if (takes_one)
        return session_setting(binder, args[0], offset, ret_expr, err);
    if (sl_equal_nocase(name, "pg_is_in_recovery")) {
        *ret_expr = sl_binder_boolean(binder->arena, false);
        return SL_OK;
    }
    value =
        function->setting ? context->setting(context->session, function->setting) : context->schema;
    if (sl_equal_nocase(name, "pg_backend_pid")) {
        *ret_expr = sl_binder_integer(binder->arena, strtol(value, NULL, 10), &sl_type_int);
        return SL_OK;
    }
    if (sl_equal_nocase(name, "version"))
        value =
            sl_arena_printf(binder->arena, "PostgreSQL %s on x86_64-pc-linux-gnu, 64-bit", value);
    *ret_expr = sl_binder_string(binder->arena, sl_text_of(value), offset);
    return SL_OK;
}
