/* COPY's text and CSV forms: see copy_text.h. */
#include "server/copy_text.h"

/* --- writing --- */

static void
copy_write_text(const struct sl_copy_form *form, struct sl_text text, struct sl_buffer *to)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.start[i];

        switch (c) {
        case '\n':
            sl_buffer_add(to, "\\n", 2);
            break;
        case '\r':
            sl_buffer_add(to, "\\r", 2);
            break;
        case '\t':
            sl_buffer_add(to, "\\t", 2);
            break;
        default:
            if (c == '\\' || c == form->delimiter)
                sl_buffer_add_byte(to, '\\');
            sl_buffer_add_byte(to, c);
        }
    }
}

static bool
copy_needs_quotes(const struct sl_copy_form *form, struct sl_text text)
{
    if (text.length == form->null_length && memcmp(text.start, form->null, text.length) == 0)
        return true; /* else it would read as NULL */
    if (text.length == 2 && memcmp(text.start, "\\.", 2) == 0)
        return true;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.start[i];

        if (c == form->delimiter || c == form->quote || c == '\n' || c == '\r')
            return true;
    }
    return false;
}

void
sl_copy_write_field(const struct sl_copy_form *form, struct sl_text text, bool is_null,
                    struct sl_buffer *to)
{
    if (is_null) {
        sl_buffer_add(to, form->null, form->null_length);
    } else if (!form->csv) {
        copy_write_text(form, text, to);
    } else if (!copy_needs_quotes(form, text)) {
        sl_buffer_add_text(to, text);
    } else {
        sl_buffer_add_byte(to, form->quote);
        for (size_t i = 0; i < text.length; i++) {
            if (text.start[i] == form->quote || text.start[i] == form->escape)
                sl_buffer_add_byte(to, form->escape);
            sl_buffer_add_byte(to, text.start[i]);
        }
        sl_buffer_add_byte(to, form->quote);
    }
}

/* --- reading --- */

/* Where the record ends: the index of its line end, or SIZE_MAX when that is not here. */
static size_t
copy_find_end(const struct sl_copy_form *form, struct sl_text input)
{
    bool quoted = false;

    for (size_t i = 0; i < input.length; i++) {
        char c = input.start[i];

        if (form->csv && quoted && c == form->escape && c != form->quote &&
            i + 1 < input.length)
            i++;
        else if (form->csv && c == form->quote)
            quoted = !quoted;
        else if (!form->csv && c == '\\' && i + 1 < input.length)
            i++;
        else if (c == '\n' && !quoted)
            return i;
    }
    return SIZE_MAX;
}

static char
copy_unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'v':
        return '\v';
    default:
        return c;
    }
}

/* One field of the text form; returns how many bytes it took, the delimiter not counted. */
static size_t
copy_read_text_field(const struct sl_copy_form *form, struct sl_text rest, struct sl_arena *arena,
                     struct sl_copy_field *field)
{
    char *to = sl_arena_alloc_raw(arena, rest.length + 1);
    size_t length = 0, i;

    for (i = 0; i < rest.length && rest.start[i] != form->delimiter; i++) {
        char c = rest.start[i];

        if (c == '\\' && i + 1 < rest.length)
            c = copy_unescape(rest.start[++i]);
        to[length++] = c;
    }
    to[length] = '\0';
    field->is_null = i == form->null_length && memcmp(rest.start, form->null, i) == 0;
    field->text = (struct sl_text){to, length};
    return i;
}

static int
copy_read_csv_field(const struct sl_copy_form *form, struct sl_text rest, struct sl_arena *arena,
                    struct sl_copy_field *field, size_t *ret_used, struct sl_error *err)
{
    char *to = sl_arena_alloc_raw(arena, rest.length + 1);
    bool quoted = false, any_quote = false;
    size_t length = 0, i;

    for (i = 0; i < rest.length; i++) {
        char c = rest.start[i];

        if (quoted && c == form->escape && i + 1 < rest.length &&
            (rest.start[i + 1] == form->quote || rest.start[i + 1] == form->escape)) {
            to[length++] = rest.start[++i];
            continue;
        }
        if (c == form->quote) {
            quoted = !quoted;
            any_quote = true;
            continue;
        }
        if (c == form->delimiter && !quoted)
            break;
        to[length++] = c;
    }
    if (quoted)
        return SL_ERROR(err, SL_E_BAD_COPY_FORMAT, "unterminated CSV quoted field");
    to[length] = '\0';
    field->is_null = !any_quote && length == form->null_length &&
                     memcmp(to, form->null, length) == 0;
    field->text = (struct sl_text){to, length};
    *ret_used = i;
    return SL_OK;
}

static int
copy_split(const struct sl_copy_form *form, struct sl_text line, struct sl_arena *arena,
           struct sl_copy_field *fields, size_t field_max, size_t *ret_count,
           struct sl_error *err)
{
    size_t at = 0, count = 0;

    for (;;) {
        struct sl_text rest = {line.start + at, line.length - at};
        size_t used = 0;

        if (count == field_max)
            return SL_ERROR(err, SL_E_BAD_COPY_FORMAT, "extra data after last expected column");
        if (form->csv)
            SL_TRY(copy_read_csv_field(form, rest, arena, &fields[count], &used, err));
        else
            used = copy_read_text_field(form, rest, arena, &fields[count]);
        count++;
        at += used;
        if (at >= line.length)
            break;
        at++; /* the delimiter */
    }
    *ret_count = count;
    return SL_OK;
}

int
sl_copy_read_line(const struct sl_copy_form *form, struct sl_text input, bool at_end,
                  struct sl_arena *arena, struct sl_copy_field *fields, size_t field_max,
                  size_t *ret_count, size_t *ret_used, struct sl_error *err)
{
    size_t end = copy_find_end(form, input);
    struct sl_text line = input;

    if (end == SIZE_MAX && !at_end)
        return SL_AGAIN;
    if (end == SIZE_MAX && input.length == 0)
        return SL_EOF;
    *ret_used = end == SIZE_MAX ? input.length : end + 1;
    line.length = end == SIZE_MAX ? input.length : end;
    if (line.length && line.start[line.length - 1] == '\r')
        line.length--;
    if (line.length == 2 && memcmp(line.start, "\\.", 2) == 0)
        return SL_EOF;
    return copy_split(form, line, arena, fields, field_max, ret_count, err);
}
