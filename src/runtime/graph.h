/* The job graph: the physical plan cut into tasks (chains of operators) and the edges between them.
 *
 * 1. An input is chained to its consumer when the exchange is forward, the consumer has one input,
 *    the producer has no other consumer, and both have the same parallelism.
 * 2. So only the last operator of a task has output edges; side outputs may leave
 *    from any operator of it.
 * 3. A sink that only side outputs feed heads a task of its own. */
#ifndef SL_RUNTIME_GRAPH_H
#define SL_RUNTIME_GRAPH_H

#include "plan/physical.h"

#define SL_CHAIN_MAX 32u /* operators a task */

enum sl_edge_kind { SL_EDGE_MAIN, SL_EDGE_LATE, SL_EDGE_ERROR, SL_EDGE_DEAD };

struct sl_graph_task;

struct sl_graph_edge {
    enum sl_edge_kind kind;
    struct sl_graph_task *from, *to;
    uint32_t from_link; /* the operator of `from` that it leaves from */
    uint32_t input;     /* of the first operator of `to` */
    uint32_t id;        /* index into the graph's edges */
    enum sl_exchange_kind exchange;
    const uint32_t *keys;
    size_t key_count;
};

struct sl_graph_task {
    uint32_t id;
    uint32_t parallelism;
    const char *name; /* "Scan(bids) -> Calc -> Sink(out)" */
    unsigned level;   /* the longest way to a task without outputs */
    struct sl_phys_node **nodes;
    size_t node_count;
    struct sl_graph_edge **inputs, **outputs;
    size_t input_count, output_count;
};

struct sl_graph {
    struct sl_graph_task **tasks; /* producers first */
    size_t task_count;
    struct sl_graph_edge **edges;
    size_t edge_count;
};

/* The graph refers to the plan, which must outlive it. */
struct sl_graph *sl_graph_new(struct sl_arena *arena, const struct sl_phys_plan *plan);

/* The subtasks of `to` that subtask `index` of `from` sends to: [*ret_first, + count). */
uint32_t sl_graph_targets(const struct sl_graph_edge *edge, uint32_t index, uint32_t *ret_first);

#endif
