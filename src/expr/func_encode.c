/* Texts and bytes in other alphabets: base 64, hexadecimal, binary, URLs, character sets. */
#include "base/base64.h"
#include "expr/kernels.h"
#include "expr/utf8.h"

#include <ctype.h>
#include <strings.h>

#define ENCODE_REPLACEMENT 0xfffd /* for what is no UTF-8 */

static const char encode_upper_digits[] = "0123456789ABCDEF",
                  encode_lower_digits[] = "0123456789abcdef";

static int
encode_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void
sl_hex_encode(struct sl_text bytes, bool upper, char *to)
{
    const char *digits = upper ? encode_upper_digits : encode_lower_digits;

    for (size_t i = 0; i < bytes.length; i++) {
        to[2 * i] = digits[(unsigned char)bytes.start[i] >> 4];
        to[2 * i + 1] = digits[(unsigned char)bytes.start[i] & 15];
    }
}

/* Bytes that may be no text: the row fails. */
static void
encode_end_utf8(struct sl_call *call, struct sl_heap_writer *writer, size_t row, const char *start,
                size_t size)
{
    if (sl_utf8_is_valid(start, size))
        sl_call_end_text(call, writer, row, start, size);
    else
        sl_call_fail(call, row, SL_E_INVALID_ENCODING, "%s: %s is no UTF-8 text when decoded",
                     call->expr->function->name, sl_call_arg_text(call, 0, row));
}

/* --- base 64 --- */

void
sl_kernel_to_base64(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text bytes = sl_call_text(call, 0, row);
        size_t size = SL_BASE64_ENCODED_SIZE(bytes.length);
        char *to = sl_call_begin_text(call, &writer, row, size);

        if (to == NULL)
            continue;
        sl_base64_encode(bytes, to);
        sl_call_end_text(call, &writer, row, to, size);
    }
}

void
sl_kernel_from_base64(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        char *to = sl_call_begin_text(call, &writer, row, SL_BASE64_DECODED_SIZE_MAX(text.length));
        size_t size;

        if (to == NULL)
            continue;
        if (sl_base64_decode(text, to, &size))
            encode_end_utf8(call, &writer, row, to, size);
        else
            sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE, "FROM_BASE64: %s is not base 64",
                         sl_call_arg_text(call, 0, row));
    }
}

/* --- HEX, UNHEX, BIN --- */

static void
encode_number(struct sl_call *call, unsigned bits_a_digit)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        uint64_t number = (uint64_t)sl_call_bigint(call, 0, row);
        char text[64], *at = text + sizeof(text);

        do {
            *--at = encode_upper_digits[number & ((1U << bits_a_digit) - 1)];
            number >>= bits_a_digit;
        } while (number);
        sl_call_put_text(call, &writer, row, at, (size_t)(text + sizeof(text) - at));
    }
}

/* HEX(integer): its two's complement, without zeros in front; HEX(text): of its bytes. */
void
sl_kernel_hex(struct sl_call *call)
{
    struct sl_heap_writer writer;

    if (!sl_type_is_view(SL_ARG_TYPE(call, 0)->kind)) {
        encode_number(call, 4);
        return;
    }
    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text bytes = sl_call_text(call, 0, row);
        char *to = sl_call_begin_text(call, &writer, row, bytes.length * 2);

        if (to == NULL)
            continue;
        sl_hex_encode(bytes, true, to);
        sl_call_end_text(call, &writer, row, to, bytes.length * 2);
    }
}

void
sl_kernel_bin(struct sl_call *call)
{
    encode_number(call, 1);
}

bool
sl_hex_decode(struct sl_text text, char *to, size_t *ret_size)
{
    size_t at = 0;

    *ret_size = (text.length + 1) / 2;
    for (size_t i = 0; i < *ret_size; i++) {
        int high = i == 0 && text.length % 2 ? 0 : encode_hex_digit(text.start[at++]);
        int low = encode_hex_digit(text.start[at++]);

        if (high < 0 || low < 0)
            return false;
        to[i] = (char)(high << 4 | low);
    }
    return true;
}

/* NULL where it is not hexadecimal, as in Flink. */
void
sl_kernel_unhex(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        char *to = sl_call_begin_text(call, &writer, row, (text.length + 1) / 2);
        size_t size;

        if (to == NULL)
            continue;
        if (sl_hex_decode(text, to, &size))
            sl_call_end_text(call, &writer, row, to, size);
        else
            sl_call_set_null(call, row);
    }
}

/* --- URLs: application/x-www-form-urlencoded --- */

void
sl_kernel_url_encode(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        char *to = sl_call_begin_text(call, &writer, row, text.length * 3);
        size_t size = 0;

        if (to == NULL)
            continue;
        for (size_t i = 0; i < text.length; i++) {
            unsigned char c = (unsigned char)text.start[i];

            if (c < 0x80 && (isalnum(c) || memchr("-_.*", c, 4))) {
                to[size++] = (char)c;
            } else if (c == ' ') {
                to[size++] = '+';
            } else {
                to[size++] = '%';
                to[size++] = encode_upper_digits[c >> 4];
                to[size++] = encode_upper_digits[c & 15];
            }
        }
        sl_call_end_text(call, &writer, row, to, size);
    }
}

/* Copies text with U+FFFD in the place of what is no UTF-8, three bytes for one at most. */
static size_t
encode_make_valid(struct sl_text text, char *to)
{
    const char *at = text.start, *end = text.start + text.length;
    size_t size = 0, taken;

    for (; at < end; at += taken) {
        if (sl_utf8_read(at, end, &taken) < 0) {
            size += sl_utf8_write(ENCODE_REPLACEMENT, to + size);
        } else {
            memcpy(to + size, at, taken);
            size += taken;
        }
    }
    return size;
}

/* False: a percent sign without two digits. */
static bool
encode_from_url(struct sl_text text, char *to, size_t *ret_size)
{
    size_t size = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] == '%') {
            int high = i + 2 < text.length ? encode_hex_digit(text.start[i + 1]) : -1;
            int low = i + 2 < text.length ? encode_hex_digit(text.start[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            to[size++] = (char)(high << 4 | low);
            i += 2;
        } else {
            to[size++] = text.start[i] == '+' ? ' ' : text.start[i];
        }
    }
    *ret_size = size;
    return true;
}

/* NULL where it is broken, as in Flink. */
void
sl_kernel_url_decode(struct sl_call *call)
{
    struct sl_heap_writer writer;
    struct sl_buffer bytes;

    sl_call_heap(call, &writer);
    sl_buffer_init(&bytes, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        char *decoded, *to;
        size_t size;

        sl_buffer_reset(&bytes);
        decoded = sl_buffer_reserve(&bytes, text.length + 1);
        if (!encode_from_url(text, decoded, &size)) {
            sl_call_set_null(call, row);
            continue;
        }
        to = sl_call_begin_text(call, &writer, row, size * 3);
        if (to)
            sl_call_end_text(call, &writer, row, to,
                             encode_make_valid((struct sl_text){decoded, size}, to));
    }
    sl_buffer_done(&bytes);
}

void
sl_kernel_is_valid_utf8(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        struct sl_text bytes = sl_call_text(call, 0, row);

        SL_RESULT(call, uint8_t)[row] = sl_utf8_is_valid(bytes.start, bytes.length);
    }
}

void
sl_kernel_make_valid_utf8(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text bytes = sl_call_text(call, 0, row);
        char *to = sl_call_begin_text(call, &writer, row, bytes.length * 3);

        if (to)
            sl_call_end_text(call, &writer, row, to, encode_make_valid(bytes, to));
    }
}
