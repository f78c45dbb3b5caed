/* Deep copies: nothing in the copy refers to the original's arena.  Functions and aggregate classes
 * are static and shared. */
#include "plan/copy.h"

#include "plan/members.h"

char *
sl_plan_copy_string(struct sl_arena *arena, const char *string)
{
    return string ? sl_arena_strdup(arena, string) : NULL;
}

uint32_t *
sl_plan_copy_columns(struct sl_arena *arena, const uint32_t *columns, size_t count)
{
    uint32_t *copy = SL_NEW_ARRAY(arena, uint32_t, count);

    if (count)
        memcpy(copy, columns, count * sizeof(*copy));
    return copy;
}

struct sl_option_list
sl_plan_copy_options(struct sl_arena *arena, const struct sl_option_list *options)
{
    struct sl_option_list copy = {SL_NEW_ARRAY(arena, struct sl_option, options->count),
                                  options->count};

    for (size_t i = 0; i < copy.count; i++) {
        copy.items[i] = options->items[i];
        copy.items[i].key = sl_plan_copy_string(arena, options->items[i].key);
        copy.items[i].value = sl_plan_copy_string(arena, options->items[i].value);
    }
    return copy;
}

struct sl_value
sl_plan_copy_value(struct sl_arena *arena, const struct sl_value *value)
{
    struct sl_value copy = *value;

    copy.type = sl_type_copy(arena, value->type);
    if (value->is_null)
        return copy;
    if (sl_type_is_view(value->type->kind)) {
        copy.text = sl_arena_text(arena, value->text);
    } else if (sl_type_is_nested(value->type->kind)) {
        copy.list.items = SL_NEW_ARRAY(arena, struct sl_value, value->list.count);
        for (size_t i = 0; i < value->list.count; i++) /* items have types of their own */
            copy.list.items[i] = sl_plan_copy_value(arena, &value->list.items[i]);
    }
    return copy;
}

struct sl_expr *
sl_plan_copy_expr(struct sl_arena *arena, const struct sl_expr *expr)
{
    struct sl_expr *copy;

    if (!expr)
        return NULL;
    copy = SL_NEW(arena, struct sl_expr);
    *copy = *expr;
    copy->type = sl_type_copy(arena, expr->type);
    if (expr->kind == SL_EXPR_LITERAL)
        copy->value = sl_plan_copy_value(arena, &expr->value);
    copy->args = SL_NEW_ARRAY(arena, struct sl_expr *, expr->arg_count);
    for (size_t i = 0; i < expr->arg_count; i++)
        copy->args[i] = sl_plan_copy_expr(arena, expr->args[i]);
    return copy;
}

struct sl_aggregate *
sl_plan_copy_aggregate(struct sl_arena *arena, const struct sl_aggregate *aggregate)
{
    struct sl_aggregate *copy = SL_NEW(arena, struct sl_aggregate);

    *copy = *aggregate;
    copy->type = sl_type_copy(arena, aggregate->type);
    copy->filter = sl_plan_copy_expr(arena, aggregate->filter);
    copy->args = SL_NEW_ARRAY(arena, struct sl_expr *, aggregate->arg_count);
    copy->arg_types = SL_NEW_ARRAY(arena, const struct sl_type *, aggregate->arg_count);
    for (size_t i = 0; i < aggregate->arg_count; i++) {
        copy->args[i] = sl_plan_copy_expr(arena, aggregate->args[i]);
        copy->arg_types[i] = sl_type_copy(arena, aggregate->arg_types[i]);
    }
    sl_aggregate_remake(arena, copy);
    return copy;
}

#define AT(type, base, member) (*(type *)((char *)(base) + (member)->offset))

/* The lists that another member counts. */
static void
copy_list(struct sl_arena *arena, void *to, const struct sl_member *member, size_t width)
{
    size_t count = *(size_t *)((char *)to + member->count_offset);
    void **from = AT(void **, to, member);
    void **list = NULL;

    if (member->kind == SL_MEMBER_COLUMNS) {
        AT(uint32_t *, to, member) =
            sl_plan_copy_columns(arena, AT(const uint32_t *, to, member), count);
        return;
    }
    if (member->kind == SL_MEMBER_STRUCTS) { /* of plain members */
        char *items = SL_NEW_ARRAY(arena, char, count * member->layout->size);

        if (count)
            memcpy(items, from, count * member->layout->size);
        AT(void *, to, member) = items;
        return;
    }
    list = SL_NEW_ARRAY(arena, void *, count);
    for (size_t i = 0; i < count; i++) {
        if (member->kind == SL_MEMBER_AGGREGATES) {
            list[i] = sl_plan_copy_aggregate(arena, from[i]);
        } else if (member->kind == SL_MEMBER_STRINGS) {
            list[i] = sl_arena_strdup(arena, from[i]);
        } else if (member->kind == SL_MEMBER_TYPES) {
            list[i] = (void *)(uintptr_t)sl_type_copy(arena, from[i]);
        } else {
            struct sl_value *row = SL_NEW_ARRAY(arena, struct sl_value, width);

            for (size_t j = 0; j < width; j++)
                row[j] = sl_plan_copy_value(arena, &((struct sl_value *)from[i])[j]);
            list[i] = row;
        }
    }
    AT(void **, to, member) = list;
}

static void
copy_member(struct sl_arena *arena, void *to, const struct sl_member *member, size_t width)
{
    switch (member->kind) {
    case SL_MEMBER_STRING:
        AT(char *, to, member) = sl_plan_copy_string(arena, AT(const char *, to, member));
        break;
    case SL_MEMBER_SCHEMA:
        AT(struct sl_schema *, to, member) =
            sl_schema_copy(arena, AT(const struct sl_schema *, to, member));
        break;
    case SL_MEMBER_OPTIONS:
        AT(struct sl_option_list, to, member) =
            sl_plan_copy_options(arena, &AT(struct sl_option_list, to, member));
        break;
    case SL_MEMBER_REFERENCED_OPTIONS:
        if (AT(struct sl_option_list *, to, member)) {
            struct sl_option_list *options = SL_NEW(arena, struct sl_option_list);

            *options = sl_plan_copy_options(arena, AT(struct sl_option_list *, to, member));
            AT(struct sl_option_list *, to, member) = options;
        }
        break;
    case SL_MEMBER_EXPR:
        AT(struct sl_expr *, to, member) =
            sl_plan_copy_expr(arena, AT(struct sl_expr *, to, member));
        break;
    case SL_MEMBER_EXPRS: {
        struct sl_expr **from = AT(struct sl_expr **, to, member);
        struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, width);

        for (size_t i = 0; i < width; i++)
            exprs[i] = sl_plan_copy_expr(arena, from[i]);
        AT(struct sl_expr **, to, member) = exprs;
        break;
    }
    case SL_MEMBER_AGGREGATES:
    case SL_MEMBER_COLUMNS:
    case SL_MEMBER_STRINGS:
    case SL_MEMBER_TYPES:
    case SL_MEMBER_STRUCTS:
    case SL_MEMBER_ROWS:
        copy_list(arena, to, member, width);
        break;
    case SL_MEMBER_BOOL:
    case SL_MEMBER_U32:
    case SL_MEMBER_U64:
    case SL_MEMBER_I64:
    case SL_MEMBER_SIZE:
    case SL_MEMBER_ENUM:
    case SL_MEMBER_WINDOW:
        break;
    }
}

/* A struct of this layout; its plain members come with the first copy of its bytes. */
static void
copy_struct(struct sl_arena *arena, void *to, const void *from, const struct sl_layout *layout,
            size_t width)
{
    memcpy(to, from, layout->size);
    for (size_t i = 0; i < layout->member_count; i++)
        copy_member(arena, to, &layout->members[i], width);
}

/* Everything but the references to other nodes. */
static struct sl_phys_node *
copy_node(struct sl_arena *arena, const struct sl_phys_node *node)
{
    const struct sl_layout *layout = &sl_plan_details[node->kind];
    struct sl_phys_node *copy = SL_NEW(arena, struct sl_phys_node);

    *copy = *node;
    copy->uid = sl_plan_copy_string(arena, node->uid);
    copy->schema = sl_schema_copy(arena, node->schema);
    copy->upsert_key = sl_plan_copy_columns(arena, node->upsert_key, node->upsert_key_count);
    copy->inputs = SL_NEW_ARRAY(arena, struct sl_phys_input, node->input_count);
    for (size_t i = 0; i < node->input_count; i++) {
        copy->inputs[i] = node->inputs[i];
        copy->inputs[i].keys =
            sl_plan_copy_columns(arena, node->inputs[i].keys, node->inputs[i].key_count);
    }
    if (layout->size) {
        copy->detail = sl_arena_alloc(arena, layout->size);
        copy_struct(arena, copy->detail, node->detail, layout, node->schema->count);
    }
    return copy;
}

struct sl_phys_plan *
sl_phys_copy(struct sl_arena *arena, const struct sl_phys_plan *plan)
{
    struct sl_phys_plan *copy = SL_NEW(arena, struct sl_phys_plan);

    copy_struct(arena, &copy->settings, &plan->settings, &sl_plan_settings, 0);
    copy->node_count = plan->node_count;
    copy->nodes = SL_NEW_ARRAY(arena, struct sl_phys_node *, plan->node_count);
    for (size_t i = 0; i < plan->node_count; i++)
        copy->nodes[i] = copy_node(arena, plan->nodes[i]);
    for (size_t i = 0; i < plan->node_count; i++) {
        struct sl_phys_node *node = copy->nodes[i];

        for (size_t j = 0; j < node->input_count; j++)
            node->inputs[j].node = copy->nodes[node->inputs[j].node->id];
        if (node->late.sink)
            node->late.sink = copy->nodes[node->late.sink->id];
        if (node->error.sink)
            node->error.sink = copy->nodes[node->error.sink->id];
        if (node->dead.sink)
            node->dead.sink = copy->nodes[node->dead.sink->id];
    }
    return copy;
}
