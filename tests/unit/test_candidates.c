/* Plans for a layer: costs worked out by hand for npu16, sizes of parts against all there are, limits kept by every part. */
#include <config.h>
#include <math.h>
#include "chip_text.h"
#include "chips/candidates.h"
#include "random_graph.h"
#include "support/file.h"
#include "unit.h"

Suite *candidates_suite(void);

/* ---- a layer on a chip ---- */

/* An int8 convolution with padding that keeps the size where PAD; weights of 1. */
static struct node *
conv(struct chip_text *t, int32_t h, int32_t w, int32_t in, int32_t out, int32_t k, bool pad)
{
	static const float scale[1] = { 0.25f };
	struct quant q = { .count = 1, .scale = scale, .zero = 3 }, qw = { .count = 1, .scale = scale };
	struct shape x = { 3, { h, w, in } }, weight = { 4, { out, k, k, in } }, bias = { 1, { out } };
	struct graph *g = graph_new(&t->arena, t->names, intern(t->names, "t"));
	int8_t *ones = arena_alloc(&t->arena, (size_t)shape_count(&weight));
	struct tensor *inputs[3];
	struct attrs a;
	char why[WHY_SIZE];
	struct node *n;

	memset(ones, 1, (size_t)shape_count(&weight));
	inputs[0] = graph_input(g, intern(t->names, "x"), DT_I8, &x, &q, LOC_NONE);
	inputs[1] = graph_const(g, intern(t->names, "w"), DT_I8, &weight, &qw, ones, LOC_NONE);
	inputs[2] = graph_const(g, intern(t->names, "b"), DT_I32, &bias, NULL, ARENA_ARRAY(&t->arena, int32_t, (size_t)out), LOC_NONE);
	attrs_init(&a);
	a.out = out;
	a.kernel[0] = a.kernel[1] = k;
	for (int i = 0; pad && i < 4; i++)
		a.pad[i] = k / 2;
	n = graph_add(g, OP_CONV2D, intern(t->names, "y"), inputs, 3, &a, &q, LOC_NONE, why);
	ck_assert_msg(n != NULL, "%s", why);
	graph_output(g, intern(t->names, "y"), n->out);
	graph_tidy(g);
	return n;
}

static struct plan_list
plans(struct chip_text *t, const struct node *n)
{
	struct plan_demand nothing = { 0 };
	struct plan_list list = candidates_make(&t->arena, t->chip, n, &nothing, &t->diag);

	fflush(t->diag.out);
	ck_assert_msg(t->diag.errors == 0, "%s", t->messages);
	ck_assert_int_gt(list.n, 0);
	return list;
}

/* The possible plan of kind HOW with or without a tree; NULL: none. */
static const struct plan *
find(const struct plan_list *list, enum plan_how how, bool tree)
{
	for (int i = 0; i < list->n; i++)
		if (!list->v[i].why && list->v[i].how == how && list->v[i].tree == tree)
			return &list->v[i];
	return NULL;
}

/* ---- npu16 by hand ---- */

static void
read_npu16(struct chip_text *t)
{
	const char *top = getenv("top_srcdir"), *text, *why;
	struct arena a = { 0 };
	size_t len;

	why = file_read(&a, path_join(&a, top ? top : ".", "chips/npu16.chip"), &text, &len);
	ck_assert_msg(!why, "%s", why);
	chip_text_read(t, text);
	ck_assert_msg(t->chip != NULL, "%s", t->messages);
	arena_free(&a);
}

static const struct {
	int32_t h, w, in, out, k;
	int64_t calls, cycles, bytes;         /* of the chain */
	int64_t dots, dot_cycles;
} npu16_rows[] = {
	/* 4 calls of 40 + 14 * 14 * (512 / 16) * (512 / 16) cycles; x 4 * 14 * 14 * 512, w 4 * 512 * 512, b 4 * 512 * 4, sums out and in
	 * 6 * 14 * 14 * 512 * 4, result 14 * 14 * 512.  Dot products of 2048: one a result, 12 + 2048 / 16 cycles, and rescaling. */
	{ 14, 14, 2048, 512, 1, 4, 4 * (40 + 14 * 14 * 32 * 32),
		4 * 100352 + 4 * 262144 + 4 * 2048 + 6 * 401408 + 100352, 14 * 14 * 512, 14 * 14 * 512 * (12 + 128) + 40 + 401408 + 100352 },
	/* 3x3: 9 times the products in each; 18432 values to a result, dot products of 4096: four and one of 2048, the window copied
	 * (49 * 18432 bytes read and written), four additions of 49 * 512 sums, and rescaling */
	{ 7, 7, 2048, 512, 3, 4, 4 * (40 + 7 * 7 * 9 * 32 * 32),
		4 * 25088 + 4 * 2359296 + 4 * 2048 + 6 * 100352 + 25088, 7 * 7 * 512 * 5,
		7 * 7 * 512 * (4 * (12 + 256) + 12 + 128) + 49 * (40 + 2 * 18432) + 4 * 40 + 40 + 100352 + 25088 },
};

START_TEST(npu16_by_hand)
{
	struct chip_text t;
	struct plan_list list;
	const struct plan *best, *dot;

	read_npu16(&t);
	list = plans(&t, conv(&t, npu16_rows[_i].h, npu16_rows[_i].w, npu16_rows[_i].in, npu16_rows[_i].out, npu16_rows[_i].k, true));
	best = &list.v[0];
	ck_assert_ptr_null(best->why);
	ck_assert_str_eq(best->text, "split-sum 4 x 512, i32 chain");
	ck_assert_int_eq(best->calls, npu16_rows[_i].calls);
	ck_assert_double_eq(best->cycles, (double)npu16_rows[_i].cycles);
	ck_assert_int_eq(best->bytes, npu16_rows[_i].bytes);
	ck_assert_int_eq(best->class, CLASS_EXACT);
	dot = find(&list, PLAN_DOT, false);
	ck_assert_ptr_nonnull(dot);
	ck_assert_int_eq(dot->calls, npu16_rows[_i].dots);
	if (npu16_rows[_i].k == 1) /* what portable C adds to a 3x3 is a formula of its own */
		ck_assert_double_eq(dot->cycles, (double)npu16_rows[_i].dot_cycles);
	else
		ck_assert_double_ge(dot->cycles, 7.0 * 7 * 512 * (4 * (12 + 256) + 12 + 128));
	ck_assert_double_gt(dot->cycles, 18 * best->cycles);
	chip_text_done(&t);
}
END_TEST

/* ---- the cheapest sizes, against all there are ---- */

/* The random chip that a test reads: input channels lo..hi step s, output channels likewise, cells of a formula with steps. */
struct random_chip { int in_lo, in_hi, in_step, out_hi, out_step, fixed, per, in_block, out_block, memory; };

static int
up(int n, int step)
{
	return (n + step - 1) / step;
}

static struct random_chip
random_chip(struct rng *r)
{
	struct random_chip c = { .in_step = 1 + rng_below(r, 4), .out_step = 1 + rng_below(r, 4) };

	c.in_lo = c.in_step * (1 + rng_below(r, 3));
	c.in_hi = c.in_lo + c.in_step * rng_below(r, 6);
	c.out_hi = c.out_step * (1 + rng_below(r, 8));
	c.fixed = rng_below(r, 50);
	c.per = 1 + rng_below(r, 20);
	c.in_block = 1 + rng_below(r, 7);
	c.out_block = 1 + rng_below(r, 7);
	c.memory = rng_below(r, 2) ? 1000000 : c.in_lo * c.out_step * (1 + rng_below(r, 30));
	return c;
}

static void
read_random(struct chip_text *t, const struct random_chip *c, const char *partial)
{
	char text[2048];

	snprintf(text, sizeof text, "chip \"r\" version 1;\nop conv2d {\ntype = i8 * i8 + i32 -> i8 | i32;\nin = %d..%d step %d;\n"
		"out = %d..%d step %d;\npartial = %s;\nrequant = multiplier_shift double per_channel;\nactivation = none | clamp;\n"
		"zero_points = x, y;\nlayout = x [h, w, in] pitch, y [h, w, out] pitch, sum [h, w, out] pitch;\nwhere in * out <= %d : \"memory\";\n"
		"cost cycles = %d + %d * ceil(in / %d) * ceil(out / %d);\n"
		"call \"f({y}, {y.pitch}, {x}, {x.pitch}, {w}, {b}, {sum}, {sum.pitch}, {partial});\";\n}\nfallback none;\n",
		c->in_lo, c->in_hi, c->in_step, c->out_step, c->out_hi, c->out_step, partial, c->memory, c->fixed, c->per, c->in_block,
		c->out_block);
	chip_text_read(t, text);
	ck_assert_msg(t->chip != NULL, "%s\n%s", text, t->messages);
}

/* 0: the unit has no such size. */
static int
fill_in(const struct random_chip *c, int n)
{
	int f = n <= c->in_lo ? c->in_lo : c->in_lo + up(n - c->in_lo, c->in_step) * c->in_step;

	return f <= c->in_hi ? f : 0;
}

static double
call_cost(const struct random_chip *c, int in, int out)
{
	return in * out <= c->memory ? c->fixed + c->per * up(in, c->in_block) * up(out, c->out_block) : INFINITY;
}

/* The least cost of TOTAL input channels in parts of whole sizes, at most FROM each, and a last one that is filled up: every multiset. */
static double
cheapest(const struct random_chip *c, int total, int from, int out)
{
	int last = fill_in(c, total);
	double best = last ? call_cost(c, last, out) + (last > total ? 2 * last : 0) : INFINITY; /* filling up reads and writes a copy */

	for (int s = from; s >= c->in_lo; s -= c->in_step)
		if (s < total)
			best = fmin(best, call_cost(c, s, out) + cheapest(c, total - s, s, out));
	return best;
}

START_TEST(cheapest_sizes)
{
	struct rng r = { (uint64_t)_i * 2 + 1 };
	struct random_chip c = random_chip(&r);
	struct chip_text t;
	struct plan_list list;
	int in = 1 + rng_below(&r, 30), out = c.out_hi;
	double expected = cheapest(&c, in, c.in_hi, out);

	read_random(&t, &c, "in i32, out i32");
	list = plans(&t, conv(&t, 1, 1, in, out, 1, false));
	if (expected < INFINITY)
		ck_assert_msg(!list.v[0].why && list.v[0].cycles <= expected + 1e-6, "%d channels in %d..%d step %d (memory %d) as '%s' take %g, "
			"but %g do", in, c.in_lo, c.in_hi, c.in_step, c.memory, list.v[0].text, list.v[0].cycles, expected);
	chip_text_done(&t);
}
END_TEST

/* ---- every part keeps the limits ---- */

static int32_t
sum_of(const struct parts *p, int32_t total)
{
	int32_t sum = 0;

	for (int i = 0; i < p->n; i++)
		sum += p->size[i];
	return p->n > 1 ? sum : total;
}

/* The size of part I as the unit sees it. */
static int32_t
seen(const struct parts *p, int32_t total, int32_t pad, int i)
{
	int32_t size = p->n > 1 ? p->size[i] : total;

	return pad && i == (p->n > 1 ? p->n - 1 : 0) ? pad : size;
}

static void
check_plan(const struct random_chip *c, const struct plan *p, int in, int out)
{
	int ins = p->in.n > 1 ? p->in.n : 1, outs = p->out.n > 1 ? p->out.n : 1;
	double cycles = 0;

	ck_assert_int_eq(sum_of(&p->in, in), in);
	ck_assert_int_eq(sum_of(&p->out, out), out);
	for (int o = 0; o < outs; o++)
		for (int i = 0; i < ins; i++) {
			int32_t a = seen(&p->in, in, p->pad_in, i), b = seen(&p->out, out, p->pad_out, o);

			ck_assert_msg(a >= c->in_lo && a <= c->in_hi && (a - c->in_lo) % c->in_step == 0, "'%s' has a part of %d", p->text, a);
			ck_assert_msg(b >= 1 && b <= c->out_hi && b % c->out_step == 0, "'%s' has %d output channels", p->text, b);
			ck_assert_int_le(a * b, c->memory);
			cycles += call_cost(c, a, b);
		}
	ck_assert_int_eq(p->calls, ins * outs);
	ck_assert_msg(fabs(cycles + p->portable_cycles - p->cycles) < 1e-6, "'%s' takes %g, not %g", p->text, cycles + p->portable_cycles, p->cycles);
}

START_TEST(parts_keep_limits)
{
	static const char *const partials[] = { "in i32, out i32", "out i32", "none" };
	struct rng r = { (uint64_t)_i * 2 + 1001 };
	struct random_chip c = random_chip(&r);
	struct chip_text t;
	struct plan_list list;
	int in = 1 + rng_below(&r, 100), out = 1 + rng_below(&r, 60);

	read_random(&t, &c, partials[_i % 3]);
	list = plans(&t, conv(&t, 1, 1, in, out, 1, false));
	for (int i = 0; i < list.n; i++) {
		if (list.v[i].why || list.v[i].how != PLAN_UNIT)
			continue;
		check_plan(&c, &list.v[i], in, out);
		ck_assert_msg(i == 0 || list.v[i - 1].cycles <= list.v[i].cycles, "not in order");
	}
	/* With sums in and out anything fits that a single least part does. */
	if (_i % 3 == 0 && c.in_lo * c.out_step <= c.memory)
		ck_assert_ptr_null(list.v[0].why);
	chip_text_done(&t);
}
END_TEST

/* ---- bands of rows ---- */

/* Cells of input that a band reads are at most 60: bands of the 3x3 with its halo, each worked out from its place. */
START_TEST(bands_keep_limits)
{
	struct rng r = { (uint64_t)_i * 2 + 77 };
	int h = 3 + rng_below(&r, 20), w = 3 + rng_below(&r, 8), k = rng_below(&r, 2) ? 3 : 1, cells = w * (k + 1 + rng_below(&r, 8));
	struct chip_text t;
	const struct plan *p;
	struct plan_list list;
	char text[1024];
	int at = 0;
	double cycles = 0;

	snprintf(text, sizeof text, "chip \"r\" version 1;\nop conv2d {\ntype = i8 * i8 + i32 -> i8;\nrequant = multiplier_shift double per_channel;\n"
		"activation = none;\nzero_points = x, y;\npadding = zero_point;\nwhere hi * wi <= %d : \"cells\";\ncost cycles = 7 + hi * wi + ho;\n"
		"call \"f({y}, {x}, {w}, {b});\";\n}\nfallback none;\n", cells);
	chip_text_read(&t, text);
	ck_assert_msg(t.chip != NULL, "%s\n%s", text, t.messages);
	list = plans(&t, conv(&t, h, w, 1, 1, k, true));
	p = &list.v[0];
	ck_assert_msg(!p->why, "%d x %d cells in %d", h, w, cells);
	for (int i = 0; i < (p->rows.n > 1 ? p->rows.n : 1); i++) {
		int rows = p->rows.n > 1 ? p->rows.size[i] : h, first = at - k / 2, end = at + rows + k / 2;

		first = first < 0 ? 0 : first;
		end = end > h ? h : end;
		ck_assert_int_le((end - first) * w, cells);
		cycles += 7 + (end - first) * w + rows;
		at += rows;
	}
	ck_assert_int_eq(at, h);
	ck_assert_double_eq(p->cycles, cycles);
	chip_text_done(&t);
}
END_TEST

Suite *
candidates_suite(void)
{
	Suite *s = suite_create("candidates");
	TCase *c = tcase_create("candidates");

	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, npu16_by_hand, 0, ROWS(npu16_rows));
	tcase_add_loop_test(c, cheapest_sizes, 0, 200);
	tcase_add_loop_test(c, parts_keep_limits, 0, 200);
	tcase_add_loop_test(c, bands_keep_limits, 0, 100);
	suite_add_tcase(s, c);
	return s;
}
