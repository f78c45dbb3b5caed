/* Tests how plans are cut into tasks, named, and wired. */
#include "executor/test_tables.h"
#include "runtime/graph.h"

#include <criterion/criterion.h>

Test(graph, exchanges_and_shared_inputs_cut)
{
    struct sl_arena arena;
    struct test_plan plan;
    struct sl_phys_node *scan, *hashed, *sink;
    struct sl_graph *graph;
    uint32_t keys[] = {1}, first;

    sl_arena_init(&arena);
    test_plan_init(&plan, &arena);
    scan = test_plan_scan(&plan, 1, 3, 2, 0, true);
    hashed = test_plan_calc(&plan, test_plan_calc(&plan, scan, 1, 0), 2, 0);
    hashed->parallelism = 4;
    test_plan_exchange(hashed, SL_EXCHANGE_HASH, keys, 1);
    sink = test_plan_sink(&plan, hashed, 4, 2);
    graph = sl_graph_new(&arena, plan.plan);
    cr_assert_eq(graph->task_count, 2);
    cr_assert_str_eq(graph->tasks[0]->name, "Scan(t1) -> Calc");
    cr_assert_str_eq(graph->tasks[1]->name, "Calc -> Sink(t2)");
    cr_assert_eq(graph->tasks[0]->level, 1);
    cr_assert_eq(graph->tasks[1]->level, 0);
    cr_assert_eq(graph->edge_count, 1);
    cr_assert_eq(sl_graph_targets(graph->edges[0], 1, &first), 4);

    /* A second reader of the first Calc: it ends its task for both. */
    test_plan_sink(&plan, plan.plan->nodes[1], 2, 3);
    sink->parallelism = 4;
    graph = sl_graph_new(&arena, plan.plan);
    cr_assert_eq(graph->task_count, 3);
    cr_assert_str_eq(graph->tasks[2]->name, "Sink(t3)");
    cr_assert_eq(graph->tasks[0]->output_count, 2);
    sl_arena_done(&arena);
}

Test(graph, side_outputs_and_unions_head_tasks)
{
    struct sl_arena arena;
    struct test_plan plan;
    struct sl_phys_node *a, *b, *both, *late;
    struct sl_graph *graph;
    uint32_t first;

    sl_arena_init(&arena);
    test_plan_init(&plan, &arena);
    a = test_plan_scan(&plan, 1, 3, 4, 0, true);
    b = test_plan_scan(&plan, 2, 3, 2, 0, true);
    both = test_plan_union(&plan, a, b, 2);
    both->inputs[0].exchange = SL_EXCHANGE_RESCALE;
    late = test_plan_sink(&plan, NULL, 1, 3);
    both->late.sink = late;
    test_plan_sink(&plan, both, 2, 4);
    graph = sl_graph_new(&arena, plan.plan);
    cr_assert_eq(graph->task_count, 4);
    cr_assert_str_eq(graph->tasks[3]->name, "Sink(t3)");
    cr_assert_str_eq(graph->tasks[2]->name, "Union -> Sink(t4)");
    cr_assert_eq(graph->tasks[2]->input_count, 2);
    cr_assert_eq(graph->tasks[2]->inputs[1]->input, 1);
    cr_assert_eq(graph->tasks[3]->inputs[0]->kind, SL_EDGE_LATE);
    cr_assert_eq(graph->tasks[3]->inputs[0]->exchange, SL_EXCHANGE_REBALANCE);
    /* 4 → 2 by rescale: 0, 1 → 0 and 2, 3 → 1. */
    cr_assert_eq(sl_graph_targets(graph->tasks[2]->inputs[0], 1, &first), 1);
    cr_assert_eq(first, 0);
    cr_assert_eq(sl_graph_targets(graph->tasks[2]->inputs[0], 2, &first), 1);
    cr_assert_eq(first, 1);
    sl_arena_done(&arena);
}
