/* What the files of the json format share. */
#ifndef SL_FORMAT_JSON_INTERNAL_H
#define SL_FORMAT_JSON_INTERNAL_H

#include "data/json_token.h"
#include "data/value.h"
#include "format/format.h"
#include "format/time_text.h"

enum sl_json_null_key { SL_JSON_NULL_KEY_FAIL, SL_JSON_NULL_KEY_DROP, SL_JSON_NULL_KEY_LITERAL };

enum sl_json_envelope {
    SL_JSON_NO_ENVELOPE, /* a record is a row */
    SL_JSON_DEBEZIUM,    /* a change: {"before":…,"after":…,"op":…} */
    SL_JSON_DEBEZIUM_PAYLOAD,
};

/* The options, read. */
struct sl_json_options {
    const char *prefix; /* of the options' names, for messages */
    enum sl_json_envelope envelope;
    bool fail_on_missing, ignore_errors;
    enum sl_time_standard standard;
    enum sl_json_null_key null_key;
    const char *null_key_literal;
    bool plain_decimals, ignore_nulls;
};

/* --- json_value.c: tokens to values --- */

struct sl_json_reader {
    const struct sl_json_options *options;
    struct sl_time_reader time;
    struct sl_arena *arena; /* for nested values, unescaped texts and reasons */
    const char *reason;     /* why the last call failed, in the arena */
};

/* Where the bytes of texts go that cannot stay where they are; NULL: into the arena. */
bool sl_json_read_scalar(struct sl_json_reader *reader, const struct sl_json_token *token,
                         const struct sl_type *type, struct sl_heap_writer *writer,
                         struct sl_value *ret_value);
/* Any type; the cursor stands at the value.  False: it does not fit (reader->reason), or
 * ret_broken: this is no JSON and the rest of the record cannot be read. */
bool sl_json_read_value(struct sl_json_reader *reader, struct sl_json_cursor *cursor,
                        const struct sl_type *type, struct sl_value *ret_value, bool *ret_broken);

/* --- json_decode.c, json_encode.c --- */

struct sl_json_decoder {
    struct sl_decoder decoder;
    struct sl_json_options options;
    struct json_decode_state *state;
};
void sl_json_decoder_init(struct sl_json_decoder *decoder);
void sl_json_decode(struct sl_decoder *decoder, const struct sl_records *records, uint32_t from,
                    size_t row_count_max, struct sl_pool *pool, struct sl_decoded *ret_decoded);
void sl_json_decoder_done(struct sl_json_decoder *decoder);

struct sl_json_encoder {
    struct sl_encoder encoder;
    struct sl_json_options options;
    struct sl_arena arena; /* names as they are written: "\"name\":" */
    struct sl_text *names;
};
/* Appends the object of one row. */
int sl_json_encode_row(struct sl_json_encoder *encoder, const struct sl_batch *batch, size_t row,
                       struct sl_buffer *to, struct sl_error *err);
int sl_json_encode(struct sl_encoder *encoder, const struct sl_batch *batch, struct sl_encoded *to,
                   struct sl_error *err);
void sl_json_encoder_init(struct sl_json_encoder *encoder); /* after the options were read */
void sl_json_encoder_done(struct sl_json_encoder *encoder);

/* --- fmt_json.c: what the formats of JSON objects share --- */

#define SL_JSON_COMMON_OPTIONS                                                                    \
    {.name = "ignore-parse-errors",                                                               \
     .type = SL_OPTION_BOOLEAN,                                                                   \
     .default_value = "false",                                                                    \
     .help = "fields that do not fit are NULL, records that are no JSON are skipped, counted"},   \
        {.name = "timestamp-format.standard",                                                     \
         .type = SL_OPTION_ENUM,                                                                  \
         .default_value = "SQL",                                                                  \
         .choices = "SQL|ISO-8601",                                                               \
         .help = "2020-01-01 00:00:00 or 2020-01-01T00:00:00"},                                   \
        {.name = "map-null-key.mode",                                                             \
         .type = SL_OPTION_ENUM,                                                                  \
         .default_value = "FAIL",                                                                 \
         .choices = "FAIL|DROP|LITERAL",                                                          \
         .help = "what is written for a NULL key of a map"},                                      \
        {.name = "map-null-key.literal",                                                          \
         .type = SL_OPTION_STRING,                                                                \
         .default_value = "null",                                                                 \
         .help = "the key that mode LITERAL writes"},                                             \
        {.name = "encode.decimal-as-plain-number",                                                \
         .type = SL_OPTION_BOOLEAN,                                                               \
         .default_value = "false",                                                                \
         .help = "0.000000027, not 2.7E-8"},                                                      \
    {                                                                                             \
        .name = "encode.ignore-null-fields", .type = SL_OPTION_BOOLEAN, .default_value = "false", \
        .help = "leave out fields that are NULL"                                                  \
    }

/* An option of the format that is a boolean. */
bool sl_json_is_true(const struct sl_format_config *config,
                     const struct sl_format_descriptor *descriptor, const char *name);
/* SL_JSON_COMMON_OPTIONS of the format. */
void sl_json_read_options(const struct sl_format_config *config,
                          const struct sl_format_descriptor *descriptor,
                          struct sl_json_options *options);
/* The option if it is true, under whichever prefix of the format it was given; else NULL. */
const struct sl_option *sl_json_find_true(const struct sl_option_list *options, const char *format,
                                          const char *name);
/* 0A000, with the column, for types that JSON does not hold. */
int sl_json_check_types(const char *format, const struct sl_schema *schema, struct sl_error *err);
#endif
