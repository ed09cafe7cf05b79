/* netc compare: one network on two chips, side by side. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "driver/plans.h"
#include "driver/progress.h"

struct side {
	struct compilation c;
	const struct layer_plan *plans;
	struct plan_sums sums;
};

static bool
survey(struct side *s, const struct options *o, const char *chip, bool again)
{
	struct pass_ctx ctx;

	compilation_init(&s->c, stderr);
	compilation_options(&s->c, o);
	if (again) /* the first has warned */
		memset(s->c.diag.off, 1, sizeof s->c.diag.off);
	if (!compile_for_survey(&s->c, o, chip, &ctx))
		return false;
	progress_step("planning");
	s->plans = legalise_survey(s->c.graph, &ctx, s->c.chip);
	s->sums = plan_sums(s->plans);
	return s->c.diag.errors == 0;
}

enum { COL_LAYER, COL_OP, COL_A, COL_A_CALLS, COL_A_CYCLES, COL_B, COL_B_CALLS, COL_B_CYCLES, COL_RATIO, COLUMNS };
static const unsigned numbers = 1u << COL_A_CALLS | 1u << COL_A_CYCLES | 1u << COL_B_CALLS | 1u << COL_B_CYCLES | 1u << COL_RATIO;

static const struct layer_plan *
same_layer(const struct layer_plan *list, const struct layer_plan *p)
{
	for (; list; list = list->next)
		if (list->op == p->op && strcmp(list->layer, p->layer) == 0)
			return list;
	return NULL;
}

static void
fill_side(struct arena *a, const char **cell, const struct layer_plan *p)
{
	if (!p)
		return;
	cell[0] = plan_status_names[plan_status(p)];
	if (p->plan.why)
		return;
	cell[1] = table_count(a, p->plan.calls);
	cell[2] = plan_cycles(a, p->plan.cycles);
}

static const char *
ratio_text(struct arena *a, double first, double second)
{
	return first > 0 ? arena_printf(a, "%.2f", second / first) : "-";
}

static void
fill_totals(struct arena *a, const char **cell, const struct side *x, const struct side *y)
{
	cell[COL_LAYER] = "total";
	cell[COL_A_CALLS] = table_count(a, x->sums.calls);
	cell[COL_A_CYCLES] = plan_cycles(a, x->sums.cycles);
	cell[COL_B_CALLS] = table_count(a, y->sums.calls);
	cell[COL_B_CYCLES] = plan_cycles(a, y->sums.cycles);
	cell[COL_RATIO] = ratio_text(a, x->sums.cycles, y->sums.cycles);
}

static void
print_table(struct side *x, struct side *y)
{
	struct arena *a = &x->c.ir;
	const char *titles[COLUMNS] = { "layer", "op", x->c.chip->name, "calls", "cycles", y->c.chip->name, "calls", "cycles", "ratio" };
	struct table t = table_new(a, titles, COLUMNS, numbers);

	for (const struct layer_plan *p = x->plans; p; p = p->next) {
		const struct layer_plan *q = same_layer(y->plans, p);
		const char **cell = table_row(&t);

		cell[COL_LAYER] = p->layer;
		cell[COL_OP] = op_info[p->op].name;
		fill_side(a, &cell[COL_A], p);
		fill_side(a, &cell[COL_B], q);
		cell[COL_RATIO] = !q || p->plan.why || q->plan.why ? "-" : ratio_text(a, p->plan.cycles, q->plan.cycles);
	}
	fill_totals(a, table_row(&t), x, y);
	printf("%s on %s and %s\n\n", x->c.graph->name, x->c.chip->file, y->c.chip->file);
	table_print(stdout, &t);
	printf("\n");
}

/* Totals that the table has no columns for. */
static void
print_totals(struct side *x, struct side *y)
{
	enum { COL_WHAT, COL_FIRST, COL_SECOND, WIDTH };
	struct arena *a = &x->c.ir;
	const char *titles[WIDTH] = { "", x->c.chip->name, y->c.chip->name };
	struct table t = table_new(a, titles, WIDTH, 1u << COL_FIRST | 1u << COL_SECOND);
	const struct side *sides[2] = { x, y };
	static const char *const rows[] = { "layers that fit", "decomposed", "by dot products", "portable", "impossible", "bytes moved",
		"bytes copied", "portable cycles", "worst class" };
	enum { ROWS = sizeof rows / sizeof *rows };

	for (int r = 0; r < ROWS; r++) {
		const char **cell = table_row(&t);

		cell[COL_WHAT] = rows[r];
		for (int k = 0; k < 2; k++) {
			const struct plan_sums *s = &sides[k]->sums;

			cell[COL_FIRST + k] = r < STATUS_COUNT ? table_count(a, s->layers[r]) : r == 5 ? table_count(a, s->bytes)
				: r == 6 ? table_count(a, s->copies) : r == 7 ? plan_cycles(a, s->portable_cycles) : plan_class_text(a, &s->worst);
		}
	}
	table_print(stdout, &t);
}

static json_t *
side_json(struct side *s)
{
	json_t *j = json_object(), *layers = json_array();

	for (const struct layer_plan *p = s->plans; p; p = p->next) {
		json_t *layer = plan_json(&s->c, &p->plan);

		json_put(layer, "name", json_text(p->layer));
		json_put(layer, "op", json_string(op_info[p->op].name));
		json_put(layer, "status", json_string(plan_status_names[plan_status(p)]));
		json_array_append_new(layers, layer);
	}
	json_put(j, "chip", json_text(s->c.chip->name));
	json_put(j, "layers", layers);
	json_put(j, "calls", json_integer(s->sums.calls));
	json_put(j, "cycles", json_integer(llround(s->sums.cycles)));
	json_put(j, "bytes", json_integer(s->sums.bytes));
	return j;
}

static void
print_json(struct side *x, struct side *y)
{
	json_t *j = json_object(), *chips = json_array();

	json_array_append_new(chips, side_json(x));
	json_array_append_new(chips, side_json(y));
	json_put(j, "netc", json_string(PACKAGE_VERSION));
	json_put(j, "network", json_text(x->c.graph->name));
	json_put(j, "chips", chips);
	json_print(j);
}

int
cmd_compare(const struct options *o)
{
	struct side x, y;
	bool good;
	int status;

	progress_start();
	good = survey(&x, o, o->files[1], false);
	if (!good)
		return compilation_end(&x.c, EXIT_OK);
	good = survey(&y, o, o->files[2], true);
	progress_end();
	if (good && o->json)
		print_json(&x, &y);
	else if (good) {
		print_table(&x, &y);
		print_totals(&x, &y);
	}
	status = compilation_end(&y.c, EXIT_OK);
	return compilation_end(&x.c, status);
}
