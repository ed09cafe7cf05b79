/* Layers with weights, and pools: windows over an image. */
#include <config.h>
#include "backend/lower.h"

/* Whether the constant T makes no difference to what it is added to. */
static bool
is_zero(const struct tensor *t)
{
	const unsigned char *p = t->data;
	int64_t bytes = tensor_bytes(t), i = 0;

	while (i < bytes && p[i] == 0)
		i++;
	return i == bytes;
}

/* How a layer is called: by one call that finishes its result, or by one that leaves the sums in Y and others after it. */
struct form {
	const char *kernel;      /* what follows the operation's name: "_i8", "_sum_f32" */
	struct place y;
	int64_t y_pitch;
	bool sums;               /* an int8 layer's, i32 or i16 */
	struct place sum;        /* what they start from; buf NULL: 0 */
	int64_t sum_pitch;
};

static bool
takes_sum(const struct form *form)
{
	return form->sums || form->sum.buf;
}

/* y, x, weight, bias and what makes results of sums. */
static void
call_layer(struct lower *l, struct call *c, const struct node *n, const struct form *form)
{
	call_place(l, c, ARG_OUT, "y", form->y);
	call_in(l, c, "x", n->in[0]);
	call_in(l, c, "weight", n->in[1]);
	call_in(l, c, "bias", n->nin > 2 && !is_zero(n->in[2]) ? n->in[2] : NULL);
	if (takes_sum(form) && form->sum.buf)
		call_place(l, c, ARG_IN, "sum", form->sum);
	else if (takes_sum(form))
		call_null(l, c, "sum", form->y.dtype);
	if (form->sums) {
		if (form->y.dtype == DT_I16)
			call_int(l, c, "shift", n->attr.shift);
		call_int(l, c, "x_zero", n->in[0]->quant.zero);
		return;
	}
	if (n->out->dtype == DT_I8) {
		struct rescale r;

		rescale_of(l->p->arena, n, &r);
		call_multipliers(l, c, &r);
		call_int(l, c, "x_zero", n->in[0]->quant.zero);
		call_int(l, c, "y_zero", n->out->quant.zero);
	}
	call_act(l, c, n, n->attr.act);
}

static void
call_sum_pitch(struct lower *l, struct call *c, const struct form *form)
{
	if (takes_sum(form))
		call_dim(l, c, "sum_pitch", form->sum.buf ? form->sum_pitch : 0);
}

/* The kernel of FORM that N's arguments go to. */
typedef void call_fn(struct lower *, const struct node *, const struct form *);

/* Whether nothing reads the storage of T, an input of N, after N. */
static bool
is_last_read(const struct lower *l, const struct node *n, const struct tensor *t)
{
	const struct graph *g = l->p->graph;

	if (!t->base->producer)
		return false;
	for (size_t i = 0; i < g->outputs.n; i++)
		if (g->outputs.v[i]->base == t->base)
			return false;
	for (const struct node *m = n->next; m; m = m->next)
		for (int k = 0; k < m->nin; k++)
			if (m->in[k]->base == t->base)
				return false;
	return true;
}

/* N as one call of a kernel that leaves its sums in 32 bits, over those they start from if it can, and one that makes int8 of
 * them. */
static void
lower_in_two(struct lower *l, const struct node *n, call_fn *call)
{
	const struct tensor *sum = n->nin > INPUT_SUM ? n->in[INPUT_SUM] : NULL;
	struct rows y = rows_of(n->out);
	struct form form = { .kernel = "_i8_i32", .y_pitch = y.n, .sums = true };

	if (sum && sum->dtype == DT_I32) {
		form.sum = lower_place(l, sum);
		form.sum_pitch = sum->pitch;
	}
	if (form.sum.buf && is_last_read(l, n, sum)) {
		form.y = form.sum;
		form.y_pitch = form.sum_pitch;
	} else {
		form.y = (struct place){ .buf = lower_scratch(l, n, DT_I32, tensor_count(n->out)), .dtype = DT_I32 };
	}
	if (sum && sum->dtype == DT_I16) {
		struct rows x = rows_of(sum);
		struct call *c = lower_call(l, n, "widen_i16_i32");

		call_place(l, c, ARG_OUT, "y", form.y);
		call_in(l, c, "x", sum);
		call_int(l, c, "shift", n->attr.shift);
		call_dim(l, c, "rows", x.rows);
		call_dim(l, c, "n", x.n);
		call_dim(l, c, "x_pitch", x.pitch);
		call_dim(l, c, "y_pitch", y.n);
		form.sum = form.y;
		form.sum_pitch = y.n;
	}
	call(l, n, &form);
	lower_finish(l, n, form.y, form.y_pitch);
}

/* N as it is called best. */
static void
lower_sums(struct lower *l, const struct node *n, call_fn *call)
{
	const struct tensor *sum = n->nin > INPUT_SUM ? n->in[INPUT_SUM] : NULL;
	enum dtype t = n->out->dtype;
	struct form form = { .y = lower_place(l, n->out), .y_pitch = n->out->pitch };

	if (t == DT_I8 && (sum || n->attr.rounding != ROUNDING_DOUBLE)) {
		lower_in_two(l, n, call);
		return;
	}
	form.sums = t == DT_I32 || t == DT_I16;
	form.kernel = t == DT_I8 ? "_i8" : t == DT_I16 ? "_i8_i16" : t == DT_I32 ? "_i8_i32" : sum ? "_sum_f32" : "_f32";
	if (sum) {
		form.sum = lower_place(l, sum);
		form.sum_pitch = sum->pitch;
	}
	call(l, n, &form);
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
call_images(struct lower *l, struct call *c, const struct node *n, int64_t y_pitch)
{
	const struct tensor *x = n->in[0], *y = n->out;

	call_dim(l, c, "x_h", x->shape.dim[0]);
	call_dim(l, c, "x_w", x->shape.dim[1]);
	call_dim(l, c, "x_c", x->shape.dim[2]);
	call_dim(l, c, "x_pitch", x->pitch);
	call_dim(l, c, "y_h", y->shape.dim[0]);
	call_dim(l, c, "y_w", y->shape.dim[1]);
	call_dim(l, c, "y_c", y->shape.dim[2]);
	call_dim(l, c, "y_pitch", y_pitch);
}

static void
call_window(struct lower *l, const struct node *n, const struct form *form)
{
	struct call *c = lower_call(l, n, arena_printf(l->p->arena, "%s%s", op_info[n->op].name, form->kernel));

	call_layer(l, c, n, form);
	call_images(l, c, n, form->y_pitch);
	call_kernel(l, c, n);
	call_dim(l, c, "dilation_h", step_of(n->attr.dilation[0], n->attr.kernel[0]));
	call_dim(l, c, "dilation_w", step_of(n->attr.dilation[1], n->attr.kernel[1]));
	call_pad(l, c, n);
	if (n->op == OP_CONV2D)
		call_dim(l, c, "groups", n->attr.groups);
	call_sum_pitch(l, c, form);
}

bool
lower_conv2d(struct lower *l, const struct node *n)
{
	if (!fits(l, n))
		return false;
	lower_sums(l, n, call_window);
	return true;
}

bool
lower_dwconv2d(struct lower *l, const struct node *n)
{
	return lower_conv2d(l, n);
}

static void
call_reach(struct lower *l, const struct node *n, const struct form *form)
{
	const struct attrs *at = &n->attr;
	const int32_t *x = n->in[0]->shape.dim;
	struct call *c = lower_call(l, n, arena_printf(l->p->arena, "tconv2d%s", form->kernel));

	call_layer(l, c, n, form);
	call_images(l, c, n, form->y_pitch);
	call_dim(l, c, "k_h", at->kernel[0]);
	call_dim(l, c, "k_w", at->kernel[1]);
	call_dim(l, c, "stride_h", step_of(at->stride[0], x[0]));
	call_dim(l, c, "stride_w", step_of(at->stride[1], x[1]));
	call_pad(l, c, n);
	call_sum_pitch(l, c, form);
}

bool
lower_tconv2d(struct lower *l, const struct node *n)
{
	const struct attrs *at = &n->attr;
	const int32_t *x = n->in[0]->shape.dim, *y = n->out->shape.dim;
	int32_t stride_h = step_of(at->stride[0], x[0]), stride_w = step_of(at->stride[1], x[1]);

	if (!lower_fits(l, n, "the padded height", (int64_t)y[0] + at->pad[0])
	    || !lower_fits(l, n, "the padded width", (int64_t)y[1] + at->pad[2])
	    || !lower_fits(l, n, "the distance of two taps", (int64_t)stride_h * at->kernel[1] * x[2])
	    || !lower_fits(l, n, "the distance of two taps", (int64_t)stride_w * x[2]))
		return false;
	lower_sums(l, n, call_reach);
	return true;
}

static void
call_dense(struct lower *l, const struct node *n, const struct form *form)
{
	struct rows x = rows_of(n->in[0]), y = rows_of(n->out);
	struct call *c = lower_call(l, n, arena_printf(l->p->arena, "dense%s", form->kernel));

	call_layer(l, c, n, form);
	call_dim(l, c, "rows", x.rows);
	call_dim(l, c, "x_n", x.n);
	call_dim(l, c, "x_pitch", x.pitch);
	call_dim(l, c, "y_n", y.n);
	call_dim(l, c, "y_pitch", form->y_pitch);
	call_sum_pitch(l, c, form);
}

bool
lower_dense(struct lower *l, const struct node *n)
{
	lower_sums(l, n, call_dense);
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
