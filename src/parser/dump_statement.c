/* The dump of statements. */
#include "parser/dump.h"

static const char *const dump_statement_objects[] = {
    "table",
    "view",
    "materialized-view",
    "materialized-table",
    "catalog",
    "database",
    "function",
    "model",
    "connection",
    "secret",
    "role",
    "job",
};

static void
dump_statement_query(struct sl_buffer *buffer, const struct sl_ast_query *query)
{
    if (query == NULL)
        return;
    sl_buffer_add_string(buffer, " (as");
    sl_dump_query(buffer, query);
    sl_buffer_add_byte(buffer, ')');
}

/* ---- tables ---- */

static void
dump_statement_column(struct sl_buffer *buffer, const struct sl_ast_column *column)
{
    sl_buffer_add_string(buffer, " (column");
    sl_dump_identifier(buffer, &column->name);
    if (column->type != NULL)
        sl_dump_type(buffer, column->type);
    sl_dump_clause(buffer, "computed", column->expr);
    sl_dump_flag(buffer, column->kind == SL_AST_COLUMN_METADATA, "metadata");
    sl_dump_text(buffer, "from", column->metadata_key);
    sl_dump_flag(buffer, column->is_virtual, "virtual");
    if (column->constraint_name.text.start != NULL)
        sl_dump_identifiers(buffer, "constraint", &column->constraint_name, 1);
    sl_dump_flag(buffer, column->primary_key, "primary-key");
    sl_dump_flag(buffer, column->unique, "unique");
    sl_dump_flag(buffer, column->not_enforced, "not-enforced");
    sl_dump_clause(buffer, "default", column->default_expr);
    sl_dump_text(buffer, "comment", column->comment);
    sl_dump_flag(buffer, column->place == SL_AST_PLACE_FIRST, "first");
    if (column->place == SL_AST_PLACE_AFTER) {
        sl_dump_flag(buffer, true, "after");
        sl_dump_name(buffer, &column->after_column);
    }
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_statement_watermark(struct sl_buffer *buffer, const struct sl_ast_watermark *watermark)
{
    sl_buffer_add_string(buffer, " (watermark");
    sl_dump_name(buffer, &watermark->column);
    sl_dump_expr(buffer, watermark->expr);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_statement_constraint(struct sl_buffer *buffer, const struct sl_ast_constraint *constraint)
{
    sl_buffer_add_string(buffer, constraint->unique ? " (unique" : " (primary-key");
    if (constraint->name.text.start != NULL)
        sl_dump_identifiers(buffer, "constraint", &constraint->name, 1);
    sl_dump_identifiers(buffer, "columns", constraint->columns, constraint->column_count);
    sl_dump_flag(buffer, constraint->not_enforced, "not-enforced");
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_statement_distribution(struct sl_buffer *buffer,
                            const struct sl_ast_distribution *distribution)
{
    static const char *const names[] = {"", "unknown", "hash", "range"};
    if (distribution->kind == SL_AST_DISTRIBUTION_NONE)
        return;
    sl_buffer_printf(buffer, " (distributed %s %d", names[distribution->kind],
                     distribution->bucket_count);
    sl_dump_identifiers(buffer, "columns", distribution->columns, distribution->column_count);
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_statement_schema(struct sl_buffer *buffer, const struct sl_ast_table_schema *schema)
{
    for (size_t i = 0; i < schema->columns.count; i++)
        dump_statement_column(buffer, schema->columns.items[i]);
    for (size_t i = 0; i < schema->watermarks.count; i++)
        dump_statement_watermark(buffer, schema->watermarks.items[i]);
    for (size_t i = 0; i < schema->constraints.count; i++)
        dump_statement_constraint(buffer, schema->constraints.items[i]);
}

static void
dump_statement_create_table(struct sl_buffer *buffer, const struct sl_ast_create_table *table)
{
    static const char *const merges[] = {"including", "excluding", "overwriting"};
    static const char *const features[] = {"all",      "constraints", "distribution", "generated",
                                           "metadata", "options",     "partitions",   "watermarks"};
    sl_dump_name(buffer, &table->name);
    sl_dump_flag(buffer, table->replace, table->create ? "or-replace" : "replace");
    sl_dump_flag(buffer, table->temporary, "temporary");
    sl_dump_flag(buffer, table->if_not_exists, "if-not-exists");
    dump_statement_schema(buffer, &table->schema);
    sl_dump_text(buffer, "comment", table->comment);
    dump_statement_distribution(buffer, &table->distribution);
    sl_dump_identifiers(buffer, "partitioned-by", table->partitioned_by, table->partitioned_count);
    sl_dump_options(buffer, "with", &table->options);
    if (table->like.count != 0) {
        sl_buffer_add_string(buffer, " (like");
        sl_dump_name(buffer, &table->like);
        for (size_t i = 0; i < table->like_option_count; i++)
            sl_buffer_printf(buffer, " (%s %s)", merges[table->like_options[i].merge],
                             features[table->like_options[i].feature]);
        sl_buffer_add_byte(buffer, ')');
    }
    dump_statement_query(buffer, table->as_query);
}

static void
dump_statement_action(struct sl_buffer *buffer, const struct sl_ast_alter_action *action)
{
    static const char *const names[] = {
        "add",
        "add",
        "add",
        "add",
        "add-partition",
        "modify",
        "modify",
        "modify",
        "modify",
        "column-type",
        "column-not-null",
        "column-null",
        "drop-column",
        "drop-primary-key",
        "drop-constraint",
        "drop-watermark",
        "drop-distribution",
        "drop-partition",
        "rename-column",
        "rename",
        "set",
        "reset",
        "as-query",
        "comment",
        "class",
        "owner",
        "suspend",
        "resume",
        "refresh",
    };
    sl_buffer_printf(buffer, " (%s", names[action->kind]);
    sl_dump_flag(buffer, action->if_exists, "if-exists");
    sl_dump_flag(buffer, action->if_not_exists, "if-not-exists");
    sl_dump_name(buffer, &action->name);
    sl_dump_name(buffer, &action->new_name);
    if (action->column != NULL)
        dump_statement_column(buffer, action->column);
    if (action->watermark != NULL)
        dump_statement_watermark(buffer, action->watermark);
    if (action->constraint != NULL)
        dump_statement_constraint(buffer, action->constraint);
    if (action->type != NULL)
        sl_dump_type(buffer, action->type);
    dump_statement_distribution(buffer, &action->distribution);
    sl_dump_options(buffer, "partition", &action->partition);
    sl_dump_options(buffer, "options", &action->options);
    sl_dump_text(buffer, "text", action->text);
    sl_dump_text(buffer, "language", action->language);
    dump_statement_query(buffer, action->query);
    sl_dump_flag(buffer, action->cascade, "cascade");
    sl_buffer_add_byte(buffer, ')');
}

static void
dump_statement_alter(struct sl_buffer *buffer, enum sl_ast_object object,
                     const struct sl_ast_name *name, bool if_exists,
                     const struct sl_ast_list *actions)
{
    sl_buffer_printf(buffer, " %s", dump_statement_objects[object]);
    sl_dump_name(buffer, name);
    sl_dump_flag(buffer, if_exists, "if-exists");
    for (size_t i = 0; i < actions->count; i++)
        dump_statement_action(buffer, actions->items[i]);
}

static void
dump_statement_materialized(struct sl_buffer *buffer,
                            const struct sl_ast_create_materialized *materialized)
{
    static const char *const modes[] = {"", "continuous", "full"};
    static const char *const starts[] = {"",
                                         "from-beginning",
                                         "from-now",
                                         "from-timestamp",
                                         "resume-or-from-beginning",
                                         "resume-or-from-now",
                                         "resume-or-from-timestamp"};
    sl_buffer_printf(buffer, " %s", dump_statement_objects[materialized->object]);
    sl_dump_name(buffer, &materialized->name);
    sl_dump_flag(buffer, materialized->replace, "or-replace");
    sl_dump_flag(buffer, materialized->or_alter, "or-alter");
    sl_dump_flag(buffer, materialized->if_not_exists, "if-not-exists");
    dump_statement_schema(buffer, &materialized->schema);
    sl_dump_text(buffer, "comment", materialized->comment);
    dump_statement_distribution(buffer, &materialized->distribution);
    sl_dump_identifiers(buffer, "partitioned-by", materialized->partitioned_by,
                        materialized->partitioned_count);
    sl_dump_options(buffer, "with", &materialized->options);
    sl_dump_clause(buffer, "freshness", materialized->freshness);
    if (materialized->refresh_mode != SL_AST_REFRESH_UNSAID)
        sl_dump_flag(buffer, true, modes[materialized->refresh_mode]);
    if (materialized->start_mode != SL_AST_START_UNSAID)
        sl_dump_flag(buffer, true, starts[materialized->start_mode]);
    sl_dump_clause(buffer, "start", materialized->start_argument);
    dump_statement_query(buffer, materialized->query);
}

/* ---- data ---- */

static void
dump_statement_assignments(struct sl_buffer *buffer, const char *name,
                           const struct sl_ast_assignment *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sl_buffer_printf(buffer, " (%s", name);
        sl_dump_name(buffer, &items[i].name);
        sl_dump_expr(buffer, items[i].value);
        sl_buffer_add_byte(buffer, ')');
    }
}

static void
dump_statement_insert(struct sl_buffer *buffer, const struct sl_ast_insert *insert)
{
    static const char *const conflicts[] = {"", "on-conflict-nothing", "on-conflict-error",
                                            "on-conflict-deduplicate"};
    sl_dump_name(buffer, &insert->name);
    sl_dump_hints(buffer, &insert->hints);
    sl_dump_flag(buffer, insert->execute, "execute");
    sl_dump_flag(buffer, insert->overwrite, "overwrite");
    dump_statement_assignments(buffer, "partition", insert->partition, insert->partition_count);
    sl_dump_names(buffer, "columns", &insert->columns);
    if (insert->query != NULL)
        sl_dump_query(buffer, insert->query);
    else
        sl_dump_flag(buffer, true, "default-values");
    if (insert->on_conflict != SL_AST_CONFLICT_UNSAID)
        sl_dump_flag(buffer, true, conflicts[insert->on_conflict]);
}

static void
dump_statement_update(struct sl_buffer *buffer, const struct sl_ast_update *update)
{
    sl_dump_name(buffer, &update->name);
    sl_dump_hints(buffer, &update->hints);
    if (update->alias.text.start != NULL)
        sl_dump_identifiers(buffer, "as", &update->alias, 1);
    dump_statement_assignments(buffer, "set", update->assignments, update->assignment_count);
    sl_dump_clause(buffer, "where", update->where);
}

static void
dump_statement_delete(struct sl_buffer *buffer, const struct sl_ast_delete *delete)
{
    sl_dump_name(buffer, &delete->name);
    sl_dump_hints(buffer, &delete->hints);
    if (delete->alias.text.start != NULL)
        sl_dump_identifiers(buffer, "as", &delete->alias, 1);
    sl_dump_clause(buffer, "where", delete->where);
}

static void
dump_statement_copy(struct sl_buffer *buffer, const struct sl_ast_copy *copy)
{
    sl_dump_name(buffer, &copy->name);
    if (copy->query != NULL)
        sl_dump_query(buffer, copy->query);
    sl_dump_identifiers(buffer, "columns", copy->columns, copy->column_count);
    sl_dump_flag(buffer, true, copy->from ? "from" : "to");
    if (copy->file.start != NULL)
        sl_dump_string(buffer, copy->file);
    sl_dump_options(buffer, "options", &copy->options);
    sl_dump_clause(buffer, "where", copy->where);
}

/* ---- all others: their few members in order ---- */

static void
dump_statement_explain(struct sl_buffer *buffer, const struct sl_ast_explain *explain)
{
    sl_dump_flag(buffer, explain->details & SL_AST_EXPLAIN_ESTIMATED_COST, "estimated-cost");
    sl_dump_flag(buffer, explain->details & SL_AST_EXPLAIN_CHANGELOG_MODE, "changelog-mode");
    sl_dump_flag(buffer, explain->details & SL_AST_EXPLAIN_PLAN_ADVICE, "plan-advice");
    sl_dump_flag(buffer, explain->details & SL_AST_EXPLAIN_JSON_EXECUTION_PLAN,
                 "json-execution-plan");
    sl_dump_options(buffer, "options", &explain->options);
    sl_dump_text(buffer, "plan", explain->plan_file);
    if (explain->statement != NULL)
        sl_dump_statement(buffer, explain->statement);
}

static void
dump_statement_show(struct sl_buffer *buffer, const struct sl_ast_show *show)
{
    static const char *const names[] = {
        "catalogs",
        "current-catalog",
        "databases",
        "current-database",
        "tables",
        "views",
        "materialized-tables",
        "materialized-views",
        "columns",
        "partitions",
        "functions",
        "procedures",
        "modules",
        "jars",
        "models",
        "connections",
        "secrets",
        "roles",
        "create",
        "jobs",
        "tasks",
        "checkpoints",
        "watermarks",
        "settings",
        "all",
        "setting",
    };
    static const char *const likes[] = {"like", "ilike", "similar"};
    sl_buffer_printf(buffer, " %s", names[show->show]);
    if (show->show == SL_AST_SHOW_CREATE)
        sl_buffer_printf(buffer, " %s", dump_statement_objects[show->object]);
    sl_dump_name(buffer, &show->name);
    sl_dump_flag(buffer, show->user_only, "user");
    sl_dump_flag(buffer, show->full, "full");
    if (show->scope.count != 0) {
        sl_dump_flag(buffer, true, "from");
        sl_dump_name(buffer, &show->scope);
    }
    sl_dump_flag(buffer, show->negated, "not");
    sl_dump_text(buffer, likes[show->like_form], show->like);
    sl_dump_text(buffer, "job", show->job);
    sl_dump_text(buffer, "setting", show->setting);
    sl_dump_options(buffer, "partition", &show->partition);
}

static void
dump_statement_set(struct sl_buffer *buffer, const struct sl_ast_set *set)
{
    sl_dump_flag(buffer, set->scope == SL_AST_SCOPE_SESSION, "session");
    sl_dump_flag(buffer, set->scope == SL_AST_SCOPE_LOCAL, "local");
    if (set->name.start != NULL)
        sl_dump_string(buffer, set->name);
    sl_dump_flag(buffer, set->to_default, "default");
    for (size_t i = 0; i < set->value_count; i++)
        sl_dump_string(buffer, set->values[i]);
}

static void
dump_statement_transaction(struct sl_buffer *buffer, const struct sl_ast_transaction *transaction)
{
    static const char *const actions[] = {
        "begin",     "start",   "commit",      "end", "rollback",           "abort",
        "savepoint", "release", "rollback-to", "set", "set-characteristics"};
    static const char *const levels[] = {"", "read-uncommitted", "read-committed",
                                         "repeatable-read", "serializable"};
    sl_buffer_printf(buffer, " %s", actions[transaction->action]);
    if (transaction->name.text.start != NULL)
        sl_dump_identifier(buffer, &transaction->name);
    if (transaction->isolation != SL_AST_ISOLATION_UNSAID)
        sl_dump_flag(buffer, true, levels[transaction->isolation]);
    sl_dump_flag(buffer, transaction->read_only == SL_AST_YES, "read-only");
    sl_dump_flag(buffer, transaction->read_only == SL_AST_NO, "read-write");
    sl_dump_flag(buffer, transaction->deferrable == SL_AST_YES, "deferrable");
    sl_dump_flag(buffer, transaction->deferrable == SL_AST_NO, "not-deferrable");
    sl_dump_flag(buffer, transaction->chain, "chain");
}

static void
dump_statement_fetch(struct sl_buffer *buffer, const struct sl_ast_fetch *fetch)
{
    static const char *const directions[] = {"forward", "backward", "absolute", "relative"};
    sl_dump_identifier(buffer, &fetch->cursor);
    sl_dump_flag(buffer, fetch->move, "move");
    sl_buffer_printf(buffer, " %s", directions[fetch->direction]);
    if (fetch->count == INT64_MAX)
        sl_buffer_add_string(buffer, " all");
    else
        sl_buffer_printf(buffer, " %lld", (long long)fetch->count);
    sl_dump_options(buffer, "with", &fetch->options);
}

static void
dump_statement_job(struct sl_buffer *buffer, const struct sl_ast_job *job)
{
    sl_dump_string(buffer, job->job);
    sl_dump_flag(buffer, job->with_savepoint, "with-savepoint");
    sl_dump_flag(buffer, job->with_drain, "with-drain");
    sl_dump_flag(buffer, job->with_duplicates, "with-duplicates");
    sl_dump_text(buffer, "at", job->directory);
    sl_dump_options(buffer, job->reset ? "reset" : "set", &job->options);
    if (job->statement != NULL)
        sl_dump_statement(buffer, job->statement);
}

static void
dump_statement_create_view(struct sl_buffer *buffer, const struct sl_ast_create_view *view)
{
    sl_dump_name(buffer, &view->name);
    sl_dump_flag(buffer, view->replace, "or-replace");
    sl_dump_flag(buffer, view->temporary, "temporary");
    sl_dump_flag(buffer, view->if_not_exists, "if-not-exists");
    sl_dump_identifiers(buffer, "columns", view->columns, view->column_count);
    sl_dump_text(buffer, "comment", view->comment);
    dump_statement_query(buffer, view->query);
}

static void
dump_statement_drop(struct sl_buffer *buffer, const struct sl_ast_drop *drop)
{
    sl_buffer_printf(buffer, " %s", dump_statement_objects[drop->object]);
    sl_dump_names(buffer, "names", &drop->names);
    sl_dump_flag(buffer, drop->temporary, "temporary");
    sl_dump_flag(buffer, drop->system, "system");
    sl_dump_flag(buffer, drop->if_exists, "if-exists");
    sl_dump_flag(buffer, drop->cascade, "cascade");
}

static void
dump_statement_grant(struct sl_buffer *buffer, const struct sl_ast_grant *grant)
{
    sl_dump_flag(buffer, grant->revoke, "revoke");
    sl_dump_flag(buffer, grant->all_privileges, "all");
    sl_dump_names(buffer, "privileges", &grant->privileges);
    sl_dump_flag(buffer, grant->all_in_schema, "all-in-schema");
    sl_dump_names(buffer, dump_statement_objects[grant->object], &grant->on);
    sl_dump_names(buffer, "to", &grant->grantees);
    sl_dump_flag(buffer, grant->grant_option, "grant-option");
}

static void
dump_statement_declare(struct sl_buffer *buffer, const struct sl_ast_declare *declare)
{
    sl_dump_identifier(buffer, &declare->name);
    sl_dump_flag(buffer, declare->binary, "binary");
    sl_dump_flag(buffer, declare->insensitive, "insensitive");
    sl_dump_flag(buffer, declare->scroll == SL_AST_YES, "scroll");
    sl_dump_flag(buffer, declare->scroll == SL_AST_NO, "no-scroll");
    sl_dump_flag(buffer, declare->hold, "hold");
    dump_statement_query(buffer, declare->query);
}

static void
dump_statement_plan(struct sl_buffer *buffer, const struct sl_ast_plan *plan)
{
    static const char *const kinds[] = {"compile", "execute", "compile-and-execute"};
    sl_buffer_printf(buffer, " %s", kinds[plan->plan]);
    sl_dump_string(buffer, plan->path);
    sl_dump_flag(buffer, plan->if_not_exists, "if-not-exists");
    if (plan->statement != NULL)
        sl_dump_statement(buffer, plan->statement);
}

static void
dump_statement_prepare(struct sl_buffer *buffer, const struct sl_ast_prepare *prepare)
{
    sl_dump_identifier(buffer, &prepare->name);
    for (size_t i = 0; i < prepare->types.count; i++)
        sl_dump_type(buffer, prepare->types.items[i]);
    sl_dump_statement(buffer, prepare->statement);
}

static void
dump_statement_describe(struct sl_buffer *buffer, const struct sl_ast_describe *describe)
{
    sl_buffer_printf(buffer, " %s", dump_statement_objects[describe->object]);
    sl_dump_flag(buffer, describe->extended, "extended");
    sl_dump_name(buffer, &describe->name);
    if (describe->job.start != NULL)
        sl_dump_string(buffer, describe->job);
}

static void
dump_statement_set_members(struct sl_buffer *buffer, const struct sl_ast_statement_set *set)
{
    sl_dump_flag(buffer, set->complete, "complete");
    for (size_t i = 0; i < set->statements.count; i++)
        sl_dump_statement(buffer, set->statements.items[i]);
}

static void
dump_statement_rest(struct sl_buffer *buffer, const struct sl_ast *node)
{
    switch (node->kind) {
    case SL_AST_CREATE_VIEW:
        dump_statement_create_view(buffer, (const void *)node);
        break;
    case SL_AST_DROP:
        dump_statement_drop(buffer, (const void *)node);
        break;
    case SL_AST_GRANT:
        dump_statement_grant(buffer, (const void *)node);
        break;
    case SL_AST_STATEMENT_SET:
        dump_statement_set_members(buffer, (const void *)node);
        break;
    case SL_AST_DECLARE:
        dump_statement_declare(buffer, (const void *)node);
        break;
    case SL_AST_PLAN:
        dump_statement_plan(buffer, (const void *)node);
        break;
    case SL_AST_PREPARE:
        dump_statement_prepare(buffer, (const void *)node);
        break;
    case SL_AST_DESCRIBE:
        dump_statement_describe(buffer, (const void *)node);
        break;
    case SL_AST_CALL:
        sl_dump_expr(buffer, ((const struct sl_ast_call_statement *)node)->call);
        break;
    case SL_AST_EXECUTE:
        sl_dump_identifier(buffer, &((const struct sl_ast_execute *)node)->name);
        sl_dump_exprs(buffer, "args", &((const struct sl_ast_execute *)node)->args);
        break;
    case SL_AST_RESET:
        if (((const struct sl_ast_reset *)node)->name.start != NULL)
            sl_dump_string(buffer, ((const struct sl_ast_reset *)node)->name);
        break;
    case SL_AST_USE:
        sl_dump_name(buffer, &((const struct sl_ast_use *)node)->name);
        sl_dump_identifiers(buffer, "modules", ((const struct sl_ast_use *)node)->modules,
                            ((const struct sl_ast_use *)node)->module_count);
        break;
    case SL_AST_TRUNCATE:
        sl_dump_names(buffer, "names", &((const struct sl_ast_truncate *)node)->names);
        break;
    default:
        break;
    }
}

static void
dump_statement_members(struct sl_buffer *buffer, const struct sl_ast *node)
{
    switch (node->kind) {
    case SL_AST_CREATE_TABLE:
        dump_statement_create_table(buffer, (const void *)node);
        break;
    case SL_AST_CREATE_MATERIALIZED:
        dump_statement_materialized(buffer, (const void *)node);
        break;
    case SL_AST_ALTER_TABLE: {
        const struct sl_ast_alter_table *alter = (const void *)node;
        dump_statement_alter(buffer, alter->object, &alter->name, alter->if_exists,
                             &alter->actions);
        break;
    }
    case SL_AST_ALTER_OBJECT: {
        const struct sl_ast_alter_object *alter = (const void *)node;
        dump_statement_alter(buffer, alter->object, &alter->name, alter->if_exists,
                             &alter->actions);
        break;
    }
    case SL_AST_INSERT:
        dump_statement_insert(buffer, (const void *)node);
        break;
    case SL_AST_UPDATE:
        dump_statement_update(buffer, (const void *)node);
        break;
    case SL_AST_DELETE:
        dump_statement_delete(buffer, (const void *)node);
        break;
    case SL_AST_COPY:
        dump_statement_copy(buffer, (const void *)node);
        break;
    case SL_AST_EXPLAIN:
        dump_statement_explain(buffer, (const void *)node);
        break;
    case SL_AST_SHOW:
        dump_statement_show(buffer, (const void *)node);
        break;
    case SL_AST_SET:
        dump_statement_set(buffer, (const void *)node);
        break;
    case SL_AST_TRANSACTION:
        dump_statement_transaction(buffer, (const void *)node);
        break;
    case SL_AST_FETCH:
        dump_statement_fetch(buffer, (const void *)node);
        break;
    case SL_AST_STOP_JOB:
    case SL_AST_PAUSE_JOB:
    case SL_AST_RESUME_JOB:
    case SL_AST_ALTER_JOB:
    case SL_AST_CREATE_SAVEPOINT:
        dump_statement_job(buffer, (const void *)node);
        break;
    default:
        dump_statement_rest(buffer, node);
    }
}

/* CREATE of functions, models, roles and the like, modules, CLOSE, DISCARD, LISTEN ...: their kind
 * only. */
void
sl_dump_statement(struct sl_buffer *buffer, const struct sl_ast *statement)
{
    if (statement->kind == SL_AST_QUERY) {
        sl_dump_query(buffer, (const struct sl_ast_query *)statement);
        return;
    }
    const char *name = sl_ast_statement_name(statement->kind);
    sl_buffer_add_string(buffer, " (");
    for (size_t i = 0; name[i] != '\0'; i++)
        sl_buffer_add_byte(buffer, name[i] == ' ' ? '-' : (char)(name[i] | 0x20));
    dump_statement_members(buffer, statement);
    sl_buffer_add_byte(buffer, ')');
}
