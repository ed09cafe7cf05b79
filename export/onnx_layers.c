/* Layers with weights. */
#include <config.h>
#include <math.h>
#include "export/onnx.h"

void
export_window(struct export *x, Onnx__NodeProto *p, const struct attrs *a, const int32_t pad[4])
{
	export_ints(x, p, "kernel_shape", (const int64_t[]){ a->kernel[0], a->kernel[1] }, 2);
	export_ints(x, p, "strides", (const int64_t[]){ a->stride[0], a->stride[1] }, 2);
	export_ints(x, p, "pads", (const int64_t[]){ pad[0], pad[2], pad[1], pad[3] }, 4);
}

/* The bias of an int8 layer: i32 in units of the scale of its input times that of its weights. */
static const char *
integer_bias(struct export *x, const struct node *n)
{
	const struct tensor *b = n->in[2];
	const struct quant *w = &n->in[1]->quant;
	float *scale = ARENA_ARRAY(x->arena, float, (size_t)w->count);
	int64_t dim[DIMS_MAX] = { b->shape.dim[0] };

	for (int i = 0; i < w->count; i++) {
		scale[i] = n->in[0]->quant.scale[0] * w->scale[i];
		if (!(isfinite(scale[i]) && scale[i] > 0)) {
			export_refuse(x, n, "the scale of its bias, that of its input times that of its weights, is 0 or infinite in f32");
			return NULL;
		}
	}
	const char *value = export_constant(x, arena_printf(x->arena, "%s_quantized", b->name), DT_I32, 1, dim, b->data);
	return export_scaled(x, value, DT_I32, b->name, scale, w->count, 0);
}

/* Input, weights with the dimensions ORDER and bias of N; how many, 0 after a refusal.  AXIS: the weights' output channels. */
static int
operands(struct export *x, const struct node *n, enum layout layout, const int *order, int rank, int axis, const char *in[3])
{
	static const int vector[] = { 0 };
	bool bias = n->nin > 2;

	in[0] = export_floats(x, n->in[0], layout);
	in[1] = export_weights(x, n->in[1], order, rank, axis);
	if (!bias)
		return 2;
	in[2] = n->in[2]->dtype == DT_F32 ? export_weights(x, n->in[2], vector, 1, 0) : integer_bias(x, n);
	return in[2] ? 3 : 0;
}

/* A convolution in GROUPS with weights of the dimensions ORDER. */
static void
convolution(struct export *x, const struct node *n, const char *op, const int order[4], int32_t groups)
{
	const char *in[3];
	int nin = operands(x, n, IMAGE, order, 4, 0, in);

	if (!nin)
		return;
	Onnx__NodeProto *p = export_layer(x, n, op, IMAGE, in, nin);
	export_window(x, p, &n->attr, n->attr.pad);
	export_ints(x, p, "dilations", (const int64_t[]){ n->attr.dilation[0], n->attr.dilation[1] }, 2);
	export_int(x, p, "group", groups);
}

void
export_conv2d(struct export *x, const struct node *n, const char *op)
{
	static const int order[] = { 0, 3, 1, 2 };

	convolution(x, n, op, order, n->attr.groups);
}

void
export_dwconv2d(struct export *x, const struct node *n, const char *op)
{
	static const int order[] = { 2, -1, 0, 1 };

	convolution(x, n, op, order, n->in[0]->shape.dim[2]);
}

void
export_tconv2d(struct export *x, const struct node *n, const char *op)
{
	static const int order[] = { 3, 0, 1, 2 };
	const struct attrs *a = &n->attr;
	const char *in[3];
	int nin = operands(x, n, IMAGE, order, 4, 1, in);

	if (!nin)
		return;
	Onnx__NodeProto *p = export_layer(x, n, op, IMAGE, in, nin);
	export_window(x, p, a, a->pad);
	export_ints(x, p, "output_padding", (const int64_t[]){ a->output_pad[0], a->output_pad[1] }, 2);
}

void
export_dense(struct export *x, const struct node *n, const char *op)
{
	static const int order[] = { 0, 1 };
	const char *in[3];
	int nin = operands(x, n, export_rows(n->in[0]), order, 2, 0, in);

	if (nin)
		export_int(x, export_layer(x, n, op, export_rows(n->out), in, nin), "transB", 1);
}

void
export_batchnorm(struct export *x, const struct node *n, const char *op)
{
	static const int vector[] = { 0 };
	enum layout layout = export_channels(n->in[0]);
	const char *in[INPUTS_MAX] = { export_floats(x, n->in[0], layout) };

	for (int k = 1; k < n->nin; k++)
		in[k] = export_weights(x, n->in[k], vector, 1, 0);
	export_float(x, export_layer(x, n, op, layout, in, n->nin), "epsilon", n->attr.epsilon);
}

/* What of the padding behind an image of SIZE cells the last of COUNT windows reaches: more of it is allowed in a .net only. */
static int32_t
reached(int32_t size, int32_t count, int32_t kernel, int32_t stride, int32_t before)
{
	int64_t end = (int64_t)(count - 1) * stride + kernel - before - size;

	return end > 0 ? (int32_t)end : 0;
}

void
export_pool(struct export *x, const struct node *n, const char *op)
{
	const struct attrs *a = &n->attr;
	const int32_t *in = n->in[0]->shape.dim, *out = n->out->shape.dim;
	int32_t pad[4] = { a->pad[0], reached(in[0], out[0], a->kernel[0], a->stride[0], a->pad[0]),
		a->pad[2], reached(in[1], out[1], a->kernel[1], a->stride[1], a->pad[2]) };
	const char *image = export_floats(x, n->in[0], IMAGE);
	Onnx__NodeProto *p = export_layer(x, n, op, IMAGE, &image, 1);

	export_window(x, p, a, pad);
	if (n->op == OP_AVGPOOL)
		export_int(x, p, "count_include_pad", a->count_pad);
}
