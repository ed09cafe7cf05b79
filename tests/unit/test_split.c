/* Layers cut up by random plans: the evaluator gives the same before and after, to the bit or within the proven bound, and so does
 * the portable C of what comes out. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "chips/bounds.h"
#include "ir/eval.h"
#include "passes/measure.h"
#include "passes/pass.h"
#include "asserts.h"
#include "random_graph.h"
#include "run_program.h"
#include "unit.h"

Suite *split_suite(void);

struct bench {
	struct arena arena, scratch;
	struct intern *names;
	struct diag diag;
	struct pass_ctx ctx;
	struct graph *g;
	struct rng rng;
	struct node *layer;   /* the one with the plan */
	struct plan plan;
};

static void
bench_init(struct bench *b, uint64_t seed)
{
	*b = (struct bench){ .rng = { seed * 2 + 1 } };
	b->names = intern_new(&b->arena);
	diag_init(&b->diag, &b->arena, stderr);
	b->ctx = (struct pass_ctx){ .diag = &b->diag, .scratch = &b->scratch };
	b->g = graph_new(&b->arena, b->names, intern(b->names, "t"));
}

static void
bench_free(struct bench *b)
{
	arena_free(&b->scratch);
	arena_free(&b->arena);
}

static int
pick(struct bench *b, int n)
{
	return rng_below(&b->rng, n);
}

static int
between(struct bench *b, int lo, int hi)
{
	return lo + pick(b, hi - lo + 1);
}

/* ---- random layers ---- */

static const void *
random_data(struct bench *b, enum dtype t, int64_t count)
{
	void *data = arena_array(&b->arena, (size_t)count, (size_t)dtype_info[t].bytes);

	for (int64_t i = 0; i < count; i++) {
		if (t == DT_F32)
			((float *)data)[i] = rng_float(&b->rng);
		else if (t == DT_I8)
			((int8_t *)data)[i] = (int8_t)pick(b, 256);
		else
			((int32_t *)data)[i] = between(b, -20000, 20000);
	}
	return data;
}

static struct quant
random_quant(struct bench *b, int count, float scale)
{
	struct quant q = { .count = count };
	float *s = ARENA_ARRAY(&b->arena, float, (size_t)count);

	for (int i = 0; i < count; i++)
		s[i] = scale * (1 + rng_float(&b->rng) / 2);
	q.scale = s;
	return q;
}

static struct tensor *
random_input(struct bench *b, const char *text, enum dtype t, const struct shape *s)
{
	struct quant q = random_quant(b, 1, 0.05f);

	q.zero = pick(b, 3) ? between(b, -128, 127) : 0;
	return graph_input(b->g, intern(b->names, text), t, s, t == DT_I8 ? &q : NULL, LOC_NONE);
}

static struct tensor *
random_const(struct bench *b, const char *text, enum dtype t, const struct shape *s, int axis)
{
	bool many = pick(b, 2);
	struct quant q = random_quant(b, many ? s->dim[axis] : 1, 0.01f);

	q.axis = q.count > 1 ? axis : 0;
	return graph_const(b->g, intern(b->names, text), t, s, t == DT_I8 ? &q : NULL, random_data(b, t, shape_count(s)), LOC_NONE);
}

/* The scale that spreads the sums of TAPS products over most of int8. */
static struct quant
result_quant(struct bench *b, double taps)
{
	struct quant q = random_quant(b, 1, (float)(0.05 * 0.01 * 74 * 74 / 40 * sqrt(taps + 4)));

	q.zero = between(b, -128, 127);
	return q;
}

static struct clamp
random_act(struct bench *b)
{
	switch (pick(b, 4)) {
	case 0: return (struct clamp){ 0, INFINITY };
	case 1: return (struct clamp){ 0, 6 };
	case 2: return (struct clamp){ -1.5f, 2 };
	default: return (struct clamp){ -INFINITY, INFINITY };
	}
}

static void
random_window(struct bench *b, struct attrs *a, bool dilated, bool pool)
{
	for (int i = 0; i < 2; i++) {
		a->kernel[i] = between(b, 1, 4);
		a->stride[i] = between(b, 1, 3);
		a->dilation[i] = dilated ? between(b, 1, 3) : 1;
	}
	for (int i = 0; i < 4; i++)
		a->pad[i] = pick(b, 2) ? 0 : between(b, 0, pool ? a->kernel[i / 2] - 1 : 2 * a->kernel[i / 2] * a->dilation[i / 2]);
}

enum what { CONV, GROUPED, DEPTHWISE, DENSE, TRANSPOSED, MAX, AVERAGE, SUM, PRODUCT, RELU, WHAT_COUNT };

/* Inputs and attributes of a layer of the kind WHAT; how many inputs, and the taps of a sum. */
static int
random_inputs(struct bench *b, enum what what, enum dtype t, struct tensor **in, struct attrs *a, enum op *op, double *taps)
{
	static const enum op ops[] = { OP_CONV2D, OP_CONV2D, OP_DWCONV2D, OP_DENSE, OP_TCONV2D, OP_MAXPOOL, OP_AVGPOOL, OP_ADD, OP_MUL, OP_RELU };
	struct shape x = { 3, { between(b, 1, 9), between(b, 1, 7), between(b, 1, 20) } }, w = { 4, { 0 } };
	int32_t out = between(b, 1, 12), groups = what == GROUPED ? between(b, 2, 4) : 1;
	int axis = what == DEPTHWISE ? 2 : 0;

	*op = ops[what];
	*taps = 1;
	attrs_init(a);
	a->act = random_act(b);
	random_window(b, a, what == CONV || what == GROUPED || what == DEPTHWISE, what >= MAX);
	if (what == GROUPED) {
		x.dim[2] = groups * between(b, 1, 5);
		out = groups * between(b, 1, 4);
		a->groups = groups;
	}
	if (what == DENSE) {
		x.rank = between(b, 1, 3);
		for (int i = 0; i < x.rank; i++)
			x.dim[i] = i == x.rank - 1 ? between(b, 1, 40) : between(b, 1, 5);
		w = (struct shape){ 2, { out, x.dim[x.rank - 1] } };
	} else if (what == DEPTHWISE) {
		a->multiplier = between(b, 1, 3);
		w = (struct shape){ 3, { a->kernel[0], a->kernel[1], x.dim[2] * a->multiplier } };
	} else {
		w = (struct shape){ 4, { out, a->kernel[0], a->kernel[1], x.dim[2] / groups } };
	}
	in[0] = random_input(b, "x", t, &x);
	if (what > TRANSPOSED) {
		if (what == SUM || what == PRODUCT)
			in[1] = random_input(b, "x2", t, &x);
		return what == SUM || what == PRODUCT ? 2 : 1;
	}
	in[1] = random_const(b, "c.weight", t, &w, axis);
	*taps = (double)shape_count(&w) / w.dim[axis];
	if (pick(b, 3) == 0)
		return 2;
	in[2] = random_const(b, "c.bias", t == DT_F32 ? DT_F32 : DT_I32, &(struct shape){ 1, { w.dim[axis] } }, 0);
	return 3;
}

/* The layer "c" between two others, so that its tensors are not the network's own; false: no such layer. */
static bool
random_layer(struct bench *b, enum what what, enum dtype t)
{
	struct tensor *in[INPUTS_MAX], *x;
	struct attrs a, none;
	char why[WHY_SIZE];
	enum op op;
	double taps;
	int nin = random_inputs(b, what, t, in, &a, &op, &taps);
	struct quant q = result_quant(b, taps);
	bool same = op_info[op].quant == QUANT_SAME || t == DT_F32;

	attrs_init(&none);
	b->layer = graph_add(b->g, op, intern(b->names, "c"), in, nin, &a, same ? NULL : &q, LOC_NONE, why);
	if (!b->layer)
		return false;
	x = graph_add(b->g, OP_RELU, intern(b->names, "after"), &b->layer->out, 1, &none, NULL, LOC_NONE, why)->out;
	graph_output(b->g, intern(b->names, "y"), x);
	graph_output(b->g, intern(b->names, "whole"), b->layer->out);
	graph_tidy(b->g);
	return true;
}

static void
make_layer(struct bench *b, uint64_t seed, enum what what, enum dtype t)
{
	bench_init(b, seed);
	while (!random_layer(b, what, t)) {
		struct rng rng = b->rng;

		bench_free(b);
		bench_init(b, 0);
		b->rng = rng;
	}
}

/* ---- random plans ---- */

/* TOTAL in up to MOST parts, each a multiple of STEP. */
static struct parts
random_parts(struct bench *b, int32_t total, int32_t step, int most)
{
	int32_t units = total / step, n = between(b, 1, units < most ? units : most), *size = ARENA_ARRAY(&b->arena, int32_t, (size_t)n);

	for (int i = 0; i < n; i++)
		size[i] = step;
	for (int left = units - n; left > 0; left--)
		size[pick(b, n)] += step;
	return (struct parts){ n, size };
}

static int32_t
last_dim(const struct tensor *t)
{
	return t->shape.dim[t->shape.rank - 1];
}

static void
random_plan(struct bench *b, enum what what, enum dtype partial)
{
	struct plan *p = &b->plan;
	const struct node *n = b->layer;
	int32_t out = last_dim(n->out), step = what == DEPTHWISE ? n->attr.multiplier : 1;

	*p = (struct plan){ .how = PLAN_PORTABLE, .partial = partial, .tree = pick(b, 2), .cores = 1 };
	if (what == GROUPED) {
		p->groups = pick(b, 2) ? n->attr.groups : 0;
		step = p->groups ? 1 : out / n->attr.groups;
		out = p->groups ? out / n->attr.groups : out;
	}
	if (pick(b, 2) && what != TRANSPOSED && n->out->shape.rank > 1)
		p->rows = random_parts(b, n->out->shape.dim[0], 1, 4);
	if (pick(b, 2))
		p->out = random_parts(b, out, step, 4);
	if ((what == CONV || what == DENSE || (what == GROUPED && p->groups)) && n->nin <= 3)
		p->in = random_parts(b, layer_in_channels(n), 1, 7);
	p->requant_cpu = n->out->dtype == DT_I8 && what <= DENSE && pick(b, 3) == 0 && partial != DT_I8;
	if (partial == DT_I16 && p->in.n > 1)
		p->shift = partial_shift(n, p);
	if (pick(b, 3) == 0 && (what <= DENSE || what == MAX) && !(what == GROUPED && !p->groups)) {
		p->pad_in = what <= DENSE ? (p->in.n ? p->in.size[p->in.n - 1] : layer_in_channels(n)) + between(b, 0, 5) : 0;
		p->pad_out = (p->out.n ? p->out.size[p->out.n - 1] : out) + step * between(b, 0, 5);
	}
	p->pad_copy = what <= DEPTHWISE || what == MAX ? pick(b, 3) == 0 : false;
	p->fold_zero = what <= DENSE ? pick(b, 3) == 0 : false;
	p->as_conv = what == DENSE && pick(b, 2);
	p->as_dense = what == CONV && n->attr.kernel[0] == 1 && n->attr.kernel[1] == 1 && n->attr.stride[0] == 1 && n->attr.stride[1] == 1
		&& (p->pad_copy || !(n->attr.pad[0] || n->attr.pad[1] || n->attr.pad[2] || n->attr.pad[3]));
	b->layer->plan = p;
}

/* ---- comparing ---- */

/* Inputs of the network, of one kind or another: the layer's sums at their extremes are among them. */
enum { RUNS = 6 };

static void
set_by_sign(struct bench *b, int8_t *x, int64_t count)
{
	const struct tensor *w = b->layer->in[1];
	int64_t out = layer_out_channels(b->layer), c = pick(b, (int)out), per = tensor_count(w) / out;
	bool depthwise = b->layer->op == OP_DWCONV2D, upside = pick(b, 2);
	int32_t channels = last_dim(b->layer->in[0]);

	for (int64_t i = 0; i < count; i++) {
		int64_t k = i % channels % per;
		int8_t v = ((const int8_t *)w->data)[depthwise ? c : c * per + k];

		x[i] = pick(b, 20) == 0 ? (int8_t)pick(b, 256) : (v > 0) == upside ? INT8_MAX : INT8_MIN;
	}
}

static const void **
input_values(struct bench *b, int turn)
{
	const void **in = ARENA_ARRAY(&b->arena, const void *, b->g->inputs.n);

	for (size_t i = 0; i < b->g->inputs.n; i++) {
		const struct tensor *t = b->g->inputs.v[i];
		void *data = arena_array(&b->arena, (size_t)tensor_count(t), (size_t)dtype_info[t->dtype].bytes);

		if (turn < PATTERN_COUNT) {
			in[i] = seeded_values(&b->arena, t, (enum pattern)turn);
			continue;
		}
		memcpy(data, random_data(b, t->dtype, tensor_count(t)), (size_t)tensor_bytes(t));
		if (t->dtype == DT_I8 && b->layer->nin > 1 && b->layer->in[1]->data)
			set_by_sign(b, data, tensor_count(t));
		in[i] = data;
	}
	return in;
}

static const void **
outputs_of(struct bench *b, const struct graph *g, const void *const *in)
{
	const void **all = eval_graph(&b->arena, g, in), **out = ARENA_ARRAY(&b->arena, const void *, g->outputs.n);

	for (size_t i = 0; i < g->outputs.n; i++)
		out[i] = all[g->outputs.v[i]->id];
	return out;
}

struct tolerance { double lsb, f32; };

static void
compare(struct bench *b, uint64_t seed, const char *stage, const void **want, const void **have, struct tolerance within)
{
	for (size_t k = 0; k < b->g->outputs.n; k++) {
		const struct tensor *t = b->g->outputs.v[k];

		for (int64_t i = 0; i < tensor_count(t); i++) {
			double w = t->dtype == DT_F32 ? (double)((const float *)want[k])[i] : ((const int8_t *)want[k])[i];
			double h = t->dtype == DT_F32 ? (double)((const float *)have[k])[i] : ((const int8_t *)have[k])[i];

			if (w == h || fabs(w - h) <= (t->dtype == DT_F32 ? within.f32 : within.lsb))
				continue;
			graph_print(stderr, b->g, &(struct print_opts){ 8 });
			ck_abort_msg("seed %llu, %s: output %d, element %lld is %.9g instead of %.9g (within %g lsb, %g)",
				(unsigned long long)seed, stage, (int)k, (long long)i, h, w, within.lsb, within.f32);
		}
	}
}

static const enum pass_id steps[] = { PASS_split_groups, PASS_split_rows, PASS_split_out, PASS_split_sum, PASS_fill_channels, PASS_place };

static void
carry_out(struct bench *b)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		ck_assert(passes[steps[i]].run(b->g, &b->ctx));
		arena_free(&b->scratch);
		graph_verify(b->g, passes[steps[i]].name);
	}
}

static struct tolerance
tolerance_of(struct bench *b, enum what what, enum dtype t)
{
	struct tolerance within = { 0 };

	if (t == DT_I8 && b->plan.in.n > 1 && b->plan.partial == DT_I16)
		within.lsb = partial_error(b->layer, &b->plan);
	if (t == DT_F32 && what <= TRANSPOSED)
		within.f32 = sum_bound_f32_most(b->layer, b->plan.in.n + 1, 128);
	return within;
}

/* The program of the graph gives what the evaluator does. */
static void
check_program(struct bench *b, uint64_t seed, const void *const *in, struct tolerance within)
{
	const void **want = outputs_of(b, b->g, in);
	void **have = ARENA_ARRAY(&b->arena, void *, b->g->outputs.n);
	struct program *p;

	ck_assert(passes[PASS_alias].run(b->g, &b->ctx));
	graph_verify(b->g, "alias");
	p = program_lower(&b->arena, b->g, &b->diag, false);
	ck_assert_ptr_nonnull(p);
	check_calls(p);
	program_plan(p);
	program_verify(p);
	for (size_t i = 0; i < b->g->outputs.n; i++)
		have[i] = arena_alloc(&b->arena, (size_t)tensor_bytes(b->g->outputs.v[i]));
	run_program(p, in, have);
	compare(b, seed, "program", want, (const void **)have, within);
}

static void
check_layer(uint64_t seed, enum what what, enum dtype t, enum dtype partial)
{
	struct bench b;
	const void **in[RUNS], **want[RUNS];
	struct tolerance within;

	make_layer(&b, seed, what, t);
	random_plan(&b, what, partial);
	if (b.plan.shift < 0) {
		bench_free(&b);
		return;
	}
	within = tolerance_of(&b, what, t);
	for (int i = 0; i < RUNS; i++) {
		in[i] = input_values(&b, i);
		want[i] = outputs_of(&b, b.g, in[i]);
	}
	carry_out(&b);
	for (int i = 0; i < RUNS; i++)
		if (partial != DT_I8 || b.plan.in.n <= 1)
			compare(&b, seed, "evaluated", want[i], outputs_of(&b, b.g, in[i]), within);
	check_program(&b, seed, in[0], (struct tolerance){ 0, within.f32 });
	bench_free(&b);
}

enum { PER_ROW = 60, ROWS_OF = 4 };

START_TEST(test_random)
{
	enum what what = (enum what)(_i / ROWS_OF % WHAT_COUNT);
	enum dtype t = _i % 2 ? DT_F32 : DT_I8;

	for (int i = 0; i < share_of(PER_ROW); i++)
		check_layer((uint64_t)(_i * PER_ROW + i), what, t, t == DT_F32 ? DT_F32 : DT_I32);
}
END_TEST

START_TEST(test_i16)
{
	static const enum what what[] = { CONV, DENSE, GROUPED };

	for (int i = 0; i < share_of(PER_ROW); i++)
		check_layer((uint64_t)(_i * PER_ROW + i + 50000), what[_i % 3], DT_I8, DT_I16);
}
END_TEST

START_TEST(test_i8)
{
	for (int i = 0; i < share_of(PER_ROW); i++)
		check_layer((uint64_t)(_i * PER_ROW + i + 90000), i % 2 ? CONV : DENSE, DT_I8, DT_I8);
}
END_TEST

/* ---- text to text ---- */

static const struct row {
	enum pass_id pass;
	const char *what;
	struct plan plan;
	const char *before, *after;
} rows[] = {
#define ROW(pass, what, ...) { PASS_##pass, what, __VA_ARGS__ },
#include "split_rows.def"
#undef ROW
};

START_TEST(test_text)
{
	const struct row *r = &rows[_i];
	struct bench b;
	char *found;

	bench_init(&b, 0);
	b.g = graph_read(&b.arena, b.names, &b.diag, diag_add_source(&b.diag, "test", r->before, strlen(r->before)));
	ck_assert_ptr_nonnull(b.g);
	graph_find(b.g, intern(b.names, "c"))->producer->plan = &r->plan;
	ck_assert(passes[r->pass].run(b.g, &b.ctx));
	graph_verify(b.g, passes[r->pass].name);
	found = graph_text(&b.arena, b.g);
	if (strcmp(found, r->after))
		ck_abort_msg("%s: %s\ngave\n%sinstead of\n%s", passes[r->pass].name, r->what, found, r->after);
	bench_free(&b);
}
END_TEST

Suite *
split_suite(void)
{
	Suite *s = suite_create("split");
	TCase *tc = tcase_create("split");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_text, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_loop_test(tc, test_random, 0, WHAT_COUNT * ROWS_OF);
	tcase_add_loop_test(tc, test_i16, 0, 12);
	tcase_add_loop_test(tc, test_i8, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}
