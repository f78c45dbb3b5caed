/* Aggregates: names to classes, and the calls that operators make.  The classes are in agg_sum.c
 * and agg_extreme.c. */
#include "expr/aggregate_class.h"

#include "expr/function.h"

static const struct {
    const char *name;
    const struct sl_aggregate_class *(*choose)(struct sl_arena *arena, const struct sl_type *arg,
                                               const struct sl_type **ret_type);
} aggregates[] = {
#define AGGREGATE(name, chooser) {name, sl_aggregate_choose_##chooser},
#include "expr/aggregates.def"
#undef AGGREGATE
};

bool
sl_aggregate_exists(struct sl_text name)
{
    for (size_t i = 0; i < SL_COUNT_OF(aggregates); i++) {
        if (sl_text_equal_nocase(sl_text_of(aggregates[i].name), name))
            return true;
    }
    return false;
}

static int
aggregate_refuse(struct sl_arena *arena, const char *name, struct sl_expr *const *args,
                 size_t arg_count, int offset, struct sl_error *err)
{
    const struct sl_type *type = arg_count ? sl_type_nullable(arena, args[0]->type, true) : NULL;

    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "function %s(%s%s) does not exist", name,
             type ? sl_type_text(arena, type) : "*", arg_count > 1 ? ", …" : "");
    return sl_error_at(err, offset);
}

int
sl_aggregate_bind(struct sl_arena *arena, const char *name, struct sl_expr **args, size_t arg_count,
                  bool distinct, struct sl_expr *filter, int offset,
                  struct sl_aggregate **ret_aggregate, struct sl_error *err)
{
    struct sl_aggregate *aggregate = SL_NEW(arena, struct sl_aggregate);
    const struct sl_type *arg = NULL;

    aggregate->args = SL_NEW_ARRAY(arena, struct sl_expr *, arg_count + 1);
    for (size_t i = 0; i < arg_count; i++)
        aggregate->args[i] = args[i];
    if (arg_count > 1) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s with more than one argument is not supported", name);
        return sl_error_at(err, offset);
    }
    if (arg_count == 1) {
        arg = args[0]->type;
        if (arg->kind == SL_TYPE_NULL) {
            arg = &sl_type_int;
            SL_TRY(sl_expr_cast(arena, args[0], arg, SL_CAST_IMPLICIT, offset, &aggregate->args[0],
                                err));
        }
    }
    if (filter && filter->type->kind != SL_TYPE_BOOLEAN) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "FILTER must be of type BOOLEAN, not %s",
                 sl_type_text(arena, filter->type));
        return sl_error_at(err, filter->offset >= 0 ? filter->offset : offset);
    }
    for (size_t i = 0; i < SL_COUNT_OF(aggregates); i++) {
        if (sl_equal_nocase(aggregates[i].name, name))
            aggregate->class = aggregates[i].choose(arena, arg, &aggregate->type);
    }
    if (aggregate->class == NULL)
        return aggregate_refuse(arena, name, args, arg_count, offset, err);
    aggregate->arg_type = arg;
    aggregate->arg_count = arg_count;
    aggregate->distinct = distinct;
    aggregate->filter = filter;
    aggregate->offset = offset;
    *ret_aggregate = aggregate;
    return SL_OK;
}

const char *
sl_aggregate_name(const struct sl_aggregate *aggregate)
{
    return aggregate->class->name;
}

void
sl_aggregate_format(const struct sl_aggregate *aggregate, const struct sl_schema *input,
                    struct sl_buffer *to)
{
    sl_buffer_printf(to, "%s(%s", aggregate->class->name, aggregate->distinct ? "DISTINCT " : "");
    if (aggregate->arg_count == 0)
        sl_buffer_add_byte(to, '*');
    for (size_t i = 0; i < aggregate->arg_count; i++) {
        sl_buffer_add_string(to, i ? ", " : "");
        sl_expr_format(aggregate->args[i], input, to);
    }
    sl_buffer_add_byte(to, ')');
    if (aggregate->filter) {
        sl_buffer_add_string(to, " FILTER (WHERE ");
        sl_expr_format(aggregate->filter, input, to);
        sl_buffer_add_byte(to, ')');
    }
}

size_t
sl_aggregate_size(const struct sl_aggregate *aggregate)
{
    return aggregate->class->size;
}

bool
sl_aggregate_has_view(const struct sl_aggregate *aggregate)
{
    return aggregate->class->has_view;
}

bool
sl_aggregate_can_retract(const struct sl_aggregate *aggregate)
{
    return aggregate->class->can_retract;
}

void
sl_aggregate_add(const struct sl_aggregate *aggregate, char *const *states, size_t state_offset,
                 const struct sl_column *column, const uint16_t *rows, size_t row_count,
                 const uint8_t *kinds, struct sl_aggregate_keeper *keeper)
{
    struct aggregate_rows job = {.states = states,
                                 .state_offset = state_offset,
                                 .column = column,
                                 .rows = rows,
                                 .row_count = row_count,
                                 .kinds = kinds,
                                 .keeper = keeper};

    aggregate->class->add(aggregate, &job);
}

void
sl_aggregate_add_one(const struct sl_aggregate *aggregate, char *accumulator,
                     const struct sl_column *column, const uint16_t *rows, size_t row_count,
                     const uint8_t *kinds, struct sl_aggregate_keeper *keeper)
{
    struct aggregate_rows job = {.one = accumulator,
                                 .column = column,
                                 .rows = rows,
                                 .row_count = row_count,
                                 .kinds = kinds,
                                 .keeper = keeper};

    aggregate->class->add(aggregate, &job);
}

void
sl_aggregate_merge(const struct sl_aggregate *aggregate, char *to, const char *from,
                   struct sl_aggregate_keeper *keeper)
{
    aggregate->class->merge(aggregate, to, from, keeper);
}

struct sl_column *
sl_aggregate_finish(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
                    size_t state_offset, size_t row_count, uint64_t *errors)
{
    const struct sl_aggregate_class *class = aggregate->class;
    struct sl_column *column = sl_column_new(pool, aggregate->type, row_count, false);
    struct sl_heap_writer writer;

    sl_heap_writer_init(&writer, pool, column);
    for (size_t row = 0; row < row_count; row++) {
        const char *state = states[row] + state_offset;

        if (!errors && class->finish_wrapped)
            class->finish_wrapped(aggregate, state, pool, column, &writer, row);
        else if (!class->finish(aggregate, state, pool, column, &writer, row) && errors)
            errors[row / 64] |= UINT64_C(1) << (row % 64);
    }
    return column;
}
