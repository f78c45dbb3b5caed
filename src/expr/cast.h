/* Inside expr: the parts of the cast kernel.  Each fills call->result for the rows that are wanted
 * and not NULL; the result's validity is the argument's already. */
#ifndef SL_EXPR_CAST_H
#define SL_EXPR_CAST_H

#include "expr/kernels.h"

/* for (size_t row …) over the wanted rows whose argument is not NULL.  Casts inside arrays run over
 * more rows than a selection could name, so they look for NULL themselves. */
#define CAST_FOR_ROWS(call, row) \
    SL_FOR_ROWS(call, row)       \
    if (!sl_column_is_null((call)->args[0].column, row))

/* TRY_CAST: the whole value becomes NULL; else the row fails. */
void sl_cast_fail(struct sl_call *call, size_t row, int code, const char *format, ...)
    SL_PRINTF(4, 5);
/* 22003, naming value and type. */
void sl_cast_fail_range(struct sl_call *call, size_t row);

void sl_cast_numbers(struct sl_call *call);
void sl_cast_times(struct sl_call *call);
void sl_cast_to_text(struct sl_call *call);
void sl_cast_from_text(struct sl_call *call);
void sl_cast_views(struct sl_call *call);
void sl_cast_nested(struct sl_call *call);
void sl_cast_intervals(struct sl_call *call); /* from and to numbers */
/* One cast into a result that does not exist yet. */
void sl_cast_column(struct sl_call *call);

#endif
