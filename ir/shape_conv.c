/* Shape rules of layers with weights (conv2d, dwconv2d, tconv2d, dense) and of pools: windows over an image
 * [h, w, c].  Sizes are formed in 64 bits from attributes that may hold anything. */
#include <config.h>

#include <math.h>

#include "ir/shape.h"

/* ---- windows ---- */

static const char *const side_name[4] = { "top", "bottom", "left", "right" };

/* Both values at least LEAST, or why not. */
static const char *
need_pair(enum attr a, const int32_t v[2], int32_t least, struct fault *f)
{
	if (v[0] >= least && v[1] >= least)
		return NULL;
	if (least == 0)
		return blame_attr(f, a, "%s must not be negative but is %dx%d", attr_info[a].name, v[0], v[1]);
	return blame_attr(f, a, "%s must be at least %d but is %dx%d", attr_info[a].name, least, v[0], v[1]);
}

static const char *
need_pad(const int32_t pad[4], struct fault *f)
{
	for (int i = 0; i < 4; i++)
		if (pad[i] < 0)
			return blame_attr(f, ATTR_PAD, "padding must not be negative but is %d at the %s", pad[i], side_name[i]);
	return NULL;
}

/* Cells that a window covers: (kernel - 1) * dilation + 1. */
static int64_t
span(const struct attrs *a, int i)
{
	return ((int64_t)a->kernel[i] - 1) * a->dilation[i] + 1;
}

/* OUT = floor((in + padding - span) / stride) + 1, height and width. */
static const char *
slide(const struct node *n, int64_t out[2], struct fault *f)
{
	const struct attrs *a = &n->attr;
	const int32_t *in = n->in[0]->shape.dim;
	const char *bad;
	if ((bad = need_pair(ATTR_KERNEL, a->kernel, 1, f)) || (bad = need_pair(ATTR_STRIDE, a->stride, 1, f))
	    || (bad = need_pair(ATTR_DILATION, a->dilation, 1, f)) || (bad = need_pad(a->pad, f)))
		return bad;
	int64_t room[2], win[2];
	for (int i = 0; i < 2; i++) {
		room[i] = (int64_t)in[i] + a->pad[2 * i] + a->pad[2 * i + 1];
		win[i] = span(a, i);
		out[i] = (room[i] - win[i]) / a->stride[i] + 1;
	}
	if (win[0] <= room[0] && win[1] <= room[1])
		return NULL;
	if (a->dilation[0] == 1 && a->dilation[1] == 1)
		return blame_attr(f, ATTR_KERNEL, "kernel %dx%d is larger than the padded input %lldx%lld", a->kernel[0], a->kernel[1],
			(long long)room[0], (long long)room[1]);
	return blame_attr(f, ATTR_KERNEL, "kernel %dx%d with dilation %dx%d covers %lldx%lld, more than the padded input %lldx%lld",
		a->kernel[0], a->kernel[1], a->dilation[0], a->dilation[1], (long long)win[0], (long long)win[1],
		(long long)room[0], (long long)room[1]);
}

static int32_t
clamp32(int64_t v)
{
	return v < 0 ? 0 : v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

static void
share(int64_t total, int32_t *before, int32_t *after)
{
	int32_t t = clamp32(total);
	*before = t / 2;
	*after = t - t / 2;
}

void
pad_same(const int32_t in[2], const struct attrs *a, int32_t pad[4])
{
	for (int i = 0; i < 2; i++) {
		int64_t stride = a->stride[i] < 1 ? 1 : a->stride[i]; /* the shape rule reports it */
		int64_t out = (in[i] + stride - 1) / stride;
		share((out - 1) * stride + span(a, i) - in[i], &pad[2 * i], &pad[2 * i + 1]);
	}
}

void
pad_same_transposed(const struct attrs *a, int32_t pad[4], int32_t output_pad[2])
{
	for (int i = 0; i < 2; i++) {
		int64_t excess = (int64_t)a->kernel[i] - a->stride[i];
		share(excess, &pad[2 * i], &pad[2 * i + 1]);
		output_pad[i] = clamp32(-excess);
	}
}

/* ---- weights ---- */

/* Input 1 of N as a weight of RANK dimensions (LAYOUT in words) with its output channels in dimension AXIS. */
static const char *
need_weight(const struct node *n, int rank, int axis, const char *layout, struct fault *f)
{
	char text[SHAPE_TEXT], scale[FLOAT_TEXT];
	const struct tensor *x = n->in[0], *w = n->in[1];
	const struct quant *q = &w->quant;
	if (!w->data)
		return blame_input(f, 1, "weight must be a constant");
	if (w->dtype != x->dtype)
		return blame_input(f, 1, "weight is %s but the input is %s", dtype_info[w->dtype].name, dtype_info[x->dtype].name);
	if (w->shape.rank != rank)
		return blame_input(f, 1, "weight must be %s but is %s", layout, shape_text(&w->shape, text, sizeof text));
	if (w->dtype == DT_F32)
		return q->count ? blame_input(f, 1, "an f32 weight has no scale") : NULL;
	if (q->count == 0)
		return blame_input(f, 1, "an i8 weight needs a scale");
	if (q->count > 1 && (q->axis != axis || q->count != w->shape.dim[axis]))
		return blame_input(f, 1, "weight has %d scales along dimension %d but needs 1, or %d along dimension %d", q->count,
			q->axis, w->shape.dim[axis], axis);
	if (q->zero != 0)
		return blame_input(f, 1, "weight must have zero point 0 but has %d", q->zero);
	for (int i = 0; i < q->count; i++)
		if (!(isfinite(q->scale[i]) && q->scale[i] >= 0))
			return blame_input(f, 1, "the weight's scale %d is %s", i, float_text(q->scale[i], scale, sizeof scale));
	return NULL;
}

/* Input 2, if there: one value per output channel, i32 beside i8 weights. */
static const char *
need_bias(const struct node *n, int32_t out, struct fault *f)
{
	if (n->nin < 3)
		return NULL;
	return need_vector(n, 2, n->in[0]->dtype == DT_F32 ? DT_F32 : DT_I32, out, f);
}

/* The attribute "out", from the weight when not written. */
static const char *
agree_out(struct node *n, int32_t out, struct fault *f)
{
	if (n->attr.out == 0)
		n->attr.out = out;
	if (n->attr.out != out)
		return blame_attr(f, ATTR_OUT, "weight has %d output channel%s but out = %d", out, plural(out), n->attr.out);
	return NULL;
}

/* The attribute "kernel", from the weight's when not written. */
static const char *
agree_kernel(struct node *n, const int32_t kernel[2], struct fault *f)
{
	struct attrs *a = &n->attr;
	for (int i = 0; i < 2; i++) {
		if (a->kernel[i] == KERNEL_ALL)
			a->kernel[i] = n->in[0]->shape.dim[i];
	}
	if (a->kernel[0] == 0 && a->kernel[1] == 0) {
		a->kernel[0] = kernel[0];
		a->kernel[1] = kernel[1];
	}
	if (a->kernel[0] == kernel[0] && a->kernel[1] == kernel[1])
		return NULL;
	return blame_attr(f, ATTR_KERNEL, "weight has a %dx%d kernel but kernel = %dx%d", kernel[0], kernel[1], a->kernel[0], a->kernel[1]);
}

/* conv2d: weight [out, kh, kw, in / groups]; both channel counts must divide into the groups. */
static const char *
need_groups(const struct node *n, struct fault *f)
{
	int32_t g = n->attr.groups, in = n->in[0]->shape.dim[2];
	int32_t out = n->in[1]->shape.dim[0], per = n->in[1]->shape.dim[3];
	if (g < 1)
		return blame_attr(f, ATTR_GROUPS, "groups must be at least 1 but is %d", g);
	if (in % g)
		return blame_attr(f, ATTR_GROUPS, "the input's %d channel%s do not divide into %d groups", in, plural(in), g);
	if (out % g)
		return blame_attr(f, ATTR_GROUPS, "the %d output channel%s do not divide into %d groups", out, plural(out), g);
	if (per == in / g)
		return NULL;
	if (g == 1)
		return blame_input(f, 1, "weight has %d input channel%s but the input has %d", per, plural(per), in);
	return blame_input(f, 1, "weight has %d input channel%s but the input has %d in %d groups of %d", per, plural(per), in, g, in / g);
}

/* ---- sums ---- */

/* The attributes of sums: complete, and nothing where they would mean nothing. */
static const char *
agree_sums(struct node *n, struct fault *f)
{
	struct attrs *a = &n->attr;
	enum dtype x = n->in[0]->dtype;
	if (a->result == x)
		a->result = DT_COUNT;
	if (a->result != DT_COUNT && (x != DT_I8 || (a->result != DT_I32 && a->result != DT_I16)))
		return blame_attr(f, ATTR_RESULT, "the result of an %s layer cannot be %s", dtype_info[x].name, dtype_info[a->result].name);
	if (a->result != DT_COUNT && !clamp_is_none(a->act))
		return blame_attr(f, ATTR_ACT, "%s sums have no activation", dtype_info[a->result].name);
	if (a->result != DT_COUNT || x != DT_I8)
		a->rounding = ROUNDING_DOUBLE;
	if (a->result != DT_COUNT || x != DT_I8 || a->rounding == ROUNDING_EVEN || a->rounding == ROUNDING_SHIFT)
		a->multiplier_bits = 0;
	if (a->multiplier_bits != 0 && (a->multiplier_bits < 2 || a->multiplier_bits > 32))
		return blame_attr(f, ATTR_MULTIPLIER_BITS, "multipliers have from 2 to 32 bits, not %d", a->multiplier_bits);
	if (a->shift < 0 || a->shift > SUM_SHIFT_MAX)
		return blame_attr(f, ATTR_SHIFT, "the shift of sums must be from 0 to %d but is %d", SUM_SHIFT_MAX, a->shift);
	if (a->result != DT_I16 && !(n->nin > INPUT_SUM && n->in[INPUT_SUM]->dtype == DT_I16))
		a->shift = 0;
	return NULL;
}

/* Input 3, if there: sums of the result's shape.  Those of an i32 or i16 result are of its type. */
static const char *
need_sum(const struct node *n, struct fault *f)
{
	char has[SHAPE_TEXT], gives[SHAPE_TEXT];
	if (n->nin <= INPUT_SUM)
		return NULL;
	const struct tensor *sum = n->in[INPUT_SUM];
	enum dtype result = n->out->dtype;
	if (result == DT_I8 ? sum->dtype != DT_I32 && sum->dtype != DT_I16 : sum->dtype != result)
		return blame_input(f, INPUT_SUM, "'sum' of an %s result is %s", dtype_info[result].name, dtype_info[sum->dtype].name);
	if (sum->quant.count)
		return blame_input(f, INPUT_SUM, "'sum' has a scale");
	if (!shape_equal(&sum->shape, &n->out->shape))
		return blame_input(f, INPUT_SUM, "'sum' is %s but the result %s", shape_text(&sum->shape, has, sizeof has),
			shape_text(&n->out->shape, gives, sizeof gives));
	return NULL;
}

/* The result of a layer that can give or take sums. */
static const char *
set_sums(struct node *n, int rank, const int64_t *dim, struct fault *f)
{
	const char *bad = agree_sums(n, f);
	if (!bad)
		bad = set_result(n, n->attr.result == DT_COUNT ? n->in[0]->dtype : n->attr.result, rank, dim, f);
	return bad ? bad : need_sum(n, f);
}

const char *
shape_conv2d(struct node *n, struct fault *f)
{
	int64_t hw[2];
	const char *bad;
	if ((bad = need_image(n, f)) || (bad = need_weight(n, 4, 0, "[out, kh, kw, in]", f)))
		return bad;
	const int32_t *w = n->in[1]->shape.dim;
	if ((bad = agree_kernel(n, w + 1, f)) || (bad = agree_out(n, w[0], f))
	    || (bad = need_groups(n, f)) || (bad = need_bias(n, w[0], f)) || (bad = slide(n, hw, f)))
		return bad;
	return set_sums(n, 3, (int64_t[]){ hw[0], hw[1], w[0] }, f);
}

/* Weight [kh, kw, c * multiplier]; output channel = input channel * multiplier + m. */
const char *
shape_dwconv2d(struct node *n, struct fault *f)
{
	int64_t hw[2];
	const char *bad;
	if ((bad = need_image(n, f)) || (bad = need_weight(n, 3, 2, "[kh, kw, out]", f)))
		return bad;
	const int32_t *w = n->in[1]->shape.dim;
	int32_t c = n->in[0]->shape.dim[2], m = n->attr.multiplier;
	if (m < 1)
		return blame_attr(f, ATTR_MULTIPLIER, "multiplier must be at least 1 but is %d", m);
	if ((int64_t)c * m != w[2])
		return blame_input(f, 1, "weight has %d channel%s but the input has %d with multiplier %d", w[2], plural(w[2]), c, m);
	if ((bad = agree_kernel(n, w, f)) || (bad = need_bias(n, w[2], f)) || (bad = slide(n, hw, f)))
		return bad;
	return set_sums(n, 3, (int64_t[]){ hw[0], hw[1], w[2] }, f);
}

/* OUT = (in - 1) * stride + kernel - padding + output_pad, height and width. */
static const char *
spread(const struct node *n, int64_t out[2], struct fault *f)
{
	const struct attrs *a = &n->attr;
	const char *bad;
	if ((bad = need_pair(ATTR_KERNEL, a->kernel, 1, f)) || (bad = need_pair(ATTR_STRIDE, a->stride, 1, f))
	    || (bad = need_pad(a->pad, f)) || (bad = need_pair(ATTR_OUTPUT_PAD, a->output_pad, 0, f)))
		return bad;
	for (int i = 0; i < 2; i++) {
		if (a->output_pad[i] >= a->stride[i])
			return blame_attr(f, ATTR_OUTPUT_PAD, "output_pad %dx%d must be smaller than the stride %dx%d", a->output_pad[0],
				a->output_pad[1], a->stride[0], a->stride[1]);
		int64_t full = ((int64_t)n->in[0]->shape.dim[i] - 1) * a->stride[i] + a->kernel[i] + a->output_pad[i];
		out[i] = full - a->pad[2 * i] - a->pad[2 * i + 1];
		if (out[i] < 1)
			return blame_attr(f, ATTR_PAD, "padding of %d and %d leaves nothing of the output's %lld %s", a->pad[2 * i],
				a->pad[2 * i + 1], (long long)full, i ? "columns" : "rows");
	}
	return NULL;
}

const char *
shape_tconv2d(struct node *n, struct fault *f)
{
	int64_t hw[2] = { 0, 0 };
	const char *bad;
	if ((bad = need_image(n, f)) || (bad = need_weight(n, 4, 0, "[out, kh, kw, in]", f)))
		return bad;
	const int32_t *w = n->in[1]->shape.dim;
	int32_t c = n->in[0]->shape.dim[2];
	if (w[3] != c)
		return blame_input(f, 1, "weight has %d input channel%s but the input has %d", w[3], plural(w[3]), c);
	if ((bad = agree_kernel(n, w + 1, f)) || (bad = agree_out(n, w[0], f))
	    || (bad = need_bias(n, w[0], f)) || (bad = spread(n, hw, f)))
		return bad;
	return set_sums(n, 3, (int64_t[]){ hw[0], hw[1], w[0] }, f);
}

/* Weight [out, in] over the last dimension. */
const char *
shape_dense(struct node *n, struct fault *f)
{
	const char *bad;
	const struct shape *x = &n->in[0]->shape;
	if (x->rank == 0)
		return blame_input(f, 0, "dense takes at least one dimension but the input is a scalar");
	if ((bad = need_weight(n, 2, 0, "[out, in]", f)))
		return bad;
	const int32_t *w = n->in[1]->shape.dim;
	if (w[1] != x->dim[x->rank - 1])
		return blame_input(f, 1, "weight has %d input%s but the input's last dimension is %d", w[1],
			plural(w[1]), x->dim[x->rank - 1]);
	if ((bad = agree_out(n, w[0], f)) || (bad = need_bias(n, w[0], f)))
		return bad;
	int64_t dim[RANK_MAX];
	for (int i = 0; i < x->rank - 1; i++)
		dim[i] = x->dim[i];
	dim[x->rank - 1] = w[0];
	return set_sums(n, x->rank, dim, f);
}

/* ---- pools ---- */

/* Without a cell of the input a window has no largest value and no mean. */
static const char *
need_cells(const struct node *n, const int64_t out[2], struct fault *f)
{
	const struct attrs *a = &n->attr;
	for (int i = 0; i < 2; i++) {
		int before = a->pad[2 * i], k = a->kernel[i];
		int64_t last = (out[i] - 1) * a->stride[i] - before;
		if (before >= k || last >= n->in[0]->shape.dim[i])
			return blame_attr(f, ATTR_PAD, "padding of %d at the %s leaves a window of %d without a cell of the input",
				before >= k ? before : a->pad[2 * i + 1], side_name[2 * i + (before < k)], k);
	}
	return NULL;
}

static const char *
pool(struct node *n, struct fault *f)
{
	int64_t hw[2];
	const char *bad;
	if ((bad = need_image(n, f)))
		return bad;
	for (int i = 0; i < 2; i++)
		if (n->attr.kernel[i] == KERNEL_ALL)
			n->attr.kernel[i] = n->in[0]->shape.dim[i];
	if ((bad = slide(n, hw, f)) || (bad = need_cells(n, hw, f)))
		return bad;
	return set_result(n, n->in[0]->dtype, 3, (int64_t[]){ hw[0], hw[1], n->in[0]->shape.dim[2] }, f);
}

const char *
shape_maxpool(struct node *n, struct fault *f)
{
	return pool(n, f);
}

const char *
shape_avgpool(struct node *n, struct fault *f)
{
	if (n->attr.count_pad && n->in[0]->dtype != DT_F32)
		return blame_attr(f, ATTR_COUNT_PAD, "count_pad is for f32 but the input is %s", dtype_info[n->in[0]->dtype].name);
	return pool(n, f);
}
