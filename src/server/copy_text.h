/* COPY's text and CSV forms, as PostgreSQL reads and writes them. */
#ifndef SL_SERVER_COPY_TEXT_H
#define SL_SERVER_COPY_TEXT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

struct sl_copy_form {
    bool csv, header, row_kind;
    char delimiter, quote, escape;
    const char *null; /* what stands for NULL, unquoted */
    size_t null_length;
};

struct sl_copy_field {
    struct sl_text text; /* of the arena */
    bool is_null;
};

/* Adds one field of a line; the caller adds delimiters and line ends through the other two. */
void sl_copy_write_field(const struct sl_copy_form *form, struct sl_text text, bool is_null,
                         struct sl_buffer *to);

/* One line (a CSV record may span several) from the front of `input`: its fields, and how many
 * bytes it took.  SL_AGAIN: the line is not whole yet; with `at_end` the rest is the last line.
 * SL_EOF: the end mark \. or nothing left.  22P04 on damage. */
int sl_copy_read_line(const struct sl_copy_form *form, struct sl_text input, bool at_end,
                      struct sl_arena *arena, struct sl_copy_field *fields, size_t field_max,
                      size_t *ret_count, size_t *ret_used, struct sl_error *err);

#endif
