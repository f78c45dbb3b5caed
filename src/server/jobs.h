/* Jobs as the database knows them: the catalog's records and the runtime's running ones, kept in
 * step.  What the runtime reports is written to the catalog by a thread of its own, in order. */
#ifndef SL_SERVER_JOBS_H
#define SL_SERVER_JOBS_H

#include "planner/planner.h"
#include "server/server.h"

/* job_changed of struct sl_runtime_config. */
void sl_jobs_changed(void *arg, const struct sl_job *job);

struct sl_jobs *sl_jobs_new(struct sl_server *server);
/* Starts the jobs that ran when the server ended. */
void sl_jobs_restart(struct sl_server *server);
/* No later change is written: the jobs stay RUNNING in the catalog. */
void sl_jobs_close(struct sl_server *server);
void sl_jobs_free(struct sl_jobs *jobs);

/* Where a new job comes from. */
struct sl_jobs_origin {
    const char *schema;                 /* the current one */
    const struct sl_settings *settings; /* of the session */
    const char *savepoint;              /* NULL: it begins from its tables' start-up mode */
    bool ignores_unclaimed;             /* state of the savepoint that does not fit is dropped */
    void (*verdict)(void *arg, const char *uid, const char *text); /* on an operator's state */
    void *arg;
};

/* Stores a planned INSERT as a job and starts it.  *ret_job: a reference. */
int sl_jobs_start(struct sl_server *server, const struct sl_planned *planned, const char *name,
                  struct sl_text sql, const struct sl_jobs_origin *origin, struct sl_job **ret_job,
                  struct sl_error *err);
/* The record of the job with this id or unique prefix, with the runtime's state on top.  42704
 * none, at `offset`. */
int sl_jobs_find(struct sl_server *server, struct sl_arena *arena, struct sl_text id, int offset,
                 struct sl_job_record *ret_record, struct sl_error *err);
/* All records, with the runtime's states on top. */
size_t sl_jobs_list(struct sl_server *server, struct sl_arena *arena,
                    struct sl_job_record **ret_records);
/* Writes the job's state as it is now: the runtime's report may come after an answer to a client,
 * and after the server's end. */
int sl_jobs_store(struct sl_server *server, const struct sl_job *job, struct sl_error *err);
/* STOP and PAUSE: CANCELED, SUSPENDED; FINISHED behind a savepoint.  55000 where the job has
 * ended. */
int sl_jobs_end(struct sl_server *server, const struct sl_job_record *record,
                enum sl_job_state state, const char *reason, struct sl_error *err);
/* Puts another plan, text and settings in the place of a job's: `job`, held and published, is
 * stopped, and started again from its last checkpoint; NULL: it does not run.  One that is FAILED
 * starts.  `prepare` is called in between; after a failure of it, or of the catalog, the job goes
 * on as before. */
struct sl_jobs_change {
    const struct sl_job_record *before, *after; /* of the same job */
    struct sl_job *job;
    int (*prepare)(void *arg, struct sl_error *err);
    void *arg;
};
int sl_jobs_replace(struct sl_server *server, const struct sl_jobs_change *change,
                    struct sl_error *err);
/* Of a job to which nobody gave one: after its sink. */
const char *sl_jobs_default_name(struct sl_arena *arena, const struct sl_planned *planned);
/* Gives a stored plan's tables the options that they have now.  42P01. */
int sl_jobs_resolve(struct sl_server *server, struct sl_arena *arena, struct sl_phys_plan *plan,
                    struct sl_error *err);
/* The texts of a record. */
const char *sl_jobs_write_plan(struct sl_arena *arena, const struct sl_phys_plan *plan);
const char *sl_jobs_write_settings(struct sl_arena *arena, const struct sl_settings *settings);
int sl_jobs_check_slots(const struct sl_server *server, const struct sl_phys_plan *plan,
                        struct sl_error *err);
/* A last checkpoint before it is paused, if one can be had; else it goes on from an older one. */
void sl_jobs_checkpoint(struct sl_server *server, const struct sl_job_record *record);
/* RESUME of a SUSPENDED job, from its newest checkpoint; *ret_checkpoint 0: from its start-up
 * mode.  with_duplicates: of a FAILED one too, from the newest that is whole, whatever was
 * published since. */
int sl_jobs_resume(struct sl_server *server, const struct sl_job_record *record,
                   bool with_duplicates, uint64_t *ret_checkpoint, struct sl_error *err);

#endif
