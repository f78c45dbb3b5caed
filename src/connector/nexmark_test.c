/* nexmark: how many events of which kind there are, that an event is the same however it is come
 * by, what refers to what, times and rates, and what is refused. */
#include "connector/connector_test.h"
#include "connector/nexmark_internal.h"
#include "data/row.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
enum { ROWS_MAX = 10000 };

static struct sl_schema_column bid_columns[] = {
    {.name = "price", .type = &sl_type_bigint},  {.name = "auction", .type = &sl_type_bigint},
    {.name = "bidder", .type = &sl_type_bigint}, {.name = "channel", .type = &sl_type_string},
    {.name = "url", .type = &sl_type_string},    {.name = "dateTime", .type = &sl_type_timestamp3},
    {.name = "extra", .type = &sl_type_string},
};
static struct sl_schema_column auction_columns[] = {
    {.name = "id", .type = &sl_type_bigint},
    {.name = "seller", .type = &sl_type_bigint},
    {.name = "category", .type = &sl_type_bigint},
    {.name = "dateTime", .type = &sl_type_timestamp3},
    {.name = "expires", .type = &sl_type_timestamp3},
    {.name = "initialBid", .type = &sl_type_bigint},
    {.name = "reserve", .type = &sl_type_bigint},
    {.name = "itemName", .type = &sl_type_string},
    {.name = "description", .type = &sl_type_string},
    {.name = "extra", .type = &sl_type_string},
};
static struct sl_schema_column person_columns[] = {
    {.name = "id", .type = &sl_type_bigint},
    {.name = "name", .type = &sl_type_string},
    {.name = "emailAddress", .type = &sl_type_string},
    {.name = "creditCard", .type = &sl_type_string},
    {.name = "city", .type = &sl_type_string},
    {.name = "state", .type = &sl_type_string},
    {.name = "dateTime", .type = &sl_type_timestamp3},
    {.name = "extra", .type = &sl_type_string},
};

static const struct sl_field person_fields[] = {
    {"id", &sl_type_bigint}, {"emailAddress", &sl_type_string}, {"dateTime", &sl_type_timestamp3}};
static const struct sl_field auction_fields[] = {{"extra", &sl_type_string},
                                                 {"id", &sl_type_bigint}};
static const struct sl_field bid_fields[] = {{"price", &sl_type_bigint}, {"url", &sl_type_string}};
static const struct sl_type person_row = {
    .kind = SL_TYPE_ROW, .nullable = true, .fields = person_fields, .field_count = 3};
static const struct sl_type auction_row = {
    .kind = SL_TYPE_ROW, .nullable = true, .fields = auction_fields, .field_count = 2};
static const struct sl_type bid_row = {
    .kind = SL_TYPE_ROW, .nullable = true, .fields = bid_fields, .field_count = 2};
static struct sl_schema_column nested_columns[] = {
    {.name = "person", .type = &person_row},
    {.name = "event_type", .type = &sl_type_int},
    {.name = "bid", .type = &bid_row},
    {.name = "auction", .type = &auction_row},
};

static const uint32_t first_columns[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

/* What was read: the hash of each row, and the values of columns of numbers. */
struct seen {
    size_t count;
    uint64_t hashes[ROWS_MAX];
    int64_t numbers[10][ROWS_MAX];
    uint32_t lengths[10][ROWS_MAX];
};

static void
open_table(struct test_table *table, struct sl_schema_column *columns, size_t count,
           const char *const *options)
{
    test_table_open(table, "nexmark", options);
    table->schema = (struct sl_schema){.columns = columns, .count = count};
    table->config.columns = first_columns;
    table->config.column_count = count;
}

static void
see(struct seen *seen, const struct sl_batch *batch)
{
    size_t at = seen->count;

    cr_assert_leq(at + batch->row_count, ROWS_MAX);
    sl_hash_rows(batch->columns, batch->column_count, NULL, batch->row_count, seen->hashes + at);
    for (size_t c = 0; c < batch->column_count; c++) {
        const struct sl_column *column = batch->columns[c];

        cr_assert_eq(column->row_count, batch->row_count);
        for (size_t i = 0; i < batch->row_count; i++) {
            if (column->type->kind == SL_TYPE_INT)
                seen->numbers[c][at + i] = ((const int32_t *)column->values)[i];
            else if (sl_type_is_view(column->type->kind))
                seen->lengths[c][at + i] = ((const struct sl_view *)column->values)[i].length;
            else if (column->values)
                seen->numbers[c][at + i] = ((const int64_t *)column->values)[i];
        }
    }
    seen->count += batch->row_count;
}

/* Up to batch_max batches; what ended it. */
static int
read_batches(struct test_table *table, struct seen *seen, size_t batch_max)
{
    struct sl_error err;

    for (size_t i = 0; i < batch_max; i++) {
        struct sl_batch *batch;
        int rc = table->class->source->poll_batch(table->source, &batch, &err);

        if (rc != SL_OK)
            return rc;
        see(seen, batch);
        sl_batch_unref(batch);
    }
    return SL_OK;
}

static struct seen *
read_table(struct sl_schema_column *columns, size_t count, uint32_t splits, uint32_t batch_size,
           const char *const *options)
{
    struct seen *seen = sl_alloc_zeroed(sizeof(*seen));
    struct test_table table;
    struct sl_error err;

    open_table(&table, columns, count, options);
    table.config.restored_splits = splits;
    table.config.batch_size = batch_size;
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    cr_assert_eq(read_batches(&table, seen, SIZE_MAX), SL_EOF);
    test_table_close(&table);
    return seen;
}
#define READ(columns, splits, batch_size, ...) \
    read_table(columns, SL_COUNT_OF(columns), splits, batch_size, OPTIONS(__VA_ARGS__))

static int
compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void
sort_hashes(struct seen *seen)
{
    qsort(seen->hashes, seen->count, sizeof(seen->hashes[0]), compare_u64);
}

/* --- which events there are --- */

/* 10,000 events are 200 turns of 1 person, 3 auctions and 46 bids. */
Test(nexmark, makes_events_in_their_proportions)
{
    struct seen *seen = READ(nested_columns, 1, 4096, "events.num", "10000");
    size_t counts[3] = {0};

    for (size_t i = 0; i < seen->count; i++)
        counts[seen->numbers[1][i]]++;
    cr_expect_eq(counts[SL_NEXMARK_PERSON], 200);
    cr_expect_eq(counts[SL_NEXMARK_AUCTION], 600);
    cr_expect_eq(counts[SL_NEXMARK_BID], 9200);
    free(seen);
    seen = READ(nested_columns, 1, 4096, "events.num", "9", "person.proportion", "0",
                "auction.proportion", "2", "bid.proportion", "1");
    for (int64_t i = 0; i < 9; i++)
        cr_expect_eq(seen->numbers[1][i], i % 3 == 2 ? SL_NEXMARK_BID : SL_NEXMARK_AUCTION);
    free(seen);
}

/* A row that is NULL has NULL fields, a row that is not has none. */
Test(nexmark, rows_of_other_events_are_null)
{
    struct test_table table;
    struct sl_batch *batch;
    struct sl_error err;

    open_table(&table, nested_columns, SL_COUNT_OF(nested_columns), OPTIONS("events.num", "500"));
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    cr_assert_eq(table.class->source->poll_batch(table.source, &batch, &err), SL_OK);
    cr_assert_eq(batch->row_count, 500);
    for (size_t i = 0; i < 500; i++) {
        static const int events[] = {SL_NEXMARK_PERSON, -1, SL_NEXMARK_BID, SL_NEXMARK_AUCTION};
        int event = i % 50 == 0   ? SL_NEXMARK_PERSON
                    : i % 50 <= 3 ? SL_NEXMARK_AUCTION
                                  : SL_NEXMARK_BID;

        for (size_t c = 0; c < SL_COUNT_OF(events); c++) {
            const struct sl_column *column = batch->columns[c];

            if (events[c] < 0)
                continue;
            cr_expect_eq(sl_column_is_null(column, i), events[c] != event);
            for (size_t k = 0; k < column->child_count; k++)
                cr_expect_eq(sl_column_is_null(column->children[k], i), events[c] != event);
        }
    }
    sl_batch_unref(batch);
    test_table_close(&table);
}

/* In 1,003 events, whatever splits (7 and 50 share and do not share factors with the 50 of a turn)
 * and batches; another seed is another table. */
static void
expect_same_rows(struct sl_schema_column *columns, size_t column_count, const char *event,
                 size_t row_count)
{
    static const uint32_t forms[][2] = {{3, 4096}, {7, 1}, {50, 13}, {100, 4096}, {4, 100}};
    /* Without an event type the option stands for a default. */
    const char *key = event ? "event-type" : "bid.proportion";
    const char *value = event ? event : "46";
    const char *const *options = OPTIONS("events.num", "1003", key, value);
    struct seen *first = read_table(columns, column_count, 1, 4096, options), *other;

    cr_expect_eq(first->count, row_count, "%zu", first->count);
    sort_hashes(first);
    for (size_t i = 1; i < first->count; i++)
        cr_expect_neq(first->hashes[i], first->hashes[i - 1]);
    for (size_t i = 0; i < SL_COUNT_OF(forms); i++) {
        other = read_table(columns, column_count, forms[i][0], forms[i][1], options);
        sort_hashes(other);
        cr_expect_eq(other->count, first->count, "%u splits", forms[i][0]);
        cr_expect_arr_eq(other->hashes, first->hashes, sizeof(first->hashes), "%u splits",
                         forms[i][0]);
        free(other);
    }
    other = read_table(columns, column_count, 1, 4096,
                       OPTIONS("events.num", "1003", key, value, "seed", "1"));
    sort_hashes(other);
    cr_expect_arr_neq(other->hashes, first->hashes, sizeof(first->hashes));
    free(other);
    free(first);
}

/* An event's time less a millisecond, in which others may follow. */
Test(nexmark, time_is_as_far_as_its_last_event)
{
    static struct sl_schema_column columns[] = {{.name = "dateTime", .type = &sl_type_timestamp3}};
    const char *const options[] = {"event-type", "bid", "events.num", "100", NULL};
    struct test_table table;
    struct sl_batch *batch;
    struct sl_column *marks;
    struct sl_error err;

    open_table(&table, columns, 1, options);
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    cr_assert_eq(table.class->source->poll_batch(table.source, &batch, &err), SL_OK);
    marks = table.class->source->watermarks(table.source);
    cr_assert_eq(marks->row_count, batch->row_count);
    cr_assert_eq(batch->row_count, 92);
    for (size_t i = 0; i < batch->row_count; i++)
        cr_assert_eq(((const int64_t *)marks->values)[i],
                     ((const int64_t *)batch->columns[0]->values)[i] - 1000);
    sl_column_unref(marks);
    sl_batch_unref(batch);
    test_table_close(&table);
}

/* 1,003 events: 20 turns of 50, a person and two auctions. */
Test(nexmark, makes_the_same_rows_however_it_is_split)
{
    expect_same_rows(nested_columns, SL_COUNT_OF(nested_columns), NULL, 1003);
    expect_same_rows(person_columns, SL_COUNT_OF(person_columns), "person", 21);
    expect_same_rows(auction_columns, SL_COUNT_OF(auction_columns), "auction", 62);
    expect_same_rows(bid_columns, SL_COUNT_OF(bid_columns), "bid", 920);
}

/* At one event a millisecond the time is the number: split 1 of 3 makes 1, 4, 7, … */
Test(nexmark, goes_on_at_its_position)
{
    struct seen *seen = sl_alloc_zeroed(sizeof(*seen));
    struct sl_buffer position;
    struct test_table table;
    struct sl_error err;
    struct sl_split split = {"t-1", 1};

    sl_buffer_init(&position, 100);
    for (int round = 0; round < 3; round++) {
        struct sl_split_list splits = {.arena = NULL};

        open_table(&table, bid_columns, SL_COUNT_OF(bid_columns),
                   OPTIONS("event-type", "bid", "first-event.rate", "1000", "base-time", "0"));
        splits.arena = &table.arena;
        table.config.restored_splits = round > 0 ? 3 : 0;
        table.config.subtask_count = round > 0 ? 1 : 3; /* rescaled from 3 to 1 */
        table.config.batch_size = 100;
        table.source = sl_arena_alloc(&table.arena, table.class->source->size);
        table.source->class = table.class->source;
        table.source->config = &table.config;
        cr_assert_eq(table.class->source->open(table.source, &err), SL_OK);
        cr_assert_eq(table.class->source->discover(table.source, &splits, &err), SL_OK);
        cr_expect_eq(splits.count, 3);
        cr_assert_eq(table.class->source->add_split(
                         table.source, &split, (struct sl_text){position.data, position.length},
                         false, &err),
                     SL_OK);
        cr_assert_eq(read_batches(&table, seen, 2), SL_OK);
        sl_buffer_reset(&position);
        table.class->source->position(table.source, 0, &position);
        test_table_close(&table);
    }
    sl_buffer_done(&position);
    cr_assert_eq(seen->count, 600);
    for (int64_t n = 1, i = 0; i < 600; n += 3)
        if (n % 50 >= 4)
            cr_expect_eq(seen->numbers[5][i++], n * 1000, "event %lld", (long long)n);
    free(seen);
}

/* --- what they hold --- */

/* Ids of persons and auctions have no gap; what refers to one is not more than 10 ahead of the last
 * that there is, nor further back than those that are active. */
Test(nexmark, refers_to_ids_that_are_there)
{
    struct seen *persons =
        READ(person_columns, 1, 4096, "events.num", "10000", "event-type", "person");
    struct seen *auctions =
        READ(auction_columns, 1, 4096, "events.num", "10000", "event-type", "auction");
    struct seen *bids = READ(bid_columns, 1, 4096, "events.num", "10000", "event-type", "bid");

    for (int64_t i = 0; i < 200; i++)
        cr_expect_eq(persons->numbers[0][i], 1000 + i);
    for (int64_t i = 0; i < 600; i++) {
        int64_t person = 1000 + i / 3;

        cr_expect_eq(auctions->numbers[0][i], 1000 + i);
        cr_expect(auctions->numbers[1][i] >= 1000 && auctions->numbers[1][i] <= person + 10);
        cr_expect(auctions->numbers[2][i] >= 10 && auctions->numbers[2][i] < 15);
    }
    for (int64_t i = 0; i < 9200; i++) {
        int64_t auction = 1000 + i / 46 * 3 + 2, person = 1000 + i / 46;

        cr_expect(bids->numbers[1][i] >= SL_MAX(1000, auction - 100) &&
                  bids->numbers[1][i] <= auction + 10);
        cr_expect(bids->numbers[2][i] >= 1000 && bids->numbers[2][i] <= person + 10);
    }
    free(persons);
    free(auctions);
    free(bids);
}

/* The share of rows in which a column has the value that is hot for the row's turn. */
static double
hot_share(const struct seen *seen, size_t column, int64_t rows_a_turn, int64_t ids_a_turn,
          int64_t hot_offset)
{
    size_t hot = 0;

    for (int64_t i = 0; i < (int64_t)seen->count; i++) {
        int64_t last = (i / rows_a_turn + 1) * ids_a_turn - 1;

        hot += seen->numbers[column][i] == 1000 + last / 100 * 100 + hot_offset;
    }
    return (double)hot / (double)seen->count;
}

/* Of 9,200 draws a share is within 0.02 of what is expected by four times the deviation. */
Test(nexmark, all_but_one_of_the_ratio_are_hot)
{
    struct seen *bids = READ(bid_columns, 1, 4096, "events.num", "10000", "event-type", "bid",
                             "bid.hot-ratio.auctions", "2", "bid.hot-ratio.bidders", "10");
    struct seen *sellers = READ(auction_columns, 1, 4096, "events.num", "10000", "event-type",
                                "auction", "person.proportion", "1", "auction.proportion", "9",
                                "bid.proportion", "0", "auction.hot-ratio.sellers", "5");
    double share;

    /* One of about 111 of the others is the hot one by chance, one of 100 at the start. */
    share = hot_share(bids, 1, 46, 3, 0);
    cr_expect(share > 0.485 && share < 0.53, "auctions: %f", share);
    share = hot_share(bids, 2, 46, 1, 1);
    cr_expect(share > 0.88 && share < 0.925, "bidders: %f", share);
    share = hot_share(sellers, 1, 9, 1, 0);
    cr_expect(share > 0.78 && share < 0.825, "sellers: %f", share);
    free(bids);
    free(sellers);
    bids = READ(bid_columns, 1, 4096, "events.num", "10000", "event-type", "bid",
                "bid.hot-ratio.auctions", "1");
    share = hot_share(bids, 1, 46, 3, 0);
    cr_expect(share < 0.02, "none is hot on purpose: %f", share);
    free(bids);
}

/* Prices are 100 * 10^x, x even in [0, 6]; a reserve is above the initial bid by another one. */
Test(nexmark, prices_are_even_in_their_logarithm)
{
    struct seen *bids = READ(bid_columns, 1, 4096, "events.num", "10000", "event-type", "bid");
    struct seen *auctions =
        READ(auction_columns, 1, 4096, "events.num", "10000", "event-type", "auction");
    size_t below[7] = {0};

    for (size_t i = 0; i < bids->count; i++) {
        int64_t price = bids->numbers[0][i];

        cr_expect(price >= 100 && price <= 100000000);
        for (int64_t k = 0, limit = 100; k < 7; k++, limit *= 10)
            below[k] += price < limit;
    }
    for (size_t k = 0; k < 7; k++)
        cr_expect_float_eq((double)below[k] / 9200, (double)k / 6, 0.02, "%zu", k);
    for (size_t i = 0; i < auctions->count; i++)
        cr_expect_geq(auctions->numbers[6][i], auctions->numbers[5][i] + 100);
    free(bids);
    free(auctions);
}

/* What extra fills up is within a fifth of the missing: of a bid 100 - 32 = 68, so 68 - 14 + [0,
 * 28); an average that is reached without it leaves it empty. */
Test(nexmark, extra_fills_up_to_the_average)
{
    struct seen *bids = READ(bid_columns, 1, 4096, "events.num", "10000", "event-type", "bid");
    struct seen *small =
        READ(bid_columns, 1, 4096, "events.num", "100", "event-type", "bid", "bid.avg-size", "32b");
    struct seen *persons = READ(person_columns, 1, 4096, "events.num", "10000", "event-type",
                                "person", "person.avg-size", "1 kb");
    struct seen *auctions =
        READ(auction_columns, 1, 4096, "events.num", "10000", "event-type", "auction");
    double sum = 0;

    for (size_t i = 0; i < bids->count; i++) {
        cr_expect(bids->lengths[6][i] >= 54 && bids->lengths[6][i] < 82);
        sum += bids->lengths[6][i];
    }
    cr_expect_float_eq(sum / 9200, 67.5, 0.5);
    for (size_t i = 0; i < small->count; i++)
        cr_expect_eq(small->lengths[6][i], 0);
    sum = 0;
    for (size_t i = 0; i < persons->count; i++) {
        for (size_t c = 1; c < 6; c++)
            sum += persons->lengths[c][i];
        sum += 8 + persons->lengths[7][i];
        cr_expect_eq(persons->lengths[3][i], 19);
    }
    /* 200 lengths, each within 200 of the average: a deviation of 8. */
    cr_expect_float_eq(sum / 200, 1024, 35);
    sum = 0;
    for (size_t i = 0; i < auctions->count; i++)
        sum += 48 + auctions->lengths[7][i] + auctions->lengths[8][i] + auctions->lengths[9][i];
    cr_expect_float_eq(sum / 600, 500, 15);
    free(bids);
    free(small);
    free(persons);
    free(auctions);
}

/* --- times --- */

static int64_t
time_of(const struct sl_nexmark_clock *clock, int64_t n)
{
    struct sl_nexmark_cursor cursor = {.clock = clock};

    return sl_nexmark_time_ms(&cursor, n);
}

Test(nexmark_clock, one_rate_goes_on_for_ever)
{
    struct sl_nexmark_clock clock;

    sl_nexmark_clock_init(&clock, SL_NEXMARK_SQUARE, 3, 3, 600);
    for (int64_t n = 0; n < 10000; n++)
        cr_expect_eq(time_of(&clock, n), n * 1000 / 3);
    cr_expect_eq(time_of(&clock, INT64_C(600000000000)), INT64_C(200000000000000));
    cr_expect_eq(time_of(&clock, INT64_C(600000000001)), INT64_C(200000000000333));
    cr_expect_eq(sl_nexmark_due_us(&clock, 1), 333334);
    cr_expect_eq(sl_nexmark_events_until(&clock, -1), 0);
    cr_expect_eq(sl_nexmark_events_until(&clock, 0), 1);
    cr_expect_eq(sl_nexmark_events_until(&clock, 333333), 1);
    cr_expect_eq(sl_nexmark_events_until(&clock, 333334), 2);
    cr_expect_eq(sl_nexmark_events_until(&clock, INT64_MAX), INT64_C(27670116110565));
}

/* 5 s at 10 a second, 5 s at 20, and again. */
Test(nexmark_clock, a_square_is_two_rates_in_turn)
{
    struct sl_nexmark_clock clock;

    sl_nexmark_clock_init(&clock, SL_NEXMARK_SQUARE, 10, 20, 10);
    cr_expect_eq(time_of(&clock, 49), 4900);
    cr_expect_eq(time_of(&clock, 50), 5000);
    cr_expect_eq(time_of(&clock, 51), 5050);
    cr_expect_eq(time_of(&clock, 149), 9950);
    cr_expect_eq(time_of(&clock, 150), 10000);
    cr_expect_eq(time_of(&clock, 150 * 1000 + 151), 10000 * 1001 + 100);
    for (int64_t n = 0; n < 1000; n++) {
        int64_t due_us = sl_nexmark_due_us(&clock, n);

        cr_expect_eq(due_us, time_of(&clock, n) * 1000);
        cr_expect_eq(sl_nexmark_events_until(&clock, due_us), n + 1);
        cr_expect_eq(sl_nexmark_events_until(&clock, due_us - 1), n);
    }
}

/* Ten steps of a second: 30 + 20 cos(36° i): 50, 46, 36, 24, 14, 10, 14, 24, 36, 46. */
Test(nexmark_clock, a_sine_goes_there_and_back)
{
    static const int64_t rates[] = {50, 46, 36, 24, 14, 10, 14, 24, 36, 46};
    struct sl_nexmark_clock clock;
    int64_t n = 0;

    sl_nexmark_clock_init(&clock, SL_NEXMARK_SINE, 50, 10, 10);
    for (int64_t i = 0; i < 20; n += rates[i++ % 10]) {
        cr_expect_eq(time_of(&clock, n), i * 1000, "step %lld", (long long)i);
        cr_expect_eq(sl_nexmark_events_until(&clock, i * 1000000), n + 1);
    }
}

static const struct sl_env_ops *real_ops;
static int64_t clock_us;

static int64_t
clock_that_is_told(struct sl_env *env)
{
    return clock_us;
}

/* Event 0 is due at once, then one a millisecond, over both splits; a minute's worth, in batches
 * that are no bigger than they may be, where nobody looked for a minute. */
Test(nexmark, a_limited_rate_is_kept)
{
    struct seen *seen = sl_alloc_zeroed(sizeof(*seen));
    struct sl_env_ops ops;
    struct test_table table;
    struct sl_error err;

    open_table(&table, nested_columns, SL_COUNT_OF(nested_columns),
               OPTIONS("next-event.rate", "1000", "rate.limited", "true", "events.num", "8000"));
    table.config.restored_splits = 2;
    clock_us = 5000000;
    real_ops = table.env->ops;
    ops = *real_ops;
    ops.now_us = clock_that_is_told;
    table.env->ops = &ops;
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    cr_expect_eq(read_batches(&table, seen, SIZE_MAX), SL_AGAIN);
    cr_expect_eq(seen->count, 1);
    cr_expect_eq(table.class->source->next_poll_us(table.source), clock_us + 5000);
    clock_us += 999999;
    cr_expect_eq(read_batches(&table, seen, SIZE_MAX), SL_AGAIN);
    cr_expect_eq(seen->count, 1000);
    clock_us += 1;
    cr_expect_eq(read_batches(&table, seen, SIZE_MAX), SL_AGAIN);
    cr_expect_eq(seen->count, 1001);
    clock_us += 60000000;
    cr_expect_eq(read_batches(&table, seen, SIZE_MAX), SL_EOF);
    cr_expect_eq(seen->count, 8000);
    table.env->ops = real_ops;
    test_table_close(&table);
    free(seen);
}

/* 100 auctions ahead are 1,667 events, 1,667 ms at one a millisecond: an auction is open for 1 to
 * 3,334 ms, half of that on average. */
Test(nexmark, auctions_expire_when_enough_others_are_there)
{
    struct seen *seen = READ(auction_columns, 1, 4096, "events.num", "10000", "event-type",
                             "auction", "first-event.rate", "1000");
    double sum = 0;

    for (size_t i = 0; i < seen->count; i++) {
        int64_t us = seen->numbers[4][i] - seen->numbers[3][i];

        cr_expect(us >= 1000 && us <= 3332000);
        sum += (double)us / 1000;
    }
    /* 600 of them: a deviation of 39. */
    cr_expect_float_eq(sum / 600, 1666, 160);
    free(seen);
}

/* --- what is refused --- */

Test(nexmark_options, say_what_is_expected)
{
    static struct sl_schema_column wrong_name[] = {{.name = "prise", .type = &sl_type_bigint}};
    static struct sl_schema_column wrong_type[] = {{.name = "price", .type = &sl_type_int}};
    static struct sl_schema_column other_event[] = {{.name = "seller", .type = &sl_type_bigint}};
    static const struct {
        struct sl_schema_column *column;
        const char *key, *value;
        int code;
        const char *hint;
    } cases[] = {
        {wrong_name, "event-type", "bid", SL_E_UNDEFINED_COLUMN,
         "it has: auction, bidder, price, channel, url, dateTime, extra"},
        {wrong_type, "event-type", "bid", SL_E_DATATYPE_MISMATCH, "declare it as BIGINT"},
        {other_event, "event-type", "bid", SL_E_UNDEFINED_COLUMN,
         "it has: auction, bidder, price, channel, url, dateTime, extra"},
        {wrong_name, "seed", "1", SL_E_UNDEFINED_COLUMN,
         "it has: event_type, person, auction, bid"},
        {bid_columns, "base-time", "soon", SL_E_INVALID_PARAMETER_VALUE,
         "expected: a timestamp such as 2015-07-15 00:00:00, or milliseconds since 1970-01-01"},
        {bid_columns, "base-time", "-1", SL_E_INVALID_PARAMETER_VALUE,
         "expected: a time from 1970 to 9999"},
    };
    struct sl_error err;

    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        struct test_table table;

        sl_error_reset(&err);
        test_table_open(&table, "nexmark", OPTIONS(cases[i].key, cases[i].value));
        table.schema = (struct sl_schema){.columns = cases[i].column, .count = 1};
        cr_expect_eq(table.class->descriptor.check(&table.options, &table.schema, &err),
                     cases[i].code, "%zu: %s", i, err.text);
        cr_expect_str_eq(err.hint, cases[i].hint, "%zu: %s", i, err.hint);
        test_table_close(&table);
    }
}
