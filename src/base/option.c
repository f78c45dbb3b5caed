/* Options: see option.h. */
#include "base/option.h"

#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

const struct sl_option *
sl_option_find(const struct sl_option_list *list, const char *key)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].key, key) == 0)
            return &list->items[i];
    return NULL;
}

const char *
sl_option_get(const struct sl_option_list *list, const char *key)
{
    const struct sl_option *option = sl_option_find(list, key);

    return option ? option->value : NULL;
}

bool
sl_parse_boolean(const char *text, bool *ret_value)
{
    if (strcasecmp(text, "true") == 0 || strcasecmp(text, "on") == 0) {
        *ret_value = true;
        return true;
    }
    if (strcasecmp(text, "false") == 0 || strcasecmp(text, "off") == 0) {
        *ret_value = false;
        return true;
    }
    return false;
}

bool
sl_parse_int64(const char *text, int64_t *ret_value)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || errno)
        return false;
    while (*end == ' ')
        end++;
    if (*end)
        return false;
    *ret_value = value;
    return true;
}

struct option_unit {
    const char *name;
    int64_t factor;
};

static const struct option_unit option_duration_units[] = {
    {"", 1000},
    {"us", 1},
    {"µs", 1},
    {"micro", 1},
    {"micros", 1},
    {"microsecond", 1},
    {"microseconds", 1},
    {"ms", 1000},
    {"milli", 1000},
    {"millis", 1000},
    {"millisecond", 1000},
    {"milliseconds", 1000},
    {"s", 1000000},
    {"sec", 1000000},
    {"secs", 1000000},
    {"second", 1000000},
    {"seconds", 1000000},
    {"m", 60000000},
    {"min", 60000000},
    {"mins", 60000000},
    {"minute", 60000000},
    {"minutes", 60000000},
    {"h", 3600000000},
    {"hour", 3600000000},
    {"hours", 3600000000},
    {"d", 86400000000},
    {"day", 86400000000},
    {"days", 86400000000},
};

static const struct option_unit option_memory_units[] = {
    {"", 1},
    {"b", 1},
    {"bytes", 1},
    {"k", 1024},
    {"kb", 1024},
    {"kibibytes", 1024},
    {"m", 1 << 20},
    {"mb", 1 << 20},
    {"mebibytes", 1 << 20},
    {"g", 1 << 30},
    {"gb", 1 << 30},
    {"gibibytes", 1 << 30},
    {"t", INT64_C(1) << 40},
    {"tb", INT64_C(1) << 40},
};

/* "<number> [blank] <unit>", the whole text. */
static bool
option_parse_unit(const char *text, const struct option_unit *units, size_t unit_count,
                  int64_t *ret_value)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (end == text || errno || number < 0)
        return false;
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < unit_count; i++) {
        int64_t value;

        if (strcasecmp(end, units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow((int64_t)number, units[i].factor, &value))
            return false;
        *ret_value = value;
        return true;
    }
    return false;
}

/* ISO 8601 "PnDTnHnMnS", with whole numbers. */
static bool
option_parse_iso_duration(const char *text, int64_t *ret_us)
{
    int64_t total = 0;
    bool in_time = false, any = false;

    for (text++; *text;) {
        char *end;
        long long number;
        int64_t factor;

        if (*text == 'T') {
            in_time = true;
            text++;
            continue;
        }
        number = strtoll(text, &end, 10);
        if (end == text || number < 0)
            return false;
        switch (*end) {
        case 'D':
            factor = in_time ? 0 : INT64_C(86400000000);
            break;
        case 'H':
            factor = in_time ? INT64_C(3600000000) : 0;
            break;
        case 'M':
            factor = in_time ? 60000000 : 0;
            break;
        case 'S':
            factor = in_time ? 1000000 : 0;
            break;
        default:
            factor = 0;
        }
        if (factor == 0 || __builtin_mul_overflow((int64_t)number, factor, &factor) ||
            __builtin_add_overflow(total, factor, &total))
            return false;
        any = true;
        text = end + 1;
    }
    *ret_us = total;
    return any;
}

bool
sl_parse_duration_us(const char *text, int64_t *ret_us)
{
    if (text[0] == 'P')
        return option_parse_iso_duration(text, ret_us);
    return option_parse_unit(text, option_duration_units, SL_COUNT_OF(option_duration_units),
                             ret_us);
}

bool
sl_parse_memory_bytes(const char *text, int64_t *ret_bytes)
{
    return option_parse_unit(text, option_memory_units, SL_COUNT_OF(option_memory_units),
                             ret_bytes);
}

static bool
option_parse_choice(const char *choices, const char *value, int64_t *ret_index)
{
    size_t length = strlen(value);
    int64_t index = 0;

    for (const char *choice = choices; *choice; index++) {
        size_t choice_length = strcspn(choice, "|");

        if (choice_length == length && strncasecmp(choice, value, length) == 0) {
            *ret_index = index;
            return true;
        }
        choice += choice_length;
        choice += *choice == '|';
    }
    return false;
}

static const char *
option_expected(const struct sl_option_spec *spec)
{
    switch (spec->type) {
    case SL_OPTION_BOOLEAN:
        return "true or false";
    case SL_OPTION_INTEGER:
        return "a whole number";
    case SL_OPTION_DOUBLE:
        return "a number";
    case SL_OPTION_DURATION:
        return "a duration such as 200 ms, 5 s, 10 min";
    case SL_OPTION_MEMORY:
        return "a size such as 64 kb, 512 mb, 1 gb";
    case SL_OPTION_ENUM:
        return spec->choices;
    default:
        return "text";
    }
}

static bool
option_parse_double(const char *text, double *ret_value)
{
    char *end;

    *ret_value = strtod(text, &end);
    return end != text && *end == '\0';
}

static bool
option_parse_value(const struct sl_option_spec *spec, const char *text,
                   union sl_option_value *ret_value)
{
    switch (spec->type) {
    case SL_OPTION_BOOLEAN:
        return sl_parse_boolean(text, &ret_value->boolean);
    case SL_OPTION_INTEGER:
        return sl_parse_int64(text, &ret_value->integer);
    case SL_OPTION_DOUBLE:
        return option_parse_double(text, &ret_value->real);
    case SL_OPTION_DURATION:
        return sl_parse_duration_us(text, &ret_value->integer);
    case SL_OPTION_MEMORY:
        return sl_parse_memory_bytes(text, &ret_value->integer);
    case SL_OPTION_ENUM:
        return option_parse_choice(spec->choices, text, &ret_value->integer);
    case SL_OPTION_STRING:
    case SL_OPTION_LIST:
    case SL_OPTION_PREFIX:
        ret_value->string = text;
        return true;
    }
    return false;
}

int
sl_option_parse(const struct sl_option_spec *spec, const char *text,
                union sl_option_value *ret_value, struct sl_error *err)
{
    union sl_option_value value = {0};

    if (!option_parse_value(spec, text, &value)) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "option \"%s\" does not take the value \"%s\"",
                 spec->name, sl_secret_is_key(sl_text_of(spec->name)) ? SL_SECRET_SHOWN : text);
        return sl_error_hint(err, "expected: %s", option_expected(spec));
    }
    if (spec->max > spec->min &&
        (spec->type == SL_OPTION_INTEGER || spec->type == SL_OPTION_DURATION ||
         spec->type == SL_OPTION_MEMORY) &&
        (value.integer < spec->min || value.integer > spec->max))
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "option \"%s\": %s is outside the range %lld … %lld", spec->name, text,
                        (long long)spec->min, (long long)spec->max);
    *ret_value = value;
    return SL_OK;
}

bool
sl_option_read(const struct sl_option_spec *specs, size_t spec_count,
               const struct sl_option_list *list, const char *name,
               union sl_option_value *ret_value)
{
    for (size_t i = 0; i < spec_count; i++) {
        const char *text;
        struct sl_error err;

        if (strcmp(specs[i].name, name) != 0)
            continue;
        text = sl_option_get(list, name);
        if (!text)
            text = specs[i].default_value;
        if (!text)
            return false;
        SL_ASSERT(sl_option_parse(&specs[i], text, ret_value, &err) == SL_OK);
        return true;
    }
    sl_assert_failed("an option that its table does not list", name, 0);
}

/* Does `key` name this option, with the scope's prefix before it? */
static bool
option_matches(const struct sl_option_scope *scope, const struct sl_option_spec *spec,
               const char *key)
{
    size_t prefix_length = scope->prefix ? strlen(scope->prefix) : 0;
    size_t name_length = strlen(spec->name);

    if (prefix_length && strncmp(key, scope->prefix, prefix_length) != 0)
        return false;
    key += prefix_length;
    if (spec->type == SL_OPTION_PREFIX)
        return strncmp(key, spec->name, name_length - 1) == 0;
    return strcmp(key, spec->name) == 0;
}

static const struct sl_option_spec *
option_find_spec(const struct sl_option_scope *scopes, size_t scope_count, const char *key)
{
    for (size_t i = 0; i < scope_count; i++)
        for (size_t j = 0; j < scopes[i].spec_count; j++)
            if (option_matches(&scopes[i], &scopes[i].specs[j], key))
                return &scopes[i].specs[j];
    return NULL;
}

static const char *
option_join(struct sl_arena *arena, const char *const *names, size_t count)
{
    const char *joined = names[0];

    for (size_t i = 1; i < count; i++)
        joined = sl_arena_printf(arena, "%s, %s", joined, names[i]);
    return joined;
}

static int
option_unknown(const struct sl_option_scope *scopes, size_t scope_count,
               const struct sl_option *option, const char *what, struct sl_error *err)
{
    enum { CANDIDATES_MAX = 256 };
    const char *candidates[CANDIDATES_MAX];
    struct sl_arena arena;
    size_t count = 0;

    sl_arena_init(&arena);
    for (size_t i = 0; i < scope_count; i++)
        for (size_t j = 0; j < scopes[i].spec_count && count < CANDIDATES_MAX; j++)
            if (!(scopes[i].specs[j].flags & SL_OPTION_LATER))
                candidates[count++] =
                    sl_arena_printf(&arena, "%s%s", scopes[i].prefix ? scopes[i].prefix : "",
                                    scopes[i].specs[j].name);
    SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "%s has no option \"%s\"", what, option->key);
    sl_error_suggest(err, sl_text_of(option->key), candidates, count);
    if (count && !err->hint[0])
        sl_error_hint(err, "it takes: %s", option_join(&arena, candidates, count));
    sl_arena_done(&arena);
    return sl_error_at(err, option->key_offset);
}

/* One pair against the spec that its key names. */
static int
option_check_one(const struct sl_option_spec *spec, const struct sl_option *option,
                 struct sl_error *err)
{
    struct sl_option_spec named = *spec;
    union sl_option_value value;

    if (spec->flags & SL_OPTION_LATER) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "option \"%s\" is not supported yet", option->key);
        if (spec->help)
            sl_error_hint(err, "%s", spec->help);
        return sl_error_at(err, option->key_offset);
    }
    named.name = option->key; /* with the prefix, as it was written */
    if (sl_option_parse(&named, option->value, &value, err) < 0)
        return sl_error_at(err, option->value_offset);
    return SL_OK;
}

int
sl_option_check(const struct sl_option_scope *scopes, size_t scope_count,
                const struct sl_option_list *list, const char *what, struct sl_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct sl_option *option = &list->items[i];
        const struct sl_option_spec *spec = option_find_spec(scopes, scope_count, option->key);

        if (!spec)
            return option_unknown(scopes, scope_count, option, what, err);
        SL_TRY(option_check_one(spec, option, err));
    }
    for (size_t i = 0; i < scope_count; i++) {
        for (size_t j = 0; j < scopes[i].spec_count; j++) {
            char name[256];

            if (!(scopes[i].specs[j].flags & SL_OPTION_REQUIRED))
                continue;
            snprintf(name, sizeof(name), "%s%s", scopes[i].prefix ? scopes[i].prefix : "",
                     scopes[i].specs[j].name);
            if (!sl_option_get(list, name))
                return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "%s needs the option \"%s\"",
                                what, name);
        }
    }
    return SL_OK;
}
