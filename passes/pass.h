/* The pass runner.  A pass is one file with one function; it changes the graph and ends with graph_tidy.  The
 * runner is its only caller: it runs the pass, verifies the graph, dumps it if asked. */
#ifndef PASSES_PASS_H
#define PASSES_PASS_H
#include "ir/graph.h"

enum { STRIPS_MAX = 64 };
/* Chains in strips of columns (passes/strips.c): at most MOST strips of each, as few as keep what is live below TARGET bytes. */
struct strip_demand {
	int32_t most;              /* below 2: no strips; at most STRIPS_MAX */
	int64_t target;
	bool everywhere;           /* all chains that can be, in MOST strips, whatever that is good for */
	bool ports_outside;        /* inputs and outputs of the network are not in the arena */
	bool input_by_rows;        /* the input comes by rows, once */
};

struct pass_ctx {
	struct diag *diag;
	struct arena *scratch;     /* emptied after each pass */
	FILE *dump;                /* where --dump-ir goes */
	const char *dump_after;    /* comma-separated pass names, "build" for the graph as built, or "all"; NULL: none */
	const char *stop_after;    /* NULL: run all */
	struct print_opts print;
	const struct chip *chip;   /* NULL: portable C */
	bool verify;               /* evaluate before and after the decompositions: passes/check_classes.c */
	struct graph *before;      /* with verify, from the pass "keep" on: the graph as it was then */
	struct strip_demand strips;
	enum annot_class allow;    /* the worst class that a plan may have without being asked for; UNSET: bounded */
};

/* false: an error was reported. */
typedef bool pass_fn(struct graph *, struct pass_ctx *);
struct pass {
	const char *name, *help;
	pass_fn *run;
};
#define PASS(fn, text, help) pass_fn pass_##fn;
#include "passes/passes.def"
#undef PASS
enum pass_id {
#define PASS(fn, text, help) PASS_##fn,
#include "passes/passes.def"
#undef PASS
	PASS_COUNT
};
extern const struct pass passes[PASS_COUNT];
/* Check the names in dump_after and stop_after ("build" is one too): NULL, or the unknown one, in ctx->scratch. */
const char *passes_unknown(const struct pass_ctx *);
/* All passes up to stop_after; *stopped says whether it was reached. */
bool passes_run(struct graph *, struct pass_ctx *, bool *stopped);
/* The passes from FIRST to before END only. */
bool passes_run_some(struct graph *, struct pass_ctx *, enum pass_id first, enum pass_id end, bool *stopped);
#endif
