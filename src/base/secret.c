/* Hiding secrets: see secret.h. */
#include "base/secret.h"

#include <string.h>
#include <strings.h>

static const char *const secret_words[] = {
    "password",     "secret", "fs.azure.account.key", "apikey",      "api-key",      "auth-params",
    "service-key",  "token",  "basic-auth",           "jaas.config", "http-headers", "ssl.key.pem",
    "keystore.key",
};

static bool
secret_has_word(struct sl_text text, const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= text.length; i++)
        if (strncasecmp(text.start + i, word, length) == 0)
            return true;
    return false;
}

bool
sl_secret_is_key(struct sl_text key)
{
    for (size_t i = 0; i < SL_COUNT_OF(secret_words); i++)
        if (secret_has_word(key, secret_words[i]))
            return true;
    return false;
}

/* --- URLs --- */

/* user:password@ behind "://"; returns where the text goes on. */
static const char *
secret_add_authority(struct sl_buffer *to, const char *at)
{
    size_t length = strcspn(at, "/?#, ");
    const char *host = at, *colon = memchr(at, ':', length);

    for (size_t i = 0; i < length; i++)
        if (at[i] == '@')
            host = at + i;
    if (host == at || !colon || colon > host)
        return at;
    sl_buffer_add(to, at, (size_t)(colon + 1 - at));
    sl_buffer_add_string(to, SL_SECRET_SHOWN);
    return host;
}

/* name=value behind "?", "&" or ";"; returns where the text goes on. */
static const char *
secret_add_parameter(struct sl_buffer *to, const char *at)
{
    size_t name = strcspn(at, "=&;# ");

    if (at[name] != '=' || !sl_secret_is_key((struct sl_text){at, name}))
        return at;
    sl_buffer_add(to, at, name + 1);
    sl_buffer_add_string(to, SL_SECRET_SHOWN);
    return at + name + 1 + strcspn(at + name + 1, "&;# ");
}

static void
secret_add_url(struct sl_buffer *to, const char *value)
{
    const char *at = value;

    while (*at) {
        if (strncmp(at, "://", 3) == 0) {
            sl_buffer_add_string(to, "://");
            at = secret_add_authority(to, at + 3);
            continue;
        }
        sl_buffer_add_byte(to, *at);
        at = strchr("?&;", *at) ? secret_add_parameter(to, at + 1) : at + 1;
    }
}

void
sl_secret_add_value(struct sl_buffer *to, const char *key, const char *value)
{
    if (sl_secret_is_key(sl_text_of(key)))
        sl_buffer_add_string(to, SL_SECRET_SHOWN);
    else if (strstr(value, "://"))
        secret_add_url(to, value);
    else
        sl_buffer_add_string(to, value);
}

/* --- hints in SQL --- */

/* The literal at `at`, which stands at its first quote, without its quotes; returns what follows
 * it. */
static const char *
secret_read_literal(const char *at, const char *end, struct sl_buffer *text)
{
    sl_buffer_reset(text);
    for (at++; at < end; at++) {
        if (*at == '\'' && !(at + 1 < end && at[1] == '\''))
            return at + 1;
        at += *at == '\'';
        sl_buffer_add_byte(text, *at);
    }
    return end;
}

static void
secret_add_literal(struct sl_buffer *to, const char *text)
{
    sl_buffer_add_byte(to, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            sl_buffer_add_byte(to, '\'');
        sl_buffer_add_byte(to, *text);
    }
    sl_buffer_add_byte(to, '\'');
}

/* 'key' = 'value', … within a hint. */
static void
secret_add_hint(struct sl_buffer *to, const char *at, const char *end)
{
    struct sl_buffer key, value, shown;
    bool is_value = false;

    sl_buffer_init(&key, SIZE_MAX / 2);
    sl_buffer_init(&value, SIZE_MAX / 2);
    sl_buffer_init(&shown, SIZE_MAX / 2);
    while (at < end) {
        if (*at != '\'') {
            is_value |= *at == '=';
            sl_buffer_add_byte(to, *at++);
            continue;
        }
        at = secret_read_literal(at, end, is_value ? &value : &key);
        sl_buffer_reset(&shown);
        if (is_value)
            sl_secret_add_value(&shown, key.length ? key.data : "", value.length ? value.data : "");
        else
            sl_buffer_add_text(&shown, sl_buffer_text(&key));
        secret_add_literal(to, shown.length ? shown.data : "");
        is_value = false;
    }
    sl_buffer_done(&key);
    sl_buffer_done(&value);
    sl_buffer_done(&shown);
}

void
sl_secret_add_sql(struct sl_buffer *to, const char *sql)
{
    const char *hint;

    while ((hint = strstr(sql, "/*+")) != NULL) {
        const char *end = strstr(hint, "*/");

        if (!end)
            break;
        sl_buffer_add(to, sql, (size_t)(hint - sql));
        secret_add_hint(to, hint, end);
        sql = end;
    }
    sl_buffer_add_string(to, sql);
}
