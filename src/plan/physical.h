/* The physical plan: what the planner writes, EXPLAIN prints, the catalog stores (as JSON, readable
 * back) and the runtime runs.  Plain data in one arena; read-only once made.
 *
 * 1. Nodes are in topological order: a node's inputs have smaller ids.
 * 2. An input with SL_EXCHANGE_FORWARD has the parallelism of its consumer and is chained to it
 *    when the consumer has one input; every other exchange cuts the plan into tasks.
 * 3. `uid` is derived from a node's role and inputs; state and checkpoints go by it.
 * 4. A plan names tables by id and version.  `options` of scans and sinks are not stored: they are
 *    looked up in the catalog when the job starts. */
#ifndef SL_PLAN_PHYSICAL_H
#define SL_PLAN_PHYSICAL_H

#include "base/option.h"
#include "data/schema.h"
#include "expr/aggregate.h"
#include "expr/expr.h"

enum sl_op_kind {
#define OPERATOR(kind, stem, name) SL_OP_##kind,
#include "plan/operators.def"
#undef OPERATOR
    SL_OP_COUNT,
};

enum sl_exchange_kind {
    SL_EXCHANGE_FORWARD,
    SL_EXCHANGE_HASH,      /* by `keys`: key group = hash mod max parallelism */
    SL_EXCHANGE_REBALANCE, /* round robin by batch */
    SL_EXCHANGE_RESCALE,
    SL_EXCHANGE_BROADCAST,
    SL_EXCHANGE_GLOBAL, /* all to subtask 0 */
};

/* Bits of the row kinds that a node may emit: 1 << enum sl_row_kind. */
#define SL_KINDS_INSERT (1u << SL_ROW_INSERT)
#define SL_KINDS_ALL 15u
#define SL_KINDS_UPSERT (15u & ~(1u << SL_ROW_UPDATE_BEFORE))
/* Updates without their old rows: by a key alone can it be known what they replace. */
static inline bool
sl_kinds_lack_before(unsigned kinds)
{
    return (kinds & 1u << SL_ROW_UPDATE_AFTER) && !(kinds & 1u << SL_ROW_UPDATE_BEFORE);
}

struct sl_phys_node;

struct sl_phys_input {
    struct sl_phys_node *node;
    enum sl_exchange_kind exchange;
    uint32_t *keys; /* columns of the input's schema */
    size_t key_count;
};

/* Where an operator's `late` and `error` outputs go, and a scan's records that make no row, when
 * they are not only counted. */
struct sl_phys_side_output {
    struct sl_phys_node *sink; /* a SINK node of the same plan, or NULL */
};

struct sl_phys_node {
    enum sl_op_kind kind;
    uint32_t id;
    const char *uid;
    uint32_t parallelism;
    struct sl_schema *schema; /* of the main output; empty for sinks */
    unsigned kinds;           /* SL_KINDS_* of the main output */
    uint32_t *upsert_key;     /* columns that identify a row in an updating output; count 0: none */
    size_t upsert_key_count;
    struct sl_phys_input *inputs;
    size_t input_count;
    struct sl_phys_side_output late, error, dead;
    void *detail; /* struct sl_phys_<stem>, below; NULL for UNION, REPLICATE */
};

/* Records whose key has a format of its own. */
struct sl_phys_record {
    const char *key_format; /* NULL: keys are not read or written */
    uint32_t *key_columns;  /* of physical, in the key's order */
    size_t key_column_count;
    const char *key_prefix; /* of the key columns' names, not in the key; NULL: none */
    bool value_except_key;  /* the value is without the key columns */
    bool tombstones;        /* a record without a value deletes */
};

enum sl_on_error { SL_ON_ERROR_FAIL, SL_ON_ERROR_SKIP, SL_ON_ERROR_DEAD_LETTER };

/* The scan's row is: the decoded physical columns, then the metadata columns.  `filter`, `time`,
 * `watermark` and `exprs` are over that row; the watermark is taken before the filter. */
/* What stands before a partition column's name among the metadata of a scan. */
#define SL_PARTITION_METADATA "partition."

struct sl_phys_scan {
    uint64_t table_id;
    uint32_t table_version;
    const char *table_name; /* for people: "bids", "x.bids" */
    const char *connector;
    const char *format; /* NULL: the connector makes columns */
    struct sl_phys_record record;
    const struct sl_option_list *options; /* not stored; with the hints applied */
    struct sl_option_list hints;          /* stored: the OPTIONS hint of this scan */
    struct sl_schema *physical;           /* what records have: the table's physical columns in
                                             order, without those that are in its files' paths */
    const char **partition_keys;          /* … which are these */
    const struct sl_type **partition_types;
    size_t partition_count;
    uint32_t *primary_key; /* of physical; count 0: none */
    size_t primary_key_count;
    uint32_t *decoded; /* indexes into physical, ascending */
    size_t decoded_count;
    uint32_t *pruned; /* those of them whose types are without the fields that nobody reads */
    size_t pruned_count;
    const char **metadata; /* keys; of a partition column "partition." and its name */
    const struct sl_type **metadata_types; /* as the connector makes them */
    size_t metadata_count;
    struct sl_expr *filter; /* BOOLEAN or NULL */
    struct sl_expr **exprs; /* one an output column */
    struct sl_expr *time;   /* the event-time column, TIMESTAMP(3) or LTZ(3); NULL: no watermark */
    struct sl_expr *watermark;
    bool watermark_from_source;  /* the connector supplies it; `watermark` is then the column */
    bool watermark_on_event;     /* scan.watermark.emit.strategy */
    int64_t idle_timeout_us;     /* 0: never idle */
    int64_t max_ahead_us;        /* a time further ahead of the clock moves no watermark; 0: off */
    const char *alignment_group; /* scan.watermark.alignment.group; NULL: none, else with … */
    int64_t alignment_drift_us, alignment_update_us; /* … max-drift, update-interval */
    bool bounded;
    bool kinds;                /* rows carry kinds; false: a row that is not +I fails the job */
    enum sl_on_error on_error; /* of rows that do not decode, and of NULL event times */
};

struct sl_phys_values {
    struct sl_value **rows; /* row_count arrays of schema->count values */
    size_t row_count;
};

/* Filter and projection in one: rows where filter is true, through exprs. */
struct sl_phys_calc {
    struct sl_expr *filter; /* NULL: all */
    struct sl_expr **exprs;
};

enum sl_window_kind { SL_WINDOW_TUMBLE, SL_WINDOW_HOP, SL_WINDOW_CUMULATE, SL_WINDOW_SESSION };

/* Lengths and offset in microseconds. */
struct sl_window {
    enum sl_window_kind kind;
    int64_t size_us;  /* SESSION: its gap */
    int64_t slide_us; /* HOP; the step of CUMULATE; 0: none */
    int64_t offset_us;
    bool processing_time;
    bool local_zone; /* time column is TIMESTAMP_LTZ: windows align to the session's zone */
};

/* Appends window_start, window_end, window_time to the input's columns: a row for each window that
 * the input's row is in.  A row without a time is an error of that row. */
struct sl_phys_window_table {
    struct sl_window window;
    uint32_t time_column;
};

/* GROUP BY window_start, window_end, keys…  Output: keys, then aggregates, then window_start,
 * window_end, window_time (those that `outputs` asks for, in this order). */
struct sl_phys_window_aggregate {
    struct sl_window window;
    bool is_attached;     /* rows have their window already: its end is in time_column */
    bool is_global;       /* of two phases the second: `keys`, time_column (the end of a slice) and
                             the last column are what the local one gives */
    uint32_t time_column; /* of the input */
    uint32_t *keys;       /* of the input */
    size_t key_count;
    struct sl_aggregate **aggregates; /* args are over the input's columns */
    size_t aggregate_count;
    bool has_start, has_end, has_time;
};

/* When results of windows come before the watermark has passed their ends, and after that: with
 * every batch (with every row where mini-batches are off), or so long after a group's first change,
 * by the clock. */
struct sl_emit_strategy {
    bool early, late;
    int64_t early_delay_us, late_delay_us; /* 0: at once; multiples of a millisecond */
    int64_t lateness_us; /* rows count until the watermark is so far behind the end; with late */
};

/* GROUP BY over windows whose results are updated; columns as of WINDOW_AGGREGATE. */
struct sl_phys_window_emit {
    struct sl_phys_window_aggregate windows; /* the first member */
    struct sl_emit_strategy emit;
    bool emits_before; /* somebody wants -U */
};

/* The rows of sessions with window_start, window_end, window_time, once a session is over.  `keys`
 * are what it is partitioned by.  SESSION_AGGREGATE has a struct sl_phys_window_aggregate, whose
 * keys these are. */
struct sl_phys_session_table {
    struct sl_window window;
    uint32_t time_column;
    uint32_t *keys;
    size_t key_count;
};

enum sl_trigger_kind { SL_TRIGGER_COUNT, SL_TRIGGER_EVENT_TIME, SL_TRIGGER_PROCESSING_TIME };
enum sl_evictor_kind { SL_EVICTOR_NONE, SL_EVICTOR_COUNT, SL_EVICTOR_TIME };

/* When a group's result comes, and of which rows: after every `every` rows, or at whole multiples
 * of `every` microseconds; of all rows, of the last `keeps`, or of those less than `keeps`
 * microseconds before the newest. */
struct sl_trigger {
    enum sl_trigger_kind kind;
    int64_t every;
    enum sl_evictor_kind evictor;
    int64_t keeps;
    bool purges; /* each result is of the rows since the last one */
};

/* GROUP BY by a trigger: each firing adds one row.  Output: keys, aggregates, and with has_id the
 * number of the group's firing, from 1. */
struct sl_phys_trigger_aggregate {
    struct sl_trigger trigger;
    uint32_t time_column; /* of the input; where trigger or evictor go by event time */
    uint32_t *keys;
    size_t key_count;
    struct sl_aggregate **aggregates;
    size_t aggregate_count;
    bool has_id;
    int64_t ttl_us; /* a group goes so long after its last row; 0: it stays */
};

/* GROUP BY over a stream: emits the changes of its groups' results.  Output: keys, aggregates.
 *
 * Two phases: a LOCAL_GROUP_AGGREGATE (LOCAL_WINDOW_AGGREGATE with the other struct) in front of
 * the exchange folds each batch, of which come the keys, the end of the slice, and the accumulators
 * as bytes; the GROUP_AGGREGATE (WINDOW_AGGREGATE) behind it is global and merges them.  Its state
 * and its uid are those of one phase. */
struct sl_phys_group_aggregate {
    bool is_global;
    uint32_t *keys;
    size_t key_count;
    struct sl_aggregate **aggregates;
    size_t aggregate_count;
    bool emits_before; /* somebody wants -U */
    int64_t ttl_us;    /* a group goes so long after its last row; 0: it stays */
};

/* GROUPING SETS: each row once a set, with the set's id as the last column. */
struct sl_phys_expand {
    uint32_t key_count; /* the input's first columns */
    uint32_t *kept;     /* by set: bit i says that column i stays; other keys are NULL */
    uint32_t *ids;      /* by set */
    size_t set_count;
};

enum sl_join_kind { SL_JOIN_INNER, SL_JOIN_LEFT, SL_JOIN_RIGHT, SL_JOIN_FULL };
static inline bool
sl_join_keeps_left(enum sl_join_kind kind) /* its rows come out without a match, too */
{
    return kind == SL_JOIN_LEFT || kind == SL_JOIN_FULL;
}
static inline bool
sl_join_keeps_right(enum sl_join_kind kind)
{
    return kind == SL_JOIN_RIGHT || kind == SL_JOIN_FULL;
}

/* Pairs of rows of two streams with equal keys and lower <= left time - right time <= upper.
 * A pair's columns are `columns`: places in the left input's columns followed by the right one's.
 * The first of them, as many as the node's schema has, are the output; only `condition`, which is
 * over all of them, reads the others. */
struct sl_phys_interval_join {
    enum sl_join_kind join;
    bool processing_time;           /* the time of a row is when it comes */
    uint32_t left_time, right_time; /* columns of their inputs */
    int64_t lower_us, upper_us;
    int64_t bucket_us;                /* state goes by buckets of so much time */
    int64_t min_cleanup_us;           /* rows without a match stay so much longer */
    uint32_t *left_keys, *right_keys; /* of their inputs; types are the same in pairs */
    size_t key_count;
    uint32_t *columns;
    size_t column_count;
    struct sl_expr *condition; /* NULL: none */
};

enum sl_semi_join_kind { SL_SEMI_JOIN_SEMI, SL_SEMI_JOIN_ANTI, SL_SEMI_JOIN_MARK };

/* Rows of the left input by whether the right one has a row with the same keys, NULL being equal to
 * nothing: SEMI those that have a match, ANTI those that have none, MARK all, with a BOOLEAN behind
 * their columns.  Output: the left input's first columns, as many as the schema has. */
struct sl_phys_semi_join {
    enum sl_semi_join_kind kind;
    uint32_t *left_keys, *right_keys; /* of their inputs; types are the same in pairs */
    size_t key_count;
    bool at_end;    /* bounded input: rows come out once the right input is known */
    int64_t ttl_us; /* a key goes so long after its last row; 0: it stays */
};

/* Rows of the left input with the right one's single row, or NULLs as long as it has none; a second
 * row is an error.  Output: the left input's columns, then those of the right one's that `shown`
 * names.  Parallelism 1. */
struct sl_phys_single_join {
    struct sl_expr *condition; /* over the columns of both; NULL: none */
    uint32_t *shown;
    size_t shown_count;
    bool at_end;
    int64_t ttl_us; /* a row of the left input goes so long after its last equal; 0: it stays */
};

/* Each row once for every element of its collection, which is in the column args[0], or for every
 * number of the series with the start, stop and step that are in args.  Output: the `kept` columns,
 * then those of the element (of a ROW its fields; of a MAP key and value), then its number. */
struct sl_phys_unnest {
    uint32_t *args;
    size_t arg_count;
    uint32_t *kept;
    size_t kept_count;
    bool is_series;
    bool is_row;   /* the elements are ROWs */
    bool is_outer; /* a row without elements comes with NULLs */
    bool has_ordinality;
};

/* GROUP BY over bounded input: emits at the end of input.  Without keys one row always comes. */
struct sl_phys_batch_aggregate {
    uint32_t *keys;
    size_t key_count;
    struct sl_aggregate **aggregates;
    size_t aggregate_count;
};

/* The net rows of a bounded changelog: by key (last one wins), or without a key as a multiset. */
struct sl_phys_changelog_merge {
    uint32_t *keys;
    size_t key_count;
};

/* Upserts in (-U is left out), changes with whole rows out: what a key had before is in state. */
struct sl_phys_changelog_normalize {
    uint32_t *keys;
    size_t key_count;
    struct sl_expr *filter; /* rows that do not pass are as if deleted; NULL: all pass */
    bool emits_before;      /* somebody wants -U */
    int64_t ttl_us;         /* a key goes so long after its last row; 0: it stays */
};

/* ON CONFLICT: what a row does whose key has another row already.  Where rows change, NOTHING and
 * ERROR are judged at watermarks. */
enum sl_conflict { SL_CONFLICT_DEDUPLICATE, SL_CONFLICT_NOTHING, SL_CONFLICT_ERROR };

/* What a sink that keeps rows by `keys` has, where the input's rows go by `identity` (without one
 * by their values): of several rows of a key the newest, or the first. */
struct sl_phys_upsert_materialize {
    enum sl_conflict conflict;
    uint32_t *keys;
    size_t key_count;
    uint32_t *identity;
    size_t identity_count;
    int64_t ttl_us; /* a key goes so long after its last row; 0: it stays */
};

struct sl_sort_key {
    uint32_t column;
    bool descending, nulls_first;
};

/* --- OVER --- */

enum sl_over_function {
    SL_OVER_AGGREGATE,
    SL_OVER_ROW_NUMBER,
    SL_OVER_RANK,
    SL_OVER_DENSE_RANK,
    SL_OVER_PERCENT_RANK,
    SL_OVER_CUME_DIST,
    SL_OVER_NTILE,
    SL_OVER_LAG,
    SL_OVER_LEAD,
    SL_OVER_NTH_VALUE,
};
struct sl_over_call {
    enum sl_over_function function;
    uint32_t aggregate; /* AGGREGATE: which of the window's aggregates */
    uint32_t column;    /* of the input: the argument of LAG, LEAD, NTH_VALUE */
    int64_t number;     /* of rows: LAG and LEAD; of buckets: NTILE; n: NTH_VALUE */
    bool has_default;   /* LAG, LEAD */
    uint32_t default_column;
    bool ignores_nulls;
};

enum sl_bound_kind {
    SL_BOUND_UNBOUNDED_PRECEDING,
    SL_BOUND_PRECEDING,
    SL_BOUND_CURRENT_ROW,
    SL_BOUND_FOLLOWING,
    SL_BOUND_UNBOUNDED_FOLLOWING,
};
struct sl_frame_bound {
    enum sl_bound_kind kind;
    int64_t offset; /* rows; RANGE: in the unit of the order column, or months */
};
struct sl_frame {
    bool is_rows; /* else RANGE */
    bool in_months;
    struct sl_frame_bound start, end;
};

/* A window and what is computed over it: a column each, behind the input's. */
struct sl_over {
    uint32_t *partition; /* of the input */
    size_t partition_count;
    struct sl_sort_key *order;
    size_t order_count;
    struct sl_frame frame;
    struct sl_over_call *calls;
    size_t call_count;
    struct sl_aggregate **aggregates; /* their arguments and filters are columns of the input */
    size_t aggregate_count;
};

/* What the first order column is.  NONE: its results change when a row comes in between. */
enum sl_over_time { SL_OVER_TIME_NONE, SL_OVER_TIME_EVENT, SL_OVER_TIME_PROCESSING };
/* OVER in order of time; UPDATING_OVER, whose results change (time is NONE), and BATCH_OVER have
 * the same detail. */
struct sl_phys_over {
    struct sl_over over; /* the first member */
    enum sl_over_time time;
    bool emits_before; /* somebody wants -U */
    int64_t ttl_us;    /* a partition goes so long after its last row; 0: it stays */
};

/* --- ranks: ROW_NUMBER, RANK or DENSE_RANK with a condition on it --- */

/* The rows of each partition whose rank is one of start … end.  Rows that are equal in `order` are
 * numbered as they came. */
struct sl_rank {
    enum sl_over_function function;
    uint32_t *partition; /* of the input */
    size_t partition_count;
    struct sl_sort_key *order;
    size_t order_count;
    int64_t start, end;  /* from 1 */
    bool has_end_column; /* the end is what the first row of a partition has in end_column */
    uint32_t end_column;
    bool has_rank; /* it is the last column of the output */
};

/* Top-N over a stream: emits the changes of the rows that are kept. */
struct sl_phys_top_n {
    struct sl_rank rank; /* the first member */
    bool retracts;       /* rows of the input may be taken back: all of them are kept */
    uint32_t *identity;  /* columns of the input that, beside the partition's, identify a row */
    size_t identity_count;
    bool emits_before;   /* somebody wants -U */
    int64_t ttl_us;      /* a partition goes so long after its last row; 0: it stays */
};

/* … of windows: the rows have their window, and its ranks come once it is over.  `partition` is
 * without the columns of the window. */
struct sl_phys_window_rank {
    struct sl_rank rank; /* the first member */
    struct sl_window window;
    uint32_t end_column; /* of the window */
    bool last_first;     /* of rows that are equal in `order` the last one is the first */
};

/* The first or the last row of each key, by time.  The first one by event time comes once the
 * watermark has reached it. */
struct sl_phys_deduplicate {
    uint32_t *keys;
    size_t key_count;
    uint32_t time_column;
    bool processing_time; /* rows are as old as they come */
    bool keeps_last;
    bool emits_before; /* somebody wants -U */
    int64_t ttl_us;    /* a key goes so long after its last row; 0: it stays */
};

/* ORDER BY over a stream, first by time: rows wait for the watermark.  By processing time they wait
 * for the clock to move on. */
struct sl_phys_temporal_sort {
    struct sl_sort_key *keys;
    size_t key_count;
    bool processing_time;
};

/* Bounded input; emits at its end. */
struct sl_phys_batch_rank {
    struct sl_rank rank; /* the first member */
};

/* Bounded input; emits at its end.  limit < 0: all (else a top-n of offset + limit).  At another
 * parallelism than 1 each subtask has a top-n of its own. */
struct sl_phys_sort {
    struct sl_sort_key *keys;
    size_t key_count;
    int64_t offset, limit;
};

struct sl_phys_limit {
    int64_t offset, limit; /* limit < 0: all */
};

/* UPDATE and DELETE: the input is the matching old rows, followed (UPDATE) by the new values of all
 * columns; the output is -U/+U or -D. */
struct sl_phys_change {
    bool is_delete;
    size_t column_count; /* of the table */
};

struct sl_phys_sink {
    uint64_t table_id;
    uint32_t table_version;
    const char *table_name;
    const char *connector;
    const char *format;
    struct sl_phys_record record;
    const struct sl_option_list *options; /* not stored */
    struct sl_option_list hints;
    struct sl_schema *physical; /* what is written: one column of the input each, in order */
    uint32_t *metadata_columns; /* input columns that go to metadata keys (persisted METADATA) */
    const char **metadata;
    size_t metadata_count;
    uint32_t *primary_key;
    size_t primary_key_count;
    uint32_t *partition_by;
    size_t partition_by_count;
    bool upsert;           /* -U rows are dropped before they are written, … */
    bool no_before;        /* -U need not be made for it */
    bool before_deletes;   /* … but those without a +U of their key behind, which are -D */
    uint32_t buffer_rows;  /* of so many rows that come together the last of each key is
                              written; 0: all are */
    const char *guarantee; /* "at-least-once", "exactly-once", "none" */
    bool atomic;           /* a statement that ends by itself: all is written at its end */
    uint32_t lane_count;   /* of its outbox, from when it was made; 0: by its parallelism */
    uint32_t *not_null;    /* columns in which a NULL is an error of the row */
    size_t not_null_count;
    bool drops_nulls; /* … or drops it */
    uint32_t *sized;  /* columns in which a text or bytes of another length than the
                         column's is an error */
    size_t sized_count;
    enum sl_on_error on_error;
};

/* Hands batches to the session that asked; parallelism 1. */
struct sl_phys_collect {
    bool row_kinds; /* the client sees the kinds */
};

/* The settings a job was made under, those that the run time needs; stored with the plan. */
struct sl_phys_settings {
    bool batch_mode;
    uint32_t batch_size;            /* sluice.batch-size */
    uint32_t max_parallelism;       /* 128 */
    int64_t watermark_interval_us;  /* pipeline.auto-watermark-interval; 0: per record */
    int64_t source_idle_timeout_us; /* table.exec.source.idle-timeout; 0: off */
    bool mini_batch;                /* false: one change a row, exactly as Flink */
    bool overflow_wraps;
    enum sl_on_error runtime_error; /* table.exec.runtime-error */
    const char *zone;               /* table.local-time-zone */
    /* "none", "fixed-delay", "failure-rate", "exponential-delay"; then of the one that is named: */
    const char *restart_strategy;
    int64_t restart_delay_us;       /* exponential: initial-backoff */
    int64_t restart_attempts;       /* failure-rate: failures an interval; -1: without limit */
    int64_t restart_delay_max_us;   /* exponential: max-backoff */
    int64_t restart_multiplier_ppm; /* exponential: backoff-multiplier, in millionths */
    int64_t restart_jitter_ppm;     /* exponential: jitter-factor, in millionths */
    int64_t restart_span_us;        /* exponential: reset-backoff-threshold; failure-rate: its
                                       interval */
    int64_t checkpoint_interval_us; /* execution.checkpointing.interval; 0: no checkpoints */
    int64_t checkpoint_timeout_us;  /* …timeout; 0: none */
    int64_t checkpoint_pause_us;    /* …min-pause */
    bool checkpoint_unaligned;      /* …unaligned.enabled: barriers overtake, … */
    int64_t checkpoint_aligned_us;  /* … once under way so long: …aligned-checkpoint-timeout */
    uint32_t checkpoint_failures_max; /* …tolerable-failed-checkpoints, in a row */
    uint32_t checkpoints_retained;    /* …num-retained */
    int64_t outbox_limit_bytes;       /* sluice.outbox.limit */
    /* uid → the newest checkpoint whose state of that operator is not this plan's (ALTER JOB) */
    struct sl_option_list dropped_state;
};

struct sl_phys_plan {
    struct sl_phys_node **nodes;
    size_t node_count;
    struct sl_phys_settings settings;
};

/* Helpers. */
const char *sl_op_kind_name(enum sl_op_kind kind);         /* as in EXPLAIN */
const char *sl_phys_name(const struct sl_phys_node *node); /* the same, and of which phase it is */
/* The local phase of what is a global one: its keys and aggregates are over the rows; else the node
 * itself. */
const struct sl_phys_node *sl_phys_local_phase(const struct sl_phys_node *node);
const char *sl_over_function_name(enum sl_over_function function); /* "ROW_NUMBER", … */
const char *sl_join_kind_name(enum sl_join_kind kind); /* "INNER", "LEFT", … */
const char *sl_semi_join_kind_name(enum sl_semi_join_kind kind);
/* The columns of both inputs of a join, side by side. */
struct sl_schema *sl_phys_both_inputs(struct sl_arena *arena, const struct sl_schema *left,
                                      const struct sl_schema *right);
const char *sl_exchange_name(enum sl_exchange_kind kind);
uint32_t sl_phys_max_parallelism(const struct sl_phys_plan *plan); /* the slots it needs */
/* The column of its input `input` by whose event time the operator judges rows; -1: it does not. */
int32_t sl_phys_time_column(const struct sl_phys_node *node, size_t input);
/* The columns of an interval join's pairs, named and typed as in its inputs. */
struct sl_schema *sl_phys_pair_schema(struct sl_arena *arena, const struct sl_phys_node *node);
/* Scans that are unbounded: does the job ever end by itself? */
bool sl_phys_is_bounded(const struct sl_phys_plan *plan);

/* EXPLAIN's physical section, without its heading, and after an empty line, with theirs, the tasks
 * with their parallelism; a line a row.  With `changelog_mode` each operator and exchange tells the
 * row kinds that it emits. */
void sl_phys_explain(const struct sl_phys_plan *plan, bool changelog_mode, struct sl_buffer *to);
/* "Scan[bids]", as in the tasks. */
void sl_phys_explain_name(const struct sl_phys_node *node, struct sl_buffer *to);
/* EXPLAIN's section State, with its heading: the width of rows, what is kept, what bounds it, and a
 * warning where nothing does; `with_advice`: the warnings in a section of their own, as Flink's
 * PLAN_ADVICE. */
void sl_phys_explain_state(const struct sl_phys_plan *plan, bool with_advice, struct sl_buffer *to);
/* Versioned JSON; read back gives an equal plan (its JSON is the same bytes). */
void sl_phys_write_json(const struct sl_phys_plan *plan, struct sl_buffer *to);
int sl_phys_read_json(struct sl_arena *arena, struct sl_text json, struct sl_phys_plan **ret_plan,
                      struct sl_error *err);
/* A deep copy, options included. */
struct sl_phys_plan *sl_phys_copy(struct sl_arena *arena, const struct sl_phys_plan *plan);

#endif
