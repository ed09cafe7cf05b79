/* A batch normalisation after a convolution or a dense layer is that layer with other weights:
 *
 *	bn(conv(x, w) + b) = conv(x, w * s) + (b - mean) * s + bias      s = weight / sqrt(var + epsilon)
 *
 * and one after a batch normalisation likewise, its weight and bias taking the places of w and b.
 *
 * needs:       nothing
 * establishes: a batchnorm is left only where its input has other readers, an activation or no weights to
 *              change, or where a factor is not finite
 * breaks:      nothing; f32 results differ by the rounding of the new weights */
#include <config.h>
#include <math.h>
#include "passes/pass.h"
#include "passes/rewrite.h"

enum { WEIGHT = 1, BIAS = 2, MEAN = 3, VAR = 4 }; /* inputs */

/* Which dimension of the weights counts output channels; -1: not a layer to fold into. */
static int
channel_axis(const struct node *n)
{
	if (n->op == OP_CONV2D || n->op == OP_TCONV2D || n->op == OP_DENSE)
		return 0;
	if (n->op == OP_DWCONV2D || n->op == OP_BATCHNORM)
		return n->in[WEIGHT]->shape.rank - 1;
	return -1;
}

static bool
is_foldable(const struct node *bn)
{
	const struct node *n = bn->in[0]->producer;
	int k;

	if (!n || bn->in[0]->uses != 1 || channel_axis(n) < 0 || !clamp_is_none(n->attr.act))
		return false;
	if (op_info[n->op].flags & OPF_SUM && n->nin > INPUT_SUM)
		return false; /* whose elements are no weights to change */
	for (k = WEIGHT; k <= VAR; k++)
		if (!is_f32_const(bn->in[k]))
			return false;
	for (k = WEIGHT; k < n->nin; k++)
		if (!is_f32_const(n->in[k]))
			return false;
	return true;
}

/* The factor and the addend of each channel, when all are finite. */
static bool
affine_of(const struct node *bn, int64_t channels, double *scale, double *shift)
{
	const float *weight = bn->in[WEIGHT]->data, *bias = bn->in[BIAS]->data;
	const float *mean = bn->in[MEAN]->data, *var = bn->in[VAR]->data;
	int64_t i;

	for (i = 0; i < channels; i++) {
		scale[i] = weight[i] / sqrt((double)var[i] + bn->attr.epsilon);
		shift[i] = bias[i] - mean[i] * scale[i];
		if (!isfinite(scale[i]) || !isfinite(shift[i]))
			return false;
	}
	return true;
}

static bool
fold(struct graph *g, struct pass_ctx *ctx, struct node *bn)
{
	struct node *n = bn->in[0]->producer;
	const struct tensor *weight = n->in[WEIGHT];
	int64_t channels = tensor_count(bn->in[WEIGHT]), count = tensor_count(weight);
	const float *w = weight->data, *b = n->nin > BIAS ? n->in[BIAS]->data : NULL;
	/* Elements of one channel that lie together: all of them where it is the first dimension, one where the last. */
	int64_t run = channel_axis(n) == 0 ? count / channels : 1;
	double *scale = ARENA_ARRAY(ctx->scratch, double, channels);
	double *shift = ARENA_ARRAY(ctx->scratch, double, channels);
	float *new_w, *new_b;
	int64_t i;

	if (!affine_of(bn, channels, scale, shift))
		return false;
	new_w = ARENA_ARRAY(g->arena, float, count);
	new_b = ARENA_ARRAY(g->arena, float, channels);
	for (i = 0; i < count; i++)
		new_w[i] = (float)(w[i] * scale[i / run % channels]);
	for (i = 0; i < channels; i++)
		new_b[i] = (float)((b ? b[i] * scale[i] : 0) + shift[i]);
	if (!all_finite(new_w, count) || !all_finite(new_b, channels))
		return false;
	node_set_const(g, n, WEIGHT, new_w);
	node_set_bias(g, n, DT_F32, (int32_t)channels, new_b);
	return true;
}

bool
pass_fold_batchnorm(struct graph *g, struct pass_ctx *ctx)
{
	struct node *n, *next;

	for (n = g->first; n; n = next) {
		next = n->next;
		node_resolve(n);
		if (n->op == OP_BATCHNORM && is_foldable(n) && fold(g, ctx, n))
			node_bypass(g, n, n->in[0]);
	}
	graph_tidy(g);
	return true;
}
