/* What a statement that ends by itself writes exactly once: rows are gathered, and at its end one
 * transaction writes them all. */
#ifndef SL_EXECUTOR_SINK_STATEMENT_H
#define SL_EXECUTOR_SINK_STATEMENT_H

#include "executor/sink.h"

struct sl_sink_statement;

struct sl_sink_statement *sl_sink_statement_new(const struct sl_op *op);
/* Copies the records.  54000: they are more than sluice.outbox.limit. */
int sl_sink_statement_add(struct sl_sink_statement *statement, const struct sl_records *records,
                          struct sl_error *err);
/* [I/O] Writes them. */
int sl_sink_statement_write(struct sl_sink_statement *statement, struct sl_error *err);
void sl_sink_statement_free(struct sl_sink_statement *statement); /* NULL does nothing */

#endif
