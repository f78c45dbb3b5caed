/* The columns of a nexmark table: event_type and a row an event, or the fields of one event, by
 * name, any of them in any order. */
#include "connector/nexmark_internal.h"

enum { SCHEMA_NAMES_MAX = 16 };

static const struct sl_nexmark_field *
schema_find(const struct sl_nexmark_record *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (sl_equal_nocase(record->fields[i].name, name))
            return &record->fields[i];
    return NULL;
}

static int
schema_unknown(struct sl_arena *arena, const char *what, const char *name, const char *const *known,
               size_t count, struct sl_error *err)
{
    const char *list = "";

    SL_ERROR(err, SL_E_UNDEFINED_COLUMN, "%s has no column \"%s\"", what, name);
    for (size_t i = 0; i < count; i++)
        list = sl_arena_printf(arena, "%s%s%s", list, i ? ", " : "", known[i]);
    return sl_error_hint(err, "it has: %s", list);
}

static int
schema_wrong_type(struct sl_arena *arena, const char *name, const struct sl_type *is,
                  const char *must, struct sl_error *err)
{
    SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "column \"%s\" of nexmark is %s, but declared as %s",
             name, must, sl_type_text(arena, is));
    return sl_error_hint(err, "declare it as %s", must);
}

/* `prefix`: of the row that the field is in, "bid.". */
static int
schema_read_field(struct sl_arena *arena, enum sl_nexmark_event event, const char *prefix,
                  const char *name, const struct sl_type *type,
                  const struct sl_nexmark_field **ret_field, struct sl_error *err)
{
    const struct sl_nexmark_record *record = &sl_nexmark_records[event];
    const struct sl_nexmark_field *field = schema_find(record, name);
    const char *names[SCHEMA_NAMES_MAX];

    if (!field) {
        for (size_t i = 0; i < record->field_count; i++)
            names[i] = record->fields[i].name;
        return schema_unknown(arena, sl_arena_printf(arena, "nexmark event \"%s\"", record->name),
                              name, names, record->field_count, err);
    }
    if (!sl_type_equal(type, field->type))
        return schema_wrong_type(arena, sl_arena_printf(arena, "%s%s", prefix, name), type,
                                 sl_type_text(arena, field->type), err);
    *ret_field = field;
    return SL_OK;
}

static int
schema_read_row(struct sl_arena *arena, const char *name, struct sl_nexmark_column *column,
                struct sl_error *err)
{
    const struct sl_type *type = column->type;

    if (type->kind != SL_TYPE_ROW)
        return schema_wrong_type(arena, name, type, "ROW", err);
    if (!type->nullable) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
                 "column \"%s\" of nexmark is NULL in the rows of other events", name);
        return sl_error_hint(err, "declare it without NOT NULL");
    }
    column->is_row = true;
    column->field_count = type->field_count;
    column->fields = SL_NEW_ARRAY(arena, const struct sl_nexmark_field *, type->field_count);
    for (size_t i = 0; i < type->field_count; i++)
        SL_TRY(schema_read_field(arena, column->event, sl_arena_printf(arena, "%s.", name),
                                 type->fields[i].name, type->fields[i].type, &column->fields[i],
                                 err));
    return SL_OK;
}

static int
schema_read_nested(struct sl_arena *arena, const char *name, struct sl_nexmark_column *column,
                   struct sl_error *err)
{
    static const char *const names[] = {"event_type", "person", "auction", "bid"};

    if (sl_equal_nocase(name, names[0]))
        return sl_type_equal(column->type, &sl_type_int)
                   ? SL_OK
                   : schema_wrong_type(arena, name, column->type, "INT", err);
    for (int event = 0; event < SL_NEXMARK_EVENT_COUNT; event++) {
        column->event = (enum sl_nexmark_event)event;
        if (sl_equal_nocase(name, sl_nexmark_records[event].name))
            return schema_read_row(arena, name, column, err);
    }
    schema_unknown(arena, "a nexmark table without \"event-type\"", name, names, SL_COUNT_OF(names),
                   err);
    return sl_error_detail(err, "a table of one kind of event has the option \"event-type\"");
}

int
sl_nexmark_read_schema(struct sl_arena *arena, const struct sl_schema *schema,
                       enum sl_nexmark_event event, struct sl_nexmark_column **ret_columns,
                       struct sl_error *err)
{
    struct sl_nexmark_column *columns =
        SL_NEW_ARRAY(arena, struct sl_nexmark_column, schema->count + 1);

    for (size_t i = 0; i < schema->count; i++) {
        const char *name = schema->columns[i].name;
        struct sl_nexmark_column *column = &columns[i];

        column->type = schema->columns[i].type;
        if (event == SL_NEXMARK_EVENT_COUNT) {
            SL_TRY(schema_read_nested(arena, name, column, err));
            continue;
        }
        column->fields = SL_NEW_ARRAY(arena, const struct sl_nexmark_field *, 1);
        column->field_count = 1;
        SL_TRY(schema_read_field(arena, event, "", name, column->type, &column->fields[0], err));
    }
    *ret_columns = columns;
    return SL_OK;
}
