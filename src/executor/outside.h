/* What scans and sinks share in dealing with the outside world: what they tell their connector, and
 * one I/O job at a time. */
#ifndef SL_EXECUTOR_OUTSIDE_H
#define SL_EXECUTOR_OUTSIDE_H

#include "connector/connector.h"
#include "executor/operator.h"

#include <stdatomic.h>

/* The initialisers that both have; `plan` is a struct sl_phys_scan or a struct sl_phys_sink. */
#define SL_OUTSIDE_CONFIG(context, plan)                                                         \
    .options = (plan)->options, .physical = (plan)->physical, .table_id = (plan)->table_id,      \
    .table_name = (plan)->table_name, .primary_key = (plan)->primary_key,                        \
    .primary_key_count = (plan)->primary_key_count,                                              \
    .metadata = (const char *const *)(plan)->metadata, .metadata_count = (plan)->metadata_count, \
    .data_directory = (context)->data_directory, .job_id = (context)->job_id,                    \
    .subtask = (context)->subtask, .subtask_count = (context)->subtask_count,                    \
    .env = (context)->env, .pool = (context)->pool, .wake = (context)->wake,                     \
    .batch_size = (context)->settings->batch_size, .zone = (context)->expr_settings.zone

struct sl_outside {
    struct sl_io_job job;
    const struct sl_op_context *context;
    int (*run)(struct sl_outside *outside, struct sl_error *err); /* on an I/O thread */
    bool pending;      /* submitted, the outcome not yet looked at */
    _Atomic bool busy; /* hands what `run` works on, rc and error to and fro */
    int rc;
    struct sl_error error;
};

/* Runs it on an I/O thread; the slot's wake-up is signalled when it is done. */
void sl_outside_submit(struct sl_outside *outside, const struct sl_op_context *context,
                       int (*run)(struct sl_outside *outside, struct sl_error *err));
/* SL_AGAIN: under way.  SL_OK: nothing is, or *ret_done: it is done.  Negative: it failed. */
int sl_outside_check(struct sl_outside *outside, bool *ret_done, struct sl_error *err);

#endif
