/* The connectors of this server: connectors.def decides. */
#include "connector/connector.h"

#define CONNECTOR(stem) extern const struct sl_connector_class sl_conn_##stem;
#include "connector/connectors.def"
#undef CONNECTOR

static const struct sl_connector_class *const registry_classes[] = {
#define CONNECTOR(stem) &sl_conn_##stem,
#include "connector/connectors.def"
#undef CONNECTOR
};

const struct sl_connector_class *
sl_connector_find(const char *name)
{
    for (size_t i = 0; i < SL_COUNT_OF(registry_classes); i++)
        if (strcmp(registry_classes[i]->descriptor.name, name) == 0)
            return registry_classes[i];
    return NULL;
}

static void
registry_check(const struct sl_connector_class *class)
{
    const struct sl_source_class *source = class->source;
    const struct sl_sink_class *sink = class->sink;

    SL_ASSERT(class->descriptor.name != NULL && (source || sink));
    if (source) {
        SL_ASSERT(source->open && source->discover && source->add_split && source->split_state &&
                  source->position && source->finish && source->describe && source->close);
        SL_ASSERT(source->makes_columns ? source->poll_batch != NULL : source->poll != NULL);
        SL_ASSERT(class->descriptor.metadata_count == 0 || source->metadata != NULL);
    }
    if (sink) {
        SL_ASSERT(sink->open && sink->flush && sink->close);
        SL_ASSERT(sink->takes_columns ? sink->write_batch != NULL : sink->write != NULL);
        SL_ASSERT((sink->barrier == NULL) == (sink->acknowledged == NULL));
    }
}

size_t
sl_connectors_init(const struct sl_connector_descriptor **to, size_t max)
{
    SL_ASSERT(SL_COUNT_OF(registry_classes) <= max);
    for (size_t i = 0; i < SL_COUNT_OF(registry_classes); i++) {
        registry_check(registry_classes[i]);
        to[i] = &registry_classes[i]->descriptor;
    }
    return SL_COUNT_OF(registry_classes);
}
