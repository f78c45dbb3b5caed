/* sluiced: arguments, configuration, start, signals, stop.  The contract of the command line is in
 * docs/operations.md. */
#include "base/fault.h"
#include "base/log.h"
#include "connector/connector.h"
#include "connector/memory_store.h"
#include "executor/operator.h"
#include "format/format.h"
#include "plan/descriptors.h"
#include "server/deaths.h"
#include "server/jobs.h"
#include "server/memory_table.h"
#include "server/server.h"
#include "server/state_space.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAIN_STOP_S = 8,
    MAIN_IO_THREADS_MAX = 64,
    MAIN_STARTUP_TIMEOUT_S = 10,
    MAIN_PLUGINS_MAX = 64
};

/* jemalloc's: memory that a compaction let go of is the system's again after a second, not ten. */
extern const char *malloc_conf;
const char *malloc_conf = "dirty_decay_ms:1000,muzzy_decay_ms:0";

struct main_options {
    const char *data_directory, *host;
    uint16_t port, http_port;
    bool virtual_time, paused, print_config;
    uint32_t slot_count;
};

static const char main_help[] =
    "sluiced: a streaming SQL database server\n"
    "\n"
    "Usage: sluiced --data DIR [OPTION]...\n"
    "\n"
    "  --data DIR           directory of the catalog, memory tables and state; made if absent\n"
    "  --port N             port for PostgreSQL clients (5433; 0: any free one)\n"
    "  --host ADDRESS       loopback address to listen on (127.0.0.1)\n"
    "  --http-port N        port of GET /metrics (8081; 0: no HTTP)\n"
    "  --slots N            worker threads (the number of cores)\n"
    "  --config FILE        settings, one key = value a line\n"
    "  --set 'key=value'    one setting; beats the file\n"
    "  --virtual-time       processing time stands still but for CALL sluice.advance_time\n"
    "  --paused             start no job\n"
    "  --print-config       print a commented configuration file, and end\n"
    "  --version, --help\n"
    "\n"
    "When it is ready it prints `ready port=N`.  Connect with: psql -h 127.0.0.1 -p N\n";

/* --- arguments --- */

enum {
    OPTION_DATA = 256,
    OPTION_PORT,
    OPTION_HOST,
    OPTION_HTTP_PORT,
    OPTION_SLOTS,
    OPTION_CONFIG,
    OPTION_SET,
    OPTION_VIRTUAL_TIME,
    OPTION_PAUSED,
    OPTION_PRINT_CONFIG,
    OPTION_VERSION,
    OPTION_HELP,
};

static const struct option main_long_options[] = {
    {"data", required_argument, NULL, OPTION_DATA},
    {"port", required_argument, NULL, OPTION_PORT},
    {"host", required_argument, NULL, OPTION_HOST},
    {"http-port", required_argument, NULL, OPTION_HTTP_PORT},
    {"slots", required_argument, NULL, OPTION_SLOTS},
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"set", required_argument, NULL, OPTION_SET},
    {"virtual-time", no_argument, NULL, OPTION_VIRTUAL_TIME},
    {"paused", no_argument, NULL, OPTION_PAUSED},
    {"print-config", no_argument, NULL, OPTION_PRINT_CONFIG},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int
main_number(const char *option, const char *text, int64_t max, int64_t *ret_value,
            struct sl_error *err)
{
    if (!sl_parse_int64(text, ret_value) || *ret_value < 0 || *ret_value > max)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "%s takes a number from 0 to %lld, not \"%s\"", option, (long long)max,
                        text);
    return SL_OK;
}

static int
main_set(struct sl_settings *settings, const char *pair, struct sl_error *err)
{
    const char *equals = strchr(pair, '=');
    struct sl_text name;

    if (!equals)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "--set takes key=value, not \"%s\"",
                        pair);
    name = (struct sl_text){pair, (size_t)(equals - pair)};
    while (name.length && name.start[name.length - 1] == ' ')
        name.length--;
    equals += strspn(equals + 1, " ");
    return sl_settings_set(settings, name, equals + 1, SL_SETTING_G, err);
}

static int
main_apply(struct main_options *options, int option, struct sl_error *err)
{
    int64_t number = 0;

    switch (option) {
    case OPTION_DATA:
        options->data_directory = optarg;
        return SL_OK;
    case OPTION_HOST:
        options->host = optarg;
        return SL_OK;
    case OPTION_PORT:
        SL_TRY(main_number("--port", optarg, UINT16_MAX, &number, err));
        options->port = (uint16_t)number;
        return SL_OK;
    case OPTION_HTTP_PORT:
        SL_TRY(main_number("--http-port", optarg, UINT16_MAX, &number, err));
        options->http_port = (uint16_t)number;
        return SL_OK;
    case OPTION_SLOTS:
        SL_TRY(main_number("--slots", optarg, 1024, &number, err));
        if (number == 0)
            return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "--slots must be at least 1");
        options->slot_count = (uint32_t)number;
        return SL_OK;
    case OPTION_VIRTUAL_TIME:
        options->virtual_time = true;
        return SL_OK;
    case OPTION_PAUSED:
        options->paused = true;
        return SL_OK;
    case OPTION_PRINT_CONFIG:
        options->print_config = true;
        return SL_OK;
    default:
        return SL_OK;
    }
}

/* First the file, then --set, whatever their order on the command line. */
static int
main_read_settings(struct sl_settings *settings, int argc, char **argv, struct sl_error *err)
{
    int option;

    for (int pass = 0; pass < 2; pass++) {
        optind = 1;
        while ((option = getopt_long(argc, argv, "", main_long_options, NULL)) != -1) {
            if (pass == 0 && option == OPTION_CONFIG)
                SL_TRY(sl_settings_read_file(settings, optarg, err));
            if (pass == 1 && option == OPTION_SET)
                SL_TRY(main_set(settings, optarg, err));
        }
    }
    return SL_OK;
}

/* SL_EOF: all is said, end with success. */
static int
main_read_arguments(struct main_options *options, struct sl_settings *settings, int argc,
                    char **argv, struct sl_error *err)
{
    int option;

    while ((option = getopt_long(argc, argv, "", main_long_options, NULL)) != -1) {
        if (option == OPTION_HELP || option == OPTION_VERSION) {
            fputs(option == OPTION_HELP ? main_help : "sluiced " SL_SLUICE_VERSION "\n", stdout);
            return SL_EOF;
        }
        if (option == '?') {
            SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "unknown argument");
            return sl_error_hint(err, "sluiced --help lists them");
        }
        SL_TRY(main_apply(options, option, err));
    }
    if (optind < argc)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "unknown argument \"%s\"", argv[optind]);
    SL_TRY(main_read_settings(settings, argc, argv, err));
    if (options->print_config) {
        struct sl_buffer text;

        sl_buffer_init(&text, SIZE_MAX / 2);
        sl_settings_write_sample(&text);
        fputs(text.data, stdout);
        sl_buffer_done(&text);
        return SL_EOF;
    }
    if (!options->data_directory)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "--data DIR is needed");
    return SL_OK;
}

/* --- the data directory --- */

/* The lock is held until the process ends. */
static int
main_lock_directory(const char *directory, struct sl_error *err)
{
    char path[4096];
    int fd;

    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return SL_ERROR(err, SL_E_IO, "cannot make the data directory %s: %s", directory,
                        strerror(errno));
    snprintf(path, sizeof(path), "%s/lock", directory);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return SL_ERROR(err, SL_E_IO, "cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        SL_ERROR(err, SL_E_OBJECT_IN_USE, "another server uses the data directory %s", directory);
        return sl_error_hint(err, "stop it, or name another directory with --data");
    }
    return SL_OK;
}

/* --- start and stop --- */

static void
main_install_plugins(void)
{
    /* The planner keeps the lists. */
    static const struct sl_connector_descriptor *connectors[MAIN_PLUGINS_MAX];
    static const struct sl_format_descriptor *formats[MAIN_PLUGINS_MAX];
    size_t connector_count = sl_connectors_init(connectors, MAIN_PLUGINS_MAX);
    size_t format_count = sl_formats_init(formats, MAIN_PLUGINS_MAX);

    sl_operators_init();
    sl_descriptors_install(connectors, connector_count, formats, format_count);
}

static int
main_start(struct sl_server *server, const struct main_options *options, struct sl_error *err)
{
    struct sl_runtime_config runtime = {
        .env = server->env,
        .slot_count = options->slot_count,
        .slot_memory_bytes =
            sl_settings_integer(&server->settings, "taskmanager.memory.managed.size"),
        .data_directory = options->data_directory,
        .job_changed = sl_jobs_changed,
        .arg = server,
    };
    struct sl_net_config net = {
        .host = options->host,
        .port = options->port,
        .socket_directory = options->data_directory,
        .connection_max =
            (uint32_t)sl_settings_integer(&server->settings, "sluice.connections.max"),
        .message_bytes_max =
            (uint32_t)sl_settings_integer(&server->settings, "sluice.message-bytes.max"),
        .startup_timeout_us = MAIN_STARTUP_TIMEOUT_S * INT64_C(1000000),
        .env = server->env,
        .ops = &sl_session_ops,
        .arg = server,
    };

    SL_TRY(main_lock_directory(options->data_directory, err));
    SL_TRY(sl_catalog_open(options->data_directory, &server->catalog, err));
    SL_TRY(sl_deaths_charge(options->data_directory, server->catalog, err));
    SL_TRY(sl_memory_tables_recover(options->data_directory, server->catalog, err));
    SL_TRY(sl_state_space_open(server, &runtime, err));
    server->jobs = sl_jobs_new(server);
    server->runtime = sl_runtime_new(&runtime);
    if (!options->paused) {
        SL_TRY(sl_deaths_watch(options->data_directory, err));
        sl_jobs_restart(server);
    }
    sl_runtime_guard_disk(server->runtime,
                          sl_settings_integer(&server->settings, "sluice.disk.free-min"));
    sl_runtime_start_checkpoints(server->runtime);
    SL_TRY(sl_net_server_new(&net, &server->net, err));
    if (options->http_port)
        SL_TRY(sl_metrics_start(server, options->http_port, err));
    return SL_OK;
}

/* Jobs stop and stay RUNNING in the catalog. */
static void
main_stop(struct sl_server *server)
{
    if (server->metrics)
        sl_metrics_stop(server);
    if (server->jobs)
        sl_jobs_close(server);
    if (server->net)
        sl_net_server_free(server->net);
    if (server->runtime)
        sl_runtime_free(server->runtime);
    sl_state_space_close(server);
    if (server->jobs)
        sl_jobs_free(server->jobs);
    if (server->catalog)
        sl_catalog_close(server->catalog);
    sl_memory_store_close();
    sl_env_system_free(server->env);
    sl_settings_done(&server->settings);
}

static void
main_give_up(int signal)
{
    static const char said[] = "sluiced: somebody outside does not answer; stopping without them\n";

    if (write(STDERR_FILENO, said, sizeof(said) - 1) < 0) {
        /* Nobody listens any more. */
    }
    _exit(EXIT_SUCCESS);
}

/* An I/O thread may wait for a broker or a database for longer than a stop may take.  Ending then
 * is as safe as kill -9. */
static void
main_bound_stop(void)
{
    signal(SIGALRM, main_give_up);
    alarm(MAIN_STOP_S);
}

static void
main_raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void
main_report(const struct sl_error *err)
{
    fprintf(stderr, "sluiced: %s\n", err->text);
    if (err->hint[0])
        fprintf(stderr, "hint: %s\n", err->hint);
}

int
main(int argc, char **argv)
{
    struct main_options options = {.host = "127.0.0.1",
                                   .port = 5433,
                                   .http_port = 8081,
                                   .slot_count = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN)};
    static struct sl_server server;
    enum sl_log_level level;
    struct sl_error err;
    sigset_t signals;
    int rc, received;

    sl_error_reset(&err);
    sl_settings_init(&server.settings, NULL);
    rc = main_read_arguments(&options, &server.settings, argc, argv, &err);
    if (rc != SL_OK) {
        if (rc < 0)
            main_report(&err);
        return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    /* Before the first thread, so that only sigwait below gets them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    sl_fault_arm();
    signal(SIGPIPE, SIG_IGN);
    main_raise_file_limit();
    if (sl_log_level_parse(sl_settings_get(&server.settings, "sluice.log-level"), &level))
        sl_log_set_level(level);
    main_install_plugins();
    server.env = sl_env_system_new(MAIN_IO_THREADS_MAX, options.virtual_time);
    server.data_directory = options.data_directory;
    rc = main_start(&server, &options, &err);
    if (rc < 0) {
        main_report(&err);
        main_stop(&server);
        return EXIT_FAILURE;
    }
    printf("ready port=%u\n", sl_net_server_port(server.net));
    fflush(stdout);
    sl_log(SL_LOG_INFO, "ready", "port=%u slots=%u data=%s", sl_net_server_port(server.net),
           options.slot_count, options.data_directory);
    sigwait(&signals, &received);
    sl_log(SL_LOG_INFO, "stopping", "signal=%d", received);
    main_bound_stop();
    main_stop(&server);
    return EXIT_SUCCESS;
}
