/* What works along dimensions: means, softmax, normalisations. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

/* V in f32, but int8 where the node's result is to be int8 of scale *Q; *I8 says which. */
static struct tensor *
either(struct onnx *x, const struct onnx_node *n, struct onnx_value *v, bool *i8, struct quant *q)
{
	struct tensor *t = onnx_tensor(x, n, v);

	*i8 = t && t->dtype == DT_I8 && v->real && onnx_target(x, n, q);
	return *i8 ? t : onnx_tensor_f32(x, n, v);
}

/* ORDER of RANK with the dimension D last, where it is added if it isn't there. */
static int
with_last(int rank, const int *order, int d, int *out)
{
	int n = 0;

	for (int i = 0; i < rank; i++)
		if (order[i] != d && n < RANK_MAX - 1)
			out[n++] = order[i];
	out[n++] = d;
	return n;
}

/* ---- means ---- */

/* The mean of V over the dimensions REDUCED, which stay with length 1 or go. */
static bool
mean(struct onnx *x, struct onnx_node *n, struct onnx_value *v, const bool *reduced, bool keep)
{
	struct onnx_dims out = { 0 };
	struct attrs a;
	struct quant q;
	int place[DIMS_MAX], order[RANK_MAX] = { 0 }, rank = 0;
	bool i8;
	struct tensor *t = either(x, n, v, &i8, &q);

	if (!t)
		return false;
	for (int d = 0; d < v->dims.rank; d++) {
		place[d] = out.rank;
		if (!reduced[d] || keep)
			out.dim[out.rank++] = reduced[d] ? 1 : v->dims.dim[d];
	}
	attrs_init(&a);
	a.keep = keep;
	for (int i = 0; i < t->shape.rank; i++) {
		int d = v->order[i];

		if (d >= 0 && reduced[d])
			a.axes.v[a.axes.n++] = i;
		if (keep || d < 0 || !reduced[d])
			order[rank++] = d < 0 ? -1 : place[d];
	}
	if (a.axes.n || i8)
		t = onnx_emit(x, n, OP_MEAN, NULL, &t, 1, &a, i8 ? &q : NULL);
	return onnx_result_tensor(x, n, 0, t, v, &out, order);
}

bool
onnx_reduce_axes(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, bool *reduced)
{
	struct onnx_list axes;
	bool given;

	if (!onnx_list_of(x, n, 1, "axes", &axes, &given))
		return false;
	bool all = axes.n == 0 && !onnx_attr_int(n, "noop_with_empty_axes", 0);
	for (int i = 0; i < d->rank; i++)
		reduced[i] = all;
	for (int i = 0, k; i < axes.n; i++) {
		if (!onnx_axis(x, n, axes.v[i], d->rank, &k))
			return false;
		reduced[k] = true;
	}
	return true;
}

bool
onnx_reduce_mean(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0);
	bool reduced[DIMS_MAX] = { false };

	return onnx_tensor(x, n, v) && onnx_reduce_axes(x, n, &v->dims, reduced)
		&& mean(x, n, v, reduced, onnx_attr_int(n, "keepdims", 1));
}

/* Of an image in f32 the language has a form of its own. */
bool
onnx_global_avgpool(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0);
	struct tensor *t = onnx_tensor(x, n, v);
	bool reduced[DIMS_MAX] = { false };
	struct attrs a;

	if (!t)
		return false;
	if (v->dims.rank == 4 && t->dtype == DT_F32 && t->shape.rank == 3 && v->order[2] == 1) {
		struct onnx_dims out = { 4, { v->dims.dim[0], v->dims.dim[1], 1, 1 } };

		attrs_init(&a);
		a.kernel[0] = a.kernel[1] = KERNEL_ALL;
		return onnx_result_tensor(x, n, 0, onnx_emit(x, n, OP_AVGPOOL, NULL, &t, 1, &a, NULL), v, &out, v->order);
	}
	for (int d = 2; d < v->dims.rank; d++)
		reduced[d] = true;
	return mean(x, n, v, reduced, true);
}

/* ---- softmax ---- */

/* OP, which works along the last dimension, along AXIS of V. */
static bool
along(struct onnx *x, struct onnx_node *n, enum op op, struct onnx_value *v, int axis)
{
	static const float unit = 1.0f / 256;
	struct quant q;
	int want[RANK_MAX];
	bool i8;
	struct tensor *t = either(x, n, v, &i8, &q);

	if (i8 && (op != OP_SOFTMAX || q.scale[0] != unit || q.zero != -128))
		t = onnx_tensor_f32(x, n, v);
	if (!t)
		return false;
	int rank = with_last(t->shape.rank, v->order, axis, want);
	t = onnx_arrange(x, n, t, &v->dims, v->order, rank, want);
	return onnx_result_tensor(x, n, 0, t ? onnx_emit1(x, n, op, NULL, t) : NULL, v, &v->dims, want);
}

/* Before version 13 it was along all dimensions from AXIS on: these are made one. */
static bool
along_all(struct onnx *x, struct onnx_node *n, enum op op, struct onnx_value *v, int axis)
{
	struct onnx_value flat = { .kind = ONNX_TENSOR, .type = v->type, .dims.rank = 2, .dims.dim = { 1, 1 } };
	struct tensor *t = onnx_tensor_f32(x, n, v);
	int plain[RANK_MAX], rank = onnx_plain_order(&v->dims, plain);
	struct attrs a;

	for (int d = 0; d < v->dims.rank; d++)
		flat.dims.dim[d >= axis] *= v->dims.dim[d];
	attrs_init(&a);
	a.shape.n = 2;
	a.shape.v[0] = (int32_t)flat.dims.dim[0];
	a.shape.v[1] = (int32_t)flat.dims.dim[1];
	t = onnx_arrange(x, n, t, &v->dims, v->order, rank, plain);
	t = t ? onnx_emit(x, n, OP_RESHAPE, "rows", &t, 1, &a, NULL) : NULL;
	t = t ? onnx_emit1(x, n, op, NULL, t) : NULL;
	a.shape.n = rank;
	for (int i = 0; i < rank; i++)
		a.shape.v[i] = (int32_t)v->dims.dim[plain[i]];
	t = t ? onnx_emit(x, n, OP_RESHAPE, "shape", &t, 1, &a, NULL) : NULL;
	return onnx_result_tensor(x, n, 0, t, v, &v->dims, plain);
}

static bool
softmax(struct onnx *x, struct onnx_node *n, enum op op)
{
	struct onnx_value *v = onnx_in(n, 0);
	int axis, others = 0;

	if (!onnx_tensor(x, n, v) || !onnx_axis(x, n, onnx_attr_int(n, "axis", x->opset >= 13 ? -1 : 1), v->dims.rank, &axis))
		return false;
	if (x->opset >= 13)
		return along(x, n, op, v, axis);
	int only = axis;
	for (int d = axis; d < v->dims.rank; d++)
		if (v->dims.dim[d] > 1) {
			only = d;
			others++;
		}
	return others > 1 ? along_all(x, n, op, v, axis) : along(x, n, op, v, only);
}

bool
onnx_softmax(struct onnx *x, struct onnx_node *n)
{
	return softmax(x, n, OP_SOFTMAX);
}

bool
onnx_log_softmax(struct onnx *x, struct onnx_node *n)
{
	return softmax(x, n, OP_LOG_SOFTMAX);
}

/* ---- normalisation ---- */

/* The vector of input K, one value for each of C channels, as the layer's constant WHAT. */
static struct tensor *
channel_vector(struct onnx *x, const struct onnx_node *n, int k, const char *what, int64_t c)
{
	const struct onnx_value *v = onnx_const_in(x, n, k, "parameters");

	if (!v)
		return NULL;
	if (v->dims.rank == 1 && v->dims.dim[0] == c)
		return onnx_arrange_const(x, n, v, what, 1, (int[]){ 0 }, NULL);
	onnx_error(x, n, "its input %d is not a vector of %lld channels", k, (long long)c);
	return NULL;
}

bool
onnx_batchnorm(struct onnx *x, struct onnx_node *n)
{
	static const char *const what[] = { NULL, "weight", "bias", "running_mean", "running_var" };
	struct onnx_value *v = onnx_in(n, 0);
	struct tensor *in[5] = { onnx_tensor_f32(x, n, v) };
	int want[RANK_MAX];
	struct attrs a;

	if (!in[0])
		return false;
	if (onnx_attr_int(n, "training_mode", 0) || (x->opset < 7 && !onnx_attr_int(n, "is_test", 0) && n->nout > 1))
		return onnx_refuse(x, n, "in training_mode");
	if (v->dims.rank < 2 || !onnx_attr_int(n, "spatial", 1))
		return onnx_refuse(x, n, "without channels");
	int rank = with_last(in[0]->shape.rank, v->order, 1, want);
	in[0] = onnx_arrange(x, n, in[0], &v->dims, v->order, rank, want);
	for (int k = 1; k < 5; k++)
		if (!(in[k] = channel_vector(x, n, k, what[k], v->dims.dim[1])))
			return false;
	attrs_init(&a);
	a.epsilon = onnx_attr_float(n, "epsilon", 1e-5f);
	return onnx_result_tensor(x, n, 0, onnx_emit(x, n, OP_BATCHNORM, NULL, in, 5, &a, NULL), v, &v->dims, want);
}

bool
onnx_lrn(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0);
	struct tensor *t = onnx_tensor_f32(x, n, v);
	int64_t size = onnx_attr_int(n, "size", 0);
	int want[RANK_MAX];
	struct attrs a;

	if (!t)
		return false;
	if (v->dims.rank < 2 || size < 1 || size > INT32_MAX)
		return onnx_error(x, n, "attribute 'size' is %lld of %d dimensions", (long long)size, v->dims.rank);
	attrs_init(&a);
	a.window = (int32_t)size;
	a.alpha = onnx_attr_float(n, "alpha", 1e-4f);
	a.beta = onnx_attr_float(n, "beta", 0.75f);
	a.offset = onnx_attr_float(n, "bias", 1);
	int rank = with_last(t->shape.rank, v->order, 1, want);
	t = onnx_arrange(x, n, t, &v->dims, v->order, rank, want);
	return t && onnx_result_tensor(x, n, 0, onnx_emit(x, n, OP_LRN, NULL, &t, 1, &a, NULL), v, &v->dims, want);
}
