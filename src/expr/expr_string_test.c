/* String functions; characters are Unicode's, positions count from 1. */
#include "expr/expr_test.h"

Test(expr_string, functions)
{
    static const struct test_case cases[] = {
        {"(|| s '!')", "STRING", "Hello!|äöü straße!|~|a,b,,c!|!"},
        {"(CONCAT j '-' o)", "STRING", "2-TRUE|3-FALSE|~|5-TRUE|0-FALSE"},
        {"(CONCAT_WS '/' s NULL 'x')", "STRING", "Hello/x|äöü straße/x|x|a,b,,c/x|/x"},
        {"(CONCAT_WS NULL s)", "STRING", "~|~|~|~|~"},
        {"(UPPER s)", "STRING", "HELLO|ÄÖÜ STRASSE|~|A,B,,C|"},
        {"(LOWER 'ÀB')", "STRING NOT NULL", "àb|àb|àb|àb|àb"},
        {"(INITCAP 'hELLO wORLD-x')", NULL,
         "Hello World-X|Hello World-X|Hello World-X|Hello World-X|Hello World-X"},
        {"(TRIM u)", "STRING", "12|1.234|~|x1|3"},
        {"(LTRIM s 'Häa')", "STRING", "ello|öü straße|~|,b,,c|"},
        {"(RTRIM u)", "STRING", "12|1.234|~|x1|  3"},
        {"(SUBSTRING s 2)", "STRING", "ello|öü straße|~|,b,,c|"},
        {"(SUBSTRING s 2 3)", "STRING", "ell|öü |~|,b,|"},
        {"(SUBSTRING s 0 2)", "STRING", "He|äö|~|a,|"},
        {"(SUBSTRING s -4 2)", "STRING", "el|ra|~|b,|"},
        {"(SUBSTRING s 2 -1)", "STRING", "~|~|~|~|~"},
        {"(SUBSTRING 'a text of more than twelve' 3 20)", NULL,
         "text of more than tw|text of more than tw|text of more than tw|text of more than tw|"
         "text of more than tw"},
        {"(LEFT s 2)", "STRING", "He|äö|~|a,|"},
        {"(RIGHT s 2)", "STRING", "lo|ße|~|,c|"},
        {"(LEFT s -1)", "STRING", "||~||"},
        {"(POSITION 'l' s)", "INT", "3|0|~|0|0"},
        {"(INSTR s ',')", "INT", "0|0|~|2|0"},
        {"(LOCATE ',' s 3)", "INT", "0|0|~|4|0"},
        {"(LOCATE 'ß' s)", "INT", "0|9|~|0|0"},
        {"(REPLACE s ',' '--')", "STRING", "Hello|äöü straße|~|a--b----c|"},
        {"(REPLACE 'ab' '' 'x')", NULL, "xaxbx|xaxbx|xaxbx|xaxbx|xaxbx"},
        {"(CHAR_LENGTH s)", "INT", "5|10|~|6|0"},
        {"(OCTET_LENGTH s)", "INT", "5|14|~|6|0"},
        {"(LPAD s 7 'ab')", "STRING", "abHello|äöü str|~|aa,b,,c|abababa"},
        {"(RPAD s 6 'ö')", "STRING", "Helloö|äöü st|~|a,b,,c|öööööö"},
        {"(LPAD s -1 'a')", "STRING", "~|~|~|~|~"},
        {"(REPEAT u 2)", "STRING", "1212|1.2341.234|~|x1x1|  3   3 "},
        {"(REPEAT 'abcd' 100000000)", NULL, "!54000|!54000|!54000|!54000|!54000"},
        {"(REVERSE s)", "STRING", "olleH|eßarts üöä|~|c,,b,a|"},
        {"(SPLIT_INDEX s ',' 1)", "STRING", "~|~|~|b|~"},
        {"(SPLIT_INDEX s ',' 2)", "STRING", "~|~|~||~"},
        {"(SPLIT_INDEX s ',' 4)", "STRING", "~|~|~|~|~"},
        {"(STARTSWITH s 'He')", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(ENDSWITH s 'e')", "BOOLEAN", "FALSE|TRUE|~|FALSE|FALSE"},
        {"(TYPEOF (+ i 0.5))", "STRING NOT NULL",
         "DECIMAL(12, 1)|DECIMAL(12, 1)|DECIMAL(12, 1)|DECIMAL(12, 1)|DECIMAL(12, 1)"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}

Test(expr_string, nested_values)
{
    static const struct test_case cases[] = {
        {"([] arr 2)", "INT", "2|~|~|~|~"},
        {"([] arr 0)", "INT", "!2202E|!2202E|~|!2202E|!2202E"},
        {"([] m 'b')", "INT", "2|~|~|~|5"},
        {"(. r 1)", "STRING", "one|~|~|a long enough text|five"},
        {"([] r 'x')", "INT", "1|2|~|~|5"},
        {"(CARDINALITY arr)", "INT", "3|0|~|1|1"},
        {"(CARDINALITY m)", "INT", "2|0|~|1|1"},
        {"(ARRAY i j)", "ARRAY<INT> NOT NULL", "[7, 2]|[-7, 3]|[NULL, 4]|[2147483647, 5]|[0, 0]"},
        {"(MAP s j)", "MAP<STRING, INT NOT NULL> NOT NULL",
         "{Hello=2}|{äöü straße=3}|{NULL=4}|{a,b,,c=5}|{=0}"},
        {"(ROW i (ROW s TRUE))", NULL,
         "(7, (Hello, TRUE))|(-7, (äöü straße, TRUE))|(NULL, (NULL, TRUE))|"
         "(2147483647, (a,b,,c, TRUE))|(0, (, TRUE))"},
        {"(. (ROW s i) 0)", "STRING", "Hello|äöü straße|~|a,b,,c|"},
        {"([] (ARRAY 'x' s) 2)", "STRING", "Hello|äöü straße|~|a,b,,c|"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}

Test(expr_string, what_does_not_bind)
{
    static const struct {
        const char *expr;
        int code;
    } cases[] = {
        {"(UPPER i)", SL_E_UNDEFINED_FUNCTION},
        {"(UPER s)", SL_E_UNDEFINED_FUNCTION},
        {"(SUBSTRING s)", SL_E_UNDEFINED_FUNCTION},
        {"(+ i o)", SL_E_UNDEFINED_FUNCTION},
        {"(= i o)", SL_E_UNDEFINED_FUNCTION},
        {"(AND i o)", SL_E_UNDEFINED_FUNCTION},
        {"(CASE i 1)", SL_E_DATATYPE_MISMATCH},
        {"(CASE o 1 'x')", SL_E_DATATYPE_MISMATCH},
        {"(CAST ts {BIGINT})", SL_E_CANNOT_COERCE},
        {"(CAST i {TIMESTAMP(3)})", SL_E_CANNOT_COERCE},
        {"(EXTRACT 'FORTNIGHT' ts)", SL_E_UNDEFINED_FUNCTION},
        {"(< m m)", SL_E_UNDEFINED_FUNCTION},
        {"(ENDSWITH bytes o)", SL_E_UNDEFINED_FUNCTION},
        {"(STARTSWITH bytes i)", SL_E_UNDEFINED_FUNCTION},
        {"(ARRAY_APPEND arr s)", SL_E_UNDEFINED_FUNCTION},
        {"(JSON_VALUE i s)", SL_E_UNDEFINED_FUNCTION},
    };
    struct test_input input;

    test_input_init(&input);
    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        struct sl_error err;

        sl_error_reset(&err);
        cr_expect_null(test_bind(&input, cases[i].expr, &err), "%s", cases[i].expr);
        cr_expect_eq(err.code, cases[i].code, "%s: %s", cases[i].expr, err.text);
    }
    test_input_done(&input);
}
