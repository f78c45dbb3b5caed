/* From the physical plan to tasks: see graph.h. */
#include "runtime/graph.h"

struct graph_builder {
    struct sl_arena *arena;
    const struct sl_phys_plan *plan;
    struct sl_graph *graph;
    uint32_t *consumer_counts;      /* by node id */
    struct sl_graph_task **task_of; /* by node id */
    uint32_t *link_of;
    bool *is_side_target; /* by node id */
};

static bool
graph_is_chained(const struct graph_builder *builder, const struct sl_phys_node *node)
{
    const struct sl_phys_input *input = node->inputs;

    return node->input_count == 1 && !builder->is_side_target[node->id] &&
           input->exchange == SL_EXCHANGE_FORWARD &&
           builder->consumer_counts[input->node->id] == 1 &&
           input->node->parallelism == node->parallelism &&
           builder->task_of[input->node->id]->node_count < SL_CHAIN_MAX;
}

static void
graph_count_consumers(struct graph_builder *builder)
{
    for (size_t i = 0; i < builder->plan->node_count; i++) {
        const struct sl_phys_node *node = builder->plan->nodes[i];

        for (size_t k = 0; k < node->input_count; k++)
            builder->consumer_counts[node->inputs[k].node->id]++;
        if (node->late.sink)
            builder->is_side_target[node->late.sink->id] = true;
        if (node->error.sink)
            builder->is_side_target[node->error.sink->id] = true;
        if (node->dead.sink)
            builder->is_side_target[node->dead.sink->id] = true;
    }
}

static struct sl_graph_task *
graph_new_task(struct graph_builder *builder, const struct sl_phys_node *head)
{
    struct sl_graph_task *task = SL_NEW(builder->arena, struct sl_graph_task);

    task->id = (uint32_t)builder->graph->task_count;
    task->parallelism = head->parallelism;
    task->nodes = SL_NEW_ARRAY(builder->arena, struct sl_phys_node *, SL_CHAIN_MAX);
    builder->graph->tasks[builder->graph->task_count++] = task;
    return task;
}

static void
graph_place_nodes(struct graph_builder *builder)
{
    for (size_t i = 0; i < builder->plan->node_count; i++) {
        struct sl_phys_node *node = builder->plan->nodes[i];
        struct sl_graph_task *task = graph_is_chained(builder, node)
                                         ? builder->task_of[node->inputs[0].node->id]
                                         : graph_new_task(builder, node);

        builder->task_of[node->id] = task;
        builder->link_of[node->id] = (uint32_t)task->node_count;
        task->nodes[task->node_count++] = node;
    }
}

static struct sl_graph_edge *
graph_add_edge(struct graph_builder *builder, enum sl_edge_kind kind,
               const struct sl_phys_node *from, const struct sl_phys_node *to)
{
    struct sl_graph_edge *edge = SL_NEW(builder->arena, struct sl_graph_edge);

    edge->kind = kind;
    edge->from = builder->task_of[from->id];
    edge->to = builder->task_of[to->id];
    edge->from_link = builder->link_of[from->id];
    edge->id = (uint32_t)builder->graph->edge_count;
    builder->graph->edges[builder->graph->edge_count++] = edge;
    return edge;
}

static void
graph_add_side(struct graph_builder *builder, enum sl_edge_kind kind,
               const struct sl_phys_node *from, const struct sl_phys_node *to)
{
    struct sl_graph_edge *edge;

    if (to == NULL)
        return;
    edge = graph_add_edge(builder, kind, from, to);
    edge->exchange = edge->from->parallelism == edge->to->parallelism ? SL_EXCHANGE_FORWARD
                                                                      : SL_EXCHANGE_REBALANCE;
}

static void
graph_add_edges(struct graph_builder *builder)
{
    for (size_t i = 0; i < builder->plan->node_count; i++) {
        const struct sl_phys_node *node = builder->plan->nodes[i];

        for (size_t k = 0; k < node->input_count; k++) {
            const struct sl_phys_input *input = &node->inputs[k];
            struct sl_graph_edge *edge;

            if (builder->task_of[node->id] == builder->task_of[input->node->id])
                continue;
            edge = graph_add_edge(builder, SL_EDGE_MAIN, input->node, node);
            edge->input = (uint32_t)k;
            edge->exchange = input->exchange;
            edge->keys = input->keys;
            edge->key_count = input->key_count;
            if (edge->exchange == SL_EXCHANGE_FORWARD &&
                edge->from->parallelism != edge->to->parallelism)
                edge->exchange = SL_EXCHANGE_RESCALE;
        }
        graph_add_side(builder, SL_EDGE_LATE, node, node->late.sink);
        graph_add_side(builder, SL_EDGE_ERROR, node, node->error.sink);
        graph_add_side(builder, SL_EDGE_DEAD, node, node->dead.sink);
    }
}

static size_t
graph_edge_count_max(const struct sl_phys_plan *plan)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->node_count; i++)
        count += plan->nodes[i]->input_count + 3;
    return count;
}

static void
graph_link_tasks(struct graph_builder *builder)
{
    struct sl_graph *graph = builder->graph;

    for (size_t i = 0; i < graph->edge_count; i++) {
        graph->edges[i]->from->output_count++;
        graph->edges[i]->to->input_count++;
    }
    for (size_t i = 0; i < graph->task_count; i++) {
        struct sl_graph_task *task = graph->tasks[i];

        task->inputs = SL_NEW_ARRAY(builder->arena, struct sl_graph_edge *, task->input_count);
        task->outputs = SL_NEW_ARRAY(builder->arena, struct sl_graph_edge *, task->output_count);
        task->input_count = task->output_count = 0;
    }
    for (size_t i = 0; i < graph->edge_count; i++) {
        struct sl_graph_edge *edge = graph->edges[i];

        edge->from->outputs[edge->from->output_count++] = edge;
        edge->to->inputs[edge->to->input_count++] = edge;
    }
}

/* Levels settle after at most as many rounds as there are tasks: the graph has no cycle. */
static void
graph_set_levels(struct sl_graph *graph)
{
    for (size_t round = 0; round < graph->task_count; round++) {
        bool changed = false;

        for (size_t i = 0; i < graph->edge_count; i++) {
            struct sl_graph_edge *edge = graph->edges[i];

            if (edge->from->level < edge->to->level + 1) {
                edge->from->level = edge->to->level + 1;
                changed = true;
            }
        }
        if (!changed)
            return;
    }
}

static void
graph_node_name(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const char *table = NULL;

    if (node->kind == SL_OP_SCAN)
        table = ((const struct sl_phys_scan *)node->detail)->table_name;
    else if (node->kind == SL_OP_SINK)
        table = ((const struct sl_phys_sink *)node->detail)->table_name;
    sl_buffer_add_string(to, sl_phys_name(node));
    if (table)
        sl_buffer_printf(to, "(%s)", table);
}

static void
graph_name_tasks(struct graph_builder *builder)
{
    struct sl_buffer name;

    sl_buffer_init(&name, 1 << 20);
    for (size_t i = 0; i < builder->graph->task_count; i++) {
        struct sl_graph_task *task = builder->graph->tasks[i];

        sl_buffer_reset(&name);
        for (size_t k = 0; k < task->node_count; k++) {
            if (k > 0)
                sl_buffer_add_string(&name, " -> ");
            graph_node_name(task->nodes[k], &name);
        }
        task->name = sl_arena_strndup(builder->arena, name.data, name.length);
    }
    sl_buffer_done(&name);
}

struct sl_graph *
sl_graph_new(struct sl_arena *arena, const struct sl_phys_plan *plan)
{
    size_t count = plan->node_count;
    struct graph_builder builder = {.arena = arena, .plan = plan};

    for (size_t i = 0; i < plan->node_count; i++)
        count = SL_MAX(count, (size_t)plan->nodes[i]->id + 1);
    builder.graph = SL_NEW(arena, struct sl_graph);
    builder.consumer_counts = SL_NEW_ARRAY(arena, uint32_t, count);
    builder.task_of = SL_NEW_ARRAY(arena, struct sl_graph_task *, count);
    builder.is_side_target = SL_NEW_ARRAY(arena, bool, count);
    builder.link_of = SL_NEW_ARRAY(arena, uint32_t, count);
    builder.graph->tasks = SL_NEW_ARRAY(arena, struct sl_graph_task *, plan->node_count);
    builder.graph->edges = SL_NEW_ARRAY(arena, struct sl_graph_edge *, graph_edge_count_max(plan));
    graph_count_consumers(&builder);
    graph_place_nodes(&builder);
    graph_add_edges(&builder);
    graph_link_tasks(&builder);
    graph_set_levels(builder.graph);
    graph_name_tasks(&builder);
    return builder.graph;
}

uint32_t
sl_graph_targets(const struct sl_graph_edge *edge, uint32_t index, uint32_t *ret_first)
{
    uint32_t from = edge->from->parallelism, to = edge->to->parallelism;

    switch (edge->exchange) {
    case SL_EXCHANGE_FORWARD:
        *ret_first = index;
        return 1;
    case SL_EXCHANGE_GLOBAL:
        *ret_first = 0;
        return 1;
    case SL_EXCHANGE_RESCALE:
        if (from >= to) {
            *ret_first = (uint32_t)((uint64_t)index * to / from);
            return 1;
        }
        *ret_first = (uint32_t)((uint64_t)index * to / from);
        return (uint32_t)((uint64_t)(index + 1) * to / from) - *ret_first;
    case SL_EXCHANGE_HASH:
    case SL_EXCHANGE_REBALANCE:
    case SL_EXCHANGE_BROADCAST:
        break;
    }
    *ret_first = 0;
    return to;
}
