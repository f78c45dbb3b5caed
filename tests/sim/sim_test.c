/* Whole jobs under a seeded scheduler: rows → windows at parallelism 4 → rows, on one
 * thread; or rows of two tables → interval join → rows, which is compared with all pairs there are.
 * Whatever the order of steps, the result equals the same query's over the whole input as one
 * bounded batch, and the same seed gives the same trace.  In some the results of windows are
 * updated, early and late: then that is what the changelog comes to.
 *
 * A part of the seeds runs with checkpoints into an exactly-once sink: the job fails, is restored,
 * and the whole server ends and starts again, with another parallelism, too, at any moment.  Some
 * of these have two sources and one exchange more, some a slot that hardly gets to run, so that
 * rings are full; in most of them barriers overtake, at once or after a while.
 *
 *     sim_test [FIRST_SEED [COUNT]] */
#include "executor/operator.h"
#include "executor/test_tables.h"
#include "runtime/checkpoint.h"
#include "runtime/runtime.h"
#include "base/log.h"
#include "sim/sim.h"
#include "storage/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIM_SEEDS 1000
#define WINDOW_US INT64_C(10000000)
#define GAP_US INT64_C(1000000)
#define DELAY_US INT64_C(5000000)
#define NEAR_US INT64_C(1500000)
/* Where late rows correct results: the watermark is ahead of some, but never by more than that. */
#define EARLY_US INT64_C(1000000)
#define LATENESS_US INT64_C(5000000)
#define TIMEOUT_US INT64_C(3600000000)

enum { TABLE_IN = 1, TABLE_OUT, TABLE_BOUNDED, TABLE_OTHER, TABLE_SECOND, TABLE_MERGED };

/* Of a job that is checkpointed; the same after each start, but for the parallelism. */
struct shape {
    bool has_sessions, has_two_sources, has_second_window, has_sink_exchange;
    bool has_join; /* an interval join of two sources instead of windows: */
    enum sl_join_kind join;
    struct sl_emit_strategy emit; /* of windows whose results are updated */
    bool is_unaligned, is_net;
    int64_t aligned_us;
    uint32_t parallelism, sink_parallelism, batch_size;
    uint64_t key_count;
    int64_t spacing_us; /* of rows */
};

struct world {
    struct sim *sim;
    struct sl_runtime *runtime;
    struct sl_arena arena;
    uint64_t seed;
    struct sl_runtime_config config;
    char directory[64];   /* of checkpoints */
    const char *restored; /* the id of the job that is checkpointed; NULL: none is */
    struct shape shape;
    int64_t fed_count;
    bool failed;
};

static uint64_t unaligned_count; /* checkpoints with rows that were overtaken */

static void
world_check(struct world *world, bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "seed %llu: %s\n", (unsigned long long)world->seed, what);
    world->failed = true;
}

static void
world_begin(struct world *world, uint64_t seed)
{
    *world = (struct world){.seed = seed, .sim = sim_new(seed)};
    world->shape =
        (struct shape){.has_sessions = seed / 4 % 2, .key_count = 7, .spacing_us = 100000};
    snprintf(world->directory, sizeof(world->directory), "%s/sluice-sim-%d",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", getpid());
    mkdir(world->directory, 0700);
    world->config = (struct sl_runtime_config){
        .env = sim_env(world->sim),
        .slot_count = 4,
        /* With little memory rings are full most of the time: backpressure, operators that stop
         * midway. */
        .slot_memory_bytes = INT64_C(1) << (sim_random(world->sim) % 2 ? 10 : 30),
        .data_directory = world->directory,
    };
    world->runtime = sl_runtime_new(&world->config);
    sl_arena_init(&world->arena);
    test_tables_reset();
    test_tables_chunk(0);
    test_table_new(TABLE_IN, 3, 1 + (uint32_t)(sim_random(world->sim) % 6));
    test_table_new(TABLE_OUT, 5, 1);
    test_table_new(TABLE_BOUNDED, 5, 1);
    test_table_new(TABLE_OTHER, 5, 1);
    test_table_new(TABLE_SECOND, 3, 2);
    test_table_new(TABLE_MERGED, 5, 1);
}

/* Early or late or both, at once or some milliseconds later. */
static void
world_choose_emit(struct world *world)
{
    uint64_t chance = sim_random(world->sim);
    struct sl_emit_strategy *emit = &world->shape.emit;

    emit->early = chance % 3 != 0;
    emit->late = chance % 3 != 1;
    if (emit->early && chance / 4 % 2)
        emit->early_delay_us = (int64_t)(chance / 16 % 20 + 1) * 1000;
    if (emit->late && chance / 8 % 2)
        emit->late_delay_us = (int64_t)(chance / 512 % 20 + 1) * 1000;
    if (emit->late)
        emit->lateness_us = LATENESS_US;
    world->shape.is_net = chance / 16384 % 2;
}

static bool
world_has_emit(const struct world *world)
{
    return world->shape.emit.early || world->shape.emit.late;
}

static void
world_end(struct world *world)
{
    char path[128];

    sl_runtime_free(world->runtime);
    if (world->restored)
        sl_checkpoint_remove_all(world->directory, world->restored);
    snprintf(path, sizeof(path), "%s/checkpoints", world->directory);
    rmdir(path);
    rmdir(world->directory);
    sl_arena_done(&world->arena);
    sim_free(world->sim);
}

/* Rows in disorder, never more than the watermark's delay. */
static void
world_feed(struct world *world, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t disorder_us = (int64_t)(sim_random(world->sim) % (uint64_t)DELAY_US);
        struct test_row row = {
            .values = {world->fed_count++ * world->shape.spacing_us + disorder_us,
                       (int64_t)(sim_random(world->sim) % world->shape.key_count),
                       (int64_t)(sim_random(world->sim) % 1000)}};

        row.values[0] -= row.values[0] % 1000;
        test_table_add(world->shape.has_two_sources && sim_random(world->sim) % 2 ? TABLE_SECOND
                                                                                  : TABLE_IN,
                       &row);
    }
}

/* Into an exactly-once table, by barriers as the shape has them. */
static void
world_plan_published(const struct world *world, struct test_plan *plan, struct sl_phys_node *input,
                     uint64_t out)
{
    static uint32_t keys[] = {0};
    const struct shape *shape = &world->shape;
    struct sl_phys_settings *settings = &plan->plan->settings;
    struct sl_phys_node *sink = test_plan_published(
        plan, input, shape->has_sink_exchange ? shape->sink_parallelism : shape->parallelism, out);

    ((struct sl_phys_sink *)sink->detail)->lane_count = 2;
    if (shape->has_sink_exchange)
        test_plan_exchange(sink, SL_EXCHANGE_HASH, keys, 1);
    settings->checkpoint_interval_us = 1;
    settings->checkpoints_retained = 1;
    settings->restart_attempts = -1;
    settings->checkpoint_unaligned = shape->is_unaligned;
    settings->checkpoint_aligned_us = shape->aligned_us;
}

/* Windows of windows, by the time when these begin: a row of theirs is late there as soon as the
 * watermark that closed its window comes before it. */
static struct sl_phys_node *
world_plan_second_window(struct test_plan *plan, struct sl_phys_node *input, uint32_t parallelism)
{
    static uint32_t keys[] = {0};
    struct sl_phys_node *node = test_plan_tumble(plan, input, parallelism, 0, 2, 2 * WINDOW_US);
    const struct sl_phys_window_aggregate *first = input->detail;
    struct sl_phys_window_aggregate *second = node->detail;

    second->time_column = 3;
    if (first->window.kind == SL_WINDOW_HOP) { /* the same windows: these would be late */
        second->window = first->window;
        second->is_attached = true;
        second->time_column = 4;
    }
    test_plan_exchange(node, SL_EXCHANGE_HASH, keys, 1);
    return node;
}

/* Half of the seeds have windows that share slices. */
static void
world_share_slices(const struct world *world, struct sl_phys_node *node)
{
    static const int64_t slice_counts[] = {2, 5, 8, 40};
    struct sl_window *window = &((struct sl_phys_window_aggregate *)node->detail)->window;

    if (world->seed / 2 % 2 == 0)
        return;
    window->kind = world->seed / 4 % 3 == 0 ? SL_WINDOW_CUMULATE : SL_WINDOW_HOP;
    window->slide_us = window->size_us / slice_counts[world->seed / 12 % 4];
}

/* The watermark lags a bit more behind sessions: a row at it would be in time for a window, and too
 * late for a session that has just ended. */
static int64_t
world_delay_us(const struct world *world, bool bounded)
{
    if (world->shape.emit.late && !bounded)
        return EARLY_US;
    return DELAY_US + (world->shape.has_sessions ? 2000 : 0);
}

static struct sl_phys_node *
world_plan_window(const struct world *world, struct test_plan *plan, struct sl_phys_node *input,
                  uint32_t parallelism, bool bounded)
{
    static uint32_t keys[] = {1};
    struct sl_phys_node *node = test_plan_tumble(plan, input, parallelism, 1, 2, WINDOW_US);

    world_share_slices(world, node);
    if (world_has_emit(world) && !bounded)
        test_plan_emit(plan, node, &world->shape.emit);
    if (world->shape.has_sessions) {
        node->kind = SL_OP_SESSION_AGGREGATE;
        ((struct sl_phys_window_aggregate *)node->detail)->window =
            (struct sl_window){.kind = SL_WINDOW_SESSION, .size_us = GAP_US};
    }
    test_plan_exchange(node, SL_EXCHANGE_HASH, keys, 1);
    return node;
}

static struct sl_phys_node *
world_plan_windows(const struct world *world, struct test_plan *plan, uint32_t parallelism,
                   bool bounded)
{
    int64_t delay_us = world_delay_us(world, bounded);
    struct sl_phys_node *scan = test_plan_scan(plan, TABLE_IN, 3, parallelism, delay_us, bounded);
    struct sl_phys_node *window;

    if (world->shape.has_two_sources)
        scan = test_plan_union(
            plan, scan, test_plan_scan(plan, TABLE_SECOND, 3, parallelism, delay_us, bounded),
            parallelism);
    window = world_plan_window(world, plan, scan, parallelism, bounded);
    return world->shape.has_second_window ? world_plan_second_window(plan, window, parallelism)
                                          : window;
}

static struct sl_phys_node *
world_plan_join(const struct world *world, struct test_plan *plan, uint32_t parallelism)
{
    return test_plan_interval_join(
        plan, world->shape.join, test_plan_scan(plan, TABLE_IN, 3, parallelism, DELAY_US, false),
        test_plan_scan(plan, TABLE_SECOND, 3, parallelism, DELAY_US, false), parallelism, NEAR_US);
}

static struct sl_job *
world_start(struct world *world, uint64_t out, uint32_t parallelism, bool bounded)
{
    static const uint32_t batch_sizes[] = {1, 7, 64, 4096};
    struct test_plan plan;
    struct sl_phys_node *made;
    char id[33];
    struct sl_job_spec spec = {.id = id, .name = "sim"};
    struct sl_job *job;
    struct sl_error err;

    test_plan_init(&plan, &world->arena);
    made = world->shape.has_join ? world_plan_join(world, &plan, parallelism)
                                 : world_plan_windows(world, &plan, parallelism, bounded);
    if (world->restored && !bounded)
        world_plan_published(world, &plan, made, out);
    else
        test_plan_sink(&plan, made, parallelism, out);
    plan.plan->settings.batch_mode = bounded;
    plan.plan->settings.mini_batch = world->shape.is_net;
    plan.plan->settings.batch_size =
        world->shape.batch_size ? world->shape.batch_size : batch_sizes[sim_random(world->sim) % 4];
    spec.plan = plan.plan;
    if (world->restored && !bounded)
        strcpy(id, world->restored);
    else
        sl_runtime_new_id(world->runtime, id);
    if (sl_job_start(world->runtime, &spec, &job, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return job;
}

static void
world_settle(struct world *world)
{
    struct sl_error err;
    int rc = sl_runtime_settle(world->runtime, NULL, TIMEOUT_US, NULL, NULL, &err);

    world_check(world, rc == SL_OK, rc < 0 ? err.text : "");
}

static void
world_wait(struct world *world, struct sl_job *job)
{
    struct sl_error err;
    int rc = sl_job_wait(job, NULL, NULL, &err);

    world_check(world, rc == SL_OK, rc < 0 ? err.text : "");
}

/* Is every window that the settled watermark has passed there, and no other?  Row i is at most
 * DELAY_US after i * 100 ms, so the watermark after n rows is known only to lie in a range. */
static void
world_check_settled(struct world *world)
{
    int64_t latest_us = 0;

    if (world_has_emit(world))
        return;
    for (size_t i = 0; i < test_table_count(TABLE_OUT); i++)
        latest_us = SL_MAX(latest_us, test_table_row(TABLE_OUT, i).values[4]);
    world_check(world, latest_us <= world->fed_count * 100000 + DELAY_US,
                "a window fired before its time");
}

static int
world_compare_rows(const void *a, const void *b)
{
    return memcmp(((const struct test_row *)a)->values, ((const struct test_row *)b)->values,
                  sizeof(((const struct test_row *)a)->values));
}

/* Adds to the merged table what the result's changes come to: each row is there once, or not any
 * more. */
static void
world_merge(struct world *world)
{
    size_t count = test_table_count(TABLE_OUT), new_count = 0;
    struct test_row *rows = SL_NEW_ARRAY(&world->arena, struct test_row, count + 1);
    int there = 0;

    for (size_t i = 0; i < count; i++) {
        rows[i] = test_table_row(TABLE_OUT, i);
        new_count += rows[i].kind == SL_ROW_INSERT;
    }
    qsort(rows, count, sizeof(*rows), world_compare_rows);
    for (size_t i = 0; i < count; i++) {
        there += sl_row_kind_takes_back(rows[i].kind) ? -1 : 1;
        if (i + 1 < count && world_compare_rows(&rows[i], &rows[i + 1]) == 0)
            continue;
        world_check(world, there == 0 || there == 1, "changes do not fit together");
        rows[i].kind = SL_ROW_INSERT;
        if (there == 1)
            test_table_add(TABLE_MERGED, &rows[i]);
        there = 0;
    }
    world_check(world, new_count == test_table_count(TABLE_MERGED), "a group is new twice");
}

/* The same query over the whole input as one bounded batch has the same result. */
static void
world_check_bounded(struct world *world)
{
    struct sl_job *bounded = world_start(world, TABLE_BOUNDED, 1, true);
    uint64_t out = world_has_emit(world) ? TABLE_MERGED : TABLE_OUT;

    if (out == TABLE_MERGED)
        world_merge(world);
    world_wait(world, bounded);
    world_check(world,
                test_table_count(out) == test_table_count(TABLE_BOUNDED) &&
                    test_table_sum(out) == test_table_sum(TABLE_BOUNDED),
                "the result is not the bounded query's");
    sl_job_unref(bounded);
}

/* The pairs of the rows of one table (once: of the left one), and those without one, if they are
 * kept. */
static void
world_pair(const struct shape *shape, bool is_right)
{
    uint64_t tables[] = {TABLE_IN, TABLE_SECOND};
    bool keeps = is_right ? sl_join_keeps_right(shape->join) : sl_join_keeps_left(shape->join);

    for (size_t i = 0; i < test_table_count(tables[is_right]); i++) {
        struct test_row x = test_table_row(tables[is_right], i);
        bool matched = false;

        for (size_t k = 0; k < test_table_count(tables[!is_right]); k++) {
            struct test_row y = test_table_row(tables[!is_right], k);
            struct test_row pair = {
                .values = {x.values[0], x.values[1], x.values[2], y.values[0], y.values[2]}};

            if (x.values[1] != y.values[1] || llabs(x.values[0] - y.values[0]) > NEAR_US)
                continue;
            matched = true;
            if (!is_right)
                test_table_add(TABLE_BOUNDED, &pair);
        }
        if (keeps && !matched) {
            struct test_row left = {.values = {x.values[0], x.values[1], x.values[2], -1, -1}};
            struct test_row right = {.values = {-1, -1, -1, x.values[0], x.values[2]}};

            test_table_add(TABLE_BOUNDED, is_right ? &right : &left);
        }
    }
}

static void
world_check_join(struct world *world)
{
    world_pair(&world->shape, false);
    world_pair(&world->shape, true);
    world_check(world,
                test_table_count(TABLE_OUT) == test_table_count(TABLE_BOUNDED) &&
                    test_table_sum(TABLE_OUT) == test_table_sum(TABLE_BOUNDED),
                "the pairs are not those of the tables");
}

/* One seed; returns the trace. */
static uint64_t
world_run(uint64_t seed, bool *ret_failed)
{
    struct world world;
    struct sl_job *job, *other = NULL;
    struct sl_error err;
    uint64_t trace;

    world_begin(&world, seed);
    if (!world.shape.has_sessions && seed / 48 % 3 == 0)
        world_choose_emit(&world);
    job = world_start(&world, TABLE_OUT, 4, false);
    for (int round = 0; round < 6; round++) {
        world_feed(&world, sim_random(world.sim) % 120);
        sim_run(world.sim, (unsigned)(sim_random(world.sim) % 400));
        if (sim_random(world.sim) % 3 == 0) {
            world_settle(&world);
            world_check_settled(&world);
        }
        /* A second job comes and goes at any moment, and harms nobody. */
        if (round == 2)
            other = world_start(&world, TABLE_OTHER, 3, false);
        if (round == 4)
            sl_job_stop(other, SL_RUN_CANCELED, NULL);
    }
    world_check(&world, sl_runtime_end_input(world.runtime, TABLE_IN, NULL, NULL, &err) == SL_OK,
                "end_input");
    world_wait(&world, job);
    world_check_bounded(&world);
    sl_job_unref(job);
    sl_job_unref(other);
    trace = sim_trace(world.sim) ^ test_table_hash(TABLE_OUT);
    *ret_failed |= world.failed;
    world_end(&world);
    return trace;
}

static void
world_choose_parallelism(struct world *world)
{
    world->shape.parallelism = 1 + (uint32_t)(sim_random(world->sim) % 4);
    world->shape.sink_parallelism = 1 + (uint32_t)(sim_random(world->sim) % 4);
}

static void
world_choose_shape(struct world *world)
{
    uint64_t chance = sim_random(world->sim);
    bool has_sessions = world->shape.has_sessions;

    world->shape = (struct shape){
        .has_sessions = has_sessions,
        .has_two_sources = chance % 3 == 0,
        .has_second_window = !has_sessions && chance / 256 % 2 == 0,
        .has_sink_exchange = chance / 4 % 3 != 0,
        .is_unaligned = chance / 16 % 4 != 0,
        .aligned_us = chance / 128 % 2 ? (int64_t)(sim_random(world->sim) % 20000) : 0,
        /* Many rows of many keys, one a batch: firings are stopped in their middle, and more waits
         * than rings have places. */
        .batch_size = chance / 64 % 2 ? 1 : 0,
        .key_count = chance / 64 % 2 ? 200 : 7,
        .spacing_us = chance / 64 % 2 ? 8000 : 100000,
    };
    if (world->seed % 16 == 4) {
        world->shape.has_join = world->shape.has_two_sources = true;
        world->shape.has_second_window = false;
        world->shape.join = (enum sl_join_kind)(chance / 1024 % 4);
        /* Many rows of one key, or few of many. */
        world->shape.key_count = world->shape.batch_size ? 40 : 1 + chance / 4096 % 2;
    }
    if (!world->shape.has_sessions && !world->shape.has_join && chance / 16384 % 2) {
        world->shape.has_second_window = false;
        world_choose_emit(world);
    }
    world_choose_parallelism(world);
}

/* How many of the last checkpoints had overtaken something? */
static void
world_count_unaligned(struct world *world, const struct sl_job *job)
{
    struct sl_checkpoint_status *list;
    size_t count = sl_job_checkpoints(job, &world->arena, &list);

    for (size_t i = 0; i < count; i++)
        unaligned_count += strcmp(list[i].kind, "unaligned") == 0;
}

/* Things happen, and now and then the ticker looks. */
static void
world_pass_time(struct world *world, struct sl_job *job)
{
    unsigned step_count =
        (unsigned)(sim_random(world->sim) % (world->shape.batch_size ? 2000 : 400));

    if (sim_random(world->sim) % 3 == 0)
        step_count %= 150; /* what comes next finds the last restore not over */
    if (world->shape.is_unaligned && sim_random(world->sim) % 2)
        sim_slow_slot(world->sim, (uint32_t)(sim_random(world->sim) % 4));
    for (unsigned step = 0; step < step_count; step += 40) {
        if (world->shape.is_unaligned)
            sl_checkpoint_tick(job, sl_monotonic_us(sim_env(world->sim)));
        sim_run(world->sim, SL_MIN(40u, step_count - step));
    }
}

/* What may happen to a job that takes checkpoints. */
static void
world_disturb(struct world *world, struct sl_job **job, unsigned kinds)
{
    struct sl_error err;
    uint64_t id;

    switch (sim_random(world->sim) % kinds) {
    case 0:
        world_settle(world);
        break;
    case 1:
        sl_job_checkpoint(*job, NULL, NULL, &id, &err); /* may be given up */
        if (sim_random(world->sim) % 2)
            sl_job_fail(*job, &err); /* from just this one */
        break;
    case 2:
        sl_job_fail(*job, &err);
        break;
    case 3:
        world_count_unaligned(world, *job);
        sl_job_unref(*job);
        sl_runtime_free(world->runtime);
        world->runtime = sl_runtime_new(&world->config);
        if (sim_random(world->sim) % 2)
            world_choose_parallelism(world);
        *job = world_start(world, TABLE_OUT, world->shape.parallelism, false);
        break;
    default:
        break;
    }
}

/* One seed with checkpoints; returns the trace. */
static uint64_t
world_run_restored(uint64_t seed, bool *ret_failed)
{
    struct world world;
    struct sl_job *job;
    struct sl_error err;
    uint64_t trace;

    world_begin(&world, seed);
    world.restored = "0123456789abcdef0123456789abcdef";
    world_choose_shape(&world);
    job = world_start(&world, TABLE_OUT, world.shape.parallelism, false);
    for (int round = 0; round < 12; round++) {
        world_feed(&world, sim_random(world.sim) % (world.shape.batch_size ? 1000 : 120));
        world_pass_time(&world, job);
        world_disturb(&world, &job, 5);
    }
    test_table_end(TABLE_IN);
    test_table_end(TABLE_SECOND);
    for (int round = 0; round < 2; round++) {
        world_pass_time(&world, job);
        world_disturb(&world, &job, 3);
    }
    sim_slow_slot(world.sim, UINT32_MAX);
    world_check(&world, sl_runtime_end_input(world.runtime, TABLE_IN, NULL, NULL, &err) == SL_OK,
                "end_input");
    world_check(&world,
                sl_runtime_end_input(world.runtime, TABLE_SECOND, NULL, NULL, &err) == SL_OK,
                "end_input");
    world_wait(&world, job);
    world_count_unaligned(&world, job);
    if (world.shape.has_join)
        world_check_join(&world);
    else
        world_check_bounded(&world);
    sl_job_unref(job);
    trace = sim_trace(world.sim) ^ test_table_hash(TABLE_OUT);
    *ret_failed |= world.failed;
    world_end(&world);
    return trace;
}

int
main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : SIM_SEEDS;
    bool failed = false;

    sl_log_set_level(SL_LOG_WARN);
    sl_operators_init();
    for (uint64_t seed = first; seed < first + count; seed++) {
        uint64_t (*run)(uint64_t, bool *) = seed % 4 == 0 ? world_run_restored : world_run;
        uint64_t trace = run(seed, &failed);

        if (seed % 10 < 2 && run(seed, &failed) != trace) {
            fprintf(stderr, "seed %llu: two runs, two traces\n", (unsigned long long)seed);
            failed = true;
        }
    }
    printf("%llu seeds, %llu unaligned checkpoints: %s\n", (unsigned long long)count,
           (unsigned long long)unaligned_count, failed ? "FAILED" : "ok");
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
