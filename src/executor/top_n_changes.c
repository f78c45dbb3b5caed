/* The changes of a Top-N: see top_n.h. */
#include "executor/top_n.h"

#include "base/hash.h"

#include <stdlib.h>

void
sl_top_n_changes_open(struct sl_top_n *op)
{
    sl_buffer_init(&op->before.bytes, SIZE_MAX / 2);
    sl_buffer_init(&op->after.bytes, SIZE_MAX / 2);
    op->touched = SL_NEW_ARRAY(op->op.context->arena, struct sl_top_n_touched, SL_BATCH_ROWS_MAX);
}

static void
top_n_list_done(struct sl_top_n_list *list)
{
    free(list->rows);
    if (list->bytes.data)
        sl_buffer_done(&list->bytes);
}

void
sl_top_n_changes_close(struct sl_top_n *op)
{
    top_n_list_done(&op->before);
    top_n_list_done(&op->after);
    free(op->events);
    free(op->sorted);
}

static void
top_n_list_reset(struct sl_top_n_list *list)
{
    list->count = 0;
    sl_buffer_reset(&list->bytes);
}

void
sl_top_n_changes_begin(struct sl_top_n *op, const struct sl_batch *batch)
{
    sl_key_changes_begin(&op->changes, batch);
    top_n_list_reset(&op->before);
    op->touched_count = op->event_count = 0;
}

/* --- adding --- */

static const char *
top_n_bytes(const struct sl_top_n_list *list)
{
    return list->bytes.length ? list->bytes.data : "";
}

static int
top_n_add_packed(struct sl_top_n *op, enum sl_row_kind kind, uint16_t row, struct sl_text packed,
                 int64_t rank, struct sl_out *out, struct sl_error *err)
{
    if (kind == SL_ROW_UPDATE_BEFORE && !op->plan->emits_before)
        return SL_OK;
    if (sl_key_changes_room(&op->changes) == 0)
        SL_TRY(sl_key_changes_emit(&op->changes, out, err));
    op->changes.rank = rank;
    sl_key_changes_add_packed(&op->changes, kind, row, packed);
    return SL_OK;
}

/* --- lists of rows that are seen --- */

static void
top_n_list_add(struct sl_top_n_list *list, const struct sl_rank_entry *entry, int64_t rank)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 64;
        list->rows = sl_realloc(list->rows, list->capacity * sizeof(*list->rows));
    }
    list->rows[list->count++] = (struct sl_top_n_row){.offset = list->bytes.length,
                                                      .key_length = entry->key_length,
                                                      .row_length = entry->row_length,
                                                      .rank = rank};
    sl_buffer_add(&list->bytes, entry->bytes, entry->key_length + entry->row_length);
}

static void
top_n_list_positions(struct sl_top_n *op, const struct sl_ranked *value, struct sl_top_n_list *list)
{
    uint32_t end = sl_top_n_count(op, value);
    int64_t start = op->plan->rank.start;
    const struct sl_rank_entry *entry;
    struct sl_ranked_cursor cursor;

    if (start > (int64_t)end)
        return;
    sl_ranked_seek(&op->ranked, value, (uint32_t)start - 1, &cursor);
    for (int64_t rank = start; rank <= (int64_t)end && (entry = sl_ranked_next(&cursor)); rank++)
        top_n_list_add(list, entry, rank);
}

static void
top_n_list_ranks(struct sl_top_n *op, const struct sl_ranked *value, struct sl_top_n_list *list)
{
    bool is_dense = op->plan->rank.function == SL_OVER_DENSE_RANK;
    uint32_t end = sl_top_n_count(op, value);
    struct sl_ranked_cursor cursor;
    size_t previous = 0;
    int64_t rank = 0;

    sl_ranked_seek(&op->ranked, value, 0, &cursor);
    for (uint32_t i = 0; i < end; i++) {
        const struct sl_rank_entry *entry = sl_ranked_next(&cursor);
        struct sl_text key, last;

        if (!entry)
            break;
        key = sl_rank_entry_key(entry).bytes;
        last = (struct sl_text){top_n_bytes(list) + previous, key.length};
        if (i == 0 || previous + key.length > list->bytes.length || !sl_text_equal(key, last))
            rank = is_dense ? rank + 1 : (int64_t)i + 1;
        previous = list->bytes.length;
        top_n_list_add(list, entry, rank);
        if (rank < op->plan->rank.start)
            list->count--; /* its bytes tell the next one's rank */
    }
}

static void
top_n_list_seen(struct sl_top_n *op, const struct sl_ranked *value, struct sl_top_n_list *list)
{
    if (op->mode == SL_TOP_N_POSITIONS)
        top_n_list_positions(op, value, list);
    else
        top_n_list_ranks(op, value, list);
}

void
sl_top_n_touch(struct sl_top_n *op, struct sl_ranked *value, uint16_t row)
{
    struct sl_top_n_touched *touched;

    if (op->mode == SL_TOP_N_ROWS || value->touched)
        return;
    touched = &op->touched[op->touched_count++];
    value->touched = (uint32_t)op->touched_count;
    *touched = (struct sl_top_n_touched){value, row, op->before.count, 0};
    top_n_list_seen(op, value, &op->before);
    touched->count = op->before.count - touched->first;
}

/* --- positions, ranks --- */

static struct sl_text
top_n_row_key(const struct sl_top_n_list *list, const struct sl_top_n_row *row)
{
    return (struct sl_text){top_n_bytes(list) + row->offset, row->key_length};
}

static struct sl_text
top_n_row_packed(const struct sl_top_n_list *list, const struct sl_top_n_row *row)
{
    return (struct sl_text){top_n_bytes(list) + row->offset + row->key_length, row->row_length};
}

/* One row in another's place, or alone; NULL: there is none. */
static int
top_n_replace(struct sl_top_n *op, const struct sl_top_n_touched *touched,
              const struct sl_top_n_row *old, const struct sl_top_n_row *new, struct sl_out *out,
              struct sl_error *err)
{
    if (old)
        SL_TRY(top_n_add_packed(op, new ? SL_ROW_UPDATE_BEFORE : SL_ROW_DELETE, touched->row,
                                top_n_row_packed(&op->before, old), old->rank, out, err));
    if (new)
        SL_TRY(top_n_add_packed(op, old ? SL_ROW_UPDATE_AFTER : SL_ROW_INSERT, touched->row,
                                top_n_row_packed(&op->after, new), new->rank, out, err));
    return SL_OK;
}

static int
top_n_compare_positions(struct sl_top_n *op, const struct sl_top_n_touched *touched,
                        struct sl_out *out, struct sl_error *err)
{
    const struct sl_top_n_row *olds = op->before.rows + touched->first;
    size_t count = SL_MAX(touched->count, op->after.count);

    for (size_t i = 0; i < count; i++) {
        const struct sl_top_n_row *old = i < touched->count ? &olds[i] : NULL;
        const struct sl_top_n_row *new = i < op->after.count ? &op->after.rows[i] : NULL;

        if (old && new &&sl_text_equal(top_n_row_packed(&op->before, old),
                                       top_n_row_packed(&op->after, new)))
            continue;
        SL_TRY(top_n_replace(op, touched, old, new, out, err));
    }
    return SL_OK;
}

/* Which of two lists in order goes on: < 0: a row that is there no more, > 0: a new one, 0: the
 * same row.  Of equal keys those that are there still come first, in the order that they had. */
static int
top_n_compare_rows(const struct sl_top_n *op, const struct sl_top_n_row *old,
                   const struct sl_top_n_row *new)
{
    int order;

    if (!old || !new)
        return old ? -1 : 1;
    order = sl_text_compare(top_n_row_key(&op->before, old), top_n_row_key(&op->after, new));
    if (order != 0)
        return order;
    return sl_text_equal(top_n_row_packed(&op->before, old), top_n_row_packed(&op->after, new))
               ? 0
               : -1;
}

/* Rows that go, or (`goes` false) those that come and those whose ranks are others. */
static int
top_n_compare_ranks(struct sl_top_n *op, const struct sl_top_n_touched *touched, bool goes,
                    struct sl_out *out, struct sl_error *err)
{
    const struct sl_top_n_row *olds = op->before.rows + touched->first;
    size_t i = 0, k = 0;

    while (i < touched->count || k < op->after.count) {
        const struct sl_top_n_row *old = i < touched->count ? &olds[i] : NULL;
        const struct sl_top_n_row *new = k < op->after.count ? &op->after.rows[k] : NULL;
        int order = top_n_compare_rows(op, old, new);

        i += order <= 0;
        k += order >= 0;
        if (order < 0 && goes)
            SL_TRY(top_n_replace(op, touched, old, NULL, out, err));
        else if (order > 0 && !goes)
            SL_TRY(top_n_replace(op, touched, NULL, new, out, err));
        else if (order == 0 && !goes && old->rank != new->rank && op->plan->rank.has_rank)
            SL_TRY(top_n_replace(op, touched, old, new, out, err));
    }
    return SL_OK;
}

static int
top_n_end_touched(struct sl_top_n *op, struct sl_out *out, struct sl_error *err)
{
    for (size_t i = 0; i < op->touched_count; i++) {
        struct sl_top_n_touched *touched = &op->touched[i];

        touched->value->touched = 0;
        top_n_list_reset(&op->after);
        top_n_list_seen(op, touched->value, &op->after);
        if (op->mode == SL_TOP_N_POSITIONS) {
            SL_TRY(top_n_compare_positions(op, touched, out, err));
            continue;
        }
        SL_TRY(top_n_compare_ranks(op, touched, true, out, err));
        SL_TRY(top_n_compare_ranks(op, touched, false, out, err));
    }
    op->touched_count = 0;
    top_n_list_reset(&op->before);
    return SL_OK;
}

/* --- rows that come and go --- */

static void
top_n_add_event(struct sl_top_n *op, const struct sl_ranked *value, uint16_t row,
                struct sl_text packed, bool comes, bool is_input)
{
    if (op->event_count == op->event_capacity) {
        op->event_capacity = op->event_capacity ? 2 * op->event_capacity : 256;
        op->events = sl_realloc(op->events, op->event_capacity * sizeof(*op->events));
        op->sorted = sl_realloc(op->sorted, op->event_capacity * sizeof(*op->sorted));
    }
    op->events[op->event_count++] = (struct sl_top_n_event){
        .value = value,
        .hash = sl_hash_bytes(packed.start, packed.length),
        .offset = op->before.bytes.length,
        .length = (uint32_t)packed.length,
        .row = row,
        .comes = comes,
        .is_input = is_input,
    };
    sl_buffer_add(&op->before.bytes, packed.start, packed.length);
}

/* Rows at positions from … to come or go with the row of the batch, which is none of them. */
static void
top_n_add_events(struct sl_top_n *op, const struct sl_ranked *value, uint16_t row, uint32_t from,
                 uint32_t to, uint32_t except, bool comes)
{
    struct sl_ranked_cursor cursor;

    if (from >= to)
        return;
    sl_ranked_seek(&op->ranked, value, from, &cursor);
    for (uint32_t position = from; position < to; position++) {
        const struct sl_rank_entry *entry = sl_ranked_next(&cursor);

        if (!entry)
            break;
        if (position != except)
            top_n_add_event(op, value, row, sl_rank_entry_row(entry), comes, false);
    }
}

void
sl_top_n_added(struct sl_top_n *op, const struct sl_ranked *value, uint16_t row,
               struct sl_text packed, uint32_t position, uint32_t before, uint32_t after)
{
    if (op->mode != SL_TOP_N_ROWS)
        return;
    /* Rows behind it stand one further back now. */
    top_n_add_events(op, value, row, after, before + (position <= before), position, false);
    if (position < after)
        top_n_add_event(op, value, row, packed, true, true);
}

void
sl_top_n_removed(struct sl_top_n *op, const struct sl_ranked *value, uint16_t row,
                 struct sl_text packed, uint32_t position, uint32_t before, uint32_t after)
{
    if (op->mode != SL_TOP_N_ROWS || position >= before)
        return;
    top_n_add_event(op, value, row, packed, false, false);
    top_n_add_events(op, value, row, before - 1, after, UINT32_MAX, true);
}

static struct sl_text
top_n_event_packed(const struct sl_top_n *op, const struct sl_top_n_event *event)
{
    return (struct sl_text){top_n_bytes(&op->before) + event->offset, event->length};
}

static bool
top_n_is_same_row(const struct sl_top_n *op, const struct sl_top_n_event *a,
                  const struct sl_top_n_event *b)
{
    return a->hash == b->hash && a->value == b->value &&
           sl_text_equal(top_n_event_packed(op, a), top_n_event_packed(op, b));
}

static int
top_n_compare_events(const void *a, const void *b, void *arg)
{
    const struct sl_top_n *op = arg;
    const struct sl_top_n_event *x = &op->events[*(const uint32_t *)a];
    const struct sl_top_n_event *y = &op->events[*(const uint32_t *)b];

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x < y ? -1 : 1;
}

/* What came and went in one segment is nothing. */
static void
top_n_void_pairs(struct sl_top_n *op)
{
    for (uint32_t i = 0; i < op->event_count; i++)
        op->sorted[i] = i;
    qsort_r(op->sorted, op->event_count, sizeof(*op->sorted), top_n_compare_events, op);
    for (size_t i = 0; i < op->event_count; i++) {
        struct sl_top_n_event *event = &op->events[op->sorted[i]];

        for (size_t k = i + 1; k < op->event_count && !event->is_void; k++) {
            struct sl_top_n_event *other = &op->events[op->sorted[k]];

            if (other->hash != event->hash || other->value != event->value)
                break;
            if (other->is_void || other->comes == event->comes ||
                !top_n_is_same_row(op, event, other))
                continue;
            event->is_void = other->is_void = true;
        }
    }
}

static int
top_n_end_events(struct sl_top_n *op, struct sl_out *out, struct sl_error *err)
{
    if (op->net && op->event_count > 1)
        top_n_void_pairs(op);
    for (size_t i = 0; i < op->event_count; i++) {
        const struct sl_top_n_event *event = &op->events[i];

        if (event->is_void)
            continue;
        if (!event->is_input) {
            SL_TRY(top_n_add_packed(op, event->comes ? SL_ROW_INSERT : SL_ROW_DELETE, event->row,
                                    top_n_event_packed(op, event), 0, out, err));
            continue;
        }
        if (sl_key_changes_room(&op->changes) == 0)
            SL_TRY(sl_key_changes_emit(&op->changes, out, err));
        sl_key_changes_add(&op->changes, SL_ROW_INSERT, event->row);
    }
    op->event_count = 0;
    top_n_list_reset(&op->before);
    return SL_OK;
}

int
sl_top_n_end_segment(struct sl_top_n *op, struct sl_out *out, struct sl_error *err)
{
    return op->mode == SL_TOP_N_ROWS ? top_n_end_events(op, out, err)
                                     : top_n_end_touched(op, out, err);
}
