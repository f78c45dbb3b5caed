/* The members of the plan's structs, described once: copying, writing and reading walk these
 * tables, so that a new operator is its struct and one table. */
#ifndef SL_PLAN_MEMBERS_H
#define SL_PLAN_MEMBERS_H

#include "plan/physical.h"

enum sl_member_kind {
    SL_MEMBER_BOOL,
    SL_MEMBER_U32,
    SL_MEMBER_U64,
    SL_MEMBER_I64,
    SL_MEMBER_SIZE,
    SL_MEMBER_ENUM, /* as one of `names` */
    SL_MEMBER_STRING,
    SL_MEMBER_SCHEMA,
    SL_MEMBER_OPTIONS,            /* struct sl_option_list */
    SL_MEMBER_REFERENCED_OPTIONS, /* a pointer to one; copied, not written */
    SL_MEMBER_WINDOW,             /* struct sl_window */
    SL_MEMBER_EXPR,
    SL_MEMBER_EXPRS,      /* one a column of the node's schema */
    SL_MEMBER_AGGREGATES, /* this and the ones below are counted by the member at `count_offset` */
    SL_MEMBER_COLUMNS,    /* uint32_t */
    SL_MEMBER_STRINGS,
    SL_MEMBER_TYPES,
    SL_MEMBER_STRUCTS, /* side by side, each of `layout` */
    SL_MEMBER_ROWS, /* arrays of as many values as the node's schema has columns */
};

struct sl_layout;

struct sl_member {
    const char *name; /* in JSON */
    enum sl_member_kind kind;
    size_t offset, count_offset;
    const char *const *names;
    size_t name_count;
    const struct sl_layout *layout;
};

struct sl_layout {
    size_t size;
    const struct sl_member *members;
    size_t member_count;
};

/* By enum sl_op_kind; a kind without a detail has size 0. */
extern const struct sl_layout sl_plan_details[SL_OP_COUNT];
extern const struct sl_layout sl_plan_settings, sl_plan_window;

#endif
