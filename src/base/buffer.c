/* A growing byte buffer: see buffer.h. */
#include "base/buffer.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

void
sl_buffer_init(struct sl_buffer *buffer, size_t limit)
{
    *buffer = (struct sl_buffer){.limit = limit};
}

void
sl_buffer_done(struct sl_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct sl_buffer){.limit = buffer->limit};
}

void
sl_buffer_reset(struct sl_buffer *buffer)
{
    buffer->length = 0;
}

char *
sl_buffer_reserve(struct sl_buffer *buffer, size_t size)
{
    if (buffer->capacity - buffer->length <= size) {
        size_t capacity = SL_MAX(buffer->capacity * 2, (size_t)64);

        SL_ASSERT(size <= buffer->limit && buffer->length <= buffer->limit - size);
        capacity = SL_MAX(capacity, buffer->length + size + 1);
        buffer->data = sl_realloc(buffer->data, capacity);
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->length;
}

void
sl_buffer_add(struct sl_buffer *buffer, const void *bytes, size_t size)
{
    char *to = sl_buffer_reserve(buffer, size);

    if (size)
        memcpy(to, bytes, size);
    to[size] = '\0';
    buffer->length += size;
}

void
sl_buffer_add_byte(struct sl_buffer *buffer, char byte)
{
    char *to = sl_buffer_reserve(buffer, 1);

    to[0] = byte;
    to[1] = '\0';
    buffer->length++;
}

void
sl_buffer_add_string(struct sl_buffer *buffer, const char *string)
{
    sl_buffer_add(buffer, string, strlen(string));
}

void
sl_buffer_add_text(struct sl_buffer *buffer, struct sl_text text)
{
    sl_buffer_add(buffer, text.start, text.length);
}

void
sl_buffer_printf(struct sl_buffer *buffer, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    SL_ASSERT(length >= 0);
    sl_buffer_reserve(buffer, (size_t)length + 1);
    va_start(args, format);
    vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, args);
    va_end(args);
    buffer->length += (size_t)length;
}

void
sl_buffer_add_u16(struct sl_buffer *buffer, uint16_t value)
{
    value = htobe16(value);
    sl_buffer_add(buffer, &value, sizeof(value));
}

void
sl_buffer_add_u32(struct sl_buffer *buffer, uint32_t value)
{
    value = htobe32(value);
    sl_buffer_add(buffer, &value, sizeof(value));
}

void
sl_buffer_add_u64(struct sl_buffer *buffer, uint64_t value)
{
    value = htobe64(value);
    sl_buffer_add(buffer, &value, sizeof(value));
}

void
sl_buffer_set_u32(struct sl_buffer *buffer, size_t offset, uint32_t value)
{
    SL_ASSERT(offset + sizeof(value) <= buffer->length);
    value = htobe32(value);
    memcpy(buffer->data + offset, &value, sizeof(value));
}

void
sl_buffer_consume(struct sl_buffer *buffer, size_t size)
{
    SL_ASSERT(size <= buffer->length);
    buffer->length -= size;
    if (buffer->length)
        memmove(buffer->data, buffer->data + size, buffer->length);
}

struct sl_text
sl_buffer_text(const struct sl_buffer *buffer)
{
    return (struct sl_text){buffer->data, buffer->length};
}
