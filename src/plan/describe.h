/* The "[a, b AS c]" lists of both EXPLAIN texts. */
#ifndef SL_PLAN_DESCRIBE_H
#define SL_PLAN_DESCRIBE_H

#include "plan/physical.h"

/* ", name=[" … "]"; without the comma right after "(". */
void sl_describe_begin(struct sl_buffer *to, const char *name);
void sl_describe_end(struct sl_buffer *to);
void sl_describe_string(struct sl_buffer *to, const char *name, const char *value);
void sl_describe_names(struct sl_buffer *to, const char *name, const struct sl_schema *schema);
void sl_describe_columns(struct sl_buffer *to, const char *name, const uint32_t *columns,
                         size_t count, const struct sl_schema *schema);
void sl_describe_expr(struct sl_buffer *to, const char *name, const struct sl_expr *expr,
                      const struct sl_schema *input);
/* Expressions with the names that they get. */
/* `from_source`: SOURCE_WATERMARK(), not the expression. */
void sl_describe_watermark(struct sl_buffer *to, const struct sl_expr *watermark, bool from_source,
                           const struct sl_schema *row);
void sl_describe_select(struct sl_buffer *to, struct sl_expr *const *exprs,
                        const struct sl_schema *output, const struct sl_schema *input);
/* "channel, COUNT(*) AS n": keys and aggregates, named by the first columns of `output`; NULL: they
 * have no names. */
void sl_describe_aggregates(struct sl_buffer *to, const uint32_t *keys, size_t key_count,
                            struct sl_aggregate *const *aggregates, size_t aggregate_count,
                            const struct sl_schema *output, const struct sl_schema *input);
void sl_describe_expand(struct sl_buffer *to, const struct sl_phys_expand *expand,
                        const struct sl_schema *input);
void sl_describe_window(struct sl_buffer *to, const struct sl_window *window, uint32_t time_column,
                        bool is_attached, const struct sl_schema *input);
/* "trigger=[count(3)], evictor=[time(1 h)]" */
void sl_describe_emit(struct sl_buffer *to, const struct sl_emit_strategy *emit);
void sl_describe_trigger(struct sl_buffer *to, const struct sl_trigger *trigger);
void sl_describe_sort(struct sl_buffer *to, const struct sl_sort_key *keys, size_t key_count,
                      const struct sl_schema *input);
/* `output` begins with the input's columns. */
void sl_describe_over(struct sl_buffer *to, const struct sl_over *over,
                      const struct sl_schema *output);
void sl_describe_rank(struct sl_buffer *to, const struct sl_rank *rank,
                      const struct sl_schema *input);
void sl_describe_limit(struct sl_buffer *to, int64_t offset, int64_t limit);
void sl_describe_rows(struct sl_buffer *to, const struct sl_phys_values *values,
                      size_t column_count);

#endif
