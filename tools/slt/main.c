/* slt FILE…: runs test files, each streaming one in the matrix of parallelism and batch size,
 * prints a line a file, and ends with `N passed, N failed`. */
#include "slt.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct slt_config main_matrix[] = {
    {1, 4096, false}, {1, 1, false}, {4, 4096, false}, {4, 1, false},
    {1, 4096, true},  {1, 1, true},  {4, 4096, true},  {4, 1, true},
};

static const char main_help[] =
    "slt: runs SQL test files against sluiced\n"
    "\n"
    "Usage: slt [OPTION]... FILE...\n"
    "\n"
    "  --sluiced PATH      the server to start (sluiced beside this program)\n"
    "  --server CONNINFO   use a running server instead, e.g. 'host=127.0.0.1 port=5433 user=me'\n"
    "  --parallelism N     only this parallelism\n"
    "  --batch-size N      only this batch size\n"
    "  --set KEY=VALUE     a setting of the servers that it starts; up to 4\n"
    "  --no-restores       without the runs in which every job fails and is restored\n"
    "  --keep              leave the directory of a server whose file failed; it is in $TMPDIR, "
    "else /tmp\n"
    "  --help\n";

struct main_options {
    char binary[4096];
    const char *conninfo;
    const char *settings[SLT_SETTINGS_MAX + 1]; /* up to a NULL */
    size_t setting_count;
    int parallelism, batch_size;
    bool no_restores;
    bool keep;
};

/* Half of the matrix has its state in memory, the other half as far as possible outside. */
static bool
main_is_tight(const struct slt_script *script, const struct slt_config *config)
{
    return script->is_streaming && config->restores == (config->batch_size > 1);
}

static bool
main_run_once(const struct slt_script *script, const struct main_options *options,
              const struct slt_config *config)
{
    struct slt_server server = {.binary = options->binary,
                                .is_virtual = script->needs_virtual,
                                .is_tight = main_is_tight(script, config),
                                .settings = options->settings,
                                .conninfo = options->conninfo};
    struct sl_arena arena;
    const char *message = "the server did not start";
    int line = 0, status;
    bool good;

    sl_arena_init(&arena);
    good = slt_server_start(&server) && slt_run(&arena, script, &server, config, &line, &message);
    if (good && (status = slt_server_stop(&server)) != 0) {
        good = false;
        line = 0;
        message = sl_arena_printf(&arena, "the server ended with %s %d: its log says why (--keep)",
                                  WIFSIGNALED(status) ? "signal" : "exit code",
                                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    if (!good) {
        printf("FAIL %s:%d (parallelism %d, batches of %d%s): %s\n", script->path, line,
               config->parallelism, config->batch_size, config->restores ? ", restores" : "",
               message);
        if (options->keep)
            printf("  left: %s\n", server.directory);
    }
    if (!good && options->keep && server.pid > 0)
        slt_server_kill(&server);
    slt_server_stop(&server);
    if (good || !options->keep)
        slt_server_clean(&server);
    sl_arena_done(&arena);
    return good;
}

/* Each run reads the file anew: ${SLT_RUN} is another name in every run, for what outlives a server
 * (a topic, a directory). */
static bool
main_read(struct sl_arena *arena, const char *path, size_t run, struct slt_script *script)
{
    const char *message;
    char name[64];

    snprintf(name, sizeof(name), "%ld_%zu", (long)getpid(), run);
    setenv("SLT_RUN", name, 1);
    if (slt_script_read(arena, path, script, &message))
        return true;
    printf("FAIL %s: %s\n", path, message);
    return false;
}

/* A file that does not stream runs once, whatever was asked for. */
static bool
main_is_wanted(const struct slt_script *script, const struct main_options *options,
               const struct slt_config *config)
{
    if (!script->is_streaming)
        return config == &main_matrix[0];
    if (config->restores && (script->never_restores || options->no_restores))
        return false;
    return (!options->parallelism || config->parallelism == options->parallelism) &&
           (!options->batch_size || config->batch_size == options->batch_size);
}

static bool
main_run_file(const char *path, const struct main_options *options)
{
    struct slt_script script;
    struct sl_arena arena;
    int runs = 0;
    bool good = true;

    sl_arena_init(&arena);
    for (size_t i = 0; good && i < SL_COUNT_OF(main_matrix); i++) {
        const struct slt_config *config = &main_matrix[i];

        good = main_read(&arena, path, i, &script);
        if (!good || !main_is_wanted(&script, options, config))
            continue;
        good = main_run_once(&script, options, config);
        runs++;
    }
    if (good && runs == 0) {
        printf("FAIL %s: the matrix has no such parallelism and batch size\n", path);
        good = false;
    }
    if (good)
        printf("ok   %s (%d run%s)\n", path, runs, runs == 1 ? "" : "s");
    fflush(stdout);
    sl_arena_done(&arena);
    return good;
}

/* sluiced beside slt, or in the folder above (build/tools/slt/slt, build/src/server/sluiced). */
static void
main_find_binary(struct main_options *options)
{
    static const char *const places[] = {"sluiced", "../sluiced", "../../sluiced"};
    char self[2048];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

    self[length < 0 ? 0 : length] = '\0';
    for (size_t i = 0; i < SL_COUNT_OF(places); i++) {
        char *slash = strrchr(self, '/');

        snprintf(options->binary, sizeof(options->binary), "%.*s/%s",
                 slash ? (int)(slash - self) : 0, self, places[i]);
        if (access(options->binary, X_OK) == 0)
            return;
    }
}

int
main(int argc, char **argv)
{
    static const struct option long_options[] = {{"sluiced", required_argument, NULL, 'b'},
                                                 {"server", required_argument, NULL, 's'},
                                                 {"parallelism", required_argument, NULL, 'p'},
                                                 {"batch-size", required_argument, NULL, 'n'},
                                                 {"set", required_argument, NULL, 'e'},
                                                 {"no-restores", no_argument, NULL, 'r'},
                                                 {"keep", no_argument, NULL, 'k'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    struct main_options options = {0};
    int option, passed = 0, failed = 0;

    main_find_binary(&options);
    signal(SIGPIPE, SIG_IGN);
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'b':
            snprintf(options.binary, sizeof(options.binary), "%s", optarg);
            break;
        case 's':
            options.conninfo = optarg;
            break;
        case 'p':
            options.parallelism = atoi(optarg);
            break;
        case 'n':
            options.batch_size = atoi(optarg);
            break;
        case 'e':
            if (options.setting_count == SLT_SETTINGS_MAX) {
                fputs(main_help, stdout);
                return EXIT_FAILURE;
            }
            options.settings[options.setting_count++] = optarg;
            break;
        case 'r':
            options.no_restores = true;
            break;
        case 'k':
            options.keep = true;
            break;
        default:
            fputs(main_help, stdout);
            return option == 'h' ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    }
    for (int i = optind; i < argc; i++) {
        if (main_run_file(argv[i], &options))
            passed++;
        else
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || passed == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
