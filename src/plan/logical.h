/* The logical plan: what the binder writes, the rewrite rules rewrite and the planner lowers to the
 * physical plan.  Plain data in one arena.  A rule makes new nodes or changes nodes of the tree it
 * was given; a node has one consumer. */
#ifndef SL_PLAN_LOGICAL_H
#define SL_PLAN_LOGICAL_H

#include "plan/physical.h"

struct sl_table; /* catalog/catalog.h; opaque here */

enum sl_log_kind {
    SL_LOG_SCAN,
    SL_LOG_VALUES,
    SL_LOG_FILTER,
    SL_LOG_PROJECT,
    SL_LOG_EXPAND,            /* GROUPING SETS; output: the input, then the id of the set */
    SL_LOG_AGGREGATE,         /* output: the keys, then the aggregates */
    SL_LOG_WINDOW_TABLE,      /* output: the input, then window_start, window_end, window_time */
    SL_LOG_WINDOW_AGGREGATE,  /* output: keys, aggregates, window_start, window_end, window_time */
    SL_LOG_COUNT_WINDOW,      /* output: the input, then window_id */
    SL_LOG_TRIGGER_AGGREGATE, /* output: keys, aggregates, window_id */
    SL_LOG_UNION,             /* UNION ALL */
    SL_LOG_REPLICATE, /* output: the input without its last column, so many times as that says */
    SL_LOG_JOIN,              /* output: the columns of the left input, then of the right */
    SL_LOG_SEMI_JOIN,         /* output: the left input; MARK: then whether there is a match */
    SL_LOG_SINGLE_JOIN,       /* output: the left input, then columns of the right one's one row */
    SL_LOG_OVER,              /* output: the input, then the results of the calls */
    SL_LOG_RANK,              /* output: the input, then the rank if it is wanted */
    SL_LOG_UNNEST,            /* output: columns of the input, then those of the elements */
    SL_LOG_SORT,
    SL_LOG_LIMIT,
    SL_LOG_CHANGE, /* UPDATE, DELETE */
    SL_LOG_SINK,
    SL_LOG_KIND_COUNT,
};

/* `filter` and `exprs` are over `row`: all columns of the table as declared, computed ones too. */
struct sl_log_scan {
    const struct sl_table *table;
    const char *table_name;
    struct sl_option_list options; /* the table's, with the hints applied */
    struct sl_option_list hints;
    struct sl_schema *row;
    struct sl_expr **computed; /* by column of `row`: its expression over `row`, or NULL */
    struct sl_expr *watermark; /* over `row`; NULL: none */
    int32_t watermark_column;  /* of row; -1: none */
    bool watermark_from_source; /* SOURCE_WATERMARK(): `watermark` is the column itself */
    struct sl_expr *filter;    /* NULL: all rows */
    struct sl_expr **exprs;    /* one a column of the node's schema; NULL: the row itself */
    bool bounded;
    bool has_ttl; /* the STATE_TTL hint names it: of its rows by key, where these are kept */
    int64_t ttl_us;
    int ttl_offset; /* of the name in the hint */
};

struct sl_log_aggregate {
    struct sl_window window;   /* WINDOW_AGGREGATE */
    struct sl_trigger trigger; /* TRIGGER_AGGREGATE */
    uint32_t time_column;      /* of both, where it has one */
    uint32_t *keys;            /* of the input */
    size_t key_count;
    struct sl_aggregate **aggregates; /* their arguments and filters are columns of the input */
    size_t aggregate_count;
    bool parts[3];    /* WINDOW_AGGREGATE: window_start, window_end, window_time are made;
                         TRIGGER_AGGREGATE: window_id, has a time column */
    bool is_distinct; /* SELECT DISTINCT, UNION: for messages */
    bool is_split;    /* the first step of DISTINCT aggregates in two */
    bool has_ttl;     /* the STATE_TTL hint names its input: */
    int64_t ttl_us;
    const char *late_table; /* the LATE_ROWS hint; NULL: none */
};

struct sl_log_window_table {
    struct sl_window window;
    uint32_t time_column;
    uint32_t *partition; /* SESSION: columns of the input, by which rows are put together */
    size_t partition_count;
    bool keeps_rows; /* its late rows are wanted whole */
};

struct sl_log_count_window {
    int64_t size, slide; /* rows */
    uint32_t *partition;
    size_t partition_count;
};

/* Which join it is (interval, …) is found when it is lowered. */
struct sl_log_join {
    enum sl_join_kind kind;
    struct sl_expr *condition; /* over the node's columns; NULL: all pairs */
};

/* The left input's rows whose keys are a row of the right input. */
struct sl_log_semi_join {
    enum sl_semi_join_kind kind;
    struct sl_expr **keys; /* over the left input; one a column of the right one */
    size_t key_count;
};

/* Each row of the left input with the one row of the right one: NULLs where that has none. */
struct sl_log_single_join {
    struct sl_expr *condition; /* over the columns of both; NULL: all rows come out */
    uint32_t *shown;           /* columns of the right input that come out */
    size_t shown_count;
};

struct sl_log_unnest {
    struct sl_expr **args; /* over the input */
    size_t arg_count;
    uint32_t *kept; /* columns of the input that come out */
    size_t kept_count;
    bool is_series, is_row, is_outer, has_ordinality; /* as in struct sl_phys_unnest */
};

struct sl_log_sink {
    const struct sl_table *table;
    const char *table_name;
    struct sl_option_list options, hints;
    uint32_t *columns; /* the table's column that each input column goes to */
    bool has_conflict; /* it says ON CONFLICT */
    enum sl_conflict conflict;
};

struct sl_log_node {
    enum sl_log_kind kind;
    int offset;           /* in the statement, for refusals; -1: none */
    uint32_t parallelism; /* as hinted; 0: nobody said */
    bool has_ttl;         /* OVER, RANK, SEMI_JOIN, SINGLE_JOIN: STATE_TTL names their input */
    int64_t ttl_us;
    struct sl_schema *schema;
    struct sl_log_node **inputs;
    size_t input_count;
    union {
        struct sl_log_scan scan;
        struct sl_phys_values values;
        struct sl_expr *filter;
        struct sl_expr **exprs; /* PROJECT: one a column of the schema */
        struct sl_log_aggregate aggregate;
        struct sl_log_window_table window_table;
        struct sl_phys_expand expand;
        struct sl_log_join join;
        struct sl_log_semi_join semi_join;
        struct sl_log_single_join single_join;
        struct sl_log_unnest unnest;
        bool is_set; /* REPLICATE: no row comes more than once */
        struct sl_log_count_window count_window;
        struct sl_over over;
        struct sl_rank rank;
        struct sl_phys_sort sort; /* only its keys */
        struct sl_phys_limit limit;
        struct sl_phys_change change;
        struct sl_log_sink sink;
    };
};

const char *sl_log_kind_name(enum sl_log_kind kind);
struct sl_log_node *sl_log_new(struct sl_arena *arena, enum sl_log_kind kind,
                               struct sl_schema *schema, struct sl_log_node *input);
/* EXPLAIN's first section, without its heading, a line a node. */
void sl_log_explain(const struct sl_log_node *const *roots, size_t root_count,
                    struct sl_buffer *to);

#endif
