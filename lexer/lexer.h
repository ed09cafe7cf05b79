/* Text -> tokens.  The tokens themselves are the grammar's (parser/parser.h), which also declares
 * lexer_next, so that neither generated header includes the other. */
#ifndef LEXER_LEXER_H
#define LEXER_LEXER_H
#include "parser/parse.h"

struct lexer;

/* Reads SOURCE for CTX, in the language of ctx->chip or ctx->file: names, literals and comments go to its arena. */
struct lexer *lexer_new(struct parse_ctx *, const struct source *);
/* While the parser skips to the end of a faulty statement, stray characters are not news. */
void lexer_set_skipping(struct lexer *, bool);
/* The text ended inside a comment, which is reported: what is missing after it is unknown. */
bool lexer_is_cut(const struct lexer *);
void lexer_free(struct lexer *);
#endif
