/* Tests the scan by itself, without a task: where watermark marks stand (Flink's rules, worked out
 * by hand), the least of several splits, the periodic timer, projection and filter with marks
 * kept. */
#include "executor/scan.h"
#include "executor/test_tables.h"

#include <criterion/criterion.h>

#define MARKS_MAX 64

struct captured {
    struct sl_out out; /* the first member */
    struct sl_mark marks[MARKS_MAX];
    size_t mark_count, row_count;
};

struct bench {
    struct sl_env *env;
    struct sl_arena arena;
    struct test_plan plan;
    struct sl_op_context context;
    struct sl_op *op;
    struct captured captured;
};

static struct bench bench;

static int
capture_emit(struct sl_out *out, struct sl_batch *batch)
{
    struct captured *captured = (struct captured *)out;

    for (uint32_t i = 0; i < batch->mark_count; i++) {
        captured->marks[captured->mark_count] = batch->marks[i];
        captured->marks[captured->mark_count++].row += (uint32_t)captured->row_count;
    }
    captured->row_count += sl_batch_live_count(batch);
    sl_batch_unref(batch);
    return SL_OK;
}

static void
begin(void)
{
    memset(&bench, 0, sizeof(bench));
    sl_operators_init();
    test_tables_reset();
    bench.env = sl_env_system_new(1, true);
    sl_arena_init(&bench.arena);
    test_plan_init(&bench.plan, &bench.arena);
    bench.context = (struct sl_op_context){
        .arena = &bench.arena,
        .pool = sl_pool_new(),
        .settings = &bench.plan.plan->settings,
        .expr_settings = {.zone = sl_zone_utc()},
        .subtask_count = 1,
        .env = bench.env,
        .job_id = "job",
        .data_directory = ".",
        .wake = bench.env->ops->wake_new(bench.env),
    };
    bench.captured.out.emit = capture_emit;
}

static void
open_scan(struct sl_phys_node *node)
{
    const struct sl_op_class *class = sl_op_class_of(SL_OP_SCAN);
    struct sl_error err;

    bench.op = sl_arena_alloc(&bench.arena, class->size);
    bench.op->class = class;
    bench.op->node = node;
    bench.op->context = &bench.context;
    cr_assert_eq(class->open(bench.op, &err), SL_OK);
    while (sl_scan_start(bench.op, &err) == SL_AGAIN)
        bench.env->ops->wake_wait(bench.env, bench.context.wake, -1);
}

static void
end(void)
{
    while (sl_scan_stop(bench.op) == SL_AGAIN)
        bench.env->ops->wake_wait(bench.env, bench.context.wake, -1);
    bench.op->class->close(bench.op);
    bench.env->ops->io_drain(bench.env);
    bench.env->ops->wake_free(bench.env, bench.context.wake);
    sl_pool_free(bench.context.pool);
    sl_arena_done(&bench.arena);
    sl_env_system_free(bench.env);
}

static void
add(const int64_t *times_ms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct test_row row = {.values = {times_ms[i] * 1000, (int64_t)i, 1}};

        test_table_add(1, &row);
    }
}

/* Reads what is there. */
static int
step_dry(void)
{
    struct sl_error err;
    int rc;

    bench.captured.mark_count = bench.captured.row_count = 0;
    while ((rc = sl_scan_step(bench.op, sl_now_us(bench.env), &bench.captured.out, &err)) == SL_OK)
        continue;
    cr_assert_geq(rc, 0, "%s", rc < 0 ? err.text : "");
    return rc;
}

static void
expect_marks(const struct sl_mark *marks, size_t count)
{
    cr_assert_eq(bench.captured.mark_count, count);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(bench.captured.marks[i].row, marks[i].row, "mark %zu", i);
        cr_assert_eq(bench.captured.marks[i].time_ms, marks[i].time_ms, "mark %zu", i);
    }
}

TestSuite(scan, .init = begin, .fini = end);

/* A candidate goes out behind its row if it is more than 200 ms ahead of the last one. */
static void
run_periodic(uint32_t batch_size)
{
    const int64_t times_ms[] = {1000, 1100, 1201, 900, 1401, 1402, 1500};
    const struct sl_mark marks[] = {{1, 1000}, {3, 1201}, {6, 1402}};

    test_table_new(1, 3, 1);
    add(times_ms, 7);
    bench.plan.plan->settings.batch_size = batch_size;
    open_scan(test_plan_scan(&bench.plan, 1, 3, 1, 0, false));
    cr_assert_eq(step_dry(), SL_AGAIN);
    cr_assert_eq(bench.captured.row_count, 7);
    expect_marks(marks, 3);
    cr_assert_eq(sl_scan_progress(bench.op)->watermark_ms, 1402);
    cr_assert_eq(sl_scan_progress(bench.op)->deadline_us, 200000);
    sl_env_advance(bench.env, 200000);
    cr_assert_eq(step_dry(), SL_AGAIN);
    cr_assert_eq(sl_scan_progress(bench.op)->watermark_ms, 1500);
    cr_assert_eq(sl_scan_progress(bench.op)->deadline_us, INT64_MAX);
}

Test(scan, candidates_more_than_the_interval_ahead_go_out_at_their_row)
{
    run_periodic(4096);
}

Test(scan, the_size_of_batches_moves_no_mark)
{
    run_periodic(1);
}

Test(scan, on_event_every_rise_goes_out)
{
    const int64_t times_ms[] = {1000, 1001, 999, 1005};
    const struct sl_mark marks[] = {{1, 1000}, {2, 1001}, {4, 1005}};
    struct sl_phys_node *node;

    test_table_new(1, 3, 1);
    add(times_ms, 4);
    node = test_plan_scan(&bench.plan, 1, 3, 1, 0, false);
    ((struct sl_phys_scan *)node->detail)->watermark_on_event = true;
    open_scan(node);
    step_dry();
    expect_marks(marks, 3);
}

/* The source says how far time is, whatever the column has. */
Test(scan, the_source_supplies_the_watermark)
{
    const int64_t times_ms[] = {5000, 9000, 7000};
    const struct sl_mark marks[] = {{1, 3000}, {2, 7000}};
    struct sl_phys_node *node;

    test_table_new(1, 3, 1);
    add(times_ms, 3);
    node = test_plan_scan(&bench.plan, 1, 3, 1, 0, false);
    ((struct sl_phys_scan *)node->detail)->watermark_on_event = true;
    ((struct sl_phys_scan *)node->detail)->watermark_from_source = true;
    open_scan(node);
    step_dry();
    expect_marks(marks, 2);
}

/* Rows 0, 2, 4 … are split 0's.  Batches of one row alternate between the splits. */
Test(scan, the_least_split_decides)
{
    const int64_t times_ms[] = {5000, 1000, 6000, 2000, 7000, 9000};
    const struct sl_mark marks[] = {{2, 1000}, {4, 2000}, {6, 7000}};

    test_table_new(1, 3, 2);
    add(times_ms, 6);
    bench.plan.plan->settings.batch_size = 1;
    open_scan(test_plan_scan(&bench.plan, 1, 3, 1, 0, false));
    step_dry();
    expect_marks(marks, 3);
}

/* Of its two splits one has ended: it has no say. */
Test(scan, an_ended_split_holds_nothing_back)
{
    const int64_t times_ms[] = {5000};

    test_table_new(1, 3, 2);
    add(times_ms, 1);
    open_scan(test_plan_scan(&bench.plan, 1, 3, 1, 0, true));
    cr_assert_eq(step_dry(), SL_EOF);
    cr_assert_eq(bench.captured.row_count, 1);
}

/* The watermark is taken before the filter: a row that is dropped moves time all the same. */
Test(scan, filtered_rows_move_time)
{
    const int64_t times_ms[] = {1000, 3000, 2000};
    struct sl_phys_node *node;
    struct sl_phys_scan *scan;
    struct sl_phys_node *calc;

    test_table_new(1, 3, 1);
    add(times_ms, 3);
    node = test_plan_scan(&bench.plan, 1, 3, 1, 0, false);
    scan = node->detail;
    calc = test_plan_calc(&bench.plan, node, 1, 1); /* column 1 is 0, 1, 2: the last row passes */
    scan->filter = ((struct sl_phys_calc *)calc->detail)->filter;
    open_scan(node);
    step_dry();
    cr_assert_eq(bench.captured.row_count, 1);
    cr_assert_eq(sl_scan_progress(bench.op)->watermark_ms, 3000);
    cr_assert_eq(sl_scan_progress(bench.op)->rows, 3);
}

/* A barrier: read up to the present end, and what is pending of the watermark is in. */
Test(scan, catching_up_flushes_the_watermark)
{
    const int64_t times_ms[] = {1000, 1100};
    struct sl_error err;

    test_table_new(1, 3, 1);
    add(times_ms, 2);
    open_scan(test_plan_scan(&bench.plan, 1, 3, 1, 0, false));
    cr_assert_eq(sl_scan_catch_up(bench.op, &err), SL_AGAIN);
    for (;;) {
        step_dry();
        if (sl_scan_catch_up(bench.op, &err) == SL_OK)
            break;
        bench.env->ops->wake_wait(bench.env, bench.context.wake, -1);
    }
    cr_assert_eq(sl_scan_progress(bench.op)->watermark_ms, 1100);
}

/* Its other side tells no end: what was read is all. */
Test(scan, it_ends_where_it_stands_without_an_answer)
{
    const int64_t times_ms[] = {1000, 1100};
    struct sl_error err;

    test_table_new(1, 3, 1);
    add(times_ms, 2);
    open_scan(test_plan_scan(&bench.plan, 1, 3, 1, 0, false));
    step_dry();
    cr_assert_eq(bench.captured.row_count, 2);
    test_table_fail_refresh(1, SL_E_CONNECTION_FAILURE);
    for (int asked = 0; sl_scan_finish(bench.op, &err) == SL_AGAIN; asked++) {
        cr_assert_lt(asked, 3, "it asks again and again");
        bench.env->ops->io_drain(bench.env);
        cr_assert_eq(step_dry(), SL_AGAIN);
        test_table_fail_refresh(1, SL_E_CONNECTION_FAILURE);
    }
    add(times_ms, 2);
    cr_assert_eq(step_dry(), SL_EOF);
    cr_assert_eq(bench.captured.row_count, 0);
}

/* In batch mode there is no watermark but the end's. */
Test(scan, batch_mode_has_no_watermark)
{
    const int64_t times_ms[] = {1000, 3000};

    test_table_new(1, 3, 1);
    add(times_ms, 2);
    bench.plan.plan->settings.batch_mode = true;
    open_scan(test_plan_scan(&bench.plan, 1, 3, 1, 0, true));
    cr_assert_eq(step_dry(), SL_EOF);
    cr_assert_eq(bench.captured.mark_count, 0);
    cr_assert_eq(sl_scan_progress(bench.op)->watermark_ms, SL_WATERMARK_MIN);
}
