/* Listening, accepting, one thread a connection, cancel requests, the end. */
#include "net/connection.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SERVER_BACKLOG = 128, SERVER_STACK_BYTES = 8 << 20 };

struct sl_net_server {
    struct sl_net_config config;
    int listen_fds[2]; /* TCP, Unix */
    int stop_fd;
    uint16_t port;
    char socket_path[108];
    pthread_t thread;
    pthread_mutex_t mutex;
    struct sl_net_connection *connections;
    uint32_t connection_count;
    uint32_t next_process_id;
};

uint16_t
sl_net_server_port(const struct sl_net_server *server)
{
    return server->port;
}

/* --- listening --- */

static int
server_listen_tcp(struct sl_net_server *server, struct sl_error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->config.port)};
    socklen_t size = sizeof(address);
    const char *host = server->config.host;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    server->listen_fds[0] = fd;
    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
                  &address.sin_addr) != 1)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "--host does not take \"%s\"", host);
    if (ntohl(address.sin_addr.s_addr) >> 24 != 127) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "the server listens on loopback addresses only, not on %s", host);
        return sl_error_hint(err, "without passwords every client is trusted; use 127.0.0.1");
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, SERVER_BACKLOG) < 0) {
        SL_ERROR(err, SL_E_CONNECTION, "cannot listen on %s port %u: %s", host,
                 server->config.port, strerror(errno));
        return sl_error_hint(err, "name another port with --port, or 0 for any free one");
    }
    getsockname(fd, (struct sockaddr *)&address, &size);
    server->port = ntohs(address.sin_port);
    return SL_OK;
}

static int
server_listen_unix(struct sl_net_server *server, struct sl_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), length;

    length = snprintf(server->socket_path, sizeof(server->socket_path), "%s/.s.PGSQL.%u",
                      server->config.socket_directory, server->port);
    if (length >= (int)sizeof(server->socket_path)) {
        /* The kernel's limit on the path: TCP still works. */
        sl_log(SL_LOG_WARN, "no Unix socket: its path is longer than 107 bytes", NULL);
        server->socket_path[0] = '\0';
        close(fd);
        return SL_OK;
    }
    server->listen_fds[1] = fd;
    memcpy(address.sun_path, server->socket_path, sizeof(address.sun_path));
    unlink(server->socket_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        chmod(server->socket_path, 0700) < 0 || listen(fd, SERVER_BACKLOG) < 0)
        return SL_ERROR(err, SL_E_CONNECTION, "cannot listen on %s: %s", server->socket_path,
                        strerror(errno));
    return SL_OK;
}

/* --- connections --- */

static void
connection_free(struct sl_net_connection *connection)
{
    sl_buffer_done(&connection->input);
    sl_buffer_done(&connection->output);
    sl_buffer_done(&connection->sql);
    close(connection->fd);
    close(connection->cancel_fd);
    free(connection);
}

static void *
connection_main(void *arg)
{
    struct sl_net_connection *connection = arg;
    struct sl_error err;
    int rc;

    pthread_setname_np(pthread_self(), "session");
    sl_error_reset(&err);
    rc = net_start(connection, &err);
    if (rc < 0) {
        connection->ending = true;
        sl_net_error(connection, &err, (struct sl_text){0});
        if (sl_net_flush(connection, &err) < 0)
            connection->broken = true;
    } else if (rc == SL_OK) {
        net_serve(connection);
    }
    if (connection->session)
        connection->config->ops->session_close(connection->session);
    shutdown(connection->fd, SHUT_RDWR);
    atomic_store(&connection->done, true);
    return NULL;
}

/* Joins threads that have ended; with the mutex held. */
static void
server_reap(struct sl_net_server *server)
{
    struct sl_net_connection **at = &server->connections;

    while (*at) {
        struct sl_net_connection *connection = *at;

        if (!atomic_load(&connection->done)) {
            at = &connection->next;
            continue;
        }
        pthread_join(connection->thread, NULL);
        *at = connection->next;
        server->connection_count--;
        connection_free(connection);
    }
}

static void
server_refuse(struct sl_net_connection *connection)
{
    struct sl_error err;

    SL_ERROR(&err, SL_E_TOO_MANY_CONNECTIONS, "sorry, too many clients already");
    sl_net_error(connection, &err, (struct sl_text){0});
    if (sl_net_flush(connection, &err) < 0)
        connection->broken = true;
    connection_free(connection);
}

static void
server_add(struct sl_net_server *server, int fd)
{
    struct sl_net_connection *connection = sl_alloc_zeroed(sizeof(*connection));
    int one = 1;
    pthread_attr_t attributes;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* fails on a Unix socket */
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    connection->server = server;
    connection->config = &server->config;
    connection->fd = fd;
    connection->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    connection->cancel_key = (uint32_t)server->config.env->ops->random(server->config.env);
    sl_buffer_init(&connection->input, SIZE_MAX / 2);
    sl_buffer_init(&connection->output, SIZE_MAX / 2);
    sl_buffer_init(&connection->sql, SIZE_MAX / 2);
    pthread_mutex_lock(&server->mutex);
    server_reap(server);
    if (server->connection_count >= server->config.connection_max) {
        pthread_mutex_unlock(&server->mutex);
        server_refuse(connection);
        return;
    }
    connection->process_id = ++server->next_process_id;
    connection->next = server->connections;
    server->connections = connection;
    server->connection_count++;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SERVER_STACK_BYTES);
    SL_ASSERT(pthread_create(&connection->thread, &attributes, connection_main, connection) == 0);
    pthread_attr_destroy(&attributes);
    pthread_mutex_unlock(&server->mutex);
}

static void *
server_main(void *arg)
{
    struct sl_net_server *server = arg;

    pthread_setname_np(pthread_self(), "accept");
    for (;;) {
        struct pollfd items[3] = {{.fd = server->stop_fd, .events = POLLIN},
                                  {.fd = server->listen_fds[0], .events = POLLIN},
                                  {.fd = server->listen_fds[1], .events = POLLIN}};

        if (poll(items, 3, -1) < 0 && errno != EINTR)
            break;
        if (items[0].revents)
            break;
        for (size_t i = 1; i < 3; i++) {
            int fd = items[i].revents ? accept4(items[i].fd, NULL, NULL, SOCK_CLOEXEC) : -1;

            if (fd >= 0)
                server_add(server, fd);
        }
    }
    return NULL;
}

/* Sets a flag of a connection and wakes whatever waits on it. */
static void
server_signal(struct sl_net_connection *connection, _Atomic bool *flag)
{
    uint64_t one = 1;

    atomic_store(flag, true);
    if (write(connection->cancel_fd, &one, sizeof(one)) < 0)
        sl_log(SL_LOG_WARN, "a connection was not woken", NULL);
}

void
net_cancel(struct sl_net_server *server, uint32_t process_id, uint32_t cancel_key)
{
    pthread_mutex_lock(&server->mutex);
    for (struct sl_net_connection *at = server->connections; at; at = at->next)
        if (at->process_id == process_id && at->cancel_key == cancel_key)
            server_signal(at, &at->cancelled);
    pthread_mutex_unlock(&server->mutex);
}

/* --- the server --- */

int
sl_net_server_new(const struct sl_net_config *config, struct sl_net_server **ret_server,
                  struct sl_error *err)
{
    struct sl_net_server *server = sl_alloc_zeroed(sizeof(*server));
    int rc;

    server->config = *config;
    server->listen_fds[0] = server->listen_fds[1] = -1;
    server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&server->mutex, NULL);
    rc = server_listen_tcp(server, err);
    if (rc == SL_OK)
        rc = server_listen_unix(server, err);
    if (rc < 0) {
        for (size_t i = 0; i < 2; i++)
            if (server->listen_fds[i] >= 0)
                close(server->listen_fds[i]);
        close(server->stop_fd);
        free(server);
        return rc;
    }
    SL_ASSERT(pthread_create(&server->thread, NULL, server_main, server) == 0);
    *ret_server = server;
    return SL_OK;
}

void
sl_net_server_free(struct sl_net_server *server)
{
    uint64_t one = 1;

    SL_ASSERT(write(server->stop_fd, &one, sizeof(one)) == sizeof(one));
    pthread_join(server->thread, NULL);
    for (struct sl_net_connection *at = server->connections; at; at = at->next) {
        server_signal(at, &at->stopping);
        shutdown(at->fd, SHUT_RD);
    }
    while (server->connections) {
        struct sl_net_connection *connection = server->connections;

        server->connections = connection->next;
        pthread_join(connection->thread, NULL);
        connection_free(connection);
    }
    for (size_t i = 0; i < 2; i++)
        if (server->listen_fds[i] >= 0)
            close(server->listen_fds[i]);
    if (server->socket_path[0])
        unlink(server->socket_path);
    close(server->stop_fd);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}
