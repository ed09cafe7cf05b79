/* Multipliers, ranges and other integers of the int8 operations, derived from scales.  Each derivation keeps
 * the precision (float or double) and the order of the reference's own, because both decide the low bits. */
#include <config.h>

#include <math.h>

#include "ir/quant.h"

struct multiplier
multiplier_of(double real)
{
	int shift;
	double q = frexp(real, &shift);

	if (real == 0 || isnan(real) || (isfinite(real) && shift < -31))
		return (struct multiplier){ 0, 0 };
	if (isinf(real) || shift > 31)
		return (struct multiplier){ real < 0 ? -INT32_MAX : INT32_MAX, 31 };
	int64_t m = (int64_t)round(q * 2147483648.0);

	if (m == INT64_C(1) << 31) {
		m /= 2;
		shift++;
	}
	if (shift > 31)
		return (struct multiplier){ INT32_MAX, 31 };
	return (struct multiplier){ (int32_t)m, shift };
}

int32_t
high_mul(int32_t a, int32_t b)
{
	if (a == INT32_MIN && b == INT32_MIN)
		return INT32_MAX;
	return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

int32_t
divide_pot(int32_t x, int n)
{
	int32_t mask = (int32_t)((INT64_C(1) << n) - 1);
	int32_t half = (mask >> 1) + (x < 0);

	return (x >> n) + ((x & mask) > half);
}

int32_t
multiply_by(int32_t x, struct multiplier by)
{
	int left = by.shift > 0 ? by.shift : 0;
	int right = by.shift < 0 ? -by.shift : 0;

	return divide_pot(high_mul((int32_t)((uint32_t)x << left), by.m), right);
}

int32_t
value_quantise(float v, const struct quant *q, enum dtype type)
{
	const struct dtype_info *info = &dtype_info[type];
	double r = isnan(v) ? 0 : (double)roundf(v / q->scale[0]);

	r += q->zero;
	if (isnan(r)) /* 0 / 0 and inf / inf, from a scale that no check let through */
		return q->zero;
	return r < info->lo ? info->lo : r > info->hi ? info->hi : (int32_t)r;
}

void
clamp_quantise(struct clamp c, const struct quant *q, enum dtype type, int32_t *lo, int32_t *hi)
{
	*lo = value_quantise(c.lo, q, type);
	*hi = value_quantise(c.hi, q, type);
}

static float
scale_of(const struct tensor *t)
{
	return t->quant.scale[0];
}

double
layer_scale(const struct node *n, int32_t c)
{
	const struct quant *w = &n->in[1]->quant;
	float in = scale_of(n->in[0]), weight = w->scale[w->count > 1 ? c : 0];
	double out = (double)scale_of(n->out);

	/* the reference's dense of one scale forms the product in float, everything else in double */
	if (n->op == OP_DENSE && w->count == 1)
		return (double)(in * weight) / out;
	return (double)in * (double)weight / out;
}

const struct multiplier *
layer_multipliers(struct arena *a, const struct node *n)
{
	int count = n->out->shape.dim[n->out->shape.rank - 1];
	struct multiplier *m = ARENA_ARRAY(a, struct multiplier, (size_t)count);

	for (int c = 0; c < count; c++)
		m[c] = multiplier_of(layer_scale(n, c));
	return m;
}

/* add in double, sub in float: as the reference has them. */
static void
add_multipliers(const struct node *n, struct add_params *p)
{
	float a = scale_of(n->in[0]), b = scale_of(n->in[1]), out = scale_of(n->out);
	float largest = a > b ? a : b;

	if (n->op == OP_SUB) {
		float twice = 2 * largest;

		p->a = multiplier_of((double)(a / twice));
		p->b = multiplier_of((double)(b / twice));
		p->out = multiplier_of((double)(twice / ((float)(1 << p->left_shift) * out)));
	} else {
		double twice = 2 * (double)largest;

		p->a = multiplier_of((double)a / twice);
		p->b = multiplier_of((double)b / twice);
		p->out = multiplier_of(twice / ((double)(1 << p->left_shift) * (double)out));
	}
}

void
add_params_of(const struct node *n, struct add_params *p)
{
	p->left_shift = 20;
	add_multipliers(n, p);
	p->a_zero = n->in[0]->quant.zero;
	p->b_zero = n->in[1]->quant.zero;
	p->out_zero = n->out->quant.zero;
	clamp_quantise(n->attr.act, &n->out->quant, n->out->dtype, &p->lo, &p->hi);
}

void
mul_params_of(const struct node *n, struct mul_params *p)
{
	double a = (double)scale_of(n->in[0]), b = (double)scale_of(n->in[1]);

	p->out = multiplier_of(a * b / (double)scale_of(n->out));
	p->a_zero = n->in[0]->quant.zero;
	p->b_zero = n->in[1]->quant.zero;
	p->out_zero = n->out->quant.zero;
	clamp_quantise(n->attr.act, &n->out->quant, n->out->dtype, &p->lo, &p->hi);
}

void
mean_params_of(const struct node *n, struct mean_params *p)
{
	const struct tensor *in = n->in[0], *out = n->out;

	p->count = (int32_t)(tensor_count(in) / tensor_count(out));
	p->in_zero = in->quant.zero;
	p->out_zero = out->quant.zero;
	p->divide = quant_equal(&in->quant, &out->quant);
	p->out = multiplier_of((double)scale_of(in) / (double)scale_of(out));

	/* 1 / count goes into m, kept large by as many bits as count has and the shift can take */
	int s = 31 - __builtin_clz((unsigned)p->count);

	if (s > 31 + p->out.shift)
		s = 31 + p->out.shift;
	p->out.m = (int32_t)(((int64_t)p->out.m << s) / p->count);
	p->out.shift -= s;
}

/* What the operation itself limits its result to. */
static struct clamp
own_clamp(const struct node *n)
{
	if (n->op == OP_RELU)
		return (struct clamp){ 0, INFINITY };
	if (n->op == OP_RELU6)
		return (struct clamp){ 0, 6 };
	if (n->op == OP_CLIP)
		return (struct clamp){ n->attr.lo, n->attr.hi };
	return (struct clamp){ -INFINITY, INFINITY };
}

void
requant_params_of(const struct node *n, struct requant_params *p)
{
	const struct tensor *in = n->in[0], *out = n->out;

	p->out = multiplier_of((double)scale_of(in) / (double)scale_of(out));
	p->in_zero = in->quant.zero;
	p->out_zero = out->quant.zero;
	p->identity = quant_equal(&in->quant, &out->quant);
	clamp_quantise(own_clamp(n), &out->quant, out->dtype, &p->lo, &p->hi);
}

int8_t
requant_at(const struct requant_params *p, int8_t x)
{
	return (int8_t)clamp_i32((int64_t)multiply_by(x - p->in_zero, p->out) + p->out_zero, p->lo, p->hi);
}

void
leaky_params_of(const struct node *n, struct leaky_params *p)
{
	float in = scale_of(n->in[0]), out = scale_of(n->out);

	p->identity = multiplier_of((double)(in / out));
	p->alpha = multiplier_of((double)(in * n->attr.alpha / out));
	p->in_zero = n->in[0]->quant.zero;
	p->out_zero = n->out->quant.zero;
}

int8_t
leaky_relu_at(const struct leaky_params *p, int8_t x)
{
	int32_t v = x - p->in_zero;

	return (int8_t)clamp_i32((int64_t)multiply_by(v, v >= 0 ? p->identity : p->alpha) + p->out_zero,
		INT8_MIN, INT8_MAX);
}

/* The upper half of a 32-bit multiplier, rounded half up, saturated. */
static int16_t
upper_half(int32_t m)
{
	return m >= INT32_MAX - (1 << 15) ? INT16_MAX : (int16_t)((m + (1 << 15)) >> 16);
}

void
hard_swish_params_of(const struct node *n, struct hard_swish_params *p)
{
	float fine = (1.0f / 128.0f) * scale_of(n->in[0]); /* of the input shifted left by 7 */
	float gate = 3.0f / 32768.0f;
	struct multiplier out = multiplier_of((double)(fine / scale_of(n->out)));
	struct multiplier to_gate = multiplier_of((double)(fine / gate));

	p->in_zero = n->in[0]->quant.zero;
	p->out_zero = n->out->quant.zero;
	p->out_m = upper_half(out.m);
	p->out_shift = out.shift;
	p->gate_m = upper_half(to_gate.m);
	p->gate_shift = to_gate.shift;
}

/* high_mul of 16 bits; m is never negative, so nothing saturates. */
static int16_t
high_mul_16(int16_t a, int16_t m)
{
	return (int16_t)((a * m + (1 << 14)) >> 15);
}

/* divide_pot on 16 bits.  The mask is 16 bits wide in the reference too, so that shifts of 16 and more, which
 * no sensible scale gives, leave 1 or -1. */
static int16_t
divide_pot_16(int16_t x, int n)
{
	int16_t mask = (int16_t)((INT64_C(1) << n) - 1);
	int16_t half = (int16_t)((mask >> 1) + (x < 0));

	return (int16_t)((x >> n) + ((x & mask) > half));
}

static int16_t
shift_left_saturated_16(int16_t x, int n)
{
	return (int16_t)clamp_i32((int64_t)x * (INT64_C(1) << n), INT16_MIN, INT16_MAX);
}

/* relu6(x + 3) / 6 in Q0.15 of x given in units of 1 / 128 of the input's. */
static int16_t
hard_swish_gate(const struct hard_swish_params *p, int16_t x)
{
	if (p->gate_shift > 0)
		x = shift_left_saturated_16(x, p->gate_shift - 1);
	x = high_mul_16(x, p->gate_m);
	if (p->gate_shift > 0)
		x = shift_left_saturated_16(x, 1);
	else if (p->gate_shift < 0)
		x = divide_pot_16(x, -p->gate_shift);
	return (int16_t)((x + (1 << 15)) >> 1);
}

int8_t
hard_swish_at(const struct hard_swish_params *p, int8_t x)
{
	int16_t fine = (int16_t)((x - p->in_zero) * 128);
	int16_t scaled = high_mul_16(fine, p->out_m);
	int32_t y = hard_swish_gate(p, fine) * scaled / (1 << 15);

	if (p->out_shift > 0) /* beyond the reference, which refuses such an output scale */
		y = shift_left_saturated_16((int16_t)y, p->out_shift);
	else
		y = divide_pot_16((int16_t)y, -p->out_shift);
	return (int8_t)clamp_i32((int64_t)y + p->out_zero, INT8_MIN, INT8_MAX);
}

/* The largest difference that a left shift keeps below 2^int_bits - 1 in Q(int_bits). */
static int32_t
input_radius(int int_bits, int left_shift)
{
	double radius = floor(ldexp((1 << int_bits) - 1, 31 - int_bits - left_shift));

	return radius > INT32_MAX ? INT32_MAX : (int32_t)radius;
}

void
softmax_params_of(const struct node *n, struct softmax_params *p)
{
	double real = (double)n->attr.beta * (double)scale_of(n->in[0]) * (1 << 26);

	p->input = multiplier_of(fmin(real, INT32_MAX));
	p->diff_min = -input_radius(5, p->input.shift);
}

void
sigmoid_params_of(const struct node *n, struct sigmoid_params *p)
{
	double real = (double)scale_of(n->in[0]) * (1 << 27);
	int shift;

	frexp(real, &shift);
	p->input = multiplier_of(real);
	p->in_zero = n->in[0]->quant.zero;
	p->radius = input_radius(4, shift);
}

int8_t
sigmoid_at(const struct sigmoid_params *p, int8_t x)
{
	int32_t v = x - p->in_zero;

	if (v <= -p->radius)
		return INT8_MIN;
	if (v >= p->radius)
		return INT8_MAX;
	return (int8_t)clamp_i32(divide_pot(fixed_sigmoid_q4(multiply_by(v, p->input)), 23) - 128, INT8_MIN, INT8_MAX);
}

int8_t
tanh_at(const struct sigmoid_params *p, int8_t x)
{
	int32_t v = x - p->in_zero;

	if (v <= -p->radius)
		return INT8_MIN;
	if (v >= p->radius)
		return INT8_MAX;
	return (int8_t)clamp_i32(divide_pot(fixed_tanh_q4(multiply_by(v, p->input)), 24), INT8_MIN, INT8_MAX);
}

void
unary_table(const struct node *n, int8_t table[256])
{
	struct requant_params requant;
	struct leaky_params leaky;
	struct hard_swish_params swish;
	struct sigmoid_params sigmoid;

	if (n->op == OP_LEAKY_RELU)
		leaky_params_of(n, &leaky);
	else if (n->op == OP_HARD_SWISH)
		hard_swish_params_of(n, &swish);
	else if (n->op == OP_SIGMOID || n->op == OP_TANH)
		sigmoid_params_of(n, &sigmoid);
	else
		requant_params_of(n, &requant);
	for (int x = INT8_MIN; x <= INT8_MAX; x++)
		table[x + 128] = n->op == OP_LEAKY_RELU ? leaky_relu_at(&leaky, (int8_t)x)
			: n->op == OP_HARD_SWISH ? hard_swish_at(&swish, (int8_t)x)
			: n->op == OP_SIGMOID ? sigmoid_at(&sigmoid, (int8_t)x)
			: n->op == OP_TANH ? tanh_at(&sigmoid, (int8_t)x)
			: requant_at(&requant, (int8_t)x);
}

static struct resize_tap
nearest_tap(int32_t i, int32_t in, int32_t out, const struct attrs *at)
{
	float scale = at->align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
	float at_in = ((float)i + (at->half_pixel ? 0.5f : 0.0f)) * scale;
	float cell = at->align_corners ? roundf(at_in) : floorf(at_in);
	int32_t source = cell >= (float)in ? in - 1 : (int32_t)cell;

	if (source > in - 1)
		source = in - 1;
	return (struct resize_tap){ source, source, 0, 0 };
}

/* The two cells around a position; both stay inside where rounding leads past the last one. */
static struct resize_tap
bilinear_tap(int32_t i, int32_t in, int32_t out, const struct attrs *at)
{
	bool align = at->align_corners && out > 1;
	int64_t from = align ? in - 1 : in, to = align ? out - 1 : out;
	int64_t scale = (1024 * from + to / 2) / to;
	int64_t fixed = i * scale + (at->half_pixel ? scale / 2 - 512 : 0);
	struct resize_tap t;

	t.lo = clamp_i32(fixed / 1024, 0, in - 1);
	t.hi = clamp_i32((fixed + 1023) / 1024, 0, in - 1);
	t.frac = clamp_i32(fixed - 1024 * (int64_t)t.lo, -1024, 1024);
	t.weight = 0;
	return t;
}

static struct resize_tap
bilinear_tap_f32(int32_t i, int32_t in, int32_t out, const struct attrs *at)
{
	bool align = at->align_corners && out > 1;
	float scale = align ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
	float pos = at->half_pixel ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale;
	struct resize_tap t;

	t.lo = clamp_i32((int64_t)floorf(pos), 0, in - 1);
	t.hi = clamp_i32((int64_t)ceilf(pos), 0, in - 1);
	t.frac = 0;
	t.weight = pos - (float)t.lo;
	return t;
}

const struct resize_tap *
resize_taps(struct arena *a, enum dtype type, int32_t in, int32_t out, const struct attrs *at)
{
	struct resize_tap *taps = ARENA_ARRAY(a, struct resize_tap, (size_t)out);

	for (int32_t i = 0; i < out; i++)
		taps[i] = at->mode != MODE_BILINEAR ? nearest_tap(i, in, out, at)
			: type == DT_F32 ? bilinear_tap_f32(i, in, out, at) : bilinear_tap(i, in, out, at);
	return taps;
}

void
batchnorm_params_of(struct arena *a, const struct node *n, const float **scale, const float **offset)
{
	const float *weight = n->in[1]->data, *bias = n->in[2]->data;
	const float *mean = n->in[3]->data, *var = n->in[4]->data;
	int64_t count = tensor_count(n->in[1]);
	float *s = ARENA_ARRAY(a, float, (size_t)count), *o = ARENA_ARRAY(a, float, (size_t)count);

	for (int64_t c = 0; c < count; c++) {
		double factor = (double)weight[c] / sqrt((double)var[c] + (double)n->attr.epsilon);

		s[c] = (float)factor;
		o[c] = (float)((double)bias[c] - (double)mean[c] * factor);
	}
	*scale = s;
	*offset = o;
}
