/* The texts of SQL types, as Flink writes them, and back. */
#include "data/type.h"

#include <ctype.h>

static const char *const type_names[SL_TYPE_COUNT] = {
#define TYPE(kind, name, width, c_type) [SL_TYPE_##kind] = name,
#include "data/types.def"
#undef TYPE
};

static void
type_text_format_row(const struct sl_type *type, struct sl_buffer *to)
{
    sl_buffer_add_string(to, "ROW<");
    for (size_t i = 0; i < type->field_count; i++) {
        sl_buffer_add_string(to, i ? ", `" : "`");
        for (const char *c = type->fields[i].name; *c; c++) {
            if (*c == '`')
                sl_buffer_add_byte(to, '`');
            sl_buffer_add_byte(to, *c);
        }
        sl_buffer_add_string(to, "` ");
        sl_type_format(type->fields[i].type, to);
    }
    sl_buffer_add_byte(to, '>');
}

static void
type_text_format_scalar(const struct sl_type *type, struct sl_buffer *to)
{
    switch (type->kind) {
    case SL_TYPE_VARCHAR:
    case SL_TYPE_VARBINARY:
        if (type->precision == SL_LENGTH_MAX) {
            sl_buffer_add_string(to, type->kind == SL_TYPE_VARCHAR ? "STRING" : "BYTES");
            return;
        }
        break;
    case SL_TYPE_DECIMAL:
        sl_buffer_printf(to, "DECIMAL(%d, %d)", type->precision, type->scale);
        return;
    case SL_TYPE_CHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_TIME:
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
    case SL_TYPE_INTERVAL_DAY:
        break;
    default:
        sl_buffer_add_string(to, type_names[type->kind]);
        return;
    }
    sl_buffer_printf(to, "%s(%d)", type_names[type->kind], type->precision);
}

void
sl_type_format(const struct sl_type *type, struct sl_buffer *to)
{
    switch (type->kind) {
    case SL_TYPE_ARRAY:
    case SL_TYPE_MULTISET:
        sl_buffer_add_string(to, type->kind == SL_TYPE_ARRAY ? "ARRAY<" : "MULTISET<");
        sl_type_format(type->element, to);
        sl_buffer_add_byte(to, '>');
        break;
    case SL_TYPE_MAP:
        sl_buffer_add_string(to, "MAP<");
        sl_type_format(type->key, to);
        sl_buffer_add_string(to, ", ");
        sl_type_format(type->element, to);
        sl_buffer_add_byte(to, '>');
        break;
    case SL_TYPE_ROW:
        type_text_format_row(type, to);
        break;
    default:
        type_text_format_scalar(type, to);
        break;
    }
    if (!type->nullable)
        sl_buffer_add_string(to, " NOT NULL");
}

const char *
sl_type_text(struct sl_arena *arena, const struct sl_type *type)
{
    struct sl_buffer buffer;
    const char *text;

    sl_buffer_init(&buffer, SIZE_MAX / 2);
    sl_type_format(type, &buffer);
    text = sl_arena_strndup(arena, buffer.data, buffer.length);
    sl_buffer_done(&buffer);
    return text;
}

/* --- reading --- */

#define TYPE_TEXT_DEPTH_MAX 64

struct type_reader {
    struct sl_arena *arena;
    const char *next, *end;
    int depth;
};

static void
type_reader_blank(struct type_reader *reader)
{
    while (reader->next < reader->end && isspace((unsigned char)*reader->next))
        reader->next++;
}

static bool
type_reader_word(struct type_reader *reader, const char *word)
{
    size_t length = strlen(word);

    type_reader_blank(reader);
    if ((size_t)(reader->end - reader->next) < length ||
        !sl_text_equal_nocase((struct sl_text){reader->next, length},
                              (struct sl_text){word, length}))
        return false;
    if (isalnum((unsigned char)word[length - 1]) && reader->next + length < reader->end &&
        (isalnum((unsigned char)reader->next[length]) || reader->next[length] == '_'))
        return false;
    reader->next += length;
    return true;
}

static bool
type_reader_number(struct type_reader *reader, int32_t *ret_number)
{
    int64_t number = 0;
    const char *start;

    type_reader_blank(reader);
    start = reader->next;
    while (reader->next < reader->end && isdigit((unsigned char)*reader->next)) {
        number = number * 10 + (*reader->next++ - '0');
        if (number > INT32_MAX)
            return false;
    }
    *ret_number = (int32_t)number;
    return reader->next > start;
}

static bool type_reader_type(struct type_reader *reader, const struct sl_type **ret_type);

static bool
type_reader_name(struct type_reader *reader, const char **ret_name)
{
    char *name, *to;

    type_reader_blank(reader);
    if (reader->next == reader->end || *reader->next++ != '`')
        return false;
    name = to = sl_arena_alloc(reader->arena, (size_t)(reader->end - reader->next) + 1);
    while (reader->next < reader->end) {
        char c = *reader->next++;

        if (c == '`') {
            if (reader->next == reader->end || *reader->next != '`') {
                *ret_name = name;
                return true;
            }
            reader->next++;
        }
        *to++ = c;
    }
    return false;
}

static bool
type_reader_row(struct type_reader *reader, struct sl_type *type)
{
    size_t capacity = 8;
    struct sl_field *fields = SL_NEW_ARRAY(reader->arena, struct sl_field, capacity);

    if (!type_reader_word(reader, "<"))
        return false;
    if (type_reader_word(reader, ">")) {
        type->fields = fields;
        return true;
    }
    do {
        struct sl_field *field;

        if (type->field_count == capacity) {
            struct sl_field *more = SL_NEW_ARRAY(reader->arena, struct sl_field, capacity * 2);

            memcpy(more, fields, capacity * sizeof(*fields));
            fields = more;
            capacity *= 2;
        }
        field = &fields[type->field_count++];
        if (!type_reader_name(reader, &field->name) || !type_reader_type(reader, &field->type))
            return false;
    } while (type_reader_word(reader, ","));
    type->fields = fields;
    return type_reader_word(reader, ">");
}

static bool
type_reader_nested(struct type_reader *reader, struct sl_type *type)
{
    if (type->kind == SL_TYPE_ROW)
        return type_reader_row(reader, type);
    if (!type_reader_word(reader, "<"))
        return false;
    if (type->kind == SL_TYPE_MAP &&
        (!type_reader_type(reader, &type->key) || !type_reader_word(reader, ",")))
        return false;
    return type_reader_type(reader, &type->element) && type_reader_word(reader, ">");
}

/* The numbers in parentheses, checked against the kind's limits. */
static bool
type_reader_parameters(struct type_reader *reader, struct sl_type *type)
{
    enum sl_type_kind kind = type->kind;
    bool is_time =
        (kind >= SL_TYPE_TIME && kind <= SL_TYPE_TIMESTAMP_LTZ) || kind == SL_TYPE_INTERVAL_DAY;

    if (!type_reader_word(reader, "("))
        return true;
    if (!type_reader_number(reader, &type->precision))
        return false;
    if (kind == SL_TYPE_DECIMAL) {
        if (type_reader_word(reader, ",") && !type_reader_number(reader, &type->scale))
            return false;
        if (type->precision < 1 || type->precision > SL_DECIMAL_PRECISION_MAX ||
            type->scale > type->precision)
            return false;
    } else if (is_time ? type->precision > SL_TIME_PRECISION_MAX
                       : !sl_type_is_view(kind) || type->precision < 1) {
        return false;
    }
    return type_reader_word(reader, ")");
}

static bool
type_reader_kind(struct type_reader *reader, enum sl_type_kind *ret_kind)
{
    size_t longest = 0;
    const char *start, *after = NULL;

    type_reader_blank(reader);
    start = reader->next;
    for (size_t i = 0; i < SL_TYPE_COUNT; i++) {
        reader->next = start;
        if (strlen(type_names[i]) > longest && type_reader_word(reader, type_names[i])) {
            longest = strlen(type_names[i]);
            after = reader->next;
            *ret_kind = (enum sl_type_kind)i;
        }
    }
    reader->next = after ? after : start;
    if (after)
        return true;
    *ret_kind = SL_TYPE_VARCHAR;
    if (type_reader_word(reader, "STRING"))
        return true;
    *ret_kind = SL_TYPE_VARBINARY;
    return type_reader_word(reader, "BYTES");
}

static bool
type_reader_type(struct type_reader *reader, const struct sl_type **ret_type)
{
    struct sl_type *type;
    enum sl_type_kind kind;
    bool done;

    if (++reader->depth > TYPE_TEXT_DEPTH_MAX || !type_reader_kind(reader, &kind))
        return false;
    type = SL_NEW(reader->arena, struct sl_type);
    *type = *sl_type_new(reader->arena, kind);
    done = sl_type_is_nested(kind) ? type_reader_nested(reader, type)
                                   : type_reader_parameters(reader, type);
    if (!done)
        return false;
    if (type_reader_word(reader, "NOT")) {
        if (!type_reader_word(reader, "NULL"))
            return false;
        type->nullable = false;
    }
    reader->depth--;
    *ret_type = type;
    return true;
}

int
sl_type_parse(struct sl_arena *arena, struct sl_text text, const struct sl_type **ret_type,
              struct sl_error *err)
{
    struct type_reader reader = {arena, text.start, text.start + text.length, 0};
    const struct sl_type *type;
    bool done = type_reader_type(&reader, &type);

    type_reader_blank(&reader);
    if (!done || reader.next != reader.end)
        return SL_ERROR(err, SL_E_INVALID_TEXT, "type \"%.*s\" does not parse at byte %td",
                        SL_TEXT_FORMAT(text), reader.next - text.start);
    *ret_type = type;
    return SL_OK;
}
