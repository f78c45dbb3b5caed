/* The options of the postgres connector, and its URL: an allow-list of what libpq could be told,
 * since some of it reads files or uses the server's own identity. */
#include "connector/postgres_internal.h"

#include "base/secret.h"

#include <ctype.h>
#include <stdlib.h>

#define PG_READS_LATER "tables of PostgreSQL can only be written to yet"

const struct sl_option_spec sl_pg_option_specs[] = {
    {.name = "url",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_REQUIRED,
     .help = "jdbc:postgresql://host:port/database?user=…&password=…, also without the jdbc:"},
    {.name = "table-name",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_REQUIRED,
     .help = "the table to write to, with or without a schema before it"},
    {.name = "username", .type = SL_OPTION_STRING, .help = "who writes; beats the URL's user"},
    {.name = "password", .type = SL_OPTION_STRING, .help = "with username"},
    {.name = "driver",
     .type = SL_OPTION_ENUM,
     .choices = "org.postgresql.Driver",
     .help = "the one that there is"},
    {.name = "connection.max-retry-timeout",
     .type = SL_OPTION_DURATION,
     .default_value = "60 s",
     .min = 1000000,
     .max = INT64_C(86400000000),
     .help = "how long the server may take over a connection or a statement"},
    {.name = "sink.buffer-flush.max-rows",
     .type = SL_OPTION_INTEGER,
     .default_value = "100",
     .min = 0,
     .max = 1000000,
     .help = "so many rows go out at once; more while earlier ones are under way; 0: no limit"},
    {.name = "sink.buffer-flush.interval",
     .type = SL_OPTION_DURATION,
     .default_value = "1 s",
     .min = 0,
     .max = INT64_C(86400000000),
     .help = "rows wait no longer than this for others; 0: until a checkpoint or a pause"},
    {.name = "sink.max-retries",
     .type = SL_OPTION_INTEGER,
     .default_value = "3",
     .min = 0,
     .max = 1000,
     .help = "how often a write is tried again at once before the job restarts"},
    {.name = "sink.delivery-guarantee",
     .type = SL_OPTION_ENUM,
     .default_value = "at-least-once",
     .choices = "at-least-once|none|exactly-once",
     .help = "exactly-once: rows and a marker in one transaction, with each checkpoint"},
    {.name = "compatible-mode", .type = SL_OPTION_STRING, .flags = SL_OPTION_LATER},
    {.name = "filter.handling.policy",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = PG_READS_LATER},
    {.name = "scan.*", .type = SL_OPTION_PREFIX, .flags = SL_OPTION_LATER, .help = PG_READS_LATER},
    {.name = "lookup.*",
     .type = SL_OPTION_PREFIX,
     .flags = SL_OPTION_LATER,
     .help = PG_READS_LATER},
};
_Static_assert(SL_COUNT_OF(sl_pg_option_specs) == SL_PG_OPTION_COUNT, "count them");

static union sl_option_value
pg_option(const struct sl_option_list *list, const char *name)
{
    union sl_option_value value = {0};

    sl_option_read(sl_pg_option_specs, SL_PG_OPTION_COUNT, list, name, &value);
    return value;
}

/* --- the URL --- */

static int
pg_bad_url(const char *how, struct sl_error *err)
{
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "\"url\": %s", how);
    return sl_error_hint(err, "write it as jdbc:postgresql://host:5432/database");
}

static int
pg_hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

/* A part of the URL, %xx decoded; NULL: that is no such code. */
static const char *
pg_decode(struct sl_arena *arena, struct sl_text text)
{
    char *to = sl_arena_alloc_raw(arena, text.length + 1), *at = to;

    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] != '%') {
            *at++ = text.start[i];
            continue;
        }
        if (i + 2 >= text.length || pg_hex(text.start[i + 1]) < 0 || pg_hex(text.start[i + 2]) < 0)
            return NULL;
        *at++ = (char)(pg_hex(text.start[i + 1]) * 16 + pg_hex(text.start[i + 2]));
        if (at[-1] == '\0')
            return NULL;
        i += 2;
    }
    *at = '\0';
    return to;
}

/* What stands before the first of these characters; *text becomes what follows it. */
static struct sl_text
pg_cut(struct sl_text *text, char at)
{
    const char *end = memchr(text->start, at, text->length);
    struct sl_text part = {text->start, end ? (size_t)(end - text->start) : text->length};
    size_t used = part.length + (end ? 1 : 0);

    *text = (struct sl_text){text->start + used, text->length - used};
    return part;
}

/* host:port,host:port → two lists. */
static int
pg_read_hosts(struct sl_arena *arena, struct sl_text text, struct sl_pg_options *options,
              struct sl_error *err)
{
    struct sl_buffer hosts, ports;
    bool is_good = true;

    sl_buffer_init(&hosts, SIZE_MAX / 2);
    sl_buffer_init(&ports, SIZE_MAX / 2);
    do {
        struct sl_text server = pg_cut(&text, ','), host = server;
        struct sl_text rest = server;
        int64_t port = 5432;
        const char *port_text;

        if (server.length > 0 && server.start[0] == '[') { /* [::1]:5432 */
            is_good &= memchr(server.start, ']', server.length) != NULL;
            host = pg_cut(&rest, ']');
            host = (struct sl_text){host.start + 1, host.length - 1};
            pg_cut(&rest, ':');
        } else {
            host = pg_cut(&rest, ':');
        }
        port_text = sl_arena_strndup(arena, rest.start, rest.length);
        is_good &=
            rest.length == 0 || (sl_parse_int64(port_text, &port) && port > 0 && port < 65536);
        /* A path would be a socket, on which the server trusts who we are. */
        is_good &= memchr(host.start, '/', host.length) == NULL &&
                   memchr(host.start, '%', host.length) == NULL &&
                   memchr(host.start, '@', host.length) == NULL;
        sl_buffer_printf(&hosts, "%s%.*s", hosts.length ? "," : "",
                         SL_TEXT_FORMAT(host.length ? host : SL_TEXT("localhost")));
        sl_buffer_printf(&ports, "%s%lld", ports.length ? "," : "", (long long)port);
    } while (text.length > 0);
    options->hosts = sl_arena_strndup(arena, hosts.data, hosts.length);
    options->ports = sl_arena_strndup(arena, ports.data, ports.length);
    sl_buffer_done(&hosts);
    sl_buffer_done(&ports);
    return is_good ? SL_OK : pg_bad_url("it names no host and port", err);
}

/* Already so, whatever it says: such parameters are taken as they stand. */
static bool
pg_is_given(const char *name, const char *value)
{
    return (strcmp(name, "reWriteBatchedInserts") == 0 && strcmp(value, "true") == 0) ||
           (strcmp(name, "stringtype") == 0 && strcmp(value, "unspecified") == 0);
}

static int
pg_read_parameter(struct sl_arena *arena, struct sl_text text, struct sl_pg_options *options,
                  struct sl_error *err)
{
    struct sl_text name_text = pg_cut(&text, '=');
    const char *name = pg_decode(arena, name_text), *value = pg_decode(arena, text);

    if (!name || !value)
        return pg_bad_url("a % without two hex digits", err);
    if (strcmp(name, "user") == 0)
        options->user = value;
    else if (strcmp(name, "password") == 0)
        options->password = value;
    else if (strcmp(name, "sslmode") == 0)
        options->sslmode = value;
    else if (strcmp(name, "ssl") == 0)
        options->sslmode = strcmp(value, "false") == 0 ? "disable" : "require";
    else if (strcmp(name, "ApplicationName") == 0 || strcmp(name, "application_name") == 0)
        options->application = value;
    else if (strcmp(name, "currentSchema") == 0)
        options->search_path = value;
    else if (!pg_is_given(name, value)) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "\"url\": the parameter \"%s=%s\" is not supported", name,
                 sl_secret_is_key(sl_text_of(name)) ? SL_SECRET_SHOWN : value);
        return sl_error_hint(err, "it takes: user, password, ssl, sslmode, currentSchema, "
                                  "ApplicationName");
    }
    return SL_OK;
}

static int
pg_read_url(struct sl_arena *arena, const char *url, struct sl_pg_options *options,
            struct sl_error *err)
{
    struct sl_text rest = sl_text_of(url), hosts, database;

    if (strncmp(url, "jdbc:", 5) == 0)
        rest = sl_text_of(url + 5);
    if (rest.length >= 13 && memcmp(rest.start, "postgresql://", 13) == 0) {
        rest = (struct sl_text){rest.start + 13, rest.length - 13};
    } else if (rest.length >= 11 && memcmp(rest.start, "postgres://", 11) == 0) {
        rest = (struct sl_text){rest.start + 11, rest.length - 11};
    } else if (strncmp(url, "jdbc:", 5) == 0 && strncmp(url, "jdbc:postgresql", 15) != 0) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "\"url\": only PostgreSQL can be written to");
        return sl_error_hint(err, "write it as jdbc:postgresql://host:5432/database");
    } else {
        return pg_bad_url("it does not begin with jdbc:postgresql://", err);
    }
    hosts = pg_cut(&rest, '?');
    database = hosts;
    hosts = pg_cut(&database, '/');
    options->database = pg_decode(arena, database);
    if (!options->database || !*options->database)
        return pg_bad_url("it names no database", err);
    SL_TRY(pg_read_hosts(arena, hosts, options, err));
    while (rest.length > 0)
        SL_TRY(pg_read_parameter(arena, pg_cut(&rest, '&'), options, err));
    return SL_OK;
}

/* --- all of them --- */

/* One name of a table-name: as it stands, or in quotes.  *at becomes the dot behind it, or the
 * end. */
static const char *
pg_name_part(struct sl_arena *arena, const char **at)
{
    char *name = sl_arena_alloc_raw(arena, strlen(*at) + 1), *to = name;
    bool quoted = false;

    for (; **at && (quoted || **at != '.'); (*at)++) {
        if (**at == '"') {
            if (quoted && (*at)[1] == '"')
                *to++ = *(*at)++;
            else
                quoted = !quoted;
        } else {
            *to++ = **at;
        }
    }
    *to = '\0';
    return name;
}

int
sl_pg_options_read(struct sl_arena *arena, const struct sl_option_list *list,
                   struct sl_pg_options *options, struct sl_error *err)
{
    const char *name = sl_option_get(list, "table-name");
    const char *user = sl_option_get(list, "username");
    const char *password = sl_option_get(list, "password");
    const char *guarantee = sl_option_get(list, "sink.delivery-guarantee");

    *options = (struct sl_pg_options){
        .user = "",
        .password = "",
        .application = "sluice",
        .schema = "",
        .timeout_us = pg_option(list, "connection.max-retry-timeout").integer,
        .buffer_rows = pg_option(list, "sink.buffer-flush.max-rows").integer,
        .buffer_us = pg_option(list, "sink.buffer-flush.interval").integer,
        .retries = pg_option(list, "sink.max-retries").integer,
        .waits = !guarantee || !sl_equal_nocase(guarantee, "none"),
        .exactly_once = guarantee && sl_equal_nocase(guarantee, "exactly-once"),
    };
    SL_TRY(pg_read_url(arena, sl_option_get(list, "url"), options, err));
    options->table = pg_name_part(arena, &name);
    if (*name == '.') {
        name++;
        options->schema = options->table;
        options->table = pg_name_part(arena, &name);
    }
    if (*name || !*options->table)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "\"table-name\" is no table's name: %s",
                        sl_option_get(list, "table-name"));
    if (user)
        options->user = user;
    if (password)
        options->password = password;
    return SL_OK;
}

int
sl_pg_check(const struct sl_option_list *list, const struct sl_schema *schema, struct sl_error *err)
{
    const struct sl_option *url = sl_option_find(list, "url");
    struct sl_pg_options options;
    struct sl_arena arena;
    int rc;

    sl_arena_init(&arena);
    rc = sl_pg_options_read(&arena, list, &options, err);
    sl_arena_done(&arena);
    if (rc == SL_OK && sl_option_get(list, "password") && !*options.user)
        rc = SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "\"password\" needs \"username\"");
    return rc < 0 ? sl_error_at(err, url->value_offset) : SL_OK;
}
