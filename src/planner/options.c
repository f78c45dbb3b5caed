/* What a table's WITH options say: its connector, its format, and whether all of them are known.
 *
 * Known are the connector's own options, the general ones below, and the format's with its name as
 * prefix ("json.ignore-parse-errors"; "value.json." where the format was given as value.format). */
#include "planner/bind.h"

#include <stdio.h>

#define OPTIONS_NAMES_MAX 64
#define OPTIONS_SCOPES_MAX 9

static const struct sl_option_spec options_general[] = {
    {.name = "connector",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_REQUIRED,
     .help = "what the table reads and writes"},
};

static const struct sl_option_spec options_source[] = {
    {.name = "scan.watermark.emit.strategy",
     .type = SL_OPTION_ENUM,
     .default_value = "on-periodic",
     .choices = "on-periodic|on-event",
     .help = "emit watermarks every pipeline.auto-watermark-interval or with every event"},
    {.name = "scan.watermark.idle-timeout",
     .type = SL_OPTION_DURATION,
     .help = "a silent split holds back no watermark after this time",
     .min = 0,
     .max = INT64_MAX},
    {.name = "scan.watermark.alignment.group",
     .type = SL_OPTION_STRING,
     .help = "sources of a job in the same group wait for the slowest of them"},
    {.name = "scan.watermark.alignment.max-drift",
     .type = SL_OPTION_DURATION,
     .help = "how far ahead of the slowest one a source of the group may be",
     .min = 1000,
     .max = INT64_MAX / 2},
    {.name = "scan.watermark.alignment.update-interval",
     .type = SL_OPTION_DURATION,
     .default_value = "1 s",
     .help = "how often a source that waits looks again, at the least",
     .min = 1000,
     .max = INT64_MAX / 2},
    {.name = "scan.watermark.max-ahead",
     .type = SL_OPTION_DURATION,
     .help = "an event time further ahead of the clock than this moves no watermark",
     .min = 1000,
     .max = INT64_MAX / 2},
    {.name = "scan.parallelism",
     .type = SL_OPTION_INTEGER,
     .help = "parallelism of the scan",
     .min = 1,
     .max = 32768},
};

static const struct sl_option_spec options_sink[] = {
    {.name = "sink.parallelism",
     .type = SL_OPTION_INTEGER,
     .help = "parallelism of the sink",
     .min = 1,
     .max = 32768},
};

static const struct sl_option_spec options_format[] = {
    {.name = "format", .type = SL_OPTION_STRING, .help = "how records are written"},
    {.name = "value.format", .type = SL_OPTION_STRING, .help = "the same as format"},
};

static const struct sl_option_spec options_dead_letter[] = {
    {.name = "dead-letter.table",
     .type = SL_OPTION_STRING,
     .help = "the table that takes records that do not decode"},
};

static const struct sl_option_spec options_on_error[] = {
    {.name = "on-error",
     .type = SL_OPTION_ENUM,
     .default_value = "fail",
     .choices = "fail|skip|dead-letter",
     .help = "what happens to rows that do not decode"},
};

static int
options_no_connector(const char *what, const struct sl_option *option, struct sl_error *err)
{
    const char *names[OPTIONS_NAMES_MAX];
    size_t count = sl_connector_names(names, OPTIONS_NAMES_MAX), length = 0;
    char list[SL_ERROR_HINT_MAX / 2];

    list[0] = 0;
    for (size_t i = 0; i < count && length < sizeof(list); i++)
        length +=
            (size_t)snprintf(list + length, sizeof(list) - length, "%s%s", i ? ", " : "", names[i]);
    if (!option) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "%s needs the option \"connector\"", what);
        return sl_error_hint(err, "add WITH ('connector' = …): %s", list);
    }
    SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "connector \"%s\" does not exist", option->value);
    sl_error_suggest(err, sl_text_of(option->value), names, count);
    if (!err->hint[0])
        sl_error_hint(err, "there are: %s", list);
    return sl_error_at(err, option->value_offset);
}

static int
options_no_format(const struct sl_option *option, struct sl_error *err)
{
    const char *names[OPTIONS_NAMES_MAX];
    size_t count = sl_format_names(names, OPTIONS_NAMES_MAX);

    SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "format \"%s\" does not exist", option->value);
    sl_error_suggest(err, sl_text_of(option->value), names, count);
    return sl_error_at(err, option->value_offset);
}

/* A connector that hands on columns both ways needs no format. */
static bool
options_takes_format(const struct sl_connector_descriptor *connector)
{
    bool source = (connector->abilities & SL_ABILITY_SOURCE) &&
                  !(connector->abilities & SL_ABILITY_COLUMNS_SOURCE);
    bool sink = (connector->abilities & SL_ABILITY_SINK) &&
                !(connector->abilities & SL_ABILITY_COLUMNS_SINK);

    return !connector->internal_format && (source || sink);
}

int
sl_table_format_of(const char *what, const struct sl_option_list *options,
                   struct sl_table_format *ret_format, struct sl_error *err)
{
    const struct sl_option *connector = sl_option_find(options, "connector");
    const struct sl_option *format = sl_option_find(options, "format");
    const struct sl_option *value = sl_option_find(options, "value.format");
    struct sl_table_format found = {0};

    if (!connector)
        return options_no_connector(what, NULL, err);
    found.connector = sl_connector_descriptor_find(connector->value);
    if (!found.connector)
        return options_no_connector(what, connector, err);
    if (!options_takes_format(found.connector)) {
        found.format_name = found.connector->internal_format;
        *ret_format = found;
        return SL_OK;
    }
    if (format && value) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "%s has either \"format\" or \"value.format\"",
                 what);
        return sl_error_at(err, value->key_offset);
    }
    if (!format) {
        format = value;
        found.prefix = "value.";
    }
    if (!format) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "%s needs the option \"format\"", what);
        return sl_error_hint(err,
                             "connector %s reads and writes records: say how, as in 'format' "
                             "= 'json'",
                             found.connector->name);
    }
    found.format = sl_format_descriptor_find(format->value);
    if (!found.format)
        return options_no_format(format, err);
    found.format_name = found.format->name;
    *ret_format = found;
    return SL_OK;
}

/* The key's format, for connectors that have one. */
static int
options_key_format(const struct sl_table_format *format, const struct sl_option_list *options,
                   const struct sl_format_descriptor **ret_key, struct sl_error *err)
{
    const struct sl_option *option = sl_option_find(options, "key.format");

    *ret_key = NULL;
    if (!option)
        return SL_OK;
    *ret_key = sl_format_descriptor_find(option->value);
    for (size_t i = 0; i < format->connector->option_count; i++)
        if (strcmp(format->connector->options[i].name, "key.format") == 0)
            return *ret_key ? SL_OK : options_no_format(option, err);
    *ret_key = NULL; /* the check of all options refuses it */
    return SL_OK;
}

static void
options_add(struct sl_option_scope *scopes, size_t *count, const struct sl_option_spec *specs,
            size_t spec_count, const char *prefix)
{
    SL_ASSERT(*count < OPTIONS_SCOPES_MAX);
    scopes[(*count)++] = (struct sl_option_scope){specs, spec_count, prefix};
}

static int
options_check_keys(const char *what, const struct sl_table_format *format,
                   const struct sl_format_descriptor *key_format,
                   const struct sl_option_list *options, struct sl_error *err)
{
    struct sl_option_scope scopes[OPTIONS_SCOPES_MAX];
    char prefix[128], key_prefix[128];
    size_t count = 0;

    options_add(scopes, &count, format->connector->options, format->connector->option_count, NULL);
    options_add(scopes, &count, options_general, SL_COUNT_OF(options_general), NULL);
    if (format->connector->abilities & SL_ABILITY_SOURCE)
        options_add(scopes, &count, options_source, SL_COUNT_OF(options_source), NULL);
    if (format->connector->abilities & SL_ABILITY_SINK)
        options_add(scopes, &count, options_sink, SL_COUNT_OF(options_sink), NULL);
    if (format->format) {
        snprintf(prefix, sizeof(prefix), "%s%s.", format->prefix ? format->prefix : "",
                 format->format->name);
        options_add(scopes, &count, options_format, SL_COUNT_OF(options_format), NULL);
        options_add(scopes, &count, format->format->options, format->format->option_count, prefix);
    } else if (format->format_name) {
        snprintf(prefix, sizeof(prefix), "%s.", format->format_name);
    }
    if (format->format_name) {
        options_add(scopes, &count, options_dead_letter, SL_COUNT_OF(options_dead_letter), NULL);
        options_add(scopes, &count, options_on_error, SL_COUNT_OF(options_on_error), prefix);
    }
    if (key_format) {
        snprintf(key_prefix, sizeof(key_prefix), "key.%s.", key_format->name);
        options_add(scopes, &count, key_format->options, key_format->option_count, key_prefix);
    }
    return sl_option_check(scopes, count, options, what, err);
}

/* <format>.on-error, wherever the format's prefix is. */
static const struct sl_option *
options_find_on_error(const struct sl_table_format *format, const struct sl_option_list *options,
                      const char *name)
{
    char key[160];

    if (!format->format_name)
        return NULL;
    snprintf(key, sizeof(key), "%s%s.%s", format->prefix ? format->prefix : "", format->format_name,
             name);
    return sl_option_find(options, key);
}

enum sl_on_error
sl_table_on_error(const struct sl_table_format *format, const struct sl_option_list *options)
{
    const struct sl_option *on_error = options_find_on_error(format, options, "on-error");
    const struct sl_option *ignore = options_find_on_error(format, options, "ignore-parse-errors");

    if (on_error && sl_equal_nocase(on_error->value, "dead-letter"))
        return SL_ON_ERROR_DEAD_LETTER;
    if (on_error)
        return sl_equal_nocase(on_error->value, "skip") ? SL_ON_ERROR_SKIP : SL_ON_ERROR_FAIL;
    return ignore && sl_equal_nocase(ignore->value, "true") ? SL_ON_ERROR_SKIP : SL_ON_ERROR_FAIL;
}

/* The policy and the table that it needs come together. */
static int
options_check_dead_letter(const struct sl_option_list *options, const struct sl_option *on_error,
                          struct sl_error *err)
{
    const struct sl_option *table = sl_option_find(options, "dead-letter.table");
    bool wanted = on_error && sl_equal_nocase(on_error->value, "dead-letter");

    if (wanted && !table) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "'%s' = 'dead-letter' needs a table",
                 on_error->key);
        sl_error_hint(err, "add 'dead-letter.table' = 'name of the table'");
        return sl_error_at(err, on_error->value_offset);
    }
    if (!table || wanted)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "option \"dead-letter.table\" has no use without the policy dead-letter");
    sl_error_hint(err, "say '<format>.on-error' = 'dead-letter' too");
    return sl_error_at(err, table->key_offset);
}

/* The group and its bound come together. */
static int
options_check_alignment(const struct sl_option_list *options, struct sl_error *err)
{
    const struct sl_option *group = sl_option_find(options, "scan.watermark.alignment.group");
    const struct sl_option *drift = sl_option_find(options, "scan.watermark.alignment.max-drift");
    const struct sl_option *update =
        sl_option_find(options, "scan.watermark.alignment.update-interval");
    const struct sl_option *alone = group ? group : drift ? drift : update;

    if (!alone || (group && drift))
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "option \"%s\" needs \"%s\" beside it", alone->key,
             group ? "scan.watermark.alignment.max-drift" : "scan.watermark.alignment.group");
    return sl_error_at(err, alone->key_offset);
}

int
sl_table_check_options(const char *what, const struct sl_option_list *options,
                       const struct sl_schema *physical, struct sl_error *err)
{
    struct sl_table_format format;
    const struct sl_format_descriptor *key_format;

    SL_TRY(sl_table_format_of(what, options, &format, err));
    SL_TRY(options_check_dead_letter(options, options_find_on_error(&format, options, "on-error"),
                                     err));
    SL_TRY(options_check_alignment(options, err));
    SL_TRY(options_key_format(&format, options, &key_format, err));
    SL_TRY(options_check_keys(what, &format, key_format, options, err));
    if (format.connector->check)
        SL_TRY(format.connector->check(options, physical, err));
    if (format.format && format.format->check && !key_format)
        SL_TRY(format.format->check(options, physical, err)); /* else sl_table_check_record does */
    return SL_OK;
}

struct sl_schema *
sl_table_physical(struct sl_arena *arena, const struct sl_table *table)
{
    struct sl_schema *schema = sl_schema_new(arena, table->column_count);

    schema->count = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].kind == SL_COLUMN_PHYSICAL)
            schema->columns[schema->count++] = (struct sl_schema_column){
                .name = table->columns[i].name, .type = table->columns[i].type};
    return schema;
}

uint32_t
sl_table_physical_index(const struct sl_table *table, uint32_t column)
{
    uint32_t index = 0;

    for (uint32_t i = 0; i < column; i++)
        index += table->columns[i].kind == SL_COLUMN_PHYSICAL;
    return index;
}

uint32_t *
sl_table_physical_key(struct sl_arena *arena, const struct sl_table *table)
{
    uint32_t *key = SL_NEW_ARRAY(arena, uint32_t, table->primary_key_count);

    for (size_t i = 0; i < table->primary_key_count; i++)
        key[i] = sl_table_physical_index(table, table->primary_key[i]);
    return key;
}

struct sl_schema *
sl_table_row(struct sl_arena *arena, const struct sl_table *table)
{
    struct sl_schema *schema = sl_schema_new(arena, table->column_count);

    for (size_t i = 0; i < table->column_count; i++)
        schema->columns[i] = (struct sl_schema_column){.name = table->columns[i].name,
                                                       .type = table->columns[i].type,
                                                       .time = table->columns[i].time};
    return schema;
}
