SET 'execution.checkpointing.interval' = '100 ms';
CREATE TABLE src (k STRING, s BIGINT, v INT, t BIGINT, ts AS TO_TIMESTAMP_LTZ(t, 3), WATERMARK FOR ts AS ts)
  WITH ('connector'='kafka', 'topic'='in', 'properties.bootstrap.servers'=:'kafka', 'format'='csv',
        'scan.startup.mode'='earliest-offset');
CREATE TABLE sums_memory (k STRING, t BIGINT, n BIGINT, total INT) WITH ('connector'='memory');
SET 'pipeline.name' = 'sums_memory';
INSERT INTO sums_memory SELECT k, MIN(t), COUNT(*), SUM(v)
  FROM TABLE(TUMBLE(TABLE src, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY k, window_start, window_end;
