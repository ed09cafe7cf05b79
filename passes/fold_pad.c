/* Padding of an image with what a convolution or a maximum pads with anyway becomes the padding of that layer.
 *
 * needs:       nothing
 * establishes: a pad before conv2d, dwconv2d or maxpool is left only where it pads channels, adds another value, has
 *              other readers, or reaches too far for the layer
 * breaks:      nothing */
#include <config.h>
#include <float.h>
#include "ir/quant.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

/* A convolution pads with the real value 0. */
static bool
pads_with_zero(const struct node *pad)
{
	const struct tensor *t = pad->out;

	if (t->dtype == DT_F32)
		return pad->attr.value == 0;
	return value_quantise(pad->attr.value, &t->quant, t->dtype) == t->quant.zero;
}

/* A maximum leaves its padding out, which is what padding with the smallest value comes to. */
static bool
pads_with_lowest(const struct node *pad)
{
	const struct tensor *t = pad->out;

	if (t->dtype == DT_F32)
		return pad->attr.value <= -FLT_MAX;
	return value_quantise(pad->attr.value, &t->quant, t->dtype) == dtype_info[t->dtype].lo;
}

/* Each window of a maximum keeps at least one cell of the input. */
static bool
windows_meet_input(const struct node *n)
{
	const int32_t *pad = n->attr.pad, *kernel = n->attr.kernel;

	return pad[0] < kernel[0] && pad[1] < kernel[0] && pad[2] < kernel[1] && pad[3] < kernel[1];
}

/* N with PAD's cells among its own, in *folded, when that computes the same. */
static bool
folded_into(const struct node *n, const struct node *pad, struct node *folded, struct tensor **in)
{
	const struct ints *before = &pad->attr.before, *after = &pad->attr.after;
	int i;

	if (pad->in[0]->shape.rank != 3 || before->v[2] || after->v[2] || !same_type(pad->in[0], pad->out))
		return false;
	*folded = *n;
	for (i = 0; i < 2; i++) {
		folded->attr.pad[2 * i] += before->v[i];
		folded->attr.pad[2 * i + 1] += after->v[i];
	}
	for (i = 0; i < n->nin; i++)
		in[i] = n->in[i];
	in[0] = pad->in[0];
	folded->in = in;
	return node_shape_holds(folded);
}

static bool
fold(struct graph *g, struct node *n)
{
	struct node *pad = n->in[0]->producer, folded;
	struct tensor *in[INPUTS_MAX];
	bool is_max = n->op == OP_MAXPOOL;

	if (!is_max && n->op != OP_CONV2D && n->op != OP_DWCONV2D)
		return false;
	if (!pad || pad->op != OP_PAD || pad->out->uses != 1)
		return false;
	if (!(is_max ? pads_with_lowest(pad) : pads_with_zero(pad)) || !folded_into(n, pad, &folded, in))
		return false;
	if (is_max && !windows_meet_input(&folded))
		return false;
	n->attr = folded.attr;
	node_set_input(n, 0, pad->in[0]);
	node_drop(g, pad);
	return true;
}

bool
pass_fold_pad(struct graph *g, struct pass_ctx *ctx)
{
	struct node *n;

	(void)ctx;
	for (n = g->first; n; n = n->next)
		while (fold(g, n))
			;
	graph_tidy(g);
	return true;
}
