/* Activations that models spell out in elementary operations, as converters write them, become one operation again:
 *
 *	x * relu6(x + 3) * 1/6,  x * (relu6(x + 3) * 1/6),  x * clip(x * 1/6 + 1/2, 0, 1)      hard_swish(x)
 *
 * Only of f32, where it makes no difference but in rounding. */
#include <config.h>
#include <math.h>
#include "import/import.h"

static bool
is_number(const struct tensor *t, float value)
{
	return t->data && t->dtype == DT_F32 && tensor_count(t) == 1 && fabsf(*(const float *)t->data - value) <= 1e-6f * value;
}

/* T = OP(x, VALUE): x.  NULL: T is something else, or is read by others too. */
static struct tensor *
beside(const struct tensor *t, enum op op, float value)
{
	const struct node *n = t->producer;

	if (!n || n->op != op || t->uses != 1 || t->dtype != DT_F32)
		return NULL;
	for (int k = 0; k < 2; k++)
		if (is_number(n->in[k], value))
			return n->in[1 - k];
	return NULL;
}

/* X when T is relu6(x + 3). */
static struct tensor *
shifted_relu6(const struct tensor *t)
{
	const struct node *n = t->producer;

	return n && n->op == OP_RELU6 && t->uses == 1 ? beside(n->in[0], OP_ADD, 3) : NULL;
}

/* X when T is relu6(x + 3) / 6 in one of its forms. */
static struct tensor *
hard_sigmoid(const struct tensor *t)
{
	const struct node *n = t->producer;
	struct tensor *x = beside(t, OP_MUL, 1.0f / 6);

	if (x && x->producer)
		return shifted_relu6(x);
	if (!n || n->op != OP_CLIP || t->uses != 1 || n->attr.lo != 0 || n->attr.hi != 1)
		return NULL;
	x = beside(n->in[0], OP_ADD, 0.5f);
	return x ? beside(x, OP_MUL, 1.0f / 6) : NULL;
}

/* X when N is x * F(x). */
static struct tensor *
times(const struct node *n, struct tensor *(*f)(const struct tensor *))
{
	for (int k = 0; n->op == OP_MUL && k < 2; k++)
		if (f(n->in[k]) && f(n->in[k]) == n->in[1 - k])
			return n->in[1 - k];
	return NULL;
}

/* X when N is hard_swish(x); the factor of 1/6 may come last. */
static struct tensor *
hard_swish(const struct node *n)
{
	struct tensor *x = times(n, hard_sigmoid);

	for (int k = 0; !x && n->op == OP_MUL && k < 2; k++) {
		const struct tensor *factor = n->in[k], *product = n->in[1 - k];

		if (is_number(factor, 1.0f / 6) && product->producer && product->uses == 1)
			x = times(product->producer, shifted_relu6);
	}
	return x;
}

void
import_activations(struct graph *g)
{
	ARRAY(struct tensor *) made = { 0 };
	ARRAY(name) names = { 0 };
	char why[WHY_SIZE];
	struct attrs none;

	graph_tidy(g);
	attrs_init(&none);
	for (struct node *n = g->first; n; n = n->next) {
		struct tensor *x = n->out->dtype == DT_F32 ? hard_swish(n) : NULL;
		struct node *one = x ? graph_insert(g, n, OP_HARD_SWISH, graph_unique(g, n->out->name), &x, 1, &none, NULL, n->loc, why) : NULL;

		if (!one)
			continue;
		graph_replace(g, n->out, one->out);
		ARRAY_PUSH(g->arena, made, one->out);
		ARRAY_PUSH(g->arena, names, n->out->name);
	}
	import_prune(g);
	for (size_t i = 0; i < made.n; i++)
		graph_rename(g, made.v[i], names.v[i]);
}
