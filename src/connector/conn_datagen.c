/* datagen: rows made up at random or in sequence, with the options of Flink's connector, which
 * datagen_options.c reads.  One split a subtask; its position is the number of rows that it has
 * made. Values come a column at a time from datagen_values.c, seeded by the environment. */
#include "connector/datagen_internal.h"
#include "data/time.h"

enum { DATAGEN_POLL_US = 5000 };

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
             "null-rate; of nested types also fields.<column>.element | key | value | <field>.…"},
};

static int
datagen_check(const struct sl_option_list *options, const struct sl_schema *schema,
              struct sl_error *err)
{
    struct sl_datagen_field *fields;
    struct sl_arena arena;
    int rc;

    sl_arena_init(&arena);
    rc = sl_datagen_read(&arena, options, schema, &fields, err);
    sl_arena_done(&arena);
    return rc;
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
    struct sl_arena arena;                 /* of the fields */
    const struct sl_datagen_field *fields; /* one a physical column */
    struct sl_datagen_maker maker;
    uint32_t batch_rows;
    int64_t rows_per_second; /* of all subtasks */
    int64_t row_max;         /* of this subtask; INT64_MAX: endless */
    int64_t row_count;       /* made so far */
    int64_t rate_base;       /* row_count and time from which the rate counts */
    int64_t rate_start_us;
    bool has_split, finished;
};

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
    struct sl_datagen_field *fields;
    union sl_option_value value;
    size_t row_bytes = 1;

    sl_arena_init(&source->arena);
    SL_TRY(sl_datagen_read(&source->arena, config->options, config->physical, &fields, err));
    source->fields = fields;
    source->maker = (struct sl_datagen_maker){.pool = config->pool,
                                              .env = config->env,
                                              .zone = config->zone,
                                              .random = config->env->ops->random(config->env),
                                              .step = config->subtask_count};
    sl_option_read(datagen_options, SL_COUNT_OF(datagen_options), config->options,
                   "rows-per-second", &value);
    source->rows_per_second = value.integer;
    source->row_max = INT64_MAX;
    if (sl_option_read(datagen_options, SL_COUNT_OF(datagen_options), config->options,
                       "number-of-rows", &value))
        source->row_max = datagen_share(config, value.integer);
    for (size_t i = 0; i < config->physical->count; i++) {
        int64_t count;

        if (!fields[i].is_sequence)
            continue;
        if (__builtin_sub_overflow(fields[i].end, fields[i].start, &count) || count == INT64_MAX)
            count = INT64_MAX - 1;
        source->row_max = SL_MIN(source->row_max, datagen_share(config, count + 1));
    }
    for (size_t c = 0; c < config->column_count; c++)
        row_bytes += fields[config->columns[c]].bytes;
    source->batch_rows =
        (uint32_t)SL_MIN(SL_MAX(SL_DATAGEN_BATCH_BYTES / row_bytes, 1u), config->batch_size);
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

/* --- polling --- */

/* Rows that the rate allows by now. */
static int64_t
datagen_allowed(const struct datagen_source *source)
{
    int64_t elapsed_us = sl_now_us(source->source.config->env) - source->rate_start_us;
    __int128 due = (__int128)elapsed_us * source->rows_per_second /
                       ((__int128)SL_US_PER_SECOND * source->source.config->subtask_count) +
                   1;

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
    count = SL_MIN(datagen_allowed(source) - source->row_count, (int64_t)source->batch_rows);
    if (count <= 0)
        return SL_AGAIN;
    batch = sl_batch_new(config->pool, config->column_count, (size_t)count);
    source->maker.first = config->subtask + source->row_count * source->maker.step;
    for (size_t c = 0; c < config->column_count; c++)
        sl_batch_set_column(
            batch, c,
            sl_datagen_column(&source->maker, &source->fields[config->columns[c]], (size_t)count));
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
        source->rate_start_us +
        (int64_t)(rows * SL_US_PER_SECOND * base->config->subtask_count / source->rows_per_second) +
        1;

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
    sl_arena_done(&((struct datagen_source *)base)->arena);
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
