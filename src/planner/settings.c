/* The session's settings as the plan keeps them. */
#include "planner/lower.h"

#include <math.h>
#include <stdlib.h>

static bool
settings_flag(const struct sl_binder *binder, const char *key)
{
    return sl_equal_nocase(sl_binder_setting(binder, key), "true");
}

static int
settings_bad(const char *key, const char *value, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                    "setting \"%s\" does not take the value \"%s\"", key, value);
}

static int
settings_integer(const struct sl_binder *binder, const char *key, int64_t min, int64_t max,
                 int64_t *ret_value, struct sl_error *err)
{
    const char *value = sl_binder_setting(binder, key);

    if (!sl_parse_int64(value, ret_value) || *ret_value < min || *ret_value > max)
        return settings_bad(key, value, err);
    return SL_OK;
}

static int
settings_duration(const struct sl_binder *binder, const char *key, int64_t *ret_us,
                  struct sl_error *err)
{
    const char *value = sl_binder_setting(binder, key);

    if (!sl_parse_duration_us(value, ret_us) || *ret_us < 0)
        return settings_bad(key, value, err);
    return SL_OK;
}

static int
settings_runtime_error(const struct sl_binder *binder, enum sl_on_error *ret_policy,
                       struct sl_error *err)
{
    const char *key = "table.exec.runtime-error";
    const char *value = sl_binder_setting(binder, key);

    *ret_policy = sl_equal_nocase(value, "skip") ? SL_ON_ERROR_SKIP : SL_ON_ERROR_FAIL;
    if (!sl_equal_nocase(value, "dead-letter"))
        return SL_OK;
    *ret_policy = SL_ON_ERROR_DEAD_LETTER;
    if (*sl_binder_setting(binder, "dead-letter.table"))
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "'%s' = 'dead-letter' needs a table", key);
    return sl_error_hint(err, "SET 'dead-letter.table' = 'name of the table'");
}

static int
settings_parallelism(const struct sl_binder *binder, struct sl_phys_settings *settings,
                     uint32_t *ret_parallelism, struct sl_error *err)
{
    int64_t value;

    SL_TRY(settings_integer(binder, "pipeline.max-parallelism", -1, 32768, &value, err));
    settings->max_parallelism = value > 0 ? (uint32_t)value : 128;
    SL_TRY(settings_integer(binder, "parallelism.default", 1, 32768, &value, err));
    *ret_parallelism = (uint32_t)value;
    return SL_OK;
}

/* In millionths. */
static int
settings_factor(const struct sl_binder *binder, const char *key, int64_t min, int64_t max,
                int64_t *ret_ppm, struct sl_error *err)
{
    const char *value = sl_binder_setting(binder, key);
    char *end;
    double factor = strtod(value, &end);

    if (end == value || *end || !(factor >= (double)min && factor <= (double)max))
        return settings_bad(key, value, err);
    *ret_ppm = llround(factor * 1e6);
    return SL_OK;
}

#define EXPONENTIAL "restart-strategy.exponential-delay."
#define FAILURE_RATE "restart-strategy.failure-rate."

static int
settings_exponential(const struct sl_binder *binder, struct sl_phys_settings *settings,
                     struct sl_error *err)
{
    const char *key = EXPONENTIAL "attempts-before-reset-backoff";

    SL_TRY(
        settings_duration(binder, EXPONENTIAL "initial-backoff", &settings->restart_delay_us, err));
    SL_TRY(
        settings_duration(binder, EXPONENTIAL "max-backoff", &settings->restart_delay_max_us, err));
    SL_TRY(settings_duration(binder, EXPONENTIAL "reset-backoff-threshold",
                             &settings->restart_span_us, err));
    SL_TRY(settings_factor(binder, EXPONENTIAL "backoff-multiplier", 1, 1000,
                           &settings->restart_multiplier_ppm, err));
    SL_TRY(settings_factor(binder, EXPONENTIAL "jitter-factor", 0, 1, &settings->restart_jitter_ppm,
                           err));
    if (settings->restart_delay_max_us < settings->restart_delay_us)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "setting \"" EXPONENTIAL "max-backoff\" is less than initial-backoff");
    settings->restart_attempts = -1;
    if (sl_equal_nocase(sl_binder_setting(binder, key), "infinite"))
        return SL_OK;
    return settings_integer(binder, key, 1, INT32_MAX, &settings->restart_attempts, err);
}

static int
settings_failure_rate(const struct sl_binder *binder, struct sl_phys_settings *settings,
                      struct sl_error *err)
{
    SL_TRY(settings_duration(binder, FAILURE_RATE "delay", &settings->restart_delay_us, err));
    SL_TRY(settings_duration(binder, FAILURE_RATE "failure-rate-interval",
                             &settings->restart_span_us, err));
    return settings_integer(binder, FAILURE_RATE "max-failures-per-interval", 1, 1000,
                            &settings->restart_attempts, err);
}

static int
settings_fixed_delay(const struct sl_binder *binder, struct sl_phys_settings *settings,
                     struct sl_error *err)
{
    SL_TRY(settings_duration(binder, "restart-strategy.fixed-delay.delay",
                             &settings->restart_delay_us, err));
    return settings_integer(binder, "restart-strategy.fixed-delay.attempts", 0, INT32_MAX,
                            &settings->restart_attempts, err);
}

static int
settings_no_restarts(const struct sl_binder *binder, struct sl_phys_settings *settings,
                     struct sl_error *err)
{
    return SL_OK;
}

/* The names that Flink takes, one meaning a line. */
static const struct {
    const char *names[3], *meaning;
    int (*read)(const struct sl_binder *binder, struct sl_phys_settings *settings,
                struct sl_error *err);
} settings_strategies[] = {
    {{"exponential-delay", "exponentialdelay"}, "exponential-delay", settings_exponential},
    {{"fixed-delay", "fixeddelay"}, "fixed-delay", settings_fixed_delay},
    {{"failure-rate", "failurerate"}, "failure-rate", settings_failure_rate},
    {{"none", "off", "disable"}, "none", settings_no_restarts},
};

static int
settings_restart(const struct sl_binder *binder, struct sl_phys_settings *settings,
                 struct sl_error *err)
{
    const char *key = "restart-strategy.type", *value = sl_binder_setting(binder, key);

    for (size_t i = 0; i < SL_COUNT_OF(settings_strategies); i++) {
        for (size_t k = 0; k < 3 && settings_strategies[i].names[k]; k++) {
            if (!sl_equal_nocase(value, settings_strategies[i].names[k]))
                continue;
            settings->restart_strategy = settings_strategies[i].meaning;
            return settings_strategies[i].read(binder, settings, err);
        }
    }
    return settings_bad(key, value, err);
}

static int
settings_checkpoints(const struct sl_binder *binder, struct sl_phys_settings *settings,
                     struct sl_error *err)
{
    const char *limit = sl_binder_setting(binder, "sluice.outbox.limit");
    int64_t value;

    SL_TRY(settings_duration(binder, "execution.checkpointing.interval",
                             &settings->checkpoint_interval_us, err));
    SL_TRY(settings_duration(binder, "execution.checkpointing.timeout",
                             &settings->checkpoint_timeout_us, err));
    SL_TRY(settings_duration(binder, "execution.checkpointing.min-pause",
                             &settings->checkpoint_pause_us, err));
    settings->checkpoint_unaligned =
        settings_flag(binder, "execution.checkpointing.unaligned.enabled");
    SL_TRY(settings_duration(binder, "execution.checkpointing.aligned-checkpoint-timeout",
                             &settings->checkpoint_aligned_us, err));
    SL_TRY(settings_integer(binder, "execution.checkpointing.tolerable-failed-checkpoints", 0,
                            1000000, &value, err));
    settings->checkpoint_failures_max = (uint32_t)value;
    SL_TRY(settings_integer(binder, "execution.checkpointing.num-retained", 1, 1000, &value, err));
    settings->checkpoints_retained = (uint32_t)value;
    if (!sl_parse_memory_bytes(limit, &settings->outbox_limit_bytes))
        return settings_bad("sluice.outbox.limit", limit, err);
    return SL_OK;
}

int
sl_lower_state_ttl(const struct sl_binder *binder, int64_t *ret_us, struct sl_error *err)
{
    return settings_duration(binder, "table.exec.state.ttl", ret_us, err);
}

int
sl_lower_split_buckets(const struct sl_binder *binder, int64_t *ret_count, struct sl_error *err)
{
    *ret_count = 0;
    if (!settings_flag(binder, "table.optimizer.distinct-agg.split.enabled"))
        return SL_OK;
    return settings_integer(binder, "table.optimizer.distinct-agg.split.bucket-num", 1, INT32_MAX,
                            ret_count, err);
}

/* -1: it is not set. */
static int
settings_delay(const struct sl_binder *binder, const char *key, int64_t *ret_us,
               struct sl_error *err)
{
    *ret_us = -1;
    return *sl_binder_setting(binder, key) ? settings_duration(binder, key, ret_us, err) : SL_OK;
}

int
sl_lower_emit_settings(const struct sl_binder *binder, struct sl_emit_strategy *emit,
                       struct sl_error *err)
{
    emit->early = settings_flag(binder, SL_EMIT "early-fire.enabled");
    emit->late = settings_flag(binder, SL_EMIT "late-fire.enabled");
    SL_TRY(settings_delay(binder, SL_EMIT "early-fire.delay", &emit->early_delay_us, err));
    SL_TRY(settings_delay(binder, SL_EMIT "late-fire.delay", &emit->late_delay_us, err));
    return settings_delay(binder, SL_EMIT "allow-lateness", &emit->lateness_us, err);
}

bool
sl_lower_source_duplicates(const struct sl_binder *binder)
{
    return settings_flag(binder, "table.exec.source.cdc-events-duplicate");
}

enum sl_lower_phases
sl_lower_phases_of(const struct sl_binder *binder)
{
    const char *value = sl_binder_setting(binder, "table.optimizer.agg-phase-strategy");

    if (sl_equal_nocase(value, "ONE_PHASE"))
        return SL_LOWER_PHASES_ONE;
    return sl_equal_nocase(value, "TWO_PHASE") ? SL_LOWER_PHASES_TWO : SL_LOWER_PHASES_AUTO;
}

int
sl_lower_min_cleanup(const struct sl_binder *binder, int64_t *ret_us, struct sl_error *err)
{
    return settings_duration(binder, "table.exec.interval-join.min-cleanup-interval", ret_us, err);
}

int
sl_lower_settings(const struct sl_binder *binder, struct sl_phys_settings *settings,
                  uint32_t *ret_parallelism, struct sl_error *err)
{
    int64_t value;

    settings->batch_mode = binder->batch;
    SL_TRY(settings_integer(binder, "sluice.batch-size", 1, SL_BATCH_ROWS_MAX, &value, err));
    settings->batch_size = (uint32_t)value;
    SL_TRY(settings_duration(binder, "pipeline.auto-watermark-interval",
                             &settings->watermark_interval_us, err));
    SL_TRY(settings_duration(binder, "table.exec.source.idle-timeout",
                             &settings->source_idle_timeout_us, err));
    settings->mini_batch =
        !sl_equal_nocase(sl_binder_setting(binder, "table.exec.mini-batch.enabled"), "false");
    settings->overflow_wraps = binder->settings.overflow_wraps;
    settings->zone = sl_binder_setting(binder, "table.local-time-zone");
    SL_TRY(settings_runtime_error(binder, &settings->runtime_error, err));
    SL_TRY(settings_checkpoints(binder, settings, err));
    SL_TRY(settings_restart(binder, settings, err));
    return settings_parallelism(binder, settings, ret_parallelism, err);
}
