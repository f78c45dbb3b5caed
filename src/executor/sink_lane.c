/* Publishing one lane of an exactly-once sink: segments in the order of their epochs, chunk by
 * chunk, each one transaction of the target with its marker.  What the marker says is there already
 * is skipped. */
#include "executor/sink.h"

#include "connector/connector.h"
#include "data/time.h"
#include "storage/outbox.h"

#include <stdio.h>
#include <stdlib.h>

enum { LANE_COUNT_MAX = 4 };

struct sl_lane {
    struct sl_arena arena;
    struct sl_pool *pool;
    struct sl_connector_config config;
    const struct sl_publisher_class *class;
    struct sl_publisher *publisher; /* NULL: not open */
    char *identity;
    struct sl_marker marker;    /* the newest that is known to be written */
    struct sl_marker attempted; /* that may have been written behind it */
    uint64_t owner, most_epoch;
    bool has_connected;
};

static const struct sl_connector_class *
lane_connector(const struct sl_phys_node *node)
{
    return sl_connector_find(((const struct sl_phys_sink *)node->detail)->connector);
}

bool
sl_sink_has_outbox(const struct sl_phys_node *node)
{
    const struct sl_phys_sink *plan = node->detail;
    const struct sl_connector_class *connector = lane_connector(node);

    return connector && connector->publisher && plan->guarantee &&
           sl_equal_nocase(plan->guarantee, "exactly-once");
}

uint32_t
sl_sink_lane_count(const struct sl_phys_node *sink)
{
    const struct sl_phys_sink *plan = sink->detail;

    return plan->lane_count ? plan->lane_count
                            : SL_MIN(sink->parallelism, (uint32_t)LANE_COUNT_MAX);
}

static struct sl_connector_config
lane_connector_config(const struct sl_lane_config *config)
{
    const struct sl_phys_sink *plan = config->sink->detail;

    return (struct sl_connector_config){
        .options = plan->options,
        .physical = plan->physical,
        .table_id = plan->table_id,
        .table_name = plan->table_name,
        .data_directory = config->data_directory,
        .job_id = config->job_id,
        .env = config->env,
        .zone = sl_zone_utc(),
        .primary_key = plan->primary_key,
        .primary_key_count = plan->primary_key_count,
        .partition_by = plan->partition_by,
        .partition_by_count = plan->partition_by_count,
        .operator_uid = config->sink->uid,
        .guarantee = plan->guarantee,
        .is_statement = config->is_statement,
    };
}

struct sl_lane *
sl_lane_new(const struct sl_lane_config *config)
{
    struct sl_lane *lane = sl_alloc_zeroed(sizeof(*lane));

    sl_arena_init(&lane->arena);
    lane->pool = sl_pool_new();
    lane->class = lane_connector(config->sink)->publisher;
    lane->marker =
        (struct sl_marker){.epoch = config->least_epoch, .subtask = config->least_subtask};
    lane->owner = config->owner;
    lane->most_epoch = config->most_epoch;
    lane->identity =
        config->is_statement
            ? sl_arena_printf(&lane->arena, "%s/statement-%s", config->job_id, config->job_id)
            : sl_arena_printf(&lane->arena, "%s/%llu/%s/%u", config->job_id,
                              (unsigned long long)config->incarnation, config->sink->uid,
                              config->lane);
    lane->config = lane_connector_config(config);
    lane->config.pool = lane->pool;
    return lane;
}

static void
lane_close(struct sl_lane *lane)
{
    if (!lane->publisher)
        return;
    lane->class->close(lane->publisher);
    free(lane->publisher);
    lane->publisher = NULL;
}

static bool
lane_is_before(const struct sl_marker *a, const struct sl_marker *b)
{
    if (a->epoch != b->epoch)
        return a->epoch < b->epoch;
    if (a->subtask != b->subtask)
        return a->subtask < b->subtask;
    return a->chunk < b->chunk;
}

static int
lane_refuse(const struct sl_lane *lane, const char *why, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_OBJECT_STATE,
                    "table \"%s\": the marker of what was published (%s) %s: RESUME JOB '%s' WITH "
                    "DUPLICATES goes on all the same",
                    lane->config.table_name,
                    lane->publisher->place ? lane->publisher->place : lane->identity, why,
                    lane->config.job_id);
}

/* A first marker is one that an earlier run of this server can have left; a later one is the last
 * known, or the one whose outcome is in doubt. */
static int
lane_check_marker(const struct sl_lane *lane, const struct sl_marker *found, struct sl_error *err)
{
    unsigned long long known = lane->marker.epoch;
    char why[160];

    if (lane_is_before(found, &lane->marker)) {
        snprintf(why, sizeof(why),
                 found->epoch == 0 ? "is gone, and epoch %llu was published"
                                   : "is older than what was published, epoch %llu",
                 known);
        return lane_refuse(lane, why, err);
    }
    if (!lane->has_connected ? found->epoch <= lane->most_epoch
                             : !lane_is_before(&lane->marker, found) ||
                                   (!lane_is_before(&lane->attempted, found) &&
                                    (found->owner == lane->owner || found->owner == 0)))
        return SL_OK;
    snprintf(why, sizeof(why),
             "tells of epoch %llu, which this server has not published (epoch %llu at most): "
             "another server runs the job, or its checkpoints are an old copy",
             (unsigned long long)found->epoch,
             lane->has_connected ? known : (unsigned long long)lane->most_epoch);
    return lane_refuse(lane, why, err);
}

static int
lane_open(struct sl_lane *lane, struct sl_error *err)
{
    struct sl_marker found = {0};
    int rc;

    if (lane->publisher)
        return SL_OK;
    lane->publisher = sl_alloc_zeroed(lane->class->size);
    lane->publisher->class = lane->class;
    lane->publisher->config = &lane->config;
    lane->publisher->identity = lane->identity;
    rc = lane->class->open(lane->publisher, &found, err);
    if (rc == SL_OK)
        rc = lane_check_marker(lane, &found, err);
    if (rc < 0) {
        lane_close(lane);
        return rc;
    }
    lane->marker = found;
    lane->has_connected = true;
    return SL_OK;
}

static int
lane_publish_chunk(struct sl_lane *lane, const struct sl_records *records,
                   const struct sl_marker *marker, struct sl_error *err)
{
    int rc;

    lane->attempted = *marker;
    rc = lane->class->publish(lane->publisher, records, marker, err);
    if (rc < 0)
        return rc;
    lane->marker = *marker;
    if (rc != SL_EOF)
        return SL_OK;
    lane_close(lane);
    return lane_open(lane, err);
}

static int
lane_publish_chunks(struct sl_lane *lane, const struct sl_manifest_segment *segment,
                    struct sl_outbox_reader *reader, struct sl_error *err)
{
    struct sl_marker marker = {
        .epoch = segment->epoch, .subtask = segment->subtask, .owner = lane->owner};
    struct sl_records records;
    struct sl_arena arena;
    int rc;

    sl_arena_init(&arena);
    for (;;) {
        marker.chunk = reader->chunk;
        rc = sl_outbox_next_chunk(reader, &arena, &records, err);
        if (rc != SL_OK)
            break;
        if (lane_is_before(&lane->marker, &marker)) {
            rc = lane_publish_chunk(lane, &records, &marker, err);
            if (rc < 0)
                break;
        }
        sl_arena_reset(&arena);
    }
    sl_arena_done(&arena);
    return rc < 0 ? rc : SL_OK;
}

int
sl_lane_publish(struct sl_lane *lane, const struct sl_manifest_segment *segment,
                const char *directory, struct sl_error *err)
{
    struct sl_outbox_reader reader;
    int rc = sl_outbox_reader_open(&reader, directory, &segment->file, err);

    if (rc == SL_OK)
        rc = lane_open(lane, err);
    if (rc == SL_OK)
        rc = lane_publish_chunks(lane, segment, &reader, err);
    sl_outbox_reader_close(&reader);
    if (rc < 0)
        lane_close(lane);
    return rc;
}

int
sl_lane_published(struct sl_lane *lane, uint64_t *ret_epoch, struct sl_error *err)
{
    SL_TRY(lane_open(lane, err));
    *ret_epoch = lane->marker.epoch;
    return SL_OK;
}

static int
lane_call(struct sl_lane *lane, int (*call)(struct sl_publisher *publisher, struct sl_error *err),
          struct sl_error *err)
{
    int rc;

    if (!call)
        return SL_OK;
    SL_TRY(lane_open(lane, err));
    rc = call(lane->publisher, err);
    if (rc < 0)
        lane_close(lane);
    return rc;
}

/* After a failure: did the transaction come through all the same? */
static int
lane_settle_doubt(struct sl_lane *lane, const struct sl_marker *whole, struct sl_error *err)
{
    struct sl_error why;

    lane_close(lane);
    if (lane_open(lane, &why) < 0)
        return sl_error_prefix(err, "it is not known whether table \"%s\" was written",
                               lane->config.table_name);
    return lane->marker.epoch == whole->epoch ? SL_OK : err->code;
}

int
sl_lane_publish_statement(struct sl_lane *lane, const struct sl_records *records,
                          struct sl_error *err)
{
    static const struct sl_marker whole = {.epoch = 1, .chunk = 1};
    int rc;

    SL_TRY(lane_open(lane, err));
    lane->attempted = whole;
    rc = lane->class->publish(lane->publisher, records, &whole, err);
    if (rc < 0)
        rc = lane_settle_doubt(lane, &whole, err);
    if (rc >= 0)
        rc = lane_call(lane, lane->class->finish, err);
    if (lane->publisher && lane->class->forget)
        lane->class->forget(lane->publisher);
    lane_close(lane);
    return rc;
}

int
sl_lane_idle(struct sl_lane *lane, struct sl_error *err)
{
    return lane_call(lane, lane->class->idle, err);
}

int
sl_lane_finish(struct sl_lane *lane, struct sl_error *err)
{
    return lane_call(lane, lane->class->finish, err);
}

int
sl_lane_renew(struct sl_lane *lane, struct sl_error *err)
{
    struct sl_records none = {0};
    struct sl_marker marker;
    int rc;

    SL_TRY(lane_open(lane, err));
    marker = lane->marker;
    marker.owner = lane->owner;
    if (marker.epoch == 0)
        return SL_OK;
    rc = lane_publish_chunk(lane, &none, &marker, err);
    if (rc < 0)
        lane_close(lane);
    return rc;
}

int64_t
sl_sink_renewal_us(const struct sl_phys_node *sink)
{
    return lane_connector(sink)->publisher->renewal_us;
}

bool
sl_sink_has_work_when_idle(const struct sl_phys_node *sink)
{
    const struct sl_publisher_class *class = lane_connector(sink)->publisher;

    return class->idle || class->finish;
}

void
sl_lane_free(struct sl_lane *lane)
{
    if (!lane)
        return;
    lane_close(lane);
    sl_pool_free(lane->pool);
    sl_arena_done(&lane->arena);
    free(lane);
}

int
sl_sink_forget(const struct sl_lane_config *config, struct sl_error *err)
{
    const struct sl_connector_class *connector = lane_connector(config->sink);
    struct sl_connector_config sink = lane_connector_config(config);

    return connector && connector->forget ? connector->forget(&sink, err) : SL_OK;
}
