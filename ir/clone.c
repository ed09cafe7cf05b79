/* A copy of a graph to compare a changed one with. */
#include <config.h>

#include "ir/graph.h"

static struct tensor *
clone_tensor(struct graph *c, const struct tensor *t)
{
	struct tensor *copy = ARENA_NEW(c->arena, struct tensor);

	*copy = *t;
	copy->producer = NULL;
	copy->base = NULL;
	ARRAY_PUSH(c->arena, c->tensors, copy);
	map_put(c->by_name, copy->name, copy);
	return copy;
}

static void
clone_node(struct graph *c, const struct node *n)
{
	struct node *copy = ARENA_NEW(c->arena, struct node);

	*copy = *n;
	copy->in = ARENA_ARRAY(c->arena, struct tensor *, (size_t)n->nin);
	for (int k = 0; k < n->nin; k++)
		copy->in[k] = c->tensors.v[n->in[k]->id];
	copy->out = c->tensors.v[n->out->id];
	copy->out->producer = copy;
	copy->prev = c->last;
	copy->next = NULL;
	*(c->last ? &c->last->next : &c->first) = copy;
	c->last = copy;
	c->node_count++;
}

struct graph *
graph_clone(struct arena *a, const struct graph *g)
{
	struct graph *c = graph_new(a, g->names, g->name);

	for (size_t i = 0; i < g->tensors.n; i++)
		clone_tensor(c, g->tensors.v[i]);
	for (const struct node *n = g->first; n; n = n->next)
		clone_node(c, n);
	for (size_t i = 0; i < g->inputs.n; i++)
		ARRAY_PUSH(a, c->inputs, c->tensors.v[g->inputs.v[i]->id]);
	for (size_t i = 0; i < g->outputs.n; i++)
		graph_output(c, g->output_names.v[i], c->tensors.v[g->outputs.v[i]->id]);
	c->tests = g->tests;
	c->chip = g->chip;
	c->plans = g->plans;
	c->dead = g->dead;
	c->strips = g->strips;
	c->loc = g->loc;
	return c;
}
