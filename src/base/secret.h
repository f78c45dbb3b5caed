/* What of options may be shown to a client or written to a log: secrets are ****** there, as in
 * Flink.  The values themselves are the catalog's. */
#ifndef SL_BASE_SECRET_H
#define SL_BASE_SECRET_H

#include "base/buffer.h"

#define SL_SECRET_SHOWN "******"

/* Is this the key of a secret?  Flink's rule: it has one of some words in it ("password", "token",
 * …), in any case. */
bool sl_secret_is_key(struct sl_text key);
/* The value of an option: whole, ******, or a URL without the password in it. */
void sl_secret_add_value(struct sl_buffer *to, const char *key, const char *value);
/* SQL text, the options in its hints as above. */
void sl_secret_add_sql(struct sl_buffer *to, const char *sql);

#endif
