/* Types: Flink's names, PostgreSQL's names for the same, and units of time. */
#include "parser/build.h"

static const struct {
    const char *name;
    enum sl_ast_type_kind kind;
    int args_max; /* numbers in parentheses */
} type_names[] = {
    {"BOOLEAN", SL_AST_TYPE_BOOLEAN, 0},
    {"BOOL", SL_AST_TYPE_BOOLEAN, 0},
    {"TINYINT", SL_AST_TYPE_TINYINT, 0},
    {"SMALLINT", SL_AST_TYPE_SMALLINT, 0},
    {"INT2", SL_AST_TYPE_SMALLINT, 0},
    {"INT", SL_AST_TYPE_INT, 0},
    {"INTEGER", SL_AST_TYPE_INT, 0},
    {"INT4", SL_AST_TYPE_INT, 0},
    {"BIGINT", SL_AST_TYPE_BIGINT, 0},
    {"INT8", SL_AST_TYPE_BIGINT, 0},
    {"FLOAT", SL_AST_TYPE_FLOAT, 0},
    {"REAL", SL_AST_TYPE_FLOAT, 0},
    {"FLOAT4", SL_AST_TYPE_FLOAT, 0},
    {"FLOAT8", SL_AST_TYPE_DOUBLE, 0},
    {"DECIMAL", SL_AST_TYPE_DECIMAL, 2},
    {"DEC", SL_AST_TYPE_DECIMAL, 2},
    {"NUMERIC", SL_AST_TYPE_DECIMAL, 2},
    {"CHAR", SL_AST_TYPE_CHAR, 1},
    {"CHARACTER", SL_AST_TYPE_CHAR, 1},
    {"BPCHAR", SL_AST_TYPE_CHAR, 1},
    {"VARCHAR", SL_AST_TYPE_VARCHAR, 1},
    {"STRING", SL_AST_TYPE_STRING, 0},
    {"TEXT", SL_AST_TYPE_STRING, 0},
    {"BINARY", SL_AST_TYPE_BINARY, 1},
    {"VARBINARY", SL_AST_TYPE_VARBINARY, 1},
    {"BYTES", SL_AST_TYPE_BYTES, 0},
    {"BYTEA", SL_AST_TYPE_BYTES, 0},
    {"DATE", SL_AST_TYPE_DATE, 0},
    {"TIME", SL_AST_TYPE_TIME, 1},
    {"TIMESTAMP", SL_AST_TYPE_TIMESTAMP, 1},
    {"TIMESTAMP_LTZ", SL_AST_TYPE_TIMESTAMP_LTZ, 1},
    {"TIMESTAMPTZ", SL_AST_TYPE_TIMESTAMP_LTZ, 1},
    {"INTERVAL", SL_AST_TYPE_INTERVAL, 1}, /* PostgreSQL's, without a unit */
    {"VARIANT", SL_AST_TYPE_VARIANT, 0},
    {"DESCRIPTOR", SL_AST_TYPE_DESCRIPTOR, 0},
};

static const char *const unit_names[] = {
#define UNIT(name, text) [SL_AST_UNIT_##name] = text,
#include "parser/units.def"
#undef UNIT
};

const char *
sl_ast_unit_name(enum sl_ast_unit unit)
{
    return unit == SL_AST_UNIT_NONE ? "" : unit_names[unit];
}

enum sl_ast_unit
sl_ast_unit_of(struct sl_text name)
{
    struct sl_text prefix = SL_TEXT("SQL_TSI_");
    if (name.length > prefix.length &&
        sl_text_equal_nocase((struct sl_text){name.start, prefix.length}, prefix)) {
        name.start += prefix.length;
        name.length -= prefix.length;
    }
    if (sl_text_equal_nocase(name, SL_TEXT("centuries")))
        return SL_AST_UNIT_CENTURY;
    for (size_t i = 1; i < SL_COUNT_OF(unit_names); i++) {
        struct sl_text unit = sl_text_of(unit_names[i]), singular = name;
        if (name.length == unit.length + 1 && (name.start[unit.length] | 0x20) == 's')
            singular.length--;
        if (sl_text_equal_nocase(singular, unit))
            return (enum sl_ast_unit)i;
    }
    return SL_AST_UNIT_NONE;
}

static struct sl_ast_type *
build_type_new(SL_PARSE, enum sl_ast_type_kind kind, int offset)
{
    struct sl_ast_type *type = sl_build_node(parse, sizeof *type, SL_AST_TYPE, offset);
    type->type = kind;
    type->precision = type->scale = -1;
    return type;
}

static void
build_type_time_zone(SL_PARSE, struct sl_ast_type *type, int time_zone)
{
    if (type->type == SL_AST_TYPE_TIMESTAMP)
        type->type = (enum sl_ast_type_kind)time_zone;
    else if (type->type == SL_AST_TYPE_TIME && time_zone == SL_AST_TYPE_TIMESTAMP)
        return; /* TIME WITHOUT TIME ZONE */
    else if (parse->rc >= 0) {
        parse->rc =
            SL_ERROR(parse->err, SL_E_NOT_SUPPORTED, "type %.*s takes no time zone",
                     SL_TEXT_FORMAT(sl_build_slice(parse, type->name.offset, type->name.end)));
        sl_error_at(parse->err, type->ast.offset);
    }
}

struct sl_ast_type *
sl_build_type(SL_PARSE, struct sl_ast_name *name, int64_t precision, int64_t scale, int time_zone)
{
    struct sl_ast_type *type = build_type_new(parse, SL_AST_TYPE_NAMED, name->offset);
    int args = (precision >= 0) + (scale >= 0), args_max = 1;
    type->name = *name;
    type->precision = (int)precision;
    type->scale = (int)scale;
    const struct sl_ast_identifier *last = &name->parts[name->count - 1];
    bool ours =
        name->count == 1 ||
        (name->count == 2 && sl_text_equal_nocase(name->parts[0].text, SL_TEXT("pg_catalog")));
    /* "char" in quotes is PostgreSQL's type of one byte, not CHAR. */
    if (last->quoted && sl_text_equal(last->text, SL_TEXT("char")))
        ours = false;
    for (size_t i = 0; ours && i < SL_COUNT_OF(type_names); i++) {
        if (sl_text_equal_nocase(last->text, sl_text_of(type_names[i].name))) {
            type->type = type_names[i].kind;
            args_max = type_names[i].args_max;
            break;
        }
    }
    if (args > args_max && parse->rc >= 0) {
        parse->rc =
            SL_ERROR(parse->err, SL_E_SYNTAX, "type \"%.*s\" takes at most %d modifiers, not %d",
                     SL_TEXT_FORMAT(last->text), args_max, args);
        sl_error_at(parse->err, type->ast.offset);
    }
    if (time_zone != 0)
        build_type_time_zone(parse, type, time_zone);
    return type;
}

struct sl_ast_type *
sl_build_type_varying(SL_PARSE, struct sl_ast_name *name, int64_t length)
{
    struct sl_ast_type *type = sl_build_type(parse, name, length, -1, 0);
    if (type->type == SL_AST_TYPE_CHAR)
        type->type = SL_AST_TYPE_VARCHAR;
    else if (type->type == SL_AST_TYPE_BINARY)
        type->type = SL_AST_TYPE_VARBINARY;
    else if (parse->rc >= 0) {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX, "type %.*s takes no VARYING",
                             SL_TEXT_FORMAT(name->parts[name->count - 1].text));
        sl_error_at(parse->err, name->offset);
    }
    return type;
}

struct sl_ast_type *
sl_build_type_of(SL_PARSE, SL_TOKEN first, enum sl_ast_type_kind kind)
{
    struct sl_ast_type *type = build_type_new(parse, kind, first->offset);
    type->name = *sl_build_name(parse, first);
    return type;
}

struct sl_ast_type *
sl_build_type_interval(SL_PARSE, SL_TOKEN first, struct sl_build_unit unit)
{
    struct sl_ast_type *type = sl_build_type_of(parse, first, SL_AST_TYPE_INTERVAL);
    type->unit_start = unit.start;
    type->unit_end = unit.end;
    type->precision = unit.precision;
    type->scale = unit.scale;
    return type;
}

struct sl_ast_type *
sl_build_type_collection(SL_PARSE, SL_TOKEN first, enum sl_ast_type_kind kind,
                         struct sl_ast_type *key, struct sl_ast_type *element)
{
    struct sl_ast_type *type = build_type_new(parse, kind, first->offset);
    type->key = key;
    type->element = element;
    sl_build_under(parse, &type->ast, key == NULL ? NULL : &key->ast);
    sl_build_under(parse, &type->ast, &element->ast);
    return type;
}

struct sl_ast_type *
sl_build_type_suffix(SL_PARSE, enum sl_ast_type_kind kind, struct sl_ast_type *element)
{
    struct sl_ast_type *type = build_type_new(parse, kind, element->ast.offset);
    type->element = element;
    sl_build_under(parse, &type->ast, &element->ast);
    return type;
}

static void
build_type_fields(SL_PARSE, struct sl_ast_type *type, const struct sl_ast_list *fields)
{
    type->fields =
        sl_build_array(parse, fields, sizeof(struct sl_ast_type_field), &type->field_count);
    for (size_t i = 0; i < type->field_count; i++)
        sl_build_under(parse, &type->ast, &type->fields[i].type->ast);
}

struct sl_ast_type *
sl_build_type_row(SL_PARSE, SL_TOKEN first, struct sl_ast_list *fields)
{
    struct sl_ast_type *type = build_type_new(parse, SL_AST_TYPE_ROW, first->offset);
    build_type_fields(parse, type, fields);
    return type;
}

struct sl_ast_type *
sl_build_type_class(SL_PARSE, SL_TOKEN first, enum sl_ast_type_kind kind, SL_TOKEN class_name,
                    struct sl_ast_list *fields, SL_TOKEN snapshot)
{
    struct sl_ast_type *type = build_type_new(parse, kind, first->offset);
    type->class_name = sl_build_text(parse, class_name);
    type->snapshot = sl_build_text(parse, snapshot);
    build_type_fields(parse, type, fields);
    return type;
}

struct sl_ast_type *
sl_build_type_null(SL_PARSE, struct sl_ast_type *type, bool not_null)
{
    type->not_null = not_null;
    type->null = !not_null;
    type->ast.end = parse->last_end;
    return type;
}

struct sl_ast_type_field *
sl_build_type_field(SL_PARSE, SL_TOKEN name, struct sl_ast_type *type, SL_TOKEN comment)
{
    struct sl_ast_type_field *field = SL_NEW(parse->arena, struct sl_ast_type_field);
    field->name = sl_build_identifier_value(parse, name);
    field->type = type;
    field->comment = sl_build_text(parse, comment);
    return field;
}

struct sl_build_unit
sl_build_unit(SL_TOKEN start, int64_t precision, int64_t scale, SL_TOKEN end)
{
    return (struct sl_build_unit){sl_ast_unit_of(start->text),
                                  end == NULL ? SL_AST_UNIT_NONE : sl_ast_unit_of(end->text),
                                  (int)precision, (int)scale};
}
