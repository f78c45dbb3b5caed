/* Functions of arrays and maps over batches and selections. */
#include "expr/expr_test.h"

Test(expr_array, functions)
{
    static const struct test_case cases[] = {
        {"(ARRAY_APPEND arr i)", "ARRAY<INT>", "[1, 2, 3, 7]|[-7]|~|[NULL, 2147483647]|[7, 0]"},
        {"(ARRAY_PREPEND arr NULL)", "ARRAY<INT>",
         "[NULL, 1, 2, 3]|[NULL]|~|[NULL, NULL]|[NULL, 7]"},
        {"(ARRAY_CONCAT arr (ARRAY i))", "ARRAY<INT>",
         "[1, 2, 3, 7]|[-7]|~|[NULL, 2147483647]|[7, 0]"},
        {"(ARRAY_CONTAINS arr (- j 1))", "BOOLEAN", "TRUE|FALSE|~|FALSE|FALSE"},
        {"(ARRAY_POSITION arr j)", "INT", "2|0|~|0|0"},
        {"(ARRAY_REVERSE arr)", "ARRAY<INT>", "[3, 2, 1]|[]|~|[NULL]|[7]"},
        {"(ARRAY_SLICE arr 2)", "ARRAY<INT>", "[2, 3]|[]|~|[]|[]"},
        {"(ARRAY_SLICE arr -1 j)", "ARRAY<INT>", "[]|[]|~|[NULL]|[7]"},
        {"(ARRAY_REMOVE arr 2)", "ARRAY<INT>", "[1, 3]|[]|~|[NULL]|[7]"},
        {"(ARRAY_UNION arr (ARRAY 3 7))", "ARRAY<INT>",
         "[1, 2, 3, 7]|[3, 7]|~|[NULL, 3, 7]|[7, 3]"},
        {"(ARRAY_EXCEPT (ARRAY 1 7 NULL) arr)", "ARRAY<INT>",
         "[7, NULL]|[1, 7, NULL]|~|[1, 7]|[1, NULL]"},
        {"(ARRAY_INTERSECT arr (ARRAY 3 2 NULL))", "ARRAY<INT>", "[2, 3]|[]|~|[NULL]|[]"},
        {"(ARRAY_DISTINCT (ARRAY i i j))", "ARRAY<INT> NOT NULL",
         "[7, 2]|[-7, 3]|[NULL, 4]|[2147483647, 5]|[0]"},
        {"(ARRAY_SORT (ARRAY j i) o)", "ARRAY<INT>", "[2, 7]|[3, -7]|~|[5, 2147483647]|[0, 0]"},
        {"(ARRAY_MAX (ARRAY i j))", "INT", "7|3|4|2147483647|0"},
        {"(ARRAY_MIN (ARRAY s 'b'))", "STRING", "Hello|b|b|a,b,,c|"},
        {"(ELEMENT arr)", "INT", "!21000|~|~|~|7"},
        {"(ARRAY_FLATTEN (ARRAY arr (ARRAY i)))", "ARRAY<INT> NOT NULL",
         "[1, 2, 3, 7]|[-7]|[NULL]|[NULL, 2147483647]|[7, 0]"},
        {"(ARRAY_JOIN (ARRAY s u) '/')", "STRING NOT NULL",
         "Hello/12|äöü straße/1.234||a,b,,c/x1|/  3 "},
        {"(SPLIT s ',')", "ARRAY<STRING>", "[Hello]|[äöü straße]|~|[a, b, , c]|[]"},
        {"(SPLIT u '')", "ARRAY<STRING>", "[1, 2]|[1, ., 2, 3, 4]|~|[x, 1]|[ ,  , 3,  ]"},
        {"(STR_TO_MAP s ',' ' ')", "MAP<STRING, STRING>",
         "{Hello=NULL}|{äöü=straße}|~|{a=NULL, b=NULL, =NULL, c=NULL}|{}"},
        {"(MAP_KEYS m)", "ARRAY<STRING>", "[a, b]|[]|~|[a]|[b]"},
        {"(MAP_VALUES m)", "ARRAY<INT>", "[1, 2]|[]|~|[NULL]|[5]"},
        {"(MAP_ENTRIES m)", NULL, "[(a, 1), (b, 2)]|[]|~|[(a, NULL)]|[(b, 5)]"},
        {"(MAP_UNION m (MAP 'b' i))", "MAP<STRING, INT>",
         "{a=1, b=7}|{b=-7}|~|{a=NULL, b=2147483647}|{b=0}"},
        {"(MAP_FROM_ARRAYS arr (ARRAY s))", "MAP<INT, STRING>",
         "!22023|!22023|~|{NULL=a,b,,c}|{7=}"},
        {"(CARDINALITY (ARRAY_CONCAT arr arr arr))", "INT", "9|0|~|3|3"},
        {"(= (ARRAY_REVERSE arr) arr)", "BOOLEAN", "FALSE|TRUE|~|TRUE|TRUE"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}
