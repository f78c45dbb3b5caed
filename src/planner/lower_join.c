/* Joins to operators.  Of the kinds of joins there is the interval join:
 *
 *     FROM a JOIN b ON a.k = b.k AND a.ts BETWEEN b.ts - INTERVAL '1' HOUR AND b.ts AND a.x < b.x
 *  → IntervalJoin(keys (k), (k); b.ts - 1 h <= a.ts <= b.ts; condition a.x < b.x)
 *
 * It takes an equality of both sides or more, and bounds of the difference of their time attributes
 * from below and from above; of several bounds the tightest holds.  Keys that are no columns are
 * computed below it. */
#include "planner/lower.h"

#define JOIN_UNBOUNDED_LOWER INT64_MIN
#define JOIN_UNBOUNDED_UPPER INT64_MAX
/* So many buckets of state are looked through for a row, and so many are held. */
#define JOIN_BUCKETS_OF_INTERVAL 4
#define JOIN_BUCKETS_HELD 64

enum join_side { JOIN_LEFT, JOIN_RIGHT };

/* What a join's condition says. */
struct join_analysis {
    struct sl_lowering *lowering;
    const struct sl_log_node *node;
    uint32_t left_count;
    struct sl_expr **keys[2]; /* each over its own input */
    size_t key_count;
    struct sl_expr *rest;
    int64_t lower_us, upper_us; /* of the difference of times, left - right */
    int32_t times[2];           /* columns of the node; -1: no bound yet */
    int bound_offset;
};

/* A time attribute and a constant that is added to it. */
struct join_time {
    uint32_t column;
    int64_t offset_us;
};

/* --- bounds --- */

static bool
join_is_time(const struct join_analysis *join, uint32_t column)
{
    const struct sl_schema_column *found = &join->node->schema->columns[column];

    if (!sl_type_is_timestamp(found->type->kind))
        return false;
    return found->time != SL_TIME_NONE || join->lowering->settings.batch_mode;
}

static bool
join_is_interval(const struct sl_expr *expr)
{
    return expr->kind == SL_EXPR_LITERAL && expr->type->kind == SL_TYPE_INTERVAL_DAY &&
           !expr->value.is_null;
}

static bool
join_add_interval(const struct sl_expr *interval, bool is_negative, struct join_time *time)
{
    int64_t us = interval->value.integer;

    return is_negative ? !__builtin_sub_overflow(time->offset_us, us, &time->offset_us)
                       : !__builtin_add_overflow(time->offset_us, us, &time->offset_us);
}

static bool
join_find_time(const struct join_analysis *join, const struct sl_expr *expr,
               struct join_time *ret_time)
{
    struct join_time time = {0};

    for (;;) {
        const char *name = expr->kind == SL_EXPR_CALL ? sl_expr_function_name(expr) : NULL;
        bool is_sum = name && strcmp(name, "+") == 0, is_less = name && strcmp(name, "-") == 0;

        if (expr->kind == SL_EXPR_CAST && expr->cast == SL_CAST_IMPLICIT) {
            expr = expr->args[0];
        } else if ((is_sum || is_less) && expr->arg_count == 2 && join_is_interval(expr->args[1])) {
            if (!join_add_interval(expr->args[1], is_less, &time))
                return false;
            expr = expr->args[0];
        } else if (is_sum && expr->arg_count == 2 && join_is_interval(expr->args[0])) {
            if (!join_add_interval(expr->args[0], false, &time))
                return false;
            expr = expr->args[1];
        } else {
            break;
        }
    }
    if (expr->kind != SL_EXPR_COLUMN || !join_is_time(join, expr->column))
        return false;
    time.column = expr->column;
    *ret_time = time;
    return true;
}

/* Both kinds of time, or times with and without a zone: there is no difference of these. */
static int
join_check_times(const struct join_analysis *join, const struct join_time *times, int offset,
                 struct sl_error *err)
{
    const struct sl_schema_column *left = &join->node->schema->columns[times[JOIN_LEFT].column];
    const struct sl_schema_column *right = &join->node->schema->columns[times[JOIN_RIGHT].column];
    struct sl_arena *arena = join->lowering->arena;

    if (left->time != right->time && !join->lowering->settings.batch_mode) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "an interval join over event time on one side (\"%s\") and processing time on the "
                 "other (\"%s\") is not supported",
                 left->time == SL_TIME_EVENT ? left->name : right->name,
                 left->time == SL_TIME_EVENT ? right->name : left->name);
        sl_error_hint(err, "compare two columns with watermarks, or two AS PROCTIME()");
        return sl_error_at(err, offset);
    }
    if (left->type->kind != right->type->kind) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "an interval join over times \"%s\" of type %s and \"%s\" of type %s is not "
                 "supported",
                 left->name, sl_type_text(arena, left->type), right->name,
                 sl_type_text(arena, right->type));
        sl_error_hint(err, "declare both with the same type");
        return sl_error_at(err, offset);
    }
    return SL_OK;
}

/* The least step of both times. */
static int64_t
join_step_us(const struct join_analysis *join, const struct join_time *times)
{
    const struct sl_schema *schema = join->node->schema;
    int32_t precision = SL_MAX(schema->columns[times[JOIN_LEFT].column].type->precision,
                               schema->columns[times[JOIN_RIGHT].column].type->precision);

    return precision <= 3 ? SL_US_PER_MS : 1;
}

static int64_t
join_floor(int64_t us, int64_t step_us)
{
    int64_t rest = us % step_us;

    return us - (rest < 0 ? rest + step_us : rest);
}

/* left + its offset `op` right + its offset. */
static void
join_bound(struct join_analysis *join, const char *op, const struct join_time *times)
{
    int64_t step = join_step_us(join, times), difference, down, up;

    if (__builtin_sub_overflow(times[JOIN_RIGHT].offset_us, times[JOIN_LEFT].offset_us,
                               &difference) ||
        difference < INT64_MIN / 4 || difference > INT64_MAX / 4)
        difference = difference < 0 ? INT64_MIN / 4 : INT64_MAX / 4;
    down = join_floor(difference, step); /* the nearest differences that there can be */
    up = -join_floor(-difference, step);
    if (op[0] == '=' || op[0] == '<') {
        int64_t upper = op[0] == '<' && op[1] == 0 ? up - step : down;

        join->upper_us = SL_MIN(join->upper_us, upper);
    }
    if (op[0] == '=' || op[0] == '>') {
        int64_t lower = op[0] == '>' && op[1] == 0 ? down + step : up;

        join->lower_us = SL_MAX(join->lower_us, lower);
    }
}

static const char *
join_turned(const char *op)
{
    static const char *const ops[][2] = {{"<", ">"}, {"<=", ">="}, {">", "<"}, {">=", "<="}};

    for (size_t i = 0; i < SL_COUNT_OF(ops); i++)
        if (strcmp(op, ops[i][0]) == 0)
            return ops[i][1];
    return op;
}

static bool
join_is_comparison(const char *name)
{
    return strcmp(name, "=") == 0 || strcmp(join_turned(name), name) != 0;
}

/* Takes a conjunct that bounds the times of both sides.  SL_EOF: it is none. */
static int
join_take_bound(struct join_analysis *join, const struct sl_expr *conjunct, struct sl_error *err)
{
    const char *op = sl_expr_function_name(conjunct);
    struct join_time times[2], swap;

    if (!op || conjunct->arg_count != 2 || !join_is_comparison(op) ||
        !join_find_time(join, conjunct->args[0], &times[JOIN_LEFT]) ||
        !join_find_time(join, conjunct->args[1], &times[JOIN_RIGHT]))
        return SL_EOF;
    if (times[JOIN_LEFT].column >= join->left_count) {
        swap = times[JOIN_LEFT];
        times[JOIN_LEFT] = times[JOIN_RIGHT];
        times[JOIN_RIGHT] = swap;
        op = join_turned(op);
    }
    if (times[JOIN_LEFT].column >= join->left_count || times[JOIN_RIGHT].column < join->left_count)
        return SL_EOF;
    for (size_t side = 0; side < 2; side++)
        if (join->times[side] >= 0 && (uint32_t)join->times[side] != times[side].column)
            return SL_EOF;
    SL_TRY(join_check_times(join, times, conjunct->offset, err));
    join_bound(join, op, times);
    join->times[JOIN_LEFT] = (int32_t)times[JOIN_LEFT].column;
    join->times[JOIN_RIGHT] = (int32_t)times[JOIN_RIGHT].column;
    join->bound_offset = conjunct->offset;
    return SL_OK;
}

/* --- keys --- */

/* Keys are hashed and compared as bytes: both sides must be of one type. */
static bool
join_unite_types(struct sl_arena *arena, struct sl_expr **keys)
{
    const struct sl_type *types[2] = {keys[0]->type, keys[1]->type}, *common;
    struct sl_error err;

    if (sl_type_equal(types[0], types[1]) ||
        (types[0]->kind == SL_TYPE_VARCHAR && types[1]->kind == SL_TYPE_VARCHAR))
        return true;
    if (!sl_type_common(arena, types, 2, &common))
        return false;
    for (size_t side = 0; side < 2; side++)
        if (!sl_type_equal(types[side], common) &&
            sl_expr_cast(arena, keys[side], common, SL_CAST_IMPLICIT, keys[side]->offset,
                         &keys[side], &err) < 0)
            return false;
    return true;
}

/* Takes an equality of something of the left side and something of the right one. */
static bool
join_take_key(struct join_analysis *join, const struct sl_expr *conjunct)
{
    uint32_t left_count = join->left_count, count = (uint32_t)join->node->schema->count;
    const char *op = sl_expr_function_name(conjunct);
    struct sl_expr *keys[2];
    bool is_turned;

    if (!op || strcmp(op, "=") != 0 || !sl_expr_is_deterministic(conjunct))
        return false;
    is_turned = sl_expr_columns_within(conjunct->args[0], left_count, count);
    keys[JOIN_LEFT] = conjunct->args[is_turned];
    keys[JOIN_RIGHT] = conjunct->args[!is_turned];
    if (!sl_expr_has_columns(keys[JOIN_LEFT]) || !sl_expr_has_columns(keys[JOIN_RIGHT]) ||
        !sl_expr_columns_within(keys[JOIN_LEFT], 0, left_count) ||
        !sl_expr_columns_within(keys[JOIN_RIGHT], left_count, count) ||
        !join_unite_types(join->lowering->arena, keys))
        return false;
    join->keys[JOIN_LEFT][join->key_count] = keys[JOIN_LEFT];
    join->keys[JOIN_RIGHT][join->key_count++] =
        sl_join_right_expr(join->lowering->arena, join->node, keys[JOIN_RIGHT]);
    return true;
}

static int
join_analyse(struct sl_lowering *lowering, const struct sl_log_node *node,
             struct join_analysis *join, struct sl_error *err)
{
    struct sl_expr **conjuncts = NULL;
    size_t count = 0;

    *join = (struct join_analysis){.lowering = lowering,
                                   .node = node,
                                   .left_count = (uint32_t)node->inputs[0]->schema->count,
                                   .lower_us = JOIN_UNBOUNDED_LOWER,
                                   .upper_us = JOIN_UNBOUNDED_UPPER,
                                   .times = {-1, -1}};
    if (node->join.condition)
        count = sl_expr_conjuncts(lowering->arena, node->join.condition, &conjuncts);
    for (size_t side = 0; side < 2; side++)
        join->keys[side] = SL_NEW_ARRAY(lowering->arena, struct sl_expr *, count + 1);
    for (size_t i = 0; i < count; i++) {
        int rc = join_take_bound(join, conjuncts[i], err);

        if (rc < 0)
            return rc;
        if (rc == SL_EOF && !join_take_key(join, conjuncts[i]))
            join->rest = sl_expr_and(lowering->arena, join->rest, conjuncts[i]);
    }
    return SL_OK;
}

/* --- refusals --- */

static int
join_refuse_half(const struct join_analysis *join, struct sl_error *err)
{
    const struct sl_schema *schema = join->node->schema;
    const char *left = schema->columns[join->times[JOIN_LEFT]].name;
    const char *right = schema->columns[join->times[JOIN_RIGHT]].name;
    bool has_lower = join->lower_us != JOIN_UNBOUNDED_LOWER;

    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "an interval join needs a bound on both sides, but the time \"%s\" of the left table "
             "has no %s bound",
             left, has_lower ? "upper" : "lower");
    sl_error_hint(err, "add one, like AND left.%s %s right.%s %s INTERVAL '1' HOUR", left,
                  has_lower ? "<=" : ">=", right, has_lower ? "+" : "-");
    return sl_error_at(err, join->bound_offset);
}

static int
join_refuse(const struct join_analysis *join, struct sl_error *err)
{
    bool has_lower = join->lower_us != JOIN_UNBOUNDED_LOWER;
    bool has_upper = join->upper_us != JOIN_UNBOUNDED_UPPER;

    if (has_lower != has_upper)
        return join_refuse_half(join, err);
    if (has_lower) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "an interval join without an equality of both sides is not supported");
        sl_error_hint(err, "add one to its condition: ON a.id = b.id AND …");
    } else {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "a join that does not bound the time attributes of both sides is not supported "
                 "yet");
        sl_error_hint(err, "bound them: ON a.id = b.id AND a.ts BETWEEN b.ts - INTERVAL '1' HOUR "
                           "AND b.ts + INTERVAL '1' HOUR");
    }
    return sl_error_at(err, join->node->offset);
}

static int
join_refuse_updating(const struct join_analysis *join, const struct sl_phys_node *input,
                     struct sl_error *err)
{
    const struct sl_phys_node *updates = sl_lower_who_updates(input);
    bool is_scan = updates->kind == SL_OP_SCAN;

    if (input->kinds == SL_KINDS_INSERT)
        return SL_OK;
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "an interval join does not take updates and deletes, which %s%s%s of this query "
             "produces",
             sl_op_kind_name(updates->kind), is_scan ? " of table " : "",
             is_scan ? ((const struct sl_phys_scan *)updates->detail)->table_name : "");
    return sl_error_at(err, join->node->offset);
}

/* --- the operator --- */

/* The input with the keys among its columns: those that are none are computed behind them. */
static struct sl_phys_node *
join_add_keys(const struct join_analysis *join, enum join_side side, struct sl_phys_node *input,
              uint32_t *ret_keys)
{
    struct sl_arena *arena = join->lowering->arena;
    size_t count = input->schema->count;
    struct sl_schema *schema = sl_schema_new(arena, count + join->key_count);
    struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, count + join->key_count);

    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = sl_log_column(arena, input->schema, i);
        schema->columns[i] = input->schema->columns[i];
    }
    schema->count = count;
    for (size_t i = 0; i < join->key_count; i++) {
        struct sl_expr *key = join->keys[side][i];

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
    return sl_lower_calc(join->lowering, input, NULL, exprs, schema, input->parallelism);
}

/* Which of the node's columns make a pair: first the output, then what the condition reads.
 * `map` gets their places; the schema of the output is returned. */
static struct sl_schema *
join_choose_columns(const struct join_analysis *join, const bool *used, uint32_t right_shift,
                    struct sl_phys_interval_join *detail, uint32_t *map)
{
    struct sl_arena *arena = join->lowering->arena;
    size_t count = join->node->schema->count;
    struct sl_schema *schema = sl_schema_new(arena, count);
    bool *read = SL_NEW_ARRAY(arena, bool, count + 1);
    bool any = false;

    sl_expr_mark_columns(join->rest, read);
    for (size_t i = 0; i < count; i++)
        any |= !used || used[i];
    schema->count = 0;
    detail->columns = SL_NEW_ARRAY(arena, uint32_t, count + 1);
    for (size_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            bool is_output = any ? !used || used[i] : i == (uint32_t)join->times[JOIN_LEFT];

            if (pass == 0 ? !is_output : is_output || !read[i])
                continue;
            map[i] = (uint32_t)detail->column_count;
            detail->columns[detail->column_count++] = i + (i >= join->left_count ? right_shift : 0);
            if (pass == 0)
                schema->columns[schema->count++] = join->node->schema->columns[i];
        }
    }
    return schema;
}

/* So wide that a row's interval is in a few of them and all that is held in a few dozen. */
static int64_t
join_bucket_us(const struct sl_phys_interval_join *detail)
{
    int64_t held_us = SL_MAX(-detail->lower_us, detail->upper_us);
    int64_t width_us = SL_MAX((detail->upper_us - detail->lower_us) / JOIN_BUCKETS_OF_INTERVAL,
                              held_us / JOIN_BUCKETS_HELD);

    return SL_MAX(join_floor(width_us, SL_US_PER_SECOND), SL_US_PER_SECOND);
}

static struct sl_phys_node *
join_make(const struct join_analysis *join, struct sl_phys_node *const *inputs, const bool *used,
          uint32_t *map)
{
    struct sl_lowering *lowering = join->lowering;
    struct sl_phys_interval_join *detail = SL_NEW(lowering->arena, struct sl_phys_interval_join);
    struct sl_phys_node *sides[2], *made;
    uint32_t *keys[2];
    struct sl_schema *schema;

    for (size_t side = 0; side < 2; side++) {
        keys[side] = SL_NEW_ARRAY(lowering->arena, uint32_t, join->key_count);
        sides[side] = join_add_keys(join, (enum join_side)side, inputs[side], keys[side]);
    }
    schema = join_choose_columns(
        join, used, (uint32_t)sides[JOIN_LEFT]->schema->count - join->left_count, detail, map);
    detail->join = join->node->join.kind;
    detail->processing_time =
        !lowering->settings.batch_mode &&
        join->node->schema->columns[join->times[JOIN_LEFT]].time == SL_TIME_PROCESSING;
    detail->left_time = (uint32_t)join->times[JOIN_LEFT];
    detail->right_time = (uint32_t)join->times[JOIN_RIGHT] - join->left_count;
    detail->lower_us = join->lower_us;
    detail->upper_us = join->upper_us;
    detail->bucket_us = join_bucket_us(detail);
    detail->min_cleanup_us = lowering->min_cleanup_us;
    detail->left_keys = keys[JOIN_LEFT];
    detail->right_keys = keys[JOIN_RIGHT];
    detail->key_count = join->key_count;
    if (join->rest)
        detail->condition = sl_expr_copy(lowering->arena, join->rest, map);
    made = sl_lower_add(lowering, SL_OP_INTERVAL_JOIN, sl_lower_parallelism(lowering, join->node),
                        schema, detail);
    for (size_t side = 0; side < 2; side++)
        sl_lower_connect_keyed(lowering, made, sides[side], keys[side], join->key_count);
    return made;
}

int
sl_lower_join(struct sl_lowering *lowering, struct sl_log_node *node, const bool *used,
              uint32_t *map, struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_node *inputs[2];
    struct join_analysis join;

    SL_TRY(join_analyse(lowering, node, &join, err));
    if (join.key_count == 0 || join.lower_us == JOIN_UNBOUNDED_LOWER ||
        join.upper_us == JOIN_UNBOUNDED_UPPER)
        return join_refuse(&join, err);
    for (size_t side = 0; side < 2; side++) {
        SL_TRY(sl_lower(lowering, node->inputs[side], &inputs[side], err));
        SL_TRY(join_refuse_updating(&join, inputs[side], err));
    }
    *ret_node = join_make(&join, inputs, used, map);
    return SL_OK;
}
