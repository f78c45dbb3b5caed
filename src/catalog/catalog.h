/* What the database knows: schemas, tables, views and jobs, kept in SQLite (DIR/catalog.db) and
 * read through immutable, refcounted objects.  Thread safe. */
#ifndef SL_CATALOG_CATALOG_H
#define SL_CATALOG_CATALOG_H

#include "base/option.h"
#include "data/schema.h"

struct sl_catalog;

enum sl_column_kind { SL_COLUMN_PHYSICAL, SL_COLUMN_METADATA, SL_COLUMN_COMPUTED };

struct sl_table_column {
    const char *name;
    const struct sl_type *type; /* of computed columns too, once the planner bound them */
    enum sl_column_kind kind;
    const char *metadata_key; /* METADATA FROM 'key'; the name when not given */
    bool is_virtual;          /* METADATA … VIRTUAL: not written */
    const char *expression;   /* computed: the SQL text */
    enum sl_time_kind time;   /* EVENT: has the watermark; PROCESSING: AS PROCTIME() */
    const char *comment;
};

enum sl_relation_kind { SL_RELATION_TABLE, SL_RELATION_VIEW };

/* One version of a table or view.  Immutable. */
struct sl_table {
    uint64_t id;
    uint32_t version;
    enum sl_relation_kind kind;
    uint32_t session;   /* whose temporary one it is; 0: permanent, everybody's */
    const char *schema; /* "public" */
    const char *name;
    struct sl_table_column *columns;
    size_t column_count;
    int32_t watermark_column; /* index into columns; -1: none */
    const char *watermark;    /* the SQL text of its expression, or … */
#define SL_SOURCE_WATERMARK "SOURCE_WATERMARK()" /* … that the connector supplies it */
    uint32_t *primary_key;    /* indexes into columns */
    size_t primary_key_count;
    const char *primary_key_name;
    uint32_t *partition_by;
    size_t partition_by_count;
    struct sl_option_list options;
    const char *comment;
    const char *query;        /* views: the SQL text */
    const char *query_schema; /* views: the schema that was current when it was made */
};

/* Opens or makes the catalog in `directory`; checks the format's version (refused with what to do).
 */
int sl_catalog_open(const char *directory, struct sl_catalog **ret_catalog, struct sl_error *err);
void sl_catalog_close(struct sl_catalog *catalog);

/* Look-ups: names match without case; the object lives as long as the arena (it is copied there, or
 * a reference is dropped with it).  `session`'s temporary objects hide permanent ones of the same
 * name; 0 sees permanent ones only. */
bool sl_catalog_find_table(struct sl_catalog *catalog, struct sl_arena *arena, uint32_t session,
                           const char *schema, const char *name, const struct sl_table **ret_table);
/* That id in that version, also an older one that a job uses; version 0: the newest. */
bool sl_catalog_table_by_id(struct sl_catalog *catalog, struct sl_arena *arena, uint64_t id,
                            uint32_t version, const struct sl_table **ret_table);
/* All tables and views of a schema (NULL: of all), by schema and name; a temporary one of `session`
 * comes before the permanent one that it hides. */
size_t sl_catalog_list_tables(struct sl_catalog *catalog, struct sl_arena *arena, uint32_t session,
                              const char *schema, const struct sl_table ***ret_tables);

/* A new table or view: id and version are set in *table.  42P07 when the name is taken. */
int sl_catalog_create_table(struct sl_catalog *catalog, struct sl_table *table,
                            struct sl_error *err);
/* A new version of table->id (also for a rename). */
int sl_catalog_replace_table(struct sl_catalog *catalog, struct sl_table *table,
                             struct sl_error *err);
int sl_catalog_drop_table(struct sl_catalog *catalog, uint64_t id, struct sl_error *err);
/* All temporary objects of a session. */
int sl_catalog_drop_session(struct sl_catalog *catalog, uint32_t session, struct sl_error *err);

/* --- functions in SQL --- */

struct sl_sql_function {
    uint32_t session; /* whose temporary one it is; 0: permanent */
    const char *schema, *name;
    const struct sl_type *parameters; /* a ROW; NULL: none */
    const struct sl_type *type;
    const char *body;        /* the text of its expression */
    const char *body_schema; /* current when it was made */
};

/* As for tables: a temporary one of `session` hides the permanent one. */
bool sl_catalog_find_function(struct sl_catalog *catalog, struct sl_arena *arena, uint32_t session,
                              const char *schema, const char *name,
                              const struct sl_sql_function **ret_function);
/* By schema and name; schema NULL: of all. */
size_t sl_catalog_list_functions(struct sl_catalog *catalog, struct sl_arena *arena,
                                 uint32_t session, const char *schema,
                                 const struct sl_sql_function ***ret_functions);
/* 42723 when the name is taken, unless it is to be replaced. */
int sl_catalog_create_function(struct sl_catalog *catalog, const struct sl_sql_function *function,
                               bool replace, struct sl_error *err);
int sl_catalog_drop_function(struct sl_catalog *catalog, const struct sl_sql_function *function,
                             struct sl_error *err);

bool sl_catalog_find_schema(struct sl_catalog *catalog, struct sl_arena *arena, const char *name,
                            const char **ret_name);
int sl_catalog_create_schema(struct sl_catalog *catalog, const char *name, const char *comment,
                             struct sl_error *err);
int sl_catalog_drop_schema(struct sl_catalog *catalog, const char *name, struct sl_error *err);
size_t sl_catalog_list_schemas(struct sl_catalog *catalog, struct sl_arena *arena,
                               const char ***ret_names);

/* --- jobs --- */

enum sl_job_state {
    SL_JOB_CREATED,
    SL_JOB_RUNNING,
    SL_JOB_RESTARTING,
    SL_JOB_FINISHED,
    SL_JOB_CANCELED,
    SL_JOB_FAILED,
    SL_JOB_SUSPENDED,
    SL_JOB_STATE_COUNT,
};
const char *sl_job_state_name(enum sl_job_state state);

struct sl_job_record {
    char id[33]; /* 32 hex digits */
    const char *name;
    const char *sql;
    const char *plan; /* JSON */
    enum sl_job_state state;
    const char *reason;
    int64_t start_us, end_us; /* end 0: still there */
    int64_t restarts;
    uint64_t incarnation; /* made: 1 */
    const char *schema, *settings; /* under which it was planned: key = value lines */
    const uint64_t *table_ids; /* tables it reads and writes, with the versions it uses */
    const uint32_t *table_versions;
    size_t table_count;
};

int sl_catalog_create_job(struct sl_catalog *catalog, const struct sl_job_record *job,
                          struct sl_error *err);
int sl_catalog_update_job(struct sl_catalog *catalog, const char *id, enum sl_job_state state,
                          const char *reason, int64_t start_us, int64_t end_us, int64_t restarts,
                          struct sl_error *err);
/* Another plan, name and text, other settings, the tables of that plan.  One that is FAILED is
 * CREATED again. */
int sl_catalog_alter_job(struct sl_catalog *catalog, const struct sl_job_record *job,
                         struct sl_error *err);
/* A job that has ended or is SUSPENDED is CREATED again, under the next incarnation. */
int sl_catalog_revive_job(struct sl_catalog *catalog, const char *id, struct sl_error *err);
size_t sl_catalog_list_jobs(struct sl_catalog *catalog, struct sl_arena *arena,
                            struct sl_job_record **ret_jobs); /* by start time */
/* The server died then: noted for every job that ran. */
int sl_catalog_add_death(struct sl_catalog *catalog, int64_t time_us, struct sl_error *err);
/* How many deaths a job has seen in the `span_us` up to its last one. */
size_t sl_catalog_count_deaths(struct sl_catalog *catalog, const char *job_id, int64_t span_us);
int sl_catalog_forget_deaths(struct sl_catalog *catalog, const char *job_id, struct sl_error *err);
/* Do jobs that are not at their end, or views, use this table?  Their names, for 2BP01. */
size_t sl_catalog_table_users(struct sl_catalog *catalog, struct sl_arena *arena, uint64_t id,
                              const char ***ret_names);

#endif
