/* Raw messages, out and in: see wire.h. */
#include "wire.h"

#include <arpa/inet.h>
#include <endian.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WIRE_TIMEOUT_MS = 15000 };

struct wire *
wire_open_socket(void)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)wire_server.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    wire->fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(wire->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return wire;
}

struct wire *
wire_open(void)
{
    static const char *const parameters[] = {"user", "test", "database", "test", NULL};
    struct wire *wire = wire_open_socket();

    wire_startup(wire, 196608, parameters);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), "Z:I");
    return wire;
}

void
wire_close_socket(struct wire *wire)
{
    close(wire->fd);
    free(wire);
}

/* --- out --- */

void
wire_bytes(struct wire *wire, const void *bytes, size_t size)
{
    memcpy(wire->out + wire->out_length, bytes, size);
    wire->out_length += size;
}

void
wire_u8(struct wire *wire, unsigned value)
{
    uint8_t byte = (uint8_t)value;

    wire_bytes(wire, &byte, 1);
}

void
wire_u16(struct wire *wire, unsigned value)
{
    uint16_t raw = htobe16((uint16_t)value);

    wire_bytes(wire, &raw, 2);
}

void
wire_u32(struct wire *wire, uint32_t value)
{
    uint32_t raw = htobe32(value);

    wire_bytes(wire, &raw, 4);
}

void
wire_u64(struct wire *wire, uint64_t value)
{
    uint64_t raw = htobe64(value);

    wire_bytes(wire, &raw, 8);
}

void
wire_string(struct wire *wire, const char *string)
{
    wire_bytes(wire, string, strlen(string) + 1);
}

void
wire_begin(struct wire *wire, char type)
{
    if (type)
        wire_u8(wire, (unsigned char)type);
    wire->message_start = wire->out_length;
    wire_u32(wire, 0);
}

void
wire_end(struct wire *wire)
{
    uint32_t raw = htobe32((uint32_t)(wire->out_length - wire->message_start));

    memcpy(wire->out + wire->message_start, &raw, 4);
}

void
wire_send(struct wire *wire)
{
    size_t done = 0;

    while (done < wire->out_length) {
        ssize_t n = send(wire->fd, wire->out + done, wire->out_length - done, MSG_NOSIGNAL);

        if (n <= 0)
            break;
        done += (size_t)n;
    }
    wire->out_length = 0;
}

void
wire_query(struct wire *wire, const char *sql)
{
    wire_begin(wire, 'Q');
    wire_string(wire, sql);
    wire_end(wire);
}

void
wire_parse(struct wire *wire, const char *name, const char *sql)
{
    wire_begin(wire, 'P');
    wire_string(wire, name);
    wire_string(wire, sql);
    wire_u16(wire, 0);
    wire_end(wire);
}

void
wire_bind(struct wire *wire, const char *portal, const char *statement, const char *params,
          int result_format)
{
    unsigned count = params != NULL;

    for (const char *at = params; at && *at; at++)
        count += *at == '|';
    wire_begin(wire, 'B');
    wire_string(wire, portal);
    wire_string(wire, statement);
    wire_u16(wire, 0);
    wire_u16(wire, count);
    for (const char *at = params; count > 0; count--) {
        size_t length = strcspn(at, "|");

        if (length == 1 && *at == '~') {
            wire_u32(wire, UINT32_MAX);
        } else {
            wire_u32(wire, (uint32_t)length);
            wire_bytes(wire, at, length);
        }
        at += length + 1;
    }
    wire_u16(wire, 1);
    wire_u16(wire, (unsigned)result_format);
    wire_end(wire);
}

static void
wire_named(struct wire *wire, char type, char kind, const char *name)
{
    wire_begin(wire, type);
    wire_u8(wire, (unsigned char)kind);
    wire_string(wire, name);
    wire_end(wire);
}

void
wire_describe(struct wire *wire, char kind, const char *name)
{
    wire_named(wire, 'D', kind, name);
}

void
wire_close(struct wire *wire, char kind, const char *name)
{
    wire_named(wire, 'C', kind, name);
}

void
wire_execute(struct wire *wire, const char *portal, unsigned row_max)
{
    wire_begin(wire, 'E');
    wire_string(wire, portal);
    wire_u32(wire, row_max);
    wire_end(wire);
}

static void
wire_empty(struct wire *wire, char type)
{
    wire_begin(wire, type);
    wire_end(wire);
}

void
wire_sync(struct wire *wire)
{
    wire_empty(wire, 'S');
}

void
wire_flush(struct wire *wire)
{
    wire_empty(wire, 'H');
}

void
wire_copy_data(struct wire *wire, const char *bytes, size_t size)
{
    wire_begin(wire, 'd');
    wire_bytes(wire, bytes, size);
    wire_end(wire);
}

void
wire_copy_done(struct wire *wire)
{
    wire_empty(wire, 'c');
}

void
wire_startup(struct wire *wire, uint32_t version, const char *const *parameters)
{
    wire_begin(wire, '\0');
    wire_u32(wire, version);
    for (; *parameters; parameters++)
        wire_string(wire, *parameters);
    wire_u8(wire, 0);
    wire_end(wire);
}

/* By a connection of its own; the server answers it with nothing. */
void
wire_cancel(const struct wire *wire)
{
    struct wire *other = wire_open_socket();

    wire_begin(other, '\0');
    wire_u32(other, 80877102);
    wire_u32(other, wire->process_id);
    wire_u32(other, wire->cancel_key);
    wire_end(other);
    CHECK_TEXT(wire_replies(other, 'Z', 1), "EOF");
    wire_close_socket(other);
}

/* --- in --- */

/* False: the connection ended, or nothing came in time. */
static bool
wire_fill(struct wire *wire, size_t size)
{
    if (wire->in_at + size > sizeof(wire->in)) {
        memmove(wire->in, wire->in + wire->in_at, wire->in_length - wire->in_at);
        wire->in_length -= wire->in_at;
        wire->in_at = 0;
    }
    while (wire->in_length - wire->in_at < size) {
        struct pollfd item = {.fd = wire->fd, .events = POLLIN};
        ssize_t n;

        if (poll(&item, 1, WIRE_TIMEOUT_MS) <= 0)
            return false;
        n = recv(wire->fd, wire->in + wire->in_length, sizeof(wire->in) - wire->in_length, 0);
        if (n <= 0)
            return false;
        wire->in_length += (size_t)n;
    }
    return true;
}

struct body {
    const uint8_t *at;
    char *to;
    size_t room;
};

static uint32_t
body_number(struct body *body, size_t size)
{
    uint32_t value = 0;

    while (size-- > 0)
        value = value << 8 | *body->at++;
    return value;
}

static const char *
body_string(struct body *body)
{
    const char *string = (const char *)body->at;

    body->at += strlen(string) + 1;
    return string;
}

static void __attribute__((format(printf, 2, 3)))
body_print(struct body *body, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(body->to, body->room, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < body->room) {
        body->to += n;
        body->room -= (size_t)n;
    }
}

static void
body_bytes(struct body *body, size_t size)
{
    bool prints = true;

    for (size_t i = 0; i < size; i++)
        if (body->at[i] == 0xc3 && i + 1 < size && (body->at[i + 1] & 0xc0) == 0x80)
            i++; /* a letter of Latin 1, the only other ones that the tests have */
        else
            prints &= (body->at[i] >= ' ' && body->at[i] < 127) || body->at[i] == '\n' ||
                      body->at[i] == '\t';
    if (!prints)
        body_print(body, "{");
    for (size_t i = 0; i < size; i++, body->at++)
        if (!prints)
            body_print(body, "%02x", *body->at);
        else if (*body->at == '\n' || *body->at == '\t')
            body_print(body, *body->at == '\n' ? "\\n" : "\\t");
        else
            body_print(body, "%c", *body->at);
    if (!prints)
        body_print(body, "}");
}

static void
body_columns(struct body *body, char type)
{
    uint32_t count = body_number(body, 2);

    body_print(body, "%c:", type);
    for (uint32_t i = 0; i < count; i++) {
        if (type == 'T') {
            body_print(body, "%s%s", i ? "," : "", body_string(body));
            body->at += 6;
            body_print(body, "/%u", body_number(body, 4));
            body->at += 8;
        } else if (type == 't') {
            body_print(body, "%s%u", i ? "," : "", body_number(body, 4));
        } else {
            uint32_t length = body_number(body, 4);

            body_print(body, "%s", i ? "|" : "");
            if (length == UINT32_MAX)
                body_print(body, "~");
            else
                body_bytes(body, length);
        }
    }
}

static void
body_error(struct wire *wire, struct body *body)
{
    wire->hint[0] = wire->position[0] = '\0';
    while (*body->at) {
        char field = (char)body_number(body, 1);
        const char *value = body_string(body);

        if (field == 'V')
            snprintf(wire->severity, sizeof(wire->severity), "%s", value);
        else if (field == 'C')
            snprintf(wire->sqlstate, sizeof(wire->sqlstate), "%s", value);
        else if (field == 'M')
            snprintf(wire->message, sizeof(wire->message), "%s", value);
        else if (field == 'H')
            snprintf(wire->hint, sizeof(wire->hint), "%s", value);
        else if (field == 'P')
            snprintf(wire->position, sizeof(wire->position), "%s", value);
    }
    body_print(body, "E:%s", wire->sqlstate);
}

static void
wire_print(struct wire *wire, char type, size_t size, struct body *body)
{
    switch (type) {
    case 'T':
    case 't':
    case 'D':
        body_columns(body, type);
        break;
    case 'E':
        body_error(wire, body);
        break;
    case 'C':
        body_print(body, "C:%s", body_string(body));
        break;
    case 'Z':
        body_print(body, "Z:%c", *body->at);
        break;
    case 'G':
    case 'H':
        body->at++;
        body_print(body, "%c:%u", type, body_number(body, 2));
        break;
    case 'd':
        body_print(body, "d:");
        body_bytes(body, size);
        break;
    case 'v':
        body->at += 2;
        body_print(body, "v:%u", body_number(body, 2));
        body_print(body, ".%u", body_number(body, 4));
        break;
    default:
        body_print(body, "%c", type);
    }
    body_print(body, " ");
}

const char *
wire_replies(struct wire *wire, char last, int count)
{
    struct body body = {.to = wire->replies, .room = sizeof(wire->replies)};

    wire_send(wire);
    wire->replies[0] = '\0';
    while (count > 0) {
        uint32_t length;
        char type;

        if (!wire_fill(wire, 5)) {
            body_print(&body, "EOF ");
            break;
        }
        type = (char)wire->in[wire->in_at];
        memcpy(&length, wire->in + wire->in_at + 1, 4);
        length = be32toh(length);
        if (!wire_fill(wire, (size_t)length + 1))
            break;
        body.at = wire->in + wire->in_at + 5;
        if (type == 'K') {
            wire->process_id = body_number(&body, 4);
            wire->cancel_key = body_number(&body, 4);
        } else if (!strchr("NSR", type)) {
            wire_print(wire, type, length - 4, &body);
        }
        wire->in_at += (size_t)length + 1;
        count -= type == last;
    }
    if (body.to > wire->replies)
        body.to[-1] = '\0';
    return wire->replies;
}
