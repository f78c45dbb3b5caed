/* What the unit tests of data share: values from texts, texts from values. */
#ifndef SL_DATA_DATA_TEST_H
#define SL_DATA_DATA_TEST_H

#include "data/time.h"
#include "data/value.h"

#include <criterion/criterion.h>

static inline const struct sl_type *
test_type(struct sl_arena *arena, const char *text)
{
    const struct sl_type *type;
    struct sl_error err;

    cr_assert_eq(sl_type_parse(arena, sl_text_of(text), &type, &err), SL_OK, "%s", err.text);
    return type;
}

/* A column of this type with one value a text; NULL is a NULL. */
static inline struct sl_column *
test_column(struct sl_arena *arena, struct sl_pool *pool, const char *type_text,
            const char *const *texts, size_t count)
{
    const struct sl_type *type = test_type(arena, type_text);
    struct sl_column_builder *builder = sl_column_builder_new(pool, type, count);

    for (size_t i = 0; i < count; i++) {
        struct sl_value value = sl_value_null(type);
        struct sl_error err;

        if (texts[i])
            cr_assert_eq(
                sl_value_parse(arena, type, sl_text_of(texts[i]), sl_zone_utc(), &value, &err),
                SL_OK, "%s: %s", texts[i], err.text);
        sl_column_builder_add(builder, &value);
    }
    return sl_column_builder_end(builder);
}

/* The texts of all rows, "|" between them, "~" for NULL. */
static inline const char *
test_column_text(struct sl_arena *arena, const struct sl_column *column, enum sl_text_form form)
{
    struct sl_buffer buffer;
    const char *text;

    sl_buffer_init(&buffer, SIZE_MAX / 2);
    for (size_t row = 0; row < column->row_count; row++) {
        if (row)
            sl_buffer_add_byte(&buffer, '|');
        if (sl_column_is_null(column, row))
            sl_buffer_add_byte(&buffer, '~');
        else
            sl_column_format(column, row, form, sl_zone_utc(), &buffer);
    }
    text = sl_arena_strndup(arena, buffer.data ? buffer.data : "", buffer.length);
    sl_buffer_done(&buffer);
    return text;
}

#endif
