/* Unaligned checkpoints on real threads: one completes although the sink takes nothing, holds what
 * is in the queues, and a job goes on from it exactly. */
#include "executor/operator.h"
#include "executor/test_tables.h"
#include "runtime/job.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)

enum { TABLE_IN = 1, TABLE_OUT, ROW_COUNT = 3000 };

static struct sl_env *env;
static struct sl_runtime *runtime;
static struct sl_arena arena;
static struct sl_job *job;
static char id[33];
static char data_directory[64];

static void
begin(void)
{
    struct sl_runtime_config config = {.slot_count = 2, .data_directory = data_directory};

    sl_operators_init();
    test_tables_reset();
    snprintf(data_directory, sizeof(data_directory), "overtake_test.%ld", (long)getpid());
    mkdir(data_directory, 0700);
    env = config.env = sl_env_system_new(3, false);
    runtime = sl_runtime_new(&config);
    sl_arena_init(&arena);
    test_table_new(TABLE_IN, 3, 2);
    test_table_new(TABLE_OUT, 3, 1);
    for (int64_t i = 0; i < ROW_COUNT; i++) {
        struct test_row row = {.values = {i * SECOND_US, i % 10, i}};

        test_table_add(TABLE_IN, &row);
    }
}

static void
end(void)
{
    char checkpoints[80];

    test_table_hold(TABLE_OUT, false);
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

TestSuite(overtake, .init = begin, .fini = end, .timeout = 60);

/* Copies one table to the other, a row a batch, from two readers to one writer. */
static void
start(bool is_unaligned, int64_t aligned_us)
{
    struct sl_job_spec spec = {.id = id, .name = "test"};
    struct test_plan plan;
    struct sl_phys_node *sink;
    struct sl_error err;

    test_plan_init(&plan, &arena);
    sink = test_plan_sink(&plan, test_plan_scan(&plan, TABLE_IN, 3, 2, 0, false), 1, TABLE_OUT);
    test_plan_exchange(sink, SL_EXCHANGE_GLOBAL, NULL, 0);
    plan.plan->settings.batch_size = 1;
    plan.plan->settings.checkpoint_interval_us = 3600 * SECOND_US;
    plan.plan->settings.checkpoints_retained = 1;
    plan.plan->settings.restart_delay_us = 0;
    plan.plan->settings.checkpoint_unaligned = is_unaligned;
    plan.plan->settings.checkpoint_aligned_us = aligned_us;
    spec.plan = plan.plan;
    sl_runtime_new_id(runtime, id);
    cr_assert_eq(sl_job_start(runtime, &spec, &job, &err), SL_OK);
}

static void
settle(void)
{
    struct sl_error err;
    int rc = sl_runtime_settle(runtime, NULL, 30 * SECOND_US, NULL, NULL, &err);

    cr_assert_eq(rc, SL_OK, "%s", rc < 0 ? err.text : "");
}

static struct sl_checkpoint_status
newest(void)
{
    struct sl_checkpoint_status *list;

    cr_assert(sl_job_checkpoints(job, &arena, &list) > 0);
    return list[0];
}

/* Each row, whatever their order; at most `again_max` of them twice.  The sink is at least once,
 * and while it is held it takes one row: that one comes again when the job fails before the next
 * barrier. */
static void
check_copied(size_t again_max)
{
    static bool seen[ROW_COUNT];
    size_t seen_count = 0, count = test_table_count(TABLE_OUT);

    memset(seen, 0, sizeof(seen));
    for (size_t i = 0; i < count; i++) {
        int64_t value = test_table_row(TABLE_OUT, i).values[2];

        cr_assert(value >= 0 && value < ROW_COUNT);
        seen_count += !seen[value];
        seen[value] = true;
    }
    cr_assert_eq(seen_count, ROW_COUNT);
    cr_assert_leq(count, ROW_COUNT + again_max, "%zu rows", count);
}

static void
checkpoint(void)
{
    uint64_t number;
    struct sl_error err;

    cr_assert_eq(sl_job_checkpoint(job, NULL, NULL, &number, &err), SL_OK, "%s", err.text);
}

/* Until the rings are full: each completes, for none waits for the sink. */
static void
checkpoint_until_overtaken(void)
{
    do
        checkpoint();
    while (strcmp(newest().kind, "unaligned") != 0);
    cr_assert_gt(newest().full_bytes, 0);
    cr_assert_gt(newest().written_bytes, 0);
}

/* … and begins anew: the run that failed writes nothing any more. */
static void
fail(void)
{
    struct sl_job_status status;
    struct sl_error err;

    cr_assert_eq(sl_job_fail(job, &err), SL_OK);
    do {
        sched_yield();
        sl_job_get_status(job, &status);
    } while (status.state != SL_RUN_RUNNING);
}

Test(overtake, a_checkpoint_completes_while_the_sink_takes_nothing)
{
    test_table_hold(TABLE_OUT, true);
    start(true, 0);
    checkpoint_until_overtaken();
    cr_assert_lt(test_table_count(TABLE_OUT), 100, "the sink takes nothing");
    fail();
    checkpoint(); /* of what the restart has not handed on yet */
    fail();
    test_table_hold(TABLE_OUT, false);
    settle();
    check_copied(2);
    cr_assert_str_eq(newest().kind, "checkpoint", "settle leaves nothing in the queues");
}

static bool
is_never(void *arg)
{
    int *count = arg;

    return ++*count > 20;
}

/* Aligned it waits for the sink. */
Test(overtake, an_aligned_one_does_not)
{
    struct sl_error err;
    uint64_t number;
    int count = 0;

    test_table_hold(TABLE_OUT, true);
    start(false, 0);
    while (test_table_count(TABLE_OUT) == 0)
        sched_yield();
    while (sl_job_checkpoint(job, is_never, &count, &number, &err) == SL_OK)
        continue;
    cr_assert_eq(err.code, SL_E_QUERY_CANCELED);
    test_table_hold(TABLE_OUT, false);
    settle();
    check_copied(0);
}

/* Begun aligned, it stays so until the ticker says that its time is over. */
Test(overtake, one_overtakes_after_its_time)
{
    struct sl_error err;
    uint64_t number;
    int count = 0;
    int64_t next_us;

    test_table_hold(TABLE_OUT, true);
    start(true, SECOND_US);
    while (test_table_count(TABLE_OUT) == 0)
        sched_yield();
    while (sl_job_checkpoint(job, is_never, &count, &number, &err) == SL_OK)
        continue;
    cr_assert_str_eq(newest().status, "IN_PROGRESS");
    next_us = sl_checkpoint_tick(job, 0);
    cr_assert_leq(next_us, sl_monotonic_us(env) + SECOND_US);
    cr_assert_str_eq(newest().status, "IN_PROGRESS");
    sl_checkpoint_tick(job, next_us);
    while (strcmp(newest().status, "IN_PROGRESS") == 0)
        sched_yield();
    cr_assert_str_eq(newest().status, "COMPLETED");
    cr_assert_str_eq(newest().kind, "unaligned");
    cr_assert_gt(newest().alignment_us, 0);
    fail();
    test_table_hold(TABLE_OUT, false);
    settle();
    check_copied(1);
}

/* A savepoint stays aligned: it waits for the sink. */
Test(overtake, a_savepoint_never_does)
{
    struct sl_error err;
    int count = 0;

    test_table_hold(TABLE_OUT, true);
    start(true, 0);
    checkpoint_until_overtaken();
    cr_assert_eq(sl_job_savepoint(job, NULL, SL_SAVEPOINT_ONLY, is_never, &count, &err),
                 SL_E_QUERY_CANCELED);
    test_table_hold(TABLE_OUT, false);
    cr_assert_eq(sl_job_savepoint(job, NULL, SL_SAVEPOINT_ONLY, NULL, NULL, &err), SL_OK);
    cr_assert_str_eq(newest().kind, "checkpoint");
    settle();
    check_copied(0);
}
