/* The server: what all sessions share. */
#ifndef SL_SERVER_SERVER_H
#define SL_SERVER_SERVER_H

#include "catalog/catalog.h"
#include "net/net.h"
#include "runtime/runtime.h"
#include "server/settings.h"

struct sl_jobs;
struct sl_metrics;

struct sl_server {
    struct sl_env *env;
    struct sl_settings settings;
    struct sl_catalog *catalog;
    struct sl_runtime *runtime;
    struct sl_jobs *jobs;
    struct sl_net_server *net;
    struct sl_metrics *metrics; /* NULL: no HTTP */
    const char *data_directory;
    struct sl_store_space *store_space;
    char state_directory[4096]; /* of its databases */
    _Atomic uint32_t session_count;
    _Atomic uint64_t statement_count;
};

/* The calls that net/ makes: server/session.c. */
extern const struct sl_net_ops sl_session_ops;

/* The HTTP side: GET /metrics.  SL_AGAIN: the port is taken, said in the log. */
int sl_metrics_start(struct sl_server *server, uint16_t port, struct sl_error *err);
void sl_metrics_stop(struct sl_server *server);

#define SL_SLUICE_VERSION "0.1.0"

#endif
