/* Deep copies of what plans are made of. */
#ifndef SL_PLAN_COPY_H
#define SL_PLAN_COPY_H

#include "base/option.h"
#include "expr/aggregate.h"

struct sl_expr *sl_plan_copy_expr(struct sl_arena *arena, const struct sl_expr *expr); /* or NULL */
struct sl_aggregate *sl_plan_copy_aggregate(struct sl_arena *arena,
                                            const struct sl_aggregate *aggregate);
struct sl_value sl_plan_copy_value(struct sl_arena *arena, const struct sl_value *value);
struct sl_option_list sl_plan_copy_options(struct sl_arena *arena,
                                           const struct sl_option_list *options);
char *sl_plan_copy_string(struct sl_arena *arena, const char *string); /* NULL stays NULL */
uint32_t *sl_plan_copy_columns(struct sl_arena *arena, const uint32_t *columns, size_t count);

#endif
