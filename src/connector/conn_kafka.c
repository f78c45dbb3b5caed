/* kafka: topics of Apache Kafka as tables, through librdkafka, with the options of Flink's
 * connector. Reading is kafka_source.c, writing kafka_sink.c, exactly once kafka_publisher.c. */
#include "connector/kafka_internal.h"

const struct sl_connector_class sl_conn_kafka = {
    .descriptor = {.name = "kafka",
                   .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK | SL_ABILITY_EXACTLY_ONCE,
                   .options = sl_kafka_option_specs,
                   .option_count = SL_KAFKA_OPTION_COUNT,
                   .metadata = sl_kafka_metadata_specs,
                   .metadata_count = SL_KAFKA_METADATA_COUNT,
                   .metadata_later = sl_kafka_metadata_later,
                   .metadata_later_count = SL_KAFKA_METADATA_LATER_COUNT,
                   .check = sl_kafka_check,
                   .check_sink = sl_kafka_check_sink,
                   .is_bounded = sl_kafka_is_bounded,
                   .probe = sl_kafka_probe},
    .source = &sl_kafka_source_class,
    .sink = &sl_kafka_sink_class,
    .publisher = &sl_kafka_publisher_class,
    .aside = sl_kafka_aside,
};
