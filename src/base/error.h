/* The one way errors travel: a negative return code, and the details in the caller's sl_error. */
#ifndef SL_BASE_ERROR_H
#define SL_BASE_ERROR_H

#include "base/base.h"

#define SL_ERROR_TEXT_MAX 1024
#define SL_ERROR_HINT_MAX 512

enum sl_code {
    SL_E_FIRST_ = -1000,
#define ERROR(name, sqlstate) SL_E_##name,
#include "base/errors.def"
#undef ERROR
    SL_E_LAST_,
};

struct sl_error {
    int code;   /* enum sl_code, negative; 0 when nothing was raised */
    int offset; /* byte offset into the statement's text, -1 when there is none */
    int line;   /* where it was raised, for the log */
    const char *file;
    char text[SL_ERROR_TEXT_MAX]; /* lower case, no full stop; names the object and the value */
    char hint[SL_ERROR_HINT_MAX]; /* what a person can do; may be empty */
    char detail[SL_ERROR_HINT_MAX];
};

/* Raises: fills err and evaluates to `code`, so that `return SL_ERROR(err, SL_E_X, "…")` reads
 * well. Position, hint and detail are reset. */
#define SL_ERROR(err, code, ...) sl_error_set((err), __FILE__, __LINE__, (code), __VA_ARGS__)

void sl_error_reset(struct sl_error *err);
int sl_error_set(struct sl_error *err, const char *file, int line, int code, const char *format,
                 ...) SL_PRINTF(5, 6);
/* Adds to an error that was raised; each returns err->code. */
int sl_error_hint(struct sl_error *err, const char *format, ...) SL_PRINTF(2, 3);
int sl_error_detail(struct sl_error *err, const char *format, ...) SL_PRINTF(2, 3);
int sl_error_at(struct sl_error *err, int offset); /* keeps a position that is already there */
/* Puts "prefix: " before the text that is there. */
int sl_error_prefix(struct sl_error *err, const char *format, ...) SL_PRINTF(2, 3);

/* Five characters and a NUL; "00000" for SL_OK, "XX000" for a code that is unknown. */
const char *sl_error_sqlstate(int code);
/* The code with that SQLSTATE; SL_E_INTERNAL when none has it. */
int sl_error_code_of(const char *sqlstate);

/* Failures outside (broker, disk, connection), for which a job restarts; all others are final. */
bool sl_error_is_retryable(int code);

/* Adds the hint `did you mean "x"?` when one of the candidates is near.  Keeps an earlier hint. */
void sl_error_suggest(struct sl_error *err, struct sl_text name, const char *const *candidates,
                      size_t candidate_count);

#endif
