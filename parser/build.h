/* What the grammar's actions, the push loop and the scanner share: constructors of the syntax
 * tree and the state of one parse.  Private to lexer/ and parser/. */
#ifndef PARSER_BUILD_H
#define PARSER_BUILD_H
#include "parser/parse.h"

struct lexer;

/* ---- lists, appended to in constant time ---- */

struct expr_list { struct ast_expr *first, *last; int n; int depth; };
struct arg_list { struct ast_arg *first, *last; int depth; };
struct stage_list { struct ast_stage *first, *last; int depth; };
struct annot_list { struct ast_annot *first, *last; };
struct name_list { struct ast_name *first, *last; };
struct stmt_list { struct ast_stmt *first, *last; };
struct item_list { struct ast_item *first, *last; };
struct sched_list { struct ast_sched *first, *last; };
struct check_list { struct ast_check *first, *last; };
struct alt_list { struct ast_alt *first, *last; };
struct clause_list { struct ast_clause *first, *last; };
struct chip_list { struct ast_chip_item *first, *last; };

#define LIST_ADD(list, node) do { \
	if ((list)->last) \
		(list)->last->next = (node); \
	else \
		(list)->first = (node); \
	(list)->last = (node); \
} while (0)

/* What may follow a stage, in either order: ": type" and "as NAME". */
struct suffix {
	struct ast_type *type;
	struct ast_expr *as;
	int depth;
};

/* "{ statements }" with its braces. */
struct body {
	struct ast_stmt *first;
	struct loc start, end;
};

/* The same of a .chip's section. */
struct chip_body {
	struct ast_chip_item *first;
	struct loc start, end;
};

/* ---- the state of one parse ---- */

/* What a syntax error looks like, which decides how to go on (parse.c). */
enum failure {
	FAIL_NONE,
	FAIL_OTHER,        /* skip the rest of the statement */
	FAIL_NO_SEMI,      /* the token begins the next statement */
	FAIL_NO_LBRACE,    /* the token begins the body */
	FAIL_NO_RBRACE     /* the token before began an item, so bodies around it were not closed */
};

struct bracket {
	int token;
	struct loc loc;
};

struct parser {
	struct parse_ctx *ctx;
	struct arena *arena;
	struct lexer *lexer;
	enum failure failure;    /* set by the report of a syntax error */
	struct bracket open[BRACKETS_MAX];
	int nopen, nbraces;      /* of all kinds, and those that are '{' */
	/* since the last ';', '{' or '}': */
	int ntokens;
	bool header;             /* a keyword that a '{' may follow was there */
	int last;                /* the token before the current one, 0 at the start */
	name last_name;          /* its text, if it has one */
	struct loc last_loc;
	name first_name;         /* of a .chip: the word that the item begins with */
	struct loc first_loc;
	bool nested;             /* an item inside a body was reported; until the outermost '}' */
	bool unclosed;           /* a missing '}' was reported */
	bool too_deep;           /* an expression of too many levels was reported */
};

/* ---- constructors ---- */

struct ast_expr *expr_new(struct arena *, enum expr_kind, struct loc);
void expr_list_add(struct expr_list *, struct ast_expr *);
struct ast_expr *expr_name(struct parser *, struct loc, name);
struct ast_expr *expr_list(struct parser *, struct loc, const struct expr_list *);
/* The pieces of an interpolated string; without an expression it is a plain string. */
struct ast_expr *expr_interp(struct parser *, struct loc, const struct expr_list *);
struct ast_expr *expr_unary(struct parser *, struct loc, char oper, struct loc oper_loc,
	struct ast_expr *);
struct ast_expr *expr_binary(struct parser *, struct loc, char oper, struct loc oper_loc,
	struct ast_expr *l, struct ast_expr *r);
struct ast_expr *expr_index(struct parser *, struct loc, struct ast_expr *l, struct ast_expr *r);
struct ast_expr *expr_call(struct parser *, struct loc, name, struct loc, const struct arg_list *);
/* One stage without type and name is just its expression. */
struct ast_expr *expr_pipe(struct parser *, struct loc, const struct stage_list *);

void stage_list_add(struct parser *, struct stage_list *, struct loc, struct ast_expr *,
	const struct suffix *);
void arg_list_add(struct parser *, struct arg_list *, struct loc, name key, struct loc key_loc,
	struct ast_expr *value);
void name_list_add(struct parser *, struct name_list *, name, struct loc);
void annot_list_add(struct parser *, struct annot_list *, struct loc, name, struct loc,
	const struct arg_list *);
struct suffix suffix_make(struct ast_type *, struct ast_expr *as);
struct ast_type *type_new(struct parser *, struct loc);
struct ast_type *type_dims(struct ast_type *, const struct expr_list *, struct loc);

struct ast_stmt *stmt_new(struct parser *, enum stmt_kind, struct loc, const struct name_list *,
	struct ast_expr *value);
/* The same with a single name. */
struct ast_stmt *stmt_named(struct parser *, enum stmt_kind, struct loc, name, struct loc,
	struct ast_expr *value);
void stmt_body(struct ast_stmt *, const struct body *);
struct ast_item *item_new(struct parser *, enum item_kind, struct loc, struct ast_expr *value);
struct ast_item *item_named(struct parser *, enum item_kind, struct loc, name, struct loc);
void item_body(struct ast_item *, const struct body *);
struct ast_sched *sched_new(struct parser *, struct loc, struct ast_expr *pattern,
	const struct annot_list *);
struct ast_check *check_new(struct parser *, struct loc, bool expect, struct ast_expr *target,
	struct ast_expr *value);

/* ---- .chip files (build_chip.c) ---- */

/* lo..hi step s; STEP NULL: not written. */
struct ast_expr *expr_range(struct parser *, struct loc, struct ast_expr *lo, struct ast_expr *hi,
	struct ast_expr *step);
void alt_list_add(struct parser *, struct alt_list *, struct loc, const struct expr_list *atoms);
void clause_list_add(struct parser *, struct clause_list *, struct loc, const struct alt_list *);
struct ast_chip_item *chip_item_new(struct parser *, enum chip_item_kind, struct loc);
struct ast_chip_item *chip_item_named(struct parser *, enum chip_item_kind, struct loc, name, struct loc);
void chip_item_body(struct ast_chip_item *, const struct chip_body *);
/* What a .chip says with words that are no keywords. */
bool chip_word_opens(name);  /* op, memory: a body follows */
bool chip_word_is_top(name); /* op, chip, include, ...: never inside a body */
#endif
