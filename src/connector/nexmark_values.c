/* Columns of nexmark's events, a loop a column.  A value is a function of the seed, the event's
 * number and what it is drawn for: no state goes from one event to the next.  Texts without a form
 * are slices of two long ones, made once. */
#include "connector/nexmark_internal.h"
#include "data/time.h"

#include <math.h>
#include <stdio.h>

enum {
    VALUES_FIRST_PERSON = 1000,
    VALUES_FIRST_AUCTION = 1000,
    VALUES_FIRST_CATEGORY = 10,
    VALUES_CATEGORY_COUNT = 5,
    VALUES_HOT_EVERY = 100, /* one of so many persons, auctions is hot at a time */
    VALUES_LEAD = 10,       /* ids that are not there yet are referred to as well */
    VALUES_ACTIVE_PERSONS = 1000,
    VALUES_AUCTIONS_IN_FLIGHT = 100,
    VALUES_SLICE_STARTS = 1 << 15,
    VALUES_NAME_BYTES = 20,
    VALUES_ITEM_BYTES = 20,
    VALUES_DESCRIPTION_BYTES = 100,
    VALUES_CARD_BYTES = 19,
    VALUES_STATE_BYTES = 2,
    VALUES_URL_BYTES = 80, /* at most */
    VALUES_CHANNEL_BYTES = 16,
};

/* What a number is drawn for. */
enum values_draw {
    DRAW_AUCTION,
    DRAW_BIDDER,
    DRAW_PRICE,
    DRAW_RESERVE,
    DRAW_CHANNEL,
    DRAW_EXTRA,
    DRAW_NAME,
    DRAW_EMAIL,
    DRAW_CARD,
    DRAW_CITY,
    DRAW_STATE,
    DRAW_ITEM,
    DRAW_DESCRIPTION,
    DRAW_EXPIRES,
    DRAW_SELLER,
    DRAW_CATEGORY,
    DRAW_LETTERS,
    DRAW_WORDS,
    DRAW_URL,
};

static const char *const values_states[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
static const char *const values_cities[] = {"Phoenix",  "Los Angeles", "San Francisco", "Boise",
                                            "Portland", "Bend",        "Redmond",       "Seattle",
                                            "Kent",     "Cheyenne"};
static const char *const values_first_names[] = {
    "Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"};
static const char *const values_last_names[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                                "Walton", "Smith",  "Jones",   "Noris"};
static const char *const values_hot_channels[] = {"Google", "Facebook", "Baidu", "Apple"};
_Static_assert(SL_COUNT_OF(values_first_names) * SL_COUNT_OF(values_last_names) ==
                   SL_NEXMARK_NAME_COUNT,
               "a name is a first and a last one");

/* --- chance --- */

static inline uint64_t
values_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t
values_key(const struct sl_nexmark_maker *maker, enum values_draw draw)
{
    return values_mix(maker->config->seed + (draw + 1) * UINT64_C(0xd1b54a32d192ed03));
}

/* Number n of the splitmix64 sequence that begins at the key. */
static inline uint64_t
values_draw(uint64_t key, int64_t n)
{
    return values_mix(key + ((uint64_t)n + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* In [0, range), range up to 2^32, from the upper or the lower half of what was drawn. */
static inline int64_t
values_upper(uint64_t bits, int64_t range)
{
    return (int64_t)((bits >> 32) * (uint64_t)range >> 32);
}
static inline int64_t
values_lower(uint64_t bits, int64_t range)
{
    return (int64_t)((bits & UINT32_MAX) * (uint64_t)range >> 32);
}

/* --- ids --- */

/* The hot one, or one of those that are active. */
static inline int64_t
values_person(uint64_t bits, int64_t last, int64_t hot_ratio, int64_t hot_offset)
{
    int64_t count = last + 1, active = SL_MIN(count, (int64_t)VALUES_ACTIVE_PERSONS);
    int64_t hot = last / VALUES_HOT_EVERY * VALUES_HOT_EVERY + hot_offset;
    int64_t other = count - active + values_lower(bits, active + VALUES_LEAD);

    return VALUES_FIRST_PERSON + (values_upper(bits, hot_ratio) > 0 ? hot : other);
}

static inline int64_t
values_auction(uint64_t bits, int64_t last, int64_t hot_ratio)
{
    int64_t first = SL_MAX(last - VALUES_AUCTIONS_IN_FLIGHT, INT64_C(0));
    int64_t hot = last / VALUES_HOT_EVERY * VALUES_HOT_EVERY;
    int64_t other = first + values_lower(bits, last - first + 1 + VALUES_LEAD);

    return VALUES_FIRST_AUCTION + (values_upper(bits, hot_ratio) > 0 ? hot : other);
}

static void
values_fill_bid_auction(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                        struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_AUCTION);
    int64_t *to = column->values, ratio = maker->config->hot_auctions;

    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] =
            values_auction(values_draw(key, rows->number[i]), rows->last_auction[i], ratio);
}

/* The second of a hundred, for hot sellers are the first. */
static void
values_fill_bid_bidder(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                       struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_BIDDER);
    int64_t *to = column->values, ratio = maker->config->hot_bidders;

    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] =
            values_person(values_draw(key, rows->number[i]), rows->last_person[i], ratio, 1);
}

static void
values_fill_auction_seller(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                           struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_SELLER);
    int64_t *to = column->values, ratio = maker->config->hot_sellers;

    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] =
            values_person(values_draw(key, rows->number[i]), rows->last_person[i], ratio, 0);
}

static void
values_fill_auction_category(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                             struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_CATEGORY);
    int64_t *to = column->values;

    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] = VALUES_FIRST_CATEGORY +
                          values_upper(values_draw(key, rows->number[i]), VALUES_CATEGORY_COUNT);
}

static void
values_fill_person_id(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                      struct sl_column *column)
{
    int64_t *to = column->values;

    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] = VALUES_FIRST_PERSON + rows->last_person[i];
}

static void
values_fill_auction_id(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                       struct sl_column *column)
{
    int64_t *to = column->values;

    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] = VALUES_FIRST_AUCTION + rows->last_auction[i];
}

/* --- prices: their logarithm is even --- */

/* Between two steps of the table the line. */
static inline int64_t
values_price(const int64_t *prices, uint64_t bits)
{
    size_t step = bits >> 54;
    int64_t part = (int64_t)(bits >> 30 & 0xffffff);
    int64_t price = prices[step] + ((prices[step + 1] - prices[step]) * part >> 24);

    return (price + (1 << 15)) >> 16;
}

static void
values_fill_price(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                  struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_PRICE);
    int64_t *to = column->values;

    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] = values_price(maker->prices, values_draw(key, rows->number[i]));
}

/* Another price above the initial bid. */
static void
values_fill_reserve(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                    struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_PRICE), above = values_key(maker, DRAW_RESERVE);
    int64_t *to = column->values;

    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] = values_price(maker->prices, values_draw(key, rows->number[i])) +
                          values_price(maker->prices, values_draw(above, rows->number[i]));
}

/* --- times --- */

void
sl_nexmark_fill_time(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                     struct sl_column *column)
{
    struct sl_nexmark_cursor cursor = {.clock = &maker->config->clock};
    int64_t *to = column->values, base_ms = maker->config->base_ms;

    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] = (base_ms + sl_nexmark_time_ms(&cursor, rows->number[i])) * SL_US_PER_MS;
}

/* So far ahead, on average, that as many auctions are open as there should be. */
static void
values_fill_expires(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                    struct sl_column *column)
{
    const struct sl_nexmark_config *config = maker->config;
    struct sl_nexmark_cursor cursor = {.clock = &config->clock}, later = cursor;
    int64_t *to = column->values;
    uint64_t key = values_key(maker, DRAW_EXPIRES);
    int64_t ahead = VALUES_AUCTIONS_IN_FLIGHT * config->proportion_total /
                    config->proportions[SL_NEXMARK_AUCTION];

    for (size_t i = 0; i < rows->count; i++) {
        int64_t ms = sl_nexmark_time_ms(&cursor, rows->number[i]);
        int64_t horizon_ms = sl_nexmark_time_ms(&later, rows->number[i] + ahead) - ms;
        uint64_t range = (uint64_t)SL_MAX(2 * horizon_ms, INT64_C(1));
        int64_t length_ms =
            1 + (int64_t)((unsigned __int128)values_draw(key, rows->number[i]) * range >> 64);

        to[rows->at[i]] = (config->base_ms + ms + length_ms) * SL_US_PER_MS;
    }
}

/* --- texts --- */

/* Of 3 to size - 1 letters, before blanks at its ends go. */
static inline struct sl_text
values_words(const struct sl_nexmark_maker *maker, uint64_t bits, int64_t size)
{
    const char *start = maker->words + (bits & (VALUES_SLICE_STARTS - 1));
    size_t length = 3 + (size_t)values_upper(bits, size - 3);

    for (; length && *start == ' '; length--)
        start++;
    while (length && start[length - 1] == ' ')
        length--;
    return (struct sl_text){start, length};
}

static void
values_fill_words(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                  struct sl_column *column, enum values_draw draw, int64_t size)
{
    uint64_t key = values_key(maker, draw);
    struct sl_view *to = column->values;

    sl_column_add_heap(column, maker->pool, maker->texts);
    for (size_t i = 0; i < rows->count; i++) {
        struct sl_text text = values_words(maker, values_draw(key, rows->number[i]), size);

        to[rows->at[i]] = sl_view_of(text.start, text.length);
    }
}

static void
values_fill_item(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                 struct sl_column *column)
{
    values_fill_words(maker, rows, column, DRAW_ITEM, VALUES_ITEM_BYTES);
}

static void
values_fill_description(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                        struct sl_column *column)
{
    values_fill_words(maker, rows, column, DRAW_DESCRIPTION, VALUES_DESCRIPTION_BYTES);
}

/* What is missing of the average, a fifth more or less. */
static inline struct sl_view
values_extra(const struct sl_nexmark_maker *maker, uint64_t bits, int64_t missing)
{
    int64_t delta = (2 * missing + 5) / 10;
    int64_t length = missing - delta + values_upper(bits, 2 * delta);

    if (missing <= 0)
        return sl_view_of("", 0);
    return sl_view_of(maker->letters + (bits & (VALUES_SLICE_STARTS - 1)), (size_t)length);
}

static void
values_fill_bid_extra(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                      struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_EXTRA);
    struct sl_view *to = column->values;
    int64_t missing = maker->config->average_bytes[SL_NEXMARK_BID] - 4 * (int64_t)sizeof(int64_t);

    sl_column_add_heap(column, maker->pool, maker->texts);
    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] = values_extra(maker, values_draw(key, rows->number[i]), missing);
}

static void
values_fill_auction_extra(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                          struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_EXTRA), item = values_key(maker, DRAW_ITEM),
             description = values_key(maker, DRAW_DESCRIPTION);
    struct sl_view *to = column->values;
    int64_t missing =
        maker->config->average_bytes[SL_NEXMARK_AUCTION] - 6 * (int64_t)sizeof(int64_t);

    sl_column_add_heap(column, maker->pool, maker->texts);
    for (size_t i = 0; i < rows->count; i++) {
        int64_t n = rows->number[i];
        size_t own =
            values_words(maker, values_draw(item, n), VALUES_ITEM_BYTES).length +
            values_words(maker, values_draw(description, n), VALUES_DESCRIPTION_BYTES).length;

        to[rows->at[i]] = values_extra(maker, values_draw(key, n), missing - (int64_t)own);
    }
}

/* --- persons --- */

static void
values_fill_name(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                 struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_NAME);
    struct sl_view *to = column->values;

    sl_column_add_heap(column, maker->pool, maker->texts);
    for (size_t i = 0; i < rows->count; i++)
        to[rows->at[i]] =
            maker->names[values_upper(values_draw(key, rows->number[i]), SL_NEXMARK_NAME_COUNT)];
}

/* The lengths of what is before and behind the @, without the ".com". */
static inline void
values_email_parts(uint64_t bits, size_t *ret_user, size_t *ret_host)
{
    *ret_user = 3 + (bits >> 32 & 3);
    *ret_host = 3 + (bits >> 34 & 1);
}

static void
values_fill_email(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                  struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_EMAIL);
    struct sl_view *to = column->values;
    struct sl_heap_writer writer;

    sl_heap_writer_init(&writer, maker->pool, column);
    for (size_t i = 0; i < rows->count; i++) {
        uint64_t bits = values_draw(key, rows->number[i]);
        const char *letters = maker->letters + (bits & (VALUES_SLICE_STARTS - 1));
        char text[16];
        size_t user, host;

        values_email_parts(bits, &user, &host);
        memcpy(text, letters, user);
        text[user] = '@';
        memcpy(text + user + 1, letters + user, host);
        memcpy(text + user + 1 + host, ".com", 4);
        to[rows->at[i]] = sl_heap_writer_copy(&writer, text, user + host + 5);
    }
}

static void
values_fill_card(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                 struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_CARD);
    struct sl_view *to = column->values;
    struct sl_heap_writer writer;

    sl_heap_writer_init(&writer, maker->pool, column);
    for (size_t i = 0; i < rows->count; i++) {
        uint64_t bits = values_draw(key, rows->number[i]);
        char text[VALUES_CARD_BYTES];

        for (size_t k = 0; k < sizeof(text); k++) {
            text[k] = k % 5 == 4 ? ' ' : (char)('0' + bits % 10);
            bits = k % 5 == 4 ? bits : bits / 10;
        }
        to[rows->at[i]] = sl_heap_writer_copy(&writer, text, sizeof(text));
    }
}

/* Static texts outlive every column. */
static void
values_fill_choice(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                   struct sl_column *column, enum values_draw draw, const char *const *choices,
                   size_t choice_count)
{
    uint64_t key = values_key(maker, draw);
    struct sl_view *to = column->values;

    for (size_t i = 0; i < rows->count; i++) {
        const char *choice =
            choices[values_upper(values_draw(key, rows->number[i]), (int64_t)choice_count)];

        to[rows->at[i]] = sl_view_of(choice, strlen(choice));
    }
}

static void
values_fill_city(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                 struct sl_column *column)
{
    values_fill_choice(maker, rows, column, DRAW_CITY, values_cities, SL_COUNT_OF(values_cities));
}

static void
values_fill_state(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                  struct sl_column *column)
{
    values_fill_choice(maker, rows, column, DRAW_STATE, values_states, SL_COUNT_OF(values_states));
}

static void
values_fill_person_extra(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                         struct sl_column *column)
{
    uint64_t key = values_key(maker, DRAW_EXTRA), name = values_key(maker, DRAW_NAME),
             email = values_key(maker, DRAW_EMAIL), city = values_key(maker, DRAW_CITY);
    struct sl_view *to = column->values;
    int64_t missing = maker->config->average_bytes[SL_NEXMARK_PERSON] - (int64_t)sizeof(int64_t) -
                      VALUES_CARD_BYTES - VALUES_STATE_BYTES;

    sl_column_add_heap(column, maker->pool, maker->texts);
    for (size_t i = 0; i < rows->count; i++) {
        int64_t n = rows->number[i];
        size_t user, host, own;

        values_email_parts(values_draw(email, n), &user, &host);
        own = user + host + 5;
        own += maker->names[values_upper(values_draw(name, n), SL_NEXMARK_NAME_COUNT)].length;
        own +=
            strlen(values_cities[values_upper(values_draw(city, n), SL_COUNT_OF(values_cities))]);
        to[rows->at[i]] = values_extra(maker, values_draw(key, n), missing - (int64_t)own);
    }
}

/* --- channels --- */

/* Each has its URL; nine of ten that are not hot have their number in it, bits reversed. */
static size_t
values_write_url(const struct sl_nexmark_maker *maker, int64_t channel, char *to)
{
    uint64_t bits = values_draw(values_key(maker, DRAW_URL), channel);
    int64_t number = channel - SL_NEXMARK_HOT_CHANNEL_COUNT;
    uint32_t reversed = 0;
    int length;

    for (int i = 0; i < 32; i++)
        reversed |= (uint32_t)(number >> i & 1) << (31 - i);
    length = snprintf(to, VALUES_URL_BYTES, "https://www.nexmark.com/");
    for (int part = 0; part < 3; part++) {
        for (uint64_t k = 3 + (bits & 1); k > 0; k--) {
            uint64_t letter = values_draw(bits, k);

            to[length++] =
                values_upper(letter, 13) == 0 ? '_' : (char)('a' + values_lower(letter, 26));
        }
        to[length++] = '/';
        bits = values_mix(bits);
    }
    length += snprintf(to + length, VALUES_URL_BYTES - (size_t)length, "item.htm?query=1");
    if (number >= 0 && values_upper(bits, 10) > 0)
        length += snprintf(to + length, VALUES_URL_BYTES - (size_t)length, "&channel_id=%u",
                           reversed & 1u << 31 ? -reversed : reversed);
    return (size_t)length;
}

static void
values_make_channels(struct sl_nexmark_maker *maker)
{
    size_t views = SL_NEXMARK_CHANNEL_COUNT * sizeof(struct sl_view);
    char name[VALUES_CHANNEL_BYTES], *to;

    maker->channel_texts =
        sl_pool_block(maker->pool, 2 * views + SL_NEXMARK_CHANNEL_COUNT * VALUES_URL_BYTES);
    maker->channels = (struct sl_view *)(void *)maker->channel_texts->data;
    maker->urls = maker->channels + SL_NEXMARK_CHANNEL_COUNT;
    to = maker->channel_texts->data + 2 * views;
    for (int64_t i = 0; i < SL_NEXMARK_CHANNEL_COUNT; i++, to += VALUES_URL_BYTES) {
        if (i < SL_NEXMARK_HOT_CHANNEL_COUNT)
            snprintf(name, sizeof(name), "%s", values_hot_channels[i]);
        else
            snprintf(name, sizeof(name), "channel-%d", (int)i - SL_NEXMARK_HOT_CHANNEL_COUNT);
        /* Of 12 bytes at most: inline. */
        maker->channels[i] = sl_view_of(name, strlen(name));
        maker->urls[i] = sl_view_of(to, values_write_url(maker, i, to));
    }
}

/* Half the bids come over a hot channel. */
static void
values_fill_of_channel(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                       struct sl_column *column, const struct sl_view *views)
{
    uint64_t key = values_key(maker, DRAW_CHANNEL);
    struct sl_view *to = column->values;

    sl_column_add_heap(column, maker->pool, maker->channel_texts);
    for (size_t i = 0; i < rows->count; i++) {
        uint64_t bits = values_draw(key, rows->number[i]);
        int64_t hot = values_lower(bits, SL_NEXMARK_HOT_CHANNEL_COUNT);
        int64_t other = SL_NEXMARK_HOT_CHANNEL_COUNT +
                        values_lower(bits, SL_NEXMARK_CHANNEL_COUNT - SL_NEXMARK_HOT_CHANNEL_COUNT);

        to[rows->at[i]] = views[values_upper(bits, 2) > 0 ? hot : other];
    }
}

static void
values_fill_channel(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                    struct sl_column *column)
{
    if (!maker->channel_texts)
        values_make_channels(maker);
    values_fill_of_channel(maker, rows, column, maker->channels);
}

static void
values_fill_url(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                struct sl_column *column)
{
    if (!maker->channel_texts)
        values_make_channels(maker);
    values_fill_of_channel(maker, rows, column, maker->urls);
}

/* --- the maker --- */

/* Steps of one ratio, the tenth square root of 10^6: roots and products are the same everywhere. */
static void
values_make_prices(struct sl_nexmark_maker *maker)
{
    double ratio = 1e6, price = 100 << 16;

    for (int i = 1; i < SL_NEXMARK_PRICE_STEPS; i *= 2)
        ratio = sqrt(ratio);
    for (int i = 0; i <= SL_NEXMARK_PRICE_STEPS; i++, price *= ratio)
        maker->prices[i] = (int64_t)price;
}

static void
values_make_letters(const struct sl_nexmark_maker *maker, enum values_draw draw, bool has_blanks,
                    char *to, size_t size)
{
    uint64_t key = values_key(maker, draw);

    for (size_t i = 0; i < size; i++) {
        uint64_t bits = values_draw(key, (int64_t)i);

        to[i] =
            has_blanks && values_upper(bits, 13) == 0 ? ' ' : (char)('a' + values_lower(bits, 26));
    }
}

void
sl_nexmark_maker_init(struct sl_nexmark_maker *maker, const struct sl_nexmark_config *config,
                      struct sl_pool *pool)
{
    size_t longest = 0, letters, words = VALUES_SLICE_STARTS + VALUES_DESCRIPTION_BYTES;
    char *to;

    *maker = (struct sl_nexmark_maker){.config = config, .pool = pool};
    for (size_t i = 0; i < SL_NEXMARK_EVENT_COUNT; i++)
        longest = SL_MAX(longest, (size_t)config->average_bytes[i]);
    letters = VALUES_SLICE_STARTS + SL_MAX(longest * 6 / 5 + 1, (size_t)VALUES_NAME_BYTES);
    maker->texts = sl_pool_block(pool, letters + words + SL_NEXMARK_NAME_COUNT * VALUES_NAME_BYTES);
    to = maker->texts->data;
    maker->letters = to;
    values_make_letters(maker, DRAW_LETTERS, false, to, letters);
    maker->words = to += letters;
    values_make_letters(maker, DRAW_WORDS, true, to, words);
    to += words;
    for (size_t i = 0; i < SL_NEXMARK_NAME_COUNT; i++, to += VALUES_NAME_BYTES) {
        size_t count = SL_COUNT_OF(values_last_names);

        maker->names[i] = sl_view_of(to, (size_t)snprintf(to, VALUES_NAME_BYTES, "%s %s",
                                                          values_first_names[i / count],
                                                          values_last_names[i % count]));
    }
    values_make_prices(maker);
}

void
sl_nexmark_maker_done(struct sl_nexmark_maker *maker)
{
    sl_block_unref(maker->texts);
    sl_block_unref(maker->channel_texts);
}

/* --- columns --- */

static const struct sl_nexmark_field values_person_fields[] = {
    {"id", &sl_type_bigint, values_fill_person_id},
    {"name", &sl_type_string, values_fill_name},
    {"emailAddress", &sl_type_string, values_fill_email},
    {"creditCard", &sl_type_string, values_fill_card},
    {"city", &sl_type_string, values_fill_city},
    {"state", &sl_type_string, values_fill_state},
    {"dateTime", &sl_type_timestamp3, sl_nexmark_fill_time},
    {"extra", &sl_type_string, values_fill_person_extra},
};

static const struct sl_nexmark_field values_auction_fields[] = {
    {"id", &sl_type_bigint, values_fill_auction_id},
    {"itemName", &sl_type_string, values_fill_item},
    {"description", &sl_type_string, values_fill_description},
    {"initialBid", &sl_type_bigint, values_fill_price},
    {"reserve", &sl_type_bigint, values_fill_reserve},
    {"dateTime", &sl_type_timestamp3, sl_nexmark_fill_time},
    {"expires", &sl_type_timestamp3, values_fill_expires},
    {"seller", &sl_type_bigint, values_fill_auction_seller},
    {"category", &sl_type_bigint, values_fill_auction_category},
    {"extra", &sl_type_string, values_fill_auction_extra},
};

static const struct sl_nexmark_field values_bid_fields[] = {
    {"auction", &sl_type_bigint, values_fill_bid_auction},
    {"bidder", &sl_type_bigint, values_fill_bid_bidder},
    {"price", &sl_type_bigint, values_fill_price},
    {"channel", &sl_type_string, values_fill_channel},
    {"url", &sl_type_string, values_fill_url},
    {"dateTime", &sl_type_timestamp3, sl_nexmark_fill_time},
    {"extra", &sl_type_string, values_fill_bid_extra},
};

const struct sl_nexmark_record sl_nexmark_records[SL_NEXMARK_EVENT_COUNT] = {
    {"person", values_person_fields, SL_COUNT_OF(values_person_fields)},
    {"auction", values_auction_fields, SL_COUNT_OF(values_auction_fields)},
    {"bid", values_bid_fields, SL_COUNT_OF(values_bid_fields)},
};

static void
values_set_valid(struct sl_nexmark_maker *maker, const struct sl_nexmark_rows *rows,
                 struct sl_column *column)
{
    uint64_t *validity = sl_column_add_validity(column, maker->pool);

    memset(validity, 0, SL_VALIDITY_WORDS((size_t)column->row_count) * sizeof(*validity));
    for (size_t i = 0; i < rows->count; i++)
        validity[rows->at[i] / 64] |= UINT64_C(1) << rows->at[i] % 64;
}

/* The fields of a row that is NULL are NULL too. */
static struct sl_column *
values_make_row(struct sl_nexmark_maker *maker, const struct sl_nexmark_column *column,
                const struct sl_nexmark_rows *rows, size_t count)
{
    struct sl_column *row = sl_column_new(maker->pool, column->type, count, true);

    values_set_valid(maker, rows, row);
    for (size_t i = 0; i < column->field_count; i++) {
        row->children[i] = sl_column_new(maker->pool, column->type->fields[i].type, count, true);
        values_set_valid(maker, rows, row->children[i]);
        if (rows->count)
            column->fields[i]->fill(maker, rows, row->children[i]);
    }
    return row;
}

struct sl_column *
sl_nexmark_make(struct sl_nexmark_maker *maker, const struct sl_nexmark_column *column,
                const struct sl_nexmark_rows *rows, size_t count)
{
    struct sl_column *made;

    if (column->is_row)
        return values_make_row(maker, column, &rows[column->event], count);
    made = sl_column_new(maker->pool, column->type, count, false);
    if (column->field_count) {
        column->fields[0]->fill(maker, rows, made);
        return made;
    }
    for (int32_t event = 0; event < SL_NEXMARK_EVENT_COUNT; event++)
        for (size_t i = 0; i < rows[event].count; i++)
            ((int32_t *)made->values)[rows[event].at[i]] = event;
    return made;
}
