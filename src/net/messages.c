/* The loop over a client's messages.
 *
 *              ┌─────────────── Query ─────────────────┐
 *              ▼                                       │
 *     ready (Z) ─▶ Parse Bind Describe Execute Close ──┼─ ok ─▶ replies, buffered
 *              ▲                                       └─ error ─▶ E, skipping
 *              └─────────────── Sync ◀─────────────────── skipping: all else is dropped
 *
 * 1. ReadyForQuery answers Query and Sync, and nothing else.
 * 2. An error in the extended protocol skips everything, Query too, until Sync.
 * 3. CopyData, CopyDone and CopyFail outside a COPY are leftovers of one that failed: dropped. */
#include "net/connection.h"

enum { MESSAGE_PARAMS_MAX = 65535 };

static int
message_bad(struct sl_error *err)
{
    return SL_ERROR(err, SL_E_PROTOCOL_VIOLATION, "invalid message format");
}

static int
message_parse(struct sl_net_connection *connection, struct net_cursor *cursor,
              struct sl_arena *arena, struct sl_error *err)
{
    const char *name = net_read_string(cursor), *sql = net_read_string(cursor);
    size_t count = net_read_u16(cursor);
    uint32_t *oids = SL_NEW_ARRAY(arena, uint32_t, count + 1);

    for (size_t i = 0; i < count; i++)
        oids[i] = net_read_u32(cursor);
    if (cursor->bad)
        return message_bad(err);
    sl_net_set_sql(connection, sl_text_of(sql));
    SL_TRY(connection->config->ops->parse(connection->session, name, sl_text_of(sql), oids, count,
                                          err));
    sl_net_parse_complete(connection);
    return SL_OK;
}

static int16_t *
message_formats(struct net_cursor *cursor, struct sl_arena *arena, size_t *ret_count)
{
    size_t count = net_read_u16(cursor);
    int16_t *formats = SL_NEW_ARRAY(arena, int16_t, count + 1);

    for (size_t i = 0; i < count; i++)
        formats[i] = (int16_t)net_read_u16(cursor);
    *ret_count = count;
    return formats;
}

static int
message_check_formats(const int16_t *formats, size_t count, struct sl_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (formats[i] != 0 && formats[i] != 1)
            return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "unsupported format code: %d",
                            formats[i]);
    return SL_OK;
}

static int
message_bind(struct sl_net_connection *connection, struct net_cursor *cursor,
             struct sl_arena *arena, struct sl_error *err)
{
    struct sl_net_bind bind = {.portal = net_read_string(cursor)};
    struct sl_text *params;

    bind.statement = net_read_string(cursor);
    bind.param_formats = message_formats(cursor, arena, &bind.param_format_count);
    bind.param_count = net_read_u16(cursor);
    params = SL_NEW_ARRAY(arena, struct sl_text, bind.param_count + 1);
    for (size_t i = 0; i < bind.param_count; i++) {
        uint32_t length = net_read_u32(cursor);

        if (length != UINT32_MAX) {
            params[i] = net_read_bytes(cursor, length);
            if (!params[i].start)
                cursor->bad = true;
        }
    }
    bind.params = params;
    bind.result_formats = message_formats(cursor, arena, &bind.result_format_count);
    if (cursor->bad)
        return message_bad(err);
    SL_TRY(message_check_formats(bind.param_formats, bind.param_format_count, err));
    SL_TRY(message_check_formats(bind.result_formats, bind.result_format_count, err));
    SL_TRY(connection->config->ops->bind(connection->session, &bind, err));
    sl_net_bind_complete(connection);
    return SL_OK;
}

static int
message_describe(struct sl_net_connection *connection, struct net_cursor *cursor,
                 struct sl_error *err)
{
    char kind = (char)net_read_u8(cursor);
    const char *name = net_read_string(cursor);

    if (cursor->bad || (kind != 'S' && kind != 'P'))
        return message_bad(err);
    return kind == 'S'
               ? connection->config->ops->describe_statement(connection->session, name, err)
               : connection->config->ops->describe_portal(connection->session, name, err);
}

static int
message_execute(struct sl_net_connection *connection, struct net_cursor *cursor,
                struct sl_error *err)
{
    const char *portal = net_read_string(cursor);
    uint32_t row_max = net_read_u32(cursor);

    if (cursor->bad)
        return message_bad(err);
    return connection->config->ops->execute(connection->session, portal,
                                            row_max > INT32_MAX ? 0 : row_max, err);
}

static int
message_close(struct sl_net_connection *connection, struct net_cursor *cursor,
              struct sl_error *err)
{
    char kind = (char)net_read_u8(cursor);
    const char *name = net_read_string(cursor);

    if (cursor->bad || (kind != 'S' && kind != 'P'))
        return message_bad(err);
    if (kind == 'S')
        connection->config->ops->close_statement(connection->session, name);
    else
        connection->config->ops->close_portal(connection->session, name);
    sl_net_close_complete(connection);
    return SL_OK;
}

/* An error on the way to the client; the transaction block, if there is one, has failed. */
static void
message_fail(struct sl_net_connection *connection, struct sl_error *err)
{
    sl_net_error(connection, err, sl_buffer_text(&connection->sql));
    connection->config->ops->failed(connection->session);
}

static void
message_query(struct sl_net_connection *connection, struct net_cursor *cursor)
{
    const struct sl_net_ops *ops = connection->config->ops;
    struct sl_text sql = sl_text_of(net_read_string(cursor));
    struct sl_error err;
    int rc;

    sl_error_reset(&err);
    sl_net_set_sql(connection, sql);
    rc = cursor->bad ? message_bad(&err) : ops->query(connection->session, sql, &err);
    if (rc < 0)
        message_fail(connection, &err);
    net_ready(connection, ops->transaction_status(connection->session));
}

static void
message_sync(struct sl_net_connection *connection)
{
    const struct sl_net_ops *ops = connection->config->ops;
    struct sl_error err;

    connection->skipping = false;
    sl_error_reset(&err);
    if (ops->sync(connection->session, &err) < 0)
        message_fail(connection, &err);
    net_ready(connection, ops->transaction_status(connection->session));
}

/* Parse … Close. */
static void
message_extended(struct sl_net_connection *connection, const struct net_message *message)
{
    struct net_cursor cursor = {message->body.start, message->body.start + message->body.length,
                                false};
    struct sl_arena arena;
    struct sl_error err;
    int rc;

    sl_arena_init(&arena);
    sl_error_reset(&err);
    switch (message->type) {
    case 'P':
        rc = message_parse(connection, &cursor, &arena, &err);
        break;
    case 'B':
        rc = message_bind(connection, &cursor, &arena, &err);
        break;
    case 'D':
        rc = message_describe(connection, &cursor, &err);
        break;
    case 'E':
        rc = message_execute(connection, &cursor, &err);
        break;
    default:
        rc = message_close(connection, &cursor, &err);
    }
    if (rc < 0) {
        message_fail(connection, &err);
        connection->skipping = true;
    }
    sl_arena_done(&arena);
}

static void
message_function_call(struct sl_net_connection *connection)
{
    struct sl_error err;

    SL_ERROR(&err, SL_E_NOT_SUPPORTED, "function call messages are not supported");
    message_fail(connection, &err);
    net_ready(connection, connection->config->ops->transaction_status(connection->session));
}

/* False: the connection ends. */
static bool
message_handle(struct sl_net_connection *connection, const struct net_message *message)
{
    struct net_cursor cursor = {message->body.start, message->body.start + message->body.length,
                                false};
    struct sl_error err;

    switch (message->type) {
    case 'X':
        return false;
    case 'S':
        message_sync(connection);
        return true;
    case 'H':
        return sl_net_flush(connection, &err) == SL_OK;
    case 'd':
    case 'c':
    case 'f':
        return true;
    }
    if (connection->skipping)
        return true;
    switch (message->type) {
    case 'Q':
        message_query(connection, &cursor);
        return true;
    case 'P':
    case 'B':
    case 'D':
    case 'E':
    case 'C':
        message_extended(connection, message);
        return true;
    case 'F':
        message_function_call(connection);
        return true;
    default:
        SL_ERROR(&err, SL_E_PROTOCOL_VIOLATION, "invalid frontend message type %d",
                 (unsigned char)message->type);
        connection->ending = true;
        sl_net_error(connection, &err, (struct sl_text){0});
        return false;
    }
}

/* A message too large to be read: its error, in the place of its answer. */
static void
message_too_large(struct sl_net_connection *connection, char type, struct sl_error *err)
{
    if (connection->skipping)
        return;
    sl_net_set_sql(connection, (struct sl_text){0});
    message_fail(connection, err);
    if (type == 'Q' || type == 'F')
        net_ready(connection, connection->config->ops->transaction_status(connection->session));
    else
        connection->skipping = true;
}

void
net_serve(struct sl_net_connection *connection)
{
    struct net_message message;
    struct sl_error err;
    int rc;

    sl_error_reset(&err);
    net_ready(connection, 'I');
    while (!connection->broken && !connection->ending) {
        rc = net_read_message(connection, &message, &err);
        if (rc < 0 && err.code == SL_E_QUERY_CANCELED)
            continue; /* a cancel that came late */
        if (rc < 0 && err.code == SL_E_LIMIT_EXCEEDED) {
            message_too_large(connection, message.type, &err);
            continue;
        }
        if (rc < 0 && !connection->broken) {
            connection->ending = true;
            sl_net_error(connection, &err, (struct sl_text){0});
        }
        if (rc != SL_OK || !message_handle(connection, &message))
            break;
    }
    if (!connection->broken && sl_net_flush(connection, &err) < 0)
        connection->broken = true;
}
