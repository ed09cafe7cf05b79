/* Elementwise arithmetic, activations and changes of number format. */
#include <config.h>

#include <math.h>

#include "ir/eval_impl.h"

static int8_t
add_i8(const struct add_params *p, int32_t a, int32_t b, bool subtract)
{
	int32_t unit = 1 << p->left_shift;
	int32_t x = multiply_by((a - p->a_zero) * unit, p->a);
	int32_t y = multiply_by((b - p->b_zero) * unit, p->b);
	int64_t out = multiply_by(subtract ? x - y : x + y, p->out);

	return (int8_t)clamp_i32(out + p->out_zero, p->lo, p->hi);
}

static int8_t
mul_i8(const struct mul_params *p, int32_t a, int32_t b)
{
	int64_t out = multiply_by((a - p->a_zero) * (b - p->b_zero), p->out);

	return (int8_t)clamp_i32(out + p->out_zero, p->lo, p->hi);
}

static void
binary_i8(const struct node *n, const int8_t *a, const int8_t *b, int8_t *out)
{
	struct walk wa = walk_broadcast(&n->in[0]->shape, &n->out->shape);
	struct walk wb = walk_broadcast(&n->in[1]->shape, &n->out->shape);
	int64_t count = tensor_count(n->out);
	struct add_params add;
	struct mul_params mul;

	if (n->op == OP_MUL)
		mul_params_of(n, &mul);
	else
		add_params_of(n, &add);
	for (int64_t i = 0; i < count; i++, walk_next(&wa), walk_next(&wb))
		out[i] = n->op == OP_MUL ? mul_i8(&mul, a[wa.offset], b[wb.offset])
			: add_i8(&add, a[wa.offset], b[wb.offset], n->op == OP_SUB);
}

static void
binary_f32(const struct node *n, const float *a, const float *b, float *out)
{
	struct walk wa = walk_broadcast(&n->in[0]->shape, &n->out->shape);
	struct walk wb = walk_broadcast(&n->in[1]->shape, &n->out->shape);
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i++, walk_next(&wa), walk_next(&wb)) {
		float x = a[wa.offset], y = b[wb.offset];

		out[i] = clamp_f32(n->op == OP_MUL ? x * y : n->op == OP_SUB ? x - y : x + y, n->attr.act);
	}
}

/* Sums add as integers: 32 bits wrap, 16 bits saturate. */
static void
add_sums(const struct node *n, const void *a, const void *b, void *out)
{
	struct walk wa = walk_broadcast(&n->in[0]->shape, &n->out->shape);
	struct walk wb = walk_broadcast(&n->in[1]->shape, &n->out->shape);
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i++, walk_next(&wa), walk_next(&wb))
		if (n->out->dtype == DT_I32)
			((int32_t *)out)[i] = wrap_add(((const int32_t *)a)[wa.offset], ((const int32_t *)b)[wb.offset]);
		else
			((int16_t *)out)[i] = (int16_t)clamp_i32(((const int16_t *)a)[wa.offset] + ((const int16_t *)b)[wb.offset],
				INT16_MIN, INT16_MAX);
}

static void
eval_binary(const struct node *n, const void *const *in, void *out)
{
	if (n->out->dtype == DT_F32)
		binary_f32(n, in[0], in[1], out);
	else if (n->out->dtype != DT_I8)
		add_sums(n, in[0], in[1], out);
	else
		binary_i8(n, in[0], in[1], out);
}

void
eval_add(const struct node *n, const void *const *in, void *out)
{
	eval_binary(n, in, out);
}

void
eval_sub(const struct node *n, const void *const *in, void *out)
{
	eval_binary(n, in, out);
}

void
eval_mul(const struct node *n, const void *const *in, void *out)
{
	eval_binary(n, in, out);
}

/* Activations: an int8 result depends on one of 256 values. */

static void
unary_i8(const struct node *n, const int8_t *x, int8_t *out)
{
	int8_t table[256];
	int64_t count = tensor_count(n->out);

	unary_table(n, table);
	for (int64_t i = 0; i < count; i++)
		out[i] = table[x[i] + 128];
}

typedef float unary_f32(const struct attrs *, float x);

static void
eval_unary(const struct node *n, const void *const *in, void *out, unary_f32 *f)
{
	const float *x = in[0];
	int64_t count = tensor_count(n->out);

	if (n->out->dtype != DT_F32) {
		unary_i8(n, in[0], out);
		return;
	}
	for (int64_t i = 0; i < count; i++)
		((float *)out)[i] = f(&n->attr, x[i]);
}

static float
relu_f32(const struct attrs *at, float x)
{
	(void)at;
	return clamp_f32(x, (struct clamp){ 0, INFINITY });
}

static float
relu6_f32(const struct attrs *at, float x)
{
	(void)at;
	return clamp_f32(x, (struct clamp){ 0, 6 });
}

static float
clip_f32(const struct attrs *at, float x)
{
	return clamp_f32(x, (struct clamp){ at->lo, at->hi });
}

static float
leaky_relu_f32(const struct attrs *at, float x)
{
	return x > 0 ? x : x * at->alpha;
}

static float
hard_swish_f32(const struct attrs *at, float x)
{
	(void)at;
	return x * clamp_f32(x + 3, (struct clamp){ 0, 6 }) / 6;
}

/* With the reference's two cut-offs: 1 is exact above the first, exp(x) close enough below the second. */
static float
sigmoid_f32(const struct attrs *at, float x)
{
	(void)at;
	return x > 16.619047164916992188f ? 1 : x < -9 ? expf(x) : 1 / (1 + expf(-x));
}

static float
tanh_f32(const struct attrs *at, float x)
{
	(void)at;
	return tanhf(x);
}

void
eval_relu(const struct node *n, const void *const *in, void *out)
{
	eval_unary(n, in, out, relu_f32);
}

void
eval_relu6(const struct node *n, const void *const *in, void *out)
{
	eval_unary(n, in, out, relu6_f32);
}

void
eval_clip(const struct node *n, const void *const *in, void *out)
{
	eval_unary(n, in, out, clip_f32);
}

void
eval_leaky_relu(const struct node *n, const void *const *in, void *out)
{
	eval_unary(n, in, out, leaky_relu_f32);
}

void
eval_hard_swish(const struct node *n, const void *const *in, void *out)
{
	eval_unary(n, in, out, hard_swish_f32);
}

void
eval_sigmoid(const struct node *n, const void *const *in, void *out)
{
	eval_unary(n, in, out, sigmoid_f32);
}

void
eval_tanh(const struct node *n, const void *const *in, void *out)
{
	eval_unary(n, in, out, tanh_f32);
}

void
eval_requantize(const struct node *n, const void *const *in, void *out)
{
	unary_i8(n, in[0], out);
}

void
eval_rescale(const struct node *n, const void *const *in, void *out)
{
	struct arena a = { 0 };
	struct rescale r;
	int32_t lo, hi;
	int64_t count = tensor_count(n->out);

	rescale_of(&a, n, &r);
	clamp_quantise(n->attr.act, &n->out->quant, DT_I8, &lo, &hi);
	for (int64_t i = 0; i < count; i++) {
		int32_t sum = n->in[0]->dtype == DT_I32 ? ((const int32_t *)in[0])[i]
			: sum_widen(((const int16_t *)in[0])[i], n->attr.shift);

		((int8_t *)out)[i] = (int8_t)clamp_i32((int64_t)rescale_at(&r, sum, (int32_t)(i % r.count)) + n->out->quant.zero, lo, hi);
	}
	arena_free(&a);
}

void
eval_batchnorm(const struct node *n, const void *const *in, void *out)
{
	struct arena a = { 0 };
	const float *x = in[0], *scale, *offset;
	int32_t channels = n->out->shape.dim[n->out->shape.rank - 1];
	int64_t count = tensor_count(n->out);

	batchnorm_params_of(&a, n, &scale, &offset);
	for (int64_t i = 0; i < count; i++)
		((float *)out)[i] = x[i] * scale[i % channels] + offset[i % channels];
	arena_free(&a);
}

void
eval_quantize(const struct node *n, const void *const *in, void *out)
{
	const float *x = in[0];
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i++)
		((int8_t *)out)[i] = (int8_t)value_quantise(x[i], &n->out->quant, DT_I8);
}

void
eval_dequantize(const struct node *n, const void *const *in, void *out)
{
	const struct quant *q = &n->in[0]->quant;
	const int8_t *x = in[0];
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i++)
		((float *)out)[i] = q->scale[0] * (float)(x[i] - q->zero);
}
