/* The batch: up to 4,096 rows in columns, a light header over refcounted columns.
 *
 * 1. A column is immutable once it is part of a batch that was handed on; to change, build anew.
 * 2. A row of a batch exists if the selection names it; without a selection all rows exist.
 * 3. Row kinds and marks belong to the batch, not to a column; marks count physical rows.
 * 4. Everything comes from a pool; the last unref gives it back, on whatever thread. */
#ifndef SL_DATA_BATCH_H
#define SL_DATA_BATCH_H

#include "data/pool.h"
#include "data/schema.h"

#define SL_BATCH_ROWS_MAX 4096

enum sl_row_kind {
    SL_ROW_INSERT,        /* +I */
    SL_ROW_UPDATE_BEFORE, /* -U */
    SL_ROW_UPDATE_AFTER,  /* +U */
    SL_ROW_DELETE,        /* -D */
};
/* -U and -D name a row that is there no more. */
static inline bool
sl_row_kind_takes_back(enum sl_row_kind kind)
{
    return kind == SL_ROW_UPDATE_BEFORE || kind == SL_ROW_DELETE;
}

/* A string or bytes: 16 bytes, short ones inline, else a prefix and a pointer into a block that the
 * column holds a reference to. */
struct sl_view {
    uint32_t length;
    union {
        char inlined[12]; /* zero beyond length */
        struct {
            char prefix[4];
            const char *pointer; /* unaligned in the struct on purpose: see the packing below */
        } __attribute__((packed));
    };
};
_Static_assert(sizeof(struct sl_view) == 16, "a view is 16 bytes");
#define SL_VIEW_INLINE_MAX 12

/* Rows [start, start + length) of the child column(s). */
struct sl_span {
    uint32_t start, length;
};

static inline const char *
sl_view_data(const struct sl_view *view)
{
    return view->length <= SL_VIEW_INLINE_MAX ? view->inlined : view->pointer;
}
static inline struct sl_text
sl_view_text(const struct sl_view *view)
{
    return (struct sl_text){sl_view_data(view), view->length};
}
/* A view over bytes that outlive it (short ones are copied in). */
static inline struct sl_view
sl_view_of(const char *data, size_t length)
{
    struct sl_view view;

    memset(&view, 0, sizeof(view));
    view.length = (uint32_t)length;
    if (length <= SL_VIEW_INLINE_MAX) {
        memcpy(view.inlined, data, length);
    } else {
        memcpy(view.prefix, data, sizeof(view.prefix));
        view.pointer = data;
    }
    return view;
}
bool sl_view_equal(const struct sl_view *a, const struct sl_view *b);
int sl_view_compare(const struct sl_view *a, const struct sl_view *b); /* bytewise, unsigned */

/* A column.  `validity` has bit (row % 64) of word row / 64 set where the value is not NULL;
 * NULL pointer: no value is NULL.  A value under a NULL is undefined but readable. */
struct sl_column {
    _Atomic uint32_t references;
    uint32_t row_count;
    const struct sl_type *type; /* outlives every column: of the plan or static */
    void *values;               /* width bytes a row; NULL for ROW */
    uint64_t *validity;
    struct sl_column **children; /* ROW: a field each; ARRAY, MULTISET: [elements]
                                    (MULTISET: [elements, int counts]); MAP: [keys, values] */
    uint32_t child_count;
    uint32_t heap_count;
    uint32_t heap_capacity;
    struct sl_block **heaps;     /* what views point into; each held by a reference */
    struct sl_block *memory;     /* this header, values and validity live in it */
    struct sl_block *heap_memory; /* heaps[] when it outgrew the header, or NULL */
};

static inline bool
sl_column_is_null(const struct sl_column *column, size_t row)
{
    return column->validity && !(column->validity[row / 64] >> (row % 64) & 1);
}
/* Of a type that is stored as an integer of at most 8 bytes. */
static inline int64_t
sl_column_integer(const struct sl_column *column, size_t row)
{
    switch (sl_type_width(column->type->kind)) {
    case 1:
        return ((const int8_t *)column->values)[row];
    case 2:
        return ((const int16_t *)column->values)[row];
    case 4:
        return ((const int32_t *)column->values)[row];
    default:
        return ((const int64_t *)column->values)[row];
    }
}
/* Are two values of one type the same, NULLs too?  (Of a FLOAT or DOUBLE: are their bytes?) */
bool sl_column_values_equal(const struct sl_column *a, size_t row_a, const struct sl_column *b,
                            size_t row_b);
/* The same row by row: 1 where two columns of one type differ. */
void sl_column_differences(const struct sl_column *a, const struct sl_column *b, size_t row_count,
                           uint8_t *ret_differences);
static inline void
sl_validity_set(uint64_t *validity, size_t row, bool valid)
{
    uint64_t bit = UINT64_C(1) << (row % 64);

    validity[row / 64] = valid ? validity[row / 64] | bit : validity[row / 64] & ~bit;
}
#define SL_VALIDITY_WORDS(row_count) (((row_count) + 63) / 64)

/* A writable column with room for row_count values, one reference.  With `with_validity` the bitmap
 * is there and all ones; else sl_column_add_validity makes it at the first NULL.  Views and spans
 * begin as empty ones, other values are undefined.  Children of nested types are attached by the
 * caller (children array is allocated, entries NULL). */
struct sl_column *sl_column_new(struct sl_pool *pool, const struct sl_type *type,
                                size_t row_count, bool with_validity);
uint64_t *sl_column_add_validity(struct sl_column *column, struct sl_pool *pool);
/* The column keeps a reference to what its views point into; once a block, however often added. */
void sl_column_add_heap(struct sl_column *column, struct sl_pool *pool, struct sl_block *heap);
void sl_column_add_heaps_of(struct sl_column *column, struct sl_pool *pool,
                            const struct sl_column *from);
/* A new header over the same values and children, with another type of the same width and layout
 * and a validity bitmap of its own (a copy): for casts that change no value, for fields of rows. */
struct sl_column *sl_column_alias(struct sl_pool *pool, const struct sl_column *column,
                                  const struct sl_type *type);
struct sl_column *sl_column_ref(struct sl_column *column);
void sl_column_unref(struct sl_column *column); /* NULL does nothing */

/* Writes strings of unknown size: bytes go into heap blocks that the column then holds. */
struct sl_heap_writer {
    struct sl_pool *pool;
    struct sl_column *column;
    struct sl_block *block; /* the one being filled */
    size_t used;
};
void sl_heap_writer_init(struct sl_heap_writer *writer, struct sl_pool *pool,
                         struct sl_column *column);
/* Room for `size` bytes, to be filled by the caller; then sl_view_of(pointer, size). */
char *sl_heap_writer_reserve(struct sl_heap_writer *writer, size_t size);
void sl_heap_writer_commit(struct sl_heap_writer *writer, size_t size); /* <= what was reserved */
struct sl_view sl_heap_writer_copy(struct sl_heap_writer *writer, const char *data, size_t size);

/* Before physical row `row` the watermark became time_ms. */
struct sl_mark {
    uint32_t row;
    int64_t time_ms;
};

struct sl_batch {
    _Atomic uint32_t references;
    uint32_t row_count;        /* physical rows in the columns */
    uint32_t column_count;
    uint32_t selection_count;  /* rows that exist, when there is a selection */
    struct sl_column **columns;
    uint16_t *selection;       /* ascending physical rows, or NULL: all */
    uint8_t *kinds;            /* enum sl_row_kind by physical row, or NULL: all +I */
    struct sl_mark *marks;
    uint32_t mark_count;
    uint64_t *errors;          /* bitmap by physical row of rows that failed, or NULL */
    int32_t split;             /* of a source batch; -1: none */
    int64_t *positions;        /* by physical row: the row's position in its split, or NULL */
    uint64_t bytes;            /* what it counts in a ring and in metrics */
    struct sl_block *memory;
    struct sl_block *extra[5]; /* selection, kinds, marks, positions, errors: shared by headers */
};

/* One reference; columns are NULL until sl_batch_set_column. */
struct sl_batch *sl_batch_new(struct sl_pool *pool, size_t column_count, size_t row_count);
struct sl_batch *sl_batch_ref(struct sl_batch *batch);
void sl_batch_unref(struct sl_batch *batch); /* NULL does nothing */
/* Takes over the caller's reference to the column. */
void sl_batch_set_column(struct sl_batch *batch, size_t index, struct sl_column *column);
/* Writable arrays of row_count (selection, kinds, positions) or `count` (marks) entries, owned by
 * the batch.  Only before it is handed on. */
uint16_t *sl_batch_add_selection(struct sl_batch *batch, struct sl_pool *pool);
uint8_t *sl_batch_add_kinds(struct sl_batch *batch, struct sl_pool *pool); /* all +I */
struct sl_mark *sl_batch_add_marks(struct sl_batch *batch, struct sl_pool *pool, size_t count);
int64_t *sl_batch_add_positions(struct sl_batch *batch, struct sl_pool *pool);
uint64_t *sl_batch_add_errors(struct sl_batch *batch, struct sl_pool *pool); /* no row failed */

static inline size_t
sl_batch_live_count(const struct sl_batch *batch)
{
    return batch->selection ? batch->selection_count : batch->row_count;
}
/* The physical row of live row i. */
static inline size_t
sl_batch_row(const struct sl_batch *batch, size_t i)
{
    return batch->selection ? batch->selection[i] : i;
}
static inline enum sl_row_kind
sl_batch_kind(const struct sl_batch *batch, size_t row)
{
    return batch->kinds ? (enum sl_row_kind)batch->kinds[row] : SL_ROW_INSERT;
}

/* A new header over the same columns (references taken), same kinds, marks, positions; with a
 * selection of its own if `selection` is given (copied; ascending). */
struct sl_batch *sl_batch_share(struct sl_pool *pool, const struct sl_batch *batch,
                                const uint16_t *selection, size_t selection_count);
/* New columns with the live rows [from, from + count) only; strings are copied.  Marks go to the
 * part that begins at or after them: one between two parts is the first one's only if that ends the
 * batch. */
struct sl_batch *sl_batch_compact(struct sl_pool *pool, const struct sl_batch *batch, size_t from,
                                  size_t count);
/* One batch with the live rows of several (same columns), at most SL_BATCH_ROWS_MAX in all; strings
 * are copied. */
struct sl_batch *sl_batch_concat(struct sl_pool *pool, struct sl_batch *const *batches,
                                 size_t batch_count);
/* A new column with the given rows of `column`, in that order; views share the heaps, or are copied
 * when copy_views. */
struct sl_column *sl_column_gather(struct sl_pool *pool, const struct sl_column *column,
                                   const uint32_t *rows, size_t row_count, bool copy_views);
/* The same of two columns of one type, at most SL_BATCH_ROWS_MAX rows in all: those of `second` are
 * counted on behind those of `first`.  Strings are copied. */
struct sl_column *sl_column_gather_two(struct sl_pool *pool, struct sl_column *first,
                                       struct sl_column *second, const uint32_t *rows,
                                       size_t row_count);

#endif
