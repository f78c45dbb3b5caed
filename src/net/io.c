/* Bytes in and out of a connection, waiting, cancelling. */
#include "net/connection.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* --- reading a body --- */

static const char *
cursor_take(struct net_cursor *cursor, size_t size)
{
    const char *at = cursor->at;

    if (cursor->bad || (size_t)(cursor->end - cursor->at) < size) {
        cursor->bad = true;
        return NULL;
    }
    cursor->at += size;
    return at;
}

uint8_t
net_read_u8(struct net_cursor *cursor)
{
    const char *at = cursor_take(cursor, 1);

    return at ? (uint8_t)*at : 0;
}

uint16_t
net_read_u16(struct net_cursor *cursor)
{
    const char *at = cursor_take(cursor, 2);
    uint16_t value = 0;

    if (at)
        memcpy(&value, at, 2);
    return be16toh(value);
}

uint32_t
net_read_u32(struct net_cursor *cursor)
{
    const char *at = cursor_take(cursor, 4);
    uint32_t value = 0;

    if (at)
        memcpy(&value, at, 4);
    return be32toh(value);
}

const char *
net_read_string(struct net_cursor *cursor)
{
    const char *end =
        cursor->bad ? NULL : memchr(cursor->at, 0, (size_t)(cursor->end - cursor->at));
    const char *at = cursor->at;

    if (!end) {
        cursor->bad = true;
        return "";
    }
    cursor->at = end + 1;
    return at;
}

struct sl_text
net_read_bytes(struct net_cursor *cursor, size_t size)
{
    const char *at = cursor_take(cursor, size);

    return (struct sl_text){at, at ? size : 0};
}

/* --- waiting --- */

static int
net_gone(struct sl_net_connection *connection, struct sl_error *err)
{
    connection->broken = true;
    return SL_ERROR(err, SL_E_CONNECTION_FAILURE, "the client closed the connection");
}

static void
net_drain_cancel_fd(struct sl_net_connection *connection)
{
    uint64_t count;

    if (read(connection->cancel_fd, &count, sizeof(count)) < 0)
        return; /* nothing was signalled */
}

int
sl_net_check(struct sl_net_connection *connection, struct sl_error *err)
{
    if (atomic_load(&connection->stopping))
        return SL_ERROR(err, SL_E_SHUTDOWN,
                        "terminating connection due to administrator command");
    if (atomic_exchange(&connection->cancelled, false)) {
        net_drain_cancel_fd(connection);
        return SL_ERROR(err, SL_E_QUERY_CANCELED, "canceling statement due to user request");
    }
    if (connection->broken)
        return net_gone(connection, err);
    return SL_OK;
}

bool
sl_net_is_cancelled(void *arg)
{
    struct sl_net_connection *connection = arg;
    struct pollfd item = {.fd = connection->fd, .events = POLLRDHUP};

    if (poll(&item, 1, 0) > 0 && (item.revents & (POLLRDHUP | POLLHUP | POLLERR)))
        connection->broken = true;
    return connection->broken || atomic_load(&connection->cancelled) ||
           atomic_load(&connection->stopping);
}

/* Polls the client (for `events`), the cancel flag and fd.  SL_OK: fd or the client's events are
 * there; SL_AGAIN: the time is over. */
static int
net_poll(struct sl_net_connection *connection, short events, int fd, int64_t timeout_us,
         struct sl_error *err)
{
    struct pollfd items[3] = {{.fd = connection->fd, .events = (short)(events | POLLRDHUP)},
                              {.fd = connection->cancel_fd, .events = POLLIN},
                              {.fd = fd, .events = POLLIN}};
    struct timespec timeout = {timeout_us / 1000000, timeout_us % 1000000 * 1000};
    int count = ppoll(items, fd < 0 ? 2 : 3, timeout_us < 0 ? NULL : &timeout, NULL);

    if (count < 0 && errno != EINTR)
        return net_gone(connection, err);
    if (items[1].revents)
        SL_TRY(sl_net_check(connection, err));
    if (events == 0 && (items[0].revents & (POLLRDHUP | POLLHUP | POLLERR)))
        return net_gone(connection, err);
    if (count == 0)
        return SL_AGAIN;
    return items[0].revents || (fd >= 0 && items[2].revents) ? SL_OK : SL_AGAIN;
}

int
sl_net_wait(struct sl_net_connection *connection, int fd, int64_t timeout_us,
            struct sl_error *err)
{
    SL_TRY(sl_net_flush(connection, err));
    SL_TRY(sl_net_check(connection, err));
    return net_poll(connection, 0, fd, timeout_us, err);
}

/* --- input --- */

int
net_fill(struct sl_net_connection *connection, size_t size, int64_t timeout_us,
         struct sl_error *err)
{
    struct sl_buffer *input = &connection->input;

    while (input->length - connection->input_at < size) {
        ssize_t n;
        int rc = net_poll(connection, POLLIN, -1, timeout_us, err);

        if (rc < 0)
            return rc;
        if (rc == SL_AGAIN) {
            if (timeout_us >= 0)
                return SL_ERROR(err, SL_E_CONNECTION_FAILURE, "the client said nothing in time");
            continue;
        }
        if (connection->input_at > 0) {
            sl_buffer_consume(input, connection->input_at);
            connection->input_at = 0;
        }
        n = recv(connection->fd, sl_buffer_reserve(input, SL_MAX(size, (size_t)8192)),
                 SL_MAX(size, (size_t)8192), MSG_DONTWAIT);
        if (n == 0) {
            connection->broken = true;
            return SL_EOF;
        }
        if (n < 0) {
            if (errno == EAGAIN || errno == EINTR)
                continue;
            return net_gone(connection, err);
        }
        input->length += (size_t)n;
    }
    return SL_OK;
}

/* Reads past the rest of a message that is too large, so that the session can go on. */
static int
net_discard(struct sl_net_connection *connection, size_t size, struct sl_error *err)
{
    while (size > 0) {
        size_t have = SL_MIN(connection->input.length - connection->input_at, size);

        connection->input_at += have;
        size -= have;
        if (size > 0) {
            int rc = net_fill(connection, 1, -1, err);

            if (rc != SL_OK)
                return rc;
        }
    }
    return SL_OK;
}

static int
net_check_length(struct sl_net_connection *connection, uint32_t length, struct sl_error *err)
{
    if (length < 4) {
        connection->broken = true;
        return SL_ERROR(err, SL_E_PROTOCOL_VIOLATION, "invalid message length");
    }
    if (length > connection->config->message_bytes_max) {
        int rc = net_discard(connection, (size_t)length + 1, err);

        if (rc != SL_OK)
            return rc;
        return SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                        "a message of %u bytes is larger than the limit of %u bytes", length,
                        connection->config->message_bytes_max);
    }
    return SL_OK;
}

int
net_read_message(struct sl_net_connection *connection, struct net_message *ret_message,
                 struct sl_error *err)
{
    uint32_t length;
    const char *at;
    int rc;

    /* Nothing more from the client is here: what was answered may go. */
    if (connection->input.length - connection->input_at < 5)
        SL_TRY(sl_net_flush(connection, err));
    rc = net_fill(connection, 5, -1, err);
    if (rc != SL_OK)
        return rc;
    at = connection->input.data + connection->input_at;
    memcpy(&length, at + 1, 4);
    length = be32toh(length);
    ret_message->type = at[0];
    rc = net_check_length(connection, length, err);
    if (rc != SL_OK)
        return rc;
    rc = net_fill(connection, (size_t)length + 1, -1, err);
    if (rc != SL_OK)
        return rc;
    at = connection->input.data + connection->input_at;
    *ret_message = (struct net_message){at[0], {at + 5, length - 4}};
    connection->input_at += (size_t)length + 1;
    return SL_OK;
}

/* --- output --- */

/* The client reads slowly: waits, but not beyond the server's end. */
static void
net_wait_writable(struct sl_net_connection *connection)
{
    struct pollfd item = {.fd = connection->fd, .events = POLLOUT};

    while (poll(&item, 1, NET_STOP_CHECK_MS) == 0)
        if (atomic_load(&connection->stopping)) {
            shutdown(connection->fd, SHUT_RDWR);
            return;
        }
}

int
sl_net_flush(struct sl_net_connection *connection, struct sl_error *err)
{
    struct sl_buffer *output = &connection->output;
    size_t done = 0;

    if (connection->broken)
        return net_gone(connection, err);
    while (done < output->length) {
        ssize_t n = send(connection->fd, output->data + done, output->length - done,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            net_wait_writable(connection);
            continue;
        }
        if (n <= 0) {
            sl_buffer_reset(output);
            return net_gone(connection, err);
        }
        done += (size_t)n;
    }
    sl_buffer_reset(output);
    return SL_OK;
}

void
net_begin(struct sl_net_connection *connection, char type)
{
    connection->message_start = connection->output.length;
    sl_buffer_add_byte(&connection->output, type);
    sl_buffer_add_u32(&connection->output, 0);
}

/* A large buffer goes out between two messages; a client that is gone is noticed later. */
void
net_end(struct sl_net_connection *connection)
{
    struct sl_error err;

    sl_buffer_set_u32(&connection->output, connection->message_start + 1,
                      (uint32_t)(connection->output.length - connection->message_start - 1));
    if (connection->output.length >= NET_FLUSH_BYTES && sl_net_flush(connection, &err) < 0)
        sl_buffer_reset(&connection->output);
}
