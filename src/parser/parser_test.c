/* The parser: every form of statement, the shape of trees, errors with their positions, slices, and
 * that no text can crash it. */
#include "parser/parser_test.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct sl_arena arena;
static struct sl_error err;

static void
setup(void)
{
    sl_arena_init(&arena);
    sl_error_reset(&err);
}

static void
teardown(void)
{
    sl_arena_done(&arena);
}

TestSuite(parser, .init = setup, .fini = teardown);

static struct sl_ast_script *
must_parse(const char *text)
{
    struct sl_ast_script *script = NULL;
    int rc = sl_parse_script(&arena, sl_text_of(text), NULL, &script, &err);
    cr_assert(rc >= 0, "%s\n  at %d: %s", text, err.offset, err.text);
    return script;
}

static char *
dump(const struct sl_ast *node)
{
    struct sl_buffer buffer;
    sl_buffer_init(&buffer, 1 << 20);
    sl_ast_dump(&buffer, node);
    char *copy = sl_arena_strdup(&arena, buffer.data);
    sl_buffer_done(&buffer);
    return copy;
}

static void
expect_expr(const char *text, const char *expected)
{
    struct sl_ast_expr *expr = NULL;
    int rc = sl_parse_expression(&arena, sl_text_of(text), NULL, &expr, &err);
    cr_assert(rc >= 0, "%s\n  at %d: %s", text, err.offset, err.text);
    cr_expect_str_eq(dump(&expr->ast), expected, "%s\n  is  %s\n  not %s", text, dump(&expr->ast),
                     expected);
}

static void
expect_type(const char *text, const char *expected)
{
    struct sl_ast_type *type = NULL;
    int rc = sl_parse_type(&arena, sl_text_of(text), NULL, &type, &err);
    cr_assert(rc >= 0, "%s\n  at %d: %s", text, err.offset, err.text);
    cr_expect_str_eq(dump(&type->ast), expected, "%s\n  is  %s\n  not %s", text, dump(&type->ast),
                     expected);
}

static void
expect_statement(const char *text, const char *expected)
{
    struct sl_ast_script *script = must_parse(text);
    cr_assert_eq(script->count, 1, "%s", text);
    const char *is = dump(script->statements[0].ast);
    cr_expect_str_eq(is, expected, "%s\n  is  %s\n  not %s", text, is, expected);
}

static void
expect_error(const char *text, int code, int offset, const char *message)
{
    struct sl_ast_script *script = NULL;
    sl_error_reset(&err);
    int rc = sl_parse_script(&arena, sl_text_of(text), NULL, &script, &err);
    cr_expect(rc < 0 && script == NULL, "%s parses", text);
    cr_expect_eq(err.code, code, "%s: %s %s", text, sl_error_sqlstate(err.code), err.text);
    cr_expect_eq(err.offset, offset, "%s: at %d, not %d", text, err.offset, offset);
    cr_expect_str_eq(err.text, message, "%s: %s", text, err.text);
}

static bool
text_is(struct sl_text text, const char *expected)
{
    return sl_text_equal(text, sl_text_of(expected));
}

Test(parser, every_form_has_its_kind)
{
    for (size_t i = 0; i < parser_form_count; i++) {
        struct sl_ast_script *script = must_parse(parser_forms[i].text);
        cr_expect_eq(script->count, 1, "%s", parser_forms[i].text);
        cr_expect_eq(script->statements[0].ast->kind, parser_forms[i].kind, "%s: %s",
                     parser_forms[i].text, dump(script->statements[0].ast));
        cr_expect(strlen(dump(script->statements[0].ast)) > 2);
    }
}

Test(parser, precedence)
{
    expect_expr("1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)");
    expect_expr("a - b - c", "(- (- a b) c)");
    expect_expr("(a - (b - c))", "(- a (- b c))");
    expect_expr("-a * b", "(* (- a) b)");
    expect_expr("- -1", "(- (- 1))");
    expect_expr("-1::int", "(- (:: 1 INT))"); /* PostgreSQL: the cast binds tighter */
    expect_expr("a::int::text", "(:: (:: a INT) STRING)");
    expect_expr("a OR b AND NOT c OR d", "(OR (OR a (AND b (NOT c))) d)");
    expect_expr("NOT a = b", "(NOT (= a b))");
    expect_expr("NOT a IS NULL", "(NOT (is-null a))");
    expect_expr("a = b IS NULL", "(is-null (= a b))");
    expect_expr("a = b || 'x'", "(= a (|| b 'x'))");
    expect_expr("a = b LIKE c", "(= a (like b c))");
    expect_expr("a || b + 1", "(+ (|| a b) 1)"); /* Flink: || binds as * does */
    expect_expr("a % 2 = 0", "(= (% a 2) 0)");
    expect_expr("a + 1 < b * 2", "(< (+ a 1) (* b 2))");
    expect_expr("a BETWEEN 1 AND 2 AND b", "(AND (between a 1 2) b)");
    expect_expr("NOT a BETWEEN SYMMETRIC 1 + 1 AND 2 OR b",
                "(OR (NOT (between-symmetric a (+ 1 1) 2)) b)");
    expect_expr("a NOT BETWEEN ASYMMETRIC 1 AND 2", "(not-between a 1 2)");
    expect_expr("a IN (1, 2) AND b NOT IN (3)", "(AND (in a 1 2) (not-in b 3))");
    expect_expr("a IN (SELECT 1)", "(in a (select 1))");
    expect_expr("a IN ((SELECT 1))", "(in a (select 1))");
    expect_expr("a IN ((SELECT 1), 2)", "(in a (subquery (select 1)) 2)");
    expect_expr("a LIKE 'x!%' ESCAPE '!' OR b NOT ILIKE 'y'",
                "(OR (like a 'x!%' '!') (not-ilike b 'y'))");
    expect_expr("a NOT SIMILAR TO 'x'", "(not-similar a 'x')");
    expect_expr("a IS DISTINCT FROM b AND c IS NOT DISTINCT FROM d",
                "(AND (IS DISTINCT FROM a b) (IS NOT DISTINCT FROM c d))");
    expect_expr("a IS NOT TRUE", "(not-is-true a)");
    expect_expr("a IS JSON ARRAY", "(is-json-array a)");
    expect_expr("x ~ 'a' AND y", "(AND (~ x 'a') y)");
    expect_expr("a AT TIME ZONE 'UTC' + b", "(+ (at-time-zone a 'UTC') b)");
    expect_expr("a = ANY (b) AND c > ALL (SELECT 1)",
                "(AND (= any a (of b)) (> all c (of (select 1))))");
    expect_expr("(a, b) OVERLAPS (c, d)", "(OVERLAPS (row a b) (row c d))");
    expect_expr("((a))", "a");
    expect_expr("(SELECT 1) + 1", "(+ (subquery (select 1)) 1)");
    expect_expr("((SELECT 1) UNION SELECT 2) = 3",
                "(= (subquery (union (select 1) (select 2))) 3)");
}

Test(parser, expressions)
{
    expect_expr("CASE a WHEN 1 THEN x ELSE y END", "(case a (when 1 x) (else y))");
    expect_expr("CASE WHEN a THEN end END", "(case (when a end))");
    expect_expr("CASE a WHEN 1, 2 THEN x END", "(case a (when 1 x) (when 2 x))");
    expect_expr("a[1].b[2]", "(element (field (element a 1) b) 2)");
    expect_expr("(r).x.y", "(field (field r x) y)");
    expect_expr("f(x).y", "(field (call f x) y)");
    expect_expr("ARRAY[1, 2][1]", "(element (array 1 2) 1)");
    expect_expr("MAP['a', 1]", "(map 'a' 1)");
    expect_expr("ROW()", "(row)");
    expect_expr("COUNT(DISTINCT a, b) FILTER (WHERE c > 1)",
                "(call COUNT :distinct a b (filter (> c 1)))");
    expect_expr("LISTAGG(a, ',') WITHIN GROUP (ORDER BY b DESC)",
                "(call LISTAGG a ',' (within-group (desc b)))");
    expect_expr("FIRST_VALUE(f(x) IGNORE NULLS)", "(call FIRST_VALUE (call f x) :ignore-nulls)");
    expect_expr("LAG(a, 1) RESPECT NULLS OVER (PARTITION BY b)",
                "(call LAG a 1 :respect-nulls (window (partition-by b)))");
    expect_expr("f(TABLE t PARTITION BY (a, b) ORDER BY c, x => DEFAULT)",
                "(call f (table t (partition-by a b) (order-by c)) (=> x default))");
    expect_expr("EXTRACT(day FROM a)", "(call EXTRACT DAY a)");
    expect_expr("FLOOR(a TO MONTH)", "(call FLOOR a MONTH)");
    expect_expr("CEILING(a)", "(call CEIL a)");
    expect_expr("TIMESTAMPDIFF(SQL_TSI_DAY, a, b)", "(call TIMESTAMPDIFF DAY a b)");
    expect_expr("TRIM(LEADING 'x' FROM a)", "(call LTRIM a 'x')");
    expect_expr("TRIM(a)", "(call BTRIM a)");
    expect_expr("SUBSTRING(a FOR 3)", "(call SUBSTRING a 1 3)");
    expect_expr("POSITION('x' IN a)", "(call POSITION 'x' a)");
    expect_expr("OVERLAY(a PLACING b FROM 1 FOR 2)", "(call OVERLAY a b 1 2)");
    expect_expr("CURRENT_TIMESTAMP(3)", "(call CURRENT_TIMESTAMP :bare 3)");
    expect_expr("LEFT(a, 1) || IF(b, c, d)", "(|| (call LEFT a 1) (call IF b c d))");
    expect_expr("JSON_VALUE(a, '$.b' RETURNING INT DEFAULT 0 ON EMPTY ERROR ON ERROR)",
                "(json_value a '$.b' (returning INT) (on-empty default 0) (on-error error))");
    expect_expr("JSON_QUERY(a, '$' WITHOUT ARRAY WRAPPER EMPTY OBJECT ON ERROR)",
                "(json_query a '$' :without-wrapper (on-error empty-object))");
    expect_expr("JSON_EXISTS(a, '$' UNKNOWN ON ERROR)", "(json_exists a '$' (on-error unknown))");
    expect_expr("JSON_OBJECT(KEY 'a' VALUE value, 'b' VALUE 2 NULL ON NULL)",
                "(json_object 'a' value 'b' 2 :null-on-null)");
    expect_expr("JSON_ARRAY(1, JSON_ARRAY() ABSENT ON NULL)",
                "(json_array 1 (json_array) :absent-on-null)");
    expect_expr("JSON_OBJECTAGG(k VALUE v) FILTER (WHERE a)", "(json_objectagg k v (filter a))");
}

Test(parser, literals)
{
    expect_expr("INTERVAL '10' MINUTES", "(interval '10' MINUTE)");
    expect_expr("INTERVAL -'1-2' YEAR TO MONTH", "(interval - '1-2' YEAR TO MONTH)");
    expect_expr("INTERVAL '1 2:3' DAY(3) TO SECOND(2)",
                "(interval '1 2:3' DAY TO SECOND :precision 3 :scale 2)");
    expect_expr("INTERVAL '1 day'", "(interval '1 day')");
    expect_expr("a - INTERVAL '5' SECOND * 2", "(- a (* (interval '5' SECOND) 2))");
    expect_expr("interval + 1", "(+ interval 1)"); /* a column */
    expect_expr("DATE '2020-01-01'", "(date '2020-01-01')");
    expect_expr("date + time", "(+ date time)"); /* columns */
    expect_expr("TIMESTAMP(3) '2020'", "(timestamp '2020' :precision 3)");
    expect_expr("TIMESTAMP WITH TIME ZONE '2020'", "(timestamp_ltz '2020')");
    expect_expr("TIMESTAMP_LTZ '2020'", "(timestamp_ltz '2020')");
    expect_expr("E'\\u00e9\\t\\101''\\\\'", "'\303\251\tA''\\'");
    expect_expr("U&'d\\0061t\\+000061'", "'data'");
    expect_expr("U&'\\D83D\\DE00'", "'\360\237\230\200'");
    expect_expr("'a\\n'", "'a\\n'"); /* a backslash is itself */
    expect_expr("$x$a'$$b$x$", "'a''$$b'");
    expect_expr("'a'\n'b'", "'ab'");
    expect_expr("X'00fF'", "(binary 00ff)");
    expect_expr("\"a\"\"b\" = `c``d`", "(= a\"b c`d)");
    expect_expr("$2 + $10", "(+ $2 $10)");
}

Test(parser, types)
{
    expect_type("DECIMAL(10, 2)", "(DECIMAL :precision 10 :scale 2)");
    expect_type("numeric", "DECIMAL");
    expect_type("int4[]", "(ARRAY INT)");
    expect_type("MAP<STRING, ARRAY<ROW<a INT NOT NULL 'c'>>>",
                "(MAP STRING (ARRAY (ROW (field a (INT :not-null) 'c'))))");
    expect_type("TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL",
                "(TIMESTAMP_LTZ :precision 3 :not-null)");
    expect_type("timestamptz", "TIMESTAMP_LTZ");
    expect_type("INTERVAL DAY(3) TO SECOND(6)", "(INTERVAL DAY TO SECOND :precision 3 :scale 6)");
    expect_type("INT MULTISET ARRAY", "(ARRAY (MULTISET INT))");
    expect_type("pg_catalog.int8", "BIGINT");
    expect_type("pg_catalog.regclass", "(type pg_catalog.regclass)");
    expect_type("\"char\"", "(type char)");
    expect_type("CHARACTER VARYING(5)", "(VARCHAR :precision 5)");
    expect_type("RAW('a', 'b')", "(RAW 'a' 'b')");
}

Test(parser, queries)
{
    expect_statement(
        "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4",
        "(except-all (union (select 1) (intersect (select 2) (select 3))) (select 4))");
    expect_statement("SELECT * FROM a, b JOIN c ON x LEFT JOIN d USING (y)",
                     "(select * (from (table a) (left-join (inner-join (table b) (table c) (on x)) "
                     "(table d) (using y))))");
    expect_statement(
        "SELECT * FROM a JOIN b JOIN c ON x ON y",
        "(select * (from (inner-join (table a) (inner-join (table b) (table c) (on x)) "
        "(on y))))");
    expect_statement("WITH a(x) AS (SELECT 1) SELECT x FROM a ORDER BY x DESC LIMIT 2 OFFSET 1",
                     "(query (with a (columns x) (select 1)) (select x (from (table a))) "
                     "(order-by (desc x)) (limit 2) (offset 1))");
    expect_statement("SELECT a FROM t FOR SYSTEM_TIME AS OF o.ts AS r",
                     "(select a (from (table t (as-of o.ts) (as r))))");
    expect_statement(
        "SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A (B C)+ | D*?) DEFINE A AS x) m",
        "(select * (from (match (table t) (pattern (or (concat A (repeat 1 -1 (concat B "
        "C))) (repeat 0 -1 :reluctant D))) (define A x) (as m))))");
    expect_statement(
        "SELECT SUM(a) OVER (w ORDER BY b ROWS 2 PRECEDING) FROM t",
        "(select (call SUM a (window w (order-by b) (rows (preceding 2) current-row))) "
        "(from (table t)))");
    expect_statement(
        "SELECT /*+ STATE_TTL('a' = '1d') X(t, 4) */ 1 FROM t /*+ OPTIONS(k = 'v') */ u",
        "(select (hint STATE_TTL (options 'a' = '1d')) (hint X t 4) 1 (from (table t "
        "(hint OPTIONS (options 'k' = 'v')) (as u))))");
    expect_statement(
        "SELECT a GROUPING FROM t GROUP BY GROUPING SETS ((a, b), ())",
        "(select (as a GROUPING) (from (table t)) (group-by (grouping-sets (row a b) ())))");
}

Test(parser, statements)
{
    expect_statement(
        "CREATE TABLE t (a INT NOT NULL METADATA FROM 'k' VIRTUAL, b AS a + 1, "
        "WATERMARK FOR b AS b - INTERVAL '1' SECOND, PRIMARY KEY (a) NOT ENFORCED)",
        "(create-table t (column a (INT :not-null) :metadata (from 'k') :virtual) (column "
        "b (computed (+ a 1))) (watermark b (- b (interval '1' SECOND))) (primary-key "
        "(columns a) :not-enforced))");
    expect_statement("SET x TO a-b.c, 'd', -1", "(set 'x' 'a-b.c' 'd' '-1')");
    expect_statement("COPY t FROM STDIN CSV DELIMITERS ';'",
                     "(copy t :from (options 'format' = 'csv' 'delimiter' = ';'))");
    expect_statement("FETCH FORWARD ALL FROM c", "(fetch c forward all)");
    expect_statement("FETCH LAST FROM c", "(fetch c absolute -1)");
    expect_statement("BEGIN READ ONLY, ISOLATION LEVEL SERIALIZABLE",
                     "(begin begin :serializable :read-only)");
    expect_statement("BEGIN STATEMENT SET; INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END;",
                     "(statement-set :complete (insert a (select 1)) (insert b (select 2)))");
    expect_statement(
        "ALTER TABLE t ADD (a INT FIRST, b INT AFTER a)",
        "(alter-table table t (add (column a INT :first)) (add (column b INT :after a)))");
}

Test(parser, scripts_are_cut_at_semicolons)
{
    struct sl_ast_script *script =
        must_parse(";; SELECT ';' ; /* ; */ BEGIN;\n INSERT INTO t VALUES ($3);");
    cr_assert_eq(script->count, 3);
    cr_expect(text_is(script->statements[0].text, "SELECT ';'"));
    cr_expect_eq(script->statements[0].offset, 3);
    cr_expect_eq(script->statements[0].end, 13);
    cr_expect(text_is(script->statements[1].text, "BEGIN"));
    cr_expect(text_is(script->statements[2].text, "INSERT INTO t VALUES ($3)"));
    cr_expect_eq(script->statements[2].parameter_count, 3);
    cr_expect_eq(script->statements[0].parameter_count, 0);
    cr_expect_eq(must_parse(" -- nothing\n;")->count, 0);
}

/* psql sends a statement set in pieces; the pieces are statements of their own. */
Test(parser, pieces_of_a_statement_set)
{
    struct sl_ast_script *script =
        must_parse("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;");
    const struct sl_ast_statement_set *set = (const void *)script->statements[0].ast;
    cr_expect(!set->complete);
    cr_expect_eq(set->statements.count, 1);
    const struct sl_ast_transaction *end = (const void *)must_parse("END;")->statements[0].ast;
    cr_expect_eq(end->action, SL_AST_TRANSACTION_END);
    script = must_parse("BEGIN STATEMENT SET; INSERT INTO a SELECT 1; INSERT INTO b SELECT 2");
    set = (const void *)script->statements[0].ast;
    cr_expect(!set->complete && set->statements.count == 2);
    cr_expect_eq(must_parse("BEGIN STATEMENT SET; END; SELECT 1")->count, 2);
}

Test(parser, slices)
{
    struct sl_ast_script *script =
        must_parse("CREATE VIEW v AS ( SELECT 1 FETCH FIRST ROW ONLY ) ;");
    const struct sl_ast_create_view *view = (const void *)script->statements[0].ast;
    cr_expect(text_is(view->query->text, "SELECT 1 FETCH FIRST ROW ONLY"));
    cr_expect_eq(view->query->ast.offset, 17); /* with its parentheses */
    cr_expect_eq(view->query->ast.end, 50);

    script =
        must_parse("CREATE TABLE t (a AS (b + 1) * c COMMENT 'x', WATERMARK FOR a AS (a) - b )");
    const struct sl_ast_create_table *table = (const void *)script->statements[0].ast;
    const struct sl_ast_column *column = table->schema.columns.items[0];
    const struct sl_ast_watermark *watermark = table->schema.watermarks.items[0];
    cr_expect(text_is(column->expr_text, "(b + 1) * c"));
    cr_expect(text_is(watermark->expr_text, "(a) - b"));

    script = must_parse("EXPLAIN CHANGELOG_MODE  INSERT INTO t SELECT 1 ;");
    const struct sl_ast_explain *explain = (const void *)script->statements[0].ast;
    cr_expect(text_is(explain->statement_text, "INSERT INTO t SELECT 1"));
    cr_expect(text_is(((const struct sl_ast_insert *)explain->statement)->text,
                      "INSERT INTO t SELECT 1"));

    script = must_parse("EXPLAIN STATEMENT SET BEGIN INSERT INTO t SELECT 1; END; SELECT 2");
    explain = (const void *)script->statements[0].ast;
    cr_expect(text_is(explain->statement_text, "STATEMENT SET BEGIN INSERT INTO t SELECT 1; END"));
    cr_expect(text_is(script->statements[0].text,
                      "EXPLAIN STATEMENT SET BEGIN INSERT INTO t SELECT 1; END"));

    script = must_parse("DECLARE c CURSOR FOR WITH a AS (SELECT 1) SELECT 2 ORDER BY (1);");
    const struct sl_ast_declare *declare = (const void *)script->statements[0].ast;
    cr_expect(text_is(declare->query->text, "WITH a AS (SELECT 1) SELECT 2 ORDER BY (1)"));

    script = must_parse("SELECT a + b, ( c ) FROM t");
    const struct sl_ast_query *query = (const void *)script->statements[0].ast;
    const struct sl_ast_select *select = (const void *)query->body;
    cr_expect(text_is(select->items[0].text, "a + b"));
    cr_expect(text_is(select->items[1].text, "( c )"));
    cr_expect_eq(select->items[0].expr->binary.op_offset, 9);
}

/* The texts and positions are those that PostgreSQL 15 gives. */
Test(parser, errors)
{
    expect_error("SELECT 1 +", SL_E_SYNTAX, 10, "syntax error at end of input");
    expect_error("SELECT 1 + ;", SL_E_SYNTAX, 11, "syntax error at or near \";\"");
    expect_error("SELEC 1", SL_E_SYNTAX, 0, "syntax error at or near \"SELEC\"");
    expect_error("SELECT FROM", SL_E_SYNTAX, 7, "syntax error at or near \"FROM\"");
    expect_error("SELECT * FROM t WHERE GROUP BY a", SL_E_SYNTAX, 22,
                 "syntax error at or near \"GROUP\"");
    expect_error("SELECT 1; SELECT )", SL_E_SYNTAX, 17, "syntax error at or near \")\"");
    expect_error("SELECT 'abc", SL_E_SYNTAX, 7, "unterminated quoted string at or near \"'abc\"");
    expect_error("SELECT E'a\\'", SL_E_SYNTAX, 7,
                 "unterminated quoted string at or near \"E'a\\'\"");
    expect_error("SELECT \"abc", SL_E_SYNTAX, 7,
                 "unterminated quoted identifier at or near \"\"abc\"");
    expect_error("SELECT \"\"", SL_E_SYNTAX, 7,
                 "zero-length delimited identifier at or near \"\"\"\"");
    expect_error("SELECT 1 /* /* */", SL_E_SYNTAX, 9,
                 "unterminated /* comment at or near \"/* /* */\"");
    expect_error("SELECT $a$ x", SL_E_SYNTAX, 7,
                 "unterminated dollar-quoted string at or near \"$a$ x\"");
    expect_error("SELECT 12ab", SL_E_SYNTAX, 7,
                 "trailing junk after numeric literal at or near \"12ab\"");
    /* The first error of a text counts, also when the lexer would fail further on. */
    expect_error("SELECT ) 'abc", SL_E_SYNTAX, 7, "syntax error at or near \")\"");
    expect_error("SELECT a = ?", SL_E_SYNTAX, 11, "syntax error at or near \"?\"");
    expect_error("SELECT $0", SL_E_UNDEFINED_PARAMETER, 7, "there is no parameter $0");
    expect_error("SELECT U&'\\00'", SL_E_SYNTAX, 10, "invalid Unicode escape");
    expect_error("SELECT U&'\\D83D'", SL_E_SYNTAX, 15, "invalid Unicode surrogate pair");
    expect_error("SELECT E'\\000'", SL_E_INVALID_ENCODING, 9,
                 "invalid byte sequence for encoding \"UTF8\": 0x00");
    expect_error("SELECT '\xff'", SL_E_INVALID_ENCODING, 8,
                 "invalid byte sequence for encoding \"UTF8\": 0xff");
    expect_error("SELECT EXTRACT('xyz' FROM a)", SL_E_INVALID_PARAMETER_VALUE, 15,
                 "unit \"xyz\" not recognized");
    expect_error("CREATE TABLE t (a INT(5))", SL_E_SYNTAX, 18,
                 "type \"INT\" takes at most 0 modifiers, not 1");
    expect_error("CREATE TEMPORARY CATALOG c", SL_E_SYNTAX, 0, "CREATE CATALOG takes no TEMPORARY");
    expect_error("EXPLAIN FOO SELECT 1", SL_E_SYNTAX, 8, "syntax error at or near \"FOO\"");
    expect_error("BEGIN STATEMENT SET; SELECT 1; END", SL_E_SYNTAX, 21,
                 "syntax error at or near \"SELECT\"");
    expect_error("COPY t FROM STDOUT", SL_E_SYNTAX, 12, "syntax error at or near \"STDOUT\"");
    expect_error("COPY t FROM STDIN CVS", SL_E_SYNTAX, 18, "syntax error at or near \"CVS\"");
}

/* `left` count times, then a middle, then `right` count times. */
static char *
nested(const char *left, const char *middle, const char *right, int count)
{
    struct sl_buffer buffer;
    sl_buffer_init(&buffer, 1 << 24);
    for (int i = 0; i < count; i++)
        sl_buffer_add_string(&buffer, left);
    sl_buffer_add_string(&buffer, middle);
    for (int i = 0; i < count; i++)
        sl_buffer_add_string(&buffer, right);
    char *copy = sl_arena_strdup(&arena, buffer.data);
    sl_buffer_done(&buffer);
    return copy;
}

Test(parser, limits)
{
    struct sl_parse_limits limits = SL_PARSE_LIMITS;
    struct sl_ast_expr *expr = NULL;
    struct sl_ast_query *query = NULL;
    struct sl_ast_type *type = NULL;
    int rc =
        sl_parse_expression(&arena, sl_text_of(nested("NOT ", "a", "", 999)), NULL, &expr, &err);
    cr_expect_eq(rc, SL_OK, "%s", err.text);
    rc = sl_parse_expression(&arena, sl_text_of(nested("NOT ", "a", "", 1001)), NULL, &expr, &err);
    cr_expect_eq(rc, SL_E_LIMIT_EXCEEDED);
    /* Parentheses alone are no depth. */
    rc = sl_parse_expression(&arena, sl_text_of(nested("(", "a", ")", 100000)), NULL, &expr, &err);
    cr_expect_eq(rc, SL_OK, "%s", err.text);
    rc = sl_parse_query(&arena, sl_text_of(nested("SELECT * FROM (", "SELECT 1", ") x", 2000)),
                        NULL, &query, &err);
    cr_expect_eq(rc, SL_E_LIMIT_EXCEEDED);
    rc = sl_parse_type(&arena, sl_text_of(nested("ARRAY<", "INT", ">", 2000)), NULL, &type, &err);
    cr_expect_eq(rc, SL_E_LIMIT_EXCEEDED);
    limits.script_bytes_max = 4;
    rc = sl_parse_expression(&arena, SL_TEXT("a + b"), &limits, &expr, &err);
    cr_expect_eq(rc, SL_E_LIMIT_EXCEEDED);
    limits = SL_PARSE_LIMITS;
    limits.token_max = 3;
    cr_expect_eq(sl_parse_expression(&arena, SL_TEXT("a + b"), &limits, &expr, &err), SL_OK);
    rc = sl_parse_expression(&arena, SL_TEXT("a + b + c"), &limits, &expr, &err);
    cr_expect_eq(rc, SL_E_LIMIT_EXCEEDED);
    limits = SL_PARSE_LIMITS;
    limits.parameter_max = 5;
    rc = sl_parse_expression(&arena, SL_TEXT("$5 + $6"), &limits, &expr, &err);
    cr_expect(rc == SL_E_LIMIT_EXCEEDED && err.offset == 5);
}

/* A fragment is one thing: nothing may follow it. */
Test(parser, fragments)
{
    struct sl_ast_expr *expr = NULL;
    struct sl_ast_query *query = NULL;
    cr_expect_eq(sl_parse_expression(&arena, SL_TEXT("a;"), NULL, &expr, &err), SL_E_SYNTAX);
    cr_expect_eq(err.offset, 1);
    cr_expect_eq(sl_parse_expression(&arena, SL_TEXT(""), NULL, &expr, &err), SL_E_SYNTAX);
    cr_expect_eq(sl_parse_query(&arena, SL_TEXT("INSERT INTO t SELECT 1"), NULL, &query, &err),
                 SL_E_SYNTAX);
    cr_expect_eq(sl_parse_query(&arena, SL_TEXT("(SELECT 1)"), NULL, &query, &err), SL_OK);
    cr_expect_eq(query->body->kind, SL_AST_SELECT);
}

Test(parser, names_that_need_quotes)
{
    cr_expect(!sl_parse_needs_quotes(SL_TEXT("my_table2")));
    cr_expect(!sl_parse_needs_quotes(SL_TEXT("gr\303\266\303\237e")));
    cr_expect(sl_parse_needs_quotes(SL_TEXT("select")));
    cr_expect(sl_parse_needs_quotes(SL_TEXT("2x")));
    cr_expect(sl_parse_needs_quotes(SL_TEXT("a b")));
    cr_expect(sl_parse_needs_quotes(SL_TEXT("")));
}

/* The table of keywords is searched by bisection: a line out of order would not be found. */
Test(parser, keywords_are_in_order)
{
    static const char *const words[] = {
#define KEYWORD(spelling, token, when) #spelling,
#include "keywords.def"
#undef KEYWORD
    };
    for (size_t i = 0; i < SL_COUNT_OF(words); i++)
        cr_expect(sl_parse_needs_quotes(sl_text_of(words[i])), "%s is out of order", words[i]);
}

/* Whatever is cut off or overwritten, the outcome is a tree or an error with a position in the
 * text. */
static void
try_text(struct sl_arena *scratch, const char *text, size_t length)
{
    struct sl_ast_script *script = NULL;
    sl_error_reset(&err);
    int rc = sl_parse_script(scratch, (struct sl_text){text, length}, NULL, &script, &err);
    if (rc >= 0)
        cr_assert_not_null(script);
    else
        cr_assert(rc == err.code && err.offset >= 0 && (size_t)err.offset <= length, "%.*s: %s",
                  (int)length, text, err.text);
    sl_arena_reset(scratch);
}

Test(parser, truncated_texts)
{
    struct sl_arena scratch;
    sl_arena_init(&scratch);
    for (size_t i = 0; i < parser_form_count; i++) {
        size_t length = strlen(parser_forms[i].text);
        for (size_t cut = 0; cut <= length; cut++) {
            /* An own block of that size, so that the address sanitizer sees a read past the end. */
            char *text = sl_alloc(cut + 1);
            memcpy(text, parser_forms[i].text, cut);
            text = sl_realloc(text, SL_MAX(cut, 1u));
            try_text(&scratch, text, cut);
            free(text);
        }
    }
    sl_arena_done(&scratch);
}

Test(parser, mutated_texts)
{
    static const char bytes[] = "'\"`$(),;.\\/*-{? \n\x80\xc3"
                                "E0a";
    struct sl_arena scratch;
    sl_arena_init(&scratch);
    for (size_t i = 0; i < parser_form_count; i++) {
        size_t length = strlen(parser_forms[i].text);
        char *text = sl_strdup(parser_forms[i].text);
        for (size_t at = 0; at < length; at++) {
            /* One byte of the set at each place, another one at each place of the next text. */
            text[at] = bytes[(at * 7 + i) % sizeof bytes];
            try_text(&scratch, text, length);
            text[at] = parser_forms[i].text[at];
        }
        free(text);
    }
    sl_arena_done(&scratch);
}
