/* Chains in strips of columns: the evaluator gives the same bytes before and after, for layers of every kernel, stride, dilation and padding in every number of
 * strips. */
#include <config.h>
#include <string.h>
#include "passes/strips.h"
#include "asserts.h"
#include "pass_bench.h"
#include "random_graph.h"
#include "run_program.h"
#include "backend/program.h"
#include "unit.h"

Suite *strips_suite(void);

enum { SEEDS = 600, VALUES_MAX = 9 };

struct net { struct bench b; struct rng rng; struct graph *g; struct tensor *values[VALUES_MAX]; int count; };

static int
between(struct net *t, int lo, int hi)
{
	return lo + rng_below(&t->rng, hi - lo + 1);
}

static struct tensor *
weights(struct net *t, int rank, const int32_t *dim)
{
	static const float scale[] = { 0.05f };
	const struct quant q = { 1, scale, 0, 0 };
	struct shape s = { .rank = rank };
	int64_t count = 1;
	int8_t *data;

	for (int i = 0; i < rank; i++)
		count *= s.dim[i] = dim[i];
	data = ARENA_ARRAY(&t->b.arena, int8_t, (size_t)count);
	for (int64_t i = 0; i < count; i++)
		data[i] = (int8_t)between(t, -99, 99);
	return graph_const(t->g, graph_unique(t->g, intern(t->b.names, "w")), DT_I8, &s, &q, data, LOC_NONE);
}

/* A layer on the value X, if one turns out that can be. */
static void
add_layer(struct net *t, struct tensor *x)
{
	static const float scale[] = { 0.1f };
	static const enum op ops[] = { OP_CONV2D, OP_DWCONV2D, OP_MAXPOOL, OP_AVGPOOL, OP_RELU, OP_ADD };
	const struct quant q = { 1, scale, between(t, -20, 20), 0 };
	enum op op = ops[between(t, 0, 5)];
	struct tensor *in[3] = { x }, *other = t->values[between(t, 0, t->count - 1)];
	bool stated = op != OP_MAXPOOL && op != OP_AVGPOOL && op != OP_RELU;
	struct attrs a;
	char why[WHY_SIZE];
	int nin = 1;
	struct node *n;

	attrs_init(&a);
	for (int i = 0; i < 2; i++) {
		a.kernel[i] = between(t, 1, 4);
		a.stride[i] = between(t, 1, 2);
		a.dilation[i] = op == OP_CONV2D || op == OP_DWCONV2D ? between(t, 1, 2) : 1;
		a.pad[2 * i] = between(t, 0, a.kernel[i] - 1);
		a.pad[2 * i + 1] = between(t, 0, a.kernel[i] - 1);
	}
	if (between(t, 0, 1))
		a.stride[1] = 1;
	a.out = between(t, 1, 3);
	if (op == OP_CONV2D)
		in[nin++] = weights(t, 4, (int32_t[]){ a.out, a.kernel[0], a.kernel[1], x->shape.dim[2] });
	else if (op == OP_DWCONV2D)
		in[nin++] = weights(t, 3, (int32_t[]){ a.kernel[0], a.kernel[1], x->shape.dim[2] });
	else if (op == OP_ADD)
		in[nin++] = shape_equal(&other->shape, &x->shape) ? other : x;
	n = graph_add(t->g, op, graph_unique(t->g, intern(t->b.names, "v")), in, nin, &a, stated ? &q : NULL, LOC_NONE, why);
	if (n)
		t->values[t->count++] = n->out;
}

static void
net_init(struct net *t, uint64_t seed)
{
	static const float scale[] = { 0.1f };
	const struct quant q = { 1, scale, 3, 0 };
	struct shape s = { .rank = 3 };

	*t = (struct net){ .rng = { seed * 2 + 1 } };
	bench_init(&t->b);
	t->g = graph_new(&t->b.arena, t->b.names, intern(t->b.names, "t"));
	s.dim[0] = between(t, 5, 14);
	s.dim[1] = between(t, 6, 20);
	s.dim[2] = between(t, 1, 3);
	t->values[t->count++] = graph_input(t->g, intern(t->b.names, "x"), DT_I8, &s, &q, LOC_NONE);
	for (int i = between(t, 1, VALUES_MAX - 1); i > 0; i--)
		add_layer(t, t->values[t->count - 1 - (t->count > 1 && between(t, 0, 4) == 0)]);
	if (t->count == 1)
		t->values[t->count++] = graph_add(t->g, OP_RELU, intern(t->b.names, "r"), t->values, 1, &(struct attrs){ 0 }, NULL, LOC_NONE, (char[WHY_SIZE]){ 0 })->out;
	graph_output(t->g, intern(t->b.names, "y"), t->values[t->count - 1]);
	graph_tidy(t->g);
	bench_run(&t->b, t->g, PASS_dce);
}

/* The strips as chains by rows have a plan that holds, and give the OUTPUT with what is not live poisoned. */
static void
check_program(struct net *t, uint64_t seed, const void *output)
{
	size_t bytes = (size_t)tensor_bytes(t->g->outputs.v[0]);
	void *outputs[] = { arena_alloc(&t->b.arena, bytes) };
	struct program *p;

	bench_run(&t->b, t->g, PASS_alias);
	p = program_lower(&t->b.arena, t->g, &t->b.diag, IO_ARENA);
	program_memories(p);
	program_stream(p, STREAM_EVERYWHERE);
	program_plan(p);
	program_verify(p);
	run_program_in_arena(p, random_values(&t->b.arena, t->g, seed), outputs);
	if (memcmp(outputs[0], output, bytes) != 0)
		ck_abort_msg("seed %d: chains in strips compute something else\n%s", (int)seed, graph_text(&t->b.arena, t->g));
}

START_TEST(test_random)
{
	static int made;

	for (int i = 0; i < SEEDS; i++) {
		uint64_t seed = (uint64_t)i;
		struct net t;
		const void **before;

		net_init(&t, seed);
		before = bench_outputs(&t.b, t.g, seed);
		t.b.ctx.strips = (struct strip_demand){ .most = 2 + i % 9, .everywhere = true };
		bench_run(&t.b, t.g, PASS_strips);
		made += t.g->strips != NULL;
		if (memcmp(before[0], bench_outputs(&t.b, t.g, seed)[0], (size_t)tensor_bytes(t.g->outputs.v[0])) != 0)
			ck_abort_msg("seed %d: strips change the result\n%s", i, graph_text(&t.b.arena, t.g));
		check_program(&t, seed, before[0]);
		bench_free(&t.b);
	}
	ck_assert_int_gt(made, SEEDS / 2);
}
END_TEST

/* A strip of columns [2, 4) of a 3x3 layer of stride 2 on one of 3x3: 4 - 1 to 8, and one more on either side. */
static const char two[] =
	"graph t\n"
	"input %0 \"x\" : i8[8, 9, 1] scale 1 zero 0\n"
	"const %1 \"a.weight\" : i8[3, 3, 1] scale 1 zero 0 = [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
	"%2 \"a\" = dwconv2d(%0, %1) {kernel = 3x3, pad = [1, 1, 1, 1]} : i8[8, 9, 1] scale 4 zero 0\n"
	"%3 \"b\" = maxpool(%2) {kernel = 3x3, stride = 2x2, pad = [1, 1, 1, 1]} : i8[4, 5, 1] scale 4 zero 0\n"
	"output \"y\" = %3\n";
static const char strips_of_two[] =
	"graph t\n"
	"input %0 \"x\" : i8[8, 9, 1] scale 1 zero 0\n";

START_TEST(test_text)
{
	struct bench b;
	struct graph *g;
	const struct node *n;

	bench_init(&b);
	g = bench_read(&b, two);
	b.ctx.strips = (struct strip_demand){ .most = 2, .everywhere = true };
	bench_run(&b, g, PASS_strips);
	ck_assert(strncmp(graph_text(&b.arena, g), strips_of_two, strlen(strips_of_two)) == 0);
	n = g->first; /* columns [0, 3) of b read [0, 6) of a and these [0, 7) of x */
	ck_assert_int_eq(n->attr.begin.v[1], 0);
	ck_assert_int_eq(n->out->shape.dim[1], 7);
	n = n->next;
	ck_assert_int_eq(n->attr.pad[2], 1);
	ck_assert_int_eq(n->attr.pad[3], 0);
	ck_assert_int_eq(n->out->shape.dim[1], 6);
	n = n->next;
	ck_assert_int_eq(n->attr.pad[2], 1);
	ck_assert_int_eq(n->attr.pad[3], 0);
	ck_assert_int_eq(n->out->shape.dim[1], 3);
	n = n->next; /* [3, 5): [5, 9) of a, [4, 9) of x */
	ck_assert_int_eq(n->attr.begin.v[1], 4);
	ck_assert_int_eq(n->out->shape.dim[1], 5);
	n = n->next;
	ck_assert_int_eq(n->attr.pad[2], 0);
	ck_assert_int_eq(n->attr.pad[3], 1);
	n = n->next;
	ck_assert_int_eq(n->out->shape.dim[1], 2);
	ck_assert_int_eq(g->last->op, OP_CONCAT);
	ck_assert_str_eq(g->last->name, "b");
	ck_assert_int_eq(g->strips->macs_before, 8 * 9 * 9);
	ck_assert_int_eq(g->strips->macs, 8 * (6 + 4) * 9);
	ck_assert_int_eq(g->strips->strips, 2);
	bench_free(&b);
}
END_TEST

/* What an annotation is for, what other layers read and outputs stay whole. */
START_TEST(test_whole)
{
	struct bench b;
	struct graph *g;

	bench_init(&b);
	g = bench_read(&b, two);
	graph_output(g, intern(b.names, "also"), g->first->out);
	graph_tidy(g);
	b.ctx.strips = (struct strip_demand){ .most = 2, .everywhere = true };
	bench_run(&b, g, PASS_strips);
	ck_assert_ptr_nonnull(graph_find(g, intern(b.names, "a")));
	ck_assert_int_eq(g->strips->macs, 8 * 9 * 9);
	ck_assert_ptr_nonnull(g->strips->next);
	bench_free(&b);
}
END_TEST

Suite *
strips_suite(void)
{
	Suite *s = suite_create("strips");
	TCase *c = tcase_create("strips");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, test_random);
	tcase_add_test(c, test_text);
	tcase_add_test(c, test_whole);
	suite_add_tcase(s, c);
	return s;
}
