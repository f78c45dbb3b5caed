/* The publisher of a job: see publisher.h. */
#include "runtime/publisher.h"

#include "base/fault.h"
#include "base/log.h"
#include "executor/sink.h"
#include "runtime/job.h"

#include <stdlib.h>

struct publisher_item {
    struct sl_manifest_segment segment; /* its strings live with the checkpoint */
    struct sl_checkpoint *checkpoint;
    struct publisher_item *next;
};

enum publisher_task { PUBLISHER_PUBLISH, PUBLISHER_IDLE, PUBLISHER_RENEW, PUBLISHER_FINISH };

struct sl_publisher_lane {
    struct sl_job *job;
    const struct sl_phys_node *sink;
    uint32_t number;
    uint64_t queued_epoch; /* the newest that came in */
    struct sl_manifest_lane published;
    struct publisher_item *first, *last;
    struct sl_lane *lane; /* of I/O threads */
    bool is_busy;
    bool wants_idle;    /* a checkpoint came, or was due */
    bool wants_renewal; /* its marker is to be written again */
    int64_t marked_us;  /* when it was written last; 0: before this server began */
    bool wants_finish;  /* nothing will come any more … */
    bool has_finished;  /* … and that was done */
    enum publisher_task task;
    struct sl_io_job io;
    char directory[SL_CHECKPOINT_PATH_MAX];
    int io_rc;
    struct sl_error io_error;
    struct sl_publisher_lane *next;
};

static struct sl_publisher_lane *
publisher_lane(struct sl_job *job, const struct sl_phys_node *sink, uint32_t number)
{
    struct sl_publisher_lane *lane;

    for (lane = job->lanes; lane; lane = lane->next) {
        if (lane->number == number && lane->sink == sink)
            return lane;
    }
    lane = sl_alloc_zeroed(sizeof(*lane));
    lane->job = job;
    lane->sink = sink;
    lane->number = number;
    lane->next = job->lanes;
    job->lanes = lane;
    return lane;
}

static struct sl_publisher_lane *
publisher_lane_of(struct sl_job *job, const char *sink_uid, uint32_t number)
{
    for (size_t i = 0; i < job->plan->node_count; i++) {
        const struct sl_phys_node *node = job->plan->nodes[i];

        if (node->kind == SL_OP_SINK && strcmp(node->uid, sink_uid) == 0)
            return publisher_lane(job, node, number);
    }
    return NULL;
}

/* What was published before the job began from this checkpoint; later ones tell nothing new. */
static void
publisher_take_lanes(struct sl_job *job, const struct sl_manifest *manifest)
{
    if (manifest->incarnation != job->checkpointing.incarnation)
        return;
    for (size_t i = 0; i < manifest->lane_count; i++) {
        const struct sl_manifest_lane *from = &manifest->lanes[i];
        struct sl_publisher_lane *lane = publisher_lane_of(job, from->sink_uid, from->lane);

        if (lane && lane->published.epoch == 0)
            lane->published = *from;
    }
}

/* Lanes that have work of their own are there from the first checkpoint on. */
static void
publisher_make_lanes(struct sl_job *job)
{
    for (size_t i = 0; i < job->plan->node_count; i++) {
        const struct sl_phys_node *node = job->plan->nodes[i];

        if (node->kind != SL_OP_SINK || !sl_sink_has_outbox(node) ||
            !sl_sink_has_work_when_idle(node))
            continue;
        for (uint32_t number = 0; number < sl_sink_lane_count(node); number++)
            publisher_lane(job, node, number);
    }
}

/* --- on I/O threads --- */

struct sl_lane *
sl_job_open_lane(const struct sl_job *job, const struct sl_phys_node *sink, uint32_t number,
                 const struct sl_manifest_lane *published)
{
    return sl_lane_new(&(struct sl_lane_config){
        .sink = sink,
        .lane = number,
        .incarnation = job->checkpointing.incarnation,
        .job_id = job->id,
        .data_directory = job->runtime->config.data_directory,
        .env = job->runtime->config.env,
        .owner = job->runtime->run_id,
        .least_epoch = published ? published->epoch : 0,
        .least_subtask = published ? published->subtask : 0,
        .most_epoch = published ? job->checkpointing.begun_epoch : UINT64_MAX,
    });
}

static int
publisher_publish(struct sl_publisher_lane *lane, struct sl_error *err)
{
    int rc;

    sl_fault_point("publish-begun");
    /* The newest checkpoint has all that is not published. */
    pthread_mutex_lock(&lane->job->mutex);
    memcpy(lane->directory, lane->job->checkpointing.latest->directory, sizeof(lane->directory));
    pthread_mutex_unlock(&lane->job->mutex);
    rc = sl_lane_publish(lane->lane, &lane->first->segment, lane->directory, err);
    sl_fault_point("published");
    return rc;
}

static void
publisher_run(struct sl_io_job *io)
{
    struct sl_publisher_lane *lane =
        (struct sl_publisher_lane *)((char *)io - offsetof(struct sl_publisher_lane, io));

    if (!lane->lane)
        lane->lane = sl_job_open_lane(lane->job, lane->sink, lane->number, &lane->published);
    switch (lane->task) {
    case PUBLISHER_PUBLISH:
        lane->io_rc = publisher_publish(lane, &lane->io_error);
        break;
    case PUBLISHER_IDLE:
        lane->io_rc = sl_lane_idle(lane->lane, &lane->io_error);
        break;
    case PUBLISHER_RENEW:
        lane->io_rc = sl_lane_renew(lane->lane, &lane->io_error);
        break;
    case PUBLISHER_FINISH:
        lane->io_rc = sl_lane_finish(lane->lane, &lane->io_error);
        break;
    }
}

static void publisher_begin(struct sl_publisher_lane *lane);

static void
publisher_pop(struct sl_publisher_lane *lane)
{
    struct publisher_item *item = lane->first;
    struct sl_job *job = lane->job;
    bool was_full = sl_outbox_is_full(&job->outbox);

    lane->first = item->next;
    job->outbox.queued_bytes -= (int64_t)item->segment.file.sum.size;
    if (was_full && job->execution && !sl_outbox_is_full(&job->outbox))
        sl_execution_has_room(job->execution);
    sl_checkpoint_unref(item->checkpoint);
    free(item);
}

static void
publisher_done(struct sl_io_job *io)
{
    struct sl_publisher_lane *lane =
        (struct sl_publisher_lane *)((char *)io - offsetof(struct sl_publisher_lane, io));
    struct sl_job *job = lane->job;

    pthread_mutex_lock(&job->mutex);
    lane->is_busy = false;
    if (lane->io_rc < 0) {
        sl_job_publishing_failed(job, &lane->io_error);
    } else {
        if (lane->task == PUBLISHER_PUBLISH) {
            lane->published.epoch = lane->first->segment.epoch;
            lane->published.subtask = lane->first->segment.subtask;
            publisher_pop(lane);
            job->published_count++;
            lane->has_finished = false;
        }
        if (lane->task == PUBLISHER_PUBLISH || lane->task == PUBLISHER_RENEW)
            lane->marked_us = sl_now_us(job->runtime->config.env);
        lane->has_finished |= lane->task == PUBLISHER_FINISH;
        publisher_begin(lane);
        sl_job_published(job);
    }
    sl_job_leave(job);
    sl_job_unref(job);
}

/* --- queues --- */

/* Chooses what the lane does next; false: nothing. */
static bool
publisher_choose(struct sl_publisher_lane *lane)
{
    bool idles = lane->wants_idle, renews = lane->wants_renewal;

    lane->wants_idle = lane->wants_renewal = false;
    if (lane->first)
        lane->task = PUBLISHER_PUBLISH;
    else if (lane->wants_finish && !lane->has_finished)
        lane->task = PUBLISHER_FINISH;
    else if (idles)
        lane->task = PUBLISHER_IDLE;
    else if (renews)
        lane->task = PUBLISHER_RENEW;
    else
        return false;
    return true;
}

static void
publisher_begin(struct sl_publisher_lane *lane)
{
    struct sl_job *job = lane->job;

    if (lane->is_busy || job->end_waits || sl_run_state_is_final(job->state) ||
        !publisher_choose(lane))
        return;
    lane->is_busy = true;
    lane->io.run = publisher_run;
    lane->io.done = publisher_done;
    sl_job_ref(job);
    job->runtime->config.env->ops->io_submit(job->runtime->config.env, &lane->io);
}

void
sl_publisher_take(struct sl_job *job, const struct sl_checkpoint *checkpoint)
{
    const struct sl_manifest *manifest = &checkpoint->manifest;

    publisher_take_lanes(job, manifest);
    for (size_t i = 0; i < manifest->segment_count; i++) {
        const struct sl_manifest_segment *segment = &manifest->segments[i];
        struct sl_publisher_lane *lane = publisher_lane_of(job, segment->sink_uid, segment->lane);
        struct publisher_item *item;

        if (!lane || segment->epoch <= lane->queued_epoch)
            continue;
        item = sl_alloc_zeroed(sizeof(*item));
        item->segment = *segment;
        job->outbox.queued_bytes += (int64_t)segment->file.sum.size;
        item->checkpoint = sl_checkpoint_ref((struct sl_checkpoint *)(uintptr_t)checkpoint);
        if (lane->first)
            lane->last->next = item;
        else
            lane->first = item;
        lane->last = item;
    }
    publisher_make_lanes(job);
    for (struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next)
        lane->queued_epoch = manifest->checkpoint_id;
    sl_publisher_idle(job);
}

void
sl_publisher_idle(struct sl_job *job)
{
    int64_t now_us = sl_now_us(job->runtime->config.env);

    for (struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next) {
        int64_t renewal_us = sl_sink_renewal_us(lane->sink);

        lane->wants_idle = sl_sink_has_work_when_idle(lane->sink);
        lane->wants_renewal =
            renewal_us > 0 && lane->published.epoch > 0 && now_us - lane->marked_us >= renewal_us;
    }
    sl_publisher_resume(job);
}

bool
sl_publisher_finish(struct sl_job *job)
{
    bool is_done = true;

    for (struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next) {
        lane->wants_finish = sl_sink_has_work_when_idle(lane->sink);
        publisher_begin(lane);
        is_done &= !lane->is_busy;
    }
    return is_done;
}

void
sl_publisher_resume(struct sl_job *job)
{
    for (struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next)
        publisher_begin(lane);
}

struct sl_manifest_segment *
sl_publisher_unconfirmed(struct sl_job *job, struct sl_arena *arena, size_t extra,
                         size_t *ret_count)
{
    struct sl_manifest_segment *segments;
    size_t count = 0;

    for (const struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next) {
        for (const struct publisher_item *item = lane->first; item; item = item->next)
            count++;
    }
    segments = SL_NEW_ARRAY(arena, struct sl_manifest_segment, count + extra + 1);
    count = 0;
    for (const struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next) {
        for (const struct publisher_item *item = lane->first; item; item = item->next) {
            struct sl_manifest_segment *segment = &segments[count++];

            *segment = item->segment;
            segment->sink_uid = lane->sink->uid;
            segment->file.name = sl_arena_strdup(arena, item->segment.file.name);
        }
    }
    *ret_count = count;
    return segments;
}

struct sl_manifest_lane *
sl_publisher_published(struct sl_job *job, struct sl_arena *arena, size_t *ret_count)
{
    struct sl_manifest_lane *published;
    size_t count = 0;

    for (const struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next)
        count += lane->published.epoch > 0;
    published = SL_NEW_ARRAY(arena, struct sl_manifest_lane, count + 1);
    *ret_count = count;
    for (const struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next) {
        if (lane->published.epoch == 0)
            continue;
        published[--count] = lane->published;
        published[count].sink_uid = lane->sink->uid;
        published[count].lane = lane->number;
    }
    return published;
}

bool
sl_publisher_is_idle(const struct sl_job *job)
{
    for (const struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next) {
        if (lane->is_busy || lane->first)
            return false;
    }
    return true;
}

bool
sl_publisher_is_past(const struct sl_job *job, uint64_t epoch)
{
    for (const struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next) {
        if (lane->first && lane->first->segment.epoch <= epoch)
            return false;
    }
    return true;
}

bool
sl_publisher_is_busy(const struct sl_job *job)
{
    for (const struct sl_publisher_lane *lane = job->lanes; lane; lane = lane->next) {
        if (lane->is_busy)
            return true;
    }
    return false;
}

void
sl_publisher_done(struct sl_job *job)
{
    while (job->lanes) {
        struct sl_publisher_lane *lane = job->lanes;

        SL_ASSERT(!lane->is_busy);
        while (lane->first)
            publisher_pop(lane);
        sl_lane_free(lane->lane);
        job->lanes = lane->next;
        free(lane);
    }
}

void
sl_runtime_forget_job(struct sl_runtime *runtime, const struct sl_phys_plan *plan,
                      const char *job_id)
{
    char quoted[SL_ERROR_TEXT_MAX + 16];
    struct sl_error err;

    for (size_t i = 0; i < plan->node_count; i++) {
        struct sl_lane_config config = {.sink = plan->nodes[i],
                                        .job_id = job_id,
                                        .data_directory = runtime->config.data_directory,
                                        .env = runtime->config.env};

        if (config.sink->kind == SL_OP_SINK && sl_sink_forget(&config, &err) < 0)
            sl_log(SL_LOG_WARN, "what a job left in its target stays", "job=%s reason=%s", job_id,
                   sl_log_quote(quoted, sizeof(quoted), err.text));
    }
}
