/* The exact result of one call of a chip's unit, computed from what its .chip file says: the heart of the mock
 * (netc chip-mock) and of the conformance suite (netc chip-test).  Plain loops over the definition; nothing here is meant
 * to be fast.  For hosted C. */
#ifndef NN_CHIP_REFERENCE_H
#define NN_CHIP_REFERENCE_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ORDER: as chips/vars.def, chips/kinds.def, and enum chip_dim of chips/chip.h; a unit test compares them. */
enum nn_var {
	NN_IN, NN_OUT, NN_GROUPS, NN_DEPTH_MULTIPLIER, NN_KH, NN_KW, NN_SH, NN_SW, NN_DH, NN_DW, NN_PT, NN_PB, NN_PL, NN_PR,
	NN_HI, NN_WI, NN_HO, NN_WO, NN_ROWS, NN_N, NN_MACS, NN_VARS
};
enum nn_kind {
	NN_CONV2D, NN_DWCONV2D, NN_TCONV2D, NN_DENSE, NN_MAXPOOL, NN_AVGPOOL, NN_ADD, NN_MUL, NN_RELU, NN_REQUANTIZE,
	NN_COPY, NN_DOT, NN_BLOCK, NN_RUNS
};
enum nn_dim { NN_DIM_H, NN_DIM_W, NN_DIM_IN, NN_DIM_OUT, NN_DIM_KH, NN_DIM_KW, NN_DIM_ROWS, NN_DIM_N, NN_DIMS };
enum nn_type { NN_F32, NN_I8, NN_I16, NN_I32 };
enum nn_rounding { NN_DOUBLE, NN_SINGLE, NN_EVEN, NN_SHIFT };

/* Where an element lies: outermost axis first, each index / div % mod of a dimension (mod 0: all of it). */
struct nn_axis { int dim, div, mod; };
struct nn_layout { int n; struct nn_axis axis[8]; };

struct nn_unit {
	const char *name;
	int kind, x_type, w_type, b_type;
	int rounding, per_channel;
	int pads_zero_point;         /* cells outside the image count as x_zero; else as the number 0 */
	int accumulator;             /* bits */
	struct nn_layout x, w, y;
};

/* One call.  multiplier, shift, scale: an element per output channel, or one for all when the unit is not per_channel. */
struct nn_call {
	int32_t v[NN_VARS];
	const void *x, *w, *b, *sum, *a;
	void *y;
	int y_type, sum_type;
	int32_t x_pitch, y_pitch, a_pitch, sum_pitch;  /* elements; 0: dense */
	const int32_t *multiplier;
	const int8_t *shift;
	const float *scale;
	int32_t x_zero, w_zero, y_zero, act_min, act_max, relu, sum_shift;
	int32_t a_zero, a_multiplier, a_shift, b_zero, b_multiplier, b_shift, y_multiplier, y_shift, left_shift;
	int overflow;                /* set: an accumulator needed more bits than the unit has */
	char why[512];               /* what the units tried say against the call */
};

/* Sizes 1, nothing padded, no zero points, the whole range of int8. */
static struct nn_call
nn_call_start(void)
{
	struct nn_call c;

	memset(&c, 0, sizeof c);
	for (int i = 0; i < NN_VARS; i++)
		c.v[i] = 1;
	c.v[NN_PT] = c.v[NN_PB] = c.v[NN_PL] = c.v[NN_PR] = 0;
	c.act_min = -128;
	c.act_max = 127;
	c.left_shift = 20;
	return c;
}

/* ---- elements ---- */

static double
nn_load(const void *p, int type, size_t i)
{
	switch (type) {
	case NN_I8: return ((const int8_t *)p)[i];
	case NN_I16: return ((const int16_t *)p)[i];
	case NN_I32: return ((const int32_t *)p)[i];
	default: return (double)((const float *)p)[i];
	}
}

static void
nn_store(void *p, int type, size_t i, double v)
{
	switch (type) {
	case NN_I8: ((int8_t *)p)[i] = (int8_t)(v < -128 ? -128 : v > 127 ? 127 : v); break;
	case NN_I16: ((int16_t *)p)[i] = (int16_t)(v < -32768 ? -32768 : v > 32767 ? 32767 : v); break;
	case NN_I32: ((int32_t *)p)[i] = (int32_t)(uint32_t)(int64_t)v; break;
	default: ((float *)p)[i] = (float)v; break;
	}
}

/* The place of the element with the indices AT among dimensions of the sizes SIZE; of the last axis consecutive vectors lie PITCH
 * apart (0: as many as it has). */
static size_t
nn_place(const struct nn_layout *l, const int32_t size[NN_DIMS], const int32_t at[NN_DIMS], int32_t pitch)
{
	size_t place = 0;

	for (int k = 0; k < l->n; k++) {
		const struct nn_axis *a = &l->axis[k];
		int32_t blocks = (size[a->dim] + a->div - 1) / a->div, index = at[a->dim] / a->div;
		int32_t length = a->mod ? a->mod : blocks;

		if (a->mod)
			index %= a->mod;
		if (k == l->n - 1 && pitch > 0)
			length = pitch;
		place = place * (size_t)length + (size_t)index;
	}
	return place;
}

static size_t
nn_layout_count(const struct nn_layout *l, const int32_t size[NN_DIMS])
{
	size_t count = 1;

	for (int k = 0; k < l->n; k++) {
		const struct nn_axis *a = &l->axis[k];
		count *= (size_t)(a->mod ? a->mod : (size[a->dim] + a->div - 1) / a->div);
	}
	return count;
}

static void
nn_sizes(const struct nn_call *c, int of_result, int32_t size[NN_DIMS])
{
	size[NN_DIM_H] = c->v[of_result ? NN_HO : NN_HI];
	size[NN_DIM_W] = c->v[of_result ? NN_WO : NN_WI];
	size[NN_DIM_IN] = c->v[NN_IN];
	size[NN_DIM_OUT] = c->v[NN_OUT];
	size[NN_DIM_KH] = c->v[NN_KH];
	size[NN_DIM_KW] = c->v[NN_KW];
	size[NN_DIM_ROWS] = c->v[NN_ROWS];
	size[NN_DIM_N] = c->v[NN_N];
}

static size_t
nn_type_bytes(int type)
{
	return type == NN_I8 ? 1 : type == NN_I16 ? 2 : 4;
}

/* Multiply-accumulates of the call; of units without any the elements of the result. */
static int32_t
nn_macs(int kind, const int32_t v[NN_VARS])
{
	int32_t pixels = v[NN_HO] * v[NN_WO], taps = v[NN_KH] * v[NN_KW];

	switch (kind) {
	case NN_CONV2D: return pixels * taps * v[NN_OUT] * (v[NN_IN] / v[NN_GROUPS]);
	case NN_DWCONV2D: return pixels * taps * v[NN_OUT];
	case NN_TCONV2D: return v[NN_HI] * v[NN_WI] * taps * v[NN_IN] * v[NN_OUT];
	case NN_DENSE: return v[NN_ROWS] * v[NN_IN] * v[NN_OUT];
	case NN_DOT: return v[NN_N];
	default: return 0;
	}
}

/* Bytes of the whole operand "x", "w", "b", "sum", "y" or "a". */
static double
nn_bytes(const struct nn_unit *u, const struct nn_call *c, const char *operand)
{
	int32_t size[NN_DIMS];
	int result = operand[0] == 'y' || operand[0] == 's';

	nn_sizes(c, result, size);
	if (operand[0] == 'w') {
		size[NN_DIM_IN] /= c->v[NN_GROUPS];
		return (double)(nn_layout_count(&u->w, size) * nn_type_bytes(u->w_type));
	}
	if (operand[0] == 'b' && u->kind != NN_ADD && u->kind != NN_MUL)
		return c->b ? (double)(u->kind == NN_DOT ? 1 : c->v[NN_OUT]) * (double)nn_type_bytes(u->b_type) : 0;
	if (result)
		return operand[0] == 's' && !c->sum ? 0
			: (double)(nn_layout_count(&u->y, size) * nn_type_bytes(operand[0] == 'y' ? c->y_type : c->sum_type));
	return (double)(nn_layout_count(&u->x, size) * nn_type_bytes(u->x_type));
}

/* Of an output channel's weights: the largest magnitude (SUM 0), the largest sum of magnitudes (SUM 1). */
static double
nn_weight_abs(const struct nn_unit *u, const struct nn_call *c, int sum)
{
	int32_t size[NN_DIMS], at[NN_DIMS] = { 0 };
	int32_t in = u->kind == NN_DWCONV2D ? 1 : c->v[NN_IN] / c->v[NN_GROUPS];
	double most = 0;

	nn_sizes(c, 1, size);
	size[NN_DIM_IN] = in;
	for (int32_t o = 0; o < c->v[NN_OUT]; o++) {
		double total = 0;

		at[NN_DIM_OUT] = o;
		for (int32_t ky = 0; ky < c->v[NN_KH]; ky++)
		for (int32_t kx = 0; kx < c->v[NN_KW]; kx++)
		for (int32_t i = 0; i < in; i++) {
			double w;

			at[NN_DIM_KH] = ky;
			at[NN_DIM_KW] = kx;
			at[NN_DIM_IN] = i;
			w = fabs(nn_load(c->w, u->w_type, nn_place(&u->w, size, at, 0)));
			total += w;
			most = !sum && w > most ? w : most;
		}
		most = sum && total > most ? total : most;
	}
	return most;
}

static double
nn_weight_max_abs(const struct nn_unit *u, const struct nn_call *c)
{
	return nn_weight_abs(u, c, 0);
}

static double
nn_weight_sum_abs(const struct nn_unit *u, const struct nn_call *c)
{
	return nn_weight_abs(u, c, 1);
}

/* ---- roundings ---- */

static int64_t
nn_half_away(double v)
{
	return (int64_t)(v < 0 ? -floor(-v + 0.5) : floor(v + 0.5));
}

static int64_t
nn_ties_even(double v)
{
	double down = floor(v), rest = v - down;

	if (rest > 0.5 || (rest == 0.5 && fmod(down, 2) != 0))
		down += 1;
	return (int64_t)down;
}

/* floor(v / 2^n). */
static int64_t
nn_floor_shift(int64_t v, int32_t n)
{
	return n <= 0 ? v : n > 62 ? (v < 0 ? -1 : 0) : v >= 0 ? v >> n : -((-v - 1) >> n) - 1;
}

/* x * m * 2^(shift - 31), in the two roundings of TensorFlow Lite's reference kernels. */
static int64_t
nn_twice_rounded(int32_t x, int32_t m, int32_t shift)
{
	int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
	int32_t moved = (int32_t)((uint32_t)x << left);
	int64_t high;

	if (moved == INT32_MIN && m == INT32_MIN)
		return INT32_MAX;
	high = nn_floor_shift((int64_t)moved * m + ((int64_t)1 << 30), 31);
	return right ? nn_half_away((double)high / (double)((int64_t)1 << right)) : high;
}

static int64_t
nn_rescaled(const struct nn_unit *u, const struct nn_call *c, int32_t channel, int32_t sum)
{
	int32_t k = u->per_channel ? channel : 0;
	int32_t n;

	switch (u->rounding) {
	case NN_DOUBLE:
		return nn_twice_rounded(sum, c->multiplier[k], c->shift[k]);
	case NN_SINGLE:
		n = 31 - c->shift[k];
		return nn_floor_shift((int64_t)sum * c->multiplier[k] + ((int64_t)1 << (n - 1)), n);
	case NN_SHIFT:
		n = -c->shift[k];
		if (n <= 0)
			return (int64_t)sum * ((int64_t)1 << -n);
		return nn_floor_shift((int64_t)sum + ((int64_t)1 << (n - 1)), n);
	default:
		return nn_ties_even((double)((float)sum * c->scale[k]));
	}
}

/* An integer sum to the result's element. */
static void
nn_finish(const struct nn_unit *u, struct nn_call *c, size_t place, int32_t channel, int64_t sum)
{
	int32_t lo = c->act_min, hi = c->act_max;
	int64_t limit = u->accumulator < 63 ? (int64_t)1 << (u->accumulator - 1) : INT64_MAX;
	int64_t v;

	if (sum >= limit || sum < -limit)
		c->overflow = 1;
	if (c->y_type != NN_I8) {
		if (c->y_type == NN_I16 && c->sum_shift > 0)
			sum = nn_floor_shift(sum + ((int64_t)1 << (c->sum_shift - 1)), c->sum_shift);
		nn_store(c->y, c->y_type, place, (double)sum);
		return;
	}
	if (c->relu && lo < c->y_zero)
		lo = c->y_zero;
	v = nn_rescaled(u, c, channel, (int32_t)(uint32_t)sum) + c->y_zero;
	nn_store(c->y, NN_I8, place, (double)(v < lo ? lo : v > hi ? hi : v));
}

/* ---- units with weights ---- */

/* What the result of CHANNEL at the indices AT starts from: the bias, and the sum so far. */
static double
nn_first(const struct nn_unit *u, const struct nn_call *c, int32_t channel, const int32_t size[NN_DIMS], const int32_t at[NN_DIMS])
{
	double sum = c->b ? nn_load(c->b, u->b_type, (size_t)channel) : 0, before;

	if (!c->sum)
		return sum;
	before = nn_load(c->sum, c->sum_type, nn_place(&u->y, size, at, c->sum_pitch));
	return sum + (c->sum_type == NN_I16 ? before * (double)((int64_t)1 << c->sum_shift) : before);
}

/* The sum of CHANNEL, at the indices AT of the result, is complete. */
static void
nn_last(const struct nn_unit *u, struct nn_call *c, int32_t channel, const int32_t size[NN_DIMS], const int32_t at[NN_DIMS], double sum)
{
	size_t place = nn_place(&u->y, size, at, c->y_pitch);

	if (c->y_type == NN_F32)
		nn_store(c->y, NN_F32, place, c->relu && sum < 0 ? 0 : sum);
	else
		nn_finish(u, c, place, channel, (int64_t)sum);
}

static void
nn_weighted(const struct nn_unit *u, struct nn_call *c)
{
	const int32_t *v = c->v;
	int depthwise = u->kind == NN_DWCONV2D;
	int32_t groups = depthwise ? v[NN_IN] : v[NN_GROUPS];
	int32_t in = v[NN_IN] / groups, out = v[NN_OUT] / groups;
	int32_t xs[NN_DIMS], ws[NN_DIMS], ys[NN_DIMS], at[NN_DIMS] = { 0 };

	nn_sizes(c, 0, xs);
	nn_sizes(c, 1, ys);
	nn_sizes(c, 1, ws);
	ws[NN_DIM_IN] = in;
	for (int32_t oy = 0; oy < v[NN_HO]; oy++)
	for (int32_t ox = 0; ox < v[NN_WO]; ox++)
	for (int32_t o = 0; o < v[NN_OUT]; o++) {
		double sum;

		at[NN_DIM_H] = oy;
		at[NN_DIM_W] = ox;
		at[NN_DIM_OUT] = o;
		sum = nn_first(u, c, o, ys, at);
		for (int32_t ky = 0; ky < v[NN_KH]; ky++)
		for (int32_t kx = 0; kx < v[NN_KW]; kx++) {
			int32_t iy = oy * v[NN_SH] + ky * v[NN_DH] - v[NN_PT], ix = ox * v[NN_SW] + kx * v[NN_DW] - v[NN_PL];
			int outside = iy < 0 || iy >= v[NN_HI] || ix < 0 || ix >= v[NN_WI];

			if (outside && (u->pads_zero_point || c->x_zero == 0))
				continue;
			for (int32_t i = 0; i < in; i++) {
				double x = 0;

				at[NN_DIM_H] = iy;
				at[NN_DIM_W] = ix;
				at[NN_DIM_IN] = o / out * in + i;
				if (!outside)
					x = nn_load(c->x, u->x_type, nn_place(&u->x, xs, at, c->x_pitch));
				at[NN_DIM_KH] = ky;
				at[NN_DIM_KW] = kx;
				at[NN_DIM_IN] = i;
				sum += (x - c->x_zero) * (nn_load(c->w, u->w_type, nn_place(&u->w, ws, at, 0)) - c->w_zero);
			}
		}
		at[NN_DIM_H] = oy;
		at[NN_DIM_W] = ox;
		nn_last(u, c, o, ys, at, sum);
	}
}

/* A convolution written from its input's side: every input pixel adds to a window of the result. */
static void
nn_transposed(const struct nn_unit *u, struct nn_call *c)
{
	const int32_t *v = c->v;
	int32_t xs[NN_DIMS], ws[NN_DIMS], ys[NN_DIMS], at[NN_DIMS] = { 0 };

	nn_sizes(c, 0, xs);
	nn_sizes(c, 1, ys);
	nn_sizes(c, 1, ws);
	for (int32_t oy = 0; oy < v[NN_HO]; oy++)
	for (int32_t ox = 0; ox < v[NN_WO]; ox++)
	for (int32_t o = 0; o < v[NN_OUT]; o++) {
		double sum;

		at[NN_DIM_H] = oy;
		at[NN_DIM_W] = ox;
		at[NN_DIM_OUT] = o;
		sum = nn_first(u, c, o, ys, at);
		for (int32_t ky = 0; ky < v[NN_KH]; ky++)
		for (int32_t kx = 0; kx < v[NN_KW]; kx++) {
			int32_t iy = oy + v[NN_PT] - ky, ix = ox + v[NN_PL] - kx;

			if (iy < 0 || iy % v[NN_SH] || iy / v[NN_SH] >= v[NN_HI] || ix < 0 || ix % v[NN_SW]
			    || ix / v[NN_SW] >= v[NN_WI])
				continue;
			for (int32_t i = 0; i < v[NN_IN]; i++) {
				double x;

				at[NN_DIM_H] = iy / v[NN_SH];
				at[NN_DIM_W] = ix / v[NN_SW];
				at[NN_DIM_IN] = i;
				at[NN_DIM_KH] = ky;
				at[NN_DIM_KW] = kx;
				x = nn_load(c->x, u->x_type, nn_place(&u->x, xs, at, c->x_pitch));
				sum += (x - c->x_zero) * (nn_load(c->w, u->w_type, nn_place(&u->w, ws, at, 0)) - c->w_zero);
			}
		}
		at[NN_DIM_H] = oy;
		at[NN_DIM_W] = ox;
		nn_last(u, c, o, ys, at, sum);
	}
}

static void
nn_dense_rows(const struct nn_unit *u, struct nn_call *c)
{
	const int32_t *v = c->v;
	int32_t size[NN_DIMS], at[NN_DIMS] = { 0 };

	nn_sizes(c, 1, size);
	for (int32_t r = 0; r < v[NN_ROWS]; r++)
	for (int32_t o = 0; o < v[NN_OUT]; o++) {
		double sum;

		at[NN_DIM_ROWS] = r;
		at[NN_DIM_OUT] = o;
		sum = nn_first(u, c, o, size, at);
		for (int32_t i = 0; i < v[NN_IN]; i++) {
			at[NN_DIM_IN] = i;
			sum += (nn_load(c->x, u->x_type, nn_place(&u->x, size, at, c->x_pitch)) - c->x_zero)
				* (nn_load(c->w, u->w_type, nn_place(&u->w, size, at, 0)) - c->w_zero);
		}
		nn_last(u, c, o, size, at, sum);
	}
}

static void
nn_dot_product(const struct nn_unit *u, struct nn_call *c)
{
	double sum = c->b ? nn_load(c->b, u->b_type, 0) : 0;

	if (c->sum)
		sum += nn_load(c->sum, c->sum_type, 0);
	for (int32_t i = 0; i < c->v[NN_N]; i++)
		sum += (nn_load(c->x, u->x_type, (size_t)i) - c->x_zero) * (nn_load(c->w, u->w_type, (size_t)i) - c->w_zero);
	if (c->y_type == NN_F32)
		nn_store(c->y, NN_F32, 0, sum);
	else
		nn_finish(u, c, 0, 0, (int64_t)sum);
}

/* ---- pools ---- */

static void
nn_pool(const struct nn_unit *u, struct nn_call *c)
{
	const int32_t *v = c->v;
	int32_t xs[NN_DIMS], ys[NN_DIMS], at[NN_DIMS] = { 0 };

	nn_sizes(c, 0, xs);
	nn_sizes(c, 1, ys);
	for (int32_t oy = 0; oy < v[NN_HO]; oy++)
	for (int32_t ox = 0; ox < v[NN_WO]; ox++)
	for (int32_t o = 0; o < v[NN_OUT]; o++) {
		double most = -INFINITY, sum = 0, r;
		int32_t count = 0;

		at[NN_DIM_IN] = at[NN_DIM_OUT] = o;
		for (int32_t ky = 0; ky < v[NN_KH]; ky++)
		for (int32_t kx = 0; kx < v[NN_KW]; kx++) {
			int32_t iy = oy * v[NN_SH] + ky - v[NN_PT], ix = ox * v[NN_SW] + kx - v[NN_PL];
			double x;

			if (iy < 0 || iy >= v[NN_HI] || ix < 0 || ix >= v[NN_WI]) {
				if (!u->pads_zero_point && most < 0)
					most = 0; /* a unit that counts cells outside as the number 0 */
				continue;
			}
			at[NN_DIM_H] = iy;
			at[NN_DIM_W] = ix;
			x = nn_load(c->x, u->x_type, nn_place(&u->x, xs, at, c->x_pitch));
			most = x > most ? x : most;
			sum += x;
			count++;
		}
		if (u->kind == NN_MAXPOOL)
			r = most;
		else
			r = u->x_type == NN_F32 ? sum / count : (double)nn_half_away(sum / count);
		if (c->y_type == NN_I8)
			r = r < c->act_min ? c->act_min : r > c->act_max ? c->act_max : r;
		if (c->relu && r < c->y_zero)
			r = c->y_zero;
		at[NN_DIM_H] = oy;
		at[NN_DIM_W] = ox;
		nn_store(c->y, c->y_type, nn_place(&u->y, ys, at, c->y_pitch), r);
	}
}

/* ---- rows of n values ---- */

static double
nn_add_i8(const struct nn_call *c, double a, double b)
{
	int32_t left = (int32_t)1 << c->left_shift;
	int64_t sum = nn_twice_rounded(((int32_t)a - c->a_zero) * left, c->a_multiplier, c->a_shift)
		+ nn_twice_rounded(((int32_t)b - c->b_zero) * left, c->b_multiplier, c->b_shift);

	return (double)(nn_twice_rounded((int32_t)sum, c->y_multiplier, c->y_shift) + c->y_zero);
}

static double
nn_element(const struct nn_unit *u, const struct nn_call *c, int32_t i, double a, double b)
{
	switch (u->kind) {
	case NN_ADD:
		return u->x_type == NN_I8 && c->y_type == NN_I8 ? nn_add_i8(c, a, b) : a + b;
	case NN_MUL:
		if (u->x_type != NN_I8)
			return a * b;
		return (double)(nn_twice_rounded(((int32_t)a - c->a_zero) * ((int32_t)b - c->b_zero), c->y_multiplier, c->y_shift)
			+ c->y_zero);
	case NN_REQUANTIZE:
		return (double)(nn_rescaled(u, c, i, (int32_t)a) + c->y_zero);
	case NN_RELU:
		return a < c->x_zero ? c->x_zero : a;
	default:
		return a;
	}
}

static void
nn_rows(const struct nn_unit *u, struct nn_call *c)
{
	const int32_t *v = c->v;
	int32_t n = u->kind == NN_REQUANTIZE ? v[NN_OUT] : v[NN_N];
	int two = u->kind == NN_ADD || u->kind == NN_MUL;
	const void *first = two ? c->a : c->x;
	int32_t first_pitch = two ? c->a_pitch : c->x_pitch;

	for (int32_t r = 0; r < v[NN_ROWS]; r++)
	for (int32_t i = 0; i < n; i++) {
		double a = nn_load(first, u->x_type, (size_t)r * (size_t)(first_pitch ? first_pitch : n) + (size_t)i);
		double b = two ? nn_load(c->b, u->w_type, (size_t)r * (size_t)(c->x_pitch ? c->x_pitch : n) + (size_t)i) : 0;
		double y = nn_element(u, c, i, a, b);

		if (c->y_type == NN_I8) {
			y = y < c->act_min ? c->act_min : y > c->act_max ? c->act_max : y;
			if (c->relu && y < c->y_zero)
				y = c->y_zero;
		}
		nn_store(c->y, c->y_type, (size_t)r * (size_t)(c->y_pitch ? c->y_pitch : n) + (size_t)i, y);
	}
}

static void
nn_reference(const struct nn_unit *u, struct nn_call *c)
{
	switch (u->kind) {
	case NN_CONV2D: case NN_DWCONV2D: nn_weighted(u, c); break;
	case NN_TCONV2D: nn_transposed(u, c); break;
	case NN_DENSE: nn_dense_rows(u, c); break;
	case NN_MAXPOOL: case NN_AVGPOOL: nn_pool(u, c); break;
	case NN_DOT: nn_dot_product(u, c); break;
	default: nn_rows(u, c); break;
	}
}
#endif
