/* String functions that change or test characters: OVERLAY, TRANSLATE, ELT, ASCII, CHR, IS_ALPHA
 * and its like, JSON_QUOTE. */
#include "expr/kernels.h"
#include "expr/utf8.h"

#include <ctype.h>
#include <utf8proc.h>

/* --- OVERLAY --- */

/* OVERLAY(text, by, from[, count]): as Flink has it, a start outside changes nothing, and a count
 * below one drops the rest. */
void
sl_kernel_overlay(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row), by = sl_call_text(call, 1, row);
        const char *end = text.start + text.length, *from, *rest = end;
        int64_t count = (int64_t)sl_utf8_count(text.start, text.length);
        int64_t start = sl_call_int(call, 2, row), length;
        size_t kept, size;
        char *to;

        length = call->arg_count == 4 ? sl_call_int(call, 3, row)
                                      : (int64_t)sl_utf8_count(by.start, by.length);
        if (start <= 0 || start > count) {
            sl_call_put_text(call, &writer, row, text.start, text.length);
            continue;
        }
        from = sl_utf8_skip(text.start, end, (size_t)start - 1);
        if (length > 0)
            rest = sl_utf8_skip(from, end, (size_t)length);
        kept = (size_t)(from - text.start);
        size = kept + by.length + (size_t)(end - rest);
        to = sl_call_begin_text(call, &writer, row, size);
        if (to == NULL)
            continue;
        memcpy(to, text.start, kept);
        memcpy(to + kept, by.start, by.length);
        memcpy(to + kept + by.length, rest, (size_t)(end - rest));
        sl_call_end_text(call, &writer, row, to, size);
    }
}

/* --- TRANSLATE --- */

/* What each character becomes: a piece of `to`, of length 0 where it is dropped.  ASCII by index,
 * others are looked for. */
struct text_translation {
    struct sl_text from, to;
    bool is_known[128];
    struct sl_text ascii[128];
    bool has_wide;
};

static struct sl_text
text_character(const char *at, const char *end)
{
    return (struct sl_text){at, at < end ? sl_utf8_size(at, end) : 0};
}

static void
text_translation_init(struct text_translation *translation, struct sl_text from, struct sl_text to)
{
    const char *at = from.start, *end = from.start + from.length;
    const char *by = to.start, *by_end = to.start + to.length;

    memset(translation, 0, sizeof(*translation));
    translation->from = from;
    translation->to = to;
    while (at < end) {
        struct sl_text character = text_character(at, end), other = text_character(by, by_end);
        unsigned char first = (unsigned char)*at;

        if (first >= 0x80) {
            translation->has_wide = true;
        } else if (!translation->is_known[first]) {
            translation->is_known[first] = true;
            translation->ascii[first] = other;
        }
        at += character.length;
        by += other.length;
    }
}

static struct sl_text
text_translate_wide(const struct text_translation *translation, struct sl_text character)
{
    const char *at = translation->from.start, *end = at + translation->from.length;
    const char *by = translation->to.start, *by_end = by + translation->to.length;

    while (at < end) {
        struct sl_text other = text_character(by, by_end), own = text_character(at, end);

        if (sl_text_equal(own, character))
            return other;
        at += own.length;
        by += other.length;
    }
    return character;
}

/* Writes at most four bytes for one; returns how many. */
static size_t
text_translate(const struct text_translation *translation, struct sl_text text, char *to)
{
    const char *at = text.start, *end = text.start + text.length;
    size_t size = 0;

    while (at < end) {
        struct sl_text character = {at, 1}, other;
        unsigned char first = (unsigned char)*at;

        if (first < 0x80 && !translation->is_known[first]) {
            to[size++] = *at++;
            continue;
        }
        if (first < 0x80) {
            other = translation->ascii[first];
        } else {
            character = text_character(at, end);
            other = translation->has_wide ? text_translate_wide(translation, character) : character;
        }
        memcpy(to + size, other.start, other.length);
        size += other.length;
        at += character.length;
    }
    return size;
}

/* TRANSLATE(text, from, to): a NULL `from` changes nothing, a NULL `to` drops. */
void
sl_kernel_translate(struct sl_call *call)
{
    struct text_translation translation = {.from = {NULL, 0}};
    struct sl_heap_writer writer;
    bool is_set = false;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text from = {"", 0}, to = {"", 0}, text;
        char *result;

        if (sl_call_arg_is_null(call, 0, row)) {
            sl_call_set_null(call, row);
            continue;
        }
        if (!sl_call_arg_is_null(call, 1, row))
            from = sl_call_text(call, 1, row);
        if (!sl_call_arg_is_null(call, 2, row))
            to = sl_call_text(call, 2, row);
        if (!is_set || call->args[1].mask || call->args[2].mask)
            text_translation_init(&translation, from, to);
        is_set = true;
        text = sl_call_text(call, 0, row);
        result = sl_call_begin_text(call, &writer, row, text.length * 4);
        if (result)
            sl_call_end_text(call, &writer, row, result,
                             text_translate(&translation, text, result));
    }
}

/* --- ELT --- */

/* ELT(index, text, …): NULL where there is no such text. */
void
sl_kernel_elt(struct sl_call *call)
{
    for (size_t i = 1; i < call->arg_count; i++)
        sl_column_add_heaps_of(call->result, call->pool, call->args[i].column);
    SL_FOR_ROWS(call, row)
    {
        int64_t index = 0;

        if (!sl_call_arg_is_null(call, 0, row))
            index = sl_call_bigint(call, 0, row);
        if (index < 1 || index >= (int64_t)call->arg_count ||
            sl_call_arg_is_null(call, (size_t)index, row))
            sl_call_set_null(call, row);
        else
            SL_RESULT(call, struct sl_view)
        [row] = SL_ARG(call, (size_t)index, struct sl_view)[row & call->args[(size_t)index].mask];
    }
}

/* --- ASCII, CHR --- */

/* The first byte, as a TINYINT. */
void
sl_kernel_ascii(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        struct sl_text text = sl_call_text(call, 0, row);

        SL_RESULT(call, int8_t)[row] = text.length ? (int8_t)*text.start : 0;
    }
}

/* The character of the number's lowest byte in ISO 8859-1; the empty string below 0. */
void
sl_kernel_chr(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        int64_t number = sl_call_bigint(call, 0, row);
        char text[4];
        size_t size = number < 0 ? 0 : sl_utf8_write((int32_t)(number & 0xff), text);

        SL_RESULT(call, struct sl_view)[row] = sl_view_of(text, size);
    }
}

/* --- IS_ALPHA, IS_DIGIT, IS_DECIMAL --- */

static bool
text_is_letter(int32_t character)
{
    utf8proc_category_t category;

    if (character < 0x80)
        return isalpha(character) != 0;
    category = utf8proc_category(character);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

static bool
text_is_digit(int32_t character)
{
    if (character < 0x80)
        return isdigit(character) != 0;
    return utf8proc_category(character) == UTF8PROC_CATEGORY_ND;
}

static bool
text_consists_of(struct sl_text text, bool (*is_one)(int32_t character))
{
    const char *at = text.start, *end = text.start + text.length;
    size_t size;

    for (; at < end; at += size) {
        int32_t character = sl_utf8_read(at, end, &size);

        if (character < 0 || !is_one(character))
            return false;
    }
    return text.length > 0;
}

static void
text_test_rows(struct sl_call *call, bool (*is_one)(int32_t character))
{
    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, uint8_t)
        [row] = !sl_call_arg_is_null(call, 0, row) &&
                text_consists_of(sl_call_text(call, 0, row), is_one);
    }
}

void
sl_kernel_is_alpha(struct sl_call *call)
{
    text_test_rows(call, text_is_letter);
}

void
sl_kernel_is_digit(struct sl_call *call)
{
    text_test_rows(call, text_is_digit);
}

static size_t
text_skip_digits(struct sl_text text, size_t at)
{
    while (at < text.length && isdigit((unsigned char)text.start[at]))
        at++;
    return at;
}

/* What Java's Double.parseDouble takes, but for hexadecimal numbers. */
static bool
text_is_number(struct sl_text text)
{
    size_t at = 0, end, digits;

    while (text.length && (unsigned char)*text.start <= ' ')
        text = (struct sl_text){text.start + 1, text.length - 1};
    while (text.length && (unsigned char)text.start[text.length - 1] <= ' ')
        text.length--;
    if (text.length && (*text.start == '+' || *text.start == '-'))
        text = (struct sl_text){text.start + 1, text.length - 1};
    if (sl_text_equal(text, SL_TEXT("NaN")) || sl_text_equal(text, SL_TEXT("Infinity")))
        return true;
    end = text_skip_digits(text, at);
    digits = end - at;
    at = end;
    if (at < text.length && text.start[at] == '.') {
        end = text_skip_digits(text, at + 1);
        digits += end - at - 1;
        at = end;
    }
    if (digits == 0)
        return false;
    if (at < text.length && (text.start[at] | 0x20) == 'e') {
        at++;
        at += at < text.length && (text.start[at] == '+' || text.start[at] == '-');
        end = text_skip_digits(text, at);
        if (end == at)
            return false;
        at = end;
    }
    at += at < text.length && memchr("fFdD", text.start[at], 4) != NULL;
    return at == text.length;
}

void
sl_kernel_is_decimal(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, uint8_t)
        [row] = !sl_call_arg_is_null(call, 0, row) && text_is_number(sl_call_text(call, 0, row));
    }
}
