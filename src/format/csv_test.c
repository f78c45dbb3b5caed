/* Tests the csv format: every type both ways, quotes and escapes as Jackson has them, ARRAY and ROW
 * in one field, the options, bad records. */
#include "format/format_test.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static int
csv_check(const char *row_type, const char *const *options, struct sl_error *err)
{
    struct test_format format;
    int rc;

    sl_error_reset(err);
    test_format_open(&format, "csv", row_type, options);
    rc = format.class->descriptor.check(&format.options, format.schema, err);
    test_format_close(&format);
    return rc;
}

/* The forms of Flink's CsvRowDataSerDeSchemaTest. */
Test(csv, reads_every_simple_type)
{
    TEST_DECODES("csv", "`a` BOOLEAN, `b` TINYINT, `c` SMALLINT, `d` INT, `e` BIGINT", NULL,
                 "t|124|10000|12|12345678910\n~|~|~|~|~",
                 "true,124,10000,       12          ,12345678910", ",,,,");
    TEST_DECODES("csv", "`f` FLOAT, `d` DOUBLE, `n` DECIMAL(38, 25)", NULL,
                 "0.33333334|0.33333333332|1234.0000000000000000000000001\nNaN|-Infinity|"
                 "100000.0000000000000000000000000",
                 "0.33333334,0.33333333332,\"1234.0000000000000000000000001\"",
                 "NaN,-Infinity,1E+5");
    TEST_DECODES("csv", "`d` DATE, `t` TIME(3), `s` TIMESTAMP(3), `z` TIMESTAMP_LTZ(3)", NULL,
                 "2018-10-12|12:12:12.232|2018-10-12 12:12:12.123|1970-01-01 00:02:03.456+00",
                 "2018-10-12,12:12:12.232342,\"2018-10-12 12:12:12.123\",1970-01-01 "
                 "00:02:03.456Z");
    TEST_DECODES("csv",
                 "`b` BYTES, `v` VARBINARY(2), `m` INTERVAL YEAR TO MONTH, `i` INTERVAL "
                 "DAY TO SECOND",
                 NULL,
                 "\\x6b030b|\\x6b03|1 year 2 mons|00:00:01.5\n\\x|\\x|~|~\n"
                 "! 2: field \"b\": \"a!\" is no BYTES\n"
                 "! 3: field \"v\": \"awML\" is no VARBINARY(2)\n"
                 "! 4: field \"i\": \"1 day\" is no INTERVAL DAY TO SECOND(6)",
                 "awML,awM=,14,1500", ",,,", "a!,,,", ",awML,,", ",,,1 day");
}

Test(csv, reads_quotes_and_escapes_as_jackson_does)
{
    TEST_DECODES("csv", "`a` STRING, `b` STRING", NULL,
                 "a,b|c \"d\"\n5\" pipe|x\n|\nt |r\n! 4: text follows a closing quote\n"
                 "! 5: a quote is not closed",
                 "\"a,b\",\"c \"\"d\"\"\"", "5\" pipe,x", ",\"\"", "\"t \"  ,r\r\n", "\"a\"b,c",
                 "a,\"b");
    TEST_DECODES("csv", "`a` STRING, `b` STRING",
                 OPTIONS("csv.escape-character", "*", "csv.quote-character", "'",
                         "csv.field-delimiter", ";"),
                 "123'4*|a;b'c\n123'4*|x\ny;z", "123*'4**;'a;b*'c'", "'123''4**';'x*ny*;z'");
    /* An escape character that is the quote is what a doubled quote is anyway. */
    TEST_DECODES("csv", "`a` STRING, `b` STRING", OPTIONS("csv.escape-character", "\""), "a\"b|c",
                 "\"a\"\"b\",c");
    TEST_DECODES("csv", "`a` STRING, `b` INT",
                 OPTIONS("csv.disable-quote-character", "true", "csv.field-delimiter", "\\t"),
                 "\"abc|1", "\"abc\t1");
    TEST_DECODES("csv", "`a` STRING, `b` INT", OPTIONS("csv.field-delimiter", "\\u0001"), "x|1",
                 "x\0011");
}

Test(csv, reads_arrays_and_rows_out_of_one_field)
{
    TEST_DECODES("csv", "`r` ROW<`f0` STRING, `f1` INT, `f2` BOOLEAN>, `a` ARRAY<STRING>", NULL,
                 "(Hello,42,f)|{a,b,c}\n~|{}\n(\"\",,)|{\"x,y\",\"\"}\n"
                 "! 3: field \"r\": it has 2 values, its ROW 3 fields\n"
                 "! 4: field \"r\": invalid input for type INT: \"y\"",
                 "Hello;42;false,a;b;c", ",", ";;,\"x,y;\"", "a;1,", "x;y;true,");
    TEST_DECODES("csv", "`a` ARRAY<TINYINT>, `b` ARRAY<BYTES>, `t` ARRAY<TIMESTAMP(3)>",
                 OPTIONS("csv.null-literal", "null", "csv.array-element-delimiter", "|"),
                 "{12,4,NULL}|{\"\\\\x6b030b\",\"\\\\x\"}|{\"2020-01-01 00:00:00\"}\n~|{NULL}|{}",
                 "12|4|null,awML|,2020-01-01 00:00:00", "null,\"null\",");
}

Test(csv, follows_its_options)
{
    TEST_DECODES("csv", "`a` STRING, `b` INT, `c` STRING",
                 OPTIONS("csv.ignore-parse-errors", "true", "csv.allow-comments", "true"),
                 "Test|~|Test\nTest|~|~\n#|1|x\nskipped 1", "Test,null,Test", "Test",
                 "Test,12,Test,Test", "#Test,12,Test", "\"#\",1,x");
    TEST_DECODES("csv", "`a` INT, `r` ROW<`x` INT, `y` INT>, `l` ARRAY<INT>",
                 OPTIONS("csv.ignore-parse-errors", "true"), "1|(1,)|{1,NULL}\n2|(1,2)|{}",
                 "1,1,1;x", "2,1;2;3,");
    TEST_DECODES("csv", "`a` STRING, `b` INT", NULL,
                 "#a|1\n! 1: it has 1 fields, the table 2 columns\n! 2: it has more than 2 fields",
                 "#a,1", "x", "x,1,2");
    TEST_DECODES("csv", "`a` STRING, `b` STRING", OPTIONS("csv.null-literal", "n/a"), "~|n/a\n|x",
                 "n/a,\"n/a\"", ",x");
}

/* What is not text never reaches a column of texts. */
Test(csv, refuses_bytes_that_are_not_utf8)
{
    TEST_DECODES("csv", "`a` STRING", NULL, "ä\n! 0: it is not UTF-8", "\xff", "ä");
    TEST_DECODES("raw", "`a` STRING", NULL, "ä\n! 0: it is not UTF-8", "\xff", "ä");
    TEST_DECODES("raw", "`a` BYTES", NULL, "\\xff", "\xff");
}

/* The forms of Flink; a quote only where the text would not be read back without it. */
Test(csv, writes_every_simple_type)
{
    TEST_ENCODES("csv", "`a` BOOLEAN, `b` TINYINT, `c` BIGINT, `f` FLOAT, `d` DOUBLE, `x` DOUBLE",
                 NULL, "true,-1,9876543210,1.5,1.0E20,NaN", "t", "-1", "9876543210", "1.5", "1e20",
                 "NaN");
    TEST_ENCODES("csv",
                 "`d` DATE, `t` TIME(3), `s` TIMESTAMP(3), `z` TIMESTAMP_LTZ(3), `m` INTERVAL "
                 "YEAR TO MONTH, `i` INTERVAL DAY TO SECOND, `b` BYTES",
                 NULL,
                 "2018-10-12,12:12:00.2,2018-10-12 12:12:12,1970-01-01 00:02:03.5Z,14,1500,"
                 "awML",
                 "2018-10-12", "12:12:00.2", "2018-10-12 12:12:12", "1970-01-01 00:02:03.5+00",
                 "1 year 2 mons", "1.5 seconds", "\\x6b030b");
    TEST_ENCODES("csv", "`a` STRING, `b` STRING, `c` STRING, `d` STRING, `e` INT", NULL,
                 "\"#a\",\"b,c\",\"d\"\"e\",\"\",", "#a", "b,c", "d\"e", "", NULL);
    TEST_ENCODES("csv", "`s` TIMESTAMP(3), `b` INT", OPTIONS("csv.field-delimiter", "-"),
                 "\"2018-10-12 00:00:00\"-\"-1\"", "2018-10-12 00:00:00", "-1");
    TEST_ENCODES("csv", "`a` STRING, `b` STRING",
                 OPTIONS("csv.escape-character", "*", "csv.quote-character", "'"), "'123''4**',x",
                 "123'4*", "x");
    TEST_ENCODES("csv", "`a` STRING, `b` STRING, `c` INT", OPTIONS("csv.null-literal", "n/a"),
                 "n/a,\"n/a\",n/a", NULL, "n/a", NULL);
}

Test(csv, writes_decimals_by_their_option)
{
    TEST_ENCODES("csv", "`a` DECIMAL(10, 3), `b` DECIMAL(10, 2)", NULL, "100000.000,0.00", "100000",
                 "0");
    TEST_ENCODES("csv", "`a` DECIMAL(10, 3), `b` DECIMAL(10, 2), `c` DECIMAL(38, 10)",
                 OPTIONS("csv.write-bigdecimal-in-scientific-notation", "true"), "1E+5,0,1E-9",
                 "100000", "0", "0.000000001");
}

Test(csv, writes_arrays_and_rows_in_one_field)
{
    TEST_ENCODES("csv", "`r` ROW<`f0` STRING, `f1` INT>, `a` ARRAY<STRING>, `n` ARRAY<INT>", NULL,
                 "Hello;,\"a,b;c\",\"\"", "(Hello,)", "{\"a,b\",c}", "{}");
    TEST_ENCODES("csv", "`r` ROW<`f0` STRING>, `a` ARRAY<INT>, `n` ARRAY<INT>",
                 OPTIONS("csv.null-literal", "null", "csv.array-element-delimiter", ":"),
                 "null,1:null,\"null\"", NULL, "{1,NULL}", "{NULL}");
}

Test(csv, refuses_what_flink_refuses)
{
    static const char *const nested[] = {"`m` MAP<STRING, INT>",      "`m` MULTISET<STRING>",
                                         "`a` ARRAY<ARRAY<INT>>",     "`a` ARRAY<ROW<`x` INT>>",
                                         "`r` ROW<`x` ROW<`y` INT>>", "`r` ROW<`x` ARRAY<INT>>"};
    struct sl_error err;

    for (size_t i = 0; i < SL_COUNT_OF(nested); i++)
        cr_expect_eq(csv_check(nested[i], NULL, &err), SL_E_NOT_SUPPORTED, "%s", nested[i]);
    cr_expect_str_eq(err.text, "column \"r\": format csv does not hold ARRAY<INT> inside ARRAY or "
                               "ROW");
    cr_expect_eq(csv_check("`a` ARRAY<INT>, `r` ROW<`x` INT, `y` BYTES>", NULL, &err), SL_OK, "%s",
                 err.text);
}

Test(csv, checks_its_options)
{
    static const char *const bad[][5] = {
        {"csv.field-delimiter", ""},
        {"csv.field-delimiter", "||"},
        {"csv.field-delimiter", "\\q"},
        {"csv.quote-character", "ab"},
        {"csv.escape-character", ""},
        {"value.csv.array-element-delimiter", "::"},
        {"csv.field-delimiter", "\""},
        {"csv.quote-character", "'", "csv.disable-quote-character", "true"},
    };
    struct sl_error err;

    for (size_t i = 0; i < SL_COUNT_OF(bad); i++)
        cr_expect_eq(csv_check("`a` INT", bad[i], &err), SL_E_INVALID_PARAMETER_VALUE, "case %zu",
                     i);
    /* Flink takes it, this does not. */
    cr_expect_eq(csv_check("`a` INT", OPTIONS("csv.field-delimiter", "§"), &err),
                 SL_E_NOT_SUPPORTED);
}
