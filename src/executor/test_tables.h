/* For tests: tables of 64-bit columns behind the connector seam, and plans over them.  They stand
 * in for all connectors: linking test_tables.c replaces sl_connector_find. */
#ifndef SL_EXECUTOR_TEST_TABLES_H
#define SL_EXECUTOR_TEST_TABLES_H

#include "connector/connector.h"
#include "plan/physical.h"

#define TEST_COLUMNS_MAX 8

struct test_row {
    int64_t values[TEST_COLUMNS_MAX];
    uint8_t kind;
    bool is_null; /* column 0 is NULL */
};

/* Tables live for the whole process, by id; row i belongs to split i mod split_count. */
void test_tables_reset(void);
void test_table_new(uint64_t id, size_t column_count, uint32_t split_count);
void test_table_add(uint64_t id, const struct test_row *row);
size_t test_table_count(uint64_t id);
struct test_row test_table_row(uint64_t id, size_t index);
/* Order-free and order-true digests of the rows. */
uint64_t test_table_sum(uint64_t id);
uint64_t test_table_hash(uint64_t id);
/* The source's next open or poll fails so: a code of errors.def, 0: not. */
void test_table_fail(uint64_t id, int code);
/* The same for the next time that it is asked for its end. */
void test_table_fail_refresh(uint64_t id, int code);
/* Its sink takes no more, but acknowledges what it has taken, until it is let go. */
void test_table_hold(uint64_t id, bool is_held);
/* Rows a poll hands on at most; 0: a number from env->random. */
void test_tables_chunk(uint32_t row_count);
void test_table_end(uint64_t id); /* is bounded from now on */

/* A number below `limit`, the same ones for the same seed. */
uint64_t test_chance(uint64_t *seed, uint64_t limit);

/* --- plans; everything in the arena --- */

struct test_plan {
    struct sl_arena *arena;
    struct sl_phys_plan *plan;
};
void test_plan_init(struct test_plan *plan, struct sl_arena *arena);
/* arg NULL: COUNT(*). */
struct sl_aggregate *test_aggregate(struct sl_arena *arena, const char *name, struct sl_expr *arg,
                                    bool distinct);
struct sl_schema *test_schema(struct sl_arena *arena, size_t column_count);
/* Column 0 is the event time; its watermark is itself minus delay_us (0 or more), or none (-1). */
struct sl_phys_node *test_plan_scan(struct test_plan *plan, uint64_t table, size_t column_count,
                                    uint32_t parallelism, int64_t delay_us, bool bounded);
struct sl_phys_node *test_plan_values(struct test_plan *plan, const struct test_row *rows,
                                      size_t row_count, size_t column_count);
/* Passes all columns; keeps rows whose column is greater than `above`. */
struct sl_phys_node *test_plan_calc(struct test_plan *plan, struct sl_phys_node *input,
                                    uint32_t column, int64_t above);
struct sl_phys_node *test_plan_union(struct test_plan *plan, struct sl_phys_node *a,
                                     struct sl_phys_node *b, uint32_t parallelism);
/* COUNT(*), SUM(sum_column) by key_column in tumbling windows over column 0; output: key, count,
 * sum, window start, window end. */
struct sl_phys_node *test_plan_tumble(struct test_plan *plan, struct sl_phys_node *input,
                                      uint32_t parallelism, uint32_t key_column,
                                      uint32_t sum_column, int64_t size_us);
/* The same node with results that are updated. */
void test_plan_emit(struct test_plan *plan, struct sl_phys_node *tumble,
                    const struct sl_emit_strategy *emit);
/* Of rows (time, key, value) with equal keys whose times are at most near_us apart; output: time,
 * key and value of the left one, time and value of the right one, -1 where there is none. */
struct sl_phys_node *test_plan_interval_join(struct test_plan *plan, enum sl_join_kind kind,
                                             struct sl_phys_node *a, struct sl_phys_node *b,
                                             uint32_t parallelism, int64_t near_us);
struct sl_phys_node *test_plan_sink(struct test_plan *plan, struct sl_phys_node *input,
                                    uint32_t parallelism, uint64_t table);
/* The same, exactly once in a job that takes checkpoints. */
struct sl_phys_node *test_plan_published(struct test_plan *plan, struct sl_phys_node *input,
                                         uint32_t parallelism, uint64_t table);
struct sl_phys_node *test_plan_collect(struct test_plan *plan, struct sl_phys_node *input);
/* The exchange of input 0 of `node`. */
void test_plan_exchange(struct sl_phys_node *node, enum sl_exchange_kind kind, uint32_t *keys,
                        size_t key_count);

#endif
