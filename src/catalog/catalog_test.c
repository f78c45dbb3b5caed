/* The catalog keeps what it was given over a close and an open, and refuses what it must. */
#include "catalog/catalog.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[] = "/tmp/sluice-catalog-XXXXXX";
static struct sl_catalog *catalog;
static struct sl_arena arena;
static struct sl_error err;

static void
set_up(void)
{
    cr_assert_not_null(mkdtemp(directory));
    sl_arena_init(&arena);
    sl_error_reset(&err);
    cr_assert_eq(sl_catalog_open(directory, &catalog, &err), SL_OK, "%s", err.text);
}

static void
tear_down(void)
{
    char command[256];

    sl_catalog_close(catalog);
    sl_arena_done(&arena);
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(catalog, .init = set_up, .fini = tear_down);

static struct sl_table *
make_table(const char *name)
{
    struct sl_table *table = SL_NEW(&arena, struct sl_table);
    struct sl_table_column *columns = SL_NEW_ARRAY(&arena, struct sl_table_column, 3);
    struct sl_option *options = SL_NEW_ARRAY(&arena, struct sl_option, 1);

    columns[0] = (struct sl_table_column){.name = "Id",
                                          .type = sl_type_nullable(&arena, &sl_type_bigint, false)};
    columns[1] = (struct sl_table_column){.name = "v", .type = sl_type_decimal(&arena, 10, 2)};
    columns[2] = (struct sl_table_column){.name = "ts",
                                          .type = &sl_type_timestamp3,
                                          .kind = SL_COLUMN_COMPUTED,
                                          .expression = "now() || 'x'",
                                          .time = SL_TIME_EVENT};
    options[0] = (struct sl_option){"connector", "memory", -1, -1};
    table->schema = "public";
    table->name = name;
    table->columns = columns;
    table->column_count = 3;
    table->watermark_column = 2;
    table->watermark = "ts - INTERVAL '5' SECOND";
    table->primary_key = SL_NEW_ARRAY(&arena, uint32_t, 2);
    table->primary_key[0] = 1;
    table->primary_key[1] = 0;
    table->primary_key_count = 2;
    table->options = (struct sl_option_list){options, 1};
    return table;
}

Test(catalog, a_table_survives_a_restart_whole)
{
    const struct sl_table *found;

    cr_assert_eq(sl_catalog_create_table(catalog, make_table("Bids"), &err), SL_OK, "%s", err.text);
    sl_catalog_close(catalog);
    cr_assert_eq(sl_catalog_open(directory, &catalog, &err), SL_OK, "%s", err.text);
    cr_assert(sl_catalog_find_table(catalog, &arena, 0, "PUBLIC", "bids", &found));
    cr_assert_str_eq(found->name, "Bids");
    cr_assert_eq(found->id, 16384);
    cr_assert_eq(found->column_count, 3);
    cr_assert_str_eq(sl_type_text(&arena, found->columns[0].type), "BIGINT NOT NULL");
    cr_assert_str_eq(sl_type_text(&arena, found->columns[1].type), "DECIMAL(10, 2)");
    cr_assert_str_eq(found->columns[2].expression, "now() || 'x'");
    cr_assert_eq(found->columns[2].time, SL_TIME_EVENT);
    cr_assert_eq(found->primary_key_count, 2);
    cr_assert_eq(found->primary_key[0], 1);
    cr_assert_eq(found->primary_key[1], 0);
    cr_assert_str_eq(sl_option_get(&found->options, "connector"), "memory");
}

Test(catalog, a_name_that_differs_in_case_only_is_taken)
{
    cr_assert_eq(sl_catalog_create_table(catalog, make_table("t"), &err), SL_OK);
    cr_assert_eq(sl_catalog_create_table(catalog, make_table("T"), &err), SL_E_DUPLICATE_TABLE);
    cr_assert_str_eq(err.text, "relation \"T\" already exists");
}

Test(catalog, a_version_that_a_job_uses_stays_until_the_job_ends)
{
    struct sl_table *table = make_table("t");
    struct sl_job_record job = {.id = "00000000000000000000000000000001",
                                .name = "j",
                                .sql = "s",
                                .plan = "{}",
                                .state = SL_JOB_RUNNING,
                                .table_count = 1};
    const struct sl_table *found;
    const char **users;
    uint32_t version = 1;

    cr_assert_eq(sl_catalog_create_table(catalog, table, &err), SL_OK);
    job.table_ids = &table->id;
    job.table_versions = &version;
    cr_assert_eq(sl_catalog_create_job(catalog, &job, &err), SL_OK, "%s", err.text);
    table->column_count = 2;
    table->watermark_column = -1;
    cr_assert_eq(sl_catalog_replace_table(catalog, table, &err), SL_OK, "%s", err.text);
    cr_assert_eq(table->version, 2);
    cr_assert(sl_catalog_table_by_id(catalog, &arena, table->id, 1, &found));
    cr_assert_eq(found->column_count, 3);
    cr_assert(sl_catalog_table_by_id(catalog, &arena, table->id, 0, &found));
    cr_assert_eq(found->column_count, 2);
    cr_assert_eq(sl_catalog_table_users(catalog, &arena, table->id, &users), 1);
    cr_assert_str_eq(users[0], "job 00000000000000000000000000000001");

    cr_assert_eq(
        sl_catalog_update_job(catalog, job.id, SL_JOB_CANCELED, "by a person", 1, 2, 3, &err),
        SL_OK);
    cr_assert_eq(sl_catalog_table_users(catalog, &arena, table->id, &users), 0);
    cr_assert_eq(sl_catalog_drop_table(catalog, table->id, &err), SL_OK);
    cr_assert_not(sl_catalog_table_by_id(catalog, &arena, table->id, 1, &found));
}

Test(catalog, schemas_are_made_listed_and_dropped_only_when_empty)
{
    struct sl_table *table = make_table("t");
    const char **names, *name;

    cr_assert_eq(sl_catalog_create_schema(catalog, "x", NULL, &err), SL_OK);
    cr_assert_eq(sl_catalog_create_schema(catalog, "X", NULL, &err), SL_E_DUPLICATE_SCHEMA);
    cr_assert(sl_catalog_find_schema(catalog, &arena, "default_database", &name));
    cr_assert_str_eq(name, "public");
    cr_assert_eq(sl_catalog_list_schemas(catalog, &arena, &names), 2);
    table->schema = "x";
    cr_assert_eq(sl_catalog_create_table(catalog, table, &err), SL_OK);
    cr_assert_eq(sl_catalog_drop_schema(catalog, "x", &err), SL_E_DEPENDENT_OBJECTS);
    cr_assert_eq(sl_catalog_drop_table(catalog, table->id, &err), SL_OK);
    cr_assert_eq(sl_catalog_drop_schema(catalog, "x", &err), SL_OK);
    cr_assert_eq(sl_catalog_drop_schema(catalog, "x", &err), SL_E_UNDEFINED_SCHEMA);
    cr_assert_eq(sl_catalog_drop_schema(catalog, "public", &err), SL_E_DEPENDENT_OBJECTS);
}

Test(catalog, a_temporary_table_is_its_sessions_and_outlives_it_only_for_a_job)
{
    struct sl_table *table = make_table("t"), *mine = make_table("T");
    struct sl_job_record job = {.id = "00000000000000000000000000000002",
                                .name = "j",
                                .sql = "s",
                                .plan = "{}",
                                .state = SL_JOB_RUNNING,
                                .table_count = 1};
    const struct sl_table *found, **tables;
    uint32_t version = 1;

    mine->session = 7;
    cr_assert_eq(sl_catalog_create_table(catalog, table, &err), SL_OK);
    cr_assert_eq(sl_catalog_create_table(catalog, mine, &err), SL_OK);
    cr_assert_eq(sl_catalog_create_table(catalog, mine, &err), SL_E_DUPLICATE_TABLE);
    cr_assert(sl_catalog_find_table(catalog, &arena, 7, "public", "t", &found));
    cr_assert_str_eq(found->name, "T");
    cr_assert(sl_catalog_find_table(catalog, &arena, 8, "public", "t", &found));
    cr_assert_str_eq(found->name, "t");
    cr_assert_eq(sl_catalog_list_tables(catalog, &arena, 7, "public", &tables), 2);
    cr_assert_eq(sl_catalog_list_tables(catalog, &arena, 8, "public", &tables), 1);

    mine->id = 16385;
    job.table_ids = &mine->id;
    job.table_versions = &version;
    cr_assert_eq(sl_catalog_create_job(catalog, &job, &err), SL_OK);
    cr_assert_eq(sl_catalog_drop_session(catalog, 7, &err), SL_OK, "%s", err.text);
    sl_catalog_close(catalog);
    cr_assert_eq(sl_catalog_open(directory, &catalog, &err), SL_OK, "%s", err.text);
    cr_assert(sl_catalog_find_table(catalog, &arena, 7, "public", "t", &found));
    cr_assert_str_eq(found->name, "t");
    cr_assert(sl_catalog_table_by_id(catalog, &arena, 16385, 1, &found));
    cr_assert_eq(sl_catalog_update_job(catalog, job.id, SL_JOB_FINISHED, "", 1, 2, 0, &err), SL_OK);
    sl_catalog_close(catalog);
    cr_assert_eq(sl_catalog_open(directory, &catalog, &err), SL_OK, "%s", err.text);
    cr_assert_not(sl_catalog_table_by_id(catalog, &arena, 16385, 0, &found));
}

static void
set_format(const char *format)
{
    char path[256], sql[128];
    sqlite3 *db;

    snprintf(path, sizeof(path), "%s/catalog.db", directory);
    snprintf(sql, sizeof(sql), "UPDATE meta SET value = '%s' WHERE key = 'format'", format);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

Test(catalog, another_format_is_refused)
{
    char format[8];

    sl_catalog_close(catalog);
    set_format("99");
    cr_expect_eq(sl_catalog_open(directory, &catalog, &err), SL_E_OBJECT_STATE);
    cr_assert_eq(sscanf(strstr(err.text, "has format "),
                        "has format 99, this server reads format %7s", format),
                 1, "%s", err.text);
    cr_expect_not_null(strstr(err.hint, "release that wrote it"), "%s", err.hint);
    set_format(format);
    cr_expect_eq(sl_catalog_open(directory, &catalog, &err), SL_OK, "%s", err.text);
}
