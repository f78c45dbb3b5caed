/* Grouping sets over windows: keys become NULL before the window function, so that the aggregation
 * stands right over it and can become one with it.
 *
 *     EXPAND(channel)                          PROJECT(the same columns as before)
 *       PROJECT(window_start, channel, …)        WINDOW_TABLE
 *         [FILTER]                          →      EXPAND(channel)
 *           WINDOW_TABLE                             PROJECT(channel, bids' columns)
 *             bids                                     bids
 *
 * Only where the keys that a set leaves out do not come from the window. */
#include "planner/rules.h"

struct push_expand {
    struct sl_arena *arena;
    const struct sl_log_node *expand, *project, *filter, *window; /* filter NULL: none */
    uint32_t moved_count; /* keys that some set leaves out */
    uint32_t *moved;      /* by key: its place among them, or UINT32_MAX */
    uint32_t input_count; /* columns of the window's input */
};

static bool
push_expand_find(struct push_expand *push, const struct sl_log_node *expand)
{
    const struct sl_log_node *node = expand->inputs[0];

    push->expand = expand;
    if (node->kind != SL_LOG_PROJECT)
        return false;
    push->project = node;
    node = node->inputs[0];
    if (node->kind == SL_LOG_FILTER) {
        push->filter = node;
        node = node->inputs[0];
    }
    push->window = node;
    if (node->kind != SL_LOG_WINDOW_TABLE || node->window_table.window.kind == SL_WINDOW_SESSION)
        return false;
    push->input_count = (uint32_t)node->inputs[0]->schema->count;
    return true;
}

/* Which keys move; false: one cannot. */
static bool
push_expand_keys(struct push_expand *push)
{
    const struct sl_phys_expand *expand = &push->expand->expand;

    push->moved = SL_NEW_ARRAY(push->arena, uint32_t, expand->key_count + 1);
    for (uint32_t i = 0; i < expand->key_count; i++) {
        const struct sl_expr *key = push->project->exprs[i];
        bool is_kept = sl_expand_keeps(expand, i);

        push->moved[i] = is_kept ? UINT32_MAX : push->moved_count++;
        if (!is_kept &&
            (!sl_expr_columns_within(key, 0, push->input_count) || !sl_expr_is_deterministic(key)))
            return false;
    }
    return true;
}

/* The moved keys, then the window's input as it was. */
static struct sl_log_node *
push_expand_project(struct push_expand *push)
{
    const struct sl_schema *input = push->window->inputs[0]->schema;
    size_t count = push->moved_count + input->count;
    struct sl_expr **exprs = SL_NEW_ARRAY(push->arena, struct sl_expr *, count);
    const char **names = SL_NEW_ARRAY(push->arena, const char *, count);

    for (uint32_t i = 0; i < push->expand->expand.key_count; i++) {
        if (push->moved[i] == UINT32_MAX)
            continue;
        exprs[push->moved[i]] = push->project->exprs[i];
        names[push->moved[i]] = push->project->schema->columns[i].name;
    }
    for (uint32_t i = 0; i < input->count; i++) {
        exprs[push->moved_count + i] = sl_log_column(push->arena, input, i);
        names[push->moved_count + i] = input->columns[i].name;
    }
    return sl_log_project(push->arena, push->window->inputs[0], exprs, names, count);
}

static struct sl_log_node *
push_expand_expand(struct push_expand *push)
{
    const struct sl_phys_expand *from = &push->expand->expand;
    struct sl_phys_expand made = {
        .key_count = push->moved_count, .ids = from->ids, .set_count = from->set_count};
    struct sl_log_node *input = push_expand_project(push), *node;

    made.kept = SL_NEW_ARRAY(push->arena, uint32_t, from->set_count);
    for (size_t set = 0; set < from->set_count; set++)
        for (uint32_t i = 0; i < from->key_count; i++)
            if (push->moved[i] != UINT32_MAX && (from->kept[set] >> i & 1))
                made.kept[set] |= UINT32_C(1) << push->moved[i];
    node = sl_log_new(push->arena, SL_LOG_EXPAND,
                      sl_expand_schema(push->arena, input->schema, &made), input);
    node->expand = made;
    node->offset = push->expand->offset;
    return node;
}

static struct sl_log_node *
push_expand_window(struct push_expand *push)
{
    struct sl_log_node *input = push_expand_expand(push), *node;
    struct sl_log_window_table made = push->window->window_table;

    made.time_column += push->moved_count;
    node = sl_log_new(push->arena, SL_LOG_WINDOW_TABLE,
                      sl_window_schema(push->arena, input->schema, made.time_column), input);
    node->window_table = made;
    node->offset = push->window->offset;
    node->parallelism = push->window->parallelism;
    return node;
}

/* The columns that EXPAND had, over the new window function. */
static struct sl_log_node *
push_expand_top(struct push_expand *push, struct sl_log_node *window)
{
    const struct sl_schema *schema = push->expand->schema;
    uint32_t id_column = push->moved_count + push->input_count;
    uint32_t *map = SL_NEW_ARRAY(push->arena, uint32_t, push->input_count + 3);
    struct sl_expr **exprs = SL_NEW_ARRAY(push->arena, struct sl_expr *, schema->count);
    const char **names = SL_NEW_ARRAY(push->arena, const char *, schema->count);
    struct sl_log_node *node = window;

    for (uint32_t i = 0; i < push->input_count + 3; i++)
        map[i] = push->moved_count + i + (i >= push->input_count);
    if (push->filter)
        node = sl_log_filter(push->arena, window,
                             sl_expr_copy(push->arena, push->filter->filter, map));
    for (uint32_t i = 0; i < schema->count; i++) {
        bool is_key = i < push->expand->expand.key_count && push->moved[i] != UINT32_MAX;

        names[i] = schema->columns[i].name;
        if (i + 1 == schema->count)
            exprs[i] = sl_log_column(push->arena, window->schema, id_column);
        else if (is_key)
            exprs[i] = sl_log_column(push->arena, window->schema, push->moved[i]);
        else
            exprs[i] = sl_expr_copy(push->arena, push->project->exprs[i], map);
    }
    return sl_log_project(push->arena, node, exprs, names, schema->count);
}

bool
sl_rule_push_expand(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct push_expand push = {.arena = rewriter->arena};

    if (rewriter->batch || (*place)->kind != SL_LOG_EXPAND || !push_expand_find(&push, *place) ||
        !push_expand_keys(&push))
        return false;
    *place = push_expand_top(&push, push_expand_window(&push));
    return true;
}
