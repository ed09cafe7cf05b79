#include <config.h>
#include <check.h>
#include <math.h>
#include <string.h>
#include "ir/eval.h"
#include "pass_bench.h"
#include "random_graph.h"

void
bench_init(struct bench *b)
{
	*b = (struct bench){ 0 };
	b->names = intern_new(&b->arena);
	diag_init(&b->diag, &b->arena, stderr);
	b->ctx = (struct pass_ctx){ .diag = &b->diag, .scratch = &b->scratch };
}

void
bench_free(struct bench *b)
{
	arena_free(&b->scratch);
	arena_free(&b->arena);
}

struct graph *
bench_read(struct bench *b, const char *text)
{
	const struct source *s = diag_add_source(&b->diag, "test", text, strlen(text));
	struct graph *g = graph_read(&b->arena, b->names, &b->diag, s);

	ck_assert_ptr_nonnull(g);
	return g;
}

void
bench_run(struct bench *b, struct graph *g, enum pass_id id)
{
	graph_verify(g, "before");
	ck_assert(passes[id].run(g, &b->ctx));
	arena_free(&b->scratch);
	graph_verify(g, passes[id].name);
}

const void **
bench_outputs(struct bench *b, const struct graph *g, uint64_t seed)
{
	const void **all = eval_graph(&b->arena, g, random_values(&b->arena, g, seed));
	const void **out = ARENA_ARRAY(&b->arena, const void *, g->outputs.n);
	size_t i;

	for (i = 0; i < g->outputs.n; i++)
		out[i] = all[g->outputs.v[i]->id];
	return out;
}

bool
close_enough(const struct tensor *t, const void *x, const void *y, double within)
{
	const float *a = x, *b = y;
	double largest = 1, difference = 0;
	int64_t i;

	if (t->dtype != DT_F32)
		return !memcmp(x, y, (size_t)tensor_bytes(t));
	for (i = 0; i < tensor_count(t); i++) {
		if (isnan(a[i]) && isnan(b[i]))
			continue;
		largest = fmax(largest, fabs(a[i]));
		difference = fmax(difference, a[i] == b[i] ? 0 : isnan(a[i] - b[i]) ? INFINITY : fabs(a[i] - b[i]));
	}
	return difference <= within * largest;
}
