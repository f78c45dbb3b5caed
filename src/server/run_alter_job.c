/* ALTER JOB 'id' SET (…), RESET (…): the job is planned anew from its text, under other settings;
 * ALTER JOB 'id' AS INSERT …: from another text, under its settings.  It goes on from a last
 * checkpoint; state is found again by uid, what sinks publish by their tables. */
#include "executor/sink.h"
#include "server/savepoints.h"
#include "server/session.h"

#include <stdlib.h>

struct alter {
    struct sl_portal *portal;
    const struct sl_ast_job *statement;
    struct sl_job_record before, record; /* as it is to be */
    struct sl_settings settings;
    struct sl_phys_plan *old_plan;
    struct sl_planned *planned;
    struct sl_manifest *manifest; /* of the checkpoint that it goes on from; NULL: there is none */
    char directory[SL_CHECKPOINT_PATH_MAX];
    const char **verdicts; /* two texts each: operator, verdict */
    size_t verdict_count, verdict_capacity;
    bool rescales;
};

/* --- settings --- */

/* What of a job may change; a name that ends in '.' stands for all below it. */
static const char *const alter_keys[] = {
    "parallelism.default",
    "restart-strategy.",
    "execution.checkpointing.interval",
    "execution.checkpointing.timeout",
    "execution.checkpointing.min-pause",
    "execution.checkpointing.unaligned.enabled",
    "execution.checkpointing.aligned-checkpoint-timeout",
    "execution.checkpointing.tolerable-failed-checkpoints",
    "execution.checkpointing.num-retained",
    "pipeline.auto-watermark-interval",
    "table.exec.source.idle-timeout",
    "table.exec.runtime-error",
    "table.optimizer.agg-phase-strategy",
    "sluice.batch-size",
};

static bool
alter_is_of_jobs(const char *key)
{
    for (size_t i = 0; i < SL_COUNT_OF(alter_keys); i++) {
        size_t length = strlen(alter_keys[i]);

        if (alter_keys[i][length - 1] == '.' ? strncmp(key, alter_keys[i], length) == 0
                                             : strcmp(key, alter_keys[i]) == 0)
            return true;
    }
    return false;
}

static int
alter_set_option(struct alter *alter, const struct sl_ast_option *option, struct sl_error *err)
{
    struct sl_arena *arena = &alter->portal->arena;
    const struct sl_settings *server = &alter->portal->session->server->settings;
    struct sl_text name = sl_text_equal_nocase(option->key, SL_TEXT("parallelism"))
                              ? SL_TEXT("parallelism.default")
                              : option->key;
    int index = sl_setting_find(name);
    const char *key = index < 0 ? NULL : sl_setting_spec(index)->name, *value;

    if (key && !alter_is_of_jobs(key)) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "\"%s\" of a job cannot be changed", key);
        return sl_error_at(err, option->key_offset);
    }
    value = key && alter->statement->reset
                ? sl_settings_get(server, key)
                : sl_arena_strndup(arena, option->value.start ? option->value.start : "",
                                   option->value.length);
    alter->rescales |= key && strcmp(key, "parallelism.default") == 0;
    if (sl_settings_set(&alter->settings, name, value, SL_SETTING_S, err) < 0)
        return sl_error_at(err, err->code == SL_E_INVALID_PARAMETER_VALUE ? option->value_offset
                                                                          : option->key_offset);
    return SL_OK;
}

static int
alter_read_settings(struct alter *alter, struct sl_error *err)
{
    const struct sl_ast_options *options = &alter->statement->options;

    SL_TRY(sl_settings_read(&alter->settings, alter->record.settings, err));
    for (size_t i = 0; i < options->count; i++)
        SL_TRY(alter_set_option(alter, &options->items[i], err));
    return SL_OK;
}

/* --- planning anew --- */

static const char *
alter_setting(void *arg, const char *key)
{
    const struct alter *alter = arg;

    return sl_setting_find(sl_text_of(key)) < 0 ? NULL : sl_settings_get(&alter->settings, key);
}

static void
alter_notice(void *arg, const char *text)
{
    sl_session_notice(((const struct alter *)arg)->portal->session, text);
}

static struct sl_phys_node *
alter_find_node(const struct sl_phys_plan *plan, const char *uid)
{
    for (size_t i = 0; i < plan->node_count; i++)
        if (strcmp(plan->nodes[i]->uid, uid) == 0)
            return plan->nodes[i];
    return NULL;
}

static uint64_t
alter_sink_table(const struct sl_phys_node *sink)
{
    return ((const struct sl_phys_sink *)sink->detail)->table_id;
}

/* The old sink of the same table that no sink of the new plan has taken yet. */
static const struct sl_phys_node *
alter_find_sink(const struct alter *alter, const struct sl_phys_node *sink)
{
    for (size_t i = 0; i < alter->old_plan->node_count; i++) {
        const struct sl_phys_node *old = alter->old_plan->nodes[i];

        if (old->kind == SL_OP_SINK && alter_sink_table(old) == alter_sink_table(sink) &&
            !alter_find_node(alter->planned->plan, old->uid))
            return old;
    }
    return NULL;
}

/* A sink of the same table is the same one, whatever it reads now; and its lanes stay as they were:
 * their markers go by uid and number. */
static void
alter_keep_sinks(struct alter *alter)
{
    struct sl_phys_plan *plan = alter->planned->plan;

    for (size_t i = 0; i < plan->node_count; i++) {
        struct sl_phys_node *node = plan->nodes[i];
        const struct sl_phys_node *old;

        if (node->kind != SL_OP_SINK)
            continue;
        old = alter_find_node(alter->old_plan, node->uid);
        if (!old)
            old = alter_find_sink(alter, node);
        if (!old)
            continue;
        node->uid = old->uid;
        ((struct sl_phys_sink *)node->detail)->lane_count = sl_sink_lane_count(old);
    }
}

/* What an ALTER JOB … AS writes instead of a job's text. */
static int
alter_check_statement(const struct alter *alter, struct sl_error *err)
{
    const struct sl_ast *statement = alter->statement->statement;

    if (alter->portal->param_count > 0) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "the query of a job takes no parameters");
        return sl_error_at(err, statement->offset);
    }
    if (statement->kind == SL_AST_STATEMENT_SET &&
        !((const struct sl_ast_statement_set *)statement)->complete) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "ALTER JOB takes a statement set only whole, up to its END");
        sl_error_hint(err, "psql sends what stands before each ';': write \\; between the INSERTs");
        return sl_error_at(err, statement->offset);
    }
    return SL_OK;
}

/* The new text, in the session's schema, as an INSERT would be. */
static int
alter_plan_statement(struct alter *alter, struct sl_plan_context *context, struct sl_error *err)
{
    const struct sl_ast_job *job = alter->statement;
    struct sl_job_record *record = &alter->record;
    struct sl_plan_options options = {0};
    struct sl_arena *arena = &alter->portal->arena;

    SL_TRY(alter_check_statement(alter, err));
    SL_TRY(sl_plan_statement(context, job->statement, &options, &alter->planned, err));
    if (alter->planned->synchronous) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "an INSERT that ends by itself at once is no job");
        return sl_error_at(err, job->statement->offset);
    }
    record->sql = sl_arena_strndup(arena, job->statement_text.start, job->statement_text.length);
    record->schema = context->schema;
    if (sl_settings_get(&alter->settings, "pipeline.name")[0] == '\0')
        record->name = sl_jobs_default_name(arena, alter->planned);
    return SL_OK;
}

/* Its own text, in the schema that was current when it was made. */
static int
alter_plan_again(struct alter *alter, struct sl_plan_context *context, struct sl_error *err)
{
    struct sl_plan_options options = {0};
    struct sl_ast_script *script;

    context->schema = alter->record.schema;
    context->session_id = 0;
    context->sql = sl_text_of(alter->record.sql);
    SL_TRY(sl_parse_script(&alter->portal->arena, context->sql, NULL, &script, err));
    return sl_plan_statement(context, script->statements[0].ast, &options, &alter->planned, err);
}

static int
alter_plan(struct alter *alter, struct sl_error *err)
{
    struct sl_arena *arena = &alter->portal->arena;
    struct sl_plan_context context;

    SL_TRY(sl_phys_read_json(arena, sl_text_of(alter->record.plan), &alter->old_plan, err));
    sl_portal_plan_context(alter->portal, &context);
    context.setting = alter_setting;
    context.session = alter;
    context.notice = alter_notice;
    SL_TRY(alter->statement->statement ? alter_plan_statement(alter, &context, err)
                                       : alter_plan_again(alter, &context, err));
    alter->planned->plan->settings.max_parallelism = alter->old_plan->settings.max_parallelism;
    alter_keep_sinks(alter);
    alter->record.settings = sl_jobs_write_settings(arena, &alter->settings);
    alter->record.table_ids = alter->planned->table_ids;
    alter->record.table_versions = alter->planned->table_versions;
    alter->record.table_count = alter->planned->table_count;
    return sl_jobs_check_slots(alter->portal->session->server, alter->planned->plan, err);
}

/* --- state --- */

static void
alter_verdict(void *arg, const char *uid, const char *verdict)
{
    struct alter *alter = arg;
    struct sl_arena *arena = &alter->portal->arena;

    if (alter->verdict_count == alter->verdict_capacity) {
        size_t capacity = alter->verdict_capacity * 2 + 16;
        const char **more = SL_NEW_ARRAY(arena, const char *, capacity * 2);

        for (size_t i = 0; i < alter->verdict_count * 2; i++)
            more[i] = alter->verdicts[i];
        alter->verdicts = more;
        alter->verdict_capacity = capacity;
    }
    alter->verdicts[alter->verdict_count * 2] = sl_arena_strdup(arena, uid);
    alter->verdicts[alter->verdict_count * 2 + 1] = sl_arena_strdup(arena, verdict);
    alter->verdict_count++;
}

/* Rows of another query's ALTER; else notices, as of an INSERT that begins from a savepoint. */
static void
alter_tell(struct alter *alter, bool is_done)
{
    for (size_t i = 0; i < alter->verdict_count; i++) {
        const char **row = &alter->verdicts[i * 2];

        if (is_done && alter->statement->statement)
            sl_portal_add_row(alter->portal, row);
        else
            alter_notice(alter,
                         sl_arena_printf(&alter->portal->arena, "operator %s: %s", row[0], row[1]));
    }
}

/* The newest that can be read; the runtime looks inside. */
static int
alter_find_checkpoint(struct alter *alter, uint64_t *ret_oldest, struct sl_error *err)
{
    struct sl_server *server = alter->portal->session->server;
    struct sl_arena *arena = &alter->portal->arena;
    uint64_t *ids;
    size_t count = sl_checkpoint_list(arena, server->data_directory, alter->record.id, &ids);
    int rc = SL_OK;

    *ret_oldest = count ? ids[count - 1] : 0;
    for (size_t i = 0; i < count; i++) {
        if (!sl_checkpoint_exists(server->data_directory, alter->record.id, ids[i]))
            continue;
        sl_checkpoint_path(server->data_directory, alter->record.id, ids[i], alter->directory);
        rc = sl_manifest_read(arena, alter->directory, &alter->manifest, err);
        if (rc != SL_E_DATA_CORRUPTED)
            return rc;
        alter->manifest = NULL;
    }
    return rc;
}

/* What the new plan is made without, now and from earlier times, as long as a checkpoint has it. */
static void
alter_drop(struct alter *alter, const struct sl_claims *claims, uint64_t oldest)
{
    struct sl_arena *arena = &alter->portal->arena;
    const struct sl_option_list *before = &alter->old_plan->settings.dropped_state;
    struct sl_option_list *dropped = &alter->planned->plan->settings.dropped_state;

    dropped->items = SL_NEW_ARRAY(arena, struct sl_option, before->count + claims->count + 1);
    for (size_t i = 0; i < claims->count; i++) {
        if (sl_savepoints_is_claimed((void *)(uintptr_t)claims, claims->items[i].uid))
            continue;
        dropped->items[dropped->count++] = (struct sl_option){
            claims->items[i].uid,
            sl_arena_printf(arena, "%llu", (unsigned long long)alter->manifest->checkpoint_id), -1,
            -1};
    }
    for (size_t i = 0; i < before->count; i++) {
        if (strtoull(before->items[i].value, NULL, 10) >= oldest &&
            !sl_option_find(dropped, before->items[i].key))
            dropped->items[dropped->count++] = before->items[i];
    }
}

/* All state of the last checkpoint must find its operator again, unless another query may drop
 * it. */
static int
alter_claim(struct alter *alter, struct sl_error *err)
{
    struct sl_session *session = alter->portal->session;
    struct sl_jobs_origin origin = {.verdict = alter_verdict, .arg = alter};
    bool ignores =
        alter->statement->statement &&
        sl_settings_boolean(&session->settings, "execution.state-recovery.ignore-unclaimed-state");
    struct sl_claims claims = {0};
    uint64_t oldest;

    SL_TRY(alter_find_checkpoint(alter, &oldest, err));
    if (alter->manifest) {
        sl_runtime_drop_state(alter->old_plan, alter->manifest);
        SL_TRY(sl_savepoints_claim(session->server, &alter->portal->arena, alter->planned->plan,
                                   alter->manifest, ignores, &origin, &claims, err));
    }
    alter_drop(alter, &claims, oldest);
    alter->record.plan = sl_jobs_write_plan(&alter->portal->arena, alter->planned->plan);
    return SL_OK;
}

/* --- changing over --- */

/* What a sink that goes had to write is written; the job does not run. */
static int
alter_retire(void *arg, struct sl_error *err)
{
    struct alter *alter = arg;
    struct sl_server *server = alter->portal->session->server;

    if (!alter->manifest)
        return SL_OK;
    SL_TRY(sl_jobs_resolve(server, &alter->portal->arena, alter->old_plan, err));
    for (size_t i = 0; i < alter->old_plan->node_count; i++) {
        const struct sl_phys_node *old = alter->old_plan->nodes[i], *now;
        struct sl_retired_sink retired = {.job_id = alter->record.id,
                                          .incarnation = alter->record.incarnation,
                                          .sink = old,
                                          .manifest = alter->manifest,
                                          .directory = alter->directory};

        now = alter_find_node(alter->planned->plan, old->uid);
        if (old->kind == SL_OP_SINK && !(now && sl_sink_has_outbox(now)))
            SL_TRY(sl_runtime_retire_sink(server->runtime, &retired, err));
    }
    return SL_OK;
}

static int
alter_replace(struct alter *alter, struct sl_job *job, struct sl_error *err)
{
    struct sl_jobs_change change = {.before = &alter->before,
                                    .after = &alter->record,
                                    .job = job,
                                    .prepare = alter_retire,
                                    .arg = alter};

    return sl_jobs_replace(alter->portal->session->server, &change, err);
}

static int
alter_running(struct alter *alter, struct sl_job *job, struct sl_error *err)
{
    struct sl_session *session = alter->portal->session;
    int rc;

    SL_TRY(sl_job_hold(job, sl_net_is_cancelled, session->connection, err));
    rc = alter_claim(alter, err);
    if (rc < 0) {
        sl_job_go_on(job);
        return rc;
    }
    return alter_replace(alter, job, err);
}

/* One that waits for the outside, or is paused, goes on from the checkpoint that it has.  What of
 * it is still to be published goes lane by lane: another parallelism could break its order. */
static int
alter_waiting(struct alter *alter, struct sl_job *job, struct sl_error *err)
{
    if (alter->rescales) {
        SL_ERROR(err, SL_E_OBJECT_STATE, "job %s is %s: only a running one can be rescaled",
                 alter->record.id, sl_job_state_name(alter->record.state));
        return sl_error_hint(err, "settings can be changed");
    }
    SL_TRY(alter_claim(alter, err));
    return alter_replace(alter, job, err);
}

static int
alter_run(struct alter *alter, struct sl_error *err)
{
    struct sl_server *server = alter->portal->session->server;
    struct sl_job *job = sl_runtime_find_job(server->runtime, alter->record.id);
    bool may_start = alter->record.state == SL_JOB_FAILED && alter->statement->statement;
    int rc;

    if (!job && alter->record.state != SL_JOB_SUSPENDED && !may_start)
        return SL_ERROR(err, SL_E_OBJECT_STATE, "job %s is %s", alter->record.id,
                        sl_job_state_name(alter->record.state));
    rc = job && alter->record.state == SL_JOB_RUNNING ? alter_running(alter, job, err)
                                                      : alter_waiting(alter, job, err);
    if (job)
        sl_job_unref(job);
    return rc;
}

static const struct sl_result_column alter_columns[] = {{"operator", &sl_type_string},
                                                        {"verdict", &sl_type_string}};

int
sl_describe_alter_job(struct sl_portal *portal, struct sl_error *err)
{
    if (((const struct sl_ast_job *)portal->statement->ast)->statement)
        sl_portal_set_columns(portal, alter_columns, SL_COUNT_OF(alter_columns));
    return SL_OK;
}

int
sl_run_alter_job(struct sl_portal *portal, struct sl_error *err)
{
    struct alter alter = {.portal = portal,
                          .statement = (const struct sl_ast_job *)portal->statement->ast};
    int rc;

    SL_TRY(sl_jobs_find(portal->session->server, &portal->arena, alter.statement->job,
                        alter.statement->job_offset, &alter.record, err));
    alter.before = alter.record;
    sl_settings_init(&alter.settings, NULL);
    rc = alter_read_settings(&alter, err);
    if (rc == SL_OK) {
        rc = alter_plan(&alter, err);
        /* Positions of the job's own text mean nothing here. */
        if (rc < 0 && !alter.statement->statement)
            err->offset = alter.statement->job_offset;
    }
    if (rc == SL_OK) {
        rc = alter_run(&alter, err);
        alter_tell(&alter, rc == SL_OK);
        if (rc < 0)
            err->offset = alter.statement->job_offset;
    }
    sl_settings_done(&alter.settings);
    sl_portal_set_tag(portal, "ALTER JOB");
    return rc;
}
