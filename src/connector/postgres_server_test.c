/* Tests the postgres publisher against a real server, whose port SLT_POSTGRES_PORT names.  Without
 * it the tests fail: `tools/postgres start` runs one. */
#include "connector/connector_test.h"
#include "connector/postgres_internal.h"

#include "data/row.h"

#include <time.h>
#include <unistd.h>

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct test_table table;
static struct sl_schema_column columns[] = {{.name = "id", .type = &sl_type_int}};
static char name[64], url[128];
static PGconn *server; /* the test's own connection */

/* The first value of the answer. */
static int
ask(const char *sql)
{
    PGresult *result = PQexec(server, sql);
    int value = 0;

    cr_assert(PQresultStatus(result) == PGRES_COMMAND_OK ||
                  PQresultStatus(result) == PGRES_TUPLES_OK,
              "%s: %s", sql, PQerrorMessage(server));
    if (PQntuples(result) > 0)
        value = atoi(PQgetvalue(result, 0, 0));
    PQclear(result);
    return value;
}

static int
count_rows(void)
{
    return ask(sl_arena_printf(&table.arena, "SELECT count(*) FROM %s", name));
}

static void
begin(void)
{
    const char *port = getenv("SLT_POSTGRES_PORT");
    char connect[128];

    cr_assert_not_null(port, "SLT_POSTGRES_PORT must name the port of a PostgreSQL");
    snprintf(name, sizeof(name), "p_%d_%lld", getpid(), (long long)time(NULL));
    snprintf(url, sizeof(url), "jdbc:postgresql://127.0.0.1:%s/sluice?user=sluice", port);
    snprintf(connect, sizeof(connect), "host=127.0.0.1 port=%s user=sluice dbname=sluice", port);
    server = PQconnectdb(connect);
    cr_assert_eq(PQstatus(server), CONNECTION_OK, "%s", PQerrorMessage(server));
    test_table_open(&table, "postgres",
                    OPTIONS("url", url, "table-name", name, "sink.delivery-guarantee",
                            "exactly-once", "connection.max-retry-timeout", "10 s"));
    table.schema = (struct sl_schema){columns, 1};
    ask(sl_arena_printf(&table.arena, "CREATE TABLE %s (id int UNIQUE)", name));
}

static void
end(void)
{
    ask(sl_arena_printf(&table.arena, "DROP TABLE %s", name));
    PQfinish(server);
    test_table_close(&table);
}

TestSuite(postgres_server, .init = begin, .fini = end, .timeout = 60);

static struct sl_publisher *
open_publisher(struct sl_marker *ret_marker)
{
    struct sl_publisher *publisher = sl_alloc_zeroed(sl_pg_publisher_class.size);
    struct sl_error err;

    publisher->class = &sl_pg_publisher_class;
    publisher->config = &table.config;
    publisher->identity = name;
    cr_assert_eq(publisher->class->open(publisher, ret_marker, &err), SL_OK, "%s", err.text);
    return publisher;
}

static void
close_publisher(struct sl_publisher *publisher)
{
    publisher->class->close(publisher);
    free(publisher);
}

/* Publishes one row in an epoch of its own. */
static int
publish(struct sl_publisher *publisher, uint64_t epoch, int32_t id, struct sl_error *err)
{
    const struct sl_type *types[] = {&sl_type_int};
    const struct sl_row_layout *layout = sl_row_layout_new(&table.arena, types, 1);
    struct sl_column *column = sl_column_new(table.pool, &sl_type_int, 1, false);
    struct sl_marker marker = {.epoch = epoch, .subtask = 1, .chunk = 2};
    struct sl_record record = {.key_length = SL_RECORD_NULL};
    struct sl_records records = {.items = &record, .count = 1};
    struct sl_buffer frame;
    int rc;

    sl_buffer_init(&frame, 1000);
    sl_buffer_add(&frame, (char[9]){SL_ROW_INSERT}, 9);
    ((int32_t *)column->values)[0] = id;
    sl_row_pack(layout, &column, 0, &frame);
    record.value = frame.data;
    record.value_length = (uint32_t)frame.length;
    rc = publisher->class->publish(publisher, &records, &marker, err);
    sl_buffer_done(&frame);
    sl_column_unref(column);
    return rc;
}

Test(postgres_server, marker_comes_with_the_rows)
{
    struct sl_marker marker;
    struct sl_publisher *publisher = open_publisher(&marker);
    struct sl_error err;

    cr_expect_eq(marker.epoch, 0);
    cr_assert_eq(publish(publisher, 7, 1, &err), SL_OK, "%s", err.text);
    cr_assert_eq(publish(publisher, 8, 2, &err), SL_OK, "%s", err.text);
    close_publisher(publisher);
    publisher = open_publisher(&marker);
    cr_expect_eq(marker.epoch, 8);
    cr_expect_eq(marker.subtask, 1);
    cr_expect_eq(marker.chunk, 2);
    close_publisher(publisher);
    cr_expect_eq(count_rows(), 2);
}

/* Whoever opens later is the only one whose rows count. */
Test(postgres_server, an_earlier_publisher_is_fenced_out)
{
    struct sl_marker marker;
    struct sl_publisher *zombie = open_publisher(&marker), *publisher;
    struct sl_error err;

    cr_assert_eq(publish(zombie, 7, 1, &err), SL_OK, "%s", err.text);
    publisher = open_publisher(&marker);
    cr_expect_eq(marker.epoch, 7);
    cr_expect_eq(publish(zombie, 8, 2, &err), SL_E_CONNECTION_FAILURE);
    close_publisher(zombie);
    cr_expect_eq(count_rows(), 1);
    cr_assert_eq(publish(publisher, 8, 2, &err), SL_OK, "%s", err.text);
    close_publisher(publisher);
    cr_expect_eq(count_rows(), 2);
}

/* A row that a constraint refuses is an error of the data, and leaves neither row nor marker. */
Test(postgres_server, a_refused_row_leaves_nothing)
{
    struct sl_marker marker;
    struct sl_publisher *publisher = open_publisher(&marker);
    struct sl_error err;
    int rc;

    cr_assert_eq(publish(publisher, 7, 1, &err), SL_OK, "%s", err.text);
    rc = publish(publisher, 8, 1, &err);
    cr_expect_eq(rc, SL_E_UNIQUE_VIOLATION, "%s", err.text);
    cr_expect_not(sl_error_is_retryable(rc));
    close_publisher(publisher);
    publisher = open_publisher(&marker);
    cr_expect_eq(marker.epoch, 7);
    close_publisher(publisher);
    cr_expect_eq(count_rows(), 1);
}

/* A connection that is lost is no error of the data, and the next publisher knows how far it went.
 */
Test(postgres_server, a_lost_connection_is_retryable)
{
    struct sl_marker marker;
    struct sl_publisher *publisher = open_publisher(&marker);
    struct sl_error err;
    int rc;

    cr_assert_eq(publish(publisher, 7, 1, &err), SL_OK, "%s", err.text);
    ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE application_name = 'sluice'");
    rc = publish(publisher, 8, 2, &err);
    cr_expect_lt(rc, 0);
    cr_expect(sl_error_is_retryable(rc), "%s", err.text);
    close_publisher(publisher);
    publisher = open_publisher(&marker);
    cr_expect_eq(marker.epoch, 7);
    close_publisher(publisher);
    cr_expect_eq(count_rows(), 1);
}
