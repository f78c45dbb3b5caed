/* Times from and to text by pattern, and the functions of the moment. */
#include "expr/kernels.h"

#define TIME_TEXT_SIZE_MAX 256

/* A constant pattern (argument 1) is compiled once. */
const void *
sl_prepare_date_format(struct sl_arena *arena, const struct sl_expr *call,
                       const struct sl_expr_settings *settings)
{
    const struct sl_time_pattern *pattern;
    struct sl_text text;
    struct sl_error err;

    if (call->arg_count < 2 || !sl_expr_literal_text(call->args[1], &text) ||
        sl_time_pattern_new(arena, text, &pattern, &err) < 0)
        return NULL;
    return pattern;
}

/* What is kept from row to row: a pattern that is no constant, and the last text that was made.
 * Rows near one another in time mostly have the same one. */
struct time_text_pattern {
    struct sl_text text;
    const struct sl_time_pattern *pattern;
    const struct sl_time_pattern *made_by; /* NULL: none was made */
    int64_t made_from_us, made_to_us;
    struct sl_view made;
};

static const struct sl_time_pattern *
time_text_compile(struct sl_call *call, size_t row, struct time_text_pattern *last)
{
    struct sl_text text = sl_call_text(call, 1, row);
    struct sl_error err;

    if (last->pattern && sl_text_equal(last->text, text))
        return last->pattern;
    last->text = text;
    if (sl_time_pattern_new(sl_call_arena(call), text, &last->pattern, &err) < 0) {
        last->pattern = NULL;
        sl_call_fail(call, row, err.code, "%s: %s", call->expr->function->name, err.text);
    }
    return last->pattern;
}

/* The pattern of the row; NULL: it is broken, and the row has failed. */
static inline const struct sl_time_pattern *
time_text_pattern(struct sl_call *call, size_t row, struct time_text_pattern *last)
{
    return call->prepared ? call->prepared : time_text_compile(call, row, last);
}

static void
time_text_make(struct time_text_pattern *last, struct sl_heap_writer *writer,
               const struct sl_time_pattern *pattern, int64_t us, int64_t offset_us)
{
    char text[TIME_TEXT_SIZE_MAX];
    size_t length = sl_time_pattern_format_zoned(pattern, us, offset_us, text, sizeof(text));
    int64_t unit_us = sl_time_pattern_unit_us(pattern), behind_us = us % unit_us;

    last->made_by = pattern;
    last->made_from_us = us - (behind_us < 0 ? behind_us + unit_us : behind_us);
    last->made_to_us = last->made_from_us + unit_us;
    last->made = sl_heap_writer_copy(writer, text, length);
}

static inline void
time_text_put(struct sl_call *call, struct sl_heap_writer *writer, size_t row,
              struct time_text_pattern *last, const struct sl_time_pattern *pattern, int64_t us,
              int64_t offset_us)
{
    if (last->made_by != pattern || us < last->made_from_us || us >= last->made_to_us ||
        sl_time_pattern_has_offset(pattern))
        time_text_make(last, writer, pattern, us, offset_us);
    SL_RESULT(call, struct sl_view)[row] = last->made;
}

/* DATE_FORMAT(timestamp, pattern) */
void
sl_kernel_date_format(struct sl_call *call)
{
    struct time_text_pattern last = {.pattern = NULL};
    bool is_local = SL_ARG_TYPE(call, 0)->kind == SL_TYPE_TIMESTAMP_LTZ;
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        const struct sl_time_pattern *pattern = time_text_pattern(call, row, &last);
        int64_t us = sl_call_bigint(call, 0, row), offset_us = 0;

        if (is_local)
            offset_us = sl_zone_offset_us(call->settings->zone, us);
        if (pattern)
            time_text_put(call, &writer, row, &last, pattern, us + offset_us, offset_us);
    }
}

/* FROM_UNIXTIME(seconds[, pattern]) */
void
sl_kernel_from_unixtime(struct sl_call *call)
{
    struct time_text_pattern last = {.pattern = NULL};
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        int64_t us = sl_call_bigint(call, 0, row), offset_us;
        const struct sl_time_pattern *pattern;
        char text[SL_TIME_TEXT_MAX];

        if (us > INT64_C(9000000000000) || us < -INT64_C(9000000000000)) {
            sl_call_fail(call, row, SL_E_DATETIME_OVERFLOW, "FROM_UNIXTIME(%s) is out of range",
                         sl_call_arg_text(call, 0, row));
            continue;
        }
        us *= SL_US_PER_SECOND;
        offset_us = sl_zone_offset_us(call->settings->zone, us);
        us += offset_us;
        if (call->arg_count == 2) {
            pattern = time_text_pattern(call, row, &last);
            if (pattern)
                time_text_put(call, &writer, row, &last, pattern, us, offset_us);
        } else {
            size_t length = sl_timestamp_format(us, 0, ' ', text);

            SL_RESULT(call, struct sl_view)[row] = sl_heap_writer_copy(&writer, text, length);
        }
    }
}

/* Argument 0 by the pattern, or as SQL writes times.  False: it does not parse, or the pattern is
 * broken.  `lenient`: what follows is nobody's business, as with Java's SimpleDateFormat. */
static bool
time_text_read(struct sl_call *call, size_t row, struct time_text_pattern *last, bool lenient,
               struct sl_time_reading *reading)
{
    struct sl_text text = sl_call_text(call, 0, row);
    const struct sl_time_pattern *pattern;

    *reading = (struct sl_time_reading){.length = text.length};
    if (call->arg_count < 2)
        return sl_timestamp_parse(text, &reading->us, &reading->has_offset, &reading->offset_us);
    pattern = time_text_pattern(call, row, last);
    return pattern && sl_time_pattern_read(pattern, text, reading) &&
           (lenient || reading->length == text.length);
}

/* The point in time that was read, in this zone unless the text has an offset. */
static int64_t
time_text_to_utc(const struct sl_time_reading *reading, const struct sl_zone *zone)
{
    return reading->has_offset ? reading->us - reading->offset_us
                               : sl_zone_to_utc(zone, reading->us);
}

static int64_t
time_text_cut_ms(int64_t us)
{
    int64_t rest = us % SL_US_PER_MS;

    return us - (rest < 0 ? rest + SL_US_PER_MS : rest);
}

/* TO_DATE(text[, pattern]): NULL when it does not parse. */
void
sl_kernel_to_date(struct sl_call *call)
{
    struct time_text_pattern last = {.pattern = NULL};

    SL_FOR_ROWS(call, row)
    {
        struct sl_time_reading reading;
        int64_t rest;

        if (time_text_read(call, row, &last, false, &reading))
            SL_RESULT(call, int32_t)[row] = (int32_t)sl_timestamp_floor_day(reading.us, &rest);
        else
            sl_call_set_null(call, row);
    }
}

/* TO_TIMESTAMP(text[, pattern]): NULL when it does not parse. */
void
sl_kernel_to_timestamp(struct sl_call *call)
{
    struct time_text_pattern last = {.pattern = NULL};

    SL_FOR_ROWS(call, row)
    {
        struct sl_time_reading reading;

        if (time_text_read(call, row, &last, false, &reading))
            SL_RESULT(call, int64_t)[row] = time_text_cut_ms(reading.us);
        else
            sl_call_set_null(call, row);
    }
}

/* From a number of seconds (precision 0) or milliseconds (3); NULL when out of range. */
static void
time_text_from_number(struct sl_call *call, size_t row)
{
    int64_t number = SL_ARG(call, 0, int64_t)[row & call->args[0].mask];
    int64_t precision = 3, unit;

    if (call->arg_count == 2)
        sl_expr_literal_integer(call->expr->args[1], &precision);
    unit = precision == 0 ? SL_US_PER_SECOND : SL_US_PER_MS;
    /* The years 0000 to 9999. */
    if (number > INT64_C(253402300799999999) / unit || number < -INT64_C(62167219200000000) / unit)
        sl_call_set_null(call, row);
    else
        SL_RESULT(call, int64_t)[row] = number * unit;
}

static void
time_text_from_text(struct sl_call *call, size_t row, struct time_text_pattern *last)
{
    const struct sl_zone *zone = call->settings->zone;
    struct sl_time_reading reading;
    struct sl_error err;

    if (call->arg_count == 3 && sl_zone_find(sl_call_text(call, 2, row), &zone, &err) < 0) {
        sl_call_fail(call, row, err.code, "TO_TIMESTAMP_LTZ: %s", err.text);
        return;
    }
    if (!time_text_read(call, row, last, false, &reading)) {
        sl_call_set_null(call, row);
        return;
    }
    SL_RESULT(call, int64_t)[row] = time_text_cut_ms(time_text_to_utc(&reading, zone));
}

void
sl_kernel_to_ltz(struct sl_call *call)
{
    struct time_text_pattern last = {.pattern = NULL};
    bool is_text = sl_type_is_text(SL_ARG_TYPE(call, 0)->kind);

    SL_FOR_ROWS(call, row)
    {
        if (is_text)
            time_text_from_text(call, row, &last);
        else
            time_text_from_number(call, row);
    }
}

/* UNIX_TIMESTAMP(): now; UNIX_TIMESTAMP(text[, pattern]): the smallest BIGINT when it does not
 * parse, as Flink's manual has it. */
void
sl_kernel_unix_timestamp(struct sl_call *call)
{
    struct time_text_pattern last = {.pattern = NULL};

    SL_FOR_ROWS(call, row)
    {
        int64_t us = sl_call_now_us(call), rest;
        struct sl_time_reading reading;

        if (call->arg_count) {
            if (!time_text_read(call, row, &last, true, &reading)) {
                SL_RESULT(call, int64_t)[row] = INT64_MIN;
                continue;
            }
            us = time_text_to_utc(&reading, call->settings->zone);
        }
        SL_RESULT(call, int64_t)
        [row] = sl_timestamp_floor_day(us, &rest) * (SL_US_PER_DAY / SL_US_PER_SECOND);
        SL_RESULT(call, int64_t)[row] += rest / SL_US_PER_SECOND;
    }
}

/* --- the moment --- */

static int64_t
time_text_local_now(const struct sl_call *call)
{
    int64_t us = sl_call_now_us(call);

    return us + sl_zone_offset_us(call->settings->zone, us);
}

static void
time_text_fill(struct sl_call *call, int64_t value)
{
    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, int64_t)[row] = value;
    }
}

void
sl_kernel_now(struct sl_call *call)
{
    time_text_fill(call, time_text_cut_ms(sl_call_now_us(call)));
}

void
sl_kernel_localtimestamp(struct sl_call *call)
{
    time_text_fill(call, time_text_cut_ms(time_text_local_now(call)));
}

void
sl_kernel_localtime(struct sl_call *call)
{
    int64_t us;

    sl_timestamp_floor_day(time_text_local_now(call), &us);
    time_text_fill(call, us / SL_US_PER_SECOND * SL_US_PER_SECOND);
}

void
sl_kernel_current_date(struct sl_call *call)
{
    int64_t rest;
    int32_t days = (int32_t)sl_timestamp_floor_day(time_text_local_now(call), &rest);

    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, int32_t)[row] = days;
    }
}

/* The watermark before the row; NULL while there is none. */
void
sl_kernel_current_watermark(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        int64_t watermark_ms = sl_call_watermark_ms(call, row);

        if (watermark_ms == SL_WATERMARK_MIN)
            sl_call_set_null(call, row);
        else
            SL_RESULT(call, int64_t)
        [row] = SL_MIN(watermark_ms, INT64_MAX / SL_US_PER_MS) * SL_US_PER_MS;
    }
}
