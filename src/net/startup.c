/* The start of a connection: SSL and GSS requests, cancel requests, the startup message, trust.
 *
 *     accept ─▶ first packet ─▶ SSLRequest, GSSENCRequest: "N", once each ─▶ first packet
 *                    │────────▶ CancelRequest: act, close without a byte
 *                    └────────▶ startup message ─▶ session_open ─▶ R S… K Z ─▶ messages.c
 *
 * Whatever else comes first is closed silently: it is no Postgres client. */
#include "net/connection.h"

#include <endian.h>
#include <stdio.h>
#include <strings.h>

enum {
    STARTUP_BYTES_MAX = 10000,
    STARTUP_PARAMETERS_MAX = 256,
    REQUEST_CANCEL = 80877102,
    REQUEST_SSL = 80877103,
    REQUEST_GSS = 80877104,
    PROTOCOL_3_0 = 196608,
};

/* The first packet has no type: its length and code. */
static int
startup_read_packet(struct sl_net_connection *connection, uint32_t *ret_code,
                    struct sl_text *ret_body, struct sl_error *err)
{
    uint32_t length, code;
    int rc = net_fill(connection, 8, connection->config->startup_timeout_us, err);

    if (rc != SL_OK)
        return rc;
    memcpy(&length, connection->input.data + connection->input_at, 4);
    length = be32toh(length);
    if (length < 8 || length > STARTUP_BYTES_MAX + 4)
        return SL_EOF;
    rc = net_fill(connection, length, connection->config->startup_timeout_us, err);
    if (rc != SL_OK)
        return rc;
    memcpy(&code, connection->input.data + connection->input_at + 4, 4);
    *ret_code = be32toh(code);
    *ret_body =
        (struct sl_text){connection->input.data + connection->input_at + 8, length - 8};
    connection->input_at += length;
    return SL_OK;
}

static int
startup_refuse_encryption(struct sl_net_connection *connection, struct sl_error *err)
{
    sl_buffer_add_byte(&connection->output, 'N');
    return sl_net_flush(connection, err);
}

static void
startup_cancel(struct sl_net_connection *connection, struct sl_text body)
{
    struct net_cursor cursor = {body.start, body.start + body.length, false};
    uint32_t process_id = net_read_u32(&cursor), key = net_read_u32(&cursor);

    if (!cursor.bad)
        net_cancel(connection->server, process_id, key);
}

/* Answers a newer minor version, and options of the protocol that are unknown. */
static void
startup_negotiate(struct sl_net_connection *connection, uint32_t code,
                  const char *const *unknown, size_t unknown_count)
{
    if (code == PROTOCOL_3_0 && unknown_count == 0)
        return;
    net_begin(connection, 'v');
    sl_buffer_add_u32(&connection->output, PROTOCOL_3_0);
    sl_buffer_add_u32(&connection->output, (uint32_t)unknown_count);
    for (size_t i = 0; i < unknown_count; i++)
        sl_buffer_add(&connection->output, unknown[i], strlen(unknown[i]) + 1);
    net_end(connection);
}

static int
startup_open_session(struct sl_net_connection *connection, uint32_t code, struct sl_text body,
                     struct sl_error *err)
{
    struct net_cursor cursor = {body.start, body.start + body.length, false};
    const char *names[STARTUP_PARAMETERS_MAX], *values[STARTUP_PARAMETERS_MAX];
    const char *unknown[STARTUP_PARAMETERS_MAX];
    struct sl_net_startup startup = {.user = "", .names = names, .values = values};
    size_t unknown_count = 0;

    for (;;) {
        const char *name = net_read_string(&cursor), *value;

        if (cursor.bad)
            return SL_ERROR(err, SL_E_PROTOCOL_VIOLATION,
                            "invalid startup packet layout: expected terminator as last byte");
        if (name[0] == '\0')
            break;
        value = net_read_string(&cursor);
        if (startup.count == STARTUP_PARAMETERS_MAX || unknown_count == STARTUP_PARAMETERS_MAX)
            return SL_ERROR(err, SL_E_PROTOCOL_VIOLATION, "too many startup parameters");
        if (strcasecmp(name, "user") == 0) {
            startup.user = value;
        } else if (strcasecmp(name, "database") == 0) {
            startup.database = value;
        } else if (strncmp(name, "_pq_.", 5) == 0) {
            unknown[unknown_count++] = name;
        } else {
            names[startup.count] = name;
            values[startup.count++] = value;
        }
    }
    startup_negotiate(connection, code, unknown, unknown_count);
    if (startup.user[0] == '\0')
        return SL_ERROR(err, SL_E_INVALID_AUTHORIZATION,
                        "no PostgreSQL user name specified in startup packet");
    if (!startup.database || !startup.database[0])
        startup.database = startup.user;
    /* Trust: the server listens on loopback and its Unix socket only. */
    net_begin(connection, 'R');
    sl_buffer_add_u32(&connection->output, 0);
    net_end(connection);
    SL_TRY(connection->config->ops->session_open(connection->config->arg, connection, &startup,
                                                 &connection->session, err));
    net_begin(connection, 'K');
    sl_buffer_add_u32(&connection->output, connection->process_id);
    sl_buffer_add_u32(&connection->output, connection->cancel_key);
    net_end(connection);
    return SL_OK;
}

int
net_start(struct sl_net_connection *connection, struct sl_error *err)
{
    bool asked_ssl = false, asked_gss = false;

    for (;;) {
        uint32_t code;
        struct sl_text body;
        int rc = startup_read_packet(connection, &code, &body, err);

        if (rc != SL_OK)
            return SL_EOF;
        if ((code == REQUEST_SSL && !asked_ssl) || (code == REQUEST_GSS && !asked_gss)) {
            asked_ssl |= code == REQUEST_SSL;
            asked_gss |= code == REQUEST_GSS;
            /* Bytes sent ahead of the answer could be somebody else's (CVE-2021-23214). */
            if (connection->input.length != connection->input_at)
                return SL_EOF;
            SL_TRY(startup_refuse_encryption(connection, err));
            continue;
        }
        if (code == REQUEST_CANCEL) {
            startup_cancel(connection, body);
            return SL_EOF;
        }
        if (code >> 16 != PROTOCOL_3_0 >> 16)
            return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                            "unsupported frontend protocol %u.%u: server supports 3.0 to 3.0",
                            code >> 16, code & 0xffff);
        return startup_open_session(connection, code, body, err);
    }
}
