/* Raw records: what a source hands to a format, and a format to a sink. */
#ifndef SL_DATA_RECORD_H
#define SL_DATA_RECORD_H

#include "base/base.h"
#include "data/pool.h"

#define SL_RECORD_NULL UINT32_MAX /* key_length, value_length of an absent key or value */

struct sl_record {
    const char *value;
    const char *key;
    uint32_t value_length;
    uint32_t key_length;
    int64_t position;     /* in its split; for messages and error policies */
    int64_t timestamp_us; /* the broker's or file's time; INT64_MIN when there is none */
};

/* Records of one split, in order.  All bytes live in `slab`, which has 64 readable bytes after the
 * last record (simdjson's padding). */
struct sl_records {
    struct sl_block *slab;  /* one reference, the receiver's */
    struct sl_record *items; /* in the slab too */
    uint32_t count;
    uint32_t split;          /* index among the splits of this source subtask */
    uint64_t bytes;
    void *metadata;          /* what the connector keeps for metadata columns; in the slab.  Of a
                                sink: struct sl_sink_metadata, or NULL */
    const struct sl_text *asides; /* of a sink: one a record (sl_connector_class.aside), or NULL */
};

/* How records stand in a text that is split into lines: a line feed ends one unless it stands
 * within quotes.  A quote opens at the beginning of a field only, is doubled where it is text, and
 * does nothing after an escape character.  quote '\0': every line feed ends one. */
struct sl_line_rule {
    char quote, escape, delimiter; /* escape '\0': none */
    bool comments;                 /* lines that begin with # have no quotes */
};

#endif
