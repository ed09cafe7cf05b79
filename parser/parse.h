/* Text -> syntax tree. */
#ifndef PARSER_PARSE_H
#define PARSER_PARSE_H
#include "parser/ast_chip.h"

/* What the scanner and the parser share; one per file parsed. */
struct parse_ctx {
	struct arena *arena;
	struct intern *names;
	struct diag *diag;
	bool trace;            /* --trace=parse: bison's own trace on stderr */
	struct ast_file *file; /* filled in by parse_source, else NULL */
	struct ast_chip_file *chip;    /* filled in by parse_chip, else NULL */
	const struct source *source;   /* what is parsed */
	struct ast_comment **comments; /* where its next comment is linked */
};

/* Parse the whole source.  Errors are in ctx->diag, and the tree holds what could be
 * recovered (ERROR kinds stand where something is missing).  Never NULL. */
struct ast_file *parse_source(struct parse_ctx *, const struct source *);
/* The same of a .chip text. */
struct ast_chip_file *parse_chip(struct parse_ctx *, const struct source *);

/* Print a file in the canonical form with its comments. */
void ast_print(FILE *, const struct ast_file *);
void ast_chip_print(FILE *, const struct ast_chip_file *);
/* One expression, canonical, on one line (for messages and tests). */
void ast_print_expr(FILE *, const struct ast_expr *);
/* An item of a .chip likewise, without ';': "in = 16..512 step 16", "where in > 3"; of a section its head. */
void ast_print_chip_item(FILE *, const struct ast_chip_item *);
#endif
