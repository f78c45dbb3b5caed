/* Ranks with a condition on them: which of the operators keeps the rows.
 *
 *     over bounded input                          BatchRank
 *     by the window that rows have                WindowRank
 *     the first by one time attribute, of rows
 *     that are only added                         Deduplicate
 *     all others                                  Rank (Top-N)
 *
 * ORDER BY with LIMIT over a stream is such a rank, of one partition; ORDER BY time is a sort that
 * waits for the watermark. */
#include "planner/lower.h"

enum { LOWER_ORDER_MAX = 64 }; /* columns that rows are sorted by */

/* --- refusals --- */

int
sl_lower_check_order(const struct sl_log_node *node, size_t partition_count, size_t order_count,
                     struct sl_error *err)
{
    if (partition_count + order_count <= LOWER_ORDER_MAX)
        return SL_OK;
    if (partition_count)
        SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                 "PARTITION BY and ORDER BY have %zu columns, the most are %d",
                 partition_count + order_count, LOWER_ORDER_MAX);
    else
        SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "ORDER BY has %zu columns, the most are %d", order_count,
                 LOWER_ORDER_MAX);
    return sl_error_at(err, node->offset);
}

/* --- windows --- */

struct rank_window {
    struct sl_window window;
    uint32_t end_column;
    uint32_t *others; /* the partition's other columns */
    size_t other_count;
};

/* Is the partition by the start and the end of one window that can be waited for? */
static bool
rank_find_window(struct sl_lowering *lowering, const struct sl_log_node *node,
                 struct rank_window *window)
{
    const struct sl_rank *rank = &node->rank;
    unsigned parts = 0;

    window->others = SL_NEW_ARRAY(lowering->arena, uint32_t, rank->partition_count);
    for (size_t i = 0; i < rank->partition_count; i++) {
        struct sl_window_origin origin = sl_window_origin_of(node->inputs[0], rank->partition[i]);

        parts |= 1u << origin.part;
        if (origin.part == SL_WINDOW_PART_NONE)
            window->others[window->other_count++] = rank->partition[i];
        if (origin.part != SL_WINDOW_PART_END)
            continue;
        window->window = origin.window;
        window->end_column = rank->partition[i];
    }
    return (parts & 1u << SL_WINDOW_PART_START) && (parts & 1u << SL_WINDOW_PART_END) &&
           window->window.kind != SL_WINDOW_SESSION && !window->window.processing_time &&
           !rank->has_end_column;
}

/* Of rows with equal times the last one is the last. */
static bool
rank_is_last_by_time(const struct sl_log_node *node)
{
    const struct sl_rank *rank = &node->rank;

    return rank->function == SL_OVER_ROW_NUMBER && rank->start == 1 && rank->end == 1 &&
           !rank->has_end_column && rank->order_count == 1 && rank->order[0].descending &&
           node->inputs[0]->schema->columns[rank->order[0].column].time != SL_TIME_NONE;
}

static struct sl_phys_node *
rank_lower_window(struct sl_lowering *lowering, struct sl_log_node *node,
                  const struct rank_window *window, struct sl_phys_node *input)
{
    struct sl_phys_window_rank *detail = SL_NEW(lowering->arena, struct sl_phys_window_rank);
    struct sl_phys_node *made;

    detail->rank = node->rank;
    detail->rank.partition = window->others;
    detail->rank.partition_count = window->other_count;
    detail->window = window->window;
    detail->end_column = window->end_column;
    detail->last_first = rank_is_last_by_time(node);
    made = sl_lower_add(lowering, SL_OP_WINDOW_RANK,
                        window->other_count ? sl_lower_parallelism(lowering, node) : 1,
                        node->schema, detail);
    sl_lower_connect_keyed(lowering, made, input, window->others, window->other_count);
    return made;
}

/* --- deduplication --- */

static bool
rank_is_deduplication(const struct sl_log_node *node, const struct sl_phys_node *input)
{
    const struct sl_rank *rank = &node->rank;

    return rank->function == SL_OVER_ROW_NUMBER && rank->start == 1 && rank->end == 1 &&
           !rank->has_end_column && !rank->has_rank && rank->order_count == 1 &&
           rank->partition_count > 0 && input->kinds == SL_KINDS_INSERT &&
           node->inputs[0]->schema->columns[rank->order[0].column].time != SL_TIME_NONE;
}

static struct sl_phys_node *
rank_lower_deduplication(struct sl_lowering *lowering, struct sl_log_node *node,
                         struct sl_phys_node *input)
{
    struct sl_phys_deduplicate *detail = SL_NEW(lowering->arena, struct sl_phys_deduplicate);
    const struct sl_rank *rank = &node->rank;
    struct sl_phys_node *made;

    detail->keys = rank->partition;
    detail->key_count = rank->partition_count;
    detail->time_column = rank->order[0].column;
    detail->processing_time =
        node->inputs[0]->schema->columns[detail->time_column].time == SL_TIME_PROCESSING;
    detail->keeps_last = rank->order[0].descending;
    detail->emits_before = true;
    detail->ttl_us = node->has_ttl ? node->ttl_us : lowering->state_ttl_us;
    made = sl_lower_add(lowering, SL_OP_DEDUPLICATE, sl_lower_parallelism(lowering, node),
                        node->schema, detail);
    if (detail->keeps_last)
        made->kinds |= 1u << SL_ROW_UPDATE_BEFORE | 1u << SL_ROW_UPDATE_AFTER;
    made->upsert_key = detail->keys;
    made->upsert_key_count = detail->key_count;
    sl_lower_connect_keyed(lowering, made, input, detail->keys, detail->key_count);
    return made;
}

/* --- Top-N --- */

/* The columns that identify a row of the output: partition and rank, the partition alone where
 * there is one rank, else what identifies a row of the input. */
static void
rank_set_key(struct sl_lowering *lowering, const struct sl_rank *rank,
             const struct sl_phys_node *input, struct sl_phys_node *made)
{
    bool is_row_number = rank->function == SL_OVER_ROW_NUMBER;
    bool is_one = is_row_number && !rank->has_end_column && rank->end == rank->start;

    made->upsert_key = input->upsert_key;
    made->upsert_key_count = input->upsert_key_count;
    if (!is_one && !(is_row_number && rank->has_rank))
        return;
    made->upsert_key = SL_NEW_ARRAY(lowering->arena, uint32_t, rank->partition_count + 1);
    made->upsert_key_count = rank->partition_count;
    memcpy(made->upsert_key, rank->partition, rank->partition_count * sizeof(uint32_t));
    if (!is_one)
        made->upsert_key[made->upsert_key_count++] = (uint32_t)made->schema->count - 1;
}

/* As top_n.h tells changes: rows come and go, or what stands at a rank is replaced. */
static unsigned
rank_kinds(const struct sl_phys_top_n *detail)
{
    const struct sl_rank *rank = &detail->rank;
    unsigned updates = 1u << SL_ROW_UPDATE_BEFORE | 1u << SL_ROW_UPDATE_AFTER;
    bool is_numbered = rank->has_rank || rank->start > 1;

    if (detail->retracts || (is_numbered && rank->function != SL_OVER_ROW_NUMBER))
        return SL_KINDS_ALL;
    if (is_numbered || (rank->function == SL_OVER_ROW_NUMBER && rank->end == 1))
        return SL_KINDS_INSERT | updates;
    return SL_KINDS_INSERT | 1u << SL_ROW_DELETE;
}

/* What identifies a row beside its partition. */
static void
rank_set_identity(struct sl_lowering *lowering, const struct sl_phys_node *input,
                  struct sl_phys_top_n *detail)
{
    detail->identity = SL_NEW_ARRAY(lowering->arena, uint32_t, input->upsert_key_count);
    for (size_t i = 0; i < input->upsert_key_count && detail->retracts; i++) {
        size_t at = 0;

        while (at < detail->rank.partition_count &&
               detail->rank.partition[at] != input->upsert_key[i])
            at++;
        if (at == detail->rank.partition_count)
            detail->identity[detail->identity_count++] = input->upsert_key[i];
    }
}

static struct sl_phys_node *
rank_lower_top_n(struct sl_lowering *lowering, const struct sl_log_node *node,
                 const struct sl_rank *rank, struct sl_phys_node *input)
{
    struct sl_phys_top_n *detail = SL_NEW(lowering->arena, struct sl_phys_top_n);
    struct sl_phys_node *made;

    detail->rank = *rank;
    detail->retracts = input->kinds != SL_KINDS_INSERT;
    rank_set_identity(lowering, input, detail);
    detail->emits_before = true;
    detail->ttl_us = node->has_ttl ? node->ttl_us : lowering->state_ttl_us;
    made = sl_lower_add(lowering, SL_OP_TOP_N,
                        rank->partition_count ? sl_lower_parallelism(lowering, node) : 1,
                        node->schema, detail);
    made->kinds = rank_kinds(detail);
    rank_set_key(lowering, rank, input, made);
    sl_lower_connect_keyed(lowering, made, input, rank->partition, rank->partition_count);
    return made;
}

static struct sl_phys_node *
rank_lower_batch(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node *input)
{
    struct sl_phys_batch_rank *detail = SL_NEW(lowering->arena, struct sl_phys_batch_rank);
    struct sl_phys_node *made;

    detail->rank = node->rank;
    made = sl_lower_add(lowering, SL_OP_BATCH_RANK,
                        detail->rank.partition_count ? sl_lower_parallelism(lowering, node) : 1,
                        node->schema, detail);
    sl_lower_connect_keyed(lowering, made, input, detail->rank.partition,
                           detail->rank.partition_count);
    return made;
}

int
sl_lower_rank(struct sl_lowering *lowering, struct sl_log_node *node,
              struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct rank_window window = {0};
    struct sl_phys_node *input;

    SL_TRY(sl_lower_check_order(node, 0, node->rank.order_count, err));
    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    if (lowering->bounded_operators) {
        SL_TRY(sl_lower_refuse_updating(input, node, "ROW_NUMBER, RANK or DENSE_RANK", err));
        *ret_node = rank_lower_batch(lowering, node, input);
    } else if (input->kinds == SL_KINDS_INSERT && rank_find_window(lowering, node, &window)) {
        *ret_node = rank_lower_window(lowering, node, &window, input);
    } else if (rank_is_deduplication(node, input)) {
        *ret_node = rank_lower_deduplication(lowering, node, input);
    } else {
        *ret_node = rank_lower_top_n(lowering, node, &node->rank, input);
    }
    return SL_OK;
}

/* --- ORDER BY --- */

static int
rank_refuse_sort(const struct sl_log_node *node, struct sl_error *err)
{
    return sl_lower_refuse(node, "ORDER BY without LIMIT by what is not an ascending time",
                           "order by an event-time column first, say LIMIT n, or SET "
                           "'execution.runtime-mode' = 'batch' for a query over bounded input",
                           err);
}

static int
rank_lower_temporal_sort(struct sl_lowering *lowering, struct sl_log_node *node,
                         struct sl_phys_node **ret_node, struct sl_error *err)
{
    const struct sl_sort_key *first = &node->sort.keys[0];
    enum sl_time_kind time = node->inputs[0]->schema->columns[first->column].time;
    struct sl_phys_temporal_sort *detail = SL_NEW(lowering->arena, struct sl_phys_temporal_sort);
    struct sl_phys_node *input;

    if (time == SL_TIME_NONE || first->descending)
        return rank_refuse_sort(node, err);
    SL_TRY(sl_lower_check_order(node, 0, node->sort.key_count, err));
    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    SL_TRY(sl_lower_refuse_updating(input, node, "ORDER BY time", err));
    if (time == SL_TIME_PROCESSING && node->sort.key_count == 1) { /* as they come */
        *ret_node = sl_lower_calc(lowering, input, NULL, sl_lower_identity(lowering, node->schema),
                                  node->schema, 1);
        return SL_OK;
    }
    detail->keys = node->sort.keys;
    detail->key_count = node->sort.key_count;
    detail->processing_time = time == SL_TIME_PROCESSING;
    *ret_node = sl_lower_add(lowering, SL_OP_TEMPORAL_SORT, 1, node->schema, detail);
    sl_lower_connect(lowering, *ret_node, input);
    return SL_OK;
}

int
sl_lower_stream_sort(struct sl_lowering *lowering, struct sl_log_node *node,
                     const struct sl_phys_limit *limit, struct sl_phys_node **ret_node,
                     struct sl_error *err)
{
    struct sl_rank rank = {.function = SL_OVER_ROW_NUMBER,
                           .order = node->sort.keys,
                           .order_count = node->sort.key_count};
    struct sl_phys_node *input;

    if (!limit)
        return rank_lower_temporal_sort(lowering, node, ret_node, err);
    if (limit->limit < 0)
        return sl_lower_refuse(node, "OFFSET without LIMIT", "say how many rows: LIMIT n", err);
    SL_TRY(sl_lower_check_order(node, 0, rank.order_count, err));
    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    rank.start = limit->offset + 1;
    rank.end = limit->limit > INT64_MAX - limit->offset ? INT64_MAX : limit->offset + limit->limit;
    *ret_node = rank_lower_top_n(lowering, node, &rank, input);
    return SL_OK;
}
