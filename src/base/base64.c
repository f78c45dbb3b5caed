/* Base64: see base64.h. */
#include "base/base64.h"

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
sl_base64_encode(struct sl_text bytes, char *to)
{
    const unsigned char *at = (const unsigned char *)bytes.start;
    size_t rest = bytes.length;

    for (; rest >= 3; rest -= 3, at += 3) {
        *to++ = base64_alphabet[at[0] >> 2];
        *to++ = base64_alphabet[(at[0] & 3) << 4 | at[1] >> 4];
        *to++ = base64_alphabet[(at[1] & 15) << 2 | at[2] >> 6];
        *to++ = base64_alphabet[at[2] & 63];
    }
    if (rest == 0)
        return;
    *to++ = base64_alphabet[at[0] >> 2];
    *to++ = base64_alphabet[(at[0] & 3) << 4 | (rest == 2 ? at[1] >> 4 : 0)];
    *to++ = rest == 2 ? base64_alphabet[(at[1] & 15) << 2] : '=';
    *to = '=';
}

static int
base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
sl_base64_decode(struct sl_text text, char *to, size_t *ret_length)
{
    char *start = to;
    uint32_t bits = 0;
    int bit_count = 0;

    for (int i = 0; i < 2 && text.length && text.start[text.length - 1] == '='; i++)
        text.length--;
    if (text.length % 4 == 1)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        int digit = base64_digit(text.start[i]);

        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            *to++ = (char)(bits >> bit_count & 0xff);
        }
    }
    *ret_length = (size_t)(to - start);
    return true;
}
