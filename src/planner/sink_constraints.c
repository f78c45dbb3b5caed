/* What a sink's columns demand of the rows: NOT NULL, and with table.exec.sink.type-length-enforcer
 * lengths of texts and bytes.  As in Flink, values within rows, arrays and maps are left alone. */
#include "planner/lower.h"

static bool
constraints_setting_is(const struct sl_lowering *lowering, const char *key, const char *value)
{
    return sl_equal_nocase(sl_binder_setting(lowering->binder, key), value);
}

static const struct sl_type *
constraints_target(const struct sl_log_node *node, size_t column)
{
    return node->sink.table->columns[node->sink.columns[column]].type;
}

/* Columns whose values may have another length than their type says. */
static bool
constraints_is_sized(const struct sl_type *from, const struct sl_type *to)
{
    bool fixed = to->kind == SL_TYPE_CHAR || to->kind == SL_TYPE_BINARY;

    if (!(sl_type_is_text(to->kind) || sl_type_is_bytes(to->kind)) ||
        to->precision == SL_LENGTH_MAX)
        return false;
    return fixed ? from->kind != to->kind || from->precision != to->precision
                 : from->precision > to->precision;
}

static struct sl_phys_node *
constraints_calc(struct sl_lowering *lowering, struct sl_phys_node *input, struct sl_expr *filter,
                 struct sl_expr **exprs, const struct sl_schema *names)
{
    struct sl_schema *schema = sl_schema_copy(lowering->arena, names);

    for (size_t i = 0; i < schema->count; i++)
        schema->columns[i].type = exprs[i]->type;
    return sl_lower_calc(lowering, input, filter, exprs, schema, input->parallelism);
}

static struct sl_expr **
constraints_columns(struct sl_lowering *lowering, const struct sl_schema *schema)
{
    struct sl_expr **exprs = SL_NEW_ARRAY(lowering->arena, struct sl_expr *, schema->count);

    for (uint32_t i = 0; i < schema->count; i++)
        exprs[i] = sl_log_column(lowering->arena, schema, i);
    return exprs;
}

/* Texts and bytes are cut and filled by a CAST. */
static int
constraints_trim(struct sl_lowering *lowering, const struct sl_log_node *node,
                 struct sl_phys_node **input, struct sl_error *err)
{
    const struct sl_schema *schema = (*input)->schema;
    struct sl_expr **exprs = constraints_columns(lowering, schema);
    bool any = false;

    for (size_t i = 0; i < schema->count; i++) {
        const struct sl_type *to = constraints_target(node, i);

        if (!constraints_is_sized(schema->columns[i].type, to))
            continue;
        SL_TRY(sl_expr_cast(lowering->arena, exprs[i], sl_type_nullable(lowering->arena, to, true),
                            SL_CAST_STRICT, -1, &exprs[i], err));
        any = true;
    }
    if (any)
        *input = constraints_calc(lowering, *input, NULL, exprs, schema);
    return SL_OK;
}

static void
constraints_check_sizes(struct sl_lowering *lowering, const struct sl_log_node *node,
                        const struct sl_schema *schema, struct sl_phys_sink *detail)
{
    detail->sized = SL_NEW_ARRAY(lowering->arena, uint32_t, schema->count);
    for (uint32_t i = 0; i < detail->physical->count; i++)
        if (constraints_is_sized(schema->columns[i].type, constraints_target(node, i)))
            detail->sized[detail->sized_count++] = i;
}

int
sl_lower_sink_constraints(struct sl_lowering *lowering, const struct sl_log_node *node,
                          struct sl_phys_sink *detail, struct sl_phys_node **input,
                          struct sl_error *err)
{
    detail->drops_nulls =
        constraints_setting_is(lowering, "table.exec.sink.not-null-enforcer", "DROP");
    if (constraints_setting_is(lowering, "table.exec.sink.type-length-enforcer", "TRIM_PAD"))
        return constraints_trim(lowering, node, input, err);
    if (constraints_setting_is(lowering, "table.exec.sink.type-length-enforcer", "ERROR"))
        constraints_check_sizes(lowering, node, (*input)->schema, detail);
    return SL_OK;
}

int
sl_lower_sink_not_null(struct sl_lowering *lowering, const struct sl_phys_sink *detail,
                       struct sl_phys_node **input, struct sl_error *err)
{
    const struct sl_schema *schema = (*input)->schema;
    struct sl_expr *filter = NULL;

    if (!detail->drops_nulls || detail->not_null_count == 0)
        return SL_OK;
    for (size_t i = 0; i < detail->not_null_count; i++) {
        struct sl_expr *column = sl_log_column(lowering->arena, schema, detail->not_null[i]), *test;

        SL_TRY(sl_expr_call(lowering->arena, "IS NOT NULL", &column, 1, -1, &test, err));
        filter = sl_expr_and(lowering->arena, filter, test);
    }
    *input =
        constraints_calc(lowering, *input, filter, constraints_columns(lowering, schema), schema);
    return SL_OK;
}
