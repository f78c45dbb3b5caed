/* Binders of PostgreSQL's functions that are written in terms of others: DATE_TRUNC, DATE_PART,
 * DIV, PG_TYPEOF, TO_TIMESTAMP of a number. */
#include "expr/function.h"

#include <ctype.h>

static int
postgres_call(struct sl_binding *binding, const char *name, struct sl_expr *a, struct sl_expr *b,
              struct sl_expr **ret_expr)
{
    struct sl_expr *args[2] = {a, b};

    return sl_expr_call(binding->arena, name, args, b ? 2 : 1, binding->offset, ret_expr,
                        binding->err);
}

static int
postgres_cast(struct sl_binding *binding, struct sl_expr *arg, const struct sl_type *type,
              struct sl_expr **ret_expr)
{
    return sl_expr_cast(binding->arena, arg, type, SL_CAST_IMPLICIT, binding->offset, ret_expr,
                        binding->err);
}

static struct sl_expr *
postgres_text(struct sl_binding *binding, const char *text)
{
    struct sl_value value = {.type = sl_type_nullable(binding->arena, &sl_type_string, false),
                             .text = sl_text_of(text)};

    return sl_expr_literal(binding->arena, &value);
}

static struct sl_expr *
postgres_number(struct sl_binding *binding, double number)
{
    struct sl_value value = {.type = sl_type_nullable(binding->arena, &sl_type_double, false),
                             .real = number};

    return sl_expr_literal(binding->arena, &value);
}

/* --- units --- */

/* The unit by PostgreSQL's names ('day', 'days', 'msec') in ours; NULL: none, or no literal. */
static const char *
postgres_unit(const struct sl_expr *arg)
{
    static const char *const names[][2] = {
        {"MICROSECOND", "MICROSECOND"},
        {"USEC", "MICROSECOND"},
        {"US", "MICROSECOND"},
        {"MILLISECOND", "MILLISECOND"},
        {"MSEC", "MILLISECOND"},
        {"MS", "MILLISECOND"},
        {"SECOND", "SECOND"},
        {"SEC", "SECOND"},
        {"MINUTE", "MINUTE"},
        {"MIN", "MINUTE"},
        {"HOUR", "HOUR"},
        {"HR", "HOUR"},
        {"DAY", "DAY"},
        {"WEEK", "WEEK"},
        {"MONTH", "MONTH"},
        {"MON", "MONTH"},
        {"QUARTER", "QUARTER"},
        {"YEAR", "YEAR"},
        {"DECADE", "DECADE"},
        {"CENTURY", "CENTURY"},
        {"CENTURIE", "CENTURY"},
        {"MILLENNIUM", "MILLENNIUM"},
        {"MILLENNIA", "MILLENNIUM"},
        {"DOW", "DOW"},
        {"ISODOW", "ISODOW"},
        {"DOY", "DOY"},
        {"EPOCH", "EPOCH"},
        {"ISOYEAR", "ISOYEAR"},
    };
    struct sl_text text;

    if (!sl_expr_literal_text(arg, &text))
        return NULL;
    for (int plural = 0; plural < 2; plural++) {
        for (size_t i = 0; i < SL_COUNT_OF(names); i++) {
            if (sl_text_equal_nocase(text, sl_text_of(names[i][0])))
                return names[i][1];
        }
        if (text.length == 0 || tolower((unsigned char)text.start[text.length - 1]) != 's')
            return NULL;
        text.length--;
    }
    return NULL;
}

static int
postgres_refuse_unit(struct sl_binding *binding)
{
    struct sl_text text;

    if (!sl_expr_literal_text(binding->args[0], &text))
        return sl_binding_refuse(binding);
    SL_ERROR(binding->err, SL_E_INVALID_PARAMETER_VALUE, "%s: \"%.*s\" is no unit for type %s",
             binding->function->name, SL_TEXT_FORMAT(text),
             sl_type_text(binding->arena,
                          sl_type_nullable(binding->arena, binding->args[1]->type, true)));
    return sl_error_at(binding->err, binding->offset);
}

static int
postgres_coerce_time(struct sl_binding *binding, const struct sl_type *of_text)
{
    enum sl_type_kind kind = binding->args[1]->type->kind;

    if (sl_type_is_text(kind) || kind == SL_TYPE_NULL)
        return sl_binding_coerce(binding, 1, of_text);
    return SL_OK;
}

/* Weeks begin on Monday: the Sunday at or before the day before, and one day. */
static int
postgres_trunc_week(struct sl_binding *binding, struct sl_expr *time, struct sl_expr **ret_expr)
{
    struct sl_value day = {.type = sl_type_nullable(binding->arena, &sl_type_interval_day, false),
                           .integer = SL_US_PER_DAY};
    struct sl_expr *one = sl_expr_literal(binding->arena, &day), *before;

    SL_TRY(postgres_call(binding, "-", time, one, &before));
    SL_TRY(postgres_call(binding, "FLOOR", before, postgres_text(binding, "WEEK"), &before));
    return postgres_call(binding, "+", before, one, ret_expr);
}

/* DATE_TRUNC(unit, time): TIMESTAMP_LTZ in the session's time zone, a DATE as a TIMESTAMP. */
int
sl_bind_date_trunc(struct sl_binding *binding)
{
    const struct sl_type *type, *local;
    const char *unit;
    struct sl_expr *time;

    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    SL_TRY(postgres_coerce_time(binding, &sl_type_timestamp6));
    if (binding->args[1]->type->kind == SL_TYPE_DATE)
        SL_TRY(sl_binding_coerce(binding, 1, &sl_type_timestamp3));
    type = binding->args[1]->type;
    if (!sl_type_is_timestamp(type->kind))
        return sl_binding_refuse(binding);
    unit = postgres_unit(binding->args[0]);
    if (unit == NULL || strstr(unit, "DO") || strcmp(unit, "EPOCH") == 0 ||
        strcmp(unit, "ISOYEAR") == 0)
        return postgres_refuse_unit(binding);
    if (strcmp(unit, "WEEK") != 0)
        return postgres_call(binding, "FLOOR", binding->args[1], postgres_text(binding, unit),
                             &binding->replacement);
    if (type->kind == SL_TYPE_TIMESTAMP)
        return postgres_trunc_week(binding, binding->args[1], &binding->replacement);
    local = sl_type_with_precision(binding->arena, SL_TYPE_TIMESTAMP, type->precision);
    SL_TRY(postgres_cast(binding, binding->args[1], local, &time));
    SL_TRY(postgres_trunc_week(binding, time, &time));
    return postgres_cast(binding, time, type, &binding->replacement);
}

/* EXTRACT(unit FROM x) * factor, as a DOUBLE. */
static int
postgres_part(struct sl_binding *binding, const char *unit, double factor,
              struct sl_expr **ret_expr)
{
    struct sl_expr *part;

    SL_TRY(
        postgres_call(binding, "EXTRACT", postgres_text(binding, unit), binding->args[1], &part));
    SL_TRY(postgres_cast(binding, part, &sl_type_double, &part));
    if (factor == 1) {
        *ret_expr = part;
        return SL_OK;
    }
    return postgres_call(binding, "*", part, postgres_number(binding, factor), ret_expr);
}

/* DATE_PART(unit, x): a DOUBLE; seconds have their fraction, Sunday is 0. */
int
sl_bind_date_part(struct sl_binding *binding)
{
    static const struct {
        const char *unit, *whole;
        double whole_factor, us_factor;
    } fractional[] = {
        {"SECOND", "SECOND", 1, 1e-6},
        {"EPOCH", "EPOCH", 1, 1e-6},
        {"MILLISECOND", "SECOND", 1e3, 1e-3},
        {"MICROSECOND", "SECOND", 1e6, 1},
    };
    struct sl_expr *whole, *fraction;
    const char *unit;

    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    SL_TRY(postgres_coerce_time(binding, &sl_type_timestamp6));
    unit = postgres_unit(binding->args[0]);
    if (unit == NULL)
        return postgres_refuse_unit(binding);
    for (size_t i = 0; i < SL_COUNT_OF(fractional); i++) {
        if (strcmp(unit, fractional[i].unit) != 0)
            continue;
        SL_TRY(postgres_part(binding, fractional[i].whole, fractional[i].whole_factor, &whole));
        if (binding->args[1]->type->kind == SL_TYPE_DATE ||
            binding->args[1]->type->kind == SL_TYPE_INTERVAL_MONTH) {
            binding->replacement = whole;
            return SL_OK;
        }
        SL_TRY(postgres_part(binding, "MICROSECOND", fractional[i].us_factor, &fraction));
        return postgres_call(binding, "+", whole, fraction, &binding->replacement);
    }
    SL_TRY(postgres_part(binding, unit, 1, &whole));
    if (strcmp(unit, "DOW") == 0)
        return postgres_call(binding, "-", whole, postgres_number(binding, 1),
                             &binding->replacement);
    binding->replacement = whole;
    return SL_OK;
}

/* AGE has years, months, days and seconds in one, which no INTERVAL type has. */
int
sl_bind_age(struct sl_binding *binding)
{
    SL_ERROR(binding->err, SL_E_NOT_SUPPORTED,
             "AGE is not supported: an INTERVAL has months or seconds, not both");
    sl_error_hint(binding->err,
                  "TIMESTAMPDIFF(MONTH, a, b) counts months, b - a is an INTERVAL DAY TO SECOND");
    return sl_error_at(binding->err, binding->offset);
}

/* --- numbers --- */

/* DIV(a, b): the quotient cut to a whole number. */
int
sl_bind_div(struct sl_binding *binding)
{
    struct sl_expr *rest;

    if (binding->arg_count != 2 || !sl_type_is_numeric(binding->args[0]->type->kind) ||
        !sl_type_is_numeric(binding->args[1]->type->kind))
        return sl_binding_refuse(binding);
    if (sl_type_is_integer(binding->args[0]->type->kind) &&
        sl_type_is_integer(binding->args[1]->type->kind))
        return postgres_call(binding, "/", binding->args[0], binding->args[1],
                             &binding->replacement);
    SL_TRY(postgres_call(binding, "MOD", binding->args[0], binding->args[1], &rest));
    SL_TRY(postgres_call(binding, "-", binding->args[0], rest, &rest));
    SL_TRY(postgres_call(binding, "/", rest, binding->args[1], &rest));
    return postgres_call(binding, "ROUND", rest, NULL, &binding->replacement);
}

/* TO_TIMESTAMP(text[, pattern]) is Flink's; of a number it is PostgreSQL's, seconds since 1970. */
int
sl_bind_to_timestamp(struct sl_binding *binding)
{
    struct sl_value zero = {.type = &sl_type_int};

    if (binding->arg_count != 1 || !sl_type_is_numeric(binding->args[0]->type->kind))
        return sl_bind_signature(binding);
    return postgres_call(binding, "TO_TIMESTAMP_LTZ", binding->args[0],
                         sl_expr_literal(binding->arena, &zero), &binding->replacement);
}

/* TO_CHAR of times and of numbers are two functions. */
int
sl_bind_to_char(struct sl_binding *binding)
{
    enum sl_type_kind kind;

    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    kind = binding->args[0]->type->kind;
    if (kind != SL_TYPE_DATE && !sl_type_is_timestamp(kind) && !sl_type_is_numeric(kind) &&
        kind != SL_TYPE_NULL)
        return sl_binding_refuse(binding);
    return postgres_call(binding, sl_type_is_numeric(kind) ? "TO_CHAR NUMBER" : "TO_CHAR TIME",
                         binding->args[0], binding->args[1], &binding->replacement);
}

/* --- PG_TYPEOF --- */

static const char *
postgres_type_name(struct sl_arena *arena, const struct sl_type *type)
{
    switch (type->kind) {
    case SL_TYPE_BOOLEAN:
        return "boolean";
    case SL_TYPE_TINYINT:
    case SL_TYPE_SMALLINT:
        return "smallint";
    case SL_TYPE_INT:
        return "integer";
    case SL_TYPE_BIGINT:
        return "bigint";
    case SL_TYPE_FLOAT:
        return "real";
    case SL_TYPE_DOUBLE:
        return "double precision";
    case SL_TYPE_DECIMAL:
        return "numeric";
    case SL_TYPE_CHAR:
        return "character";
    case SL_TYPE_VARCHAR:
        return type->precision == SL_LENGTH_MAX ? "text" : "character varying";
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        return "bytea";
    case SL_TYPE_DATE:
        return "date";
    case SL_TYPE_TIME:
        return "time without time zone";
    case SL_TYPE_TIMESTAMP:
        return "timestamp without time zone";
    case SL_TYPE_TIMESTAMP_LTZ:
        return "timestamp with time zone";
    case SL_TYPE_INTERVAL_MONTH:
    case SL_TYPE_INTERVAL_DAY:
        return "interval";
    case SL_TYPE_ARRAY:
        return sl_arena_printf(arena, "%s[]", postgres_type_name(arena, type->element));
    case SL_TYPE_ROW:
        return "record";
    case SL_TYPE_NULL:
        return "unknown";
    default:
        return "jsonb";
    }
}

int
sl_bind_pg_typeof(struct sl_binding *binding)
{
    if (binding->arg_count != 1)
        return sl_binding_refuse(binding);
    binding->replacement =
        postgres_text(binding, postgres_type_name(binding->arena, binding->args[0]->type));
    return SL_OK;
}
