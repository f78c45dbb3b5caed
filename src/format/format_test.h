/* What the unit tests of formats share: records out of texts, rows as text, and back. */
#ifndef SL_FORMAT_FORMAT_TEST_H
#define SL_FORMAT_FORMAT_TEST_H

#include "data/value.h"
#include "format/format.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* A table of one format: "a INT, b STRING" and "json.x=true". */
struct test_format {
    struct sl_arena arena;
    struct sl_pool *pool;
    const struct sl_format_class *class;
    struct sl_option_list options;
    struct sl_schema *schema;
    struct sl_format_config config;
    uint32_t columns[16];
};

static inline void
test_format_open(struct test_format *format, const char *name, const char *row_type,
                 const char *const *options)
{
    const struct sl_type *type;
    struct sl_error err;
    const char *text;

    memset(format, 0, sizeof(*format));
    sl_arena_init(&format->arena);
    format->pool = sl_pool_new();
    format->class = sl_format_find(name);
    cr_assert_not_null(format->class);
    text = sl_arena_printf(&format->arena, "ROW<%s>", row_type);
    cr_assert_eq(sl_type_parse(&format->arena, sl_text_of(text), &type, &err), SL_OK, "%s",
                 err.text);
    format->schema = sl_schema_new(&format->arena, type->field_count);
    for (size_t i = 0; i < type->field_count; i++) {
        format->schema->columns[i].name = type->fields[i].name;
        format->schema->columns[i].type = type->fields[i].type;
        format->columns[i] = (uint32_t)i;
    }
    format->options.items = SL_NEW_ARRAY(&format->arena, struct sl_option, 16);
    for (; options && options[0]; options += 2)
        format->options.items[format->options.count++] =
            (struct sl_option){options[0], options[1], -1, -1};
    format->config = (struct sl_format_config){
        .options = &format->options,
        .prefix = sl_arena_printf(&format->arena, "%s.", name),
        .physical = format->schema,
        .columns = format->columns,
        .column_count = type->field_count,
        .zone = sl_zone_utc(),
    };
}

static inline void
test_format_close(struct test_format *format)
{
    cr_assert_eq(sl_pool_used_bytes(format->pool), 0, "blocks are left");
    sl_pool_free(format->pool);
    sl_arena_done(&format->arena);
}

/* The records one after the other in a slab, as a connector lays them; NULL is a NULL value. */
static inline struct sl_records
test_records(struct test_format *format, const struct sl_text *texts, size_t count)
{
    size_t bytes = 0, index_size = (count + 1) * sizeof(struct sl_record);
    struct sl_records records = {.count = (uint32_t)count};
    char *at;

    for (size_t i = 0; i < count; i++)
        bytes += texts[i].length;
    records.slab = sl_pool_block(format->pool, index_size + bytes + 64);
    records.items = (struct sl_record *)(void *)records.slab->data;
    records.bytes = bytes;
    at = records.slab->data + index_size;
    for (size_t i = 0; i < count; i++) {
        records.items[i] = (struct sl_record){.value = at,
                                              .value_length = (uint32_t)texts[i].length,
                                              .key_length = SL_RECORD_NULL,
                                              .position = (int64_t)i,
                                              .timestamp_us = INT64_MIN};
        if (texts[i].start == NULL) {
            records.items[i].value = NULL;
            records.items[i].value_length = SL_RECORD_NULL;
            continue;
        }
        memcpy(at, texts[i].start, texts[i].length);
        at += texts[i].length;
    }
    memset(at, 0, 64);
    return records;
}

static inline void
test_print_rows(struct sl_column *const *columns, size_t column_count, size_t row_count,
                const uint8_t *kinds, struct sl_buffer *to)
{
    static const char *const names[] = {"+I ", "-U ", "+U ", "-D "};

    for (size_t row = 0; row < row_count; row++) {
        if (to->length)
            sl_buffer_add_byte(to, '\n');
        if (kinds)
            sl_buffer_add_text(to, sl_text_of(names[kinds[row]]));
        for (size_t i = 0; i < column_count; i++) {
            if (i)
                sl_buffer_add_byte(to, '|');
            if (sl_column_is_null(columns[i], row))
                sl_buffer_add_byte(to, '~');
            else
                sl_column_format(columns[i], row, SL_FORM_POSTGRES, sl_zone_utc(), to);
        }
    }
}

/* Decodes the records into lines of columns with '|' between them and '~' for NULL, with the kind
 * before them where the format knows it; after them a line
 * "! record: reason" for each error and "skipped n". */
static inline const char *
test_decode_texts(struct test_format *format, const struct sl_text *texts, size_t count)
{
    struct sl_records records = test_records(format, texts, count);
    struct sl_decoder *decoder;
    struct sl_decoded decoded;
    struct sl_buffer text;
    struct sl_error err;
    const char *result;

    sl_buffer_init(&text, SIZE_MAX / 2);
    cr_assert_eq(sl_decoder_new(format->class, &format->config, &decoder, &err), SL_OK, "%s",
                 err.text);
    for (uint32_t from = 0; from < count; from += decoded.record_count) {
        format->class->decode(decoder, &records, from, 1000, format->pool, &decoded);
        cr_assert_gt(decoded.record_count, 0);
        test_print_rows(decoded.columns, format->config.column_count, decoded.row_count,
                        decoded.kinds, &text);
        for (uint32_t i = 0; i < decoded.error_count; i++)
            sl_buffer_printf(&text, "%s! %u: %s", text.length ? "\n" : "", decoded.errors[i].record,
                             decoded.errors[i].text);
        if (decoded.skipped_count)
            sl_buffer_printf(&text, "%sskipped %u", text.length ? "\n" : "", decoded.skipped_count);
        for (size_t i = 0; i < format->config.column_count; i++)
            sl_column_unref(decoded.columns[i]);
    }
    sl_decoder_free(decoder);
    sl_block_unref(records.slab);
    result = sl_arena_strndup(&format->arena, text.length ? text.data : "", text.length);
    sl_buffer_done(&text);
    return result;
}

/* The same for terminated texts, with a NULL at the end. */
static inline const char *
test_decode(struct test_format *format, const char *const *records)
{
    struct sl_text texts[64];
    size_t count = 0;

    for (; records[count]; count++)
        texts[count] = sl_text_of(records[count]);
    return test_decode_texts(format, texts, count);
}

/* Reads one value a column as PostgreSQL writes it (NULL: NULL) and encodes the row. */
static inline int
test_encode_kind(struct test_format *format, enum sl_row_kind kind, const char *const *values,
                 const char **ret_text, struct sl_error *err)
{
    struct sl_batch *batch = sl_batch_new(format->pool, format->schema->count, 1);
    struct sl_encoder *encoder;
    struct sl_encoded encoded;
    int rc;

    for (size_t i = 0; i < format->schema->count; i++) {
        const struct sl_type *type = format->schema->columns[i].type;
        struct sl_column_builder *builder = sl_column_builder_new(format->pool, type, 1);
        struct sl_value value = sl_value_null(type);

        if (values[i])
            cr_assert_eq(sl_value_parse(&format->arena, type, sl_text_of(values[i]), sl_zone_utc(),
                                        &value, err),
                         SL_OK, "%s", err->text);
        sl_column_builder_add(builder, &value);
        sl_batch_set_column(batch, i, sl_column_builder_end(builder));
    }
    if (kind != SL_ROW_INSERT)
        sl_batch_add_kinds(batch, format->pool)[0] = (uint8_t)kind;
    sl_encoded_init(&encoded);
    cr_assert_eq(sl_encoder_new(format->class, &format->config, &encoder, err), SL_OK, "%s",
                 err->text);
    rc = format->class->encode(encoder, batch, &encoded, err);
    if (rc == SL_OK) {
        cr_assert_eq(encoded.count, 1);
        *ret_text = sl_arena_strndup(&format->arena, encoded.data.data ? encoded.data.data : "",
                                     encoded.data.length);
    }
    sl_encoder_free(encoder);
    sl_encoded_done(&encoded);
    sl_batch_unref(batch);
    return rc;
}

static inline int
test_encode_row(struct test_format *format, const char *const *values, const char **ret_text,
                struct sl_error *err)
{
    return test_encode_kind(format, SL_ROW_INSERT, values, ret_text, err);
}

static inline const char *
test_encode(struct test_format *format, const char *const *values)
{
    struct sl_error err;
    const char *text = NULL;

    cr_assert_eq(test_encode_row(format, values, &text, &err), SL_OK, "%s", err.text);
    return text;
}

/* Opens, decodes, compares, closes. */
#define TEST_DECODES(name, row_type, options, expected, ...)                                 \
    do {                                                                                     \
        struct test_format test_it;                                                          \
        const char *test_got;                                                                \
                                                                                             \
        test_format_open(&test_it, name, row_type, options);                                 \
        test_got = test_decode(&test_it, (const char *const[]){__VA_ARGS__, NULL});          \
        cr_expect_str_eq(test_got, expected, "got:\n%s\nexpected:\n%s", test_got, expected); \
        test_format_close(&test_it);                                                         \
    } while (0)

#define TEST_ENCODES(name, row_type, options, expected, ...)                                 \
    do {                                                                                     \
        struct test_format test_it;                                                          \
        const char *test_got;                                                                \
                                                                                             \
        test_format_open(&test_it, name, row_type, options);                                 \
        test_got = test_encode(&test_it, (const char *const[]){__VA_ARGS__});                \
        cr_expect_str_eq(test_got, expected, "got:\n%s\nexpected:\n%s", test_got, expected); \
        test_format_close(&test_it);                                                         \
    } while (0)

#endif
