/* Scans of one table become one scan, which several operators read.
 *
 *     EXECUTE STATEMENT SET BEGIN                              Sink(a)    Sink(b)
 *       INSERT INTO a SELECT x FROM t WHERE y > 1;               |          |
 *       INSERT INTO b SELECT x + 1 FROM t;            →        Calc(y > 1) Calc(x + 1)
 *     END                                                          \      /
 *                                                                  Scan(t)
 *
 * It decodes what any of them reads, and keeps a filter that all of them have.  What else they
 * compute is theirs: a row that fails for one is nothing to the others.  Not where a LIMIT may end
 * a scan, nor in batch mode. */
#include "planner/lower.h"

struct share_group {
    struct sl_lowering *lowering;
    struct sl_phys_node **nodes; /* scans of one table */
    uint32_t **maps;             /* by node: where the columns of its row are in the shared row */
    size_t count;
    struct sl_phys_scan *scan;  /* the shared one */
    size_t row_count;           /* columns of its row */
    struct sl_phys_node *first; /* what the first of them becomes */
};

static const struct sl_phys_scan *
share_scan(const struct sl_phys_node *node)
{
    return node->detail;
}

static bool
share_same_options(const struct sl_option_list *a, const struct sl_option_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const char *value = sl_option_get(b, a->items[i].key);

        if (!value || strcmp(value, a->items[i].value) != 0)
            return false;
    }
    return true;
}

static bool
share_same_source(const struct sl_phys_node *a, const struct sl_phys_node *b)
{
    const struct sl_phys_scan *x = a->detail, *y = b->detail;

    return x->table_id == y->table_id && x->table_version == y->table_version &&
           a->parallelism == b->parallelism && a->kinds == b->kinds && x->kinds == y->kinds &&
           x->bounded == y->bounded && x->on_error == y->on_error &&
           x->idle_timeout_us == y->idle_timeout_us && !x->time == !y->time &&
           a->error.sink == b->error.sink && a->late.sink == b->late.sink &&
           share_same_options(&x->hints, &y->hints);
}

/* --- the row of all --- */

static uint32_t
share_add_metadata(struct sl_phys_scan *scan, const char *key, const struct sl_type *type)
{
    uint32_t at = 0;

    while (at < scan->metadata_count && strcmp(scan->metadata[at], key) != 0)
        at++;
    scan->metadata[at] = key;
    scan->metadata_types[at] = type;
    scan->metadata_count = SL_MAX(scan->metadata_count, (size_t)at + 1);
    return at;
}

static void
share_unite_rows(struct share_group *group)
{
    struct sl_arena *arena = group->lowering->arena;
    struct sl_phys_scan *scan = group->scan;
    size_t physical_count = scan->physical->count, metadata_max = 0;
    uint32_t *places = SL_NEW_ARRAY(arena, uint32_t, physical_count + 1);

    scan->decoded = SL_NEW_ARRAY(arena, uint32_t, physical_count + 1);
    scan->decoded_count = scan->metadata_count = 0;
    for (size_t i = 0; i < group->count; i++) {
        metadata_max += share_scan(group->nodes[i])->metadata_count;
        for (size_t k = 0; k < share_scan(group->nodes[i])->decoded_count; k++)
            places[share_scan(group->nodes[i])->decoded[k]] = 1;
    }
    for (uint32_t i = 0; i < physical_count; i++) {
        if (places[i])
            scan->decoded[scan->decoded_count] = i;
        places[i] = places[i] ? (uint32_t)scan->decoded_count++ : 0;
    }
    scan->metadata = SL_NEW_ARRAY(arena, const char *, metadata_max + 1);
    scan->metadata_types = SL_NEW_ARRAY(arena, const struct sl_type *, metadata_max + 1);
    for (size_t i = 0; i < group->count; i++) {
        const struct sl_phys_scan *from = group->nodes[i]->detail;
        size_t count = from->decoded_count;

        group->maps[i] = SL_NEW_ARRAY(arena, uint32_t, count + from->metadata_count + 1);
        for (size_t k = 0; k < count; k++)
            group->maps[i][k] = places[from->decoded[k]];
        for (size_t k = 0; k < from->metadata_count; k++)
            group->maps[i][count + k] =
                (uint32_t)scan->decoded_count +
                share_add_metadata(scan, from->metadata[k], from->metadata_types[k]);
    }
    group->row_count = scan->decoded_count + scan->metadata_count;
}

/* --- what they have in common --- */

static struct sl_expr *
share_expr(const struct share_group *group, size_t i, const struct sl_expr *expr)
{
    return expr ? sl_expr_copy(group->lowering->arena, expr, group->maps[i]) : NULL;
}

static bool
share_same_expr(const struct sl_expr *a, const struct sl_expr *b)
{
    if (!a || !b)
        return a == b;
    return sl_expr_is_deterministic(a) && sl_expr_equal(a, b);
}

static bool
share_has_one_filter(const struct share_group *group)
{
    struct sl_expr *first = share_expr(group, 0, share_scan(group->nodes[0])->filter);

    for (size_t i = 1; i < group->count; i++)
        if (!share_same_expr(first, share_expr(group, i, share_scan(group->nodes[i])->filter)))
            return false;
    return true;
}

/* --- the shared scan and its readers --- */

/* The columns of the row that are emitted: map[i] is where, in order. */
static uint32_t *
share_choose_output(struct share_group *group, bool one_filter, struct sl_schema **ret_schema)
{
    struct sl_arena *arena = group->lowering->arena;
    struct sl_phys_scan *scan = group->scan;
    bool *used = SL_NEW_ARRAY(arena, bool, group->row_count + 1);
    uint32_t *map = SL_NEW_ARRAY(arena, uint32_t, group->row_count + 1);
    struct sl_schema *schema = sl_schema_new(arena, group->row_count);
    bool any = false;

    for (size_t i = 0; i < group->count; i++) {
        const struct sl_phys_scan *from = group->nodes[i]->detail;

        for (size_t k = 0; k < group->nodes[i]->schema->count; k++)
            sl_expr_mark_columns(share_expr(group, i, from->exprs[k]), used);
        if (!one_filter)
            sl_expr_mark_columns(share_expr(group, i, from->filter), used);
    }
    for (size_t i = 0; i < group->row_count; i++)
        any |= used[i];
    used[0] |= !any;
    scan->exprs = SL_NEW_ARRAY(arena, struct sl_expr *, group->row_count + 1);
    schema->count = 0;
    for (uint32_t i = 0; i < group->row_count; i++) {
        size_t metadata = i - scan->decoded_count;
        struct sl_schema_column column = {.name = "", .type = NULL};

        if (!used[i])
            continue;
        if (i < scan->decoded_count)
            column = scan->physical->columns[scan->decoded[i]];
        else
            column = (struct sl_schema_column){.name = scan->metadata[metadata],
                                               .type = scan->metadata_types[metadata]};
        map[i] = (uint32_t)schema->count;
        scan->exprs[schema->count] = sl_expr_column(arena, i, column.type);
        schema->columns[schema->count++] = column;
    }
    *ret_schema = schema;
    return map;
}

/* What scan `i` does with the shared scan's output. */
static struct sl_phys_calc *
share_reader(const struct share_group *group, size_t i, const uint32_t *map, bool one_filter)
{
    struct sl_arena *arena = group->lowering->arena;
    const struct sl_phys_scan *from = group->nodes[i]->detail;
    struct sl_phys_calc *calc = SL_NEW(arena, struct sl_phys_calc);
    size_t count = group->nodes[i]->schema->count;

    calc->exprs = SL_NEW_ARRAY(arena, struct sl_expr *, count + 1);
    for (size_t k = 0; k < count; k++)
        calc->exprs[k] = sl_expr_copy(arena, share_expr(group, i, from->exprs[k]), map);
    if (from->filter && !one_filter)
        calc->filter = sl_expr_copy(arena, share_expr(group, i, from->filter), map);
    return calc;
}

/* `node`, with everything that reads it, reads the shared scan now. */
static void
share_make_reader(const struct share_group *group, struct sl_phys_node *node,
                  struct sl_phys_calc *calc)
{
    node->kind = SL_OP_CALC;
    node->detail = calc;
    if (group->lowering->settings.runtime_error != SL_ON_ERROR_DEAD_LETTER)
        node->error.sink = NULL; /* was for records that make no row */
    node->inputs = SL_NEW(group->lowering->arena, struct sl_phys_input);
    node->inputs[0].node = group->first;
    node->input_count = 1;
}

/* The node of the first scan becomes a reader, too: the shared scan is a new one before it. */
static void
share_build(struct share_group *group)
{
    struct sl_arena *arena = group->lowering->arena;
    bool one_filter = share_has_one_filter(group);
    const struct sl_phys_scan *old = group->nodes[0]->detail;
    struct sl_phys_calc **calcs = SL_NEW_ARRAY(arena, struct sl_phys_calc *, group->count);
    struct sl_schema *schema;
    uint32_t *map;

    group->scan->filter = one_filter ? share_expr(group, 0, old->filter) : NULL;
    group->scan->time = share_expr(group, 0, old->time);
    group->scan->watermark = share_expr(group, 0, old->watermark);
    map = share_choose_output(group, one_filter, &schema);
    for (size_t i = 0; i < group->count; i++)
        calcs[i] = share_reader(group, i, map, one_filter);
    *group->first = *group->nodes[0];
    group->first->schema = schema;
    group->first->detail = group->scan;
    group->first->upsert_key_count = 0;
    for (size_t i = 0; i < group->count; i++)
        share_make_reader(group, group->nodes[i], calcs[i]);
}

/* --- the plan --- */

static bool
share_may(const struct sl_lowering *lowering)
{
    if (lowering->settings.batch_mode)
        return false;
    for (size_t i = 0; i < lowering->node_count; i++)
        if (lowering->nodes[i]->kind == SL_OP_LIMIT)
            return false;
    return true;
}

/* All scans of the same source as node `index`, from there on. */
static void
share_find(struct sl_lowering *lowering, size_t index, struct share_group *ret_group)
{
    struct share_group group = {.lowering = lowering};

    group.nodes = SL_NEW_ARRAY(lowering->arena, struct sl_phys_node *, lowering->node_count);
    for (size_t i = index; i < lowering->node_count; i++)
        if (lowering->nodes[i]->kind == SL_OP_SCAN &&
            share_same_source(lowering->nodes[index], lowering->nodes[i]))
            group.nodes[group.count++] = lowering->nodes[i];
    *ret_group = group;
}

static void
share_insert(struct sl_lowering *lowering, size_t index, struct sl_phys_node *node)
{
    struct sl_phys_node **nodes =
        SL_NEW_ARRAY(lowering->arena, struct sl_phys_node *, lowering->node_count + 1);

    memcpy(nodes, lowering->nodes, index * sizeof(*nodes));
    nodes[index] = node;
    memcpy(nodes + index + 1, lowering->nodes + index,
           (lowering->node_count - index) * sizeof(*nodes));
    lowering->nodes = nodes;
    lowering->node_capacity = ++lowering->node_count;
    for (uint32_t i = 0; i < lowering->node_count; i++)
        nodes[i]->id = i;
}

void
sl_lower_share_scans(struct sl_lowering *lowering)
{
    if (!share_may(lowering))
        return;
    for (size_t i = 0; i < lowering->node_count; i++) {
        struct share_group group;

        if (lowering->nodes[i]->kind != SL_OP_SCAN)
            continue;
        share_find(lowering, i, &group);
        if (group.count < 2)
            continue;
        group.maps = SL_NEW_ARRAY(lowering->arena, uint32_t *, group.count);
        group.scan = SL_NEW(lowering->arena, struct sl_phys_scan);
        *group.scan = *share_scan(group.nodes[0]);
        group.first = SL_NEW(lowering->arena, struct sl_phys_node);
        share_unite_rows(&group);
        share_build(&group);
        share_insert(lowering, i, group.first);
    }
}
