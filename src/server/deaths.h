/* Deaths of the server by a fault of its own (SIGSEGV, SIGABRT, SIGBUS, SIGFPE; not kill -9, not
 * the loss of power): noted by the dying process, charged at the next start to the jobs that ran.
 */
#ifndef SL_SERVER_DEATHS_H
#define SL_SERVER_DEATHS_H

#include "catalog/catalog.h"

/* A job that has seen so many within that time is not started again. */
enum { SL_DEATHS_MAX = 3 };
#define SL_DEATHS_SPAN_US (INT64_C(600) * 1000000)

/* Moves what was noted in the data directory to the catalog. */
int sl_deaths_charge(const char *data_directory, struct sl_catalog *catalog, struct sl_error *err);
/* From now on deaths are noted. */
int sl_deaths_watch(const char *data_directory, struct sl_error *err);

#endif
