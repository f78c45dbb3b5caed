/* What only libpq's own ways of working show: pipelines, single rows, cancelling, many rows. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
test_pipeline(PGconn *connection)
{
    int synced = 0, rows = 0, failed = 0, aborted = 0;

    CHECK(PQenterPipelineMode(connection));
    for (int i = 0; i < 200; i++) {
        char text[16];
        const char *values[] = {text};

        snprintf(text, sizeof(text), "%d", i);
        CHECK(PQsendQueryParams(connection, i == 150 ? "SELECT 1 / ($1 - 150)" : "SELECT $1 + 1", 1,
                                NULL, values, NULL, NULL, 0));
        if (i % 100 == 99)
            CHECK(PQpipelineSync(connection));
    }
    while (synced < 2) {
        PGresult *result = PQgetResult(connection);

        switch (PQresultStatus(result)) {
        case PGRES_PIPELINE_SYNC:
            synced++;
            break;
        case PGRES_TUPLES_OK:
            rows += atoi(PQgetvalue(result, 0, 0)) == rows + 1;
            break;
        case PGRES_FATAL_ERROR:
            failed += strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE), "22012") == 0;
            break;
        case PGRES_PIPELINE_ABORTED:
            aborted++;
            break;
        default:
            break;
        }
        PQclear(result);
    }
    wire_check(rows == 150 && failed == 1 && aborted == 49, __FILE__, __LINE__,
               "%d rows, %d failed, %d aborted", rows, failed, aborted);
    CHECK(PQexitPipelineMode(connection));
}

static void
test_single_rows(PGconn *connection)
{
    PGcancel *cancel = PQgetCancel(connection);
    PGresult *result;
    char error[256];
    int rows = 0;

    CHECK(PQsendQuery(connection, "SELECT n FROM endless"));
    CHECK(PQsetSingleRowMode(connection));
    while ((result = PQgetResult(connection))) {
        if (PQresultStatus(result) == PGRES_SINGLE_TUPLE && ++rows == 1000)
            CHECK(PQcancel(cancel, error, sizeof(error)));
        if (PQresultStatus(result) == PGRES_FATAL_ERROR)
            CHECK_TEXT(PQresultErrorField(result, PG_DIAG_SQLSTATE), "57014");
        PQclear(result);
    }
    CHECK(rows >= 1000);
    PQfreeCancel(cancel);
}

/* More than buffers hold, and a statement that is prepared and described. */
static void
test_many_rows(PGconn *connection)
{
    PGresult *result = PQexec(connection, "SET execution.runtime-mode = batch");
    int64_t sum = 0;

    PQclear(result);
    PQclear(PQexec(connection, "CREATE TABLE many (n BIGINT, t STRING) WITH ('connector' = "
                               "'memory')"));
    result = PQexec(connection, "COPY many FROM STDIN");
    CHECK(PQresultStatus(result) == PGRES_COPY_IN);
    PQclear(result);
    for (int i = 1; i <= 100000; i++) {
        char line[64];
        int length = snprintf(line, sizeof(line), "%d\tthe row of number %d\n", i, i);

        PQputCopyData(connection, line, length);
    }
    CHECK(PQputCopyEnd(connection, NULL) == 1);
    result = PQgetResult(connection);
    CHECK_TEXT(PQcmdTuples(result), "100000");
    PQclear(result);
    CHECK(PQgetResult(connection) == NULL);
    result = PQprepare(connection, "s", "SELECT n, t FROM many WHERE n <= $1", 0, NULL);
    PQclear(result);
    result = PQdescribePrepared(connection, "s");
    CHECK(PQnparams(result) == 1 && PQparamtype(result, 0) == 20 && PQnfields(result) == 2);
    PQclear(result);
    result = PQexecPrepared(connection, "s", 1, (const char *const[]){"100000"}, NULL, NULL, 0);
    CHECK(PQntuples(result) == 100000);
    for (int i = 0; i < PQntuples(result); i++)
        sum += atoll(PQgetvalue(result, i, 0));
    CHECK(sum == INT64_C(5000050000));
    PQclear(result);
}

static void
test_notices(void *arg, const PGresult *result)
{
    *(int *)arg += strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE), "25001") == 0;
}

void
wire_test_libpq(void)
{
    PGconn *connection = wire_connect();
    int warnings = 0;

    PQsetNoticeReceiver(connection, test_notices, &warnings);
    PQclear(PQexec(connection, "BEGIN; BEGIN; COMMIT"));
    CHECK(warnings == 1);
    CHECK_TEXT(PQparameterStatus(connection, "client_encoding"), "UTF8");
    CHECK_TEXT(PQparameterStatus(connection, "TimeZone"), "UTC");
    CHECK(PQserverVersion(connection) == 150000);
    PQclear(PQexec(connection, "SET TIME ZONE 'Europe/Berlin'"));
    CHECK_TEXT(PQparameterStatus(connection, "TimeZone"), "Europe/Berlin");
    test_pipeline(connection);
    test_single_rows(connection);
    test_many_rows(connection);
    PQfinish(connection);
}
