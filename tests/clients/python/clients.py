"""psycopg2, psycopg 3 and asyncpg against a running server: python clients.py PORT."""
import asyncio
import datetime
import decimal
import sys
import threading
import time

import asyncpg
import psycopg
import psycopg2
import psycopg2.extensions

DSN = "host=127.0.0.1 port=%s user=test dbname=test" % sys.argv[1]
NOON = datetime.datetime(2024, 5, 6, 12, 0, 0, 250000)
ROWS = [(1, "one", 1.5, True, decimal.Decimal("12.34"), b"\x00\xff", datetime.date(2024, 2, 29), NOON),
        (2, "zwölf", -0.25, False, decimal.Decimal("-0.01"), b"", datetime.date(1969, 12, 31), NOON),
        (3, None, None, None, None, None, None, None)]
CREATE = ("CREATE TABLE %s (id INT, name STRING, ratio DOUBLE, flag BOOLEAN, price DECIMAL(10, 2), "
          "raw BYTES, day DATE, at TIMESTAMP(6)) WITH ('connector' = 'memory')")
ENDLESS = ("CREATE TABLE IF NOT EXISTS py_endless (n BIGINT) "
           "WITH ('connector' = 'datagen', 'rows-per-second' = '1000')")


def check(what, got, expected):
    if got != expected:
        raise AssertionError("%s: %r, expected %r" % (what, got, expected))


def use_psycopg2():
    connection = psycopg2.connect(DSN)
    cursor = connection.cursor()
    cursor.execute("SET execution.runtime-mode = batch")
    cursor.execute("DROP TABLE IF EXISTS py2")
    cursor.execute(CREATE % "py2")
    for row in ROWS:
        cursor.execute("INSERT INTO py2 VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                       row[:5] + (None,) + row[6:])  # it writes bytes as a literal of PostgreSQL's
    connection.commit()
    cursor.execute("SELECT * FROM py2 WHERE id <= %s ORDER BY id", (3,))
    check("psycopg2 rows", list(cursor), [row[:5] + (None,) + row[6:] for row in ROWS])
    try:
        cursor.execute("SELECT nothing FROM py2")
        raise AssertionError("an unknown column was found")
    except psycopg2.errors.UndefinedColumn as error:
        check("position", error.diag.statement_position, "8")
    connection.rollback()
    with connection.cursor(name="big") as named:
        named.itersize = 2
        named.execute("SELECT id FROM py2 ORDER BY id")
        check("named cursor", [row[0] for row in named], [1, 2, 3])
    connection.commit()
    cursor.execute("SET execution.runtime-mode = streaming")
    cursor.execute(ENDLESS)
    threading.Timer(0.5, connection.cancel).start()
    start = time.monotonic()
    try:
        cursor.execute("SELECT * FROM py_endless")
        raise AssertionError("an endless SELECT ended")
    except psycopg2.extensions.QueryCanceledError:
        check("cancelled within a second", time.monotonic() - start < 1.5, True)
    connection.rollback()
    connection.reset()
    with connection.cursor() as other:
        with open("/dev/null", "w", encoding="utf-8") as sink:
            other.execute("SET execution.runtime-mode = batch")
            other.copy_expert("COPY py2 TO STDOUT", sink)
    connection.close()


def use_psycopg3():
    with psycopg.connect(DSN, autocommit=True) as connection:
        connection.execute("SET execution.runtime-mode = batch")
        connection.execute("DROP TABLE IF EXISTS py3")
        connection.execute(CREATE % "py3")
        for row in ROWS:
            connection.execute("INSERT INTO py3 VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", row)
        for binary in (False, True):
            for _ in range(7):  # prepared on the server after five
                rows = connection.execute("SELECT * FROM py3 WHERE id <= %s ORDER BY id", (3,),
                                          binary=binary).fetchall()
                check("psycopg rows, binary=%s" % binary, rows, ROWS)
        with connection.transaction():
            with connection.transaction():
                check("savepoint", connection.execute("SELECT 1 + %s", (41,)).fetchone(), (42,))
            with connection.cursor(name="big") as named:
                named.itersize = 2
                named.execute("SELECT id FROM py3 WHERE id > %s ORDER BY id", (1,))
                check("server cursor", [row[0] for row in named], [2, 3])
        try:
            with connection.transaction():
                connection.execute("SELECT 1 / 0")
        except psycopg.errors.DivisionByZero:
            pass
        check("usable", connection.execute("SELECT 'still ' || %s", ("here",)).fetchone(),
              ("still here",))
        with connection.pipeline():
            results = [connection.execute("SELECT %s + 0", (i,)) for i in range(20)]
            check("pipeline", [r.fetchone()[0] for r in results], list(range(20)))
        cursor = connection.cursor()
        with cursor.copy("COPY py3 (id, name) FROM STDIN") as copy:
            copy.write_row((4, "tab\there"))
            copy.write_row((5, None))
        check("copied", cursor.execute("SELECT id, name FROM py3 WHERE id > 3 ORDER BY id")
              .fetchall(), [(4, "tab\there"), (5, None)])
        connection.execute("SET execution.runtime-mode = streaming")
        connection.execute(ENDLESS)
        seen = 0
        for _ in connection.cursor().stream("SELECT n FROM py_endless"):
            seen += 1
            if seen == 100:
                break
        check("streamed", seen, 100)
        check("after the stream", connection.execute("SELECT 7").fetchone(), (7,))


async def use_asyncpg():
    host, port = DSN.split()[0].split("=")[1], int(sys.argv[1])
    connection = await asyncpg.connect(host=host, port=port, user="test", database="test")
    await connection.execute("SET execution.runtime-mode = batch")
    await connection.execute("DROP TABLE IF EXISTS pya")
    await connection.execute(CREATE % "pya")
    await connection.executemany("INSERT INTO pya VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", ROWS)
    rows = await connection.fetch("SELECT * FROM pya WHERE id <= $1 ORDER BY id", 3)
    check("asyncpg rows", [tuple(row) for row in rows], ROWS)
    async with connection.transaction():
        got = [row["id"] async for row in
               connection.cursor("SELECT id FROM pya ORDER BY id", prefetch=2)]
        check("asyncpg cursor", got, [1, 2, 3])
    try:
        await connection.fetch("SELECT * FROM no_such_table")
        raise AssertionError("an unknown table was found")
    except asyncpg.UndefinedTableError:
        pass
    await connection.execute("SET execution.runtime-mode = streaming")
    await connection.execute(ENDLESS)
    try:
        await connection.fetch("SELECT * FROM py_endless", timeout=0.5)
        raise AssertionError("an endless SELECT ended")
    except asyncio.TimeoutError:
        pass
    check("after the timeout", await connection.fetchval("SELECT 8"), 8)
    await connection.close()


if __name__ == "__main__":
    failed = 0
    for name, run in (("psycopg2", use_psycopg2), ("psycopg", use_psycopg3),
                      ("asyncpg", lambda: asyncio.run(use_asyncpg()))):
        try:
            run()
            print(name, "passed")
        except Exception as error:  # every driver gets its turn
            failed += 1
            print(name, "failed:", type(error).__name__, error)
    sys.exit(failed > 0)
