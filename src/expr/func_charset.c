/* ENCODE and DECODE: character sets, and the formats of PostgreSQL's functions of these names. */
#include "base/base64.h"
#include "expr/kernels.h"
#include "expr/utf8.h"

#include <strings.h>

enum charset {
    CHARSET_ASCII,
    CHARSET_LATIN1,
    CHARSET_UTF8,
    CHARSET_UTF16BE,
    CHARSET_UTF16LE,
    CHARSET_UTF16, /* big-endian; written with a mark in front, read with or without */
    CHARSET_HEX,   /* from here on formats */
    CHARSET_BASE64,
    CHARSET_NONE,
};

static const char *const charset_names[] = {"US-ASCII", "ISO-8859-1", "UTF-8", "UTF-16BE",
                                            "UTF-16LE", "UTF-16",     "HEX",   "BASE64"};

/* Character sets, or formats when `formats`.  None: the row has failed. */
static enum charset
charset_find(struct sl_call *call, size_t row, bool formats)
{
    struct sl_text name = sl_call_text(call, 1, row);
    enum charset first = formats ? CHARSET_HEX : CHARSET_ASCII;
    enum charset end = formats ? CHARSET_NONE : CHARSET_HEX;

    for (enum charset charset = first; charset < end; charset++) {
        if (sl_text_equal_nocase(name, sl_text_of(charset_names[charset])))
            return charset;
    }
    sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE, "%s: \"%s\" is none of %s",
                 call->expr->function->name, sl_call_arg_text(call, 1, row),
                 formats ? "hex, base64"
                         : "US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE, UTF-16");
    return CHARSET_NONE;
}

/* --- to bytes --- */

static size_t
charset_put_unit(uint32_t unit, bool little, char *to)
{
    to[little] = (char)(unit >> 8);
    to[!little] = (char)(unit & 0xff);
    return 2;
}

static size_t
charset_write(enum charset charset, int32_t character, char *to)
{
    bool little = charset == CHARSET_UTF16LE;

    if (charset == CHARSET_ASCII || charset == CHARSET_LATIN1) {
        to[0] = character < (charset == CHARSET_ASCII ? 0x80 : 0x100) ? (char)character : '?';
        return 1;
    }
    if (charset == CHARSET_UTF8)
        return sl_utf8_write(character, to);
    if (character < 0x10000)
        return charset_put_unit((uint32_t)character, little, to);
    character -= 0x10000;
    charset_put_unit(0xd800 | (uint32_t)character >> 10, little, to);
    charset_put_unit(0xdc00 | ((uint32_t)character & 0x3ff), little, to + 2);
    return 4;
}

static size_t
charset_encode(enum charset charset, struct sl_text text, char *to)
{
    const char *at = text.start, *end = text.start + text.length;
    size_t size = 0, taken;

    if (charset == CHARSET_UTF16 && text.length)
        size += charset_put_unit(0xfeff, false, to);
    for (; at < end; at += taken) {
        int32_t character = sl_utf8_read(at, end, &taken);

        size += charset_write(charset, character < 0 ? '?' : character, to + size);
    }
    return size;
}

/* ENCODE(text, charset) -> bytes, ENCODE(bytes, format) -> text. */
void
sl_kernel_encode(struct sl_call *call)
{
    bool formats = sl_type_is_bytes(SL_ARG_TYPE(call, 0)->kind);
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        enum charset charset = charset_find(call, row, formats);
        size_t size = text.length * 2 + 4;
        char *to = charset == CHARSET_NONE ? NULL : sl_call_begin_text(call, &writer, row, size);

        if (to == NULL)
            continue;
        if (charset == CHARSET_HEX) {
            size = text.length * 2;
            sl_hex_encode(text, false, to);
        } else if (charset == CHARSET_BASE64) {
            size = SL_BASE64_ENCODED_SIZE(text.length);
            sl_base64_encode(text, to);
        } else {
            size = charset_encode(charset, text, to);
        }
        sl_call_end_text(call, &writer, row, to, size);
    }
}

/* --- from bytes --- */

static int32_t
charset_unit(struct sl_text bytes, size_t at, bool little)
{
    const unsigned char *pair = (const unsigned char *)bytes.start + at;

    return at + 1 < bytes.length ? pair[little] << 8 | pair[!little] : -1;
}

/* The character at *at; what is none is U+FFFD, as in Java. */
static int32_t
charset_read_utf16(struct sl_text bytes, size_t *at, bool little)
{
    int32_t first = charset_unit(bytes, *at, little), second;

    *at += 2;
    if (first < 0)
        return 0xfffd;
    if (first < 0xd800 || first > 0xdfff)
        return first;
    second = charset_unit(bytes, *at, little);
    if (first > 0xdbff || second < 0xdc00 || second > 0xdfff)
        return 0xfffd;
    *at += 2;
    return 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
}

static size_t
charset_decode(enum charset charset, struct sl_text bytes, char *to)
{
    bool little = charset == CHARSET_UTF16LE;
    size_t size = 0, at = 0, taken;

    if (charset == CHARSET_UTF16) {
        little = charset_unit(bytes, 0, true) == 0xfeff;
        at = little || charset_unit(bytes, 0, false) == 0xfeff ? 2 : 0;
    }
    while (at < bytes.length) {
        const char *next = bytes.start + at;
        int32_t character = (unsigned char)*next;

        if (charset >= CHARSET_UTF16BE) {
            character = charset_read_utf16(bytes, &at, little);
        } else if (charset == CHARSET_UTF8) {
            character = sl_utf8_read(next, bytes.start + bytes.length, &taken);
            at += taken;
        } else {
            at++;
            if (charset == CHARSET_ASCII && character >= 0x80)
                character = -1;
        }
        size += sl_utf8_write(character < 0 ? 0xfffd : character, to + size);
    }
    return size;
}

/* False: not of this format. */
static bool
charset_from_format(enum charset charset, struct sl_text text, char *to, size_t *ret_size)
{
    if (charset == CHARSET_BASE64)
        return sl_base64_decode(text, to, ret_size);
    return text.length % 2 == 0 && sl_hex_decode(text, to, ret_size);
}

/* DECODE(bytes, charset) -> text, DECODE(text, format) -> bytes. */
void
sl_kernel_decode(struct sl_call *call)
{
    bool formats = sl_type_is_text(SL_ARG_TYPE(call, 0)->kind);
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text bytes = sl_call_text(call, 0, row);
        enum charset charset = charset_find(call, row, formats);
        size_t size = bytes.length * 3 + 3;
        char *to = charset == CHARSET_NONE ? NULL : sl_call_begin_text(call, &writer, row, size);

        if (to == NULL)
            continue;
        if (!formats)
            size = charset_decode(charset, bytes, to);
        else if (!charset_from_format(charset, bytes, to, &size)) {
            sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE, "DECODE: \"%s\" is not %s",
                         sl_call_arg_text(call, 0, row), charset_names[charset]);
            continue;
        }
        sl_call_end_text(call, &writer, row, to, size);
    }
}
