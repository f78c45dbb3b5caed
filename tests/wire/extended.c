/* Parse, Bind, Describe, Execute, Close, Flush, Sync. */
#include "wire.h"

#include <string.h>

static struct wire *
open_batch(void)
{
    struct wire *wire = wire_open();

    wire_query(wire, "SET execution.runtime-mode = batch");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "C:SET Z:I");
    return wire;
}

static void
test_statements(struct wire *wire)
{
    wire_parse(wire, "s", "SELECT name FROM items WHERE id = $1");
    wire_describe(wire, 'S', "s");
    wire_bind(wire, "", "s", "2", 0);
    wire_describe(wire, 'P', "");
    wire_execute(wire, "", 0);
    wire_bind(wire, "", "s", "4", 0);
    wire_execute(wire, "", 0);
    wire_bind(wire, "", "s", "~", 0);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1),
               "1 t:23 T:name/25 2 T:name/25 D:two C:SELECT 1 2 D:~ C:SELECT 1 2 C:SELECT 0 Z:I");
    wire_parse(wire, "s", "SELECT 1");
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:42P05 Z:I");
    wire_close(wire, 'S', "s");
    wire_close(wire, 'S', "s");
    wire_close(wire, 'P', "nothing");
    wire_bind(wire, "", "s", NULL, 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "3 3 3 E:26000 Z:I");
    wire_parse(wire, "", "INSERT INTO others VALUES ($1, $2), ($3, 'six')");
    wire_describe(wire, 'S', "");
    wire_bind(wire, "", "", "5|five|6", 0);
    wire_execute(wire, "", 1);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 t:23,25,23 n 2 C:INSERT 0 2 Z:I");
    wire_parse(wire, "", "SELECT id + $1 AS a, COALESCE(name, $2) AS b FROM items WHERE id >= 3 "
                         "ORDER BY id LIMIT 2");
    wire_describe(wire, 'S', "");
    wire_bind(wire, "", "", "10|none", 0);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1),
               "1 t:23,25 T:a/23,b/25 2 D:13|three D:14|none C:SELECT 2 Z:I");
    wire_parse(wire, "", "SELECT $1 AS a");
    wire_describe(wire, 'S', "");
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 t:25 T:a/25 Z:I");
    wire_query(wire, "SELECT id, name FROM others ORDER BY id");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "T:id/23,name/25 D:5|five D:6|six C:SELECT 2 Z:I");
}

static void
test_row_limits(struct wire *wire)
{
    wire_query(wire, "BEGIN");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "C:BEGIN Z:T");
    wire_parse(wire, "s", "SELECT id FROM items ORDER BY id");
    wire_bind(wire, "p", "s", NULL, 0);
    wire_bind(wire, "q", "s", NULL, 0);
    wire_execute(wire, "p", 2);
    wire_execute(wire, "q", 3);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 2 2 D:1 D:2 s D:1 D:2 D:3 s Z:T");
    /* The statement goes, its portals stay; two portals take turns. */
    wire_close(wire, 'S', "s");
    wire_execute(wire, "p", 1);
    wire_execute(wire, "q", 5);
    wire_execute(wire, "p", 1);
    wire_execute(wire, "p", 1); /* four rows, all gone: only now the end is said */
    wire_execute(wire, "p", 1);
    wire_execute(wire, "q", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1),
               "3 D:3 s D:4 C:SELECT 1 D:4 s C:SELECT 0 C:SELECT 0 C:SELECT 0 Z:T");
    wire_query(wire, "COMMIT");
    wire_execute(wire, "p", 1);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 2), "C:COMMIT Z:I E:34000 Z:I");
    /* Without a block a portal lives until Sync, and no longer; Flush keeps it. */
    wire_parse(wire, "", "SELECT id FROM items ORDER BY id");
    wire_bind(wire, "p", "", NULL, 0);
    wire_execute(wire, "p", 1);
    wire_flush(wire);
    CHECK_TEXT(wire_replies(wire, 's', 1), "1 2 D:1 s");
    wire_execute(wire, "p", 1);
    wire_flush(wire);
    CHECK_TEXT(wire_replies(wire, 's', 1), "D:2 s");
    wire_sync(wire);
    wire_execute(wire, "p", 1);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 2), "Z:I E:34000 Z:I");
}

static void
test_errors(struct wire *wire)
{
    /* Everything up to Sync is skipped, a Query too. */
    wire_parse(wire, "", "SELECT nothing FROM items");
    wire_bind(wire, "", "", NULL, 0);
    wire_execute(wire, "", 0);
    wire_query(wire, "SELECT 1");
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:42703 Z:I");
    CHECK_TEXT(wire->position, "8");
    CHECK_TEXT(wire->severity, "ERROR");
    wire_query(wire, "SELECT 'zwölf', * FROM itens");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:42P01 Z:I");
    CHECK_TEXT(wire->position, "24"); /* characters, not bytes */
    CHECK_TEXT(wire->hint, "did you mean \"items\"?");
    wire_parse(wire, "", "SELECT 1; SELECT 2");
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:42601 Z:I");
    wire_parse(wire, "", "SELECT 1");
    wire_bind(wire, "", "", "1", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 E:08P01 Z:I");
    CHECK_TEXT(wire->message, "bind message supplies 1 parameters, but prepared statement \"\" "
                              "requires 0");
    wire_parse(wire, "", "SELECT $1 + 1");
    wire_bind(wire, "", "", "ten", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 E:22P02 Z:I");
    wire_bind(wire, "", "", "\xff", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:22021 Z:I");
    wire_describe(wire, 'P', "nothing");
    wire_sync(wire);
    wire_describe(wire, 'S', "nothing");
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 2), "E:34000 Z:I E:26000 Z:I");
    wire_parse(wire, "", "SET application_name = 'x'");
    wire_bind(wire, "", "", NULL, 1);
    wire_execute(wire, "", 1);
    wire_execute(wire, "", 1);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 2 C:SET E:55000 Z:I");
    /* Whatever reads the catalog, in whatever syntax, is told the same. */
    wire_query(wire, "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname OPERATOR("
                     "pg_catalog.~) '^(x)$' COLLATE pg_catalog.default");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:0A000 Z:I");
    CHECK_TEXT(wire->hint, "SHOW TABLES");
    CHECK_TEXT(wire->position, "19");
    wire_query(wire, "SELECT 1; SELECT * FROM pg_type");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "T:?column?/23 D:1 C:SELECT 1 E:0A000 Z:I");
    CHECK_TEXT(wire->hint, "SHOW TABLES");
    CHECK_TEXT(wire->position, "25");
}

static void
test_empty(struct wire *wire)
{
    static const char *const empty[] = {"", ";", " ; ; ", "-- ping", "/* */", "\n"};

    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        wire_query(wire, empty[i]);
        CHECK_TEXT(wire_replies(wire, 'Z', 1), "I Z:I");
        wire_parse(wire, "", empty[i]);
        wire_describe(wire, 'S', "");
        wire_bind(wire, "", "", NULL, 0);
        wire_describe(wire, 'P', "");
        wire_execute(wire, "", 0);
        wire_sync(wire);
        CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 t: n 2 n I Z:I");
    }
    wire_query(wire, "SELECT 1 AS a; SELECT 1 / 0 AS b; SELECT 3 AS c");
    wire_query(wire, "SELECT 1 AS a; syntax error");
    CHECK_TEXT(wire_replies(wire, 'Z', 2),
               "T:a/23 D:1 C:SELECT 1 T:b/23 E:22012 Z:I E:42601 Z:I");
    wire_query(wire, "SELECT 1 AS a, 2 AS a");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "T:a/23,a/23 D:1|2 C:SELECT 1 Z:I");
}

static void
test_prepare(struct wire *wire)
{
    wire_query(wire, "PREPARE p AS SELECT name FROM items WHERE id = $1; EXECUTE p(3)");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "C:PREPARE T:name/25 D:three C:SELECT 1 Z:I");
    /* What SQL prepares, the protocol binds, and the other way round. */
    wire_bind(wire, "", "p", "1", 0);
    wire_execute(wire, "", 0);
    wire_parse(wire, "q", "SELECT $1 + 1 AS a");
    wire_sync(wire);
    wire_query(wire, "EXECUTE q(41); DEALLOCATE q; DEALLOCATE ALL");
    CHECK_TEXT(wire_replies(wire, 'Z', 2),
               "2 D:one C:SELECT 1 1 Z:I T:a/23 D:42 C:SELECT 1 C:DEALLOCATE C:DEALLOCATE ALL Z:I");
    wire_query(wire, "EXECUTE p(1)");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:26000 Z:I");
}

void
wire_test_extended(void)
{
    struct wire *wire = open_batch();

    test_statements(wire);
    test_row_limits(wire);
    test_errors(wire);
    test_empty(wire);
    test_prepare(wire);
    wire_close_socket(wire);
}
