/* postgres: tables of a PostgreSQL server as sinks, with the options of Flink's jdbc connector.
 * At least once is postgres_sink.c, exactly once postgres_publisher.c. */
#include "connector/postgres_internal.h"

const struct sl_connector_class sl_conn_postgres = {
    .descriptor = {.name = "postgres",
                   .abilities = SL_ABILITY_SINK | SL_ABILITY_UPSERT_SINK | SL_ABILITY_EXACTLY_ONCE,
                   .internal_format = "row",
                   .options = sl_pg_option_specs,
                   .option_count = SL_PG_OPTION_COUNT,
                   .check = sl_pg_check,
                   .probe = sl_pg_probe},
    .sink = &sl_pg_sink_class,
    .publisher = &sl_pg_publisher_class,
};
