/* Grouped and shuffled layers, and shuffles folded away: from text to text, found structure against a plain search, and random
 * networks of grouped layers and shuffles, evaluated before and after. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "chips/plan.h"
#include "ir/eval.h"
#include "passes/shuffled.h"
#include "passes/structure.h"
#include "asserts.h"
#include "pass_bench.h"
#include "random_graph.h"

Suite *shuffle_suite(void);

static char *
print_records(struct bench *b, const struct graph *g)
{
	const struct layer_plan *p;
	char *text, *copy;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (p = g->plans; p; p = p->next)
		fprintf(f, "%s (%s): %s\n", p->layer, annot_class_names[p->plan.class], p->plan.text);
	fclose(f);
	copy = arena_strndup(&b->arena, text, len);
	free(text);
	return copy;
}

/* Run the passes of the comma-separated LIST that are called so. */
static void
run(struct bench *b, struct graph *g, const char *list)
{
	int i;

	for (i = 0; i < PASS_COUNT; i++) {
		const char *at = strstr(list, passes[i].name);
		size_t len = strlen(passes[i].name);

		if (!at || (at != list && at[-1] != ',') || (at[len] && at[len] != ','))
			continue;
		bench_run(b, g, (enum pass_id)i);
	}
}

/* ---- text to text ---- */

static const struct row {
	const char *passes, *what, *before, *after, *records;
} rows[] = {
#define ROW(passes, what, before, after, records) { passes, what, before, after, records },
#include "shuffle_rows.def"
#undef ROW
};

START_TEST(test_text)
{
	const struct row *r = &rows[_i];
	struct bench b;
	struct graph *g;

	bench_init(&b);
	g = bench_read(&b, r->before);
	graph_verify(g, "build");
	run(&b, g, r->passes);
	if (strcmp(graph_text(&b.arena, g), r->after))
		ck_abort_msg("%s: %s\ngave\n%sinstead of\n%s", r->passes, r->what, graph_text(&b.arena, g), r->after);
	ck_assert_str_eq(print_records(&b, g), r->records);
	ck_assert_str_eq(graph_text(&b.arena, bench_read(&b, r->after)), r->after);
	bench_free(&b);
}
END_TEST

/* ---- seeded orders ---- */

/* By a program of the same definition in another language. */
static const struct { int64_t seed; int32_t count, order[12]; } seed_rows[] = {
	{ 7, 8, { 7, 4, 6, 1, 2, 5, 0, 3 } },
	{ 1, 12, { 7, 0, 4, 1, 2, 11, 5, 10, 3, 9, 8, 6 } },
	{ 0, 5, { 2, 3, 0, 1, 4 } },
	{ INT64_MAX, 6, { 1, 2, 5, 3, 4, 0 } },
	{ 3, 1, { 0 } },
};

START_TEST(test_seed)
{
	struct annot a = { .kind = ANNOT_SHUFFLED, .has_seed = true, .seed = seed_rows[_i].seed };
	int32_t count = seed_rows[_i].count;
	struct arena arena = { 0 };

	ck_assert(!memcmp(shuffled_order(&arena, &a, count), seed_rows[_i].order, (size_t)count * sizeof(int32_t)));
	arena_free(&arena);
}
END_TEST

/* ---- structure ---- */

static void
draw_order(struct rng *r, int32_t *order, int32_t count)
{
	int32_t i, k;

	for (i = 0; i < count; i++) {
		k = rng_below(r, i + 1);
		order[i] = order[k];
		order[k] = i;
	}
}

/* A layer whose weights are GROUPS blocks, full to SHARE of 100, with channels in random orders. */
static struct node *
hidden_groups(struct bench *b, struct rng *r, int32_t groups, int32_t in_each, int32_t out_each, int share, bool mix_out)
{
	int32_t ins = groups * in_each, outs = groups * out_each, o, c;
	struct shape x = { 1, { ins } }, w = { 2, { outs, ins } };
	struct graph *g = graph_new(&b->arena, b->names, intern(b->names, "t"));
	float *data = ARENA_ARRAY(&b->arena, float, (size_t)(ins * outs));
	int32_t in_order[256], out_order[256];
	struct tensor *in[2];
	char why[WHY_SIZE];

	draw_order(r, in_order, ins);
	draw_order(r, out_order, outs);
	for (o = 0; o < outs; o++)
		for (c = 0; c < ins; c++)
			if (o / out_each == c / in_each && rng_below(r, 100) < share)
				data[(mix_out ? out_order[o] : o) * ins + in_order[c]] = 0.1f + rng_float(r) * rng_float(r);
	in[0] = graph_input(g, intern(b->names, "x"), DT_F32, &x, NULL, LOC_NONE);
	in[1] = graph_const(g, intern(b->names, "w"), DT_F32, &w, NULL, data, LOC_NONE);
	return graph_add(g, OP_DENSE, intern(b->names, "d"), in, 2, NULL, NULL, LOC_NONE, why);
}

static bool
is_order(const int32_t *order, int32_t count)
{
	bool seen[256] = { false };
	int32_t i;

	for (i = 0; i < count; i++) {
		if (order[i] < 0 || order[i] >= count || seen[order[i]])
			return false;
		seen[order[i]] = true;
	}
	return true;
}

static bool
is_block_diagonal(const struct node *n, int32_t groups, const int32_t *in, const int32_t *out)
{
	int32_t ins = n->in[1]->shape.dim[1], outs = n->in[1]->shape.dim[0], o, c;
	const float *w = n->in[1]->data;

	for (o = 0; o < outs; o++)
		for (c = 0; c < ins; c++)
			if (o / (outs / groups) != c / (ins / groups) && w[out[o] * ins + in[c]] != 0)
				return false;
	return true;
}

START_TEST(test_structure)
{
	struct rng r = { (uint64_t)_i * 2 + 1 };
	int32_t groups = 2 + rng_below(&r, 7), in_each = 1 + rng_below(&r, 6), out_each = 1 + rng_below(&r, 6), o;
	int32_t in[256], out[256];
	bool mix_out = rng_below(&r, 2);
	struct bench b;
	struct node *n;

	bench_init(&b);
	n = hidden_groups(&b, &r, groups, in_each, out_each, _i % 3 ? 100 : 40, mix_out);
	ck_assert(structure_find(&b.scratch, n, groups, in, out));
	ck_assert(is_order(in, groups * in_each) && is_order(out, groups * out_each));
	ck_assert(is_block_diagonal(n, groups, in, out));
	ck_assert_int_ge(structure_groups(&b.scratch, n), groups);
	if (_i % 3) /* full blocks are no more than that */
		ck_assert_int_eq(structure_groups(&b.scratch, n), groups);
	for (o = 0; o < groups * out_each && !mix_out; o++)
		ck_assert_int_eq(out[o], o);
	bench_free(&b);
}
END_TEST

/* Weights that link all channels have no groups. */
START_TEST(test_no_structure)
{
	struct rng r = { 5 };
	int32_t in[16], out[16];
	struct bench b;
	struct node *n;

	bench_init(&b);
	n = hidden_groups(&b, &r, 1, 16, 16, 100, true);
	ck_assert(!structure_find(&b.scratch, n, 2, in, out));
	ck_assert_int_eq(structure_groups(&b.scratch, n), 1);
	bench_free(&b);
}
END_TEST

/* Components of 3, 3, 2 and 2, 1 and 1 channels fill two groups of 6 in one way only: 3 + 3 and 2 + 2 + 1 + 1, or
 * 3 + 2 + 1 twice. */
START_TEST(test_packing)
{
	static const int sizes[] = { 3, 1, 2, 3, 2, 1 };
	struct shape x = { 1, { 12 } }, w = { 2, { 12, 12 } };
	float data[144] = { 0 };
	int32_t in[12], out[12], at = 0;
	struct tensor *t[2];
	char why[WHY_SIZE];
	struct bench b;
	struct graph *g;
	struct node *n;
	size_t k;
	int i, j;

	bench_init(&b);
	for (k = 0; k < sizeof sizes / sizeof *sizes; at += sizes[k++])
		for (i = 0; i < sizes[k]; i++)
			for (j = 0; j < sizes[k]; j++)
				data[(at + i) * 12 + at + j] = 1;
	g = graph_new(&b.arena, b.names, intern(b.names, "t"));
	t[0] = graph_input(g, intern(b.names, "x"), DT_F32, &x, NULL, LOC_NONE);
	t[1] = graph_const(g, intern(b.names, "w"), DT_F32, &w, NULL, data, LOC_NONE);
	n = graph_add(g, OP_DENSE, intern(b.names, "d"), t, 2, NULL, NULL, LOC_NONE, why);
	ck_assert(structure_find(&b.scratch, n, 2, in, out));
	ck_assert(is_order(in, 12) && is_order(out, 12) && is_block_diagonal(n, 2, in, out));
	ck_assert_int_eq(structure_groups(&b.scratch, n), 4); /* 3, 3, 2 + 1, 2 + 1 */
	bench_free(&b);
}
END_TEST

/* ---- random networks ---- */

struct maker {
	struct bench *b;
	struct graph *g;
	struct rng rng;
	enum dtype dtype;
	struct tensor *pool[200];
	int pooled;
};

static int
pick(struct maker *m, int n)
{
	return rng_below(&m->rng, n);
}

static int32_t
channels(const struct tensor *t)
{
	return t->shape.dim[t->shape.rank - 1];
}

static struct quant
one_scale(const struct maker *m)
{
	static const float scale = 0.05f;

	return (struct quant){ m->dtype == DT_I8, &scale, 3, 0 };
}

static struct tensor *
constant(struct maker *m, enum dtype t, int rank, const int32_t *dim, const struct quant *q)
{
	struct shape s = { .rank = rank };
	int64_t i;
	void *data;

	memcpy(s.dim, dim, (size_t)rank * sizeof *dim);
	data = arena_alloc(&m->b->arena, (size_t)(shape_count(&s) * dtype_info[t].bytes));
	for (i = 0; i < shape_count(&s); i++) {
		if (t == DT_F32)
			((float *)data)[i] = rng_float(&m->rng);
		else if (t == DT_I8)
			((int8_t *)data)[i] = (int8_t)pick(m, 256);
		else
			((int32_t *)data)[i] = pick(m, 2000) - 1000;
	}
	return graph_const(m->g, graph_unique(m->g, intern(m->b->names, "k")), t, &s, q, data, LOC_NONE);
}

static void
add(struct maker *m, enum op op, struct tensor **in, int nin, const struct attrs *attr)
{
	struct quant q = one_scale(m);
	bool stated = op_info[op].quant == QUANT_STATED;
	char why[WHY_SIZE];
	struct node *n = graph_add(m->g, op, graph_unique(m->g, intern(m->b->names, op_info[op].name)), in, nin, attr,
		stated ? &q : NULL, LOC_NONE, why);

	if (n && m->pooled < 200)
		m->pool[m->pooled++] = n->out;
}

static void
make_conv(struct maker *m, struct tensor *x, struct attrs *attr)
{
	static const int32_t widths[] = { 6, 12, 12, 24 }, groups[] = { 1, 1, 2, 3, 3, 6 };
	int32_t out = widths[pick(m, 4)], each, k;
	struct quant q = { m->dtype == DT_I8 ? out : 0, NULL, 0, 0 };
	float *scale = ARENA_ARRAY(&m->b->arena, float, (size_t)out);
	struct tensor *in[3] = { x };

	attr->groups = groups[pick(m, 6)];
	if (channels(x) % attr->groups)
		attr->groups = 1;
	each = channels(x) / attr->groups;
	for (k = 0; k < out; k++)
		scale[k] = 0.002f * (float)(1 + pick(m, 8));
	q.scale = scale;
	in[1] = constant(m, m->dtype, 4, (int32_t[]){ out, 1, 1, each }, &q);
	in[2] = constant(m, m->dtype == DT_F32 ? DT_F32 : DT_I32, 1, &out, NULL);
	add(m, OP_CONV2D, in, 2 + pick(m, 2), attr);
}

static void
make_depthwise(struct maker *m, struct tensor *x, struct attrs *attr)
{
	int32_t out = channels(x), k;
	struct quant q = { m->dtype == DT_I8 ? out : 0, NULL, 0, 2 };
	float *scale = ARENA_ARRAY(&m->b->arena, float, (size_t)out);
	struct tensor *in[2] = { x };

	for (k = 0; k < out; k++)
		scale[k] = 0.01f * (float)(1 + pick(m, 4));
	q.scale = scale;
	for (k = 0; k < 4; k++)
		attr->pad[k] = 1;
	in[1] = constant(m, m->dtype, 3, (int32_t[]){ 3, 3, out }, &q);
	add(m, OP_DWCONV2D, in, 2, attr);
}

static void
make_shuffle(struct maker *m, struct tensor *x, struct attrs *attr)
{
	int32_t c = channels(x), index[200];
	struct tensor *in[2] = { x };

	if (pick(m, 3)) {
		attr->groups = 2 + pick(m, 2);
		add(m, OP_SHUFFLE, in, 1, attr);
	} else if (c <= 200) {
		draw_order(&m->rng, index, c);
		in[1] = constant(m, DT_I32, 1, &c, NULL);
		memcpy((int32_t *)in[1]->data, index, (size_t)c * sizeof *index);
		add(m, OP_GATHER, in, 2, attr);
	}
}

static void
make_pair(struct maker *m, struct tensor *x, struct attrs *attr)
{
	struct tensor *in[2] = { x, m->pool[pick(m, m->pooled)] };
	int tries;

	attr->axis = 2;
	for (tries = 0; tries < 10 && !shape_equal(&x->shape, &in[1]->shape); tries++)
		in[1] = m->pool[pick(m, m->pooled)];
	if (pick(m, 3) == 0 && channels(x) <= 24)
		add(m, OP_CONCAT, in, 2, attr);
	else
		add(m, pick(m, 2) ? OP_ADD : OP_MUL, in, 2, attr);
}

static void
make_slice(struct maker *m, struct tensor *x, struct attrs *attr)
{
	int32_t c = channels(x);
	int d;

	if (c % 12)
		return;
	attr->begin.n = attr->size.n = attr->steps.n = 3;
	for (d = 0; d < 3; d++) {
		attr->size.v[d] = d == 2 ? c / 2 : x->shape.dim[d];
		attr->steps.v[d] = 1;
	}
	attr->begin.v[2] = pick(m, 2) ? c / 2 : 0;
	add(m, OP_SLICE, &x, 1, attr);
}

static void
make_unary(struct maker *m, struct tensor *x, struct attrs *attr)
{
	static const enum op ops[] = { OP_RELU, OP_HARD_SWISH, OP_LEAKY_RELU, OP_MAXPOOL, OP_SIGMOID };

	attr->kernel[0] = attr->kernel[1] = 1;
	add(m, ops[pick(m, 4)], &x, 1, attr);
}

static void
make_head(struct maker *m, struct tensor *x, struct attrs *attr)
{
	int32_t n = (int32_t)tensor_count(x), out = 4;
	static const float scale = 0.01f;
	struct quant q = { m->dtype == DT_I8, &scale, 0, 0 };
	struct tensor *in[2];

	add(m, OP_FLATTEN, &x, 1, attr);
	in[0] = m->pool[--m->pooled];
	in[1] = constant(m, m->dtype, 2, (int32_t[]){ out, n }, &q);
	attr->out = out;
	add(m, OP_DENSE, in, 2, attr);
	graph_output(m->g, graph_unique(m->g, intern(m->b->names, "out")), m->pool[--m->pooled]);
}

static void (*const makers[])(struct maker *, struct tensor *, struct attrs *) = {
	make_conv, make_conv, make_conv, make_depthwise, make_shuffle, make_shuffle, make_shuffle, make_pair, make_slice, make_unary
};

static struct graph *
random_net(struct bench *b, uint64_t seed, enum dtype t)
{
	struct maker m = { b, graph_new(&b->arena, b->names, intern(b->names, "net")), { seed * 2 + 1 }, t, { NULL }, 0 };
	struct shape x = { 3, { 2, 2, 6 } };
	struct quant q = one_scale(&m);
	int nodes = 4 + pick(&m, 16), i;
	struct attrs attr;

	m.pool[m.pooled++] = graph_input(m.g, intern(b->names, "x"), t, &x, &q, LOC_NONE);
	for (i = 0; i < 10 * nodes && m.g->node_count < nodes; i++) {
		attrs_init(&attr);
		makers[pick(&m, 10)](&m, m.pool[m.pooled - 1 - pick(&m, m.pooled < 3 ? m.pooled : 3)], &attr);
	}
	for (i = 0; i < 3; i++) {
		struct tensor *y = m.pool[m.pooled - 1 - pick(&m, m.pooled < 3 ? m.pooled : 3)];

		attrs_init(&attr);
		if (pick(&m, 4))
			make_head(&m, y, &attr);
		else if (y->producer)
			graph_output(m.g, graph_unique(m.g, intern(b->names, "out")), y);
	}
	graph_tidy(m.g);
	return m.g;
}

static int
count_shuffles(const struct graph *g)
{
	const struct node *n;
	int count = 0;

	for (n = g->first; n; n = n->next)
		count += n->op == OP_SHUFFLE || n->op == OP_GATHER;
	return count;
}

static int
count_records(const struct graph *g)
{
	const struct layer_plan *p;
	int count = 0;

	for (p = g->plans; p; p = p->next)
		count++;
	return count;
}

enum { NETS = 60 };

START_TEST(test_random)
{
	int i, total = 0, left = 0;

	for (i = 0; i < NETS; i++) {
		uint64_t seed = (uint64_t)(_i * NETS + i);
		struct bench b;
		struct graph *g;
		const void **before, **after;
		size_t k;
		int shuffles;

		bench_init(&b);
		g = random_net(&b, seed, _i % 2 ? DT_F32 : DT_I8);
		if (g->outputs.n > 0) {
			passes[PASS_dce].run(g, &b.ctx);
			before = bench_outputs(&b, g, seed);
			shuffles = count_shuffles(g);
			run(&b, g, "fold-shuffle");
			after = bench_outputs(&b, g, seed);
			ck_assert_int_eq(count_records(g), shuffles);
			ck_assert_int_le(count_shuffles(g), shuffles);
			total += shuffles;
			left += count_shuffles(g);
			for (k = 0; k < g->outputs.n; k++)
				if (!close_enough(g->outputs.v[k], before[k], after[k], 1e-5))
					ck_abort_msg("seed %llu: output %d differs\n%s", (unsigned long long)seed, (int)k, graph_text(&b.arena, g));
		}
		bench_free(&b);
	}
	if (getenv("SHUFFLE_STATISTICS"))
		printf("%d shuffles, %d left\n", total, left);
	ck_assert_int_lt(left, total / 2);
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof *(rows))

Suite *
shuffle_suite(void)
{
	Suite *s = suite_create("shuffle");
	TCase *tc = tcase_create("shuffle");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_text, 0, COUNT(rows));
	tcase_add_loop_test(tc, test_seed, 0, COUNT(seed_rows));
	tcase_add_loop_test(tc, test_structure, 0, 150);
	tcase_add_test(tc, test_no_structure);
	tcase_add_test(tc, test_packing);
	tcase_add_loop_test(tc, test_random, 0, 20);
	suite_add_tcase(s, tc);
	return s;
}
