/* INSERT, UPDATE, DELETE, COPY and statement sets. */
#include "parser/build.h"

#include "sql.h"

struct sl_ast_insert *
sl_build_insert(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name, struct sl_ast_list *hints,
                bool overwrite)
{
    struct sl_ast_insert *insert = SL_BUILD(parse, insert, INSERT, first->offset);
    insert->name = *name;
    insert->hints = sl_build_list_value(hints);
    insert->overwrite = overwrite;
    return insert;
}

struct sl_ast_insert *
sl_build_insert_query(SL_PARSE, struct sl_ast_insert *insert, struct sl_ast_list *partition,
                      struct sl_ast_list *columns, struct sl_ast_query *query,
                      enum sl_ast_on_conflict on_conflict)
{
    insert->partition = sl_build_array(parse, partition, sizeof(struct sl_ast_assignment),
                                       &insert->partition_count);
    insert->columns = sl_build_list_value(columns);
    insert->query = query;
    insert->on_conflict = on_conflict;
    insert->ast.end = parse->last_end;
    insert->text = sl_build_slice(parse, insert->ast.offset, parse->last_end);
    return insert;
}

struct sl_ast *
sl_build_insert_execute(struct sl_ast_insert *insert)
{
    insert->execute = true;
    return &insert->ast;
}

struct sl_ast_assignment *
sl_build_assignment(SL_PARSE, struct sl_ast_name *name, struct sl_ast_expr *value)
{
    struct sl_ast_assignment *assignment = SL_NEW(parse->arena, struct sl_ast_assignment);
    assignment->name = *name;
    assignment->value = value;
    return assignment;
}

/* UPDATE t AS a and DELETE FROM t AS a take no list of columns. */
static struct sl_ast_identifier
build_data_alias(SL_PARSE, const struct sl_build_alias *alias)
{
    if (alias == NULL)
        return (struct sl_ast_identifier){0};
    if (alias->columns != NULL && parse->rc >= 0) {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX, "the alias \"%.*s\" takes no columns here",
                             SL_TEXT_FORMAT(alias->name->text));
        sl_error_at(parse->err, alias->name->offset);
    }
    return sl_build_identifier_value(parse, alias->name);
}

struct sl_ast_update *
sl_build_update(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name, struct sl_ast_list *hints,
                struct sl_build_alias *alias, struct sl_ast_list *assignments,
                struct sl_ast_expr *where)
{
    struct sl_ast_update *update = SL_BUILD(parse, update, UPDATE, first->offset);
    update->name = *name;
    update->hints = sl_build_list_value(hints);
    update->alias = build_data_alias(parse, alias);
    update->assignments = sl_build_array(parse, assignments, sizeof(struct sl_ast_assignment),
                                         &update->assignment_count);
    update->where = where;
    return update;
}

struct sl_ast_delete *
sl_build_delete(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name, struct sl_ast_list *hints,
                struct sl_build_alias *alias, struct sl_ast_expr *where)
{
    struct sl_ast_delete *delete = SL_BUILD(parse, delete, DELETE, first->offset);
    delete->name = *name;
    delete->hints = sl_build_list_value(hints);
    delete->alias = build_data_alias(parse, alias);
    delete->where = where;
    return delete;
}

struct sl_ast *
sl_build_truncate(SL_PARSE, struct sl_ast_list *names)
{
    struct sl_ast_truncate *truncate = SL_BUILD(parse, truncate, TRUNCATE, -1);
    truncate->names = *names;
    return &truncate->ast;
}

struct sl_ast *
sl_build_statement_set(SL_PARSE, SL_TOKEN first, struct sl_ast *member)
{
    struct sl_ast_statement_set *set = SL_BUILD(parse, statement_set, STATEMENT_SET, first->offset);
    if (member != NULL)
        set->statements = *sl_build_list(parse, member);
    parse->open_set = set;
    return &set->ast;
}

/* ---- COPY ---- */

struct sl_ast_copy *
sl_build_copy(SL_PARSE, struct sl_ast_name *name, struct sl_ast_list *columns,
              struct sl_ast_query *query)
{
    struct sl_ast_copy *copy = SL_BUILD(parse, copy, COPY, -1);
    copy->name = sl_build_name_value(name);
    copy->columns = sl_build_ids(parse, columns, &copy->column_count);
    copy->query = query;
    return copy;
}

struct sl_ast *
sl_build_copy_done(SL_PARSE, struct sl_ast_copy *copy, bool from, SL_TOKEN target,
                   struct sl_ast_list *options, struct sl_ast_expr *where)
{
    struct sl_text word = from ? SL_TEXT("STDIN") : SL_TEXT("STDOUT");
    copy->from = from;
    copy->options = sl_build_options(parse, options);
    copy->where = where;
    if (target->kind == SL_TOKEN_STRING)
        copy->file = sl_build_text(parse, target);
    else if (!sl_text_equal_nocase(target->text, word))
        sl_parse_syntax_error(parse, target);
    if (from && copy->query != NULL && parse->rc >= 0) {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX, "COPY query FROM is not possible");
        sl_error_hint(parse->err, "use COPY (query) TO STDOUT, or COPY table FROM STDIN");
        sl_error_at(parse->err, copy->query->ast.offset);
    }
    return &copy->ast;
}

static struct sl_text
build_data_lower(SL_PARSE, struct sl_text text)
{
    char *lower = sl_arena_strndup(parse->arena, text.start, text.length);
    for (size_t i = 0; i < text.length; i++) {
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] + 0x20);
    }
    return (struct sl_text){lower, text.length};
}

struct sl_ast_option *
sl_build_copy_option(SL_PARSE, SL_TOKEN word, struct sl_build_value *value)
{
    struct sl_ast_option *option = sl_build_word_option(parse, word, NULL);
    option->key = build_data_lower(parse, word->text);
    return value == NULL ? option : sl_build_option(option, value);
}

/* The syntax before PostgreSQL 9: CSV HEADER DELIMITER AS ',' NULL ''. */
struct sl_ast_option *
sl_build_copy_word(SL_PARSE, SL_TOKEN word, SL_TOKEN value)
{
    static const char *const formats[] = {"text", "csv", "binary"};
    static const char *const flags[] = {"header", "freeze"};
    static const char *const settings[] = {"delimiter", "null", "quote", "escape", "encoding"};
    struct sl_ast_option *option = sl_build_word_option(parse, word, value);
    option->key = build_data_lower(parse, word->text);
    for (size_t i = 0; value != NULL && i < SL_COUNT_OF(settings); i++) {
        if (sl_text_equal(option->key, sl_text_of(settings[i])))
            return option;
    }
    if (value != NULL && sl_text_equal(option->key, SL_TEXT("delimiters"))) {
        option->key = SL_TEXT("delimiter");
        return option;
    }
    for (size_t i = 0; value == NULL && i < SL_COUNT_OF(flags); i++) {
        if (sl_text_equal(option->key, sl_text_of(flags[i])))
            return option;
    }
    for (size_t i = 0; value == NULL && i < SL_COUNT_OF(formats); i++) {
        if (sl_text_equal(option->key, sl_text_of(formats[i]))) {
            option->value = option->key;
            option->value_offset = option->key_offset;
            option->key = SL_TEXT("format");
            return option;
        }
    }
    sl_parse_syntax_error(parse, word);
    return option;
}
