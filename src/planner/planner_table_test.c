/* Definitions: CREATE TABLE, LIKE, ALTER TABLE, views, SHOW CREATE; and parameters. */
#include "planner/planner_test.h"

#include <criterion/criterion.h>

static struct planner_test test;

static void
start(void)
{
    planner_test_start(&test);
}

static void
stop(void)
{
    planner_test_stop(&test);
}

TestSuite(planner_table, .init = start, .fini = stop);

#define REFUSED(sql, sqlstate, at) planner_test_refused(&test, (sql), (sqlstate), (at))
#define RUN(sql) cr_assert_eq(planner_test_run(&test, (sql)), SL_OK, "%s: %s", (sql), test.err.text)
#define KAFKA "WITH ('connector'='kafka', 'topic'='t', 'format'='json')"

static const struct sl_table *
find(const char *name)
{
    const struct sl_table *table;

    cr_assert(sl_catalog_find_table(test.catalog, &test.arena, 0, "public", name, &table));
    return table;
}

static const char *
show(const char *name)
{
    struct sl_buffer text;
    const char *copy;

    sl_buffer_init(&text, SIZE_MAX);
    sl_plan_show_create(find(name), &text);
    copy = sl_arena_strndup(&test.arena, text.data, text.length);
    sl_buffer_done(&text);
    return copy;
}

Test(planner_table, everything)
{
    const struct sl_table *table;

    RUN("CREATE TABLE t (`order` INT, name VARCHAR(10) NOT NULL COMMENT 'who''s', "
        "d DECIMAL(10, 2), off BIGINT METADATA FROM 'offset' VIRTUAL, "
        "`timestamp` TIMESTAMP_LTZ(3) METADATA, millis BIGINT, "
        "ts AS TO_TIMESTAMP_LTZ(millis, 3), p AS PROCTIME(), "
        "WATERMARK FOR ts AS ts - INTERVAL '1' SECOND, "
        "CONSTRAINT pk PRIMARY KEY (`order`) NOT ENFORCED) COMMENT 'all of it' "
        "PARTITIONED BY (name) " KAFKA);
    table = find("T");
    cr_assert_eq(table->column_count, 8);
    cr_assert_eq(table->watermark_column, 6);
    cr_assert_eq(table->columns[6].time, SL_TIME_EVENT);
    cr_assert_eq(table->columns[7].time, SL_TIME_PROCESSING);
    cr_assert_eq(table->columns[6].type->kind, SL_TYPE_TIMESTAMP_LTZ);
    cr_assert(!table->columns[0].type->nullable, "a key is NOT NULL");
    cr_assert_str_eq(show("t"), "CREATE TABLE t (\n"
                                "  `order` INT NOT NULL,\n"
                                "  name VARCHAR(10) NOT NULL COMMENT 'who''s',\n"
                                "  d DECIMAL(10, 2),\n"
                                "  off BIGINT METADATA FROM 'offset' VIRTUAL,\n"
                                "  `timestamp` TIMESTAMP_LTZ(3) METADATA,\n"
                                "  millis BIGINT,\n"
                                "  ts AS TO_TIMESTAMP_LTZ(millis, 3),\n"
                                "  p AS PROCTIME(),\n"
                                "  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND,\n"
                                "  CONSTRAINT pk PRIMARY KEY (`order`) NOT ENFORCED\n"
                                ") COMMENT 'all of it'\n"
                                "PARTITIONED BY (name)\n"
                                "WITH (\n"
                                "  'connector' = 'kafka',\n"
                                "  'topic' = 't',\n"
                                "  'format' = 'json'\n"
                                ")");
    /* Metadata and computed columns are made only where they are read; the watermark needs millis.
     */
    PLAN(&test, "SELECT d, off FROM t WHERE name = 'a'",
         "Collect(fields=[d, off])\n"
         "+- Scan(table=[t], connector=[kafka], format=[json], decode=[name, d, millis], "
         "filter=[name = 'a'], watermark=[TO_TIMESTAMP_LTZ(millis, 3) - INTERVAL '00:00:01'], "
         "select=[d, offset AS off])\n");
    /* VIRTUAL and computed columns take nothing; metadata that is written comes last. */
    REFUSED("INSERT INTO t VALUES (1, 'a', 2.5, TIMESTAMP_LTZ '2020-01-01 00:00:00', 7)", "0A000",
            NULL);
    RUN("CREATE TABLE u LIKE t (EXCLUDING PARTITIONS)");
    PLAN(&test, "INSERT INTO u VALUES (1, 'a', 2.5, TIMESTAMP_LTZ '2020-01-01 00:00:00', 7)",
         "Sink(table=[u], connector=[kafka], format=[json], "
         "fields=[order, name, d, millis, timestamp], guarantee=[at-least-once])\n"
         "+- Values(tuples=[(1, 'a', 2.50, 7, TIMESTAMP_LTZ '2020-01-01 00:00:00+00')])\n");
    REFUSED("INSERT INTO t (ts) VALUES (NULL)", "42P10", "ts");
}

/* What is in the directories' names is not decoded. */
Test(planner_table, partitions)
{
    RUN("CREATE TABLE f (a INT, day STRING, b INT) PARTITIONED BY (day) "
        "WITH ('connector'='filesystem', 'path'='/x', 'format'='csv')");
    PLAN(&test, "INSERT INTO f PARTITION (day = 'x') (a) VALUES (3)",
         "Sink(table=[f], connector=[filesystem], format=[csv], fields=[a, day, b], "
         "guarantee=[at-least-once])\n"
         "+- Values(tuples=[(3, 'x', NULL)])\n");
    PLAN(&test, "SELECT day, b FROM f WHERE day > 'a'",
         "Collect(fields=[day, b])\n"
         "+- Scan(table=[f], connector=[filesystem], format=[csv], decode=[b], "
         "filter=[partition.day > 'a'], select=[partition.day AS day, b], bounded=[true])\n");
}

Test(planner_table, refused)
{
    REFUSED("CREATE TABLE t (a INT)", "22023", "t (");
    planner_test_hint(&test, "kafka");
    REFUSED("CREATE TABLE t (a INT) WITH ('connector'='kafak')", "42704", "'kafak'");
    planner_test_hint(&test, "kafka");
    REFUSED("CREATE TABLE t (a INT) WITH ('connector'='kafka', 'topic'='x')", "22023", NULL);
    planner_test_hint(&test, "format");
    REFUSED("CREATE TABLE t (a INT) WITH ('connector'='kafka', 'topic'='x', 'format'='jsn')",
            "42704", "'jsn'");
    planner_test_hint(&test, "json");
    REFUSED("CREATE TABLE t (a INT) WITH ('connector'='kafka', 'format'='json')", "22023", NULL);
    REFUSED("CREATE TABLE t (a INT) WITH ('connector'='kafka', 'tpic'='x', 'format'='json')",
            "42704", "'tpic'");
    planner_test_hint(&test, "topic");
    REFUSED("CREATE TABLE t (a INT) WITH ('connector'='kafka', 'topic'='x', 'format'='json', "
            "'json.ignore-parse-errors'='maybe')",
            "22023", "'maybe'");
    REFUSED("CREATE TABLE t (a INT) WITH ('connector'='kafka', 'topic'='x', 'format'='json', "
            "'csv.ignore-parse-errors'='true')",
            "42704", "'csv.ignore-parse-errors'");
    REFUSED("CREATE TABLE t (a INT) WITH ('connector'='kafka', 'topic'='x', 'format'='json', "
            "'json.on-error'='dead-letter')",
            "22023", "'dead-letter'");
    REFUSED("CREATE TABLE t (a INT, A STRING) " KAFKA, "42701", "A STRING");
    REFUSED("CREATE TABLE t (a INT, PRIMARY KEY (a)) " KAFKA, "0A000", "PRIMARY");
    planner_test_hint(&test, "NOT ENFORCED");
    REFUSED("CREATE TABLE t (a INT, PRIMARY KEY (b) NOT ENFORCED) " KAFKA, "42703", "b)");
    REFUSED("CREATE TABLE t (a INT, b AS a, PRIMARY KEY (b) NOT ENFORCED) " KAFKA, "42P16", "b)");
    REFUSED("CREATE TABLE t (a INT, WATERMARK FOR a AS a) " KAFKA, "42804", "a AS");
    REFUSED("CREATE TABLE t (a TIMESTAMP(6), WATERMARK FOR a AS a) " KAFKA, "42804", "a AS");
    REFUSED("CREATE TABLE t (a TIMESTAMP(3), WATERMARK FOR a AS 1) " KAFKA, "42804", "1");
    REFUSED("CREATE TABLE t (a TIMESTAMP(3), WATERMARK FOR ts AS a) " KAFKA, "42703", "ts");
    REFUSED("CREATE TABLE t (a INT, b AS other + 1, other AS a) " KAFKA, "42703", "other + 1");
    planner_test_hint(&test, "computed column");
    REFUSED("CREATE TABLE t (a INT, b AS COUNT(a)) " KAFKA, "42803", "COUNT");
    REFUSED("CREATE TABLE t (a INT, o BIGINT METADATA FROM 'ofset' VIRTUAL) " KAFKA, "42704",
            "o BIGINT");
    planner_test_hint(&test, "offset");
    REFUSED("CREATE TABLE t (a INT, o BIGINT METADATA FROM 'offset') " KAFKA, "42P16", "o BIGINT");
    planner_test_hint(&test, "VIRTUAL");
    REFUSED("CREATE TABLE nowhere.t (a INT) " KAFKA, "3F000", "nowhere.t");
    REFUSED("CREATE TABLE t (a INT DEFAULT 1) " KAFKA, "0A000", "1");
    REFUSED("CREATE TABLE t (a TIME(9)) " KAFKA, "0A000", "TIME(9)");
    REFUSED("CREATE TABLE t (a DECIMAL(5, 6)) " KAFKA, "22023", "DECIMAL");
}

Test(planner_table, like)
{
    const struct sl_table *table;

    RUN("CREATE TABLE base (a INT, ts TIMESTAMP(3), c AS a + 1, "
        "WATERMARK FOR ts AS ts, PRIMARY KEY (a) NOT ENFORCED) " KAFKA);
    RUN("CREATE TABLE copy (extra STRING) WITH ('topic'='other') LIKE base");
    table = find("copy");
    cr_assert_eq(table->column_count, 4);
    cr_assert_str_eq(table->columns[3].name, "extra");
    cr_assert_eq(table->watermark_column, 1);
    cr_assert_eq(table->primary_key_count, 1);
    cr_assert_str_eq(sl_option_get(&table->options, "topic"), "other");
    cr_assert_str_eq(sl_option_get(&table->options, "connector"), "kafka");
    RUN("CREATE TABLE bare (x INT) WITH ('connector'='memory') LIKE base (EXCLUDING ALL)");
    table = find("bare");
    cr_assert_eq(table->column_count, 3, "physical columns always come");
    cr_assert_eq(table->watermark_column, -1);
    RUN("CREATE TABLE moved (c AS a + 2, z INT) LIKE base (OVERWRITING GENERATED)");
    table = find("moved");
    cr_assert_str_eq(table->columns[2].expression, "a + 2", "it takes the place of the other");
    cr_assert_str_eq(table->columns[3].name, "z");
    REFUSED("CREATE TABLE twice LIKE base (EXCLUDING OPTIONS INCLUDING OPTIONS)", "42601",
            "INCLUDING");
    RUN("CREATE TABLE other (c AS a + 2, WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) LIKE base "
        "(OVERWRITING GENERATED OVERWRITING WATERMARKS EXCLUDING CONSTRAINTS)");
    table = find("other");
    cr_assert_eq(table->column_count, 3);
    cr_assert_str_eq(table->columns[2].expression, "a + 2");
    cr_assert_eq(table->primary_key_count, 0);
    REFUSED("CREATE TABLE again (a INT) LIKE base", "42P16", "a INT");
    REFUSED("CREATE TABLE again (WATERMARK FOR ts AS ts) LIKE base", "42P16", "ts AS");
    REFUSED("CREATE TABLE again WITH ('topic'='x') LIKE base (INCLUDING OPTIONS)", "42P16",
            "'topic'");
}

/* The columns of AS, and the statement that fills them. */
Test(planner_table, as_query)
{
    RUN("CREATE TABLE t WITH ('connector'='memory') AS SELECT 1 AS a, 'x' AS \"b c\"");
    cr_assert_str_eq(test.insert, "INSERT INTO public.t (a, `b c`) SELECT 1 AS a, 'x' AS \"b c\"");
    RUN("CREATE TABLE u (x INT, a BIGINT) WITH ('connector'='memory') AS (SELECT 1 AS a, NULL AS "
        "n)");
    cr_assert_eq(find("u")->column_count, 3);
    cr_assert_str_eq(find("u")->columns[1].name, "a");
    cr_assert_eq(find("u")->columns[1].type->kind, SL_TYPE_BIGINT);
    cr_assert_eq(find("u")->columns[2].type->kind, SL_TYPE_VARCHAR);
    cr_assert_str_eq(test.insert, "INSERT INTO public.u (a, n) SELECT 1 AS a, NULL AS n");
}

Test(planner_table, alter)
{
    const struct sl_table *table;

    RUN("CREATE TABLE t (a INT, ts TIMESTAMP(3), c AS a + 1, WATERMARK FOR ts AS ts) " KAFKA);
    RUN("ALTER TABLE t ADD (b STRING FIRST, d INT AFTER a)");
    table = find("t");
    cr_assert_eq(table->column_count, 5);
    cr_assert_str_eq(table->columns[0].name, "b");
    cr_assert_str_eq(table->columns[2].name, "d");
    RUN("ALTER TABLE t DROP WATERMARK");
    cr_assert_eq(find("t")->watermark_column, -1);
    RUN("ALTER TABLE t ADD WATERMARK FOR ts AS ts - INTERVAL '5' SECOND");
    cr_assert_eq(find("t")->watermark_column, 3);
    RUN("ALTER TABLE t RENAME d TO e");
    RUN("ALTER TABLE t MODIFY e BIGINT FIRST");
    cr_assert_eq(find("t")->columns[0].type->kind, SL_TYPE_BIGINT);
    RUN("ALTER TABLE t DROP e");
    RUN("ALTER TABLE t SET ('topic'='other', 'json.ignore-parse-errors'='true')");
    RUN("ALTER TABLE t RESET ('json.ignore-parse-errors')");
    cr_assert_str_eq(sl_option_get(&find("t")->options, "topic"), "other");
    cr_assert_null(sl_option_get(&find("t")->options, "json.ignore-parse-errors"));
    RUN("ALTER TABLE t RENAME TO u");
    cr_assert_eq(find("u")->column_count, 4);
    REFUSED("ALTER TABLE u DROP ts", "2BP01", "ts");
    REFUSED("ALTER TABLE u RENAME a TO z", "2BP01", "a TO");
    REFUSED("ALTER TABLE u DROP a", "2BP01", "a"); /* the computed column needs it */
    REFUSED("ALTER TABLE u RENAME nope TO z", "42703", "nope");
    REFUSED("ALTER TABLE u SET ('topik'='x')", "42704", "'topik'");
    REFUSED("ALTER TABLE u ADD WATERMARK FOR ts AS ts", "42P16", NULL);
}

/* The text of a view keeps the columns that its stars stood for. */
Test(planner_table, views)
{
    RUN("CREATE TABLE t (a INT, `order` STRING) WITH ('connector'='memory')");
    RUN("CREATE VIEW v (x, y, z) AS SELECT *, t.a + 1 FROM t");
    cr_assert_str_eq(find("v")->query, "SELECT a, `order`, t.a + 1 FROM t");
    cr_assert_str_eq(show("v"), "CREATE VIEW v (x, y, z) AS\nSELECT a, `order`, t.a + 1 FROM t");
    RUN("ALTER TABLE t ADD more INT");
    PLAN(&test, "SELECT * FROM v",
         "Collect(fields=[x, y, z])\n"
         "+- Scan(table=[t], connector=[memory], format=[row], decode=[a, order], "
         "select=[a AS x, order AS y, a + 1 AS z])\n");
    REFUSED("CREATE VIEW w AS SELECT a, a FROM t", "42701", "SELECT");
    REFUSED("CREATE VIEW w (p) AS SELECT a, more FROM t", "42601", "p");
    REFUSED("CREATE VIEW w AS SELECT nope FROM t", "42703", "nope");
}

/* $n gets its type from what stands beside it, or from the column that it is written to. */
Test(planner_table, parameters)
{
    struct sl_value values[2];

    RUN("CREATE TABLE t (a BIGINT, b STRING, ts TIMESTAMP(3)) WITH ('connector'='memory')");
    RUN("SELECT a + $1, $2 FROM t WHERE b = $3 AND ts > $4 AND a IN (1, $5) AND b LIKE $6 LIMIT "
        "$7");
    cr_assert_eq(test.param_count, 7);
    cr_assert_eq(test.param_types[0]->kind, SL_TYPE_BIGINT);
    cr_assert_eq(test.param_types[1]->kind, SL_TYPE_VARCHAR);
    cr_assert_eq(test.param_types[2]->kind, SL_TYPE_VARCHAR);
    cr_assert_eq(test.param_types[3]->kind, SL_TYPE_TIMESTAMP);
    cr_assert_eq(test.param_types[4]->kind, SL_TYPE_BIGINT);
    cr_assert_eq(test.param_types[5]->kind, SL_TYPE_VARCHAR);
    cr_assert_eq(test.param_types[6]->kind, SL_TYPE_BIGINT);
    memset(test.param_types, 0, sizeof(test.param_types));
    RUN("INSERT INTO t VALUES ($1, $2, CAST($3 AS TIMESTAMP(3)))");
    cr_assert_eq(test.param_types[0]->kind, SL_TYPE_BIGINT);
    cr_assert_eq(test.param_types[1]->kind, SL_TYPE_VARCHAR);
    cr_assert_eq(test.param_types[2]->kind, SL_TYPE_TIMESTAMP);
    memset(test.param_types, 0, sizeof(test.param_types));
    RUN("INSERT INTO t (a) SELECT $1");
    cr_assert_eq(test.param_types[0]->kind, SL_TYPE_BIGINT);
    values[0] = (struct sl_value){.type = &sl_type_bigint, .integer = 5};
    values[1] = (struct sl_value){.type = &sl_type_string, .text = SL_TEXT("x")};
    test.param_values = values;
    test.param_count = 2;
    PLAN(&test, "SELECT a FROM t WHERE a > $1 + 1 AND b = $2",
         "Collect(fields=[a])\n"
         "+- Scan(table=[t], connector=[memory], format=[row], decode=[a, b], "
         "filter=[(a > 6) AND (b = 'x')], select=[a])\n");
}

/* Two sinks, one plan, one scan; the logical text is what was written, before any rule. */
Test(planner_table, statement_set)
{
    RUN("CREATE TABLE t (a INT) WITH ('connector'='memory');"
        "CREATE TABLE x (a INT) WITH ('connector'='blackhole')");
    PLAN(&test,
         "EXECUTE STATEMENT SET BEGIN INSERT INTO x SELECT a FROM t WHERE a > 1; "
         "INSERT INTO x SELECT a + 1 FROM t; END",
         "Sink(table=[x], connector=[blackhole], fields=[a], guarantee=[at-least-once])\n"
         "+- Calc(select=[a], where=[a > 1])\n"
         "   +- Scan(table=[t], connector=[memory], format=[row], decode=[a], select=[a])\n"
         "Sink(table=[x], connector=[blackhole], fields=[a], guarantee=[at-least-once])\n"
         "+- Calc(select=[a + 1 AS a])\n"
         "   +- Scan(table=[t], connector=[memory], format=[row], decode=[a], select=[a])\n");
    cr_assert_str_neq(test.planned->plan->nodes[2]->uid, test.planned->plan->nodes[4]->uid);
    cr_assert_null(test.planned->sink_name);
    cr_assert_str_eq(test.planned->logical_text, "LogicalSink(table=[x], fields=[a])\n"
                                                 "+- LogicalProject(select=[a])\n"
                                                 "   +- LogicalProject(select=[a])\n"
                                                 "      +- LogicalFilter(condition=[a > 1])\n"
                                                 "         +- LogicalScan(table=[t], fields=[a])\n"
                                                 "LogicalSink(table=[x], fields=[a])\n"
                                                 "+- LogicalProject(select=[a])\n"
                                                 "   +- LogicalProject(select=[a + 1 AS a])\n"
                                                 "      +- LogicalScan(table=[t], fields=[a])\n");
}

/* A job's state is found by uid when the same statement is planned again, also behind other plans.
 */
Test(planner_table, uids)
{
    const char *sql =
        "SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' "
        "MINUTE)) WHERE a > 1 GROUP BY window_start, window_end, a";
    const char *uid;

    RUN("CREATE TABLE t (a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) " KAFKA);
    RUN(sql);
    uid = test.planned->plan->nodes[1]->uid;
    RUN(sql);
    cr_assert_str_eq(test.planned->plan->nodes[1]->uid, uid);
    cr_assert(strncmp(uid, "window_aggregate-", 17) == 0);
    RUN("SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '2' "
        "MINUTE)) WHERE a > 1 GROUP BY window_start, window_end, a");
    cr_assert_str_neq(test.planned->plan->nodes[1]->uid, uid);
}

/* A table is read once where several read it: what any of them reads, and the filter of all. */
Test(planner_table, shared_scans)
{
    RUN("CREATE TABLE t (a INT, b INT, c INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) "
        "WITH ('connector'='memory');"
        "CREATE TABLE x (a INT) WITH ('connector'='blackhole')");
    cr_assert_str_eq(
        planner_test_tasks(&test,
                           "EXECUTE STATEMENT SET BEGIN INSERT INTO x SELECT b FROM t WHERE a > 1; "
                           "INSERT INTO x SELECT c FROM t WHERE a > 1; INSERT INTO x SELECT a FROM "
                           "t /*+ OPTIONS('scan.parallelism'='2') */; END"),
        "Task 0 (parallelism 1): Scan[t]\n"
        "Task 1 (parallelism 1): Calc -> Sink[x] <- forward from task 0\n"
        "Task 2 (parallelism 1): Calc -> Sink[x] <- forward from task 0\n"
        "Task 3 (parallelism 2): Scan[t] -> Sink[x]\n");
    PLAN(&test, "SELECT b FROM t WHERE a > 1 UNION ALL SELECT b + c FROM t WHERE a > 1",
         "Collect(fields=[b])\n"
         "+- Union(union=[b])\n"
         "   +- Calc(select=[b])\n"
         "      +- Scan(table=[t], connector=[memory], format=[row], decode=[a, b, c, ts], "
         "filter=[a > 1], watermark=[ts], select=[b, c])\n"
         "   +- Calc(select=[b + c AS b])\n"
         "      +- Scan(table=[t], connector=[memory], format=[row], decode=[a, b, c, ts], "
         "filter=[a > 1], watermark=[ts], select=[b, c])\n");
    /* A LIMIT may end its scan before others have read it. */
    cr_assert_not_null(strstr(planner_test_tasks(&test, "SELECT * FROM (SELECT a FROM t LIMIT 1) "
                                                        "UNION ALL SELECT a FROM t"),
                              "Task 1 (parallelism 1): Scan[t]"));
}
