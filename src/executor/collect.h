/* The bounded queue between a COLLECT operator and the session that asked the query. */
#ifndef SL_EXECUTOR_COLLECT_H
#define SL_EXECUTOR_COLLECT_H

#include "base/env.h"
#include "data/batch.h"

struct sl_collector;
struct sl_op;

/* rows_max: rows that may wait before the query stops and waits for the session. */
struct sl_collector *sl_collector_new(struct sl_env *env, uint32_t rows_max);
void sl_collector_free(struct sl_collector *collector); /* both sides are done with it */

/* The query's side. */
bool sl_collect_is_ready(const struct sl_op *op);
/* Nothing follows: the job is over, well or not. */
void sl_collector_end(struct sl_collector *collector);

/* The session's side; one thread.  SL_OK: a batch, the caller's reference; SL_AGAIN: none now;
 * SL_EOF: there will be none.  The wake-up is signalled when another call may say something else,
 * and stays so as long as there is something to take. */
int sl_collector_take(struct sl_collector *collector, struct sl_batch **ret_batch);
struct sl_wake *sl_collector_wake(struct sl_collector *collector);
uint64_t sl_collector_row_count(struct sl_collector *collector); /* put so far */

#endif
