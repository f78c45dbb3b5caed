/* ALTER JOB 'id' SET (…), RESET (…): the job is planned anew from its text, under other settings,
 * and goes on from a last checkpoint; state is found again by uid. */
#include "executor/sink.h"
#include "server/savepoints.h"
#include "server/session.h"

#include <stdio.h>

struct alter {
    struct sl_portal *portal;
    const struct sl_ast_job *statement;
    struct sl_job_record record; /* as it is to be */
    struct sl_settings settings;
    struct sl_phys_plan *old_plan;
    struct sl_planned *planned;
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
    "execution.checkpointing.tolerable-failed-checkpoints",
    "execution.checkpointing.num-retained",
    "pipeline.auto-watermark-interval",
    "table.exec.source.idle-timeout",
    "table.exec.runtime-error",
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

/* Lanes stay as they were: their markers go by number. */
static void
alter_keep_lanes(const struct sl_phys_plan *old_plan, struct sl_phys_plan *plan)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        struct sl_phys_node *node = plan->nodes[i];

        for (size_t k = 0; k < old_plan->node_count && node->kind == SL_OP_SINK; k++) {
            const struct sl_phys_node *old = old_plan->nodes[k];

            if (strcmp(old->uid, node->uid) == 0)
                ((struct sl_phys_sink *)node->detail)->lane_count = sl_sink_lane_count(old);
        }
    }
}

static int
alter_plan(struct alter *alter, struct sl_error *err)
{
    struct sl_arena *arena = &alter->portal->arena;
    struct sl_job_record *record = &alter->record;
    struct sl_plan_options options = {0};
    struct sl_plan_context context;
    struct sl_ast_script *script;

    SL_TRY(sl_phys_read_json(arena, sl_text_of(record->plan), &alter->old_plan, err));
    sl_portal_plan_context(alter->portal, &context);
    context.schema = record->schema;
    context.session_id = 0;
    context.setting = alter_setting;
    context.session = alter;
    context.notice = alter_notice;
    context.sql = sl_text_of(record->sql);
    SL_TRY(sl_parse_script(arena, context.sql, NULL, &script, err));
    SL_TRY(sl_plan_statement(&context, script->statements[0].ast, &options, &alter->planned, err));
    alter->planned->plan->settings.max_parallelism = alter->old_plan->settings.max_parallelism;
    alter_keep_lanes(alter->old_plan, alter->planned->plan);
    record->plan = sl_jobs_write_plan(arena, alter->planned->plan);
    record->settings = sl_jobs_write_settings(arena, &alter->settings);
    record->table_ids = alter->planned->table_ids;
    record->table_versions = alter->planned->table_versions;
    record->table_count = alter->planned->table_count;
    return sl_jobs_check_slots(alter->portal->session->server, alter->planned->plan, err);
}

/* --- changing over --- */

/* All state of the last checkpoint must find its operator again. */
static int
alter_claim(struct alter *alter, struct sl_error *err)
{
    struct sl_server *server = alter->portal->session->server;
    struct sl_jobs_origin origin = {.notice = alter_notice, .arg = alter};
    char directory[SL_CHECKPOINT_PATH_MAX];
    struct sl_manifest *manifest;
    struct sl_claims claims;
    uint64_t *ids;
    size_t i = 0, count = sl_checkpoint_list(&alter->portal->arena, server->data_directory,
                                             alter->record.id, &ids);

    while (i < count && !sl_checkpoint_exists(server->data_directory, alter->record.id, ids[i]))
        i++;
    if (i == count)
        return SL_OK;
    sl_checkpoint_path(server->data_directory, alter->record.id, ids[i], directory);
    SL_TRY(sl_manifest_read(&alter->portal->arena, directory, &manifest, err));
    return sl_savepoints_claim(server, &alter->portal->arena, alter->planned->plan, manifest, false,
                               &origin, &claims, err);
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
    return sl_jobs_replace(session->server, &alter->record, job, err);
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
    return sl_jobs_replace(alter->portal->session->server, &alter->record, job, err);
}

static int
alter_run(struct alter *alter, struct sl_error *err)
{
    struct sl_server *server = alter->portal->session->server;
    struct sl_job *job = sl_runtime_find_job(server->runtime, alter->record.id);
    int rc;

    if (!job && alter->record.state != SL_JOB_SUSPENDED)
        return SL_ERROR(err, SL_E_OBJECT_STATE, "job %s is %s", alter->record.id,
                        sl_job_state_name(alter->record.state));
    rc = job && alter->record.state == SL_JOB_RUNNING ? alter_running(alter, job, err)
                                                      : alter_waiting(alter, job, err);
    if (job)
        sl_job_unref(job);
    return rc;
}

int
sl_run_alter_job(struct sl_portal *portal, struct sl_error *err)
{
    struct alter alter = {.portal = portal,
                          .statement = (const struct sl_ast_job *)portal->statement->ast};
    int rc;

    SL_TRY(sl_jobs_find(portal->session->server, &portal->arena, alter.statement->job,
                        alter.statement->job_offset, &alter.record, err));
    sl_settings_init(&alter.settings, NULL);
    rc = alter_read_settings(&alter, err);
    if (rc == SL_OK) {
        rc = alter_plan(&alter, err);
        if (rc == SL_OK)
            rc = alter_run(&alter, err);
        /* Positions of the job's own text mean nothing here. */
        if (rc < 0)
            err->offset = alter.statement->job_offset;
    }
    sl_settings_done(&alter.settings);
    sl_portal_set_tag(portal, "ALTER JOB");
    return rc;
}
