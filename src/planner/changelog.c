/* Which row kinds run along each edge.
 *
 * Lowering says what each operator could emit; here, from the sinks upwards, who needs the old row
 * of an update (-U): a sink that keeps rows by their key does not, whoever takes rows back does.
 * Then, downwards, operators that need not make it do not, and what passes rows on says so.  A
 * normalisation of upserts that nobody needs goes.  As Flink's planner infers update kinds. */
#include "planner/lower.h"

/* Does this node need -U from its input, if its own consumers do (`wanted`)? */
static bool
changelog_needs(const struct sl_phys_node *node, bool wanted)
{
    switch (node->kind) {
    case SL_OP_SINK: {
        const struct sl_phys_sink *sink = node->detail;

        return (!sink->upsert && !sink->no_before) || sink->before_deletes;
    }
    case SL_OP_CALC: /* of an update only one row may pass */
        return wanted || ((const struct sl_phys_calc *)node->detail)->filter;
    case SL_OP_UNION:
    case SL_OP_EXPAND:
    case SL_OP_WINDOW_TABLE:
        return wanted;
    case SL_OP_CHANGELOG_NORMALIZE:
        return false;
    case SL_OP_CHANGELOG_MERGE:
        return ((const struct sl_phys_changelog_merge *)node->detail)->key_count == 0;
    default:
        return true;
    }
}

static void
changelog_set_kinds(struct sl_phys_node *node, bool wanted)
{
    unsigned kinds = 0;

    switch (node->kind) {
    case SL_OP_GROUP_AGGREGATE:
        ((struct sl_phys_group_aggregate *)node->detail)->emits_before = wanted;
        if (!wanted)
            node->kinds &= ~(1u << SL_ROW_UPDATE_BEFORE);
        break;
    case SL_OP_WINDOW_EMIT:
        ((struct sl_phys_window_emit *)node->detail)->emits_before = wanted;
        if (!wanted)
            node->kinds &= ~(1u << SL_ROW_UPDATE_BEFORE);
        break;
    case SL_OP_CHANGELOG_NORMALIZE:
        ((struct sl_phys_changelog_normalize *)node->detail)->emits_before = wanted;
        if (!wanted)
            node->kinds &= ~(1u << SL_ROW_UPDATE_BEFORE);
        break;
    case SL_OP_TOP_N:
        ((struct sl_phys_top_n *)node->detail)->emits_before = wanted;
        if (!wanted)
            node->kinds &= ~(1u << SL_ROW_UPDATE_BEFORE);
        break;
    case SL_OP_DEDUPLICATE:
        ((struct sl_phys_deduplicate *)node->detail)->emits_before = wanted;
        if (!wanted)
            node->kinds &= ~(1u << SL_ROW_UPDATE_BEFORE);
        break;
    case SL_OP_UPDATING_OVER:
        ((struct sl_phys_over *)node->detail)->emits_before = wanted;
        if (!wanted)
            node->kinds &= ~(1u << SL_ROW_UPDATE_BEFORE);
        break;
    case SL_OP_CALC:
    case SL_OP_UNION:
    case SL_OP_EXPAND:
    case SL_OP_WINDOW_TABLE:
        for (size_t i = 0; i < node->input_count; i++)
            kinds |= node->inputs[i].node->kinds;
        node->kinds = kinds;
        break;
    default:
        break;
    }
}

/* --- normalisations that nobody needs --- */

/* Who keeps rows by the same key takes upserts as they are, unless some of them are left out or
 * come twice. */
static bool
changelog_is_needless(const struct sl_phys_node *node, bool wanted)
{
    return node->kind == SL_OP_CHANGELOG_NORMALIZE && !wanted &&
           !((const struct sl_phys_changelog_normalize *)node->detail)->filter &&
           sl_kinds_lack_before(node->inputs[0].node->kinds);
}

/* The input of a node that reads `gone` is what `gone` reads.  Its own exchange stays; where it had
 * none, rows come as they came to `gone`, or straight where as many subtasks write them. */
static void
changelog_bypass(struct sl_phys_input *input, const struct sl_phys_node *gone)
{
    struct sl_phys_input from = gone->inputs[0];

    from.node->schema = gone->schema; /* the same columns, by the names that are read */
    if (from.node->parallelism == gone->parallelism)
        from.exchange = SL_EXCHANGE_FORWARD;
    if (input->exchange == SL_EXCHANGE_FORWARD) {
        input->exchange = from.exchange;
        input->keys = from.exchange == SL_EXCHANGE_HASH ? from.keys : NULL;
        input->key_count = from.exchange == SL_EXCHANGE_HASH ? from.key_count : 0;
    }
    input->node = from.node;
}

static void
changelog_drop_needless(struct sl_lowering *lowering, bool *wanted)
{
    size_t kept = 0;

    for (size_t i = 0; i < lowering->node_count; i++) {
        struct sl_phys_node *node = lowering->nodes[i];

        for (size_t k = 0; k < node->input_count; k++)
            if (changelog_is_needless(node->inputs[k].node, wanted[node->inputs[k].node->id]))
                changelog_bypass(&node->inputs[k], node->inputs[k].node);
    }
    for (size_t i = 0; i < lowering->node_count; i++) {
        struct sl_phys_node *node = lowering->nodes[i];

        if (changelog_is_needless(node, wanted[i]))
            continue;
        wanted[kept] = wanted[i];
        node->id = (uint32_t)kept;
        lowering->nodes[kept++] = node;
    }
    lowering->node_count = kept;
}

void
sl_lower_changelogs(struct sl_lowering *lowering)
{
    bool *wanted = SL_NEW_ARRAY(lowering->arena, bool, lowering->node_count + 1);

    for (size_t i = lowering->node_count; i-- > 0;) {
        const struct sl_phys_node *node = lowering->nodes[i];

        for (size_t k = 0; k < node->input_count; k++)
            wanted[node->inputs[k].node->id] |= changelog_needs(node, wanted[i]);
    }
    changelog_drop_needless(lowering, wanted);
    for (size_t i = 0; i < lowering->node_count; i++)
        changelog_set_kinds(lowering->nodes[i], wanted[i]);
}
