/* From the logical plan to the physical: operators, parallelism, exchanges, row kinds, ids. */
#ifndef SL_PLANNER_LOWER_H
#define SL_PLANNER_LOWER_H

#include "planner/rules.h"

/* table.optimizer.agg-phase-strategy */
enum sl_lower_phases { SL_LOWER_PHASES_AUTO, SL_LOWER_PHASES_ONE, SL_LOWER_PHASES_TWO };

struct sl_lowering {
    struct sl_binder *binder;
    struct sl_rewriter *rewriter;
    struct sl_arena *arena;
    uint32_t parallelism;   /* parallelism.default; 1 for UPDATE and DELETE */
    bool bounded_operators; /* operators that wait for the end of input may be used */
    bool synchronous;       /* a change that ends by itself: VALUES, UPDATE, DELETE, batch mode */
    size_t root_count;
    struct sl_lower_side *sides;  /* what the statement asks for by a hint or a table's option */
    int64_t min_cleanup_us;       /* table.exec.interval-join.min-cleanup-interval */
    int64_t state_ttl_us;         /* table.exec.state.ttl */
    struct sl_emit_strategy emit; /* as it is set; -1: it is not */
    bool source_duplicates;       /* table.exec.source.cdc-events-duplicate */
    enum sl_lower_phases phases;
    struct sl_phys_settings settings;
    struct sl_phys_node **nodes;
    size_t node_count, node_capacity;
};

/* lower.c */
int sl_lower(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node **ret_node,
             struct sl_error *err);
struct sl_phys_node *sl_lower_add(struct sl_lowering *lowering, enum sl_op_kind kind,
                                  uint32_t parallelism, struct sl_schema *schema, void *detail);
/* The node's next input is `from`, through the exchange that its parallelism asks for. */
void sl_lower_connect(struct sl_lowering *lowering, struct sl_phys_node *node,
                      struct sl_phys_node *from);
/* By these columns where there is more than one subtask to choose from. */
void sl_lower_connect_keyed(struct sl_lowering *lowering, struct sl_phys_node *node,
                            struct sl_phys_node *from, const uint32_t *keys, size_t key_count);
struct sl_phys_node *sl_lower_calc(struct sl_lowering *lowering, struct sl_phys_node *input,
                                   struct sl_expr *filter, struct sl_expr **exprs,
                                   struct sl_schema *schema, uint32_t parallelism);
/* All columns as they are. */
struct sl_expr **sl_lower_identity(struct sl_lowering *lowering, const struct sl_schema *schema);
struct sl_phys_node *sl_lower_collect(struct sl_lowering *lowering, struct sl_phys_node *input,
                                      bool row_kinds);
/* The option in an OPTIONS hint, else the block's hint, else the table's option, else the fallback.
 */
uint32_t sl_lower_option_parallelism(const struct sl_log_node *node,
                                     const struct sl_option_list *options,
                                     const struct sl_option_list *hints, const char *key,
                                     uint32_t fallback);

uint32_t sl_lower_parallelism(const struct sl_lowering *lowering, const struct sl_log_node *node);
/* 0A000 at the node's place: what cannot be built (yet), and the way out. */
int sl_lower_refuse(const struct sl_log_node *node, const char *construct, const char *hint,
                    struct sl_error *err);
/* What is taken back has to be known to the accumulators. */
int sl_lower_retracting(const struct sl_phys_node *input, const struct sl_log_node *node,
                        struct sl_error *err);
/* May a group whose result cannot be made any more have none? */
bool sl_lower_may_leave_out(const struct sl_lowering *lowering,
                            const struct sl_log_aggregate *from);
int sl_lower_refuse_updating(const struct sl_phys_node *input, const struct sl_log_node *node,
                             const char *construct, struct sl_error *err);

/* lower_window.c */
/* GROUP BY window_start, window_end of windows that rows bring with them: it could not be fused
 * with their function, or they are a result of windows. */
bool sl_lower_is_attached(const struct sl_log_node *node);
int sl_lower_attached_aggregate(struct sl_lowering *lowering, struct sl_log_node *node,
                                struct sl_phys_node **ret_node, struct sl_error *err);
/* What an aggregation over these windows has to know of its input.  0A000: it cannot be. */
int sl_lower_window_input(const struct sl_log_node *node,
                          const struct sl_phys_window_aggregate *windows,
                          const struct sl_phys_node *input, struct sl_error *err);
int sl_lower_window_aggregate(struct sl_lowering *lowering, struct sl_log_node *node,
                              struct sl_phys_node **ret_node, struct sl_error *err);
/* lower_emit.c */
/* The operator of an aggregation over windows, not yet connected to its input: by the settings
 * table.exec.emit.* its results come once or are updated, and `detail` is part of another. */
int sl_lower_add_windows(struct sl_lowering *lowering, const struct sl_log_node *node,
                         struct sl_phys_window_aggregate *detail, struct sl_schema *schema,
                         const struct sl_phys_node *input, struct sl_phys_node **ret_node,
                         struct sl_error *err);
/* 0A000: sessions whose results are wanted early or late. */
int sl_lower_refuse_session_emit(const struct sl_lowering *lowering, const struct sl_log_node *node,
                                 struct sl_error *err);

/* lower_phases.c */
/* Where the aggregation that `detail` describes is to be done in two phases, adds the local one
 * over *input, which it becomes, and makes `detail` the global one. */
void sl_lower_group_phases(struct sl_lowering *lowering, struct sl_phys_group_aggregate *detail,
                           struct sl_phys_node **input);
void sl_lower_window_phases(struct sl_lowering *lowering, const struct sl_log_node *node,
                            struct sl_phys_window_aggregate *detail, struct sl_phys_node **input);

/* lower_trigger.c */
int sl_lower_trigger_aggregate(struct sl_lowering *lowering, struct sl_log_node *node,
                               struct sl_phys_node **ret_node, struct sl_error *err);
int sl_lower_count_window(const struct sl_log_node *node, struct sl_error *err); /* refuses it */

/* lower_session.c */
int sl_lower_session_table(struct sl_lowering *lowering, struct sl_log_node *node,
                           struct sl_phys_node **ret_node, struct sl_error *err);
/* GROUP BY the window of a session, by other keys than it is partitioned by. */
bool sl_lower_is_session_group(const struct sl_log_node *node);
/* … whose rows that are late go where the hint LATE_ROWS says. */
void sl_lower_session_late(struct sl_lowering *lowering, const struct sl_log_node *node,
                           struct sl_phys_node *input);
int sl_lower_window_table(struct sl_lowering *lowering, struct sl_log_node *node,
                          struct sl_phys_node **ret_node, struct sl_error *err);

/* lower_side.c */
/* Later on `*place` is to be the SINK of the table of this name, as hinted or said at `offset`. */
void sl_lower_add_side(struct sl_lowering *lowering, const char *table_name, int offset,
                       struct sl_phys_side_output *place);
/* Wires them, and what the settings ask for, to sinks.  A plain query writes no tables: its rows
 * are only counted. */
int sl_lower_sides(struct sl_lowering *lowering, bool is_query, struct sl_error *err);

/* lower_over.c */
int sl_lower_over(struct sl_lowering *lowering, struct sl_log_node *node,
                  struct sl_phys_node **ret_node, struct sl_error *err);

/* lower_rank.c */
int sl_lower_rank(struct sl_lowering *lowering, struct sl_log_node *node,
                  struct sl_phys_node **ret_node, struct sl_error *err);
/* 54000: rows are sorted by so many columns at most. */
int sl_lower_check_order(const struct sl_log_node *node, size_t partition_count, size_t order_count,
                         struct sl_error *err);
/* ORDER BY over a stream; `limit` NULL: all rows. */
int sl_lower_stream_sort(struct sl_lowering *lowering, struct sl_log_node *node,
                         const struct sl_phys_limit *limit, struct sl_phys_node **ret_node,
                         struct sl_error *err);

/* lower_join.c */
/* A JOIN, of whose columns those are wanted that `used` says (NULL: all); map[i] is where column i
 * is in the output. */
int sl_lower_join(struct sl_lowering *lowering, struct sl_log_node *node, const bool *used,
                  uint32_t *map, struct sl_phys_node **ret_node, struct sl_error *err);

/* lower_subquery.c */
int sl_lower_semi_join(struct sl_lowering *lowering, struct sl_log_node *node,
                       struct sl_phys_node **ret_node, struct sl_error *err);
int sl_lower_unnest(struct sl_lowering *lowering, struct sl_log_node *node,
                    struct sl_phys_node **ret_node, struct sl_error *err);
int sl_lower_single_join(struct sl_lowering *lowering, struct sl_log_node *node,
                         struct sl_phys_node **ret_node, struct sl_error *err);

/* lower_scan.c, lower_sink.c */
int sl_lower_scan(struct sl_lowering *lowering, struct sl_log_node *node,
                  struct sl_phys_node **ret_node, struct sl_error *err);
/* Of a connector that keeps partition columns outside its records. */
int sl_lower_check_partitions(const struct sl_connector_descriptor *connector,
                              const struct sl_table *table, struct sl_error *err);
/* The operator at or above which output changes first. */
const struct sl_phys_node *sl_lower_who_updates(const struct sl_phys_node *node);
int sl_lower_sink(struct sl_lowering *lowering, struct sl_log_node *node,
                  struct sl_phys_node **ret_node, struct sl_error *err);
/* The same over `input`; NULL: side outputs feed it. */
int sl_lower_sink_over(struct sl_lowering *lowering, struct sl_log_node *node,
                       struct sl_phys_node *input, struct sl_phys_node **ret_node,
                       struct sl_error *err);

/* lower_share.c */
/* Scans of one table become one. */
void sl_lower_share_scans(struct sl_lowering *lowering);

/* lower_fields.c */
/* Fields of ROWs that nothing reads are not decoded. */
void sl_lower_prune_fields(struct sl_lowering *lowering);

/* sink_mode.c */
/* Which changes the sink is given, and whether it takes them; *input may be materialised by the
 * sink's key first.  Sets `upsert` and `before_deletes`. */
int sl_lower_sink_mode(struct sl_lowering *lowering, const struct sl_log_node *node,
                       const struct sl_table_format *format, uint32_t parallelism,
                       struct sl_phys_sink *detail, struct sl_phys_node **input,
                       struct sl_error *err);
/* sink_constraints.c */
/* NOT NULL and lengths, as the settings table.exec.sink.*-enforcer say. */
int sl_lower_sink_constraints(struct sl_lowering *lowering, const struct sl_log_node *node,
                              struct sl_phys_sink *detail, struct sl_phys_node **input,
                              struct sl_error *err);
/* Rows that the sink would drop for a NULL do not come so far. */
int sl_lower_sink_not_null(struct sl_lowering *lowering, const struct sl_phys_sink *detail,
                           struct sl_phys_node **input, struct sl_error *err);

/* changelog.c */
/* Which updates come with their old rows: those for which some consumer asks. */
void sl_lower_changelogs(struct sl_lowering *lowering);

/* settings.c */
int sl_lower_state_ttl(const struct sl_binder *binder, int64_t *ret_us, struct sl_error *err);
int sl_lower_min_cleanup(const struct sl_binder *binder, int64_t *ret_us, struct sl_error *err);
/* 0: table.optimizer.distinct-agg.split.enabled is off. */
int sl_lower_split_buckets(const struct sl_binder *binder, int64_t *ret_count,
                           struct sl_error *err);
#define SL_EMIT "table.exec.emit."
int sl_lower_emit_settings(const struct sl_binder *binder, struct sl_emit_strategy *emit,
                           struct sl_error *err);
bool sl_lower_source_duplicates(const struct sl_binder *binder);
enum sl_lower_phases sl_lower_phases_of(const struct sl_binder *binder);
int sl_lower_settings(const struct sl_binder *binder, struct sl_phys_settings *settings,
                      uint32_t *ret_parallelism, struct sl_error *err);
/* uid.c: ids that stay the same when the statement is planned again. */
void sl_lower_uids(struct sl_arena *arena, struct sl_phys_plan *plan);

#endif
