/* A growing byte buffer with a limit. */
#ifndef SL_BASE_BUFFER_H
#define SL_BASE_BUFFER_H

#include "base/base.h"

#include <stdarg.h>

/* Ends the process when it would grow past `limit`: the one who takes bytes from outside checks
 * their number first.  `data` is always terminated by a NUL that `length` does not count, once
 * something was added. */
struct sl_buffer {
    char *data;
    size_t length, capacity, limit;
};

void sl_buffer_init(struct sl_buffer *buffer, size_t limit);
void sl_buffer_done(struct sl_buffer *buffer);
void sl_buffer_reset(struct sl_buffer *buffer); /* empty, keeps the memory */
/* Room for `size` more bytes; returns where they begin.  Then add to length what was written. */
char *sl_buffer_reserve(struct sl_buffer *buffer, size_t size);
void sl_buffer_add(struct sl_buffer *buffer, const void *bytes, size_t size);
void sl_buffer_add_byte(struct sl_buffer *buffer, char byte);
void sl_buffer_add_string(struct sl_buffer *buffer, const char *string);
void sl_buffer_add_text(struct sl_buffer *buffer, struct sl_text text);
void sl_buffer_printf(struct sl_buffer *buffer, const char *format, ...) SL_PRINTF(2, 3);
/* Big-endian integers. */
void sl_buffer_add_u16(struct sl_buffer *buffer, uint16_t value);
void sl_buffer_add_u32(struct sl_buffer *buffer, uint32_t value);
void sl_buffer_add_u64(struct sl_buffer *buffer, uint64_t value);
void sl_buffer_set_u32(struct sl_buffer *buffer, size_t offset, uint32_t value);
/* Drops the first `size` bytes. */
void sl_buffer_consume(struct sl_buffer *buffer, size_t size);
struct sl_text sl_buffer_text(const struct sl_buffer *buffer);

#endif
