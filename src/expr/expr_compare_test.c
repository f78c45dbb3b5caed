/* Comparison, logic and conditions: three values, guarded branches, types as Flink's. */
#include "expr/expr_test.h"

Test(expr_compare, comparisons)
{
    static const struct test_case cases[] = {
        {"(= i 7)", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(<> i j)", "BOOLEAN", "TRUE|TRUE|~|TRUE|FALSE"},
        {"(< 5 i)", "BOOLEAN", "TRUE|FALSE|~|TRUE|FALSE"},
        {"(>= j 3)", "BOOLEAN NOT NULL", "FALSE|TRUE|TRUE|TRUE|FALSE"},
        {"(> b i)", "BOOLEAN", "TRUE|FALSE|~|TRUE|TRUE"},
        {"(<= d 2.5)", "BOOLEAN", "TRUE|TRUE|~|FALSE|TRUE"},
        {"(= n 12.340)", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(> n i)", "BOOLEAN", "TRUE|TRUE|~|FALSE|FALSE"},
        /* DECIMAL(38, 0) beside DECIMAL(38, 30): one scaled up leaves 38 digits. */
        {"(< {DECIMAL(38, 30)|1.5} {DECIMAL(38, 0)|99999999999999999999999999999999999999})",
         "BOOLEAN NOT NULL", "TRUE|TRUE|TRUE|TRUE|TRUE"},
        {"(= s 'Hello')", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(> s 'a,b,,b and more than twelve')", "BOOLEAN", "FALSE|TRUE|~|TRUE|FALSE"},
        {"(= i '7')", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(= i '7.5')", "BOOLEAN", "FALSE|FALSE|~|FALSE|FALSE"},
        {"(< date '2000-12-31')", "BOOLEAN", "FALSE|TRUE|~|FALSE|FALSE"},
        {"(>= ts date)", "BOOLEAN", "TRUE|TRUE|~|TRUE|TRUE"},
        {"(= ltz {TIMESTAMP(0)|2024-07-01 00:30:00})", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(= arr (ARRAY 1 2 3))", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(= m (MAP 'b' 2 'a' 1))", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(= r (ROW 1 'one'))", NULL, "TRUE|FALSE|~|FALSE|FALSE"},
        {"(= bytes {BYTES|\\x6162})", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(= i NULL)", "BOOLEAN", "~|~|~|~|~"},
        {"(IS_DISTINCT_FROM i NULL)", "BOOLEAN NOT NULL", "TRUE|TRUE|FALSE|TRUE|TRUE"},
        {"(IS_NOT_DISTINCT_FROM s 'Hello')", "BOOLEAN NOT NULL", "TRUE|FALSE|FALSE|FALSE|FALSE"},
        {"(IS_NULL s)", "BOOLEAN NOT NULL", "FALSE|FALSE|TRUE|FALSE|FALSE"},
        {"(IS_NOT_NULL j)", "BOOLEAN NOT NULL", "TRUE|TRUE|TRUE|TRUE|TRUE"},
        {"(IS_NOT_TRUE p)", "BOOLEAN NOT NULL", "TRUE|TRUE|TRUE|FALSE|TRUE"},
        {"(IS_FALSE p)", "BOOLEAN NOT NULL", "TRUE|TRUE|FALSE|FALSE|FALSE"},
        {"(IS_UNKNOWN p)", "BOOLEAN NOT NULL", "FALSE|FALSE|TRUE|FALSE|TRUE"},
        {"(BETWEEN j 3 4)", "BOOLEAN NOT NULL", "FALSE|TRUE|TRUE|FALSE|FALSE"},
        {"(NOT_BETWEEN j 3 4)", "BOOLEAN NOT NULL", "TRUE|FALSE|FALSE|TRUE|TRUE"},
        {"(BETWEEN_SYMMETRIC j 4 3)", "BOOLEAN NOT NULL", "FALSE|TRUE|TRUE|FALSE|FALSE"},
        {"(IN i 1 7)", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(IN i 1 7 NULL)", "BOOLEAN", "TRUE|~|~|~|~"},
        {"(IN i 1 2 3 4 5 6 7 0)", "BOOLEAN", "TRUE|FALSE|~|FALSE|TRUE"},
        {"(IN i 1 2 3 4 5 6 7 NULL)", "BOOLEAN", "TRUE|~|~|~|~"},
        {"(IN i j (- j 9) 7)", NULL, "TRUE|FALSE|~|FALSE|TRUE"},
        {"(NOT_IN s 'x' 'y' 'z' 'Hello' 'w')", "BOOLEAN", "FALSE|TRUE|~|TRUE|TRUE"},
        {"(IN date '2024-02-29' {DATE|2023-01-01})", "BOOLEAN", "TRUE|FALSE|~|TRUE|FALSE"},
        {"(GREATEST j 3)", "INT NOT NULL", "3|3|4|5|3"},
        {"(LEAST i b)", "BIGINT", "7|-9223372036854775808|~|2147483647|0"},
        {"(GREATEST s 'Z')", "STRING", "Z|äöü straße|~|a,b,,c|Z"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}

Test(expr_compare, like_and_similar)
{
    static const struct test_case cases[] = {
        {"(LIKE s 'He%')", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(LIKE s '%e')", "BOOLEAN", "FALSE|TRUE|~|FALSE|FALSE"},
        {"(LIKE s '%,,%')", "BOOLEAN", "FALSE|FALSE|~|TRUE|FALSE"},
        {"(LIKE s '_____')", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(LIKE s '_ö% str%')", "BOOLEAN", "FALSE|TRUE|~|FALSE|FALSE"},
        {"(LIKE s '%')", "BOOLEAN", "TRUE|TRUE|~|TRUE|TRUE"},
        {"(LIKE s '')", "BOOLEAN", "FALSE|FALSE|~|FALSE|TRUE"},
        {"(LIKE s s)", "BOOLEAN", "TRUE|TRUE|~|TRUE|TRUE"},
        {"(LIKE '50%' '50!%' '!')", "BOOLEAN NOT NULL", "TRUE|TRUE|TRUE|TRUE|TRUE"},
        {"(LIKE '50x' '50!%' '!')", "BOOLEAN NOT NULL", "FALSE|FALSE|FALSE|FALSE|FALSE"},
        {"(LIKE s 'a!b' '!')", "BOOLEAN", "!22025|!22025|~|!22025|!22025"},
        {"(LIKE 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaab' '%a%a%a%a%a%a%a%a%c')", "BOOLEAN NOT NULL",
         "FALSE|FALSE|FALSE|FALSE|FALSE"},
        {"(NOT_LIKE s '%l%')", "BOOLEAN", "FALSE|TRUE|~|TRUE|TRUE"},
        {"(SIMILAR_TO s '(He|he)l+o')", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(SIMILAR_TO s 'He')", "BOOLEAN", "FALSE|FALSE|~|FALSE|FALSE"},
        {"(SIMILAR_TO s '[a-c,]%')", "BOOLEAN", "FALSE|FALSE|~|TRUE|FALSE"},
        {"(REGEXP s 'l+')", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(REGEXP s (|| '(' ''))", "BOOLEAN", "!2201B|!2201B|~|!2201B|!2201B"},
        {"(REGEXP_EXTRACT s '([a-z])(,)' 2)", "STRING", "~|~|~|,|~"},
        {"(REGEXP_EXTRACT s (|| '(' ''))", "STRING", "!2201B|!2201B|~|!2201B|!2201B"},
        {"(REGEXP_REPLACE s '([a-z]),' '<$1>')", "STRING", "Hello|äöü straße|~|<$1><$1>,c|"},
        {"(REGEXP_REPLACE s '([a-z]),' '<\\1>' 'g')", "STRING", "Hello|äöü straße|~|<a><b>,c|"},
        {"(REGEXP_REPLACE s 'x*' '-')", "STRING",
         "-H-e-l-l-o-|-ä-ö-ü- -s-t-r-a-ß-e-|~|-a-,-b-,-,-c-|-"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}

Test(expr_compare, three_valued_logic)
{
    static const struct test_case cases[] = {
        /* o: t f ~ t f, p: f f ~ t ~ */
        {"(AND o p)", "BOOLEAN", "FALSE|FALSE|~|TRUE|FALSE"},
        {"(OR o p)", "BOOLEAN", "TRUE|FALSE|~|TRUE|~"},
        {"(NOT p)", "BOOLEAN", "TRUE|TRUE|~|FALSE|~"},
        {"(AND p NULL)", "BOOLEAN", "FALSE|FALSE|~|~|~"},
        {"(OR p NULL)", "BOOLEAN", "~|~|~|TRUE|~"},
        {"(AND o TRUE)", NULL, "TRUE|FALSE|~|TRUE|FALSE"},
        {"(OR o TRUE)", NULL, "TRUE|TRUE|TRUE|TRUE|TRUE"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}

Test(expr_compare, branches_are_guarded)
{
    static const struct test_case cases[] = {
        /* j: 2 3 4 5 0; only the row with 0 must not divide */
        {"(CASE (<> j 0) (/ 60 j) -1)", "INT NOT NULL", "30|20|15|12|-1"},
        {"(AND (<> j 0) (> (/ 60 j) 14))", "BOOLEAN NOT NULL", "TRUE|TRUE|TRUE|FALSE|FALSE"},
        {"(OR (= j 0) (> (/ 60 j) 14))", "BOOLEAN NOT NULL", "TRUE|TRUE|TRUE|FALSE|TRUE"},
        {"(/ 60 j)", "INT NOT NULL", "30|20|15|12|!22012"},
        {"(COALESCE i (/ 60 j))", "INT NOT NULL", "7|-7|15|2147483647|0"},
        {"(IF (> i 0) 'positive and long' s)", "STRING",
         "positive and long|äöü straße|~|positive and long|"},
        {"(CASE (= i 7) 'seven' (= i 0) 'zero')", NULL, "seven|~|~|~|zero"},
        {"(CASE o 1 p 2.5 d)", "DOUBLE", "1.0|-2.5|~|1.0|0.0"},
        {"(NULLIF i 7)", "INT", "~|-7|~|2147483647|0"},
        {"(IFNULL i j)", "INT NOT NULL", "7|-7|4|2147483647|0"},
        {"(CASE o arr (ARRAY j))", NULL, "[1, 2, 3]|[3]|[4]|[NULL]|[0]"},
        {"(CASE o r (ROW 9 'nine'))", NULL,
         "(1, one)|(9, nine)|(9, nine)|(NULL, a long enough text)|(9, nine)"},
        /* x / j is shared by both branches and computed under each. */
        {"(CASE (= j 0) 0 (+ (/ 60 j) (/ 60 j)))", "INT NOT NULL", "60|40|30|24|0"},
        /* The error of a constant is raised only where it is reached. */
        {"(CASE (= j 0) (/ 1 0) j)", "INT NOT NULL", "2|3|4|5|!22012"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}
