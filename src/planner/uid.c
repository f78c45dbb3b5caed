/* A node's uid: its operator and a hash of its role and of what it reads.  Projections and filters
 * count as part of what they feed, so that a rule which moves them orphans no state, and so does
 * the local phase of an aggregation: the global one has the state that one phase has.  Two nodes
 * with the same role over the same input are told apart by a number. */
#include "planner/lower.h"

#include "base/hash.h"

/* The uids of the inputs, looking through CALC. */
static void
uid_add_inputs(const struct sl_phys_node *node, struct sl_buffer *role)
{
    for (size_t i = 0; i < node->input_count; i++) {
        const struct sl_phys_node *input = sl_phys_local_phase(node)->inputs[i].node;

        while (input->kind == SL_OP_CALC)
            input = input->inputs[0].node;
        sl_buffer_printf(role, "<%s>", input->uid);
    }
}

static void
uid_add_columns(const struct sl_schema *schema, const uint32_t *columns, size_t count,
                struct sl_buffer *role)
{
    for (size_t i = 0; i < count; i++)
        sl_buffer_printf(role, "|%s", schema->columns[columns[i]].name);
}

static void
uid_add_groups(const struct sl_schema *input, const uint32_t *keys, size_t key_count,
               struct sl_aggregate *const *aggregates, size_t aggregate_count,
               struct sl_buffer *role)
{
    uid_add_columns(input, keys, key_count, role);
    for (size_t i = 0; i < aggregate_count; i++) {
        sl_buffer_add_byte(role, '|');
        sl_aggregate_format(aggregates[i], input, role);
    }
}

static void
uid_add_window_aggregate(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_node *rows = sl_phys_local_phase(node);
    const struct sl_phys_window_aggregate *detail = rows->detail;
    const struct sl_schema *input = rows->inputs[0].node->schema;

    sl_buffer_printf(role, "|%d %lld %lld %lld|%s", (int)detail->window.kind,
                     (long long)detail->window.size_us, (long long)detail->window.slide_us,
                     (long long)detail->window.offset_us, input->columns[detail->time_column].name);
    if (detail->is_attached)
        sl_buffer_add_string(role, "|attached");
    uid_add_groups(input, detail->keys, detail->key_count, detail->aggregates,
                   detail->aggregate_count, role);
}

static void
uid_add_session_table(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_session_table *detail = node->detail;
    const struct sl_schema *input = node->inputs[0].node->schema;

    sl_buffer_printf(role, "|%lld|%s", (long long)detail->window.size_us,
                     input->columns[detail->time_column].name);
    uid_add_columns(input, detail->keys, detail->key_count, role);
    for (size_t i = 0; i < input->count; i++) /* its rows are what it keeps */
        sl_buffer_printf(role, "|%s", input->columns[i].name);
}

static void
uid_add_trigger_aggregate(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_trigger_aggregate *detail = node->detail;
    const struct sl_trigger *trigger = &detail->trigger;

    sl_buffer_printf(role, "|%d %lld %d %lld %d", (int)trigger->kind, (long long)trigger->every,
                     (int)trigger->evictor, (long long)trigger->keeps, (int)trigger->purges);
    uid_add_groups(node->inputs[0].node->schema, detail->keys, detail->key_count,
                   detail->aggregates, detail->aggregate_count, role);
}

static void
uid_add_group_aggregate(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_node *rows = sl_phys_local_phase(node);
    const struct sl_phys_group_aggregate *detail = rows->detail;

    uid_add_groups(rows->inputs[0].node->schema, detail->keys, detail->key_count,
                   detail->aggregates, detail->aggregate_count, role);
}

/* State holds the columns of pairs, in their order, by bucket of time. */
static void
uid_add_interval_join(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_interval_join *detail = node->detail;
    const struct sl_schema *left = node->inputs[0].node->schema;
    const struct sl_schema *right = node->inputs[1].node->schema;

    sl_buffer_printf(role, "|%s %d %lld %lld %lld|%s %s", sl_join_kind_name(detail->join),
                     detail->processing_time, (long long)detail->lower_us,
                     (long long)detail->upper_us, (long long)detail->bucket_us,
                     left->columns[detail->left_time].name,
                     right->columns[detail->right_time].name);
    uid_add_columns(left, detail->left_keys, detail->key_count, role);
    uid_add_columns(right, detail->right_keys, detail->key_count, role);
    for (size_t i = 0; i < detail->column_count; i++) {
        uint32_t column = detail->columns[i];
        const struct sl_schema_column *found =
            column < left->count ? &left->columns[column] : &right->columns[column - left->count];

        sl_buffer_printf(role, "|%s ", found->name);
        sl_type_format(found->type, role);
    }
    if (detail->condition)
        sl_expr_format(detail->condition, NULL, role);
}

static void
uid_add_schema(const struct sl_schema *schema, struct sl_buffer *role)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        sl_buffer_printf(role, "|%s ", schema->columns[i].name);
        sl_type_format(schema->columns[i].type, role);
    }
}

/* Its state holds the columns of the rows that pass. */
static void
uid_add_normalize(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_changelog_normalize *detail = node->detail;
    const struct sl_schema *input = node->inputs[0].node->schema;

    uid_add_columns(input, detail->keys, detail->key_count, role);
    uid_add_schema(input, role);
    sl_buffer_add_byte(role, '|');
    if (detail->filter)
        sl_expr_format(detail->filter, input, role);
}

static void
uid_add_materialize(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_upsert_materialize *detail = node->detail;

    uid_add_columns(node->schema, detail->keys, detail->key_count, role);
    sl_buffer_add_string(role, "|by");
    uid_add_columns(node->schema, detail->identity, detail->identity_count, role);
    uid_add_schema(node->schema, role);
}

/* Its state holds rows of the input that wait, and arguments. */
static void
uid_add_over(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_over *over = &((const struct sl_phys_over *)node->detail)->over;
    const struct sl_schema *input = node->inputs[0].node->schema;
    const struct sl_frame *frame = &over->frame;

    sl_buffer_printf(role, "|%d %d %lld", frame->is_rows, (int)frame->start.kind,
                     (long long)frame->start.offset);
    uid_add_groups(input, over->partition, over->partition_count, over->aggregates,
                   over->aggregate_count, role);
    for (size_t i = 0; i < over->call_count; i++)
        if (over->calls[i].function == SL_OVER_LAG)
            sl_buffer_printf(role, "|%u %lld", over->calls[i].column,
                             (long long)over->calls[i].number);
    for (size_t i = 0; i < over->order_count; i++)
        sl_buffer_printf(role, "|%s", input->columns[over->order[i].column].name);
    uid_add_schema(input, role);
}

/* State holds the left rows by their keys. */
static void
uid_add_semi_join(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_semi_join *detail = node->detail;

    sl_buffer_printf(role, "|%s", sl_semi_join_kind_name(detail->kind));
    uid_add_columns(node->inputs[0].node->schema, detail->left_keys, detail->key_count, role);
    uid_add_columns(node->inputs[1].node->schema, detail->right_keys, detail->key_count, role);
    uid_add_schema(node->schema, role);
}

/* Both sides' rows. */
static void
uid_add_single_join(const struct sl_phys_node *node, struct sl_buffer *role)
{
    uid_add_schema(node->inputs[0].node->schema, role);
    sl_buffer_add_string(role, "|by");
    uid_add_schema(node->inputs[1].node->schema, role);
}

static void
uid_add_rank(const struct sl_phys_node *node, const struct sl_rank *rank, struct sl_buffer *role)
{
    const struct sl_schema *input = node->inputs[0].node->schema;

    sl_buffer_printf(role, "|%s %lld %lld", sl_over_function_name(rank->function),
                     (long long)rank->end, rank->has_end_column ? (long long)rank->end_column : -1);
    uid_add_columns(input, rank->partition, rank->partition_count, role);
    for (size_t i = 0; i < rank->order_count; i++)
        sl_buffer_printf(role, "|%u %d %d", rank->order[i].column, rank->order[i].descending,
                         rank->order[i].nulls_first);
    uid_add_schema(input, role); /* its rows are what it keeps */
}

static void
uid_add_top_n(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_top_n *detail = node->detail;

    sl_buffer_printf(role, "|%d", detail->retracts);
    uid_add_columns(node->inputs[0].node->schema, detail->identity, detail->identity_count, role);
}

/* What it keeps of a row depends on whether anybody wants it back. */
static void
uid_add_deduplicate(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_deduplicate *detail = node->detail;

    uid_add_columns(node->schema, detail->keys, detail->key_count, role);
    sl_buffer_printf(role, "|by %s %d%d", node->schema->columns[detail->time_column].name,
                     detail->keeps_last, detail->emits_before);
    uid_add_schema(node->schema, role);
}

static void
uid_add_temporal_sort(const struct sl_phys_node *node, struct sl_buffer *role)
{
    const struct sl_phys_temporal_sort *detail = node->detail;

    for (size_t i = 0; i < detail->key_count; i++)
        sl_buffer_printf(role, "|%u %d %d", detail->keys[i].column, detail->keys[i].descending,
                         detail->keys[i].nulls_first);
    uid_add_schema(node->schema, role);
}

static void
uid_add_role(const struct sl_phys_node *node, struct sl_buffer *role)
{
    sl_buffer_add_string(role, sl_op_kind_name(node->kind));
    switch (node->kind) {
    case SL_OP_SCAN:
        sl_buffer_printf(role, "|%llu",
                         (unsigned long long)((struct sl_phys_scan *)node->detail)->table_id);
        break;
    case SL_OP_SINK:
        sl_buffer_printf(role, "|%llu",
                         (unsigned long long)((struct sl_phys_sink *)node->detail)->table_id);
        break;
    case SL_OP_EXPAND:
        for (size_t i = 0; i < ((struct sl_phys_expand *)node->detail)->set_count; i++)
            sl_buffer_printf(role, "|%u", ((struct sl_phys_expand *)node->detail)->kept[i]);
        break;
    case SL_OP_GROUP_AGGREGATE:
    case SL_OP_LOCAL_GROUP_AGGREGATE:
        uid_add_group_aggregate(node, role);
        break;
    case SL_OP_CHANGELOG_NORMALIZE:
        uid_add_normalize(node, role);
        break;
    case SL_OP_TOP_N:
        uid_add_top_n(node, role);
        uid_add_rank(node, &((struct sl_phys_top_n *)node->detail)->rank, role);
        break;
    case SL_OP_WINDOW_RANK:
        uid_add_rank(node, &((struct sl_phys_window_rank *)node->detail)->rank, role);
        break;
    case SL_OP_DEDUPLICATE:
        uid_add_deduplicate(node, role);
        break;
    case SL_OP_TEMPORAL_SORT:
        uid_add_temporal_sort(node, role);
        break;
    case SL_OP_UPSERT_MATERIALIZE:
        uid_add_materialize(node, role);
        break;
    case SL_OP_INTERVAL_JOIN:
        uid_add_interval_join(node, role);
        break;
    case SL_OP_SEMI_JOIN:
        uid_add_semi_join(node, role);
        break;
    case SL_OP_SINGLE_JOIN:
        uid_add_single_join(node, role);
        break;
    case SL_OP_TRIGGER_AGGREGATE:
        uid_add_trigger_aggregate(node, role);
        break;
    case SL_OP_OVER:
    case SL_OP_UPDATING_OVER:
        uid_add_over(node, role);
        break;
    case SL_OP_SESSION_TABLE:
        uid_add_session_table(node, role);
        break;
    case SL_OP_SESSION_AGGREGATE:
    case SL_OP_WINDOW_AGGREGATE:
    case SL_OP_WINDOW_EMIT: /* begins as one; its state is the same whenever results come */
    case SL_OP_LOCAL_WINDOW_AGGREGATE:
        uid_add_window_aggregate(node, role);
        break;
    default:
        break;
    }
}

static bool
uid_is_taken(const struct sl_phys_plan *plan, size_t before, const char *uid)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(plan->nodes[i]->uid, uid) == 0)
            return true;
    return false;
}

void
sl_lower_uids(struct sl_arena *arena, struct sl_phys_plan *plan)
{
    static const char *const stems[SL_OP_COUNT] = {
#define OPERATOR(kind, stem, name) [SL_OP_##kind] = #stem,
#include "plan/operators.def"
#undef OPERATOR
    };
    struct sl_buffer role;

    sl_buffer_init(&role, SIZE_MAX);
    for (size_t i = 0; i < plan->node_count; i++) {
        struct sl_phys_node *node = plan->nodes[i];
        const char *uid;

        sl_buffer_reset(&role);
        uid_add_role(node, &role);
        uid_add_inputs(node, &role);
        uid = sl_arena_printf(arena, "%s-%016llx", stems[node->kind],
                              (unsigned long long)sl_hash_bytes(role.data, role.length));
        node->uid = uid;
        for (int number = 2; uid_is_taken(plan, i, node->uid); number++)
            node->uid = sl_arena_printf(arena, "%s-%d", uid, number);
    }
    sl_buffer_done(&role);
}
