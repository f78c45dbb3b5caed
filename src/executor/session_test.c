/* Tests sessions by a model: random rows and watermarks, in batches of any size, against sessions
 * that are kept as a plain list. */
#include "executor/session.h"
#include "executor/test_tables.h"
#include "storage/table.h"

#include <criterion/criterion.h>

#include <stdlib.h>

enum { GAP_MS = 100, KEYS = 4, VALUES = 8, FOUND_MAX = 20000 };

/* A session: what came out, and what the model has. */
struct found {
    int64_t key, start_ms, end_ms, count, sum, distinct;
};
struct model_session {
    struct found found;
    unsigned values; /* seen, as bits */
};

struct bench {
    struct sl_out out; /* the first member */
    struct sl_env *env;
    struct sl_arena arena;
    struct test_plan plan;
    struct sl_op_context context;
    struct sl_op *op;
    struct sl_phys_node input;
    bool is_full; /* emit says SL_AGAIN */
    struct found found[FOUND_MAX], expected[FOUND_MAX];
    size_t found_count, expected_count, late_count, expected_late;
    struct model_session open[FOUND_MAX];
    size_t open_count;
    uint64_t seed;
};

static struct bench bench;

static uint64_t
chance(uint64_t limit)
{
    return test_chance(&bench.seed, limit);
}

static int
take(struct sl_out *out, struct sl_batch *batch)
{
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);

        cr_assert(bench.found_count < FOUND_MAX);
        bench.found[bench.found_count++] =
            (struct found){.key = sl_column_integer(batch->columns[0], row),
                           .count = sl_column_integer(batch->columns[1], row),
                           .sum = sl_column_integer(batch->columns[2], row),
                           .distinct = sl_column_integer(batch->columns[3], row),
                           .start_ms = sl_column_integer(batch->columns[4], row) / SL_US_PER_MS,
                           .end_ms = sl_column_integer(batch->columns[5], row) / SL_US_PER_MS};
    }
    sl_batch_unref(batch);
    return bench.is_full && chance(2) ? SL_AGAIN : SL_OK;
}

static void
take_late(struct sl_out *out, struct sl_batch *batch)
{
    bench.late_count += sl_batch_live_count(batch);
    sl_batch_unref(batch);
}

/* key, time, value → COUNT(*), SUM(value), COUNT(DISTINCT value) by key. */
static void
begin(uint64_t seed)
{
    static const char *const names[] = {"k", "ts", "v"};
    struct sl_phys_node *node;
    struct sl_phys_window_aggregate *plan;
    struct sl_expr *value;
    struct sl_error err;

    memset(&bench, 0, sizeof(bench));
    bench.seed = seed;
    sl_operators_init();
    bench.env = sl_env_system_new(1, true);
    sl_arena_init(&bench.arena);
    test_plan_init(&bench.plan, &bench.arena);
    bench.plan.plan->settings.batch_size = (uint32_t[]){1, 3, 4096}[chance(3)];
    bench.out = (struct sl_out){.emit = take, .late = take_late};
    bench.is_full = chance(2);
    bench.context = (struct sl_op_context){.arena = &bench.arena,
                                           .pool = sl_pool_new(),
                                           .settings = &bench.plan.plan->settings,
                                           .expr_settings = {.zone = sl_zone_utc()},
                                           .subtask_count = 1,
                                           .env = bench.env};
    bench.context.state = sl_state_new(&(struct sl_state_config){
        .pool = bench.context.pool, .max_parallelism = 128, .key_group_count = 128});
    bench.input.schema = sl_schema_new(&bench.arena, 3);
    for (size_t i = 0; i < 3; i++)
        bench.input.schema->columns[i] = (struct sl_schema_column){
            .name = names[i], .type = i == 1 ? &sl_type_timestamp3 : &sl_type_bigint};
    value = sl_expr_column(&bench.arena, 2, &sl_type_bigint);
    plan = SL_NEW(&bench.arena, struct sl_phys_window_aggregate);
    *plan = (struct sl_phys_window_aggregate){
        .window = {.kind = SL_WINDOW_SESSION, .size_us = GAP_MS * SL_US_PER_MS},
        .time_column = 1,
        .keys = SL_NEW_ARRAY(&bench.arena, uint32_t, 1),
        .key_count = 1,
        .aggregates = SL_NEW_ARRAY(&bench.arena, struct sl_aggregate *, 3),
        .aggregate_count = 3,
        .has_start = true,
        .has_end = true,
    };
    plan->aggregates[0] = test_aggregate(&bench.arena, "COUNT", NULL, false);
    plan->aggregates[1] = test_aggregate(&bench.arena, "SUM", value, false);
    plan->aggregates[2] = test_aggregate(&bench.arena, "COUNT", value, true);
    node = SL_NEW(&bench.arena, struct sl_phys_node);
    *node = (struct sl_phys_node){.kind = SL_OP_SESSION_AGGREGATE,
                                  .uid = "s",
                                  .schema = sl_schema_new(&bench.arena, 6),
                                  .inputs = SL_NEW_ARRAY(&bench.arena, struct sl_phys_input, 1),
                                  .input_count = 1,
                                  .detail = plan};
    node->inputs[0].node = &bench.input;
    for (size_t i = 0; i < 6; i++)
        node->schema->columns[i].type = i < 4 ? &sl_type_bigint : &sl_type_timestamp3;
    bench.op = sl_arena_alloc(&bench.arena, sl_op_class_of(node->kind)->size);
    memset(bench.op, 0, sl_op_class_of(node->kind)->size);
    *bench.op = (struct sl_op){.class = sl_op_class_of(node->kind),
                               .node = node,
                               .context = &bench.context,
                               .watermark_ms = SL_WATERMARK_MIN};
    cr_assert_eq(bench.op->class->open(bench.op, &err), SL_OK);
}

static void
end(void)
{
    bench.op->class->close(bench.op);
    sl_state_free(bench.context.state);
    sl_pool_free(bench.context.pool);
    sl_arena_done(&bench.arena);
    sl_env_system_free(bench.env);
}

/* --- the model --- */

static void
model_watermark(int64_t watermark_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < bench.open_count; i++) {
        if (bench.open[i].found.end_ms - 1 <= watermark_ms)
            bench.expected[bench.expected_count++] = bench.open[i].found;
        else
            bench.open[kept++] = bench.open[i];
    }
    bench.open_count = kept;
}

static void
model_row(int64_t key, int64_t time_ms, int64_t value, int64_t watermark_ms)
{
    struct model_session made = {{key, time_ms, time_ms + GAP_MS, 1, value, 0}, 1u << value};
    size_t kept = 0;
    bool has_met = false;

    for (size_t i = 0; i < bench.open_count; i++) {
        const struct model_session *each = &bench.open[i];

        if (each->found.key != key || each->found.start_ms > time_ms + GAP_MS ||
            each->found.end_ms < time_ms) {
            bench.open[kept++] = *each;
            continue;
        }
        has_met = true;
        made.found.start_ms = SL_MIN(made.found.start_ms, each->found.start_ms);
        made.found.end_ms = SL_MAX(made.found.end_ms, each->found.end_ms);
        made.found.count += each->found.count;
        made.found.sum += each->found.sum;
        made.values |= each->values;
    }
    bench.open_count = kept;
    if (!has_met && time_ms + GAP_MS - 1 <= watermark_ms) {
        bench.expected_late++;
        return;
    }
    made.found.distinct = __builtin_popcount(made.values);
    bench.open[bench.open_count++] = made;
}

/* --- both --- */

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct found));
}

static void
check(void)
{
    cr_assert_eq(bench.late_count, bench.expected_late);
    cr_assert_eq(bench.found_count, bench.expected_count, "%zu sessions, not %zu",
                 bench.found_count, bench.expected_count);
    qsort(bench.found, bench.found_count, sizeof(*bench.found), compare);
    qsort(bench.expected, bench.expected_count, sizeof(*bench.expected), compare);
    cr_assert_eq(memcmp(bench.found, bench.expected, bench.found_count * sizeof(*bench.found)), 0);
}

static void
fire(int64_t watermark_ms)
{
    const struct sl_op_class *class = bench.op->class;
    struct sl_error err;
    int rc;

    bench.op->watermark_ms = watermark_ms;
    model_watermark(watermark_ms);
    for (rc = class->watermark(bench.op, &bench.out, &err); rc == SL_AGAIN;
         rc = class->resume(bench.op, &bench.out, &err)) {
        if (chance(3) == 0) /* a barrier overtakes */
            cr_assert_eq(class->pause(bench.op, &bench.out, &err), SL_OK);
    }
    cr_assert_eq(rc, SL_OK);
    check();
    cr_assert(watermark_ms == SL_WATERMARK_MAX || class->next_due_ms(bench.op) > watermark_ms);
}

/* Rows about a time that goes on, some far behind and some ahead; watermarks between them. */
static void
feed(int64_t *now_ms, size_t row_count)
{
    struct sl_batch *batch = sl_batch_new(bench.context.pool, 3, row_count);
    struct sl_mark *marks = sl_batch_add_marks(batch, bench.context.pool, row_count);
    int64_t watermark_ms = bench.op->watermark_ms;
    uint32_t mark_count = 0;
    struct sl_error err;

    for (size_t i = 0; i < 3; i++)
        sl_batch_set_column(batch, i,
                            sl_column_new(bench.context.pool, bench.input.schema->columns[i].type,
                                          row_count, false));
    for (size_t row = 0; row < row_count; row++) {
        int64_t key = (int64_t)chance(KEYS), value = (int64_t)chance(VALUES), time_ms;

        *now_ms += (int64_t)chance(60);
        time_ms = *now_ms - (int64_t)chance(chance(4) ? 200 : 800);
        if (chance(6) == 0 && *now_ms - 300 > watermark_ms) {
            watermark_ms = *now_ms - 300;
            marks[mark_count++] = (struct sl_mark){(uint32_t)row, watermark_ms};
            model_watermark(watermark_ms);
        }
        ((int64_t *)batch->columns[0]->values)[row] = key;
        ((int64_t *)batch->columns[1]->values)[row] = time_ms * SL_US_PER_MS;
        ((int64_t *)batch->columns[2]->values)[row] = value;
        model_row(key, time_ms, value, watermark_ms);
    }
    batch->mark_count = mark_count;
    cr_assert_eq(bench.op->class->batch(bench.op, 0, batch, &bench.out, &err), SL_OK);
    sl_batch_unref(batch);
    if (mark_count > 0)
        fire(watermark_ms);
}

Test(session, model)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        int64_t now_ms = (int64_t)seed * 1000 - 30000;
        uint64_t rows, bytes;

        begin(seed);
        for (int round = 0; round < 60; round++) {
            feed(&now_ms, 1 + chance(chance(5) ? 8 : 300));
            if (chance(8) == 0)
                fire(SL_MAX(bench.op->watermark_ms, now_ms - 250));
        }
        fire(SL_WATERMARK_MAX);
        cr_assert_eq(bench.open_count, 0);
        cr_assert(bench.found_count > 30 && bench.late_count > 0);
        sl_state_size(bench.context.state, &rows, &bytes);
        cr_assert_eq(rows, 0, "%llu rows of state are left", (unsigned long long)rows);
        end();
    }
}
