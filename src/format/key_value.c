/* Key and value of a record, each in its format: see key_value.h.
 *
 * Each side decodes the same records into columns of its own; then each row of the value meets the
 * row of its record's key.  Mostly row i of both is record i, and the columns are taken as they
 * are. */
#include "format/key_value.h"

#include "data/value.h"

#include <stdlib.h>

#define NO_ROW UINT32_MAX

/* --- the columns of each side --- */

struct key_value_side {
    struct sl_format_config config;
    struct sl_schema schema;
    struct sl_schema_column *columns;
    uint32_t *of_table; /* by column of the schema: the table's */
    uint32_t *wanted;   /* columns of the schema that are decoded, ascending */
    uint32_t *places;   /* … and their places among the decoded columns of the table */
    size_t wanted_count;
    bool reads_idly;
};

static const struct sl_key_value *
key_value_of(const struct sl_format_config *config)
{
    return (const struct sl_key_value *)config;
}

static bool
key_value_is_key(const struct sl_key_value *config, uint32_t column)
{
    for (size_t i = 0; i < config->key_column_count; i++)
        if (config->key_columns[i] == column)
            return true;
    return false;
}

static void
side_init(struct key_value_side *side, const struct sl_key_value *config, const char *prefix)
{
    size_t count = config->config.physical->count + 1;

    side->columns = sl_alloc_zeroed(count * sizeof(*side->columns));
    side->of_table = sl_alloc_zeroed(count * sizeof(*side->of_table));
    side->wanted = sl_alloc_zeroed(count * sizeof(*side->wanted));
    side->places = sl_alloc_zeroed(count * sizeof(*side->places));
    side->schema.columns = side->columns;
    side->config = (struct sl_format_config){.options = config->config.options,
                                             .prefix = prefix,
                                             .physical = &side->schema,
                                             .columns = side->wanted,
                                             .zone = config->config.zone};
}

static void
side_done(struct key_value_side *side)
{
    free(side->columns);
    free(side->of_table);
    free(side->wanted);
    free(side->places);
}

static void
side_add(struct key_value_side *side, const struct sl_schema *physical, uint32_t column,
         size_t name_prefix)
{
    struct sl_schema_column *added = &side->columns[side->schema.count];

    *added = physical->columns[column];
    added->name += name_prefix;
    side->of_table[side->schema.count++] = column;
}

static void
key_side_init(struct key_value_side *side, const struct sl_key_value *config)
{
    side_init(side, config, config->key_prefix);
    for (size_t i = 0; i < config->key_column_count; i++)
        side_add(side, config->config.physical, config->key_columns[i], config->name_prefix);
}

static void
value_side_init(struct key_value_side *side, const struct sl_key_value *config)
{
    side_init(side, config, config->value_prefix);
    for (uint32_t i = 0; i < config->config.physical->count; i++)
        if (!config->except_key || !key_value_is_key(config, i))
            side_add(side, config->config.physical, i, 0);
}

/* A value that has the key's columns too has the last word, but where tombstones have a row. */
static bool
key_value_reads_key(const struct sl_key_value *config, uint32_t column)
{
    return (config->except_key || config->tombstones) && key_value_is_key(config, column);
}

/* Which columns are decoded on this side: of the wanted ones those that are read from it. */
static void
side_want(struct key_value_side *side, const struct sl_key_value *config, bool of_key)
{
    for (uint32_t i = 0; i < side->schema.count; i++) {
        for (uint32_t place = 0; place < config->config.column_count; place++) {
            uint32_t column = config->config.columns[place];

            if (column != side->of_table[i] || key_value_reads_key(config, column) != of_key)
                continue;
            side->places[side->wanted_count] = place;
            side->wanted[side->wanted_count++] = i;
        }
    }
    /* Without one the first is decoded all the same, for its rows alone. */
    side->reads_idly = side->wanted_count == 0;
    side->config.column_count = SL_MAX(side->wanted_count, (size_t)1);
}

/* --- decoding --- */

struct key_value_decoder {
    struct sl_decoder decoder;
    struct key_value_side key_side, value_side;
    struct sl_decoder *key, *value; /* value: NULL where it has no column */
    struct sl_decoded keys, values; /* of the running call */
    struct sl_record *key_items;
    size_t item_capacity;
    /* What comes out, by row. */
    uint32_t key_rows[SL_BATCH_ROWS_MAX], value_rows[SL_BATCH_ROWS_MAX];
    uint32_t row_records[SL_BATCH_ROWS_MAX];
    uint8_t kinds[SL_BATCH_ROWS_MAX];
    struct sl_decode_error *errors;
    size_t error_capacity;
    struct sl_column **columns;
    uint32_t row_count, tombstone_count;
    bool has_kinds, keys_in_place, values_in_place;
};

static int
key_value_decoder_open(struct sl_decoder *base, struct sl_error *err)
{
    struct key_value_decoder *decoder = (struct key_value_decoder *)base;
    const struct sl_key_value *config = key_value_of(base->config);

    decoder->columns =
        sl_alloc_zeroed((config->config.column_count + 1) * sizeof(*decoder->columns));
    key_side_init(&decoder->key_side, config);
    value_side_init(&decoder->value_side, config);
    side_want(&decoder->key_side, config, true);
    side_want(&decoder->value_side, config, false);
    SL_TRY(sl_decoder_new(config->key, &decoder->key_side.config, &decoder->key, err));
    if (decoder->value_side.schema.count == 0)
        return SL_OK;
    return sl_decoder_new(config->value, &decoder->value_side.config, &decoder->value, err);
}

static void
key_value_decoder_close(struct sl_decoder *base)
{
    struct key_value_decoder *decoder = (struct key_value_decoder *)base;

    sl_decoder_free(decoder->key);
    sl_decoder_free(decoder->value);
    side_done(&decoder->key_side);
    side_done(&decoder->value_side);
    free(decoder->key_items);
    free(decoder->errors);
    free(decoder->columns);
}

/* The keys of records [from, from + count), as records. */
static void
key_value_decode_keys(struct key_value_decoder *decoder, const struct sl_records *records,
                      uint32_t from, uint32_t count, struct sl_pool *pool)
{
    struct sl_records keys = *records;

    memset(&decoder->keys, 0, sizeof(decoder->keys));
    if (count > decoder->item_capacity) {
        decoder->item_capacity = SL_MAX(count, 2 * decoder->item_capacity);
        decoder->key_items =
            sl_realloc(decoder->key_items, decoder->item_capacity * sizeof(*decoder->key_items));
    }
    for (uint32_t i = 0; i < count; i++) {
        decoder->key_items[i] = records->items[from + i];
        decoder->key_items[i].value = records->items[from + i].key;
        decoder->key_items[i].value_length = records->items[from + i].key_length;
    }
    keys.items = decoder->key_items;
    keys.count = count;
    decoder->key->class->decode(decoder->key, &keys, 0, count, pool, &decoder->keys);
    SL_ASSERT(decoder->keys.record_count == count); /* a row a record at most */
}

static uint32_t
key_value_record_of(const struct sl_decoded *decoded, uint32_t from, uint32_t row)
{
    return decoded->row_records ? decoded->row_records[row] : from + row;
}

static void
key_value_add_row(struct key_value_decoder *decoder, uint32_t record, uint32_t key, uint32_t value,
                  enum sl_row_kind kind)
{
    uint32_t row = decoder->row_count++;

    SL_ASSERT(row < SL_BATCH_ROWS_MAX);
    decoder->row_records[row] = record;
    decoder->key_rows[row] = key;
    decoder->value_rows[row] = value;
    decoder->kinds[row] = (uint8_t)kind;
    decoder->tombstone_count += value == NO_ROW;
    decoder->has_kinds |= kind != SL_ROW_INSERT;
    decoder->keys_in_place &= key == row;
    decoder->values_in_place &= value == row;
}

static bool
key_value_is_tombstone(const struct key_value_decoder *decoder, const struct sl_record *record)
{
    return key_value_of(decoder->decoder.config)->tombstones &&
           record->value_length == SL_RECORD_NULL;
}

/* Each row of the value with its record's key, in order; returns how many had none. */
static uint32_t
key_value_join(struct key_value_decoder *decoder, const struct sl_records *records, uint32_t from,
               uint32_t count)
{
    uint32_t key = 0, value = 0, lost = 0;

    decoder->row_count = decoder->tombstone_count = 0;
    decoder->has_kinds = false;
    decoder->keys_in_place = decoder->values_in_place = true;
    for (uint32_t i = 0; i < count; i++) {
        const struct sl_record *record = &records->items[from + i];
        bool is_tombstone = key_value_is_tombstone(decoder, record), has_key = false;
        uint32_t key_row = key;

        if (key < decoder->keys.row_count && key_value_record_of(&decoder->keys, 0, key) == i) {
            has_key = true;
            key++;
        }
        lost += !has_key && record->key_length == SL_RECORD_NULL;
        if (has_key &&
            (is_tombstone || (!decoder->value && record->value_length != SL_RECORD_NULL)))
            key_value_add_row(decoder, from + i, key_row, NO_ROW,
                              is_tombstone ? SL_ROW_DELETE : SL_ROW_INSERT);
        for (; decoder->value && value < decoder->values.row_count &&
               key_value_record_of(&decoder->values, from, value) == from + i;
             value++)
            if (has_key && !is_tombstone)
                key_value_add_row(decoder, from + i, key_row, value,
                                  decoder->values.kinds
                                      ? (enum sl_row_kind)decoder->values.kinds[value]
                                      : SL_ROW_INSERT);
    }
    return lost;
}

/* --- columns --- */

static struct sl_column *
key_value_nulls(struct sl_pool *pool, const struct sl_type *type, size_t count)
{
    struct sl_column_builder *builder = sl_column_builder_new(pool, type, count);
    struct sl_value null = {.type = type, .is_null = true};

    for (size_t i = 0; i < count; i++)
        sl_column_builder_add(builder, &null);
    return sl_column_builder_end(builder);
}

/* The rows of a decoded column (taken over) that come out. */
static struct sl_column *
key_value_gather(const struct key_value_decoder *decoder, struct sl_column *column,
                 const uint32_t *rows, size_t decoded_count, struct sl_pool *pool)
{
    uint32_t some[SL_BATCH_ROWS_MAX];
    struct sl_column *made;

    for (uint32_t i = 0; i < decoder->row_count; i++)
        some[i] = rows[i] == NO_ROW ? 0 : rows[i];
    if (decoded_count == 0) {
        made = key_value_nulls(pool, column->type, decoder->row_count);
    } else {
        made = sl_column_gather(pool, column, some, decoder->row_count, false);
        for (uint32_t i = 0; i < decoder->row_count; i++)
            if (rows[i] == NO_ROW)
                sl_validity_set(
                    made->validity ? made->validity : sl_column_add_validity(made, pool), i, false);
    }
    sl_column_unref(column);
    return made;
}

static void
key_value_take_columns(struct key_value_decoder *decoder, struct sl_pool *pool)
{
    const struct key_value_side *keys = &decoder->key_side, *values = &decoder->value_side;
    bool keys_whole = decoder->keys_in_place && decoder->row_count == decoder->keys.row_count;
    bool values_whole = decoder->values_in_place && decoder->row_count == decoder->values.row_count;

    for (size_t i = 0; i < keys->wanted_count; i++) {
        struct sl_column *column = decoder->keys.columns[i];

        decoder->columns[keys->places[i]] =
            keys_whole ? column
                       : key_value_gather(decoder, column, decoder->key_rows,
                                          decoder->keys.row_count, pool);
    }
    for (size_t i = 0; decoder->value && i < values->wanted_count; i++) {
        struct sl_column *column = decoder->values.columns[i];

        decoder->columns[values->places[i]] =
            values_whole ? column
                         : key_value_gather(decoder, column, decoder->value_rows,
                                            decoder->values.row_count, pool);
    }
    if (keys->reads_idly)
        sl_column_unref(decoder->keys.columns[0]);
    if (decoder->value && values->reads_idly)
        sl_column_unref(decoder->values.columns[0]);
}

/* --- errors --- */

static void
key_value_add_error(struct key_value_decoder *decoder, uint32_t record, const char *text,
                    struct sl_decoded *to)
{
    if (to->error_count > 0 && decoder->errors[to->error_count - 1].record == record)
        return;
    if (to->error_count == decoder->error_capacity) {
        decoder->error_capacity = SL_MAX((size_t)64, 2 * decoder->error_capacity);
        decoder->errors =
            sl_realloc(decoder->errors, decoder->error_capacity * sizeof(*decoder->errors));
    }
    decoder->errors[to->error_count++] = (struct sl_decode_error){record, text};
}

/* Of both sides by record, once each; a tombstone has no value that could be wrong. */
static void
key_value_take_errors(struct key_value_decoder *decoder, const struct sl_records *records,
                      uint32_t from, struct sl_decoded *to)
{
    const struct sl_decoded *keys = &decoder->keys, *values = &decoder->values;
    uint32_t key = 0, value = 0;

    while (key < keys->error_count || value < values->error_count) {
        uint32_t of_key = key < keys->error_count ? from + keys->errors[key].record : UINT32_MAX;
        uint32_t of_value = value < values->error_count ? values->errors[value].record : UINT32_MAX;

        if (of_key <= of_value)
            key_value_add_error(decoder, of_key, keys->errors[key++].text, to);
        else if (key_value_is_tombstone(decoder, &records->items[of_value]))
            value++;
        else
            key_value_add_error(decoder, of_value, values->errors[value++].text, to);
    }
    to->skipped_count += keys->skipped_count + values->skipped_count;
    to->errors = decoder->errors;
}

static void
key_value_decode(struct sl_decoder *base, const struct sl_records *records, uint32_t from,
                 size_t row_count_max, struct sl_pool *pool, struct sl_decoded *ret_decoded)
{
    struct key_value_decoder *decoder = (struct key_value_decoder *)base;
    uint32_t max = (uint32_t)SL_MIN(row_count_max, (size_t)SL_BATCH_ROWS_MAX);
    uint32_t count = SL_MIN(records->count - from, max), lost;
    struct sl_records some = *records;

    some.count = from + count; /* each may be a tombstone, a row */
    memset(&decoder->values, 0, sizeof(decoder->values));
    if (decoder->value) {
        decoder->value->class->decode(decoder->value, &some, from, max, pool, &decoder->values);
        count = decoder->values.record_count;
    }
    key_value_decode_keys(decoder, records, from, count, pool);
    lost = key_value_join(decoder, records, from, count);
    key_value_take_columns(decoder, pool);
    *ret_decoded = (struct sl_decoded){
        .record_count = count,
        .row_count = decoder->row_count,
        .columns = decoder->columns,
        .row_records = decoder->row_records,
        .kinds = decoder->has_kinds ? decoder->kinds : NULL,
        .skipped_count = lost,
    };
    key_value_take_errors(decoder, records, from, ret_decoded);
}

/* --- encoding --- */

struct key_value_encoder {
    struct sl_encoder encoder;
    struct key_value_side key_side, value_side;
    struct sl_encoder *key, *value;
    struct sl_encoded keys;
};

static int
key_value_encoder_open(struct sl_encoder *base, struct sl_error *err)
{
    struct key_value_encoder *encoder = (struct key_value_encoder *)base;
    const struct sl_key_value *config = key_value_of(base->config);

    sl_encoded_init(&encoder->keys);
    key_side_init(&encoder->key_side, config);
    value_side_init(&encoder->value_side, config);
    SL_TRY(sl_encoder_new(config->key, &encoder->key_side.config, &encoder->key, err));
    return sl_encoder_new(config->value, &encoder->value_side.config, &encoder->value, err);
}

static void
key_value_encoder_close(struct sl_encoder *base)
{
    struct key_value_encoder *encoder = (struct key_value_encoder *)base;

    sl_encoder_free(encoder->key);
    sl_encoder_free(encoder->value);
    sl_encoded_done(&encoder->keys);
    side_done(&encoder->key_side);
    side_done(&encoder->value_side);
}

/* The columns of one side, with the batch's rows. */
static int
key_value_encode_side(const struct key_value_side *side, struct sl_encoder *encoder,
                      const struct sl_batch *batch, bool with_kinds, struct sl_encoded *to,
                      struct sl_error *err)
{
    struct sl_column *columns[side->schema.count + 1];
    struct sl_batch part = *batch;

    for (size_t i = 0; i < side->schema.count; i++)
        columns[i] = batch->columns[side->of_table[i]];
    part.columns = columns;
    part.column_count = (uint32_t)side->schema.count;
    if (!with_kinds)
        part.kinds = NULL;
    return encoder->class->encode(encoder, &part, to, err);
}

static int
key_value_encode(struct sl_encoder *base, const struct sl_batch *batch, struct sl_encoded *to,
                 struct sl_error *err)
{
    struct key_value_encoder *encoder = (struct key_value_encoder *)base;
    bool tombstones = key_value_of(base->config)->tombstones;
    size_t first = to->count;

    sl_encoded_reset(&encoder->keys);
    SL_TRY(
        key_value_encode_side(&encoder->key_side, encoder->key, batch, false, &encoder->keys, err));
    SL_TRY(
        key_value_encode_side(&encoder->value_side, encoder->value, batch, !tombstones, to, err));
    for (size_t i = 0; i < sl_batch_live_count(batch) && tombstones && batch->kinds; i++)
        if (sl_row_kind_takes_back(sl_batch_kind(batch, sl_batch_row(batch, i))))
            to->is_null[first + i] = true;
    to->keys = &encoder->keys;
    return SL_OK;
}

const struct sl_format_class sl_key_value_class = {
    .descriptor = {.name = "key and value", .reads = true, .writes = true},
    .decoder_size = sizeof(struct key_value_decoder),
    .encoder_size = sizeof(struct key_value_encoder),
    .decoder_open = key_value_decoder_open,
    .decode = key_value_decode,
    .decoder_close = key_value_decoder_close,
    .encoder_open = key_value_encoder_open,
    .encode = key_value_encode,
    .encoder_close = key_value_encoder_close,
};
