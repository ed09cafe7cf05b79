/* Passes from text to text, and on random graphs: whatever a pass changes, the outputs stay what they were. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ir/eval.h"
#include "asserts.h"
#include "pass_bench.h"
#include "random_graph.h"

Suite *passes_suite(void);

/* ---- text to text ---- */

/* Lines between "graph t" and the outputs; the last tensor is the only output. */
static const struct row {
	enum pass_id pass;
	const char *what, *before, *after;
} rows[] = {
#define ROW(pass, what, before, after) { PASS_##pass, what, before, after },
#include "passes_rows.def"
#undef ROW
};

START_TEST(test_text)
{
	const struct row *r = &rows[_i];
	struct bench b;
	struct graph *g;

	bench_init(&b);
	g = bench_read(&b, r->before);
	bench_run(&b, g, r->pass);
	if (strcmp(graph_text(&b.arena, g), r->after))
		ck_abort_msg("%s: %s\ngave\n%sinstead of\n%s", passes[r->pass].name, r->what, graph_text(&b.arena, g), r->after);
	/* What it gives reads back. */
	ck_assert_str_eq(graph_text(&b.arena, bench_read(&b, r->after)), r->after);
	bench_free(&b);
}
END_TEST

/* ---- random graphs ---- */

static void
check_outputs(struct bench *b, const struct graph *g, const void **before, uint64_t seed, const char *stage, double within)
{
	const void **after = bench_outputs(b, g, seed);
	size_t i;

	for (i = 0; i < g->outputs.n; i++) {
		if (close_enough(g->outputs.v[i], before[i], after[i], within))
			continue;
		fputs(graph_text(&b->arena, g), stderr);
		ck_abort_msg("seed %llu: output %d differs after %s", (unsigned long long)seed, (int)i, stage);
	}
}

enum { GRAPHS_PER_ROW = 40, RANDOM_ROWS = 20 };

/* Every pass but the folding of batch normalisations keeps every bit. */
START_TEST(test_random)
{
	struct bench b;
	int i, k;

	for (i = 0; i < GRAPHS_PER_ROW; i++) {
		uint64_t seed = (uint64_t)(_i * GRAPHS_PER_ROW + i);
		struct graph *g;
		const void **before;

		bench_init(&b);
		g = random_graph(&b.arena, b.names, seed, _i % 2 ? DT_F32 : DT_I8, 3 + (int)seed % 40);
		before = bench_outputs(&b, g, seed);
		for (k = 0; k < PASS_COUNT; k++) {
			bench_run(&b, g, (enum pass_id)k);
			check_outputs(&b, g, before, seed, passes[k].name, k == PASS_fold_batchnorm ? 1e-5 : 0);
			if (k == PASS_fold_batchnorm)
				before = bench_outputs(&b, g, seed);
		}
		bench_free(&b);
	}
}
END_TEST

/* A second run of all passes finds nothing to do. */
START_TEST(test_settled)
{
	struct bench b;
	struct graph *g;
	bool stopped;
	char *once;

	bench_init(&b);
	g = random_graph(&b.arena, b.names, (uint64_t)_i + 5000, _i % 2 ? DT_F32 : DT_I8, 30);
	b.ctx.stop_after = "dead-channels";
	passes_run(g, &b.ctx, &stopped);
	passes_run(g, &b.ctx, &stopped);
	once = graph_text(&b.arena, g);
	passes_run(g, &b.ctx, &stopped);
	ck_assert_str_eq(graph_text(&b.arena, g), once);
	bench_free(&b);
}
END_TEST

/* ---- the runner ---- */

static const char small[] =
	"graph t\n"
	"input %0 \"x\" : f32[2]\n"
	"%1 \"r\" = relu(%0) : f32[2]\n"
	"output \"y\" = %1\n";

START_TEST(test_stop_and_dump)
{
	struct bench b;
	struct graph *g;
	char *text;
	size_t len;
	bool stopped;

	bench_init(&b);
	g = bench_read(&b, small);
	b.ctx.dump = open_memstream(&text, &len);
	b.ctx.dump_after = "build,fold-act";
	b.ctx.stop_after = "fold-act";
	ck_assert(passes_run(g, &b.ctx, &stopped));
	ck_assert(stopped);
	fclose(b.ctx.dump);
	ck_assert_str_eq(text, arena_printf(&b.arena, "# after build\n%s# after fold-act\n%s", small, small));
	free(text);
	b.ctx.dump_after = b.ctx.stop_after = NULL;
	ck_assert(passes_run(g, &b.ctx, &stopped));
	ck_assert(!stopped);
	bench_free(&b);
}
END_TEST

static const struct { const char *dump, *stop, *unknown; } stage_rows[] = {
	{ NULL, NULL, NULL },
	{ "all", "alias", NULL },
	{ "build,dce", "build", NULL },
	{ "dce,foo,bar", NULL, "foo" },
	{ "dce,", NULL, "" },
	{ "", NULL, "" },
	{ NULL, "all", "all" },
	{ "simplify", "simplif", "simplif" },
};

START_TEST(test_unknown)
{
	struct bench b;
	const char *unknown;

	bench_init(&b);
	b.ctx.dump_after = stage_rows[_i].dump;
	b.ctx.stop_after = stage_rows[_i].stop;
	unknown = passes_unknown(&b.ctx);
	if (stage_rows[_i].unknown)
		ck_assert_str_eq(unknown, stage_rows[_i].unknown);
	else
		ck_assert_ptr_null(unknown);
	bench_free(&b);
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof *(rows))

Suite *
passes_suite(void)
{
	Suite *s = suite_create("passes");
	TCase *tc = tcase_create("passes");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_text, 0, COUNT(rows));
	tcase_add_loop_test(tc, test_random, 0, RANDOM_ROWS);
	tcase_add_loop_test(tc, test_settled, 0, 60);
	tcase_add_test(tc, test_stop_and_dump);
	tcase_add_loop_test(tc, test_unknown, 0, COUNT(stage_rows));
	suite_add_tcase(s, tc);
	return s;
}
