/* Private: the builders of statements.  Included by build.h only. */
#ifndef SL_PARSER_BUILD_STATEMENTS_H
#define SL_PARSER_BUILD_STATEMENTS_H

#include "parser/build.h"

/* ---- build_data.c: INSERT, UPDATE, DELETE, COPY, statement sets ---- */

struct sl_ast_insert *sl_build_insert(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name,
                                      struct sl_ast_list *hints, bool overwrite);
struct sl_ast_insert *sl_build_insert_query(SL_PARSE, struct sl_ast_insert *insert,
                                            struct sl_ast_list *partition,
                                            struct sl_ast_list *columns, struct sl_ast_query *query,
                                            enum sl_ast_on_conflict on_conflict);
struct sl_ast *sl_build_insert_execute(struct sl_ast_insert *insert);
struct sl_ast_assignment *sl_build_assignment(SL_PARSE, struct sl_ast_name *name,
                                              struct sl_ast_expr *value);
struct sl_ast_update *sl_build_update(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name,
                                      struct sl_ast_list *hints, struct sl_build_alias *alias,
                                      struct sl_ast_list *assignments, struct sl_ast_expr *where);
struct sl_ast_delete *sl_build_delete(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name,
                                      struct sl_ast_list *hints, struct sl_build_alias *alias,
                                      struct sl_ast_expr *where);
struct sl_ast *sl_build_truncate(SL_PARSE, struct sl_ast_list *names);
struct sl_ast *sl_build_statement_set(SL_PARSE, SL_TOKEN first, struct sl_ast *member);
struct sl_ast_copy *sl_build_copy(SL_PARSE, struct sl_ast_name *name, struct sl_ast_list *columns,
                                  struct sl_ast_query *query);
struct sl_ast *sl_build_copy_done(SL_PARSE, struct sl_ast_copy *copy, bool from, SL_TOKEN target,
                                  struct sl_ast_list *options, struct sl_ast_expr *where);
struct sl_ast_option *sl_build_copy_option(SL_PARSE, SL_TOKEN word, struct sl_build_value *value);
struct sl_ast_option *sl_build_copy_word(SL_PARSE, SL_TOKEN word, SL_TOKEN value);

/* ---- build_table.c: CREATE TABLE, ALTER ---- */

struct sl_ast_create_table *sl_build_create_table(SL_PARSE, const struct sl_build_create *create,
                                                  bool if_not_exists, struct sl_ast_name *name,
                                                  struct sl_ast_table_schema *schema);
struct sl_ast_create_table *sl_build_replace_table(SL_PARSE, SL_TOKEN first,
                                                   struct sl_ast_name *name,
                                                   struct sl_ast_table_schema *schema);
struct sl_ast *sl_build_create_table_done(SL_PARSE, struct sl_ast_create_table *table);
struct sl_ast *sl_build_create_table_like(SL_PARSE, struct sl_ast_create_table *table,
                                          struct sl_ast_name *like, struct sl_ast_list *options);
struct sl_ast_create_table *sl_build_create_table_as(SL_PARSE, struct sl_ast_create_table *table,
                                                     struct sl_ast_query *query);
struct sl_ast_like_option *sl_build_like_option(SL_PARSE, SL_TOKEN merge, SL_TOKEN feature);
struct sl_ast_distribution sl_build_distribution(SL_PARSE, SL_TOKEN first,
                                                 enum sl_ast_distribution_kind kind,
                                                 struct sl_ast_list *columns, int64_t buckets);
struct sl_ast_table_schema *sl_build_schema(SL_PARSE, struct sl_ast_table_schema *schema,
                                            struct sl_ast_alter_action *element);
/* `element` is the column, watermark or constraint that the kind says. */
struct sl_ast_alter_action *sl_build_element_of(SL_PARSE, enum sl_ast_alter_kind kind,
                                                void *element);
struct sl_ast_column *sl_build_column_def(SL_PARSE, SL_TOKEN name, struct sl_ast_type *type);
struct sl_ast_column *sl_build_computed_column(SL_PARSE, SL_TOKEN name, struct sl_ast_expr *expr);
struct sl_ast_column *sl_build_column_comment(SL_PARSE, struct sl_ast_column *column,
                                              SL_TOKEN comment);
struct sl_ast_column *sl_build_column_null(SL_PARSE, struct sl_ast_column *column, bool not_null);
struct sl_ast_column *sl_build_column_metadata(SL_PARSE, struct sl_ast_column *column, SL_TOKEN key,
                                               bool is_virtual);
struct sl_ast_column *sl_build_column_key(SL_PARSE, struct sl_ast_column *column, SL_TOKEN name,
                                          bool unique, enum sl_ast_said enforced);
struct sl_ast_column *sl_build_column_default(SL_PARSE, struct sl_ast_column *column,
                                              struct sl_ast_expr *expr);
struct sl_ast_watermark *sl_build_watermark(SL_PARSE, SL_TOKEN first, struct sl_ast_name *column,
                                            struct sl_ast_expr *expr);
struct sl_ast_constraint *sl_build_constraint(SL_PARSE, SL_TOKEN first, SL_TOKEN name, bool unique,
                                              struct sl_ast_list *columns,
                                              enum sl_ast_said enforced);

struct sl_ast_alter_action *sl_build_action(SL_PARSE, enum sl_ast_alter_kind kind);
struct sl_ast_alter_action *sl_build_added_column(SL_PARSE, struct sl_ast_column *column,
                                                  struct sl_build_place place);
struct sl_ast_alter_action *sl_build_modify(struct sl_ast_alter_action *added);
struct sl_ast_list *sl_build_modify_all(struct sl_ast_list *added);
struct sl_ast_list *sl_build_partitions(struct sl_ast_list *partitions, bool if_exists);
struct sl_ast_list *sl_build_drop_columns(SL_PARSE, struct sl_ast_list *names);
struct sl_ast_alter_action *sl_build_drop_column(SL_PARSE, bool if_exists, struct sl_ast_name *name,
                                                 bool cascade);
struct sl_ast_alter_action *sl_build_alter_column(SL_PARSE, enum sl_ast_alter_kind kind,
                                                  struct sl_ast_name *name,
                                                  struct sl_ast_type *type);
struct sl_ast_alter_action *sl_build_rename(SL_PARSE, enum sl_ast_alter_kind kind,
                                            struct sl_ast_name *name, struct sl_ast_name *new_name);
struct sl_ast_alter_action *sl_build_alter_query(SL_PARSE, struct sl_ast_query *query);
struct sl_ast_alter_action *sl_build_alter_class(SL_PARSE, SL_TOKEN text, SL_TOKEN language);
struct sl_ast *sl_build_alter_table(SL_PARSE, enum sl_ast_object object, bool if_exists,
                                    struct sl_ast_name *name, struct sl_ast_list *actions);
struct sl_ast *sl_build_alter_object(SL_PARSE, enum sl_ast_object object, bool if_exists,
                                     struct sl_ast_name *name, struct sl_ast_alter_action *action,
                                     bool temporary, bool system);

/* ---- build_object.c: other CREATE, DROP, GRANT ---- */

struct sl_ast *sl_build_create_catalog(SL_PARSE, const struct sl_build_create *create,
                                       bool if_not_exists, struct sl_ast_name *name,
                                       SL_TOKEN comment, struct sl_ast_options options);
struct sl_ast *sl_build_create_database(SL_PARSE, const struct sl_build_create *create,
                                        bool if_not_exists, struct sl_ast_name *name,
                                        SL_TOKEN comment, struct sl_ast_options options);
struct sl_ast *sl_build_create_connection(SL_PARSE, const struct sl_build_create *create,
                                          bool if_not_exists, struct sl_ast_name *name,
                                          SL_TOKEN comment, struct sl_ast_options options);
struct sl_ast *sl_build_create_view(SL_PARSE, const struct sl_build_create *create,
                                    bool if_not_exists, struct sl_ast_name *name,
                                    struct sl_ast_list *columns, SL_TOKEN comment,
                                    struct sl_ast_query *query);
struct sl_ast_create_function *
sl_build_create_function(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                         struct sl_ast_name *name, SL_TOKEN class_name);
struct sl_ast_parameter *sl_build_function_parameter(SL_PARSE, SL_TOKEN name,
                                                     struct sl_ast_type *type);
struct sl_ast_create_function *
sl_build_sql_function(SL_PARSE, const struct sl_build_create *create, bool if_not_exists,
                      struct sl_ast_name *name, struct sl_ast_list *parameters,
                      struct sl_ast_type *returns);
struct sl_ast_create_function *
sl_build_function_body(SL_PARSE, struct sl_ast_create_function *function, SL_TOKEN body);
struct sl_ast_create_function *sl_build_function_return(SL_PARSE,
                                                        struct sl_ast_create_function *function,
                                                        struct sl_ast_expr *body);
struct sl_ast_create_function *
sl_build_function_word(SL_PARSE, struct sl_ast_create_function *function, SL_TOKEN word);
struct sl_ast_create_function *
sl_build_function_language(SL_PARSE, struct sl_ast_create_function *function, SL_TOKEN language);
struct sl_ast_create_model *sl_build_create_model(SL_PARSE, const struct sl_build_create *create,
                                                  bool if_not_exists, struct sl_ast_name *name);
struct sl_ast *sl_build_create_model_as(SL_PARSE, struct sl_ast_create_model *model,
                                        struct sl_ast_query *query);
struct sl_ast_create_materialized *
sl_build_materialized(SL_PARSE, const struct sl_build_create *create, enum sl_ast_object object,
                      bool if_not_exists, struct sl_ast_name *name,
                      struct sl_ast_table_schema *schema);
struct sl_ast_create_materialized *
sl_build_materialized_as(SL_PARSE, struct sl_ast_create_materialized *materialized,
                         struct sl_ast_query *query);
struct sl_ast_create_materialized *
sl_build_start_mode(SL_PARSE, struct sl_ast_create_materialized *materialized, SL_TOKEN word,
                    struct sl_ast_expr *argument);
struct sl_ast *sl_build_create_secret(SL_PARSE, const struct sl_build_create *create,
                                      bool if_not_exists, struct sl_ast_name *name,
                                      struct sl_ast_options options, SL_TOKEN value);
/* `create` NULL: ALTER. */
struct sl_ast *sl_build_create_role(SL_PARSE, const struct sl_build_create *create, bool user,
                                    bool if_not_exists, struct sl_ast_name *name,
                                    struct sl_ast_list *options);
struct sl_ast *sl_build_drop(SL_PARSE, enum sl_ast_object object, bool if_exists,
                             struct sl_ast_list *names, bool cascade, bool temporary, bool system);
struct sl_ast_grant *sl_build_grant_object(SL_PARSE, enum sl_ast_object object,
                                           struct sl_ast_list *names, bool all_in_schema);
struct sl_ast *sl_build_grant(SL_PARSE, bool revoke, struct sl_ast_list *privileges,
                              struct sl_ast_grant *grant, struct sl_ast_list *grantees,
                              bool grant_option);

/* ---- build_utility.c: EXPLAIN, DESCRIBE, SHOW, jobs, plans ---- */

struct sl_ast_explain *sl_build_explain_details(SL_PARSE, const struct sl_ast_list *words);
struct sl_ast_explain *sl_build_explain_options(SL_PARSE, const struct sl_ast_list *options);
struct sl_ast *sl_build_explain(SL_PARSE, struct sl_ast_explain *explain, struct sl_ast *statement);
struct sl_ast *sl_build_explain_file(SL_PARSE, SL_TOKEN path);
struct sl_ast *sl_build_describe(SL_PARSE, enum sl_ast_object object, bool extended,
                                 struct sl_ast_name *name);
struct sl_ast *sl_build_describe_job(SL_PARSE, SL_TOKEN job);
struct sl_ast_show *sl_build_show(SL_PARSE, enum sl_ast_show_kind show, struct sl_ast_name *name,
                                  struct sl_ast_name *scope, const struct sl_build_like *like);
struct sl_ast_show *sl_build_show_job(SL_PARSE, enum sl_ast_show_kind show, SL_TOKEN job);
/* `setting` NULL: what is written. */
struct sl_ast_show *sl_build_show_setting(SL_PARSE, SL_TOKEN first, const char *setting);
struct sl_build_like *sl_build_show_like(SL_PARSE, enum sl_ast_like_form form, SL_TOKEN pattern,
                                         bool negated);
struct sl_ast *sl_build_plan(SL_PARSE, enum sl_ast_plan_kind kind, SL_TOKEN path,
                             bool if_not_exists, struct sl_ast *statement);
struct sl_ast *sl_build_job(SL_PARSE, enum sl_ast_kind kind, SL_TOKEN job);
struct sl_ast *sl_build_stop_job(SL_PARSE, SL_TOKEN job, int options);
struct sl_ast *sl_build_resume_duplicates(SL_PARSE, SL_TOKEN job);
struct sl_ast *sl_build_savepoint(SL_PARSE, SL_TOKEN job, SL_TOKEN directory);
struct sl_ast *sl_build_alter_job_query(SL_PARSE, SL_TOKEN job, struct sl_ast *statement);
struct sl_ast *sl_build_alter_job(SL_PARSE, SL_TOKEN job, struct sl_ast_options options,
                                  bool reset);
struct sl_ast_analyze *sl_build_analyze_columns(SL_PARSE, struct sl_ast_list *columns,
                                                bool all_columns);
/* `columns` NULL: PostgreSQL's ANALYZE. */
struct sl_ast *sl_build_analyze(SL_PARSE, struct sl_ast_name *name, struct sl_ast_options partition,
                                struct sl_ast_analyze *columns);

/* ---- build_session.c: settings, modules, transactions, cursors, prepared statements ---- */

/* `values` NULL: DEFAULT; `name` NULL too: bare SET. */
struct sl_ast *sl_build_set(SL_PARSE, enum sl_ast_set_scope scope, SL_TOKEN name,
                            struct sl_ast_list *values);
struct sl_ast *sl_build_set_named(SL_PARSE, enum sl_ast_set_scope scope, SL_TOKEN at,
                                  const char *name, struct sl_build_value *value);
struct sl_ast *sl_build_reset(SL_PARSE, SL_TOKEN name);
struct sl_ast *sl_build_reset_named(SL_PARSE, SL_TOKEN at, const char *name);
struct sl_ast *sl_build_use(SL_PARSE, enum sl_ast_use_kind use, struct sl_ast_name *name,
                            struct sl_ast_list *modules);
struct sl_ast *sl_build_module(SL_PARSE, bool unload, SL_TOKEN name, struct sl_ast_options options);
struct sl_ast *sl_build_jar(SL_PARSE, bool remove, SL_TOKEN path);
struct sl_ast *sl_build_call_statement(SL_PARSE, struct sl_ast_expr *call);

struct sl_ast_transaction *sl_build_mode(SL_PARSE, enum sl_ast_isolation isolation,
                                         enum sl_ast_said read_only, enum sl_ast_said deferrable);
struct sl_ast_transaction *sl_build_modes(struct sl_ast_transaction *modes,
                                          const struct sl_ast_transaction *mode);
struct sl_ast *sl_build_transaction(SL_PARSE, enum sl_ast_transaction_action action,
                                    struct sl_ast_transaction *modes, SL_TOKEN name);
struct sl_ast *sl_build_transaction_end(SL_PARSE, enum sl_ast_transaction_action action,
                                        bool chain);

struct sl_ast *sl_build_declare(SL_PARSE, SL_TOKEN name, int options, bool hold,
                                struct sl_ast_query *query);
struct sl_ast_fetch *sl_build_fetch(SL_PARSE, enum sl_ast_fetch_direction direction, int64_t count,
                                    SL_TOKEN cursor);
struct sl_ast *sl_build_fetch_done(SL_PARSE, struct sl_ast_fetch *fetch, bool move,
                                   struct sl_ast_options options);
struct sl_ast *sl_build_close(SL_PARSE, SL_TOKEN cursor);
struct sl_ast *sl_build_prepare(SL_PARSE, SL_TOKEN name, struct sl_ast_list *types,
                                struct sl_ast *statement);
struct sl_ast *sl_build_execute(SL_PARSE, SL_TOKEN name, struct sl_ast_list *args);
struct sl_ast *sl_build_deallocate(SL_PARSE, SL_TOKEN name);
struct sl_ast *sl_build_discard(SL_PARSE, enum sl_ast_discard_kind discard);
struct sl_ast *sl_build_discard_word(SL_PARSE, SL_TOKEN word);
struct sl_ast *sl_build_listen(SL_PARSE, enum sl_ast_listen_kind listen, SL_TOKEN channel,
                               SL_TOKEN payload);

#endif
