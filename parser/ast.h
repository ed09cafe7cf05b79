/* The syntax tree of a .net file: names and locations, no types, no meaning.
 *
 * Everything is arena-owned and linked in source order.  Long chains (statements, pipe
 * stages, list items) are linked lists, so depth of the tree is only what the user nested with
 * brackets; the parser limits that depth. */
#ifndef PARSER_AST_H
#define PARSER_AST_H
#include <stdbool.h>
#include <stdint.h>
#include "support/diag.h"
#include "support/intern.h"

enum {
	BRACKETS_MAX = 1000,   /* how deep brackets of all kinds may nest */
	EXPR_DEPTH_MAX = 2000  /* how deep an expression is at most, so that readers may recurse */
};

/* ---- expressions ---- */

enum expr_kind {
	EXPR_ERROR,   /* already reported; readers skip it silently */
	EXPR_INT,     /* u.i; text keeps the spelling (256K) */
	EXPR_FLOAT,   /* u.f; text keeps the spelling */
	EXPR_STRING,  /* u.s: bytes after escapes; "{expr}" pieces: see EXPR_INTERP */
	EXPR_NAME,    /* u.s: a value, constant, parameter, loop variable or enum word (same, auto) */
	EXPR_DIMS,    /* 3x3, 10x4x1: items are EXPR_INT */
	EXPR_LIST,    /* [a, b, c]: items */
	EXPR_UNARY,   /* u.op.oper: '-' or '+'; u.op.l */
	EXPR_BINARY,  /* u.op.oper: + - * / % ; in .chip files also comparisons and logic: enum chip_oper */
	EXPR_INDEX,   /* u.op.l [ u.op.r ] */
	EXPR_CALL,    /* u.call.callee ( args ): an operation, a block or a built-in function */
	EXPR_PIPE,    /* u.pipe: head |> stage |> stage, or one stage that carries ": type" or "as" */
	EXPR_INTERP,  /* "conv{i + 1}.weight": items, alternately EXPR_STRING (first and last, perhaps
	               * empty) and the expressions */
	EXPR_RANGE    /* lo..hi step s, .chip files only: items lo, hi and, where written, step */
};

/* u.op.oper of the operators that only .chip files have; EXPR_UNARY '!' is one too. */
enum chip_oper { OPER_LT = '<', OPER_GT = '>', OPER_LE = 'l', OPER_GE = 'g', OPER_EQ = '=', OPER_NE = '#', OPER_AND = '&', OPER_OR = '|' };

struct ast_expr {
	enum expr_kind kind;
	uint16_t depth;        /* 1 + the deepest of its parts, at most EXPR_DEPTH_MAX */
	bool parens;           /* written in parentheses, which loc includes */
	struct loc loc;
	struct ast_expr *next; /* in the list that holds it (items) */
	const char *text;      /* the source spelling of a literal, NUL-terminated; of a text
	                        * piece of EXPR_INTERP without quotes */
	union {
		int64_t i;
		double f;
		struct { name s; size_t len; } str;      /* EXPR_STRING, EXPR_NAME */
		struct { struct ast_expr *first; int n; } items;
		struct { char oper; struct loc oper_loc; struct ast_expr *l, *r; } op;
		struct { name callee; struct loc callee_loc; struct ast_arg *args; } call;
		struct { struct ast_stage *first; } pipe;
	} u;
};

/* An argument of a call, an annotation, or a parameter of a block. */
struct ast_arg {
	struct ast_arg *next;
	struct loc loc;
	name key;               /* NULL: positional */
	struct loc key_loc;
	struct ast_expr *value; /* in a block's parameter list NULL: no default */
};

/* One stage of a pipe:  call [: type] [as NAME].  The head may be any expression. */
struct ast_stage {
	struct ast_stage *next;
	struct loc loc;
	struct ast_expr *expr;
	struct ast_type *type;    /* NULL: inferred */
	struct ast_expr *as;      /* NULL, EXPR_NAME, EXPR_STRING or EXPR_INTERP */
};

/* i8[49, 10, 1] scale 0.58 zero 83: every part may be missing, at least one is there. */
struct ast_type {
	struct loc loc;
	name dtype;                    /* NULL: not written */
	struct loc dtype_loc;
	bool has_dims;                 /* "[]" is a scalar */
	struct ast_expr *dims;         /* linked by next */
	struct loc dims_loc;
	struct ast_expr *scale, *zero; /* NULL: not written */
};

/* @split_sum(parts = 4): name and arguments, checked by sema against annots.def. */
struct ast_annot {
	struct ast_annot *next;
	struct loc loc;
	name name;
	struct loc name_loc;
	struct ast_arg *args;
};

/* ---- statements: the body of a network, a block or a repeat ---- */

enum stmt_kind {
	STMT_ERROR,
	STMT_INPUT,   /* input NAME : type; */
	STMT_OUTPUT,  /* output NAME [= value]; */
	STMT_LET,     /* a, b = value; */
	STMT_CONST,   /* const NAME = value; */
	STMT_REPEAT   /* repeat VAR in LO..HI { body }  (both ends belong to it) */
};

struct ast_name {
	struct ast_name *next;
	name name;
	struct loc loc;
};

struct ast_stmt {
	enum stmt_kind kind;
	struct ast_stmt *next;
	struct loc loc;             /* the whole statement, annotations and ';' or '}' included */
	struct ast_annot *annots;
	struct ast_name *names;     /* INPUT, OUTPUT, CONST, REPEAT: one; LET: one or more */
	struct ast_type *type;      /* INPUT */
	struct ast_expr *value;     /* OUTPUT (or NULL), LET, CONST */
	struct ast_expr *lo, *hi;   /* REPEAT */
	struct ast_stmt *body;      /* REPEAT */
	struct loc body_start;      /* the braces: where comments of the body begin and end */
	struct loc body_end;
};

/* ---- top level ---- */

enum item_kind {
	ITEM_ERROR,
	ITEM_VERSION,  /* net 1; */
	ITEM_WEIGHTS,  /* weights "w.safetensors" [layout oihw];  weights random(7); */
	ITEM_IMPORT,   /* import "blocks.net"; */
	ITEM_CONST,    /* const NAME = value; */
	ITEM_BLOCK,    /* block NAME(params) -> results { body } */
	ITEM_NETWORK,  /* network NAME { body } */
	ITEM_SCHEDULE, /* schedule [for "CHIP"] { "PATTERN" : @annot ... ; } */
	ITEM_TEST      /* test "NAME" { given X = value; expect Y = value [within V [UNIT]]; } */
};

struct ast_sched {              /* an entry of a schedule */
	struct ast_sched *next;
	struct loc loc;
	struct ast_expr *pattern;   /* EXPR_STRING: a glob over layer paths */
	struct ast_annot *annots;
};

struct ast_check {              /* given or expect of a test */
	struct ast_check *next;
	struct loc loc;
	bool expect;
	struct ast_expr *target;    /* EXPR_NAME or EXPR_STRING: an input, output or layer path */
	struct ast_expr *value;     /* file("x.npy"), a list, random(seed), a number */
	struct ast_expr *within;    /* NULL: exact for integers, 1e-5 of the largest for f32 */
	name unit;                  /* NULL or "lsb", "relative", "absolute" */
	struct loc unit_loc;
};

struct ast_item {
	enum item_kind kind;
	struct ast_item *next;
	struct loc loc;
	name name;                  /* CONST, BLOCK, NETWORK */
	struct loc name_loc;
	struct ast_expr *value;     /* VERSION, WEIGHTS, IMPORT, CONST, TEST (its name), SCHEDULE (chip or NULL) */
	name layout;                /* WEIGHTS: NULL or what was written */
	struct loc layout_loc;
	struct ast_arg *params;     /* BLOCK */
	struct ast_name *results;   /* BLOCK */
	struct ast_stmt *body;      /* BLOCK, NETWORK */
	struct ast_sched *entries;  /* SCHEDULE */
	struct ast_check *checks;   /* TEST */
	struct loc body_start;      /* the braces, where there are any */
	struct loc body_end;
};

/* A comment, "// text" to the end of its line or between "/" "*" and "*" "/"; fmt puts it back
 * where it was. */
struct ast_comment {
	struct ast_comment *next;
	struct loc loc;
};

struct ast_file {
	const struct source *source;
	struct ast_item *items;
	struct ast_comment *comments; /* in source order */
};
#endif
