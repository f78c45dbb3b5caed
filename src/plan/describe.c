/* The parts of EXPLAIN's lines, in Flink's style: name=[…]. */
#include "plan/describe.h"

#include "data/time.h"

#define DESCRIBE_ROWS_MAX 3 /* of VALUES; the rest is counted */

void
sl_describe_begin(struct sl_buffer *to, const char *name)
{
    if (to->length && to->data[to->length - 1] != '(')
        sl_buffer_add_string(to, ", ");
    sl_buffer_printf(to, "%s=[", name);
}

void
sl_describe_end(struct sl_buffer *to)
{
    sl_buffer_add_byte(to, ']');
}

static void
describe_comma(struct sl_buffer *to, size_t index)
{
    if (index)
        sl_buffer_add_string(to, ", ");
}

void
sl_describe_string(struct sl_buffer *to, const char *name, const char *value)
{
    if (!value)
        return;
    sl_describe_begin(to, name);
    sl_buffer_add_string(to, value);
    sl_describe_end(to);
}

void
sl_describe_names(struct sl_buffer *to, const char *name, const struct sl_schema *schema)
{
    sl_describe_begin(to, name);
    for (size_t i = 0; i < schema->count; i++) {
        describe_comma(to, i);
        sl_buffer_add_string(to, schema->columns[i].name);
    }
    sl_describe_end(to);
}

void
sl_describe_columns(struct sl_buffer *to, const char *name, const uint32_t *columns, size_t count,
                    const struct sl_schema *schema)
{
    if (!count)
        return;
    sl_describe_begin(to, name);
    for (size_t i = 0; i < count; i++) {
        describe_comma(to, i);
        sl_buffer_add_string(to, schema->columns[columns[i]].name);
    }
    sl_describe_end(to);
}

void
sl_describe_expr(struct sl_buffer *to, const char *name, const struct sl_expr *expr,
                 const struct sl_schema *input)
{
    if (!expr)
        return;
    sl_describe_begin(to, name);
    sl_expr_format(expr, input, to);
    sl_describe_end(to);
}

void
sl_describe_watermark(struct sl_buffer *to, const struct sl_expr *watermark, bool from_source,
                      const struct sl_schema *row)
{
    if (from_source)
        sl_describe_string(to, "watermark", "SOURCE_WATERMARK()");
    else
        sl_describe_expr(to, "watermark", watermark, row);
}

void
sl_describe_select(struct sl_buffer *to, struct sl_expr *const *exprs,
                   const struct sl_schema *output, const struct sl_schema *input)
{
    sl_describe_begin(to, "select");
    for (size_t i = 0; i < output->count; i++) {
        const char *name = output->columns[i].name;
        const struct sl_expr *expr = exprs[i];

        describe_comma(to, i);
        sl_expr_format(expr, input, to);
        if (expr->kind != SL_EXPR_COLUMN || strcmp(input->columns[expr->column].name, name) != 0)
            sl_buffer_printf(to, " AS %s", name);
    }
    sl_describe_end(to);
}

void
sl_describe_aggregates(struct sl_buffer *to, const uint32_t *keys, size_t key_count,
                       struct sl_aggregate *const *aggregates, size_t aggregate_count,
                       const struct sl_schema *output, const struct sl_schema *input)
{
    sl_describe_begin(to, "select");
    for (size_t i = 0; i < key_count; i++) {
        describe_comma(to, i);
        sl_buffer_add_string(to, input->columns[keys[i]].name);
    }
    for (size_t i = 0; i < aggregate_count; i++) {
        describe_comma(to, key_count + i);
        sl_aggregate_format(aggregates[i], input, to);
        if (output)
            sl_buffer_printf(to, " AS %s", output->columns[key_count + i].name);
    }
    for (size_t i = key_count + aggregate_count; output && i < output->count; i++) {
        describe_comma(to, i);
        sl_buffer_add_string(to, output->columns[i].name);
    }
    sl_describe_end(to);
}

/* "5 s", "1 min", "1 h", "1 d", as Flink prints durations. */
static void
describe_duration(struct sl_buffer *to, int64_t us)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"d", SL_US_PER_DAY},
                 {"h", SL_US_PER_HOUR},
                 {"min", SL_US_PER_MINUTE},
                 {"s", SL_US_PER_SECOND},
                 {"ms", SL_US_PER_MS}};

    for (size_t i = 0; i < SL_COUNT_OF(units); i++) {
        if (us % units[i].us == 0 && us != 0) {
            sl_buffer_printf(to, "%lld %s", (long long)(us / units[i].us), units[i].name);
            return;
        }
    }
    sl_buffer_printf(to, "%lld us", (long long)us);
}

void
sl_describe_expand(struct sl_buffer *to, const struct sl_phys_expand *expand,
                   const struct sl_schema *input)
{
    sl_describe_begin(to, "sets");
    for (size_t set = 0; set < expand->set_count; set++) {
        bool first = true;

        sl_buffer_add_string(to, set ? ", {" : "{");
        for (uint32_t i = 0; i < expand->key_count; i++) {
            if (!(expand->kept[set] >> i & 1))
                continue;
            sl_buffer_printf(to, "%s%s", first ? "" : ", ", input->columns[i].name);
            first = false;
        }
        sl_buffer_add_byte(to, '}');
    }
    sl_describe_end(to);
}

void
sl_describe_window(struct sl_buffer *to, const struct sl_window *window, uint32_t time_column,
                   bool is_attached, const struct sl_schema *input)
{
    static const char *const names[] = {"TUMBLE", "HOP", "CUMULATE", "SESSION"};

    sl_describe_begin(to, "window");
    sl_buffer_printf(to, "%s(%s=[%s]", names[window->kind], is_attached ? "win_end" : "time_col",
                     input->columns[time_column].name);
    if (window->slide_us) {
        sl_buffer_printf(to, ", %s=[", window->kind == SL_WINDOW_HOP ? "slide" : "step");
        describe_duration(to, window->slide_us);
        sl_buffer_add_byte(to, ']');
    }
    sl_buffer_add_string(to, window->kind == SL_WINDOW_SESSION ? ", gap=[" : ", size=[");
    describe_duration(to, window->size_us);
    sl_buffer_add_byte(to, ']');
    if (window->offset_us) {
        sl_buffer_add_string(to, ", offset=[");
        describe_duration(to, window->offset_us);
        sl_buffer_add_byte(to, ']');
    }
    sl_buffer_add_string(to, window->processing_time ? ", processing time)" : ")");
    sl_describe_end(to);
}

static void
describe_delay(struct sl_buffer *to, const char *name, bool is_wanted, int64_t delay_us)
{
    if (!is_wanted)
        return;
    if (to->data[to->length - 1] != '[')
        sl_buffer_add_string(to, ", ");
    sl_buffer_printf(to, "%s ", name);
    if (delay_us == 0) {
        sl_buffer_add_string(to, "no delay");
        return;
    }
    sl_buffer_add_string(to, "delay ");
    describe_duration(to, delay_us);
}

void
sl_describe_emit(struct sl_buffer *to, const struct sl_emit_strategy *emit)
{
    sl_describe_begin(to, "emit");
    describe_delay(to, "early", emit->early, emit->early_delay_us);
    describe_delay(to, "late", emit->late, emit->late_delay_us);
    if (emit->lateness_us) {
        sl_buffer_add_string(to, ", lateness ");
        describe_duration(to, emit->lateness_us);
    }
    sl_describe_end(to);
}

void
sl_describe_trigger(struct sl_buffer *to, const struct sl_trigger *trigger)
{
    static const char *const names[] = {"count", "continuous-event-time",
                                        "continuous-processing-time"};

    sl_describe_begin(to, "trigger");
    sl_buffer_printf(to, "%s(", names[trigger->kind]);
    if (trigger->kind == SL_TRIGGER_COUNT)
        sl_buffer_printf(to, "%lld", (long long)trigger->every);
    else
        describe_duration(to, trigger->every);
    sl_buffer_add_string(to, trigger->purges ? "), purging" : ")");
    sl_describe_end(to);
    if (trigger->evictor == SL_EVICTOR_NONE)
        return;
    sl_describe_begin(to, "evictor");
    if (trigger->evictor == SL_EVICTOR_COUNT) {
        sl_buffer_printf(to, "count(%lld", (long long)trigger->keeps);
    } else {
        sl_buffer_add_string(to, "time(");
        describe_duration(to, trigger->keeps);
    }
    sl_buffer_add_byte(to, ')');
    sl_describe_end(to);
}

void
sl_describe_sort(struct sl_buffer *to, const struct sl_sort_key *keys, size_t key_count,
                 const struct sl_schema *input)
{
    if (!key_count)
        return;
    sl_describe_begin(to, "orderBy");
    for (size_t i = 0; i < key_count; i++) {
        describe_comma(to, i);
        sl_buffer_printf(to, "%s %s%s", input->columns[keys[i].column].name,
                         keys[i].descending ? "DESC" : "ASC",
                         keys[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
    sl_describe_end(to);
}

static void
describe_bound(const struct sl_frame_bound *bound, bool in_months, struct sl_buffer *to)
{
    static const char *const names[] = {"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW",
                                        "FOLLOWING", "UNBOUNDED FOLLOWING"};

    if (bound->kind == SL_BOUND_PRECEDING || bound->kind == SL_BOUND_FOLLOWING)
        sl_buffer_printf(to, "%lld%s ", (long long)bound->offset, in_months ? " months" : "");
    sl_buffer_add_string(to, names[bound->kind]);
}

static void
describe_over_call(const struct sl_over *over, const struct sl_over_call *call,
                   const struct sl_schema *input, struct sl_buffer *to)
{
    if (call->function == SL_OVER_AGGREGATE) {
        sl_aggregate_format(over->aggregates[call->aggregate], input, to);
        return;
    }
    sl_buffer_printf(to, "%s(", sl_over_function_name(call->function));
    if (call->function >= SL_OVER_LAG)
        sl_buffer_printf(to, "%s, ", input->columns[call->column].name);
    if (call->function >= SL_OVER_NTILE)
        sl_buffer_printf(to, "%lld", (long long)call->number);
    if (call->has_default)
        sl_buffer_printf(to, ", %s", input->columns[call->default_column].name);
    sl_buffer_printf(to, ")%s", call->ignores_nulls ? " IGNORE NULLS" : "");
}

void
sl_describe_over(struct sl_buffer *to, const struct sl_over *over, const struct sl_schema *output)
{
    size_t first = output->count - over->call_count;

    if (over->partition_count)
        sl_describe_columns(to, "partitionBy", over->partition, over->partition_count, output);
    sl_describe_sort(to, over->order, over->order_count, output);
    sl_describe_begin(to, "frame");
    sl_buffer_add_string(to, over->frame.is_rows ? "ROWS BETWEEN " : "RANGE BETWEEN ");
    describe_bound(&over->frame.start, over->frame.in_months, to);
    sl_buffer_add_string(to, " AND ");
    describe_bound(&over->frame.end, over->frame.in_months, to);
    sl_describe_end(to);
    sl_describe_begin(to, "select");
    for (size_t i = 0; i < over->call_count; i++) {
        describe_comma(to, i);
        describe_over_call(over, &over->calls[i], output, to);
        sl_buffer_printf(to, " AS %s", output->columns[first + i].name);
    }
    sl_describe_end(to);
}

void
sl_describe_rank(struct sl_buffer *to, const struct sl_rank *rank, const struct sl_schema *input)
{
    sl_describe_string(to, "rankType", sl_over_function_name(rank->function));
    sl_describe_begin(to, "rankRange");
    if (rank->has_end_column)
        sl_buffer_printf(to, "rankStart=%lld, rankEnd=%s", (long long)rank->start,
                         input->columns[rank->end_column].name);
    else
        sl_buffer_printf(to, "rankStart=%lld, rankEnd=%lld", (long long)rank->start,
                         (long long)rank->end);
    sl_describe_end(to);
    if (rank->partition_count)
        sl_describe_columns(to, "partitionBy", rank->partition, rank->partition_count, input);
    sl_describe_sort(to, rank->order, rank->order_count, input);
    sl_describe_string(to, "outputRankNumber", rank->has_rank ? "true" : "false");
}

void
sl_describe_limit(struct sl_buffer *to, int64_t offset, int64_t limit)
{
    if (offset) {
        sl_describe_begin(to, "offset");
        sl_buffer_printf(to, "%lld]", (long long)offset);
    }
    if (limit >= 0) {
        sl_describe_begin(to, "fetch");
        sl_buffer_printf(to, "%lld]", (long long)limit);
    }
}

void
sl_describe_rows(struct sl_buffer *to, const struct sl_phys_values *values, size_t column_count)
{
    struct sl_expr literal = {.kind = SL_EXPR_LITERAL, .offset = -1};

    sl_describe_begin(to, "tuples");
    for (size_t i = 0; i < SL_MIN(values->row_count, (size_t)DESCRIBE_ROWS_MAX); i++) {
        describe_comma(to, i);
        sl_buffer_add_byte(to, '(');
        for (size_t j = 0; j < column_count; j++) {
            describe_comma(to, j);
            literal.value = values->rows[i][j];
            literal.type = literal.value.type;
            sl_expr_format(&literal, NULL, to);
        }
        sl_buffer_add_byte(to, ')');
    }
    if (values->row_count > DESCRIBE_ROWS_MAX)
        sl_buffer_printf(to, ", … %zu more", values->row_count - DESCRIBE_ROWS_MAX);
    sl_describe_end(to);
}
