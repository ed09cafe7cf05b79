/* netc report: what each layer of the lowered network costs and where its result lies.  The rows are gathered once
 * and printed as a table or as JSON, whose members docs/netc.1 lists. */
#include <config.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include "backend/emit.h"
#include "driver/dead.h"
#include "driver/plans.h"
#include "driver/progress.h"
#include "driver/totals.h"

/* Where a result lies. */
struct where {
	enum { WHERE_ARENA, WHERE_OUTPUT, WHERE_VIEW } kind;
	int64_t offset;    /* ARENA: bytes */
	const char *name;  /* OUTPUT: the output; VIEW: the tensor whose storage it is */
};

struct report {
	struct compilation *c;
	const struct program *p;
	const struct buffer **result; /* by tensor id: the buffer that a layer's calls write, NULL for a view */
	struct totals totals;
	struct text text;             /* scratch */
};

static void
find_results(struct report *r)
{
	r->result = ARENA_ARRAY(&r->c->ir, const struct buffer *, r->p->graph->tensors.n + 1);
	for (const struct call *c = r->p->first; c; c = c->next)
		for (size_t i = 0; i < c->args.n; i++)
			if (c->args.v[i].kind == ARG_OUT)
				r->result[c->node->out->id] = c->args.v[i].buf;
}

static struct where
where_is(const struct report *r, const struct tensor *t)
{
	const struct buffer *b = r->result[t->id];

	if (!b)
		return (struct where){ .kind = WHERE_VIEW, .name = t->base ? t->base->name : t->name };
	if (b->kind == BUF_OUTPUT)
		return (struct where){ .kind = WHERE_OUTPUT, .name = r->p->graph->output_names.v[b->index] };
	return (struct where){ .kind = WHERE_ARENA,
		.offset = b->offset + (t->base && t->base != t ? t->offset * dtype_info[t->dtype].bytes : 0) };
}

static bool
has(const struct node *n, enum attr a)
{
	return op_info[n->op].attrs >> a & 1;
}

/* ---- text ---- */

enum { COL_LAYER, COL_OP, COL_RESULT, COL_KERNEL, COL_UNIT, COL_CLASS, COL_MACS, COL_PARAMS, COL_BYTES, COL_MEMORY, COLUMNS };
static const char *const titles[COLUMNS] = { "layer", "op", "result", "kernel", "unit", "class", "MACs", "params", "bytes", "memory" };
enum { NAME_WIDTH = 40 }; /* a longer name pushes its own row only */

struct row {
	const char *cell[COLUMNS];
};

static const char *
keep(struct report *r)
{
	const char *s = arena_strdup(&r->c->ir, text_get(&r->text));

	text_reset(&r->text);
	return s;
}

static const char *
count_text(struct report *r, int64_t n)
{
	if (n == 0)
		return "-";
	text_count(&r->text, n);
	return keep(r);
}

static const char *
kernel_text(struct report *r, const struct node *n)
{
	if (!has(n, ATTR_KERNEL))
		return "-";
	text_add(&r->text, "%dx%d", (int)n->attr.kernel[0], (int)n->attr.kernel[1]);
	if (n->attr.stride[0] != 1 || n->attr.stride[1] != 1)
		text_add(&r->text, " / %dx%d", (int)n->attr.stride[0], (int)n->attr.stride[1]);
	return keep(r);
}

static const char *
memory_text(struct report *r, const struct tensor *t)
{
	struct where w = where_is(r, t);

	switch (w.kind) {
	case WHERE_ARENA:
		text_add(&r->text, "arena ");
		text_count(&r->text, w.offset);
		break;
	case WHERE_OUTPUT: text_add(&r->text, "output %s", w.name); break;
	case WHERE_VIEW:   text_add(&r->text, "in %s", w.name); break;
	}
	return keep(r);
}

/* The decision about the layer that N is part of; NULL: there was none to make. */
static const struct layer_plan *
plan_of(const struct report *r, const struct node *n)
{
	const struct layer_plan *p = r->p->graph->plans;

	while (p && p->layer != n->label)
		p = p->next;
	return p;
}

static const char *
unit_text(struct report *r, const struct node *n)
{
	if (!n->unit)
		return "-";
	if (r->p->cores <= 1)
		return n->unit->title;
	text_add(&r->text, "%s @%d", n->unit->title, n->core);
	return keep(r);
}

static struct row
make_row(struct report *r, const struct node *n)
{
	const struct layer_plan *plan = plan_of(r, n);
	struct row row;
	char dims[SHAPE_TEXT];

	row.cell[COL_LAYER] = n->name;
	row.cell[COL_OP] = op_info[n->op].name;
	text_add(&r->text, "%s%s", dtype_info[n->out->dtype].name, shape_text(&n->out->shape, dims, sizeof dims));
	row.cell[COL_RESULT] = keep(r);
	row.cell[COL_KERNEL] = kernel_text(r, n);
	row.cell[COL_UNIT] = unit_text(r, n);
	row.cell[COL_CLASS] = plan ? plan_class_text(&r->c->ir, &plan->plan) : "-";
	row.cell[COL_MACS] = count_text(r, node_macs(n));
	row.cell[COL_PARAMS] = count_text(r, node_params(n));
	row.cell[COL_BYTES] = count_text(r, tensor_bytes(n->out));
	row.cell[COL_MEMORY] = memory_text(r, n->out);
	return row;
}

/* Columns that only a network with plans has have no width otherwise. */
static void
print_row(const struct row *row, const int *width)
{
	for (int i = 0; i < COLUMNS; i++) {
		bool number = i >= COL_MACS && i <= COL_BYTES;

		if (width[i] == 0)
			continue;
		if (i == COL_MEMORY)
			printf("%s\n", row->cell[i]);
		else
			printf("%*s  ", number ? width[i] : -width[i], row->cell[i]);
	}
}

static void
print_table(struct report *r)
{
	struct row *rows = ARENA_ARRAY(&r->c->ir, struct row, (size_t)r->p->graph->node_count + 1);
	int width[COLUMNS], n = 0;

	for (int i = 0; i < COLUMNS; i++)
		rows[0].cell[i] = titles[i];
	for (const struct node *node = r->p->graph->first; node; node = node->next)
		rows[++n] = make_row(r, node);
	for (int i = 0; i < COLUMNS; i++) {
		width[i] = 0;
		for (int k = 0; k <= n; k++) {
			int len = (int)strlen(rows[k].cell[i]);
			if (len > width[i] && (i != COL_LAYER || len <= NAME_WIDTH))
				width[i] = len;
		}
	}
	if (!r->p->graph->plans)
		width[COL_UNIT] = width[COL_CLASS] = 0;
	for (int k = 0; k <= n; k++)
		print_row(&rows[k], width);
}

static void
print_total(struct report *r, const char *what, int64_t n, const char *unit)
{
	text_count(&r->text, n);
	printf("%-22s %14s%s\n", what, text_get(&r->text), unit);
	text_reset(&r->text);
}

static void
print_dead_macs(struct report *r)
{
	int64_t dead = dead_macs(r->p->graph), all = r->totals.macs + dead;

	if (dead)
		print_total(r, "MACs removed", dead, arena_printf(&r->c->ir, " (%.1f%% of %s: dead channels)",
			100.0 * (double)dead / (double)all, table_count(&r->c->ir, all)));
}

/* Bytes that are only moved because a unit asks for another layout, pitch or alignment. */
static int64_t
copied_bytes(const struct program *p)
{
	int64_t sum = 0;

	for (const struct call *c = p->first; c; c = c->next)
		sum += c->copied;
	return sum;
}

static void
print_totals(struct report *r)
{
	const struct program *p = r->p;
	int64_t gap = p->arena_bytes - p->lower_bound;

	putchar('\n');
	print_total(r, "layers computed", r->totals.layers, "");
	print_total(r, "MACs", r->totals.macs, "");
	print_dead_macs(r);
	print_total(r, "parameters", r->totals.params, "");
	print_total(r, "constants", r->totals.const_bytes, " bytes");
	if (p->graph->chip)
		print_total(r, "copied for units", copied_bytes(p), " bytes (for their layouts, pitches and alignments)");
	if (p->cores > 1) {
		print_total(r, "cores", p->cores, "");
		print_total(r, "phases", p->phases, " (with a barrier between two)");
	}
	print_total(r, "arena", p->arena_bytes, " bytes");
	print_total(r, "lower bound", p->lower_bound, " bytes (most that is live at once)");
	text_count(&r->text, gap);
	printf("%-22s %14s bytes (%.1f%%)\n", "gap", text_get(&r->text),
		p->lower_bound ? 100.0 * (double)gap / (double)p->lower_bound : 0.0);
}

/* ---- JSON ---- */

static json_t *
ints_json(const int32_t *v, int n)
{
	json_t *a = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(a, json_integer(v[i]));
	return a;
}

static json_t *
tensor_json(const char *title, const struct tensor *t)
{
	json_t *j = json_object();

	json_put(j, "name", json_text(title));
	json_put(j, "dtype", json_string(dtype_info[t->dtype].name));
	json_put(j, "shape", ints_json(t->shape.dim, t->shape.rank));
	if (t->quant.count == 1) {
		json_put(j, "scale", json_real((double)t->quant.scale[0]));
		json_put(j, "zero", json_integer(t->quant.zero));
	}
	json_put(j, "bytes", json_integer(tensor_bytes(t)));
	return j;
}

static json_t *
memory_json(const struct report *r, const struct tensor *t)
{
	static const char *const kinds[] = { [WHERE_ARENA] = "arena", [WHERE_OUTPUT] = "output", [WHERE_VIEW] = "view" };
	struct where w = where_is(r, t);
	json_t *j = json_object();

	json_put(j, "kind", json_string(kinds[w.kind]));
	if (w.kind == WHERE_ARENA)
		json_put(j, "offset", json_integer(w.offset));
	else
		json_put(j, "of", json_text(w.name));
	return j;
}

static json_t *
layer_json(const struct report *r, const struct node *n)
{
	json_t *j = tensor_json(n->name, n->out), *in = json_array();
	const struct source *s = diag_source(&r->c->diag, n->loc);
	const struct layer_plan *plan = plan_of(r, n);
	int line, column;

	json_put(j, "op", json_string(op_info[n->op].name));
	for (int i = 0; i < n->nin; i++)
		if (!n->in[i]->data)
			json_array_append_new(in, json_text(n->in[i]->name));
	json_put(j, "inputs", in);
	if (has(n, ATTR_KERNEL))
		json_put(j, "kernel", ints_json(n->attr.kernel, 2));
	if (has(n, ATTR_STRIDE))
		json_put(j, "stride", ints_json(n->attr.stride, 2));
	if (plan) {
		json_put(j, "layer", json_text(plan->layer));
		json_put(j, "plan", json_text(plan->plan.text));
		json_put(j, "class", json_text(plan_class_text(&r->c->ir, &plan->plan)));
		json_put(j, "unit", n->unit ? json_text(n->unit->title) : json_null());
		json_put(j, "core", json_integer(n->core));
	}
	json_put(j, "macs", json_integer(node_macs(n)));
	json_put(j, "params", json_integer(node_params(n)));
	json_put(j, "memory", memory_json(r, n->out));
	if (s) {
		diag_position(&r->c->diag, n->loc, &line, &column);
		json_put(j, "file", json_text(s->path));
		json_put(j, "line", json_integer(line));
	}
	return j;
}

static json_t *
totals_json(const struct report *r)
{
	json_t *j = json_object();

	json_put(j, "layers", json_integer(r->totals.layers));
	json_put(j, "macs", json_integer(r->totals.macs));
	json_put(j, "dead_macs", json_integer(dead_macs(r->p->graph)));
	json_put(j, "params", json_integer(r->totals.params));
	json_put(j, "const_bytes", json_integer(r->totals.const_bytes));
	json_put(j, "arena_bytes", json_integer(r->p->arena_bytes));
	json_put(j, "arena_align", json_integer(r->p->arena_align));
	json_put(j, "lower_bound_bytes", json_integer(r->p->lower_bound));
	json_put(j, "gap_bytes", json_integer(r->p->arena_bytes - r->p->lower_bound));
	if (r->p->graph->chip) {
		json_put(j, "copied_bytes", json_integer(copied_bytes(r->p)));
		json_put(j, "cores", json_integer(r->p->cores));
		json_put(j, "phases", json_integer(r->p->phases));
	}
	return j;
}

static void
print_json(const struct report *r)
{
	const struct graph *g = r->p->graph;
	json_t *j = json_object(), *in = json_array(), *out = json_array(), *layers = json_array();

	for (size_t i = 0; i < g->inputs.n; i++)
		json_array_append_new(in, tensor_json(g->inputs.v[i]->name, g->inputs.v[i]));
	for (size_t i = 0; i < g->outputs.n; i++)
		json_array_append_new(out, tensor_json(g->output_names.v[i], g->outputs.v[i]));
	for (const struct node *n = g->first; n; n = n->next)
		json_array_append_new(layers, layer_json(r, n));
	json_put(j, "netc", json_string(PACKAGE_VERSION));
	json_put(j, "network", json_text(g->name));
	if (g->chip)
		json_put(j, "chip", json_text(g->chip->name));
	json_put(j, "inputs", in);
	json_put(j, "outputs", out);
	json_put(j, "layers", layers);
	json_put(j, "dead_channels", dead_json(g));
	json_put(j, "totals", totals_json(r));
	json_print(j);
}

int
cmd_report(const struct options *o)
{
	struct compilation c;
	struct report r = { .c = &c };
	bool stopped;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	progress_start();
	if (!compile_file(&c, o, &stopped) || stopped || c.diag.errors)
		return compilation_end(&c, EXIT_OK);
	progress_end();
	r.p = c.program;
	r.text.arena = &c.ir;
	r.totals = program_totals(c.program);
	find_results(&r);
	if (o->json) {
		print_json(&r);
	} else {
		printf("network %s%s%s\n\n", c.graph->name, c.chip ? " on " : "", c.chip ? c.chip->file : "");
		print_table(&r);
		print_totals(&r);
		dead_print(&c);
		plans_print(&c, c.graph->plans, "\nrewritten or cut:\n");
	}
	return compilation_end(&c, EXIT_OK);
}
