/* Casts of rows, arrays and maps: their parts are cast by calls of their own, which know to which
 * row outside each of their rows belongs.  Text is read in PostgreSQL's forms. */
#include "expr/cast.h"

#include <stdlib.h>

/* One child column to another type, shared when that stays the same. */
static struct sl_column *
nested_cast_child(struct sl_call *call, struct sl_column *child, const struct sl_type *to,
                  const uint16_t *rows, size_t count, const uint32_t *parents)
{
    struct sl_expr expr = {
        .kind = SL_EXPR_CAST, .type = to, .cast = call->expr->cast, .offset = call->expr->offset};
    struct sl_vector vector = {child, SIZE_MAX};
    struct sl_call inner = *call;

    if (sl_type_equal(child->type, to))
        return sl_column_ref(child);
    inner.expr = &expr;
    inner.args = &vector;
    inner.result = NULL;
    inner.row_count = child->row_count;
    inner.rows = rows;
    inner.count = count;
    inner.parent = call;
    inner.parents = parents;
    sl_cast_column(&inner);
    return inner.result;
}

static void
nested_cast_row(struct sl_call *call, const struct sl_column *from)
{
    for (uint32_t i = 0; i < from->child_count; i++)
        call->result->children[i] =
            nested_cast_child(call, from->children[i], call->expr->type->fields[i].type, call->rows,
                              call->count, NULL);
}

static void
nested_cast_spans(struct sl_call *call, const struct sl_column *from)
{
    const struct sl_type *to = call->expr->type;
    const struct sl_span *spans = from->values;
    size_t child_rows = from->children[0]->row_count;
    uint32_t *parents = sl_alloc((child_rows + 1) * sizeof(*parents));

    memset(parents, 0xff, child_rows * sizeof(*parents));
    CAST_FOR_ROWS(call, row)
    {
        for (uint32_t i = 0; i < spans[row].length; i++)
            parents[spans[row].start + i] = (uint32_t)row;
    }
    memcpy(call->result->values, from->values, call->row_count * sizeof(struct sl_span));
    for (uint32_t i = 0; i < from->child_count; i++) {
        const struct sl_type *child_type =
            to->kind == SL_TYPE_MAP && i == 0 ? to->key : to->element;

        if (to->kind == SL_TYPE_MULTISET && i == 1)
            child_type = from->children[1]->type;
        call->result->children[i] = nested_cast_child(call, from->children[i], child_type, NULL,
                                                      from->children[i]->row_count, parents);
    }
    free(parents);
}

static void
nested_from_text(struct sl_call *call)
{
    struct sl_column_builder *builder =
        sl_column_builder_new(call->pool, call->expr->type, call->row_count);
    struct sl_value *values = sl_alloc_zeroed((call->row_count + 1) * sizeof(*values));
    int *codes = sl_alloc_zeroed((call->row_count + 1) * sizeof(*codes));
    struct sl_error err;

    for (size_t row = 0; row < call->row_count; row++)
        values[row] = sl_value_null(call->expr->type);
    CAST_FOR_ROWS(call, row)
    {
        codes[row] =
            sl_value_parse(sl_call_arena(call), call->expr->type, sl_call_text(call, 0, row),
                           call->settings->zone, &values[row], &err);
    }
    for (size_t row = 0; row < call->row_count; row++)
        sl_column_builder_add(builder, &values[row]);
    call->result = sl_column_builder_end(builder);
    CAST_FOR_ROWS(call, row)
    {
        if (codes[row] < 0)
            sl_cast_fail(call, row, codes[row], "CAST: invalid input for type %s: \"%s\"",
                         sl_call_type_text(call, call->expr->type), sl_call_arg_text(call, 0, row));
    }
    free(codes);
    free(values);
}

void
sl_cast_nested(struct sl_call *call)
{
    const struct sl_column *from = call->args[0].column;

    if (sl_type_is_text(from->type->kind)) {
        nested_from_text(call);
        return;
    }
    call->result = sl_column_new(call->pool, call->expr->type, call->row_count, false);
    if (from->validity)
        memcpy(sl_column_add_validity(call->result, call->pool), from->validity,
               SL_VALIDITY_WORDS(call->row_count) * sizeof(uint64_t));
    if (from->type->kind == SL_TYPE_ROW)
        nested_cast_row(call, from);
    else
        nested_cast_spans(call, from);
}
