/* Records whose key has a format of its own, as one decoder and one encoder: for sl_decoder_new and
 * sl_encoder_new there is a class, whose config is a struct sl_key_value. */
#ifndef SL_FORMAT_KEY_VALUE_H
#define SL_FORMAT_KEY_VALUE_H

#include "format/format.h"

struct sl_key_value {
    struct sl_format_config config; /* of the table; its prefix is not used */
    const struct sl_format_class *key, *value;
    const char *key_prefix, *value_prefix; /* of their options: "key.json.", "value.json." */
    const uint32_t *key_columns;           /* of config.physical, in the key's order */
    size_t key_column_count;
    size_t name_prefix; /* so many bytes of the key columns' names are not in the key */
    bool except_key;    /* the value is without the key columns */
    bool tombstones;    /* a record without a value deletes: -D with the key, NULL elsewhere */
};

/* Key columns are read from the key where the value is without them or tombstones have rows, else
 * from the value.  A record whose key makes no row makes none. */
extern const struct sl_format_class sl_key_value_class;

#endif
