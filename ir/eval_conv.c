/* Convolutions and dense layers: sums of products, then requantisation (int8) and the fused activation; or the sums
 * themselves.  A sum may start from a given one.
 * Sums run over kernel rows, kernel columns, input channels in this order; int8 sums are 32 bits wide and wrap.
 * A tap outside the input adds nothing, which is padding with the zero point. */
#include <config.h>

#include "ir/eval_impl.h"

/* From the 32-bit sum over the taps to a result, i8, i16 or i32. */
struct finish {
	enum dtype type;             /* of the result */
	struct rescale by;           /* i8 */
	const int32_t *bias;         /* or NULL */
	const int32_t *sum_i32;      /* what the sum starts from: one of these or none */
	const int16_t *sum_i16;
	int32_t shift;               /* of i16 sums */
	int32_t in_zero, out_zero, lo, hi;
};

static struct finish
finish_of(struct arena *a, const struct node *n, const void *const *in)
{
	struct finish f = {
		.type = n->out->dtype,
		.bias = n->nin > 2 ? in[2] : NULL,
		.shift = n->attr.shift,
		.in_zero = n->in[0]->quant.zero,
		.out_zero = n->out->quant.zero,
	};

	if (n->nin > INPUT_SUM && n->in[INPUT_SUM]->dtype == DT_I32)
		f.sum_i32 = in[INPUT_SUM];
	else if (n->nin > INPUT_SUM)
		f.sum_i16 = in[INPUT_SUM];
	if (f.type != DT_I8)
		return f;
	rescale_of(a, n, &f.by);
	clamp_quantise(n->attr.act, &n->out->quant, n->out->dtype, &f.lo, &f.hi);
	return f;
}

/* Element AT of the result, which is of CHANNEL. */
static void
finish_int(const struct finish *f, int32_t sum, int32_t channel, int64_t at, void *out)
{
	if (f->bias)
		sum = wrap_add(sum, f->bias[channel]);
	if (f->sum_i32)
		sum = wrap_add(sum, f->sum_i32[at]);
	if (f->sum_i16)
		sum = wrap_add(sum, sum_widen(f->sum_i16[at], f->shift));
	if (f->type == DT_I32)
		((int32_t *)out)[at] = sum;
	else if (f->type == DT_I16)
		((int16_t *)out)[at] = sum_narrow(sum, f->shift);
	else
		((int8_t *)out)[at] = (int8_t)clamp_i32((int64_t)rescale_at(&f->by, sum, channel) + f->out_zero, f->lo, f->hi);
}

static int32_t
dot_i8(const int8_t *x, int32_t zero, const int8_t *w, int32_t n, int32_t sum)
{
	uint32_t s = (uint32_t)sum;

	for (int32_t i = 0; i < n; i++)
		s += (uint32_t)((x[i] - zero) * w[i]);
	return (int32_t)s;
}

static float
dot_f32(const float *x, const float *w, int32_t n, float sum)
{
	for (int32_t i = 0; i < n; i++)
		sum += x[i] * w[i];
	return sum;
}

/* What the sum of element AT starts from. */
static float
start_f32(const struct node *n, const void *const *in, int64_t at)
{
	return n->nin > INPUT_SUM ? ((const float *)in[INPUT_SUM])[at] : 0;
}

static float
finish_f32(const struct node *n, const void *const *in, float sum, int32_t channel)
{
	return clamp_f32(sum + (n->nin > 2 ? ((const float *)in[2])[channel] : 0), n->attr.act);
}

/* x[ih, iw, ic], w[oc, kh, kw, ic / groups] -> y[oh, ow, oc]; one output pixel. */
struct conv {
	int32_t ih, iw, ic, oh, ow, oc, kh, kw, per_group;
	struct span y, x; /* of the pixel's window */
	int32_t dy, dx;   /* dilation */
};

static struct conv
conv_of(const struct node *n)
{
	const int32_t *in = n->in[0]->shape.dim, *out = n->out->shape.dim;
	const struct attrs *at = &n->attr;

	return (struct conv){
		.ih = in[0], .iw = in[1], .ic = in[2], .oh = out[0], .ow = out[1], .oc = out[2],
		.kh = at->kernel[0], .kw = at->kernel[1], .per_group = in[2],
		.dy = at->dilation[0], .dx = at->dilation[1],
	};
}

static void
conv_move(struct conv *c, const struct attrs *at, int32_t oy, int32_t ox)
{
	c->y = window_span(oy, at->stride[0], at->pad[0], c->dy, c->kh, c->ih);
	c->x = window_span(ox, at->stride[1], at->pad[2], c->dx, c->kw, c->iw);
}

/* The input's element under tap (ky, kx), first channel. */
static int64_t
conv_input(const struct conv *c, int32_t ky, int32_t kx)
{
	int64_t iy = c->y.origin + (int64_t)ky * c->dy, ix = c->x.origin + (int64_t)kx * c->dx;

	return (iy * c->iw + ix) * c->ic;
}

static int32_t
conv_sum_i8(const struct conv *c, const int8_t *x, int32_t zero, const int8_t *w, int32_t oc)
{
	int64_t group = (int64_t)(oc / (c->oc / (c->ic / c->per_group))) * c->per_group;
	int32_t sum = 0;

	for (int32_t ky = c->y.first; ky < c->y.last; ky++)
		for (int32_t kx = c->x.first; kx < c->x.last; kx++)
			sum = dot_i8(x + conv_input(c, ky, kx) + group, zero,
				w + (((int64_t)oc * c->kh + ky) * c->kw + kx) * c->per_group, c->per_group, sum);
	return sum;
}

static float
conv_sum_f32(const struct conv *c, const float *x, const float *w, int32_t oc, float sum)
{
	int64_t group = (int64_t)(oc / (c->oc / (c->ic / c->per_group))) * c->per_group;

	for (int32_t ky = c->y.first; ky < c->y.last; ky++)
		for (int32_t kx = c->x.first; kx < c->x.last; kx++)
			sum = dot_f32(x + conv_input(c, ky, kx) + group,
				w + (((int64_t)oc * c->kh + ky) * c->kw + kx) * c->per_group, c->per_group, sum);
	return sum;
}

static int32_t
depthwise_sum_i8(const struct conv *c, const int8_t *x, int32_t zero, const int8_t *w, int32_t oc)
{
	int32_t ic = oc / (c->oc / c->ic);
	int32_t sum = 0;

	for (int32_t ky = c->y.first; ky < c->y.last; ky++)
		for (int32_t kx = c->x.first; kx < c->x.last; kx++)
			sum = dot_i8(x + conv_input(c, ky, kx) + ic, zero,
				w + ((int64_t)ky * c->kw + kx) * c->oc + oc, 1, sum);
	return sum;
}

static float
depthwise_sum_f32(const struct conv *c, const float *x, const float *w, int32_t oc, float sum)
{
	int32_t ic = oc / (c->oc / c->ic);

	for (int32_t ky = c->y.first; ky < c->y.last; ky++)
		for (int32_t kx = c->x.first; kx < c->x.last; kx++)
			sum += x[conv_input(c, ky, kx) + ic] * w[((int64_t)ky * c->kw + kx) * c->oc + oc];
	return sum;
}

typedef int32_t sum_i8(const struct conv *, const int8_t *x, int32_t zero, const int8_t *w, int32_t oc);
typedef float sum_f32(const struct conv *, const float *x, const float *w, int32_t oc, float start);

/* Every output element from its sum. */
static void
eval_windows(const struct node *n, struct conv *c, const void *const *in, void *out, sum_i8 *i8, sum_f32 *f32)
{
	struct arena a = { 0 };
	bool is_f32 = n->out->dtype == DT_F32;
	struct finish f = is_f32 ? (struct finish){ 0 } : finish_of(&a, n, in);
	int64_t at = 0;

	for (int32_t oy = 0; oy < c->oh; oy++)
		for (int32_t ox = 0; ox < c->ow; ox++) {
			conv_move(c, &n->attr, oy, ox);
			for (int32_t oc = 0; oc < c->oc; oc++, at++)
				if (is_f32)
					((float *)out)[at] = finish_f32(n, in, f32(c, in[0], in[1], oc, start_f32(n, in, at)), oc);
				else
					finish_int(&f, i8(c, in[0], f.in_zero, in[1], oc), oc, at, out);
		}
	arena_free(&a);
}

void
eval_conv2d(const struct node *n, const void *const *in, void *out)
{
	struct conv c = conv_of(n);

	c.per_group = c.ic / n->attr.groups;
	eval_windows(n, &c, in, out, conv_sum_i8, conv_sum_f32);
}

/* x[ih, iw, ic], w[1, kh, kw, ic * m]: output channel o reads input channel o / m. */
void
eval_dwconv2d(const struct node *n, const void *const *in, void *out)
{
	struct conv c = conv_of(n);

	eval_windows(n, &c, in, out, depthwise_sum_i8, depthwise_sum_f32);
}

/* The input row that tap k of output row o reads in a transposed convolution, or -1: o + pad = i * stride + k. */
static int32_t
scatter_source(int32_t o, int32_t k, int32_t stride, int32_t pad, int32_t length)
{
	int64_t at = (int64_t)o + pad - k;

	return at < 0 || at % stride || at / stride >= length ? -1 : (int32_t)(at / stride);
}

/* The element under tap (ky, kx) of output (oy, ox), first channel, or -1. */
static int64_t
tconv_input(const struct node *n, const struct conv *c, int32_t oy, int32_t ox, int32_t ky, int32_t kx)
{
	int32_t iy = scatter_source(oy, ky, n->attr.stride[0], n->attr.pad[0], c->ih);
	int32_t ix = scatter_source(ox, kx, n->attr.stride[1], n->attr.pad[2], c->iw);

	return iy < 0 || ix < 0 ? -1 : ((int64_t)iy * c->iw + ix) * c->ic;
}

/* x[ih, iw, ic], w[oc, kh, kw, ic].  Taps backwards, so that the sum meets the input's rows and columns in
 * ascending order: the order in which the reference scatters them. */
void
eval_tconv2d(const struct node *n, const void *const *in, void *out)
{
	struct arena a = { 0 };
	struct conv c = conv_of(n);
	bool is_f32 = n->out->dtype == DT_F32;
	struct finish f = is_f32 ? (struct finish){ 0 } : finish_of(&a, n, in);
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i++) {
		int32_t oc = (int32_t)(i % c.oc), ox = (int32_t)(i / c.oc % c.ow), oy = (int32_t)(i / c.oc / c.ow);
		int32_t isum = 0;
		float fsum = is_f32 ? start_f32(n, in, i) : 0;

		for (int32_t ky = c.kh - 1; ky >= 0; ky--)
			for (int32_t kx = c.kw - 1; kx >= 0; kx--) {
				int64_t x = tconv_input(n, &c, oy, ox, ky, kx);
				int64_t w = (((int64_t)oc * c.kh + ky) * c.kw + kx) * c.ic;

				if (x >= 0 && is_f32)
					fsum = dot_f32((const float *)in[0] + x, (const float *)in[1] + w, c.ic, fsum);
				else if (x >= 0)
					isum = dot_i8((const int8_t *)in[0] + x, f.in_zero,
						(const int8_t *)in[1] + w, c.ic, isum);
			}
		if (is_f32)
			((float *)out)[i] = finish_f32(n, in, fsum, oc);
		else
			finish_int(&f, isum, oc, i, out);
	}
	arena_free(&a);
}

/* x[..., n], w[m, n] -> y[..., m] */
void
eval_dense(const struct node *n, const void *const *in, void *out)
{
	struct arena a = { 0 };
	bool is_f32 = n->out->dtype == DT_F32;
	struct finish f = is_f32 ? (struct finish){ 0 } : finish_of(&a, n, in);
	int32_t ic = n->in[0]->shape.dim[n->in[0]->shape.rank - 1];
	int32_t oc = n->out->shape.dim[n->out->shape.rank - 1];
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i++) {
		int64_t x = i / oc * ic, w = i % oc * ic;
		int32_t c = (int32_t)(i % oc);

		if (is_f32)
			((float *)out)[i] = finish_f32(n, in, dot_f32((const float *)in[0] + x, (const float *)in[1] + w, ic,
				start_f32(n, in, i)), c);
		else
			finish_int(&f, dot_i8((const int8_t *)in[0] + x, f.in_zero, (const int8_t *)in[1] + w, ic, 0), c, i, out);
	}
	arena_free(&a);
}
