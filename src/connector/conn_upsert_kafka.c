/* upsert-kafka: a compacted topic as a table by its PRIMARY KEY, which is the records' key; a
 * record without a value deletes.  Everything else is the kafka connector's. */
#include "connector/kafka_internal.h"

const struct sl_connector_class sl_conn_upsert_kafka = {
    .descriptor = {.name = "upsert-kafka",
                   .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK | SL_ABILITY_UPSERT_SINK |
                                SL_ABILITY_UPSERT_KEYS | SL_ABILITY_EXACTLY_ONCE,
                   SL_KAFKA_DESCRIPTOR,
                   .check = sl_kafka_check_upsert},
    SL_KAFKA_CLASS,
};
