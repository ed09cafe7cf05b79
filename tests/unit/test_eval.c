/* The evaluator against published results (eval_rows.h) and at the edges of its arithmetic. */
#include <config.h>

#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/quant.h"
#include "asserts.h"
#include "eval_rows.h"

Suite *eval_suite(void);

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct arena arena;
static struct graph *graph;

static void
setup(void)
{
	arena = (struct arena){ 0 };
	graph = graph_new(&arena, intern_new(&arena), NULL);
}

static void
teardown(void)
{
	arena_free(&arena);
}

static struct quant
quant_of(const struct operand *o)
{
	return o->scale ? (struct quant){ .count = 1, .scale = &o->scale, .zero = o->zero } : (struct quant){ 0 };
}

static void *
elements(const struct operand *o, bool raw)
{
	int64_t n = shape_count(&o->shape);
	struct quant q = quant_of(o);
	int8_t *i8 = arena_alloc(&arena, (size_t)n);
	float *f32 = ARENA_ARRAY(&arena, float, (size_t)n);

	for (int64_t i = 0; i < n; i++) {
		f32[i] = o->v[i];
		if (q.count)
			i8[i] = (int8_t)(raw ? (int32_t)o->v[i] : value_quantise(o->v[i], &q, DT_I8));
	}
	return q.count ? (void *)i8 : (void *)f32;
}

/* The weight as i8, symmetric per output channel of dimension AXIS, as the reference's tests quantise it. */
static struct tensor *
weight_i8(const struct operand *w, int axis)
{
	int channels = w->shape.dim[axis], inner = 1;
	int64_t n = shape_count(&w->shape);
	float *scale = ARENA_ARRAY(&arena, float, (size_t)channels);
	int8_t *v = arena_alloc(&arena, (size_t)n);
	struct quant q = { .count = channels, .scale = scale, .axis = axis };

	for (int d = axis + 1; d < w->shape.rank; d++)
		inner *= w->shape.dim[d];
	for (int64_t i = 0; i < n; i++)
		scale[i / inner % channels] = fmaxf(scale[i / inner % channels], fabsf(w->v[i]) / 127);
	for (int64_t i = 0; i < n; i++) {
		struct quant one = { .count = 1, .scale = &scale[i / inner % channels] };

		v[i] = (int8_t)value_quantise(w->v[i], &one, DT_I8);
	}
	return graph_const(graph, graph_unique(graph, "w"), DT_I8, &w->shape, &q, v, LOC_NONE);
}

static struct tensor *
bias_of(const struct row *r, const struct tensor *w, int channels)
{
	struct shape s = { 1, { channels } };
	int32_t *q = ARENA_ARRAY(&arena, int32_t, (size_t)channels);

	if (!r->x.scale)
		return graph_const(graph, graph_unique(graph, "bias"), DT_F32, &s, NULL, r->bias, LOC_NONE);
	for (int c = 0; c < channels; c++)
		q[c] = (int32_t)lroundf(r->bias[c] / (r->x.scale * w->quant.scale[c]));
	return graph_const(graph, graph_unique(graph, "bias"), DT_I32, &s, NULL, q, LOC_NONE);
}

static bool
has_weight(enum op op)
{
	return op == OP_CONV2D || op == OP_DWCONV2D || op == OP_TCONV2D || op == OP_DENSE;
}

/* Evaluate ROW's operation; its result. */
static const void *
run(const struct row *r, struct node **node)
{
	struct quant xq = quant_of(&r->x), bq = quant_of(&r->b), oq = quant_of(&r->out);
	struct tensor *in[3];
	const void *inputs[2] = { elements(&r->x, r->raw) };
	int n = 0;
	struct attrs at;
	char why[WHY_SIZE] = "";

	attrs_init(&at);
	if (r->set)
		r->set(&at);
	in[n++] = graph_input(graph, graph_unique(graph, "x"), r->x.scale ? DT_I8 : DT_F32, &r->x.shape, &xq, LOC_NONE);
	if (r->b.v && has_weight(r->op)) {
		in[n++] = r->x.scale ? weight_i8(&r->b, r->op == OP_DWCONV2D ? 2 : 0)
			: graph_const(graph, graph_unique(graph, "w"), DT_F32, &r->b.shape, NULL, r->b.v, LOC_NONE);
	} else if (r->b.v) {
		inputs[1] = elements(&r->b, r->raw);
		in[n++] = graph_input(graph, graph_unique(graph, "b"), r->b.scale ? DT_I8 : DT_F32, &r->b.shape, &bq, LOC_NONE);
	}
	if (r->bias) {
		in[n] = bias_of(r, in[1], r->out.shape.dim[r->out.shape.rank - 1]);
		n++;
	}
	*node = graph_add(graph, r->op, graph_unique(graph, "y"), in, n, &at, r->out.scale ? &oq : NULL, LOC_NONE, why);
	ck_assert_msg(*node != NULL, "%s: %s", r->source, why);
	graph_output(graph, graph_unique(graph, "out"), (*node)->out);
	graph_tidy(graph);
	return eval_graph(&arena, graph, inputs)[(*node)->out->id];
}

static void
check(const struct row *r)
{
	struct node *n;
	const void *got = run(r, &n);
	struct quant q = n->out->quant;

	ck_assert_msg(shape_equal(&n->out->shape, &r->out.shape), "%s: shape", r->source);
	for (int64_t i = 0; i < tensor_count(n->out); i++) {
		double want = r->out.v[i], have;

		if (n->out->dtype == DT_F32) {
			have = (double)((const float *)got)[i];
		} else {
			have = ((const int8_t *)got)[i];
			if (!r->raw)
				want = value_quantise(r->out.v[i], &q, DT_I8);
		}
		ck_assert_msg(fabs(have - want) <= (double)r->tolerance, "%s: element %d is %g, not %g", r->source, (int)i, have, want);
	}
}

/* The reference's 32-bit accumulator wraps; so does the evaluator's, with no undefined behaviour. */
START_TEST(accumulators_wrap)
{
	static const int32_t bias[] = { INT32_MAX, INT32_MIN };
	static const int8_t weight[] = { 127, 127, -128, -128 }, x[] = { 127, 127 };
	static const float one = 1, two30 = 0x1p30f;
	struct quant q = { .count = 1, .scale = &one, .zero = -128 }, w = { .count = 1, .scale = &one };
	struct quant wide = { .count = 1, .scale = &two30, .zero = 0 };
	struct shape s2 = { 1, { 2 } }, s22 = { 2, { 2, 2 } };
	struct tensor *in[] = {
		graph_input(graph, "x", DT_I8, &s2, &q, LOC_NONE),
		graph_const(graph, "w", DT_I8, &s22, &w, weight, LOC_NONE),
		graph_const(graph, "b", DT_I32, &s2, NULL, bias, LOC_NONE),
	};
	struct attrs at;
	char why[WHY_SIZE];

	attrs_init(&at);
	struct node *n = graph_add(graph, OP_DENSE, "y", in, 3, &at, &wide, LOC_NONE, why);

	ck_assert_msg(n != NULL, "%s", why);
	graph_tidy(graph);
	const int8_t *y = eval_graph(&arena, graph, (const void *[]){ x })[n->out->id];

	/* 2^31 - 1 + 2 * 255 * 127 is near -2^31, -2^31 - 2 * 255 * 128 near 2^31 */
	ck_assert_int_eq(y[0], -2);
	ck_assert_int_eq(y[1], 2);
}
END_TEST

static bool
all_inside(const struct resize_tap *t, int32_t in, int32_t out)
{
	for (int32_t i = 0; i < out; i++)
		if (t[i].lo < 0 || t[i].lo >= in || t[i].hi < 0 || t[i].hi >= in)
			return false;
	return true;
}

START_TEST(resize_stays_inside)
{
	struct attrs at;

	attrs_init(&at);
	at.mode = MODE_BILINEAR;
	/* 683 / 1024 for 2 / 3: the rounded step leads past the last cell, where the evaluator stays inside */
	ck_assert(all_inside(resize_taps(&arena, DT_I8, 2000, 3000, &at), 2000, 3000));
	for (int flags = 0; flags < 6; flags++) {
		at.mode = flags & 1 ? MODE_BILINEAR : MODE_NEAREST;
		at.align_corners = flags / 2 == 1;
		at.half_pixel = flags / 2 == 2;
		for (int in = 1; in < 60; in++)
			for (int out = 1; out < 60; out++)
				ck_assert(all_inside(resize_taps(&arena, out % 2 ? DT_I8 : DT_F32, in, out, &at), in, out));
	}
}
END_TEST

START_TEST(batchnorm)
{
	static const float x[] = { 1, 10, 3, -10 }, weight[] = { 2, 1 }, bias[] = { .5f, -1 }, mean[] = { 1, 2 }, var[] = { 4, 0 };
	static const float want[] = { .5f, 8 / 3e-3f - 1, 2.5f, -12 / 3e-3f - 1 };
	struct shape s = { 2, { 2, 2 } }, c = { 1, { 2 } };
	struct attrs at;
	char why[WHY_SIZE];
	struct tensor *in[] = {
		graph_input(graph, "x", DT_F32, &s, NULL, LOC_NONE),
		graph_const(graph, "weight", DT_F32, &c, NULL, weight, LOC_NONE),
		graph_const(graph, "bias", DT_F32, &c, NULL, bias, LOC_NONE),
		graph_const(graph, "mean", DT_F32, &c, NULL, mean, LOC_NONE),
		graph_const(graph, "var", DT_F32, &c, NULL, var, LOC_NONE),
	};

	attrs_init(&at);
	at.epsilon = 9e-6f;
	struct node *n = graph_add(graph, OP_BATCHNORM, "y", in, 5, &at, NULL, LOC_NONE, why);

	ck_assert_msg(n != NULL, "%s", why);
	graph_tidy(graph);
	const float *y = eval_graph(&arena, graph, (const void *[]){ x })[n->out->id];

	for (int i = 0; i < 4; i++)
		ck_assert_float_eq_tol(y[i], want[i], 1e-5f * fabsf(want[i]) + 1e-5f);
}
END_TEST

/* hard_swish_test SimpleHardSwishTestInt8: near the real function over its grid of ranges. */
START_TEST(hard_swish_is_near_the_real_function)
{
	static const float range[][2] = { { 0, 1 }, { -2, 1 }, { -5, 10 }, { -40, 60 } };
	const float *in = range[_i / 4], *out = range[_i % 4];
	float is = (in[1] - in[0]) / 255, os = (out[1] - out[0]) / 255;
	struct tensor x = { .dtype = DT_I8, .quant = { 1, &is, -128 + (int)lroundf(-in[0] / is), 0 } };
	struct tensor y = { .dtype = DT_I8, .quant = { 1, &os, -128 + (int)lroundf(-out[0] / os), 0 } };
	struct tensor *ins = &x;
	struct node n = { .op = OP_HARD_SWISH, .in = &ins, .nin = 1, .out = &y };
	float tolerance = fmaxf(in[1] - in[0], out[1] - out[0]) * 1.5f / 256;
	int8_t table[256];

	unary_table(&n, table);
	for (int q = -128; q <= 127; q++) {
		float v = is * (float)(q - x.quant.zero);
		float want = fminf(fmaxf(v * fminf(6, fmaxf(0, v + 3)) / 6, out[0]), out[1]);
		float have = os * (float)(table[q + 128] - y.quant.zero);

		ck_assert_msg(fabsf(have - want) <= tolerance, "%d: %g, not %g", q, (double)have, (double)want);
	}
}
END_TEST

/* 5,000 equal values: every probability rounds to 0, and the sum of exponentials does not fit 32 bits. */
START_TEST(wide_softmax)
{
	enum { N = 5000 };
	static float v[N], want[N];
	struct row r = { "wide", OP_SOFTMAX, { { 1, { N } }, v, 1, 0 }, NONE, NULL, NULL,
		{ { 1, { N } }, want, 1.f / 256, -128 }, 0, false };

	check(&r);
}
END_TEST

/* No scale makes an int8 operation overflow, divide by zero or leave its range (the sanitizers look on). */
static const float extreme[] = { 1e-45f, 1e-38f, 1e-7f, 0.01f, 1, 1e9f, 3e38f };

static void
run_extreme(enum op op, float sx, float sy, float so, int zero)
{
	int8_t x[256], y[256], out[256];
	struct shape s = { 1, { 256 } };
	struct tensor tx = { .dtype = DT_I8, .shape = s, .quant = { 1, &sx, zero, 0 } };
	struct tensor ty = { .dtype = DT_I8, .shape = s, .quant = { 1, &sy, -zero / 2, 0 } };
	struct tensor to = { .dtype = DT_I8, .shape = s, .quant = { 1, &so, zero, 0 } };
	struct tensor *in[] = { &tx, &ty };
	struct node n = { .op = op, .in = in, .nin = 2, .out = &to };

	attrs_init(&n.attr);
	n.attr.alpha = sy < 1 ? -3 : sy;
	n.attr.beta = sy;
	n.attr.lo = -1;
	n.attr.hi = 1e30f;
	for (int i = 0; i < 256; i++) {
		x[i] = (int8_t)(i - 128);
		y[i] = (int8_t)(i * 37);
	}
	if (op == OP_MEAN)
		to.shape = (struct shape){ 0 };
	n.attr.axes = (struct ints){ 1, { 0 } };
	eval_table[op](&n, (const void *[]){ x, y }, out);
}

START_TEST(extreme_scales)
{
	static const enum op ops[] = { OP_ADD, OP_SUB, OP_MUL, OP_MEAN, OP_RELU, OP_RELU6, OP_CLIP, OP_LEAKY_RELU, OP_HARD_SWISH,
		OP_SIGMOID, OP_TANH, OP_SOFTMAX, OP_REQUANTIZE };

	for (size_t i = 0; i < COUNT(extreme); i++)
		for (size_t k = 0; k < COUNT(extreme); k++)
			for (size_t o = 0; o < COUNT(extreme); o++)
				for (int zero = -128; zero <= 127; zero += 85)
					run_extreme(ops[_i], extreme[i], extreme[k], extreme[o], zero);
}
END_TEST

START_TEST(graphs_run_in_order)
{
	static const float one[] = { 1, 2 };
	float x[] = { 10, -20 };
	struct shape s = { 1, { 2 } };
	struct attrs at;
	char why[WHY_SIZE];
	struct tensor *in[] = { graph_input(graph, "x", DT_F32, &s, NULL, LOC_NONE),
		graph_const(graph, "one", DT_F32, &s, NULL, one, LOC_NONE) };

	attrs_init(&at);
	struct node *sum = graph_add(graph, OP_ADD, "sum", in, 2, &at, NULL, LOC_NONE, why);
	struct node *cut = graph_add(graph, OP_RELU, "cut", &sum->out, 1, &at, NULL, LOC_NONE, why);

	graph_output(graph, "y", cut->out);
	graph_tidy(graph);
	const void **v = eval_graph(&arena, graph, (const void *[]){ x });

	ck_assert_ptr_eq(v[in[0]->id], x);
	ck_assert_ptr_eq(v[in[1]->id], one);
	ck_assert_float_eq(((const float *)v[sum->out->id])[1], -18);
	ck_assert_float_eq(((const float *)v[cut->out->id])[0], 11);
	ck_assert_float_eq(((const float *)v[cut->out->id])[1], 0);
}
END_TEST

#define ROW_TEST(name) START_TEST(name) { check(&name##_rows[_i]); } END_TEST
ROW_TEST(layer)
ROW_TEST(pool)
ROW_TEST(arithmetic)
ROW_TEST(activation)
ROW_TEST(resize)
ROW_TEST(move)

Suite *
eval_suite(void)
{
	Suite *s = suite_create("eval");
	TCase *t = tcase_create("operations");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, layer, 0, COUNT(layer_rows));
	tcase_add_test(t, accumulators_wrap);
	tcase_add_loop_test(t, pool, 0, COUNT(pool_rows));
	tcase_add_loop_test(t, arithmetic, 0, COUNT(arithmetic_rows));
	tcase_add_loop_test(t, activation, 0, COUNT(activation_rows));
	tcase_add_loop_test(t, resize, 0, COUNT(resize_rows));
	tcase_add_test(t, resize_stays_inside);
	tcase_add_loop_test(t, move, 0, COUNT(move_rows));
	tcase_add_test(t, batchnorm);
	tcase_add_loop_test(t, hard_swish_is_near_the_real_function, 0, 16);
	tcase_add_test(t, wide_softmax);
	tcase_add_loop_test(t, extreme_scales, 0, 13);
	tcase_add_test(t, graphs_run_in_order);
	suite_add_tcase(s, t);
	return s;
}
