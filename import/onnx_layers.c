/* Layers with weights.  Weights are constants; they are put in the graph's order here.
 *
 * A layer is int8 where its input and weights are dequantised int8 and its result is only ever quantised: then the scales
 * around it are its own.  Everything else is f32. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "import/onnx.h"

/* ---- what all share ---- */

/* The scales of the weights W as the graph has them, along AXIS of its tensor; false: they are none for an int8 layer. */
static bool
weight_quant(const struct onnx_layer *l, int axis, struct quant *q)
{
	const struct onnx_quant *from = l->weight->quant;
	int zero = l->weight->type == ONNX_U8 ? 128 : 0;

	if (!from || (l->weight->type != ONNX_U8 && l->weight->type != ONNX_I8) || (from->count > 1 && from->axis != l->out_dim))
		return false;
	for (int64_t i = 0; i < from->count; i++)
		if (from->zero[i] != zero)
			return false;
	*q = (struct quant){ .count = (int)from->count, .scale = from->scale, .axis = from->count > 1 ? axis : 0 };
	return true;
}

/* The tensor of the layer's input, or that which it is a reshape of. */
static const struct tensor *
input_of(const struct onnx_layer *l)
{
	return l->in->t ? l->in->t : l->in->flat->t;
}

void
onnx_layer_open(struct onnx_layer *l, int axis)
{
	const struct tensor *t = input_of(l);

	l->i8 = t->dtype == DT_I8 && l->in->real && l->has_target && (!l->bias || l->bias->kind == ONNX_CONST)
		&& weight_quant(l, axis, &l->quant);
}

struct tensor *
onnx_layer_input(struct onnx *x, const struct onnx_node *n, struct onnx_layer *l)
{
	return l->i8 ? onnx_tensor(x, n, l->in) : onnx_tensor_f32(x, n, l->in);
}

/* Whether the layer's bias are integers in units of the scales of its input and weights, as an int8 layer has them. */
static bool
has_integer_bias(const struct onnx_layer *l)
{
	const struct onnx_quant *q = l->bias->quant;

	if (!q || l->bias->type != ONNX_I32 || l->beta != 1 || q->count != l->quant.count)
		return false;
	for (int i = 0; i < l->quant.count; i++)
		if (q->scale[i] != input_of(l)->quant.scale[0] * l->quant.scale[i])
			return false;
	return true;
}

/* Value I of the layer's bias, in units of input scale and weight scale where it is int8. */
static double
bias_at(const struct onnx_layer *l, bool integers, int64_t i)
{
	int64_t at = onnx_count(&l->bias->dims) == 1 ? 0 : i;

	if (integers)
		return (double)onnx_int(l->bias, at);
	double v = (double)l->beta * onnx_real(l->bias, at);
	if (l->i8)
		v = round(v / ((double)input_of(l)->quant.scale[0] * (double)l->quant.scale[l->quant.count > 1 ? i : 0]));
	return v;
}

bool
onnx_layer_bias(struct onnx *x, const struct onnx_node *n, const struct onnx_layer *l, int64_t out, struct tensor **t)
{
	const char *path = arena_printf(x->arena, "%s.bias", n->layer);
	struct shape s = { .rank = 1, .dim = { (int32_t)out } };

	*t = NULL;
	if (!l->bias)
		return true;
	int64_t count = onnx_count(&l->bias->dims);
	if (count != 1 && count != out)
		return onnx_error(x, n, "its bias has %lld values for %lld channels", (long long)count, (long long)out);
	float *f = ARENA_ARRAY(x->arena, float, (size_t)out);
	int32_t *q = (int32_t *)(void *)f;
	bool integers = l->i8 && has_integer_bias(l);
	for (int64_t i = 0; i < out; i++) {
		double v = bias_at(l, integers, i);

		if (!l->i8)
			f[i] = (float)v;
		else if (!(fabs(v) <= INT32_MAX))
			return onnx_error(x, n, "its bias of channel %lld, %g, is beyond 32 bits", (long long)i, v);
		else
			q[i] = (int32_t)v;
	}
	*t = import_const(x->m, n->where, path, l->i8 ? DT_I32 : DT_F32, &s, NULL, f);
	return *t != NULL;
}

/* Node OP of T with the layer's weights. */
static struct tensor *
emit_layer(struct onnx *x, const struct onnx_node *n, const struct onnx_layer *l, enum op op, struct tensor *t, const struct attrs *a)
{
	return onnx_emit(x, n, op, NULL, (struct tensor *[]){ t, l->w, l->b }, l->b ? 3 : 2, a, l->i8 ? &l->target : NULL);
}

/* ---- convolutions ---- */

struct convolution { struct onnx_layer *l; enum op op; struct attrs a; };

static struct tensor *
convolve(struct onnx *x, const struct onnx_node *n, struct tensor *image, void *context)
{
	const struct convolution *c = context;

	return emit_layer(x, n, c->l, c->op, image, &c->a);
}

/* What the weights' dimensions say, which must be as many as the input's. */
static bool
read_kernel(struct onnx *x, const struct onnx_node *n, const struct onnx_layer *l, struct attrs *a)
{
	const struct onnx_dims *w = &l->weight->dims, *d = &l->in->dims;
	struct onnx_list kernel = { .n = w->rank - 2 };

	if (w->rank != d->rank || w->rank < 3)
		return onnx_error(x, n, "its weights have %d dimensions and its input %d", w->rank, d->rank);
	for (int i = 0; i < kernel.n; i++)
		kernel.v[i] = w->dim[i + 2];
	if (onnx_count(w) == 0)
		return onnx_error(x, n, "its weights are empty");
	attrs_init(a);
	if (!onnx_window(x, n, d, &kernel, a))
		return false;
	for (int i = 0; i < kernel.n; i++)
		if (a->kernel[i + 2 - kernel.n] != kernel.v[i])
			return onnx_error(x, n, "attribute 'kernel_shape' is not that of its weights");
	return true;
}

bool
onnx_convolution(struct onnx *x, struct onnx_node *n, struct onnx_layer *l, struct onnx_value *out)
{
	struct convolution c = { .l = l, .op = OP_CONV2D };
	const struct onnx_dims *w = &l->weight->dims;
	int64_t group = onnx_attr_int(n, "group", 1);

	if (!read_kernel(x, n, l, &c.a))
		return false;
	int64_t channels = l->in->dims.dim[1];
	if (group < 1 || channels % group || w->dim[0] % group || w->dim[1] != channels / group)
		return onnx_error(x, n, "%lld groups of %lld input and %lld output channels do not fit weights for %lld", (long long)group,
			(long long)channels, (long long)w->dim[0], (long long)w->dim[1]);
	bool depthwise = group > 1 && group == channels, flat = w->rank == 3;
	static const int dense[2][4] = { { 0, 2, 3, 1 }, { 0, -1, 2, 1 } }, deep[2][3] = { { 2, 3, 0 }, { -1, 2, 0 } };
	onnx_layer_open(l, depthwise ? 2 : 0);
	l->w = onnx_arrange_const(x, n, l->weight, "weight", depthwise ? 3 : 4, depthwise ? deep[flat] : dense[flat], l->i8 ? &l->quant : NULL);
	if (!l->w || !onnx_layer_bias(x, n, l, w->dim[0], &l->b))
		return false;
	c.op = depthwise ? OP_DWCONV2D : OP_CONV2D;
	c.a.groups = (int32_t)group;
	c.a.multiplier = depthwise ? (int32_t)(w->dim[0] / channels) : 1;
	struct tensor *t = onnx_layer_input(x, n, l);
	return t && onnx_each_image(x, n, t, l->in, convolve, &c, out);
}

/* The layer of N whose operands are inputs 0, 1 and 2. */
static bool
open_layer(struct onnx *x, struct onnx_node *n, int out_dim, struct onnx_layer *l)
{
	*l = (struct onnx_layer){ .in = onnx_in(n, 0), .out_dim = out_dim, .beta = 1 };
	l->weight = onnx_const_in(x, n, 1, "weights");
	l->bias = onnx_has(n, 2) ? onnx_const_in(x, n, 2, "a bias") : NULL;
	if (!l->weight || (onnx_has(n, 2) && !l->bias) || !onnx_tensor(x, n, l->in))
		return false;
	l->has_target = onnx_target(x, n, &l->target);
	return true;
}

bool
onnx_conv(struct onnx *x, struct onnx_node *n)
{
	struct onnx_layer l;
	struct onnx_value out;

	return open_layer(x, n, 0, &l) && onnx_convolution(x, n, &l, &out)
		&& onnx_result_tensor(x, n, 0, out.t, l.in, &out.dims, out.order);
}

/* ---- transposed convolutions ---- */

/* Weights of groups, or with dilation, as those of one group without: what is between them is 0.  w[in, out / group, kh, kw] ->
 * [out, (kh - 1) * dh + 1, (kw - 1) * dw + 1, in]. */
static struct tensor *
spread_weights(struct onnx *x, const struct onnx_node *n, const struct onnx_layer *l, const struct attrs *a, int64_t group)
{
	const struct onnx_dims *w = &l->weight->dims;
	struct onnx_dims from = { 4, { w->dim[0], w->dim[1], w->rank == 4 ? w->dim[2] : 1, w->dim[w->rank - 1] } };
	int64_t in = from.dim[0], per = from.dim[1], kh = (from.dim[2] - 1) * a->dilation[0] + 1, kw = (from.dim[3] - 1) * a->dilation[1] + 1;
	struct onnx_dims to = { 4, { per * group, kh, kw, in } };
	struct shape s = { 4, { (int32_t)(per * group), (int32_t)kh, (int32_t)kw, (int32_t)in } };

	if (kh > INT32_MAX || kw > INT32_MAX || per * group > INT32_MAX || onnx_count(&to) < 0) {
		onnx_error(x, n, "its weights without groups and dilation have more than %d elements", INT32_MAX);
		return NULL;
	}
	void *data = arena_array(x->arena, (size_t)onnx_count(&to), l->i8 ? 1 : sizeof(float));
	struct onnx_walk walk = onnx_walk(&from, 4, (int[]){ 0, 1, 2, 3 });
	for (int64_t i = 0; i < onnx_count(&from); i++, onnx_walk_next(&walk)) {
		int64_t out = walk.index[0] / (in / group) * per + walk.index[1];
		int64_t at = ((out * kh + walk.index[2] * a->dilation[0]) * kw + walk.index[3] * a->dilation[1]) * in + walk.index[0];

		if (l->i8)
			((int8_t *)data)[at] = (int8_t)(onnx_int(l->weight, i) - (l->weight->type == ONNX_U8 ? 128 : 0));
		else
			((float *)data)[at] = (float)onnx_real(l->weight, i);
	}
	return import_const(x->m, n->where, arena_printf(x->arena, "%s.weight", n->layer), l->i8 ? DT_I8 : DT_F32, &s,
		l->i8 ? &l->quant : NULL, data);
}

/* How much of dimension I, of the size IN, a transposed convolution leaves out at both ends, given the size it is to have; what
 * it lacks is added at the end. */
static void
share_padding(struct attrs *a, int i, int64_t in, int64_t size, bool upper)
{
	int64_t total = a->stride[i] * (in - 1) + a->output_pad[i] + ((int64_t)a->kernel[i] - 1) * a->dilation[i] + 1 - size;
	int64_t less = total > 0 ? total / 2 : 0, more = total > 0 ? total - less : 0;

	a->pad[2 * i] = (int32_t)(upper ? less : more);
	a->pad[2 * i + 1] = (int32_t)(upper ? more : less);
	if (total < 0)
		a->output_pad[i] = (int32_t)(a->output_pad[i] - total < INT32_MAX ? a->output_pad[i] - total : INT32_MAX);
}

static bool
output_size(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, struct attrs *a)
{
	const char *mode = onnx_attr_text(x, n, "auto_pad", "NOTSET");
	int spatial = d->rank - 2;
	struct onnx_list padding, size;

	if (onnx_attr_list(x, n, "output_padding", &padding))
		for (int i = 0; i < padding.n && i < spatial; i++) {
			if (padding.v[i] < 0 || padding.v[i] > INT32_MAX)
				return onnx_error(x, n, "attribute 'output_padding' has %lld", (long long)padding.v[i]);
			a->output_pad[i + 2 - spatial] = (int32_t)padding.v[i];
		}
	bool sized = onnx_attr_list(x, n, "output_shape", &size), same = strncmp(mode, "SAME", 4) == 0;
	if (!sized && !same)
		return true;
	for (int i = 0; i < spatial; i++) {
		int k = i + 2 - spatial;
		int64_t want = !sized ? d->dim[i + 2] * a->stride[k] : i + size.n >= spatial ? size.v[i + size.n - spatial] : 0;

		if (want < 1 || want > INT32_MAX)
			return onnx_error(x, n, "its result's dimension %d would be %lld", i + 2, (long long)want);
		share_padding(a, k, d->dim[i + 2], want, strcmp(mode, "SAME_UPPER") == 0);
	}
	return true;
}

bool
onnx_conv_transpose(struct onnx *x, struct onnx_node *n)
{
	struct onnx_layer l;
	struct convolution c = { .l = &l, .op = OP_TCONV2D };
	struct onnx_value out;
	int64_t group = onnx_attr_int(n, "group", 1);

	if (!open_layer(x, n, 1, &l) || !read_kernel(x, n, &l, &c.a) || !output_size(x, n, &l.in->dims, &c.a))
		return false;
	const struct onnx_dims *w = &l.weight->dims;
	if (group < 1 || w->dim[0] != l.in->dims.dim[1] || w->dim[0] % group)
		return onnx_error(x, n, "%lld groups of %lld input channels do not fit weights for %lld", (long long)group,
			(long long)l.in->dims.dim[1], (long long)w->dim[0]);
	onnx_layer_open(&l, 0);
	if (l.i8 && l.quant.count > 1 && group > 1)
		l.i8 = false;
	if (!(l.w = spread_weights(x, n, &l, &c.a, group)) || !onnx_layer_bias(x, n, &l, w->dim[1] * group, &l.b))
		return false;
	c.a.kernel[0] = l.w->shape.dim[1];
	c.a.kernel[1] = l.w->shape.dim[2];
	c.a.dilation[0] = c.a.dilation[1] = 1;
	struct tensor *t = onnx_layer_input(x, n, &l);
	return t && onnx_each_image(x, n, t, l.in, convolve, &c, &out) && onnx_result_tensor(x, n, 0, out.t, l.in, &out.dims, out.order);
}
