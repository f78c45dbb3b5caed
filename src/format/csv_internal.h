/* What the files of the csv format share. */
#ifndef SL_FORMAT_CSV_INTERNAL_H
#define SL_FORMAT_CSV_INTERNAL_H

#include "data/value.h"
#include "format/format.h"

/* The options, read. */
struct sl_csv_form {
    char delimiter, element_delimiter;
    char quote, escape; /* '\0': none */
    const char *null;   /* NULL: none */
    bool comments, lenient, scientific;
};

/* 22023 and 0A000 name the option. */
int sl_csv_form_read(const struct sl_format_config *config, struct sl_csv_form *form,
                     struct sl_error *err);

struct sl_csv_decoder {
    struct sl_decoder decoder;
    struct sl_csv_form form;
    struct sl_arena arena; /* of one call */
    struct csv_field *fields;
    struct sl_column **columns;
    struct sl_column_builder **builders; /* one a column of a batch … */
    struct sl_value *values;             /* … and its value of a record */
    struct sl_decode_error *errors;
    uint32_t *row_records;
};
void sl_csv_decoder_init(struct sl_csv_decoder *decoder);
void sl_csv_decode(struct sl_decoder *decoder, const struct sl_records *records, uint32_t from,
                   size_t row_count_max, struct sl_pool *pool, struct sl_decoded *ret_decoded);
void sl_csv_decoder_done(struct sl_csv_decoder *decoder);

struct sl_csv_encoder {
    struct sl_encoder encoder;
    struct sl_csv_form form;
    struct sl_buffer field;
};
int sl_csv_encode(struct sl_encoder *encoder, const struct sl_batch *batch, struct sl_encoded *to,
                  struct sl_error *err);

#endif
