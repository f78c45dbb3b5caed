/* Inside data: a column out of rows of several columns of one type. */
#ifndef SL_DATA_COLUMN_BUILD_H
#define SL_DATA_COLUMN_BUILD_H

#include "data/batch.h"

struct sl_column_segment {
    const struct sl_column *column;
    const uint32_t *rows;
    size_t row_count;
    bool is_ascending; /* strictly: a run without gaps is one memcpy */
};

struct sl_column *sl_column_build(struct sl_pool *pool, const struct sl_type *type,
                                  const struct sl_column_segment *segments, size_t segment_count,
                                  bool copy_views);
/* Row rows[i] of columns[i], which are of this type; views are copied. */
struct sl_column *sl_column_build_rows(struct sl_pool *pool, const struct sl_type *type,
                                       const struct sl_column *const *columns,
                                       const uint32_t *rows, size_t row_count);

#endif
