/* The log: logfmt lines on standard error.  Thread safe, a line is one write. */
#ifndef SL_BASE_LOG_H
#define SL_BASE_LOG_H

#include "base/base.h"

enum sl_log_level { SL_LOG_DEBUG, SL_LOG_INFO, SL_LOG_WARN, SL_LOG_ERROR, SL_LOG_LEVEL_COUNT };

/* sl_log(SL_LOG_INFO, "job started", "job=%s name=%s", id, name): the fields are logfmt already;
 * values that may hold blanks or quotes go through sl_log_quote.  fields may be NULL. */
void sl_log(enum sl_log_level level, const char *message, const char *fields, ...) SL_PRINTF(3, 4);
void sl_log_set_level(enum sl_log_level level);
bool sl_log_level_parse(const char *name, enum sl_log_level *ret_level);
/* "value" in quotes, with quotes and line ends escaped, cut to fit; returns `to`. */
const char *sl_log_quote(char *to, size_t size, const char *value);

#endif
