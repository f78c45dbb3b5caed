/* What a connector or a format says of itself: the planner knows it by this alone. */
#ifndef SL_DATA_DESCRIPTOR_H
#define SL_DATA_DESCRIPTOR_H

#include "base/option.h"
#include "data/schema.h"

enum sl_connector_ability {
    SL_ABILITY_SOURCE = 1 << 0,
    SL_ABILITY_SINK = 1 << 1,
    SL_ABILITY_COLUMNS_SOURCE = 1 << 2, /* hands on columns, takes no format */
    SL_ABILITY_COLUMNS_SINK = 1 << 3,   /* takes columns, no format */
    SL_ABILITY_UPSERT_SINK = 1 << 4,    /* can take +U without -U by primary key */
    SL_ABILITY_RETRACT_SINK = 1 << 5,   /* can take all four row kinds */
    SL_ABILITY_RECORD_KINDS = 1 << 6,   /* its records carry a row kind (memory) */
    SL_ABILITY_BOUNDED = 1 << 7,        /* always bounded as a source (filesystem) */
    SL_ABILITY_CHANGE_DATA = 1 << 8,    /* UPDATE and DELETE statements (memory) */
    SL_ABILITY_EXACTLY_ONCE = 1 << 9,
    SL_ABILITY_GENERATOR = 1 << 10,   /* unless bounded, rows without an end (datagen) */
    SL_ABILITY_PARTITIONS = 1 << 11,  /* partition columns are not in its records */
    SL_ABILITY_UPSERT_KEYS = 1 << 12, /* its records are upserts by their key, the PRIMARY KEY */
    SL_ABILITY_NO_BEFORE = 1 << 14,  /* a sink that has no use for -U (blackhole) */
    SL_ABILITY_WATERMARKS = 1 << 13,  /* knows how far time is: SOURCE_WATERMARK() (nexmark) */
};

/* A readable or writable metadata column: `m type METADATA FROM 'name'`. */
struct sl_metadata_spec {
    const char *name;
    const struct sl_type *type;
    bool writable;
};

struct sl_table_definition; /* catalog/catalog.h */

/* What a statement is about to read or write, for `probe`. */
struct sl_probe {
    const struct sl_option_list *options;
    const struct sl_schema *physical; /* the table's physical columns */
    const uint32_t *primary_key;      /* of them */
    size_t primary_key_count;
};

struct sl_connector_descriptor {
    const char *name;
    unsigned abilities;
    const char *internal_format; /* the format it always uses ("row" for memory), or NULL */
    const struct sl_option_spec *options;
    size_t option_count;
    const struct sl_metadata_spec *metadata;
    size_t metadata_count;
    const char *const *metadata_later; /* keys that Flink has and this has not: 0A000 */
    size_t metadata_later_count;
    /* Checks what a table of specs cannot (combinations); may be NULL. */
    int (*check)(const struct sl_option_list *options, const struct sl_schema *schema,
                 struct sl_error *err);
    /* Refuses a table that can be read but not written; `metadata`: the keys that are written with
     * its rows.  The message begins "it …".  May be NULL. */
    int (*check_sink)(const struct sl_option_list *options, const char *const *metadata,
                      size_t metadata_count, struct sl_error *err);
    /* Is this table bounded as a source (scan.bounded.mode, number-of-rows …)?  NULL: as the
     * ability says. */
    bool (*is_bounded)(const struct sl_option_list *options);
    /* Looks for what the table names outside (a topic, a table), when a statement first reads or
     * writes it; may take up to 5 s, on the session's thread.  42704 and others: the other side
     * answers without it.  SL_AGAIN: it does not answer.  May be NULL. */
    int (*probe)(const struct sl_probe *probe, struct sl_error *err);
    /* PARTITIONS: may a column of this type be PARTITIONED BY? */
    bool (*partition_type)(const struct sl_type *type);
};

struct sl_format_descriptor {
    const char *name;
    bool reads, writes;
    unsigned sink_kinds; /* 1 << enum sl_row_kind for each kind it can write; json: +I only */
    bool source_kinds;   /* may produce other kinds than +I (debezium-json) */
    bool fields_by_name; /* fields of a ROW are found by their names: those nobody reads may be
                            missing from its type */
    const struct sl_option_spec *options; /* names without the "json." */
    size_t option_count;
    /* Refuses types that it cannot hold (0A000, names the column). */
    int (*check)(const struct sl_option_list *options, const struct sl_schema *schema,
                 struct sl_error *err);
    /* Refuses options with which it reads but does not write (0A000); may be NULL. */
    int (*check_sink)(const struct sl_option_list *options, struct sl_error *err);
};

#endif
