/* The units of tile8.chip as plain C, straight from their definitions: for the tests. */
#ifndef TILE8_H
#define TILE8_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined __GNUC__
#define TILE8_UNIT static inline __attribute__((unused))
#else
#define TILE8_UNIT static inline
#endif

TILE8_UNIT void
tile8_check(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "tile8: %s\n", what);
		abort();
	}
}

TILE8_UNIT int
tile8_aligned(const void *p, size_t n)
{
	return (uintptr_t)p % n == 0;
}

TILE8_UNIT int32_t
tile8_limit(int64_t v, int32_t lo, int32_t hi)
{
	return (int32_t)(v < lo ? lo : v > hi ? hi : v);
}

/* x * m * 2^(shift - 31), rounded twice. */
TILE8_UNIT int64_t
tile8_twice(int32_t x, int32_t m, int32_t shift)
{
	int32_t moved = shift > 0 ? (int32_t)((uint32_t)x << shift) : x;
	int64_t high = ((int64_t)moved * m + ((int64_t)1 << 30)) >> 31, half, rest;

	if (shift >= 0)
		return high;
	half = (int64_t)1 << -shift;
	rest = high & (half - 1);
	return (high >> -shift) + (2 * rest > half || (2 * rest == half && high >= 0));
}

/* Once; saturated. */
TILE8_UNIT int64_t
tile8_once(int32_t x, int32_t m, int32_t shift)
{
	int64_t v = (int64_t)x * m;

	if (shift < 31)
		v = (v + ((int64_t)1 << (30 - shift))) >> (31 - shift);
	return tile8_limit(v, INT32_MIN, INT32_MAX);
}

TILE8_UNIT size_t
tile8_place(int32_t tile, int32_t c, int32_t h, int32_t w, int32_t y, int32_t x)
{
	return (size_t)(((c / tile * h + y) * w + x) * tile + c % tile);
}

TILE8_UNIT void
tile8_conv2d(void *y, const int8_t *x, const int8_t *w, const int32_t *b, const int32_t *sum, int32_t partial,
	int32_t hi, int32_t wi, int32_t in, int32_t ho, int32_t wo, int32_t out, int32_t kh, int32_t kw, int32_t sh, int32_t sw,
	int32_t dh, int32_t dw, int32_t pt, int32_t pl, int32_t x_zero, int32_t y_zero,
	const int32_t *multiplier, const int8_t *shift, int32_t lo, int32_t high)
{
	const int32_t blocks = (in + 7) / 8;

	tile8_check(tile8_aligned(x, 16) && tile8_aligned(w, 64) && tile8_aligned(y, 8), "an operand of conv2d is not aligned");
	tile8_check((multiplier == NULL) == (partial == 1), "multipliers");
	for (int32_t oy = 0; oy < ho; oy++)
	for (int32_t ox = 0; ox < wo; ox++)
	for (int32_t o = 0; o < out; o++) {
		size_t at = tile8_place(4, o, ho, wo, oy, ox);
		uint32_t acc = (b ? (uint32_t)b[o] : 0) + (sum ? (uint32_t)sum[at] : 0);

		for (int32_t ky = 0; ky < kh; ky++)
		for (int32_t kx = 0; kx < kw; kx++) {
			int32_t iy = oy * sh + ky * dh - pt, ix = ox * sw + kx * dw - pl;

			if (iy < 0 || iy >= hi || ix < 0 || ix >= wi)
				continue;
			for (int32_t i = 0; i < in; i++) {
				const int8_t *tile = w + (((o / 4 * blocks + i / 8) * kh + ky) * kw + kx) * 32;

				acc += (uint32_t)((x[tile8_place(8, i, hi, wi, iy, ix)] - x_zero) * tile[i % 8 * 4 + o % 4]);
			}
		}
		if (partial)
			((int32_t *)y)[at] = (int32_t)acc;
		else
			((int8_t *)y)[at] = (int8_t)tile8_limit(tile8_twice((int32_t)acc, multiplier[o], shift[o]) + y_zero, lo, high);
	}
}

TILE8_UNIT void
tile8_begin(const char *what, int32_t first)
{
	tile8_check(atoi(what) > 0 && (first == 0 || first == 1), what);
}

TILE8_UNIT void
tile8_conv2d_add(int32_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t first,
	int32_t hi, int32_t wi, int32_t in, int32_t ho, int32_t wo, int32_t out, int32_t groups, int32_t kh, int32_t kw,
	int32_t sh, int32_t sw, int32_t pt, int32_t pl, int32_t x_zero)
{
	const int32_t per = in / groups;

	for (int32_t oy = 0; oy < ho; oy++)
	for (int32_t ox = 0; ox < wo; ox++)
	for (int32_t o = 0; o < out; o++) {
		int32_t *to = y + (oy * wo + ox) * y_pitch + o;
		uint32_t acc = (b ? (uint32_t)b[o] : 0) + (first ? 0 : (uint32_t)*to);

		for (int32_t ky = 0; ky < kh; ky++)
		for (int32_t kx = 0; kx < kw; kx++) {
			int32_t iy = oy * sh + ky - pt, ix = ox * sw + kx - pl;
			const int8_t *cell = x + (iy * wi + ix) * x_pitch + o / (out / groups) * per;

			if (iy < 0 || iy >= hi || ix < 0 || ix >= wi)
				continue;
			for (int32_t i = 0; i < per; i++)
				acc += (uint32_t)((cell[i] - x_zero) * w[((o * kh + ky) * kw + kx) * per + i]);
		}
		*to = (int32_t)acc;
	}
}

TILE8_UNIT void
tile8_conv2d_f32(float *y, const float *x, const float *w, const float *b, const float *sum,
	int32_t hi, int32_t wi, int32_t in, int32_t ho, int32_t wo, int32_t out, int32_t kh, int32_t kw, int32_t sh, int32_t sw,
	int32_t dh, int32_t dw, int32_t pt, int32_t pl, float lo, float high)
{
	for (int32_t oy = 0; oy < ho; oy++)
	for (int32_t ox = 0; ox < wo; ox++)
	for (int32_t o = 0; o < out; o++) {
		float *to = y + (oy * wo + ox) * out + o;
		float acc = (b ? b[o] : 0.0f) + (sum ? sum[to - y] : 0.0f);

		for (int32_t ky = 0; ky < kh; ky++)
		for (int32_t kx = 0; kx < kw; kx++) {
			int32_t iy = oy * sh + ky * dh - pt, ix = ox * sw + kx * dw - pl;

			if (iy < 0 || iy >= hi || ix < 0 || ix >= wi)
				continue;
			for (int32_t i = 0; i < in; i++)
				acc += x[(iy * wi + ix) * in + i] * w[((ky * kw + kx) * in + i) * out + o];
		}
		*to = acc < lo ? lo : acc > high ? high : acc;
	}
}

TILE8_UNIT void
tile8_dwconv2d(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b,
	int32_t hi, int32_t wi, int32_t in, int32_t ho, int32_t wo, int32_t depth, int32_t kh, int32_t kw, int32_t sh, int32_t sw,
	int32_t dh, int32_t dw, int32_t pt, int32_t pl, int32_t x_zero, int32_t y_zero,
	const int32_t *multiplier, const int8_t *shift, int32_t lo, int32_t high)
{
	tile8_check(tile8_aligned(x, 4) && tile8_aligned(w, 16), "an operand of dwconv2d is not aligned");
	for (int32_t oy = 0; oy < ho; oy++)
	for (int32_t ox = 0; ox < wo; ox++)
	for (int32_t o = 0; o < in * depth; o++) {
		uint32_t acc = b ? (uint32_t)b[o] : 0;

		for (int32_t ky = 0; ky < kh; ky++)
		for (int32_t kx = 0; kx < kw; kx++) {
			int32_t iy = oy * sh + ky * dh - pt, ix = ox * sw + kx * dw - pl;

			if (iy >= 0 && iy < hi && ix >= 0 && ix < wi)
				acc += (uint32_t)((x[(iy * wi + ix) * x_pitch + o / depth] - x_zero)
					* w[((o / 4 * kh + ky) * kw + kx) * 4 + o % 4]);
		}
		y[(oy * wo + ox) * y_pitch + o] = (int8_t)tile8_limit(tile8_once((int32_t)acc, multiplier[o], shift[o]) + y_zero, lo, high);
	}
}

TILE8_UNIT void
tile8_dense(int8_t *y, const int8_t *x, const int8_t *w, const int32_t *b, int32_t rows, int32_t in, int32_t out,
	int32_t x_zero, int32_t y_zero, const float *scale, int32_t lo, int32_t high)
{
	for (int32_t r = 0; r < rows; r++)
	for (int32_t o = 0; o < out; o++) {
		uint32_t acc = b ? (uint32_t)b[o] : 0;
		float v;
		double whole, rest;

		for (int32_t i = 0; i < in; i++)
			acc += (uint32_t)((x[r * in + i] - x_zero) * w[i * out + o]);
		v = (float)(int32_t)acc * scale[o];
		v = v < -1000.0f ? -1000.0f : v > 1000.0f ? 1000.0f : v;
		whole = (double)(int64_t)((double)v + 2000.0) - 2000.0; /* floor */
		rest = (double)v - whole;
		if (rest > 0.5 || (rest == 0.5 && ((int64_t)whole & 1) != 0))
			whole += 1;
		y[r * out + o] = (int8_t)tile8_limit((int64_t)whole + y_zero, lo, high);
	}
}

TILE8_UNIT void
tile8_dense_shift(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b,
	int32_t rows, int32_t in, int32_t out, int32_t x_zero, int32_t y_zero, int32_t shift, int32_t lo, int32_t high)
{
	for (int32_t r = 0; r < rows; r++)
	for (int32_t o = 0; o < out; o++) {
		uint32_t acc = b ? (uint32_t)b[o] : 0;
		int64_t v;

		for (int32_t i = 0; i < in; i++)
			acc += (uint32_t)((x[r * x_pitch + i] - x_zero) * w[o * in + i]);
		v = (int32_t)acc;
		if (shift >= 0)
			v = tile8_limit(v * ((int64_t)1 << shift), INT32_MIN, INT32_MAX);
		else
			v = (v + ((int64_t)1 << (-shift - 1))) >> -shift;
		y[r * y_pitch + o] = (int8_t)tile8_limit(v + y_zero, lo, high);
	}
}

TILE8_UNIT void
tile8_requantize(int8_t *y, int32_t y_pitch, const int32_t *x, int32_t rows, int32_t out, const int32_t *multiplier,
	const int8_t *shift, int32_t y_zero, int32_t lo, int32_t high)
{
	for (int32_t r = 0; r < rows; r++)
		for (int32_t o = 0; o < out; o++)
			y[r * y_pitch + o] = (int8_t)tile8_limit(tile8_twice(x[(o / 8 * rows + r) * 8 + o % 8], multiplier[o], shift[o])
				+ y_zero, lo, high);
}

TILE8_UNIT void
tile8_maxpool(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, int32_t hi, int32_t wi, int32_t in, int32_t ho,
	int32_t wo, int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t pt, int32_t pl, int32_t lo, int32_t high)
{
	for (int32_t oy = 0; oy < ho; oy++)
	for (int32_t ox = 0; ox < wo; ox++)
	for (int32_t c = 0; c < in; c++) {
		int32_t most = -128;

		for (int32_t ky = 0; ky < kh; ky++)
		for (int32_t kx = 0; kx < kw; kx++) {
			int32_t iy = oy * sh + ky - pt, ix = ox * sw + kx - pl;

			if (iy >= 0 && iy < hi && ix >= 0 && ix < wi && x[(iy * wi + ix) * x_pitch + c] > most)
				most = x[(iy * wi + ix) * x_pitch + c];
		}
		y[(oy * wo + ox) * y_pitch + c] = (int8_t)tile8_limit(most, lo, high);
	}
}

TILE8_UNIT void
tile8_add(int8_t *y, const int8_t *a, const int8_t *b, int32_t n, int32_t a_zero, int32_t b_zero, int32_t y_zero, int32_t left,
	int32_t a_multiplier, int32_t a_shift, int32_t b_multiplier, int32_t b_shift, int32_t y_multiplier, int32_t y_shift,
	int32_t lo, int32_t high)
{
	tile8_check(tile8_aligned(a, 8), "an operand of add is not aligned");
	for (int32_t i = 0; i < n; i++) {
		int64_t u = tile8_twice((a[i] - a_zero) * ((int32_t)1 << left), a_multiplier, a_shift);
		int64_t v = tile8_twice((b[i] - b_zero) * ((int32_t)1 << left), b_multiplier, b_shift);

		y[i] = (int8_t)tile8_limit(tile8_twice((int32_t)(uint32_t)(u + v), y_multiplier, y_shift) + y_zero, lo, high);
	}
}

TILE8_UNIT void
tile8_add_i32(int32_t *y, int32_t y_pitch, const int32_t *a, int32_t a_pitch, const int32_t *b, int32_t b_pitch, int32_t rows, int32_t n)
{
	for (int32_t r = 0; r < rows; r++)
		for (int32_t i = 0; i < n; i++)
			y[r * y_pitch + i] = (int32_t)((uint32_t)a[r * a_pitch + i] + (uint32_t)b[r * b_pitch + i]);
}

TILE8_UNIT void
tile8_mul(int8_t *y, const int8_t *a, const int8_t *b, int32_t n, int32_t a_zero, int32_t b_zero, int32_t y_zero,
	int32_t y_multiplier, int32_t y_shift, int32_t lo, int32_t high)
{
	for (int32_t i = 0; i < n; i++)
		y[i] = (int8_t)tile8_limit(tile8_twice((a[i] - a_zero) * (b[i] - b_zero), y_multiplier, y_shift) + y_zero, lo, high);
}

TILE8_UNIT void
tile8_copy(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, int32_t rows, int32_t n)
{
	for (int32_t r = 0; r < rows; r++)
		for (int32_t i = 0; i < n; i++)
			y[r * y_pitch + i] = x[r * x_pitch + i];
}

TILE8_UNIT void
tile8_dot(int32_t *y, const int8_t *x, const int8_t *w, int32_t n)
{
	tile8_check((n <= 24 && n % 4 == 0 && n != 12) || n < 4, "a dot product of that length");
	*y = 0;
	for (int32_t i = 0; i < n; i++)
		*y += x[i] * w[i];
}

TILE8_UNIT int32_t
tile8_dot_words(const int8_t *x, const int8_t *w, int32_t words)
{
	int32_t sum = 0;

	tile8_check(words <= 8 && tile8_aligned(x, 4) && tile8_aligned(w, 4), "a dot product of words");
	for (int32_t i = 0; i < words * 4; i++)
		sum += x[i] * w[i];
	return sum;
}

TILE8_UNIT void
tile8_dot_f32(float *y, const float *x, const float *w, int32_t n)
{
	tile8_check(n <= 5, "a dot product of that length");
	*y = 0.0f;
	for (int32_t i = 0; i < n; i++)
		*y += x[i] * w[i];
}
#endif
