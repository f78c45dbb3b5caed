/* Inside expr: stepping through UTF-8.  Bytes that are no UTF-8 count as characters of one byte. */
#ifndef SL_EXPR_UTF8_H
#define SL_EXPR_UTF8_H

#include "base/base.h"

static inline size_t
sl_utf8_size(const char *at, const char *end)
{
    unsigned char byte = (unsigned char)*at;
    size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;

    return byte >= 0x80 && byte < 0xc0 ? 1 : SL_MIN(size, (size_t)(end - at));
}

static inline bool
sl_utf8_is_ascii(const char *text, size_t length)
{
    uint64_t high = 0, word;
    size_t i = 0;

    for (; i + sizeof(word) <= length; i += sizeof(word)) {
        memcpy(&word, text + i, sizeof(word));
        high |= word;
    }
    for (; i < length; i++)
        high |= (uint64_t)(unsigned char)text[i];
    return (high & UINT64_C(0x8080808080808080)) == 0;
}

/* The number of characters. */
static inline size_t
sl_utf8_count(const char *text, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* Where character `index` begins; the end when there are fewer. */
static inline const char *
sl_utf8_skip(const char *at, const char *end, size_t index)
{
    while (index > 0 && at < end) {
        at++;
        while (at < end && ((unsigned char)*at & 0xc0) == 0x80)
            at++;
        index--;
    }
    return at;
}

#endif
