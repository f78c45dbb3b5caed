/* JSON_QUOTE and JSON_UNQUOTE: a text and the JSON string that stands for it. */
#include "expr/kernels.h"
#include "expr/utf8.h"

#include <ctype.h>
#include <stdio.h>

static const char quote_letters[] = "\"\\/bfnrt", quote_characters[] = "\"\\/\b\f\n\r\t";

/* One character, ASCII only; returns at most 12 bytes. */
static size_t
quote_character(int32_t character, char *to)
{
    const char *found =
        character > 0 && character < 0x80 ? strchr(quote_characters, character) : NULL;

    if (found) {
        to[0] = '\\';
        to[1] = quote_letters[found - quote_characters];
        return 2;
    }
    if (character >= ' ' && character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    if (character < 0x10000)
        return (size_t)snprintf(to, 13, "\\u%04x", (unsigned)character & 0xffff);
    character -= 0x10000;
    return (size_t)snprintf(to, 13, "\\u%04x\\u%04x", 0xd800U | (unsigned)character >> 10,
                            0xdc00U | ((unsigned)character & 0x3ff));
}

void
sl_kernel_json_quote(struct sl_call *call)
{
    struct sl_heap_writer writer;
    struct sl_buffer buffer;

    sl_call_heap(call, &writer);
    sl_buffer_init(&buffer, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        const char *at = text.start, *end = text.start + text.length;
        size_t taken;

        sl_buffer_reset(&buffer);
        sl_buffer_add_byte(&buffer, '"');
        for (; at < end; at += taken) {
            int32_t character = sl_utf8_read(at, end, &taken);
            char *to = sl_buffer_reserve(&buffer, 13);

            buffer.length += quote_character(character < 0 ? 0xfffd : character, to);
        }
        sl_buffer_add_byte(&buffer, '"');
        sl_call_put_text(call, &writer, row, buffer.data, buffer.length);
    }
    sl_buffer_done(&buffer);
}

/* The four digits at `at`, or -1. */
static int32_t
quote_unit(const char *at, const char *end)
{
    int32_t unit = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];

        if (!isxdigit((unsigned char)c))
            return -1;
        unit = unit << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return unit;
}

/* \uXXXX, *at being at its first digit and then behind its last; two that belong together make one
 * character, half of one is a question mark.  -1: no digits. */
static int32_t
quote_read_units(const char **at, const char *end)
{
    int32_t first = quote_unit(*at, end), second = -1;

    if (first < 0)
        return -1;
    *at += 4;
    if (first < 0xd800 || first > 0xdfff)
        return first;
    if (first < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u')
        second = quote_unit(*at + 2, end);
    if (second < 0xdc00 || second > 0xdfff)
        return '?';
    *at += 6;
    return 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
}

/* What stands between the quotes; false: no JSON string. */
static bool
quote_undo(struct sl_text text, char *to, size_t *ret_size)
{
    const char *at = text.start, *end = text.start + text.length;
    size_t size = 0;

    while (at < end) {
        const char *found;
        int32_t character;

        if ((unsigned char)*at < ' ' || *at == '"')
            return false;
        if (*at != '\\') {
            to[size++] = *at++;
            continue;
        }
        if (++at == end)
            return false;
        if (*at == 'u') {
            at++;
            character = quote_read_units(&at, end);
            if (character < 0)
                return false;
            size += sl_utf8_write(character, to + size);
            continue;
        }
        found = memchr(quote_letters, *at++, sizeof(quote_letters) - 1);
        if (found == NULL)
            return false;
        to[size++] = quote_characters[found - quote_letters];
    }
    *ret_size = size;
    return true;
}

/* What is no JSON string stays as it is. */
void
sl_kernel_json_unquote(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row), inside = {text.start + 1, 0};
        size_t size = text.length;
        char *to = sl_call_begin_text(call, &writer, row, text.length);
        bool is_quoted = size >= 2 && text.start[0] == '"' && text.start[size - 1] == '"';

        if (to == NULL)
            continue;
        inside.length = is_quoted ? size - 2 : 0;
        if (!is_quoted || !quote_undo(inside, to, &size)) {
            size = text.length;
            memcpy(to, text.start, size);
        }
        sl_call_end_text(call, &writer, row, to, size);
    }
}
