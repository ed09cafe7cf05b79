/* What each statement assigns.  A value that only the next statement reads is called h, and the layer's own name follows with `as`; every
 * other value is called what its layer is called. */
#include <config.h>
#include "import/net.h"

static struct tensor *
result_of(const struct net_item *it)
{
	return it->nodes[it->nnodes - 1]->out;
}

/* For each tensor, by its id, the last statement that reads it and how many do. */
struct reads { size_t last; int count; };

static struct reads *
count_reads(const struct net_writer *w)
{
	struct reads *r = ARENA_ARRAY(w->arena, struct reads, w->g->tensors.n + 1);

	for (size_t i = 0; i < w->items.n; i++)
		for (int k = 0; k < w->items.v[i]->nin; k++) {
			const struct tensor *t = w->items.v[i]->in[k];

			if (!t || (r[t->id].count > 0 && r[t->id].last == i))
				continue;
			r[t->id].last = i;
			r[t->id].count++;
		}
	return r;
}

/* Which output each tensor is, by its id, counted from 1; and how each is written. */
static size_t *
plan_outputs(struct net_writer *w)
{
	const struct graph *g = w->g;
	size_t *of = ARENA_ARRAY(w->arena, size_t, g->tensors.n + 1);
	int before = -1;
	bool last = false;

	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct tensor *t = g->outputs.v[i];
		struct net_output *o = &w->outputs[i];

		o->copied = !t->producer || of[t->id];
		/* Results come about in the order of their ids. */
		last = last || o->copied || t->id < before;
		o->last = last;
		before = t->id;
		if (!o->copied)
			of[t->id] = i + 1;
	}
	return of;
}

/* The name of the layer that the statement is about. */
static name
layer_name(struct net_writer *w, const struct net_item *it)
{
	return net_take(w, w->label[it->nodes[net_main_stage(it)]->out->id]);
}

/* An output's name says nothing of a layer whose weights have a name of their own. */
static bool
keeps_name(const struct net_writer *w, const struct net_item *it, name output)
{
	const struct node *n = it->nodes[net_main_stage(it)];

	return net_owns_weights(n->op) && w->label[n->out->id] != output;
}

void
net_vars(struct net_writer *w)
{
	size_t *output = plan_outputs(w);
	const struct reads *reads = count_reads(w);

	for (size_t i = 0; i < w->items.n; i++) {
		struct net_item *it = w->items.v[i];
		const struct tensor *t = result_of(it);
		const struct net_output *o = output[t->id] ? &w->outputs[output[t->id] - 1] : NULL;
		const struct reads *r = &reads[t->id];

		if (o) {
			it->var = o->name;
			it->output = !o->last;
			if (keeps_name(w, it, o->name))
				it->as = layer_name(w, it);
		} else if (r->count == 1 && r->last == i + 1 && t->uses > 0) {
			it->var = w->running;
			it->as = layer_name(w, it);
		} else {
			it->var = r->count ? layer_name(w, it) : intern_printf(w->names, "_%s", layer_name(w, it));
		}
	}
}
