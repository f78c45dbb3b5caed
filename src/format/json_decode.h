/* The state of decoding JSON: records of a slab to rows of columns. */
#ifndef SL_FORMAT_JSON_DECODE_H
#define SL_FORMAT_JSON_DECODE_H

#include "base/map.h"
#include "data/json_index.h"
#include "format/json_internal.h"

#define SL_JSON_SLOTS 64
#define SL_JSON_SLOT_KEY_MAX 48
#define SL_JSON_SLOT_FREE (UINT32_MAX - 2) /* no key is as long; with its quotes it still counts \
                                            */
#define SL_JSON_RECORD_ROWS_MAX 2          /* of an update: before and after */

struct json_slot {
    uint32_t length; /* of the key, or SL_JSON_SLOT_FREE */
    uint32_t field;  /* UINT32_MAX: not wanted */
    char key[SL_JSON_SLOT_KEY_MAX];
};

struct json_field {
    const char *name;
    const struct sl_type *type;
    struct sl_column *column; /* NULL: nested, through the builder */
    struct sl_column_builder *builder;
    struct sl_value pending[SL_JSON_RECORD_ROWS_MAX]; /* of the record's rows */
    struct sl_heap_writer writer;
    uint32_t stamp; /* of the row it was last set for */
    bool holds_slab;
    bool is_integer; /* INT or BIGINT */
};

struct json_decode_state {
    struct sl_json_index *index;
    struct sl_arena arena; /* of one call */
    struct sl_json_reader reader;
    struct sl_map by_name; /* field + 1 */
    struct json_field *fields;
    uint32_t field_count;
    struct json_slot slots[SL_JSON_SLOTS];
    /* One call: */
    struct sl_pool *pool;
    const struct sl_records *records;
    uint32_t row;        /* the one being written */
    uint32_t record_row; /* the first of the record being read */
    uint32_t row_max;
    uint32_t stamp;     /* of the row */
    uint32_t group_max; /* records */
    struct sl_column **columns;
    uint32_t *row_records;
    uint8_t *kinds;
    struct sl_decode_error *errors;
    uint32_t error_count;
};

/* --- json_object.c --- */

/* Reads the object at the cursor into the row; the cursor then is behind it.  False: it fails, with
 * reader.reason. */
bool sl_json_read_row(struct json_decode_state *state, struct sl_json_cursor *cursor);

/* --- debezium_decode.c --- */

/* The same for the record of a change: one or two rows and their kinds. */
bool sl_debezium_read_rows(struct json_decode_state *state, struct sl_json_cursor *cursor);

#endif
