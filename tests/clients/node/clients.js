// node-postgres against a running server: node clients.js PORT
const assert = require("assert");
const { Client } = require("pg");
const Cursor = require("pg-cursor");

const options = { host: "127.0.0.1", port: +process.argv[2], user: "test", database: "test" };

async function main() {
  const client = new Client(options);
  await client.connect();
  await client.query("SET execution.runtime-mode = batch");
  await client.query("DROP TABLE IF EXISTS node_items");
  await client.query("CREATE TABLE node_items (id INT, name STRING, ratio DOUBLE, flag BOOLEAN, " +
    "price DECIMAL(10, 2), raw BYTES, at TIMESTAMP_LTZ(3)) WITH ('connector' = 'memory')");
  const at = new Date("2024-05-06T12:00:00.250Z");
  for (let i = 1; i <= 4; i++) {
    const inserted = await client.query("INSERT INTO node_items VALUES ($1, $2, $3, $4, $5, $6, $7)",
      [i, i === 4 ? null : "name " + i, i / 4, i % 2 === 0, "12.34", Buffer.from([0, 255]), at]);
    assert.strictEqual(inserted.rowCount, 1);
  }
  for (let run = 0; run < 3; run++) {
    const { rows } = await client.query(
      { name: "items", text: "SELECT * FROM node_items WHERE id <= $1 ORDER BY id", values: [2] });
    assert.deepStrictEqual(rows, [1, 2].map((i) => ({ id: i, name: "name " + i, ratio: i / 4,
      flag: i % 2 === 0, price: "12.34", raw: Buffer.from([0, 255]), at })));
  }
  // The cursor suspends its portal with Flush, outside a transaction.
  const cursor = client.query(new Cursor("SELECT id FROM node_items WHERE id > $1 ORDER BY id", [1]));
  assert.deepStrictEqual((await cursor.read(2)).map((row) => row.id), [2, 3]);
  assert.deepStrictEqual((await cursor.read(2)).map((row) => row.id), [4]);
  await cursor.close();

  await client.query("BEGIN");
  await assert.rejects(client.query("SELECT nothing FROM node_items"), { code: "42703", position: "8" });
  await assert.rejects(client.query("SELECT $1 + 1", [1]), { code: "25P02" });
  await client.query("ROLLBACK");

  await client.query("SET execution.runtime-mode = streaming");
  await client.query("CREATE TABLE IF NOT EXISTS node_endless (n BIGINT) WITH " +
    "('connector' = 'datagen', 'rows-per-second' = '1000')");
  const stream = client.query(new Cursor("SELECT n FROM node_endless"));
  assert.strictEqual((await stream.read(50)).length, 50);
  await stream.close();
  const { rows: [{ pid }] } = await client.query("SELECT pg_backend_pid() AS pid");
  assert.strictEqual(pid, client.processID);
  const endless = client.query("SELECT n FROM node_endless WHERE n = -1");
  const other = new Client(options);
  setTimeout(() => other.cancel(client, client.activeQuery || client._getActiveQuery()), 300);
  await assert.rejects(endless, { code: "57014" });
  assert.strictEqual((await client.query("SELECT 7 AS a")).rows[0].a, 7);
  await client.end();
  console.log("node-postgres passed");
}

main().catch((error) => { console.error("node-postgres failed:", error); process.exit(1); });
