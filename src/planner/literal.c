/* Literals of the AST to typed values.  Whole numbers are INT, BIGINT or DECIMAL, whichever holds
 * them first; with a point they are DECIMAL, with an exponent DOUBLE; strings are STRING. */
#include "planner/bind.h"

#include "data/decimal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static struct sl_expr *
literal_of(struct sl_arena *arena, const struct sl_value *value, int offset)
{
    struct sl_expr *expr = sl_expr_literal(arena, value);

    expr->offset = offset;
    return expr;
}

struct sl_expr *
sl_binder_string(struct sl_arena *arena, struct sl_text text, int offset)
{
    struct sl_value value = {.type = sl_type_nullable(arena, &sl_type_string, false)};

    value.text = sl_arena_text(arena, text);
    return literal_of(arena, &value, offset);
}

struct sl_expr *
sl_binder_integer(struct sl_arena *arena, int64_t number, const struct sl_type *type)
{
    struct sl_value value = {.type = sl_type_nullable(arena, type, false)};

    value.integer = number;
    return literal_of(arena, &value, -1);
}

struct sl_expr *
sl_binder_boolean(struct sl_arena *arena, bool boolean)
{
    struct sl_value value = {.type = sl_type_nullable(arena, &sl_type_boolean, false)};

    value.boolean = boolean;
    return literal_of(arena, &value, -1);
}

struct sl_expr *
sl_binder_null(struct sl_arena *arena, const struct sl_type *type, int offset)
{
    struct sl_value value = sl_value_null(type);

    return literal_of(arena, &value, offset);
}

/* Digits before and behind the point of a plain number. */
static void
literal_count_digits(struct sl_text text, int *ret_whole, int *ret_fraction)
{
    bool behind = false, significant = false;

    *ret_whole = *ret_fraction = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] == '.') {
            behind = true;
        } else if (behind) {
            (*ret_fraction)++;
        } else if (significant || text.start[i] != '0') {
            significant = true;
            (*ret_whole)++;
        }
    }
}

static int
literal_out_of_range(struct sl_text text, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_NUMERIC_OUT_OF_RANGE, "the number %.*s is out of range",
                    SL_TEXT_FORMAT(text));
}

static int
literal_number(struct sl_binder *binder, struct sl_text text, bool negative, struct sl_value *value,
               struct sl_error *err)
{
    const char *number =
        sl_arena_printf(binder->arena, "%s%.*s", negative ? "-" : "", SL_TEXT_FORMAT(text));
    int whole, fraction;

    if (memchr(text.start, 'e', text.length) || memchr(text.start, 'E', text.length)) {
        errno = 0;
        value->type = &sl_type_double;
        value->real = strtod(number, NULL);
        return errno == ERANGE && value->real != 0 ? literal_out_of_range(text, err) : SL_OK;
    }
    if (!memchr(text.start, '.', text.length) && sl_parse_int64(number, &value->integer)) {
        value->type = value->integer >= INT32_MIN && value->integer <= INT32_MAX ? &sl_type_int
                                                                                 : &sl_type_bigint;
        return SL_OK;
    }
    literal_count_digits(text, &whole, &fraction);
    if (whole + fraction > SL_DECIMAL_PRECISION_MAX ||
        !sl_decimal_parse(sl_text_of(number), fraction, &value->decimal))
        return literal_out_of_range(text, err);
    value->type = sl_type_decimal(binder->arena, SL_MAX(whole + fraction, 1), fraction);
    return SL_OK;
}

/* The units that INTERVAL's parts stand for, in order, with months or microseconds each. */
static const struct {
    enum sl_ast_unit unit;
    int64_t months, us;
} literal_units[] = {
    {SL_AST_UNIT_YEAR, 12, 0},
    {SL_AST_UNIT_MONTH, 1, 0},
    {SL_AST_UNIT_DAY, 0, SL_US_PER_DAY},
    {SL_AST_UNIT_HOUR, 0, SL_US_PER_HOUR},
    {SL_AST_UNIT_MINUTE, 0, SL_US_PER_MINUTE},
    {SL_AST_UNIT_SECOND, 0, SL_US_PER_SECOND},
    {SL_AST_UNIT_QUARTER, 3, 0},
    {SL_AST_UNIT_WEEK, 0, 7 * SL_US_PER_DAY},
    {SL_AST_UNIT_MILLISECOND, 0, SL_US_PER_MS},
    {SL_AST_UNIT_MICROSECOND, 0, 1},
};

static int
literal_unit_index(enum sl_ast_unit unit)
{
    for (int i = 0; i < (int)SL_COUNT_OF(literal_units); i++)
        if (literal_units[i].unit == unit)
            return i;
    return -1;
}

/* One number of an interval's text; a fraction counts only for units of time. */
static bool
literal_interval_part(const char **at, int unit, int64_t *sum)
{
    int64_t factor =
        literal_units[unit].months ? literal_units[unit].months : literal_units[unit].us;
    char *end;
    int64_t number, part;

    if (!isdigit((unsigned char)**at))
        return false;
    errno = 0;
    number = strtoll(*at, &end, 10);
    if (errno || __builtin_mul_overflow(number, factor, &part) ||
        __builtin_add_overflow(*sum, part, sum))
        return false;
    if (*end == '.') {
        if (literal_units[unit].months)
            return false;
        for (end++; isdigit((unsigned char)*end); end++) {
            factor /= 10;
            *sum += (*end - '0') * factor;
        }
    }
    *at = end;
    return true;
}

static char
literal_separator(enum sl_ast_unit unit)
{
    return unit == SL_AST_UNIT_YEAR ? '-' : unit == SL_AST_UNIT_DAY ? ' ' : ':';
}

/* '5' SECOND, '1:30' HOUR TO MINUTE, '2 03:04:05.6' DAY TO SECOND, '1-6' YEAR TO MONTH. */
static bool
literal_interval_sum(const struct sl_ast_literal *literal, const char *text, int64_t *ret_sum)
{
    int unit = literal_unit_index(literal->unit_start);
    int last = literal->unit_end == SL_AST_UNIT_NONE ? unit : literal_unit_index(literal->unit_end);
    bool negative = literal->negative;
    int64_t sum = 0;

    while (*text == ' ')
        text++;
    if (*text == '-' || *text == '+')
        negative ^= *text++ == '-';
    if (unit < 0 || last < unit || !literal_units[unit].months != !literal_units[last].months)
        return false;
    for (; unit <= last; unit++) {
        if (!literal_interval_part(&text, unit, &sum))
            return false;
        if (unit < last && *text++ != literal_separator(literal_units[unit].unit))
            return false;
    }
    while (*text == ' ')
        text++;
    *ret_sum = negative ? -sum : sum;
    return *text == 0;
}

static int
literal_interval(struct sl_binder *binder, const struct sl_ast_literal *literal,
                 struct sl_value *value, struct sl_error *err)
{
    const char *text = sl_arena_strndup(binder->arena, literal->text.start, literal->text.length);
    int unit = literal_unit_index(literal->unit_start);

    if (literal->unit_start == SL_AST_UNIT_NONE) {
        if (sl_value_parse(binder->arena, &sl_type_interval_day, literal->text,
                           binder->settings.zone, value, err) < 0)
            SL_TRY(sl_value_parse(binder->arena, &sl_type_interval_month, literal->text,
                                  binder->settings.zone, value, err));
        if (literal->negative)
            value->integer = -value->integer;
        return SL_OK;
    }
    value->type =
        unit >= 0 && literal_units[unit].months ? &sl_type_interval_month : &sl_type_interval_day;
    if (!literal_interval_sum(literal, text, &value->integer))
        return SL_ERROR(
            err, SL_E_INVALID_DATETIME, "'%s' is no INTERVAL of %s%s%s", text,
            sl_ast_unit_name(literal->unit_start),
            literal->unit_end == SL_AST_UNIT_NONE ? "" : " TO ",
            literal->unit_end == SL_AST_UNIT_NONE ? "" : sl_ast_unit_name(literal->unit_end));
    return SL_OK;
}

/* TIMESTAMP '…' has as many digits as were written. */
static int
literal_timestamp(struct sl_binder *binder, const struct sl_ast_literal *literal,
                  enum sl_type_kind kind, struct sl_value *value, struct sl_error *err)
{
    const char *point = memchr(literal->text.start, '.', literal->text.length);
    const char *end = literal->text.start + literal->text.length;
    int digits = 0;

    while (point && point + 1 + digits < end && isdigit((unsigned char)point[1 + digits]))
        digits++;
    if (literal->precision > digits)
        digits = literal->precision;
    if (digits > SL_TIME_PRECISION_MAX)
        return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                        "a precision of %d is not supported: times have at most %d digits", digits,
                        SL_TIME_PRECISION_MAX);
    return sl_value_parse(binder->arena, sl_type_with_precision(binder->arena, kind, digits),
                          literal->text, binder->settings.zone, value, err);
}

static int
literal_value(struct sl_binder *binder, const struct sl_ast_literal *literal, bool negative,
              struct sl_value *value, struct sl_error *err)
{
    switch (literal->kind) {
    case SL_AST_LITERAL_NULL:
        *value = sl_value_null(&sl_type_null);
        return SL_OK;
    case SL_AST_LITERAL_BOOLEAN:
        value->type = &sl_type_boolean;
        value->boolean = literal->boolean;
        return SL_OK;
    case SL_AST_LITERAL_NUMBER:
        return literal_number(binder, literal->text, negative, value, err);
    case SL_AST_LITERAL_STRING:
        value->type = &sl_type_string;
        value->text = sl_arena_text(binder->arena, literal->text);
        return SL_OK;
    case SL_AST_LITERAL_BINARY:
        value->type = &sl_type_bytes;
        value->text = sl_arena_text(binder->arena, literal->text);
        return SL_OK;
    case SL_AST_LITERAL_DATE:
        return sl_value_parse(binder->arena, &sl_type_date, literal->text, binder->settings.zone,
                              value, err);
    case SL_AST_LITERAL_TIME:
        return literal_timestamp(binder, literal, SL_TYPE_TIME, value, err);
    case SL_AST_LITERAL_TIMESTAMP:
        return literal_timestamp(binder, literal, SL_TYPE_TIMESTAMP, value, err);
    case SL_AST_LITERAL_TIMESTAMP_LTZ:
        return literal_timestamp(binder, literal, SL_TYPE_TIMESTAMP_LTZ, value, err);
    case SL_AST_LITERAL_INTERVAL:
        return literal_interval(binder, literal, value, err);
    }
    SL_UNREACHABLE();
}

int
sl_binder_literal(struct sl_binder *binder, const struct sl_ast_literal *literal, bool negative,
                  int offset, struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_value value = {0};

    if (literal_value(binder, literal, negative, &value, err) < 0)
        return sl_error_at(err, sl_binder_offset(binder, offset));
    if (!value.is_null)
        value.type = sl_type_nullable(binder->arena, value.type, false);
    *ret_expr = literal_of(binder->arena, &value, sl_binder_offset(binder, offset));
    return SL_OK;
}
