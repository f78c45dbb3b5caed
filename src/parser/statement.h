/* The AST of the statements; ast.h says what holds for every node and has the queries. */
#ifndef SL_PARSER_STATEMENT_H
#define SL_PARSER_STATEMENT_H

#include "parser/ast.h"

/* What CREATE, ALTER, DROP, SHOW CREATE and DESCRIBE are about. */
enum sl_ast_object {
    SL_AST_OBJECT_TABLE,
    SL_AST_OBJECT_VIEW,
    SL_AST_OBJECT_MATERIALIZED_VIEW,
    SL_AST_OBJECT_MATERIALIZED_TABLE,
    SL_AST_OBJECT_CATALOG,
    SL_AST_OBJECT_DATABASE, /* also SCHEMA */
    SL_AST_OBJECT_FUNCTION,
    SL_AST_OBJECT_MODEL,
    SL_AST_OBJECT_CONNECTION,
    SL_AST_OBJECT_SECRET,
    SL_AST_OBJECT_ROLE, /* also USER */
    SL_AST_OBJECT_JOB,
};

/* ---- tables ---- */

enum sl_ast_column_kind { SL_AST_COLUMN_PHYSICAL, SL_AST_COLUMN_METADATA, SL_AST_COLUMN_COMPUTED };
enum sl_ast_column_place { SL_AST_PLACE_UNSAID, SL_AST_PLACE_FIRST, SL_AST_PLACE_AFTER };

/* A column of CREATE TABLE and ALTER TABLE ... ADD/MODIFY. */
struct sl_ast_column {
    int offset, end;
    struct sl_ast_identifier name;
    enum sl_ast_column_kind kind;
    struct sl_ast_type *type;    /* NULL for COMPUTED, and in a CTAS list of bare names */
    struct sl_text metadata_key; /* METADATA FROM 'key'; start NULL: the column's name */
    bool is_virtual;
    struct sl_ast_expr *expr; /* COMPUTED */
    struct sl_text expr_text;
    struct sl_ast_expr *default_expr; /* DEFAULT expr: PostgreSQL's habit */
    bool primary_key, unique, not_enforced;
    struct sl_ast_identifier constraint_name; /* text.start NULL: none */
    struct sl_text comment;                   /* start NULL: none */
    enum sl_ast_column_place place;           /* ALTER TABLE: FIRST, AFTER after_column */
    struct sl_ast_name after_column;
};

struct sl_ast_watermark {
    int offset, end;
    struct sl_ast_name column; /* may be a nested field: a.b */
    struct sl_ast_expr *expr;
    struct sl_text expr_text;
};

/* Table-level PRIMARY KEY or UNIQUE. */
struct sl_ast_constraint {
    int offset, end;
    struct sl_ast_identifier name; /* text.start NULL: none */
    bool unique;                   /* UNIQUE, else PRIMARY KEY */
    bool not_enforced;
    struct sl_ast_identifier *columns;
    size_t column_count;
};

enum sl_ast_distribution_kind {
    SL_AST_DISTRIBUTION_NONE,
    SL_AST_DISTRIBUTION_UNKNOWN, /* DISTRIBUTED BY (c), DISTRIBUTED INTO n BUCKETS */
    SL_AST_DISTRIBUTION_HASH,
    SL_AST_DISTRIBUTION_RANGE,
};

struct sl_ast_distribution {
    enum sl_ast_distribution_kind kind;
    struct sl_ast_identifier *columns;
    size_t column_count;
    int bucket_count; /* 0: not given */
    int offset, end;
};

enum sl_ast_like_merge { SL_AST_INCLUDING, SL_AST_EXCLUDING, SL_AST_OVERWRITING };
enum sl_ast_like_feature {
    SL_AST_LIKE_ALL,
    SL_AST_LIKE_CONSTRAINTS,
    SL_AST_LIKE_DISTRIBUTION,
    SL_AST_LIKE_GENERATED,
    SL_AST_LIKE_METADATA,
    SL_AST_LIKE_OPTIONS,
    SL_AST_LIKE_PARTITIONS,
    SL_AST_LIKE_WATERMARKS,
};

struct sl_ast_like_option {
    enum sl_ast_like_merge merge;
    enum sl_ast_like_feature feature;
    int offset;
};

/* The parenthesised part: columns, watermark, constraints. */
struct sl_ast_table_schema {
    struct sl_ast_list columns; /* struct sl_ast_column */
    struct sl_ast_list
        watermarks; /* struct sl_ast_watermark; more than one is the binder's error */
    struct sl_ast_list constraints; /* struct sl_ast_constraint */
};

struct sl_ast_create_table {
    struct sl_ast ast;
    struct sl_ast_name name;
    bool replace; /* [CREATE OR] REPLACE */
    bool create;  /* false: plain REPLACE TABLE */
    bool temporary, if_not_exists;
    struct sl_ast_table_schema schema;
    struct sl_text comment;
    struct sl_ast_distribution distribution;
    struct sl_ast_identifier *partitioned_by;
    size_t partitioned_count;
    struct sl_ast_options options;
    struct sl_ast_name like; /* count 0: none */
    struct sl_ast_like_option *like_options;
    size_t like_option_count;
    struct sl_ast_query *as_query; /* NULL: none */
};

enum sl_ast_alter_kind {
    SL_AST_ALTER_ADD_COLUMN,       /* column */
    SL_AST_ALTER_ADD_WATERMARK,    /* watermark */
    SL_AST_ALTER_ADD_CONSTRAINT,   /* constraint */
    SL_AST_ALTER_ADD_DISTRIBUTION, /* distribution */
    SL_AST_ALTER_ADD_PARTITION,    /* partition, options */
    SL_AST_ALTER_MODIFY_COLUMN,
    SL_AST_ALTER_MODIFY_WATERMARK,
    SL_AST_ALTER_MODIFY_CONSTRAINT,
    SL_AST_ALTER_MODIFY_DISTRIBUTION,
    SL_AST_ALTER_COLUMN_TYPE,     /* name, type: PostgreSQL's ALTER COLUMN c TYPE t */
    SL_AST_ALTER_COLUMN_NOT_NULL, /* name: SET NOT NULL */
    SL_AST_ALTER_COLUMN_NULL,     /* name: DROP NOT NULL */
    SL_AST_ALTER_DROP_COLUMN,     /* name */
    SL_AST_ALTER_DROP_PRIMARY_KEY,
    SL_AST_ALTER_DROP_CONSTRAINT, /* name */
    SL_AST_ALTER_DROP_WATERMARK,
    SL_AST_ALTER_DROP_DISTRIBUTION,
    SL_AST_ALTER_DROP_PARTITION, /* partition */
    SL_AST_ALTER_RENAME_COLUMN,  /* name, new_name */
    SL_AST_ALTER_RENAME,         /* new_name */
    SL_AST_ALTER_SET_OPTIONS,    /* options */
    SL_AST_ALTER_RESET_OPTIONS,  /* options, keys only */
    SL_AST_ALTER_AS_QUERY,       /* query */
    SL_AST_ALTER_COMMENT,        /* text */
    SL_AST_ALTER_SET_CLASS,      /* text and language: ALTER FUNCTION f AS 'x' */
    SL_AST_ALTER_OWNER,          /* new_name */
    SL_AST_ALTER_SUSPEND,        /* materialized tables and views */
    SL_AST_ALTER_RESUME,         /* options */
    SL_AST_ALTER_REFRESH,        /* partition */
};

struct sl_ast_alter_action {
    enum sl_ast_alter_kind kind;
    int offset, end;
    bool if_exists, if_not_exists, cascade;
    struct sl_ast_column *column;
    struct sl_ast_watermark *watermark;
    struct sl_ast_constraint *constraint;
    struct sl_ast_distribution distribution;
    struct sl_ast_options partition; /* k = v; value.start NULL where only a key stands */
    struct sl_ast_options options;
    struct sl_ast_name name, new_name;
    struct sl_ast_type *type;
    struct sl_ast_query *query;
    struct sl_text text, language;
};

struct sl_ast_alter_table {
    struct sl_ast ast;
    enum sl_ast_object object; /* TABLE, MATERIALIZED_TABLE, MATERIALIZED_VIEW */
    struct sl_ast_name name;
    bool if_exists;
    struct sl_ast_list actions; /* struct sl_ast_alter_action */
};

/* ALTER VIEW, CATALOG, DATABASE, FUNCTION, MODEL, CONNECTION, SECRET. */
struct sl_ast_alter_object {
    struct sl_ast ast;
    enum sl_ast_object object;
    struct sl_ast_name name;
    bool if_exists, temporary, system;
    struct sl_ast_list actions; /* struct sl_ast_alter_action, one */
};

/* ---- other objects ---- */

struct sl_ast_create_catalog {
    struct sl_ast ast;
    struct sl_ast_name name;
    bool if_not_exists;
    struct sl_text comment;
    struct sl_ast_options options;
};

struct sl_ast_create_database {
    struct sl_ast ast;
    struct sl_ast_name name;
    bool if_not_exists;
    struct sl_text comment;
    struct sl_ast_options options;
};

struct sl_ast_create_view {
    struct sl_ast ast;
    struct sl_ast_name name;
    bool replace, temporary, if_not_exists;
    struct sl_ast_identifier *columns;
    size_t column_count;
    struct sl_text comment;
    struct sl_ast_query *query; /* query->text is what the catalog stores */
};

enum sl_ast_refresh_mode { SL_AST_REFRESH_UNSAID, SL_AST_REFRESH_CONTINUOUS, SL_AST_REFRESH_FULL };
enum sl_ast_start_mode {
    SL_AST_START_UNSAID,
    SL_AST_START_FROM_BEGINNING,
    SL_AST_START_FROM_NOW,       /* start_argument may be set */
    SL_AST_START_FROM_TIMESTAMP, /* start_argument */
    SL_AST_START_RESUME_OR_FROM_BEGINNING,
    SL_AST_START_RESUME_OR_FROM_NOW,
    SL_AST_START_RESUME_OR_FROM_TIMESTAMP,
};

/* CREATE MATERIALIZED VIEW v AS query, and Flink's CREATE MATERIALIZED TABLE. */
struct sl_ast_create_materialized {
    struct sl_ast ast;
    enum sl_ast_object object; /* MATERIALIZED_VIEW or MATERIALIZED_TABLE */
    struct sl_ast_name name;
    bool replace, or_alter, if_not_exists;
    struct sl_ast_table_schema schema; /* bare names have type NULL */
    struct sl_text comment;
    struct sl_ast_distribution distribution;
    struct sl_ast_identifier *partitioned_by;
    size_t partitioned_count;
    struct sl_ast_options options;
    struct sl_ast_expr *freshness; /* an INTERVAL literal; NULL: none */
    enum sl_ast_refresh_mode refresh_mode;
    enum sl_ast_start_mode start_mode;
    struct sl_ast_expr *start_argument;
    struct sl_ast_query *query;
};

struct sl_ast_parameter {
    struct sl_ast_identifier name;
    struct sl_ast_type *type;
};
struct sl_ast_create_function {
    struct sl_ast ast;
    struct sl_ast_name name;
    bool temporary, system, if_not_exists, replace;
    struct sl_text class_name, language; /* start NULL: none */
    int body_offset;                     /* of class_name */
    struct sl_ast_type *returns;         /* of a function in SQL, whose body is … */
    struct sl_ast_list parameters;       /* struct sl_ast_parameter */
    struct sl_ast_expr *body;            /* … RETURN this, or the text in class_name */
    struct sl_ast_options resources;     /* USING JAR 'p': key JAR or ARTIFACT */
    struct sl_ast_options options;
};

struct sl_ast_create_model {
    struct sl_ast ast;
    struct sl_ast_name name;
    bool temporary, if_not_exists, replace;
    struct sl_ast_list input, output; /* struct sl_ast_column */
    struct sl_text comment;
    struct sl_ast_options options;
    struct sl_ast_query *as_query; /* NULL: none */
};

struct sl_ast_create_connection {
    struct sl_ast ast;
    struct sl_ast_name name;
    bool temporary, if_not_exists;
    struct sl_text comment;
    struct sl_ast_options options;
};

/* CREATE SECRET s [WITH (...)] AS 'value'. */
struct sl_ast_create_secret {
    struct sl_ast ast;
    struct sl_ast_name name;
    bool if_not_exists, replace;
    struct sl_ast_options options;
    struct sl_text value; /* start NULL: none */
};

/* CREATE/ALTER ROLE r [WITH] LOGIN PASSWORD 'x' ...: the words as options, value.start NULL for
 * those without a value. */
struct sl_ast_create_role {
    struct sl_ast ast;
    struct sl_ast_name name;
    bool user; /* CREATE USER */
    bool if_not_exists;
    struct sl_ast_options options;
};

struct sl_ast_drop {
    struct sl_ast ast;
    enum sl_ast_object object;
    struct sl_ast_list names; /* struct sl_ast_name */
    bool if_exists, temporary, system, cascade;
};

/* GRANT a, b ON TABLE t TO r; GRANT role TO r. */
struct sl_ast_grant {
    struct sl_ast ast;
    bool revoke, all_privileges, grant_option;
    struct sl_ast_list privileges; /* struct sl_ast_name: privileges, or roles when `on` is empty */
    enum sl_ast_object object;
    bool all_in_schema;          /* ON ALL TABLES IN SCHEMA x */
    struct sl_ast_list on;       /* struct sl_ast_name */
    struct sl_ast_list grantees; /* struct sl_ast_name */
};

/* ---- data ---- */

enum sl_ast_on_conflict {
    SL_AST_CONFLICT_UNSAID,
    SL_AST_CONFLICT_NOTHING,
    SL_AST_CONFLICT_ERROR,
    SL_AST_CONFLICT_DEDUPLICATE,
};

struct sl_ast_assignment {
    struct sl_ast_name name;
    struct sl_ast_expr *value;
};

struct sl_ast_insert {
    struct sl_ast ast;
    struct sl_text text;
    struct sl_ast_name name;
    struct sl_ast_list hints; /* struct sl_ast_hint */
    bool execute;             /* EXECUTE INSERT */
    bool overwrite;
    struct sl_ast_assignment *partition; /* PARTITION (p = v) */
    size_t partition_count;
    struct sl_ast_list columns; /* struct sl_ast_name */
    struct sl_ast_query *query; /* VALUES too; NULL: DEFAULT VALUES */
    enum sl_ast_on_conflict on_conflict;
};

struct sl_ast_update {
    struct sl_ast ast;
    struct sl_ast_name name;
    struct sl_ast_list hints;
    struct sl_ast_identifier alias; /* text.start NULL: none */
    struct sl_ast_assignment *assignments;
    size_t assignment_count;
    struct sl_ast_expr *where;
};

struct sl_ast_delete {
    struct sl_ast ast;
    struct sl_ast_name name;
    struct sl_ast_list hints;
    struct sl_ast_identifier alias;
    struct sl_ast_expr *where;
};

struct sl_ast_truncate {
    struct sl_ast ast;
    struct sl_ast_list names; /* struct sl_ast_name */
};

/* EXECUTE STATEMENT SET BEGIN a; b; END; and BEGIN STATEMENT SET; a; b; END;  What psql sends piece
 * by piece arrives as a set that is not complete (with no or one statement), then single INSERTs,
 * then SL_AST_TRANSACTION with action END. */
struct sl_ast_statement_set {
    struct sl_ast ast;
    bool complete;                 /* its END was in the text */
    struct sl_ast_list statements; /* struct sl_ast_insert or sl_ast_create_table (CTAS) */
};

enum sl_ast_explain_detail {
    SL_AST_EXPLAIN_ESTIMATED_COST = 1,
    SL_AST_EXPLAIN_CHANGELOG_MODE = 2,
    SL_AST_EXPLAIN_PLAN_ADVICE = 4,
    SL_AST_EXPLAIN_JSON_EXECUTION_PLAN = 8,
};

struct sl_ast_explain {
    struct sl_ast ast;
    unsigned details; /* of enum sl_ast_explain_detail */
    struct sl_ast_options
        options;              /* EXPLAIN (FORMAT JSON, ANALYZE); EXPLAIN ANALYZE: key ANALYZE */
    struct sl_ast *statement; /* NULL when `plan_file` */
    struct sl_text statement_text;
    struct sl_text plan_file; /* EXPLAIN PLAN 'file'; start NULL: none */
};

/* ---- about the catalog and the session ---- */

struct sl_ast_describe {
    struct sl_ast ast;
    enum sl_ast_object object; /* TABLE for everything that is written without a kind */
    bool extended;
    struct sl_ast_name name;
    struct sl_text job; /* DESCRIBE JOB 'id' */
    int job_offset;
};

enum sl_ast_show_kind {
    SL_AST_SHOW_CATALOGS,
    SL_AST_SHOW_CURRENT_CATALOG,
    SL_AST_SHOW_DATABASES, /* also SCHEMAS */
    SL_AST_SHOW_CURRENT_DATABASE,
    SL_AST_SHOW_TABLES,
    SL_AST_SHOW_VIEWS,
    SL_AST_SHOW_MATERIALIZED_TABLES,
    SL_AST_SHOW_MATERIALIZED_VIEWS,
    SL_AST_SHOW_COLUMNS,    /* name: of the table */
    SL_AST_SHOW_PARTITIONS, /* name, partition */
    SL_AST_SHOW_FUNCTIONS,  /* user_only */
    SL_AST_SHOW_PROCEDURES,
    SL_AST_SHOW_MODULES, /* full */
    SL_AST_SHOW_JARS,
    SL_AST_SHOW_MODELS,
    SL_AST_SHOW_CONNECTIONS,
    SL_AST_SHOW_SECRETS,
    SL_AST_SHOW_ROLES,
    SL_AST_SHOW_CREATE, /* object, name */
    SL_AST_SHOW_JOBS,
    SL_AST_SHOW_TASKS,       /* job */
    SL_AST_SHOW_CHECKPOINTS, /* job, or start NULL for all */
    SL_AST_SHOW_WATERMARKS,  /* job */
    SL_AST_SHOW_SETTINGS,
    SL_AST_SHOW_ALL,
    SL_AST_SHOW_SETTING, /* setting: SHOW x, SHOW a.b, SHOW 'k', SHOW TIME ZONE ("TimeZone"),
                            SHOW TRANSACTION ISOLATION LEVEL ("transaction_isolation") */
};

struct sl_ast_show {
    struct sl_ast ast;
    enum sl_ast_show_kind show;
    enum sl_ast_object object;
    struct sl_ast_name name;
    struct sl_ast_name scope; /* FROM x, IN x; count 0: none */
    bool user_only, full, negated;
    enum sl_ast_like_form like_form;
    struct sl_text like; /* start NULL: none */
    struct sl_text job;
    int job_offset;
    struct sl_text setting;
    struct sl_ast_options partition;
};

enum sl_ast_set_scope { SL_AST_SCOPE_UNSAID, SL_AST_SCOPE_SESSION, SL_AST_SCOPE_LOCAL };

/* SET TIME ZONE x is the setting "TimeZone", SET NAMES x "client_encoding", SET ROLE x "role", SET
 * SESSION AUTHORIZATION x "session_authorization".  SET TRANSACTION is SL_AST_TRANSACTION. */
struct sl_ast_set {
    struct sl_ast ast;
    struct sl_text name; /* start NULL: bare SET, which lists the settings */
    enum sl_ast_set_scope scope;
    bool to_default;      /* SET x TO DEFAULT, SET TIME ZONE LOCAL */
    struct sl_text value; /* the values, ", " between them */
    struct sl_text *values;
    size_t value_count;
    int name_offset, value_offset;
};

struct sl_ast_reset {
    struct sl_ast ast;
    struct sl_text name; /* start NULL: RESET and RESET ALL */
    int name_offset;
};

enum sl_ast_use_kind { SL_AST_USE_DATABASE, SL_AST_USE_CATALOG, SL_AST_USE_MODULES };

struct sl_ast_use {
    struct sl_ast ast;
    enum sl_ast_use_kind use;
    struct sl_ast_name name;
    struct sl_ast_identifier *modules;
    size_t module_count;
};

struct sl_ast_module {
    struct sl_ast ast;
    bool unload;
    struct sl_ast_identifier name;
    struct sl_ast_options options;
};

struct sl_ast_jar {
    struct sl_ast ast;
    bool remove;
    struct sl_text path;
};

struct sl_ast_call_statement {
    struct sl_ast ast;
    struct sl_ast_expr *call; /* SL_AST_EXPR_CALL */
};

struct sl_ast_analyze {
    struct sl_ast ast;
    struct sl_ast_name name; /* count 0: PostgreSQL's bare ANALYZE */
    struct sl_ast_options partition;
    bool compute_statistics, all_columns;
    struct sl_ast_identifier *columns;
    size_t column_count;
};

enum sl_ast_plan_kind { SL_AST_PLAN_COMPILE, SL_AST_PLAN_EXECUTE, SL_AST_PLAN_COMPILE_AND_EXECUTE };

struct sl_ast_plan {
    struct sl_ast ast;
    enum sl_ast_plan_kind plan;
    struct sl_text path;
    bool if_not_exists;
    struct sl_ast *statement; /* NULL for EXECUTE */
    struct sl_text statement_text;
};

/* STOP, PAUSE, RESUME, ALTER JOB, CREATE SAVEPOINT FOR JOB. */
struct sl_ast_job {
    struct sl_ast ast;
    struct sl_text job;
    int job_offset;
    bool with_savepoint, with_drain, with_duplicates;
    struct sl_text directory;      /* CREATE SAVEPOINT ... AT; start NULL: none */
    bool reset;                    /* ALTER JOB ... RESET: the options have only keys */
    struct sl_ast_options options; /* ALTER JOB ... SET */
    struct sl_ast *statement;      /* ALTER JOB ... AS: an INSERT or a statement set; or NULL */
    struct sl_text statement_text;
};

/* ---- transactions, cursors, prepared statements ---- */

enum sl_ast_transaction_action {
    SL_AST_TRANSACTION_BEGIN,
    SL_AST_TRANSACTION_START,
    SL_AST_TRANSACTION_COMMIT,
    SL_AST_TRANSACTION_END, /* COMMIT's other word; also ends a statement set */
    SL_AST_TRANSACTION_ROLLBACK,
    SL_AST_TRANSACTION_ABORT, /* ROLLBACK's other word */
    SL_AST_TRANSACTION_SAVEPOINT,
    SL_AST_TRANSACTION_RELEASE,
    SL_AST_TRANSACTION_ROLLBACK_TO,
    SL_AST_TRANSACTION_SET,                 /* SET TRANSACTION */
    SL_AST_TRANSACTION_SET_CHARACTERISTICS, /* SET SESSION CHARACTERISTICS AS TRANSACTION */
};
enum sl_ast_isolation {
    SL_AST_ISOLATION_UNSAID,
    SL_AST_ISOLATION_READ_UNCOMMITTED,
    SL_AST_ISOLATION_READ_COMMITTED,
    SL_AST_ISOLATION_REPEATABLE_READ,
    SL_AST_ISOLATION_SERIALIZABLE,
};
enum sl_ast_said { SL_AST_UNSAID, SL_AST_YES, SL_AST_NO };

struct sl_ast_transaction {
    struct sl_ast ast;
    enum sl_ast_transaction_action action;
    struct sl_ast_identifier name; /* of the savepoint */
    enum sl_ast_isolation isolation;
    enum sl_ast_said read_only, deferrable;
    bool chain; /* AND CHAIN */
};

struct sl_ast_declare {
    struct sl_ast ast;
    struct sl_ast_identifier name;
    bool binary, insensitive, hold;
    enum sl_ast_said scroll;
    struct sl_ast_query *query; /* query->text is the slice */
};

enum sl_ast_fetch_direction {
    SL_AST_FETCH_FORWARD,  /* count rows; NEXT is 1 */
    SL_AST_FETCH_BACKWARD, /* count rows; PRIOR is 1 */
    SL_AST_FETCH_ABSOLUTE, /* FIRST is 1, LAST is -1 */
    SL_AST_FETCH_RELATIVE,
};

struct sl_ast_fetch {
    struct sl_ast ast;
    bool move; /* MOVE */
    struct sl_ast_identifier cursor;
    enum sl_ast_fetch_direction direction;
    int64_t count;                 /* may be negative; INT64_MAX: ALL */
    struct sl_ast_options options; /* WITH (timeout = '1s') */
};

struct sl_ast_close {
    struct sl_ast ast;
    bool all;
    struct sl_ast_identifier cursor;
};

struct sl_ast_prepare {
    struct sl_ast ast;
    struct sl_ast_identifier name;
    struct sl_ast_list types; /* struct sl_ast_type */
    struct sl_ast *statement;
    struct sl_text statement_text;
};

struct sl_ast_execute {
    struct sl_ast ast;
    struct sl_ast_identifier name;
    struct sl_ast_list args; /* struct sl_ast_expr */
};

struct sl_ast_deallocate {
    struct sl_ast ast;
    bool all;
    struct sl_ast_identifier name;
};

enum sl_ast_discard_kind {
    SL_AST_DISCARD_ALL,
    SL_AST_DISCARD_PLANS,
    SL_AST_DISCARD_SEQUENCES,
    SL_AST_DISCARD_TEMPORARY,
};

struct sl_ast_discard {
    struct sl_ast ast;
    enum sl_ast_discard_kind discard;
};

enum sl_ast_listen_kind { SL_AST_LISTEN_LISTEN, SL_AST_LISTEN_UNLISTEN, SL_AST_LISTEN_NOTIFY };

struct sl_ast_listen {
    struct sl_ast ast;
    enum sl_ast_listen_kind listen;
    bool all; /* UNLISTEN * */
    struct sl_ast_identifier channel;
    struct sl_text payload; /* start NULL: none */
};

struct sl_ast_copy {
    struct sl_ast ast;
    struct sl_ast_name name; /* count 0 when query is set */
    struct sl_ast_identifier *columns;
    size_t column_count;
    struct sl_ast_query *query;
    bool from;           /* COPY ... FROM, else TO */
    struct sl_text file; /* TO 'file'; start NULL: STDIN or STDOUT */
    /* Both syntaxes arrive as keys in lower case: format, header, delimiter, null, quote, escape,
     * encoding, freeze, row_kind ...  A key without a value (HEADER) has value.start NULL. */
    struct sl_ast_options options;
    struct sl_ast_expr *where;
};

/* ---- scripts ---- */

struct sl_ast_statement {
    struct sl_ast *ast;  /* SL_AST_QUERY or one of statements.def */
    int offset, end;     /* from its first to behind its last token, the `;` excluded */
    struct sl_text text; /* that slice */
    int parameter_count; /* the highest $n, 0 when there is none */
};

struct sl_ast_script {
    struct sl_text text; /* the arena's copy */
    struct sl_ast_statement *statements;
    size_t count; /* 0 for an empty text */
};

#endif
