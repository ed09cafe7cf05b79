/* The layers of a lowered network: what passes cut up is put together again by its label. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "backend/emit.h"
#include "chips/candidates.h"
#include "report/report.h"

struct totals
program_totals(const struct program *p)
{
	struct totals t = { 0 };

	for (const struct call *c = program_kernels(p); c; c = program_next_kernel(c)) {
		t.layers += c->last;
		t.copied_bytes += c->copied;
	}
	for (const struct node *n = p->graph->first; n; n = n->next)
		t.macs += node_macs(n);
	t.params = graph_params(p->graph);
	for (size_t i = 0; i < p->consts.n; i++)
		t.const_bytes += p->consts.v[i]->bytes;
	return t;
}

static void
find_results(struct report *r)
{
	r->result = ARENA_ARRAY(r->arena, const struct buffer *, r->program->graph->tensors.n + 1);
	for (const struct call *c = program_kernels(r->program); c; c = program_next_kernel(c))
		for (size_t i = 0; i < c->args.n; i++)
			if (c->args.v[i].kind == ARG_OUT)
				r->result[c->node->out->id] = c->args.v[i].buf;
}

struct where
report_where(const struct report *r, const struct tensor *t)
{
	const struct buffer *b = r->result[t->id];

	if (!b)
		return (struct where){ .kind = WHERE_VIEW, .name = t->base ? t->base->name : t->name };
	if (b->kind == BUF_OUTPUT)
		return (struct where){ .kind = WHERE_OUTPUT, .name = r->program->graph->output_names.v[b->index] };
	return (struct where){ .kind = WHERE_ARENA, .memory = program_arenas(r->program) > 1 ? r->program->memories.v[b->memory].chip->name : NULL,
		.offset = b->offset + (t->base && t->base != t ? t->offset * dtype_info[t->dtype].bytes : 0) };
}

const char *
report_where_text(const struct report *r, const struct tensor *t)
{
	struct where w = report_where(r, t);
	struct text text = { .arena = r->arena };

	if (w.kind != WHERE_ARENA)
		return arena_printf(r->arena, "%s %s", w.kind == WHERE_OUTPUT ? "output" : "in", w.name);
	text_add(&text, "%s%s ", r->result[t->id]->bytes < tensor_bytes(t) ? "rows, " : "", w.memory ? w.memory : "arena");
	text_count(&text, w.offset);
	return text_get(&text);
}

const char *
report_time(const struct report *r, double time)
{
	struct text text = { .arena = r->arena };

	if (strcmp(r->profile->unit, "cycles") != 0 || time >= 9e18)
		return arena_printf(r->arena, "%.3f", time);
	text_count(&text, llround(time));
	return text_get(&text);
}

const char *
report_kernel(struct arena *a, const struct node *n)
{
	const struct attrs *attr = &n->attr;
	const char *text = "";

	if (op_info[n->op].attrs >> ATTR_KERNEL & 1)
		text = arena_printf(a, "%dx%d", (int)attr->kernel[0], (int)attr->kernel[1]);
	if (*text && (attr->stride[0] != 1 || attr->stride[1] != 1))
		text = arena_printf(a, "%s / %dx%d", text, (int)attr->stride[0], (int)attr->stride[1]);
	return text;
}

const struct layer_plan *
report_plan(const struct graph *g, const struct node *n)
{
	const struct layer_plan *p = g->plans;

	while (p && p->layer != n->label)
		p = p->next;
	return p;
}

/* Layers in order; a name of a layer that is gone stands for nothing. */
static void
list_layers(struct report *r)
{
	const struct graph *g = r->program->graph;
	struct report_layer *all = ARENA_ARRAY(r->arena, struct report_layer, (size_t)g->node_count + 1);

	r->by_path = map_new(r->arena);
	r->layers.v = all;
	for (const struct node *n = g->first; n; n = n->next)
		if (!map_get(r->by_path, n->label)) {
			all[r->layers.n] = (struct report_layer){ .path = n->label, .cycles = -1, .measured = r->profile ? 0 : -1 };
			map_put(r->by_path, n->label, &all[r->layers.n++]);
		}
}

/* What passes put around a layer moves its operands and adds its sums. */
static bool
does_work(const struct node *n)
{
	return node_macs(n) > 0 || op_info[n->op].attrs >> ATTR_KERNEL & 1;
}

/* A layer's result has its name, or else is what the last of its operations computes. */
static void
add_nodes(struct report *r)
{
	const struct graph *g = r->program->graph;
	bool *seen = ARENA_ARRAY(r->arena, bool, g->tensors.n + 1);

	for (const struct node *n = g->first; n; n = n->next) {
		struct report_layer *l = map_get(r->by_path, n->label);

		if (!l->node || l->node->name != l->path)
			l->node = n;
		if (!l->work && does_work(n))
			l->work = n;
		l->nodes++;
		l->bytes = tensor_bytes(l->node->out);
		l->macs += node_macs(n);
		l->unit = n->unit ? n->unit : l->unit;
		for (int i = 0; i < n->nin; i++)
			if (n->in[i]->data && !seen[n->in[i]->id]) {
				seen[n->in[i]->id] = true;
				l->params += tensor_count(n->in[i]);
			}
	}
}

/* Asking for the network's input is a call, but no layer. */
static void
add_calls(struct report *r)
{
	for (const struct call *c = r->program->first; c; c = c->next) {
		struct report_layer *l = map_get(r->by_path, c->node->label);

		if (!l)
			continue;
		l->calls++;
		if (r->profile)
			l->measured += r->profile->time[c->index];
	}
}

/* A layer may have been rewritten before its plan was made: a plan each. */
static void
add_plans(struct report *r)
{
	for (const struct layer_plan *p = r->program->graph->plans; p; p = p->next) {
		struct report_layer *l = map_get(r->by_path, p->layer);

		if (!l)
			continue;
		if (strcmp(p->plan.text, "as it is") != 0 && strcmp(p->plan.text, "portable C") != 0)
			l->how = l->how ? arena_printf(r->arena, "%s; %s", l->how, p->plan.text) : p->plan.text;
		l->class = plan_class_text(r->arena, &p->plan);
		l->found = p->found ? p->found : l->found;
		if (r->program->graph->chip && p->plan.cycles > l->cycles)
			l->cycles = p->plan.cycles;
	}
}

struct report *
report_make(struct arena *a, const struct diag *d, const struct graph *written, const struct program *p, const struct profile *profile,
	const char *source)
{
	struct report *r = ARENA_NEW(a, struct report);

	*r = (struct report){ .arena = a, .diag = d, .written = written, .program = p, .profile = profile, .source = source };
	r->totals = program_totals(p);
	find_results(r);
	list_layers(r);
	add_nodes(r);
	add_calls(r);
	add_plans(r);
	r->cycles = p->graph->chip ? 0 : -1;
	r->measured = profile ? 0 : -1;
	for (size_t i = 0; i < r->layers.n; i++) {
		r->cycles += r->layers.v[i].cycles > 0 ? r->layers.v[i].cycles : 0;
		r->measured += profile ? r->layers.v[i].measured : 0;
	}
	return r;
}

const struct report_layer *
report_layer(const struct report *r, name path)
{
	return map_get(r->by_path, path);
}
