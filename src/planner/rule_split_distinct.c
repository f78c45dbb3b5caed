/* DISTINCT aggregates in two steps, so that no subtask has all values of a group with very many: by
 * the values' buckets first, then by the keys.  Where table.optimizer.distinct-agg.split.enabled
 * says so; Flink's SplitAggregateRule.
 *
 *     SELECT day, COUNT(DISTINCT user), SUM(price) FROM bids GROUP BY day
 *
 *     AGGREGATE(day)                          PROJECT(day, agg0, agg1)
 *       COUNT(DISTINCT user), SUM(price)        AGGREGATE(day), SUM(agg0), SUM(agg1)
 *       PROJECT(day, user, price)          →      AGGREGATE(day, $b0)
 *         bids                                      COUNT(DISTINCT user), SUM(price)
 *                                                   PROJECT(MOD(HASH_CODE(user), 1024) AS $b0, …)
 *                                                     bids
 *
 * With several arguments a row comes once for each (EXPAND), with the bucket of that one's value;
 * a filter of each aggregate says with which it counts.  Aggregates whose result depends on the
 * order of rows, or on more than what can be put together (AVG of DECIMAL), keep all as it is; so
 * do sessions, whose bounds would be the buckets', and windows whose results are corrected. */
#include "planner/rules.h"

enum { SPLIT_ARGUMENTS_MAX = 31 };

/* Aggregates of the upper step, over what the lower one gives. */
struct split_part {
    struct sl_aggregate *lower, *upper;
};

struct split {
    struct sl_rewriter *rewriter;
    struct sl_arena *arena;
    const struct sl_log_node *node;
    uint32_t arguments[SPLIT_ARGUMENTS_MAX]; /* columns of the input that are DISTINCT somewhere */
    uint32_t argument_count;
    struct sl_expr **exprs; /* of the projection that is added under the lower step … */
    size_t count;
    struct sl_expr **filters; /* … and of the one over EXPAND, behind all of its columns */
    size_t filter_count;
    uint32_t filter_first;
    struct split_part *parts; /* of one aggregate after the other */
    size_t part_count;
    struct sl_expr **results; /* an aggregate each, over the upper step */
};

/* --- whether --- */

static bool
split_is(const struct sl_aggregate *aggregate, const char *name)
{
    return strcmp(sl_aggregate_name(aggregate), name) == 0;
}

static bool
split_can_aggregate(const struct sl_aggregate *aggregate)
{
    static const char *const whole[] = {"COUNT", "SUM", "MIN", "MAX"};

    if (aggregate->arg_count > 1 ||
        (aggregate->arg_count == 1 && aggregate->args[0]->kind != SL_EXPR_COLUMN))
        return false;
    if (split_is(aggregate, "AVG"))
        return aggregate->arg_types[0]->kind != SL_TYPE_DECIMAL;
    for (size_t i = 0; i < SL_COUNT_OF(whole); i++)
        if (split_is(aggregate, whole[i]))
            return true;
    return false;
}

/* The number of an argument among the DISTINCT ones; a new one at their end. */
static uint32_t
split_argument(struct split *split, uint32_t column)
{
    uint32_t i = 0;

    while (i < split->argument_count && split->arguments[i] != column)
        i++;
    if (i == split->argument_count && i < SPLIT_ARGUMENTS_MAX)
        split->arguments[split->argument_count++] = column;
    return i;
}

static bool
split_can(struct split *split)
{
    const struct sl_log_aggregate *aggregate = &split->node->aggregate;

    for (size_t i = 0; i < aggregate->aggregate_count; i++) {
        const struct sl_aggregate *item = aggregate->aggregates[i];

        if (!split_can_aggregate(item))
            return false;
        if (item->distinct && split_argument(split, item->args[0]->column) == SPLIT_ARGUMENTS_MAX)
            return false;
    }
    for (size_t i = 0; i < aggregate->key_count; i++) {
        struct sl_window_origin origin =
            sl_window_origin_of(split->node->inputs[0], aggregate->keys[i]);

        if (origin.part != SL_WINDOW_PART_NONE &&
            (origin.window.kind == SL_WINDOW_SESSION || split->rewriter->emits_windows))
            return false;
    }
    return split->argument_count > 0;
}

/* --- expressions; all of them are made of columns and constants of types that fit --- */

static struct sl_expr *
split_call(struct split *split, const char *name, struct sl_expr *a, struct sl_expr *b)
{
    struct sl_expr *args[2] = {a, b}, *call;
    struct sl_error err;

    SL_ASSERT(sl_expr_call(split->arena, name, args, b ? 2 : 1, -1, &call, &err) == SL_OK);
    return call;
}

static struct sl_expr *
split_cast(struct split *split, struct sl_expr *arg, const struct sl_type *type)
{
    struct sl_expr *cast;
    struct sl_error err;

    if (sl_type_identical(arg->type, type))
        return arg;
    SL_ASSERT(sl_expr_cast(split->arena, arg, type, SL_CAST_STRICT, -1, &cast, &err) == SL_OK);
    return cast;
}

static struct sl_expr *
split_input_column(const struct split *split, uint32_t column)
{
    return sl_log_column(split->arena, split->node->inputs[0]->schema, column);
}

/* Where a column of the input is over the projection. */
static uint32_t
split_place(const struct split *split, uint32_t column)
{
    return split->argument_count + column;
}

/* Adds an expression over the input, unless it is there. */
static struct sl_expr *
split_add_expr(struct split *split, struct sl_expr *expr)
{
    size_t at = 0;

    while (at < split->count && !sl_expr_equal(split->exprs[at], expr))
        at++;
    if (at == split->count)
        split->exprs[split->count++] = expr;
    return sl_expr_column(split->arena, (uint32_t)at, expr->type);
}

/* --- parts --- */

/* The filter of the lower aggregate; with several arguments rows count once only. */
static struct sl_expr *
split_filter(struct split *split, const struct sl_aggregate *from)
{
    uint32_t id = from->distinct ? split_argument(split, from->args[0]->column) : 0;
    struct sl_expr *filter = NULL;

    if (from->filter)
        filter = sl_expr_column(split->arena, split_place(split, from->filter->column),
                                from->filter->type);
    if (split->argument_count == 1)
        return filter;
    filter = sl_expr_and(
        split->arena,
        split_call(split, "=",
                   sl_expr_column(split->arena, split->filter_first - 1,
                                  sl_type_nullable(split->arena, &sl_type_bigint, false)),
                   sl_binder_integer(split->arena, id, &sl_type_bigint)),
        filter);
    for (size_t i = 0; i < split->filter_count; i++)
        if (sl_expr_equal(split->filters[i], filter))
            return sl_expr_column(split->arena, split->filter_first + (uint32_t)i, filter->type);
    split->filters[split->filter_count] = filter;
    return sl_expr_column(split->arena, split->filter_first + (uint32_t)split->filter_count++,
                          filter->type);
}

/* Adds a part; returns the upper one's result.  NULL: there is no such aggregate. */
static struct sl_expr *
split_add_part(struct split *split, const struct sl_aggregate *from, const char *lower_name,
               struct sl_expr *arg, const char *upper_name)
{
    size_t key_count = split->node->aggregate.key_count;
    struct split_part *part = &split->parts[split->part_count];
    uint32_t bucket_count = split->argument_count;
    struct sl_expr *below;
    struct sl_error err;

    if (sl_aggregate_bind(split->arena, lower_name, &arg, arg ? 1 : 0, from->distinct,
                          split_filter(split, from), from->offset, &part->lower, &err) < 0)
        return NULL;
    below = sl_expr_column(split->arena, (uint32_t)(key_count + bucket_count + split->part_count),
                           part->lower->type);
    if (sl_aggregate_bind(split->arena, upper_name, &below, 1, false, NULL, from->offset,
                          &part->upper, &err) < 0)
        return NULL;
    return sl_expr_column(split->arena, (uint32_t)(key_count + split->part_count++),
                          part->upper->type);
}

/* AVG is put together from sums and counts. */
static struct sl_expr *
split_average(struct split *split, const struct sl_aggregate *from)
{
    const struct sl_expr *column = from->args[0];
    const struct sl_type *wide =
        sl_type_is_integer(column->type->kind) ? &sl_type_bigint : &sl_type_double;
    struct sl_expr *arg = split_add_expr(
        split, split_cast(split, split_input_column(split, column->column),
                          sl_type_nullable(split->arena, wide, column->type->nullable)));
    struct sl_expr *sum = split_add_part(split, from, "SUM", arg, "SUM");
    struct sl_expr *count = sum ? split_add_part(split, from, "COUNT", arg, "SUM") : NULL;

    if (!count)
        return NULL;
    count = split_call(split, "NULLIF", count, sl_binder_integer(split->arena, 0, &sl_type_bigint));
    return split_call(split, "/", sum, count);
}

static bool
split_aggregate(struct split *split, const struct sl_aggregate *from, struct sl_expr **ret_result)
{
    struct sl_expr *arg = NULL, *result;
    bool is_count = split_is(from, "COUNT");

    if (from->arg_count > 0)
        arg = sl_expr_column(split->arena, split_place(split, from->args[0]->column),
                             from->args[0]->type);
    if (split_is(from, "AVG"))
        result = split_average(split, from);
    else
        result = split_add_part(split, from, sl_aggregate_name(from), arg,
                                is_count ? "SUM" : sl_aggregate_name(from));
    if (!result)
        return false;
    if (is_count)
        result = split_call(split, "COALESCE", result,
                            sl_binder_integer(split->arena, 0, &sl_type_bigint));
    *ret_result = split_cast(split, result, from->type);
    return true;
}

/* --- nodes --- */

/* Buckets, then the input's columns. */
static void
split_list_exprs(struct split *split)
{
    const struct sl_schema *input = split->node->inputs[0]->schema;
    size_t aggregate_count = split->node->aggregate.aggregate_count;

    split->exprs = SL_NEW_ARRAY(split->arena, struct sl_expr *,
                                split->argument_count + input->count + aggregate_count);
    for (uint32_t i = 0; i < split->argument_count; i++)
        split->exprs[split->count++] = split_call(
            split, "MOD",
            split_call(split, "HASH_CODE", split_input_column(split, split->arguments[i]), NULL),
            sl_binder_integer(split->arena, split->rewriter->split_buckets, &sl_type_int));
    for (uint32_t i = 0; i < input->count; i++)
        split->exprs[split->count++] = split_input_column(split, i);
}

/* The averages' arguments are added before the filters, whose place they decide. */
static bool
split_list_parts(struct split *split)
{
    const struct sl_log_aggregate *aggregate = &split->node->aggregate;
    size_t count = aggregate->aggregate_count;

    split->parts = SL_NEW_ARRAY(split->arena, struct split_part, 2 * count);
    split->filters = SL_NEW_ARRAY(split->arena, struct sl_expr *, count);
    split->results = SL_NEW_ARRAY(split->arena, struct sl_expr *, count);
    for (size_t i = 0; i < count; i++) {
        const struct sl_aggregate *item = aggregate->aggregates[i];
        const struct sl_type *type = item->arg_count > 0 ? item->args[0]->type : NULL;
        const struct sl_type *wide = &sl_type_double;

        if (!split_is(item, "AVG"))
            continue;
        if (sl_type_is_integer(type->kind))
            wide = &sl_type_bigint;
        split_add_expr(split, split_cast(split, split_input_column(split, item->args[0]->column),
                                         sl_type_nullable(split->arena, wide, type->nullable)));
    }
    split->filter_first = (uint32_t)split->count + 1;
    for (size_t i = 0; i < count; i++)
        if (!split_aggregate(split, aggregate->aggregates[i], &split->results[i]))
            return false;
    return true;
}

static struct sl_log_node *
split_project(struct split *split)
{
    const struct sl_schema *input = split->node->inputs[0]->schema;
    const char **names = SL_NEW_ARRAY(split->arena, const char *, split->count);

    for (size_t i = 0; i < split->count; i++) {
        if (i < split->argument_count)
            names[i] = sl_arena_printf(split->arena, "$b%zu", i);
        else if (i < split->argument_count + input->count)
            names[i] = input->columns[i - split->argument_count].name;
        else
            names[i] = sl_arena_printf(split->arena, "$a%zu", i);
    }
    return sl_log_project(split->arena, split->node->inputs[0], split->exprs, names, split->count);
}

/* A row for each argument, and behind its columns the filters. */
static struct sl_log_node *
split_expand(struct split *split, struct sl_log_node *input)
{
    struct sl_phys_expand expand = {.key_count = split->argument_count,
                                    .set_count = split->argument_count};
    size_t count = split->filter_first + split->filter_count;
    struct sl_expr **exprs = SL_NEW_ARRAY(split->arena, struct sl_expr *, count);
    const char **names = SL_NEW_ARRAY(split->arena, const char *, count);
    struct sl_log_node *node;

    expand.kept = SL_NEW_ARRAY(split->arena, uint32_t, expand.set_count);
    expand.ids = SL_NEW_ARRAY(split->arena, uint32_t, expand.set_count);
    for (uint32_t i = 0; i < expand.set_count; i++) {
        expand.kept[i] = UINT32_C(1) << i;
        expand.ids[i] = i;
    }
    node = sl_log_new(split->arena, SL_LOG_EXPAND,
                      sl_expand_schema(split->arena, input->schema, &expand), input);
    node->expand = expand;
    node->offset = split->node->offset;
    for (uint32_t i = 0; i < count; i++) {
        bool is_filter = i >= split->filter_first;

        exprs[i] = is_filter ? split->filters[i - split->filter_first]
                             : sl_log_column(split->arena, node->schema, i);
        names[i] = is_filter ? sl_arena_printf(split->arena, "$g%u", i - split->filter_first)
                             : node->schema->columns[i].name;
    }
    return sl_log_project(split->arena, node, exprs, names, count);
}

static struct sl_log_node *
split_add_step(struct split *split, struct sl_log_node *input, uint32_t bucket_count, bool is_upper)
{
    const struct sl_log_aggregate *from = &split->node->aggregate;
    const struct sl_schema *old = split->node->schema;
    size_t key_count = from->key_count + bucket_count;
    struct sl_schema *schema = sl_schema_new(split->arena, key_count + split->part_count);
    struct sl_log_node *node = sl_log_new(split->arena, SL_LOG_AGGREGATE, schema, input);
    struct sl_log_aggregate *made = &node->aggregate;

    made->keys = SL_NEW_ARRAY(split->arena, uint32_t, key_count);
    made->key_count = key_count;
    made->aggregates = SL_NEW_ARRAY(split->arena, struct sl_aggregate *, split->part_count);
    made->aggregate_count = split->part_count;
    made->is_split = !is_upper;
    made->has_ttl = from->has_ttl;
    made->ttl_us = from->ttl_us;
    made->late_table = is_upper ? NULL : from->late_table;
    for (uint32_t i = 0; i < key_count; i++) {
        bool is_bucket = i >= from->key_count;

        made->keys[i] = is_bucket ? i - (uint32_t)from->key_count
                                  : (is_upper ? i : split_place(split, from->keys[i]));
        schema->columns[i] = is_bucket ? input->schema->columns[made->keys[i]] : old->columns[i];
    }
    for (size_t i = 0; i < split->part_count; i++) {
        made->aggregates[i] = is_upper ? split->parts[i].upper : split->parts[i].lower;
        schema->columns[key_count + i] = (struct sl_schema_column){
            .name = sl_arena_printf(split->arena, "agg%zu", i), .type = made->aggregates[i]->type};
    }
    node->offset = split->node->offset;
    node->parallelism = split->node->parallelism;
    return node;
}

/* The columns that the aggregation had. */
static struct sl_log_node *
split_results(struct split *split, struct sl_log_node *input)
{
    const struct sl_schema *old = split->node->schema;
    size_t key_count = split->node->aggregate.key_count;
    struct sl_expr **exprs = SL_NEW_ARRAY(split->arena, struct sl_expr *, old->count);
    const char **names = SL_NEW_ARRAY(split->arena, const char *, old->count);

    for (uint32_t i = 0; i < old->count; i++) {
        exprs[i] = i < key_count ? sl_log_column(split->arena, input->schema, i)
                                 : split->results[i - key_count];
        names[i] = old->columns[i].name;
    }
    return sl_log_project(split->arena, input, exprs, names, old->count);
}

bool
sl_rule_split_distinct(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct split split = {.rewriter = rewriter, .arena = rewriter->arena, .node = *place};
    struct sl_log_node *node;

    if (rewriter->split_buckets == 0 || rewriter->batch || (*place)->kind != SL_LOG_AGGREGATE ||
        (*place)->aggregate.is_split || !split_can(&split))
        return false;
    split_list_exprs(&split);
    if (!split_list_parts(&split))
        return false;
    node = split_project(&split);
    if (split.argument_count > 1)
        node = split_expand(&split, node);
    node = split_add_step(&split, node, split.argument_count, false);
    node = split_add_step(&split, node, 0, true);
    *place = split_results(&split, node);
    return true;
}
