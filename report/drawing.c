#include <config.h>
#include "backend/cgen.h"
#include "chips/chip.h"
#include "report/drawing.h"

const struct box_info box_info[BOX_KINDS] = {
	[BOX_PORT] = { "port", "input, output", "shape=oval, fillcolor=\"#eef1f5\"" },
	[BOX_UNIT] = { "unit", "on a unit of the chip", "fillcolor=\"#d5f0e3\"" },
	[BOX_WORK] = { "work", "multiply-accumulates in portable C", "fillcolor=\"#d9e7fd\"" },
	[BOX_OTHER] = { "other", "other portable C", "fillcolor=\"#eef1f5\"" },
	[BOX_VIEW] = { "view", "no call: a view", "style=\"rounded,dashed\"" },
};

struct maker {
	const struct report *r;
	struct drawing *d;
	bool lowered;                /* the graph is the program's */
	struct parts *parts;         /* LOWERED */
	int *box;                    /* by tensor id: that of its producer or input, -1 for a constant */
	int *reader;                 /* by box: the last that has an edge from it */
	struct text text;            /* scratch */
};

static const char *
keep(struct maker *m)
{
	const char *s = arena_strdup(m->r->arena, text_get(&m->text));

	text_reset(&m->text);
	return s;
}

static const char *
type_text(struct maker *m, const struct tensor *t)
{
	describe_type(&m->text, t->dtype, &t->shape);
	return keep(m);
}

static void
add_port(struct maker *m, const struct tensor *t, const char *port, const char *what)
{
	struct box b = { .kind = BOX_PORT, .name = port, .what = what, .shape = type_text(m, t) };

	b.title = arena_printf(m->r->arena, "%s %s: %s", what, port, b.shape);
	ARRAY_PUSH(m->r->arena, m->d->boxes, b);
}

static void
add_edge(struct maker *m, const struct tensor *from)
{
	struct layout_edge e = { m->box[from->id], (int)m->d->boxes.n - 1 };

	/* Twice the same input is one arrow, and so is a constant none. */
	if (e.from < 0 || m->reader[e.from] == e.to)
		return;
	m->reader[e.from] = e.to;
	ARRAY_PUSH(m->r->arena, m->d->edges, e);
}

static enum box_kind
kind_of(const struct maker *m, const struct node *n)
{
	if (m->lowered && n->unit)
		return BOX_UNIT;
	if (m->lowered ? !m->r->result[n->out->id] : (op_info[n->op].flags & OPF_VIEW) != 0)
		return BOX_VIEW;
	return node_macs(n) > 0 ? BOX_WORK : BOX_OTHER;
}

static const char *
what_text(struct maker *m, const struct node *n)
{
	const char *kernel = report_kernel(m->r->arena, n);

	return arena_printf(m->r->arena, "%s%s%s", op_info[n->op].name, *kernel ? " " : "", kernel);
}

static const char *
title_text(struct maker *m, const struct node *n, const struct report_layer *l)
{
	size_t before;

	describe_location(&m->text, m->r->diag, n->loc);
	if (m->text.c.n)
		text_add(&m->text, ": ");
	text_add(&m->text, "%s: ", n->name);
	describe_layer(&m->text, n);
	if (node_macs(n)) {
		text_add(&m->text, "; ");
		text_count(&m->text, node_macs(n));
		text_add(&m->text, " MACs");
	}
	if (m->lowered && n->unit)
		text_add(&m->text, "; unit %s", n->unit->title);
	before = m->text.c.n;
	if (m->lowered) {
		text_add(&m->text, "; ");
		describe_part(m->parts, &m->text, n);
		if (m->text.c.n == before + 2)
			m->text.c.n = before;
	}
	if (l && l->how)
		text_add(&m->text, "; layer %s: %s", l->path, l->how);
	return keep(m);
}

static void
add_node(struct maker *m, const struct node *n)
{
	const struct report_layer *l = report_layer(m->r, n->label);
	struct box b = {
		.kind = kind_of(m, n), .name = n->name, .what = what_text(m, n), .shape = type_text(m, n->out), .label = n->label,
		.cut = l && l->how, .title = title_text(m, n, l)
	};

	m->box[n->out->id] = (int)m->d->boxes.n;
	ARRAY_PUSH(m->r->arena, m->d->boxes, b);
	for (int i = 0; i < n->nin; i++)
		if (!n->in[i]->data)
			add_edge(m, n->in[i]);
}

struct drawing *
drawing_make(const struct report *r, const struct graph *g)
{
	struct maker m = { .r = r, .d = ARENA_NEW(r->arena, struct drawing), .lowered = g == r->program->graph, .text.arena = r->arena };
	size_t boxes = g->inputs.n + (size_t)g->node_count + g->outputs.n;

	m.d->graph = g;
	m.box = ARENA_ARRAY(r->arena, int, g->tensors.n + 1);
	m.reader = ARENA_ARRAY(r->arena, int, boxes + 1);
	for (size_t i = 0; i < g->tensors.n; i++)
		m.box[i] = -1;
	for (size_t i = 0; i < boxes; i++)
		m.reader[i] = -1;
	if (m.lowered)
		m.parts = parts_find(r->arena, g);
	for (size_t i = 0; i < g->inputs.n; i++) {
		m.box[g->inputs.v[i]->id] = (int)i;
		add_port(&m, g->inputs.v[i], g->inputs.v[i]->name, "input");
	}
	for (const struct node *n = g->first; n; n = n->next)
		add_node(&m, n);
	for (size_t i = 0; i < g->outputs.n; i++) {
		add_port(&m, g->outputs.v[i], g->output_names.v[i], "output");
		add_edge(&m, g->outputs.v[i]);
	}
	return m.d;
}
