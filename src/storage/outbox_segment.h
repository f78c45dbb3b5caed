/* A segment while it grows: see outbox.h.  Private to storage/. */
#ifndef SL_STORAGE_OUTBOX_SEGMENT_H
#define SL_STORAGE_OUTBOX_SEGMENT_H

#include "storage/outbox.h"

struct sl_outbox_segment *sl_outbox_segment_new(struct sl_env *env, const char *directory);
/* Takes the bytes over and leaves *bytes empty. */
void sl_outbox_segment_add(struct sl_outbox_segment *segment, struct sl_buffer *bytes);

#endif
