/* What belongs to one session: its temporary tables, its prepared statements, its statement set. */
#include "wire.h"

#include <dirent.h>
#include <stdio.h>

static void
expect(struct wire *wire, const char *sql, const char *replies)
{
    wire_query(wire, sql);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), replies);
}

static int
count_memory_logs(void)
{
    char path[128];
    int count = 0;
    DIR *directory;

    snprintf(path, sizeof(path), "%s/memory", wire_server.directory);
    directory = opendir(path);
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

static void
test_temporary(void)
{
    struct wire *wire = wire_open(), *other = wire_open();
    int logs = count_memory_logs();

    expect(wire, "CREATE TEMPORARY TABLE own (id INT) WITH ('connector' = 'memory')",
           "C:CREATE TABLE Z:I");
    expect(wire, "INSERT INTO own VALUES (1)", "C:INSERT 0 1 Z:I");
    expect(wire, "CREATE TEMPORARY VIEW own_view AS SELECT id FROM own", "C:CREATE VIEW Z:I");
    expect(wire, "SHOW VIEWS LIKE 'own%'", "T:view name/25 D:own_view C:SHOW Z:I");
    CHECK(count_memory_logs() == logs + 1);
    expect(other, "SELECT * FROM own", "E:42P01 Z:I");
    expect(other, "DROP TEMPORARY TABLE own", "E:42P01 Z:I");
    expect(other, "SHOW TABLES LIKE 'own%'", "T:table name/25 C:SHOW Z:I");
    expect(other, "CREATE TEMPORARY TABLE own (name STRING) WITH ('connector' = 'memory')",
           "C:CREATE TABLE Z:I");
    expect(other, "DISCARD ALL", "C:DISCARD ALL Z:I");
    expect(other, "SELECT * FROM own", "E:42P01 Z:I");
    expect(wire, "SELECT id FROM own_view LIMIT 1", "T:id/23 D:1 C:SELECT 1 Z:I");
    /* The server closes the socket when the session is gone. */
    wire_begin(wire, 'X');
    wire_end(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "EOF");
    CHECK(count_memory_logs() == logs);
    wire_close_socket(wire);
    wire_close_socket(other);
}

static void
expect_error(struct wire *wire, const char *sql, const char *replies, const char *position)
{
    expect(wire, sql, replies);
    CHECK_TEXT(wire->position, position);
}

/* psql sends a statement set in pieces: an error is told at its INSERT, and ends what the set can
 * do. */
static void
test_statement_set(void)
{
    struct wire *wire = wire_open();

    expect(wire, "CREATE TABLE set_sink (id INT) WITH ('connector' = 'blackhole')",
           "C:CREATE TABLE Z:I");
    expect(wire, "BEGIN STATEMENT SET", "C:BEGIN STATEMENT SET Z:I");
    expect(wire, "INSERT INTO set_sink SELECT id FROM items", "C:INSERT 0 0 Z:I");
    expect_error(wire, "SELECT 1", "E:42601 Z:I", "1"); /* what psql completes by does no harm */
    expect(wire, "INSERT INTO set_sink SELECT id FROM others", "C:INSERT 0 0 Z:I");
    expect(wire, "END", "C:INSERT 0 0 Z:I");
    expect(wire, "END", "C:COMMIT Z:I");

    expect(wire, "BEGIN STATEMENT SET", "C:BEGIN STATEMENT SET Z:I");
    expect_error(wire, "INSERT INTO set_sink SELECT nope FROM items", "E:42703 Z:I", "29");
    expect_error(wire, "INSERT INTO set_sink SELECT id FROM items", "E:25P02 Z:I", "1");
    expect(wire, "END", "C:ROLLBACK Z:I");
    expect(wire, "BEGIN STATEMENT SET", "C:BEGIN STATEMENT SET Z:I");
    expect_error(wire, "INSERT INTO set_sink SELEC id FROM items", "E:42601 Z:I", "22");
    expect(wire, "END", "C:ROLLBACK Z:I");
    expect_error(wire, "EXECUTE STATEMENT SET BEGIN INSERT INTO set_sink SELECT x FROM items",
                 "E:42703 Z:I", "57");
    expect(wire, "INSERT INTO set_sink SELECT id FROM items", "E:25P02 Z:I");
    expect(wire, "END", "C:ROLLBACK Z:I");

    expect(wire, "BEGIN STATEMENT SET", "C:BEGIN STATEMENT SET Z:I");
    wire_parse(wire, "", "INSERT INTO set_sink SELECT id FROM items WHERE id = $1");
    wire_bind(wire, "", "", "1", 0);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 2 E:0A000 Z:I");
    expect(wire, "END", "C:ROLLBACK Z:I");
    expect(wire, "BEGIN STATEMENT SET", "C:BEGIN STATEMENT SET Z:I");
    expect(wire, "END", "E:42601 Z:I");
    expect(wire, "BEGIN STATEMENT SET", "C:BEGIN STATEMENT SET Z:I");
    expect(wire, "ROLLBACK", "C:ROLLBACK Z:I");
    expect(wire, "SELECT 1 AS a", "T:a/23 D:1 C:SELECT 1 Z:I");
    wire_close_socket(wire);
}

static void
test_jobs(void)
{
    struct wire *wire = wire_open();

    expect_error(wire, "SHOW TASKS FOR JOB 'x'",
                 "T:task/25,subtask/23,slot/23,state/25,rows_in/20,"
                 "rows_out/20,bytes_in/20,bytes_out/20,busy/701,"
                 "idle/701,backpressured/701,watermark/1114,"
                 "late_rows/20,skipped_rows/20 E:42704 Z:I",
                 "20");
    expect_error(wire, "STOP JOB 'x'", "E:42704 Z:I", "10");
    expect_error(wire, "DROP DATABASE no_such_database", "E:3F000 Z:I", "15");
    expect(wire, "SHOW USER FUNCTIONS", "T:function name/25 C:SHOW Z:I");
    /* Who waits for a job hears its name at once. */
    expect(wire, "SET 'table.dml-sync' = 'true'", "C:SET Z:I");
    wire_query(wire, "INSERT INTO set_sink SELECT 1 FROM endless_slow");
    CHECK_TEXT(wire_replies(wire, 'N', 1), "");
    wire_cancel(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "E:57014 Z:I");
    wire_close_socket(wire);
}

/* A statement whose tables change after it was prepared: other columns are told, not sent. */
static void
test_changed_tables(void)
{
    struct wire *wire = wire_open();

    expect(wire,
           "CREATE TABLE changing (a INT, b INT) WITH ('connector' = 'datagen', "
           "'number-of-rows' = '0')",
           "C:CREATE TABLE Z:I");
    wire_parse(wire, "all", "SELECT * FROM changing");
    wire_parse(wire, "one", "SELECT a FROM changing");
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "1 1 Z:I");
    expect(wire, "ALTER TABLE changing DROP b", "C:ALTER TABLE Z:I");
    wire_bind(wire, "", "one", NULL, 0);
    wire_execute(wire, "", 0);
    wire_bind(wire, "", "all", NULL, 0);
    wire_sync(wire);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "2 C:SELECT 0 E:0A000 Z:I");
    CHECK_TEXT(wire->message, "cached plan must not change result type");
    expect(wire, "DEALLOCATE ALL", "C:DEALLOCATE ALL Z:I");
    wire_close_socket(wire);
}

void
wire_test_sessions(void)
{
    test_temporary();
    test_statement_set();
    test_jobs();
    test_changed_tables();
}
