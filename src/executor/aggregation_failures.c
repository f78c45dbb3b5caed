/* Results that cannot be made: see aggregation.h. */
#include "executor/aggregation.h"

#include "executor/row_text.h"

#include <ctype.h>
#include <stdlib.h>

void
sl_aggregation_note_failures(struct sl_aggregation *aggregation, size_t item,
                             const uint64_t *errors, size_t row_count)
{
    struct sl_aggregation_failures *failures = &aggregation->failures;

    for (size_t word = 0; word < SL_VALIDITY_WORDS(row_count); word++) {
        uint64_t fresh = errors[word] & ~failures->rows[word];

        failures->rows[word] |= fresh;
        for (; fresh; fresh &= fresh - 1)
            failures->list[failures->count++] = (struct sl_aggregation_failure){
                (uint16_t)(word * 64 + (size_t)__builtin_ctzll(fresh)), (uint16_t)item};
    }
}

/* --- telling --- */

/* What tells groups apart: the operator's output without the aggregates. */
static const struct sl_schema *
failures_schema(struct sl_arena *arena, const struct sl_aggregation *aggregation,
                const struct sl_schema *output)
{
    size_t keys = aggregation->key_count, skipped = sl_aggregation_result_count(aggregation);
    struct sl_schema *schema = sl_schema_new(arena, output->count - skipped);

    for (size_t i = 0; i < schema->count; i++)
        schema->columns[i] = output->columns[i < keys ? i : i + skipped];
    return schema;
}

/* What a scan's expressions are over. */
static struct sl_schema *
failures_scan_row(struct sl_arena *arena, const struct sl_phys_scan *scan)
{
    struct sl_schema *row = sl_schema_new(arena, scan->decoded_count + scan->metadata_count);

    for (size_t i = 0; i < scan->decoded_count; i++)
        row->columns[i] = scan->physical->columns[scan->decoded[i]];
    for (size_t i = 0; i < scan->metadata_count; i++)
        row->columns[scan->decoded_count + i].name = scan->metadata[i];
    return row;
}

/* "SUM(x + 1)", where the sum itself is over a column that has it. */
static void
failures_add_aggregate(struct sl_arena *arena, const struct sl_aggregate *aggregate,
                       const struct sl_phys_node *input, struct sl_buffer *text)
{
    struct sl_aggregate written = *aggregate;
    const struct sl_schema *schema = input->schema;
    struct sl_expr *const *exprs = NULL;

    if (input->kind == SL_OP_CALC) {
        exprs = ((const struct sl_phys_calc *)input->detail)->exprs;
        schema = input->inputs[0].node->schema;
    } else if (input->kind == SL_OP_SCAN) {
        exprs = ((const struct sl_phys_scan *)input->detail)->exprs;
        schema = failures_scan_row(arena, input->detail);
    }
    written.args = SL_NEW_ARRAY(arena, struct sl_expr *, aggregate->arg_count);
    for (size_t i = 0; i < aggregate->arg_count; i++)
        written.args[i] =
            exprs ? sl_expr_substitute(arena, aggregate->args[i], exprs) : aggregate->args[i];
    if (aggregate->filter && exprs)
        written.filter = sl_expr_substitute(arena, aggregate->filter, exprs);
    sl_aggregate_format(&written, schema, text);
}

/* "bigint out of range in SUM(x)" */
static void
failures_add_reason(struct sl_arena *arena, const struct sl_aggregate *aggregate,
                    const struct sl_phys_node *input, struct sl_buffer *text)
{
    const char *misfit = sl_aggregate_misfit(aggregate);
    size_t from = text->length;

    if (misfit) {
        failures_add_aggregate(arena, aggregate, input, text);
        sl_buffer_printf(text, " %s", misfit);
        return;
    }
    sl_type_format(aggregate->type, text);
    for (; from < text->length; from++)
        text->data[from] = (char)tolower((unsigned char)text->data[from]);
    sl_buffer_add_string(text, " out of range in ");
    failures_add_aggregate(arena, aggregate, input, text);
}

/* A batch of the columns that tell groups apart. */
static struct sl_batch *
failures_groups(const struct sl_aggregation *aggregation, const struct sl_batch *results)
{
    size_t keys = aggregation->key_count, skipped = sl_aggregation_result_count(aggregation);
    struct sl_batch *groups =
        sl_batch_new(aggregation->pool, results->column_count - skipped, results->row_count);

    for (size_t i = 0; i < groups->column_count; i++)
        sl_batch_set_column(groups, i, sl_column_ref(results->columns[i < keys ? i : i + skipped]));
    return groups;
}

const char *
sl_aggregation_failure_text(struct sl_arena *arena, const struct sl_aggregation *aggregation,
                            size_t item, const struct sl_phys_node *input)
{
    struct sl_buffer text;
    const char *copy;

    sl_buffer_init(&text, SIZE_MAX / 2);
    failures_add_reason(arena, aggregation->items[item].aggregate, input, &text);
    copy = sl_arena_strndup(arena, text.data, text.length);
    sl_buffer_done(&text);
    return copy;
}

int
sl_aggregation_tell_failures(const struct sl_aggregation *aggregation, struct sl_op *op,
                             const struct sl_batch *results,
                             const struct sl_aggregation_failure *failures, size_t count,
                             struct sl_out *out, struct sl_error *err)
{
    struct sl_batch *groups = failures_groups(aggregation, results);
    const struct sl_phys_node *input = sl_phys_local_phase(op->node)->inputs[0].node;
    const struct sl_schema *schema;
    struct sl_row_error *errors;
    struct sl_buffer text;
    struct sl_arena arena;
    int rc;

    sl_arena_init(&arena);
    sl_buffer_init(&text, SIZE_MAX / 2);
    schema = failures_schema(&arena, aggregation, op->node->schema);
    errors = SL_NEW_ARRAY(&arena, struct sl_row_error, count);
    for (size_t i = 0; i < count; i++) {
        sl_buffer_reset(&text);
        failures_add_reason(&arena, aggregation->items[failures[i].item].aggregate, input, &text);
        sl_buffer_add_string(&text, schema->count ? " of the group (" : "");
        sl_row_text(&arena, schema, groups, failures[i].row, &text);
        sl_buffer_add_string(&text, schema->count ? ")" : "");
        errors[i] = (struct sl_row_error){failures[i].row, SL_E_NUMERIC_OUT_OF_RANGE,
                                          sl_arena_strndup(&arena, text.data, text.length)};
    }
    rc = out->failed_groups(out, schema, groups, errors, count, err);
    sl_batch_unref(groups);
    sl_buffer_done(&text);
    sl_arena_done(&arena);
    return rc;
}

/* --- results with those left out --- */

int
sl_aggregation_emit(struct sl_aggregation *aggregation, struct sl_op *op, struct sl_batch *results,
                    struct sl_out *out, struct sl_error *err)
{
    const struct sl_aggregation_failures *failures = &aggregation->failures;
    uint16_t *selection;
    int rc;

    if (failures->count == 0)
        return sl_out_emit(out, results);
    rc = sl_aggregation_tell_failures(aggregation, op, results, failures->list, failures->count,
                                      out, err);
    if (rc < 0) {
        sl_batch_unref(results);
        return rc;
    }
    selection = sl_batch_add_selection(results, aggregation->pool);
    for (size_t row = 0; row < results->row_count; row++)
        if (!(failures->rows[row / 64] >> (row % 64) & 1))
            selection[results->selection_count++] = (uint16_t)row;
    return sl_out_emit(out, results);
}
