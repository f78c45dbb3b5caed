/* From the AST to a physical plan: bind, rewrite, choose operators.  Reads the catalog and the
 * descriptors and changes nothing; asks connectors whether a topic is there (their probe). */
#ifndef SL_PLANNER_PLANNER_H
#define SL_PLANNER_PLANNER_H

#include "base/map.h"
#include "catalog/catalog.h"
#include "parser/ast.h"
#include "plan/descriptors.h"
#include "plan/physical.h"

/* What the session brings. */
struct sl_plan_context {
    struct sl_arena *arena; /* everything that is returned lives here */
    struct sl_catalog *catalog;
    const char *schema;  /* the current one */
    uint32_t session_id; /* whose temporary tables are seen; 0: nobody's */
    /* The value of a setting ('execution.runtime-mode', 'parallelism.default' …) as text, NULL for
     * an unknown key; also session.database, session.user, session.process-id. */
    const char *(*setting)(void *session, const char *key);
    void *session;
    struct sl_text sql; /* the statement's text, for slices */
    /* Parameters $1 …: types that the client declared (NULL entries: to be inferred) on the way in,
     * inferred types on the way out. */
    const struct sl_type **param_types;
    size_t param_count, param_capacity;
    const struct sl_value *param_values; /* NULL while a statement is only described */
    /* Notices that the planner wants shown (texts in the arena). */
    void (*notice)(void *session, const char *text);
};

enum sl_planned_kind {
    SL_PLANNED_QUERY,  /* SELECT: ends in COLLECT */
    SL_PLANNED_INSERT, /* INSERT, UPDATE, DELETE, statement set: ends in SINKs */
};

struct sl_planned {
    enum sl_planned_kind kind;
    struct sl_phys_plan *plan;
    struct sl_schema *columns; /* of a query's result, as the client sees them (with op) */
    bool endless;              /* some scan is unbounded, and no LIMIT ends it */
    bool updating;             /* the result has -U, +U or -D */
    bool synchronous;          /* VALUES, UPDATE, DELETE, batch mode: `INSERT 0 n` when done */
    const char *logical_text;  /* EXPLAIN's first section, before any rule; NULL: not asked for */
    const uint64_t *table_ids; /* read and written, and versions */
    const uint32_t *table_versions;
    size_t table_count;
    const char *tag;         /* "INSERT", "UPDATE", "DELETE", "SELECT" */
    const char *sink_name;   /* of a single INSERT, for the job's default name */
    const char *unreachable; /* what a connector's probe waited for in vain, or NULL */
};

struct sl_plan_options {
    bool explain;       /* make logical_text */
    bool describe_only; /* parameters have no values yet; the plan is not run, nothing is probed */
};

/* Plans a query, INSERT, UPDATE, DELETE, or statement set. */
int sl_plan_statement(struct sl_plan_context *context, const struct sl_ast *statement,
                      const struct sl_plan_options *options, struct sl_planned **ret_planned,
                      struct sl_error *err);
/* Checks CREATE TABLE (types, computed columns, watermark, primary key, options by descriptor,
 * LIKE, AS) and fills a definition for the catalog.  *ret_insert: with AS the INSERT that fills the
 * table once it is there, else NULL. */
int sl_plan_create_table(struct sl_plan_context *context, const struct sl_ast *statement,
                         struct sl_table **ret_table, const char **ret_insert,
                         struct sl_error *err);
int sl_plan_create_view(struct sl_plan_context *context, const struct sl_ast *statement,
                        struct sl_table **ret_table, struct sl_error *err);
/* ALTER TABLE / ALTER VIEW: the new version. */
int sl_plan_alter_table(struct sl_plan_context *context, const struct sl_ast *statement,
                        const struct sl_table *table, struct sl_table **ret_table,
                        struct sl_error *err);
/* CREATE FUNCTION in SQL; 0A000 for other languages. */
int sl_plan_create_function(struct sl_plan_context *context, const struct sl_ast *statement,
                            struct sl_sql_function **ret_function, struct sl_error *err);
int sl_plan_find_function(struct sl_plan_context *context, const struct sl_ast_name *name,
                          const struct sl_sql_function **ret_function, struct sl_error *err);
/* `view "v"`: what calls the function, itself or through others; NULL: nothing. */
const char *sl_plan_function_user(struct sl_plan_context *context,
                                  const struct sl_sql_function *function);
const char *sl_show_create_function(struct sl_arena *arena,
                                    const struct sl_sql_function *function);
/* Whether the view's query reads that table or view, itself or through other views. */
bool sl_plan_view_uses(struct sl_plan_context *context, const struct sl_table *view,
                       uint64_t table_id);
/* A constant expression of an utility statement (CALL's arguments, EXECUTE's), evaluated; `what`
 * names it in errors.  Cast to `type`, NULL: as it is. */
int sl_plan_constant(struct sl_plan_context *context, const struct sl_ast *expr, const char *what,
                     const struct sl_type *type, struct sl_value *ret_value, struct sl_error *err);
/* The type that a struct sl_ast_type names. */
int sl_plan_type(struct sl_plan_context *context, const struct sl_ast *type,
                 const struct sl_type **ret_type, struct sl_error *err);
/* Resolves "t", "s.t", "default_catalog.s.t" (offsets for errors): 42P01 with a hint. */
int sl_plan_find_table(struct sl_plan_context *context, const struct sl_ast_name *name,
                       const struct sl_table **ret_table, struct sl_error *err);
/* Names of functions that are the session's own (CURRENT_DATABASE); NULL behind the last. */
const char *sl_plan_session_function(size_t index);
/* CREATE TABLE text that makes this table again (SHOW CREATE TABLE), and CREATE VIEW. */
void sl_plan_show_create(const struct sl_table *table, struct sl_buffer *to);

#endif
