#include <config.h>
#include <math.h>
#include "ir/shape.h"
#include "passes/rewrite.h"

void
node_resolve(struct node *n)
{
	int k;

	for (k = 0; k < n->nin; k++)
		while (n->in[k]->forward)
			n->in[k] = n->in[k]->forward;
}

void
node_set_input(struct node *n, int k, struct tensor *t)
{
	n->in[k]->uses--;
	n->in[k] = t;
	t->uses++;
}

void
node_bypass(struct graph *g, struct node *n, struct tensor *t)
{
	t->uses += n->out->uses;
	graph_replace(g, n->out, t);
	node_drop(g, n);
}

void
node_drop(struct graph *g, struct node *n)
{
	int k;

	for (k = 0; k < n->nin; k++)
		n->in[k]->uses--;
	graph_remove(g, n);
}

void
node_set_const(struct graph *g, struct node *n, int k, const void *data)
{
	struct tensor *t = n->in[k];

	if (t->uses == 1)
		t->data = data;
	else
		node_set_input(n, k, graph_const(g, graph_unique(g, t->name), t->dtype, &t->shape, &t->quant, data, t->loc));
}

static void
add_bias(struct graph *g, struct node *n, enum dtype type, int32_t channels, const void *data)
{
	struct shape shape = { 1, { channels } };
	name bias = graph_unique(g, intern_printf(g->names, "%s.bias", n->name));
	struct tensor **in = ARENA_ARRAY(g->arena, struct tensor *, 3);

	in[0] = n->in[0];
	in[1] = n->in[1];
	in[2] = graph_const(g, bias, type, &shape, NULL, data, n->loc);
	in[2]->uses = 1;
	n->in = in;
	n->nin = 3;
}

void
node_set_bias(struct graph *g, struct node *n, enum dtype type, int32_t channels, const void *data)
{
	if (n->nin > 2)
		node_set_const(g, n, 2, data);
	else
		add_bias(g, n, type, channels, data);
}

void
node_become(struct node *n, enum op op, const struct attrs *attr)
{
	n->op = op;
	n->attr = *attr;
}

bool
node_shape_holds(const struct node *candidate)
{
	struct node n = *candidate;
	struct tensor out = *candidate->out;
	struct fault fault;

	n.out = &out;
	if (shape_infer(&n, &fault))
		return false;
	return same_type(&out, candidate->out) && shape_equal(&out.shape, &candidate->out->shape);
}

bool
same_type(const struct tensor *a, const struct tensor *b)
{
	return a->dtype == b->dtype && quant_equal(&a->quant, &b->quant);
}

bool
node_clamp(const struct node *n, struct clamp *c)
{
	if (n->op == OP_RELU)
		*c = (struct clamp){ 0, INFINITY };
	else if (n->op == OP_RELU6)
		*c = (struct clamp){ 0, 6 };
	else if (n->op == OP_CLIP)
		*c = (struct clamp){ n->attr.lo, n->attr.hi };
	else
		return false;
	return true;
}

bool
is_f32_const(const struct tensor *t)
{
	return t->data && t->dtype == DT_F32;
}

bool
all_finite(const float *v, int64_t count)
{
	int64_t i;

	for (i = 0; i < count; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}
