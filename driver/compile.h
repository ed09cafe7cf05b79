/* The whole compiler as one list of calls; the commands of main.c are prefixes of it. */
#ifndef DRIVER_COMPILE_H
#define DRIVER_COMPILE_H
#include "backend/backend.h"
#include "passes/pass.h"
#include "sema/sema.h"

struct compilation {
	struct arena source, ir;   /* by lifetime; see support/arena.h */
	struct intern *names;
	struct diag diag;
	struct ast_file *ast;
	struct sema_ctx sema;
	struct graph *graph;       /* as built, or as passes left it */
	struct program *program;
};

void compilation_init(struct compilation *, FILE *err);
/* Each: false after reporting errors. */
bool compile_parse(struct compilation *, const char *path, bool trace);
bool compile_build(struct compilation *, const struct sema_opts *);
bool compile_passes(struct compilation *, struct pass_ctx *, bool *stopped);
bool compile_lower(struct compilation *);
void compilation_free(struct compilation *);
#endif
