/* netc test: the test blocks in the evaluator. */
#include <config.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include "driver/compile.h"
#include "driver/progress.h"
#include "ir/eval.h"

static double
element(enum dtype t, const void *data, int64_t i)
{
	switch (t) {
	case DT_F32: return (double)((const float *)data)[i];
	case DT_I8:  return ((const int8_t *)data)[i];
	case DT_I16: return ((const int16_t *)data)[i];
	case DT_I32: return ((const int32_t *)data)[i];
	case DT_COUNT: break;
	}
	return 0;
}

/* How far a result may be from the expected value. */
static double
allowed(const struct test_value *v)
{
	double most = 0;

	if (v->unit != WITHIN_RELATIVE)
		return v->within;
	for (int64_t i = 0; i < v->count; i++)
		most = fmax(most, fabs(element(v->dtype, v->data, i)));
	return v->within * most;
}

static const char *
number(struct arena *a, enum dtype t, double x)
{
	return dtype_is_int(t) ? arena_printf(a, "%.0f", x) : arena_printf(a, "%.9g", x);
}

/* The tensor that a test value speaks of: outputs have names of their own. */
static const struct tensor *
target_of(const struct graph *g, name target)
{
	for (size_t i = 0; i < g->outputs.n; i++)
		if (g->output_names.v[i] == target)
			return g->outputs.v[i];
	return graph_find(g, target);
}

/* False after reporting the first difference and their number. */
static bool
compare(struct compilation *c, const struct test *t, const struct test_value *v, const void *found)
{
	double within = allowed(v);
	int64_t first = -1, bad = 0;

	for (int64_t i = 0; i < v->count; i++)
		if (!(fabs(element(v->dtype, found, i) - element(v->dtype, v->data, i)) <= within)) {
			first = first < 0 ? i : first;
			bad++;
		}
	if (first < 0)
		return true;
	diag_error(&c->diag, v->loc, "test '%s': element %" PRId64 " of '%s' is %s but %s is expected, within %g "
		"(%" PRId64 " of %" PRId64 " differ)", t->name, first, v->target,
		number(&c->ir, v->dtype, element(v->dtype, found, first)),
		number(&c->ir, v->dtype, element(v->dtype, v->data, first)), within, bad, v->count);
	return false;
}

static const void *
given(const struct test *t, name input)
{
	for (const struct test_value *v = t->values; v; v = v->next)
		if (!v->expect && v->target == input)
			return v->data;
	return NULL;
}

static bool
run_test(struct compilation *c, const struct test *t)
{
	const struct graph *g = c->graph;
	const void **inputs = ARENA_ARRAY(&c->ir, const void *, g->inputs.n + 1), **values;
	struct arena scratch = { 0 };
	bool good = true;

	for (size_t i = 0; i < g->inputs.n; i++)
		inputs[i] = given(t, g->inputs.v[i]->name);
	values = eval_graph(&scratch, g, inputs);
	for (const struct test_value *v = t->values; v; v = v->next)
		if (v->expect)
			good &= compare(c, t, v, values[target_of(g, v->target)->id]);
	arena_free(&scratch);
	return good;
}

static void
run_tests(struct compilation *c)
{
	for (const struct test *t = c->graph->tests; t; t = t->next) {
		bool good = run_test(c, t);

		progress_end();
		printf("%s %s\n", good ? "pass" : "FAIL", t->name);
	}
}

int
cmd_test(const struct options *o)
{
	struct compilation c;
	struct sema_opts opts = o->sema;

	opts.need_tests = true;
	compilation_init(&c, stderr);
	compilation_options(&c, o);
	progress_start();
	if (compile_parse(&c, o->files[0], o->trace_parse) && compile_build(&c, &opts)) {
		progress_step("evaluating");
		if (c.graph->tests)
			run_tests(&c);
		else
			printf("no tests in %s\n", o->files[0]);
	}
	return compilation_end(&c, EXIT_OK);
}
