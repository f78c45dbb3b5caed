/* EXPLAIN, DESCRIBE, SHOW, ANALYZE, plans and jobs. */
#include "parser/build.h"

#include "sql.h"

struct sl_ast_explain *
sl_build_explain_details(SL_PARSE, const struct sl_ast_list *words)
{
    static const struct {
        const char *word;
        enum sl_ast_explain_detail detail;
    } details[] = {
        {"ESTIMATED_COST", SL_AST_EXPLAIN_ESTIMATED_COST},
        {"CHANGELOG_MODE", SL_AST_EXPLAIN_CHANGELOG_MODE},
        {"PLAN_ADVICE", SL_AST_EXPLAIN_PLAN_ADVICE},
        {"JSON_EXECUTION_PLAN", SL_AST_EXPLAIN_JSON_EXECUTION_PLAN},
    };
    struct sl_ast_explain *explain = SL_BUILD(parse, explain, EXPLAIN, -1);
    for (size_t i = 0; i < words->count; i++) {
        SL_TOKEN word = words->items[i];
        size_t found = 0;
        while (found < SL_COUNT_OF(details) &&
               !sl_text_equal_nocase(word->text, sl_text_of(details[found].word)))
            found++;
        if (found < SL_COUNT_OF(details))
            explain->details |= details[found].detail;
        else
            sl_parse_syntax_error(parse, word);
    }
    return explain;
}

struct sl_ast_explain *
sl_build_explain_options(SL_PARSE, const struct sl_ast_list *options)
{
    struct sl_ast_explain *explain = SL_BUILD(parse, explain, EXPLAIN, -1);
    explain->options = sl_build_options(parse, options);
    return explain;
}

struct sl_ast *
sl_build_explain(SL_PARSE, struct sl_ast_explain *explain, struct sl_ast *statement)
{
    if (explain == NULL)
        explain = SL_BUILD(parse, explain, EXPLAIN, -1);
    explain->statement = statement;
    explain->statement_text = sl_build_slice(parse, statement->offset, parse->last_end);
    parse->open_owner = &explain->ast;
    return &explain->ast;
}

struct sl_ast *
sl_build_explain_file(SL_PARSE, SL_TOKEN path)
{
    struct sl_ast_explain *explain = SL_BUILD(parse, explain, EXPLAIN, -1);
    explain->plan_file = sl_build_text(parse, path);
    return &explain->ast;
}

struct sl_ast *
sl_build_describe(SL_PARSE, enum sl_ast_object object, bool extended, struct sl_ast_name *name)
{
    struct sl_ast_describe *describe = SL_BUILD(parse, describe, DESCRIBE, -1);
    describe->object = object;
    describe->extended = extended;
    describe->name = *name;
    return &describe->ast;
}

struct sl_ast *
sl_build_describe_job(SL_PARSE, SL_TOKEN job)
{
    struct sl_ast_describe *describe = SL_BUILD(parse, describe, DESCRIBE, -1);
    describe->object = SL_AST_OBJECT_JOB;
    describe->job = sl_build_text(parse, job);
    describe->job_offset = job->offset;
    return &describe->ast;
}

/* ---- SHOW ---- */

struct sl_ast_show *
sl_build_show(SL_PARSE, enum sl_ast_show_kind kind, struct sl_ast_name *name,
              struct sl_ast_name *scope, const struct sl_build_like *like)
{
    struct sl_ast_show *show = SL_BUILD(parse, show, SHOW, -1);
    show->show = kind;
    show->name = sl_build_name_value(name);
    show->scope = sl_build_name_value(scope);
    if (like != NULL) {
        show->like = like->pattern;
        show->like_form = like->form;
        show->negated = like->negated;
    }
    return show;
}

struct sl_ast_show *
sl_build_show_job(SL_PARSE, enum sl_ast_show_kind kind, SL_TOKEN job)
{
    struct sl_ast_show *show = sl_build_show(parse, kind, NULL, NULL, NULL);
    show->job = sl_build_text(parse, job);
    show->job_offset = job ? job->offset : -1;
    return show;
}

struct sl_ast_show *
sl_build_show_setting(SL_PARSE, SL_TOKEN first, const char *setting)
{
    struct sl_ast_show *show = sl_build_show(parse, SL_AST_SHOW_SETTING, NULL, NULL, NULL);
    if (setting != NULL)
        show->setting = sl_text_of(setting);
    else if (first->kind == SL_TOKEN_STRING)
        show->setting = sl_build_text(parse, first);
    else
        show->setting = sl_build_setting(parse, first)->text;
    return show;
}

struct sl_build_like *
sl_build_show_like(SL_PARSE, enum sl_ast_like_form form, SL_TOKEN pattern, bool negated)
{
    struct sl_build_like *like = SL_NEW(parse->arena, struct sl_build_like);
    like->form = form;
    like->pattern = sl_build_text(parse, pattern);
    like->negated = negated;
    return like;
}

/* ---- ANALYZE ---- */

struct sl_ast_analyze *
sl_build_analyze_columns(SL_PARSE, struct sl_ast_list *columns, bool all_columns)
{
    struct sl_ast_analyze *analyze = SL_BUILD(parse, analyze, ANALYZE, -1);
    analyze->compute_statistics = true;
    analyze->all_columns = all_columns;
    analyze->columns = sl_build_ids(parse, columns, &analyze->column_count);
    return analyze;
}

struct sl_ast *
sl_build_analyze(SL_PARSE, struct sl_ast_name *name, struct sl_ast_options partition,
                 struct sl_ast_analyze *columns)
{
    struct sl_ast_analyze *analyze =
        columns != NULL ? columns : SL_BUILD(parse, analyze, ANALYZE, -1);
    analyze->name = sl_build_name_value(name);
    analyze->partition = partition;
    return &analyze->ast;
}

/* ---- plans and jobs ---- */

struct sl_ast *
sl_build_plan(SL_PARSE, enum sl_ast_plan_kind kind, SL_TOKEN path, bool if_not_exists,
              struct sl_ast *statement)
{
    struct sl_ast_plan *plan = SL_BUILD(parse, plan, PLAN, -1);
    plan->plan = kind;
    plan->path = sl_build_text(parse, path);
    plan->if_not_exists = if_not_exists;
    plan->statement = statement;
    if (statement != NULL) {
        plan->statement_text = sl_build_slice(parse, statement->offset, parse->last_end);
        parse->open_owner = &plan->ast;
    }
    return &plan->ast;
}

static struct sl_ast_job *
build_utility_job(SL_PARSE, enum sl_ast_kind kind, SL_TOKEN name)
{
    struct sl_ast_job *job = sl_build_node(parse, sizeof *job, kind, -1);
    job->job = sl_build_text(parse, name);
    job->job_offset = name->offset;
    return job;
}

struct sl_ast *
sl_build_job(SL_PARSE, enum sl_ast_kind kind, SL_TOKEN name)
{
    return &build_utility_job(parse, kind, name)->ast;
}

struct sl_ast *
sl_build_stop_job(SL_PARSE, SL_TOKEN name, int options)
{
    struct sl_ast_job *job = build_utility_job(parse, SL_AST_STOP_JOB, name);
    job->with_savepoint = options & SL_BUILD_WITH_SAVEPOINT;
    job->with_drain = options & SL_BUILD_WITH_DRAIN;
    return &job->ast;
}

struct sl_ast *
sl_build_resume_duplicates(SL_PARSE, SL_TOKEN name)
{
    struct sl_ast_job *job = build_utility_job(parse, SL_AST_RESUME_JOB, name);
    job->with_duplicates = true;
    return &job->ast;
}

struct sl_ast *
sl_build_savepoint(SL_PARSE, SL_TOKEN name, SL_TOKEN directory)
{
    struct sl_ast_job *job = build_utility_job(parse, SL_AST_CREATE_SAVEPOINT, name);
    job->directory = sl_build_text(parse, directory);
    return &job->ast;
}

struct sl_ast *
sl_build_alter_job(SL_PARSE, SL_TOKEN name, struct sl_ast_options options, bool reset)
{
    struct sl_ast_job *job = build_utility_job(parse, SL_AST_ALTER_JOB, name);
    job->options = options;
    job->reset = reset;
    return &job->ast;
}

struct sl_ast *
sl_build_alter_job_query(SL_PARSE, SL_TOKEN name, struct sl_ast *statement)
{
    struct sl_ast_job *job = build_utility_job(parse, SL_AST_ALTER_JOB, name);
    job->statement = statement;
    job->statement_text = sl_build_slice(parse, statement->offset, parse->last_end);
    parse->open_owner = &job->ast;
    return &job->ast;
}
