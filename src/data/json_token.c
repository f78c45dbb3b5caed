/* What stands between the tokens that json_index.h found. */
#include "data/json_token.h"

static inline bool
token_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool
sl_json_take_string(struct sl_json_cursor *cursor, struct sl_json_token *token)
{
    const char *start, *end;

    if (cursor->at >= cursor->end || cursor->data[*cursor->at] != '"')
        return false;
    start = cursor->data + *cursor->at + 1;
    end = cursor->data + cursor->at[1] - 1;
    while (end > start && token_is_blank(*end))
        end--;
    if (end < start || *end != '"')
        return false;
    token->kind = '"';
    token->text = (struct sl_text){start, (size_t)(end - start)};
    token->is_escaped = memchr(start, '\\', token->text.length) != NULL;
    cursor->at++;
    return true;
}

bool
sl_json_is_atom(struct sl_text text)
{
    const char *at = text.start, *end = at + text.length;
    const char *digits;

    if (*at == 't' || *at == 'f' || *at == 'n')
        return sl_text_equal(text, SL_TEXT("true")) || sl_text_equal(text, SL_TEXT("false")) ||
               sl_text_equal(text, SL_TEXT("null"));
    at += *at == '-';
    digits = at;
    while (at < end && (unsigned)(*at - '0') <= 9)
        at++;
    if (at == digits || (at - digits > 1 && *digits == '0'))
        return false;
    if (at < end && *at == '.') {
        for (digits = ++at; at < end && (unsigned)(*at - '0') <= 9; at++)
            ;
        if (at == digits)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '-' || *at == '+');
        for (digits = at; at < end && (unsigned)(*at - '0') <= 9; at++)
            ;
        if (at == digits)
            return false;
    }
    return at == end;
}

static bool
token_take_atom(struct sl_json_cursor *cursor, struct sl_json_token *token)
{
    const char *start = cursor->data + *cursor->at, *end = cursor->data + cursor->at[1];

    while (end > start && token_is_blank(end[-1]))
        end--;
    token->kind = 'a';
    token->is_escaped = false;
    token->text = (struct sl_text){start, (size_t)(end - start)};
    cursor->at++;
    return token->text.length > 0 && sl_json_is_atom(token->text);
}

/* Goes behind a container; brackets must be of the right kind, and what is in it separated. */
static bool
token_skip_container(struct sl_json_cursor *cursor)
{
    unsigned depth = 0;

    do {
        switch (sl_json_peek(cursor)) {
        case '\0':
            return false;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            depth--;
            break;
        default:
            break;
        }
        cursor->at++;
    } while (depth > 0);
    return true;
}

bool
sl_json_skip(struct sl_json_cursor *cursor)
{
    struct sl_json_token token;

    switch (sl_json_peek(cursor)) {
    case '\0':
    case '}':
    case ']':
    case ',':
    case ':':
        return false;
    case '{':
    case '[':
        return token_skip_container(cursor);
    case '"': /* the separator after it is checked by who goes on */
        cursor->at++;
        return true;
    default:
        return token_take_atom(cursor, &token);
    }
}

bool
sl_json_take(struct sl_json_cursor *cursor, struct sl_json_token *token)
{
    const char *start = cursor->data + *cursor->at;
    char kind = sl_json_peek(cursor);

    if (kind == '"')
        return sl_json_take_string(cursor, token);
    if (kind == '{' || kind == '[') {
        if (!token_skip_container(cursor))
            return false;
        token->kind = kind;
        token->is_escaped = false;
        token->text.start = start;
        token->text.length = (size_t)(cursor->data + cursor->at[-1] + 1 - start);
        return true;
    }
    if (kind == '\0' || kind == '}' || kind == ']' || kind == ',' || kind == ':')
        return false;
    return token_take_atom(cursor, token);
}

/* --- strings --- */

static bool
token_read_hex(const char *at, const char *end, uint32_t *ret_code)
{
    uint32_t code = 0;

    if (end - at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;

        if (digit > 15)
            return false;
        code = code << 4 | digit;
    }
    *ret_code = code;
    return true;
}

static char *
token_put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* After "\u"; a surrogate without its other half becomes U+FFFD. */
static bool
token_unescape_unicode(const char **at, const char *end, char **to)
{
    uint32_t code, low;

    if (!token_read_hex(*at, end, &code))
        return false;
    *at += 4;
    if (code >= 0xd800 && code < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' &&
        token_read_hex(*at + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
        *at += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xd800 && code < 0xe000) {
        code = 0xfffd;
    }
    *to = token_put_utf8(*to, code);
    return true;
}

bool
sl_json_unescape(struct sl_text text, char *to, size_t *ret_length)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *at = text.start, *end = at + text.length, *start = to;

    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at)), *found;
        size_t plain = (size_t)((escape ? escape : end) - at);

        memmove(to, at, plain);
        to += plain;
        at += plain;
        if (!escape)
            break;
        if (++at == end)
            return false;
        if (*at == 'u') {
            at++;
            if (!token_unescape_unicode(&at, end, &to))
                return false;
            continue;
        }
        found = memchr(escapes, *at, sizeof(escapes) - 1);
        if (!found)
            return false;
        *to++ = meanings[found - escapes];
        at++;
    }
    *ret_length = (size_t)(to - start);
    return true;
}

size_t
sl_json_minify(struct sl_text text, char *to)
{
    bool in_string = false;
    size_t length = 0;

    for (size_t i = 0; i < text.length; i++) {
        char c = text.start[i];

        if (!in_string && token_is_blank(c))
            continue;
        to[length++] = c;
        if (in_string && c == '\\' && i + 1 < text.length)
            to[length++] = text.start[++i];
        else if (c == '"')
            in_string = !in_string;
    }
    return length;
}

/* --- writing --- */

/* 0: as it is; 'u': \u00XX; else the letter after the backslash. */
static const char token_escapes[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',          'n', 'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',          'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\'};

/* Does any of the eight bytes need an escape?  (Bit tricks: a byte below 0x20, '"' or '\\'.) */
static inline bool
token_word_is_plain(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';

    return (((word - ones * 0x20) | (quote - ones) | (backslash - ones)) & ~word & tops) == 0;
}

static size_t
token_plain_length(struct sl_text text, size_t from)
{
    uint64_t word;

    while (from + sizeof(word) <= text.length) {
        memcpy(&word, text.start + from, sizeof(word));
        if (!token_word_is_plain(word))
            break;
        from += sizeof(word);
    }
    while (from < text.length && !token_escapes[(unsigned char)text.start[from]])
        from++;
    return from;
}

void
sl_json_add_string(struct sl_buffer *to, struct sl_text text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t from = 0, end;

    sl_buffer_add_byte(to, '"');
    while ((end = token_plain_length(text, from)) < text.length) {
        unsigned char c = (unsigned char)text.start[end];
        char escape[6] = {'\\', token_escapes[c], '0', '0', hex[c >> 4], hex[c & 15]};

        sl_buffer_add(to, text.start + from, end - from);
        sl_buffer_add(to, escape, escape[1] == 'u' ? 6 : 2);
        from = end + 1;
    }
    sl_buffer_add(to, text.start + from, text.length - from);
    sl_buffer_add_byte(to, '"');
}
