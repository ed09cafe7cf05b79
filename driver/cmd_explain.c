/* netc explain: every way to execute one layer on a chip, what each costs, and why the others cannot be. */
#include <config.h>
#include <string.h>
#include "driver/plans.h"
#include "passes/structure.h"
#include "driver/progress.h"

enum { COL_RANK, COL_UNIT, COL_CALLS, COL_CYCLES, COL_BYTES, COL_SCRATCH, COL_CLASS, COL_PLAN, COLUMNS };
static const char *const titles[COLUMNS] = { "", "unit", "calls", "cycles", "bytes", "scratch", "class", "plan" };
static const unsigned numbers = 1u << COL_RANK | 1u << COL_CALLS | 1u << COL_CYCLES | 1u << COL_BYTES | 1u << COL_SCRATCH;

/* The layer of that path; NULL after reporting what there is. */
static struct node *
find_layer(struct compilation *c, const char *path)
{
	ARRAY(const char *) names = { 0 };
	const char *near;

	for (struct node *n = c->graph->first; n; n = n->next) {
		if (strcmp(n->label, path) == 0 && plan_concerns(n))
			return n;
		ARRAY_PUSH(&c->ir, names, n->label);
	}
	diag_error(&c->diag, c->graph->loc, "there is no layer '%s' in '%s'", path, c->graph->name);
	near = diag_suggest(path, names.v, names.n);
	if (near)
		diag_note(&c->diag, c->graph->loc, "did you mean '%s'?", near);
	return NULL;
}

static void
print_head(struct compilation *c, const struct node *n)
{
	char in[SHAPE_TEXT], out[SHAPE_TEXT];

	printf("%s: %s %s%s -> %s%s", n->label, op_info[n->op].name, dtype_info[n->in[0]->dtype].name,
		shape_text(&n->in[0]->shape, in, sizeof in), dtype_info[n->out->dtype].name, shape_text(&n->out->shape, out, sizeof out));
	if (op_info[n->op].attrs >> ATTR_KERNEL & 1)
		printf(", kernel %dx%d", n->attr.kernel[0], n->attr.kernel[1]);
	if (node_macs(n) > 0)
		printf(", %s MACs", table_count(&c->ir, node_macs(n)));
	printf(" on %s\n\n", c->chip->file);
}

static void
print_possible(struct compilation *c, const struct plan_list *list, const struct plan *chosen)
{
	struct table t = table_new(&c->ir, titles, COLUMNS, numbers);
	int rank = 0;

	for (int i = 0; i < list->n; i++) {
		const struct plan *p = &list->v[i];
		const char **cell;

		if (p->why)
			continue;
		cell = table_row(&t);
		cell[COL_RANK] = arena_printf(&c->ir, "%s%d", p == chosen ? "* " : "", ++rank);
		cell[COL_PLAN] = p->text;
		cell[COL_UNIT] = p->unit ? p->unit->title : "-";
		cell[COL_CALLS] = table_count(&c->ir, p->calls);
		cell[COL_CYCLES] = plan_cycles(&c->ir, p->cycles);
		cell[COL_BYTES] = table_count(&c->ir, p->bytes);
		cell[COL_SCRATCH] = table_count(&c->ir, p->scratch);
		cell[COL_CLASS] = plan_class_text(&c->ir, p);
	}
	if (rank)
		table_print(stdout, &t);
}

static bool
has_message(const struct plan *p)
{
	return p->limit && p->limit->message;
}

static void
print_impossible(struct compilation *c, const struct plan_list *list)
{
	bool any = false;

	for (int i = 0; i < list->n; i++) {
		const struct plan *p = &list->v[i];

		if (!p->why)
			continue;
		if (!any)
			printf("\nimpossible:\n");
		any = true;
		table_wrap(stdout, 2, arena_printf(&c->ir, "%s%s%s: %s%s%s", p->unit ? p->unit->title : "", p->unit ? ", " : "", p->text,
			plan_broken(c, p->why, p->limit), has_message(p) ? ": " : "", has_message(p) ? p->limit->message : ""));
	}
}

/* "2.5% more", "18.1 times as many". */
static const char *
more_text(struct compilation *c, double ratio)
{
	return ratio < 2 ? arena_printf(&c->ir, "%.1f%% more", 100 * (ratio - 1)) : arena_printf(&c->ir, "%.1f times as many", ratio);
}

static void
print_verdict(struct compilation *c, const struct plan_list *list, const struct plan *chosen)
{
	const struct plan *next = NULL;

	if (!chosen) {
		printf("\nno plan is possible\n");
		return;
	}
	for (int i = 0; i < list->n && !next; i++)
		if (!list->v[i].why && &list->v[i] != chosen && list->v[i].cycles > chosen->cycles)
			next = &list->v[i];
	printf("\nchosen: %s, %s cycles\n", chosen->text, plan_cycles(&c->ir, chosen->cycles));
	if (next && chosen->cycles > 0)
		printf("next:   %s, %s cycles, %s\n", next->text, plan_cycles(&c->ir, next->cycles), more_text(c, next->cycles / chosen->cycles));
}

/* Weights that fall into groups, though the layer does not say so. */
static void
print_groups(struct compilation *c, const struct node *n)
{
	int groups = structure_groups(&c->ir, n);

	if (groups > 1)
		printf("\nthe weights are %d independent groups: @grouped(groups = %d) computes the same with 1/%d of the multiplications\n", groups,
			groups, groups);
}

static void
print_json(struct compilation *c, const struct node *n, const struct plan_list *list, const struct plan *chosen)
{
	json_t *j = json_object(), *plans = json_array();

	for (int i = 0; i < list->n; i++) {
		json_t *p = plan_json(c, &list->v[i]);

		json_put(p, "chosen", json_boolean(&list->v[i] == chosen));
		json_array_append_new(plans, p);
	}
	json_put(j, "netc", json_string(PACKAGE_VERSION));
	json_put(j, "network", json_text(c->graph->name));
	json_put(j, "chip", json_text(c->chip->name));
	json_put(j, "layer", json_text(n->label));
	json_put(j, "op", json_string(op_info[n->op].name));
	json_put(j, "macs", json_integer(node_macs(n)));
	json_put(j, "weight_groups", json_integer(structure_groups(&c->ir, n)));
	json_put(j, "candidates", plans);
	json_print(j);
}

int
cmd_explain(const struct options *o)
{
	struct compilation c;
	struct pass_ctx ctx;
	struct node *n = NULL;
	const struct plan *chosen;
	struct plan_list list;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	progress_start();
	if (compile_for_survey(&c, o, o->chip, &ctx))
		n = find_layer(&c, o->files[1]);
	if (!n)
		return compilation_end(&c, EXIT_OK);
	progress_step("planning");
	list = legalise_candidates(c.graph, n, &ctx, c.chip, &chosen);
	progress_end();
	if (o->json) {
		print_json(&c, n, &list, chosen);
	} else {
		print_head(&c, n);
		print_possible(&c, &list, chosen);
		print_impossible(&c, &list);
		print_verdict(&c, &list, chosen);
		print_groups(&c, n);
	}
	return compilation_end(&c, EXIT_OK);
}
