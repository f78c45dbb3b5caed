/* Of a ROW in a record only those fields are decoded that something reads, where the format finds
 * fields by their names.
 *
 *     SELECT r.a.b, s FROM t WHERE r.c > 1          decode=[r.a.b, r.c, s]
 *
 * The column's type is a ROW of these fields alone, and what reads them has other indexes. */
#include "planner/lower.h"

/* What is read of a value. */
struct field_use {
    bool whole;
    struct field_use *fields; /* of a ROW, one each; NULL: none of them */
};

struct field_pruning {
    struct sl_arena *arena;
    const struct sl_phys_scan *scan;
    struct field_use *uses;       /* by column of the scan's row */
    const struct sl_type **types; /* the same: as it is decoded */
};

/* The value of the field that `expr` is; NULL: it is no field. */
static const struct sl_expr *
fields_parent(const struct sl_expr *expr)
{
    const char *name = expr->kind == SL_EXPR_CALL ? sl_expr_function_name(expr) : NULL;

    return name && strcmp(name, ".") == 0 && expr->args[1]->kind == SL_EXPR_LITERAL ? expr->args[0]
                                                                                    : NULL;
}

/* Of a column, or of a field of a field … of a column; NULL: the expression is neither. */
static struct field_use *
fields_find(struct field_pruning *pruning, const struct sl_expr *expr)
{
    const struct sl_expr *parent = fields_parent(expr);
    struct field_use *use;

    if (!parent)
        return expr->kind == SL_EXPR_COLUMN ? &pruning->uses[expr->column] : NULL;
    use = fields_find(pruning, parent);
    if (!use)
        return NULL;
    if (!use->fields)
        use->fields = SL_NEW_ARRAY(pruning->arena, struct field_use, parent->type->field_count);
    return &use->fields[expr->args[1]->value.integer];
}

static void
fields_mark(struct field_pruning *pruning, const struct sl_expr *expr)
{
    struct field_use *use = expr ? fields_find(pruning, expr) : NULL;

    if (use) {
        use->whole = true;
        return;
    }
    for (size_t i = 0; expr && i < expr->arg_count; i++)
        fields_mark(pruning, expr->args[i]);
}

/* The type with the fields that are read; the same where all are. */
static const struct sl_type *
fields_type(struct sl_arena *arena, const struct sl_type *type, const struct field_use *use)
{
    struct sl_field *fields;
    size_t count = 0;
    bool is_same = true;

    if (use->whole || !use->fields)
        return type;
    fields = SL_NEW_ARRAY(arena, struct sl_field, type->field_count);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field_use *field = &use->fields[i];

        if (!field->whole && !field->fields) {
            is_same = false;
            continue;
        }
        fields[count] = type->fields[i];
        fields[count].type = fields_type(arena, type->fields[i].type, field);
        is_same &= fields[count].type == type->fields[i].type;
        count++;
    }
    return is_same ? type
                   : sl_type_nullable(arena, sl_type_row(arena, fields, count), type->nullable);
}

static uint32_t
fields_index(const struct sl_type *pruned, const char *name)
{
    uint32_t i = 0;

    while (strcmp(pruned->fields[i].name, name) != 0)
        i++;
    return i;
}

/* The same expression over the pruned columns. */
static struct sl_expr *
fields_rewrite(struct field_pruning *pruning, const struct sl_expr *expr)
{
    const struct sl_expr *parent = fields_parent(expr);
    struct sl_expr *copy = SL_NEW(pruning->arena, struct sl_expr);

    *copy = *expr;
    if (expr->kind == SL_EXPR_COLUMN) {
        copy->type = pruning->types[expr->column];
        return copy;
    }
    copy->args = SL_NEW_ARRAY(pruning->arena, struct sl_expr *, expr->arg_count);
    for (size_t i = 0; i < expr->arg_count; i++)
        copy->args[i] = fields_rewrite(pruning, expr->args[i]);
    if (!parent || copy->args[0]->type == parent->type)
        return copy;
    copy->args[1] = sl_expr_copy(pruning->arena, expr->args[1], NULL);
    copy->args[1]->value.integer =
        fields_index(copy->args[0]->type, parent->type->fields[expr->args[1]->value.integer].name);
    copy->type = sl_type_nullable(pruning->arena,
                                  copy->args[0]->type->fields[copy->args[1]->value.integer].type,
                                  expr->type->nullable);
    return copy;
}

static void
fields_rewrite_all(struct field_pruning *pruning, struct sl_phys_scan *scan,
                   const struct sl_phys_node *node)
{
    for (size_t i = 0; i < node->schema->count; i++)
        scan->exprs[i] = fields_rewrite(pruning, scan->exprs[i]);
    if (scan->filter)
        scan->filter = fields_rewrite(pruning, scan->filter);
    if (scan->time)
        scan->time = fields_rewrite(pruning, scan->time);
    if (scan->watermark)
        scan->watermark = fields_rewrite(pruning, scan->watermark);
}

static bool
fields_is_of_key(const struct sl_phys_scan *scan, uint32_t column)
{
    for (size_t i = 0; i < scan->record.key_column_count; i++)
        if (scan->record.key_columns[i] == column)
            return true;
    return false;
}

/* Decides the decoded columns' types; false: all stay as they are. */
static bool
fields_choose(struct field_pruning *pruning, struct sl_phys_scan *scan)
{
    struct sl_schema *physical = sl_schema_copy(pruning->arena, scan->physical);

    scan->pruned = SL_NEW_ARRAY(pruning->arena, uint32_t, scan->decoded_count + 1);
    for (size_t i = 0; i < scan->decoded_count; i++) {
        struct sl_schema_column *column = &physical->columns[scan->decoded[i]];

        pruning->types[i] = column->type;
        if (column->type->kind != SL_TYPE_ROW || fields_is_of_key(scan, scan->decoded[i]))
            continue;
        pruning->types[i] = fields_type(pruning->arena, column->type, &pruning->uses[i]);
        if (pruning->types[i] == column->type)
            continue;
        column->type = pruning->types[i];
        scan->pruned[scan->pruned_count++] = scan->decoded[i];
    }
    for (size_t i = 0; i < scan->metadata_count; i++)
        pruning->types[scan->decoded_count + i] = scan->metadata_types[i];
    if (scan->pruned_count > 0)
        scan->physical = physical;
    return scan->pruned_count > 0;
}

static void
fields_prune(struct sl_lowering *lowering, const struct sl_phys_node *node)
{
    struct sl_phys_scan *scan = node->detail;
    size_t count = scan->decoded_count + scan->metadata_count;
    struct field_pruning pruning = {
        .arena = lowering->arena,
        .scan = scan,
        .uses = SL_NEW_ARRAY(lowering->arena, struct field_use, count + 1),
        .types = SL_NEW_ARRAY(lowering->arena, const struct sl_type *, count + 1)};

    for (size_t i = 0; i < node->schema->count; i++)
        fields_mark(&pruning, scan->exprs[i]);
    fields_mark(&pruning, scan->filter);
    fields_mark(&pruning, scan->time);
    fields_mark(&pruning, scan->watermark);
    if (fields_choose(&pruning, scan))
        fields_rewrite_all(&pruning, scan, node);
}

void
sl_lower_prune_fields(struct sl_lowering *lowering)
{
    for (size_t i = 0; i < lowering->node_count; i++) {
        const struct sl_phys_node *node = lowering->nodes[i];
        const struct sl_phys_scan *scan = node->detail;
        const struct sl_format_descriptor *format;

        if (node->kind != SL_OP_SCAN || !scan->format)
            continue;
        format = sl_format_descriptor_find(scan->format);
        if (format && format->fields_by_name)
            fields_prune(lowering, node);
    }
}
