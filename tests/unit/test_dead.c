/* The pass dead-channels on random graphs whose layers have channels without weights: what the network computes stays what it was, in the
 * evaluator and in the program that is made of it. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "asserts.h"
#include "chip_text.h"
#include "ir/eval.h"
#include "pass_bench.h"
#include "random_graph.h"
#include "run_program.h"
#include "unit.h"

Suite *dead_suite(void);

static struct graph *
graph_of(struct bench *b, uint64_t seed)
{
	return random_dead_graph(&b->arena, b->names, seed, seed % 2 ? DT_F32 : DT_I8, 3 + (int)(seed / 2 % 40));
}

static void
check_output(struct bench *b, const struct graph *g, size_t i, const void *want, const void *have, uint64_t seed, const char *what)
{
	if (close_enough(g->outputs.v[i], want, have, 0))
		return;
	fputs(graph_text(&b->arena, g), stderr);
	ck_abort_msg("seed %llu: output %d differs %s", (unsigned long long)seed, (int)i, what);
}


/* ---- the evaluator ---- */

enum { ROWS = 40, GRAPHS_PER_ROW = 200 };

static void
check_graph(uint64_t seed, int *smaller)
{
	struct bench b;
	struct graph *g;
	const void **before, **after;
	char *once;
	size_t i;
	int k;

	bench_init(&b);
	g = graph_of(&b, seed);
	for (k = 0; k < PASS_dead_channels; k++)
		bench_run(&b, g, (enum pass_id)k);
	before = bench_outputs(&b, g, seed);
	bench_run(&b, g, PASS_dead_channels);
	after = bench_outputs(&b, g, seed);
	for (i = 0; i < g->outputs.n; i++)
		check_output(&b, g, i, before[i], after[i], seed, "after dead-channels");
	*smaller += g->dead != NULL;
	/* A second run finds nothing. */
	once = graph_text(&b.arena, g);
	bench_run(&b, g, PASS_dead_channels);
	if (strcmp(graph_text(&b.arena, g), once))
		ck_abort_msg("seed %llu: a second run changes the graph", (unsigned long long)seed);
	bench_free(&b);
}

START_TEST(test_evaluator)
{
	int smaller = 0, i;

	for (i = 0; i < share_of(GRAPHS_PER_ROW); i++)
		check_graph((uint64_t)(_i * GRAPHS_PER_ROW + i), &smaller);
	if (i == GRAPHS_PER_ROW) /* a share of them is too few to say so */
		ck_assert_int_ge(smaller, GRAPHS_PER_ROW / 5);
}
END_TEST

/* ---- the program ---- */

enum { PROGRAMS = 400 };

/* All passes; the kernels compute what the graph before them did. */
START_TEST(test_program)
{
	uint64_t seed;

	for (seed = 0; seed < PROGRAMS; seed += 2) {
		struct bench b;
		struct graph *g;
		struct program *p;
		const void **inputs, **before;
		void **outputs;
		bool stopped;
		size_t i;

		bench_init(&b);
		g = graph_of(&b, seed);
		inputs = random_values(&b.arena, g, seed);
		before = bench_outputs(&b, g, seed);
		ck_assert(passes_run(g, &b.ctx, &stopped));
		p = program_lower(&b.arena, g, &b.diag, false);
		ck_assert_ptr_nonnull(p);
		program_plan(p);
		outputs = ARENA_ARRAY(&b.arena, void *, g->outputs.n);
		for (i = 0; i < g->outputs.n; i++)
			outputs[i] = arena_alloc(&b.arena, (size_t)tensor_bytes(g->outputs.v[i]));
		run_program(p, inputs, outputs);
		for (i = 0; i < g->outputs.n; i++)
			check_output(&b, g, i, before[i], outputs[i], seed, "in the program");
		bench_free(&b);
	}
}
END_TEST

/* ---- chips ---- */

/* A chip whose only unit runs both layers, of CHANNELS between them, DEAD of which are constants: LEFT stay. */
static const struct {
	const char *what, *limits, *cycles;
	int32_t channels, dead, left;
} chip_rows[] = {
	{ "no limits", "", "in * out", 12, 5, 7 },
	{ "a step", "in = 1 | 4..16 step 4; out = 1 | 4..16 step 4;", "in * out", 12, 5, 8 },
	{ "of the reader alone", "in = 1 | 4..16 step 4;", "in * out", 12, 5, 8 },
	{ "of the producer alone", "out = 1 | 6..12 step 6;", "in * out", 12, 7, 6 },
	{ "one size", "in = 1 | 12; out = 1 | 12;", "in * out", 12, 5, 12 },
	{ "more than one call takes", "in = 1 | 4..8 step 4; out = 1 | 4..8 step 4;", "in * out", 24, 5, 20 },
	{ "costs that don't fall", "", "1", 12, 5, 12 },
};

/* Of the channels between a, which makes them, and b the first DEAD have no weights. */
static const char *
two_layers(struct arena *a, int32_t channels, int32_t dead)
{
	char *made = arena_strdup(a, ""), *read = made;
	int32_t c;

	for (c = 0; c < channels; c++) {
		made = arena_printf(a, "%s%s%d", made, c ? ", " : "", c < dead ? 0 : 1);
		read = arena_printf(a, "%s%s%d", read, c ? ", " : "", 2);
	}
	return arena_printf(a, "graph t\ninput %%x \"x\" : i8[1] scale 1 zero 0\n"
		"const %%v \"v\" : i8[%d, 1] scale 1 zero 0 = [%s]\n%%a \"a\" = dense(%%x, %%v) : i8[%d] scale 1 zero 0\n"
		"const %%w \"w\" : i8[1, %d] scale 1 zero 0 = [%s]\n%%b \"b\" = dense(%%a, %%w) : i8[1] scale 1 zero 0\noutput \"y\" = %%b\n",
		channels, made, channels, channels, read);
}

START_TEST(test_chip)
{
	struct chip_text t;
	struct bench b;
	struct graph *g;
	struct tensor *a;

	bench_init(&b);
	chip_text_op(&t, "dense", arena_printf(&b.arena, "type = i8 * i8 + i32 -> i8 | i32; partial = in i32, out i32;\n"
		"requant = multiplier_shift double; zero_points = x, y; %s cost cycles = %s; call \"f({y}, {x}, {w}, {b}, {sum}, {partial});\";",
		chip_rows[_i].limits, chip_rows[_i].cycles));
	g = bench_read(&b, two_layers(&b.arena, chip_rows[_i].channels, chip_rows[_i].dead));
	b.ctx.chip = t.chip;
	bench_run(&b, g, PASS_dead_channels);
	a = graph_find(g, intern(b.names, "a"));
	ck_assert_msg(a->shape.dim[0] == chip_rows[_i].left, "%s: %d channels stay instead of %d", chip_rows[_i].what, a->shape.dim[0],
		chip_rows[_i].left);
	ck_assert_int_eq(g->dead != NULL, chip_rows[_i].left < chip_rows[_i].channels);
	chip_text_done(&t);
	bench_free(&b);
}
END_TEST

Suite *
dead_suite(void)
{
	Suite *s = suite_create("dead");
	TCase *tc = tcase_create("dead");

	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, test_evaluator, 0, ROWS);
	tcase_add_test(tc, test_program);
	tcase_add_loop_test(tc, test_chip, 0, (int)(sizeof chip_rows / sizeof *chip_rows));
	suite_add_tcase(s, tc);
	return s;
}
