/* Values in both formats, in both directions.  The binary forms are PostgreSQL's *_send. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

/* `bytes` is a value of type `oid` in binary; SELECT gives it back as text and as `hex`. */
static void
round_trip(struct wire *wire, const char *type, unsigned oid, const char *bytes, size_t size,
           const char *text, const char *hex)
{
    char sql[128], expected[256];

    snprintf(sql, sizeof(sql), "SELECT CAST($1 AS %s) AS a", type);
    wire_begin(wire, 'P');
    wire_string(wire, "");
    wire_string(wire, sql);
    wire_u16(wire, 1);
    wire_u32(wire, oid);
    wire_end(wire);
    for (unsigned format = 0; format < 2; format++) {
        wire_begin(wire, 'B');
        wire_string(wire, "");
        wire_string(wire, "");
        wire_u16(wire, 1);
        wire_u16(wire, 1);
        wire_u16(wire, 1);
        wire_u32(wire, (uint32_t)size);
        wire_bytes(wire, bytes, size);
        wire_u16(wire, 1);
        wire_u16(wire, format);
        wire_end(wire);
        wire_execute(wire, "", 0);
    }
    wire_sync(wire);
    snprintf(expected, sizeof(expected), "1 2 D:%s C:SELECT 1 2 D:%s C:SELECT 1 Z:I", text, hex);
    wire_check(strcmp(wire_replies(wire, 'Z', 1), expected) == 0, __FILE__, __LINE__,
               "%s: expected  %s\n    got       %s %s", type, expected, wire->replies,
               wire->message);
}

static void
test_binary(struct wire *wire)
{
    round_trip(wire, "SMALLINT", 21, "\xff\xfe", 2, "-2", "{fffe}");
    round_trip(wire, "INT", 23, "\x00\x01\x00\x00", 4, "65536", "{00010000}");
    round_trip(wire, "BIGINT", 20, "\x80\0\0\0\0\0\0\1", 8, "-9223372036854775807",
               "{8000000000000001}");
    round_trip(wire, "BIGINT", 21, "\x00\x07", 2, "7", "{0000000000000007}"); /* widened */
    round_trip(wire, "FLOAT", 700, "\x3f\xc0\0\0", 4, "1.5", "{3fc00000}");
    round_trip(wire, "DOUBLE", 701, "\xbf\xb9\x99\x99\x99\x99\x99\x9a", 8, "-0.1",
               "{bfb999999999999a}");
    round_trip(wire, "BOOLEAN", 16, "\1", 1, "t", "{01}");
    round_trip(wire, "STRING", 25, "zw\xc3\xb6lf", 6, "zw\xc3\xb6lf", "zw\xc3\xb6lf");
    round_trip(wire, "BYTES", 17, "\0\xff", 2, "\\x00ff", "{00ff}");
    /* 2024-02-29 is day 8825 of 2000-01-01; 2000-01-01 00:00:01.5 is 1,500,000 us. */
    round_trip(wire, "DATE", 1082, "\0\0\x22\x79", 4, "2024-02-29", "{00002279}");
    round_trip(wire, "TIMESTAMP(6)", 1114, "\0\0\0\0\0\x16\xe3\x60", 8, "2000-01-01 00:00:01.5",
               "{000000000016e360}");
    round_trip(wire, "TIMESTAMP_LTZ(6)", 1184, "\xff\xff\xff\xff\xff\xf0\xbd\xc0", 8,
               "1999-12-31 23:59:59+00", "{fffffffffff0bdc0}");
    /* 12345.678: groups 1 2345 6780, weight 1, scale 3. */
    round_trip(wire, "DECIMAL(10, 3)", 1700, "\0\3\0\1\0\0\0\3\0\1\x09\x29\x1a\x7c", 14,
               "12345.678",
               "{000300010000000300010929"
               "1a7c}");
    /* -0.0001 rounded to two digits is 0.00: no groups. */
    round_trip(wire, "DECIMAL(10, 2)", 1700, "\0\1\xff\xff\x40\0\0\4\0\1", 10, "0.00",
               "{0000000000000002}");
    round_trip(wire, "DECIMAL(4, 0)", 1700, "\0\1\0\1\0\0\0\0\0\0", 10, "0", "{0000000000000000}");
}

static void
expect_refused(struct wire *wire, const char *type, unsigned oid, const char *bytes, size_t size,
               const char *sqlstate)
{
    char sql[128], expected[32];

    snprintf(sql, sizeof(sql), "SELECT CAST($1 AS %s) AS a", type);
    wire_begin(wire, 'P');
    wire_string(wire, "");
    wire_string(wire, sql);
    wire_u16(wire, 1);
    wire_u32(wire, oid);
    wire_end(wire);
    wire_begin(wire, 'B');
    wire_string(wire, "");
    wire_string(wire, "");
    wire_u16(wire, 1);
    wire_u16(wire, 1);
    wire_u16(wire, 1);
    wire_u32(wire, (uint32_t)size);
    wire_bytes(wire, bytes, size);
    wire_u16(wire, 0);
    wire_end(wire);
    wire_sync(wire);
    snprintf(expected, sizeof(expected), "1 E:%s Z:I", sqlstate);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), expected);
}

static void
test_bad_binary(struct wire *wire)
{
    expect_refused(wire, "INT", 23, "\0\0\0", 3, "22P03");
    expect_refused(wire, "SMALLINT", 21, "\0\1\0\0", 4, "22003");
    expect_refused(wire, "DOUBLE", 701, "\0\0\0\0", 4, "22P03");
    expect_refused(wire, "DECIMAL(10, 2)", 1700, "\0\2\0\0\0\0\0\0\0\1", 10, "22P03");
    expect_refused(wire, "DECIMAL(10, 2)", 1700, "\0\1\0\0\xc0\0\0\0\0\1", 10, "22P03"); /* NaN */
    expect_refused(wire, "DECIMAL(10, 2)", 1700, "\0\1\0\0\0\0\0\0\x27\x10", 10, "22P03");
    expect_refused(wire, "TIMESTAMP(6)", 1114, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8, "22008");
    expect_refused(wire, "DATE", 1082, "\x80\0\0\0", 4, "22008");
    expect_refused(wire, "STRING", 25, "a\0b", 3, "22021");
    expect_refused(wire, "STRING", 25, "\xed\xa0\x80", 3, "22021"); /* a surrogate */
}

static void
test_text(struct wire *wire)
{
    wire_parse(wire, "",
               "SELECT CAST($1 AS INT) AS a, CAST($2 AS BOOLEAN) AS b, "
               "CAST($3 AS DATE) AS c, CAST($4 AS DECIMAL(6, 2)) AS d, "
               "CAST($5 AS DOUBLE) AS e, CAST($6 AS TIMESTAMP(3)) AS f");
    wire_describe(wire, 'S', "");
    wire_bind(wire, "", "", "-12|true|2024-02-29|3.456|1e-3|2024-02-29 01:02:03.4", 0);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1),
               "1 t:23,16,1082,1700,701,1114 T:a/23,b/16,c/1082,d/1700,e/701,f/1114 2 "
               "D:-12|t|2024-02-29|3.46|0.001|2024-02-29 01:02:03.4 C:SELECT 1 Z:I");
    wire_query(wire, "SELECT ARRAY[1, NULL, 3] AS a, INTERVAL '1' DAY AS b, TIME '01:02:03' AS c");
    CHECK_TEXT(wire_replies(wire, 'Z', 1),
               "T:a/1007,b/1186,c/1083 D:{1,NULL,3}|1 day|01:02:03 C:SELECT 1 Z:I");
    wire_parse(wire, "", "SELECT ARRAY[1, NULL] AS a, INTERVAL '1' DAY AS b, TIME '00:00:01' AS c");
    wire_bind(wire, "", "", NULL, 1);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1),
               "1 2 D:{0000000100000001000000170000000200000001000000040000000"
               "1ffffffff}|"
               "{00000000000000000000000100000000}|{00000000000f4240} C:SELECT 1 Z:I");
}

void
wire_test_types(void)
{
    struct wire *wire = wire_open();

    test_binary(wire);
    test_bad_binary(wire);
    test_text(wire);
    wire_close_socket(wire);
}
