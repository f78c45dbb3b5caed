/* postgres: tables of a PostgreSQL server as sinks, with the options of Flink's jdbc connector.
 * At least once is postgres_sink.c, exactly once postgres_publisher.c. */
#include "connector/postgres_internal.h"

const struct sl_connector_class sl_conn_postgres = SL_PG_CONNECTOR("postgres");
