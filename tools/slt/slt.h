/* The SQL test runner: sqllogictest files with feed, settle, end, advance and crash.
 * docs/testing.md describes the files; README.md here, how the runner is built. */
#ifndef SL_TOOLS_SLT_H
#define SL_TOOLS_SLT_H

#include "base/arena.h"
#include "base/buffer.h"

#include <libpq-fe.h>
#include <sys/types.h>

/* --- files --- */

enum slt_kind {
    SLT_STATEMENT_OK,
    SLT_STATEMENT_ERROR,
    SLT_QUERY,
    SLT_CHANGELOG,
    SLT_PLAN,
    SLT_FEED,
    SLT_SETTLE,
    SLT_END,
    SLT_ADVANCE,
    SLT_CRASH,
    SLT_SHELL,
    SLT_NO_RESTORES, /* of the whole file */
};

struct slt_record {
    enum slt_kind kind;
    int line;             /* in the file, from 1 */
    const char *argument; /* table, interval, SQLSTATE, count, command; NULL: none */
    const char *pattern;  /* of the error's message; NULL: any */
    bool sorted;          /* the order of rows is free */
    bool with_kinds;      /* feed: lines begin with a row kind */
    const char *sql;      /* or the fed lines */
    const char **expected;
    size_t expected_count;
};

struct slt_script {
    const char *path;
    struct slt_record *records;
    size_t count;
    bool is_streaming;    /* runs in the matrix */
    bool needs_virtual;   /* has `advance` */
    bool reads_changelog; /* mini-batch is off for the whole file */
    bool never_restores;  /* says `norestore`: it looks at what a restart changes */
};

/* Reads a file; ${NAME} is replaced from the environment.  False: *ret_message says what is wrong.
 */
bool slt_script_read(struct sl_arena *arena, const char *path, struct slt_script *script,
                     const char **ret_message);

/* --- servers --- */

#define SLT_SETTINGS_MAX 4

struct slt_server {
    const char *binary;
    bool is_virtual;
    bool is_tight;       /* has little memory: state is in databases */
    char directory[256]; /* its data, for shell commands: SLT_DATA; the port is SLT_PORT */
    pid_t pid;
    int port;
    const char *const *settings; /* KEY=VALUE, up to a NULL; NULL: none */
    const char *conninfo;        /* of a running server; then nothing is started */
};

bool slt_server_start(struct slt_server *server); /* also again, after a kill */
void slt_server_kill(struct slt_server *server);  /* SIGKILL */
int slt_server_stop(struct slt_server *server);   /* SIGTERM; its wait status, 0: all is well */
void slt_server_clean(struct slt_server *server); /* removes its directory */
PGconn *slt_server_connect(const struct slt_server *server);

/* --- running --- */

struct slt_config {
    int parallelism;
    int batch_size;
    bool restores; /* after every few fed rows and every settle each job takes a checkpoint, fails,
                      and is restored from it */
};

/* Runs all records; false: *ret_line and *ret_message (of the arena) say where and what. */
bool slt_run(struct sl_arena *arena, const struct slt_script *script, struct slt_server *server,
             const struct slt_config *config, int *ret_line, const char **ret_message);

#endif
