/* Tables for what a job sets aside: late rows, rows that cannot be evaluated, records that make no
 * row.  Each is a sink of the job that no query feeds. */
#include "plan/side_columns.h"
#include "planner/lower.h"

struct sl_lower_side {
    const char *table_name;
    int offset;
    struct sl_phys_side_output *place;
    struct sl_lower_side *next;
};

void
sl_lower_add_side(struct sl_lowering *lowering, const char *table_name, int offset,
                  struct sl_phys_side_output *place)
{
    struct sl_lower_side *side = SL_NEW(lowering->arena, struct sl_lower_side);
    struct sl_lower_side **end = &lowering->sides;

    *side = (struct sl_lower_side){table_name, offset, place, NULL};
    while (*end)
        end = &(*end)->next;
    *end = side;
}

/* A name as it stands in a setting, an option or a hint. */
static struct sl_ast_name
side_name(struct sl_arena *arena, const char *text, int offset)
{
    struct sl_ast_name name = {.offset = offset, .end = offset};

    name.parts = SL_NEW_ARRAY(arena, struct sl_ast_identifier, strlen(text) + 1);
    for (;;) {
        const char *dot = strchr(text, '.');
        size_t length = dot ? (size_t)(dot - text) : strlen(text);

        name.parts[name.count++] =
            (struct sl_ast_identifier){.text = {text, length}, .offset = offset};
        if (!dot)
            return name;
        text = dot + 1;
    }
}

/* What is always there may be NOT NULL. */
static bool
side_is_always(enum sl_side_column column)
{
    return column == SL_SIDE_OPERATOR || column == SL_SIDE_JOB || column == SL_SIDE_REASON;
}

static int
side_check_table(const struct sl_table *table, int offset, struct sl_error *err)
{
    size_t known = 0;

    if (table->kind == SL_RELATION_VIEW) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "cannot write what is set aside into view \"%s\"",
                 table->name);
        return sl_error_at(err, offset);
    }
    for (size_t i = 0; i < table->column_count; i++) {
        const struct sl_table_column *column = &table->columns[i];
        enum sl_side_column side = sl_side_column_of(column->name);
        bool takes = side < SL_SIDE_COLUMN_COUNT && sl_side_column_takes(side, column->type);

        if (column->kind == SL_COLUMN_COMPUTED ||
            (column->kind == SL_COLUMN_METADATA && column->is_virtual))
            continue;
        known += takes;
        if (column->kind == SL_COLUMN_PHYSICAL && (takes || side == SL_SIDE_COLUMN_COUNT) &&
            (column->type->nullable || side_is_always(side)))
            continue;
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
                 "column \"%s\" of table \"%s\" cannot take what is set aside", column->name,
                 table->name);
        sl_error_hint(err, "it may have these columns, and others that are NULL: %s",
                      sl_side_columns_text());
        return sl_error_at(err, offset);
    }
    if (known)
        return SL_OK;
    SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "table \"%s\" has no column for what is set aside",
             table->name);
    sl_error_hint(err, "it may have: %s", sl_side_columns_text());
    return sl_error_at(err, offset);
}

/* One sink a table. */
static int
side_sink(struct sl_lowering *lowering, const char *table_name, int offset,
          struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_ast_name name = side_name(lowering->arena, table_name, offset);
    const struct sl_table *table;
    struct sl_log_node *sink;

    SL_TRY(sl_binder_find_table(lowering->binder, &name, &table, err));
    for (size_t i = 0; i < lowering->node_count; i++) {
        *ret_node = lowering->nodes[i];
        if ((*ret_node)->kind == SL_OP_SINK && (*ret_node)->input_count == 0 &&
            ((const struct sl_phys_sink *)(*ret_node)->detail)->table_id == table->id)
            return SL_OK;
    }
    SL_TRY(side_check_table(table, offset, err));
    SL_TRY(sl_binder_sink(lowering->binder, table, NULL, offset, NULL, &sink, err));
    return sl_lower_sink_over(lowering, sink, NULL, ret_node, err);
}

static bool
side_may_fail(const struct sl_phys_node *node)
{
    return node->kind != SL_OP_VALUES && node->kind != SL_OP_UNION &&
           (node->kind != SL_OP_SINK || node->input_count > 0);
}

/* What the session's settings ask for. */
static int
side_settings(struct sl_lowering *lowering, struct sl_error *err)
{
    const char *late = sl_binder_setting(lowering->binder, "table.exec.late-rows.table");
    const char *dead = sl_binder_setting(lowering->binder, "dead-letter.table");
    bool routes_errors = lowering->settings.runtime_error == SL_ON_ERROR_DEAD_LETTER;
    size_t count = lowering->node_count;

    for (size_t i = 0; i < count; i++) {
        struct sl_phys_node *node = lowering->nodes[i];

        if (*late && !node->late.sink && sl_phys_time_column(node, 0) >= 0)
            SL_TRY(side_sink(lowering, late, -1, &node->late.sink, err));
        if (routes_errors && side_may_fail(node))
            SL_TRY(side_sink(lowering, dead, -1, &node->error.sink, err));
    }
    return SL_OK;
}

int
sl_lower_sides(struct sl_lowering *lowering, bool is_query, struct sl_error *err)
{
    if (is_query) {
        if (lowering->settings.runtime_error == SL_ON_ERROR_DEAD_LETTER)
            lowering->settings.runtime_error = SL_ON_ERROR_SKIP;
        return SL_OK;
    }
    for (const struct sl_lower_side *side = lowering->sides; side; side = side->next)
        SL_TRY(side_sink(lowering, side->table_name, side->offset, &side->place->sink, err));
    return side_settings(lowering, err);
}
