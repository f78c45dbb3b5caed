/* print: a sink that writes each change as a line to the server's standard output or error:
 * "identifier:subtask> +I[1, abc]", as Flink's does. */
#include "connector/connector.h"
#include "data/value.h"

#include <errno.h>
#include <unistd.h>

struct print_sink {
    struct sl_sink sink;
    const char *identifier; /* NULL: none */
    int fd;
    struct sl_buffer lines;
};

static const struct sl_option_spec print_options[] = {
    {.name = "print-identifier", .type = SL_OPTION_STRING, .help = "put before every line"},
    {.name = "standard-error",
     .type = SL_OPTION_BOOLEAN,
     .default_value = "false",
     .help = "write to standard error"},
};

static int
print_open(struct sl_sink *base, struct sl_error *err)
{
    struct print_sink *sink = (struct print_sink *)base;
    union sl_option_value value;

    if (sl_option_read(print_options, SL_COUNT_OF(print_options), base->config->options,
                       "print-identifier", &value))
        sink->identifier = value.string;
    sl_option_read(print_options, SL_COUNT_OF(print_options), base->config->options,
                   "standard-error", &value);
    sink->fd = value.boolean ? STDERR_FILENO : STDOUT_FILENO;
    sl_buffer_init(&sink->lines, SIZE_MAX / 2);
    return SL_OK;
}

static void
print_add_row(struct print_sink *sink, const struct sl_batch *batch, size_t row)
{
    static const char *const kinds[] = {"+I", "-U", "+U", "-D"};
    const struct sl_connector_config *config = sink->sink.config;

    if (sink->identifier)
        sl_buffer_add_string(&sink->lines, sink->identifier);
    if (config->subtask_count > 1)
        sl_buffer_printf(&sink->lines, "%s%u", sink->identifier ? ":" : "", config->subtask + 1);
    if (sink->identifier || config->subtask_count > 1)
        sl_buffer_add_string(&sink->lines, "> ");
    sl_buffer_printf(&sink->lines, "%s[", kinds[sl_batch_kind(batch, row)]);
    for (size_t i = 0; i < batch->column_count; i++) {
        if (i)
            sl_buffer_add_string(&sink->lines, ", ");
        if (sl_column_is_null(batch->columns[i], row))
            sl_buffer_add_string(&sink->lines, "null");
        else
            sl_column_format(batch->columns[i], row, SL_FORM_FLINK, config->zone, &sink->lines);
    }
    sl_buffer_add_string(&sink->lines, "]\n");
}

static int
print_flush(struct sl_sink *base, struct sl_error *err)
{
    struct print_sink *sink = (struct print_sink *)base;
    size_t done = 0;

    while (done < sink->lines.length) {
        ssize_t n = write(sink->fd, sink->lines.data + done, sink->lines.length - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SL_ERROR(err, SL_E_IO, "cannot print: %s", strerror(errno));
        done += (size_t)n;
    }
    sl_buffer_reset(&sink->lines);
    return SL_OK;
}

static int
print_write_batch(struct sl_sink *base, struct sl_batch *batch, struct sl_error *err)
{
    struct print_sink *sink = (struct print_sink *)base;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++)
        print_add_row(sink, batch, sl_batch_row(batch, i));
    return print_flush(base, err);
}

static void
print_close(struct sl_sink *base)
{
    sl_buffer_done(&((struct print_sink *)base)->lines);
}

static const struct sl_sink_class print_sink_class = {
    .size = sizeof(struct print_sink),
    .takes_columns = true,
    .open = print_open,
    .write_batch = print_write_batch,
    .flush = print_flush,
    .close = print_close,
};

const struct sl_connector_class sl_conn_print = {
    .descriptor = {.name = "print",
                   .abilities = SL_ABILITY_SINK | SL_ABILITY_COLUMNS_SINK |
                                SL_ABILITY_UPSERT_SINK | SL_ABILITY_RETRACT_SINK,
                   .options = print_options,
                   .option_count = SL_COUNT_OF(print_options)},
    .sink = &print_sink_class,
};
