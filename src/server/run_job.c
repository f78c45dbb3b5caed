/* STOP JOB, PAUSE JOB, RESUME JOB: all return when it is done. */
#include "server/jobs.h"
#include "server/session.h"

static int
job_find(struct sl_portal *portal, struct sl_job_record *record, struct sl_error *err)
{
    const struct sl_ast_job *job = (const struct sl_ast_job *)portal->statement->ast;

    return sl_jobs_find(portal->session->server, &portal->arena, job->job, job->job_offset, record,
                        err);
}

static int
job_no_savepoints(const struct sl_ast_job *job, const char *what, struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s is not supported", what);
    return sl_error_at(err, job->ast.offset);
}

int
sl_run_stop_job(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_job *job = (const struct sl_ast_job *)portal->statement->ast;
    struct sl_job_record record;

    if (job->with_savepoint || job->with_drain)
        return job_no_savepoints(job, "STOP JOB WITH SAVEPOINT or WITH DRAIN", err);
    SL_TRY(job_find(portal, &record, err));
    SL_TRY(sl_jobs_end(portal->session->server, &record, SL_JOB_CANCELED, "", err));
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
