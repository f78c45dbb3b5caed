/* SHOW FUNCTIONS and DESCRIBE FUNCTION: the registry's functions, the aggregates, and what a
 * session knows (CURRENT_DATABASE).  The columns are Flink's. */
#include "expr/aggregate.h"
#include "planner/planner.h"
#include "server/run_show.h"
#include "server/server.h"

#include <stdlib.h>

static int
show_compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t
sl_show_function_names(struct sl_arena *arena, const char ***ret_names)
{
    const char **own, **names, *name;
    size_t own_count = sl_function_names(arena, &own), count = 0, session_count = 0;

    while (sl_plan_session_function(session_count))
        session_count++;
    names = SL_NEW_ARRAY(arena, const char *, own_count + session_count);
    for (size_t i = 0; i < own_count; i++)
        names[count++] = own[i];
    for (size_t i = 0; (name = sl_plan_session_function(i)) != NULL; i++)
        names[count++] = name;
    qsort(names, count, sizeof(*names), show_compare_names);
    *ret_names = names;
    return count;
}

static void
show_info(struct sl_portal *portal, const char *name, const char *value)
{
    sl_portal_add_row(portal, (const char *const[]){name, value});
}

static bool
show_is_session_function(struct sl_text name)
{
    const char *other;

    for (size_t i = 0; (other = sl_plan_session_function(i)) != NULL; i++) {
        if (sl_text_equal_nocase(name, sl_text_of(other)))
            return true;
    }
    return false;
}

int
sl_show_run_describe_function(struct sl_portal *portal, const struct sl_ast_describe *describe,
                              struct sl_error *err)
{
    struct sl_text name = describe->name.parts[describe->name.count - 1].text;
    struct sl_function_description description = {.is_deterministic = true, .signatures = ""};
    const char **names;
    size_t count;

    if (describe->name.count > 1 || (!sl_function_describe(&portal->arena, name, &description) &&
                                     !show_is_session_function(name))) {
        count = sl_show_function_names(&portal->arena, &names);
        SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "function \"%.*s\" does not exist",
                 SL_TEXT_FORMAT(name));
        sl_error_suggest(err, name, names, count);
        return sl_error_at(err, describe->name.offset);
    }
    show_info(portal, "is system function", "true");
    show_info(portal, "is temporary", "false");
    if (*description.signatures)
        show_info(portal, "signature", description.signatures);
    if (!describe->extended)
        return SL_OK;
    show_info(portal, "kind", description.is_aggregate ? "AGGREGATE" : "SCALAR");
    show_info(portal, "requirements", "[]");
    show_info(portal, "is deterministic", description.is_deterministic ? "true" : "false");
    show_info(portal, "supports constant folding",
              description.is_deterministic && !description.is_aggregate ? "true" : "false");
    return SL_OK;
}
