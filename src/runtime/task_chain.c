/* The operators of one subtask, calling one another.
 *
 * 1. An element that comes to a link whose operator is stopped, or behind queued elements, waits in
 *    the link's queue; else it is worked on at once, in the sender's call.
 * 2. `pending_links` names the links that have something queued or under way.  Link k may begin new
 *    work only while no deeper link is pending and no output is blocked; so the deepest goes first.
 * 3. Rows of one call lie between two due times of their operator: a batch is cut before the row
 *    whose mark reaches next_due_ms.  Marks that reach none are merged and go on behind the batch.
 * 4. An operator that keeps its rows is never cut: its marks move to the batch that it emits.  One
 *    that takes marks is not, either: it gets them with the batch, and the last one behind it.
 * 5. A watermark goes on after the firing that it caused is complete; END goes through an operator
 *    as the highest watermark, then `end`, and only then to the next one.
 *
 *              link_begin                      rows are left
 *     NONE ───────────────▶ NEXT ──link_next_piece──▶ BATCH ──link_end_piece──┐
 *       ▲                    ▲                                                │ mark is due
 *       │                    └──── link_forward ◀──── WATERMARK ◀─────────────┤
 *       │◀───────────────────────── link_end_batch ◀──────────────────────────┘ no row is left
 *       │◀── link_forward ◀── END ◀── WATERMARK ◀── (END, WATERMARK elements)
 *
 * Between NEXT and BATCH a link is in PREPARE while state that the piece needs is read.  Meanwhile
 * some batches more may queue up before it, for which state is then read together, while those in
 * front of them are worked on.
 *
 * Each call may say SL_AGAIN: the state stays, and `resume` stands in for the call.
 *
 * Before a barrier that overtakes the chain runs empty: what is queued or cut is worked on without
 * regard to full outputs, for it is at most a batch an operator.  A firing that was stopped, or a
 * batch of an operator that pauses batches, may be more: its operator pauses and takes what is
 * behind it; the watermark goes on when what is resumed behind the barrier is complete. */
#include "base/log.h"
#include "executor/scan.h"
#include "executor/side_rows.h"
#include "runtime/job.h"
#include "storage/table.h"

#include <stdlib.h>

enum { LINK_AHEAD_MAX = 16 }; /* elements that state is read for at a time */

static bool
chain_is_congested(struct sl_subtask *subtask, unsigned index)
{
    return (index + 1 < 64 && subtask->pending_links >> (index + 1)) != 0 ||
           sl_output_is_blocked(subtask);
}

/* It waits for state, and takes more meanwhile. */
static bool
link_is_reading(const struct sl_link *link)
{
    return link->call == SL_LINK_PREPARE && link->subtask->state_io_busy &&
           !link->subtask->is_overtaking && link->queue_count < link->room;
}

static void
link_set_pending(struct sl_link *link)
{
    struct sl_subtask *subtask = link->subtask;
    uint64_t bit = UINT64_C(1) << link->index;

    subtask->pending_links &= ~bit;
    subtask->reading_links &= ~bit;
    subtask->preparing_links &= ~bit;
    if (link->call == SL_LINK_PREPARE)
        subtask->preparing_links |= bit;
    if (link_is_reading(link))
        subtask->reading_links |= bit;
    else if (link->call != SL_LINK_NONE || link->queue_count > 0)
        subtask->pending_links |= bit;
}

void
sl_chain_has_read(struct sl_subtask *subtask)
{
    subtask->pending_links |= subtask->reading_links;
    subtask->reading_links = 0;
}

static int
link_forward(struct sl_link *link, enum sl_message_kind kind, int64_t value, struct sl_error *err)
{
    struct sl_element element = {.kind = kind, .value = value};

    return sl_chain_push(link->subtask, link->index + 1, &element, err);
}

/* The watermark as those behind the operator see it. */
static int64_t
link_output_watermark(const struct sl_link *link, int64_t watermark_ms)
{
    int64_t delay_ms = link->op->output_delay_ms;

    if (watermark_ms == SL_WATERMARK_MAX || watermark_ms < SL_WATERMARK_MIN + delay_ms)
        return watermark_ms == SL_WATERMARK_MAX ? SL_WATERMARK_MAX : SL_WATERMARK_MIN;
    return watermark_ms - delay_ms;
}

static int
link_forward_watermark(struct sl_link *link, int64_t watermark_ms, struct sl_error *err)
{
    return link_forward(link, SL_MESSAGE_WATERMARK, link_output_watermark(link, watermark_ms), err);
}

/* --- what operators emit --- */

static bool
link_keeps_rows(const struct sl_link *link)
{
    return link->op->class->keeps_rows && !link->op->changes_rows;
}

/* The marks of the batch under way go with the rows of a row-keeping operator. */
static void
link_move_marks(struct sl_link *link, struct sl_batch *batch)
{
    const struct sl_batch *from = link->current.batch;

    if (!link_keeps_rows(link) || link->call != SL_LINK_BATCH || from->mark_count == 0)
        return;
    if (batch != from && batch->mark_count == 0) {
        if (batch->row_count != from->row_count)
            return;
        memcpy(sl_batch_add_marks(batch, link->op->context->pool, from->mark_count), from->marks,
               from->mark_count * sizeof(*from->marks));
    }
    link->marks_moved = true;
}

static int
chain_emit(struct sl_out *out, struct sl_batch *batch)
{
    struct sl_link *link = (struct sl_link *)out;
    struct sl_element element = {.kind = SL_MESSAGE_BATCH, .batch = batch};
    struct sl_error err;
    int rc;

    if (link->has_failed) {
        sl_batch_unref(batch);
        return SL_AGAIN;
    }
    link_move_marks(link, batch);
    if (sl_batch_live_count(batch) == 0 && batch->mark_count == 0) {
        sl_batch_unref(batch);
        return chain_is_congested(link->subtask, link->index) ? SL_AGAIN : SL_OK;
    }
    rc = sl_chain_push(link->subtask, link->index + 1, &element, &err);
    if (rc < 0) {
        /* The emitter cannot fail by what comes after it: kept until its call returns. */
        link->has_failed = true;
        link->failure = err;
        return SL_AGAIN;
    }
    return rc;
}

static void
chain_set_aside(struct sl_link *link, enum sl_edge_kind kind, struct sl_batch *batch)
{
    if (batch)
        sl_output_side(link->subtask, link->index, kind, batch);
}

static void
chain_late(struct sl_out *out, struct sl_batch *batch)
{
    struct sl_link *link = (struct sl_link *)out;

    sl_counter_add(&link->subtask->counters.late_rows, sl_batch_live_count(batch));
    if (link->late_rows)
        chain_set_aside(link, SL_EDGE_LATE,
                        sl_side_rows_late(link->late_rows, link->current.input, batch));
    sl_batch_unref(batch);
}

static void
chain_late_rows(struct sl_out *out, size_t row_count)
{
    sl_counter_add(&((struct sl_link *)out)->subtask->counters.late_rows, row_count);
}

static void
chain_unmatched(struct sl_out *out, size_t row_count)
{
    struct sl_link *link = (struct sl_link *)out;

    sl_counter_add(&link->subtask->counters.skipped_rows, row_count);
    if (!link->has_unmatched)
        sl_log(SL_LOG_WARN, "rows were taken back that are not there, and left out",
               "job=%s operator=%s subtask=%u", link->op->context->job_id, link->op->node->uid,
               link->op->context->subtask);
    link->has_unmatched = true;
}

/* What the policy makes of errors; *ret_written: they are to be written, too. */
static int
chain_judge_errors(struct sl_link *link, const struct sl_row_error *errors, size_t error_count,
                   bool *ret_written, struct sl_error *err)
{
    enum sl_on_error policy = link->op->context->settings->runtime_error;

    *ret_written = policy == SL_ON_ERROR_DEAD_LETTER && link->failed_rows && error_count > 0;
    if (policy == SL_ON_ERROR_FAIL && error_count > 0)
        return SL_ERROR(err, errors[0].code, "%s", errors[0].text);
    sl_counter_add(&link->subtask->counters.skipped_rows, error_count);
    return SL_OK;
}

/* Is this batch, in its physical rows, the one that the scan in front has at hand? */
static bool
chain_has_rows_of_scan(const struct sl_link *link, const struct sl_batch *batch)
{
    const struct sl_subtask *subtask = link->subtask;

    if (link->index > 0 && !link_keeps_rows(link) && batch != link->piece &&
        batch != link->current.batch)
        return false;
    for (unsigned i = 1; i <= link->index; i++) {
        if (subtask->links[i].queue_count > 0 ||
            (i < link->index && !link_keeps_rows(&subtask->links[i])))
            return false;
    }
    return subtask->task->nodes[0]->kind == SL_OP_SCAN;
}

static struct sl_batch *
chain_failed_rows(struct sl_link *link, const struct sl_batch *batch,
                  const struct sl_row_error *errors, size_t error_count)
{
    unsigned input = link->current.input;

    if (!chain_has_rows_of_scan(link, batch))
        return sl_side_rows_failed(link->failed_rows, input, batch, errors, error_count, NULL);
    return sl_scan_failed_rows(link->subtask->links[0].op, link->failed_rows, input, batch, errors,
                               error_count);
}

static int
chain_error(struct sl_out *out, const struct sl_batch *batch, const struct sl_row_error *errors,
            size_t error_count, struct sl_error *err)
{
    struct sl_link *link = (struct sl_link *)out;
    bool written;

    if (chain_judge_errors(link, errors, error_count, &written, err) < 0) {
        if (chain_has_rows_of_scan(link, batch))
            sl_scan_place_error(link->subtask->links[0].op, errors[0].row, err);
        return err->code;
    }
    if (written)
        chain_set_aside(link, SL_EDGE_ERROR, chain_failed_rows(link, batch, errors, error_count));
    return SL_OK;
}

static int
chain_failed_groups(struct sl_out *out, const struct sl_schema *schema,
                    const struct sl_batch *groups, const struct sl_row_error *errors,
                    size_t error_count, struct sl_error *err)
{
    struct sl_link *link = (struct sl_link *)out;
    bool written;

    SL_TRY(chain_judge_errors(link, errors, error_count, &written, err));
    if (written)
        chain_set_aside(
            link, SL_EDGE_ERROR,
            sl_side_rows_groups(link->failed_rows, schema, groups, errors, error_count));
    return SL_OK;
}

static void
chain_dead(struct sl_out *out, struct sl_batch *batch)
{
    chain_set_aside((struct sl_link *)out, SL_EDGE_DEAD, batch);
}

void
sl_chain_init_out(struct sl_link *link)
{
    link->out.emit = chain_emit;
    link->out.late = chain_late;
    link->out.late_rows = chain_late_rows;
    link->out.unmatched = chain_unmatched;
    link->out.error = chain_error;
    link->out.failed_groups = chain_failed_groups;
    link->out.dead = chain_dead;
}

/* --- one link's machine --- */

int
sl_chain_outcome(struct sl_link *link, int rc, struct sl_error *err)
{
    if (link->has_failed) {
        *err = link->failure;
        return err->code;
    }
    return rc;
}

/* The first live row that is not before physical row `from`. */
static size_t
link_first_live(const struct sl_batch *batch, uint32_t from)
{
    size_t low = 0, high = sl_batch_live_count(batch);

    if (!batch->selection)
        return SL_MIN((size_t)from, high);
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (batch->selection[middle] < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Physical rows [from, to) of the batch, itself when that is all of it. */
static struct sl_batch *
link_cut(struct sl_link *link, struct sl_batch *batch, uint32_t from, uint32_t to)
{
    uint16_t rows[SL_BATCH_ROWS_MAX];
    size_t count = 0, live = sl_batch_live_count(batch);
    struct sl_batch *piece;

    if (from == 0 && to == batch->row_count)
        return sl_batch_ref(batch);
    for (size_t i = link_first_live(batch, from); i < live && sl_batch_row(batch, i) < to; i++)
        rows[count++] = (uint16_t)sl_batch_row(batch, i);
    piece = sl_batch_share(link->op->context->pool, batch, rows, count);
    piece->mark_count = 0;
    return piece;
}

static bool
link_is_due(const struct sl_link *link, int64_t watermark_ms)
{
    int64_t due_ms = link->op->class->next_due_ms(link->op);

    return due_ms == SL_WATERMARK_MAX || due_ms <= watermark_ms;
}

/* The watermark reached the operator; its call follows when something is due.  One that is paused
 * fires it with the rest. */
static int
link_fire(struct sl_link *link, int64_t watermark_ms, struct sl_error *err)
{
    link->call = SL_LINK_WATERMARK;
    if (watermark_ms <= link->op->watermark_ms)
        return SL_OK;
    if (link->is_paused || !link_is_due(link, watermark_ms)) {
        link->op->watermark_ms = watermark_ms;
        return SL_OK;
    }
    link->op->watermark_ms = watermark_ms;
    return sl_chain_outcome(link, link->op->class->watermark(link->op, &link->out, err), err);
}

/* The whole batch; its last mark, if it is news, is behind it. */
static uint32_t
link_whole_end(struct sl_link *link)
{
    const struct sl_batch *batch = link->current.batch;

    if (link->next_mark < batch->mark_count) {
        link->next_mark = batch->mark_count - 1;
        if (batch->marks[link->next_mark].time_ms > link->op->watermark_ms)
            link->mark_ms = batch->marks[link->next_mark].time_ms;
        else
            link->next_mark++;
    }
    return batch->row_count;
}

/* Finds where the next piece ends, passing the marks that reach nothing. */
static uint32_t
link_piece_end(struct sl_link *link)
{
    const struct sl_batch *batch = link->current.batch;
    int64_t due_ms = link->op->class->next_due_ms(link->op);

    link->mark_ms = SL_WATERMARK_MIN;
    if (link->op->class->takes_marks)
        return link_whole_end(link);
    if (link_keeps_rows(link)) {
        if (batch->mark_count)
            link->merged_ms = SL_MAX(link->merged_ms, batch->marks[batch->mark_count - 1].time_ms);
        link->next_mark = batch->mark_count;
        return batch->row_count;
    }
    for (; link->next_mark < batch->mark_count; link->next_mark++) {
        const struct sl_mark *mark = &batch->marks[link->next_mark];

        if (mark->time_ms >= due_ms && mark->time_ms > link->op->watermark_ms) {
            link->mark_ms = mark->time_ms;
            return mark->row;
        }
        link->merged_ms = SL_MAX(link->merged_ms, mark->time_ms);
    }
    return batch->row_count;
}

/* The operator has all it will ever emit (LIMIT): the scans above it end now, whatever they hold.
 */
static int
link_want_no_more(struct sl_link *link)
{
    if (!link->wants_no_more)
        sl_execution_abandon(link->subtask->execution, link->op->node);
    link->wants_no_more = true;
    return SL_OK;
}

/* What the batches behind this piece will need is read with it, or (it is all there) while it is
 * worked on. */
static void
link_read_ahead(struct sl_link *link)
{
    struct sl_state *state = link->subtask->context.state;
    size_t before = link->ahead_count;
    struct sl_error err; /* is found again, and told, by the batch itself */

    sl_state_gather_begin(state);
    while (link->ahead_count < SL_MIN(link->queue_count, (size_t)LINK_AHEAD_MAX) &&
           !sl_state_gather_is_full(state)) {
        const struct sl_element *element =
            &link->queue[(link->queue_first + link->ahead_count) % link->queue_capacity];

        if (element->kind == SL_MESSAGE_BARRIER || element->kind == SL_MESSAGE_END)
            break;
        if (element->kind == SL_MESSAGE_BATCH && sl_batch_live_count(element->batch) > 0)
            link->op->class->prepare(link->op, element->input, element->batch, &err);
        link->ahead_count++;
    }
    sl_state_gather_end(state);
    link->room = SL_MIN(2 * (link->ahead_count - before + 1), 2 * (size_t)LINK_AHEAD_MAX);
    if (sl_state_wants_io(state))
        sl_task_run_state_io(link->subtask);
}

/* The state that the piece needs is read into memory first, where it may be outside. */
static int
link_prepare(struct sl_link *link, struct sl_error *err)
{
    struct sl_subtask *subtask = link->subtask;
    struct sl_state *state = subtask->context.state;
    int rc;

    link->call = SL_LINK_PREPARE;
    rc = link->op->class->prepare(link->op, link->current.input, link->piece, err);
    if (rc < 0 || subtask->state_io_busy)
        return rc;
    if (rc == SL_AGAIN ? sl_state_is_reading(state)
                       : link->queue_count > 0 && sl_state_may_read_ahead(state))
        link_read_ahead(link);
    return rc;
}

static int
link_run_piece(struct sl_link *link, struct sl_error *err)
{
    const struct sl_op_class *class = link->op->class;
    int rc;

    if (class->prepare && sl_state_is_cold(link->subtask->context.state)) {
        rc = link_prepare(link, err);
        if (rc != SL_OK)
            return rc;
    }
    link->call = SL_LINK_BATCH;
    rc = class->batch(link->op, link->current.input, link->piece, &link->out, err);
    return sl_chain_outcome(link, rc == SL_EOF ? link_want_no_more(link) : rc, err);
}

static int
link_next_piece(struct sl_link *link, struct sl_error *err)
{
    uint32_t from = link->next_row, to = link_piece_end(link);

    link->next_row = to;
    link->marks_moved = false;
    link->call = SL_LINK_BATCH;
    if (from == to)
        return SL_OK;
    link->piece = link_cut(link, link->current.batch, from, to);
    return sl_batch_live_count(link->piece) > 0 ? link_run_piece(link, err) : SL_OK;
}

/* All rows are through: the marks that nobody carried go on, and the batch is done with. */
static int
link_end_batch(struct sl_link *link, struct sl_error *err)
{
    int64_t merged_ms = link->merged_ms;
    bool forward = merged_ms > link->op->watermark_ms && !link->marks_moved && !link->is_paused;

    sl_batch_unref(link->current.batch);
    link->current.batch = NULL;
    link->call = SL_LINK_NONE;
    link->op->watermark_ms = SL_MAX(link->op->watermark_ms, merged_ms);
    return forward ? link_forward_watermark(link, merged_ms, err) : SL_OK;
}

static int
link_end_piece(struct sl_link *link, struct sl_error *err)
{
    sl_batch_unref(link->piece);
    link->piece = NULL;
    if (link->mark_ms != SL_WATERMARK_MIN)
        return link_fire(link, link->mark_ms, err);
    return link_end_batch(link, err);
}

/* The firing is complete: the watermark goes on, and what caused it does. */
static int
link_end_watermark(struct sl_link *link, struct sl_error *err)
{
    int rc;

    if (link->current.kind == SL_MESSAGE_END) {
        link->call = SL_LINK_END;
        rc = link->op->class->end(link->op, &link->out, err);
        return sl_chain_outcome(link, rc, err);
    }
    if (link->current.kind == SL_MESSAGE_BATCH) {
        link->call = SL_LINK_NEXT;
        link->next_mark++;
        link->merged_ms = SL_WATERMARK_MIN;
    } else {
        link->call = SL_LINK_NONE;
    }
    if (link->is_paused)
        return SL_OK;
    return link_forward_watermark(link, link->op->watermark_ms, err);
}

static int
link_end_call(struct sl_link *link, struct sl_error *err)
{
    switch (link->call) {
    case SL_LINK_BATCH:
        return link_end_piece(link, err);
    case SL_LINK_WATERMARK:
        return link_end_watermark(link, err);
    case SL_LINK_END:
        link->call = SL_LINK_NONE;
        return link_forward(link, SL_MESSAGE_END, 0, err);
    case SL_LINK_TICK:
        link->call = SL_LINK_NONE;
        return SL_OK;
    case SL_LINK_NONE:
    case SL_LINK_NEXT:
    case SL_LINK_PREPARE:
        break;
    }
    SL_UNREACHABLE();
}

/* Begins with the element in `current`. */
static int
link_begin(struct sl_link *link, struct sl_error *err)
{
    switch (link->current.kind) {
    case SL_MESSAGE_BATCH:
        link->call = SL_LINK_NEXT;
        link->next_row = link->next_mark = 0;
        link->merged_ms = SL_WATERMARK_MIN;
        return SL_OK;
    case SL_MESSAGE_WATERMARK:
        if (link->current.value <= link->op->watermark_ms)
            return SL_OK;
        return link_fire(link, link->current.value, err);
    case SL_MESSAGE_END:
        return link_fire(link, SL_WATERMARK_MAX, err);
    case SL_MESSAGE_BARRIER:
        SL_TRY(sl_task_barrier_at(link, (uint64_t)link->current.value, err));
        break;
    case SL_MESSAGE_IDLE:
    case SL_MESSAGE_ACTIVE:
        if (!link->is_paused)
            break;
        link->holds_idleness = true;
        link->idleness = link->current.kind;
        return SL_OK;
    }
    return link_forward(link, link->current.kind, link->current.value, err);
}

static bool
link_pop(struct sl_link *link)
{
    if (link->queue_count == 0)
        return false;
    link->current = link->queue[link->queue_first];
    link->queue_first = (link->queue_first + 1) % link->queue_capacity;
    link->queue_count--;
    link->ahead_count -= link->ahead_count > 0;
    return true;
}

/* The operator stopped while a barrier overtakes: its call is brought to its end, or it pauses.
 * SL_AGAIN: state is being read. */
static int
link_overtake(struct sl_link *link, struct sl_error *err)
{
    const struct sl_op_class *class = link->op->class;
    bool may_pause = link->call == SL_LINK_WATERMARK || link->call == SL_LINK_TICK ||
                     (link->call == SL_LINK_BATCH && class->pauses_batches);
    int rc;

    if (link->call == SL_LINK_PREPARE || sl_state_wants_io(link->subtask->context.state))
        return SL_AGAIN;
    if (!class->pause || !may_pause)
        return sl_chain_outcome(link, class->resume(link->op, &link->out, err), err);
    rc = class->pause(link->op, &link->out, err);
    /* What emit said is no news; only the state is waited for. */
    rc = sl_chain_outcome(link, rc, err);
    link->is_paused |= rc == SL_OK;
    return rc;
}

/* Works until the link has nothing left, its operator stops, or what is behind it is congested.
 * `rc` is the outcome of the call under way, when it was resumed. */
static int
link_work(struct sl_link *link, int rc, struct sl_error *err)
{
    bool is_overtaken = link->subtask->is_overtaking, has_begun = link->call != SL_LINK_NONE;

    for (;;) {
        if (rc < 0)
            return rc;
        if (rc == SL_AGAIN && link->call > SL_LINK_NEXT) {
            if (!is_overtaken)
                break;
            rc = link_overtake(link, err);
            if (rc == SL_AGAIN &&
                (link->call == SL_LINK_PREPARE || sl_state_wants_io(link->subtask->context.state)))
                break;
            continue;
        }
        if (link->call > SL_LINK_NEXT) {
            rc = link_end_call(link, err);
            /* A sender's SL_AGAIN is about what is behind the link, which is asked below. */
            if (rc == SL_AGAIN && link->call <= SL_LINK_NEXT)
                rc = SL_OK;
            continue;
        }
        if (link->call == SL_LINK_NONE && link->queue_count == 0)
            break;
        if (!is_overtaken && chain_is_congested(link->subtask, link->index))
            break;
        if (link->call == SL_LINK_NEXT) {
            rc = link_next_piece(link, err);
        } else {
            if (has_begun && sl_state_is_tight(link->subtask->context.state))
                break; /* what was done with may leave memory first */
            has_begun = true;
            link_pop(link);
            rc = link_begin(link, err);
            if (rc == SL_AGAIN && link->call <= SL_LINK_NEXT)
                rc = SL_OK;
        }
    }
    link_set_pending(link);
    return SL_OK;
}

/* --- the chain --- */

static void
link_enqueue(struct sl_link *link, const struct sl_element *element)
{
    if (link->queue_count == link->queue_capacity) {
        size_t capacity = SL_MAX(4u, link->queue_capacity * 2);
        struct sl_element *queue = sl_alloc(capacity * sizeof(*queue));

        for (size_t i = 0; i < link->queue_count; i++)
            queue[i] = link->queue[(link->queue_first + i) % link->queue_capacity];
        free(link->queue);
        link->queue = queue;
        link->queue_first = 0;
        link->queue_capacity = capacity;
    }
    link->queue[(link->queue_first + link->queue_count++) % link->queue_capacity] = *element;
    link_set_pending(link);
}

static bool
chain_raise_watermark(struct sl_subtask *subtask, int64_t watermark_ms)
{
    if (watermark_ms <= subtask->output_watermark_ms)
        return false;
    subtask->output_watermark_ms = watermark_ms;
    atomic_store_explicit(&subtask->counters.watermark_ms, watermark_ms, memory_order_relaxed);
    return true;
}

/* The end of the chain: what comes out goes to the outputs. */
static void
chain_put_out(struct sl_subtask *subtask, const struct sl_element *element)
{
    const struct sl_batch *batch = element->batch;

    switch (element->kind) {
    case SL_MESSAGE_BATCH:
        if (batch->mark_count)
            chain_raise_watermark(subtask, batch->marks[batch->mark_count - 1].time_ms);
        sl_output_batch(subtask, element->batch);
        return;
    case SL_MESSAGE_WATERMARK:
        if (!chain_raise_watermark(subtask, element->value))
            return;
        break;
    case SL_MESSAGE_BARRIER:
        sl_task_barrier_passed(subtask, (uint64_t)element->value);
        break;
    case SL_MESSAGE_END:
        subtask->has_ended = true;
        chain_raise_watermark(subtask, SL_WATERMARK_MAX);
        break;
    case SL_MESSAGE_IDLE:
    case SL_MESSAGE_ACTIVE:
        break;
    }
    sl_output_control(subtask, element->kind, element->value);
    if (element->kind == SL_MESSAGE_BARRIER &&
        (uint64_t)element->value <= subtask->overtaking_epoch)
        sl_output_overtake(subtask, (uint64_t)element->value);
}

int
sl_chain_push(struct sl_subtask *subtask, unsigned index, const struct sl_element *element,
              struct sl_error *err)
{
    struct sl_link *link;

    if (index == subtask->link_count) {
        chain_put_out(subtask, element);
        return sl_output_is_blocked(subtask) ? SL_AGAIN : SL_OK;
    }
    link = &subtask->links[index];
    link_enqueue(link, element);
    if (link->call == SL_LINK_NONE && link->queue_count == 1)
        SL_TRY(link_work(link, SL_OK, err));
    return index > 0 && chain_is_congested(subtask, index - 1) ? SL_AGAIN : SL_OK;
}

static int
link_resume(struct sl_link *link, struct sl_error *err)
{
    int rc = SL_OK;

    if (link->call == SL_LINK_PREPARE)
        rc = link_run_piece(link, err);
    else if (link->call > SL_LINK_NEXT)
        rc = sl_chain_outcome(link, link->op->class->resume(link->op, &link->out, err), err);
    return link_work(link, rc, err);
}

int
sl_chain_resume(struct sl_subtask *subtask, struct sl_error *err)
{
    unsigned deepest;

    if (subtask->pending_links == 0)
        return SL_AGAIN;
    deepest = 63 - (unsigned)__builtin_clzll(subtask->pending_links);
    return link_resume(&subtask->links[deepest], err);
}

/* --- before a barrier that overtakes --- */

/* Has END entered it? */
bool
sl_chain_is_ending(const struct sl_subtask *subtask)
{
    for (unsigned i = 0; i < subtask->link_count; i++) {
        const struct sl_link *link = &subtask->links[i];

        if (link->call != SL_LINK_NONE && link->current.kind == SL_MESSAGE_END)
            return true;
        for (size_t k = 0; k < link->queue_count; k++) {
            if (link->queue[(link->queue_first + k) % link->queue_capacity].kind == SL_MESSAGE_END)
                return true;
        }
    }
    return false;
}

int
sl_chain_empty(struct sl_subtask *subtask, struct sl_error *err)
{
    subtask->is_overtaking = true;
    sl_chain_has_read(subtask);
    while (subtask->pending_links) {
        struct sl_link *link = &subtask->links[63 - __builtin_clzll(subtask->pending_links)];
        int rc = link->call > SL_LINK_NEXT ? SL_AGAIN : SL_OK;

        if (link->call == SL_LINK_PREPARE)
            rc = link_run_piece(link, err);
        SL_TRY(link_work(link, rc, err));
        if (subtask->pending_links >> link->index & 1)
            return SL_AGAIN;
    }
    return SL_OK;
}

/* A firing that paused is one that was stopped again, with what it held behind it. */
void
sl_chain_overtaken(struct sl_subtask *subtask)
{
    subtask->is_overtaking = false;
    for (unsigned i = 0; i < subtask->link_count; i++) {
        struct sl_link *link = &subtask->links[i];
        struct sl_element idleness = {.kind = link->idleness};

        if (!link->is_paused)
            continue;
        link->is_paused = false;
        link->call = SL_LINK_WATERMARK;
        link->current = (struct sl_element){.kind = SL_MESSAGE_WATERMARK};
        link_set_pending(link);
        if (link->holds_idleness)
            link_enqueue(link, &idleness);
        link->holds_idleness = false;
    }
}

/* Those behind it are told once more how far it had come: a barrier that overtook may have passed
 * before they all heard of it. */
static int
chain_tell_watermark(struct sl_subtask *subtask, struct sl_error *err)
{
    const struct sl_link *last = &subtask->links[subtask->link_count - 1];
    struct sl_element element = {.kind = SL_MESSAGE_WATERMARK,
                                 .value = link_output_watermark(last, last->op->watermark_ms)};

    if (last->was_paused || element.value == SL_WATERMARK_MIN)
        return SL_OK;
    SL_TRY(sl_chain_push(subtask, subtask->link_count, &element, err));
    return SL_OK;
}

int
sl_chain_go_on(struct sl_subtask *subtask, struct sl_error *err)
{
    SL_TRY(chain_tell_watermark(subtask, err));
    for (unsigned i = subtask->link_count; i-- > 0;) {
        struct sl_link *link = &subtask->links[i];
        struct sl_op *op = link->op;

        if (!link->was_paused || !op->class->watermark)
            continue;
        link->current = (struct sl_element){.kind = SL_MESSAGE_WATERMARK};
        link->call = SL_LINK_WATERMARK;
        SL_TRY(link_work(
            link, sl_chain_outcome(link, op->class->watermark(op, &link->out, err), err), err));
    }
    return SL_OK;
}

int64_t
sl_chain_next_tick_us(struct sl_subtask *subtask)
{
    int64_t next_us = SL_NEVER_US;

    for (unsigned i = 0; i < subtask->link_count; i++) {
        struct sl_op *op = subtask->links[i].op;

        next_us = SL_MIN(next_us, op->class->next_tick_us(op));
    }
    return next_us;
}

/* The first operator whose tick is due gets it; only called while no link is pending.  Where some
 * wait for state, that comes first, and nothing more before them. */
int
sl_chain_tick(struct sl_subtask *subtask, int64_t now_us, struct sl_error *err)
{
    if (subtask->reading_links) {
        sl_chain_has_read(subtask);
        return SL_OK;
    }
    for (unsigned i = 0; i < subtask->link_count; i++) {
        struct sl_link *link = &subtask->links[i];
        int rc;

        if (link->op->class->next_tick_us(link->op) > now_us)
            continue;
        sl_counter_add(&subtask->counters.fired, 1);
        link->call = SL_LINK_TICK;
        rc = sl_chain_outcome(link, link->op->class->tick(link->op, now_us, &link->out, err), err);
        SL_TRY(link_work(link, rc, err));
        return SL_OK;
    }
    return SL_AGAIN;
}

void
sl_chain_drop(struct sl_link *link)
{
    if (link->call != SL_LINK_NONE && link->current.kind == SL_MESSAGE_BATCH)
        sl_batch_unref(link->current.batch);
    sl_batch_unref(link->piece);
    while (link_pop(link))
        sl_batch_unref(link->current.batch);
    free(link->queue);
    link->queue = NULL;
}
