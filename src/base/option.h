/* Options: the typed key = value pairs of WITH (…), SET, --set and the configuration file.
 * A plug-in declares its options in a table; parsing, defaults, error texts and documents come from
 * that table. */
#ifndef SL_BASE_OPTION_H
#define SL_BASE_OPTION_H

#include "base/arena.h"
#include "base/error.h"

enum sl_option_type {
    SL_OPTION_STRING,
    SL_OPTION_BOOLEAN,  /* bool */
    SL_OPTION_INTEGER,  /* int64_t */
    SL_OPTION_DOUBLE,   /* double */
    SL_OPTION_DURATION, /* int64_t microseconds: "200 ms", "1 s", "5 min", "PT1M"; no unit: ms */
    SL_OPTION_MEMORY,   /* int64_t bytes: "64 mb", "1gb"; no unit: bytes */
    SL_OPTION_ENUM,     /* one of `choices`, without case; kept as the index into them */
    SL_OPTION_LIST,     /* string split at ';' */
    SL_OPTION_PREFIX,   /* the name ends in '*': any key with this prefix, kept as a string */
};

#define SL_OPTION_REQUIRED 1u
#define SL_OPTION_LATER 2u /* known from Flink, not built: refused with 0A000, `help` is the hint \
                            */

struct sl_option_spec {
    const char *name; /* as in WITH; lower case */
    enum sl_option_type type;
    unsigned flags;
    const char *default_value; /* as a person would write it; NULL: none */
    const char *choices;       /* SL_OPTION_ENUM: "a|b|c" */
    const char *help;
    int64_t min, max; /* for INTEGER, DURATION, MEMORY where max > min */
};

/* One pair as written. */
struct sl_option {
    const char *key, *value;
    int key_offset, value_offset; /* in the statement, -1 when it has none */
};

struct sl_option_list {
    struct sl_option *items;
    size_t count;
};

/* NULL when the key is absent; keys match exactly. */
const char *sl_option_get(const struct sl_option_list *list, const char *key);
const struct sl_option *sl_option_find(const struct sl_option_list *list, const char *key);

union sl_option_value {
    const char *string;
    bool boolean;
    int64_t integer;
    double real;
};

/* Parses one value by its spec.  22023 names option, value and what is accepted. */
int sl_option_parse(const struct sl_option_spec *spec, const char *value,
                    union sl_option_value *ret_value, struct sl_error *err);

/* The value of `name` in the list, or its default, as its spec says; false: neither is there.
 * The list was checked before: a value that does not parse is a programmer's error. */
bool sl_option_read(const struct sl_option_spec *specs, size_t spec_count,
                    const struct sl_option_list *list, const char *name,
                    union sl_option_value *ret_value);

/* One table of specs that a list is checked against; `prefix` ("json.") is put before each name. */
struct sl_option_scope {
    const struct sl_option_spec *specs;
    size_t spec_count;
    const char *prefix;
};

/* Every key must be known to one of the scopes (else 42704 with a hint and position), every value
 * must parse (22023), and required ones be there (22023).  `what` names the owner in messages:
 * "table \"bids\"". */
int sl_option_check(const struct sl_option_scope *scopes, size_t scope_count,
                    const struct sl_option_list *list, const char *what, struct sl_error *err);

bool sl_parse_boolean(const char *text, bool *ret_value);
bool sl_parse_int64(const char *text, int64_t *ret_value);
bool sl_parse_duration_us(const char *text, int64_t *ret_us);
bool sl_parse_memory_bytes(const char *text, int64_t *ret_bytes);

#endif
