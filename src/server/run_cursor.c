/* DECLARE, FETCH, MOVE, CLOSE; PREPARE, EXECUTE, DEALLOCATE.  A cursor is a portal; what PREPARE
 * makes is what Parse makes. */
#include "server/session.h"

#include <stdio.h>

/* No rows come of it, but its parameters are the query's and errors have their place in this text.
 */
int
sl_describe_declare(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_declare *declare = (const struct sl_ast_declare *)portal->statement->ast;
    struct sl_planned *planned;

    return sl_portal_plan(portal, &declare->query->ast, false, &planned, err);
}

int
sl_run_declare(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_declare *declare = (const struct sl_ast_declare *)portal->statement->ast;
    struct sl_session *session = portal->session;
    struct sl_ast_statement *statement;
    struct sl_prepared *prepared;
    struct sl_portal *cursor;

    if (declare->scroll == SL_AST_YES) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "a SCROLL cursor is not supported");
        return sl_error_at(err, declare->ast.offset);
    }
    /* The cursor outlives this statement's AST: it has one of its own. */
    SL_TRY(sl_prepared_new(session, declare->query->text, &(struct sl_param_types){0}, &prepared,
                           err));
    statement = (struct sl_ast_statement *)prepared->statement;
    cursor = sl_portal_new(session, statement);
    cursor->prepared = prepared;
    cursor->is_cursor = true;
    cursor->is_held = declare->hold;
    cursor->is_of_block = session->transaction != 'I';
    cursor->params = portal->params
                         ? SL_NEW_ARRAY(&cursor->arena, struct sl_value, portal->param_count + 1)
                         : NULL;
    cursor->param_types =
        SL_NEW_ARRAY(&cursor->arena, const struct sl_type *, portal->param_count + 1);
    cursor->param_count = portal->param_count;
    for (size_t i = 0; i < portal->param_count; i++) {
        cursor->param_types[i] = sl_type_copy(&cursor->arena, portal->param_types[i]);
        if (cursor->params)
            cursor->params[i] = sl_value_copy(&cursor->arena, &portal->params[i]);
    }
    if (declare->binary) {
        int16_t *format = SL_NEW(&cursor->arena, int16_t);

        *format = 1;
        cursor->formats = format;
        cursor->format_count = 1;
    }
    if (sl_portal_describe(cursor, err) < 0) {
        sl_portal_free(cursor);
        return err->code;
    }
    sl_portal_set_tag(portal, "DECLARE CURSOR");
    return sl_portal_put(session, declare->name.text, cursor, err);
}

static int
cursor_find(struct sl_session *session, const struct sl_ast_identifier *name,
            struct sl_portal **ret_cursor, struct sl_error *err)
{
    *ret_cursor = sl_portal_find(session, name->text);
    if (!*ret_cursor)
        return SL_ERROR(err, SL_E_UNDEFINED_CURSOR, "cursor \"%.*s\" does not exist",
                        SL_TEXT_FORMAT(name->text));
    return SL_OK;
}

/* FETCH has the columns of its cursor. */
int
sl_describe_fetch(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_fetch *fetch = (const struct sl_ast_fetch *)portal->statement->ast;
    struct sl_portal *cursor;

    SL_TRY(cursor_find(portal->session, &fetch->cursor, &cursor, err));
    SL_TRY(sl_portal_describe(cursor, err));
    if (fetch->move)
        return SL_OK;
    portal->columns = SL_NEW_ARRAY(&portal->arena, struct sl_net_column, cursor->column_count + 1);
    portal->column_count = cursor->column_count;
    memcpy(portal->columns, cursor->columns, cursor->column_count * sizeof(*cursor->columns));
    if (portal->format_count > 0)
        for (size_t i = 0; i < portal->column_count; i++)
            portal->columns[i].format = portal->formats[portal->format_count == 1 ? 0 : i];
    return SL_OK;
}

static int
cursor_read_timeout(const struct sl_ast_fetch *fetch, struct sl_portal *portal,
                    struct sl_error *err)
{
    for (size_t i = 0; i < fetch->options.count; i++) {
        const struct sl_ast_option *option = &fetch->options.items[i];
        char text[64];

        if (!sl_text_equal_nocase(option->key, SL_TEXT("timeout"))) {
            SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "FETCH has no option \"%.*s\"",
                     SL_TEXT_FORMAT(option->key));
            sl_error_hint(err, "FETCH n FROM c WITH (timeout = '1s')");
            return sl_error_at(err, option->key_offset);
        }
        snprintf(text, sizeof(text), "%.*s", SL_TEXT_FORMAT(option->value));
        if (!sl_parse_duration_us(text, &portal->fetch_timeout_us)) {
            SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "timeout does not take the value \"%s\"",
                     text);
            return sl_error_at(err, option->value_offset);
        }
    }
    return SL_OK;
}

/* MOVE passes over rows without sending them. */
static int
cursor_move(struct sl_portal *portal, struct sl_portal *cursor, uint64_t count,
            struct sl_error *err)
{
    uint64_t moved = 0;

    while (moved < count && !cursor->is_done) {
        size_t rows;
        int rc = sl_portal_next(cursor, portal->fetch_timeout_us, err);

        if (rc < 0)
            return rc;
        cursor->is_done |= rc == SL_EOF;
        if (rc != SL_OK)
            break;
        rows = SL_MIN(sl_batch_live_count(cursor->batch) - cursor->batch_at, count - moved);
        cursor->batch_at += rows;
        cursor->sent_count += rows;
        moved += rows;
    }
    sl_portal_set_tag(portal, "MOVE %llu", (unsigned long long)moved);
    return SL_OK;
}

int
sl_run_fetch(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_fetch *fetch = (const struct sl_ast_fetch *)portal->statement->ast;
    struct sl_portal *cursor;
    uint64_t count = fetch->count == INT64_MAX ? UINT64_MAX : (uint64_t)fetch->count;

    SL_TRY(cursor_find(portal->session, &fetch->cursor, &cursor, err));
    if (fetch->direction != SL_AST_FETCH_FORWARD || fetch->count < 0) {
        SL_ERROR(err, SL_E_OBJECT_STATE, "cursor can only scan forward");
        return sl_error_hint(err, "FETCH NEXT, FETCH n and FETCH ALL work");
    }
    SL_TRY(cursor_read_timeout(fetch, portal, err));
    if (!cursor->is_started) {
        cursor->is_started = true;
        SL_TRY(sl_statement_class_of(cursor->statement->ast->kind)->run(cursor, err));
    }
    if (fetch->move)
        return cursor_move(portal, cursor, count, err);
    portal->fetched = cursor;
    portal->fetch_max = count;
    return SL_OK;
}

int
sl_run_close(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_close *close = (const struct sl_ast_close *)portal->statement->ast;
    struct sl_session *session = portal->session;
    struct sl_portal *cursor;

    if (!close->all) {
        SL_TRY(cursor_find(session, &close->cursor, &cursor, err));
        sl_portal_drop(session, close->cursor.text);
        sl_portal_set_tag(portal, "CLOSE CURSOR");
        return SL_OK;
    }
    for (size_t i = session->portals.count; i-- > 0;)
        if (((struct sl_portal *)session->portals.entries[i].value)->is_cursor)
            sl_portal_drop(session, session->portals.entries[i].key);
    sl_portal_set_tag(portal, "CLOSE CURSOR ALL");
    return SL_OK;
}

/* --- PREPARE --- */

/* An error's place in the text of the inner statement, made one of the whole. */
static int
prepare_move_error(struct sl_error *err, int offset)
{
    if (err->offset >= 0)
        err->offset += offset;
    return err->code;
}

int
sl_run_prepare(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_prepare *prepare = (const struct sl_ast_prepare *)portal->statement->ast;
    struct sl_plan_context context;
    struct sl_param_types types = {.count = prepare->types.count};
    const struct sl_type **items =
        SL_NEW_ARRAY(&portal->arena, const struct sl_type *, types.count + 1);
    struct sl_prepared *prepared;

    sl_portal_plan_context(portal, &context);
    for (size_t i = 0; i < types.count; i++)
        SL_TRY(sl_plan_type(&context, prepare->types.items[i], &items[i], err));
    types.types = items;
    if (sl_prepared_new(portal->session, prepare->statement_text, &types, &prepared, err) < 0)
        return prepare_move_error(err, prepare->statement->offset);
    sl_portal_set_tag(portal, "PREPARE");
    return sl_prepared_put(
        portal->session,
        sl_arena_strndup(&portal->arena, prepare->name.text.start, prepare->name.text.length),
        prepared, err);
}

/* EXECUTE name(args): the portal becomes the prepared statement's, bound to these values. */
int
sl_describe_execute(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_execute *execute = (const struct sl_ast_execute *)portal->statement->ast;
    struct sl_plan_context context;
    struct sl_prepared *prepared;
    struct sl_value *params;

    SL_TRY(sl_prepared_find(portal->session, execute->name.text, &prepared, err));
    if (!prepared->statement)
        return SL_ERROR(err, SL_E_SYNTAX, "the prepared statement is empty");
    if (execute->args.count != prepared->param_count)
        return SL_ERROR(err, SL_E_SYNTAX,
                        "wrong number of parameters for prepared statement \"%.*s\": expected "
                        "%zu, got %zu",
                        SL_TEXT_FORMAT(execute->name.text), prepared->param_count,
                        execute->args.count);
    sl_portal_plan_context(portal, &context);
    params = SL_NEW_ARRAY(&portal->arena, struct sl_value, execute->args.count + 1);
    for (size_t i = 0; i < execute->args.count; i++) {
        SL_TRY(sl_plan_constant(&context, execute->args.items[i],
                                sl_arena_printf(&portal->arena, "parameter $%zu", i + 1),
                                prepared->param_types[i], &params[i], err));
    }
    prepared->references++;
    if (portal->prepared)
        sl_prepared_unref(portal->prepared);
    portal->prepared = prepared;
    portal->statement = prepared->statement;
    portal->sql = prepared->statement->text;
    portal->params = params;
    portal->param_types = prepared->param_types;
    portal->param_count = prepared->param_count;
    sl_net_set_sql(portal->session->connection, prepared->sql);
    return sl_portal_describe(portal, err);
}

/* Never reached: describing has made the portal another statement's. */
int
sl_run_execute(struct sl_portal *portal, struct sl_error *err)
{
    SL_UNREACHABLE();
}

int
sl_run_deallocate(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_deallocate *deallocate =
        (const struct sl_ast_deallocate *)portal->statement->ast;
    struct sl_prepared *prepared;

    if (deallocate->all) {
        sl_prepared_drop_all(portal->session);
        sl_portal_set_tag(portal, "DEALLOCATE ALL");
        return SL_OK;
    }
    SL_TRY(sl_prepared_find(portal->session, deallocate->name.text, &prepared, err));
    sl_prepared_drop(portal->session, deallocate->name.text);
    sl_portal_set_tag(portal, "DEALLOCATE");
    return SL_OK;
}
