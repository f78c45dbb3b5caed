/* The rewrite rules.  A rule looks at one node and what is under it, changes the tree through
 * `place` and says whether it did.  The driver visits all nodes, inputs first, until no rule
 * changes anything; then columns that nobody reads are dropped, once, from the top (prune.c). */
#ifndef SL_PLANNER_RULES_H
#define SL_PLANNER_RULES_H

#include "planner/bind.h"

struct sl_rewriter {
    struct sl_arena *arena;
    const struct sl_expr_settings *settings;
    bool batch; /* windows are not fused: keys of windows are plain keys over bounded input */
    bool keeps_late_rows;  /* table.exec.late-rows.table: operators see whole rows */
    bool emits_windows;    /* table.exec.emit.*: results of windows are corrected */
    int64_t split_buckets; /* table.optimizer.distinct-agg.split.*; 0: nothing is split */
};

#define RULE(stem) bool sl_rule_##stem(struct sl_rewriter *rewriter, struct sl_log_node **place);
#include "planner/rules.def"
#undef RULE

void sl_rules_apply(struct sl_rewriter *rewriter, struct sl_log_node **root);
/* Every node gives only the columns that are read; those of the root all are. */
void sl_prune(struct sl_rewriter *rewriter, struct sl_log_node *root);

/* Expressions as rules see them. */
void sl_expr_mark_columns(const struct sl_expr *expr, bool *used);
/* All columns lie in [from, to); true for an expression without columns. */
bool sl_expr_columns_within(const struct sl_expr *expr, uint32_t from, uint32_t to);
bool sl_expr_has_columns(const struct sl_expr *expr);
size_t sl_expr_size(const struct sl_expr *expr); /* nodes */
/* Splits at AND into a list; returns its length. */
size_t sl_expr_conjuncts(struct sl_arena *arena, struct sl_expr *expr, struct sl_expr ***ret_list);
/* a AND b; either may be NULL. */
struct sl_expr *sl_expr_and(struct sl_arena *arena, struct sl_expr *a, struct sl_expr *b);
/* May expressions over `inner` be written over what is under it? */
bool sl_rule_can_merge(struct sl_rewriter *rewriter, struct sl_expr *const *outer,
                       size_t outer_count, struct sl_expr *const *inner, size_t inner_count);

/* The conjuncts of a condition over a join's columns; each NULL where there is none. */
struct sl_join_conjuncts {
    struct sl_expr *left, *right; /* over the columns of one input alone */
    struct sl_expr *both;
    struct sl_expr *rest; /* not the same at every evaluation, or without columns */
};
void sl_join_split(struct sl_arena *arena, const struct sl_log_node *join,
                   struct sl_expr *condition, struct sl_join_conjuncts *ret_split);
/* Over the right input's own columns. */
struct sl_expr *sl_join_right_expr(struct sl_arena *arena, const struct sl_log_node *join,
                                   const struct sl_expr *expr);

bool sl_log_is_identity(const struct sl_log_node *project);

#endif
