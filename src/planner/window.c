/* TUMBLE(TABLE t, DESCRIPTOR(ts), size[, offset]), by position or by name (DATA, TIMECOL, SIZE,
 * OFFSET): the input with window_start, window_end and window_time. */
#include "planner/bind.h"

enum window_argument {
    WINDOW_DATA,
    WINDOW_TIMECOL,
    WINDOW_SIZE,
    WINDOW_OFFSET,
    WINDOW_ARGUMENT_COUNT,
};

static const char *const window_argument_names[] = {"DATA", "TIMECOL", "SIZE", "OFFSET"};

bool
sl_is_window_function(const struct sl_ast_name *name)
{
    return sl_ast_name_is(name, "TUMBLE") || sl_ast_name_is(name, "HOP") ||
           sl_ast_name_is(name, "CUMULATE") || sl_ast_name_is(name, "SESSION");
}

enum sl_window_part
sl_window_part_of(const struct sl_log_node *node, uint32_t column)
{
    for (;;) {
        if (node->kind == SL_LOG_FILTER) {
            node = node->inputs[0];
        } else if (node->kind == SL_LOG_PROJECT) {
            if (node->exprs[column]->kind != SL_EXPR_COLUMN)
                return SL_WINDOW_PART_NONE;
            column = node->exprs[column]->column;
            node = node->inputs[0];
        } else if (node->kind == SL_LOG_WINDOW_TABLE && column >= node->inputs[0]->schema->count) {
            return SL_WINDOW_PART_START +
                   (enum sl_window_part)(column - node->inputs[0]->schema->count);
        } else {
            return SL_WINDOW_PART_NONE;
        }
    }
}

static int
window_bad_argument(const struct sl_binder *binder, int offset, const char *text,
                    struct sl_error *err)
{
    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "%s", text);
    sl_error_hint(err, "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE [, offset])");
    return sl_error_at(err, sl_binder_offset(binder, offset));
}

/* Sorts the arguments, named or not, into their places. */
static int
window_arguments(const struct sl_binder *binder, const struct sl_ast_expr *ast,
                 const struct sl_ast_expr **args, struct sl_error *err)
{
    const struct sl_ast_call *call = &ast->call;

    for (size_t i = 0; i < call->arg_count; i++) {
        const struct sl_ast_argument *argument = &call->args[i];
        size_t place = i;

        if (argument->name.text.start) {
            for (place = 0; place < WINDOW_ARGUMENT_COUNT; place++)
                if (sl_text_equal_nocase(argument->name.text,
                                         sl_text_of(window_argument_names[place])))
                    break;
        }
        if (place >= WINDOW_ARGUMENT_COUNT || args[place])
            return window_bad_argument(binder, argument->value->ast.offset,
                                       "TUMBLE has no such argument", err);
        args[place] = argument->value;
    }
    if (!args[WINDOW_DATA] || !args[WINDOW_TIMECOL] || !args[WINDOW_SIZE])
        return window_bad_argument(binder, ast->ast.offset,
                                   "TUMBLE needs a table, a DESCRIPTOR and a size", err);
    return SL_OK;
}

static int
window_data(struct sl_binder *binder, const struct sl_ast_expr *ast, struct sl_relation *relation,
            struct sl_error *err)
{
    const struct sl_ast_table_argument *table = &ast->table;
    const struct sl_ast_query *query = NULL;

    if (ast->ast.kind == SL_AST_EXPR_SUBQUERY)
        query = ast->query;
    else if (ast->ast.kind != SL_AST_EXPR_TABLE)
        return window_bad_argument(binder, ast->ast.offset, "the first argument must be a table",
                                   err);
    else if (table->partition_by.count || table->order_by.count)
        return sl_binder_refuse(binder, ast->ast.offset, "PARTITION BY in TUMBLE is", err);
    else
        query = table->query;
    if (query) {
        SL_TRY(sl_binder_query(binder, query, &relation->node, err));
        relation->scope = (struct sl_scope){.columns = relation->node->schema};
        return SL_OK;
    }
    return sl_binder_table(binder, &table->name, &table->hints, relation, err);
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
window_time_column(struct sl_binder *binder, const struct sl_ast_expr *ast,
                   const struct sl_schema *schema, uint32_t *ret_column, struct sl_error *err)
{
    const struct sl_ast_identifier *name;
    const struct sl_schema_column *found;
    int column;

    if (ast->ast.kind != SL_AST_EXPR_DESCRIPTOR || ast->descriptor.count != 1)
        return window_bad_argument(binder, ast->ast.offset,
                                   "the second argument must be a DESCRIPTOR with one column", err);
    name = &ast->descriptor.columns[0];
    column = sl_schema_find(schema, name->text);
    if (column == -2) {
        SL_ERROR(err, SL_E_AMBIGUOUS_COLUMN, "column reference \"%.*s\" is ambiguous",
                 SL_TEXT_FORMAT(name->text));
        return sl_error_at(err, sl_binder_offset(binder, name->offset));
    }
    if (column < 0)
        return sl_binder_no_column(binder, name->text, name->offset, schema, err);
    found = &schema->columns[column];
    if (!sl_type_is_timestamp(found->type->kind) || (!binder->batch && found->time == SL_TIME_NONE))
        return window_no_time(binder, found, name->offset, err);
    *ret_column = (uint32_t)column;
    return SL_OK;
}

static int
window_length(struct sl_binder *binder, const struct sl_ast_expr *ast, const char *what,
              int64_t *ret_us, struct sl_error *err)
{
    struct sl_value value;

    SL_TRY(sl_binder_constant(binder, ast, what, NULL, &value, err));
    if (value.is_null || value.type->kind != SL_TYPE_INTERVAL_DAY) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
                 "%s must be an INTERVAL of days, hours, minutes or seconds, not type %s", what,
                 sl_type_text(binder->arena, value.type));
        return sl_error_at(err, sl_binder_offset(binder, ast->ast.offset));
    }
    if (value.integer % SL_US_PER_MS) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "%s must be a number of whole milliseconds",
                 what);
        return sl_error_at(err, sl_binder_offset(binder, ast->ast.offset));
    }
    *ret_us = value.integer;
    return SL_OK;
}

static int
window_lengths(struct sl_binder *binder, const struct sl_ast_expr *const *args,
               struct sl_window *window, struct sl_error *err)
{
    SL_TRY(
        window_length(binder, args[WINDOW_SIZE], "the size of the window", &window->size_us, err));
    if (window->size_us <= 0) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "the size of the window must be positive");
        return sl_error_at(err, sl_binder_offset(binder, args[WINDOW_SIZE]->ast.offset));
    }
    if (!args[WINDOW_OFFSET])
        return SL_OK;
    SL_TRY(window_length(binder, args[WINDOW_OFFSET], "the offset of the window",
                         &window->offset_us, err));
    if (window->offset_us >= window->size_us || window->offset_us <= -window->size_us) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "the offset of the window must be smaller than its size");
        return sl_error_at(err, sl_binder_offset(binder, args[WINDOW_OFFSET]->ast.offset));
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
sl_binder_window_function(struct sl_binder *binder, const struct sl_ast_expr *call,
                          struct sl_relation *relation, struct sl_error *err)
{
    const struct sl_ast_expr *args[WINDOW_ARGUMENT_COUNT] = {0};
    const struct sl_schema_column *time;
    struct sl_log_node *node;
    struct sl_window window = {.kind = SL_WINDOW_TUMBLE};
    uint32_t column = 0;

    if (!sl_ast_name_is(&call->call.name, "TUMBLE"))
        return sl_binder_refuse(binder, call->ast.offset,
                                sl_arena_printf(binder->arena, "the window function %.*s is",
                                                SL_TEXT_FORMAT(call->call.name.parts[0].text)),
                                err);
    SL_TRY(window_arguments(binder, call, args, err));
    SL_TRY(window_data(binder, args[WINDOW_DATA], relation, err));
    SL_TRY(window_time_column(binder, args[WINDOW_TIMECOL], relation->node->schema, &column, err));
    SL_TRY(window_lengths(binder, args, &window, err));
    time = &relation->node->schema->columns[column];
    window.processing_time = !binder->batch && time->time == SL_TIME_PROCESSING;
    window.local_zone = time->type->kind == SL_TYPE_TIMESTAMP_LTZ;
    node =
        sl_log_new(binder->arena, SL_LOG_WINDOW_TABLE,
                   sl_window_schema(binder->arena, relation->node->schema, column), relation->node);
    node->offset = sl_binder_offset(binder, call->ast.offset);
    node->window_table.window = window;
    node->window_table.time_column = column;
    relation->node = node;
    relation->scope = (struct sl_scope){.columns = node->schema,
                                        .name = relation->scope.name,
                                        .schema_name = relation->scope.schema_name};
    return SL_OK;
}
