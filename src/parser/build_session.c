/* Settings, modules, transactions, cursors, prepared statements, notifications. */
#include "parser/build.h"

#include "sql.h"

static struct sl_text
build_session_join(SL_PARSE, const struct sl_text *texts, size_t count)
{
    struct sl_text joined = {sl_arena_strndup(parse->arena, "", 0), 0};
    for (size_t i = 0; i < count; i++) {
        const char *text = sl_arena_printf(parse->arena, "%.*s%s%.*s", SL_TEXT_FORMAT(joined),
                                           i == 0 ? "" : ", ", SL_TEXT_FORMAT(texts[i]));
        joined = sl_text_of(text);
    }
    return joined;
}

struct sl_ast *
sl_build_set(SL_PARSE, enum sl_ast_set_scope scope, SL_TOKEN name, struct sl_ast_list *values)
{
    struct sl_ast_set *set = SL_BUILD(parse, set, SET, -1);
    set->scope = scope;
    set->name = sl_build_text(parse, name);
    set->name_offset = name != NULL ? name->offset : -1;
    set->value_offset = -1;
    set->to_default = name != NULL && values == NULL;
    if (values == NULL)
        return &set->ast;
    if (values->count > SL_PARSE_SET_VALUES_MAX && parse->rc >= 0) {
        parse->rc =
            SL_ERROR(parse->err, SL_E_LIMIT_EXCEEDED, "SET takes at most %d values, not %zu",
                     SL_PARSE_SET_VALUES_MAX, values->count);
        sl_error_at(parse->err, set->name_offset);
        return &set->ast;
    }
    set->value_count = values->count;
    set->values = SL_NEW_ARRAY(parse->arena, struct sl_text, values->count);
    for (size_t i = 0; i < values->count; i++)
        set->values[i] = ((const struct sl_build_value *)values->items[i])->text;
    set->value_offset = ((const struct sl_build_value *)values->items[0])->offset;
    set->value = build_session_join(parse, set->values, set->value_count);
    return &set->ast;
}

struct sl_ast *
sl_build_set_named(SL_PARSE, enum sl_ast_set_scope scope, SL_TOKEN at, const char *name,
                   struct sl_build_value *value)
{
    struct sl_token token = *at;
    token.text = sl_text_of(name);
    return sl_build_set(parse, scope, &token, value == NULL ? NULL : sl_build_list(parse, value));
}

struct sl_ast *
sl_build_reset(SL_PARSE, SL_TOKEN name)
{
    struct sl_ast_reset *reset = SL_BUILD(parse, reset, RESET, -1);
    reset->name = sl_build_text(parse, name);
    reset->name_offset = name != NULL ? name->offset : -1;
    return &reset->ast;
}

struct sl_ast *
sl_build_reset_named(SL_PARSE, SL_TOKEN at, const char *name)
{
    struct sl_token token = *at;
    token.text = sl_text_of(name);
    return sl_build_reset(parse, &token);
}

struct sl_ast *
sl_build_use(SL_PARSE, enum sl_ast_use_kind kind, struct sl_ast_name *name,
             struct sl_ast_list *modules)
{
    struct sl_ast_use *use = SL_BUILD(parse, use, USE, -1);
    use->use = kind;
    use->name = sl_build_name_value(name);
    use->modules = sl_build_ids(parse, modules, &use->module_count);
    return &use->ast;
}

struct sl_ast *
sl_build_module(SL_PARSE, bool unload, SL_TOKEN name, struct sl_ast_options options)
{
    struct sl_ast_module *module = SL_BUILD(parse, module, MODULE, -1);
    module->unload = unload;
    module->name = sl_build_identifier_value(parse, name);
    module->options = options;
    return &module->ast;
}

struct sl_ast *
sl_build_jar(SL_PARSE, bool remove, SL_TOKEN path)
{
    struct sl_ast_jar *jar = SL_BUILD(parse, jar, JAR, -1);
    jar->remove = remove;
    jar->path = sl_build_text(parse, path);
    return &jar->ast;
}

struct sl_ast *
sl_build_call_statement(SL_PARSE, struct sl_ast_expr *expr)
{
    struct sl_ast_call_statement *call = SL_BUILD(parse, call_statement, CALL, -1);
    call->call = expr;
    return &call->ast;
}

/* ---- transactions ---- */

struct sl_ast_transaction *
sl_build_mode(SL_PARSE, enum sl_ast_isolation isolation, enum sl_ast_said read_only,
              enum sl_ast_said deferrable)
{
    struct sl_ast_transaction *mode = SL_BUILD(parse, transaction, TRANSACTION, -1);
    mode->isolation = isolation;
    mode->read_only = read_only;
    mode->deferrable = deferrable;
    return mode;
}

/* A later mode of the same kind wins. */
struct sl_ast_transaction *
sl_build_modes(struct sl_ast_transaction *modes, const struct sl_ast_transaction *mode)
{
    if (mode->isolation != SL_AST_ISOLATION_UNSAID)
        modes->isolation = mode->isolation;
    if (mode->read_only != SL_AST_UNSAID)
        modes->read_only = mode->read_only;
    if (mode->deferrable != SL_AST_UNSAID)
        modes->deferrable = mode->deferrable;
    return modes;
}

struct sl_ast *
sl_build_transaction(SL_PARSE, enum sl_ast_transaction_action action,
                     struct sl_ast_transaction *modes, SL_TOKEN name)
{
    struct sl_ast_transaction *transaction =
        modes != NULL ? modes : SL_BUILD(parse, transaction, TRANSACTION, -1);
    transaction->action = action;
    transaction->name = sl_build_identifier_value(parse, name);
    return &transaction->ast;
}

struct sl_ast *
sl_build_transaction_end(SL_PARSE, enum sl_ast_transaction_action action, bool chain)
{
    struct sl_ast_transaction *transaction = SL_BUILD(parse, transaction, TRANSACTION, -1);
    transaction->action = action;
    transaction->chain = chain;
    return &transaction->ast;
}

/* ---- cursors ---- */

struct sl_ast *
sl_build_declare(SL_PARSE, SL_TOKEN name, int options, bool hold, struct sl_ast_query *query)
{
    struct sl_ast_declare *declare = SL_BUILD(parse, declare, DECLARE, -1);
    declare->name = sl_build_identifier_value(parse, name);
    declare->binary = options & SL_BUILD_BINARY;
    declare->insensitive = options & SL_BUILD_INSENSITIVE;
    declare->scroll = options & SL_BUILD_NO_SCROLL ? SL_AST_NO
                      : options & SL_BUILD_SCROLL  ? SL_AST_YES
                                                   : SL_AST_UNSAID;
    declare->hold = hold;
    declare->query = query;
    return &declare->ast;
}

struct sl_ast_fetch *
sl_build_fetch(SL_PARSE, enum sl_ast_fetch_direction direction, int64_t count, SL_TOKEN cursor)
{
    struct sl_ast_fetch *fetch = SL_BUILD(parse, fetch, FETCH, -1);
    fetch->direction = direction;
    fetch->count = count;
    fetch->cursor = sl_build_identifier_value(parse, cursor);
    return fetch;
}

struct sl_ast *
sl_build_fetch_done(SL_PARSE, struct sl_ast_fetch *fetch, bool move, struct sl_ast_options options)
{
    fetch->move = move;
    fetch->options = options;
    return &fetch->ast;
}

struct sl_ast *
sl_build_close(SL_PARSE, SL_TOKEN cursor)
{
    struct sl_ast_close *close = SL_BUILD(parse, close, CLOSE, -1);
    close->all = cursor == NULL;
    close->cursor = sl_build_identifier_value(parse, cursor);
    return &close->ast;
}

/* ---- prepared statements ---- */

struct sl_ast *
sl_build_prepare(SL_PARSE, SL_TOKEN name, struct sl_ast_list *types, struct sl_ast *statement)
{
    struct sl_ast_prepare *prepare = SL_BUILD(parse, prepare, PREPARE, -1);
    prepare->name = sl_build_identifier_value(parse, name);
    prepare->types = sl_build_list_value(types);
    prepare->statement = statement;
    prepare->statement_text = sl_build_slice(parse, statement->offset, parse->last_end);
    return &prepare->ast;
}

struct sl_ast *
sl_build_execute(SL_PARSE, SL_TOKEN name, struct sl_ast_list *args)
{
    struct sl_ast_execute *execute = SL_BUILD(parse, execute, EXECUTE, -1);
    execute->name = sl_build_identifier_value(parse, name);
    execute->args = sl_build_list_value(args);
    return &execute->ast;
}

struct sl_ast *
sl_build_deallocate(SL_PARSE, SL_TOKEN name)
{
    struct sl_ast_deallocate *deallocate = SL_BUILD(parse, deallocate, DEALLOCATE, -1);
    deallocate->all = name == NULL;
    deallocate->name = sl_build_identifier_value(parse, name);
    return &deallocate->ast;
}

struct sl_ast *
sl_build_discard(SL_PARSE, enum sl_ast_discard_kind kind)
{
    struct sl_ast_discard *discard = SL_BUILD(parse, discard, DISCARD, -1);
    discard->discard = kind;
    return &discard->ast;
}

struct sl_ast *
sl_build_discard_word(SL_PARSE, SL_TOKEN word)
{
    if (sl_text_equal_nocase(word->text, SL_TEXT("PLANS")))
        return sl_build_discard(parse, SL_AST_DISCARD_PLANS);
    if (!sl_text_equal_nocase(word->text, SL_TEXT("SEQUENCES")))
        sl_parse_syntax_error(parse, word);
    return sl_build_discard(parse, SL_AST_DISCARD_SEQUENCES);
}

struct sl_ast *
sl_build_listen(SL_PARSE, enum sl_ast_listen_kind kind, SL_TOKEN channel, SL_TOKEN payload)
{
    struct sl_ast_listen *listen = SL_BUILD(parse, listen, LISTEN, -1);
    listen->listen = kind;
    listen->all = channel == NULL;
    listen->channel = sl_build_identifier_value(parse, channel);
    listen->payload = sl_build_text(parse, payload);
    return &listen->ast;
}
