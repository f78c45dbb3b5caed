/* The AST of the expressions, types and queries: what the grammar builds and the planner reads.
 *
 * Every node lives in the arena that was given to the parser and begins with struct sl_ast: its
 * kind and the bytes [offset, end) of the script that it was read from.  Texts are copies in the
 * arena, decoded (quotes and escapes are gone) and followed by a NUL.  A member named text or
 * *_text of a query, a statement or an expression is the slice of the script as written, for what
 * the catalog stores as text: it points into the arena's copy of the script and has no NUL behind
 * it.  Nothing is looked up here: names are as written, and whether they mean anything is the
 * planner's to find out.  Statements: statement.h. */
#ifndef SL_PARSER_AST_H
#define SL_PARSER_AST_H

#include "base/base.h"

enum sl_ast_kind {
    SL_AST_NONE,
    /* struct sl_ast_expr; the member of its union that is in use */
    SL_AST_EXPR_COLUMN,       /* column */
    SL_AST_EXPR_STAR,         /* column: `*` has no parts, `t.*` those before the star */
    SL_AST_EXPR_LITERAL,      /* literal */
    SL_AST_EXPR_PARAMETER,    /* parameter: $n */
    SL_AST_EXPR_UNARY,        /* unary */
    SL_AST_EXPR_BINARY,       /* binary */
    SL_AST_EXPR_QUANTIFIED,   /* quantified: a = ANY (...) */
    SL_AST_EXPR_CALL,         /* call */
    SL_AST_EXPR_CASE,         /* case_ */
    SL_AST_EXPR_CAST,         /* cast */
    SL_AST_EXPR_BETWEEN,      /* between */
    SL_AST_EXPR_IN,           /* in */
    SL_AST_EXPR_LIKE,         /* like */
    SL_AST_EXPR_IS,           /* is */
    SL_AST_EXPR_EXISTS,       /* query */
    SL_AST_EXPR_SUBQUERY,     /* query */
    SL_AST_EXPR_ROW,          /* items: ROW(a, b) and (a, b) */
    SL_AST_EXPR_ARRAY,        /* items */
    SL_AST_EXPR_ARRAY_QUERY,  /* query: ARRAY(SELECT ...) */
    SL_AST_EXPR_MAP,          /* items: key, value, key, value ... */
    SL_AST_EXPR_MULTISET,     /* items */
    SL_AST_EXPR_ELEMENT,      /* element: a[i] */
    SL_AST_EXPR_FIELD,        /* field: (expr).name, a[1].name, f(x).name; plain a.b.c is COLUMN */
    SL_AST_EXPR_AT_TIME_ZONE, /* at_time_zone */
    SL_AST_EXPR_COLLATE,      /* collate */
    SL_AST_EXPR_JSON,         /* json: the functions that have clauses */
    SL_AST_EXPR_UNIT,       /* unit: only as an argument: EXTRACT, FLOOR, CEIL, TIMESTAMPADD ... */
    SL_AST_EXPR_DESCRIPTOR, /* descriptor: DESCRIPTOR(a, b) */
    SL_AST_EXPR_TABLE,      /* table: only as an argument: TABLE t [PARTITION BY ...] */
    SL_AST_EXPR_DEFAULT,    /* DEFAULT, only in VALUES, SET and named arguments */
    SL_AST_TYPE,
    /* what stands in FROM; each begins with struct sl_ast_from */
    SL_AST_FROM_TABLE,
    SL_AST_FROM_QUERY,
    SL_AST_FROM_CALL,
    SL_AST_FROM_UNNEST,
    SL_AST_FROM_JOIN,
    SL_AST_FROM_MATCH,
    /* the bodies of queries */
    SL_AST_SELECT,
    SL_AST_VALUES,
    SL_AST_SET_OPERATION,
    SL_AST_EXPLICIT_TABLE, /* TABLE t */
    SL_AST_QUERY,          /* also a statement, and a body: one in parentheses */
/* statements, see statement.h */
#define STATEMENT(kind, structure, name) SL_AST_##kind,
#include "parser/statements.def"
#undef STATEMENT
    SL_AST_KIND_COUNT,
};

struct sl_ast {
    enum sl_ast_kind kind;
    int offset, end; /* bytes of the script, end is exclusive */
    int depth;       /* nodes on the longest way down through expressions and queries */
};

/* A list of pointers; the member that holds one says to what. */
struct sl_ast_list {
    void **items;
    size_t count;
};

struct sl_ast_identifier {
    struct sl_text text;
    int offset, end;
    bool quoted; /* "x" or `x` */
};

/* Qualified name: the last part is the object, the ones before it schema and catalog. */
struct sl_ast_name {
    struct sl_ast_identifier *parts;
    size_t count;
    int offset, end;
};

struct sl_ast_expr;
struct sl_ast_query;
struct sl_ast_window;

/* Time units.  NONE: none was written. */
enum sl_ast_unit {
    SL_AST_UNIT_NONE,
#define UNIT(name, text) SL_AST_UNIT_##name,
#include "parser/units.def"
#undef UNIT
};

const char *sl_ast_unit_name(enum sl_ast_unit unit); /* "DAY" */
/* Names of units as people write them: day, DAYS, dow; NONE when it is none. */
enum sl_ast_unit sl_ast_unit_of(struct sl_text name);

/* ---- types ---- */

enum sl_ast_type_kind {
    SL_AST_TYPE_NAMED, /* none of ours: regclass, a structured type; the planner knows or refuses */
    SL_AST_TYPE_BOOLEAN,
    SL_AST_TYPE_TINYINT,
    SL_AST_TYPE_SMALLINT,
    SL_AST_TYPE_INT,
    SL_AST_TYPE_BIGINT,
    SL_AST_TYPE_FLOAT,
    SL_AST_TYPE_DOUBLE,
    SL_AST_TYPE_DECIMAL,
    SL_AST_TYPE_CHAR,
    SL_AST_TYPE_VARCHAR, /* without a length it is CHAR's 1 in Flink, unlimited by habit; precision
                            -1 */
    SL_AST_TYPE_STRING,  /* STRING, TEXT */
    SL_AST_TYPE_BINARY,
    SL_AST_TYPE_VARBINARY,
    SL_AST_TYPE_BYTES, /* BYTES, BYTEA */
    SL_AST_TYPE_DATE,
    SL_AST_TYPE_TIME,
    SL_AST_TYPE_TIMESTAMP,
    SL_AST_TYPE_TIMESTAMP_LTZ, /* also WITH LOCAL TIME ZONE and timestamptz */
    SL_AST_TYPE_TIMESTAMP_TZ,  /* WITH TIME ZONE */
    SL_AST_TYPE_INTERVAL,
    SL_AST_TYPE_ARRAY,      /* element; also t[] and t ARRAY */
    SL_AST_TYPE_MULTISET,   /* element */
    SL_AST_TYPE_MAP,        /* key, element (its value) */
    SL_AST_TYPE_ROW,        /* fields */
    SL_AST_TYPE_STRUCTURED, /* class_name, fields */
    SL_AST_TYPE_RAW,        /* class_name, snapshot */
    SL_AST_TYPE_VARIANT,
    SL_AST_TYPE_NULL,
    SL_AST_TYPE_DESCRIPTOR,
};

struct sl_ast_type_field {
    struct sl_ast_identifier name;
    struct sl_ast_type *type;
    struct sl_text comment; /* start NULL: none */
};

struct sl_ast_type {
    struct sl_ast ast;
    enum sl_ast_type_kind type;
    struct sl_ast_name
        name;      /* as written; empty for what has its own syntax (ARRAY, MAP, ROW ...) */
    int precision; /* also a length; INTERVAL: of the first unit; -1: not given */
    int scale;     /* INTERVAL: of the seconds; -1: not given */
    bool not_null; /* NOT NULL was written */
    bool null;     /* NULL was written */
    enum sl_ast_unit unit_start, unit_end; /* INTERVAL; unit_end NONE when only one was written */
    struct sl_ast_type *key, *element;
    struct sl_ast_type_field *fields;
    size_t field_count;
    struct sl_text class_name, snapshot;
};

/* ---- expressions ---- */

enum sl_ast_literal_kind {
    SL_AST_LITERAL_NULL,
    SL_AST_LITERAL_BOOLEAN,   /* boolean */
    SL_AST_LITERAL_NUMBER,    /* text as written: 1, 1.5, .5, 1e10; the sign is a unary operator */
    SL_AST_LITERAL_STRING,    /* text, may hold NUL bytes only by E'\000' which is refused */
    SL_AST_LITERAL_BINARY,    /* X'ab': text holds the decoded bytes */
    SL_AST_LITERAL_DATE,      /* DATE '...': text as written, not checked */
    SL_AST_LITERAL_TIME,      /* TIME '...' */
    SL_AST_LITERAL_TIMESTAMP, /* TIMESTAMP '...' */
    SL_AST_LITERAL_TIMESTAMP_LTZ, /* TIMESTAMP WITH [LOCAL] TIME ZONE '...', TIMESTAMP_LTZ '...' */
    SL_AST_LITERAL_INTERVAL, /* INTERVAL [+-] 'text' unit_start [TO unit_end]; PostgreSQL's '1 day':
                                unit_start NONE */
};

struct sl_ast_literal {
    enum sl_ast_literal_kind kind;
    struct sl_text text;
    bool boolean;
    bool negative; /* INTERVAL -'1' DAY */
    enum sl_ast_unit unit_start, unit_end;
    int precision, scale; /* INTERVAL '1' DAY(3), SECOND(2, 3), TIMESTAMP(3) '...'; -1: not given */
};

enum sl_ast_op {
#define OP(name, text) SL_AST_OP_##name,
#include "parser/operators.def"
#undef OP
};

const char *sl_ast_op_name(enum sl_ast_op op); /* "+", "AND", "IS DISTINCT FROM" */

enum sl_ast_order_nulls { SL_AST_NULLS_DEFAULT, SL_AST_NULLS_FIRST, SL_AST_NULLS_LAST };

struct sl_ast_order_item {
    struct sl_ast_expr *expr;
    bool descending;
    enum sl_ast_order_nulls nulls;
};

struct sl_ast_order {
    struct sl_ast_order_item *items;
    size_t count;
};

struct sl_ast_argument {
    struct sl_ast_expr
        *value; /* may be SL_AST_EXPR_TABLE, _DESCRIPTOR, _UNIT, _DEFAULT, _SUBQUERY */
    struct sl_ast_identifier name; /* name => value; text.start NULL: positional */
};

enum sl_ast_quantifier { SL_AST_ALL_IMPLIED, SL_AST_ALL, SL_AST_DISTINCT };
enum sl_ast_nulls_treatment { SL_AST_NULLS_UNSAID, SL_AST_NULLS_IGNORE, SL_AST_NULLS_RESPECT };
enum sl_ast_match_semantics { SL_AST_MATCH_UNSAID, SL_AST_MATCH_RUNNING, SL_AST_MATCH_FINAL };

/* Special forms arrive as plain calls, with these names and arguments:
 *   EXTRACT(unit, x) · FLOOR(x, unit) · CEIL(x, unit) · TIMESTAMPADD(unit, n, x) ·
 *   TIMESTAMPDIFF(unit, a, b) · TRIM: BTRIM(x, set) LTRIM(x, set) RTRIM(x, set), without set
 * BTRIM(x) · SUBSTRING(x, from[, for]) · POSITION(part, x[, from]) · OVERLAY(x, new, from[, for]) ·
 *   OVERLAPS is an operator over two rows.  CURRENT_DATE and the like: `bare`, with at most one
 *   argument, the precision. */
struct sl_ast_call {
    struct sl_ast_name name;
    struct sl_ast_argument *args;
    size_t arg_count;
    enum sl_ast_quantifier quantifier;
    bool star; /* COUNT(*) */
    bool bare; /* written without parentheses, or with only a precision in them: CURRENT_TIME(3) */
    struct sl_ast_order order_by;     /* ARRAY_AGG(x ORDER BY y) */
    struct sl_ast_order within_group; /* WITHIN GROUP (ORDER BY y) */
    struct sl_ast_expr *filter;       /* FILTER (WHERE ...) */
    struct sl_ast_window *over;       /* OVER (...); OVER w: a window that has only base_name */
    enum sl_ast_nulls_treatment nulls;
    enum sl_ast_match_semantics match; /* FINAL LAST(a.x), in MATCH_RECOGNIZE */
};

struct sl_ast_when {
    struct sl_ast_expr *condition, *result;
};

enum sl_ast_cast_form { SL_AST_CAST, SL_AST_TRY_CAST, SL_AST_CAST_POSTGRES /* x::t */ };
enum sl_ast_like_form { SL_AST_LIKE, SL_AST_ILIKE, SL_AST_SIMILAR };

enum sl_ast_is_test {
    SL_AST_IS_NULL,
    SL_AST_IS_TRUE,
    SL_AST_IS_FALSE,
    SL_AST_IS_UNKNOWN,
    SL_AST_IS_JSON, /* and IS JSON VALUE */
    SL_AST_IS_JSON_SCALAR,
    SL_AST_IS_JSON_ARRAY,
    SL_AST_IS_JSON_OBJECT,
    SL_AST_IS_NORMALIZED,
};

enum sl_ast_json_function {
    SL_AST_JSON_EXISTS,
    SL_AST_JSON_VALUE,
    SL_AST_JSON_QUERY,
    SL_AST_JSON_OBJECT,    /* keys and values */
    SL_AST_JSON_ARRAY,     /* values */
    SL_AST_JSON_OBJECTAGG, /* one key, one value */
    SL_AST_JSON_ARRAYAGG,  /* one value */
};
enum sl_ast_json_behavior {
    SL_AST_JSON_UNSAID,
    SL_AST_JSON_NULL,
    SL_AST_JSON_ERROR,
    SL_AST_JSON_DEFAULT, /* the expression beside it */
    SL_AST_JSON_EMPTY_ARRAY,
    SL_AST_JSON_EMPTY_OBJECT,
    SL_AST_JSON_TRUE,
    SL_AST_JSON_FALSE,
    SL_AST_JSON_UNKNOWN,
};
enum sl_ast_json_wrapper {
    SL_AST_JSON_WRAPPER_UNSAID,
    SL_AST_JSON_WRAPPER_WITHOUT,
    SL_AST_JSON_WRAPPER_CONDITIONAL,
    SL_AST_JSON_WRAPPER_UNCONDITIONAL, /* also plain WITH WRAPPER */
};
enum sl_ast_json_on_null {
    SL_AST_JSON_ON_NULL_UNSAID,
    SL_AST_JSON_NULL_ON_NULL,
    SL_AST_JSON_ABSENT_ON_NULL
};

/* JSON_EXISTS, JSON_VALUE, JSON_QUERY use input, path, returning and the behaviours; the others
 * values (and keys), on_null and, for the aggregates, filter. */
struct sl_ast_json {
    enum sl_ast_json_function function;
    struct sl_ast_expr *input, *path;
    struct sl_ast_type *returning;
    enum sl_ast_json_wrapper wrapper;
    enum sl_ast_json_behavior on_empty, on_error;
    struct sl_ast_expr *on_empty_default, *on_error_default;
    struct sl_ast_list keys, values; /* struct sl_ast_expr */
    enum sl_ast_json_on_null on_null;
    struct sl_ast_expr *filter;
    struct sl_ast_order order_by; /* JSON_ARRAYAGG(x ORDER BY y) */
};

struct sl_ast_table_argument {
    struct sl_ast_name name;         /* TABLE t; empty when query is set */
    struct sl_ast_query *query;      /* TABLE (SELECT ...), or (SELECT ...) PARTITION BY ... */
    struct sl_ast_list hints;        /* struct sl_ast_hint */
    struct sl_ast_list partition_by; /* struct sl_ast_expr */
    struct sl_ast_order order_by;
};

struct sl_ast_expr {
    struct sl_ast ast;
    union {
        struct sl_ast_name column;
        struct sl_ast_literal literal;
        int parameter; /* 1 is the first */
        struct {
            enum sl_ast_op op;
            struct sl_ast_expr *operand;
        } unary;
        struct {
            enum sl_ast_op op;
            struct sl_ast_expr *left, *right;
            int op_offset;
        } binary;
        struct {
            enum sl_ast_op op;
            bool all; /* ALL, else ANY and SOME */
            struct sl_ast_expr *left;
            struct sl_ast_expr *right;  /* an array, or */
            struct sl_ast_list values;  /* struct sl_ast_expr: = ANY (1, 2), or */
            struct sl_ast_query *query; /* a query; the other two are empty */
        } quantified;
        struct sl_ast_call call;
        struct {
            struct sl_ast_expr *operand; /* NULL: CASE WHEN condition */
            struct sl_ast_when *whens;
            size_t when_count;
            struct sl_ast_expr *otherwise; /* NULL without ELSE */
        } case_;
        struct {
            struct sl_ast_expr *operand;
            struct sl_ast_type *type;
            enum sl_ast_cast_form form;
        } cast;
        struct {
            struct sl_ast_expr *operand, *low, *high;
            bool negated, symmetric;
        } between;
        struct {
            struct sl_ast_expr *operand;
            struct sl_ast_list values;  /* struct sl_ast_expr, or */
            struct sl_ast_query *query; /* a query */
            bool negated;
        } in;
        struct {
            struct sl_ast_expr *operand, *pattern;
            struct sl_ast_expr *escape; /* NULL without ESCAPE */
            enum sl_ast_like_form form;
            bool negated;
        } like;
        struct {
            struct sl_ast_expr *operand;
            enum sl_ast_is_test test;
            bool negated;
        } is;
        struct sl_ast_query *query;
        struct sl_ast_list items; /* struct sl_ast_expr */
        struct {
            struct sl_ast_expr *operand, *index;
        } element;
        struct {
            struct sl_ast_expr *operand;
            struct sl_ast_identifier name; /* text "*" and star: (row).* */
            bool star;
        } field;
        struct {
            struct sl_ast_expr *operand, *zone;
            bool local; /* AT LOCAL: zone is NULL */
        } at_time_zone;
        struct {
            struct sl_ast_expr *operand;
            struct sl_ast_name name;
        } collate;
        struct sl_ast_json json;
        enum sl_ast_unit unit;
        struct {
            struct sl_ast_identifier *columns;
            size_t count;
        } descriptor;
        struct sl_ast_table_argument table;
    };
};

/* ---- windows of OVER ---- */

enum sl_ast_frame_unit {
    SL_AST_FRAME_UNSAID,
    SL_AST_FRAME_ROWS,
    SL_AST_FRAME_RANGE,
    SL_AST_FRAME_GROUPS,
};
enum sl_ast_bound_kind {
    SL_AST_BOUND_UNBOUNDED_PRECEDING,
    SL_AST_BOUND_PRECEDING, /* value PRECEDING */
    SL_AST_BOUND_CURRENT_ROW,
    SL_AST_BOUND_FOLLOWING, /* value FOLLOWING */
    SL_AST_BOUND_UNBOUNDED_FOLLOWING,
};

struct sl_ast_bound {
    enum sl_ast_bound_kind kind;
    struct sl_ast_expr *value;
};

struct sl_ast_window {
    int offset, end;
    struct sl_ast_identifier name;      /* WINDOW name AS (...); text.start NULL in OVER */
    struct sl_ast_identifier base_name; /* OVER name, OVER (name ...); text.start NULL: none */
    bool parenthesised;                 /* OVER (...), not OVER name */
    struct sl_ast_list partition_by;    /* struct sl_ast_expr */
    struct sl_ast_order order_by;
    enum sl_ast_frame_unit frame;
    struct sl_ast_bound frame_start, frame_end; /* ROWS x PRECEDING: the end is CURRENT ROW */
};

/* ---- hints and options ---- */

/* 'key' = 'value', in WITH, OPTIONS, SET; keys may also be bare names a.b.c, values bare words and
 * numbers. */
struct sl_ast_option {
    struct sl_text key, value; /* value.start NULL where only a key was written */
    int key_offset, value_offset;
};

struct sl_ast_options {
    struct sl_ast_option *items;
    size_t count;
};

/* NAME, NAME('k' = 'v', ...), NAME(a, 'b', 4). */
struct sl_ast_hint {
    int offset, end;
    struct sl_ast_identifier name;
    struct sl_ast_options options;   /* those with a value, or */
    struct sl_ast_identifier *items; /* the plain ones: names, strings and numbers */
    size_t item_count;
};

/* ---- FROM ---- */

struct sl_ast_from {
    struct sl_ast ast;
    struct sl_ast_identifier alias; /* text.start NULL: none */
    struct sl_ast_identifier *columns;
    size_t column_count;
    bool lateral; /* LATERAL was written */
};

struct sl_ast_from_table {
    struct sl_ast_from from;
    struct sl_ast_name name;
    struct sl_ast_list hints;  /* struct sl_ast_hint */
    struct sl_ast_expr *as_of; /* FOR SYSTEM_TIME AS OF; NULL: none */
};

struct sl_ast_from_query {
    struct sl_ast_from from;
    struct sl_ast_query *query;
};

/* TABLE(f(...)), LATERAL TABLE(f(...)), and f(...) alone. */
struct sl_ast_from_call {
    struct sl_ast_from from;
    struct sl_ast_expr *call; /* SL_AST_EXPR_CALL, or COLUMN for TABLE(expression) */
    bool table;               /* TABLE(...) was written around it */
    bool with_ordinality;
};

struct sl_ast_from_unnest {
    struct sl_ast_from from;
    struct sl_ast_list exprs; /* struct sl_ast_expr */
    bool with_ordinality;
};

enum sl_ast_join_kind {
    SL_AST_JOIN_INNER,
    SL_AST_JOIN_LEFT,
    SL_AST_JOIN_RIGHT,
    SL_AST_JOIN_FULL,
    SL_AST_JOIN_CROSS,
    SL_AST_JOIN_SEMI, /* LEFT SEMI JOIN */
    SL_AST_JOIN_ANTI, /* LEFT ANTI JOIN */
};

/* A comma in FROM is no join: those items stand side by side in the select's list. */
struct sl_ast_from_join {
    struct sl_ast_from from; /* no alias unless it was in parentheses */
    enum sl_ast_join_kind join;
    bool natural;
    struct sl_ast *left, *right; /* struct sl_ast_from_… */
    struct sl_ast_expr *on;      /* NULL: none */
    struct sl_ast_identifier *using_columns;
    size_t using_count;
};

enum sl_ast_match_skip {
    SL_AST_SKIP_UNSAID,
    SL_AST_SKIP_PAST_LAST_ROW,
    SL_AST_SKIP_TO_NEXT_ROW,
    SL_AST_SKIP_TO_FIRST,
    SL_AST_SKIP_TO_LAST, /* also SKIP TO v */
};
enum sl_ast_match_rows { SL_AST_ROWS_UNSAID, SL_AST_ONE_ROW, SL_AST_ALL_ROWS };

enum sl_ast_pattern_kind {
    SL_AST_PATTERN_VARIABLE,    /* name */
    SL_AST_PATTERN_CONCAT,      /* children */
    SL_AST_PATTERN_ALTERNATION, /* children: a | b */
    SL_AST_PATTERN_REPEAT,      /* one child, min, max, greedy */
    SL_AST_PATTERN_PERMUTE,     /* children */
    SL_AST_PATTERN_EXCLUDE,     /* one child: {- a -} */
    SL_AST_PATTERN_START,       /* ^ */
    SL_AST_PATTERN_END,         /* $ */
    SL_AST_PATTERN_EMPTY,       /* () */
};

struct sl_ast_pattern {
    enum sl_ast_pattern_kind kind;
    int offset, end;
    struct sl_ast_identifier name;
    struct sl_ast_list children; /* struct sl_ast_pattern */
    int min, max;                /* max -1: without limit */
    bool reluctant;              /* *? +? ?? {n,m}? */
    bool grouped;                /* in parentheses */
    int depth;
};

struct sl_ast_named_expr {
    struct sl_ast_expr *expr;
    struct sl_ast_identifier name;
    struct sl_text text; /* the expression as written */
};

struct sl_ast_match_subset {
    struct sl_ast_identifier name;
    struct sl_ast_identifier *members;
    size_t count;
};

struct sl_ast_from_match {
    struct sl_ast_from from;
    struct sl_ast *input;            /* struct sl_ast_from_… */
    struct sl_ast_list partition_by; /* struct sl_ast_expr */
    struct sl_ast_order order_by;
    struct sl_ast_named_expr *measures, *defines;
    size_t measure_count, define_count;
    enum sl_ast_match_rows rows;
    enum sl_ast_match_skip skip;
    struct sl_ast_identifier skip_variable;
    struct sl_ast_pattern *pattern;
    struct sl_ast_expr *within; /* NULL: none */
    struct sl_ast_match_subset *subsets;
    size_t subset_count;
};

/* ---- queries ---- */

struct sl_ast_select_item {
    struct sl_ast_expr *expr;       /* may be SL_AST_EXPR_STAR */
    struct sl_ast_identifier alias; /* text.start NULL: none */
    struct sl_text text;            /* the expression as written */
};

enum sl_ast_group_kind {
    SL_AST_GROUP_EXPR,  /* expr; GROUP BY (a, b): the expr is a ROW */
    SL_AST_GROUP_EMPTY, /* () */
    SL_AST_GROUP_SETS,  /* children: GROUPING SETS */
    SL_AST_GROUP_CUBE,  /* children; one that is an EXPR with a ROW counts as one column */
    SL_AST_GROUP_ROLLUP,
};

struct sl_ast_group {
    enum sl_ast_group_kind kind;
    int offset, end;
    struct sl_ast_expr *expr;
    struct sl_ast_list children; /* struct sl_ast_group */
    int depth;
};

struct sl_ast_select {
    struct sl_ast ast;        /* SL_AST_SELECT */
    struct sl_ast_list hints; /* struct sl_ast_hint */
    enum sl_ast_quantifier quantifier;
    struct sl_ast_list distinct_on; /* struct sl_ast_expr: DISTINCT ON (...) */
    struct sl_ast_select_item *items;
    size_t item_count;
    struct sl_ast_list from; /* struct sl_ast_from_…; empty without FROM */
    struct sl_ast_expr *where;
    bool grouped; /* GROUP BY was written; `group_by` may be empty for GROUP BY () */
    enum sl_ast_quantifier group_quantifier;
    struct sl_ast_list group_by; /* struct sl_ast_group */
    struct sl_ast_expr *having;
    struct sl_ast_list windows; /* struct sl_ast_window */
    struct sl_ast_expr *qualify;
};

struct sl_ast_values {
    struct sl_ast ast;       /* SL_AST_VALUES */
    struct sl_ast_list rows; /* struct sl_ast_list of struct sl_ast_expr */
};

struct sl_ast_explicit_table {
    struct sl_ast ast; /* SL_AST_EXPLICIT_TABLE */
    struct sl_ast_name name;
};

enum sl_ast_set_op { SL_AST_UNION, SL_AST_INTERSECT, SL_AST_EXCEPT };

struct sl_ast_set_operation {
    struct sl_ast ast; /* SL_AST_SET_OPERATION */
    enum sl_ast_set_op op;
    bool all;
    struct sl_ast *left, *right; /* bodies */
};

struct sl_ast_cte {
    struct sl_ast_identifier name;
    struct sl_ast_identifier *columns;
    size_t column_count;
    struct sl_ast_query *query;
};

struct sl_ast_query {
    struct sl_ast ast;   /* SL_AST_QUERY */
    struct sl_text text; /* as written, without parentheses around it */
    struct sl_ast_cte *ctes;
    size_t cte_count;
    bool recursive;
    struct sl_ast *body; /* SELECT, VALUES, SET_OPERATION, EXPLICIT_TABLE or QUERY */
    struct sl_ast_order order_by;
    struct sl_ast_expr *limit; /* NULL: none, or ALL */
    struct sl_ast_expr *row_offset;
};

#endif
