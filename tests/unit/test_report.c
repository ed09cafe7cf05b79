/* The layout of graphs, and names that markup must not take for its own. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "passes/pass.h"
#include "asserts.h"
#include "random_graph.h"
#include "report/layout.h"
#include "report/markup.h"
#include "report/report.h"
#include "runtime/embedded.h"

Suite *report_suite(void);

/* ---- layout ---- */

static bool
is_linked(const struct layout *l, int from, int to)
{
	for (size_t i = 0; i < l->links.n; i++)
		if (l->links.v[i].from == from && l->links.v[i].to == to)
			return true;
	return false;
}

/* Whether a chain of bends leads from a vertex to another. */
static bool
is_drawn(const struct layout *l, struct layout_edge e)
{
	if (is_linked(l, e.from, e.to))
		return true;
	for (size_t i = 0; i < l->links.n; i++)
		if (l->links.v[i].from == e.from && l->links.v[i].to >= l->vertices
			&& is_drawn(l, (struct layout_edge){ l->links.v[i].to, e.to }))
			return true;
	return false;
}

static void
check_layout(const struct layout *l, const struct layout_edge *edges, size_t n)
{
	for (size_t i = 0; i < l->links.n; i++)
		ck_assert_int_eq(l->points.v[l->links.v[i].to].rank, l->points.v[l->links.v[i].from].rank + 1);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(is_drawn(l, edges[i]), "no line from %d to %d", edges[i].from, edges[i].to);
	for (size_t i = 0; i < l->points.n; i++) {
		const struct layout_point *p = &l->points.v[i];

		ck_assert(p->rank >= 0 && p->rank < l->ranks);
		ck_assert(p->x >= 0.5 - 1e-6 && p->x <= l->width - 0.5 + 1e-6);
		for (size_t k = 0; k < i; k++) {
			const struct layout_point *q = &l->points.v[k];
			double apart = p->x < q->x ? q->x - p->x : p->x - q->x;
			bool both = (int)i < l->vertices && (int)k < l->vertices;

			ck_assert_msg(p->rank != q->rank || apart >= (both ? 1 : 0.1) - 1e-6, "points %zu and %zu are %g apart", i, k, apart);
		}
	}
}

START_TEST(random_graphs_are_laid_out)
{
	struct arena a = { 0 };
	struct rng rng = { (uint64_t)_i * 2 + 1 };
	int vertices = 1 + (int)(rng_next(&rng) % 40);
	ARRAY(struct layout_edge) edges = { 0 };
	const struct layout *l;

	for (int to = 1; to < vertices; to++)
		for (int from = 0; from < to; from++)
			if (rng_next(&rng) % 8 == 0)
				ARRAY_PUSH(&a, edges, ((struct layout_edge){ from, to }));
	l = layout_make(&a, vertices, edges.v, edges.n);
	ck_assert_ptr_nonnull(l);
	check_layout(l, edges.v, edges.n);
	arena_free(&a);
}
END_TEST

/* A residual block: what leads past it leaves the chain straight. */
START_TEST(a_chain_stays_straight)
{
	static const struct layout_edge edges[] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 0, 3 }, { 1, 3 }, { 3, 4 } };
	struct arena a = { 0 };
	const struct layout *l = layout_make(&a, 5, edges, 6);

	check_layout(l, edges, 6);
	ck_assert_int_eq(l->ranks, 5);
	for (int i = 1; i < 5; i++)
		ck_assert_double_eq_tol(l->points.v[i].x, l->points.v[0].x, 0.01);
	arena_free(&a);
}
END_TEST

/* Parts that one vertex feeds and another gathers lie beside each other, below and above the middle. */
START_TEST(parts_are_symmetric)
{
	static const struct layout_edge edges[] = { { 0, 1 }, { 0, 2 }, { 0, 3 }, { 1, 4 }, { 2, 4 }, { 3, 4 } };
	struct arena a = { 0 };
	const struct layout *l = layout_make(&a, 5, edges, 6);

	check_layout(l, edges, 6);
	ck_assert_double_eq_tol(l->width, 3, 0.01);
	ck_assert_double_eq_tol(l->points.v[0].x, 1.5, 0.01);
	ck_assert_double_eq_tol(l->points.v[4].x, 1.5, 0.01);
	arena_free(&a);
}
END_TEST

START_TEST(too_many_points_are_no_drawing)
{
	struct arena a = { 0 };
	ARRAY(struct layout_edge) edges = { 0 };
	const int n = 1000;

	/* A chain, and every vertex of it read by the last. */
	for (int i = 1; i < n; i++)
		for (int from = i < n - 1 ? i - 1 : 0; from < i; from++)
			ARRAY_PUSH(&a, edges, ((struct layout_edge){ from, i }));
	ck_assert_ptr_null(layout_make(&a, n, edges.v, edges.n));
	ck_assert_ptr_null(layout_make(&a, LAYOUT_POINTS_MAX + 1, NULL, 0));
	ck_assert_ptr_nonnull(layout_make(&a, 0, NULL, 0));
	arena_free(&a);
}
END_TEST

/* ---- markup ---- */

static const struct { const char *text; int width; const char *markup; } texts[] = {
	{ "ds[2].pw", 100, "ds[2].pw" },
	{ "<script>&\"'", 100, "&#60;script&#62;&#38;&#34;&#39;" },
	{ "a\nb\x01\x7f", 100, "a?b??" },
	{ "gr\xc3\xb6\xc3\x9f" "e", 6, "gr\xc3\xb6\xc3\x9f" "e" },
	{ "gr\xc3\xb6\xc3\x9f" "er", 5, "gr\xe2\x80\xa6" "er" },
	{ "\xc3(\xff", 100, "?(?" },
	{ "<<<<<<<<", 4, "&#60;&#60;\xe2\x80\xa6&#60;" },
	{ "", 3, "" },
};

START_TEST(text_is_no_markup)
{
	char found[200] = "";
	FILE *f = fmemopen(found, sizeof found, "w");

	markup_short(f, texts[_i].text, texts[_i].width);
	fclose(f);
	ck_assert_str_eq(found, texts[_i].markup);
}
END_TEST

static const struct { int64_t n; const char *text; } counts[] = {
	{ 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { -1000, "-1,000" }, { -100, "-100" }, { INT64_MAX, "9,223,372,036,854,775,807" },
};

START_TEST(counts_have_commas)
{
	char found[64] = "";
	FILE *f = fmemopen(found, sizeof found, "w");

	markup_count(f, counts[_i].n);
	fclose(f);
	ck_assert_str_eq(found, counts[_i].text);
}
END_TEST

/* ---- files ---- */

/* A network whose names come from another tool. */
static struct report *
strange_report(struct arena *a, struct diag *d)
{
	struct intern *names = intern_new(a);
	struct graph *g = graph_new(a, names, intern(names, "<net> & \"co\""));
	struct pass_ctx ctx = { .diag = d, .scratch = a };
	struct attrs attr;
	struct tensor *x;
	struct node *n;
	struct program *p;
	char why[WHY_SIZE];

	attrs_init(&attr);
	x = graph_input(g, intern(names, "<x>"), DT_F32, &(struct shape){ 1, { 4 } }, NULL, LOC_NONE);
	n = graph_add(g, OP_TANH, intern(names, "</title><script>"), &x, 1, &attr, NULL, LOC_NONE, why);
	n = graph_add(g, OP_SIGMOID, intern(names, "\"quoted\" \\ back"), &n->out, 1, &attr, NULL, LOC_NONE, why);
	graph_output(g, intern(names, "y&y"), n->out);
	graph_tidy(g);
	ck_assert(passes[PASS_alias].run(g, &ctx));
	p = program_lower(a, g, d, false);
	program_plan(p);
	return report_make(a, d, g, p, NULL, "<strange>.net");
}

START_TEST(names_stay_names)
{
	struct arena a = { 0 };
	struct diag d;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct report *r;

	diag_init(&d, &a, stderr);
	r = strange_report(&a, &d);
	report_html(f, r);
	ck_assert(report_svg(f, r, r->program->graph));
	fflush(f);
	ck_assert_ptr_null(strstr(text, "<net>"));
	ck_assert_ptr_null(strstr(text, "<x>"));
	ck_assert_ptr_null(strstr(text, "</title><script>"));
	ck_assert_ptr_null(strstr(text, "\"quoted\""));
	ck_assert_ptr_null(strstr(text, "y&y"));
	ck_assert_ptr_null(strstr(text, "<strange>"));
	ck_assert_ptr_nonnull(strstr(text, ">&#60;x&#62;</text>"));
	rewind(f);
	report_dot(f, r, r->program->graph);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "digraph \"<net> & \\\"co\\\"\" {"));
	ck_assert_ptr_nonnull(strstr(text, "[label=\"\\\"quoted\\\" \\\\ back\\nsigmoid\\n"));
	free(text);
	arena_free(&a);
}
END_TEST

/* What netc carries is what stands in report/. */
START_TEST(page_files_are_carried_whole)
{
	const char *top = getenv("top_srcdir");
	int files = 0;

	for (const struct embedded *e = page_files; e->name; e++, files++) {
		char path[4096], line[1024];
		FILE *f;

		snprintf(path, sizeof path, "%s/report/%s", top ? top : ".", e->name);
		f = fopen(path, "r");
		ck_assert_msg(f != NULL, "cannot open %s", path);
		for (const char *const *text = e->lines; *text; text++) {
			ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
			ck_assert_str_eq(line, *text);
		}
		ck_assert_ptr_null(fgets(line, sizeof line, f));
		fclose(f);
	}
	ck_assert_int_eq(files, 3);
}
END_TEST

Suite *
report_suite(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("layout");

	tcase_add_loop_test(t, random_graphs_are_laid_out, 0, 200);
	tcase_add_test(t, a_chain_stays_straight);
	tcase_add_test(t, parts_are_symmetric);
	tcase_add_test(t, too_many_points_are_no_drawing);
	suite_add_tcase(s, t);
	t = tcase_create("markup");
	tcase_add_loop_test(t, text_is_no_markup, 0, sizeof texts / sizeof *texts);
	tcase_add_loop_test(t, counts_have_commas, 0, sizeof counts / sizeof *counts);
	suite_add_tcase(s, t);
	t = tcase_create("files");
	tcase_add_test(t, names_stay_names);
	tcase_add_test(t, page_files_are_carried_whole);
	suite_add_tcase(s, t);
	return s;
}
