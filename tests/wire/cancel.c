/* What never ends ends when the client says so, or goes. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

/* Sends what `send` collected, waits for the reply `first`, cancels: 57014 within a second. */
static void
expect_cancel(struct wire *wire, char first, const char *last)
{
    int64_t start;
    const char *replies;

    wire_replies(wire, first, 1);
    start = wire_now_ms();
    wire_cancel(wire);
    replies = wire_replies(wire, 'Z', 1);
    wire_check(strlen(replies) >= strlen(last) &&
                   strcmp(replies + strlen(replies) - strlen(last), last) == 0,
               __FILE__, __LINE__, "no %s at the end of %.200s", last, replies);
    CHECK(wire_now_ms() - start < 1000);
    CHECK_TEXT(wire->message, "canceling statement due to user request");
    wire_query(wire, "SELECT 1 AS a");
    wire_replies(wire, 'Z', 1);
}

static void
test_cancel(void)
{
    struct wire *wire = wire_open();

    wire_query(wire, "SELECT n FROM endless_slow");
    expect_cancel(wire, 'D', "E:57014 Z:I");
    CHECK_TEXT(wire->replies, "T:a/23 D:1 C:SELECT 1 Z:I");
    wire_query(wire, "SELECT n FROM endless WHERE n * 0 = 1");
    expect_cancel(wire, 'T', "E:57014 Z:I");
    wire_query(wire, "COPY (SELECT n FROM endless_slow) TO STDOUT");
    expect_cancel(wire, 'd', "E:57014 Z:I");
    wire_query(wire, "BEGIN");
    wire_replies(wire, 'Z', 1);
    wire_query(wire, "DECLARE c CURSOR FOR SELECT n FROM endless_slow; FETCH 1000000 c");
    expect_cancel(wire, 'T', "E:57014 Z:E");
    CHECK_TEXT(wire->replies, "E:25P02 Z:E");
    wire_query(wire, "ROLLBACK");
    wire_replies(wire, 'Z', 1);
    wire_query(wire, "COPY items FROM STDIN");
    expect_cancel(wire, 'G', "E:57014 Z:I");
    wire_parse(wire, "", "SELECT n FROM endless_slow");
    wire_bind(wire, "", "", NULL, 0);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    expect_cancel(wire, 'D', "E:57014 Z:I");
    /* A wrong key does nothing, nor does a cancel of nothing. */
    wire->cancel_key ^= 1;
    wire_cancel(wire);
    wire->cancel_key ^= 1;
    wire_cancel(wire);
    wire_query(wire, ";");
    wire_query(wire, "SELECT 2 AS a");
    wire_replies(wire, 'Z', 2);
    CHECK(strstr(wire->replies, "D:2 C:SELECT 1 Z:I") != NULL);
    wire_close_socket(wire);
}

/* How many threads' worth of time the server spends is not to be seen from here; what is: its end.
 */
static void
test_disconnect(void)
{
    static const char *const statements[] = {
        "SELECT n FROM endless", "SELECT n FROM endless_slow",
        "SELECT n FROM endless WHERE n * 0 = 1", "COPY (SELECT n FROM endless) TO STDOUT",
        "DECLARE c CURSOR FOR SELECT n FROM endless; FETCH 10 c"};

    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        struct wire *wire = wire_open();

        wire_query(wire, statements[i]);
        wire_replies(wire, statements[i][0] == 'C' ? 'H' : 'T', 1);
        wire_close_socket(wire);
    }
}

void
wire_test_cancel(void)
{
    test_cancel();
    test_disconnect();
}
