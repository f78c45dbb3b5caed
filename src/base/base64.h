/* Base64 with the standard alphabet, as JSON and CSV carry bytes. */
#ifndef SL_BASE_BASE64_H
#define SL_BASE_BASE64_H

#include "base/base.h"

#define SL_BASE64_ENCODED_SIZE(length) (((length) + 2) / 3 * 4)
#define SL_BASE64_DECODED_SIZE_MAX(length) ((length) / 4 * 3 + 3)

/* Writes SL_BASE64_ENCODED_SIZE(bytes.length) characters, padded with '='. */
void sl_base64_encode(struct sl_text bytes, char *to);
/* Writes at most SL_BASE64_DECODED_SIZE_MAX bytes; padding may be left out.  False: not base64. */
bool sl_base64_decode(struct sl_text text, char *to, size_t *ret_length);

#endif
