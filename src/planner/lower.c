/* One physical operator for each logical node, but: a projection and the filter under it are one
 * CALC, a LIMIT over a SORT is its top-n, and a scan or sink may bring a merge or a projection with
 * it. */
#include "planner/lower.h"

/* --- nodes and exchanges --- */

struct sl_phys_node *
sl_lower_add(struct sl_lowering *lowering, enum sl_op_kind kind, uint32_t parallelism,
             struct sl_schema *schema, void *detail)
{
    struct sl_phys_node *node = SL_NEW(lowering->arena, struct sl_phys_node);

    if (lowering->node_count == lowering->node_capacity) {
        size_t capacity = lowering->node_capacity ? 2 * lowering->node_capacity : 16;
        struct sl_phys_node **nodes =
            SL_NEW_ARRAY(lowering->arena, struct sl_phys_node *, capacity);

        if (lowering->node_count)
            memcpy(nodes, lowering->nodes, lowering->node_count * sizeof(struct sl_phys_node *));
        lowering->nodes = nodes;
        lowering->node_capacity = capacity;
    }
    node->kind = kind;
    node->id = (uint32_t)lowering->node_count;
    node->uid = "";
    node->parallelism = parallelism;
    node->schema = schema;
    node->kinds = SL_KINDS_INSERT;
    node->detail = detail;
    lowering->nodes[lowering->node_count++] = node;
    return node;
}

static struct sl_phys_input *
lower_add_input(struct sl_lowering *lowering, struct sl_phys_node *node, struct sl_phys_node *from)
{
    struct sl_phys_input *inputs =
        SL_NEW_ARRAY(lowering->arena, struct sl_phys_input, node->input_count + 1);

    if (node->input_count)
        memcpy(inputs, node->inputs, node->input_count * sizeof(*inputs));
    node->inputs = inputs;
    inputs[node->input_count].node = from;
    return &inputs[node->input_count++];
}

static void
lower_set_keys(struct sl_lowering *lowering, struct sl_phys_input *input, const uint32_t *keys,
               size_t key_count)
{
    input->exchange = SL_EXCHANGE_HASH;
    input->keys = SL_NEW_ARRAY(lowering->arena, uint32_t, key_count);
    input->key_count = key_count;
    for (uint32_t i = 0; i < key_count; i++)
        input->keys[i] = keys ? keys[i] : i;
}

/* Changes of one row must stay in order, so they go by their key, or by the whole row. */
void
sl_lower_connect(struct sl_lowering *lowering, struct sl_phys_node *node, struct sl_phys_node *from)
{
    struct sl_phys_input *input = lower_add_input(lowering, node, from);

    if (node->parallelism == from->parallelism)
        input->exchange = SL_EXCHANGE_FORWARD;
    else if (node->parallelism == 1)
        input->exchange = SL_EXCHANGE_GLOBAL;
    else if (from->kinds == SL_KINDS_INSERT)
        input->exchange = SL_EXCHANGE_REBALANCE;
    else if (from->upsert_key_count)
        lower_set_keys(lowering, input, from->upsert_key, from->upsert_key_count);
    else
        lower_set_keys(lowering, input, NULL, from->schema->count);
}

void
sl_lower_connect_keyed(struct sl_lowering *lowering, struct sl_phys_node *node,
                       struct sl_phys_node *from, const uint32_t *keys, size_t key_count)
{
    if (node->parallelism == 1)
        sl_lower_connect(lowering, node, from);
    else
        lower_set_keys(lowering, lower_add_input(lowering, node, from), keys, key_count);
}

uint32_t
sl_lower_parallelism(const struct sl_lowering *lowering, const struct sl_log_node *node)
{
    return node->parallelism ? node->parallelism : lowering->parallelism;
}

uint32_t
sl_lower_option_parallelism(const struct sl_log_node *node, const struct sl_option_list *options,
                            const struct sl_option_list *hints, const char *key, uint32_t fallback)
{
    const char *text = sl_option_get(hints, key);
    int64_t value;

    if (!text && node->parallelism)
        return node->parallelism;
    if (!text)
        text = sl_option_get(options, key);
    if (!text)
        return fallback;
    SL_ASSERT(sl_parse_int64(text, &value)); /* the options were checked */
    return (uint32_t)value;
}

/* --- refusals --- */

int
sl_lower_refuse(const struct sl_log_node *node, const char *construct, const char *hint,
                struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s in streaming mode is not supported yet", construct);
    sl_error_hint(err, "%s", hint);
    return sl_error_at(err, node->offset);
}

int
sl_lower_refuse_updating(const struct sl_phys_node *input, const struct sl_log_node *node,
                         const char *construct, struct sl_error *err)
{
    if (input->kinds == SL_KINDS_INSERT)
        return SL_OK;
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "%s over rows that are updated or deleted is not supported yet", construct);
    return sl_error_at(err, node->offset);
}

/* --- calc --- */

/* Where the columns of a key are in the output; false: one is not there. */
static bool
lower_map_key(struct sl_lowering *lowering, const struct sl_phys_node *input,
              struct sl_expr *const *exprs, size_t count, struct sl_phys_node *node)
{
    uint32_t *key = SL_NEW_ARRAY(lowering->arena, uint32_t, input->upsert_key_count);

    for (size_t i = 0; i < input->upsert_key_count; i++) {
        uint32_t column = 0;

        while (column < count && (exprs[column]->kind != SL_EXPR_COLUMN ||
                                  exprs[column]->column != input->upsert_key[i]))
            column++;
        if (column == count)
            return false;
        key[i] = column;
    }
    node->upsert_key = key;
    node->upsert_key_count = input->upsert_key_count;
    return true;
}

struct sl_phys_node *
sl_lower_calc(struct sl_lowering *lowering, struct sl_phys_node *input, struct sl_expr *filter,
              struct sl_expr **exprs, struct sl_schema *schema, uint32_t parallelism)
{
    struct sl_phys_calc *detail = SL_NEW(lowering->arena, struct sl_phys_calc);
    struct sl_phys_node *node;

    detail->filter = filter;
    detail->exprs = exprs;
    node = sl_lower_add(lowering, SL_OP_CALC, parallelism, schema, detail);
    sl_lower_connect(lowering, node, input);
    node->kinds = input->kinds;
    lower_map_key(lowering, input, exprs, schema->count, node);
    return node;
}

struct sl_expr **
sl_lower_identity(struct sl_lowering *lowering, const struct sl_schema *schema)
{
    struct sl_expr **exprs = SL_NEW_ARRAY(lowering->arena, struct sl_expr *, schema->count);

    for (uint32_t i = 0; i < schema->count; i++)
        exprs[i] = sl_log_column(lowering->arena, schema, i);
    return exprs;
}

static int
lower_filter(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node **ret_node,
             struct sl_error *err)
{
    struct sl_phys_node *input;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    *ret_node =
        sl_lower_calc(lowering, input, node->filter, sl_lower_identity(lowering, node->schema),
                      node->schema, node->parallelism ? node->parallelism : input->parallelism);
    return SL_OK;
}

/* A join makes only the columns that are read. */
static int
lower_project_join(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_expr *filter,
                   struct sl_log_node *join, struct sl_phys_node **ret_node, struct sl_error *err)
{
    bool *used = SL_NEW_ARRAY(lowering->arena, bool, join->schema->count + 1);
    uint32_t *map = SL_NEW_ARRAY(lowering->arena, uint32_t, join->schema->count + 1);
    struct sl_expr **exprs = SL_NEW_ARRAY(lowering->arena, struct sl_expr *, node->schema->count);
    struct sl_phys_node *input;

    sl_expr_mark_columns(filter, used);
    for (size_t i = 0; i < node->schema->count; i++)
        sl_expr_mark_columns(node->exprs[i], used);
    SL_TRY(sl_lower_join(lowering, join, used, map, &input, err));
    for (size_t i = 0; i < node->schema->count; i++)
        exprs[i] = sl_expr_copy(lowering->arena, node->exprs[i], map);
    if (filter)
        filter = sl_expr_copy(lowering->arena, filter, map);
    *ret_node = sl_lower_calc(lowering, input, filter, exprs, node->schema,
                              node->parallelism ? node->parallelism : input->parallelism);
    return SL_OK;
}

static int
lower_all_of_join(struct sl_lowering *lowering, struct sl_log_node *node,
                  struct sl_phys_node **ret_node, struct sl_error *err)
{
    uint32_t *map = SL_NEW_ARRAY(lowering->arena, uint32_t, node->schema->count + 1);

    return sl_lower_join(lowering, node, NULL, map, ret_node, err);
}

static int
lower_project(struct sl_lowering *lowering, struct sl_log_node *node,
              struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_log_node *below = node->inputs[0];
    struct sl_expr *filter = NULL;
    struct sl_phys_node *input;

    if (below->kind == SL_LOG_FILTER && below->parallelism == node->parallelism) {
        filter = below->filter;
        below = below->inputs[0];
    }
    if (below->kind == SL_LOG_JOIN)
        return lower_project_join(lowering, node, filter, below, ret_node, err);
    SL_TRY(sl_lower(lowering, below, &input, err));
    *ret_node = sl_lower_calc(lowering, input, filter, node->exprs, node->schema,
                              node->parallelism ? node->parallelism : input->parallelism);
    return SL_OK;
}

/* --- aggregation --- */

int
sl_lower_retracting(const struct sl_phys_node *input, const struct sl_log_node *node,
                    struct sl_error *err)
{
    const struct sl_log_aggregate *aggregate = &node->aggregate;

    for (size_t i = 0; i < aggregate->aggregate_count && input->kinds != SL_KINDS_INSERT; i++)
        SL_TRY(sl_aggregate_set_retracts(aggregate->aggregates[i], err));
    return SL_OK;
}

bool
sl_lower_may_leave_out(const struct sl_lowering *lowering, const struct sl_log_aggregate *from)
{
    bool may = false;

    for (size_t i = 0; i < from->aggregate_count; i++)
        may |= sl_aggregate_may_fail(from->aggregates[i]);
    return may && lowering->settings.runtime_error != SL_ON_ERROR_FAIL &&
           !lowering->settings.overflow_wraps;
}

static int
lower_group_aggregate(struct sl_lowering *lowering, struct sl_log_node *node,
                      struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_group_aggregate *detail =
        SL_NEW(lowering->arena, struct sl_phys_group_aggregate);
    const struct sl_log_aggregate *from = &node->aggregate;
    uint32_t parallelism = from->key_count ? sl_lower_parallelism(lowering, node) : 1;
    struct sl_phys_node *input, *made;
    bool retracts;

    if (sl_lower_is_attached(node))
        return sl_lower_attached_aggregate(lowering, node, ret_node, err);
    if (sl_lower_is_session_group(node))
        SL_TRY(sl_lower_refuse_session_emit(lowering, node, err));
    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    SL_TRY(sl_lower_retracting(input, node, err));
    retracts = input->kinds != SL_KINDS_INSERT;
    sl_lower_session_late(lowering, node, input);
    detail->keys = from->keys;
    detail->key_count = from->key_count;
    detail->aggregates = from->aggregates;
    detail->aggregate_count = from->aggregate_count;
    detail->emits_before = true;
    detail->ttl_us = from->has_ttl ? from->ttl_us : lowering->state_ttl_us;
    sl_lower_group_phases(lowering, detail, &input);
    made = sl_lower_add(lowering, SL_OP_GROUP_AGGREGATE, parallelism, node->schema, detail);
    made->kinds = SL_KINDS_INSERT;
    if (from->aggregate_count)
        made->kinds |= 1u << SL_ROW_UPDATE_BEFORE | 1u << SL_ROW_UPDATE_AFTER;
    if (retracts || sl_lower_may_leave_out(lowering, from))
        made->kinds |= 1u << SL_ROW_DELETE;
    made->upsert_key = SL_NEW_ARRAY(lowering->arena, uint32_t, from->key_count);
    made->upsert_key_count = from->key_count;
    for (uint32_t i = 0; i < from->key_count; i++)
        made->upsert_key[i] = i;
    sl_lower_connect_keyed(lowering, made, input, detail->keys, detail->key_count);
    *ret_node = made;
    return SL_OK;
}

static int
lower_aggregate(struct sl_lowering *lowering, struct sl_log_node *node,
                struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_batch_aggregate *detail =
        SL_NEW(lowering->arena, struct sl_phys_batch_aggregate);
    struct sl_phys_node *input;
    size_t key_count = node->aggregate.key_count;

    if (!lowering->bounded_operators)
        return lower_group_aggregate(lowering, node, ret_node, err);
    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    SL_TRY(sl_lower_refuse_updating(input, node, "GROUP BY", err));
    detail->keys = node->aggregate.keys;
    detail->key_count = key_count;
    detail->aggregates = node->aggregate.aggregates;
    detail->aggregate_count = node->aggregate.aggregate_count;
    *ret_node =
        sl_lower_add(lowering, SL_OP_BATCH_AGGREGATE,
                     key_count ? sl_lower_parallelism(lowering, node) : 1, node->schema, detail);
    sl_lower_connect_keyed(lowering, *ret_node, input, detail->keys, key_count);
    return SL_OK;
}

/* --- the others --- */

static int
lower_values(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node **ret_node)
{
    struct sl_phys_values *detail = SL_NEW(lowering->arena, struct sl_phys_values);

    *detail = node->values;
    *ret_node = sl_lower_add(lowering, SL_OP_VALUES, 1, node->schema, detail);
    return SL_OK;
}

static int
lower_union(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node **ret_node,
            struct sl_error *err)
{
    struct sl_phys_node **inputs =
        SL_NEW_ARRAY(lowering->arena, struct sl_phys_node *, node->input_count);
    uint32_t parallelism = node->parallelism;
    unsigned kinds = 0;

    for (size_t i = 0; i < node->input_count; i++) {
        SL_TRY(sl_lower(lowering, node->inputs[i], &inputs[i], err));
        if (!node->parallelism)
            parallelism = SL_MAX(parallelism, inputs[i]->parallelism);
        kinds |= inputs[i]->kinds;
    }
    *ret_node = sl_lower_add(lowering, SL_OP_UNION, parallelism, node->schema, NULL);
    (*ret_node)->kinds = kinds;
    for (size_t i = 0; i < node->input_count; i++)
        sl_lower_connect(lowering, *ret_node, inputs[i]);
    return SL_OK;
}

/* Where rows come once at most they are their own key. */
static int
lower_replicate(struct sl_lowering *lowering, struct sl_log_node *node,
                struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_node *input, *made;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    made = sl_lower_add(lowering, SL_OP_REPLICATE, input->parallelism, node->schema, NULL);
    sl_lower_connect(lowering, made, input);
    if (input->kinds != SL_KINDS_INSERT)
        made->kinds |= 1u << SL_ROW_DELETE;
    if (node->is_set) {
        made->upsert_key = SL_NEW_ARRAY(lowering->arena, uint32_t, node->schema->count);
        made->upsert_key_count = node->schema->count;
        for (uint32_t i = 0; i < node->schema->count; i++)
            made->upsert_key[i] = i;
    }
    *ret_node = made;
    return SL_OK;
}

/* A top-n of many subtasks: each finds its own first, of which the last one chooses. */
static struct sl_phys_node *
lower_local_sort(struct sl_lowering *lowering, const struct sl_log_node *node,
                 const struct sl_phys_limit *limit, struct sl_phys_node *input)
{
    struct sl_phys_sort *detail = SL_NEW(lowering->arena, struct sl_phys_sort);
    struct sl_phys_node *made;

    if (!limit || limit->limit < 0 || input->parallelism == 1 ||
        limit->offset > INT64_MAX - limit->limit)
        return input;
    detail->keys = node->sort.keys;
    detail->key_count = node->sort.key_count;
    detail->limit = limit->offset + limit->limit;
    made = sl_lower_add(lowering, SL_OP_SORT, input->parallelism, node->schema, detail);
    sl_lower_connect(lowering, made, input);
    return made;
}

static int
lower_sort(struct sl_lowering *lowering, struct sl_log_node *node,
           const struct sl_phys_limit *limit, struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_sort *detail = SL_NEW(lowering->arena, struct sl_phys_sort);
    struct sl_phys_node *input;

    if (!lowering->bounded_operators)
        return sl_lower_stream_sort(lowering, node, limit, ret_node, err);
    SL_TRY(sl_lower_check_order(node, 0, node->sort.key_count, err));
    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    SL_TRY(sl_lower_refuse_updating(input, node, "ORDER BY", err));
    detail->keys = node->sort.keys;
    detail->key_count = node->sort.key_count;
    detail->offset = limit ? limit->offset : 0;
    detail->limit = limit ? limit->limit : -1;
    input = lower_local_sort(lowering, node, limit, input);
    *ret_node = sl_lower_add(lowering, SL_OP_SORT, 1, node->schema, detail);
    sl_lower_connect(lowering, *ret_node, input);
    return SL_OK;
}

static int
lower_limit(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node **ret_node,
            struct sl_error *err)
{
    struct sl_phys_limit *detail = SL_NEW(lowering->arena, struct sl_phys_limit);
    struct sl_phys_node *input;

    if (node->inputs[0]->kind == SL_LOG_SORT) {
        SL_TRY(lower_sort(lowering, node->inputs[0], &node->limit, ret_node, err));
        (*ret_node)->schema = node->schema;
        return SL_OK;
    }
    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    SL_TRY(sl_lower_refuse_updating(input, node, "LIMIT", err));
    *detail = node->limit;
    *ret_node = sl_lower_add(lowering, SL_OP_LIMIT, 1, node->schema, detail);
    sl_lower_connect(lowering, *ret_node, input);
    return SL_OK;
}

static int
lower_expand(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node **ret_node,
             struct sl_error *err)
{
    struct sl_phys_expand *detail = SL_NEW(lowering->arena, struct sl_phys_expand);
    struct sl_phys_node *input;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    *detail = node->expand;
    *ret_node = sl_lower_add(lowering, SL_OP_EXPAND, input->parallelism, node->schema, detail);
    sl_lower_connect(lowering, *ret_node, input);
    (*ret_node)->kinds = input->kinds;
    return SL_OK;
}

static int
lower_change(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node **ret_node,
             struct sl_error *err)
{
    struct sl_phys_change *detail = SL_NEW(lowering->arena, struct sl_phys_change);
    struct sl_phys_node *input;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    *detail = node->change;
    *ret_node = sl_lower_add(lowering, SL_OP_CHANGE, input->parallelism, node->schema, detail);
    sl_lower_connect(lowering, *ret_node, input);
    (*ret_node)->kinds = detail->is_delete ? 1u << SL_ROW_DELETE
                                           : 1u << SL_ROW_UPDATE_BEFORE | 1u << SL_ROW_UPDATE_AFTER;
    return SL_OK;
}

struct sl_phys_node *
sl_lower_collect(struct sl_lowering *lowering, struct sl_phys_node *input, bool row_kinds)
{
    struct sl_phys_collect *detail = SL_NEW(lowering->arena, struct sl_phys_collect);
    struct sl_phys_node *node;

    detail->row_kinds = row_kinds;
    node = sl_lower_add(lowering, SL_OP_COLLECT, 1, sl_schema_new(lowering->arena, 0), detail);
    sl_lower_connect(lowering, node, input);
    return node;
}

int
sl_lower(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node **ret_node,
         struct sl_error *err)
{
    switch (node->kind) {
    case SL_LOG_SCAN:
        return sl_lower_scan(lowering, node, ret_node, err);
    case SL_LOG_VALUES:
        return lower_values(lowering, node, ret_node);
    case SL_LOG_FILTER:
        return lower_filter(lowering, node, ret_node, err);
    case SL_LOG_PROJECT:
        return lower_project(lowering, node, ret_node, err);
    case SL_LOG_AGGREGATE:
        return lower_aggregate(lowering, node, ret_node, err);
    case SL_LOG_WINDOW_TABLE:
        return sl_lower_window_table(lowering, node, ret_node, err);
    case SL_LOG_WINDOW_AGGREGATE:
        return sl_lower_window_aggregate(lowering, node, ret_node, err);
    case SL_LOG_EXPAND:
        return lower_expand(lowering, node, ret_node, err);
    case SL_LOG_COUNT_WINDOW:
        return sl_lower_count_window(node, err);
    case SL_LOG_TRIGGER_AGGREGATE:
        return sl_lower_trigger_aggregate(lowering, node, ret_node, err);
    case SL_LOG_UNION:
        return lower_union(lowering, node, ret_node, err);
    case SL_LOG_REPLICATE:
        return lower_replicate(lowering, node, ret_node, err);
    case SL_LOG_JOIN:
        return lower_all_of_join(lowering, node, ret_node, err);
    case SL_LOG_SEMI_JOIN:
        return sl_lower_semi_join(lowering, node, ret_node, err);
    case SL_LOG_SINGLE_JOIN:
        return sl_lower_single_join(lowering, node, ret_node, err);
    case SL_LOG_OVER:
        return sl_lower_over(lowering, node, ret_node, err);
    case SL_LOG_RANK:
        return sl_lower_rank(lowering, node, ret_node, err);
    case SL_LOG_UNNEST:
        return sl_lower_unnest(lowering, node, ret_node, err);
    case SL_LOG_SORT:
        return lower_sort(lowering, node, NULL, ret_node, err);
    case SL_LOG_LIMIT:
        return lower_limit(lowering, node, ret_node, err);
    case SL_LOG_CHANGE:
        return lower_change(lowering, node, ret_node, err);
    case SL_LOG_SINK:
        return sl_lower_sink(lowering, node, ret_node, err);
    case SL_LOG_KIND_COUNT:
        break;
    }
    SL_UNREACHABLE();
}
