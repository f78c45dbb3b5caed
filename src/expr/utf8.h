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

/* The character at `at`, and its bytes; *ret_size is then that of what is no UTF-8, one byte or the
 * longest beginning of a character (Unicode's "maximal subpart"), and the result -1. */
static inline int32_t
sl_utf8_read(const char *at, const char *end, size_t *ret_size)
{
    const unsigned char *bytes = (const unsigned char *)at;
    size_t left = (size_t)(end - at), wanted = 0, size = 1;
    unsigned char low = 0x80, high = 0xbf;
    int32_t character = bytes[0];

    *ret_size = 1;
    if (bytes[0] < 0x80)
        return character;
    if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf)
        wanted = 2;
    else if (bytes[0] >= 0xe0 && bytes[0] <= 0xef)
        wanted = 3;
    else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4)
        wanted = 4;
    else
        return -1;
    low = bytes[0] == 0xe0 ? 0xa0 : bytes[0] == 0xf0 ? 0x90 : low;
    high = bytes[0] == 0xed ? 0x9f : bytes[0] == 0xf4 ? 0x8f : high;
    character = bytes[0] & (0xff >> (wanted + 1));
    for (; size < wanted && size < left && bytes[size] >= low && bytes[size] <= high; size++) {
        character = character << 6 | (bytes[size] & 0x3f);
        low = 0x80;
        high = 0xbf;
    }
    *ret_size = size;
    return size == wanted ? character : -1;
}

/* Writes a character, at most 4 bytes; returns how many. */
static inline size_t
sl_utf8_write(int32_t character, char *to)
{
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        to[0] = (char)(0xc0 | character >> 6);
        to[1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        to[0] = (char)(0xe0 | character >> 12);
        to[1] = (char)(0x80 | (character >> 6 & 0x3f));
        to[2] = (char)(0x80 | (character & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | character >> 18);
    to[1] = (char)(0x80 | (character >> 12 & 0x3f));
    to[2] = (char)(0x80 | (character >> 6 & 0x3f));
    to[3] = (char)(0x80 | (character & 0x3f));
    return 4;
}

static inline bool
sl_utf8_is_valid(const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    size_t size;

    if (sl_utf8_is_ascii(text, length))
        return true;
    for (; at < end; at += size) {
        if (sl_utf8_read(at, end, &size) < 0)
            return false;
    }
    return true;
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
    for (uint64_t word; index >= sizeof(word) && (size_t)(end - at) >= sizeof(word);) {
        memcpy(&word, at, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
        at += sizeof(word);
        index -= sizeof(word);
    }
    while (index > 0 && at < end) {
        at++;
        while (at < end && ((unsigned char)*at & 0xc0) == 0x80)
            at++;
        index--;
    }
    return at;
}

#endif
