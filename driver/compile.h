/* The whole compiler as one list of calls; the commands are prefixes of it. */
#ifndef DRIVER_COMPILE_H
#define DRIVER_COMPILE_H
#include "driver/options.h"

struct compilation {
	struct arena source, ir, pass; /* by lifetime; see support/arena.h */
	struct intern *names;
	struct diag diag;
	struct ast_file *ast;
	struct ast_chip_file *chip_ast; /* of the last compile_parse_chip */
	struct sema_ctx sema;
	const struct options *options; /* as compilation_options was given them */
	const struct chip *chip;   /* what is compiled for, or NULL */
	struct graph *graph;       /* as built, or as passes left it */
	struct graph *written;     /* as built, when report draws it; else NULL */
	struct graph *uncut;       /* as the passes before strips left it, when arenas may have limits and --recompute is not given; else NULL */
	struct program *program;
};

void compilation_init(struct compilation *, FILE *err);
/* What the options say about messages. */
void compilation_options(struct compilation *, const struct options *);
/* Each: false after reporting errors. */
bool compile_parse(struct compilation *, const char *path, bool trace);
bool compile_parse_chip(struct compilation *, const char *path, bool trace);
/* The text of PATH as a source of messages; NULL after reporting. */
const struct source *compile_source(struct compilation *, const char *path);
/* The chip that PATH describes; NULL after reporting errors. */
struct chip *compile_chip(struct compilation *, const char *path, bool trace);
bool compile_build(struct compilation *, const struct sema_opts *);
bool compile_passes(struct compilation *, struct pass_ctx *, bool *stopped);
/* The graph lowered and its arena planned, as small as it gets, STREAM: with chains of layers by rows; NULL after reporting errors. */
struct program *compile_smallest(struct compilation *, enum io_mode, bool stream);
bool compile_lower(struct compilation *, const struct options *);
/* recompute.c: what the pass strips is to do for --recompute to the graph as the passes before it left it. */
struct strip_demand recompute_choose(const struct compilation *, const struct pass_ctx *, const struct options *);
/* What an arena --recompute would make, and by how many bytes it would exceed limits; false: none, since no chain is better in strips or the graph before
 * was not kept. */
bool recompute_would_take(const struct compilation *, const struct options *, int64_t *missing, int64_t *bytes);
/* All of these for o->files[0], with the dumps asked for on standard output.  *STOPPED: by --stop-after, and there
 * is no program. */
bool compile_file(struct compilation *, const struct options *, bool *stopped);
/* Frees everything, flushes what is left to say; the exit status: SO_FAR, or 1 when errors were reported. */
int compilation_end(struct compilation *, int so_far);
void compilation_free(struct compilation *);
/* Report why writing failed ("cannot write ...") without a place. */
void compile_output_error(struct compilation *, const char *why);
#endif
