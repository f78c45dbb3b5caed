/* A scan: what the source decodes, and what it makes of it.
 *
 * The declared row (physical, metadata and computed columns) is written over the base row, which is
 * all physical columns and then all metadata columns of the connector; then only those base columns
 * that an expression reads stay.  Where a bounded read must merge a changelog, or a stream of
 * upserts is normalised, the scan emits the declared columns that are needed, the merge or the
 * normalisation follows, and then a CALC with the rest. */
#include "planner/lower.h"

struct scan_base {
    const struct sl_table *table;
    struct sl_table_format format;
    struct sl_schema *physical;
    bool *partitioned;                        /* columns of the table that are not in its records */
    const struct sl_metadata_spec **metadata; /* one a METADATA or partition column */
    size_t metadata_count;
    struct sl_expr **declared; /* each declared column over the base row */
    size_t base_count;
    struct sl_phys_record record;
};

static const struct sl_metadata_spec *
scan_metadata_spec(const struct sl_connector_descriptor *connector, const char *key)
{
    for (size_t i = 0; i < connector->metadata_count; i++)
        if (strcmp(connector->metadata[i].name, key) == 0)
            return &connector->metadata[i];
    return NULL;
}

/* Partition columns that the connector keeps outside records are metadata to the scan. */
static const struct sl_metadata_spec *
scan_partition_spec(struct sl_arena *arena, const struct sl_table_column *column)
{
    struct sl_metadata_spec *spec = SL_NEW(arena, struct sl_metadata_spec);

    spec->name = sl_arena_printf(arena, "%s%s", SL_PARTITION_METADATA, column->name);
    spec->type = column->type;
    return spec;
}

/* The records' columns, and which ones are in the directories. */
static int
scan_set_physical(struct sl_lowering *lowering, struct scan_base *base, struct sl_error *err)
{
    const struct sl_table *table = base->table;
    struct sl_schema *schema = sl_table_physical(lowering->arena, table);
    size_t count = 0, physical = 0;

    base->partitioned = SL_NEW_ARRAY(lowering->arena, bool, table->column_count);
    base->physical = schema;
    if (!(base->format.connector->abilities & SL_ABILITY_PARTITIONS))
        return SL_OK;
    SL_TRY(sl_lower_check_partitions(base->format.connector, table, err));
    for (size_t i = 0; i < table->partition_by_count; i++)
        base->partitioned[table->partition_by[i]] = true;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].kind != SL_COLUMN_PHYSICAL)
            continue;
        if (!base->partitioned[i])
            schema->columns[count++] = schema->columns[physical];
        physical++;
    }
    schema->count = count;
    return SL_OK;
}

static int
scan_no_metadata(const struct sl_table *table, const struct sl_connector_descriptor *connector,
                 const char *key, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_UNDEFINED_OBJECT,
                    "connector %s of table \"%s\" has no metadata \"%s\"", connector->name,
                    table->name, key);
}

/* Physical and metadata columns over the base row, computed ones over those. */
static int
scan_declare(struct sl_lowering *lowering, const struct sl_log_scan *scan, struct scan_base *base,
             struct sl_error *err)
{
    const struct sl_table *table = scan->table;
    struct sl_arena *arena = lowering->arena;
    uint32_t physical = 0, metadata = (uint32_t)base->physical->count;

    base->declared = SL_NEW_ARRAY(arena, struct sl_expr *, table->column_count);
    base->metadata = SL_NEW_ARRAY(arena, const struct sl_metadata_spec *, table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct sl_table_column *column = &table->columns[i];

        if (base->partitioned[i]) {
            base->metadata[base->metadata_count++] = scan_partition_spec(arena, column);
            base->declared[i] = sl_expr_column(arena, metadata++, column->type);
        } else if (column->kind == SL_COLUMN_PHYSICAL) {
            base->declared[i] = sl_expr_column(arena, physical++, column->type);
        } else if (column->kind == SL_COLUMN_METADATA) {
            const struct sl_metadata_spec *spec =
                scan_metadata_spec(base->format.connector, column->metadata_key);

            if (!spec)
                return scan_no_metadata(table, base->format.connector, column->metadata_key, err);
            base->metadata[base->metadata_count++] = spec;
            base->declared[i] = sl_expr_column(arena, metadata++, spec->type);
            if (!sl_type_equal(spec->type, column->type))
                SL_TRY(sl_expr_cast(arena, base->declared[i], column->type, SL_CAST_STRICT, -1,
                                    &base->declared[i], err));
        }
    }
    for (size_t i = 0; i < table->column_count; i++)
        if (scan->computed[i])
            base->declared[i] = sl_expr_substitute(arena, scan->computed[i], base->declared);
    base->base_count = base->physical->count + base->metadata_count;
    return SL_OK;
}

/* --- what is decoded --- */

/* At least one column, so that a batch has rows to count: the narrowest of fixed width. */
static void
scan_use_one(const struct scan_base *base, bool *used)
{
    size_t best = 0, best_width = SIZE_MAX;

    for (size_t i = 0; i < base->base_count; i++)
        if (used[i])
            return;
    for (size_t i = 0; i < base->physical->count; i++) {
        enum sl_type_kind kind = base->physical->columns[i].type->kind;
        size_t width =
            sl_type_is_view(kind) || sl_type_is_nested(kind) ? 1000 : sl_type_width(kind);

        if (width < best_width) {
            best = i;
            best_width = width;
        }
    }
    used[best] = true;
}

static void
scan_choose_columns(struct sl_lowering *lowering, const struct scan_base *base,
                    struct sl_phys_scan *detail, size_t expr_count)
{
    struct sl_arena *arena = lowering->arena;
    bool *used = SL_NEW_ARRAY(arena, bool, base->base_count);
    uint32_t *map = SL_NEW_ARRAY(arena, uint32_t, base->base_count), next = 0;

    for (size_t i = 0; i < expr_count; i++)
        sl_expr_mark_columns(detail->exprs[i], used);
    sl_expr_mark_columns(detail->filter, used);
    sl_expr_mark_columns(detail->time, used);
    sl_expr_mark_columns(detail->watermark, used);
    scan_use_one(base, used);
    detail->decoded = SL_NEW_ARRAY(arena, uint32_t, base->physical->count);
    detail->metadata = SL_NEW_ARRAY(arena, const char *, base->metadata_count);
    detail->metadata_types = SL_NEW_ARRAY(arena, const struct sl_type *, base->metadata_count);
    for (uint32_t i = 0; i < base->base_count; i++) {
        if (!used[i])
            continue;
        map[i] = next++;
        if (i < base->physical->count) {
            detail->decoded[detail->decoded_count++] = i;
        } else {
            const struct sl_metadata_spec *spec = base->metadata[i - base->physical->count];

            detail->metadata[detail->metadata_count] = spec->name;
            detail->metadata_types[detail->metadata_count++] = spec->type;
        }
    }
    for (size_t i = 0; i < expr_count; i++)
        detail->exprs[i] = sl_expr_copy(arena, detail->exprs[i], map);
    if (detail->filter)
        detail->filter = sl_expr_copy(arena, detail->filter, map);
    if (detail->time)
        detail->time = sl_expr_copy(arena, detail->time, map);
    if (detail->watermark)
        detail->watermark = sl_expr_copy(arena, detail->watermark, map);
}

/* --- time --- */

static void
scan_set_time(struct sl_lowering *lowering, const struct sl_log_scan *scan,
              const struct scan_base *base, struct sl_phys_scan *detail)
{
    const char *strategy = sl_option_get(&scan->options, "scan.watermark.emit.strategy");
    const char *idle = sl_option_get(&scan->options, "scan.watermark.idle-timeout");
    const char *group = sl_option_get(&scan->options, "scan.watermark.alignment.group");
    const char *ahead = sl_option_get(&scan->options, "scan.watermark.max-ahead");

    if (lowering->settings.batch_mode || scan->watermark_column < 0)
        return;
    detail->time = sl_expr_substitute(
        lowering->arena,
        sl_log_column(lowering->arena, scan->row, (uint32_t)scan->watermark_column),
        base->declared);
    detail->watermark = sl_expr_substitute(lowering->arena, scan->watermark, base->declared);
    detail->watermark_from_source = scan->watermark_from_source;
    detail->watermark_on_event = strategy && sl_equal_nocase(strategy, "on-event");
    detail->idle_timeout_us = lowering->settings.source_idle_timeout_us;
    if (idle)
        SL_ASSERT(sl_parse_duration_us(idle, &detail->idle_timeout_us));
    if (group) {
        const char *update =
            sl_option_get(&scan->options, "scan.watermark.alignment.update-interval");

        detail->alignment_group = group;
        SL_ASSERT(sl_parse_duration_us(
            sl_option_get(&scan->options, "scan.watermark.alignment.max-drift"),
            &detail->alignment_drift_us));
        SL_ASSERT(sl_parse_duration_us(update ? update : "1 s", &detail->alignment_update_us));
    }
    if (ahead)
        SL_ASSERT(sl_parse_duration_us(ahead, &detail->max_ahead_us));
}

/* --- row kinds --- */

enum scan_changelog { SCAN_APPEND, SCAN_ALL, SCAN_UPSERT, SCAN_UNSET };

static enum scan_changelog
scan_changelog_of(const struct sl_log_scan *scan, const struct sl_table_format *format)
{
    const char *mode = sl_option_get(&scan->options, "changelog-mode");

    if (format->connector->abilities & SL_ABILITY_UPSERT_KEYS)
        return SCAN_UPSERT;
    if (!(format->connector->abilities & SL_ABILITY_RECORD_KINDS))
        return format->format && format->format->source_kinds ? SCAN_ALL : SCAN_APPEND;
    if (!mode)
        return SCAN_UNSET;
    if (sl_equal_nocase(mode, "all"))
        return SCAN_ALL;
    return sl_equal_nocase(mode, "upsert") ? SCAN_UPSERT : SCAN_APPEND;
}

/* The key among the records' columns; none if a part of it is not there. */
static void
scan_set_primary_key(struct sl_lowering *lowering, const struct scan_base *base,
                     struct sl_phys_scan *detail)
{
    const struct sl_table *table = base->table;
    uint32_t *key = SL_NEW_ARRAY(lowering->arena, uint32_t, table->primary_key_count);

    for (size_t i = 0; i < table->primary_key_count; i++) {
        if (base->partitioned[table->primary_key[i]])
            return;
        for (uint32_t c = 0; c < table->primary_key[i]; c++)
            key[i] += table->columns[c].kind == SL_COLUMN_PHYSICAL && !base->partitioned[c];
    }
    detail->primary_key = key;
    detail->primary_key_count = table->primary_key_count;
}

static void
scan_set_partitions(struct sl_lowering *lowering, const struct scan_base *base,
                    struct sl_phys_scan *detail)
{
    const struct sl_table *table = base->table;

    if (!(base->format.connector->abilities & SL_ABILITY_PARTITIONS))
        return;
    detail->partition_count = table->partition_by_count;
    detail->partition_keys = SL_NEW_ARRAY(lowering->arena, const char *, detail->partition_count);
    detail->partition_types =
        SL_NEW_ARRAY(lowering->arena, const struct sl_type *, detail->partition_count);
    for (size_t i = 0; i < detail->partition_count; i++) {
        detail->partition_keys[i] = table->columns[table->partition_by[i]].name;
        detail->partition_types[i] = table->columns[table->partition_by[i]].type;
    }
}

/* The key columns that the scan emits as they are identify its rows. */
static void
scan_set_upsert_key(struct sl_lowering *lowering, const struct sl_table *table,
                    struct sl_expr *const *exprs, struct sl_phys_node *node)
{
    uint32_t *key = SL_NEW_ARRAY(lowering->arena, uint32_t, table->primary_key_count);

    for (size_t i = 0; i < table->primary_key_count; i++) {
        uint32_t column = 0;

        while (column < node->schema->count && (exprs[column]->kind != SL_EXPR_COLUMN ||
                                                exprs[column]->column != table->primary_key[i]))
            column++;
        if (column == node->schema->count)
            return;
        key[i] = column;
    }
    node->upsert_key = key;
    node->upsert_key_count = table->primary_key_count;
}

/* --- the node --- */

/* `exprs` and `filter` are over the declared row. */
static struct sl_phys_node *
scan_node(struct sl_lowering *lowering, const struct sl_log_node *node,
          const struct scan_base *base, struct sl_expr *filter, struct sl_expr *const *exprs,
          struct sl_schema *schema)
{
    struct sl_phys_scan *detail = SL_NEW(lowering->arena, struct sl_phys_scan);
    const struct sl_table *table = base->table;
    struct sl_phys_node *made;

    detail->table_id = table->id;
    detail->table_version = table->version;
    detail->table_name = node->scan.table_name;
    detail->connector = base->format.connector->name;
    detail->format = base->format.format_name;
    detail->options = &node->scan.options;
    detail->hints = node->scan.hints;
    detail->physical = base->physical;
    scan_set_primary_key(lowering, base, detail);
    scan_set_partitions(lowering, base, detail);
    detail->record = base->record;
    detail->bounded = node->scan.bounded;
    detail->on_error = sl_table_on_error(&base->format, &node->scan.options);
    if (filter)
        detail->filter = sl_expr_substitute(lowering->arena, filter, base->declared);
    detail->exprs = SL_NEW_ARRAY(lowering->arena, struct sl_expr *, schema->count);
    for (size_t i = 0; i < schema->count; i++)
        detail->exprs[i] = sl_expr_substitute(lowering->arena, exprs[i], base->declared);
    scan_set_time(lowering, &node->scan, base, detail);
    scan_choose_columns(lowering, base, detail, schema->count);
    made = sl_lower_add(lowering, SL_OP_SCAN,
                        sl_lower_option_parallelism(node, &node->scan.options, &node->scan.hints,
                                                    "scan.parallelism", lowering->parallelism),
                        schema, detail);
    scan_set_upsert_key(lowering, table, exprs, made);
    if (detail->on_error == SL_ON_ERROR_DEAD_LETTER)
        sl_lower_add_side(lowering, sl_option_get(&node->scan.options, "dead-letter.table"),
                          node->offset, &made->dead);
    return made;
}

/* --- a changelog that is settled by its key: merged at its end, or normalised as it comes --- */

/* Which declared columns must be kept: the key (or what is read), and what is read above. */
static bool *
scan_settled_columns(struct sl_lowering *lowering, const struct sl_log_node *node,
                     const struct sl_table *table, struct sl_expr *rest,
                     struct sl_expr *const *exprs)
{
    bool *used = SL_NEW_ARRAY(lowering->arena, bool, table->column_count + 1);

    for (size_t i = 0; i < table->primary_key_count; i++)
        used[table->primary_key[i]] = true;
    for (size_t i = 0; i < node->schema->count; i++)
        sl_expr_mark_columns(exprs[i], used);
    sl_expr_mark_columns(rest, used);
    for (size_t i = 0; i < table->column_count; i++)
        if (used[i])
            return used;
    used[0] = true;
    return used;
}

static bool
scan_is_of_key(const struct sl_expr *conjunct, const struct sl_table *table)
{
    bool used[1024] = {false};

    if (!sl_expr_is_deterministic(conjunct) || table->column_count > SL_COUNT_OF(used))
        return false;
    if (!table->primary_key_count)
        return true; /* whole rows: each row and its removal pass together or not at all */
    sl_expr_mark_columns(conjunct, used);
    for (size_t i = 0; i < table->primary_key_count; i++)
        used[table->primary_key[i]] = false;
    for (size_t i = 0; i < table->column_count; i++)
        if (used[i])
            return false;
    return true;
}

/* The part of the filter that may be applied before rows meet by their key; the rest in *ret_rest.
 */
static struct sl_expr *
scan_split_filter(struct sl_lowering *lowering, const struct sl_log_scan *scan,
                  struct sl_expr **ret_rest)
{
    struct sl_expr **conjuncts, *before = NULL, *rest = NULL;
    size_t count = scan->filter ? sl_expr_conjuncts(lowering->arena, scan->filter, &conjuncts) : 0;

    for (size_t i = 0; i < count; i++) {
        if (scan_is_of_key(conjuncts[i], scan->table))
            before = sl_expr_and(lowering->arena, before, conjuncts[i]);
        else
            rest = sl_expr_and(lowering->arena, rest, conjuncts[i]);
    }
    *ret_rest = rest;
    return before;
}

static struct sl_phys_node *
scan_merge(struct sl_lowering *lowering, const struct sl_table *table, struct sl_phys_node *scan)
{
    struct sl_phys_changelog_merge *detail =
        SL_NEW(lowering->arena, struct sl_phys_changelog_merge);
    uint32_t parallelism = scan->parallelism;
    struct sl_phys_node *merge;
    uint32_t *all = SL_NEW_ARRAY(lowering->arena, uint32_t, scan->schema->count);

    if (table->primary_key_count) {
        detail->keys = scan->upsert_key;
        detail->key_count = scan->upsert_key_count;
    }
    for (uint32_t i = 0; i < scan->schema->count; i++)
        all[i] = i;
    merge = sl_lower_add(lowering, SL_OP_CHANGELOG_MERGE, parallelism, scan->schema, detail);
    if (detail->key_count)
        sl_lower_connect_keyed(lowering, merge, scan, detail->keys, detail->key_count);
    else
        sl_lower_connect_keyed(lowering, merge, scan, all, scan->schema->count);
    return merge;
}

static struct sl_phys_node *
scan_normalize(struct sl_lowering *lowering, const struct sl_log_node *node, struct sl_expr *filter,
               struct sl_phys_node *scan)
{
    struct sl_phys_changelog_normalize *detail =
        SL_NEW(lowering->arena, struct sl_phys_changelog_normalize);
    struct sl_phys_node *made;

    detail->keys = scan->upsert_key;
    detail->key_count = scan->upsert_key_count;
    detail->filter = filter;
    detail->emits_before = true;
    detail->ttl_us = node->scan.has_ttl ? node->scan.ttl_us : lowering->state_ttl_us;
    made = sl_lower_add(lowering, SL_OP_CHANGELOG_NORMALIZE,
                        node->parallelism ? node->parallelism : lowering->parallelism, scan->schema,
                        detail);
    made->kinds = SL_KINDS_ALL;
    made->upsert_key = scan->upsert_key;
    made->upsert_key_count = scan->upsert_key_count;
    sl_lower_connect_keyed(lowering, made, scan, detail->keys, detail->key_count);
    return made;
}

/* The projection above the settled rows, where there is something to do. */
static struct sl_phys_node *
scan_project(struct sl_lowering *lowering, const struct sl_log_node *node,
             struct sl_expr *const *exprs, const uint32_t *map, struct sl_expr *rest,
             struct sl_phys_node *settled)
{
    struct sl_expr **above = SL_NEW_ARRAY(lowering->arena, struct sl_expr *, node->schema->count);
    bool identity = !rest && settled->schema->count == node->schema->count;

    for (size_t i = 0; i < node->schema->count; i++) {
        above[i] = sl_expr_copy(lowering->arena, exprs[i], map);
        identity &= above[i]->kind == SL_EXPR_COLUMN && above[i]->column == i;
    }
    if (identity) {
        settled->schema = node->schema;
        return settled;
    }
    return sl_lower_calc(lowering, settled, rest, above, node->schema, settled->parallelism);
}

static struct sl_phys_node *
scan_settled(struct sl_lowering *lowering, const struct sl_log_node *node,
             const struct scan_base *base, struct sl_expr *const *exprs, unsigned kinds)
{
    struct sl_arena *arena = lowering->arena;
    const struct sl_table *table = base->table;
    struct sl_expr *rest, *before = scan_split_filter(lowering, &node->scan, &rest);
    bool *used = scan_settled_columns(lowering, node, table, rest, exprs);
    struct sl_schema *schema = sl_schema_new(arena, table->column_count);
    struct sl_expr **emitted = SL_NEW_ARRAY(arena, struct sl_expr *, table->column_count);
    uint32_t *map = SL_NEW_ARRAY(arena, uint32_t, table->column_count);
    struct sl_phys_node *made;

    schema->count = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (!used[i])
            continue;
        map[i] = (uint32_t)schema->count;
        emitted[schema->count] = sl_log_column(arena, node->scan.row, i);
        schema->columns[schema->count++] = node->scan.row->columns[i];
    }
    made = scan_node(lowering, node, base, before, emitted, schema);
    ((struct sl_phys_scan *)made->detail)->kinds = true;
    made->kinds = kinds;
    rest = rest ? sl_expr_copy(arena, rest, map) : NULL;
    if (lowering->settings.batch_mode)
        return scan_project(lowering, node, exprs, map, rest, scan_merge(lowering, table, made));
    made = scan_normalize(lowering, node, rest, made);
    return scan_project(lowering, node, exprs, map, NULL, made);
}

/* Changes that may come twice are told apart by the key. */
static int
scan_check_duplicates(const struct sl_log_node *node, struct sl_error *err)
{
    if (node->scan.table->primary_key_count)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "'table.exec.source.cdc-events-duplicate' needs a PRIMARY KEY, which table \"%s\" "
             "does not have",
             node->scan.table_name);
    sl_error_hint(err, "declare PRIMARY KEY (…) NOT ENFORCED on it");
    return sl_error_at(err, node->offset);
}

static int
scan_streamed(struct sl_lowering *lowering, const struct sl_log_node *node,
              const struct scan_base *base, struct sl_expr *const *exprs,
              enum scan_changelog changelog, struct sl_phys_node **ret_node, struct sl_error *err)
{
    bool duplicates = changelog == SCAN_ALL && lowering->source_duplicates;

    if (duplicates)
        SL_TRY(scan_check_duplicates(node, err));
    if (changelog == SCAN_UPSERT || duplicates) {
        *ret_node =
            scan_settled(lowering, node, base, exprs, duplicates ? SL_KINDS_ALL : SL_KINDS_UPSERT);
        return SL_OK;
    }
    *ret_node = scan_node(lowering, node, base, node->scan.filter, exprs, node->schema);
    if (changelog == SCAN_ALL) {
        ((struct sl_phys_scan *)(*ret_node)->detail)->kinds = true;
        (*ret_node)->kinds = SL_KINDS_ALL;
    }
    return SL_OK;
}

/* Rows that are only added, or come with their old ones, need no state. */
static int
scan_unused_ttl(const struct sl_log_node *node, struct sl_error *err)
{
    SL_ERROR(err, SL_E_UNDEFINED_TABLE,
             "the hint STATE_TTL names table \"%s\", whose rows need no state",
             node->scan.table_name);
    sl_error_hint(err, "it is for what a block aggregates, and for tables whose changes come by "
                       "their PRIMARY KEY");
    return sl_error_at(err, node->scan.ttl_offset);
}

int
sl_lower_scan(struct sl_lowering *lowering, struct sl_log_node *node,
              struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct scan_base base = {.table = node->scan.table};
    struct sl_expr **exprs = node->scan.exprs;
    enum scan_changelog changelog;

    SL_TRY(sl_table_format_of(sl_arena_printf(lowering->arena, "table \"%s\"", base.table->name),
                              &node->scan.options, &base.format, err));
    SL_TRY(sl_table_record(lowering->arena, base.table, &node->scan.options, &base.format,
                           &base.record, err));
    SL_TRY(scan_set_physical(lowering, &base, err));
    SL_TRY(scan_declare(lowering, &node->scan, &base, err));
    if (!exprs) {
        exprs = SL_NEW_ARRAY(lowering->arena, struct sl_expr *, node->scan.row->count);
        for (uint32_t i = 0; i < node->scan.row->count; i++)
            exprs[i] = sl_log_column(lowering->arena, node->scan.row, i);
    }
    changelog = scan_changelog_of(&node->scan, &base.format);
    if (node->scan.has_ttl && changelog != SCAN_UPSERT &&
        !(changelog == SCAN_ALL && lowering->source_duplicates))
        return scan_unused_ttl(node, err);
    if (lowering->settings.batch_mode && changelog != SCAN_APPEND) {
        *ret_node = scan_settled(lowering, node, &base, exprs, SL_KINDS_ALL);
        return SL_OK;
    }
    return scan_streamed(lowering, node, &base, exprs, changelog, ret_node, err);
}
