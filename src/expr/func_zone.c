/* CONVERT_TZ, and time zones by name as arguments of functions. */
#include "expr/kernels.h"

/* A zone argument: a literal is looked up once, others when the name changes. */
struct zone_arg {
    size_t arg;
    struct sl_text name;
    const struct sl_zone *zone;
};

/* NULL: there is no such zone, and the row has failed. */
static const struct sl_zone *
zone_of_row(struct sl_call *call, size_t row, struct zone_arg *last)
{
    struct sl_text name = sl_call_text(call, last->arg, row);
    struct sl_error err;

    if (last->zone && sl_text_equal(name, last->name))
        return last->zone;
    last->name = name;
    if (sl_zone_find(name, &last->zone, &err) < 0) {
        last->zone = NULL;
        sl_call_fail(call, row, err.code, "%s: %s", call->expr->function->name, err.text);
    }
    return last->zone;
}

/* CONVERT_TZ('yyyy-MM-dd HH:mm:ss', from, to): the same form; NULL where it is no time. */
void
sl_kernel_convert_tz(struct sl_call *call)
{
    struct zone_arg from = {.arg = 1}, to = {.arg = 2};
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        const struct sl_zone *from_zone = zone_of_row(call, row, &from), *to_zone;
        int64_t us, offset_us, utc_us;
        char text[SL_TIME_TEXT_MAX];
        bool has_zone;

        to_zone = from_zone ? zone_of_row(call, row, &to) : NULL;
        if (to_zone == NULL)
            continue;
        if (!sl_timestamp_parse(sl_call_text(call, 0, row), &us, &has_zone, &offset_us) ||
            has_zone) {
            sl_call_set_null(call, row);
            continue;
        }
        utc_us = sl_zone_to_utc(from_zone, us);
        us = utc_us + sl_zone_offset_us(to_zone, utc_us);
        sl_call_put_text(call, &writer, row, text, sl_timestamp_format(us, 0, ' ', text));
    }
}
