/* Which row kinds run along each edge.
 *
 * Lowering says what each operator could emit; here, from the sinks upwards, who needs the old row
 * of an update (-U): a sink that keeps rows by their key does not, whoever takes rows back does.
 * Then, downwards, operators that need not make it do not, and what passes rows on says so.  As
 * Flink's planner infers update kinds. */
#include "planner/lower.h"

/* Does this node need -U from its input, if its own consumers do (`wanted`)? */
static bool
changelog_needs(const struct sl_phys_node *node, bool wanted)
{
    switch (node->kind) {
    case SL_OP_SINK:
        return !((const struct sl_phys_sink *)node->detail)->upsert;
    case SL_OP_CALC: /* of an update only one row may pass */
        return wanted || ((const struct sl_phys_calc *)node->detail)->filter;
    case SL_OP_UNION:
    case SL_OP_EXPAND:
    case SL_OP_WINDOW_TABLE:
        return wanted;
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

void
sl_lower_changelogs(struct sl_lowering *lowering)
{
    bool *wanted = SL_NEW_ARRAY(lowering->arena, bool, lowering->node_count + 1);

    for (size_t i = lowering->node_count; i-- > 0;) {
        const struct sl_phys_node *node = lowering->nodes[i];

        for (size_t k = 0; k < node->input_count; k++)
            wanted[node->inputs[k].node->id] |= changelog_needs(node, wanted[i]);
    }
    for (size_t i = 0; i < lowering->node_count; i++)
        changelog_set_kinds(lowering->nodes[i], wanted[i]);
}
