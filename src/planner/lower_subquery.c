/* Subqueries: the joins of their rows, or of their one row, with those of the query around them;
 * and UNNEST. */
#include "planner/lower.h"

static int
subquery_lower_inputs(struct sl_lowering *lowering, struct sl_log_node *node,
                      struct sl_phys_node **inputs, struct sl_error *err)
{
    for (size_t i = 0; i < 2; i++) {
        SL_TRY(sl_lower(lowering, node->inputs[i], &inputs[i], err));
        if (lowering->bounded_operators)
            SL_TRY(sl_lower_refuse_updating(inputs[i], node, "a subquery", err));
    }
    return SL_OK;
}

static int64_t
subquery_ttl_us(const struct sl_lowering *lowering, const struct sl_log_node *node)
{
    if (lowering->bounded_operators)
        return 0;
    return node->has_ttl ? node->ttl_us : lowering->state_ttl_us;
}

static bool
subquery_within_key(const struct sl_phys_node *input, uint32_t column)
{
    for (size_t i = 0; i < input->upsert_key_count; i++)
        if (input->upsert_key[i] == column)
            return true;
    return false;
}

/* The input's columns with those expressions behind them that are none of them. */
static struct sl_phys_node *
subquery_add_columns(struct sl_lowering *lowering, struct sl_phys_node *input,
                     struct sl_expr *const *keys, size_t key_count, uint32_t *ret_keys)
{
    struct sl_arena *arena = lowering->arena;
    size_t count = input->schema->count;
    struct sl_schema *schema = sl_schema_new(arena, count + key_count);
    struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, count + key_count);

    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = sl_log_column(arena, input->schema, i);
        schema->columns[i] = input->schema->columns[i];
    }
    schema->count = count;
    for (size_t i = 0; i < key_count; i++) {
        struct sl_expr *key = keys[i];

        if (key->kind == SL_EXPR_COLUMN) {
            ret_keys[i] = key->column;
            continue;
        }
        exprs[schema->count] = key;
        schema->columns[schema->count] = (struct sl_schema_column){
            .name = sl_arena_printf(arena, "$k%zu", i), .type = key->type};
        ret_keys[i] = (uint32_t)schema->count++;
    }
    if (schema->count == count)
        return input;
    return sl_lower_calc(lowering, input, NULL, exprs, schema, input->parallelism);
}

static unsigned
subquery_semi_kinds(const struct sl_phys_semi_join *join, unsigned left, unsigned right)
{
    const unsigned updates = 1u << SL_ROW_UPDATE_BEFORE | 1u << SL_ROW_UPDATE_AFTER;
    unsigned kinds = left | SL_KINDS_INSERT;

    if (join->at_end)
        return SL_KINDS_INSERT;
    if (join->kind == SL_SEMI_JOIN_MARK)
        return kinds | updates;
    if ((left & updates) || right != SL_KINDS_INSERT || join->kind == SL_SEMI_JOIN_ANTI)
        kinds |= 1u << SL_ROW_DELETE;
    return kinds;
}

/* The left rows' key stays one where all rows of it go to one subtask. */
static void
subquery_keep_key(struct sl_phys_node *made, const struct sl_phys_node *left, const uint32_t *keys,
                  size_t key_count)
{
    for (size_t i = 0; i < key_count && made->parallelism > 1; i++)
        if (!subquery_within_key(left, keys[i]))
            return;
    made->upsert_key = left->upsert_key;
    made->upsert_key_count = left->upsert_key_count;
}

int
sl_lower_semi_join(struct sl_lowering *lowering, struct sl_log_node *node,
                   struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_semi_join *detail = SL_NEW(lowering->arena, struct sl_phys_semi_join);
    const struct sl_log_semi_join *from = &node->semi_join;
    struct sl_phys_node *inputs[2], *made;

    SL_TRY(subquery_lower_inputs(lowering, node, inputs, err));
    detail->kind = from->kind;
    detail->key_count = from->key_count;
    detail->left_keys = SL_NEW_ARRAY(lowering->arena, uint32_t, from->key_count);
    detail->right_keys = SL_NEW_ARRAY(lowering->arena, uint32_t, from->key_count);
    for (uint32_t i = 0; i < from->key_count; i++)
        detail->right_keys[i] = i;
    detail->at_end = lowering->bounded_operators;
    detail->ttl_us = subquery_ttl_us(lowering, node);
    inputs[0] =
        subquery_add_columns(lowering, inputs[0], from->keys, from->key_count, detail->left_keys);
    made = sl_lower_add(lowering, SL_OP_SEMI_JOIN, sl_lower_parallelism(lowering, node),
                        node->schema, detail);
    made->kinds = subquery_semi_kinds(detail, inputs[0]->kinds, inputs[1]->kinds);
    subquery_keep_key(made, inputs[0], detail->left_keys, from->key_count);
    sl_lower_connect_keyed(lowering, made, inputs[0], detail->left_keys, from->key_count);
    sl_lower_connect_keyed(lowering, made, inputs[1], detail->right_keys, from->key_count);
    *ret_node = made;
    return SL_OK;
}

int
sl_lower_single_join(struct sl_lowering *lowering, struct sl_log_node *node,
                     struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_single_join *detail = SL_NEW(lowering->arena, struct sl_phys_single_join);
    const struct sl_log_single_join *from = &node->single_join;
    struct sl_phys_node *inputs[2], *made;

    SL_TRY(subquery_lower_inputs(lowering, node, inputs, err));
    detail->condition = from->condition;
    detail->shown = from->shown;
    detail->shown_count = from->shown_count;
    detail->at_end = lowering->bounded_operators;
    detail->ttl_us = subquery_ttl_us(lowering, node);
    made = sl_lower_add(lowering, SL_OP_SINGLE_JOIN, 1, node->schema, detail);
    if (!detail->at_end) {
        made->kinds = inputs[0]->kinds | SL_KINDS_INSERT;
        if (from->condition)
            made->kinds |= 1u << SL_ROW_DELETE;
        if (from->shown_count)
            made->kinds |= 1u << SL_ROW_UPDATE_BEFORE | 1u << SL_ROW_UPDATE_AFTER;
    }
    made->upsert_key = inputs[0]->upsert_key;
    made->upsert_key_count = inputs[0]->upsert_key_count;
    for (size_t i = 0; i < 2; i++)
        sl_lower_connect(lowering, made, inputs[i]);
    *ret_node = made;
    return SL_OK;
}

int
sl_lower_unnest(struct sl_lowering *lowering, struct sl_log_node *node,
                struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_unnest *detail = SL_NEW(lowering->arena, struct sl_phys_unnest);
    const struct sl_log_unnest *from = &node->unnest;
    struct sl_phys_node *input;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    detail->args = SL_NEW_ARRAY(lowering->arena, uint32_t, from->arg_count);
    detail->arg_count = from->arg_count;
    detail->kept = from->kept;
    detail->kept_count = from->kept_count;
    detail->is_series = from->is_series;
    detail->is_row = from->is_row;
    detail->is_outer = from->is_outer;
    detail->has_ordinality = from->has_ordinality;
    input = subquery_add_columns(lowering, input, from->args, from->arg_count, detail->args);
    *ret_node = sl_lower_add(lowering, SL_OP_UNNEST, input->parallelism, node->schema, detail);
    sl_lower_connect(lowering, *ret_node, input);
    (*ret_node)->kinds = input->kinds;
    return SL_OK;
}
