/* Inside expr: JSON documents, paths into them, and what JSON functions write.
 *
 * 1. A document is read as a whole before anything is taken out of it, so that a broken one is an
 *    error wherever the break is.  Of a key that stands twice the last value counts.
 * 2. A path is compiled once where it is constant.  Its steps are those of JsonPath, which Flink
 *    uses; a definite path leads to one value, another to a list of values.
 * 3. What is written is in one form: no blanks, members sorted by key, numbers as Java's BigDecimal
 *    prints them. */
#ifndef SL_EXPR_JSON_H
#define SL_EXPR_JSON_H

#include "data/batch.h"
#include "data/json_index.h"
#include "data/json_token.h"

#define SL_JSON_DEPTH_MAX 1000

/* --- json_document.c --- */

/* The tokens of a text, and where each value ends.  Its memory serves one text after the other. */
struct json_document {
    struct sl_json_index *index;
    const char *data;          /* a copy, padded */
    const uint32_t *positions; /* of tokens, in data; two more than `count` */
    uint32_t count;
    uint32_t *ends;   /* where a value begins: the token behind it */
    bool has_escapes; /* a backslash somewhere */
    char *memory;
    size_t memory_size;
    uint32_t ends_capacity;
};
void sl_json_document_init(struct json_document *document);
void sl_json_document_done(struct json_document *document);
/* NULL, or why it is no JSON. */
const char *sl_json_document_read(struct json_document *document, struct sl_text text);

/* The first byte of the token says what value begins there. */
static inline char
json_kind(const struct json_document *document, uint32_t token)
{
    return document->data[document->positions[token]];
}
static inline bool
json_is_scalar(const struct json_document *document, uint32_t token)
{
    char kind = json_kind(document, token);

    return kind != '{' && kind != '[';
}
/* A string's text between its quotes, as it is written; a number's or literal's. */
struct sl_text sl_json_document_text(const struct json_document *document, uint32_t token);
/* The same with escapes resolved, in the arena if there are any. */
struct sl_text sl_json_document_string(const struct json_document *document, uint32_t token,
                                       struct sl_arena *arena);

/* for (uint32_t value …) over the items of an array, or (with `key`) over the members of an
 * object; the token after the last one ends it. */
#define JSON_FOR_ITEMS(document, array, value)                                               \
    for (uint32_t value = (array) + 1, end_##value = (document)->ends[array] - 1;            \
         value < end_##value; value = (document)->ends[value] + 1)
#define JSON_FOR_MEMBERS(document, object, key)                                              \
    for (uint32_t key = (object) + 1, end_##key = (document)->ends[object] - 1; key < end_##key; \
         key = (document)->ends[key + 2] + 1)

/* --- json_path.c --- */

enum json_step_kind {
    JSON_STEP_NAME,    /* .a, ['a'] */
    JSON_STEP_INDEX,   /* [0], [-1], [last] */
    JSON_STEP_INDEXES, /* [0, 2] */
    JSON_STEP_SLICE,   /* [1:3] */
    JSON_STEP_ANY,     /* .*, [*] */
    JSON_STEP_DEEP,    /* ..: the next step, from everything below */
    JSON_STEP_FILTER,  /* [?(@.a > 1)], ?(@.a > 1) */
};
struct json_step {
    enum json_step_kind kind;
    struct sl_text name;
    int64_t *indexes;
    size_t index_count;
    int64_t from, to; /* SLICE; INT64_MAX: to the end */
    const struct json_filter *filter;
};
struct json_path {
    bool is_lax;
    bool is_definite;
    const struct json_step *steps;
    size_t step_count;
    size_t definite_count; /* steps before the first that may lead to several values */
};

enum json_filter_kind {
    JSON_FILTER_AND,
    JSON_FILTER_OR,
    JSON_FILTER_NOT,
    JSON_FILTER_EXISTS,
    JSON_FILTER_COMPARE
};
enum json_compare { JSON_EQ, JSON_NE, JSON_LT, JSON_LE, JSON_GT, JSON_GE };
/* A path from @ or $, or a literal as JSON writes it. */
struct json_operand {
    bool is_path, from_root;
    struct json_path path;
    struct sl_text literal; /* a string's text, or the number or word */
    bool is_string;
};
struct json_filter {
    enum json_filter_kind kind;
    const struct json_filter *left, *right;
    enum json_compare compare;
    struct json_operand operands[2];
};

/* 42601 names the path and the place in it; 0A000 what is not built.  All of it is in the arena. */
int sl_json_path_compile(struct sl_arena *arena, struct sl_text text,
                         const struct json_path **ret_path, struct sl_error *err);

/* --- json_match.c --- */

enum json_outcome {
    JSON_FOUND,
    JSON_EMPTY, /* nothing there, or null, in a lax path */
    JSON_FAILED /* the path leads nowhere, or to null, in a strict one; or the text is no JSON */
};
/* What a path leads to. */
struct json_matches {
    uint32_t *values;
    size_t count, capacity;
};
void sl_json_matches_done(struct json_matches *matches);
/* JSON_FOUND: `matches` is the value, or the list of values of a path that is not definite.
 * JSON_FAILED: *ret_reason says why. */
enum json_outcome sl_json_match(const struct json_path *path, const struct json_document *document,
                                struct json_matches *matches, const char **ret_reason);

/* --- json_write.c --- */

struct json_writer {
    struct sl_buffer *to;
    struct sl_arena *scratch;
};
void sl_json_write_value(struct json_writer *writer, const struct json_document *document,
                         uint32_t token);
/* A number as BigDecimal.toString() prints it. */
void sl_json_write_number(struct sl_buffer *to, struct sl_text text);

/* One member of an object that is being written. */
struct json_member {
    struct sl_text key;
    uint32_t value, order;
};
/* Sorts by key; of equal keys the last one stays.  Returns how many do. */
size_t sl_json_sort_members(struct json_member *members, size_t count);

/* --- json_cell.c: SQL values as JSON --- */

/* A type with its parts, made once. */
struct json_shape {
    const struct sl_type *type;
    struct json_shape *children; /* a ROW's fields in the order of their names; MAP's value */
    uint32_t *fields;            /* ROW: which field each child is */
    size_t count;
};
/* False: *ret_type is what cannot be written. */
bool sl_json_type_is_written(const struct sl_type *type, const struct sl_type **ret_type);
struct json_shape sl_json_shape(struct sl_arena *arena, const struct sl_type *type);
/* NULL, or why a value cannot be written. */
const char *sl_json_write_cell(struct json_writer *writer, const struct json_shape *shape,
                               const struct sl_column *column, size_t row);

#endif
