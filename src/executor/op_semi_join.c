/* Rows of the left input by whether the right one has their key: for x IN (SELECT y …).
 *
 *     left row        goes on if its key has a match (SEMI), has none (ANTI), with a mark (MARK)
 *     right row       that gives a key its first match, or takes its last:
 *                         SEMI  +I, or -D, of all left rows of the key
 *                         ANTI  -D, or +I
 *                         MARK  -U and +U with the other mark
 *
 * The right rows of a batch count by what they come to, unless table.exec.mini-batch.enabled =
 * false.  NULL is equal to nothing: such a left row has no match, such a right row matches nothing.
 *
 * State: key → number of right rows, and the left rows, packed, one after another.  Where right
 * rows are only added, a key that has a match needs no more than to say so.
 *
 * Over bounded input (at_end) left rows wait until both sides are known. */
#include "executor/packed_rows.h"
#include "data/row.h"
#include "storage/table.h"

#include <stdlib.h>

enum { SEMI_LEFT, SEMI_RIGHT };

/* The value of a key's state. */
struct semi_key {
    int64_t matches;
    uint32_t count, used; /* left rows; bytes of them */
    uint32_t is_touched;  /* by the running batch, … */
    uint32_t had_match;   /* … before it */
    struct sl_view rows;  /* `used` bytes and room: { length, row }… */
};

/* A key whose left rows have a match now that had none, or the other way round. */
struct semi_event {
    struct semi_key *key;
    bool has_match;
};

struct op_semi_join {
    struct sl_op op;
    const struct sl_phys_semi_join *plan;
    struct sl_state_table *table;
    size_t column_count; /* of the left input, that come out */
    bool net;
    bool right_adds;                /* right rows are never taken back */
    struct sl_column **key_columns; /* of the running batch; borrowed */
    uint64_t *hashes;
    uint16_t *rows; /* that have a key */
    size_t row_count;
    char **states; /* by place in `rows` */
    uint16_t *selection;
    struct sl_packed_rows out_rows;
    struct semi_event *events; /* of a right batch */
    size_t event_count, next_event;
    size_t event_at;           /* bytes of the next event's rows that are done */
    struct sl_batch **waiting; /* at_end: left batches */
    size_t waiting_count, waiting_capacity, next_waiting;
    bool is_ending;
};

static struct op_semi_join *
semi_of(struct sl_op *op)
{
    return (struct op_semi_join *)op;
}

/* --- opening --- */

static int
semi_open_table(struct op_semi_join *op, struct sl_error *err)
{
    const struct sl_op_context *context = op->op.context;
    const struct sl_schema *left = op->op.node->inputs[SEMI_LEFT].node->schema;
    const struct sl_type **types =
        SL_NEW_ARRAY(context->arena, const struct sl_type *, op->plan->key_count);
    uint32_t *view_offset = SL_NEW(context->arena, uint32_t);
    struct sl_state_table_spec spec = {.name = "keys",
                                       .operator_uid = op->op.node->uid,
                                       .key_types = types,
                                       .key_count = op->plan->key_count,
                                       .value_size = sizeof(struct semi_key),
                                       .view_offsets = view_offset,
                                       .view_count = 1,
                                       .ttl_us = op->plan->ttl_us};

    *view_offset = offsetof(struct semi_key, rows);
    for (size_t i = 0; i < op->plan->key_count; i++)
        types[i] = left->columns[op->plan->left_keys[i]].type;
    return sl_state_table_open(context->state, &spec, &op->table, err);
}

static int
semi_join_open(struct sl_op *base, struct sl_error *err)
{
    struct op_semi_join *op = semi_of(base);
    struct sl_arena *arena = base->context->arena;
    const struct sl_schema *left = base->node->inputs[SEMI_LEFT].node->schema;

    op->plan = base->node->detail;
    op->net = base->context->settings->mini_batch;
    op->right_adds = base->node->inputs[SEMI_RIGHT].node->kinds == SL_KINDS_INSERT;
    op->column_count = base->node->schema->count - (op->plan->kind == SL_SEMI_JOIN_MARK);
    op->key_columns = SL_NEW_ARRAY(arena, struct sl_column *, op->plan->key_count);
    op->hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    op->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->selection = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->events = SL_NEW_ARRAY(arena, struct semi_event, SL_BATCH_ROWS_MAX);
    sl_packed_rows_open(&op->out_rows, base, left, op->column_count);
    return semi_open_table(op, err);
}

static void
semi_join_close(struct sl_op *base)
{
    struct op_semi_join *op = semi_of(base);

    for (size_t i = op->next_waiting; i < op->waiting_count; i++)
        sl_batch_unref(op->waiting[i]);
    free(op->waiting);
    sl_packed_rows_close(&op->out_rows);
}

/* --- keys --- */

static bool
semi_has_key(const struct op_semi_join *op, size_t row)
{
    for (size_t i = 0; i < op->plan->key_count; i++)
        if (sl_column_is_null(op->key_columns[i], row))
            return false;
    return true;
}

/* Lists the live rows that have a key. */
static struct sl_state_keys
semi_keys(struct op_semi_join *op, unsigned input, const struct sl_batch *batch)
{
    const uint32_t *keys = input == SEMI_LEFT ? op->plan->left_keys : op->plan->right_keys;
    size_t live = sl_batch_live_count(batch);

    for (size_t i = 0; i < op->plan->key_count; i++)
        op->key_columns[i] = batch->columns[keys[i]];
    op->row_count = 0;
    for (size_t i = 0; i < live; i++)
        if (semi_has_key(op, sl_batch_row(batch, i)))
            op->rows[op->row_count++] = (uint16_t)sl_batch_row(batch, i);
    sl_hash_rows(op->key_columns, op->plan->key_count, op->rows, op->row_count, op->hashes);
    return (struct sl_state_keys){.columns = op->key_columns,
                                  .rows = op->rows,
                                  .row_count = op->row_count,
                                  .hashes = op->hashes};
}

static int
semi_join_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                  struct sl_error *err)
{
    struct op_semi_join *op = semi_of(base);
    struct sl_state_keys keys = semi_keys(op, input, batch);

    return keys.row_count > 0 ? sl_table_prepare(op->table, &keys, err) : SL_OK;
}

static struct semi_key *
semi_state(const struct op_semi_join *op, size_t i)
{
    return (struct semi_key *)(void *)op->states[i];
}

/* Keys of the running batch of which neither side has a row leave the state. */
static void
semi_drop_empty(struct op_semi_join *op)
{
    struct sl_state_keys keys = {
        .columns = op->key_columns, .rows = op->rows, .hashes = op->hashes};

    for (size_t i = 0; i < op->row_count; i++) {
        if (semi_state(op, i)->matches > 0 || semi_state(op, i)->count > 0)
            continue;
        op->rows[keys.row_count] = op->rows[i];
        op->hashes[keys.row_count++] = op->hashes[i];
    }
    if (keys.row_count > 0)
        sl_table_delete(op->table, &keys);
}

/* --- the left rows of a key --- */

static char *
semi_bytes(const struct semi_key *key)
{
    return (char *)(uintptr_t)sl_view_data(&key->rows);
}

/* The row that begins at `at`; *ret_next: where the next one does. */
static struct sl_text
semi_row(const struct semi_key *key, size_t at, size_t *ret_next)
{
    const char *bytes = semi_bytes(key) + at;
    uint32_t length;

    memcpy(&length, bytes, sizeof(length));
    *ret_next = at + sizeof(length) + length;
    return (struct sl_text){bytes + sizeof(length), length};
}

static void
semi_keep(struct op_semi_join *op, struct semi_key *key, struct sl_text row)
{
    uint32_t length = (uint32_t)row.length;
    size_t size = sizeof(length) + length;
    char *to;

    if (key->rows.length < key->used + size)
        key->rows = sl_table_grow_view(op->table, 0, &key->rows, key->used + size);
    to = semi_bytes(key) + key->used;
    memcpy(to, &length, sizeof(length));
    memcpy(to + sizeof(length), row.start, length);
    key->used += (uint32_t)size;
    key->count++;
}

/* Lets go of the first equal row; false: there is none. */
static bool
semi_release(struct semi_key *key, struct sl_text row)
{
    for (size_t at = 0, next; at < key->used; at = next) {
        if (!sl_text_equal(semi_row(key, at, &next), row))
            continue;
        memmove(semi_bytes(key) + at, semi_bytes(key) + next, key->used - next);
        key->used -= (uint32_t)(next - at);
        key->count--;
        return true;
    }
    return false;
}

static void
semi_release_all(struct op_semi_join *op, struct semi_key *key)
{
    static const struct sl_view empty;

    key->rows = sl_table_keep_view(op->table, 0, &key->rows, &empty);
    key->count = key->used = 0;
}

/* --- the left input --- */

static bool
semi_passes(const struct op_semi_join *op, bool has_match)
{
    return op->plan->kind == SL_SEMI_JOIN_MARK ||
           has_match == (op->plan->kind == SL_SEMI_JOIN_SEMI);
}

/* Keeps or lets go of a left row that has a key; false: it is taken back, and was not there. */
static bool
semi_take_left(struct op_semi_join *op, struct semi_key *key, const struct sl_batch *batch,
               uint16_t row)
{
    struct sl_text packed;

    if (op->right_adds && key->matches > 0)
        return true;
    packed = sl_packed_rows_pack(&op->out_rows, batch, row);
    if (sl_row_kind_takes_back(sl_batch_kind(batch, row)))
        return semi_release(key, packed);
    semi_keep(op, key, packed);
    return true;
}

/* Emits the rows of the batch by their matches; matches[] is by live row. */
static int
semi_emit_left(struct op_semi_join *op, const struct sl_batch *batch, const uint8_t *matches,
               const uint8_t *is_there, struct sl_out *out)
{
    struct sl_pool *pool = op->op.context->pool;
    bool marks = op->plan->kind == SL_SEMI_JOIN_MARK;
    size_t count = 0, live = sl_batch_live_count(batch);
    struct sl_batch *made;

    for (size_t i = 0; i < live; i++)
        if (is_there[i] && semi_passes(op, matches[i]))
            op->selection[count++] = (uint16_t)sl_batch_row(batch, i);
    if (count == 0)
        return SL_OK;
    made = sl_batch_pass(pool, batch, op->selection, count, op->column_count, marks);
    if (marks) {
        struct sl_column *mark = sl_column_new(pool, &sl_type_boolean, batch->row_count, false);

        memset(mark->values, 0, batch->row_count);
        for (size_t i = 0; i < live; i++)
            ((uint8_t *)mark->values)[sl_batch_row(batch, i)] = matches[i];
        sl_batch_set_column(made, op->column_count, mark);
    }
    return sl_out_emit(out, made);
}

static int
semi_left(struct op_semi_join *op, struct sl_batch *batch, struct sl_out *out)
{
    struct sl_state_keys keys = semi_keys(op, SEMI_LEFT, batch);
    uint8_t matches[SL_BATCH_ROWS_MAX] = {0}, is_there[SL_BATCH_ROWS_MAX];
    size_t unmatched = 0, live = sl_batch_live_count(batch);

    memset(is_there, 1, sizeof(is_there));
    if (keys.row_count > 0)
        sl_table_upsert(op->table, &keys, op->states, NULL);
    for (size_t i = 0, k = 0; i < live && k < keys.row_count; i++) {
        if (op->rows[k] != sl_batch_row(batch, i))
            continue;
        matches[i] = semi_state(op, k)->matches > 0;
        is_there[i] = semi_take_left(op, semi_state(op, k), batch, op->rows[k]);
        unmatched += !is_there[i];
        k++;
    }
    semi_drop_empty(op);
    if (unmatched > 0)
        out->unmatched(out, unmatched);
    semi_emit_left(op, batch, matches, is_there, out); /* bounded by the input */
    return SL_OK;
}

/* --- the right input --- */

static void
semi_add_event(struct op_semi_join *op, struct semi_key *key)
{
    if (key->count > 0)
        op->events[op->event_count++] = (struct semi_event){key, key->matches > 0};
}

/* False: it is taken back, and was not there. */
static bool
semi_take_right(struct op_semi_join *op, struct semi_key *key, enum sl_row_kind kind)
{
    bool had_match = key->matches > 0;

    if (!key->is_touched) {
        key->is_touched = true;
        key->had_match = had_match;
    }
    if (!sl_row_kind_takes_back(kind))
        key->matches += !(op->right_adds && had_match);
    else if (had_match)
        key->matches--;
    else
        return false;
    if (!op->net && had_match != (key->matches > 0))
        semi_add_event(op, key);
    return true;
}

/* Adds the changes of one left row, at most two. */
static void
semi_add_changes(struct op_semi_join *op, struct sl_text row, bool has_match)
{
    struct sl_packed_rows *rows = &op->out_rows;

    if (op->plan->kind == SL_SEMI_JOIN_MARK) {
        sl_packed_rows_add(rows, SL_ROW_UPDATE_BEFORE, row);
        sl_packed_rows_add(rows, SL_ROW_UPDATE_AFTER, row);
    } else {
        sl_packed_rows_add(rows, semi_passes(op, has_match) ? SL_ROW_INSERT : SL_ROW_DELETE, row);
    }
}

/* Emits the list, whose rows are of keys that all have, or have not, a match now. */
static int
semi_flush(struct op_semi_join *op, bool has_match, struct sl_out *out, struct sl_error *err)
{
    bool marks = op->plan->kind == SL_SEMI_JOIN_MARK;
    struct sl_batch *made;

    if (op->out_rows.count == 0)
        return SL_OK;
    SL_TRY(sl_packed_rows_take(&op->out_rows, marks, &made, err));
    if (marks) {
        struct sl_column *mark =
            sl_column_new(op->op.context->pool, &sl_type_boolean, made->row_count, false);

        for (size_t i = 0; i < made->row_count; i++)
            ((uint8_t *)mark->values)[i] = has_match == (i % 2 == 1);
        sl_batch_set_column(made, op->column_count, mark);
    }
    return sl_out_emit(out, made);
}

/* Goes on with the events of a right batch. */
static int
semi_run_events(struct op_semi_join *op, struct sl_out *out, struct sl_error *err)
{
    size_t max = SL_MIN(op->op.context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);

    max = SL_MAX(max, (size_t)2);
    while (op->next_event < op->event_count) {
        struct semi_event *event = &op->events[op->next_event];
        int rc = SL_OK;

        while (op->event_at < event->key->used && op->out_rows.count + 2 <= max)
            semi_add_changes(op, semi_row(event->key, op->event_at, &op->event_at),
                             event->has_match);
        if (op->event_at >= event->key->used) {
            if (op->right_adds)
                semi_release_all(op, event->key);
            op->event_at = 0;
            op->next_event++;
        }
        if (op->out_rows.count + 2 > max || op->next_event == op->event_count ||
            op->events[op->next_event].has_match != event->has_match)
            rc = semi_flush(op, event->has_match, out, err);
        if (rc < 0 || (rc == SL_AGAIN && op->next_event < op->event_count))
            return rc;
    }
    semi_drop_empty(op);
    return SL_OK;
}

static int
semi_right(struct op_semi_join *op, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    struct sl_state_keys keys = semi_keys(op, SEMI_RIGHT, batch);
    size_t unmatched = 0;

    op->event_count = op->next_event = op->event_at = 0;
    if (keys.row_count == 0)
        return SL_OK;
    sl_table_upsert(op->table, &keys, op->states, NULL);
    for (size_t i = 0; i < keys.row_count; i++)
        unmatched += !semi_take_right(op, semi_state(op, i), sl_batch_kind(batch, op->rows[i]));
    for (size_t i = 0; i < keys.row_count; i++) {
        struct semi_key *key = semi_state(op, i);

        if (op->net && key->is_touched && key->had_match != (key->matches > 0))
            semi_add_event(op, key);
        key->is_touched = key->had_match = false;
    }
    if (unmatched > 0)
        out->unmatched(out, unmatched);
    return semi_run_events(op, out, err);
}

/* --- bounded input --- */

static void
semi_wait(struct op_semi_join *op, struct sl_batch *batch)
{
    if (op->waiting_count == op->waiting_capacity) {
        op->waiting_capacity = SL_MAX((size_t)64, 2 * op->waiting_capacity);
        op->waiting = sl_realloc(op->waiting, op->waiting_capacity * sizeof(struct sl_batch *));
    }
    op->waiting[op->waiting_count++] = sl_batch_ref(batch);
}

/* A left batch once the right side is known.  SL_AGAIN: state is read, or as emit said. */
static int
semi_probe(struct op_semi_join *op, const struct sl_batch *batch, struct sl_out *out,
           bool *ret_done, struct sl_error *err)
{
    struct sl_state_keys keys = semi_keys(op, SEMI_LEFT, batch);
    uint8_t matches[SL_BATCH_ROWS_MAX] = {0}, is_there[SL_BATCH_ROWS_MAX];
    const char **found = (const char **)(void *)op->states;
    int rc = keys.row_count > 0 ? sl_table_prepare(op->table, &keys, err) : SL_OK;

    *ret_done = rc == SL_OK;
    if (rc != SL_OK)
        return rc;
    memset(is_there, 1, sizeof(is_there));
    if (keys.row_count > 0)
        sl_table_find(op->table, &keys, found);
    for (size_t i = 0, k = 0; k < keys.row_count; i++) {
        if (op->rows[k] != sl_batch_row(batch, i))
            continue;
        matches[i] = found[k++] != NULL;
    }
    return semi_emit_left(op, batch, matches, is_there, out);
}

static int
semi_join_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_semi_join *op = semi_of(base);

    op->is_ending = true;
    while (op->next_waiting < op->waiting_count) {
        struct sl_batch *batch = op->waiting[op->next_waiting];
        bool done;
        int rc = semi_probe(op, batch, out, &done, err);

        if (done) {
            op->next_waiting++;
            sl_batch_unref(batch);
        }
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

/* --- the operator --- */

static int
semi_join_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                struct sl_error *err)
{
    struct op_semi_join *op = semi_of(base);

    op->event_count = op->next_event = 0;
    if (input == SEMI_RIGHT)
        return semi_right(op, batch, out, err);
    if (!op->plan->at_end)
        return semi_left(op, batch, out);
    semi_wait(op, batch);
    return SL_OK;
}

static int
semi_join_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_semi_join *op = semi_of(base);

    return op->is_ending ? semi_join_end(base, out, err) : semi_run_events(op, out, err);
}

const struct sl_op_class sl_op_semi_join = {
    .name = "SemiJoin",
    .size = sizeof(struct op_semi_join),
    .open = semi_join_open,
    .prepare = semi_join_prepare,
    .batch = semi_join_batch,
    .resume = semi_join_resume,
    .end = semi_join_end,
    .close = semi_join_close,
};
