/* Layers with weights, and pools: windows over an image.
 *
 * TensorFlow Lite has weights as the graph does, [out, kh, kw, in], but those of a depthwise convolution, [1, kh, kw, out]. */
#include <config.h>
#include <string.h>
#include "import/tflite.h"

enum { PADDING_SAME, PADDING_VALID };

/* ---- weights ---- */

const float *
tfl_real_values(struct tfl *t, const struct tfl_op *op, const struct tfl_value *v)
{
	int64_t count = shape_count(&v->shape), inner = 1;
	const struct quant *quant = &v->quant;
	const int8_t *q = tfl_elements(t, op, v, DT_I8);
	bool fits = quant->count == 1 || (quant->axis < v->shape.rank && quant->count == v->shape.dim[quant->axis]);

	if (q && (quant->count == 0 || !fits))
		tfl_error(t, op, "constant '%s' has %d scales, which do not fit its shape", v->name, quant->count);
	if (!q || quant->count == 0 || !fits)
		return NULL;
	float *real = ARENA_ARRAY(t->m->arena, float, (size_t)count);
	for (int i = quant->axis + 1; i < v->shape.rank; i++)
		inner *= v->shape.dim[i];
	for (int64_t i = 0; i < count; i++)
		real[i] = quant->scale[quant->count == 1 ? 0 : i / inner % quant->count] * (float)(q[i] - quant->zero);
	return real;
}

/* A weight of int8 in a layer of float32. */
static struct tensor *
hybrid_weight(struct tfl *t, const struct tfl_op *op, const struct shape *shape)
{
	const float *real = tfl_real_values(t, op, op->in[1]);

	if (!t->noted_hybrid)
		import_note(t->m, op->where, "its weights are int8 and its values float32: such layers are computed in float32");
	t->noted_hybrid = true;
	return real ? import_const(t->m, op->where, arena_printf(t->m->arena, "%s.weight", op->layer), DT_F32, shape, NULL, real) : NULL;
}

/* The scales of the weight V, whose output channels are dimension AXIS in the file; false after an error. */
static bool
check_weight_quant(struct tfl *t, const struct tfl_op *op, const struct tfl_value *v, int axis)
{
	if (v->quant.count == 0)
		return tfl_error(t, op, "its weight '%s' has no scale", v->name);
	if (v->quant.count > 1 && (v->quant.axis != axis || v->quant.count != v->shape.dim[axis]))
		return tfl_error(t, op, "its weight '%s' has %d scales along dimension %d, but %d output channels along dimension %d", v->name,
			v->quant.count, v->quant.axis, v->shape.dim[axis], axis);
	return v->quant.zero == 0 || tfl_refuse(t, op, "with weights whose zero point is not 0");
}

/* Input 1, the weight of a layer of X, with its output channels in dimension AXIS; in the graph it has SHAPE with them in
 * dimension TO. */
static struct tensor *
weight(struct tfl *t, const struct tfl_op *op, const struct tensor *x, int axis, const struct shape *shape, int to)
{
	struct tfl_value *v = op->in[1];
	struct quant quant = v->quant;

	if (v->type != TFL_I8)
		return tfl_const(t, op, 1, "weight", DT_F32, shape, NULL);
	if (!check_weight_quant(t, op, v, axis))
		return NULL;
	quant.axis = to;
	return x->dtype == DT_I8 ? tfl_const(t, op, 1, "weight", DT_I8, shape, &quant) : hybrid_weight(t, op, shape);
}

/* Whether input 1 is a constant of RANK dimensions. */
static bool
check_weight(struct tfl *t, const struct tfl_op *op, int rank)
{
	char text[SHAPE_TEXT];
	const struct tfl_value *v = op->in[1];

	if (!tfl_is_const(v))
		return tfl_refuse(t, op, "with weights that are computed");
	if (v->shape.rank != rank || shape_check(&v->shape))
		return tfl_error(t, op, "its weight is %s, not of %d dimensions", shape_text(&v->shape, text, sizeof text), rank);
	return true;
}

/* A layer of the values X: its weight W, input K as the bias (if there), and the activation. */
static struct tensor *
layer(struct tfl *t, const struct tfl_op *op, enum op code, struct tensor *x, struct tensor *w, int k, const struct attrs *a,
	enum tfl_option activation)
{
	struct tensor *in[3] = { x, w, NULL };
	int nin = 2;

	if (!w)
		return NULL;
	if (k < op->nin && op->in[k]) {
		struct shape s = { .rank = 1, .dim = { (int32_t)shape_count(&op->in[k]->shape) } };

		if (!tfl_is_const(op->in[k])) {
			tfl_refuse(t, op, "with a bias that is computed");
			return NULL;
		}
		in[nin++] = tfl_const(t, op, k, "bias", x->dtype == DT_I8 ? DT_I32 : DT_F32, &s, NULL);
	}
	return tfl_activation(t, op, tfl_node(t, op, code, NULL, in, nin, a), activation);
}

/* ---- windows ---- */

/* Sets the padding that TensorFlow calls SAME or VALID, by the window in A. */
static bool
set_padding(struct tfl *t, const struct tfl_op *op, int32_t padding, const struct tensor *x, struct attrs *a)
{
	if (padding == PADDING_SAME)
		pad_same(x->shape.dim, a, a->pad);
	return padding == PADDING_SAME || padding == PADDING_VALID || tfl_error(t, op, "unknown padding %d", padding);
}

bool
tfl_conv(struct tfl *t, struct tfl_op *op)
{
	struct tensor *x = tfl_image(t, op, 0);
	struct attrs a;

	if (!x || !check_weight(t, op, 4))
		return false;
	const struct shape *w = &op->in[1]->shape;
	int32_t in = x->shape.dim[2], per_group = w->dim[3];

	attrs_init(&a);
	a.out = w->dim[0];
	memcpy(a.kernel, w->dim + 1, sizeof a.kernel);
	a.stride[0] = tfl_option(t, op, OPT_CONV_STRIDE_H);
	a.stride[1] = tfl_option(t, op, OPT_CONV_STRIDE_W);
	a.dilation[0] = tfl_option(t, op, OPT_CONV_DILATION_H);
	a.dilation[1] = tfl_option(t, op, OPT_CONV_DILATION_W);
	a.groups = in % per_group == 0 ? in / per_group : 1;
	if (!set_padding(t, op, tfl_option(t, op, OPT_CONV_PADDING), x, &a))
		return false;
	return tfl_result_image(t, op, layer(t, op, OP_CONV2D, x, weight(t, op, x, 0, w, 0), 2, &a, OPT_CONV_ACTIVATION));
}

bool
tfl_depthwise(struct tfl *t, struct tfl_op *op)
{
	struct tensor *x = tfl_image(t, op, 0);
	struct attrs a;

	if (!x || !check_weight(t, op, 4))
		return false;
	const struct shape *w = &op->in[1]->shape;
	struct shape in_graph = { .rank = 3, .dim = { w->dim[1], w->dim[2], w->dim[3] } };

	if (w->dim[0] != 1)
		return tfl_error(t, op, "its weight's first dimension is %d, not 1", w->dim[0]);
	attrs_init(&a);
	memcpy(a.kernel, w->dim + 1, sizeof a.kernel);
	a.stride[0] = tfl_option(t, op, OPT_DEPTHWISE_STRIDE_H);
	a.stride[1] = tfl_option(t, op, OPT_DEPTHWISE_STRIDE_W);
	a.dilation[0] = tfl_option(t, op, OPT_DEPTHWISE_DILATION_H);
	a.dilation[1] = tfl_option(t, op, OPT_DEPTHWISE_DILATION_W);
	a.multiplier = w->dim[3] / x->shape.dim[2];
	if (!set_padding(t, op, tfl_option(t, op, OPT_DEPTHWISE_PADDING), x, &a))
		return false;
	return tfl_result_image(t, op, layer(t, op, OP_DWCONV2D, x, weight(t, op, x, 3, &in_graph, 2), 2, &a,
		OPT_DEPTHWISE_ACTIVATION));
}

/* The padding with which a transposed convolution of IN cells gives OUT: that of the convolution it undoes. */
static bool
transposed_padding(const struct tensor *x, const struct ints *out, int32_t padding, struct attrs *a)
{
	for (int i = 0; i < 2; i++) {
		int64_t length = out->v[1 + i], stride = a->stride[i], kernel = a->kernel[i];

		if (length < 1 || stride < 1)
			return false;
		int64_t cells = padding == PADDING_SAME ? (length + stride - 1) / stride : (length - kernel + stride) / stride;
		int64_t total = (cells - 1) * stride + kernel - length, before = total > 0 ? total / 2 : 0;
		int64_t after = ((int64_t)x->shape.dim[i] - 1) * stride + kernel - before - length;

		if (before > INT32_MAX || after > INT32_MAX || after < -INT32_MAX)
			return false;
		a->pad[2 * i] = (int32_t)before;
		a->pad[2 * i + 1] = after > 0 ? (int32_t)after : 0;
		a->output_pad[i] = after < 0 ? (int32_t)-after : 0;
	}
	return padding == PADDING_SAME || padding == PADDING_VALID;
}

/* Inputs: the output's shape, the weight, the image, the bias. */
bool
tfl_transpose_conv(struct tfl *t, struct tfl_op *op)
{
	struct ints out;
	struct attrs a;
	struct tensor *x = tfl_image(t, op, 2);

	if (!x || !check_weight(t, op, 4) || !tfl_list_of(t, op, 0, &out))
		return false;
	const struct shape *w = &op->in[1]->shape;

	attrs_init(&a);
	a.out = w->dim[0];
	memcpy(a.kernel, w->dim + 1, sizeof a.kernel);
	a.stride[0] = tfl_option(t, op, OPT_TCONV_STRIDE_H);
	a.stride[1] = tfl_option(t, op, OPT_TCONV_STRIDE_W);
	if (out.n != 4 || !transposed_padding(x, &out, tfl_option(t, op, OPT_TCONV_PADDING), &a))
		return tfl_error(t, op, "its output's shape, stride and padding do not fit");
	return tfl_result_image(t, op, layer(t, op, OP_TCONV2D, x, weight(t, op, x, 0, w, 0), 3, &a, OPT_TCONV_ACTIVATION));
}

/* x[..., n], w[m, n]: over the last dimension, or over all elements in rows of n. */
bool
tfl_dense(struct tfl *t, struct tfl_op *op)
{
	struct tensor *x = tfl_input(t, op, 0, "x");
	struct shape rows = op->in[0]->shape;
	struct attrs a;

	if (!x || !check_weight(t, op, 2))
		return false;
	const struct shape *w = &op->in[1]->shape;

	if (tfl_option(t, op, OPT_DENSE_FORMAT) != 0)
		return tfl_refuse(t, op, "with shuffled weights");
	if (!tfl_option(t, op, OPT_DENSE_KEEP_DIMS)) {
		if (tensor_count(x) % w->dim[1])
			return tfl_error(t, op, "its input has %lld elements, which are no rows of %d", (long long)tensor_count(x), w->dim[1]);
		rows = (struct shape){ .rank = 2, .dim = { (int32_t)(tensor_count(x) / w->dim[1]), w->dim[1] } };
	}
	struct shape in_graph = tfl_shape(&rows);
	x = tfl_view(t, op, x, "flatten", &in_graph);
	if (!x)
		return false;
	attrs_init(&a);
	a.out = w->dim[0];
	x = layer(t, op, OP_DENSE, x, weight(t, op, x, 0, w, 0), 2, &a, OPT_DENSE_ACTIVATION);
	if (rows.rank > 0)
		rows.dim[rows.rank - 1] = w->dim[0];
	return x && tfl_result(t, op, 0, x, &rows);
}

/* ---- pools ---- */

static bool
pool(struct tfl *t, const struct tfl_op *op, enum op code)
{
	struct tensor *x = tfl_image(t, op, 0);
	struct attrs a;

	if (!x)
		return false;
	attrs_init(&a);
	a.kernel[0] = tfl_option(t, op, OPT_POOL_HEIGHT);
	a.kernel[1] = tfl_option(t, op, OPT_POOL_WIDTH);
	a.stride[0] = tfl_option(t, op, OPT_POOL_STRIDE_H);
	a.stride[1] = tfl_option(t, op, OPT_POOL_STRIDE_W);
	if (a.kernel[0] < 1 || a.kernel[1] < 1)
		return tfl_error(t, op, "its window is %dx%d", a.kernel[0], a.kernel[1]);
	if (!set_padding(t, op, tfl_option(t, op, OPT_POOL_PADDING), x, &a))
		return false;
	x = tfl_node(t, op, code, NULL, &x, 1, &a);
	return tfl_result_image(t, op, tfl_activation(t, op, x, OPT_POOL_ACTIVATION));
}

bool
tfl_avgpool(struct tfl *t, struct tfl_op *op)
{
	return pool(t, op, OP_AVGPOOL);
}

bool
tfl_maxpool(struct tfl *t, struct tfl_op *op)
{
	return pool(t, op, OP_MAXPOOL);
}
