/* ALTER TABLE and ALTER VIEW: the old definition as a draft, the actions on it, and all checks
 * again. */
#include "planner/draft.h"

static int
alter_refuse(const struct sl_draft *draft, const struct sl_ast_alter_action *action,
             const char *construct, struct sl_error *err)
{
    return sl_binder_refuse(draft->binder, action->offset, construct, err);
}

/* --- columns --- */

static int
alter_place(struct sl_draft *draft, const struct sl_ast_column *ast, size_t fallback,
            size_t *ret_place, struct sl_error *err)
{
    int after;

    *ret_place = ast->place == SL_AST_PLACE_FIRST ? 0 : fallback;
    if (ast->place != SL_AST_PLACE_AFTER)
        return SL_OK;
    after = sl_draft_find(draft, ast->after_column.parts[ast->after_column.count - 1].text);
    if (after < 0)
        return sl_draft_no_column(draft, ast->after_column.parts[ast->after_column.count - 1].text,
                                  ast->after_column.offset, err);
    *ret_place = (size_t)after + 1;
    return SL_OK;
}

static int
alter_add_column(struct sl_draft *draft, const struct sl_ast_alter_action *action,
                 struct sl_error *err)
{
    size_t place;

    if (sl_draft_find(draft, action->column->name.text) >= 0 && action->if_not_exists)
        return SL_OK;
    SL_TRY(alter_place(draft, action->column, draft->column_count, &place, err));
    SL_TRY(sl_draft_read_column(draft, action->column, sl_draft_insert(draft, place), err));
    return sl_draft_set_column_key(draft, action->column, err);
}

static int
alter_modify_column(struct sl_draft *draft, const struct sl_ast_alter_action *action,
                    struct sl_error *err)
{
    int old = sl_draft_find(draft, action->column->name.text);
    size_t place;

    if (old < 0)
        return sl_draft_no_column(draft, action->column->name.text, action->column->name.offset,
                                  err);
    sl_draft_remove(draft, (size_t)old);
    SL_TRY(alter_place(draft, action->column, (size_t)old, &place, err));
    SL_TRY(sl_draft_read_column(draft, action->column, sl_draft_insert(draft, place), err));
    return sl_draft_set_column_key(draft, action->column, err);
}

static int
alter_find(struct sl_draft *draft, const struct sl_ast_name *name, int *ret_column,
           struct sl_error *err)
{
    const struct sl_ast_identifier *last = &name->parts[name->count - 1];

    *ret_column = sl_draft_find(draft, last->text);
    if (*ret_column < 0)
        return sl_draft_no_column(draft, last->text, name->offset, err);
    return SL_OK;
}

static bool
alter_lists(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (sl_equal_nocase(names[i], name))
            return true;
    return false;
}

static int
alter_in_use(const struct sl_ast_alter_action *action, const char *column, const char *by,
             struct sl_error *err)
{
    SL_ERROR(err, SL_E_DEPENDENT_OBJECTS, "cannot drop column \"%s\": the table's %s uses it",
             column, by);
    return sl_error_at(err, action->name.offset);
}

/* May this byte be part of a name? */
static bool
alter_is_word(char c)
{
    return c == '_' || c == '$' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (unsigned char)c >= 0x80;
}

/* Does the text of an expression have this name as a word? */
static bool
alter_is_used(const char *text, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = text; at && *at; at++) {
        if ((at > text && alter_is_word(at[-1])) || strlen(at) < length ||
            alter_is_word(at[length]))
            continue;
        if (sl_text_equal_nocase((struct sl_text){at, length}, (struct sl_text){name, length}))
            return true;
    }
    return false;
}

/* 2BP01 when a computed column or the watermark is made of this column. */
static int
alter_check_unused(const struct sl_draft *draft, const struct sl_ast_alter_action *action,
                   const char *verb, const char *name, struct sl_error *err)
{
    for (size_t i = 0; i < draft->column_count; i++) {
        const struct sl_table_column *column = &draft->columns[i].column;

        if (!column->expression || !alter_is_used(column->expression, name))
            continue;
        SL_ERROR(err, SL_E_DEPENDENT_OBJECTS,
                 "cannot %s column \"%s\": computed column \"%s\" uses it", verb, name,
                 column->name);
        return sl_error_at(err, action->name.offset);
    }
    if (!draft->watermark || !alter_is_used(draft->watermark, name))
        return SL_OK;
    SL_ERROR(err, SL_E_DEPENDENT_OBJECTS, "cannot %s column \"%s\": the WATERMARK uses it", verb,
             name);
    return sl_error_at(err, action->name.offset);
}

static int
alter_drop_column(struct sl_draft *draft, const struct sl_ast_alter_action *action,
                  struct sl_error *err)
{
    const char *name;
    int column;

    if (action->if_exists &&
        sl_draft_find(draft, action->name.parts[action->name.count - 1].text) < 0)
        return SL_OK;
    SL_TRY(alter_find(draft, &action->name, &column, err));
    name = draft->columns[column].column.name;
    if (draft->watermark_column && sl_equal_nocase(draft->watermark_column, name))
        return alter_in_use(action, name, "WATERMARK", err);
    if (alter_lists(draft->key, draft->key_count, name))
        return alter_in_use(action, name, "primary key", err);
    if (alter_lists(draft->partition, draft->partition_count, name))
        return alter_in_use(action, name, "PARTITIONED BY", err);
    SL_TRY(alter_check_unused(draft, action, "drop", name, err));
    sl_draft_remove(draft, (size_t)column);
    return SL_OK;
}

static int
alter_rename_column(struct sl_draft *draft, const struct sl_ast_alter_action *action,
                    struct sl_error *err)
{
    char *new_name =
        sl_binder_name(draft->binder, &action->new_name.parts[action->new_name.count - 1]);
    const char *old_name;
    int column;

    SL_TRY(alter_find(draft, &action->name, &column, err));
    old_name = draft->columns[column].column.name;
    SL_TRY(alter_check_unused(draft, action, "rename", old_name, err));
    for (size_t i = 0; i < draft->key_count; i++)
        if (sl_equal_nocase(draft->key[i], old_name))
            draft->key[i] = new_name;
    for (size_t i = 0; i < draft->partition_count; i++)
        if (sl_equal_nocase(draft->partition[i], old_name))
            draft->partition[i] = new_name;
    draft->columns[column].column.name = new_name;
    draft->columns[column].offset = action->new_name.offset;
    return SL_OK;
}

static int
alter_column_type(struct sl_draft *draft, const struct sl_ast_alter_action *action,
                  struct sl_error *err)
{
    struct sl_table_column *column;
    int index;

    SL_TRY(alter_find(draft, &action->name, &index, err));
    column = &draft->columns[index].column;
    if (column->kind == SL_COLUMN_COMPUTED) {
        SL_ERROR(err, SL_E_INVALID_TABLE_DEFINITION, "column \"%s\" is computed", column->name);
        return sl_error_at(err, action->name.offset);
    }
    if (action->kind == SL_AST_ALTER_COLUMN_TYPE)
        return sl_binder_type(draft->binder, action->type, &column->type, err);
    column->type = sl_type_nullable(draft->binder->arena, column->type,
                                    action->kind == SL_AST_ALTER_COLUMN_NULL);
    return SL_OK;
}

/* --- watermark, key, options --- */

static int
alter_drop_watermark(struct sl_draft *draft, const struct sl_ast_alter_action *action,
                     struct sl_error *err)
{
    if (!draft->watermark_column) {
        SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "table \"%s\" has no WATERMARK", draft->name);
        return sl_error_at(err, action->offset);
    }
    draft->watermark_column = draft->watermark = NULL;
    return SL_OK;
}

static int
alter_modify_watermark(struct sl_draft *draft, const struct sl_ast_alter_action *action,
                       struct sl_error *err)
{
    SL_TRY(alter_drop_watermark(draft, action, err));
    return sl_draft_set_watermark(draft, action->watermark, err);
}

static int
alter_drop_key(struct sl_draft *draft, const struct sl_ast_alter_action *action,
               struct sl_error *err)
{
    bool named = action->kind == SL_AST_ALTER_DROP_CONSTRAINT;
    struct sl_text name = {NULL, 0};

    if (named)
        name = action->name.parts[action->name.count - 1].text;
    if (!draft->key_count ||
        (named && (!draft->key_name || !sl_text_equal_nocase(sl_text_of(draft->key_name), name)))) {
        if (named && action->if_exists)
            return SL_OK;
        if (named)
            SL_ERROR(err, SL_E_UNDEFINED_OBJECT,
                     "constraint \"%.*s\" of table \"%s\" does not exist", SL_TEXT_FORMAT(name),
                     draft->name);
        else
            SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "table \"%s\" has no primary key", draft->name);
        return sl_error_at(err, action->offset);
    }
    draft->key_count = 0;
    draft->key_name = NULL;
    return SL_OK;
}

static int
alter_options(struct sl_draft *draft, const struct sl_ast_alter_action *action,
              struct sl_error *err)
{
    struct sl_arena *arena = draft->binder->arena;

    for (size_t i = 0; i < action->options.count; i++) {
        const struct sl_ast_option *option = &action->options.items[i];
        char *key = sl_arena_strndup(arena, option->key.start, option->key.length);

        if (action->kind == SL_AST_ALTER_SET_OPTIONS) {
            sl_draft_set_option(draft, key,
                                sl_arena_strndup(arena,
                                                 option->value.start ? option->value.start : "",
                                                 option->value.length),
                                option->key_offset, option->value_offset);
            continue;
        }
        for (size_t j = 0; j < draft->option_count; j++) {
            if (strcmp(draft->options[j].key, key) != 0)
                continue;
            draft->options[j--] = draft->options[--draft->option_count];
        }
        if (strcmp(key, "connector") == 0) {
            SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "option \"connector\" cannot be reset");
            return sl_error_at(err, option->key_offset);
        }
    }
    return SL_OK;
}

static int
alter_rename(struct sl_draft *draft, const struct sl_ast_alter_action *action, struct sl_error *err)
{
    const char *schema, *name;

    SL_TRY(sl_binder_new_name(draft->binder, &action->new_name, &schema, &name, err));
    if (action->new_name.count > 1 && !sl_equal_nocase(schema, draft->schema))
        return alter_refuse(draft, action, "a rename into another database is", err);
    draft->name = name;
    return SL_OK;
}

static int
alter_action(struct sl_draft *draft, const struct sl_ast_alter_action *action, struct sl_error *err)
{
    switch (action->kind) {
    case SL_AST_ALTER_ADD_COLUMN:
        return alter_add_column(draft, action, err);
    case SL_AST_ALTER_MODIFY_COLUMN:
        return alter_modify_column(draft, action, err);
    case SL_AST_ALTER_DROP_COLUMN:
        return alter_drop_column(draft, action, err);
    case SL_AST_ALTER_RENAME_COLUMN:
        return alter_rename_column(draft, action, err);
    case SL_AST_ALTER_COLUMN_TYPE:
    case SL_AST_ALTER_COLUMN_NOT_NULL:
    case SL_AST_ALTER_COLUMN_NULL:
        return alter_column_type(draft, action, err);
    case SL_AST_ALTER_ADD_WATERMARK:
        return sl_draft_set_watermark(draft, action->watermark, err);
    case SL_AST_ALTER_MODIFY_WATERMARK:
        return alter_modify_watermark(draft, action, err);
    case SL_AST_ALTER_DROP_WATERMARK:
        return alter_drop_watermark(draft, action, err);
    case SL_AST_ALTER_ADD_CONSTRAINT:
        return sl_draft_set_key(draft, action->constraint, err);
    case SL_AST_ALTER_MODIFY_CONSTRAINT:
        draft->key_count = 0;
        return sl_draft_set_key(draft, action->constraint, err);
    case SL_AST_ALTER_DROP_PRIMARY_KEY:
    case SL_AST_ALTER_DROP_CONSTRAINT:
        return alter_drop_key(draft, action, err);
    case SL_AST_ALTER_SET_OPTIONS:
    case SL_AST_ALTER_RESET_OPTIONS:
        return alter_options(draft, action, err);
    case SL_AST_ALTER_RENAME:
        return alter_rename(draft, action, err);
    case SL_AST_ALTER_COMMENT:
        draft->comment =
            sl_arena_strndup(draft->binder->arena, action->text.start, action->text.length);
        return SL_OK;
    case SL_AST_ALTER_ADD_PARTITION:
    case SL_AST_ALTER_DROP_PARTITION:
        return alter_refuse(draft, action, "a change of partitions is", err);
    case SL_AST_ALTER_OWNER:
        return alter_refuse(draft, action, "a change of the owner is", err);
    default:
        return alter_refuse(draft, action, "this action of ALTER TABLE is", err);
    }
}

/* --- views --- */

static int
alter_view(struct sl_binder *binder, const struct sl_ast_list *actions, const struct sl_table *view,
           struct sl_table **ret_table, struct sl_error *err)
{
    struct sl_table *altered = SL_NEW(binder->arena, struct sl_table);

    *altered = *view;
    for (size_t i = 0; i < actions->count; i++) {
        const struct sl_ast_alter_action *action = actions->items[i];
        const char *schema;

        if (action->kind == SL_AST_ALTER_RENAME)
            SL_TRY(sl_binder_new_name(binder, &action->new_name, &schema, &altered->name, err));
        else if (action->kind == SL_AST_ALTER_AS_QUERY)
            SL_TRY(sl_binder_view_query(binder, altered, action->query, err));
        else
            return sl_binder_refuse(binder, action->offset, "this action of ALTER VIEW is", err);
    }
    *ret_table = altered;
    return SL_OK;
}

int
sl_plan_alter_table(struct sl_plan_context *context, const struct sl_ast *statement,
                    const struct sl_table *table, struct sl_table **ret_table, struct sl_error *err)
{
    const struct sl_ast_list *actions =
        statement->kind == SL_AST_ALTER_TABLE
            ? &((const struct sl_ast_alter_table *)statement)->actions
            : &((const struct sl_ast_alter_object *)statement)->actions;
    struct sl_binder binder;
    struct sl_draft draft;

    SL_TRY(sl_binder_init(&binder, context, err));
    if (table->kind == SL_RELATION_VIEW)
        return alter_view(&binder, actions, table, ret_table, err);
    sl_draft_init(&draft, &binder);
    sl_draft_from_table(&draft, table);
    for (size_t i = 0; i < actions->count; i++)
        SL_TRY(alter_action(&draft, actions->items[i], err));
    if (sl_draft_finish(&draft, ret_table, err) < 0)
        return sl_error_at(err, ((const struct sl_ast_alter_table *)statement)->name.offset);
    (*ret_table)->id = table->id;
    (*ret_table)->version = table->version;
    return SL_OK;
}
