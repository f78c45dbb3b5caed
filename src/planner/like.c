/* CREATE TABLE … LIKE t (options): t's parts come first, by default INCLUDING ALL OVERWRITING
 * OPTIONS. INCLUDING fails where both have the same part, OVERWRITING takes the new one, EXCLUDING
 * leaves t's out. */
#include "planner/draft.h"

struct like_strategies {
    enum sl_ast_like_merge of[SL_AST_LIKE_WATERMARKS + 1];
};

static struct like_strategies
like_strategies(const struct sl_ast_create_table *create)
{
    struct like_strategies strategies;

    for (size_t i = 0; i < SL_COUNT_OF(strategies.of); i++)
        strategies.of[i] = SL_AST_INCLUDING;
    strategies.of[SL_AST_LIKE_OPTIONS] = SL_AST_OVERWRITING;
    for (size_t i = 0; i < create->like_option_count; i++) {
        if (create->like_options[i].feature != SL_AST_LIKE_ALL)
            continue;
        for (size_t j = 0; j < SL_COUNT_OF(strategies.of); j++)
            strategies.of[j] = create->like_options[i].merge;
    }
    for (size_t i = 0; i < create->like_option_count; i++)
        strategies.of[create->like_options[i].feature] = create->like_options[i].merge;
    return strategies;
}

/* Each feature is said once at most. */
static int
like_check_options(const struct sl_draft *draft, const struct sl_ast_create_table *create,
                   struct sl_error *err)
{
    unsigned seen = 0;

    for (size_t i = 0; i < create->like_option_count; i++) {
        unsigned feature = 1u << create->like_options[i].feature;

        if (seen & feature) {
            SL_ERROR(err, SL_E_SYNTAX, "LIKE says twice what to do with the same feature");
            return sl_error_at(err,
                               sl_binder_offset(draft->binder, create->like_options[i].offset));
        }
        seen |= feature;
    }
    return SL_OK;
}

static int
like_conflict(const struct sl_draft *draft, const struct sl_table *source, const char *what,
              int offset, struct sl_error *err)
{
    SL_ERROR(err, SL_E_INVALID_TABLE_DEFINITION, "table \"%s\" already has %s", source->name, what);
    sl_error_hint(err, "use OVERWRITING or EXCLUDING in the LIKE clause");
    return sl_error_at(err, sl_binder_offset(draft->binder, offset));
}

static enum sl_ast_like_merge
like_column_strategy(const struct like_strategies *strategies, const struct sl_table_column *column)
{
    if (column->kind == SL_COLUMN_COMPUTED)
        return strategies->of[SL_AST_LIKE_GENERATED];
    if (column->kind == SL_COLUMN_METADATA)
        return strategies->of[SL_AST_LIKE_METADATA];
    return SL_AST_INCLUDING;
}

static int
like_columns(struct sl_draft *draft, const struct sl_table *source,
             const struct like_strategies *strategies, struct sl_error *err)
{
    size_t place = 0;

    for (size_t i = 0; i < source->column_count; i++) {
        const struct sl_table_column *column = &source->columns[i];
        enum sl_ast_like_merge strategy = like_column_strategy(strategies, column);
        int own = sl_draft_find(draft, sl_text_of(column->name));

        if (strategy == SL_AST_EXCLUDING)
            continue;
        if (own >= 0 && strategy == SL_AST_OVERWRITING) { /* in the place of the other one */
            struct sl_draft_column moved = draft->columns[own];

            sl_draft_remove(draft, (size_t)own);
            *sl_draft_insert(draft, place++) = moved;
            continue;
        }
        if (own >= 0)
            return like_conflict(
                draft, source,
                sl_arena_printf(draft->binder->arena, "a column \"%s\"", column->name),
                draft->columns[own].offset, err);
        sl_draft_insert(draft, place++)->column = *column;
    }
    return SL_OK;
}

static int
like_watermark(struct sl_draft *draft, const struct sl_table *source,
               enum sl_ast_like_merge strategy, struct sl_error *err)
{
    if (source->watermark_column < 0 || strategy == SL_AST_EXCLUDING ||
        (draft->watermark_column && strategy == SL_AST_OVERWRITING))
        return SL_OK;
    if (draft->watermark_column)
        return like_conflict(draft, source, "a WATERMARK", draft->watermark_offset, err);
    draft->watermark_column = source->columns[source->watermark_column].name;
    draft->watermark = source->watermark;
    return SL_OK;
}

/* Names of some of the source's columns. */
static const char **
like_names(const struct sl_draft *draft, const struct sl_table *source, const uint32_t *columns,
           size_t count)
{
    const char **names = SL_NEW_ARRAY(draft->binder->arena, const char *, count);

    for (size_t i = 0; i < count; i++)
        names[i] = source->columns[columns[i]].name;
    return names;
}

static int
like_lists(struct sl_draft *draft, const struct sl_table *source,
           const struct like_strategies *strategies, struct sl_error *err)
{
    if (source->primary_key_count && strategies->of[SL_AST_LIKE_CONSTRAINTS] != SL_AST_EXCLUDING) {
        if (draft->key_count)
            return like_conflict(draft, source, "a primary key", draft->key_offset, err);
        draft->key = like_names(draft, source, source->primary_key, source->primary_key_count);
        draft->key_count = source->primary_key_count;
        draft->key_name = source->primary_key_name;
    }
    if (source->partition_by_count && strategies->of[SL_AST_LIKE_PARTITIONS] != SL_AST_EXCLUDING) {
        if (draft->partition_count)
            return like_conflict(draft, source, "partitions", draft->partition_offset, err);
        draft->partition =
            like_names(draft, source, source->partition_by, source->partition_by_count);
        draft->partition_count = source->partition_by_count;
    }
    return SL_OK;
}

static int
like_options(struct sl_draft *draft, const struct sl_table *source, enum sl_ast_like_merge strategy,
             struct sl_error *err)
{
    if (strategy == SL_AST_EXCLUDING)
        return SL_OK;
    for (size_t i = 0; i < source->options.count; i++) {
        const struct sl_option *option = &source->options.items[i];

        if (!sl_draft_option(draft, option->key)) {
            sl_draft_set_option(draft, option->key, option->value, -1, -1);
            continue;
        }
        if (strategy == SL_AST_OVERWRITING)
            continue;
        for (size_t j = 0; j < draft->option_count; j++)
            if (strcmp(draft->options[j].key, option->key) == 0)
                return like_conflict(
                    draft, source,
                    sl_arena_printf(draft->binder->arena, "an option '%s'", option->key),
                    draft->options[j].key_offset, err);
    }
    return SL_OK;
}

int
sl_draft_like(struct sl_draft *draft, const struct sl_ast_create_table *create,
              struct sl_error *err)
{
    struct like_strategies strategies = like_strategies(create);
    const struct sl_table *source;

    if (!create->like.count)
        return SL_OK;
    SL_TRY(like_check_options(draft, create, err));
    SL_TRY(sl_binder_find_table(draft->binder, &create->like, &source, err));
    if (source->kind != SL_RELATION_TABLE) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "\"%s\" is a view, and LIKE needs a table",
                 source->name);
        return sl_error_at(err, create->like.offset);
    }
    SL_TRY(like_columns(draft, source, &strategies, err));
    SL_TRY(like_watermark(draft, source, strategies.of[SL_AST_LIKE_WATERMARKS], err));
    SL_TRY(like_lists(draft, source, &strategies, err));
    return like_options(draft, source, strategies.of[SL_AST_LIKE_OPTIONS], err);
}
