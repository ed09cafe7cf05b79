/* Operations that change nothing are taken out, and chains of views and transposes become one.
 *
 * needs:       nothing
 * establishes: no reshape reads a reshape and no transpose a transpose; no operation is left that copies
 *              its input as it is
 * breaks:      may leave operations and constants that nothing reads (dce)
 *
 * A dequantize before a quantize, or the reverse, stays: the rounding between them is part of the network. */
#include <config.h>
#include <math.h>
#include "ir/quant.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

/* The tensor that N's result equals, or NULL; may make N a cheaper operation. */
typedef struct tensor *rule(struct node *n);

/* ... which is the input if nothing moves and nothing is rescaled. */
static struct tensor *
same_as_input(const struct node *n)
{
	struct tensor *x = n->in[0];

	return same_type(x, n->out) && shape_equal(&x->shape, &n->out->shape) ? x : NULL;
}

static bool
is_reshape(const struct node *n)
{
	return n && (n->op == OP_RESHAPE || n->op == OP_FLATTEN);
}

static void
become_reshape(struct node *n)
{
	const struct shape *s = &n->out->shape;
	struct attrs attr;
	int i;

	attrs_init(&attr);
	attr.shape.n = s->rank;
	for (i = 0; i < s->rank; i++)
		attr.shape.v[i] = s->dim[i];
	node_become(n, OP_RESHAPE, &attr);
}

static struct tensor *
simplify_reshape(struct node *n)
{
	struct node *before = n->in[0]->producer;

	if (is_reshape(before) && same_type(before->in[0], before->out)) {
		node_set_input(n, 0, before->in[0]);
		if (n->op == OP_RESHAPE)
			become_reshape(n);
	}
	return same_as_input(n);
}

/* N reads a transpose: read its input instead. */
static void
compose_transposes(struct node *n)
{
	const struct node *before = n->in[0]->producer;
	int i;

	if (!before || before->op != OP_TRANSPOSE || !same_type(before->in[0], before->out))
		return;
	for (i = 0; i < n->attr.perm.n; i++)
		n->attr.perm.v[i] = before->attr.perm.v[n->attr.perm.v[i]];
	node_set_input(n, 0, before->in[0]);
}

/* The dimensions longer than 1 keep their order, so every element stays where it is. */
static bool
keeps_order(const struct node *n)
{
	const struct ints *perm = &n->attr.perm;
	int i, last = -1;

	for (i = 0; i < perm->n; i++) {
		if (n->in[0]->shape.dim[perm->v[i]] == 1)
			continue;
		if (perm->v[i] < last)
			return false;
		last = perm->v[i];
	}
	return true;
}

static struct tensor *
simplify_transpose(struct node *n)
{
	compose_transposes(n);
	if (!keeps_order(n))
		return NULL;
	become_reshape(n);
	return simplify_reshape(n);
}

static struct tensor *
simplify_concat(struct node *n)
{
	return n->nin == 1 ? same_as_input(n) : NULL;
}

static struct tensor *
simplify_shuffle(struct node *n)
{
	const struct shape *s = &n->out->shape;

	return n->attr.groups == 1 || n->attr.groups == s->dim[s->rank - 1] ? same_as_input(n) : NULL;
}

/* A window of one cell. */
static struct tensor *
simplify_pool(struct node *n)
{
	const int32_t *kernel = n->attr.kernel;

	return kernel[0] == 1 && kernel[1] == 1 && clamp_is_none(n->attr.act) ? same_as_input(n) : NULL;
}

/* A clamp to the whole range of the type. */
static struct tensor *
simplify_clamp(struct node *n)
{
	const struct tensor *t = n->out;
	struct clamp c;
	int32_t lo, hi;

	if (!node_clamp(n, &c))
		return NULL;
	if (t->dtype == DT_F32)
		return clamp_is_none(c) ? same_as_input(n) : NULL;
	clamp_quantise(c, &t->quant, t->dtype, &lo, &hi);
	return lo == dtype_info[t->dtype].lo && hi == dtype_info[t->dtype].hi ? same_as_input(n) : NULL;
}

/* A fused activation to the whole range of the type is none. */
static void
drop_empty_act(struct node *n)
{
	const struct tensor *t = n->out;
	int32_t lo, hi;

	if (!(op_info[n->op].flags & OPF_ACT) || t->dtype != DT_I8)
		return;
	clamp_quantise(n->attr.act, &t->quant, t->dtype, &lo, &hi);
	if (lo == dtype_info[t->dtype].lo && hi == dtype_info[t->dtype].hi)
		n->attr.act = (struct clamp){ -INFINITY, INFINITY };
}

/* A slice, pad or resize to the shape it had; a copy; a requantisation to the same scale. */
static struct tensor *
simplify_same_shape(struct node *n)
{
	return same_as_input(n);
}

static rule *const rules[OP_COUNT] = {
	[OP_RESHAPE] = simplify_reshape,
	[OP_FLATTEN] = simplify_reshape,
	[OP_TRANSPOSE] = simplify_transpose,
	[OP_CONCAT] = simplify_concat,
	[OP_SHUFFLE] = simplify_shuffle,
	[OP_MAXPOOL] = simplify_pool,
	[OP_AVGPOOL] = simplify_pool,
	[OP_RELU] = simplify_clamp,
	[OP_RELU6] = simplify_clamp,
	[OP_CLIP] = simplify_clamp,
	[OP_SLICE] = simplify_same_shape,
	[OP_PAD] = simplify_same_shape,
	[OP_RESIZE] = simplify_same_shape,
	[OP_COPY] = simplify_same_shape,
	[OP_REQUANTIZE] = simplify_same_shape,
};

bool
pass_simplify(struct graph *g, struct pass_ctx *ctx)
{
	struct node *n, *next;
	struct tensor *same;

	(void)ctx;
	for (n = g->first; n; n = next) {
		next = n->next;
		node_resolve(n);
		drop_empty_act(n);
		same = rules[n->op] ? rules[n->op](n) : NULL;
		if (same)
			node_bypass(g, n, same);
	}
	graph_tidy(g);
	return true;
}
