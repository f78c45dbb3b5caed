/* IS JSON, JSON_EXISTS, JSON_VALUE, JSON_QUERY: what they do on empty and on error is Flink's.
 *
 * Their arguments are the text, the path, and then literals: JSON_EXISTS (on error), JSON_VALUE
 * (type, on empty, its default, on error, its default), JSON_QUERY (type, wrapper, on empty, on
 * error). */
#include "data/decimal.h"
#include "data/number_text.h"
#include "data/value.h"
#include "expr/json.h"
#include "expr/kernels.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum json_behavior {
    JSON_ON_NULL,
    JSON_ON_ERROR,
    JSON_ON_DEFAULT,
    JSON_ON_EMPTY_ARRAY,
    JSON_ON_EMPTY_OBJECT,
    JSON_ON_TRUE,
    JSON_ON_FALSE,
};
enum json_wrapper { JSON_WITHOUT, JSON_CONDITIONAL, JSON_UNCONDITIONAL };

struct json_call {
    const struct json_path *path; /* NULL: not constant, or broken */
    enum json_behavior on_empty, on_error;
    enum json_wrapper wrapper;
};

static int
json_word_at(const struct sl_expr *call, size_t i, const char *const *words, size_t count)
{
    struct sl_text text;

    for (size_t word = 0; i < call->arg_count && word < count; word++) {
        if (sl_expr_literal_text(call->args[i], &text) &&
            sl_text_equal(text, sl_text_of(words[word])))
            return (int)word;
    }
    return -1;
}

static enum json_behavior
json_behavior_at(const struct sl_expr *call, size_t i, enum json_behavior unsaid)
{
    static const char *const words[] = {"NULL",         "ERROR", "DEFAULT", "EMPTY ARRAY",
                                        "EMPTY OBJECT", "TRUE",  "FALSE"};
    int word = json_word_at(call, i, words, SL_COUNT_OF(words));

    return word < 0 ? unsaid : (enum json_behavior)word;
}

static struct json_call *
json_prepare(struct sl_arena *arena, const struct sl_expr *call)
{
    struct json_call *json = SL_NEW(arena, struct json_call);
    struct sl_text path;
    struct sl_error err;

    if (sl_expr_literal_text(call->args[1], &path))
        (void)sl_json_path_compile(arena, path, &json->path, &err);
    return json;
}

const void *
sl_prepare_json_exists(struct sl_arena *arena, const struct sl_expr *call,
                       const struct sl_expr_settings *settings)
{
    struct json_call *json = json_prepare(arena, call);

    json->on_error = json_behavior_at(call, 2, JSON_ON_FALSE);
    return json;
}

const void *
sl_prepare_json_value(struct sl_arena *arena, const struct sl_expr *call,
                      const struct sl_expr_settings *settings)
{
    struct json_call *json = json_prepare(arena, call);

    json->on_empty = json_behavior_at(call, 3, JSON_ON_NULL);
    json->on_error = json_behavior_at(call, 5, JSON_ON_NULL);
    return json;
}

const void *
sl_prepare_json_query(struct sl_arena *arena, const struct sl_expr *call,
                      const struct sl_expr_settings *settings)
{
    static const char *const words[] = {"WITHOUT", "CONDITIONAL", "UNCONDITIONAL"};
    struct json_call *json = json_prepare(arena, call);
    int wrapper = json_word_at(call, 3, words, SL_COUNT_OF(words));

    json->wrapper = wrapper < 0 ? JSON_WITHOUT : (enum json_wrapper)wrapper;
    json->on_empty = json_behavior_at(call, 4, JSON_ON_NULL);
    json->on_error = json_behavior_at(call, 5, JSON_ON_NULL);
    return json;
}

/* --- a batch --- */

struct json_run {
    struct sl_call *call;
    struct json_call clauses;
    struct json_document document;
    struct json_matches matches;
    struct sl_arena scratch;
    struct sl_buffer buffer;
    struct sl_heap_writer heap;
    struct sl_text path_text; /* of the path that was compiled last, when it is not constant */
    struct sl_arena path_arena;
    const char *reason;
};

static void
json_begin(struct json_run *run, struct sl_call *call)
{
    memset(run, 0, sizeof(*run));
    run->call = call;
    if (call->prepared)
        run->clauses = *(const struct json_call *)call->prepared;
    sl_json_document_init(&run->document);
    sl_arena_init(&run->scratch);
    sl_arena_init(&run->path_arena);
    sl_buffer_init(&run->buffer, SIZE_MAX / 2);
}

static void
json_end(struct json_run *run)
{
    sl_json_document_done(&run->document);
    sl_json_matches_done(&run->matches);
    sl_arena_done(&run->scratch);
    sl_arena_done(&run->path_arena);
    sl_buffer_done(&run->buffer);
}

/* The path of this row; NULL: it is broken. */
static const struct json_path *
json_path_of(struct json_run *run, size_t row)
{
    const struct json_call *prepared = run->call->prepared;
    struct sl_text text;
    struct sl_error err;

    if (prepared->path)
        return prepared->path;
    text = sl_call_text(run->call, 1, row);
    if (run->path_text.start && sl_text_equal(text, run->path_text))
        return run->clauses.path;
    sl_arena_reset(&run->path_arena);
    run->path_text = sl_arena_text(&run->path_arena, text);
    run->clauses.path = NULL;
    (void)sl_json_path_compile(&run->path_arena, run->path_text, &run->clauses.path, &err);
    return run->clauses.path;
}

static enum json_outcome
json_look(struct json_run *run, size_t row)
{
    const struct json_path *path = json_path_of(run, row);
    const char *reason;

    if (run->scratch.used_bytes)
        sl_arena_reset(&run->scratch);
    run->reason = "the path cannot be read";
    if (path == NULL)
        return JSON_FAILED;
    reason = sl_json_document_read(&run->document, sl_call_text(run->call, 0, row));
    if (reason == NULL)
        return sl_json_match(path, &run->document, &run->matches, &run->reason);
    run->reason = reason;
    return path->is_lax ? JSON_EMPTY : JSON_FAILED;
}

static bool
json_has_null(const struct sl_call *call, size_t row)
{
    return sl_call_arg_is_null(call, 0, row) || sl_call_arg_is_null(call, 1, row);
}

static void
json_fail(struct json_run *run, size_t row, int code)
{
    sl_call_fail(run->call, row, code, "%s: %s (path \"%s\")", run->call->expr->function->name,
                 run->reason, sl_call_arg_text(run->call, 1, row));
}

/* --- IS JSON --- */

static void
json_test(struct sl_call *call, const char *kinds)
{
    struct json_run run;

    json_begin(&run, call);
    SL_FOR_ROWS(call, row)
    {
        const char *reason = sl_json_document_read(&run.document, sl_call_text(call, 0, row));

        SL_RESULT(call, uint8_t)
        [row] = reason == NULL && (*kinds == '\0' || strchr(kinds, json_kind(&run.document, 0)));
    }
    json_end(&run);
}

void
sl_kernel_is_json(struct sl_call *call)
{
    json_test(call, "");
}

void
sl_kernel_is_json_object(struct sl_call *call)
{
    json_test(call, "{");
}

void
sl_kernel_is_json_array(struct sl_call *call)
{
    json_test(call, "[");
}

void
sl_kernel_is_json_scalar(struct sl_call *call)
{
    json_test(call, "\"-0123456789tfn");
}

/* --- JSON_EXISTS --- */

void
sl_kernel_json_exists(struct sl_call *call)
{
    struct json_run run;

    json_begin(&run, call);
    SL_FOR_ROWS(call, row)
    {
        enum json_outcome outcome;

        if (json_has_null(call, row)) {
            sl_call_set_null(call, row);
            continue;
        }
        outcome = json_look(&run, row);
        SL_RESULT(call, uint8_t)
        [row] = outcome == JSON_FOUND ||
                (outcome == JSON_FAILED && run.clauses.on_error == JSON_ON_TRUE);
        if (outcome == JSON_FAILED && run.clauses.on_error == JSON_ON_ERROR)
            json_fail(&run, row, SL_E_NO_JSON_ITEM);
        else if (outcome == JSON_FAILED && run.clauses.on_error == JSON_ON_NULL)
            sl_call_set_null(call, row);
    }
    json_end(&run);
}

/* --- one value as SQL --- */

static bool
json_read_boolean(struct sl_text text, uint8_t *ret_boolean)
{
    static const char *const trues[] = {"true", "t", "yes", "1"};
    static const char *const falses[] = {"false", "f", "no", "0"};

    text = sl_number_trim(text);
    for (size_t i = 0; i < SL_COUNT_OF(trues); i++) {
        *ret_boolean = sl_text_equal_nocase(text, sl_text_of(trues[i]));
        if (*ret_boolean || sl_text_equal_nocase(text, sl_text_of(falses[i])))
            return true;
    }
    return false;
}

/* The whole part of a number as BigDecimal.toBigInteger() has it; false: none, or beyond 64 bits.
 */
static bool
json_read_integer(struct sl_text text, int64_t *ret_integer)
{
    sl_int128 whole;

    if (sl_number_read_integer(text, ret_integer))
        return true;
    if (!sl_number_is_decimal(text))
        return false;
    if (sl_decimal_parse(text, 18, &whole)) { /* 20 digits before the point are enough */
        whole /= sl_decimal_power10(18);
    } else {
        return false;
    }
    *ret_integer = (int64_t)whole;
    return SL_INT128_FITS_INT64(whole);
}

static bool
json_set_real(struct sl_column *column, size_t row, struct sl_text text)
{
    bool is_float = column->type->kind == SL_TYPE_FLOAT;
    double real;

    if (!sl_number_is_decimal(text) || !sl_number_read_real(text, is_float, &real) ||
        !isfinite(real))
        return false;
    if (is_float)
        ((float *)column->values)[row] = (float)real;
    else
        ((double *)column->values)[row] = real;
    return true;
}

static bool
json_set_number(struct sl_column *column, size_t row, struct sl_text text)
{
    const struct sl_type *type = column->type;
    struct sl_value value = {.type = type};

    switch (type->kind) {
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
        return json_set_real(column, row, text);
    case SL_TYPE_DECIMAL:
        if (!sl_number_is_decimal(text) || !sl_decimal_parse(text, type->scale, &value.decimal) ||
            !sl_decimal_fits(value.decimal, type->precision))
            return false;
        break;
    default:
        if (!json_read_integer(text, &value.integer) || !sl_number_fits(type->kind, value.integer))
            return false;
    }
    sl_column_store_scalar(column, row, &value);
    return true;
}

/* The text of a string, of a number in Java's form, of a word; of a container its JSON. */
static struct sl_view
json_view(struct json_run *run, uint32_t token)
{
    char kind = json_kind(&run->document, token);
    struct json_writer writer = {&run->buffer, &run->scratch};

    if (kind == '"' || kind == 't' || kind == 'f') {
        struct sl_text text = sl_json_document_string(&run->document, token, &run->scratch);

        return sl_heap_writer_copy(&run->heap, text.start, text.length);
    }
    sl_buffer_reset(&run->buffer);
    sl_json_write_value(&writer, &run->document, token);
    return sl_heap_writer_copy(&run->heap, run->buffer.data, run->buffer.length);
}

/* A scalar, or anything as text, into a column; false: it does not fit the type. */
static bool
json_set(struct json_run *run, uint32_t token, struct sl_column *column, size_t row)
{
    char kind = json_kind(&run->document, token);
    struct sl_text text;

    if (sl_type_is_text(column->type->kind)) {
        ((struct sl_view *)column->values)[row] = json_view(run, token);
        return true;
    }
    if (kind == '{' || kind == '[')
        return false;
    text = sl_json_document_string(&run->document, token, &run->scratch);
    if (column->type->kind == SL_TYPE_BOOLEAN)
        return (kind == 't' || kind == 'f' || kind == '"') &&
               json_read_boolean(text, (uint8_t *)column->values + row);
    return kind != 't' && kind != 'f' && json_set_number(column, row, text);
}

/* --- JSON_VALUE --- */

/* DEFAULT: the value of argument `arg`. */
static void
json_take_default(struct json_run *run, size_t row, size_t arg)
{
    const struct sl_vector *vector = &run->call->args[arg];
    size_t at = row & vector->mask, width = sl_type_width(run->call->expr->type->kind);

    if (sl_column_is_null(vector->column, at)) {
        sl_call_set_null(run->call, row);
        return;
    }
    if (sl_type_is_view(run->call->expr->type->kind)) {
        struct sl_text text = sl_call_text(run->call, arg, row);

        SL_RESULT(run->call, struct sl_view)
        [row] = sl_heap_writer_copy(&run->heap, text.start, text.length);
        return;
    }
    memcpy((char *)run->call->result->values + row * width,
           (const char *)vector->column->values + at * width, width);
}

static void
json_value_behaves(struct json_run *run, size_t row, enum json_behavior behavior, size_t arg,
                   int code)
{
    if (behavior == JSON_ON_DEFAULT)
        json_take_default(run, row, arg);
    else if (behavior == JSON_ON_ERROR)
        json_fail(run, row, code);
    else
        sl_call_set_null(run->call, row);
}

static void
json_value_row(struct json_run *run, size_t row)
{
    const struct json_path *path = json_path_of(run, row);
    enum json_outcome outcome = json_look(run, row);
    int code = SL_E_NO_JSON_ITEM;

    if (outcome == JSON_FOUND) {
        uint32_t value = run->matches.values ? run->matches.values[0] : 0;

        if (path->is_definite && json_is_scalar(&run->document, value)) {
            if (json_set(run, value, run->call->result, row))
                return;
            run->reason = "the value does not fit the type that is returned";
            code = SL_E_INVALID_TEXT;
            outcome = JSON_FAILED;
        } else {
            run->reason = "the path leads to what is no scalar";
            code = SL_E_JSON_SCALAR;
            outcome = path->is_lax ? JSON_EMPTY : JSON_FAILED;
        }
    }
    if (outcome == JSON_EMPTY)
        json_value_behaves(run, row, run->clauses.on_empty, 4, code);
    else
        json_value_behaves(run, row, run->clauses.on_error, 6, code);
}

void
sl_kernel_json_value(struct sl_call *call)
{
    struct json_run run;

    json_begin(&run, call);
    if (sl_type_is_view(call->expr->type->kind))
        sl_call_heap(call, &run.heap);
    SL_FOR_ROWS(call, row)
    {
        if (json_has_null(call, row))
            sl_call_set_null(call, row);
        else
            json_value_row(&run, row);
    }
    json_end(&run);
}

/* --- JSON_QUERY --- */

/* What is returned, before it is written: one value, or a list of values. */
struct json_query {
    bool is_list;
    bool is_wrapped; /* one more array around it */
};

static enum json_outcome
json_query_look(struct json_run *run, size_t row, struct json_query *query)
{
    const struct json_path *path = json_path_of(run, row);
    enum json_outcome outcome = json_look(run, row);
    bool is_scalar;

    if (outcome != JSON_FOUND)
        return outcome;
    query->is_list = !path->is_definite;
    is_scalar = !query->is_list && json_is_scalar(&run->document, run->matches.values[0]);
    query->is_wrapped = run->clauses.wrapper == JSON_UNCONDITIONAL ||
                        (run->clauses.wrapper == JSON_CONDITIONAL && !query->is_list &&
                         json_kind(&run->document, run->matches.values[0]) != '[');
    if (!is_scalar || query->is_wrapped)
        return JSON_FOUND;
    run->reason = "the path leads to a scalar";
    return path->is_lax ? JSON_EMPTY : JSON_FAILED;
}

static void
json_query_write(struct json_run *run, const struct json_query *query, size_t row)
{
    struct json_writer writer = {&run->buffer, &run->scratch};

    sl_buffer_reset(&run->buffer);
    if (query->is_wrapped)
        sl_buffer_add_byte(&run->buffer, '[');
    if (query->is_list)
        sl_buffer_add_byte(&run->buffer, '[');
    for (size_t i = 0; i < run->matches.count; i++) {
        if (i)
            sl_buffer_add_byte(&run->buffer, ',');
        sl_json_write_value(&writer, &run->document, run->matches.values[i]);
    }
    if (query->is_list)
        sl_buffer_add_byte(&run->buffer, ']');
    if (query->is_wrapped)
        sl_buffer_add_byte(&run->buffer, ']');
    if (sl_call_text_fits(run->call, row, run->buffer.length))
        SL_RESULT(run->call, struct sl_view)
    [row] = sl_heap_writer_copy(&run->heap, run->buffer.data, run->buffer.length);
}

static void
json_query_text(struct json_run *run, size_t row)
{
    struct json_query query;
    enum json_outcome outcome = json_query_look(run, row, &query);
    enum json_behavior behavior =
        outcome == JSON_EMPTY ? run->clauses.on_empty : run->clauses.on_error;

    if (outcome == JSON_FOUND)
        json_query_write(run, &query, row);
    else if (behavior == JSON_ON_EMPTY_ARRAY || behavior == JSON_ON_EMPTY_OBJECT)
        SL_RESULT(run->call, struct sl_view)
    [row] = sl_view_of(behavior == JSON_ON_EMPTY_ARRAY ? "[]" : "{}", 2);
    else if (behavior == JSON_ON_ERROR) json_fail(run, row, SL_E_NO_JSON_ITEM);
    else sl_call_set_null(run->call, row);
}

/* --- JSON_QUERY … RETURNING ARRAY<t> --- */

/* The items of all rows, one row after another. */
struct json_items {
    struct sl_column *column;
    size_t count;
};

/* Makes room for `more` items; columns do not grow, so a larger one takes its place. */
static void
json_items_grow(struct json_run *run, struct json_items *items, size_t more)
{
    struct sl_column *larger;
    uint32_t *rows;
    size_t capacity;

    if (items->column && items->count + more <= items->column->row_count)
        return;
    capacity = SL_MAX(2 * (items->count + more), (size_t)1024);
    if (items->column == NULL) {
        items->column =
            sl_column_new(run->call->pool, run->call->expr->type->element, capacity, true);
        sl_heap_writer_init(&run->heap, run->call->pool, items->column);
        return;
    }
    rows = sl_alloc_zeroed(capacity * sizeof(*rows));
    for (size_t i = 0; i < items->count; i++)
        rows[i] = (uint32_t)i;
    larger = sl_column_gather(run->call->pool, items->column, rows, capacity, false);
    free(rows);
    sl_column_unref(items->column);
    items->column = larger;
    sl_heap_writer_init(&run->heap, run->call->pool, larger);
}

static bool
json_items_add(struct json_run *run, struct json_items *items, uint32_t token)
{
    uint64_t *validity = sl_column_add_validity(items->column, run->call->pool);
    bool is_null = json_kind(&run->document, token) == 'n';

    sl_validity_set(validity, items->count, !is_null);
    if (!is_null && !json_set(run, token, items->column, items->count))
        return false;
    items->count++;
    return true;
}

/* The values that make the array: those of a list, or of the array that was found, or the one. */
static bool
json_query_items(struct json_run *run, const struct json_query *query, struct json_items *items)
{
    uint32_t first = run->matches.count ? run->matches.values[0] : 0;
    bool fits = true;

    json_items_grow(run, items, SL_MAX(run->matches.count, (size_t)1));
    if (query->is_list && query->is_wrapped) /* an array of one array */
        return false;
    if (query->is_list || query->is_wrapped) {
        for (size_t i = 0; i < run->matches.count && fits; i++)
            fits = json_items_add(run, items, run->matches.values[i]);
        return fits;
    }
    if (json_kind(&run->document, first) != '[')
        return false;
    JSON_FOR_ITEMS(&run->document, first, item)
    {
        json_items_grow(run, items, 1);
        if (fits)
            fits = json_items_add(run, items, item);
    }
    return fits;
}

static void
json_query_array(struct json_run *run, size_t row, struct json_items *items)
{
    struct sl_span *span = &SL_RESULT(run->call, struct sl_span)[row];
    struct json_query query;
    enum json_outcome outcome = json_query_look(run, row, &query);
    enum json_behavior behavior;

    *span = (struct sl_span){(uint32_t)items->count, 0};
    if (outcome == JSON_FOUND) {
        if (json_query_items(run, &query, items)) {
            span->length = (uint32_t)items->count - span->start;
            return;
        }
        items->count = span->start;
        run->reason = "an item does not fit the type that is returned";
        outcome = JSON_FAILED;
    }
    behavior = outcome == JSON_EMPTY ? run->clauses.on_empty : run->clauses.on_error;
    if (behavior == JSON_ON_ERROR)
        json_fail(run, row, SL_E_NO_JSON_ITEM);
    else if (behavior != JSON_ON_EMPTY_ARRAY)
        sl_call_set_null(run->call, row);
}

void
sl_kernel_json_query(struct sl_call *call)
{
    bool is_array = call->expr->type->kind == SL_TYPE_ARRAY;
    struct json_items items = {NULL, 0};
    struct json_run run;

    json_begin(&run, call);
    if (is_array)
        json_items_grow(&run, &items, 1);
    else
        sl_call_heap(call, &run.heap);
    SL_FOR_ROWS(call, row)
    {
        if (json_has_null(call, row))
            sl_call_set_null(call, row);
        else if (is_array)
            json_query_array(&run, row, &items);
        else
            json_query_text(&run, row);
    }
    if (is_array)
        call->result->children[0] = items.column;
    json_end(&run);
}
