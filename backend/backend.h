/* Program -> C text. */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H
#include "backend/program.h"
#include "support/file.h"

enum weights_mode { WEIGHTS_INLINE, WEIGHTS_SPLIT, WEIGHTS_BIN };
enum package { PACKAGE_NONE, PACKAGE_CMAKE, PACKAGE_ARDUINO, PACKAGE_ZEPHYR };
struct emit_opts {
	enum weights_mode weights;
	bool main;              /* --main: NAME_main.c too */
	bool selftest;          /* --selftest: NAME_selftest.c and .h from the test blocks */
	enum package package;   /* --package: what a build system needs beside the C */
	const char *prefix;     /* C identifier prefix; the network's name unless --prefix */
	const char *command;    /* for the head comment: "netc build kws.net --main", no absolute paths */
	const char *source;     /* base name of the .net */
};
/* Open and write NAME.h, NAME.c and what the options add into DIR, made where it is missing.  Errors are those of outputs_commit. */
void emit_program(struct outputs *, const char *dir, const struct program *, const struct diag *, const struct emit_opts *);
/* The prefix of identifiers and files that a network's name gives: letters, digits, single underscores. */
const char *emit_prefix(struct arena *, const char *);
#endif
