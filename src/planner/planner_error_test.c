/* What is refused: SQLSTATE, the place in the statement, and the hint. */
#include "planner/planner_test.h"

#include <criterion/criterion.h>

static struct planner_test test;

static void
start(void)
{
    planner_test_start(&test);
    cr_assert_eq(planner_test_run(
                     &test,
                     "CREATE TABLE bids (auction BIGINT, price BIGINT, channel STRING, "
                     "ts TIMESTAMP(3), plain TIMESTAMP(3), r ROW<inner_a INT>, "
                     "WATERMARK FOR ts AS ts) "
                     "WITH ('connector'='kafka', 'topic'='bids', 'format'='json');"
                     "CREATE TABLE out1 (a INT NOT NULL, b STRING) WITH ('connector'='blackhole');"
                     "CREATE TABLE gone (a INT) WITH ('connector'='kafka', 'topic'='nowhere', "
                     "'format'='json');"
                     "CREATE VIEW v AS SELECT price FROM bids;"),
                 SL_OK, "%s", test.err.text);
}

static void
stop(void)
{
    planner_test_stop(&test);
}

TestSuite(planner_error, .init = start, .fini = stop);

#define REFUSED(sql, sqlstate, at) planner_test_refused(&test, (sql), (sqlstate), (at))

Test(planner_error, names)
{
    REFUSED("SELECT * FROM bidz", "42P01", "bidz");
    planner_test_hint(&test, "bids");
    REFUSED("SELECT * FROM x.bids", "42P01", "x.bids");
    REFUSED("SELECT prise FROM bids", "42703", "prise");
    planner_test_hint(&test, "price");
    REFUSED("SELECT b.price FROM bids", "42P01", "b.price");
    REFUSED("SELECT bids.price FROM bids AS b", "42P01", "bids.price");
    REFUSED("SELECT r.inner_b FROM bids", "42703", "inner_b");
    planner_test_hint(&test, "inner_a");
    REFUSED("SELECT a FROM (SELECT 1 AS a, 2 AS A) AS t", "42702", "a FROM (");
    REFUSED("SELECT 1 AS a, 2 AS a ORDER BY a", "42702", "a");
    REFUSED("SELECT COALESC(1, 2)", "42883", "COALESC");
    planner_test_hint(&test, "COALESCE");
    REFUSED("SELECT SUBSTRING(price, 1) FROM bids", "42883", "SUBSTRING");
    planner_test_hint(&test, "SUBSTRING(string, int [, int]) -> string or "
                             "SUBSTRING(string, string) -> string");
    REFUSED("SELECT HEX(TRUE)", "42883", "HEX");
    planner_test_hint(&test, "HEX(bigint) -> string or HEX(string | bytes) -> string");
    REFUSED("SELECT REGEX_COUNT('a', 'b')", "42883", "REGEX_COUNT");
    planner_test_hint(&test, "\"REGEXP_COUNT\"? REGEXP_COUNT(string, string) -> int");
    REFUSED("SELECT SHA25('a')", "42883", "SHA25");
    planner_test_hint(&test, "\"SHA2\", \"SHA256\"");
    REFUSED("SELECT REGEXP(channel, '(') FROM bids", "2201B", "'('");
    REFUSED("SELECT channel SIMILAR TO '[' FROM bids", "2201B", "'['");
    REFUSED("SELECT * FROM bids AS b (x, y, z, u, w, q, too_many)", "42P10", "too_many");
    REFUSED("SELECT $9", "42P02", "$9");
    REFUSED("SELECT B.PRICE, public.bids.price FROM bids AS b", "42P01", "public.bids.price");
    cr_assert_eq(planner_test_run(&test, "SELECT BIDS.Price, public.bids.price, r.Inner_A "
                                         "FROM default_catalog.default_database.Bids"),
                 SL_OK, "%s", test.err.text);
    /* Output columns are named as written. */
    cr_assert_str_eq(test.planned->columns->columns[0].name, "Price");
}

Test(planner_error, types)
{
    REFUSED("SELECT * FROM bids WHERE price", "42804", "price");
    REFUSED("SELECT price + channel FROM bids", "42883", "+");
    REFUSED("SELECT SUM(channel) FROM bids", "42883", "SUM");
    planner_test_hint(&test, "CAST to a type that SUM takes");
    REFUSED("SELECT 99999999999999999999999999999999999999999", "22003",
            "9999999999999999999999"
            "9999999999999999999");
    REFUSED("SELECT DATE '2020-13-01'", "22007", "DATE");
    REFUSED("SELECT CAST(1 AS TIMESTAMP(9))", "0A000", "TIMESTAMP(9)");
    REFUSED("SELECT CAST(1 AS frob)", "42704", "frob");
    REFUSED("VALUES (1), (TRUE)", "42804", NULL);
    REFUSED("VALUES (1, 2), (3)", "42601", "(3)");
    REFUSED("SELECT 1 UNION ALL SELECT 1, 2", "42601", "SELECT");
    REFUSED("SELECT price FROM bids UNION ALL SELECT r FROM bids", "42804", "SELECT");
}

Test(planner_error, grouping)
{
    REFUSED("SELECT channel, COUNT(*) FROM bids", "42803", "channel");
    REFUSED("SELECT price FROM bids GROUP BY channel", "42803", "price");
    REFUSED("SELECT 1 FROM bids WHERE COUNT(*) > 1", "42803", "COUNT");
    REFUSED("SELECT SUM(COUNT(*)) FROM bids", "42803", "COUNT");
    REFUSED("SELECT COUNT(*) FROM bids GROUP BY COUNT(*)", "42803", "COUNT");
    REFUSED("SELECT channel FROM bids GROUP BY 2", "42P10", "2");
    REFUSED("SELECT DISTINCT channel FROM bids ORDER BY price", "42P10", "price");
    REFUSED("SELECT UPPER(DISTINCT channel) FROM bids", "42809", "UPPER");
}

/* Streaming without windows, and windows without a time. */
Test(planner_error, streaming)
{
    REFUSED("SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(plain), INTERVAL '1' MINUTE))",
            "42804", "plain");
    planner_test_hint(&test, "WATERMARK");
    REFUSED("SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(price), INTERVAL '1' MINUTE))",
            "42804", "price");
    REFUSED("SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(tz), INTERVAL '1' MINUTE))", "42703",
            "tz");
    REFUSED("SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MONTH))", "42804",
            "INTERVAL");
    REFUSED("SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '0' SECOND))", "22023",
            "INTERVAL");
    REFUSED("SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE, "
            "INTERVAL '60' SECOND))",
            "22023", "INTERVAL '60'");
    REFUSED("SELECT * FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '7' MINUTE, INTERVAL '1' "
            "HOUR))",
            "22023", "INTERVAL '7'");
    REFUSED("SELECT * FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' "
            "DAY))",
            "22023", "INTERVAL '1'");
    cr_assert_str_eq(test.err.text,
                     "a window has 172800 slides, more than 100000, which sluice.window.max-slices "
                     "allows");
    planner_test_hint(&test, "172800");
    planner_test_set("sluice.window.max-slices", "9");
    REFUSED("SELECT * FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' SECOND, "
            "INTERVAL '10' SECOND))",
            "22023", "INTERVAL '1'");
    cr_assert(strstr(test.err.text, "10 steps, more than 9"));
    REFUSED("SELECT window_end FROM (SELECT window_start, window_end FROM TABLE(TUMBLE(TABLE bids, "
            "DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, price) AS w "
            "GROUP BY /*+ STATE_TTL('w' = '1 d') */ window_start, window_end",
            "42601", "/*+");
}

/* Everything that parses and is not built says its name. */
/* Auxiliary functions want their window in GROUP BY; a window stands nowhere else. */
Test(planner_error, group_windows)
{
    REFUSED("SELECT TUMBLE_START(ts, INTERVAL '1' HOUR) FROM bids GROUP BY TUMBLE(ts, INTERVAL '1' "
            "MINUTE)",
            "42803", "TUMBLE_START");
    planner_test_hint(&test, "GROUP BY TUMBLE(ts");
    REFUSED("SELECT SESSION(ts, INTERVAL '1' HOUR) FROM bids GROUP BY channel", "42803", "SESSION");
    REFUSED(
        "SELECT COUNT(*) FROM bids GROUP BY TUMBLE(ts, INTERVAL '1' HOUR), SESSION(ts, INTERVAL "
        "'1' HOUR)",
        "0A000", "SESSION");
    REFUSED("SELECT COUNT(*) FROM bids GROUP BY CUMULATE(ts, INTERVAL '1' HOUR, INTERVAL '2' HOUR)",
            "0A000", "CUMULATE");
    planner_test_hint(&test, "TABLE(CUMULATE(");
}

/* Hints of a block name themselves where they are wrong. */
Test(planner_error, triggers)
{
    REFUSED("SELECT /*+ TRIGGER('count') */ COUNT(*) FROM bids", "22023", "TRIGGER");
    REFUSED("SELECT /*+ TRIGGER('count', 5), EVICTOR('size', 5) */ COUNT(*) FROM bids", "22023",
            "EVICTOR");
    REFUSED("SELECT /*+ TRIGGER('count', 5) */ price FROM bids", "22023", "TRIGGER");
    planner_test_hint(&test, "GROUP BY");
}

Test(planner_error, not_supported)
{
    REFUSED("SELECT * FROM bids, v", "0A000", "v");
    REFUSED("SELECT * FROM bids JOIN v ON TRUE", "0A000", "v ON");
    REFUSED("SELECT price FROM bids WHERE EXISTS (SELECT 1 FROM (VALUES (1)) AS v (a) WHERE a = "
            "auction)",
            "0A000", "auction");
    REFUSED("SELECT 1 IN (SELECT 1, 2)", "42601", "1 IN");
    REFUSED("SELECT COUNT(1 IN (SELECT 1))", "0A000", "1 IN");
    REFUSED("VALUES ((SELECT 1))", "0A000", "((SELECT");
    REFUSED("SELECT 1 EXCEPT SELECT DATE '2020-01-01'", "42804", "SELECT");
    REFUSED("SELECT 1 INTERSECT SELECT 2, 3", "42601", "SELECT");
    REFUSED("SELECT COUNT(*) FROM bids GROUP BY CUBE (ROLLUP (channel))", "0A000", "ROLLUP");
    REFUSED("SELECT * FROM TABLE(COUNT_WINDOW(TABLE bids PARTITION BY (channel), 3))", "0A000",
            "COUNT_WINDOW");
    planner_test_hint(&test, "window_id");
    REFUSED("SELECT * FROM bids FOR SYSTEM_TIME AS OF TIMESTAMP '2020-01-01 00:00:00'", "0A000",
            "TIMESTAMP");
    REFUSED("WITH RECURSIVE t AS (SELECT 1) SELECT * FROM t", "0A000", "t AS");
    REFUSED("SELECT /*+ BROADCAST(bids) */ * FROM bids", "0A000", "BROADCAST");
    REFUSED("INSERT OVERWRITE out1 VALUES (1, 'x')", "0A000", "INSERT");
    REFUSED("CREATE TEMPORARY TABLE t AS SELECT 1", "0A000", NULL);
}

Test(planner_error, inserts)
{
    REFUSED("INSERT INTO out1 VALUES (1)", "42601", "out1");
    REFUSED("INSERT INTO out1 VALUES (1, 'x', 3)", "42601", "3");
    REFUSED("INSERT INTO out1 (a, b) SELECT 1", "42601", "SELECT");
    REFUSED("INSERT INTO out1 (a, c) VALUES (1, 2)", "42703", "c)");
    REFUSED("INSERT INTO out1 (a, a) VALUES (1, 2)", "42701", "a)");
    REFUSED("INSERT INTO out1 (b) VALUES ('x')", "23502", "out1");
    REFUSED("INSERT INTO out1 SELECT price, channel FROM bids", "42804", "price");
    cr_assert_str_eq(test.err.text, "column \"a\" is of type INT but expression is of type BIGINT");
    REFUSED("INSERT INTO out1 VALUES ('x', 'y')", "22P02", "'x'");
    REFUSED("INSERT INTO out1 VALUES (5000000000, 'y')", "22003", "5000000000");
    REFUSED("INSERT INTO v VALUES (1)", "42809", "v VALUES");
    REFUSED("SELECT * FROM out1", "0A000", "out1");
    REFUSED("INSERT INTO out1 SELECT prise, 'x' FROM bids", "42703", "prise");
    /* Constants mean what the column is. */
    PLAN(&test, "INSERT INTO out1 VALUES ('7', 'x'), (8, NULL)",
         "Sink(table=[out1], connector=[blackhole], fields=[a, b], guarantee=[at-least-once])\n"
         "+- Values(tuples=[(7, 'x'), (8, NULL)])\n");
    cr_assert(test.planned->synchronous);
    PLAN(&test, "INSERT INTO out1 (b, a) SELECT channel, TRY_CAST(price AS INT) FROM bids",
         "Sink(table=[out1], connector=[blackhole], fields=[a, b], guarantee=[at-least-once])\n"
         "+- Scan(table=[bids], connector=[kafka], format=[json], decode=[price, channel, ts], "
         "watermark=[ts], select=[TRY_CAST(price AS INT) AS a, channel AS b])\n");
    cr_assert_eq(((struct sl_phys_sink *)test.planned->plan->nodes[1]->detail)->not_null_count, 1);
}

Test(planner_error, options)
{
    REFUSED("SELECT * FROM bids /*+ OPTIONS('scan.bounded.mod'='latest-offset') */", "42704",
            "'scan.bounded.mod'");
    planner_test_hint(&test, "scan.bounded.mode");
    REFUSED("SELECT * FROM bids /*+ OPTIONS('scan.parallelism'='many') */", "22023", "'many'");
    REFUSED("SELECT /*+ PARALLELISM(0) */ 1", "22023", "PARALLELISM");
    planner_test_set("parallelism.default", "200");
    REFUSED("SELECT price FROM bids", "22023", NULL);
}

/* A topic is looked for when a statement reads it, not when it is explained. */
Test(planner_error, probe)
{
    cr_assert_eq(planner_test_run(&test, "SELECT * FROM gone"), SL_OK);
    test.executes = true;
    REFUSED("SELECT * FROM gone", "42704", "gone");
}

/* An error in a view has the position of the view's name. */
Test(planner_error, views)
{
    cr_assert_eq(planner_test_run(&test, "ALTER TABLE bids RENAME price TO cost"), SL_OK, "%s",
                 test.err.text);
    REFUSED("SELECT * FROM v", "42703", "v");
    cr_assert(strncmp(test.err.text, "view \"v\": ", 10) == 0, "%s", test.err.text);
}

/* 401 nested levels are refused, a chain of 900 ANDs is not deep. */
Test(planner_error, depth)
{
    struct sl_buffer sql;

    sl_buffer_init(&sql, 1u << 20);
    sl_buffer_add_string(&sql, "SELECT ");
    for (int i = 0; i < 401; i++)
        sl_buffer_add_string(&sql, "NOT ");
    sl_buffer_add_string(&sql, "(price > 1) FROM bids");
    REFUSED(sql.data, "54000", NULL);
    sl_buffer_reset(&sql);
    sl_buffer_add_string(&sql, "SELECT price FROM bids WHERE price > 0");
    for (int i = 1; i < 900; i++)
        sl_buffer_printf(&sql, " AND price <> %d", i);
    cr_assert_eq(planner_test_run(&test, sql.data), SL_OK, "%s", test.err.text);
    sl_buffer_done(&sql);
}

#define EMIT "table.exec.emit."
#define TUMBLED "SELECT price FROM bids GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE), price"

/* As in Flink, with the place of the grouping. */
Test(planner_error, early_and_late_results)
{
    planner_test_set(EMIT "early-fire.enabled", "true");
    REFUSED(TUMBLED, "22023", "TUMBLE");
    planner_test_hint(&test, "'table.exec.emit.early-fire.delay' = '0 ms'");
    planner_test_set(EMIT "early-fire.delay", "1 s");
    cr_assert_eq(planner_test_run(&test, TUMBLED), SL_OK, "%s", test.err.text);
    REFUSED("SELECT price FROM bids GROUP BY SESSION(ts, INTERVAL '1' MINUTE), price", "0A000",
            "SESSION");
    planner_test_hint(&test, "'table.exec.emit.early-fire.enabled' = 'false'");
    REFUSED("SELECT price FROM (SELECT TUMBLE_ROWTIME(ts, INTERVAL '1' SECOND) AS rt, price "
            "FROM bids GROUP BY TUMBLE(ts, INTERVAL '1' SECOND), price) "
            "GROUP BY SESSION(rt, INTERVAL '1' MINUTE), price",
            "0A000", "SESSION(rt");
    REFUSED("INSERT INTO bids (auction, price) SELECT COUNT(*), price FROM bids "
            "GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE), price",
            "0A000", "bids (");
    planner_test_set(EMIT "early-fire.enabled", "false");
    planner_test_set(EMIT "late-fire.enabled", "true");
    REFUSED(TUMBLED, "22023", "TUMBLE");
    planner_test_hint(&test, "'table.exec.emit.late-fire.delay' = '0 ms'");
    planner_test_set(EMIT "late-fire.delay", "2 s");
    cr_assert_eq(planner_test_run(&test, "SELECT price FROM bids"), SL_OK, "%s", test.err.text);
    REFUSED(TUMBLED, "22023", "TUMBLE");
    planner_test_hint(&test, "'table.exec.emit.allow-lateness', or 'table.exec.state.ttl'");
    planner_test_set("table.exec.state.ttl", "1 s");
    REFUSED(TUMBLED, "22023", "TUMBLE");
    planner_test_set(EMIT "allow-lateness", "2 s"); /* before that of the state */
    cr_assert_eq(planner_test_run(&test, TUMBLED), SL_OK, "%s", test.err.text);
    planner_test_set(EMIT "allow-lateness", "-2 s");
    REFUSED(TUMBLED, "22023", NULL);
}

Test(planner_error, source_watermark)
{
    REFUSED("CREATE TABLE w (ts TIMESTAMP(3), WATERMARK FOR ts AS SOURCE_WATERMARK()) "
            "WITH ('connector'='kafka', 'topic'='t', 'format'='json')",
            "0A000", "SOURCE_WATERMARK");
    planner_test_hint(&test, "WATERMARK FOR ts AS ts - INTERVAL '5' SECOND");
    REFUSED("ALTER TABLE bids MODIFY WATERMARK FOR ts AS source_watermark()", "0A000",
            "source_watermark");
    REFUSED("CREATE TABLE w (ts TIMESTAMP(3), WATERMARK FOR ts AS SOURCE_WATERMARK() - "
            "INTERVAL '1' SECOND) WITH ('connector'='kafka', 'topic'='t', 'format'='json')",
            "42809", "SOURCE_WATERMARK");
    REFUSED("SELECT SOURCE_WATERMARK() FROM bids", "42809", "SOURCE_WATERMARK");
    planner_test_hint(&test, "CURRENT_WATERMARK(ts)");
}
