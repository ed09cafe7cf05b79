/* Lowering: graphs become programs, which are executed and compared with the evaluator: int8 bit for bit, f32 but for
 * what another rounding of exp and the like makes. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ir/eval.h"
#include "ir/quant.h"
#include "passes/pass.h"
#include "asserts.h"
#include "random_graph.h"
#include "run_program.h"
#include "unit.h"

Suite *lower_suite(void);

struct bench {
	struct arena arena, scratch;
	struct intern *names;
	struct graph *g;
	struct diag diag;
	struct rng rng;
	struct attrs attr;
	bool io_arena;
	bool chains;             /* to be run with chains too */
	char messages[1024];
	FILE *out;
};

static void
bench_init(struct bench *b, uint64_t seed)
{
	*b = (struct bench){ .rng = { seed * 2 + 1 } };
	b->names = intern_new(&b->arena);
	b->g = graph_new(&b->arena, b->names, intern(b->names, "net"));
	b->out = fmemopen(b->messages, sizeof b->messages, "w");
	diag_init(&b->diag, &b->arena, b->out);
	attrs_init(&b->attr);
}

static void
bench_free(struct bench *b)
{
	fclose(b->out);
	arena_free(&b->scratch);
	arena_free(&b->arena);
}

/* With CHAINS all chains by rows that can be. */
static struct program *
lower(struct bench *b, bool chains)
{
	struct pass_ctx ctx = { .diag = &b->diag, .scratch = &b->scratch };
	struct program *p;

	graph_tidy(b->g);
	ck_assert(passes[PASS_alias].run(b->g, &ctx));
	p = program_lower(&b->arena, b->g, &b->diag, b->io_arena);
	if (p) {
		check_calls(p);
		program_memories(p);
		if (chains)
			program_stream(p, STREAM_EVERYWHERE);
		program_plan(p);
		program_verify(p);
	}
	return p;
}

static void
compare(const struct tensor *t, const void *got, const void *want, uint64_t seed)
{
	int64_t count = tensor_count(t);
	const float *a = got, *b = want;
	float most = 0;

	if (t->dtype != DT_F32) {
		for (int64_t i = 0; i < tensor_bytes(t); i++)
			if (((const char *)got)[i] != ((const char *)want)[i])
				ck_abort_msg("seed %d: '%s' differs in byte %d: %d, not %d", (int)seed, t->name, (int)i,
					((const char *)got)[i], ((const char *)want)[i]);
		return;
	}
	for (int64_t i = 0; i < count; i++)
		most = fmaxf(most, fabsf(b[i]));
	for (int64_t i = 0; i < count; i++)
		if (!(fabsf(a[i] - b[i]) <= 1e-5f * most + 1e-30f) && !(isnan(a[i]) && isnan(b[i])))
			ck_abort_msg("seed %d: '%s' differs in element %d: %.9g, not %.9g", (int)seed, t->name, (int)i,
				(double)a[i], (double)b[i]);
}

/* Chains that have run. */
static int chains_run;

static void
count_chains(const struct program *p)
{
	for (const struct call *c = p->first; c; c = c->next)
		chains_run += c->stream != NULL;
}

/* Lower, execute, compare every output. */
static void
run(struct bench *b, uint64_t seed)
{
	struct program *p = lower(b, false);
	const void **inputs = random_values(&b->arena, b->g, seed);
	const void **values = eval_graph(&b->arena, b->g, inputs);
	void **outputs = ARENA_ARRAY(&b->arena, void *, b->g->outputs.n);

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < b->g->outputs.n; i++)
		outputs[i] = arena_alloc(&b->arena, (size_t)tensor_bytes(b->g->outputs.v[i]));
	run_program(p, inputs, outputs);
	for (size_t i = 0; i < b->g->outputs.n; i++)
		compare(b->g->outputs.v[i], outputs[i], values[b->g->outputs.v[i]->id], seed);
	run_program_in_arena(p, inputs, outputs);
	for (size_t i = 0; i < b->g->outputs.n; i++)
		compare(b->g->outputs.v[i], outputs[i], values[b->g->outputs.v[i]->id], seed);
	if (!b->chains)
		return;
	p = lower(b, true);
	count_chains(p);
	run_program_in_arena(p, inputs, outputs);
	for (size_t i = 0; i < b->g->outputs.n; i++)
		compare(b->g->outputs.v[i], outputs[i], values[b->g->outputs.v[i]->id], seed);
}

/* ---- whole graphs ---- */

/* Of each row: so many graphs of a type, with inputs and outputs in storage of their own or in the arena; one in CHAINS_IN, with UNIT_CHAINS in the environment
 * all, with chains too. */
enum { GRAPHS = 250, CHAINS_IN = 4 };
static const struct { enum dtype type; bool io_arena; uint64_t seed; } graph_rows[] = {
	{ DT_I8, false, 0 }, { DT_I8, true, 0 }, { DT_I8, false, 1000 }, { DT_I8, true, 2000 }, { DT_I8, true, 3000 },
	{ DT_F32, false, 0 }, { DT_F32, true, 0 }, { DT_F32, true, 4000 },
};

START_TEST(random_graphs)
{
	for (uint64_t seed = graph_rows[_i].seed; seed < graph_rows[_i].seed + (uint64_t)share_of(GRAPHS); seed++) {
		struct bench b;

		bench_init(&b, seed);
		b.io_arena = graph_rows[_i].io_arena;
		b.g = random_graph(&b.arena, b.names, seed, graph_rows[_i].type, 4 + (int)(seed % 30));
		b.chains = seed % CHAINS_IN == 1 || getenv("UNIT_CHAINS");
		run(&b, seed);
		bench_free(&b);
	}
	ck_assert_int_gt(chains_run, 0);
}
END_TEST

/* ---- one operation ---- */

static int
between(struct bench *b, int lo, int hi)
{
	return lo + rng_below(&b->rng, hi - lo + 1);
}

/* Scales from usual ones to absurd. */
static struct quant
some_quant(struct bench *b, enum dtype t)
{
	static const float usual[] = { 0.00390625f, 0.02f, 0.05f, 0.117f, 1, 1e-7f, 3e6f };
	int k = between(b, 0, 9) ? between(b, 0, 4) : between(b, 0, 6);

	return (struct quant){ t == DT_I8, &usual[k], t == DT_I8 ? between(b, -128, 127) : 0, 0 };
}

static struct tensor *
input(struct bench *b, enum dtype t, int rank, const int32_t *dim)
{
	struct shape shape = { .rank = rank };
	struct quant q = some_quant(b, t);

	for (int i = 0; i < rank; i++)
		shape.dim[i] = dim[i];
	return graph_input(b->g, graph_unique(b->g, intern(b->names, "x")), t, &shape, &q, LOC_NONE);
}

static struct tensor *
weight(struct bench *b, enum dtype t, int rank, const int32_t *dim, int axis)
{
	struct shape shape = { .rank = rank };
	struct quant q = { 0 };
	void *data;

	for (int i = 0; i < rank; i++)
		shape.dim[i] = dim[i];
	if (t == DT_I8) {
		float *scale = ARENA_ARRAY(&b->arena, float, (size_t)dim[axis]);

		for (int i = 0; i < dim[axis]; i++)
			scale[i] = ldexpf(1 + fabsf(rng_float(&b->rng)), between(b, -12, -3));
		q = (struct quant){ between(b, 0, 1) ? dim[axis] : 1, scale, 0, axis };
	}
	data = arena_alloc(&b->arena, (size_t)(shape_count(&shape) * dtype_info[t].bytes));
	for (int64_t i = 0; i < shape_count(&shape); i++)
		if (t == DT_F32)
			((float *)data)[i] = rng_float(&b->rng);
		else if (t == DT_I8)
			((int8_t *)data)[i] = (int8_t)between(b, -128, 127);
		else
			((int32_t *)data)[i] = between(b, 0, 9) ? between(b, -3000, 3000) : INT32_MIN + between(b, 0, 3);
	return graph_const(b->g, graph_unique(b->g, intern(b->names, "w")), t, &shape, &q, data, LOC_NONE);
}

/* The node as the network's output; false when the shape rule refuses it. */
static bool
node(struct bench *b, enum op op, struct tensor **in, int nin)
{
	struct quant q = some_quant(b, DT_I8);
	bool stated = op_info[op].quant == QUANT_STATED && (in[0]->dtype == DT_I8 || op == OP_QUANTIZE);
	char why[WHY_SIZE];
	struct node *n = graph_add(b->g, op, graph_unique(b->g, intern(b->names, op_info[op].name)), in, nin, &b->attr,
		stated ? &q : NULL, LOC_NONE, why);

	if (n)
		graph_output(b->g, n->name, n->out);
	return n != NULL;
}

static void
some_dims(struct bench *b, int rank, int most, int32_t *dim)
{
	for (int i = 0; i < rank; i++)
		dim[i] = between(b, 0, 3) ? between(b, 1, most) : 1;
}

static void
some_window(struct bench *b)
{
	static const struct clamp acts[] = { { -INFINITY, INFINITY }, { 0, INFINITY }, { 0, 6 }, { -1, 0.5f } };

	for (int i = 0; i < 2; i++) {
		b->attr.kernel[i] = between(b, 1, 5);
		b->attr.stride[i] = between(b, 1, 4);
		b->attr.dilation[i] = between(b, 0, 2) ? 1 : between(b, 1, 3);
	}
	for (int i = 0; i < 4; i++)
		b->attr.pad[i] = between(b, 0, 3);
	b->attr.act = acts[between(b, 0, 3)];
}

/* x through a slice of its channels, so that pixels lie at a pitch. */
static struct tensor *
pitched(struct bench *b, enum dtype t, const int32_t dim[3])
{
	int32_t wide[3] = { dim[0], dim[1], dim[2] + between(b, 0, 3) };
	struct attrs attr;
	struct tensor *x = input(b, t, 3, wide);
	char why[WHY_SIZE];
	struct node *n;

	if (wide[2] == dim[2])
		return x;
	attrs_init(&attr);
	attr.begin = (struct ints){ 3, { 0, 0, between(b, 0, wide[2] - dim[2]) } };
	attr.size = (struct ints){ 3, { dim[0], dim[1], dim[2] } };
	n = graph_add(b->g, OP_SLICE, graph_unique(b->g, intern(b->names, "s")), &x, 1, &attr, NULL, LOC_NONE, why);
	ck_assert_ptr_nonnull(n);
	return n->out;
}

static bool
make_conv(struct bench *b, enum dtype t)
{
	int32_t groups = between(b, 1, 3), per = between(b, 1, 5), out = groups * between(b, 1, 6);
	int32_t dim[3] = { between(b, 1, 9), between(b, 1, 9), groups * per };
	struct tensor *in[3] = { pitched(b, t, dim) };

	some_window(b);
	b->attr.groups = groups;
	b->attr.out = out;
	in[1] = weight(b, t, 4, (int32_t[]){ out, b->attr.kernel[0], b->attr.kernel[1], per }, 0);
	in[2] = weight(b, t == DT_F32 ? DT_F32 : DT_I32, 1, &out, 0);
	return node(b, OP_CONV2D, in, between(b, 2, 3));
}

static bool
make_dwconv(struct bench *b, enum dtype t)
{
	int32_t times = between(b, 0, 1) ? 1 : between(b, 1, 3);
	int32_t dim[3] = { between(b, 1, 9), between(b, 1, 9), between(b, 1, 9) };
	int32_t out = dim[2] * times;
	struct tensor *in[3] = { pitched(b, t, dim) };

	some_window(b);
	b->attr.multiplier = times;
	in[1] = weight(b, t, 3, (int32_t[]){ b->attr.kernel[0], b->attr.kernel[1], out }, 2);
	in[2] = weight(b, t == DT_F32 ? DT_F32 : DT_I32, 1, &out, 0);
	return node(b, OP_DWCONV2D, in, between(b, 2, 3));
}

static bool
make_tconv(struct bench *b, enum dtype t)
{
	int32_t dim[3] = { between(b, 1, 6), between(b, 1, 6), between(b, 1, 6) }, out = between(b, 1, 6);
	struct tensor *in[3] = { pitched(b, t, dim) };

	some_window(b);
	b->attr.out = out;
	for (int i = 0; i < 2; i++)
		b->attr.output_pad[i] = between(b, 0, b->attr.stride[i] - 1);
	in[1] = weight(b, t, 4, (int32_t[]){ out, b->attr.kernel[0], b->attr.kernel[1], dim[2] }, 0);
	in[2] = weight(b, t == DT_F32 ? DT_F32 : DT_I32, 1, &out, 0);
	return node(b, OP_TCONV2D, in, between(b, 2, 3));
}

static bool
make_dense(struct bench *b, enum dtype t)
{
	int32_t dim[RANK_MAX], rank = between(b, 1, 4), out = between(b, 1, 9);
	struct tensor *in[3];

	some_dims(b, rank, 9, dim);
	in[0] = rank == 3 ? pitched(b, t, dim) : input(b, t, rank, dim);
	b->attr.out = out;
	in[1] = weight(b, t, 2, (int32_t[]){ out, dim[rank - 1] }, 0);
	in[2] = weight(b, t == DT_F32 ? DT_F32 : DT_I32, 1, &out, 0);
	return node(b, OP_DENSE, in, between(b, 2, 3));
}

static bool
make_pool(struct bench *b, enum dtype t)
{
	int32_t dim[3] = { between(b, 1, 9), between(b, 1, 9), between(b, 1, 9) };
	struct tensor *x = pitched(b, t, dim);

	some_window(b);
	b->attr.count_pad = t == DT_F32 && between(b, 0, 1);
	return node(b, between(b, 0, 1) ? OP_MAXPOOL : OP_AVGPOOL, &x, 1);
}

/* Shapes of up to six dimensions in which either side may repeat. */
static bool
make_binary(struct bench *b, enum dtype t)
{
	int rank = between(b, 0, RANK_MAX), cut = between(b, 0, rank);
	int32_t dim[RANK_MAX], x[RANK_MAX], y[RANK_MAX];
	struct tensor *in[2];

	some_dims(b, rank, 4, dim);
	for (int i = 0; i < rank; i++) {
		int which = between(b, 0, 3);

		x[i] = which == 0 ? 1 : dim[i];
		y[i] = which == 1 ? 1 : dim[i];
	}
	in[0] = input(b, t, rank, x);
	in[1] = between(b, 0, 2) ? input(b, t, rank, y) : input(b, t, rank - cut, y + cut);
	if (between(b, 0, 2) == 0) {
		struct tensor *swap = in[0];

		in[0] = in[1];
		in[1] = swap;
	}
	b->attr.act = between(b, 0, 1) ? (struct clamp){ 0, 6 } : (struct clamp){ -INFINITY, INFINITY };
	return node(b, (enum op[]){ OP_ADD, OP_SUB, OP_MUL }[between(b, 0, 2)], in, 2);
}

static bool
make_unary(struct bench *b, enum dtype t)
{
	static const enum op ops[] = { OP_RELU, OP_RELU6, OP_CLIP, OP_LEAKY_RELU, OP_HARD_SWISH, OP_SIGMOID, OP_TANH,
		OP_SOFTMAX, OP_SHUFFLE, OP_COPY, OP_REQUANTIZE, OP_QUANTIZE, OP_DEQUANTIZE };
	int32_t dim[3] = { between(b, 1, 4), between(b, 1, 4), between(b, 1, 40) };
	struct tensor *x = pitched(b, t, dim);

	b->attr.lo = rng_float(&b->rng) - 1;
	b->attr.hi = rng_float(&b->rng) + 1;
	b->attr.alpha = rng_float(&b->rng);
	b->attr.beta = 1 + rng_float(&b->rng) / 2;
	b->attr.groups = between(b, 1, 4);
	return node(b, ops[between(b, 0, (int)(sizeof ops / sizeof *ops) - 1)], &x, 1);
}

static bool
make_move(struct bench *b, enum dtype t)
{
	int rank = between(b, 1, RANK_MAX);
	int32_t dim[RANK_MAX] = { 0 };
	struct tensor *x;

	some_dims(b, rank, 5, dim);
	x = input(b, t, rank, dim);
	b->attr.perm.n = b->attr.before.n = b->attr.after.n = b->attr.begin.n = b->attr.size.n = b->attr.steps.n = rank;
	for (int i = 0; i < rank; i++) {
		int k = between(b, 0, i);

		b->attr.perm.v[i] = b->attr.perm.v[k];
		b->attr.perm.v[k] = i;
		b->attr.before.v[i] = between(b, 0, 2);
		b->attr.after.v[i] = between(b, 0, 2);
		b->attr.begin.v[i] = between(b, 0, dim[i] - 1);
		b->attr.steps.v[i] = between(b, 0, 1) ? 1 : between(b, 1, 3);
		b->attr.size.v[i] = between(b, 1, (dim[i] - b->attr.begin.v[i] - 1) / b->attr.steps.v[i] + 1);
	}
	b->attr.value = rng_float(&b->rng);
	return node(b, (enum op[]){ OP_TRANSPOSE, OP_PAD, OP_SLICE }[between(b, 0, 2)], &x, 1);
}

static bool
make_concat(struct bench *b, enum dtype t)
{
	int rank = between(b, 1, 4), n = between(b, 1, 4);
	int32_t dim[RANK_MAX] = { 0 };
	struct tensor *in[4];

	some_dims(b, rank, 5, dim);
	b->attr.axis = between(b, 0, rank - 1);
	for (int k = 0; k < n; k++) {
		dim[b->attr.axis] = between(b, 1, 5);
		in[k] = input(b, t, rank, dim);
		in[k]->quant = in[0]->quant;
	}
	return node(b, OP_CONCAT, in, n);
}

static bool
make_mean(struct bench *b, enum dtype t)
{
	int rank = between(b, 1, RANK_MAX);
	int32_t dim[RANK_MAX] = { 0 };
	struct tensor *x;

	some_dims(b, rank, 5, dim);
	x = input(b, t, rank, dim);
	for (int i = 0; i < rank; i++)
		if (between(b, 0, 1))
			b->attr.axes.v[b->attr.axes.n++] = i;
	b->attr.keep = between(b, 0, 1);
	return node(b, OP_MEAN, &x, 1);
}

static bool
make_resize(struct bench *b, enum dtype t)
{
	int32_t dim[3] = { between(b, 1, 7), between(b, 1, 7), between(b, 1, 5) };
	struct tensor *x = input(b, t, 3, dim);

	b->attr.size = (struct ints){ 2, { between(b, 1, 15), between(b, 1, 15) } };
	b->attr.mode = between(b, 0, 1) ? MODE_NEAREST : MODE_BILINEAR;
	b->attr.align_corners = between(b, 0, 1);
	b->attr.half_pixel = !b->attr.align_corners && between(b, 0, 1);
	return node(b, OP_RESIZE, &x, 1);
}

static const struct {
	const char *name;
	bool (*make)(struct bench *, enum dtype);
} rows[] = {
	{ "conv2d", make_conv }, { "dwconv2d", make_dwconv }, { "tconv2d", make_tconv }, { "dense", make_dense },
	{ "pool", make_pool }, { "binary", make_binary }, { "unary", make_unary }, { "move", make_move },
	{ "concat", make_concat }, { "mean", make_mean }, { "resize", make_resize },
};
enum { ROWS = sizeof rows / sizeof *rows, TRIES = 1500 };

START_TEST(one_operation)
{
	int made = 0;

	for (uint64_t seed = 0; seed < (uint64_t)share_of(TRIES); seed++) {
		struct bench b;

		bench_init(&b, seed * ROWS + (uint64_t)_i);
		if (rows[_i].make(&b, seed % 2 ? DT_F32 : DT_I8)) {
			run(&b, seed);
			made++;
		}
		bench_free(&b);
	}
	ck_assert_msg(made > share_of(TRIES) / 4, "%s: only %d of %d were made", rows[_i].name, made, share_of(TRIES));
}
END_TEST

/* ---- what no kernel can do ---- */

START_TEST(distances_beyond_32_bits)
{
	struct bench b;
	struct tensor *in[2];

	bench_init(&b, 1);
	in[0] = input(&b, DT_F32, 3, (int32_t[]){ 4, 4, 1 });
	in[1] = weight(&b, DT_F32, 4, (int32_t[]){ 1, 1, 1, 1 }, 0);
	b.attr.stride[0] = b.attr.pad[0] = INT32_MAX;
	ck_assert(node(&b, OP_CONV2D, in, 2));
	ck_assert_ptr_null(lower(&b, false));
	fflush(b.out);
	ck_assert_ptr_nonnull(strstr(b.messages, "the padded height of 'conv2d' is 2147483651, but kernels count with 32 bits"));
	bench_free(&b);
}
END_TEST

Suite *
lower_suite(void)
{
	Suite *s = suite_create("lower");
	TCase *tc = tcase_create("lower");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, random_graphs, 0, sizeof graph_rows / sizeof *graph_rows);
	tcase_add_loop_test(tc, one_operation, 0, ROWS);
	tcase_add_test(tc, distances_beyond_32_bits);
	suite_add_tcase(s, tc);
	return s;
}
