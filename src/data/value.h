/* A single value: literals, constants of a plan, cells that are printed or parsed one by one. */
#ifndef SL_DATA_VALUE_H
#define SL_DATA_VALUE_H

#include "data/batch.h"

struct sl_value {
    const struct sl_type *type;
    bool is_null;
    union {
        bool boolean;
        int64_t integer;  /* TINYINT … BIGINT, DATE, TIME, TIMESTAMP*, INTERVAL_* */
        double real;      /* FLOAT, DOUBLE */
        sl_int128 decimal;
        struct sl_text text; /* CHAR … VARBINARY; of the arena */
        struct {             /* ARRAY, MULTISET, ROW: items; MAP: key, value, key, value … */
            struct sl_value *items;
            size_t count;
        } list;
    };
};

struct sl_value sl_value_null(const struct sl_type *type);
/* Reads one cell; text points into the column. */
struct sl_value sl_value_read(struct sl_arena *arena, const struct sl_column *column, size_t row);
/* A column whose row_count rows all are this value. */
struct sl_column *sl_value_column(struct sl_pool *pool, const struct sl_value *value,
                                  size_t row_count);
struct sl_value sl_value_copy(struct sl_arena *arena, const struct sl_value *value);
/* SQL order, NULL first and equal to NULL; the types are the same. */
int sl_value_compare(const struct sl_value *a, const struct sl_value *b);

/* Writes a value that is not NULL, of any type but strings, bytes and nested ones, at a row of a
 * writable column. */
static inline void
sl_column_store_scalar(struct sl_column *column, size_t row, const struct sl_value *value)
{
    switch (column->type->kind) {
    case SL_TYPE_BOOLEAN:
        ((uint8_t *)column->values)[row] = value->boolean;
        break;
    case SL_TYPE_TINYINT:
        ((int8_t *)column->values)[row] = (int8_t)value->integer;
        break;
    case SL_TYPE_SMALLINT:
        ((int16_t *)column->values)[row] = (int16_t)value->integer;
        break;
    case SL_TYPE_INT:
    case SL_TYPE_DATE:
    case SL_TYPE_INTERVAL_MONTH:
        ((int32_t *)column->values)[row] = (int32_t)value->integer;
        break;
    case SL_TYPE_FLOAT:
        ((float *)column->values)[row] = (float)value->real;
        break;
    case SL_TYPE_DOUBLE:
        ((double *)column->values)[row] = value->real;
        break;
    case SL_TYPE_DECIMAL:
        ((sl_int128 *)column->values)[row] = value->decimal;
        break;
    default:
        ((int64_t *)column->values)[row] = value->integer;
    }
}

/* Builds a column value by value, nested types included (slow paths: VALUES, COPY, tests). */
struct sl_column_builder;
struct sl_column_builder *sl_column_builder_new(struct sl_pool *pool, const struct sl_type *type,
                                                size_t row_count_max);
void sl_column_builder_add(struct sl_column_builder *builder, const struct sl_value *value);
struct sl_column *sl_column_builder_end(struct sl_column_builder *builder); /* frees the builder */

/* How values read and print.  PostgreSQL's forms are for the wire and COPY (booleans t/f, arrays
 * {1,2}, rows (1,abc), MAP as JSON, BYTES \x6162); Flink's are for CAST (booleans TRUE/FALSE,
 * TIMESTAMP(p) with p digits).  `zone` is the session's time zone for TIMESTAMP_LTZ. */
enum sl_text_form { SL_FORM_POSTGRES, SL_FORM_FLINK };
struct sl_zone;

/* Appends; NULL prints nothing (the caller writes its own mark). */
void sl_value_format(const struct sl_value *value, enum sl_text_form form,
                     const struct sl_zone *zone, struct sl_buffer *to);
/* As JSON: ROW and MAP are objects, ARRAY is an array, NULL is null. */
void sl_value_format_json(const struct sl_value *value, const struct sl_zone *zone,
                          struct sl_buffer *to);
void sl_column_format(const struct sl_column *column, size_t row, enum sl_text_form form,
                      const struct sl_zone *zone, struct sl_buffer *to);
/* Parses PostgreSQL's text form (what COPY, parameters and casts from text accept); 22P02, 22003,
 * 22007 name the value. */
int sl_value_parse(struct sl_arena *arena, const struct sl_type *type, struct sl_text text,
                   const struct sl_zone *zone, struct sl_value *ret_value, struct sl_error *err);

#endif
