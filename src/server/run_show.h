/* Inside server: parts of SHOW and DESCRIBE that live in files of their own. */
#ifndef SL_SERVER_RUN_SHOW_H
#define SL_SERVER_RUN_SHOW_H

#include "parser/statement.h"
#include "server/session.h"

/* Of all functions, sorted. */
size_t sl_show_function_names(struct sl_arena *arena, const char ***ret_names);
/* Rows of "info name" and "info value"; 42883 with a near name. */
int sl_show_run_describe_function(struct sl_portal *portal, const struct sl_ast_describe *describe,
                                  struct sl_error *err);

#endif
