SET 'execution.checkpointing.interval' = '300 ms';
SET 'restart-strategy.fixed-delay.delay' = '500 ms';
SET 'parallelism.default' = '2';

CREATE TABLE src (k STRING, s BIGINT, v INT, t BIGINT, ts AS TO_TIMESTAMP_LTZ(t, 3), WATERMARK FOR ts AS ts)
  WITH ('connector'='kafka', 'topic'='in', 'properties.bootstrap.servers'=:'kafka', 'format'='csv',
        'scan.startup.mode'='earliest-offset');

CREATE TABLE rows_memory (k STRING, s BIGINT, v INT) WITH ('connector'='memory');
CREATE TABLE rows_kafka (k STRING, s BIGINT, v INT)
  WITH ('connector'='kafka', 'topic'='rows', 'properties.bootstrap.servers'=:'kafka', 'format'='csv',
        'properties.transaction.timeout.ms'='4000', 'sink.partitioner'='fixed',
        'sink.delivery-guarantee'='exactly-once');
CREATE TABLE rows_postgres (k STRING, s BIGINT, v INT)
  WITH ('connector'='jdbc', 'url'=:'postgres', 'username'='sluice', 'table-name'='rows',
        'sink.delivery-guarantee'='exactly-once');

CREATE TABLE latest_postgres (k STRING NOT NULL, s BIGINT, v INT, PRIMARY KEY (k) NOT ENFORCED)
  WITH ('connector'='postgres', 'url'=:'postgres', 'username'='sluice', 'table-name'='latest',
        'sink.delivery-guarantee'='exactly-once');

CREATE TABLE again_postgres (k STRING NOT NULL, s BIGINT, v INT, PRIMARY KEY (k) NOT ENFORCED)
  WITH ('connector'='postgres', 'url'=:'postgres', 'username'='sluice', 'table-name'='again');

CREATE TABLE sums_memory (k STRING, t BIGINT, n BIGINT, total INT) WITH ('connector'='memory');
CREATE TABLE sums_kafka (k STRING, t BIGINT, n BIGINT, total INT)
  WITH ('connector'='kafka', 'topic'='sums', 'properties.bootstrap.servers'=:'kafka', 'format'='csv',
        'properties.transaction.timeout.ms'='4000', 'sink.partitioner'='fixed', 'sink.delivery-guarantee'='exactly-once');
CREATE TABLE sums_postgres (k STRING, t BIGINT, n BIGINT, total INT)
  WITH ('connector'='jdbc', 'url'=:'postgres', 'username'='sluice', 'table-name'='sums',
        'sink.delivery-guarantee'='exactly-once');

CREATE VIEW sums AS SELECT k, MIN(t), COUNT(*), SUM(v)
  FROM TABLE(TUMBLE(TABLE src, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY k, window_start, window_end;

SET 'pipeline.name' = 'rows_memory';
INSERT INTO rows_memory SELECT k, s, v FROM src WHERE k <> 'end';
SET 'pipeline.name' = 'rows_kafka';
INSERT INTO rows_kafka SELECT k, s, v FROM src WHERE k <> 'end';
SET 'pipeline.name' = 'rows_postgres';
INSERT INTO rows_postgres SELECT k, s, v FROM src WHERE k <> 'end';
SET 'pipeline.name' = 'sums_memory';
INSERT INTO sums_memory SELECT * FROM sums;
SET 'pipeline.name' = 'sums_kafka';
INSERT INTO sums_kafka SELECT * FROM sums;
SET 'pipeline.name' = 'sums_postgres';
INSERT INTO sums_postgres SELECT * FROM sums;
SET 'pipeline.name' = 'latest_postgres';
INSERT INTO latest_postgres SELECT k, s, v FROM src WHERE k <> 'end';
SET 'pipeline.name' = 'again_postgres';
INSERT INTO again_postgres SELECT k, s, v FROM src WHERE k <> 'end';
