/* The binder's state and its small helpers. */
#include "planner/bind.h"

int
sl_binder_init(struct sl_binder *binder, struct sl_plan_context *context, struct sl_error *err)
{
    memset(binder, 0, sizeof(*binder));
    binder->context = context;
    binder->arena = context->arena;
    binder->schema = context->schema;
    binder->session_id = context->session_id;
    binder->batch = sl_equal_nocase(sl_binder_setting(binder, "execution.runtime-mode"), "batch");
    binder->settings.overflow_wraps =
        sl_equal_nocase(sl_binder_setting(binder, "table.exec.numeric-overflow"), "wrap");
    return sl_zone_find(sl_text_of(sl_binder_setting(binder, "table.local-time-zone")),
                        &binder->settings.zone, err);
}

const char *
sl_binder_setting(const struct sl_binder *binder, const char *key)
{
    const char *value = binder->context->setting(binder->context->session, key);

    SL_ASSERT(value != NULL); /* the server's table of settings lists every key the planner reads */
    return value;
}

int
sl_binder_refuse(const struct sl_binder *binder, int offset, const char *construct,
                 struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s not supported yet", construct);
    return sl_error_at(err, sl_binder_offset(binder, offset));
}

char *
sl_binder_name(const struct sl_binder *binder, const struct sl_ast_identifier *identifier)
{
    return sl_arena_strndup(binder->arena, identifier->text.start, identifier->text.length);
}

const char *
sl_quote_name(struct sl_arena *arena, const char *name)
{
    size_t length = strlen(name);
    char *quoted = sl_arena_alloc(arena, 2 * length + 3), *to = quoted;

    if (!sl_parse_needs_quotes((struct sl_text){name, length}))
        return name;
    *to++ = '`';
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '`')
            *to++ = '`';
        *to++ = name[i];
    }
    *to = '`';
    return quoted;
}

void
sl_binder_use(struct sl_binder *binder, const struct sl_table *table)
{
    for (size_t i = 0; i < binder->use_count; i++)
        if (binder->uses[i].id == table->id)
            return;
    if (binder->use_count == binder->use_capacity) {
        size_t capacity = binder->use_capacity ? 2 * binder->use_capacity : 8;
        struct sl_table_use *uses = SL_NEW_ARRAY(binder->arena, struct sl_table_use, capacity);

        if (binder->use_count)
            memcpy(uses, binder->uses, binder->use_count * sizeof(*uses));
        binder->uses = uses;
        binder->use_capacity = capacity;
    }
    binder->uses[binder->use_count++] = (struct sl_table_use){table->id, table->version};
}

bool
sl_ast_name_is(const struct sl_ast_name *name, const char *text)
{
    return name->count == 1 && sl_text_equal_nocase(name->parts[0].text, sl_text_of(text));
}
