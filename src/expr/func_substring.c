/* String functions that cut or measure: their results point into the argument's bytes. */
#include "expr/kernels.h"
#include "expr/utf8.h"

#include <ctype.h>

static void
substring_set(struct sl_call *call, size_t row, const char *start, const char *end)
{
    SL_RESULT(call, struct sl_view)[row] = sl_view_of(start, (size_t)(end - start));
}

/* --- SUBSTRING, LEFT, RIGHT --- */

/* Flink's rules: from 1; from the end when negative; 0 is 1; a negative length gives NULL. */
void
sl_kernel_substring(struct sl_call *call)
{
    sl_column_add_heaps_of(call->result, call->pool, call->args[0].column);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        const char *at = text.start, *end = text.start + text.length;
        int64_t from = sl_call_int(call, 1, row), count;
        int64_t length = call->arg_count == 3 ? sl_call_int(call, 2, row) : INT32_MAX;

        if (length < 0) {
            sl_call_set_null(call, row);
            continue;
        }
        if (from < 0) {
            count = (int64_t)sl_utf8_count(text.start, text.length);
            from = count + from;
            if (from < 0) {
                substring_set(call, row, at, at);
                continue;
            }
        } else if (from > 0) {
            from--;
        }
        at = sl_utf8_skip(at, end, (size_t)from);
        substring_set(call, row, at, sl_utf8_skip(at, end, (size_t)length));
    }
}

void
sl_kernel_left(struct sl_call *call)
{
    sl_column_add_heaps_of(call->result, call->pool, call->args[0].column);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        int32_t count = SL_MAX(sl_call_int(call, 1, row), 0);

        substring_set(call, row, text.start,
                      sl_utf8_skip(text.start, text.start + text.length, (size_t)count));
    }
}

void
sl_kernel_right(struct sl_call *call)
{
    sl_column_add_heaps_of(call->result, call->pool, call->args[0].column);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        const char *end = text.start + text.length;
        size_t wanted = (size_t)SL_MAX(sl_call_int(call, 1, row), 0);
        size_t count = sl_utf8_count(text.start, text.length);

        substring_set(call, row,
                      wanted >= count ? text.start : sl_utf8_skip(text.start, end, count - wanted),
                      end);
    }
}

/* --- TRIM --- */

static bool
substring_has_character(struct sl_text set, const char *character, size_t size)
{
    const char *at = set.start, *end = set.start + set.length;

    while (at < end) {
        size_t own = sl_utf8_size(at, end);

        if (own == size && memcmp(at, character, size) == 0)
            return true;
        at += own;
    }
    return false;
}

/* Takes off what is in the set of characters (blank by default). */
static void
substring_trim(struct sl_call *call, bool left, bool right)
{
    sl_column_add_heaps_of(call->result, call->pool, call->args[0].column);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);
        struct sl_text set = call->arg_count == 2 ? sl_call_text(call, 1, row) : SL_TEXT(" ");
        const char *at = text.start, *end = text.start + text.length;

        while (left && at < end) {
            size_t size = sl_utf8_size(at, end);

            if (!substring_has_character(set, at, size))
                break;
            at += size;
        }
        while (right && at < end) {
            const char *last = end - 1;

            while (last > at && ((unsigned char)*last & 0xc0) == 0x80)
                last--;
            if (!substring_has_character(set, last, (size_t)(end - last)))
                break;
            end = last;
        }
        substring_set(call, row, at, end);
    }
}

void
sl_kernel_btrim(struct sl_call *call)
{
    substring_trim(call, true, true);
}

void
sl_kernel_ltrim(struct sl_call *call)
{
    substring_trim(call, true, false);
}

void
sl_kernel_rtrim(struct sl_call *call)
{
    substring_trim(call, false, true);
}

/* --- positions and lengths --- */

/* The position, from 1, of `needle` at or after character `from`; 0: nowhere. */
static int32_t
substring_position(struct sl_text text, struct sl_text needle, int32_t from)
{
    const char *end = text.start + text.length, *start, *found;

    if (from < 1)
        return 0;
    start = sl_utf8_skip(text.start, end, (size_t)from - 1);
    if (needle.length == 0)
        return sl_utf8_count(text.start, text.length) + 1 >= (size_t)from ? from : 0;
    found = memmem(start, (size_t)(end - start), needle.start, needle.length);
    if (found == NULL)
        return 0;
    return (int32_t)sl_utf8_count(text.start, (size_t)(found - text.start)) + 1;
}

/* POSITION(needle IN text), LOCATE(needle, text[, from]). */
void
sl_kernel_position(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        int32_t from = call->arg_count == 3 ? sl_call_int(call, 2, row) : 1;

        SL_RESULT(call, int32_t)
        [row] = substring_position(sl_call_text(call, 1, row), sl_call_text(call, 0, row), from);
    }
}

/* The position of the last appearance that begins `from` characters before the end or earlier, the
 * n-th one counted from there. */
static int32_t
substring_position_back(struct sl_text text, struct sl_text needle, int64_t from, int32_t nth)
{
    const char *at, *end = text.start + text.length;
    int64_t count = (int64_t)sl_utf8_count(text.start, text.length);
    int64_t needle_count = (int64_t)sl_utf8_count(needle.start, needle.length);

    for (int64_t position = count - from + 2 - needle_count; position >= 1; position--) {
        at = sl_utf8_skip(text.start, end, (size_t)position - 1);
        if ((size_t)(end - at) >= needle.length && memcmp(at, needle.start, needle.length) == 0 &&
            --nth == 0)
            return (int32_t)position;
    }
    return 0;
}

/* INSTR(text, needle[, from[, nth]]): from the end when `from` is negative. */
void
sl_kernel_instr(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row), needle = sl_call_text(call, 1, row);
        int32_t from = call->arg_count > 2 ? sl_call_int(call, 2, row) : 1, position;
        int32_t nth = call->arg_count > 3 ? sl_call_int(call, 3, row) : 1;

        if (nth <= 0) {
            sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE,
                         "INSTR: the appearance %d must be greater than 0", nth);
            continue;
        }
        if (from < 0) {
            position = substring_position_back(text, needle, -(int64_t)from, nth);
        } else {
            position = substring_position(text, needle, from);
            while (position && --nth > 0)
                position = substring_position(text, needle, position + 1);
        }
        SL_RESULT(call, int32_t)[row] = position;
    }
}

void
sl_kernel_char_length(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);

        SL_RESULT(call, int32_t)[row] = (int32_t)sl_utf8_count(text.start, text.length);
    }
}

void
sl_kernel_octet_length(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, int32_t)[row] = (int32_t)sl_call_text(call, 0, row).length;
    }
}

void
sl_kernel_startswith(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row), part = sl_call_text(call, 1, row);

        SL_RESULT(call, uint8_t)
        [row] = text.length >= part.length && memcmp(text.start, part.start, part.length) == 0;
    }
}

void
sl_kernel_endswith(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row), part = sl_call_text(call, 1, row);

        SL_RESULT(call, uint8_t)
        [row] = text.length >= part.length &&
                memcmp(text.start + text.length - part.length, part.start, part.length) == 0;
    }
}

/* --- SPLIT_INDEX --- */

/* The separator that follows `at`; an empty one is a run of white space. */
static const char *
substring_separator(const char *at, const char *end, struct sl_text separator,
                    const char **ret_after)
{
    const char *found;

    if (separator.length) {
        found = memmem(at, (size_t)(end - at), separator.start, separator.length);
        *ret_after = found ? found + separator.length : NULL;
        return found;
    }
    for (found = at; found < end && !isspace((unsigned char)*found);)
        found++;
    *ret_after = found < end ? found + 1 : NULL;
    return found < end ? found : NULL;
}

/* The separator of a row, which may be the number of a character from 1 to 255; false: it is
 * none. */
static bool
substring_read_separator(const struct sl_call *call, size_t row, char buffer[4],
                         struct sl_text *ret_separator)
{
    int32_t number;

    if (sl_type_is_text(SL_ARG_TYPE(call, 1)->kind)) {
        *ret_separator = sl_call_text(call, 1, row);
        return true;
    }
    number = sl_call_int(call, 1, row);
    if (number < 1 || number > 255)
        return false;
    *ret_separator = (struct sl_text){buffer, sl_utf8_write(number, buffer)};
    return true;
}

/* SPLIT_INDEX(text, separator, index from 0); NULL when there is no such part. */
void
sl_kernel_split_index(struct sl_call *call)
{
    sl_column_add_heaps_of(call->result, call->pool, call->args[0].column);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row), separator;
        const char *at = text.start, *end = text.start + text.length, *found, *after = NULL;
        int32_t index = sl_call_int(call, 2, row);
        char buffer[4];

        if (index < 0 || text.length == 0 ||
            !substring_read_separator(call, row, buffer, &separator)) {
            sl_call_set_null(call, row);
            continue;
        }
        found = substring_separator(at, end, separator, &after);
        for (; index > 0 && found; index--) {
            at = after;
            found = substring_separator(at, end, separator, &after);
        }
        if (index > 0)
            sl_call_set_null(call, row);
        else
            substring_set(call, row, at, found ? found : end);
    }
}
