/* Values of documents in the one form in which JSON is written: see json.h. */
#include "expr/json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* The coefficient's digits without zeros in front, and how many of them are behind the point. */
struct write_number {
    const char *start, *end; /* of the digits, a point among them */
    bool is_negative;
    size_t digit_count;
    int64_t scale;
};

static struct write_number
write_scan_number(struct sl_text text)
{
    struct write_number number = {text.start, text.start + text.length, false, 0, 0};
    const char *exponent;
    bool after_point = false;

    if (*number.start == '-') {
        number.is_negative = true;
        number.start++;
    }
    for (exponent = number.start; exponent < number.end && tolower(*exponent) != 'e'; exponent++)
        ;
    if (exponent < number.end)
        number.scale = -strtol(exponent + 1, NULL, 10);
    number.end = exponent;
    for (const char *at = number.start; at < number.end; at++) {
        if (*at == '.') {
            after_point = true;
            continue;
        }
        number.scale += after_point;
        if (*at != '0' || number.digit_count)
            number.digit_count++;
    }
    return number;
}

/* The digits from place `from`, counted from the first that is no zero, at most `count`. */
static void
write_digits(const struct write_number *number, size_t from, size_t count, struct sl_buffer *to)
{
    size_t place = 0;
    bool any = false;

    for (const char *at = number->start; at < number->end && count; at++) {
        if (*at == '.' || (*at == '0' && !any))
            continue;
        any = true;
        if (place++ < from)
            continue;
        sl_buffer_add_byte(to, *at);
        count--;
    }
}

static void
write_scientific(const struct write_number *number, int64_t adjusted, struct sl_buffer *to)
{
    if (number->digit_count == 0)
        sl_buffer_add_byte(to, '0');
    write_digits(number, 0, 1, to);
    if (number->digit_count > 1) {
        sl_buffer_add_byte(to, '.');
        write_digits(number, 1, SIZE_MAX, to);
    }
    if (adjusted != 0)
        sl_buffer_printf(to, "E%+lld", (long long)adjusted);
}

static void
write_plain(const struct write_number *number, struct sl_buffer *to)
{
    int64_t count = (int64_t)number->digit_count, scale = number->scale;
    int64_t before = SL_MAX(count - scale, (int64_t)0);

    if (before == 0)
        sl_buffer_add_byte(to, '0');
    write_digits(number, 0, (size_t)before, to);
    if (scale == 0)
        return;
    sl_buffer_add_byte(to, '.');
    for (int64_t zeros = scale - count; zeros > 0; zeros--)
        sl_buffer_add_byte(to, '0');
    write_digits(number, (size_t)before, SIZE_MAX, to);
}

void
sl_json_write_number(struct sl_buffer *to, struct sl_text text)
{
    struct write_number number;
    int64_t adjusted;
    bool is_usual = text.start[0] != '-' || text.start[1] != '0';

    for (size_t i = 0; i < text.length && is_usual; i++)
        is_usual = tolower(text.start[i]) != 'e';
    /* 0.0000001 is 1E-7; everything else without an exponent is as it is written. */
    if (is_usual && (text.length < 9 || text.start[0] != '0')) {
        sl_buffer_add_text(to, text);
        return;
    }
    number = write_scan_number(text);
    adjusted = (int64_t)SL_MAX(number.digit_count, (size_t)1) - 1 - number.scale;
    if (number.is_negative && number.digit_count)
        sl_buffer_add_byte(to, '-');
    if (number.scale >= 0 && adjusted >= -6)
        write_plain(&number, to);
    else
        write_scientific(&number, adjusted, to);
}

/* --- values --- */

static int
write_compare_members(const void *a, const void *b)
{
    const struct json_member *left = a, *right = b;
    int order = sl_text_compare(left->key, right->key);

    return order ? order : (left->order > right->order) - (left->order < right->order);
}

size_t
sl_json_sort_members(struct json_member *members, size_t count)
{
    size_t kept = 0;
    bool is_sorted = true;

    for (size_t i = 1; i < count && is_sorted; i++)
        is_sorted = sl_text_compare(members[i - 1].key, members[i].key) < 0;
    if (is_sorted)
        return count;
    qsort(members, count, sizeof(*members), write_compare_members);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || !sl_text_equal(members[i].key, members[i + 1].key))
            members[kept++] = members[i];
    }
    return kept;
}

static void
write_object(struct json_writer *writer, const struct json_document *document, uint32_t object)
{
    struct json_member *members;
    size_t count = 0;

    JSON_FOR_MEMBERS(document, object, key)
    count++;
    members = SL_NEW_ARRAY(writer->scratch, struct json_member, count + 1);
    count = 0;
    JSON_FOR_MEMBERS(document, object, key)
    {
        members[count] = (struct json_member){
            sl_json_document_string(document, key, writer->scratch), key + 2, (uint32_t)count};
        count++;
    }
    count = sl_json_sort_members(members, count);
    sl_buffer_add_byte(writer->to, '{');
    for (size_t i = 0; i < count; i++) {
        if (i)
            sl_buffer_add_byte(writer->to, ',');
        sl_json_add_string(writer->to, members[i].key);
        sl_buffer_add_byte(writer->to, ':');
        sl_json_write_value(writer, document, members[i].value);
    }
    sl_buffer_add_byte(writer->to, '}');
}

static void
write_array(struct json_writer *writer, const struct json_document *document, uint32_t array)
{
    bool first = true;

    sl_buffer_add_byte(writer->to, '[');
    JSON_FOR_ITEMS(document, array, item)
    {
        if (!first)
            sl_buffer_add_byte(writer->to, ',');
        first = false;
        sl_json_write_value(writer, document, item);
    }
    sl_buffer_add_byte(writer->to, ']');
}

void
sl_json_write_value(struct json_writer *writer, const struct json_document *document,
                    uint32_t token)
{
    char kind = json_kind(document, token);

    switch (kind) {
    case '{':
        write_object(writer, document, token);
        break;
    case '[':
        write_array(writer, document, token);
        break;
    case '"':
        sl_json_add_string(writer->to, sl_json_document_string(document, token, writer->scratch));
        break;
    case 't':
    case 'f':
    case 'n':
        sl_buffer_add_text(writer->to, sl_json_document_text(document, token));
        break;
    default:
        sl_json_write_number(writer->to, sl_json_document_text(document, token));
    }
}
