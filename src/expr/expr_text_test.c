/* Functions over characters, patterns and encodings, over columns: NULLs, constants, selections. */
#include "expr/expr_test.h"

Test(expr_text, characters)
{
    static const struct test_case cases[] = {
        {"(OVERLAY s '-' 2)", "STRING", "H-llo|ä-ü straße|~|a-b,,c|"},
        {"(OVERLAY s '-' j 0)", "STRING", "H-|äö-|~|a,b,-|"},
        {"(TRANSLATE s 'läe,' 'LA')", "STRING", "HLLo|Aöü straß|~|abc|"},
        {"(ELT i s u)", "STRING", "~|~|~|~|~"},
        {"(ELT j s u 'x' 'y')", "STRING", "12|x|y|~|~"},
        {"(ASCII s)", "TINYINT", "72|-61|~|97|0"},
        {"(CHR (+ j 63))", "CHAR(1) NOT NULL", "A|B|C|D|?"},
        {"(IS_DECIMAL u)", "BOOLEAN NOT NULL", "TRUE|TRUE|FALSE|FALSE|TRUE"},
        {"(IS_ALPHA s)", "BOOLEAN NOT NULL", "TRUE|FALSE|FALSE|FALSE|FALSE"},
        {"(IS_DIGIT i)", "BOOLEAN NOT NULL", "TRUE|TRUE|FALSE|TRUE|TRUE"},
        {"(PRINTF '%s:%d' s i)", "STRING", "Hello:7|äöü straße:-7|null:null|a,b,,c:2147483647|:0"},
        {"(PRINTF '%d' s)", "STRING", "!22023|!22023|null|!22023|!22023"},
        {"(INSTR s 'l' j)", "INT", "3|0|~|0|0"},
        {"(JSON_QUOTE s)", "STRING",
         "\"Hello\"|\"\\u00e4\\u00f6\\u00fc stra\\u00dfe\"|~|\"a,b,,c\"|\"\""},
        {"(JSON_UNQUOTE (JSON_QUOTE s))", "STRING", "Hello|äöü straße|~|a,b,,c|"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}

Test(expr_text, encodings)
{
    static const struct test_case cases[] = {
        {"(TO_BASE64 s)", "STRING", "SGVsbG8=|w6TDtsO8IHN0cmHDn2U=|~|YSxiLCxj|"},
        {"(FROM_BASE64 (TO_BASE64 s))", "STRING", "Hello|äöü straße|~|a,b,,c|"},
        {"(HEX t)", "STRING", "1|FFFFFFFFFFFFFF80|~|7F|0"},
        {"(HEX (UNHEX u))", "STRING", "12|~|~|~|~"},
        {"(DECODE (ENCODE s 'UTF-16') 'UTF-16')", "STRING", "Hello|äöü straße|~|a,b,,c|"},
        {"(ENCODE s 'x')", "BYTES", "!22023|!22023|~|!22023|!22023"},
        {"(CHAR_LENGTH (DECODE bytes 'US-ASCII'))", "INT", "2|1|~|0|1"},
        {"(IS_VALID_UTF8 bytes)", "BOOLEAN", "TRUE|FALSE|~|TRUE|TRUE"},
        {"(URL_DECODE (URL_ENCODE s))", "STRING", "Hello|äöü straße|~|a,b,,c|"},
        {"(MD5 u)", "STRING",
         "c20ad4d76fe97759aa27a0c99bff6710|45f16288e795b898887d35e8d860977e|~|"
         "6dbf9ac2da09ee1d3debf5a51873ec6d|ec3026c9a4a3a319deffe6dc42853b68"},
        {"(CHAR_LENGTH (SHA2 s j))", "INT", "!22023|!22023|~|!22023|64"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}

Test(expr_text, patterns)
{
    static const struct test_case cases[] = {
        {"(REGEXP_COUNT s '[a-z]')", "INT", "4|5|~|3|0"},
        {"(REGEXP_EXTRACT_ALL s '([a-z])(l|,)')", "ARRAY<STRING>", "[e]|[]|~|[a, b]|[]"},
        {"(REGEXP_INSTR s 's')", "INT", "0|5|~|0|0"},
        {"(REGEXP_SUBSTR s '[lt].')", "STRING", "ll|tr|~|~|~"},
        {"(~ s '^[hä]')", "BOOLEAN", "FALSE|TRUE|~|FALSE|FALSE"},
        {"(~* s '^[hä]')", "BOOLEAN", "TRUE|TRUE|~|FALSE|FALSE"},
        {"(REGEXP_MATCH s '(l+)(o?)')", "ARRAY<STRING>", "[ll, o]|~|~|~|~"},
        {"(SUBSTRING s '(.)l')", "STRING", "e|~|~|~|~"},
        {"(REGEXP_EXTRACT s (LEFT s 2))", "STRING", "He|äö|~|a,|"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}
