/* STOP JOB, PAUSE JOB, RESUME JOB, CREATE SAVEPOINT: all return when it is done. */
#include "server/savepoints.h"
#include "server/session.h"

static int
job_find(struct sl_portal *portal, struct sl_job_record *record, struct sl_error *err)
{
    const struct sl_ast_job *job = (const struct sl_ast_job *)portal->statement->ast;

    return sl_jobs_find(portal->session->server, &portal->arena, job->job, job->job_offset, record,
                        err);
}

static const struct sl_result_column job_savepoint_columns[] = {
    {"savepoint_path", &sl_type_string}};

int
sl_describe_stop_job(struct sl_portal *portal, struct sl_error *err)
{
    if (((const struct sl_ast_job *)portal->statement->ast)->with_savepoint)
        sl_portal_set_columns(portal, job_savepoint_columns, 1);
    return SL_OK;
}

int
sl_describe_create_savepoint(struct sl_portal *portal, struct sl_error *err)
{
    sl_portal_set_columns(portal, job_savepoint_columns, 1);
    return SL_OK;
}

/* Takes it and makes its path the result. */
static int
job_take_savepoint(struct sl_portal *portal, const struct sl_job_record *record,
                   enum sl_savepoint_mode mode, struct sl_error *err)
{
    const struct sl_ast_job *statement = (const struct sl_ast_job *)portal->statement->ast;
    struct sl_session *session = portal->session;
    struct sl_job *job = sl_runtime_find_job(session->server->runtime, record->id);
    const char *directory =
        statement->directory.start
            ? sl_arena_strndup(&portal->arena, statement->directory.start,
                               statement->directory.length)
            : sl_settings_get(&session->settings, "execution.checkpointing.savepoint-dir");
    const char *path = "";
    int rc;

    if (!job) {
        SL_ERROR(err, SL_E_OBJECT_STATE, "job %s is %s: only a running one can take a savepoint",
                 record->id, sl_job_state_name(record->state));
        return sl_error_at(err, statement->job_offset);
    }
    rc = sl_savepoints_new_path(session->server, &portal->arena, directory, record->id, &path, err);
    if (rc == SL_OK)
        rc = sl_job_savepoint(job, path, mode, sl_net_is_cancelled, session->connection, err);
    if (rc == SL_OK && mode == SL_SAVEPOINT_DRAIN)
        rc = sl_job_wait(job, NULL, NULL, err);
    if (rc == SL_OK && mode == SL_SAVEPOINT_DRAIN)
        rc = sl_jobs_store(session->server, job, err);
    sl_job_unref(job);
    if (rc < 0)
        return sl_error_at(err, statement->job_offset);
    sl_portal_add_row(portal, &path);
    return SL_OK;
}

int
sl_run_create_savepoint(struct sl_portal *portal, struct sl_error *err)
{
    struct sl_job_record record;

    SL_TRY(job_find(portal, &record, err));
    SL_TRY(job_take_savepoint(portal, &record, SL_SAVEPOINT_ONLY, err));
    sl_portal_set_tag(portal, "CREATE SAVEPOINT");
    return SL_OK;
}

int
sl_run_stop_job(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_job *job = (const struct sl_ast_job *)portal->statement->ast;
    struct sl_server *server = portal->session->server;
    struct sl_job_record record;

    if (job->with_drain && !job->with_savepoint) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "a job is drained for a savepoint only");
        sl_error_hint(err, "STOP JOB '…' WITH SAVEPOINT WITH DRAIN");
        return sl_error_at(err, job->job_offset);
    }
    SL_TRY(job_find(portal, &record, err));
    if (job->with_savepoint)
        SL_TRY(job_take_savepoint(portal, &record,
                                  job->with_drain ? SL_SAVEPOINT_DRAIN : SL_SAVEPOINT_STOP, err));
    if (!job->with_drain)
        SL_TRY(sl_jobs_end(server, &record, job->with_savepoint ? SL_JOB_FINISHED : SL_JOB_CANCELED,
                           "", err));
    sl_portal_set_tag(portal, "STOP JOB");
    return SL_OK;
}

int
sl_run_pause_job(struct sl_portal *portal, struct sl_error *err)
{
    struct sl_job_record record;

    SL_TRY(job_find(portal, &record, err));
    sl_jobs_checkpoint(portal->session->server, &record);
    SL_TRY(
        sl_jobs_end(portal->session->server, &record, SL_JOB_SUSPENDED, "paused by a person", err));
    sl_portal_set_tag(portal, "PAUSE JOB");
    return SL_OK;
}

int
sl_run_resume_job(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_job *job = (const struct sl_ast_job *)portal->statement->ast;
    struct sl_job_record record;
    uint64_t checkpoint;

    SL_TRY(job_find(portal, &record, err));
    SL_TRY(
        sl_jobs_resume(portal->session->server, &record, job->with_duplicates, &checkpoint, err));
    if (checkpoint == 0)
        sl_session_notice(portal->session,
                          sl_arena_printf(&portal->arena,
                                          "job %s has no checkpoint: it starts from the start-up "
                                          "mode of its tables",
                                          record.id));
    sl_portal_set_tag(portal, "RESUME JOB");
    return SL_OK;
}
