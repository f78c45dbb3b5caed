/* All that a Top-N has: see rank_scan.h. */
#include "executor/rank_scan.h"

void
sl_rank_scan_open(struct sl_rank_scan *scan, struct sl_top_n *top)
{
    scan->top = top;
    scan->chunk = SL_NEW_ARRAY(top->op.context->arena, struct sl_state_row, SL_BATCH_ROWS_MAX);
    sl_rank_output_open(&scan->output, &top->changes, top->ranked.table);
}

void
sl_rank_scan_close(struct sl_rank_scan *scan)
{
    sl_table_scan_end(&scan->scan);
}

/* The partition's chunks are read where they are not in memory. */
static int
rank_scan_read(struct sl_rank_scan *scan, const struct sl_ranked *value, struct sl_error *err)
{
    scan->top->needs.count = 0;
    sl_ranked_add_all(value, &scan->top->ranked, &scan->top->needs);
    return sl_ranked_prepare(&scan->top->ranked, &scan->top->needs, err);
}

/* Adds rows of a partition, until there are no more or the batch is full (SL_AGAIN). */
static int
rank_scan_add(struct sl_rank_scan *scan, const struct sl_state_row *partition,
              const struct sl_ranked *value)
{
    const struct sl_rank *rank = &scan->top->plan->rank;
    const struct sl_rank_entry *entry;
    struct sl_ranked_cursor cursor;
    struct sl_rank_key last = {0};

    sl_ranked_seek(&scan->top->ranked, value, scan->position ? scan->position - 1 : 0, &cursor);
    if (scan->position > 0 && (entry = sl_ranked_next(&cursor)))
        last = sl_rank_entry_key(entry);
    while ((entry = sl_ranked_next(&cursor))) {
        bool is_equal = scan->position > 0 && sl_rank_entry_has_key(entry, &last);

        if (sl_rank_output_is_full(&scan->output))
            return SL_AGAIN;
        last = sl_rank_entry_key(entry);
        scan->position++;
        if (rank->function == SL_OVER_DENSE_RANK)
            scan->rank += !is_equal;
        else if (rank->function == SL_OVER_ROW_NUMBER || !is_equal)
            scan->rank = scan->position;
        if (scan->rank >= rank->start)
            sl_rank_output_add(&scan->output, partition->key, sl_rank_entry_row(entry), scan->rank);
    }
    scan->position = 0;
    scan->rank = 0;
    return SL_OK;
}

/* The partitions of the scan's chunk. */
static int
rank_scan_partitions(struct sl_rank_scan *scan, struct sl_out *out, struct sl_error *err)
{
    int rc = SL_OK;

    while (scan->next < scan->chunk_count) {
        const struct sl_state_row *partition = &scan->chunk[scan->next];
        const struct sl_ranked *value = (const struct sl_ranked *)(const void *)partition->value;

        scan->top->ranked.scanned = partition;
        rc = rank_scan_read(scan, value, err);
        if (rc == SL_AGAIN)
            SL_TRY(sl_rank_output_emit(&scan->output, out, err)); /* its bytes may be evicted */
        if (rc != SL_OK)
            return rc;
        if (rank_scan_add(scan, partition, value) == SL_OK)
            scan->next++;
        if (!sl_rank_output_is_full(&scan->output))
            continue;
        rc = sl_rank_output_emit(&scan->output, out, err);
        if (rc != SL_OK)
            return rc;
    }
    return sl_rank_output_emit(&scan->output, out, err);
}

int
sl_rank_scan_emit(struct sl_rank_scan *scan, int64_t time, struct sl_out *out, struct sl_error *err)
{
    int rc = SL_OK;

    scan->top->ranked.time = time;
    if (!scan->is_running)
        sl_table_scan_begin(scan->top->ranked.table, time, &scan->scan);
    scan->is_running = true;
    while (rc == SL_OK) {
        if (scan->next == scan->chunk_count) {
            scan->next = scan->chunk_count = 0;
            rc = sl_table_scan_next(&scan->scan, scan->chunk, SL_BATCH_ROWS_MAX, &scan->chunk_count,
                                    err);
        }
        if (rc == SL_OK && scan->chunk_count == 0)
            break;
        if (rc == SL_OK)
            rc = rank_scan_partitions(scan, out, err);
    }
    scan->top->ranked.scanned = NULL;
    if (rc != SL_OK)
        return rc;
    sl_table_scan_end(&scan->scan);
    scan->is_running = false;
    return SL_OK;
}
