/* Tests the local phase of aggregations, and what the global one takes, without a job: keys whose
 * hashes are equal, parts that are damaged. */
#include "executor/aggregation.h"

#include <criterion/criterion.h>

enum { ROWS = 200, KEYS = 7 };

static struct {
    struct sl_arena arena;
    struct sl_op_context context;
    struct sl_phys_settings settings;
    struct sl_phys_input inputs[2];
    struct sl_phys_node input, local_node, global_node;
    struct sl_op local, global;
    struct sl_out out;
    struct sl_batch *made;
} bench;
static const uint32_t key[] = {0};
static struct sl_error err;

static int
take(struct sl_out *out, struct sl_batch *batch)
{
    sl_batch_unref(bench.made);
    bench.made = batch;
    return SL_OK;
}

static void
make_node(struct sl_phys_node *node, struct sl_phys_input *input, struct sl_phys_node *from,
          const struct sl_type *second)
{
    node->uid = "n";
    node->schema = sl_schema_new(&bench.arena, 2);
    node->schema->columns[0] = (struct sl_schema_column){.name = "k", .type = &sl_type_bigint};
    node->schema->columns[1] = (struct sl_schema_column){.name = "v", .type = second};
    input->node = from;
    node->inputs = input;
    node->input_count = 1;
}

static void
setup(void)
{
    memset(&bench, 0, sizeof(bench));
    sl_arena_init(&bench.arena);
    bench.settings.max_parallelism = 128;
    bench.context = (struct sl_op_context){.arena = &bench.arena,
                                           .pool = sl_pool_new(),
                                           .settings = &bench.settings,
                                           .expr_settings = {.zone = sl_zone_utc()},
                                           .env = sl_env_system_new(1, true)};
    bench.context.state = sl_state_new(&(struct sl_state_config){.pool = bench.context.pool,
                                                                 .max_parallelism = 128,
                                                                 .key_group_count = 128,
                                                                 .is_whole = true});
    make_node(&bench.input, &bench.inputs[0], NULL, &sl_type_int);
    make_node(&bench.local_node, &bench.inputs[0], &bench.input, &sl_type_bytes);
    make_node(&bench.global_node, &bench.inputs[1], &bench.local_node, &sl_type_bigint);
    bench.local = (struct sl_op){.node = &bench.local_node, .context = &bench.context};
    bench.global = (struct sl_op){.node = &bench.global_node, .context = &bench.context};
    bench.out.emit = take;
}

static void
teardown(void)
{
    sl_batch_unref(bench.made);
    sl_state_close(bench.context.state);
    sl_state_free(bench.context.state);
    sl_env_system_free(bench.context.env);
    sl_pool_free(bench.context.pool);
    sl_arena_done(&bench.arena);
}

TestSuite(phases, .init = setup, .fini = teardown);

/* Row i has the key i % KEYS and the value i. */
static struct sl_batch *
make_rows(void)
{
    struct sl_batch *batch = sl_batch_new(bench.context.pool, 2, ROWS);

    for (size_t c = 0; c < 2; c++)
        sl_batch_set_column(
            batch, c,
            sl_column_new(bench.context.pool, c ? &sl_type_int : &sl_type_bigint, ROWS, false));
    for (size_t i = 0; i < ROWS; i++) {
        ((int64_t *)batch->columns[0]->values)[i] = (int64_t)(i % KEYS);
        ((int32_t *)batch->columns[1]->values)[i] = (int32_t)i;
    }
    return batch;
}

static struct sl_aggregate *
sum_of_values(void)
{
    struct sl_expr *arg = sl_expr_column(&bench.arena, 1, &sl_type_int);
    struct sl_aggregate *made;

    cr_assert_eq(sl_aggregate_bind(&bench.arena, "SUM", &arg, 1, false, NULL, -1, &made, &err),
                 SL_OK);
    return made;
}

/* Folds the rows, all of one hash, if there is one; returns how many parts came out. */
static size_t
fold(struct sl_aggregate **sum, const uint64_t *hash)
{
    struct sl_aggregation_local local = {0};
    struct sl_batch *rows = make_rows();

    cr_assert_eq(sl_aggregation_local_open(&local, &bench.local, key, 1, sum, 1, &err), SL_OK);
    cr_assert_eq(sl_aggregation_begin(&local.aggregation, &bench.local, rows, &bench.out, &err),
                 ROWS);
    for (size_t i = 0; i < ROWS && hash; i++)
        local.aggregation.hashes[i] = *hash;
    sl_aggregation_local_emit(&local, &bench.local, rows, NULL, ROWS, &bench.out);
    sl_aggregation_end(&local.aggregation);
    sl_aggregation_local_close(&local);
    sl_batch_unref(rows);
    return bench.made->row_count;
}

/* Sums by key, and rows, of the parts in bench.made, merged one after another. */
static void
check_merged(struct sl_aggregate **sum)
{
    struct sl_aggregation global = {.phase = SL_AGGREGATION_GLOBAL};
    char *states[KEYS], *state_of[ROWS];
    int64_t rows[KEYS] = {0};
    struct sl_column *column;
    int count;

    cr_assert_eq(sl_aggregation_open(&global, &bench.global, "g", key, 1, sum, 1, false, &err),
                 SL_OK, "%s", err.text);
    count = sl_aggregation_begin(&global, &bench.global, bench.made, &bench.out, &err);
    cr_assert_gt(count, 0, "%s", err.text);
    for (size_t i = 0; i < KEYS; i++)
        states[i] = sl_arena_alloc(&bench.arena, global.value_size),
        memset(states[i], 0, global.value_size);
    for (int i = 0; i < count; i++) {
        int64_t k = ((const int64_t *)bench.made->columns[0]->values)[i];

        state_of[i] = states[k];
        rows[k] += sl_aggregation_part_rows(&global, (uint16_t)i);
    }
    sl_aggregation_add_to(&global, bench.made, 0, global.rows, state_of, (size_t)count);
    sl_aggregation_results(&global, states, KEYS, &column);
    for (int32_t k = 0; k < KEYS; k++) {
        int32_t total = 0, number = 0;

        for (int32_t i = k; i < ROWS; i += KEYS, number++)
            total += i;
        cr_assert_eq(((const int32_t *)column->values)[k], total, "key %d", k);
        cr_assert_eq(rows[k], number, "key %d", k);
    }
    sl_column_unref(column);
    sl_aggregation_end(&global);
    sl_aggregation_close(&global);
}

Test(phases, parts_of_groups)
{
    struct sl_aggregate *sum = sum_of_values();

    cr_assert_eq(fold(&sum, NULL), KEYS);
    check_merged(&sum);
}

/* One key has the part of the hash, rows of the others are parts of their own. */
Test(phases, equal_hashes)
{
    struct sl_aggregate *sum = sum_of_values();
    uint64_t hash = 42;

    cr_assert_eq(fold(&sum, &hash), ROWS - (ROWS + KEYS - 1) / KEYS + 1);
    check_merged(&sum);
}

Test(phases, damaged_part)
{
    struct sl_aggregation global = {.phase = SL_AGGREGATION_GLOBAL};
    struct sl_aggregate *sum = sum_of_values();

    fold(&sum, NULL);
    ((struct sl_view *)bench.made->columns[1]->values)[3].length -= 8;
    cr_assert_eq(sl_aggregation_open(&global, &bench.global, "g", key, 1, &sum, 1, false, &err),
                 SL_OK);
    cr_assert_eq(sl_aggregation_begin(&global, &bench.global, bench.made, &bench.out, &err),
                 SL_E_DATA_CORRUPTED);
    sl_aggregation_close(&global);
}
