/* Text -> syntax tree. */
#ifndef PARSER_PARSE_H
#define PARSER_PARSE_H
#include "parser/ast.h"

/* What the scanner and the parser share; one per file parsed. */
struct parse_ctx {
	struct arena *arena;
	struct intern *names;
	struct diag *diag;
	bool trace;            /* --trace=parse: bison's own trace on stderr */
	struct ast_file *file; /* filled in */
};

/* Parse the whole source.  Errors are in ctx->diag, and the tree holds what could be
 * recovered (ERROR kinds stand where something is missing).  Never NULL. */
struct ast_file *parse_source(struct parse_ctx *, const struct source *);

/* Print FILE in the canonical form with its comments. */
void ast_print(FILE *, const struct ast_file *);
/* One expression, canonical, on one line (for messages and tests). */
void ast_print_expr(FILE *, const struct ast_expr *);
#endif
