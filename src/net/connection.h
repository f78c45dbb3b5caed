/* Private to net/: a connection and its buffers. */
#ifndef SL_NET_CONNECTION_H
#define SL_NET_CONNECTION_H

#include "net/net.h"

#include <pthread.h>
#include <stdatomic.h>

enum { NET_FLUSH_BYTES = 64 * 1024, NET_STOP_CHECK_MS = 100 };

struct sl_net_connection {
    struct sl_net_server *server;
    const struct sl_net_config *config;
    int fd;
    pthread_t thread;
    uint32_t process_id;
    uint32_t cancel_key;
    _Atomic bool cancelled;  /* the running statement */
    _Atomic bool stopping;   /* the server ends */
    _Atomic bool done;       /* the thread can be joined */
    int cancel_fd;           /* eventfd behind the two flags above */
    bool broken;             /* the client is gone */
    bool skipping;           /* until Sync, after an error */
    bool ending;             /* the next error is the last word: FATAL */
    struct sl_buffer input;
    size_t input_at;         /* read so far */
    struct sl_buffer output;
    size_t message_start;    /* in output, of the message that is being written */
    const struct sl_zone *zone;
    struct sl_buffer sql;    /* of the running statement, for positions */
    void *session;
    struct sl_net_connection *next;
};

/* One message, its body until the next read. */
struct net_message {
    char type;
    struct sl_text body;
};

/* A checked cursor over a message body; `bad` is sticky. */
struct net_cursor {
    const char *at, *end;
    bool bad;
};
uint8_t net_read_u8(struct net_cursor *cursor);
uint16_t net_read_u16(struct net_cursor *cursor);
uint32_t net_read_u32(struct net_cursor *cursor);
const char *net_read_string(struct net_cursor *cursor); /* "" when bad */
struct sl_text net_read_bytes(struct net_cursor *cursor, size_t size);

/* io.c.  SL_EOF: the client closed.  54000: a message was too large and is passed over; its type is in
 * ret_message. */
int net_read_message(struct sl_net_connection *connection, struct net_message *ret_message,
                     struct sl_error *err);
/* At least `size` bytes from input_at on, within the time (-1: for ever). */
int net_fill(struct sl_net_connection *connection, size_t size, int64_t timeout_us,
             struct sl_error *err);
void net_begin(struct sl_net_connection *connection, char type);
void net_end(struct sl_net_connection *connection);
void net_ready(struct sl_net_connection *connection, char status);

/* startup.c: SL_OK: ready for messages; SL_EOF: nothing more to do. */
int net_start(struct sl_net_connection *connection, struct sl_error *err);
/* messages.c */
void net_serve(struct sl_net_connection *connection);
/* server.c */
void net_cancel(struct sl_net_server *server, uint32_t process_id, uint32_t cancel_key);

#endif
