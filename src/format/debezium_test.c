/* Tests the debezium-json format: every op, envelopes with and without schema, what is wrong with a
 * record, tombstones, batches that updates fill, and the records that changes are written as. */
#include "format/format_test.h"

#include "format/json_internal.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NAME "debezium-json"

/* From Flink's documentation of the format, with an op of each kind. */
Test(debezium, makes_rows_of_every_op)
{
    TEST_DECODES(
        NAME, "`id` INT, `name` STRING, `weight` DOUBLE", NULL,
        "+I 110|jacket|0.2\n+I 111|scooter|~\n-U 111|scooter|5.18\n+U 111|scooter|5.15\n"
        "-D 111|scooter|5.15",
        "{\"before\":null,\"after\":{\"id\":110,\"name\":\"jacket\",\"weight\":0.2},\"op\":\"c\"}",
        "{\"after\":{\"id\":111,\"name\":\"scooter\",\"color\":{\"a\":[1]}},\"op\":\"r\"}",
        "{\"before\":{\"id\":111,\"name\":\"scooter\",\"description\":\"Big 2-wheel scooter\","
        "\"weight\":5.18},\"after\":{\"id\":111,\"name\":\"scooter\",\"description\":\"Big 2-wheel "
        "scooter\",\"weight\":5.15},\"source\":{\"version\":\"1.4\",\"snapshot\":false},\"op\":"
        "\"u\",\"ts_ms\":1589362330904,\"transaction\":null}",
        "{\"op\":\"d\",\"ts_ms\":1,\"after\":null,\"before\":{\"weight\":5.15,\"id\":111,"
        "\"name\":\"scooter\"}}");
    /* The row that an op does not speak of is not read; names and ops may be escaped. */
    TEST_DECODES(NAME, "`op` INT, `after` STRING", NULL, "+I 1|x\n-D 2|y\n+I 3|~",
                 "{ \"before\" : { \"op\" : 9 } , \"after\" : { \"op\" : 1, \"after\" : \"x\" } ,"
                 " \"op\" : \"c\" }",
                 "{\"before\":{\"op\":2,\"after\":\"y\"},\"after\":{\"op\":\"no\"},\"op\":\"d\"}",
                 "{\"\\u0061fter\":{\"op\":3},\"op\":\"\\u0063\"}");
}

Test(debezium, reads_the_payload_beside_its_schema)
{
    TEST_DECODES(NAME, "`id` INT", OPTIONS(NAME ".schema-include", "true"),
                 "+I 1\n-U 1\n+U 2\n! 2: it has no \"payload\", which "
                 "'debezium-json.schema-include' = 'true' asks for\n! 3: it has no \"payload\", "
                 "which 'debezium-json.schema-include' = 'true' asks for\n! 4: field \"op\" is "
                 "missing",
                 "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"field\":\"after\"}]},\"payload\":"
                 "{\"before\":null,\"after\":{\"id\":1},\"op\":\"c\"}}",
                 "{\"payload\":{\"before\":{\"id\":1},\"after\":{\"id\":2},\"op\":\"u\"},\"op\":"
                 "\"d\"}",
                 "{\"after\":{\"id\":3},\"op\":\"c\"}", "{\"payload\":null}", "{\"payload\":{}}");
    TEST_DECODES(NAME, "`id` INT", NULL,
                 "! 0: field \"op\" is missing; 'debezium-json.schema-include' = 'true' looks for "
                 "it in \"payload\"",
                 "{\"payload\":{\"after\":{\"id\":1},\"op\":\"c\"}}");
}

Test(debezium, names_what_is_wrong_and_goes_on)
{
    TEST_DECODES(
        NAME, "`id` INT, `a` ARRAY<INT>, `s` STRING", NULL,
        "+I 1|{1}|one\n-U 2|{2}|two\n+U 3|{3}|three\n-D 4|{4}|~\n"
        "! 0: The \"before\" field of UPDATE message is null, if you are using Debezium Postgres "
        "Connector, please check the Postgres table has been set REPLICA IDENTITY to FULL level.\n"
        "! 2: The \"before\" field of DELETE message is null, if you are using Debezium Postgres "
        "Connector, please check the Postgres table has been set REPLICA IDENTITY to FULL level.\n"
        "! 3: the \"after\" field of UPDATE message is null\n"
        "! 4: the \"after\" field of CREATE message is null\n"
        "! 5: field \"after\": field \"id\": \"x\" is no INT\n"
        "! 7: field \"before\": it is no JSON object\n"
        "! 8: unknown \"op\" value \"t\"; there are c, r, u and d\n"
        "! 9: field \"op\" is missing\n! 10: field \"op\" is missing\n"
        "! 11: field \"after\": it is no valid JSON\n! 12: it is no JSON object",
        "{\"before\":null,\"after\":{\"id\":9},\"op\":\"u\"}",
        "{\"after\":{\"id\":1,\"a\":[1],\"s\":\"one\"},\"op\":\"c\"}",
        "{\"before\":null,\"after\":null,\"op\":\"d\"}",
        "{\"before\":{\"id\":9,\"a\":[9]},\"after\":null,\"op\":\"u\"}",
        "{\"before\":{\"id\":9},\"op\":\"c\"}",
        "{\"before\":{\"id\":null,\"a\":[9]},\"after\":{\"s\":null,\"id\":\"x\",\"a\":[8]},\"op\":"
        "\"u\"}",
        "{\"before\":{\"id\":2,\"a\":[2],\"s\":\"two\"},\"after\":{\"id\":3,\"a\":[3],\"s\":"
        "\"three\"},\"op\":\"u\"}",
        "{\"before\":5,\"after\":{\"id\":9},\"op\":\"c\"}", "{\"op\":\"t\"}",
        "{\"after\":{\"id\":9}}", "{\"op\":null}", "{\"after\":{\"id\" 9},\"op\":\"c\"}", "null",
        "{\"before\":{\"id\":4,\"a\":[4]},\"op\":\"d\"}");
}

/* Whole records among those that break off leave no trace of these. */
Test(debezium, reads_whole_records_after_truncated_ones)
{
    static const char whole[] =
        "{\"before\":{\"id\":1,\"s\":\"long enough for the heap\"},\"after\":{\"id\":2,\"s\":"
        "\"another that is as long\"},\"op\":\"u\"}";
    struct test_format format;
    struct sl_text texts[2 * sizeof(whole)];
    struct sl_buffer expected;
    size_t count = 0;
    const char *got;

    test_format_open(&format, NAME, "`id` INT, `s` STRING",
                     OPTIONS(NAME ".ignore-parse-errors", "true"));
    sl_buffer_init(&expected, SIZE_MAX / 2);
    for (size_t length = 1; length < sizeof(whole) - 1; length++) {
        texts[count++] = (struct sl_text){whole, length};
        texts[count++] = sl_text_of(whole);
        sl_buffer_printf(&expected, "-U 1|long enough for the heap\n+U 2|another that is as "
                                    "long\n");
    }
    sl_buffer_printf(&expected, "skipped %zu", count / 2);
    got = test_decode_texts(&format, texts, count);
    cr_expect_eq(strlen(got), expected.length);
    cr_expect(strncmp(got, expected.data, expected.length) == 0, "%s", got);
    sl_buffer_done(&expected);
    test_format_close(&format);
}

Test(debezium, follows_its_options)
{
    TEST_DECODES(NAME, "`id` INT, `a` INT", OPTIONS(NAME ".ignore-parse-errors", "true"),
                 "+I ~|1\n+I 2|~\nskipped 5", "{\"after\":{\"id\":\"x\",\"a\":1},\"op\":\"c\"}",
                 "{\"before\":null,\"after\":{\"id\":1},\"op\":\"u\"}",
                 "{\"before\":7,\"after\":{\"id\":1},\"op\":\"u\"}", "{\"op\":\"m\"}", "nonsense",
                 "{\"before\":7,\"after\":{\"id\":2},\"op\":\"c\"}", "{\"after\":{\"id\":1}}");
    TEST_DECODES(NAME, "`t` TIMESTAMP(3)", OPTIONS(NAME ".timestamp-format.standard", "ISO-8601"),
                 "+I 2020-01-01 10:00:00.5",
                 "{\"after\":{\"t\":\"2020-01-01T10:00:00.5\"},\"op\":\"r\"}");
}

/* NULL and empty values make neither a row nor an error, and are still used up. */
Test(debezium, skips_tombstones)
{
    static const char deletion[] = "{\"before\":{\"id\":1},\"op\":\"d\"}";
    struct test_format format;
    struct sl_text texts[] = {{NULL, 0},   SL_TEXT(""),  SL_TEXT(deletion), {NULL, 0},
                              SL_TEXT(""), SL_TEXT(" "), SL_TEXT(deletion), SL_TEXT("")};

    test_format_open(&format, NAME, "`id` INT", NULL);
    cr_expect_str_eq(test_decode_texts(&format, texts, SL_COUNT_OF(texts)),
                     "-D 1\n-D 1\n! 5: it is empty");
    cr_expect_str_eq(test_decode_texts(&format, texts, 2), "");
    test_format_close(&format);
}

/* Decodes `count` records, `row_max` rows at a time, and checks each batch: its rows are those of
 * the records that it used up, in order, and the ones of an update stand together.  Every record is
 * an update from i to -i, every `bad`th is no JSON, every `insert`th an insertion of i. */
static void
debezium_check_batches(uint32_t count, uint32_t row_max, uint32_t bad, uint32_t insert)
{
    struct test_format format;
    struct sl_text *texts = sl_alloc(count * sizeof(*texts));
    struct sl_records records;
    struct sl_decoder *decoder;
    struct sl_decoded decoded;
    struct sl_error err;

    test_format_open(&format, NAME, "`id` INT, `a` ARRAY<INT>", NULL);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = sl_text_of(
            i % bad == 1      ? "{\"op\":\"u\",\"before\":{\"id\":null"
            : i % insert == 2 ? sl_arena_printf(&format.arena,
                                                "{\"after\":{\"id\":%u,\"a\":[1]},\"op\":\"c\"}", i)
                              : sl_arena_printf(&format.arena,
                                                "{\"before\":{\"id\":%u,\"a\":[]},\"after\":{"
                                                "\"id\":-%u,\"a\":[2]},\"op\":\"u\"}",
                                                i, i));
    records = test_records(&format, texts, count);
    cr_assert_eq(sl_decoder_new(format.class, &format.config, &decoder, &err), SL_OK);
    for (uint32_t from = 0; from < count; from += decoded.record_count) {
        uint32_t row = 0, errors = 0;

        format.class->decode(decoder, &records, from, row_max, format.pool, &decoded);
        cr_assert_gt(decoded.record_count, 0);
        cr_assert_leq(from + decoded.record_count, count);
        cr_assert_leq(decoded.row_count, row_max == 1 ? 2 : row_max);
        for (uint32_t i = from; i < from + decoded.record_count; i++) {
            uint32_t rows = i % bad == 1 ? 0 : i % insert == 2 ? 1 : 2;

            if (!rows)
                cr_assert_eq(decoded.errors[errors++].record, i);
            for (uint32_t part = 0; part < rows; part++, row++) {
                int32_t id = ((const int32_t *)decoded.columns[0]->values)[row];
                struct sl_span span = ((const struct sl_span *)decoded.columns[1]->values)[row];

                cr_assert_lt(row, decoded.row_count);
                cr_assert_eq(decoded.row_records[row], i);
                cr_assert(!sl_column_is_null(decoded.columns[0], row));
                cr_assert_eq(id, part ? -(int32_t)i : (int32_t)i);
                cr_assert_eq(span.length, rows == 2 ? part : 1);
                cr_assert_eq(decoded.kinds[row], rows == 1 ? SL_ROW_INSERT
                                                 : part    ? SL_ROW_UPDATE_AFTER
                                                           : SL_ROW_UPDATE_BEFORE);
            }
        }
        cr_assert_eq(row, decoded.row_count);
        cr_assert_eq(errors, decoded.error_count);
        for (size_t i = 0; i < 2; i++)
            sl_column_unref(decoded.columns[i]);
    }
    sl_decoder_free(decoder);
    sl_block_unref(records.slab);
    free(texts);
    test_format_close(&format);
}

Test(debezium, fills_batches_and_no_more)
{
    debezium_check_batches(SL_BATCH_ROWS_MAX, SL_BATCH_ROWS_MAX, UINT32_MAX, UINT32_MAX);
    debezium_check_batches(10000, SL_BATCH_ROWS_MAX, 7, 3);
    debezium_check_batches(300, 1, 7, 3);
    debezium_check_batches(300, 2, 7, 3);
    debezium_check_batches(300, 3, 7, 3);
    debezium_check_batches(300, 100, 7, 3);
}

/* NULLs of both rows of an update that failed are taken back, also behind the last row. */
Test(debezium, failed_records_leave_no_nulls)
{
    struct test_format format;
    struct sl_text texts[] = {SL_TEXT("{\"after\":{\"id\":null},\"op\":\"c\"}"),
                              SL_TEXT("{\"before\":{\"id\":null,\"n\":1},\"after\":{\"id\":null,"
                                      "\"n\":\"x\"},\"op\":\"u\"}")};
    struct sl_records records;
    struct sl_decoder *decoder;
    struct sl_decoded decoded;
    struct sl_error err;

    test_format_open(&format, NAME, "`id` INT, `n` INT", NULL);
    records = test_records(&format, texts, 2);
    cr_assert_eq(sl_decoder_new(format.class, &format.config, &decoder, &err), SL_OK);
    format.class->decode(decoder, &records, 0, 100, format.pool, &decoded);
    cr_expect_eq(decoded.row_count, 1);
    cr_expect_eq(decoded.error_count, 1);
    cr_expect_eq(decoded.columns[0]->validity[0] & 7, 6);
    for (size_t i = 0; i < 2; i++)
        sl_column_unref(decoded.columns[i]);
    sl_decoder_free(decoder);
    sl_block_unref(records.slab);
    test_format_close(&format);
}

static const char *
debezium_encode(const char *const *options, enum sl_row_kind kind)
{
    static char text[128];
    struct test_format format;
    struct sl_error err;
    const char *got = "";

    test_format_open(&format, NAME, "`id` INT, `s` STRING", options);
    cr_assert_eq(test_encode_kind(&format, kind, (const char *const[]){"1", NULL}, &got, &err),
                 SL_OK, "%s", err.text);
    snprintf(text, sizeof(text), "%s", got);
    test_format_close(&format);
    return text;
}

Test(debezium, writes_insertions_and_deletions)
{
    const char *const *options = OPTIONS(NAME ".encode.ignore-null-fields", "true");

    cr_expect_str_eq(debezium_encode(NULL, SL_ROW_INSERT),
                     "{\"before\":null,\"after\":{\"id\":1,\"s\":null},\"op\":\"c\"}");
    cr_expect_str_eq(debezium_encode(NULL, SL_ROW_UPDATE_AFTER),
                     "{\"before\":null,\"after\":{\"id\":1,\"s\":null},\"op\":\"c\"}");
    cr_expect_str_eq(debezium_encode(NULL, SL_ROW_UPDATE_BEFORE),
                     "{\"before\":{\"id\":1,\"s\":null},\"after\":null,\"op\":\"d\"}");
    cr_expect_str_eq(debezium_encode(NULL, SL_ROW_DELETE),
                     "{\"before\":{\"id\":1,\"s\":null},\"after\":null,\"op\":\"d\"}");
    cr_expect_str_eq(debezium_encode(options, SL_ROW_INSERT),
                     "{\"after\":{\"id\":1},\"op\":\"c\"}");
    cr_expect_str_eq(debezium_encode(options, SL_ROW_DELETE),
                     "{\"before\":{\"id\":1},\"op\":\"d\"}");
}

Test(debezium, refuses_what_it_cannot_hold)
{
    const struct sl_format_descriptor *descriptor;
    struct test_format format;
    struct sl_error err;

    test_format_open(&format, NAME, "`m` MAP<INT, INT>", OPTIONS(NAME ".schema-include", "true"));
    descriptor = &format.class->descriptor;
    cr_expect_eq(descriptor->check(&format.options, format.schema, &err), SL_E_NOT_SUPPORTED);
    cr_expect_str_eq(err.text, "column \"m\": format debezium-json has only texts as keys of MAP "
                               "and as elements of MULTISET");
    cr_expect_eq(descriptor->check_sink(&format.options, &err), SL_E_NOT_SUPPORTED);
    test_format_close(&format);
    test_format_open(&format, NAME, "`m` INT", OPTIONS(NAME ".schema-include", "false"));
    cr_expect_eq(format.class->descriptor.check_sink(&format.options, &err), SL_OK);
    test_format_close(&format);
}
