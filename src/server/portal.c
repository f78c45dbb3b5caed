/* Portals: see session.h.
 *
 *     new ─▶ described ─▶ started ──▶ rows … ──▶ done
 *                            │ rows are batches of a job, or texts that the statement made
 *                            └ PortalSuspended when row_max rows went out and more may come */
#include "server/session.h"

#include <stdio.h>
#include <stdlib.h>

struct sl_portal *
sl_portal_new(struct sl_session *session, const struct sl_ast_statement *statement)
{
    struct sl_portal *portal = sl_alloc_zeroed(sizeof(*portal));

    portal->session = session;
    portal->statement = statement;
    portal->fetch_timeout_us = -1;
    sl_arena_init(&portal->arena);
    if (statement)
        portal->sql = statement->text;
    return portal;
}

static void
portal_stop(struct sl_portal *portal)
{
    sl_batch_unref(portal->batch);
    portal->batch = NULL;
    if (portal->job) {
        sl_job_stop(portal->job, SL_RUN_CANCELED, "the client wants no more rows");
        sl_job_unref(portal->job);
        portal->job = NULL;
    }
}

void
sl_portal_free(struct sl_portal *portal)
{
    portal_stop(portal);
    if (portal->pool)
        sl_pool_free(portal->pool);
    if (portal->prepared)
        sl_prepared_unref(portal->prepared);
    sl_arena_done(&portal->arena);
    free(portal);
}

/* --- names --- */

struct sl_portal *
sl_portal_find(struct sl_session *session, struct sl_text name)
{
    return sl_map_get(&session->portals, name);
}

void
sl_portal_drop(struct sl_session *session, struct sl_text name)
{
    struct sl_portal *portal = sl_map_remove(&session->portals, name);

    if (portal)
        sl_portal_free(portal);
}

void
sl_portal_drop_all(struct sl_session *session)
{
    while (session->portals.count > 0)
        sl_portal_drop(session, session->portals.entries[0].key);
}

int
sl_portal_put(struct sl_session *session, struct sl_text name, struct sl_portal *portal,
              struct sl_error *err)
{
    if (name.length == 0)
        sl_portal_drop(session, name);
    if (sl_portal_find(session, name)) {
        sl_portal_free(portal);
        return SL_ERROR(err, SL_E_DUPLICATE_CURSOR, "cursor \"%.*s\" already exists",
                        SL_TEXT_FORMAT(name));
    }
    sl_map_put(&session->portals, name, portal);
    return SL_OK;
}

/* --- results made here --- */

static int16_t
portal_format(const struct sl_portal *portal, size_t column)
{
    if (portal->format_count == 0)
        return 0;
    return portal->formats[portal->format_count == 1 ? 0 : column];
}

void
sl_portal_set_columns(struct sl_portal *portal, const struct sl_result_column *columns,
                      size_t count)
{
    portal->columns = SL_NEW_ARRAY(&portal->arena, struct sl_net_column, count + 1);
    portal->column_count = count;
    for (size_t i = 0; i < count; i++)
        portal->columns[i] =
            (struct sl_net_column){columns[i].name, columns[i].type, portal_format(portal, i)};
}

void
sl_portal_add_row(struct sl_portal *portal, const char *const *values)
{
    const char **row = SL_NEW_ARRAY(&portal->arena, const char *, portal->column_count + 1);

    for (size_t i = 0; i < portal->column_count; i++)
        row[i] = values[i] ? sl_arena_strdup(&portal->arena, values[i]) : NULL;
    if (portal->row_count == portal->row_capacity) {
        size_t capacity = portal->row_capacity ? portal->row_capacity * 2 : 16;
        const char ***rows = SL_NEW_ARRAY(&portal->arena, const char **, capacity);

        if (portal->row_count)
            memcpy(rows, portal->rows, portal->row_count * sizeof(*rows));
        portal->rows = rows;
        portal->row_capacity = capacity;
    }
    portal->rows[portal->row_count++] = row;
}

void
sl_portal_set_tag(struct sl_portal *portal, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(portal->tag, sizeof(portal->tag), format, args);
    va_end(args);
}

/* The texts as a batch, so that one way leads to the client. */
static int
portal_build_batch(struct sl_portal *portal, size_t from, size_t count, struct sl_error *err)
{
    if (!portal->pool)
        portal->pool = sl_pool_new();
    portal->batch = sl_batch_new(portal->pool, portal->column_count, count);
    for (size_t c = 0; c < portal->column_count; c++) {
        const struct sl_type *type = portal->columns[c].type;
        struct sl_column_builder *builder = sl_column_builder_new(portal->pool, type, count);

        for (size_t i = 0; i < count; i++) {
            const char *text = portal->rows[from + i][c];
            struct sl_value value = sl_value_null(type);
            int rc = SL_OK;

            if (text)
                rc = sl_value_parse(&portal->arena, type, sl_text_of(text), sl_zone_utc(), &value,
                                    err);
            SL_ASSERT(rc == SL_OK);
            sl_column_builder_add(builder, &value);
        }
        sl_batch_set_column(portal->batch, c, sl_column_builder_end(builder));
    }
    return SL_OK;
}

/* --- describing --- */

static int
portal_check_formats(const struct sl_portal *portal, struct sl_error *err)
{
    if (portal->format_count > 1 && portal->format_count != portal->column_count)
        return SL_ERROR(err, SL_E_PROTOCOL_VIOLATION,
                        "bind message has %zu result formats but query has %zu columns",
                        portal->format_count, portal->column_count);
    for (size_t i = 0; i < portal->column_count; i++)
        if (portal->columns[i].format == 1 && !sl_net_has_binary(portal->columns[i].type))
            return SL_ERROR(err, SL_E_NOT_SUPPORTED, "column \"%s\" has no binary format here",
                            portal->columns[i].name);
    return SL_OK;
}

int
sl_portal_describe(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_statement_class *class;

    if (portal->is_described || !portal->statement)
        return SL_OK;
    class = sl_statement_class_of(portal->statement->ast->kind);
    if (class && class->describe)
        SL_TRY(class->describe(portal, err));
    SL_TRY(portal_check_formats(portal, err));
    portal->is_described = true;
    return SL_OK;
}

/* --- rows --- */

int
sl_portal_next(struct sl_portal *portal, int64_t timeout_us, struct sl_error *err)
{
    struct sl_net_connection *connection = portal->session->connection;

    if (portal->batch && portal->batch_at < sl_batch_live_count(portal->batch))
        return SL_OK;
    sl_batch_unref(portal->batch);
    portal->batch = NULL;
    portal->batch_at = 0;
    if (!portal->job) {
        size_t from = portal->sent_count, count = portal->row_count - from;

        if (count == 0)
            return SL_EOF;
        return portal_build_batch(portal, from, SL_MIN(count, (size_t)SL_BATCH_ROWS_MAX), err);
    }
    for (;;) {
        int rc = sl_job_fetch(portal->job, 0, &portal->batch, err);

        if (rc == SL_OK && sl_batch_live_count(portal->batch) == 0) {
            sl_batch_unref(portal->batch);
            portal->batch = NULL;
            continue;
        }
        if (rc != SL_AGAIN)
            return rc;
        rc = sl_net_wait(connection, sl_job_fetch_fd(portal->job), timeout_us, err);
        if (rc != SL_OK)
            return rc;
    }
}

/* Hands out rows of `source` (the portal itself, or a cursor): *ret_sent, and SL_OK when row_max
 * went out, SL_EOF when there are no more, SL_AGAIN when the time was over. */
static int
portal_send(struct sl_portal *portal, struct sl_portal *source, uint64_t row_max,
            uint64_t *ret_sent, struct sl_error *err)
{
    struct sl_net_connection *connection = portal->session->connection;
    int64_t deadline =
        portal->fetch_timeout_us < 0
            ? -1
            : sl_monotonic_us(portal->session->server->env) + portal->fetch_timeout_us;

    *ret_sent = 0;
    while (*ret_sent < row_max) {
        size_t count;
        int64_t left =
            deadline < 0 ? -1 : SL_MAX(deadline - sl_monotonic_us(portal->session->server->env), 0);
        int rc = source->is_done ? SL_EOF : sl_portal_next(source, left, err);

        if (rc != SL_OK) {
            source->is_done |= rc == SL_EOF;
            return rc;
        }
        count = sl_batch_live_count(source->batch) - source->batch_at;
        count = SL_MIN(count, (size_t)SL_MIN(row_max - *ret_sent, (uint64_t)SIZE_MAX / 2));
        if (source->with_kind)
            sl_net_data_rows_with_kind(connection, portal->columns, source->batch, source->batch_at,
                                       count);
        else
            sl_net_data_rows(connection, portal->columns, source->batch, source->batch_at, count);
        source->batch_at += count;
        source->sent_count += count;
        *ret_sent += count;
        SL_TRY(sl_net_check(connection, err));
    }
    return SL_OK;
}

/* `sent`: the rows of this Execute; earlier ones were told of by PortalSuspended. */
static void
portal_complete(struct sl_portal *portal, uint64_t sent)
{
    struct sl_net_connection *connection = portal->session->connection;

    portal->is_done = true;
    portal_stop(portal);
    if (portal->tag[0] == '\0')
        sl_portal_set_tag(portal, "SELECT %llu", (unsigned long long)sent);
    sl_net_command_complete(connection, portal->tag);
}

static int
portal_start(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_statement_class *class = sl_statement_class_of(portal->statement->ast->kind);

    portal->is_started = true;
    atomic_fetch_add(&portal->session->server->statement_count, 1);
    if (!class || !class->run) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s is not supported",
                 sl_ast_statement_name(portal->statement->ast->kind));
        return sl_error_at(err, portal->statement->offset);
    }
    return class->run(portal, err);
}

/* FETCH: some rows of a cursor, then its own tag. */
static int
portal_execute_fetch(struct sl_portal *portal, struct sl_error *err)
{
    uint64_t sent;
    int rc = portal_send(portal, portal->fetched, portal->fetch_max, &sent, err);

    if (rc < 0)
        return rc;
    sl_portal_set_tag(portal, "FETCH %llu", (unsigned long long)sent);
    portal_complete(portal, sent);
    return SL_OK;
}

int
sl_portal_execute(struct sl_portal *portal, uint32_t row_max, struct sl_error *err)
{
    struct sl_net_connection *connection = portal->session->connection;
    uint64_t sent;
    int rc;

    if (!portal->statement) {
        sl_net_empty_query(connection);
        return SL_OK;
    }
    if (portal->is_done) {
        if (portal->column_count == 0)
            return SL_ERROR(err, SL_E_OBJECT_STATE, "portal cannot be run again");
        sl_net_command_complete(connection, "SELECT 0");
        return SL_OK;
    }
    SL_TRY(sl_portal_describe(portal, err));
    if (!portal->is_started)
        SL_TRY(portal_start(portal, err));
    if (portal->fetched)
        return portal_execute_fetch(portal, err);
    if (portal->is_copy || portal->column_count == 0) {
        portal_complete(portal, 0);
        return SL_OK;
    }
    rc = portal_send(portal, portal, row_max ? row_max : UINT64_MAX, &sent, err);
    if (rc < 0)
        return rc;
    if (rc == SL_OK && row_max)
        sl_net_portal_suspended(connection);
    else
        portal_complete(portal, sent);
    return SL_OK;
}

bool
sl_portal_is_cursor_endless(const struct sl_portal *portal)
{
    return portal->planned && portal->planned->endless;
}
