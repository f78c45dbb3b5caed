/* Binding by signature text: "string int [int] -> string", "text … -> string", "double -> 1".
 *
 * Words for arguments: string (CHAR, VARCHAR), text (anything that casts to STRING), view (strings
 * and bytes), boolean, int, bigint, double (any number), numeric (kept as it is), timestamp
 * (TIMESTAMP, TIMESTAMP_LTZ, DATE, and strings), any.  [x]: may be left out; …: the last word
 * repeats.  Words for results: those types, a time type, or the number of the argument whose type
 * it takes.  A bare NULL fits every word. */
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

int
sl_bind_signature(struct sl_binding *binding)
{
    struct signature_reader reader = {binding->function->signature, false, false};
    struct sl_text word = signature_next(&reader), result;
    size_t count = 0;

    while (word.length) {
        const struct sl_type *cast;

        if (count == binding->arg_count) {
            if (!reader.is_optional)
                return sl_binding_refuse(binding);
            word = signature_next(&reader);
            continue;
        }
        if (!signature_fits(word, binding->args[count]->type, &cast))
            return sl_binding_refuse(binding);
        if (cast)
            SL_TRY(sl_binding_coerce(binding, count, cast));
        count++;
        if (!reader.repeats || count == binding->arg_count)
            word = signature_next(&reader);
    }
    if (count != binding->arg_count)
        return sl_binding_refuse(binding);
    reader.next += 2;
    result = signature_next(&reader);
    if (isdigit((unsigned char)*result.start))
        binding->type = binding->args[*result.start - '1']->type;
    else
        binding->type = signature_type(result);
    SL_ASSERT(binding->type != NULL);
    return SL_OK;
}
