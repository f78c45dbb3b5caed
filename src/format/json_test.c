/* Tests the json format: every type both ways, Flink's leniency, escapes, nesting, bad records
 * among good ones, in Flink's documented forms. */
#include "format/format_test.h"

#include "format/json_internal.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(json, reads_numbers)
{
    TEST_DECODES("json", "`a` BOOLEAN, `b` TINYINT, `c` SMALLINT, `d` INT, `e` BIGINT", NULL,
                 "t|-128|32767|-2147483648|9223372036854775807\nf|1|2|3|4\n~|~|~|~|~",
                 "{\"a\":true,\"b\":-128,\"c\":32767,\"d\":-2147483648,\"e\":9223372036854775807}",
                 " { \"e\" : \" 4 \" ,\t\"d\":3.9, \"c\":\"2\",\n\"b\":\"1\" , \"a\":\"no\" } ",
                 "{\"a\":null,\"x\":[1,{\"a\":true}],\"c\":null}");
    TEST_DECODES("json", "`f` FLOAT, `d` DOUBLE, `n` DECIMAL(6, 2)", NULL,
                 "1.5|-0.1|1234.57\n1e+20|1.7976931348623157e+308|~\nNaN|Infinity|-0.01",
                 "{\"f\":1.5,\"d\":-0.1,\"n\":1234.565}",
                 "{\"f\":1e20,\"d\":1.7976931348623157e308,\"n\":12345678}",
                 "{\"f\":\"NaN\",\"d\":\"Infinity\",\"n\":\"-1e-2\"}");
}

Test(json, reads_times_of_both_standards)
{
    TEST_DECODES("json",
                 "`d` DATE, `t` TIME(3), `s` TIMESTAMP(3), `z` TIMESTAMP_LTZ(6), `y` "
                 "INTERVAL YEAR TO MONTH, `i` INTERVAL DAY TO SECOND",
                 NULL,
                 "2020-02-29|12:34:56.789|1969-12-31 23:59:59.999|2020-01-01 "
                 "00:00:00.000001+00|1 year 2 mons|00:00:01.5",
                 "{\"d\":\"2020-02-29\",\"t\":\"12:34:56.789\",\"s\":\"1969-12-31 "
                 "23:59:59.9999\",\"z\":\"2020-01-01 00:00:00.000001Z\",\"y\":14,\"i\":1500}");
    TEST_DECODES("json", "`s` TIMESTAMP(3), `z` TIMESTAMP_LTZ(3)",
                 OPTIONS("json.timestamp-format.standard", "ISO-8601"),
                 "2020-01-01 10:00:00|2020-01-01 10:00:00.5+00\n"
                 "! 1: field \"s\": \"2020-01-01 10:00:00\" is no TIMESTAMP(3)\n"
                 "! 2: field \"z\": \"2020-01-01T10:00:00\" is no TIMESTAMP_LTZ(3)",
                 "{\"s\":\"2020-01-01T10:00\",\"z\":\"2020-01-01T10:00:00.5Z\"}",
                 "{\"s\":\"2020-01-01 10:00:00\"}", "{\"z\":\"2020-01-01T10:00:00\"}");
    TEST_DECODES("json", "`d` DATE", NULL, "! 0: field \"d\": \"2021-02-29\" is no DATE",
                 "{\"d\":\"2021-02-29\"}");
}

Test(json, reads_texts)
{
    TEST_DECODES("json", "`s` STRING, `b` BYTES", NULL,
                 "plain and longer than twelve|\\x68656c6c6f\n"
                 "a\"b\\c/\b\f\n\r\tä€😀\xef\xbf\xbd, and longer than twelve|~\n"
                 "12.50|~\ntrue|~\n{\"a\":[1,\"x y\"]}|~\n|\\x",
                 "{\"s\":\"plain and longer than twelve\",\"b\":\"aGVsbG8=\"}",
                 "{\"s\":\"a\\\"b\\\\c\\/\\b\\f\\n\\r\\t\\u00e4\\u20AC\\ud83d\\ude00\\ud83d, and "
                 "longer than twelve\"}",
                 "{\"s\":12.50}", "{\"s\":true}", "{\"s\": { \"a\" : [1, \"x y\"] } }",
                 "{\"s\":\"\",\"b\":\"\"}");
    TEST_DECODES("json", "`key` STRING", NULL, "~", "{\"\":1}");
    /* A key may be written with escapes, and the last of two equal ones counts. */
    TEST_DECODES("json", "`key` STRING", NULL, "2", "{\"k\\u0065y\":1,\"key\":2}");
}

Test(json, reads_nested_values)
{
    TEST_DECODES("json",
                 "`r` ROW<`x` INT, `y` ROW<`z` STRING>>, `a` ARRAY<INT>, `m` MAP<STRING, INT>, "
                 "`t` MULTISET<STRING>",
                 NULL,
                 "(1,\"(q)\")|{1,NULL,3}|{\"k\": 2, \"l\": null}|{\"p\": 2}\n~|{}|{}|~\n(,)|~|~|~",
                 "{\"r\":{\"y\":{\"z\":\"q\",\"w\":[{}]},\"x\":1},\"a\":[1,null,3],"
                 "\"m\":{\"k\":1,\"l\":null,\"k\":2},\"t\":{\"p\":2}}",
                 "{\"a\":[],\"m\":{},\"r\":null}", "{\"r\":{}}");
    TEST_DECODES("json", "`r` ROW<`x` INT>, `a` ARRAY<INT>", NULL,
                 "! 0: field \"r\": field \"x\": \"no\" is no INT\n"
                 "! 1: field \"a\": {} is no ARRAY<INT>\n! 2: field \"r\": 5 is no ROW<`x` INT>",
                 "{\"r\":{\"x\":\"no\"},\"a\":[1]}", "{\"a\":{}}", "{\"r\":5}");
}

Test(json, names_what_is_wrong_and_goes_on)
{
    TEST_DECODES("json", "`a` INT, `s` STRING", NULL,
                 "1|one\n2|two\n3|three\n4|four\n5|five\n"
                 "! 1: field \"a\": \"x\" is no INT\n! 3: a string does not end\n"
                 "! 4: it is no valid JSON\n! 5: it is no valid JSON\n! 7: it is no valid JSON\n"
                 "! 8: it is no JSON object\n! 9: it is empty\n! 11: something follows its object",
                 "{\"a\":1,\"s\":\"one\"}", "{\"a\":\"x\",\"s\":\"never seen\"}",
                 "{\"a\":2,\"s\":\"two\"}", "{\"a\":9,\"s\":\"no end", "{\"a\":9,", "{\"a\":9,}",
                 "{\"a\":3,\"s\":\"three\"}", "{\"a\" 9}", "[]", " ", "{\"a\":4,\"s\":\"four\"}",
                 "{\"a\":9}}", "{\"a\":5,\"s\":\"five\"}");
    TEST_DECODES("json", "`a` INT", NULL,
                 "! 0: it is not UTF-8\n! 1: a string holds a control character\n"
                 "! 2: it is no valid JSON\n! 3: it is no valid JSON",
                 "{\"a\":\"\xff\"}", "{\"a\":\"\n\"}", "{\"b\":tru,\"a\":1}", "{\"b\":01}");
    TEST_DECODES("json", "`a` INT", NULL, "! 0: field \"a\": 2147483648 is no INT",
                 "{\"a\":2147483648}");
}

Test(json, follows_its_options)
{
    TEST_DECODES("json", "`a` INT, `b` ARRAY<INT>", OPTIONS("json.ignore-parse-errors", "true"),
                 "~|{NULL,2}\n1|~\nskipped 2", "{\"a\":\"x\",\"b\":[\"y\",2]}", "nonsense",
                 "{\"a\":", "{\"a\":1}");
    TEST_DECODES("json", "`a` INT, `b` INT", OPTIONS("json.fail-on-missing-field", "true"),
                 "1|~\n! 1: field \"b\" is missing", "{\"a\":1,\"b\":null}", "{\"a\":1}");
}

/* A NULL value makes no row and no error; what a failed record wrote leaves no trace. */
Test(json, skips_records_without_a_value)
{
    struct test_format format;
    struct sl_text texts[] = {SL_TEXT("{\"a\":null,\"b\":[1]}"),
                              {NULL, 0},
                              SL_TEXT("{\"a\":null,\"b\":[2],\"c\":x}"),
                              SL_TEXT("{\"a\":7,\"b\":[3]}")};

    test_format_open(&format, "json", "`a` INT, `b` ARRAY<INT>, `c` INT", NULL);
    cr_expect_str_eq(test_decode_texts(&format, texts, SL_COUNT_OF(texts)),
                     "~|{1}|~\n7|{3}|~\n! 2: it is no valid JSON");
    test_format_close(&format);
}

/* Bad records in any number and place never change what the good ones around them give. */
Test(json, keeps_good_records_apart_from_bad_ones)
{
    static const char *const bad[] = {"{\"a\":\"open", "{\"a\":\"x\\", "\"", "{\"\xc3", "}{", ""};
    struct test_format format;
    struct sl_text texts[900];
    char good[900][32];
    struct sl_buffer expected;
    unsigned seed = 1;
    const char *got;

    test_format_open(&format, "json", "`a` INT", OPTIONS("json.ignore-parse-errors", "true"));
    sl_buffer_init(&expected, SIZE_MAX / 2);
    for (int i = 0; i < 900; i++) {
        seed = seed * 1103515245 + 12345;
        snprintf(good[i], sizeof(good[i]), "{\"a\":%d}", i);
        texts[i] = sl_text_of(good[i]);
        if (seed >> 16 & 1)
            texts[i] = sl_text_of(bad[(seed >> 17) % SL_COUNT_OF(bad)]);
        else
            sl_buffer_printf(&expected, "%d\n", i);
    }
    got = test_decode_texts(&format, texts, 900);
    cr_expect(strncmp(got, expected.data, expected.length) == 0);
    cr_expect(strncmp(got + expected.length, "skipped ", 8) == 0, "%s", got + expected.length);
    sl_buffer_done(&expected);
    test_format_close(&format);
}

Test(json, writes_every_type)
{
    TEST_ENCODES("json",
                 "`b` BOOLEAN, `t` TINYINT, `l` BIGINT, `f` FLOAT, `d` DOUBLE, `n` DECIMAL(10, 2)",
                 NULL,
                 "{\"b\":true,\"t\":-5,\"l\":-9223372036854775808,\"f\":1.5,\"d\":1.0E20,"
                 "\"n\":12.50}",
                 "t", "-5", "-9223372036854775808", "1.5", "1e20", "12.5");
    TEST_ENCODES(
        "json",
        "`d` DATE, `t` TIME(0), `s` TIMESTAMP(3), `z` TIMESTAMP_LTZ(3), `y` INTERVAL YEAR TO "
        "MONTH, `i` INTERVAL DAY TO SECOND",
        NULL,
        "{\"d\":\"2020-02-29\",\"t\":\"12:34:56\",\"s\":\"2020-01-01 00:00:00.12\",\"z\":"
        "\"2020-01-01 00:00:00Z\",\"y\":14,\"i\":1500}",
        "2020-02-29", "12:34:56", "2020-01-01 00:00:00.12", "2020-01-01 02:00:00+02",
        "1 year 2 mons", "1.5 seconds");
    TEST_ENCODES("json", "`s` TIMESTAMP(3), `z` TIMESTAMP_LTZ(3)",
                 OPTIONS("json.timestamp-format.standard", "ISO-8601"),
                 "{\"s\":\"2020-01-01T00:00:00.123\",\"z\":\"2020-01-01T00:00:00Z\"}",
                 "2020-01-01 00:00:00.123", "2020-01-01 00:00:00+00");
    TEST_ENCODES(
        "json", "`s` STRING, `b` BYTES, `q\"` STRING", NULL,
        "{\"s\":\"a\\\"b\\\\c/\\n\\u0001\\u001Fä and more text\",\"b\":\"aGVsbG8=\",\"q\\\"\":"
        "null}",
        "a\"b\\c/\n\x01\x1fä and more text", "\\x68656c6c6f", NULL);
    TEST_ENCODES("json", "`f` DOUBLE", NULL, "{\"f\":\"NaN\"}", "NaN");
}

Test(json, writes_nested_values)
{
    TEST_ENCODES("json", "`r` ROW<`x` INT, `y` STRING>, `a` ARRAY<ARRAY<INT>>", NULL,
                 "{\"r\":{\"x\":1,\"y\":null},\"a\":[[1,2],[]]}", "(1,)", "{{1,2},{}}");
    TEST_ENCODES("json", "`r` ROW<`x` INT, `y` STRING>, `a` INT",
                 OPTIONS("json.encode.ignore-null-fields", "true"), "{\"r\":{\"x\":1}}", "(1,)",
                 NULL);
    TEST_ENCODES("json", "`n` DECIMAL(12, 9)", NULL, "{\"n\":2.7E-8}", "0.000000027");
    TEST_ENCODES("json", "`n` DECIMAL(12, 9)",
                 OPTIONS("json.encode.decimal-as-plain-number", "true"), "{\"n\":0.000000027}",
                 "0.000000027");
}

static const char *
json_encode_map(const char *mode, struct sl_error *err)
{
    const char *const options[] = {"json.map-null-key.mode", mode, "json.map-null-key.literal",
                                   "none", NULL};
    struct test_format format;
    struct sl_value items[4];
    struct sl_value map;
    struct sl_column_builder *builder;
    struct sl_batch *batch;
    struct sl_encoder *encoder;
    struct sl_encoded encoded;
    static char text[64];
    int rc;

    test_format_open(&format, "json", "`m` MAP<STRING, INT>", options);
    for (int i = 0; i < 4; i++)
        items[i] = (struct sl_value){.type = i % 2 ? &sl_type_int : &sl_type_string, .integer = i};
    items[0].is_null = true;
    items[2].text = SL_TEXT("k");
    map = (struct sl_value){.type = format.schema->columns[0].type, .list = {items, 4}};
    builder = sl_column_builder_new(format.pool, map.type, 1);
    sl_column_builder_add(builder, &map);
    batch = sl_batch_new(format.pool, 1, 1);
    sl_batch_set_column(batch, 0, sl_column_builder_end(builder));
    sl_encoded_init(&encoded);
    cr_assert_eq(sl_encoder_new(format.class, &format.config, &encoder, err), SL_OK);
    rc = format.class->encode(encoder, batch, &encoded, err);
    snprintf(text, sizeof(text), "%.*s", (int)encoded.data.length, encoded.data.data);
    sl_encoder_free(encoder);
    sl_encoded_done(&encoded);
    sl_batch_unref(batch);
    test_format_close(&format);
    return rc < 0 ? err->text : text;
}

Test(json, writes_null_keys_by_the_mode)
{
    struct sl_error err;

    cr_expect_str_eq(json_encode_map("DROP", &err), "{\"m\":{\"k\":3}}");
    cr_expect_str_eq(json_encode_map("LITERAL", &err), "{\"m\":{\"none\":1,\"k\":3}}");
    cr_expect_str_eq(json_encode_map("FAIL", &err),
                     "column \"m\": a key of a map is NULL, which JSON has not");
}

Test(json, refuses_what_it_cannot_hold)
{
    struct test_format format;
    struct sl_error err;

    test_format_open(&format, "json", "`m` MAP<INT, INT>", NULL);
    cr_expect_eq(format.class->descriptor.check(&format.options, format.schema, &err),
                 SL_E_NOT_SUPPORTED);
    test_format_close(&format);
    test_format_open(
        &format, "json", "`a` INT",
        OPTIONS("json.ignore-parse-errors", "true", "json.fail-on-missing-field", "true"));
    cr_expect_eq(format.class->descriptor.check(&format.options, format.schema, &err),
                 SL_E_INVALID_PARAMETER_VALUE);
    test_format_close(&format);
}
