/* Settings: see settings.h; settings.def is the only list. */
#include "server/settings.h"

#include "data/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct setting_entry {
    struct sl_option_spec spec;
    enum sl_setting_level level;
};

static const struct setting_entry setting_entries[] = {
#define SETTING(setting_name, setting_type, setting_default, setting_choices, setting_min, \
                setting_max, setting_level, setting_help)                                  \
    {{.name = setting_name,                                                                \
      .type = SL_OPTION_##setting_type,                                                    \
      .default_value = setting_default,                                                    \
      .choices = setting_choices,                                                          \
      .help = setting_help,                                                                \
      .min = setting_min,                                                                  \
      .max = setting_max},                                                                 \
     SL_SETTING_##setting_level},
#include "server/settings.def"
#undef SETTING
};

/* Postgres clients' settings of which only these values are true here. */
struct setting_fixed {
    const char *name;
    const char *accepted; /* separated by '|', without case */
};

static const struct setting_fixed setting_fixed_values[] = {
    {"client_encoding", "utf8|utf-8|'utf-8'|unicode|'utf8'"},
    {"DateStyle", "iso|iso, mdy|iso, dmy|iso, ymd|iso,mdy"},
    {"IntervalStyle", "postgres"},
    {"standard_conforming_strings", "on|true"},
    {"statement_timeout", "0|0ms|0s"},
    {"idle_in_transaction_session_timeout", "0|0ms|0s"},
    {"bytea_output", "hex"},
    {"transaction_read_only", "off|false"},
    {"default_transaction_read_only", "off|false"},
    {"row_security", "off|false"},
};

/* Flink's, not built: refused, so that nobody relies on them. */
static const struct {
    const char *name, *hint;
} setting_later[] = {
    {"execution.checkpointing.unaligned.forced",
     "every job may have unaligned checkpoints: 'execution.checkpointing.unaligned.enabled'"},
    {"execution.checkpointing.mode",
     "checkpoints are always EXACTLY_ONCE; 'sink.delivery-guarantee' "
     "of a table says what its sink gives"},
    {"execution.checkpointing.max-concurrent-checkpoints", "one is under way at a time"},
    {"execution.checkpointing.dir", "checkpoints are in the data directory"},
    {"execution.checkpointing.storage", "checkpoints are in the data directory"},
    {"execution.checkpointing.externalized-checkpoint-retention",
     "checkpoints go with their job: take a savepoint, or ALTER JOB '…' AS goes on from them"},
    {"execution.state-recovery.claim-mode", "savepoints are always left as they are (NO_CLAIM)"},
};

size_t
sl_setting_count(void)
{
    return SL_COUNT_OF(setting_entries);
}

const struct sl_option_spec *
sl_setting_spec(int index)
{
    return &setting_entries[index].spec;
}

enum sl_setting_level
sl_setting_level(int index)
{
    return setting_entries[index].level;
}

int
sl_setting_find(struct sl_text name)
{
    if (sl_text_equal_nocase(name, SL_TEXT("TimeZone")))
        name = SL_TEXT("table.local-time-zone");
    for (size_t i = 0; i < SL_COUNT_OF(setting_entries); i++)
        if (sl_text_equal_nocase(name, sl_text_of(setting_entries[i].spec.name)))
            return (int)i;
    return -1;
}

void
sl_settings_init(struct sl_settings *settings, const struct sl_settings *below)
{
    settings->values = sl_alloc_zeroed(SL_COUNT_OF(setting_entries) * sizeof(char *));
    settings->below = below;
}

void
sl_settings_done(struct sl_settings *settings)
{
    for (size_t i = 0; i < SL_COUNT_OF(setting_entries); i++)
        free(settings->values[i]);
    free(settings->values);
}

static const char *
setting_value(const struct sl_settings *settings, int index)
{
    for (; settings; settings = settings->below)
        if (settings->values[index])
            return settings->values[index];
    return setting_entries[index].spec.default_value;
}

const char *
sl_settings_get(const struct sl_settings *settings, const char *name)
{
    int index = sl_setting_find(sl_text_of(name));

    SL_ASSERT(index >= 0);
    return setting_value(settings, index);
}

static union sl_option_value
setting_parsed(const struct sl_settings *settings, const char *name)
{
    int index = sl_setting_find(sl_text_of(name));
    union sl_option_value value = {0};
    struct sl_error err;

    SL_ASSERT(index >= 0);
    SL_ASSERT(sl_option_parse(&setting_entries[index].spec, setting_value(settings, index), &value,
                              &err) == SL_OK);
    return value;
}

int64_t
sl_settings_integer(const struct sl_settings *settings, const char *name)
{
    return setting_parsed(settings, name).integer;
}

bool
sl_settings_boolean(const struct sl_settings *settings, const char *name)
{
    return setting_parsed(settings, name).boolean;
}

static int
setting_unknown(struct sl_text name, struct sl_error *err)
{
    const char *names[SL_COUNT_OF(setting_entries)];

    for (size_t i = 0; i < SL_COUNT_OF(setting_later); i++) {
        if (!sl_text_equal_nocase(name, sl_text_of(setting_later[i].name)))
            continue;
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "parameter \"%s\" is not supported",
                 setting_later[i].name);
        return sl_error_hint(err, "%s", setting_later[i].hint);
    }
    for (size_t i = 0; i < SL_COUNT_OF(setting_entries); i++)
        names[i] = setting_entries[i].spec.name;
    SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%.*s\"",
             SL_TEXT_FORMAT(name));
    sl_error_suggest(err, name, names, SL_COUNT_OF(names));
    return err->code;
}

static bool
setting_is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);

    for (const char *choice = choices; *choice;) {
        size_t choice_length = strcspn(choice, "|");

        if (sl_text_equal_nocase((struct sl_text){choice, choice_length},
                                 (struct sl_text){value, length}))
            return true;
        choice += choice_length;
        choice += *choice == '|';
    }
    return false;
}

static int
setting_check_fixed(const char *name, const char *value, struct sl_error *err)
{
    for (size_t i = 0; i < SL_COUNT_OF(setting_fixed_values); i++) {
        const struct setting_fixed *fixed = &setting_fixed_values[i];

        if (strcmp(fixed->name, name) != 0 || setting_is_choice(fixed->accepted, value))
            continue;
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "parameter \"%s\" cannot be set to \"%s\" here", name,
                 value);
        return sl_error_hint(err, "accepted: %s", fixed->accepted);
    }
    return SL_OK;
}

int
sl_settings_set(struct sl_settings *settings, struct sl_text name, const char *value,
                enum sl_setting_level level, struct sl_error *err)
{
    int index = sl_setting_find(name);
    const struct setting_entry *entry;
    union sl_option_value parsed;
    const struct sl_zone *zone;

    if (index < 0)
        return setting_unknown(name, err);
    entry = &setting_entries[index];
    if (entry->level == SL_SETTING_R || (entry->level == SL_SETTING_G && level == SL_SETTING_S)) {
        SL_ERROR(err, SL_E_OBJECT_STATE, "parameter \"%s\" cannot be changed%s", entry->spec.name,
                 entry->level == SL_SETTING_G ? " now" : "");
        if (entry->level == SL_SETTING_G)
            sl_error_hint(err,
                          "it is set when the server starts: --set '%s=…' or the "
                          "configuration file",
                          entry->spec.name);
        return err->code;
    }
    if (value) {
        SL_TRY(sl_option_parse(&entry->spec, value, &parsed, err));
        SL_TRY(setting_check_fixed(entry->spec.name, value, err));
        if (strcmp(entry->spec.name, "table.local-time-zone") == 0)
            SL_TRY(sl_zone_find(sl_text_of(value), &zone, err));
    }
    free(settings->values[index]);
    settings->values[index] = value ? sl_strdup(value) : NULL;
    return SL_OK;
}

/* --- the file --- */

static char *
setting_trim(char *text)
{
    size_t length;

    while (*text == ' ' || *text == '\t')
        text++;
    length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1]))
        text[--length] = '\0';
    return text;
}

static int
setting_read_line(struct sl_settings *settings, char *line, enum sl_setting_level level,
                  struct sl_error *err)
{
    char *equals, *value;
    size_t length;

    line = setting_trim(line);
    if (*line == '\0' || *line == '#')
        return SL_OK;
    equals = strchr(line, '=');
    if (!equals)
        return SL_ERROR(err, SL_E_SYNTAX, "expected key = value");
    *equals = '\0';
    value = setting_trim(equals + 1);
    length = strlen(value);
    if (length >= 2 && value[0] == '\'' && value[length - 1] == '\'') {
        value[length - 1] = '\0';
        value++;
    }
    return sl_settings_set(settings, sl_text_of(setting_trim(line)), value, level, err);
}

int
sl_settings_read_file(struct sl_settings *settings, const char *path, struct sl_error *err)
{
    FILE *file = fopen(path, "re");
    char line[4096];
    int number = 0, rc = SL_OK;

    if (!file)
        return SL_ERROR(err, SL_E_IO, "cannot read %s: %s", path, strerror(errno));
    while (rc == SL_OK && fgets(line, sizeof(line), file)) {
        number++;
        rc = setting_read_line(settings, line, SL_SETTING_G, err);
    }
    fclose(file);
    return rc < 0 ? sl_error_prefix(err, "%s line %d", path, number) : SL_OK;
}

void
sl_settings_write(const struct sl_settings *settings, struct sl_buffer *to)
{
    for (size_t i = 0; i < SL_COUNT_OF(setting_entries); i++) {
        const struct setting_entry *entry = &setting_entries[i];
        const char *value = setting_value(settings, (int)i);

        if (entry->level != SL_SETTING_S || !strchr(entry->spec.name, '.') ||
            strcmp(value, entry->spec.default_value) == 0 ||
            strncmp(entry->spec.name, "execution.state-recovery.", 25) == 0)
            continue;
        sl_buffer_printf(to, "%s = %s\n", entry->spec.name, value);
    }
}

int
sl_settings_read(struct sl_settings *settings, const char *lines, struct sl_error *err)
{
    char *copy = sl_strdup(lines), *at = NULL;
    int rc = SL_OK;

    for (char *line = strtok_r(copy, "\n", &at); line && rc == SL_OK;
         line = strtok_r(NULL, "\n", &at))
        rc = setting_read_line(settings, line, SL_SETTING_S, err);
    free(copy);
    return rc;
}

void
sl_settings_write_sample(struct sl_buffer *to)
{
    sl_buffer_add_string(to,
                         "# Settings of sluiced, with their defaults.  Take the # away to change "
                         "one; --set 'key=value' beats this file.\n");
    for (size_t i = 0; i < SL_COUNT_OF(setting_entries); i++) {
        const struct setting_entry *entry = &setting_entries[i];

        if (entry->level == SL_SETTING_R || !strpbrk(entry->spec.name, ".-"))
            continue;
        sl_buffer_printf(to, "\n# %s\n", entry->spec.help);
        if (entry->spec.choices)
            sl_buffer_printf(to, "# one of %s\n", entry->spec.choices);
        sl_buffer_printf(to, "#%s = %s\n", entry->spec.name, entry->spec.default_value);
    }
}
