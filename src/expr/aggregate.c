/* Aggregates: names to classes, and the calls that operators make.  The classes are in agg_*.c. */
#include "expr/aggregate_class.h"

#include "expr/function.h"

static const struct {
    const char *name;
    const struct sl_aggregate_class *(*choose)(struct sl_aggregate_binding *binding);
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
    const char *types = arg_count ? "" : "*";

    for (size_t i = 0; i < arg_count; i++)
        types = sl_arena_printf(arena, "%s%s%s", types, i ? ", " : "",
                                sl_type_text(arena, sl_type_nullable(arena, args[i]->type, true)));
    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "function %s(%s) does not exist", name, types);
    if (arg_count > 0)
        sl_error_hint(err, "add a CAST to a type that %s takes", name);
    return sl_error_at(err, offset);
}

/* DISTINCT looks at one column. */
static int
aggregate_check_distinct(const struct sl_aggregate *aggregate, int offset, struct sl_error *err)
{
    for (size_t i = 1; i < aggregate->arg_count; i++) {
        if (sl_aggregate_is_parameter(aggregate, i))
            continue;
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s (DISTINCT …) with several columns is not supported",
                 aggregate->class->name);
        return sl_error_at(err, offset);
    }
    return SL_OK;
}

/* COUNT(DISTINCT a, b) looks at one column, too: the key of all of them. */
static int
aggregate_unite_args(struct sl_arena *arena, const char *name, struct sl_expr ***args,
                     size_t *arg_count, int offset, struct sl_error *err)
{
    struct sl_expr **united;

    if (*arg_count < 2 || !sl_equal_nocase(name, "COUNT"))
        return SL_OK;
    united = SL_NEW_ARRAY(arena, struct sl_expr *, 1);
    SL_TRY(sl_expr_call(arena, "DISTINCT KEY", *args, *arg_count, offset, united, err));
    *args = united;
    *arg_count = 1;
    return SL_OK;
}

/* A bare NULL is an INT. */
static int
aggregate_set_args(struct sl_arena *arena, struct sl_aggregate *aggregate, struct sl_expr **args,
                   size_t arg_count, int offset, struct sl_error *err)
{
    aggregate->args = SL_NEW_ARRAY(arena, struct sl_expr *, arg_count + 1);
    aggregate->arg_types = SL_NEW_ARRAY(arena, const struct sl_type *, arg_count + 1);
    aggregate->arg_count = arg_count;
    for (size_t i = 0; i < arg_count; i++) {
        aggregate->args[i] = args[i];
        if (args[i]->type->kind == SL_TYPE_NULL)
            SL_TRY(sl_expr_cast(arena, args[i], &sl_type_int, SL_CAST_IMPLICIT, offset,
                                &aggregate->args[i], err));
        aggregate->arg_types[i] = aggregate->args[i]->type;
    }
    return SL_OK;
}

int
sl_aggregate_bind(struct sl_arena *arena, const char *name, struct sl_expr **args, size_t arg_count,
                  bool distinct, struct sl_expr *filter, int offset,
                  struct sl_aggregate **ret_aggregate, struct sl_error *err)
{
    struct sl_aggregate *aggregate = SL_NEW(arena, struct sl_aggregate);
    struct sl_aggregate_binding binding = {.arena = arena, .err = err};

    sl_error_reset(err);
    if (distinct)
        SL_TRY(aggregate_unite_args(arena, name, &args, &arg_count, offset, err));
    SL_TRY(aggregate_set_args(arena, aggregate, args, arg_count, offset, err));
    binding.arg_count = arg_count;
    binding.args = aggregate->args;
    binding.arg_types = aggregate->arg_types;
    if (filter && filter->type->kind != SL_TYPE_BOOLEAN) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "FILTER must be of type BOOLEAN, not %s",
                 sl_type_text(arena, filter->type));
        return sl_error_at(err, filter->offset >= 0 ? filter->offset : offset);
    }
    for (size_t i = 0; i < SL_COUNT_OF(aggregates); i++) {
        if (sl_equal_nocase(aggregates[i].name, name))
            aggregate->class = aggregates[i].choose(&binding);
    }
    if (aggregate->class == NULL)
        return err->code < 0 ? sl_error_at(err, offset)
                             : aggregate_refuse(arena, name, args, arg_count, offset, err);
    if (distinct)
        SL_TRY(aggregate_check_distinct(aggregate, offset, err));
    aggregate->type = binding.type;
    aggregate->distinct = distinct;
    aggregate->filter = filter;
    aggregate->offset = offset;
    sl_aggregate_remake(arena, aggregate);
    *ret_aggregate = aggregate;
    return SL_OK;
}

const char *
sl_aggregate_name(const struct sl_aggregate *aggregate)
{
    return aggregate->class->name;
}

bool
sl_aggregate_may_fail(const struct sl_aggregate *aggregate)
{
    return !aggregate->class->always_fits;
}

const char *
sl_aggregate_misfit(const struct sl_aggregate *aggregate)
{
    return aggregate->class->misfit;
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
    sl_buffer_add_string(to, aggregate->ignores_nulls ? " IGNORE NULLS)" : ")");
    if (aggregate->filter) {
        sl_buffer_add_string(to, " FILTER (WHERE ");
        sl_expr_format(aggregate->filter, input, to);
        sl_buffer_add_byte(to, ')');
    }
}

bool
sl_aggregate_ignore_nulls(struct sl_aggregate *aggregate)
{
    aggregate->ignores_nulls = aggregate->class->keeps_nulls;
    return aggregate->ignores_nulls;
}

int
sl_aggregate_set_retracts(struct sl_aggregate *aggregate, struct sl_error *err)
{
    aggregate->retracts = true;
    if (aggregate->class->can_retract)
        return SL_OK;
    if (!aggregate->class->retracting) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "%s over rows that are updated or deleted is not supported",
                 aggregate->class->name);
        return sl_error_at(err, aggregate->offset);
    }
    aggregate->class = aggregate->class->retracting;
    return SL_OK;
}

/* Of nullable types: a result without rows is unpacked from a NULL. */
void
sl_aggregate_remake(struct sl_arena *arena, struct sl_aggregate *aggregate)
{
    size_t count = SL_MIN(aggregate->arg_count, (size_t)2);
    const struct sl_type *types[2];

    if (aggregate->arg_count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        types[i] = sl_type_nullable(arena, aggregate->arg_types[i], true);
    aggregate->layout =
        sl_row_layout_new(arena, types, SL_MAX(aggregate->class->stored_args, (size_t)1));
}

bool
sl_aggregate_is_parameter(const struct sl_aggregate *aggregate, size_t index)
{
    return index < 32 && aggregate->class->parameters >> index & 1;
}

bool
sl_aggregate_keeps_nulls(const struct sl_aggregate *aggregate)
{
    return aggregate->class->keeps_nulls && !aggregate->ignores_nulls;
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

bool
sl_aggregate_can_split(const struct sl_aggregate *aggregate)
{
    return !aggregate->distinct && !aggregate->class->has_view &&
           (!aggregate->retracts || aggregate->class->is_linear);
}

bool
sl_aggregate_is_exact(const struct sl_aggregate *aggregate)
{
    return !aggregate->class->is_rounded;
}

void
sl_aggregate_add(const struct sl_aggregate *aggregate, char *const *states, size_t state_offset,
                 struct sl_column *const *columns, const uint16_t *rows, size_t row_count,
                 const uint8_t *kinds, struct sl_aggregate_keeper *keeper)
{
    struct aggregate_rows job = {.states = states,
                                 .state_offset = state_offset,
                                 .columns = columns,
                                 .rows = rows,
                                 .row_count = row_count,
                                 .kinds = kinds,
                                 .keeper = keeper};

    aggregate->class->add(aggregate, &job);
}

void
sl_aggregate_add_one(const struct sl_aggregate *aggregate, char *accumulator,
                     struct sl_column *const *columns, const uint16_t *rows, size_t row_count,
                     const uint8_t *kinds, struct sl_aggregate_keeper *keeper)
{
    struct aggregate_rows job = {.one = accumulator,
                                 .columns = columns,
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

void
sl_aggregate_merge_all(const struct sl_aggregate *aggregate, char *const *to,
                       const char *const *from, size_t state_offset, size_t count,
                       struct sl_aggregate_keeper *keeper)
{
    for (size_t i = 0; i < count; i++)
        aggregate->class->merge(aggregate, to[i] + state_offset, from[i] + state_offset, keeper);
}

struct sl_column *
sl_aggregate_finish(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
                    size_t state_offset, size_t row_count, uint64_t *errors)
{
    const struct sl_aggregate_class *class = aggregate->class;
    struct sl_heap_writer writer;
    struct sl_column *column;

    if (class->finish_all)
        return class->finish_all(aggregate, pool, states, state_offset, row_count, errors);
    column = sl_column_new(pool, aggregate->type, row_count, false);
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
