/* datagen: rows made up at random or in sequence, with the options of Flink's connector.  One split
 * a subtask; its position is the number of rows that it has made.  Values come a column at a time
 * from a splitmix64 generator, which is seeded by the environment. */
#include "connector/connector.h"
#include "data/decimal.h"
#include "data/time.h"
#include "data/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DATAGEN_POLL_US = 5000, DATAGEN_LENGTH = 100 };

static const struct sl_option_spec datagen_options[] = {
    {.name = "rows-per-second",
     .type = SL_OPTION_INTEGER,
     .default_value = "10000",
     .min = 1,
     .max = INT64_C(1) << 50,
     .help = "over all subtasks"},
    {.name = "number-of-rows",
     .type = SL_OPTION_INTEGER,
     .min = 0,
     .max = INT64_MAX,
     .help = "ends after so many; unset: never"},
    {.name = "fields.*",
     .type = SL_OPTION_PREFIX,
     .help = "fields.<column>.kind | min | max | max-past | length | var-len | start | end | "
             "null-rate"},
};

static const char *const datagen_properties[] = {"kind",    "min",   "max", "max-past", "length",
                                                 "var-len", "start", "end", "null-rate"};

/* One column's generator. */
struct datagen_field {
    const struct sl_type *type;
    bool is_sequence;
    int64_t min, max; /* integers, decimals' unscaled part, months, microseconds */
    double real_min, real_max;
    int64_t start, end; /* of a sequence */
    int64_t max_past_us;
    uint32_t length;
    bool length_varies;
    double null_rate;
};

/* --- options --- */

static const char *
datagen_property(const struct sl_option_list *options, const char *column, const char *property)
{
    char key[512];

    snprintf(key, sizeof(key), "fields.%s.%s", column, property);
    return sl_option_get(options, key);
}

static int
datagen_bad(const char *column, const char *property, const char *text, const char *expected,
            struct sl_error *err)
{
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "option \"fields.%s.%s\" does not take the value \"%s\"", column, property, text);
    return sl_error_hint(err, "expected: %s", expected);
}

/* The limits of a type's random values when min and max are not given. */
static void
datagen_default_range(struct datagen_field *field)
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
        field->max = (int64_t)(sl_decimal_power10(SL_MIN(field->type->precision, 18)) - 1);
        field->min = -field->max;
    } else {
        field->min = 0;
        field->max = 120000; /* of months; of milliseconds for the other interval */
    }
}

static int
datagen_parse_number(const struct datagen_field *field, const char *column, const char *property,
                     const char *text, int64_t *ret_integer, double *ret_real, struct sl_error *err)
{
    enum sl_type_kind kind = field->type->kind;
    sl_int128 decimal;
    char *end;

    if (kind == SL_TYPE_FLOAT || kind == SL_TYPE_DOUBLE) {
        *ret_real = strtod(text, &end);
        if (end == text || *end)
            return datagen_bad(column, property, text, "a number", err);
    } else if (kind == SL_TYPE_DECIMAL) {
        if (!sl_decimal_parse(sl_text_of(text), field->type->scale, &decimal) ||
            decimal > INT64_MAX || decimal < INT64_MIN)
            return datagen_bad(column, property, text, "a decimal of up to 18 digits", err);
        *ret_integer = (int64_t)decimal;
    } else if (!sl_parse_int64(text, ret_integer)) {
        return datagen_bad(column, property, text, "a whole number", err);
    }
    return SL_OK;
}

static int
datagen_read_range(struct datagen_field *field, const struct sl_option_list *options,
                   const char *column, struct sl_error *err)
{
    const char *text;

    datagen_default_range(field);
    if ((text = datagen_property(options, column, "min")))
        SL_TRY(
            datagen_parse_number(field, column, "min", text, &field->min, &field->real_min, err));
    if ((text = datagen_property(options, column, "max")))
        SL_TRY(
            datagen_parse_number(field, column, "max", text, &field->max, &field->real_max, err));
    if (field->min > field->max || field->real_min > field->real_max)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "option \"fields.%s.min\" is larger than \"fields.%s.max\"", column,
                        column);
    return SL_OK;
}

static int
datagen_read_sequence(struct datagen_field *field, const struct sl_option_list *options,
                      const char *column, struct sl_error *err)
{
    const char *start = datagen_property(options, column, "start");
    const char *end = datagen_property(options, column, "end");

    field->is_sequence = true;
    if (!start || !end)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "a sequence needs the options \"fields.%s.start\" and \"fields.%s.end\"",
                        column, column);
    if (!sl_parse_int64(start, &field->start))
        return datagen_bad(column, "start", start, "a whole number", err);
    if (!sl_parse_int64(end, &field->end) || field->end < field->start)
        return datagen_bad(column, "end", end, "a whole number, not below start", err);
    if (!sl_type_is_numeric(field->type->kind) && !sl_type_is_text(field->type->kind))
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "column \"%s\": a sequence makes numbers and strings only", column);
    return SL_OK;
}

static int
datagen_read_shape(struct datagen_field *field, const struct sl_option_list *options,
                   const char *column, struct sl_error *err)
{
    const char *text;
    int64_t length = DATAGEN_LENGTH;

    if (sl_type_is_view(field->type->kind) && field->type->precision != SL_LENGTH_MAX)
        length = field->type->precision;
    if ((text = datagen_property(options, column, "length")) &&
        (!sl_parse_int64(text, &length) || length < 1 || length > 1 << 20))
        return datagen_bad(column, "length", text, "a whole number from 1 to 1048576", err);
    field->length = (uint32_t)length;
    if ((text = datagen_property(options, column, "var-len")) &&
        !sl_parse_boolean(text, &field->length_varies))
        return datagen_bad(column, "var-len", text, "true or false", err);
    if ((text = datagen_property(options, column, "max-past")) &&
        !sl_parse_duration_us(text, &field->max_past_us))
        return datagen_bad(column, "max-past", text, "a duration such as 5 min", err);
    if ((text = datagen_property(options, column, "null-rate"))) {
        char *end;

        field->null_rate = strtod(text, &end);
        if (end == text || *end || !(field->null_rate >= 0 && field->null_rate <= 1))
            return datagen_bad(column, "null-rate", text, "a number from 0 to 1", err);
    }
    return SL_OK;
}

static int
datagen_read_field(struct datagen_field *field, const struct sl_option_list *options,
                   const struct sl_schema_column *column, struct sl_error *err)
{
    const char *kind = datagen_property(options, column->name, "kind");

    *field = (struct datagen_field){.type = column->type};
    if (sl_type_is_nested(column->type->kind))
        return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                        "column \"%s\": datagen does not make values of nested types",
                        column->name);
    SL_TRY(datagen_read_shape(field, options, column->name, err));
    if (!kind || sl_equal_nocase(kind, "random"))
        return datagen_read_range(field, options, column->name, err);
    if (sl_equal_nocase(kind, "sequence"))
        return datagen_read_sequence(field, options, column->name, err);
    return datagen_bad(column->name, "kind", kind, "random or sequence", err);
}

/* "fields.<column>.<property>" must name both rightly. */
static int
datagen_check_key(const struct sl_option *option, const struct sl_schema *schema,
                  struct sl_error *err)
{
    const char *name = option->key + strlen("fields."), *dot = strrchr(name, '.');
    bool known = false;

    if (dot && sl_schema_find(schema, (struct sl_text){name, (size_t)(dot - name)}) >= 0)
        for (size_t i = 0; i < SL_COUNT_OF(datagen_properties) && !known; i++)
            known = strcmp(dot + 1, datagen_properties[i]) == 0;
    if (known)
        return SL_OK;
    SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "datagen has no option \"%s\"", option->key);
    sl_error_hint(err, "fields.<column>.kind, min, max, max-past, length, var-len, start, end or "
                       "null-rate");
    return sl_error_at(err, option->key_offset);
}

static int
datagen_check(const struct sl_option_list *options, const struct sl_schema *schema,
              struct sl_error *err)
{
    struct datagen_field field;

    for (size_t i = 0; i < options->count; i++)
        if (strncmp(options->items[i].key, "fields.", strlen("fields.")) == 0)
            SL_TRY(datagen_check_key(&options->items[i], schema, err));
    for (size_t i = 0; i < schema->count; i++)
        SL_TRY(datagen_read_field(&field, options, &schema->columns[i], err));
    return SL_OK;
}

/* A sequence ends too. */
static bool
datagen_is_bounded(const struct sl_option_list *options)
{
    for (size_t i = 0; i < options->count; i++) {
        const char *key = options->items[i].key;
        size_t length = strlen(key);

        if (strcmp(key, "number-of-rows") == 0)
            return true;
        if (length > 5 && strcmp(key + length - 5, ".kind") == 0 &&
            sl_equal_nocase(options->items[i].value, "sequence"))
            return true;
    }
    return false;
}

/* --- the source --- */

struct datagen_source {
    struct sl_source source;
    struct datagen_field *fields; /* one a wanted column */
    uint64_t random;
    int64_t rows_per_second; /* of this subtask */
    int64_t row_max;         /* of this subtask; INT64_MAX: endless */
    int64_t row_count;       /* made so far */
    int64_t rate_base;       /* row_count and time from which the rate counts */
    int64_t rate_start_us;
    bool has_split, finished;
};

static inline uint64_t
datagen_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A number in [0, range), range 0: any (Lemire's multiply-shift). */
static inline uint64_t
datagen_below(uint64_t *state, uint64_t range)
{
    uint64_t value = datagen_next(state);

    return range ? (uint64_t)((unsigned __int128)value * range >> 64) : value;
}

/* How many rows of n are this subtask's. */
static int64_t
datagen_share(const struct sl_connector_config *config, int64_t n)
{
    return n / config->subtask_count + (config->subtask < n % config->subtask_count);
}

static int
datagen_open(struct sl_source *base, struct sl_error *err)
{
    struct datagen_source *source = (struct datagen_source *)base;
    const struct sl_connector_config *config = base->config;
    union sl_option_value value;

    source->random = config->env->ops->random(config->env);
    source->fields = sl_alloc_zeroed(config->column_count * sizeof(*source->fields));
    sl_option_read(datagen_options, SL_COUNT_OF(datagen_options), config->options,
                   "rows-per-second", &value);
    source->rows_per_second = SL_MAX(value.integer / config->subtask_count, 1);
    source->row_max = INT64_MAX;
    if (sl_option_read(datagen_options, SL_COUNT_OF(datagen_options), config->options,
                       "number-of-rows", &value))
        source->row_max = datagen_share(config, value.integer);
    for (size_t i = 0; i < config->physical->count; i++) {
        struct datagen_field field;

        SL_TRY(datagen_read_field(&field, config->options, &config->physical->columns[i], err));
        if (field.is_sequence)
            source->row_max =
                SL_MIN(source->row_max, datagen_share(config, field.end - field.start + 1));
        for (size_t c = 0; c < config->column_count; c++)
            if (config->columns[c] == i)
                source->fields[c] = field;
    }
    return SL_OK;
}

static int
datagen_discover(struct sl_source *base, struct sl_split_list *splits, struct sl_error *err)
{
    uint32_t count = base->config->subtask_count;

    splits->items = SL_NEW_ARRAY(splits->arena, struct sl_split, count);
    splits->count = splits->capacity = count;
    for (uint32_t i = 0; i < count; i++)
        splits->items[i] = (struct sl_split){
            sl_arena_printf(splits->arena, "%s-%u", base->config->table_name, i), i};
    return SL_OK;
}

static int
datagen_add_split(struct sl_source *base, const struct sl_split *split, struct sl_text position,
                  bool is_new, struct sl_error *err)
{
    struct datagen_source *source = (struct datagen_source *)base;

    if (position.length == sizeof(source->row_count))
        memcpy(&source->row_count, position.start, sizeof(source->row_count));
    source->has_split = true;
    source->rate_base = source->row_count;
    source->rate_start_us = sl_now_us(base->config->env);
    return SL_OK;
}

/* --- values --- */

static void
datagen_fill_integers(struct datagen_source *source, const struct datagen_field *field, int64_t *to,
                      size_t count)
{
    uint64_t range = (uint64_t)field->max - (uint64_t)field->min + 1, state = source->random;
    int64_t step = source->source.config->subtask_count;
    int64_t first = field->start + source->source.config->subtask + source->row_count * step;

    for (size_t i = 0; i < count; i++)
        to[i] = field->is_sequence ? first + (int64_t)i * step
                                   : (int64_t)((uint64_t)field->min + datagen_below(&state, range));
    source->random = state;
}

static void
datagen_fill_times(struct datagen_source *source, const struct datagen_field *field, int64_t *to,
                   size_t count)
{
    int64_t now = sl_now_us(source->source.config->env), us_of_day, unit = 1;
    int64_t day = sl_timestamp_floor_day(now, &us_of_day);

    for (int32_t digits = field->type->precision; digits < 6; digits++)
        unit *= 10;
    for (size_t i = 0; i < count; i++) {
        if (field->type->kind == SL_TYPE_DATE)
            to[i] = day;
        else if (field->type->kind == SL_TYPE_TIME)
            to[i] = us_of_day / SL_US_PER_SECOND * SL_US_PER_SECOND;
        else
            to[i] = now - (field->max_past_us ? (int64_t)datagen_below(&source->random,
                                                                       (uint64_t)field->max_past_us)
                                              : 0);
        if (sl_type_is_timestamp(field->type->kind))
            to[i] -= ((to[i] % unit) + unit) % unit;
    }
}

static void
datagen_fill_text(struct datagen_source *source, const struct datagen_field *field,
                  struct sl_column *column, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    struct sl_view *views = column->values;
    struct sl_heap_writer writer;

    sl_heap_writer_init(&writer, source->source.config->pool, column);
    for (size_t i = 0; i < count; i++) {
        uint32_t length = field->length;
        char *to;

        if (field->length_varies)
            length = 1 + (uint32_t)datagen_below(&source->random, length);
        to = sl_heap_writer_reserve(&writer, length);
        for (uint32_t at = 0; at < length; at += 16) {
            uint64_t bits = datagen_next(&source->random);

            for (uint32_t k = at; k < SL_MIN(at + 16, length); k++, bits >>= 4)
                to[k] =
                    sl_type_is_text(field->type->kind) ? digits[bits & 15] : (char)(bits & 0xff);
        }
        views[i] = sl_view_of(to, length);
        sl_heap_writer_commit(&writer, length > SL_VIEW_INLINE_MAX ? length : 0);
    }
}

static void
datagen_fill_text_sequence(struct datagen_source *source, const struct datagen_field *field,
                           struct sl_column *column, size_t count)
{
    struct sl_view *views = column->values;
    struct sl_heap_writer writer;
    int64_t *numbers = sl_alloc(count * sizeof(*numbers));

    datagen_fill_integers(source, field, numbers, count);
    sl_heap_writer_init(&writer, source->source.config->pool, column);
    for (size_t i = 0; i < count; i++) {
        char text[24];

        views[i] = sl_heap_writer_copy(
            &writer, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)numbers[i]));
    }
    free(numbers);
}

static void
datagen_fill_reals(struct datagen_source *source, const struct datagen_field *field,
                   struct sl_column *column, size_t count)
{
    int64_t step = source->source.config->subtask_count;

    for (size_t i = 0; i < count; i++) {
        double unit = (double)(datagen_next(&source->random) >> 11) * 0x1p-53;
        /* Half and half, for max - min may be out of range. */
        double real = field->real_min * (1 - unit) + field->real_max * unit;

        if (field->is_sequence)
            real = (double)(field->start + source->source.config->subtask +
                            (source->row_count + (int64_t)i) * step);
        if (field->type->kind == SL_TYPE_FLOAT)
            ((float *)column->values)[i] = (float)real;
        else
            ((double *)column->values)[i] = real;
    }
}

/* 64-bit values into a column of narrower or wider ones. */
static void
datagen_store(const struct datagen_field *field, struct sl_column *column, const int64_t *from,
              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        switch (field->type->kind) {
        case SL_TYPE_BOOLEAN:
            ((uint8_t *)column->values)[i] = (uint8_t)(from[i] & 1);
            break;
        case SL_TYPE_TINYINT:
            ((int8_t *)column->values)[i] = (int8_t)from[i];
            break;
        case SL_TYPE_SMALLINT:
            ((int16_t *)column->values)[i] = (int16_t)from[i];
            break;
        case SL_TYPE_DECIMAL:
            ((sl_int128 *)column->values)[i] =
                field->is_sequence ? from[i] * sl_decimal_power10(field->type->scale) : from[i];
            break;
        case SL_TYPE_INTERVAL_DAY:
            ((int64_t *)column->values)[i] = from[i] * SL_US_PER_MS;
            break;
        default:
            ((int32_t *)column->values)[i] = (int32_t)from[i];
        }
    }
}

static void
datagen_add_nulls(struct datagen_source *source, const struct datagen_field *field,
                  struct sl_column *column, size_t count)
{
    uint64_t *validity = sl_column_add_validity(column, source->source.config->pool);

    for (size_t i = 0; i < count; i++)
        if ((double)(datagen_next(&source->random) >> 11) * 0x1p-53 < field->null_rate)
            sl_validity_set(validity, i, false);
}

static struct sl_column *
datagen_make_column(struct datagen_source *source, const struct datagen_field *field, size_t count)
{
    struct sl_column *column =
        sl_column_new(source->source.config->pool, field->type, count, false);
    enum sl_type_kind kind = field->type->kind;
    bool is_time = kind == SL_TYPE_DATE || kind == SL_TYPE_TIME || sl_type_is_timestamp(kind);
    bool is_wide = kind == SL_TYPE_BIGINT || kind == SL_TYPE_TIME || sl_type_is_timestamp(kind);

    if (sl_type_is_view(kind) && field->is_sequence) {
        datagen_fill_text_sequence(source, field, column, count);
    } else if (sl_type_is_view(kind)) {
        datagen_fill_text(source, field, column, count);
    } else if (kind == SL_TYPE_FLOAT || kind == SL_TYPE_DOUBLE) {
        datagen_fill_reals(source, field, column, count);
    } else {
        int64_t *to = is_wide ? column->values : sl_alloc(count * sizeof(*to));

        if (is_time)
            datagen_fill_times(source, field, to, count);
        else
            datagen_fill_integers(source, field, to, count);
        if (!is_wide) {
            datagen_store(field, column, to, count);
            free(to);
        }
    }
    if (field->null_rate > 0)
        datagen_add_nulls(source, field, column, count);
    return column;
}

/* --- polling --- */

/* Rows that the rate allows by now. */
static int64_t
datagen_allowed(const struct datagen_source *source)
{
    int64_t elapsed_us = sl_now_us(source->source.config->env) - source->rate_start_us;
    __int128 due = (__int128)elapsed_us * source->rows_per_second / SL_US_PER_SECOND + 1;

    return (int64_t)SL_MIN(source->rate_base + due, (__int128)source->row_max);
}

static int
datagen_poll_batch(struct sl_source *base, struct sl_batch **ret_batch, struct sl_error *err)
{
    struct datagen_source *source = (struct datagen_source *)base;
    const struct sl_connector_config *config = base->config;
    int64_t count;
    struct sl_batch *batch;

    if (!source->has_split || source->finished || source->row_count >= source->row_max)
        return SL_EOF;
    count = SL_MIN(datagen_allowed(source) - source->row_count, (int64_t)config->batch_size);
    if (count <= 0)
        return SL_AGAIN;
    batch = sl_batch_new(config->pool, config->column_count, (size_t)count);
    for (size_t c = 0; c < config->column_count; c++)
        sl_batch_set_column(batch, c,
                            datagen_make_column(source, &source->fields[c], (size_t)count));
    batch->split = 0;
    source->row_count += count;
    *ret_batch = batch;
    return SL_OK;
}

/* Rows that come fast are taken some milliseconds' worth at a time. */
static int64_t
datagen_next_poll(struct sl_source *base)
{
    struct datagen_source *source = (struct datagen_source *)base;
    __int128 rows = source->row_count - source->rate_base;
    int64_t due_us =
        source->rate_start_us + (int64_t)(rows * SL_US_PER_SECOND / source->rows_per_second) + 1;

    return SL_MAX(due_us, sl_now_us(base->config->env) + DATAGEN_POLL_US);
}

static enum sl_split_state
datagen_split_state(struct sl_source *base, uint32_t split)
{
    struct datagen_source *source = (struct datagen_source *)base;

    return source->finished || source->row_count >= source->row_max ? SL_SPLIT_ENDED
                                                                    : SL_SPLIT_READING;
}

static void
datagen_position(struct sl_source *base, uint32_t split, struct sl_buffer *to)
{
    struct datagen_source *source = (struct datagen_source *)base;

    sl_buffer_add(to, &source->row_count, sizeof(source->row_count));
}

static void
datagen_finish(struct sl_source *base)
{
    ((struct datagen_source *)base)->finished = true;
}

static void
datagen_describe(struct sl_source *base, uint32_t split, int64_t position, struct sl_buffer *to)
{
    sl_buffer_printf(to, "datagen table %s, row %lld", base->config->table_name,
                     (long long)position);
}

static void
datagen_close(struct sl_source *base)
{
    free(((struct datagen_source *)base)->fields);
}

static const struct sl_source_class datagen_source_class = {
    .size = sizeof(struct datagen_source),
    .makes_columns = true,
    .open = datagen_open,
    .discover = datagen_discover,
    .add_split = datagen_add_split,
    .poll_batch = datagen_poll_batch,
    .next_poll_us = datagen_next_poll,
    .split_state = datagen_split_state,
    .position = datagen_position,
    .finish = datagen_finish,
    .describe = datagen_describe,
    .close = datagen_close,
};

const struct sl_connector_class sl_conn_datagen = {
    .descriptor = {.name = "datagen",
                   .abilities =
                       SL_ABILITY_SOURCE | SL_ABILITY_COLUMNS_SOURCE | SL_ABILITY_GENERATOR,
                   .options = datagen_options,
                   .option_count = SL_COUNT_OF(datagen_options),
                   .check = datagen_check,
                   .is_bounded = datagen_is_bounded},
    .source = &datagen_source_class,
};
