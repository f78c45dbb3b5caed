/* The windowing table functions, arguments by position or by name: the input with window_start,
 * window_end and window_time. */
#include "planner/bind.h"

enum window_argument {
    WINDOW_DATA,
    WINDOW_TIMECOL,
    WINDOW_SIZE,
    WINDOW_SLIDE, /* of CUMULATE: the step */
    WINDOW_GAP,
    WINDOW_OFFSET,
    WINDOW_ARGUMENT_COUNT,
};

#define WINDOW_PLACES_MAX 5

struct window_function {
    const char *name;
    enum sl_window_kind kind;
    bool has_partitions; /* TABLE t PARTITION BY (k) */
    size_t required;     /* of the places */
    struct {
        const char *name;
        enum window_argument argument;
    } places[WINDOW_PLACES_MAX];
    const char *usage;
};

static const struct window_function window_functions[] = {
    {"TUMBLE",
     SL_WINDOW_TUMBLE,
     false,
     3,
     {{"DATA", WINDOW_DATA},
      {"TIMECOL", WINDOW_TIMECOL},
      {"SIZE", WINDOW_SIZE},
      {"OFFSET", WINDOW_OFFSET}},
     "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE [, offset])"},
    {"HOP",
     SL_WINDOW_HOP,
     false,
     4,
     {{"DATA", WINDOW_DATA},
      {"TIMECOL", WINDOW_TIMECOL},
      {"SLIDE", WINDOW_SLIDE},
      {"SIZE", WINDOW_SIZE},
      {"OFFSET", WINDOW_OFFSET}},
     "HOP(TABLE t, DESCRIPTOR(ts), slide INTERVAL '1' MINUTE, size INTERVAL '5' MINUTE "
     "[, offset])"},
    {"CUMULATE",
     SL_WINDOW_CUMULATE,
     false,
     4,
     {{"DATA", WINDOW_DATA},
      {"TIMECOL", WINDOW_TIMECOL},
      {"STEP", WINDOW_SLIDE},
      {"SIZE", WINDOW_SIZE},
      {"OFFSET", WINDOW_OFFSET}},
     "CUMULATE(TABLE t, DESCRIPTOR(ts), step INTERVAL '1' MINUTE, size INTERVAL '1' HOUR "
     "[, offset])"},
    {"SESSION",
     SL_WINDOW_SESSION,
     true,
     3,
     {{"DATA", WINDOW_DATA}, {"TIMECOL", WINDOW_TIMECOL}, {"GAP", WINDOW_GAP}},
     "SESSION(TABLE t [PARTITION BY (k)], DESCRIPTOR(ts), gap INTERVAL '5' MINUTE)"},
};

static const struct window_function *
window_function_of(const struct sl_ast_name *name)
{
    for (size_t i = 0; i < SL_COUNT_OF(window_functions); i++)
        if (sl_ast_name_is(name, window_functions[i].name))
            return &window_functions[i];
    return NULL;
}

bool
sl_is_window_function(const struct sl_ast_name *name)
{
    return window_function_of(name) != NULL;
}

/* One call of a windowing table function that is bound. */
struct window_call {
    struct sl_binder *binder;
    const struct window_function *function;
    const struct sl_ast_expr *ast;
    const struct sl_ast_expr *args[WINDOW_ARGUMENT_COUNT]; /* NULL: not given */
};

/* A word in front of `text`: the function's name. */
static int
window_bad_argument(const struct window_call *call, int offset, const char *text,
                    struct sl_error *err)
{
    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "%s %s", call->function->name, text);
    sl_error_hint(err, "%s", call->function->usage);
    return sl_error_at(err, sl_binder_offset(call->binder, offset));
}

static int
window_bad_value(const struct window_call *call, enum window_argument argument,
                 struct sl_error *err)
{
    sl_error_hint(err, "%s", call->function->usage);
    return sl_error_at(err, sl_binder_offset(call->binder, call->args[argument]->ast.offset));
}

/* Sorts the arguments, named or not, into their places. */
static int
window_arguments(struct window_call *call, struct sl_error *err)
{
    const struct window_function *function = call->function;
    const struct sl_ast_call *ast = &call->ast->call;

    for (size_t i = 0; i < ast->arg_count; i++) {
        const struct sl_ast_argument *argument = &ast->args[i];
        size_t place = i;

        if (argument->name.text.start) {
            for (place = 0; place < WINDOW_PLACES_MAX; place++)
                if (function->places[place].name &&
                    sl_text_equal_nocase(argument->name.text,
                                         sl_text_of(function->places[place].name)))
                    break;
        }
        if (place >= WINDOW_PLACES_MAX || !function->places[place].name ||
            call->args[function->places[place].argument])
            return window_bad_argument(call, argument->value->ast.offset, "has no such argument",
                                       err);
        call->args[function->places[place].argument] = argument->value;
    }
    for (size_t i = 0; i < function->required; i++)
        if (!call->args[function->places[i].argument])
            return window_bad_argument(call, call->ast->ast.offset,
                                       sl_arena_printf(call->binder->arena, "needs the argument %s",
                                                       function->places[i].name),
                                       err);
    return SL_OK;
}

static int
window_find_column(struct sl_binder *binder, const struct sl_ast_identifier *name,
                   const struct sl_schema *schema, uint32_t *ret_column, struct sl_error *err)
{
    int column = sl_schema_find(schema, name->text);

    if (column == -2) {
        SL_ERROR(err, SL_E_AMBIGUOUS_COLUMN, "column reference \"%.*s\" is ambiguous",
                 SL_TEXT_FORMAT(name->text));
        return sl_error_at(err, sl_binder_offset(binder, name->offset));
    }
    if (column < 0)
        return sl_binder_no_column(binder, name->text, name->offset, schema, err);
    *ret_column = (uint32_t)column;
    return SL_OK;
}

static int
window_add_partition(struct sl_binder *binder, const struct sl_ast_expr *item, const char *usage,
                     const struct sl_schema *schema, uint32_t *ret_column, struct sl_error *err)
{
    if (item->ast.kind == SL_AST_EXPR_COLUMN && item->column.count == 1)
        return window_find_column(binder, &item->column.parts[0], schema, ret_column, err);
    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "PARTITION BY of a table takes columns alone");
    sl_error_hint(err, "%s", usage);
    return sl_error_at(err, sl_binder_offset(binder, item->ast.offset));
}

int
sl_binder_partition(struct sl_binder *binder, const struct sl_ast_list *items, const char *usage,
                    const struct sl_schema *schema, uint32_t **ret_columns, size_t *ret_count,
                    struct sl_error *err)
{
    size_t max = 1, count = 0;
    uint32_t *columns;

    for (size_t i = 0; i < items->count; i++) {
        const struct sl_ast_expr *item = items->items[i];

        max += item->ast.kind == SL_AST_EXPR_ROW ? item->items.count : 1;
    }
    columns = SL_NEW_ARRAY(binder->arena, uint32_t, max);
    for (size_t i = 0; i < items->count; i++) {
        const struct sl_ast_expr *item = items->items[i];

        if (item->ast.kind != SL_AST_EXPR_ROW) {
            SL_TRY(window_add_partition(binder, item, usage, schema, &columns[count++], err));
            continue;
        }
        for (size_t j = 0; j < item->items.count; j++)
            SL_TRY(window_add_partition(binder, item->items.items[j], usage, schema,
                                        &columns[count++], err));
    }
    *ret_columns = columns;
    *ret_count = count;
    return SL_OK;
}

/* Also the columns of PARTITION BY, which may be named in the table alone. */
static int
window_partitions(const struct window_call *call, const struct sl_ast_table_argument *table,
                  struct sl_relation *relation, struct sl_log_window_table *ret_table,
                  struct sl_error *err)
{
    struct sl_binder *binder = call->binder;

    if (table->order_by.count)
        return sl_binder_refuse(
            binder, call->args[WINDOW_DATA]->ast.offset,
            sl_arena_printf(binder->arena, "ORDER BY in %s is", call->function->name), err);
    if (table->partition_by.count && !call->function->has_partitions)
        return sl_binder_refuse(
            binder, call->args[WINDOW_DATA]->ast.offset,
            sl_arena_printf(binder->arena, "PARTITION BY in %s is", call->function->name), err);
    return sl_binder_partition(binder, &table->partition_by, call->function->usage,
                               relation->node->schema, &ret_table->partition,
                               &ret_table->partition_count, err);
}

static int
window_data(const struct window_call *call, struct sl_relation *relation,
            struct sl_log_window_table *ret_table, struct sl_error *err)
{
    const struct sl_ast_expr *ast = call->args[WINDOW_DATA];
    struct sl_binder *binder = call->binder;
    const struct sl_ast_query *query = NULL;

    if (ast->ast.kind == SL_AST_EXPR_SUBQUERY)
        query = ast->query;
    else if (ast->ast.kind != SL_AST_EXPR_TABLE)
        return window_bad_argument(call, ast->ast.offset, "takes a table as its first argument",
                                   err);
    else
        query = ast->table.query;
    if (query) {
        SL_TRY(sl_binder_query(binder, query, &relation->node, err));
        relation->scope = (struct sl_scope){.columns = relation->node->schema};
    } else {
        SL_TRY(sl_binder_table(binder, &ast->table.name, &ast->table.hints, relation, err));
    }
    if (ast->ast.kind == SL_AST_EXPR_TABLE)
        return window_partitions(call, &ast->table, relation, ret_table, err);
    return SL_OK;
}

static int
window_no_time(const struct sl_binder *binder, const struct sl_schema_column *column, int offset,
               struct sl_error *err)
{
    SL_ERROR(
        err, SL_E_DATATYPE_MISMATCH,
        "the window function requires the time column \"%s\" to be a time attribute, but it is "
        "%s",
        column->name, sl_type_text(binder->arena, column->type));
    sl_error_hint(err,
                  "declare WATERMARK FOR %s AS %s - INTERVAL '5' SECOND on its table, or use a "
                  "column AS PROCTIME()",
                  column->name, column->name);
    return sl_error_at(err, sl_binder_offset(binder, offset));
}

static int
window_time_column(const struct window_call *call, const struct sl_schema *schema,
                   uint32_t *ret_column, struct sl_error *err)
{
    const struct sl_ast_expr *ast = call->args[WINDOW_TIMECOL];
    struct sl_binder *binder = call->binder;
    const struct sl_ast_identifier *name;
    const struct sl_schema_column *found;

    if (ast->ast.kind != SL_AST_EXPR_DESCRIPTOR || ast->descriptor.count != 1)
        return window_bad_argument(call, ast->ast.offset,
                                   "takes a DESCRIPTOR with one column as its second argument",
                                   err);
    name = &ast->descriptor.columns[0];
    SL_TRY(window_find_column(binder, name, schema, ret_column, err));
    found = &schema->columns[*ret_column];
    if (!sl_type_is_timestamp(found->type->kind) || (!binder->batch && found->time == SL_TIME_NONE))
        return window_no_time(binder, found, name->offset, err);
    return SL_OK;
}

/* In whole milliseconds; where it was not given *ret_us stays. */
static int
window_length(const struct window_call *call, enum window_argument argument, const char *what,
              int64_t *ret_us, struct sl_error *err)
{
    struct sl_binder *binder = call->binder;
    struct sl_value value;

    if (!call->args[argument])
        return SL_OK;
    SL_TRY(sl_binder_constant(binder, call->args[argument], what, NULL, &value, err));
    if (value.is_null || value.type->kind != SL_TYPE_INTERVAL_DAY) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
                 "%s must be an INTERVAL of days, hours, minutes or seconds, not type %s", what,
                 sl_type_text(binder->arena, value.type));
        return window_bad_value(call, argument, err);
    }
    if (value.integer % SL_US_PER_MS) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "%s must be a number of whole milliseconds",
                 what);
        return window_bad_value(call, argument, err);
    }
    if (value.integer <= 0 && argument != WINDOW_OFFSET) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "%s must be positive", what);
        return window_bad_value(call, argument, err);
    }
    *ret_us = value.integer;
    return SL_OK;
}

/* A size must be a whole number of slides or steps, so that windows share their slices. */
static int
window_divides(const struct window_call *call, const struct sl_window *window, struct sl_error *err)
{
    const char *slide = window->kind == SL_WINDOW_HOP ? "slide" : "step";

    if (!window->slide_us || window->size_us % window->slide_us == 0)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "the size of the window (%lld ms) must be a multiple of its %s (%lld ms)",
             (long long)(window->size_us / SL_US_PER_MS), slide,
             (long long)(window->slide_us / SL_US_PER_MS));
    return window_bad_value(call, WINDOW_SLIDE, err);
}

static int
window_check_slices(const struct window_call *call, const struct sl_window *window,
                    struct sl_error *err)
{
    const char *key = "sluice.window.max-slices";
    int64_t count = window->slide_us ? window->size_us / window->slide_us : 1, max;

    SL_ASSERT(sl_parse_int64(sl_binder_setting(call->binder, key), &max));
    if (count <= max)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "a window has %lld %s, more than %lld, which %s allows", (long long)count,
             window->kind == SL_WINDOW_HOP ? "slides" : "steps", (long long)max, key);
    sl_error_hint(err, "make them longer, or SET '%s' = '%lld'", key, (long long)count);
    return sl_error_at(err, sl_binder_offset(call->binder, call->args[WINDOW_SLIDE]->ast.offset));
}

static int
window_lengths(const struct window_call *call, struct sl_window *window, struct sl_error *err)
{
    bool hops = window->kind == SL_WINDOW_HOP;

    SL_TRY(window_length(call, WINDOW_SIZE, "the size of the window", &window->size_us, err));
    SL_TRY(window_length(call, WINDOW_GAP, "the gap of the session", &window->size_us, err));
    SL_TRY(window_length(call, WINDOW_SLIDE,
                         hops ? "the slide of the window" : "the step of the window",
                         &window->slide_us, err));
    SL_TRY(window_divides(call, window, err));
    SL_TRY(window_check_slices(call, window, err));
    SL_TRY(window_length(call, WINDOW_OFFSET, "the offset of the window", &window->offset_us, err));
    if (window->offset_us != 0 &&
        (window->offset_us >= window->size_us || window->offset_us <= -window->size_us)) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "the offset of the window must be smaller than its size");
        return window_bad_value(call, WINDOW_OFFSET, err);
    }
    return SL_OK;
}

/* window_start and window_end are TIMESTAMP(3), also over TIMESTAMP_LTZ; window_time has the type
 * and meaning of the time column. */
struct sl_schema *
sl_window_schema(struct sl_arena *arena, const struct sl_schema *input, uint32_t time_column)
{
    const struct sl_schema_column *time = &input->columns[time_column];
    const struct sl_type *plain = sl_type_nullable(arena, &sl_type_timestamp3, false);
    struct sl_schema *schema = sl_schema_new(arena, input->count + 3);

    if (input->count)
        memcpy(schema->columns, input->columns, input->count * sizeof(*schema->columns));
    schema->columns[input->count] =
        (struct sl_schema_column){.name = "window_start", .type = plain};
    schema->columns[input->count + 1] =
        (struct sl_schema_column){.name = "window_end", .type = plain};
    schema->columns[input->count + 2] = (struct sl_schema_column){
        .name = "window_time",
        .type = sl_type_nullable(arena, sl_type_with_precision(arena, time->type->kind, 3), false),
        .time = time->time};
    return schema;
}

int
sl_binder_window_function(struct sl_binder *binder, const struct sl_ast_expr *ast,
                          struct sl_relation *relation, struct sl_error *err)
{
    struct window_call call = {binder, window_function_of(&ast->call.name), ast, {NULL}};
    struct sl_log_window_table made = {.window = {.kind = call.function->kind}};
    const struct sl_schema_column *time;
    struct sl_log_node *node;

    SL_TRY(window_arguments(&call, err));
    SL_TRY(window_data(&call, relation, &made, err));
    SL_TRY(window_time_column(&call, relation->node->schema, &made.time_column, err));
    SL_TRY(window_lengths(&call, &made.window, err));
    time = &relation->node->schema->columns[made.time_column];
    made.window.processing_time = !binder->batch && time->time == SL_TIME_PROCESSING;
    made.window.local_zone = time->type->kind == SL_TYPE_TIMESTAMP_LTZ;
    node = sl_log_new(binder->arena, SL_LOG_WINDOW_TABLE,
                      sl_window_schema(binder->arena, relation->node->schema, made.time_column),
                      relation->node);
    node->offset = sl_binder_offset(binder, ast->ast.offset);
    node->window_table = made;
    relation->node = node;
    relation->scope = (struct sl_scope){.columns = node->schema,
                                        .name = relation->scope.name,
                                        .schema_name = relation->scope.schema_name};
    return SL_OK;
}
