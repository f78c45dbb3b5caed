/* nexmark: the events of the Nexmark benchmark (persons, auctions, bids), with the options of
 * Flink's connector of that name.  One split a subtask of the job's first start, as many ever
 * after; the events of split s of S are numbers s, s + S, s + 2S, …, and its position is the number
 * of rows that it has made. */
#include "connector/generator.h"
#include "connector/nexmark_internal.h"
#include "data/time.h"

enum { NEXMARK_POLL_US = 5000, NEXMARK_RATE_MAX = 1000000000, NEXMARK_RATIO_MAX = 1000000 };
#define NEXMARK_TIME_MAX_MS INT64_C(253402300799999) /* 9999-12-31 23:59:59.999 */

static const struct sl_option_spec nexmark_options[] = {
    {.name = "event-type",
     .type = SL_OPTION_ENUM,
     .choices = "person|auction|bid",
     .help = "the table has the fields of these events; unset: a row column for each of them"},
    {.name = "events.num",
     .type = SL_OPTION_INTEGER,
     .default_value = "0",
     .max = SL_NEXMARK_EVENTS_MAX,
     .help = "ends after so many events of all kinds; 0: never"},
    {.name = "person.proportion",
     .type = SL_OPTION_INTEGER,
     .default_value = "1",
     .max = SL_NEXMARK_PROPORTION_MAX},
    {.name = "auction.proportion",
     .type = SL_OPTION_INTEGER,
     .default_value = "3",
     .max = SL_NEXMARK_PROPORTION_MAX},
    {.name = "bid.proportion",
     .type = SL_OPTION_INTEGER,
     .default_value = "46",
     .max = SL_NEXMARK_PROPORTION_MAX},
    {.name = "person.avg-size",
     .type = SL_OPTION_MEMORY,
     .default_value = "200",
     .max = SL_NEXMARK_AVERAGE_BYTES_MAX},
    {.name = "auction.avg-size",
     .type = SL_OPTION_MEMORY,
     .default_value = "500",
     .max = SL_NEXMARK_AVERAGE_BYTES_MAX},
    {.name = "bid.avg-size",
     .type = SL_OPTION_MEMORY,
     .default_value = "100",
     .max = SL_NEXMARK_AVERAGE_BYTES_MAX},
    {.name = "bid.hot-ratio.auctions",
     .type = SL_OPTION_INTEGER,
     .default_value = "2",
     .min = 1,
     .max = NEXMARK_RATIO_MAX,
     .help = "all but one of so many bids are for a hot auction"},
    {.name = "bid.hot-ratio.bidders",
     .type = SL_OPTION_INTEGER,
     .default_value = "4",
     .min = 1,
     .max = NEXMARK_RATIO_MAX,
     .help = "all but one of so many bids are by a hot bidder"},
    {.name = "auction.hot-ratio.sellers",
     .type = SL_OPTION_INTEGER,
     .default_value = "4",
     .min = 1,
     .max = NEXMARK_RATIO_MAX,
     .help = "all but one of so many auctions are of a hot seller"},
    {.name = "first-event.rate",
     .type = SL_OPTION_INTEGER,
     .min = 1,
     .max = NEXMARK_RATE_MAX,
     .help = "events a second; unset: next-event.rate, or 10000"},
    {.name = "next-event.rate",
     .type = SL_OPTION_INTEGER,
     .min = 1,
     .max = NEXMARK_RATE_MAX,
     .help = "unset: first-event.rate"},
    {.name = "rate.shape",
     .type = SL_OPTION_ENUM,
     .default_value = "SQUARE",
     .choices = "SQUARE|SINE",
     .help = "how the rate goes from the first to the next and back"},
    {.name = "rate.period",
     .type = SL_OPTION_DURATION,
     .default_value = "600 s",
     .min = SL_US_PER_SECOND,
     .max = INT64_C(1000000) * SL_US_PER_SECOND},
    {.name = "rate.limited",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "events come at the rate, not as fast as they are read"},
    {.name = "base-time",
     .type = SL_OPTION_STRING,
     .default_value = "2015-07-15 00:00:00",
     .help = "of event 0: a timestamp in UTC, or milliseconds since 1970"},
    {.name = "seed", .type = SL_OPTION_INTEGER, .default_value = "0"},
    {.name = "max-emit-speed",
     .type = SL_OPTION_BOOLEAN,
     .flags = SL_OPTION_LATER,
     .help = "use rate.limited"},
    {.name = "keep-alive",
     .type = SL_OPTION_BOOLEAN,
     .flags = SL_OPTION_LATER,
     .help = "leave events.num away for a table that does not end"},
    {.name = "stop-at",
     .type = SL_OPTION_INTEGER,
     .flags = SL_OPTION_LATER,
     .help = "use events.num"},
};

/* --- reading the options --- */

static bool
nexmark_read(const struct sl_option_list *options, const char *name, union sl_option_value *ret)
{
    return sl_option_read(nexmark_options, SL_COUNT_OF(nexmark_options), options, name, ret);
}

static int64_t
nexmark_integer(const struct sl_option_list *options, const char *name)
{
    union sl_option_value value;

    return nexmark_read(options, name, &value) ? value.integer : 0;
}

static int
nexmark_bad(const struct sl_option_list *options, const char *name, const char *expected,
            struct sl_error *err)
{
    const struct sl_option *option = sl_option_find(options, name);

    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "option \"%s\" does not take the value \"%s\"",
             name, option ? option->value : "");
    sl_error_hint(err, "expected: %s", expected);
    return option ? sl_error_at(err, option->value_offset) : err->code;
}

static int
nexmark_read_proportions(const struct sl_option_list *options, struct sl_nexmark_config *config,
                         struct sl_error *err)
{
    static const char *const names[] = {"person.proportion", "auction.proportion",
                                        "bid.proportion"};
    static const char *const sizes[] = {"person.avg-size", "auction.avg-size", "bid.avg-size"};

    config->proportion_total = 0;
    for (size_t i = 0; i < SL_NEXMARK_EVENT_COUNT; i++) {
        config->proportions[i] = nexmark_integer(options, names[i]);
        config->average_bytes[i] = nexmark_integer(options, sizes[i]);
        config->proportion_total += config->proportions[i];
    }
    if (config->proportion_total == 0)
        return nexmark_bad(options, names[SL_NEXMARK_BID],
                           "one of person.proportion, auction.proportion and bid.proportion "
                           "above 0",
                           err);
    if (config->event != SL_NEXMARK_EVENT_COUNT && config->proportions[config->event] == 0)
        return nexmark_bad(options, names[config->event],
                           "above 0 where event-type asks for these events", err);
    return SL_OK;
}

static int
nexmark_read_times(const struct sl_option_list *options, struct sl_nexmark_config *config,
                   struct sl_error *err)
{
    union sl_option_value base, shape;
    int64_t first = nexmark_integer(options, "first-event.rate");
    int64_t next = nexmark_integer(options, "next-event.rate"), offset_us;
    bool has_zone;

    nexmark_read(options, "base-time", &base);
    if (!sl_parse_int64(base.string, &config->base_ms)) {
        if (!sl_timestamp_parse(sl_text_of(base.string), &config->base_ms, &has_zone, &offset_us))
            return nexmark_bad(options, "base-time",
                               "a timestamp such as 2015-07-15 00:00:00, or milliseconds since "
                               "1970-01-01",
                               err);
        config->base_ms = (config->base_ms - (has_zone ? offset_us : 0)) / SL_US_PER_MS;
    }
    if (config->base_ms < 0 || config->base_ms > NEXMARK_TIME_MAX_MS)
        return nexmark_bad(options, "base-time", "a time from 1970 to 9999", err);
    if (!first)
        first = next ? next : 10000;
    nexmark_read(options, "rate.shape", &shape);
    sl_nexmark_clock_init(&config->clock, (enum sl_nexmark_shape)shape.integer, first,
                          next ? next : first,
                          nexmark_integer(options, "rate.period") / SL_US_PER_SECOND);
    return SL_OK;
}

/* Endless events end with the year 9999. */
static int
nexmark_read_all(const struct sl_option_list *options, struct sl_nexmark_config *config,
                 struct sl_error *err)
{
    int64_t wanted = nexmark_integer(options, "events.num"), most;
    union sl_option_value value;

    *config = (struct sl_nexmark_config){.event = SL_NEXMARK_EVENT_COUNT};
    if (nexmark_read(options, "event-type", &value))
        config->event = (enum sl_nexmark_event)value.integer;
    SL_TRY(nexmark_read_proportions(options, config, err));
    SL_TRY(nexmark_read_times(options, config, err));
    config->hot_auctions = nexmark_integer(options, "bid.hot-ratio.auctions");
    config->hot_bidders = nexmark_integer(options, "bid.hot-ratio.bidders");
    config->hot_sellers = nexmark_integer(options, "auction.hot-ratio.sellers");
    config->seed = (uint64_t)nexmark_integer(options, "seed");
    nexmark_read(options, "rate.limited", &value);
    config->is_limited = value.boolean;
    most = sl_nexmark_events_until(&config->clock,
                                   (NEXMARK_TIME_MAX_MS - config->base_ms) * SL_US_PER_MS);
    if (wanted > most)
        return nexmark_bad(options, "events.num",
                           "no more events than end with the year 9999, from base-time on at the "
                           "rate of next-event.rate",
                           err);
    config->event_max = wanted ? wanted : most;
    return SL_OK;
}

static int
nexmark_check(const struct sl_option_list *options, const struct sl_schema *schema,
              struct sl_error *err)
{
    struct sl_nexmark_config config;
    struct sl_nexmark_column *columns;
    struct sl_arena arena;
    int rc;

    SL_TRY(nexmark_read_all(options, &config, err));
    sl_arena_init(&arena);
    rc = sl_nexmark_read_schema(&arena, schema, config.event, &columns, err);
    sl_arena_done(&arena);
    return rc;
}

static bool
nexmark_is_bounded(const struct sl_option_list *options)
{
    return nexmark_integer(options, "events.num") > 0;
}

/* --- the source --- */

struct nexmark_source {
    struct sl_source source;
    struct sl_arena arena;
    struct sl_nexmark_config config;
    struct sl_nexmark_column *columns; /* one a physical column */
    struct sl_nexmark_maker maker;     /* from the first poll on */
    struct sl_nexmark_rows rows[SL_NEXMARK_EVENT_COUNT];
    struct sl_generator generator;
    struct sl_nexmark_cycle *cycles; /* by split */
    int64_t start_us;                /* when event 0 would have been due */
};

static int
nexmark_open(struct sl_source *base, struct sl_error *err)
{
    struct nexmark_source *source = (struct nexmark_source *)base;
    const struct sl_connector_config *config = base->config;
    size_t kinds;

    sl_arena_init(&source->arena);
    SL_TRY(nexmark_read_all(config->options, &source->config, err));
    SL_TRY(sl_nexmark_read_schema(&source->arena, config->physical, source->config.event,
                                  &source->columns, err));
    sl_generator_init(&source->generator, &source->arena, config);
    source->cycles =
        SL_NEW_ARRAY(&source->arena, struct sl_nexmark_cycle, source->generator.split_total);
    kinds = source->config.event == SL_NEXMARK_EVENT_COUNT ? SL_NEXMARK_EVENT_COUNT : 1;
    for (size_t i = 0; i < kinds; i++)
        sl_nexmark_rows_init(&source->arena, &source->rows[i], config->batch_size);
    return SL_OK;
}

static int
nexmark_discover(struct sl_source *base, struct sl_split_list *splits, struct sl_error *err)
{
    sl_generator_discover(&((struct nexmark_source *)base)->generator, base->config->table_name,
                          splits);
    return SL_OK;
}

static int
nexmark_add_split(struct sl_source *base, const struct sl_split *split, struct sl_text position,
                  bool is_new, struct sl_error *err)
{
    struct nexmark_source *source = (struct nexmark_source *)base;
    struct sl_generator *generator = &source->generator;
    struct sl_generator_split *own = sl_generator_add(generator, split, position);
    struct sl_nexmark_cycle *cycle = &source->cycles[generator->split_count - 1];

    sl_nexmark_cycle_init(&source->arena, &source->config, split->ordinal, generator->split_total,
                          cycle);
    own->row_max = sl_nexmark_rows_below(cycle, source->config.event_max);
    return SL_OK;
}

/* --- polling --- */

static const struct sl_nexmark_cycle *
nexmark_cycle(const struct nexmark_source *source, const struct sl_generator_split *split)
{
    return &source->cycles[split - source->generator.splits];
}

/* The one whose next event comes first; NULL: all have ended. */
static struct sl_generator_split *
nexmark_next_split(struct nexmark_source *source, int64_t *ret_number)
{
    struct sl_generator *generator = &source->generator;
    struct sl_generator_split *next = NULL;

    for (uint32_t i = 0; i < generator->split_count; i++) {
        struct sl_generator_split *split = &generator->splits[i];
        int64_t number;

        if (sl_generator_has_ended(generator, split))
            continue;
        number = sl_nexmark_number(&source->cycles[i], split->row_count);
        if (next && number >= *ret_number)
            continue;
        next = split;
        *ret_number = number;
    }
    return next;
}

/* The first event is due at once, after a restore the one that is gone on with. */
static void
nexmark_start(struct nexmark_source *source, int64_t first)
{
    sl_nexmark_maker_init(&source->maker, &source->config, source->source.config->pool);
    source->start_us =
        sl_now_us(source->source.config->env) - sl_nexmark_due_us(&source->config.clock, first);
}

static int64_t
nexmark_allowed(const struct nexmark_source *source, const struct sl_generator_split *split)
{
    int64_t elapsed_us, due;

    if (!source->config.is_limited)
        return split->row_max;
    elapsed_us = sl_now_us(source->source.config->env) - source->start_us;
    due = sl_nexmark_rows_below(nexmark_cycle(source, split),
                                sl_nexmark_events_until(&source->config.clock, elapsed_us));
    return SL_MIN(due, split->row_max);
}

static int
nexmark_poll_batch(struct sl_source *base, struct sl_batch **ret_batch, struct sl_error *err)
{
    struct nexmark_source *source = (struct nexmark_source *)base;
    const struct sl_connector_config *config = base->config;
    bool is_nested = source->config.event == SL_NEXMARK_EVENT_COUNT;
    int64_t number = 0, count;
    struct sl_generator_split *split = nexmark_next_split(source, &number);
    struct sl_batch *batch;

    if (!split)
        return SL_EOF;
    if (!source->maker.texts)
        nexmark_start(source, number);
    count = SL_MIN(nexmark_allowed(source, split) - split->row_count, (int64_t)config->batch_size);
    if (count <= 0)
        return SL_AGAIN;
    batch = sl_batch_new(config->pool, config->column_count, (size_t)count);
    sl_nexmark_fill_rows(nexmark_cycle(source, split), split->row_count, (size_t)count, is_nested,
                         source->rows);
    for (size_t c = 0; c < config->column_count; c++)
        sl_batch_set_column(batch, c,
                            sl_nexmark_make(&source->maker, &source->columns[config->columns[c]],
                                            source->rows, (size_t)count));
    batch->split = (int32_t)(split - source->generator.splits);
    split->row_count += count;
    *ret_batch = batch;
    return SL_OK;
}

/* Events come in the order of their times: behind each no earlier one comes, but others of its
 * millisecond may. */
static struct sl_column *
nexmark_watermarks(struct sl_source *base)
{
    struct nexmark_source *source = (struct nexmark_source *)base;
    bool is_nested = source->config.event == SL_NEXMARK_EVENT_COUNT;
    size_t kinds = is_nested ? SL_NEXMARK_EVENT_COUNT : 1, count = 0;
    struct sl_column *column;
    int64_t *values;

    for (size_t k = 0; k < kinds; k++)
        count += source->rows[k].count;
    column = sl_column_new(base->config->pool, &sl_type_timestamp3, count, false);
    values = column->values;
    for (size_t k = 0; k < kinds; k++)
        sl_nexmark_fill_time(&source->maker, &source->rows[k], column);
    for (size_t i = 0; i < count; i++)
        values[i] -= SL_US_PER_MS;
    return column;
}

/* Events that come fast are taken some milliseconds' worth at a time. */
static int64_t
nexmark_next_poll(struct sl_source *base)
{
    struct nexmark_source *source = (struct nexmark_source *)base;
    int64_t number = 0;

    if (!nexmark_next_split(source, &number))
        return INT64_MAX;
    return SL_MAX(source->start_us + sl_nexmark_due_us(&source->config.clock, number),
                  sl_now_us(base->config->env) + NEXMARK_POLL_US);
}

static enum sl_split_state
nexmark_split_state(struct sl_source *base, uint32_t split)
{
    return sl_generator_state(&((struct nexmark_source *)base)->generator, split);
}

static void
nexmark_position(struct sl_source *base, uint32_t split, struct sl_buffer *to)
{
    sl_generator_position(&((struct nexmark_source *)base)->generator, split, to);
}

static void
nexmark_finish(struct sl_source *base, bool here)
{
    ((struct nexmark_source *)base)->generator.finished = true;
}

static void
nexmark_describe(struct sl_source *base, uint32_t split, int64_t position, struct sl_buffer *to)
{
    sl_buffer_printf(to, "nexmark table %s, split %u, row %lld", base->config->table_name, split,
                     (long long)position);
}

static void
nexmark_close(struct sl_source *base)
{
    struct nexmark_source *source = (struct nexmark_source *)base;

    sl_nexmark_maker_done(&source->maker);
    sl_arena_done(&source->arena);
}

static const struct sl_source_class nexmark_source_class = {
    .size = sizeof(struct nexmark_source),
    .makes_columns = true,
    .open = nexmark_open,
    .discover = nexmark_discover,
    .add_split = nexmark_add_split,
    .poll_batch = nexmark_poll_batch,
    .watermarks = nexmark_watermarks,
    .next_poll_us = nexmark_next_poll,
    .split_state = nexmark_split_state,
    .position = nexmark_position,
    .finish = nexmark_finish,
    .describe = nexmark_describe,
    .close = nexmark_close,
};

const struct sl_connector_class sl_conn_nexmark = {
    .descriptor = {.name = "nexmark",
                   .abilities = SL_ABILITY_SOURCE | SL_ABILITY_COLUMNS_SOURCE |
                                SL_ABILITY_GENERATOR | SL_ABILITY_WATERMARKS,
                   .options = nexmark_options,
                   .option_count = SL_COUNT_OF(nexmark_options),
                   .check = nexmark_check,
                   .is_bounded = nexmark_is_bounded},
    .source = &nexmark_source_class,
};
