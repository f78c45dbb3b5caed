/* EXPLAIN's last section: how wide rows are, and what operators keep and why it goes again. */
#include "plan/physical.h"

#include "data/time.h"

enum { WIDTH_TEXT = 24, WIDTH_ITEMS = 4 }; /* assumed: bytes of a text, items of a collection */

/* --- row width --- */

static size_t
width_of(const struct sl_type *type)
{
    size_t width = 0;

    switch (type->kind) {
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        return (size_t)SL_MIN(type->precision, (int32_t)WIDTH_TEXT);
    case SL_TYPE_ARRAY:
    case SL_TYPE_MULTISET:
        return WIDTH_ITEMS * width_of(type->element);
    case SL_TYPE_MAP:
        return WIDTH_ITEMS * (width_of(type->key) + width_of(type->element));
    case SL_TYPE_ROW:
        for (size_t i = 0; i < type->field_count; i++)
            width += width_of(type->fields[i].type);
        return width;
    default:
        return sl_type_width(type->kind);
    }
}

static size_t
width_of_schema(const struct sl_schema *schema)
{
    size_t width = 0;

    for (size_t i = 0; i < schema->count; i++)
        width += width_of(schema->columns[i].type);
    return width;
}

/* --- state --- */

/* What lets go of state; NOTHING: it grows with the number of its keys. */
enum state_bound {
    STATE_NONE, /* there is none */
    STATE_FIXED,
    STATE_WATERMARK,
    STATE_CLOCK,
    STATE_TTL,
    STATE_NOTHING,
};

struct state {
    enum state_bound bound;
    const char *what;
    const uint32_t *keys; /* of `input`; key_count 0: one of it */
    size_t key_count;
    const struct sl_schema *input;
    int64_t ttl_us;
};

/* By key: with a time to live, else for ever; without keys there is one. */
static struct state
state_by_key(const char *what, const struct sl_schema *input, const uint32_t *keys,
             size_t key_count, int64_t ttl_us)
{
    enum state_bound bound = ttl_us ? STATE_TTL : key_count ? STATE_NOTHING : STATE_FIXED;

    return (struct state){bound, what, keys, key_count, input, ttl_us};
}

/* Every row, or each distinct one. */
static struct state
state_of_rows(const char *what, const struct sl_schema *input, const uint32_t *keys,
              size_t key_count, int64_t ttl_us)
{
    return (struct state){ttl_us ? STATE_TTL : STATE_NOTHING, what, keys, key_count, input, ttl_us};
}

static struct state
state_until(bool processing_time, const char *what, const struct sl_schema *input,
            const uint32_t *keys, size_t key_count)
{
    return (struct state){
        processing_time ? STATE_CLOCK : STATE_WATERMARK, what, keys, key_count, input, 0};
}

static bool
state_has_distinct(struct sl_aggregate *const *aggregates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (aggregates[i]->distinct)
            return true;
    return false;
}

static struct state
state_of_group(const struct sl_phys_node *node, const struct sl_schema *input)
{
    const struct sl_phys_group_aggregate *group = sl_phys_local_phase(node)->detail;
    const struct sl_phys_group_aggregate *own = node->detail;

    if (state_has_distinct(group->aggregates, group->aggregate_count))
        return state_of_rows("accumulators and the values of DISTINCT", input, group->keys,
                             group->key_count, own->ttl_us);
    return state_by_key("accumulators", input, group->keys, group->key_count, own->ttl_us);
}

static struct state
state_of_trigger(const struct sl_phys_trigger_aggregate *trigger, const struct sl_schema *input)
{
    return state_by_key(trigger->trigger.evictor == SL_EVICTOR_NONE
                            ? "accumulators"
                            : "the rows that the evictor leaves",
                        input, trigger->keys, trigger->key_count, trigger->ttl_us);
}

static struct state
state_of_over(const struct sl_phys_over *over, const struct sl_schema *input)
{
    const struct sl_over *window = &over->over;
    bool by_clock = over->time == SL_OVER_TIME_PROCESSING;

    if (over->time == SL_OVER_TIME_NONE)
        return state_of_rows("all rows", input, window->partition, window->partition_count,
                             over->ttl_us);
    if (window->frame.start.kind == SL_BOUND_UNBOUNDED_PRECEDING)
        return state_by_key(
            by_clock ? "accumulators" : "accumulators, and rows until the watermark reaches them",
            input, window->partition, window->partition_count, by_clock ? over->ttl_us : 0);
    if (window->frame.is_rows)
        return state_by_key(
            by_clock ? "the rows of the frame"
                     : "the rows of the frame, and those that wait for the watermark",
            input, window->partition, window->partition_count, by_clock ? over->ttl_us : 0);
    return state_until(by_clock, "the rows of the frame", input, window->partition,
                       window->partition_count);
}

static struct state
state_of_windows(const struct sl_phys_node *node, const struct sl_schema *input)
{
    const struct sl_phys_window_aggregate *windows = sl_phys_local_phase(node)->detail;

    return state_until(windows->window.processing_time,
                       node->kind == SL_OP_SESSION_AGGREGATE ? "accumulators of open sessions"
                                                             : "accumulators of open windows",
                       input, windows->keys, windows->key_count);
}

static struct state
state_of_rank(const struct sl_phys_node *node, const struct sl_schema *input)
{
    const struct sl_phys_top_n *top = node->detail;

    return state_by_key(top->retracts ? "all rows" : "the rows of the first ranks", input,
                        top->rank.partition, top->rank.partition_count, top->ttl_us);
}

static struct state
state_of_semi_join(const struct sl_phys_node *node, const struct sl_schema *input)
{
    const struct sl_phys_semi_join *join = node->detail;

    return state_of_rows("the left rows, and how many right ones there are", input, join->left_keys,
                         join->key_count, join->ttl_us);
}

static struct state
state_of(const struct sl_phys_node *node)
{
    const struct sl_phys_node *rows = sl_phys_local_phase(node);
    const struct sl_schema *input = rows->input_count ? rows->inputs[0].node->schema : node->schema;

    switch (node->kind) {
    case SL_OP_WINDOW_AGGREGATE:
    case SL_OP_WINDOW_EMIT:
    case SL_OP_SESSION_AGGREGATE:
        return state_of_windows(node, input);
    case SL_OP_SESSION_TABLE: {
        const struct sl_phys_session_table *table = node->detail;

        return state_until(table->window.processing_time, "the rows of open sessions", input,
                           table->keys, table->key_count);
    }
    case SL_OP_INTERVAL_JOIN: {
        const struct sl_phys_interval_join *join = node->detail;

        return state_until(join->processing_time, "the rows of both sides", input, join->left_keys,
                           join->key_count);
    }
    case SL_OP_WINDOW_RANK: {
        const struct sl_phys_window_rank *rank = node->detail;

        return state_until(rank->window.processing_time, "the first rows of open windows", input,
                           rank->rank.partition, rank->rank.partition_count);
    }
    case SL_OP_TEMPORAL_SORT:
        return state_until(((const struct sl_phys_temporal_sort *)node->detail)->processing_time,
                           "rows", input, NULL, 0);
    case SL_OP_TRIGGER_AGGREGATE:
        return state_of_trigger(node->detail, input);
    case SL_OP_GROUP_AGGREGATE:
        return state_of_group(node, input);
    case SL_OP_CHANGELOG_NORMALIZE: {
        const struct sl_phys_changelog_normalize *normalize = node->detail;

        return state_by_key("the newest row", input, normalize->keys, normalize->key_count,
                            normalize->ttl_us);
    }
    case SL_OP_UPSERT_MATERIALIZE: {
        const struct sl_phys_upsert_materialize *materialize = node->detail;

        return state_by_key("the rows", input, materialize->keys, materialize->key_count,
                            materialize->ttl_us);
    }
    case SL_OP_DEDUPLICATE: {
        const struct sl_phys_deduplicate *deduplicate = node->detail;

        return state_by_key(deduplicate->keeps_last ? "the last row" : "the first row", input,
                            deduplicate->keys, deduplicate->key_count, deduplicate->ttl_us);
    }
    case SL_OP_OVER:
    case SL_OP_UPDATING_OVER:
        return state_of_over(node->detail, input);
    case SL_OP_TOP_N:
        return state_of_rank(node, input);
    case SL_OP_SEMI_JOIN:
        return state_of_semi_join(node, input);
    case SL_OP_SINGLE_JOIN:
        return state_of_rows("the left rows and the value", input, NULL, 0,
                             ((const struct sl_phys_single_join *)node->detail)->ttl_us);
    default:
        return (struct state){.bound = STATE_NONE};
    }
}

/* --- text --- */

static void
state_add_keys(const struct state *state, struct sl_buffer *to)
{
    for (size_t i = 0; i < state->key_count; i++)
        sl_buffer_printf(to, "%s%s", i ? ", " : " by ", state->input->columns[state->keys[i]].name);
}

static void
state_add_bound(const struct state *state, struct sl_buffer *to)
{
    switch (state->bound) {
    case STATE_NONE:
        break;
    case STATE_FIXED:
        sl_buffer_add_string(to, "; there is one");
        break;
    case STATE_WATERMARK:
        sl_buffer_add_string(to, "; bounded by the watermark");
        break;
    case STATE_CLOCK:
        sl_buffer_add_string(to, "; bounded by processing time");
        break;
    case STATE_TTL:
        sl_buffer_printf(to, "; bounded by the time to live of %lld ms",
                         (long long)(state->ttl_us / SL_US_PER_MS));
        break;
    case STATE_NOTHING:
        sl_buffer_add_string(to, "; bounded by nothing");
        break;
    }
}

static void
state_warn(const struct sl_phys_node *node, const struct state *state, struct sl_buffer *to)
{
    sl_buffer_printf(to, "WARNING: the state of %s grows for ever: %s", sl_phys_name(node),
                     state->what);
    state_add_keys(state, to);
    if (node->kind == SL_OP_OVER)
        sl_buffer_add_string(to, ". A frame of RANGE with an interval would let go of it\n");
    else
        sl_buffer_add_string(to, ". The setting table.exec.state.ttl, or a hint STATE_TTL, would "
                                 "let go of what has not changed for so long\n");
}

/* Its output; what a sink is given. */
static const struct sl_schema *
state_row(const struct sl_phys_node *node)
{
    if (node->kind == SL_OP_SINK)
        return ((const struct sl_phys_sink *)node->detail)->physical;
    return node->kind == SL_OP_COLLECT ? node->inputs[0].node->schema : node->schema;
}

void
sl_phys_explain_state(const struct sl_phys_plan *plan, struct sl_buffer *to)
{
    bool is_bounded = sl_phys_is_bounded(plan);

    sl_buffer_add_string(to, "\n== State ==\n");
    for (size_t i = plan->node_count; i-- > 0;) {
        const struct sl_phys_node *node = plan->nodes[i];
        struct state state = state_of(node);

        sl_phys_explain_name(node, to);
        sl_buffer_printf(to, ": rows of about %zu bytes", width_of_schema(state_row(node)));
        if (state.bound == STATE_NONE) {
            sl_buffer_add_string(to, ", no state\n");
            continue;
        }
        sl_buffer_printf(to, ", keeps %s", state.what);
        state_add_keys(&state, to);
        if (is_bounded)
            sl_buffer_add_string(to, "; bounded by the input");
        else
            state_add_bound(&state, to);
        sl_buffer_add_byte(to, '\n');
    }
    for (size_t i = plan->node_count; i-- > 0 && !is_bounded;) {
        struct state state = state_of(plan->nodes[i]);

        if (state.bound == STATE_NOTHING)
            state_warn(plan->nodes[i], &state, to);
    }
}
