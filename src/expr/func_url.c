/* PARSE_URL: the parts of a URL as java.net.URL has them; they point into the argument. */
#include "expr/kernels.h"

#include <ctype.h>

struct url_part {
    struct sl_text text;
    bool is_there;
};

struct url_parts {
    struct url_part protocol, authority, user_info, host, path, query, file, reference;
};

static struct url_part
url_part_of(const char *start, const char *end)
{
    return (struct url_part){{start, (size_t)(end - start)}, true};
}

static const char *
url_find(const char *start, const char *end, char c)
{
    const char *found = start < end ? memchr(start, c, (size_t)(end - start)) : NULL;

    return found ? found : end;
}

static bool
url_protocol_is_known(struct sl_text protocol)
{
    static const char *const known[] = {"http", "https", "ftp", "file", "jar", "mailto"};

    for (size_t i = 0; i < SL_COUNT_OF(known); i++) {
        if (sl_text_equal_nocase(protocol, sl_text_of(known[i])))
            return true;
    }
    return false;
}

/* [user@]host[:port]; false: the port is no number, or an IPv6 address has no end. */
static bool
url_split_authority(struct url_parts *parts)
{
    const char *start = parts->authority.text.start, *end = start + parts->authority.text.length;
    const char *at = url_find(start, end, '@'), *host_end;

    if (at < end) {
        parts->user_info = url_part_of(start, at);
        start = at + 1;
    }
    host_end = start < end && *start == '[' ? url_find(start, end, ']') : start;
    if (host_end == end && start < end)
        return false;
    host_end = url_find(host_end, end, ':');
    for (const char *digit = host_end + 1; digit < end; digit++) {
        if (!isdigit((unsigned char)*digit))
            return false;
    }
    parts->host = url_part_of(start, host_end);
    return true;
}

static bool
url_split(struct sl_text url, struct url_parts *parts)
{
    const char *at = url.start, *end = url.start + url.length, *colon, *mark, *slash;

    *parts = (struct url_parts){.host = {{"", 0}, true}};
    while (at < end && (unsigned char)*at <= ' ')
        at++;
    while (end > at && (unsigned char)end[-1] <= ' ')
        end--;
    colon = url_find(at, end, ':');
    if (colon == end || !url_protocol_is_known((struct sl_text){at, (size_t)(colon - at)}))
        return false;
    parts->protocol = url_part_of(at, colon);
    at = colon + 1;
    mark = url_find(at, end, '#');
    if (mark < end)
        parts->reference = url_part_of(mark + 1, end);
    end = mark;
    mark = url_find(at, end, '?');
    if (mark < end)
        parts->query = url_part_of(mark + 1, end);
    if (mark - at >= 2 && at[0] == '/' && at[1] == '/') {
        slash = url_find(at + 2, mark, '/');
        parts->authority = url_part_of(at + 2, slash);
        at = slash;
        if (!url_split_authority(parts))
            return false;
    }
    parts->path = url_part_of(at, mark);
    parts->file = url_part_of(at, end);
    return true;
}

static struct url_part
url_pick(const struct url_parts *parts, struct sl_text name)
{
    const struct {
        const char *name;
        struct url_part part;
    } list[] = {
        {"HOST", parts->host},           {"PATH", parts->path},          {"QUERY", parts->query},
        {"REF", parts->reference},       {"PROTOCOL", parts->protocol},  {"FILE", parts->file},
        {"AUTHORITY", parts->authority}, {"USERINFO", parts->user_info},
    };

    for (size_t i = 0; i < SL_COUNT_OF(list); i++) {
        if (sl_text_equal(name, sl_text_of(list[i].name)))
            return list[i].part;
    }
    return (struct url_part){{NULL, 0}, false};
}

/* The value of key=… in a query. */
static struct url_part
url_value(struct sl_text query, struct sl_text key)
{
    const char *at = query.start, *end = query.start + query.length;

    for (;;) {
        const char *next = url_find(at, end, '&');

        if ((size_t)(next - at) > key.length && at[key.length] == '=' &&
            memcmp(at, key.start, key.length) == 0)
            return url_part_of(at + key.length + 1, next);
        if (next == end)
            return (struct url_part){{NULL, 0}, false};
        at = next + 1;
    }
}

/* PARSE_URL(url, part[, key]): NULL where the URL is none, or has no such part. */
void
sl_kernel_parse_url(struct sl_call *call)
{
    sl_column_add_heaps_of(call->result, call->pool, call->args[0].column);
    SL_FOR_ROWS(call, row)
    {
        struct sl_text name = sl_call_text(call, 1, row);
        struct url_part part = {{NULL, 0}, false};
        struct url_parts parts;

        if (url_split(sl_call_text(call, 0, row), &parts))
            part = url_pick(&parts, name);
        if (call->arg_count == 3 && part.is_there) {
            if (sl_text_equal(name, SL_TEXT("QUERY")))
                part = url_value(part.text, sl_call_text(call, 2, row));
            else
                part.is_there = false;
        }
        if (part.is_there)
            SL_RESULT(call, struct sl_view)
        [row] = sl_view_of(part.text.start, part.text.length);
        else sl_call_set_null(call, row);
    }
}
