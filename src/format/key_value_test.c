/* Records whose key has a format of its own: rows out of key and value, tombstones, errors. */
#include "format/key_value.h"

#include "format/format_test.h"

static struct test_format format;
static struct sl_key_value both;

/* k_id and k_name are the key, read as `key`, the rest is the value, read as `value`. */
static void
start(const char *key, const char *value, bool except_key)
{
    static const uint32_t keys[] = {2, 0};

    test_format_open(&format, value, "`k_name` STRING, `v` INT, `k_id` INT, `list` ARRAY<INT>",
                     NULL);
    both = (struct sl_key_value){
        .config = format.config,
        .key = sl_format_find(key),
        .value = format.class,
        .key_prefix = sl_arena_printf(&format.arena, "key.%s.", key),
        .value_prefix = sl_arena_printf(&format.arena, "value.%s.", value),
        .key_columns = keys,
        .key_column_count = 2,
        .name_prefix = except_key ? 2 : 0,
        .except_key = except_key,
        .tombstones = true,
    };
}

/* Key and value of each record, in the slab value first; NULL: it has none. */
static struct sl_records
make_records(const char *const (*texts)[2], size_t count)
{
    struct sl_text all[32];
    struct sl_records laid, records;

    for (size_t i = 0; i < count; i++) {
        all[2 * i] = texts[i][1] ? sl_text_of(texts[i][1]) : (struct sl_text){0};
        all[2 * i + 1] = texts[i][0] ? sl_text_of(texts[i][0]) : (struct sl_text){0};
    }
    laid = test_records(&format, all, 2 * count);
    records = laid;
    records.count = (uint32_t)count;
    records.items = SL_NEW_ARRAY(&format.arena, struct sl_record, count);
    for (size_t i = 0; i < count; i++) {
        records.items[i] = laid.items[2 * i];
        records.items[i].key = laid.items[2 * i + 1].value;
        records.items[i].key_length = laid.items[2 * i + 1].value_length;
    }
    return records;
}

static void
check(const char *const (*texts)[2], size_t count, const char *expected)
{
    struct sl_records records = make_records(texts, count);
    struct sl_decoder *decoder;
    struct sl_decoded decoded;
    struct sl_buffer text;
    struct sl_error err;

    sl_buffer_init(&text, SIZE_MAX / 2);
    cr_assert_eq(sl_decoder_new(&sl_key_value_class, &both.config, &decoder, &err), SL_OK, "%s",
                 err.text);
    for (uint32_t from = 0; from < count; from += decoded.record_count) {
        decoder->class->decode(decoder, &records, from, 4, format.pool, &decoded);
        cr_assert_gt(decoded.record_count, 0);
        test_print_rows(decoded.columns, both.config.column_count, decoded.row_count, decoded.kinds,
                        &text);
        for (uint32_t i = 0; i < decoded.error_count; i++)
            sl_buffer_printf(&text, "%s! %u", text.length ? "\n" : "", decoded.errors[i].record);
        if (decoded.skipped_count)
            sl_buffer_printf(&text, "\nskipped %u", decoded.skipped_count);
        for (size_t i = 0; i < both.config.column_count; i++)
            sl_column_unref(decoded.columns[i]);
    }
    sl_buffer_add_byte(&text, '\0');
    cr_assert_str_eq(text.data, expected);
    sl_buffer_done(&text);
    sl_decoder_free(decoder);
    sl_block_unref(records.slab);
    test_format_close(&format);
}

Test(key_value, rows_and_tombstones)
{
    static const char *const texts[][2] = {
        {"{\"id\":1,\"name\":\"a\"}", "{\"v\":10,\"list\":[1,2]}"},
        {"{\"id\":2,\"name\":\"b\"}", NULL},
        {"{\"id\":3,\"name\":\"a longer name than fits\"}", "{\"v\":30}"},
        {"{\"name\":\"d\",\"id\":4}", "{}"},
        /* The next call sees tombstones alone. */
        {"{\"id\":5,\"name\":\"e\"}", NULL},
        {"{\"id\":6}", NULL},
    };

    start("json", "json", true);
    check(texts, SL_COUNT_OF(texts),
          "+I a|10|1|{1,2}\n"
          "-D b|~|2|~\n"
          "+I a longer name than fits|30|3|~\n"
          "+I d|~|4|~\n"
          "-D e|~|5|~\n"
          "-D ~|~|6|~");
}

/* With all columns in the value, too, those of the key are the key's. */
Test(key_value, all_columns_in_the_value)
{
    static const char *const texts[][2] = {
        {"{\"k_id\":1,\"k_name\":\"a\"}", "{\"k_id\":7,\"k_name\":\"x\",\"v\":10}"},
        {"{\"k_id\":2,\"k_name\":\"b\"}", "{\"v\":20}"},
    };

    start("json", "json", false);
    check(texts, SL_COUNT_OF(texts), "a|10|1|~\nb|20|2|~");
}

/* Errors of either side once a record, in their order; a record without a key is skipped. */
Test(key_value, errors)
{
    static const char *const texts[][2] = {
        {"{\"id\":1,\"name\":\"a\"}", "{\"v\":\"x\"}"},
        {"{\"id\":\"x\"}", "{\"v\":1}"},
        {"{\"id\":\"x\"}", "{\"v\":\"x\"}"},
        {NULL, "{\"v\":4}"},
        {"{\"id\":5,\"name\":\"e\"}", "{\"v\":5}"},
    };

    start("json", "json", true);
    check(texts, SL_COUNT_OF(texts), "! 0\n! 1\n! 2\nskipped 1\ne|5|5|~");
}

/* Columns of the key alone: the value is read for its rows. */
Test(key_value, only_the_key_is_wanted)
{
    static const char *const texts[][2] = {
        {"{\"id\":1,\"name\":\"a\"}", "{\"v\":10}"},
        {"{\"id\":2,\"name\":\"b\"}", "{\"v\":\"x\"}"},
        {"{\"id\":3,\"name\":\"c\"}", NULL},
    };
    static const uint32_t columns[] = {0};

    start("json", "json", true);
    both.config.columns = columns;
    both.config.column_count = 1;
    check(texts, SL_COUNT_OF(texts), "+I a\n-D c\n! 1");
}

/* Records that are no upserts: a value that has the key's columns too has the last word, and one
 * that is not there makes no row. */
Test(key_value, records_that_only_insert)
{
    static const char *const texts[][2] = {
        {"{\"k_id\":1,\"k_name\":\"a\"}", "{\"k_id\":7,\"v\":10}"},
        {"{\"k_id\":2,\"k_name\":\"b\"}", NULL},
        {NULL, "{\"k_id\":3,\"v\":30}"},
        {"{\"k_id\":4,\"k_name\":\"d\"}", "{\"k_name\":\"x\"}"},
    };

    start("json", "json", false);
    both.tombstones = false;
    check(texts, SL_COUNT_OF(texts), "~|10|7|~\nx|~|~|~\nskipped 1");
}

Test(key_value, records_that_only_insert_without_the_key_in_the_value)
{
    static const char *const texts[][2] = {
        {"{\"id\":1,\"name\":\"a\"}", "{\"k_id\":7,\"v\":10}"},
        {"{\"id\":2,\"name\":\"b\"}", NULL},
        {NULL, "{\"v\":30}"},
    };

    start("json", "json", true);
    both.tombstones = false;
    check(texts, SL_COUNT_OF(texts), "a|10|1|~\nskipped 1");
}

/* A record without a key makes no row, whichever columns are wanted. */
Test(key_value, only_the_value_is_wanted)
{
    static const char *const texts[][2] = {
        {"{\"id\":1,\"name\":\"a\"}", "{\"v\":10}"},
        {NULL, "{\"v\":20}"},
        {"no key", "{\"v\":30}"},
    };
    static const uint32_t columns[] = {1};

    start("json", "json", true);
    both.tombstones = false;
    both.config.columns = columns;
    both.config.column_count = 1;
    check(texts, SL_COUNT_OF(texts), "10\n! 2\nskipped 1");
}

Test(key_value, encoding)
{
    static const char *const texts[][2] = {
        {"{\"id\":1,\"name\":\"a\"}", "{\"v\":10,\"list\":[1]}"},
        {"{\"id\":2,\"name\":\"b\"}", NULL},
    };
    struct sl_records records;
    struct sl_decoder *decoder;
    struct sl_encoder *encoder;
    struct sl_decoded decoded;
    struct sl_encoded encoded;
    struct sl_batch *batch;
    struct sl_error err;

    start("json", "json", true);
    records = make_records(texts, 2);
    cr_assert_eq(sl_decoder_new(&sl_key_value_class, &both.config, &decoder, &err), SL_OK);
    decoder->class->decode(decoder, &records, 0, 4, format.pool, &decoded);
    batch = sl_batch_new(format.pool, 4, 2);
    for (size_t i = 0; i < 4; i++)
        sl_batch_set_column(batch, i, decoded.columns[i]);
    memcpy(sl_batch_add_kinds(batch, format.pool), decoded.kinds, 2);
    sl_encoded_init(&encoded);
    cr_assert_eq(sl_encoder_new(&sl_key_value_class, &both.config, &encoder, &err), SL_OK);
    cr_assert_eq(encoder->class->encode(encoder, batch, &encoded, &err), SL_OK);
    cr_assert_eq(encoded.count, 2);
    cr_assert_eq(encoded.keys->count, 2);
    cr_assert_eq(encoded.is_null[0], false);
    cr_assert_eq(encoded.is_null[1], true);
    cr_assert_eq(strncmp(encoded.data.data, "{\"v\":10,\"list\":[1]}", encoded.offsets[1]), 0);
    cr_assert_eq(strncmp(encoded.keys->data.data,
                         "{\"id\":1,\"name\":\"a\"}{\"id\":2,\"name\":\"b\"}",
                         encoded.keys->offsets[2]),
                 0, "%.*s", (int)encoded.keys->offsets[2], encoded.keys->data.data);
    sl_encoder_free(encoder);
    sl_encoded_done(&encoded);
    sl_batch_unref(batch);
    sl_decoder_free(decoder);
    sl_block_unref(records.slab);
    test_format_close(&format);
}
