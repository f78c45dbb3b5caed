/* debezium-json: changes in the envelope of Debezium, with the options of Flink's format.  Reading
 * is debezium_decode.c; rows are read and written as those of json. */
#include "format/json_internal.h"

static const struct sl_option_spec debezium_option_specs[] = {
    {.name = "schema-include",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "the change is in \"payload\", beside its schema; only to be read"},
    SL_JSON_COMMON_OPTIONS,
};

extern const struct sl_format_class sl_fmt_debezium_json;

static int
debezium_check(const struct sl_option_list *options, const struct sl_schema *schema,
               struct sl_error *err)
{
    return sl_json_check_types("debezium-json", schema, err);
}

static int
debezium_check_sink(const struct sl_option_list *options, struct sl_error *err)
{
    const struct sl_option *included =
        sl_json_find_true(options, "debezium-json", "schema-include");

    if (!included)
        return SL_OK;
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "format debezium-json does not write with '%s' = 'true'",
             included->key);
    return sl_error_hint(err, "a table that is written leaves the option out");
}

/* --- reading --- */

static int
debezium_decoder_open(struct sl_decoder *base, struct sl_error *err)
{
    struct sl_json_decoder *decoder = (struct sl_json_decoder *)base;
    const struct sl_format_descriptor *descriptor = &sl_fmt_debezium_json.descriptor;

    sl_json_read_options(base->config, descriptor, &decoder->options);
    decoder->options.envelope = sl_json_is_true(base->config, descriptor, "schema-include")
                                    ? SL_JSON_DEBEZIUM_PAYLOAD
                                    : SL_JSON_DEBEZIUM;
    sl_json_decoder_init(decoder);
    return SL_OK;
}

static void
debezium_decoder_close(struct sl_decoder *base)
{
    sl_json_decoder_done((struct sl_json_decoder *)base);
}

/* --- writing --- */

static int
debezium_encoder_open(struct sl_encoder *base, struct sl_error *err)
{
    struct sl_json_encoder *encoder = (struct sl_json_encoder *)base;

    sl_json_read_options(base->config, &sl_fmt_debezium_json.descriptor, &encoder->options);
    sl_json_encoder_init(encoder);
    return SL_OK;
}

/* A row that came and a row that went; an update is both, one record each. */
static int
debezium_encode(struct sl_encoder *base, const struct sl_batch *batch, struct sl_encoded *to,
                struct sl_error *err)
{
    struct sl_json_encoder *encoder = (struct sl_json_encoder *)base;
    bool ignore_nulls = encoder->options.ignore_nulls;
    const char *create = ignore_nulls ? "{\"after\":" : "{\"before\":null,\"after\":";
    const char *after_delete = ignore_nulls ? ",\"op\":\"d\"}" : ",\"after\":null,\"op\":\"d\"}";

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);
        bool is_delete = sl_row_kind_takes_back(sl_batch_kind(batch, row));

        sl_buffer_add_text(&to->data, sl_text_of(is_delete ? "{\"before\":" : create));
        SL_TRY(sl_json_encode_row(encoder, batch, row, &to->data, err));
        sl_buffer_add_text(&to->data, sl_text_of(is_delete ? after_delete : ",\"op\":\"c\"}"));
        sl_encoded_end_record(to);
    }
    return SL_OK;
}

static void
debezium_encoder_close(struct sl_encoder *base)
{
    sl_json_encoder_done((struct sl_json_encoder *)base);
}

const struct sl_format_class sl_fmt_debezium_json = {
    .descriptor = {.name = "debezium-json",
                   .reads = true,
                   .writes = true,
                   .sink_kinds = 15,
                   .source_kinds = true,
                   .fields_by_name = true,
                   .options = debezium_option_specs,
                   .option_count = SL_COUNT_OF(debezium_option_specs),
                   .check = debezium_check,
                   .check_sink = debezium_check_sink},
    .decoder_size = sizeof(struct sl_json_decoder),
    .encoder_size = sizeof(struct sl_json_encoder),
    .decoder_open = debezium_decoder_open,
    .decode = sl_json_decode,
    .decoder_close = debezium_decoder_close,
    .encoder_open = debezium_encoder_open,
    .encode = debezium_encode,
    .encoder_close = debezium_encoder_close,
};
