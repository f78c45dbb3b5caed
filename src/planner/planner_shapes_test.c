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
