/* Shapes of queries: what set operations, subqueries and UNNEST become. */
#include "planner/planner_test.h"

#include <criterion/criterion.h>

static struct planner_test test;

static void
start(void)
{
    planner_test_start(&test);
    cr_assert_eq(planner_test_run(
                     &test, "CREATE TABLE a (id INT, s STRING, x BIGINT) "
                            "WITH ('connector'='memory');"
                            "CREATE TABLE b (id BIGINT, s STRING) WITH ('connector'='memory');"),
                 SL_OK, "%s", test.err.text);
    cr_assert_eq(planner_test_run(&test, "CREATE TABLE c (id INT, v ARRAY<INT>, r ARRAY<ROW<p INT, "
                                         "q STRING>>) WITH ('connector'='memory');"),
                 SL_OK, "%s", test.err.text);
}

static void
stop(void)
{
    planner_test_stop(&test);
}

TestSuite(planner_shapes, .init = start, .fini = stop);

/* Rows of both sides are counted together; a filter goes to the scans of both. */
Test(planner_shapes, intersect)
{
    test.changelog_mode = true;
    PLAN(&test,
         "SELECT s FROM (SELECT id, s FROM a INTERSECT SELECT id, s FROM b) AS q "
         "WHERE s <> 'x'",
         "Collect(fields=[s], rowKinds=[true], changelogMode=[NONE])\n"
         "+- Calc(select=[s], changelogMode=[I,D])\n"
         "   +- Replicate(times=[$copies], select=[id, s], changelogMode=[I,D])\n"
         "      +- Calc(select=[id, s, CASE WHEN ($l > 0) AND ($r > 0) THEN 1 ELSE 0 END AS "
         "$copies], changelogMode=[I,UB,UA])\n"
         "         +- GroupAggregate(groupBy=[id, s], select=[id, s, COUNT(*) FILTER (WHERE "
         "$left) AS $l, COUNT(*) FILTER (WHERE NOT $left) AS $r], changelogMode=[I,UB,UA])\n"
         "            +- Union(union=[id, s, $left], changelogMode=[I])\n"
         "               +- Scan(table=[a], connector=[memory], format=[row], decode=[id, "
         "s], filter=[s <> 'x'], select=[CAST(id AS BIGINT) AS id, s, TRUE AS $left], "
         "changelogMode=[I])\n"
         "               +- Scan(table=[b], connector=[memory], format=[row], decode=[id, "
         "s], filter=[s <> 'x'], select=[id, s, FALSE AS $left], changelogMode=[I])\n");
}

/* What is only filtered by is not marked; the value of an expression is computed below. */
Test(planner_shapes, in_subquery)
{
    test.changelog_mode = true;
    PLAN(&test, "SELECT s FROM a WHERE id + 1 IN (SELECT id FROM b) AND x > 0 AND s <> 'x'",
         "Collect(fields=[s], changelogMode=[NONE])\n"
         "+- Calc(select=[s], changelogMode=[I])\n"
         "   +- SemiJoin(joinType=[SEMI], leftKeys=[$k0], rightKeys=[id], select=[id, s], "
         "changelogMode=[I])\n"
         "      +- Calc(select=[id, s, CAST(id + 1 AS BIGINT) AS $k0], changelogMode=[I])\n"
         "         +- Scan(table=[a], connector=[memory], format=[row], decode=[id, s, x], "
         "filter=[(x > 0) AND (s <> 'x')], select=[id, s], changelogMode=[I])\n"
         "      +- Scan(table=[b], connector=[memory], format=[row], decode=[id], "
         "select=[id], changelogMode=[I])\n");
}

/* NOT IN, where a NULL matters: whether the subquery has rows, and NULLs among them. */
Test(planner_shapes, not_in_subquery)
{
    PLAN(&test, "SELECT s FROM a WHERE x NOT IN (SELECT id FROM b)",
         "Collect(fields=[s], rowKinds=[true])\n"
         "+- Calc(select=[s])\n"
         "   +- SingleJoin(condition=[NOT CASE WHEN ($total > 0) IS NOT TRUE THEN FALSE "
         "WHEN $found THEN TRUE WHEN (x IS NULL) OR ($agg1 < $total) THEN NULL ELSE FALSE "
         "END], select=[s, x, $found])\n"
         "      +- SemiJoin(joinType=[MARK], leftKeys=[x], rightKeys=[id], select=[s, x, "
         "$found])\n"
         "         +- Scan(table=[a], connector=[memory], format=[row], decode=[s, x], "
         "select=[s, x])\n"
         "         +- Calc(select=[id])\n"
         "            +- Scan(table=[b], connector=[memory], format=[row], decode=[id], "
         "select=[id])\n"
         "      +- GroupAggregate(select=[COUNT(*) AS $total, COUNT(id) AS $agg1])\n"
         "         +- Calc(select=[id])\n"
         "            +- Scan(table=[b], connector=[memory], format=[row], decode=[id], "
         "select=[id])\n");
}

/* What compares with the single row is the join's condition; its value does not come out. */
Test(planner_shapes, scalar_subquery)
{
    test.changelog_mode = true;
    PLAN(&test, "SELECT id FROM a WHERE x > (SELECT AVG(id) FROM b) AND s = 'x'",
         "Collect(fields=[id], rowKinds=[true], changelogMode=[NONE])\n"
         "+- Calc(select=[id], changelogMode=[I,D])\n"
         "   +- SingleJoin(condition=[x > avg], select=[id, x], changelogMode=[I,D])\n"
         "      +- Scan(table=[a], connector=[memory], format=[row], decode=[id, s, x], "
         "filter=[s = 'x'], select=[id, x], changelogMode=[I])\n"
         "      +- GroupAggregate(select=[AVG(id) AS avg], changelogMode=[I,UB,UA])\n"
         "         +- Scan(table=[b], connector=[memory], format=[row], decode=[id], "
         "select=[id], changelogMode=[I])\n");
}

/* Over groups, and over rows. */
Test(planner_shapes, scalar_subquery_of_groups)
{
    planner_test_set("execution.runtime-mode", "batch");
    PLAN(&test,
         "SELECT s, (SELECT MAX(id) FROM b) AS m FROM a GROUP BY s "
         "HAVING COUNT(*) = (SELECT COUNT(*) FROM b)",
         "Collect(fields=[s, m])\n"
         "+- Calc(select=[s, max AS m])\n"
         "   +- SingleJoin(condition=[agg0 = count], select=[s, agg0, max])\n"
         "      +- SingleJoin(select=[s, agg0, max])\n"
         "         +- BatchAggregate(groupBy=[s], select=[s, COUNT(*) AS agg0])\n"
         "            +- ChangelogMerge(key=[all columns])\n"
         "               +- Scan(table=[a], connector=[memory], format=[row], decode=[s], "
         "select=[s], bounded=[true])\n"
         "         +- BatchAggregate(select=[MAX(id) AS max])\n"
         "            +- ChangelogMerge(key=[all columns])\n"
         "               +- Scan(table=[b], connector=[memory], format=[row], decode=[id], "
         "select=[id], bounded=[true])\n"
         "      +- BatchAggregate(select=[COUNT(*) AS count])\n"
         "         +- Calc(select=[TRUE AS $f0])\n"
         "            +- ChangelogMerge(key=[all columns])\n"
         "               +- Scan(table=[b], connector=[memory], format=[row], decode=[id], "
         "select=[id], bounded=[true])\n");
}

/* Only whether there is a row is news. */
Test(planner_shapes, exists)
{
    PLAN(&test, "SELECT id FROM a WHERE NOT EXISTS (SELECT * FROM b WHERE s = 'x')",
         "Collect(fields=[id], rowKinds=[true])\n"
         "+- SingleJoin(condition=[NOT ($exists IS TRUE)], select=[id])\n"
         "   +- Scan(table=[a], connector=[memory], format=[row], decode=[id], "
         "select=[id])\n"
         "   +- Calc(select=[$total > 0 AS $exists])\n"
         "      +- GroupAggregate(select=[COUNT(*) AS $total])\n"
         "         +- Scan(table=[b], connector=[memory], format=[row], decode=[id, s], "
         "filter=[s = 'x'], select=[id])\n");
}

/* The collection does not come out with its elements; a filter of the table stays the table's. */
Test(planner_shapes, unnest)
{
    PLAN(&test, "SELECT id, x FROM c, UNNEST(v) AS u (x) WHERE id > 1 AND x > 2",
         "Collect(fields=[id, x])\n"
         "+- Calc(select=[id, x], where=[x > 2])\n"
         "   +- Unnest(of=[v], select=[id, x])\n"
         "      +- Scan(table=[c], connector=[memory], format=[row], decode=[id, v], "
         "filter=[id > 1], select=[id, v])\n");
    PLAN(&test, "SELECT id, q FROM c LEFT JOIN UNNEST(r) ON TRUE, generate_series(1, id + 1) AS s",
         "Collect(fields=[id, q])\n"
         "+- Calc(select=[id, q])\n"
         "   +- Unnest(series=[$a0, $a1], select=[id, q, s])\n"
         "      +- Calc(select=[id, q, 1 AS $a0, id + 1 AS $a1])\n"
         "         +- Unnest(of=[r], joinType=[LEFT], select=[id, p, q])\n"
         "            +- Scan(table=[c], connector=[memory], format=[row], decode=[id, r], "
         "select=[id, r])\n");
}

/* Only fields that are read are decoded; their indexes are those of what is decoded. */
Test(planner_shapes, fields)
{
    cr_assert_eq(planner_test_run(&test,
                                  "CREATE TABLE j (id INT, r ROW<a INT, b ROW<c INT, d INT>>) "
                                  "WITH ('connector'='kafka', 'topic'='j', "
                                  "'format'='json');"),
                 SL_OK, "%s", test.err.text);
    PLAN(&test, "SELECT id, r.b.d FROM j WHERE r.b.d > 1",
         "Collect(fields=[id, d])\n"
         "+- Scan(table=[j], connector=[kafka], format=[json], decode=[id, r.b.d], "
         "filter=[r.b.d > 1], select=[id, r.b.d AS d])\n");
    PLAN(&test, "SELECT r.b, r.b.d FROM j",
         "Collect(fields=[b, d])\n"
         "+- Scan(table=[j], connector=[kafka], format=[json], decode=[r.b.c, r.b.d], "
         "select=[r.b AS b, r.b.d AS d])\n");
    PLAN(&test, "SELECT r.a FROM j WHERE r IS NOT NULL",
         "Collect(fields=[a])\n"
         "+- Scan(table=[j], connector=[kafka], format=[json], decode=[r], "
         "filter=[r IS NOT NULL], select=[r.a AS a])\n");
}

/* Each subtask finds its first rows, of which the last one chooses. */
Test(planner_shapes, parallel_top_n)
{
    planner_test_set("execution.runtime-mode", "batch");
    planner_test_set("parallelism.default", "4");
    PLAN(&test, "SELECT id FROM b ORDER BY id LIMIT 3 OFFSET 2",
         "Collect(fields=[id])\n"
         "+- Sort(orderBy=[id ASC NULLS FIRST], offset=[2], fetch=[3])\n"
         "   +- Exchange(distribution=[global])\n"
         "      +- Sort(orderBy=[id ASC NULLS FIRST], fetch=[5])\n"
         "         +- ChangelogMerge(key=[all columns])\n"
         "            +- Exchange(distribution=[hash[id]])\n"
         "               +- Scan(table=[b], connector=[memory], format=[row], decode=[id], "
         "select=[id], bounded=[true])\n");
}
