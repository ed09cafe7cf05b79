#include <config.h>
#include <math.h>
#include <string.h>
#include "ir/eval.h"
#include "passes/measure.h"
#include "passes/pass.h"

const char *const pattern_names[PATTERN_COUNT] = {
	[PATTERN_RANDOM] = "random", [PATTERN_LOW] = "lowest", [PATTERN_HIGH] = "highest"
};

/* ---- seeded values ---- */

/* splitmix64. */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Normal but for its tails: twelve uniform values in [-1/2, 1/2), added. */
static float
normal(uint64_t *state)
{
	double sum = 0;
	int i;

	for (i = 0; i < 12; i++)
		sum += (double)(next(state) >> 11) / 9007199254740992.0 - 0.5;
	return (float)sum;
}

static int32_t
integer(uint64_t *state, enum dtype type, enum pattern pattern)
{
	const struct dtype_info *t = &dtype_info[type];

	if (pattern != PATTERN_RANDOM)
		return pattern == PATTERN_LOW ? t->lo : t->hi;
	return t->lo + (int32_t)(next(state) % ((uint64_t)((int64_t)t->hi - t->lo) + 1));
}

const void *
seeded_values(struct arena *a, const struct tensor *t, enum pattern pattern)
{
	int64_t count = tensor_count(t), i;
	void *data = arena_array(a, (size_t)count, (size_t)dtype_info[t->dtype].bytes);
	uint64_t state = hash_bytes(t->name, strlen(t->name)) + (uint64_t)pattern;

	for (i = 0; i < count; i++) {
		if (t->dtype == DT_F32)
			((float *)data)[i] = normal(&state) * (pattern == PATTERN_RANDOM ? 1 : 16);
		else if (t->dtype == DT_I8)
			((int8_t *)data)[i] = (int8_t)integer(&state, DT_I8, pattern);
		else if (t->dtype == DT_I16)
			((int16_t *)data)[i] = (int16_t)integer(&state, DT_I16, pattern);
		else
			((int32_t *)data)[i] = integer(&state, DT_I32, pattern);
	}
	return data;
}

/* ---- signal and noise ---- */

double
sqnr_of(const struct tensor *t, const void *want, const void *have)
{
	int64_t count = tensor_count(t), i;
	double signal = 0, noise = 0;

	for (i = 0; i < count; i++) {
		double w = t->dtype == DT_F32 ? (double)((const float *)want)[i] : ((const int8_t *)want)[i];
		double h = t->dtype == DT_F32 ? (double)((const float *)have)[i] : ((const int8_t *)have)[i];
		double zero = t->dtype == DT_I8 && t->quant.count ? t->quant.zero : 0;

		signal += (w - zero) * (w - zero);
		noise += (w - h) * (w - h);
	}
	if (noise == 0)
		return INFINITY;
	return 10 * log10(signal / noise);
}

/* ---- one layer under a plan ---- */

/* Marks what N's result depends on. */
static void
mark_needed(const struct node *n, bool *needed)
{
	int k;

	needed[n->out->id] = true;
	for (; n; n = n->prev)
		for (k = 0; needed[n->out->id] && k < n->nin; k++)
			needed[n->in[k]->id] = true;
}

/* The elements of every tensor that N's result depends on, by id, for random inputs of the network. */
static const void **
values_up_to(struct arena *a, const struct graph *g, const struct node *last)
{
	const void **value = ARENA_ARRAY(a, const void *, g->tensors.n);
	bool *needed = ARENA_ARRAY(a, bool, g->tensors.n);
	const struct node *n;
	size_t i;
	int k;

	mark_needed(last, needed);
	for (i = 0; i < g->tensors.n; i++)
		value[i] = g->tensors.v[i]->data;
	for (i = 0; i < g->inputs.n; i++)
		value[g->inputs.v[i]->id] = seeded_values(a, g->inputs.v[i], PATTERN_RANDOM);
	for (n = g->first; n != last->next; n = n->next) {
		const void **in = ARENA_ARRAY(a, const void *, (size_t)n->nin);
		void *out;

		if (!needed[n->out->id])
			continue;
		out = arena_array(a, (size_t)tensor_count(n->out), (size_t)dtype_info[n->out->dtype].bytes);
		for (k = 0; k < n->nin; k++)
			in[k] = value[n->in[k]->id];
		eval_table[n->op](n, in, out);
		value[n->out->id] = out;
	}
	return value;
}

/* A graph of N alone. */
static struct graph *
graph_of(struct arena *a, const struct node *n, const struct plan *plan)
{
	struct intern *names = intern_new(a);
	struct graph *g = graph_new(a, names, intern(names, "layer"));
	struct tensor **in = ARENA_ARRAY(a, struct tensor *, (size_t)n->nin);
	char why[WHY_SIZE];
	struct node *copy;
	int k;

	for (k = 0; k < n->nin; k++) {
		const struct tensor *t = n->in[k];
		name text = intern_printf(names, "in%d", k);

		in[k] = t->data ? graph_const(g, text, t->dtype, &t->shape, &t->quant, t->data, LOC_NONE)
			: graph_input(g, text, t->dtype, &t->shape, &t->quant, LOC_NONE);
	}
	copy = graph_add(g, n->op, intern(names, "out"), in, n->nin, &n->attr, &n->out->quant, LOC_NONE, why);
	if (!copy)
		die("a copy of '%s': %s", n->name, why);
	copy->plan = plan;
	graph_output(g, copy->name, copy->out);
	graph_tidy(g);
	return g;
}

static void
carry_out(struct graph *g, struct arena *scratch)
{
	static pass_fn *const steps[] = { pass_split_groups, pass_split_rows, pass_split_out, pass_split_sum };
	struct pass_ctx ctx = { .scratch = scratch };
	size_t i;

	for (i = 0; i < sizeof steps / sizeof *steps; i++)
		steps[i](g, &ctx);
}

double
measured_sqnr(const struct graph *g, const struct node *n, const struct plan *plan)
{
	struct arena a = { 0 };
	const void **value = values_up_to(&a, g, n), **inputs, **have;
	struct graph *layer = graph_of(&a, n, plan);
	size_t count = 0;
	double db;
	int k;

	inputs = ARENA_ARRAY(&a, const void *, (size_t)n->nin);
	for (k = 0; k < n->nin; k++)
		if (!n->in[k]->data)
			inputs[count++] = value[n->in[k]->id];
	carry_out(layer, &a);
	have = eval_graph(&a, layer, inputs);
	db = sqnr_of(n->out, value[n->out->id], have[layer->outputs.v[0]->id]);
	arena_free(&a);
	return db;
}
