/* Inside expr: regular expressions over a batch, by PCRE2 (its syntax is Java's but for rarities).
 *
 * 1. A constant pattern is compiled once a program (prepare); others are kept for the batch in a
 *    small table, so that rows that alternate between some patterns compile each once.
 * 2. Matching has limits, so that no pattern can hold a task; a row that hits one fails. */
#ifndef SL_EXPR_REGEX_H
#define SL_EXPR_REGEX_H

#define PCRE2_CODE_UNIT_WIDTH 8

#include "expr/kernels.h"

#include <pcre2.h>

enum regex_dialect {
    REGEX_JAVA,
    REGEX_SIMILAR,         /* SQL's SIMILAR TO; argument 2 is the escape character */
    REGEX_POSTGRES,        /* . takes line ends, too, and $ is the end of the text only */
    REGEX_POSTGRES_NOCASE, /* ~* */
    REGEX_POSTGRES_FLAGS,  /* the last argument holds letters: i, c, n, m, s, x, g */
};

#define REGEX_CACHE_SIZE 16

struct regex_entry {
    struct sl_text pattern, extra; /* of the batch; extra: flags, or the escape character */
    pcre2_code *code;              /* NULL: broken, or the entry is empty */
};

struct regex_matcher {
    struct sl_call *call;
    enum regex_dialect dialect;
    pcre2_code *code; /* of the row at hand */
    struct regex_entry cache[REGEX_CACHE_SIZE];
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    char message[160];
};

void sl_regex_begin(struct regex_matcher *matcher, struct sl_call *call,
                    enum regex_dialect dialect);
void sl_regex_end(struct regex_matcher *matcher);
/* Makes the row's pattern (argument 1) the current one; false: it is broken, and the row has
 * failed. */
bool sl_regex_use(struct regex_matcher *matcher, size_t row);
/* Positive: matched; 0: not; negative: a limit was hit, and the row has failed. */
int sl_regex_match(struct regex_matcher *matcher, size_t row, struct sl_text text, size_t from,
                   uint32_t options);

/* All matches of a text, one after another, as Java's find() has them. */
struct regex_scan {
    size_t from;
    uint32_t options;
};
int sl_regex_next(struct regex_matcher *matcher, size_t row, struct sl_text text,
                  struct regex_scan *scan);

/* Offsets of group 0, 1 …, two each; PCRE2_UNSET: it took no part. */
static inline const PCRE2_SIZE *
sl_regex_offsets(const struct regex_matcher *matcher)
{
    return pcre2_get_ovector_pointer(matcher->data);
}
/* Groups of the current pattern, the whole being one. */
uint32_t sl_regex_group_count(const struct regex_matcher *matcher);

/* Is a flag among the row's? */
bool sl_regex_has_flag(const struct regex_matcher *matcher, size_t row, char flag);

#endif
