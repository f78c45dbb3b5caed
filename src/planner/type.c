/* Types of the AST to SQL types.  Bare VARCHAR and VARBINARY have no limit, bare CHAR is CHAR(1),
 * bare DECIMAL is DECIMAL(10, 0), TIMESTAMP is TIMESTAMP(6), TIME is TIME(0). */
#include "planner/bind.h"

static int
type_precision(const struct sl_binder *binder, const struct sl_ast_type *ast, int fallback, int min,
               int max, int *ret_precision, struct sl_error *err)
{
    int precision = ast->precision < 0 ? fallback : ast->precision;

    if (precision < min || precision > max) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "length %d is outside the range %d … %d",
                 precision, min, max);
        return sl_error_at(err, sl_binder_offset(binder, ast->ast.offset));
    }
    *ret_precision = precision;
    return SL_OK;
}

static int
type_sized(const struct sl_binder *binder, const struct sl_ast_type *ast, enum sl_type_kind kind,
           int fallback, const struct sl_type **ret_type, struct sl_error *err)
{
    int length;

    SL_TRY(type_precision(binder, ast, fallback, 1, SL_LENGTH_MAX, &length, err));
    *ret_type = sl_type_with_precision(binder->arena, kind, length);
    return SL_OK;
}

static int
type_temporal(const struct sl_binder *binder, const struct sl_ast_type *ast, enum sl_type_kind kind,
              int fallback, const struct sl_type **ret_type, struct sl_error *err)
{
    int precision;

    if (ast->precision > SL_TIME_PRECISION_MAX && ast->precision <= 9) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "a precision of %d is not supported: times have at most "
                 "%d digits",
                 ast->precision, SL_TIME_PRECISION_MAX);
        return sl_error_at(err, sl_binder_offset(binder, ast->ast.offset));
    }
    SL_TRY(type_precision(binder, ast, fallback, 0, 9, &precision, err));
    *ret_type = sl_type_with_precision(binder->arena, kind, precision);
    return SL_OK;
}

static int
type_decimal(const struct sl_binder *binder, const struct sl_ast_type *ast,
             const struct sl_type **ret_type, struct sl_error *err)
{
    int precision, scale = ast->scale < 0 ? 0 : ast->scale;

    SL_TRY(type_precision(binder, ast, 10, 1, SL_DECIMAL_PRECISION_MAX, &precision, err));
    if (scale > precision) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "scale %d of DECIMAL is greater than its precision %d", scale, precision);
        return sl_error_at(err, sl_binder_offset(binder, ast->ast.offset));
    }
    *ret_type = sl_type_decimal(binder->arena, precision, scale);
    return SL_OK;
}

static const struct sl_type *
type_interval(const struct sl_ast_type *ast)
{
    switch (ast->unit_start) {
    case SL_AST_UNIT_YEAR:
    case SL_AST_UNIT_QUARTER:
    case SL_AST_UNIT_MONTH:
        return &sl_type_interval_month;
    default:
        return &sl_type_interval_day;
    }
}

static int
type_row(struct sl_binder *binder, const struct sl_ast_type *ast, const struct sl_type **ret_type,
         struct sl_error *err)
{
    struct sl_field *fields = SL_NEW_ARRAY(binder->arena, struct sl_field, ast->field_count);

    for (size_t i = 0; i < ast->field_count; i++) {
        fields[i].name = sl_binder_name(binder, &ast->fields[i].name);
        SL_TRY(sl_binder_type(binder, ast->fields[i].type, &fields[i].type, err));
        for (size_t j = 0; j < i; j++) {
            if (!sl_equal_nocase(fields[i].name, fields[j].name))
                continue;
            SL_ERROR(err, SL_E_DUPLICATE_COLUMN, "field \"%s\" of the ROW is there twice",
                     fields[i].name);
            return sl_error_at(err, sl_binder_offset(binder, ast->fields[i].name.offset));
        }
    }
    *ret_type = sl_type_row(binder->arena, fields, ast->field_count);
    return SL_OK;
}

static int
type_nested(struct sl_binder *binder, const struct sl_ast_type *ast,
            const struct sl_type **ret_type, struct sl_error *err)
{
    const struct sl_type *key, *element;

    if (ast->type == SL_AST_TYPE_ROW)
        return type_row(binder, ast, ret_type, err);
    SL_TRY(sl_binder_type(binder, ast->element, &element, err));
    if (ast->type == SL_AST_TYPE_ARRAY) {
        *ret_type = sl_type_array(binder->arena, element);
    } else if (ast->type == SL_AST_TYPE_MULTISET) {
        *ret_type = sl_type_multiset(binder->arena, element);
    } else {
        SL_TRY(sl_binder_type(binder, ast->key, &key, err));
        *ret_type = sl_type_map(binder->arena, key, element);
    }
    return SL_OK;
}

static int
type_of_name(struct sl_binder *binder, const struct sl_ast_type *ast,
             const struct sl_type **ret_type, struct sl_error *err)
{
    if (ast->type != SL_AST_TYPE_NAMED)
        return sl_binder_refuse(binder, ast->ast.offset,
                                ast->type == SL_AST_TYPE_TIMESTAMP_TZ
                                    ? "TIMESTAMP WITH TIME ZONE is"
                                : ast->type == SL_AST_TYPE_VARIANT    ? "the type VARIANT is"
                                : ast->type == SL_AST_TYPE_RAW        ? "the type RAW is"
                                : ast->type == SL_AST_TYPE_DESCRIPTOR ? "a column of DESCRIPTOR is"
                                : ast->type == SL_AST_TYPE_NULL       ? "a column of NULL is"
                                                                      : "a structured type is",
                                err);
    if (sl_text_equal_nocase(ast->name.parts[ast->name.count - 1].text, SL_TEXT("oid"))) {
        *ret_type = &sl_type_bigint; /* PostgreSQL's, as psql writes it */
        return SL_OK;
    }
    if (ast->name.count == 2 &&
        sl_text_equal_nocase(ast->name.parts[0].text, SL_TEXT("pg_catalog")))
        return sl_binder_refuse_postgres(binder, ast->ast.offset,
                                         sl_binder_name(binder, &ast->name.parts[1]), err);
    SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "type \"%.*s\" does not exist",
             SL_TEXT_FORMAT(ast->name.parts[ast->name.count - 1].text));
    return sl_error_at(err, sl_binder_offset(binder, ast->ast.offset));
}

static int
type_of_kind(struct sl_binder *binder, const struct sl_ast_type *ast,
             const struct sl_type **ret_type, struct sl_error *err)
{
    static const struct sl_type *const plain[] = {
        [SL_AST_TYPE_BOOLEAN] = &sl_type_boolean,   [SL_AST_TYPE_TINYINT] = &sl_type_tinyint,
        [SL_AST_TYPE_SMALLINT] = &sl_type_smallint, [SL_AST_TYPE_INT] = &sl_type_int,
        [SL_AST_TYPE_BIGINT] = &sl_type_bigint,     [SL_AST_TYPE_FLOAT] = &sl_type_float,
        [SL_AST_TYPE_DOUBLE] = &sl_type_double,     [SL_AST_TYPE_STRING] = &sl_type_string,
        [SL_AST_TYPE_BYTES] = &sl_type_bytes,       [SL_AST_TYPE_DATE] = &sl_type_date,
    };

    if (ast->type < SL_COUNT_OF(plain) && plain[ast->type]) {
        *ret_type = plain[ast->type];
        return SL_OK;
    }
    switch (ast->type) {
    case SL_AST_TYPE_DECIMAL:
        return type_decimal(binder, ast, ret_type, err);
    case SL_AST_TYPE_CHAR:
        return type_sized(binder, ast, SL_TYPE_CHAR, 1, ret_type, err);
    case SL_AST_TYPE_VARCHAR:
        return type_sized(binder, ast, SL_TYPE_VARCHAR, SL_LENGTH_MAX, ret_type, err);
    case SL_AST_TYPE_BINARY:
        return type_sized(binder, ast, SL_TYPE_BINARY, 1, ret_type, err);
    case SL_AST_TYPE_VARBINARY:
        return type_sized(binder, ast, SL_TYPE_VARBINARY, SL_LENGTH_MAX, ret_type, err);
    case SL_AST_TYPE_TIME:
        return type_temporal(binder, ast, SL_TYPE_TIME, 0, ret_type, err);
    case SL_AST_TYPE_TIMESTAMP:
        return type_temporal(binder, ast, SL_TYPE_TIMESTAMP, 6, ret_type, err);
    case SL_AST_TYPE_TIMESTAMP_LTZ:
        return type_temporal(binder, ast, SL_TYPE_TIMESTAMP_LTZ, 6, ret_type, err);
    case SL_AST_TYPE_INTERVAL:
        *ret_type = type_interval(ast);
        return SL_OK;
    case SL_AST_TYPE_ARRAY:
    case SL_AST_TYPE_MULTISET:
    case SL_AST_TYPE_MAP:
    case SL_AST_TYPE_ROW:
        return type_nested(binder, ast, ret_type, err);
    default:
        return type_of_name(binder, ast, ret_type, err);
    }
}

int
sl_binder_type(struct sl_binder *binder, const struct sl_ast_type *ast,
               const struct sl_type **ret_type, struct sl_error *err)
{
    const struct sl_type *type;

    SL_TRY(type_of_kind(binder, ast, &type, err));
    *ret_type = sl_type_nullable(binder->arena, type, !ast->not_null);
    return SL_OK;
}
