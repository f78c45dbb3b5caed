/* CREATE TABLE and CREATE VIEW: from the statement to what the catalog stores. */
#include "planner/draft.h"

static int
create_check(const struct sl_binder *binder, const struct sl_ast_create_table *create,
             struct sl_error *err)
{
    if (create->replace && !create->as_query)
        return sl_binder_refuse(binder, create->ast.offset, "REPLACE TABLE without AS is", err);
    if (create->as_query && create->temporary)
        return sl_binder_refuse(binder, create->ast.offset, "CREATE TEMPORARY TABLE … AS is", err);
    if (create->distribution.kind != SL_AST_DISTRIBUTION_NONE)
        return sl_binder_refuse(binder, create->distribution.offset, "DISTRIBUTED is", err);
    return SL_OK;
}

static int
create_options(struct sl_draft *draft, const struct sl_ast_options *options, struct sl_error *err)
{
    struct sl_arena *arena = draft->binder->arena;

    for (size_t i = 0; i < options->count; i++) {
        const struct sl_ast_option *option = &options->items[i];
        char *key = sl_arena_strndup(arena, option->key.start, option->key.length);

        if (sl_draft_option(draft, key) || !option->value.start) {
            SL_ERROR(err, SL_E_SYNTAX, "option \"%s\" %s", key,
                     option->value.start ? "is there twice" : "needs a value");
            return sl_error_at(err, option->key_offset);
        }
        sl_draft_set_option(draft, key,
                            sl_arena_strndup(arena, option->value.start, option->value.length),
                            option->key_offset, option->value_offset);
    }
    return SL_OK;
}

/* Of AS (b, a) the query has the columns. */
static int
create_schema(struct sl_draft *draft, const struct sl_ast_table_schema *schema, bool is_bare,
              struct sl_error *err)
{
    for (size_t i = 0; i < schema->columns.count && !is_bare; i++) {
        const struct sl_ast_column *column = schema->columns.items[i];

        SL_TRY(sl_draft_read_column(draft, column, sl_draft_insert(draft, i), err));
        SL_TRY(sl_draft_set_column_key(draft, column, err));
    }
    for (size_t i = 0; i < schema->watermarks.count; i++)
        SL_TRY(sl_draft_set_watermark(draft, schema->watermarks.items[i], err));
    for (size_t i = 0; i < schema->constraints.count; i++)
        SL_TRY(sl_draft_set_key(draft, schema->constraints.items[i], err));
    return SL_OK;
}

int
sl_plan_create_table(struct sl_plan_context *context, const struct sl_ast *statement,
                     struct sl_table **ret_table, const char **ret_insert, struct sl_error *err)
{
    const struct sl_ast_create_table *create = (const struct sl_ast_create_table *)statement;
    struct sl_binder binder;
    struct sl_draft draft;

    SL_TRY(sl_binder_init(&binder, context, err));
    SL_TRY(create_check(&binder, create, err));
    sl_draft_init(&draft, &binder);
    draft.session = create->temporary ? context->session_id : 0;
    SL_TRY(sl_binder_new_name(&binder, &create->name, &draft.schema, &draft.name, err));
    if (create->comment.start)
        draft.comment =
            sl_arena_strndup(binder.arena, create->comment.start, create->comment.length);
    SL_TRY(create_schema(&draft, &create->schema, sl_is_bare_list(create), err));
    *ret_insert = NULL;
    if (create->as_query)
        SL_TRY(sl_draft_as(&draft, create, ret_insert, err));
    draft.partition = SL_NEW_ARRAY(binder.arena, const char *, create->partitioned_count);
    draft.partition_count = create->partitioned_count;
    for (size_t i = 0; i < create->partitioned_count; i++) {
        draft.partition[i] = sl_binder_name(&binder, &create->partitioned_by[i]);
        draft.partition_offset = create->partitioned_by[0].offset;
    }
    SL_TRY(create_options(&draft, &create->options, err));
    SL_TRY(sl_draft_like(&draft, create, err));
    if (sl_draft_finish(&draft, ret_table, err) < 0)
        return sl_error_at(err, create->name.offset);
    return SL_OK;
}

/* --- views --- */

/* The query's text with every `*` replaced by the columns that it stands for today. */
static const char *
create_view_text(struct sl_arena *arena, const struct sl_ast_query *query,
                 const struct sl_star_expansion *expansion)
{
    struct sl_buffer buffer;
    size_t at = 0;
    const char *copy;

    sl_buffer_init(&buffer, SIZE_MAX);
    for (; expansion; expansion = expansion->next) {
        size_t start = (size_t)(expansion->offset - query->ast.offset);

        sl_buffer_add(&buffer, query->text.start + at, start - at);
        sl_buffer_add_string(&buffer, expansion->columns);
        at = (size_t)(expansion->end - query->ast.offset);
    }
    sl_buffer_add(&buffer, query->text.start + at, query->text.length - at);
    copy = sl_arena_strndup(arena, buffer.data, buffer.length);
    sl_buffer_done(&buffer);
    return copy;
}

/* Expansions were noted in the order of binding; the text is rewritten in its own order. */
static struct sl_star_expansion *
create_view_sort(struct sl_star_expansion *list)
{
    struct sl_star_expansion *sorted = NULL;

    while (list) {
        struct sl_star_expansion *item = list, **place = &sorted;

        list = list->next;
        while (*place && (*place)->offset < item->offset)
            place = &(*place)->next;
        if (*place && (*place)->offset == item->offset)
            continue; /* a query of WITH that is used twice */
        item->next = *place;
        *place = item;
    }
    return sorted;
}

static int
create_view_columns(struct sl_binder *binder, struct sl_table *view, const struct sl_schema *schema,
                    const struct sl_ast_identifier *names, size_t name_count, int offset,
                    struct sl_error *err)
{
    if (name_count && name_count != schema->count) {
        SL_ERROR(err, SL_E_SYNTAX, "view \"%s\" names %zu columns, its query has %zu", view->name,
                 name_count, schema->count);
        return sl_error_at(err, sl_binder_offset(binder, names[0].offset));
    }
    view->columns = SL_NEW_ARRAY(binder->arena, struct sl_table_column, schema->count);
    view->column_count = schema->count;
    for (size_t i = 0; i < schema->count; i++) {
        struct sl_table_column *column = &view->columns[i];

        column->name = name_count ? sl_binder_name(binder, &names[i]) : schema->columns[i].name;
        column->type = schema->columns[i].type;
        column->time = schema->columns[i].time;
        if (column->type->kind == SL_TYPE_NULL)
            column->type = &sl_type_string;
        for (size_t j = 0; j < i; j++) {
            if (!sl_equal_nocase(view->columns[j].name, column->name))
                continue;
            SL_ERROR(err, SL_E_DUPLICATE_COLUMN, "column \"%s\" specified more than once",
                     column->name);
            sl_error_hint(err, "give the columns of the view names of their own");
            return sl_error_at(err, sl_binder_offset(binder, offset));
        }
    }
    return SL_OK;
}

static int
create_view_bind(struct sl_binder *binder, struct sl_table *view, const struct sl_ast_query *query,
                 const struct sl_ast_identifier *names, size_t name_count, struct sl_error *err)
{
    struct sl_star_expansion *expansions = NULL;
    struct sl_log_node *node;

    binder->session_id = view->session;
    binder->batch = true; /* which mode the view is used in is not known yet */
    binder->expansions = &expansions;
    if (sl_binder_query(binder, query, &node, err) < 0 && binder->batch) {
        /* Unbounded tables have no place in batch mode: try the other. */
        expansions = NULL;
        binder->expansions = &expansions;
        binder->batch = false;
        binder->ctes = NULL;
        binder->query_depth = binder->query_count = 0;
        SL_TRY(sl_binder_query(binder, query, &node, err));
    }
    view->query = create_view_text(binder->arena, query, create_view_sort(expansions));
    view->query_schema = binder->schema;
    return create_view_columns(binder, view, node->schema, names, name_count, query->ast.offset,
                               err);
}

int
sl_plan_create_view(struct sl_plan_context *context, const struct sl_ast *statement,
                    struct sl_table **ret_table, struct sl_error *err)
{
    const struct sl_ast_create_view *create = (const struct sl_ast_create_view *)statement;
    struct sl_table *view = SL_NEW(context->arena, struct sl_table);
    struct sl_binder binder;

    SL_TRY(sl_binder_init(&binder, context, err));
    view->kind = SL_RELATION_VIEW;
    view->session = create->temporary ? context->session_id : 0;
    view->watermark_column = -1;
    SL_TRY(sl_binder_new_name(&binder, &create->name, &view->schema, &view->name, err));
    if (create->comment.start)
        view->comment =
            sl_arena_strndup(context->arena, create->comment.start, create->comment.length);
    SL_TRY(
        create_view_bind(&binder, view, create->query, create->columns, create->column_count, err));
    *ret_table = view;
    return SL_OK;
}

int
sl_binder_view_query(struct sl_binder *binder, struct sl_table *view,
                     const struct sl_ast_query *query, struct sl_error *err)
{
    return create_view_bind(binder, view, query, NULL, 0, err);
}

bool
sl_plan_view_uses(struct sl_plan_context *context, const struct sl_table *view, uint64_t table_id)
{
    struct sl_ast_query *query;
    struct sl_log_node *node;
    struct sl_binder binder;
    struct sl_error err;

    if (sl_binder_init(&binder, context, &err) < 0 ||
        sl_parse_query(context->arena, sl_text_of(view->query), NULL, &query, &err) < 0)
        return false;
    binder.session_id = view->session;
    binder.schema = view->query_schema ? view->query_schema : view->schema;
    /* A query that does not bind any more has still named what it read before it failed. */
    sl_binder_query(&binder, query, &node, &err);
    for (size_t i = 0; i < binder.use_count; i++)
        if (binder.uses[i].id == table_id)
            return true;
    return false;
}
