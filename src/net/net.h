/* The Postgres wire protocol, version 3: bytes ↔ requests, through a small table of calls.
 *
 * Each connection has a thread of its own, on which all calls of sl_net_ops are made.  What a call
 * has to say to the client it says through the connection (sl_net_* below); replies are buffered
 * and go out at the protocol's flush points, when the buffer is large, and before the thread waits.
 */
#ifndef SL_NET_NET_H
#define SL_NET_NET_H

#include "base/buffer.h"
#include "base/env.h"
#include "data/batch.h"
#include "data/value.h"

struct sl_net_server;
struct sl_net_connection;

/* What the client said at its start: user, database, application_name and settings. */
struct sl_net_startup {
    const char *user, *database;
    const char *const *names; /* the other parameters */
    const char *const *values;
    size_t count;
};

struct sl_net_bind {
    const char *portal, *statement;
    const int16_t *param_formats; /* 0, 1 or param_count of them */
    size_t param_format_count;
    const struct sl_text *params; /* start NULL: NULL */
    size_t param_count;
    const int16_t *result_formats;
    size_t result_format_count;
};

/* All calls are on the connection's thread but `cancel`.  A negative return: the error is sent, and
 * in the extended protocol everything up to Sync is skipped; ops->failed follows. */
struct sl_net_ops {
    int (*session_open)(void *arg, struct sl_net_connection *connection,
                        const struct sl_net_startup *startup, void **ret_session,
                        struct sl_error *err);
    void (*session_close)(void *session);
    /* A simple query: all its statements, with their replies but ReadyForQuery. */
    int (*query)(void *session, struct sl_text sql, struct sl_error *err);
    int (*parse)(void *session, const char *name, struct sl_text sql, const uint32_t *type_oids,
                 size_t type_count, struct sl_error *err);
    int (*bind)(void *session, const struct sl_net_bind *bind, struct sl_error *err);
    int (*describe_statement)(void *session, const char *name, struct sl_error *err);
    int (*describe_portal)(void *session, const char *name, struct sl_error *err);
    /* row_max 0: all. */
    int (*execute)(void *session, const char *portal, uint32_t row_max, struct sl_error *err);
    void (*close_statement)(void *session, const char *name);
    void (*close_portal)(void *session, const char *name);
    int (*sync)(void *session, struct sl_error *err); /* the implicit transaction ends */
    void (*failed)(void *session); /* an error was sent: an open transaction block has failed */
    char (*transaction_status)(void *session); /* I, T or E */
};

struct sl_net_config {
    const char *host; /* a loopback address */
    uint16_t port;    /* 0: any free one */
    const char *socket_directory;
    uint32_t connection_max;
    uint32_t message_bytes_max;
    int64_t startup_timeout_us;
    struct sl_env *env;
    const struct sl_net_ops *ops;
    void *arg;
};

/* Listens on host:port and DIR/.s.PGSQL.<port>, and begins to accept. */
int sl_net_server_new(const struct sl_net_config *config, struct sl_net_server **ret_server,
                      struct sl_error *err);
uint16_t sl_net_server_port(const struct sl_net_server *server);
/* Ends all connections (57P01) and waits for their threads. */
void sl_net_server_free(struct sl_net_server *server);

/* --- replies --- */

struct sl_net_column {
    const char *name;
    const struct sl_type *type;
    int16_t format; /* 0 text, 1 binary */
};

void sl_net_row_description(struct sl_net_connection *connection,
                            const struct sl_net_column *columns, size_t count);
void sl_net_parameter_description(struct sl_net_connection *connection, const uint32_t *oids,
                                  size_t count);
void sl_net_no_data(struct sl_net_connection *connection);
/* Live rows [from, from + count) of a batch; columns beyond the batch's are not there. */
void sl_net_data_rows(struct sl_net_connection *connection, const struct sl_net_column *columns,
                      const struct sl_batch *batch, size_t from, size_t count);
/* The same with the row's kind ("+I") as a first column. */
void sl_net_data_rows_with_kind(struct sl_net_connection *connection,
                                const struct sl_net_column *columns, const struct sl_batch *batch,
                                size_t from, size_t count);
/* One row of texts, NULL entries are NULL (SHOW, EXPLAIN). */
void sl_net_data_row_text(struct sl_net_connection *connection, const char *const *values,
                          size_t count);
void sl_net_command_complete(struct sl_net_connection *connection, const char *tag);
void sl_net_empty_query(struct sl_net_connection *connection);
void sl_net_portal_suspended(struct sl_net_connection *connection);
void sl_net_parse_complete(struct sl_net_connection *connection);
void sl_net_bind_complete(struct sl_net_connection *connection);
void sl_net_close_complete(struct sl_net_connection *connection);
/* `sql`: the statement that err->offset points into, for the caret; may be empty. */
void sl_net_error(struct sl_net_connection *connection, const struct sl_error *err,
                  struct sl_text sql);
void sl_net_notice(struct sl_net_connection *connection, const char *severity, const char *sqlstate,
                   const char *text, const char *hint);
void sl_net_parameter_status(struct sl_net_connection *connection, const char *name,
                             const char *value);
/* The text that later errors' offsets refer to; copied. */
void sl_net_set_sql(struct sl_net_connection *connection, struct sl_text sql);
void sl_net_set_zone(struct sl_net_connection *connection, const struct sl_zone *zone);

/* COPY: text format in both directions. */
void sl_net_copy_out_begin(struct sl_net_connection *connection, size_t column_count);
void sl_net_copy_data(struct sl_net_connection *connection, struct sl_text bytes);
void sl_net_copy_out_end(struct sl_net_connection *connection);
void sl_net_copy_in_begin(struct sl_net_connection *connection, size_t column_count);
/* The next bytes from the client, until the next call; SL_EOF: it said that it is done.  57014: it
 * gave up; 08xxx: it is gone. */
int sl_net_copy_in_read(struct sl_net_connection *connection, struct sl_text *ret_bytes,
                        struct sl_error *err);

/* Sends what is buffered; 08006 when the client is gone. */
int sl_net_flush(struct sl_net_connection *connection, struct sl_error *err);
/* Flushes, then waits until fd is readable (-1: none) or the time is over (SL_AGAIN; -1: for ever).
 * 57014: cancelled; 08006: the client is gone. */
int sl_net_wait(struct sl_net_connection *connection, int fd, int64_t timeout_us,
                struct sl_error *err);
/* Raises 57014 if the running statement was cancelled, 08006 if the client is gone. */
int sl_net_check(struct sl_net_connection *connection, struct sl_error *err);
bool sl_net_is_cancelled(void *connection); /* the same as a predicate, for the runtime's waits */
uint32_t sl_net_process_id(const struct sl_net_connection *connection);

/* --- types on the wire --- */

uint32_t sl_net_oid_of(const struct sl_type *type);
/* The type a client means by an oid; NULL: unknown to us (0 and 705 too: to be inferred). */
const struct sl_type *sl_net_type_of(uint32_t oid);
/* 22021 where the text is not UTF-8 or holds a NUL. */
int sl_net_check_utf8(struct sl_text text, struct sl_error *err);
/* A parameter's bytes as a value of this type. */
int sl_net_decode(struct sl_arena *arena, const struct sl_type *type, int16_t format,
                  struct sl_text bytes, const struct sl_zone *zone, struct sl_value *ret_value,
                  struct sl_error *err);
/* Appends the binary form of one cell that is not NULL; 0A000 for types that have none here. */
bool sl_net_has_binary(const struct sl_type *type);
void sl_net_encode_binary(const struct sl_column *column, size_t row, struct sl_buffer *to);

#endif
