/* Joins in FROM: the tables of both sides as one scope, ON, USING and NATURAL.
 *
 *     a JOIN b USING (k)     columns: those of a, those of b; `*`: k once, then the others
 *     a FULL JOIN b USING (k)         … and COALESCE(a.k, b.k), which is k
 *
 * Which kinds of joins can be run is found when they are lowered. */
#include "planner/rules.h"

#define JOIN_SIDES 2

struct join_binding {
    struct sl_binder *binder;
    enum sl_join_kind kind;
    int offset;
    struct sl_relation sides[JOIN_SIDES];
    uint32_t left_count;      /* columns of the left side */
    struct sl_log_node *made; /* of both sides; NULL: it is a join that is to be made */
};

/* --- scopes --- */

static const char *
join_side_name(size_t side)
{
    return side ? "right" : "left";
}

static size_t
join_part_count(const struct sl_scope *scope)
{
    return SL_MAX(scope->part_count, (size_t)1);
}

/* The tables of one side, as parts of the join. */
static void
join_add_parts(const struct sl_scope *scope, uint32_t first, struct sl_scope_part *parts)
{
    if (!scope->part_count)
        parts[0] = (struct sl_scope_part){scope->schema_name, scope->name, first,
                                          (uint32_t)scope->columns->count};
    for (size_t i = 0; i < scope->part_count; i++) {
        parts[i] = scope->parts[i];
        parts[i].first += first;
    }
}

static bool
join_is_same_name(const struct sl_scope_part *a, const struct sl_scope_part *b)
{
    if (!a->name || !b->name || !sl_equal_nocase(a->name, b->name))
        return false;
    return !a->schema_name || !b->schema_name || sl_equal_nocase(a->schema_name, b->schema_name);
}

static int
join_check_names(const struct join_binding *join, const struct sl_scope_part *parts, size_t count,
                 struct sl_error *err)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!join_is_same_name(&parts[j], &parts[i]))
                continue;
            SL_ERROR(err, SL_E_DUPLICATE_ALIAS, "table name \"%s\" specified more than once",
                     parts[i].name);
            sl_error_hint(err, "give one of them an alias: %s AS other", parts[i].name);
            return sl_error_at(err, join->offset);
        }
    }
    return SL_OK;
}

/* Columns of a side that need no qualifier, as columns of the join. */
static size_t
join_add_visible(const struct sl_scope *scope, uint32_t first, uint32_t *visible)
{
    if (!scope->part_count) {
        for (uint32_t i = 0; i < scope->columns->count; i++)
            visible[i] = first + i;
        return scope->columns->count;
    }
    for (size_t i = 0; i < scope->visible_count; i++)
        visible[i] = first + scope->visible[i];
    return scope->visible_count;
}

static struct sl_schema *
join_schema(struct sl_arena *arena, enum sl_join_kind kind, const struct sl_schema *left,
            const struct sl_schema *right)
{
    struct sl_schema *schema = sl_schema_new(arena, left->count + right->count);

    for (size_t i = 0; i < schema->count; i++) {
        bool is_left = i < left->count;
        struct sl_schema_column *column = &schema->columns[i];

        *column = is_left ? left->columns[i] : right->columns[i - left->count];
        if (is_left ? sl_join_keeps_right(kind) : sl_join_keeps_left(kind))
            column->type = sl_type_nullable(arena, column->type, true);
    }
    return schema;
}

struct sl_log_node *
sl_log_join(struct sl_arena *arena, enum sl_join_kind kind, struct sl_log_node *left,
            struct sl_log_node *right)
{
    struct sl_log_node *node =
        sl_log_new(arena, SL_LOG_JOIN, join_schema(arena, kind, left->schema, right->schema), NULL);

    node->inputs = SL_NEW_ARRAY(arena, struct sl_log_node *, JOIN_SIDES);
    node->inputs[0] = left;
    node->inputs[1] = right;
    node->input_count = JOIN_SIDES;
    node->join.kind = kind;
    return node;
}

static int
join_build(struct join_binding *join, struct sl_relation *relation, struct sl_error *err)
{
    const struct sl_scope *left = &join->sides[0].scope, *right = &join->sides[1].scope;
    struct sl_arena *arena = join->binder->arena;
    size_t part_count = join_part_count(left) + join_part_count(right);
    struct sl_scope_part *parts = SL_NEW_ARRAY(arena, struct sl_scope_part, part_count);
    uint32_t first = (uint32_t)left->columns->count;
    uint32_t *visible = SL_NEW_ARRAY(arena, uint32_t, first + right->columns->count + 1);
    size_t visible_count;
    struct sl_log_node *node = join->made;

    if (!node)
        node = sl_log_join(arena, join->kind, join->sides[0].node, join->sides[1].node);
    join->left_count = first;
    node->offset = join->offset;
    node->parallelism = join->binder->parallelism;
    join_add_parts(left, 0, parts);
    join_add_parts(right, first, parts + join_part_count(left));
    SL_TRY(join_check_names(join, parts, part_count, err));
    visible_count = join_add_visible(left, 0, visible);
    visible_count += join_add_visible(right, first, visible + visible_count);
    *relation = (struct sl_relation){node,
                                     {.columns = node->schema,
                                      .parts = parts,
                                      .part_count = part_count,
                                      .visible = visible,
                                      .visible_count = visible_count}};
    return SL_OK;
}

/* --- USING --- */

/* The column of USING on one side, as a column of the join. */
static int
join_find_using(const struct join_binding *join, size_t side, const struct sl_ast_identifier *name,
                uint32_t *ret_column, struct sl_error *err)
{
    int column = sl_scope_find_column(&join->sides[side].scope, name->text);

    if (column == -2)
        SL_ERROR(err, SL_E_AMBIGUOUS_COLUMN,
                 "common column name \"%.*s\" appears more than once in the %s table",
                 SL_TEXT_FORMAT(name->text), join_side_name(side));
    else if (column < 0)
        SL_ERROR(err, SL_E_UNDEFINED_COLUMN,
                 "column \"%.*s\" specified in USING clause does not exist in the %s table",
                 SL_TEXT_FORMAT(name->text), join_side_name(side));
    if (column < 0)
        return sl_error_at(err, sl_binder_offset(join->binder, name->offset));
    *ret_column = (uint32_t)column + (side ? join->left_count : 0);
    return SL_OK;
}

/* FULL: what is common is computed, behind the columns of both. */
static int
join_add_coalesced(struct join_binding *join, struct sl_clause *binding, const uint32_t *pairs,
                   size_t count, struct sl_relation *relation, struct sl_error *err)
{
    struct sl_arena *arena = join->binder->arena;
    const struct sl_schema *schema = relation->node->schema;
    struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, schema->count + count);
    const char **names = SL_NEW_ARRAY(arena, const char *, schema->count + count);

    for (uint32_t i = 0; i < schema->count; i++) {
        exprs[i] = sl_log_column(arena, schema, i);
        names[i] = schema->columns[i].name;
    }
    for (size_t i = 0; i < count; i++) {
        struct sl_expr *args[JOIN_SIDES] = {sl_log_column(arena, schema, pairs[2 * i]),
                                            sl_log_column(arena, schema, pairs[2 * i + 1])};

        SL_TRY(sl_binder_function(binding, "COALESCE", args, JOIN_SIDES, join->offset,
                                  &exprs[schema->count + i], err));
        names[schema->count + i] = names[pairs[2 * i]];
    }
    relation->node = sl_log_project(arena, relation->node, exprs, names, schema->count + count);
    relation->scope.columns = relation->node->schema;
    return SL_OK;
}

static bool
join_is_of_using(const uint32_t *pairs, size_t count, uint32_t column)
{
    for (size_t i = 0; i < 2 * count; i++)
        if (pairs[i] == column)
            return true;
    return false;
}

/* The columns of USING come once, before the others. */
static void
join_merge_visible(const struct join_binding *join, const uint32_t *pairs, size_t count,
                   uint32_t first_coalesced, struct sl_scope *scope)
{
    uint32_t *visible = SL_NEW_ARRAY(join->binder->arena, uint32_t, scope->visible_count + count);
    size_t merged = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (join->kind == SL_JOIN_FULL)
            visible[merged++] = first_coalesced + i;
        else
            visible[merged++] = pairs[2 * i + (join->kind == SL_JOIN_RIGHT)];
    }
    for (size_t i = 0; i < scope->visible_count; i++)
        if (!join_is_of_using(pairs, count, scope->visible[i]))
            visible[merged++] = scope->visible[i];
    scope->visible = visible;
    scope->visible_count = merged;
    scope->merged_count = count;
}

static int
join_using(struct join_binding *join, const struct sl_ast_identifier *names, size_t count,
           struct sl_relation *relation, struct sl_error *err)
{
    struct sl_arena *arena = join->binder->arena;
    struct sl_clause binding = {
        .binder = join->binder, .scope = &relation->scope, .clause = "USING"};
    struct sl_log_node *node = relation->node;
    uint32_t *pairs = SL_NEW_ARRAY(arena, uint32_t, 2 * count);
    uint32_t first_coalesced = (uint32_t)node->schema->count;

    for (size_t i = 0; i < count; i++) {
        struct sl_expr *args[JOIN_SIDES], *equal;

        for (size_t side = 0; side < JOIN_SIDES; side++) {
            SL_TRY(join_find_using(join, side, &names[i], &pairs[2 * i + side], err));
            args[side] = sl_log_column(arena, node->schema, pairs[2 * i + side]);
        }
        SL_TRY(sl_binder_function(&binding, "=", args, JOIN_SIDES,
                                  sl_binder_offset(join->binder, names[i].offset), &equal, err));
        node->join.condition = sl_expr_and(arena, node->join.condition, equal);
    }
    if (join->kind == SL_JOIN_FULL)
        SL_TRY(join_add_coalesced(join, &binding, pairs, count, relation, err));
    join_merge_visible(join, pairs, count, first_coalesced, &relation->scope);
    return SL_OK;
}

/* NATURAL: USING the names that both sides have. */
static int
join_natural(struct join_binding *join, struct sl_relation *relation, struct sl_error *err)
{
    const struct sl_scope *left = &join->sides[0].scope;
    struct sl_ast_identifier *names =
        SL_NEW_ARRAY(join->binder->arena, struct sl_ast_identifier, left->columns->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < relation->scope.visible_count; i++) {
        uint32_t column = relation->scope.visible[i];
        struct sl_text name;

        if (column >= left->columns->count)
            break;
        name = sl_text_of(left->columns->columns[column].name);
        if (sl_scope_find_column(&join->sides[1].scope, name) != -1)
            names[count++] = (struct sl_ast_identifier){.text = name, .offset = join->offset};
    }
    return join_using(join, names, count, relation, err);
}

/* --- the joins --- */

static int
join_kind(const struct sl_binder *binder, const struct sl_ast_from_join *ast,
          enum sl_join_kind *ret_kind, struct sl_error *err)
{
    switch (ast->join) {
    case SL_AST_JOIN_INNER:
    case SL_AST_JOIN_CROSS:
        *ret_kind = SL_JOIN_INNER;
        return SL_OK;
    case SL_AST_JOIN_LEFT:
        *ret_kind = SL_JOIN_LEFT;
        return SL_OK;
    case SL_AST_JOIN_RIGHT:
        *ret_kind = SL_JOIN_RIGHT;
        return SL_OK;
    case SL_AST_JOIN_FULL:
        *ret_kind = SL_JOIN_FULL;
        return SL_OK;
    case SL_AST_JOIN_SEMI:
    case SL_AST_JOIN_ANTI:
        break;
    }
    return sl_binder_refuse(
        binder, ast->right->offset,
        ast->join == SL_AST_JOIN_SEMI ? "LEFT SEMI JOIN is" : "LEFT ANTI JOIN is", err);
}

int
sl_binder_join_correlated(struct sl_binder *binder, struct sl_relation *left,
                          const struct sl_ast *ast, bool is_outer, struct sl_error *err)
{
    struct join_binding join = {.binder = binder,
                                .kind = is_outer ? SL_JOIN_LEFT : SL_JOIN_INNER,
                                .offset = sl_binder_offset(binder, ast->offset),
                                .sides = {*left}};

    SL_TRY(sl_binder_unnest(binder, left, ast, is_outer, &join.sides[1], err));
    join.made = join.sides[1].node;
    return join_build(&join, left, err);
}

static bool
join_is_true(const struct sl_ast_expr *ast)
{
    return !ast || (ast->ast.kind == SL_AST_EXPR_LITERAL &&
                    ast->literal.kind == SL_AST_LITERAL_BOOLEAN && ast->literal.boolean);
}

/* JOIN UNNEST(…) ON …: a filter above it; of LEFT only ON TRUE. */
static int
join_correlated(struct sl_binder *binder, const struct sl_ast_from_join *ast,
                struct sl_relation *relation, struct sl_error *err)
{
    struct sl_clause binding = {.binder = binder, .clause = "JOIN … ON"};
    enum sl_join_kind kind = SL_JOIN_INNER;
    struct sl_expr *condition;

    SL_TRY(join_kind(binder, ast, &kind, err));
    if (sl_join_keeps_right(kind) || ast->natural || ast->using_count)
        return sl_binder_refuse(binder, ast->right->offset,
                                sl_join_keeps_right(kind) ? "RIGHT or FULL JOIN with UNNEST is"
                                                          : "UNNEST with USING or NATURAL is",
                                err);
    if (kind == SL_JOIN_LEFT && !join_is_true(ast->on))
        return sl_binder_refuse(binder, ast->on->ast.offset,
                                "LEFT JOIN UNNEST (…) with another condition than TRUE is", err);
    SL_TRY(sl_binder_join_correlated(binder, relation, ast->right, kind == SL_JOIN_LEFT, err));
    if (join_is_true(ast->on))
        return SL_OK;
    binding.scope = &relation->scope;
    SL_TRY(sl_binder_condition(&binding, ast->on, &condition, err));
    relation->node = sl_log_filter(binder->arena, relation->node, condition);
    return SL_OK;
}

int
sl_binder_join(struct sl_binder *binder, const struct sl_ast_from_join *ast,
               struct sl_relation *relation, struct sl_error *err)
{
    struct join_binding join = {.binder = binder,
                                .offset = sl_binder_offset(binder, ast->right->offset)};
    struct sl_clause binding = {.binder = binder, .clause = "JOIN … ON"};

    SL_TRY(sl_binder_from(binder, ast->left, &join.sides[0], err));
    if (sl_is_correlated(ast->right)) {
        *relation = join.sides[0];
        return join_correlated(binder, ast, relation, err);
    }
    SL_TRY(sl_binder_from(binder, ast->right, &join.sides[1], err));
    SL_TRY(join_kind(binder, ast, &join.kind, err));
    SL_TRY(join_build(&join, relation, err));
    if (ast->natural)
        return join_natural(&join, relation, err);
    if (ast->using_count)
        return join_using(&join, ast->using_columns, ast->using_count, relation, err);
    if (!ast->on)
        return SL_OK;
    binding.scope = &relation->scope;
    return sl_binder_condition(&binding, ast->on, &relation->node->join.condition, err);
}

int
sl_binder_join_all(struct sl_binder *binder, struct sl_relation *left,
                   const struct sl_relation *right, int offset, struct sl_error *err)
{
    struct join_binding join = {.binder = binder,
                                .kind = SL_JOIN_INNER,
                                .offset = sl_binder_offset(binder, offset),
                                .sides = {*left, *right}};

    return join_build(&join, left, err);
}

void
sl_binder_join_flatten(struct sl_binder *binder, struct sl_relation *relation)
{
    const struct sl_scope *scope = &relation->scope;
    const struct sl_schema *schema = relation->node->schema;
    struct sl_expr **exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, schema->count + 1);
    const char **names = SL_NEW_ARRAY(binder->arena, const char *, schema->count + 1);

    if (!scope->part_count)
        return;
    for (size_t i = 0; i < scope->visible_count; i++) {
        exprs[i] = sl_log_column(binder->arena, schema, scope->visible[i]);
        names[i] = schema->columns[scope->visible[i]].name;
    }
    relation->node =
        sl_log_project(binder->arena, relation->node, exprs, names, scope->visible_count);
    relation->scope = (struct sl_scope){.columns = relation->node->schema};
}
