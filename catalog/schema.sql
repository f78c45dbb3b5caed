-- The catalog, format 3.  Every table and view keeps the versions that something still uses.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('format', '3'), ('next_id', '16384');

CREATE TABLE schemas (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    comment TEXT
) WITHOUT ROWID;
INSERT INTO schemas VALUES ('public', 'standard schema');

CREATE TABLE relations (
    id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    is_current INTEGER NOT NULL,
    kind INTEGER NOT NULL,              -- enum sl_relation_kind
    session INTEGER NOT NULL,           -- whose temporary one it is; 0: permanent
    schema_name TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL COLLATE NOCASE,
    watermark_column INTEGER NOT NULL,  -- -1: none
    watermark TEXT,
    primary_key_name TEXT,
    comment TEXT,
    query TEXT,
    query_schema TEXT,
    PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX relation_names ON relations (schema_name, name, session) WHERE is_current;

CREATE TABLE relation_columns (
    relation_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    kind INTEGER NOT NULL,              -- enum sl_column_kind
    metadata_key TEXT,
    is_virtual INTEGER NOT NULL,
    expression TEXT,
    time INTEGER NOT NULL,              -- enum sl_time_kind
    comment TEXT,
    key_ordinal INTEGER,                -- place in the primary key, from 0
    partition_ordinal INTEGER,          -- place in PARTITIONED BY, from 0
    PRIMARY KEY (relation_id, version, ordinal)
) WITHOUT ROWID;

CREATE TABLE relation_options (
    relation_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (relation_id, version, ordinal)
) WITHOUT ROWID;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    sql TEXT NOT NULL,
    plan TEXT NOT NULL,                 -- JSON, as EXPLAIN (FORMAT JSON) prints it
    state INTEGER NOT NULL,             -- enum sl_job_state
    reason TEXT NOT NULL,
    start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL,
    restarts INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,       -- under which its exactly-once sinks publish, from 1
    schema_name TEXT NOT NULL,          -- the current one when it was made, and
    settings TEXT NOT NULL              -- what was not as by default, as key = value lines
) WITHOUT ROWID;

CREATE TABLE job_relations (
    job_id TEXT NOT NULL,
    relation_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (job_id, relation_id)
) WITHOUT ROWID;
-- When the server died by a fault of its own while the job ran.
CREATE TABLE job_deaths (
    job_id TEXT NOT NULL,
    time_us INTEGER NOT NULL
);

CREATE INDEX job_relations_by_relation ON job_relations (relation_id);

-- Functions in SQL.  Catalogs of before have no such table: it is added when they are opened.
CREATE TABLE IF NOT EXISTS functions (
    session INTEGER NOT NULL,           -- whose temporary one it is; 0: permanent
    schema_name TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL COLLATE NOCASE,
    parameters TEXT,                    -- a ROW type; NULL: none
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    body_schema TEXT NOT NULL,          -- the current one when it was made
    PRIMARY KEY (schema_name, name, session)
) WITHOUT ROWID;
