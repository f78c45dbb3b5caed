/* Tests windows that share slices by a model: random rows, late ones too, and watermarks; firings
 * that stop, barriers that overtake them, restores with another parallelism, state outside memory.
 * The model keeps all rows and looks at each of them for every window. */
#include "data/row.h"
#include "executor/operator.h"
#include "executor/test_tables.h"
#include "executor/window.h"
#include "storage/rocks.h"
#include "storage/snapshot.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    GROUPS = 128,
    KEYS = 40,
    VALUES = 9,
    ROWS_MAX = 20000,
    FOUND_MAX = 200000,
    SUBTASKS_MAX = 3
};
#define JOB "0123456789abcdef0123456789abcdef"

struct found {
    int64_t start_ms, end_ms, key, count, sum, distinct, most, least;
};
struct row {
    int64_t key, time_us, value;
    uint32_t group;
};

struct subtask {
    struct sl_op_context context;
    struct sl_state_backend backend;
    char path[160];
    struct sl_op *op;
    bool is_stopped; /* in the middle of a firing */
};

struct bench {
    struct sl_out out;
    struct sl_env *env;
    struct sl_arena arena;
    struct sl_pool *pool;
    struct test_plan plan;
    struct sl_phys_node input, *node;
    struct sl_phys_window_aggregate *detail;
    struct subtask subtasks[SUBTASKS_MAX];
    uint32_t subtask_count;
    char directory[64];
    struct sl_store_space *space; /* NULL: all is in memory */
    struct sl_state_budget budget;
    uint64_t epoch, seed;
    struct row rows[ROWS_MAX];
    size_t row_count;
    int64_t fired_us[GROUPS]; /* by the model */
    struct found found[FOUND_MAX], expected[FOUND_MAX];
    size_t found_count, expected_count, late_count, expected_late;
};

static struct bench bench;
static struct sl_error err;

static uint64_t
chance(uint64_t limit)
{
    return test_chance(&bench.seed, limit);
}

/* --- what comes out --- */

/* The number in a text of text_of. */
static int64_t
number_at(const struct sl_batch *batch, size_t column, size_t row)
{
    const struct sl_view *view = (const struct sl_view *)batch->columns[column]->values + row;

    return atoi(sl_view_data(view));
}

static int
take(struct sl_out *out, struct sl_batch *batch)
{
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);

        cr_assert_lt(bench.found_count, FOUND_MAX);
        bench.found[bench.found_count++] =
            (struct found){.key = sl_column_integer(batch->columns[0], row),
                           .count = sl_column_integer(batch->columns[1], row),
                           .sum = sl_column_integer(batch->columns[2], row),
                           .distinct = sl_column_integer(batch->columns[3], row),
                           .most = sl_column_integer(batch->columns[4], row),
                           .least = number_at(batch, 5, row),
                           .start_ms = sl_column_integer(batch->columns[6], row) / SL_US_PER_MS,
                           .end_ms = sl_column_integer(batch->columns[7], row) / SL_US_PER_MS};
    }
    sl_batch_unref(batch);
    return chance(3) == 0 ? SL_AGAIN : SL_OK;
}

static void
take_late(struct sl_out *out, struct sl_batch *batch)
{
    bench.late_count += sl_batch_live_count(batch);
    sl_batch_unref(batch);
}

/* --- the plan --- */

static struct sl_aggregate *
aggregate(const char *name, uint32_t column, const struct sl_type *type, bool distinct)
{
    struct sl_expr *arg = column ? sl_expr_column(&bench.arena, column, type) : NULL;

    return test_aggregate(&bench.arena, name, arg, distinct);
}

/* key, time, value, text → COUNT(*), SUM(value), COUNT(DISTINCT value), MAX(value), MIN(text). */
static void
make_plan(const struct sl_window *window)
{
    static const char *const names[] = {"k", "ts", "v", "s"};
    struct sl_phys_window_aggregate *plan = SL_NEW(&bench.arena, struct sl_phys_window_aggregate);
    struct sl_phys_node *node = SL_NEW(&bench.arena, struct sl_phys_node);

    bench.input.schema = sl_schema_new(&bench.arena, 4);
    for (size_t i = 0; i < 4; i++)
        bench.input.schema->columns[i] =
            (struct sl_schema_column){.name = names[i],
                                      .type = i == 1   ? &sl_type_timestamp3
                                              : i == 3 ? &sl_type_string
                                                       : &sl_type_bigint};
    *plan = (struct sl_phys_window_aggregate){
        .window = *window,
        .time_column = 1,
        .keys = SL_NEW_ARRAY(&bench.arena, uint32_t, 1),
        .key_count = 1,
        .aggregates = SL_NEW_ARRAY(&bench.arena, struct sl_aggregate *, 5),
        .aggregate_count = 5,
        .has_start = true,
        .has_end = true,
    };
    plan->aggregates[0] = aggregate("COUNT", 0, NULL, false);
    plan->aggregates[1] = aggregate("SUM", 2, &sl_type_bigint, false);
    plan->aggregates[2] = aggregate("COUNT", 2, &sl_type_bigint, true);
    plan->aggregates[3] = aggregate("MAX", 2, &sl_type_bigint, false);
    plan->aggregates[4] = aggregate("MIN", 3, &sl_type_string, false);
    *node = (struct sl_phys_node){.kind = SL_OP_WINDOW_AGGREGATE,
                                  .uid = "w",
                                  .schema = sl_schema_new(&bench.arena, 8),
                                  .inputs = SL_NEW_ARRAY(&bench.arena, struct sl_phys_input, 1),
                                  .input_count = 1,
                                  .detail = plan};
    node->inputs[0].node = &bench.input;
    for (size_t i = 0; i < 8; i++)
        node->schema->columns[i].type = i < 5    ? &sl_type_bigint
                                        : i == 5 ? &sl_type_string
                                                 : &sl_type_timestamp3;
    bench.node = node;
    bench.detail = plan;
}

/* --- subtasks --- */

static void
open_subtask(uint32_t index)
{
    struct subtask *subtask = &bench.subtasks[index];
    uint32_t first = (GROUPS * index + bench.subtask_count - 1) / bench.subtask_count;
    uint32_t end = (GROUPS * (index + 1) + bench.subtask_count - 1) / bench.subtask_count;
    const struct sl_op_class *class = sl_op_class_of(SL_OP_WINDOW_AGGREGATE);

    snprintf(subtask->path, sizeof(subtask->path), "%s/state/%u", bench.directory, index);
    subtask->backend = (struct sl_state_backend){.ops = &sl_store_rocks,
                                                 .space = bench.space,
                                                 .path = subtask->path,
                                                 .budget = &bench.budget};
    subtask->context = (struct sl_op_context){.arena = &bench.arena,
                                              .pool = bench.pool,
                                              .settings = &bench.plan.plan->settings,
                                              .expr_settings = {.zone = sl_zone_utc()},
                                              .subtask = index,
                                              .subtask_count = bench.subtask_count,
                                              .env = bench.env};
    subtask->context.state =
        sl_state_new(&(struct sl_state_config){.pool = bench.pool,
                                               .max_parallelism = GROUPS,
                                               .key_group_first = first,
                                               .key_group_count = end - first,
                                               .is_whole = true,
                                               .backend = bench.space ? &subtask->backend : NULL});
    subtask->op = sl_arena_alloc(&bench.arena, class->size);
    memset(subtask->op, 0, class->size);
    *subtask->op = (struct sl_op){.class = class,
                                  .node = bench.node,
                                  .context = &subtask->context,
                                  .watermark_ms = SL_WATERMARK_MIN};
    subtask->is_stopped = false;
    cr_assert_eq(class->open(subtask->op, &err), SL_OK, "%s", err.text);
}

static void
close_subtasks(void)
{
    for (uint32_t i = 0; i < bench.subtask_count; i++) {
        struct subtask *subtask = &bench.subtasks[i];

        subtask->op->class->close(subtask->op);
        sl_state_close(subtask->context.state);
        sl_state_free(subtask->context.state);
    }
}

static void
run_io(struct subtask *subtask)
{
    struct sl_state *state = subtask->context.state;

    if (!sl_state_wants_io(state))
        return;
    for (size_t part = 0, count = sl_state_io_parts(state); part < count; part++)
        sl_state_run_io(state, part);
    sl_state_end_io(state);
}

/* Rows leave memory, which is hardly any. */
static void
settle(struct subtask *subtask)
{
    for (int i = 0; i < 4 && bench.space; i++) {
        int rc = sl_state_settle(subtask->context.state, false, true, &err);

        cr_assert_geq(rc, 0, "%s", err.text);
        run_io(subtask);
    }
}

static void
go_on(struct subtask *subtask, int rc)
{
    for (; rc == SL_AGAIN; rc = subtask->op->class->resume(subtask->op, &bench.out, &err))
        run_io(subtask);
    cr_assert_eq(rc, SL_OK, "%s", err.text);
    subtask->is_stopped = false;
}

static void
pause_firing(struct subtask *subtask)
{
    int rc;

    while ((rc = subtask->op->class->pause(subtask->op, &bench.out, &err)) == SL_AGAIN)
        run_io(subtask);
    cr_assert_eq(rc, SL_OK, "%s", err.text);
    subtask->is_stopped = true;
}

static void
fire(struct subtask *subtask, int64_t watermark_ms, bool may_stop)
{
    const struct sl_op_class *class = subtask->op->class;
    int rc;

    subtask->op->watermark_ms = watermark_ms;
    rc = class->watermark(subtask->op, &bench.out, &err);
    while (rc == SL_AGAIN && may_stop && !sl_state_wants_io(subtask->context.state)) {
        if (chance(3) == 0) {
            pause_firing(subtask);
            return;
        }
        rc = class->resume(subtask->op, &bench.out, &err);
    }
    go_on(subtask, rc);
}

/* --- the model --- */

static bool
model_owns(uint32_t subtask, uint32_t group)
{
    return sl_key_group_subtask(group, GROUPS, bench.subtask_count) == subtask;
}

/* Of the groups of this subtask for which it has not fired. */
static void
model_window(uint32_t subtask, int64_t end_us)
{
    int64_t start_us = sl_window_start_us(&bench.detail->window, end_us);
    struct found found[KEYS] = {{0}};
    unsigned values[KEYS] = {0};

    for (size_t i = 0; i < bench.row_count; i++) {
        const struct row *row = &bench.rows[i];
        struct found *to = &found[row->key];

        if (row->time_us < start_us || row->time_us >= end_us || !model_owns(subtask, row->group) ||
            bench.fired_us[row->group] >= end_us)
            continue;
        if (to->count == 0)
            to->most = to->least = row->value;
        to->most = SL_MAX(to->most, row->value);
        to->least = SL_MIN(to->least, row->value);
        to->count++;
        to->sum += row->value;
        values[row->key] |= 1u << row->value;
    }
    for (int64_t key = 0; key < KEYS; key++) {
        if (found[key].count == 0)
            continue;
        found[key].key = key;
        found[key].distinct = __builtin_popcount(values[key]);
        found[key].start_ms = start_us / SL_US_PER_MS;
        found[key].end_ms = end_us / SL_US_PER_MS;
        cr_assert_lt(bench.expected_count, FOUND_MAX);
        bench.expected[bench.expected_count++] = found[key];
    }
}

static void
model_fire(uint32_t subtask, int64_t closed_us)
{
    const struct sl_window *window = &bench.detail->window;
    int64_t first_us = INT64_MAX, last_us = INT64_MIN, fired_us = INT64_MAX;

    for (size_t i = 0; i < bench.row_count; i++) {
        int64_t end_us = sl_window_slice_end_us(window, bench.rows[i].time_us);

        first_us = SL_MIN(first_us, end_us);
        last_us = SL_MAX(last_us, sl_window_last_end_us(window, end_us));
    }
    for (uint32_t group = 0; group < GROUPS; group++)
        if (model_owns(subtask, group))
            fired_us = SL_MIN(fired_us, bench.fired_us[group]);
    for (int64_t end_us = first_us; end_us <= SL_MIN(last_us, closed_us);
         end_us += sl_window_slice_us(window))
        if (end_us > fired_us)
            model_window(subtask, end_us);
    for (uint32_t group = 0; group < GROUPS; group++)
        if (model_owns(subtask, group))
            bench.fired_us[group] = SL_MAX(bench.fired_us[group], closed_us);
}

static int64_t
closed_us(const struct subtask *subtask)
{
    return sl_window_closed_us(&bench.detail->window, sl_zone_utc(), subtask->op->watermark_ms);
}

static void
model_row(uint32_t subtask, const struct row *row)
{
    const struct sl_window *window = &bench.detail->window;
    int64_t last_us = sl_window_last_end_us(window, sl_window_slice_end_us(window, row->time_us));
    int64_t least_us = INT64_MAX;

    for (uint32_t group = 0; group < GROUPS; group++)
        if (model_owns(subtask, group))
            least_us = SL_MIN(least_us, bench.fired_us[group]);
    if (last_us <= SL_MAX(least_us, closed_us(&bench.subtasks[subtask]))) {
        bench.expected_late++;
        return;
    }
    bench.rows[bench.row_count++] = *row;
}

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct found));
}

static void
check(void)
{
    for (uint32_t i = 0; i < bench.subtask_count; i++)
        if (bench.subtasks[i].is_stopped)
            return;
    cr_assert_eq(bench.late_count, bench.expected_late, "%zu late rows, not %zu", bench.late_count,
                 bench.expected_late);
    qsort(bench.found, bench.found_count, sizeof(*bench.found), compare);
    qsort(bench.expected, bench.expected_count, sizeof(*bench.expected), compare);
    for (size_t i = 0; i < SL_MIN(bench.found_count, bench.expected_count); i++) {
        const struct found *f = &bench.found[i], *e = &bench.expected[i];

        cr_assert_eq(memcmp(f, e, sizeof(*f)), 0,
                     "window %lld to %lld, key %lld: %lld rows, sum %lld, %lld values, %lld to "
                     "%lld; not key %lld, end %lld, %lld rows, sum %lld, %lld values, %lld to %lld",
                     (long long)f->start_ms, (long long)f->end_ms, (long long)f->key,
                     (long long)f->count, (long long)f->sum, (long long)f->distinct,
                     (long long)f->least, (long long)f->most, (long long)e->key,
                     (long long)e->end_ms, (long long)e->count, (long long)e->sum,
                     (long long)e->distinct, (long long)e->least, (long long)e->most);
    }
    cr_assert_eq(bench.found_count, bench.expected_count, "%zu results, not %zu", bench.found_count,
                 bench.expected_count);
    bench.found_count = bench.expected_count = 0;
}

/* --- what happens --- */

static struct sl_batch *
make_batch(const struct row *rows, size_t row_count)
{
    struct sl_batch *batch = sl_batch_new(bench.pool, 4, row_count);
    struct sl_heap_writer writer;

    for (size_t i = 0; i < 4; i++)
        sl_batch_set_column(
            batch, i,
            sl_column_new(bench.pool, bench.input.schema->columns[i].type, row_count, false));
    sl_heap_writer_init(&writer, bench.pool, batch->columns[3]);
    for (size_t i = 0; i < row_count; i++) {
        char text[64];

        snprintf(text, sizeof(text), "%d and so on, for longer than a view", (int)rows[i].value);
        ((int64_t *)batch->columns[0]->values)[i] = rows[i].key;
        ((int64_t *)batch->columns[1]->values)[i] = rows[i].time_us;
        ((int64_t *)batch->columns[2]->values)[i] = rows[i].value;
        ((struct sl_view *)batch->columns[3]->values)[i] =
            sl_heap_writer_copy(&writer, text, strlen(text));
    }
    return batch;
}

static void
give(struct subtask *subtask, struct sl_batch *batch)
{
    const struct sl_op_class *class = subtask->op->class;
    bool was_stopped = subtask->is_stopped;
    int rc;

    while (sl_state_is_cold(subtask->context.state) &&
           (rc = class->prepare(subtask->op, 0, batch, &err)) == SL_AGAIN)
        run_io(subtask);
    go_on(subtask, class->batch(subtask->op, 0, batch, &bench.out, &err));
    subtask->is_stopped = was_stopped;
}

/* Rows about a time, most of them late for some of their windows. */
static void
feed(int64_t now_us, size_t row_count)
{
    int64_t size_us = bench.detail->window.size_us;
    struct row rows[300];
    uint64_t hashes[300];
    struct sl_batch *batch;

    for (size_t i = 0; i < row_count; i++)
        rows[i] = (struct row){.key = (int64_t)chance(KEYS),
                               .time_us = now_us - (int64_t)chance((uint64_t)size_us * 3 / 2) +
                                          size_us / 4,
                               .value = (int64_t)chance(VALUES)};
    batch = make_batch(rows, row_count);
    sl_hash_rows(batch->columns, 1, NULL, row_count, hashes);
    for (uint32_t s = 0; s < bench.subtask_count; s++) {
        uint16_t some[300];
        size_t count = 0;

        for (size_t i = 0; i < row_count; i++) {
            rows[i].group = sl_key_group_of(hashes[i], GROUPS);
            if (sl_key_group_subtask(rows[i].group, GROUPS, bench.subtask_count) != s)
                continue;
            some[count++] = (uint16_t)i;
            model_row(s, &rows[i]);
        }
        if (count > 0) {
            struct sl_batch *piece = sl_batch_share(bench.pool, batch, some, count);

            give(&bench.subtasks[s], piece);
            sl_batch_unref(piece);
        }
    }
    sl_batch_unref(batch);
}

static const char *
directory_of(uint64_t epoch)
{
    return sl_arena_printf(&bench.arena, "%s/%llu", bench.directory, (unsigned long long)epoch);
}

static struct sl_checkpoint_part *
snapshot(struct subtask *subtask, uint32_t index)
{
    const char *stem = sl_arena_printf(&bench.arena, "a-%u", index);
    struct sl_snapshot *made = sl_snapshot_new(subtask->context.state, bench.epoch, stem);

    sl_snapshot_freeze(made, "w");
    cr_assert_eq(subtask->op->class->barrier(subtask->op, bench.epoch, made, &err), SL_OK);
    cr_assert_eq(
        sl_snapshot_write(made, directory_of(bench.epoch), directory_of(bench.epoch - 1), &err),
        SL_OK, "%s", err.text);
    return sl_snapshot_end(made);
}

static void
restore(struct sl_checkpoint_part **parts, const int64_t *watermarks_ms, uint32_t part_count,
        bool was_stopped)
{
    struct sl_manifest_subtask subtasks[SUBTASKS_MAX];
    struct sl_manifest manifest = {
        .max_parallelism = GROUPS, .subtasks = subtasks, .subtask_count = part_count};
    const char *directory = directory_of(bench.epoch);
    int64_t least_ms = SL_WATERMARK_MAX;

    close_subtasks();
    for (uint32_t i = 0; i < part_count; i++) {
        subtasks[i] = parts[i]->subtask;
        least_ms = SL_MIN(least_ms, watermarks_ms[i]);
    }
    bench.subtask_count = 1 + (uint32_t)chance(SUBTASKS_MAX);
    for (uint32_t i = 0; i < bench.subtask_count; i++) {
        struct subtask *subtask = &bench.subtasks[i];

        open_subtask(i);
        cr_assert_eq(sl_state_restore(subtask->context.state, &manifest, directory, &err), SL_OK,
                     "%s", err.text);
        subtask->op->watermark_ms = bench.subtask_count == part_count ? watermarks_ms[i] : least_ms;
        cr_assert_eq(subtask->op->class->restore(subtask->op, &manifest, &err), SL_OK);
        settle(subtask);
        if (was_stopped)
            fire(subtask, subtask->op->watermark_ms, false);
    }
}

static void
checkpoint(bool restores)
{
    struct sl_checkpoint_part *parts[SUBTASKS_MAX];
    int64_t watermarks_ms[SUBTASKS_MAX] = {0};
    uint32_t part_count = bench.subtask_count;
    bool was_stopped = false;

    bench.epoch++;
    mkdir(
        sl_arena_printf(&bench.arena, "%s/%llu", bench.directory, (unsigned long long)bench.epoch),
        0700);
    for (uint32_t i = 0; i < part_count; i++) {
        parts[i] = snapshot(&bench.subtasks[i], i);
        watermarks_ms[i] = bench.subtasks[i].op->watermark_ms;
        was_stopped |= bench.subtasks[i].is_stopped;
    }
    if (restores)
        restore(parts, watermarks_ms, part_count, was_stopped);
    else
        for (uint32_t i = 0; i < part_count; i++) {
            sl_state_checkpointed(bench.subtasks[i].context.state, bench.epoch);
            settle(&bench.subtasks[i]);
        }
    for (uint32_t i = 0; i < part_count; i++)
        sl_checkpoint_part_free(parts[i]);
}

/* All subtasks are told; some stop in the middle, or some are told later than a restore. */
static void
advance(int64_t watermark_ms)
{
    bool may_stop = chance(2) && watermark_ms != SL_WATERMARK_MAX;

    for (uint32_t i = 0; i < bench.subtask_count; i++) {
        struct subtask *subtask = &bench.subtasks[i];

        if (!may_stop && i > 0 && chance(6) == 0) {
            checkpoint(true);
            i = 0;
            subtask = &bench.subtasks[i];
        }
        if (watermark_ms <= subtask->op->watermark_ms)
            continue;
        fire(subtask, watermark_ms, may_stop);
        model_fire(i, watermark_ms == SL_WATERMARK_MAX ? INT64_MAX : closed_us(subtask));
    }
}

static void
begin(uint64_t seed, const struct sl_window *window, bool is_cold)
{
    memset(&bench, 0, sizeof(bench));
    bench.seed = seed;
    sl_operators_init();
    bench.env = sl_env_system_new(1, true);
    bench.pool = sl_pool_new();
    sl_arena_init(&bench.arena);
    test_plan_init(&bench.plan, &bench.arena);
    bench.plan.plan->settings.max_parallelism = GROUPS;
    bench.plan.plan->settings.batch_size = (uint32_t[]){1, 3, 4096}[chance(3)];
    bench.out = (struct sl_out){.emit = take, .late = take_late};
    snprintf(bench.directory, sizeof(bench.directory), "%s/sluice-window-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    cr_assert_not_null(mkdtemp(bench.directory));
    bench.budget.limit_bytes = 1;
    if (is_cold) {
        struct sl_store_settings settings = {
            .directory = sl_arena_printf(&bench.arena, "%s/state", bench.directory),
            .cache_bytes = 1 << 20,
            .write_buffer_bytes = 16 << 10,
            .write_buffer_count = 2,
            .bloom_filter = true};

        cr_assert_eq(sl_store_space_new(&settings, &bench.space, &err), SL_OK, "%s", err.text);
    }
    for (uint32_t group = 0; group < GROUPS; group++)
        bench.fired_us[group] = INT64_MIN;
    make_plan(window);
    bench.subtask_count = 1 + (uint32_t)chance(SUBTASKS_MAX);
    for (uint32_t i = 0; i < bench.subtask_count; i++)
        open_subtask(i);
}

static void
end(void)
{
    uint64_t rows, bytes;
    char command[128];

    for (uint32_t i = 0; i < bench.subtask_count; i++) {
        sl_state_size(bench.subtasks[i].context.state, &rows, &bytes);
        cr_assert_eq(rows, 0, "%llu rows of state are left", (unsigned long long)rows);
    }
    close_subtasks();
    if (bench.space)
        sl_store_space_free(bench.space);
    sl_pool_free(bench.pool);
    sl_arena_done(&bench.arena);
    sl_env_system_free(bench.env);
    snprintf(command, sizeof(command), "rm -r %s", bench.directory);
    cr_assert_eq(system(command), 0);
}

static void
run(uint64_t seed, const struct sl_window *window, bool is_cold, int round_count)
{
    int64_t now_us = (int64_t)seed * 7000000 - 20000000;

    begin(seed, window, is_cold);
    for (int round = 0; round < round_count; round++) {
        feed(now_us, 1 + chance(chance(4) ? 40 : 290));
        if (chance(3) == 0)
            checkpoint(chance(2));
        if (chance(3)) {
            now_us += (int64_t)chance((uint64_t)window->size_us / (chance(3) ? 4 : 1));
            advance(now_us / SL_US_PER_MS);
            if (chance(2))
                feed(now_us, 1 + chance(30));
            if (chance(3) == 0)
                checkpoint(chance(2));
        }
        for (uint32_t i = 0; i < bench.subtask_count; i++)
            if (bench.subtasks[i].is_stopped)
                fire(&bench.subtasks[i], bench.subtasks[i].op->watermark_ms, false);
        check();
    }
    advance(SL_WATERMARK_MAX);
    check();
    end();
}

/* Slices a window, of which levels of the tree follow. */
static void
run_all(enum sl_window_kind kind, bool is_cold, uint64_t seed_count, int round_count)
{
    static const int64_t slice_counts[] = {2, 3, 4, 7, 8, 13, 32, 100};

    for (uint64_t seed = 1; seed <= seed_count; seed++) {
        int64_t slice_count = slice_counts[seed % SL_COUNT_OF(slice_counts)];
        struct sl_window window = {.kind = kind,
                                   .size_us = slice_count * 250000,
                                   .slide_us = 250000,
                                   .offset_us = (int64_t)(seed % 3) * 10000};

        run(seed, &window, is_cold, round_count);
    }
}

Test(window, hop)
{
    run_all(SL_WINDOW_HOP, false, 54, 30);
}

Test(window, cumulate)
{
    run_all(SL_WINDOW_CUMULATE, false, 54, 30);
}

Test(window, hop_outside_memory)
{
    run_all(SL_WINDOW_HOP, true, 18, 15);
}

Test(window, cumulate_outside_memory)
{
    run_all(SL_WINDOW_CUMULATE, true, 18, 15);
}
