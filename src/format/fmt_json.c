/* json: one JSON object a record, with the options of Flink's format.  Reading is json_decode.c
 * over the tokens of json_index.cc, writing json_encode.c. */
#include "format/json_internal.h"

#include <stdio.h>

static const struct sl_option_spec json_option_specs[] = {
    {.name = "fail-on-missing-field",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "a field that is not there is an error, not NULL"},
    {.name = "ignore-parse-errors",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "fields that do not fit are NULL, records that are no JSON are skipped and counted"},
    {.name = "timestamp-format.standard",
     .type = SL_OPTION_ENUM,
     .default_value = "SQL",
     .choices = "SQL|ISO-8601",
     .help = "2020-01-01 00:00:00 or 2020-01-01T00:00:00"},
    {.name = "map-null-key.mode",
     .type = SL_OPTION_ENUM,
     .default_value = "FAIL",
     .choices = "FAIL|DROP|LITERAL",
     .help = "what is written for a NULL key of a map"},
    {.name = "map-null-key.literal",
     .type = SL_OPTION_STRING,
     .default_value = "null",
     .help = "the key that mode LITERAL writes"},
    {.name = "encode.decimal-as-plain-number",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "0.000000027, not 2.7E-8"},
    {.name = "encode.ignore-null-fields",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "leave out fields that are NULL"},
    /* Flink's choice between two parsers of its own; there is one here, and the same result. */
    {.name = "decode.json-parser.enabled",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "true",
     .help = "accepted for Flink's sake; makes no difference"},
};

extern const struct sl_format_class sl_fmt_json;

static union sl_option_value
json_option(const struct sl_format_config *config, const char *name)
{
    const char *text = sl_format_option(config, &sl_fmt_json.descriptor, name);
    union sl_option_value value = {0};
    struct sl_error err;

    for (size_t i = 0; i < SL_COUNT_OF(json_option_specs); i++) {
        if (strcmp(json_option_specs[i].name, name) == 0)
            SL_ASSERT(sl_option_parse(&json_option_specs[i], text, &value, &err) == SL_OK);
    }
    return value;
}

static void
json_read_options(const struct sl_format_config *config, struct sl_json_options *options)
{
    *options = (struct sl_json_options){
        .fail_on_missing = json_option(config, "fail-on-missing-field").boolean,
        .ignore_errors = json_option(config, "ignore-parse-errors").boolean,
        .standard = json_option(config, "timestamp-format.standard").integer == 0
                        ? SL_TIME_SQL
                        : SL_TIME_ISO_8601,
        .null_key = (enum sl_json_null_key)json_option(config, "map-null-key.mode").integer,
        .null_key_literal = json_option(config, "map-null-key.literal").string,
        .plain_decimals = json_option(config, "encode.decimal-as-plain-number").boolean,
        .ignore_nulls = json_option(config, "encode.ignore-null-fields").boolean,
    };
}

/* --- what a table may hold --- */

static bool
json_type_fits(const struct sl_type *type)
{
    switch (type->kind) {
    case SL_TYPE_ARRAY:
        return json_type_fits(type->element);
    case SL_TYPE_MAP:
        return sl_type_is_text(type->key->kind) && json_type_fits(type->element);
    case SL_TYPE_MULTISET:
        return sl_type_is_text(type->element->kind);
    case SL_TYPE_ROW:
        for (size_t i = 0; i < type->field_count; i++) {
            if (!json_type_fits(type->fields[i].type))
                return false;
        }
        return true;
    default:
        return true;
    }
}

/* Is the option true, under whichever prefix it was given? */
static const struct sl_option *
json_find_true(const struct sl_option_list *options, const char *name)
{
    static const char *const prefixes[] = {"json.", "value.json."};
    bool is_true;

    for (size_t i = 0; i < SL_COUNT_OF(prefixes); i++) {
        char key[128];
        const struct sl_option *option;

        snprintf(key, sizeof(key), "%s%s", prefixes[i], name);
        option = sl_option_find(options, key);
        if (option && sl_parse_boolean(option->value, &is_true) && is_true)
            return option;
    }
    return NULL;
}

static int
json_check(const struct sl_option_list *options, const struct sl_schema *schema,
           struct sl_error *err)
{
    const struct sl_option *missing = json_find_true(options, "fail-on-missing-field");

    if (missing && json_find_true(options, "ignore-parse-errors")) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "\"%s\" and ignore-parse-errors cannot both be true", missing->key);
        return sl_error_at(err, missing->value_offset);
    }
    for (size_t i = 0; i < schema->count; i++) {
        if (!json_type_fits(schema->columns[i].type))
            return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                            "column \"%s\": format json has only texts as keys of MAP and as "
                            "elements of MULTISET",
                            schema->columns[i].name);
    }
    return SL_OK;
}

/* --- the class --- */

static int
json_decoder_open(struct sl_decoder *base, struct sl_error *err)
{
    struct sl_json_decoder *decoder = (struct sl_json_decoder *)base;

    json_read_options(base->config, &decoder->options);
    sl_json_decoder_init(decoder);
    return SL_OK;
}

static void
json_decoder_close(struct sl_decoder *base)
{
    sl_json_decoder_done((struct sl_json_decoder *)base);
}

static int
json_encoder_open(struct sl_encoder *base, struct sl_error *err)
{
    struct sl_json_encoder *encoder = (struct sl_json_encoder *)base;
    const struct sl_schema *physical = base->config->physical;
    struct sl_buffer name;

    json_read_options(base->config, &encoder->options);
    sl_arena_init(&encoder->arena);
    encoder->names = SL_NEW_ARRAY(&encoder->arena, struct sl_text, physical->count + 1);
    sl_buffer_init(&name, SIZE_MAX / 2);
    for (size_t i = 0; i < physical->count; i++) {
        sl_buffer_reset(&name);
        sl_json_add_string(&name, sl_text_of(physical->columns[i].name));
        sl_buffer_add_byte(&name, ':');
        encoder->names[i] = sl_arena_text(&encoder->arena, sl_buffer_text(&name));
    }
    sl_buffer_done(&name);
    return SL_OK;
}

static void
json_encoder_close(struct sl_encoder *base)
{
    sl_arena_done(&((struct sl_json_encoder *)base)->arena);
}

const struct sl_format_class sl_fmt_json = {
    .descriptor = {.name = "json",
                   .reads = true,
                   .writes = true,
                   .sink_kinds = 1u << SL_ROW_INSERT,
                   .options = json_option_specs,
                   .option_count = SL_COUNT_OF(json_option_specs),
                   .check = json_check},
    .decoder_size = sizeof(struct sl_json_decoder),
    .encoder_size = sizeof(struct sl_json_encoder),
    .decoder_open = json_decoder_open,
    .decode = sl_json_decode,
    .decoder_close = json_decoder_close,
    .encoder_open = json_encoder_open,
    .encode = sl_json_encode,
    .encoder_close = json_encoder_close,
};
