/* The columns of tables that take what a job sets aside: late rows, rows that cannot be evaluated,
 * records that do not decode.  Such a table has any of them, found by their names. */
#ifndef SL_PLAN_SIDE_COLUMNS_H
#define SL_PLAN_SIDE_COLUMNS_H

#include "data/type.h"

enum sl_side_column {
    SL_SIDE_ROW,        /* the row as JSON */
    SL_SIDE_EVENT_TIME, /* of the row, by which it was late */
    SL_SIDE_WATERMARK,  /* of the operator when it was late */
    SL_SIDE_OPERATOR,
    SL_SIDE_JOB,        /* its id */
    SL_SIDE_RAW,        /* the record's bytes */
    SL_SIDE_TABLE,      /* that it was read from */
    SL_SIDE_TOPIC,      /* or the file */
    SL_SIDE_PARTITION,
    SL_SIDE_OFFSET,
    SL_SIDE_TIMESTAMP,  /* the record's */
    SL_SIDE_REASON,
    SL_SIDE_COLUMN_COUNT, /* no such column */
};

enum sl_side_column sl_side_column_of(const char *name);
bool sl_side_column_takes(enum sl_side_column column, const struct sl_type *type);
/* "row STRING, event_time TIMESTAMP_LTZ(3), …": for hints. */
const char *sl_side_columns_text(void);

#endif
