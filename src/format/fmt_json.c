/* json: one JSON object a record, with the options of Flink's format.  Reading is json_decode.c
 * over the tokens of json_index.cc, writing json_encode.c. */
#include "format/json_internal.h"

#include <stdio.h>

static const struct sl_option_spec json_option_specs[] = {
    {.name = "fail-on-missing-field",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "a field that is not there is an error, not NULL"},
    SL_JSON_COMMON_OPTIONS,
    /* Flink's choice between two parsers of its own; there is one here, and the same result. */
    {.name = "decode.json-parser.enabled",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "true",
     .help = "accepted for Flink's sake; makes no difference"},
};

extern const struct sl_format_class sl_fmt_json;

static union sl_option_value
json_option(const struct sl_format_config *config, const struct sl_format_descriptor *descriptor,
            const char *name)
{
    const char *text = sl_format_option(config, descriptor, name);
    union sl_option_value value = {0};
    struct sl_error err;

    for (size_t i = 0; i < descriptor->option_count; i++) {
        if (strcmp(descriptor->options[i].name, name) == 0)
            SL_ASSERT(sl_option_parse(&descriptor->options[i], text, &value, &err) == SL_OK);
    }
    return value;
}

bool
sl_json_is_true(const struct sl_format_config *config,
                const struct sl_format_descriptor *descriptor, const char *name)
{
    return json_option(config, descriptor, name).boolean;
}

void
sl_json_read_options(const struct sl_format_config *config,
                     const struct sl_format_descriptor *descriptor, struct sl_json_options *options)
{
    union sl_option_value standard = json_option(config, descriptor, "timestamp-format.standard");
    union sl_option_value null_key = json_option(config, descriptor, "map-null-key.mode");

    *options = (struct sl_json_options){
        .prefix = config->prefix,
        .ignore_errors = sl_json_is_true(config, descriptor, "ignore-parse-errors"),
        .standard = standard.integer == 0 ? SL_TIME_SQL : SL_TIME_ISO_8601,
        .null_key = (enum sl_json_null_key)null_key.integer,
        .null_key_literal = json_option(config, descriptor, "map-null-key.literal").string,
        .plain_decimals = sl_json_is_true(config, descriptor, "encode.decimal-as-plain-number"),
        .ignore_nulls = sl_json_is_true(config, descriptor, "encode.ignore-null-fields"),
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

const struct sl_option *
sl_json_find_true(const struct sl_option_list *options, const char *format, const char *name)
{
    static const char *const prefixes[] = {"", "value."};
    bool is_true;

    for (size_t i = 0; i < SL_COUNT_OF(prefixes); i++) {
        char key[128];
        const struct sl_option *option;

        snprintf(key, sizeof(key), "%s%s.%s", prefixes[i], format, name);
        option = sl_option_find(options, key);
        if (option && sl_parse_boolean(option->value, &is_true) && is_true)
            return option;
    }
    return NULL;
}

int
sl_json_check_types(const char *format, const struct sl_schema *schema, struct sl_error *err)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (!json_type_fits(schema->columns[i].type))
            return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                            "column \"%s\": format %s has only texts as keys of MAP and as "
                            "elements of MULTISET",
                            schema->columns[i].name, format);
    }
    return SL_OK;
}

static int
json_check(const struct sl_option_list *options, const struct sl_schema *schema,
           struct sl_error *err)
{
    static const char *const sides[] = {"json", "key.json"};

    for (size_t i = 0; i < SL_COUNT_OF(sides); i++) {
        const struct sl_option *missing =
            sl_json_find_true(options, sides[i], "fail-on-missing-field");

        if (!missing || !sl_json_find_true(options, sides[i], "ignore-parse-errors"))
            continue;
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "\"%s\" and ignore-parse-errors cannot both be true", missing->key);
        return sl_error_at(err, missing->value_offset);
    }
    return sl_json_check_types("json", schema, err);
}

/* --- the class --- */

static int
json_decoder_open(struct sl_decoder *base, struct sl_error *err)
{
    struct sl_json_decoder *decoder = (struct sl_json_decoder *)base;

    sl_json_read_options(base->config, &sl_fmt_json.descriptor, &decoder->options);
    decoder->options.fail_on_missing =
        sl_json_is_true(base->config, &sl_fmt_json.descriptor, "fail-on-missing-field");
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

    sl_json_read_options(base->config, &sl_fmt_json.descriptor, &encoder->options);
    sl_json_encoder_init(encoder);
    return SL_OK;
}

static void
json_encoder_close(struct sl_encoder *base)
{
    sl_json_encoder_done((struct sl_json_encoder *)base);
}

const struct sl_format_class sl_fmt_json = {
    .descriptor = {.name = "json",
                   .reads = true,
                   .writes = true,
                   .sink_kinds = 1u << SL_ROW_INSERT,
                   .fields_by_name = true,
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
