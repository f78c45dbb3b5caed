// pgx against a running server: go run . PORT
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

var ctx = context.Background()

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func check(what string, got, expected any) {
	if fmt.Sprint(got) != fmt.Sprint(expected) {
		panic(fmt.Sprintf("%s: %v, expected %v", what, got, expected))
	}
}

func exec(c *pgx.Conn, sql string, args ...any) {
	_, err := c.Exec(ctx, sql, args...)
	must(err)
}

func expectState(err error, state string) {
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != state {
		panic(fmt.Sprintf("%v, expected SQLSTATE %s", err, state))
	}
}

func rows(c *pgx.Conn, mode pgx.QueryExecMode) {
	at := time.Date(2024, 5, 6, 12, 0, 0, 250000000, time.UTC)
	for run := 0; run < 3; run++ {
		r, err := c.Query(ctx, "SELECT * FROM go_items WHERE id <= $1 ORDER BY id", mode, 3)
		must(err)
		count := 0
		for r.Next() {
			var id int32
			var name *string
			var ratio float64
			var flag bool
			var price pgtype.Numeric
			var raw []byte
			var got time.Time
			must(r.Scan(&id, &name, &ratio, &flag, &price, &raw, &got))
			count++
			text, _ := price.Value()
			check("row", fmt.Sprint(id, ratio, flag, text, raw, got.UTC()),
				fmt.Sprint(count, float64(count)/4, count%2 == 0, "12.34", []byte{0, 255}, at))
		}
		must(r.Err())
		check("rows", count, 3)
	}
}

func use(port string, mode pgx.QueryExecMode) {
	c, err := pgx.Connect(ctx, "postgres://test@127.0.0.1:"+port+"/test?sslmode=prefer")
	must(err)
	defer c.Close(ctx)
	must(c.Ping(ctx))
	exec(c, "SET execution.runtime-mode = batch")
	exec(c, "DROP TABLE IF EXISTS go_items")
	exec(c, "CREATE TABLE go_items (id INT, name STRING, ratio DOUBLE, flag BOOLEAN, "+
		"price DECIMAL(10, 2), raw BYTES, at TIMESTAMP(6)) WITH ('connector' = 'memory')")
	var price pgtype.Numeric
	must(price.Scan("12.34"))
	for i := 1; i <= 4; i++ {
		exec(c, "INSERT INTO go_items VALUES ($1, $2, $3, $4, $5, $6, $7)", mode, i, fmt.Sprint("name ", i),
			float64(i)/4, i%2 == 0, price, []byte{0, 255}, time.Date(2024, 5, 6, 12, 0, 0, 250000000, time.UTC))
	}
	rows(c, mode)

	batch := &pgx.Batch{}
	for i := 0; i < 10; i++ {
		batch.Queue("SELECT $1 + 1", i)
	}
	results := c.SendBatch(ctx, batch)
	for i := 0; i < 10; i++ {
		var n int
		must(results.QueryRow().Scan(&n))
		check("batch", n, i+1)
	}
	must(results.Close())

	tx, err := c.Begin(ctx)
	must(err)
	_, err = tx.Exec(ctx, "SELECT nothing FROM go_items")
	expectState(err, "42703")
	_, err = tx.Exec(ctx, "SELECT 1")
	expectState(err, "25P02")
	must(tx.Rollback(ctx))

	tx, err = c.Begin(ctx)
	must(err)
	_, err = tx.Exec(ctx, "DECLARE big CURSOR FOR SELECT id FROM go_items WHERE id > $1 ORDER BY id", 1)
	must(err)
	r, err := tx.Query(ctx, "FETCH 2 FROM big")
	must(err)
	ids, err := pgx.CollectRows(r, pgx.RowTo[int32])
	must(err)
	check("cursor", ids, []int32{2, 3})
	must(tx.Commit(ctx))

	exec(c, "SET execution.runtime-mode = streaming")
	exec(c, "CREATE TABLE IF NOT EXISTS go_endless (n BIGINT) WITH "+
		"('connector' = 'datagen', 'rows-per-second' = '1000')")
	r, err = c.Query(ctx, "SELECT n FROM go_endless", mode)
	must(err)
	for i := 0; i < 10; i++ {
		check("a row of the stream", r.Next(), true)
	}
	must(c.PgConn().CancelRequest(ctx))
	for r.Next() {
	}
	expectState(r.Err(), "57014")
	var seven int
	must(c.QueryRow(ctx, "SELECT 7").Scan(&seven))
	check("after the cancel", seven, 7)
}

func main() {
	modes := []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe,
		pgx.QueryExecModeDescribeExec}
	for _, mode := range modes {
		use(os.Args[1], mode)
		fmt.Println("pgx", mode, "passed")
	}
}
