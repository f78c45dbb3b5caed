/* csv: one record a row, with the options of Flink's format.  Scalar types but bytes; a field is
 * text in the SQL forms of its type.  A row with too few or too many fields does not decode. */
#include "data/time.h"
#include "data/value.h"
#include "format/format.h"

#include <stdio.h>
#include <stdlib.h>

enum { CSV_COLUMNS_MAX = 1664 };

static const struct sl_option_spec csv_options[] = {
    {.name = "field-delimiter",
     .type = SL_OPTION_STRING,
     .default_value = ",",
     .help = "one character; \\t is a tab"},
    {.name = "disable-quote-character",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "quotes are characters like any other"},
    {.name = "quote-character",
     .type = SL_OPTION_STRING,
     .default_value = "\"",
     .help = "one character around fields that need it"},
    {.name = "allow-comments",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "lines that begin with # are left out"},
    {.name = "ignore-parse-errors",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "rows that do not decode are skipped and counted, fields that do not are NULL"},
    {.name = "escape-character", .type = SL_OPTION_STRING, .help = "one character, none if unset"},
    {.name = "null-literal", .type = SL_OPTION_STRING, .help = "what stands for NULL"},
    {.name = "on-error",
     .type = SL_OPTION_ENUM,
     .default_value = "fail",
     .choices = "fail|skip",
     .help = "what a row that does not decode does"},
};

struct csv_form {
    char delimiter, quote, escape; /* quote, escape '\0': none */
    const char *null;              /* NULL: none */
    bool comments, lenient;
};

/* --- options --- */

static int
csv_read_char(const char *name, const char *text, char *ret_value, struct sl_error *err)
{
    if (strcmp(text, "\\t") == 0)
        text = "\t";
    if (strlen(text) != 1) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "option \"csv.%s\" does not take the value \"%s\"", name, text);
        return sl_error_hint(err, "expected: one character");
    }
    *ret_value = text[0];
    return SL_OK;
}

static bool
csv_is_true(const struct sl_format_config *config, const struct sl_format_descriptor *descriptor,
            const char *name)
{
    bool value = false;

    return sl_parse_boolean(sl_format_option(config, descriptor, name), &value) && value;
}

static int
csv_form_read(const struct sl_format_config *config, const struct sl_format_descriptor *descriptor,
              struct csv_form *form, struct sl_error *err)
{
    const char *escape = sl_format_option(config, descriptor, "escape-character");

    *form = (struct csv_form){.null = sl_format_option(config, descriptor, "null-literal"),
                              .comments = csv_is_true(config, descriptor, "allow-comments"),
                              .lenient = csv_is_true(config, descriptor, "ignore-parse-errors")};
    SL_TRY(csv_read_char("field-delimiter", sl_format_option(config, descriptor, "field-delimiter"),
                         &form->delimiter, err));
    if (!csv_is_true(config, descriptor, "disable-quote-character"))
        SL_TRY(csv_read_char("quote-character",
                             sl_format_option(config, descriptor, "quote-character"), &form->quote,
                             err));
    return escape ? csv_read_char("escape-character", escape, &form->escape, err) : SL_OK;
}

static int
csv_check(const struct sl_option_list *options, const struct sl_schema *schema,
          struct sl_error *err)
{
    for (size_t i = 0; i < schema->count; i++) {
        enum sl_type_kind kind = schema->columns[i].type->kind;

        if (sl_type_is_nested(kind) || sl_type_is_bytes(kind))
            return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                            "column \"%s\": csv does not hold bytes and nested types",
                            schema->columns[i].name);
    }
    return SL_OK;
}

/* --- reading --- */

struct csv_field {
    struct sl_text text;
    bool quoted;
};

struct csv_decoder {
    struct sl_decoder decoder;
    struct csv_form form;
    struct sl_arena arena; /* of one call */
    struct csv_field *fields;
    struct sl_column **columns;
    struct sl_decode_error *errors;
    uint32_t *row_records;
};

/* Takes one field off the front of *line; false: a quote is not closed. */
static bool
csv_take_field(const struct csv_decoder *decoder, struct sl_text *line, struct sl_arena *arena,
               struct csv_field *field, bool *ret_more)
{
    const struct csv_form *form = &decoder->form;
    char *to = sl_arena_alloc_raw(arena, line->length + 1);
    bool inside = false;
    size_t length = 0, i;

    field->quoted = false;
    for (i = 0; i < line->length; i++) {
        char c = line->start[i];

        if (form->escape && c == form->escape && i + 1 < line->length) {
            to[length++] = line->start[++i];
        } else if (form->quote && c == form->quote) {
            if (inside && i + 1 < line->length && line->start[i + 1] == c)
                to[length++] = line->start[i++];
            else
                inside = !inside;
            field->quoted = true;
        } else if (c == form->delimiter && !inside) {
            break;
        } else {
            to[length++] = c;
        }
    }
    *ret_more = i < line->length;
    field->text = (struct sl_text){to, length};
    line->start += SL_MIN(i + 1, line->length);
    line->length -= SL_MIN(i + 1, line->length);
    return !inside;
}

static const char *
csv_split(struct csv_decoder *decoder, struct sl_text line)
{
    size_t column_count = decoder->decoder.config->physical->count, count = 0;
    bool more = true;

    while (more) {
        if (count == column_count)
            return sl_arena_printf(&decoder->arena, "it has more than %zu fields", column_count);
        if (!csv_take_field(decoder, &line, &decoder->arena, &decoder->fields[count++], &more))
            return "a quote is not closed";
    }
    if (count < column_count)
        return sl_arena_printf(&decoder->arena, "it has %zu fields, the table %zu columns", count,
                               column_count);
    return NULL;
}

/* An empty field without quotes is NULL but for strings; the null literal always is. */
static bool
csv_is_null(const struct csv_form *form, const struct csv_field *field, const struct sl_type *type)
{
    if (form->null && !field->quoted && sl_text_equal(field->text, sl_text_of(form->null)))
        return true;
    return field->text.length == 0 && !sl_type_is_text(type->kind);
}

/* Values of one record; NULL, or what is wrong with it. */
static const char *
csv_read_values(struct csv_decoder *decoder, struct sl_value *values)
{
    const struct sl_format_config *config = decoder->decoder.config;

    for (size_t i = 0; i < config->column_count; i++) {
        const struct sl_schema_column *column = &config->physical->columns[config->columns[i]];
        const struct csv_field *field = &decoder->fields[config->columns[i]];
        struct sl_error err;

        values[i] = sl_value_null(column->type);
        if (csv_is_null(&decoder->form, field, column->type))
            continue;
        if (sl_value_parse(&decoder->arena, column->type, field->text, config->zone, &values[i],
                           &err) < 0) {
            if (!decoder->form.lenient)
                return sl_arena_printf(&decoder->arena, "field \"%s\": %s", column->name, err.text);
            values[i] = sl_value_null(column->type);
        }
    }
    return NULL;
}

static int
csv_decoder_open(struct sl_decoder *base, struct sl_error *err)
{
    struct csv_decoder *decoder = (struct csv_decoder *)base;
    const struct sl_format_descriptor *descriptor = &base->class->descriptor;

    sl_arena_init(&decoder->arena);
    decoder->fields = sl_alloc_zeroed(base->config->physical->count * sizeof(*decoder->fields));
    decoder->columns = sl_alloc_zeroed(base->config->column_count * sizeof(*decoder->columns));
    decoder->errors = sl_alloc_zeroed(SL_BATCH_ROWS_MAX * sizeof(*decoder->errors));
    decoder->row_records = sl_alloc_zeroed(SL_BATCH_ROWS_MAX * sizeof(*decoder->row_records));
    return csv_form_read(base->config, descriptor, &decoder->form, err);
}

static void
csv_decode(struct sl_decoder *base, const struct sl_records *records, uint32_t from,
           size_t row_count_max, struct sl_pool *pool, struct sl_decoded *ret_decoded)
{
    struct csv_decoder *decoder = (struct csv_decoder *)base;
    const struct sl_format_config *config = base->config;
    struct sl_column_builder *builders[CSV_COLUMNS_MAX];
    struct sl_value values[CSV_COLUMNS_MAX];

    row_count_max = SL_MIN(row_count_max, (size_t)SL_BATCH_ROWS_MAX);
    *ret_decoded = (struct sl_decoded){.columns = decoder->columns,
                                       .row_records = decoder->row_records,
                                       .errors = decoder->errors};
    sl_arena_reset(&decoder->arena);
    for (size_t i = 0; i < config->column_count; i++)
        builders[i] = sl_column_builder_new(
            pool, config->physical->columns[config->columns[i]].type, row_count_max);
    for (uint32_t at = from; at < records->count && at - from < row_count_max; at++) {
        const struct sl_record *record = &records->items[at];
        struct sl_text line = {record->value, record->value_length};
        const char *wrong;

        ret_decoded->record_count++;
        if (record->value_length == SL_RECORD_NULL || line.length == 0 ||
            (decoder->form.comments && line.start[0] == '#'))
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

static void
csv_decoder_close(struct sl_decoder *base)
{
    struct csv_decoder *decoder = (struct csv_decoder *)base;

    free(decoder->fields);
    free(decoder->columns);
    free(decoder->errors);
    free(decoder->row_records);
    sl_arena_done(&decoder->arena);
}

/* --- writing --- */

struct csv_encoder {
    struct sl_encoder encoder;
    struct csv_form form;
    struct sl_buffer field;
};

static int
csv_encoder_open(struct sl_encoder *base, struct sl_error *err)
{
    struct csv_encoder *encoder = (struct csv_encoder *)base;

    sl_buffer_init(&encoder->field, SIZE_MAX / 2);
    return csv_form_read(base->config, &base->class->descriptor, &encoder->form, err);
}

static bool
csv_needs_quotes(const struct csv_form *form, struct sl_text text)
{
    if (text.length == 0 || (form->null && sl_text_equal(text, sl_text_of(form->null))))
        return true;
    for (size_t i = 0; i < text.length; i++)
        if (text.start[i] == form->delimiter || text.start[i] == form->quote ||
            text.start[i] == '\n' || text.start[i] == '\r' ||
            (form->escape && text.start[i] == form->escape))
            return true;
    return false;
}

static void
csv_write_field(const struct csv_form *form, struct sl_text text, bool is_text,
                struct sl_buffer *to)
{
    if (!form->quote || !is_text || !csv_needs_quotes(form, text)) {
        sl_buffer_add_text(to, text);
        return;
    }
    sl_buffer_add_byte(to, form->quote);
    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] == form->quote)
            sl_buffer_add_byte(to, form->escape ? form->escape : form->quote);
        else if (form->escape && text.start[i] == form->escape)
            sl_buffer_add_byte(to, form->escape);
        sl_buffer_add_byte(to, text.start[i]);
    }
    sl_buffer_add_byte(to, form->quote);
}

static void
csv_write_cell(struct csv_encoder *encoder, const struct sl_column *column, size_t row,
               struct sl_buffer *to)
{
    const struct sl_zone *zone = encoder->encoder.config->zone;

    if (sl_column_is_null(column, row)) {
        if (encoder->form.null)
            sl_buffer_add_string(to, encoder->form.null);
        return;
    }
    sl_buffer_reset(&encoder->field);
    if (column->type->kind == SL_TYPE_BOOLEAN)
        sl_buffer_add_string(&encoder->field,
                             ((const uint8_t *)column->values)[row] ? "true" : "false");
    else
        sl_column_format(column, row, SL_FORM_POSTGRES, zone, &encoder->field);
    csv_write_field(
        &encoder->form,
        (struct sl_text){encoder->field.data ? encoder->field.data : "", encoder->field.length},
        sl_type_is_text(column->type->kind), to);
}

static int
csv_encode(struct sl_encoder *base, const struct sl_batch *batch, struct sl_encoded *to,
           struct sl_error *err)
{
    struct csv_encoder *encoder = (struct csv_encoder *)base;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        for (size_t c = 0; c < batch->column_count; c++) {
            if (c)
                sl_buffer_add_byte(&to->data, encoder->form.delimiter);
            csv_write_cell(encoder, batch->columns[c], sl_batch_row(batch, i), &to->data);
        }
        sl_encoded_end_record(to);
    }
    return SL_OK;
}

static void
csv_encoder_close(struct sl_encoder *base)
{
    sl_buffer_done(&((struct csv_encoder *)base)->field);
}

const struct sl_format_class sl_fmt_csv = {
    .descriptor = {.name = "csv",
                   .reads = true,
                   .writes = true,
                   .sink_kinds = 1u << 0,
                   .options = csv_options,
                   .option_count = SL_COUNT_OF(csv_options),
                   .check = csv_check},
    .decoder_size = sizeof(struct csv_decoder),
    .encoder_size = sizeof(struct csv_encoder),
    .decoder_open = csv_decoder_open,
    .decode = csv_decode,
    .decoder_close = csv_decoder_close,
    .encoder_open = csv_encoder_open,
    .encode = csv_encode,
    .encoder_close = csv_encoder_close,
};
