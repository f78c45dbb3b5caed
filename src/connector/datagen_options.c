/* The fields.* options of datagen to generators.  Options are looked up by path
 * (fields.a.element.min) while the column's type is walked; what nobody looked up is not an option
 * of the table. */
#include "connector/datagen_internal.h"
#include "data/decimal.h"
#include "data/time.h"

#include <math.h>
#include <stdlib.h>

enum { DATAGEN_TEXT_LENGTH = 100, DATAGEN_COLLECTION_LENGTH = 3, DATAGEN_LONG_BYTES = 8 };

struct datagen_reader {
    struct sl_arena *arena;
    const struct sl_option_list *options;
    bool *used;         /* by option */
    const char **asked; /* keys that were looked up */
    size_t asked_count, asked_capacity;
    struct sl_error *err;
};

/* --- looking up --- */

static const struct sl_option *
datagen_find(struct datagen_reader *reader, const char *path, const char *property)
{
    const char *key = sl_arena_printf(reader->arena, "fields.%s.%s", path, property);

    if (reader->asked_count == reader->asked_capacity) {
        reader->asked_capacity = reader->asked_capacity ? reader->asked_capacity * 2 : 64;
        reader->asked = sl_realloc(reader->asked, reader->asked_capacity * sizeof(*reader->asked));
    }
    reader->asked[reader->asked_count++] = key;
    for (size_t i = 0; i < reader->options->count; i++) {
        if (strcmp(reader->options->items[i].key, key) == 0) {
            reader->used[i] = true;
            return &reader->options->items[i];
        }
    }
    return NULL;
}

static int
datagen_bad(struct datagen_reader *reader, const struct sl_option *option, const char *expected)
{
    SL_ERROR(reader->err, SL_E_INVALID_PARAMETER_VALUE,
             "option \"%s\" does not take the value \"%s\"", option->key, option->value);
    sl_error_hint(reader->err, "expected: %s", expected);
    return sl_error_at(reader->err, option->value_offset);
}

/* What the column takes instead, or what the option's name may have been meant to be. */
static int
datagen_unknown(struct datagen_reader *reader, const struct sl_option *option)
{
    size_t length = (size_t)(strrchr(option->key, '.') - option->key) + 1;
    const char *known = "";

    SL_ERROR(reader->err, SL_E_UNDEFINED_OBJECT, "datagen has no option \"%s\"", option->key);
    for (size_t i = 0; i < reader->asked_count; i++) {
        const char *asked = reader->asked[i];

        if (strncmp(asked, option->key, length) == 0 && !strchr(asked + length, '.'))
            known =
                sl_arena_printf(reader->arena, "%s%s%s", known, *known ? ", " : "", asked + length);
    }
    if (*known)
        sl_error_hint(reader->err, "%.*s takes: %s", (int)length - 1, option->key, known);
    sl_error_suggest(reader->err, sl_text_of(option->key), reader->asked, reader->asked_count);
    return sl_error_at(reader->err, option->key_offset);
}

/* --- numbers --- */

/* The limits of a type's random values when min and max are not given. */
static void
datagen_default_range(struct sl_datagen_field *field)
{
    static const int64_t widest[] = {[SL_TYPE_TINYINT] = INT8_MAX,
                                     [SL_TYPE_SMALLINT] = INT16_MAX,
                                     [SL_TYPE_INT] = INT32_MAX,
                                     [SL_TYPE_BIGINT] = INT64_MAX};
    enum sl_type_kind kind = field->type->kind;

    field->real_min = kind == SL_TYPE_FLOAT ? (double)-__FLT_MAX__ : -__DBL_MAX__;
    field->real_max = -field->real_min;
    if (sl_type_is_integer(kind)) {
        field->max = widest[kind];
        field->min = -field->max - 1;
    } else if (kind == SL_TYPE_DECIMAL) {
        field->max = sl_decimal_power10(field->type->precision) - 1;
        field->min = -field->max;
    } else if (kind == SL_TYPE_INTERVAL_MONTH) {
        field->max = 120000;
    } else if (kind == SL_TYPE_INTERVAL_DAY) {
        field->max = INT64_MAX / SL_US_PER_MS;
        field->min = -field->max;
    }
}

/* Within the type's own limits, which `field` holds. */
static bool
datagen_parse_number(const struct sl_datagen_field *limits, const char *text, sl_int128 *ret_number,
                     double *ret_real)
{
    int64_t integer;
    char *end;

    switch (limits->type->kind) {
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
        *ret_real = strtod(text, &end);
        return end != text && *end == '\0' && isfinite(*ret_real) &&
               *ret_real >= limits->real_min && *ret_real <= limits->real_max;
    case SL_TYPE_DECIMAL:
        return sl_decimal_parse(sl_text_of(text), limits->type->scale, ret_number) &&
               sl_decimal_fits(*ret_number, limits->type->precision);
    default:
        *ret_number = 0;
        if (!sl_parse_int64(text, &integer))
            return false;
        *ret_number = integer;
        if (limits->type->kind == SL_TYPE_INTERVAL_MONTH)
            return integer >= INT32_MIN && integer <= INT32_MAX;
        return integer >= limits->min && integer <= limits->max;
    }
}

static const char *
datagen_expected_number(struct datagen_reader *reader, const struct sl_datagen_field *limits)
{
    enum sl_type_kind kind = limits->type->kind;

    if (kind == SL_TYPE_INTERVAL_MONTH)
        return "a whole number of months";
    if (kind == SL_TYPE_INTERVAL_DAY)
        return "a whole number of milliseconds";
    if (sl_type_is_integer(kind))
        return sl_arena_printf(reader->arena, "a whole number from %lld to %lld",
                               (long long)limits->min, (long long)limits->max);
    return sl_arena_printf(reader->arena, "a number that is a %s",
                           sl_type_text(reader->arena, limits->type));
}

static int
datagen_read_range(struct datagen_reader *reader, const char *path, struct sl_datagen_field *field)
{
    const struct sl_option *min = datagen_find(reader, path, "min");
    const struct sl_option *max = datagen_find(reader, path, "max");
    struct sl_datagen_field limits;

    datagen_default_range(field);
    limits = *field;
    if (min && !datagen_parse_number(&limits, min->value, &field->min, &field->real_min))
        return datagen_bad(reader, min, datagen_expected_number(reader, &limits));
    if (max && !datagen_parse_number(&limits, max->value, &field->max, &field->real_max))
        return datagen_bad(reader, max, datagen_expected_number(reader, &limits));
    if (field->min <= field->max && field->real_min <= field->real_max)
        return SL_OK;
    SL_ERROR(reader->err, SL_E_INVALID_PARAMETER_VALUE,
             "option \"fields.%s.min\" is larger than \"fields.%s.max\"", path, path);
    return sl_error_at(reader->err, (min ? min : max)->value_offset);
}

/* --- sequences --- */

/* Can a column of this type hold what a sequence makes of the number? */
static bool
datagen_sequence_fits(const struct sl_type *type, int64_t number)
{
    struct sl_datagen_field limits = {.type = type};
    int digits = number < 0 ? 2 : 1;

    switch (type->kind) {
    case SL_TYPE_DECIMAL:
        return sl_decimal_fits(number, type->precision - type->scale);
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
        for (int64_t rest = number / 10; rest; rest /= 10)
            digits++;
        return digits <= type->precision;
    case SL_TYPE_TINYINT:
    case SL_TYPE_SMALLINT:
    case SL_TYPE_INT:
    case SL_TYPE_BIGINT:
        datagen_default_range(&limits);
        return number >= limits.min && number <= limits.max;
    default:
        return true;
    }
}

static int
datagen_read_bound(struct datagen_reader *reader, const struct sl_datagen_field *field,
                   const struct sl_option *option, int64_t *ret_bound)
{
    struct sl_datagen_field limits = {.type = field->type};

    if (sl_parse_int64(option->value, ret_bound) && datagen_sequence_fits(field->type, *ret_bound))
        return SL_OK;
    if (!sl_type_is_integer(field->type->kind))
        return datagen_bad(reader, option,
                           sl_arena_printf(reader->arena, "a whole number that fits %s",
                                           sl_type_text(reader->arena, field->type)));
    datagen_default_range(&limits);
    return datagen_bad(reader, option, datagen_expected_number(reader, &limits));
}

static int
datagen_read_sequence(struct datagen_reader *reader, const char *path, const struct sl_option *kind,
                      struct sl_datagen_field *field)
{
    const struct sl_option *start = datagen_find(reader, path, "start");
    const struct sl_option *end = datagen_find(reader, path, "end");
    enum sl_type_kind type = field->type->kind;

    field->is_sequence = true;
    if (!sl_type_is_numeric(type) && !sl_type_is_view(type))
        return datagen_bad(reader, kind,
                           "random, for a sequence is of numbers, texts or bytes only");
    if (sl_type_is_bytes(type) && field->type->precision < DATAGEN_LONG_BYTES)
        return datagen_bad(reader, kind, "random, for a sequence of bytes needs 8 of them");
    if (!start || !end) {
        SL_ERROR(reader->err, SL_E_INVALID_PARAMETER_VALUE,
                 "a sequence needs the options \"fields.%s.start\" and \"fields.%s.end\"", path,
                 path);
        return sl_error_at(reader->err, kind->value_offset);
    }
    SL_TRY(datagen_read_bound(reader, field, start, &field->start));
    SL_TRY(datagen_read_bound(reader, field, end, &field->end));
    if (field->end < field->start)
        return datagen_bad(reader, end, "a whole number, not below start");
    return SL_OK;
}

/* --- lengths --- */

/* With the length or the nesting that makes a value too large. */
static int
datagen_check_bytes(struct datagen_reader *reader, const char *path, const struct sl_option *option,
                    const struct sl_datagen_field *field)
{
    if (field->bytes <= SL_DATAGEN_VALUE_BYTES_MAX)
        return SL_OK;
    SL_ERROR(reader->err, SL_E_INVALID_PARAMETER_VALUE,
             "option \"fields.%s.length\" = %u makes values of more than %d MB", path,
             field->length, SL_DATAGEN_VALUE_BYTES_MAX >> 20);
    return sl_error_at(reader->err, option ? option->value_offset : -1);
}

static int
datagen_read_length(struct datagen_reader *reader, const char *path, int64_t length,
                    const struct sl_option **ret_option, struct sl_datagen_field *field)
{
    const struct sl_option *option = datagen_find(reader, path, "length");
    int64_t max = sl_type_is_view(field->type->kind) ? field->type->precision : INT32_MAX;

    *ret_option = option;
    if (option && (!sl_parse_int64(option->value, &length) || length < 0 || length > INT32_MAX))
        return datagen_bad(reader, option, "a whole number, not negative");
    if (length > max)
        return datagen_bad(
            reader, option,
            sl_arena_printf(reader->arena, "shorter than the %lld of its type", (long long)max));
    field->length = (uint32_t)length;
    return SL_OK;
}

/* CHAR and BINARY have the length of their type and no other. */
static int
datagen_read_text(struct datagen_reader *reader, const char *path, struct sl_datagen_field *field)
{
    bool is_fixed = field->type->kind == SL_TYPE_CHAR || field->type->kind == SL_TYPE_BINARY;
    const struct sl_option *option = NULL, *varies;
    int64_t length = field->type->precision;

    field->length = (uint32_t)length;
    if (!is_fixed) {
        length = length == SL_LENGTH_MAX ? DATAGEN_TEXT_LENGTH : length;
        SL_TRY(datagen_read_length(reader, path, length, &option, field));
        varies = datagen_find(reader, path, "var-len");
        if (varies && !sl_parse_boolean(varies->value, &field->length_varies))
            return datagen_bad(reader, varies, "true or false");
    }
    field->bytes += field->length;
    return datagen_check_bytes(reader, path, option, field);
}

/* --- all --- */

static int datagen_read_field(struct datagen_reader *reader, const char *path,
                              const struct sl_type *type, bool is_top,
                              struct sl_datagen_field *field);

static int
datagen_read_children(struct datagen_reader *reader, const char *path,
                      struct sl_datagen_field *field)
{
    const struct sl_type *type = field->type;
    size_t count = type->kind == SL_TYPE_ROW   ? type->field_count
                   : type->kind == SL_TYPE_MAP ? 2
                                               : 1;

    field->children = SL_NEW_ARRAY(reader->arena, struct sl_datagen_field, count + 1);
    field->child_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct sl_type *child = type->element;
        const char *name = "element";

        if (type->kind == SL_TYPE_ROW) {
            child = type->fields[i].type;
            name = type->fields[i].name;
        } else if (type->kind == SL_TYPE_MAP) {
            child = i == 0 ? type->key : type->element;
            name = i == 0 ? "key" : "value";
        }
        SL_TRY(datagen_read_field(reader, sl_arena_printf(reader->arena, "%s.%s", path, name),
                                  child, false, &field->children[i]));
        field->bytes += field->children[i].bytes;
    }
    return SL_OK;
}

static int
datagen_read_nested(struct datagen_reader *reader, const char *path, struct sl_datagen_field *field)
{
    const struct sl_option *option = NULL;

    if (field->type->kind != SL_TYPE_ROW)
        SL_TRY(datagen_read_length(reader, path, DATAGEN_COLLECTION_LENGTH, &option, field));
    SL_TRY(datagen_read_children(reader, path, field));
    if (field->type->kind != SL_TYPE_ROW)
        field->bytes *= SL_MAX(field->length, 1u);
    return datagen_check_bytes(reader, path, option, field);
}

static int
datagen_read_null_rate(struct datagen_reader *reader, const char *path,
                       struct sl_datagen_field *field)
{
    const struct sl_option *option = datagen_find(reader, path, "null-rate");
    char *end;

    if (!option)
        return SL_OK;
    field->null_rate = strtod(option->value, &end);
    if (end == option->value || *end || !(field->null_rate >= 0 && field->null_rate <= 1))
        return datagen_bad(reader, option, "a number from 0 to 1");
    if (field->null_rate > 0 && !field->type->nullable)
        return datagen_bad(reader, option, "0, for the type is NOT NULL");
    return SL_OK;
}

static int
datagen_read_random(struct datagen_reader *reader, const char *path, struct sl_datagen_field *field)
{
    enum sl_type_kind kind = field->type->kind;
    const struct sl_option *past;

    if (sl_type_is_nested(kind))
        return datagen_read_nested(reader, path, field);
    if (sl_type_is_view(kind))
        return datagen_read_text(reader, path, field);
    if (sl_type_is_timestamp(kind)) {
        past = datagen_find(reader, path, "max-past");
        if (past &&
            (!sl_parse_duration_us(past->value, &field->max_past_us) || field->max_past_us < 0))
            return datagen_bad(reader, past, "a duration such as 5 min");
        return SL_OK;
    }
    if (kind == SL_TYPE_BOOLEAN) {
        field->max = 1;
        return SL_OK;
    }
    if (kind == SL_TYPE_DATE || kind == SL_TYPE_TIME)
        return SL_OK;
    return datagen_read_range(reader, path, field);
}

static int
datagen_read_field(struct datagen_reader *reader, const char *path, const struct sl_type *type,
                   bool is_top, struct sl_datagen_field *field)
{
    const struct sl_option *kind = is_top ? datagen_find(reader, path, "kind") : NULL;

    *field = (struct sl_datagen_field){.type = type, .bytes = sizeof(struct sl_view)};
    SL_TRY(datagen_read_null_rate(reader, path, field));
    if (!kind || sl_equal_nocase(kind->value, "random"))
        return datagen_read_random(reader, path, field);
    if (sl_equal_nocase(kind->value, "sequence"))
        return datagen_read_sequence(reader, path, kind, field);
    return datagen_bad(reader, kind, "random or sequence");
}

static int
datagen_read_all(struct datagen_reader *reader, const struct sl_schema *schema,
                 struct sl_datagen_field *fields)
{
    for (size_t i = 0; i < schema->count; i++)
        SL_TRY(datagen_read_field(reader, schema->columns[i].name, schema->columns[i].type, true,
                                  &fields[i]));
    for (size_t i = 0; i < reader->options->count; i++) {
        const struct sl_option *option = &reader->options->items[i];

        if (strncmp(option->key, "fields.", strlen("fields.")) == 0 && !reader->used[i])
            return datagen_unknown(reader, option);
    }
    return SL_OK;
}

int
sl_datagen_read(struct sl_arena *arena, const struct sl_option_list *options,
                const struct sl_schema *schema, struct sl_datagen_field **ret_fields,
                struct sl_error *err)
{
    struct datagen_reader reader = {.arena = arena, .options = options, .err = err};
    struct sl_datagen_field *fields =
        SL_NEW_ARRAY(arena, struct sl_datagen_field, schema->count + 1);
    int rc;

    reader.used = SL_NEW_ARRAY(arena, bool, options->count + 1);
    rc = datagen_read_all(&reader, schema, fields);
    free(reader.asked);
    if (rc == SL_OK)
        *ret_fields = fields;
    return rc;
}
