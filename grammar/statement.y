/* The statements.  lemon has no include: meson joins query.y and this file to one grammar. */

%type statement {struct sl_ast *}
%type explainable {struct sl_ast *}
%type preparable {struct sl_ast *}
%type insert {struct sl_ast_insert *}
%type query_statement {struct sl_ast *}
query_statement(A) ::= any_query(Q). {A = &Q->ast;}
statement(A) ::= explainable(S). {A = S;}
preparable(A) ::= query_statement(S). {A = S;}
preparable(A) ::= insert(S). {A = &S->ast;}
preparable(A) ::= update(S). {A = &S->ast;}
preparable(A) ::= delete(S). {A = &S->ast;}
explainable(A) ::= preparable(S). {A = S;}
explainable(A) ::= create_table_as(S). {A = &S->ast;}
explainable(A) ::= create_materialized(S). {A = &S->ast;}
explainable(A) ::= statement_set(S). {A = S;}
explainable(A) ::= EXECUTE query_statement(S). {A = S;}
explainable(A) ::= EXECUTE insert(S). {A = sl_build_insert_execute(S);}

/* ---- INSERT, UPDATE, DELETE, statement sets ---- */

%type insert_head {struct sl_ast_insert *}
insert_head(A) ::= INSERT(F) INTO name(N) hints(H). {A = sl_build_insert(parse, F, N, H, false);}
insert_head(A) ::= INSERT(F) INTO TABLE name(N) hints(H).
    {A = sl_build_insert(parse, F, N, H, false);}
insert_head(A) ::= INSERT(F) OVERWRITE name(N) hints(H).
    {A = sl_build_insert(parse, F, N, H, true);}
insert_head(A) ::= INSERT(F) OVERWRITE TABLE name(N) hints(H).
    {A = sl_build_insert(parse, F, N, H, true);}
insert(A) ::= insert_head(I) insert_partition(P) any_query(Q) on_conflict(X).
    {A = sl_build_insert_query(parse, I, P, NULL, Q, X);}
insert(A) ::= insert_head(I) insert_partition(P) LP names(C) RP any_query(Q) on_conflict(X).
    {A = sl_build_insert_query(parse, I, P, C, Q, X);}
insert(A) ::= insert_head(I) DEFAULT VALUES.
    {A = sl_build_insert_query(parse, I, NULL, NULL, NULL, SL_AST_CONFLICT_UNSAID);}
%type insert_partition {struct sl_ast_list *}
insert_partition(A) ::= . {A = NULL;}
insert_partition(A) ::= PARTITION LP assignments(L) RP. {A = L;}
%type on_conflict {enum sl_ast_on_conflict}
on_conflict(A) ::= . {A = SL_AST_CONFLICT_UNSAID;}
on_conflict(A) ::= ON CONFLICT DO NOTHING. {A = SL_AST_CONFLICT_NOTHING;}
on_conflict(A) ::= ON CONFLICT DO ERROR. {A = SL_AST_CONFLICT_ERROR;}
on_conflict(A) ::= ON CONFLICT DO DEDUPLICATE. {A = SL_AST_CONFLICT_DEDUPLICATE;}
%type assignments {struct sl_ast_list *}
assignments(A) ::= assignment(S). {A = sl_build_list(parse, S);}
assignments(A) ::= assignments(L) COMMA assignment(S). {A = sl_build_list_add(parse, L, S);}
%type assignment {struct sl_ast_assignment *}
assignment(A) ::= name(N) EQ expr(E). {A = sl_build_assignment(parse, N, E);}

%type update {struct sl_ast_update *}
update(A) ::= UPDATE(F) name(N) hints(H) alias_opt(B) SET assignments(L) where(W).
    {A = sl_build_update(parse, F, N, H, B, L, W);}
%type delete {struct sl_ast_delete *}
delete(A) ::= DELETE(F) FROM name(N) hints(H) alias_opt(B) where(W).
    {A = sl_build_delete(parse, F, N, H, B, W);}
statement(A) ::= TRUNCATE names(L). {A = sl_build_truncate(parse, L);}
statement(A) ::= TRUNCATE TABLE names(L). {A = sl_build_truncate(parse, L);}

/* The members after the first, and END, are put in by parser.c: each is a statement of its own. */
%type statement_set {struct sl_ast *}
statement_set(A) ::= set_start(F). {A = sl_build_statement_set(parse, F, NULL);}
statement_set(A) ::= set_start(F) set_member(S). {A = sl_build_statement_set(parse, F, S);}
%type set_start {const struct sl_token *}
set_start(A) ::= EXECUTE(F) STATEMENT SET BEGIN. {A = F;}
set_start(A) ::= BEGIN(F) STATEMENT SET. {A = F;}
set_start(A) ::= STATEMENT(F) SET BEGIN. {A = F;}
%type set_member {struct sl_ast *}
set_member(A) ::= insert(S). {A = &S->ast;}
set_member(A) ::= create_table_as(S). {A = &S->ast;}

/* ---- CREATE TABLE ---- */

%type create {struct sl_build_create}
create(A) ::= CREATE(F) create_or(O). {A = (struct sl_build_create){F, O, false, false};}
create(A) ::= CREATE(F) create_or(O) TEMPORARY. {A = (struct sl_build_create){F, O, true, false};}
create(A) ::= CREATE(F) create_or(O) TEMPORARY SYSTEM.
    {A = (struct sl_build_create){F, O, true, true};}
%type create_or {enum sl_build_or}
create_or(A) ::= . {A = SL_BUILD_OR_NOTHING;}
create_or(A) ::= OR REPLACE. {A = SL_BUILD_OR_REPLACE;}
create_or(A) ::= OR ALTER. {A = SL_BUILD_OR_ALTER;}
%type if_not_exists {bool}
if_not_exists(A) ::= . {A = false;}
if_not_exists(A) ::= IF NOT EXISTS. {A = true;}
%type if_exists {bool}
if_exists(A) ::= . {A = false;}
if_exists(A) ::= IF EXISTS. {A = true;}

%type create_table {struct sl_ast_create_table *}
%type create_table_as {struct sl_ast_create_table *}
statement(A) ::= create_table(T). {A = sl_build_create_table_done(parse, T);}
statement(A) ::= create_table(T) LIKE name(N) like_options(L).
    {A = sl_build_create_table_like(parse, T, N, L);}
create_table_as(A) ::= create_table(T) AS any_query(Q). {A = sl_build_create_table_as(parse, T, Q);}
create_table(A) ::= create(C) TABLE if_not_exists(I) name(N) table_schema(S).
    {A = sl_build_create_table(parse, &C, I, N, S);}
create_table(A) ::= REPLACE(F) TABLE name(N) table_schema(S).
    {A = sl_build_replace_table(parse, F, N, S);}
create_table(A) ::= create_table(T) COMMENT STRING(C). {A = T; T->comment = C->text;}
create_table(A) ::= create_table(T) distribution(D). {A = T; T->distribution = D;}
create_table(A) ::= create_table(T) PARTITIONED BY id_list(L).
    {A = T; T->partitioned_by = sl_build_ids(parse, L, &T->partitioned_count);}
create_table(A) ::= create_table(T) WITH options(O). {A = T; T->options = O;}

%type distribution {struct sl_ast_distribution}
distribution(A) ::= DISTRIBUTED(F) BY id_list(L) buckets(N).
    {A = sl_build_distribution(parse, F, SL_AST_DISTRIBUTION_UNKNOWN, L, N);}
distribution(A) ::= DISTRIBUTED(F) BY HASH id_list(L) buckets(N).
    {A = sl_build_distribution(parse, F, SL_AST_DISTRIBUTION_HASH, L, N);}
distribution(A) ::= DISTRIBUTED(F) BY RANGE id_list(L) buckets(N).
    {A = sl_build_distribution(parse, F, SL_AST_DISTRIBUTION_RANGE, L, N);}
distribution(A) ::= DISTRIBUTED(F) INTO integer(N) BUCKETS.
    {A = sl_build_distribution(parse, F, SL_AST_DISTRIBUTION_UNKNOWN, NULL, N);}
%type buckets {int64_t}
buckets(A) ::= . {A = 0;}
buckets(A) ::= INTO integer(N) BUCKETS. {A = N;}

%type like_options {struct sl_ast_list *}
like_options(A) ::= . {A = NULL;}
like_options(A) ::= LP RP. {A = NULL;}
like_options(A) ::= LP like_list(L) RP. {A = L;}
%type like_list {struct sl_ast_list *}
like_list(A) ::= like_option(O). {A = sl_build_list(parse, O);}
like_list(A) ::= like_list(L) like_option(O). {A = sl_build_list_add(parse, L, O);}
%type like_option {struct sl_ast_like_option *}
%token_class like_merge INCLUDING|EXCLUDING|OVERWRITING.
%token_class like_feature
    ALL|CONSTRAINTS|DISTRIBUTION|GENERATED|METADATA|OPTIONS|PARTITIONS|WATERMARKS.
like_option(A) ::= like_merge(M) like_feature(F). {A = sl_build_like_option(parse, M, F);}

%type table_schema {struct sl_ast_table_schema *}
table_schema(A) ::= . {A = NULL;}
table_schema(A) ::= LP table_elements(S) RP. {A = S;}
%type table_elements {struct sl_ast_table_schema *}
table_elements(A) ::= table_element(E). {A = sl_build_schema(parse, NULL, E);}
table_elements(A) ::= table_elements(S) COMMA table_element(E). {A = sl_build_schema(parse, S, E);}
%type table_element {struct sl_ast_alter_action *}
table_element(A) ::= column(C). {A = sl_build_element_of(parse, SL_AST_ALTER_ADD_COLUMN, C);}
table_element(A) ::= watermark(W). {A = sl_build_element_of(parse, SL_AST_ALTER_ADD_WATERMARK, W);}
table_element(A) ::= constraint(C).
    {A = sl_build_element_of(parse, SL_AST_ALTER_ADD_CONSTRAINT, C);}

%type column {struct sl_ast_column *}
column(A) ::= ID(N). {A = sl_build_column_def(parse, N, NULL);}
column(A) ::= ID(N) AS expr(E). {A = sl_build_computed_column(parse, N, E);}
column(A) ::= ID(N) AS expr(E) COMMENT STRING(C).
    {A = sl_build_column_comment(parse, sl_build_computed_column(parse, N, E), C);}
column(A) ::= column_typed(C). {A = C;}
%type column_typed {struct sl_ast_column *}
column_typed(A) ::= ID(N) type(T). {A = sl_build_column_def(parse, N, T);}
column_typed(A) ::= column_typed(C) NOT NULL. {A = sl_build_column_null(parse, C, true);}
column_typed(A) ::= column_typed(C) NULL. {A = sl_build_column_null(parse, C, false);}
column_typed(A) ::= column_typed(C) METADATA metadata_from(M) virtual(V).
    {A = sl_build_column_metadata(parse, C, M, V);}
column_typed(A) ::= column_typed(C) constraint_name(N) PRIMARY KEY enforced(E).
    {A = sl_build_column_key(parse, C, N, false, E);}
column_typed(A) ::= column_typed(C) constraint_name(N) UNIQUE enforced(E).
    {A = sl_build_column_key(parse, C, N, true, E);}
column_typed(A) ::= column_typed(C) DEFAULT term(E). {A = sl_build_column_default(parse, C, E);}
column_typed(A) ::= column_typed(C) COMMENT STRING(S). {A = sl_build_column_comment(parse, C, S);}
%type metadata_from {const struct sl_token *}
metadata_from(A) ::= . {A = NULL;}
metadata_from(A) ::= FROM STRING(T). {A = T;}
%type virtual {bool}
virtual(A) ::= . {A = false;}
virtual(A) ::= VIRTUAL. {A = true;}
%type constraint_name {const struct sl_token *}
constraint_name(A) ::= . {A = NULL;}
constraint_name(A) ::= CONSTRAINT ID(T). {A = T;}
%type enforced {enum sl_ast_said}
enforced(A) ::= . {A = SL_AST_UNSAID;}
enforced(A) ::= ENFORCED. {A = SL_AST_YES;}
enforced(A) ::= NOT_LA ENFORCED. {A = SL_AST_NO;}

%type watermark {struct sl_ast_watermark *}
watermark(A) ::= WATERMARK_FOR(F) FOR name(N) AS expr(E). {A = sl_build_watermark(parse, F, N, E);}
%type constraint {struct sl_ast_constraint *}
constraint(A) ::= constraint_name(N) PRIMARY(F) KEY id_list(L) enforced(E).
    {A = sl_build_constraint(parse, F, N, false, L, E);}
constraint(A) ::= constraint_name(N) UNIQUE(F) id_list(L) enforced(E).
    {A = sl_build_constraint(parse, F, N, true, L, E);}

/* ---- other CREATE ---- */

%type comment {const struct sl_token *}
comment(A) ::= . {A = NULL;}
comment(A) ::= COMMENT STRING(T). {A = T;}

statement(A) ::= create(C) CATALOG if_not_exists(I) name(N) comment(T) with_options(O).
    {A = sl_build_create_catalog(parse, &C, I, N, T, O);}
statement(A) ::= create(C) DATABASE if_not_exists(I) name(N) comment(T) with_options(O).
    {A = sl_build_create_database(parse, &C, I, N, T, O);}
statement(A) ::= create(C) CONNECTION if_not_exists(I) name(N) comment(T) with_options(O).
    {A = sl_build_create_connection(parse, &C, I, N, T, O);}
statement(A) ::= create(C) VIEW if_not_exists(I) name(N) view_columns(L) comment(T) AS any_query(Q).
    {A = sl_build_create_view(parse, &C, I, N, L, T, Q);}
%type view_columns {struct sl_ast_list *}
view_columns(A) ::= id_list_opt(L). {A = L;}

%type create_function {struct sl_ast_create_function *}
statement(A) ::= create_function(F). {A = &F->ast;}
create_function(A) ::= create(C) FUNCTION if_not_exists(I) name(N) AS STRING(S).
    {A = sl_build_create_function(parse, &C, I, N, S);}
create_function(A) ::= create(C) FUNCTION if_not_exists(I) name(N) LP function_parameters(L) RP
        RETURNS type_null(T).
    {A = sl_build_sql_function(parse, &C, I, N, L, T);}
create_function(A) ::= create_function(F) AS STRING(S).
    {A = sl_build_function_body(parse, F, S);}
create_function(A) ::= create_function(F) RETURN expr(E).
    {A = sl_build_function_return(parse, F, E);}
create_function(A) ::= create_function(F) ID(T). {A = sl_build_function_word(parse, F, T);}
%type function_parameters {struct sl_ast_list *}
function_parameters(A) ::= . {A = NULL;}
function_parameters(A) ::= function_parameter_list(L). {A = L;}
%type function_parameter_list {struct sl_ast_list *}
function_parameter_list(A) ::= function_parameter(P). {A = sl_build_list(parse, P);}
function_parameter_list(A) ::= function_parameter_list(L) COMMA function_parameter(P).
    {A = sl_build_list_add(parse, L, P);}
%type function_parameter {struct sl_ast_parameter *}
function_parameter(A) ::= ID(N) type_null(T). {A = sl_build_function_parameter(parse, N, T);}
create_function(A) ::= create_function(F) LANGUAGE ID(T).
    {A = sl_build_function_language(parse, F, T);}
create_function(A) ::= create_function(F) USING resources(L).
    {A = F; F->resources = sl_build_options(parse, L);}
create_function(A) ::= create_function(F) WITH options(O). {A = F; F->options = O;}
%type resources {struct sl_ast_list *}
resources(A) ::= resource(R). {A = sl_build_list(parse, R);}
resources(A) ::= resources(L) COMMA resource(R). {A = sl_build_list_add(parse, L, R);}
%type resource {struct sl_ast_option *}
resource(A) ::= JAR(K) STRING(T). {A = sl_build_word_option(parse, K, T);}
resource(A) ::= ID(K) STRING(T). {A = sl_build_word_option(parse, K, T);}

%type create_model {struct sl_ast_create_model *}
statement(A) ::= create_model(M). {A = &M->ast;}
statement(A) ::= create_model(M) AS any_query(Q). {A = sl_build_create_model_as(parse, M, Q);}
create_model(A) ::= create(C) MODEL if_not_exists(I) name(N).
    {A = sl_build_create_model(parse, &C, I, N);}
create_model(A) ::= create_model(M) INPUT LP columns(L) RP. {A = M; M->input = *L;}
create_model(A) ::= create_model(M) OUTPUT LP columns(L) RP. {A = M; M->output = *L;}
create_model(A) ::= create_model(M) COMMENT STRING(C). {A = M; M->comment = C->text;}
create_model(A) ::= create_model(M) WITH options(O). {A = M; M->options = O;}
%type columns {struct sl_ast_list *}
columns(A) ::= column(C). {A = sl_build_list(parse, C);}
columns(A) ::= columns(L) COMMA column(C). {A = sl_build_list_add(parse, L, C);}

%type create_materialized {struct sl_ast_create_materialized *}
%type materialized {struct sl_ast_create_materialized *}
create_materialized(A) ::= materialized(M) AS any_query(Q).
    {A = sl_build_materialized_as(parse, M, Q);}
materialized(A) ::= create(C) MATERIALIZED materialized_kind(K) if_not_exists(I) name(N)
        table_schema(S).
    {A = sl_build_materialized(parse, &C, K, I, N, S);}
materialized(A) ::= materialized(M) COMMENT STRING(C). {A = M; M->comment = C->text;}
materialized(A) ::= materialized(M) distribution(D). {A = M; M->distribution = D;}
materialized(A) ::= materialized(M) PARTITIONED BY id_list(L).
    {A = M; M->partitioned_by = sl_build_ids(parse, L, &M->partitioned_count);}
materialized(A) ::= materialized(M) WITH options(O). {A = M; M->options = O;}
materialized(A) ::= materialized(M) FRESHNESS EQ literal(E). {A = M; M->freshness = E;}
materialized(A) ::= materialized(M) REFRESH_MODE EQ CONTINUOUS.
    {A = M; M->refresh_mode = SL_AST_REFRESH_CONTINUOUS;}
materialized(A) ::= materialized(M) REFRESH_MODE EQ FULL.
    {A = M; M->refresh_mode = SL_AST_REFRESH_FULL;}
materialized(A) ::= materialized(M) START_MODE EQ ID(W).
    {A = sl_build_start_mode(parse, M, W, NULL);}
materialized(A) ::= materialized(M) START_MODE EQ ID(W) LP expr(E) RP.
    {A = sl_build_start_mode(parse, M, W, E);}
%type materialized_kind {enum sl_ast_object}
materialized_kind(A) ::= TABLE. {A = SL_AST_OBJECT_MATERIALIZED_TABLE;}
materialized_kind(A) ::= VIEW. {A = SL_AST_OBJECT_MATERIALIZED_VIEW;}

statement(A) ::= create(C) SECRET if_not_exists(I) name(N) with_options(O) AS STRING(S).
    {A = sl_build_create_secret(parse, &C, I, N, O, S);}
statement(A) ::= create(C) SECRET if_not_exists(I) name(N) WITH options(O).
    {A = sl_build_create_secret(parse, &C, I, N, O, NULL);}
statement(A) ::= create(C) role(U) if_not_exists(I) name(N) role_options(L).
    {A = sl_build_create_role(parse, &C, U, I, N, L);}
statement(A) ::= ALTER role(U) name(N) role_options(L).
    {A = sl_build_create_role(parse, NULL, U, false, N, L);}
%type role {bool}
role(A) ::= ROLE. {A = false;}
role(A) ::= USER. {A = true;}
%type role_options {struct sl_ast_list *}
role_options(A) ::= . {A = NULL;}
role_options(A) ::= WITH role_list(L). {A = L;}
role_options(A) ::= role_list(L). {A = L;}
%type role_list {struct sl_ast_list *}
role_list(A) ::= role_option(O). {A = sl_build_list(parse, O);}
role_list(A) ::= role_list(L) role_option(O). {A = sl_build_list_add(parse, L, O);}
%type role_option {struct sl_ast_option *}
role_option(A) ::= ID(K). {A = sl_build_word_option(parse, K, NULL);}
role_option(A) ::= ID(K) STRING(T). {A = sl_build_word_option(parse, K, T);}
role_option(A) ::= ID(K) NULL(T). {A = sl_build_word_option(parse, K, T);}
role_option(A) ::= CONNECTION LIMIT(K) option_value(V). {A = sl_build_word_value(parse, K, V);}

%type object {enum sl_ast_object}
%type named_object {enum sl_ast_object}
object(A) ::= TABLE. {A = SL_AST_OBJECT_TABLE;}
object(A) ::= named_object(O). {A = O;}
named_object(A) ::= VIEW. {A = SL_AST_OBJECT_VIEW;}
named_object(A) ::= MATERIALIZED VIEW. {A = SL_AST_OBJECT_MATERIALIZED_VIEW;}
named_object(A) ::= MATERIALIZED TABLE. {A = SL_AST_OBJECT_MATERIALIZED_TABLE;}
named_object(A) ::= CATALOG. {A = SL_AST_OBJECT_CATALOG;}
named_object(A) ::= DATABASE. {A = SL_AST_OBJECT_DATABASE;}
named_object(A) ::= FUNCTION. {A = SL_AST_OBJECT_FUNCTION;}
named_object(A) ::= MODEL. {A = SL_AST_OBJECT_MODEL;}
named_object(A) ::= CONNECTION. {A = SL_AST_OBJECT_CONNECTION;}
named_object(A) ::= SECRET. {A = SL_AST_OBJECT_SECRET;}
named_object(A) ::= ROLE. {A = SL_AST_OBJECT_ROLE;}
named_object(A) ::= USER. {A = SL_AST_OBJECT_ROLE;}

statement(A) ::= DROP object(O) if_exists(I) names(L) cascade(C).
    {A = sl_build_drop(parse, O, I, L, C, false, false);}
statement(A) ::= DROP TEMPORARY object(O) if_exists(I) names(L) cascade(C).
    {A = sl_build_drop(parse, O, I, L, C, true, false);}
statement(A) ::= DROP TEMPORARY SYSTEM object(O) if_exists(I) names(L) cascade(C).
    {A = sl_build_drop(parse, O, I, L, C, true, true);}
%type cascade {bool}
cascade(A) ::= . {A = false;}
cascade(A) ::= CASCADE. {A = true;}
cascade(A) ::= RESTRICT. {A = false;}

statement(A) ::= GRANT privileges(P) ON grant_object(O) TO names(L) grant_option(G).
    {A = sl_build_grant(parse, false, P, O, L, G);}
statement(A) ::= GRANT privileges(P) TO names(L) grant_option(G).
    {A = sl_build_grant(parse, false, P, NULL, L, G);}
statement(A) ::= REVOKE privileges(P) ON grant_object(O) FROM names(L) cascade.
    {A = sl_build_grant(parse, true, P, O, L, false);}
statement(A) ::= REVOKE privileges(P) FROM names(L) cascade.
    {A = sl_build_grant(parse, true, P, NULL, L, false);}
%type privileges {struct sl_ast_list *}
privileges(A) ::= ALL. {A = NULL;}
privileges(A) ::= ALL PRIVILEGES. {A = NULL;}
privileges(A) ::= privilege_list(L). {A = L;}
%type privilege_list {struct sl_ast_list *}
privilege_list(A) ::= privilege(P). {A = sl_build_list(parse, P);}
privilege_list(A) ::= privilege_list(L) COMMA privilege(P). {A = sl_build_list_add(parse, L, P);}
%type privilege {struct sl_ast_name *}
privilege(A) ::= SELECT(T). {A = sl_build_name(parse, T);}
privilege(A) ::= ID(T). {A = sl_build_name(parse, T);}
%type grant_object {struct sl_ast_grant *}
grant_object(A) ::= names(L). {A = sl_build_grant_object(parse, SL_AST_OBJECT_TABLE, L, false);}
grant_object(A) ::= object(O) names(L). {A = sl_build_grant_object(parse, O, L, false);}
grant_object(A) ::= ALL TABLES IN DATABASE names(L).
    {A = sl_build_grant_object(parse, SL_AST_OBJECT_TABLE, L, true);}
%type grant_option {bool}
grant_option(A) ::= . {A = false;}
grant_option(A) ::= WITH GRANT OPTION. {A = true;}

/* ---- ALTER ---- */

statement(A) ::= ALTER TABLE if_exists(I) name(N) alter_table_actions(L).
    {A = sl_build_alter_table(parse, SL_AST_OBJECT_TABLE, I, N, L);}
statement(A) ::= ALTER MATERIALIZED materialized_kind(K) if_exists(I) name(N) alter_actions(L).
    {A = sl_build_alter_table(parse, K, I, N, L);}
statement(A) ::= ALTER alter_kind(K) if_exists(I) name(N) alter_action(X).
    {A = sl_build_alter_object(parse, K, I, N, X, false, false);}
statement(A) ::= ALTER TEMPORARY FUNCTION if_exists(I) name(N) alter_action(X).
    {A = sl_build_alter_object(parse, SL_AST_OBJECT_FUNCTION, I, N, X, true, false);}
statement(A) ::= ALTER TEMPORARY SYSTEM FUNCTION if_exists(I) name(N) alter_action(X).
    {A = sl_build_alter_object(parse, SL_AST_OBJECT_FUNCTION, I, N, X, true, true);}
statement(A) ::= ALTER MATERIALIZED materialized_kind(K) if_exists(I) name(N) AS any_query(Q).
    {A = sl_build_alter_table(parse, K, I, N, sl_build_list(parse, sl_build_alter_query(parse,
        Q)));}
statement(A) ::= ALTER VIEW if_exists(I) name(N) alter_action(X).
    {A = sl_build_alter_object(parse, SL_AST_OBJECT_VIEW, I, N, X, false, false);}
statement(A) ::= ALTER VIEW if_exists(I) name(N) AS any_query(Q).
    {A = sl_build_alter_object(parse, SL_AST_OBJECT_VIEW, I, N, sl_build_alter_query(parse, Q),
        false, false);}
%type alter_kind {enum sl_ast_object}
alter_kind(A) ::= CATALOG. {A = SL_AST_OBJECT_CATALOG;}
alter_kind(A) ::= DATABASE. {A = SL_AST_OBJECT_DATABASE;}
alter_kind(A) ::= FUNCTION. {A = SL_AST_OBJECT_FUNCTION;}
alter_kind(A) ::= MODEL. {A = SL_AST_OBJECT_MODEL;}
alter_kind(A) ::= CONNECTION. {A = SL_AST_OBJECT_CONNECTION;}
alter_kind(A) ::= SECRET. {A = SL_AST_OBJECT_SECRET;}

%type alter_actions {struct sl_ast_list *}
alter_actions(A) ::= alter_action(X). {A = sl_build_list(parse, X);}
alter_actions(A) ::= alter_actions(L) COMMA alter_action(X). {A = sl_build_list_add(parse, L, X);}
alter_actions(A) ::= ADD LP added_list(L) RP. {A = L;}
alter_actions(A) ::= MODIFY LP added_list(L) RP. {A = sl_build_modify_all(L);}
alter_actions(A) ::= DROP LP names(L) RP. {A = sl_build_drop_columns(parse, L);}
%type alter_table_actions {struct sl_ast_list *}
alter_table_actions(A) ::= alter_actions(L). {A = L;}
alter_table_actions(A) ::= ADD if_not_exists(I) added_partitions(L).
    {A = sl_build_partitions(L, I);}
alter_table_actions(A) ::= DROP if_exists(I) dropped_partitions(L).
    {A = sl_build_partitions(L, I);}
%type added_partitions {struct sl_ast_list *}
added_partitions(A) ::= added_partition(X). {A = sl_build_list(parse, X);}
added_partitions(A) ::= added_partitions(L) added_partition(X).
    {A = sl_build_list_add(parse, L, X);}
%type added_partition {struct sl_ast_alter_action *}
added_partition(A) ::= partition(P) with_options(O).
    {A = sl_build_action(parse, SL_AST_ALTER_ADD_PARTITION); A->partition = P; A->options = O;}
%type dropped_partitions {struct sl_ast_list *}
dropped_partitions(A) ::= dropped_partition(X). {A = sl_build_list(parse, X);}
dropped_partitions(A) ::= dropped_partitions(L) COMMA dropped_partition(X).
    {A = sl_build_list_add(parse, L, X);}
%type dropped_partition {struct sl_ast_alter_action *}
dropped_partition(A) ::= partition(P).
    {A = sl_build_action(parse, SL_AST_ALTER_DROP_PARTITION); A->partition = P;}
%type added_list {struct sl_ast_list *}
added_list(A) ::= added(X). {A = sl_build_list(parse, X);}
added_list(A) ::= added_list(L) COMMA added(X). {A = sl_build_list_add(parse, L, X);}
%type added {struct sl_ast_alter_action *}
added(A) ::= column(C) place(P). {A = sl_build_added_column(parse, C, P);}
added(A) ::= watermark(W). {A = sl_build_element_of(parse, SL_AST_ALTER_ADD_WATERMARK, W);}
added(A) ::= constraint(C). {A = sl_build_element_of(parse, SL_AST_ALTER_ADD_CONSTRAINT, C);}
added(A) ::= distribution(D).
    {A = sl_build_action(parse, SL_AST_ALTER_ADD_DISTRIBUTION); A->distribution = D;}
added(A) ::= DISTRIBUTION(F) BY id_list(L) buckets(N).
    {A = sl_build_action(parse, SL_AST_ALTER_ADD_DISTRIBUTION);
        A->distribution = sl_build_distribution(parse, F, SL_AST_DISTRIBUTION_UNKNOWN, L, N);}
added(A) ::= DISTRIBUTION(F) BY HASH id_list(L) buckets(N).
    {A = sl_build_action(parse, SL_AST_ALTER_ADD_DISTRIBUTION);
        A->distribution = sl_build_distribution(parse, F, SL_AST_DISTRIBUTION_HASH, L, N);}
added(A) ::= DISTRIBUTION(F) BY RANGE id_list(L) buckets(N).
    {A = sl_build_action(parse, SL_AST_ALTER_ADD_DISTRIBUTION);
        A->distribution = sl_build_distribution(parse, F, SL_AST_DISTRIBUTION_RANGE, L, N);}
added(A) ::= DISTRIBUTION(F) INTO integer(N) BUCKETS.
    {A = sl_build_action(parse, SL_AST_ALTER_ADD_DISTRIBUTION);
        A->distribution = sl_build_distribution(parse, F, SL_AST_DISTRIBUTION_UNKNOWN, NULL, N);}
%type place {struct sl_build_place}
place(A) ::= . {A = (struct sl_build_place){SL_AST_PLACE_UNSAID, NULL};}
place(A) ::= FIRST. {A = (struct sl_build_place){SL_AST_PLACE_FIRST, NULL};}
place(A) ::= AFTER name(N). {A = (struct sl_build_place){SL_AST_PLACE_AFTER, N};}

%type alter_action {struct sl_ast_alter_action *}
alter_action(A) ::= ADD added(X). {A = X;}
alter_action(A) ::= ADD COLUMN if_not_exists(I) column(C) place(P).
    {A = sl_build_added_column(parse, C, P); A->if_not_exists = I;}
alter_action(A) ::= MODIFY added(X). {A = sl_build_modify(X);}
alter_action(A) ::= MODIFY COLUMN column(C) place(P).
    {A = sl_build_modify(sl_build_added_column(parse, C, P));}
alter_action(A) ::= ALTER column_opt name(N) TYPE type(T).
    {A = sl_build_alter_column(parse, SL_AST_ALTER_COLUMN_TYPE, N, T);}
alter_action(A) ::= ALTER column_opt name(N) SET ID TYPE type(T).
    {A = sl_build_alter_column(parse, SL_AST_ALTER_COLUMN_TYPE, N, T);}
alter_action(A) ::= ALTER column_opt name(N) SET NOT NULL.
    {A = sl_build_alter_column(parse, SL_AST_ALTER_COLUMN_NOT_NULL, N, NULL);}
alter_action(A) ::= ALTER column_opt name(N) DROP NOT NULL.
    {A = sl_build_alter_column(parse, SL_AST_ALTER_COLUMN_NULL, N, NULL);}
alter_action(A) ::= DROP name(N) cascade(C). {A = sl_build_drop_column(parse, false, N, C);}
alter_action(A) ::= DROP COLUMN if_exists(I) name(N) cascade(C).
    {A = sl_build_drop_column(parse, I, N, C);}
alter_action(A) ::= DROP PRIMARY KEY. {A = sl_build_action(parse, SL_AST_ALTER_DROP_PRIMARY_KEY);}
alter_action(A) ::= DROP CONSTRAINT if_exists(I) name(N) cascade.
    {A = sl_build_alter_column(parse, SL_AST_ALTER_DROP_CONSTRAINT, N, NULL); A->if_exists = I;}
alter_action(A) ::= DROP WATERMARK. {A = sl_build_action(parse, SL_AST_ALTER_DROP_WATERMARK);}
alter_action(A) ::= DROP DISTRIBUTION. {A = sl_build_action(parse, SL_AST_ALTER_DROP_DISTRIBUTION);}
alter_action(A) ::= RENAME column_opt name(N) TO name(T).
    {A = sl_build_rename(parse, SL_AST_ALTER_RENAME_COLUMN, N, T);}
alter_action(A) ::= RENAME TO name(T). {A = sl_build_rename(parse, SL_AST_ALTER_RENAME, NULL, T);}
alter_action(A) ::= SET options(O).
    {A = sl_build_action(parse, SL_AST_ALTER_SET_OPTIONS); A->options = O;}
alter_action(A) ::= RESET LP option_keys(L) RP.
    {A = sl_build_action(parse, SL_AST_ALTER_RESET_OPTIONS); A->options = sl_build_options(parse,
        L);}
alter_action(A) ::= COMMENT STRING(T).
    {A = sl_build_action(parse, SL_AST_ALTER_COMMENT); A->text = T->text;}
alter_action(A) ::= AS STRING(T). {A = sl_build_alter_class(parse, T, NULL);}
alter_action(A) ::= AS STRING(T) LANGUAGE ID(L). {A = sl_build_alter_class(parse, T, L);}
alter_action(A) ::= OWNER TO name(T). {A = sl_build_rename(parse, SL_AST_ALTER_OWNER, NULL, T);}
alter_action(A) ::= SUSPEND. {A = sl_build_action(parse, SL_AST_ALTER_SUSPEND);}
alter_action(A) ::= RESUME with_options(O).
    {A = sl_build_action(parse, SL_AST_ALTER_RESUME); A->options = O;}
alter_action(A) ::= REFRESH partition_opt(P).
    {A = sl_build_action(parse, SL_AST_ALTER_REFRESH); A->partition = P;}
column_opt ::= .
column_opt ::= COLUMN.

/* ---- EXPLAIN, DESCRIBE, SHOW ---- */

statement(A) ::= EXPLAIN explainable(S). {A = sl_build_explain(parse, NULL, S);}
statement(A) ::= EXPLAIN PLAN FOR explainable(S). {A = sl_build_explain(parse, NULL, S);}
statement(A) ::= EXPLAIN PLAN STRING(P). {A = sl_build_explain_file(parse, P);}
statement(A) ::= EXPLAIN explain_details(D) explainable(S).
    {A = sl_build_explain(parse, sl_build_explain_details(parse, D), S);}
statement(A) ::= EXPLAIN LP explain_options(L) RP explainable(S).
    {A = sl_build_explain(parse, sl_build_explain_options(parse, L), S);}
statement(A) ::= EXPLAIN explain_words(L) explainable(S).
    {A = sl_build_explain(parse, sl_build_explain_options(parse, L), S);}
%type explain_details {struct sl_ast_list *}
explain_details(A) ::= ID(T). {A = sl_build_list(parse, (void *)T);}
explain_details(A) ::= explain_details(L) COMMA ID(T). {A = sl_build_list_add(parse, L, (void *)T);}
%type explain_words {struct sl_ast_list *}
explain_words(A) ::= ANALYZE(T). {A = sl_build_list(parse, sl_build_word_option(parse, T, NULL));}
explain_words(A) ::= VERBOSE(T). {A = sl_build_list(parse, sl_build_word_option(parse, T, NULL));}
explain_words(A) ::= ANALYZE(T) VERBOSE(U).
    {A = sl_build_list_add(parse, sl_build_list(parse, sl_build_word_option(parse, T, NULL)),
        sl_build_word_option(parse, U, NULL));}
%type explain_options {struct sl_ast_list *}
explain_options(A) ::= explain_option(O). {A = sl_build_list(parse, O);}
explain_options(A) ::= explain_options(L) COMMA explain_option(O).
    {A = sl_build_list_add(parse, L, O);}
%type explain_option {struct sl_ast_option *}
explain_option(A) ::= ID(K). {A = sl_build_word_option(parse, K, NULL);}
explain_option(A) ::= ID(K) option_value(V). {A = sl_build_word_value(parse, K, V);}

statement(A) ::= describe extended(X) name(N).
    {A = sl_build_describe(parse, SL_AST_OBJECT_TABLE, X, N);}
statement(A) ::= describe extended(X) TABLE name(N).
    {A = sl_build_describe(parse, SL_AST_OBJECT_TABLE, X, N);}
statement(A) ::= describe describe_kind(K) extended(X) name(N).
    {A = sl_build_describe(parse, K, X, N);}
statement(A) ::= describe EXTENDED describe_kind(K) name(N).
    {A = sl_build_describe(parse, K, true, N);}
statement(A) ::= describe JOB STRING(T). {A = sl_build_describe_job(parse, T);}
describe ::= DESCRIBE.
describe ::= DESC.
%type describe_kind {enum sl_ast_object}
describe_kind(A) ::= CATALOG. {A = SL_AST_OBJECT_CATALOG;}
describe_kind(A) ::= DATABASE. {A = SL_AST_OBJECT_DATABASE;}
describe_kind(A) ::= FUNCTION. {A = SL_AST_OBJECT_FUNCTION;}
describe_kind(A) ::= MODEL. {A = SL_AST_OBJECT_MODEL;}
describe_kind(A) ::= CONNECTION. {A = SL_AST_OBJECT_CONNECTION;}
%type extended {bool}
extended(A) ::= . {A = false;}
extended(A) ::= EXTENDED. {A = true;}

%type show {struct sl_ast_show *}
statement(A) ::= SHOW show(S). {A = &S->ast;}
show(A) ::= show_plural(K) scope(N) show_like(L). {A = sl_build_show(parse, K, NULL, N, L);}
show(A) ::= CURRENT CATALOG.
    {A = sl_build_show(parse, SL_AST_SHOW_CURRENT_CATALOG, NULL, NULL, NULL);}
show(A) ::= CURRENT DATABASE.
    {A = sl_build_show(parse, SL_AST_SHOW_CURRENT_DATABASE, NULL, NULL, NULL);}
show(A) ::= COLUMNS from_in name(N) show_like(L).
    {A = sl_build_show(parse, SL_AST_SHOW_COLUMNS, N, NULL, L);}
show(A) ::= PARTITIONS name(N) partition_opt(P).
    {A = sl_build_show(parse, SL_AST_SHOW_PARTITIONS, N, NULL, NULL); A->partition = P;}
show(A) ::= USER FUNCTIONS scope(N) show_like(L).
    {A = sl_build_show(parse, SL_AST_SHOW_FUNCTIONS, NULL, N, L); A->user_only = true;}
show(A) ::= FULL MODULES.
    {A = sl_build_show(parse, SL_AST_SHOW_MODULES, NULL, NULL, NULL); A->full = true;}
show(A) ::= CREATE object(O) name(N).
    {A = sl_build_show(parse, SL_AST_SHOW_CREATE, N, NULL, NULL); A->object = O;}
show(A) ::= TASKS FOR JOB STRING(J). {A = sl_build_show_job(parse, SL_AST_SHOW_TASKS, J);}
show(A) ::= CHECKPOINTS. {A = sl_build_show_job(parse, SL_AST_SHOW_CHECKPOINTS, NULL);}
show(A) ::= CHECKPOINTS FOR JOB STRING(J).
    {A = sl_build_show_job(parse, SL_AST_SHOW_CHECKPOINTS, J);}
show(A) ::= WATERMARKS FOR JOB STRING(J). {A = sl_build_show_job(parse, SL_AST_SHOW_WATERMARKS, J);}
show(A) ::= ALL. {A = sl_build_show(parse, SL_AST_SHOW_ALL, NULL, NULL, NULL);}
show(A) ::= setting(F). {A = sl_build_show_setting(parse, F, NULL);}
show(A) ::= STRING(F). {A = sl_build_show_setting(parse, F, NULL);}
show(A) ::= TRANSACTION(F) ISOLATION LEVEL.
    {A = sl_build_show_setting(parse, F, "transaction_isolation");}
show(A) ::= TIME(F) ZONE. {A = sl_build_show_setting(parse, F, "TimeZone");}
show(A) ::= SESSION(F) AUTHORIZATION.
    {A = sl_build_show_setting(parse, F, "session_authorization");}
%type show_plural {enum sl_ast_show_kind}
show_plural(A) ::= CATALOGS. {A = SL_AST_SHOW_CATALOGS;}
show_plural(A) ::= DATABASES. {A = SL_AST_SHOW_DATABASES;}
show_plural(A) ::= TABLES. {A = SL_AST_SHOW_TABLES;}
show_plural(A) ::= VIEWS. {A = SL_AST_SHOW_VIEWS;}
show_plural(A) ::= MATERIALIZED TABLES. {A = SL_AST_SHOW_MATERIALIZED_TABLES;}
show_plural(A) ::= MATERIALIZED VIEWS. {A = SL_AST_SHOW_MATERIALIZED_VIEWS;}
show_plural(A) ::= FUNCTIONS. {A = SL_AST_SHOW_FUNCTIONS;}
show_plural(A) ::= PROCEDURES. {A = SL_AST_SHOW_PROCEDURES;}
show_plural(A) ::= MODULES. {A = SL_AST_SHOW_MODULES;}
show_plural(A) ::= JARS. {A = SL_AST_SHOW_JARS;}
show_plural(A) ::= JOBS. {A = SL_AST_SHOW_JOBS;}
show_plural(A) ::= MODELS. {A = SL_AST_SHOW_MODELS;}
show_plural(A) ::= CONNECTIONS. {A = SL_AST_SHOW_CONNECTIONS;}
show_plural(A) ::= SECRETS. {A = SL_AST_SHOW_SECRETS;}
show_plural(A) ::= ROLES. {A = SL_AST_SHOW_ROLES;}
show_plural(A) ::= SETTINGS. {A = SL_AST_SHOW_SETTINGS;}
from_in ::= FROM.
from_in ::= IN.
%type scope {struct sl_ast_name *}
scope(A) ::= . {A = NULL;}
scope(A) ::= from_in name(N). {A = N;}
%type show_like {struct sl_build_like *}
show_like(A) ::= . {A = NULL;}
show_like(A) ::= LIKE STRING(T). {A = sl_build_show_like(parse, SL_AST_LIKE, T, false);}
show_like(A) ::= ILIKE STRING(T). {A = sl_build_show_like(parse, SL_AST_ILIKE, T, false);}
show_like(A) ::= NOT_LA LIKE STRING(T). {A = sl_build_show_like(parse, SL_AST_LIKE, T, true);}
show_like(A) ::= NOT_LA ILIKE STRING(T). {A = sl_build_show_like(parse, SL_AST_ILIKE, T, true);}

/* ---- settings and the session ---- */

statement(A) ::= SET. {A = sl_build_set(parse, SL_AST_SCOPE_UNSAID, NULL, NULL);}
statement(A) ::= SET set_scope(S) STRING(K) to set_values(V). {A = sl_build_set(parse, S, K, V);}
statement(A) ::= SET set_scope(S) set_name(K) to set_values(V). {A = sl_build_set(parse, S, K, V);}
statement(A) ::= SET set_scope(S) set_name(K) to DEFAULT. {A = sl_build_set(parse, S, K, NULL);}
statement(A) ::= SET set_scope(S) TIME(K) ZONE set_value(V).
    {A = sl_build_set_named(parse, S, K, "TimeZone", V);}
statement(A) ::= SET set_scope(S) TIME(K) ZONE literal_interval(V).
    {A = sl_build_set_named(parse, S, K, "TimeZone", V);}
statement(A) ::= SET set_scope(S) TIME(K) ZONE DEFAULT.
    {A = sl_build_set_named(parse, S, K, "TimeZone", NULL);}
statement(A) ::= SET set_scope(S) TIME(K) ZONE LOCAL.
    {A = sl_build_set_named(parse, S, K, "TimeZone", NULL);}
statement(A) ::= SET NAMES(K) set_value(V).
    {A = sl_build_set_named(parse, SL_AST_SCOPE_UNSAID, K, "client_encoding", V);}
statement(A) ::= SET NAMES(K) DEFAULT.
    {A = sl_build_set_named(parse, SL_AST_SCOPE_UNSAID, K, "client_encoding", NULL);}
statement(A) ::= SET set_scope(S) ROLE(K) set_value(V).
    {A = sl_build_set_named(parse, S, K, "role", V);}
statement(A) ::= SET SESSION AUTHORIZATION(K) set_value(V).
    {A = sl_build_set_named(parse, SL_AST_SCOPE_SESSION, K, "session_authorization", V);}
statement(A) ::= SET SESSION AUTHORIZATION(K) DEFAULT.
    {A = sl_build_set_named(parse, SL_AST_SCOPE_SESSION, K, "session_authorization", NULL);}
statement(A) ::= SET LOCAL SESSION AUTHORIZATION(K) set_value(V).
    {A = sl_build_set_named(parse, SL_AST_SCOPE_LOCAL, K, "session_authorization", V);}
%type set_scope {enum sl_ast_set_scope}
set_scope(A) ::= . {A = SL_AST_SCOPE_UNSAID;}
set_scope(A) ::= SESSION. {A = SL_AST_SCOPE_SESSION;}
set_scope(A) ::= LOCAL. {A = SL_AST_SCOPE_LOCAL;}
%type set_name {const struct sl_token *}
set_name(A) ::= setting(F). {A = sl_build_setting(parse, F);}
to ::= EQ.
to ::= TO.
%type set_values {struct sl_ast_list *}
set_values(A) ::= set_value(V). {A = sl_build_list(parse, V);}
set_values(A) ::= set_values(L) COMMA set_value(V). {A = sl_build_list_add(parse, L, V);}
%type set_value {struct sl_build_value *}
set_value(A) ::= option_value(V). {A = V;}
%type literal_interval {struct sl_build_value *}
literal_interval(A) ::= INTERVAL STRING(T) interval_unit. {A = sl_build_value(parse, T, true);}

statement(A) ::= RESET. {A = sl_build_reset(parse, NULL);}
statement(A) ::= RESET ALL. {A = sl_build_reset(parse, NULL);}
statement(A) ::= RESET STRING(K). {A = sl_build_reset(parse, K);}
statement(A) ::= RESET set_name(K). {A = sl_build_reset(parse, K);}
statement(A) ::= RESET TIME(K) ZONE. {A = sl_build_reset_named(parse, K, "TimeZone");}
statement(A) ::= RESET SESSION(K) AUTHORIZATION.
    {A = sl_build_reset_named(parse, K, "session_authorization");}

statement(A) ::= USE name(N). {A = sl_build_use(parse, SL_AST_USE_DATABASE, N, NULL);}
statement(A) ::= USE CATALOG name(N). {A = sl_build_use(parse, SL_AST_USE_CATALOG, N, NULL);}
statement(A) ::= USE MODULES ids(L). {A = sl_build_use(parse, SL_AST_USE_MODULES, NULL, L);}
statement(A) ::= LOAD MODULE ID(N) with_options(O). {A = sl_build_module(parse, false, N, O);}
statement(A) ::= UNLOAD MODULE ID(N).
    {A = sl_build_module(parse, true, N, (struct sl_ast_options){0});}
statement(A) ::= ADD JAR STRING(T). {A = sl_build_jar(parse, false, T);}
statement(A) ::= REMOVE JAR STRING(T). {A = sl_build_jar(parse, true, T);}
statement(A) ::= CALL function_call(C). {A = sl_build_call_statement(parse, C);}

statement(A) ::= ANALYZE. {A = sl_build_analyze(parse, NULL, (struct sl_ast_options){0}, NULL);}
statement(A) ::= ANALYZE name(N).
    {A = sl_build_analyze(parse, N, (struct sl_ast_options){0}, NULL);}
statement(A) ::= ANALYZE TABLE name(N) partition_opt(P) COMPUTE STATISTICS analyze_columns(C).
    {A = sl_build_analyze(parse, N, P, C);}
%type analyze_columns {struct sl_ast_analyze *}
analyze_columns(A) ::= . {A = sl_build_analyze_columns(parse, NULL, false);}
analyze_columns(A) ::= FOR ALL COLUMNS. {A = sl_build_analyze_columns(parse, NULL, true);}
analyze_columns(A) ::= FOR COLUMNS ids(L). {A = sl_build_analyze_columns(parse, L, false);}

/* ---- plans and jobs ---- */

statement(A) ::= COMPILE PLAN STRING(T) if_not_exists(I) FOR planned(S).
    {A = sl_build_plan(parse, SL_AST_PLAN_COMPILE, T, I, S);}
statement(A) ::= EXECUTE PLAN STRING(T).
    {A = sl_build_plan(parse, SL_AST_PLAN_EXECUTE, T, false, NULL);}
statement(A) ::= COMPILE AND EXECUTE PLAN STRING(T) FOR planned(S).
    {A = sl_build_plan(parse, SL_AST_PLAN_COMPILE_AND_EXECUTE, T, false, S);}
%type planned {struct sl_ast *}
planned(A) ::= insert(S). {A = &S->ast;}
planned(A) ::= statement_set(S). {A = S;}

statement(A) ::= STOP JOB STRING(J) stop_options(O). {A = sl_build_stop_job(parse, J, O);}
%type stop_options {int}
stop_options(A) ::= . {A = 0;}
stop_options(A) ::= stop_options(O) WITH SAVEPOINT. {A = O | SL_BUILD_WITH_SAVEPOINT;}
stop_options(A) ::= stop_options(O) WITH DRAIN. {A = O | SL_BUILD_WITH_DRAIN;}
statement(A) ::= PAUSE JOB STRING(J). {A = sl_build_job(parse, SL_AST_PAUSE_JOB, J);}
statement(A) ::= RESUME JOB STRING(J). {A = sl_build_job(parse, SL_AST_RESUME_JOB, J);}
statement(A) ::= RESUME JOB STRING(J) WITH DUPLICATES. {A = sl_build_resume_duplicates(parse, J);}
statement(A) ::= CREATE SAVEPOINT FOR JOB STRING(J). {A = sl_build_savepoint(parse, J, NULL);}
statement(A) ::= CREATE SAVEPOINT FOR JOB STRING(J) AT STRING(D).
    {A = sl_build_savepoint(parse, J, D);}
statement(A) ::= ALTER JOB STRING(J) SET options(O). {A = sl_build_alter_job(parse, J, O, false);}
statement(A) ::= ALTER JOB STRING(J) RESET LP option_keys(L) RP.
    {A = sl_build_alter_job(parse, J, sl_build_options(parse, L), true);}
statement(A) ::= ALTER JOB STRING(J) AS planned(S). {A = sl_build_alter_job_query(parse, J, S);}

/* ---- transactions ---- */

statement(A) ::= BEGIN work transaction_modes(M).
    {A = sl_build_transaction(parse, SL_AST_TRANSACTION_BEGIN, M, NULL);}
statement(A) ::= START TRANSACTION transaction_modes(M).
    {A = sl_build_transaction(parse, SL_AST_TRANSACTION_START, M, NULL);}
statement(A) ::= COMMIT work chain(C).
    {A = sl_build_transaction_end(parse, SL_AST_TRANSACTION_COMMIT, C);}
statement(A) ::= END work chain(C).
    {A = sl_build_transaction_end(parse, SL_AST_TRANSACTION_END, C);}
statement(A) ::= ROLLBACK work chain(C).
    {A = sl_build_transaction_end(parse, SL_AST_TRANSACTION_ROLLBACK, C);}
statement(A) ::= ABORT work chain(C).
    {A = sl_build_transaction_end(parse, SL_AST_TRANSACTION_ABORT, C);}
statement(A) ::= SAVEPOINT ID(N).
    {A = sl_build_transaction(parse, SL_AST_TRANSACTION_SAVEPOINT, NULL, N);}
statement(A) ::= RELEASE ID(N).
    {A = sl_build_transaction(parse, SL_AST_TRANSACTION_RELEASE, NULL, N);}
statement(A) ::= RELEASE SAVEPOINT ID(N).
    {A = sl_build_transaction(parse, SL_AST_TRANSACTION_RELEASE, NULL, N);}
statement(A) ::= ROLLBACK work TO ID(N).
    {A = sl_build_transaction(parse, SL_AST_TRANSACTION_ROLLBACK_TO, NULL, N);}
statement(A) ::= ROLLBACK work TO SAVEPOINT ID(N).
    {A = sl_build_transaction(parse, SL_AST_TRANSACTION_ROLLBACK_TO, NULL, N);}
statement(A) ::= SET set_scope TRANSACTION transaction_mode_list(M).
    {A = sl_build_transaction(parse, SL_AST_TRANSACTION_SET, M, NULL);}
statement(A) ::= SET SESSION CHARACTERISTICS AS TRANSACTION transaction_mode_list(M).
    {A = sl_build_transaction(parse, SL_AST_TRANSACTION_SET_CHARACTERISTICS, M, NULL);}
work ::= .
work ::= WORK.
work ::= TRANSACTION.
%type chain {bool}
chain(A) ::= . {A = false;}
chain(A) ::= AND CHAIN. {A = true;}
chain(A) ::= AND NO CHAIN. {A = false;}
%type transaction_modes {struct sl_ast_transaction *}
transaction_modes(A) ::= . {A = NULL;}
transaction_modes(A) ::= transaction_mode_list(M). {A = M;}
%type transaction_mode_list {struct sl_ast_transaction *}
transaction_mode_list(A) ::= transaction_mode(M). {A = M;}
transaction_mode_list(A) ::= transaction_mode_list(L) transaction_mode(M).
    {A = sl_build_modes(L, M);}
transaction_mode_list(A) ::= transaction_mode_list(L) COMMA transaction_mode(M).
    {A = sl_build_modes(L, M);}
%type transaction_mode {struct sl_ast_transaction *}
transaction_mode(A) ::= ISOLATION LEVEL isolation(I).
    {A = sl_build_mode(parse, I, SL_AST_UNSAID, SL_AST_UNSAID);}
transaction_mode(A) ::= READ ONLY.
    {A = sl_build_mode(parse, SL_AST_ISOLATION_UNSAID, SL_AST_YES, SL_AST_UNSAID);}
transaction_mode(A) ::= READ WRITE.
    {A = sl_build_mode(parse, SL_AST_ISOLATION_UNSAID, SL_AST_NO, SL_AST_UNSAID);}
transaction_mode(A) ::= DEFERRABLE.
    {A = sl_build_mode(parse, SL_AST_ISOLATION_UNSAID, SL_AST_UNSAID, SL_AST_YES);}
transaction_mode(A) ::= NOT DEFERRABLE.
    {A = sl_build_mode(parse, SL_AST_ISOLATION_UNSAID, SL_AST_UNSAID, SL_AST_NO);}
%type isolation {enum sl_ast_isolation}
isolation(A) ::= READ UNCOMMITTED. {A = SL_AST_ISOLATION_READ_UNCOMMITTED;}
isolation(A) ::= READ COMMITTED. {A = SL_AST_ISOLATION_READ_COMMITTED;}
isolation(A) ::= REPEATABLE READ. {A = SL_AST_ISOLATION_REPEATABLE_READ;}
isolation(A) ::= SERIALIZABLE. {A = SL_AST_ISOLATION_SERIALIZABLE;}

/* ---- cursors, prepared statements ---- */

statement(A) ::= DECLARE ID(N) cursor_options(O) CURSOR hold(H) FOR any_query(Q).
    {A = sl_build_declare(parse, N, O, H, Q);}
%type cursor_options {int}
cursor_options(A) ::= . {A = 0;}
cursor_options(A) ::= cursor_options(O) BINARY. {A = O | SL_BUILD_BINARY;}
cursor_options(A) ::= cursor_options(O) INSENSITIVE. {A = O | SL_BUILD_INSENSITIVE;}
cursor_options(A) ::= cursor_options(O) SCROLL. {A = O | SL_BUILD_SCROLL;}
cursor_options(A) ::= cursor_options(O) NO SCROLL. {A = O | SL_BUILD_NO_SCROLL;}
%type hold {bool}
hold(A) ::= . {A = false;}
hold(A) ::= WITH HOLD. {A = true;}
hold(A) ::= WITHOUT HOLD. {A = false;}

statement(A) ::= FETCH fetch(F) with_options(O). {A = sl_build_fetch_done(parse, F, false, O);}
statement(A) ::= MOVE fetch(F).
    {A = sl_build_fetch_done(parse, F, true, (struct sl_ast_options){0});}
%type fetch {struct sl_ast_fetch *}
fetch(A) ::= ID(C). {A = sl_build_fetch(parse, SL_AST_FETCH_FORWARD, 1, C);}
fetch(A) ::= from_in ID(C). {A = sl_build_fetch(parse, SL_AST_FETCH_FORWARD, 1, C);}
fetch(A) ::= fetch_direction(D) ID(C). {A = sl_build_fetch(parse, D.direction, D.count, C);}
fetch(A) ::= fetch_direction(D) from_in ID(C). {A = sl_build_fetch(parse, D.direction, D.count, C);}
%type fetch_direction {struct sl_build_fetch}
fetch_direction(A) ::= NEXT. {A = (struct sl_build_fetch){SL_AST_FETCH_FORWARD, 1};}
fetch_direction(A) ::= PRIOR. {A = (struct sl_build_fetch){SL_AST_FETCH_BACKWARD, 1};}
fetch_direction(A) ::= FIRST. {A = (struct sl_build_fetch){SL_AST_FETCH_ABSOLUTE, 1};}
fetch_direction(A) ::= LAST. {A = (struct sl_build_fetch){SL_AST_FETCH_ABSOLUTE, -1};}
fetch_direction(A) ::= ABSOLUTE signed_integer(N).
    {A = (struct sl_build_fetch){SL_AST_FETCH_ABSOLUTE, N};}
fetch_direction(A) ::= RELATIVE signed_integer(N).
    {A = (struct sl_build_fetch){SL_AST_FETCH_RELATIVE, N};}
fetch_direction(A) ::= signed_integer(N). {A = (struct sl_build_fetch){SL_AST_FETCH_FORWARD, N};}
fetch_direction(A) ::= ALL. {A = (struct sl_build_fetch){SL_AST_FETCH_FORWARD, INT64_MAX};}
fetch_direction(A) ::= FORWARD. {A = (struct sl_build_fetch){SL_AST_FETCH_FORWARD, 1};}
fetch_direction(A) ::= FORWARD signed_integer(N).
    {A = (struct sl_build_fetch){SL_AST_FETCH_FORWARD, N};}
fetch_direction(A) ::= FORWARD ALL. {A = (struct sl_build_fetch){SL_AST_FETCH_FORWARD, INT64_MAX};}
fetch_direction(A) ::= BACKWARD. {A = (struct sl_build_fetch){SL_AST_FETCH_BACKWARD, 1};}
fetch_direction(A) ::= BACKWARD signed_integer(N).
    {A = (struct sl_build_fetch){SL_AST_FETCH_BACKWARD, N};}
fetch_direction(A) ::= BACKWARD ALL.
    {A = (struct sl_build_fetch){SL_AST_FETCH_BACKWARD, INT64_MAX};}
statement(A) ::= CLOSE ID(N). {A = sl_build_close(parse, N);}
statement(A) ::= CLOSE ALL. {A = sl_build_close(parse, NULL);}

statement(A) ::= PREPARE ID(N) prepare_types(T) AS preparable(S).
    {A = sl_build_prepare(parse, N, T, S);}
%type prepare_types {struct sl_ast_list *}
prepare_types(A) ::= . {A = NULL;}
prepare_types(A) ::= LP types(L) RP. {A = L;}
%type types {struct sl_ast_list *}
types(A) ::= type(T). {A = sl_build_list(parse, T);}
types(A) ::= types(L) COMMA type(T). {A = sl_build_list_add(parse, L, T);}
statement(A) ::= EXECUTE ID(N). {A = sl_build_execute(parse, N, NULL);}
statement(A) ::= EXECUTE ID(N) LP exprs_opt(L) RP. {A = sl_build_execute(parse, N, L);}
statement(A) ::= DEALLOCATE ID(N). {A = sl_build_deallocate(parse, N);}
statement(A) ::= DEALLOCATE PREPARE ID(N). {A = sl_build_deallocate(parse, N);}
statement(A) ::= DEALLOCATE ALL. {A = sl_build_deallocate(parse, NULL);}
statement(A) ::= DEALLOCATE PREPARE ALL. {A = sl_build_deallocate(parse, NULL);}

statement(A) ::= DISCARD ALL. {A = sl_build_discard(parse, SL_AST_DISCARD_ALL);}
statement(A) ::= DISCARD TEMPORARY. {A = sl_build_discard(parse, SL_AST_DISCARD_TEMPORARY);}
statement(A) ::= DISCARD ID(W). {A = sl_build_discard_word(parse, W);}
statement(A) ::= LISTEN ID(C). {A = sl_build_listen(parse, SL_AST_LISTEN_LISTEN, C, NULL);}
statement(A) ::= UNLISTEN ID(C). {A = sl_build_listen(parse, SL_AST_LISTEN_UNLISTEN, C, NULL);}
statement(A) ::= UNLISTEN STAR. {A = sl_build_listen(parse, SL_AST_LISTEN_UNLISTEN, NULL, NULL);}
statement(A) ::= NOTIFY ID(C). {A = sl_build_listen(parse, SL_AST_LISTEN_NOTIFY, C, NULL);}
statement(A) ::= NOTIFY ID(C) COMMA STRING(P).
    {A = sl_build_listen(parse, SL_AST_LISTEN_NOTIFY, C, P);}

/* ---- COPY ---- */

statement(A) ::= COPY copy_source(C) FROM copy_target(T) copy_options(O) where(W).
    {A = sl_build_copy_done(parse, C, true, T, O, W);}
statement(A) ::= COPY copy_source(C) TO copy_target(T) copy_options(O).
    {A = sl_build_copy_done(parse, C, false, T, O, NULL);}
%type copy_source {struct sl_ast_copy *}
copy_source(A) ::= name(N) id_list_opt(L). {A = sl_build_copy(parse, N, L, NULL);}
copy_source(A) ::= subquery(Q). {A = sl_build_copy(parse, NULL, NULL, Q);}
%type copy_target {const struct sl_token *}
copy_target(A) ::= ID(T). {A = T;}
copy_target(A) ::= STRING(T). {A = T;}
%type copy_options {struct sl_ast_list *}
copy_options(A) ::= . {A = NULL;}
copy_options(A) ::= LP copy_list(L) RP. {A = L;}
copy_options(A) ::= WITH LP copy_list(L) RP. {A = L;}
copy_options(A) ::= copy_words(L). {A = L;}
copy_options(A) ::= WITH copy_words(L). {A = L;}
%type copy_list {struct sl_ast_list *}
copy_list(A) ::= copy_item(O). {A = sl_build_list(parse, O);}
copy_list(A) ::= copy_list(L) COMMA copy_item(O). {A = sl_build_list_add(parse, L, O);}
%type copy_item {struct sl_ast_option *}
copy_item(A) ::= label(K). {A = sl_build_copy_option(parse, K, NULL);}
copy_item(A) ::= label(K) option_value(V). {A = sl_build_copy_option(parse, K, V);}
%type copy_words {struct sl_ast_list *}
copy_words(A) ::= copy_word(O). {A = sl_build_list(parse, O);}
copy_words(A) ::= copy_words(L) copy_word(O). {A = sl_build_list_add(parse, L, O);}
%type copy_word {struct sl_ast_option *}
copy_word(A) ::= ID(K). {A = sl_build_copy_word(parse, K, NULL);}
copy_word(A) ::= ID(K) as_opt STRING(T). {A = sl_build_copy_word(parse, K, T);}
copy_word(A) ::= NULL(K) as_opt STRING(T). {A = sl_build_copy_word(parse, K, T);}
as_opt ::= .
as_opt ::= AS.
