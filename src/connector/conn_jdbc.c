/* jdbc: the postgres connector under the name that Flink's scripts use. */
#include "connector/postgres_internal.h"

const struct sl_connector_class sl_conn_jdbc = {
    .descriptor = {.name = "jdbc",
                   .abilities = SL_ABILITY_SINK | SL_ABILITY_UPSERT_SINK | SL_ABILITY_EXACTLY_ONCE,
                   .internal_format = "row",
                   .options = sl_pg_option_specs,
                   .option_count = SL_PG_OPTION_COUNT,
                   .check = sl_pg_check,
                   .probe = sl_pg_probe},
    .sink = &sl_pg_sink_class,
    .publisher = &sl_pg_publisher_class,
};
