/* Ranks with conditions on them: which operator keeps the rows, its bounds, keys and row kinds. */
#include "planner/planner_test.h"

#include <criterion/criterion.h>

static struct planner_test test;

static void
start(void)
{
    planner_test_start(&test);
    test.changelog_mode = true;
    cr_assert_eq(
        planner_test_run(
            &test,
            "CREATE TABLE t (k STRING, v INT, n INT, ts TIMESTAMP(3), pt AS PROCTIME(), "
            "WATERMARK FOR ts AS ts) WITH ('connector'='memory');"
            "CREATE TABLE changes (k STRING, v INT, id INT, PRIMARY KEY (id) NOT ENFORCED) "
            "WITH ('connector'='memory', 'changelog-mode'='upsert');"
            "CREATE TABLE ranked (k STRING, rn BIGINT, v INT, PRIMARY KEY (k, rn) NOT ENFORCED) "
            "WITH ('connector'='memory', 'changelog-mode'='upsert');"
            "CREATE TABLE best (k STRING, v INT, PRIMARY KEY (k) NOT ENFORCED) "
            "WITH ('connector'='memory', 'changelog-mode'='upsert');"),
        SL_OK, "%s", test.err.text);
}

static void
stop(void)
{
    planner_test_stop(&test);
}

TestSuite(planner_rank, .init = start, .fini = stop);

/* The plan of `SELECT columns FROM (SELECT *, call AS rn FROM source) WHERE condition` has this. */
static void
expect(const char *columns, const char *call, const char *source, const char *condition,
       const char *part)
{
    const char *plan = planner_test_plan(
        &test, sl_arena_printf(&test.arena, "SELECT %s FROM (SELECT *, %s AS rn FROM %s) WHERE %s",
                               columns, call, source, condition));

    cr_assert_not_null(plan, "%s", test.err.text);
    cr_assert_not_null(strstr(plan, part), "%s\n%s", part, plan);
}

#define BY_V "ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC)"
#define RANK(range, number, kinds)                                                  \
    "Rank(strategy=[append-only], rankType=[ROW_NUMBER], rankRange=[" range "], "   \
    "partitionBy=[k], orderBy=[v DESC NULLS LAST], outputRankNumber=[" number "], " \
    "changelogMode=[" kinds "])"

/* Conjuncts that bound the rank become its range, whatever stands beside them. */
Test(planner_rank, bounds)
{
    expect("*", BY_V, "t", "rn <= 3", RANK("rankStart=1, rankEnd=3", "true", "I,UB,UA"));
    expect("*", BY_V, "t", "rn < 3 AND rn > 0", RANK("rankStart=1, rankEnd=2", "true", "I,UB,UA"));
    expect("*", BY_V, "t", "4 >= rn AND rn >= 2",
           RANK("rankStart=2, rankEnd=4", "true", "I,UB,UA"));
    expect("*", BY_V, "t", "rn BETWEEN 2 AND 5 AND rn <= 9",
           RANK("rankStart=2, rankEnd=5", "true", "I,UB,UA"));
    expect("*", BY_V, "t", "rn <= n", RANK("rankStart=1, rankEnd=n", "true", "I,UB,UA"));
    expect("*", BY_V, "t", "rn <= 3 AND v > rn", "where=[CAST(v AS BIGINT) > rn]");
    expect("*", BY_V, "t", "rn <= 3 AND k = 'a'", "filter=[k = 'a']");
    expect("*", BY_V, "t", "rn <= 3 AND rn <= n",
           RANK("rankStart=1, rankEnd=3", "true", "I,UB,UA"));
    expect("*", BY_V, "t", "rn < 1", "- Values(tuples=[], ");
}

/* A rank that nobody reads, or that can be but one number, is not kept up to date. */
Test(planner_rank, without_number)
{
    expect("k, v", BY_V, "t", "rn <= 3", RANK("rankStart=1, rankEnd=3", "false", "I,D"));
    expect("*", BY_V, "t", "rn = 1", RANK("rankStart=1, rankEnd=1", "false", "I,UB,UA"));
    expect("*", BY_V, "t", "rn = 2", RANK("rankStart=2, rankEnd=2", "false", "I,UB,UA"));
    expect("rn, v", BY_V, "t", "rn = 2", "Calc(select=[2 AS rn, v]");
}

Test(planner_rank, deduplication)
{
    expect("k, v", "ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts)", "t", "rn = 1",
           "Deduplicate(keep=[FirstRow], key=[k], eventTime=[ts], changelogMode=[I])");
    expect("k, v", "ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC)", "t", "rn <= 1",
           "Deduplicate(keep=[LastRow], key=[k], eventTime=[ts], changelogMode=[I,UB,UA])");
    expect("*", "ROW_NUMBER() OVER (PARTITION BY k ORDER BY pt)", "t", "rn = 1",
           "Deduplicate(keep=[FirstRow], key=[k], processingTime=[pt], changelogMode=[I])");
    /* Two columns, two rows, another function, all rows at once: Top-N. */
    expect("k", "ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts, v)", "t", "rn = 1", "- Rank(");
    expect("k", "ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts)", "t", "rn <= 2", "- Rank(");
    expect("k", "RANK() OVER (PARTITION BY k ORDER BY ts)", "t", "rn = 1", "- Rank(");
    expect("k", "ROW_NUMBER() OVER (ORDER BY ts)", "t", "rn = 1", "- Rank(");
}

#define WINDOWS "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))"
#define SESSIONS "TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' MINUTE))"
#define BY_WINDOW "ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY v)"

Test(planner_rank, windows)
{
    expect("*", BY_WINDOW, WINDOWS, "rn <= 2",
           "WindowRank(window=[TUMBLE(win_end=[window_end], size=[1 min])], "
           "rankType=[ROW_NUMBER], rankRange=[rankStart=1, rankEnd=2], partitionBy=[k], "
           "orderBy=[v ASC NULLS FIRST], outputRankNumber=[true], changelogMode=[I])");
    expect("*", "RANK() OVER (PARTITION BY window_end, window_start ORDER BY s)",
           "(SELECT window_start, window_end, k, SUM(v) AS s FROM " WINDOWS
           " GROUP BY window_start, window_end, k)",
           "rn <= 2", "WindowRank(");
    expect("k", BY_WINDOW, SESSIONS, "rn <= 2", "- Rank(");
    expect("k", "ROW_NUMBER() OVER (PARTITION BY window_end ORDER BY v)", WINDOWS, "rn <= 2",
           "- Rank(");
}

/* What rows go by: no -U for who keeps them by partition and rank, or by the partition of one. */
Test(planner_rank, upsert_keys)
{
    const char *plan =
        planner_test_plan(&test, "INSERT INTO ranked SELECT k, rn, v FROM (SELECT *, " BY_V
                                 " AS rn FROM changes) WHERE rn <= 3");

    cr_assert_not_null(strstr(plan, "Rank(strategy=[retract]"), "%s", plan);
    cr_assert_not_null(strstr(plan, "outputRankNumber=[true], changelogMode=[I,UA,D])"), "%s",
                       plan);
    cr_assert_null(strstr(plan, "Materializer"), "%s", plan);
    plan = planner_test_plan(&test, "INSERT INTO best SELECT k, v FROM (SELECT *, " BY_V
                                    " AS rn FROM t) WHERE rn = 1");
    cr_assert_not_null(strstr(plan, "outputRankNumber=[false], changelogMode=[I,UA])"), "%s", plan);
    cr_assert_null(strstr(plan, "Materializer"), "%s", plan);
    plan = planner_test_plan(&test, "INSERT INTO best SELECT k, v FROM (SELECT *, " BY_V
                                    " AS rn FROM t) WHERE rn <= 2");
    cr_assert_not_null(strstr(plan, "Materializer"), "%s", plan);
}

/* A sink that forgets everything needs no -U (as Flink's), whatever rows go by. */
Test(planner_rank, blackhole)
{
    const char *plan;

    cr_assert_eq(planner_test_run(&test, "CREATE TABLE nothing (k STRING, v INT) WITH "
                                         "('connector'='blackhole')"),
                 SL_OK);
    plan = planner_test_plan(&test, "INSERT INTO nothing SELECT k, v FROM (SELECT *, " BY_V
                                    " AS rn FROM t) WHERE rn = 1");
    cr_assert_not_null(strstr(plan, "outputRankNumber=[false], changelogMode=[I,UA])"), "%s", plan);
}

Test(planner_rank, order_by)
{
    const char *plan = planner_test_plan(&test, "SELECT v FROM t ORDER BY v, n LIMIT 3 OFFSET 2");

    cr_assert_not_null(strstr(plan, "Rank(strategy=[append-only], rankType=[ROW_NUMBER], "
                                    "rankRange=[rankStart=3, rankEnd=5], orderBy=[v ASC NULLS "
                                    "FIRST, n ASC NULLS FIRST], outputRankNumber=[false]"),
                       "%s", plan);
    plan = planner_test_plan(&test, "SELECT v FROM t ORDER BY ts, v DESC");
    cr_assert_not_null(strstr(plan, "TemporalSort(orderBy=[ts ASC NULLS FIRST, v DESC NULLS LAST]"),
                       "%s", plan);
    plan = planner_test_plan(&test, "SELECT v FROM t ORDER BY pt");
    cr_assert_null(strstr(plan, "Sort"), "%s", plan);
    planner_test_refused(&test, "SELECT v FROM t ORDER BY v", "0A000", "v");
    planner_test_refused(&test, "SELECT v FROM t ORDER BY ts DESC", "0A000", "ts");
    planner_test_refused(&test, "SELECT v FROM changes ORDER BY v OFFSET 1", "0A000", "v");
}

/* Over bounded input bounds are numbers; a column is looked at row by row. */
Test(planner_rank, batch)
{
    planner_test_set("execution.runtime-mode", "batch");
    expect("*", BY_V, "t", "rn <= 3",
           "BatchRank(rankType=[ROW_NUMBER], rankRange=[rankStart=1, rankEnd=3], partitionBy=[k], "
           "orderBy=[v DESC NULLS LAST], outputRankNumber=[true]");
    expect("k, v", "DENSE_RANK() OVER (PARTITION BY k ORDER BY ts)", "t", "rn = 1",
           "BatchRank(rankType=[DENSE_RANK]");
}
