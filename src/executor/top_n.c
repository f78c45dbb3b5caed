/* Which rows of a partition are kept: see top_n.h.
 *
 * Of rows that are only added none is kept behind the last rank, so that most of a batch is turned
 * away by one comparison with `limit`, the prefix of the worst row that is kept, and leaves the
 * state untouched.  Where rows may be taken back all of them are kept. */
#include "executor/top_n.h"

enum { TOP_N_IS_OPEN = 1 }; /* a flag: `end` and `limit` are set */

/* --- opening --- */

static enum sl_top_n_mode
top_n_mode(const struct sl_phys_top_n *plan)
{
    const struct sl_rank *rank = &plan->rank;

    if (rank->function != SL_OVER_ROW_NUMBER)
        return rank->has_rank || rank->start > 1 ? SL_TOP_N_RANKS : SL_TOP_N_ROWS;
    /* As Flink: of a single row, too, a change is an update. */
    if (rank->has_rank || rank->start > 1 ||
        (rank->end == 1 && !rank->has_end_column && !plan->retracts))
        return SL_TOP_N_POSITIONS;
    return SL_TOP_N_ROWS;
}

int
sl_top_n_open(struct sl_top_n *op, const struct sl_phys_top_n *plan, struct sl_error *err)
{
    struct sl_op *base = &op->op;
    struct sl_arena *arena = base->context->arena;
    const struct sl_rank *rank = &plan->rank;

    op->plan = plan;
    op->mode = top_n_mode(op->plan);
    op->net = base->context->settings->mini_batch;
    op->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->bounds = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    op->values = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->found = SL_NEW_ARRAY(arena, const char *, SL_BATCH_ROWS_MAX);
    op->changes.has_rank = rank->has_rank;
    sl_key_changes_open(&op->changes, base, rank->partition, rank->partition_count);
    sl_rank_order_open(&op->order, rank->order, rank->order_count);
    sl_top_n_changes_open(op);
    SL_TRY(sl_top_n_places_open(op, err));
    return sl_ranked_rows_open(&op->ranked, base, rank->partition, rank->partition_count,
                               op->plan->ttl_us, err);
}

void
sl_top_n_close(struct sl_top_n *op)
{
    sl_ranked_rows_close(&op->ranked);
    sl_ranked_needs_done(&op->needs);
    sl_rank_order_close(&op->order);
    sl_key_changes_close(&op->changes);
    sl_top_n_changes_close(op);
}

/* --- how many rows --- */

/* Rows as far as those that are equal to the one at the last place. */
static uint32_t
top_n_count_ties(struct sl_top_n *op, const struct sl_ranked *value)
{
    uint32_t count = (uint32_t)value->end;
    const struct sl_rank_entry *last, *next;
    struct sl_ranked_cursor cursor;
    struct sl_rank_key key;

    sl_ranked_seek(&op->ranked, value, count - 1, &cursor);
    last = sl_ranked_next(&cursor);
    if (!last)
        return count;
    key = sl_rank_entry_key(last);
    while ((next = sl_ranked_next(&cursor)) && sl_rank_entry_has_key(next, &key))
        count++;
    return count;
}

/* Rows of the first `end` keys. */
static uint32_t
top_n_count_keys(struct sl_top_n *op, const struct sl_ranked *value, int64_t *ret_keys)
{
    const struct sl_rank_entry *entry;
    struct sl_ranked_cursor cursor;
    struct sl_rank_key key = {0};
    uint32_t count = 0;

    *ret_keys = 0;
    sl_ranked_seek(&op->ranked, value, 0, &cursor);
    while ((entry = sl_ranked_next(&cursor))) {
        if (count == 0 || !sl_rank_entry_has_key(entry, &key)) {
            if (*ret_keys == value->end)
                break;
            ++*ret_keys;
            key = sl_rank_entry_key(entry);
        }
        count++;
    }
    return count;
}

uint32_t
sl_top_n_count(struct sl_top_n *op, const struct sl_ranked *value)
{
    int64_t keys;

    if (!(value->flags & TOP_N_IS_OPEN) || value->end <= 0)
        return 0;
    if (op->plan->rank.function == SL_OVER_DENSE_RANK)
        return top_n_count_keys(op, value, &keys);
    if ((int64_t)value->count <= value->end)
        return value->count;
    return op->plan->rank.function == SL_OVER_RANK ? top_n_count_ties(op, value)
                                                   : (uint32_t)value->end;
}

/* --- rows that cannot be among the best --- */

/* Can no row that is worse than all that are kept be kept? */
static bool
top_n_is_full(struct sl_top_n *op, const struct sl_ranked *value)
{
    int64_t keys;

    if (op->plan->rank.function != SL_OVER_DENSE_RANK)
        return (int64_t)value->count >= value->end;
    top_n_count_keys(op, value, &keys);
    return keys >= value->end;
}

static const struct sl_rank_entry *
top_n_worst(struct sl_top_n *op, const struct sl_ranked *value)
{
    struct sl_ranked_cursor cursor;

    sl_ranked_seek(&op->ranked, value, value->count - 1, &cursor);
    return sl_ranked_next(&cursor);
}

static void
top_n_set_limit(struct sl_top_n *op, struct sl_ranked *value)
{
    const struct sl_rank_entry *worst;

    value->limit = UINT64_MAX;
    if (op->plan->retracts || value->count == 0 || !top_n_is_full(op, value))
        return;
    worst = top_n_worst(op, value);
    if (worst)
        value->limit = worst->prefix;
}

/* A row with this key, in a partition that has a limit, which its prefix is equal to or beyond. */
static bool
top_n_is_behind(struct sl_top_n *op, const struct sl_ranked *value, const struct sl_rank_key *key)
{
    const struct sl_rank_entry *worst;
    struct sl_rank_key last;
    int order;

    if (key->prefix != value->limit)
        return key->prefix > value->limit;
    worst = top_n_worst(op, value);
    if (!worst)
        return false;
    last = sl_rank_entry_key(worst);
    order = sl_rank_key_compare(key, &last);
    return order > 0 ||
           (order == 0 && op->plan->rank.function == SL_OVER_ROW_NUMBER && !op->ranked.last_first);
}

/* --- rows --- */

void
sl_top_n_begin_row(struct sl_top_n *op, struct sl_ranked *value, const struct sl_batch *batch,
                   uint16_t row)
{
    const struct sl_column *ends;

    if (value->flags & TOP_N_IS_OPEN)
        return;
    value->flags = TOP_N_IS_OPEN;
    value->limit = UINT64_MAX;
    value->end = op->plan->rank.end;
    if (!op->plan->rank.has_end_column)
        return;
    ends = batch->columns[op->plan->rank.end_column];
    value->end = sl_column_is_null(ends, row) ? 0 : SL_MAX(sl_column_integer(ends, row), 0);
}

/* The number of the row at place i, or NULL: rows have none. */
static uint64_t *
top_n_number(const struct sl_top_n *op, size_t i)
{
    return op->places.table ? (uint64_t *)(void *)op->places.values[i] : NULL;
}

void
sl_top_n_add(struct sl_top_n *op, struct sl_ranked *value, size_t i)
{
    struct sl_rank_key key = sl_rank_order_key(&op->order, op->rows[i]);
    uint64_t *number = top_n_number(op, i);
    struct sl_text packed;
    uint32_t before, after, position;

    if (value->limit != UINT64_MAX && top_n_is_behind(op, value, &key))
        return;
    if (number)
        *number = key.number = ++value->last;
    packed = sl_key_changes_pack(&op->changes, op->rows[i]);
    before = sl_top_n_count(op, value);
    op->ranked.position_max = before + 1;
    position = sl_ranked_insert(&op->ranked, value, &key, packed);
    after = sl_top_n_count(op, value);
    sl_top_n_added(op, value, op->rows[i], packed, position, before, after);
    if (op->plan->retracts)
        return;
    sl_ranked_trim(&op->ranked, value, after);
    top_n_set_limit(op, value);
}

/* By its number, or else, where another row of its identity came meanwhile, by its values. */
static bool
top_n_remove(struct sl_top_n *op, struct sl_ranked *value, size_t i, struct sl_text packed,
             uint32_t *ret_position)
{
    struct sl_rank_key key = sl_rank_order_key(&op->order, op->rows[i]);
    uint64_t *number = top_n_number(op, i);

    key.number = number ? *number : 0;
    if (key.number != 0 && sl_ranked_remove_exactly(&op->ranked, value, &key, ret_position)) {
        *number = 0;
        return true;
    }
    key.number = 0;
    return sl_ranked_remove(&op->ranked, value, &key, packed, ret_position);
}

bool
sl_top_n_take_back(struct sl_top_n *op, struct sl_ranked *value, size_t i)
{
    struct sl_text packed = sl_key_changes_pack(&op->changes, op->rows[i]);
    uint32_t before = sl_top_n_count(op, value), position;

    op->ranked.position_max = before + 1;
    if (!top_n_remove(op, value, i, packed, &position))
        return false;
    sl_top_n_removed(op, value, op->rows[i], packed, position, before, sl_top_n_count(op, value));
    return true;
}

/* --- a batch --- */

struct sl_state_keys
sl_top_n_keys(struct sl_top_n *op, const struct sl_batch *batch)
{
    size_t live = sl_batch_live_count(batch);

    for (size_t i = 0; i < live; i++)
        op->rows[i] = (uint16_t)sl_batch_row(batch, i);
    return sl_key_changes_keys(&op->changes, batch, op->rows, live);
}

void
sl_top_n_reject(struct sl_top_n *op, struct sl_state_keys *keys)
{
    size_t kept = 0;

    sl_rank_order_bounds(&op->order, op->rows, keys->row_count, op->bounds);
    sl_table_find(op->ranked.table, keys, op->found);
    for (size_t i = 0; i < keys->row_count; i++) {
        const struct sl_ranked *value = (const struct sl_ranked *)(const void *)op->found[i];
        bool is_behind = value && value->limit != UINT64_MAX && op->bounds[i] >= value->limit;

        if (is_behind && op->bounds[i] == value->limit) {
            struct sl_rank_key key = sl_rank_order_key(&op->order, op->rows[i]);

            is_behind = top_n_is_behind(op, value, &key);
        }
        op->rows[kept] = op->rows[i];
        op->changes.hashes[kept] = op->changes.hashes[i];
        kept += !is_behind;
    }
    keys->row_count = kept;
}

void
sl_top_n_keep(struct sl_top_n *op, struct sl_state_keys *keys, const struct sl_batch *batch)
{
    sl_rank_order_begin(&op->order, batch);
    sl_top_n_reject(op, keys);
    if (keys->row_count == 0)
        return;
    sl_table_upsert(op->ranked.table, keys, op->values, NULL);
    sl_top_n_changes_begin(op, batch);
    for (size_t i = 0; i < keys->row_count; i++) {
        struct sl_ranked *value = (struct sl_ranked *)(void *)op->values[i];

        sl_top_n_begin_row(op, value, batch, op->rows[i]);
        sl_top_n_add(op, value, i);
    }
}

/* --- rows that are not in memory --- */

/* The keys between which the row at place i goes, or is. */
static void
top_n_span(struct sl_top_n *op, const struct sl_batch *batch, size_t i,
           struct sl_rank_key *ret_from, struct sl_rank_key *ret_to)
{
    bool goes = sl_row_kind_takes_back(sl_batch_kind(batch, op->rows[i]));

    *ret_from = *ret_to = sl_rank_order_key(&op->order, op->rows[i]);
    ret_to->number = UINT64_MAX;
    if (!op->places.table)
        return;
    ret_from->number = UINT64_MAX;
    if (goes && op->places.found[i])
        memcpy(&ret_from->number, op->places.found[i], sizeof(uint64_t));
    else if (goes)
        ret_from->number = 0;
    if (ret_from->number != 0)
        ret_to->number = ret_from->number;
}

/* Chunks that the rows go into or come from, and as many as are seen, with the rows that may move
 * up. */
static void
top_n_list_needs(struct sl_top_n *op, const struct sl_batch *batch,
                 const struct sl_state_keys *keys)
{
    op->needs.count = 0;
    sl_table_find(op->ranked.table, keys, op->found);
    for (size_t i = 0; i < keys->row_count; i++) {
        const struct sl_ranked *value = (const struct sl_ranked *)(const void *)op->found[i];
        struct sl_rank_key from, to;

        if (!value || value->further.count == 0)
            continue;
        top_n_span(op, batch, i, &from, &to);
        sl_ranked_add_needs(value, &from, &to, (uint64_t)value->end + keys->row_count + 1,
                            &op->ranked, &op->needs);
    }
}

static int
top_n_prepare_places(struct sl_top_n *op, const struct sl_state_keys *keys,
                     const struct sl_batch *batch, struct sl_error *err)
{
    struct sl_state_keys places;
    int rc;

    if (!op->places.table)
        return SL_OK;
    places = sl_top_n_places_keys(op, batch, keys);
    rc = sl_table_prepare(op->places.table, &places, err);
    if (rc == SL_OK)
        sl_table_find(op->places.table, &places, op->places.found);
    return rc;
}

int
sl_top_n_prepare(struct sl_top_n *op, const struct sl_state_keys *keys,
                 const struct sl_batch *batch, struct sl_error *err)
{
    int rc = sl_table_prepare(op->ranked.table, keys, err);

    if (rc == SL_OK)
        rc = top_n_prepare_places(op, keys, batch, err);
    if (rc != SL_OK)
        return rc;
    sl_rank_order_begin(&op->order, batch);
    top_n_list_needs(op, batch, keys);
    return sl_ranked_prepare(&op->ranked, &op->needs, err);
}
