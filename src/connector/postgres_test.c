/* The postgres connector's URL and table names; what needs a server is in tests/postgres. */
#include "connector/postgres_internal.h"

#include <criterion/criterion.h>

static struct sl_arena arena;
static struct sl_pg_options options;
static struct sl_error err;

static int
read_options(const char *url, const char *table)
{
    struct sl_option items[] = {{"url", url, 17, 25}, {"table-name", table, -1, -1}};
    struct sl_option_list list = {items, SL_COUNT_OF(items)};

    sl_error_reset(&err);
    return sl_pg_options_read(&arena, &list, &options, &err);
}

static void
begin(void)
{
    sl_arena_init(&arena);
}

static void
end(void)
{
    sl_arena_done(&arena);
}

TestSuite(postgres, .init = begin, .fini = end);

Test(postgres, hosts_of_a_url)
{
    cr_assert_eq(read_options("jdbc:postgresql://db:6000/shop", "t"), SL_OK, "%s", err.text);
    cr_expect_str_eq(options.hosts, "db");
    cr_expect_str_eq(options.ports, "6000");
    cr_expect_str_eq(options.database, "shop");
    cr_assert_eq(read_options("postgresql://a,b:6001,[::1]:6002,[::2]/shop", "t"), SL_OK, "%s",
                 err.text);
    cr_expect_str_eq(options.hosts, "a,b,::1,::2");
    cr_expect_str_eq(options.ports, "5432,6001,6002,5432");
    cr_assert_eq(read_options("postgres:///shop", "t"), SL_OK, "%s", err.text);
    cr_expect_str_eq(options.hosts, "localhost");
}

Test(postgres, parameters_of_a_url)
{
    cr_assert_eq(read_options("jdbc:postgresql://h/d%20b?user=a%40b&password=%3d%26&ssl=true"
                              "&currentSchema=s&ApplicationName=x&reWriteBatchedInserts=true",
                              "t"),
                 SL_OK, "%s", err.text);
    cr_expect_str_eq(options.database, "d b");
    cr_expect_str_eq(options.user, "a@b");
    cr_expect_str_eq(options.password, "=&");
    cr_expect_str_eq(options.sslmode, "require");
    cr_expect_str_eq(options.search_path, "s");
    cr_expect_str_eq(options.application, "x");
}

/* Sockets and files of the server are out of reach, and nothing is ignored. */
Test(postgres, urls_that_are_refused)
{
    static const char *const urls[] = {
        "jdbc:postgresql://h",
        "jdbc:postgresql://h/",
        "jdbc:postgresql:d",
        "jdbc:postgresql://%2Ftmp/d",
        "jdbc:postgresql://u:p@h/d",
        "jdbc:postgresql://h:0/d",
        "jdbc:postgresql://h:x/d",
        "jdbc:postgresql://h/d%",
        "jdbc:postgresql://h/d%zz",
        "jdbc:postgresql://h/d%00",
        "jdbc:postgresql://h/d?host=/x",
        "mysql://h/d",
        "jdbc:postgresql://h/d?a",
        "",
        "jdbc:",
        "jdbc:postgresql://h/d?user=%",
        "jdbc:mysql://h/d",
        "jdbc:postgresql://[::1/d",
        "jdbc:postgresql://h/d?reWriteBatchedInserts=false",
    };

    for (size_t i = 0; i < SL_COUNT_OF(urls); i++)
        cr_expect_lt(read_options(urls[i], "t"), 0, "%s", urls[i]);
}

Test(postgres, table_names)
{
    static const char url[] = "jdbc:postgresql://h/d";

    cr_assert_eq(read_options(url, "t"), SL_OK);
    cr_expect_str_eq(options.schema, "");
    cr_expect_str_eq(options.table, "t");
    cr_assert_eq(read_options(url, "\"a.b\".\"c\"\"d\""), SL_OK);
    cr_expect_str_eq(options.schema, "a.b");
    cr_expect_str_eq(options.table, "c\"d");
    cr_expect_lt(read_options(url, ""), 0);
    cr_expect_lt(read_options(url, "a."), 0);
    cr_expect_lt(read_options(url, "a.b.c"), 0);
}

Test(postgres, identifiers_are_quoted)
{
    struct sl_buffer text;

    sl_buffer_init(&text, 100);
    sl_pg_quote(&text, "a\"; b");
    cr_expect_str_eq(text.data, "\"a\"\"; b\"");
    sl_buffer_done(&text);
}
