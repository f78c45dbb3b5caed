/* jdbc: the postgres connector under the name that Flink's scripts use. */
#include "connector/postgres_internal.h"

const struct sl_connector_class sl_conn_jdbc = SL_PG_CONNECTOR("jdbc");
