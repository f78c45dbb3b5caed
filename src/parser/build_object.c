/* CREATE of what is no table, DROP, GRANT. */
#include "parser/build.h"

#include "sql.h"

enum {
    BUILD_OBJECT_OR_REPLACE = 1,
    BUILD_OBJECT_OR_ALTER = 2,
    BUILD_OBJECT_TEMPORARY = 4,
    BUILD_OBJECT_SYSTEM = 8
};

/* The words between CREATE and the kind of object are one rule of the grammar; which of them belong
 * to the kind is checked here. */
static void
build_object_check(SL_PARSE, const struct sl_build_create *create, const char *what, int allowed)
{
    const char *word = NULL;
    if (create->or_what == SL_BUILD_OR_REPLACE && !(allowed & BUILD_OBJECT_OR_REPLACE))
        word = "OR REPLACE";
    else if (create->or_what == SL_BUILD_OR_ALTER && !(allowed & BUILD_OBJECT_OR_ALTER))
        word = "OR ALTER";
    else if (create->temporary && !(allowed & BUILD_OBJECT_TEMPORARY))
        word = "TEMPORARY";
    else if (create->system && !(allowed & BUILD_OBJECT_SYSTEM))
        word = "SYSTEM";
    if (word != NULL && parse->rc >= 0) {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX, "CREATE %s takes no %s", what, word);
        sl_error_at(parse->err, create->first->offset);
    }
}

struct sl_ast *
sl_build_create_catalog(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                        struct sl_ast_name *name, SL_TOKEN comment, struct sl_ast_options options)
{
    struct sl_ast_create_catalog *node = SL_BUILD(parse, create_catalog, CREATE_CATALOG, -1);
    build_object_check(parse, create, "CATALOG", 0);
    node->name = *name;
    node->if_not_exists = if_not_exists;
    node->comment = sl_build_text(parse, comment);
    node->options = options;
    return &node->ast;
}

struct sl_ast *
sl_build_create_database(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                         struct sl_ast_name *name, SL_TOKEN comment, struct sl_ast_options options)
{
    struct sl_ast_create_database *node = SL_BUILD(parse, create_database, CREATE_DATABASE, -1);
    build_object_check(parse, create, "DATABASE", 0);
    node->name = *name;
    node->if_not_exists = if_not_exists;
    node->comment = sl_build_text(parse, comment);
    node->options = options;
    return &node->ast;
}

struct sl_ast *
sl_build_create_connection(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                           struct sl_ast_name *name, SL_TOKEN comment,
                           struct sl_ast_options options)
{
    struct sl_ast_create_connection *node =
        SL_BUILD(parse, create_connection, CREATE_CONNECTION, -1);
    build_object_check(parse, create, "CONNECTION", BUILD_OBJECT_TEMPORARY);
    node->name = *name;
    node->temporary = create->temporary;
    node->if_not_exists = if_not_exists;
    node->comment = sl_build_text(parse, comment);
    node->options = options;
    return &node->ast;
}

struct sl_ast *
sl_build_create_view(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                     struct sl_ast_name *name, struct sl_ast_list *columns, SL_TOKEN comment,
                     struct sl_ast_query *query)
{
    struct sl_ast_create_view *node = SL_BUILD(parse, create_view, CREATE_VIEW, -1);
    build_object_check(parse, create, "VIEW", BUILD_OBJECT_OR_REPLACE | BUILD_OBJECT_TEMPORARY);
    node->name = *name;
    node->replace = create->or_what == SL_BUILD_OR_REPLACE;
    node->temporary = create->temporary;
    node->if_not_exists = if_not_exists;
    node->columns = sl_build_ids(parse, columns, &node->column_count);
    node->comment = sl_build_text(parse, comment);
    node->query = query;
    return &node->ast;
}

struct sl_ast_create_function *
sl_build_create_function(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                         struct sl_ast_name *name, SL_TOKEN class_name)
{
    struct sl_ast_create_function *node = SL_BUILD(parse, create_function, CREATE_FUNCTION, -1);
    build_object_check(parse, create, "FUNCTION",
                       BUILD_OBJECT_OR_REPLACE | BUILD_OBJECT_TEMPORARY | BUILD_OBJECT_SYSTEM);
    node->name = *name;
    node->temporary = create->temporary;
    node->system = create->system;
    node->if_not_exists = if_not_exists;
    node->replace = create->or_what == SL_BUILD_OR_REPLACE;
    node->class_name = sl_build_text(parse, class_name);
    node->body_offset = class_name->offset;
    return node;
}

struct sl_ast_parameter *
sl_build_function_parameter(SL_PARSE, SL_TOKEN name, struct sl_ast_type *type)
{
    struct sl_ast_parameter *parameter = SL_NEW(parse->arena, struct sl_ast_parameter);
    parameter->name = sl_build_identifier_value(parse, name);
    parameter->type = type;
    return parameter;
}

struct sl_ast_create_function *
sl_build_sql_function(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                      struct sl_ast_name *name, struct sl_ast_list *parameters,
                      struct sl_ast_type *returns)
{
    struct sl_ast_create_function *node = SL_BUILD(parse, create_function, CREATE_FUNCTION, -1);
    build_object_check(parse, create, "FUNCTION",
                       BUILD_OBJECT_OR_REPLACE | BUILD_OBJECT_TEMPORARY | BUILD_OBJECT_SYSTEM);
    node->name = *name;
    node->temporary = create->temporary;
    node->system = create->system;
    node->if_not_exists = if_not_exists;
    node->replace = create->or_what == SL_BUILD_OR_REPLACE;
    node->returns = returns;
    node->parameters = sl_build_list_value(parameters);
    return node;
}

static struct sl_ast_create_function *
build_function_fail(SL_PARSE, struct sl_ast_create_function *function, int offset, const char *what)
{
    if (parse->rc >= 0) {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX, "%s", what);
        sl_error_at(parse->err, offset);
    }
    return function;
}

struct sl_ast_create_function *
sl_build_function_body(SL_PARSE, struct sl_ast_create_function *function, SL_TOKEN body)
{
    if (function->class_name.start || function->body)
        return build_function_fail(parse, function, body->offset, "a function has one body");
    function->class_name = sl_build_text(parse, body);
    function->body_offset = body->offset;
    return function;
}

struct sl_ast_create_function *
sl_build_function_return(SL_PARSE, struct sl_ast_create_function *function,
                         struct sl_ast_expr *body)
{
    if (function->class_name.start || function->body)
        return build_function_fail(parse, function, body->ast.offset, "a function has one body");
    function->body = body;
    return function;
}

/* What an SQL function without state is in any case. */
struct sl_ast_create_function *
sl_build_function_word(SL_PARSE, struct sl_ast_create_function *function, SL_TOKEN word)
{
    if (!sl_text_equal_nocase(word->text, SL_TEXT("IMMUTABLE")) &&
        !sl_text_equal_nocase(word->text, SL_TEXT("STABLE")) &&
        !sl_text_equal_nocase(word->text, SL_TEXT("VOLATILE")))
        return build_function_fail(
            parse, function, word->offset,
            "LANGUAGE, AS, RETURN, IMMUTABLE, STABLE or VOLATILE is expected here");
    return function;
}

struct sl_ast_create_function *
sl_build_function_language(SL_PARSE, struct sl_ast_create_function *function, SL_TOKEN language)
{
    function->language = sl_build_text(parse, language);
    return function;
}

struct sl_ast_create_model *
sl_build_create_model(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                      struct sl_ast_name *name)
{
    struct sl_ast_create_model *node = SL_BUILD(parse, create_model, CREATE_MODEL, -1);
    build_object_check(parse, create, "MODEL", BUILD_OBJECT_OR_REPLACE | BUILD_OBJECT_TEMPORARY);
    node->name = *name;
    node->temporary = create->temporary;
    node->replace = create->or_what == SL_BUILD_OR_REPLACE;
    node->if_not_exists = if_not_exists;
    return node;
}

struct sl_ast *
sl_build_create_model_as(SL_PARSE, struct sl_ast_create_model *model, struct sl_ast_query *query)
{
    model->as_query = query;
    return &model->ast;
}

/* ---- materialized views and tables ---- */

struct sl_ast_create_materialized *
sl_build_materialized(SL_PARSE, const struct sl_build_create *create, enum sl_ast_object object,
                      bool if_not_exists, struct sl_ast_name *name,
                      struct sl_ast_table_schema *schema)
{
    struct sl_ast_create_materialized *node =
        SL_BUILD(parse, create_materialized, CREATE_MATERIALIZED, create->first->offset);
    bool table = object == SL_AST_OBJECT_MATERIALIZED_TABLE;
    build_object_check(parse, create, table ? "MATERIALIZED TABLE" : "MATERIALIZED VIEW",
                       table ? BUILD_OBJECT_OR_ALTER : BUILD_OBJECT_OR_REPLACE);
    node->object = object;
    node->name = *name;
    node->replace = create->or_what == SL_BUILD_OR_REPLACE;
    node->or_alter = create->or_what == SL_BUILD_OR_ALTER;
    node->if_not_exists = if_not_exists;
    if (schema != NULL)
        node->schema = *schema;
    return node;
}

struct sl_ast_create_materialized *
sl_build_materialized_as(SL_PARSE, struct sl_ast_create_materialized *materialized,
                         struct sl_ast_query *query)
{
    materialized->query = query;
    materialized->ast.end = parse->last_end;
    return materialized;
}

struct sl_ast_create_materialized *
sl_build_start_mode(SL_PARSE, struct sl_ast_create_materialized *materialized, SL_TOKEN word,
                    struct sl_ast_expr *argument)
{
    static const struct {
        const char *word;
        enum sl_ast_start_mode mode;
        bool may, must; /* have an argument */
    } modes[] = {
        {"FROM_BEGINNING", SL_AST_START_FROM_BEGINNING, false, false},
        {"FROM_NOW", SL_AST_START_FROM_NOW, true, false},
        {"FROM_TIMESTAMP", SL_AST_START_FROM_TIMESTAMP, true, true},
        {"RESUME_OR_FROM_BEGINNING", SL_AST_START_RESUME_OR_FROM_BEGINNING, false, false},
        {"RESUME_OR_FROM_NOW", SL_AST_START_RESUME_OR_FROM_NOW, true, false},
        {"RESUME_OR_FROM_TIMESTAMP", SL_AST_START_RESUME_OR_FROM_TIMESTAMP, true, true},
    };
    for (size_t i = 0; i < SL_COUNT_OF(modes); i++) {
        if (!sl_text_equal_nocase(word->text, sl_text_of(modes[i].word)))
            continue;
        if ((argument != NULL && !modes[i].may) || (argument == NULL && modes[i].must))
            break;
        materialized->start_mode = modes[i].mode;
        materialized->start_argument = argument;
        return materialized;
    }
    sl_parse_syntax_error(parse, word);
    return materialized;
}

/* ---- secrets, roles, grants ---- */

struct sl_ast *
sl_build_create_secret(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                       struct sl_ast_name *name, struct sl_ast_options options, SL_TOKEN value)
{
    struct sl_ast_create_secret *node = SL_BUILD(parse, create_secret, CREATE_SECRET, -1);
    build_object_check(parse, create, "SECRET", BUILD_OBJECT_OR_REPLACE);
    node->name = *name;
    node->if_not_exists = if_not_exists;
    node->replace = create->or_what == SL_BUILD_OR_REPLACE;
    node->options = options;
    node->value = sl_build_text(parse, value);
    return &node->ast;
}

struct sl_ast *
sl_build_create_role(SL_PARSE, const struct sl_build_create *create, bool user, bool if_not_exists,
                     struct sl_ast_name *name, struct sl_ast_list *options)
{
    struct sl_ast_create_role *node = SL_BUILD(parse, create_role, CREATE_ROLE, -1);
    if (create == NULL)
        node->ast.kind = SL_AST_ALTER_ROLE;
    else
        build_object_check(parse, create, user ? "USER" : "ROLE", 0);
    node->name = *name;
    node->user = user;
    node->if_not_exists = if_not_exists;
    node->options = sl_build_options(parse, options);
    return &node->ast;
}

struct sl_ast *
sl_build_drop(SL_PARSE, enum sl_ast_object object, bool if_exists, struct sl_ast_list *names,
              bool cascade, bool temporary, bool system)
{
    struct sl_ast_drop *node = SL_BUILD(parse, drop, DROP, -1);
    node->object = object;
    node->if_exists = if_exists;
    node->names = *names;
    node->cascade = cascade;
    node->temporary = temporary;
    node->system = system;
    return &node->ast;
}

struct sl_ast_grant *
sl_build_grant_object(SL_PARSE, enum sl_ast_object object, struct sl_ast_list *names,
                      bool all_in_schema)
{
    struct sl_ast_grant *grant = SL_BUILD(parse, grant, GRANT, -1);
    grant->object = object;
    grant->on = *names;
    grant->all_in_schema = all_in_schema;
    return grant;
}

struct sl_ast *
sl_build_grant(SL_PARSE, bool revoke, struct sl_ast_list *privileges, struct sl_ast_grant *grant,
               struct sl_ast_list *grantees, bool grant_option)
{
    if (grant == NULL)
        grant = SL_BUILD(parse, grant, GRANT, -1);
    grant->revoke = revoke;
    grant->all_privileges = privileges == NULL;
    grant->privileges = sl_build_list_value(privileges);
    grant->grantees = *grantees;
    grant->grant_option = grant_option;
    return &grant->ast;
}
