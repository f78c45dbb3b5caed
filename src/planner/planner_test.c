/* SQL text to physical plans, and to errors with their SQLSTATEs and positions. */
#include "planner/planner_test.h"

#include <criterion/criterion.h>

static struct planner_test test;

#define BIDS                                                                           \
    "CREATE TABLE bids (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, " \
    "ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) "                  \
    "WITH ('connector'='kafka', 'topic'='bids', 'format'='json');"

static void
start(void)
{
    planner_test_start(&test);
    cr_assert_eq(planner_test_run(
                     &test, BIDS
                     "CREATE TABLE per_minute (window_start TIMESTAMP(3), window_end TIMESTAMP(3), "
                     "channel STRING, n BIGINT, total BIGINT) "
                     "WITH ('connector'='kafka', 'topic'='per_minute', 'format'='json');"
                     "CREATE TABLE m (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED) "
                     "WITH ('connector'='memory');"
                     "CREATE TABLE changes (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED) "
                     "WITH ('connector'='memory', 'changelog-mode'='all');"
                     "CREATE TABLE log (a INT, b STRING) WITH ('connector'='memory');"
                     "CREATE TABLE log_kv (k INT, v STRING) WITH ('connector'='memory');"
                     "CREATE TABLE up_kn (k INT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) "
                     "WITH ('connector'='memory', 'changelog-mode'='upsert');"
                     "CREATE TABLE files (a INT, b STRING) "
                     "WITH ('connector'='filesystem', 'path'='/tmp/x', 'format'='csv');"
                     "CREATE TABLE nothing (a INT, b STRING) WITH ('connector'='blackhole');"),
                 SL_OK, "%s", test.err.text);
}

static void
stop(void)
{
    planner_test_stop(&test);
}

TestSuite(planner, .init = start, .fini = stop);

#define UPSERTS                                                        \
    "CREATE TABLE up (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED) " \
    "WITH ('connector'='memory', 'changelog-mode'='upsert');"

#define MAIN_JOB                                                                             \
    "INSERT INTO per_minute SELECT window_start, window_end, channel, COUNT(*), SUM(price) " \
    "FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "                   \
    "WHERE price > 0 GROUP BY window_start, window_end, channel"

/* The filter and the projection are the scan's; the window and its aggregation are one operator. */
Test(planner, main_job)
{
    PLAN(&test, MAIN_JOB,
         "Sink(table=[per_minute], connector=[kafka], format=[json], "
         "fields=[window_start, window_end, channel, n, total], guarantee=[at-least-once])\n"
         "+- Calc(select=[window_start, window_end, channel, agg0 AS n, agg1 AS total])\n"
         "   +- WindowAggregate(groupBy=[channel], window=[TUMBLE(time_col=[ts], size=[1 min])], "
         "select=[channel, COUNT(*) AS agg0, SUM(price) AS agg1, window_start, window_end])\n"
         "      +- Scan(table=[bids], connector=[kafka], format=[json], "
         "decode=[price, channel, ts], filter=[price > 0], "
         "watermark=[ts - INTERVAL '00:00:05'], select=[channel, price, ts])\n");
    cr_assert(!test.planned->synchronous);
    cr_assert(test.planned->endless);
    cr_assert_eq(test.planned->table_count, 2);
}

/* At parallelism 4 the rows go by their key; everything else stays chained. */
Test(planner, parallelism)
{
    planner_test_set("parallelism.default", "4");
    cr_assert_str_eq(planner_test_tasks(&test, MAIN_JOB),
                     "Task 0 (parallelism 4): Scan[bids]\n"
                     "Task 1 (parallelism 4): WindowAggregate -> Calc -> Sink[per_minute] <- hash "
                     "from task 0\n");
    /* A hint on the block beats the default, and OPTIONS beat both. */
    cr_assert_str_eq(
        planner_test_tasks(&test,
                           "INSERT INTO nothing /*+ OPTIONS('sink.parallelism'='3') */ "
                           "SELECT /*+ PARALLELISM(2) */ CAST(price AS INT), channel FROM bids"),
        "Task 0 (parallelism 2): Scan[bids]\n"
        "Task 1 (parallelism 3): Sink[nothing] <- rebalance from task 0\n");
    cr_assert_str_eq(
        planner_test_tasks(&test, "SELECT * FROM bids"),
        "Task 0 (parallelism 4): Scan[bids]\nTask 1 (parallelism 1): Collect <- global from task "
        "0\n");
}

/* GROUP BY windows alone is one accumulator a window: one subtask, behind one for each batch. */
Test(planner, window_without_keys)
{
    planner_test_set("parallelism.default", "4");
    PLAN(&test,
         "SELECT window_end, MAX(price) FROM TABLE(TUMBLE(DATA => TABLE bids, TIMECOL => "
         "DESCRIPTOR(ts), SIZE => INTERVAL '10' SECOND, OFFSET => INTERVAL '2' SECOND)) "
         "GROUP BY window_start, window_end",
         "Collect(fields=[window_end, max])\n"
         "+- Calc(select=[window_end, agg0 AS max])\n"
         "   +- GlobalWindowAggregate(window=[TUMBLE(time_col=[ts], size=[10 s], offset=[2 s])], "
         "select=[MAX(price) AS agg0, window_end])\n"
         "      +- Exchange(distribution=[global])\n"
         "         +- LocalWindowAggregate(window=[TUMBLE(time_col=[ts], size=[10 s], offset=[2 "
         "s])], select=[MAX(price)])\n"
         "            +- Scan(table=[bids], connector=[kafka], format=[json], decode=[price, ts], "
         "watermark=[ts - INTERVAL '00:00:05'], select=[price, ts])\n");
}

/* HAVING on a key goes down to the scan, HAVING on an aggregate stays; a filter on the window is
 * applied to the result; renamed window columns are still window columns. */
Test(planner, window_filters)
{
    PLAN(
        &test,
        "SELECT s, channel, COUNT(*) AS n FROM (SELECT window_start AS s, window_end AS e, channel "
        "FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) AS w "
        "WHERE s >= TIMESTAMP '2020-01-01 00:00:00' "
        "GROUP BY s, e, channel HAVING channel = 'a' AND COUNT(*) > 1",
        "Collect(fields=[s, channel, n])\n"
        "+- Calc(select=[window_start AS s, channel, agg0 AS n], where=[(window_start >= "
        "TIMESTAMP '2020-01-01 00:00:00') AND (agg0 > 1)])\n"
        "   +- WindowAggregate(groupBy=[channel], window=[TUMBLE(time_col=[ts], size=[1 min])], "
        "select=[channel, COUNT(*) AS agg0, window_start])\n"
        "      +- Scan(table=[bids], connector=[kafka], format=[json], decode=[channel, ts], "
        "filter=[channel = 'a'], watermark=[ts - INTERVAL '00:00:05'], select=[channel, ts])\n");
}

/* Over another window's window_time. */
Test(planner, cascading_windows)
{
    cr_assert_eq(planner_test_run(
                     &test, "CREATE VIEW w1 AS SELECT window_start AS s1, window_end AS e1, "
                            "window_time AS rowtime, channel, SUM(price) AS total "
                            "FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
                            "GROUP BY window_start, window_end, window_time, channel"),
                 SL_OK, "%s", test.err.text);
    PLAN(
        &test,
        "SELECT window_start, SUM(total) AS total FROM TABLE(TUMBLE(TABLE w1, DESCRIPTOR(rowtime), "
        "INTERVAL '1' HOUR)) GROUP BY window_start, window_end",
        "Collect(fields=[window_start, total])\n"
        "+- Calc(select=[window_start, agg0 AS total])\n"
        "   +- WindowAggregate(window=[TUMBLE(time_col=[rowtime], size=[1 h])], "
        "select=[SUM(total) AS agg0, window_start])\n"
        "      +- Calc(select=[agg0 AS total, window_time AS rowtime])\n"
        "         +- WindowAggregate(groupBy=[channel], window=[TUMBLE(time_col=[ts], size=[1 "
        "min])], select=[channel, SUM(price) AS agg0, window_time])\n"
        "            +- Scan(table=[bids], connector=[kafka], format=[json], "
        "decode=[price, channel, ts], watermark=[ts - INTERVAL '00:00:05'], "
        "select=[channel, price, ts])\n");
}

/* Grouped again by the same windows: rows have them already.  Keys without a window are groups that
 * change. */
Test(planner, attached_windows)
{
    planner_test_set("parallelism.default", "2");
    PLAN(&test,
         "SELECT MAX(n), window_end FROM (SELECT window_start, window_end, channel, COUNT(*) AS n "
         "FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) "
         "GROUP BY window_start, window_end, channel) AS counts GROUP BY window_end, window_start",
         "Collect(fields=[max, window_end])\n"
         "+- Calc(select=[agg0 AS max, window_end])\n"
         "   +- Calc(select=[window_end, window_start, agg0])\n"
         "      +- GlobalWindowAggregate(window=[HOP(win_end=[window_end], slide=[1 min], size=[5 "
         "min])], select=[MAX(n) AS agg0, window_start, window_end])\n"
         "         +- Exchange(distribution=[global])\n"
         "            +- LocalWindowAggregate(window=[HOP(win_end=[window_end], slide=[1 min], "
         "size=[5 min])], select=[MAX(n)])\n"
         "               +- Calc(select=[window_end, window_start, agg0 AS n])\n"
         "                  +- WindowAggregate(groupBy=[channel], window=[HOP(time_col=[ts], "
         "slide=[1 min], size=[5 min])], select=[channel, COUNT(*) AS agg0, window_start, "
         "window_end])\n"
         "                     +- Exchange(distribution=[hash[channel]])\n"
         "                        +- Scan(table=[bids], connector=[kafka], format=[json], "
         "decode=[channel, ts], watermark=[ts - INTERVAL '00:00:05'], select=[channel, ts])\n");
    PLAN(&test,
         "SELECT channel, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' "
         "MINUTE)) WHERE price > 0 OR window_start < ts GROUP BY window_start, window_end, channel",
         "Collect(fields=[channel, count])\n"
         "+- Exchange(distribution=[global])\n"
         "   +- Calc(select=[channel, agg0 AS count])\n"
         "      +- Calc(select=[window_start, window_end, channel, agg0])\n"
         "         +- WindowAggregate(groupBy=[channel], window=[TUMBLE(win_end=[window_end], "
         "size=[1 "
         "min])], select=[channel, COUNT(*) AS agg0, window_start, window_end])\n"
         "            +- Exchange(distribution=[hash[channel]])\n"
         "               +- Calc(select=[window_start, window_end, channel], where=[(price > 0) OR "
         "(window_start < ts)])\n"
         "                  +- WindowTableFunction(window=[TUMBLE(time_col=[ts], size=[1 min])])\n"
         "                     +- Scan(table=[bids], connector=[kafka], format=[json], "
         "decode=[price, channel, ts], watermark=[ts - INTERVAL '00:00:05'], select=[price, "
         "channel, ts])\n");
    PLAN(&test,
         "SELECT window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' "
         "MINUTE)) GROUP BY window_end",
         "Collect(fields=[window_end, count], rowKinds=[true])\n"
         "+- Exchange(distribution=[global])\n"
         "   +- GroupAggregate(groupBy=[window_end], select=[window_end, COUNT(*) AS count])\n"
         "      +- Exchange(distribution=[hash[window_end]])\n"
         "         +- Calc(select=[window_end])\n"
         "            +- WindowTableFunction(window=[TUMBLE(time_col=[ts], size=[1 min])])\n"
         "               +- Scan(table=[bids], connector=[kafka], format=[json], decode=[ts], "
         "watermark=[ts - INTERVAL '00:00:05'], select=[ts])\n");
}

/* Without GROUP BY the window table function is an operator of its own. */
/* Of two arguments each row comes twice; what is not DISTINCT counts with the first. */
Test(planner, distinct_in_two_steps)
{
    planner_test_set("table.optimizer.distinct-agg.split.enabled", "true");
    planner_test_set("table.optimizer.distinct-agg.split.bucket-num", "16");
    PLAN(&test, "SELECT k, COUNT(DISTINCT v), AVG(k) FROM m GROUP BY k",
         "Collect(fields=[k, count, avg], rowKinds=[true])\n"
         "+- Calc(select=[k, COALESCE(agg0, 0) AS count, CAST(agg1 / CASE WHEN agg2 = 0 THEN "
         "NULL ELSE agg2 END AS INT) AS avg])\n"
         "   +- GroupAggregate(groupBy=[k], select=[k, SUM(agg0) AS agg0, SUM(agg1) AS agg1, "
         "SUM(agg2) AS agg2])\n"
         "      +- GroupAggregate(groupBy=[k, $b0], select=[k, $b0, COUNT(DISTINCT v) AS agg0, "
         "SUM($a3) AS agg1, COUNT($a3) AS agg2])\n"
         "         +- Scan(table=[m], connector=[memory], format=[row], decode=[k, v], "
         "select=[MOD(HASH_CODE(v), 16) AS $b0, k, v, CAST(k AS BIGINT) AS $a3])\n");
    PLAN(&test,
         "SELECT channel, COUNT(DISTINCT bidder), COUNT(*), SUM(DISTINCT price) "
         "FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
         "GROUP BY window_start, window_end, channel",
         "Collect(fields=[channel, count, count, sum])\n"
         "+- Calc(select=[channel, COALESCE(agg0, 0) AS count, COALESCE(agg1, 0) AS count, agg2 "
         "AS sum])\n"
         "   +- Calc(select=[window_start, window_end, channel, agg0, agg1, agg2])\n"
         "      +- WindowAggregate(groupBy=[channel], window=[TUMBLE(win_end=[window_end], "
         "size=[1 min])], select=[channel, SUM(agg0) AS agg0, SUM(agg1) AS agg1, SUM(agg2) AS "
         "agg2, window_start, window_end])\n"
         "         +- Calc(select=[window_start, window_end, channel, agg0, agg1, agg2])\n"
         "            +- WindowAggregate(groupBy=[channel, $b0, $b1], "
         "window=[TUMBLE(time_col=[ts], size=[1 min])], select=[channel, $b0, $b1, "
         "COUNT(DISTINCT bidder) FILTER (WHERE $f4) AS agg0, COUNT(*) FILTER (WHERE $f4) AS "
         "agg1, SUM(DISTINCT price) FILTER (WHERE $f6) AS agg2, window_start, window_end])\n"
         "               +- Calc(select=[channel, $b0, $b1, bidder, $e = 0 AS $f4, price, $e = "
         "1 AS $f6, ts])\n"
         "                  +- Expand(sets=[{$b0}, {$b1}])\n"
         "                     +- Scan(table=[bids], connector=[kafka], format=[json], "
         "decode=[bidder, price, channel, ts], watermark=[ts - INTERVAL '00:00:05'], "
         "select=[MOD(HASH_CODE(bidder), 16) AS $b0, MOD(HASH_CODE(price), 16) AS $b1, bidder, "
         "price, channel, ts])\n");
    /* A list depends on the order of rows; so do the values of sessions on their bounds. */
    PLAN(&test, "SELECT k, COUNT(DISTINCT v), LISTAGG(v) FROM m GROUP BY k",
         "Collect(fields=[k, count, listagg], rowKinds=[true])\n"
         "+- GroupAggregate(groupBy=[k], select=[k, COUNT(DISTINCT v) AS count, LISTAGG(v) AS "
         "listagg])\n"
         "   +- Scan(table=[m], connector=[memory], format=[row], decode=[k, v], select=[k, "
         "v])\n");
    PLAN(&test,
         "SELECT channel, COUNT(DISTINCT bidder) FROM TABLE(SESSION(TABLE bids PARTITION BY "
         "channel, "
         "DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, channel",
         "Collect(fields=[channel, count])\n"
         "+- SessionAggregate(groupBy=[channel], window=[SESSION(time_col=[ts], gap=[1 min])], "
         "select=[channel, COUNT(DISTINCT bidder) AS count])\n"
         "   +- Scan(table=[bids], connector=[kafka], format=[json], decode=[bidder, channel, "
         "ts], watermark=[ts - INTERVAL '00:00:05'], select=[channel, bidder, ts])\n");
}

Test(planner, window_table)
{
    PLAN(&test,
         "SELECT price, window_start FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' "
         "DAY)) WHERE channel = 'a'",
         "Collect(fields=[price, window_start])\n"
         "+- Calc(select=[price, window_start])\n"
         "   +- WindowTableFunction(window=[TUMBLE(time_col=[ts], size=[1 d])])\n"
         "      +- Scan(table=[bids], connector=[kafka], format=[json], decode=[price, channel, "
         "ts], filter=[channel = 'a'], watermark=[ts - INTERVAL '00:00:05'], "
         "select=[price, ts])\n");
}

/* In batch mode a window's columns are plain keys, there is no watermark, and ORDER BY works. */
Test(planner, batch)
{
    planner_test_set("execution.runtime-mode", "batch");
    PLAN(&test,
         "SELECT channel, COUNT(DISTINCT bidder) AS n FROM TABLE(TUMBLE(TABLE bids "
         "/*+ OPTIONS('scan.bounded.mode'='latest-offset') */, DESCRIPTOR(ts), INTERVAL '1' "
         "MINUTE)) GROUP BY window_start, window_end, channel ORDER BY 2 DESC, channel LIMIT 3",
         "Collect(fields=[channel, n])\n"
         "+- Sort(orderBy=[n DESC NULLS LAST, channel ASC NULLS FIRST], fetch=[3])\n"
         "   +- Calc(select=[channel, agg0 AS n])\n"
         "      +- BatchAggregate(groupBy=[window_start, window_end, channel], "
         "select=[window_start, window_end, channel, COUNT(DISTINCT bidder) AS agg0])\n"
         "         +- Calc(select=[window_start, window_end, channel, bidder])\n"
         "            +- WindowTableFunction(window=[TUMBLE(time_col=[ts], size=[1 min])])\n"
         "               +- Scan(table=[bids], connector=[kafka], format=[json], "
         "decode=[bidder, channel, ts], select=[bidder, channel, ts], bounded=[true])\n");
    cr_assert(!test.planned->endless);
    planner_test_refused(&test, "SELECT * FROM bids", "0A000", "bids");
    planner_test_hint(&test, "scan.bounded.mode");
}

/* A memory table's log is merged by its key: filters on the key go below, others stay above, and
 * the key is kept for the merge. */
Test(planner, changelog_merge)
{
    planner_test_set("execution.runtime-mode", "batch");
    PLAN(&test, "SELECT v FROM m WHERE k > 1 AND v <> 'x'",
         "Collect(fields=[v])\n"
         "+- Calc(select=[v], where=[v <> 'x'])\n"
         "   +- ChangelogMerge(key=[k])\n"
         "      +- Scan(table=[m], connector=[memory], format=[row], decode=[k, v], "
         "filter=[k > 1], select=[k, v], bounded=[true])\n");
    PLAN(&test, "SELECT b FROM log WHERE a = 1",
         "Collect(fields=[b])\n"
         "+- ChangelogMerge(key=[all columns])\n"
         "   +- Scan(table=[log], connector=[memory], format=[row], decode=[a, b], "
         "filter=[a = 1], select=[b], bounded=[true])\n");
    planner_test_set("parallelism.default", "2");
    cr_assert_str_eq(planner_test_tasks(&test, "SELECT COUNT(*) FROM m"),
                     "Task 0 (parallelism 2): Scan[m]\n"
                     "Task 1 (parallelism 2): ChangelogMerge -> Calc <- hash from task 0\n"
                     "Task 2 (parallelism 1): BatchAggregate -> Collect <- global from task 1\n");
}

/* Streaming: unset is append-only; 'all' carries its kinds, and the result shows them. */
Test(planner, changelogs)
{
    test.changelog_mode = true;
    PLAN(&test, "SELECT k FROM changes WHERE v = 'x'",
         "Collect(fields=[k], rowKinds=[true], changelogMode=[NONE])\n"
         "+- Scan(table=[changes], connector=[memory], format=[row], decode=[k, v], "
         "filter=[v = 'x'], select=[k], changelogMode=[I,UB,UA,D])\n");
    cr_assert(test.planned->updating);
    cr_assert_str_eq(test.planned->columns->columns[0].name, "op");
    cr_assert_eq(test.planned->columns->count, 2);
    planner_test_set("sluice.row-kind", "false");
    cr_assert_eq(planner_test_run(&test, "SELECT k FROM changes"), SL_OK);
    cr_assert_eq(test.planned->columns->count, 1);
    cr_assert_eq(planner_test_run(&test, "INSERT INTO m SELECT * FROM changes"), SL_OK);
    planner_test_refused(&test, "INSERT INTO per_minute (channel) SELECT v FROM changes", "0A000",
                         "per_minute");
    cr_assert_eq(planner_test_run(&test,
                                  "CREATE TABLE appends (k INT, v STRING) WITH "
                                  "('connector'='memory', 'changelog-mode'='append');" UPSERTS),
                 SL_OK, "%s", test.err.text);
    planner_test_refused(&test, "INSERT INTO appends SELECT * FROM changes", "0A000", "appends");
    PLAN(&test, "INSERT INTO up SELECT * FROM changes",
         "Sink(table=[up], connector=[memory], format=[row], fields=[k, v], upsertKey=[k], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- Scan(table=[changes], connector=[memory], format=[row], decode=[k, v], "
         "select=[k, v], changelogMode=[I,UB,UA,D])\n");
}

/* Upserts are normalised where a consumer needs old rows or a filter needs whole ones; conditions
 * on the key go below. */
Test(planner, upserts)
{
    test.changelog_mode = true;
    cr_assert_eq(planner_test_run(&test, UPSERTS), SL_OK, "%s", test.err.text);
    PLAN(&test, "SELECT v FROM up WHERE k > 1 AND v <> 'x'",
         "Collect(fields=[v], rowKinds=[true], changelogMode=[NONE])\n"
         "+- Calc(select=[v], changelogMode=[I,UB,UA,D])\n"
         "   +- ChangelogNormalize(key=[k], condition=[v <> 'x'], changelogMode=[I,UB,UA,D])\n"
         "      +- Scan(table=[up], connector=[memory], format=[row], decode=[k, v], "
         "filter=[k > 1], select=[k, v], changelogMode=[I,UA,D])\n");
    /* A table that takes all kinds is given -U, … */
    PLAN(&test, "INSERT INTO changes SELECT * FROM up",
         "Sink(table=[changes], connector=[memory], format=[row], fields=[k, v], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- ChangelogNormalize(key=[k], changelogMode=[I,UB,UA,D])\n"
         "   +- Scan(table=[up], connector=[memory], format=[row], decode=[k, v], "
         "select=[k, v], changelogMode=[I,UA,D])\n");
    /* … one that keeps rows by the same key is not, and takes upserts as they are. */
    PLAN(&test, "INSERT INTO up_kn SELECT k, COUNT(*) FROM up GROUP BY k",
         "Sink(table=[up_kn], connector=[memory], format=[row], fields=[k, n], upsertKey=[k], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- GroupAggregate(groupBy=[k], select=[k, COUNT(*) AS n], changelogMode=[I,UA,D])\n"
         "   +- ChangelogNormalize(key=[k], changelogMode=[I,UB,UA,D])\n"
         "      +- Scan(table=[up], connector=[memory], format=[row], decode=[k], select=[k], "
         "changelogMode=[I,UA,D])\n");
    PLAN(&test, "INSERT INTO up_kn SELECT k, CAST(k AS BIGINT) FROM up",
         "Sink(table=[up_kn], connector=[memory], format=[row], fields=[k, n], upsertKey=[k], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- Calc(select=[k, CAST(k AS BIGINT) AS n], changelogMode=[I,UA,D])\n"
         "   +- Scan(table=[up], connector=[memory], format=[row], decode=[k], select=[k], "
         "changelogMode=[I,UA,D])\n");
    PLAN(&test, "INSERT INTO up_kn SELECT k, CAST(k AS BIGINT) FROM up WHERE v = 'x'",
         "Sink(table=[up_kn], connector=[memory], format=[row], fields=[k, n], upsertKey=[k], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- Calc(select=[k, CAST(k AS BIGINT) AS n], changelogMode=[I,UA,D])\n"
         "   +- ChangelogNormalize(key=[k], condition=[v = 'x'], changelogMode=[I,UA,D])\n"
         "      +- Scan(table=[up], connector=[memory], format=[row], decode=[k, v], "
         "select=[k, v], changelogMode=[I,UA,D])\n");
    planner_test_set("parallelism.default", "2");
    cr_assert_str_eq(planner_test_tasks(&test, "INSERT INTO changes SELECT * FROM up"),
                     "Task 0 (parallelism 2): Scan[up]\n"
                     "Task 1 (parallelism 2): ChangelogNormalize -> Sink[changes] <- hash from "
                     "task 0\n");
    cr_assert_str_eq(planner_test_tasks(&test, "INSERT INTO up_kn SELECT k, 1 FROM up"),
                     "Task 0 (parallelism 2): Scan[up] -> Calc -> Sink[up_kn]\n");
}

/* Changes that may come twice are compared by the key; without one that cannot be. */
Test(planner, duplicate_changes)
{
    test.changelog_mode = true;
    planner_test_set("table.exec.source.cdc-events-duplicate", "true");
    planner_test_set("table.exec.state.ttl", "1 h");
    cr_assert_eq(planner_test_run(&test, "CREATE TABLE keyless (k INT) WITH "
                                         "('connector'='memory', 'changelog-mode'='all');" UPSERTS),
                 SL_OK, "%s", test.err.text);
    PLAN(&test, "INSERT INTO up SELECT * FROM changes",
         "Sink(table=[up], connector=[memory], format=[row], fields=[k, v], upsertKey=[k], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- ChangelogNormalize(key=[k], stateTtl=[3600000 ms], changelogMode=[I,UA,D])\n"
         "   +- Scan(table=[changes], connector=[memory], format=[row], decode=[k, v], "
         "select=[k, v], changelogMode=[I,UB,UA,D])\n");
    planner_test_refused(&test, "SELECT * FROM keyless", "22023", "keyless");
    planner_test_hint(&test, "PRIMARY KEY");
}

/* Where a sink's PRIMARY KEY is not what the query's rows go by, rows are kept to know the newest
 * of each; where it has more columns than that, -U deletes. */
Test(planner, materialized_sinks)
{
    test.changelog_mode = true;
    cr_assert_eq(planner_test_run(&test,
                                  "CREATE TABLE by_v (v STRING, k INT, PRIMARY KEY (v) NOT "
                                  "ENFORCED) WITH ('connector'='memory', "
                                  "'changelog-mode'='upsert');"
                                  "CREATE TABLE by_both (v STRING, k INT, PRIMARY KEY (v, k) "
                                  "NOT ENFORCED) WITH ('connector'='memory', "
                                  "'changelog-mode'='upsert');"),
                 SL_OK, "%s", test.err.text);
    PLAN(&test, "INSERT INTO by_v SELECT v, k FROM changes",
         "Sink(table=[by_v], connector=[memory], format=[row], fields=[v, k], upsertKey=[v], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- SinkUpsertMaterializer(key=[v], upsertKey=[k], changelogMode=[I,UA,D])\n"
         "   +- Scan(table=[changes], connector=[memory], format=[row], decode=[k, v], "
         "select=[v, k], changelogMode=[I,UB,UA,D])\n");
    PLAN(&test, "INSERT INTO by_v SELECT v, 1 FROM changes",
         "Sink(table=[by_v], connector=[memory], format=[row], fields=[v, k], upsertKey=[v], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- SinkUpsertMaterializer(key=[v], changelogMode=[I,UA,D])\n"
         "   +- Scan(table=[changes], connector=[memory], format=[row], decode=[v], "
         "select=[v, 1 AS k], changelogMode=[I,UB,UA,D])\n");
    PLAN(&test, "INSERT INTO by_both SELECT v, k FROM changes",
         "Sink(table=[by_both], connector=[memory], format=[row], fields=[v, k], upsertKey=[v, k], "
         "beforeDeletes=[true], guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- Scan(table=[changes], connector=[memory], format=[row], decode=[k, v], "
         "select=[v, k], changelogMode=[I,UB,UA,D])\n");
    /* Rows that are only added replace one another without it, unless the statement says more. */
    PLAN(&test, "INSERT INTO by_v SELECT v, k FROM log_kv",
         "Sink(table=[by_v], connector=[memory], format=[row], fields=[v, k], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- Scan(table=[log_kv], connector=[memory], format=[row], decode=[k, v], "
         "select=[v, k], changelogMode=[I])\n");
    PLAN(&test, "INSERT INTO by_v SELECT v, k FROM log_kv ON CONFLICT DO DEDUPLICATE",
         "Sink(table=[by_v], connector=[memory], format=[row], fields=[v, k], upsertKey=[v], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- SinkUpsertMaterializer(key=[v], changelogMode=[I,UA])\n"
         "   +- Scan(table=[log_kv], connector=[memory], format=[row], decode=[k, v], "
         "select=[v, k], changelogMode=[I])\n");
    /* The first row may go, and another be the first then; watermarks say when. */
    cr_assert_eq(planner_test_run(&test,
                                  "CREATE TABLE timed (k INT, v STRING, ts TIMESTAMP(3), PRIMARY "
                                  "KEY (k) NOT ENFORCED, WATERMARK FOR ts AS ts) WITH "
                                  "('connector'='memory', 'changelog-mode'='all');"),
                 SL_OK, "%s", test.err.text);
    PLAN(&test, "INSERT INTO by_v SELECT v, k FROM timed ON CONFLICT DO NOTHING",
         "Sink(table=[by_v], connector=[memory], format=[row], fields=[v, k], upsertKey=[v], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- SinkUpsertMaterializer(key=[v], upsertKey=[k], onConflict=[NOTHING], "
         "changelogMode=[I,UA,D])\n"
         "   +- Scan(table=[timed], connector=[memory], format=[row], decode=[k, v, ts], "
         "watermark=[ts], select=[v, k], changelogMode=[I,UB,UA,D])\n");
    planner_test_refused(&test, "INSERT INTO by_v SELECT v, k FROM changes ON CONFLICT DO ERROR",
                         "42P10", NULL);
    cr_assert(!strstr(planner_test_plan(&test, "INSERT INTO up_kn SELECT k, COUNT(*) FROM log_kv "
                                               "GROUP BY k ON CONFLICT DO ERROR"),
                      "Materializer"));
    planner_test_set("table.exec.sink.upsert-materialize", "NONE");
    PLAN(&test, "INSERT INTO by_v SELECT v, k FROM changes",
         "Sink(table=[by_v], connector=[memory], format=[row], fields=[v, k], upsertKey=[v], "
         "beforeDeletes=[true], guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- Scan(table=[changes], connector=[memory], format=[row], decode=[k, v], "
         "select=[v, k], changelogMode=[I,UB,UA,D])\n");
    planner_test_set("table.exec.sink.upsert-materialize", "FORCE");
    PLAN(&test, "INSERT INTO m SELECT k, v FROM changes",
         "Sink(table=[m], connector=[memory], format=[row], fields=[k, v], upsertKey=[k], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- SinkUpsertMaterializer(key=[k], upsertKey=[k], changelogMode=[I,UA,D])\n"
         "   +- Scan(table=[changes], connector=[memory], format=[row], decode=[k, v], "
         "select=[k, v], changelogMode=[I,UB,UA,D])\n");
}

/* GROUP BY over a stream updates; who keeps rows by their key gets no -U. */
Test(planner, group_aggregates)
{
    test.changelog_mode = true;
    PLAN(&test, "SELECT k, COUNT(*) AS n FROM log_kv GROUP BY k HAVING COUNT(*) > 1",
         "Collect(fields=[k, n], rowKinds=[true], changelogMode=[NONE])\n"
         "+- Calc(select=[k, agg0 AS n], where=[agg0 > 1], changelogMode=[I,UB,UA])\n"
         "   +- GroupAggregate(groupBy=[k], select=[k, COUNT(*) AS agg0], "
         "changelogMode=[I,UB,UA])\n"
         "      +- Scan(table=[log_kv], connector=[memory], format=[row], decode=[k], "
         "select=[k], changelogMode=[I])\n");
    PLAN(&test, "INSERT INTO up_kn SELECT k, COUNT(*) FROM log_kv GROUP BY k",
         "Sink(table=[up_kn], connector=[memory], format=[row], fields=[k, n], upsertKey=[k], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- GroupAggregate(groupBy=[k], select=[k, COUNT(*) AS n], changelogMode=[I,UA])\n"
         "   +- Scan(table=[log_kv], connector=[memory], format=[row], decode=[k], "
         "select=[k], changelogMode=[I])\n");
    /* Of the two rows of an update only one may pass the filter. */
    PLAN(&test, "INSERT INTO up_kn SELECT k, COUNT(*) FROM log_kv GROUP BY k HAVING COUNT(*) < 9",
         "Sink(table=[up_kn], connector=[memory], format=[row], fields=[k, n], upsertKey=[k], "
         "beforeDeletes=[true], guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- Calc(select=[k, agg0 AS n], where=[agg0 < 9], changelogMode=[I,UB,UA])\n"
         "   +- GroupAggregate(groupBy=[k], select=[k, COUNT(*) AS agg0], "
         "changelogMode=[I,UB,UA])\n"
         "      +- Scan(table=[log_kv], connector=[memory], format=[row], decode=[k], "
         "select=[k], changelogMode=[I])\n");
    /* A group whose result cannot be made goes, where that is not the end of the job. */
    planner_test_set("table.exec.runtime-error", "skip");
    PLAN(&test, "INSERT INTO up_kn SELECT k, SUM(k) FROM log_kv GROUP BY k",
         "Sink(table=[up_kn], connector=[memory], format=[row], fields=[k, n], upsertKey=[k], "
         "guarantee=[exactly-once], changelogMode=[NONE])\n"
         "+- Calc(select=[k, CAST(agg0 AS BIGINT) AS n], changelogMode=[I,UA,D])\n"
         "   +- GroupAggregate(groupBy=[k], select=[k, SUM(k) AS agg0], changelogMode=[I,UA,D])\n"
         "      +- Scan(table=[log_kv], connector=[memory], format=[row], decode=[k], "
         "select=[k], changelogMode=[I])\n");
    cr_assert(strstr(planner_test_plan(&test, "SELECT k, COUNT(*), MAX(k) FROM log_kv GROUP BY k"),
                     "changelogMode=[I,UB,UA])"));
}

/* The uid of the first node of this kind. */
static const char *
uid_of(enum sl_op_kind kind)
{
    const struct sl_phys_plan *plan = test.planned->plan;

    for (size_t i = 0; i < plan->node_count; i++)
        if (plan->nodes[i]->kind == kind)
            return plan->nodes[i]->uid;
    return "";
}

/* A batch is folded before the exchange where that is asked for, and by itself where all rows would
 * go through one subtask; the state is known by the same uid in one phase and in two. */
Test(planner, two_phases)
{
    const char *one;

    planner_test_set("table.optimizer.agg-phase-strategy", "ONE_PHASE");
    planner_test_set("parallelism.default", "2");
    planner_test_plan(&test, "SELECT k, COUNT(*), SUM(k) FROM log_kv GROUP BY k");
    one = sl_arena_strdup(&test.arena, uid_of(SL_OP_GROUP_AGGREGATE));
    planner_test_set("table.optimizer.agg-phase-strategy", "TWO_PHASE");
    PLAN(&test, "SELECT k, COUNT(*) AS n, SUM(k) AS s FROM log_kv GROUP BY k",
         "Collect(fields=[k, n, s], rowKinds=[true])\n"
         "+- Exchange(distribution=[global])\n"
         "   +- GlobalGroupAggregate(groupBy=[k], select=[k, COUNT(*) AS n, SUM(k) AS s])\n"
         "      +- Exchange(distribution=[hash[k]])\n"
         "         +- LocalGroupAggregate(groupBy=[k], select=[k, COUNT(*), SUM(k)])\n"
         "            +- Scan(table=[log_kv], connector=[memory], format=[row], decode=[k], "
         "select=[k])\n");
    cr_assert_str_eq(uid_of(SL_OP_GROUP_AGGREGATE), one);
    PLAN(&test,
         "SELECT window_end, COUNT(*) AS n FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' "
         "MINUTE, INTERVAL '2' MINUTE)) GROUP BY window_start, window_end, auction",
         "Collect(fields=[window_end, n])\n"
         "+- Exchange(distribution=[global])\n"
         "   +- Calc(select=[window_end, agg0 AS n])\n"
         "      +- GlobalWindowAggregate(groupBy=[auction], window=[HOP(time_col=[ts], slide=[1 "
         "min], size=[2 min])], select=[auction, COUNT(*) AS agg0, window_end])\n"
         "         +- Exchange(distribution=[hash[auction]])\n"
         "            +- LocalWindowAggregate(groupBy=[auction], window=[HOP(time_col=[ts], "
         "slide=[1 min], size=[2 min])], select=[auction, COUNT(*)])\n"
         "               +- Scan(table=[bids], connector=[kafka], format=[json], decode=[auction, "
         "ts], watermark=[ts - INTERVAL '00:00:05'], select=[auction, ts])\n");
}

static bool
has_two_phases(const char *sql)
{
    const char *plan = planner_test_plan(&test, sql);

    cr_assert_eq(!strstr(plan, "Local"), !strstr(plan, "Global"), "%s", plan);
    return strstr(plan, "Local") != NULL;
}

/* What does not travel, or would not be the same, is aggregated in one phase. */
Test(planner, one_phase)
{
    static const char window[] = "SELECT %s COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), "
                                 "INTERVAL '1' MINUTE)) GROUP BY window_start, window_end";

    planner_test_set("parallelism.default", "2");
    cr_assert(has_two_phases("SELECT COUNT(*), MAX(k) FROM log_kv"));
    cr_assert(has_two_phases(sl_arena_printf(&test.arena, window, "")));
    cr_assert(!has_two_phases("SELECT COUNT(*) FROM log_kv GROUP BY k"));
    cr_assert(!has_two_phases("SELECT COUNT(*) FROM changes"));
    cr_assert(!has_two_phases("SELECT SUM(CAST(k AS DOUBLE)) FROM log_kv"));
    planner_test_set("parallelism.default", "1");
    cr_assert(!has_two_phases("SELECT COUNT(*) FROM log_kv"));
    planner_test_set("table.optimizer.agg-phase-strategy", "TWO_PHASE");
    cr_assert(has_two_phases("SELECT COUNT(*) FROM log_kv"));
    cr_assert(has_two_phases("SELECT SUM(CAST(k AS DOUBLE)) FROM log_kv GROUP BY v"));
    cr_assert(has_two_phases("SELECT COUNT(*), SUM(k), AVG(k) FROM changes GROUP BY v"));
    cr_assert(!has_two_phases("SELECT COUNT(*), MIN(k) FROM changes GROUP BY v"));
    cr_assert(!has_two_phases("SELECT COUNT(DISTINCT k) FROM log_kv GROUP BY v"));
    cr_assert(!has_two_phases("SELECT MAX(v) FROM log_kv GROUP BY k"));
    cr_assert(!has_two_phases("SELECT COUNT(*) FROM TABLE(SESSION(TABLE bids PARTITION BY auction, "
                              "DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, "
                              "window_end, auction"));
    planner_test_set("table.exec.mini-batch.enabled", "false");
    cr_assert(!has_two_phases("SELECT COUNT(*) FROM log_kv GROUP BY k"));
    cr_assert(has_two_phases(sl_arena_printf(&test.arena, window, "")));
    planner_test_set("table.exec.late-rows.table", "log_kv");
    cr_assert(!has_two_phases(sl_arena_printf(&test.arena, window, "")));
}

/* Rows are changed where they match now, whatever the mode. */
Test(planner, update_and_delete)
{
    PLAN(&test, "UPDATE m SET v = v || '!' WHERE k = 1",
         "Sink(table=[m], connector=[memory], format=[row], fields=[k, v], "
         "guarantee=[exactly-once])\n"
         "+- Change(kind=[UPDATE])\n"
         "   +- Calc(select=[k, v, k AS new_k, v || '!' AS new_v])\n"
         "      +- ChangelogMerge(key=[k])\n"
         "         +- Scan(table=[m], connector=[memory], format=[row], decode=[k, v], "
         "filter=[k = 1], select=[k, v], bounded=[true])\n");
    cr_assert(test.planned->synchronous);
    cr_assert_str_eq(test.planned->tag, "UPDATE");
    PLAN(&test, "DELETE FROM m",
         "Sink(table=[m], connector=[memory], format=[row], fields=[k, v], "
         "guarantee=[exactly-once])\n"
         "+- Change(kind=[DELETE])\n"
         "   +- ChangelogMerge(key=[k])\n"
         "      +- Scan(table=[m], connector=[memory], format=[row], decode=[k, v], "
         "select=[k, v], bounded=[true])\n");
    planner_test_refused(&test, "DELETE FROM log", "0A000", "log");
    planner_test_hint(&test, "PRIMARY KEY");
    planner_test_refused(&test, "UPDATE bids SET price = 1", "0A000", "bids");
    planner_test_refused(&test, "UPDATE m SET w = 1", "42703", "w =");
}

/* Constants are folded; what fails stays for run time; trivial projections are gone. */
Test(planner, folding)
{
    PLAN(&test, "SELECT 1 + 2 AS three, 'a' || 'b', CASE WHEN TRUE THEN 1 END",
         "Collect(fields=[three, ?column?, case])\n+- Values(tuples=[(3, 'ab', 1)])\n");
    PLAN(&test, "SELECT 1 / 0",
         "Collect(fields=[?column?])\n+- Calc(select=[1 / 0 AS ?column?])\n"
         "   +- Values(tuples=[(0)])\n");
    PLAN(&test, "SELECT price * (2 + 3) AS p FROM bids WHERE 1 = 1 AND auction = 7",
         "Collect(fields=[p])\n"
         "+- Scan(table=[bids], connector=[kafka], format=[json], decode=[auction, price, ts], "
         "filter=[auction = 7], watermark=[ts - INTERVAL '00:00:05'], select=[price * 5 AS p])\n");
    PLAN(&test, "SELECT price FROM bids WHERE 1 = 2",
         "Collect(fields=[price])\n+- Values(tuples=[])\n");
}

/* Projections and filters of subqueries, views and WITH end in the scan. */
Test(planner, subqueries)
{
    cr_assert_eq(planner_test_run(&test, "CREATE VIEW cheap (a, p) AS SELECT auction, price * 2 "
                                         "FROM bids WHERE price < 10"),
                 SL_OK, "%s", test.err.text);
    PLAN(
        &test,
        "WITH c AS (SELECT a, p + 1 AS q FROM cheap WHERE a > 5) SELECT q AS x FROM c WHERE q <> 3",
        "Collect(fields=[x])\n"
        "+- Scan(table=[bids], connector=[kafka], format=[json], decode=[auction, price, ts], "
        "filter=[((price < 10) AND (auction > 5)) AND (((price * 2) + 1) <> 3)], "
        "watermark=[ts - INTERVAL '00:00:05'], select=[(price * 2) + 1 AS x])\n");
    cr_assert_eq(test.planned->table_count, 2); /* the view counts, for 2BP01 */
}

/* UNION ALL of different parallelism and types; a filter goes into both inputs. */
Test(planner, set_operations)
{
    planner_test_set("parallelism.default", "2");
    PLAN(
        &test,
        "SELECT * FROM (SELECT a, b FROM log UNION ALL VALUES (1, 'x'), (7, 'y')) AS u WHERE a > 3",
        "Collect(fields=[a, b])\n"
        "+- Exchange(distribution=[global])\n"
        "   +- Union(union=[a, b])\n"
        "      +- Scan(table=[log], connector=[memory], format=[row], decode=[a, b], "
        "filter=[a > 3], select=[a, b])\n"
        "      +- Exchange(distribution=[rebalance])\n"
        "         +- Calc(select=[column1 AS a, column2 AS b], where=[column1 > 3])\n"
        "            +- Values(tuples=[(1, 'x'), (7, 'y')])\n");
}

/* Bounded input of a SELECT may be grouped and sorted in streaming mode too. */
Test(planner, bounded_input)
{
    PLAN(&test, "SELECT b, SUM(a + 1) + 1 AS s FROM files GROUP BY b ORDER BY MAX(a)",
         "Collect(fields=[b, s])\n"
         "+- Calc(select=[b, s])\n"
         "   +- Sort(orderBy=[max ASC NULLS FIRST])\n"
         "      +- Calc(select=[b, agg0 + 1 AS s, agg1 AS max])\n"
         "         +- BatchAggregate(groupBy=[b], select=[b, SUM($f1) AS agg0, MAX(a) AS agg1])\n"
         "            +- Scan(table=[files], connector=[filesystem], format=[csv], decode=[a, b], "
         "select=[b, a + 1 AS $f1, a], bounded=[true])\n");
}

/* LIMIT alone ends a stream; without an order it needs no end of input. */
Test(planner, limit)
{
    PLAN(&test, "SELECT a FROM log LIMIT 3 OFFSET 1",
         "Collect(fields=[a])\n+- Limit(offset=[1], fetch=[3])\n"
         "   +- Scan(table=[log], connector=[memory], format=[row], decode=[a], select=[a])\n");
    cr_assert(!test.planned->endless);
    planner_test_refused(&test, "SELECT a FROM log LIMIT -1", "2201W", "-1");
    planner_test_refused(&test, "SELECT a FROM log ORDER BY a", "0A000", "a");
}

/* A sink's plan of early results of windows, when it keeps them by this PRIMARY KEY. */
static const char *
plan_window_sink(const char *primary_key, const char *start)
{
    static int number;

    number++;
    cr_assert_eq(
        planner_test_run(&test, sl_arena_printf(&test.arena,
                                                "CREATE TABLE w%d (k STRING, ws TIMESTAMP(3), we "
                                                "TIMESTAMP(3), n BIGINT, PRIMARY KEY (%s) NOT "
                                                "ENFORCED) WITH ('connector'='memory', "
                                                "'changelog-mode'='upsert')",
                                                number, primary_key)),
        SL_OK, "%s", test.err.text);
    return planner_test_plan(
        &test, sl_arena_printf(&test.arena,
                               "INSERT INTO w%d SELECT channel, %s, window_end, COUNT(*) "
                               "FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' "
                               "MINUTE)) GROUP BY window_start, window_end, channel",
                               number, start));
}

/* Results of windows go by their keys and any of the window's columns: -U is for others alone. */
Test(planner, window_keys)
{
    static const char upserts[] = "changelogMode=[I,UA])\n      +- Scan";

    test.changelog_mode = true;
    planner_test_set("table.exec.emit.early-fire.enabled", "true");
    planner_test_set("table.exec.emit.early-fire.delay", "0 ms");
    cr_assert(strstr(plan_window_sink("ws, k", "window_start"), upserts));
    cr_assert(strstr(plan_window_sink("k, we", "window_start"), upserts));
    cr_assert(strstr(plan_window_sink("k, we, ws", "window_start"), upserts));
    cr_assert(strstr(plan_window_sink("k", "window_start"), "SinkUpsertMaterializer"));
    cr_assert(strstr(plan_window_sink("we", "window_start"), "SinkUpsertMaterializer"));
    cr_assert(strstr(plan_window_sink("ws, k", "window_start + INTERVAL '1' SECOND"),
                     "SinkUpsertMaterializer"));
    cr_assert(strstr(plan_window_sink("k, ws, n", "window_start"), "beforeDeletes"));
}
