/* Allocation that never fails, failed assertions, and comparison of text slices. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>

void
sl_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "level=fatal msg=\"assertion failed\" condition=\"%s\" at=%s:%d\n", condition,
            file, line);
    abort();
}

static void *
base_check_memory(void *memory, size_t size)
{
    if (memory == NULL) {
        fprintf(stderr, "level=fatal msg=\"out of memory\" bytes=%zu\n", size);
        abort();
    }
    return memory;
}

void *
sl_alloc(size_t size)
{
    return base_check_memory(malloc(size ? size : 1), size);
}

void *
sl_alloc_zeroed(size_t size)
{
    return base_check_memory(calloc(1, size ? size : 1), size);
}

void *
sl_realloc(void *memory, size_t size)
{
    return base_check_memory(realloc(memory, size ? size : 1), size);
}

void *
sl_alloc_lines(size_t size)
{
    size_t lines = (size + SL_CACHE_LINE - 1) / SL_CACHE_LINE;

    return base_check_memory(aligned_alloc(SL_CACHE_LINE, lines * SL_CACHE_LINE), size);
}

static size_t
base_huge_size(size_t size)
{
    return (size + SL_HUGE_PAGE - 1) & ~(SL_HUGE_PAGE - 1);
}

void *
sl_alloc_huge(size_t size)
{
    size_t rounded = base_huge_size(size);
    void *memory = base_check_memory(aligned_alloc(SL_HUGE_PAGE, rounded), size);

    madvise(memory, rounded, MADV_HUGEPAGE); /* small ones do as well */
    return memory;
}

void *
sl_alloc_pages(size_t size)
{
    size_t rounded = base_huge_size(size), before;
    char *memory = mmap(NULL, rounded + SL_HUGE_PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    base_check_memory(memory == MAP_FAILED ? NULL : memory, size);
    before = (SL_HUGE_PAGE - ((uintptr_t)memory & (SL_HUGE_PAGE - 1))) & (SL_HUGE_PAGE - 1);
    if (before > 0)
        munmap(memory, before);
    munmap(memory + before + rounded, SL_HUGE_PAGE - before);
    madvise(memory + before, rounded, MADV_HUGEPAGE);
    return memory + before;
}

void
sl_free_pages(void *memory, size_t size)
{
    if (memory)
        munmap(memory, base_huge_size(size));
}

char *
sl_strdup(const char *string)
{
    size_t size = strlen(string) + 1;

    return memcpy(sl_alloc(size), string, size);
}

struct sl_text
sl_text_of(const char *string)
{
    return (struct sl_text){string, strlen(string)};
}

bool
sl_text_equal(struct sl_text a, struct sl_text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.start, b.start, a.length) == 0);
}

bool
sl_text_equal_nocase(struct sl_text a, struct sl_text b)
{
    return a.length == b.length && (a.length == 0 || strncasecmp(a.start, b.start, a.length) == 0);
}

int
sl_text_compare(struct sl_text a, struct sl_text b)
{
    size_t shorter = SL_MIN(a.length, b.length);
    int order = shorter ? memcmp(a.start, b.start, shorter) : 0;

    return order ? order : (a.length > b.length) - (a.length < b.length);
}

bool
sl_equal_nocase(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

static unsigned char
base_fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Damerau-Levenshtein, optimal string alignment, three rows. */
unsigned
sl_text_distance(struct sl_text a, struct sl_text b, unsigned limit)
{
    enum { LENGTH_MAX = 128 };
    unsigned rows[3][LENGTH_MAX + 1];

    if (a.length > LENGTH_MAX || b.length > LENGTH_MAX)
        return limit + 1;
    for (size_t j = 0; j <= b.length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.length; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.length; j++) {
            unsigned char x = base_fold(a.start[i - 1]), y = base_fold(b.start[j - 1]);
            unsigned best = above[j - 1] + (x != y);

            best = SL_MIN(best, above[j] + 1);
            best = SL_MIN(best, row[j - 1] + 1);
            if (i > 1 && j > 1 && x == base_fold(b.start[j - 2]) && y == base_fold(a.start[i - 2]))
                best = SL_MIN(best, above2[j - 2] + 1);
            row[j] = best;
        }
    }
    return SL_MIN(rows[a.length % 3][b.length], limit + 1);
}
