/* Where the tokens of a JSON text are: simdjson's first stage, behind a C interface. */
#ifndef SL_DATA_JSON_INDEX_H
#define SL_DATA_JSON_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sl_json_index;

/* It grows with its texts; what it begins with is for texts of `capacity` bytes. */
struct sl_json_index *sl_json_index_new(size_t capacity);
void sl_json_index_free(struct sl_json_index *index);

/* Finds the positions of { } [ ] : , of opening quotes, and of the first bytes of numbers and
 * literals in data[0 … length), which 64 readable bytes must follow.  The array belongs to the
 * index, until the next call, and has two more entries after the last, both `length`.  Returns
 * NULL, or why this is no JSON: a string that does not end, a control character in one, bytes that
 * are no UTF-8. */
const char *sl_json_index_run(struct sl_json_index *index, const char *data, size_t length,
                              const uint32_t **ret_positions, size_t *ret_count);
/* For the other formats of text. */
bool sl_json_is_utf8(const char *data, size_t length);

#ifdef __cplusplus
}
#endif

#endif
