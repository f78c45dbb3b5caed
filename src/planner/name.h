/* The names of output columns that nobody named. */
#ifndef SL_PLANNER_NAME_H
#define SL_PLANNER_NAME_H

#include "planner/bind.h"

/* "count" for COUNT(*), "case", "int4" for CAST(1 AS INT), "?column?" for 1 + 1. */
const char *sl_binder_output_name(struct sl_arena *arena, const struct sl_ast_expr *ast);

#endif
