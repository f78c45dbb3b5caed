/* A subtask: one parallel instance of a task, that is of a chain of operators.  Private to
 * runtime/; task.c has the loop and its invariants. */
#ifndef SL_RUNTIME_TASK_H
#define SL_RUNTIME_TASK_H

#include "executor/operator.h"
#include "runtime/graph.h"
#include "runtime/ring.h"
#include "runtime/slot.h"
#include "storage/channels.h"
#include "storage/snapshot.h"

struct sl_checkpoint;
struct sl_execution;
struct sl_overtaken;
struct sl_side_rows;
struct sl_state;
struct sl_subtask;

/* --- counters: written by the slot's thread alone, read by anyone --- */

struct sl_task_counters {
    alignas(SL_CACHE_LINE) _Atomic uint64_t rows_in;
    _Atomic uint64_t rows_out, bytes_in, bytes_out, late_rows, skipped_rows, rows_written;
    _Atomic uint64_t fired;           /* timers, watermarks, ticks that made something happen */
    _Atomic uint64_t held_barriers;   /* passed without a look at the input, by a source that was to
                                         catch up */
    _Atomic int64_t idle_us, backpressured_us, start_us;
    _Atomic int64_t waiting_since_us; /* 0: runs or could run */
    _Atomic int64_t watermark_ms;
    _Atomic int waiting_kind;         /* enum sl_task_wait */
    _Atomic int phase;                /* enum sl_task_phase */
};

static inline void
sl_counter_add(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

enum sl_task_wait { SL_TASK_WAIT_NONE, SL_TASK_WAIT_INPUT, SL_TASK_WAIT_OUTPUT };

enum sl_task_phase {
    SL_TASK_CREATED,   /* operators are not open */
    SL_TASK_STARTING,  /* scans and sinks connect */
    SL_TASK_RUNNING,
    SL_TASK_DRAINING,  /* END has passed; outputs and acknowledgements are awaited */
    SL_TASK_STOPPING,  /* scans and sinks close */
    SL_TASK_GONE,
};

/* --- the chain --- */

/* A message at an operator of the chain. */
struct sl_element {
    enum sl_message_kind kind;
    unsigned input;
    int64_t value;
    struct sl_batch *batch;
};

enum sl_link_call { /* the operator's call that is under way, when it was stopped */
    SL_LINK_NONE,
    SL_LINK_NEXT, /* a batch is being worked on, between two pieces */
    SL_LINK_PREPARE, /* the state that the piece needs is being read */
    SL_LINK_BATCH,
    SL_LINK_WATERMARK,
    SL_LINK_TICK,
    SL_LINK_END,
};

/* One operator in the chain; task_chain.c has its state machine. */
struct sl_link {
    struct sl_out out; /* the first member: what the operator emits into */
    struct sl_subtask *subtask;
    unsigned index;
    struct sl_op *op;
    struct sl_side_rows *late_rows, *failed_rows; /* NULL: nobody takes them */
    struct sl_element *queue; /* what came while the operator was stopped */
    size_t queue_first, queue_count, queue_capacity;
    size_t ahead_count; /* of the queue, from its head: state for them was or is being read */
    size_t room;        /* as many may be queued while state is read */
    struct sl_element current;
    enum sl_link_call call;
    struct sl_batch *piece;   /* the part of current.batch that the operator works on */
    uint32_t next_row;        /* physical row of current.batch where the next piece begins */
    uint32_t next_mark;
    int64_t mark_ms;          /* the mark that ends the piece, or SL_WATERMARK_MIN */
    int64_t merged_ms;        /* the highest mark that was passed, not yet forwarded */
    bool marks_moved;         /* keeps_rows: the emitted batch carries the marks */
    bool wants_no_more;       /* its inputs were told to end */
    bool has_unmatched;       /* rows were taken back that are not there; that was logged */
    bool has_failed;          /* something further down did, while this operator emitted */
    struct sl_error failure;
    bool is_paused;           /* a barrier overtakes its firing, which goes on later; … */
    bool holds_idleness;      /* … and behind it this */
    enum sl_message_kind idleness;
    bool was_paused;          /* … as it was in the checkpoint that it comes from */
};

/* --- inputs: task_input.c --- */

/* The watermark over several inputs: the least of those that are not idle; of idle ones alone the
 * highest. */
struct sl_least_watermark {
    int64_t least_ms, idle_ms;
    bool have_active;
};
#define SL_LEAST_WATERMARK ((struct sl_least_watermark){SL_WATERMARK_MAX, SL_WATERMARK_MIN, false})

static inline void
sl_least_watermark_add(struct sl_least_watermark *least, int64_t watermark_ms, bool is_idle)
{
    least->idle_ms = SL_MAX(least->idle_ms, watermark_ms);
    if (is_idle)
        return;
    least->have_active = true;
    least->least_ms = SL_MIN(least->least_ms, watermark_ms);
}

/* It never goes back behind `known_ms`. */
static inline int64_t
sl_least_watermark_get(const struct sl_least_watermark *least, int64_t known_ms)
{
    return SL_MAX(known_ms, least->have_active ? least->least_ms : least->idle_ms);
}

struct sl_channel { /* from one producer subtask */
    struct sl_ring *ring;
    struct sl_subtask *producer;
    unsigned input;
    int64_t watermark_ms;
    bool idle, ended;
    bool at_barrier; /* its barrier came: held back until all others' have */
    bool is_logged;  /* a barrier overtakes: what precedes it here is logged, until it is found */
    uint32_t logged_to; /* position in the ring */
    bool has_log;       /* it had not ended then: … */
    struct sl_message_list log;
    int64_t logged_watermark_ms; /* the channel's before what is logged */
    bool logged_idle;
};

/* --- what was overtaken before a restore: task_recovered.c --- */

struct sl_recovered_channel {
    struct sl_channel_reader reader;
    uint32_t input;
    uint32_t group_first, group_end; /* rows of these key groups alone; by: */
    const uint32_t *keys;            /* NULL: all rows */
    size_t key_count;
    int64_t watermark_ms;
    bool idle, is_read;
};

/* The channels of one operator and generation, read to their end before anything newer. */
struct sl_recovered_input {
    unsigned link;
    uint32_t generation;
    struct sl_recovered_channel *channels;
    size_t channel_count, next_channel;
    int64_t watermark_ms; /* the least of the channels, that went into the chain */
    bool all_idle;
};

struct sl_recovered {
    struct sl_recovered_input *inputs; /* those nearest to the outputs first, … */
    size_t input_count, next_input;    /* … of which these are left */
    char **files;
    size_t file_count;
};

/* --- outputs: task_output.c --- */

struct sl_target {
    struct sl_ring_writer writer;
    struct sl_subtask *consumer;
    struct sl_batch **parts; /* the scatter buffer: pieces that together make the next batch */
    size_t part_count, part_capacity;
    size_t part_rows;
};

struct sl_output { /* an edge, as this subtask sees it */
    const struct sl_graph_edge *edge;
    struct sl_target *targets;
    uint32_t target_count;
    uint32_t first_target; /* subtask index of targets[0] */
    uint32_t next_target;  /* rebalance */
};

struct sl_task_state_io { /* a part of the state's I/O */
    struct sl_io_job job; /* the first member */
    struct sl_subtask *subtask;
};

struct sl_subtask {
    struct sl_runnable runnable; /* the first member */
    struct sl_execution *execution;
    const struct sl_graph_task *task;
    uint32_t index;
    struct sl_arena arena;
    struct sl_op_context context;
    struct sl_state_backend backend; /* of its state */
    enum sl_task_phase phase;
    struct sl_link *links;
    unsigned link_count;
    uint64_t pending_links; /* bit k: link k has something under way or queued */
    uint64_t reading_links; /* … but waits for state to be read, and takes more meanwhile */
    uint64_t preparing_links; /* those in SL_LINK_PREPARE */
    bool is_overtaking;     /* the chain runs empty, whatever its outputs say */
    struct sl_op *scan, *sink, *collect; /* the chain's, or NULL */

    struct sl_ring_budget budget;
    struct sl_channel *channels;
    size_t channel_count, ended_count, barrier_count, next_channel;
    bool all_idle;
    int64_t watermark_ms; /* the minimum over the inputs that went into the chain */

    struct sl_output *outputs;
    size_t output_count;
    bool has_parts;         /* some scatter buffer is not empty */
    bool has_written;       /* worked since the sink was flushed */
    bool sink_has_ended;    /* everything up to END is acknowledged */
    uint64_t scan_skipped, sink_skipped; /* of theirs, counted already */
    enum sl_task_wait wait;
    unsigned opened_from;   /* the operators from here on were opened, the last ones first */
    uint64_t *hashes;       /* SL_BATCH_ROWS_MAX, scratch of the scatter */
    uint16_t *target_of, *selection;

    uint64_t injected_epoch; /* the newest that the job asked for */
    bool catches_up;         /* a source reads up to its present end first */
    uint64_t aligned_epoch;  /* the newest that came from an input */
    uint64_t overtaking_epoch; /* barriers up to this one overtake */
    uint64_t overtaken_epoch;  /* the newest that did here */
    size_t logged_count;       /* channels whose part of it is not complete */
    struct sl_overtaken *overtaken; /* what it left behind, until it is written; or NULL */
    struct sl_recovered recovered;
    uint64_t hold_epoch;     /* a scan reads nothing behind this barrier; 0: it reads */
    bool is_paused;          /* a scan reads nothing now */
    uint64_t passed_epoch;   /* went through the chain */
    uint64_t answered_epoch; /* said to the job */
    struct sl_snapshot *snapshot;    /* of the barrier that is in the chain, or being written */
    struct sl_checkpoint_part *part; /* written, not handed over */
    int64_t align_start_us, alignment_us, freeze_us, write_us; /* of the last barrier */
    bool snapshot_busy;              /* an I/O thread has it, or the channels */
    bool snapshot_waits;             /* it was written, and ends when no state is being read */
    bool part_has_ended;             /* END was through before the barrier */
    int snapshot_rc;
    struct sl_error snapshot_error;
    struct sl_io_job snapshot_io;
    struct sl_command snapshot_done;
    struct sl_task_state_io state_io[SL_STATE_IO_PARTS]; /* what the state wants done */
    _Atomic size_t state_io_left;                        /* parts not done yet */
    struct sl_command state_done;
    bool state_io_busy;              /* I/O threads are at it: nothing is done meanwhile */
    bool is_closing, is_closed;      /* an I/O thread lets go of the state's files; done */
    bool is_restoring, is_restored;  /* an I/O thread fills the state; done */
    bool links_restored;             /* the operators have theirs too */
    bool is_restore_failed;          /* by what the checkpoint holds, it may be */
    uint32_t finishes_wanted;        /* calls of end_input not yet answered */
    bool is_abandoned;
    bool is_held_back; /* a scan: by a full outbox, which the job knows */
    bool has_ended;    /* END went through the chain */
    bool end_reported; /* … and the job knows it */
    bool is_released;  /* the job needs it no longer */
    int64_t output_watermark_ms; /* the highest that went out, marks included */
    bool has_failed;

    struct sl_task_counters counters;
};

/* What the rings of one subtask may hold: a 64th of the slot's memory, between these. */
#define SL_TASK_INPUT_BYTES_MIN (INT64_C(1) << 10)
#define SL_TASK_INPUT_BYTES_MAX (INT64_C(8) << 20)

/* --- task.c --- */

/* Channels and outputs are wired by the execution; operators are made and opened by the first
 * step. */
struct sl_subtask *sl_subtask_new(struct sl_execution *execution, const struct sl_graph_task *task,
                                  uint32_t index, struct sl_slot *slot);
void sl_subtask_free(struct sl_subtask *subtask); /* gone, or never started */

/* The slot's thread only. */
void sl_subtask_stop(struct sl_subtask *subtask);
/* A barrier is on its way: a source sends it, one that has ended answers it. */
void sl_subtask_inject(struct sl_subtask *subtask, uint64_t epoch, bool catches_up);
void sl_subtask_checkpointed(struct sl_subtask *subtask, uint64_t epoch); /* it is complete */
void sl_subtask_has_room(struct sl_subtask *subtask); /* in the outbox, perhaps */
void sl_subtask_release(struct sl_subtask *subtask); /* one that has ended may go */
void sl_subtask_finish(struct sl_subtask *subtask); /* a scan: bounded from now on */
void sl_subtask_abandon(struct sl_subtask *subtask); /* a scan: nobody wants more of it */
/* Barrier `epoch` needs no room any more: it overtakes what is queued. */
void sl_subtask_overtake(struct sl_subtask *subtask, uint64_t epoch);
/* A scan: nothing is read once barrier `epoch` has gone out; 0: it goes on. */
void sl_subtask_hold(struct sl_subtask *subtask, uint64_t epoch);
void sl_subtask_pause(struct sl_subtask *subtask, bool is_paused); /* a scan reads nothing now */

const char *sl_task_phase_name(enum sl_task_phase phase);

/* A scan's watermark and idleness go into the chain behind it; at its end nobody needs to hear that
 * it is idle. */
int sl_task_forward_progress(struct sl_subtask *subtask, bool at_end, struct sl_error *err);

/* --- task_checkpoint.c: the slot's thread --- */

#define SL_TASK_WATERMARK_BLOB "watermark" /* of every operator, in checkpoints */
#define SL_TASK_PAUSED_BLOB "paused"       /* of one that was firing */

/* What was overtaken is complete, or what was frozen is written: the one that comes last has the
 * channels written, too. */
void sl_task_write_channels(struct sl_subtask *subtask);

/* The barrier is at this operator: its state is frozen. */
int sl_task_barrier_at(struct sl_link *link, uint64_t epoch, struct sl_error *err);
/* The barrier has passed the chain: what was frozen is written. */
void sl_task_barrier_passed(struct sl_subtask *subtask, uint64_t epoch);
/* END went through: no input brings a barrier any more. */
int sl_task_barrier_after_end(struct sl_subtask *subtask, struct sl_error *err);
/* Hands the part over once it is written; sink_epoch is what the sink has acknowledged. */
void sl_task_answer(struct sl_subtask *subtask, uint64_t sink_epoch);
/* SL_AGAIN while the state is filled from the checkpoint that the execution begins from. */
int sl_task_restore(struct sl_subtask *subtask, struct sl_error *err);
/* Was it at its end in that checkpoint? */
bool sl_task_had_ended(const struct sl_subtask *subtask);
/* Is an I/O thread still at it? */
bool sl_task_checkpoint_is_busy(const struct sl_subtask *subtask);
/* Between two steps: the state's memory is kept in bounds.  SL_AGAIN: the next step must wait, for
 * what an I/O thread does, which wakes the subtask. */
int sl_task_settle_state(struct sl_subtask *subtask, struct sl_error *err);
/* Has I/O threads do what the state wants; sl_chain_has_read follows. */
void sl_task_run_state_io(struct sl_subtask *subtask);
/* SL_AGAIN while the state's files are let go of. */
int sl_task_close_state(struct sl_subtask *subtask);
/* Nothing of it is under way: what was not handed over goes. */
void sl_task_checkpoint_drop(struct sl_subtask *subtask);

/* --- task_chain.c --- */

/* Puts an element before link `index` (link_count: the outputs) and lets it run.  SL_AGAIN: taken,
 * but do not send more now. */
int sl_chain_push(struct sl_subtask *subtask, unsigned index, const struct sl_element *element,
                  struct sl_error *err);
/* Goes on with the deepest operator that has something to do.  SL_OK: did; SL_AGAIN: none has. */
int sl_chain_resume(struct sl_subtask *subtask, struct sl_error *err);
/* Links that waited for state go on. */
void sl_chain_has_read(struct sl_subtask *subtask);
/* While a barrier overtakes, until sl_chain_overtaken: the chain has nothing left but firings that
 * are paused.  SL_AGAIN: once the state that it wants is read. */
int sl_chain_empty(struct sl_subtask *subtask, struct sl_error *err);
void sl_chain_overtaken(struct sl_subtask *subtask);
/* Is END under way in it? */
bool sl_chain_is_ending(const struct sl_subtask *subtask);
/* After a restore, before there is anything new: what was paused then goes on. */
int sl_chain_go_on(struct sl_subtask *subtask, struct sl_error *err);
int sl_chain_tick(struct sl_subtask *subtask, int64_t now_us, struct sl_error *err);
int64_t sl_chain_next_tick_us(struct sl_subtask *subtask);
void sl_chain_init_out(struct sl_link *link);
/* The outcome of a call into link 0's operator that the chain did not make itself (a scan's
 * step). */
int sl_chain_outcome(struct sl_link *link, int rc, struct sl_error *err);
void sl_chain_drop(struct sl_link *link);

/* --- task_input.c --- */

/* Takes one message from the inputs into the chain.  SL_OK: did; SL_AGAIN: none there. */
int sl_input_step(struct sl_subtask *subtask, struct sl_error *err);
bool sl_input_is_done(const struct sl_subtask *subtask);

/* The barrier is taken from all channels: they are read on. */
void sl_input_release(struct sl_subtask *subtask);

/* --- task_overtake.c --- */

/* Between two steps, whatever the outputs say: a barrier that overtakes goes through, and what it
 * overtakes is logged. */
int sl_overtake_step(struct sl_subtask *subtask, struct sl_error *err);
/* Before a logged channel is popped. */
void sl_overtake_log(struct sl_subtask *subtask, struct sl_channel *channel);
/* I/O thread: writes what was overtaken into the checkpoint. */
int sl_overtake_write(struct sl_subtask *subtask, const char *directory, uint64_t epoch,
                      struct sl_error *err);
void sl_overtake_drop(struct sl_subtask *subtask);

/* --- task_recovered.c --- */

/* I/O thread: what a checkpoint has before the operators of this subtask. */
int sl_recovered_load(struct sl_subtask *subtask, const struct sl_checkpoint *from,
                      struct sl_error *err);
/* Takes one message into the chain.  SL_AGAIN: there is none any more. */
int sl_recovered_step(struct sl_subtask *subtask, struct sl_error *err);
static inline bool
sl_recovered_is_left(const struct sl_subtask *subtask)
{
    return subtask->recovered.next_input < subtask->recovered.input_count;
}
void sl_recovered_free(struct sl_subtask *subtask);

/* --- task_output.c --- */

/* Takes over the reference. */
void sl_output_batch(struct sl_subtask *subtask, struct sl_batch *batch);
void sl_output_side(struct sl_subtask *subtask, unsigned link, enum sl_edge_kind kind,
                    struct sl_batch *batch);
void sl_output_control(struct sl_subtask *subtask, enum sl_message_kind kind, int64_t value);
/* Moves what waits before full rings; says whether the subtask must stop for them (and for a sink
 * or a session that takes no more). */
bool sl_output_is_blocked(struct sl_subtask *subtask);
/* The scatter buffers go out; says whether there was something in them. */
bool sl_output_flush(struct sl_subtask *subtask);
bool sl_output_is_empty(const struct sl_subtask *subtask);
/* Barrier `epoch`, where it went out, waits for no room. */
void sl_output_overtake(struct sl_subtask *subtask, uint64_t epoch);

#endif
