/* A planner with a catalog of its own, connectors that only describe themselves, and settings. */
#ifndef SL_PLANNER_TEST_H
#define SL_PLANNER_TEST_H

#include "parser/parser.h"
#include "planner/planner.h"

struct planner_test {
    struct sl_arena arena;
    struct sl_catalog *catalog;
    char directory[64];
    struct sl_error err;
    const char *sql; /* of the last statement */
    const struct sl_type *param_types[8];
    const struct sl_value *param_values;
    size_t param_count;
    bool executes;              /* statements are planned to be run, not to be explained */
    bool changelog_mode;        /* plans tell their row kinds */
    const char *insert;         /* of the last CREATE TABLE … AS */
    struct sl_planned *planned; /* by the last statement that has a plan */
};

void planner_test_start(struct planner_test *test);
void planner_test_stop(struct planner_test *test);
void planner_test_set(const char *key, const char *value); /* until the test stops */
/* Runs DDL, plans everything else; a script of several statements stops at the first error. */
int planner_test_run(struct planner_test *test, const char *sql);
/* The physical plan of a statement as EXPLAIN prints it, without its heading and the tasks. */
const char *planner_test_plan(struct planner_test *test, const char *sql);
const char *planner_test_tasks(struct planner_test *test, const char *sql);
/* Fails the test unless the statement is refused with this SQLSTATE at the last place where `at`
 * stands in it (NULL: no position is asked for). */
void planner_test_refused(struct planner_test *test, const char *sql, const char *sqlstate,
                          const char *at);
void planner_test_hint(struct planner_test *test, const char *hint);

#define PLAN(test, sql, ...)                                                                       \
    do {                                                                                           \
        const char *expected_ = __VA_ARGS__;                                                       \
        const char *actual_ = planner_test_plan((test), (sql));                                    \
        cr_assert(strcmp(actual_, expected_) == 0, "%s\n--- planned:\n%s--- expected:\n%s", (sql), \
                  actual_, expected_);                                                             \
    } while (0)

#endif
