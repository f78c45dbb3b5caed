SET 'execution.checkpointing.interval' = '100 ms';
SET 'execution.checkpointing.unaligned.enabled' = 'true';
SET 'parallelism.default' = '2';
CREATE TABLE IF NOT EXISTS flood (k INT, v BIGINT) WITH ('connector'='datagen', 'fields.k.min'='0', 'fields.k.max'='9999');
CREATE TABLE IF NOT EXISTS flooded (k INT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector'='blackhole');
SET 'pipeline.name' = 'flood';
INSERT INTO flooded SELECT k, COUNT(*) FROM flood GROUP BY k;
