/* Dates and times as JSON and CSV write them: fixed layouts, which are read a digit at a time. */
#ifndef SL_FORMAT_TIME_TEXT_H
#define SL_FORMAT_TIME_TEXT_H

#include "base/base.h"

/* SQL: "2020-01-01 00:00:00.123", with "Z" for TIMESTAMP_LTZ; ISO-8601: 'T' between the two, and
 * the seconds may be left out. */
enum sl_time_standard { SL_TIME_SQL, SL_TIME_ISO_8601 };

/* Remembers the last date, since neighbours mostly have the same. */
struct sl_time_reader {
    enum sl_time_standard standard;
    bool has_date;
    char date[10];
    int32_t days;
};

void sl_time_reader_init(struct sl_time_reader *reader, enum sl_time_standard standard);
/* What has more digits than `precision` is cut.  False: another layout, or no such date. */
bool sl_time_read_date(struct sl_time_reader *reader, struct sl_text text, int32_t *ret_days);
bool sl_time_read_time(struct sl_time_reader *reader, struct sl_text text, int precision,
                       int64_t *ret_us);
bool sl_time_read_timestamp(struct sl_time_reader *reader, struct sl_text text, bool with_zone,
                            int precision, int64_t *ret_us);

#endif
