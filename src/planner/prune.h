/* Inside projection push-down: see prune.c. */
#ifndef SL_PLANNER_PRUNE_H
#define SL_PLANNER_PRUNE_H

#include "planner/rules.h"

#define PRUNED UINT32_MAX /* in a map: the column is gone */

/* A node drops the columns that are not required, where it can; where each old one is now. */
uint32_t *sl_prune_node(struct sl_rewriter *rewriter, struct sl_log_node *node,
                        const bool *required);
bool *sl_prune_flags(struct sl_rewriter *rewriter, const struct sl_schema *schema);
struct sl_schema *sl_prune_schema(struct sl_rewriter *rewriter, const struct sl_schema *schema,
                                  const uint32_t *map, size_t kept);
/* An aggregate's arguments and filter over the new columns. */
void sl_prune_renumber_call(struct sl_rewriter *rewriter, struct sl_aggregate *call,
                            const uint32_t *map);

/* --- prune_over.c --- */
uint32_t *sl_prune_over(struct sl_rewriter *rewriter, struct sl_log_node *node,
                        const bool *required);
uint32_t *sl_prune_rank(struct sl_rewriter *rewriter, struct sl_log_node *node,
                        const bool *required);

#endif
