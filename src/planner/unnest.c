/* UNNEST and generate_series in FROM: over the rows of what stands before them, whose columns they
 * may use, or by themselves.
 *
 *     FROM t, UNNEST(t.a) AS u (x)         Unnest over t: its columns, then x
 *     FROM UNNEST(ARRAY[1, 2]) AS u (x)    Unnest over one row: x alone
 */
#include "planner/bind.h"

struct unnest_binding {
    struct sl_binder *binder;
    const struct sl_ast_from *from;
    struct sl_log_unnest unnest;
    struct sl_schema_column *columns; /* that it makes */
    size_t column_count;
    const char *name; /* of the one column that has none of its own */
};

bool
sl_is_correlated(const struct sl_ast *ast)
{
    const struct sl_ast_from_call *call = (const struct sl_ast_from_call *)ast;

    if (ast->kind == SL_AST_FROM_UNNEST)
        return true;
    return ast->kind == SL_AST_FROM_CALL && call->call->ast.kind == SL_AST_EXPR_CALL &&
           sl_ast_name_is(&call->call->call.name, "generate_series");
}

/* --- what it is over --- */

static int
unnest_refuse_type(const struct unnest_binding *binding, const struct sl_type *type, int offset,
                   struct sl_error *err)
{
    SL_ERROR(
        err, SL_E_DATATYPE_MISMATCH, "UNNEST of type %s: it takes ARRAY, MAP and MULTISET",
        sl_type_text(binding->binder->arena, sl_type_nullable(binding->binder->arena, type, true)));
    return sl_error_at(err, sl_binder_offset(binding->binder, offset));
}

static void
unnest_add_column(struct unnest_binding *binding, const char *name, const struct sl_type *type)
{
    binding->columns[binding->column_count++] =
        (struct sl_schema_column){.name = name, .type = type};
}

static void
unnest_row_columns(struct unnest_binding *binding, const struct sl_type *row)
{
    struct sl_arena *arena = binding->binder->arena;

    binding->unnest.is_row = true;
    for (size_t i = 0; i < row->field_count; i++)
        unnest_add_column(binding, row->fields[i].name,
                          sl_type_nullable(arena, row->fields[i].type,
                                           row->nullable || row->fields[i].type->nullable));
}

static int
unnest_collection(struct unnest_binding *binding, const struct sl_ast_from_unnest *from,
                  struct sl_clause *clause, struct sl_error *err)
{
    const struct sl_ast_expr *first = from->exprs.items[0];
    struct sl_expr *arg;

    if (from->exprs.count > 1)
        return sl_binder_refuse(binding->binder,
                                ((const struct sl_ast_expr *)from->exprs.items[1])->ast.offset,
                                "UNNEST of several collections is", err);
    SL_TRY(sl_binder_expr(clause, first, &arg, err));
    binding->unnest.args = SL_NEW(binding->binder->arena, struct sl_expr *);
    binding->unnest.args[0] = arg;
    binding->unnest.arg_count = 1;
    binding->unnest.has_ordinality = from->with_ordinality;
    binding->name = "unnest";
    if (!sl_type_is_nested(arg->type->kind) || arg->type->kind == SL_TYPE_ROW)
        return unnest_refuse_type(binding, arg->type, first->ast.offset, err);
    binding->columns = SL_NEW_ARRAY(binding->binder->arena, struct sl_schema_column,
                                    SL_MAX(arg->type->element->field_count, (size_t)2) + 1);
    if (arg->type->kind == SL_TYPE_MAP) {
        unnest_add_column(binding, "key", arg->type->key);
        unnest_add_column(binding, "value", arg->type->element);
    } else if (arg->type->element->kind == SL_TYPE_ROW) {
        unnest_row_columns(binding, arg->type->element);
    } else {
        unnest_add_column(binding, NULL, arg->type->element);
    }
    return SL_OK;
}

/* --- generate_series --- */

static int
unnest_refuse_series(const struct unnest_binding *binding, struct sl_expr *const *args,
                     size_t count, int offset, struct sl_error *err)
{
    struct sl_arena *arena = binding->binder->arena;
    const char *types = "";

    for (size_t i = 0; i < count; i++)
        types = sl_arena_printf(arena, "%s%s%s", types, i ? ", " : "",
                                sl_type_text(arena, sl_type_nullable(arena, args[i]->type, true)));
    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "generate_series(%s) does not exist", types);
    sl_error_hint(err, "it takes two or three integers, or two timestamps and an interval of days "
                       "to seconds");
    return sl_error_at(err, sl_binder_offset(binding->binder, offset));
}

static int
unnest_series_types(struct unnest_binding *binding, struct sl_expr **args, size_t count, int offset,
                    struct sl_error *err)
{
    const struct sl_type *types[3], *common = &sl_type_int;
    bool is_time = count == 3 && sl_type_is_timestamp(args[0]->type->kind);

    for (size_t i = 0; i < count; i++)
        types[i] = args[i]->type;
    if (count < 2 || count > 3 ||
        !sl_type_common(binding->binder->arena, types, is_time ? 2 : count, &common) ||
        (is_time ? types[2]->kind != SL_TYPE_INTERVAL_DAY || !sl_type_is_timestamp(common->kind)
                 : !sl_type_is_integer(common->kind)))
        return unnest_refuse_series(binding, args, count, offset, err);
    if (common->kind == SL_TYPE_TINYINT || common->kind == SL_TYPE_SMALLINT)
        common = &sl_type_int;
    for (size_t i = 0; i < (is_time ? 2 : count); i++)
        SL_TRY(sl_binder_cast_common(
            binding->binder, args[i],
            sl_type_nullable(binding->binder->arena, common, types[i]->nullable), &args[i], err));
    binding->columns = SL_NEW_ARRAY(binding->binder->arena, struct sl_schema_column, 2);
    unnest_add_column(binding, NULL, sl_type_nullable(binding->binder->arena, common, false));
    return SL_OK;
}

static int
unnest_series(struct unnest_binding *binding, const struct sl_ast_from_call *from,
              struct sl_clause *clause, struct sl_error *err)
{
    const struct sl_ast_call *call = &from->call->call;
    int offset = from->call->ast.offset;
    struct sl_expr **args =
        SL_NEW_ARRAY(binding->binder->arena, struct sl_expr *, call->arg_count + 1);

    for (size_t i = 0; i < call->arg_count; i++) {
        if (call->args[i].name.text.start)
            return sl_binder_refuse(binding->binder, call->args[i].name.offset,
                                    "an argument by name here is", err);
        SL_TRY(sl_binder_expr(clause, call->args[i].value, &args[i], err));
        sl_parameter_settle(binding->binder, args[i], &sl_type_int);
    }
    binding->unnest.is_series = true;
    binding->unnest.args = args;
    binding->unnest.arg_count = call->arg_count;
    binding->unnest.has_ordinality = from->with_ordinality;
    binding->name = "generate_series";
    return unnest_series_types(binding, args, call->arg_count, offset, err);
}

/* --- its columns --- */

/* A single column without a name has the table's; ordinality comes last. */
static int
unnest_name_columns(struct unnest_binding *binding, const char *table, bool is_outer,
                    struct sl_error *err)
{
    const struct sl_ast_from *from = binding->from;
    struct sl_binder *binder = binding->binder;

    for (size_t i = 0; i < binding->column_count; i++)
        if (!binding->columns[i].name)
            binding->columns[i].name = table;
    if (binding->unnest.has_ordinality)
        unnest_add_column(binding, "ordinality",
                          sl_type_nullable(binder->arena, &sl_type_int, false));
    if (from->column_count > binding->column_count) {
        SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE,
                 "table \"%s\" has %zu columns available but %zu columns specified", table,
                 binding->column_count, from->column_count);
        return sl_error_at(err,
                           sl_binder_offset(binder, from->columns[binding->column_count].offset));
    }
    for (size_t i = 0; i < binding->column_count; i++) {
        struct sl_schema_column *column = &binding->columns[i];

        if (i < from->column_count)
            column->name = sl_binder_name(binder, &from->columns[i]);
        if (is_outer)
            column->type = sl_type_nullable(binder->arena, column->type, true);
    }
    return SL_OK;
}

/* Arguments that are no columns are computed under it, as columns behind the input's: there they
 * may go on to the source. */
static struct sl_log_node *
unnest_compute(struct unnest_binding *binding, struct sl_log_node *input)
{
    struct sl_arena *arena = binding->binder->arena;
    size_t count = input->schema->count, arg_count = binding->unnest.arg_count;
    struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, count + arg_count);
    const char **names = SL_NEW_ARRAY(arena, const char *, count + arg_count);

    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = sl_log_column(arena, input->schema, i);
        names[i] = input->schema->columns[i].name;
    }
    for (size_t i = 0; i < arg_count; i++) {
        struct sl_expr *arg = binding->unnest.args[i];

        if (arg->kind == SL_EXPR_COLUMN)
            continue;
        exprs[count] = arg;
        names[count] = sl_arena_printf(arena, "$a%zu", i);
        binding->unnest.args[i] = sl_expr_column(arena, (uint32_t)count++, arg->type);
    }
    return count == input->schema->count ? input
                                         : sl_log_project(arena, input, exprs, names, count);
}

static struct sl_log_node *
unnest_node(struct unnest_binding *binding, struct sl_log_node *input, size_t kept)
{
    struct sl_arena *arena = binding->binder->arena;
    struct sl_schema *schema = sl_schema_new(arena, kept + binding->column_count);
    struct sl_log_node *node =
        sl_log_new(arena, SL_LOG_UNNEST, schema, unnest_compute(binding, input));

    node->unnest = binding->unnest;
    node->unnest.kept = SL_NEW_ARRAY(arena, uint32_t, kept + 1);
    node->unnest.kept_count = kept;
    for (uint32_t i = 0; i < kept; i++) {
        node->unnest.kept[i] = i;
        schema->columns[i] = input->schema->columns[i];
    }
    memcpy(schema->columns + kept, binding->columns,
           binding->column_count * sizeof(*schema->columns));
    node->offset = sl_binder_offset(binding->binder, binding->from->ast.offset);
    return node;
}

int
sl_binder_unnest(struct sl_binder *binder, const struct sl_relation *left, const struct sl_ast *ast,
                 bool is_outer, struct sl_relation *ret_relation, struct sl_error *err)
{
    struct unnest_binding binding = {.binder = binder, .from = (const struct sl_ast_from *)ast};
    struct sl_clause clause = {
        .binder = binder, .scope = left ? &left->scope : NULL, .clause = "FROM"};
    struct sl_log_node *input = left ? left->node : sl_log_one_row(binder->arena);
    size_t kept = left ? input->schema->count : 0;
    struct sl_schema *columns;
    const char *table;

    if (ast->kind == SL_AST_FROM_UNNEST)
        SL_TRY(unnest_collection(&binding, (const struct sl_ast_from_unnest *)ast, &clause, err));
    else
        SL_TRY(unnest_series(&binding, (const struct sl_ast_from_call *)ast, &clause, err));
    table = binding.from->alias.text.start ? sl_binder_name(binder, &binding.from->alias)
                                           : binding.name;
    binding.unnest.is_outer = is_outer;
    SL_TRY(unnest_name_columns(&binding, table, is_outer, err));
    columns = sl_schema_new(binder->arena, binding.column_count);
    memcpy(columns->columns, binding.columns, binding.column_count * sizeof(*columns->columns));
    *ret_relation = (struct sl_relation){unnest_node(&binding, input, kept),
                                         {.name = table, .columns = columns}};
    return SL_OK;
}
