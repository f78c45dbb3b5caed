/* Binding by signature text: "string int [int] -> string", "text … -> string", "double -> 1",
 * "bigint -> string | view -> string" (the first that fits).
 *
 * Words for arguments: string (CHAR, VARCHAR), text (anything that casts to STRING), view (strings
 * and bytes), bytes, boolean, int, bigint, double (any number), integer and numeric (kept as they
 * are), timestamp (TIMESTAMP, TIMESTAMP_LTZ, DATE, and strings), date, time, any.  [x]: may be left
 * out; …: the last word repeats.  Words for results: those types, a time type, char1, char36,
 * strings (an array), or the number of the argument whose type it takes.  A bare NULL fits every
 * word. */
#include "expr/function.h"

#include <ctype.h>
#include <stdlib.h>

struct signature_reader {
    const char *next;
    bool is_optional, repeats;
};

/* The next word; empty at "->" or the end. */
static struct sl_text
signature_next(struct signature_reader *reader)
{
    struct sl_text word;

    while (*reader->next == ' ' || *reader->next == '[') {
        reader->is_optional |= *reader->next == '[';
        reader->next++;
    }
    word.start = reader->next;
    if (strncmp(reader->next, "->", 2) == 0)
        return (struct sl_text){reader->next, 0};
    while (*reader->next && *reader->next != ' ' && *reader->next != ']')
        reader->next++;
    word.length = (size_t)(reader->next - word.start);
    while (*reader->next == ']' || *reader->next == ' ')
        reader->next++;
    if (strncmp(reader->next, "…", strlen("…")) == 0) {
        reader->repeats = true;
        reader->next += strlen("…");
    }
    return word;
}

static const struct sl_type signature_char1 = {
    .kind = SL_TYPE_CHAR, .nullable = true, .precision = 1};
static const struct sl_type signature_char36 = {
    .kind = SL_TYPE_CHAR, .nullable = true, .precision = 36};
static const struct sl_type signature_time6 = {
    .kind = SL_TYPE_TIME, .nullable = true, .precision = 6};
static const struct sl_type signature_strings = {
    .kind = SL_TYPE_ARRAY, .nullable = true, .element = &sl_type_string};

static const struct sl_type *
signature_type(struct sl_text word)
{
    static const struct {
        const char *word;
        const struct sl_type *type;
    } types[] = {
        {"string", &sl_type_string},
        {"text", &sl_type_string},
        {"boolean", &sl_type_boolean},
        {"int", &sl_type_int},
        {"bigint", &sl_type_bigint},
        {"double", &sl_type_double},
        {"date", &sl_type_date},
        {"time", &sl_type_time},
        {"timestamp3", &sl_type_timestamp3},
        {"ltz3", &sl_type_timestamp_ltz3},
        {"timestamp", &sl_type_timestamp3},
        {"bytes", &sl_type_bytes},
        {"numeric", &sl_type_int},
        {"view", &sl_type_string},
        {"any", &sl_type_string},
        {"tinyint", &sl_type_tinyint},
        {"integer", &sl_type_int},
        {"time6", &signature_time6},
        {"timestamp6", &sl_type_timestamp6},
        {"ltz6", &sl_type_timestamp_ltz6},
        {"char1", &signature_char1},
        {"char36", &signature_char36},
        {"strings", &signature_strings},
    };

    for (size_t i = 0; i < SL_COUNT_OF(types); i++) {
        if (sl_text_equal(word, sl_text_of(types[i].word)))
            return types[i].type;
    }
    return NULL;
}

/* Does an argument of this type fit, and what is it cast to (NULL: nothing)? */
static bool
signature_fits(struct sl_text word, const struct sl_type *type, const struct sl_type **ret_cast)
{
    enum sl_type_kind kind = type->kind;

    *ret_cast = NULL;
    if (kind == SL_TYPE_NULL) {
        *ret_cast = signature_type(word);
        return true;
    }
    if (sl_text_equal(word, SL_TEXT("any")))
        return true;
    if (sl_text_equal(word, SL_TEXT("string")))
        return sl_type_is_text(kind);
    if (sl_text_equal(word, SL_TEXT("view")))
        return sl_type_is_view(kind);
    if (sl_text_equal(word, SL_TEXT("bytes")))
        return sl_type_is_bytes(kind);
    if (sl_text_equal(word, SL_TEXT("integer")))
        return sl_type_is_integer(kind);
    if (sl_text_equal(word, SL_TEXT("numeric")))
        return sl_type_is_numeric(kind);
    if (sl_text_equal(word, SL_TEXT("timestamp"))) {
        if (!sl_type_is_timestamp(kind))
            *ret_cast = kind == SL_TYPE_DATE ? &sl_type_timestamp3 : &sl_type_timestamp6;
        return sl_type_is_timestamp(kind) || kind == SL_TYPE_DATE || sl_type_is_text(kind);
    }
    *ret_cast = signature_type(word);
    if (*ret_cast && (*ret_cast)->kind == kind) {
        *ret_cast = NULL;
        return true;
    }
    if (sl_text_equal(word, SL_TEXT("text"))) {
        if (sl_type_is_text(kind))
            *ret_cast = NULL;
        return sl_cast_exists(type, &sl_type_string);
    }
    if (sl_text_equal(word, SL_TEXT("int")) || sl_text_equal(word, SL_TEXT("bigint")))
        return sl_type_is_integer(kind);
    return sl_text_equal(word, SL_TEXT("double")) && sl_type_is_numeric(kind);
}

/* Do the arguments fit the signature that the reader is at?  Then it is before "->", and casts[]
 * says what each is cast to. */
static bool
signature_match(struct signature_reader *reader, const struct sl_binding *binding,
                const struct sl_type **casts)
{
    struct sl_text word = signature_next(reader);
    size_t count = 0;

    while (word.length) {
        if (count == binding->arg_count) {
            if (!reader->is_optional)
                return false;
            word = signature_next(reader);
            continue;
        }
        if (!signature_fits(word, binding->args[count]->type, &casts[count]))
            return false;
        count++;
        if (!reader->repeats || count == binding->arg_count)
            word = signature_next(reader);
    }
    return count == binding->arg_count;
}

/* The signature after this one; NULL: it was the last. */
static const char *
signature_after(const char *signature)
{
    const char *bar = strstr(signature, " | ");

    return bar ? bar + strlen(" | ") : NULL;
}

static int
signature_apply(struct signature_reader *reader, struct sl_binding *binding,
                const struct sl_type *const *casts)
{
    struct sl_text result;

    for (size_t i = 0; i < binding->arg_count; i++) {
        if (casts[i])
            SL_TRY(sl_binding_coerce(binding, i, casts[i]));
    }
    reader->next += strlen("->");
    result = signature_next(reader);
    if (isdigit((unsigned char)*result.start))
        binding->type = binding->args[*result.start - '1']->type;
    else
        binding->type = signature_type(result);
    SL_ASSERT(binding->type != NULL);
    return SL_OK;
}

int
sl_bind_signature(struct sl_binding *binding)
{
    const struct sl_type **casts =
        SL_NEW_ARRAY(binding->arena, const struct sl_type *, binding->arg_count + 1);

    for (const char *at = binding->function->signature; at; at = signature_after(at)) {
        struct signature_reader reader = {at, false, false};

        if (signature_match(&reader, binding, casts))
            return signature_apply(&reader, binding, casts);
    }
    return sl_binding_refuse(binding);
}

/* --- for people --- */

/* A word as SQL has it. */
static struct sl_text
signature_word(struct sl_text word)
{
    static const char *const words[][2] = {
        {"view", "string | bytes"},     {"text", "any"},
        {"double", "number"},           {"numeric", "number"},
        {"timestamp3", "timestamp(3)"}, {"timestamp6", "timestamp(6)"},
        {"ltz3", "timestamp_ltz(3)"},   {"ltz6", "timestamp_ltz(6)"},
        {"time6", "time(6)"},           {"char1", "char(1)"},
        {"char36", "char(36)"},         {"strings", "array<string>"},
    };

    for (size_t i = 0; i < SL_COUNT_OF(words); i++) {
        if (sl_text_equal(word, sl_text_of(words[i][0])))
            return sl_text_of(words[i][1]);
    }
    return word;
}

/* "NAME(string, int [, int]) -> string" */
static void
signature_format_one(const char *name, const char *signature, struct sl_buffer *to)
{
    struct signature_reader reader = {signature, false, false};
    struct sl_text words[16], word = signature_next(&reader);
    size_t count = 0, optional = 0;

    sl_buffer_printf(to, "%s(", name);
    for (; word.length && count < SL_COUNT_OF(words); word = signature_next(&reader)) {
        if (reader.is_optional)
            optional++;
        sl_buffer_printf(to, "%s%s%.*s%s", reader.is_optional ? (count ? " [" : "[") : "",
                         count ? ", " : "", SL_TEXT_FORMAT(signature_word(word)),
                         reader.repeats ? ", …" : "");
        words[count++] = signature_word(word);
    }
    while (optional--)
        sl_buffer_add_byte(to, ']');
    sl_buffer_add_byte(to, ')');
    if (strncmp(reader.next, "->", 2) != 0)
        return;
    reader.next += strlen("->");
    word = signature_next(&reader);
    if (isdigit((unsigned char)*word.start) && (size_t)(*word.start - '1') < count)
        word = words[*word.start - '1'];
    else if (!sl_text_equal(word, SL_TEXT("double"))) /* which it is, as a result */
        word = signature_word(word);
    sl_buffer_printf(to, " -> %.*s", SL_TEXT_FORMAT(word));
}

void
sl_function_format(const struct sl_function *function, struct sl_buffer *to)
{
    if (strchr(function->signature, ',')) { /* prose */
        sl_buffer_printf(to, "%s takes: %s", function->name, function->signature);
        return;
    }
    for (const char *at = function->signature; at; at = signature_after(at)) {
        if (at != function->signature)
            sl_buffer_add_string(to, " or ");
        signature_format_one(function->name, at, to);
    }
}
