/* The hints TRIGGER and EVICTOR of a query block, as in TRIGGER('count', 1000) and EVICTOR('time',
 * '1 h'): its GROUP BY adds a row a group at each firing, of the rows that are kept. */
#include "planner/bind.h"

bool
sl_binder_trigger_hint(struct sl_binder *binder, const struct sl_ast_hint *hint)
{
    if (sl_text_equal_nocase(hint->name.text, SL_TEXT("TRIGGER")))
        binder->trigger = binder->trigger ? binder->trigger : hint; /* the first wins */
    else if (sl_text_equal_nocase(hint->name.text, SL_TEXT("EVICTOR")))
        binder->evictor = binder->evictor ? binder->evictor : hint;
    else
        return false;
    return true;
}

static int
trigger_bad(const struct sl_binder *binder, const struct sl_ast_hint *hint, const char *takes,
            struct sl_error *err)
{
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "the hint %.*s takes %s",
             SL_TEXT_FORMAT(hint->name.text), takes);
    return sl_error_at(err, sl_binder_offset(binder, hint->offset));
}

/* A count of rows, or a duration of whole milliseconds. */
static bool
trigger_number(const char *text, bool is_count, int64_t *ret_number)
{
    if (is_count)
        return sl_parse_int64(text, ret_number) && *ret_number > 0;
    return sl_parse_duration_us(text, ret_number) && *ret_number > 0 &&
           *ret_number % SL_US_PER_MS == 0;
}

static int
trigger_bind(const struct sl_binder *binder, struct sl_trigger *trigger, struct sl_error *err)
{
    static const char *const kinds[] = {"count", "continuous-event-time",
                                        "continuous-processing-time"};
    const struct sl_ast_hint *hint = binder->trigger;
    size_t kind = 0;

    while (kind < SL_COUNT_OF(kinds) && hint->item_count == 2 &&
           !sl_equal_nocase(sl_binder_name(binder, &hint->items[0]), kinds[kind]))
        kind++;
    if (hint->item_count != 2 || hint->options.count || kind == SL_COUNT_OF(kinds) ||
        !trigger_number(sl_binder_name(binder, &hint->items[1]), kind == SL_TRIGGER_COUNT,
                        &trigger->every))
        return trigger_bad(binder, hint,
                           "'count' and a number of rows, or 'continuous-event-time' or "
                           "'continuous-processing-time' and a duration",
                           err);
    trigger->kind = (enum sl_trigger_kind)kind;
    return SL_OK;
}

static int
trigger_bind_evictor(const struct sl_binder *binder, struct sl_trigger *trigger,
                     struct sl_error *err)
{
    const struct sl_ast_hint *hint = binder->evictor;
    const char *name = hint->item_count == 2 ? sl_binder_name(binder, &hint->items[0]) : "";
    bool is_count = sl_equal_nocase(name, "count");

    if ((!is_count && !sl_equal_nocase(name, "time")) || hint->options.count ||
        !trigger_number(sl_binder_name(binder, &hint->items[1]), is_count, &trigger->keeps))
        return trigger_bad(binder, hint, "'count' and a number of rows, or 'time' and a duration",
                           err);
    trigger->evictor = is_count ? SL_EVICTOR_COUNT : SL_EVICTOR_TIME;
    return SL_OK;
}

/* The one column that is an event time. */
static int
trigger_time_column(const struct sl_binder *binder, const struct sl_schema *columns,
                    const struct sl_ast_hint *hint, int32_t *ret_column, struct sl_error *err)
{
    int32_t found = -1;
    size_t count = 0;

    for (size_t i = 0; i < columns->count; i++) {
        if (columns->columns[i].time != SL_TIME_EVENT)
            continue;
        found = (int32_t)i;
        count++;
    }
    if (count == 1) {
        *ret_column = found;
        return SL_OK;
    }
    SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
             "the hint %.*s goes by event time, and FROM has %zu columns of that kind",
             SL_TEXT_FORMAT(hint->name.text), count);
    sl_error_hint(err, "declare a WATERMARK on the table; of several time columns select one in a "
                       "subquery");
    return sl_error_at(err, sl_binder_offset(binder, hint->offset));
}

int
sl_binder_trigger(struct sl_binder *binder, const struct sl_schema *columns,
                  struct sl_trigger *ret_trigger, int32_t *ret_time_column, bool *ret_found,
                  struct sl_error *err)
{
    const struct sl_ast_hint *hint = binder->trigger;

    *ret_trigger = (struct sl_trigger){0};
    *ret_time_column = -1;
    *ret_found = hint != NULL;
    if (!hint && binder->evictor) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "the hint EVICTOR needs the hint TRIGGER");
        sl_error_hint(err, "for example TRIGGER('count', 100), EVICTOR('count', 1000)");
        return sl_error_at(err, sl_binder_offset(binder, binder->evictor->offset));
    }
    if (!hint)
        return SL_OK;
    if (binder->batch)
        return sl_binder_refuse(binder, hint->offset, "the hint TRIGGER in batch mode is", err);
    SL_TRY(trigger_bind(binder, ret_trigger, err));
    if (binder->evictor)
        SL_TRY(trigger_bind_evictor(binder, ret_trigger, err));
    if (ret_trigger->kind == SL_TRIGGER_EVENT_TIME)
        SL_TRY(trigger_time_column(binder, columns, hint, ret_time_column, err));
    if (ret_trigger->evictor == SL_EVICTOR_TIME)
        SL_TRY(trigger_time_column(binder, columns, binder->evictor, ret_time_column, err));
    binder->trigger = binder->evictor = NULL; /* they found their use */
    return SL_OK;
}
