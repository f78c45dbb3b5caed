/* Errors: see error.h.  errors.def is the only list of kinds. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const error_sqlstates[] = {
#define ERROR(name, sqlstate) sqlstate,
#include "base/errors.def"
#undef ERROR
};

void
sl_error_reset(struct sl_error *err)
{
    err->code = 0;
    err->offset = -1;
    err->line = 0;
    err->file = "";
    err->text[0] = err->hint[0] = err->detail[0] = '\0';
}

int
sl_error_set(struct sl_error *err, const char *file, int line, int code, const char *format, ...)
{
    char text[SL_ERROR_TEXT_MAX]; /* the arguments may point into err itself */
    va_list args;

    SL_ASSERT(code > SL_E_FIRST_ && code < SL_E_LAST_);
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    sl_error_reset(err);
    err->code = code;
    err->file = file;
    err->line = line;
    memcpy(err->text, text, sizeof(text));
    return code;
}

int
sl_error_hint(struct sl_error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(err->hint, sizeof(err->hint), format, args);
    va_end(args);
    return err->code;
}

int
sl_error_detail(struct sl_error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(err->detail, sizeof(err->detail), format, args);
    va_end(args);
    return err->code;
}

int
sl_error_at(struct sl_error *err, int offset)
{
    if (err->offset < 0)
        err->offset = offset;
    return err->code;
}

int
sl_error_prefix(struct sl_error *err, const char *format, ...)
{
    char text[SL_ERROR_TEXT_MAX];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof(text))
        snprintf(text + length, sizeof(text) - (size_t)length, ": %s", err->text);
    memcpy(err->text, text, sizeof(text));
    return err->code;
}

const char *
sl_error_sqlstate(int code)
{
    if (code >= 0)
        return "00000";
    if (code <= SL_E_FIRST_ || code >= SL_E_LAST_)
        return "XX000";
    return error_sqlstates[code - SL_E_FIRST_ - 1];
}

int
sl_error_code_of(const char *sqlstate)
{
    for (size_t i = 0; i < SL_COUNT_OF(error_sqlstates); i++)
        if (strcmp(error_sqlstates[i], sqlstate) == 0)
            return SL_E_FIRST_ + 1 + (int)i;
    return SL_E_INTERNAL;
}

bool
sl_error_is_retryable(int code)
{
    switch (code) {
    case SL_E_CONNECTION:
    case SL_E_CONNECTION_FAILURE:
    case SL_E_CANNOT_CONNECT_NOW:
    case SL_E_DISK_FULL:
    case SL_E_IO:
        return true;
    default:
        return false;
    }
}

void
sl_error_suggest(struct sl_error *err, struct sl_text name, const char *const *candidates,
                 size_t candidate_count)
{
    unsigned limit = name.length <= 3 ? 1 : name.length <= 8 ? 2 : 3;
    unsigned best = limit + 1;
    const char *nearest = NULL;

    for (size_t i = 0; i < candidate_count; i++) {
        unsigned distance = sl_text_distance(name, sl_text_of(candidates[i]), limit);

        if (distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    if (nearest && err->hint[0] == '\0')
        sl_error_hint(err, "did you mean \"%s\"?", nearest);
}
