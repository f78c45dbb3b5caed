/* UNION, INTERSECT and EXCEPT, with ALL and without.
 *
 *     a UNION b                  → DISTINCT (a UNION ALL b)
 *     a INTERSECT [ALL] b        → Replicate (
 *     a EXCEPT [ALL] b               SELECT columns, copies FROM (
 *                                      SELECT columns, COUNT(*) FILTER (WHERE "$left") AS l,
 *                                             COUNT(*) FILTER (WHERE NOT "$left") AS r
 *                                      FROM (a, with "$left" TRUE, UNION ALL b, with FALSE)
 *                                      GROUP BY columns))
 *
 * of which `copies` says how often each row comes out: the least of l and r, l - r, or once where
 * both, or only l, are there. */
#include "planner/rules.h"

static const char *
set_name(enum sl_ast_set_op op)
{
    static const char *const names[] = {
        [SL_AST_UNION] = "UNION", [SL_AST_INTERSECT] = "INTERSECT", [SL_AST_EXCEPT] = "EXCEPT"};

    return names[op];
}

/* --- types --- */

static int
set_type(struct sl_binder *binder, enum sl_ast_set_op op, struct sl_log_node **inputs, size_t count,
         size_t column, int offset, const struct sl_type **ret_type, struct sl_error *err)
{
    const struct sl_type **types = SL_NEW_ARRAY(binder->arena, const struct sl_type *, count);
    bool nullable = false;

    for (size_t i = 0; i < count; i++) {
        types[i] = inputs[i]->schema->columns[column].type;
        nullable |= types[i]->nullable || types[i]->kind == SL_TYPE_NULL;
    }
    if (!sl_type_common(binder->arena, types, count, ret_type)) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "%s types %s and %s of column %zu cannot be matched",
                 set_name(op), sl_type_text(binder->arena, types[0]),
                 sl_type_text(binder->arena, types[count - 1]), column + 1);
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    *ret_type = sl_type_nullable(binder->arena, *ret_type, nullable);
    return SL_OK;
}

/* One input with the types that all have in common. */
static int
set_input(struct sl_binder *binder, const struct sl_schema *schema, struct sl_log_node **input,
          struct sl_error *err)
{
    struct sl_expr **exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, schema->count);
    const char **names = SL_NEW_ARRAY(binder->arena, const char *, schema->count);
    bool casts = false;

    for (uint32_t i = 0; i < schema->count; i++) {
        exprs[i] = sl_log_column(binder->arena, (*input)->schema, i);
        names[i] = schema->columns[i].name;
        casts |= !sl_type_equal(exprs[i]->type, schema->columns[i].type);
        if (exprs[i]->type->kind == SL_TYPE_NULL)
            exprs[i] = sl_binder_null(binder->arena, schema->columns[i].type, -1);
        else
            SL_TRY(
                sl_binder_cast_common(binder, exprs[i], schema->columns[i].type, &exprs[i], err));
    }
    if (casts)
        *input = sl_log_project(binder->arena, *input, exprs, names, schema->count);
    return SL_OK;
}

/* Brings the inputs to one schema, which is that of the result. */
static int
set_unify(struct sl_binder *binder, enum sl_ast_set_op op, struct sl_log_node **inputs,
          size_t count, int offset, struct sl_schema **ret_schema, struct sl_error *err)
{
    const struct sl_schema *first = inputs[0]->schema;
    struct sl_schema *schema = sl_schema_copy(binder->arena, first);

    for (size_t i = 1; i < count; i++) {
        if (inputs[i]->schema->count == first->count)
            continue;
        SL_ERROR(err, SL_E_SYNTAX, "each %s query must have the same number of columns",
                 set_name(op));
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    for (size_t j = 0; j < schema->count; j++) {
        SL_TRY(set_type(binder, op, inputs, count, j, offset, &schema->columns[j].type, err));
        for (size_t i = 0; i < count; i++)
            if (inputs[i]->schema->columns[j].time != schema->columns[j].time ||
                !sl_type_equal(inputs[i]->schema->columns[j].type, schema->columns[j].type))
                schema->columns[j].time = SL_TIME_NONE;
    }
    for (size_t i = 0; i < count; i++)
        SL_TRY(set_input(binder, schema, &inputs[i], err));
    *ret_schema = schema;
    return SL_OK;
}

static struct sl_log_node *
set_union_all(struct sl_binder *binder, struct sl_schema *schema, struct sl_log_node **inputs,
              size_t count, int offset)
{
    struct sl_log_node *node = sl_log_new(binder->arena, SL_LOG_UNION, schema, NULL);

    node->inputs = inputs;
    node->input_count = count;
    node->offset = sl_binder_offset(binder, offset);
    return node;
}

/* --- UNION --- */

static size_t
set_union_count(const struct sl_ast *body)
{
    size_t count = 1;

    while (body->kind == SL_AST_SET_OPERATION) {
        const struct sl_ast_set_operation *operation = (const struct sl_ast_set_operation *)body;

        if (operation->op != SL_AST_UNION || !operation->all)
            break;
        count++;
        body = operation->left;
    }
    return count;
}

/* The tree leans to the left; the inputs are bound in the order of the text. */
static int
set_bind_inputs(struct sl_binder *binder, const struct sl_ast_set_operation *operation,
                struct sl_log_node **inputs, size_t count, struct sl_error *err)
{
    static const struct sl_ast_order no_order;
    const struct sl_ast **bodies = SL_NEW_ARRAY(binder->arena, const struct sl_ast *, count);
    const struct sl_ast *at = &operation->ast;

    for (size_t i = count; i > 1; i--) {
        const struct sl_ast_set_operation *part = (const struct sl_ast_set_operation *)at;

        bodies[i - 1] = part->right;
        at = part->left;
    }
    bodies[0] = at;
    for (size_t i = 0; i < count; i++)
        SL_TRY(sl_binder_query_body(binder, bodies[i], &no_order, &inputs[i], err));
    return SL_OK;
}

/* --- INTERSECT and EXCEPT --- */

/* The input with a column behind the others that says on which side it is. */
static struct sl_log_node *
set_tag(struct sl_binder *binder, const struct sl_schema *schema, struct sl_log_node *input,
        bool is_left)
{
    struct sl_arena *arena = binder->arena;
    size_t count = schema->count;
    struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, count + 1);
    const char **names = SL_NEW_ARRAY(arena, const char *, count + 1);
    struct sl_log_node *node;

    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = sl_log_column(arena, input->schema, i);
        names[i] = schema->columns[i].name;
    }
    exprs[count] = sl_binder_boolean(arena, is_left);
    names[count] = "$left";
    node = sl_log_project(arena, input, exprs, names, count + 1);
    for (uint32_t i = 0; i < count; i++) { /* one of many equal rows has no time of its own */
        node->schema->columns[i].time = SL_TIME_NONE;
        node->schema->columns[i].type = schema->columns[i].type;
    }
    return node;
}

static int
set_count_side(struct sl_binder *binder, struct sl_log_node *tagged, bool is_left, int offset,
               struct sl_aggregate **ret_count, struct sl_error *err)
{
    uint32_t side = (uint32_t)tagged->schema->count - 1;
    struct sl_expr *filter = sl_log_column(binder->arena, tagged->schema, side);

    if (!is_left)
        SL_TRY(sl_expr_call(binder->arena, "NOT", &filter, 1, -1, &filter, err));
    return sl_aggregate_bind(binder->arena, "COUNT", NULL, 0, false, filter, offset, ret_count,
                             err);
}

/* Columns, then how often each row is on the left and on the right. */
static int
set_count(struct sl_binder *binder, struct sl_log_node *tagged, int offset,
          struct sl_log_node **ret_node, struct sl_error *err)
{
    size_t count = tagged->schema->count - 1;
    struct sl_schema *schema = sl_schema_new(binder->arena, count + 2);
    struct sl_log_node *node = sl_log_new(binder->arena, SL_LOG_AGGREGATE, schema, tagged);
    struct sl_log_aggregate *aggregate = &node->aggregate;

    node->offset = offset;
    aggregate->is_distinct = true;
    aggregate->keys = SL_NEW_ARRAY(binder->arena, uint32_t, count);
    aggregate->key_count = count;
    aggregate->aggregates = SL_NEW_ARRAY(binder->arena, struct sl_aggregate *, 2);
    aggregate->aggregate_count = 2;
    for (uint32_t i = 0; i < count; i++) {
        schema->columns[i] = tagged->schema->columns[i];
        aggregate->keys[i] = i;
    }
    for (size_t i = 0; i < 2; i++) {
        SL_TRY(set_count_side(binder, tagged, i == 0, offset, &aggregate->aggregates[i], err));
        schema->columns[count + i] = (struct sl_schema_column){
            .name = i ? "$r" : "$l", .type = aggregate->aggregates[i]->type};
    }
    *ret_node = node;
    return SL_OK;
}

static int
set_compare(struct sl_binder *binder, const char *op, struct sl_expr *left, struct sl_expr *right,
            struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_expr *args[2] = {left, right};

    return sl_expr_call(binder->arena, op, args, 2, -1, ret_expr, err);
}

/* CASE WHEN condition THEN yes ELSE no END */
static int
set_choose(struct sl_binder *binder, struct sl_expr *condition, struct sl_expr *yes,
           struct sl_expr *no, struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_expr *args[3] = {condition, yes, no};

    return sl_expr_call(binder->arena, "CASE", args, 3, -1, ret_expr, err);
}

static int
set_copies(struct sl_binder *binder, const struct sl_ast_set_operation *operation,
           const struct sl_schema *counted, struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_arena *arena = binder->arena;
    uint32_t count = (uint32_t)counted->count - 2;
    struct sl_expr *left = sl_log_column(arena, counted, count);
    struct sl_expr *right = sl_log_column(arena, counted, count + 1);
    struct sl_expr *zero = sl_binder_integer(arena, 0, &sl_type_bigint);
    struct sl_expr *one = sl_binder_integer(arena, 1, &sl_type_bigint);
    struct sl_expr *condition, *other;

    if (operation->op == SL_AST_EXCEPT && operation->all)
        return set_compare(binder, "-", left, right, ret_expr, err);
    if (operation->all) {
        SL_TRY(set_compare(binder, "<", left, right, &condition, err));
        return set_choose(binder, condition, left, right, ret_expr, err);
    }
    SL_TRY(set_compare(binder, ">", left, zero, &condition, err));
    SL_TRY(
        set_compare(binder, operation->op == SL_AST_EXCEPT ? "<=" : ">", right, zero, &other, err));
    return set_choose(binder, sl_expr_and(arena, condition, other), one, zero, ret_expr, err);
}

static int
set_counted(struct sl_binder *binder, const struct sl_ast_set_operation *operation,
            const struct sl_schema *schema, struct sl_log_node **inputs,
            struct sl_log_node **ret_node, struct sl_error *err)
{
    struct sl_arena *arena = binder->arena;
    size_t count = schema->count;
    struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, count + 1);
    const char **names = SL_NEW_ARRAY(arena, const char *, count + 1);
    int offset = sl_binder_offset(binder, operation->right->offset);
    struct sl_schema *made = sl_schema_new(arena, count);
    struct sl_log_node *node;

    for (size_t i = 0; i < 2; i++)
        inputs[i] = set_tag(binder, schema, inputs[i], i == 0);
    node = set_union_all(binder, sl_schema_copy(arena, inputs[0]->schema), inputs, 2,
                         operation->right->offset);
    SL_TRY(set_count(binder, node, offset, &node, err));
    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = sl_log_column(arena, node->schema, i);
        names[i] = schema->columns[i].name;
        made->columns[i] = node->schema->columns[i];
    }
    SL_TRY(set_copies(binder, operation, node->schema, &exprs[count], err));
    names[count] = "$copies";
    node = sl_log_project(arena, node, exprs, names, count + 1);
    *ret_node = sl_log_new(arena, SL_LOG_REPLICATE, made, node);
    (*ret_node)->is_set = !operation->all;
    (*ret_node)->offset = offset;
    return SL_OK;
}

int
sl_binder_set_operation(struct sl_binder *binder, const struct sl_ast_set_operation *operation,
                        struct sl_log_node **ret_node, struct sl_error *err)
{
    bool is_union = operation->op == SL_AST_UNION;
    size_t count = is_union && operation->all ? set_union_count(&operation->ast) : 2;
    struct sl_log_node **inputs = SL_NEW_ARRAY(binder->arena, struct sl_log_node *, count);
    int offset = operation->right->offset;
    struct sl_schema *schema;

    SL_TRY(set_bind_inputs(binder, operation, inputs, count, err));
    SL_TRY(set_unify(binder, operation->op, inputs, count, offset, &schema, err));
    if (!is_union)
        return set_counted(binder, operation, schema, inputs, ret_node, err);
    *ret_node = set_union_all(binder, schema, inputs, count, offset);
    if (!operation->all)
        *ret_node = sl_log_distinct(binder->arena, *ret_node, sl_binder_offset(binder, offset));
    return SL_OK;
}
