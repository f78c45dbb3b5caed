/* COPY t FROM STDIN, COPY t TO STDOUT, COPY (query) TO STDOUT.
 *
 * COPY into a memory table appends to its log; out of one WITH (ROW_KIND true) it is the log as it
 * stands now, without that option the merged rows, which are a bounded query. */
#include "data/row.h"
#include "server/copy_text.h"
#include "server/memory_table.h"
#include "server/session.h"

#include <stdio.h>
#include <stdlib.h>

enum { COPY_ROWS_MAX = 1024, COPY_COLUMNS_MIN = 1664 };

static const char *const copy_kinds[] = {"+I", "-U", "+U", "-D"};

/* --- options --- */

static int
copy_bad_option(const struct sl_ast_option *option, const char *expected, struct sl_error *err)
{
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "COPY option \"%.*s\" does not take \"%.*s\"",
             SL_TEXT_FORMAT(option->key), (int)option->value.length,
             option->value.start ? option->value.start : "");
    sl_error_hint(err, "expected: %s", expected);
    return sl_error_at(err, option->value_offset);
}

static int
copy_read_boolean(const struct sl_ast_option *option, bool *ret_value, struct sl_error *err)
{
    char text[16];

    *ret_value = true;
    if (!option->value.start)
        return SL_OK;
    snprintf(text, sizeof(text), "%.*s", SL_TEXT_FORMAT(option->value));
    if (!sl_parse_boolean(text, ret_value))
        return copy_bad_option(option, "true or false", err);
    return SL_OK;
}

static int
copy_read_char(const struct sl_ast_option *option, char *ret_value, struct sl_error *err)
{
    if (option->value.length != 1)
        return copy_bad_option(option, "a single one-byte character", err);
    *ret_value = option->value.start[0];
    return SL_OK;
}

static int
copy_read_option(const struct sl_ast_option *option, struct sl_copy_form *form,
                 struct sl_error *err)
{
    bool ignored;

    if (sl_text_equal_nocase(option->key, SL_TEXT("header")))
        return copy_read_boolean(option, &form->header, err);
    if (sl_text_equal_nocase(option->key, SL_TEXT("row_kind")))
        return copy_read_boolean(option, &form->row_kind, err);
    if (sl_text_equal_nocase(option->key, SL_TEXT("freeze")))
        return copy_read_boolean(option, &ignored, err); /* a hint that needs nothing here */
    if (sl_text_equal_nocase(option->key, SL_TEXT("delimiter")))
        return copy_read_char(option, &form->delimiter, err);
    if (sl_text_equal_nocase(option->key, SL_TEXT("quote")))
        return copy_read_char(option, &form->quote, err);
    if (sl_text_equal_nocase(option->key, SL_TEXT("escape")))
        return copy_read_char(option, &form->escape, err);
    if (sl_text_equal_nocase(option->key, SL_TEXT("null"))) {
        form->null = option->value.start;
        form->null_length = option->value.length;
        return SL_OK;
    }
    if (sl_text_equal_nocase(option->key, SL_TEXT("encoding"))) {
        if (!sl_text_equal_nocase(option->value, SL_TEXT("utf8")) &&
            !sl_text_equal_nocase(option->value, SL_TEXT("utf-8")))
            return copy_bad_option(option, "UTF8", err);
        return SL_OK;
    }
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "COPY option \"%.*s\" is not supported",
             SL_TEXT_FORMAT(option->key));
    return sl_error_at(err, option->key_offset);
}

static int
copy_read_form(const struct sl_ast_copy *copy, struct sl_copy_form *form, struct sl_error *err)
{
    *form = (struct sl_copy_form){.delimiter = '\t', .null = "\\N", .null_length = 2};
    for (size_t i = 0; i < copy->options.count; i++) {
        const struct sl_ast_option *option = &copy->options.items[i];

        if (!sl_text_equal_nocase(option->key, SL_TEXT("format")))
            continue;
        if (sl_text_equal_nocase(option->value, SL_TEXT("csv"))) {
            *form = (struct sl_copy_form){
                .csv = true, .delimiter = ',', .quote = '"', .escape = '"', .null = ""};
        } else if (!sl_text_equal_nocase(option->value, SL_TEXT("text"))) {
            SL_ERROR(err, SL_E_NOT_SUPPORTED, "COPY format \"%.*s\" is not supported",
                     SL_TEXT_FORMAT(option->value));
            sl_error_hint(err, "there are text and csv");
            return sl_error_at(err, option->value_offset);
        }
    }
    for (size_t i = 0; i < copy->options.count; i++)
        if (!sl_text_equal_nocase(copy->options.items[i].key, SL_TEXT("format")))
            SL_TRY(copy_read_option(&copy->options.items[i], form, err));
    if (!form->csv)
        form->quote = form->escape = '\0';
    return SL_OK;
}

/* --- out --- */

static void
copy_write_row(struct sl_portal *portal, const struct sl_copy_form *form,
               const struct sl_batch *batch, size_t row, struct sl_buffer *line)
{
    const struct sl_zone *zone = sl_session_zone(portal->session);
    struct sl_buffer field;

    sl_buffer_reset(line);
    if (form->row_kind) {
        sl_buffer_add_string(line, copy_kinds[sl_batch_kind(batch, row)]);
        if (batch->column_count)
            sl_buffer_add_byte(line, form->delimiter);
    }
    sl_buffer_init(&field, SIZE_MAX / 2);
    for (size_t i = 0; i < batch->column_count; i++) {
        bool is_null = sl_column_is_null(batch->columns[i], row);

        if (i)
            sl_buffer_add_byte(line, form->delimiter);
        sl_buffer_reset(&field);
        if (!is_null)
            sl_column_format(batch->columns[i], row, SL_FORM_POSTGRES, zone, &field);
        sl_copy_write_field(form, (struct sl_text){field.data ? field.data : "", field.length},
                            is_null, line);
    }
    sl_buffer_done(&field);
    sl_buffer_add_byte(line, '\n');
    sl_net_copy_data(portal->session->connection, sl_buffer_text(line));
}

static void
copy_write_header(struct sl_portal *portal, const struct sl_copy_form *form,
                  const struct sl_schema *schema)
{
    struct sl_buffer line;

    if (!form->header)
        return;
    sl_buffer_init(&line, SIZE_MAX / 2);
    if (form->row_kind)
        sl_buffer_printf(&line, "op%c", form->delimiter);
    for (size_t i = 0; i < schema->count; i++) {
        if (i)
            sl_buffer_add_byte(&line, form->delimiter);
        sl_copy_write_field(form, sl_text_of(schema->columns[i].name), false, &line);
    }
    sl_buffer_add_byte(&line, '\n');
    sl_net_copy_data(portal->session->connection, sl_buffer_text(&line));
    sl_buffer_done(&line);
}

static void
copy_write_batch(struct sl_portal *portal, const struct sl_copy_form *form,
                 const struct sl_batch *batch, uint64_t *row_count)
{
    struct sl_buffer line;

    sl_buffer_init(&line, SIZE_MAX / 2);
    for (size_t i = 0; i < sl_batch_live_count(batch); i++, ++*row_count)
        copy_write_row(portal, form, batch, sl_batch_row(batch, i), &line);
    sl_buffer_done(&line);
}

/* A query's rows as they come, for ever if it never ends. */
static int
copy_query_out(struct sl_portal *portal, const struct sl_ast *query,
               const struct sl_copy_form *form, struct sl_error *err)
{
    struct sl_planned *planned;
    uint64_t row_count = 0;
    int rc;

    SL_TRY(sl_portal_plan(portal, query, false, &planned, err));
    SL_TRY(sl_start_query(portal, planned, err));
    sl_net_copy_out_begin(portal->session->connection,
                          planned->columns->count + (form->row_kind && !portal->with_kind));
    copy_write_header(portal, form, planned->columns);
    while ((rc = sl_portal_next(portal, -1, err)) == SL_OK) {
        struct sl_copy_form batch_form = *form;

        batch_form.row_kind |= portal->with_kind;
        copy_write_batch(portal, &batch_form, portal->batch, &row_count);
        portal->batch_at = sl_batch_live_count(portal->batch);
        SL_TRY(sl_net_check(portal->session->connection, err));
    }
    if (rc < 0)
        return rc;
    sl_net_copy_out_end(portal->session->connection);
    sl_portal_set_tag(portal, "COPY %llu", (unsigned long long)row_count);
    return SL_OK;
}

/* --- memory tables --- */

struct copy_table {
    const struct sl_table *table;
    struct sl_memory_table memory;
    bool is_append; /* changelog-mode = append */
};

static int
copy_open_table(struct sl_portal *portal, const struct sl_ast_copy *copy, struct copy_table *opened,
                struct sl_error *err)
{
    struct sl_plan_context context;
    const char *connector, *mode;

    sl_portal_plan_context(portal, &context);
    SL_TRY(sl_plan_find_table(&context, &copy->name, &opened->table, err));
    if (!sl_is_memory_table(opened->table)) {
        connector = sl_option_get(&opened->table->options, "connector");
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "COPY of the %s \"%s\" is not supported",
                 connector ? connector : "view", opened->table->name);
        sl_error_hint(err, "COPY works on memory tables; COPY (SELECT …) TO STDOUT on all");
        return sl_error_at(err, copy->name.offset);
    }
    mode = sl_option_get(&opened->table->options, "changelog-mode");
    opened->is_append = mode && sl_equal_nocase(mode, "append");
    return sl_memory_table_open(portal->session->server->data_directory, &portal->arena,
                                opened->table, &opened->memory, err);
}

/* The log as it stands now, in order. */
static int
copy_log_out(struct sl_portal *portal, const struct sl_ast_copy *copy,
             const struct sl_copy_form *form, struct sl_error *err)
{
    struct copy_table table = {0};
    uint64_t row_count = 0, end;
    struct sl_pool *pool;
    int rc = SL_OK;

    SL_TRY(copy_open_table(portal, copy, &table, err));
    end = sl_memory_log_count(table.memory.log);
    pool = sl_pool_new();
    sl_net_copy_out_begin(portal->session->connection, table.memory.schema->count + 1);
    copy_write_header(portal, form, table.memory.schema);
    for (uint64_t from = 0; from < end && rc == SL_OK; from += COPY_ROWS_MAX) {
        struct sl_text frames[COPY_ROWS_MAX];
        size_t count = (size_t)SL_MIN(end - from, (uint64_t)COPY_ROWS_MAX);
        struct sl_batch *batch;

        for (size_t i = 0; i < count; i++)
            frames[i] = sl_memory_log_frame(table.memory.log, from + i);
        rc = sl_row_frame_read(table.memory.frame, pool, frames, count, &batch, err);
        if (rc < 0)
            break;
        copy_write_batch(portal, form, batch, &row_count);
        sl_batch_unref(batch);
        rc = sl_net_check(portal->session->connection, err);
    }
    sl_pool_free(pool);
    if (rc < 0)
        return rc;
    sl_net_copy_out_end(portal->session->connection);
    sl_portal_set_tag(portal, "COPY %llu", (unsigned long long)row_count);
    return SL_OK;
}

/* COPY t TO: the physical columns of the merged rows. */
static int
copy_table_out(struct sl_portal *portal, const struct sl_ast_copy *copy,
               const struct sl_copy_form *form, struct sl_error *err)
{
    struct sl_session *session = portal->session;
    struct sl_plan_context context;
    const struct sl_table *table;
    struct sl_ast_script *script;
    const char *mode = sl_session_is_batch(session) ? "batch" : "streaming";
    struct sl_buffer list;
    const char *query;
    int rc;

    sl_portal_plan_context(portal, &context);
    SL_TRY(sl_plan_find_table(&context, &copy->name, &table, err));
    sl_buffer_init(&list, SIZE_MAX / 2);
    for (size_t i = 0; i < (copy->column_count ? copy->column_count : table->column_count); i++) {
        const char *name = copy->column_count
                               ? sl_arena_strndup(&portal->arena, copy->columns[i].text.start,
                                                  copy->columns[i].text.length)
                               : table->columns[i].name;

        if (copy->column_count || table->columns[i].kind == SL_COLUMN_PHYSICAL)
            sl_buffer_printf(&list, "%s`%s`", list.length ? ", " : "", name);
    }
    query = sl_arena_printf(&portal->arena, "SELECT %s FROM `%s`.`%s`",
                            list.length ? list.data : "", table->schema, table->name);
    sl_buffer_done(&list);
    SL_TRY(sl_parse_script(&portal->arena, sl_text_of(query), NULL, &script, err));
    SL_TRY(sl_settings_set(&session->settings, SL_TEXT("execution.runtime-mode"), "batch",
                           SL_SETTING_S, err));
    rc = copy_query_out(portal, script->statements[0].ast, form, err);
    if (rc < 0)
        err->offset = copy->name.offset;
    if (sl_settings_set(&session->settings, SL_TEXT("execution.runtime-mode"), mode, SL_SETTING_S,
                        err) < 0)
        SL_UNREACHABLE();
    return rc;
}

/* --- in --- */

/* Rows on their way into a log. */
struct copy_in {
    struct sl_portal *portal;
    struct copy_table table;
    struct sl_copy_form form;
    uint32_t *targets; /* table column of each field */
    size_t target_count;
    struct sl_copy_field *fields; /* of the line at hand */
    size_t field_max;
    struct sl_arena arena;
    struct sl_pool *pool;
    struct sl_value **rows;
    uint8_t *kinds;
    size_t row_count;
    uint64_t total, line;
    bool skip_header;
};

static int
copy_in_targets(struct copy_in *in, const struct sl_ast_copy *copy, struct sl_error *err)
{
    struct sl_schema *schema = in->table.memory.schema;

    in->targets = SL_NEW_ARRAY(&in->portal->arena, uint32_t, schema->count + copy->column_count);
    for (size_t i = 0; i < copy->column_count; i++) {
        int index = sl_schema_find(schema, copy->columns[i].text);

        if (index < 0) {
            SL_ERROR(err, SL_E_UNDEFINED_COLUMN,
                     "column \"%.*s\" of relation \"%s\" does not exist",
                     SL_TEXT_FORMAT(copy->columns[i].text), in->table.table->name);
            return sl_error_at(err, copy->columns[i].offset);
        }
        in->targets[in->target_count++] = (uint32_t)index;
    }
    for (size_t i = 0; copy->column_count == 0 && i < schema->count; i++)
        in->targets[in->target_count++] = (uint32_t)i;
    return SL_OK;
}

static int
copy_in_kind(struct copy_in *in, const struct sl_copy_field *field, uint8_t *ret_kind,
             struct sl_error *err)
{
    for (uint8_t kind = 0; kind < SL_COUNT_OF(copy_kinds); kind++) {
        if (!sl_text_equal(field->text, sl_text_of(copy_kinds[kind])))
            continue;
        if (kind != SL_ROW_INSERT && in->table.is_append)
            return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                            "table \"%s\" has changelog-mode append, it takes no %s",
                            in->table.table->name, copy_kinds[kind]);
        *ret_kind = kind;
        return SL_OK;
    }
    SL_ERROR(err, SL_E_BAD_COPY_FORMAT, "\"%.*s\" is no row kind", SL_TEXT_FORMAT(field->text));
    return sl_error_hint(err, "each line begins with +I, -U, +U or -D");
}

static int
copy_in_row(struct copy_in *in, const struct sl_copy_field *fields, size_t field_count,
            struct sl_error *err)
{
    const struct sl_schema *schema = in->table.memory.schema;
    size_t first = in->form.row_kind;
    struct sl_value *values = SL_NEW_ARRAY(&in->arena, struct sl_value, schema->count + 1);

    if (field_count != in->target_count + first)
        return field_count < in->target_count + first
                   ? SL_ERROR(err, SL_E_BAD_COPY_FORMAT, "missing data for column \"%s\"",
                              schema->columns[in->targets[field_count - first]].name)
                   : SL_ERROR(err, SL_E_BAD_COPY_FORMAT, "extra data after last expected column");
    in->kinds[in->row_count] = SL_ROW_INSERT;
    if (first)
        SL_TRY(copy_in_kind(in, &fields[0], &in->kinds[in->row_count], err));
    for (size_t i = 0; i < schema->count; i++)
        values[i] = sl_value_null(schema->columns[i].type);
    for (size_t i = 0; i < in->target_count; i++)
        if (!fields[first + i].is_null) {
            SL_TRY(sl_net_check_utf8(fields[first + i].text, err));
            SL_TRY(sl_value_parse(&in->arena, schema->columns[in->targets[i]].type,
                                  fields[first + i].text, sl_session_zone(in->portal->session),
                                  &values[in->targets[i]], err));
        }
    for (size_t i = 0; i < schema->count; i++)
        if (values[i].is_null && !schema->columns[i].type->nullable)
            return SL_ERROR(err, SL_E_NOT_NULL_VIOLATION,
                            "null value in column \"%s\" of relation \"%s\" violates not-null "
                            "constraint",
                            schema->columns[i].name, in->table.table->name);
    in->rows[in->row_count++] = values;
    return SL_OK;
}

/* Everything is checked before the first row is written: a COPY that fails leaves nothing. */
static int
copy_in_write(struct copy_in *in, struct sl_error *err)
{
    const struct sl_schema *schema = in->table.memory.schema;
    struct sl_text *payloads = sl_alloc((in->row_count + 1) * sizeof(*payloads));
    size_t *starts = sl_alloc((in->row_count + 1) * sizeof(*starts));
    struct sl_buffer bytes;
    int rc;

    sl_buffer_init(&bytes, SIZE_MAX / 2);
    for (size_t from = 0; from < in->row_count; from += SL_BATCH_ROWS_MAX) {
        size_t count = SL_MIN(in->row_count - from, (size_t)SL_BATCH_ROWS_MAX);
        struct sl_batch *batch = sl_batch_new(in->pool, schema->count, count);

        for (size_t c = 0; c < schema->count; c++) {
            struct sl_column_builder *builder =
                sl_column_builder_new(in->pool, schema->columns[c].type, count);

            for (size_t i = 0; i < count; i++)
                sl_column_builder_add(builder, &in->rows[from + i][c]);
            sl_batch_set_column(batch, c, sl_column_builder_end(builder));
        }
        memcpy(sl_batch_add_kinds(batch, in->pool), in->kinds + from, count);
        for (size_t i = 0; i < count; i++) {
            starts[from + i] = bytes.length;
            sl_row_frame_write(in->table.memory.frame, batch, i, &bytes);
        }
        sl_batch_unref(batch);
    }
    starts[in->row_count] = bytes.length;
    for (size_t i = 0; i < in->row_count; i++)
        payloads[i] = (struct sl_text){bytes.data + starts[i], starts[i + 1] - starts[i]};
    rc = sl_memory_log_append(in->table.memory.log, payloads, in->row_count, err);
    if (rc == SL_OK)
        rc = sl_memory_log_sync(in->table.memory.log, err);
    sl_buffer_done(&bytes);
    free(payloads);
    free(starts);
    return rc;
}

static int
copy_in_make_room(struct copy_in *in, size_t *capacity)
{
    if (in->row_count < *capacity)
        return SL_OK;
    *capacity = *capacity ? *capacity * 2 : COPY_ROWS_MAX;
    in->rows = sl_realloc(in->rows, *capacity * sizeof(*in->rows));
    in->kinds = sl_realloc(in->kinds, *capacity);
    return SL_OK;
}

/* Takes whole lines from the front of the pending bytes. */
static int
copy_in_lines(struct copy_in *in, struct sl_buffer *pending, bool at_end, size_t *capacity,
              bool *ret_done, struct sl_error *err)
{
    struct sl_copy_field *fields = in->fields;
    size_t at = 0;

    for (;;) {
        struct sl_text rest = {pending->data ? pending->data + at : "", pending->length - at};
        size_t count, used;
        int rc = sl_copy_read_line(&in->form, rest, at_end, &in->arena, fields, in->field_max,
                                   &count, &used, err);

        if (rc == SL_AGAIN || rc == SL_EOF) {
            *ret_done = rc == SL_EOF && !at_end;
            break;
        }
        in->line++;
        if (rc == SL_OK && in->skip_header) {
            in->skip_header = false;
        } else if (rc == SL_OK) {
            copy_in_make_room(in, capacity);
            rc = copy_in_row(in, fields, count, err);
        }
        if (rc < 0)
            return sl_error_detail(err, "COPY %s, line %llu", in->table.table->name,
                                   (unsigned long long)in->line);
        at += used;
    }
    sl_buffer_consume(pending, at);
    return SL_OK;
}

static int
copy_in_read(struct copy_in *in, struct sl_error *err)
{
    struct sl_buffer pending;
    size_t capacity = 0;
    bool done = false;
    int rc;

    sl_buffer_init(&pending, SIZE_MAX / 2);
    for (;;) {
        struct sl_text bytes;

        rc = sl_net_copy_in_read(in->portal->session->connection, &bytes, err);
        if (rc == SL_OK && !done) {
            sl_buffer_add_text(&pending, bytes);
            rc = copy_in_lines(in, &pending, false, &capacity, &done, err);
        }
        if (rc != SL_OK)
            break;
    }
    if (rc == SL_EOF)
        rc = done ? SL_OK : copy_in_lines(in, &pending, true, &capacity, &done, err);
    sl_buffer_done(&pending);
    return rc;
}

static int
copy_table_in(struct sl_portal *portal, const struct sl_ast_copy *copy,
              const struct sl_copy_form *form, struct sl_error *err)
{
    struct copy_in in = {.portal = portal, .form = *form, .skip_header = form->header};
    int rc;

    SL_TRY(copy_open_table(portal, copy, &in.table, err));
    SL_TRY(copy_in_targets(&in, copy, err));
    sl_arena_init(&in.arena);
    in.pool = sl_pool_new();
    /* Room for more than there are targets: a line with too many says so by itself. */
    in.field_max = SL_MAX(in.target_count + 2, (size_t)COPY_COLUMNS_MIN);
    in.fields = SL_NEW_ARRAY(&portal->arena, struct sl_copy_field, in.field_max);
    sl_net_copy_in_begin(portal->session->connection, in.target_count + form->row_kind);
    rc = copy_in_read(&in, err);
    if (rc == SL_OK && in.row_count > 0)
        rc = copy_in_write(&in, err);
    sl_portal_set_tag(portal, "COPY %zu", in.row_count);
    free(in.rows);
    free(in.kinds);
    sl_pool_free(in.pool);
    sl_arena_done(&in.arena);
    return rc;
}

int
sl_run_copy(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_copy *copy = (const struct sl_ast_copy *)portal->statement->ast;
    struct sl_copy_form form;

    portal->is_copy = true;
    if (copy->file.start || copy->where) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "COPY with a file or WHERE is not supported");
        sl_error_hint(err, "COPY … FROM STDIN and TO STDOUT; psql's \\copy reads and writes files");
        return sl_error_at(err, copy->ast.offset);
    }
    SL_TRY(copy_read_form(copy, &form, err));
    if (copy->query)
        return copy_query_out(portal, &copy->query->ast, &form, err);
    if (copy->from)
        return copy_table_in(portal, copy, &form, err);
    if (form.row_kind)
        return copy_log_out(portal, copy, &form, err);
    return copy_table_out(portal, copy, &form, err);
}
