/* Reading test files. */
#include "slt.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct script_reader {
    struct sl_arena *arena;
    struct slt_script *script;
    char **lines;
    size_t line_count, at;
    size_t capacity;
    const char *message;
};

static char *
script_read_all(struct sl_arena *arena, const char *path)
{
    FILE *file = fopen(path, "re");
    struct sl_buffer text;
    char *copy;
    char chunk[4096];
    size_t n;

    if (!file)
        return NULL;
    sl_buffer_init(&text, SIZE_MAX / 2);
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        sl_buffer_add(&text, chunk, n);
    fclose(file);
    copy = sl_arena_strndup(arena, text.data ? text.data : "", text.length);
    sl_buffer_done(&text);
    return copy;
}

/* Puts the environment's values in place of ${NAME}; ${job:NAME} stays, it is known at run time. */
static char *
script_expand(struct script_reader *reader, const char *line)
{
    struct sl_buffer text;
    const char *start;
    char *copy;

    if (!strstr(line, "${"))
        return sl_arena_strdup(reader->arena, line);
    sl_buffer_init(&text, SIZE_MAX / 2);
    while ((start = strstr(line, "${"))) {
        const char *end = strchr(start, '}');
        const char *name, *value;

        if (!end)
            break;
        name = sl_arena_strndup(reader->arena, start + 2, (size_t)(end - start - 2));
        if (strncmp(name, "job:", 4) == 0) {
            sl_buffer_add(&text, line, (size_t)(end + 1 - line));
            line = end + 1;
            continue;
        }
        value = getenv(name);
        if (!value) {
            reader->message =
                sl_arena_printf(reader->arena, "the environment variable %s is not set", name);
            value = "";
        }
        sl_buffer_add(&text, line, (size_t)(start - line));
        sl_buffer_add_string(&text, value);
        line = end + 1;
    }
    sl_buffer_add_string(&text, line);
    copy = sl_arena_strdup(reader->arena, text.data);
    sl_buffer_done(&text);
    return copy;
}

static void
script_split(struct script_reader *reader, char *text)
{
    size_t capacity = 2;

    for (const char *c = text; *c; c++)
        capacity += *c == '\n';
    reader->lines = SL_NEW_ARRAY(reader->arena, char *, capacity);
    while (*text) {
        char *end = strchr(text, '\n');
        size_t length;

        if (end)
            *end = '\0';
        length = strlen(text);
        while (length && (text[length - 1] == '\r' || text[length - 1] == ' '))
            text[--length] = '\0';
        reader->lines[reader->line_count++] = script_expand(reader, text);
        if (!end)
            break;
        text = end + 1;
    }
}

static bool
script_is_blank(const char *line)
{
    return line[strspn(line, " \t")] == '\0';
}

/* The lines up to a blank one or "----", joined. */
static const char *
script_read_block(struct script_reader *reader, bool stops_at_result)
{
    struct sl_buffer text;
    const char *copy;

    sl_buffer_init(&text, SIZE_MAX / 2);
    for (; reader->at < reader->line_count; reader->at++) {
        const char *line = reader->lines[reader->at];

        if (script_is_blank(line) || (stops_at_result && strcmp(line, "----") == 0))
            break;
        sl_buffer_printf(&text, "%s\n", line);
    }
    copy = sl_arena_strdup(reader->arena, text.data ? text.data : "");
    sl_buffer_done(&text);
    return copy;
}

static bool
script_read_expected(struct script_reader *reader, struct slt_record *record)
{
    if (reader->at >= reader->line_count || strcmp(reader->lines[reader->at], "----") != 0) {
        reader->message = "---- is missing after the query";
        return false;
    }
    reader->at++;
    record->expected = (const char **)&reader->lines[reader->at];
    while (reader->at < reader->line_count && !script_is_blank(reader->lines[reader->at])) {
        record->expected_count++;
        reader->at++;
    }
    return true;
}

/* The next word of *line, which moves on. */
static const char *
script_word(struct script_reader *reader, const char **line)
{
    const char *start = *line + strspn(*line, " \t");
    size_t length = strcspn(start, " \t");

    *line = start + length;
    return length ? sl_arena_strndup(reader->arena, start, length) : NULL;
}

static const char *
script_rest(const char *line)
{
    line += strspn(line, " \t");
    return *line ? line : NULL;
}

static bool
script_read_statement(struct script_reader *reader, const char *line, struct slt_record *record)
{
    const char *word = script_word(reader, &line);

    if (word && strcmp(word, "ok") == 0) {
        record->kind = SLT_STATEMENT_OK;
    } else if (word && strcmp(word, "count") == 0) {
        record->kind = SLT_STATEMENT_OK;
        record->argument = script_word(reader, &line);
        if (!record->argument) {
            reader->message = "statement count needs a number of rows";
            return false;
        }
    } else if (word && strcmp(word, "error") == 0) {
        record->kind = SLT_STATEMENT_ERROR;
        record->argument = script_word(reader, &line);
        record->pattern = script_rest(line);
        if (!record->argument || strlen(record->argument) != 5) {
            reader->message = "statement error needs an SQLSTATE";
            return false;
        }
    } else {
        reader->message = "expected: statement ok, statement count N, or statement error "
                          "SQLSTATE";
        return false;
    }
    record->sql = script_read_block(reader, false);
    return true;
}

static bool
script_read_query(struct script_reader *reader, const char *line, struct slt_record *record)
{
    const char *word = script_word(reader, &line);

    record->kind = SLT_QUERY;
    if (word && strcmp(word, "changelog") == 0) {
        record->kind = SLT_CHANGELOG;
        record->argument = script_word(reader, &line);
        word = script_word(reader, &line);
        reader->script->reads_changelog = true;
    }
    if (word && (strcmp(word, "rowsort") == 0 || strcmp(word, "sorted") == 0)) {
        record->sorted = true;
    } else if (word && strcmp(word, "nosort") != 0) {
        reader->message = "a query may be rowsort or nosort, a changelog sorted";
        return false;
    }
    record->sql = script_read_block(reader, true);
    return script_read_expected(reader, record);
}

static bool
script_read_plan(struct script_reader *reader, const char *line, struct slt_record *record)
{
    record->kind = SLT_PLAN;
    record->argument = script_word(reader, &line);
    if (record->argument && strcmp(record->argument, "state") != 0) {
        reader->message = "expected: plan, or plan state";
        return false;
    }
    record->sql = script_read_block(reader, true);
    return script_read_expected(reader, record);
}

static bool
script_read_record(struct script_reader *reader, struct slt_record *record)
{
    const char *line = reader->lines[reader->at++];
    const char *word = script_word(reader, &line);

    record->line = (int)reader->at;
    if (strcmp(word, "statement") == 0)
        return script_read_statement(reader, line, record);
    if (strcmp(word, "query") == 0)
        return script_read_query(reader, line, record);
    if (strcmp(word, "plan") == 0)
        return script_read_plan(reader, line, record);
    if (strcmp(word, "feed") == 0) {
        const char *option;

        record->kind = SLT_FEED;
        record->argument = script_word(reader, &line);
        option = script_word(reader, &line);
        record->with_kinds = option && strcmp(option, "kinds") == 0;
        record->sql = script_read_block(reader, false);
        reader->script->is_streaming = true;
        return true;
    }
    record->argument = script_rest(line);
    if (strcmp(word, "settle") == 0) {
        record->kind = SLT_SETTLE;
        reader->script->is_streaming = true;
    } else if (strcmp(word, "end") == 0) {
        record->kind = SLT_END;
        reader->script->is_streaming = true;
    } else if (strcmp(word, "advance") == 0) {
        record->kind = SLT_ADVANCE;
        reader->script->needs_virtual = true;
    } else if (strcmp(word, "crash") == 0) {
        record->kind = SLT_CRASH;
    } else if (strcmp(word, "norestore") == 0) {
        record->kind = SLT_NO_RESTORES;
        reader->script->never_restores = true;
    } else if (strcmp(word, "shell") == 0) {
        record->kind = SLT_SHELL;
    } else {
        reader->message = sl_arena_printf(reader->arena, "unknown directive \"%s\"", word);
        return false;
    }
    return true;
}

bool
slt_script_read(struct sl_arena *arena, const char *path, struct slt_script *script,
                const char **ret_message)
{
    struct script_reader reader = {.arena = arena, .script = script};
    char *text = script_read_all(arena, path);

    *script = (struct slt_script){.path = path};
    if (!text) {
        *ret_message = sl_arena_printf(arena, "cannot read it: %s", strerror(errno));
        return false;
    }
    script_split(&reader, text);
    script->records = SL_NEW_ARRAY(arena, struct slt_record, reader.line_count + 1);
    while (reader.at < reader.line_count && !reader.message) {
        const char *line = reader.lines[reader.at];

        if (script_is_blank(line) || line[0] == '#')
            reader.at++;
        else if (script_read_record(&reader, &script->records[script->count]))
            script->count++;
    }
    if (reader.message)
        *ret_message = sl_arena_printf(arena, "line %zu: %s", reader.at, reader.message);
    else if (script->count == 0)
        *ret_message = "it tests nothing";
    else
        return true;
    return false;
}
