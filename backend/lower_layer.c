/* Layers with weights, and pools: windows over an image. */
#include <config.h>
#include "backend/lower.h"

/* multiplier and shift, an element per output channel. */
static void
call_multipliers(struct lower *l, struct call *c, const struct node *n)
{
	int count = n->out->shape.dim[n->out->shape.rank - 1];
	const struct multiplier *m = layer_multipliers(l->p->arena, n);
	int32_t *multiplier = ARENA_ARRAY(l->p->arena, int32_t, (size_t)count);
	int8_t *shift = ARENA_ARRAY(l->p->arena, int8_t, (size_t)count);

	for (int i = 0; i < count; i++) {
		multiplier[i] = m[i].m;
		shift[i] = (int8_t)m[i].shift;
	}
	call_const(l, c, "multiplier", "multiplier", DT_I32, count, multiplier);
	call_const(l, c, "shift", "shift", DT_I8, count, shift);
}

/* y, x, weight, bias and what makes results of sums. */
static void
call_layer(struct lower *l, struct call *c, const struct node *n)
{
	call_out(l, c, "y", n->out);
	call_in(l, c, "x", n->in[0]);
	call_in(l, c, "weight", n->in[1]);
	call_in(l, c, "bias", n->nin > 2 ? n->in[2] : NULL);
	if (n->out->dtype == DT_I8) {
		call_multipliers(l, c, n);
		call_int(l, c, "x_zero", n->in[0]->quant.zero);
		call_int(l, c, "y_zero", n->out->quant.zero);
	}
	call_act(l, c, n, n->attr.act);
}

/* A step that is never taken, since there is one place only, is 1: equal shapes share a function. */
static int32_t
step_of(int32_t step, int32_t places)
{
	return places > 1 ? step : 1;
}

/* Everything that the kernels index or step over stays within 32 bits. */
static bool
fits(struct lower *l, const struct node *n)
{
	const struct attrs *at = &n->attr;
	const int32_t *x = n->in[0]->shape.dim;
	int64_t cell = (int64_t)x[1] * n->in[0]->pitch;

	return lower_fits(l, n, "the padded height", (int64_t)x[0] + at->pad[0] + at->pad[1])
		&& lower_fits(l, n, "the padded width", (int64_t)x[1] + at->pad[2] + at->pad[3])
		&& lower_fits(l, n, "the distance of two taps", step_of(at->dilation[0], at->kernel[0]) * cell)
		&& lower_fits(l, n, "the distance of two taps",
			(int64_t)step_of(at->dilation[1], at->kernel[1]) * n->in[0]->pitch);
}

static void
call_kernel(struct lower *l, struct call *c, const struct node *n)
{
	const struct attrs *at = &n->attr;

	call_dim(l, c, "k_h", at->kernel[0]);
	call_dim(l, c, "k_w", at->kernel[1]);
	call_dim(l, c, "stride_h", step_of(at->stride[0], n->out->shape.dim[0]));
	call_dim(l, c, "stride_w", step_of(at->stride[1], n->out->shape.dim[1]));
}

static void
call_pad(struct lower *l, struct call *c, const struct node *n)
{
	call_dim(l, c, "pad_t", n->attr.pad[0]);
	call_dim(l, c, "pad_l", n->attr.pad[2]);
}

static void
call_images(struct lower *l, struct call *c, const struct node *n)
{
	const struct tensor *x = n->in[0], *y = n->out;

	call_dim(l, c, "x_h", x->shape.dim[0]);
	call_dim(l, c, "x_w", x->shape.dim[1]);
	call_dim(l, c, "x_c", x->shape.dim[2]);
	call_dim(l, c, "x_pitch", x->pitch);
	call_dim(l, c, "y_h", y->shape.dim[0]);
	call_dim(l, c, "y_w", y->shape.dim[1]);
	call_dim(l, c, "y_c", y->shape.dim[2]);
	call_dim(l, c, "y_pitch", y->pitch);
}

/* The part that conv2d and dwconv2d have in common; NULL: reported. */
static struct call *
lower_window(struct lower *l, const struct node *n, const char *stem)
{
	struct call *c;

	if (!fits(l, n))
		return NULL;
	c = lower_call(l, n, lower_kernel(l, n, stem));
	call_layer(l, c, n);
	call_images(l, c, n);
	call_kernel(l, c, n);
	call_dim(l, c, "dilation_h", step_of(n->attr.dilation[0], n->attr.kernel[0]));
	call_dim(l, c, "dilation_w", step_of(n->attr.dilation[1], n->attr.kernel[1]));
	call_pad(l, c, n);
	return c;
}

bool
lower_conv2d(struct lower *l, const struct node *n)
{
	struct call *c = lower_window(l, n, "conv2d");

	if (c)
		call_dim(l, c, "groups", n->attr.groups);
	return c != NULL;
}

bool
lower_dwconv2d(struct lower *l, const struct node *n)
{
	return lower_window(l, n, "dwconv2d") != NULL;
}

bool
lower_tconv2d(struct lower *l, const struct node *n)
{
	const struct attrs *at = &n->attr;
	const int32_t *x = n->in[0]->shape.dim, *y = n->out->shape.dim;
	int32_t stride_h = step_of(at->stride[0], x[0]), stride_w = step_of(at->stride[1], x[1]);
	struct call *c;

	if (!lower_fits(l, n, "the padded height", (int64_t)y[0] + at->pad[0])
	    || !lower_fits(l, n, "the padded width", (int64_t)y[1] + at->pad[2])
	    || !lower_fits(l, n, "the distance of two taps", (int64_t)stride_h * at->kernel[1] * x[2])
	    || !lower_fits(l, n, "the distance of two taps", (int64_t)stride_w * x[2]))
		return false;
	c = lower_call(l, n, lower_kernel(l, n, "tconv2d"));
	call_layer(l, c, n);
	call_images(l, c, n);
	call_dim(l, c, "k_h", at->kernel[0]);
	call_dim(l, c, "k_w", at->kernel[1]);
	call_dim(l, c, "stride_h", stride_h);
	call_dim(l, c, "stride_w", stride_w);
	call_pad(l, c, n);
	return true;
}

bool
lower_dense(struct lower *l, const struct node *n)
{
	struct rows x = rows_of(n->in[0]), y = rows_of(n->out);
	struct call *c = lower_call(l, n, lower_kernel(l, n, "dense"));

	call_layer(l, c, n);
	call_dim(l, c, "rows", x.rows);
	call_dim(l, c, "x_n", x.n);
	call_dim(l, c, "x_pitch", x.pitch);
	call_dim(l, c, "y_n", y.n);
	call_dim(l, c, "y_pitch", y.pitch);
	return true;
}

/* Of the magnitudes under a window of int8 cells: those inside the input. */
static int64_t
largest_sum(const struct node *n)
{
	int64_t cells = 1;

	for (int i = 0; i < 2; i++) {
		int32_t k = n->attr.kernel[i], dim = n->in[0]->shape.dim[i];

		cells *= k < dim ? k : dim;
	}
	return cells * 128;
}

static bool
lower_pool(struct lower *l, const struct node *n, const char *stem, bool average)
{
	const struct tensor *x = n->in[0], *y = n->out;
	struct call *c;

	if (!fits(l, n))
		return false;
	if (average && y->dtype == DT_I8 && !lower_fits(l, n, "the sum of a window", largest_sum(n)))
		return false;
	c = lower_call(l, n, lower_kernel(l, n, stem));
	call_out(l, c, "y", y);
	call_in(l, c, "x", x);
	call_act(l, c, n, n->attr.act);
	call_dim(l, c, "x_h", x->shape.dim[0]);
	call_dim(l, c, "x_w", x->shape.dim[1]);
	call_dim(l, c, "x_pitch", x->pitch);
	call_dim(l, c, "y_h", y->shape.dim[0]);
	call_dim(l, c, "y_w", y->shape.dim[1]);
	call_dim(l, c, "y_pitch", y->pitch);
	call_dim(l, c, "c_n", y->shape.dim[2]);
	call_kernel(l, c, n);
	call_pad(l, c, n);
	if (average && y->dtype == DT_F32)
		call_dim(l, c, "count_pad", n->attr.count_pad);
	return true;
}

bool
lower_maxpool(struct lower *l, const struct node *n)
{
	return lower_pool(l, n, "maxpool", false);
}

bool
lower_avgpool(struct lower *l, const struct node *n)
{
	return lower_pool(l, n, "avgpool", true);
}
