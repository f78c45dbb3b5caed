/* Tests the coordinator: checkpoints that take too long, those that would hold nothing new, and a
 * disk without room. */
#include "executor/operator.h"
#include "executor/test_tables.h"
#include "runtime/job.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)

static struct sl_env *env;
static struct sl_runtime *runtime;
static struct sl_arena arena;
static struct sl_job *job;
static char id[33];
static char data_directory[64]; /* tests run side by side */

/* A job that copies table 1 to table 2. */
static void
begin(void)
{
    struct sl_runtime_config config = {.slot_count = 2, .data_directory = data_directory};
    struct sl_job_spec spec = {.id = id, .name = "test"};
    struct test_plan plan;
    struct sl_error err;

    sl_operators_init();
    test_tables_reset();
    snprintf(data_directory, sizeof(data_directory), "checkpoint_test.%ld", (long)getpid());
    mkdir(data_directory, 0700);
    env = config.env = sl_env_system_new(3, false);
    runtime = sl_runtime_new(&config);
    sl_arena_init(&arena);
    test_plan_init(&plan, &arena);
    test_table_new(1, 3, 1);
    test_table_new(2, 3, 1);
    test_plan_sink(&plan, test_plan_scan(&plan, 1, 3, 1, 0, false), 1, 2);
    plan.plan->settings.checkpoint_interval_us = SECOND_US;
    plan.plan->settings.checkpoint_timeout_us = SECOND_US;
    plan.plan->settings.checkpoint_failures_max = 1;
    plan.plan->settings.checkpoints_retained = 1;
    plan.plan->settings.restart_delay_us = 0;
    spec.plan = plan.plan;
    sl_runtime_new_id(runtime, id);
    cr_assert_eq(sl_job_start(runtime, &spec, &job, &err), SL_OK);
    cr_assert_eq(sl_runtime_settle(runtime, NULL, 20 * SECOND_US, NULL, NULL, &err), SL_OK);
}

static void
end(void)
{
    char checkpoints[80];

    sl_job_stop(job, SL_RUN_CANCELED, NULL);
    sl_job_unref(job);
    sl_runtime_free(runtime);
    sl_env_system_free(env);
    sl_arena_done(&arena);
    sl_checkpoint_remove_all(data_directory, id);
    snprintf(checkpoints, sizeof(checkpoints), "%s/checkpoints", data_directory);
    rmdir(checkpoints);
    rmdir(data_directory);
}

TestSuite(checkpoint, .init = begin, .fini = end, .timeout = 60);

/* --- a disk that does not answer --- */

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;

static void
disk_run(struct sl_io_job *io)
{
    pthread_mutex_lock(&disk);
    pthread_mutex_unlock(&disk);
}

static void
disk_done(struct sl_io_job *io)
{
}

static struct sl_io_job disk_waiting[3] = {
    {disk_run, disk_done, NULL}, {disk_run, disk_done, NULL}, {disk_run, disk_done, NULL}};

static void
disk_hold(void)
{
    pthread_mutex_lock(&disk);
    for (size_t i = 0; i < SL_COUNT_OF(disk_waiting); i++)
        env->ops->io_submit(env, &disk_waiting[i]);
}

static int
begin_barrier(uint64_t *ret_epoch)
{
    int rc;

    pthread_mutex_lock(&job->mutex);
    rc = sl_barrier_begin(job, false, ret_epoch);
    pthread_mutex_unlock(&job->mutex);
    return rc;
}

static struct sl_checkpoint_status
newest(void)
{
    struct sl_checkpoint_status *list;

    cr_assert(sl_job_checkpoints(job, &arena, &list) > 0);
    return list[0];
}

static int64_t
restarts(void)
{
    struct sl_job_status status;

    sl_job_get_status(job, &status);
    return status.restarts;
}

/* It is FAILED at once, the job runs on, and the next one works. */
Test(checkpoint, one_that_takes_too_long_is_given_up)
{
    uint64_t epoch, next;
    struct sl_error err;

    disk_hold();
    cr_assert_eq(begin_barrier(&epoch), SL_OK);
    sl_checkpoint_tick(job, sl_monotonic_us(env) + SECOND_US / 2);
    cr_assert_str_eq(newest().status, "IN_PROGRESS");
    sl_checkpoint_tick(job, sl_monotonic_us(env) + 2 * SECOND_US);
    cr_assert_eq(newest().id, epoch);
    cr_assert_str_eq(newest().status, "FAILED");
    cr_assert(strstr(newest().reason, "timed out after 1000 ms") != NULL);
    cr_assert_eq(begin_barrier(&next), SL_AGAIN, "the old one is still at the disk");
    pthread_mutex_unlock(&disk);
    cr_assert_eq(sl_job_checkpoint(job, NULL, NULL, &next, &err), SL_OK);
    cr_assert_eq(next, epoch + 1);
    cr_assert_eq(restarts(), 0);
    cr_assert(!sl_checkpoint_exists(data_directory, id, epoch));
}

/* Two in a row are one more than is borne: the job begins again from the last that is whole. */
Test(checkpoint, too_many_failures_restart_the_job)
{
    uint64_t whole, epoch;
    struct sl_error err;

    whole = newest().id;
    for (int i = 0; i < 2; i++) {
        disk_hold();
        while (begin_barrier(&epoch) == SL_AGAIN)
            continue;
        cr_assert_eq(restarts(), 0);
        sl_checkpoint_tick(job, sl_monotonic_us(env) + 2 * SECOND_US);
        pthread_mutex_unlock(&disk);
        env->ops->io_drain(env);
    }
    cr_assert_eq(restarts(), 1);
    cr_assert_eq(sl_runtime_settle(runtime, NULL, 20 * SECOND_US, NULL, NULL, &err), SL_OK);
    cr_assert_eq(sl_job_begun_from(job), whole);
}

/* Nothing read, nothing changed: no checkpoint; a row, and there is one again. */
Test(checkpoint, an_idle_job_takes_none)
{
    struct test_row row = {.values = {SECOND_US, 1, 1}};
    struct sl_task_status *tasks;
    uint64_t idle = newest().id;

    for (int i = 1; i < 5; i++)
        sl_checkpoint_tick(job, sl_monotonic_us(env) + i * 2 * SECOND_US);
    cr_assert_eq(newest().id, idle);
    test_table_add(1, &row);
    do
        sl_job_tasks(job, &arena, &tasks);
    while (tasks[0].rows_in == 0);
    sl_checkpoint_tick(job, sl_monotonic_us(env) + 20 * SECOND_US);
    cr_assert_eq(newest().id, idle + 1);
}

/* --- the disk guard --- */

static struct sl_job_status
status(void)
{
    struct sl_job_status status;

    sl_job_get_status(job, &status);
    return status;
}

static void
guard(int64_t free_bytes_min)
{
    sl_runtime_guard_disk(runtime, free_bytes_min);
    sl_runtime_look_at_disk(runtime);
}

/* Nothing is read and no checkpoint begins, the job is RUNNING and says why; with room it goes on,
 * after a restart too. */
Test(checkpoint, a_disk_without_room_holds_the_job)
{
    struct test_row row = {.values = {SECOND_US, 1, 1}};
    struct sl_watermark_status *watermarks;
    struct sl_task_status *tasks;
    struct sl_error err;
    uint64_t epoch;

    guard(INT64_MAX / 2);
    cr_assert_eq(status().state, SL_RUN_RUNNING);
    cr_assert(strstr(status().reason, "held: the disk of") != NULL);
    cr_assert_eq(begin_barrier(&epoch), SL_AGAIN);
    sl_job_watermarks(job, &arena, &watermarks); /* the slot has heard of it */
    test_table_add(1, &row);
    sl_job_watermarks(job, &arena, &watermarks);
    cr_assert_eq(sl_job_tasks(job, &arena, &tasks), 1);
    cr_assert_eq(tasks[0].rows_in, 0);
    cr_assert_eq(sl_job_fail(job, &err), SL_OK);
    while (status().state != SL_RUN_RUNNING)
        continue;
    cr_assert_eq(sl_runtime_settle(runtime, NULL, SECOND_US / 10, NULL, NULL, &err),
                 SL_E_QUERY_CANCELED);
    cr_assert(strstr(err.text, "held: the disk of") != NULL, "%s", err.text);
    cr_assert_eq(test_table_count(2), 0);
    guard(0);
    cr_assert_str_empty(status().reason);
    cr_assert_eq(sl_runtime_settle(runtime, NULL, 20 * SECOND_US, NULL, NULL, &err), SL_OK);
    cr_assert_eq(test_table_count(2), 1);
}

/* --- files that nobody reads --- */

/* Puts a file into a checkpoint that no operator of the job asks for. */
static void
add_file(uint64_t epoch, const char *uid)
{
    struct sl_manifest_table table = {
        .operator_uid = uid, .name = "rows", .layout = "", .file = {.name = "rows.sst"}};
    struct sl_manifest *manifest;
    struct sl_error err;
    char directory[SL_CHECKPOINT_PATH_MAX];

    sl_checkpoint_path(data_directory, id, epoch, directory);
    cr_assert_eq(sl_manifest_read(&arena, directory, &manifest, &err), SL_OK);
    cr_assert_eq(
        sl_checkpoint_write_file(directory, "rows.sst", SL_TEXT("unread"), &table.file.sum, &err),
        SL_OK);
    manifest->subtasks[0].tables = &table;
    manifest->subtasks[0].table_count = 1;
    cr_assert_eq(sl_manifest_write(manifest, directory, &err), SL_OK);
}

static void
damage_file(uint64_t epoch)
{
    struct sl_file_sum ignored;
    struct sl_error err;
    char directory[SL_CHECKPOINT_PATH_MAX];

    sl_checkpoint_path(data_directory, id, epoch, directory);
    cr_assert_eq(sl_checkpoint_write_file(directory, "rows.sst", SL_TEXT("unreaD"), &ignored, &err),
                 SL_OK);
}

static void
restart_server(const struct sl_phys_plan *plan)
{
    struct sl_job_spec spec = {.id = id, .name = "test", .plan = plan};
    struct sl_error err;

    sl_job_stop(job, SL_RUN_SUSPENDED, NULL);
    sl_job_unref(job);
    cr_assert_eq(sl_job_start(runtime, &spec, &job, &err), SL_OK);
    env->ops->io_drain(env);
}

static uint64_t
take(void)
{
    struct sl_error err;
    uint64_t epoch;

    cr_assert_eq(sl_job_checkpoint(job, NULL, NULL, &epoch, &err), SL_OK);
    return epoch;
}

/* What the restore did not read is compared afterwards: the job runs from the newest, and then from
 * the one before it. */
Test(checkpoint, whole_files_are_verified_after_a_restore)
{
    struct sl_phys_plan *plan = sl_phys_copy(&arena, job->plan);
    struct sl_error err;
    uint64_t before, newest_epoch;

    plan->settings.checkpoints_retained = 2;
    restart_server(plan);
    before = take();
    newest_epoch = take();
    add_file(before, "gone");
    add_file(newest_epoch, "gone");
    restart_server(plan);
    cr_assert_eq(restarts(), 0);
    cr_assert_eq(sl_job_begun_from(job), newest_epoch);
    damage_file(newest_epoch);
    restart_server(plan);
    cr_assert_eq(sl_runtime_settle(runtime, NULL, 20 * SECOND_US, NULL, NULL, &err), SL_OK);
    cr_assert_eq(restarts(), 1);
    cr_assert_eq(sl_job_begun_from(job), before);
}

static void
find_damage(void)
{
    struct sl_phys_plan *plan = sl_phys_copy(&arena, job->plan);
    struct sl_job_status status;
    struct sl_error err;
    char reason[64];
    uint64_t epoch = take();

    add_file(epoch, "gone");
    damage_file(epoch);
    restart_server(plan);
    cr_assert_eq(sl_job_wait(job, NULL, NULL, &err), SL_E_DATA_CORRUPTED);
    sl_job_get_status(job, &status);
    snprintf(reason, sizeof(reason), "checkpoint %llu cannot be used", (unsigned long long)epoch);
    cr_assert(strstr(status.reason, reason) != NULL, "%s", status.reason);
    cr_assert(strstr(status.reason, "rows.sst is damaged") != NULL, "%s", status.reason);
}

/* Nothing else to go on from: FAILED, and the reason names checkpoint and file. */
Test(checkpoint, damage_that_is_found_late_is_named)
{
    find_damage();
}

/* The same a step at a time, as the server does it. */
Test(checkpoint, the_ticker_finds_damage)
{
    sl_runtime_start_checkpoints(runtime);
    find_damage();
}

/* --- settle --- */

static uint64_t
activity_as(enum sl_run_state state, uint64_t restart_count, uint64_t rows_in)
{
    struct sl_task_counters *counters = &job->execution->subtasks[0]->counters;
    enum sl_run_state was = job->state;
    uint64_t sum;

    job->state = state;
    job->restart_count += (int64_t)restart_count;
    sl_counter_add(&counters->rows_in, rows_in);
    sum = sl_job_activity(job);
    sl_counter_add(&counters->rows_in, -rows_in);
    job->restart_count -= (int64_t)restart_count;
    job->state = was;
    return sum;
}

/* What a job did behind a restart does not add up to what it was before. */
Test(checkpoint, a_restart_hides_no_activity)
{
    uint64_t waiting = activity_as(SL_RUN_RESTARTING, 1, 0);

    cr_expect_neq(activity_as(SL_RUN_RUNNING, 1, 1), waiting, "a row");
    cr_expect_neq(activity_as(SL_RUN_RUNNING, 1, 2), waiting, "two rows");
    cr_expect_neq(activity_as(SL_RUN_RUNNING, 0, 1000003), activity_as(SL_RUN_RUNNING, 1, 0));
}

/* Its barriers pass, but it has not read what there is. */
Test(checkpoint, a_source_that_is_held_is_not_settled)
{
    struct test_row row = {.values = {SECOND_US, 1, 1}};
    struct sl_error err;

    pthread_mutex_lock(&job->mutex);
    sl_execution_pause(job->execution, true);
    pthread_mutex_unlock(&job->mutex);
    test_table_add(1, &row);
    cr_assert_eq(sl_runtime_settle(runtime, NULL, SECOND_US / 5, NULL, NULL, &err),
                 SL_E_QUERY_CANCELED);
    pthread_mutex_lock(&job->mutex);
    sl_execution_pause(job->execution, false);
    pthread_mutex_unlock(&job->mutex);
    cr_assert_eq(sl_runtime_settle(runtime, NULL, 20 * SECOND_US, NULL, NULL, &err), SL_OK);
    cr_assert_eq(test_table_count(2), 1);
}
