/* One table of members a struct of physical.h. */
#include "plan/members.h"

#define MEMBER(structure, kind, json, field)                                        \
    {                                                                               \
        json, SL_MEMBER_##kind, offsetof(struct structure, field), 0, NULL, 0, NULL \
    }
#define COUNTED(structure, kind, json, field, count)               \
    {                                                              \
        json, SL_MEMBER_##kind, offsetof(struct structure, field), \
            offsetof(struct structure, count), NULL, 0, NULL       \
    }
#define NAMED(structure, json, field, names)                                                   \
    {                                                                                          \
        json, SL_MEMBER_ENUM, offsetof(struct structure, field), 0, names, SL_COUNT_OF(names), \
            NULL                                                                               \
    }
#define STRUCTS(structure, json, field, count, layout)              \
    {                                                               \
        json, SL_MEMBER_STRUCTS, offsetof(struct structure, field), \
            offsetof(struct structure, count), NULL, 0, layout      \
    }
#define LAYOUT(structure, members)                              \
    {                                                           \
        sizeof(struct structure), members, SL_COUNT_OF(members) \
    }

#define RECORD(structure)                                                                       \
    MEMBER(structure, STRING, "keyFormat", record.key_format),                                  \
        COUNTED(structure, COLUMNS, "keyColumns", record.key_columns, record.key_column_count), \
        MEMBER(structure, STRING, "keyPrefix", record.key_prefix),                              \
        MEMBER(structure, BOOL, "valueExceptKey", record.value_except_key),                     \
        MEMBER(structure, BOOL, "tombstones", record.tombstones)

static const char *const on_error_names[] = {"fail", "skip", "dead-letter"};
static const char *const join_names[] = {"INNER", "LEFT", "RIGHT", "FULL"};
static const char *const conflict_names[] = {"deduplicate", "nothing", "error"};
static const char *const window_names[] = {"TUMBLE", "HOP", "CUMULATE", "SESSION"};

static const struct sl_member window_members[] = {
    NAMED(sl_window, "kind", kind, window_names),
    MEMBER(sl_window, I64, "sizeUs", size_us),
    MEMBER(sl_window, I64, "slideUs", slide_us),
    MEMBER(sl_window, I64, "offsetUs", offset_us),
    MEMBER(sl_window, BOOL, "processingTime", processing_time),
    MEMBER(sl_window, BOOL, "localZone", local_zone),
};

static const struct sl_member sort_key_members[] = {
    MEMBER(sl_sort_key, U32, "column", column),
    MEMBER(sl_sort_key, BOOL, "descending", descending),
    MEMBER(sl_sort_key, BOOL, "nullsFirst", nulls_first),
};
static const struct sl_layout sort_key_layout = LAYOUT(sl_sort_key, sort_key_members);

static const struct sl_member settings_members[] = {
    MEMBER(sl_phys_settings, BOOL, "batchMode", batch_mode),
    MEMBER(sl_phys_settings, U32, "batchSize", batch_size),
    MEMBER(sl_phys_settings, U32, "maxParallelism", max_parallelism),
    MEMBER(sl_phys_settings, I64, "watermarkIntervalUs", watermark_interval_us),
    MEMBER(sl_phys_settings, I64, "sourceIdleTimeoutUs", source_idle_timeout_us),
    MEMBER(sl_phys_settings, BOOL, "miniBatch", mini_batch),
    MEMBER(sl_phys_settings, BOOL, "overflowWraps", overflow_wraps),
    NAMED(sl_phys_settings, "runtimeError", runtime_error, on_error_names),
    MEMBER(sl_phys_settings, STRING, "zone", zone),
    MEMBER(sl_phys_settings, STRING, "restartStrategy", restart_strategy),
    MEMBER(sl_phys_settings, I64, "restartDelayUs", restart_delay_us),
    MEMBER(sl_phys_settings, I64, "restartAttempts", restart_attempts),
    MEMBER(sl_phys_settings, I64, "restartDelayMaxUs", restart_delay_max_us),
    MEMBER(sl_phys_settings, I64, "restartMultiplierPpm", restart_multiplier_ppm),
    MEMBER(sl_phys_settings, I64, "restartJitterPpm", restart_jitter_ppm),
    MEMBER(sl_phys_settings, I64, "restartSpanUs", restart_span_us),
    MEMBER(sl_phys_settings, I64, "checkpointIntervalUs", checkpoint_interval_us),
    MEMBER(sl_phys_settings, I64, "checkpointTimeoutUs", checkpoint_timeout_us),
    MEMBER(sl_phys_settings, I64, "checkpointPauseUs", checkpoint_pause_us),
    MEMBER(sl_phys_settings, BOOL, "checkpointUnaligned", checkpoint_unaligned),
    MEMBER(sl_phys_settings, I64, "checkpointAlignedUs", checkpoint_aligned_us),
    MEMBER(sl_phys_settings, U32, "checkpointFailuresMax", checkpoint_failures_max),
    MEMBER(sl_phys_settings, U32, "checkpointsRetained", checkpoints_retained),
    MEMBER(sl_phys_settings, I64, "outboxLimitBytes", outbox_limit_bytes),
    MEMBER(sl_phys_settings, OPTIONS, "droppedState", dropped_state),
};

static const struct sl_member scan_members[] = {
    MEMBER(sl_phys_scan, U64, "tableId", table_id),
    MEMBER(sl_phys_scan, U32, "tableVersion", table_version),
    MEMBER(sl_phys_scan, STRING, "table", table_name),
    MEMBER(sl_phys_scan, STRING, "connector", connector),
    MEMBER(sl_phys_scan, STRING, "format", format),
    RECORD(sl_phys_scan),
    MEMBER(sl_phys_scan, REFERENCED_OPTIONS, "options", options),
    MEMBER(sl_phys_scan, OPTIONS, "hints", hints),
    MEMBER(sl_phys_scan, SCHEMA, "physical", physical),
    COUNTED(sl_phys_scan, STRINGS, "partitionKeys", partition_keys, partition_count),
    COUNTED(sl_phys_scan, TYPES, "partitionTypes", partition_types, partition_count),
    COUNTED(sl_phys_scan, COLUMNS, "primaryKey", primary_key, primary_key_count),
    COUNTED(sl_phys_scan, COLUMNS, "decoded", decoded, decoded_count),
    COUNTED(sl_phys_scan, COLUMNS, "pruned", pruned, pruned_count),
    COUNTED(sl_phys_scan, STRINGS, "metadata", metadata, metadata_count),
    COUNTED(sl_phys_scan, TYPES, "metadataTypes", metadata_types, metadata_count),
    MEMBER(sl_phys_scan, EXPR, "filter", filter),
    MEMBER(sl_phys_scan, EXPRS, "exprs", exprs),
    MEMBER(sl_phys_scan, EXPR, "time", time),
    MEMBER(sl_phys_scan, EXPR, "watermark", watermark),
    MEMBER(sl_phys_scan, BOOL, "watermarkFromSource", watermark_from_source),
    MEMBER(sl_phys_scan, BOOL, "watermarkOnEvent", watermark_on_event),
    MEMBER(sl_phys_scan, I64, "idleTimeoutUs", idle_timeout_us),
    MEMBER(sl_phys_scan, I64, "maxAheadUs", max_ahead_us),
    MEMBER(sl_phys_scan, STRING, "alignmentGroup", alignment_group),
    MEMBER(sl_phys_scan, I64, "alignmentDriftUs", alignment_drift_us),
    MEMBER(sl_phys_scan, I64, "alignmentUpdateUs", alignment_update_us),
    MEMBER(sl_phys_scan, BOOL, "bounded", bounded),
    MEMBER(sl_phys_scan, BOOL, "kinds", kinds),
    NAMED(sl_phys_scan, "onError", on_error, on_error_names),
};

static const struct sl_member values_members[] = {
    COUNTED(sl_phys_values, ROWS, "rows", rows, row_count),
};

static const struct sl_member calc_members[] = {
    MEMBER(sl_phys_calc, EXPR, "filter", filter),
    MEMBER(sl_phys_calc, EXPRS, "exprs", exprs),
};

static const struct sl_member expand_members[] = {
    MEMBER(sl_phys_expand, U32, "keyCount", key_count),
    COUNTED(sl_phys_expand, COLUMNS, "kept", kept, set_count),
    COUNTED(sl_phys_expand, COLUMNS, "ids", ids, set_count),
};

static const struct sl_member window_table_members[] = {
    MEMBER(sl_phys_window_table, WINDOW, "window", window),
    MEMBER(sl_phys_window_table, U32, "timeColumn", time_column),
};

#define WINDOWS(structure, in)                                                           \
    MEMBER(structure, WINDOW, "window", in window),                                      \
        MEMBER(structure, BOOL, "isAttached", in is_attached),                           \
        MEMBER(structure, BOOL, "isGlobal", in is_global),                               \
        MEMBER(structure, U32, "timeColumn", in time_column),                            \
        COUNTED(structure, COLUMNS, "keys", in keys, in key_count),                      \
        COUNTED(structure, AGGREGATES, "aggregates", in aggregates, in aggregate_count), \
        MEMBER(structure, BOOL, "hasStart", in has_start),                               \
        MEMBER(structure, BOOL, "hasEnd", in has_end),                                   \
        MEMBER(structure, BOOL, "hasTime", in has_time)

static const struct sl_member window_aggregate_members[] = {
    WINDOWS(sl_phys_window_aggregate, ),
};

static const struct sl_member window_emit_members[] = {
    WINDOWS(sl_phys_window_emit, windows.),
    MEMBER(sl_phys_window_emit, BOOL, "early", emit.early),
    MEMBER(sl_phys_window_emit, I64, "earlyDelayUs", emit.early_delay_us),
    MEMBER(sl_phys_window_emit, BOOL, "late", emit.late),
    MEMBER(sl_phys_window_emit, I64, "lateDelayUs", emit.late_delay_us),
    MEMBER(sl_phys_window_emit, I64, "latenessUs", emit.lateness_us),
    MEMBER(sl_phys_window_emit, BOOL, "emitsBefore", emits_before),
};

static const struct sl_member session_table_members[] = {
    MEMBER(sl_phys_session_table, WINDOW, "window", window),
    MEMBER(sl_phys_session_table, U32, "timeColumn", time_column),
    COUNTED(sl_phys_session_table, COLUMNS, "keys", keys, key_count),
};

static const char *const trigger_names[] = {"count", "continuous-event-time",
                                            "continuous-processing-time"};
static const char *const evictor_names[] = {"none", "count", "time"};

static const struct sl_member trigger_aggregate_members[] = {
    NAMED(sl_phys_trigger_aggregate, "trigger", trigger.kind, trigger_names),
    MEMBER(sl_phys_trigger_aggregate, I64, "every", trigger.every),
    NAMED(sl_phys_trigger_aggregate, "evictor", trigger.evictor, evictor_names),
    MEMBER(sl_phys_trigger_aggregate, I64, "keeps", trigger.keeps),
    MEMBER(sl_phys_trigger_aggregate, BOOL, "purges", trigger.purges),
    MEMBER(sl_phys_trigger_aggregate, U32, "timeColumn", time_column),
    COUNTED(sl_phys_trigger_aggregate, COLUMNS, "keys", keys, key_count),
    COUNTED(sl_phys_trigger_aggregate, AGGREGATES, "aggregates", aggregates, aggregate_count),
    MEMBER(sl_phys_trigger_aggregate, BOOL, "hasId", has_id),
    MEMBER(sl_phys_trigger_aggregate, I64, "ttlUs", ttl_us),
};

static const struct sl_member group_aggregate_members[] = {
    MEMBER(sl_phys_group_aggregate, BOOL, "isGlobal", is_global),
    COUNTED(sl_phys_group_aggregate, COLUMNS, "keys", keys, key_count),
    COUNTED(sl_phys_group_aggregate, AGGREGATES, "aggregates", aggregates, aggregate_count),
    MEMBER(sl_phys_group_aggregate, BOOL, "emitsBefore", emits_before),
    MEMBER(sl_phys_group_aggregate, I64, "ttlUs", ttl_us),
};

static const struct sl_member interval_join_members[] = {
    NAMED(sl_phys_interval_join, "joinType", join, join_names),
    MEMBER(sl_phys_interval_join, BOOL, "processingTime", processing_time),
    MEMBER(sl_phys_interval_join, U32, "leftTime", left_time),
    MEMBER(sl_phys_interval_join, U32, "rightTime", right_time),
    MEMBER(sl_phys_interval_join, I64, "lowerUs", lower_us),
    MEMBER(sl_phys_interval_join, I64, "upperUs", upper_us),
    MEMBER(sl_phys_interval_join, I64, "bucketUs", bucket_us),
    MEMBER(sl_phys_interval_join, I64, "minCleanupUs", min_cleanup_us),
    COUNTED(sl_phys_interval_join, COLUMNS, "leftKeys", left_keys, key_count),
    COUNTED(sl_phys_interval_join, COLUMNS, "rightKeys", right_keys, key_count),
    COUNTED(sl_phys_interval_join, COLUMNS, "columns", columns, column_count),
    MEMBER(sl_phys_interval_join, EXPR, "condition", condition),
};

static const char *const semi_join_names[] = {"SEMI", "ANTI", "MARK"};

static const struct sl_member semi_join_members[] = {
    NAMED(sl_phys_semi_join, "joinType", kind, semi_join_names),
    COUNTED(sl_phys_semi_join, COLUMNS, "leftKeys", left_keys, key_count),
    COUNTED(sl_phys_semi_join, COLUMNS, "rightKeys", right_keys, key_count),
    MEMBER(sl_phys_semi_join, BOOL, "atEnd", at_end),
    MEMBER(sl_phys_semi_join, I64, "ttlUs", ttl_us),
};

static const struct sl_member single_join_members[] = {
    MEMBER(sl_phys_single_join, EXPR, "condition", condition),
    COUNTED(sl_phys_single_join, COLUMNS, "shown", shown, shown_count),
    MEMBER(sl_phys_single_join, BOOL, "atEnd", at_end),
    MEMBER(sl_phys_single_join, I64, "ttlUs", ttl_us),
};

static const struct sl_member unnest_members[] = {
    COUNTED(sl_phys_unnest, COLUMNS, "args", args, arg_count),
    COUNTED(sl_phys_unnest, COLUMNS, "kept", kept, kept_count),
    MEMBER(sl_phys_unnest, BOOL, "isSeries", is_series),
    MEMBER(sl_phys_unnest, BOOL, "isRow", is_row),
    MEMBER(sl_phys_unnest, BOOL, "isOuter", is_outer),
    MEMBER(sl_phys_unnest, BOOL, "hasOrdinality", has_ordinality),
};

static const struct sl_member batch_aggregate_members[] = {
    COUNTED(sl_phys_batch_aggregate, COLUMNS, "keys", keys, key_count),
    COUNTED(sl_phys_batch_aggregate, AGGREGATES, "aggregates", aggregates, aggregate_count),
};

static const struct sl_member changelog_merge_members[] = {
    COUNTED(sl_phys_changelog_merge, COLUMNS, "keys", keys, key_count),
};

static const struct sl_member changelog_normalize_members[] = {
    COUNTED(sl_phys_changelog_normalize, COLUMNS, "keys", keys, key_count),
    MEMBER(sl_phys_changelog_normalize, EXPR, "filter", filter),
    MEMBER(sl_phys_changelog_normalize, BOOL, "emitsBefore", emits_before),
    MEMBER(sl_phys_changelog_normalize, I64, "ttlUs", ttl_us),
};

static const struct sl_member upsert_materialize_members[] = {
    NAMED(sl_phys_upsert_materialize, "conflict", conflict, conflict_names),
    COUNTED(sl_phys_upsert_materialize, COLUMNS, "keys", keys, key_count),
    COUNTED(sl_phys_upsert_materialize, COLUMNS, "identity", identity, identity_count),
    MEMBER(sl_phys_upsert_materialize, I64, "ttlUs", ttl_us),
};

static const char *const over_function_names[] = {
    "AGGREGATE", "ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK",
    "CUME_DIST", "NTILE",      "LAG",  "LEAD",       "NTH_VALUE"};
static const char *const over_time_names[] = {"none", "event", "processing"};
static const char *const bound_names[] = {"unbounded-preceding", "preceding", "current-row",
                                          "following", "unbounded-following"};

static const struct sl_member over_call_members[] = {
    NAMED(sl_over_call, "function", function, over_function_names),
    MEMBER(sl_over_call, U32, "aggregate", aggregate),
    MEMBER(sl_over_call, U32, "column", column),
    MEMBER(sl_over_call, I64, "number", number),
    MEMBER(sl_over_call, BOOL, "hasDefault", has_default),
    MEMBER(sl_over_call, U32, "defaultColumn", default_column),
    MEMBER(sl_over_call, BOOL, "ignoresNulls", ignores_nulls),
};
static const struct sl_layout over_call_layout = LAYOUT(sl_over_call, over_call_members);

static const struct sl_member over_members[] = {
    COUNTED(sl_phys_over, COLUMNS, "partition", over.partition, over.partition_count),
    STRUCTS(sl_phys_over, "order", over.order, over.order_count, &sort_key_layout),
    MEMBER(sl_phys_over, BOOL, "rows", over.frame.is_rows),
    NAMED(sl_phys_over, "start", over.frame.start.kind, bound_names),
    MEMBER(sl_phys_over, I64, "startOffset", over.frame.start.offset),
    NAMED(sl_phys_over, "end", over.frame.end.kind, bound_names),
    MEMBER(sl_phys_over, I64, "endOffset", over.frame.end.offset),
    MEMBER(sl_phys_over, BOOL, "months", over.frame.in_months),
    STRUCTS(sl_phys_over, "calls", over.calls, over.call_count, &over_call_layout),
    COUNTED(sl_phys_over, AGGREGATES, "aggregates", over.aggregates, over.aggregate_count),
    NAMED(sl_phys_over, "time", time, over_time_names),
    MEMBER(sl_phys_over, BOOL, "emitsBefore", emits_before),
    MEMBER(sl_phys_over, I64, "ttlUs", ttl_us),
};

#define RANK(structure)                                                                       \
    NAMED(structure, "function", rank.function, over_function_names),                         \
        COUNTED(structure, COLUMNS, "partition", rank.partition, rank.partition_count),       \
        STRUCTS(structure, "order", rank.order, rank.order_count, &sort_key_layout),          \
        MEMBER(structure, I64, "start", rank.start), MEMBER(structure, I64, "end", rank.end), \
        MEMBER(structure, BOOL, "hasEndColumn", rank.has_end_column),                         \
        MEMBER(structure, U32, "endColumn", rank.end_column),                                 \
        MEMBER(structure, BOOL, "hasRank", rank.has_rank)

static const struct sl_member top_n_members[] = {
    RANK(sl_phys_top_n),
    MEMBER(sl_phys_top_n, BOOL, "retracts", retracts),
    COUNTED(sl_phys_top_n, COLUMNS, "identity", identity, identity_count),
    MEMBER(sl_phys_top_n, BOOL, "emitsBefore", emits_before),
    MEMBER(sl_phys_top_n, I64, "ttlUs", ttl_us),
};

static const struct sl_member window_rank_members[] = {
    RANK(sl_phys_window_rank),
    MEMBER(sl_phys_window_rank, WINDOW, "window", window),
    MEMBER(sl_phys_window_rank, U32, "windowEnd", end_column),
    MEMBER(sl_phys_window_rank, BOOL, "lastFirst", last_first),
};

static const struct sl_member deduplicate_members[] = {
    COUNTED(sl_phys_deduplicate, COLUMNS, "keys", keys, key_count),
    MEMBER(sl_phys_deduplicate, U32, "timeColumn", time_column),
    MEMBER(sl_phys_deduplicate, BOOL, "processingTime", processing_time),
    MEMBER(sl_phys_deduplicate, BOOL, "keepsLast", keeps_last),
    MEMBER(sl_phys_deduplicate, BOOL, "emitsBefore", emits_before),
    MEMBER(sl_phys_deduplicate, I64, "ttlUs", ttl_us),
};

static const struct sl_member temporal_sort_members[] = {
    STRUCTS(sl_phys_temporal_sort, "keys", keys, key_count, &sort_key_layout),
    MEMBER(sl_phys_temporal_sort, BOOL, "processingTime", processing_time),
};

static const struct sl_member batch_rank_members[] = {
    RANK(sl_phys_batch_rank),
};

static const struct sl_member sort_members[] = {
    STRUCTS(sl_phys_sort, "keys", keys, key_count, &sort_key_layout),
    MEMBER(sl_phys_sort, I64, "offset", offset),
    MEMBER(sl_phys_sort, I64, "limit", limit),
};

static const struct sl_member limit_members[] = {
    MEMBER(sl_phys_limit, I64, "offset", offset),
    MEMBER(sl_phys_limit, I64, "limit", limit),
};

static const struct sl_member change_members[] = {
    MEMBER(sl_phys_change, BOOL, "isDelete", is_delete),
    MEMBER(sl_phys_change, SIZE, "columnCount", column_count),
};

static const struct sl_member sink_members[] = {
    MEMBER(sl_phys_sink, U64, "tableId", table_id),
    MEMBER(sl_phys_sink, U32, "tableVersion", table_version),
    MEMBER(sl_phys_sink, STRING, "table", table_name),
    MEMBER(sl_phys_sink, STRING, "connector", connector),
    MEMBER(sl_phys_sink, STRING, "format", format),
    RECORD(sl_phys_sink),
    MEMBER(sl_phys_sink, REFERENCED_OPTIONS, "options", options),
    MEMBER(sl_phys_sink, OPTIONS, "hints", hints),
    MEMBER(sl_phys_sink, SCHEMA, "physical", physical),
    COUNTED(sl_phys_sink, COLUMNS, "metadataColumns", metadata_columns, metadata_count),
    COUNTED(sl_phys_sink, STRINGS, "metadata", metadata, metadata_count),
    COUNTED(sl_phys_sink, COLUMNS, "primaryKey", primary_key, primary_key_count),
    COUNTED(sl_phys_sink, COLUMNS, "partitionBy", partition_by, partition_by_count),
    MEMBER(sl_phys_sink, BOOL, "upsert", upsert),
    MEMBER(sl_phys_sink, BOOL, "noBefore", no_before),
    MEMBER(sl_phys_sink, BOOL, "beforeDeletes", before_deletes),
    MEMBER(sl_phys_sink, U32, "bufferRows", buffer_rows),
    MEMBER(sl_phys_sink, STRING, "guarantee", guarantee),
    MEMBER(sl_phys_sink, BOOL, "atomic", atomic),
    MEMBER(sl_phys_sink, U32, "laneCount", lane_count),
    COUNTED(sl_phys_sink, COLUMNS, "notNull", not_null, not_null_count),
    MEMBER(sl_phys_sink, BOOL, "dropsNulls", drops_nulls),
    COUNTED(sl_phys_sink, COLUMNS, "sized", sized, sized_count),
    NAMED(sl_phys_sink, "onError", on_error, on_error_names),
};

static const struct sl_member collect_members[] = {
    MEMBER(sl_phys_collect, BOOL, "rowKinds", row_kinds),
};

const struct sl_layout sl_plan_window = LAYOUT(sl_window, window_members);
const struct sl_layout sl_plan_settings = LAYOUT(sl_phys_settings, settings_members);

const struct sl_layout sl_plan_details[SL_OP_COUNT] = {
    [SL_OP_SCAN] = LAYOUT(sl_phys_scan, scan_members),
    [SL_OP_VALUES] = LAYOUT(sl_phys_values, values_members),
    [SL_OP_CALC] = LAYOUT(sl_phys_calc, calc_members),
    [SL_OP_EXPAND] = LAYOUT(sl_phys_expand, expand_members),
    [SL_OP_WINDOW_TABLE] = LAYOUT(sl_phys_window_table, window_table_members),
    [SL_OP_WINDOW_AGGREGATE] = LAYOUT(sl_phys_window_aggregate, window_aggregate_members),
    [SL_OP_WINDOW_EMIT] = LAYOUT(sl_phys_window_emit, window_emit_members),
    [SL_OP_INTERVAL_JOIN] = LAYOUT(sl_phys_interval_join, interval_join_members),
    [SL_OP_UNNEST] = LAYOUT(sl_phys_unnest, unnest_members),
    [SL_OP_SEMI_JOIN] = LAYOUT(sl_phys_semi_join, semi_join_members),
    [SL_OP_SINGLE_JOIN] = LAYOUT(sl_phys_single_join, single_join_members),
    [SL_OP_SESSION_TABLE] = LAYOUT(sl_phys_session_table, session_table_members),
    [SL_OP_SESSION_AGGREGATE] = LAYOUT(sl_phys_window_aggregate, window_aggregate_members),
    [SL_OP_TRIGGER_AGGREGATE] = LAYOUT(sl_phys_trigger_aggregate, trigger_aggregate_members),
    [SL_OP_GROUP_AGGREGATE] = LAYOUT(sl_phys_group_aggregate, group_aggregate_members),
    [SL_OP_LOCAL_GROUP_AGGREGATE] = LAYOUT(sl_phys_group_aggregate, group_aggregate_members),
    [SL_OP_LOCAL_WINDOW_AGGREGATE] = LAYOUT(sl_phys_window_aggregate, window_aggregate_members),
    [SL_OP_BATCH_AGGREGATE] = LAYOUT(sl_phys_batch_aggregate, batch_aggregate_members),
    [SL_OP_CHANGELOG_MERGE] = LAYOUT(sl_phys_changelog_merge, changelog_merge_members),
    [SL_OP_CHANGELOG_NORMALIZE] = LAYOUT(sl_phys_changelog_normalize, changelog_normalize_members),
    [SL_OP_UPSERT_MATERIALIZE] = LAYOUT(sl_phys_upsert_materialize, upsert_materialize_members),
    [SL_OP_OVER] = LAYOUT(sl_phys_over, over_members),
    [SL_OP_UPDATING_OVER] = LAYOUT(sl_phys_over, over_members),
    [SL_OP_BATCH_OVER] = LAYOUT(sl_phys_over, over_members),
    [SL_OP_TOP_N] = LAYOUT(sl_phys_top_n, top_n_members),
    [SL_OP_WINDOW_RANK] = LAYOUT(sl_phys_window_rank, window_rank_members),
    [SL_OP_DEDUPLICATE] = LAYOUT(sl_phys_deduplicate, deduplicate_members),
    [SL_OP_TEMPORAL_SORT] = LAYOUT(sl_phys_temporal_sort, temporal_sort_members),
    [SL_OP_BATCH_RANK] = LAYOUT(sl_phys_batch_rank, batch_rank_members),
    [SL_OP_SORT] = LAYOUT(sl_phys_sort, sort_members),
    [SL_OP_LIMIT] = LAYOUT(sl_phys_limit, limit_members),
    [SL_OP_CHANGE] = LAYOUT(sl_phys_change, change_members),
    [SL_OP_SINK] = LAYOUT(sl_phys_sink, sink_members),
    [SL_OP_COLLECT] = LAYOUT(sl_phys_collect, collect_members),
};
