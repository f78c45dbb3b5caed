/* Blocks, their status bytes, and cursors. */
#include "wire.h"

static void
expect(struct wire *wire, const char *sql, const char *replies)
{
    wire_query(wire, sql);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), replies);
}

static void
test_blocks(struct wire *wire)
{
    expect(wire, "BEGIN", "C:BEGIN Z:T");
    expect(wire, "BEGIN", "C:BEGIN Z:T"); /* with a warning */
    expect(wire, "SELECT 1 / 0 AS a", "T:a/23 E:22012 Z:E");
    expect(wire, "SELECT 1", "E:25P02 Z:E");
    wire_parse(wire, "", "SELECT nothing");
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:25P02 Z:E");
    expect(wire, "COMMIT", "C:ROLLBACK Z:I");
    expect(wire, "COMMIT", "C:COMMIT Z:I");
    expect(wire, "ROLLBACK", "C:ROLLBACK Z:I");
    expect(wire, "START TRANSACTION READ WRITE; SAVEPOINT \"_pg3_1\"",
           "C:START TRANSACTION C:SAVEPOINT Z:T");
    expect(wire, "SELECT nothing", "E:42703 Z:E");
    expect(wire, "ROLLBACK TO \"_pg3_1\"; RELEASE \"_pg3_1\"", "C:ROLLBACK C:RELEASE Z:T");
    expect(wire, "ROLLBACK TO \"_pg3_1\"", "E:3B001 Z:E");
    CHECK_TEXT(wire->position, "13");
    expect(wire, "ROLLBACK; BEGIN; SAVEPOINT a; SAVEPOINT b; SAVEPOINT A; ROLLBACK TO a; RELEASE a",
           "C:ROLLBACK C:BEGIN C:SAVEPOINT C:SAVEPOINT C:SAVEPOINT C:ROLLBACK C:RELEASE Z:T");
    expect(wire, "SELECT nothing", "E:42703 Z:E");
    expect(wire, "ROLLBACK TO a; RELEASE b", "C:ROLLBACK E:3B001 Z:E");
    expect(wire, "ROLLBACK; BEGIN; ROLLBACK TO a", "C:ROLLBACK C:BEGIN E:3B001 Z:E");
    expect(wire, "ROLLBACK; BEGIN; DISCARD ALL", "C:ROLLBACK C:BEGIN E:25001 Z:E");
    expect(wire, "ABORT", "C:ROLLBACK Z:I");
    expect(wire, "SAVEPOINT a", "E:25P01 Z:I");
    expect(wire, "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; END;",
           "C:BEGIN C:COMMIT Z:I");
    expect(wire, "BEGIN; COMMIT AND CHAIN", "C:BEGIN C:COMMIT Z:T");
    expect(wire, "ROLLBACK", "C:ROLLBACK Z:I");
    /* pgjdbc: BEGIN and the query in one batch, BEGIN without Describe. */
    wire_parse(wire, "", "BEGIN");
    wire_bind(wire, "", "", NULL, 0);
    wire_execute(wire, "", 0);
    wire_parse(wire, "", "SELECT 1 AS a");
    wire_bind(wire, "", "", NULL, 0);
    wire_describe(wire, 'P', "");
    wire_execute(wire, "", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 2 C:BEGIN 1 2 T:a/23 D:1 C:SELECT 1 Z:T");
    expect(wire, "COMMIT", "C:COMMIT Z:I");
}

static void
test_cursors(struct wire *wire)
{
    expect(wire, "SET execution.runtime-mode = batch", "C:SET Z:I");
    expect(wire, "BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT id FROM items ORDER BY id",
           "C:BEGIN C:DECLARE CURSOR Z:T");
    expect(wire, "FETCH FORWARD 2 FROM c", "T:id/23 D:1 D:2 C:FETCH 2 Z:T");
    /* psycopg describes a SQL cursor as the portal that it is. */
    wire_describe(wire, 'P', "c");
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "T:id/23 Z:T");
    expect(wire, "MOVE 1 FROM c; FETCH ALL c; FETCH c",
           "C:MOVE 1 T:id/23 D:4 C:FETCH 1 T:id/23 C:FETCH 0 Z:T");
    expect(wire, "DECLARE c CURSOR FOR SELECT 1", "E:42P03 Z:E");
    expect(wire, "ROLLBACK; FETCH c", "C:ROLLBACK E:34000 Z:I");
    expect(wire,
           "BEGIN; DECLARE c CURSOR FOR SELECT 1 AS a;"
           "DECLARE h CURSOR WITH HOLD FOR SELECT 2 AS a; COMMIT; FETCH h; CLOSE h; FETCH c",
           "C:BEGIN C:DECLARE CURSOR C:DECLARE CURSOR C:COMMIT T:a/23 D:2 C:FETCH 1 "
           "C:CLOSE CURSOR E:34000 Z:I");
    expect(wire, "BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT 2 AS a; ROLLBACK; FETCH h",
           "C:BEGIN C:DECLARE CURSOR C:ROLLBACK E:34000 Z:I");
    /* Outside a block, over what never ends, and with a parameter. */
    expect(wire, "SET execution.runtime-mode = streaming", "C:SET Z:I");
    expect(wire,
           "DECLARE e CURSOR FOR SELECT 7 AS a FROM endless; FETCH 2 e; BEGIN; COMMIT; "
           "FETCH e; CLOSE ALL",
           "C:DECLARE CURSOR T:a/23 D:7 D:7 C:FETCH 2 C:BEGIN C:COMMIT T:a/23 D:7 C:FETCH 1 "
           "C:CLOSE CURSOR ALL Z:I");
    wire_parse(wire, "", "DECLARE c CURSOR FOR SELECT id FROM items WHERE id >= $1");
    wire_describe(wire, 'S', "");
    wire_bind(wire, "", "", "4", 0);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 t:23 n 2 C:DECLARE CURSOR Z:I");
    expect(wire, "FETCH 1 c", "T:id/23 D:4 C:FETCH 1 Z:I");
    expect(wire, "FETCH 5 c WITH (timeout = '50ms')", "T:id/23 C:FETCH 0 Z:I");
    expect(wire, "CLOSE c; CLOSE c", "C:CLOSE CURSOR E:34000 Z:I");
    expect(wire, "DECLARE c CURSOR FOR SELECT  nothing FROM items", "E:42703 Z:I");
    CHECK_TEXT(wire->position, "30");
}

void
wire_test_transactions(void)
{
    struct wire *wire = wire_open();

    test_blocks(wire);
    test_cursors(wire);
    wire_close_socket(wire);
}
