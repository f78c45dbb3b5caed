/* What the files of the postgres connector share: postgres_options.c (WITH options and the URL),
 * postgres_client.c (connections, statements, errors), postgres_target.c (the table that is
 * written, and the SQL that writes it), postgres_writer.c (records → statements), postgres_sink.c,
 * postgres_publisher.c; conn_postgres.c and conn_jdbc.c hold the descriptors. */
#ifndef SL_CONNECTOR_POSTGRES_INTERNAL_H
#define SL_CONNECTOR_POSTGRES_INTERNAL_H

#include "connector/connector.h"

#include <libpq-fe.h>

#define SL_PG_ANSWER_US (5 * INT64_C(1000000)) /* how long a server may take to answer a probe */

/* --- postgres_options.c --- */

/* The options of a table, read; strings in the arena. */
struct sl_pg_options {
    const char *hosts, *ports; /* as libpq takes them: with commas */
    const char *database;
    const char *user, *password; /* "" when there is none */
    const char *sslmode;         /* or NULL */
    const char *application;
    const char *search_path; /* or NULL */
    const char *schema;      /* of the table-name, or "" */
    const char *table;
    int64_t timeout_us; /* how long a statement may take */
    int64_t buffer_rows, buffer_us;
    int64_t retries;
    bool waits; /* at least once, or exactly */
    bool exactly_once;
};

#define SL_PG_OPTION_COUNT 14
extern const struct sl_option_spec sl_pg_option_specs[SL_PG_OPTION_COUNT];
int sl_pg_options_read(struct sl_arena *arena, const struct sl_option_list *list,
                       struct sl_pg_options *options, struct sl_error *err);
int sl_pg_check(const struct sl_option_list *list, const struct sl_schema *schema,
                struct sl_error *err);

/* --- postgres_client.c --- */

struct sl_pg_client {
    PGconn *connection; /* NULL: closed */
    const struct sl_pg_options *options;
    int64_t timeout_us;
};

struct sl_pg_params {
    int count;
    const char *const *values;
    const int *lengths, *formats; /* NULL: all are text */
};

/* Connects, and sets what our statements rely on.  08xxx: no answer, or refused for now; 28000 and
 * others: it will not have us. */
int sl_pg_open(struct sl_pg_client *client, const struct sl_pg_options *options, int64_t timeout_us,
               struct sl_error *err);
void sl_pg_close(struct sl_pg_client *client); /* takes one that never opened */
/* One statement; the result is the caller's to clear.  An error that may pass, or of which the
 * outcome is not known, is 08006; what the statement or its rows are to blame for has its own
 * code. `params` may be NULL. */
int sl_pg_query(struct sl_pg_client *client, const char *sql, const struct sl_pg_params *params,
                PGresult **ret_result, struct sl_error *err);
/* The same, without a result; params are text, NULL behind the last. */
int sl_pg_run(struct sl_pg_client *client, const char *sql, const char *const *params,
              struct sl_error *err);

/* --- postgres_target.c --- */

/* The table that is written to, as the server has it; in the arena. */
struct sl_pg_target {
    const char *name;                    /* for messages */
    const char *schema;                  /* quoted */
    const char *insert_sql, *delete_sql; /* without a key there is no delete */
    bool *as_json;                       /* by column: as JSON, not in PostgreSQL's form */
    const struct sl_schema *physical;
    const uint32_t *primary_key;
    size_t primary_key_count;
};

/* Looks the table up and compares it with ours: 42P01, 42703, 42804, 42P10 with hints. */
int sl_pg_target_open(struct sl_pg_client *client, struct sl_arena *arena,
                      struct sl_pg_target *target, struct sl_error *err);
int sl_pg_probe(const struct sl_probe *probe, struct sl_error *err);
/* Appends an identifier in quotes. */
void sl_pg_quote(struct sl_buffer *to, const char *name);

/* --- postgres_writer.c --- */

/* Writes frames of the internal format `row` into the target, with one statement for some thousand
 * rows.  With a key the last row of each decides. */
struct sl_pg_writer;
struct sl_pg_writer *sl_pg_writer_new(const struct sl_pg_target *target);
void sl_pg_writer_free(struct sl_pg_writer *writer); /* NULL does nothing */
/* Within the caller's transaction. */
int sl_pg_write(struct sl_pg_writer *writer, struct sl_pg_client *client,
                const struct sl_records *records, struct sl_error *err);

extern const struct sl_sink_class sl_pg_sink_class;
extern const struct sl_publisher_class sl_pg_publisher_class;

/* What the connector classes are, which differ in their names. */
#define SL_PG_CONNECTOR(name_)                                                                 \
    {                                                                                          \
        .descriptor = {.name = name_,                                                          \
                       .abilities =                                                            \
                           SL_ABILITY_SINK | SL_ABILITY_UPSERT_SINK | SL_ABILITY_EXACTLY_ONCE, \
                       .internal_format = "row",                                               \
                       .options = sl_pg_option_specs,                                          \
                       .option_count = SL_PG_OPTION_COUNT,                                     \
                       .check = sl_pg_check,                                                   \
                       .probe = sl_pg_probe},                                                  \
        .sink = &sl_pg_sink_class, .publisher = &sl_pg_publisher_class,                        \
    }

#endif
