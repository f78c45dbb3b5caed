/* csv: one record a row, with the options of Flink's format.  Reading is csv_decode.c, writing
 * csv_encode.c.  A field is text in the SQL form of its type, bytes are base64, intervals numbers;
 * ARRAY and ROW are one field with the array-element-delimiter between their simple values. */
#include "format/csv_internal.h"

#include <stdio.h>

static const struct sl_option_spec csv_options[] = {
    {.name = "field-delimiter",
     .type = SL_OPTION_STRING,
     .default_value = ",",
     .help = "one character, or an escape as in Java: \\t is a tab, \\u0001 a control character"},
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
    {.name = "array-element-delimiter",
     .type = SL_OPTION_STRING,
     .default_value = ";",
     .help = "one character between the values of an ARRAY or ROW"},
    {.name = "escape-character", .type = SL_OPTION_STRING, .help = "one character, none if unset"},
    {.name = "null-literal", .type = SL_OPTION_STRING, .help = "what stands for NULL"},
    /* Flink documents true and does false where it is not set: so does this. */
    {.name = "write-bigdecimal-in-scientific-notation",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "DECIMAL 100.00 is written 1E+2"},
};

extern const struct sl_format_class sl_fmt_csv;

/* --- options --- */

static const char *
csv_option(const struct sl_format_config *config, const char *name)
{
    return sl_format_option(config, &sl_fmt_csv.descriptor, name);
}

static bool
csv_is_true(const struct sl_format_config *config, const char *name)
{
    bool value = false;

    return sl_parse_boolean(csv_option(config, name), &value) && value;
}

static const struct sl_option *
csv_find(const struct sl_format_config *config, const char *name)
{
    char key[128];

    snprintf(key, sizeof(key), "%s%s", config->prefix, name);
    return sl_option_find(config->options, key);
}

/* The escapes of a Java string that stand for one character: \t, \\, \u0001, \1. */
static bool
csv_unescape(const char *text, char *ret_value)
{
    static const char from[] = "tnrbf\\\"'", to[] = "\t\n\r\b\f\\\"'";
    const char *letter;
    unsigned code;
    int length = 0;

    if (text[0] != '\\')
        return false;
    letter = text[1] ? strchr(from, text[1]) : NULL;
    if (letter && text[2] == '\0') {
        *ret_value = to[letter - from];
        return true;
    }
    if (sscanf(text, "\\u%4x%n", &code, &length) != 1 || length != 6) {
        length = 0;
        if (sscanf(text, "\\%3o%n", &code, &length) != 1)
            return false;
    }
    if (text[length] != '\0' || code == 0 || code > 127)
        return false;
    *ret_value = (char)code;
    return true;
}

static int
csv_read_char(const struct sl_format_config *config, const char *name, char *ret_value,
              struct sl_error *err)
{
    const struct sl_option *option = csv_find(config, name);
    const char *text = csv_option(config, name);
    bool is_escape = strcmp(name, "field-delimiter") == 0 && csv_unescape(text, ret_value);
    size_t characters = 0;

    if (is_escape)
        return SL_OK;
    if (strlen(text) == 1 && (unsigned char)*text < 128) {
        *ret_value = *text;
        return SL_OK;
    }
    for (const char *at = text; *at; at++)
        characters += ((unsigned char)*at & 0xc0) != 0x80;
    SL_ERROR(err, characters == 1 ? SL_E_NOT_SUPPORTED : SL_E_INVALID_PARAMETER_VALUE,
             "option \"%s%s\" does not take the value \"%s\"", config->prefix, name, text);
    sl_error_hint(err, "expected: one %s", characters == 1 ? "ASCII character" : "character");
    return sl_error_at(err, option ? option->value_offset : -1);
}

/* Nobody could tell the fields apart. */
static int
csv_check_distinct(const struct sl_format_config *config, const struct sl_csv_form *form,
                   struct sl_error *err)
{
    const struct sl_option *option = csv_find(config, "field-delimiter");
    const char *other = NULL;

    if (form->delimiter == form->quote)
        other = "quote-character";
    else if (form->delimiter == form->escape)
        other = "escape-character";
    if (!other)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "options \"%sfield-delimiter\" and \"%s%s\" are the same character", config->prefix,
             config->prefix, other);
    option = option ? option : csv_find(config, other);
    return sl_error_at(err, option ? option->value_offset : -1);
}

int
sl_csv_form_read(const struct sl_format_config *config, struct sl_csv_form *form,
                 struct sl_error *err)
{
    const struct sl_option *quote = csv_find(config, "quote-character");
    bool no_quotes = csv_is_true(config, "disable-quote-character");

    *form = (struct sl_csv_form){
        .null = csv_option(config, "null-literal"),
        .comments = csv_is_true(config, "allow-comments"),
        .lenient = csv_is_true(config, "ignore-parse-errors"),
        .scientific = csv_is_true(config, "write-bigdecimal-in-scientific-notation")};
    SL_TRY(csv_read_char(config, "field-delimiter", &form->delimiter, err));
    SL_TRY(csv_read_char(config, "array-element-delimiter", &form->element_delimiter, err));
    if (no_quotes && quote) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "\"%s\" cannot be set where \"disable-quote-character\" is true", quote->key);
        return sl_error_at(err, quote->value_offset);
    }
    if (!no_quotes)
        SL_TRY(csv_read_char(config, "quote-character", &form->quote, err));
    if (csv_option(config, "escape-character"))
        SL_TRY(csv_read_char(config, "escape-character", &form->escape, err));
    if (form->escape == form->quote)
        form->escape = '\0'; /* a quote is doubled in any case */
    return csv_check_distinct(config, form, err);
}

/* --- what a table may hold --- */

/* The type that does not fit, or NULL. */
static const struct sl_type *
csv_find_misfit(const struct sl_type *type)
{
    if (type->kind == SL_TYPE_ARRAY)
        return sl_type_is_nested(type->element->kind) ? type->element : NULL;
    if (type->kind == SL_TYPE_MAP || type->kind == SL_TYPE_MULTISET)
        return type;
    for (size_t i = 0; i < type->field_count; i++) {
        if (sl_type_is_nested(type->fields[i].type->kind))
            return type->fields[i].type;
    }
    return NULL;
}

static int
csv_check(const struct sl_option_list *options, const struct sl_schema *schema,
          struct sl_error *err)
{
    static const char *const prefixes[] = {"csv.", "value.csv.", "key.csv."};
    struct sl_csv_form form;

    for (size_t i = 0; i < SL_COUNT_OF(prefixes); i++) {
        struct sl_format_config config = {.options = options, .prefix = prefixes[i]};

        SL_TRY(sl_csv_form_read(&config, &form, err));
    }
    for (size_t i = 0; i < schema->count; i++) {
        const struct sl_type *misfit = csv_find_misfit(schema->columns[i].type);
        struct sl_buffer name;

        if (!misfit)
            continue;
        sl_buffer_init(&name, SIZE_MAX / 2);
        sl_type_format(misfit, &name);
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "column \"%s\": format csv does not hold %s%s",
                 schema->columns[i].name, name.data,
                 misfit == schema->columns[i].type ? "" : " inside ARRAY or ROW");
        sl_buffer_done(&name);
        return sl_error_hint(err, "csv holds simple types, and ARRAY and ROW of them; json holds "
                                  "every nesting");
    }
    return SL_OK;
}

/* --- the class --- */

static int
csv_decoder_open(struct sl_decoder *base, struct sl_error *err)
{
    struct sl_csv_decoder *decoder = (struct sl_csv_decoder *)base;

    sl_csv_decoder_init(decoder);
    return sl_csv_form_read(base->config, &decoder->form, err);
}

static void
csv_decoder_close(struct sl_decoder *base)
{
    sl_csv_decoder_done((struct sl_csv_decoder *)base);
}

static int
csv_line_rule(const struct sl_format_config *config, struct sl_line_rule *ret_rule,
              struct sl_error *err)
{
    struct sl_csv_form form;

    SL_TRY(sl_csv_form_read(config, &form, err));
    *ret_rule = (struct sl_line_rule){form.quote, form.escape, form.delimiter, form.comments};
    return SL_OK;
}

static int
csv_encoder_open(struct sl_encoder *base, struct sl_error *err)
{
    struct sl_csv_encoder *encoder = (struct sl_csv_encoder *)base;

    sl_buffer_init(&encoder->field, SIZE_MAX / 2);
    return sl_csv_form_read(base->config, &encoder->form, err);
}

static void
csv_encoder_close(struct sl_encoder *base)
{
    sl_buffer_done(&((struct sl_csv_encoder *)base)->field);
}

const struct sl_format_class sl_fmt_csv = {
    .descriptor = {.name = "csv",
                   .reads = true,
                   .writes = true,
                   .sink_kinds = 1u << SL_ROW_INSERT,
                   .options = csv_options,
                   .option_count = SL_COUNT_OF(csv_options),
                   .check = csv_check},
    .decoder_size = sizeof(struct sl_csv_decoder),
    .encoder_size = sizeof(struct sl_csv_encoder),
    .decoder_open = csv_decoder_open,
    .decode = sl_csv_decode,
    .decoder_close = csv_decoder_close,
    .line_rule = csv_line_rule,
    .encoder_open = csv_encoder_open,
    .encode = sl_csv_encode,
    .encoder_close = csv_encoder_close,
};
