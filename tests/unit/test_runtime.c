/* Kernels against slow references of their own: the definitions written out over whole tensors, in 64 bits.  (That the
 * kernels also agree with the compiler's evaluator, test_lower.c shows.) */
#include <config.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "asserts.h"
#include "random_graph.h"
#include "runtime/embedded.h"
#include "runtime/nn_add_i8.c"
#include "runtime/nn_avgpool_i8.c"
#include "runtime/nn_conv2d_f32.c"
#include "runtime/nn_conv2d_i8.c"
#include "runtime/nn_dense_i8.c"
#include "runtime/nn_dwconv2d_i8.c"
#include "runtime/nn_maxpool_i8.c"
#include "runtime/nn_quantize_f32_i8.c"
#include "runtime/nn_softmax_i8.c"
#include "runtime/nn_tconv2d_i8.c"

Suite *runtime_suite(void);

static int
between(struct rng *r, int lo, int hi)
{
	return lo + rng_below(r, hi - lo + 1);
}

/* All 32 bits. */
static int32_t
any_int(struct rng *r)
{
	uint32_t high = rng_next(r) & 0xffff, low = rng_next(r) & 0xffff;

	return (int32_t)(high << 16 | low);
}

static void
fill(struct rng *r, int8_t *v, int n)
{
	for (int i = 0; i < n; i++)
		v[i] = (int8_t)(between(r, 0, 9) ? between(r, -128, 127) : between(r, 0, 1) ? 127 : -128);
}

/* ---- requantisation ---- */

/* The two roundings one after the other: to the nearest with ties up, then to the nearest with ties away from zero. */
static int32_t
requant_slowly(int32_t x, int32_t multiplier, int32_t shift)
{
	int64_t wide = (int32_t)((uint32_t)x << (shift > 0 ? shift : 0));
	int64_t product = wide * multiplier + (INT64_C(1) << 30), unit = INT64_C(1) << 31;
	int64_t high = product / unit - (product % unit < 0);
	int64_t by = INT64_C(1) << (shift < 0 ? -shift : 0), size = high < 0 ? -high : high;
	int64_t rounded = (2 * size + by) / (2 * by);

	return (int32_t)(high < 0 ? -rounded : rounded);
}

static void
check_requant(int32_t x, int32_t multiplier, int32_t shift)
{
	int32_t got = nn_requant(x, multiplier, shift), want = requant_slowly(x, multiplier, shift);

	if (got != want)
		ck_abort_msg("requant(%d, %d, %d) = %d, not %d", x, multiplier, shift, got, want);
}

START_TEST(requant_rounds_twice)
{
	static const int32_t multipliers[] = { 0, 1, 1 << 30, (1 << 30) + 1, 3 << 29, INT32_MAX - 1, INT32_MAX, 0x55555555 };
	struct rng r = { (uint64_t)_i + 1 };
	int shift = _i - 31;

	for (int i = 0; i < 200000; i++)
		check_requant(any_int(&r) >> between(&r, 0, 31), between(&r, 0, 3) ? any_int(&r) & INT32_MAX
			: multipliers[between(&r, 0, 7)], shift);
	/* Ties of either rounding lie at multiples of powers of two. */
	for (int k = 0; k < 8; k++)
		for (int bit = 0; bit < 32; bit++)
			for (int d = -3; d <= 3; d++) {
				int32_t x = (int32_t)((UINT32_C(1) << bit) + (uint32_t)d);

				check_requant(x, multipliers[k], shift);
				check_requant((int32_t)(0 - (uint32_t)x), multipliers[k], shift);
			}
}
END_TEST

START_TEST(requant_i8_saturates)
{
	ck_assert_int_eq(nn_requant_i8(INT32_MAX, INT32_MAX, 0, 127, -128, 127), 127);
	ck_assert_int_eq(nn_requant_i8(INT32_MIN, INT32_MAX, 0, -128, -128, 127), -128);
	ck_assert_int_eq(nn_requant_i8(INT32_MAX, 1 << 30, -22, 5, -128, 127), 127);
	ck_assert_int_eq(nn_requant_i8(1000, 1 << 30, -4, 5, -128, 40), 36);
	ck_assert_int_eq(nn_requant_i8(1000, 1 << 30, -4, 5, -128, 20), 20);
}
END_TEST

/* ---- windows ---- */

/* An image of h x w pixels of c channels, PITCH apart. */
struct image {
	int32_t h, w, c, pitch;
	int8_t *v;
	float *f;
};

static struct image
image_new(struct rng *r, int32_t h, int32_t w, int32_t c)
{
	struct image m = { h, w, c, c + between(r, 0, 3), NULL, NULL };
	int count = (h * w - 1) * m.pitch + c;

	m.v = malloc((size_t)count);
	m.f = malloc((size_t)count * sizeof *m.f);
	fill(r, m.v, count);
	for (int i = 0; i < count; i++)
		m.f[i] = rng_float(r);
	return m;
}

static void
image_free(struct image *m)
{
	free(m->v);
	free(m->f);
}

/* Where the element is, or -1 outside. */
static int64_t
at(const struct image *m, int64_t row, int64_t col, int32_t channel)
{
	if (row < 0 || row >= m->h || col < 0 || col >= m->w)
		return -1;
	return (row * m->w + col) * m->pitch + channel;
}

struct window {
	int32_t k_h, k_w, stride_h, stride_w, dilation_h, dilation_w, pad_t, pad_l;
};

static struct window
some_window(struct rng *r)
{
	return (struct window){ between(r, 1, 5), between(r, 1, 5), between(r, 1, 4), between(r, 1, 4),
		between(r, 1, 3), between(r, 1, 3), between(r, 0, 6), between(r, 0, 6) };
}

/* Constants of a layer with OUT channels whose filters have FILTER elements. */
struct layer {
	int8_t *weight, *shift;
	float *weight_f32, *bias_f32;
	int32_t *bias, *multiplier;
	int32_t x_zero, y_zero, lo, hi;
};

static struct layer
layer_new(struct rng *r, int32_t out, int32_t filter)
{
	struct layer l = {
		.weight = malloc((size_t)(out * filter)), .shift = malloc((size_t)out),
		.weight_f32 = malloc((size_t)(out * filter) * sizeof(float)), .bias_f32 = malloc((size_t)out * sizeof(float)),
		.bias = malloc((size_t)out * sizeof(int32_t)), .multiplier = malloc((size_t)out * sizeof(int32_t)),
		.x_zero = between(r, -128, 127), .y_zero = between(r, -128, 127),
		.lo = between(r, -128, 0), .hi = between(r, 1, 127)
	};

	fill(r, l.weight, out * filter);
	for (int i = 0; i < out * filter; i++)
		l.weight_f32[i] = rng_float(r);
	for (int i = 0; i < out; i++) {
		l.bias_f32[i] = rng_float(r);
		l.bias[i] = between(r, 0, 5) ? between(r, -20000, 20000) : any_int(r);
		l.multiplier[i] = (1 << 30) | (any_int(r) & 0x3fffffff);
		l.shift[i] = (int8_t)(between(r, 0, 5) ? between(r, -14, -4) : between(r, -31, 31));
	}
	return l;
}

static void
layer_free(struct layer *l)
{
	free(l->weight);
	free(l->shift);
	free(l->weight_f32);
	free(l->bias_f32);
	free(l->bias);
	free(l->multiplier);
}

/* The result of a sum that any number of bits may hold: the kernels' wraps at 32. */
static int8_t
finish(const struct layer *l, int32_t channel, bool bias, int64_t sum)
{
	int64_t y;

	if (bias)
		sum += l->bias[channel];
	y = (int64_t)requant_slowly((int32_t)(uint32_t)sum, l->multiplier[channel], l->shift[channel]) + l->y_zero;
	return (int8_t)(y < l->lo ? l->lo : y > l->hi ? l->hi : y);
}

#define SAME(got, want, ...) do { \
	int got_ = (got), want_ = (want); \
	if (got_ != want_) { \
		char what_[200]; \
		snprintf(what_, sizeof what_, __VA_ARGS__); \
		ck_abort_msg("%s: %d, not %d", what_, got_, want_); \
	} \
} while (0)

enum { SHAPES = 800 };

/* Output channel o of groups reads the input channels of its group. */
static int64_t
conv_sum(const struct image *x, const struct window *w, const struct layer *l, int32_t oy, int32_t ox, int32_t o,
	int32_t per, int32_t group, float *sum_f32)
{
	int64_t sum = 0;

	*sum_f32 = 0;
	for (int32_t ky = 0; ky < w->k_h; ky++)
		for (int32_t kx = 0; kx < w->k_w; kx++)
			for (int32_t i = 0; i < per; i++) {
				int64_t p = at(x, (int64_t)oy * w->stride_h - w->pad_t + ky * w->dilation_h,
					(int64_t)ox * w->stride_w - w->pad_l + kx * w->dilation_w, group * per + i);
				int64_t q = ((o * w->k_h + ky) * w->k_w + kx) * per + i;

				if (p < 0)
					continue;
				sum += (int64_t)(x->v[p] - l->x_zero) * l->weight[q];
				*sum_f32 += x->f[p] * l->weight_f32[q];
			}
	return sum;
}

static void
check_conv(uint64_t seed)
{
	struct rng r = { seed };
	int32_t groups = between(&r, 1, 3), per = between(&r, 1, 9), each = between(&r, 1, 9), n = groups * each;
	struct window w = some_window(&r);
	struct image x = image_new(&r, between(&r, 1, 8), between(&r, 1, 8), groups * per);
	struct image y = image_new(&r, between(&r, 1, 6), between(&r, 1, 6), n);
	struct layer l = layer_new(&r, n, w.k_h * w.k_w * per);
	bool bias = between(&r, 0, 3);
	float sum_f32;

	nn_conv2d_i8(y.v, x.v, l.weight, bias ? l.bias : NULL, l.multiplier, l.shift, l.x_zero, l.y_zero, l.lo, l.hi,
		x.h, x.w, x.c, x.pitch, y.h, y.w, y.c, y.pitch, w.k_h, w.k_w, w.stride_h, w.stride_w,
		w.dilation_h, w.dilation_w, w.pad_t, w.pad_l, groups);
	nn_conv2d_f32(y.f, x.f, l.weight_f32, bias ? l.bias_f32 : NULL, -3, 3,
		x.h, x.w, x.c, x.pitch, y.h, y.w, y.c, y.pitch, w.k_h, w.k_w, w.stride_h, w.stride_w,
		w.dilation_h, w.dilation_w, w.pad_t, w.pad_l, groups);
	for (int32_t oy = 0; oy < y.h; oy++)
		for (int32_t ox = 0; ox < y.w; ox++)
			for (int32_t o = 0; o < n; o++) {
				int64_t sum = conv_sum(&x, &w, &l, oy, ox, o, per, o / each, &sum_f32);
				float want = sum_f32 + (bias ? l.bias_f32[o] : 0);

				SAME(y.v[at(&y, oy, ox, o)], finish(&l, o, bias, sum), "seed %d: y[%d][%d][%d]", (int)seed, oy, ox, o);
				want = want < -3 ? -3 : want > 3 ? 3 : want;
				ck_assert(fabsf(y.f[at(&y, oy, ox, o)] - want) <= 1e-5f);
			}
	image_free(&x);
	image_free(&y);
	layer_free(&l);
}

START_TEST(conv2d)
{
	for (uint64_t seed = 1; seed <= SHAPES; seed++)
		check_conv(seed);
}
END_TEST

static void
check_dwconv(uint64_t seed)
{
	struct rng r = { seed };
	int32_t c = between(&r, 1, 13), times = between(&r, 0, 1) ? 1 : between(&r, 1, 3), n = c * times;
	struct window w = some_window(&r);
	struct image x = image_new(&r, between(&r, 1, 8), between(&r, 1, 8), c);
	struct image y = image_new(&r, between(&r, 1, 6), between(&r, 1, 6), n);
	struct layer l = layer_new(&r, n, w.k_h * w.k_w);

	nn_dwconv2d_i8(y.v, x.v, l.weight, l.bias, l.multiplier, l.shift, l.x_zero, l.y_zero, l.lo, l.hi,
		x.h, x.w, x.c, x.pitch, y.h, y.w, y.c, y.pitch, w.k_h, w.k_w, w.stride_h, w.stride_w,
		w.dilation_h, w.dilation_w, w.pad_t, w.pad_l);
	for (int32_t oy = 0; oy < y.h; oy++)
		for (int32_t ox = 0; ox < y.w; ox++)
			for (int32_t o = 0; o < n; o++) {
				int64_t sum = 0;

				for (int32_t k = 0; k < w.k_h * w.k_w; k++) {
					int64_t p = at(&x, oy * w.stride_h - w.pad_t + k / w.k_w * w.dilation_h,
						ox * w.stride_w - w.pad_l + k % w.k_w * w.dilation_w, o / times);

					if (p >= 0)
						sum += (int64_t)(x.v[p] - l.x_zero) * l.weight[k * n + o];
				}
				SAME(y.v[at(&y, oy, ox, o)], finish(&l, o, true, sum), "seed %d: y[%d][%d][%d]", (int)seed, oy, ox, o);
			}
	image_free(&x);
	image_free(&y);
	layer_free(&l);
}

START_TEST(dwconv2d)
{
	for (uint64_t seed = 1; seed <= SHAPES; seed++)
		check_dwconv(seed);
}
END_TEST

/* The reference scatters: each input cell adds to every output it reaches. */
static void
check_tconv(uint64_t seed)
{
	struct rng r = { seed };
	int32_t c = between(&r, 1, 9), n = between(&r, 1, 9);
	struct window w = some_window(&r);
	struct image x = image_new(&r, between(&r, 1, 6), between(&r, 1, 6), c);
	struct image y = image_new(&r, between(&r, 1, 12), between(&r, 1, 12), n);
	struct layer l = layer_new(&r, n, w.k_h * w.k_w * c);
	int64_t *sum = calloc((size_t)(y.h * y.w * y.pitch), sizeof *sum);

	nn_tconv2d_i8(y.v, x.v, l.weight, l.bias, l.multiplier, l.shift, l.x_zero, l.y_zero, l.lo, l.hi,
		x.h, x.w, x.c, x.pitch, y.h, y.w, y.c, y.pitch, w.k_h, w.k_w, w.stride_h, w.stride_w, w.pad_t, w.pad_l);
	for (int32_t cell = 0; cell < x.h * x.w * c; cell++)
		for (int32_t k = 0; k < w.k_h * w.k_w * n; k++) {
			int32_t iy = cell / c / x.w, ix = cell / c % x.w, i = cell % c;
			int32_t o = k % n, ky = k / n / w.k_w, kx = k / n % w.k_w;
			int64_t p = at(&y, iy * w.stride_h - w.pad_t + ky, ix * w.stride_w - w.pad_l + kx, o);

			if (p >= 0)
				sum[p] += (int64_t)(x.v[at(&x, iy, ix, i)] - l.x_zero)
					* l.weight[((o * w.k_h + ky) * w.k_w + kx) * c + i];
		}
	for (int32_t i = 0; i < y.h * y.w * n; i++) {
		int64_t p = at(&y, i / n / y.w, i / n % y.w, i % n);

		SAME(y.v[p], finish(&l, i % n, true, sum[p]), "seed %d: element %d", (int)seed, i);
	}
	free(sum);
	image_free(&x);
	image_free(&y);
	layer_free(&l);
}

START_TEST(tconv2d)
{
	for (uint64_t seed = 1; seed <= SHAPES; seed++)
		check_tconv(seed);
}
END_TEST

START_TEST(dense_sums_wrap)
{
	enum { N = 70000, OUT = 5 };
	struct rng r = { 1 };
	struct layer l = layer_new(&r, OUT, N);
	int8_t *x = malloc(N), y[OUT];

	l.x_zero = 127;
	memset(x, -128, N);
	memset(l.weight, -128, N * OUT);
	nn_dense_i8(y, x, l.weight, l.bias, l.multiplier, l.shift, l.x_zero, l.y_zero, l.lo, l.hi, 1, N, N, OUT, OUT);
	for (int o = 0; o < OUT; o++)
		SAME(y[o], finish(&l, o, true, (int64_t)N * 255 * 128), "y[%d]", o);
	free(x);
	layer_free(&l);
}
END_TEST

/* ---- others ---- */

static void
check_pool(uint64_t seed)
{
	struct rng r = { seed };
	struct window w = some_window(&r);
	struct image x, y, z;
	int32_t lo = between(&r, -128, 0), hi = between(&r, 1, 127);

	w.pad_t = between(&r, 0, w.k_h - 1);
	w.pad_l = between(&r, 0, w.k_w - 1);
	x = image_new(&r, between(&r, 6, 9), between(&r, 6, 9), between(&r, 1, 9));
	y = image_new(&r, (x.h - 1 + w.pad_t) / w.stride_h + 1, (x.w - 1 + w.pad_l) / w.stride_w + 1, x.c);
	z = image_new(&r, y.h, y.w, y.c);
	nn_maxpool_i8(y.v, x.v, lo, hi, x.h, x.w, x.pitch, y.h, y.w, y.pitch, y.c, w.k_h, w.k_w, w.stride_h, w.stride_w,
		w.pad_t, w.pad_l);
	nn_avgpool_i8(z.v, x.v, lo, hi, x.h, x.w, x.pitch, z.h, z.w, z.pitch, z.c, w.k_h, w.k_w, w.stride_h, w.stride_w,
		w.pad_t, w.pad_l);
	for (int32_t i = 0; i < y.h * y.w * y.c; i++) {
		int32_t c = i % y.c, ox = i / y.c % y.w, oy = i / y.c / y.w;
		int max = -128, sum = 0, n = 0, mean;

		for (int32_t k = 0; k < w.k_h * w.k_w; k++) {
			int64_t p = at(&x, oy * w.stride_h - w.pad_t + k / w.k_w, ox * w.stride_w - w.pad_l + k % w.k_w, c);

			if (p < 0)
				continue;
			max = x.v[p] > max ? x.v[p] : max;
			sum += x.v[p];
			n++;
		}
		mean = (int)round((double)sum / n); /* halves away from zero */
		SAME(y.v[at(&y, oy, ox, c)], max < lo ? lo : max > hi ? hi : max, "seed %d: max %d", (int)seed, i);
		SAME(z.v[at(&z, oy, ox, c)], mean < lo ? lo : mean > hi ? hi : mean, "seed %d: mean %d", (int)seed, i);
	}
	image_free(&x);
	image_free(&y);
	image_free(&z);
}

START_TEST(pools)
{
	for (uint64_t seed = 1; seed <= SHAPES; seed++)
		check_pool(seed);
}
END_TEST

/* All pairs of values, in place over either operand; the real sum is at most one step away. */
START_TEST(add_of_all_pairs)
{
	/* a: 0.05 (q - 3), b: 0.02 (q + 7), y: 0.06 (q - 1); a's scale is the larger: halves of 2^20 */
	static const struct { float a, b, y; } scale = { 0.05f, 0.02f, 0.06f };
	int32_t b_multiplier = (int32_t)lround(ldexp((double)scale.b / (2 * (double)scale.a), 31 + 2));
	double y_real = 2 * (double)scale.a / (ldexp(1, 20) * (double)scale.y);
	int shift;
	int32_t y_multiplier = (int32_t)lround(ldexp(frexp(y_real, &shift), 31));
	int8_t a[256], b[256], y[256];

	for (int p = -128; p < 128; p++) {
		for (int q = -128; q < 128; q++) {
			a[q + 128] = (int8_t)p;
			b[q + 128] = (int8_t)q;
		}
		nn_add_i8(y, a, b, 20, 3, 1 << 30, 0, -7, b_multiplier, -2, 1, y_multiplier, shift, -128, 127,
			1, 256, 0, 0, 1, 0, 1);
		for (int q = -128; q < 128; q++) {
			double real = (0.05 * (p - 3) + 0.02 * (q + 7)) / 0.06 + 1;

			real = fmax(-128, fmin(127, real));
			if (fabs(y[q + 128] - real) > 0.51)
				ck_abort_msg("%d + %d = %d, not %g", p, q, y[q + 128], real);
		}
		nn_add_i8(b, a, b, 20, 3, 1 << 30, 0, -7, b_multiplier, -2, 1, y_multiplier, shift, -128, 127,
			4, 64, 64, 0, 0, 64, 1); /* a: its first element */
		ck_assert_mem_eq(b, y, sizeof y);
	}
}
END_TEST

START_TEST(softmax_close_to_real)
{
	struct rng r = { 5 };

	for (int n = 1; n <= 5000; n = n * 3 / 2 + 1) {
		int8_t *x = malloc((size_t)n), *y = malloc((size_t)n);
		double scale = 0.1, sum = 0;
		int shift, max = -128;
		int32_t multiplier = (int32_t)lround(ldexp(frexp(scale * (1 << 26), &shift), 31));

		fill(&r, x, n);
		nn_softmax_i8(y, x, multiplier, shift, -(int32_t)floor(ldexp(31, 26 - shift)), 1, n, n, n);
		for (int i = 0; i < n; i++)
			max = x[i] > max ? x[i] : max;
		for (int i = 0; i < n; i++)
			sum += exp(scale * (x[i] - max));
		for (int i = 0; i < n; i++) {
			double real = fmin(127, 256 * exp(scale * (x[i] - max)) / sum - 128);

			if (fabs(y[i] - real) > 0.6)
				ck_abort_msg("%d of %d: %d, not %g", i, n, y[i], real);
		}
		free(x);
		free(y);
	}
}
END_TEST

START_TEST(quantize_rounds_and_saturates)
{
	static const struct { float x; int want; } rows[] = {
		{ 0, 10 }, { 0.25f, 11 }, { -0.25f, 9 }, { 0.2499f, 10 }, { 58.5f, 127 }, { 58.6f, 127 }, { 1e30f, 127 },
		{ -69, -128 }, { -1e30f, -128 }, { INFINITY, 127 }, { -INFINITY, -128 }, { NAN, 10 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int8_t y;

		nn_quantize_f32_i8(&y, &rows[i].x, 0.5f, 10, 1, 1, 1, 1);
		SAME(y, rows[i].want, "row %d", (int)i);
	}
}
END_TEST

/* ---- embedding ---- */

/* The compiler's copy of each kernel is the file, byte for byte.  Files are looked up from the source tree's top
 * directory, top_srcdir. */
START_TEST(embedded_text_is_the_files)
{
	const char *top = getenv("top_srcdir");
	int files = 0;

	for (const struct embedded *e = embedded_files; e->name; e++, files++) {
		char path[4096], line[1024];
		const char *const *text = e->lines;
		FILE *f;

		snprintf(path, sizeof path, "%s/runtime/%s", top ? top : ".", e->name);
		f = fopen(path, "r");
		ck_assert_msg(f != NULL, "cannot open %s", path);
		for (; fgets(line, sizeof line, f); text++)
			ck_assert_str_eq(line, *text);
		ck_assert_ptr_null(*text);
		fclose(f);
		ck_assert_ptr_eq(embedded_find(e->name), e);
	}
	ck_assert_int_gt(files, 40);
	ck_assert_ptr_null(embedded_find("nn_nothing.c"));
}
END_TEST

Suite *
runtime_suite(void)
{
	Suite *s = suite_create("runtime");
	TCase *tc = tcase_create("runtime");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, requant_rounds_twice, 0, 63);
	tcase_add_test(tc, requant_i8_saturates);
	tcase_add_test(tc, conv2d);
	tcase_add_test(tc, dwconv2d);
	tcase_add_test(tc, tconv2d);
	tcase_add_test(tc, dense_sums_wrap);
	tcase_add_test(tc, pools);
	tcase_add_test(tc, add_of_all_pairs);
	tcase_add_test(tc, softmax_close_to_real);
	tcase_add_test(tc, quantize_rounds_and_saturates);
	tcase_add_test(tc, embedded_text_is_the_files);
	suite_add_tcase(s, tc);
	return s;
}
