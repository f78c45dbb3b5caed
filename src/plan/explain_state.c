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
    STATE_INPUT, /* only over bounded input */
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

/* An accumulator that grows with what goes into it. */
static bool
state_keeps_values(const struct sl_aggregate *aggregate)
{
    static const char *const names[] = {"LISTAGG",       "STRING_AGG",     "COLLECT",   "ARRAY_AGG",
                                        "JSON_ARRAYAGG", "JSON_OBJECTAGG", "PERCENTILE"};
    const char *name = sl_aggregate_name(aggregate);

    for (size_t i = 0; i < SL_COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return aggregate->retracts && sl_aggregate_has_view(aggregate);
}

/* What is kept for them; *ret_grows: for ever more, also of one group. */
static const char *
state_of_aggregates(struct sl_aggregate *const *aggregates, size_t count, bool *ret_grows)
{
    bool keeps_values = false, has_distinct = false;

    for (size_t i = 0; i < count; i++) {
        keeps_values |= state_keeps_values(aggregates[i]);
        has_distinct |= aggregates[i]->distinct;
    }
    *ret_grows = keeps_values || has_distinct;
    return has_distinct   ? "accumulators and the values of DISTINCT"
           : keeps_values ? "accumulators that hold all values"
                          : "accumulators";
}

static struct state
state_of_group(const struct sl_phys_node *node, const struct sl_schema *input)
{
    const struct sl_phys_group_aggregate *group = sl_phys_local_phase(node)->detail;
    const struct sl_phys_group_aggregate *own = node->detail;
    bool grows;
    const char *what = state_of_aggregates(group->aggregates, group->aggregate_count, &grows);

    return grows ? state_of_rows(what, input, group->keys, group->key_count, own->ttl_us)
                 : state_by_key(what, input, group->keys, group->key_count, own->ttl_us);
}

static struct state
state_of_trigger(const struct sl_phys_trigger_aggregate *trigger, const struct sl_schema *input)
{
    bool evicts = trigger->trigger.evictor != SL_EVICTOR_NONE, grows;
    const char *what = state_of_aggregates(trigger->aggregates, trigger->aggregate_count, &grows);

    if (evicts)
        return state_by_key("the rows that the evictor leaves", input, trigger->keys,
                            trigger->key_count, trigger->ttl_us);
    return grows && !trigger->trigger.purges
               ? state_of_rows(what, input, trigger->keys, trigger->key_count, trigger->ttl_us)
               : state_by_key(what, input, trigger->keys, trigger->key_count, trigger->ttl_us);
}

/* Accumulators over all rows so far; by event time also the rows that wait, and no time to live. */
static struct state
state_of_over_all(const struct sl_phys_over *over, const struct sl_schema *input, bool by_clock)
{
    const struct sl_over *window = &over->over;
    bool grows;
    const char *what = state_of_aggregates(window->aggregates, window->aggregate_count, &grows);
    int64_t ttl_us = by_clock ? over->ttl_us : 0;

    if (!by_clock)
        what =
            grows ? "accumulators, their values and waiting rows" : "accumulators and waiting rows";
    return grows ? state_of_rows(what, input, window->partition, window->partition_count, ttl_us)
                 : state_by_key(what, input, window->partition, window->partition_count, ttl_us);
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
        return state_of_over_all(over, input, by_clock);
    if (window->frame.is_rows)
        return state_by_key(
            by_clock ? "the rows of the frame" : "the rows of the frame and waiting ones", input,
            window->partition, window->partition_count, by_clock ? over->ttl_us : 0);
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
    const struct sl_rank *rank = &top->rank;

    if (top->retracts)
        return state_of_rows("all rows", input, rank->partition, rank->partition_count,
                             top->ttl_us);
    if (rank->function != SL_OVER_ROW_NUMBER) /* any number of rows may have one rank */
        return state_of_rows("the rows of the first ranks", input, rank->partition,
                             rank->partition_count, top->ttl_us);
    return state_by_key("the rows of the first ranks", input, rank->partition,
                        rank->partition_count, top->ttl_us);
}

static struct state
state_of_deduplicate(const struct sl_phys_deduplicate *deduplicate, const struct sl_schema *input)
{
    const char *what = "the last row";

    if (!deduplicate->keeps_last)
        what = deduplicate->processing_time ? "a mark of the first row"
                                            : "the waiting first row, then a mark of it";
    return state_by_key(what, input, deduplicate->keys, deduplicate->key_count,
                        deduplicate->ttl_us);
}

/* Operators over bounded input: state is theirs until the input ends. */
static struct state
state_until_end(const char *what, const struct sl_schema *input, const uint32_t *keys,
                size_t key_count)
{
    return (struct state){STATE_INPUT, what, keys, key_count, input, 0};
}

static struct state
state_of_batch(const struct sl_phys_node *node, const struct sl_schema *input)
{
    const void *detail = node->detail;

    switch (node->kind) {
    case SL_OP_BATCH_AGGREGATE: {
        const struct sl_phys_batch_aggregate *group = detail;

        return state_until_end("accumulators", input, group->keys, group->key_count);
    }
    case SL_OP_CHANGELOG_MERGE: {
        const struct sl_phys_changelog_merge *merge = detail;

        return state_until_end("the rows that are left", input, merge->keys, merge->key_count);
    }
    case SL_OP_BATCH_OVER: {
        const struct sl_over *over = &((const struct sl_phys_over *)detail)->over;

        return state_until_end("all rows", input, over->partition, over->partition_count);
    }
    case SL_OP_BATCH_RANK: {
        const struct sl_rank *rank = &((const struct sl_phys_batch_rank *)detail)->rank;

        return state_until_end("the rows of the first ranks", input, rank->partition,
                               rank->partition_count);
    }
    case SL_OP_SORT:
        return state_until_end(((const struct sl_phys_sort *)detail)->limit < 0 ? "all rows"
                                                                                : "the first rows",
                               input, NULL, 0);
    default:
        return (struct state){.bound = STATE_NONE};
    }
}

static struct state
state_of_semi_join(const struct sl_phys_node *node, const struct sl_schema *input)
{
    const struct sl_phys_semi_join *join = node->detail;

    return state_of_rows("left rows and the number of right ones", input, join->left_keys,
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
    case SL_OP_DEDUPLICATE:
        return state_of_deduplicate(node->detail, input);
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
        return state_of_batch(node, input);
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
    case STATE_INPUT:
        sl_buffer_add_string(to, "; bounded by the input");
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
    const struct sl_phys_over *over = node->detail;

    sl_buffer_printf(to, "the state of %s grows for ever: %s", sl_phys_name(node), state->what);
    state_add_keys(state, to);
    if (node->kind == SL_OP_OVER && over->time == SL_OVER_TIME_EVENT)
        sl_buffer_add_string(to, ". A frame of RANGE with an interval would let go of it\n");
    else
        sl_buffer_printf(to,
                         ". The setting table.exec.state.ttl%s would let go of what has not "
                         "changed for so long\n",
                         node->kind == SL_OP_UPSERT_MATERIALIZE ? "" : ", or a hint STATE_TTL,");
}

/* Its output; what a sink is given. */
static const struct sl_schema *
state_row(const struct sl_phys_node *node)
{
    if (node->kind == SL_OP_SINK)
        return ((const struct sl_phys_sink *)node->detail)->physical;
    return node->kind == SL_OP_COLLECT ? node->inputs[0].node->schema : node->schema;
}

static void
state_add_warnings(const struct sl_phys_plan *plan, bool as_advice, struct sl_buffer *to)
{
    size_t count = 0;

    for (size_t i = plan->node_count; i-- > 0 && !sl_phys_is_bounded(plan);) {
        struct state state = state_of(plan->nodes[i]);

        if (state.bound != STATE_NOTHING)
            continue;
        count++;
        if (as_advice)
            sl_buffer_printf(to, "advice[%zu]: [WARNING] ", count);
        else
            sl_buffer_add_string(to, "WARNING: ");
        state_warn(plan->nodes[i], &state, to);
    }
    if (as_advice && count == 0)
        sl_buffer_add_string(to, "No available advice...\n");
}

void
sl_phys_explain_state(const struct sl_phys_plan *plan, bool with_advice, struct sl_buffer *to)
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
            state.bound = STATE_INPUT;
        state_add_bound(&state, to);
        sl_buffer_add_byte(to, '\n');
    }
    if (with_advice)
        sl_buffer_add_string(to, "\n== Advice ==\n");
    state_add_warnings(plan, with_advice, to);
}
