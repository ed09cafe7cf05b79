/* Sums as tensors: layers cut up by their input channels against the whole layer and against slow references, evaluated and
 * run as lowered programs; and the roundings of chips against their definitions. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "chips/float_scaling.h"
#include "ir/eval.h"
#include "ir/quant.h"
#include "passes/pass.h"
#include "asserts.h"
#include "random_graph.h"
#include "run_program.h"
#include "runtime/nn_even.h"
#include "runtime/nn_requant.h"
#include "unit.h"

Suite *sums_suite(void);

static struct arena arena, scratch;
static struct intern *names;
static struct graph *g;
static struct rng rng;
static char why[WHY_SIZE];

static void
start(uint64_t seed)
{
	arena_free(&arena);
	arena_free(&scratch);
	arena = scratch = (struct arena){ 0 };
	names = intern_new(&arena);
	g = graph_new(&arena, names, intern(names, "net"));
	rng = (struct rng){ seed * 2 + 1 };
}

static void
set_up(void)
{
	start(0);
}

static void
tear_down(void)
{
	arena_free(&arena);
	arena_free(&scratch);
}

static int
between(int lo, int hi)
{
	return lo + rng_below(&rng, hi - lo + 1);
}

static name
unique(const char *stem)
{
	return graph_unique(g, intern(names, stem));
}

/* ---- building ---- */

static const float scales[] = { 0.02f, 0.05f, 0.117f, 1, 0.00390625f };

static struct quant
some_quant(void)
{
	return (struct quant){ 1, &scales[between(0, 4)], between(-128, 127), 0 };
}

static struct tensor *
constant(const char *stem, enum dtype t, int rank, const int32_t *dim, const struct quant *q, const void *data)
{
	struct shape s = { .rank = rank };

	memcpy(s.dim, dim, (size_t)rank * sizeof *dim);
	return graph_const(g, unique(stem), t, &s, q, data, LOC_NONE);
}

static struct tensor *
input(enum dtype t, int rank, const int32_t *dim)
{
	struct shape s = { .rank = rank };
	struct quant q = some_quant();

	memcpy(s.dim, dim, (size_t)rank * sizeof *dim);
	return graph_input(g, unique("x"), t, &s, t == DT_I8 ? &q : NULL, LOC_NONE);
}

static struct tensor *
add(enum op op, int nin, struct tensor *const *in, const struct attrs *at, const struct quant *q)
{
	struct node *n = graph_add(g, op, unique(op_info[op].name), in, nin, at, q, LOC_NONE, why);

	ck_assert_msg(n != NULL, "%s: %s", op_info[op].name, why);
	return n->out;
}

/* Channels [first, first + n) of X. */
static struct tensor *
channels(struct tensor *x, int32_t first, int32_t n)
{
	struct attrs at;
	int rank = x->shape.rank;

	attrs_init(&at);
	at.begin.n = at.size.n = rank;
	for (int i = 0; i < rank; i++) {
		at.begin.v[i] = i == rank - 1 ? first : 0;
		at.size.v[i] = i == rank - 1 ? n : x->shape.dim[i];
	}
	return add(OP_SLICE, 1, &x, &at, NULL);
}

/* The weights W, whose last dimension is the input channels, of the channels [first, first + n). */
static struct tensor *
weight_channels(const struct tensor *w, int32_t first, int32_t n)
{
	struct shape s = w->shape;
	int bytes = dtype_info[w->dtype].bytes;
	int32_t all = s.dim[s.rank - 1];
	int64_t rows = shape_count(&s) / all;
	char *data = arena_alloc(&arena, (size_t)(rows * n * bytes));

	for (int64_t r = 0; r < rows; r++)
		memcpy(data + r * n * bytes, (const char *)w->data + (r * all + first) * bytes, (size_t)(n * bytes));
	s.dim[s.rank - 1] = n;
	return constant("w", w->dtype, s.rank, s.dim, &w->quant, data);
}

static const void *
random_elements(enum dtype t, int64_t n)
{
	void *data = arena_array(&arena, (size_t)n, (size_t)dtype_info[t].bytes);

	for (int64_t i = 0; i < n; i++)
		if (t == DT_F32)
			((float *)data)[i] = rng_float(&rng);
		else if (t == DT_I8)
			((int8_t *)data)[i] = (int8_t)between(-128, 127);
		else
			((int32_t *)data)[i] = between(0, 9) ? between(-3000, 3000) : INT32_MIN + between(0, 3);
	return data;
}

static const enum op layer_ops[] = { OP_CONV2D, OP_DENSE, OP_TCONV2D, OP_DWCONV2D };
enum { CUT_OPS = 3 /* of them: those that sum over channels */ };

/* A layer: conv2d of one group, tconv2d, dense or dwconv2d. */
struct layer {
	enum op op;
	enum dtype type;
	struct attrs at;
	struct tensor *x, *w, *bias;
	struct quant q;           /* of the int8 result */
};

static void
some_window(struct attrs *at)
{
	for (int i = 0; i < 2; i++) {
		at->kernel[i] = between(1, 3);
		at->stride[i] = between(1, 2);
		at->dilation[i] = between(1, 2);
		at->pad[2 * i] = between(0, 2);
		at->pad[2 * i + 1] = between(0, 2);
	}
	for (int i = 0; i < 2; i++) /* so that the smallest input has room */
		at->pad[2 * i] += (at->kernel[i] - 1) * at->dilation[i];
}

static void
some_reach(struct attrs *at)
{
	for (int i = 0; i < 2; i++) {
		at->kernel[i] = between(1, 4);
		at->stride[i] = between(1, 3);
		at->pad[2 * i] = between(0, (at->kernel[i] - 1) / 2);
		at->pad[2 * i + 1] = between(0, (at->kernel[i] - 1) / 2);
		at->output_pad[i] = between(0, at->stride[i] - 1);
	}
}

static struct layer
some_layer(enum op op, enum dtype type)
{
	struct layer l = { .op = op, .type = type, .q = some_quant() };
	int32_t c = between(2, 9), out = op == OP_DWCONV2D ? c : between(1, 6);
	int32_t dim[3] = { between(1, 5), between(1, 5), c };
	float *scale = ARENA_ARRAY(&arena, float, (size_t)out);
	struct quant wq = { between(0, 1) ? out : 1, scale, 0, op == OP_DWCONV2D ? 2 : 0 };

	attrs_init(&l.at);
	for (int i = 0; i < out; i++)
		scale[i] = ldexpf(1 + fabsf(rng_float(&rng)), between(-12, -3));
	if (op == OP_TCONV2D)
		some_reach(&l.at);
	else if (op != OP_DENSE)
		some_window(&l.at);
	const int32_t *k = l.at.kernel;
	int32_t w[4] = { out, k[0], k[1], c }, d[3] = { k[0], k[1], c }, m[2] = { out, c };
	const int32_t *shape = op == OP_DENSE ? m : op == OP_DWCONV2D ? d : w;
	int rank = op == OP_DENSE ? 2 : op == OP_DWCONV2D ? 3 : 4;
	int64_t count = shape[0];

	for (int i = 1; i < rank; i++)
		count *= shape[i];
	if (op != OP_DWCONV2D)
		l.at.out = out;
	l.x = input(type, 3, dim);
	l.w = constant("w", type, rank, shape, type == DT_I8 ? &wq : NULL, random_elements(type, count));
	l.bias = constant("b", type == DT_I8 ? DT_I32 : DT_F32, 1, &out, NULL, random_elements(type == DT_I8 ? DT_I32 : DT_F32, out));
	if (between(0, 2) == 0)
		l.at.act = (struct clamp){ 0, 6 };
	return l;
}

static struct tensor *
zeros(const struct tensor *like)
{
	return constant("zero", like->dtype, 1, like->shape.dim, NULL, arena_alloc(&arena, (size_t)tensor_bytes(like)));
}

/* The layer of inputs X, W, BIAS and, if any, SUM; RESULT i32 or i16: its sums. */
static struct tensor *
call(const struct layer *l, struct tensor *x, struct tensor *w, struct tensor *bias, struct tensor *sum, enum dtype result)
{
	struct tensor *in[] = { x, w, bias, sum };
	struct attrs at = l->at;
	bool raw = result == DT_I32 || result == DT_I16;

	if (raw || (result == DT_F32 && !sum))
		at.act = (struct clamp){ -INFINITY, INFINITY };
	if (raw)
		at.result = result;
	return add(l->op, sum ? 4 : 3, in, &at, result == DT_I8 ? &l->q : NULL);
}

/* ---- comparing ---- */

/* Evaluates the graph, and executes it lowered, which must give the same: int8 and sums bit for bit. */
static const void **
values_of(const void *const *inputs)
{
	struct diag diag;
	struct pass_ctx ctx = { .diag = &diag, .scratch = &scratch };

	diag_init(&diag, &arena, stderr);
	graph_tidy(g);
	graph_verify(g, "test");
	ck_assert(passes[PASS_alias].run(g, &ctx));
	graph_verify(g, "alias");
	struct program *p = program_lower(&arena, g, &diag, false);
	const void **values = eval_graph(&arena, g, inputs);
	void **outputs = ARENA_ARRAY(&arena, void *, g->outputs.n);

	ck_assert_ptr_nonnull(p);
	check_calls(p);
	program_plan(p);
	program_verify(p);
	for (size_t i = 0; i < g->outputs.n; i++)
		outputs[i] = arena_alloc(&arena, (size_t)tensor_bytes(g->outputs.v[i]));
	run_program(p, inputs, outputs);
	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct tensor *t = g->outputs.v[i];
		const void *want = values[t->id];

		for (int64_t k = 0; k < tensor_count(t) && t->dtype == DT_F32; k++)
			ck_assert_float_eq_tol(((const float *)outputs[i])[k], ((const float *)want)[k], 1e-4f);
		ck_assert(t->dtype == DT_F32 || memcmp(outputs[i], want, (size_t)tensor_bytes(t)) == 0);
	}
	return values;
}

static const void **
random_inputs(void)
{
	return random_values(&arena, g, rng_next(&rng));
}

static void
output(struct tensor *t)
{
	graph_output(g, unique("out"), t);
}

/* The result of output K, whatever passes put in front of it. */
static const void *
result(const void **values, int k)
{
	return values[g->outputs.v[k]->id];
}

/* The input row that meets tap K of output row O (or column, I = 1); -1: none. */
static int
met_by(const struct layer *l, int o, int k, int i)
{
	const struct attrs *at = &l->at;

	if (l->op == OP_DENSE)
		return o;
	if (l->op != OP_TCONV2D)
		return o * at->stride[i] - at->pad[2 * i] + k * at->dilation[i];
	return (o + at->pad[2 * i] - k) % at->stride[i] == 0 ? (o + at->pad[2 * i] - k) / at->stride[i] : -1;
}

/* The sum over the taps of element (oy, ox, oc), in 64 bits, of the input channels [first, first + n). */
static int64_t
slow_sum(const struct layer *l, const int8_t *x, int oy, int ox, int oc, int first, int n)
{
	const int32_t *xd = l->x->shape.dim, *k = l->at.kernel;
	const int8_t *w = l->w->data;
	int32_t c = xd[2], out = l->w->shape.dim[l->op == OP_DWCONV2D ? 2 : 0];
	bool dense = l->op == OP_DENSE;
	int64_t sum = 0;

	for (int ky = 0; ky < (dense ? 1 : k[0]); ky++)
		for (int kx = 0; kx < (dense ? 1 : k[1]); kx++) {
			int iy = met_by(l, oy, ky, 0), ix = met_by(l, ox, kx, 1);

			if (iy < 0 || iy >= xd[0] || ix < 0 || ix >= xd[1])
				continue;
			for (int i = first; i < first + n; i++) {
				int tap = l->op == OP_DWCONV2D ? (ky * k[1] + kx) * out + oc
					: dense ? oc * c + i : ((oc * k[0] + ky) * k[1] + kx) * c + i;

				if (l->op != OP_DWCONV2D || i == oc)
					sum += (x[(iy * xd[1] + ix) * c + i] - l->x->quant.zero) * (int64_t)w[tap];
			}
		}
	return sum;
}

/* ---- whole and parts ---- */

enum { PARTS_MAX = 4, TRIES = 150 };

static int
some_parts(int32_t c, int32_t first[PARTS_MAX + 1])
{
	int n = between(2, c < PARTS_MAX ? c : PARTS_MAX);

	first[0] = 0;
	for (int i = 1; i < n; i++)
		first[i] = between(first[i - 1] + 1, c - (n - i));
	first[n] = c;
	return n;
}

/* Each part goes on from the sum so far; the last one makes the result. */
static struct tensor *
chain(const struct layer *l, int n, const int32_t *first, enum dtype partial)
{
	struct tensor *sum = NULL, *none = zeros(l->bias);

	for (int i = 0; i < n; i++) {
		int32_t size = first[i + 1] - first[i];

		sum = call(l, channels(l->x, first[i], size), weight_channels(l->w, first[i], size), i ? none : l->bias, sum,
			i < n - 1 ? partial : l->type);
	}
	return sum;
}

/* Each part from zero, their sums added up. */
static struct tensor *
tree(const struct layer *l, int n, const int32_t *first, const struct node *whole)
{
	struct tensor *sum = NULL, *none = zeros(l->bias);
	struct attrs at;

	for (int i = 0; i < n; i++) {
		int32_t size = first[i + 1] - first[i];
		struct tensor *part = call(l, channels(l->x, first[i], size), weight_channels(l->w, first[i], size), i ? none : l->bias,
			NULL, l->type == DT_I8 ? DT_I32 : DT_F32);

		sum = sum ? add(OP_ADD, 2, (struct tensor *[]){ sum, part }, NULL, NULL) : part;
	}
	if (l->type == DT_F32)
		return sum;
	struct tensor *in[3] = { sum };
	int constants = rescale_constants(g, whole, in + 1);

	attrs_init(&at);
	at.act = l->at.act;
	at.rounding = whole->attr.rounding;
	return add(OP_RESCALE, 1 + constants, in, &at, &l->q);
}

START_TEST(parts_are_the_whole)
{
	enum op op = layer_ops[_i % CUT_OPS];
	enum rounding rounding = (enum rounding)(_i / CUT_OPS);

	for (uint64_t seed = 0; seed < (uint64_t)share_of(TRIES); seed++) {
		int32_t first[PARTS_MAX + 1];

		start(seed * 12 + (uint64_t)_i);
		struct layer l = some_layer(op, DT_I8);

		l.at.rounding = rounding;
		struct tensor *whole = call(&l, l.x, l.w, l.bias, NULL, DT_I8);
		int n = some_parts(l.x->shape.dim[2], first);

		output(whole);
		output(chain(&l, n, first, DT_I32));
		output(tree(&l, n, first, whole->producer));
		const void **values = values_of(random_inputs());

		for (int k = 1; k < 3; k++)
			if (memcmp(result(values, 0), result(values, k), (size_t)tensor_bytes(whole)) != 0)
				ck_abort_msg("seed %d: the %s differs", (int)seed, k == 1 ? "chain" : "tree");
	}
}
END_TEST

START_TEST(parts_are_the_whole_in_f32)
{
	for (uint64_t seed = 0; seed < (uint64_t)share_of(TRIES); seed++) {
		int32_t first[PARTS_MAX + 1];

		start(seed);
		struct layer l = some_layer(layer_ops[seed % CUT_OPS], DT_F32);

		l.at.act = (struct clamp){ -INFINITY, INFINITY };
		struct tensor *whole = call(&l, l.x, l.w, l.bias, NULL, DT_F32);
		int n = some_parts(l.x->shape.dim[2], first);

		output(whole);
		output(chain(&l, n, first, DT_F32));
		output(tree(&l, n, first, whole->producer));
		const void **values = values_of(random_inputs());

		for (int k = 1; k < 3; k++)
			for (int64_t i = 0; i < tensor_count(whole); i++)
				ck_assert_float_eq_tol(((const float *)result(values, k))[i], ((const float *)result(values, 0))[i], 1e-4f);
	}
}
END_TEST

/* ---- sums by themselves ---- */

static int32_t
wrapped(int64_t v)
{
	return (int32_t)(uint32_t)v;
}

static int16_t
narrowed(int32_t v, int shift)
{
	double r = floor(ldexp(v, -shift) + (shift ? 0.5 : 0));

	return (int16_t)(r < -32768 ? -32768 : r > 32767 ? 32767 : r);
}

/* Two layers in a row, the second from the first's sums, in 32 bits and in 16, against 64-bit loops. */
START_TEST(sums_are_what_loops_give)
{
	for (uint64_t seed = 0; seed < (uint64_t)share_of(TRIES); seed++) {
		start(seed * 4 + (uint64_t)_i);
		struct layer l = some_layer(layer_ops[_i], DT_I8);

		l.at.shift = between(0, 16);
		struct tensor *a = call(&l, l.x, l.w, l.bias, NULL, DT_I32), *b = call(&l, l.x, l.w, zeros(l.bias), a, DT_I32);
		struct tensor *c = call(&l, l.x, l.w, l.bias, NULL, DT_I16), *d = call(&l, l.x, l.w, zeros(l.bias), c, DT_I16);

		output(a);
		output(b);
		output(c);
		output(d);
		const void **inputs = random_inputs(), **values = values_of(inputs);
		const int32_t *dim = a->shape.dim, *bias = l.bias->data, *i32[] = { result(values, 0), result(values, 1) };
		const int16_t *i16[] = { result(values, 2), result(values, 3) };

		for (int32_t i = 0; i < tensor_count(a); i++) {
			int oc = i % dim[2], ox = i / dim[2] % dim[1], oy = i / dim[2] / dim[1];
			int64_t sum = slow_sum(&l, inputs[0], oy, ox, oc, 0, l.x->shape.dim[2]);
			int32_t once = wrapped(sum + bias[oc]);

			ck_assert_int_eq(i32[0][i], once);
			ck_assert_int_eq(i32[1][i], wrapped(once + sum));
			ck_assert_int_eq(i16[0][i], narrowed(once, l.at.shift));
			int64_t wide = (int64_t)i16[0][i] * (1 << l.at.shift);

			ck_assert_int_eq(i16[1][i], narrowed(wrapped(wide + sum), l.at.shift));
		}
	}
}
END_TEST

/* An int8 result that goes on from i16 sums is that of the same sum in 32 bits. */
START_TEST(results_go_on_from_i16_sums)
{
	for (uint64_t seed = 0; seed < (uint64_t)share_of(TRIES); seed++) {
		start(seed * 4 + (uint64_t)_i);
		struct layer l = some_layer(layer_ops[_i], DT_I8);

		l.at.shift = between(0, 12);
		l.at.rounding = (enum rounding)(seed % ROUNDING_COUNT);
		struct tensor *narrow = call(&l, l.x, l.w, l.bias, NULL, DT_I16);
		struct tensor *y = call(&l, l.x, l.w, zeros(l.bias), narrow, DT_I8);
		struct tensor *in[3] = { narrow }, *all[4] = { l.x, l.w, zeros(l.bias), input(DT_I32, 3, narrow->shape.dim) };
		struct attrs at = l.at;
		int constants = rescale_constants(g, y->producer, in + 1);

		output(narrow);
		output(y);
		output(add(OP_RESCALE, 1 + constants, in, &at, &l.q));
		output(add(l.op, 4, all, &at, &l.q));
		const void **inputs = random_inputs();
		const int16_t *first = eval_graph(&arena, (graph_tidy(g), g), inputs)[narrow->id];
		int32_t *wide = ARENA_ARRAY(&arena, int32_t, (size_t)tensor_count(narrow));

		for (int64_t i = 0; i < tensor_count(narrow); i++)
			wide[i] = first[i] * (1 << l.at.shift);
		inputs[1] = wide;
		const void **values = values_of(inputs);

		ck_assert_mem_eq(result(values, 1), result(values, 3), (size_t)tensor_count(y));
		const int8_t *got = result(values, 2);
		struct rescale r;
		int32_t lo, hi;

		rescale_of(&arena, y->producer, &r);
		clamp_quantise(l.at.act, &l.q, DT_I8, &lo, &hi);
		for (int64_t i = 0; i < tensor_count(y); i++)
			ck_assert_int_eq(got[i], clamp_i32((int64_t)rescale_at(&r, wide[i], (int32_t)(i % r.count)) + l.q.zero, lo, hi));
	}
}
END_TEST

START_TEST(two_channels_by_hand)
{
	static const int8_t x[] = { 1, 2 }, w[] = { 3, 4 };
	static const float one = 1;
	struct quant q = { 1, &one, 0, 0 };
	struct layer l = { .op = OP_DENSE, .type = DT_I8, .q = q };

	attrs_init(&l.at);
	l.x = graph_input(g, unique("x"), DT_I8, &(struct shape){ 1, { 2 } }, &q, LOC_NONE);
	l.w = constant("w", DT_I8, 2, (int32_t[]){ 1, 2 }, &q, w);
	l.bias = constant("b", DT_I32, 1, (int32_t[]){ 1 }, NULL, (const int32_t[]){ 0 });
	struct tensor *a = call(&l, channels(l.x, 0, 1), weight_channels(l.w, 0, 1), l.bias, NULL, DT_I32);

	output(a);
	output(call(&l, channels(l.x, 1, 1), weight_channels(l.w, 1, 1), l.bias, a, DT_I32));
	output(call(&l, channels(l.x, 1, 1), weight_channels(l.w, 1, 1), l.bias, a, DT_I8));
	l.at.shift = 2; /* 11 / 4 = 2.75 */
	output(call(&l, l.x, l.w, l.bias, NULL, DT_I16));
	const void **values = values_of((const void *[]){ x });

	ck_assert_int_eq(*(const int32_t *)result(values, 0), 3);
	ck_assert_int_eq(*(const int32_t *)result(values, 1), 11);
	ck_assert_int_eq(*(const int8_t *)result(values, 2), 11);
	ck_assert_int_eq(*(const int16_t *)result(values, 3), 3);
}
END_TEST

START_TEST(sums_add_up)
{
	static const int32_t a[] = { INT32_MAX, -5, INT32_MIN }, b[] = { 1, 3, -1 };
	static const int16_t c[] = { 32767, -5, -32768 }, d[] = { 1, 3, -1 };
	struct tensor *x[4];

	for (int k = 0; k < 4; k++)
		x[k] = input(k < 2 ? DT_I32 : DT_I16, 1, (int32_t[]){ 3 });
	output(add(OP_ADD, 2, x, NULL, NULL));
	output(add(OP_ADD, 2, x + 2, NULL, NULL));
	const void **values = values_of((const void *[]){ a, b, c, d });

	ck_assert_mem_eq(result(values, 0), ((int32_t[]){ INT32_MIN, -2, INT32_MAX }), 3 * sizeof *a);
	ck_assert_mem_eq(result(values, 1), ((int16_t[]){ 32767, -2, -32768 }), 3 * sizeof *c);
}
END_TEST

START_TEST(gather_takes_channels)
{
	static const int32_t index[] = { 2, 0, 2, 1 };
	static const float x[] = { 1, 2, 3, 4, 5, 6 };
	static const int16_t s[] = { 1, 2, 3, 4, 5, 6 };
	struct tensor *in[] = { input(DT_F32, 2, (int32_t[]){ 2, 3 }), constant("i", DT_I32, 1, (int32_t[]){ 4 }, NULL, index) };

	output(add(OP_GATHER, 2, in, NULL, NULL));
	in[0] = input(DT_I16, 2, (int32_t[]){ 2, 3 });
	output(add(OP_GATHER, 2, in, NULL, NULL));
	const void **values = values_of((const void *[]){ x, s });

	ck_assert_mem_eq(result(values, 0), ((float[]){ 3, 1, 3, 2, 6, 4, 6, 5 }), 8 * sizeof *x);
	ck_assert_mem_eq(result(values, 1), ((int16_t[]){ 3, 1, 3, 2, 6, 4, 6, 5 }), 8 * sizeof *s);
}
END_TEST

/* Moving sums about: through every operation that takes them, and back to where they were. */
START_TEST(sums_move)
{
	enum dtype t = _i ? DT_I16 : DT_I32;
	struct tensor *x = input(t, 3, (int32_t[]){ 2, 3, 4 }), *in[2];
	struct attrs at;

	attrs_init(&at);
	at.perm = (struct ints){ 3, { 2, 0, 1 } };
	in[0] = add(OP_TRANSPOSE, 1, &x, &at, NULL);
	at.perm = (struct ints){ 3, { 1, 2, 0 } };
	in[0] = add(OP_TRANSPOSE, 1, in, &at, NULL);
	at.before = at.after = (struct ints){ 3, { 1, 0, 2 } };
	in[0] = add(OP_PAD, 1, in, &at, NULL);
	at.begin = (struct ints){ 3, { 1, 0, 2 } };
	at.size = (struct ints){ 3, { 2, 3, 4 } };
	in[0] = add(OP_SLICE, 1, in, &at, NULL);
	in[0] = in[1] = add(OP_COPY, 1, in, &at, NULL);
	at.axis = 1;
	in[0] = add(OP_CONCAT, 2, in, &at, NULL);
	at.begin = (struct ints){ 3, { 0, 3, 0 } };
	in[0] = add(OP_SLICE, 1, in, &at, NULL);
	at.groups = 2;
	in[0] = add(OP_SHUFFLE, 1, in, &at, NULL);
	in[0] = add(OP_SHUFFLE, 1, in, &at, NULL);
	in[0] = add(OP_FLATTEN, 1, in, &at, NULL);
	output(in[0]);
	const void **inputs = random_inputs(), **values = values_of(inputs);

	ck_assert_mem_eq(result(values, 0), inputs[0], (size_t)tensor_bytes(x));
}
END_TEST

/* ---- storage ---- */

START_TEST(a_chain_is_summed_in_place)
{
	int32_t first[] = { 0, 2, 4, 6 };
	struct layer l;

	for (uint64_t seed = 0; ; seed++) {
		start(seed);
		l = some_layer(OP_CONV2D, _i ? DT_F32 : DT_I8);
		if (l.x->shape.dim[2] == 6)
			break;
	}
	struct tensor *y = chain(&l, 3, first, _i ? DT_F32 : DT_I32), *second = y->producer->in[INPUT_SUM];
	struct tensor *one = second->producer->in[INPUT_SUM];

	output(y);
	values_of(random_inputs());
	ck_assert_ptr_eq(second->base, one->base);
}
END_TEST

/* What is read later, all over, or by the caller is not overwritten. */
START_TEST(sums_that_are_needed_stay)
{
	struct layer l = some_layer(OP_DENSE, DT_I8);
	struct tensor *sum = call(&l, l.x, l.w, l.bias, NULL, DT_I32);
	struct tensor *more = call(&l, l.x, l.w, zeros(l.bias), sum, DT_I32);

	output(add(OP_ADD, 2, (struct tensor *[]){ sum, more }, NULL, NULL));
	struct layer f = some_layer(OP_CONV2D, DT_F32);
	int32_t c = f.x->shape.dim[2];

	f.at = (struct attrs){ 0 };
	attrs_init(&f.at);
	f.at.pad[0] = f.at.pad[1] = 1;
	f.w = constant("w", DT_F32, 4, (int32_t[]){ c, 3, 1, c }, NULL, random_elements(DT_F32, 3 * c * c));
	f.bias = constant("b", DT_F32, 1, &c, NULL, random_elements(DT_F32, c));
	struct tensor *x = add(OP_RELU, 1, &f.x, NULL, NULL), *y = call(&f, x, f.w, f.bias, x, DT_F32);

	output(add(OP_RELU, 1, &y, NULL, NULL));
	values_of(random_inputs());
	ck_assert_ptr_ne(more->base, sum->base);
	ck_assert_ptr_ne(y->base, x->base);
}
END_TEST

/* ---- roundings ---- */

static const struct {
	enum rounding rounding;
	double scale;
	int32_t acc, want;
} rounding_rows[] = {
	/* 2.5: up once, away from zero twice, to even */
	{ ROUNDING_DOUBLE, 0.5, 5, 3 }, { ROUNDING_SINGLE, 0.5, 5, 3 }, { ROUNDING_EVEN, 0.5, 5, 2 }, { ROUNDING_SHIFT, 0.5, 5, 3 },
	/* -2.5 */
	{ ROUNDING_DOUBLE, 0.25, -10, -3 }, { ROUNDING_SINGLE, 0.25, -10, -2 }, { ROUNDING_EVEN, 0.25, -10, -2 },
	{ ROUNDING_SHIFT, 0.25, -10, -2 },
	/* 3.5 and -3.5 */
	{ ROUNDING_EVEN, 0.5, 7, 4 }, { ROUNDING_EVEN, 0.5, -7, -4 },
	/* twice rounded: 0.25 * 1.9999999990 = 0.49999999977 becomes 0.5 and then 1 */
	{ ROUNDING_DOUBLE, 0.24999999988, 2, 1 }, { ROUNDING_SINGLE, 0.24999999988, 2, 0 },
	/* the nearest power of two, of two as near the larger */
	{ ROUNDING_SHIFT, 0.7, 100, 50 }, { ROUNDING_SHIFT, 0.75, 100, 100 }, { ROUNDING_SHIFT, 0.0117, 1000, 8 },
	{ ROUNDING_SHIFT, 3, 100, 400 }, { ROUNDING_SHIFT, 0, 100, 0 },
	/* a shift to the left, and what does not fit */
	{ ROUNDING_SINGLE, 6, 100, 600 }, { ROUNDING_SINGLE, 0x1p20, 1 << 20, INT32_MAX }, { ROUNDING_SINGLE, 0x1p20, -(1 << 20), INT32_MIN },
	{ ROUNDING_EVEN, 0x1p20, 1 << 20, INT32_MAX }, { ROUNDING_EVEN, 0x1p20, -(1 << 20), INT32_MIN },
	{ ROUNDING_SINGLE, 0x1p-40, INT32_MAX, 0 }, { ROUNDING_EVEN, 0x1p-40, INT32_MAX, 0 },
	/* an accumulator of more than 24 bits is rounded to float first: 2^24 + 1 is none */
	{ ROUNDING_EVEN, 1, (1 << 24) + 1, 1 << 24 }, { ROUNDING_SINGLE, 1, (1 << 24) + 1, (1 << 24) + 1 },
};

/* The rescale of one channel with SCALE by a multiplier of BITS (0: all): a dense layer of one input and scales that make it. */
static struct rescale
rescale_with(enum rounding rounding, double scale, int bits)
{
	static const float one = 1;
	float *w = ARENA_NEW(&arena, float);
	struct quant q = { 1, &one, 0, 0 }, wq = { 1, w, 0, 0 };
	struct attrs at;
	struct rescale r;

	*w = (float)scale;
	if ((double)*w != scale && rounding <= ROUNDING_SINGLE) { /* more digits than a float has: through the constants of a rescale */
		struct multiplier *m = ARENA_NEW(&arena, struct multiplier);

		*m = multiplier_of(scale);
		return (struct rescale){ rounding, 1, m, NULL };
	}
	attrs_init(&at);
	at.rounding = rounding;
	at.multiplier_bits = bits;
	struct tensor *in[] = {
		graph_input(g, unique("x"), DT_I8, &(struct shape){ 1, { 1 } }, &q, LOC_NONE),
		constant("w", DT_I8, 2, (int32_t[]){ 1, 1 }, &wq, "\1"),
	};

	rescale_of(&arena, add(OP_DENSE, 2, in, &at, &q)->producer, &r);
	return r;
}

START_TEST(rounding_by_hand)
{
	struct rescale r = rescale_with(rounding_rows[_i].rounding, rounding_rows[_i].scale, 0);

	ck_assert_int_eq(rescale_at(&r, rounding_rows[_i].acc, 0), rounding_rows[_i].want);
}
END_TEST

/* All 32 bits, small ones as often as large ones. */
static int32_t
any_acc(void)
{
	uint32_t high = rng_next(&rng) & 0xffff, low = rng_next(&rng) & 0xffff;

	return (int32_t)(high << 16 | low) >> between(0, 31);
}

static int32_t
saturated(long double v)
{
	return v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

/* The definitions over long double, whose 64 bits hold any product and its half exactly. */
START_TEST(roundings_are_their_definitions)
{
	for (int i = 0; i < 20000; i++) {
		int32_t acc = any_acc();
		struct multiplier by = { (1 << 30) + between(0, (1 << 30) - 1), between(-31, 31) };
		float scale = ldexpf(1 + fabsf(rng_float(&rng)), between(-30, 8));
		volatile float product = (float)acc * scale;
		struct rescale single = { ROUNDING_SINGLE, 1, &by, NULL }, even = { ROUNDING_EVEN, 1, &by, &scale };
		int32_t once = saturated(floorl(ldexpl((long double)acc * by.m, by.shift - 31) + 0.5L));
		int32_t to_even = saturated((long double)rintf(product));

		ck_assert_int_eq(rescale_at(&single, acc, 0), once);
		ck_assert(by.shift > 0 || labs((long)multiply_by(acc, by) - once) <= 1);
		ck_assert_int_eq(nn_requant_once(acc, by.m, by.shift), once);
		ck_assert_int_eq(rescale_at(&even, acc, 0), to_even);
		ck_assert_int_eq(nn_even(acc, scale, -255, 255), clamp_i32(to_even, -255, 255));
	}
}
END_TEST

/* No power of two is nearer than the one that a chip shifts by. */
START_TEST(shifts_are_the_nearest)
{
	for (int i = 0; i < 2000; i++) {
		double scale = ldexp(1 + fabs((double)rng_float(&rng)), between(-25, 3)), best = 0;
		struct rescale r = rescale_with(ROUNDING_SHIFT, (double)(float)scale, 0);

		scale = (double)(float)scale;
		for (int e = -31; e < 8; e++)
			if (fabs(ldexp(1, e) - scale) <= fabs(best - scale))
				best = ldexp(1, e);
		int32_t acc = any_acc();

		ck_assert_int_eq(rescale_at(&r, acc, 0), saturated(floorl((long double)acc * (long double)best + 0.5L)));
	}
}
END_TEST

/* A multiplier of few bits is the nearest one that has so many. */
START_TEST(narrow_multipliers)
{
	for (int i = 0; i < 2000; i++) {
		int bits = between(2, 31), steps;
		double scale = ldexp(1 + fabs((double)rng_float(&rng)), between(-25, 3)), mantissa, nearest;
		struct rescale r;

		r = rescale_with(between(0, 1) ? ROUNDING_DOUBLE : ROUNDING_SINGLE, (double)(float)scale, bits);
		mantissa = frexp((double)(float)scale, &steps); /* [0.5, 1): bits - 1 of them stay */
		nearest = ldexp(floor(ldexp(mantissa, bits - 1) + 0.5), steps - (bits - 1));
		ck_assert_msg(ldexp((double)r.by->m, r.by->shift - 31) == nearest, "%.17g in %d bits is %.17g, not %.17g", scale, bits,
			ldexp((double)r.by->m, r.by->shift - 31), nearest);
		ck_assert(r.by->m >= 1 << 30);
	}
}
END_TEST

START_TEST(multipliers_that_none_has)
{
	static const float negative = -1, one = 1;
	struct quant q = { 1, &one, 0, 0 };
	struct tensor *in[3] = { input(DT_I32, 1, (int32_t[]){ 1 }) };
	struct attrs at;

	attrs_init(&at);
	in[1] = constant("m", DT_I32, 1, (int32_t[]){ 1 }, NULL, (const int32_t[]){ -1 });
	in[2] = constant("s", DT_I8, 1, (int32_t[]){ 1 }, NULL, "\0");
	ck_assert_ptr_null(graph_add(g, OP_RESCALE, unique("y"), in, 3, &at, &q, LOC_NONE, why));
	ck_assert_str_eq(why, "multiplier 0 is -1");
	in[1] = constant("m", DT_I32, 1, (int32_t[]){ 1 }, NULL, (const int32_t[]){ 1 });
	in[2] = constant("s", DT_I8, 1, (int32_t[]){ 1 }, NULL, "\40");
	ck_assert_ptr_null(graph_add(g, OP_RESCALE, unique("y"), in, 3, &at, &q, LOC_NONE, why));
	ck_assert_str_eq(why, "shift 0 is 32, outside -31 to 31");
	in[1] = constant("m", DT_F32, 1, (int32_t[]){ 1 }, NULL, &negative);
	at.rounding = ROUNDING_EVEN;
	ck_assert_ptr_null(graph_add(g, OP_RESCALE, unique("y"), in, 2, &at, &q, LOC_NONE, why));
	ck_assert_str_eq(why, "multiplier 0 is -1");
}
END_TEST

/* What chips/float_scaling.h says of sums that are made results of in floats, spelled out, for every sum that there can be. */
static void
floats_are_the_roundings(struct multiplier by, int32_t least, int32_t most, int32_t lo, int32_t hi, int *proven)
{
	const struct float_scaling f = float_scaling_find(by, least, most, lo, hi);

	*proven += f.high != 0;
	for (int32_t sum = least; sum <= most && f.high != 0; sum++) {
		const float s = (float)sum, small = fmaf(s, f.low, copysignf(f.half, s));
		const int32_t result = (int32_t)((double)s * (double)f.high + (double)small); /* exact, so rounded towards zero once */

		if (clamp_i32(result, lo, hi) != clamp_i32(multiply_by(sum, by), lo, hi))
			ck_abort_msg("%d * %d * 2^(%d - 31) is not %d", sum, by.m, by.shift, result);
	}
}

START_TEST(results_made_in_floats)
{
	static const int32_t ms[] = { 1 << 30, (1 << 30) + 1, 3 << 29, INT32_MAX, 0x55555555 }; /* ties, and what is next to them */
	static const int limits[][2] = { { -128, 127 }, { 0, 255 }, { -255, 0 }, { 0, 90 }, { 20, 60 }, { -60, -20 } };
	int proven = 0, tried = 0;

	for (int i = 0; i < 200; i++, tried++) {
		const struct multiplier by = { i % 4 ? between(1 << 30, INT32_MAX) : ms[i / 4 % 5], between(-14, 0) };
		const int *l = limits[between(0, 5)], least = between(-40000, 40000);

		floats_are_the_roundings(by, least, least + between(0, 80000), l[0], l[1], &proven);
	}
	ck_assert_int_gt(proven, tried * 9 / 10);
	ck_assert(float_scaling_find((struct multiplier){ 0, 0 }, -5, 5, -128, 127).high == 0);
	ck_assert(float_scaling_find((struct multiplier){ 1 << 30, 1 }, -5, 5, -128, 127).high == 0);
	ck_assert(float_scaling_find((struct multiplier){ 1 << 30, -2 }, INT64_C(-3000000000), 5, -128, 127).high == 0);
}
END_TEST

Suite *
sums_suite(void)
{
	Suite *s = suite_create("sums");
	TCase *t = tcase_create("sums");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, parts_are_the_whole, 0, CUT_OPS * ROUNDING_COUNT);
	tcase_add_test(t, parts_are_the_whole_in_f32);
	tcase_add_loop_test(t, sums_are_what_loops_give, 0, ROWS(layer_ops));
	tcase_add_loop_test(t, results_go_on_from_i16_sums, 0, ROWS(layer_ops));
	tcase_add_test(t, two_channels_by_hand);
	tcase_add_test(t, sums_add_up);
	tcase_add_test(t, gather_takes_channels);
	tcase_add_loop_test(t, sums_move, 0, 2);
	tcase_add_loop_test(t, a_chain_is_summed_in_place, 0, 2);
	tcase_add_test(t, sums_that_are_needed_stay);
	tcase_add_loop_test(t, rounding_by_hand, 0, ROWS(rounding_rows));
	tcase_add_test(t, roundings_are_their_definitions);
	tcase_add_test(t, results_made_in_floats);
	tcase_add_test(t, shifts_are_the_nearest);
	tcase_add_test(t, narrow_multipliers);
	tcase_add_test(t, multipliers_that_none_has);
	suite_add_tcase(s, t);
	return s;
}
