/* The connectors and formats of this server, as the planner may know them: filled by the server at
 * its start from the registries of connector/ and format/. */
#ifndef SL_PLAN_DESCRIPTORS_H
#define SL_PLAN_DESCRIPTORS_H

#include "data/descriptor.h"

void sl_descriptors_install(const struct sl_connector_descriptor *const *connectors,
                            size_t connector_count,
                            const struct sl_format_descriptor *const *formats, size_t format_count);
/* NULL when there is none. */
const struct sl_connector_descriptor *sl_connector_descriptor_find(const char *name);
const struct sl_format_descriptor *sl_format_descriptor_find(const char *name);
/* For "did you mean". */
size_t sl_connector_names(const char **to, size_t max);
size_t sl_format_names(const char **to, size_t max);

#endif
