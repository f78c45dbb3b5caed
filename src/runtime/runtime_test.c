/* Tests whole jobs on real threads over test tables: results, exchanges, settle, end_input,
 * restarts, failures, late rows, backpressure. */
#include "executor/operator.h"
#include "executor/test_tables.h"
#include "runtime/runtime.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#define SECOND_US INT64_C(1000000)

struct fixture {
    struct sl_env *env;
    struct sl_runtime *runtime;
    struct sl_arena arena;
    struct test_plan plan;
};

static struct fixture fix;

static void
fixture_begin(bool virtual_time)
{
    struct sl_runtime_config config = {.slot_count = 4, .data_directory = "."};

    sl_operators_init();
    test_tables_reset();
    fix.env = config.env = sl_env_system_new(3, virtual_time);
    fix.runtime = sl_runtime_new(&config);
    sl_arena_init(&fix.arena);
    test_plan_init(&fix.plan, &fix.arena);
}

static void
begin_real(void)
{
    fixture_begin(false);
}

static void
begin_virtual(void)
{
    fixture_begin(true);
}

static void
end(void)
{
    sl_runtime_free(fix.runtime);
    sl_env_system_free(fix.env);
    sl_arena_done(&fix.arena);
}

static struct sl_job *
start(bool is_query)
{
    char id[33];
    struct sl_job_spec spec = {
        .id = id, .name = "test", .plan = fix.plan.plan, .is_query = is_query};
    struct sl_job *job;
    struct sl_error err;

    spec.collect_rows_max = 5000;
    sl_runtime_new_id(fix.runtime, id);
    cr_assert_eq(sl_job_start(fix.runtime, &spec, &job, &err), SL_OK);
    test_plan_init(&fix.plan, &fix.arena);
    return job;
}

static void
settle(void)
{
    struct sl_error err;
    int rc = sl_runtime_settle(fix.runtime, NULL, 20 * SECOND_US, NULL, NULL, &err);

    cr_assert_eq(rc, SL_OK, "%s", rc < 0 ? err.text : "");
}

static enum sl_run_state
state_of(const struct sl_job *job)
{
    struct sl_job_status status;

    sl_job_get_status(job, &status);
    return status.state;
}

/* ts = i seconds, key = i mod 10, value = i. */
static void
add_rows(uint64_t table, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++) {
        struct test_row row = {.values = {i * SECOND_US, i % 10, i}};

        test_table_add(table, &row);
    }
}

TestSuite(runtime, .init = begin_real, .fini = end);
TestSuite(virtual, .init = begin_virtual, .fini = end);

/* --- queries --- */

/* Reads a query's result to its end; returns the number of rows, adds up column 1. */
static size_t
fetch_all(struct sl_job *job, int64_t *sum)
{
    struct sl_batch *batch;
    struct sl_error err;
    size_t count = 0;
    int rc;

    *sum = 0;
    while ((rc = sl_job_fetch(job, -1, &batch, &err)) == SL_OK) {
        for (size_t i = 0; i < sl_batch_live_count(batch); i++)
            *sum += ((const int64_t *)batch->columns[1]->values)[sl_batch_row(batch, i)];
        count += sl_batch_live_count(batch);
        sl_batch_unref(batch);
    }
    cr_assert_eq(rc, SL_EOF, "%s", rc < 0 ? err.text : "");
    return count;
}

Test(runtime, values_come_to_the_session)
{
    struct test_row rows[] = {{{1, 10}}, {{2, 20}}, {{3, 30}}};
    struct sl_job *job;
    int64_t sum;

    test_plan_collect(&fix.plan, test_plan_values(&fix.plan, rows, 3, 2));
    job = start(true);
    cr_assert_eq(fetch_all(job, &sum), 3);
    cr_assert_eq(sum, 60);
    cr_assert_eq(state_of(job), SL_RUN_FINISHED);
    sl_job_unref(job);
}

/* More rows than the session's queue and the rings hold: backpressure up to the source and back. */
Test(runtime, a_slow_session_holds_the_query_back)
{
    struct sl_phys_node *scan;
    struct sl_job *job;
    int64_t sum;

    test_table_new(1, 3, 8);
    add_rows(1, 0, 200000);
    scan = test_plan_scan(&fix.plan, 1, 3, 4, 0, true);
    test_plan_exchange(test_plan_collect(&fix.plan, scan), SL_EXCHANGE_GLOBAL, NULL, 0);
    job = start(true);
    cr_assert_eq(fetch_all(job, &sum), 200000);
    cr_assert_eq(sum, 200000 / 10 * 45);
    sl_job_unref(job);
}

Test(runtime, a_query_that_is_stopped_ends)
{
    struct sl_job *job;
    int64_t sum;

    test_table_new(1, 3, 1);
    test_plan_collect(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 1, 0, false));
    job = start(true);
    sl_job_stop(job, SL_RUN_CANCELED, "cursor closed");
    cr_assert_eq(fetch_all(job, &sum), 0);
    cr_assert_eq(state_of(job), SL_RUN_CANCELED);
    sl_job_unref(job);
}

/* --- exchanges --- */

static void
run_exchange(enum sl_exchange_kind kind, uint32_t from, uint32_t to, uint32_t batch_size)
{
    static uint32_t keys[] = {1};
    struct sl_phys_node *sink;
    struct sl_job *job;
    struct sl_job_status status;
    struct sl_error err;

    test_tables_reset();
    test_table_new(1, 3, 3);
    test_table_new(2, 3, 1);
    add_rows(1, 0, 20000);
    sink = test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, from, 0, true), to, 2);
    test_plan_exchange(sink, kind, keys, 1);
    fix.plan.plan->settings.batch_size = batch_size;
    job = start(false);
    cr_assert_eq(sl_job_wait(job, NULL, NULL, &err), SL_OK);
    sl_job_get_status(job, &status);
    cr_assert_eq(status.state, SL_RUN_FINISHED);
    sl_job_unref(job);
    if (kind == SL_EXCHANGE_BROADCAST) {
        cr_assert_eq(test_table_count(2), 20000 * to);
        return;
    }
    cr_assert_eq(status.rows_written, 20000);
    cr_assert_eq(test_table_sum(2), test_table_sum(1));
}

Test(runtime, every_exchange_hands_on_every_row_once)
{
    run_exchange(SL_EXCHANGE_FORWARD, 1, 1, 4096);
    run_exchange(SL_EXCHANGE_HASH, 1, 1, 4096);
    run_exchange(SL_EXCHANGE_HASH, 2, 4, 4096);
    run_exchange(SL_EXCHANGE_HASH, 4, 3, 7);
    run_exchange(SL_EXCHANGE_REBALANCE, 3, 4, 100);
    run_exchange(SL_EXCHANGE_RESCALE, 4, 2, 100);
    run_exchange(SL_EXCHANGE_RESCALE, 2, 4, 100);
    run_exchange(SL_EXCHANGE_GLOBAL, 4, 1, 1);
    run_exchange(SL_EXCHANGE_BROADCAST, 2, 3, 100);
}

/* --- settle --- */

/* Two jobs over three tables: settle follows the rows through both, whichever was started first. */
Test(runtime, settle_follows_rows_from_job_to_job)
{
    static uint32_t keys[] = {1};
    struct sl_job *first, *second;

    test_table_new(1, 3, 2);
    test_table_new(2, 3, 4);
    test_table_new(3, 3, 1);
    test_plan_exchange(
        test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 2, 3, 4, 0, false), 2, 3),
        SL_EXCHANGE_HASH, keys, 1);
    second = start(false);
    test_plan_exchange(
        test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 2, 0, false), 4, 2),
        SL_EXCHANGE_HASH, keys, 1);
    first = start(false);
    settle();
    for (int64_t round = 0; round < 5; round++) {
        add_rows(1, round * 1000, round * 1000 + 1000);
        settle();
        cr_assert_eq(test_table_count(3), (size_t)(round + 1) * 1000);
    }
    cr_assert_eq(test_table_sum(3), test_table_sum(1));
    sl_job_stop(first, SL_RUN_CANCELED, NULL);
    sl_job_stop(second, SL_RUN_SUSPENDED, NULL);
    cr_assert_eq(state_of(first), SL_RUN_CANCELED);
    cr_assert_eq(state_of(second), SL_RUN_SUSPENDED);
    sl_job_unref(first);
    sl_job_unref(second);
}

Test(runtime, settle_names_a_generator_at_once)
{
    struct sl_phys_node *scan;
    struct sl_job *job;
    struct sl_error err;

    test_table_new(1, 3, 1);
    test_table_new(2, 3, 1);
    scan = test_plan_scan(&fix.plan, 1, 3, 1, 0, false);
    ((struct sl_phys_scan *)scan->detail)->connector = "generator";
    test_plan_sink(&fix.plan, scan, 1, 2);
    job = start(false);
    cr_assert_eq(sl_runtime_settle(fix.runtime, NULL, INT64_MAX / 2, NULL, NULL, &err),
                 SL_E_QUERY_CANCELED);
    cr_assert(strstr(err.text, "t1") != NULL);
    sl_job_stop(job, SL_RUN_CANCELED, NULL);
    sl_job_unref(job);
}

Test(runtime, end_input_finishes_the_readers)
{
    struct sl_job *job;
    struct sl_error err;

    test_table_new(1, 3, 2);
    test_table_new(2, 3, 1);
    add_rows(1, 0, 5000);
    test_plan_exchange(
        test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 4, 0, false), 2, 2),
        SL_EXCHANGE_REBALANCE, NULL, 0);
    job = start(false);
    cr_assert_eq(sl_runtime_end_input(fix.runtime, 1, NULL, NULL, &err), SL_OK);
    cr_assert_eq(sl_job_wait(job, NULL, NULL, &err), SL_OK);
    cr_assert_eq(state_of(job), SL_RUN_FINISHED);
    cr_assert_eq(test_table_count(2), 5000);
    sl_job_unref(job);
}

/* --- several sessions at once --- */

#define SESSIONS 6

static int
settle_as_session(void)
{
    struct sl_error err;
    int rc = SL_OK;

    for (int i = 0; i < 100 && rc == SL_OK; i++)
        rc = sl_runtime_settle(fix.runtime, NULL, 10 * SECOND_US, NULL, NULL, &err);
    return rc;
}

static int
end_as_session(void)
{
    struct sl_error err;

    return sl_runtime_end_input(fix.runtime, 1, NULL, NULL, &err);
}

struct session {
    pthread_t thread;
    int (*call)(void);
    int rc;
};

static void *
session_main(void *arg)
{
    struct session *session = arg;

    session->rc = session->call();
    return NULL;
}

static void
run_sessions(int (*call)(void))
{
    struct session sessions[SESSIONS];

    for (int i = 0; i < SESSIONS; i++) {
        sessions[i] = (struct session){.call = call};
        pthread_create(&sessions[i].thread, NULL, session_main, &sessions[i]);
    }
    for (int i = 0; i < SESSIONS; i++) {
        pthread_join(sessions[i].thread, NULL);
        cr_assert_eq(sessions[i].rc, SL_OK);
    }
}

/* Each waits for barriers of its own, which overtake one another. */
Test(runtime, sessions_that_settle_at_once_all_return, .timeout = 60)
{
    struct sl_job *jobs[3];
    struct sl_error err;

    test_table_new(1, 3, 4);
    test_table_new(2, 3, 1);
    add_rows(1, 0, 1000);
    for (int i = 0; i < 3; i++) {
        test_plan_exchange(
            test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 4, 0, false), 2, 2),
            SL_EXCHANGE_REBALANCE, NULL, 0);
        jobs[i] = start(false);
    }
    run_sessions(settle_as_session);
    cr_assert_eq(test_table_count(2), 3000);
    run_sessions(end_as_session);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(sl_job_wait(jobs[i], NULL, NULL, &err), SL_OK);
        sl_job_unref(jobs[i]);
    }
}

/* --- failures --- */

Test(runtime, an_error_of_the_data_is_final)
{
    struct test_row row = {.is_null = true};
    struct sl_job_status status;
    struct sl_job *job;
    struct sl_error err;

    test_table_new(1, 3, 1);
    test_table_new(2, 3, 1);
    test_table_add(1, &row);
    test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 1, 0, false), 1, 2);
    job = start(false);
    cr_assert_eq(sl_job_wait(job, NULL, NULL, &err), SL_E_NULL_VALUE);
    cr_assert_str_eq(err.text, "table \"t1\": split 0: the event time is NULL");
    cr_assert_eq(state_of(job), SL_RUN_FAILED);
    sl_job_get_status(job, &status);
    cr_assert_eq(sl_runtime_find_job(fix.runtime, status.id), NULL, "it may start again at once");
    settle();
    sl_job_unref(job);
}

/* A session's question that the outside does not answer is asked again: the job is not to suffer.
 */
Test(runtime, a_settle_without_an_answer_restarts_nothing)
{
    struct sl_job_status status;
    struct sl_job *job;

    test_table_new(1, 3, 1);
    test_table_new(2, 3, 1);
    test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 1, 0, false), 1, 2);
    job = start(false);
    settle();
    test_table_fail_refresh(1, SL_E_CONNECTION_FAILURE);
    add_rows(1, 0, 10);
    settle();
    sl_job_get_status(job, &status);
    cr_assert_eq(status.state, SL_RUN_RUNNING);
    cr_assert_eq(status.restarts, 0);
    cr_assert_eq(test_table_count(2), 10);
    sl_job_stop(job, SL_RUN_CANCELED, NULL);
    sl_job_unref(job);
}

Test(runtime, rows_without_a_time_are_skipped_and_counted)
{
    struct test_row row = {.is_null = true};
    struct sl_task_status *tasks;
    struct sl_phys_node *scan;
    struct sl_job *job;

    test_table_new(1, 3, 1);
    test_table_new(2, 3, 1);
    add_rows(1, 0, 10);
    test_table_add(1, &row);
    scan = test_plan_scan(&fix.plan, 1, 3, 1, 0, false);
    ((struct sl_phys_scan *)scan->detail)->on_error = SL_ON_ERROR_SKIP;
    test_plan_sink(&fix.plan, scan, 1, 2);
    job = start(false);
    settle();
    cr_assert_eq(test_table_count(2), 10);
    cr_assert_eq(sl_job_tasks(job, &fix.arena, &tasks), 1);
    cr_assert_str_eq(tasks[0].task, "Scan(t1) -> Sink(t2)");
    cr_assert_eq(tasks[0].rows_in, 11);
    cr_assert_eq(tasks[0].rows_out, 10);
    cr_assert_eq(tasks[0].skipped_rows, 1);
    cr_assert_eq(tasks[0].watermark_ms, 9000);
    cr_assert_str_eq(tasks[0].state, "RUNNING");
    sl_job_stop(job, SL_RUN_CANCELED, NULL);
    sl_job_unref(job);
}

Test(runtime, too_few_slots_are_refused_with_both_numbers)
{
    char id[33];
    struct sl_job_spec spec = {.id = id, .name = "wide", .plan = fix.plan.plan};
    struct sl_job *job;
    struct sl_error err;

    test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 5, 0, false), 5, 2);
    sl_runtime_new_id(fix.runtime, id);
    cr_assert_eq(sl_job_start(fix.runtime, &spec, &job, &err), SL_E_TOO_FEW_SLOTS);
    cr_assert_str_eq(err.text, "job \"wide\" needs 5 slots, the server has 4");
}

/* --- counters --- */

static pthread_mutex_t outside = PTHREAD_MUTEX_INITIALIZER;

static void
outside_run(struct sl_io_job *job)
{
    pthread_mutex_lock(&outside);
    pthread_mutex_unlock(&outside);
}

static void
outside_done(struct sl_io_job *job)
{
}

/* All I/O threads wait for somebody else: so does the job, which is not work. */
Test(runtime, a_task_that_waits_to_connect_is_idle, .timeout = 20)
{
    struct sl_io_job waiting[3] = {{outside_run, outside_done, NULL},
                                   {outside_run, outside_done, NULL},
                                   {outside_run, outside_done, NULL}};
    struct sl_task_status *tasks;
    struct sl_job *job;

    pthread_mutex_lock(&outside);
    for (size_t i = 0; i < SL_COUNT_OF(waiting); i++)
        fix.env->ops->io_submit(fix.env, &waiting[i]);
    test_table_new(1, 3, 1);
    test_table_new(2, 3, 1);
    test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 1, 0, false), 1, 2);
    job = start(false);
    do
        cr_assert_eq(sl_job_tasks(job, &fix.arena, &tasks), 1);
    while (tasks[0].idle == 0);
    cr_assert_str_eq(tasks[0].state, "INITIALIZING");
    pthread_mutex_unlock(&outside);
    settle();
    sl_job_stop(job, SL_RUN_CANCELED, NULL);
    sl_job_unref(job);
}

/* --- virtual time --- */

/* A broker that is down: RESTARTING with the reason, tried again when the delay is over. */
Test(virtual, a_failure_outside_restarts_after_the_delay)
{
    struct sl_job *job;
    struct sl_job_status status;
    struct sl_error err;

    test_table_new(1, 3, 1);
    test_table_new(2, 3, 1);
    add_rows(1, 0, 100);
    test_table_fail(1, SL_E_CONNECTION_FAILURE);
    test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 1, 0, false), 1, 2);
    job = start(false);
    cr_assert_eq(sl_runtime_settle(fix.runtime, NULL, SECOND_US / 10, NULL, NULL, &err),
                 SL_E_QUERY_CANCELED, "restarting is busy, and time stands still");
    sl_job_get_status(job, &status);
    cr_assert_eq(status.state, SL_RUN_RESTARTING);
    cr_assert_str_eq(status.reason, "the test table fails");
    cr_assert_eq(status.restarts, 1);
    cr_assert_eq(sl_runtime_advance(fix.runtime, SECOND_US, &err), SL_OK);
    settle();
    sl_job_get_status(job, &status);
    cr_assert_eq(status.state, SL_RUN_RUNNING);
    cr_assert_str_empty(status.reason);
    cr_assert_eq(test_table_count(2), 100);
    sl_job_stop(job, SL_RUN_CANCELED, NULL);
    sl_job_unref(job);
}

/* The watermark waits for its interval; settle does not. */
Test(virtual, the_periodic_watermark_follows_the_clock)
{
    struct sl_watermark_status *marks;
    struct test_row row = {.values = {0, 0, 0}};
    struct sl_job *job;
    struct sl_error err;

    test_table_new(1, 3, 1);
    test_table_new(2, 3, 1);
    test_plan_sink(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 1, 0, false), 1, 2);
    job = start(false);
    row.values[0] = 1000 * 1000;
    test_table_add(1, &row);
    settle();
    row.values[0] = 1150 * 1000; /* not more than 200 ms ahead */
    test_table_add(1, &row);
    while (test_table_count(2) < 2)
        cr_assert_eq(sl_runtime_advance(fix.runtime, 0, &err), SL_OK);
    cr_assert_eq(sl_job_watermarks(job, &fix.arena, &marks), 1);
    cr_assert_eq(marks[0].watermark_ms, 1000);
    cr_assert_str_eq(marks[0].split, "split-0");
    cr_assert_eq(sl_runtime_advance(fix.runtime, 200 * 1000, &err), SL_OK);
    cr_assert_eq(sl_job_watermarks(job, &fix.arena, &marks), 1);
    cr_assert_eq(marks[0].watermark_ms, 1150);
    sl_job_stop(job, SL_RUN_CANCELED, NULL);
    sl_job_unref(job);
}

/* A silent split holds time back until its time-out, and time does not go back for it. */
Test(virtual, an_idle_split_stops_holding_time_back)
{
    static uint32_t keys[] = {1};
    struct sl_task_status *tasks;
    struct sl_phys_node *scan, *sink;
    struct test_row row = {.values = {0}};
    struct sl_job *job;
    struct sl_error err;

    test_table_new(1, 3, 2);
    test_table_new(2, 3, 1);
    row.values[0] = 5000 * 1000; /* split 0; split 1 has no row */
    test_table_add(1, &row);
    scan = test_plan_scan(&fix.plan, 1, 3, 2, 0, false);
    ((struct sl_phys_scan *)scan->detail)->idle_timeout_us = SECOND_US;
    sink = test_plan_sink(&fix.plan, scan, 1, 2);
    test_plan_exchange(sink, SL_EXCHANGE_HASH, keys, 1);
    job = start(false);
    settle();
    cr_assert_eq(sl_job_tasks(job, &fix.arena, &tasks), 3);
    cr_assert_eq(tasks[2].watermark_ms, SL_WATERMARK_MIN, "split 1 may still bring anything");
    cr_assert_eq(sl_runtime_advance(fix.runtime, SECOND_US, &err), SL_OK);
    settle();
    sl_job_tasks(job, &fix.arena, &tasks);
    cr_assert_eq(tasks[2].watermark_ms, 5000);
    row.values[0] = 1000 * 1000; /* split 1 wakes, far behind */
    test_table_add(1, &row);
    settle();
    sl_job_tasks(job, &fix.arena, &tasks);
    cr_assert_eq(tasks[2].watermark_ms, 5000);
    sl_job_stop(job, SL_RUN_CANCELED, NULL);
    sl_job_unref(job);
}

/* Late rows are those behind the watermark that a settle let pass, at any batch size. */
static void
run_late(uint32_t batch_size, uint32_t parallelism)
{
    static uint32_t keys[] = {1};
    struct sl_phys_node *tumble;
    struct sl_task_status *tasks;
    struct sl_job *job;
    uint64_t late = 0;
    size_t task_count;

    test_tables_reset();
    test_table_new(1, 3, 1);
    test_table_new(2, 5, 1);
    test_table_new(3, 3, 1);
    tumble = test_plan_tumble(&fix.plan, test_plan_scan(&fix.plan, 1, 3, 1, 0, false), parallelism,
                              1, 2, 60 * SECOND_US);
    test_plan_exchange(tumble, SL_EXCHANGE_HASH, keys, 1);
    test_plan_sink(&fix.plan, tumble, parallelism, 2);
    tumble->late.sink = test_plan_sink(&fix.plan, NULL, 1, 3);
    fix.plan.plan->settings.batch_size = batch_size;
    job = start(false);
    add_rows(1, 0, 130); /* windows [0, 60) and [60, 120) close, 10 keys each */
    settle();
    cr_assert_eq(test_table_count(2), 20);
    add_rows(1, 50, 55); /* late */
    add_rows(1, 125, 128);
    settle();
    cr_assert_eq(test_table_count(2), 20);
    task_count = sl_job_tasks(job, &fix.arena, &tasks);
    for (size_t i = 0; i < task_count; i++)
        late += tasks[i].late_rows;
    cr_assert_eq(late, 5);
    cr_assert_eq(test_table_count(3), 5, "routed, as they came");
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(test_table_row(3, i).values[0] / (5 * SECOND_US), 10, "event_time");
    add_rows(1, 180, 181);
    settle();
    cr_assert_eq(test_table_count(2), 30);
    sl_job_stop(job, SL_RUN_CANCELED, NULL);
    sl_job_unref(job);
}

Test(virtual, late_rows_are_counted_at_any_batch_size)
{
    run_late(1, 1);
    run_late(4096, 1);
    run_late(1, 4);
    run_late(4096, 4);
}
