/* A session: one client's settings, prepared statements, portals and transaction block.
 *
 * Every statement runs as a portal: bound to its parameters, described, started, and its rows
 * handed out some at a time.  A simple query makes portals that live for one statement, a SQL
 * cursor is a portal that DECLARE made; the extended protocol names its own.  A portal is
 * independent of the prepared statement that it came from. */
#ifndef SL_SERVER_SESSION_H
#define SL_SERVER_SESSION_H

#include "base/map.h"
#include "parser/parser.h"
#include "planner/planner.h"
#include "server/server.h"

/* Nothing is undone by one: its name is kept, so that a wrong one is told. */
struct sl_savepoint {
    char *name;
    struct sl_savepoint *outer;
};

struct sl_session {
    struct sl_server *server;
    struct sl_net_connection *connection;
    struct sl_settings settings;
    uint32_t id; /* its temporary tables', the process id that the client knows */
    bool has_temporary;
    char *user, *database;
    char process_id[16];
    char *schema;           /* the current one */
    struct sl_map prepared; /* struct sl_prepared */
    struct sl_map portals;  /* struct sl_portal */
    char transaction;       /* I, T, E */
    struct sl_savepoint *savepoints;
    bool set_open;        /* BEGIN STATEMENT SET, INSERTs are collected */
    bool set_failed;      /* one of them had an error: END will run nothing */
    struct sl_buffer set; /* their texts */
    bool extended;        /* the running statement came by the extended protocol */
};

/* A parsed statement; refcounted, for portals outlive it. */
struct sl_prepared {
    unsigned references;
    struct sl_arena arena;
    struct sl_text sql;
    const struct sl_ast_statement *statement; /* NULL: an empty text */
    const struct sl_type **param_types;
    uint32_t *param_oids; /* as the client declared them, or of the inferred types */
    size_t param_count;
    const struct sl_schema *columns; /* of a query, as they were; NULL: of no query */
};

struct sl_portal {
    struct sl_session *session;
    struct sl_arena arena;
    struct sl_prepared *prepared; /* NULL in a simple query, whose AST outlives the portal */
    const struct sl_ast_statement *statement;
    struct sl_text sql;      /* the statement's own text */
    struct sl_value *params; /* NULL while only described */
    const struct sl_type **param_types;
    size_t param_count;
    const int16_t *formats;
    size_t format_count;

    struct sl_net_column *columns; /* of the result; none: no rows come */
    size_t column_count;
    bool is_described;
    struct sl_planned *planned;

    bool is_started, is_done, is_cursor, is_copy;
    bool is_held;       /* a cursor WITH HOLD */
    bool is_of_block;   /* a cursor of the open transaction block */
    struct sl_job *job; /* whose rows it hands out */
    struct sl_batch *batch;
    size_t batch_at;
    bool with_kind;
    struct sl_pool *pool; /* of rows that it made itself */
    const char ***rows;
    size_t row_count, row_capacity;
    uint64_t sent_count;
    char tag[128];
    struct sl_portal *fetched; /* FETCH: the cursor whose rows this one hands out */
    uint64_t fetch_max;
    int64_t fetch_timeout_us; /* -1: for ever */
};

/* --- session.c --- */
/* 25P02: in a failed block or statement set only its end may come; an open set takes INSERT only.
 */
int sl_session_check_block(const struct sl_session *session,
                           const struct sl_ast_statement *statement, struct sl_error *err);

/* --- prepared.c --- */
/* Types that the client declares of the first parameters, by oid or as they are. */
struct sl_param_types {
    size_t count;
    const uint32_t *oids;               /* 0 and 705: to be inferred */
    const struct sl_type *const *types; /* NULL: of the oids */
};
int sl_prepared_new(struct sl_session *session, struct sl_text sql,
                    const struct sl_param_types *declared, struct sl_prepared **ret_prepared,
                    struct sl_error *err);
void sl_prepared_unref(struct sl_prepared *prepared);
/* 0A000 when the described portal's columns are not those that the client knows of. */
int sl_prepared_check_columns(const struct sl_prepared *prepared, const struct sl_portal *portal,
                              struct sl_error *err);
int sl_prepared_put(struct sl_session *session, const char *name, struct sl_prepared *prepared,
                    struct sl_error *err);
int sl_prepared_find(struct sl_session *session, struct sl_text name,
                     struct sl_prepared **ret_prepared, struct sl_error *err);
void sl_prepared_drop(struct sl_session *session, struct sl_text name);
void sl_prepared_drop_all(struct sl_session *session);

/* --- portal.c --- */
struct sl_portal *sl_portal_new(struct sl_session *session,
                                const struct sl_ast_statement *statement);
void sl_portal_free(struct sl_portal *portal);
/* Takes over the portal; an unnamed one replaces the one there is. */
int sl_portal_put(struct sl_session *session, struct sl_text name, struct sl_portal *portal,
                  struct sl_error *err);
struct sl_portal *sl_portal_find(struct sl_session *session, struct sl_text name);
void sl_portal_drop(struct sl_session *session, struct sl_text name);
void sl_portal_drop_all(struct sl_session *session);
/* Makes columns known, without running anything. */
int sl_portal_describe(struct sl_portal *portal, struct sl_error *err);
/* Runs what is to be run, then hands out at most row_max rows (0: all).  Ends in CommandComplete or
 * PortalSuspended. */
int sl_portal_execute(struct sl_portal *portal, uint32_t row_max, struct sl_error *err);
/* For statements whose result is made here: its columns, then its rows as texts (NULL is NULL). */
struct sl_result_column {
    const char *name;
    const struct sl_type *type;
};
void sl_portal_set_columns(struct sl_portal *portal, const struct sl_result_column *columns,
                           size_t count);
void sl_portal_add_row(struct sl_portal *portal, const char *const *values);
void sl_portal_set_tag(struct sl_portal *portal, const char *format, ...) SL_PRINTF(2, 3);
/* The next batch with rows of a portal's job or own rows into portal->batch: SL_OK, SL_EOF,
 * SL_AGAIN (timeout). */
int sl_portal_next(struct sl_portal *portal, int64_t timeout_us, struct sl_error *err);
bool sl_portal_is_cursor_endless(const struct sl_portal *portal);

/* --- statement.c --- */
struct sl_statement_class {
    enum sl_ast_kind kind;
    /* Sets the result's columns; NULL: no rows. */
    int (*describe)(struct sl_portal *portal, struct sl_error *err);
    int (*run)(struct sl_portal *portal, struct sl_error *err);
};
const struct sl_statement_class *sl_statement_class_of(enum sl_ast_kind kind);
/* What the planner needs to know of this portal. */
void sl_portal_plan_context(struct sl_portal *portal, struct sl_plan_context *ret_context);
int sl_portal_plan(struct sl_portal *portal, const struct sl_ast *ast, bool explain,
                   struct sl_planned **ret_planned, struct sl_error *err);
bool sl_session_is_batch(const struct sl_session *session);
const struct sl_zone *sl_session_zone(const struct sl_session *session);
void sl_session_notice(struct sl_session *session, const char *text);

/* Forgets savepoints from the innermost to `last`; NULL: all. */
void sl_session_release_savepoints(struct sl_session *session, const struct sl_savepoint *last);
/* Drops the temporary tables and views of the session. */
int sl_session_drop_temporary(struct sl_session *session, struct sl_error *err);

/* --- the statements, a file each --- */
/* DROP FUNCTION of one name; and of a function that was found (2BP01 where something calls it). */
int sl_run_drop_function(struct sl_portal *portal, const struct sl_ast_drop *drop,
                         const struct sl_ast_name *name, struct sl_error *err);
int sl_drop_function(struct sl_portal *portal, const struct sl_sql_function *function,
                     struct sl_error *err);
#define STATEMENT_RUN(name) int sl_run_##name(struct sl_portal *portal, struct sl_error *err)
#define STATEMENT_DESCRIBE(name) \
    int sl_describe_##name(struct sl_portal *portal, struct sl_error *err)
STATEMENT_DESCRIBE(query);
STATEMENT_RUN(query);
STATEMENT_DESCRIBE(change);
STATEMENT_RUN(change);
STATEMENT_RUN(statement_set);
STATEMENT_DESCRIBE(explain);
STATEMENT_RUN(explain);
STATEMENT_RUN(create_table);
STATEMENT_RUN(create_view);
STATEMENT_RUN(create_function);
STATEMENT_RUN(create_database);
STATEMENT_RUN(alter_table);
STATEMENT_RUN(alter_object);
STATEMENT_RUN(drop);
STATEMENT_RUN(use);
STATEMENT_DESCRIBE(show);
STATEMENT_RUN(show);
STATEMENT_DESCRIBE(describe);
STATEMENT_RUN(describe);
STATEMENT_DESCRIBE(set);
STATEMENT_RUN(set);
STATEMENT_RUN(reset);
STATEMENT_RUN(transaction);
STATEMENT_RUN(discard);
STATEMENT_RUN(listen);
STATEMENT_DESCRIBE(declare);
STATEMENT_RUN(declare);
STATEMENT_DESCRIBE(fetch);
STATEMENT_RUN(fetch);
STATEMENT_RUN(close);
STATEMENT_RUN(prepare);
STATEMENT_DESCRIBE(execute);
STATEMENT_RUN(execute);
STATEMENT_RUN(deallocate);
STATEMENT_RUN(copy);
STATEMENT_DESCRIBE(call);
STATEMENT_RUN(call);
STATEMENT_DESCRIBE(stop_job);
STATEMENT_RUN(stop_job);
STATEMENT_DESCRIBE(create_savepoint);
STATEMENT_RUN(create_savepoint);
STATEMENT_DESCRIBE(alter_job);
STATEMENT_RUN(alter_job);
STATEMENT_RUN(pause_job);
STATEMENT_RUN(resume_job);

/* Starts the plan of an INSERT, UPDATE, DELETE or statement set and sets the tag. */
int sl_start_planned(struct sl_portal *portal, struct sl_planned *planned, struct sl_text sql,
                     struct sl_error *err);
/* CREATE … IF NOT EXISTS over a name that is taken: a notice instead of the error. */
int sl_table_created(struct sl_portal *portal, int rc, bool if_not_exists, struct sl_error *err);
/* 2BP01: somebody uses it.  Jobs go on with a temporary table that is dropped, as they do after the
 * session's end. */
int sl_table_drop(struct sl_portal *portal, const struct sl_table *table, struct sl_error *err);
/* EXPLAIN of CREATE TABLE … AS: the plan of its INSERT. */
int sl_plan_create_as(struct sl_portal *portal, const struct sl_ast *statement,
                      struct sl_planned **ret_planned, struct sl_error *err);
/* Starts a query's job for a portal. */
int sl_start_query(struct sl_portal *portal, struct sl_planned *planned, struct sl_error *err);
/* The closing END of a collected statement set, and what gives it up. */
int sl_end_statement_set(struct sl_portal *portal, struct sl_error *err);
void sl_abort_statement_set(struct sl_session *session);

#endif
