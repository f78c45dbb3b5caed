/* Statement to plan: bind, rewrite, lower.  Reads top down. */
#include "planner/lower.h"

#define PLANNER_SINKS_MAX 1000           /* in one statement set */
#define PLANNER_RESULT_COLUMNS_MAX 32766 /* the protocol counts them in 16 bits; one is the kind \
                                          */

struct planner {
    struct sl_binder binder;
    struct sl_log_node **roots; /* one, or one a statement of a set */
    size_t root_count;
    bool is_query, synchronous;
    const char *tag, *sink_name;
    struct sl_emit_strategy emit;
};

/* --- bind --- */

static int
planner_add(struct planner *planner, struct sl_log_node *root)
{
    planner->roots[planner->root_count++] = root;
    return SL_OK;
}

/* Columns of a bare NULL reach the client as STRING. */
static void
planner_fix_nulls(struct sl_arena *arena, struct sl_log_node **root)
{
    const struct sl_schema *schema = (*root)->schema;
    struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, schema->count);
    const char **names = SL_NEW_ARRAY(arena, const char *, schema->count);
    bool any = false;

    for (uint32_t i = 0; i < schema->count; i++) {
        names[i] = schema->columns[i].name;
        exprs[i] = sl_log_column(arena, schema, i);
        if (exprs[i]->type->kind != SL_TYPE_NULL)
            continue;
        exprs[i] = sl_binder_null(arena, &sl_type_string, -1);
        any = true;
    }
    if (any)
        *root = sl_log_project(arena, *root, exprs, names, schema->count);
}

static int
planner_bind_query(struct planner *planner, const struct sl_ast *statement, struct sl_error *err)
{
    struct sl_log_node *root;

    planner->is_query = true;
    planner->tag = "SELECT";
    SL_TRY(sl_binder_query(&planner->binder, (const struct sl_ast_query *)statement, &root, err));
    planner_fix_nulls(planner->binder.arena, &root);
    return planner_add(planner, root);
}

static int
planner_bind_insert(struct planner *planner, const struct sl_ast_insert *insert,
                    struct sl_error *err)
{
    struct sl_log_node *root;

    SL_TRY(sl_binder_insert(&planner->binder, insert, &root, err));
    planner->tag = "INSERT";
    planner->synchronous |= sl_insert_is_values(insert);
    planner->sink_name = planner->root_count ? NULL : root->sink.table_name;
    return planner_add(planner, root);
}

static int
planner_bind_set(struct planner *planner, const struct sl_ast_statement_set *set,
                 struct sl_error *err)
{
    if (set->statements.count == 0 || set->statements.count > PLANNER_SINKS_MAX) {
        SL_ERROR(err, set->statements.count ? SL_E_LIMIT_EXCEEDED : SL_E_SYNTAX,
                 "a statement set has from 1 to %d statements", PLANNER_SINKS_MAX);
        return sl_error_at(err, set->ast.offset);
    }
    for (size_t i = 0; i < set->statements.count; i++) {
        const struct sl_ast *statement = set->statements.items[i];

        if (statement->kind != SL_AST_INSERT)
            return sl_binder_refuse(&planner->binder, statement->offset,
                                    "CREATE TABLE AS in a statement set is", err);
        SL_TRY(planner_bind_insert(planner, (const struct sl_ast_insert *)statement, err));
    }
    planner->synchronous = false; /* one job, like every INSERT … SELECT */
    return SL_OK;
}

static int
planner_bind_change(struct planner *planner, const struct sl_ast *statement, struct sl_error *err)
{
    struct sl_log_node *root;

    if (statement->kind == SL_AST_UPDATE) {
        planner->tag = "UPDATE";
        SL_TRY(sl_binder_update(&planner->binder, (const struct sl_ast_update *)statement, &root,
                                err));
    } else {
        planner->tag = "DELETE";
        SL_TRY(sl_binder_delete(&planner->binder, (const struct sl_ast_delete *)statement, &root,
                                err));
    }
    planner->synchronous = true;
    planner->sink_name = root->sink.table_name;
    return planner_add(planner, root);
}

static int
planner_bind(struct planner *planner, const struct sl_ast *statement, struct sl_error *err)
{
    size_t root_max = 1;

    if (statement->kind == SL_AST_STATEMENT_SET)
        root_max = ((const struct sl_ast_statement_set *)statement)->statements.count;
    planner->roots = SL_NEW_ARRAY(planner->binder.arena, struct sl_log_node *, root_max);
    switch (statement->kind) {
    case SL_AST_QUERY:
        return planner_bind_query(planner, statement, err);
    case SL_AST_INSERT:
        return planner_bind_insert(planner, (const struct sl_ast_insert *)statement, err);
    case SL_AST_STATEMENT_SET:
        return planner_bind_set(planner, (const struct sl_ast_statement_set *)statement, err);
    case SL_AST_UPDATE:
    case SL_AST_DELETE:
        return planner_bind_change(planner, statement, err);
    default:
        return sl_binder_refuse(&planner->binder, statement->offset,
                                sl_arena_printf(planner->binder.arena, "%s as a query is",
                                                sl_ast_statement_name(statement->kind)),
                                err);
    }
}

/* --- what the plan reads and writes --- */

/* What a scan or a sink says of its table; false: it is neither. */
static bool
planner_probe_of(struct sl_arena *arena, const struct sl_log_node *node, struct sl_probe *ret_probe)
{
    const struct sl_table *table;

    if (node->kind == SL_LOG_SCAN) {
        table = node->scan.table;
        ret_probe->options = &node->scan.options;
    } else if (node->kind == SL_LOG_SINK) {
        table = node->sink.table;
        ret_probe->options = &node->sink.options;
    } else {
        return false;
    }
    ret_probe->physical = sl_table_physical(arena, table);
    ret_probe->primary_key = sl_table_physical_key(arena, table);
    ret_probe->primary_key_count = table->primary_key_count;
    return true;
}

/* Asks the connectors whether what the tables name outside is there: 42704 at the table's name. One
 * that does not answer is no error: *unreachable says which. */
static int
planner_probe(struct sl_arena *arena, const struct sl_log_node *node, const char **unreachable,
              struct sl_error *err)
{
    const struct sl_connector_descriptor *connector;
    struct sl_probe probe;
    int rc;

    for (size_t i = 0; i < node->input_count; i++)
        SL_TRY(planner_probe(arena, node->inputs[i], unreachable, err));
    if (!planner_probe_of(arena, node, &probe))
        return SL_OK;
    connector = sl_connector_descriptor_find(sl_option_get(probe.options, "connector"));
    rc = connector && connector->probe ? connector->probe(&probe, err) : SL_OK;
    if (rc < 0)
        return sl_error_at(err, node->offset);
    if (rc == SL_AGAIN)
        *unreachable = sl_arena_printf(arena, "%s does not answer", connector->name);
    return SL_OK;
}

/* Does it ever end by itself: for want of input, or after so many rows? */
static bool
planner_ends(const struct sl_log_node *node)
{
    if (node->kind == SL_LOG_LIMIT && node->limit.limit >= 0)
        return true;
    if (node->kind == SL_LOG_SCAN)
        return node->scan.bounded;
    for (size_t i = 0; i < node->input_count; i++)
        if (!planner_ends(node->inputs[i]))
            return false;
    return true;
}

static bool
planner_is_bounded(const struct sl_log_node *node)
{
    if (node->kind == SL_LOG_SCAN && !node->scan.bounded)
        return false;
    for (size_t i = 0; i < node->input_count; i++)
        if (!planner_is_bounded(node->inputs[i]))
            return false;
    return true;
}

/* --- lower --- */

static const char *
planner_logical_text(struct planner *planner)
{
    struct sl_buffer text;
    const char *copy;

    sl_buffer_init(&text, SIZE_MAX);
    sl_log_explain((const struct sl_log_node *const *)planner->roots, planner->root_count, &text);
    copy = sl_arena_strndup(planner->binder.arena, text.data, text.length);
    sl_buffer_done(&text);
    return copy;
}

/* `op` before the result's columns. */
static struct sl_schema *
planner_columns(struct sl_arena *arena, const struct sl_schema *schema, bool row_kinds)
{
    struct sl_schema *columns = sl_schema_new(arena, schema->count + row_kinds);

    if (row_kinds)
        columns->columns[0] = (struct sl_schema_column){.name = "op", .type = &sl_type_string};
    if (schema->count)
        memcpy(columns->columns + row_kinds, schema->columns,
               schema->count * sizeof(*columns->columns));
    return columns;
}

static bool
planner_shows_kinds(const struct sl_binder *binder, const struct sl_planned *planned)
{
    const char *setting = sl_binder_setting(binder, "sluice.row-kind");

    if (sl_equal_nocase(setting, "auto"))
        return planned->endless && planned->updating;
    return sl_equal_nocase(setting, "true");
}

/* A bounded result that was updated on its way shows its net rows. */
static struct sl_phys_node *
planner_merge(struct sl_lowering *lowering, struct sl_phys_node *root)
{
    struct sl_phys_changelog_merge *detail =
        SL_NEW(lowering->arena, struct sl_phys_changelog_merge);
    struct sl_phys_node *merge;

    detail->keys = root->upsert_key;
    detail->key_count = root->upsert_key_count;
    merge = sl_lower_add(lowering, SL_OP_CHANGELOG_MERGE, 1, root->schema, detail);
    sl_lower_connect(lowering, merge, root);
    return merge;
}

static int
planner_lower_query(struct planner *planner, struct sl_lowering *lowering,
                    struct sl_planned *planned, struct sl_error *err)
{
    struct sl_log_node *logical = planner->roots[0];
    struct sl_phys_node *root;
    bool bounded = planner_is_bounded(logical), row_kinds;

    if (logical->schema->count > PLANNER_RESULT_COLUMNS_MAX) {
        SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "the result has %zu columns, the most are %d",
                 logical->schema->count, PLANNER_RESULT_COLUMNS_MAX);
        return sl_error_at(err, logical->offset);
    }
    lowering->bounded_operators = lowering->settings.batch_mode || bounded;
    SL_TRY(sl_lower(lowering, logical, &root, err));
    planned->updating = root->kinds != SL_KINDS_INSERT;
    planned->endless = !planner_ends(logical);
    if (planned->updating && bounded) {
        root = planner_merge(lowering, root);
        planned->updating = false;
    }
    row_kinds = planner_shows_kinds(&planner->binder, planned);
    planned->columns = planner_columns(lowering->arena, root->schema, row_kinds);
    sl_lower_collect(lowering, root, row_kinds);
    return SL_OK;
}

static int
planner_lower_sinks(struct planner *planner, struct sl_lowering *lowering, struct sl_error *err)
{
    lowering->bounded_operators = planner->binder.batch; /* UPDATE and DELETE are always so */
    lowering->synchronous = planner->synchronous || lowering->settings.batch_mode;
    lowering->root_count = planner->root_count;
    for (size_t i = 0; i < planner->root_count; i++) {
        struct sl_phys_node *sink;

        SL_TRY(sl_lower(lowering, planner->roots[i], &sink, err));
    }
    return SL_OK;
}

static int
planner_check_parallelism(const struct sl_phys_plan *plan, struct sl_error *err)
{
    uint32_t parallelism = sl_phys_max_parallelism(plan);

    if (parallelism <= plan->settings.max_parallelism)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "parallelism %u is greater than the maximum parallelism %u", parallelism,
             plan->settings.max_parallelism);
    return sl_error_hint(err, "SET 'pipeline.max-parallelism'");
}

static int
planner_lower(struct planner *planner, struct sl_rewriter *rewriter, struct sl_planned *planned,
              struct sl_error *err)
{
    struct sl_lowering lowering = {
        .binder = &planner->binder, .rewriter = rewriter, .arena = planner->binder.arena};
    struct sl_phys_plan *plan = SL_NEW(lowering.arena, struct sl_phys_plan);

    SL_TRY(sl_lower_settings(&planner->binder, &lowering.settings, &lowering.parallelism, err));
    SL_TRY(sl_lower_state_ttl(&planner->binder, &lowering.state_ttl_us, err));
    SL_TRY(sl_lower_min_cleanup(&planner->binder, &lowering.min_cleanup_us, err));
    lowering.emit = planner->emit;
    lowering.phases = sl_lower_phases_of(&planner->binder);
    lowering.source_duplicates = sl_lower_source_duplicates(&planner->binder);
    if (planner->roots[0]->inputs && planner->roots[0]->inputs[0]->kind == SL_LOG_CHANGE)
        lowering.parallelism = 1;
    if (planner->is_query)
        SL_TRY(planner_lower_query(planner, &lowering, planned, err));
    else
        SL_TRY(planner_lower_sinks(planner, &lowering, err));
    SL_TRY(sl_lower_sides(&lowering, planner->is_query, err));
    sl_lower_share_scans(&lowering);
    sl_lower_prune_fields(&lowering);
    sl_lower_changelogs(&lowering);
    plan->nodes = lowering.nodes;
    plan->node_count = lowering.node_count;
    plan->settings = lowering.settings;
    sl_lower_uids(lowering.arena, plan);
    planned->plan = plan;
    return planner_check_parallelism(plan, err);
}

/* --- result --- */

static void
planner_fill_tables(const struct sl_binder *binder, struct sl_planned *planned)
{
    uint64_t *ids = SL_NEW_ARRAY(binder->arena, uint64_t, binder->use_count);
    uint32_t *versions = SL_NEW_ARRAY(binder->arena, uint32_t, binder->use_count);

    for (size_t i = 0; i < binder->use_count; i++) {
        ids[i] = binder->uses[i].id;
        versions[i] = binder->uses[i].version;
    }
    planned->table_ids = ids;
    planned->table_versions = versions;
    planned->table_count = binder->use_count;
}

int
sl_plan_statement(struct sl_plan_context *context, const struct sl_ast *statement,
                  const struct sl_plan_options *options, struct sl_planned **ret_planned,
                  struct sl_error *err)
{
    struct planner planner = {0};
    struct sl_planned *planned = SL_NEW(context->arena, struct sl_planned);
    struct sl_rewriter rewriter;

    SL_TRY(sl_binder_init(&planner.binder, context, err));
    SL_TRY(planner_bind(&planner, statement, err));
    if (options->explain)
        planned->logical_text = planner_logical_text(&planner);
    SL_TRY(sl_lower_emit_settings(&planner.binder, &planner.emit, err));
    rewriter = (struct sl_rewriter){
        context->arena,
        &planner.binder.settings,
        planner.binder.batch,
        !planner.is_query && *sl_binder_setting(&planner.binder, "table.exec.late-rows.table"),
        false,
        0};
    rewriter.emits_windows = planner.emit.early || planner.emit.late;
    SL_TRY(sl_lower_split_buckets(&planner.binder, &rewriter.split_buckets, err));
    for (size_t i = 0; i < planner.root_count; i++)
        sl_rules_apply(&rewriter, &planner.roots[i]);
    SL_TRY(planner_lower(&planner, &rewriter, planned, err));
    for (size_t i = 0; i < planner.root_count && !options->explain && !options->describe_only; i++)
        SL_TRY(planner_probe(context->arena, planner.roots[i], &planned->unreachable, err));
    planned->kind = planner.is_query ? SL_PLANNED_QUERY : SL_PLANNED_INSERT;
    if (!planner.is_query) {
        planned->endless = !sl_phys_is_bounded(planned->plan);
        planned->columns = sl_schema_new(context->arena, 0);
    }
    planned->synchronous =
        planner.is_query ? false : planner.synchronous || planned->plan->settings.batch_mode;
    planned->tag = planner.tag;
    planned->sink_name = planner.root_count == 1 ? planner.sink_name : NULL;
    planner_fill_tables(&planner.binder, planned);
    *ret_planned = planned;
    return SL_OK;
}

int
sl_plan_constant(struct sl_plan_context *context, const struct sl_ast *expr, const char *what,
                 const struct sl_type *type, struct sl_value *ret_value, struct sl_error *err)
{
    struct sl_binder binder;

    SL_TRY(sl_binder_init(&binder, context, err));
    return sl_binder_constant(&binder, (const struct sl_ast_expr *)expr, what, type, ret_value,
                              err);
}

int
sl_plan_type(struct sl_plan_context *context, const struct sl_ast *type,
             const struct sl_type **ret_type, struct sl_error *err)
{
    struct sl_binder binder;

    SL_TRY(sl_binder_init(&binder, context, err));
    return sl_binder_type(&binder, (const struct sl_ast_type *)type, ret_type, err);
}
