/* The two tables that the server installs at its start; before that there is nothing to find. */
#include "plan/descriptors.h"

static const struct sl_connector_descriptor *const *descriptors_connectors;
static const struct sl_format_descriptor *const *descriptors_formats;
static size_t descriptors_connector_count, descriptors_format_count;

void
sl_descriptors_install(const struct sl_connector_descriptor *const *connectors,
                       size_t connector_count, const struct sl_format_descriptor *const *formats,
                       size_t format_count)
{
    descriptors_connectors = connectors;
    descriptors_connector_count = connector_count;
    descriptors_formats = formats;
    descriptors_format_count = format_count;
}

const struct sl_connector_descriptor *
sl_connector_descriptor_find(const char *name)
{
    for (size_t i = 0; i < descriptors_connector_count; i++)
        if (sl_equal_nocase(descriptors_connectors[i]->name, name))
            return descriptors_connectors[i];
    return NULL;
}

const struct sl_format_descriptor *
sl_format_descriptor_find(const char *name)
{
    for (size_t i = 0; i < descriptors_format_count; i++)
        if (sl_equal_nocase(descriptors_formats[i]->name, name))
            return descriptors_formats[i];
    return NULL;
}

size_t
sl_connector_names(const char **to, size_t max)
{
    size_t count = SL_MIN(max, descriptors_connector_count);

    for (size_t i = 0; i < count; i++)
        to[i] = descriptors_connectors[i]->name;
    return count;
}

size_t
sl_format_names(const char **to, size_t max)
{
    size_t count = SL_MIN(max, descriptors_format_count);

    for (size_t i = 0; i < count; i++)
        to[i] = descriptors_formats[i]->name;
    return count;
}
