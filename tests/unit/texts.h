/* What the tests of both languages do with a text: parse it, print it, and hold the two to each other. */
#ifndef UNIT_TEXTS_H
#define UNIT_TEXTS_H
#include "dump_ast.h"
#include "unit.h"

enum language { LANGUAGE_NET, LANGUAGE_CHIP };

/* A parse with its messages and the dump of its tree. */
struct parsed {
	struct arena arena;
	struct diag diag;
	char *messages, *tree;
	const void *file;          /* ast_file or ast_chip_file */
};
/* The source is called "t.net" or "t.chip". */
void texts_parse(struct parsed *, enum language, const char *text, size_t len);
void texts_free(struct parsed *);

/* BEFORE, N times PIECE, AFTER; free() it. */
char *texts_repeat(const char *before, const char *piece, int n, const char *after, size_t *len);

/* The tree or the messages of TEXT are WANT. */
void texts_check_messages(enum language, const char *text, const char *want);
void texts_check_recovery(enum language, const char *text, const char *tree, int errors);
/* A long text gives MESSAGE alone, or none when MESSAGE is NULL. */
void texts_check_long(enum language, const char *before, const char *piece, const char *after, const char *message);
/* Faults do not add up to more than linear time: the piece 20,000 times. */
void texts_check_many_errors(enum language, const char *before, const char *piece);

/* Print TEXT; WANT is the result, or NULL if only the invariants matter: the same tree, comments and print again. */
void texts_check_format(enum language, const char *text, size_t len, const char *want);
#endif
