/* Inside data: the parts of value parsing. */
#ifndef SL_DATA_VALUE_PARSE_H
#define SL_DATA_VALUE_PARSE_H

#include "data/value.h"

/* "invalid input for type INT: "x"", or out of range for SL_E_NUMERIC_OUT_OF_RANGE; returns code.
 */
int sl_value_parse_error(int code, const struct sl_type *type, struct sl_text text,
                         struct sl_error *err);
int sl_value_parse_nested(struct sl_arena *arena, const struct sl_type *type, struct sl_text text,
                          const struct sl_zone *zone, struct sl_value *value, struct sl_error *err);
/* PostgreSQL's "1 day 02:03:04", "2 hours", "1 year 2 mons", Flink's "+1 02:03:04.000", "+1-02",
 * and ISO 8601's "P1DT2H".  Months for INTERVAL_MONTH, microseconds for INTERVAL_DAY. */
bool sl_interval_parse(struct sl_text text, int kind, int64_t *ret_value);

#endif
