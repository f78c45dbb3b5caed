SET 'restart-strategy.type' = 'fixed-delay';
SET 'restart-strategy.fixed-delay.attempts' = '2147483647';
SET 'restart-strategy.fixed-delay.delay' = '50 ms';
CREATE TABLE failing (k STRING, s BIGINT, v INT)
  WITH ('connector'='filesystem', 'path'=:'path', 'format'='csv');
SET 'pipeline.name' = 'failing';
INSERT INTO failing SELECT k, s, v FROM src;
