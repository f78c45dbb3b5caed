/* GET /metrics: Prometheus' text with Flink's metric names; libmicrohttpd does the HTTP. */
#include "server/jobs.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>

struct sl_metrics {
    struct sl_server *server;
    struct MHD_Daemon *daemon;
};

struct metrics_counter {
    const char *name, *type;
    double (*value)(const struct sl_task_status *task);
};

static double
metrics_rows_in(const struct sl_task_status *task)
{
    return (double)task->rows_in;
}

static double
metrics_rows_out(const struct sl_task_status *task)
{
    return (double)task->rows_out;
}

static double
metrics_bytes_in(const struct sl_task_status *task)
{
    return (double)task->bytes_in;
}

static double
metrics_bytes_out(const struct sl_task_status *task)
{
    return (double)task->bytes_out;
}

static double
metrics_busy(const struct sl_task_status *task)
{
    return task->busy * 1000;
}

static double
metrics_idle(const struct sl_task_status *task)
{
    return task->idle * 1000;
}

static double
metrics_backpressured(const struct sl_task_status *task)
{
    return task->backpressured * 1000;
}

static double
metrics_late(const struct sl_task_status *task)
{
    return (double)task->late_rows;
}

static double
metrics_watermark(const struct sl_task_status *task)
{
    return (double)task->watermark_ms;
}

/* Flink's names as its Prometheus reporter writes them. */
static const struct metrics_counter metrics_counters[] = {
    {"flink_taskmanager_job_task_numRecordsIn", "counter", metrics_rows_in},
    {"flink_taskmanager_job_task_numRecordsOut", "counter", metrics_rows_out},
    {"flink_taskmanager_job_task_numBytesIn", "counter", metrics_bytes_in},
    {"flink_taskmanager_job_task_numBytesOut", "counter", metrics_bytes_out},
    {"flink_taskmanager_job_task_busyTimeMsPerSecond", "gauge", metrics_busy},
    {"flink_taskmanager_job_task_idleTimeMsPerSecond", "gauge", metrics_idle},
    {"flink_taskmanager_job_task_backPressuredTimeMsPerSecond", "gauge", metrics_backpressured},
    {"flink_taskmanager_job_task_operator_numLateRecordsDropped", "counter", metrics_late},
    {"flink_taskmanager_job_task_operator_currentOutputWatermark", "gauge", metrics_watermark},
};

static void
metrics_label(struct sl_buffer *to, const char *name, const char *value)
{
    sl_buffer_printf(to, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            sl_buffer_add_byte(to, '\\');
        sl_buffer_add_byte(to, *value == '\n' ? ' ' : *value);
    }
    sl_buffer_add_byte(to, '"');
}

static void
metrics_write_tasks(struct sl_job *const *jobs, size_t job_count, struct sl_arena *arena,
                    const struct metrics_counter *counter, struct sl_buffer *to)
{
    sl_buffer_printf(to, "# TYPE %s %s\n", counter->name, counter->type);
    for (size_t j = 0; j < job_count; j++) {
        struct sl_task_status *tasks;
        struct sl_job_status status;
        size_t count = sl_job_tasks(jobs[j], arena, &tasks);

        sl_job_get_status(jobs[j], &status);
        for (size_t i = 0; i < count; i++) {
            sl_buffer_printf(to, "%s{job_id=\"%s\",", counter->name, status.id);
            metrics_label(to, "job_name", status.name);
            sl_buffer_add_byte(to, ',');
            metrics_label(to, "task_name", tasks[i].task);
            sl_buffer_printf(to, ",subtask_index=\"%u\"} %.17g\n", tasks[i].subtask,
                             counter->value(&tasks[i]));
        }
    }
}

static void
metrics_write(struct sl_server *server, struct sl_buffer *to)
{
    struct sl_arena arena;
    struct sl_job **jobs;
    size_t job_count;

    sl_arena_init(&arena);
    job_count = sl_runtime_list_jobs(server->runtime, &arena, &jobs);
    sl_buffer_printf(to, "# TYPE flink_jobmanager_numRunningJobs gauge\n"
                         "flink_jobmanager_numRunningJobs %zu\n",
                     job_count);
    sl_buffer_printf(to, "# TYPE flink_jobmanager_taskSlotsTotal gauge\n"
                         "flink_jobmanager_taskSlotsTotal %u\n",
                     sl_runtime_slot_count(server->runtime));
    sl_buffer_printf(to, "# TYPE sluice_sessions gauge\nsluice_sessions %u\n",
                     atomic_load(&server->session_count));
    sl_buffer_printf(to, "# TYPE sluice_statements_total counter\nsluice_statements_total %llu\n",
                     (unsigned long long)atomic_load(&server->statement_count));
    sl_buffer_add_string(to, "# TYPE flink_jobmanager_job_numRestarts counter\n");
    for (size_t j = 0; j < job_count; j++) {
        struct sl_job_status status;

        sl_job_get_status(jobs[j], &status);
        sl_buffer_printf(to, "flink_jobmanager_job_numRestarts{job_id=\"%s\",", status.id);
        metrics_label(to, "job_name", status.name);
        sl_buffer_printf(to, "} %lld\n", (long long)status.restarts);
    }
    for (size_t i = 0; i < SL_COUNT_OF(metrics_counters); i++)
        metrics_write_tasks(jobs, job_count, &arena, &metrics_counters[i], to);
    for (size_t j = 0; j < job_count; j++)
        sl_job_unref(jobs[j]);
    sl_arena_done(&arena);
}

static enum MHD_Result
metrics_answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
               const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct sl_metrics *metrics = arg;
    bool found = strcmp(url, "/metrics") == 0 && strcmp(method, "GET") == 0;
    struct MHD_Response *response;
    struct sl_buffer text;
    enum MHD_Result result;

    sl_buffer_init(&text, SIZE_MAX / 2);
    if (found)
        metrics_write(metrics->server, &text);
    else
        sl_buffer_add_string(&text, "there is only GET /metrics\n");
    response = MHD_create_response_from_buffer(text.length, text.data, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", "text/plain; version=0.0.4");
    result = MHD_queue_response(connection, found ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND, response);
    MHD_destroy_response(response);
    sl_buffer_done(&text);
    return result;
}

int
sl_metrics_start(struct sl_server *server, uint16_t port, struct sl_error *err)
{
    struct sl_metrics *metrics = sl_alloc_zeroed(sizeof(*metrics));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    metrics->server = server;
    metrics->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, port, NULL, NULL,
                         metrics_answer, metrics, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    if (!metrics->daemon) {
        free(metrics);
        sl_log(SL_LOG_WARN, "no HTTP: the port cannot be had", "port=%u error=\"%s\"", port,
               strerror(errno));
        return SL_AGAIN;
    }
    server->metrics = metrics;
    return SL_OK;
}

void
sl_metrics_stop(struct sl_server *server)
{
    if (!server->metrics)
        return;
    MHD_stop_daemon(server->metrics->daemon);
    free(server->metrics);
    server->metrics = NULL;
}
