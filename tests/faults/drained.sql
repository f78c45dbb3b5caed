CREATE TABLE drained (k STRING) WITH ('connector'='memory');
SET 'pipeline.name' = 'drained';
INSERT INTO drained SELECT k FROM src;
