/* The grammar of the dialect: Flink SQL, and what a PostgreSQL user types by habit.
 *
 * 1. Lemon's table is not compressed (-c in meson.build), so that a state knows all words that it
 *    takes.  A word in the list %fallback is therefore a keyword exactly where the grammar has a
 *    place for it, and an identifier elsewhere.  No conflict is allowed.
 * 2. A condition (expr) is over terms: BETWEEN, LIKE and POSITION take terms where AND or IN follow
 *    them.
 * 3. Reductions happen when the next token is in hand: parse->last_end is the end of what a rule
 *    has matched.  Actions are single calls of src/parser/build_*.c. */
%name sl_grammar
%token_prefix SL_TOKEN_
%token_type {const struct sl_token *}
%extra_context {struct sl_parse *parse}
%stack_size 0
%include {
#include "parser/build.h"

#include <stdlib.h>
}
%syntax_error { sl_parse_syntax_error(parse, TOKEN); }

/* Words that are no keywords where the grammar has no place for them. */
%fallback ID
    ABORT ABSENT ABSOLUTE ADD AFTER ALTER ANALYZE ANTI ANY ARRAY_WORD ASC ASYMMETRIC AT
    AUTHORIZATION BACKWARD BARE_FUNCTION BEGIN BINARY BOTH BUCKETS CALL CASCADE CAST CATALOG
    CATALOGS CEIL CHAIN CHARACTERISTICS CHECKPOINTS CLOSE COLLATE COLUMN COLUMNS COMMENT COMMIT
    COMMITTED COMPILE COMPUTE CONDITIONAL CONFLICT CONNECTION CONNECTIONS CONSTRAINT CONTINUOUS
    COPY CREATE CUBE CURRENT CURSOR DATABASE DATABASES DATE_LITERAL DEALLOCATE DECLARE
    DEDUPLICATE DEFERRABLE DEFINE DELETE DESC DESCRIBE DESCRIPTOR DISCARD DISTRIBUTED
    DISTRIBUTION DO DOUBLE DRAIN DROP DUPLICATES EMPTY END ENFORCED ERROR ESCAPE EXCLUDING
    EXECUTE EXPLAIN EXTENDED EXTRACT FETCH FILTER FINAL FIRST FLOOR FOLLOWING FORWARD FRESHNESS
    FUNCTION FUNCTIONS GENERATED GRANT GROUPING GROUPS HASH HOLD IF IGNORE INCLUDING INPUT
    INSENSITIVE INSERT ISNULL ISOLATION JAR JARS JOB JOBS JSON JSON_ARRAY JSON_ARRAYAGG
    JSON_EXISTS JSON_OBJECT JSON_OBJECTAGG JSON_QUERY JSON_VALUE KEY LANGUAGE LAST LEADING LEFT
    LEVEL LISTEN LOAD LOCAL MATCH MATCH_RECOGNIZE MATERIALIZED MEASURES METADATA MODEL MODELS
    MODEL_LA MODIFY MODULE MODULES MOVE MULTISET_WORD NAMES NEXT NO NONE NOTHING NOTIFY NOTNULL NULLS
    OBJECT OF OFFSET ONE ONLY OPERATOR OPTION OPTIONS ORDINALITY OUTER OUTPUT OVER OVERLAPS
    OVERLAY OVERWRITE OVERWRITING OWNER PARTITION PARTITIONED PARTITIONS PAST PATTERN PAUSE PER
    PERMUTE PLACING PLAN POSITION PRECEDING PRECISION PREPARE PRIMARY PRIOR PRIVILEGES
    PROCEDURES QUALIFY RANGE RAW READ RECURSIVE REFRESH REFRESH_MODE RELATIVE RELEASE REMOVE
    RENAME REPEATABLE REPLACE RESET RESPECT RESTRICT RESUME RETURN RETURNING RETURNS REVOKE RIGHT ROLE ROLES
    ROLLBACK ROLLUP ROWS ROW_WORD RUNNING SAVEPOINT SCALAR SCROLL SECRET SECRETS SEMI
    SERIALIZABLE SESSION SET SETS SETTINGS SHOW SIMILAR SKIP START START_MODE STATEMENT
    STATISTICS STOP STRUCTURED SUBSET SUBSTRING SUSPEND SYMMETRIC SYSTEM SYSTEM_TIME TABLES
    TASKS TEMPORARY TIME TIMESTAMPADD TIMESTAMPDIFF TIMESTAMP_LITERAL TIME_LITERAL TO TRAILING
    TRANSACTION TRIM TRUNCATE TRY_CAST TYPE UNBOUNDED UNCOMMITTED UNCONDITIONAL UNIQUE UNIT
    UNKNOWN UNLISTEN UNLOAD UNNEST UPDATE USE USER VALUE VARYING VERBOSE VIEW VIEWS VIRTUAL
    WATERMARK WATERMARKS WATERMARK_FOR WINDOW WITHIN WITHOUT WORK WRAPPER WRITE ZONE.

/* What may stand behind AS, and as a word of COPY and GRANT: every word. */
%token_class label
    ID|ALL|AND|ARRAY|AS|BETWEEN|BY|CASE|CROSS|DEFAULT|DISTINCT|ELSE|EXCEPT|EXISTS|FALSE|FOR|FROM
    |FULL|GROUP|HAVING|ILIKE|IN|INNER|INTERSECT|INTERVAL|INTO|IS|JOIN|LATERAL|LIKE|LIMIT|MAP
    |NATURAL|NOT|NOT_LA|NULL|ON|OR|ORDER|SELECT|TABLE|THEN|TRUE|UNION|USING|VALUES|WHEN|WHERE|WITH.

/* What the lexer makes and no rule takes. */
%token EOF SEMICOLON ILLEGAL.

%nonassoc BELOW_ORDER.
%nonassoc ORDER TO VALUE IGNORE RESPECT.
%left UNION EXCEPT.
%left INTERSECT.
%left OR.
%left AND.
%right NOT.
%nonassoc IS ISNULL NOTNULL.
%left EQ NE LT GT LE GE OVERLAPS.
%nonassoc BETWEEN IN LIKE ILIKE SIMILAR NOT_LA.
%nonassoc ESCAPE.
%left MATCHES NOT_MATCHES MATCHES_NOCASE NOT_MATCHES_NOCASE OPERATOR AMPERSAND PIPE
    HASH_SIGN SHIFT_LEFT SHIFT_RIGHT JSON_GET JSON_GET_TEXT.
%left PLUS MINUS.
%left STAR SLASH PERCENT CONCAT.
%left AT.
%left COLLATE.
%right SIGN.
%left LP RP.
%left CAST_OPERATOR.
%left LB RB.
%left DOT.

%token_class comparison EQ|NE|LT|GT|LE|GE.
%token_class other_operator
    MATCHES|NOT_MATCHES|MATCHES_NOCASE|NOT_MATCHES_NOCASE|AMPERSAND|PIPE|HASH_SIGN|SHIFT_LEFT
    |SHIFT_RIGHT|JSON_GET|JSON_GET_TEXT.
%token_class additive PLUS|MINUS.
%token_class multiplicative STAR|SLASH|PERCENT|CONCAT.

start ::= MODE_STATEMENT statement(S). {parse->result = S;}
start ::= MODE_EXPRESSION expr(E). {parse->result = E;}
start ::= MODE_TYPE type_null(T). {parse->result = T;}
start ::= MODE_QUERY any_query(Q). {parse->result = Q;}

/* ---- names ---- */

%type name {struct sl_ast_name *}
name(A) ::= ID(T). {A = sl_build_name(parse, T);}
name(A) ::= name(N) DOT ID(T). {A = sl_build_name_add(parse, N, T);}

%type ids {struct sl_ast_list *}
ids(A) ::= ID(T). {A = sl_build_list(parse, sl_build_identifier(parse, T));}
ids(A) ::= ids(L) COMMA ID(T). {A = sl_build_list_add(parse, L, sl_build_identifier(parse, T));}

%type names {struct sl_ast_list *}
names(A) ::= name(N). {A = sl_build_list(parse, N);}
names(A) ::= names(L) COMMA name(N). {A = sl_build_list_add(parse, L, N);}

%type id_list {struct sl_ast_list *}
id_list(A) ::= LP ids(L) RP. {A = L;}
%type id_list_opt {struct sl_ast_list *}
id_list_opt(A) ::= . {A = NULL;}
id_list_opt(A) ::= id_list(L). {A = L;}

%type integer {int64_t}
integer(A) ::= NUMBER(T). {A = sl_build_integer(parse, T, false);}
%type signed_integer {int64_t}
signed_integer(A) ::= integer(I). {A = I;}
signed_integer(A) ::= PLUS integer(I). {A = I;}
signed_integer(A) ::= MINUS NUMBER(T). {A = sl_build_integer(parse, T, true);}

/* ---- options: 'key' = 'value' ---- */

/* a.b.c-d, read as one text; the value is its first token */
%type setting {const struct sl_token *}
setting(A) ::= ID(T). {A = T;}
setting(A) ::= setting(F) DOT ID. {A = F;}
setting(A) ::= setting(F) MINUS ID. {A = F;}

%type option_key {struct sl_ast_option *}
option_key(A) ::= STRING(T). {A = sl_build_option_key(parse, T, true);}
option_key(A) ::= setting(T). {A = sl_build_option_key(parse, T, false);}
%type option_value {struct sl_build_value *}
option_value(A) ::= STRING(T). {A = sl_build_value(parse, T, true);}
option_value(A) ::= NUMBER(T). {A = sl_build_value(parse, T, false);}
option_value(A) ::= MINUS(T) NUMBER. {A = sl_build_value(parse, T, false);}
option_value(A) ::= PLUS NUMBER(T). {A = sl_build_value(parse, T, false);}
option_value(A) ::= TRUE(T). {A = sl_build_value(parse, T, false);}
option_value(A) ::= FALSE(T). {A = sl_build_value(parse, T, false);}
option_value(A) ::= ON(T). {A = sl_build_value(parse, T, false);}
option_value(A) ::= setting(T). {A = sl_build_value(parse, T, false);}
%type option {struct sl_ast_option *}
option(A) ::= option_key(K) EQ option_value(V). {A = sl_build_option(K, V);}
%type option_items {struct sl_ast_list *}
option_items(A) ::= option(O). {A = sl_build_list(parse, O);}
option_items(A) ::= option_items(L) COMMA option(O). {A = sl_build_list_add(parse, L, O);}
%type options {struct sl_ast_options}
options(A) ::= LP RP. {A = (struct sl_ast_options){0};}
options(A) ::= LP option_items(L) RP. {A = sl_build_options(parse, L);}
%type with_options {struct sl_ast_options}
with_options(A) ::= . {A = (struct sl_ast_options){0};}
with_options(A) ::= WITH options(O). {A = O;}
%type option_keys {struct sl_ast_list *}
option_keys(A) ::= option_key(K). {A = sl_build_list(parse, K);}
option_keys(A) ::= option_keys(L) COMMA option_key(K). {A = sl_build_list_add(parse, L, K);}

/* PARTITION (p = 'v', q) of everything but INSERT */
%type partition {struct sl_ast_options}
partition(A) ::= PARTITION LP partition_items(L) RP. {A = sl_build_options(parse, L);}
%type partition_items {struct sl_ast_list *}
partition_items(A) ::= partition_item(O). {A = sl_build_list(parse, O);}
partition_items(A) ::= partition_items(L) COMMA partition_item(O).
    {A = sl_build_list_add(parse, L, O);}
%type partition_item {struct sl_ast_option *}
partition_item(A) ::= option_key(K). {A = K;}
partition_item(A) ::= option(O). {A = O;}
%type partition_opt {struct sl_ast_options}
partition_opt(A) ::= . {A = (struct sl_ast_options){0};}
partition_opt(A) ::= partition(P). {A = P;}

/* ---- hints ---- */

%type hints {struct sl_ast_list *}
hints(A) ::= . {A = NULL;}
hints(A) ::= HINT_START hint_list(L) HINT_END. {A = L;}
%type hint_list {struct sl_ast_list *}
hint_list(A) ::= hint(H). {A = sl_build_list(parse, H);}
hint_list(A) ::= hint_list(L) hint(H). {A = sl_build_list_add(parse, L, H);}
hint_list(A) ::= hint_list(L) COMMA hint(H). {A = sl_build_list_add(parse, L, H);}
%type hint {struct sl_ast_hint *}
hint(A) ::= ID(T). {A = sl_build_hint(parse, T, NULL);}
hint(A) ::= ID(T) LP RP. {A = sl_build_hint(parse, T, NULL);}
hint(A) ::= ID(T) LP hint_items(L) RP. {A = sl_build_hint(parse, T, L);}
%type hint_items {struct sl_ast_list *}
hint_items(A) ::= hint_item(O). {A = sl_build_list(parse, O);}
hint_items(A) ::= hint_items(L) COMMA hint_item(O). {A = sl_build_list_add(parse, L, O);}
%type hint_item {struct sl_ast_option *}
hint_item(A) ::= partition_item(O). {A = O;}
hint_item(A) ::= NUMBER(T). {A = sl_build_option_key(parse, T, false);}

/* ---- types ---- */

%type type {struct sl_ast_type *}
%type type_null {struct sl_ast_type *}
type_null(A) ::= type(T). {A = T;}
type_null(A) ::= type(T) NOT NULL. {A = sl_build_type_null(parse, T, true);}
type_null(A) ::= type(T) NULL. {A = sl_build_type_null(parse, T, false);}

type(A) ::= name(N) time_zone(Z). {A = sl_build_type(parse, N, -1, -1, Z);}
type(A) ::= name(N) LP integer(P) RP time_zone(Z). {A = sl_build_type(parse, N, P, -1, Z);}
type(A) ::= name(N) LP integer(P) COMMA integer(S) RP. {A = sl_build_type(parse, N, P, S, 0);}
type(A) ::= name(N) VARYING. {A = sl_build_type_varying(parse, N, -1);}
type(A) ::= name(N) VARYING LP integer(P) RP. {A = sl_build_type_varying(parse, N, P);}
type(A) ::= DOUBLE(T). {A = sl_build_type_of(parse, T, SL_AST_TYPE_DOUBLE);}
type(A) ::= DOUBLE(T) PRECISION. {A = sl_build_type_of(parse, T, SL_AST_TYPE_DOUBLE);}
type(A) ::= NULL(T). {A = sl_build_type_of(parse, T, SL_AST_TYPE_NULL);}
type(A) ::= INTERVAL(T) interval_unit(U). {A = sl_build_type_interval(parse, T, U);}
type(A) ::= ARRAY(T) LT type_null(E) GT.
    {A = sl_build_type_collection(parse, T, SL_AST_TYPE_ARRAY, NULL, E);}
type(A) ::= MULTISET(T) LT type_null(E) GT.
    {A = sl_build_type_collection(parse, T, SL_AST_TYPE_MULTISET, NULL, E);}
type(A) ::= MAP(T) LT type_null(K) COMMA type_null(E) GT.
    {A = sl_build_type_collection(parse, T, SL_AST_TYPE_MAP, K, E);}
type(A) ::= ROW(T) LT fields(F) GT. {A = sl_build_type_row(parse, T, F);}
type(A) ::= ROW(T) LP fields(F) RP. {A = sl_build_type_row(parse, T, F);}
type(A) ::= ROW(T) NE. {A = sl_build_type_row(parse, T, NULL);}
type(A) ::= STRUCTURED(T) LT STRING(C) GT.
    {A = sl_build_type_class(parse, T, SL_AST_TYPE_STRUCTURED, C, NULL, NULL);}
type(A) ::= STRUCTURED(T) LT STRING(C) COMMA fields(F) GT.
    {A = sl_build_type_class(parse, T, SL_AST_TYPE_STRUCTURED, C, F, NULL);}
type(A) ::= RAW(T) LP STRING(C) COMMA STRING(S) RP.
    {A = sl_build_type_class(parse, T, SL_AST_TYPE_RAW, C, NULL, S);}
type(A) ::= type(E) LB RB. {A = sl_build_type_suffix(parse, SL_AST_TYPE_ARRAY, E);}
type(A) ::= type(E) ARRAY_WORD. {A = sl_build_type_suffix(parse, SL_AST_TYPE_ARRAY, E);}
type(A) ::= type(E) MULTISET_WORD. {A = sl_build_type_suffix(parse, SL_AST_TYPE_MULTISET, E);}

%type time_zone {int}
time_zone(A) ::= . {A = 0;}
time_zone(A) ::= WITH_TIME TIME ZONE. {A = SL_AST_TYPE_TIMESTAMP_TZ;}
time_zone(A) ::= WITH_TIME LOCAL TIME ZONE. {A = SL_AST_TYPE_TIMESTAMP_LTZ;}
time_zone(A) ::= WITHOUT_TIME TIME ZONE. {A = SL_AST_TYPE_TIMESTAMP;}

%type fields {struct sl_ast_list *}
fields(A) ::= field(F). {A = sl_build_list(parse, F);}
fields(A) ::= fields(L) COMMA field(F). {A = sl_build_list_add(parse, L, F);}
%type field {struct sl_ast_type_field *}
field(A) ::= ID(N) type_null(T). {A = sl_build_type_field(parse, N, T, NULL);}
field(A) ::= ID(N) type_null(T) STRING(C). {A = sl_build_type_field(parse, N, T, C);}

/* DAY, DAY(3), DAY TO SECOND(3), SECOND(2, 3) */
%type interval_unit {struct sl_build_unit}
interval_unit(A) ::= UNIT(U). [BELOW_ORDER] {A = sl_build_unit(U, -1, -1, NULL);}
interval_unit(A) ::= UNIT(U) LP integer(P) RP. [BELOW_ORDER] {A = sl_build_unit(U, P, -1, NULL);}
interval_unit(A) ::= UNIT(U) LP integer(P) COMMA integer(S) RP. {A = sl_build_unit(U, P, S, NULL);}
interval_unit(A) ::= UNIT(U) TO UNIT(V). {A = sl_build_unit(U, -1, -1, V);}
interval_unit(A) ::= UNIT(U) TO UNIT(V) LP integer(S) RP. {A = sl_build_unit(U, -1, S, V);}
interval_unit(A) ::= UNIT(U) LP integer(P) RP TO UNIT(V). {A = sl_build_unit(U, P, -1, V);}
interval_unit(A) ::= UNIT(U) LP integer(P) RP TO UNIT(V) LP integer(S) RP.
    {A = sl_build_unit(U, P, S, V);}

/* ---- expressions: conditions over terms ---- */

%type expr {struct sl_ast_expr *}
%type term {struct sl_ast_expr *}
%type postfix {struct sl_ast_expr *}
%type literal {struct sl_ast_expr *}

%type exprs {struct sl_ast_list *}
exprs(A) ::= expr(E). {A = sl_build_list(parse, E);}
exprs(A) ::= exprs(L) COMMA expr(E). {A = sl_build_list_add(parse, L, E);}
%type exprs_opt {struct sl_ast_list *}
exprs_opt(A) ::= . {A = NULL;}
exprs_opt(A) ::= exprs(L). {A = L;}

expr(A) ::= term(T). {A = T;}
expr(A) ::= expr(L) OR(O) expr(R). {A = sl_build_binary(parse, SL_AST_OP_OR, O, L, R);}
expr(A) ::= expr(L) AND(O) expr(R). {A = sl_build_binary(parse, SL_AST_OP_AND, O, L, R);}
expr(A) ::= NOT(O) expr(E). {A = sl_build_unary(parse, SL_AST_OP_NOT, O, E);}
expr(A) ::= expr(L) comparison(O) expr(R). {A = sl_build_operator(parse, O, L, R);}
expr(A) ::= expr(L) OVERLAPS(O) expr(R). {A = sl_build_operator(parse, O, L, R);}
expr(A) ::= expr(L) comparison(O) quantifier(Q) subquery(S).
    {A = sl_build_quantified(parse, O, Q, L, S, NULL);}
expr(A) ::= expr(L) comparison(O) quantifier(Q) LP exprs(V) RP.
    {A = sl_build_quantified(parse, O, Q, L, NULL, V);}
expr(A) ::= expr(L) IS DISTINCT(O) FROM expr(R). [IS]
    {A = sl_build_binary(parse, SL_AST_OP_DISTINCT, O, L, R);}
expr(A) ::= expr(L) IS NOT DISTINCT(O) FROM expr(R). [IS]
    {A = sl_build_binary(parse, SL_AST_OP_NOT_DISTINCT, O, L, R);}
expr(A) ::= expr(E) IS is_test(T). {A = sl_build_is(parse, E, T, false);}
expr(A) ::= expr(E) IS NOT is_test(T). {A = sl_build_is(parse, E, T, true);}
expr(A) ::= expr(E) ISNULL. {A = sl_build_is(parse, E, SL_AST_IS_NULL, false);}
expr(A) ::= expr(E) NOTNULL. {A = sl_build_is(parse, E, SL_AST_IS_NULL, true);}
expr(A) ::= expr(E) BETWEEN symmetric(S) term(L) AND term(H). [BETWEEN]
    {A = sl_build_between(parse, E, S, L, H, false);}
expr(A) ::= expr(E) NOT_LA BETWEEN symmetric(S) term(L) AND term(H). [BETWEEN]
    {A = sl_build_between(parse, E, S, L, H, true);}
expr(A) ::= expr(E) IN subquery(Q). {A = sl_build_in(parse, E, NULL, Q, false);}
expr(A) ::= expr(E) IN LP exprs(L) RP. {A = sl_build_in(parse, E, L, NULL, false);}
expr(A) ::= expr(E) NOT_LA IN subquery(Q). {A = sl_build_in(parse, E, NULL, Q, true);}
expr(A) ::= expr(E) NOT_LA IN LP exprs(L) RP. {A = sl_build_in(parse, E, L, NULL, true);}
expr(A) ::= expr(E) like_form(F) term(P). [LIKE] {A = sl_build_like(parse, E, F, P, NULL, false);}
expr(A) ::= expr(E) like_form(F) term(P) ESCAPE term(X). [LIKE]
    {A = sl_build_like(parse, E, F, P, X, false);}
expr(A) ::= expr(E) NOT_LA like_form(F) term(P). [LIKE]
    {A = sl_build_like(parse, E, F, P, NULL, true);}
expr(A) ::= expr(E) NOT_LA like_form(F) term(P) ESCAPE term(X). [LIKE]
    {A = sl_build_like(parse, E, F, P, X, true);}

%type quantifier {bool}
quantifier(A) ::= ANY. {A = false;}
quantifier(A) ::= ALL. {A = true;}
%type symmetric {bool}
symmetric(A) ::= . {A = false;}
symmetric(A) ::= ASYMMETRIC. {A = false;}
symmetric(A) ::= SYMMETRIC. {A = true;}
%type like_form {enum sl_ast_like_form}
like_form(A) ::= LIKE. {A = SL_AST_LIKE;}
like_form(A) ::= ILIKE. {A = SL_AST_ILIKE;}
like_form(A) ::= SIMILAR TO. {A = SL_AST_SIMILAR;}
%type is_test {enum sl_ast_is_test}
is_test(A) ::= NULL. {A = SL_AST_IS_NULL;}
is_test(A) ::= TRUE. {A = SL_AST_IS_TRUE;}
is_test(A) ::= FALSE. {A = SL_AST_IS_FALSE;}
is_test(A) ::= UNKNOWN. {A = SL_AST_IS_UNKNOWN;}
is_test(A) ::= JSON. [BELOW_ORDER] {A = SL_AST_IS_JSON;}
is_test(A) ::= JSON VALUE. {A = SL_AST_IS_JSON;}
is_test(A) ::= JSON SCALAR. {A = SL_AST_IS_JSON_SCALAR;}
is_test(A) ::= JSON ARRAY_WORD. {A = SL_AST_IS_JSON_ARRAY;}
is_test(A) ::= JSON OBJECT. {A = SL_AST_IS_JSON_OBJECT;}

term(A) ::= name(N). {A = sl_build_column(parse, N);}
term(A) ::= name(N) DOT STAR. {A = sl_build_star(parse, N, NULL);}
term(A) ::= postfix(E). {A = E;}
term(A) ::= literal(E). {A = E;}
term(A) ::= PARAMETER(T). {A = sl_build_parameter(parse, T);}
term(A) ::= DEFAULT(T). {A = sl_build_default(parse, T);}
term(A) ::= additive(O) term(E). [SIGN] {A = sl_build_unary_operator(parse, O, E);}
term(A) ::= MATCHES(O) term(E). {A = sl_build_unary(parse, SL_AST_OP_BIT_NOT, O, E);}
term(A) ::= term(L) additive(O) term(R). {A = sl_build_operator(parse, O, L, R);}
term(A) ::= term(L) multiplicative(O) term(R). {A = sl_build_operator(parse, O, L, R);}
term(A) ::= term(L) other_operator(O) term(R). {A = sl_build_operator(parse, O, L, R);}
term(A) ::= term(L) OPERATOR LP operator(O) RP term(R). [OPERATOR]
    {A = sl_build_operator(parse, O, L, R);}
term(A) ::= term(E) AT TIME ZONE term(Z). [AT] {A = sl_build_at_time_zone(parse, E, Z);}
term(A) ::= term(E) AT LOCAL. [AT] {A = sl_build_at_time_zone(parse, E, NULL);}
term(A) ::= term(E) COLLATE name(N). {A = sl_build_collate(parse, E, N);}
term(A) ::= term(E) CAST_OPERATOR(O) type(T).
    {A = sl_build_cast(parse, O, E, T, SL_AST_CAST_POSTGRES);}

/* OPERATOR(pg_catalog.~), as psql writes them */
%token_class any_operator
    MATCHES|NOT_MATCHES|MATCHES_NOCASE|NOT_MATCHES_NOCASE|AMPERSAND|PIPE|HASH_SIGN|SHIFT_LEFT
    |SHIFT_RIGHT|JSON_GET|JSON_GET_TEXT|PLUS|MINUS|STAR|SLASH|PERCENT|CONCAT|EQ|NE|LT|GT|LE|GE.
%type operator {const struct sl_token *}
operator(A) ::= any_operator(O). {A = O;}
operator(A) ::= name DOT any_operator(O). {A = O;}

literal(A) ::= NULL(T). {A = sl_build_literal(parse, SL_AST_LITERAL_NULL, T, T);}
literal(A) ::= TRUE(T). {A = sl_build_boolean(parse, T, true);}
literal(A) ::= FALSE(T). {A = sl_build_boolean(parse, T, false);}
literal(A) ::= NUMBER(T). {A = sl_build_literal(parse, SL_AST_LITERAL_NUMBER, T, T);}
literal(A) ::= STRING(T). {A = sl_build_literal(parse, SL_AST_LITERAL_STRING, T, T);}
literal(A) ::= HEX(T). {A = sl_build_literal(parse, SL_AST_LITERAL_BINARY, T, T);}
literal(A) ::= DATE_LITERAL(F) STRING(T). {A = sl_build_literal(parse, SL_AST_LITERAL_DATE, F, T);}
literal(A) ::= TIME_LITERAL(F) STRING(T). {A = sl_build_literal(parse, SL_AST_LITERAL_TIME, F, T);}
literal(A) ::= TIMESTAMP_LITERAL(F) time_zone(Z) STRING(T).
    {A = sl_build_timestamp(parse, F, -1, Z, T);}
literal(A) ::= TIMESTAMP_LITERAL(F) LP integer(P) RP time_zone(Z) STRING(T).
    {A = sl_build_timestamp(parse, F, P, Z, T);}
literal(A) ::= INTERVAL(F) STRING(T). {A = sl_build_interval(parse, F, NULL, T, NULL);}
literal(A) ::= INTERVAL(F) STRING(T) interval_unit(U).
    {A = sl_build_interval(parse, F, NULL, T, &U);}
literal(A) ::= INTERVAL(F) NUMBER(T) interval_unit(U).
    {A = sl_build_interval(parse, F, NULL, T, &U);}
literal(A) ::= INTERVAL(F) additive(S) STRING(T) interval_unit(U).
    {A = sl_build_interval(parse, F, S, T, &U);}

/* What may be followed by [i] and .field */
postfix(A) ::= LP(L) expr(E) RP. {A = sl_build_parenthesised(parse, L, E);}
postfix(A) ::= subquery(Q). [SIGN] {A = sl_build_query_expr(parse, SL_AST_EXPR_SUBQUERY, NULL, Q);}
postfix(A) ::= LP(F) expr(E) COMMA exprs(L) RP.
    {A = sl_build_row(parse, F, sl_build_list_prepend(parse, E, L));}
postfix(A) ::= ROW(F) LP exprs_opt(L) RP. {A = sl_build_row(parse, F, L);}
postfix(A) ::= ARRAY(F) LB exprs_opt(L) RB. {A = sl_build_items(parse, SL_AST_EXPR_ARRAY, F, L);}
postfix(A) ::= ARRAY(F) subquery(Q).
    {A = sl_build_query_expr(parse, SL_AST_EXPR_ARRAY_QUERY, F, Q);}
postfix(A) ::= MAP(F) LB exprs_opt(L) RB. {A = sl_build_items(parse, SL_AST_EXPR_MAP, F, L);}
postfix(A) ::= MULTISET(F) LB exprs_opt(L) RB.
    {A = sl_build_items(parse, SL_AST_EXPR_MULTISET, F, L);}
postfix(A) ::= EXISTS(F) subquery(Q). {A = sl_build_query_expr(parse, SL_AST_EXPR_EXISTS, F, Q);}
postfix(A) ::= name(N) LB expr(I) RB. {A = sl_build_element(parse, sl_build_column(parse, N), I);}
postfix(A) ::= postfix(E) LB expr(I) RB. {A = sl_build_element(parse, E, I);}
postfix(A) ::= postfix(E) DOT ID(N). {A = sl_build_field(parse, E, N);}
postfix(A) ::= postfix(E) DOT STAR(N). {A = sl_build_field(parse, E, N);}
postfix(A) ::= CASE(F) expr_opt(E) whens(L) else(O) END. {A = sl_build_case(parse, F, E, L, O);}
postfix(A) ::= CAST(F) LP expr(E) AS type_null(T) RP.
    {A = sl_build_cast(parse, F, E, T, SL_AST_CAST);}
postfix(A) ::= TRY_CAST(F) LP expr(E) AS type_null(T) RP.
    {A = sl_build_cast(parse, F, E, T, SL_AST_TRY_CAST);}

%type expr_opt {struct sl_ast_expr *}
expr_opt(A) ::= . {A = NULL;}
expr_opt(A) ::= expr(E). {A = E;}
%type whens {struct sl_ast_list *}
whens(A) ::= WHEN exprs(C) THEN expr(R). {A = sl_build_whens(parse, NULL, C, R);}
whens(A) ::= whens(L) WHEN exprs(C) THEN expr(R). {A = sl_build_whens(parse, L, C, R);}
%type else {struct sl_ast_expr *}
else(A) ::= . {A = NULL;}
else(A) ::= ELSE expr(E). {A = E;}

/* ---- calls ---- */

%type function_call {struct sl_ast_expr *}
%type call {struct sl_ast_expr *}
%type call_within {struct sl_ast_expr *}
%type call_filter {struct sl_ast_expr *}
%type call_nulls {struct sl_ast_expr *}
postfix(A) ::= call(C). {A = C;}
postfix(A) ::= FINAL function_call(C). {A = sl_build_call_match(parse, C, SL_AST_MATCH_FINAL);}
postfix(A) ::= RUNNING function_call(C). {A = sl_build_call_match(parse, C, SL_AST_MATCH_RUNNING);}
call(A) ::= call_nulls(C). {A = C;}
call(A) ::= call_nulls(C) OVER over(W). {A = sl_build_call_over(parse, C, W);}
call_nulls(A) ::= call_filter(C). [BELOW_ORDER] {A = C;}
call_nulls(A) ::= call_filter(C) nulls_treatment(N). {A = sl_build_call_nulls(parse, C, N);}
call_filter(A) ::= call_within(C). {A = C;}
call_filter(A) ::= call_within(C) FILTER LP WHERE expr(E) RP.
    {A = sl_build_call_filter(parse, C, E);}
call_within(A) ::= function_call(C). {A = C;}
call_within(A) ::= function_call(C) WITHIN GROUP LP order_by(O) RP.
    {A = sl_build_call_within(parse, C, O);}

function_call(A) ::= name(N) LP RP. {A = sl_build_call(parse, N, NULL);}
function_call(A) ::= name(N) LP STAR RP. {A = sl_build_call_star(parse, N);}
function_call(A) ::= name(N) LP call_quantifier(Q) args(L) nulls_opt(T) order_by_opt(O) RP.
    {A = sl_build_aggregate(parse, N, Q, L, T, O);}

%type call_quantifier {enum sl_ast_quantifier}
call_quantifier(A) ::= . {A = SL_AST_ALL_IMPLIED;}
call_quantifier(A) ::= ALL. {A = SL_AST_ALL;}
call_quantifier(A) ::= DISTINCT. {A = SL_AST_DISTINCT;}
%type nulls_treatment {enum sl_ast_nulls_treatment}
nulls_treatment(A) ::= IGNORE NULLS. {A = SL_AST_NULLS_IGNORE;}
nulls_treatment(A) ::= RESPECT NULLS. {A = SL_AST_NULLS_RESPECT;}
%type nulls_opt {enum sl_ast_nulls_treatment}
nulls_opt(A) ::= . {A = SL_AST_NULLS_UNSAID;}
nulls_opt(A) ::= nulls_treatment(T). {A = T;}

%type args {struct sl_ast_list *}
args(A) ::= arg(E). {A = sl_build_list(parse, E);}
args(A) ::= args(L) COMMA arg(E). {A = sl_build_list_add(parse, L, E);}
%type arg {struct sl_ast_argument *}
arg(A) ::= arg_value(E). {A = sl_build_argument(parse, NULL, E);}
arg(A) ::= ID(N) ARROW arg_value(E). {A = sl_build_argument(parse, N, E);}
%type arg_value {struct sl_ast_expr *}
arg_value(A) ::= expr(E). {A = E;}
arg_value(A) ::= TABLE(F) name(N) hints(H) table_partition(P) table_order(O).
    {A = sl_build_table_argument(parse, F, N, NULL, H, P, O);}
arg_value(A) ::= TABLE(F) subquery(Q) table_partition(P) table_order(O).
    {A = sl_build_table_argument(parse, F, NULL, Q, NULL, P, O);}
arg_value(A) ::= subquery(Q) PARTITION BY term(P) table_order(O).
    {A = sl_build_table_argument(parse, NULL, NULL, Q, NULL, P, O);}
arg_value(A) ::= MODEL_LA(F) name(N).
    {A = sl_build_table_argument(parse, F, N, NULL, NULL, NULL, NULL);}
%type table_partition {struct sl_ast_expr *}
table_partition(A) ::= . {A = NULL;}
table_partition(A) ::= PARTITION BY term(E). {A = E;}
%type table_order {struct sl_ast_order_item *}
table_order(A) ::= . [BELOW_ORDER] {A = NULL;}
table_order(A) ::= ORDER BY order_item(I). {A = I;}

/* Special forms; the names that the calls get stand in ast.h. */
function_call(A) ::= BARE_FUNCTION(F). {A = sl_build_bare_call(parse, F, NULL);}
function_call(A) ::= BARE_FUNCTION(F) LP RP. {A = sl_build_bare_call(parse, F, NULL);}
function_call(A) ::= BARE_FUNCTION(F) LP NUMBER(P) RP. {A = sl_build_bare_call(parse, F, P);}
function_call(A) ::= DESCRIPTOR(F) LP ids(L) RP. {A = sl_build_descriptor(parse, F, L);}
function_call(A) ::= EXTRACT(F) LP unit(U) FROM expr(E) RP.
    {A = sl_build_special(parse, F, "EXTRACT", U, E, NULL, NULL);}
function_call(A) ::= FLOOR(F) LP expr(E) TO unit(U) RP.
    {A = sl_build_special(parse, F, "FLOOR", E, U, NULL, NULL);}
function_call(A) ::= CEIL(F) LP expr(E) TO unit(U) RP.
    {A = sl_build_special(parse, F, "CEIL", E, U, NULL, NULL);}
function_call(A) ::= FLOOR(F) LP expr(E) RP.
    {A = sl_build_special(parse, F, "FLOOR", E, NULL, NULL, NULL);}
function_call(A) ::= CEIL(F) LP expr(E) RP.
    {A = sl_build_special(parse, F, "CEIL", E, NULL, NULL, NULL);}
function_call(A) ::= TIMESTAMPADD(F) LP unit(U) COMMA expr(E) COMMA expr(X) RP.
    {A = sl_build_special(parse, F, "TIMESTAMPADD", U, E, X, NULL);}
function_call(A) ::= TIMESTAMPDIFF(F) LP unit(U) COMMA expr(E) COMMA expr(X) RP.
    {A = sl_build_special(parse, F, "TIMESTAMPDIFF", U, E, X, NULL);}
function_call(A) ::= POSITION(F) LP term(E) IN term(X) RP.
    {A = sl_build_special(parse, F, "POSITION", E, X, NULL, NULL);}
function_call(A) ::= POSITION(F) LP term(E) IN term(X) FROM term(I) RP.
    {A = sl_build_special(parse, F, "POSITION", E, X, I, NULL);}
function_call(A) ::= OVERLAY(F) LP expr(E) PLACING expr(X) FROM expr(I) RP.
    {A = sl_build_special(parse, F, "OVERLAY", E, X, I, NULL);}
function_call(A) ::= OVERLAY(F) LP expr(E) PLACING expr(X) FROM expr(I) FOR expr(N) RP.
    {A = sl_build_special(parse, F, "OVERLAY", E, X, I, N);}
function_call(A) ::= OVERLAY(F) LP exprs(L) RP. {A = sl_build_plain_call(parse, F, L);}
function_call(A) ::= SUBSTRING(F) LP expr(E) FROM expr(I) RP.
    {A = sl_build_special(parse, F, "SUBSTRING", E, I, NULL, NULL);}
function_call(A) ::= SUBSTRING(F) LP expr(E) FROM expr(I) FOR expr(N) RP.
    {A = sl_build_special(parse, F, "SUBSTRING", E, I, N, NULL);}
function_call(A) ::= SUBSTRING(F) LP expr(E) FOR expr(N) RP.
    {A = sl_build_substring_for(parse, F, E, N);}
function_call(A) ::= SUBSTRING(F) LP exprs(L) RP. {A = sl_build_plain_call(parse, F, L);}
function_call(A) ::= TRIM(F) LP expr(E) RP.
    {A = sl_build_special(parse, F, "BTRIM", E, NULL, NULL, NULL);}
function_call(A) ::= TRIM(F) LP expr(S) FROM expr(E) RP.
    {A = sl_build_special(parse, F, "BTRIM", E, S, NULL, NULL);}
function_call(A) ::= TRIM(F) LP expr(E) COMMA expr(S) RP.
    {A = sl_build_special(parse, F, "BTRIM", E, S, NULL, NULL);}
function_call(A) ::= TRIM(F) LP trim_side(D) expr(S) FROM expr(E) RP.
    {A = sl_build_special(parse, F, D, E, S, NULL, NULL);}
function_call(A) ::= TRIM(F) LP trim_side(D) FROM expr(E) RP.
    {A = sl_build_special(parse, F, D, E, NULL, NULL, NULL);}
function_call(A) ::= TRIM(F) LP trim_side(D) expr(E) RP.
    {A = sl_build_special(parse, F, D, E, NULL, NULL, NULL);}
%type trim_side {const char *}
trim_side(A) ::= BOTH. {A = "BTRIM";}
trim_side(A) ::= LEADING. {A = "LTRIM";}
trim_side(A) ::= TRAILING. {A = "RTRIM";}
%type unit {struct sl_ast_expr *}
unit(A) ::= UNIT(T). {A = sl_build_unit_expr(parse, T);}
unit(A) ::= STRING(T). {A = sl_build_unit_expr(parse, T);}

/* ---- JSON functions ---- */

%type json {struct sl_ast_expr *}
postfix(A) ::= json(E) RP. {A = sl_build_json_done(parse, E);}
postfix(A) ::= json(E) RP FILTER LP WHERE expr(F) RP. {A = sl_build_json_filter(parse, E, F);}
json(A) ::= JSON_EXISTS(F) LP expr(E) COMMA expr(P).
    {A = sl_build_json_path(parse, F, SL_AST_JSON_EXISTS, E, P);}
json(A) ::= JSON_EXISTS(F) LP expr(E) COMMA expr(P) json_behavior(B) ON ERROR.
    {A = sl_build_json_on_error(sl_build_json_path(parse, F, SL_AST_JSON_EXISTS, E, P), B);}
json(A) ::= JSON_VALUE(F) LP expr(E) COMMA expr(P) returning(T) json_on(B).
    {A = sl_build_json_clauses(parse, F, SL_AST_JSON_VALUE, E, P, T, SL_AST_JSON_WRAPPER_UNSAID,
        B);}
json(A) ::= JSON_QUERY(F) LP expr(E) COMMA expr(P) returning(T) json_wrapper(W) json_on(B).
    {A = sl_build_json_clauses(parse, F, SL_AST_JSON_QUERY, E, P, T, W, B);}
json(A) ::= JSON_OBJECT(F) LP json_pairs(L) json_null(N).
    {A = sl_build_json_pairs(parse, F, SL_AST_JSON_OBJECT, L, N);}
json(A) ::= JSON_OBJECT(F) LP.
    {A = sl_build_json_pairs(parse, F, SL_AST_JSON_OBJECT, NULL, SL_AST_JSON_ON_NULL_UNSAID);}
json(A) ::= JSON_OBJECTAGG(F) LP json_pair(P) json_null(N).
    {A = sl_build_json_pairs(parse, F, SL_AST_JSON_OBJECTAGG, sl_build_list(parse, P), N);}
json(A) ::= JSON_ARRAY(F) LP.
    {A = sl_build_json_values(parse, F, SL_AST_JSON_ARRAY, NULL, NULL, SL_AST_JSON_ON_NULL_UNSAID);}
json(A) ::= JSON_ARRAY(F) LP exprs(L) json_null(N).
    {A = sl_build_json_values(parse, F, SL_AST_JSON_ARRAY, L, NULL, N);}
json(A) ::= JSON_ARRAYAGG(F) LP expr(E) order_by_opt(O) json_null(N).
    {A = sl_build_json_values(parse, F, SL_AST_JSON_ARRAYAGG, sl_build_list(parse, E), O, N);}

%type returning {struct sl_ast_type *}
returning(A) ::= . {A = NULL;}
returning(A) ::= RETURNING type(T). {A = T;}
%type json_behavior {struct sl_build_behavior}
json_behavior(A) ::= NULL. {A = sl_build_behavior(SL_AST_JSON_NULL, NULL);}
json_behavior(A) ::= ERROR. {A = sl_build_behavior(SL_AST_JSON_ERROR, NULL);}
json_behavior(A) ::= TRUE. {A = sl_build_behavior(SL_AST_JSON_TRUE, NULL);}
json_behavior(A) ::= FALSE. {A = sl_build_behavior(SL_AST_JSON_FALSE, NULL);}
json_behavior(A) ::= UNKNOWN. {A = sl_build_behavior(SL_AST_JSON_UNKNOWN, NULL);}
json_behavior(A) ::= EMPTY ARRAY_WORD. {A = sl_build_behavior(SL_AST_JSON_EMPTY_ARRAY, NULL);}
json_behavior(A) ::= EMPTY OBJECT. {A = sl_build_behavior(SL_AST_JSON_EMPTY_OBJECT, NULL);}
json_behavior(A) ::= DEFAULT expr(E). {A = sl_build_behavior(SL_AST_JSON_DEFAULT, E);}
%type json_on {struct sl_build_on}
json_on(A) ::= . {A = (struct sl_build_on){0};}
json_on(A) ::= json_behavior(B) ON EMPTY. {A = (struct sl_build_on){.on_empty = B};}
json_on(A) ::= json_behavior(B) ON ERROR. {A = (struct sl_build_on){.on_error = B};}
json_on(A) ::= json_behavior(B) ON EMPTY json_behavior(C) ON ERROR.
    {A = (struct sl_build_on){.on_empty = B, .on_error = C};}
json_on(A) ::= json_behavior(B) ON ERROR json_behavior(C) ON EMPTY.
    {A = (struct sl_build_on){.on_empty = C, .on_error = B};}
%type json_wrapper {enum sl_ast_json_wrapper}
json_wrapper(A) ::= . {A = SL_AST_JSON_WRAPPER_UNSAID;}
json_wrapper(A) ::= WITHOUT array_opt WRAPPER. {A = SL_AST_JSON_WRAPPER_WITHOUT;}
json_wrapper(A) ::= WITH array_opt WRAPPER. {A = SL_AST_JSON_WRAPPER_UNCONDITIONAL;}
json_wrapper(A) ::= WITH CONDITIONAL array_opt WRAPPER. {A = SL_AST_JSON_WRAPPER_CONDITIONAL;}
json_wrapper(A) ::= WITH UNCONDITIONAL array_opt WRAPPER. {A = SL_AST_JSON_WRAPPER_UNCONDITIONAL;}
array_opt ::= .
array_opt ::= ARRAY_WORD.
%type json_null {enum sl_ast_json_on_null}
json_null(A) ::= . {A = SL_AST_JSON_ON_NULL_UNSAID;}
json_null(A) ::= NULL ON NULL. {A = SL_AST_JSON_NULL_ON_NULL;}
json_null(A) ::= ABSENT ON NULL. {A = SL_AST_JSON_ABSENT_ON_NULL;}
%type json_pairs {struct sl_ast_list *}
json_pairs(A) ::= json_pair(P). {A = sl_build_list(parse, P);}
json_pairs(A) ::= json_pairs(L) COMMA json_pair(P). {A = sl_build_list_add(parse, L, P);}
%type json_pair {struct sl_ast_when *}
json_pair(A) ::= expr(K) VALUE expr(V). {A = sl_build_when(parse, K, V);}
json_pair(A) ::= KEY expr(K) VALUE expr(V). {A = sl_build_when(parse, K, V);}
json_pair(A) ::= expr(K) COLON expr(V). {A = sl_build_when(parse, K, V);}

/* ---- ORDER BY and windows ---- */

%type order_items {struct sl_ast_list *}
order_items(A) ::= order_item(I). {A = sl_build_list(parse, I);}
order_items(A) ::= order_items(L) COMMA order_item(I). {A = sl_build_list_add(parse, L, I);}
%type order_item {struct sl_ast_order_item *}
order_item(A) ::= expr(E) direction(D) nulls_order(N). {A = sl_build_order_item(parse, E, D, N);}
%type direction {bool}
direction(A) ::= . {A = false;}
direction(A) ::= ASC. {A = false;}
direction(A) ::= DESC. {A = true;}
%type nulls_order {enum sl_ast_order_nulls}
nulls_order(A) ::= . {A = SL_AST_NULLS_DEFAULT;}
nulls_order(A) ::= NULLS FIRST. {A = SL_AST_NULLS_FIRST;}
nulls_order(A) ::= NULLS LAST. {A = SL_AST_NULLS_LAST;}
%type order_by {struct sl_ast_list *}
order_by(A) ::= ORDER BY order_items(L). {A = L;}
%type order_by_opt {struct sl_ast_list *}
order_by_opt(A) ::= . {A = NULL;}
order_by_opt(A) ::= order_by(L). {A = L;}

%type over {struct sl_ast_window *}
over(A) ::= ID(T). {A = sl_build_window_name(parse, T);}
over(A) ::= window_spec(W). {A = W;}
%type window_spec {struct sl_ast_window *}
window_spec(A) ::= LP(F) window_base(B) partition_by(P) order_by_opt(O) frame(W) RP.
    {A = sl_build_window(parse, F, B, P, O, W);}
%type window_base {const struct sl_token *}
window_base(A) ::= . {A = NULL;}
window_base(A) ::= ID(T). {A = T;}
%type partition_by {struct sl_ast_list *}
partition_by(A) ::= . {A = NULL;}
partition_by(A) ::= PARTITION BY exprs(L). {A = L;}
%type frame {struct sl_ast_window *}
frame(A) ::= . {A = NULL;}
frame(A) ::= frame_unit(U) bound(B).
    {A = sl_build_frame(parse, U, B, sl_build_bound(SL_AST_BOUND_CURRENT_ROW, NULL));}
frame(A) ::= frame_unit(U) BETWEEN bound(B) AND bound(C). {A = sl_build_frame(parse, U, B, C);}
%type frame_unit {enum sl_ast_frame_unit}
frame_unit(A) ::= ROWS. {A = SL_AST_FRAME_ROWS;}
frame_unit(A) ::= RANGE. {A = SL_AST_FRAME_RANGE;}
frame_unit(A) ::= GROUPS. {A = SL_AST_FRAME_GROUPS;}
%type bound {struct sl_ast_bound}
bound(A) ::= UNBOUNDED PRECEDING. {A = sl_build_bound(SL_AST_BOUND_UNBOUNDED_PRECEDING, NULL);}
bound(A) ::= UNBOUNDED FOLLOWING. {A = sl_build_bound(SL_AST_BOUND_UNBOUNDED_FOLLOWING, NULL);}
bound(A) ::= CURRENT ROW_WORD. {A = sl_build_bound(SL_AST_BOUND_CURRENT_ROW, NULL);}
bound(A) ::= term(E) PRECEDING. {A = sl_build_bound(SL_AST_BOUND_PRECEDING, E);}
bound(A) ::= term(E) FOLLOWING. {A = sl_build_bound(SL_AST_BOUND_FOLLOWING, E);}

/* ---- queries ---- */

%type query {struct sl_ast_query *}
%type any_query {struct sl_ast_query *}
%type subquery {struct sl_ast_query *}
%type simple_query {struct sl_ast *}
%type query_clause {struct sl_ast *}
any_query(A) ::= query(Q). {A = Q;}
any_query(A) ::= subquery(Q). {A = Q;}
subquery(A) ::= LP(F) query(Q) RP. {A = sl_build_subquery(parse, F, Q);}
subquery(A) ::= LP(F) subquery(Q) RP. {A = sl_build_subquery(parse, F, Q);}
query(A) ::= simple_query(B). {A = sl_build_query(parse, NULL, B, NULL);}
query(A) ::= query_clause(B) query_tail(T). {A = sl_build_query(parse, NULL, B, T);}
query(A) ::= with(W) query_clause(B). {A = sl_build_query(parse, W, B, NULL);}
query(A) ::= with(W) query_clause(B) query_tail(T). {A = sl_build_query(parse, W, B, T);}
query_clause(A) ::= simple_query(B). {A = B;}
query_clause(A) ::= subquery(Q). {A = &Q->ast;}

%type query_tail {struct sl_build_tail *}
query_tail(A) ::= order_by(O). {A = sl_build_tail(parse, O, NULL);}
query_tail(A) ::= order_by_opt(O) limit(L). {A = sl_build_tail(parse, O, L);}
%type limit {struct sl_build_tail *}
limit(A) ::= limit_clause(L). {A = sl_build_limit(parse, L, NULL);}
limit(A) ::= offset_clause(O). {A = sl_build_limit(parse, NULL, O);}
limit(A) ::= limit_clause(L) offset_clause(O). {A = sl_build_limit(parse, L, O);}
limit(A) ::= offset_clause(O) limit_clause(L). {A = sl_build_limit(parse, L, O);}
%type limit_clause {struct sl_ast_expr *}
limit_clause(A) ::= LIMIT expr(E). {A = E;}
limit_clause(A) ::= LIMIT ALL. {A = NULL;}
limit_clause(A) ::= FETCH first_next expr(E) row_rows ONLY. {A = E;}
limit_clause(A) ::= FETCH(F) first_next row_rows ONLY. {A = sl_build_one(parse, F);}
first_next ::= FIRST.
first_next ::= NEXT.
row_rows ::= ROW_WORD.
row_rows ::= ROWS.
%type offset_clause {struct sl_ast_expr *}
offset_clause(A) ::= OFFSET expr(E). {A = E;}
offset_clause(A) ::= OFFSET expr(E) row_rows. {A = E;}

%type with {struct sl_build_with *}
with(A) ::= WITH(F) ctes(L). {A = sl_build_with(parse, F, L, false);}
with(A) ::= WITH(F) RECURSIVE ctes(L). {A = sl_build_with(parse, F, L, true);}
%type ctes {struct sl_ast_list *}
ctes(A) ::= cte(C). {A = sl_build_list(parse, C);}
ctes(A) ::= ctes(L) COMMA cte(C). {A = sl_build_list_add(parse, L, C);}
%type cte {struct sl_ast_cte *}
cte(A) ::= ID(N) id_list_opt(C) AS subquery(Q). {A = sl_build_cte(parse, N, C, Q);}
cte(A) ::= ID(N) id_list_opt(C) AS MATERIALIZED subquery(Q). {A = sl_build_cte(parse, N, C, Q);}
cte(A) ::= ID(N) id_list_opt(C) AS NOT MATERIALIZED subquery(Q). {A = sl_build_cte(parse, N, C, Q);}

simple_query(A) ::= select(S). {A = &S->ast;}
simple_query(A) ::= VALUES(F) exprs(L). {A = sl_build_values(parse, F, L);}
simple_query(A) ::= TABLE(F) name(N). {A = sl_build_explicit_table(parse, F, N);}
simple_query(A) ::= query_clause(L) UNION all_opt(Q) query_clause(R).
    {A = sl_build_set_operation(parse, SL_AST_UNION, Q, L, R);}
simple_query(A) ::= query_clause(L) EXCEPT all_opt(Q) query_clause(R).
    {A = sl_build_set_operation(parse, SL_AST_EXCEPT, Q, L, R);}
simple_query(A) ::= query_clause(L) INTERSECT all_opt(Q) query_clause(R).
    {A = sl_build_set_operation(parse, SL_AST_INTERSECT, Q, L, R);}
%type all_opt {bool}
all_opt(A) ::= . {A = false;}
all_opt(A) ::= DISTINCT. {A = false;}
all_opt(A) ::= ALL. {A = true;}

%type select {struct sl_ast_select *}
select(A) ::= SELECT(F) hints(H) distinct(D) select_items(L) from(T) where(W) group_by(G) having(C)
        windows(N) qualify(Q).
    {
    A = sl_build_select(parse, F, H, D, L, T);
    sl_build_select_clauses(parse, A, W, G, C, N, Q);
}
%type distinct {struct sl_build_distinct}
distinct(A) ::= . {A = (struct sl_build_distinct){SL_AST_ALL_IMPLIED, NULL};}
distinct(A) ::= ALL. {A = (struct sl_build_distinct){SL_AST_ALL, NULL};}
distinct(A) ::= DISTINCT. {A = (struct sl_build_distinct){SL_AST_DISTINCT, NULL};}
distinct(A) ::= DISTINCT ON LP exprs(L) RP. {A = (struct sl_build_distinct){SL_AST_DISTINCT, L};}
%type select_items {struct sl_ast_list *}
select_items(A) ::= select_item(I). {A = sl_build_list(parse, I);}
select_items(A) ::= select_items(L) COMMA select_item(I). {A = sl_build_list_add(parse, L, I);}
%type select_item {struct sl_ast_select_item *}
select_item(A) ::= STAR(T). {A = sl_build_select_item(parse, sl_build_star(parse, NULL, T), NULL);}
select_item(A) ::= expr(E). {A = sl_build_select_item(parse, E, NULL);}
select_item(A) ::= expr(E) ID(N). {A = sl_build_select_item(parse, E, N);}
select_item(A) ::= expr(E) AS label(N). {A = sl_build_select_item(parse, E, N);}

%type from {struct sl_ast_list *}
from(A) ::= . {A = NULL;}
from(A) ::= FROM table_refs(L). {A = L;}
%type where {struct sl_ast_expr *}
where(A) ::= . {A = NULL;}
where(A) ::= WHERE expr(E). {A = E;}
%type having {struct sl_ast_expr *}
having(A) ::= . {A = NULL;}
having(A) ::= HAVING expr(E). {A = E;}
%type qualify {struct sl_ast_expr *}
qualify(A) ::= . {A = NULL;}
qualify(A) ::= QUALIFY expr(E). {A = E;}
%type windows {struct sl_ast_list *}
windows(A) ::= . {A = NULL;}
windows(A) ::= WINDOW window_list(L). {A = L;}
%type window_list {struct sl_ast_list *}
window_list(A) ::= window(W). {A = sl_build_list(parse, W);}
window_list(A) ::= window_list(L) COMMA window(W). {A = sl_build_list_add(parse, L, W);}
%type window {struct sl_ast_window *}
window(A) ::= ID(N) AS window_spec(W). {A = sl_build_window_define(parse, N, W);}

%type group_by {struct sl_build_group_by *}
group_by(A) ::= . {A = NULL;}
group_by(A) ::= GROUP BY all_distinct(Q) groups(L). {A = sl_build_group_by(parse, Q, L);}
%type all_distinct {enum sl_ast_quantifier}
all_distinct(A) ::= . {A = SL_AST_ALL_IMPLIED;}
all_distinct(A) ::= ALL. {A = SL_AST_ALL;}
all_distinct(A) ::= DISTINCT. {A = SL_AST_DISTINCT;}
%type groups {struct sl_ast_list *}
groups(A) ::= group(G). {A = sl_build_list(parse, G);}
groups(A) ::= groups(L) COMMA group(G). {A = sl_build_list_add(parse, L, G);}
%type group {struct sl_ast_group *}
group(A) ::= expr(E). {A = sl_build_group(parse, SL_AST_GROUP_EXPR, NULL, E, NULL);}
group(A) ::= LP(F) RP. {A = sl_build_group(parse, SL_AST_GROUP_EMPTY, F, NULL, NULL);}
group(A) ::= GROUPING(F) SETS LP groups(L) RP.
    {A = sl_build_group(parse, SL_AST_GROUP_SETS, F, NULL, L);}
group(A) ::= CUBE(F) LP groups(L) RP. {A = sl_build_group(parse, SL_AST_GROUP_CUBE, F, NULL, L);}
group(A) ::= ROLLUP(F) LP groups(L) RP.
    {A = sl_build_group(parse, SL_AST_GROUP_ROLLUP, F, NULL, L);}

/* ---- FROM ---- */

%type table_refs {struct sl_ast_list *}
table_refs(A) ::= table_ref(T). {A = sl_build_list(parse, T);}
table_refs(A) ::= table_refs(L) COMMA table_ref(T). {A = sl_build_list_add(parse, L, T);}
%type table_ref {struct sl_ast_from *}
table_ref(A) ::= table_factor(T). {A = T;}
table_ref(A) ::= table_ref(L) CROSS JOIN table_factor(R).
    {A = sl_build_join(parse, SL_AST_JOIN_CROSS, false, L, R, NULL, NULL);}
table_ref(A) ::= table_ref(L) NATURAL join_kind(K) JOIN table_factor(R).
    {A = sl_build_join(parse, K, true, L, R, NULL, NULL);}
table_ref(A) ::= table_ref(L) join_kind(K) JOIN table_ref(R) ON expr(E).
    {A = sl_build_join(parse, K, false, L, R, E, NULL);}
table_ref(A) ::= table_ref(L) join_kind(K) JOIN table_ref(R) USING id_list(U).
    {A = sl_build_join(parse, K, false, L, R, NULL, U);}
%type join_kind {enum sl_ast_join_kind}
join_kind(A) ::= . {A = SL_AST_JOIN_INNER;}
join_kind(A) ::= INNER. {A = SL_AST_JOIN_INNER;}
join_kind(A) ::= LEFT outer_opt. {A = SL_AST_JOIN_LEFT;}
join_kind(A) ::= RIGHT outer_opt. {A = SL_AST_JOIN_RIGHT;}
join_kind(A) ::= FULL outer_opt. {A = SL_AST_JOIN_FULL;}
join_kind(A) ::= LEFT SEMI. {A = SL_AST_JOIN_SEMI;}
join_kind(A) ::= LEFT ANTI. {A = SL_AST_JOIN_ANTI;}
outer_opt ::= .
outer_opt ::= OUTER.

%type table_factor {struct sl_ast_from *}
table_factor(A) ::= table_primary(T) alias_opt(N). {A = sl_build_alias(parse, T, N);}
table_factor(A) ::= table_primary(T) alias_opt(N) MATCH_RECOGNIZE LP match(M) RP alias_opt(B).
    {A = sl_build_match_done(parse, sl_build_alias(parse, T, N), M, B);}
%type alias_opt {struct sl_build_alias *}
alias_opt(A) ::= . {A = NULL;}
alias_opt(A) ::= ID(N) id_list_opt(C). {A = sl_build_alias_new(parse, N, C);}
alias_opt(A) ::= AS label(N) id_list_opt(C). {A = sl_build_alias_new(parse, N, C);}

%type table_primary {struct sl_ast_from *}
table_primary(A) ::= name(N) hints(H) as_of(E). {A = sl_build_from_table(parse, N, H, E);}
table_primary(A) ::= subquery(Q). [SIGN] {A = sl_build_from_query(parse, NULL, Q);}
table_primary(A) ::= LATERAL(F) subquery(Q). {A = sl_build_from_query(parse, F, Q);}
table_primary(A) ::= LP(F) table_ref(T) RP. {A = sl_build_from_parenthesised(parse, F, T);}
table_primary(A) ::= from_function(T). {A = T;}
table_primary(A) ::= LATERAL(F) from_function(T). {A = sl_build_from_lateral(parse, F, T);}
%type from_function {struct sl_ast_from *}
from_function(A) ::= function_call(C) ordinality(O). {A = sl_build_from_call(parse, NULL, C, O);}
from_function(A) ::= TABLE(F) LP function_call(C) RP ordinality(O).
    {A = sl_build_from_call(parse, F, C, O);}
from_function(A) ::= UNNEST(F) LP exprs(L) RP ordinality(O).
    {A = sl_build_from_unnest(parse, F, L, O);}
from_function(A) ::= TABLE(F) LP UNNEST LP exprs(L) RP RP ordinality(O).
    {A = sl_build_from_unnest(parse, F, L, O);}
%type ordinality {bool}
ordinality(A) ::= . {A = false;}
ordinality(A) ::= WITH ORDINALITY. {A = true;}
%type as_of {struct sl_ast_expr *}
as_of(A) ::= . {A = NULL;}
as_of(A) ::= FOR SYSTEM_TIME AS OF term(E). {A = E;}

/* ---- MATCH_RECOGNIZE ---- */

%type match {struct sl_ast_from_match *}
match(A) ::= match_head(M) PATTERN LP pattern(P) RP match_within(W) match_subsets(S) DEFINE
        defines(D).
    {A = sl_build_match_pattern(parse, M, P, W, S, D);}
%type match_head {struct sl_ast_from_match *}
match_head(A) ::= partition_by(P) order_by_opt(O) measures(M) match_rows(R) match_skip(S).
    {A = sl_build_match_head(parse, P, O, M, R, S);}
%type measures {struct sl_ast_list *}
measures(A) ::= . {A = NULL;}
measures(A) ::= MEASURES measure_list(L). {A = L;}
%type measure_list {struct sl_ast_list *}
measure_list(A) ::= measure(M). {A = sl_build_list(parse, M);}
measure_list(A) ::= measure_list(L) COMMA measure(M). {A = sl_build_list_add(parse, L, M);}
%type measure {struct sl_ast_named_expr *}
measure(A) ::= expr(E) AS label(N). {A = sl_build_named_expr(parse, N, E);}
%type match_rows {enum sl_ast_match_rows}
match_rows(A) ::= . {A = SL_AST_ROWS_UNSAID;}
match_rows(A) ::= ONE ROW_WORD PER MATCH. {A = SL_AST_ONE_ROW;}
match_rows(A) ::= ALL ROWS PER MATCH. {A = SL_AST_ALL_ROWS;}
%type match_skip {struct sl_build_skip}
match_skip(A) ::= . {A = (struct sl_build_skip){SL_AST_SKIP_UNSAID, NULL};}
match_skip(A) ::= AFTER MATCH SKIP PAST LAST ROW_WORD.
    {A = (struct sl_build_skip){SL_AST_SKIP_PAST_LAST_ROW, NULL};}
match_skip(A) ::= AFTER MATCH SKIP TO NEXT ROW_WORD.
    {A = (struct sl_build_skip){SL_AST_SKIP_TO_NEXT_ROW, NULL};}
match_skip(A) ::= AFTER MATCH SKIP TO FIRST ID(V).
    {A = (struct sl_build_skip){SL_AST_SKIP_TO_FIRST, V};}
match_skip(A) ::= AFTER MATCH SKIP TO LAST ID(V).
    {A = (struct sl_build_skip){SL_AST_SKIP_TO_LAST, V};}
match_skip(A) ::= AFTER MATCH SKIP TO ID(V). {A = (struct sl_build_skip){SL_AST_SKIP_TO_LAST, V};}
%type match_within {struct sl_ast_expr *}
match_within(A) ::= . {A = NULL;}
match_within(A) ::= WITHIN expr(E). {A = E;}
%type match_subsets {struct sl_ast_list *}
match_subsets(A) ::= . {A = NULL;}
match_subsets(A) ::= SUBSET subset_list(L). {A = L;}
%type subset_list {struct sl_ast_list *}
subset_list(A) ::= subset(S). {A = sl_build_list(parse, S);}
subset_list(A) ::= subset_list(L) COMMA subset(S). {A = sl_build_list_add(parse, L, S);}
%type subset {struct sl_ast_match_subset *}
subset(A) ::= ID(N) EQ id_list(L). {A = sl_build_subset(parse, N, L);}
%type defines {struct sl_ast_list *}
defines(A) ::= define(D). {A = sl_build_list(parse, D);}
defines(A) ::= defines(L) COMMA define(D). {A = sl_build_list_add(parse, L, D);}
%type define {struct sl_ast_named_expr *}
define(A) ::= ID(N) AS expr(E). {A = sl_build_named_expr(parse, N, E);}

%type pattern {struct sl_ast_pattern *}
%type pattern_concat {struct sl_ast_pattern *}
%type pattern_quantified {struct sl_ast_pattern *}
%type pattern_primary {struct sl_ast_pattern *}
pattern(A) ::= pattern_concat(P). {A = P;}
pattern(A) ::= pattern(L) PIPE pattern_concat(R).
    {A = sl_build_pattern_join(parse, SL_AST_PATTERN_ALTERNATION, L, R);}
pattern_concat(A) ::= pattern_quantified(P). {A = P;}
pattern_concat(A) ::= pattern_concat(L) pattern_quantified(R).
    {A = sl_build_pattern_join(parse, SL_AST_PATTERN_CONCAT, L, R);}
pattern_quantified(A) ::= pattern_primary(P). {A = P;}
pattern_quantified(A) ::= pattern_primary(P) pattern_repeat(R).
    {A = sl_build_pattern_repeat(parse, P, R, false);}
pattern_quantified(A) ::= pattern_primary(P) pattern_repeat(R) QUESTION.
    {A = sl_build_pattern_repeat(parse, P, R, true);}
%type pattern_repeat {struct sl_build_repeat}
pattern_repeat(A) ::= STAR. {A = (struct sl_build_repeat){0, -1};}
pattern_repeat(A) ::= PLUS. {A = (struct sl_build_repeat){1, -1};}
pattern_repeat(A) ::= QUESTION. {A = (struct sl_build_repeat){0, 1};}
pattern_repeat(A) ::= LBRACE integer(N) RBRACE. {A = (struct sl_build_repeat){N, N};}
pattern_repeat(A) ::= LBRACE integer(N) COMMA RBRACE. {A = (struct sl_build_repeat){N, -1};}
pattern_repeat(A) ::= LBRACE COMMA integer(M) RBRACE. {A = (struct sl_build_repeat){0, M};}
pattern_repeat(A) ::= LBRACE integer(N) COMMA integer(M) RBRACE.
    {A = (struct sl_build_repeat){N, M};}
pattern_primary(A) ::= ID(T). {A = sl_build_pattern(parse, SL_AST_PATTERN_VARIABLE, T, NULL);}
pattern_primary(A) ::= DOLLAR(T). {A = sl_build_pattern(parse, SL_AST_PATTERN_END, T, NULL);}
pattern_primary(A) ::= CARET(T). {A = sl_build_pattern(parse, SL_AST_PATTERN_START, T, NULL);}
pattern_primary(A) ::= LP(F) RP. {A = sl_build_pattern(parse, SL_AST_PATTERN_EMPTY, F, NULL);}
pattern_primary(A) ::= LP pattern(P) RP. {A = sl_build_pattern_group(parse, P);}
pattern_primary(A) ::= LEXCLUDE(F) pattern(P) REXCLUDE.
    {A = sl_build_pattern(parse, SL_AST_PATTERN_EXCLUDE, F, sl_build_list(parse, P));}
pattern_primary(A) ::= PERMUTE(F) LP patterns(L) RP.
    {A = sl_build_pattern(parse, SL_AST_PATTERN_PERMUTE, F, L);}
%type patterns {struct sl_ast_list *}
patterns(A) ::= pattern(P). {A = sl_build_list(parse, P);}
patterns(A) ::= patterns(L) COMMA pattern(P). {A = sl_build_list_add(parse, L, P);}
