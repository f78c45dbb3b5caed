/* FORMAT_TYPE(oid, modifier): the name of a PostgreSQL type, as psql's \gdesc asks for it.  The
 * texts are those of PostgreSQL's function. */
#include "expr/kernels.h"

#include <stdio.h>

enum postgres_modifier { POSTGRES_NONE, POSTGRES_LENGTH, POSTGRES_SCALE, POSTGRES_TIME };

struct postgres_type {
    uint32_t oid, array_oid;
    enum postgres_modifier modifier;
    const char *name, *suffix; /* the modifier stands between */
};

static const struct postgres_type postgres_types[] = {
    {16, 1000, POSTGRES_NONE, "boolean", ""},
    {17, 1001, POSTGRES_NONE, "bytea", ""},
    {19, 1003, POSTGRES_NONE, "name", ""},
    {20, 1016, POSTGRES_NONE, "bigint", ""},
    {21, 1005, POSTGRES_NONE, "smallint", ""},
    {23, 1007, POSTGRES_NONE, "integer", ""},
    {25, 1009, POSTGRES_NONE, "text", ""},
    {26, 1028, POSTGRES_NONE, "oid", ""},
    {114, 199, POSTGRES_NONE, "json", ""},
    {700, 1021, POSTGRES_NONE, "real", ""},
    {701, 1022, POSTGRES_NONE, "double precision", ""},
    {1042, 1014, POSTGRES_LENGTH, "character", ""},
    {1043, 1015, POSTGRES_LENGTH, "character varying", ""},
    {1082, 1182, POSTGRES_NONE, "date", ""},
    {1083, 1183, POSTGRES_TIME, "time", " without time zone"},
    {1114, 1115, POSTGRES_TIME, "timestamp", " without time zone"},
    {1184, 1185, POSTGRES_TIME, "timestamp", " with time zone"},
    {1186, 1187, POSTGRES_NONE, "interval", ""},
    {1700, 1231, POSTGRES_SCALE, "numeric", ""},
    {2249, 2287, POSTGRES_NONE, "record", ""},
    {2950, 2951, POSTGRES_NONE, "uuid", ""},
    {3802, 3807, POSTGRES_NONE, "jsonb", ""},
};

/* 4 is what PostgreSQL adds to lengths and scales. */
static void
postgres_format_modifier(enum postgres_modifier kind, int32_t modifier, char *to, size_t size)
{
    to[0] = '\0';
    if (kind == POSTGRES_LENGTH && modifier > 4)
        snprintf(to, size, "(%d)", modifier - 4);
    else if (kind == POSTGRES_SCALE && modifier >= 4)
        snprintf(to, size, "(%d,%d)", (modifier - 4) >> 16, (modifier - 4) & 0xffff);
    else if (kind == POSTGRES_TIME && modifier >= 0)
        snprintf(to, size, "(%d)", modifier);
}

/* `is_given`: there is a modifier, if only -1.  CHARACTER alone would be CHARACTER(1). */
static void
postgres_format_type(int64_t oid, bool is_given, int32_t modifier, char *to, size_t size)
{
    for (size_t i = 0; i < SL_COUNT_OF(postgres_types); i++) {
        const struct postgres_type *type = &postgres_types[i];
        const char *array = oid == type->array_oid ? "[]" : "";
        char text[32];

        if (oid != type->oid && oid != type->array_oid)
            continue;
        postgres_format_modifier(type->modifier, is_given ? modifier : -1, text, sizeof(text));
        if (type->oid == 1042 && is_given && text[0] == '\0')
            snprintf(to, size, "bpchar%s", array);
        else
            snprintf(to, size, "%s%s%s%s", type->name, text, type->suffix, array);
        return;
    }
    snprintf(to, size, "%s", oid == 0 ? "-" : "???");
}

void
sl_kernel_format_type(struct sl_call *call)
{
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        bool is_given = !sl_call_arg_is_null(call, 1, row);
        char text[64], *to;
        size_t size;

        if (sl_call_arg_is_null(call, 0, row)) {
            sl_call_set_null(call, row);
            continue;
        }
        postgres_format_type(SL_ARG(call, 0, int64_t)[row & call->args[0].mask], is_given,
                             is_given ? SL_ARG(call, 1, int32_t)[row & call->args[1].mask] : -1,
                             text, sizeof(text));
        size = strlen(text);
        to = sl_heap_writer_reserve(&writer, size);
        memcpy(to, text, size);
        SL_RESULT(call, struct sl_view)[row] = sl_view_of(to, size);
        if (size > SL_VIEW_INLINE_MAX)
            sl_heap_writer_commit(&writer, size);
    }
}
