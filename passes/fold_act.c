/* relu, relu6 and clip become the activation of the layer before them, or merge with one another.
 *
 * needs:       nothing
 * establishes: a clamp is left only after an operation that takes none, where the value before it has other
 *              readers, or where it also changes the quantisation
 * breaks:      nothing */
#include <config.h>
#include <math.h>
#include "ir/quant.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

static float
clamped(float x, struct clamp c)
{
	return fminf(fmaxf(x, c.lo), c.hi);
}

/* SECOND after FIRST.  Clamping is monotone, so the ends of the whole are the ends of the first, clamped; the
 * same holds for the quantised ends, which makes int8 exact. */
static struct clamp
clamp_after(struct clamp first, struct clamp second)
{
	return (struct clamp){ clamped(first.lo, second), clamped(first.hi, second) };
}

static bool
same_clamp(struct clamp a, struct clamp b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

/* A range that has something in it, in real and in quantised values. */
static bool
is_proper(struct clamp c, const struct tensor *t)
{
	int32_t lo, hi;

	if (!(c.lo <= c.hi))
		return false;
	if (t->dtype == DT_F32)
		return true;
	clamp_quantise(c, &t->quant, t->dtype, &lo, &hi);
	return lo <= hi;
}

/* The clamp N, whose input is the clamp FIRST, merges into it. */
static bool
merge(struct node *first, struct clamp a, struct clamp b)
{
	struct clamp both = clamp_after(a, b);
	struct attrs attr;

	if (same_clamp(both, a))
		return true;
	if (!isfinite(both.lo) || !isfinite(both.hi))
		return false;
	attrs_init(&attr);
	attr.lo = both.lo;
	attr.hi = both.hi;
	node_become(first, OP_CLIP, &attr);
	return true;
}

static bool
fold(const struct node *n)
{
	struct node *before = n->in[0]->producer;
	struct clamp c, first;

	if (!node_clamp(n, &c) || !before || n->in[0]->uses != 1 || !same_type(n->in[0], n->out))
		return false;
	if (!is_proper(c, n->out))
		return false;
	if (op_info[before->op].flags & OPF_ACT) {
		if (!is_proper(before->attr.act, n->out))
			return false;
		before->attr.act = clamp_after(before->attr.act, c);
		return true;
	}
	return node_clamp(before, &first) && is_proper(first, n->out) && same_type(before->in[0], before->out)
		&& merge(before, first, c);
}

bool
pass_fold_act(struct graph *g, struct pass_ctx *ctx)
{
	struct node *n, *next;

	(void)ctx;
	for (n = g->first; n; n = next) {
		next = n->next;
		node_resolve(n);
		if (fold(n))
			node_bypass(g, n, n->in[0]);
	}
	graph_tidy(g);
	return true;
}
