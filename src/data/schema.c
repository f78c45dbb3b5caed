/* Schemas: see schema.h. */
#include "data/schema.h"

struct sl_schema *
sl_schema_new(struct sl_arena *arena, size_t count)
{
    struct sl_schema *schema = SL_NEW(arena, struct sl_schema);

    schema->columns = SL_NEW_ARRAY(arena, struct sl_schema_column, count);
    schema->count = count;
    return schema;
}

struct sl_schema *
sl_schema_copy(struct sl_arena *arena, const struct sl_schema *schema)
{
    struct sl_schema *copy = sl_schema_new(arena, schema->count);

    for (size_t i = 0; i < schema->count; i++) {
        copy->columns[i].name = sl_arena_strdup(arena, schema->columns[i].name);
        copy->columns[i].type = sl_type_copy(arena, schema->columns[i].type);
        copy->columns[i].time = schema->columns[i].time;
    }
    return copy;
}

int
sl_schema_find(const struct sl_schema *schema, struct sl_text name)
{
    int found = -1;

    for (size_t i = 0; i < schema->count; i++) {
        if (!sl_text_equal_nocase(sl_text_of(schema->columns[i].name), name))
            continue;
        if (found >= 0)
            return -2;
        found = (int)i;
    }
    return found;
}
