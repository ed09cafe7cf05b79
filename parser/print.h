/* The canonical print, in two parts: expressions and their line breaks (print_expr.c), statements
 * and comments (print.c).  Private to parser/. */
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
#endif
