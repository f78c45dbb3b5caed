/* Calls with OVER: bound aside, then computed by OVER nodes, one a window, above aggregation and
 * HAVING and below the projection.
 *
 *   SELECT k, SUM(v) OVER w + 1, RANK() OVER (PARTITION BY k ORDER BY v) FROM t
 *   WINDOW w AS (PARTITION BY k ORDER BY ts ROWS 9 PRECEDING) QUALIFY SUM(v) OVER w > 5
 * becomes
 *   PROJECT k, o0 + 1, o1
 *     FILTER o0 > 5
 *       OVER partition by k, order by v: RANK()
 *         OVER partition by k, order by ts, ROWS 9 PRECEDING: SUM(v)
 *           PROJECT of all columns of t, and of what is computed for the windows
 *             t
 */
#include "planner/bind.h"

struct over_window {
    struct sl_expr **partition;
    size_t partition_count;
    struct sl_expr **order;
    struct sl_sort_key *keys; /* only their directions */
    size_t order_count;
    struct sl_frame frame;
    int offset;
};

struct over_item {
    size_t window;
    struct sl_over_call call;
    struct sl_aggregate *aggregate;           /* AGGREGATE */
    struct sl_expr *argument, *default_value; /* of the others; NULL: none */
    const struct sl_type *type;
};

struct sl_bound_overs {
    struct sl_binder *binder;
    const struct sl_ast_list *defined; /* WINDOW; struct sl_ast_window */
    struct over_window *windows;
    size_t window_count, window_capacity;
    struct over_item *items;
    size_t item_count, item_capacity;
};

static void *
over_grow(struct sl_arena *arena, void *list, size_t count, size_t *capacity, size_t size)
{
    char *grown;

    if (count < *capacity)
        return list;
    *capacity = *capacity ? 2 * *capacity : 4;
    grown = SL_NEW_ARRAY(arena, char, *capacity *size);
    if (count)
        memcpy(grown, list, count * size);
    return grown;
}

/* --- WINDOW --- */

int
sl_binder_overs_new(struct sl_binder *binder, const struct sl_ast_list *windows,
                    struct sl_bound_overs **ret_overs, struct sl_error *err)
{
    struct sl_bound_overs *overs = SL_NEW(binder->arena, struct sl_bound_overs);

    for (size_t i = 0; i < windows->count; i++) {
        const struct sl_ast_window *window = windows->items[i];

        for (size_t j = 0; j < i; j++) {
            const struct sl_ast_window *other = windows->items[j];

            if (!sl_text_equal_nocase(window->name.text, other->name.text))
                continue;
            SL_ERROR(err, SL_E_WINDOWING, "window \"%.*s\" is already defined",
                     SL_TEXT_FORMAT(window->name.text));
            return sl_error_at(err, sl_binder_offset(binder, window->name.offset));
        }
    }
    overs->binder = binder;
    overs->defined = windows;
    *ret_overs = overs;
    return SL_OK;
}

static int
over_find_window(const struct sl_bound_overs *overs, const struct sl_ast_identifier *name,
                 const struct sl_ast_window **ret_window, struct sl_error *err)
{
    for (size_t i = 0; i < overs->defined->count; i++) {
        const struct sl_ast_window *window = overs->defined->items[i];

        if (!sl_text_equal_nocase(window->name.text, name->text))
            continue;
        *ret_window = window;
        return SL_OK;
    }
    SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "window \"%.*s\" does not exist",
             SL_TEXT_FORMAT(name->text));
    sl_error_hint(err, "define it in the WINDOW clause of the same SELECT");
    return sl_error_at(err, sl_binder_offset(overs->binder, name->offset));
}

/* A window's clauses after it has taken over those of the window that it is based on. */
static int
over_resolve(const struct sl_bound_overs *overs, const struct sl_ast_window *window, int depth,
             struct sl_ast_window *ret_window, struct sl_error *err)
{
    const struct sl_ast_window *base = NULL;
    struct sl_ast_window resolved;
    const char *what = NULL;

    *ret_window = *window;
    if (!window->base_name.text.start)
        return SL_OK;
    if (depth > 32) {
        SL_ERROR(err, SL_E_WINDOWING, "window \"%.*s\" is based on itself",
                 SL_TEXT_FORMAT(window->base_name.text));
        return sl_error_at(err, sl_binder_offset(overs->binder, window->base_name.offset));
    }
    SL_TRY(over_find_window(overs, &window->base_name, &base, err));
    SL_TRY(over_resolve(overs, base, depth + 1, &resolved, err));
    if (window->partition_by.count)
        what = "PARTITION BY";
    else if (window->order_by.count && resolved.order_by.count)
        what = "ORDER BY";
    else if (window->parenthesised && resolved.frame != SL_AST_FRAME_UNSAID)
        what = "the frame";
    if (what) {
        SL_ERROR(err, SL_E_WINDOWING, "cannot override %s of window \"%.*s\"", what,
                 SL_TEXT_FORMAT(window->base_name.text));
        return sl_error_at(err, sl_binder_offset(overs->binder, window->base_name.offset));
    }
    ret_window->partition_by = resolved.partition_by;
    if (!window->order_by.count)
        ret_window->order_by = resolved.order_by;
    if (window->frame == SL_AST_FRAME_UNSAID) {
        ret_window->frame = resolved.frame;
        ret_window->frame_start = resolved.frame_start;
        ret_window->frame_end = resolved.frame_end;
    }
    return SL_OK;
}

/* --- frames --- */

static int
over_bound_misfit(const struct sl_clause *binding, const struct sl_ast_expr *ast,
                  const struct sl_value *value, const struct sl_type *order, struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "RANGE with an offset of type %s over ORDER BY of type %s is not supported",
             sl_type_text(binding->binder->arena, value->type),
             order ? sl_type_text(binding->binder->arena, order) : "(none)");
    sl_error_hint(err, "an interval over one time, or an integer over one integer");
    return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
}

/* The offset of a RANGE in the unit of what it is ordered by. */
static int
over_range_offset(struct sl_clause *binding, const struct sl_ast_expr *ast,
                  const struct over_window *window, struct sl_frame *frame,
                  struct sl_frame_bound *ret_bound, struct sl_error *err)
{
    const struct sl_type *order = window->order_count == 1 ? window->order[0]->type : NULL;
    struct sl_value value;
    bool fits = false;

    SL_TRY(sl_binder_constant(binding->binder, ast, "the offset of RANGE", NULL, &value, err));
    if (order && !value.is_null && value.type->kind == SL_TYPE_INTERVAL_DAY) {
        fits = sl_type_is_timestamp(order->kind) || order->kind == SL_TYPE_TIME;
    } else if (order && !value.is_null && value.type->kind == SL_TYPE_INTERVAL_MONTH) {
        fits = sl_type_is_timestamp(order->kind) || order->kind == SL_TYPE_DATE;
        frame->in_months = true;
    } else if (order && !value.is_null && sl_type_is_integer(value.type->kind)) {
        fits = sl_type_is_integer(order->kind);
    }
    if (!fits)
        return over_bound_misfit(binding, ast, &value, order, err);
    ret_bound->offset = value.integer;
    return SL_OK;
}

static int
over_bound(struct sl_clause *binding, const struct sl_ast_bound *ast,
           const struct over_window *window, struct sl_frame *frame,
           struct sl_frame_bound *ret_bound, struct sl_error *err)
{
    static const enum sl_bound_kind kinds[] = {
        [SL_AST_BOUND_UNBOUNDED_PRECEDING] = SL_BOUND_UNBOUNDED_PRECEDING,
        [SL_AST_BOUND_PRECEDING] = SL_BOUND_PRECEDING,
        [SL_AST_BOUND_CURRENT_ROW] = SL_BOUND_CURRENT_ROW,
        [SL_AST_BOUND_FOLLOWING] = SL_BOUND_FOLLOWING,
        [SL_AST_BOUND_UNBOUNDED_FOLLOWING] = SL_BOUND_UNBOUNDED_FOLLOWING,
    };
    struct sl_value value;

    *ret_bound = (struct sl_frame_bound){.kind = kinds[ast->kind]};
    if (ast->kind != SL_AST_BOUND_PRECEDING && ast->kind != SL_AST_BOUND_FOLLOWING)
        return SL_OK;
    if (frame->is_rows) {
        SL_TRY(sl_binder_constant(binding->binder, ast->value, "the offset of ROWS",
                                  &sl_type_bigint, &value, err));
        ret_bound->offset = value.is_null ? -1 : value.integer;
    } else {
        SL_TRY(over_range_offset(binding, ast->value, window, frame, ret_bound, err));
    }
    if (ret_bound->offset < 0) {
        SL_ERROR(err, SL_E_INVALID_FRAME_OFFSET, "the offset of a frame must not be negative");
        return sl_error_at(err, sl_binder_offset(binding->binder, ast->value->ast.offset));
    }
    return SL_OK;
}

static int
over_frame(struct sl_clause *binding, const struct sl_ast_window *ast, struct over_window *window,
           struct sl_error *err)
{
    struct sl_frame *frame = &window->frame;
    enum sl_bound_kind start, end;

    if (ast->frame == SL_AST_FRAME_UNSAID) {
        frame->start.kind = SL_BOUND_UNBOUNDED_PRECEDING;
        frame->end.kind = window->order_count ? SL_BOUND_CURRENT_ROW : SL_BOUND_UNBOUNDED_FOLLOWING;
        return SL_OK;
    }
    if (ast->frame == SL_AST_FRAME_GROUPS)
        return sl_binder_refuse(binding->binder, ast->offset, "GROUPS is", err);
    frame->is_rows = ast->frame == SL_AST_FRAME_ROWS;
    SL_TRY(over_bound(binding, &ast->frame_start, window, frame, &frame->start, err));
    SL_TRY(over_bound(binding, &ast->frame_end, window, frame, &frame->end, err));
    start = frame->start.kind;
    end = frame->end.kind;
    if (start == SL_BOUND_UNBOUNDED_FOLLOWING || end == SL_BOUND_UNBOUNDED_PRECEDING ||
        start > end) {
        SL_ERROR(err, SL_E_WINDOWING, "the frame's start lies behind its end");
        return sl_error_at(err, sl_binder_offset(binding->binder, ast->offset));
    }
    return SL_OK;
}

/* --- windows --- */

static int
over_order(struct sl_clause *binding, const struct sl_ast_order *order_by,
           struct over_window *window, struct sl_error *err)
{
    struct sl_arena *arena = binding->binder->arena;

    window->order = SL_NEW_ARRAY(arena, struct sl_expr *, order_by->count);
    window->keys = SL_NEW_ARRAY(arena, struct sl_sort_key, order_by->count);
    window->order_count = order_by->count;
    for (size_t i = 0; i < order_by->count; i++) {
        const struct sl_ast_order_item *item = &order_by->items[i];

        SL_TRY(sl_binder_expr(binding, item->expr, &window->order[i], err));
        sl_parameters_end(binding->binder, &window->order[i], 1);
        if (window->order[i]->type->kind == SL_TYPE_MAP ||
            window->order[i]->type->kind == SL_TYPE_MULTISET) {
            SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "type %s has no order",
                     sl_type_text(arena, window->order[i]->type));
            return sl_error_at(err, sl_binder_offset(binding->binder, item->expr->ast.offset));
        }
        window->keys[i] = (struct sl_sort_key){.descending = item->descending,
                                               .nulls_first = sl_sort_nulls_first(item)};
    }
    return SL_OK;
}

static bool
over_same_window(const struct over_window *a, const struct over_window *b)
{
    if (a->partition_count != b->partition_count || a->order_count != b->order_count ||
        a->frame.is_rows != b->frame.is_rows || a->frame.in_months != b->frame.in_months ||
        a->frame.start.kind != b->frame.start.kind || a->frame.end.kind != b->frame.end.kind ||
        a->frame.start.offset != b->frame.start.offset ||
        a->frame.end.offset != b->frame.end.offset)
        return false;
    for (size_t i = 0; i < a->partition_count; i++)
        if (!sl_expr_equal(a->partition[i], b->partition[i]))
            return false;
    for (size_t i = 0; i < a->order_count; i++)
        if (!sl_expr_equal(a->order[i], b->order[i]) ||
            a->keys[i].descending != b->keys[i].descending ||
            a->keys[i].nulls_first != b->keys[i].nulls_first)
            return false;
    return true;
}

/* `has_frame` false: the function looks at whole partitions, whatever the frame. */
static int
over_window(struct sl_clause *binding, const struct sl_ast_window *ast, bool has_frame,
            size_t *ret_window, struct sl_error *err)
{
    struct sl_bound_overs *overs = binding->overs;
    struct sl_clause inner = *binding;
    struct sl_ast_window resolved;
    struct over_window window = {0};

    inner.overs = NULL;
    inner.clause = "window definitions";
    SL_TRY(over_resolve(overs, ast, 0, &resolved, err));
    window.offset = sl_binder_offset(binding->binder, ast->offset);
    SL_TRY(sl_binder_exprs(&inner, &resolved.partition_by, &window.partition, err));
    window.partition_count = resolved.partition_by.count;
    sl_parameters_end(binding->binder, window.partition, window.partition_count);
    SL_TRY(over_order(&inner, &resolved.order_by, &window, err));
    if (!has_frame)
        resolved.frame = SL_AST_FRAME_UNSAID;
    SL_TRY(over_frame(&inner, &resolved, &window, err));
    for (*ret_window = 0; *ret_window < overs->window_count; (*ret_window)++)
        if (over_same_window(&overs->windows[*ret_window], &window))
            return SL_OK;
    overs->windows = over_grow(binding->binder->arena, overs->windows, overs->window_count,
                               &overs->window_capacity, sizeof(window));
    overs->windows[overs->window_count++] = window;
    return SL_OK;
}

/* --- calls --- */

struct over_function {
    const char *name;
    enum sl_over_function function;
    size_t arg_min, arg_max;
    const struct sl_type *type; /* NULL: the argument's */
};

static const struct over_function over_functions[] = {
    {"ROW_NUMBER", SL_OVER_ROW_NUMBER, 0, 0, &sl_type_bigint},
    {"RANK", SL_OVER_RANK, 0, 0, &sl_type_bigint},
    {"DENSE_RANK", SL_OVER_DENSE_RANK, 0, 0, &sl_type_bigint},
    {"PERCENT_RANK", SL_OVER_PERCENT_RANK, 0, 0, &sl_type_double},
    {"CUME_DIST", SL_OVER_CUME_DIST, 0, 0, &sl_type_double},
    {"NTILE", SL_OVER_NTILE, 1, 1, &sl_type_int},
    {"LAG", SL_OVER_LAG, 1, 3, NULL},
    {"LEAD", SL_OVER_LEAD, 1, 3, NULL},
    {"NTH_VALUE", SL_OVER_NTH_VALUE, 2, 2, NULL},
};

static const struct over_function *
over_find_function(const struct sl_ast_name *name)
{
    for (size_t i = 0; i < SL_COUNT_OF(over_functions); i++)
        if (sl_ast_name_is(name, over_functions[i].name))
            return &over_functions[i];
    return NULL;
}

bool
sl_is_over_function(const struct sl_ast_name *name)
{
    return over_find_function(name) != NULL;
}

/* A number of rows that must be a literal. */
static int
over_number(struct sl_clause *binding, const struct sl_ast_expr *ast,
            const struct over_function *function, int64_t min, int64_t *ret_number,
            struct sl_error *err)
{
    struct sl_value value;

    SL_TRY(sl_binder_constant(
        binding->binder, ast,
        sl_arena_printf(binding->binder->arena, "the number of rows of %s", function->name),
        &sl_type_bigint, &value, err));
    *ret_number = value.integer;
    if (!value.is_null && value.integer >= min)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "argument of %s must be %lld or more",
             function->name, (long long)min);
    return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
}

/* LAG(x, n, default), LEAD, NTH_VALUE(x, n). */
static int
over_value_args(struct sl_clause *binding, const struct sl_ast_call *call,
                const struct over_function *function, struct over_item *item, struct sl_error *err)
{
    struct sl_arena *arena = binding->binder->arena;

    SL_TRY(sl_binder_expr(binding, call->args[0].value, &item->argument, err));
    sl_parameters_end(binding->binder, &item->argument, 1);
    item->type = sl_type_nullable(arena, item->argument->type, true);
    item->call.number = 1;
    if (call->arg_count > 1)
        SL_TRY(over_number(binding, call->args[1].value, function,
                           function->function == SL_OVER_NTH_VALUE, &item->call.number, err));
    if (call->arg_count < 3)
        return SL_OK;
    SL_TRY(sl_binder_expr(binding, call->args[2].value, &item->default_value, err));
    sl_parameter_settle(binding->binder, item->default_value, item->type);
    if (!sl_type_is_assignable(item->default_value->type, item->type)) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "the default of %s is of type %s, its value of %s",
                 function->name, sl_type_text(arena, item->default_value->type),
                 sl_type_text(arena, item->type));
        return sl_error_at(err, item->default_value->offset);
    }
    if (!item->argument->type->nullable && !item->default_value->type->nullable)
        item->type = item->argument->type;
    item->call.has_default = true;
    if (sl_type_equal(item->default_value->type, item->type))
        return SL_OK;
    return sl_expr_cast(arena, item->default_value, item->type, SL_CAST_IMPLICIT,
                        item->default_value->offset, &item->default_value, err);
}

static int
over_function_call(struct sl_clause *binding, const struct sl_ast_expr *ast,
                   const struct over_function *function, struct over_item *item,
                   struct sl_error *err)
{
    const struct sl_ast_call *call = &ast->call;
    int offset = sl_binder_offset(binding->binder, ast->ast.offset);

    item->call.function = function->function;
    if (call->arg_count < function->arg_min || call->arg_count > function->arg_max || call->star) {
        SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "%s takes %zu to %zu arguments", function->name,
                 function->arg_min, function->arg_max);
        return sl_error_at(err, offset);
    }
    if (call->filter || call->quantifier == SL_AST_DISTINCT) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "%s specified, but %s is not an aggregate function",
                 call->filter ? "FILTER" : "DISTINCT", function->name);
        return sl_error_at(err, offset);
    }
    if (call->nulls != SL_AST_NULLS_UNSAID && function->type)
        return sl_binder_refuse(binding->binder, ast->ast.offset,
                                "IGNORE NULLS and RESPECT NULLS of this function are", err);
    item->call.ignores_nulls = call->nulls == SL_AST_NULLS_IGNORE;
    if (function->function == SL_OVER_NTILE)
        SL_TRY(over_number(binding, call->args[0].value, function, 1, &item->call.number, err));
    if (!function->type)
        return over_value_args(binding, call, function, item, err);
    item->type = sl_type_nullable(binding->binder->arena, function->type, false);
    return SL_OK;
}

static bool
over_same_item(const struct over_item *a, const struct over_item *b)
{
    if (a->window != b->window || a->call.function != b->call.function ||
        a->call.number != b->call.number || a->call.ignores_nulls != b->call.ignores_nulls ||
        !a->argument != !b->argument || !a->default_value != !b->default_value)
        return false;
    if (a->aggregate)
        return sl_binder_same_aggregate(a->aggregate, b->aggregate);
    return (!a->argument || sl_expr_equal(a->argument, b->argument)) &&
           (!a->default_value || sl_expr_equal(a->default_value, b->default_value));
}

static uint32_t
over_collect(struct sl_bound_overs *overs, const struct over_item *item)
{
    for (size_t i = 0; i < overs->item_count; i++)
        if (over_same_item(&overs->items[i], item))
            return (uint32_t)i;
    overs->items = over_grow(overs->binder->arena, overs->items, overs->item_count,
                             &overs->item_capacity, sizeof(*item));
    overs->items[overs->item_count] = *item;
    return (uint32_t)overs->item_count++;
}

static int
over_check_place(const struct sl_clause *binding, const struct sl_ast_expr *ast,
                 struct sl_error *err)
{
    const struct sl_ast_name *name = &ast->call.name;

    if (!ast->call.over)
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "window function %.*s requires an OVER clause",
                 SL_TEXT_FORMAT(name->parts[name->count - 1].text));
    else if (binding->in_aggregate)
        SL_ERROR(err, SL_E_GROUPING, "aggregate function calls cannot contain window functions");
    else if (!binding->overs)
        SL_ERROR(err, SL_E_WINDOWING, "window functions are not allowed in %s", binding->clause);
    else
        return SL_OK;
    return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
}

int
sl_binder_over_call(struct sl_clause *binding, const struct sl_ast_expr *ast,
                    struct sl_expr **ret_expr, struct sl_error *err)
{
    const struct over_function *function = over_find_function(&ast->call.name);
    const struct sl_ast_name *name = &ast->call.name;
    struct sl_clause inner = *binding;
    struct over_item item = {0};

    SL_TRY(over_check_place(binding, ast, err));
    inner.overs = NULL;
    inner.clause = "window functions";
    if (function) {
        SL_TRY(over_function_call(&inner, ast, function, &item, err));
    } else if (sl_aggregate_exists(name->parts[name->count - 1].text)) {
        SL_TRY(sl_binder_aggregate(&inner, ast, &item.aggregate, err));
        item.type = item.aggregate->type;
    } else {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE,
                 "OVER specified, but %.*s is not a window function nor an aggregate function",
                 SL_TEXT_FORMAT(name->parts[name->count - 1].text));
        return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
    }
    SL_TRY(over_window(binding, ast->call.over,
                       !function || function->function == SL_OVER_NTH_VALUE, &item.window, err));
    *ret_expr = sl_expr_column(binding->binder->arena,
                               SL_BIND_OVER + over_collect(binding->overs, &item), item.type);
    (*ret_expr)->offset = sl_binder_offset(binding->binder, ast->ast.offset);
    return SL_OK;
}

/* --- building --- */

void
sl_binder_over_places(struct sl_bound_overs *overs, struct sl_select_output *output)
{
    size_t max = 1;
    struct sl_expr ***places;

    for (size_t i = 0; i < overs->window_count; i++)
        max += overs->windows[i].partition_count + overs->windows[i].order_count;
    for (size_t i = 0; i < overs->item_count; i++)
        max += 3 + (overs->items[i].aggregate ? overs->items[i].aggregate->arg_count : 0);
    places = output->others = SL_NEW_ARRAY(overs->binder->arena, struct sl_expr **, max);
    if (output->qualify)
        *places++ = &output->qualify;
    for (size_t i = 0; i < overs->window_count; i++) {
        for (size_t j = 0; j < overs->windows[i].partition_count; j++)
            *places++ = &overs->windows[i].partition[j];
        for (size_t j = 0; j < overs->windows[i].order_count; j++)
            *places++ = &overs->windows[i].order[j];
    }
    for (size_t i = 0; i < overs->item_count; i++) {
        struct over_item *item = &overs->items[i];

        for (size_t j = 0; item->aggregate && j < item->aggregate->arg_count; j++)
            if (!sl_aggregate_is_parameter(item->aggregate, j))
                *places++ = &item->aggregate->args[j];
        if (item->aggregate && item->aggregate->filter)
            *places++ = &item->aggregate->filter;
        if (item->argument)
            *places++ = &item->argument;
        if (item->default_value)
            *places++ = &item->default_value;
    }
    output->other_count = (size_t)(places - output->others);
}

/* What is computed under the windows: all columns, then expressions. */
struct over_inputs {
    struct sl_arena *arena;
    struct sl_expr **exprs;
    const char **names;
    size_t count, capacity;
};

static uint32_t
over_input(struct over_inputs *inputs, struct sl_expr *expr)
{
    if (expr->kind == SL_EXPR_COLUMN)
        return expr->column;
    for (uint32_t i = 0; i < inputs->count; i++)
        if (sl_expr_is_deterministic(expr) && sl_expr_equal(inputs->exprs[i], expr))
            return i;
    SL_ASSERT(inputs->count < inputs->capacity);
    inputs->exprs[inputs->count] = expr;
    inputs->names[inputs->count] = sl_arena_printf(inputs->arena, "$f%zu", inputs->count);
    return (uint32_t)inputs->count++;
}

static struct sl_aggregate *
over_aggregate(struct over_inputs *inputs, const struct sl_aggregate *from)
{
    struct sl_aggregate *aggregate = SL_NEW(inputs->arena, struct sl_aggregate);

    *aggregate = *from;
    aggregate->args = SL_NEW_ARRAY(inputs->arena, struct sl_expr *, from->arg_count);
    for (size_t i = 0; i < from->arg_count; i++)
        aggregate->args[i] = sl_aggregate_is_parameter(from, i)
                                 ? from->args[i]
                                 : sl_expr_column(inputs->arena, over_input(inputs, from->args[i]),
                                                  from->args[i]->type);
    if (from->filter)
        aggregate->filter =
            sl_expr_column(inputs->arena, over_input(inputs, from->filter), from->filter->type);
    return aggregate;
}

/* The window's calls over the inputs; the items learn which place their results have in it. */
static struct sl_over
over_of_window(struct sl_bound_overs *overs, size_t index, struct over_inputs *inputs,
               size_t *places)
{
    const struct over_window *window = &overs->windows[index];
    struct sl_arena *arena = inputs->arena;
    struct sl_over over = {
        .partition = SL_NEW_ARRAY(arena, uint32_t, window->partition_count),
        .partition_count = window->partition_count,
        .order = window->keys,
        .order_count = window->order_count,
        .frame = window->frame,
        .calls = SL_NEW_ARRAY(arena, struct sl_over_call, overs->item_count),
        .aggregates = SL_NEW_ARRAY(arena, struct sl_aggregate *, overs->item_count),
    };

    for (size_t i = 0; i < window->partition_count; i++)
        over.partition[i] = over_input(inputs, window->partition[i]);
    for (size_t i = 0; i < window->order_count; i++)
        over.order[i].column = over_input(inputs, window->order[i]);
    for (size_t i = 0; i < overs->item_count; i++) {
        const struct over_item *item = &overs->items[i];
        struct sl_over_call call = item->call;

        if (item->window != index)
            continue;
        if (item->aggregate) {
            call.aggregate = (uint32_t)over.aggregate_count;
            over.aggregates[over.aggregate_count++] = over_aggregate(inputs, item->aggregate);
        }
        if (item->argument)
            call.column = over_input(inputs, item->argument);
        if (item->default_value)
            call.default_column = over_input(inputs, item->default_value);
        places[i] = over.call_count;
        over.calls[over.call_count++] = call;
    }
    return over;
}

static struct sl_log_node *
over_node(struct sl_bound_overs *overs, const struct sl_over *over, size_t index,
          struct sl_log_node *input, struct sl_expr **results, const size_t *places)
{
    struct sl_arena *arena = overs->binder->arena;
    size_t first = input->schema->count;
    struct sl_schema *schema = sl_schema_new(arena, first + over->call_count);
    struct sl_log_node *node = sl_log_new(arena, SL_LOG_OVER, schema, input);

    memcpy(schema->columns, input->schema->columns, first * sizeof(*schema->columns));
    for (size_t i = 0; i < overs->item_count; i++) {
        if (overs->items[i].window != index)
            continue;
        schema->columns[first + places[i]] = (struct sl_schema_column){
            .name = sl_arena_printf(arena, "o%zu", i), .type = overs->items[i].type};
        results[i] = sl_log_column(arena, schema, (uint32_t)(first + places[i]));
    }
    node->over = *over;
    node->offset = overs->windows[index].offset;
    node->parallelism = overs->binder->parallelism;
    return node;
}

/* The same expression with results in the places of calls. */
static struct sl_expr *
over_replace(struct sl_arena *arena, struct sl_expr *expr, struct sl_expr *const *results)
{
    struct sl_expr *copy = SL_NEW(arena, struct sl_expr);

    if (expr->kind == SL_EXPR_COLUMN) {
        *copy = expr->column >= SL_BIND_OVER ? *results[expr->column - SL_BIND_OVER] : *expr;
        copy->offset = expr->offset;
        return copy;
    }
    *copy = *expr;
    copy->args = SL_NEW_ARRAY(arena, struct sl_expr *, expr->arg_count);
    for (size_t i = 0; i < expr->arg_count; i++)
        copy->args[i] = over_replace(arena, expr->args[i], results);
    return copy;
}

static struct sl_log_node *
over_nodes(struct sl_bound_overs *overs, struct over_inputs *inputs, struct sl_log_node *input,
           struct sl_expr **results)
{
    struct sl_arena *arena = inputs->arena;
    struct sl_over *made = SL_NEW_ARRAY(arena, struct sl_over, overs->window_count);
    size_t *places = SL_NEW_ARRAY(arena, size_t, overs->item_count);
    struct sl_log_node *node;

    for (size_t i = 0; i < overs->window_count; i++)
        made[i] = over_of_window(overs, i, inputs, places);
    node = sl_log_project(arena, input, inputs->exprs, inputs->names, inputs->count);
    if (overs->binder->parallelism)
        node->parallelism = overs->binder->parallelism;
    for (size_t i = 0; i < overs->window_count; i++)
        node = over_node(overs, &made[i], i, node, results, places);
    return node;
}

int
sl_binder_over(struct sl_binder *binder, struct sl_bound_overs *overs,
               struct sl_select_output *output, struct sl_log_node **node, struct sl_error *err)
{
    const struct sl_schema *schema = (*node)->schema;
    struct over_inputs inputs = {.arena = binder->arena, .count = schema->count};
    struct sl_expr **results;

    if (output->qualify && !overs->item_count) {
        SL_ERROR(err, SL_E_WINDOWING, "QUALIFY needs a window function");
        sl_error_hint(err, "a condition without one belongs into WHERE or HAVING");
        return sl_error_at(err, output->qualify->offset);
    }
    if (!overs->item_count)
        return SL_OK;
    inputs.capacity = schema->count + output->other_count + 1;
    inputs.exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, inputs.capacity);
    inputs.names = SL_NEW_ARRAY(binder->arena, const char *, inputs.capacity);
    for (uint32_t i = 0; i < schema->count; i++) {
        inputs.exprs[i] = sl_log_column(binder->arena, schema, i);
        inputs.names[i] = schema->columns[i].name;
    }
    results = SL_NEW_ARRAY(binder->arena, struct sl_expr *, overs->item_count);
    *node = over_nodes(overs, &inputs, *node, results);
    for (size_t i = 0; i < output->count; i++)
        output->exprs[i] = over_replace(binder->arena, output->exprs[i], results);
    if (output->qualify)
        *node = sl_log_filter(binder->arena, *node,
                              over_replace(binder->arena, output->qualify, results));
    return SL_OK;
}
