/* EXPLAIN: the logical plan, the physical plan, the tasks; or the physical plan as it is stored. */
#include "base/secret.h"
#include "server/session.h"

static const struct sl_result_column explain_columns[] = {{"QUERY PLAN", &sl_type_string}};

int
sl_describe_explain(struct sl_portal *portal, struct sl_error *err)
{
    sl_portal_set_columns(portal, explain_columns, SL_COUNT_OF(explain_columns));
    return SL_OK;
}

static int
explain_check_options(const struct sl_ast_explain *explain, bool *ret_json, struct sl_error *err)
{
    *ret_json = (explain->details & SL_AST_EXPLAIN_JSON_EXECUTION_PLAN) != 0;
    if (explain->plan_file.start) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "EXPLAIN PLAN is not supported");
        return sl_error_at(err, explain->ast.offset);
    }
    if (explain->details & SL_AST_EXPLAIN_ESTIMATED_COST) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "ESTIMATED_COST is not supported");
        sl_error_hint(err, "the section State of every EXPLAIN tells how wide rows are");
        return sl_error_at(err, explain->ast.offset);
    }
    for (size_t i = 0; i < explain->options.count; i++) {
        const struct sl_ast_option *option = &explain->options.items[i];

        if (sl_text_equal_nocase(option->key, SL_TEXT("format"))) {
            *ret_json = sl_text_equal_nocase(option->value, SL_TEXT("json"));
            if (!*ret_json && !sl_text_equal_nocase(option->value, SL_TEXT("text"))) {
                SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                         "EXPLAIN knows the formats TEXT and JSON, not \"%.*s\"",
                         SL_TEXT_FORMAT(option->value));
                return sl_error_at(err, option->value_offset);
            }
        } else {
            SL_ERROR(err, SL_E_NOT_SUPPORTED, "EXPLAIN (%.*s) is not supported",
                     SL_TEXT_FORMAT(option->key));
            return sl_error_at(err, option->key_offset);
        }
    }
    return SL_OK;
}

static void
explain_add_lines(struct sl_portal *portal, char *text)
{
    while (text && *text) {
        char *end = strchr(text, '\n');
        const char *line = text;

        if (end)
            *end = '\0';
        sl_portal_add_row(portal, &line);
        text = end ? end + 1 : NULL;
    }
}

static void
explain_hide(struct sl_arena *arena, struct sl_option_list *hints)
{
    struct sl_buffer shown;

    sl_buffer_init(&shown, SIZE_MAX / 2);
    for (size_t i = 0; i < hints->count; i++) {
        sl_buffer_reset(&shown);
        sl_secret_add_value(&shown, hints->items[i].key, hints->items[i].value);
        hints->items[i].value =
            sl_arena_strndup(arena, shown.length ? shown.data : "", shown.length);
    }
    sl_buffer_done(&shown);
}

/* The stored form has the hints as they are; what a client sees has no secrets. */
static void
explain_hide_secrets(struct sl_arena *arena, struct sl_phys_plan *plan)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        if (plan->nodes[i]->kind == SL_OP_SCAN)
            explain_hide(arena, &((struct sl_phys_scan *)plan->nodes[i]->detail)->hints);
        else if (plan->nodes[i]->kind == SL_OP_SINK)
            explain_hide(arena, &((struct sl_phys_sink *)plan->nodes[i]->detail)->hints);
    }
}

/* psql cuts a statement set at every semicolon: what follows must not run. */
static int
explain_refuse_open_set(struct sl_portal *portal, const struct sl_ast *statement,
                        struct sl_error *err)
{
    if (!statement || statement->kind != SL_AST_STATEMENT_SET ||
        ((const struct sl_ast_statement_set *)statement)->complete)
        return SL_OK;
    sl_abort_statement_set(portal->session);
    portal->session->set_open = portal->session->set_failed = true;
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "EXPLAIN of a statement set in pieces is not supported");
    sl_error_hint(err, "what follows until END is not run; send it in one message: psql -c "
                       "\"EXPLAIN STATEMENT SET BEGIN …; END\"");
    return sl_error_at(err, statement->offset);
}

int
sl_run_explain(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_explain *explain = (const struct sl_ast_explain *)portal->statement->ast;
    struct sl_planned *planned;
    struct sl_buffer text;
    bool json;

    SL_TRY(explain_refuse_open_set(portal, explain->statement, err));
    SL_TRY(explain_check_options(explain, &json, err));
    if (explain->statement->kind == SL_AST_CREATE_TABLE)
        SL_TRY(sl_plan_create_as(portal, explain->statement, &planned, err));
    else
        SL_TRY(sl_portal_plan(portal, explain->statement, true, &planned, err));
    sl_buffer_init(&text, SIZE_MAX / 2);
    explain_hide_secrets(&portal->arena, planned->plan);
    if (json) {
        sl_phys_write_json(planned->plan, &text);
    } else {
        sl_buffer_add_string(&text, "== Logical Plan ==\n");
        sl_buffer_add_string(&text, planned->logical_text);
        sl_buffer_add_string(&text, "\n== Physical Plan ==\n");
        sl_phys_explain(planned->plan, (explain->details & SL_AST_EXPLAIN_CHANGELOG_MODE) != 0,
                        &text);
        sl_phys_explain_state(planned->plan, (explain->details & SL_AST_EXPLAIN_PLAN_ADVICE) != 0,
                              &text);
    }
    explain_add_lines(portal, text.data);
    sl_buffer_done(&text);
    sl_portal_set_tag(portal, "EXPLAIN");
    return SL_OK;
}
