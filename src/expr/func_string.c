/* String functions that make new text: CONCAT, UPPER, LPAD, REPLACE …  Those that only cut are in
 * func_substring.c. */
#include "expr/kernels.h"
#include "expr/utf8.h"

#include <ctype.h>
#include <utf8proc.h>

/* --- CONCAT --- */

void
sl_kernel_concat(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        size_t size = 0, at = 0;
        char *to;

        for (size_t i = 0; i < call->arg_count; i++)
            size += sl_call_text(call, i, row).length;
        to = sl_call_begin_text(call, &writer, row, size);
        if (to == NULL)
            continue;
        for (size_t i = 0; i < call->arg_count; i++) {
            struct sl_text text = sl_call_text(call, i, row);

            memcpy(to + at, text.start, text.length);
            at += text.length;
        }
        sl_call_end_text(call, &writer, row, to, size);
    }
}

/* A NULL separator gives NULL; NULL arguments are left out. */
void
sl_kernel_concat_ws(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text separator = sl_call_text(call, 0, row);
        size_t size = 0, at = 0;
        char *to;

        if (sl_call_arg_is_null(call, 0, row)) {
            sl_call_set_null(call, row);
            continue;
        }
        for (size_t i = 1; i < call->arg_count; i++) {
            if (!sl_call_arg_is_null(call, i, row))
                size += sl_call_text(call, i, row).length + separator.length;
        }
        to = sl_call_begin_text(call, &writer, row, size);
        if (to == NULL)
            continue;
        for (size_t i = 1; i < call->arg_count; i++) {
            struct sl_text text = sl_call_text(call, i, row);

            if (sl_call_arg_is_null(call, i, row))
                continue;
            memcpy(to + at, text.start, text.length);
            memcpy(to + at + text.length, separator.start, separator.length);
            at += text.length + separator.length;
        }
        sl_call_end_text(call, &writer, row, to, at ? at - separator.length : 0);
    }
}

/* --- case --- */

enum string_case { STRING_UPPER, STRING_LOWER, STRING_INITCAP };

static bool
string_is_word(utf8proc_int32_t character)
{
    utf8proc_category_t category;

    if (character < 0x80)
        return isalnum((int)character);
    category = utf8proc_category(character);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

/* Every character in its other case; at most three bytes become four. */
static size_t
string_case_unicode(struct sl_text text, enum string_case wanted, char *to)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text.start;
    utf8proc_ssize_t left = (utf8proc_ssize_t)text.length;
    bool in_word = false;
    size_t size = 0;

    while (left > 0) {
        utf8proc_int32_t character;
        utf8proc_ssize_t taken = utf8proc_iterate(at, left, &character);

        if (taken <= 0) { /* not UTF-8: kept */
            to[size++] = (char)*at++;
            left--;
            continue;
        }
        if (wanted == STRING_UPPER && character == 0xdf) { /* the sharp s has two capitals */
            memcpy(to + size, "SS", 2);
            size += 2;
            at += taken;
            left -= taken;
            continue;
        }
        if (wanted == STRING_UPPER || (wanted == STRING_INITCAP && !in_word))
            character = utf8proc_toupper(character);
        else
            character = utf8proc_tolower(character);
        in_word = string_is_word(character);
        size += (size_t)utf8proc_encode_char(character, (utf8proc_uint8_t *)to + size);
        at += taken;
        left -= taken;
    }
    return size;
}

static void
string_case_ascii(struct sl_text text, enum string_case wanted, char *to)
{
    bool in_word = false;

    if (wanted == STRING_UPPER) {
        for (size_t i = 0; i < text.length; i++) {
            char c = text.start[i];

            to[i] = (char)(c - (c >= 'a' && c <= 'z' ? 32 : 0));
        }
        return;
    }
    for (size_t i = 0; i < text.length; i++) {
        char c = text.start[i];

        to[i] = (char)(c + (c >= 'A' && c <= 'Z' ? 32 : 0));
        if (wanted == STRING_INITCAP) {
            if (!in_word && to[i] >= 'a' && to[i] <= 'z')
                to[i] = (char)(to[i] - 32);
            in_word = isalnum((unsigned char)c);
        }
    }
}

static void
string_change_case(struct sl_call *call, enum string_case wanted)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        bool is_ascii = sl_utf8_is_ascii(text.start, text.length);
        size_t size = text.length;
        char *to = sl_call_begin_text(call, &writer, row, is_ascii ? size : size * 2 + 4);

        if (to == NULL)
            continue;
        if (is_ascii)
            string_case_ascii(text, wanted, to);
        else
            size = string_case_unicode(text, wanted, to);
        sl_call_end_text(call, &writer, row, to, size);
    }
}

void
sl_kernel_upper(struct sl_call *call)
{
    string_change_case(call, STRING_UPPER);
}

void
sl_kernel_lower(struct sl_call *call)
{
    string_change_case(call, STRING_LOWER);
}

void
sl_kernel_initcap(struct sl_call *call)
{
    string_change_case(call, STRING_INITCAP);
}

/* --- padding and repeating --- */

/* `count` characters of the pad, over and over; returns the bytes. */
static size_t
string_fill(struct sl_text pad, size_t count, char *to)
{
    const char *at = pad.start, *end = pad.start + pad.length;
    size_t size = 0;

    for (; count > 0; count--) {
        size_t taken = sl_utf8_size(at, end);

        memcpy(to + size, at, taken);
        size += taken;
        at += taken;
        if (at == end)
            at = pad.start;
    }
    return size;
}

static void
string_pad(struct sl_call *call, bool left)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        struct sl_text pad = call->arg_count == 3 ? sl_call_text(call, 2, row) : SL_TEXT(" ");
        int32_t wanted = SL_ARG(call, 1, int32_t)[row & call->args[1].mask];
        size_t count = sl_utf8_count(text.start, text.length), missing, size = 0;
        char *to;

        if (wanted < 0 || pad.length == 0) {
            sl_call_set_null(call, row);
            continue;
        }
        if (count >= (size_t)wanted) {
            text.length =
                (size_t)(sl_utf8_skip(text.start, text.start + text.length, (size_t)wanted) -
                         text.start);
            count = (size_t)wanted;
        }
        missing = (size_t)wanted - count;
        to = sl_call_begin_text(call, &writer, row, text.length + missing * 4);
        if (to == NULL)
            continue;
        if (left)
            size = string_fill(pad, missing, to);
        memcpy(to + size, text.start, text.length);
        size += text.length;
        if (!left)
            size += string_fill(pad, missing, to + size);
        sl_call_end_text(call, &writer, row, to, size);
    }
}

void
sl_kernel_lpad(struct sl_call *call)
{
    string_pad(call, true);
}

void
sl_kernel_rpad(struct sl_call *call)
{
    string_pad(call, false);
}

void
sl_kernel_repeat(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        int32_t count = SL_MAX(SL_ARG(call, 1, int32_t)[row & call->args[1].mask], 0);
        size_t size = text.length * (size_t)count;
        char *to = sl_call_begin_text(call, &writer, row, size);

        if (to == NULL)
            continue;
        for (int32_t i = 0; i < count && text.length; i++)
            memcpy(to + (size_t)i * text.length, text.start, text.length);
        sl_call_end_text(call, &writer, row, to, size);
    }
}

void
sl_kernel_reverse(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        const char *at = text.start, *end = text.start + text.length;
        char *to = sl_call_begin_text(call, &writer, row, text.length);

        if (to == NULL)
            continue;
        while (at < end) {
            size_t size = sl_utf8_size(at, end);

            memcpy(to + (end - at) - size, at, size);
            at += size;
        }
        sl_call_end_text(call, &writer, row, to, text.length);
    }
}

/* --- REPLACE --- */

/* Writes the result, or only counts its bytes when `to` is NULL.  An empty search text stands
 * before every character and at the end, as in Java. */
static size_t
string_replace(struct sl_text text, struct sl_text search, struct sl_text by, char *to)
{
    const char *at = text.start, *end = text.start + text.length;
    size_t size = 0;

    while (at < end || search.length == 0) {
        const char *found =
            search.length ? memmem(at, (size_t)(end - at), search.start, search.length) : at;
        size_t kept = (size_t)((found ? found : end) - at);

        if (search.length == 0)
            kept = at < end ? sl_utf8_size(at, end) : 0;
        if (to && search.length)
            memcpy(to + size, at, kept);
        if (search.length)
            size += kept;
        if (found == NULL)
            break;
        if (to)
            memcpy(to + size, by.start, by.length);
        size += by.length;
        if (search.length == 0) {
            if (at == end)
                break;
            if (to)
                memcpy(to + size, at, kept);
            size += kept;
            at += kept;
        } else {
            at = found + search.length;
        }
    }
    return size;
}

void
sl_kernel_replace(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row), search = sl_call_text(call, 1, row);
        struct sl_text by = sl_call_text(call, 2, row);
        size_t size = string_replace(text, search, by, NULL);
        char *to = sl_call_begin_text(call, &writer, row, size);

        if (to == NULL)
            continue;
        string_replace(text, search, by, to);
        sl_call_end_text(call, &writer, row, to, size);
    }
}
