/* Joins: what their conditions become, whose columns names are, and what is refused. */
#include "planner/planner_test.h"

#include <criterion/criterion.h>

static struct planner_test test;

static void
start(void)
{
    planner_test_start(&test);
    cr_assert_eq(
        planner_test_run(
            &test,
            "CREATE TABLE a (id INT, k STRING, x BIGINT, ts TIMESTAMP(3), plain TIMESTAMP(3), "
            "pt AS PROCTIME(), WATERMARK FOR ts AS ts) WITH ('connector'='memory');"
            "CREATE TABLE b (id BIGINT, k STRING, y BIGINT, ts TIMESTAMP(3), pt AS PROCTIME(), "
            "WATERMARK FOR ts AS ts) WITH ('connector'='memory');"
            "CREATE TABLE z (id INT, lts TIMESTAMP_LTZ(3), WATERMARK FOR lts AS lts) "
            "WITH ('connector'='memory');"
            "CREATE TABLE changes (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) "
            "WITH ('connector'='memory', 'changelog-mode'='all');"),
        SL_OK, "%s", test.err.text);
}

static void
stop(void)
{
    planner_test_stop(&test);
}

TestSuite(planner_join, .init = start, .fini = stop);

#define REFUSED(sql, sqlstate, at) planner_test_refused(&test, (sql), (sqlstate), (at))
/* The interval of the join that a condition makes, as EXPLAIN prints it. */
static void
bounded(const char *condition, const char *interval)
{
    const char *plan = planner_test_plan(
        &test,
        sl_arena_printf(&test.arena, "SELECT a.id FROM a JOIN b ON a.k = b.k AND %s", condition));

    cr_assert_not_null(plan, "%s: %s", condition, test.err.text);
    cr_assert_not_null(strstr(plan, sl_arena_printf(&test.arena, "Time=[%s]", interval)), "%s\n%s",
                       condition, plan);
}

/* Filters of one side are its scan's; what reads both is the join's; only what is read comes out.
 */
Test(planner_join, inner)
{
    PLAN(&test,
         "SELECT a.x, b.y FROM a JOIN b ON a.k = b.k AND a.ts BETWEEN b.ts - INTERVAL '5' SECOND "
         "AND b.ts + INTERVAL '1' MINUTE AND a.id < b.id WHERE a.x > 3 AND b.y < 4",
         "Collect(fields=[x, y])\n"
         "+- Calc(select=[x, y])\n"
         "   +- IntervalJoin(joinType=[INNER], leftKeys=[k], rightKeys=[k], eventTime=[ts BETWEEN "
         "ts - INTERVAL '00:00:05' AND ts + INTERVAL '00:01:00'], condition=[CAST(id AS BIGINT) < "
         "id], select=[x, y])\n"
         "      +- Scan(table=[a], connector=[memory], format=[row], decode=[id, k, x, ts], "
         "filter=[x > 3], "
         "watermark=[ts], select=[id, k, x, ts])\n"
         "      +- Scan(table=[b], connector=[memory], format=[row], decode=[id, k, y, ts], "
         "filter=[y < 4], "
         "watermark=[ts], select=[id, k, y, ts])\n");
}

/* A filter on the side that outer rows may lack stays above; one in ON goes below it. */
Test(planner_join, outer)
{
    PLAN(&test,
         "SELECT a.x, b.y FROM a LEFT JOIN b ON a.k = b.k AND a.ts = b.ts AND b.y > 1 AND a.x > 2 "
         "WHERE a.x < 9 AND b.y IS NULL",
         "Collect(fields=[x, y])\n"
         "+- Calc(select=[x, y], where=[y IS NULL])\n"
         "   +- IntervalJoin(joinType=[LEFT], leftKeys=[k], rightKeys=[k], eventTime=[ts BETWEEN "
         "ts AND ts], condition=[x > 2], select=[x, y])\n"
         "      +- Scan(table=[a], connector=[memory], format=[row], decode=[k, x, ts], filter=[x "
         "< 9], "
         "watermark=[ts], select=[k, x, ts])\n"
         "      +- Scan(table=[b], connector=[memory], format=[row], decode=[k, y, ts], filter=[y "
         "> 1], "
         "watermark=[ts], select=[k, y, ts])\n");
}

/* Keys of other types or that are computed; a comma and WHERE are an inner join. */
Test(planner_join, keys)
{
    planner_test_set("parallelism.default", "4");
    PLAN(&test,
         "SELECT COUNT(*) FROM a, b WHERE b.id = a.id AND UPPER(a.k) = b.k AND a.ts > b.ts AND "
         "a.ts < b.ts + INTERVAL '1' HOUR GROUP BY a.id",
         "Collect(fields=[count], rowKinds=[true])\n"
         "+- Exchange(distribution=[global])\n"
         "   +- Calc(select=[agg0 AS count])\n"
         "      +- GroupAggregate(groupBy=[id], select=[id, COUNT(*) AS agg0])\n"
         "         +- Exchange(distribution=[hash[id]])\n"
         "            +- Calc(select=[id])\n"
         "               +- IntervalJoin(joinType=[INNER], leftKeys=[$k0, $k1], rightKeys=[id, k], "
         "eventTime=[ts BETWEEN ts + INTERVAL '00:00:00.001' AND ts + INTERVAL '00:59:59.999'], "
         "select=[id])\n"
         "                  +- Exchange(distribution=[hash[$k0, $k1]])\n"
         "                     +- Calc(select=[id, k, ts, CAST(id AS BIGINT) AS $k0, UPPER(k) AS "
         "$k1])\n"
         "                        +- Scan(table=[a], connector=[memory], format=[row], decode=[id, "
         "k, ts], "
         "watermark=[ts], select=[id, k, ts])\n"
         "                  +- Exchange(distribution=[hash[id, k]])\n"
         "                     +- Scan(table=[b], connector=[memory], format=[row], decode=[id, k, "
         "ts], "
         "watermark=[ts], select=[id, k, ts])\n");
}

Test(planner_join, bounds)
{
    bounded("a.ts >= b.ts AND a.ts <= b.ts", "ts BETWEEN ts AND ts");
    bounded("b.ts BETWEEN a.ts - INTERVAL '1' SECOND AND a.ts + INTERVAL '2' SECOND",
            "ts BETWEEN ts - INTERVAL '00:00:02' AND ts + INTERVAL '00:00:01'");
    /* Offsets on both sides; the interval may stand first. */
    bounded("a.ts + INTERVAL '1' SECOND >= b.ts - INTERVAL '1' MINUTE AND "
            "INTERVAL '3' SECOND + b.ts - INTERVAL '1' SECOND > a.ts",
            "ts BETWEEN ts - INTERVAL '00:01:01' AND ts + INTERVAL '00:00:01.999'");
    /* The tightest bounds hold. */
    bounded("a.ts >= b.ts - INTERVAL '1' HOUR AND a.ts > b.ts - INTERVAL '1' MINUTE AND "
            "a.ts < b.ts + INTERVAL '1' DAY AND b.ts + INTERVAL '5' SECOND >= a.ts",
            "ts BETWEEN ts - INTERVAL '00:00:59.999' AND ts + INTERVAL '00:00:05'");
    bounded("a.pt BETWEEN b.pt - INTERVAL '1' SECOND AND b.pt",
            "pt BETWEEN pt - INTERVAL '00:00:01' AND pt");
}

#define NEAR "a.ts BETWEEN b.ts AND b.ts + INTERVAL '1' HOUR"

Test(planner_join, names)
{
    cr_assert_eq(planner_test_run(&test, "SELECT * FROM a JOIN b USING (k) WHERE " NEAR), SL_OK,
                 "%s", test.err.text);
    /* k once and first. */
    cr_assert_eq(test.planned->columns->count, 10);
    cr_assert_str_eq(test.planned->columns->columns[0].name, "k");
    cr_assert_str_eq(test.planned->columns->columns[1].name, "id");
    cr_assert_str_eq(test.planned->columns->columns[6].name, "id");
    cr_assert_eq(
        planner_test_run(&test, "SELECT k, a.k, b.k, b.* FROM a FULL JOIN b USING (k, ts)"), SL_OK,
        "%s", test.err.text);
    cr_assert_eq(test.planned->columns->count, 8);
    cr_assert_eq(planner_test_run(&test, "SELECT j.x, y FROM (a JOIN b USING (k, ts)) AS j"), SL_OK,
                 "%s", test.err.text);
    cr_assert_eq(planner_test_run(&test, "SELECT one.id, two.id FROM a AS one JOIN a AS two ON "
                                         "one.k = two.k AND one.ts = two.ts"),
                 SL_OK, "%s", test.err.text);
    cr_assert_eq(
        planner_test_run(&test, "SELECT x, y FROM a NATURAL JOIN (SELECT k, y, ts FROM b)"), SL_OK,
        "%s", test.err.text);
    /* A view's star says which tables its columns are of. */
    cr_assert_eq(
        planner_test_run(&test, "CREATE VIEW v (k, ts, id1, x, plain, pt1, id2, y, pt2) AS "
                                "SELECT * FROM a JOIN b USING (k, ts); SELECT id1, id2, k FROM v"),
        SL_OK, "%s", test.err.text);
    REFUSED("SELECT id FROM a JOIN b ON a.k = b.k AND " NEAR, "42702", "id FROM");
    REFUSED("SELECT k FROM a, b WHERE " NEAR, "42702", "k FROM");
    REFUSED("SELECT c.k FROM a JOIN b ON a.k = b.k AND " NEAR, "42P01", "c.k");
    REFUSED("SELECT c.* FROM a JOIN b ON a.k = b.k AND " NEAR, "42P01", "c.*");
    REFUSED("SELECT b.x FROM a JOIN b ON a.k = b.k AND " NEAR, "42703", "b.x");
    REFUSED("SELECT x FROM a JOIN a ON TRUE", "42712", "a ON");
    planner_test_hint(&test, "alias");
    REFUSED("SELECT x FROM a JOIN b USING (nope)", "42703", "nope");
    REFUSED("SELECT x FROM a JOIN b ON a.k = c.k", "42P01", "c.k");
    REFUSED("SELECT x, COUNT(*) FROM a JOIN b ON a.k = b.k AND " NEAR " GROUP BY y", "42803",
            "x, COUNT");
}

Test(planner_join, refusals)
{
    REFUSED("SELECT x FROM a JOIN b ON a.k = b.k AND a.ts >= b.ts", "0A000", ">=");
    cr_assert_not_null(strstr(test.err.text, "no upper bound"), "%s", test.err.text);
    planner_test_hint(&test, "ts <= right.ts + INTERVAL");
    REFUSED("SELECT x FROM a JOIN b ON a.k = b.k AND b.ts > a.ts - INTERVAL '1' SECOND", "0A000",
            ">");
    cr_assert_not_null(strstr(test.err.text, "no lower bound"), "%s", test.err.text);
    REFUSED("SELECT x FROM a JOIN b ON a.k <> b.k AND " NEAR, "0A000", "b ON");
    planner_test_hint(&test, "a.id = b.id");
    REFUSED("SELECT x FROM a JOIN b ON a.k = b.k", "0A000", "b ON");
    planner_test_hint(&test, "BETWEEN");
    REFUSED("SELECT x FROM a JOIN b ON a.k = b.k AND a.plain BETWEEN b.ts AND b.ts", "0A000",
            "b ON");
    REFUSED("SELECT x FROM a CROSS JOIN b", "0A000", "b");
    REFUSED("SELECT x FROM a, b", "0A000", "b");
    REFUSED("SELECT x FROM a LEFT SEMI JOIN b ON a.k = b.k", "0A000", "b ON");
    REFUSED("SELECT x FROM a LEFT ANTI JOIN b ON a.k = b.k", "0A000", "b ON");
    REFUSED("SELECT x FROM a JOIN b ON a.k = b.k AND a.pt BETWEEN b.ts AND b.ts", "0A000", NULL);
    cr_assert(strstr(test.err.text, "processing time"), "%s", test.err.text);
    REFUSED("SELECT x FROM a JOIN z ON a.id = z.id AND a.ts = z.lts", "0A000", "= z.lts");
    planner_test_hint(&test, "same type");
    REFUSED("SELECT x FROM a JOIN changes AS c ON a.id = c.id AND a.ts = c.ts", "0A000",
            "changes AS");
    cr_assert(strstr(test.err.text, "Scan of table changes"), "%s", test.err.text);
    REFUSED("SELECT x FROM a JOIN (SELECT ts, k, COUNT(*) FROM b GROUP BY ts, k) AS c ON a.k = c.k "
            "AND a.ts = c.ts",
            "0A000", NULL);
}
