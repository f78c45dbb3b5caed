/* CREATE FUNCTION, DROP FUNCTION. */
#include "server/session.h"

int
sl_run_create_function(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_create_function *create =
        (const struct sl_ast_create_function *)portal->statement->ast;
    struct sl_plan_context context;
    struct sl_sql_function *function;
    int rc;

    sl_portal_plan_context(portal, &context);
    SL_TRY(sl_plan_create_function(&context, portal->statement->ast, &function, err));
    portal->session->has_temporary |= function->session != 0;
    rc = sl_catalog_create_function(portal->session->server->catalog, function, create->replace,
                                    err);
    if (rc < 0 && create->if_not_exists && err->code == SL_E_DUPLICATE_FUNCTION)
        sl_session_notice(portal->session,
                          sl_arena_printf(&portal->arena, "%s, skipping", err->text));
    else if (rc < 0)
        return sl_error_at(err, create->name.offset);
    sl_portal_set_tag(portal, "CREATE FUNCTION");
    return SL_OK;
}

int
sl_drop_function(struct sl_portal *portal, const struct sl_sql_function *function,
                 struct sl_error *err)
{
    struct sl_plan_context context;
    const char *user;

    sl_portal_plan_context(portal, &context);
    user = sl_plan_function_user(&context, function);
    if (user) {
        SL_ERROR(err, SL_E_DEPENDENT_OBJECTS,
                 "cannot drop function \"%s\" because other objects depend on it", function->name);
        return sl_error_detail(err, "%s uses it", user);
    }
    return sl_catalog_drop_function(portal->session->server->catalog, function, err);
}

int
sl_run_drop_function(struct sl_portal *portal, const struct sl_ast_drop *drop,
                     const struct sl_ast_name *name, struct sl_error *err)
{
    const struct sl_sql_function *function;
    struct sl_plan_context context;

    sl_portal_plan_context(portal, &context);
    if (sl_plan_find_function(&context, name, &function, err) < 0) {
        if (!drop->if_exists)
            return err->code;
        sl_session_notice(portal->session,
                          sl_arena_printf(&portal->arena, "%s, skipping", err->text));
        return SL_OK;
    }
    if (drop->temporary != (function->session != 0)) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "function \"%s\" is %stemporary", function->name,
                 function->session ? "" : "not ");
        sl_error_hint(err, "use DROP %sFUNCTION", function->session ? "TEMPORARY " : "");
        return sl_error_at(err, name->offset);
    }
    if (sl_drop_function(portal, function, err) < 0)
        return sl_error_at(err, name->offset);
    return SL_OK;
}
