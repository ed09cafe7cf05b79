/* What each statement assigns.  A value that only the next statement reads is called h, and the layer's own name follows with `as`; every
 * other value is called what its layer is called. */
#include <config.h>
#include <string.h>
#include "import/net.h"

/* The reads of each value in a body, by the tensor's id: by how many statements, the last of them, and whether in each turn of a loop. */
struct reads { int count; size_t last; bool kept; };

static void
add_read(struct reads *r, size_t item, bool kept)
{
	r->count += r->count == 0 || r->last != item;
	r->last = item;
	r->kept = r->kept || kept;
}

static struct reads *
count_reads(const struct net_writer *w, const struct net_body *body)
{
	struct reads *r = ARENA_ARRAY(w->arena, struct reads, w->g->tensors.n + 1);

	for (size_t i = 0; i < body->items.n; i++) {
		const struct net_item *it = body->items.v[i];

		for (int k = 0; k < it->nin; k++)
			if (it->in[k])
				add_read(&r[it->in[k]->id], i, it->kind == NET_LOOP && !it->carried[k]);
	}
	return r;
}

/* The name behind `as`, TEXT if that is not taken.  A call is called after its block if nothing else is written. */
static name
as_name(struct net_writer *w, struct net_body *body, const struct net_item *it, name text)
{
	name block = it->kind == NET_CALL ? it->block->name : NULL;
	bool counted = !text;

	do
		text = net_take(w, body->taken, text ? text : block);
	while (counted && text != block && map_get(w->file_names, text));
	return text == block ? NULL : text;
}

/* The names behind `as`; the variables are known. */
static void
name_item(struct net_writer *w, struct net_body *body, struct net_item *it)
{
	struct net_item *turn = it->kind == NET_LOOP ? it->turn : it;

	if (it->kind == NET_LOOP)
		turn->vars[0] = it->vars[0];
	if (turn->kind == NET_CALL)
		turn->as = as_name(w, body, turn, it->kind == NET_LOOP ? turn->labels[0] : turn->as);
	else if (it->kind == NET_LOOP || it->vars[0] == body->running)
		turn->as = as_name(w, body, turn, turn->labels[0]);
}

/* Whether the name of the result of IT is not enough.  That of a block's result says nothing; that of an output tells nothing of a layer whose
 * weights have another name. */
static bool
names_layer(const struct net_writer *w, const struct net_body *body, const struct net_item *it)
{
	if (it->kind != NET_PIPE || body != &w->top)
		return it->kind == NET_PIPE;
	return net_owns_weights(it->nodes[net_main_stage(it)]->op) && it->labels[0] != it->vars[0];
}

/* The variable of result K of statement I, which is none of the body's own. */
static name
variable(struct net_writer *w, struct net_body *body, const struct reads *reads, size_t i, int k)
{
	const struct net_item *it = body->items.v[i];
	const struct reads *r = &reads[it->out[k]->id];

	if (r->count == 1 && r->last == i + 1 && !r->kept && it->nout == 1)
		return body->running;
	name text = net_take(w, body->taken, it->labels[k]);
	return r->count ? text : intern_printf(w->names, "_%s", text);
}

void
net_vars(struct net_writer *w, struct net_body *body, struct tensor *const *out, const name *out_names, int nout)
{
	const struct reads *reads = count_reads(w, body);
	name *own = ARENA_ARRAY(w->arena, name, w->g->tensors.n + 1);

	for (int i = 0; i < nout; i++)
		own[out[i]->id] = out_names[i];
	for (size_t i = 0; i < body->items.n; i++) {
		struct net_item *it = body->items.v[i];
		bool result = false;

		for (int k = 0; k < it->nout; k++) {
			it->vars[k] = own[it->out[k]->id];
			result = result || it->vars[k];
			if (!it->vars[k])
				it->vars[k] = variable(w, body, reads, i, k);
		}
		name_item(w, body, it);
		if (result && names_layer(w, body, it))
			it->as = as_name(w, body, it, it->labels[0]);
	}
}

/* ---- the network ---- */

/* How each output is written.  Results come about in the order of their ids. */
static void
plan_outputs(struct net_writer *w)
{
	const struct graph *g = w->g;
	bool *seen = ARENA_ARRAY(w->arena, bool, g->tensors.n + 1);
	bool last = false;
	int before = -1;

	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct tensor *t = g->outputs.v[i];
		struct net_output *o = &w->outputs[i];

		o->copied = !t->producer || seen[t->id];
		last = last || o->copied || t->id < before;
		o->last = last;
		before = t->id;
		seen[t->id] = true;
	}
}

/* The results that are outputs where they come about. */
static void
mark_outputs(struct net_writer *w)
{
	bool *at_once = ARENA_ARRAY(w->arena, bool, w->g->tensors.n + 1);

	for (size_t i = 0; i < w->g->outputs.n; i++)
		at_once[w->g->outputs.v[i]->id] |= !w->outputs[i].last;
	for (size_t i = 0; i < w->top.items.n; i++)
		for (int k = 0; k < w->top.items.v[i]->nout; k++)
			w->top.items.v[i]->output[k] = at_once[w->top.items.v[i]->out[k]->id];
}

void
net_network_vars(struct net_writer *w)
{
	struct net_body *body = &w->top;
	size_t n = w->g->outputs.n;
	name *names = ARENA_ARRAY(w->arena, name, n);
	struct tensor **out = ARENA_ARRAY(w->arena, struct tensor *, n);
	size_t own = 0;

	plan_outputs(w);
	for (size_t i = 0; i < n; i++)
		if (!w->outputs[i].copied) {
			names[own] = w->outputs[i].name;
			out[own++] = w->g->outputs.v[i];
		}
	net_vars(w, body, out, names, (int)own);
	mark_outputs(w);
}
