/* The pieces of a stored plan as JSON trees.  Writers return new references; readers allocate in
 * the arena and raise XX001 for what a writer would not have written. */
#ifndef SL_PLAN_JSON_H
#define SL_PLAN_JSON_H

#include "expr/aggregate.h"

#include <jansson.h>

json_t *sl_plan_json_write_string(const char *string);
json_t *sl_plan_json_write_type(const struct sl_type *type);
json_t *sl_plan_json_write_schema(const struct sl_schema *schema);
json_t *sl_plan_json_write_value(const struct sl_value *value);
json_t *sl_plan_json_write_expr(const struct sl_expr *expr);
json_t *sl_plan_json_write_aggregate(const struct sl_aggregate *aggregate);

int sl_json_broken(struct sl_error *err, const char *what); /* raises */
int sl_plan_json_read_type(struct sl_arena *arena, const json_t *json,
                           const struct sl_type **ret_type, struct sl_error *err);
int sl_plan_json_read_schema(struct sl_arena *arena, const json_t *json,
                             struct sl_schema **ret_schema, struct sl_error *err);
int sl_plan_json_read_value(struct sl_arena *arena, const json_t *json, const struct sl_type *type,
                            struct sl_value *ret_value, struct sl_error *err);
int sl_plan_json_read_expr(struct sl_arena *arena, const json_t *json, struct sl_expr **ret_expr,
                           struct sl_error *err);
int sl_plan_json_read_aggregate(struct sl_arena *arena, const json_t *json,
                                struct sl_aggregate **ret_aggregate, struct sl_error *err);

#endif
