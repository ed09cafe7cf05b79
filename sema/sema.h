/* Syntax tree -> graph: names and scopes, constants, blocks and loops expanded, arguments checked, shapes and
 * quantisation inferred, weights bound, annotations and schedules attached, tests resolved. */
#ifndef SEMA_SEMA_H
#define SEMA_SEMA_H
#include "ir/graph.h"
#include "parser/parse.h"
#include "weights/weights.h"

struct sema_opts {
	const char *weights_dir;   /* --weights-dir: where relative weight and test files are looked up; NULL: beside the .net */
	bool random_weights;       /* --random-weights[=SEED]: instead of any weights file */
	uint64_t seed;
	const char *network;       /* --network NAME, where a file has several; NULL: the only one */
	int max_nodes;             /* refuse larger networks; 0: the default of one million */
	bool need_tests;           /* read the files of test blocks (else only their names are checked) */
};

struct weights_opened;
struct sema_ctx {
	struct arena *arena;
	struct intern *names;
	struct diag *diag;
	const struct sema_opts *opts;
	struct weights_opened *files; /* opened by sema, closed by sema_close after the output is written */
};

/* NULL after reporting errors. */
struct graph *sema_build(struct sema_ctx *, const struct ast_file *);
void sema_close(struct sema_ctx *);
#endif
