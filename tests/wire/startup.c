/* The first packets, the settings that drivers send with them, and damaged messages. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char *const plain[] = {"user", "test", NULL};

static void
test_requests(void)
{
    struct wire *wire = wire_open_socket();
    static const uint32_t codes[] = {80877104, 80877103}; /* GSSENCRequest, SSLRequest */

    for (size_t i = 0; i < 2; i++) {
        char answer = 0;

        wire_begin(wire, '\0');
        wire_u32(wire, codes[i]);
        wire_end(wire);
        wire_send(wire);
        CHECK(recv(wire->fd, &answer, 1, MSG_WAITALL) == 1 && answer == 'N');
    }
    wire_startup(wire, 196608, plain);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "Z:I");
    wire_close_socket(wire);
}

/* Protocol 3.2, and an option of the protocol that is made up to see whether servers bear it. */
static void
test_negotiation(void)
{
    static const char *const grease[] = {"user", "test", "_pq_.test_protocol_negotiation", "",
                                         NULL};
    struct wire *wire = wire_open_socket();

    wire_startup(wire, 196610, plain);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "v:0.0 Z:I");
    wire_query(wire, "SELECT 1 AS a");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "T:a/23 D:1 C:SELECT 1 Z:I");
    wire_close_socket(wire);
    wire = wire_open_socket();
    wire_startup(wire, 196608 + 9999, grease);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "v:0.1 Z:I");
    wire_close_socket(wire);
}

static void
expect_silence(const void *bytes, size_t size)
{
    struct wire *wire = wire_open_socket();

    wire_bytes(wire, bytes, size);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "EOF");
    wire_close_socket(wire);
}

static void
expect_refusal(const char *const *parameters, const char *sqlstate)
{
    struct wire *wire = wire_open_socket();
    char expected[32];

    snprintf(expected, sizeof(expected), "E:%s EOF", sqlstate);
    wire_startup(wire, 196608, parameters);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), expected);
    CHECK_TEXT(wire->severity, "FATAL");
    wire_close_socket(wire);
}

static void
test_bad_starts(void)
{
    static const char *const no_user[] = {"database", "x", NULL};
    static const char *const unknown[] = {"user", "test", "no_such_setting", "1", NULL};
    static const char *const encoding[] = {"user", "test", "client_encoding", "LATIN1", NULL};
    static const char *const replication[] = {"user", "test", "replication", "database", NULL};

    expect_silence("GET / HTTP/1.0\r\n\r\n", 18);
    expect_silence("\0\0\0\7\0\3\0\0", 8);
    expect_silence("\x16\x03\x01\x02\0\1\0\1\xfc\x03", 10);
    expect_refusal(no_user, "28000");
    expect_refusal(unknown, "42704");
    expect_refusal(encoding, "0A000");
    expect_refusal(replication, "0A000");
}

/* As psycopg, asyncpg, pgjdbc, node-postgres, lib/pq and pools of them do. */
static void
test_settings(void)
{
    static const char *const drivers[][15] = {
        {"client_encoding", "'utf-8'", "user", "su", "database", "d", NULL},
        {"user", "su", "database", "d", "client_encoding", "UTF8", "DateStyle", "ISO", "TimeZone",
         "Europe/Berlin", "extra_float_digits", "2", NULL},
        {"user", "su", "extra_float_digits", "2", "client_encoding", "UTF8", "datestyle",
         "ISO, MDY", NULL},
        {"user", "su", "application_name", "psql", "options", "-c jit=off --search_path=public",
         NULL},
    };
    static const char *const statements[] = {
        "SET extra_float_digits = 3",
        "SET application_name = 'PostgreSQL JDBC Driver'",
        "SET SESSION search_path TO 'public'",
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION AUTHORIZATION DEFAULT",
        "SET ROLE NONE",
        "SET NAMES 'utf8'",
        "SET TIME ZONE 'UTC'",
        "SET LOCAL statement_timeout = 0",
        "SET datestyle TO ISO",
        "SET client_min_messages TO warning",
        "SET standard_conforming_strings = on"};
    struct wire *wire;

    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        wire = wire_open_socket();
        wire_startup(wire, 196608, drivers[i]);
        CHECK_TEXT(wire_replies(wire, 'Z', 1), "Z:I");
        wire_close_socket(wire);
    }
    wire = wire_open();
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        wire_query(wire, statements[i]);
        CHECK_TEXT(wire_replies(wire, 'Z', 1), "C:SET Z:I");
    }
    wire_query(wire, "CLOSE ALL; UNLISTEN *; RESET ALL; DISCARD ALL");
    CHECK_TEXT(wire_replies(wire, 'Z', 1),
               "C:CLOSE CURSOR ALL C:UNLISTEN C:RESET C:DISCARD ALL Z:I");
    wire_query(wire, "SHOW TRANSACTION ISOLATION LEVEL; SHOW standard_conforming_strings;"
                     "SHOW server_version_num");
    CHECK_TEXT(wire_replies(wire, 'Z', 1),
               "T:transaction_isolation/25 D:read committed C:SHOW "
               "T:standard_conforming_strings/25 D:on C:SHOW T:server_version_num/25 D:150000 "
               "C:SHOW Z:I");
    wire_query(wire, "SELECT current_database() AS d, current_schema AS s, "
                     "current_setting('server_version_num') AS v");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "T:d/25,s/25,v/25 D:test|public|150000 C:SELECT 1 Z:I");
    wire_query(wire, "SELECT version() LIKE 'PostgreSQL 15.%' AS v");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "T:v/16 D:t C:SELECT 1 Z:I");
    wire_close_socket(wire);
}

static void
test_damage(void)
{
    struct wire *wire = wire_open();
    char *large;

    wire_begin(wire, 'Q');
    wire_bytes(wire, "SELECT 1", 8); /* no NUL at its end */
    wire_end(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:08P01 Z:I");
    wire_query(wire, "SELECT '\xff'");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:22021 Z:I");
    wire_begin(wire, 'F');
    wire_u32(wire, 0);
    wire_end(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:0A000 Z:I");
    /* CopyData and CopyDone of a COPY that failed long ago. */
    wire_copy_data(wire, "x", 1);
    wire_copy_done(wire);
    wire_query(wire, ";");
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "I Z:I");
    /* Two megabytes where one is the limit: passed over. */
    large = malloc(2 << 20);
    memset(large, ' ', 2 << 20);
    wire_u8(wire, 'Q');
    wire_u32(wire, (2 << 20) + 4);
    wire_send(wire);
    CHECK(send(wire->fd, large, 2 << 20, MSG_NOSIGNAL) == 2 << 20);
    free(large);
    wire_query(wire, "SELECT 1 AS a");
    CHECK_TEXT(wire_replies(wire, 'Z', 2), "E:54000 Z:I T:a/23 D:1 C:SELECT 1 Z:I");
    wire_begin(wire, 'Y');
    wire_end(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:08P01 EOF");
    CHECK_TEXT(wire->severity, "FATAL");
    wire_close_socket(wire);
    wire = wire_open();
    wire_u8(wire, 'Q');
    wire_u32(wire, 3);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "EOF");
    wire_close_socket(wire);
}

void
wire_test_startup(void)
{
    test_requests();
    test_negotiation();
    test_bad_starts();
    test_settings();
    test_damage();
}
