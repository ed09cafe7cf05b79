/* The grammar of .net and .chip files (docs/grammar.md shows it bare).  START_NET or START_CHIP, which the push loop
 * pushes first, says which of the two a text is.
 *
 * Keywords are words like any other: each is a token, and `ident` lists them all, so that one
 * token of lookahead decides what a word is: "input" before a name begins a statement, before
 * "=" it is a variable.
 *
 * RESUME and RESUME_BODY are never written.  After an error the push loop (parse.c) skips to
 * where parsing can go on and says with one of them what comes there: the next statement, or
 * the body of the construct whose head was faulty. */
%require "3.8"
%code top {
#include <config.h>
#pragma GCC diagnostic ignored "-Wswitch-enum" /* bison's switches over its symbols */
}
%code requires {
#include "parser/build.h"
}
%code provides {
/* The scanner (lexer/lexer.l). */
int lexer_next(struct lexer *, NN_STYPE *, NN_LTYPE *);
}
%code {
#include <string.h>

/* Brackets bound nesting; what is left are runs of unary operators. */
#define YYMAXDEPTH 100001 /* one is START_... */

#define YYLLOC_DEFAULT(Cur, Rhs, N) do { \
	(Cur).start = (N) ? YYRHSLOC(Rhs, 1).start : YYRHSLOC(Rhs, 0).end; \
	(Cur).end = (N) ? YYRHSLOC(Rhs, N).end : YYRHSLOC(Rhs, 0).end; \
} while (0)

static void yyerror(const YYLTYPE *, struct parser *, const char *);
}

%define api.prefix {nn_}
%define api.header.include {"parser/parser.h"}
%define api.location.type {struct loc}
%define api.pure full
%define api.push-pull push      // the loop is ours, and so is recovery
%define api.token.prefix {TOK_}
%define api.value.type union
%define parse.error custom
%define parse.lac full          // exact lists of what was expected
%define parse.trace
%locations
%expect 0
%param {struct parser *p}

%token YYEOF 0 "end of file"
%token <struct ast_expr *> INT "an integer" FLOAT "a number" DIMS "a size" STRING "a string" STR_TEXT
%token STR_BEGIN STR_END STR_LBRACE STR_RBRACE
%token <name> NAME "a name"
       NET "net" WEIGHTS "weights" LAYOUT "layout" IMPORT "import" CONST "const" BLOCK "block"
       NETWORK "network" INPUT "input" OUTPUT "output" REPEAT "repeat" IN "in" AS "as"
       SCALE "scale" ZERO "zero" SCHEDULE "schedule" FOR "for" TEST "test" GIVEN "given"
       EXPECT "expect" WITHIN "within"
       WHERE "where" COST "cost" STEP "step" // of .chip files
%token ASSIGN "=" PLUS "+" MINUS "-" STAR "*" SLASH "/" PERCENT "%" COMMA "," COLON ":" SEMI ";"
       AT "@" PIPE "|>" ARROW "->" DOTDOT ".." LPAREN "(" RPAREN ")" LBRACKET "[" RBRACKET "]"
       LBRACE "{" RBRACE "}"
       BAR "|" LT "<" GT ">" LE "<=" GE ">=" EQ "==" NE "!=" AND "&&" OR "||" NOT "!"
%token RESUME RESUME_BODY START_NET START_CHIP

// Of .chip files, whose values stand side by side: what can go on, does.
%precedence ATOM
%precedence STEP "("
%left "||"
%left "&&"
%nonassoc "<" ">" "<=" ">=" "==" "!="
%left "+" "-"
%left "*" "/" "%"
%precedence SIGN

%nterm <name> ident
%nterm <struct name_list> names
%nterm <struct ast_expr *> string primary postfix unary term sum pipe chip target word
%nterm <struct expr_list> text interp exprs list
%nterm <struct stage_list> stages
%nterm <struct suffix> suffix
%nterm <struct arg_list> params param_list args arg_list
%nterm <struct annot_list> annots
%nterm <struct ast_type *> type quant zero
%nterm <struct ast_stmt *> stmt simple
%nterm <struct stmt_list> stmts
%nterm <struct body> body
%nterm <struct ast_item *> item
%nterm <struct item_list> items
%nterm <struct ast_sched *> entry
%nterm <struct sched_list> entries
%nterm <struct ast_check *> check
%nterm <struct check_list> checks
%nterm <name> chip_name chip_head
%nterm <struct ast_expr *> chip_word atom range value condition formula operand
%nterm <struct expr_list> chip_words atoms values
%nterm <struct arg_list> value_args value_arg_list
%nterm <struct alt_list> clause
%nterm <struct clause_list> clauses
%nterm <struct ast_chip_item *> chip_item
%nterm <struct chip_list> chip_items chip_top
%nterm <struct chip_body> chip_body

%printer { fprintf(yyo, "%s", $$); } <name>
%printer { ast_print_expr(yyo, $$); } <struct ast_expr *>

%%
file: START_NET items   { p->ctx->file->items = $items.first; }
| START_CHIP chip_top   { p->ctx->chip->items = $chip_top.first; }
;
items: %empty           { $$ = (struct item_list){ 0 }; }
| items item            {
		$$ = $1;
		LIST_ADD(&$$, $2);
		p->ctx->file->items = $$.first; /* what is there if the parse is given up */
	}
;
item: "net" INT ";"                  { $$ = item_new(p, ITEM_VERSION, @$, $2); }
| "weights" pipe ";"                 { $$ = item_new(p, ITEM_WEIGHTS, @$, $2); }
| "weights" pipe "layout" ident[layout] ";" {
		$$ = item_new(p, ITEM_WEIGHTS, @$, $pipe);
		$$->layout = $layout;
		$$->layout_loc = @layout;
	}
| "import" string ";"                { $$ = item_new(p, ITEM_IMPORT, @$, $2); }
| "const" ident "=" pipe[value] ";"  {
		$$ = item_named(p, ITEM_CONST, @$, $ident, @ident);
		$$->value = $value;
	}
| "block" ident "(" params ")" "->" names body {
		$$ = item_named(p, ITEM_BLOCK, @$, $ident, @ident);
		$$->params = $params.first;
		$$->results = $names.first;
		item_body($$, &$body);
	}
| "network" ident body               {
		$$ = item_named(p, ITEM_NETWORK, @$, $ident, @ident);
		item_body($$, &$body);
	}
| "schedule" chip "{" entries "}"    {
		$$ = item_new(p, ITEM_SCHEDULE, @$, $chip);
		$$->entries = $entries.first;
		$$->body_start = @3;
		$$->body_end = @5;
	}
| "test" string "{" checks "}"       {
		$$ = item_new(p, ITEM_TEST, @$, $string);
		$$->checks = $checks.first;
		$$->body_start = @3;
		$$->body_end = @5;
	}
| faulty_item                        { $$ = item_new(p, ITEM_ERROR, @$, NULL); }
;
faulty_item: faulty
| "block" error skip
| "block" error skip_to_body body
| "network" error skip
| "network" error skip_to_body body
| "schedule" error skip
| "schedule" error skip_to_body "{" entries "}"
| "test" error skip
| "test" error skip_to_body "{" checks "}"
;
params: %empty          { $$ = (struct arg_list){ 0 }; }
| param_list
| param_list ","
;
param_list: ident       {
		$$ = (struct arg_list){ 0 };
		arg_list_add(p, &$$, @1, $1, @1, NULL);
	}
| ident "=" pipe        {
		$$ = (struct arg_list){ 0 };
		arg_list_add(p, &$$, @$, $1, @1, $3);
	}
| param_list "," ident  {
		$$ = $1;
		arg_list_add(p, &$$, @3, $3, @3, NULL);
	}
| param_list "," ident "=" pipe[value] {
		$$ = $1;
		arg_list_add(p, &$$, (struct loc){ @ident.start, @value.end }, $ident, @ident, $value);
	}
;

/* ---- schedules and tests ---- */

chip: %empty            { $$ = NULL; }
| "for" string          { $$ = $2; }
;
entries: %empty         { $$ = (struct sched_list){ 0 }; }
| entries entry         { $$ = $1; LIST_ADD(&$$, $2); }
| entries faulty        { $$ = $1; }
;
entry: string ":" annots ";" { $$ = sched_new(p, @$, $1, &$3); }
;
checks: %empty          { $$ = (struct check_list){ 0 }; }
| checks check          { $$ = $1; LIST_ADD(&$$, $2); }
| checks faulty         { $$ = $1; }
;
check: "given" target "=" pipe[value] ";"   { $$ = check_new(p, @$, false, $target, $value); }
| "expect" target "=" pipe[value] ";"       { $$ = check_new(p, @$, true, $target, $value); }
| "expect" target "=" pipe[value] "within" sum ";" {
		$$ = check_new(p, @$, true, $target, $value);
		$$->within = $sum;
	}
| "expect" target "=" pipe[value] "within" sum ident[unit] ";" {
		$$ = check_new(p, @$, true, $target, $value);
		$$->within = $sum;
		$$->unit = $unit;
		$$->unit_loc = @unit;
	}
;
target: word
;

/* The push loop goes by keywords when it says that a body comes, so every list takes either.
 * After an error the next one is news again. */
faulty: error skip
| error skip_to_body body
;
skip: RESUME            { yyerrok; }
;
skip_to_body: RESUME_BODY { yyerrok; }
;

/* ---- statements ---- */

body: "{" stmts "}"     { $$ = (struct body){ $2.first, @1, @3 }; }
;
stmts: %empty           { $$ = (struct stmt_list){ 0 }; }
| stmts stmt            { $$ = $1; LIST_ADD(&$$, $2); }
;
stmt: simple
| faulty_stmt           {
		$$ = stmt_new(p, STMT_ERROR, @$, &(struct name_list){ 0 }, NULL);
	}
| annots simple         {
		$$ = $2;
		$$->annots = $1.first;
		$$->loc = @$;
	}
;
simple: "input" ident ":" type ";"      {
		$$ = stmt_named(p, STMT_INPUT, @$, $ident, @ident, NULL);
		$$->type = $type;
	}
| "output" ident ";"                    { $$ = stmt_named(p, STMT_OUTPUT, @$, $2, @2, NULL); }
| "output" ident "=" pipe[value] ";"    { $$ = stmt_named(p, STMT_OUTPUT, @$, $2, @2, $value); }
| "const" ident "=" pipe[value] ";"     { $$ = stmt_named(p, STMT_CONST, @$, $2, @2, $value); }
| names "=" pipe ";"                    { $$ = stmt_new(p, STMT_LET, @$, &$1, $3); }
| "repeat" ident "in" sum[lo] ".." sum[hi] body {
		$$ = stmt_named(p, STMT_REPEAT, @$, $ident, @ident, NULL);
		$$->lo = $lo;
		$$->hi = $hi;
		stmt_body($$, &$body);
	}
;
faulty_stmt: faulty
| "repeat" error skip
| "repeat" error skip_to_body body
;
names: ident            { $$ = (struct name_list){ 0 }; name_list_add(p, &$$, $1, @1); }
| names "," ident       { $$ = $1; name_list_add(p, &$$, $3, @3); }
;
annots: "@" ident       {
		$$ = (struct annot_list){ 0 };
		annot_list_add(p, &$$, @$, $2, @2, &(struct arg_list){ 0 });
	}
| "@" ident "(" args ")" {
		$$ = (struct annot_list){ 0 };
		annot_list_add(p, &$$, @$, $ident, @ident, &$args);
	}
| annots "@" ident      {
		$$ = $1;
		annot_list_add(p, &$$, (struct loc){ @2.start, @3.end }, $3, @3, &(struct arg_list){ 0 });
	}
| annots[list] "@"[at] ident "(" args ")"[end] {
		$$ = $list;
		annot_list_add(p, &$$, (struct loc){ @at.start, @end.end }, $ident, @ident, &$args);
	}
;

/* ---- values ---- */

pipe: stages            { $$ = expr_pipe(p, @$, &$1); }
;
stages: sum suffix      {
		$$ = (struct stage_list){ 0 };
		stage_list_add(p, &$$, @$, $1, &$2);
	}
| stages "|>" sum suffix {
		$$ = $1;
		stage_list_add(p, &$$, (struct loc){ @sum.start, @suffix.end }, $sum, &$suffix);
	}
;
suffix: %empty          { $$ = suffix_make(NULL, NULL); }
| ":" type              { $$ = suffix_make($2, NULL); }
| "as" word             { $$ = suffix_make(NULL, $2); }
| ":" type "as" word    { $$ = suffix_make($type, $word); }
| "as" word ":" type    { $$ = suffix_make($type, $word); }
;
word: ident             { $$ = expr_name(p, @1, $1); }
| string
;
type: NAME quant        { $$ = $2; $$->loc = @$; $$->dtype = $1; $$->dtype_loc = @1; }
| NAME list quant       {
		$$ = type_dims($quant, &$list, @list);
		$$->loc = @$;
		$$->dtype = $NAME;
		$$->dtype_loc = @NAME;
	}
| list quant            { $$ = type_dims($2, &$1, @1); $$->loc = @$; }
| "scale" sum zero      { $$ = $3; $$->loc = @$; $$->scale = $2; }
| "zero" sum            { $$ = type_new(p, @$); $$->zero = $2; }
;
quant: zero
| "scale" sum zero      { $$ = $3; $$->scale = $2; }
;
zero: %empty            { $$ = type_new(p, @$); }
| "zero" sum            { $$ = type_new(p, @$); $$->zero = $2; }
;
sum: term
| sum "+" term          { $$ = expr_binary(p, @$, '+', @2, $1, $3); }
| sum "-" term          { $$ = expr_binary(p, @$, '-', @2, $1, $3); }
;
term: unary
| term "*" unary        { $$ = expr_binary(p, @$, '*', @2, $1, $3); }
| term "/" unary        { $$ = expr_binary(p, @$, '/', @2, $1, $3); }
| term "%" unary        { $$ = expr_binary(p, @$, '%', @2, $1, $3); }
;
unary: postfix
| "-" unary             { $$ = expr_unary(p, @$, '-', @1, $2); }
| "+" unary             { $$ = expr_unary(p, @$, '+', @1, $2); }
;
postfix: primary
| postfix "[" pipe[i] "]" { $$ = expr_index(p, @$, $1, $i); }
;
primary: INT
| FLOAT
| DIMS
| string
| ident                 { $$ = expr_name(p, @1, $1); }
| ident "(" args ")"    { $$ = expr_call(p, @$, $ident, @ident, &$args); }
| list                  { $$ = expr_list(p, @$, &$1); }
| "(" pipe ")"          { $$ = $2; $$->parens = true; $$->loc = @$; }
;
list: "[" "]"           { $$ = (struct expr_list){ 0 }; }
| "[" exprs "]"         { $$ = $2; }
| "[" exprs "," "]"     { $$ = $2; }
;
exprs: pipe             { $$ = (struct expr_list){ 0 }; expr_list_add(&$$, $1); }
| exprs "," pipe        { $$ = $1; expr_list_add(&$$, $3); }
;
args: %empty            { $$ = (struct arg_list){ 0 }; }
| arg_list
| arg_list ","
;
arg_list: pipe          {
		$$ = (struct arg_list){ 0 };
		arg_list_add(p, &$$, @1, NULL, LOC_NONE, $1);
	}
| ident "=" pipe        {
		$$ = (struct arg_list){ 0 };
		arg_list_add(p, &$$, @$, $1, @1, $3);
	}
| arg_list "," pipe     { $$ = $1; arg_list_add(p, &$$, @3, NULL, LOC_NONE, $3); }
| arg_list "," ident "=" pipe[value] {
		$$ = $1;
		arg_list_add(p, &$$, (struct loc){ @ident.start, @value.end }, $ident, @ident, $value);
	}
;
string: STRING
| interp STR_END        { $$ = expr_interp(p, @$, &$1); }
;
interp: STR_BEGIN text  { $$ = $2; }
| interp STR_LBRACE pipe STR_RBRACE text {
		$$ = $1;
		expr_list_add(&$$, $pipe);
		expr_list_add(&$$, $text.first);
	}
;
text: %empty            {
		/* Texts and expressions alternate, so there is an empty one. */
		struct ast_expr *e = expr_new(p->arena, EXPR_STRING, @$);

		e->text = e->u.str.s = intern(p->ctx->names, "");
		$$ = (struct expr_list){ 0 };
		expr_list_add(&$$, e);
	}
| STR_TEXT              { $$ = (struct expr_list){ 0 }; expr_list_add(&$$, $1); }
;

/* ---- .chip files ---- */

chip_top: %empty        { $$ = (struct chip_list){ 0 }; }
| chip_top chip_item    {
		$$ = $1;
		LIST_ADD(&$$, $2);
		p->ctx->chip->items = $$.first; /* what is there if the parse is given up */
	}
;
chip_items: %empty      { $$ = (struct chip_list){ 0 }; }
| chip_items chip_item  { $$ = $1; LIST_ADD(&$$, $2); }
;
chip_body: "{" chip_items "}" { $$ = (struct chip_body){ $2.first, @1, @3 }; }
;
chip_item: chip_name "=" clauses ";" {
		$$ = chip_item_named(p, CHIP_PROP, @$, $chip_name, @chip_name);
		$$->clauses = $clauses.first;
	}
| chip_head chip_words ";" {
		$$ = chip_item_named(p, CHIP_WORDS, @$, $chip_head, @chip_head);
		$$->words = $chip_words.first;
	}
| chip_head chip_words chip_body {
		$$ = chip_item_named(p, CHIP_SECTION, @$, $chip_head, @chip_head);
		$$->words = $chip_words.first;
		chip_item_body($$, &$chip_body);
	}
| chip_head chip_body   {
		$$ = chip_item_named(p, CHIP_SECTION, @$, $chip_head, @chip_head);
		chip_item_body($$, &$chip_body);
	}
| "where" condition ":" STRING ";" {
		$$ = chip_item_new(p, CHIP_WHERE, @$);
		$$->cond = $condition;
		$$->text = $STRING;
	}
| "cost" chip_name "=" condition[cost] ";" {
		$$ = chip_item_named(p, CHIP_COST, @$, $chip_name, @chip_name);
		$$->cond = $cost;
	}
| error skip            { $$ = chip_item_new(p, CHIP_ERROR, @$); }
| error skip_to_body chip_body { $$ = chip_item_new(p, CHIP_ERROR, @$); }
;
chip_words: chip_word   { $$ = (struct expr_list){ 0 }; expr_list_add(&$$, $1); }
| chip_words chip_word  { $$ = $1; expr_list_add(&$$, $2); }
;
chip_word: chip_name    { $$ = expr_name(p, @1, $1); }
| STRING
| INT
;
clauses: clause         { $$ = (struct clause_list){ 0 }; clause_list_add(p, &$$, @1, &$1); }
| clauses "," clause    { $$ = $1; clause_list_add(p, &$$, @3, &$3); }
;
clause: atoms           { $$ = (struct alt_list){ 0 }; alt_list_add(p, &$$, @1, &$1); }
| clause "|" atoms      { $$ = $1; alt_list_add(p, &$$, @3, &$3); }
;
atoms: atom             { $$ = (struct expr_list){ 0 }; expr_list_add(&$$, $1); }
| atoms atom            { $$ = $1; expr_list_add(&$$, $2); }
;
atom: formula           %prec ATOM
| range
| STRING
| "[" values "]"        { $$ = expr_list(p, @$, &$values); }
| "->"                  { $$ = expr_name(p, @$, intern(p->ctx->names, "->")); }
;
range: formula[lo] ".." formula[hi] %prec ATOM { $$ = expr_range(p, @$, $lo, $hi, NULL); }
| formula[lo] ".." formula[hi] "step" formula[step] %prec ATOM {
		$$ = expr_range(p, @$, $lo, $hi, $step);
	}
;
value: condition
| range
| STRING
| "[" values "]"        { $$ = expr_list(p, @$, &$values); }
;
values: value           { $$ = (struct expr_list){ 0 }; expr_list_add(&$$, $1); }
| values "," value      { $$ = $1; expr_list_add(&$$, $3); }
;
condition: formula
| condition "<" condition   { $$ = expr_binary(p, @$, OPER_LT, @2, $1, $3); }
| condition ">" condition   { $$ = expr_binary(p, @$, OPER_GT, @2, $1, $3); }
| condition "<=" condition  { $$ = expr_binary(p, @$, OPER_LE, @2, $1, $3); }
| condition ">=" condition  { $$ = expr_binary(p, @$, OPER_GE, @2, $1, $3); }
| condition "==" condition  { $$ = expr_binary(p, @$, OPER_EQ, @2, $1, $3); }
| condition "!=" condition  { $$ = expr_binary(p, @$, OPER_NE, @2, $1, $3); }
| condition "&&" condition  { $$ = expr_binary(p, @$, OPER_AND, @2, $1, $3); }
| condition "||" condition  { $$ = expr_binary(p, @$, OPER_OR, @2, $1, $3); }
;
formula: operand
| formula "+" formula   { $$ = expr_binary(p, @$, '+', @2, $1, $3); }
| formula "-" formula   { $$ = expr_binary(p, @$, '-', @2, $1, $3); }
| formula "*" formula   { $$ = expr_binary(p, @$, '*', @2, $1, $3); }
| formula "/" formula   { $$ = expr_binary(p, @$, '/', @2, $1, $3); }
| formula "%" formula   { $$ = expr_binary(p, @$, '%', @2, $1, $3); }
| "-" formula           %prec SIGN { $$ = expr_unary(p, @$, '-', @1, $2); }
| "+" formula           %prec SIGN { $$ = expr_unary(p, @$, '+', @1, $2); }
| "!" formula           %prec SIGN { $$ = expr_unary(p, @$, '!', @1, $2); }
;
operand: INT
| FLOAT
| DIMS
| chip_name             %prec ATOM { $$ = expr_name(p, @1, $1); }
| chip_name "(" value_args ")" { $$ = expr_call(p, @$, $1, @1, &$value_args); }
| "(" condition ")"     { $$ = $2; $$->parens = true; $$->loc = @$; }
;
value_args: %empty      { $$ = (struct arg_list){ 0 }; }
| value_arg_list
;
value_arg_list: value   {
		$$ = (struct arg_list){ 0 };
		arg_list_add(p, &$$, @1, NULL, LOC_NONE, $1);
	}
| chip_name "=" value   {
		$$ = (struct arg_list){ 0 };
		arg_list_add(p, &$$, @$, $1, @1, $3);
	}
| value_arg_list "," value { $$ = $1; arg_list_add(p, &$$, @3, NULL, LOC_NONE, $3); }
| value_arg_list "," chip_name "=" value {
		$$ = $1;
		arg_list_add(p, &$$, (struct loc){ @chip_name.start, @value.end }, $chip_name, @chip_name, $value);
	}
;
chip_name: NAME | "where" | "cost" | "step"
;
chip_head: NAME | "step" /* "where" and "cost" before a word begin items of their own */
;

/* ---- names of .net files ---- */

/* Any word may be a name. */
ident: NAME | "net" | "weights" | "layout" | "import" | "const" | "block" | "network" | "input"
| "output" | "repeat" | "in" | "as" | "scale" | "zero" | "schedule" | "for" | "test" | "given"
| "expect" | "within"
;
%%

/* ---- the report of a syntax error ---- */

enum { SAID_MAX = 4 }; /* expectations listed at most */

/* Words, and what else begins an expression. */
static void
clear_words(bool *want)
{
	for (int i = YYSYMBOL_NAME; i <= YYSYMBOL_STEP; i++)
		want[i] = false;
}

static void
clear_literals(bool *want)
{
	static const unsigned char begin[] = {
		YYSYMBOL_INT, YYSYMBOL_FLOAT, YYSYMBOL_DIMS, YYSYMBOL_STRING,
		YYSYMBOL_PLUS, YYSYMBOL_MINUS, YYSYMBOL_LPAREN, YYSYMBOL_LBRACKET
	};

	for (size_t i = 0; i < sizeof begin; i++)
		want[begin[i]] = false;
}

/* The same of a .chip, where an item is words and a value may follow a value. */
static const char *
take_chip_group(bool *want)
{
	bool body = want[YYSYMBOL_LBRACE], end = want[YYSYMBOL_SEMI];
	bool property = want[YYSYMBOL_ARROW], value = want[YYSYMBOL_STRING];
	bool top = want[YYSYMBOL_YYEOF], item = want[YYSYMBOL_RBRACE];
	bool expression = want[YYSYMBOL_INT];

	if (!want[YYSYMBOL_NAME])
		return NULL;
	clear_words(want);
	clear_literals(want);
	want[YYSYMBOL_ARROW] = want[YYSYMBOL_NOT] = want[YYSYMBOL_YYEOF] = false;
	if (body)
		return end ? NULL : "a word";
	if (end)
		return NULL;
	if (property || (expression && value))
		return "a value";
	if (expression)
		want[YYSYMBOL_ASSIGN] = false; /* of a property called 'where' */
	if (top)
		return "an item such as 'chip' or 'op'";
	return expression ? "an expression" : item ? "an item" : "a name";
}

/* What a set of expected tokens amounts to, taken out of the set; NULL: just tokens. */
static const char *
take_group(bool *want)
{
	bool word = want[YYSYMBOL_NAME];

	if (word && want[YYSYMBOL_INT]) {
		clear_words(want);
		clear_literals(want);
		return "an expression";
	}
	if (word && want[YYSYMBOL_AT]) {
		clear_words(want);
		want[YYSYMBOL_AT] = false;
		return "a statement";
	}
	if (word && want[YYSYMBOL_ZERO] && want[YYSYMBOL_LBRACKET] && !want[YYSYMBOL_NET]) {
		clear_words(want);
		want[YYSYMBOL_LBRACKET] = false;
		return "a type";
	}
	if (word) {
		clear_words(want);
		return "a name";
	}
	if (want[YYSYMBOL_NETWORK]) {
		clear_words(want);
		want[YYSYMBOL_YYEOF] = false;
		return "a declaration such as 'network' or 'block'";
	}
	return NULL;
}

/* What may end or go on after a complete operand: said only when nothing else is expected. */
static bool
continues(const struct parser *p, int sym)
{
	static const unsigned char chip[] = {
		YYSYMBOL_PLUS, YYSYMBOL_MINUS, YYSYMBOL_STAR, YYSYMBOL_SLASH, YYSYMBOL_PERCENT,
		YYSYMBOL_LPAREN, YYSYMBOL_DOTDOT, YYSYMBOL_LT, YYSYMBOL_GT, YYSYMBOL_LE, YYSYMBOL_GE, YYSYMBOL_EQ,
		YYSYMBOL_NE, YYSYMBOL_AND, YYSYMBOL_OR
	};
	static const unsigned char more[] = {
		YYSYMBOL_PLUS, YYSYMBOL_MINUS, YYSYMBOL_STAR, YYSYMBOL_SLASH, YYSYMBOL_PERCENT,
		YYSYMBOL_LBRACKET, YYSYMBOL_LPAREN, YYSYMBOL_PIPE, YYSYMBOL_COLON,
		YYSYMBOL_AS, YYSYMBOL_SCALE, YYSYMBOL_ZERO
	};

	return p->ctx->chip ? memchr(chip, sym, sizeof chip) != NULL : memchr(more, sym, sizeof more) != NULL;
}

/* Up to SAID_MAX names of what is in the set; returns how many. */
static int
list_expected(const struct parser *p, bool *want, char said[SAID_MAX][48])
{
	const char *group = p->ctx->chip ? take_chip_group(want) : take_group(want);
	bool other = group != NULL;
	int n = 0;

	for (int i = 0; i < YYNTOKENS; i++)
		other = other || (want[i] && !continues(p, i));
	if (group)
		snprintf(said[n++], 48, "%s", group);
	if (want[YYSYMBOL_RPAREN]) /* then "name =" is possible too, but is not what is missing */
		want[YYSYMBOL_ASSIGN] = false;
	for (int i = 0; i < YYNTOKENS && n < SAID_MAX; i++) {
		bool pieces = i == YYSYMBOL_STR_TEXT || i == YYSYMBOL_STR_BEGIN
			|| i == YYSYMBOL_STR_END || i == YYSYMBOL_STR_LBRACE;

		if (!want[i] || pieces || (other && continues(p, i)))
			continue;
		if (i == YYSYMBOL_STR_RBRACE)
			snprintf(said[n++], 48, "'}'");
		else if (i >= YYSYMBOL_INT && i <= YYSYMBOL_NAME)
			snprintf(said[n++], 48, "%s", yysymbol_name((yysymbol_kind_t)i));
		else
			snprintf(said[n++], 48, "'%s'", yysymbol_name((yysymbol_kind_t)i));
	}
	return n;
}

static const char *
source_text(const struct parser *p, uint32_t offset)
{
	const struct source *s = p->ctx->source;

	return s->text + (offset - s->base);
}

static bool
first_on_line(const struct parser *p, struct loc loc)
{
	uint32_t from = p->last_loc.end;

	return from && memchr(source_text(p, from), '\n', loc.start - from);
}

static bool
in_column_1(const struct parser *p, struct loc loc)
{
	return loc.start == p->ctx->source->base || *source_text(p, loc.start - 1) == '\n';
}

static const char *
found(struct parser *p, yysymbol_kind_t sym, struct loc loc)
{
	int n = (int)(loc.end - loc.start);

	if (sym == YYSYMBOL_YYEOF)
		return "end of file";
	if (sym == YYSYMBOL_STRING || sym == YYSYMBOL_STR_BEGIN)
		return "string";
	return arena_printf(p->arena, "'%.*s%s'", n < 40 ? n : 40, source_text(p, loc.start),
		n <= 40 ? "" : "...");
}

static bool
begins_item(int token)
{
	return token == TOK_NET || token == TOK_WEIGHTS || token == TOK_IMPORT || token == TOK_BLOCK
		|| token == TOK_NETWORK || token == TOK_SCHEDULE || token == TOK_TEST;
}

/* An item inside a body: its first word was taken for a name, and SYM follows; or, in a schedule
 * or test, SYM itself is that word. */
static bool
report_item_in_body(struct parser *p, yysymbol_kind_t sym, const bool *want, struct loc loc)
{
	bool after = p->ntokens == 1 && begins_item(p->last) && sym != YYSYMBOL_SEMI
		&& sym != YYSYMBOL_YYEOF;
	bool at = p->ntokens == 0 && !want[YYSYMBOL_NAME] && sym >= YYSYMBOL_NET
		&& sym <= YYSYMBOL_TEST && in_column_1(p, loc);
	struct loc word = after ? p->last_loc : loc;
	int n = (int)(word.end - word.start);

	if (!p->nbraces || !(after || at))
		return false;
	if (in_column_1(p, word)) {
		p->failure = FAIL_NO_RBRACE;
		if (!p->unclosed) {
			diag_error(p->ctx->diag, word, "missing '}' before '%.*s'", n,
				source_text(p, word.start));
			diag_note(p->ctx->diag, p->open[p->nopen - 1].loc, "to close this '{'");
		}
		p->unclosed = true;
		return true;
	}
	if (!p->nested)
		diag_error(p->ctx->diag, word, "'%.*s' cannot stand inside '{...}'", n,
			source_text(p, word.start));
	p->nested = true;
	return true;
}

/* A token that is expected and would make the rest fit: the end of a statement at the end of a
 * line or body, the '{' of a body, what closes an open bracket at the end of the file. */
static bool
report_missing(struct parser *p, yysymbol_kind_t sym, const bool *want, struct loc loc)
{
	struct loc after = { p->last_loc.end, p->last_loc.end };
	bool end = sym == YYSYMBOL_YYEOF;

	if (end && p->nopen && !(want[YYSYMBOL_SEMI] && p->nopen == p->nbraces)) {
		const struct bracket *b = &p->open[p->nopen - 1];
		char open = *source_text(p, b->loc.start);
		char close = open == '(' ? ')' : open == '[' ? ']' : '}';

		if (open == '{' && p->unclosed)
			return true; /* such an error has been reported */
		diag_error(p->ctx->diag, after, "unexpected end of file, expected '%c'", close);
		diag_note(p->ctx->diag, b->loc, "to close this '%c'", open);
		return true;
	}
	if (want[YYSYMBOL_SEMI] && (end || sym == YYSYMBOL_RBRACE || first_on_line(p, loc))) {
		p->failure = FAIL_NO_SEMI;
		diag_error(p->ctx->diag, after, "missing ';' before %s", found(p, sym, loc));
		return true;
	}
	if (want[YYSYMBOL_LBRACE] && !end && first_on_line(p, loc)) {
		p->failure = FAIL_NO_LBRACE;
		diag_error(p->ctx->diag, after, "missing '{' before %s", found(p, sym, loc));
		return true;
	}
	return false;
}

/* "did you mean", when a word stands where a keyword would make sense. */
static void
suggest(struct parser *p, yysymbol_kind_t sym, const bool *want, struct loc loc)
{
	static const char *const items[] = { "net", "weights", "import", "const", "block", "network",
		"schedule", "test" };
	static const char *const stmts[] = { "input", "output", "const", "repeat" };
	static const char *const checks[] = { "given", "expect" };
	const char *s = NULL;
	struct loc at = loc;

	if (sym == YYSYMBOL_NAME && want[YYSYMBOL_NETWORK] && !want[YYSYMBOL_NAME]) {
		s = intern_n(p->ctx->names, source_text(p, loc.start), loc.end - loc.start);
		s = diag_suggest(s, items, sizeof items / sizeof *items);
	} else if (sym == YYSYMBOL_NAME && want[YYSYMBOL_GIVEN] && !want[YYSYMBOL_NAME]) {
		s = intern_n(p->ctx->names, source_text(p, loc.start), loc.end - loc.start);
		s = diag_suggest(s, checks, sizeof checks / sizeof *checks);
	} else if (sym >= YYSYMBOL_NAME && sym <= YYSYMBOL_WITHIN && p->ntokens == 1
		&& p->last == TOK_NAME && p->nbraces) {
		at = p->last_loc;
		s = diag_suggest(p->last_name, stmts, sizeof stmts / sizeof *stmts);
	}
	if (s)
		diag_note(p->ctx->diag, at, "did you mean '%s'?", s);
}

/* The same in a .chip: an item that does not go on as its first word says, '=' for '=='. */
static void
suggest_chip(struct parser *p, yysymbol_kind_t sym, const bool *want, struct loc loc)
{
	static const char *const items[] = { "where", "cost" };
	const char *s = NULL;

	if (sym == YYSYMBOL_ASSIGN && want[YYSYMBOL_EQ])
		diag_note(p->ctx->diag, loc, "did you mean '=='?");
	if (!want[YYSYMBOL_SEMI] || !want[YYSYMBOL_LBRACE])
		return; /* not after words */
	s = diag_suggest(p->first_name, items, sizeof items / sizeof *items);
	if (s)
		diag_note(p->ctx->diag, p->first_loc, "did you mean '%s'?", s);
	else if (p->ntokens == 2 && sym != YYSYMBOL_ASSIGN)
		diag_note(p->ctx->diag, p->first_loc, "a property is written '%.40s = ...'", p->first_name);
}

static int
yyreport_syntax_error(const yypcontext_t *ctx, struct parser *p)
{
	struct diag *d = p->ctx->diag;
	struct loc loc = *yypcontext_location(ctx);
	yysymbol_kind_t sym = yypcontext_token(ctx), list[YYNTOKENS];
	bool want[YYNTOKENS] = { false };
	char said[SAID_MAX][48], text[256];
	int len = 0;

	p->failure = FAIL_OTHER;
	if ((sym == YYSYMBOL_INT || sym == YYSYMBOL_FLOAT) && d->errors
		&& d->shown.start == loc.start && d->shown.end == loc.end)
		return 0; /* the scanner has refused this very word */
	if (d->limit && d->errors >= d->limit) {
		diag_error(d, loc, "syntax error"); /* only counted */
		return 0;
	}
	int n = yypcontext_expected_tokens(ctx, list, YYNTOKENS);
	for (int i = 0; i < n; i++)
		want[list[i]] = true;
	if (p->header && p->ctx->chip && chip_word_opens(p->first_name))
		want[YYSYMBOL_SEMI] = false;
	if (report_item_in_body(p, sym, want, loc) || report_missing(p, sym, want, loc))
		return n < 0 ? n : 0;
	if (sym == YYSYMBOL_YYEOF)
		loc.start = loc.end = p->last_loc.end;
	bool all[YYNTOKENS];
	memcpy(all, want, sizeof all);
	int k = list_expected(p, want, said);
	text[0] = '\0';
	for (int i = 0; i < k; i++)
		len += snprintf(text + len, sizeof text - (size_t)len, "%s%s",
			i == 0 ? ", expected " : i == k - 1 ? " or " : ", ", said[i]);
	diag_error(d, loc, "unexpected %s%s%s", found(p, sym, loc), text,
		sym == YYSYMBOL_ASSIGN && k == 1 && all[YYSYMBOL_COLON] && !p->ctx->chip ? " and the type" : "");
	if (p->ctx->chip)
		suggest_chip(p, sym, all, loc);
	else
		suggest(p, sym, all, loc);
	return n < 0 ? n : 0;
}

/* The parser's stack is full; syntax errors go to the function above. */
static void
yyerror(const YYLTYPE *loc, struct parser *p, const char *msg)
{
	(void)msg;
	diag_error(p->ctx->diag, *loc, "nested too deeply");
}
