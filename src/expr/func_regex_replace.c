/* REGEXP_REPLACE: with three arguments Flink's, which takes the replacement as it is, for every
 * match; with flags PostgreSQL's, where \1 … \9 and \& are groups, for the first match or, with g,
 * for all. */
#include "expr/regex.h"

/* \1 … \9: groups, \&: the whole; two backslashes: one. */
static void
replace_add_groups(const struct regex_matcher *matcher, struct sl_text text, struct sl_text by,
                   struct sl_buffer *to)
{
    const PCRE2_SIZE *offsets = sl_regex_offsets(matcher);
    uint32_t group_count = sl_regex_group_count(matcher);

    for (size_t i = 0; i < by.length; i++) {
        char next = i + 1 < by.length ? by.start[i + 1] : '\0';
        uint32_t group = next == '&' ? 0 : (uint32_t)(next - '0');

        if (by.start[i] != '\\' || !(next == '&' || next == '\\' || (next >= '1' && next <= '9'))) {
            sl_buffer_add_byte(to, by.start[i]);
            continue;
        }
        i++;
        if (next == '\\')
            sl_buffer_add_byte(to, '\\');
        else if (group < group_count && offsets[group * 2] != PCRE2_UNSET)
            sl_buffer_add(to, text.start + offsets[group * 2],
                          offsets[group * 2 + 1] - offsets[group * 2]);
    }
}

/* False: the row has failed. */
static bool
replace_row(struct regex_matcher *matcher, size_t row, struct sl_text text, struct sl_buffer *to)
{
    struct sl_text by = sl_call_text(matcher->call, 2, row);
    bool has_flags = matcher->dialect == REGEX_POSTGRES_FLAGS;
    bool is_global = !has_flags || sl_regex_has_flag(matcher, row, 'g');
    struct regex_scan scan = {0, 0};
    size_t kept = 0;
    int matched;

    while ((matched = sl_regex_next(matcher, row, text, &scan)) > 0) {
        const PCRE2_SIZE *offsets = sl_regex_offsets(matcher);

        sl_buffer_add(to, text.start + kept, offsets[0] - kept);
        if (has_flags)
            replace_add_groups(matcher, text, by, to);
        else
            sl_buffer_add_text(to, by);
        kept = offsets[1];
        if (!sl_call_text_fits(matcher->call, row, to->length))
            return false;
        if (!is_global)
            break;
    }
    if (matched < 0)
        return false;
    sl_buffer_add(to, text.start + kept, text.length - kept);
    return true;
}

void
sl_kernel_regexp_replace(struct sl_call *call)
{
    enum regex_dialect dialect = call->arg_count == 4 ? REGEX_POSTGRES_FLAGS : REGEX_JAVA;
    struct regex_matcher matcher;
    struct sl_heap_writer writer;
    struct sl_buffer buffer;

    sl_regex_begin(&matcher, call, dialect);
    sl_call_heap(call, &writer);
    sl_buffer_init(&buffer, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        sl_buffer_reset(&buffer);
        if (sl_regex_use(&matcher, row) &&
            replace_row(&matcher, row, sl_call_text(call, 0, row), &buffer))
            sl_call_put_text(call, &writer, row, buffer.data ? buffer.data : "", buffer.length);
    }
    sl_buffer_done(&buffer);
    sl_regex_end(&matcher);
}
