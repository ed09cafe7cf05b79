/* Arithmetic, activations, reductions, changes of number format. */
#include <config.h>
#include <float.h>
#include <string.h>
#include "import/tflite.h"

/* ---- two operands ---- */

/* The result's dimensions, batch and all, of operands of A and B. */
static bool
broadcast(struct tfl *t, const struct tfl_op *op, const struct shape *a, const struct shape *b, struct shape *out)
{
	char x[SHAPE_TEXT], y[SHAPE_TEXT];

	*out = (struct shape){ .rank = a->rank > b->rank ? a->rank : b->rank };
	for (int i = 0; i < out->rank; i++) {
		int32_t p = i < a->rank ? a->dim[a->rank - 1 - i] : 1, q = i < b->rank ? b->dim[b->rank - 1 - i] : 1;

		if (p != q && p != 1 && q != 1)
			return tfl_error(t, op, "its inputs %s and %s do not broadcast", shape_text(a, x, sizeof x), shape_text(b, y, sizeof y));
		out->dim[out->rank - 1 - i] = p == 1 ? q : p;
	}
	return true;
}

/* A and B, which inputs 0 and 1 became, by CODE. */
static bool
binary_of(struct tfl *t, const struct tfl_op *op, enum op code, struct tensor *a, struct tensor *b, enum tfl_option activation)
{
	struct tensor *in[2] = { a, b };
	struct shape shape;

	if (!a || !b || !broadcast(t, op, &op->in[0]->shape, &op->in[1]->shape, &shape))
		return false;
	struct tensor *x = tfl_activation(t, op, tfl_node(t, op, code, NULL, in, 2, NULL), activation);
	return x && tfl_result(t, op, 0, x, &shape);
}

static bool
binary(struct tfl *t, const struct tfl_op *op, enum op code, enum tfl_option activation)
{
	struct tensor *a = tfl_broadcast(t, op, 0, "a"), *b = a ? tfl_broadcast(t, op, 1, "b") : NULL;

	return binary_of(t, op, code, a, b, activation);
}

bool
tfl_add(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, OP_ADD, OPT_ADD_ACTIVATION);
}

bool
tfl_sub(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, OP_SUB, OPT_SUB_ACTIVATION);
}

bool
tfl_mul(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, OP_MUL, OPT_MUL_ACTIVATION);
}

/* By a constant: a multiplication by its inverse. */
bool
tfl_div(struct tfl *t, struct tfl_op *op)
{
	struct tensor *a = tfl_broadcast(t, op, 0, "a"), *b = a && tfl_is_const(op->in[1]) ? tfl_broadcast(t, op, 1, "divisor") : NULL;

	if (a && a->dtype != DT_F32)
		return tfl_refuse(t, op, "of int8 values");
	if (a && !tfl_is_const(op->in[1]))
		return tfl_refuse(t, op, "by a value that is no constant");
	if (!b)
		return false;
	int64_t count = tensor_count(b);
	float *inverse = ARENA_ARRAY(t->m->arena, float, (size_t)count);
	for (int64_t i = 0; i < count; i++)
		inverse[i] = 1 / ((const float *)b->data)[i];
	b = import_const(t->m, op->where, arena_printf(t->m->arena, "%s.b", op->layer), DT_F32, &b->shape, NULL, inverse);
	return binary_of(t, op, OP_MUL, a, b, OPT_DIV_ACTIVATION);
}

/* ---- one operand ---- */

static bool
unary(struct tfl *t, const struct tfl_op *op, enum op code, const struct attrs *a)
{
	struct tensor *x = tfl_input(t, op, 0, "x");

	return x && tfl_result_like(t, op, tfl_node(t, op, code, NULL, &x, 1, a), 0);
}

static bool
clip(struct tfl *t, const struct tfl_op *op, float lo, float hi)
{
	struct attrs a;

	attrs_init(&a);
	a.lo = lo;
	a.hi = hi;
	return unary(t, op, OP_CLIP, &a);
}

bool
tfl_relu(struct tfl *t, struct tfl_op *op)
{
	return unary(t, op, OP_RELU, NULL);
}

bool
tfl_relu6(struct tfl *t, struct tfl_op *op)
{
	return unary(t, op, OP_RELU6, NULL);
}

bool
tfl_relu_n1_to_1(struct tfl *t, struct tfl_op *op)
{
	return clip(t, op, -1, 1);
}

bool
tfl_relu_0_to_1(struct tfl *t, struct tfl_op *op)
{
	return clip(t, op, 0, 1);
}

bool
tfl_logistic(struct tfl *t, struct tfl_op *op)
{
	return unary(t, op, OP_SIGMOID, NULL);
}

bool
tfl_tanh(struct tfl *t, struct tfl_op *op)
{
	return unary(t, op, OP_TANH, NULL);
}

bool
tfl_hard_swish(struct tfl *t, struct tfl_op *op)
{
	return unary(t, op, OP_HARD_SWISH, NULL);
}

bool
tfl_softmax(struct tfl *t, struct tfl_op *op)
{
	struct attrs a;

	attrs_init(&a);
	a.beta = tfl_option_float(t, op, OPT_SOFTMAX_BETA);
	return unary(t, op, OP_SOFTMAX, &a);
}

bool
tfl_leaky_relu(struct tfl *t, struct tfl_op *op)
{
	struct attrs a;

	attrs_init(&a);
	a.alpha = tfl_option_float(t, op, OPT_LEAKY_RELU_ALPHA);
	return unary(t, op, OP_LEAKY_RELU, &a);
}

/* Slopes of their own below zero: relu(x) + slope * min(x, 0). */
static struct tensor *
sloped(struct tfl *t, const struct tfl_op *op, struct tensor *x, struct tensor *slope)
{
	struct attrs below;

	attrs_init(&below);
	below.lo = -FLT_MAX;
	below.hi = 0;
	struct tensor *in[2] = { tfl_node(t, op, OP_CLIP, "below", &x, 1, &below), slope };
	struct tensor *down = tfl_node(t, op, OP_MUL, "slope", in, 2, NULL);
	struct tensor *parts[2] = { down ? tfl_node(t, op, OP_RELU, "above", &x, 1, NULL) : NULL, down };
	return tfl_node(t, op, OP_ADD, NULL, parts, 2, NULL);
}

bool
tfl_prelu(struct tfl *t, struct tfl_op *op)
{
	struct tensor *x = tfl_input(t, op, 0, "x"), *slope;
	struct attrs a;

	if (!x)
		return false;
	if (x->dtype != DT_F32)
		return tfl_refuse(t, op, "of int8 values");
	if (!tfl_is_const(op->in[1]))
		return tfl_refuse(t, op, "with a slope that is no constant");
	slope = tfl_broadcast(t, op, 1, "slope");
	if (!slope)
		return false;
	if (!tfl_is_uniform(slope))
		return tfl_result_like(t, op, sloped(t, op, x, slope), 0);
	attrs_init(&a);
	a.alpha = *(const float *)slope->data;
	return tfl_result_like(t, op, tfl_node(t, op, OP_LEAKY_RELU, NULL, &x, 1, &a), 0);
}

/* ---- the larger, the smaller ---- */

/* The bound that input K, a constant of equal values, is for X. */
static bool
bound_of(struct tfl *t, const struct tfl_op *op, int k, const struct tensor *x, float *bound)
{
	struct tensor *c = tfl_broadcast(t, op, k, "bound");

	if (!c)
		return false;
	if (!tfl_is_uniform(c) || tensor_count(c) > tensor_count(x))
		return tfl_refuse(t, op, "with a constant of several values");
	if (c->dtype != x->dtype || !quant_equal(&c->quant, &x->quant)
	    || (x->dtype == DT_I8 && !quant_equal(&x->quant, &op->out[0]->quant)))
		return tfl_refuse(t, op, "of values of several scales");
	*bound = tfl_first(c);
	return true;
}

static bool
extreme(struct tfl *t, const struct tfl_op *op, bool larger)
{
	int k = tfl_is_const(op->in[0]) ? 0 : 1;
	float bound = 0;
	struct attrs a;

	if (!tfl_is_const(op->in[k]) || tfl_is_const(op->in[1 - k]))
		return tfl_refuse(t, op, "of two values");
	struct tensor *x = op->in[1 - k]->t;
	if (!bound_of(t, op, k, x, &bound))
		return false;
	attrs_init(&a);
	a.lo = larger ? bound : -FLT_MAX;
	a.hi = larger ? FLT_MAX : bound;
	x = tfl_node(t, op, larger && bound == 0 ? OP_RELU : OP_CLIP, NULL, &x, 1, &a);
	return tfl_result_like(t, op, x, 1 - k);
}

bool
tfl_maximum(struct tfl *t, struct tfl_op *op)
{
	return extreme(t, op, true);
}

bool
tfl_minimum(struct tfl *t, struct tfl_op *op)
{
	return extreme(t, op, false);
}

/* ---- reductions ---- */

/* REDUCED[i]: input 0's dimension i is one of the axes of input 1.  SHAPE is what remains, or has 1 there. */
static bool
reduced_dims(struct tfl *t, const struct tfl_op *op, bool reduced[RANK_MAX], struct shape *shape)
{
	const struct shape *in = &op->in[0]->shape;
	bool keep = tfl_option(t, op, OPT_REDUCE_KEEP) != 0;
	struct ints axes;

	if (!tfl_list_of(t, op, 1, &axes))
		return false;
	for (int i = 0; i < RANK_MAX; i++)
		reduced[i] = false;
	for (int i = 0; i < axes.n; i++) {
		int axis = tfl_axis(t, op, axes.v[i], in->rank);
		if (axis < 0)
			return false;
		reduced[axis] = true;
	}
	*shape = (struct shape){ 0 };
	for (int i = 0; i < in->rank; i++)
		if (!reduced[i] || keep)
			shape->dim[shape->rank++] = reduced[i] ? 1 : in->dim[i];
	return true;
}

bool
tfl_mean(struct tfl *t, struct tfl_op *op)
{
	bool reduced[RANK_MAX];
	struct tensor *x = tfl_input(t, op, 0, "x");
	const struct shape *in = &op->in[0]->shape;
	struct shape shape;
	struct attrs a;

	if (!x || !reduced_dims(t, op, reduced, &shape))
		return false;
	attrs_init(&a);
	a.keep = tfl_option(t, op, OPT_REDUCE_KEEP) != 0;
	for (int i = tfl_batched(in), skipped = i; i < in->rank; i++)
		if (reduced[i])
			a.axes.v[a.axes.n++] = i - skipped;
	if (a.axes.n)
		x = tfl_node(t, op, OP_MEAN, NULL, &x, 1, &a);
	return x && tfl_result(t, op, 0, x, &shape);
}

/* Over height and width of an image: a pool of one window. */
bool
tfl_reduce_max(struct tfl *t, struct tfl_op *op)
{
	bool reduced[RANK_MAX];
	struct shape shape;
	struct attrs a;

	if (!reduced_dims(t, op, reduced, &shape))
		return false;
	if (op->in[0]->shape.rank != 4 || !reduced[1] || !reduced[2] || reduced[3])
		return tfl_refuse(t, op, "over other axes than height and width");
	struct tensor *x = tfl_image(t, op, 0);
	if (!x)
		return false;
	attrs_init(&a);
	memcpy(a.kernel, x->shape.dim, sizeof a.kernel);
	memcpy(a.stride, x->shape.dim, sizeof a.stride);
	x = tfl_node(t, op, OP_MAXPOOL, NULL, &x, 1, &a);
	return x && tfl_result(t, op, 0, x, &shape);
}

/* ---- number formats ---- */

bool
tfl_quantize(struct tfl *t, struct tfl_op *op)
{
	struct tensor *x = tfl_input(t, op, 0, "x");

	if (!x)
		return false;
	if (x->dtype == DT_F32)
		x = tfl_node(t, op, OP_QUANTIZE, NULL, &x, 1, NULL);
	else if (!quant_equal(&x->quant, &op->out[0]->quant))
		x = tfl_node(t, op, OP_REQUANTIZE, NULL, &x, 1, NULL);
	return tfl_result_like(t, op, x, 0);
}

/* A constant's real values: of weights that are stored as float16 or int8. */
static bool
dequantize_const(struct tfl *t, const struct tfl_op *op)
{
	struct tfl_value *v = op->in[0];
	struct shape s = tfl_shape(&v->shape);
	const float *real = v->type == TFL_I8 ? tfl_real_values(t, op, v) : tfl_elements(t, op, v, DT_F32);

	if (!real)
		return false;
	struct tensor *x = import_const(t->m, op->where, arena_printf(t->m->arena, "%s.value", op->layer), DT_F32, &s, NULL, real);
	return x && tfl_result(t, op, 0, x, &v->shape);
}

bool
tfl_dequantize(struct tfl *t, struct tfl_op *op)
{
	return tfl_is_const(op->in[0]) ? dequantize_const(t, op) : unary(t, op, OP_DEQUANTIZE, NULL);
}
