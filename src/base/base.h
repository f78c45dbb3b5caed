/* What every file of Sluice may use: outcomes, checks, and the text slice. */
#ifndef SL_BASE_BASE_H
#define SL_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Outcomes of a function that returns int: SL_OK; negative: an error whose details are in the
 * caller's struct sl_error; positive: an outcome that is no error. */
#define SL_OK 0
#define SL_AGAIN 1 /* nothing now, or: taken, stop here; the callee says which */
#define SL_EOF 2   /* there will never be more */

#define SL_ALWAYS_INLINE inline __attribute__((always_inline))
#define SL_MUST_CHECK __attribute__((warn_unused_result))
#define SL_PRINTF(format_index, args_index) \
    __attribute__((format(printf, format_index, args_index)))
#define SL_LIKELY(x) __builtin_expect(!!(x), 1)
#define SL_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define SL_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/* Each argument is evaluated once.  Not for constant expressions. */
#define SL_MIN(a, b)                     \
    __extension__({                      \
        __typeof__((a) + 0) sl_a_ = (a); \
        __typeof__((b) + 0) sl_b_ = (b); \
        sl_a_ < sl_b_ ? sl_a_ : sl_b_;   \
    })
#define SL_MAX(a, b)                     \
    __extension__({                      \
        __typeof__((a) + 0) sl_a_ = (a); \
        __typeof__((b) + 0) sl_b_ = (b); \
        sl_a_ > sl_b_ ? sl_a_ : sl_b_;   \
    })
#define SL_CACHE_LINE 64

/* For functions with nothing to undo.  Never mixed with an "out:" label in one function. */
#define SL_TRY(call)             \
    do {                         \
        int sl_try_rc_ = (call); \
        if (sl_try_rc_ < 0)      \
            return sl_try_rc_;   \
    } while (0)

/* A programmer's error ends the process, in release builds too. */
#define SL_ASSERT(condition)                                  \
    do {                                                      \
        if (SL_UNLIKELY(!(condition)))                        \
            sl_assert_failed(#condition, __FILE__, __LINE__); \
    } while (0)
#define SL_UNREACHABLE() sl_assert_failed("unreachable", __FILE__, __LINE__)

__attribute__((noreturn)) void sl_assert_failed(const char *condition, const char *file, int line);

/* A checked cast from void * for structs that begin with `unsigned magic`. */
#define SL_CAST(to, from, expected_magic)                           \
    do {                                                            \
        (to) = (from);                                              \
        SL_ASSERT((to) != NULL && (to)->magic == (expected_magic)); \
    } while (0)

/* malloc, calloc and realloc that end the process instead of returning NULL. */
void *sl_alloc(size_t size);
void *sl_alloc_zeroed(size_t size);
void *sl_realloc(void *memory, size_t size);
char *sl_strdup(const char *string);
/* The same, at the begin of a cache line; for free(). */
void *sl_alloc_lines(size_t size);
/* The same, at the begin of a huge page, and on huge pages where the system gives them: for what is
 * large, all used, and looked up at random. */
#define SL_HUGE_PAGE ((size_t)2 << 20)
void *sl_alloc_huge(size_t size);
/* The same, zeroed as it is touched; for sl_free_pages, with the same size. */
void *sl_alloc_pages(size_t size);
void sl_free_pages(void *memory, size_t size);

/* A slice of bytes that somebody else owns; not terminated. */
struct sl_text {
    const char *start;
    size_t length;
};
#define SL_TEXT(literal) ((struct sl_text){(literal), sizeof(literal) - 1})
#define SL_TEXT_FORMAT(text) (int)(text).length, (text).start /* for "%.*s" */

struct sl_text sl_text_of(const char *string);
bool sl_text_equal(struct sl_text a, struct sl_text b);
/* ASCII letters match without case. */
bool sl_text_equal_nocase(struct sl_text a, struct sl_text b);
int sl_text_compare(struct sl_text a, struct sl_text b);
bool sl_equal_nocase(const char *a, const char *b);

/* The edit distance (insert, delete, replace, swap; ASCII case ignored) between two names, at most
 * `limit`; returns limit + 1 when it is larger.  For "did you mean". */
unsigned sl_text_distance(struct sl_text a, struct sl_text b, unsigned limit);

#endif
