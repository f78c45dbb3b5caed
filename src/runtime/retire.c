/* A sink that a job goes on without: what is still to be published of it is, by lanes of its own;
 * their markers skip what is there already, so that it may be done again after a crash. */
#include "executor/sink.h"
#include "runtime/job.h"

#include <string.h>

/* The segments of a manifest are in the order in which a lane publishes. */
static int
retire_publish(struct sl_lane *lane, uint32_t number, const struct sl_retired_sink *retired,
               struct sl_error *err)
{
    for (size_t i = 0; i < retired->manifest->segment_count; i++) {
        const struct sl_manifest_segment *segment = &retired->manifest->segments[i];

        if (segment->lane == number && strcmp(segment->sink_uid, retired->sink->uid) == 0)
            SL_TRY(sl_lane_publish(lane, segment, retired->directory, err));
    }
    return SL_OK;
}

/* How far the checkpoint knows the lane to be published. */
static struct sl_manifest_lane
retire_published(uint32_t number, const struct sl_retired_sink *retired)
{
    const struct sl_manifest *manifest = retired->manifest;

    for (size_t i = 0; i < manifest->lane_count; i++)
        if (manifest->lanes[i].lane == number &&
            strcmp(manifest->lanes[i].sink_uid, retired->sink->uid) == 0)
            return manifest->lanes[i];
    return (struct sl_manifest_lane){0};
}

static int
retire_lane(struct sl_runtime *runtime, uint32_t number, const struct sl_retired_sink *retired,
            struct sl_error *err)
{
    struct sl_manifest_lane published = retire_published(number, retired);
    struct sl_lane *lane =
        sl_lane_new(&(struct sl_lane_config){.sink = retired->sink,
                                             .lane = number,
                                             .incarnation = retired->incarnation,
                                             .job_id = retired->job_id,
                                             .data_directory = runtime->config.data_directory,
                                             .env = runtime->config.env,
                                             .owner = runtime->run_id,
                                             .least_epoch = published.epoch,
                                             .least_subtask = published.subtask,
                                             .most_epoch = UINT64_MAX});
    int rc = retire_publish(lane, number, retired, err);

    if (rc == SL_OK)
        rc = sl_lane_finish(lane, err);
    sl_lane_free(lane);
    return rc;
}

int
sl_runtime_retire_sink(struct sl_runtime *runtime, const struct sl_retired_sink *retired,
                       struct sl_error *err)
{
    if (!sl_sink_has_outbox(retired->sink))
        return SL_OK;
    for (uint32_t number = 0; number < sl_sink_lane_count(retired->sink); number++)
        SL_TRY(retire_lane(runtime, number, retired, err));
    return SL_OK;
}
