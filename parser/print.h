/* The canonical print: expressions and their line breaks (print_expr.c), lines and comments (print_lines.c),
 * the statements of .net files (print.c) and the items of .chip files (print_chip.c).  Private to parser/. */
#ifndef PARSER_PRINT_H
#define PARSER_PRINT_H
#include <stdio.h>
#include "parser/ast.h"

enum {
	PRINT_WIDTH = 100, /* columns that a line has if it can be broken */
	PRINT_INDENT = 4
};

struct printer {
	FILE *out;        /* NULL: measuring */
	int col;          /* columns of the current line so far */
	bool over;        /* measuring: the line is longer than PRINT_WIDTH, the rest is not looked at */
	/* for statements */
	const struct source *source;
	const struct ast_comment *comment; /* the next one to print */
	bool first;       /* nothing is in this body yet, so no blank line either */
};

void print_text(struct printer *, const char *);
void print_line_break(struct printer *, int indent);

/* On one line. */
void print_flat_expr(struct printer *, const struct ast_expr *);
void print_flat_type(struct printer *, const struct ast_type *);

/* Each breaks lines where it must; INDENT is that of the line it starts on, TAIL the columns that
 * still follow on its last line. */
void print_expr(struct printer *, const struct ast_expr *, int indent, int tail);
/* "(a, b = 1)" of a call, an annotation or a block. */
void print_args(struct printer *, const struct ast_arg *, int indent, int tail);
/* "a, b, c" */
void print_names(struct printer *, const struct ast_name *, int indent, int tail);
/* "@a @b(c)" */
void print_annots(struct printer *, const struct ast_annot *, int indent, int tail);

/* ---- print_lines.c ---- */

/* Begin the line of what lies at LOC in the source: first the comments before it and those inside
 * it, which have no place of their own any more. */
void print_lead(struct printer *, struct loc, int indent);
/* End the line of what ends at END in the source, with the comments behind it. */
void print_trail(struct printer *, uint32_t end);
/* " {" and its line; '}' on a line of its own.  The places are those of the braces. */
void print_open_body(struct printer *, struct loc brace);
void print_close_body(struct printer *, struct loc brace, int indent);
/* Those before END that are not printed yet, each on a line of its own. */
void print_comments_before(struct printer *, uint32_t end, int indent);
/* What of LOC lies before its body, which BRACE opens, if it has one. */
struct loc print_head(struct loc, struct loc brace);
#endif
