/* SHOW and DESCRIBE: what is there, as rows.  The columns are the contract's. */
#include "expr/aggregate.h"
#include "server/jobs.h"
#include "server/run_show.h"
#include "server/session.h"

#include <stdio.h>

#define TEXT_COLUMN(name)     \
    {                         \
        name, &sl_type_string \
    }

static const struct sl_result_column show_catalogs[] = {TEXT_COLUMN("catalog name")};
static const struct sl_result_column show_current_catalog[] = {TEXT_COLUMN("current catalog name")};
static const struct sl_result_column show_databases[] = {TEXT_COLUMN("database name")};
static const struct sl_result_column show_current_database[] = {
    TEXT_COLUMN("current database name")};
static const struct sl_result_column show_tables[] = {TEXT_COLUMN("table name")};
static const struct sl_result_column show_views[] = {TEXT_COLUMN("view name")};
static const struct sl_result_column show_columns[] = {
    TEXT_COLUMN("name"), TEXT_COLUMN("type"),   {"null", &sl_type_boolean},
    TEXT_COLUMN("key"),  TEXT_COLUMN("extras"), TEXT_COLUMN("watermark")};
static const struct sl_result_column show_functions[] = {TEXT_COLUMN("function name")};
static const struct sl_result_column show_function_info[] = {TEXT_COLUMN("info name"),
                                                             TEXT_COLUMN("info value")};
static const struct sl_result_column show_create[] = {TEXT_COLUMN("result")};
static const struct sl_result_column show_jobs[] = {TEXT_COLUMN("job_id"),
                                                    TEXT_COLUMN("name"),
                                                    TEXT_COLUMN("state"),
                                                    {"start_time", &sl_type_timestamp_ltz3},
                                                    {"duration", &sl_type_interval_day},
                                                    {"restarts", &sl_type_bigint},
                                                    TEXT_COLUMN("reason")};
static const struct sl_result_column show_tasks[] = {TEXT_COLUMN("task"),
                                                     {"subtask", &sl_type_int},
                                                     {"slot", &sl_type_int},
                                                     TEXT_COLUMN("state"),
                                                     {"rows_in", &sl_type_bigint},
                                                     {"rows_out", &sl_type_bigint},
                                                     {"bytes_in", &sl_type_bigint},
                                                     {"bytes_out", &sl_type_bigint},
                                                     {"busy", &sl_type_double},
                                                     {"idle", &sl_type_double},
                                                     {"backpressured", &sl_type_double},
                                                     {"watermark", &sl_type_timestamp3},
                                                     {"late_rows", &sl_type_bigint},
                                                     {"skipped_rows", &sl_type_bigint}};
static const struct sl_result_column show_checkpoints[] = {TEXT_COLUMN("job_id"),
                                                           {"checkpoint_id", &sl_type_bigint},
                                                           TEXT_COLUMN("kind"),
                                                           TEXT_COLUMN("status"),
                                                           {"start_time", &sl_type_timestamp_ltz3},
                                                           {"duration_ms", &sl_type_bigint},
                                                           {"alignment_ms", &sl_type_bigint},
                                                           {"freeze_ms", &sl_type_bigint},
                                                           {"write_ms", &sl_type_bigint},
                                                           {"size_full", &sl_type_bigint},
                                                           {"size_incremental", &sl_type_bigint},
                                                           TEXT_COLUMN("reason")};
static const struct sl_result_column show_watermarks[] = {TEXT_COLUMN("operator"),
                                                          TEXT_COLUMN("input"),
                                                          TEXT_COLUMN("split"),
                                                          {"watermark", &sl_type_timestamp3},
                                                          {"lag", &sl_type_interval_day},
                                                          {"idle", &sl_type_boolean},
                                                          {"holds_back", &sl_type_boolean}};
static const struct sl_result_column show_settings[] = {TEXT_COLUMN("key"), TEXT_COLUMN("value")};
static const struct sl_result_column show_all[] = {TEXT_COLUMN("name"), TEXT_COLUMN("setting"),
                                                   TEXT_COLUMN("description")};

/* --- rows --- */

/* LIKE with % and _, on the first column. */
static bool
show_like(const char *pattern, const char *end, const char *text, bool nocase)
{
    for (; pattern < end; pattern++, text++) {
        char p = *pattern, t = *text;

        if (p == '%') {
            for (; *text; text++)
                if (show_like(pattern + 1, end, text, nocase))
                    return true;
            return show_like(pattern + 1, end, text, nocase);
        }
        if (nocase) {
            p = (char)(p >= 'A' && p <= 'Z' ? p + 32 : p);
            t = (char)(t >= 'A' && t <= 'Z' ? t + 32 : t);
        }
        if (t == '\0' || (p != '_' && p != t))
            return false;
    }
    return *text == '\0';
}

static void
show_add(struct sl_portal *portal, const char *const *values)
{
    const struct sl_ast_show *show = (const struct sl_ast_show *)portal->statement->ast;

    if (show->ast.kind == SL_AST_SHOW && show->like.start &&
        show_like(show->like.start, show->like.start + show->like.length, values[0],
                  show->like_form == SL_AST_ILIKE) == show->negated)
        return;
    sl_portal_add_row(portal, values);
}

static const char *
show_number(struct sl_portal *portal, uint64_t number)
{
    return sl_arena_printf(&portal->arena, "%llu", (unsigned long long)number);
}

static const char *
show_milliseconds(struct sl_portal *portal, int64_t us)
{
    return show_number(portal, (uint64_t)(us / SL_US_PER_MS));
}

static const char *
show_time(struct sl_portal *portal, int64_t us)
{
    char *text = sl_arena_alloc(&portal->arena, SL_TIME_TEXT_MAX);

    sl_timestamp_format(us, 3, ' ', text);
    return text;
}

static const char *
show_watermark_time(struct sl_portal *portal, int64_t watermark_ms)
{
    char *text = sl_arena_alloc(&portal->arena, SL_TIME_TEXT_MAX);

    if (watermark_ms == SL_WATERMARK_MIN || watermark_ms == SL_WATERMARK_MAX)
        return NULL;
    sl_timestamp_format(watermark_ms * SL_US_PER_MS, 3, ' ', text);
    return text;
}

static const char *
show_duration(struct sl_portal *portal, int64_t us)
{
    struct sl_buffer text;
    const char *copy;
    struct sl_value value = {.type = &sl_type_interval_day,
                             .integer = us / SL_US_PER_MS * SL_US_PER_MS};

    sl_buffer_init(&text, 256);
    sl_value_format(&value, SL_FORM_POSTGRES, sl_zone_utc(), &text);
    copy = sl_arena_strdup(&portal->arena, text.data);
    sl_buffer_done(&text);
    return copy;
}

static const char *
show_share(struct sl_portal *portal, double share)
{
    return sl_arena_printf(&portal->arena, "%.3f", share);
}

/* --- tables --- */

static int
show_schema(struct sl_portal *portal, const struct sl_ast_show *show, const char **ret_schema,
            struct sl_error *err)
{
    struct sl_text name;

    *ret_schema = portal->session->schema;
    if (show->scope.count == 0)
        return SL_OK;
    name = show->scope.parts[show->scope.count - 1].text;
    if (!sl_catalog_find_schema(portal->session->server->catalog, &portal->arena,
                                sl_arena_strndup(&portal->arena, name.start, name.length),
                                ret_schema)) {
        SL_ERROR(err, SL_E_UNDEFINED_SCHEMA, "database \"%.*s\" does not exist",
                 SL_TEXT_FORMAT(name));
        return sl_error_at(err, show->scope.offset);
    }
    return SL_OK;
}

/* Flink's SHOW TABLES lists views too. */
static int
show_run_tables(struct sl_portal *portal, const struct sl_ast_show *show, struct sl_error *err)
{
    const struct sl_table **tables;
    const char *schema;
    size_t count;

    SL_TRY(show_schema(portal, show, &schema, err));
    count = sl_catalog_list_tables(portal->session->server->catalog, &portal->arena,
                                   portal->session->id, schema, &tables);
    for (size_t i = 0; i < count; i++) {
        bool is_hidden = i > 0 && tables[i - 1]->session &&
                         sl_equal_nocase(tables[i - 1]->name, tables[i]->name);

        if (!is_hidden && (show->show == SL_AST_SHOW_TABLES || tables[i]->kind == SL_RELATION_VIEW))
            show_add(portal, &tables[i]->name);
    }
    return SL_OK;
}

static const char *
show_column_extras(struct sl_portal *portal, const struct sl_table_column *column)
{
    switch (column->kind) {
    case SL_COLUMN_COMPUTED:
        return sl_arena_printf(&portal->arena, "AS %s", column->expression);
    case SL_COLUMN_METADATA:
        if (strcmp(column->metadata_key, column->name) == 0)
            return column->is_virtual ? "METADATA VIRTUAL" : "METADATA";
        return sl_arena_printf(&portal->arena, "METADATA FROM '%s'%s", column->metadata_key,
                               column->is_virtual ? " VIRTUAL" : "");
    default:
        return NULL;
    }
}

static void
show_table_columns(struct sl_portal *portal, const struct sl_table *table)
{
    const char *key = "PRI(";

    for (size_t i = 0; i < table->primary_key_count; i++)
        key = sl_arena_printf(&portal->arena, "%s%s%s", key, i ? ", " : "",
                              table->columns[table->primary_key[i]].name);
    key = sl_arena_printf(&portal->arena, "%s)", key);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct sl_table_column *column = &table->columns[i];
        const char *type =
            sl_type_text(&portal->arena, sl_type_nullable(&portal->arena, column->type, true));
        bool in_key = false;

        for (size_t k = 0; k < table->primary_key_count; k++)
            in_key |= table->primary_key[k] == i;
        if (column->time != SL_TIME_NONE)
            type = sl_arena_printf(&portal->arena, "%s %s", type,
                                   column->time == SL_TIME_EVENT ? "*ROWTIME*" : "*PROCTIME*");
        show_add(portal, (const char *const[]){
                             column->name, type, column->type->nullable ? "t" : "f",
                             in_key ? key : NULL, show_column_extras(portal, column),
                             (int32_t)i == table->watermark_column ? table->watermark : NULL});
    }
}

static int
show_find(struct sl_portal *portal, const struct sl_ast_name *name, const struct sl_table **table,
          struct sl_error *err)
{
    struct sl_plan_context context;

    sl_portal_plan_context(portal, &context);
    return sl_plan_find_table(&context, name, table, err);
}

static int
show_run_create_function(struct sl_portal *portal, const struct sl_ast_show *show,
                         struct sl_error *err)
{
    const struct sl_sql_function *function;
    struct sl_plan_context context;
    const char *text;

    sl_portal_plan_context(portal, &context);
    SL_TRY(sl_plan_find_function(&context, &show->name, &function, err));
    text = sl_show_create_function(&portal->arena, function);
    show_add(portal, &text);
    return SL_OK;
}

static int
show_run_create(struct sl_portal *portal, const struct sl_ast_show *show, struct sl_error *err)
{
    const struct sl_table *table;
    struct sl_buffer text;

    if (show->object == SL_AST_OBJECT_FUNCTION)
        return show_run_create_function(portal, show, err);
    if (show->object != SL_AST_OBJECT_TABLE && show->object != SL_AST_OBJECT_VIEW) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "this SHOW CREATE is not supported");
        return sl_error_at(err, portal->statement->offset);
    }
    SL_TRY(show_find(portal, &show->name, &table, err));
    if ((show->object == SL_AST_OBJECT_VIEW) != (table->kind == SL_RELATION_VIEW)) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "\"%s\" is not a %s", table->name,
                 show->object == SL_AST_OBJECT_VIEW ? "view" : "table");
        return sl_error_at(err, show->name.offset);
    }
    sl_buffer_init(&text, SIZE_MAX / 2);
    sl_plan_show_create(table, &text);
    sl_portal_add_row(portal, (const char *const *)&text.data);
    sl_buffer_done(&text);
    return SL_OK;
}

/* --- jobs --- */

static void
show_run_jobs(struct sl_portal *portal)
{
    struct sl_server *server = portal->session->server;
    struct sl_job_record *jobs;
    size_t count = sl_jobs_list(server, &portal->arena, &jobs);

    for (size_t i = 0; i < count; i++) {
        bool is_over = jobs[i].state >= SL_JOB_FINISHED;
        int64_t end_us = is_over ? jobs[i].end_us : sl_now_us(server->env);

        show_add(portal, (const char *const[]){
                             jobs[i].id, jobs[i].name, sl_job_state_name(jobs[i].state),
                             show_time(portal, jobs[i].start_us),
                             show_duration(portal, end_us - jobs[i].start_us),
                             show_number(portal, (uint64_t)jobs[i].restarts),
                             jobs[i].reason && jobs[i].reason[0] ? jobs[i].reason : NULL});
    }
}

/* The running job of a statement; NULL where it does not run now. */
static int
show_job(struct sl_portal *portal, const struct sl_ast_show *show, struct sl_job **ret_job,
         struct sl_error *err)
{
    struct sl_job_record record;

    SL_TRY(sl_jobs_find(portal->session->server, &portal->arena, show->job, show->job_offset,
                        &record, err));
    *ret_job = sl_runtime_find_job(portal->session->server->runtime, record.id);
    return SL_OK;
}

static int
show_run_tasks(struct sl_portal *portal, const struct sl_ast_show *show, struct sl_error *err)
{
    struct sl_task_status *tasks;
    struct sl_job *job;
    size_t count;

    SL_TRY(show_job(portal, show, &job, err));
    count = job ? sl_job_tasks(job, &portal->arena, &tasks) : 0;
    for (size_t i = 0; i < count; i++)
        show_add(portal,
                 (const char *const[]){
                     tasks[i].task, show_number(portal, tasks[i].subtask),
                     show_number(portal, tasks[i].slot), tasks[i].state,
                     show_number(portal, tasks[i].rows_in), show_number(portal, tasks[i].rows_out),
                     show_number(portal, tasks[i].bytes_in),
                     show_number(portal, tasks[i].bytes_out), show_share(portal, tasks[i].busy),
                     show_share(portal, tasks[i].idle), show_share(portal, tasks[i].backpressured),
                     show_watermark_time(portal, tasks[i].watermark_ms),
                     show_number(portal, tasks[i].late_rows),
                     show_number(portal, tasks[i].skipped_rows)});
    if (job)
        sl_job_unref(job);
    return SL_OK;
}

static void
show_add_checkpoints(struct sl_portal *portal, const struct sl_job *job, const char *id)
{
    struct sl_checkpoint_status *list;
    size_t count = sl_job_checkpoints(job, &portal->arena, &list);

    for (size_t i = 0; i < count; i++)
        show_add(portal, (const char *const[]){id, show_number(portal, list[i].id), list[i].kind,
                                               list[i].status, show_time(portal, list[i].start_us),
                                               show_milliseconds(portal, list[i].duration_us),
                                               show_milliseconds(portal, list[i].alignment_us),
                                               show_milliseconds(portal, list[i].freeze_us),
                                               show_milliseconds(portal, list[i].write_us),
                                               show_number(portal, list[i].full_bytes),
                                               show_number(portal, list[i].written_bytes),
                                               list[i].reason[0] ? list[i].reason : NULL});
}

/* Those of the jobs that run, or of one. */
static int
show_run_checkpoints(struct sl_portal *portal, const struct sl_ast_show *show, struct sl_error *err)
{
    struct sl_server *server = portal->session->server;
    struct sl_job_record one, *records = &one;
    size_t count = 1;

    if (show->job.start)
        SL_TRY(sl_jobs_find(server, &portal->arena, show->job, show->job_offset, &one, err));
    else
        count = sl_jobs_list(server, &portal->arena, &records);
    for (size_t i = 0; i < count; i++) {
        struct sl_job *job = sl_runtime_find_job(server->runtime, records[i].id);

        if (!job)
            continue;
        show_add_checkpoints(portal, job, records[i].id);
        sl_job_unref(job);
    }
    return SL_OK;
}

static int
show_run_watermarks(struct sl_portal *portal, const struct sl_ast_show *show, struct sl_error *err)
{
    struct sl_watermark_status *marks;
    struct sl_job *job;
    size_t count;

    SL_TRY(show_job(portal, show, &job, err));
    count = job ? sl_job_watermarks(job, &portal->arena, &marks) : 0;
    for (size_t i = 0; i < count; i++) {
        bool known =
            marks[i].watermark_ms != SL_WATERMARK_MIN && marks[i].watermark_ms != SL_WATERMARK_MAX;

        show_add(portal, (const char *const[]){
                             marks[i].operator_name, marks[i].input, marks[i].split,
                             show_watermark_time(portal, marks[i].watermark_ms),
                             known ? show_duration(portal, marks[i].lag_ms * SL_US_PER_MS) : NULL,
                             marks[i].idle ? "t" : "f", marks[i].holds_back ? "t" : "f"});
    }
    if (job)
        sl_job_unref(job);
    return SL_OK;
}

/* --- settings --- */

static void
show_run_settings(struct sl_portal *portal, bool with_help)
{
    const struct sl_settings *settings = &portal->session->settings;

    for (size_t i = 0; i < sl_setting_count(); i++) {
        const struct sl_option_spec *spec = sl_setting_spec((int)i);
        const char *value = sl_settings_get(settings, spec->name);

        if (with_help || strpbrk(spec->name, ".-"))
            show_add(portal, (const char *const[]){spec->name, value, spec->help});
    }
}

/* A setting's name as PostgreSQL heads its column: TimeZone, server_version. */
static const char *
show_setting_name(struct sl_portal *portal, struct sl_text name)
{
    int index = sl_setting_find(name);

    if (sl_text_equal_nocase(name, SL_TEXT("timezone")))
        return "TimeZone";
    return index >= 0 ? sl_setting_spec(index)->name
                      : sl_arena_strndup(&portal->arena, name.start, name.length);
}

static int
show_run_setting(struct sl_portal *portal, struct sl_text name, struct sl_error *err)
{
    struct sl_session *session = portal->session;
    const char *value = NULL;

    if (sl_setting_find(name) < 0) {
        struct sl_settings scratch;
        int rc;

        sl_settings_init(&scratch, NULL);
        rc = sl_settings_set(&scratch, name, NULL, SL_SETTING_S, err);
        sl_settings_done(&scratch);
        return rc;
    }
    value = sl_settings_get(&session->settings, sl_setting_spec(sl_setting_find(name))->name);
    if (sl_text_equal_nocase(name, SL_TEXT("session_authorization")))
        value = session->user;
    if (sl_text_equal_nocase(name, SL_TEXT("search_path")))
        value = session->schema;
    sl_portal_add_row(portal, &value);
    return SL_OK;
}

static void
show_run_functions(struct sl_portal *portal)
{
    const char **names;
    size_t count = sl_show_function_names(&portal->arena, &names);

    for (size_t i = 0; i < count; i++)
        show_add(portal, &names[i]);
}

/* Those in SQL of the current database. */
static void
show_run_user_functions(struct sl_portal *portal)
{
    const struct sl_sql_function **functions;
    size_t count =
        sl_catalog_list_functions(portal->session->server->catalog, &portal->arena,
                                  portal->session->id, portal->session->schema, &functions);

    for (size_t i = 0; i < count; i++)
        show_add(portal, &functions[i]->name);
}

/* --- dispatch --- */

int
sl_describe_show(struct sl_portal *portal, struct sl_error *err)
{
#define SHOW_COLUMNS(kind, columns)                                   \
    case SL_AST_SHOW_##kind:                                          \
        sl_portal_set_columns(portal, columns, SL_COUNT_OF(columns)); \
        return SL_OK
    const struct sl_ast_show *show = (const struct sl_ast_show *)portal->statement->ast;

    switch (show->show) {
        SHOW_COLUMNS(CATALOGS, show_catalogs);
        SHOW_COLUMNS(CURRENT_CATALOG, show_current_catalog);
        SHOW_COLUMNS(DATABASES, show_databases);
        SHOW_COLUMNS(CURRENT_DATABASE, show_current_database);
        SHOW_COLUMNS(TABLES, show_tables);
        SHOW_COLUMNS(VIEWS, show_views);
        SHOW_COLUMNS(COLUMNS, show_columns);
        SHOW_COLUMNS(FUNCTIONS, show_functions);
        SHOW_COLUMNS(CREATE, show_create);
        SHOW_COLUMNS(JOBS, show_jobs);
        SHOW_COLUMNS(TASKS, show_tasks);
        SHOW_COLUMNS(CHECKPOINTS, show_checkpoints);
        SHOW_COLUMNS(WATERMARKS, show_watermarks);
        SHOW_COLUMNS(SETTINGS, show_settings);
        SHOW_COLUMNS(ALL, show_all);
    case SL_AST_SHOW_SETTING:
        sl_portal_set_columns(
            portal,
            &(struct sl_result_column){show_setting_name(portal, show->setting), &sl_type_string},
            1);
        return SL_OK;
    default:
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "this SHOW is not supported");
        return sl_error_at(err, show->ast.offset);
    }
#undef SHOW_COLUMNS
}

static int
show_run(struct sl_portal *portal, const struct sl_ast_show *show, struct sl_error *err)
{
    const struct sl_table *table;
    const char **names;
    size_t count;

    switch (show->show) {
    case SL_AST_SHOW_CATALOGS:
    case SL_AST_SHOW_CURRENT_CATALOG:
        show_add(portal, (const char *const[]){"default_catalog"});
        return SL_OK;
    case SL_AST_SHOW_DATABASES:
        count = sl_catalog_list_schemas(portal->session->server->catalog, &portal->arena, &names);
        for (size_t i = 0; i < count; i++)
            show_add(portal, &names[i]);
        return SL_OK;
    case SL_AST_SHOW_CURRENT_DATABASE:
        show_add(portal, (const char *const *)&portal->session->schema);
        return SL_OK;
    case SL_AST_SHOW_TABLES:
    case SL_AST_SHOW_VIEWS:
        return show_run_tables(portal, show, err);
    case SL_AST_SHOW_COLUMNS:
        SL_TRY(show_find(portal, &show->name, &table, err));
        show_table_columns(portal, table);
        return SL_OK;
    case SL_AST_SHOW_FUNCTIONS:
        show_run_user_functions(portal);
        if (!show->user_only)
            show_run_functions(portal);
        return SL_OK;
    case SL_AST_SHOW_CREATE:
        return show_run_create(portal, show, err);
    case SL_AST_SHOW_JOBS:
        show_run_jobs(portal);
        return SL_OK;
    case SL_AST_SHOW_TASKS:
        return show_run_tasks(portal, show, err);
    case SL_AST_SHOW_WATERMARKS:
        return show_run_watermarks(portal, show, err);
    case SL_AST_SHOW_SETTINGS:
    case SL_AST_SHOW_ALL:
        show_run_settings(portal, show->show == SL_AST_SHOW_ALL);
        return SL_OK;
    case SL_AST_SHOW_SETTING:
        return show_run_setting(portal, show->setting, err);
    case SL_AST_SHOW_CHECKPOINTS:
        return show_run_checkpoints(portal, show, err);
    default: /* refused when it was described */
        return SL_OK;
    }
}

int
sl_run_show(struct sl_portal *portal, struct sl_error *err)
{
    SL_TRY(show_run(portal, (const struct sl_ast_show *)portal->statement->ast, err));
    sl_portal_set_tag(portal, "SHOW");
    return SL_OK;
}

int
sl_describe_describe(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_describe *describe = (const struct sl_ast_describe *)portal->statement->ast;

    if (describe->job.start)
        sl_portal_set_columns(portal, show_jobs, SL_COUNT_OF(show_jobs));
    else if (describe->object == SL_AST_OBJECT_TABLE)
        sl_portal_set_columns(portal, show_columns, SL_COUNT_OF(show_columns));
    else if (describe->object == SL_AST_OBJECT_FUNCTION)
        sl_portal_set_columns(portal, show_function_info, SL_COUNT_OF(show_function_info));
    else {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "this DESCRIBE is not supported");
        return sl_error_at(err, portal->statement->offset);
    }
    return SL_OK;
}

int
sl_run_describe(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_describe *describe = (const struct sl_ast_describe *)portal->statement->ast;
    const struct sl_table *table;
    struct sl_job_record job;

    if (describe->job.start) {
        SL_TRY(sl_jobs_find(portal->session->server, &portal->arena, describe->job,
                            describe->job_offset, &job, err));
        show_run_jobs(portal);
        for (size_t i = 0; i < portal->row_count; i++)
            if (strcmp(portal->rows[i][0], job.id) == 0)
                portal->rows[0] = portal->rows[i];
        portal->row_count = 1;
    } else if (describe->object == SL_AST_OBJECT_FUNCTION) {
        SL_TRY(sl_show_run_describe_function(portal, describe, err));
    } else {
        SL_TRY(show_find(portal, &describe->name, &table, err));
        show_table_columns(portal, table);
    }
    sl_portal_set_tag(portal, "DESCRIBE");
    return SL_OK;
}
