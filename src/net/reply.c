/* What the server says: one function a message. */
#include "net/connection.h"

#include "base/log.h"

#include <stdio.h>

static void
reply_empty(struct sl_net_connection *connection, char type)
{
    net_begin(connection, type);
    net_end(connection);
}

void
sl_net_no_data(struct sl_net_connection *connection)
{
    reply_empty(connection, 'n');
}

void
sl_net_empty_query(struct sl_net_connection *connection)
{
    reply_empty(connection, 'I');
}

void
sl_net_portal_suspended(struct sl_net_connection *connection)
{
    reply_empty(connection, 's');
}

void
sl_net_parse_complete(struct sl_net_connection *connection)
{
    reply_empty(connection, '1');
}

void
sl_net_bind_complete(struct sl_net_connection *connection)
{
    reply_empty(connection, '2');
}

void
sl_net_close_complete(struct sl_net_connection *connection)
{
    reply_empty(connection, '3');
}

void
net_ready(struct sl_net_connection *connection, char status)
{
    if (connection->ending)
        return;
    net_begin(connection, 'Z');
    sl_buffer_add_byte(&connection->output, status);
    net_end(connection);
}

static void
reply_string(struct sl_buffer *output, const char *string)
{
    sl_buffer_add(output, string, strlen(string) + 1);
}

/* typlen and typmod as pg_type has them. */
static void
reply_type(struct sl_buffer *output, const struct sl_type *type)
{
    int32_t modifier = -1;
    int16_t length = (int16_t)sl_type_width(type->kind);

    switch (type->kind) {
    case SL_TYPE_DECIMAL:
        modifier = (type->precision << 16 | type->scale) + 4;
        length = -1;
        break;
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
        modifier = type->precision == SL_LENGTH_MAX ? -1 : type->precision + 4;
        length = -1;
        break;
    case SL_TYPE_TINYINT:
        length = 2;
        break;
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
    case SL_TYPE_TIME:
        modifier = type->precision == SL_TIME_PRECISION_MAX ? -1 : type->precision;
        break;
    case SL_TYPE_INTERVAL_DAY:
    case SL_TYPE_INTERVAL_MONTH:
        length = 16;
        break;
    case SL_TYPE_BOOLEAN:
    case SL_TYPE_SMALLINT:
    case SL_TYPE_INT:
    case SL_TYPE_BIGINT:
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
    case SL_TYPE_DATE:
        break;
    default:
        length = -1;
    }
    sl_buffer_add_u32(output, sl_net_oid_of(type));
    sl_buffer_add_u16(output, (uint16_t)length);
    sl_buffer_add_u32(output, (uint32_t)modifier);
}

void
sl_net_row_description(struct sl_net_connection *connection, const struct sl_net_column *columns,
                       size_t count)
{
    net_begin(connection, 'T');
    sl_buffer_add_u16(&connection->output, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        reply_string(&connection->output, columns[i].name);
        sl_buffer_add_u32(&connection->output, 0); /* of no table */
        sl_buffer_add_u16(&connection->output, 0);
        reply_type(&connection->output, columns[i].type);
        sl_buffer_add_u16(&connection->output, (uint16_t)columns[i].format);
    }
    net_end(connection);
}

void
sl_net_parameter_description(struct sl_net_connection *connection,
                             const struct sl_type *const *types, size_t count)
{
    net_begin(connection, 't');
    sl_buffer_add_u16(&connection->output, (uint16_t)count);
    for (size_t i = 0; i < count; i++)
        sl_buffer_add_u32(&connection->output, sl_net_oid_of(types[i]));
    net_end(connection);
}

static void
reply_cell(struct sl_net_connection *connection, const struct sl_net_column *column,
           const struct sl_column *values, size_t row)
{
    struct sl_buffer *output = &connection->output;
    size_t start = output->length;

    if (sl_column_is_null(values, row) || values->type->kind == SL_TYPE_NULL) {
        sl_buffer_add_u32(output, UINT32_MAX);
        return;
    }
    sl_buffer_add_u32(output, 0);
    if (column->format == 1)
        sl_net_encode_binary(values, row, output);
    else
        sl_column_format(values, row, SL_FORM_POSTGRES, connection->zone, output);
    sl_buffer_set_u32(output, start, (uint32_t)(output->length - start - 4));
}

static void
reply_rows(struct sl_net_connection *connection, const struct sl_net_column *columns,
           const struct sl_batch *batch, size_t from, size_t count, bool with_kind)
{
    static const char *const kinds[] = {"+I", "-U", "+U", "-D"};

    for (size_t i = from; i < from + count; i++) {
        size_t row = sl_batch_row(batch, i);

        net_begin(connection, 'D');
        sl_buffer_add_u16(&connection->output, (uint16_t)(batch->column_count + with_kind));
        if (with_kind) {
            sl_buffer_add_u32(&connection->output, 2);
            sl_buffer_add(&connection->output, kinds[sl_batch_kind(batch, row)], 2);
        }
        for (size_t c = 0; c < batch->column_count; c++)
            reply_cell(connection, &columns[c + with_kind], batch->columns[c], row);
        net_end(connection);
    }
}

void
sl_net_data_rows(struct sl_net_connection *connection, const struct sl_net_column *columns,
                 const struct sl_batch *batch, size_t from, size_t count)
{
    reply_rows(connection, columns, batch, from, count, false);
}

void
sl_net_data_rows_with_kind(struct sl_net_connection *connection,
                           const struct sl_net_column *columns, const struct sl_batch *batch,
                           size_t from, size_t count)
{
    reply_rows(connection, columns, batch, from, count, true);
}

void
sl_net_data_row_text(struct sl_net_connection *connection, const char *const *values, size_t count)
{
    net_begin(connection, 'D');
    sl_buffer_add_u16(&connection->output, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        sl_buffer_add_u32(&connection->output,
                          values[i] ? (uint32_t)strlen(values[i]) : UINT32_MAX);
        if (values[i])
            sl_buffer_add_string(&connection->output, values[i]);
    }
    net_end(connection);
}

void
sl_net_command_complete(struct sl_net_connection *connection, const char *tag)
{
    net_begin(connection, 'C');
    reply_string(&connection->output, tag);
    net_end(connection);
}

static void
reply_field(struct sl_buffer *output, char field, const char *value)
{
    if (value[0] == '\0')
        return;
    sl_buffer_add_byte(output, field);
    reply_string(output, value);
}

/* A byte offset into `sql` as the protocol counts: characters, from 1. */
static size_t
reply_position(struct sl_text sql, int offset)
{
    size_t position = 1;

    for (size_t i = 0; i < (size_t)offset && i < sql.length; i++)
        position += ((unsigned char)sql.start[i] & 0xc0) != 0x80;
    return position;
}

static bool
reply_is_fatal(const struct sl_net_connection *connection, int code)
{
    return connection->ending || code == SL_E_SHUTDOWN || code == SL_E_TOO_MANY_CONNECTIONS ||
           code == SL_E_INVALID_AUTHORIZATION || code == SL_E_CANNOT_CONNECT_NOW;
}

void
sl_net_error(struct sl_net_connection *connection, const struct sl_error *err, struct sl_text sql)
{
    struct sl_buffer *output = &connection->output;
    const char *severity = reply_is_fatal(connection, err->code) ? "FATAL" : "ERROR";
    char position[24];

    if (err->code == SL_E_INTERNAL)
        sl_log(SL_LOG_ERROR, "internal error", "text=\"%s\" at=%s:%d", err->text, err->file,
               err->line);
    net_begin(connection, 'E');
    reply_field(output, 'S', severity);
    reply_field(output, 'V', severity);
    reply_field(output, 'C', sl_error_sqlstate(err->code));
    sl_buffer_add_byte(output, 'M');
    reply_string(output, err->text);
    reply_field(output, 'D', err->detail);
    reply_field(output, 'H', err->hint);
    if (err->offset >= 0 && sql.length > 0) {
        snprintf(position, sizeof(position), "%zu", reply_position(sql, err->offset));
        reply_field(output, 'P', position);
    }
    sl_buffer_add_byte(output, 0);
    net_end(connection);
}

void
sl_net_notice(struct sl_net_connection *connection, const char *severity, const char *sqlstate,
              const char *text, const char *hint)
{
    struct sl_buffer *output = &connection->output;

    net_begin(connection, 'N');
    reply_field(output, 'S', severity);
    reply_field(output, 'V', severity);
    reply_field(output, 'C', sqlstate);
    reply_field(output, 'M', text);
    reply_field(output, 'H', hint ? hint : "");
    sl_buffer_add_byte(output, 0);
    net_end(connection);
}

void
sl_net_parameter_status(struct sl_net_connection *connection, const char *name, const char *value)
{
    net_begin(connection, 'S');
    reply_string(&connection->output, name);
    reply_string(&connection->output, value);
    net_end(connection);
}

void
sl_net_set_sql(struct sl_net_connection *connection, struct sl_text sql)
{
    sl_buffer_reset(&connection->sql);
    sl_buffer_add_text(&connection->sql, sql);
}

void
sl_net_set_zone(struct sl_net_connection *connection, const struct sl_zone *zone)
{
    connection->zone = zone;
}

uint32_t
sl_net_process_id(const struct sl_net_connection *connection)
{
    return connection->process_id;
}

/* --- COPY --- */

static void
reply_copy_begin(struct sl_net_connection *connection, char type, size_t column_count)
{
    net_begin(connection, type);
    sl_buffer_add_byte(&connection->output, 0);
    sl_buffer_add_u16(&connection->output, (uint16_t)column_count);
    for (size_t i = 0; i < column_count; i++)
        sl_buffer_add_u16(&connection->output, 0);
    net_end(connection);
}

void
sl_net_copy_out_begin(struct sl_net_connection *connection, size_t column_count)
{
    reply_copy_begin(connection, 'H', column_count);
}

void
sl_net_copy_data(struct sl_net_connection *connection, struct sl_text bytes)
{
    net_begin(connection, 'd');
    sl_buffer_add_text(&connection->output, bytes);
    net_end(connection);
}

void
sl_net_copy_out_end(struct sl_net_connection *connection)
{
    reply_empty(connection, 'c');
}

void
sl_net_copy_in_begin(struct sl_net_connection *connection, size_t column_count)
{
    reply_copy_begin(connection, 'G', column_count);
}

int
sl_net_copy_in_read(struct sl_net_connection *connection, struct sl_text *ret_bytes,
                    struct sl_error *err)
{
    for (;;) {
        struct net_message message;
        int rc;

        SL_TRY(sl_net_flush(connection, err));
        rc = net_read_message(connection, &message, err);
        if (rc == SL_EOF)
            return SL_ERROR(err, SL_E_CONNECTION_FAILURE, "unexpected EOF on client connection "
                                                          "during COPY FROM STDIN");
        if (rc < 0)
            return rc;
        switch (message.type) {
        case 'd':
            *ret_bytes = message.body;
            return SL_OK;
        case 'c':
            return SL_EOF;
        case 'f':
            return SL_ERROR(err, SL_E_QUERY_CANCELED, "COPY from stdin failed: %.*s",
                            (int)message.body.length, message.body.start);
        case 'H':
        case 'S':
            break;
        default:
            connection->ending = true;
            return SL_ERROR(err, SL_E_PROTOCOL_VIOLATION,
                            "unexpected message type 0x%02X during COPY from stdin",
                            (unsigned char)message.type);
        }
    }
}
