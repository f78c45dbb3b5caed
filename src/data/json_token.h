/* What stands between the tokens of a JSON text that json_index.h found, and how texts are written
 * as JSON strings. */
#ifndef SL_DATA_JSON_TOKEN_H
#define SL_DATA_JSON_TOKEN_H

#include "base/buffer.h"

/* Tokens of several records, one after the other; `at` moves.  Entries at `end` and after it are
 * the length of the data. */
struct sl_json_cursor {
    const char *data;
    const uint32_t *at, *end;
};

/* One value as it is written.  kind: '"' string (text without the quotes), '{' or '[' container
 * (all of its text), 'a' number or literal. */
struct sl_json_token {
    char kind;
    bool is_escaped; /* a string with backslashes in it */
    struct sl_text text;
};

/* The byte at the next token; 0: there is none. */
static inline char
sl_json_peek(const struct sl_json_cursor *cursor)
{
    return cursor->at < cursor->end ? cursor->data[*cursor->at] : '\0';
}
/* The value at the cursor, which then is behind it.  False: no value begins here. */
bool sl_json_take(struct sl_json_cursor *cursor, struct sl_json_token *token);
/* The string at the cursor, raw; false: there is none. */
bool sl_json_take_string(struct sl_json_cursor *cursor, struct sl_json_token *token);
/* Goes behind a value without looking at it; false: it does not end, or none begins here. */
bool sl_json_skip(struct sl_json_cursor *cursor);
/* Writes at most text.length bytes; false: a backslash before something unknown. */
bool sl_json_unescape(struct sl_text text, char *to, size_t *ret_length);
/* The text of a container without blanks between its tokens; at most text.length bytes. */
size_t sl_json_minify(struct sl_text text, char *to);
/* Is it a number as JSON writes them, or true, false, null?  At least one byte. */
bool sl_json_is_atom(struct sl_text text);
/* With quotes and escapes. */
void sl_json_add_string(struct sl_buffer *to, struct sl_text text);

#endif
