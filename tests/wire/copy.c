/* COPY in both directions, in both protocols. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

static void
expect(struct wire *wire, const char *sql, const char *replies)
{
    wire_query(wire, sql);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), replies);
}

/* A record may be cut anywhere, inside a character, an escape or the quotes. */
static void
test_chunks(struct wire *wire)
{
    static const char text[] = "1\tzw\xc3\xb6lf\n2\ta\\tb\\\\\n3\t\\N\n";
    static const char csv[] = "\"1\",\"a,\"\"b\"\"\nc\"\r\n2,\n";

    for (size_t size = 1; size <= 5; size++) {
        expect(wire, "DROP TABLE IF EXISTS copied; CREATE TABLE copied (id INT, name STRING) "
                     "WITH ('connector' = 'memory')",
               "C:DROP TABLE C:CREATE TABLE Z:I");
        wire_query(wire, "COPY copied (id, name) FROM STDIN");
        for (size_t at = 0; at < sizeof(text) - 1; at += size)
            wire_copy_data(wire, text + at,
                           at + size < sizeof(text) - 1 ? size : sizeof(text) - 1 - at);
        wire_copy_done(wire);
        CHECK_TEXT(wire_replies(wire, 'Z', 1), "G:2 C:COPY 3 Z:I");
        wire_query(wire, "COPY copied FROM STDIN WITH (FORMAT csv)");
        for (size_t at = 0; at < sizeof(csv) - 1; at += size)
            wire_copy_data(wire, csv + at,
                           at + size < sizeof(csv) - 1 ? size : sizeof(csv) - 1 - at);
        wire_copy_done(wire);
        CHECK_TEXT(wire_replies(wire, 'Z', 1), "G:2 C:COPY 2 Z:I");
        /* NULL comes first, as in Flink. */
        expect(wire, "COPY (SELECT id, name FROM copied ORDER BY id, name) TO STDOUT",
               "H:2 d:1\\ta,\"b\"\\nc\\n d:1\\tzw\xc3\xb6lf\\n d:2\\t\\N\\n d:2\\ta\\tb\\\\\\n "
               "d:3\\t\\N\\n c C:COPY 5 Z:I");
    }
}

static void
test_errors(struct wire *wire)
{
    wire_query(wire, "COPY copied FROM STDIN");
    wire_copy_data(wire, "9\tnine\n", 7);
    wire_begin(wire, 'f');
    wire_string(wire, "nope");
    wire_end(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "G:2 E:57014 Z:I");
    CHECK_TEXT(wire->message, "COPY from stdin failed: nope");
    wire_query(wire, "COPY copied FROM STDIN");
    wire_copy_data(wire, "9\tnine\nten\tten\n11\televen\n", 25);
    wire_copy_data(wire, "12\ttwelve\n", 10);
    wire_copy_done(wire);
    expect(wire, "SELECT 1 AS a", "G:2 E:22P02 Z:I");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "T:a/23 D:1 C:SELECT 1 Z:I");
    wire_query(wire, "COPY copied FROM STDIN");
    wire_copy_data(wire, "9\t\xff\n", 4);
    wire_copy_done(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "G:2 E:22021 Z:I");
    wire_query(wire, "COPY copied FROM STDIN");
    wire_copy_data(wire, "9\n", 2);
    wire_copy_done(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "G:2 E:22P04 Z:I");
    expect(wire, "COPY nothing FROM STDIN", "E:42P01 Z:I");
    CHECK_TEXT(wire->position, "6");
    expect(wire, "SELECT COUNT(*) AS a FROM copied", "T:a/20 D:5 C:SELECT 1 Z:I");
    /* The end mark ends the rows; what follows is not read. */
    wire_query(wire, "COPY copied FROM STDIN");
    wire_copy_data(wire, "6\tsix\n\\.\nnonsense\n", 18);
    wire_copy_done(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "G:2 C:COPY 1 Z:I");
}

/* Data may follow Execute at once; Sync and Flush between are ignored. */
static void
test_extended(struct wire *wire)
{
    wire_parse(wire, "", "COPY copied FROM STDIN");
    wire_bind(wire, "", "", NULL, 0);
    wire_describe(wire, 'P', "");
    wire_execute(wire, "", 0);
    wire_sync(wire);
    wire_copy_data(wire, "7\tseven\n", 8);
    wire_copy_done(wire);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 2 n G:2 C:COPY 1 Z:I");
    wire_parse(wire, "", "COPY (SELECT id FROM copied WHERE id > 5 ORDER BY id) TO STDOUT");
    wire_bind(wire, "", "", NULL, 0);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 2 H:1 d:6\\n d:7\\n c C:COPY 2 Z:I");
    wire_parse(wire, "", "COPY copied FROM STDIN");
    wire_bind(wire, "", "", NULL, 0);
    wire_execute(wire, "", 0);
    wire_copy_data(wire, "x\tx\n", 4);
    wire_copy_data(wire, "8\teight\n", 8);
    wire_copy_done(wire);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 2 G:2 E:22P02 Z:I");
    /* Any other message in the middle ends the connection, as PostgreSQL does. */
    wire_query(wire, "COPY copied FROM STDIN");
    wire_query(wire, "SELECT 1");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "G:2 E:08P01 EOF");
}

void
wire_test_copy(void)
{
    struct wire *wire = wire_open();

    expect(wire, "SET execution.runtime-mode = batch", "C:SET Z:I");
    test_chunks(wire);
    test_errors(wire);
    test_extended(wire);
    wire_close_socket(wire);
}
