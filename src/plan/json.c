/* A whole plan as JSON: {version, settings, nodes}.  Members that are zero, false, NULL or empty
 * are left out; what is not written reads as that.  Keys keep their order, so that a plan that was
 * read writes the same bytes. */
#include "plan/json.h"

#include "plan/members.h"

#define JSON_PLAN_VERSION 1
#define AT(type, base, member) (*(type *)((char *)(uintptr_t)(base) + (member)->offset))

static json_t *json_write_struct(const void *from, const struct sl_layout *layout, size_t width);
static int json_read_struct(struct sl_arena *arena, const json_t *json, void *to,
                            const struct sl_layout *layout, size_t width, struct sl_error *err);

/* --- writing --- */

static json_t *
json_write_columns(const uint32_t *columns, size_t count)
{
    json_t *json = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_integer(columns[i]));
    return json;
}

static json_t *
json_write_options(const struct sl_option_list *options)
{
    json_t *json = json_object();

    for (size_t i = 0; i < options->count; i++)
        json_object_set_new(json, options->items[i].key,
                            sl_plan_json_write_string(options->items[i].value));
    return json;
}

static json_t *
json_write_row(const struct sl_value *row, size_t width)
{
    json_t *json = json_array();

    for (size_t i = 0; i < width; i++)
        json_array_append_new(json, sl_plan_json_write_value(&row[i]));
    return json;
}

static json_t *
json_write_list(const void *from, const struct sl_member *member, size_t width)
{
    size_t count = *(const size_t *)((const char *)from + member->count_offset);
    const void *list = AT(const void *, from, member);
    json_t *json;

    if (member->kind == SL_MEMBER_COLUMNS)
        return json_write_columns(list, count);
    json = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *item;

        if (member->kind == SL_MEMBER_AGGREGATES)
            item = sl_plan_json_write_aggregate(((struct sl_aggregate *const *)list)[i]);
        else if (member->kind == SL_MEMBER_STRINGS)
            item = sl_plan_json_write_string(((const char *const *)list)[i]);
        else if (member->kind == SL_MEMBER_TYPES)
            item = sl_plan_json_write_type(((const struct sl_type *const *)list)[i]);
        else if (member->kind == SL_MEMBER_STRUCTS)
            item =
                json_write_struct((const char *)list + i * member->layout->size, member->layout, 0);
        else
            item = json_write_row(((struct sl_value *const *)list)[i], width);
        json_array_append_new(json, item);
    }
    return json;
}

static json_t *
json_write_exprs(struct sl_expr *const *exprs, size_t count)
{
    json_t *json = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, sl_plan_json_write_expr(exprs[i]));
    return json;
}

/* NULL where there is nothing to write. */
static json_t *
json_write_member(const void *from, const struct sl_member *member, size_t width)
{
    switch (member->kind) {
    case SL_MEMBER_BOOL:
        return AT(bool, from, member) ? json_true() : NULL;
    case SL_MEMBER_U32:
        return AT(uint32_t, from, member) ? json_integer(AT(uint32_t, from, member)) : NULL;
    case SL_MEMBER_U64:
    case SL_MEMBER_I64:
    case SL_MEMBER_SIZE:
        return AT(int64_t, from, member) ? json_integer(AT(int64_t, from, member)) : NULL;
    case SL_MEMBER_ENUM:
        SL_ASSERT(AT(unsigned, from, member) < member->name_count);
        return json_string(member->names[AT(unsigned, from, member)]);
    case SL_MEMBER_STRING:
        return AT(const char *, from, member)
                   ? sl_plan_json_write_string(AT(const char *, from, member))
                   : NULL;
    case SL_MEMBER_SCHEMA:
        return sl_plan_json_write_schema(AT(const struct sl_schema *, from, member));
    case SL_MEMBER_OPTIONS:
        return AT(struct sl_option_list, from, member).count
                   ? json_write_options(&AT(struct sl_option_list, from, member))
                   : NULL;
    case SL_MEMBER_REFERENCED_OPTIONS:
        return NULL;
    case SL_MEMBER_WINDOW:
        return json_write_struct(&AT(struct sl_window, from, member), &sl_plan_window, 0);
    case SL_MEMBER_EXPR:
        return AT(const struct sl_expr *, from, member)
                   ? sl_plan_json_write_expr(AT(const struct sl_expr *, from, member))
                   : NULL;
    case SL_MEMBER_EXPRS:
        return json_write_exprs(AT(struct sl_expr **, from, member), width);
    case SL_MEMBER_AGGREGATES:
    case SL_MEMBER_COLUMNS:
    case SL_MEMBER_STRINGS:
    case SL_MEMBER_TYPES:
    case SL_MEMBER_STRUCTS:
    case SL_MEMBER_ROWS:
        return json_write_list(from, member, width);
    }
    SL_UNREACHABLE();
}

static json_t *
json_write_struct(const void *from, const struct sl_layout *layout, size_t width)
{
    json_t *json = json_object();

    for (size_t i = 0; i < layout->member_count; i++) {
        json_t *value = json_write_member(from, &layout->members[i], width);

        if (json_is_array(value) && json_array_size(value) == 0)
            json_decref(value);
        else if (value)
            json_object_set_new(json, layout->members[i].name, value);
    }
    return json;
}

static json_t *
json_write_inputs(const struct sl_phys_node *node)
{
    json_t *json = json_array();

    for (size_t i = 0; i < node->input_count; i++) {
        const struct sl_phys_input *input = &node->inputs[i];
        json_t *item = json_object();

        json_object_set_new(item, "node", json_integer(input->node->id));
        json_object_set_new(item, "exchange", json_string(sl_exchange_name(input->exchange)));
        if (input->key_count)
            json_object_set_new(item, "keys", json_write_columns(input->keys, input->key_count));
        json_array_append_new(json, item);
    }
    return json;
}

static json_t *
json_write_node(const struct sl_phys_node *node)
{
    json_t *json = json_object();
    const struct sl_layout *layout = &sl_plan_details[node->kind];

    json_object_set_new(json, "id", json_integer(node->id));
    json_object_set_new(json, "operator", json_string(sl_op_kind_name(node->kind)));
    json_object_set_new(json, "uid", sl_plan_json_write_string(node->uid));
    json_object_set_new(json, "parallelism", json_integer(node->parallelism));
    if (node->input_count)
        json_object_set_new(json, "inputs", json_write_inputs(node));
    json_object_set_new(json, "schema", sl_plan_json_write_schema(node->schema));
    json_object_set_new(json, "kinds", json_integer(node->kinds));
    if (node->upsert_key_count)
        json_object_set_new(json, "upsertKey",
                            json_write_columns(node->upsert_key, node->upsert_key_count));
    if (node->late.sink)
        json_object_set_new(json, "late", json_integer(node->late.sink->id));
    if (node->error.sink)
        json_object_set_new(json, "error", json_integer(node->error.sink->id));
    if (node->dead.sink)
        json_object_set_new(json, "dead", json_integer(node->dead.sink->id));
    if (layout->size)
        json_object_set_new(json, "detail",
                            json_write_struct(node->detail, layout, node->schema->count));
    return json;
}

static int
json_to_buffer(const char *bytes, size_t size, void *to)
{
    sl_buffer_add(to, bytes, size);
    return 0;
}

void
sl_phys_write_json(const struct sl_phys_plan *plan, struct sl_buffer *to)
{
    json_t *json = json_object(), *nodes = json_array();

    json_object_set_new(json, "version", json_integer(JSON_PLAN_VERSION));
    json_object_set_new(json, "settings", json_write_struct(&plan->settings, &sl_plan_settings, 0));
    for (size_t i = 0; i < plan->node_count; i++)
        json_array_append_new(nodes, json_write_node(plan->nodes[i]));
    json_object_set_new(json, "nodes", nodes);
    SL_ASSERT(json_dump_callback(json, json_to_buffer, to, JSON_INDENT(1)) == 0);
    json_decref(json);
}

/* --- reading --- */

static int
json_read_columns(struct sl_arena *arena, const json_t *json, uint32_t **ret_columns,
                  size_t *ret_count, struct sl_error *err)
{
    size_t count = json_array_size(json);
    uint32_t *columns = SL_NEW_ARRAY(arena, uint32_t, count);

    for (size_t i = 0; i < count; i++) {
        if (!json_is_integer(json_array_get(json, i)))
            return sl_json_broken(err, "list of columns");
        columns[i] = (uint32_t)json_integer_value(json_array_get(json, i));
    }
    *ret_columns = columns;
    *ret_count = count;
    return SL_OK;
}

static struct sl_option_list
json_read_options(struct sl_arena *arena, const json_t *json)
{
    struct sl_option_list options = {NULL, 0};
    const char *key;
    json_t *value;

    options.items = SL_NEW_ARRAY(arena, struct sl_option, json_object_size(json));
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
        options.items[options.count++] = (struct sl_option){
        .key = sl_arena_strdup(arena, key),
        .value = sl_arena_strdup(arena, json_string_value(value) ? json_string_value(value) : ""),
        .key_offset = -1,
        .value_offset = -1};
    return options;
}

static int
json_read_row(struct sl_arena *arena, const json_t *json, const struct sl_schema *schema,
              struct sl_value **ret_row, struct sl_error *err)
{
    struct sl_value *row = SL_NEW_ARRAY(arena, struct sl_value, schema->count);

    for (size_t i = 0; i < schema->count; i++)
        SL_TRY(sl_plan_json_read_value(arena, json_array_get(json, i), schema->columns[i].type,
                                       &row[i], err));
    *ret_row = row;
    return SL_OK;
}

/* Rows need the node's schema for their types. */
static int
json_read_rows(struct sl_arena *arena, const json_t *json, const struct sl_schema *schema,
               struct sl_phys_values *values, struct sl_error *err)
{
    values->row_count = json_array_size(json);
    values->rows = SL_NEW_ARRAY(arena, struct sl_value *, values->row_count);
    for (size_t i = 0; i < values->row_count; i++)
        SL_TRY(json_read_row(arena, json_array_get(json, i), schema, &values->rows[i], err));
    return SL_OK;
}

static int
json_read_item(struct sl_arena *arena, const json_t *json, enum sl_member_kind kind,
               void **ret_item, struct sl_error *err)
{
    if (kind == SL_MEMBER_AGGREGATES)
        return sl_plan_json_read_aggregate(arena, json, (struct sl_aggregate **)ret_item, err);
    if (kind == SL_MEMBER_TYPES)
        return sl_plan_json_read_type(arena, json, (const struct sl_type **)ret_item, err);
    if (!json_is_string(json))
        return sl_json_broken(err, "string");
    *ret_item = sl_arena_strdup(arena, json_string_value(json));
    return SL_OK;
}

static int
json_read_list(struct sl_arena *arena, const json_t *json, void *to, const struct sl_member *member,
               struct sl_error *err)
{
    size_t *count = (size_t *)((char *)to + member->count_offset);

    if (member->kind == SL_MEMBER_COLUMNS)
        return json_read_columns(arena, json, &AT(uint32_t *, to, member), count, err);
    *count = json_array_size(json);
    if (member->kind == SL_MEMBER_STRUCTS) {
        char *items = SL_NEW_ARRAY(arena, char, *count * member->layout->size);

        for (size_t i = 0; i < *count; i++)
            SL_TRY(json_read_struct(arena, json_array_get(json, i),
                                    items + i * member->layout->size, member->layout, 0, err));
        AT(void *, to, member) = items;
        return SL_OK;
    }
    AT(void **, to, member) = SL_NEW_ARRAY(arena, void *, *count);
    for (size_t i = 0; i < *count; i++)
        SL_TRY(json_read_item(arena, json_array_get(json, i), member->kind,
                              &AT(void **, to, member)[i], err));
    return SL_OK;
}

static int
json_read_exprs(struct sl_arena *arena, const json_t *json, size_t width,
                struct sl_expr ***ret_exprs, struct sl_error *err)
{
    struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, width);

    if (json_array_size(json) != width)
        return sl_json_broken(err, "list of expressions");
    for (size_t i = 0; i < width; i++)
        SL_TRY(sl_plan_json_read_expr(arena, json_array_get(json, i), &exprs[i], err));
    *ret_exprs = exprs;
    return SL_OK;
}

static int
json_read_enum(const json_t *json, const struct sl_member *member, void *to, struct sl_error *err)
{
    const char *name = json_string_value(json);

    for (unsigned i = 0; name && i < member->name_count; i++) {
        if (strcmp(name, member->names[i]) == 0) {
            AT(unsigned, to, member) = i;
            return SL_OK;
        }
    }
    return sl_json_broken(err, member->name);
}

static int
json_read_member(struct sl_arena *arena, const json_t *json, void *to,
                 const struct sl_member *member, size_t width, struct sl_error *err)
{
    switch (member->kind) {
    case SL_MEMBER_BOOL:
        AT(bool, to, member) = json_is_true(json);
        return SL_OK;
    case SL_MEMBER_U32:
        AT(uint32_t, to, member) = (uint32_t)json_integer_value(json);
        return SL_OK;
    case SL_MEMBER_U64:
    case SL_MEMBER_I64:
    case SL_MEMBER_SIZE:
        AT(int64_t, to, member) = json_integer_value(json);
        return SL_OK;
    case SL_MEMBER_ENUM:
        return json_read_enum(json, member, to, err);
    case SL_MEMBER_STRING:
        if (!json_is_string(json))
            return sl_json_broken(err, member->name);
        AT(char *, to, member) = sl_arena_strdup(arena, json_string_value(json));
        return SL_OK;
    case SL_MEMBER_SCHEMA:
        return sl_plan_json_read_schema(arena, json, &AT(struct sl_schema *, to, member), err);
    case SL_MEMBER_OPTIONS:
        AT(struct sl_option_list, to, member) = json_read_options(arena, json);
        return SL_OK;
    case SL_MEMBER_WINDOW:
        return json_read_struct(arena, json, &AT(struct sl_window, to, member), &sl_plan_window, 0,
                                err);
    case SL_MEMBER_EXPR:
        return sl_plan_json_read_expr(arena, json, &AT(struct sl_expr *, to, member), err);
    case SL_MEMBER_EXPRS:
        return json_read_exprs(arena, json, width, &AT(struct sl_expr **, to, member), err);
    case SL_MEMBER_AGGREGATES:
    case SL_MEMBER_COLUMNS:
    case SL_MEMBER_STRINGS:
    case SL_MEMBER_TYPES:
    case SL_MEMBER_STRUCTS:
        return json_read_list(arena, json, to, member, err);
    case SL_MEMBER_REFERENCED_OPTIONS:
    case SL_MEMBER_ROWS:
        return SL_OK; /* not written; by json_read_rows */
    }
    SL_UNREACHABLE();
}

static int
json_read_struct(struct sl_arena *arena, const json_t *json, void *to,
                 const struct sl_layout *layout, size_t width, struct sl_error *err)
{
    if (!json_is_object(json))
        return sl_json_broken(err, "node");
    for (size_t i = 0; i < layout->member_count; i++) {
        const struct sl_member *member = &layout->members[i];
        const json_t *value = json_object_get(json, member->name);

        if (value)
            SL_TRY(json_read_member(arena, value, to, member, width, err));
        else if (member->kind == SL_MEMBER_SCHEMA)
            AT(struct sl_schema *, to, member) = sl_schema_new(arena, 0);
    }
    return SL_OK;
}

static int
json_read_kind(const json_t *json, enum sl_op_kind *ret_kind, struct sl_error *err)
{
    const char *name = json_string_value(json);

    for (int kind = 0; name && kind < SL_OP_COUNT; kind++) {
        if (strcmp(name, sl_op_kind_name((enum sl_op_kind)kind)) == 0) {
            *ret_kind = (enum sl_op_kind)kind;
            return SL_OK;
        }
    }
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "the stored plan has the unknown operator \"%s\"",
                    name ? name : "");
}

/* Inputs come before the nodes that read them. */
static int
json_read_inputs(struct sl_arena *arena, const json_t *json, struct sl_phys_plan *plan,
                 struct sl_phys_node *node, struct sl_error *err)
{
    node->input_count = json_array_size(json);
    node->inputs = SL_NEW_ARRAY(arena, struct sl_phys_input, node->input_count);
    for (size_t i = 0; i < node->input_count; i++) {
        const json_t *item = json_array_get(json, i);
        json_int_t id = json_integer_value(json_object_get(item, "node"));
        const char *exchange = json_string_value(json_object_get(item, "exchange"));
        int kind = 0;

        while (exchange && kind <= SL_EXCHANGE_GLOBAL &&
               strcmp(exchange, sl_exchange_name((enum sl_exchange_kind)kind)) != 0)
            kind++;
        if (!exchange || kind > SL_EXCHANGE_GLOBAL || id < 0 || (size_t)id >= node->id)
            return sl_json_broken(err, "input");
        node->inputs[i].node = plan->nodes[id];
        node->inputs[i].exchange = (enum sl_exchange_kind)kind;
        SL_TRY(json_read_columns(arena, json_object_get(item, "keys"), &node->inputs[i].keys,
                                 &node->inputs[i].key_count, err));
    }
    return SL_OK;
}

static int
json_read_node(struct sl_arena *arena, const json_t *json, struct sl_phys_plan *plan,
               struct sl_phys_node *node, struct sl_error *err)
{
    const json_t *detail = json_object_get(json, "detail");
    const char *uid = json_string_value(json_object_get(json, "uid"));
    const struct sl_layout *layout;

    SL_TRY(json_read_kind(json_object_get(json, "operator"), &node->kind, err));
    layout = &sl_plan_details[node->kind];
    node->uid = sl_arena_strdup(arena, uid ? uid : "");
    node->parallelism = (uint32_t)json_integer_value(json_object_get(json, "parallelism"));
    node->kinds = (unsigned)json_integer_value(json_object_get(json, "kinds"));
    if (node->parallelism == 0)
        return sl_json_broken(err, "parallelism");
    SL_TRY(json_read_inputs(arena, json_object_get(json, "inputs"), plan, node, err));
    SL_TRY(sl_plan_json_read_schema(arena, json_object_get(json, "schema"), &node->schema, err));
    SL_TRY(json_read_columns(arena, json_object_get(json, "upsertKey"), &node->upsert_key,
                             &node->upsert_key_count, err));
    if (!layout->size)
        return SL_OK;
    node->detail = sl_arena_alloc(arena, layout->size);
    SL_TRY(json_read_struct(arena, detail, node->detail, layout, node->schema->count, err));
    if (node->kind == SL_OP_VALUES)
        return json_read_rows(arena, json_object_get(detail, "rows"), node->schema, node->detail,
                              err);
    return SL_OK;
}

static int
json_read_side_output(const json_t *json, const struct sl_phys_plan *plan,
                      struct sl_phys_side_output *output, struct sl_error *err)
{
    if (!json)
        return SL_OK;
    if (json_integer_value(json) < 0 || (size_t)json_integer_value(json) >= plan->node_count)
        return sl_json_broken(err, "side output");
    output->sink = plan->nodes[json_integer_value(json)];
    return SL_OK;
}

static int
json_read_plan(struct sl_arena *arena, const json_t *json, struct sl_phys_plan **ret_plan,
               struct sl_error *err)
{
    struct sl_phys_plan *plan = SL_NEW(arena, struct sl_phys_plan);
    const json_t *nodes = json_object_get(json, "nodes");
    json_int_t version = json_integer_value(json_object_get(json, "version"));

    if (version != JSON_PLAN_VERSION)
        return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                        "a stored plan of version %lld is not known here (version %d is)",
                        (long long)version, JSON_PLAN_VERSION);
    SL_TRY(json_read_struct(arena, json_object_get(json, "settings"), &plan->settings,
                            &sl_plan_settings, 0, err));
    plan->node_count = json_array_size(nodes);
    plan->nodes = SL_NEW_ARRAY(arena, struct sl_phys_node *, plan->node_count);
    for (size_t i = 0; i < plan->node_count; i++) {
        plan->nodes[i] = SL_NEW(arena, struct sl_phys_node);
        plan->nodes[i]->id = (uint32_t)i;
        SL_TRY(json_read_node(arena, json_array_get(nodes, i), plan, plan->nodes[i], err));
    }
    for (size_t i = 0; i < plan->node_count; i++) {
        const json_t *item = json_array_get(nodes, i);

        SL_TRY(
            json_read_side_output(json_object_get(item, "late"), plan, &plan->nodes[i]->late, err));
        SL_TRY(json_read_side_output(json_object_get(item, "error"), plan, &plan->nodes[i]->error,
                                     err));
        SL_TRY(
            json_read_side_output(json_object_get(item, "dead"), plan, &plan->nodes[i]->dead, err));
    }
    *ret_plan = plan;
    return SL_OK;
}

int
sl_phys_read_json(struct sl_arena *arena, struct sl_text text, struct sl_phys_plan **ret_plan,
                  struct sl_error *err)
{
    json_error_t error;
    json_t *json = json_loadb(text.start, text.length, JSON_ALLOW_NUL, &error);
    int rc;

    if (!json)
        return SL_ERROR(err, SL_E_DATA_CORRUPTED, "the stored plan is no JSON: %s (line %d)",
                        error.text, error.line);
    rc = json_read_plan(arena, json, ret_plan, err);
    json_decref(json);
    return rc;
}
