/* MATCH_RECOGNIZE. */
#include "parser/build.h"

#include "sql.h"

static void
build_match_under_named(SL_PARSE, struct sl_ast *node, const struct sl_ast_named_expr *items,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        sl_build_under(parse, node, &items[i].expr->ast);
}

struct sl_ast_from_match *
sl_build_match_head(SL_PARSE, struct sl_ast_list *partition_by, struct sl_ast_list *order_by,
                    struct sl_ast_list *measures, enum sl_ast_match_rows rows,
                    struct sl_build_skip skip)
{
    struct sl_ast_from_match *match = SL_BUILD(parse, from_match, FROM_MATCH, 0);
    match->partition_by = sl_build_list_value(partition_by);
    match->order_by = sl_build_order(parse, order_by);
    match->measures =
        sl_build_array(parse, measures, sizeof(struct sl_ast_named_expr), &match->measure_count);
    match->rows = rows;
    match->skip = skip.skip;
    match->skip_variable = sl_build_identifier_value(parse, skip.variable);
    sl_build_under_exprs(parse, &match->from.ast, partition_by);
    sl_build_under_order(parse, &match->from.ast, &match->order_by);
    build_match_under_named(parse, &match->from.ast, match->measures, match->measure_count);
    return match;
}

struct sl_ast_from_match *
sl_build_match_pattern(SL_PARSE, struct sl_ast_from_match *match, struct sl_ast_pattern *pattern,
                       struct sl_ast_expr *within, struct sl_ast_list *subsets,
                       struct sl_ast_list *defines)
{
    match->pattern = pattern;
    match->within = within;
    match->subsets =
        sl_build_array(parse, subsets, sizeof(struct sl_ast_match_subset), &match->subset_count);
    match->defines =
        sl_build_array(parse, defines, sizeof(struct sl_ast_named_expr), &match->define_count);
    sl_build_under(parse, &match->from.ast, within == NULL ? NULL : &within->ast);
    build_match_under_named(parse, &match->from.ast, match->defines, match->define_count);
    return match;
}

struct sl_ast_from *
sl_build_match_done(SL_PARSE, struct sl_ast_from *input, struct sl_ast_from_match *match,
                    const struct sl_build_alias *alias)
{
    match->input = &input->ast;
    match->from.ast.offset = input->ast.offset;
    match->from.ast.end = parse->last_end;
    sl_build_under(parse, &match->from.ast, &input->ast);
    return sl_build_alias(parse, &match->from, alias);
}

struct sl_ast_named_expr *
sl_build_named_expr(SL_PARSE, SL_TOKEN name, struct sl_ast_expr *expr)
{
    struct sl_ast_named_expr *named = SL_NEW(parse->arena, struct sl_ast_named_expr);
    named->expr = expr;
    named->name = sl_build_identifier_value(parse, name);
    named->text = sl_build_slice(parse, expr->ast.offset, expr->ast.end);
    return named;
}

struct sl_ast_match_subset *
sl_build_subset(SL_PARSE, SL_TOKEN name, struct sl_ast_list *members)
{
    struct sl_ast_match_subset *subset = SL_NEW(parse->arena, struct sl_ast_match_subset);
    subset->name = sl_build_identifier_value(parse, name);
    subset->members = sl_build_ids(parse, members, &subset->count);
    return subset;
}

/* ---- patterns ---- */

static void
build_match_check_depth(SL_PARSE, struct sl_ast_pattern *pattern)
{
    for (size_t i = 0; i < pattern->children.count; i++) {
        const struct sl_ast_pattern *child = pattern->children.items[i];
        pattern->depth = SL_MAX(pattern->depth, child->depth + 1);
    }
    if (pattern->depth <= parse->limits.depth_max || parse->rc < 0)
        return;
    parse->rc = SL_ERROR(parse->err, SL_E_LIMIT_EXCEEDED,
                         "the pattern is nested deeper than %d levels", parse->limits.depth_max);
    sl_error_at(parse->err, pattern->offset);
}

struct sl_ast_pattern *
sl_build_pattern(SL_PARSE, enum sl_ast_pattern_kind kind, SL_TOKEN first,
                 struct sl_ast_list *children)
{
    struct sl_ast_pattern *pattern = SL_NEW(parse->arena, struct sl_ast_pattern);
    pattern->kind = kind;
    pattern->offset = first->offset;
    pattern->end = parse->last_end;
    if (kind == SL_AST_PATTERN_VARIABLE)
        pattern->name = sl_build_identifier_value(parse, first);
    pattern->children = sl_build_list_value(children);
    build_match_check_depth(parse, pattern);
    return pattern;
}

/* A B C is one node with three children: the one on the left takes the next. */
struct sl_ast_pattern *
sl_build_pattern_join(SL_PARSE, enum sl_ast_pattern_kind kind, struct sl_ast_pattern *left,
                      struct sl_ast_pattern *right)
{
    if (left->kind != kind || left->grouped) {
        struct sl_ast_pattern *pattern = SL_NEW(parse->arena, struct sl_ast_pattern);
        pattern->kind = kind;
        pattern->offset = left->offset;
        pattern->children = *sl_build_list(parse, left);
        left = pattern;
    }
    sl_build_list_add(parse, &left->children, right);
    left->end = right->end;
    build_match_check_depth(parse, left);
    return left;
}

struct sl_ast_pattern *
sl_build_pattern_repeat(SL_PARSE, struct sl_ast_pattern *child, struct sl_build_repeat repeat,
                        bool reluctant)
{
    struct sl_ast_pattern *pattern = SL_NEW(parse->arena, struct sl_ast_pattern);
    pattern->kind = SL_AST_PATTERN_REPEAT;
    pattern->offset = child->offset;
    pattern->end = parse->last_end;
    pattern->children = *sl_build_list(parse, child);
    pattern->min = (int)repeat.min;
    pattern->max = (int)repeat.max;
    pattern->reluctant = reluctant;
    build_match_check_depth(parse, pattern);
    return pattern;
}

struct sl_ast_pattern *
sl_build_pattern_group(SL_PARSE, struct sl_ast_pattern *pattern)
{
    pattern->grouped = true;
    pattern->end = parse->last_end;
    return pattern;
}
