/* PostgreSQL's functions over columns: NULLs, constants, selections. */
#include "expr/expr_test.h"

Test(expr_postgres, texts)
{
    static const struct test_case cases[] = {
        {"(SPLIT_PART s ',' 2)", "STRING", "||~|b|"},
        {"(SPLIT_PART s ',' -1)", "STRING", "Hello|äöü straße|~|c|"},
        {"(SPLIT_PART s ',' i)", "STRING", "||~||!22023"},
        {"(STRPOS s 'l')", "INT", "3|0|~|0|0"},
        {"(QUOTE_NULLABLE s)", "STRING", "'Hello'|'äöü straße'|NULL|'a,b,,c'|''"},
        {"(QUOTE_IDENT s)", "STRING", "\"Hello\"|\"äöü straße\"|~|\"a,b,,c\"|\"\""},
        {"(FORMAT '%L is %s' s i)", "STRING",
         "'Hello' is 7|'äöü straße' is -7|NULL is |'a,b,,c' is 2147483647|'' is 0"},
        {"(TO_HEX t)", "STRING", "1|ffffff80|~|7f|0"},
        {"(LPAD s 6)", "STRING", " Hello|äöü st|~|a,b,,c|      "},
        {"(REGEXP_LIKE s 'HE' 'i')", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(PG_TYPEOF arr)", "STRING NOT NULL", "integer[]|integer[]|integer[]|integer[]|integer[]"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}

Test(expr_postgres, numbers_and_times)
{
    static const struct test_case cases[] = {
        {"(DIV i j)", "INT", "3|-2|~|429496729|!22012"},
        {"(TRUNC n)", "DECIMAL(9, 0)", "12|0|~|99999999|0"},
        {"(WIDTH_BUCKET i 0 10 j)", "INT", "2|0|~|6|!22023"},
        {"(MAKE_DATE 2024 j 29)", "DATE NOT NULL",
         "2024-02-29|2024-03-29|2024-04-29|2024-05-29|!22008"},
        {"(TO_CHAR n '99999990.00')", "STRING",
         "       12.34|       -0.05|~| 99999999.99|        0.00"},
        {"(TO_CHAR ts 'YYYY-MM-DD HH24:MI:SS.MS')", "STRING",
         "2024-02-29 13:04:05.678|1969-12-31 23:59:59.999|~|2023-01-01 00:00:00.000|"
         "2000-12-31 12:00:00.000"},
        {"(TO_CHAR ltz 'DD HH24 OF')", "STRING", "01 00 +02|01 00 +01|~|31 01 +01|01 01 +01"},
        /* Thursday, Wednesday, Sunday, Sunday: the Monday before. */
        {"(DATE_TRUNC 'week' ts)", "TIMESTAMP(3)",
         "2024-02-26 00:00:00.000|1969-12-29 00:00:00.000|~|2022-12-26 00:00:00.000|"
         "2000-12-25 00:00:00.000"},
        {"(DATE_TRUNC 'month' ltz)", "TIMESTAMP_LTZ(3)",
         "2024-07-01 00:00:00.000|2024-02-01 00:00:00.000|~|2024-03-01 00:00:00.000|"
         "1970-01-01 00:00:00.000"},
        {"(DATE_PART 'dow' date)", "DOUBLE", "4.0|3.0|~|0.0|0.0"},
        {"(DATE_PART 'epoch' ts)", "DOUBLE",
         "1.709211845678E9|-0.0010000000000000009|~|1.6725312E9|9.78264E8"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}
