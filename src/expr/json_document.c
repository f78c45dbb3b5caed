/* JSON texts: simdjson's first stage finds the tokens, one pass over them checks the grammar and
 * notes where each value ends, so that paths can step over values. */
#include "expr/json.h"

#include <stdlib.h>

#define DOCUMENT_PADDING 64
#define DOCUMENT_CAPACITY 4096

/* What may come next. */
enum document_state {
    DOCUMENT_VALUE,
    DOCUMENT_ITEM,   /* after [: a value or ] */
    DOCUMENT_MEMBER, /* after {: a key or } */
    DOCUMENT_KEY,
    DOCUMENT_COLON,
    DOCUMENT_COMMA, /* after a value: a comma or the end of its container */
};

void
sl_json_document_init(struct json_document *document)
{
    memset(document, 0, sizeof(*document));
    document->index = sl_json_index_new(DOCUMENT_CAPACITY);
}

void
sl_json_document_done(struct json_document *document)
{
    sl_json_index_free(document->index);
    free(document->memory);
    free(document->ends);
}

static inline bool
document_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

struct sl_text
sl_json_document_text(const struct json_document *document, uint32_t token)
{
    const char *start = document->data + document->positions[token];
    const char *end = document->data + document->positions[token + 1];

    while (end > start + 1 && document_is_blank(end[-1]))
        end--;
    if (*start == '"')
        return (struct sl_text){start + 1, (size_t)(end - start - 2)};
    return (struct sl_text){start, (size_t)(end - start)};
}

struct sl_text
sl_json_document_string(const struct json_document *document, uint32_t token,
                        struct sl_arena *arena)
{
    struct sl_text text = sl_json_document_text(document, token);
    char *plain;

    if (!document->has_escapes || memchr(text.start, '\\', text.length) == NULL)
        return text;
    plain = sl_arena_alloc_raw(arena, text.length);
    sl_json_unescape(text, plain, &text.length);
    text.start = plain;
    return text;
}

/* Strings end with their quote (a token may not follow one without a separator), escapes are known;
 * the first stage has looked for the rest. */
static const char *
document_check_string(const struct json_document *document, uint32_t token)
{
    const char *start = document->data + document->positions[token];
    const char *end = document->data + document->positions[token + 1];
    struct sl_text text;
    size_t length;
    char *scratch;
    bool is_known;

    while (end > start + 1 && document_is_blank(end[-1]))
        end--;
    if (end < start + 2 || end[-1] != '"')
        return "a separator is missing after a string";
    if (!document->has_escapes)
        return NULL;
    text = (struct sl_text){start + 1, (size_t)(end - start - 2)};
    if (memchr(text.start, '\\', text.length) == NULL)
        return NULL;
    scratch = sl_alloc(text.length + 1);
    is_known = sl_json_unescape(text, scratch, &length);
    free(scratch);
    return is_known ? NULL : "a string holds an unknown escape";
}

static const char *
document_check_scalar(const struct json_document *document, uint32_t token, char kind)
{
    if (kind == '"')
        return document_check_string(document, token);
    if (kind == ']' || kind == '}' || kind == ':' || kind == ',')
        return "a value is missing";
    return sl_json_is_atom(sl_json_document_text(document, token)) ? NULL
                                                                   : "a word or number is wrong";
}

/* While a container is open, ends[] of its first token is the container around it.  False: another
 * kind of container is open, or none. */
static bool
document_close(struct json_document *document, uint32_t *open, uint32_t token, char kind)
{
    uint32_t from = *open;

    if (from == UINT32_MAX || json_kind(document, from) != (kind == '}' ? '{' : '['))
        return false;
    *open = document->ends[from];
    document->ends[from] = token + 1;
    return true;
}

static const char *
document_check(struct json_document *document)
{
    enum document_state state = DOCUMENT_VALUE;
    uint32_t open = UINT32_MAX, depth = 0, i = 0;
    const char *reason = NULL;

    for (; i < document->count && !reason; i++) {
        char kind = json_kind(document, i);

        if ((kind == '}' && (state == DOCUMENT_MEMBER || state == DOCUMENT_COMMA)) ||
            (kind == ']' && (state == DOCUMENT_ITEM || state == DOCUMENT_COMMA))) {
            if (!document_close(document, &open, i, kind))
                return "brackets do not match";
            depth--;
            state = DOCUMENT_COMMA;
        } else if (state == DOCUMENT_COMMA) {
            if (kind != ',' || open == UINT32_MAX)
                return "text follows a value";
            state = json_kind(document, open) == '{' ? DOCUMENT_KEY : DOCUMENT_VALUE;
        } else if (state == DOCUMENT_COLON) {
            if (kind != ':')
                return "a colon is missing after a key";
            state = DOCUMENT_VALUE;
        } else if (state == DOCUMENT_KEY || state == DOCUMENT_MEMBER) {
            if (kind != '"')
                return "a key is missing";
            reason = document_check_string(document, i);
            document->ends[i] = i + 1;
            state = DOCUMENT_COLON;
        } else if (kind == '{' || kind == '[') {
            document->ends[i] = open;
            open = i;
            if (++depth > SL_JSON_DEPTH_MAX)
                return "it is nested more than 1000 levels deep";
            state = kind == '{' ? DOCUMENT_MEMBER : DOCUMENT_ITEM;
        } else {
            reason = document_check_scalar(document, i, kind);
            document->ends[i] = i + 1;
            state = DOCUMENT_COMMA;
        }
    }
    if (reason)
        return reason;
    return state == DOCUMENT_COMMA && open == UINT32_MAX ? NULL : "it ends too early";
}

const char *
sl_json_document_read(struct json_document *document, struct sl_text text)
{
    const uint32_t *positions;
    const char *reason;
    size_t count;

    if (text.length + DOCUMENT_PADDING > document->memory_size) {
        document->memory_size = SL_MAX(2 * text.length, (size_t)DOCUMENT_CAPACITY);
        document->memory_size += DOCUMENT_PADDING;
        free(document->memory);
        document->memory = sl_alloc(document->memory_size);
    }
    memcpy(document->memory, text.start, text.length);
    memset(document->memory + text.length, ' ', DOCUMENT_PADDING);
    document->data = document->memory;
    reason = sl_json_index_run(document->index, document->data, text.length, &positions, &count);
    if (reason)
        return reason;
    document->positions = positions;
    document->count = (uint32_t)count;
    document->has_escapes = memchr(text.start, '\\', text.length) != NULL;
    if (count > document->ends_capacity) {
        document->ends_capacity = (uint32_t)SL_MAX(2 * count, (size_t)1024);
        free(document->ends);
        document->ends = sl_alloc(document->ends_capacity * sizeof(*document->ends));
    }
    return document_check(document);
}
