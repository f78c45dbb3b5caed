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

-- Small parts, which appear by size and by silence; a new directory for every 2000 rows.
CREATE TABLE rows_files (k STRING, s BIGINT, v INT, span BIGINT, part STRING) PARTITIONED BY (span, part)
  WITH ('connector'='filesystem', 'path'=:'rows_files', 'format'='csv', 'sink.delivery-guarantee'='exactly-once',
        'sink.rolling-policy.file-size'='2 kb', 'sink.rolling-policy.inactivity-interval'='700 ms',
        'sink.rolling-policy.check-interval'='300 ms');
CREATE TABLE sums_files (k STRING, t BIGINT, n BIGINT, total INT)
  WITH ('connector'='filesystem', 'path'=:'sums_files', 'format'='csv', 'sink.delivery-guarantee'='exactly-once',
        'sink.rolling-policy.file-size'='4 kb', 'sink.rolling-policy.inactivity-interval'='700 ms',
        'sink.rolling-policy.check-interval'='300 ms');
CREATE TABLE again_files (k STRING, s BIGINT, v INT)
  WITH ('connector'='filesystem', 'path'=:'again_files', 'format'='csv', 'sink.rolling-policy.file-size'='20 kb',
        'sink.rolling-policy.inactivity-interval'='700 ms', 'sink.rolling-policy.check-interval'='300 ms');

CREATE VIEW sums AS SELECT k, MIN(t), COUNT(*), SUM(v)
  FROM TABLE(TUMBLE(TABLE src, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY k, window_start, window_end;

SET 'pipeline.name' = 'rows_memory';
INSERT INTO rows_memory SELECT k, s, v FROM src WHERE k <> 'end';
SET 'pipeline.name' = 'rows_kafka';
INSERT INTO rows_kafka SELECT k, s, v FROM src WHERE k <> 'end';
SET 'pipeline.name' = 'rows_postgres';
INSERT INTO rows_postgres SELECT k, s, v FROM src WHERE k <> 'end';
-- Their barriers overtake what is on its way between sources and windows.
SET 'execution.checkpointing.unaligned.enabled' = 'true';
SET 'pipeline.name' = 'sums_memory';
INSERT INTO sums_memory SELECT * FROM sums;
SET 'pipeline.name' = 'sums_kafka';
INSERT INTO sums_kafka SELECT * FROM sums;
SET 'pipeline.name' = 'sums_postgres';
INSERT INTO sums_postgres SELECT * FROM sums;
SET 'execution.checkpointing.unaligned.enabled' = 'false';
SET 'pipeline.name' = 'latest_postgres';
INSERT INTO latest_postgres SELECT k, s, v FROM src WHERE k <> 'end';
SET 'pipeline.name' = 'again_postgres';
INSERT INTO again_postgres SELECT k, s, v FROM src WHERE k <> 'end';
SET 'pipeline.name' = 'rows_files';
INSERT INTO rows_files SELECT k, s, v, s / 2000, CASE WHEN k < 'k2' THEN 'a' WHEN k < 'k4' THEN 'b' ELSE 'c' END
  FROM src WHERE k <> 'end';
SET 'pipeline.name' = 'sums_files';
SET 'execution.checkpointing.unaligned.enabled' = 'true';
INSERT INTO sums_files SELECT * FROM sums;
SET 'execution.checkpointing.unaligned.enabled' = 'false';
SET 'pipeline.name' = 'again_files';
INSERT INTO again_files SELECT k, s, v FROM src WHERE k <> 'end';
