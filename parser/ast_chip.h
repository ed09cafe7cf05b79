/* The syntax tree of a .chip file: items with values, no meaning (chips/read.c gives it).
 *
 *	chip "npu16" version 1;                      WORDS    chip: "npu16", version, 1
 *	cores = 2;                                   PROP
 *	memory sram { size = 256K; }                 SECTION  memory: sram
 *	op conv2d "mode" {                           SECTION  op: conv2d, "mode"
 *	    in     = 16..512 step 16 | 1024;         PROP     one clause of two alternatives: RANGE, INT
 *	    type   = i8 * i8 + i32 -> i8 | i32;      PROP     one clause; first alternative: BINARY, NAME "->", NAME
 *	    layout = x [h, w, in] pitch, w [out/16, kh, kw, in, out%16];
 *	                                             PROP     two clauses; first: NAME, LIST, NAME
 *	    where in * kh <= 2048 : "why";           WHERE    cond, text
 *	    cost cycles = 40 + ho * wo;              COST     key cycles, cond is the formula
 *	    call "f({y}, {x});" "g();";              WORDS
 *	}
 */
#ifndef PARSER_AST_CHIP_H
#define PARSER_AST_CHIP_H
#include "parser/ast.h"

/* One of a value's alternatives: atoms side by side.  "->" is an EXPR_NAME of that text; a range EXPR_RANGE. */
struct ast_alt {
	struct ast_alt *next;
	struct loc loc;
	struct ast_expr *atoms;  /* linked by next */
};
struct ast_clause {              /* between commas */
	struct ast_clause *next;
	struct loc loc;
	struct ast_alt *alts;    /* between bars */
};

enum chip_item_kind { CHIP_ERROR, CHIP_PROP, CHIP_WORDS, CHIP_WHERE, CHIP_COST, CHIP_SECTION };
struct ast_chip_item {
	enum chip_item_kind kind;
	struct ast_chip_item *next;
	struct loc loc;
	name name;                       /* PROP, WORDS, SECTION: its first word; COST: what it is the cost of */
	struct loc name_loc;
	struct ast_clause *clauses;      /* PROP */
	struct ast_expr *words;          /* WORDS, SECTION: names, strings, numbers after the first, linked by next */
	struct ast_expr *cond;           /* WHERE: the condition, COST: the formula */
	struct ast_expr *text;           /* WHERE: EXPR_STRING, never NULL */
	struct ast_chip_item *items;     /* SECTION */
	struct loc body_start, body_end; /* SECTION: the braces */
};
struct ast_chip_file {
	const struct source *source;
	struct ast_chip_item *items;
	struct ast_comment *comments; /* in source order */
};
#endif
