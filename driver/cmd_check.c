/* netc check: everything but writing; with a chip, what becomes of each layer on it. */
#include <config.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "backend/emit.h"
#include "driver/plans.h"
#include "driver/progress.h"
#include "report/report.h"

static void
print_summary(struct compilation *c)
{
	struct totals t = program_totals(c->program);
	struct text s = { .arena = &c->ir };

	text_add(&s, "ok: %s: ", c->graph->name);
	text_count(&s, t.layers);
	text_add(&s, " layer%s, ", t.layers == 1 ? "" : "s");
	text_count(&s, t.macs);
	text_add(&s, " MACs, ");
	text_count(&s, t.params);
	text_add(&s, " parameters, arena ");
	text_count(&s, c->program->arena_bytes);
	text_add(&s, " bytes");
	printf("%s\n", text_get(&s));
}

/* ---- cores ---- */

/* Cycles of each core, by the formulas, over the lowered graph; of a chip with one core NULL. */
static double *
core_cycles(struct compilation *c)
{
	double *sum = ARENA_ARRAY(&c->ir, double, (size_t)c->chip->cores), cycles, bytes;

	if (c->chip->cores <= 1)
		return NULL;
	for (const struct node *n = c->graph->first; n; n = n->next) {
		struct chip_vars v;
		bool known;

		if (n->core < 0 || n->core >= c->chip->cores || (!n->unit && !plan_concerns(n)))
			continue;
		if (n->unit && chip_vars_of(n->unit, n, &v))
			known = chip_cost(n->unit, &v, NULL, &cycles, &bytes);
		else {
			chip_vars_portable(n, &v);
			known = chip_portable_cost(c->chip, &v, NULL, &cycles, &bytes);
		}
		sum[n->core] += known ? cycles : 0;
	}
	return sum;
}

static void
print_cores(struct compilation *c)
{
	const double *sum = core_cycles(c);
	double all = 0, most = 0;

	if (!sum)
		return;
	for (int i = 0; i < c->chip->cores; i++) {
		all += sum[i];
		most = fmax(most, sum[i]);
	}
	printf("\n");
	for (int i = 0; i < c->chip->cores; i++)
		printf("core %d: %s cycles (%.0f%%)\n", i, plan_cycles(&c->ir, sum[i]), all > 0 ? 100 * sum[i] / all : 0);
	printf("balance: %.2f (the busiest core's cycles over an equal share)\n", all > 0 ? most * c->chip->cores / all : 1);
}

/* ---- the table ---- */

enum { COL_LAYER, COL_OP, COL_STATUS, COL_CALLS, COL_CYCLES, COL_BYTES, COL_CLASS, COLUMNS };
static const char *const titles[COLUMNS] = { "layer", "op", "status", "calls", "cycles", "bytes", "class" };
static const unsigned numbers = 1u << COL_CALLS | 1u << COL_CYCLES | 1u << COL_BYTES;

static const char *
by_text(const struct layer_plan *p)
{
	return p->by == BY_ANNOTATION ? " (annotated)" : p->by == BY_SCHEDULE ? " (scheduled)" : "";
}

static void
add_layer(struct compilation *c, struct table *t, const struct layer_plan *p)
{
	const char **cell = table_row(t);
	enum plan_status status = plan_status(p);

	cell[COL_LAYER] = p->layer;
	cell[COL_OP] = op_info[p->op].name;
	cell[COL_STATUS] = plan_status_names[status];
	cell[COL_CALLS] = table_count(&c->ir, p->plan.calls);
	cell[COL_CYCLES] = plan_cycles(&c->ir, p->plan.cycles);
	cell[COL_BYTES] = table_count(&c->ir, p->plan.bytes);
	cell[COL_CLASS] = plan_class_text(&c->ir, &p->plan);
	if (strcmp(p->plan.text, "as it is") != 0 && strcmp(p->plan.text, "portable C") != 0 && status != STATUS_DOT)
		table_under(t, arena_printf(&c->ir, "%s%s", p->plan.text, by_text(p)));
	if (p->plan.copies > 0)
		table_under(t, arena_printf(&c->ir, "copies %s bytes", table_count(&c->ir, p->plan.copies)));
	if (p->broken)
		table_under(t, arena_printf(&c->ir, "%s: %s", p->asked->title, plan_broken(c, p->found, p->broken)));
}

static void
print_plans(struct compilation *c)
{
	struct table t = table_new(&c->ir, titles, COLUMNS, numbers);
	struct plan_sums s = plan_sums(c->graph->plans);
	const char **cell;

	for (const struct layer_plan *p = c->graph->plans; p; p = p->next)
		add_layer(c, &t, p);
	cell = table_row(&t);
	cell[COL_LAYER] = "total";
	cell[COL_CALLS] = table_count(&c->ir, s.calls);
	cell[COL_CYCLES] = plan_cycles(&c->ir, s.cycles);
	cell[COL_BYTES] = table_count(&c->ir, s.bytes);
	cell[COL_CLASS] = plan_class_text(&c->ir, &s.worst);
	printf("%s on %s\n\n", c->graph->name, c->chip->file);
	table_print(stdout, &t);
	printf("\n%d fit, %d decomposed, %d by dot products, %d portable", s.layers[STATUS_FITS], s.layers[STATUS_DECOMPOSED],
		s.layers[STATUS_DOT], s.layers[STATUS_PORTABLE]);
	if (s.cycles > 0)
		printf("; portable C has %.1f%% of the cycles", 100 * s.portable_cycles / s.cycles);
	printf("\n");
	print_cores(c);
	printf("\n");
}

/* ---- JSON ---- */

static json_t *
layer_json(struct compilation *c, const struct layer_plan *p)
{
	static const char *const by[] = { [BY_NOTHING] = "nothing", [BY_CHIP] = "chip", [BY_SCHEDULE] = "schedule",
		[BY_ANNOTATION] = "annotation" };
	json_t *j = plan_json(c, &p->plan);

	json_put(j, "name", json_text(p->layer));
	json_put(j, "op", json_string(op_info[p->op].name));
	json_put(j, "status", json_string(plan_status_names[plan_status(p)]));
	json_put(j, "by", json_string(by[p->by]));
	if (p->broken)
		json_put(j, "broken", limit_json(c, p->found, p->broken));
	return j;
}

static json_t *
totals_json(const struct plan_sums *s, const struct compilation *c)
{
	json_t *j = json_object();

	for (int i = 0; i < STATUS_IMPOSSIBLE; i++)
		json_put(j, plan_status_names[i], json_integer(s->layers[i]));
	json_put(j, "calls", json_integer(s->calls));
	json_put(j, "cycles", json_integer(llround(s->cycles)));
	json_put(j, "portable_cycles", json_integer(llround(s->portable_cycles)));
	json_put(j, "bytes", json_integer(s->bytes));
	json_put(j, "copies", json_integer(s->copies));
	json_put(j, "class", json_string(annot_class_names[s->worst.class]));
	json_put(j, "arena_bytes", json_integer(c->program->arena_bytes));
	json_put(j, "lower_bound_bytes", json_integer(c->program->lower_bound));
	return j;
}

static void
print_json(struct compilation *c)
{
	json_t *j = json_object(), *layers = json_array(), *cores;
	struct plan_sums s = plan_sums(c->graph->plans);
	const double *cycles;

	for (const struct layer_plan *p = c->graph->plans; p; p = p->next)
		json_array_append_new(layers, layer_json(c, p));
	json_put(j, "netc", json_string(PACKAGE_VERSION));
	json_put(j, "network", json_text(c->graph->name));
	json_put(j, "chip", c->chip ? json_text(c->chip->name) : json_null());
	json_put(j, "layers", layers);
	json_put(j, "totals", totals_json(&s, c));
	cycles = c->chip ? core_cycles(c) : NULL;
	if (cycles) {
		cores = json_array();
		for (int i = 0; i < c->chip->cores; i++)
			json_array_append_new(cores, json_integer(llround(cycles[i])));
		json_put(j, "core_cycles", cores);
	}
	json_print(j);
}

/* ---- the command ---- */

static bool
is_chip(const char *path)
{
	size_t n = strlen(path);

	return n > 5 && strcmp(path + n - 5, ".chip") == 0;
}

/* netc check C.chip. */
static int
check_chip(const struct options *o)
{
	struct compilation c;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	c.chip = compile_chip(&c, o->files[0], o->trace_parse);
	if (c.chip && c.diag.errors == 0)
		printf("ok: %s: %zu unit%s, %d core%s\n", c.chip->name, c.chip->ops.n, c.chip->ops.n == 1 ? "" : "s", c.chip->cores,
			c.chip->cores == 1 ? "" : "s");
	return compilation_end(&c, EXIT_OK);
}

static int
check_sweep(const struct options *o)
{
	struct compilation c;
	struct pass_ctx ctx;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	progress_start();
	if (compile_for_survey(&c, o, o->chip, &ctx)) {
		progress_step("planning");
		sweep_print(&c, o, &ctx);
	}
	return compilation_end(&c, EXIT_OK);
}

int
cmd_check(const struct options *o)
{
	struct compilation c;
	bool stopped;

	if (is_chip(o->files[0]))
		return check_chip(o);
	if (o->sweep)
		return check_sweep(o);
	compilation_init(&c, stderr);
	compilation_options(&c, o);
	progress_start();
	if (compile_file(&c, o, &stopped) && !stopped && c.diag.errors == 0) {
		progress_end();
		if (o->json) {
			print_json(&c);
			return compilation_end(&c, EXIT_OK);
		}
		if (c.chip)
			print_plans(&c);
		else
			plans_print(&c, c.graph->plans, "");
		print_summary(&c);
	}
	return compilation_end(&c, EXIT_OK);
}
