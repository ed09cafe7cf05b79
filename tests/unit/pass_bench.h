/* What tests of passes set up: a graph from its text, a pass over it, its outputs before and after. */
#ifndef UNIT_PASS_BENCH_H
#define UNIT_PASS_BENCH_H
#include "passes/pass.h"

struct bench {
	struct arena arena, scratch;
	struct intern *names;
	struct diag diag;
	struct pass_ctx ctx;
};

void bench_init(struct bench *);
void bench_free(struct bench *);
struct graph *bench_read(struct bench *, const char *text);
/* Verify, run the pass, verify. */
void bench_run(struct bench *, struct graph *, enum pass_id);
/* The elements of the outputs for random inputs; ids and tensors change with every pass. */
const void **bench_outputs(struct bench *, const struct graph *, uint64_t seed);
/* Equal, for f32 but for WITHIN times the largest magnitude (at least 1). */
bool close_enough(const struct tensor *, const void *x, const void *y, double within);
#endif
