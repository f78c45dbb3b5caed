/* See side_columns.h. */
#include "plan/side_columns.h"

static const char *const side_names[] = {"row",       "event_time", "watermark", "operator",
                                         "job",       "raw",        "table",     "topic",
                                         "partition", "offset",     "timestamp", "reason"};

enum sl_side_column
sl_side_column_of(const char *name)
{
    for (size_t i = 0; i < SL_COUNT_OF(side_names); i++)
        if (sl_equal_nocase(side_names[i], name))
            return (enum sl_side_column)i;
    return SL_SIDE_COLUMN_COUNT;
}

bool
sl_side_column_takes(enum sl_side_column column, const struct sl_type *type)
{
    switch (column) {
    case SL_SIDE_EVENT_TIME:
    case SL_SIDE_WATERMARK:
    case SL_SIDE_TIMESTAMP:
        return sl_type_is_timestamp(type->kind);
    case SL_SIDE_RAW:
        return type->kind == SL_TYPE_VARBINARY;
    case SL_SIDE_PARTITION:
        return type->kind == SL_TYPE_INT;
    case SL_SIDE_OFFSET:
        return type->kind == SL_TYPE_BIGINT;
    default:
        return type->kind == SL_TYPE_VARCHAR;
    }
}

const char *
sl_side_columns_text(void)
{
    return "row STRING, event_time TIMESTAMP_LTZ(3), watermark TIMESTAMP_LTZ(3), operator STRING, "
           "job STRING, raw BYTES, table STRING, topic STRING, partition INT, offset BIGINT, "
           "timestamp TIMESTAMP_LTZ(3), reason STRING";
}
