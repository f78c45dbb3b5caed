/* kafka: topics of Apache Kafka as tables, through librdkafka, with the options of Flink's
 * connector. Reading is kafka_source.c, writing kafka_sink.c, exactly once kafka_publisher.c. */
#include "connector/kafka_internal.h"

const struct sl_connector_class sl_conn_kafka = {
    .descriptor = {.name = "kafka",
                   .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK | SL_ABILITY_EXACTLY_ONCE,
                   SL_KAFKA_DESCRIPTOR,
                   .check = sl_kafka_check},
    SL_KAFKA_CLASS,
};
