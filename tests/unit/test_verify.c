/* --verify: plans carried out well pass, those carried out wrongly or worse than their class are reported; bounds of partial sums against
 * sums worked out by hand. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "chips/bounds.h"
#include "passes/measure.h"
#include "passes/pass.h"
#include "asserts.h"

Suite *verify_suite(void);

struct bench {
	struct arena arena, scratch;
	struct intern *names;
	struct diag diag;
	struct pass_ctx ctx;
	struct graph *g;
	char *messages;
	size_t length;
	FILE *out;
};

static void
bench_init(struct bench *b, const char *text)
{
	const struct source *s;

	*b = (struct bench){ 0 };
	b->names = intern_new(&b->arena);
	b->out = open_memstream(&b->messages, &b->length);
	diag_init(&b->diag, &b->arena, b->out);
	b->ctx = (struct pass_ctx){ .diag = &b->diag, .scratch = &b->scratch, .verify = true };
	s = diag_add_source(&b->diag, "test", text, strlen(text));
	b->g = graph_read(&b->arena, b->names, &b->diag, s);
	ck_assert_ptr_nonnull(b->g);
}

static void
bench_free(struct bench *b)
{
	fclose(b->out);
	free(b->messages);
	arena_free(&b->scratch);
	arena_free(&b->arena);
}

static struct node *
find_node(struct bench *b, const char *text)
{
	struct tensor *t = graph_find(b->g, intern(b->names, text));

	ck_assert_msg(t && t->producer, "no operation '%s'", text);
	return t->producer;
}

/* Layer TEXT is executed as P says. */
static void
set_plan(struct bench *b, const char *text, const struct plan *p)
{
	struct layer_plan *l = ARENA_NEW(&b->arena, struct layer_plan);
	struct node *n = find_node(b, text);

	*l = (struct layer_plan){ .next = b->g->plans, .layer = n->label, .op = n->op, .plan = *p };
	b->g->plans = l;
	n->plan = &l->plan;
}

static void
carry_out(struct bench *b)
{
	static const enum pass_id steps[] = { PASS_keep, PASS_split_groups, PASS_split_rows, PASS_split_out, PASS_split_sum, PASS_fill_channels,
		PASS_place };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		ck_assert(passes[steps[i]].run(b->g, &b->ctx));
	graph_verify(b->g, "place");
}

/* Runs the check; SAYS: a part of the message, NULL: it passes. */
static void
expect(struct bench *b, const char *says)
{
	bool good = passes[PASS_check_classes].run(b->g, &b->ctx);

	fflush(b->out);
	if (says) {
		ck_assert(!good);
		ck_assert_msg(strstr(b->messages, says), "no '%s' in '%s'", says, b->messages);
	} else {
		ck_assert_msg(good, "%s", b->messages);
	}
}

static const char layers[] =
	"graph t\n"
	"input %0 \"x\" : i8[4, 3, 6] scale 0.5 zero 3\n"
	"const %1 \"a.weight\" : i8[2, 1, 1, 6] scale [0.25, 0.125] axis 0 zero 0 = [1, -120, 90, 4, -77, 100, -7, 8, 90, 100, -110, 12]\n"
	"const %2 \"a.bias\" : i32[2] = [1000, -7]\n"
	"%3 \"a\" = conv2d(%0, %1, %2) {act = [0, inf]} : i8[4, 3, 2] scale 20 zero -128\n"
	"const %4 \"b.weight\" : i8[3, 1, 1, 2] scale 0.01 zero 0 = [100, -50, 20, 30, 127, -127]\n"
	"%5 \"b\" = conv2d(%3, %4) : i8[4, 3, 3] scale 10 zero 5\n"
	"output \"y\" = %5\n";

static const struct parts two = { 2, (const int32_t[]){ 2, 4 } }, single = { 2, (const int32_t[]){ 1, 1 } };

START_TEST(test_exact)
{
	struct bench b;

	bench_init(&b, layers);
	set_plan(&b, "a", &(struct plan){ .in = two, .partial = DT_I32, .class = CLASS_EXACT });
	set_plan(&b, "b", &(struct plan){ .in = single, .partial = DT_I32, .tree = true, .class = CLASS_EXACT });
	carry_out(&b);
	expect(&b, NULL);
	bench_free(&b);
}
END_TEST

/* A weight that a pass has changed. */
START_TEST(test_wrong_weight)
{
	struct bench b;

	bench_init(&b, layers);
	set_plan(&b, "a", &(struct plan){ .in = two, .partial = DT_I32, .class = CLASS_EXACT });
	carry_out(&b);
	((int8_t *)(uintptr_t)find_node(&b, "a.in0")->in[1]->data)[1] = 120;
	expect(&b, "'a' is exact, but on random values its element");
	ck_assert_int_eq(b.diag.errors, 1); /* b is computed from what a was */
	bench_free(&b);
}
END_TEST

/* Half of the bits left out is up to 256, a step of the result 160 or 320. */
START_TEST(test_bounded)
{
	struct plan p = { .in = two, .partial = DT_I16, .class = CLASS_BOUNDED, .shift = 9 };
	struct bench b;

	for (int turn = 0; turn < 2; turn++) {
		bench_init(&b, layers);
		p.bound = turn ? 0 : partial_error(find_node(&b, "a"), &p);
		set_plan(&b, "a", &p);
		carry_out(&b);
		expect(&b, turn ? "'a' is bounded, but on random values its element" : NULL);
		bench_free(&b);
	}
}
END_TEST

START_TEST(test_lossy)
{
	struct plan p = { .in = two, .partial = DT_I8, .class = CLASS_LOSSY };
	struct bench b;

	for (int turn = 0; turn < 2; turn++) {
		bench_init(&b, layers);
		p.bound = turn ? 200 : measured_sqnr(b.g, find_node(&b, "a"), &p);
		ck_assert(p.bound > 20);
		set_plan(&b, "a", &p);
		carry_out(&b);
		expect(&b, turn ? "'a' is lossy, but its signal-to-noise ratio is" : NULL);
		bench_free(&b);
	}
}
END_TEST

/* What is said to be another function is not compared. */
START_TEST(test_different)
{
	struct bench b;

	bench_init(&b, layers);
	set_plan(&b, "a", &(struct plan){ .in = two, .partial = DT_I32, .class = CLASS_DIFFERENT });
	carry_out(&b);
	((int8_t *)(uintptr_t)find_node(&b, "a.in0")->in[1]->data)[1] = 120;
	expect(&b, NULL);
	bench_free(&b);
}
END_TEST

/* A tensor with another name has no counterpart: what reads it is compared from the last one that has. */
START_TEST(test_no_counterpart)
{
	struct bench b;

	for (int turn = 0; turn < 3; turn++) {
		bench_init(&b, layers);
		set_plan(&b, "a", &(struct plan){ .in = two, .partial = DT_I32, .class = turn == 2 ? CLASS_DIFFERENT : CLASS_EXACT });
		carry_out(&b);
		graph_rename(b.g, find_node(&b, "a")->out, intern(b.names, "a.moved"));
		if (turn)
			((int8_t *)(uintptr_t)find_node(&b, "a.in0")->in[1]->data)[1] = 120;
		expect(&b, turn == 1 ? "'b' is exact" : NULL);
		bench_free(&b);
	}
}
END_TEST

static const char floats[] =
	"graph t\n"
	"input %0 \"x\" : f32[3, 4]\n"
	"const %1 \"a.weight\" : f32[2, 4] = [0.1, -3, 5.5, 7, 100, -90, 0.001, 3]\n"
	"%2 \"a\" = dense(%0, %1) : f32[3, 2]\n"
	"%3 \"r\" = relu(%2) : f32[3, 2]\n"
	"const %4 \"b.weight\" : f32[1, 2] = [0.7, 11]\n"
	"%5 \"b\" = dense(%3, %4) : f32[3, 1]\n"
	"output \"y\" = %5\n";

START_TEST(test_f32)
{
	struct parts in = { 2, (const int32_t[]){ 1, 3 } };
	struct bench b;

	for (int turn = 0; turn < 4; turn++) {
		bench_init(&b, floats);
		set_plan(&b, "a", &(struct plan){ .in = in, .tree = true, .class = CLASS_EXACT });
		carry_out(&b);
		if (turn & 1) /* beyond any order of summation: a little in the layer itself, more after another one */
			((float *)(uintptr_t)find_node(&b, "a.in1")->in[1]->data)[0] *= turn == 1 ? 1.0001f : 2;
		if (turn & 2) {
			graph_rename(b.g, find_node(&b, "a")->out, intern(b.names, "a.moved"));
			graph_rename(b.g, find_node(&b, "r")->out, intern(b.names, "r.moved"));
		}
		expect(&b, turn == 1 ? "'a' is exact" : turn == 3 ? "'b' is exact" : NULL);
		bench_free(&b);
	}
}
END_TEST

/* ---- bounds ---- */

/* x - 3 is in [-131, 124]. a: channel 0 has 195 and -197, channel 1 210 and -117; of the first two inputs 1 and -120, 8 and -7. */
START_TEST(test_range)
{
	int64_t lo[2], hi[2];
	struct bench b;

	bench_init(&b, layers);
	layer_sum_range(find_node(&b, "a"), 0, 6, lo, hi);
	ck_assert_int_eq(lo[0], 195 * -131 - 197 * 124 + 1000);
	ck_assert_int_eq(hi[0], 195 * 124 + 197 * 131 + 1000);
	ck_assert_int_eq(lo[1], 210 * -131 - 117 * 124 - 7);
	layer_sum_range(find_node(&b, "a"), 2, 6, lo, hi);
	ck_assert_int_eq(lo[0], 194 * -131 - 77 * 124);
	ck_assert_int_eq(hi[1], 202 * 124 + 110 * 131);
	bench_free(&b);
}
END_TEST

/* The first sum of a chain is at most 124 + 120 * 131 + 1000 = 16844 and fits; in the other order the 49417 of the last part would not.
 * The result's step is 20 / (0.5 * 0.25) = 160 units. */
START_TEST(test_shift)
{
	struct plan p = { .in = two, .partial = DT_I16 };
	struct plan whole = { .in = { 2, (const int32_t[]){ 5, 1 } }, .partial = DT_I16 };
	struct bench b;

	bench_init(&b, layers);
	ck_assert_int_eq(partial_shift(find_node(&b, "a"), &p), 0);
	ck_assert_int_eq(partial_error(find_node(&b, "a"), &p), 0);
	/* 95 * 124 + 197 * 131 + 1000 = 38587 needs one bit less */
	ck_assert_int_eq(partial_shift(find_node(&b, "a"), &whole), 1);
	whole.shift = 1;
	ck_assert_int_eq(partial_error(find_node(&b, "a"), &whole), 1);
	p.tree = true; /* and 16844 + 194 * 124 + 77 * 131 = 50987 too */
	ck_assert_int_eq(partial_shift(find_node(&b, "a"), &p), 1);
	p.shift = 9; /* two roundings by up to 256: 512 / 160 = 3.2 */
	ck_assert_int_eq(partial_error(find_node(&b, "a"), &p), 4);
	p.tree = false; /* one: 1.6, and a step more where the sign changes */
	ck_assert_int_eq(partial_error(find_node(&b, "a"), &p), 2);
	bench_free(&b);
}
END_TEST

/* What a chip's rounding makes of sums from end to end of their range, against the network's own. */
START_TEST(test_rounding)
{
	struct arena a = { 0 };
	struct node n;
	struct bench b;

	bench_init(&b, layers);
	n = *find_node(&b, "a");
	for (int r = 0; r < ROUNDING_COUNT; r++) {
		struct rescale own, chip;
		int64_t most = 0, lo[2], hi[2];

		n.attr.rounding = ROUNDING_DOUBLE;
		rescale_of(&a, &n, &own);
		n.attr.rounding = (enum rounding)r;
		rescale_of(&a, &n, &chip);
		layer_sum_range(&n, 0, 6, lo, hi);
		for (int c = 0; c < 2; c++)
			for (int64_t s = lo[c]; s <= hi[c]; s++) {
				int64_t d = rescale_at(&chip, (int32_t)s, c) - rescale_at(&own, (int32_t)s, c);

				most = llabs(d) > most ? llabs(d) : most;
			}
		ck_assert_int_le(most, rounding_error(&n, (enum rounding)r));
		ck_assert_int_le(rounding_error(&n, (enum rounding)r), r == ROUNDING_DOUBLE ? 0 : r == ROUNDING_SHIFT ? most + 1 : 1);
	}
	arena_free(&a);
	bench_free(&b);
}
END_TEST

/* (4 products + 1 part + 2) * 2^-24 * 2 * (16 * 193.001) */
START_TEST(test_f32_bound)
{
	struct bench b;
	double u = ldexp(1, -24), want = 2 * 7 * u / (1 - 7 * u) * 16 * 193.001;

	bench_init(&b, floats);
	ck_assert(fabs(sum_bound_f32_most(find_node(&b, "a"), 1, 16) / want - 1) < 1e-7);
	bench_free(&b);
}
END_TEST

Suite *
verify_suite(void)
{
	Suite *s = suite_create("verify");
	TCase *tc = tcase_create("verify");

	tcase_add_test(tc, test_exact);
	tcase_add_test(tc, test_wrong_weight);
	tcase_add_test(tc, test_bounded);
	tcase_add_test(tc, test_lossy);
	tcase_add_test(tc, test_different);
	tcase_add_test(tc, test_no_counterpart);
	tcase_add_test(tc, test_f32);
	tcase_add_test(tc, test_range);
	tcase_add_test(tc, test_shift);
	tcase_add_test(tc, test_rounding);
	tcase_add_test(tc, test_f32_bound);
	suite_add_tcase(s, tc);
	return s;
}
