/* Records of separated values to columns, as Jackson's reader and Flink's CsvToRowDataConverters
 * take them: a quote counts at the beginning of a field only, and no text may follow the closing
 * one; within quotes a doubled quote is a quote; the escape character works everywhere. */
#include "data/time.h"
#include "base/base64.h"
#include "format/csv_internal.h"
#include "data/json_index.h"
#include "data/number_text.h"

#include <stdlib.h>

struct csv_field {
    struct sl_text text;
    bool quoted;
};

/* --- fields --- */

/* What stands after an escape character, as in Jackson. */
static char
csv_unescape(char c)
{
    switch (c) {
    case '0':
        return '\0';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/* The bytes of a field up to its delimiter or, if quoted, behind its closing quote; *at moves.
 * False: the quote is not closed. */
static bool
csv_copy_field(const struct sl_csv_form *form, struct sl_text line, size_t *at, bool is_quoted,
               char *to, size_t *ret_length)
{
    size_t length = 0, i = *at;
    bool closed = !is_quoted;

    for (; i < line.length; i++) {
        char c = line.start[i];

        if (form->escape && c == form->escape && i + 1 < line.length) {
            to[length++] = csv_unescape(line.start[++i]);
            continue;
        }
        if (is_quoted && c == form->quote) {
            if (i + 1 == line.length || line.start[i + 1] != c) {
                closed = true;
                i++;
                break;
            }
            i++;
        } else if (!is_quoted && c == form->delimiter) {
            break;
        }
        to[length++] = c;
    }
    *at = i;
    *ret_length = length;
    return closed;
}

/* Takes one field off the front of *line; NULL, or what is wrong.  What cannot be used as it
 * stands goes to *to, which moves. */
static const char *
csv_take_field(const struct sl_csv_form *form, struct sl_text *line, char **to,
               struct csv_field *field, bool *ret_more)
{
    size_t at = 0, length;

    field->quoted = form->quote && line->length && line->start[0] == form->quote;
    if (!field->quoted && !form->escape) {
        const char *end = line->length ? memchr(line->start, form->delimiter, line->length) : NULL;

        at = end ? (size_t)(end - line->start) : line->length;
        field->text = (struct sl_text){line->start, at};
    } else {
        at += field->quoted;
        if (!csv_copy_field(form, *line, &at, field->quoted, *to, &length))
            return "a quote is not closed";
        field->text = (struct sl_text){*to, length};
        *to += length;
    }
    while (field->quoted && at < line->length && line->start[at] == ' ' && form->delimiter != ' ')
        at++;
    *ret_more = at < line->length;
    if (*ret_more && line->start[at] != form->delimiter)
        return "text follows a closing quote";
    line->start += SL_MIN(at + 1, line->length);
    line->length -= SL_MIN(at + 1, line->length);
    return NULL;
}

static const char *
csv_split(struct sl_csv_decoder *decoder, struct sl_text line)
{
    size_t column_count = decoder->decoder.config->physical->count, count = 0;
    char *to = sl_arena_alloc_raw(&decoder->arena, line.length + 1);
    bool more = true;

    if (!sl_json_is_utf8(line.start, line.length))
        return "it is not UTF-8";
    while (more) {
        const char *wrong;

        if (count == column_count)
            return sl_arena_printf(&decoder->arena, "it has more than %zu fields", column_count);
        wrong = csv_take_field(&decoder->form, &line, &to, &decoder->fields[count], &more);
        if (wrong)
            return wrong;
        count++;
    }
    if (count < column_count && !decoder->form.lenient)
        return sl_arena_printf(&decoder->arena, "it has %zu fields, the table %zu columns", count,
                               column_count);
    for (; count < column_count; count++)
        decoder->fields[count] = (struct csv_field){{NULL, 0}, false};
    return NULL;
}

/* --- values --- */

/* The null literal is NULL, and so is an empty text but for texts, bytes and arrays. */
static bool
csv_is_null(const struct sl_csv_form *form, struct sl_text text, bool quoted,
            const struct sl_type *type)
{
    if (text.start == NULL || type->kind == SL_TYPE_NULL)
        return true;
    if (form->null && !quoted && sl_text_equal(text, sl_text_of(form->null)))
        return true;
    return text.length == 0 && !sl_type_is_view(type->kind) && type->kind != SL_TYPE_ARRAY;
}

static const char *
csv_misfit(struct sl_csv_decoder *decoder, const struct sl_type *type, struct sl_text text)
{
    text.length = SL_MIN(text.length, (size_t)100);
    return sl_arena_printf(&decoder->arena, "\"%.*s\" is no %s", SL_TEXT_FORMAT(text),
                           sl_type_text(&decoder->arena, type));
}

static const char *
csv_read_bytes(struct sl_csv_decoder *decoder, const struct sl_type *type, struct sl_text text,
               struct sl_value *value)
{
    char *to = sl_arena_alloc_raw(&decoder->arena, SL_BASE64_DECODED_SIZE_MAX(text.length));

    value->text.start = to;
    if (!sl_base64_decode(text, to, &value->text.length) ||
        value->text.length > (size_t)type->precision)
        return csv_misfit(decoder, type, text);
    return NULL;
}

static const char *
csv_read_interval(struct sl_csv_decoder *decoder, const struct sl_type *type, struct sl_text text,
                  struct sl_value *value)
{
    bool is_month = type->kind == SL_TYPE_INTERVAL_MONTH;

    if (!sl_number_read_integer(sl_number_trim(text), &value->integer) ||
        (is_month && !sl_number_fits(type->kind, value->integer)) ||
        (!is_month && __builtin_mul_overflow(value->integer, SL_US_PER_MS, &value->integer)))
        return csv_misfit(decoder, type, text);
    return NULL;
}

static const char *
csv_read_simple(struct sl_csv_decoder *decoder, const struct sl_type *type, struct sl_text text,
                struct sl_value *value)
{
    struct sl_error err;

    switch (type->kind) {
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        return csv_read_bytes(decoder, type, text, value);
    case SL_TYPE_INTERVAL_MONTH:
    case SL_TYPE_INTERVAL_DAY:
        return csv_read_interval(decoder, type, text, value);
    default:
        if (sl_value_parse(&decoder->arena, type, text, decoder->decoder.config->zone, value,
                           &err) < 0)
            return sl_arena_strdup(&decoder->arena, err.text);
        return NULL;
    }
}

/* How many values stand between the delimiters; blanks alone are none. */
static size_t
csv_count_elements(const struct sl_csv_form *form, struct sl_text text)
{
    size_t count = 1;

    if (sl_number_trim(text).length == 0)
        return 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.start[i] == form->element_delimiter;
    return count;
}

static struct sl_text
csv_take_element(const struct sl_csv_form *form, struct sl_text *text)
{
    const char *end =
        text->length ? memchr(text->start, form->element_delimiter, text->length) : NULL;
    struct sl_text element = {text->start, end ? (size_t)(end - text->start) : text->length};

    text->start += SL_MIN(element.length + 1, text->length);
    text->length -= SL_MIN(element.length + 1, text->length);
    return element;
}

/* ARRAY and ROW.  Of a ROW, leniently, fields that are missing are NULL. */
static const char *
csv_read_elements(struct sl_csv_decoder *decoder, const struct sl_type *type, struct sl_text text,
                  struct sl_value *value)
{
    const struct sl_csv_form *form = &decoder->form;
    size_t count = csv_count_elements(form, text);

    if (type->kind == SL_TYPE_ROW && count == 0) {
        *value = sl_value_null(type);
        return NULL;
    }
    if (type->kind == SL_TYPE_ROW && count != type->field_count && !form->lenient)
        return sl_arena_printf(&decoder->arena, "it has %zu values, its ROW %zu fields", count,
                               type->field_count);
    value->list.count = type->kind == SL_TYPE_ROW ? type->field_count : count;
    value->list.items = SL_NEW_ARRAY(&decoder->arena, struct sl_value, value->list.count + 1);
    for (size_t i = 0; i < value->list.count; i++) {
        struct sl_value *item = &value->list.items[i];
        const struct sl_type *item_type =
            type->kind == SL_TYPE_ROW ? type->fields[i].type : type->element;
        struct sl_text element = {NULL, 0};
        const char *wrong = NULL;

        if (i < count)
            element = csv_take_element(form, &text);
        *item = (struct sl_value){.type = item_type};
        if (csv_is_null(form, element, false, item_type))
            *item = sl_value_null(item_type);
        else
            wrong = csv_read_simple(decoder, item_type, element, item);
        if (wrong && !form->lenient)
            return wrong;
        if (wrong)
            *item = sl_value_null(item_type);
    }
    return NULL;
}

/* Values of one record; NULL, or what is wrong with it. */
static const char *
csv_read_values(struct sl_csv_decoder *decoder, struct sl_value *values)
{
    const struct sl_format_config *config = decoder->decoder.config;

    for (size_t i = 0; i < config->column_count; i++) {
        const struct sl_schema_column *column = &config->physical->columns[config->columns[i]];
        const struct csv_field *field = &decoder->fields[config->columns[i]];
        const char *wrong;

        values[i] = sl_value_null(column->type);
        if (csv_is_null(&decoder->form, field->text, field->quoted, column->type))
            continue;
        values[i].is_null = false;
        wrong = sl_type_is_nested(column->type->kind)
                    ? csv_read_elements(decoder, column->type, field->text, &values[i])
                    : csv_read_simple(decoder, column->type, field->text, &values[i]);
        if (wrong && !decoder->form.lenient)
            return sl_arena_printf(&decoder->arena, "field \"%s\": %s", column->name, wrong);
        if (wrong)
            values[i] = sl_value_null(column->type);
    }
    return NULL;
}

/* --- records --- */

void
sl_csv_decoder_init(struct sl_csv_decoder *decoder)
{
    const struct sl_format_config *config = decoder->decoder.config;

    sl_arena_init(&decoder->arena);
    decoder->fields = sl_alloc_zeroed(config->physical->count * sizeof(*decoder->fields));
    decoder->columns = sl_alloc_zeroed(config->column_count * sizeof(*decoder->columns));
    decoder->builders = sl_alloc_zeroed(config->column_count * sizeof(*decoder->builders));
    decoder->values = sl_alloc_zeroed(config->column_count * sizeof(*decoder->values));
    decoder->errors = sl_alloc_zeroed(SL_BATCH_ROWS_MAX * sizeof(*decoder->errors));
    decoder->row_records = sl_alloc_zeroed(SL_BATCH_ROWS_MAX * sizeof(*decoder->row_records));
}

void
sl_csv_decoder_done(struct sl_csv_decoder *decoder)
{
    free(decoder->fields);
    free(decoder->columns);
    free(decoder->builders);
    free(decoder->values);
    free(decoder->errors);
    free(decoder->row_records);
    sl_arena_done(&decoder->arena);
}

/* The record without the end of its line. */
static struct sl_text
csv_line(const struct sl_record *record)
{
    struct sl_text line = {record->value,
                           record->value_length == SL_RECORD_NULL ? 0 : record->value_length};

    if (line.length && line.start[line.length - 1] == '\n')
        line.length--;
    if (line.length && line.start[line.length - 1] == '\r')
        line.length--;
    return line;
}

void
sl_csv_decode(struct sl_decoder *base, const struct sl_records *records, uint32_t from,
              size_t row_count_max, struct sl_pool *pool, struct sl_decoded *ret_decoded)
{
    struct sl_csv_decoder *decoder = (struct sl_csv_decoder *)base;
    const struct sl_format_config *config = base->config;
    struct sl_column_builder **builders = decoder->builders;
    struct sl_value *values = decoder->values;

    row_count_max = SL_MIN(row_count_max, (size_t)SL_BATCH_ROWS_MAX);
    *ret_decoded = (struct sl_decoded){.columns = decoder->columns,
                                       .row_records = decoder->row_records,
                                       .errors = decoder->errors};
    sl_arena_reset(&decoder->arena);
    for (size_t i = 0; i < config->column_count; i++)
        builders[i] = sl_column_builder_new(
            pool, config->physical->columns[config->columns[i]].type, row_count_max);
    for (uint32_t at = from; at < records->count && at - from < row_count_max; at++) {
        struct sl_text line = csv_line(&records->items[at]);
        const char *wrong;

        ret_decoded->record_count++;
        if (line.length == 0 || (decoder->form.comments && line.start[0] == '#'))
            continue;
        wrong = csv_split(decoder, line);
        if (!wrong)
            wrong = csv_read_values(decoder, values);
        if (wrong && decoder->form.lenient) {
            ret_decoded->skipped_count++;
        } else if (wrong) {
            decoder->errors[ret_decoded->error_count++] = (struct sl_decode_error){at, wrong};
        } else {
            for (size_t i = 0; i < config->column_count; i++)
                sl_column_builder_add(builders[i], &values[i]);
            decoder->row_records[ret_decoded->row_count++] = at;
        }
    }
    for (size_t i = 0; i < config->column_count; i++)
        decoder->columns[i] = sl_column_builder_end(builders[i]);
}
