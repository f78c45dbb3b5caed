/* Jobs: see jobs.h. */
#include "server/jobs.h"

#include "base/log.h"
#include "server/deaths.h"
#include "server/savepoints.h"
#include "storage/manifest.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct jobs_change {
    struct sl_job_status status;
    struct jobs_change *next;
};

struct sl_jobs {
    struct sl_server *server;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct jobs_change *first, *last;
    bool closed, stopping, writing;
};

/* --- the end --- */

/* The job goes on from nothing: what it left in its targets, and then its checkpoints, go. */
static void
jobs_forget(struct sl_server *server, const struct sl_job_record *record)
{
    struct sl_phys_plan *plan;
    struct sl_arena arena;
    struct sl_error err;

    sl_arena_init(&arena);
    if (sl_phys_read_json(&arena, sl_text_of(record->plan), &plan, &err) == SL_OK &&
        sl_jobs_resolve(server, &arena, plan, &err) == SL_OK)
        sl_runtime_forget_job(server->runtime, plan, record->id);
    sl_arena_done(&arena);
    sl_checkpoint_remove_all(server->data_directory, record->id);
}

static void
jobs_forget_id(struct sl_server *server, const char *id)
{
    struct sl_job_record *records;
    struct sl_arena arena;
    size_t count;

    sl_arena_init(&arena);
    count = sl_catalog_list_jobs(server->catalog, &arena, &records);
    for (size_t i = 0; i < count; i++)
        if (strcmp(records[i].id, id) == 0)
            jobs_forget(server, &records[i]);
    sl_arena_done(&arena);
}

/* --- writing what the runtime reports --- */

void
sl_jobs_changed(void *arg, const struct sl_job *job)
{
    struct sl_server *server = arg;
    struct sl_jobs *jobs = server->jobs;
    struct jobs_change *change = sl_alloc_zeroed(sizeof(*change));

    sl_job_get_status(job, &change->status);
    change->status.name = NULL;
    pthread_mutex_lock(&jobs->mutex);
    if (jobs->closed) {
        free(change);
    } else {
        if (jobs->first)
            jobs->last->next = change;
        else
            jobs->first = change;
        jobs->last = change;
        pthread_cond_broadcast(&jobs->changed);
    }
    pthread_mutex_unlock(&jobs->mutex);
}

static void
jobs_write(struct sl_jobs *jobs, const struct sl_job_status *status)
{
    char reason[SL_ERROR_TEXT_MAX + 16];
    struct sl_error err;

    sl_log(SL_LOG_INFO, "job changed", "job=%s state=%s restarts=%lld reason=%s", status->id,
           sl_job_state_name((enum sl_job_state)status->state), (long long)status->restarts,
           sl_log_quote(reason, sizeof(reason), status->reason));
    if (sl_catalog_update_job(jobs->server->catalog, status->id, (enum sl_job_state)status->state,
                              status->reason, status->start_us, status->end_us, status->restarts,
                              &err) < 0)
        sl_log(SL_LOG_ERROR, "a job's state was not stored", "job=%s error=%s", status->id,
               sl_log_quote(reason, sizeof(reason), err.text));
    else if (status->state == SL_RUN_CANCELED || status->state == SL_RUN_FINISHED)
        jobs_forget_id(jobs->server, status->id);
}

static void *
jobs_main(void *arg)
{
    struct sl_jobs *jobs = arg;

    pthread_setname_np(pthread_self(), "jobs");
    pthread_mutex_lock(&jobs->mutex);
    while (!jobs->stopping || jobs->first) {
        struct jobs_change *change = jobs->first;

        if (!change) {
            pthread_cond_wait(&jobs->changed, &jobs->mutex);
            continue;
        }
        jobs->first = change->next;
        jobs->writing = true;
        pthread_mutex_unlock(&jobs->mutex);
        jobs_write(jobs, &change->status);
        free(change);
        pthread_mutex_lock(&jobs->mutex);
        jobs->writing = false;
        pthread_cond_broadcast(&jobs->changed);
    }
    pthread_mutex_unlock(&jobs->mutex);
    return NULL;
}

/* Waits until everything reported so far is in the catalog. */
static void
jobs_settle(struct sl_jobs *jobs)
{
    pthread_mutex_lock(&jobs->mutex);
    while (jobs->first || jobs->writing)
        pthread_cond_wait(&jobs->changed, &jobs->mutex);
    pthread_mutex_unlock(&jobs->mutex);
}

struct sl_jobs *
sl_jobs_new(struct sl_server *server)
{
    struct sl_jobs *jobs = sl_alloc_zeroed(sizeof(*jobs));

    jobs->server = server;
    pthread_mutex_init(&jobs->mutex, NULL);
    pthread_cond_init(&jobs->changed, NULL);
    SL_ASSERT(pthread_create(&jobs->thread, NULL, jobs_main, jobs) == 0);
    return jobs;
}

void
sl_jobs_close(struct sl_server *server)
{
    struct sl_jobs *jobs = server->jobs;

    pthread_mutex_lock(&jobs->mutex);
    jobs->closed = true;
    jobs->stopping = true;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->mutex);
    pthread_join(jobs->thread, NULL);
}

void
sl_jobs_free(struct sl_jobs *jobs)
{
    pthread_mutex_destroy(&jobs->mutex);
    pthread_cond_destroy(&jobs->changed);
    free(jobs);
}

/* --- starting --- */

/* Options of a table as they are now, with the hints of this use of it on top. */
static struct sl_option_list *
jobs_options(struct sl_arena *arena, const struct sl_option_list *table,
             const struct sl_option_list *hints)
{
    struct sl_option_list *list = SL_NEW(arena, struct sl_option_list);

    list->items = SL_NEW_ARRAY(arena, struct sl_option, table->count + hints->count);
    for (size_t i = 0; i < table->count; i++)
        if (!sl_option_find(hints, table->items[i].key))
            list->items[list->count++] = table->items[i];
    for (size_t i = 0; i < hints->count; i++)
        list->items[list->count++] = hints->items[i];
    return list;
}

/* A stored plan names its tables; their options are looked up in the catalog, the newest version's.
 */
static int
jobs_resolve_table(struct sl_server *server, struct sl_arena *arena, uint64_t id, const char *name,
                   const struct sl_option_list *hints, const struct sl_option_list **ret_options,
                   struct sl_error *err)
{
    const struct sl_table *table;

    if (!sl_catalog_table_by_id(server->catalog, arena, id, 0, &table))
        return SL_ERROR(err, SL_E_UNDEFINED_TABLE, "table \"%s\" of the job is gone", name);
    *ret_options = jobs_options(arena, &table->options, hints);
    return SL_OK;
}

int
sl_jobs_resolve(struct sl_server *server, struct sl_arena *arena, struct sl_phys_plan *plan,
                struct sl_error *err)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        struct sl_phys_node *node = plan->nodes[i];

        if (node->kind == SL_OP_SCAN) {
            struct sl_phys_scan *scan = node->detail;

            SL_TRY(jobs_resolve_table(server, arena, scan->table_id, scan->table_name, &scan->hints,
                                      &scan->options, err));
        } else if (node->kind == SL_OP_SINK) {
            struct sl_phys_sink *sink = node->detail;

            SL_TRY(jobs_resolve_table(server, arena, sink->table_id, sink->table_name, &sink->hints,
                                      &sink->options, err));
        }
    }
    return SL_OK;
}

int
sl_jobs_check_slots(const struct sl_server *server, const struct sl_phys_plan *plan,
                    struct sl_error *err)
{
    uint32_t needed = sl_phys_max_parallelism(plan);
    uint32_t have = sl_runtime_slot_count(server->runtime);

    if (needed <= have)
        return SL_OK;
    SL_ERROR(err, SL_E_TOO_FEW_SLOTS, "the job needs %u slots, the server has %u", needed, have);
    return sl_error_hint(err, "start the server with --slots %u, or lower the parallelism", needed);
}

/* The savepoint becomes the new job's first checkpoint, with what of it the plan takes. */
static int
jobs_import(struct sl_server *server, struct sl_arena *arena, struct sl_phys_plan *plan,
            const char *id, const struct sl_jobs_origin *origin, struct sl_error *err)
{
    const char *path = origin->savepoint;
    struct sl_manifest *manifest;
    struct sl_claims claims = {0};

    if (!path)
        return SL_OK;
    path = sl_savepoints_plain_path(path);
    if (plan->settings.checkpoint_interval_us == 0) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "a job without checkpoints cannot begin from a savepoint");
        return sl_error_hint(err, "RESET 'execution.checkpointing.interval'");
    }
    SL_TRY(sl_savepoint_read(arena, path, &manifest, err));
    SL_TRY(sl_savepoints_claim(server, arena, plan, manifest, origin->ignores_unclaimed, origin,
                               &claims, err));
    return sl_savepoint_import(manifest, path, server->data_directory, id, sl_savepoints_is_claimed,
                               &claims, err);
}

const char *
sl_jobs_default_name(struct sl_arena *arena, const struct sl_planned *planned)
{
    return sl_arena_printf(arena, "insert-into_%s",
                           planned->sink_name ? planned->sink_name : "statement-set");
}

const char *
sl_jobs_write_plan(struct sl_arena *arena, const struct sl_phys_plan *plan)
{
    struct sl_buffer json;
    const char *text;

    sl_buffer_init(&json, SIZE_MAX / 2);
    sl_phys_write_json(plan, &json);
    text = sl_arena_strdup(arena, json.data);
    sl_buffer_done(&json);
    return text;
}

const char *
sl_jobs_write_settings(struct sl_arena *arena, const struct sl_settings *settings)
{
    struct sl_buffer lines;
    const char *text;

    sl_buffer_init(&lines, SIZE_MAX / 2);
    sl_settings_write(settings, &lines);
    text = sl_arena_strndup(arena, lines.length ? lines.data : "", lines.length);
    sl_buffer_done(&lines);
    return text;
}

static int
jobs_start_new(struct sl_server *server, const struct sl_job_record *record,
               const struct sl_planned *planned, struct sl_job **ret_job, struct sl_error *err)
{
    struct sl_job_spec spec = {.id = record->id,
                               .name = record->name,
                               .plan = planned->plan,
                               .waiting_reason = planned->unreachable};
    struct sl_error ignored;
    int rc = sl_catalog_create_job(server->catalog, record, err);

    if (rc == SL_OK) {
        rc = sl_job_start(server->runtime, &spec, ret_job, err);
        if (rc < 0)
            sl_catalog_update_job(server->catalog, record->id, SL_JOB_FAILED, err->text,
                                  record->start_us, sl_now_us(server->env), 0, &ignored);
    }
    if (rc < 0)
        sl_checkpoint_remove_all(server->data_directory, record->id);
    return rc;
}

int
sl_jobs_start(struct sl_server *server, const struct sl_planned *planned, const char *name,
              struct sl_text sql, const struct sl_jobs_origin *origin, struct sl_job **ret_job,
              struct sl_error *err)
{
    struct sl_job_record record = {.name = name,
                                   .reason = "",
                                   .schema = origin->schema,
                                   .table_ids = planned->table_ids,
                                   .table_versions = planned->table_versions,
                                   .table_count = planned->table_count,
                                   .start_us = sl_now_us(server->env)};
    struct sl_arena arena;
    int rc;

    SL_TRY(sl_jobs_check_slots(server, planned->plan, err));
    sl_runtime_new_id(server->runtime, record.id);
    sl_arena_init(&arena);
    rc = jobs_import(server, &arena, planned->plan, record.id, origin, err);
    if (rc == SL_OK) {
        record.plan = sl_jobs_write_plan(&arena, planned->plan);
        record.sql = sl_arena_strndup(&arena, sql.start, sql.length);
        record.settings = sl_jobs_write_settings(&arena, origin->settings);
        rc = jobs_start_new(server, &record, planned, ret_job, err);
    }
    sl_arena_done(&arena);
    return rc;
}

/* 54000: the job may well be what the server died of. */
static int
jobs_check_deaths(struct sl_server *server, const struct sl_job_record *record,
                  struct sl_error *err)
{
    size_t count = sl_catalog_count_deaths(server->catalog, record->id, SL_DEATHS_SPAN_US);

    if (count < SL_DEATHS_MAX)
        return SL_OK;
    return SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                    "the server died %zu times within ten minutes while the job ran", count);
}

/* Starts a stored job again under its id; *ret_checkpoint is the one it goes on from, 0: none. */
static int
jobs_start_record(struct sl_server *server, const struct sl_job_record *record,
                  bool with_duplicates, uint64_t *ret_checkpoint, struct sl_error *err)
{
    struct sl_job_spec spec = {.id = record->id,
                               .name = record->name,
                               .incarnation = record->incarnation + with_duplicates,
                               .with_duplicates = with_duplicates};
    struct sl_phys_plan *plan;
    struct sl_job *job;
    struct sl_arena arena;
    int rc;

    sl_arena_init(&arena);
    rc = jobs_check_deaths(server, record, err);
    if (rc == SL_OK)
        rc = sl_phys_read_json(&arena, sl_text_of(record->plan), &plan, err);
    if (rc == SL_OK)
        rc = sl_jobs_resolve(server, &arena, plan, err);
    if (rc == SL_OK) {
        spec.plan = plan;
        rc = sl_job_start(server->runtime, &spec, &job, err);
        if (rc == SL_OK) {
            *ret_checkpoint = sl_job_begun_from(job);
            sl_job_unref(job);
        }
    }
    sl_arena_done(&arena);
    return rc;
}

struct jobs_listed {
    const struct sl_job_record *records;
    size_t count;
};

/* A job that has ended well goes on from nothing. */
static bool
jobs_wants_checkpoints(void *arg, const char *id)
{
    const struct jobs_listed *listed = arg;

    for (size_t i = 0; i < listed->count; i++)
        if (strcmp(listed->records[i].id, id) == 0)
            return listed->records[i].state != SL_JOB_FINISHED &&
                   listed->records[i].state != SL_JOB_CANCELED;
    return false;
}

/* Those at whose end the server died: their checkpoints are still there. */
static void
jobs_forget_ended(struct sl_server *server, const struct sl_job_record *records, size_t count)
{
    struct jobs_listed listed = {records, count};
    char path[SL_CHECKPOINT_PATH_MAX];

    for (size_t i = 0; i < count; i++) {
        sl_checkpoint_path(server->data_directory, records[i].id, 0, path);
        if (!jobs_wants_checkpoints(&listed, records[i].id) && access(path, F_OK) == 0)
            jobs_forget(server, &records[i]);
    }
}

static void
jobs_log_start(const struct sl_job_record *record, uint64_t checkpoint)
{
    if (checkpoint == 0)
        sl_log(SL_LOG_INFO, "job started again from its tables' start-up mode", "job=%s",
               record->id);
    else if (checkpoint == SL_CHECKPOINT_SOUGHT)
        sl_log(SL_LOG_WARN, "job looks for a checkpoint that is whole", "job=%s", record->id);
    else
        sl_log(SL_LOG_INFO, "job started again from a checkpoint", "job=%s checkpoint=%llu",
               record->id, (unsigned long long)checkpoint);
}

void
sl_jobs_restart(struct sl_server *server)
{
    struct sl_job_record *records;
    struct sl_arena arena;
    size_t count;

    sl_arena_init(&arena);
    count = sl_catalog_list_jobs(server->catalog, &arena, &records);
    jobs_forget_ended(server, records, count);
    sl_checkpoints_sweep(server->data_directory, jobs_wants_checkpoints,
                         &(struct jobs_listed){records, count});
    for (size_t i = 0; i < count; i++) {
        struct sl_job_record *record = &records[i];
        struct sl_error err, ignored;
        uint64_t checkpoint;

        if (record->state != SL_JOB_CREATED && record->state != SL_JOB_RUNNING &&
            record->state != SL_JOB_RESTARTING)
            continue;
        if (jobs_start_record(server, record, false, &checkpoint, &err) == SL_OK) {
            jobs_log_start(record, checkpoint);
            continue;
        }
        sl_log(SL_LOG_WARN, "job not started", "job=%s", record->id);
        sl_catalog_update_job(
            server->catalog, record->id,
            err.code == SL_E_TOO_FEW_SLOTS || err.code == SL_E_LIMIT_EXCEEDED ? SL_JOB_SUSPENDED
                                                                              : SL_JOB_FAILED,
            err.text, record->start_us, sl_now_us(server->env), record->restarts, &ignored);
    }
    sl_arena_done(&arena);
}

/* --- looking --- */

static void
jobs_overlay(struct sl_server *server, struct sl_arena *arena, struct sl_job_record *record)
{
    struct sl_job *job = sl_runtime_find_job(server->runtime, record->id);
    struct sl_job_status status;

    if (!job)
        return;
    sl_job_get_status(job, &status);
    record->state = (enum sl_job_state)status.state;
    record->reason = sl_arena_strdup(arena, status.reason);
    record->restarts = status.restarts;
    record->start_us = status.start_us;
    record->end_us = status.end_us;
    sl_job_unref(job);
}

size_t
sl_jobs_list(struct sl_server *server, struct sl_arena *arena, struct sl_job_record **ret_records)
{
    size_t count;

    jobs_settle(server->jobs);
    count = sl_catalog_list_jobs(server->catalog, arena, ret_records);
    for (size_t i = 0; i < count; i++)
        jobs_overlay(server, arena, &(*ret_records)[i]);
    return count;
}

int
sl_jobs_find(struct sl_server *server, struct sl_arena *arena, struct sl_text id, int offset,
             struct sl_job_record *ret_record, struct sl_error *err)
{
    struct sl_job_record *records, *found = NULL;
    size_t count = sl_jobs_list(server, arena, &records);

    for (size_t i = 0; i < count && id.length > 0; i++) {
        if (id.length > 32 || !sl_text_equal_nocase((struct sl_text){records[i].id, id.length}, id))
            continue;
        if (found) {
            SL_ERROR(err, SL_E_UNDEFINED_OBJECT,
                     "the prefix \"%.*s\" fits several jobs, among them %s and %s",
                     SL_TEXT_FORMAT(id), found->id, records[i].id);
            return sl_error_at(err, offset);
        }
        found = &records[i];
    }
    if (!found) {
        SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "job \"%.*s\" does not exist", SL_TEXT_FORMAT(id));
        sl_error_hint(err, "SHOW JOBS lists them");
        return sl_error_at(err, offset);
    }
    *ret_record = *found;
    return SL_OK;
}

/* --- ending and resuming --- */

int
sl_jobs_store(struct sl_server *server, const struct sl_job *job, struct sl_error *err)
{
    struct sl_job_status status;

    sl_job_get_status(job, &status);
    return sl_catalog_update_job(server->catalog, status.id, (enum sl_job_state)status.state,
                                 status.reason, status.start_us, status.end_us, status.restarts,
                                 err);
}

int
sl_jobs_end(struct sl_server *server, const struct sl_job_record *record, enum sl_job_state state,
            const char *reason, struct sl_error *err)
{
    struct sl_job *job = sl_runtime_find_job(server->runtime, record->id);
    int rc;

    if (job) {
        sl_job_stop(job, (enum sl_run_state)state, reason);
        rc = sl_jobs_store(server, job, err);
        sl_job_unref(job);
        jobs_settle(server->jobs);
        return rc;
    }
    if ((record->state == SL_JOB_SUSPENDED || record->state == SL_JOB_FAILED) &&
        state == SL_JOB_CANCELED) {
        SL_TRY(sl_catalog_update_job(server->catalog, record->id, state, reason, record->start_us,
                                     sl_now_us(server->env), record->restarts, err));
        jobs_forget(server, record);
        return SL_OK;
    }
    return SL_ERROR(err, SL_E_OBJECT_STATE, "job %s is %s already", record->id,
                    sl_job_state_name(record->state));
}

#define JOBS_CHECKPOINT_US (5 * SL_US_PER_SECOND)

void
sl_jobs_checkpoint(struct sl_server *server, const struct sl_job_record *record)
{
    struct sl_deadline deadline = sl_deadline_in(server->env, JOBS_CHECKPOINT_US);
    struct sl_job *job = sl_runtime_find_job(server->runtime, record->id);
    struct sl_error ignored;
    uint64_t id;

    if (!job)
        return;
    sl_job_checkpoint(job, sl_deadline_is_over, &deadline, &id, &ignored);
    sl_job_unref(job);
}

int
sl_jobs_resume(struct sl_server *server, const struct sl_job_record *record, bool with_duplicates,
               uint64_t *ret_checkpoint, struct sl_error *err)
{
    struct sl_error ignored;
    int rc;

    if (record->state != SL_JOB_SUSPENDED && !(with_duplicates && record->state == SL_JOB_FAILED))
        return SL_ERROR(err, SL_E_OBJECT_STATE,
                        "job %s is %s, only a SUSPENDED%s job can be resumed", record->id,
                        sl_job_state_name(record->state), with_duplicates ? " or FAILED" : "");
    SL_TRY(sl_catalog_forget_deaths(server->catalog, record->id, err));
    /* Stored at once: what the runtime reports later may come after the server's end. */
    rc = with_duplicates ? sl_catalog_revive_job(server->catalog, record->id, err)
                         : sl_catalog_update_job(server->catalog, record->id, SL_JOB_CREATED, "",
                                                 record->start_us, 0, record->restarts, err);
    if (rc == SL_OK)
        rc = jobs_start_record(server, record, with_duplicates, ret_checkpoint, err);
    if (rc < 0) {
        sl_catalog_update_job(server->catalog, record->id, record->state, record->reason,
                              record->start_us, record->end_us, record->restarts, &ignored);
        return rc;
    }
    jobs_settle(server->jobs);
    return SL_OK;
}

/* The job that is in the catalog, after one that ran under its id was stopped. */
static int
jobs_start_again(struct sl_server *server, const struct sl_job_record *record, struct sl_error *err)
{
    struct sl_error ignored;
    uint64_t checkpoint;
    int rc = jobs_start_record(server, record, false, &checkpoint, err);

    if (rc < 0)
        sl_catalog_update_job(server->catalog, record->id, SL_JOB_FAILED, err->text,
                              record->start_us, sl_now_us(server->env), record->restarts, &ignored);
    jobs_settle(server->jobs);
    return rc;
}

int
sl_jobs_replace(struct sl_server *server, const struct sl_jobs_change *change, struct sl_error *err)
{
    struct sl_error ignored;
    int rc;

    if (change->job)
        sl_job_stop_silently(change->job);
    rc = change->prepare(change->arg, err);
    if (rc == SL_OK)
        rc = sl_catalog_alter_job(server->catalog, change->after, err);
    if (rc < 0) {
        if (change->job)
            jobs_start_again(server, change->before, &ignored);
        return rc;
    }
    if (!change->job && change->before->state != SL_JOB_FAILED)
        return SL_OK;
    return jobs_start_again(server, change->after, err);
}
