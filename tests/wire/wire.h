/* The tests of the Postgres protocol: a server of their own, libpq, and raw messages.
 *
 * A raw connection writes what it receives as a line of text, which a test compares as a whole:
 *
 *     1 2 3 n s I c     ParseComplete BindComplete CloseComplete NoData PortalSuspended
 *                       EmptyQueryResponse CopyDone
 *     t:23,25           ParameterDescription, oids
 *     T:a/23,b/25       RowDescription, names and oids
 *     D:1|x|~           DataRow; ~ is NULL, bytes that do not print are {hex}
 *     C:SELECT 1        CommandComplete
 *     E:42601           ErrorResponse; its other fields stay in the connection
 *     G:2 H:2           CopyInResponse, CopyOutResponse: columns
 *     d:1\n             CopyData
 *     v:0.0             NegotiateProtocolVersion: minor version and number of refused options
 *     Z:I               ReadyForQuery
 *     EOF               the server closed
 *
 * Notices, ParameterStatus, BackendKeyData and authentication are left out. */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct wire_server {
    char directory[64];
    pid_t pid;
    int port;
};

extern struct wire_server wire_server;

/* Starts a server in a new directory, or again in the one there is; `args` are more arguments, up
 * to NULL. */
bool wire_server_start(const char *binary, bool again, const char *const *args);
/* The milliseconds that it took; -1: it had to be killed or ended badly. */
int wire_server_stop(void);
/* Its directory, once it has been stopped. */
void wire_server_remove(void);
/* What a start that must fail in that directory says. */
const char *wire_server_refusal(const char *binary, const char *directory, const char *const *args);
PGconn *wire_connect(void);

struct wire {
    int fd;
    uint8_t out[1 << 16];
    size_t out_length, message_start;
    uint8_t in[1 << 20];
    size_t in_length, in_at;
    char replies[1 << 16];
    char sqlstate[6], severity[16], message[512], hint[256], position[16];
    uint32_t process_id, cancel_key;
};

/* --- raw.c --- */
struct wire *wire_open_socket(void);
/* With the startup message sent and answered. */
struct wire *wire_open(void);
void wire_close_socket(struct wire *wire);

void wire_begin(struct wire *wire, char type); /* '\0': none, as in the first message */
void wire_u8(struct wire *wire, unsigned value);
void wire_u16(struct wire *wire, unsigned value);
void wire_u32(struct wire *wire, uint32_t value);
void wire_u64(struct wire *wire, uint64_t value);
void wire_bytes(struct wire *wire, const void *bytes, size_t size);
void wire_string(struct wire *wire, const char *string);
void wire_end(struct wire *wire);
void wire_send(struct wire *wire); /* what was collected */

void wire_query(struct wire *wire, const char *sql);
void wire_parse(struct wire *wire, const char *name, const char *sql);
/* Texts, parted by |, ~ is NULL; NULL: no parameters. */
void wire_bind(struct wire *wire, const char *portal, const char *statement, const char *params,
               int result_format);
void wire_describe(struct wire *wire, char kind, const char *name);
void wire_execute(struct wire *wire, const char *portal, unsigned row_max);
void wire_close(struct wire *wire, char kind, const char *name);
void wire_sync(struct wire *wire);
void wire_flush(struct wire *wire);
void wire_copy_data(struct wire *wire, const char *bytes, size_t size);
void wire_copy_done(struct wire *wire);
void wire_startup(struct wire *wire, uint32_t version, const char *const *parameters);
void wire_cancel(const struct wire *wire);

/* Sends, and reads until `last` has come `count` times, or the connection ended. */
const char *wire_replies(struct wire *wire, char last, int count);

/* --- main.c --- */
void wire_check(bool passed, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void wire_check_text(const char *got, const char *expected, const char *file, int line);
#define CHECK(condition) wire_check(condition, __FILE__, __LINE__, "%s", #condition)
#define CHECK_TEXT(got, expected) wire_check_text(got, expected, __FILE__, __LINE__)
int64_t wire_now_ms(void);

void wire_test_startup(void);
void wire_test_extended(void);
void wire_test_types(void);
void wire_test_transactions(void);
void wire_test_cancel(void);
void wire_test_copy(void);
void wire_test_libpq(void);
void wire_test_sessions(void);
void wire_test_server(const char *binary); /* with servers of its own */

#endif
