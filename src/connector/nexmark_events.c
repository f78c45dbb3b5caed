/* Which events a split makes, and when: closed forms over the event's number, so that a batch costs
 * additions and a split can begin anywhere. */
#include "connector/nexmark_internal.h"
#include "data/time.h"

#include <math.h>

/* --- the clock --- */

static int64_t
events_rate(enum sl_nexmark_shape shape, int64_t first, int64_t next, uint32_t step)
{
    double mid = (double)(first + next) / 2, amplitude = (double)(first - next) / 2;

    if (shape == SL_NEXMARK_SQUARE)
        return step == 0 ? first : next;
    return (int64_t)(mid + amplitude * cos(2 * M_PI * step / SL_NEXMARK_STEPS_MAX) + 0.5);
}

void
sl_nexmark_clock_init(struct sl_nexmark_clock *clock, enum sl_nexmark_shape shape,
                      int64_t first_rate, int64_t next_rate, int64_t period_seconds)
{
    uint32_t count = shape == SL_NEXMARK_SQUARE ? 2 : SL_NEXMARK_STEPS_MAX;
    int64_t step_seconds = (period_seconds + count - 1) / count;

    *clock = (struct sl_nexmark_clock){
        .step_count = 1, .step_ms = INT64_MAX, .period_events = INT64_MAX, .period_ms = INT64_MAX};
    clock->steps[0] = (struct sl_nexmark_step){.event_count = INT64_MAX, .rate = first_rate};
    if (first_rate == next_rate)
        return;
    clock->step_count = count;
    clock->step_ms = step_seconds * 1000;
    clock->period_ms = count * clock->step_ms;
    clock->period_events = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct sl_nexmark_step *step = &clock->steps[i];

        step->first = clock->period_events;
        step->rate = events_rate(shape, first_rate, next_rate, i);
        step->event_count = step_seconds * step->rate;
        step->start_ms = i * clock->step_ms;
        clock->period_events += step->event_count;
    }
}

int64_t
sl_nexmark_events_until(const struct sl_nexmark_clock *clock, int64_t elapsed_us)
{
    int64_t ms = elapsed_us / SL_US_PER_MS, us = elapsed_us % SL_US_PER_MS, rest_ms;
    const struct sl_nexmark_step *step;
    __int128 events;

    if (elapsed_us < 0)
        return 0;
    rest_ms = ms % clock->period_ms;
    step = &clock->steps[rest_ms / clock->step_ms];
    us += (rest_ms - step->start_ms) * SL_US_PER_MS;
    events = (__int128)(ms / clock->period_ms) * clock->period_events + step->first +
             (__int128)us * step->rate / SL_US_PER_SECOND + 1;
    return (int64_t)SL_MIN(events, (__int128)SL_NEXMARK_EVENTS_MAX);
}

void
sl_nexmark_cursor_seek(struct sl_nexmark_cursor *cursor, int64_t n)
{
    const struct sl_nexmark_clock *clock = cursor->clock;
    int64_t period = n / clock->period_events, rest = n % clock->period_events;
    const struct sl_nexmark_step *step = clock->steps;

    while (rest - step->first >= step->event_count)
        step++;
    cursor->first = n - (rest - step->first);
    cursor->event_count = step->event_count;
    cursor->rate = step->rate;
    cursor->start_ms = period * clock->period_ms + step->start_ms;
    cursor->ms_per_event = 1000.0 / (double)step->rate;
}

int64_t
sl_nexmark_due_us(const struct sl_nexmark_clock *clock, int64_t n)
{
    struct sl_nexmark_cursor cursor = {.clock = clock};

    sl_nexmark_cursor_seek(&cursor, n);
    return cursor.start_ms * SL_US_PER_MS +
           (int64_t)(((__int128)(n - cursor.first) * SL_US_PER_SECOND + cursor.rate - 1) /
                     cursor.rate);
}

/* --- a split's events --- */

static int64_t
events_gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Of each proportion_total events the first are persons, then come auctions, then bids.  The last
 * of a kind that no event is of is the one before the first, −1. */
static struct sl_nexmark_phase
events_phase(const struct sl_nexmark_config *config, int64_t number)
{
    int64_t persons = config->proportions[SL_NEXMARK_PERSON];
    int64_t auctions = config->proportions[SL_NEXMARK_AUCTION];
    int64_t epoch = number / config->proportion_total, offset = number % config->proportion_total;
    struct sl_nexmark_phase phase = {.number = number, .event = SL_NEXMARK_BID};

    if (offset < persons)
        phase.event = SL_NEXMARK_PERSON;
    else if (offset < persons + auctions)
        phase.event = SL_NEXMARK_AUCTION;
    phase.last_person = epoch * persons + SL_MIN(offset, persons - 1);
    /* Before a person that is the last of the epoch before. */
    phase.last_auction =
        epoch * auctions + SL_MIN(SL_MAX(offset - persons, INT64_C(-1)), auctions - 1);
    return phase;
}

void
sl_nexmark_cycle_init(struct sl_arena *arena, const struct sl_nexmark_config *config,
                      uint32_t ordinal, uint32_t split_total, struct sl_nexmark_cycle *cycle)
{
    int64_t divisor = events_gcd(split_total, config->proportion_total);
    int64_t epochs = split_total / divisor; /* a turn */

    *cycle = (struct sl_nexmark_cycle){
        .ordinal = ordinal,
        .split_total = split_total,
        .turn_events = config->proportion_total / divisor,
        .turn_numbers = epochs * config->proportion_total,
        .turn_persons = epochs * config->proportions[SL_NEXMARK_PERSON],
        .turn_auctions = epochs * config->proportions[SL_NEXMARK_AUCTION]};
    cycle->phases = SL_NEW_ARRAY(arena, struct sl_nexmark_phase, (size_t)cycle->turn_events);
    for (int64_t i = 0; i < cycle->turn_events; i++) {
        struct sl_nexmark_phase phase = events_phase(config, ordinal + i * split_total);

        if (config->event == SL_NEXMARK_EVENT_COUNT || config->event == phase.event)
            cycle->phases[cycle->phase_count++] = phase;
    }
}

int64_t
sl_nexmark_rows_below(const struct sl_nexmark_cycle *cycle, int64_t events)
{
    int64_t own, low = 0, high = cycle->phase_count, end;

    if (events <= cycle->ordinal)
        return 0;
    own = (events - cycle->ordinal + cycle->split_total - 1) / cycle->split_total;
    end = cycle->ordinal + own % cycle->turn_events * cycle->split_total;
    while (low < high) {
        int64_t middle = (low + high) / 2;

        if (cycle->phases[middle].number < end)
            low = middle + 1;
        else
            high = middle;
    }
    return own / cycle->turn_events * cycle->phase_count + low;
}

int64_t
sl_nexmark_number(const struct sl_nexmark_cycle *cycle, int64_t row)
{
    return row / cycle->phase_count * cycle->turn_numbers +
           cycle->phases[row % cycle->phase_count].number;
}

/* --- the events of a batch --- */

void
sl_nexmark_rows_init(struct sl_arena *arena, struct sl_nexmark_rows *rows, size_t capacity)
{
    rows->at = SL_NEW_ARRAY(arena, uint16_t, capacity);
    rows->number = SL_NEW_ARRAY(arena, int64_t, capacity);
    rows->last_person = SL_NEW_ARRAY(arena, int64_t, capacity);
    rows->last_auction = SL_NEW_ARRAY(arena, int64_t, capacity);
}

void
sl_nexmark_fill_rows(const struct sl_nexmark_cycle *cycle, int64_t first, size_t count,
                     bool by_kind, struct sl_nexmark_rows *to)
{
    int64_t turn = first / cycle->phase_count, phase = first % cycle->phase_count;
    int64_t number = turn * cycle->turn_numbers, person = turn * cycle->turn_persons,
            auction = turn * cycle->turn_auctions;

    for (size_t i = 0; i < (by_kind ? SL_NEXMARK_EVENT_COUNT : 1); i++)
        to[i].count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sl_nexmark_phase *own = &cycle->phases[phase];
        struct sl_nexmark_rows *rows = &to[by_kind ? own->event : 0];
        size_t at = rows->count++;

        rows->at[at] = (uint16_t)i;
        rows->number[at] = number + own->number;
        rows->last_person[at] = person + own->last_person;
        rows->last_auction[at] = auction + own->last_auction;
        if (++phase == cycle->phase_count) {
            phase = 0;
            number += cycle->turn_numbers;
            person += cycle->turn_persons;
            auction += cycle->turn_auctions;
        }
    }
}
