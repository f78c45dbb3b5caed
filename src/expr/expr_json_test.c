/* JSON functions over batches and selections: see functions_json.slt for the values' meaning. */
#include "expr/expr_test.h"

#define DOC "{STRING|[1,\"x\",null,[2],\"\\u00e4\"]}"

Test(expr_json, functions)
{
    static const struct test_case cases[] = {
        {"(IS_JSON s)", "BOOLEAN", "FALSE|FALSE|~|FALSE|FALSE"},
        {"(IS_JSON u)", "BOOLEAN", "TRUE|TRUE|~|FALSE|TRUE"},
        {"(IS_JSON_SCALAR u)", "BOOLEAN", "TRUE|TRUE|~|FALSE|TRUE"},
        {"(IS_JSON_ARRAY u)", "BOOLEAN", "FALSE|FALSE|~|FALSE|FALSE"},
        {"(JSON_VALUE u '$')", "STRING", "12|1.234|~|~|3"},
        {"(JSON_VALUE u '$' 'INT')", "INT", "12|1|~|~|3"},
        {"(JSON_VALUE u '$' 'DOUBLE' 'NULL' NULL 'DEFAULT' i)", "DOUBLE",
         "12.0|1.234|~|2.147483647E9|3.0"},
        {"(JSON_VALUE u '$' 'STRING' 'NULL' NULL 'ERROR' NULL)", "STRING", "12|1.234|~|!22035|3"},
        {"(JSON_VALUE " DOC " (|| (|| '$[' j) ']'))", "STRING", "~|~|ä|~|1"},
        {"(JSON_VALUE " DOC " (|| (|| 'lax $[' j) ']') 'INT' 'DEFAULT' j 'ERROR' NULL)", "INT",
         "2|3|!22P02|5|1"},
        {"(JSON_EXISTS " DOC " (|| (|| '$[' j) ']'))", "BOOLEAN", "FALSE|TRUE|TRUE|FALSE|TRUE"},
        {"(JSON_QUERY (JSON_STRING arr) '$')", "STRING", "[1,2,3]|[]|~|[null]|[7]"},
        {"(JSON_QUERY (JSON_STRING arr) '$' 'ARRAY<INT>')", "ARRAY<INT>",
         "[1, 2, 3]|[]|~|[NULL]|[7]"},
        {"(JSON_QUERY (JSON_STRING m) '$.*' 'ARRAY<STRING>' 'WITHOUT' 'NULL' 'NULL')",
         "ARRAY<STRING>", "[1, 2]|[]|~|[NULL]|[5]"},
        {"(JSON_STRING m)", "STRING", "{\"a\":1,\"b\":2}|{}|~|{\"a\":null}|{\"b\":5}"},
        {"(JSON_STRING r)", "STRING",
         "{\"x\":1,\"y\":\"one\"}|{\"x\":2,\"y\":null}|~|"
         "{\"x\":null,\"y\":\"a long enough text\"}|{\"x\":5,\"y\":\"five\"}"},
        {"(JSON_STRING n)", "STRING", "12.34|-0.05|~|99999999.99|0.00"},
        {"(JSON_STRING d)", "STRING", "2.5|-2.5|~|1.0E+300|0.0"},
        {"(JSON_STRING bytes)", "STRING", "\"YWI=\"|\"/w==\"|~|\"\"|\"AA==\""},
        {"(JSON_STRING date)", "STRING",
         "\"2024-02-29\"|\"1969-12-31\"|~|\"2023-01-01\"|\"2000-12-31\""},
        {"(JSON_STRING ltz)", "STRING",
         "\"2024-06-30T22:30:00Z\"|\"2024-01-31T23:30:00Z\"|~|\"2024-03-31T00:59:59.999Z\"|"
         "\"1970-01-01T00:00:00Z\""},
        {"(JSON_ARRAY 'ABSENT' 'vv' i o)", "STRING NOT NULL",
         "[7,true]|[-7,false]|[]|[2147483647,true]|[0,false]"},
        {"(JSON_ARRAY 'NULL' 'v' i)", "STRING NOT NULL", "[7]|[-7]|[null]|[2147483647]|[0]"},
        {"(JSON_OBJECT 'NULL' 'v' s i)", "STRING NOT NULL",
         "{\"Hello\":7}|{\"äöü straße\":-7}|!22023|{\"a,b,,c\":2147483647}|{\"\":0}"},
        {"(JSON_OBJECT 'ABSENT' 'rv' 'k' u 'j' j)", "STRING NOT NULL",
         "{\"j\":2,\"k\":12}|{\"j\":3,\"k\":1.234}|{\"j\":4}|{\"j\":5,\"k\":x1}|{\"j\":0,\"k\":  3 "
         "}"},
        {"(JSON u)", "STRING", "12|1.234|~|!22032|3"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}
