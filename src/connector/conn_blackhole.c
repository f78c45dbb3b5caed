/* blackhole: a sink that forgets everything. */
#include "connector/connector.h"

static int
blackhole_open(struct sl_sink *sink, struct sl_error *err)
{
    return SL_OK;
}

static int
blackhole_write_batch(struct sl_sink *sink, struct sl_batch *batch, struct sl_error *err)
{
    return SL_OK;
}

static int
blackhole_flush(struct sl_sink *sink, struct sl_error *err)
{
    return SL_OK;
}

static void
blackhole_close(struct sl_sink *sink)
{
}

static const struct sl_sink_class blackhole_sink = {
    .size = sizeof(struct sl_sink),
    .takes_columns = true,
    .open = blackhole_open,
    .write_batch = blackhole_write_batch,
    .flush = blackhole_flush,
    .close = blackhole_close,
};

const struct sl_connector_class sl_conn_blackhole = {
    .descriptor = {.name = "blackhole",
                   .abilities = SL_ABILITY_SINK | SL_ABILITY_COLUMNS_SINK | SL_ABILITY_UPSERT_SINK |
                                SL_ABILITY_RETRACT_SINK | SL_ABILITY_NO_BEFORE},
    .sink = &blackhole_sink,
};
