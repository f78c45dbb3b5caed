/* What the files of the nexmark connector share: the generator's configuration, which events a
 * split makes and when, and how columns of them are made.
 *
 * Events are numbered from 0.  Everything about event n follows from the configuration and n. */
#ifndef SL_CONNECTOR_NEXMARK_INTERNAL_H
#define SL_CONNECTOR_NEXMARK_INTERNAL_H

#include "connector/connector.h"

enum sl_nexmark_event {
    SL_NEXMARK_PERSON,
    SL_NEXMARK_AUCTION,
    SL_NEXMARK_BID,
    SL_NEXMARK_EVENT_COUNT, /* all of them, in a table of rows */
};

/* --- nexmark_events.c: numbers and times --- */

enum { SL_NEXMARK_STEPS_MAX = 10, SL_NEXMARK_PROPORTION_MAX = 10000 };

/* A part of the period in which the rate stays the same. */
struct sl_nexmark_step {
    int64_t first, event_count; /* numbers within the period */
    int64_t rate;               /* events a second */
    int64_t start_ms;           /* within the period */
};

struct sl_nexmark_clock {
    struct sl_nexmark_step steps[SL_NEXMARK_STEPS_MAX];
    uint32_t step_count; /* 1: one rate, without an end */
    int64_t step_ms;
    int64_t period_events, period_ms;
};

enum sl_nexmark_shape { SL_NEXMARK_SQUARE, SL_NEXMARK_SINE };

/* Square: the first half of the period at the first rate, the other at the next.  Sine: ten steps
 * from the first to the next and back.  Rates in events a second. */
void sl_nexmark_clock_init(struct sl_nexmark_clock *clock, enum sl_nexmark_shape shape,
                           int64_t first_rate, int64_t next_rate, int64_t period_seconds);
/* How many events there are up to and with elapsed_us after the first, not more than
 * SL_NEXMARK_EVENTS_MAX. */
#define SL_NEXMARK_EVENTS_MAX (INT64_C(1) << 50)
int64_t sl_nexmark_events_until(const struct sl_nexmark_clock *clock, int64_t elapsed_us);
/* When event n is due, microseconds after the first. */
int64_t sl_nexmark_due_us(const struct sl_nexmark_clock *clock, int64_t n);

/* The step that the event asked for last is in. */
struct sl_nexmark_cursor {
    const struct sl_nexmark_clock *clock;
    int64_t first, event_count, rate, start_ms;
    double ms_per_event;
};
void sl_nexmark_cursor_seek(struct sl_nexmark_cursor *cursor, int64_t n);

/* Milliseconds from event 0 to event n, rounded down. */
static inline int64_t
sl_nexmark_time_ms(struct sl_nexmark_cursor *cursor, int64_t n)
{
    int64_t offset, ms, rest;

    if ((uint64_t)(n - cursor->first) >= (uint64_t)cursor->event_count)
        sl_nexmark_cursor_seek(cursor, n);
    offset = n - cursor->first;
    /* The quotient is below 2^48, so that its double is at most one off. */
    ms = (int64_t)((double)offset * cursor->ms_per_event);
    rest = offset * 1000 - ms * cursor->rate;
    ms += (rest >= cursor->rate) - (rest < 0);
    return cursor->start_ms + ms;
}

/* An event that a split makes in each turn, as it is in the first. */
struct sl_nexmark_phase {
    int64_t number;
    int64_t last_person, last_auction; /* counted from 0; itself, if it is one */
    enum sl_nexmark_event event;
};

/* The events of split s of S are s, s + S, s + 2S, …; what kinds they have repeats after a turn.
 * Row j of the split is phase j % phase_count of turn j / phase_count. */
struct sl_nexmark_cycle {
    int64_t ordinal, split_total;
    int64_t turn_events;                               /* of the split, made or not */
    int64_t turn_numbers, turn_persons, turn_auctions; /* what a turn adds */
    struct sl_nexmark_phase *phases;
    int64_t phase_count; /* 0: the split has none of the wanted kind */
};

struct sl_nexmark_config;
void sl_nexmark_cycle_init(struct sl_arena *arena, const struct sl_nexmark_config *config,
                           uint32_t ordinal, uint32_t split_total, struct sl_nexmark_cycle *cycle);
/* The split's rows whose events have numbers below `events`. */
int64_t sl_nexmark_rows_below(const struct sl_nexmark_cycle *cycle, int64_t events);
/* The event number of row j; the cycle has a phase. */
int64_t sl_nexmark_number(const struct sl_nexmark_cycle *cycle, int64_t row);

/* Events of a batch, by kind where the table has rows: `at` is where in the batch. */
struct sl_nexmark_rows {
    size_t count;
    uint16_t *at;
    int64_t *number, *last_person, *last_auction;
};
void sl_nexmark_rows_init(struct sl_arena *arena, struct sl_nexmark_rows *rows, size_t capacity);
/* Rows [first, first + count) of the split; to[0] only, or to[kind] with `by_kind`. */
void sl_nexmark_fill_rows(const struct sl_nexmark_cycle *cycle, int64_t first, size_t count,
                          bool by_kind, struct sl_nexmark_rows *to);

/* --- the configuration: conn_nexmark.c --- */

struct sl_nexmark_config {
    enum sl_nexmark_event event; /* SL_NEXMARK_EVENT_COUNT: all, nested */
    int64_t proportions[SL_NEXMARK_EVENT_COUNT], proportion_total;
    int64_t average_bytes[SL_NEXMARK_EVENT_COUNT];
    int64_t hot_auctions, hot_bidders, hot_sellers; /* all but one of so many are hot */
    int64_t base_ms;
    int64_t event_max; /* numbers end before it */
    uint64_t seed;
    bool is_limited;
    struct sl_nexmark_clock clock;
};

/* --- nexmark_schema.c --- */

struct sl_nexmark_maker;
typedef void sl_nexmark_fill(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                             struct sl_column *column);

/* A field of an event, and how a column of it is made. */
struct sl_nexmark_field {
    const char *name;
    const struct sl_type *type;
    sl_nexmark_fill *fill;
};

struct sl_nexmark_record {
    const char *name;
    const struct sl_nexmark_field *fields;
    size_t field_count;
};
extern const struct sl_nexmark_record sl_nexmark_records[SL_NEXMARK_EVENT_COUNT];

/* A column of the table: a field; or event_type (no fields); or an event's row, a field a child. */
struct sl_nexmark_column {
    const struct sl_type *type;
    enum sl_nexmark_event event; /* of a row */
    bool is_row;
    const struct sl_nexmark_field **fields;
    size_t field_count;
};

/* A column for each of the schema, in the arena.  Names what a column must be called and be. */
int sl_nexmark_read_schema(struct sl_arena *arena, const struct sl_schema *schema,
                           enum sl_nexmark_event event, struct sl_nexmark_column **ret_columns,
                           struct sl_error *err);

/* --- nexmark_values.c --- */

enum {
    SL_NEXMARK_PRICE_STEPS = 1024,
    SL_NEXMARK_NAME_COUNT = 99,
    SL_NEXMARK_HOT_CHANNEL_COUNT = 4,
    SL_NEXMARK_CHANNEL_COUNT = 10000 + SL_NEXMARK_HOT_CHANNEL_COUNT,
    SL_NEXMARK_AVERAGE_BYTES_MAX = 1 << 20,
};

struct sl_nexmark_maker {
    const struct sl_nexmark_config *config;
    struct sl_pool *pool;
    struct sl_block *texts;      /* what most texts are slices of */
    const char *letters, *words; /* in it; words have blanks */
    struct sl_view names[SL_NEXMARK_NAME_COUNT];
    struct sl_block *channel_texts;             /* made when they are first asked for, … */
    struct sl_view *channels, *urls;            /* … in it: SL_NEXMARK_CHANNEL_COUNT each */
    int64_t prices[SL_NEXMARK_PRICE_STEPS + 1]; /* 10^(6 i / steps) * 100, in 2^-16 */
};

/* On the slot's thread, for the pool is its.  Ended by sl_nexmark_maker_done, on any. */
void sl_nexmark_maker_init(struct sl_nexmark_maker *maker, const struct sl_nexmark_config *config,
                           struct sl_pool *pool);
void sl_nexmark_maker_done(struct sl_nexmark_maker *maker); /* a zeroed one too */
/* The times of events, into a column of timestamps. */
void sl_nexmark_fill_time(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                          struct sl_column *column);
/* A column of `count` rows, from one list of events, or of a nested table one a kind. */
struct sl_column *sl_nexmark_make(struct sl_nexmark_maker *maker,
                                  const struct sl_nexmark_column *column,
                                  const struct sl_nexmark_rows *rows, size_t count);

#endif
