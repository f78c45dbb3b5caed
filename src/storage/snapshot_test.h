/* One subtask whose state the tests freeze, store, evict and restore; what they share. */
#ifndef SL_STORAGE_SNAPSHOT_TEST_H
#define SL_STORAGE_SNAPSHOT_TEST_H

#include "data/row.h"
#include "storage/rocks.h"
#include "storage/snapshot.h"

#define JOB "0123456789abcdef0123456789abcdef"

extern struct sl_pool *pool;
extern struct sl_error err;
extern struct sl_arena arena;
extern char data_directory[64];
extern struct sl_state_backend backend; /* ops NULL: none */
extern bool is_volatile;                /* of the next subtasks, like ttl_us */
extern int64_t ttl_us;

/* One subtask: a table of (time, n) → (n * factor, text). */
struct subtask {
    struct sl_state *state;
    struct sl_state_table *table;
};

struct value {
    int64_t number;
    struct sl_view text;
};

void set_up(void);
const char *backend_directory(void);
/* States have a database from the first row on. */
void use_database(void);
void tear_down(void);
void open_subtask(struct subtask *subtask, uint32_t first, uint32_t count);
/* Rows `from` … of one time; text is "<n> times <factor>, and so on". */
void put_rows(struct subtask *subtask, int64_t time, int64_t from, size_t count, int64_t factor);
/* Whatever the last call left to be done. */
void run_io(struct sl_state *state);
void scan_next(struct sl_state *state, struct sl_state_scan *scan, struct sl_state_row *rows,
               size_t max, size_t *ret_count);
/* The sum of the numbers of one time; every text must fit its number. */
int64_t sum_rows(struct subtask *subtask, int64_t time, size_t *ret_count);
const char *directory_of(uint64_t epoch);
/* One subtask's whole checkpoint. */
void take(struct sl_snapshot *snapshot);
struct sl_manifest *read_manifest(uint64_t epoch);
void flip(const char *path, int64_t offset);
struct sl_snapshot *freeze(struct subtask *subtask, uint64_t epoch);
void freeze_and_take(struct subtask *subtask, uint64_t epoch);
/* Whether a checkpoint has these rows of one time, read by `parts` subtasks. */
void expect_restored(uint64_t epoch, uint32_t parts, int64_t time, size_t rows, int64_t sum);
void delete_rows(struct subtask *subtask, int64_t time, int64_t from, size_t count);

#endif
