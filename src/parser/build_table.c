/* CREATE TABLE, and ALTER of whatever. */
#include "parser/build.h"

#include "sql.h"

static struct sl_ast_create_table *
build_table_new(SL_PARSE, int offset, struct sl_ast_name *name, struct sl_ast_table_schema *schema)
{
    struct sl_ast_create_table *table = SL_BUILD(parse, create_table, CREATE_TABLE, offset);
    table->name = *name;
    if (schema != NULL)
        table->schema = *schema;
    return table;
}

static void
build_table_refuse(SL_PARSE, int offset, const char *what)
{
    if (parse->rc >= 0) {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX, "%s", what);
        sl_error_at(parse->err, offset);
    }
}

struct sl_ast_create_table *
sl_build_create_table(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                      struct sl_ast_name *name, struct sl_ast_table_schema *schema)
{
    struct sl_ast_create_table *table = build_table_new(parse, create->first->offset, name, schema);
    table->create = true;
    table->replace = create->or_what == SL_BUILD_OR_REPLACE;
    table->temporary = create->temporary;
    table->if_not_exists = if_not_exists;
    if (create->or_what == SL_BUILD_OR_ALTER || create->system)
        build_table_refuse(parse, table->ast.offset,
                           "CREATE TABLE takes no OR ALTER and no SYSTEM");
    return table;
}

struct sl_ast_create_table *
sl_build_replace_table(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name,
                       struct sl_ast_table_schema *schema)
{
    struct sl_ast_create_table *table = build_table_new(parse, first->offset, name, schema);
    table->replace = true;
    return table;
}

struct sl_ast *
sl_build_create_table_done(SL_PARSE, struct sl_ast_create_table *table)
{
    table->ast.end = parse->last_end;
    return &table->ast;
}

struct sl_ast *
sl_build_create_table_like(SL_PARSE, struct sl_ast_create_table *table, struct sl_ast_name *like,
                           struct sl_ast_list *options)
{
    table->like = *like;
    table->like_options = sl_build_array(parse, options, sizeof(struct sl_ast_like_option),
                                         &table->like_option_count);
    return sl_build_create_table_done(parse, table);
}

struct sl_ast_create_table *
sl_build_create_table_as(SL_PARSE, struct sl_ast_create_table *table, struct sl_ast_query *query)
{
    table->as_query = query;
    table->ast.end = parse->last_end;
    return table;
}

struct sl_ast_like_option *
sl_build_like_option(SL_PARSE, SL_TOKEN merge, SL_TOKEN feature)
{
    static const struct {
        int token;
        enum sl_ast_like_feature feature;
    } features[] = {
        {SL_TOKEN_ALL, SL_AST_LIKE_ALL},
        {SL_TOKEN_CONSTRAINTS, SL_AST_LIKE_CONSTRAINTS},
        {SL_TOKEN_DISTRIBUTION, SL_AST_LIKE_DISTRIBUTION},
        {SL_TOKEN_GENERATED, SL_AST_LIKE_GENERATED},
        {SL_TOKEN_METADATA, SL_AST_LIKE_METADATA},
        {SL_TOKEN_OPTIONS, SL_AST_LIKE_OPTIONS},
        {SL_TOKEN_PARTITIONS, SL_AST_LIKE_PARTITIONS},
        {SL_TOKEN_WATERMARKS, SL_AST_LIKE_WATERMARKS},
    };
    struct sl_ast_like_option *option = SL_NEW(parse->arena, struct sl_ast_like_option);
    option->offset = merge->offset;
    option->merge = merge->kind == SL_TOKEN_INCLUDING   ? SL_AST_INCLUDING
                    : merge->kind == SL_TOKEN_EXCLUDING ? SL_AST_EXCLUDING
                                                        : SL_AST_OVERWRITING;
    for (size_t i = 0; i < SL_COUNT_OF(features); i++) {
        if (features[i].token == feature->kind)
            option->feature = features[i].feature;
    }
    bool overwritable =
        option->feature == SL_AST_LIKE_GENERATED || option->feature == SL_AST_LIKE_METADATA ||
        option->feature == SL_AST_LIKE_OPTIONS || option->feature == SL_AST_LIKE_WATERMARKS;
    if (option->merge == SL_AST_OVERWRITING && !overwritable)
        sl_parse_syntax_error(parse, feature);
    return option;
}

struct sl_ast_distribution
sl_build_distribution(SL_PARSE, SL_TOKEN first, enum sl_ast_distribution_kind kind,
                      struct sl_ast_list *columns, int64_t buckets)
{
    struct sl_ast_distribution distribution = {.kind = kind, .bucket_count = (int)buckets};
    distribution.columns = sl_build_ids(parse, columns, &distribution.column_count);
    distribution.offset = first->offset;
    distribution.end = parse->last_end;
    return distribution;
}

/* ---- columns, watermarks, constraints ---- */

struct sl_ast_table_schema *
sl_build_schema(SL_PARSE, struct sl_ast_table_schema *schema, struct sl_ast_alter_action *element)
{
    struct sl_ast_list *list;
    void *item;
    if (schema == NULL)
        schema = SL_NEW(parse->arena, struct sl_ast_table_schema);
    if (element->column != NULL) {
        list = &schema->columns;
        item = element->column;
    } else if (element->watermark != NULL) {
        list = &schema->watermarks;
        item = element->watermark;
    } else {
        list = &schema->constraints;
        item = element->constraint;
    }
    if (list->count == 0)
        *list = *sl_build_list(parse, item);
    else
        sl_build_list_add(parse, list, item);
    return schema;
}

struct sl_ast_alter_action *
sl_build_element_of(SL_PARSE, enum sl_ast_alter_kind kind, void *element)
{
    struct sl_ast_alter_action *action = sl_build_action(parse, kind);
    switch (kind) {
    case SL_AST_ALTER_ADD_COLUMN:
        action->column = element;
        action->offset = action->column->offset;
        break;
    case SL_AST_ALTER_ADD_WATERMARK:
        action->watermark = element;
        action->offset = action->watermark->offset;
        break;
    case SL_AST_ALTER_ADD_CONSTRAINT:
        action->constraint = element;
        action->offset = action->constraint->offset;
        break;
    default:
        SL_UNREACHABLE();
    }
    return action;
}

struct sl_ast_column *
sl_build_column_def(SL_PARSE, SL_TOKEN name, struct sl_ast_type *type)
{
    struct sl_ast_column *column = SL_NEW(parse->arena, struct sl_ast_column);
    column->name = sl_build_identifier_value(parse, name);
    column->type = type;
    column->offset = name->offset;
    column->end = parse->last_end;
    return column;
}

struct sl_ast_column *
sl_build_computed_column(SL_PARSE, SL_TOKEN name, struct sl_ast_expr *expr)
{
    struct sl_ast_column *column = sl_build_column_def(parse, name, NULL);
    column->kind = SL_AST_COLUMN_COMPUTED;
    column->expr = expr;
    column->expr_text = sl_build_slice(parse, expr->ast.offset, expr->ast.end);
    return column;
}

struct sl_ast_column *
sl_build_column_comment(SL_PARSE, struct sl_ast_column *column, SL_TOKEN comment)
{
    column->comment = sl_build_text(parse, comment);
    column->end = parse->last_end;
    return column;
}

struct sl_ast_column *
sl_build_column_null(SL_PARSE, struct sl_ast_column *column, bool not_null)
{
    sl_build_type_null(parse, column->type, column->type->not_null || not_null);
    column->end = parse->last_end;
    return column;
}

struct sl_ast_column *
sl_build_column_metadata(SL_PARSE, struct sl_ast_column *column, SL_TOKEN key, bool is_virtual)
{
    column->kind = SL_AST_COLUMN_METADATA;
    column->metadata_key = sl_build_text(parse, key);
    column->is_virtual = is_virtual;
    column->end = parse->last_end;
    return column;
}

struct sl_ast_column *
sl_build_column_key(SL_PARSE, struct sl_ast_column *column, SL_TOKEN name, bool unique,
                    enum sl_ast_said enforced)
{
    column->primary_key |= !unique;
    column->unique |= unique;
    column->not_enforced = enforced == SL_AST_NO;
    column->constraint_name = sl_build_identifier_value(parse, name);
    column->end = parse->last_end;
    return column;
}

struct sl_ast_column *
sl_build_column_default(SL_PARSE, struct sl_ast_column *column, struct sl_ast_expr *expr)
{
    column->default_expr = expr;
    column->end = parse->last_end;
    return column;
}

struct sl_ast_watermark *
sl_build_watermark(SL_PARSE, SL_TOKEN first, struct sl_ast_name *column, struct sl_ast_expr *expr)
{
    struct sl_ast_watermark *watermark = SL_NEW(parse->arena, struct sl_ast_watermark);
    watermark->offset = first->offset;
    watermark->end = parse->last_end;
    watermark->column = *column;
    watermark->expr = expr;
    watermark->expr_text = sl_build_slice(parse, expr->ast.offset, expr->ast.end);
    return watermark;
}

struct sl_ast_constraint *
sl_build_constraint(SL_PARSE, SL_TOKEN first, SL_TOKEN name, bool unique,
                    struct sl_ast_list *columns, enum sl_ast_said enforced)
{
    struct sl_ast_constraint *constraint = SL_NEW(parse->arena, struct sl_ast_constraint);
    constraint->offset = first->offset;
    constraint->end = parse->last_end;
    constraint->name = sl_build_identifier_value(parse, name);
    constraint->unique = unique;
    constraint->not_enforced = enforced == SL_AST_NO;
    constraint->columns = sl_build_ids(parse, columns, &constraint->column_count);
    return constraint;
}

/* ---- ALTER ---- */

struct sl_ast_alter_action *
sl_build_action(SL_PARSE, enum sl_ast_alter_kind kind)
{
    struct sl_ast_alter_action *action = SL_NEW(parse->arena, struct sl_ast_alter_action);
    action->kind = kind;
    action->offset = -1;
    action->end = parse->last_end;
    return action;
}

struct sl_ast_alter_action *
sl_build_added_column(SL_PARSE, struct sl_ast_column *column, struct sl_build_place place)
{
    column->place = place.place;
    column->after_column = sl_build_name_value(place.after);
    column->end = parse->last_end;
    return sl_build_element_of(parse, SL_AST_ALTER_ADD_COLUMN, column);
}

struct sl_ast_alter_action *
sl_build_modify(struct sl_ast_alter_action *added)
{
    switch (added->kind) {
    case SL_AST_ALTER_ADD_COLUMN:
        added->kind = SL_AST_ALTER_MODIFY_COLUMN;
        break;
    case SL_AST_ALTER_ADD_WATERMARK:
        added->kind = SL_AST_ALTER_MODIFY_WATERMARK;
        break;
    case SL_AST_ALTER_ADD_CONSTRAINT:
        added->kind = SL_AST_ALTER_MODIFY_CONSTRAINT;
        break;
    case SL_AST_ALTER_ADD_DISTRIBUTION:
        added->kind = SL_AST_ALTER_MODIFY_DISTRIBUTION;
        break;
    default:
        SL_UNREACHABLE();
    }
    return added;
}

struct sl_ast_list *
sl_build_modify_all(struct sl_ast_list *added)
{
    for (size_t i = 0; i < added->count; i++)
        sl_build_modify(added->items[i]);
    return added;
}

/* IF [NOT] EXISTS stands once before all partitions. */
struct sl_ast_list *
sl_build_partitions(struct sl_ast_list *partitions, bool if_exists)
{
    for (size_t i = 0; i < partitions->count; i++) {
        struct sl_ast_alter_action *action = partitions->items[i];
        if (action->kind == SL_AST_ALTER_ADD_PARTITION)
            action->if_not_exists = if_exists;
        else
            action->if_exists = if_exists;
    }
    return partitions;
}

struct sl_ast_alter_action *
sl_build_drop_column(SL_PARSE, bool if_exists, struct sl_ast_name *name, bool cascade)
{
    struct sl_ast_alter_action *action =
        sl_build_alter_column(parse, SL_AST_ALTER_DROP_COLUMN, name, NULL);
    action->if_exists = if_exists;
    action->cascade = cascade;
    return action;
}

struct sl_ast_list *
sl_build_drop_columns(SL_PARSE, struct sl_ast_list *names)
{
    for (size_t i = 0; i < names->count; i++)
        names->items[i] = sl_build_drop_column(parse, false, names->items[i], false);
    return names;
}

struct sl_ast_alter_action *
sl_build_alter_column(SL_PARSE, enum sl_ast_alter_kind kind, struct sl_ast_name *name,
                      struct sl_ast_type *type)
{
    struct sl_ast_alter_action *action = sl_build_action(parse, kind);
    action->name = *name;
    action->type = type;
    action->offset = name->offset;
    return action;
}

struct sl_ast_alter_action *
sl_build_rename(SL_PARSE, enum sl_ast_alter_kind kind, struct sl_ast_name *name,
                struct sl_ast_name *new_name)
{
    struct sl_ast_alter_action *action = sl_build_action(parse, kind);
    action->name = sl_build_name_value(name);
    action->new_name = *new_name;
    action->offset = name != NULL ? name->offset : new_name->offset;
    return action;
}

struct sl_ast_alter_action *
sl_build_alter_query(SL_PARSE, struct sl_ast_query *query)
{
    struct sl_ast_alter_action *action = sl_build_action(parse, SL_AST_ALTER_AS_QUERY);
    action->query = query;
    action->offset = query->ast.offset;
    return action;
}

struct sl_ast_alter_action *
sl_build_alter_class(SL_PARSE, SL_TOKEN text, SL_TOKEN language)
{
    struct sl_ast_alter_action *action = sl_build_action(parse, SL_AST_ALTER_SET_CLASS);
    action->text = sl_build_text(parse, text);
    action->language = sl_build_text(parse, language);
    action->offset = text->offset;
    return action;
}

struct sl_ast *
sl_build_alter_table(SL_PARSE, enum sl_ast_object object, bool if_exists, struct sl_ast_name *name,
                     struct sl_ast_list *actions)
{
    struct sl_ast_alter_table *alter = SL_BUILD(parse, alter_table, ALTER_TABLE, -1);
    alter->object = object;
    alter->name = *name;
    alter->if_exists = if_exists;
    alter->actions = *actions;
    return &alter->ast;
}

struct sl_ast *
sl_build_alter_object(SL_PARSE, enum sl_ast_object object, bool if_exists, struct sl_ast_name *name,
                      struct sl_ast_alter_action *action, bool temporary, bool system)
{
    struct sl_ast_alter_object *alter = SL_BUILD(parse, alter_object, ALTER_OBJECT, -1);
    alter->object = object;
    alter->name = *name;
    alter->if_exists = if_exists;
    alter->temporary = temporary;
    alter->system = system;
    alter->actions = *sl_build_list(parse, action);
    return &alter->ast;
}
