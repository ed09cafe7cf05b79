/* Shape rules of elementwise operations, reductions, softmax and changes of the number format. */
#include <config.h>

#include <math.h>

#include "ir/shape.h"

/* ---- two operands ---- */

/* Dimension I of the result, counted from the last; a missing dimension is 1.  0: they do not fit. */
static int32_t
broadcast_dim(const struct shape *a, const struct shape *b, int i)
{
	int32_t x = i < a->rank ? a->dim[a->rank - 1 - i] : 1;
	int32_t y = i < b->rank ? b->dim[b->rank - 1 - i] : 1;
	return x == y || y == 1 ? x : x == 1 ? y : 0;
}

static const char *
binary(struct node *n, struct fault *f)
{
	const struct tensor *a = n->in[0], *b = n->in[1];
	char x[SHAPE_TEXT], y[SHAPE_TEXT];
	int rank = a->shape.rank > b->shape.rank ? a->shape.rank : b->shape.rank;
	int64_t dim[RANK_MAX];
	if (a->dtype != b->dtype)
		return blame_op(f, "'a' is %s but 'b' is %s", dtype_info[a->dtype].name, dtype_info[b->dtype].name);
	for (int i = 0; i < rank; i++)
		if ((dim[rank - 1 - i] = broadcast_dim(&a->shape, &b->shape, i)) == 0)
			return blame_op(f, "%s and %s do not broadcast: dimensions, aligned at the last, must be equal or 1",
				shape_text(&a->shape, x, sizeof x), shape_text(&b->shape, y, sizeof y));
	return set_result(n, a->dtype, rank, dim, f);
}

/* Sums are added as they are. */
const char *
shape_add(struct node *n, struct fault *f)
{
	enum dtype t = n->in[0]->dtype;
	if ((t == DT_I32 || t == DT_I16) && !clamp_is_none(n->attr.act))
		return blame_attr(f, ATTR_ACT, "%s sums have no activation", dtype_info[t].name);
	return binary(n, f);
}

const char *
shape_sub(struct node *n, struct fault *f)
{
	return binary(n, f);
}

const char *
shape_mul(struct node *n, struct fault *f)
{
	return binary(n, f);
}

/* ---- mean ---- */

/* REDUCED[i]: dimension i is one of AXES (none written: all).  AXES become positive and rise. */
static const char *
read_axes(struct ints *axes, int rank, bool *reduced, struct fault *f)
{
	for (int i = 0; i < rank; i++)
		reduced[i] = axes->n == 0;
	for (int i = 0; i < axes->n; i++) {
		const char *bad = need_axis(ATTR_AXES, &axes->v[i], rank, f);
		if (bad)
			return bad;
		if (reduced[axes->v[i]])
			return blame_attr(f, ATTR_AXES, "axes has dimension %d twice", axes->v[i]);
		reduced[axes->v[i]] = true;
	}
	axes->n = 0;
	for (int i = 0; i < rank; i++)
		if (reduced[i])
			axes->v[axes->n++] = i;
	return NULL;
}

const char *
shape_mean(struct node *n, struct fault *f)
{
	const struct shape *x = &n->in[0]->shape;
	bool reduced[RANK_MAX];
	int64_t dim[RANK_MAX];
	int rank = 0;
	const char *bad = read_axes(&n->attr.axes, x->rank, reduced, f);
	if (bad)
		return bad;
	for (int i = 0; i < x->rank; i++)
		if (!reduced[i] || n->attr.keep)
			dim[rank++] = reduced[i] ? 1 : x->dim[i];
	return set_result(n, n->in[0]->dtype, rank, dim, f);
}

/* ---- one operand ---- */

/* Every channel's factor weight / sqrt(var + epsilon) and offset bias - mean * factor must be finite, or folding
 * them into a layer's weights would make constants that are not. */
static const char *
check_channels(const struct node *n, int32_t c, struct fault *f)
{
	const float *weight = n->in[1]->data, *bias = n->in[2]->data, *mean = n->in[3]->data, *var = n->in[4]->data;
	char text[FLOAT_TEXT];
	for (int32_t i = 0; i < c; i++) {
		if (!(var[i] + n->attr.epsilon > 0))
			return blame_input(f, 4, "running_var[%d] is %s: with epsilon it must be above 0", i,
				float_text(var[i], text, sizeof text));
		float factor = weight[i] / sqrtf(var[i] + n->attr.epsilon);
		if (!isfinite(factor) || !isfinite(bias[i] - mean[i] * factor))
			return blame_op(f, "the factor or the offset of channel %d is too large for f32", i);
	}
	return NULL;
}

const char *
shape_batchnorm(struct node *n, struct fault *f)
{
	const struct shape *x = &n->in[0]->shape;
	const char *bad = need_type(n, 0, DT_F32, f);
	if (bad)
		return bad;
	if (x->rank == 0)
		return blame_input(f, 0, "batchnorm takes at least one dimension but the input is a scalar");
	int32_t c = x->dim[x->rank - 1];
	for (int k = 1; k < 5; k++)
		if ((bad = need_vector(n, k, DT_F32, c, f)))
			return bad;
	if (!(isfinite(n->attr.epsilon) && n->attr.epsilon >= 0))
		return blame_attr(f, ATTR_EPSILON, "epsilon must be a number from 0 on");
	if ((bad = check_channels(n, c, f)))
		return bad;
	return set_like(n, n->in[0], f);
}

const char *
shape_relu(struct node *n, struct fault *f)
{
	return set_like(n, n->in[0], f);
}

const char *
shape_relu6(struct node *n, struct fault *f)
{
	return set_like(n, n->in[0], f);
}

const char *
shape_clip(struct node *n, struct fault *f)
{
	char lo[FLOAT_TEXT], hi[FLOAT_TEXT];
	if (!(n->attr.lo <= n->attr.hi))
		return blame_attr(f, ATTR_LO, "lo %s is above hi %s", float_text(n->attr.lo, lo, sizeof lo),
			float_text(n->attr.hi, hi, sizeof hi));
	return set_like(n, n->in[0], f);
}

const char *
shape_leaky_relu(struct node *n, struct fault *f)
{
	if (!isfinite(n->attr.alpha))
		return blame_attr(f, ATTR_ALPHA, "alpha must be finite");
	return set_like(n, n->in[0], f);
}

const char *
shape_hard_swish(struct node *n, struct fault *f)
{
	return set_like(n, n->in[0], f);
}

/* The scales that TensorFlow Lite's int8 kernels give: [0, 1) and [-1, 1) over all 256 values. */
static const float unit_scale = 1.0f / 256, signed_unit_scale = 1.0f / 128;

static const char *
fixed(struct node *n, const float *scale, int32_t zero, struct fault *f)
{
	const char *bad = set_like(n, n->in[0], f);
	return bad ? bad : set_fixed_quant(n, scale, zero, f);
}

const char *
shape_sigmoid(struct node *n, struct fault *f)
{
	return fixed(n, &unit_scale, -128, f);
}

const char *
shape_tanh(struct node *n, struct fault *f)
{
	return fixed(n, &signed_unit_scale, 0, f);
}

const char *
shape_softmax(struct node *n, struct fault *f)
{
	char text[FLOAT_TEXT];
	if (n->in[0]->shape.rank == 0)
		return blame_input(f, 0, "softmax takes at least one dimension but the input is a scalar");
	if (!(isfinite(n->attr.beta) && n->attr.beta > 0))
		return blame_attr(f, ATTR_BETA, "beta must be above 0 but is %s", float_text(n->attr.beta, text, sizeof text));
	return fixed(n, &unit_scale, -128, f);
}

const char *
shape_log_softmax(struct node *n, struct fault *f)
{
	const char *bad = need_type(n, 0, DT_F32, f);
	if (bad)
		return bad;
	if (n->in[0]->shape.rank == 0)
		return blame_input(f, 0, "log_softmax takes at least one dimension but the input is a scalar");
	return set_like(n, n->in[0], f);
}

/* What beta is the exponent of must be above 0 for every input. */
const char *
shape_lrn(struct node *n, struct fault *f)
{
	const struct attrs *a = &n->attr;
	char text[FLOAT_TEXT];
	const char *bad = need_type(n, 0, DT_F32, f);
	if (bad)
		return bad;
	if (n->in[0]->shape.rank == 0)
		return blame_input(f, 0, "lrn takes at least one dimension but the input is a scalar");
	if (a->window < 1)
		return blame_attr(f, ATTR_WINDOW, "window must be at least 1 but is %d", a->window);
	if (!(isfinite(a->alpha) && a->alpha >= 0))
		return blame_attr(f, ATTR_ALPHA, "alpha must be a number from 0 on but is %s", float_text(a->alpha, text, sizeof text));
	if (!(isfinite(a->offset) && a->offset > 0))
		return blame_attr(f, ATTR_OFFSET, "offset must be above 0 but is %s", float_text(a->offset, text, sizeof text));
	if (!isfinite(a->beta))
		return blame_attr(f, ATTR_BETA, "beta must be finite");
	return set_like(n, n->in[0], f);
}

/* ---- number formats ---- */

/* What no scale gives the arithmetic is not prepared for. */
static const char *
need_multipliers(const struct node *n, struct fault *f)
{
	char text[FLOAT_TEXT];
	for (int32_t c = 0; c < n->in[1]->shape.dim[0]; c++) {
		if (n->nin < 3) {
			float v = ((const float *)n->in[1]->data)[c];
			if (!(v >= 0))
				return blame_input(f, 1, "multiplier %d is %s", c, float_text(v, text, sizeof text));
			continue;
		}
		int32_t m = ((const int32_t *)n->in[1]->data)[c];
		int8_t s = ((const int8_t *)n->in[2]->data)[c];
		if (m < 0)
			return blame_input(f, 1, "multiplier %d is %d", c, m);
		if (s < -31 || s > 31)
			return blame_input(f, 2, "shift %d is %d, outside -31 to 31", c, s);
	}
	return NULL;
}

/* From one element type to another, the same shape. */
static const char *
convert(struct node *n, enum dtype from, enum dtype to, struct fault *f)
{
	const char *bad = need_type(n, 0, from, f);
	if (!bad)
		bad = set_like(n, n->in[0], f);
	if (!bad)
		n->out->dtype = to;
	return bad;
}

const char *
shape_quantize(struct node *n, struct fault *f)
{
	return convert(n, DT_F32, DT_I8, f);
}

const char *
shape_dequantize(struct node *n, struct fault *f)
{
	return convert(n, DT_I8, DT_F32, f);
}

/* x i32 or i16, Multiplier i32 and Shift i8 per channel, or Multiplier f32 alone for ties to even. */
const char *
shape_rescale(struct node *n, struct fault *f)
{
	const struct shape *x = &n->in[0]->shape;
	enum dtype t = n->in[0]->dtype;
	bool even = n->attr.rounding == ROUNDING_EVEN;
	const char *bad;
	if (t != DT_I32 && t != DT_I16)
		return blame_input(f, 0, "rescale takes i32 or i16 but 'x' is %s", dtype_info[t].name);
	if (x->rank == 0)
		return blame_input(f, 0, "rescale takes at least one dimension but the input is a scalar");
	if (n->nin != (even ? 2 : 3))
		return blame_op(f, "rescale with rounding = %s takes %d inputs but has %d", rounding_names[n->attr.rounding], even ? 2 : 3, n->nin);
	if (n->attr.shift < 0 || n->attr.shift > SUM_SHIFT_MAX)
		return blame_attr(f, ATTR_SHIFT, "the shift of sums must be from 0 to %d but is %d", SUM_SHIFT_MAX, n->attr.shift);
	if (t != DT_I16)
		n->attr.shift = 0;
	if ((bad = need_vector(n, 1, even ? DT_F32 : DT_I32, x->dim[x->rank - 1], f))
	    || (!even && (bad = need_vector(n, 2, DT_I8, x->dim[x->rank - 1], f))) || (bad = need_multipliers(n, f))
	    || (bad = set_like(n, n->in[0], f)))
		return bad;
	n->out->dtype = DT_I8;
	return NULL;
}

const char *
shape_requantize(struct node *n, struct fault *f)
{
	return convert(n, DT_I8, DT_I8, f);
}
