/* The keys of GROUP BY, and its grouping sets: as in SQL, the items of the list are multiplied with
 * each other, each of them being one set or several.
 *
 *     GROUP BY a, ROLLUP (b, (c, d))      {a, b, c, d}, {a, b}, {a}
 */
#include "planner/bind.h"

enum { GROUP_SETS_MAX = 4096, GROUP_SETS_KEYS_MAX = 20 };

/* Sets as masks of keys. */
struct group_sets {
    uint32_t *masks;
    size_t count;
};

struct group_binding {
    struct sl_clause *clause;
    const struct sl_ast_select *select;
    struct sl_group_keys *keys;
    size_t capacity;
    bool has_sets; /* GROUPING SETS, CUBE or ROLLUP */
};

/* An output name that GROUP BY may use when no input column has it. */
static const struct sl_ast_select_item *
group_alias(const struct sl_ast_select *select, const struct sl_ast_expr *ast)
{
    if (ast->ast.kind != SL_AST_EXPR_COLUMN || ast->column.count != 1)
        return NULL;
    for (size_t i = 0; i < select->item_count; i++)
        if (select->items[i].alias.text.start &&
            sl_text_equal_nocase(select->items[i].alias.text, ast->column.parts[0].text))
            return &select->items[i];
    return NULL;
}

static int
group_key(struct sl_clause *binding, const struct sl_ast_select *select,
          const struct sl_ast_expr *ast, struct sl_expr **ret_key, struct sl_error *err)
{
    const struct sl_ast_select_item *alias = group_alias(select, ast);
    int ordinal;

    SL_TRY(sl_binder_ordinal(binding->binder, ast, "GROUP BY", select->item_count, &ordinal, err));
    if (ordinal >= 0)
        ast = select->items[ordinal].expr;
    else if (alias && sl_scope_find_column(binding->scope, ast->column.parts[0].text) == -1)
        ast = alias->expr;
    SL_TRY(sl_binder_expr(binding, ast, ret_key, err));
    sl_parameters_end(binding->binder, ret_key, 1);
    return SL_OK;
}

static int
group_too_many(const struct group_binding *binding, int offset, const char *what, size_t max,
               struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "more than %zu %s are not supported", max, what);
    return sl_error_at(err, sl_binder_offset(binding->clause->binder, offset));
}

/* Returns its bit. */
static uint32_t
group_add_expr(struct group_binding *binding, struct sl_expr *key)
{
    struct sl_group_keys *keys = binding->keys;
    size_t i = 0;

    while (i < keys->count && !sl_expr_equal(keys->exprs[i], key))
        i++;
    if (i == binding->capacity) {
        struct sl_expr **exprs =
            SL_NEW_ARRAY(binding->clause->binder->arena, struct sl_expr *, 2 * i + 8);

        if (i)
            memcpy(exprs, keys->exprs, i * sizeof(*exprs));
        keys->exprs = exprs;
        binding->capacity = 2 * i + 8;
    }
    if (i == keys->count)
        keys->exprs[keys->count++] = key;
    return i < 32 ? UINT32_C(1) << i : 0; /* many keys have no sets */
}

/* A key; a group window is three.  *ret_mask are its bits. */
static int
group_add_key(struct group_binding *binding, const struct sl_ast_expr *ast, uint32_t *ret_mask,
              struct sl_error *err)
{
    const struct sl_binder *binder = binding->clause->binder;
    struct sl_expr *keys[3];
    size_t count = 1;

    if (sl_is_group_window(ast) && binder->group_window)
        SL_TRY(sl_binder_group_window_keys(binding->clause, ast, keys, &count, err));
    else
        SL_TRY(group_key(binding->clause, binding->select, ast, &keys[0], err));
    *ret_mask = 0;
    for (size_t i = 0; i < count; i++)
        *ret_mask |= group_add_expr(binding, sl_group_window_replace(binder, keys[i]));
    return SL_OK;
}

/* (a, b) is two keys. */
static int
group_add_keys(struct group_binding *binding, const struct sl_ast_expr *ast, uint32_t *ret_mask,
               struct sl_error *err)
{
    uint32_t mask;

    if (ast->ast.kind != SL_AST_EXPR_ROW)
        return group_add_key(binding, ast, ret_mask, err);
    *ret_mask = 0;
    for (size_t i = 0; i < ast->items.count; i++) {
        SL_TRY(group_add_key(binding, ast->items.items[i], &mask, err));
        *ret_mask |= mask;
    }
    return SL_OK;
}

static int
group_new_sets(struct group_binding *binding, int offset, size_t count, struct group_sets *ret_sets,
               struct sl_error *err)
{
    if (count > GROUP_SETS_MAX)
        return group_too_many(binding, offset, "grouping sets", GROUP_SETS_MAX, err);
    ret_sets->masks = SL_NEW_ARRAY(binding->clause->binder->arena, uint32_t, count + 1);
    ret_sets->count = count;
    return SL_OK;
}

/* CUBE and ROLLUP over elements, each a key or several: subsets, or beginnings, the full one first.
 */
static int
group_element_sets(struct group_binding *binding, const struct sl_ast_group *group,
                   struct group_sets *ret_sets, struct sl_error *err)
{
    size_t count = group->children.count;
    uint32_t *masks = SL_NEW_ARRAY(binding->clause->binder->arena, uint32_t, count + 1);
    bool is_cube = group->kind == SL_AST_GROUP_CUBE;

    if (count > 12 && is_cube)
        return group_too_many(binding, group->offset, "elements of CUBE", 12, err);
    for (size_t i = 0; i < count; i++) {
        const struct sl_ast_group *child = group->children.items[i];

        if (child->kind != SL_AST_GROUP_EXPR)
            return sl_binder_refuse(binding->clause->binder, child->offset,
                                    "grouping sets within CUBE and ROLLUP are", err);
        SL_TRY(group_add_keys(binding, child->expr, &masks[i], err));
    }
    SL_TRY(group_new_sets(binding, group->offset, is_cube ? (size_t)1 << count : count + 1,
                          ret_sets, err));
    for (size_t set = 0; set < ret_sets->count; set++) {
        ret_sets->masks[set] = 0;
        for (size_t i = 0; i < count; i++)
            if (is_cube ? !(set >> (count - 1 - i) & 1) : i + set < count)
                ret_sets->masks[set] |= masks[i];
    }
    return SL_OK;
}

static int group_sets_of(struct group_binding *binding, const struct sl_ast_group *group,
                         struct group_sets *ret_sets, struct sl_error *err);

/* GROUPING SETS: those of its children, one after the other. */
static int
group_listed_sets(struct group_binding *binding, const struct sl_ast_group *group,
                  struct group_sets *ret_sets, struct sl_error *err)
{
    struct group_sets *parts =
        SL_NEW_ARRAY(binding->clause->binder->arena, struct group_sets, group->children.count + 1);
    size_t count = 0;

    for (size_t i = 0; i < group->children.count; i++) {
        SL_TRY(group_sets_of(binding, group->children.items[i], &parts[i], err));
        count += parts[i].count;
    }
    SL_TRY(group_new_sets(binding, group->offset, count, ret_sets, err));
    count = 0;
    for (size_t i = 0; i < group->children.count; i++)
        for (size_t set = 0; set < parts[i].count; set++)
            ret_sets->masks[count++] = parts[i].masks[set];
    return SL_OK;
}

static int
group_sets_of(struct group_binding *binding, const struct sl_ast_group *group,
              struct group_sets *ret_sets, struct sl_error *err)
{
    switch (group->kind) {
    case SL_AST_GROUP_EXPR:
        SL_TRY(group_new_sets(binding, group->offset, 1, ret_sets, err));
        return group_add_keys(binding, group->expr, &ret_sets->masks[0], err);
    case SL_AST_GROUP_EMPTY:
        return group_new_sets(binding, group->offset, 1, ret_sets, err);
    case SL_AST_GROUP_SETS:
        binding->has_sets = true;
        return group_listed_sets(binding, group, ret_sets, err);
    case SL_AST_GROUP_CUBE:
    case SL_AST_GROUP_ROLLUP:
        binding->has_sets = true;
        return group_element_sets(binding, group, ret_sets, err);
    }
    SL_UNREACHABLE();
}

static int
group_multiply(struct group_binding *binding, const struct sl_ast_group *group,
               struct group_sets *sets, struct sl_error *err)
{
    struct group_sets with, product = {0};

    SL_TRY(group_sets_of(binding, group, &with, err));
    SL_TRY(group_new_sets(binding, group->offset, sets->count * with.count, &product, err));
    for (size_t i = 0; i < product.count; i++)
        product.masks[i] = sets->masks[i / with.count] | with.masks[i % with.count];
    *sets = product;
    return SL_OK;
}

/* One id a set: which keys are not in it, and before that how many equal sets came before. */
static void
group_finish_sets(struct group_binding *binding, const struct group_sets *sets)
{
    struct sl_group_keys *keys = binding->keys;
    uint32_t all = (UINT32_C(1) << keys->count) - 1;

    keys->kept = sets->masks;
    keys->set_count = sets->count;
    keys->ids = SL_NEW_ARRAY(binding->clause->binder->arena, uint32_t, sets->count);
    for (size_t set = 0; set < sets->count; set++) {
        uint32_t before = 0;

        for (size_t i = 0; i < set; i++)
            before += sets->masks[i] == sets->masks[set];
        keys->ids[set] = before << keys->count | (all & ~sets->masks[set]);
    }
}

int
sl_binder_group_by(struct sl_clause *clause, const struct sl_ast_select *select,
                   struct sl_group_keys *ret_keys, struct sl_error *err)
{
    struct group_binding binding = {.clause = clause, .select = select, .keys = ret_keys};
    struct group_sets sets = {.masks = (uint32_t[]){0}, .count = 1};

    *ret_keys = (struct sl_group_keys){0};
    for (size_t i = 0; i < select->group_by.count; i++)
        SL_TRY(group_multiply(&binding, select->group_by.items[i], &sets, err));
    if (!binding.has_sets)
        return SL_OK;
    if (ret_keys->count > GROUP_SETS_KEYS_MAX)
        return group_too_many(&binding, select->ast.offset, "keys of grouping sets",
                              GROUP_SETS_KEYS_MAX, err);
    if (sets.count == 1 && sets.masks[0] == (UINT32_C(1) << ret_keys->count) - 1)
        return SL_OK; /* one set of all */
    group_finish_sets(&binding, &sets);
    return SL_OK;
}
