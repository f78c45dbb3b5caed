/* datagen: rows made up at random or in sequence, with the options of Flink's connector, which
 * datagen_options.c reads.  One split a subtask of the job's first start, as many ever after; row
 * r of split s of n is number s + r * n of a sequence, and a split's position is the number of rows
 * that it has made.  Values come a column at a time from datagen_values.c, seeded by the
 * environment. */
#include "connector/datagen_internal.h"
#include "connector/generator.h"
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
    struct sl_arena arena;                 /* of the fields and the splits */
    const struct sl_datagen_field *fields; /* one a physical column */
    struct sl_datagen_maker maker;
    uint32_t batch_rows;
    int64_t rows_per_second; /* of all splits */
    int64_t row_max;         /* … */
    int64_t rate_start_us;
    struct sl_generator generator;
    int64_t *rate_bases; /* by split: its rows at rate_start_us */
};

/* How many of n rows are this split's. */
static int64_t
datagen_share(const struct datagen_source *source, uint32_t ordinal, int64_t n)
{
    uint32_t total = source->generator.split_total;

    return n / total + (ordinal < n % total);
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
    sl_generator_init(&source->generator, &source->arena, config);
    source->rate_bases = SL_NEW_ARRAY(&source->arena, int64_t, source->generator.split_total);
    source->maker = (struct sl_datagen_maker){.pool = config->pool,
                                              .env = config->env,
                                              .zone = config->zone,
                                              .random = config->env->ops->random(config->env),
                                              .step = source->generator.split_total};
    sl_option_read(datagen_options, SL_COUNT_OF(datagen_options), config->options,
                   "rows-per-second", &value);
    source->rows_per_second = value.integer;
    source->row_max = INT64_MAX;
    if (sl_option_read(datagen_options, SL_COUNT_OF(datagen_options), config->options,
                       "number-of-rows", &value))
        source->row_max = value.integer;
    for (size_t i = 0; i < config->physical->count; i++) {
        int64_t count;

        if (!fields[i].is_sequence)
            continue;
        if (__builtin_sub_overflow(fields[i].end, fields[i].start, &count) || count == INT64_MAX)
            count = INT64_MAX - 1;
        source->row_max = SL_MIN(source->row_max, count + 1);
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
    sl_generator_discover(&((struct datagen_source *)base)->generator, base->config->table_name,
                          splits);
    return SL_OK;
}

static int
datagen_add_split(struct sl_source *base, const struct sl_split *split, struct sl_text position,
                  bool is_new, struct sl_error *err)
{
    struct datagen_source *source = (struct datagen_source *)base;
    struct sl_generator *generator = &source->generator;
    struct sl_generator_split *own = sl_generator_add(generator, split, position);

    if (source->row_max != INT64_MAX)
        own->row_max = datagen_share(source, split->ordinal, source->row_max);
    source->rate_bases[generator->split_count - 1] = own->row_count;
    if (generator->split_count == 1)
        source->rate_start_us = sl_now_us(base->config->env);
    return SL_OK;
}

/* --- polling --- */

/* The one that is furthest behind; NULL: all have ended. */
static struct sl_generator_split *
datagen_next_split(struct datagen_source *source)
{
    struct sl_generator *generator = &source->generator;
    struct sl_generator_split *next = NULL;

    for (uint32_t i = 0; i < generator->split_count; i++) {
        struct sl_generator_split *split = &generator->splits[i];

        if (!sl_generator_has_ended(generator, split) &&
            (!next || split->row_count < next->row_count))
            next = split;
    }
    return next;
}

static int64_t
datagen_rate_base(const struct datagen_source *source, const struct sl_generator_split *split)
{
    return source->rate_bases[split - source->generator.splits];
}

/* Rows that the rate allows by now. */
static int64_t
datagen_allowed(const struct datagen_source *source, const struct sl_generator_split *split)
{
    int64_t elapsed_us = sl_now_us(source->source.config->env) - source->rate_start_us;
    __int128 due = (__int128)elapsed_us * source->rows_per_second /
                       ((__int128)SL_US_PER_SECOND * source->generator.split_total) +
                   1;

    return (int64_t)SL_MIN(datagen_rate_base(source, split) + due, (__int128)split->row_max);
}

static int
datagen_poll_batch(struct sl_source *base, struct sl_batch **ret_batch, struct sl_error *err)
{
    struct datagen_source *source = (struct datagen_source *)base;
    const struct sl_connector_config *config = base->config;
    struct sl_generator_split *split = datagen_next_split(source);
    int64_t count;
    struct sl_batch *batch;

    if (!split)
        return SL_EOF;
    count = SL_MIN(datagen_allowed(source, split) - split->row_count, (int64_t)source->batch_rows);
    if (count <= 0)
        return SL_AGAIN;
    batch = sl_batch_new(config->pool, config->column_count, (size_t)count);
    source->maker.first = split->ordinal + split->row_count * source->maker.step;
    for (size_t c = 0; c < config->column_count; c++)
        sl_batch_set_column(
            batch, c,
            sl_datagen_column(&source->maker, &source->fields[config->columns[c]], (size_t)count));
    batch->split = (uint32_t)(split - source->generator.splits);
    split->row_count += count;
    *ret_batch = batch;
    return SL_OK;
}

/* Rows that come fast are taken some milliseconds' worth at a time. */
static int64_t
datagen_next_poll(struct sl_source *base)
{
    struct datagen_source *source = (struct datagen_source *)base;
    const struct sl_generator_split *split = datagen_next_split(source);
    __int128 rows;
    int64_t due_us;

    if (!split)
        return INT64_MAX;
    rows = split->row_count - datagen_rate_base(source, split);
    due_us = source->rate_start_us +
             (int64_t)(rows * SL_US_PER_SECOND * source->generator.split_total /
                       source->rows_per_second) +
             1;
    return SL_MAX(due_us, sl_now_us(base->config->env) + DATAGEN_POLL_US);
}

static enum sl_split_state
datagen_split_state(struct sl_source *base, uint32_t split)
{
    return sl_generator_state(&((struct datagen_source *)base)->generator, split);
}

static void
datagen_position(struct sl_source *base, uint32_t split, struct sl_buffer *to)
{
    sl_generator_position(&((struct datagen_source *)base)->generator, split, to);
}

static void
datagen_finish(struct sl_source *base, bool here)
{
    ((struct datagen_source *)base)->generator.finished = true;
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
